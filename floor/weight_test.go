package floor_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"floord/floor"
)

// teach gives n lessons of a SKU whose pieces weigh each mg, give or take spread,
// from parcels of 1 to 3 pieces on a scale of 5 g steps.
func teach(u *floor.UnitWeight, r *rand.Rand, n int, each, spread float64) {
	for range n {
		q := 1 + r.IntN(3)
		mg := 0.0
		for range q {
			mg += each + r.NormFloat64()*spread
		}
		step := int64(mg/5000+0.5) * 5000
		u.Learn(floor.WeightLesson{Each: step / int64(q), Pieces: q})
	}
}

func near(got int64, want, off float64) bool { d := float64(got) - want; return d <= off && d >= -off }

func TestUnitWeightLearns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var u floor.UnitWeight
	for range 4 {
		u.Learn(floor.WeightLesson{Each: 250_000, Pieces: 1})
		if u.N != 0 {
			t.Fatalf("after fewer than five parcels it claims to know: %+v", u)
		}
	}
	u = floor.UnitWeight{}
	teach(&u, r, 80, 250_000, 3000)
	if !near(u.Mean, 250_000, 2000) || u.Var < 2000*2000 || u.Var > 6000*6000 {
		t.Errorf("learned %+v; want 250 g and a spread of 3 g or a little more", u)
	}
	before := u
	for range 30 { // wrong counts come in, but not five in a row
		u.Learn(floor.WeightLesson{Each: 500_000, Pieces: 1})
		u.Learn(floor.WeightLesson{Each: 125_000, Pieces: 2})
		teach(&u, r, 2, 250_000, 3000)
	}
	if !near(u.Mean, float64(before.Mean), 2000) || u.Var > 6000*6000 {
		t.Errorf("wrong counts moved it from %+v to %+v", before, u)
	}
	teach(&u, r, 5, 310_000, 1000) // the maker has changed the box
	if !near(u.Mean, 310_000, 4000) {
		t.Errorf("after five parcels of the new kind: %+v; want 310 g", u)
	}
	teach(&u, r, 200, 325_000, 1000)
	if !near(u.Mean, 325_000, 2000) {
		t.Errorf("a drift was not followed: %+v; want 325 g", u)
	}
}

// Lessons of any kind, in any order: no panic, and no weight that none of them said.
func TestUnitWeightStaysSane(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var u floor.UnitWeight
		lo, hi := int64(1<<62), int64(0)
		for range rapid.IntRange(1, 60).Draw(rt, "lessons") {
			l := floor.WeightLesson{
				Each:   rapid.OneOf(rapid.Int64Range(1, 100_000_000), rapid.Int64Range(200_000, 210_000)).Draw(rt, "each"),
				Pieces: rapid.IntRange(1, 1_000_000).Draw(rt, "pieces"),
			}
			lo, hi = min(lo, l.Each), max(hi, l.Each)
			u.Learn(l)
			if u.N > 0 && (u.Mean < lo || u.Mean > hi || u.Var < 0) || len(u.Odd) > 4 {
				rt.Fatalf("after %+v: %+v", l, u)
			}
		}
	})
}

func TestExpect(t *testing.T) {
	tol := floor.Tolerance{Abs: 30, Pct: 5, Least: 10}
	written := floor.PackedSKU{SKU: "A", Qty: 2, Each: 400_000}
	learned := floor.PackedSKU{SKU: "B", Qty: 3, Each: 20_500, Var: 1_000_000, Sure: true}
	for _, tt := range []struct {
		name           string
		in             []floor.PackedSKU
		box, want, off floor.Grams
		known          bool
	}{
		{"as written down: percent", []floor.PackedSKU{written}, 120, 920, 46, true},
		{"as written down: grams", []floor.PackedSKU{{SKU: "A", Qty: 1, Each: 100_000}}, 0, 100, 30, true},
		{"learned is narrower", []floor.PackedSKU{learned}, 120, 182, 18, true},
		{"one is not learned", []floor.PackedSKU{learned, written}, 0, 862, 43, true},
		{"one is not known", []floor.PackedSKU{learned, {SKU: "C", Qty: 1}}, 120, 0, 0, false},
	} {
		got, off, known := tol.Expect(tt.in, tt.box)
		if got != tt.want || off != tt.off || known != tt.known {
			t.Errorf("%s: %d ± %d, %v; want %d ± %d, %v", tt.name, got, off, known, tt.want, tt.off, tt.known)
		}
	}
}

func TestExplain(t *testing.T) {
	cup := floor.PackedSKU{SKU: "CUP", Qty: 2, Each: 310_000}
	book := floor.PackedSKU{SKU: "BOOK", Qty: 1, Each: 480_000}
	card := floor.PackedSKU{SKU: "CARD", Qty: 4, Each: 22_000}
	gift := floor.PackedSKU{SKU: "GIFT", Each: 95_000} // of the order, but not of this parcel
	unknown := floor.PackedSKU{SKU: "X", Qty: 1}
	all := []floor.PackedSKU{cup, book, card, gift, unknown}
	boxes := []floor.Packaging{{Code: "BOX-2", Grams: 120}, {Code: "BOX-4", Grams: 260}}
	for _, tt := range []struct {
		name     string
		gap, tol floor.Grams
		want     string // the first
	}{
		{"within the tolerance", 12, 12, ""},
		{"one cup is missing", -305, 12, "[{CUP -1}]"},
		{"both cups are missing", -622, 12, "[{CUP -2}]"},
		{"a third cup", 309, 12, "[{CUP 1}]"},
		{"two cards are missing", -45, 12, "[{CARD -2}]"},
		{"the gift got in", 95, 12, "[{GIFT 1}]"},
		{"the large box was taken", 139, 12, "BOX-4"},
		{"a cup was taken for the book", 170, 12, "[{CUP -1} {BOOK 1}]"},
		{"nothing there is explains it", 5000, 12, ""},
	} {
		got := floor.Explain(all, 120, boxes, tt.gap, tt.tol)
		first := ""
		if len(got) > 0 {
			if first = got[0].Box; first == "" {
				first = fmt.Sprint(got[0].Pieces)
			}
		}
		if first != tt.want {
			t.Errorf("%s: %+v; want %q first", tt.name, got, tt.want)
		}
	}
}

// Stickers so light that the grams of the gap are more of them than there can be.
func TestExplainLightGoods(t *testing.T) {
	stickers := []floor.PackedSKU{{SKU: "STICKER", Qty: 1, Each: 167}}
	got := floor.Explain(stickers, 0, nil, 2, 1)
	if len(got) != 1 || fmt.Sprint(got[0].Pieces) != "[{STICKER 9}]" {
		t.Errorf("2 g over: %+v; want 9 stickers too many", got)
	}
}

// What Explain says does explain the gap, is about what there is, and the plain
// truth of one SKU is among it or something simpler is.
func TestExplainExplains(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var in []floor.PackedSKU
		for i := range rapid.IntRange(1, 12).Draw(rt, "skus") {
			in = append(in, floor.PackedSKU{
				SKU: floor.SKU(fmt.Sprint("S", i)), Qty: rapid.IntRange(0, 6).Draw(rt, "qty"),
				Each: rapid.Int64Range(0, 2_000_000).Draw(rt, "each"),
			})
		}
		tol := floor.Grams(rapid.IntRange(1, 60).Draw(rt, "tol"))
		boxes := []floor.Packaging{{Code: "B1", Grams: 100}, {Code: "B2", Grams: 250}}
		p := rapid.SampledFrom(in).Draw(rt, "wrong")
		n := rapid.IntRange(-p.Qty, 9).Draw(rt, "by")
		gap := floor.Grams(math.Round(float64(n) * float64(p.Each) / 1000))
		got := floor.Explain(in, 100, boxes, gap, tol)
		if gap >= -tol && gap <= tol {
			if got != nil {
				rt.Fatalf("a gap of %d within %d is explained: %+v", gap, tol, got)
			}
			return
		}
		if len(got) == 0 {
			rt.Fatalf("%d of %+v explain %d, but nothing was found", n, p, gap)
		}
		if len(got) > 3 {
			rt.Fatalf("%d explanations", len(got))
		}
		for i, x := range got {
			left := int64(gap) * 1000
			pieces := 0
			for _, q := range x.Pieces {
				at := slices.IndexFunc(in, func(p floor.PackedSKU) bool { return p.SKU == q.SKU })
				if at < 0 || q.Qty == 0 || -q.Qty > in[at].Qty {
					rt.Fatalf("%+v of %+v", x, in)
				}
				left -= int64(q.Qty) * in[at].Each
				pieces += max(q.Qty, -q.Qty)
			}
			if x.Box != "" {
				left -= 150_000
				pieces++
			}
			if d := max(left, -left); d > int64(tol)*1000 {
				rt.Fatalf("%+v leaves %d mg of %d g", x, left, gap)
			}
			if i == 0 && p.Each > 2000*int64(tol) && pieces > max(n, -n) {
				rt.Fatalf("%+v before the truth, %d of %s", x, n, p.SKU)
			}
		}
	})
}
