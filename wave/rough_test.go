package wave

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A floor that is rough in name only has the same ways as a plain one, and its walks
// are hardly longer than the shortest.
func TestARoughFloorWithoutObstaclesIsAPlainOne(t *testing.T) {
	sum, best := Metres(0), Metres(0)
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		g := l.Geometry()
		if g.Open || l.table == nil {
			return
		}
		g.Drops = []Point{g.Depot}
		var all []Bin
		var ids []string
		for id, p := range l.bins {
			a := g.Aisles[l.places[p].aisle]
			all = append(all, Bin{ID: id, Zone: a.Zone, Aisle: a.Name, X: a.X, Y: l.places[p].y, Placed: true})
			ids = append(ids, string(id))
		}
		r, err := NewLayout(all, g)
		if err != nil {
			t.Fatal(err)
		}
		for a := range int32(len(l.places)) {
			for b := range int32(len(l.places)) {
				if got, want := r.step(a, b), l.step(a, b); math.Abs(float64(got-want)) > 1e-9 {
					t.Fatalf("from %v to %v: %v m, plain %v m", l.places[a], l.places[b], got, want)
				}
			}
			if got, want := r.step(depot, a), l.step(depot, a); math.Abs(float64(got-want)) > 1e-9 {
				t.Fatalf("from the depot to %v: %v m, plain %v m", l.places[a], got, want)
			}
		}
		slices.Sort(ids)
		walk, m, err := Walk(r, stopsAt(ids...))
		n, _ := Length(r, walk)
		_, least, _ := Walk(l, stopsAt(ids...))
		if err != nil || m < least-1e-6 || math.Abs(float64(n-m)) > 1e-6 {
			t.Fatalf("Walk = %v m, %v; its stops are %v m, the shortest %v m", m, err, n, least)
		}
		sum, best = sum+m, best+least
	})
	t.Logf("walks are %.3f times the shortest", sum/best)
	if sum > 1.1*best {
		t.Errorf("walks are %.2f times the shortest, want at most 1.10", sum/best)
	}
}

// Two aisles 4 m apart, cross aisles at 0 and 10, the depot at the front of the first.
func TestObstacles(t *testing.T) {
	plain := Geometry{Aisles: []Aisle{{"", "1", 0}, {"", "2", 4}}, CrossAisles: []Metres{0, 10}}
	bins := []Bin{
		{ID: "near", Aisle: "1", X: 0, Y: 2, Placed: true}, {ID: "far", Aisle: "1", X: 0, Y: 8, Placed: true},
		{ID: "next", Aisle: "2", X: 4, Y: 5, Placed: true},
	}
	tests := []struct {
		name  string
		alter func(*Geometry)
		stops []string
		want  Metres
	}{
		{"nothing", func(g *Geometry) { g.Drops = []Point{{0, 0}} }, []string{"far"}, 16},
		{"one-way up: round by the next aisle", func(g *Geometry) { g.OneWay = []OneWay{{Aisle: "1"}} }, []string{"far"}, 28},
		{"one-way down as well", func(g *Geometry) { g.OneWay = []OneWay{{Aisle: "1"}, {Aisle: "2", Down: true}} }, []string{"far", "next", "near"}, 28},
		{"the other way round", func(g *Geometry) { g.OneWay = []OneWay{{Aisle: "1", Down: true}, {Aisle: "2"}} }, []string{"far", "next", "near"}, 28},
		{"blocked in the middle", func(g *Geometry) { g.Blocked = []Blocked{{"", "1", 4, 6}} }, []string{"near"}, 4},
		{"blocked before it: from behind and back", func(g *Geometry) { g.Blocked = []Blocked{{"", "1", 4, 6}} }, []string{"far"}, 40},
		{"a drop point at the back", func(g *Geometry) { g.Drops = []Point{{0, 12}} }, []string{"near", "far"}, 12},
		{"the nearer of two", func(g *Geometry) { g.Drops = []Point{{0, 12}, {4, 0}} }, []string{"next"}, 9 + 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := plain
			tt.alter(&g)
			l, err := NewLayout(bins, g)
			if err != nil {
				t.Fatal(err)
			}
			walk, m, err := Walk(l, stopsAt(tt.stops...))
			if n, _ := Length(l, walk); err != nil || m != tt.want || n != tt.want {
				t.Errorf("Walk = %v m (its stops %v m), %v; want %v m", m, n, err, tt.want)
			}
		})
	}
	plain.Blocked = []Blocked{{"", "1", 1, 3}}
	l, err := NewLayout(bins, plain)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := Walk(l, stopsAt("near")); err == nil || err.Error() != "bin near cannot be reached" {
		t.Errorf("Walk to a blocked bin: %v", err)
	}
	r := DefaultRules()
	r.MinFill = 1
	res := Plan(t.Context(), Snapshot{Orders: []Order{order("1", "near"), order("2", "far")}, Layout: l, FreePickers: 1}, r, noon)
	if len(res.SetAside) != 1 || res.SetAside[0].Why.Code != BinBlocked || len(res.Waves) != 1 {
		t.Errorf("Plan = %+v, want the blocked order set aside and the other planned", res)
	}
	plain.Blocked = []Blocked{{"", "9", 5, 3}}
	plain.OneWay = []OneWay{{Aisle: "8"}}
	plain.Drops = []Point{{X: Metres(math.NaN())}}
	want := "layout: one-way aisle 8 is not on the floor plan\nlayout: blocked aisle 9 is not on the floor plan\n" +
		"layout: aisle 9 is blocked from 5 to 3 m\nlayout: drop point 1: NaN, 0 m is not on this floor"
	if _, err := NewLayout(nil, plain); err == nil || err.Error() != want {
		t.Errorf("NewLayout = %v, want %s", err, want)
	}
}
