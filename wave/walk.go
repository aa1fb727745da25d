package wave

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"floord/floor"
)

// Walk puts the stops in walking order and gives the length of the walk from the
// depot past all of them and back. With up to three cross aisles (two blocks) it
// is the shortest walk there is; with more it is the better of three S-shapes,
// shortened by turning and moving pieces of it; with one-way or blocked aisles or
// drop points it is built by insertion. A stop at a bin that l cannot
// place is an error.
func Walk(l *Layout, stops []Stop) ([]Stop, Metres, error) {
	visit := make([]int32, 0, len(stops))
	for _, s := range stops {
		p, err := l.find(s.Bin)
		if err != nil {
			return nil, 0, err
		}
		visit = append(visit, p)
	}
	slices.Sort(visit)
	visit = slices.Compact(visit)
	w := walker{l: l}
	metres := w.plan(visit)
	way := w.order(visit)
	if l.table == nil && l.rough == nil {
		metres -= l.shorten(way)
	}
	at := make(map[int32]int, len(visit)) // place -> rank in the walk
	for i, p := range way {
		at[p] = i
	}
	walk := slices.Clone(stops)
	slices.SortFunc(walk, func(a, b Stop) int {
		return cmp.Or(cmp.Compare(at[l.bins[a.Bin]], at[l.bins[b.Bin]]), a.compare(b))
	})
	return walk, metres, nil
}

// Length is the length of a walk in the given order, from the depot and back.
func Length(l *Layout, walk []Stop) (Metres, error) {
	total, from := Metres(0), depot
	for _, s := range walk {
		to, err := l.find(s.Bin)
		if err != nil {
			return 0, err
		}
		total += l.step(from, to)
		from = to
	}
	return total + l.step(from, depot), nil
}

// depot stands for the depot where places are given by number.
const depot int32 = -1

// step is the shortest way between two places or the depot.
func (l *Layout) step(a, b int32) Metres {
	switch {
	case a == b:
		return 0
	case l.rough != nil:
		return l.rough.step(a, b)
	case a == depot:
		return l.fromDepot(l.places[b])
	case b == depot:
		return l.fromDepot(l.places[a])
	}
	return l.between(l.places[a], l.places[b])
}

func (l *Layout) find(id floor.BinID) (int32, error) {
	if l.lost[id] {
		return 0, unreachable(id)
	}
	if p, ok := l.bins[id]; ok {
		return p, nil
	}
	if l.nobins[id] {
		return 0, fmt.Errorf("bin %s has no coordinates", id)
	}
	return 0, fmt.Errorf("bin %q is not on the floor plan", id)
}

// compare orders the stops of one place: bin by bin, a SKU at a time, slots rising.
func (s Stop) compare(o Stop) int {
	return cmp.Or(
		cmp.Compare(s.Bin, o.Bin), cmp.Compare(s.SKU, o.SKU), cmp.Compare(s.Slot, o.Slot),
		cmp.Compare(s.Order, o.Order), cmp.Compare(s.Line, o.Line), cmp.Compare(s.Qty, o.Qty))
}

// A walker measures walks and keeps its buffers between them: batching asks for
// tens of thousands. It belongs to one goroutine.
type walker struct {
	l    *Layout
	runs []run // the visit cut into runs: by sub-aisle, then by aisle
	cost []pair
	seqs [3][]int32 // three orders in which to take the runs
	best int        // the shortest of them

	layers []layer // of the exact walk; the first depth are in use
	depth  int
}

// A run is the part of a visit that is taken in one go along an aisle.
type run struct{ lo, hi int32 } // first and last index into the visit

// A pair holds a value for a run taken upwards (rising y) and one for downwards.
type pair struct{ up, down Metres }

// plan finds the walk over the places in visit, which is sorted and has none
// twice, and gives its length. order then lists it.
func (w *walker) plan(visit []int32) Metres {
	if len(visit) == 0 {
		return 0
	}
	if w.l.table != nil {
		return w.sweep(visit)
	}
	if w.l.rough != nil {
		_, m := w.l.rough.walk(visit)
		return m
	}
	w.sequence(visit)
	shortest := Metres(math.Inf(1))
	for i, seq := range w.seqs {
		// Only a clear gain counts, so that rounding never decides between twins.
		if m := w.measure(visit, seq); m < shortest-1e-9 {
			shortest, w.best = m, i
		}
	}
	return shortest
}

// sequence lists three orders of taking the runs: far blocks first, beginning on
// the left or on the right and going on from the side that is nearer; and whole
// aisles from left to right, through the blocks.
func (w *walker) sequence(visit []int32) {
	w.runs = w.runs[:0]
	w.seqs[0] = w.cut(w.seqs[0], visit, func(a, b place) bool { return a.sub == b.sub })
	w.seqs[2] = w.cut(w.seqs[2], visit, func(a, b place) bool { return a.aisle == b.aisle })
	cross, far := w.l.geo.CrossAisles, int32(-1)
	if w.l.gate > cross[0] && w.l.gate == cross[len(cross)-1] {
		far = 1 // the depot is at the back, so low blocks are the far ones
	}
	slices.SortStableFunc(w.seqs[0], func(a, b int32) int {
		return cmp.Compare(far*w.at(visit, a).block, far*w.at(visit, b).block)
	})
	w.seqs[1] = append(w.seqs[1][:0], w.seqs[0]...)
	w.snake(visit, w.seqs[0], false)
	w.snake(visit, w.seqs[1], true)
}

// cut adds a run for every stretch of visit whose places are together, and lists
// the runs in seq.
func (w *walker) cut(seq, visit []int32, together func(a, b place) bool) []int32 {
	seq = seq[:0]
	for i, p := range visit {
		if i == 0 || !together(w.l.places[p], w.l.places[visit[i-1]]) {
			seq = append(seq, int32(len(w.runs)))
			w.runs = append(w.runs, run{lo: int32(i)})
		}
		w.runs[len(w.runs)-1].hi = int32(i)
	}
	return seq
}

// at is the first place of run r.
func (w *walker) at(visit []int32, r int32) place { return w.l.places[visit[w.runs[r].lo]] }

// snake turns the runs of each block so that a block begins at the side where the
// one before it ended; the first one begins at the right if right is set.
func (w *walker) snake(visit, seq []int32, right bool) {
	for from := 0; from < len(seq); {
		to := from
		for to < len(seq) && w.at(visit, seq[to]).block == w.at(visit, seq[from]).block {
			to++
		}
		if from > 0 {
			end := w.x(visit, seq[from-1])
			right = abs(w.x(visit, seq[to-1])-end) < abs(w.x(visit, seq[from])-end)
		}
		if right {
			slices.Reverse(seq[from:to])
		}
		from = to
	}
}

func (w *walker) x(visit []int32, r int32) Metres { return w.l.geo.Aisles[w.at(visit, r).aisle].X }

// measure gives the length of the shortest walk that takes the runs in the order
// of seq, each upwards or downwards, and keeps the costs for order.
func (w *walker) measure(visit, seq []int32) Metres {
	l := w.l
	w.cost = w.cost[:0]
	for i, r := range seq {
		lo, hi := visit[w.runs[r].lo], visit[w.runs[r].hi]
		inside := l.places[hi].y - l.places[lo].y
		var c pair
		if i == 0 {
			c = pair{up: l.step(depot, lo), down: l.step(depot, hi)}
		} else {
			before := w.runs[seq[i-1]]
			top, bottom, was := visit[before.hi], visit[before.lo], w.cost[i-1]
			c.up = min(was.up+l.step(top, lo), was.down+l.step(bottom, lo))
			c.down = min(was.up+l.step(top, hi), was.down+l.step(bottom, hi))
		}
		w.cost = append(w.cost, pair{up: c.up + inside, down: c.down + inside})
	}
	last, c := w.runs[seq[len(seq)-1]], w.cost[len(seq)-1]
	return min(c.up+l.step(visit[last.hi], depot), c.down+l.step(visit[last.lo], depot))
}

// order lists the places of the walk that plan found.
func (w *walker) order(visit []int32) []int32 {
	if len(visit) == 0 {
		return nil
	}
	if w.l.table != nil {
		w.sweep(visit)
		return w.trace(visit)
	}
	if w.l.rough != nil {
		walk, _ := w.l.rough.walk(visit)
		return walk
	}
	seq := w.seqs[w.best]
	w.measure(visit, seq)
	walk := make([]int32, 0, len(visit))
	next := depot
	for i := len(seq) - 1; i >= 0; i-- { // from the end: each run knows best how to reach the next
		r, c := w.runs[seq[i]], w.cost[i]
		lo, hi := visit[r.lo], visit[r.hi]
		up := c.up+w.l.step(hi, next) <= c.down+w.l.step(lo, next)
		for k := range r.hi - r.lo + 1 {
			p := visit[r.lo+k]
			if up {
				p = visit[r.hi-k]
			}
			walk = append(walk, p)
		}
		next = lo
		if !up {
			next = hi
		}
	}
	slices.Reverse(walk)
	return walk
}

// shortenSpan is how far apart the ends of a piece may be that shorten turns or
// moves, so that a long walk does not take the square of its stops.
const shortenSpan = 100

// shorten turns pieces of the walk around (2-opt) and moves short ones elsewhere
// (Or-opt) while that saves anything, and gives the metres saved.
func (l *Layout) shorten(walk []int32) Metres {
	saved := Metres(0)
	for range len(walk) {
		gain := l.turn(walk) + l.shift(walk)
		if gain < 1e-9 {
			break
		}
		saved += gain
	}
	return saved
}

// near gives the place at i of the walk, the depot beyond its ends.
func near(walk []int32, i int) int32 {
	if i < 0 || i >= len(walk) {
		return depot
	}
	return walk[i]
}

// turn turns every piece around whose turning saves.
func (l *Layout) turn(walk []int32) Metres {
	saved := Metres(0)
	for i := range walk {
		for j := i + 1; j < min(len(walk), i+shortenSpan); j++ {
			before, after := near(walk, i-1), near(walk, j+1)
			gain := l.step(before, walk[i]) + l.step(walk[j], after) - l.step(before, walk[j]) - l.step(walk[i], after)
			if gain > 1e-9 {
				slices.Reverse(walk[i : j+1])
				saved += gain
			}
		}
	}
	return saved
}

// shift moves pieces of up to three places where moving them saves.
func (l *Layout) shift(walk []int32) Metres {
	saved := Metres(0)
	for n := 1; n <= 3; n++ {
		for i := 0; i+n <= len(walk); i++ {
			for j := max(0, i-shortenSpan); j+n <= min(len(walk), i+shortenSpan); j++ {
				saved += l.move(walk, i, j, n)
			}
		}
	}
	return saved
}

// move brings the n places at i to index j if that saves, and gives the metres.
func (l *Layout) move(walk []int32, i, j, n int) Metres {
	if i == j {
		return 0
	}
	lo, mid, hi := i, i+n, j+n // two neighbouring pieces change places
	if j < i {
		lo, mid, hi = j, i, i+n
	}
	before, after := near(walk, lo-1), near(walk, hi)
	gain := l.step(before, walk[lo]) + l.step(walk[mid-1], walk[mid]) + l.step(walk[hi-1], after) -
		l.step(before, walk[mid]) - l.step(walk[hi-1], walk[lo]) - l.step(walk[mid-1], after)
	if gain <= 1e-9 {
		return 0
	}
	slices.Reverse(walk[lo:mid])
	slices.Reverse(walk[mid:hi])
	slices.Reverse(walk[lo:hi])
	return gain
}
