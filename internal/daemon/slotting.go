package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/wave"
	"floord/web"
)

// Bounds of slotting advice: what is replayed, and how hard carts are planned.
const (
	maxAdviceDays   = 30
	maxAdviceMoves  = 200
	maxAdviceOrders = 20_000 // a day's first ones stand for the rest
	adviceEffort    = 300
)

// slotting says which SKUs should lie elsewhere, and how many metres a day that
// would have saved on the last days. args: days, moves.
func slotting(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) != 2 {
		return errors.New("slotting: say how many days to look back, and how many moves to name")
	}
	days, err1 := strconv.Atoi(args[0])
	most, err2 := strconv.Atoi(args[1])
	if err1 != nil || err2 != nil || days < 1 || days > maxAdviceDays || most < 1 || most > maxAdviceMoves {
		return fmt.Errorf("slotting: 1 to %d days and 1 to %d moves are wanted, not %q and %q", maxAdviceDays, maxAdviceMoves, args[0], args[1])
	}
	a, err := s.advise(ctx, days, most)
	if err != nil {
		return fmt.Errorf("slotting: %w", err)
	}
	fmt.Fprintf(out, "%d orders of %d days replayed, %d moves\n", a.Orders, a.Days, len(a.Moves))
	for i, m := range a.Moves {
		with := "a free bin"
		if m.With != "" {
			with = "in place of " + string(m.With)
		}
		fmt.Fprintf(out, "%3d  move %s from %s to %s (%s): saves %.0f m a day, %.1f visits a day\n", i+1, m.SKU, m.From, m.To, with, m.Metres, m.Visits)
	}
	return nil
}

// advise replays the orders of the last days and gives the moves that save most. When
// ctx ends it gives those it has found.
func (s *Site) advise(ctx context.Context, days, most int) (web.Advice, error) {
	out := web.Advice{At: time.Now(), Moves: []web.AdviceMove{}}
	l, err := s.layout()
	if err != nil {
		return out, err
	}
	if l == nil {
		return out, errors.New("the site has no bins yet: name a file in [catalogue]")
	}
	p, orders, err := s.past(days, out.At)
	if err != nil {
		return out, err
	}
	c := s.cfg.Wave
	moves, err := wave.Advise(ctx, l, p, wave.Cart{Slots: c.TotesPerCart, Stops: c.MaxLines}, wave.Effort{Seed: uint64(c.Seed), Iterations: adviceEffort, Workers: 2}, most)
	out.Days, out.Orders = len(p.Days), orders
	for _, m := range moves {
		out.Moves = append(out.Moves, web.AdviceMove{SKU: m.SKU, From: m.From, To: m.To, With: m.With, Visits: m.Visits, Metres: float64(m.Metres)})
	}
	return out, err
}

// past is what was ordered on the days up to now, and where it lies.
func (s *Site) past(days int, now time.Time) (wave.Past, int, error) {
	var p wave.Past
	since := now.In(s.cfg.Site.Zone).AddDate(0, 0, 1-days)
	since = time.Date(since.Year(), since.Month(), since.Day(), 0, 0, 0, 0, s.cfg.Site.Zone)
	p.Days = make([][]wave.PastOrder, days)
	orders := 0
	holds := map[floor.BinID]int{}
	err := s.ledger.Read(func(v *ledger.View) error {
		err := v.Orders("", "", func(o floor.Order) bool {
			day := int(o.ReceivedAt.Sub(since) / (24 * time.Hour))
			if o.ReceivedAt.Before(since) || day >= days || len(p.Days[day]) >= maxAdviceOrders {
				return true
			}
			var skus wave.PastOrder
			for _, l := range o.Lines {
				skus = append(skus, l.SKU)
			}
			p.Days[day] = append(p.Days[day], skus)
			orders++
			return true
		})
		if err != nil {
			return err
		}
		reserve, err := reserveBins(v)
		if err != nil {
			return err
		}
		picked, _, err := shelves(v, reserve)
		if err != nil {
			return err
		}
		p.Home = homes(picked)
		for _, x := range picked {
			holds[x.Bin] += x.OnHand
		}
		return v.Bins(func(b floor.BinInfo) bool {
			if holds[b.Bin] == 0 && !b.Reserve {
				p.Free = append(p.Free, b.Bin)
			}
			return true
		})
	})
	p.Days = slices.DeleteFunc(p.Days, func(d []wave.PastOrder) bool { return len(d) == 0 })
	return p, orders, err
}
