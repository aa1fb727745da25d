package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// stock names what of the stock wants a person: SKUs that are stopped, bins to be
// counted, quotas; "list SKU" says where its pieces lie and in which pool; "resume
// SKU", "quota CHANNEL SKU PIECES" and "move SKU PIECES FROM TO [LOT [EXPIRY]]" change
// something.
func stock(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	switch {
	case len(args) == 2 && args[0] == "resume":
		_, err := s.foreman.ResumeSKU(ctx, s.operator("resume"), floor.SKU(args[1]))
		return err
	case len(args) == 4 && args[0] == "quota":
		n, err := strconv.Atoi(args[3])
		if args[3] == "none" {
			n, err = -1, nil
		}
		if err != nil {
			return fmt.Errorf("stock quota: %q is neither a number of pieces nor none", args[3])
		}
		_, err = s.foreman.SetQuota(ctx, s.operator("quota"), floor.ChannelID(args[1]), floor.SKU(args[2]), n)
		return err
	case len(args) == 2 && args[0] == "list":
		return s.listStock(floor.SKU(args[1]), out)
	case len(args) >= 5 && args[0] == "move":
		n, err := strconv.Atoi(args[2])
		if err != nil {
			return fmt.Errorf("stock move: %q is not a number of pieces", args[2])
		}
		lot, err := lotArgs(args[5:])
		if err != nil {
			return fmt.Errorf("stock move: %w", err)
		}
		_, err = s.foreman.MoveStock(ctx, s.operator("move"), floor.StockMoved{
			SKU: floor.SKU(args[1]), Lot: lot, Qty: n, From: placeArg(args[3]), To: placeArg(args[4]), Why: "operator",
		})
		return err
	case len(args) > 0:
		return errors.New("stock: list SKU, resume SKU, quota CHANNEL SKU PIECES, move SKU PIECES FROM TO [LOT [EXPIRY]], import FILE, or nothing to list what wants a look")
	}
	return s.ledger.Read(func(v *ledger.View) error {
		return errors.Join(
			v.Shortages(func(x floor.Shortage) bool {
				if !x.Stopped.IsZero() {
					fmt.Fprintf(out, "stopped  %s since %s\n", x.SKU, x.Stopped.In(s.cfg.Site.Zone).Format(time.DateTime))
				}
				return true
			}),
			v.Quotas(func(q floor.Quota) bool {
				fmt.Fprintf(out, "quota    %s %s: %d of %d used\n", q.Channel, q.SKU, q.Used, q.Limit)
				return true
			}),
			v.CountsWanted(func(c floor.CountWanted) bool {
				fmt.Fprintf(out, "count    %s (%s) since %s\n", spotText(c.Spot), c.Why, c.Since.In(s.cfg.Site.Zone).Format(time.DateTime))
				return true
			}))
	})
}

// spotText writes a spot as the commands take it: bin, SKU, lot, expiry.
func spotText(at floor.Spot) string {
	return strings.Join(strings.Fields(string(at.Bin)+" "+string(at.SKU)+" "+at.Lot.String()), " ")
}

func (s *Site) listStock(sku floor.SKU, out io.Writer) error {
	return s.ledger.Read(func(v *ledger.View) error {
		all, err := v.StockOf(sku)
		for _, x := range all {
			fmt.Fprintf(out, "%s: %s %d, %s %d, %s %d, %s %d\n", spotText(x.Spot),
				floor.Sellable, x.Sellable(), floor.Reserved, x.Reserved, floor.Inspection, x.Inspection, floor.Transit, x.Transit)
		}
		return err
	})
}

// lotArgs reads [LOT [EXPIRY]]; "-" stands for a lot without a number.
func lotArgs(args []string) (floor.Lot, error) {
	var l floor.Lot
	if len(args) > 2 {
		return l, errors.New("a lot has a number and a last day, and no more")
	}
	if len(args) > 0 && args[0] != "-" {
		l.No = args[0]
	}
	if len(args) > 1 {
		l.Expiry = args[1]
	}
	return l, nil
}

// placeArg reads BIN/POOL, or "-" for outside the house.
func placeArg(arg string) floor.Place {
	if arg == "-" {
		return floor.Place{}
	}
	bin, pool, _ := strings.Cut(arg, "/")
	return floor.Place{Bin: floor.BinID(bin), Pool: floor.Pool(pool)}
}

// stockImport takes a CSV file of what lies where: the first count of spots nobody
// counted, a count of the others.
func stockImport(ctx context.Context, s *Site, args []string, in io.Reader, out io.Writer) error {
	if in == nil || len(args) > 1 {
		return errors.New("stock import: name one CSV file")
	}
	first, counted, err := s.importStock(ctx, s.operator, in)
	fmt.Fprintf(out, "%d spots counted for the first time, %d counted again\n", first, counted)
	return err
}

// importStock counts what a file says: spots for the first time, 500 in one commit, and
// those that are known one by one. Of a file with a mistake nothing is taken.
func (s *Site) importStock(ctx context.Context, by func(string) foreman.By, in io.Reader) (first, counted int, err error) {
	rows, err := readRows("stock", in, stockColumns, readStock)
	if err != nil {
		return 0, 0, err
	}
	rows = gather(rows)
	fresh, known, err := s.unseen(rows)
	if err != nil {
		return 0, 0, err
	}
	for _, row := range known {
		if row.Inspection > 0 || row.Transit > 0 {
			return 0, 0, fmt.Errorf("%s is known: floord stock move brings pieces into inspection or transit", spotText(row.Spot))
		}
	}
	for part := range parts(fresh) {
		if _, err := s.foreman.FirstCount(ctx, by("stock"), part); err != nil {
			return first, 0, err
		}
		first += len(part)
	}
	for _, row := range known {
		if _, err := s.foreman.Count(ctx, by("count"), row.Spot, row.OnHand, "count"); err != nil {
			return first, counted, fmt.Errorf("%s: %w", spotText(row.Spot), err)
		}
		counted++
	}
	return first, counted, nil
}

// unseen tells the rows apart of which something is known already.
func (s *Site) unseen(rows []floor.Stock) (fresh, known []floor.Stock, err error) {
	err = s.ledger.Read(func(v *ledger.View) error {
		for _, row := range rows {
			first, err := foreman.FirstSeen(v, row.Spot)
			if err != nil {
				return err
			}
			if first {
				fresh = append(fresh, row)
			} else {
				known = append(known, row)
			}
		}
		return nil
	})
	return fresh, known, err
}

// count says what lies of a SKU, and of one lot, in a bin, after somebody has looked.
func count(ctx context.Context, s *Site, args []string, _ io.Reader, _ io.Writer) error {
	if len(args) < 3 {
		return errors.New("count: name a bin, a SKU and how many pieces lie there, and of which lot: BIN SKU PIECES [LOT [EXPIRY]]")
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return fmt.Errorf("count: %q is not a number of pieces", args[2])
	}
	lot, err := lotArgs(args[3:])
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	_, err = s.foreman.Count(ctx, s.operator("count"), floor.Spot{Bin: floor.BinID(args[0]), SKU: floor.SKU(args[1]), Lot: lot}, n, "count")
	return err
}
