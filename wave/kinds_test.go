package wave_test

import (
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/wave"
)

// Waves of several shares start with the most pressing orders, within the pickers
// there are; every order is somewhere once, and a rule's waves name it.
func TestPlanShares(t *testing.T) {
	bins := []wave.Bin{{ID: "A", Aisle: "1", X: 0, Y: 2, Placed: true}, {ID: "B", Aisle: "2", X: 3, Y: 5, Placed: true}}
	l, err := wave.InferLayout(bins)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	order := func(id string, hours int, urgent bool, bin floor.BinID) wave.Order {
		return wave.Order{ID: floor.OrderID(id), ShipBy: now.Add(time.Duration(hours) * time.Hour), Received: now, Urgent: urgent,
			Lines: []wave.Line{{No: 1, SKU: "S", Bin: bin, Qty: 1}}}
	}
	usual := wave.DefaultRules()
	usual.MinFill = 1
	alone := usual
	alone.TotesPerCart, alone.MinFill = 1, 1
	shares := []wave.Share{
		{Kind: wave.Cluster, Rules: usual, Orders: []wave.Order{order("c1", 9, false, "A"), order("c2", 1, false, "B"), order("no", 1, false, "X")}},
		{Rule: "rush", Kind: wave.ByOrder, Rules: alone, Orders: []wave.Order{order("u1", 30, true, "A"), order("u2", 20, true, "B"), order("n", 40, false, "A")}},
	}
	for pickers, want := range map[int][]string{0: nil, 2: {"u2", "u1"}, 3: {"u2", "u1", "c2"}, 9: {"u2", "u1", "c2", "n"}} {
		res := wave.PlanShares(t.Context(), wave.Snapshot{Layout: l, FreePickers: pickers}, shares, now)
		var first []string
		seen := map[floor.OrderID]int{}
		for _, w := range res.Waves {
			first = append(first, string(w.Orders[0]))
			if named := w.Why[0].Code == wave.KindByOrder && slices.Equal(w.Why[0].Args, []string{"rush"}); named != (w.Kind == wave.ByOrder) {
				t.Errorf("a wave of kind %s says %v first", w.Kind, w.Why[0])
			}
			for _, id := range w.Orders {
				seen[id]++
			}
		}
		for _, x := range append(res.Waiting, res.SetAside...) {
			seen[x.Order]++
		}
		if !slices.Equal(first, want) || len(seen) != 6 || len(res.SetAside) != 1 {
			t.Errorf("%d pickers: waves begin with %v, want %v; %v", pickers, first, want, seen)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%d pickers: order %s is there %d times", pickers, id, n)
			}
		}
	}
}
