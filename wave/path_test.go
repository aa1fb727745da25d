package wave_test

import (
	"math"
	"slices"
	"testing"

	"floord/floor"
	"floord/wave"
)

// A drawn walk is as long as the planned one: it goes where the picker goes.
func TestPath(t *testing.T) {
	var bins []wave.Bin
	for a := range 4 {
		for y := range 10 {
			bins = append(bins, wave.Bin{ID: floor.BinID(rune('A'+a)) + floor.BinID(rune('0'+y)), Aisle: string(rune('A' + a)), X: wave.Metres(3 * a), Y: wave.Metres(y), Placed: true})
		}
	}
	l, err := wave.InferLayout(bins)
	if err != nil {
		t.Fatal(err)
	}
	stops, metres, err := wave.Walk(l, []wave.Stop{{Bin: "A3"}, {Bin: "D7"}, {Bin: "B1"}, {Bin: "B9"}, {Bin: "C5"}})
	if err != nil {
		t.Fatal(err)
	}
	points := []wave.Point{l.Geometry().Depot}
	for _, s := range stops {
		p, ok := l.Where(s.Bin)
		if !ok {
			t.Fatal(s.Bin)
		}
		points = append(points, p)
	}
	way := l.Path(append(points, points[0]))
	long := 0.0
	for i := 1; i < len(way); i++ {
		dx, dy := float64(way[i].X-way[i-1].X), float64(way[i].Y-way[i-1].Y)
		if dx != 0 && dy != 0 {
			t.Errorf("the way cuts a corner from %v to %v", way[i-1], way[i])
		}
		long += math.Abs(dx) + math.Abs(dy)
	}
	if math.Abs(long-float64(metres)) > 1e-6 {
		t.Errorf("the way is %v m long, the walk %v", long, metres)
	}
	for _, p := range points {
		if !slices.Contains(way, p) {
			t.Errorf("the way passes by %v", p)
		}
	}
}
