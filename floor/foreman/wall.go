package foreman

import (
	"context"
	"slices"

	"floord/floor"
	"floord/sync/ledger"
)

// A batch is picked as totals into common totes, and sorted by order at a put
// wall afterwards, unless each of its orders is a single piece or all are alike:
// then a packer scans the tote, or a label printed first, and takes one. A slot of the wall is a tote that stands still: its bar code is
// bound to an order when the order's first piece is put into it, and packing
// opens the order by it.

// batch makes a task that is picked as one batch, for a put wall or loose: for the
// packers as it is.
func (f *Foreman) batch(t *floor.TaskIssued, loose bool) error {
	t.Loose = loose
	if !loose && !slices.ContainsFunc(f.o.Walls, func(w floor.Wall) bool { return w.Slots >= len(t.Slots) }) {
		return floor.Refuse("no-wall", "orders", len(t.Slots))
	}
	t.Type, t.Slots = floor.TaskBatch, nil
	for i := range t.Stops {
		t.Stops[i].Slot = 0
	}
	return nil
}

// inBatch gives the next order to pack of the batch without sorting that a tote
// brought, or refuses.
func (v look) inBatch(tote floor.ToteID) (floor.OrderID, bool, error) {
	id, ok, err := v.BatchIn(tote)
	if err != nil || !ok {
		return "", false, err
	}
	t, _, err := v.Task(id)
	if err != nil {
		return "", false, err
	}
	for _, s := range t.Stops {
		o, known, err := v.Order(s.Order)
		if err != nil {
			return "", false, err
		}
		short := slices.ContainsFunc(o.Lines, func(l floor.Line) bool { return l.Missing > 0 })
		if known && o.State == floor.Picked && awake(&o) == nil && !short {
			return o.ID, true, nil
		}
	}
	return "", false, floor.Refuse("batch-packed", "tote", tote)
}

// bindBatch puts one more tote under a batch.
func (v look) bindBatch(t floor.Task, tote floor.ToteID) ([]floor.Fact, error) {
	if slices.Contains(t.Totes, tote) {
		return nil, nil
	}
	if _, taken, err := v.OrderInTote(tote); err != nil || taken {
		return nil, orRefuse(err, floor.Refuse("tote-taken", "tote", tote))
	}
	return []floor.Fact{floor.BatchBound{Task: t.ID, Person: t.Person, Tote: tote}}, nil
}

// sorting gives the task that sorts what a batch holds. An order of which nothing
// was found is done without it, and so are all of a loose batch.
func sorting(t *floor.Task, tasks *ids) []floor.Fact {
	var facts []floor.Fact
	sort := floor.TaskIssued{Type: floor.TaskSort, Wave: t.Wave, Totes: t.Totes}
	var seen []floor.OrderID
	for i := range t.Stops {
		x := &t.Stops[i]
		if x.Dropped || slices.Contains(seen, x.Order) {
			continue
		}
		seen = append(seen, x.Order)
		had := len(sort.Stops)
		for _, s := range t.Stops {
			if s.Order == x.Order && s.Done > 0 && !s.Dropped {
				sort.Stops = append(sort.Stops, floor.Stop{
					No: len(sort.Stops) + 1, Bin: s.Bin, SKU: s.SKU, Order: s.Order, Line: s.Line, Slot: len(sort.Slots) + 1, Qty: s.Done, Lot: s.Lot,
				})
			}
		}
		if len(sort.Stops) == had || t.Loose {
			facts = append(facts, floor.OrderPicked{Order: x.Order})
			continue
		}
		sort.Slots = append(sort.Slots, floor.Slot{No: len(sort.Slots) + 1, Order: x.Order})
	}
	if len(sort.Slots) == 0 {
		return facts
	}
	sort.Task = floor.TaskID(tasks.take())
	return append(facts, sort)
}

// UseWall says at which wall a batch is sorted. It can be changed until the first
// slot is bound.
func (f *Foreman) UseWall(ctx context.Context, by By, task floor.TaskID, wall floor.WallID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, err := v.myTask(by, task)
		if err != nil {
			return nil, err
		}
		w, ok := f.wall(wall)
		switch {
		case t.Kind != floor.TaskSort:
			return nil, floor.Refuse("not-sorting", "task", task)
		case !ok:
			return nil, floor.Refuse("unknown-wall", "wall", wall)
		case t.Wall == wall:
			return nil, nil
		case slices.ContainsFunc(t.Slots, func(s floor.Slot) bool { return s.Tote != "" }):
			return nil, floor.Refuse("wall-bound", "wall", t.Wall)
		}
		free := 0
		for no := 1; no <= w.Slots; no++ {
			if _, taken, err := v.OrderInTote(w.Slot(no)); err != nil {
				return nil, err
			} else if !taken {
				free++
			}
		}
		if free < len(t.Slots) {
			return nil, floor.Refuse("wall-full", "wall", wall, "free", free, "need", len(t.Slots))
		}
		return []floor.Fact{floor.WallBound{Task: task, Person: by.Person, Wall: wall}}, nil
	})
}

// Walls are the site's put walls.
func (f *Foreman) Walls() []floor.Wall { return f.o.Walls }

func (f *Foreman) wall(id floor.WallID) (floor.Wall, bool) {
	i := slices.IndexFunc(f.o.Walls, func(w floor.Wall) bool { return w.ID == id })
	if i < 0 {
		return floor.Wall{}, false
	}
	return f.o.Walls[i], true
}

// A PutScan is what somebody put into a slot of a wall.
type PutScan struct {
	Task floor.TaskID `json:"task"`
	Stop int          `json:"stop"`
	Code string       `json:"code"` // the SKU or its barcode
	Qty  int          `json:"qty"`
	Slot floor.ToteID `json:"slot"` // the slot's bar code
}

// Put puts pieces of a batch into their order's slot. The first piece of an order
// binds the lowest free slot; every other slot is refused.
func (f *Foreman) Put(ctx context.Context, by By, s PutScan) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, stop, o, err := v.at(by, PickScan{Task: s.Task, Stop: s.Stop})
		if err != nil {
			return nil, err
		}
		if t.Kind != floor.TaskSort {
			return nil, floor.Refuse("not-sorting", "task", s.Task)
		}
		if err := awake(&o); err != nil {
			return nil, err
		}
		if stop.Left() == 0 {
			return nil, floor.Refuse("stop-done", "stop", s.Stop)
		}
		if err := v.reach(stop, PickScan{Bin: stop.Bin, Code: s.Code, Qty: s.Qty}, stop.Left()); err != nil {
			return nil, err
		}
		slot := t.Slots[stop.Slot-1]
		var facts []floor.Fact
		if slot.Tote == "" {
			if slot.Tote, err = v.freeSlot(t); err != nil {
				return nil, err
			}
			facts = append(facts, floor.ToteBound{Task: t.ID, Person: by.Person, Slot: slot.No, Order: o.ID, Tote: slot.Tote})
		}
		if s.Slot != slot.Tote {
			return nil, floor.Refuse("wrong-slot", "got", s.Slot, "want", slot.Tote)
		}
		stop.Done += s.Qty
		facts = append(facts, floor.LineSorted{
			Task: t.ID, Person: by.Person, Stop: stop.No, Order: o.ID, Line: stop.Line, SKU: stop.SKU, Qty: s.Qty, Tote: slot.Tote,
		})
		ends, err := v.ended(&t, o.ID)
		return append(facts, ends...), err
	})
}

// freeSlot gives the lowest slot of the task's wall that holds nothing.
func (v look) freeSlot(t floor.Task) (floor.ToteID, error) {
	w, ok := v.f.wall(t.Wall)
	if !ok {
		return "", floor.Refuse("wall-needed")
	}
	for no := 1; no <= w.Slots; no++ {
		if _, taken, err := v.OrderInTote(w.Slot(no)); err != nil || !taken {
			return w.Slot(no), err
		}
	}
	return "", floor.Refuse("wall-full", "wall", t.Wall, "free", 0, "need", 1)
}

// lost gives the facts of pieces that the batch should hold and does not.
func (v look) lost(t *floor.Task, stop *floor.Stop, why string) ([]floor.Fact, error) {
	n := stop.Left()
	stop.Missing += n
	facts := []floor.Fact{
		floor.LineLost{Task: t.ID, Person: t.Person, Stop: stop.No, Order: stop.Order, Line: stop.Line, SKU: stop.SKU, Qty: n, Why: why},
		floor.OrderShort{Order: stop.Order, Missing: []floor.SKUQty{{SKU: stop.SKU, Qty: n}}},
	}
	ends, err := v.ended(t, stop.Order)
	return append(facts, ends...), err
}
