package floor

import (
	"fmt"
	"slices"
	"strconv"
)

// How bins may lie, in metres: nothing is that far from the rest of a floor, and an
// aisle is no wider (y runs along the aisles).
const (
	farBin    = 500
	wideAisle = 5
)

// CheckBins says what is odd about where bins are said to lie, at most 20 things:
// it may be right, and a person should look.
func CheckBins(bins []BinInfo) []*Refusal {
	const most = 20
	var out []*Refusal
	add := func(r *Refusal) {
		if len(out) < most {
			out = append(out, r)
		}
	}
	seen := map[BinID]bool{}
	at := map[string]BinInfo{}
	type span struct{ least, most BinInfo }
	aisles := map[int]span{}
	var xs, ys []float64
	for _, b := range bins {
		if seen[b.Bin] {
			add(Refuse("bin-twice", "bin", b.Bin))
		}
		seen[b.Bin] = true
		if b.Aisle == 0 {
			add(Refuse("bin-no-place", "bin", b.Bin))
			continue
		}
		xs, ys = append(xs, b.X), append(ys, b.Y)
		place := fmt.Sprintf("%.2f|%.2f", b.X, b.Y)
		if other, taken := at[place]; taken && other.Aisle != b.Aisle { // the levels of a bay share their place
			add(Refuse("bin-same-place", "bin", b.Bin, "other", other.Bin))
		} else if !taken {
			at[place] = b
		}
		s, known := aisles[b.Aisle]
		if !known || b.X < s.least.X {
			s.least = b
		}
		if !known || b.X > s.most.X {
			s.most = b
		}
		aisles[b.Aisle] = s
	}
	var numbers []int
	for a := range aisles {
		numbers = append(numbers, a)
	}
	slices.Sort(numbers)
	for _, a := range numbers {
		if s := aisles[a]; s.most.X-s.least.X > wideAisle {
			add(Refuse("aisle-wide", "aisle", strconv.Itoa(a), "bin", s.least.Bin, "other", s.most.Bin))
		}
	}
	if len(xs) > 0 {
		slices.Sort(xs)
		slices.Sort(ys)
		x, y := xs[len(xs)/2], ys[len(ys)/2]
		for _, b := range bins {
			if b.Aisle != 0 && (b.X-x > farBin || x-b.X > farBin || b.Y-y > farBin || y-b.Y > farBin) {
				add(Refuse("bin-far", "bin", b.Bin))
			}
		}
	}
	return out
}
