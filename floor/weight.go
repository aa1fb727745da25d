package floor

import (
	"cmp"
	"math"
	"slices"
)

// A UnitWeight is what sealed parcels have taught of the weight of one piece of
// a SKU: its mean and its spread. It is kept in whole milligrams, so that a
// rebuild on another machine gives the same row.
type UnitWeight struct {
	N    int            // parcels that taught it, counted up to its memory; 0: not known yet
	Mean int64          // of one piece, mg
	Var  int64          // of one piece around Mean, mg²
	Odd  []WeightLesson // the newest lessons that did not fit
}

// A WeightLesson is what one parcel says of a SKU: so many pieces weighed so
// much each.
type WeightLesson struct {
	Each   int64 // mg
	Pieces int
}

// How a UnitWeight learns.
const (
	weightMemory = 50   // parcels; older ones fade, so that a drift is followed
	weightOdd    = 5    // lessons that do not fit and agree begin it anew
	parcelNoise  = 4000 // mg: the scale's step, tape and filling of one parcel
	maxLesson    = 100  // pieces of one parcel that count: keeps the sums within an int64
)

// Learn takes in a lesson. One that does not fit what is known is set aside:
// a wrong count must not spoil the mean. Five in a row that agree with each other
// are the truth from then on: the goods have changed.
func (u *UnitWeight) Learn(l WeightLesson) {
	l.Pieces = min(l.Pieces, maxLesson)
	if l.Each <= 0 || l.Each > int64(100_000_000) || l.Pieces < 1 {
		return
	}
	if u.N > 0 && l.fits(u.Mean, u.Var) {
		u.Odd = nil
		u.N = min(u.N+1, weightMemory)
		d := l.Each - u.Mean
		u.Mean += d / int64(u.N)
		u.Var += (int64(l.Pieces)*d*(l.Each-u.Mean) - u.Var) / int64(u.N-1)
		return
	}
	u.Odd = append(slices.Clone(u.Odd), l)
	if len(u.Odd) < weightOdd {
		return
	}
	mean, spread := u.agreed()
	fit := 0
	for _, o := range u.Odd {
		if o.fits(mean, spread) {
			fit++
		}
	}
	if fit < weightOdd-1 {
		u.Odd = slices.Delete(u.Odd, 0, 1)
		return
	}
	*u = UnitWeight{N: weightOdd, Mean: mean, Var: spread}
}

// agreed gives the middle of the odd lessons and, as their spread, the middle of
// the squares of how far they are from it: neither follows one wrong lesson.
func (u *UnitWeight) agreed() (mean, spread int64) {
	mean = middle(u.Odd, func(l WeightLesson) int64 { return l.Each })
	return mean, middle(u.Odd, func(l WeightLesson) int64 {
		d := l.Each - mean
		return int64(l.Pieces) * d * d
	})
}

func middle(of []WeightLesson, value func(WeightLesson) int64) int64 {
	var all []int64
	for _, l := range of {
		all = append(all, value(l))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// fits says whether the lesson is within five spreads of mean, the parcel's own
// noise counted in.
func (l WeightLesson) fits(mean, spread int64) bool {
	d, q := float64(l.Each-mean), float64(l.Pieces)
	return d*d <= 25*(float64(spread)/q+parcelNoise*parcelNoise/(q*q))
}

// A PackedSKU is pieces of one SKU in a parcel, and what one of them weighs. With
// no pieces it is one that might have got in by mistake.
type PackedSKU struct {
	SKU  SKU
	Qty  int
	Each int64 // mg; 0: not known
	Var  int64 // of one piece, mg²
	Sure bool  // learned from parcels, not only written down
}

// A Packaging is a box or bag that a packer may take; its code is on it, or on a
// card beside the pile.
type Packaging struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Grams Grams  `json:"grams"`
}

// A Tolerance is by how much a parcel may miss its expected weight: Abs grams or
// Pct percent, whichever is more. Where every SKU of a parcel has been learned,
// four spreads count if that is less, but never less than Least.
type Tolerance struct {
	Abs   Grams
	Pct   int
	Least Grams
}

// Expect gives what a parcel should weigh and by how much it may miss that. It
// says false if the weight of a SKU is not known.
func (t Tolerance) Expect(in []PackedSKU, box Grams) (expected, tolerance Grams, known bool) {
	mg, spread, sure := int64(box)*1000, 0.0, true
	for _, p := range in {
		if p.Each <= 0 {
			return 0, 0, false
		}
		mg += p.Each * int64(p.Qty)
		spread += float64(p.Var) * float64(p.Qty)
		sure = sure && p.Sure
	}
	expected = Grams((mg + 500) / 1000)
	tolerance = max(t.Abs, expected*Grams(t.Pct)/100)
	if learned := Grams(math.Ceil(4 * math.Sqrt(spread+parcelNoise*parcelNoise) / 1000)); sure && len(in) > 0 {
		tolerance = min(tolerance, max(learned, t.Least))
	}
	return expected, tolerance, true
}

// An Explanation of a gap: with these pieces more (or fewer, below zero) than
// was scanned, or in that packaging, the parcel would weigh what it does.
type Explanation struct {
	Pieces []SKUQty `json:"pieces,omitempty"`
	Box    string   `json:"box,omitempty"`  // the code of another packaging
	Left   Grams    `json:"left,omitempty"` // what it leaves unexplained
}

// How far Explain searches.
const (
	maxExtra    = 9  // pieces too many of one SKU
	maxPairQty  = 3  // pieces of each of two SKUs
	maxPairSKUs = 60 // parcels with more are searched for one SKU only
	maxExplain  = 3  // explanations given
)

// Explain gives the likeliest reasons for a gap (what a parcel weighs over, or
// below zero under, what it should): one SKU more or fewer times, another
// packaging, and if that takes more than two pieces, two SKUs. Fewest pieces
// first, then the closest. A gap within the tolerance needs none.
func Explain(in []PackedSKU, box Grams, boxes []Packaging, gap, tolerance Grams) []Explanation {
	if -tolerance <= gap && gap <= tolerance {
		return nil
	}
	e := explainer{gap: int64(gap) * 1000, tol: int64(tolerance) * 1000}
	for _, p := range in {
		if n := nearest(e.gap, p.Each, -p.Qty, maxExtra); n != 0 {
			e.take(Explanation{Pieces: []SKUQty{{p.SKU, n}}}, int64(n)*p.Each)
		}
	}
	for _, b := range boxes {
		if b.Grams != box {
			e.take(Explanation{Box: b.Code}, int64(b.Grams-box)*1000)
		}
	}
	if plain := slices.ContainsFunc(e.found, func(x Explanation) bool { return x.count() <= 2 }); !plain && len(in) <= maxPairSKUs {
		e.pairs(in)
	}
	slices.SortStableFunc(e.found, func(a, b Explanation) int {
		return cmp.Or(cmp.Compare(a.count(), b.count()), cmp.Compare(abs(a.Left), abs(b.Left)))
	})
	return e.found[:min(len(e.found), maxExplain)]
}

type explainer struct {
	gap, tol int64 // mg
	found    []Explanation
}

// take keeps x if, being worth so many milligrams, it explains the gap.
func (e *explainer) take(x Explanation, worth int64) {
	left := e.gap - worth
	if left < -e.tol || left > e.tol {
		return
	}
	x.Left = Grams(math.Round(float64(left) / 1000))
	e.found = append(e.found, x)
}

func (e *explainer) pairs(in []PackedSKU) {
	for i, a := range in {
		for _, b := range in[i+1:] {
			for n := -min(a.Qty, maxPairQty); n <= maxPairQty; n++ {
				worth := int64(n) * a.Each
				m := nearest(e.gap-worth, b.Each, -min(b.Qty, maxPairQty), maxPairQty)
				if n == 0 || m == 0 {
					continue
				}
				e.take(Explanation{Pieces: []SKUQty{{a.SKU, n}, {b.SKU, m}}}, worth+int64(m)*b.Each)
			}
		}
	}
}

// nearest is how many pieces of a weight, from least to most, come closest to a
// gap; 0 where the weight is not known.
func nearest(gap, each int64, least, most int) int {
	if each <= 0 {
		return 0
	}
	n := math.Round(float64(gap) / float64(each))
	return int(max(float64(least), min(n, float64(most))))
}

// count is how many pieces differ; another packaging counts as one.
func (x Explanation) count() int {
	n := 0
	for _, p := range x.Pieces {
		n += abs(p.Qty)
	}
	if x.Box != "" {
		n++
	}
	return n
}

func abs[T ~int | ~int64](n T) T { return max(n, -n) }
