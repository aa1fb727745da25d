package daemon

import (
	"reflect"
	"testing"
	"time"

	"floord/floor"
	"floord/wave"
)

// A wave says what its orders had waited for, and for how long; the clock of a reason
// begins anew when an order waits for something else.
func TestWaitedFor(t *testing.T) {
	var p planner
	begin := time.Unix(1_800_000_000, 0)
	wait := func(after time.Duration, orders map[floor.OrderID]wave.Code) {
		var res wave.Result
		for _, id := range []floor.OrderID{"1", "2", "3"} {
			if c := orders[id]; c != "" {
				res.Waiting = append(res.Waiting, wave.LeftOut{Order: id, Why: wave.Reason{Code: c}})
			}
		}
		p.tell(res, begin.Add(after))
	}
	wait(0, map[floor.OrderID]wave.Code{"1": wave.NoPicker, "2": wave.WaitCompany})
	wait(2*time.Minute, map[floor.OrderID]wave.Code{"1": wave.NoPicker, "2": wave.NoPicker, "3": wave.WaitCompany})
	now := begin.Add(7 * time.Minute)
	if got, want := p.waitedFor([]floor.OrderID{"1", "2", "9"}, now), []wave.Reason{{Code: wave.WaitedPicker, Args: []string{"2", "7"}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("waitedFor = %v, want %v", got, want)
	}
	if got, want := p.waitedFor([]floor.OrderID{"3"}, now), []wave.Reason{{Code: wave.WaitedCompany, Args: []string{"1", "5"}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("waitedFor = %v, want %v", got, want)
	}
	if got := p.waitedFor([]floor.OrderID{"3"}, begin.Add(2*time.Minute+time.Second)); got != nil {
		t.Errorf("a moment is no wait: %v", got)
	}
	if _, all := p.left(); len(all) != 2 || all[0].Orders != 2 || all[0].Order != "1" || all[1].Orders != 1 {
		t.Errorf("waiting = %+v", all)
	}
}
