package wave

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"

	"floord/floor"
)

// A OneWay is an aisle that is walked in one direction only between the first and the
// last cross aisle: up, along rising y, or down. Its dead ends are walked both ways.
type OneWay struct {
	Zone, Aisle string
	Down        bool
}

// A Blocked piece of an aisle cannot be walked, and nothing on it be reached.
type Blocked struct {
	Zone, Aisle string
	From, To    Metres // y
}

// maxRough is how many crossings a floor may have that has one-way aisles, blocked
// pieces or drop points: its paths are kept in a table of their square.
const maxRough = 1500

// A rough floor knows the shortest paths where aisles are one-way or blocked, or walks
// end elsewhere than at the depot. The walk of Ratliff and Rosenthal asks for steps
// that can be taken both ways, so walks on it are built by insertion.
type rough struct {
	l     *Layout
	apart [][]Metres // from crossing to crossing; crossing c of aisle a is a*cross+c
	ways  []heading  // of each aisle
	shut  [][]Blocked
	start []leg   // from the depot to crossings
	ends  []leg   // from crossings to the depot or a drop point
	drops []Point // of ends, where there are drop points
}

// A heading says in which directions an aisle is walked.
type heading struct{ up, down bool }

// A leg joins a place to a crossing.
type leg struct {
	to int
	m  Metres
}

// plain reports whether the floor needs no rough one.
func (g Geometry) plain() bool {
	return len(g.OneWay) == 0 && len(g.Blocked) == 0 && len(g.Drops) == 0
}

// checkRough names what is wrong with one-way aisles, blocked pieces and drop points.
func (g Geometry) checkRough(bad *problems) {
	if g.plain() {
		return
	}
	if n := len(g.Aisles) * len(g.CrossAisles); n > maxRough {
		bad.addf("%d crossings, with one-way aisles, blocked pieces or drop points at most %d", n, maxRough)
	}
	known := map[[2]string]bool{}
	for _, a := range g.Aisles {
		known[[2]string{a.Zone, a.Name}] = true
	}
	for _, o := range g.OneWay {
		if !known[[2]string{o.Zone, o.Aisle}] {
			bad.addf("one-way aisle %s is not on the floor plan", Aisle{Zone: o.Zone, Name: o.Aisle}.label())
		}
	}
	for _, b := range g.Blocked {
		if !known[[2]string{b.Zone, b.Aisle}] {
			bad.addf("blocked aisle %s is not on the floor plan", Aisle{Zone: b.Zone, Name: b.Aisle}.label())
		}
		if !sane(b.From) || !sane(b.To) || b.From > b.To {
			bad.addf("aisle %s is blocked from %v to %v m", Aisle{Zone: b.Zone, Name: b.Aisle}.label(), b.From, b.To)
		}
	}
	for i, d := range g.Drops {
		if !sane(d.X) || !sane(d.Y) {
			bad.addf("drop point %d: %v, %v m is not on this floor", i+1, d.X, d.Y)
		}
	}
}

func newRough(l *Layout) *rough {
	g := l.geo
	r := &rough{l: l, ways: make([]heading, len(g.Aisles)), shut: make([][]Blocked, len(g.Aisles))}
	for i, a := range g.Aisles {
		r.ways[i] = heading{true, true}
		for _, o := range g.OneWay {
			if o.Zone == a.Zone && o.Aisle == a.Name {
				r.ways[i].up, r.ways[i].down = r.ways[i].up && !o.Down, r.ways[i].down && o.Down
			}
		}
		for _, b := range g.Blocked {
			if b.Zone == a.Zone && b.Aisle == a.Name {
				r.shut[i] = append(r.shut[i], b)
			}
		}
	}
	r.paths()
	r.start = r.around(g.Depot, l.gate, g.Open)
	r.ends = r.start
	if len(g.Drops) > 0 {
		r.ends = nil
		for _, d := range g.Drops {
			near := r.around(d, nearest(g.CrossAisles, d.Y), false)
			r.ends, r.drops = append(r.ends, near...), append(r.drops, slices.Repeat([]Point{d}, len(near))...)
		}
	}
	return r
}

// clear reports whether an aisle is free between two heights.
func (r *rough) clear(aisle int, from, to Metres) bool {
	for _, b := range r.shut[aisle] {
		if b.From <= max(from, to) && b.To >= min(from, to) {
			return false
		}
	}
	return true
}

// steps lists the crossings next to crossing c of aisle a.
func (r *rough) steps(at int) []leg {
	g := r.l.geo
	n := len(g.CrossAisles)
	a, c := at/n, at%n
	var out []leg
	if a > 0 {
		out = append(out, leg{at - n, g.Aisles[a].X - g.Aisles[a-1].X})
	}
	if a+1 < len(g.Aisles) {
		out = append(out, leg{at + n, g.Aisles[a+1].X - g.Aisles[a].X})
	}
	if c > 0 && r.ways[a].down && r.clear(a, g.CrossAisles[c-1], g.CrossAisles[c]) {
		out = append(out, leg{at - 1, g.CrossAisles[c] - g.CrossAisles[c-1]})
	}
	if c+1 < n && r.ways[a].up && r.clear(a, g.CrossAisles[c], g.CrossAisles[c+1]) {
		out = append(out, leg{at + 1, g.CrossAisles[c+1] - g.CrossAisles[c]})
	}
	return out
}

// legs is a heap of crossings, nearest first.
type legs []leg

func (h legs) Len() int           { return len(h) }
func (h legs) Less(i, j int) bool { return h[i].m < h[j].m }
func (h legs) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *legs) Push(x any)        { *h = append(*h, x.(leg)) }
func (h *legs) Pop() any          { x := (*h)[len(*h)-1]; *h = (*h)[:len(*h)-1]; return x }

// paths finds the shortest paths between crossings (Dijkstra).
func (r *rough) paths() {
	n := len(r.l.geo.Aisles) * len(r.l.geo.CrossAisles)
	next := make([][]leg, n)
	for at := range next {
		next[at] = r.steps(at)
	}
	r.apart = make([][]Metres, n)
	for from := range r.apart {
		d := slices.Repeat([]Metres{never}, n)
		d[from] = 0
		for open := (legs{{from, 0}}); len(open) > 0; {
			at := heap.Pop(&open).(leg)
			if at.m > d[at.to] {
				continue
			}
			for _, s := range next[at.to] {
				if m := at.m + s.m; m < d[s.to] {
					d[s.to] = m
					heap.Push(&open, leg{s.to, m})
				}
			}
		}
		r.apart[from] = d
	}
}

// around lists the crossings of the cross aisle at gate that a point beside it leads
// to: the next on each side, or over open space all of them.
func (r *rough) around(p Point, gate Metres, open bool) []leg {
	g := r.l.geo
	n, c := len(g.CrossAisles), slices.Index(g.CrossAisles, gate)
	var out []leg
	left, right := -1, -1
	for a, aisle := range g.Aisles {
		if open {
			out = append(out, leg{a*n + c, r.l.entrance(aisle.X)})
		}
		if aisle.X <= p.X {
			left = a
		}
		if aisle.X >= p.X && right < 0 {
			right = a
		}
	}
	for _, a := range []int{left, right} {
		if a >= 0 && !open {
			out = append(out, leg{a*n + c, abs(g.Aisles[a].X-p.X) + abs(gate-p.Y)})
		}
	}
	return out
}

// legs lists the crossings that place p leads to, or, if in is set, that lead to it.
func (r *rough) legs(p place, in bool) []leg {
	g := r.l.geo
	n, a := len(g.CrossAisles), int(p.aisle)
	inner := p.block > 0 && int(p.block) < n
	var out []leg
	if c := int(p.block) - 1; c >= 0 && (!inner || r.ways[a].down && !in || r.ways[a].up && in) && r.clear(a, g.CrossAisles[c], p.y) {
		out = append(out, leg{a*n + c, p.y - g.CrossAisles[c]})
	}
	if c := int(p.block); c < n && (!inner || r.ways[a].up && !in || r.ways[a].down && in) && r.clear(a, p.y, g.CrossAisles[c]) {
		out = append(out, leg{a*n + c, g.CrossAisles[c] - p.y})
	}
	return out
}

// step is the shortest way between two places, from the depot, or to where walks end.
func (r *rough) step(a, b int32) Metres {
	best := r.direct(a, b)
	from, to := r.start, r.ends
	if a != depot {
		from = r.legs(r.l.places[a], false)
	}
	if b != depot {
		to = r.legs(r.l.places[b], true)
	}
	for _, x := range from {
		for _, y := range to {
			best = min(best, x.m+r.apart[x.to][y.to]+y.m)
		}
	}
	return best
}

// direct is the way between two places that passes no crossing.
func (r *rough) direct(a, b int32) Metres {
	if a == depot || b == depot {
		return never
	}
	p, q := r.l.places[a], r.l.places[b]
	w := r.ways[p.aisle]
	inner := p.block > 0 && int(p.block) < len(r.l.geo.CrossAisles)
	if p.aisle == q.aisle && p.block == q.block && (!inner || w.up && q.y >= p.y || w.down && q.y <= p.y) && r.clear(int(p.aisle), p.y, q.y) {
		return abs(p.y - q.y)
	}
	return never
}

// unreached lists the bins that no walk can fetch from and end where walks end.
func (r *rough) unreached() map[floor.BinID]bool {
	lost := make([]bool, len(r.l.places))
	for p := range r.l.places {
		lost[p] = r.step(depot, int32(p)) == never || r.step(int32(p), depot) == never
	}
	out := map[floor.BinID]bool{}
	for id, p := range r.l.bins {
		if lost[p] {
			out[id] = true
		}
	}
	return out
}

// walk builds a walk: the places are put in where they cost least, farthest first,
// then pieces of up to three are moved while that saves.
func (r *rough) walk(visit []int32) ([]int32, Metres) {
	order := slices.Clone(visit)
	alone := make(map[int32]Metres, len(visit))
	for _, p := range visit {
		alone[p] = r.step(depot, p) + r.step(p, depot)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(alone[b], alone[a]), cmp.Compare(a, b)) })
	var walk []int32
	for _, p := range order {
		best, cost := 0, never
		for i := range len(walk) + 1 {
			before, after := near(walk, i-1), near(walk, i)
			m := r.step(before, p) + r.step(p, after)
			if len(walk) > 0 {
				m -= r.step(before, after)
			}
			if m < cost {
				best, cost = i, m
			}
		}
		walk = slices.Insert(walk, best, p)
	}
	for range len(walk) {
		if r.l.shift(walk) < 1e-9 {
			break
		}
	}
	total, from := Metres(0), depot
	for _, p := range walk {
		total += r.step(from, p)
		from = p
	}
	if len(walk) > 0 {
		total += r.step(from, depot)
	}
	return walk, total
}

// unreachable is the error of a bin that lies behind a blocked piece.
func unreachable(id floor.BinID) error { return fmt.Errorf("bin %s cannot be reached", id) }
