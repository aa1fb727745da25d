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

// channelMend carries out the mend that is proposed for an order: ORDER.
func channelMend(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("channel mend: name one order, as DB20261121-ORD-000123")
	}
	return s.mend(ctx, s.operator("mend"), floor.OrderID(args[0]))
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
