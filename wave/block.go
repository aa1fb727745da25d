package wave

// A ridge is the table of two cross aisles unrolled, because batching asks for
// nothing more often: the least metres so far with both crossings odd, only the
// lower or only the upper touched, both even in one part, or in two.
type ridge struct{ odd, low, up, one, two Metres }

// along takes one aisle with the ways to walk it.
func (r ridge) along(lower, upper, split, once, twice Metres) ridge {
	any := min(lower, upper, split)
	return ridge{
		odd: min(r.odd+any, min(r.low, r.up, r.one, r.two)+once),
		low: r.low + lower,
		up:  r.up + upper,
		one: min(r.one+any, r.odd+once, min(r.low, r.up, r.two)+twice),
		two: min(r.two+any, r.low+min(upper, split), r.up+min(lower, split)),
	}
}

// below passes by the lower crossing on the way into a dead end and back.
func (r ridge) below(m Metres) ridge {
	return ridge{odd: r.odd + m, low: r.low + m, up: never, one: r.one + m, two: min(r.two, r.up) + m}
}

// above passes by the upper crossing.
func (r ridge) above(m Metres) ridge {
	return ridge{odd: r.odd + m, low: never, up: r.up + m, one: r.one + m, two: min(r.two, r.low) + m}
}

// on goes to the next aisle.
func (r ridge) on(gap Metres) ridge {
	return ridge{
		odd: r.odd + 2*gap, low: min(r.low, r.one) + 2*gap, up: min(r.up, r.one) + 2*gap,
		one: r.one + 4*gap, two: r.two + 4*gap,
	}
}

// block gives the length of the shortest walk over visit in one block, as sweep
// does, and keeps nothing.
func (w *walker) block(visit []int32) Metres {
	l := w.l
	lower, upper := l.geo.CrossAisles[0], l.geo.CrossAisles[1]
	r := ridge{never, never, never, never, never}
	x, gated, begun := l.geo.Depot.X, false, false
	gate := func() {
		switch {
		case !begun && l.gate == lower:
			r.low = 0
		case !begun:
			r.up = 0
		case l.gate == lower:
			r = r.on(l.geo.Depot.X - x).below(0)
		default:
			r = r.on(l.geo.Depot.X - x).above(0)
		}
		x, gated, begun = l.geo.Depot.X, true, true
	}
	for i := 0; i < len(visit); {
		p := &l.places[visit[i]]
		aisle, ax := p.aisle, l.geo.Aisles[p.aisle].X
		if !gated && ax >= l.geo.Depot.X {
			gate()
		}
		if begun {
			r = r.on(ax - x)
		}
		x = ax
		under, over, gap := Metres(-1), Metres(-1), Metres(-1)
		first, y := upper, lower
		for ; i < len(visit); i++ {
			p := &l.places[visit[i]]
			if p.aisle != aisle {
				break
			}
			switch {
			case p.block == 0:
				under = max(under, lower-p.y)
			case p.block == 2:
				over = max(over, p.y-upper)
			default:
				if gap < 0 {
					first = p.y
				}
				gap, y = max(gap, p.y-y), p.y
			}
		}
		if under >= 0 {
			if r = r.below(2 * under); !begun {
				r.low, begun = 2*under, true
			}
		}
		switch long := upper - lower; {
		case gap >= 0 && !begun:
			r = ridge{odd: long, low: 2 * (y - lower), up: 2 * (upper - first), one: 2 * long, two: 2 * (long - max(gap, upper-y))}
		case gap >= 0:
			r = r.along(2*(y-lower), 2*(upper-first), 2*(long-max(gap, upper-y)), long, 2*long)
		case !begun: // only a dead end behind: it may be reached through the aisle
			r = ridge{odd: long, one: 2 * long, low: never, up: 0, two: never}
		default:
			r = ridge{
				odd: min(r.odd, min(r.low, r.up, r.one, r.two)+long),
				low: r.low, up: r.up, two: r.two,
				one: min(r.one, r.odd+long, min(r.low, r.up, r.two)+2*long),
			}
		}
		begun = true
		if over >= 0 {
			r = r.above(2 * over)
		}
	}
	if !gated {
		gate()
	}
	return min(r.low, r.up, r.one) + 2*abs(l.geo.Depot.Y-l.gate)
}
