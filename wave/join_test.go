package wave

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"floord/floor"

	"pgregory.net/rapid"
)

// joined gives what is left of a walk with those who have joined it.
func joined(run Running, c Joining) []Stop {
	var walk []Stop
	for i, s := range run.Rest {
		walk = append(walk, s)
		for _, a := range c.Stops {
			if a.Behind == i {
				walk = append(walk, a.Stop)
			}
		}
	}
	return walk
}

// on makes a walk of orders that has come to the bin first.
func on(t rapid.TB, l *Layout, first floor.BinID, orders ...Order) Running {
	t.Helper()
	run := Running{Orders: orders, Totes: len(orders)}
	var stops []Stop
	for i, o := range orders {
		for _, line := range o.Lines {
			stops = append(stops, Stop{Bin: line.Bin, SKU: line.SKU, Order: o.ID, Line: line.No, Slot: i + 1, Qty: line.Qty})
		}
	}
	walk, _, err := Walk(l, stops)
	if err != nil {
		t.Fatal(err)
	}
	run.Stops = len(walk)
	run.Rest = walk[max(0, slices.IndexFunc(walk, func(s Stop) bool { return s.Bin == first })):]
	return run
}

func TestJoin(t *testing.T) {
	l := demoFloor(t)
	// Up the first aisle, back down the second: 5 m of cross aisles, the picker is at bay 3.
	walk := func() Running {
		return on(t, l, "A-01-03-1", order("1", "A-01-01-1", "A-01-03-1", "A-01-09-1", "A-02-09-1", "A-02-02-1"))
	}
	r := DefaultRules()
	ahead, behind, beside := order("2", "A-01-05-1", "A-02-04-1"), order("3", "A-01-01-1"), order("4", "A-03-12-1")
	with := func(o Order, f func(*Order)) Order { f(&o); return o }
	tests := []struct {
		name   string
		run    Running
		open   []Order
		change func(*Rules)
		want   string // who joins, with the metres
	}{
		{"bins on the way", walk(), []Order{ahead}, nil, "2 +0"},
		{"the same bin as the next stop", walk(), []Order{order("5", "A-01-03-1")}, nil, "5 +0"},
		{"a bin that is behind costs the way back", walk(), []Order{behind}, nil, "3 +2"},
		{"too far", walk(), []Order{beside}, nil, ""},
		{"nobody may", walk(), []Order{ahead}, func(r *Rules) { r.JoinMetres = 0 }, ""},
		{"not even a little", walk(), []Order{behind}, func(r *Rules) { r.JoinMetres = 1 }, ""},
		{"the cart is full", walk(), []Order{ahead}, func(r *Rules) { r.TotesPerCart, r.MinFill = 1, 1 }, ""},
		{"too heavy together", walk(), []Order{ahead}, func(r *Rules) { r.MaxGrams = 600 }, ""},
		{"too many stops together", walk(), []Order{ahead}, func(r *Rules) { r.MaxLines = 6 }, ""},
		{"of another class", walk(), []Order{with(ahead, func(o *Order) { o.Class = "cold" })}, nil, ""},
		{"of another carrier", walk(), []Order{with(ahead, func(o *Order) { o.Carrier = "sf" })}, func(r *Rules) { r.SameCarrier = true }, ""},
		{"due before old", walk(), []Order{ahead, with(order("6", "A-01-01-1"), func(o *Order) { o.ShipBy = noon.Add(time.Hour) })}, nil, "6 +2"},
		{"least metres among equals", walk(), []Order{behind, ahead}, nil, "2 +0"},
		{"nobody makes another late", on(t, l, "A-01-03-1", with(walk().Orders[0], func(o *Order) { o.ShipBy = noon.Add(105 * time.Second) })), []Order{ahead}, nil, ""},
		{"who is late already is not made later than that", on(t, l, "A-01-03-1", with(walk().Orders[0], func(o *Order) { o.ShipBy = noon })), []Order{ahead}, nil, "2 +0"},
		{"nothing is left", Running{Orders: walk().Orders, Totes: 1, Stops: 5}, []Order{ahead}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := r
			if tt.change != nil {
				tt.change(&r)
			}
			got := ""
			for _, c := range Join(Snapshot{Orders: tt.open, Layout: l}, []Running{tt.run}, r, noon) {
				got += fmt.Sprintf("%s +%.0f", c.Order, c.Metres)
			}
			if got != tt.want {
				t.Errorf("Join = %q, want %q", got, tt.want)
			}
		})
	}
	c := Join(Snapshot{Orders: []Order{ahead}, Layout: l}, []Running{walk()}, r, noon)[0]
	if got, want := bins(joined(walk(), c)), "A-01-03-1 A-01-05-1 A-01-09-1 A-02-09-1 A-02-04-1 A-02-02-1"; got != want {
		t.Errorf("walk = %s, want %s", got, want)
	}
	if want := []Reason{because(JoinedWalk, "2", Metres(0), Metres(30))}; !reflect.DeepEqual(c.Why, want) {
		t.Errorf("Why = %v, want %v", c.Why, want)
	}
}

// A running walk is never reshuffled: with those who join, what was left of it comes
// in the order it had, from the stop the picker is on the way to; it grows by what
// was said and no more than allowed; nobody joins twice or does not fit.
func TestJoinNeverReshuffles(t *testing.T) {
	floors := []*Layout{demoFloor(t)}
	g := floors[0].Geometry()
	g.OneWay, g.Drops = []OneWay{{Zone: "A", Aisle: "02", Down: true}}, []Point{{X: 8, Y: -2}}
	l, err := NewLayout(demoBins(), g)
	if err != nil {
		t.Fatal(err)
	}
	floors = append(floors, l)
	joins := 0
	rapid.Check(t, func(rt *rapid.T) {
		l := rapid.SampledFrom(floors).Draw(rt, "floor")
		some := func(what string, n int) []Order {
			var out []Order
			for i := range n {
				o := order(fmt.Sprint(what, i))
				for k := range rapid.IntRange(1, 4).Draw(rt, "lines") {
					bin := floor.BinID(fmt.Sprintf("A-%02d-%02d-1", rapid.IntRange(1, 3).Draw(rt, "aisle"), rapid.IntRange(1, 24).Draw(rt, "bay")))
					o.Lines = append(o.Lines, Line{No: k + 1, SKU: floor.SKU("sku-" + bin), Bin: bin, Qty: 1, Grams: 100})
				}
				o.Class = rapid.SampledFrom([]string{"", "", "cold"}).Draw(rt, "class")
				out = append(out, o)
			}
			return out
		}
		r := DefaultRules()
		r.TotesPerCart, r.MinFill = rapid.IntRange(1, 6).Draw(rt, "totes"), 1
		r.MaxLines, r.MaxGrams = rapid.IntRange(0, 16).Draw(rt, "stops"), floor.Grams(rapid.IntRange(0, 20).Draw(rt, "grams"))*100
		r.JoinMetres = Metres(rapid.IntRange(0, 30).Draw(rt, "metres"))
		var runs []Running
		for range rapid.IntRange(1, 3).Draw(rt, "runs") {
			mine := some(fmt.Sprint("r", len(runs), "-"), rapid.IntRange(1, 3).Draw(rt, "orders"))
			for i := range mine {
				mine[i].Class = mine[0].Class
			}
			run := on(rt, l, "", mine...)
			run.Rest = run.Rest[rapid.IntRange(0, len(run.Rest)).Draw(rt, "done"):]
			runs = append(runs, run)
		}
		open := some("o", rapid.IntRange(1, 8).Draw(rt, "open"))
		got := Join(Snapshot{Orders: open, Layout: l}, runs, r, noon)
		shuffled := slices.Clone(open)
		slices.Reverse(shuffled)
		if again := Join(Snapshot{Orders: shuffled, Layout: l}, runs, r, noon); !reflect.DeepEqual(again, got) {
			rt.Fatalf("the order of the slices matters: %v and %v", got, again)
		}
		seen := map[any]bool{}
		for _, c := range got {
			joins++
			run := runs[c.Run]
			o := open[slices.IndexFunc(open, func(o Order) bool { return o.ID == c.Order })]
			if seen[c.Run] || seen[c.Order] {
				rt.Fatalf("twice in %+v", got)
			}
			seen[c.Run], seen[c.Order] = true, true
			walk := joined(run, c)
			if len(walk) != len(run.Rest)+len(o.Lines) || len(c.Stops) != len(o.Lines) {
				rt.Fatalf("%d stops, %d were left and %d join", len(walk), len(run.Rest), len(o.Lines))
			}
			if walk[0] != run.Rest[0] {
				rt.Fatalf("the picker is on the way to %v and is sent to %v", run.Rest[0], walk[0])
			}
			was, err1 := l.rest(run.Rest)
			is, err2 := l.rest(walk)
			if err1 != nil || err2 != nil || abs(is-was-c.Metres) > 1e-6 && c.Metres > 0 || is-was > r.JoinMetres+1e-6 {
				rt.Fatalf("%v m, then %v m: said to be %v more, %v are allowed", was, is, c.Metres, r.JoinMetres)
			}
			grams := floor.Grams(0)
			for _, x := range append(run.Orders, o) {
				if x.Class != o.Class {
					rt.Fatalf("%s of class %q joins %q", o.ID, o.Class, x.Class)
				}
				for _, l := range x.Lines {
					grams += l.Grams
				}
			}
			if run.Totes >= r.TotesPerCart || r.MaxLines > 0 && run.Stops+len(o.Lines) > r.MaxLines || r.MaxGrams > 0 && grams > r.MaxGrams {
				rt.Fatalf("%s does not fit %+v", o.ID, run)
			}
		}
	})
	if joins == 0 {
		t.Error("nobody ever joined")
	}
}

// rest is how long what is left of a walk is, from its first stop on.
func (l *Layout) rest(walk []Stop) (Metres, error) {
	total, from := Metres(0), depot
	for i, s := range walk {
		to, err := l.find(s.Bin)
		if err != nil {
			return 0, err
		}
		if i > 0 {
			total += l.step(from, to)
		}
		from = to
	}
	return total + l.step(from, depot), nil
}

// What a carrier collects soon goes before what another collects later, and says so.
func TestCutOff(t *testing.T) {
	l, r := demoFloor(t), DefaultRules()
	late, soon := order("1", "A-01-01-1"), order("2", "A-03-20-1")
	late.CutOff, late.Carrier, late.ShipBy = noon.Add(6*time.Hour), "yto", noon.Add(20*time.Hour)
	soon.CutOff, soon.Carrier, soon.ShipBy = noon.Add(time.Hour), "sf", noon.Add(30*time.Hour)
	s := Snapshot{Orders: []Order{late, soon}, Layout: l, FreePickers: 1}
	r.TotesPerCart, r.MinFill = 1, 1
	if res := Plan(t.Context(), s, r, noon); !slices.Equal(res.Waves[0].Orders, []floor.OrderID{"2"}) || len(res.Waiting) != 1 {
		t.Errorf("first goes %+v", res.Waves)
	} else if got, want := res.Waves[0].Why[0], because(CutOffSoon, 1, 60, floor.CarrierID("sf")); !reflect.DeepEqual(got, want) {
		t.Errorf("Why = %v, want %v", got, want)
	}
	soon.ShipBy = noon.Add(30 * time.Minute)
	s.Orders[1] = soon
	if got, want := Plan(t.Context(), s, r, noon).Waves[0].Why[0], because(DueSoon, 1, 30); !reflect.DeepEqual(got, want) {
		t.Errorf("Why = %v, want %v", got, want)
	}
}
