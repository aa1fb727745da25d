package wave

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
)

// The search measures walks by the hundred thousand and compares them only with
// each other, so it does so in whole ticks, with places as bits of words. What
// leaves the package was measured again in metres.

// tick is how many ticks a metre has.
const tick = 1 << 16

// far is longer than any walk, and twice far does not overflow.
const far = int64(1) << 60

func ticks(m Metres) int64 {
	if m > 1e12 {
		return far
	}
	return int64(math.Round(float64(m) * tick))
}

// A cell is some places of one word of a grid, as bits.
type cell struct {
	word int32
	bits uint64
}

// A grid gives each place of a layout a bit, in their order. The places of a word
// lie in one sub-aisle. In one block the depot has a word of its own among them.
type grid struct {
	spots []int32 // of each place: 64 * word + bit
	words []word
	above []int32 // of each place: how far above the lower cross aisle, in ticks
	deep  int64   // from cross aisle to cross aisle of the one block
	gate  int32   // the depot's word; -1: not one block
	high  bool    // the depot is at the upper cross aisle
	door  int64   // from the depot to its cross aisle and back
}

type word struct {
	first int32 // its first place
	aisle int32
	block int32
	x     int64
}

// cells gives places, which are sorted, as cells.
func (g *grid) cells(places []int32) []cell {
	var out []cell
	for _, p := range places {
		s := g.spots[p]
		if n := len(out); n == 0 || out[n-1].word != s/64 {
			out = append(out, cell{word: s / 64})
		}
		out[len(out)-1].bits |= 1 << (s % 64)
	}
	return out
}

func newGrid(l *Layout) *grid {
	cross := l.geo.CrossAisles
	g := &grid{gate: -1}
	one := l.table == tables[2]
	if one {
		g.deep, g.door, g.high = ticks(cross[1]-cross[0]), 2*ticks(abs(l.geo.Depot.Y-l.gate)), l.gate == cross[1]
	}
	depot := func() {
		g.gate = int32(len(g.words))
		g.words = append(g.words, word{aisle: -1, x: ticks(l.geo.Depot.X)})
	}
	for i, p := range l.places {
		x := l.geo.Aisles[p.aisle].X
		if one && g.gate < 0 && x >= l.geo.Depot.X {
			depot()
		}
		n := len(g.words) - 1
		if i == 0 || l.places[i-1].sub != p.sub || int32(i)-g.words[n].first == 64 {
			g.words = append(g.words, word{first: int32(i), aisle: p.aisle, block: p.block, x: ticks(x)})
			n = len(g.words) - 1
		}
		g.spots = append(g.spots, int32(n)*64+int32(i)-g.words[n].first)
		g.above = append(g.above, int32(ticks(p.y-cross[0])))
	}
	if one && g.gate < 0 {
		depot()
	}
	return g
}

// A stretch is what a walk needs of the places of one word: once holds those that
// one load at least needs, twice those that two need, thrice those that three need.
type stretch struct {
	word                int32
	first, last, hole   int32 // in one block: the lowest and highest place, and the longest way between neighbours, in ticks
	once, twice, thrice uint64
}

// A gauge measures the walk over the cells that were put into it. It belongs to
// one goroutine.
type gauge struct {
	w     walker
	g     *grid
	met   bitset   // the words of what is put in or taken out
	in    []uint64 // the places put in, by word
	out   []uint64 // and those taken out
	both  []uint64 // and those taken out twice
	run   []stretch
	visit []int32 // scratch
}

func newGauge(l *Layout) *gauge {
	n := len(l.grid.words)
	return &gauge{
		w: walker{l: l}, g: l.grid, met: newBitset(int32(n)),
		in: make([]uint64, n), out: make([]uint64, n), both: make([]uint64, n),
	}
}

func (g *gauge) put(cells []cell) {
	for _, c := range cells {
		g.in[c.word] |= c.bits
		g.met[c.word>>6] |= 1 << (c.word & 63)
	}
}

// take takes out the cells of a load; at most two may be taken out.
func (g *gauge) take(cells []cell) {
	for _, c := range cells {
		g.both[c.word] |= g.out[c.word] & c.bits
		g.out[c.word] |= c.bits
		g.met[c.word>>6] |= 1 << (c.word & 63)
	}
}

// length is the length of the shortest walk over what was put in, in ticks, and
// empties the gauge.
func (g *gauge) length() int64 { return g.changed(nil) }

// changed is the length of the walk over the stretches without what was taken out
// and with what was put in, and empties the gauge.
func (g *gauge) changed(ways []stretch) int64 {
	if g.g.gate >= 0 {
		g.met.set(g.g.gate)
	}
	g.run = g.run[:0]
	for k, m := range g.met {
		for ; m != 0; m &= m - 1 {
			w := int32(k*64 + bits.TrailingZeros64(m))
			n := 0
			for n < len(ways) && ways[n].word < w {
				n++
			}
			g.run, ways = append(g.run, ways[:n]...), ways[n:]
			need := uint64(0)
			if len(ways) > 0 && ways[0].word == w {
				out, both := g.out[w], g.both[w]
				need = ways[0].once &^ (out &^ both &^ ways[0].twice) &^ (both &^ ways[0].thrice)
				ways = ways[1:]
			}
			need |= g.in[w]
			g.in[w], g.out[w], g.both[w] = 0, 0, 0
			if need != 0 || w == g.g.gate {
				g.run = append(g.run, g.g.stretch(w, need))
			}
		}
		g.met[k] = 0
	}
	g.run = append(g.run, ways...)
	if g.g.gate >= 0 {
		return g.block()
	}
	g.visit = g.visit[:0]
	for i := range g.run {
		for m := g.run[i].once; m != 0; m &= m - 1 {
			g.visit = append(g.visit, g.g.words[g.run[i].word].first+int32(bits.TrailingZeros64(m)))
		}
	}
	return ticks(g.w.plan(g.visit))
}

// ways makes of what was counted the stretches of a walk, in the room of dst, and
// empties the gauge.
func (g *gauge) ways(dst []stretch) []stretch {
	dst = dst[:0]
	for k, m := range g.met {
		for ; m != 0; m &= m - 1 {
			w := int32(k*64 + bits.TrailingZeros64(m))
			s := g.g.stretch(w, g.in[w])
			s.twice, s.thrice = g.out[w], g.both[w]
			g.in[w], g.out[w], g.both[w] = 0, 0, 0
			dst = append(dst, s)
		}
		g.met[k] = 0
	}
	return dst
}

// count puts the cells of one more load in, for ways.
func (g *gauge) count(cells []cell) {
	for _, c := range cells {
		g.both[c.word] |= g.out[c.word] & c.bits
		g.out[c.word] |= g.in[c.word] & c.bits
		g.in[c.word] |= c.bits
		g.met[c.word>>6] |= 1 << (c.word & 63)
	}
}

// join puts cells into stretches of which only once is asked.
func (g *gauge) join(ways []stretch, cells []cell) []stretch {
	for _, c := range cells {
		at, there := slices.BinarySearchFunc(ways, c.word, func(s stretch, w int32) int { return cmp.Compare(s.word, w) })
		if !there {
			ways = slices.Insert(ways, at, stretch{})
		}
		ways[at] = g.g.stretch(c.word, ways[at].once|c.bits)
	}
	return ways
}

func (g *grid) stretch(w int32, need uint64) stretch {
	s := stretch{word: w, once: need}
	if need == 0 || g.gate < 0 {
		return s
	}
	above := g.above[g.words[w].first:]
	s.first, s.last = above[bits.TrailingZeros64(need)], above[63-bits.LeadingZeros64(need)]
	y := s.first
	for m := need & (need - 1); m != 0; m &= m - 1 {
		at := above[bits.TrailingZeros64(m)]
		s.hole = max(s.hole, at-y)
		y = at
	}
	return s
}

// block is sweep for one block, unrolled, because batching asks for nothing more
// often. The table has five sums: both crossings odd, only the lower or only the
// upper touched, both even in one part, or in two.
func (g *gauge) block() int64 {
	odd, low, up, one, two := far, far, far, far, far
	deep, words, run := g.g.deep, g.g.words, g.run
	x, begun := int64(0), false
	for i := 0; i < len(run); {
		w := &words[run[i].word]
		if begun {
			gap := 2 * (w.x - x)
			odd, low, up, one, two = odd+gap, min(low, one)+gap, min(up, one)+gap, one+2*gap, two+2*gap
		}
		x = w.x
		if w.aisle < 0 { // the depot
			i++
			switch {
			case !begun && g.g.high:
				up = 0
			case !begun:
				low = 0
			case g.g.high:
				low, two = far, min(two, low)
			default:
				up, two = far, min(two, up)
			}
			begun = true
			continue
		}
		under, over, hole := int64(-1), int64(-1), int64(-1)
		first, y := deep, int64(0)
		for aisle := w.aisle; w.aisle == aisle; w = &words[run[i].word] {
			s := &run[i]
			switch w.block {
			case 1:
				if hole < 0 {
					first = int64(s.first)
				}
				hole = max(hole, int64(s.first)-y, int64(s.hole))
				y = int64(s.last)
			case 0:
				under = max(under, -int64(s.first))
			default:
				over = int64(s.last) - deep
			}
			if i++; i == len(run) {
				break
			}
		}
		if under >= 0 { // a dead end in front of the lower cross aisle
			if !begun {
				low, begun = 0, true
			}
			under *= 2
			odd, low, up, one, two = odd+under, low+under, far, one+under, min(two, up)+under
		}
		a, b, c := 2*y, 2*(deep-first), 2*(deep-max(hole, deep-y))
		switch all := min(a, b, c); {
		case hole < 0 && !begun: // only a dead end behind: it may be reached through the aisle
			odd, up, one = deep, 0, 2*deep
		case hole < 0:
			odd, one = min(odd, min(low, up, one, two)+deep), min(one, odd+deep, min(low, up, two)+2*deep)
		case !begun:
			odd, low, up, one, two = deep, a, b, 2*deep, c
		default:
			odd, low, up, one, two = min(odd+all, min(low, up, one, two)+deep), low+a, up+b,
				min(one+all, odd+deep, min(low, up, two)+2*deep), min(two+all, low+min(b, c), up+min(a, c))
		}
		begun = true
		if over >= 0 {
			over *= 2
			odd, low, up, one, two = odd+over, far, up+over, one+over, min(two, low)+over
		}
	}
	return min(low, up, one) + g.g.door
}
