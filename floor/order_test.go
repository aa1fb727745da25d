package floor

import (
	"testing"

	"pgregory.net/rapid"
)

// Whoever looks at what is left of a walk sees the stops in the order in which the
// picker is led: the first is the next one, and when that is done the second.
func TestAheadIsTheOrderOfNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var task Task
		for i := range rapid.IntRange(0, 8).Draw(t, "stops") {
			task.Stops = append(task.Stops, Stop{
				No: i + 1, Qty: rapid.IntRange(1, 3).Draw(t, "qty"), Done: rapid.IntRange(0, 1).Draw(t, "done"),
				Skipped: rapid.IntRange(0, 3).Draw(t, "skipped"), Dropped: rapid.IntRange(0, 4).Draw(t, "dropped") == 0,
			})
		}
		for _, want := range task.Ahead() {
			next := task.Next(nil)
			if next == nil || *next != want {
				t.Fatalf("next = %+v; want %+v", next, want)
			}
			next.Done = next.Qty
		}
		if next := task.Next(nil); next != nil || !task.Walked() {
			t.Fatalf("next = %+v behind the last stop", next)
		}
	})
}
