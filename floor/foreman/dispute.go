package foreman

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// disputed notes, once, that the shop says another state of a moment of which it has
// said what weighs more.
func (i *intake) disputed(o floor.Order, s floor.ShopOrder) error {
	if o.Trial || !s.ModifiedAt.Equal(o.ModifiedAt) || s.State == o.ShopState {
		return nil
	}
	d, known, err := i.Dispute(o.ID)
	if err != nil || known && d.Content == s.Content {
		return err
	}
	i.add(floor.OrderDisputed{Order: o.ID, Channel: o.Channel, State: s.State, Content: s.Content})
	return nil
}

// Disputes calls f with the disputes that want a person now, and the mend proposed,
// until it says no.
func Disputes(v *ledger.View, now time.Time, f func(d floor.Dispute, mend string) bool) error {
	var inner error
	err := v.Disputes(func(d floor.Dispute) bool {
		if d.Kind == floor.DisputeUnshipped && now.Sub(d.Since) < floor.Settles {
			return true
		}
		var state floor.State
		var live bool
		if state, live, inner = v.StateOf(d.Order); inner != nil {
			return false
		}
		if !live {
			state = d.Ours
		}
		return f(d, d.Mend(state))
	})
	return errors.Join(err, inner)
}

// Mend carries out the mend that is proposed for a dispute over an order. Where the
// mend begins with a question, said is what the shop answers now: it is taken as the
// truth, whatever was said before. It is refused with "no-dispute" if both agree.
func (f *Foreman) Mend(ctx context.Context, by By, id floor.OrderID, said *floor.ShopOrder) (ledger.Receipt, error) {
	return f.decide(ctx, by, func(i *intake) error {
		if _, err := i.must(by, floor.RoleLead); err != nil {
			return err
		}
		o, err := i.order(id)
		if err != nil {
			return err
		}
		d, ok, err := i.Dispute(id)
		if err != nil {
			return err
		}
		if !ok {
			return floor.Refuse("no-dispute", "order", id)
		}
		mend := d.Mend(o.State)
		if o.In != "" && o.State.Before(floor.Waved) {
			if o, err = i.part(o, "dispute"); err != nil {
				return err
			}
		}
		if d.Asks() {
			if said == nil {
				return fmt.Errorf("order %s: the mend wants the shop's answer", id)
			}
			if said.Number != o.Number || said.Channel != o.Channel {
				return fmt.Errorf("order %s: the shop's answer is of order %s of %s", id, said.Number, said.Channel)
			}
			if said.State != o.ShopState || said.Content != o.Content {
				i.add(floor.OrderRevised{Order: id, Shop: *said})
				if err := i.revise(o, *said); err != nil {
					return err
				}
			}
		}
		switch {
		case mend == floor.MendClose && o.Freeze != nil:
			if err := i.close(o, "shipped-elsewhere"); err != nil {
				return err
			}
		case mend == floor.MendClose:
			i.add(freed(o, "shipped-elsewhere")...)
			i.add(floor.OrderClosed{Order: id, Why: "shipped-elsewhere"})
		case mend == floor.MendFreeze && o.Freeze == nil:
			if _, err := i.freeze(&o, floor.FreezeLead, i.now, time.Time{}); err != nil {
				return err
			}
		case mend == floor.MendReport && said.State == floor.ShopPaid:
			if err := i.report(o); err != nil {
				return err
			}
		}
		i.add(floor.DisputeMended{Order: id, Channel: o.Channel, Dispute: d.Kind, Mend: mend})
		return nil
	})
}

// report asks for the reports of an order's parcels that have left, once more.
func (i *intake) report(o floor.Order) error {
	for _, id := range o.Parcels {
		p, ok, err := i.Parcel(id)
		if err != nil {
			return err
		}
		if !ok || p.State != floor.ParcelHasLeft {
			continue
		}
		e, err := i.effects()
		if err != nil {
			return err
		}
		i.add(shipReport(e, o, p.ID))
	}
	return nil
}

func shipReport(e *ids, o floor.Order, p floor.ParcelID) floor.Fact {
	return floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(e.take()), Lane: "shop/" + string(o.Channel), What: floor.EffectShipReport,
		Class: floor.Idempotent, Order: o.ID, Parcel: p,
		Args: map[string]string{"key": fmt.Sprintf("parcel/%s", p)},
	}}
}
