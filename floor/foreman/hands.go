package foreman

import (
	"context"

	"floord/floor"
	"floord/sync/ledger"
	"floord/wave"
)

// Release turns a planned wave into a wave and a task. It looks again at every
// order: one that was frozen, held, closed or changed since the plan was made is
// left out, and its stops with it. With nothing left nothing is written.
func (f *Foreman) Release(ctx context.Context, by By, w wave.Wave) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		slots, stops, err := v.releasable(w)
		if err != nil || len(slots) == 0 {
			return nil, err
		}
		waves, err := v.ids("wave", "W")
		if err != nil {
			return nil, err
		}
		tasks, err := v.ids("task", "T")
		if err != nil {
			return nil, err
		}
		out := floor.WaveReleased{Wave: floor.WaveID(waves.take()), Type: w.Kind, Metres: float64(w.Metres)}
		for _, s := range slots {
			out.Orders = append(out.Orders, s.Order)
		}
		for _, r := range w.Why {
			out.Why = append(out.Why, floor.Reason{Code: string(r.Code), Args: r.Args})
		}
		return []floor.Fact{out, floor.TaskIssued{
			Task: floor.TaskID(tasks.take()), Type: floor.TaskPick, Wave: out.Wave,
			Slots: slots, Stops: stops, Metres: float64(w.Metres),
		}}, nil
	})
}

// releasable gives the slots and stops of the orders that may still go, with
// slots numbered anew from 1.
func (v look) releasable(w wave.Wave) ([]floor.Slot, []floor.Stop, error) {
	var slots []floor.Slot
	slotOf := map[floor.OrderID]int{}
	for _, id := range w.Orders {
		o, ok, err := v.Order(id)
		if err != nil {
			return nil, nil, err
		}
		if ok && o.State == floor.Allocated && o.Freeze == nil && len(o.Holds) == 0 && covers(w, o) {
			slots = append(slots, floor.Slot{No: len(slots) + 1, Order: id})
			slotOf[id] = len(slots)
		}
	}
	var stops []floor.Stop
	for _, s := range w.Stops {
		if slot := slotOf[s.Order]; slot > 0 {
			stops = append(stops, floor.Stop{
				No: len(stops) + 1, Bin: s.Bin, SKU: s.SKU, Order: s.Order, Line: s.Line, Slot: slot, Qty: s.Qty,
			})
		}
	}
	return slots, stops, nil
}

// covers reports whether the wave's stops for an order are exactly what is
// reserved for it now.
func covers(w wave.Wave, o floor.Order) bool {
	type at struct {
		line int
		bin  floor.BinID
	}
	want := map[at]int{}
	for _, l := range o.Lines {
		for _, b := range l.Reserved {
			want[at{l.No, b.Bin}] += b.Qty
		}
	}
	for _, s := range w.Stops {
		if s.Order == o.ID {
			want[at{s.Line, s.Bin}] -= s.Qty
		}
	}
	for _, n := range want {
		if n != 0 {
			return false
		}
	}
	return true
}

// Take gives the person's own running task, or else the oldest that waits. It
// refuses with "no-task" when there is none.
func (f *Foreman) Take(ctx context.Context, by By) (floor.TaskID, error) {
	var task floor.TaskID
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, err := v.must(by, floor.RolePicker)
		if err != nil {
			return nil, err
		}
		if p.Task != "" {
			task = p.Task
			return nil, nil
		}
		t, ok, err := v.WaitingTask()
		if err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("no-task"))
		}
		task = t.ID
		return []floor.Fact{floor.TaskTaken{Task: t.ID, Person: by.Person, Device: by.Device}}, nil
	})
	if t, ok := last[floor.TaskTaken](r); ok {
		task = t.Task
	}
	return task, err
}

// myTask gives the running task of the person who asks.
func (v look) myTask(by By, id floor.TaskID) (floor.Task, error) {
	if _, err := v.must(by, floor.RolePicker); err != nil {
		return floor.Task{}, err
	}
	t, ok, err := v.Task(id)
	switch {
	case err != nil:
		return t, err
	case !ok:
		return t, floor.Refuse("unknown-task", "task", id)
	case t.State == floor.TaskEnded:
		return t, floor.Refuse("task-over", "task", id)
	case t.Person != by.Person:
		return t, floor.Refuse("not-your-task", "task", id, "person", t.Person)
	}
	return t, nil
}

// BindTote puts a tote on a slot of the cart. A tote that holds another order is
// refused; the same tote again changes nothing.
func (f *Foreman) BindTote(ctx context.Context, by By, task floor.TaskID, slot int, tote floor.ToteID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, err := v.myTask(by, task)
		if err != nil {
			return nil, err
		}
		if slot < 1 || slot > len(t.Slots) {
			return nil, floor.Refuse("unknown-slot", "slot", slot)
		}
		if err := okName(string(tote)); err != nil {
			return nil, err
		}
		s := t.Slots[slot-1]
		if s.Tote == tote {
			return nil, nil
		}
		if s.Tote != "" {
			return nil, floor.Refuse("slot-bound", "slot", slot, "tote", s.Tote)
		}
		if _, taken, err := v.OrderInTote(tote); err != nil || taken {
			return nil, orRefuse(err, floor.Refuse("tote-taken", "tote", tote))
		}
		o, err := v.order(s.Order)
		if err == nil {
			err = awake(&o)
		}
		if err != nil {
			return nil, err
		}
		return []floor.Fact{floor.ToteBound{Task: task, Person: by.Person, Slot: slot, Order: s.Order, Tote: tote}}, nil
	})
}

// A PickScan is what a picker did at one stop.
type PickScan struct {
	Task floor.TaskID `json:"task"`
	Stop int          `json:"stop"`
	Bin  floor.BinID  `json:"bin"`
	Code string       `json:"code"` // what was scanned: the SKU or its barcode
	Qty  int          `json:"qty"`
	Tote floor.ToteID `json:"tote,omitempty"` // empty: the slot's own
}

// at gives the task and the stop that a scan is about, and the order, after
// every check that picking and putting back share.
func (v look) at(by By, s PickScan) (floor.Task, *floor.Stop, floor.Order, error) {
	t, err := v.myTask(by, s.Task)
	if err != nil {
		return t, nil, floor.Order{}, err
	}
	stop := t.Stop(s.Stop)
	if stop == nil {
		return t, nil, floor.Order{}, floor.Refuse("unknown-stop", "stop", s.Stop)
	}
	o, err := v.order(stop.Order)
	return t, stop, o, err
}

// reach refuses a scan of the wrong bin or item, or of a number that makes no sense.
func (v look) reach(stop *floor.Stop, s PickScan) error {
	if s.Bin != stop.Bin {
		return floor.Refuse("wrong-bin", "got", s.Bin, "want", stop.Bin)
	}
	sku, ok, err := v.Scanned(s.Code)
	switch {
	case err != nil:
		return err
	case !ok:
		return floor.Refuse("unknown-sku", "got", s.Code)
	case sku != stop.SKU:
		return floor.Refuse("wrong-sku", "got", sku, "want", stop.SKU)
	case s.Qty < 1:
		return floor.Refuse("bad-qty", "got", s.Qty, "max", stop.Left())
	case s.Qty > stop.Left():
		return floor.Refuse("over-pick", "left", stop.Left(), "got", s.Qty)
	}
	return nil
}

// Pick takes pieces from a bin into a tote.
func (f *Foreman) Pick(ctx context.Context, by By, s PickScan) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, stop, o, err := v.at(by, s)
		if err != nil {
			return nil, err
		}
		if t.Kind != floor.TaskPick {
			return nil, floor.Refuse("unknown-stop", "stop", s.Stop)
		}
		if err := awake(&o); err != nil {
			return nil, err
		}
		if stop.Left() == 0 {
			return nil, floor.Refuse("stop-done", "stop", s.Stop)
		}
		if err := v.reach(stop, s); err != nil {
			return nil, err
		}
		slot := t.Slots[stop.Slot-1]
		switch {
		case slot.Tote == "":
			return nil, floor.Refuse("tote-needed", "slot", slot.No)
		case s.Tote != "" && s.Tote != slot.Tote:
			return nil, floor.Refuse("wrong-tote", "got", s.Tote, "slot", slot.No, "want", slot.Tote)
		}
		stop.Done += s.Qty
		return append([]floor.Fact{floor.LinePicked{
			Task: t.ID, Person: by.Person, Stop: stop.No, Order: o.ID, Line: stop.Line,
			Bin: stop.Bin, SKU: stop.SKU, Qty: s.Qty, Tote: slot.Tote,
		}}, ended(&t, o.ID)...), nil
	})
}

// ended gives the facts that follow when an order's last stop, or the walk's, is
// done. t is as it will be.
func ended(t *floor.Task, id floor.OrderID) []floor.Fact {
	var facts []floor.Fact
	order := t.Kind == floor.TaskPick
	for i := range t.Stops {
		if t.Stops[i].Order == id && t.Stops[i].Left() > 0 {
			order = false
		}
	}
	if order {
		facts = append(facts, floor.OrderPicked{Order: id})
	}
	if t.Walked() {
		facts = append(facts, floor.TaskDone{Task: t.ID, Person: t.Person})
	}
	return facts
}

// ShortReasons are the reasons a picker may give for a short.
var ShortReasons = []string{"empty", "damaged", "wrong-item"}

// Short says that a bin does not hold what a stop asks for. The bin is corrected
// down to what others are promised from it; what is missing is looked for in
// other bins and appended to the walk; if none has it, the order is short.
func (f *Foreman) Short(ctx context.Context, by By, task floor.TaskID, stopNo int, why string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, stop, o, err := v.at(by, PickScan{Task: task, Stop: stopNo})
		if err != nil {
			return nil, err
		}
		if err := awake(&o); err != nil {
			return nil, err
		}
		n := stop.Left()
		switch {
		case t.Kind != floor.TaskPick:
			return nil, floor.Refuse("unknown-stop", "stop", stopNo)
		case n == 0:
			return nil, floor.Refuse("stop-done", "stop", stopNo)
		case !contains(ShortReasons, why):
			return nil, floor.Refuse("bad-reason", "got", why)
		}
		s, _, err := v.StockAt(stop.Bin, stop.SKU)
		if err != nil {
			return nil, err
		}
		facts := []floor.Fact{
			floor.LineShort{
				Task: t.ID, Person: by.Person, Stop: stop.No, Order: o.ID, Line: stop.Line,
				Bin: stop.Bin, SKU: stop.SKU, Qty: n, Why: why,
			},
			floor.StockCounted{Bin: stop.Bin, SKU: stop.SKU, Qty: s.Reserved - n, Why: "short"},
		}
		of, left, err := newShelf(v).take(stop.Line, stop.SKU, n, stop.Bin)
		if err != nil {
			return nil, err
		}
		stop.Missing += n
		if len(of) > 0 {
			more := moreStops(&t, *stop, of)
			facts = append(facts,
				floor.StockReserved{Order: o.ID, Of: of},
				floor.StopsAdded{Task: t.ID, Person: by.Person, Stops: more})
			t.Stops = append(t.Stops, more...)
		}
		if left > 0 {
			facts = append(facts, floor.OrderShort{Order: o.ID, Missing: []floor.SKUQty{{SKU: stop.SKU, Qty: left}}})
		}
		return append(facts, ended(&t, o.ID)...), nil
	})
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// moreStops gives the stops that make good for a short one.
func moreStops(t *floor.Task, short floor.Stop, of []floor.Reservation) []floor.Stop {
	var more []floor.Stop
	for _, r := range of {
		more = append(more, floor.Stop{
			No: len(t.Stops) + len(more) + 1, Bin: r.Bin, SKU: r.SKU,
			Order: short.Order, Line: short.Line, Slot: short.Slot, Qty: r.Qty, Skipped: short.Skipped,
		})
	}
	return more
}

// Skip puts a stop to the end of the walk. It must be done then, or declared short.
func (f *Foreman) Skip(ctx context.Context, by By, task floor.TaskID, stopNo int) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		_, stop, _, err := v.at(by, PickScan{Task: task, Stop: stopNo})
		if err != nil {
			return nil, err
		}
		if stop.Left() == 0 {
			return nil, floor.Refuse("stop-done", "stop", stopNo)
		}
		return []floor.Fact{floor.StopSkipped{Task: task, Person: by.Person, Stop: stopNo}}, nil
	})
}

// PutBack returns pieces of a closed order to their bin.
func (f *Foreman) PutBack(ctx context.Context, by By, s PickScan) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, stop, o, err := v.at(by, s)
		if err != nil {
			return nil, err
		}
		switch {
		case t.Kind != floor.TaskPutBack:
			return nil, floor.Refuse("unknown-stop", "stop", s.Stop)
		case stop.Left() == 0:
			return nil, floor.Refuse("stop-done", "stop", s.Stop)
		}
		if err := v.reach(stop, s); err != nil {
			return nil, err
		}
		stop.Done += s.Qty
		return append([]floor.Fact{floor.LinePutBack{
			Task: t.ID, Person: by.Person, Stop: stop.No, Order: o.ID, Line: stop.Line,
			Bin: stop.Bin, SKU: stop.SKU, Qty: s.Qty,
		}}, ended(&t, o.ID)...), nil
	})
}
