package wave_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"floord/floor"
	"floord/wave"
)

// shelves is a floor of aisles with bins, A-1-01 nearest to the depot.
func shelves(t testing.TB, aisles, bins int) (*wave.Layout, []floor.BinID) {
	t.Helper()
	var all []wave.Bin
	var ids []floor.BinID
	for a := range aisles {
		for b := range bins {
			id := floor.BinID(fmt.Sprintf("A-%d-%02d", a+1, b+1))
			ids = append(ids, id)
			all = append(all, wave.Bin{ID: id, Zone: "A", Aisle: fmt.Sprint(a + 1), X: wave.Metres(3 * a), Y: wave.Metres(b), Placed: true})
		}
	}
	l, err := wave.InferLayout(all)
	if err != nil {
		t.Fatal(err)
	}
	return l, ids
}

// past is days of orders of two SKUs, the k-th about 1/k as often, that lie anywhere.
func past(ids []floor.BinID, days, orders int) wave.Past {
	r := rand.New(rand.NewPCG(1, 2))
	n := len(ids)
	p := wave.Past{Home: map[floor.SKU]floor.BinID{}}
	sku := func(k int) floor.SKU { return floor.SKU(fmt.Sprintf("S%03d", k)) }
	for k, i := range r.Perm(n - 1) {
		p.Home[sku(k)] = ids[1+i]
	}
	p.Free = []floor.BinID{ids[0]}
	draw := func() floor.SKU {
		for {
			if k := r.IntN(n - 1); r.Float64() < 1/float64(k+1) {
				return sku(k)
			}
		}
	}
	for range days {
		var day []wave.PastOrder
		for range orders {
			day = append(day, wave.PastOrder{draw(), draw()})
		}
		p.Days = append(p.Days, day)
	}
	return p
}

// metres are those of the past days with goods in home, planned as Advise does.
func metres(t testing.TB, l *wave.Layout, p wave.Past, home map[floor.SKU]floor.BinID) (sum wave.Metres) {
	t.Helper()
	for _, day := range p.Days {
		var loads []wave.Load
		for _, o := range day {
			load := wave.Load{Bins: []floor.BinID{home[o[0]]}, Slots: 1, Stops: 1}
			if o[1] != o[0] {
				load.Bins, load.Stops = append(load.Bins, home[o[1]]), 2
			}
			loads = append(loads, load)
		}
		_, n, err := wave.Batch(context.Background(), l, loads, wave.Cart{Slots: 3}, wave.Effort{Iterations: 200})
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum / wave.Metres(len(p.Days))
}

// TestAdvise: what is wanted often and lies far comes near, every move saves what
// it says or nearly so, and all together shorten the days when planned anew.
func TestAdvise(t *testing.T) {
	l, ids := shelves(t, 4, 12)
	p := past(ids, 3, 80)
	moves, err := wave.Advise(t.Context(), l, p, wave.Cart{Slots: 3}, wave.Effort{Iterations: 200}, 6)
	if err != nil || len(moves) == 0 || len(moves) > 6 {
		t.Fatalf("%d moves, %v", len(moves), err)
	}
	if moves[0].Metres < moves[len(moves)-1].Metres {
		t.Error("the best move is not first")
	}
	home := map[floor.SKU]floor.BinID{}
	for sku, bin := range p.Home {
		home[sku] = bin
	}
	at := map[floor.BinID]floor.SKU{}
	for sku, bin := range home {
		at[bin] = sku
	}
	var said wave.Metres
	for _, m := range moves {
		if m.From != p.Home[m.SKU] || m.With != at[m.To] {
			t.Errorf("%+v: the SKU lies in %s, and in %s lies %q", m, p.Home[m.SKU], m.To, at[m.To])
		}
		if m.Metres < 1 || m.Visits <= 0 {
			t.Errorf("%+v is not worth the work", m)
		}
		home[m.SKU] = m.To
		if m.With != "" {
			home[m.With] = m.From
		}
		said += m.Metres
	}
	before, after := metres(t, l, p, p.Home), metres(t, l, p, home)
	t.Logf("%.0f m a day before, %.0f after, %.0f saved by %d moves, %.0f said", before, after, before-after, len(moves), said)
	if after >= before || before-after < said/2 {
		t.Errorf("%.0f m a day before, %.0f after; said to save %.0f", before, after, said)
	}
	again, err := wave.Advise(t.Context(), l, p, wave.Cart{Slots: 3}, wave.Effort{Iterations: 200}, 6)
	if err != nil || fmt.Sprint(again) != fmt.Sprint(moves) {
		t.Errorf("asked again: %v, %v", again, err)
	}
}

// A single day's rush moves nothing: 3 times a usual day is what it counts.
func TestAdviseSeason(t *testing.T) {
	l, ids := shelves(t, 2, 10)
	p := wave.Past{Home: map[floor.SKU]floor.BinID{"rush": ids[19], "steady": ids[0]}}
	for d := range 10 {
		day := []wave.PastOrder{{"rush"}}
		for range 5 {
			day = append(day, wave.PastOrder{"steady"})
		}
		if d == 4 {
			for range 100 {
				day = append(day, wave.PastOrder{"rush"})
			}
		}
		p.Days = append(p.Days, day)
	}
	moves, err := wave.Advise(t.Context(), l, p, wave.Cart{Slots: 1}, wave.Effort{}, 3)
	if err != nil || len(moves) != 0 {
		t.Errorf("%+v, %v; the rush is over", moves, err)
	}
}

func TestAdviseOddPast(t *testing.T) {
	l, ids := shelves(t, 1, 4)
	tests := map[string]wave.Past{
		"nothing":            {},
		"nothing lies there": {Days: [][]wave.PastOrder{{{"a", "a"}, {}}}},
		"an unknown bin":     {Days: [][]wave.PastOrder{{{"a"}}}, Home: map[floor.SKU]floor.BinID{"a": "Z-9"}, Free: []floor.BinID{"Z-8"}},
		"a shared bin":       {Days: [][]wave.PastOrder{{{"a"}, {"b"}}}, Home: map[floor.SKU]floor.BinID{"a": ids[3], "b": ids[3]}},
	}
	for name, p := range tests {
		if moves, err := wave.Advise(t.Context(), l, p, wave.Cart{Slots: 2}, wave.Effort{}, 3); err != nil || len(moves) != 0 {
			t.Errorf("%s: %v, %v", name, moves, err)
		}
	}
}
