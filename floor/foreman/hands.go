package foreman

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/wave"
)

// Release turns a planned wave into a wave and a task. It looks again at every
// order: one that was frozen, held, closed or changed since the plan was made is
// left out, and its stops with it. With nothing left nothing is written. A wave
// of kind wave.Wall is picked as one batch; it is refused with "no-wall" when no
// put wall has a slot for each of its orders.
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
		out := floor.WaveReleased{Wave: floor.WaveID(waves.take()), Type: w.Kind, Metres: float64(w.Metres), Why: reasons(w.Why)}
		for _, s := range slots {
			out.Orders = append(out.Orders, s.Order)
		}
		issued := floor.TaskIssued{
			Task: floor.TaskID(tasks.take()), Type: floor.TaskPick, Wave: out.Wave,
			Slots: slots, Stops: stops, Metres: float64(w.Metres),
		}
		switch w.Kind {
		case wave.Wall, wave.Single, wave.Identical:
			if err := f.batch(&issued, w.Kind != wave.Wall); err != nil {
				return nil, err
			}
		}
		return []floor.Fact{out, issued}, nil
	})
}

// releasable gives the slots and stops of the orders that may still go, with
// slots numbered anew from 1.
func (v look) releasable(w wave.Wave) ([]floor.Slot, []floor.Stop, error) {
	var slots []floor.Slot
	slotOf, rows := map[floor.OrderID]int{}, map[floor.OrderID]floor.Order{}
	for _, id := range w.Orders {
		o, ok, err := v.Order(id)
		if err != nil {
			return nil, nil, err
		}
		if ok && o.State == floor.Allocated && o.In == "" && o.Freeze == nil && len(o.Holds) == 0 && covers(w, o) {
			slots = append(slots, floor.Slot{No: len(slots) + 1, Order: id})
			slotOf[id], rows[id] = len(slots), o
		}
	}
	var stops []floor.Stop
	for _, s := range w.Stops {
		slot := slotOf[s.Order]
		if slot == 0 {
			continue
		}
		o := rows[s.Order]
		for _, b := range lots(o.Line(s.Line), s) {
			stops = append(stops, floor.Stop{
				No: len(stops) + 1, Bin: s.Bin, SKU: s.SKU, Order: s.Order, Line: s.Line, Slot: slot, Qty: b.Qty, Lot: b.Lot,
			})
		}
	}
	return slots, stops, nil
}

// lots says which lots a planned stop takes: the planner knows bins alone.
func lots(l *floor.Line, s wave.Stop) []floor.BinQty {
	return slices.DeleteFunc(slices.Clone(l.Reserved), func(b floor.BinQty) bool { return b.Bin != s.Bin })
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

// Take gives the person's own running task, or else the oldest that waits, of
// that wave if one is named. It refuses with "no-task" when there is none.
func (f *Foreman) Take(ctx context.Context, by By, of floor.WaveID) (floor.TaskID, error) {
	var task floor.TaskID
	now := moment()
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, err := v.must(by, floor.RolePicker)
		if err != nil {
			return nil, err
		}
		if p.Task != "" {
			task = p.Task
			return nil, v.sameWave(p.Task, of)
		}
		t, err := v.waiting(of)
		if err != nil {
			return nil, err
		}
		task = t.ID
		return []floor.Fact{floor.TaskTaken{Task: t.ID, Person: by.Person, Device: by.Device, Due: f.due(t, now)}}, nil
	})
	if t, ok := last[floor.TaskTaken](r); ok {
		task = t.Task
	}
	return task, err
}

// sameWave refuses to take a task of a wave while one of another runs.
func (v look) sameWave(running floor.TaskID, of floor.WaveID) error {
	t, _, err := v.Task(running)
	if err == nil && of != "" && t.Wave != of {
		err = floor.Refuse("finish-first", "task", running)
	}
	return err
}

// waiting gives the oldest task that nobody has taken, of that wave if one is named.
func (v look) waiting(of floor.WaveID) (floor.Task, error) {
	if of == "" {
		t, ok, err := v.WaitingTask()
		if err == nil && !ok {
			err = floor.Refuse("no-task")
		}
		return t, err
	}
	w, ok, err := v.Wave(of)
	if err != nil || !ok {
		return floor.Task{}, orRefuse(err, floor.Refuse("unknown-wave", "wave", of))
	}
	no := floor.Refuse("wave-done", "wave", of)
	for _, id := range w.Tasks {
		t, _, err := v.Task(id)
		if err != nil || t.State == floor.TaskWaiting {
			return t, err
		}
		if t.State == floor.TaskRunning {
			no = floor.Refuse("wave-taken", "wave", of, "person", t.Person)
		}
	}
	return floor.Task{}, no
}

// due is when a task taken now is to be done; zero if the site does not count.
func (f *Foreman) due(t floor.Task, now time.Time) time.Time {
	if f.o.TaskTime == 0 {
		return time.Time{}
	}
	return now.Add(f.o.TaskTime + time.Duration(len(t.Stops))*f.o.StopTime)
}

// myTask gives the running task of the person who asks.
func (v look) myTask(by By, id floor.TaskID) (floor.Task, error) {
	if err := v.hand(by); err != nil {
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

// hand lets pickers pass: those logged in on the device, and whoever worked on it
// last and has gone on elsewhere since, for what waited on it unsent.
func (v look) hand(by By) error {
	_, err := v.must(by, floor.RolePicker)
	if no := (*floor.Refusal)(nil); !errors.As(err, &no) || no.Code != "not-logged-in" {
		return err
	}
	d, _, err2 := v.Device(by.Device)
	if err2 != nil || by.Person == "" || d.Last != by.Person {
		return cmp.Or(err2, err)
	}
	p, ok, err2 := v.Person(by.Person)
	if err2 == nil && ok && !p.Gone && p.May(floor.RolePicker) {
		return nil
	}
	return cmp.Or(err2, err)
}

// BindTote puts a tote on a slot of the cart, or under a batch (slot 0, which may
// have several). A tote that holds another order is refused; the same tote again
// changes nothing.
func (f *Foreman) BindTote(ctx context.Context, by By, task floor.TaskID, slot int, tote floor.ToteID) (ledger.Receipt, error) {
	return f.BindFor(ctx, by, task, slot, tote, "")
}

// BindFor is BindTote, but refused for a slot that is another order's than want: a
// handheld in dead air cannot know that an order has joined the walk.
func (f *Foreman) BindFor(ctx context.Context, by By, task floor.TaskID, slot int, tote floor.ToteID, want floor.OrderID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, err := v.myTask(by, task)
		if err != nil {
			return nil, err
		}
		if err := okName(string(tote)); err != nil {
			return nil, err
		}
		if t.Kind == floor.TaskBatch && slot == 0 {
			return v.bindBatch(t, tote)
		}
		if slot < 1 || slot > len(t.Slots) || t.Kind == floor.TaskSort {
			return nil, floor.Refuse("unknown-slot", "slot", slot)
		}
		s := t.Slots[slot-1]
		if want != "" && s.Order != want {
			return nil, floor.Refuse("slot-taken", "slot", slot)
		}
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
	Tote floor.ToteID `json:"tote,omitempty"` // empty: the slot's own, or the newest of a batch
	floor.Pieces
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

// reach refuses a scan of the wrong bin or item, or of a number that makes no
// sense; left is what the reach is for.
func (v look) reach(stop *floor.Stop, s PickScan, left int) error {
	if s.Bin != stop.Bin {
		return floor.Refuse("wrong-bin", "got", s.Bin, "want", stop.Bin)
	}
	if err := v.item(s.Code, stop.SKU); err != nil {
		return err
	}
	switch {
	case s.Qty < 1:
		return floor.Refuse("bad-qty", "got", s.Qty, "max", left)
	case s.Qty > left:
		return floor.Refuse("over-pick", "left", left, "got", s.Qty)
	}
	return nil
}

// item refuses a code that does not stand for the SKU.
func (v look) item(code string, want floor.SKU) error {
	sku, ok, err := v.Scanned(code)
	switch {
	case err != nil:
		return err
	case !ok:
		return floor.Refuse("unknown-sku", "got", code)
	case sku != want:
		return floor.Refuse("wrong-sku", "got", sku, "want", want)
	}
	return nil
}

// Pick takes pieces from a bin into a tote. In a batch one reach serves every
// order that wants the same SKU from the same bin.
func (f *Foreman) Pick(ctx context.Context, by By, s PickScan) (ledger.Receipt, error) {
	today := f.today()
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, stop, o, err := v.at(by, s)
		if err != nil {
			return nil, err
		}
		if t.Kind != floor.TaskPick && t.Kind != floor.TaskBatch {
			return nil, floor.Refuse("unknown-stop", "stop", s.Stop)
		}
		if err := awake(&o); err != nil {
			return nil, err
		}
		serves, left, err := v.serves(&t, stop)
		if err != nil {
			return nil, err
		}
		if left == 0 {
			return nil, floor.Refuse("stop-done", "stop", s.Stop)
		}
		if err := v.reach(stop, s, left); err != nil {
			return nil, err
		}
		if err := cmp.Or(v.lot(stop, s, today), v.serials(stop.SKU, s)); err != nil {
			return nil, err
		}
		tote, err := into(&t, stop, s.Tote)
		if err != nil {
			return nil, err
		}
		return v.reached(&t, serves, floor.LinePicked{
			Task: t.ID, Person: by.Person, Bin: stop.Bin, SKU: stop.SKU, Qty: s.Qty, Tote: tote, Typed: by.Typed, Pieces: s.Pieces,
		})
	})
}

// serves gives the stops of t that one reach at stop is for, and how many pieces
// they want together.
func (v look) serves(t *floor.Task, stop *floor.Stop) ([]*floor.Stop, int, error) {
	if t.Kind != floor.TaskBatch {
		return []*floor.Stop{stop}, stop.Left(), nil
	}
	var list []*floor.Stop
	left := 0
	for i := range t.Stops {
		x := &t.Stops[i]
		if x.Spot() != stop.Spot() || x.Left() == 0 {
			continue
		}
		o, err := v.order(x.Order)
		if err != nil {
			return nil, 0, err
		}
		if awake(&o) == nil {
			list = append(list, x)
			left += x.Left()
		}
	}
	return list, left, nil
}

// into gives the tote that a pick goes into.
func into(t *floor.Task, stop *floor.Stop, got floor.ToteID) (floor.ToteID, error) {
	if t.Kind == floor.TaskBatch {
		switch n := len(t.Totes); {
		case n == 0:
			return "", floor.Refuse("batch-tote-needed")
		case got == "":
			return t.Totes[n-1], nil
		case !slices.Contains(t.Totes, got):
			return "", floor.Refuse("wrong-batch-tote", "got", got, "want", t.Totes[n-1])
		}
		return got, nil
	}
	slot := t.Slots[stop.Slot-1]
	switch {
	case slot.Tote == "":
		return "", floor.Refuse("tote-needed", "slot", slot.No)
	case got != "" && got != slot.Tote:
		return "", floor.Refuse("wrong-tote", "got", got, "slot", slot.No, "want", slot.Tote)
	}
	return slot.Tote, nil
}

// reached gives the facts of a reach whose pieces go to the stops it serves, one
// after the other. t is changed to how it will be.
func (v look) reached(t *floor.Task, serves []*floor.Stop, all floor.LinePicked) ([]floor.Fact, error) {
	var facts []floor.Fact
	var orders []floor.OrderID
	left, serials := all.Qty, all.Serials
	for _, x := range serves {
		one := all
		one.Stop, one.Order, one.Line = x.No, x.Order, x.Line
		one.Qty = min(left, x.Left())
		if one.Qty == 0 {
			break
		}
		if serials != nil {
			one.Serials, serials = serials[:one.Qty], serials[one.Qty:]
		}
		left -= one.Qty
		x.Done += one.Qty
		facts = append(facts, one)
		orders = append(orders, x.Order)
	}
	more, err := v.ended(t, orders...)
	return append(facts, more...), err
}

// ended gives the facts that follow when the last stop of an order, or of the
// walk, is done. t is as it will be.
func (v look) ended(t *floor.Task, orders ...floor.OrderID) ([]floor.Fact, error) {
	var facts []floor.Fact
	for i, id := range orders {
		if t.Kind != floor.TaskPick && t.Kind != floor.TaskSort || slices.Contains(orders[:i], id) {
			continue
		}
		if !slices.ContainsFunc(t.Stops, func(s floor.Stop) bool { return s.Order == id && s.Left() > 0 }) {
			facts = append(facts, floor.OrderPicked{Order: id})
		}
	}
	if !t.Walked() {
		return facts, nil
	}
	facts = append(facts, floor.TaskDone{Task: t.ID, Person: t.Person})
	if t.Kind != floor.TaskBatch {
		return facts, nil
	}
	tasks, err := v.ids("task", "T")
	if err != nil {
		return nil, err
	}
	return append(facts, sorting(t, tasks)...), nil
}

// ShortReasons are the reasons a picker may give for a short.
var ShortReasons = []string{"empty", "damaged", "wrong-item"}

// Short says that a bin does not hold what a stop asks for. The bin is corrected
// down to what others are promised from it; what is missing is looked for in
// other bins and appended to the walk; if none has it, the order is short. When a
// batch is sorted it says that pieces are missing there.
func (f *Foreman) Short(ctx context.Context, by By, task floor.TaskID, stopNo int, why string) (ledger.Receipt, error) {
	today := f.today()
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if t, err := v.myTask(by, task); err != nil {
			return nil, err
		} else if t.Kind == floor.TaskRefill {
			return v.shortRefill(t, stopNo, why)
		}
		t, stop, o, err := v.at(by, PickScan{Task: task, Stop: stopNo})
		if err != nil {
			return nil, err
		}
		if err := awake(&o); err != nil {
			return nil, err
		}
		serves, left, err := v.serves(&t, stop)
		switch {
		case err != nil:
			return nil, err
		case t.Kind == floor.TaskPutBack:
			return nil, floor.Refuse("unknown-stop", "stop", stopNo)
		case left == 0:
			return nil, floor.Refuse("stop-done", "stop", stopNo)
		case !slices.Contains(ShortReasons, why):
			return nil, floor.Refuse("bad-reason", "got", why)
		case t.Kind == floor.TaskSort:
			return v.lost(&t, stop, why)
		}
		return v.short(&t, serves, why, today)
	})
}

// short gives the facts of stops whose bin lacks what they ask for.
func (v look) short(t *floor.Task, stops []*floor.Stop, why, today string) ([]floor.Fact, error) {
	at := *stops[0]
	s, _, err := v.StockAt(at.Spot())
	if err != nil {
		return nil, err
	}
	var facts, later []floor.Fact
	var orders []floor.OrderID
	var more []floor.Stop
	shelf := newShelf(v, today)
	promised := s.Reserved + s.Inspection
	for _, x := range stops {
		n := x.Left()
		facts = append(facts, floor.LineShort{
			Task: t.ID, Person: t.Person, Stop: x.No, Order: x.Order, Line: x.Line, Bin: x.Bin, SKU: x.SKU, Qty: n, Why: why,
		})
		promised -= n
		x.Missing += n
		orders = append(orders, x.Order)
		of, left, err := shelf.take(x.Line, x.SKU, n, at.Spot())
		if err != nil {
			return nil, err
		}
		if len(of) > 0 {
			later = append(later, floor.StockReserved{Order: x.Order, Of: of})
			more = append(more, moreStops(len(t.Stops)+len(more), *x, of)...)
		}
		if left > 0 {
			later = append(later, floor.OrderShort{Order: x.Order, Missing: []floor.SKUQty{{SKU: x.SKU, Qty: left}}})
		}
	}
	facts = append(facts, floor.StockCounted{Spot: at.Spot(), Qty: promised, Why: "short"})
	facts = append(facts, later...)
	if len(more) > 0 {
		facts = append(facts, floor.StopsAdded{Task: t.ID, Person: t.Person, Stops: more})
		t.Stops = append(t.Stops, more...)
	}
	ends, err := v.ended(t, orders...)
	return append(facts, ends...), err
}

// moreStops gives the stops that make good for a short one, after the first n.
func moreStops(n int, short floor.Stop, of []floor.Reservation) []floor.Stop {
	var more []floor.Stop
	for _, r := range of {
		more = append(more, floor.Stop{
			No: n + len(more) + 1, Bin: r.Bin, SKU: r.SKU,
			Order: short.Order, Line: short.Line, Slot: short.Slot, Qty: r.Qty, Skipped: short.Skipped, Lot: r.Lot,
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
		if err := v.reach(stop, s, stop.Left()); err != nil {
			return nil, err
		}
		stop.Done += s.Qty
		back := floor.LinePutBack{
			Task: t.ID, Person: by.Person, Stop: stop.No, Order: o.ID, Line: stop.Line,
			Bin: stop.Bin, SKU: stop.SKU, Qty: s.Qty,
		}
		ends, err := v.ended(&t, o.ID)
		return append([]floor.Fact{back}, ends...), err
	})
}
