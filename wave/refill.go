package wave

import (
	"cmp"
	"math"
	"slices"
	"time"

	"floord/floor"
)

// A Need is what a bin that is picked from has of a SKU, and what is asked of it.
type Need struct {
	SKU     floor.SKU
	To      floor.BinID   // where it is picked from
	Have    int           // pieces in all such bins that nobody was promised, and on their way there
	Waits   int           // pieces that orders wait for which could not be promised theirs
	Daily   float64       // pieces that a day is expected to ask for; see Daily
	Reserve []floor.Stock // of it in reserve bins, what may be taken
}

// A Refill is a walk from a reserve bin to one that is picked from.
type Refill struct {
	From floor.Spot
	To   floor.BinID
	Qty  int
	Why  Reason
}

// Refills says which bins are to be filled up before the next waves: those that the
// orders which wait, and those expected within ahead, would empty. Each is brought
// what a day asks for, of the lot that expires first and of the fullest reserve bin
// before others. The SKU that lacks most comes first.
func Refills(needs []Need, ahead time.Duration) []Refill {
	type lack struct {
		Need
		soon, n int
	}
	var lacks []lack
	for _, x := range needs {
		soon := int(math.Ceil(x.Daily * float64(ahead) / float64(24*time.Hour)))
		if x.Have >= x.Waits+soon {
			continue
		}
		day := max(soon, int(math.Ceil(x.Daily)))
		lacks = append(lacks, lack{x, soon, x.Waits + day - x.Have})
	}
	slices.SortFunc(lacks, func(a, b lack) int {
		return cmp.Or(cmp.Compare(b.Waits-b.Have, a.Waits-a.Have), cmp.Compare(b.n, a.n), cmp.Compare(a.SKU, b.SKU))
	})
	var out []Refill
	for _, x := range lacks {
		slices.SortFunc(x.Reserve, func(a, b floor.Stock) int {
			return cmp.Or(cmp.Compare(a.LastDay(), b.LastDay()), cmp.Compare(b.Sellable(), a.Sellable()), cmp.Compare(a.Bin, b.Bin), cmp.Compare(a.No, b.No))
		})
		for _, r := range x.Reserve {
			n := min(x.n, r.Sellable())
			if n <= 0 {
				continue
			}
			out = append(out, Refill{From: r.Spot, To: x.To, Qty: n, Why: because(RunsEmpty, x.To, x.Have, x.Waits, x.soon, math.Round(ahead.Hours()))})
			x.n -= n
		}
	}
	return out
}

// rush is the seasonal guard: a day counts no more than so many times the middle one
// of the days on which a SKU was ordered.
const rush = 3

// Guard gives how much one day of these may count at most; 0 if nothing was ordered.
func Guard(days []int) int {
	busy := slices.DeleteFunc(slices.Clone(days), func(n int) bool { return n <= 0 })
	if len(busy) == 0 {
		return 0
	}
	slices.Sort(busy)
	return rush * busy[len(busy)/2]
}

// Daily gives what a day is expected to ask for of a SKU: the mean of the days, of
// which none counts for more than Guard says, so that one sale does not fill bins for
// weeks.
func Daily(days []int) float64 {
	if len(days) == 0 {
		return 0
	}
	limit, sum := Guard(days), 0
	for _, n := range days {
		sum += min(max(0, n), limit)
	}
	return float64(sum) / float64(len(days))
}
