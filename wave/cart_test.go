package wave

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"floord/floor"

	"pgregory.net/rapid"
)

// drawLoads makes loads for the floor and a cart that holds each of them.
func drawLoads(t *rapid.T, l *Layout, most int) ([]Load, Cart) {
	ids := make([]floor.BinID, 0, len(l.bins))
	for id := range l.bins {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	if len(ids) == 0 {
		return nil, Cart{}
	}
	c := Cart{
		Slots: rapid.IntRange(0, 4).Draw(t, "slots"), Stops: rapid.SampledFrom([]int{0, 6, 9}).Draw(t, "stops"),
		Grams: floor.Grams(rapid.SampledFrom([]int{0, 1000, 2000}).Draw(t, "grams")),
	}
	var loads []Load
	for range rapid.IntRange(0, most).Draw(t, "loads") {
		bins := rapid.SliceOfN(rapid.SampledFrom(ids), 1, 5).Draw(t, "bins")
		loads = append(loads, Load{
			Bins: bins, Slots: 1, Stops: len(bins), Grams: floor.Grams(rapid.IntRange(0, 1000).Draw(t, "load's grams")),
		})
	}
	return loads, c
}

// checkBatches recomputes batches: every load once, no cart overloaded, and the
// metres those of the walks.
func checkBatches(t rapid.TB, l *Layout, loads []Load, c Cart, batches [][]int, m Metres) {
	t.Helper()
	seen := make([]int, len(loads))
	total := Metres(0)
	for _, b := range batches {
		sum := Load{}
		var stops []Stop
		for _, i := range b {
			seen[i]++
			sum = sum.plus(loads[i])
			for _, id := range loads[i].Bins {
				stops = append(stops, Stop{Bin: id})
			}
		}
		if !c.holds(sum) {
			t.Errorf("%v together are %+v, a cart takes %+v", b, sum, c)
		}
		walk, _, err := Walk(l, stops)
		if err != nil {
			t.Fatal(err)
		}
		n, _ := Length(l, walk)
		total += n
	}
	if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
		t.Errorf("loads are on %v carts each, want 1", seen)
	}
	if l.table != nil && math.Abs(float64(total-m)) > 1e-6 || total > m+1e-6 {
		t.Errorf("Batch says %v m, the walks are %v m", m, total)
	}
}

func TestBatchIsValidAndSaysItAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		loads, c := drawLoads(t, l, 25)
		e := Effort{Seed: rapid.Uint64().Draw(t, "seed"), Iterations: rapid.IntRange(0, 2000).Draw(t, "iterations"), Workers: rapid.IntRange(0, 3).Draw(t, "workers")}
		batches, m, err := Batch(t.Context(), l, loads, c, e)
		if err != nil {
			t.Fatal(err)
		}
		checkBatches(t, l, loads, c, batches, m)
		again, n, _ := Batch(t.Context(), l, loads, c, e)
		if n != m || !slices.EqualFunc(batches, again, slices.Equal) {
			t.Errorf("the same effort gave %v m and %v m, %v and %v", m, n, batches, again)
		}
	})
}

// On few loads the batches are nearly always the best of all ways to share them
// out, and never better.
func TestBatchFindsTheBestOfFew(t *testing.T) {
	type few struct {
		l     *Layout
		loads []Load
		c     Cart
	}
	drawn := rapid.Custom(func(t *rapid.T) few {
		l := drawLayout(t)
		loads, c := drawLoads(t, l, 6)
		return few{l, loads, c}
	})
	both := func(t rapid.TB, x few) (m, best Metres) {
		_, m, err := Batch(context.Background(), x.l, x.loads, x.c, Effort{Iterations: 3000, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		if best = leastOf(x.l, x.loads, x.c); m < best-1e-6 {
			t.Errorf("Batch = %v m, the best is %v m", m, best)
		}
		return m, best
	}
	rapid.Check(t, func(t *rapid.T) { both(t, drawn.Draw(t, "few")) })
	sum, least := Metres(0), Metres(0)
	for i := range 100 { // always the same: the mean of a hundred at random is a matter of luck
		m, best := both(t, drawn.Example(i))
		sum, least = sum+m, least+best
	}
	t.Logf("batches are %.4f times the best", sum/least)
	if sum > 1.01*least {
		t.Errorf("batches are %.4f times the best, want at most 1.01", sum/least)
	}
}

// leastOf tries every way to share out the loads.
func leastOf(l *Layout, loads []Load, c Cart) Metres {
	w := walker{l: l}
	cost := make([]Metres, 1<<len(loads)) // of a cart with these loads
	least := make([]Metres, 1<<len(loads))
	for set := 1; set < len(cost); set++ {
		sum, visit := Load{}, []int32(nil)
		for i := range loads {
			if set>>i&1 == 1 {
				it, _ := l.item(loads[i])
				sum, visit = sum.plus(it.Load), merge(nil, visit, it.places)
			}
		}
		cost[set] = never
		if c.holds(sum) {
			cost[set] = w.plan(visit)
		}
	}
	for set := 1; set < len(cost); set++ {
		least[set] = never
		for sub := set; sub > 0; sub = (sub - 1) & set {
			least[set] = min(least[set], cost[sub]+least[set^sub])
		}
	}
	return least[len(least)-1]
}

func TestACancelledBatchIsWhole(t *testing.T) {
	l := demoFloor(t)
	var loads []Load
	for id := range l.bins {
		loads = append(loads, Load{Bins: []floor.BinID{id}, Slots: 1})
	}
	c := Cart{Slots: 3}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	batches, m, err := Batch(gone, l, loads, c, Effort{Spent: func() float64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	checkBatches(t, l, loads, c, batches, m)
	for left := range 12 {
		batches, m, _ := Batch(&endsAfter{Context: t.Context(), left: left}, l, loads, c, Effort{Spent: func() float64 { return 0 }})
		checkBatches(t, l, loads, c, batches, m)
	}
}

func TestBatchRefuses(t *testing.T) {
	l := demoFloor(t)
	for want, load := range map[string]Load{
		"load 0: it has no bin":                         {},
		`load 0: bin "Q-1" is not on the floor plan`:    {Bins: []floor.BinID{"Q-1"}},
		"load 0: 2 slots, 0 stops, 0 g, 0 ml are more":  {Bins: []floor.BinID{"A-01-01-1"}, Slots: 2},
		"load 0: 0 slots, 0 stops, -1 g, 0 ml are more": {Bins: []floor.BinID{"A-01-01-1"}, Grams: -1},
	} {
		if _, _, err := Batch(t.Context(), l, []Load{load}, Cart{Slots: 1}, Effort{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Batch(%+v) = %v, want %s", load, err, want)
		}
	}
}
