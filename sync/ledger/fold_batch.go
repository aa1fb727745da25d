package ledger

import (
	"fmt"
	"slices"

	"floord/floor"
)

func (f *folder) batch(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.ToteFull:
		return f.task(x.Task, func(t *floor.Task) {
			t.Slots[x.Slot-1].Full = true
			t.Slots = append(t.Slots, floor.Slot{No: x.Next, Order: x.Order})
			for i := range t.Stops {
				if s := &t.Stops[i]; s.Slot == x.Slot && s.Left() > 0 {
					s.Slot = x.Next
				}
			}
		})
	case floor.BatchBound:
		if err := putRow(f.r, vTotes, string(x.Tote), floor.OrderID("")); err != nil {
			return err
		}
		return f.task(x.Task, func(t *floor.Task) { t.Totes = append(t.Totes, x.Tote) })
	case floor.WallBound:
		return f.task(x.Task, func(t *floor.Task) { t.Wall = x.Wall })
	case floor.LineSorted:
		if err := f.count("sorted-lines", 1); err != nil {
			return err
		}
		var t floor.Task
		if err := f.task(x.Task, func(row *floor.Task) { row.Stop(x.Stop).Done += x.Qty; t = *row }); err != nil {
			return err
		}
		return f.worksAt(x.Person, t, "", 1, x.Qty)
	case floor.LineLost:
		var t floor.Task
		if err := f.task(x.Task, func(row *floor.Task) { row.Stop(x.Stop).Missing += x.Qty; t = *row }); err != nil {
			return err
		}
		if err := f.worksAt(x.Person, t, "", 0, 0); err != nil {
			return err
		}
		var picker floor.PersonID
		err := f.order(x.Order, func(o *floor.Order) {
			l := o.Line(x.Line)
			l.Picked -= x.Qty
			l.Missing += x.Qty
			o.ShortLines++
			o.Tally.ShortWhys = noted(o.Tally.ShortWhys, x.Why)
			picker = o.LastPicker()
		})
		if err != nil {
			return err
		}
		return f.mispicked(x.Order, picker)
	case floor.BinChecked:
		name := "bins-empty"
		if !x.Empty {
			name = "bins-not-empty"
			if err := f.countWanted(x.Spot, "not-empty"); err != nil {
				return err
			}
		}
		return f.count(name, 1)
	case floor.TaskOverdue:
		return f.task(x.Task, func(t *floor.Task) { t.Overdue = f.e.At })
	}
	return nil
}

// maxExceptions is how many reports the view keeps; the journal has all of them.
const maxExceptions = 1000

func (f *folder) exception(x floor.ExceptionReported) error {
	n := idNumber(string(x.Exception))
	if err := f.number("exception", n); err != nil {
		return err
	}
	if err := f.next(ReportCounter(x.Day)); err != nil {
		return err
	}
	if n > maxExceptions {
		if err := f.r.delete(vExceptions, fmt.Sprintf("%012d", n-maxExceptions)); err != nil {
			return err
		}
	}
	x.Picture = nil // it lies beside the event
	return putRow(f.r, vExceptions, numKey(string(x.Exception)), floor.Exception{ExceptionReported: x, At: f.e.At, Seq: f.e.Seq})
}

func serialKey(sku floor.SKU, serial string) string { return string(sku) + "|" + serial }

// ReportCounter names the counter of what was reported on a day.
func ReportCounter(day string) string { return "report/" + day }

// Serial gives the order that a piece was last picked for.
func (v *View) Serial(sku floor.SKU, serial string) (floor.OrderID, bool, error) {
	return getRow[floor.OrderID](v.rows, vSerials, serialKey(sku, serial))
}

// Exceptions gives what people reported last, the newest first, at most so many.
func (v *View) Exceptions(most int) ([]floor.Exception, error) {
	next, err := v.Next("exception")
	if err != nil {
		return nil, err
	}
	var out []floor.Exception
	err = scanRows(v.rows, vExceptions, fmt.Sprintf("%012d", next-min(next, uint64(most))), "", func(_ string, x floor.Exception) bool {
		out = append(out, x)
		return true
	})
	slices.Reverse(out)
	return out, err
}

// Exception gives one report.
func (v *View) Exception(id floor.ExceptionID) (floor.Exception, bool, error) {
	x, ok, err := getRow[floor.Exception](v.rows, vExceptions, numKey(string(id)))
	return x, ok && x.Exception == id, err
}
