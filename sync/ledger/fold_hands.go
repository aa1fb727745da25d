package ledger

import (
	"slices"

	"floord/floor"
)

func (f *folder) tasks(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.WaveReleased:
		if err := f.number("wave", idNumber(string(x.Wave))); err != nil {
			return err
		}
		w := floor.Wave{ID: x.Wave, Kind: x.Type, Orders: x.Orders, Metres: x.Metres, Why: x.Why, ReleasedAt: f.e.At}
		if err := putRow(f.r, vWaves, numKey(string(x.Wave)), w); err != nil {
			return err
		}
		if err := f.count("waves", 1); err != nil {
			return err
		}
		return each(x.Orders, func(id floor.OrderID) error {
			return f.order(id, func(o *floor.Order) { o.State, o.Wave, o.WavedAt = floor.Waved, x.Wave, f.e.At })
		})
	case floor.TaskIssued:
		return f.issued(x)
	case floor.TaskTaken:
		if err := f.person(x.Person, func(p *floor.Person) { p.Task = x.Task }); err != nil {
			return err
		}
		var taken floor.Task
		err := f.task(x.Task, func(t *floor.Task) {
			if t.State == floor.TaskWaiting {
				t.TakenAt = f.e.At
			}
			t.State, t.Person, t.Device = floor.TaskRunning, x.Person, x.Device
			if !x.Due.IsZero() {
				t.Due = x.Due
			}
			taken = *t
		})
		if err != nil {
			return err
		}
		return f.worksAt(x.Person, taken, "", 0, 0)
	case floor.ToteBound:
		if err := putRow(f.r, vTotes, string(x.Tote), x.Order); err != nil {
			return err
		}
		if err := f.order(x.Order, func(o *floor.Order) { o.Tote = x.Tote }); err != nil {
			return err
		}
		return f.task(x.Task, func(t *floor.Task) { t.Slots[x.Slot-1].Tote = x.Tote })
	case floor.StopSkipped:
		return f.task(x.Task, func(t *floor.Task) {
			most := 0
			for _, s := range t.Stops {
				most = max(most, s.Skipped)
			}
			t.Stop(x.Stop).Skipped = most + 1
		})
	case floor.StopsAdded:
		return f.task(x.Task, func(t *floor.Task) { t.Stops = append(t.Stops, x.Stops...) })
	case floor.OrderJoined:
		return f.joined(x)
	case floor.StopsDropped:
		return f.task(x.Task, func(t *floor.Task) {
			for i := range t.Stops {
				if t.Stops[i].Order == x.Order {
					t.Stops[i].Dropped = true
				}
			}
		})
	case floor.TaskDone:
		return f.taskDone(x)
	}
	return nil
}

func (f *folder) issued(x floor.TaskIssued) error {
	if err := f.number("task", idNumber(string(x.Task))); err != nil {
		return err
	}
	t := floor.Task{
		ID: x.Task, Kind: x.Type, Wave: x.Wave, State: floor.TaskWaiting,
		Slots: x.Slots, Stops: x.Stops, Metres: x.Metres, IssuedAt: f.e.At, Totes: x.Totes, Loose: x.Loose, Why: x.Why,
	}
	if err := putRow(f.r, vTasks, numKey(string(x.Task)), t); err != nil {
		return err
	}
	if err := putRow(f.r, vLiveTasks, numKey(string(x.Task)), t.State); err != nil {
		return err
	}
	for _, s := range x.Slots {
		if err := f.order(s.Order, func(o *floor.Order) { o.Task = x.Task }); err != nil {
			return err
		}
	}
	if x.Type == floor.TaskBatch { // its orders have no slots
		for i, s := range x.Stops {
			if slices.ContainsFunc(x.Stops[:i], func(b floor.Stop) bool { return b.Order == s.Order }) {
				continue
			}
			if err := f.order(s.Order, func(o *floor.Order) { o.Task = x.Task }); err != nil {
				return err
			}
		}
	}
	if x.Wave == "" {
		return nil
	}
	wave, _, err := getRow[floor.Wave](f.r, vWaves, numKey(string(x.Wave)))
	if err != nil {
		return err
	}
	if wave.Kind != "" {
		if err := f.task(x.Task, func(t *floor.Task) { t.WaveKind = wave.Kind }); err != nil {
			return err
		}
	}
	return change(f.r, vWaves, numKey(string(x.Wave)), func(w *floor.Wave) error {
		w.Tasks = append(w.Tasks, x.Task)
		return nil
	})
}

// joined puts an order's stops into a walk, each behind the one it names; a stop that
// was skipped takes those behind it along.
func (f *folder) joined(x floor.OrderJoined) error {
	err := f.task(x.Task, func(t *floor.Task) {
		t.Slots = append(t.Slots, floor.Slot{No: x.Slot, Order: x.Order, Joined: true})
		for _, s := range slices.Backward(x.Stops) { // so that those behind one stop keep their order
			at := slices.IndexFunc(t.Stops, func(have floor.Stop) bool { return have.No == s.Behind })
			s.Skipped = t.Stops[at].Skipped
			t.Stops = slices.Insert(t.Stops, at+1, s.Stop)
		}
		t.Metres += x.Metres
		if !x.Due.IsZero() {
			t.Due = x.Due
		}
	})
	if err != nil {
		return err
	}
	err = change(f.r, vWaves, numKey(string(x.Wave)), func(w *floor.Wave) error {
		w.Orders, w.Why, w.Metres = append(w.Orders, x.Order), append(w.Why, x.Why...), w.Metres+x.Metres
		return nil
	})
	if err != nil {
		return err
	}
	if err := f.count("joined", 1); err != nil {
		return err
	}
	return f.order(x.Order, func(o *floor.Order) {
		o.State, o.Wave, o.Task, o.WavedAt = floor.Waved, x.Wave, x.Task, f.e.At
	})
}

func (f *folder) taskDone(x floor.TaskDone) error {
	var wave floor.WaveID
	var empty []floor.ToteID
	loose := false
	err := f.task(x.Task, func(t *floor.Task) {
		t.State, wave = floor.TaskEnded, t.Wave
		loose = t.Loose
		if t.Kind == floor.TaskSort || loose {
			empty = t.Totes
		}
	})
	if err != nil {
		return err
	}
	for _, tote := range empty {
		if err := f.r.delete(vTotes, string(tote)); err != nil {
			return err
		}
		if !loose {
			continue
		}
		if err := putRow(f.r, vBatches, string(tote), x.Task); err != nil {
			return err
		}
	}
	if x.Person != "" {
		if err := f.person(x.Person, func(p *floor.Person) { p.Task = "" }); err != nil {
			return err
		}
	}
	if wave == "" {
		return nil
	}
	return change(f.r, vWaves, numKey(string(wave)), func(w *floor.Wave) error {
		w.Done = true
		for _, id := range w.Tasks {
			t, ok, err := getRow[floor.Task](f.r, vTasks, numKey(string(id)))
			if err != nil {
				return err
			}
			w.Done = w.Done && ok && t.State == floor.TaskEnded
		}
		return nil
	})
}

// task changes a task and keeps the list of live ones.
func (f *folder) task(id floor.TaskID, do func(*floor.Task)) error {
	key := numKey(string(id))
	return change(f.r, vTasks, key, func(t *floor.Task) error {
		was := t.State
		do(t)
		switch {
		case t.State == was:
			return nil
		case t.State == floor.TaskEnded:
			return f.r.delete(vLiveTasks, key)
		}
		return putRow(f.r, vLiveTasks, key, t.State)
	})
}

func (f *folder) hands(fact floor.Fact) error {
	team, err := f.team()
	if err != nil {
		return err
	}
	switch x := fact.(type) {
	case floor.LinePicked:
		if err := f.count("picked-lines", 1); err != nil {
			return err
		}
		var t floor.Task
		if err := f.task(x.Task, func(row *floor.Task) { row.Stop(x.Stop).Done += x.Qty; t = *row }); err != nil {
			return err
		}
		if err := f.worksAt(x.Person, t, x.Bin, 1, x.Qty); err != nil {
			return err
		}
		at := t.Stop(x.Stop).Spot() // what was scanned may say less of the lot
		err := f.bin(at, func(s *floor.Stock) { s.Add(floor.Reserved, -x.Qty) })
		if err != nil {
			return err
		}
		for _, n := range x.Serials {
			if err := putRow(f.r, vSerials, serialKey(x.SKU, n), x.Order); err != nil {
				return err
			}
		}
		return f.order(x.Order, func(o *floor.Order) {
			l := o.Line(x.Line)
			l.Picked += x.Qty
			reserve(l, at.Bin, at.Lot, -x.Qty)
			if x.Person != "" {
				o.Tally.Pickers = floor.Note(o.Tally.Pickers, x.Person)
			}
			if x.Typed {
				bend(o, floor.BentTyped)
			}
			f.worked(o, team)
			if o.State == floor.Waved {
				o.State = floor.Picking
			}
		})
	case floor.LineShort:
		var t floor.Task
		if err := f.task(x.Task, func(row *floor.Task) { row.Stop(x.Stop).Missing += x.Qty; t = *row }); err != nil {
			return err
		}
		if err := f.worksAt(x.Person, t, x.Bin, 0, 0); err != nil {
			return err
		}
		if err := f.declared(x, t.Stop(x.Stop).Spot()); err != nil {
			return err
		}
		at := t.Stop(x.Stop).Spot()
		if err := f.bin(at, func(s *floor.Stock) { s.Reserved -= x.Qty }); err != nil {
			return err
		}
		if err := f.countWanted(at, "short"); err != nil {
			return err
		}
		return f.order(x.Order, func(o *floor.Order) {
			l := o.Line(x.Line)
			l.Missing += x.Qty
			reserve(l, at.Bin, at.Lot, -x.Qty)
			o.ShortLines++
			o.Tally.ShortWhys = noted(o.Tally.ShortWhys, x.Why)
			f.worked(o, team)
			if o.State == floor.Waved {
				o.State = floor.Picking
			}
		})
	case floor.LinePutBack:
		var t floor.Task
		if err := f.task(x.Task, func(row *floor.Task) { row.Stop(x.Stop).Done += x.Qty; t = *row }); err != nil {
			return err
		}
		if err := f.worksAt(x.Person, t, x.Bin, 1, x.Qty); err != nil {
			return err
		}
		if err := f.bin(t.Stop(x.Stop).Spot(), func(s *floor.Stock) { s.Add(floor.Sellable, x.Qty) }); err != nil {
			return err
		}
		if err := f.order(x.Order, func(o *floor.Order) { o.Line(x.Line).Picked -= x.Qty }); err != nil {
			return err
		}
		return f.freeEmptied(x.Order)
	case floor.OrderPicked:
		return f.order(x.Order, func(o *floor.Order) {
			if o.State == floor.Picking || o.State == floor.Waved {
				o.State, o.PickedAt = floor.Picked, f.e.At
			}
		})
	}
	return nil
}
