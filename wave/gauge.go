package wave

import (
	"math"
	"math/bits"
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
	above []int64 // of each place: how far above the lower cross aisle, in ticks
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
		g.above = append(g.above, ticks(p.y-cross[0]))
	}
	if one && g.gate < 0 {
		depot()
	}
	return g
}

// A gauge measures the walk over the cells that were put into it. It belongs to
// one goroutine.
type gauge struct {
	w     walker
	g     *grid
	in    []uint64 // the places put in, by word
	met   bitset   // the words put in
	list  []int32  // scratch: those words in order
	visit []int32  // scratch
}

func newGauge(l *Layout) *gauge {
	g := &gauge{w: walker{l: l}, g: l.grid, in: make([]uint64, len(l.grid.words)), met: newBitset(int32(len(l.grid.words)))}
	return g
}

func (g *gauge) put(cells []cell) {
	for _, c := range cells {
		g.in[c.word] |= c.bits
		g.met[c.word>>6] |= 1 << (c.word & 63)
	}
}

// length is the length of the shortest walk over what was put in, in ticks, and
// empties the gauge.
func (g *gauge) length() int64 {
	if g.g.gate >= 0 {
		g.met.set(g.g.gate)
	}
	g.list = g.list[:0]
	for k, m := range g.met {
		for ; m != 0; m &= m - 1 {
			g.list = append(g.list, int32(k*64+bits.TrailingZeros64(m)))
		}
		g.met[k] = 0
	}
	if g.g.gate >= 0 {
		return g.block()
	}
	g.visit = g.visit[:0]
	for _, w := range g.list {
		for m := g.in[w]; m != 0; m &= m - 1 {
			g.visit = append(g.visit, g.g.words[w].first+int32(bits.TrailingZeros64(m)))
		}
		g.in[w] = 0
	}
	return ticks(g.w.plan(g.visit))
}

// block is sweep for one block, unrolled, because batching asks for nothing more
// often. The table has five sums: both crossings odd, only the lower or only the
// upper touched, both even in one part, or in two.
func (g *gauge) block() int64 {
	odd, low, up, one, two := far, far, far, far, far
	deep, words := g.g.deep, g.g.words
	x, begun := int64(0), false
	for i := 0; i < len(g.list); {
		w := &words[g.list[i]]
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
		for aisle := w.aisle; w.aisle == aisle; w = &words[g.list[i]] {
			m := g.in[g.list[i]]
			g.in[g.list[i]] = 0
			above := g.g.above[w.first:]
			switch w.block {
			case 1:
				if hole < 0 {
					first = above[bits.TrailingZeros64(m)]
				}
				for ; m != 0; m &= m - 1 {
					at := above[bits.TrailingZeros64(m)]
					hole = max(hole, at-y)
					y = at
				}
			case 0:
				under = max(under, -above[bits.TrailingZeros64(m)])
			default:
				over = above[63-bits.LeadingZeros64(m)] - deep
			}
			if i++; i == len(g.list) {
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
