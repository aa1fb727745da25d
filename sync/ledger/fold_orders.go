package ledger

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"floord/floor"
)

func (f *folder) received(x floor.OrderReceived) error {
	if err := f.number(orderCounter(x.Order), idNumber(string(x.Order))); err != nil {
		return err
	}
	s := x.Shop
	key := numberKey(s.Channel, s.Shop, s.Number)
	if err := putRow(f.r, vNumbers, key, x.Order); err != nil {
		return err
	}
	if err := putRow(f.r, vTo, string(x.Order), s.To); err != nil {
		return err
	}
	o := floor.Order{
		ID: x.Order, Channel: s.Channel, Shop: s.Shop, Number: s.Number, State: floor.New, ReceivedAt: f.e.At,
		First: f.e.Seq, Trial: x.Trial,
	}
	if x.Trial {
		if err := f.trialRun(s.Channel, func(t *floor.TrialRun) { t.Orders++ }); err != nil {
			return err
		}
	}
	for _, l := range s.Lines {
		if x.Trial {
			break // other hands pick it
		}
		if err := f.demand(l.SKU, l.Qty); err != nil {
			return err
		}
	}
	takeLines(&o, s)
	takeShop(&o, s)
	for _, l := range s.Lines {
		info, _, err := f.r.sku(l.SKU)
		if err != nil {
			return err
		}
		if info.Category != "" {
			o.Tally.Categories = floor.Note(o.Tally.Categories, info.Category)
		}
	}
	slices.Sort(o.Tally.Categories)
	if j := x.Judged; j != nil {
		o.Tags, o.Score, o.Lost = j.Tags, j.Score, j.Lost
		hold(&o, j.Holds)
	}
	return f.save(nil, &o)
}

// hold replaces an order's holds: without any it may be planned.
func hold(o *floor.Order, holds []floor.Hold) {
	o.Holds = holds
	if len(holds) == 0 && o.State == floor.New && !o.Trial {
		o.State = floor.Checked
	}
}

// demand counts pieces ordered, for heat.
func (f *folder) demand(sku floor.SKU, n int) error {
	d, _, err := ownRow[floor.Demand](f.r, vDemand, string(sku))
	if err != nil {
		return err
	}
	d.Add(floor.DemandDay(f.e.At), n)
	keepRow(f.r, vDemand, string(sku), d)
	return nil
}

func (f *folder) revised(x floor.OrderRevised) error {
	if err := putRow(f.r, vTo, string(x.Order), x.Shop.To); err != nil {
		return err
	}
	return f.order(x.Order, func(o *floor.Order) {
		takeShop(o, x.Shop)
		if o.State.Before(floor.Waved) && !promised(o) {
			takeLines(o, x.Shop)
		}
	})
}

// promised reports whether stock is reserved for an order.
func promised(o *floor.Order) bool {
	return slices.ContainsFunc(o.Lines, func(l floor.Line) bool { return len(l.Reserved) > 0 })
}

// takeLines takes over what the shop asks for. An order whose promises were taken
// back for that begins again.
func takeLines(o *floor.Order, s floor.ShopOrder) {
	o.Lines = nil
	for i, l := range s.Lines {
		o.Lines = append(o.Lines, floor.Line{No: i + 1, SKU: l.SKU, Name: l.Name, Spec: l.Spec, Qty: l.Qty, Gift: l.Gift})
	}
	o.Short = false
	if o.State == floor.Allocated {
		o.State = floor.Checked
	}
}

// takeShop takes over what the shop may change in an order at any time.
func takeShop(o *floor.Order, s floor.ShopOrder) {
	o.ModifiedAt, o.ShopState, o.Weight, o.Content = s.ModifiedAt, s.State, s.Weight(), s.Content
	o.Pay, o.PaidAt, o.ShipBy, o.CollectBy = s.Pay, s.PaidAt, s.ShipBy, s.CollectBy
	o.MergeKey, o.Flags, o.Avoid = s.MergeKey, s.Flags, s.AvoidCodes
	o.Note = s.Note()
	o.Token = floor.RecipientMark(s.To)
}

// kept gives an order as the fold has left it; one that is not there is an error: the
// decision should have seen that.
func (f *folder) kept(id floor.OrderID) (floor.Order, error) {
	o, ok, err := ownRow[floor.Order](f.r, vOrders, string(id))
	if err == nil && !ok {
		err = fmt.Errorf("order %s is not there", id)
	}
	return o, err
}

// order loads an order, lets change change it and saves it with all that hangs on it.
func (f *folder) order(id floor.OrderID, change func(*floor.Order)) error {
	o, err := f.kept(id)
	if err != nil {
		return err
	}
	was := o
	was.Lines = slices.Clone(o.Lines)
	change(&o)
	if err := f.save(&was, &o); err != nil {
		return err
	}
	return f.together(&was, &o)
}

// said is order for what is only said of an order: nothing hangs on that as long as
// the order goes alone and needs hands.
func (f *folder) said(id floor.OrderID, change func(*floor.Order)) error {
	o, err := f.kept(id)
	switch {
	case err != nil:
		return err
	case o.Over() || o.In != "" || o.MergedBy != "":
		return f.order(id, change)
	}
	change(&o)
	o.Seq = f.e.Seq
	keepRow(f.r, vOrders, string(id), o)
	return nil
}

// save writes an order, and what is derived from it: the live and over lists,
// the report's row and the board's figures.
func (f *folder) save(was, o *floor.Order) error {
	o.Seq = f.e.Seq
	keepRow(f.r, vOrders, string(o.ID), *o)
	if err := f.lists(was, o); err != nil {
		return err
	}
	if o.Trial || o.MergedBy != "" {
		return nil // it counts nowhere
	}
	if err := f.dispute(was, o); err != nil {
		return err
	}
	if was != nil && was.Trial {
		was = nil // it counts from now on
	}
	if err := errors.Join(f.due(was, o, ShipBy), f.due(was, o, CollectBy)); err != nil {
		return err
	}
	if err := f.ship(was, o); err != nil {
		return err
	}
	a, b := figuresOf(was), figuresOf(o)
	if a == b {
		return nil
	}
	return f.figures(func(g *floor.Figures) {
		if was != nil {
			g.ByState[was.State]--
		} else {
			g.Counts["received"]++
		}
		g.ByState[o.State]++
		g.Frozen += b.frozen - a.frozen
		g.Held += b.held - a.held
		g.Short += b.short - a.short
	})
}

// ship keeps the order's row for reports, and the hours under which a report
// finds it.
func (f *folder) ship(was, o *floor.Order) error {
	row := o.Ship()
	if was != nil && reflect.DeepEqual(was.Ship(), row) {
		return nil
	}
	keepRow(f.r, vShip, string(o.ID), row)
	for _, t := range []time.Time{f.e.At, row.ShipBy, row.CollectBy} {
		if t.IsZero() {
			continue
		}
		keepKey(f.r, vHours, hourKey(t)+"|"+string(o.ID))
	}
	return nil
}

func (f *folder) lists(was, o *floor.Order) error {
	waited, waits := was != nil && was.State == floor.Checked, o.State == floor.Checked
	switch {
	case o.MergedBy != "":
	case waits && !waited:
		keepKey(f.r, vChecked, string(o.ID))
	case waited && !waits:
		if err := f.r.delete(vChecked, string(o.ID)); err != nil {
			return err
		}
	}
	if !o.Over() {
		if was != nil && was.State == o.State && !was.Over() || o.MergedBy != "" {
			return nil
		}
		keepRow(f.r, vLive, string(o.ID), o.State)
		return nil
	}
	if was != nil && !was.Over() && o.MergedBy == "" {
		if err := f.r.delete(vLive, string(o.ID)); err != nil {
			return err
		}
	}
	if was != nil && was.Over() {
		if err := f.r.delete(vOver, overKey(was)); err != nil {
			return err
		}
	}
	return putRow(f.r, vOver, overKey(o), o.ID)
}

// overKey sorts orders by the event that touched them last; one may touch several.
func overKey(o *floor.Order) string { return seqKey(o.Seq) + "|" + string(o.ID) }

// due keeps the orders that still need hands by when a clock of theirs ends.
func (f *folder) due(was, o *floor.Order, c Clock) error {
	before, now := "", ""
	if was != nil && !was.Over() {
		before = dueKey(c.of(was)) + string(o.ID)
	}
	if !o.Over() {
		now = dueKey(c.of(o)) + string(o.ID)
	}
	if before == now {
		return nil
	}
	if before != "" {
		if err := f.r.delete(string(c), before); err != nil {
			return err
		}
	}
	if now != "" {
		keepKey(f.r, string(c), now)
	}
	return nil
}

type orderFigures struct {
	state               floor.State
	frozen, held, short int
}

// figuresOf gives what an order adds to the board's figures. An order that is
// over adds to its state alone.
func figuresOf(o *floor.Order) orderFigures {
	if o == nil {
		return orderFigures{}
	}
	g := orderFigures{state: o.State}
	if o.Freeze != nil {
		g.frozen = 1
	}
	if o.Over() {
		return g
	}
	if len(o.Holds) > 0 {
		g.held = 1
	}
	if o.Short {
		g.short = 1
	}
	return g
}

// archived drops the orders that were over before the archived events ended.
// Their numbers and waybills stay known for ever, so that neither is given twice.
func (f *folder) archived(x floor.DayArchived) error {
	type done struct {
		key string
		id  floor.OrderID
	}
	var gone []done
	err := scanRows(f.r, vOver, "", "", func(key string, id floor.OrderID) bool {
		if key[:len(seqKey(0))] > seqKey(x.Last) {
			return false
		}
		gone = append(gone, done{key, id})
		return true
	})
	if err != nil {
		return err
	}
	for _, d := range gone {
		if err := f.drop(d.key, d.id); err != nil {
			return err
		}
	}
	if err := f.dropSheets(x.Day); err != nil {
		return err
	}
	if err := f.dropHours(vTrips, x.Day); err != nil {
		return err
	}
	for _, view := range []string{vHands, vShorts} {
		if err := f.dropHours(view, x.Day); err != nil {
			return err
		}
	}
	return f.dropHours(vHours, x.Day)
}

// dropHours forgets what reports find under the hours of days before the archived
// one, a bout at a time: the next archived event takes the next.
func (f *folder) dropHours(view, day string) error {
	const bout = 5000
	var gone []string
	err := f.r.scan(view, "", "", func(key string, _ []byte) (bool, error) {
		if key >= day || len(gone) == bout {
			return false, nil
		}
		gone = append(gone, key)
		return true, nil
	})
	if err != nil {
		return err
	}
	return each(gone, func(key string) error { return f.r.delete(view, key) })
}

func (f *folder) drop(overKey string, id floor.OrderID) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil {
		return err
	}
	if ok && o.MergedBy == "" { // else its orders take them along
		for _, p := range o.Parcels {
			if err := f.r.delete(vParcels, numKey(string(p))); err != nil {
				return err
			}
		}
		if err := f.r.delete(vShip, string(id)); err != nil {
			return err
		}
	}
	if err := f.r.delete(vTo, string(id)); err != nil {
		return err
	}
	if err := f.r.delete(vDisputes, string(id)); err != nil {
		return err
	}
	if err := f.dropBookings(id); err != nil {
		return err
	}
	if err := f.r.delete(vOrders, string(id)); err != nil {
		return err
	}
	return f.r.delete(vOver, overKey)
}
