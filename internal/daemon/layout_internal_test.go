package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"floord/floor"
	"floord/internal/config"
	"floord/wave"
)

// What floord.toml says of the floor is walked, and an aisle that is not there is named.
func TestLayoutOfTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floord.toml")
	read := func(aisle string) config.Layout {
		text := `
[layout]
depot = { x = 0.0, y = -5.0 }
open = true
cross_aisles = [-1.5, 20.0]
[[layout.one_way]]
zone = "A"
aisle = ` + aisle + `
to = "down"
[[layout.blocked]]
zone = "A"
aisle = 2
from = 8.0
[[layout.drop]]
x = 4.0
y = -4.0
`
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		return c.Layout
	}
	var bins []wave.Bin
	for _, b := range []struct {
		id, aisle string
		x, y      wave.Metres
	}{{"A-1-1", "1", 0, 1}, {"A-2-1", "2", 4, 1}, {"A-2-9", "2", 4, 9}, {"A-3-1", "3", 8, 1}} {
		bins = append(bins, wave.Bin{ID: floor.BinID(b.id), Zone: "A", Aisle: b.aisle, X: b.x, Y: b.y, Placed: true})
	}
	l, err := wave.InferLayout(bins)
	if err != nil {
		t.Fatal(err)
	}
	g := withLayout(l.Geometry(), read("1"))
	if !g.Open || len(g.OneWay) != 1 || !g.OneWay[0].Down || len(g.Drops) != 1 || g.Blocked[0].From != 8 || g.Blocked[0].To != 10000 {
		t.Errorf("%+v", g)
	}
	there, err := wave.NewLayout(bins, g)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := wave.Walk(there, []wave.Stop{{Bin: "A-2-9"}}); err == nil {
		t.Error("a bin on a blocked piece is walked to")
	}
	if _, m, err := wave.Walk(there, []wave.Stop{{Bin: "A-1-1"}}); err != nil || m < 30 {
		t.Errorf("%v m, %v: the one-way aisle is entered from below", m, err)
	}
	if _, err := wave.NewLayout(bins, withLayout(l.Geometry(), read("7"))); err == nil || !strings.Contains(err.Error(), "one-way aisle A/7 is not on the floor plan") {
		t.Errorf("err = %v, want the aisle by name", err)
	}
}

// Every key of [layout] changes how far a walk is, or what can be walked to.
func TestEveryKeyOfTheLayoutCounts(t *testing.T) {
	var bins []wave.Bin
	for a := range 4 {
		for y := range 30 {
			bins = append(bins, wave.Bin{
				ID: floor.BinID(fmt.Sprintf("%d-%d", a+1, y)), Zone: "A", Aisle: strconv.Itoa(a + 1), X: wave.Metres(4 * a), Y: wave.Metres(y), Placed: true,
			})
		}
	}
	plain, err := wave.InferLayout(bins)
	if err != nil {
		t.Fatal(err)
	}
	stops := []wave.Stop{{Bin: "2-12"}, {Bin: "3-13"}, {Bin: "4-20"}}
	_, before, err := wave.Walk(plain, stops)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]config.Layout{
		"depot":        {Depot: &config.Point{X: 12, Y: -8}},
		"cross_aisles": {CrossAisles: []float64{-1.5, 14.5, 30.5}},
		"open":         {Open: true, Depot: &config.Point{X: 4, Y: -20}},
		"one_way":      {OneWay: []config.OneWay{{Zone: "A", Aisle: 2, To: "up"}, {Zone: "A", Aisle: 3, To: "up"}, {Zone: "A", Aisle: 4, To: "up"}}},
		"blocked":      {Blocked: []config.Blocked{{Zone: "A", Aisle: 3, From: 5, To: 6}}},
		"drop":         {Drops: []config.Point{{X: 12, Y: 32}}},
	} {
		l, err := wave.NewLayout(bins, withLayout(plain.Geometry(), c))
		if err != nil {
			t.Fatal(name, err)
		}
		if _, m, err := wave.Walk(l, stops); err != nil || m == before {
			t.Errorf("%s: %v m, %v; without it %v m", name, m, err, before)
		}
	}
	shut := config.Layout{Blocked: []config.Blocked{{Zone: "A", Aisle: 3, From: -10000, To: 10000}}}
	l, err := wave.NewLayout(bins, withLayout(plain.Geometry(), shut))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := wave.Walk(l, stops); err == nil {
		t.Error("a bin in an aisle that is shut is walked to")
	}
}
