package ledger

import (
	"slices"
	"time"

	"floord/floor"
)

// Orders that go as one parcel are made into one order (floor.Order.MergedBy), which
// the floor picks, packs and ships as any other. It counts nowhere: its orders do. What
// the floor does to it is carried to them, what the shop says of them is carried to it,
// and each keeps what is its own.

// merged makes one order of several that have their stock and that no wave has.
func (f *folder) merged(x floor.OrdersMerged) error {
	if err := f.number(mergeCounter(x.Order), idNumber(string(x.Order))); err != nil {
		return err
	}
	g := floor.Order{
		ID: x.Order, State: floor.Allocated, MergedBy: x.Rule, Of: x.Of, ReceivedAt: f.e.At, First: f.e.Seq, ShopState: floor.ShopPaid,
	}
	for _, id := range x.Of {
		err := f.member(id, func(o *floor.Order) {
			for i := range o.Lines {
				l := o.Lines[i]
				l.Of, l.OfNo, l.No = id, l.No, len(g.Lines)+1
				g.Lines = append(g.Lines, l)
				o.Lines[i].Reserved = nil
			}
			o.In = x.Order
		})
		if err != nil {
			return err
		}
	}
	if err := f.gather(&g); err != nil {
		return err
	}
	return f.save(nil, &g)
}

// parted takes an order out of the one it was merged into.
func (f *folder) parted(x floor.OrderParted) error {
	g, err := f.kept(x.From)
	if err != nil {
		return err
	}
	was := g
	g.Lines = slices.Clone(g.Lines)
	g.Of = slices.DeleteFunc(slices.Clone(g.Of), func(id floor.OrderID) bool { return id == x.Order })
	begun := !g.State.Before(floor.Waved)
	reserved := map[int][]floor.BinQty{}
	out := map[int]bool{}
	g.Short = false
	for i := range g.Lines {
		l := &g.Lines[i]
		if l.Of == x.Order {
			reserved[l.OfNo] = l.Reserved
			l.Out, l.Qty, l.Missing, l.Reserved = true, 0, 0, nil
			out[l.No] = true
		}
		g.Short = g.Short || l.Missing > 0
	}
	if err := f.unpacked(&g); err != nil {
		return err
	}
	if len(g.Of) == 0 {
		f.end(&g, "parted")
	}
	if err := f.gather(&g); err != nil {
		return err
	}
	if err := f.save(&was, &g); err != nil {
		return err
	}
	if x.Task != "" {
		err := f.task(x.Task, func(t *floor.Task) {
			for i := range t.Stops {
				if s := &t.Stops[i]; s.Order == g.ID && out[s.Line] {
					s.Dropped = true
				}
			}
		})
		if err != nil {
			return err
		}
	}
	err = f.member(x.Order, func(o *floor.Order) {
		o.In = ""
		for i := range o.Lines {
			l := &o.Lines[i]
			l.Reserved, l.Picked, l.Packed, l.Missing = reserved[l.No], 0, 0, 0
		}
		if !begun {
			return
		}
		o.State, o.Wave, o.Task, o.Tote, o.Parcels, o.Carrier, o.Short = floor.Checked, "", "", "", nil, "", false
		o.WavedAt, o.PickedAt, o.SealedAt = time.Time{}, time.Time{}, time.Time{}
	})
	if err != nil {
		return err
	}
	if len(g.Of) == 0 {
		return f.freeEmptied(g.ID)
	}
	return each(g.Of, func(id floor.OrderID) error {
		return f.member(id, func(o *floor.Order) { carry(o, &was, &g, id == g.Of[0]) })
	})
}

// unpacked counts again what is in the parcels of an order after some were voided.
func (f *folder) unpacked(g *floor.Order) error {
	if g.State != floor.Packing && g.State != floor.Sealed {
		return nil
	}
	in, open := map[int]int{}, false
	for _, id := range g.Parcels {
		p, ok, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(id)))
		if err != nil {
			return err
		}
		if !ok || p.State == floor.ParcelIsVoid {
			continue
		}
		open = true
		for _, i := range p.Items {
			in[i.Line] += i.Verified
		}
	}
	g.State = floor.Picked
	if open {
		g.State = floor.Packing
	}
	for i := range g.Lines {
		g.Lines[i].Packed = in[g.Lines[i].No]
	}
	return nil
}

// together carries a change of an order to those that go with it.
func (f *folder) together(was, o *floor.Order) error {
	if o.In != "" {
		g, ok, err := ownRow[floor.Order](f.r, vOrders, string(o.In))
		if err != nil || !ok {
			return err
		}
		before := g
		if err := f.gather(&g); err != nil {
			return err
		}
		return f.save(&before, &g)
	}
	if o.MergedBy == "" {
		return nil
	}
	return each(o.Of, func(id floor.OrderID) error {
		return f.member(id, func(m *floor.Order) { carry(m, was, o, id == o.Of[0]) })
	})
}

// member changes an order that goes with others, and nothing of those.
func (f *folder) member(id floor.OrderID, change func(*floor.Order)) error {
	o, err := f.kept(id)
	if err != nil {
		return err
	}
	was := o
	o.Lines = slices.Clone(o.Lines)
	change(&o)
	return f.save(&was, &o)
}

// carry gives an order what the floor did to the one it goes in. What can be counted
// once only (labels, parcels, wrong scans) counts for the first of them.
func carry(o, was, g *floor.Order, first bool) {
	o.State, o.Wave, o.Task, o.Tote, o.Parcels, o.Carrier = g.State, g.Wave, g.Task, g.Tote, g.Parcels, g.Carrier
	o.Team, o.WorkedAt, o.WavedAt, o.PickedAt, o.SealedAt = g.Team, g.WorkedAt, g.WavedAt, g.PickedAt, g.SealedAt
	o.HandedAt, o.CollectedAt = g.HandedAt, g.CollectedAt
	o.Tally.Pickers, o.Tally.VerifiedAt, o.Tally.LabelledAt = g.Tally.Pickers, g.Tally.VerifiedAt, g.Tally.LabelledAt
	o.Short = false
	for i := range g.Lines {
		l := &g.Lines[i]
		if l.Of != o.ID || l.Out {
			continue
		}
		if mine := o.Line(l.OfNo); mine != nil {
			mine.Picked, mine.Packed, mine.Missing = l.Picked, l.Packed, l.Missing
			o.Short = o.Short || l.Missing > 0
		}
	}
	if !first {
		return
	}
	for to, n := range map[*int]int{
		&o.Labels: g.Labels - was.Labels, &o.Reprints: g.Reprints - was.Reprints, &o.Parceled: g.Parceled - was.Parceled,
		&o.BadParcels: g.BadParcels - was.BadParcels, &o.ShortLines: g.ShortLines - was.ShortLines, &o.Manual: g.Manual - was.Manual,
		&o.Tally.Wrong: g.Tally.Wrong - was.Tally.Wrong, &o.Tally.Mispicked: g.Tally.Mispicked - was.Tally.Mispicked,
		&o.Tally.Weighed: g.Tally.Weighed - was.Tally.Weighed, &o.Tally.Off: g.Tally.Off - was.Tally.Off,
		&o.Tally.OffKnown: g.Tally.OffKnown - was.Tally.OffKnown, &o.Tally.OffTrue: g.Tally.OffTrue - was.Tally.OffTrue,
	} {
		*to += n
	}
	o.LabelErrs, o.Redone, o.Bent = more(o.LabelErrs, was.LabelErrs, g.LabelErrs), more(o.Redone, was.Redone, g.Redone), more(o.Bent, was.Bent, g.Bent)
	o.Tally.ShortWhys = more(o.Tally.ShortWhys, was.Tally.ShortWhys, g.Tally.ShortWhys)
	o.Tally.Redos = more(o.Tally.Redos, was.Tally.Redos, g.Tally.Redos)
}

// more appends to a short list what came to another.
func more[T any](list, was, now []T) []T {
	if len(now) <= len(was) {
		return list
	}
	list = append(slices.Clone(list), now[len(was):]...)
	return list[:min(len(list), floor.MostNoted)]
}

// gather gives an order made of several what the shop says of each of them: all tags
// and notes, the earlier clock, the recipient of the first, and a freeze if one of them
// is frozen.
func (f *folder) gather(g *floor.Order) error {
	g.Tags, g.Flags, g.Avoid, g.Note, g.Freeze = nil, nil, nil, "", nil
	g.ShipBy, g.CollectBy, g.PaidAt, g.Until, g.Pay = time.Time{}, time.Time{}, time.Time{}, time.Time{}, 0
	for i, id := range g.Of {
		o, err := f.kept(id)
		if err != nil {
			return err
		}
		if i == 0 {
			g.Channel, g.Shop, g.Number, g.MergeKey, g.Token = o.Channel, o.Shop, o.Number, o.MergeKey, o.Token
			to, _, err := getRow[floor.Recipient](f.r, vTo, string(id))
			if err != nil {
				return err
			}
			if err := putRow(f.r, vTo, string(g.ID), to); err != nil {
				return err
			}
		}
		for _, l := range []struct{ to, from *[]string }{{&g.Tags, &o.Tags}, {&g.Flags, &o.Flags}, {&g.Avoid, &o.Avoid}} {
			for _, s := range *l.from {
				if !slices.Contains(*l.to, s) {
					*l.to = append(*l.to, s)
				}
			}
		}
		for _, t := range []struct{ to, from *time.Time }{{&g.ShipBy, &o.ShipBy}, {&g.CollectBy, &o.CollectBy}, {&g.PaidAt, &o.PaidAt}, {&g.Until, &o.Until}} {
			if t.to.IsZero() || !t.from.IsZero() && t.from.Before(*t.to) {
				*t.to = *t.from
			}
		}
		switch {
		case o.Note == "" || o.Note == g.Note:
		case g.Note == "":
			g.Note = o.Note
		default:
			g.Note += " / " + o.Note
		}
		if o.Freeze != nil && g.Freeze == nil {
			frozen := *o.Freeze
			frozen.Of = id
			g.Freeze = &frozen
		}
		g.Pay += o.Pay
	}
	return nil
}

// mergeCounter is the counter of an id that merging gave.
func mergeCounter(id floor.OrderID) string { return "merge/" + orderCounter(id)[len("order/"):] }
