package floor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"floord/floor"
)

func TestNeedsOf(t *testing.T) {
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	w := floor.Wave{ID: "W-12", Kind: "cluster"}
	orders := []floor.Order{
		{ID: "A", Carrier: "sf", Tags: []string{"gift", "note"}, Note: "生日;快乐", ShipBy: noon, Lines: []floor.Line{{Qty: 2}, {Qty: 1}}},
		{ID: "B", Carrier: "sf", Tags: []string{"gift"}, ShipBy: noon.Add(-time.Hour), Lines: []floor.Line{{Qty: 1}}},
		{ID: "C", Carrier: "sf", Freeze: &floor.Freeze{}, Lines: []floor.Line{{Qty: 1}}},
		{ID: "D", Carrier: "deppon", Lines: []floor.Line{{Qty: 5}}},
		{ID: "E", Carrier: "sf", State: floor.Closed, Tags: []string{"gift"}},
	}
	tasks := []floor.Task{{ID: "T-3", Slots: []floor.Slot{{No: 1, Order: "B"}, {No: 2, Order: "A"}, {No: 3, Order: "C"}, {No: 4, Order: "D"}}}}
	n := floor.NeedsOf(w, orders, tasks)
	if n.Orders != 5 || n.Lines != 5 || n.Units != 10 || n.Totes != 4 || !n.DueBy.Equal(noon.Add(-time.Hour)) {
		t.Errorf("counts %+v", n)
	}
	name := func(floor.CarrierID) string { return "德邦" }
	var said []string
	for _, x := range n.Needs {
		said = append(said, x.Say("zh", name))
	}
	want := []string{"德邦×1：4", "已冻结×1：3", "需配赠品×2：2、1", "有备注×1：2"}
	if !slices.Equal(said, want) {
		t.Errorf("needs %q; want %q", said, want)
	}
	if got, want := n.Short("zh", name, 300), "W-12;5单5行10件;德邦1:4;已冻结1:3;需配赠品2:2,1;有备注1:2"; got != want {
		t.Errorf("Short = %q; want %q", got, want)
	}
	if got, want := n.Short("en", name, 300), "W-12;5 orders 5 lines 10 pcs;德邦 1: 4"; !strings.HasPrefix(got, want) {
		t.Errorf("Short = %q; want %q first", got, want)
	}
	// What has no room is counted.
	for most := 40; most < 120; most++ {
		got := n.Short("zh", name, most)
		if len(got) > most+len(";另有4项") || len(got) < len(n.Short("zh", name, 300)) && !strings.Contains(got, ";另有") {
			t.Errorf("Short within %d = %q", most, got)
		}
	}
	// With several carts a slot says whose.
	tasks = append(tasks, floor.Task{ID: "T-4"})
	if got := floor.NeedsOf(w, orders, tasks).Needs[2].Slots; !slices.Equal(got, []string{"T-3/2", "T-3/1"}) {
		t.Errorf("slots %q", got)
	}
}
