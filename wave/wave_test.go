package wave

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"floord/floor"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)

// demoFloor is three aisles in two blocks, 24 bays each: aisles 4 m apart, cross
// aisles at 0, 14 and 28 m, the depot in front of the first aisle.
func demoFloor(t testing.TB) *Layout {
	t.Helper()
	l, err := NewLayout(demoBins(), Geometry{
		Aisles:      []Aisle{{"A", "01", 0}, {"A", "02", 4}, {"A", "03", 8}},
		CrossAisles: []Metres{0, 14, 28},
		Depot:       Point{X: 0, Y: -2},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func demoBins() []Bin {
	var bins []Bin
	for a := range 3 {
		for bay := range 24 {
			y := Metres(bay) + 1
			if bay >= 12 {
				y += 3
			}
			id := floor.BinID(fmt.Sprintf("A-%02d-%02d-1", a+1, bay+1))
			bins = append(bins, Bin{ID: id, Zone: "A", Aisle: fmt.Sprintf("%02d", a+1), X: Metres(4 * a), Y: y, Placed: true})
		}
	}
	return bins
}

// order makes an order with one piece from each bin.
func order(id string, bins ...floor.BinID) Order {
	o := Order{ID: floor.OrderID(id), Received: noon.Add(-time.Minute)}
	for i, b := range bins {
		o.Lines = append(o.Lines, Line{No: i + 1, SKU: floor.SKU("sku-" + b), Bin: b, Qty: 1, Grams: 100})
	}
	return o
}

func TestPlanSaysWhyAWaveGoes(t *testing.T) {
	r := DefaultRules()
	r.TotesPerCart, r.MinFill = 3, 2
	soon := func(o Order, in time.Duration) Order { o.ShipBy = noon.Add(in); return o }
	old := func(o Order) Order { o.Received = noon.Add(-r.MaxWait); return o }
	one, two, three := order("1", "A-01-01-1"), order("2", "A-01-02-1"), order("3", "A-03-01-1")
	urgent := one
	urgent.Urgent = true
	tests := []struct {
		name   string
		orders []Order
		want   []Reason
	}{
		{"full cart", []Order{one, two, three}, []Reason{because(FullCart, 3), because(SavesMetres, 10, 36, 26)}},
		{"enough to go", []Order{one, two}, []Reason{because(EnoughFill, 2, 2), because(SavesMetres, 6, 14, 8)}},
		{"urgent alone", []Order{urgent}, []Reason{because(Urgent, 1)}},
		{"due alone", []Order{soon(one, 35*time.Minute)}, []Reason{because(DueSoon, 1, 35)}},
		{"late alone", []Order{soon(one, -5*time.Minute)}, []Reason{because(Overdue, 1, 5)}},
		{"has waited", []Order{old(one)}, []Reason{because(WaitedLong, 20, 20)}},
		{"one bin for both", []Order{one, order("4", "A-01-01-1")}, []Reason{because(EnoughFill, 2, 2), because(SavesMetres, 6, 12, 6), because(HotCompany, 1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := Plan(t.Context(), Snapshot{Orders: tt.orders, Layout: demoFloor(t), FreePickers: 5}, r, noon)
			if len(res.Waves) != 1 {
				t.Fatalf("%d waves, %v waiting; want 1 wave", len(res.Waves), res.Waiting)
			}
			if got := res.Waves[0].Why; !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Why = %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPlanSaysWhyAnOrderStays(t *testing.T) {
	r := DefaultRules()
	r.MaxGrams, r.MaxLines, r.MinFill, r.MaxMillilitres = 1000, 3, 2, 1500
	bins := append(demoBins(), Bin{ID: "A-09-01-1", Zone: "A", Aisle: "09"})
	l, err := NewLayout(bins, demoFloor(t).Geometry())
	if err != nil {
		t.Fatal(err)
	}
	heavy, broken, loose, large := order("1", "A-01-01-1"), order("1", "A-01-01-1"), order("1", "A-01-01-1"), order("1", "A-01-01-1")
	large.Lines[0].Millilitres = 2000
	heavy.Lines[0].Qty, broken.Lines[0].Qty, loose.Lines[0].Bin = 11, 0, ""
	tests := []struct {
		name string
		o    Order
		want Reason
	}{
		{"no lines", order("1"), because(NoLines)},
		{"bin never measured", order("1", "A-01-01-1", "A-09-01-1"), because(BinUnplaced, "A-09-01-1")},
		{"bin not on the plan", order("1", "X-1"), because(UnknownBin, "X-1")},
		{"too heavy", heavy, because(TooHeavy, 1100, 1000)},
		{"too many lines", order("1", "A-01-01-1", "A-01-02-1", "A-01-03-1", "A-01-04-1"), because(TooManyLines, 4, 3)},
		{"too large", large, because(TooLarge, int64(2000), int64(1500))},
		{"no pieces", broken, because(BadLine, 1, "sku-A-01-01-1")},
		{"no bin", loose, because(NotAllocated, 1, "sku-A-01-01-1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fine := order("2", "A-02-02-1")
			fine.Urgent = true
			res := Plan(t.Context(), Snapshot{Orders: []Order{tt.o, fine}, Layout: l, FreePickers: 5}, r, noon)
			if want := []LeftOut{{"1", tt.want}}; !reflect.DeepEqual(res.SetAside, want) {
				t.Errorf("SetAside = %v, want %v", res.SetAside, want)
			}
			if len(res.Waves) != 1 || !slices.Equal(res.Waves[0].Orders, []floor.OrderID{"2"}) {
				t.Errorf("the rest was not planned: %+v", res)
			}
		})
	}
	one := order("1", "A-01-01-1")
	s := Snapshot{Orders: []Order{one}, Layout: l, FreePickers: 1}
	waits := func(name string, ctx context.Context, s Snapshot, r Rules, want Code) {
		t.Run(name, func(t *testing.T) {
			res := Plan(ctx, s, r, noon)
			if len(res.Waves) != 0 || len(res.Waiting) != 1 || res.Waiting[0].Why.Code != want {
				t.Errorf("got %+v, want one order waiting: %s", res, want)
			}
		})
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	waits("part-filled", t.Context(), s, r, WaitCompany)
	waits("planning cut short", over, s, r, Stopped)
	waits("no picker", t.Context(), Snapshot{Orders: s.Orders, Layout: l}, r, NoPicker)
	waits("impossible rules", t.Context(), s, Rules{}, BadRules)

	twice := Plan(t.Context(), Snapshot{Orders: []Order{one, one}, Layout: l, FreePickers: 1}, r, noon)
	if want := []LeftOut{{"1", because(TwiceInList)}}; !reflect.DeepEqual(twice.SetAside, want) || len(twice.Waves) > 0 {
		t.Errorf("listed twice: %+v, want %v", twice, want)
	}
	nowhere := Plan(t.Context(), Snapshot{Orders: []Order{one}, FreePickers: 1}, r, noon)
	if want := []LeftOut{{"1", because(NoLayoutGiven)}}; !reflect.DeepEqual(nowhere.SetAside, want) {
		t.Errorf("without a layout: %+v, want %v", nowhere, want)
	}
}

func TestPressingOrdersGoFirst(t *testing.T) {
	r := DefaultRules()
	r.TotesPerCart, r.MinFill = 2, 1
	far, near := order("far", "A-03-24-1"), order("near", "A-03-23-1")
	due, urgent := order("due", "A-01-02-1"), order("urgent", "A-01-24-1")
	due.ShipBy, urgent.Urgent = noon.Add(time.Hour), true
	late := order("late", "A-02-24-1")
	late.ShipBy = noon.Add(-time.Hour)
	s := Snapshot{Orders: []Order{far, near, due, late, urgent}, Layout: demoFloor(t), FreePickers: 2}
	res := Plan(t.Context(), s, r, noon)
	var got []string
	for _, w := range res.Waves {
		got = append(got, fmt.Sprint(w.Orders))
	}
	// due lies on the way of urgent; late leads the next wave, near is its nearest.
	if want := []string{"[urgent due]", "[late near]"}; !slices.Equal(got, want) {
		t.Errorf("waves %v, want %v", got, want)
	}
	if len(res.Waiting) != 1 || res.Waiting[0].Why.Code != NoPicker {
		t.Errorf("waiting %v, want the fifth order for want of a picker", res.Waiting)
	}
}

// A floor full of due orders is worked off by ship-by, not by what lies nearby.
func TestWhatIsDueFirstIsNotLeftForShortWalks(t *testing.T) {
	r := DefaultRules()
	r.TotesPerCart, r.MinFill = 4, 1
	s := Snapshot{Layout: demoFloor(t), FreePickers: 3}
	for i := range 60 { // the later an order is due, the nearer it lies
		o := order(fmt.Sprint(i), floor.BinID(fmt.Sprintf("A-01-%02d-1", 24-i*24/60)))
		o.ShipBy = noon.Add(time.Duration(i) * time.Minute)
		s.Orders = append(s.Orders, o)
	}
	for i, w := range Plan(t.Context(), s, r, noon).Waves {
		for _, id := range w.Orders {
			n, _ := strconv.Atoi(string(id))
			if n >= (i+1+window)*r.TotesPerCart {
				t.Errorf("wave %d takes order %d before more pressing ones: %v", i, n, w.Orders)
			}
		}
	}
}

// drawSnapshot makes floors and orders of every kind, broken ones included.
func drawSnapshot(t *rapid.T) (Snapshot, Rules) {
	l := drawLayout(t)
	ids := make([]floor.BinID, 0, len(l.bins))
	for id := range l.bins {
		ids = append(ids, id)
	}
	ids = append(ids, l.Unplaced()...)
	slices.Sort(ids)
	s := Snapshot{Layout: l, FreePickers: rapid.IntRange(0, 30).Draw(t, "pickers"), BinHeat: map[floor.BinID]float64{}}
	for i := range rapid.IntRange(0, 40).Draw(t, "orders") {
		o := Order{
			ID:       floor.OrderID(fmt.Sprintf("o%03d", i)),
			Urgent:   rapid.IntRange(0, 9).Draw(t, "urgent") == 0,
			Priority: rapid.IntRange(0, 2).Draw(t, "priority"),
			Carrier:  floor.CarrierID(rapid.SampledFrom([]string{"sf", "zto"}).Draw(t, "carrier")),
			Class:    rapid.SampledFrom([]string{"", "", "cold"}).Draw(t, "class"),
			Received: noon.Add(-time.Duration(rapid.IntRange(-5, 60).Draw(t, "age")) * time.Minute),
		}
		if rapid.Bool().Draw(t, "has ship-by") {
			o.ShipBy = noon.Add(time.Duration(rapid.IntRange(-60, 600).Draw(t, "ship-by")) * time.Minute)
		}
		for n := range rapid.IntRange(0, 6).Draw(t, "lines") {
			bin := floor.BinID("nowhere")
			if k := rapid.IntRange(0, len(ids)+1).Draw(t, "bin"); k < len(ids) {
				bin = ids[k]
			} else if k == len(ids) {
				bin = ids[0]
			}
			s.BinHeat[bin] = rapid.Float64Range(0, 10).Draw(t, "heat")
			o.Lines = append(o.Lines, Line{
				No: n + 1, SKU: floor.SKU(fmt.Sprintf("s%d", rapid.IntRange(1, 9).Draw(t, "sku"))), Bin: bin,
				Qty: rapid.IntRange(1, 5).Draw(t, "qty"), Grams: floor.Grams(rapid.IntRange(0, 900).Draw(t, "grams")),
				Millilitres: rapid.Int64Range(0, 500).Draw(t, "ml"), Fragile: rapid.Bool().Draw(t, "fragile"),
			})
		}
		s.Orders = append(s.Orders, o)
	}
	r := DefaultRules()
	r.TotesPerCart = rapid.IntRange(1, 8).Draw(t, "totes")
	r.MinFill = rapid.IntRange(0, r.TotesPerCart).Draw(t, "min fill")
	r.MaxLines = rapid.IntRange(0, 20).Draw(t, "max lines")
	r.MaxGrams = floor.Grams(rapid.IntRange(0, 9000).Draw(t, "max grams"))
	r.MaxMillilitres = rapid.Int64Range(0, 5000).Draw(t, "max ml")
	r.SameCarrier = rapid.Bool().Draw(t, "same carrier")
	r.SameZones = rapid.Bool().Draw(t, "same zones")
	r.Seed = rapid.Uint64().Draw(t, "seed")
	return s, r
}

func drawLayout(t *rapid.T) *Layout {
	var g Geometry
	for i := range rapid.IntRange(1, 5).Draw(t, "aisles") {
		x := 3*Metres(i) + Metres(rapid.Float64Range(0, 1).Draw(t, "x"))
		g.Aisles = append(g.Aisles, Aisle{Zone: "A", Name: fmt.Sprint(i), X: x})
	}
	y := Metres(0)
	for range rapid.IntRange(1, 4).Draw(t, "cross aisles") {
		g.CrossAisles = append(g.CrossAisles, y)
		y += Metres(rapid.Float64Range(1, 20).Draw(t, "block"))
	}
	g.Depot = Point{X: Metres(rapid.Float64Range(-2, 16).Draw(t, "depot x")), Y: Metres(rapid.Float64Range(-3, float64(y)+3).Draw(t, "depot y"))}
	g.Open = rapid.Bool().Draw(t, "open")
	if !g.Open && rapid.IntRange(0, 3).Draw(t, "rough") == 0 {
		g.Drops = []Point{g.Depot}
	}
	var bins []Bin
	for i := range rapid.IntRange(1, 25).Draw(t, "bins") {
		a := rapid.SampledFrom(g.Aisles).Draw(t, "aisle")
		bins = append(bins, Bin{
			ID: floor.BinID(fmt.Sprintf("b%02d", i)), Zone: a.Zone, Aisle: a.Name, X: a.X,
			Y:      Metres(rapid.Float64Range(-2, float64(y)+2).Draw(t, "bin y")),
			Placed: rapid.IntRange(0, 9).Draw(t, "placed") > 0,
		})
	}
	l, err := NewLayout(bins, g)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestEveryOrderIsInExactlyOnePlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := drawSnapshot(t)
		res := Plan(context.Background(), s, r, noon)
		checkPlan(t, s, r, res)
	})
}

// checkPlan holds what must be true of every plan.
func checkPlan(t rapid.TB, s Snapshot, r Rules, res Result) {
	t.Helper()
	at := map[floor.OrderID]int{}
	for _, w := range res.Waves {
		checkWave(t, s, r, w)
		for _, id := range w.Orders {
			at[id]++
		}
	}
	for _, l := range slices.Concat(res.Waiting, res.SetAside) {
		at[l.Order]++
		if _, known := messages[l.Why.Code]; !known {
			t.Errorf("order %s stays without a known reason: %v", l.Order, l.Why)
		}
	}
	if len(at) != len(s.Orders) {
		t.Errorf("%d orders in the plan, want %d", len(at), len(s.Orders))
	}
	for _, o := range s.Orders {
		if at[o.ID] != 1 {
			t.Errorf("order %s is in %d places, want 1", o.ID, at[o.ID])
		}
	}
	if len(res.Waves) > s.FreePickers {
		t.Errorf("%d waves for %d pickers", len(res.Waves), s.FreePickers)
	}
}

func checkWave(t rapid.TB, s Snapshot, r Rules, w Wave) {
	t.Helper()
	if len(w.Orders) == 0 || len(w.Orders) > r.slots() || len(w.Why) == 0 {
		t.Errorf("wave of %d orders with %d reasons, cart of %d", len(w.Orders), len(w.Why), r.slots())
	}
	var want []Stop
	var grams floor.Grams
	ml, classes := int64(0), map[string]bool{}
	carriers := map[floor.CarrierID]bool{}
	for i, id := range w.Orders {
		k := slices.IndexFunc(s.Orders, func(o Order) bool { return o.ID == id })
		carriers[s.Orders[k].Carrier] = true
		classes[s.Orders[k].Class] = true
		for _, l := range s.Orders[k].Lines {
			want = append(want, Stop{Bin: l.Bin, SKU: l.SKU, Order: id, Line: l.No, Slot: i + 1, Qty: l.Qty})
			grams += l.Grams * floor.Grams(l.Qty)
			ml += l.Millilitres * int64(l.Qty)
		}
	}
	if len(classes) > 1 || r.MaxMillilitres > 0 && ml > r.MaxMillilitres {
		t.Errorf("cart of classes %v and %d ml; rules %+v", classes, ml, r)
	}
	got := slices.Clone(w.Stops)
	slices.SortFunc(got, Stop.compare)
	slices.SortFunc(want, Stop.compare)
	if !slices.Equal(got, want) {
		t.Errorf("stops %v, want %v", got, want)
	}
	if r.MaxLines > 0 && len(w.Stops) > r.MaxLines || r.MaxGrams > 0 && grams > r.MaxGrams || r.SameCarrier && len(carriers) > 1 {
		t.Errorf("cart overloaded: %d stops, %d g, carriers %v; rules %+v", len(w.Stops), grams, carriers, r)
	}
	if m := walked(s.Layout, w.Stops); math.Abs(float64(m-w.Metres)) > 1e-6 {
		t.Errorf("metres = %v, walking them again gives %v", w.Metres, m)
	}
	seen := map[floor.BinID]bool{}
	for i, st := range w.Stops {
		if seen[st.Bin] && w.Stops[i-1].Bin != st.Bin {
			t.Errorf("the walk comes back to bin %s: %v", st.Bin, w.Stops)
		}
		seen[st.Bin] = true
	}
}

func TestPlanDoesNotDependOnTheOrderOfItsInput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := drawSnapshot(t)
		want := Plan(context.Background(), s, r, noon)
		mixed := s
		mixed.Orders = rapid.Permutation(s.Orders).Draw(t, "mixed")
		for i := range mixed.Orders {
			mixed.Orders[i].Lines = rapid.Permutation(mixed.Orders[i].Lines).Draw(t, "lines")
		}
		if got := Plan(context.Background(), mixed, r, noon); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	})
}

func TestACancelledPlanIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, r := drawSnapshot(t)
		ctx := &endsAfter{Context: context.Background(), left: rapid.IntRange(0, 5).Draw(t, "questions")}
		res := Plan(ctx, s, r, noon)
		checkPlan(t, s, r, res)
		if len(res.Waves) > 5 {
			t.Errorf("%d waves after the context ended", len(res.Waves))
		}
	})
}

// endsAfter is a context that ends when it has been asked a number of times.
type endsAfter struct {
	context.Context
	left int
}

func (c *endsAfter) Err() error {
	if c.left == 0 {
		return context.Canceled
	}
	c.left--
	return nil
}

// walked measures a walk without the package's own geometry: every corner, bin
// and the depot is a node of a graph, and steps are shortest paths in it.
func walked(l *Layout, stops []Stop) Metres {
	g := l.Geometry()
	var nodes []Point
	node := func(p Point) int {
		if i := slices.Index(nodes, p); i >= 0 {
			return i
		}
		nodes = append(nodes, p)
		return len(nodes) - 1
	}
	var edges [][2]int
	chain := func(ps []Point) { // neighbours on one line
		slices.SortFunc(ps, func(a, b Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
		for i := 1; i < len(ps); i++ {
			edges = append(edges, [2]int{node(ps[i-1]), node(ps[i])})
		}
	}
	door := slices.MinFunc(g.CrossAisles, func(a, b Metres) int {
		return cmp.Compare(math.Abs(float64(a-g.Depot.Y)), math.Abs(float64(b-g.Depot.Y)))
	})
	if g.Open {
		door = g.CrossAisles[0]
		if last := g.CrossAisles[len(g.CrossAisles)-1]; math.Abs(float64(last-g.Depot.Y)) < math.Abs(float64(door-g.Depot.Y)) {
			door = last
		}
	}
	for _, a := range g.Aisles {
		var line []Point
		for _, c := range g.CrossAisles {
			line = append(line, Point{a.X, c})
		}
		for _, s := range stops {
			if p, _ := l.Where(s.Bin); p.X == a.X {
				line = append(line, p)
			}
		}
		chain(line)
	}
	for _, c := range g.CrossAisles {
		var line []Point
		for _, a := range g.Aisles {
			line = append(line, Point{a.X, c})
		}
		if c == door && !g.Open {
			line = append(line, Point{g.Depot.X, c})
		}
		chain(line)
	}
	lead := 2 * math.Abs(float64(g.Depot.Y-door))
	home := node(Point{g.Depot.X, door})
	if g.Open { // a node of its own, with a way to every crossing of the door
		nodes, home, lead = append(nodes, g.Depot), len(nodes), 0
		for _, a := range g.Aisles {
			edges = append(edges, [2]int{home, node(Point{a.X, door})})
		}
	}
	dist := make([][]float64, len(nodes))
	for i := range dist {
		dist[i] = slices.Repeat([]float64{math.Inf(1)}, len(nodes))
		dist[i][i] = 0
	}
	for _, e := range edges {
		a, b := nodes[e[0]], nodes[e[1]]
		d := math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y))
		dist[e[0]][e[1]], dist[e[1]][e[0]] = min(d, dist[e[0]][e[1]]), min(d, dist[e[0]][e[1]])
	}
	for k := range nodes {
		for i := range nodes {
			for j := range nodes {
				dist[i][j] = min(dist[i][j], dist[i][k]+dist[k][j])
			}
		}
	}
	total, from := lead, home
	for _, s := range stops {
		p, _ := l.Where(s.Bin)
		total += dist[from][node(p)]
		from = node(p)
	}
	return Metres(total + dist[from][home])
}

func TestReasonsSpeak(t *testing.T) {
	r := because(DueSoon, 3, 35)
	if got, want := r.Text("zh-CN"), "3 单临近最晚发货，最急的还剩 35 分钟"; got != want {
		t.Errorf("zh: %q, want %q", got, want)
	}
	if got, want := r.Text("en"), "3 orders are due soon, the first in 35 min"; got != want {
		t.Errorf("en: %q, want %q", got, want)
	}
	if got, want := (Reason{Code: "new", Args: []string{"1"}}).Text("en"), "new 1"; got != want {
		t.Errorf("a code of a newer version: %q, want %q", got, want)
	}
	for code, m := range messages {
		for i := range 9 {
			arg := fmt.Sprintf("{%d}", i)
			if strings.Contains(m.zh, arg) != strings.Contains(m.en, arg) {
				t.Errorf("%s: only one language says %s", code, arg)
			}
		}
	}
}

func TestRulesThatNoWaveCanFollowAreNamed(t *testing.T) {
	r := DefaultRules()
	if err := r.Check(); err != nil {
		t.Errorf("the default rules are refused: %v", err)
	}
	r.TotesPerCart, r.MinFill, r.MetresPerSecond = 4, 5, math.NaN()
	err := r.Check()
	for _, want := range []string{"min_fill is 5, but a wave holds only 4 orders", "metres_per_second is NaN"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check = %v, want it to say %q", err, want)
		}
	}
}

// manyOrders spreads orders of 1 to 8 lines over a floor of 30 aisles and 60 bays
// in two blocks, the near aisles hotter, as shops' orders are.
func manyOrders(tb testing.TB, n int) Snapshot {
	var bins []Bin
	var g Geometry
	for a := range 30 {
		g.Aisles = append(g.Aisles, Aisle{Zone: "A", Name: fmt.Sprint(a), X: Metres(3 * a)})
		for bay := range 60 {
			y := Metres(bay) + 1.5 + 3*Metres(bay/30)
			bins = append(bins, Bin{ID: floor.BinID(fmt.Sprintf("%d-%d", a, bay)), Zone: "A", Aisle: fmt.Sprint(a), X: Metres(3 * a), Y: y, Placed: true})
		}
	}
	g.CrossAisles = []Metres{0, 32.5, 66}
	g.Depot = Point{X: 45, Y: -2}
	l, err := NewLayout(bins, g)
	if err != nil {
		tb.Fatal(err)
	}
	s := Snapshot{Layout: l, FreePickers: math.MaxInt}
	x := uint64(1)
	next := func() float64 { // splitmix64
		x += 0x9e3779b97f4a7c15
		z := (x ^ x>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return float64((z^z>>31)>>11) / (1 << 53)
	}
	for i := range n {
		o := Order{ID: floor.OrderID(fmt.Sprintf("o%06d", i)), Received: noon.Add(-time.Duration(i) * time.Second)}
		if i%10 == 0 {
			o.ShipBy = noon.Add(time.Duration(i%7) * time.Hour)
		}
		for k := range 1 + int(8*next()*next()) {
			b := bins[int(float64(len(bins))*next()*next()*next())]
			o.Lines = append(o.Lines, Line{No: k + 1, SKU: floor.SKU(b.ID), Bin: b.ID, Qty: 1, Grams: 300})
		}
		s.Orders = append(s.Orders, o)
	}
	return s
}

func TestCompanySavesWalking(t *testing.T) {
	s, r := manyOrders(t, 300), DefaultRules()
	res := Plan(t.Context(), s, r, noon)
	checkPlan(t, s, r, res)
	var walked, inTurn Metres
	for _, w := range res.Waves {
		walked += w.Metres
	}
	for orders := range slices.Chunk(s.Orders, r.TotesPerCart) { // first come, first served
		var stops []Stop
		for _, o := range orders {
			for _, l := range o.Lines {
				stops = append(stops, Stop{Bin: l.Bin})
			}
		}
		_, m, err := Walk(s.Layout, stops)
		if err != nil {
			t.Fatal(err)
		}
		inTurn += m
	}
	if walked > 0.8*inTurn {
		t.Errorf("planned walks: %.0f m, orders in turn: %.0f m; want a fifth less", walked, inTurn)
	}
}

func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, r := manyOrders(b, n), DefaultRules()
			var m Metres
			for b.Loop() {
				m = 0
				for _, w := range Plan(b.Context(), s, r, noon).Waves {
					m += w.Metres
				}
			}
			b.ReportMetric(float64(m)/float64(n), "m/order")
		})
	}
}

func TestFragileGoesOnTop(t *testing.T) {
	r := DefaultRules()
	r.MinFill = 1
	s := Snapshot{Layout: demoFloor(t), FreePickers: 1}
	for k, fragile := range []int{0, 1, 2} {
		o := order("1", "A-01-05-1", "A-02-09-1", "A-03-05-1")
		o.Lines[fragile].Fragile = true
		s.Orders = []Order{o}
		w := Plan(t.Context(), s, r, noon).Waves[0]
		if at := slices.IndexFunc(w.Stops, func(s Stop) bool { return s.Line == fragile+1 }); at == 0 || k != 1 && at != 2 {
			t.Errorf("line %d is fragile and picked as number %d", fragile+1, at+1)
		}
	}
}
