package wave

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"time"

	"floord/floor"
)

// Heat counts how often SKUs are picked, old picks counting less: one pick counts
// 1 when it happens, 1/2 a half-life later, 1/4 after two. The state depends only
// on what was added, bit for bit, never on the order of the additions, so a
// rebuilt view equals the one that grew. Heat belongs to one goroutine at a time.
type Heat struct {
	half time.Duration
	skus map[floor.SKU]*decayed
}

// A decayed count is kept as whole numbers, one sum for every half-life that saw
// a pick: n picks at age a within half-life g add n * 2^(a) to sum g, in units of
// 2^-heatBits. Sums of whole numbers do not depend on their order.
type decayed struct {
	last int64           // the latest half-life in sums
	sums map[int64]int64 // half-life since 1970 -> weighted picks begun in it
}

const (
	heatBits = 24        // of a pick's fraction that are kept
	heatSpan = 24        // half-lives after which a pick is forgotten (below 1e-7)
	maxPicks = 1_000_000 // of one Add
)

// NewHeat takes the half-life, at least a minute. A shop's season wants days to weeks.
func NewHeat(halfLife time.Duration) (*Heat, error) {
	if halfLife < time.Minute {
		return nil, errors.New("heat: the half-life must be a minute or more")
	}
	return &Heat{half: halfLife, skus: map[floor.SKU]*decayed{}}, nil
}

// Add counts n picks of sku at the moment at. n below 1 counts nothing, n above a
// million counts as a million.
func (h *Heat) Add(sku floor.SKU, n int, at time.Time) {
	if n < 1 {
		return
	}
	gen, part := h.split(at)
	d := h.skus[sku]
	if d == nil {
		d = &decayed{last: gen, sums: map[int64]int64{}}
		h.skus[sku] = d
	}
	d.last = max(d.last, gen)
	if gen > d.last-heatSpan {
		d.sums[gen] += int64(min(n, maxPicks)) * int64(math.Round(math.Exp2(part+heatBits)))
	}
	for g := range d.sums {
		if g <= d.last-heatSpan {
			delete(d.sums, g)
		}
	}
}

// At is the heat of sku now, in picks. Picks later than now count for more than 1:
// a caller whose clock went back sees no SKU vanish.
func (h *Heat) At(sku floor.SKU, now time.Time) float64 {
	d := h.skus[sku]
	if d == nil {
		return 0
	}
	gen, part := h.split(now)
	sum := 0.0
	for i := range int64(heatSpan) { // from the newest, so that the sum is the same every time
		if v := d.sums[d.last-i]; v != 0 {
			sum += math.Ldexp(float64(v), int(max(-2000, min(1000, d.last-i-gen)))-heatBits)
		}
	}
	return sum * math.Exp2(-part)
}

// Warm is a SKU with its heat.
type Warm struct {
	SKU  floor.SKU
	Heat float64
}

// Top lists the n hottest SKUs, hottest first; equals by name.
func (h *Heat) Top(n int, now time.Time) []Warm {
	all := make([]Warm, 0, len(h.skus))
	for sku := range h.skus {
		all = append(all, Warm{sku, h.At(sku, now)})
	}
	slices.SortFunc(all, func(a, b Warm) int {
		return cmp.Or(cmp.Compare(b.Heat, a.Heat), cmp.Compare(a.SKU, b.SKU))
	})
	return all[:min(max(0, n), len(all))]
}

// Bins is the heat of bins: of each, the sum over what lies in it.
func (h *Heat) Bins(lies map[floor.BinID][]floor.SKU, now time.Time) map[floor.BinID]float64 {
	bins := make(map[floor.BinID]float64, len(lies))
	for bin, skus := range lies {
		own := slices.Compact(slices.Sorted(slices.Values(skus)))
		for _, sku := range own {
			bins[bin] += h.At(sku, now)
		}
	}
	return bins
}

// split gives the half-life that t falls into, counted from 1970, and how far
// through it t is, from 0 to below 1.
func (h *Heat) split(t time.Time) (gen int64, part float64) {
	half := int64(h.half / time.Millisecond)
	ms := t.UnixMilli()
	gen = ms / half
	if ms%half < 0 {
		gen--
	}
	return gen, float64(ms-gen*half) / float64(half)
}
