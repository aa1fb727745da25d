package wave

import (
	"math"
	"slices"
)

// The shortest walk is found by the dynamic programme of Ratliff and Rosenthal
// (1983), and of Roodbergen and de Koster (2001) for three cross aisles. The
// aisles of a visit are taken from left to right. Of the part that is already
// decided, only a state matters: at each crossing of the last aisle the parity
// of the steps that meet there, and which crossings hang together. A walk is
// whole when every crossing is even and all hang together.

// maxCrossings is how many cross aisles are walked exactly. The states are 6 for
// two and 24 for three, and grow quickly.
const maxCrossings = 3

// rows is how many things an aisle has that steps may meet at: its crossings, and an
// open depot, which goes along with the sweep while only one step has led there.
const rows = maxCrossings + 1

// A state is the state of one aisle's crossings. State 0 of a table has none touched.
type state struct {
	odd  [rows]bool
	part [rows]uint8 // 0: not touched; equal: hang together
	been bool        // at the open depot, and away again
}

// states is at least how many states a table has: 6 for two cross aisles, 24 for
// three; with an open depot 17 and 79.
const states = 96

// A table knows the states of a floor with n cross aisles and what leads from one
// to the next. It does not change once made.
type table struct {
	n     int
	open  int // the crossing in front of the open depot; -1: there is none
	all   []state
	touch [maxCrossings][states]uint8     // the crossing is passed by
	pass  [maxCrossings - 1][states]uint8 // once through from a crossing to the next
	join  [maxCrossings - 1][states]uint8 // through and back
	enter [states]uint8                   // a step between crossing and open depot
	round [states]uint8                   // to the open depot and back
	exits [][]exit                        // ways on to the next aisle
	whole [states]bool                    // the walk may end here
}

// An exit goes on to the next aisle along ways paths, each as long as the aisles
// are apart.
type exit struct {
	to   uint8
	ways uint8
}

// tables holds the table for n cross aisles at n.
var tables = [maxCrossings + 1]*table{nil, newTable(1, -1), newTable(2, -1), newTable(3, -1)}

// newTable lists the states that can be reached from the untouched one.
func newTable(n, open int) *table {
	t := &table{n: n, open: open, all: []state{{}}}
	for s := 0; s < len(t.all); s++ {
		now := t.all[s]
		for v := range n {
			t.touch[v][s] = t.number(now.touched(v))
		}
		for v := range n - 1 {
			both := now.touched(v).touched(v+1).joined(v, v+1)
			t.join[v][s] = t.number(both)
			both.odd[v], both.odd[v+1] = !both.odd[v], !both.odd[v+1]
			t.pass[v][s] = t.number(both)
		}
		if open >= 0 && !now.been {
			in := now.touched(open).touched(maxCrossings).joined(open, maxCrossings)
			in.odd[open], in.odd[maxCrossings] = !in.odd[open], !in.odd[maxCrossings]
			if !in.odd[maxCrossings] {
				in.been, in.part[maxCrossings] = true, 0
			}
			t.enter[s] = t.number(in.named())
			if now.part[maxCrossings] == 0 {
				in = now.touched(open)
				in.been = true
				t.round[s] = t.number(in)
			}
		}
		t.exits = append(t.exits, t.exitsOf(now))
		t.whole[s] = s > 0 && now.been == (open >= 0) && now.odd == [rows]bool{} && !slices.ContainsFunc(now.part[:], func(p uint8) bool { return p > 1 })
	}
	return t
}

// exitsOf lists the ways on: an odd crossing goes on once, an even one twice or
// not at all, and no part may be left behind.
func (t *table) exitsOf(s state) []exit {
	var out []exit
	for keep := range 1 << t.n {
		next, ways, left, kept := s, 0, [rows + 1]bool{}, [rows + 1]bool{}
		kept[s.part[maxCrossings]] = true // the open depot goes along by itself
		fits := true
		for v := range t.n {
			on := keep>>v&1 == 1
			switch {
			case on && s.part[v] == 0, !on && s.odd[v]:
				fits = false
			case on && s.odd[v]:
				ways++
			case on:
				ways += 2
			default:
				next.part[v] = 0
			}
			left[s.part[v]] = true
			kept[s.part[v]] = kept[s.part[v]] || on
		}
		for p := 1; p < len(left); p++ {
			fits = fits && (!left[p] || kept[p])
		}
		if fits && keep > 0 {
			out = append(out, exit{t.number(next.named()), uint8(ways)})
		}
	}
	return out
}

// number gives the state its number, a new one if it has none.
func (t *table) number(s state) uint8 {
	i := slices.Index(t.all, s)
	if i < 0 {
		i = len(t.all)
		t.all = append(t.all, s)
	}
	return uint8(i)
}

func (s state) touched(v int) state {
	if s.part[v] == 0 {
		s.part[v] = rows + 1 // its own
	}
	return s.named()
}

func (s state) joined(v, w int) state {
	from, to := s.part[v], s.part[w]
	for i := range s.part {
		if s.part[i] == from {
			s.part[i] = to
		}
	}
	return s.named()
}

// named numbers the parts in the order in which they are met, so that equal
// states are equal values.
func (s state) named() state {
	var names [rows + 2]uint8
	next := uint8(1)
	for i, p := range s.part {
		if p > 0 && names[p] == 0 {
			names[p] = next
			next++
		}
		s.part[i] = names[p]
	}
	return s
}

// A way is how one stretch of an aisle is walked.
type way uint8

const (
	skip  way = iota // not at all
	lower            // from the lower crossing and back to it
	upper            // from the upper crossing and back to it
	split            // from both, leaving out the longest gap
	once             // through
	twice            // through and back
	ways
)

// A layer is one decision of the sweep: how to walk one stretch of an aisle, or
// which ways lead on to the next aisle.
type layer struct {
	best [states]Metres // of each state after the decision
	cost [ways]Metres   // infinite: not possible
	gap  Metres         // to the next aisle, when on is set
	on   bool
	at   int8  // the crossing below the stretch
	lo   int32 // the places of the stretch: visit[lo:hi]
	hi   int32
}

var never = Metres(math.Inf(1))

// sweep gives the length of the shortest walk over visit and keeps its layers
// for trace. The visit is sorted and has at least one place.
func (w *walker) sweep(visit []int32) Metres {
	l, t := w.l, w.l.table
	w.depth = 0
	first := w.layer()
	for s := range t.all {
		first.best[s] = never
	}
	first.best[0] = 0
	x, gated := Metres(0), t.open >= 0 // an open depot is reached beside every aisle
	for i := 0; i < len(visit); {
		aisle := l.places[visit[i]].aisle
		if ax := l.geo.Aisles[aisle].X; !gated && ax >= l.geo.Depot.X {
			w.reach(i > 0, l.geo.Depot.X-x)
			w.gate()
			x, gated = l.geo.Depot.X, true
		}
		w.reach(i > 0 || gated && t.open < 0, l.geo.Aisles[aisle].X-x)
		x = l.geo.Aisles[aisle].X
		i = w.aisle(visit, i, aisle)
		if t.open >= 0 {
			w.door(l.entrance(x))
		}
	}
	if !gated {
		w.reach(true, l.geo.Depot.X-x)
		w.gate()
	}
	least := never
	for s, m := range w.layers[w.depth-1].best[:len(t.all)] {
		if t.whole[s] && m < least {
			least = m
		}
	}
	if t.open >= 0 {
		return least
	}
	return least + 2*abs(l.geo.Depot.Y-l.gate)
}

// door decides whether the walk enters or leaves the open depot here, m metres away.
func (w *walker) door(m Metres) {
	was, now := w.next()
	now.on, now.at, now.cost = false, doorway, [ways]Metres{skip: 0, lower: never, upper: never, split: never, once: m, twice: 2 * m}
	t := w.l.table
	for s, st := range t.all {
		m := was.best[s]
		if m == never {
			continue
		}
		now.best[s] = min(now.best[s], m)
		if st.been {
			continue
		}
		in := t.enter[s]
		now.best[in] = min(now.best[in], m+now.cost[once])
		if st.part[maxCrossings] == 0 {
			in = t.round[s]
			now.best[in] = min(now.best[in], m+now.cost[twice])
		}
	}
}

// doorway takes the place of a layer's crossing where the open depot is entered.
const doorway = -1

// layer begins the next one. It is not valid after the one after it.
func (w *walker) layer() *layer {
	if w.depth == len(w.layers) {
		w.layers = append(w.layers, layer{})
	}
	w.depth++
	return &w.layers[w.depth-1]
}

// next begins the next layer and gives the one before it, too.
func (w *walker) next() (was, now *layer) {
	w.layer()
	was, now = &w.layers[w.depth-2], &w.layers[w.depth-1]
	for s := range w.l.table.all {
		now.best[s] = never
	}
	return was, now
}

// reach decides which ways lead to the next aisle, gap metres on.
func (w *walker) reach(started bool, gap Metres) {
	if !started {
		return
	}
	was, now := w.next()
	now.on, now.gap = true, gap
	for s, exits := range w.l.table.exits {
		m := was.best[s]
		if m == never {
			continue
		}
		for _, e := range exits {
			now.best[e.to] = min(now.best[e.to], m+Metres(e.ways)*gap)
		}
	}
}

// gate makes the walk pass the depot's crossing.
func (w *walker) gate() {
	w.stretch(slices.Index(w.l.geo.CrossAisles, w.l.gate), 0, 0, [ways]Metres{never, 0, never, never, never, never})
}

// aisle decides how the aisle whose places begin at visit[i] is walked, stretch
// by stretch, and gives the index behind its last place.
func (w *walker) aisle(visit []int32, i int, aisle int32) int {
	l, cross := w.l, w.l.geo.CrossAisles
	for block := range int32(len(cross) + 1) {
		from := i
		for i < len(visit) && l.places[visit[i]].aisle == aisle && l.places[visit[i]].block == block {
			i++
		}
		c := [ways]Metres{never, never, never, never, never, never}
		picks := visit[from:i]
		at := int(block) - 1
		switch last := int32(len(cross)); {
		case len(picks) == 0 && (block == 0 || block == last):
			continue
		case len(picks) == 0:
			long := cross[block] - cross[block-1]
			c[skip], c[once], c[twice] = 0, long, 2*long
		case block == 0: // before the first cross aisle there is only a dead end
			at, c[lower] = 0, 2*(cross[0]-l.places[picks[0]].y)
		case block == last: // and behind the last
			c[lower] = 2 * (l.places[picks[len(picks)-1]].y - cross[last-1])
		default:
			below, above := cross[block-1], cross[block]
			y, long := below, Metres(0)
			for _, p := range picks {
				long, y = max(long, l.places[p].y-y), l.places[p].y
			}
			long = max(long, above-y)
			c[lower] = 2 * (y - below)
			c[upper] = 2 * (above - l.places[picks[0]].y)
			c[split] = 2 * (above - below - long)
			c[once] = above - below
			c[twice] = 2 * (above - below)
		}
		w.stretch(at, from, i, c)
	}
	return i
}

// stretch decides how the places visit[lo:hi] above crossing at are walked.
func (w *walker) stretch(at, lo, hi int, c [ways]Metres) {
	was, now := w.next()
	now.on, now.at, now.lo, now.hi, now.cost = false, int8(at), int32(lo), int32(hi), c
	t := w.l.table
	inner := c[once] < never
	for s := range t.all {
		m := was.best[s]
		if m == never {
			continue
		}
		now.best[s] = min(now.best[s], m+c[skip])
		low := t.touch[at][s]
		now.best[low] = min(now.best[low], m+c[lower])
		if !inner {
			continue
		}
		up, both, pass, join := t.touch[at+1][s], t.touch[at+1][low], t.pass[at][s], t.join[at][s]
		now.best[up] = min(now.best[up], m+c[upper])
		now.best[both] = min(now.best[both], m+c[split])
		now.best[pass] = min(now.best[pass], m+c[once])
		now.best[join] = min(now.best[join], m+c[twice])
	}
}

// after gives the state that way k along the stretch of layer y leads to from s.
func (t *table) after(y *layer, s int, k way) uint8 {
	switch {
	case y.at != doorway || k == skip:
	case t.all[s].been || k == twice && t.all[s].part[maxCrossings] > 0:
		return states // not possible
	case k == once:
		return t.enter[s]
	default:
		return t.round[s]
	}
	switch k {
	case lower:
		return t.touch[y.at][s]
	case upper:
		return t.touch[y.at+1][s]
	case split:
		return t.touch[y.at+1][t.touch[y.at][s]]
	case once:
		return t.pass[y.at][s]
	case twice:
		return t.join[y.at][s]
	}
	return uint8(s)
}

// trace lists the places in the order of the walk that sweep found: it goes back
// through the layers, lays the steps that were decided, and walks them all.
func (w *walker) trace(visit []int32) []int32 {
	t := w.l.table
	at := 0
	for s, m := range w.layers[w.depth-1].best[:len(t.all)] {
		if t.whole[s] && (!t.whole[at] || m < w.layers[w.depth-1].best[at]) {
			at = s
		}
	}
	web := web{n: len(visit)}
	column, gate := 0, 0
	for d := w.depth - 1; d > 0; d-- {
		y := &w.layers[d]
		from, k := w.back(d, at)
		if y.on {
			for v := range t.n {
				for range steps(t.all[at], v) {
					web.join(web.crossing(column, v), web.crossing(column+1, v))
				}
			}
			column++
		} else if y.at == doorway {
			for range doors(k) {
				web.join(web.crossing(column, t.open), web.depot())
			}
			gate = web.depot()
		} else if k == lower && y.lo == y.hi {
			gate = web.crossing(column, int(y.at))
		} else {
			w.lay(&web, visit, y, k, column)
		}
		at = from
	}
	return web.tour(gate, visit)
}

// doors is how many steps there are between a crossing and the open depot.
func doors(k way) int {
	switch k {
	case once:
		return 1
	case twice:
		return 2
	}
	return 0
}

// steps is how many ways led along cross aisle v into state s.
func steps(s state, v int) int {
	switch {
	case s.part[v] == 0:
		return 0
	case s.odd[v]:
		return 1
	}
	return 2
}

// back finds the state before layer d that led to state s, and the way taken. The
// sums are those of the sweep, so that one of them is equal to the last bit.
func (w *walker) back(d, s int) (int, way) {
	t, was, y := w.l.table, &w.layers[d-1], &w.layers[d]
	for from := range t.all {
		m := was.best[from]
		if m == never {
			continue
		}
		if y.on {
			for _, e := range t.exits[from] {
				if int(e.to) == s && m+Metres(e.ways)*y.gap == y.best[s] {
					return from, skip
				}
			}
			continue
		}
		for k, c := range y.cost {
			if c < never && int(t.after(y, from, way(k))) == s && m+c == y.best[s] {
				return from, way(k)
			}
		}
	}
	panic("wave: a walk has no beginning") // every finite sum was made by one of these
}

// lay adds the steps along one stretch.
func (w *walker) lay(g *web, visit []int32, y *layer, k way, column int) {
	low, up := g.crossing(column, int(y.at)), g.crossing(column, int(y.at)+1)
	lo, hi := int(y.lo), int(y.hi)
	picks := make([]int, 0, hi-lo)
	for i := lo; i < hi; i++ {
		picks = append(picks, i)
	}
	if w.l.places[visit[min(lo, len(visit)-1)]].block == 0 && lo < hi {
		slices.Reverse(picks) // in front of the first cross aisle, near is high
	}
	switch k {
	case once, twice:
		chain := append(append([]int{low}, picks...), up)
		for range int(k-once) + 1 {
			g.chain(chain)
		}
	case lower:
		g.there(low, picks)
	case upper:
		slices.Reverse(picks)
		g.there(up, picks)
	case split:
		cut := w.longest(visit[lo:hi], y.at)
		g.there(low, picks[:cut])
		slices.Reverse(picks[cut:])
		g.there(up, picks[cut:])
	}
}

// longest gives the index of the place behind the longest gap; len(picks) if that
// is the one before the upper crossing.
func (w *walker) longest(picks []int32, at int8) int {
	cross := w.l.geo.CrossAisles
	y, long, cut := cross[at], Metres(-1), 0
	for i, p := range picks {
		if g := w.l.places[p].y - y; g > long {
			long, cut = g, i
		}
		y = w.l.places[p].y
	}
	if cross[at+1]-y > long {
		cut = len(picks)
	}
	return cut
}

// A web is the steps of a walk before they have an order: places first, by their
// index in the visit, then crossings.
type web struct {
	n    int
	next [][]int // the neighbours of each node, a step each way
}

func (g *web) crossing(column, v int) int { return g.n + column*rows + v }

func (g *web) depot() int { return g.crossing(0, maxCrossings) }

func (g *web) join(a, b int) {
	for len(g.next) <= max(a, b) {
		g.next = append(g.next, nil)
	}
	g.next[a] = append(g.next[a], b)
	g.next[b] = append(g.next[b], a)
}

func (g *web) chain(nodes []int) {
	for i := 1; i < len(nodes); i++ {
		g.join(nodes[i-1], nodes[i])
	}
}

// there goes out over the nodes and back the same way.
func (g *web) there(from int, nodes []int) {
	for range 2 {
		g.chain(append([]int{from}, nodes...))
	}
}

// tour walks every step once, from the gate and back (Hierholzer), and lists the
// places as they are met first. Of the two directions it takes the one that begins
// further left, or further down in the same aisle.
func (g *web) tour(gate int, visit []int32) []int32 {
	met := make([]bool, g.n)
	walk := make([]int32, 0, g.n)
	for stack := []int{gate}; len(stack) > 0; {
		at := stack[len(stack)-1]
		if n := len(g.next[at]); n > 0 {
			to := g.next[at][n-1]
			g.next[at] = g.next[at][:n-1]
			back := slices.Index(g.next[to], at)
			g.next[to] = slices.Delete(g.next[to], back, back+1)
			stack = append(stack, to)
			continue
		}
		stack = stack[:len(stack)-1]
		if at < g.n && !met[at] {
			met[at] = true
			walk = append(walk, visit[at])
		}
	}
	if walk[0] > walk[len(walk)-1] {
		slices.Reverse(walk)
	}
	return walk
}
