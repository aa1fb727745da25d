package foreman

import (
	"context"
	"fmt"
	"slices"

	"floord/floor"
	"floord/sync/ledger"
)

// A Member is an order that goes with others to whom Mark stands for (floor.Order.Token).
type Member struct {
	ID   floor.OrderID
	Mark string
}

// Merge makes one order of several to one recipient (合单), by a rule of the site. Whoever
// asks has seen that they go to one; it looks again at each: one that has no stock, is
// held, frozen, on trial, merged already, of another shop or goes elsewhere by now is
// left out, and with fewer than two left nothing is written.
func (f *Foreman) Merge(ctx context.Context, by By, rule string, members []Member) (ledger.Receipt, error) {
	if len(members) > floor.MaxMerge {
		return ledger.Receipt{}, fmt.Errorf("%d orders in one parcel: at most %d", len(members), floor.MaxMerge)
	}
	day := f.day(moment())
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		out := floor.OrdersMerged{Rule: rule}
		var first floor.Order
		for _, m := range members {
			o, ok, err := v.Order(m.ID)
			if err != nil {
				return nil, err
			}
			if !ok || !Mergeable(&o) || o.Token != m.Mark || slices.Contains(out.Of, m.ID) {
				continue
			}
			if len(out.Of) == 0 {
				first = o
			}
			if o.Channel == first.Channel && o.Shop == first.Shop {
				out.Of = append(out.Of, m.ID)
			}
		}
		if len(out.Of) < 2 {
			return nil, nil
		}
		n, err := v.Next(ledger.MergeCounter(f.o.Prefix, day))
		if err != nil {
			return nil, err
		}
		out.Order = floor.OrderID(fmt.Sprintf("%s%s-MRG-%06d", f.o.Prefix, day, n))
		return []floor.Fact{out}, nil
	})
}

// Mergeable reports whether an order may be made one with others: its stock is there,
// no wave has it, and nothing stands against it.
func Mergeable(o *floor.Order) bool {
	return o.State == floor.Allocated && o.ShopState == floor.ShopPaid && o.In == "" && o.MergedBy == "" &&
		o.Freeze == nil && len(o.Holds) == 0 && !o.Trial
}

// whole refuses what can only be done to an order of a shop, and not to one made of
// several.
func whole(o *floor.Order) error {
	if o.MergedBy == "" || len(o.Of) == 0 {
		return nil
	}
	return floor.Refuse("merged-order", "order", o.ID, "of", o.Of[0], "n", len(o.Of))
}

// unlike reports whether what a shop says now keeps an order from going on with others
// that no wave has yet.
func unlike(o floor.Order, s floor.ShopOrder) bool {
	return s.State != floor.ShopPaid || len(s.Holds) > 0 || !sameLines(o, s) || s.Note() != o.Note ||
		floor.RecipientMark(s.To) != o.Token || s.MergeKey != o.MergeKey && s.MergeKey != "" && o.MergeKey != ""
}

// part takes an order out of the one it goes in, and gives it as it stands then. Its
// stops leave the walk and what was picked of it goes back; a parcel that has not left
// is void, for nobody knows what is in it now, and the rest is packed anew.
func (i *intake) part(o floor.Order, why string) (floor.Order, error) {
	g, err := i.merged(o.In)
	if err != nil {
		return o, err
	}
	fact := floor.OrderParted{Order: o.ID, From: g.ID, Why: why}
	alone := floor.Order{ID: g.ID, Task: g.Task}
	for j := range g.Lines {
		l := &g.Lines[j]
		if l.Of != o.ID {
			continue
		}
		alone.Lines = append(alone.Lines, *l)
		if g.State.Before(floor.Waved) {
			if mine := o.Line(l.OfNo); mine != nil {
				mine.Reserved = l.Reserved
			}
		}
		l.Out, l.Reserved = true, nil
	}
	g.Of = slices.DeleteFunc(g.Of, func(id floor.OrderID) bool { return id == o.ID })
	o.In = ""
	if g.State.Before(floor.Waved) {
		i.add(fact)
		return o, nil
	}
	i.add(freed(alone, why)...)
	back, t, err := i.leave(alone)
	if err != nil {
		return o, err
	}
	if !i.voided[g.ID] {
		if err := i.voidParcels(*g, why); err != nil {
			return o, err
		}
		es, err := i.effects()
		if err != nil {
			return o, err
		}
		unused, err := i.endBookings(es, g.ID, why)
		if err != nil {
			return o, err
		}
		i.add(unused...)
		if i.voided == nil {
			i.voided = map[floor.OrderID]bool{}
		}
		i.voided[g.ID] = true
	}
	if t != nil && t.State != floor.TaskEnded {
		fact.Task, fact.Person = t.ID, t.Person
	}
	i.add(fact)
	if fact.Task != "" {
		var rest []floor.OrderID
		if len(g.Of) > 0 && (g.State == floor.Waved || g.State == floor.Picking) {
			rest = []floor.OrderID{g.ID} // what is left may be all picked
		}
		ends, err := i.ended(t, rest...)
		if err != nil {
			return o, err
		}
		i.add(ends...)
	}
	if err := i.putBack(back); err != nil {
		return o, err
	}
	o.State, o.Wave, o.Task, o.Parcels = floor.Checked, "", "", nil
	return o, nil
}

// merged gives an order made of several as this decision leaves it.
func (i *intake) merged(id floor.OrderID) (*floor.Order, error) {
	if g := i.merges[id]; g != nil {
		return g, nil
	}
	g, err := i.order(id)
	if err != nil {
		return nil, err
	}
	if i.merges == nil {
		i.merges = map[floor.OrderID]*floor.Order{}
	}
	g.Lines, g.Of = slices.Clone(g.Lines), slices.Clone(g.Of)
	i.merges[id] = &g
	return &g, nil
}
