package daemon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/channel/drivers"
	"floord/sync/courier"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// A shop is one account on one platform, and how its connection is.
type shop struct {
	id      floor.ChannelID
	cfg     config.Channel
	channel channel.Channel // nil for CSV imports: nothing to pull and nobody to tell

	mu       sync.Mutex
	pulledAt time.Time // guarded by mu; the last pull that went through
	failures int       // guarded by mu; in a row
	err      error     // guarded by mu; of the last pull
	orders   int       // guarded by mu; taken since the start
}

func (d *Daemon) openShops() error {
	apps := map[string]*api.App{} // rates count per app: all its shops share one
	for _, c := range d.cfg.Channels {
		s := &shop{id: c.ID, cfg: c}
		if c.Driver != "csv" {
			ch, err := openAPI(apps, c, api.ShopOptions{})
			if err != nil {
				return fmt.Errorf("channel %s: %w", c.ID, err)
			}
			s.channel = ch
		}
		d.shops = append(d.shops, s)
	}
	return nil
}

// openAPI opens a shop as the configuration says; o may say more.
func openAPI(apps map[string]*api.App, c config.Channel, o api.ShopOptions) (*api.Shop, error) {
	a := api.Account{Client: c.ClientID}
	var err error
	if c.SecretFile != "" {
		if a.Secret, err = config.Secret(c.SecretFile); err != nil {
			return nil, err
		}
	}
	key := c.Driver + "|" + c.URL + "|" + c.ClientID
	if apps[key] == nil {
		if apps[key], err = drivers.New(drivers.Maps()[c.Driver], a, api.Options{URL: c.URL}); err != nil {
			return nil, err
		}
	}
	o.Channel, o.Shop, o.Token, o.Lag, o.Overlap = c.ID, c.Shop, channel.TokenFile(c.TokenFile), c.Lag, c.Overlap
	return apps[key].Shop(o)
}

// pull brings a shop's orders in, until ctx ends. Trouble with the shop backs off
// and shows on the board; only trouble with the ledger is an error.
func (d *Daemon) pull(ctx context.Context, s *shop) error {
	for ctx.Err() == nil {
		err := d.pullAll(ctx, s)
		if errors.Is(err, ledger.ErrUnknown) {
			return err
		}
		wait := s.note(err)
		if err != nil && ctx.Err() == nil {
			d.log.Warn("shop not reached", "channel", s.id, "err", err, "again_in", wait)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return nil
}

// note keeps how a pull went and gives the wait before the next.
func (s *shop) note(err error) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	if err == nil {
		s.failures, s.pulledAt = 0, time.Now()
		return s.cfg.Every
	}
	s.failures++
	wait := min(time.Second<<min(s.failures, 8), s.cfg.Every)
	return max(wait, channel.After(err))
}

// pullAll pulls until the shop has no more that is ready.
func (d *Daemon) pullAll(ctx context.Context, s *shop) error {
	for {
		var cursor string
		err := d.ledger.Read(func(v *ledger.View) (err error) {
			cursor, err = v.Cursor(s.id)
			return err
		})
		if err != nil {
			return err
		}
		page, err := s.channel.Pull(ctx, channel.Cursor(cursor))
		if err != nil {
			return err
		}
		if err := d.receive(ctx, s, page); err != nil {
			return err
		}
		if !page.More {
			return nil
		}
	}
}

// receive takes a page in. The cursor moves with the last part of it.
func (d *Daemon) receive(ctx context.Context, s *shop, page channel.Page) error {
	for from := 0; ; from += foreman.MaxIntake {
		to := min(from+foreman.MaxIntake, len(page.Orders))
		in := foreman.Intake{Channel: s.id, Orders: page.Orders[from:to]}
		if to == len(page.Orders) {
			in.Cursor = string(page.Next)
		}
		in.Key = d.pageKey(s.id, in)
		got, err := d.foreman.Receive(ctx, in)
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.orders += got.New
		s.mu.Unlock()
		if got.New+got.Revised+got.Missed > 0 {
			d.log.Info("orders in", "channel", s.id, "new", got.New, "revised", got.Revised,
				"held", got.Held, "frozen", got.Frozen, "missed", got.Missed)
		}
		if in.Cursor != "" || to == len(page.Orders) {
			return nil
		}
	}
}

// pageKey names a page by what it says: the same page again is the same request.
func (d *Daemon) pageKey(id floor.ChannelID, in foreman.Intake) string {
	h := sha256.New()
	for _, o := range in.Orders {
		fmt.Fprintf(h, "%s|%s|%d|", o.Number, o.Content, o.ModifiedAt.UnixNano())
	}
	return fmt.Sprintf("%s/pull/%s/%s/%s", d.keys.day(), id, in.Cursor, hex.EncodeToString(h.Sum(nil)[:8]))
}

// state is the shop's line on the board.
func (s *shop) state() pda.ChannelState {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := pda.ChannelState{ID: s.id, OK: s.err == nil}
	switch {
	case s.channel == nil:
		st.Text = "CSV"
	case s.err != nil:
		st.Text = fmt.Sprintf("%d x: %v", s.failures, shopText(s.err))
	case !s.pulledAt.IsZero():
		st.Text = s.pulledAt.Format(time.TimeOnly)
	}
	return st
}

func shopText(err error) string {
	var e *channel.Error
	if errors.As(err, &e) {
		return e.Text("zh")
	}
	return err.Error()
}

// tellShop carries ship reports and cancel answers to a shop.
func (d *Daemon) tellShop(s *shop) courier.Deliver {
	return func(ctx context.Context, e floor.Effect) courier.Outcome {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var o floor.Order
		var p floor.Parcel
		err := d.ledger.Read(func(v *ledger.View) (err error) {
			if o, _, err = v.Order(e.Order); err == nil && e.Parcel != "" {
				p, _, err = v.Parcel(e.Parcel)
			}
			return err
		})
		if err == nil {
			err = s.tell(ctx, e, o, p)
		}
		return shopOutcome(err)
	}
}

func (s *shop) tell(ctx context.Context, e floor.Effect, o floor.Order, p floor.Parcel) error {
	switch e.What {
	case floor.EffectShipReport:
		return s.channel.Report(ctx, channel.Report{
			Key: e.Args["key"], Number: o.Number, Carrier: p.Carrier, Waybill: p.Waybill, Left: true,
		})
	case floor.EffectAnswer:
		a := channel.Answer{Key: string(e.ID), Number: o.Number, Yes: e.Args["outcome"] == "stopped", At: e.WantAt}
		if !a.Yes {
			a.Why = channel.WhyShipped
		}
		return s.channel.Answer(ctx, a)
	}
	return &channel.Error{Class: channel.Refused, En: "no way to carry out " + e.What}
}

// shopOutcome turns a driver's error into a verdict. What a person can renew (a
// token, a permission) is tried again until somebody has.
func shopOutcome(err error) courier.Outcome {
	switch {
	case err == nil:
		return courier.Outcome{Verdict: courier.Done}
	case channel.ClassOf(err) == channel.Refused:
		return courier.Outcome{Verdict: courier.Refused, Why: shopText(err)}
	}
	return courier.Outcome{Verdict: courier.NotYet, Why: shopText(err), After: channel.After(err)}
}

// alert calls a person. Bots and mail come with the notify drivers; until then
// the board shows it and the log says it.
func (d *Daemon) alert(_ context.Context, e floor.Effect) courier.Outcome {
	d.log.Error("a person is needed", "code", e.Args["code"], "order", e.Order, "detail", e.Args)
	return courier.Outcome{Verdict: courier.Done}
}
