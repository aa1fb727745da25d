package daemon

import (
	"context"
	"errors"
	"sync"
	"time"

	"floord/floor"
	"floord/internal/config"
	"floord/sync/channel"
	"floord/sync/ledger"
)

// sweepAt is when the unfinished orders of yesterday are asked for again, and
// sweepLate how long after a start that came later than that.
var sweepAt = config.Clock{Hour: 9}

const sweepLate = time.Minute

// sweep asks every morning for every order that came before today and still needs
// hands: what neither pull nor push has told us. A shop that does not answer is
// asked again until the next morning, and keeps no other waiting. A daemon that
// starts later in the day, on a machine that is off at night, sweeps then.
func (d *Daemon) sweep(ctx context.Context) error {
	late := true
	for {
		now := time.Now().In(d.cfg.Site.Zone)
		at := sweepAt.On(now)
		switch {
		case at.After(now):
		case late:
			at = now.Add(sweepLate)
		default:
			at = sweepAt.On(now.AddDate(0, 0, 1))
		}
		late = false
		select {
		case <-time.After(time.Until(at)):
		case <-ctx.Done():
			return nil
		}
		day, cancel := context.WithDeadline(ctx, sweepAt.On(at.AddDate(0, 0, 1)))
		var shops sync.WaitGroup
		for _, s := range d.shops {
			if s.channel != nil && s.qimen == nil {
				shops.Go(func() { d.sweepDay(day, s, at) })
			}
		}
		shops.Wait()
		cancel()
	}
}

// sweepDay sweeps one shop until it is done or the day is over.
func (d *Daemon) sweepDay(ctx context.Context, s *shop, now time.Time) {
	for ctx.Err() == nil {
		n, err := d.sweepShop(ctx, s, now)
		tries := s.pulse.went(waySweep, err)
		if err == nil || ctx.Err() != nil {
			return
		}
		wait := max(retryPace(tries+1), channel.After(err))
		d.log.Warn("sweep ended early", "channel", s.id, "orders", n, "err", err, "again_in", wait)
		pause(ctx, wait)
	}
}

// sweepShop asks for a shop's unfinished orders of the days before now and gives
// how many it asked for.
func (d *Daemon) sweepShop(ctx context.Context, s *shop, now time.Time) (asked int, err error) {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	var numbers []string
	from := floor.OrderID("")
	for more := true; more; { // in parts: who writes needs the room of what a long view still shows
		looked := 0
		err = d.ledger.Read(func(v *ledger.View) error {
			var inner error
			err := v.Live(from, func(id floor.OrderID, _ floor.State) bool {
				looked, from = looked+1, id+"\x00" // whatever comes after it
				var o floor.Order
				if o, _, inner = v.Order(id); inner == nil && o.Channel == s.id && o.ReceivedAt.Before(today) {
					numbers = append(numbers, o.Number)
				}
				return inner == nil && looked < maxLooked
			})
			return errors.Join(err, inner)
		})
		if err != nil {
			return 0, err
		}
		more = looked == maxLooked
	}
	page := channel.Page{}
	for i, n := range numbers {
		o, err := s.check(ctx, n)
		switch {
		case err == nil:
			page.Orders = append(page.Orders, o)
		case channel.ClassOf(err) != channel.Refused:
			return asked, err
		}
		asked++
		if len(page.Orders) >= 100 || i == len(numbers)-1 {
			if _, err := d.receive(ctx, s.id, page); err != nil {
				return asked, err
			}
			page.Orders = nil
		}
	}
	return asked, nil
}
