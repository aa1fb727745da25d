package wave

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"floord/floor"

	"pgregory.net/rapid"
)

// A drawn walk is as long as the planned one and goes where a picker may: straight
// along aisles and cross aisles, with the one-way aisles, and past no blocked piece.
func TestPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		if l.rough == nil && !l.geo.Open && rapid.Bool().Draw(t, "with obstacles") {
			l = obstructed(t, l)
		}
		var ids []floor.BinID
		for id := range l.bins {
			if !l.lost[id] {
				ids = append(ids, id)
			}
		}
		if len(ids) == 0 {
			return
		}
		slices.Sort(ids)
		walk := []Stop{}
		var bins []floor.BinID
		for i := range rapid.IntRange(1, 6).Draw(t, "stops") {
			id := ids[(7*i+rapid.IntRange(0, 100).Draw(t, "stop"))%len(ids)]
			walk, bins = append(walk, Stop{Bin: id}), append(bins, id)
		}
		want, err := Length(l, walk)
		if err != nil {
			t.Fatal(err)
		}
		if want >= never {
			return
		}
		way := l.Path(true, bins, true)
		long := Metres(0)
		for i := 1; i < len(way); i++ {
			a, b := way[i-1], way[i]
			switch free := l.geo.Open && (i == 1 || i == len(way)-1); {
			case a.X != b.X && a.Y != b.Y && !free:
				t.Fatalf("the way cuts a corner from %v to %v", a, b)
			case a.X == b.X && l.rough != nil:
				allowed(t, l, a, b)
			}
			long += Metres(math.Hypot(float64(b.X-a.X), float64(b.Y-a.Y)))
		}
		if abs(long-want) > 1e-6 {
			t.Fatalf("the way %v is %v m long, the walk %v", way, long, want)
		}
		if len(l.geo.Drops) == 0 && (way[0] != l.geo.Depot || way[len(way)-1] != l.geo.Depot) {
			t.Fatalf("the way goes from %v to %v", way[0], way[len(way)-1])
		}
		for _, id := range bins { // of those on one line the way has the corners
			if p, _ := l.Where(id); !passes(way, p) {
				t.Fatalf("the way %v does not pass %s at %v", way, id, p)
			}
		}
	})
}

// obstructed draws one-way aisles, blocked pieces and drop points onto a floor.
func obstructed(t *rapid.T, l *Layout) *Layout {
	g := l.Geometry()
	for _, a := range g.Aisles {
		switch rapid.IntRange(0, 5).Draw(t, "obstacle") {
		case 0:
			g.OneWay = append(g.OneWay, OneWay{Zone: a.Zone, Aisle: a.Name, Down: rapid.Bool().Draw(t, "down")})
		case 1:
			from := Metres(rapid.Float64Range(0, 60).Draw(t, "from"))
			g.Blocked = append(g.Blocked, Blocked{Zone: a.Zone, Aisle: a.Name, From: from, To: from + 2})
		case 2:
			g.Drops = append(g.Drops, Point{X: a.X, Y: g.CrossAisles[len(g.CrossAisles)-1] + 1})
		}
	}
	var bins []Bin
	for id, n := range l.bins {
		a := l.geo.Aisles[l.places[n].aisle]
		bins = append(bins, Bin{ID: id, Zone: a.Zone, Aisle: a.Name, X: a.X, Y: l.places[n].y, Placed: true})
	}
	with, err := NewLayout(bins, g)
	if err != nil {
		t.Fatal(err)
	}
	return with
}

// allowed fails for a piece of a way that leads against a one-way aisle or past
// a blocked piece.
func allowed(t *rapid.T, l *Layout, a, b Point) {
	first, last := l.geo.CrossAisles[0], l.geo.CrossAisles[len(l.geo.CrossAisles)-1]
	for i, x := range l.geo.Aisles {
		if x.X != a.X {
			continue
		}
		inner := max(min(a.Y, b.Y), first) < min(max(a.Y, b.Y), last)
		if w := l.rough.ways[i]; inner && (b.Y > a.Y && !w.up || b.Y < a.Y && !w.down) {
			t.Fatalf("the way goes from %v to %v, against aisle %s", a, b, x.Name)
		}
		if isBin := func(p Point) bool { return p.Y != l.geo.Depot.Y }; isBin(a) && isBin(b) && !l.rough.clear(i, a.Y, b.Y) {
			t.Fatalf("the way goes from %v to %v, where aisle %s is blocked", a, b, x.Name)
		}
	}
}

// passes reports whether a point lies on the way.
func passes(way []Point, p Point) bool {
	for i, b := range way {
		a := way[max(0, i-1)]
		if min(a.X, b.X)-1e-9 <= p.X && p.X <= max(a.X, b.X)+1e-9 && min(a.Y, b.Y)-1e-9 <= p.Y && p.Y <= max(a.Y, b.Y)+1e-9 {
			return true
		}
	}
	return false
}

// The way round a one-way aisle is drawn as it is walked.
func TestPathOnAOneWayFloor(t *testing.T) {
	g := demoFloor(t).Geometry()
	g.OneWay = []OneWay{{Zone: "A", Aisle: "02", Down: true}}
	l, err := NewLayout(demoBins(), g)
	if err != nil {
		t.Fatal(err)
	}
	want := "[{0 -2} {0 0} {0 14} {4 14} {4 12} {4 0} {0 0} {0 -2}]"
	if got := fmt.Sprint(l.Path(true, []floor.BinID{"A-02-12-1"}, true)); got != want {
		t.Errorf("Path = %s, want %s", got, want)
	}
}
