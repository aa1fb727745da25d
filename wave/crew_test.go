package wave

import (
	"slices"
	"testing"
	"time"

	"floord/floor"

	"pgregory.net/rapid"
)

// checkTurns recomputes a schedule: every load once, no picker with two carts, and
// each turn as long as its way and its stops.
func checkTurns(t rapid.TB, l *Layout, loads []Load, c Cart, crew Crew, turns []Turn) (late int) {
	t.Helper()
	var batches [][]int
	total := Metres(0)
	free := make([]time.Duration, crew.Pickers)
	for _, turn := range turns {
		batches, total = append(batches, turn.Loads), total+turn.Metres
		stops, n := 0, 0
		for _, i := range turn.Loads {
			stops += loads[i].Stops
			if due := loads[i].Due; due > 0 && due < turn.End {
				n++
			}
		}
		long := crew.Setup + time.Duration(stops)*crew.PerStop + time.Duration(float64(turn.Metres)/crew.MetresPerSecond*1e9)
		if off := turn.End - turn.Begin - long; off > time.Microsecond || off < -time.Microsecond || turn.Begin < free[turn.Picker] || n != turn.Late {
			t.Errorf("%+v: takes %v, %d late, the picker is free at %v", turn, long, n, free[turn.Picker])
		}
		free[turn.Picker] = turn.End
		late += n
	}
	checkBatches(t, l, loads, c, batches, total)
	return late
}

func TestAScheduleIsValidAndSaysItAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		loads, c := drawLoads(t, l, 12)
		for i := range loads {
			loads[i].Due = time.Duration(rapid.IntRange(0, 900).Draw(t, "due")) * time.Second
		}
		crew := Crew{Pickers: rapid.IntRange(1, 3).Draw(t, "pickers"), MetresPerSecond: 1, Setup: time.Minute, PerStop: 5 * time.Second}
		e := Effort{Seed: 3, Iterations: 1000, Workers: 2}
		turns, err := Schedule(t.Context(), l, loads, c, crew, e)
		if err != nil {
			t.Fatal(err)
		}
		checkTurns(t, l, loads, c, crew, turns)
		again, _ := Schedule(t.Context(), l, loads, c, crew, e)
		if !slices.EqualFunc(turns, again, func(a, b Turn) bool {
			return slices.Equal(a.Loads, b.Loads) && a.Begin == b.Begin && a.Picker == b.Picker
		}) {
			t.Errorf("the same effort gave %+v and %+v", turns, again)
		}
	})
}

// Two loads next to each other would share a cart, but the first cannot wait for the
// stops of the others.
func TestWhatIsDueGoesAlone(t *testing.T) {
	l := demoFloor(t)
	near := Load{Bins: []floor.BinID{"A-01-01-1"}, Slots: 1, Stops: 1}
	big := Load{Bins: []floor.BinID{"A-01-02-1"}, Slots: 1, Stops: 50}
	near.Due = 2 * time.Minute
	crew := Crew{Pickers: 1, MetresPerSecond: 1, Setup: time.Minute, PerStop: 10 * time.Second}
	turns, err := Schedule(t.Context(), l, []Load{big, near}, Cart{Slots: 2}, crew, Effort{Iterations: 1000})
	if err != nil || len(turns) != 2 || !slices.Equal(turns[0].Loads, []int{1}) || turns[0].Late+turns[1].Late > 0 {
		t.Errorf("Schedule = %+v, %v; want load 1 alone and first", turns, err)
	}
	near.Due = 0
	turns, _ = Schedule(t.Context(), l, []Load{big, near}, Cart{Slots: 2}, crew, Effort{Iterations: 1000})
	if len(turns) != 1 {
		t.Errorf("Schedule = %+v; want one cart when nothing is due", turns)
	}
	if _, err := Schedule(t.Context(), l, nil, Cart{}, Crew{}, Effort{}); err == nil {
		t.Error("a crew of nobody was believed")
	}
}
