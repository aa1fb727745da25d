package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/channel/api"
	"floord/sync/ledger"
)

// channelDisputes lists the orders over which a shop contradicts itself or us.
func channelDisputes(_ context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) > 1 {
		return errors.New("channel disputes: name at most one channel")
	}
	lang, n := s.cfg.Site.Lang, 0
	err := s.ledger.Read(func(v *ledger.View) error {
		return foreman.Disputes(v, time.Now(), func(d floor.Dispute, mend string) bool {
			if len(args) == 1 && string(d.Channel) != args[0] {
				return true
			}
			n++
			fmt.Fprintf(out, "%s  %s %s  %s  %s -> %s: %s\n", d.Order, d.Channel, d.Number, d.Since.In(s.cfg.Site.Zone).Format(time.DateTime),
				d.Before, d.Theirs, floor.Say(lang, "dispute-"+d.Kind, nil)+"; "+floor.Say(lang, "mend-"+mend, nil))
			return true
		})
	})
	if err == nil && n == 0 {
		fmt.Fprintln(out, "the shops and the floor agree")
	}
	return err
}

// channelMend carries out the mend that is proposed for an order: ORDER; or closes all
// orders of a channel that others have shipped: all CHANNEL.
func channelMend(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) == 2 && args[0] == "all" {
		return s.closeAll(ctx, floor.ChannelID(args[1]), out)
	}
	if len(args) != 1 {
		return errors.New("channel mend: name one order, as DB20261121-ORD-000123, or all and a channel")
	}
	return s.mend(ctx, s.operator("mend"), floor.OrderID(args[0]))
}

// closeAll ends the orders of a channel that the shop has as shipped and nobody here
// has begun.
func (s *Site) closeAll(ctx context.Context, id floor.ChannelID, out io.Writer) error {
	var orders []floor.OrderID
	err := s.ledger.Read(func(v *ledger.View) error {
		return foreman.Disputes(v, time.Now(), func(d floor.Dispute, mend string) bool {
			if d.Channel == id && mend == floor.MendClose {
				orders = append(orders, d.Order)
			}
			return true
		})
	})
	closed := 0
	for _, order := range orders {
		if err == nil {
			err = s.mend(ctx, s.operator("mend"), order)
		}
		if err == nil {
			closed++
		}
	}
	fmt.Fprintf(out, "%d of %d orders are closed\n", closed, len(orders))
	return err
}

// mend asks the shop, where the mend begins so, and has the foreman carry it out.
func (s *Site) mend(ctx context.Context, by foreman.By, id floor.OrderID) error {
	var d floor.Dispute
	var ok bool
	if err := s.ledger.Read(func(v *ledger.View) (err error) { d, ok, err = v.Dispute(id); return err }); err != nil {
		return err
	}
	var said *floor.ShopOrder
	if ok && d.Asks() {
		for _, c := range s.cfg.Channels {
			if c.ID != d.Channel {
				continue
			}
			m, err := chartOf(c)
			if err != nil || m == nil {
				return errors.Join(err, fmt.Errorf("channel %s cannot be asked", c.ID))
			}
			shop, err := s.openAPI(c, m, api.ShopOptions{})
			if err != nil {
				return err
			}
			o, err := shop.Check(ctx, d.Number)
			if err != nil {
				return err
			}
			said = &o
		}
	}
	_, err := s.foreman.Mend(ctx, by, id, said)
	return err
}
