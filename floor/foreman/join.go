package foreman

import (
	"context"
	"slices"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/wave"
)

// Walking gives a walk as the planner sees it, with the numbers of the stops that are
// left, in walking order. It is false for a walk that no order may join: one that has
// ended, or whose goods are not sorted into totes while they are picked. order gives
// its orders, sku what is known of a SKU.
func Walking(t floor.Task, order func(floor.OrderID) (floor.Order, error), sku func(floor.SKU) floor.SKUInfo) (wave.Running, []int, bool, error) {
	run := wave.Running{Totes: len(t.Slots), Stops: len(t.Stops)}
	if t.State == floor.TaskEnded || t.Kind != floor.TaskPick || t.WaveKind != wave.Cluster || len(t.Slots) >= maxSlots {
		return run, nil, false, nil
	}
	frozen := map[floor.OrderID]bool{}
	for _, s := range t.Slots {
		if _, seen := frozen[s.Order]; seen { // a further tote of the same
			continue
		}
		o, err := order(s.Order)
		if err != nil {
			return run, nil, false, err
		}
		frozen[o.ID] = o.Freeze != nil
		o.Lines = slices.Clone(o.Lines)
		for i := range o.Lines { // where they were taken from, too
			o.Lines[i].Reserved = nil
			for _, x := range t.Stops {
				if x.Order == o.ID && x.Line == o.Lines[i].No {
					o.Lines[i].Reserved = append(o.Lines[i].Reserved, floor.BinQty{Lot: x.Lot, Bin: x.Bin, Qty: x.Qty})
				}
			}
		}
		run.Orders = append(run.Orders, Plannable(o, sku))
	}
	var numbers []int
	for _, x := range t.Ahead() {
		if frozen[x.Order] {
			continue
		}
		run.Rest = append(run.Rest, wave.Stop{Bin: x.Bin, SKU: x.SKU, Order: x.Order, Line: x.Line, Slot: x.Slot, Qty: x.Left()})
		numbers = append(numbers, x.No)
	}
	return run, numbers, len(run.Rest) > 0, nil
}

// Join puts a waiting order on a walk that is under way, as planned by wave.Join for
// a walk of which stops with those numbers were left. It looks again at both: if the
// order was frozen, held, closed or changed since, or the picker has passed a stop
// that the order's goods were to come behind, nothing is written.
func (f *Foreman) Join(ctx context.Context, by By, task floor.TaskID, left []int, j wave.Joining) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		t, ok, err := v.Task(task)
		if err != nil || !ok || t.State == floor.TaskEnded || t.Wave == "" || len(t.Slots) >= maxSlots {
			return nil, err
		}
		w := wave.Wave{Orders: []floor.OrderID{j.Order}}
		for _, s := range j.Stops {
			w.Stops = append(w.Stops, s.Stop)
		}
		slots, stops, err := v.releasable(w)
		if err != nil || len(slots) == 0 {
			return nil, err
		}
		out := floor.OrderJoined{
			Order: j.Order, Wave: t.Wave, Task: task, Person: t.Person, Slot: len(t.Slots) + 1, Metres: float64(j.Metres), Why: reasons(j.Why),
		}
		for i, s := range stops {
			planned := slices.IndexFunc(j.Stops, func(x wave.Added) bool { return x.Line == s.Line && x.Bin == s.Bin }) // of which s may be one lot
			behind := t.Stop(left[j.Stops[planned].Behind])
			if behind == nil || behind.Left() == 0 {
				return nil, nil
			}
			s.No, s.Slot = len(t.Stops)+i+1, out.Slot
			out.Stops = append(out.Stops, floor.JoinedStop{Stop: s, Behind: behind.No})
		}
		if !t.Due.IsZero() {
			out.Due = t.Due.Add(time.Duration(len(stops)) * f.o.StopTime)
		}
		return []floor.Fact{out}, nil
	})
}

// reasons gives the planner's reasons as they are kept.
func reasons(why []wave.Reason) []floor.Reason {
	var out []floor.Reason
	for _, r := range why {
		out = append(out, r.Kept())
	}
	return out
}
