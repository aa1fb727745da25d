package foreman

import (
	"context"
	"slices"

	"floord/floor"
	"floord/sync/ledger"
	"floord/wave"
)

// Refill has a reserve bin's pieces brought to a bin that is picked from: a task of
// two stops, and the pieces promised to it. It looks again at both; where the reserve
// has nothing left, or a walk brings the SKU already, nothing is written.
func (f *Foreman) Refill(ctx context.Context, by By, r wave.Refill) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		from, ok, err := v.Bin(r.From.Bin)
		if err != nil || !ok || !from.Reserve {
			return nil, orRefuse(err, floor.Refuse("unknown-bin", "bin", r.From.Bin))
		}
		if to, ok, err := v.Bin(r.To); err != nil || !ok || to.Reserve {
			return nil, orRefuse(err, floor.Refuse("unknown-bin", "bin", r.To))
		}
		s, _, err := v.StockAt(r.From)
		if err != nil {
			return nil, err
		}
		n := min(r.Qty, s.Sellable())
		brought := false
		err = v.LiveTasks(func(t floor.Task) bool {
			brought = t.Kind == floor.TaskRefill && t.Stops[0].Spot() == r.From
			return !brought
		})
		if err != nil || n < 1 || brought {
			return nil, err
		}
		tasks, err := v.ids("task", "T")
		if err != nil {
			return nil, err
		}
		take := floor.Stop{No: 1, Bin: r.From.Bin, SKU: r.From.SKU, Qty: n, Lot: r.From.Lot}
		put := take
		put.No, put.Bin, put.Put = 2, r.To, true
		t := floor.TaskIssued{
			Task: floor.TaskID(tasks.take()), Type: floor.TaskRefill, Stops: []floor.Stop{take, put}, Why: reasons([]wave.Reason{r.Why}),
		}
		return []floor.Fact{t, floor.StockMoved{
			SKU: take.SKU, Lot: take.Lot, Qty: n, Why: "refill", Task: t.Task,
			From: floor.Place{Bin: take.Bin, Pool: floor.Sellable}, To: floor.Place{Bin: take.Bin, Pool: floor.Reserved},
		}}, nil
	})
}

// Carry takes pieces of a refill from their reserve bin, or puts what was taken into
// the bin that is picked from. They are in transit between.
func (f *Foreman) Carry(ctx context.Context, by By, s PickScan) (ledger.Receipt, error) {
	today := f.today()
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, err := v.myTask(by, s.Task)
		if err != nil {
			return nil, err
		}
		stop := t.Stop(s.Stop)
		switch {
		case stop == nil || t.Kind != floor.TaskRefill:
			return nil, floor.Refuse("unknown-stop", "stop", s.Stop)
		case stop.Left() == 0:
			return nil, floor.Refuse("stop-done", "stop", s.Stop)
		case stop.Put && t.Stops[0].Left() > 0:
			return nil, floor.Refuse("take-first", "bin", t.Stops[0].Bin)
		}
		if err := v.reach(stop, s, stop.Left()); err != nil {
			return nil, err
		}
		if !stop.Put {
			if err := v.lot(stop, s, today); err != nil { // serial numbers are read when they are picked
				return nil, err
			}
		}
		to := t.Stops[1].Bin
		moved := floor.StockMoved{SKU: stop.SKU, Lot: stop.Lot, Qty: s.Qty, Why: "refill", Task: t.ID, Stop: stop.No, Person: by.Person}
		if stop.Put {
			moved.From, moved.To = floor.Place{Bin: to, Pool: floor.Transit}, floor.Place{Bin: to, Pool: floor.Sellable}
		} else {
			moved.From, moved.To = floor.Place{Bin: stop.Bin, Pool: floor.Reserved}, floor.Place{Bin: to, Pool: floor.Transit}
		}
		stop.Done += s.Qty
		ends, err := v.ended(&t)
		return append([]floor.Fact{moved}, ends...), err
	})
}

// shortRefill says that the reserve bin of a refill holds less than it asks for: the
// bin is corrected as after any short, and the walk brings what there was.
func (v look) shortRefill(t floor.Task, no int, why string) ([]floor.Fact, error) {
	stop := t.Stop(no)
	switch {
	case stop == nil || stop.Put:
		return nil, floor.Refuse("unknown-stop", "stop", no)
	case stop.Left() == 0:
		return nil, floor.Refuse("stop-done", "stop", no)
	case !slices.Contains(ShortReasons, why):
		return nil, floor.Refuse("bad-reason", "got", why)
	}
	s, _, err := v.StockAt(stop.Spot())
	if err != nil {
		return nil, err
	}
	n := stop.Left()
	facts := []floor.Fact{
		floor.RefillShort{Task: t.ID, Person: t.Person, Stop: no, Spot: stop.Spot(), Qty: n, Why: why},
		floor.StockCounted{Spot: stop.Spot(), Qty: s.Reserved - n + s.Inspection, Why: "short"},
	}
	for i := range t.Stops {
		t.Stops[i].Missing += n
	}
	ends, err := v.ended(&t)
	return append(facts, ends...), err
}
