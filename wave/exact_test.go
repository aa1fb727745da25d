package wave

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"floord/floor"

	"pgregory.net/rapid"
)

// Ratliff and Rosenthal count 7 for one block, Roodbergen and de Koster 25 for two,
// with the walk that is closed already: here it has no state, as every aisle of a
// visit must be reached.
func TestTheStatesAreThoseOfTheLiterature(t *testing.T) {
	for n, want := range map[int]int{1: 2, 2: 6, 3: 24} {
		if got := len(tables[n].all); got > states || got != want {
			t.Errorf("%d cross aisles have %d states, want %d", n, got, want)
		}
	}
}

func TestTheStatesOfAnOpenDepot(t *testing.T) {
	for n := 1; n <= maxCrossings; n++ {
		if got := len(newTable(n, 0).all); got > states || got != len(newTable(n, n-1).all) {
			t.Errorf("%d cross aisles and an open depot: %d states, %d at the back, room for %d", n, got, len(newTable(n, n-1).all), states)
		}
	}
}

// In one and two blocks no order of the stops is shorter than the walk.
func TestWalkIsTheShortest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		if l.table == nil {
			return
		}
		ids := make([]string, 0, len(l.bins))
		for id := range l.bins {
			ids = append(ids, string(id))
		}
		slices.Sort(ids)
		ids = ids[:min(len(ids), 7)]
		walk, m, err := Walk(l, stopsAt(ids...))
		if err != nil {
			t.Fatal(err)
		}
		if g := newGauge(l); len(ids) > 0 {
			g.put(l.grid.cells(visitOf(l, ids)))
			if n := Metres(g.length()) / tick; math.Abs(float64(n-m)) > 1e-3 {
				t.Errorf("the gauge says %v m, Walk %v m", n, m)
			}
		}
		if n, _ := Length(l, walk); math.Abs(float64(n-m)) > 1e-9 {
			t.Errorf("Walk says %v m, its stops are %v m", m, n)
		}
		permute(slices.Clone(walk), 0, func(w []Stop) {
			if n, _ := Length(l, w); n < m-1e-9 {
				t.Fatalf("Walk = %v m, %s is %v m", m, bins(w), n)
			}
		})
	})
}

func visitOf(l *Layout, ids []string) []int32 {
	var visit []int32
	for _, id := range ids {
		visit = append(visit, l.bins[floor.BinID(id)])
	}
	slices.Sort(visit)
	return slices.Compact(visit)
}

func TestWalkEqualsThePublishedOptima(t *testing.T) {
	for _, in := range readRoutes(t) {
		for blocks, want := range []Metres{in.one, in.two} {
			l, stops := in.floor(t, blocks+1)
			walk, m, err := Walk(l, stops)
			if n, _ := Length(l, walk); err != nil || math.Abs(float64(m-want)) > 1e-6 || math.Abs(float64(n-want)) > 1e-6 {
				t.Errorf("%s in %d blocks: Walk = %v m (its stops %v m), %v; want %v m", in.name, blocks+1, m, n, err, want)
			}
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	for _, in := range readRoutes(b) {
		if in.name != "unit_F1_m50_C180_a30_0" {
			continue
		}
		for blocks := 1; blocks <= 2; blocks++ {
			l, stops := in.floor(b, blocks)
			b.Run(fmt.Sprintf("50 aisles, 30 stops, %d blocks", blocks), func(b *testing.B) {
				for b.Loop() {
					Walk(l, stops)
				}
			})
		}
	}
}

// A route is one published instance.
type route struct {
	name          string
	aisles, cells int
	depot         int
	top           bool
	one, two      Metres
	picks         [][2]int // aisle, cell
}

func readRoutes(tb testing.TB) []route {
	tb.Helper()
	f, err := os.Open("testdata/sprp.csv")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	number := func(s string) int {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			tb.Fatal(err)
		}
		return int(v)
	}
	var all []route
	for _, r := range rows[1:] {
		in := route{
			name: r[0], aisles: number(r[1]), cells: number(r[2]), depot: number(r[3]), top: r[4] == "top",
			one: Metres(number(r[5])), two: Metres(number(r[6])),
		}
		for p := range strings.FieldsSeq(r[7]) {
			a, c, _ := strings.Cut(p, ":")
			in.picks = append(in.picks, [2]int{number(a), number(c)})
		}
		all = append(all, in)
	}
	return all
}

// floor builds the instance: cell 0 is at the back, a middle cross aisle takes the
// room of one cell.
func (in route) floor(tb testing.TB, blocks int) (*Layout, []Stop) {
	tb.Helper()
	g := Geometry{CrossAisles: []Metres{0, Metres(in.cells + 1)}}
	if blocks == 2 {
		g.CrossAisles = []Metres{0, Metres(in.cells/2 + 1), Metres(in.cells + 2)}
	}
	for a := range in.aisles {
		g.Aisles = append(g.Aisles, Aisle{Name: strconv.Itoa(a), X: Metres(3 * a)})
	}
	g.Depot.X = Metres(3 * in.depot)
	if in.top {
		g.Depot.Y = g.CrossAisles[len(g.CrossAisles)-1]
	}
	var stops []Stop
	var all []Bin
	for i, p := range in.picks {
		n := in.cells - 1 - p[1]
		y := Metres(n + 1)
		if blocks == 2 && n >= in.cells/2 {
			y++
		}
		id := floor.BinID(strconv.Itoa(i))
		all = append(all, Bin{ID: id, Aisle: strconv.Itoa(p[0]), X: Metres(3 * p[0]), Y: y, Placed: true})
		stops = append(stops, Stop{Bin: id, Qty: 1})
	}
	l, err := NewLayout(all, g)
	if err != nil {
		tb.Fatal(err)
	}
	return l, stops
}
