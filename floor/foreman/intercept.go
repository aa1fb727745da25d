package foreman

import (
	"context"
	"fmt"
	"slices"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// freeze stops an order wherever it is and tells everybody who holds it. It was asked
// for then, and a push that said so was heard of then, if one did. o has the freeze
// afterwards.
func (i *intake) freeze(o *floor.Order, why floor.FreezeWhy, asked, heard time.Time) (holders, error) {
	key, err := i.ask()
	if err != nil {
		return holders{}, err
	}
	h, err := i.holders(*o)
	if err != nil {
		return h, err
	}
	window, err := i.window(*o, why)
	if err != nil {
		return h, err
	}
	i.got.Frozen++
	i.add(floor.OrderFrozen{
		Order: o.ID, Intercept: key, Why: why, AskedAt: asked, HeardAt: heard, Deadline: i.now.Add(window),
		Stage: o.State, Persons: h.persons, Devices: h.devices, Stations: h.stations, Tasks: h.tasks, In: o.In,
	})
	o.Freeze = &floor.Freeze{Key: key, Why: why}
	pull, err := i.called(*o, true)
	i.add(pull...)
	return h, err
}

// window is how long the holders of an order have to answer: of the rules that fit,
// the one that says most, and of several such the shortest.
func (v look) window(o floor.Order, why floor.FreezeWhy) (time.Duration, error) {
	within, said := v.f.o.FreezeWindow, -1
	for _, w := range v.f.o.Windows {
		if w.Why != "" && w.Why != why {
			continue
		}
		says := 0
		if w.Why != "" {
			says++
		}
		if w.Category != "" {
			if has, err := v.has(o, w.Category); err != nil || !has {
				if err != nil {
					return 0, err
				}
				continue
			}
			says += 2
		}
		if says > said || says == said && w.Within < within {
			within, said = w.Within, says
		}
	}
	return within, nil
}

// has reports whether an order has a line of a category.
func (v look) has(o floor.Order, category string) (bool, error) {
	for _, l := range o.Lines {
		s, _, err := v.SKU(l.SKU)
		if err != nil || s.Category == category {
			return err == nil, err
		}
	}
	return false, nil
}

// cancel freezes an order that a shop has cancelled. A final cancel of an order
// that nobody holds ends there; one of an urgent order asks a lead at once.
func (i *intake) cancel(o floor.Order, s floor.ShopOrder) error {
	h, err := i.freeze(&o, floor.FreezeCancel, s.ModifiedAt, s.HeardAt)
	switch {
	case err != nil:
		return err
	case o.Urgent():
		return i.callLead(floor.Intercept{Key: o.Freeze.Key, Order: o.ID}, floor.CallConflict)
	case s.State == floor.ShopCancelled && len(h.persons)+len(h.stations) == 0:
		return i.close(o, "cancelled")
	}
	return nil
}

// contradicted follows up on a newer truth of an order that is frozen for a cancel:
// if it is to be shipped all the same, a lead is asked at once, and until the lead
// has decided it stays frozen.
func (i *intake) contradicted(o floor.Order, s floor.ShopOrder, tags []string) (bool, error) {
	ask, err := i.openIntercept(o.Freeze.Key)
	if err != nil || ask.Why != floor.FreezeCancel || ask.Needs() == floor.CallConflict {
		return false, err
	}
	takenBack := o.Weight%2 == 1 && s.Shippable() // see ShopOrder.Weight
	if !takenBack && (o.Urgent() || !slices.Contains(tags, floor.TagUrgent)) {
		return false, nil
	}
	return true, i.callLead(ask, floor.CallConflict)
}

// leads are those who may decide: who is logged in first, then by name of the badge.
func (v look) leads() ([]floor.PersonID, error) {
	var here, away []floor.PersonID
	err := v.People(func(p floor.Person) bool {
		switch {
		case p.Gone || !p.May(floor.RoleLead):
		case p.Device != "":
			here = append(here, p.ID)
		default:
			away = append(away, p.ID)
		}
		return true
	})
	return append(here, away...), err
}

// callLead calls the next lead who was not called yet. When all were, the board
// goes on showing it.
func (i *intake) callLead(ask floor.Intercept, why string) error {
	leads, err := i.leads()
	if err != nil {
		return err
	}
	next := slices.IndexFunc(leads, func(p floor.PersonID) bool {
		return !slices.ContainsFunc(ask.Calls, func(c floor.Call) bool { return c.Person == p })
	})
	if next < 0 && len(ask.Calls) > 0 {
		return nil
	}
	call := floor.FreezeEscalated{Order: ask.Order, Intercept: ask.Key, Why: why}
	if next >= 0 {
		call.Person = leads[next]
	}
	i.add(call)
	e, err := i.effects()
	if err != nil {
		return err
	}
	i.add(floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(e.take()), Lane: "alert", What: floor.EffectAlert, Class: floor.Idempotent, Order: ask.Order,
		Args: map[string]string{"code": "freeze-" + why, "intercept": ask.Key, "person": string(call.Person)},
	}})
	return nil
}

// missed records a cancel that came after the handover.
func (i *intake) missed(o floor.Order) error {
	key, err := i.ask()
	if err != nil {
		return err
	}
	i.got.Missed++
	i.add(floor.CancelMissed{Order: o.ID, Intercept: key, Why: floor.FreezeCancel, AskedAt: o.ModifiedAt, Stage: o.State})
	return i.answer(o, "missed")
}

// ask gives the key of a new interception.
func (i *intake) ask() (string, error) {
	if i.asks == nil {
		day := i.f.day(i.now)
		n, err := i.Next(ledger.InterceptCounter(day))
		if err != nil {
			return "", err
		}
		i.asks = &ids{day, n}
	}
	i.asks.next++
	return i.lastAsk(), nil
}

func (i *intake) lastAsk() string { return fmt.Sprintf("%s/%06d", i.asks.prefix, i.asks.next-1) }

// answer asks for the shop to be told how its cancel ended.
func (i *intake) answer(o floor.Order, outcome string) error {
	if !i.f.o.Reports(o.Channel) || o.Trial {
		return nil
	}
	e, err := i.effects()
	if err != nil {
		return err
	}
	since := i.now // since when nothing of it moves
	if o.Freeze != nil && !o.Freeze.Since.IsZero() {
		since = o.Freeze.Since
	}
	i.add(floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(e.take()), Lane: "shop/" + string(o.Channel), What: floor.EffectAnswer,
		Class: floor.Idempotent, Order: o.ID, Args: map[string]string{"outcome": outcome, "since": since.UTC().Format(time.RFC3339)},
	}})
	return nil
}

func (i *intake) effects() (*ids, error) { return i.ids("effect", "E") }

// holders are those who have an order in their hands.
type holders struct {
	persons  []floor.PersonID
	devices  []floor.DeviceID
	stations []floor.StationID
	tasks    []floor.TaskID
}

func (v look) holders(o floor.Order) (holders, error) {
	var h holders
	t, ok, err := v.Task(o.Task)
	if err != nil {
		return h, err
	}
	if ok && t.State == floor.TaskRunning {
		h.tasks = append(h.tasks, t.ID)
		h.persons = append(h.persons, t.Person)
		h.devices = append(h.devices, t.Device)
	}
	for _, id := range o.Parcels {
		p, ok, err := v.Parcel(id)
		if err != nil {
			return h, err
		}
		if ok && p.State != floor.ParcelHasLeft && p.State != floor.ParcelIsVoid && !slices.Contains(h.stations, p.Station) {
			h.stations = append(h.stations, p.Station)
		}
	}
	if len(h.stations) == 0 {
		return h, nil
	}
	err = v.Devices(func(d floor.Device) bool {
		if !d.Revoked && d.Station != "" && slices.Contains(h.stations, d.Station) {
			h.devices = append(h.devices, d.ID)
			if d.Person != "" && !slices.Contains(h.persons, d.Person) {
				h.persons = append(h.persons, d.Person)
			}
		}
		return true
	})
	return h, err
}

// freed gives a closed order's promises of stock back.
func freed(o floor.Order, why string) []floor.Fact {
	if of := promises(o); len(of) > 0 {
		return []floor.Fact{floor.StockFreed{Order: o.ID, Of: of, Why: why}}
	}
	return nil
}

// promises gives what is reserved for an order and not picked.
func promises(o floor.Order) []floor.Reservation {
	var of []floor.Reservation
	for _, l := range o.Lines {
		for _, b := range l.Reserved {
			of = append(of, floor.Reservation{Line: l.No, SKU: l.SKU, Bin: b.Bin, Qty: b.Qty, Lot: b.Lot})
		}
	}
	return of
}

// Freeze stops an order by a lead's word.
func (f *Foreman) Freeze(ctx context.Context, by By, id floor.OrderID, why floor.FreezeWhy) (ledger.Receipt, error) {
	return f.decide(ctx, by, func(i *intake) error {
		if _, err := i.must(by, floor.RoleLead); err != nil {
			return err
		}
		switch why {
		case floor.FreezeCancel, floor.FreezeAddress, floor.FreezeRemark, floor.FreezeLead:
		default:
			return floor.Refuse("bad-reason", "got", why)
		}
		o, err := i.order(id)
		if err == nil {
			err = whole(&o)
		}
		switch {
		case err != nil:
			return err
		case o.Freeze != nil:
			return floor.Refuse("already-frozen", "order", id)
		case o.State == floor.Closed:
			return awake(&o)
		case o.Over():
			return floor.Refuse("order-left", "order", id)
		case o.Trial:
			return awake(&o)
		}
		_, err = i.freeze(&o, why, i.now, time.Time{})
		return err
	})
}

// decide runs a decision that gathers its facts in an intake. It is urgent.
func (f *Foreman) decide(ctx context.Context, by By, do func(*intake) error) (ledger.Receipt, error) {
	now := moment()
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		i := &intake{look: v, now: now, got: &Received{}}
		err := do(i)
		return i.facts, err
	})
}

// Thaw lifts a freeze: the order goes on.
func (f *Foreman) Thaw(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	return f.decide(ctx, by, func(i *intake) error {
		o, err := i.frozenOrder(by, id)
		if err != nil {
			return err
		}
		if o.In != "" && o.Freeze.Why == floor.FreezeAddress { // it would be sent twice
			for _, id := range o.Parcels {
				if p, _, err := i.Parcel(id); err != nil || p.State == floor.ParcelHasLeft {
					return orRefuse(err, floor.Refuse("merged-left", "order", o.ID, "parcel", id))
				}
			}
		}
		if err := i.thaw(o, "thawed"); err != nil || o.Freeze.Why != floor.FreezeAddress {
			return err
		}
		if o.In != "" { // the others go where they went
			_, err := i.part(o, "address")
			return err
		}
		return i.readdress(o)
	})
}

// readdress gives the sealed parcels of an order that goes elsewhere now a new number
// each, where one was taken, and a label with the address as it is: the old number is
// void, and its label is refused at the handover. Without a number there is no thaw.
func (i *intake) readdress(o floor.Order) error {
	es, err := i.effects()
	if err != nil {
		return err
	}
	var after floor.WaybillNo
	for _, id := range o.Parcels {
		p, ok, err := i.Parcel(id)
		if err != nil {
			return err
		}
		if !ok || p.State != floor.ParcelIsSealed || p.Waybill == "" {
			continue
		}
		if err := i.dropLabels(p); err != nil {
			return err
		}
		i.add(floor.WaybillKilled{Parcel: id, Order: o.ID, Station: p.Station, Carrier: p.Carrier, Waybill: p.Waybill, Why: "address"})
		i.add(i.giveBack(es, o.ID, id, p.Carrier, p.Waybill)...)
		if i.f.rule(p.Carrier).Books {
			continue // its number is booked now, and bound when it is there
		}
		n, ok, err := i.PooledWaybill(p.Carrier, after)
		if err == nil && !ok {
			err = i.noNumber(p.Carrier)
		}
		if err != nil {
			return err
		}
		after = n
		to, _, err := i.Recipient(o.ID)
		if err != nil {
			return err
		}
		i.add(i.rebind(es, p, o.Token, numbered{Waybill: n, SortCode: i.f.o.SortCode(p.Carrier, to)})...)
	}
	return nil
}

// dropLabels takes a parcel's labels off the lane, but for one that may be coming
// out at this moment: that stays in doubt until somebody looks.
func (i *intake) dropLabels(p floor.Parcel) error {
	return i.Lane(PrinterLane(p.Station), func(e floor.Effect) bool {
		if e.Parcel == p.ID && (e.State == floor.EffectWanted || e.State == floor.EffectLater) {
			i.add(floor.EffectEnded{
				Effect: e.ID, Lane: e.Lane, Order: p.Order, Parcel: p.ID, Station: p.Station, What: e.What, Outcome: "dropped",
			})
		}
		return true
	})
}

// Close ends a frozen order: what was picked goes back to its bins, parcels and
// labels are void, the shop is told. An order nobody holds may be closed without
// a freeze.
func (f *Foreman) Close(ctx context.Context, by By, id floor.OrderID, why string) (ledger.Receipt, error) {
	return f.decide(ctx, by, func(i *intake) error {
		o, err := i.order(id)
		if err != nil {
			return err
		}
		if err := whole(&o); err != nil {
			return err
		}
		if o.Freeze == nil && o.State.Before(floor.Waved) {
			if _, err := i.must(by, floor.RoleLead); err != nil {
				return err
			}
			if o.In != "" {
				if o, err = i.part(o, why); err != nil {
					return err
				}
			}
			i.add(freed(o, why)...)
			i.add(floor.OrderClosed{Order: id, Why: why})
			return nil
		}
		if o, err = i.frozenOrder(by, id); err != nil {
			return err
		}
		return i.close(o, why)
	})
}

// frozenOrder gives an order that a lead may decide on.
func (i *intake) frozenOrder(by By, id floor.OrderID) (floor.Order, error) {
	if _, err := i.must(by, floor.RoleLead); err != nil {
		return floor.Order{}, err
	}
	o, err := i.order(id)
	if err == nil {
		err = whole(&o)
	}
	if err == nil && o.Freeze == nil {
		err = floor.Refuse("not-frozen", "order", id)
	}
	return o, err
}

func (i *intake) thaw(o floor.Order, outcome string) error {
	h, err := i.holders(o)
	if err != nil {
		return err
	}
	i.add(floor.OrderThawed{
		Order: o.ID, Intercept: o.Freeze.Key, Outcome: outcome, Persons: h.persons, Stations: h.stations, In: o.In,
	})
	if outcome != "thawed" {
		return nil
	}
	keep, err := i.called(o, false)
	i.add(keep...)
	return err
}

// close ends a frozen order and cleans up behind it.
func (i *intake) close(o floor.Order, why string) error {
	if err := i.thaw(o, "stopped"); err != nil {
		return err
	}
	ends := func() error {
		i.add(floor.OrderClosed{Order: o.ID, Why: why})
		if o.Freeze.Why == floor.FreezeCancel {
			return i.answer(o, "stopped")
		}
		return nil
	}
	if o.In != "" {
		var err error
		if o, err = i.part(o, why); err != nil {
			return err
		}
		i.add(freed(o, why)...)
		return ends()
	}
	i.add(freed(o, why)...)
	back, err := i.leaveTasks(o)
	if err != nil {
		return err
	}
	if err := i.voidParcels(o, why); err != nil {
		return err
	}
	es, err := i.effects()
	if err != nil {
		return err
	}
	unused, err := i.endBookings(es, o.ID, why)
	if err != nil {
		return err
	}
	i.add(unused...)
	if err := ends(); err != nil {
		return err
	}
	return i.putBack(back)
}

// putBack issues the walk that brings back what was picked, if anything was.
func (i *intake) putBack(back []floor.Stop) error {
	if len(back) == 0 {
		return nil
	}
	t, err := i.ids("task", "T")
	if err == nil {
		i.add(floor.TaskIssued{Task: floor.TaskID(t.take()), Type: floor.TaskPutBack, Stops: back})
	}
	return err
}

// leaveTasks takes the order out of its walk and gives the stops of the walk
// that brings back what was picked.
func (i *intake) leaveTasks(o floor.Order) ([]floor.Stop, error) {
	back, t, err := i.leave(o)
	if err != nil || t == nil || t.State == floor.TaskEnded {
		return back, err
	}
	i.add(floor.StopsDropped{Task: t.ID, Person: t.Person, Order: o.ID})
	ends, err := i.ended(t)
	i.add(ends...)
	return back, err
}

// leave drops the stops of the order's lines in its task, as this decision has it; nil
// if it has none.
func (i *intake) leave(o floor.Order) ([]floor.Stop, *floor.Task, error) {
	var back []floor.Stop
	t, err := i.walk(o.Task)
	if err != nil || t == nil {
		return nil, nil, err
	}
	for j := range t.Stops {
		s := &t.Stops[j]
		if s.Order != o.ID || o.Line(s.Line) == nil {
			continue
		}
		n := s.Done
		if t.Kind == floor.TaskSort {
			n = s.Qty - s.Missing // sorted or not, it was picked
		}
		if n > 0 {
			back = append(back, floor.Stop{
				No: len(back) + 1, Bin: s.Bin, SKU: s.SKU, Order: s.Order, Line: s.Line, Slot: s.Slot, Qty: n, Lot: s.Lot,
			})
		}
		s.Dropped = true
	}
	return back, t, nil
}

// walk gives a task as this decision leaves it, or nil.
func (i *intake) walk(id floor.TaskID) (*floor.Task, error) {
	if t := i.walks[id]; t != nil || id == "" {
		return t, nil
	}
	t, ok, err := i.Task(id)
	if err != nil || !ok {
		return nil, err
	}
	if i.walks == nil {
		i.walks = map[floor.TaskID]*floor.Task{}
	}
	i.walks[id] = &t
	return &t, nil
}

// voidParcels ends the order's parcels and takes their labels off the lanes. A
// label that may be coming out at this moment stays in doubt until somebody looks.
func (i *intake) voidParcels(o floor.Order, why string) error {
	for _, id := range o.Parcels {
		p, ok, err := i.Parcel(id)
		if err != nil {
			return err
		}
		if !ok || p.State == floor.ParcelIsVoid || p.State == floor.ParcelHasLeft {
			continue
		}
		i.add(floor.ParcelVoided{Parcel: id, Order: o.ID, Station: p.Station, Why: why})
		es, err := i.effects()
		if err != nil {
			return err
		}
		i.add(i.giveBack(es, o.ID, id, p.Carrier, p.Waybill)...)
		if err := i.dropLabels(p); err != nil {
			return err
		}
	}
	return nil
}

// PrinterLane is the outbox lane of a station's printer.
func PrinterLane(s floor.StationID) string { return "printer/" + string(s) }

// Shown notes that a device has shown a freeze. A second receipt changes nothing.
func (f *Foreman) Shown(ctx context.Context, by By, intercept string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if err := v.device(by.Device); err != nil {
			return nil, err
		}
		i, err := v.openIntercept(intercept)
		if err != nil || slices.ContainsFunc(i.Shown, func(s floor.Shown) bool { return s.Device == by.Device }) {
			return nil, err
		}
		return []floor.Fact{floor.FreezeShown{Order: i.Order, Intercept: intercept, Device: by.Device}}, nil
	})
}

func (v look) openIntercept(key string) (floor.Intercept, error) {
	i, ok, err := v.Intercept(key)
	if err == nil && !ok {
		err = floor.Refuse("unknown-intercept")
	}
	return i, err
}

// Answer notes what a person says to a freeze: one of floor.FreezeAnswers. A
// cancel that the shop has made final ends with the last holder's answer: the
// order is closed and what was picked goes back. Everything else waits for a lead.
func (f *Foreman) Answer(ctx context.Context, by By, intercept, text string) (ledger.Receipt, error) {
	return f.decide(ctx, by, func(i *intake) error {
		if _, err := i.must(by, floor.RolePicker); err != nil {
			if _, err2 := i.must(by, floor.RolePacker); err2 != nil {
				return err
			}
		}
		if text == floor.AnswerOnIt {
			if _, err := i.must(by, floor.RoleLead); err != nil {
				return err
			}
		} else if !slices.Contains(floor.FreezeAnswers, text) {
			return floor.Refuse("bad-answer", "got", text)
		}
		ask, err := i.openIntercept(intercept)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(ask.Answers, func(a floor.Answer) bool {
			return a.Person == by.Person && (a.Text == floor.AnswerOnIt) == (text == floor.AnswerOnIt)
		}) {
			return nil
		}
		i.add(floor.FreezeAnswered{Order: ask.Order, Intercept: intercept, Person: by.Person, Device: by.Device, Answer: text})
		o, err := i.order(ask.Order)
		if err != nil || o.Freeze == nil || o.Freeze.Key != intercept {
			return err
		}
		ask.Answers = append(ask.Answers, floor.Answer{Person: by.Person, Text: text})
		return i.settle(o, ask, o.ShopState)
	})
}

// settle closes a cancelled order when nothing is left to decide: the shop has
// made the cancel final, and everybody who holds the order has answered.
func (i *intake) settle(o floor.Order, ask floor.Intercept, shop floor.ShopState) error {
	if ask.Why != floor.FreezeCancel || shop != floor.ShopCancelled || o.Urgent() || ask.Needs() == floor.CallConflict {
		return nil
	}
	said := func(p floor.PersonID) bool {
		return slices.ContainsFunc(ask.Answers, func(a floor.Answer) bool {
			return a.Text != floor.AnswerOnIt && (p == "" || a.Person == p)
		})
	}
	h, err := i.holders(o)
	if err != nil || !said("") {
		return err
	}
	for _, p := range h.persons {
		if !said(p) {
			return nil
		}
	}
	return i.close(o, "cancelled")
}

// CallsDue gives the freezes for which a lead is to be called now.
func (f *Foreman) CallsDue(v *ledger.View, now time.Time) (due []floor.Intercept, err error) {
	err = v.OpenIntercepts(func(i floor.Intercept) bool {
		if i.Needs() != "" && now.After(i.CallAt(f.o.CallEvery)) {
			due = append(due, i)
		}
		return true
	})
	return due, err
}

// Escalate calls a lead to a freeze because its time is over, and the next one when
// that lead has done nothing for Options.CallEvery. It does nothing if no call is due,
// or if there is nobody left to call.
func (f *Foreman) Escalate(ctx context.Context, by By, intercept string) (ledger.Receipt, error) {
	return f.decide(ctx, by, func(i *intake) error {
		ask, err := i.openIntercept(intercept)
		if err != nil || ask.Needs() == "" || !i.now.After(ask.CallAt(f.o.CallEvery)) {
			return err
		}
		return i.callLead(ask, ask.Needs())
	})
}
