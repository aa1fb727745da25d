package daemon

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/qimen"
	"floord/sync/ledger"
)

// openQimen opens a channel whose other side, an ERP, drives us.
func (d *Daemon) openQimen(s *shop) error {
	carriers := map[floor.CarrierID]string{}
	for _, code := range s.cfg.Codes {
		carriers[code.Carrier] = code.Code
	}
	q, err := qimen.New(qimen.Options{
		Channel: s.id, Customer: s.cfg.Shop, AppKey: s.cfg.ClientID, URL: s.cfg.URL, Carriers: carriers,
		Secret: func() (string, error) { return config.Secret(s.cfg.SecretFile) },
		Create: func(ctx context.Context, o floor.ShopOrder) error {
			_, err := d.receive(ctx, s.id, channel.Page{Orders: []floor.ShopOrder{o}})
			return err
		},
		Cancel:  func(ctx context.Context, number string) (bool, string, error) { return d.cancelByERP(ctx, s, number) },
		Refused: func(ctx context.Context, result string) { d.countRefused(ctx, s, result) },
	})
	if err != nil {
		return err
	}
	s.channel, s.qimen = q, q
	return nil
}

// cancelByERP takes an ERP's cancel in and answers from the floor's state: a frozen
// order never leaves, so that a freeze is as good as an order that is closed.
func (d *Daemon) cancelByERP(ctx context.Context, s *shop, number string) (stopped bool, how string, err error) {
	var o floor.Order
	var to floor.Recipient
	known := false
	look := func(v *ledger.View) error {
		id, ok, err := v.OrderByNumber(s.id, s.cfg.Shop, number)
		if err != nil || !ok {
			return err
		}
		if o, known, err = v.Order(id); err == nil {
			to, _, err = v.Recipient(id)
		}
		return err
	}
	if err := d.ledger.Read(look); err != nil {
		return false, "", err
	}
	if !known {
		return false, "本仓没有这张单", nil
	}
	gone := floor.ShopOrder{Channel: s.id, Shop: s.cfg.Shop, Number: number, State: floor.ShopCancelled, Pay: o.Pay, PaidAt: o.PaidAt, ShipBy: o.ShipBy,
		ModifiedAt: time.Now().UTC(), To: to, BuyerNote: o.Note, Content: channelmap.Sum([]byte("cancel|" + number))}
	for _, l := range o.Lines {
		gone.Lines = append(gone.Lines, floor.ShopLine{SKU: l.SKU, Qty: l.Qty, Gift: l.Gift})
	}
	if _, err := d.receive(ctx, s.id, channel.Page{Orders: []floor.ShopOrder{gone}}); err != nil {
		return false, "", err
	}
	if err := d.ledger.Read(look); err != nil {
		return false, "", err
	}
	if o.State == floor.Closed || o.Freeze != nil {
		return true, "", nil
	}
	return false, "包裹已交给快递,无法拦截", nil
}

// erpSteps are what an ERP hears of an order, by the fact that begins each.
var erpSteps = map[floor.Kind]string{
	"order.received/1": "ACCEPT", "line.picked/1": "PICK", "parcel.verified/1": "CHECK", "parcel.weighed/1": "WEIGH",
	"parcel.sealed/1": "PACKAGE", "parcel.left/1": "DELIVERED",
}

// tellSteps tells an ERP how far each of its orders is, until ctx ends. How far it
// has been told is the channel's cursor: a restart goes on from there.
func (d *Daemon) tellSteps(ctx context.Context, s *shop) error {
	q := s.channel.(*qimen.Channel)
	topic := ledger.Topic{}
	for kind := range erpSteps {
		topic = append(topic, string(kind))
	}
	for ctx.Err() == nil {
		var cursor string
		err := d.ledger.Read(func(v *ledger.View) (err error) { cursor, err = v.Cursor(s.id); return err })
		if err != nil {
			return err
		}
		after, _ := strconv.ParseUint(cursor, 10, 64) // none: from the beginning
		for e, err := range d.ledger.Follow(ctx, after, topic) {
			var damaged *ledger.DamagedError
			if errors.As(err, &damaged) {
				continue
			}
			if errors.Is(err, ledger.ErrArchived) { // what is so old nobody waits for
				if _, err := d.foreman.Receive(ctx, foreman.Intake{Key: d.keys.next("told"), Channel: s.id, Cursor: strconv.FormatUint(d.ledger.Stats().Seq, 10)}); err != nil {
					return err
				}
				break
			}
			if err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return err
			}
			told, err := d.tellStep(ctx, s, q, e)
			if err != nil {
				return err
			}
			if !told {
				continue
			}
			in := foreman.Intake{Key: d.keys.next("told"), Channel: s.id, Cursor: strconv.FormatUint(e.Seq, 10)}
			if _, err := d.foreman.Receive(ctx, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// orderOf gives the order that a fact is about, or "".
func orderOf(f floor.Fact) floor.OrderID {
	about, ok := f.(interface{ Subjects() []string })
	if !ok {
		return ""
	}
	prefix := floor.OrderTopic("")
	for _, s := range about.Subjects() {
		if id, ok := strings.CutPrefix(s, prefix); ok {
			return floor.OrderID(id)
		}
	}
	return ""
}

// tellStep tells one step until the ERP has taken or refused it. It reports
// whether the event was about an order of the ERP's.
func (d *Daemon) tellStep(ctx context.Context, s *shop, q *qimen.Channel, e floor.Event) (bool, error) {
	id := orderOf(e.Fact)
	var o floor.Order
	if id == "" {
		return false, nil
	}
	err := d.ledger.Read(func(v *ledger.View) (err error) { o, _, err = v.Order(id); return err })
	if err != nil || o.Channel != s.id || o.Trial {
		return false, err
	}
	for tries := 1; ; tries++ {
		err := q.Progress(ctx, o.Number, erpSteps[e.Fact.Kind()], e.At)
		s.pulse.went(wayTell, err)
		if err == nil || channel.ClassOf(err) == channel.Refused {
			return true, nil // a person sees what is refused on the board
		}
		select {
		case <-time.After(retryPace(tries)):
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
