package wave

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"floord/floor"

	"pgregory.net/rapid"
)

func TestWalk(t *testing.T) {
	l := demoFloor(t)
	tests := []struct {
		name  string
		stops string
		want  string
		m     Metres
	}{
		{"nothing", "", "", 0},
		{"one bin at the front", "A-01-01-1", "A-01-01-1", 2 * (2 + 1)},
		{"there and back in one aisle", "A-01-12-1 A-01-02-1", "A-01-02-1 A-01-12-1", 2 * (2 + 12)},
		// 2 in, up aisle 1 to the first cross aisle at 14, over, down aisle 2, back.
		{"up one aisle, down the next", "A-02-01-1 A-01-12-1 A-02-12-1 A-01-01-1",
			"A-01-01-1 A-01-12-1 A-02-12-1 A-02-01-1", 2 + 14 + 4 + 14 + 4 + 2},
		// Straight through the first block to the second, along its far end, and home.
		{"the far block", "A-01-24-1 A-03-24-1", "A-01-24-1 A-03-24-1", 2 + 28 + 8 + 28 + 8 + 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, m, err := Walk(l, stopsAt(strings.Fields(tt.stops)...))
			if err != nil || math.Abs(float64(m-tt.m)) > 1e-9 {
				t.Errorf("Walk = %v m, %v; want %v m", m, err, tt.m)
			}
			back := slices.Clone(got)
			slices.Reverse(back)
			if bins(got) != tt.want && bins(back) != tt.want {
				t.Errorf("Walk goes %s, want %s or the other way round", bins(got), tt.want)
			}
		})
	}
}

func TestWalkRefusesABinThatIsNowhere(t *testing.T) {
	if _, _, err := Walk(demoFloor(t), stopsAt("A-01-01-1", "Q-1")); err == nil || err.Error() != `bin "Q-1" is not on the floor plan` {
		t.Errorf("Walk = %v, want the bin named", err)
	}
}

// A walk is never shorter than the best of all orders, and never longer than
// taking every stop on a trip of its own.
func TestWalkIsBetweenTheBestAndTheWorst(t *testing.T) {
	sum, best := Metres(0), Metres(0)
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		var ids []string
		for id := range l.bins {
			ids = append(ids, string(id))
		}
		slices.Sort(ids)
		ids = ids[:min(len(ids), 6)]
		if len(ids) == 0 {
			return
		}
		walk, m, err := Walk(l, stopsAt(ids...))
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := Length(l, walk); math.Abs(float64(again-m)) > 1e-9 || math.Abs(float64(walked(l, walk)-m)) > 1e-6 {
			t.Errorf("Walk = %v m, Length = %v, recomputed %v", m, again, walked(l, walk))
		}
		least, apart := Metres(math.Inf(1)), Metres(0)
		permute(walk, 0, func(w []Stop) {
			n, _ := Length(l, w)
			least = min(least, n)
		})
		for _, s := range walk {
			n, _ := Length(l, []Stop{s})
			apart += n
		}
		if m < least-1e-9 || m > apart+1e-9 {
			t.Errorf("Walk = %v m, best %v, one by one %v", m, least, apart)
		}
		sum, best = sum+m, best+least
	})
	t.Logf("walks of up to six stops are %.2f times the best", sum/best)
	if sum > 1.15*best {
		t.Errorf("walks are %.2f times the best on average, want at most 1.15", sum/best)
	}
}

func TestLayoutNamesWhatIsWrong(t *testing.T) {
	good := Geometry{
		Aisles: []Aisle{{"A", "1", 0}, {"A", "2", 3}}, CrossAisles: []Metres{0, 20}, Depot: Point{0, 0},
	}
	bin := func(id, aisle string, x, y Metres) Bin {
		return Bin{ID: floor.BinID(id), Zone: "A", Aisle: aisle, X: x, Y: y, Placed: true}
	}
	twins, noway, far := good, good, good
	twins.Aisles = []Aisle{{"A", "1", 0}, {"A", "1", 3}}
	noway.CrossAisles = nil
	far.Depot = Point{X: Metres(math.NaN())}
	tests := []struct {
		name string
		bins []Bin
		g    Geometry
		want string
	}{
		{"no aisle", nil, Geometry{CrossAisles: good.CrossAisles}, "layout: there is no aisle"},
		{"aisle twice", nil, twins, "layout: aisle A/1 is there twice"},
		{"no cross aisle", nil, noway, "layout: there is no cross aisle, so no way from one aisle to the next"},
		{"depot nowhere", nil, far, "layout: depot: NaN, 0 m is not on this floor"},
		{"swapped aisles", []Bin{bin("b", "2", 0, 5)}, good, "layout: bin b: x = 0 m, but aisle A/2 runs at 3 m"},
		{"unknown aisle", []Bin{bin("b", "7", 0, 5)}, good, "layout: bin b: aisle A/7 is not on the floor plan"},
		{"bin twice", []Bin{bin("b", "1", 0, 5), bin("b", "1", 0, 6)}, good, "layout: bin b is there twice"},
		{"millimetres", []Bin{bin("b", "1", 0, 15000)}, good, "layout: bin b: 0, 15000 m is not on this floor"},
		{"nameless", []Bin{bin("", "1", 0, 5)}, good, "layout: a bin in aisle A/1 has no name"},
		{"two at once", []Bin{bin("", "1", 0, 5), bin("b", "7", 0, 5)}, good, "layout: a bin in aisle A/1 has no name\nlayout: bin b: aisle A/7 is not on the floor plan"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := NewLayout(tt.bins, tt.g); err == nil || err.Error() != tt.want {
				t.Errorf("NewLayout = %v, want %s", err, tt.want)
			}
		})
	}
	many := make([]Bin, 100)
	if _, err := NewLayout(many, good); err == nil || !strings.HasSuffix(err.Error(), "and 80 more") {
		t.Errorf("NewLayout = %v, want twenty mistakes and a count of the rest", err)
	}
}

func TestInferLayout(t *testing.T) {
	bins := demoBins()
	for i := range bins { // racks left and right of the aisle
		bins[i].X += Metres(i%2) - 0.5
	}
	l, err := InferLayout(append(bins, Bin{ID: "unknown"}))
	if err != nil {
		t.Fatal(err)
	}
	g := l.Geometry()
	if fmt.Sprint(g) != "{[{A 01 0} {A 02 4} {A 03 8}] [-0.5 28.5] {0 -0.5} false [] [] []}" {
		t.Errorf("inferred %v", g)
	}
	if got := l.Unplaced(); !slices.Equal(got, []floor.BinID{"unknown"}) {
		t.Errorf("Unplaced = %v", got)
	}
	if _, err := InferLayout(nil); err == nil {
		t.Error("a floor was made of nothing")
	}
}

func stopsAt(ids ...string) []Stop {
	var stops []Stop
	for _, id := range ids {
		stops = append(stops, Stop{Bin: floor.BinID(id), Qty: 1})
	}
	return stops
}

func bins(stops []Stop) string {
	var ids []string
	for _, s := range stops {
		ids = append(ids, string(s.Bin))
	}
	return strings.Join(ids, " ")
}

// permute calls f with every order of the stops.
func permute(stops []Stop, k int, f func([]Stop)) {
	if k == len(stops) {
		f(stops)
		return
	}
	for i := k; i < len(stops); i++ {
		stops[k], stops[i] = stops[i], stops[k]
		permute(stops, k+1, f)
		stops[k], stops[i] = stops[i], stops[k]
	}
}
