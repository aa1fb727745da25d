package wave

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"floord/floor"
)

// A Bin is one storage place. X and Y are where a picker stands to reach it.
type Bin struct {
	ID     floor.BinID
	Zone   string
	Aisle  string // unique within its zone
	X, Y   Metres // X across the aisles, Y along them
	Placed bool   // false: the coordinates are not known
}

// An Aisle is a line along Y that a picker walks.
type Aisle struct {
	Zone, Name string
	X          Metres
}

// A Point is a place on the floor.
type Point struct{ X, Y Metres }

// A Geometry is the floor without its bins: parallel aisles along Y, all crossed
// by every cross aisle. Two cross aisles make one block, three make two. With one
// cross aisle every aisle is a dead end.
type Geometry struct {
	Aisles      []Aisle
	CrossAisles []Metres // their Y
	Depot       Point    // where walks start and end; joined to the nearest cross aisle

	// Open says that the depot lies in an open space in front of the first or behind
	// the last cross aisle, whichever is nearer: each of its crossings is reached in a
	// straight line.
	Open bool

	OneWay  []OneWay
	Blocked []Blocked
	Drops   []Point // where walks end, each at the nearest; none: at the depot
}

// A Layout is a checked floor that can be walked. It does not change after
// NewLayout, so goroutines may share it.
type Layout struct {
	geo    Geometry
	places []place // by aisle, then y: a place's number is its rank
	bins   map[floor.BinID]int32
	nobins map[floor.BinID]bool // known, but without coordinates
	gate   Metres               // Y of the depot's cross aisle
	subs   int32                // numbers of sub-aisles: one aisle within one block
	table  *table               // for exact walks; nil: too many cross aisles
	grid   *grid
	rough  *rough               // for one-way and blocked aisles and drop points; else nil
	lost   map[floor.BinID]bool // placed, but out of reach
}

// A place is where a picker stands. The bins of one bay, left and right and at
// all levels, share it.
type place struct {
	aisle int32
	sub   int32 // sub-aisle, rising along y within an aisle
	block int32
	y     Metres
}

// Limits of a layout. A coordinate beyond them is a slip of the pen (millimetres
// for metres), not a building.
const (
	maxBins    = 1_000_000
	maxAisles  = 10_000
	maxMetres  = 10_000
	maxProblem = 20 // how many problems one error names
)

// InferLayout builds a layout from bins alone: each aisle lies at the middle of
// its bins' X, one cross aisle runs in front of the first bin and one behind the
// last, 1.5 m away, and the depot is at the front of the leftmost aisle.
func InferLayout(bins []Bin) (*Layout, error) {
	type key struct{ zone, name string }
	lo, hi := map[key]Metres{}, map[key]Metres{}
	front, back := Metres(math.Inf(1)), Metres(math.Inf(-1))
	for _, b := range bins {
		if !b.Placed {
			continue
		}
		k := key{b.Zone, b.Aisle}
		if _, known := lo[k]; !known {
			lo[k], hi[k] = b.X, b.X
		}
		lo[k], hi[k] = min(lo[k], b.X), max(hi[k], b.X)
		front, back = min(front, b.Y), max(back, b.Y)
	}
	if len(lo) == 0 {
		return nil, errors.New("layout: no bin has coordinates")
	}
	g := Geometry{CrossAisles: []Metres{front - 1.5, back + 1.5}}
	g.Depot = Point{X: Metres(math.Inf(1)), Y: front - 1.5}
	for k := range lo {
		a := Aisle{Zone: k.zone, Name: k.name, X: (lo[k] + hi[k]) / 2}
		g.Aisles = append(g.Aisles, a)
		g.Depot.X = min(g.Depot.X, a.X)
	}
	return NewLayout(bins, g)
}

// NewLayout checks the floor and makes it walkable. The error names every
// mistake, up to a score of them. A bin without coordinates is not a mistake: it
// is listed by Unplaced, and its orders are set aside until somebody measures it.
func NewLayout(bins []Bin, g Geometry) (*Layout, error) {
	g.Aisles, g.CrossAisles = slices.Clone(g.Aisles), slices.Clone(g.CrossAisles)
	g.OneWay, g.Blocked, g.Drops = slices.Clone(g.OneWay), slices.Clone(g.Blocked), slices.Clone(g.Drops)
	slices.SortFunc(g.Aisles, func(a, b Aisle) int {
		return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.Name, b.Name))
	})
	slices.Sort(g.CrossAisles)
	bad := problems{}
	g.check(&bad)
	if len(bad.list) > 0 {
		return nil, bad.err()
	}
	l := &Layout{geo: g, bins: make(map[floor.BinID]int32, len(bins)), nobins: map[floor.BinID]bool{}}
	l.gate = nearest(g.CrossAisles, g.Depot.Y)
	if g.Open {
		l.gate = nearest([]Metres{g.CrossAisles[0], g.CrossAisles[len(g.CrossAisles)-1]}, g.Depot.Y)
	}
	if len(g.CrossAisles) <= maxCrossings && g.plain() {
		l.table = tables[len(g.CrossAisles)]
		if g.Open {
			l.table = newTable(len(g.CrossAisles), slices.Index(g.CrossAisles, l.gate))
		}
	}
	l.place(bins, &bad)
	if err := bad.err(); err != nil {
		return nil, err
	}
	l.grid = newGrid(l)
	if !g.plain() {
		l.rough = newRough(l)
		l.lost = l.rough.unreached()
	}
	return l, nil
}

// check names what is wrong with the floor itself.
func (g Geometry) check(bad *problems) {
	switch {
	case len(g.Aisles) == 0:
		bad.addf("there is no aisle")
	case len(g.Aisles) > maxAisles:
		bad.addf("%d aisles, at most %d", len(g.Aisles), maxAisles)
	}
	seen := map[Aisle]bool{}
	for _, a := range g.Aisles {
		if !sane(a.X) {
			bad.addf("aisle %s: x = %v m is not on this floor", a.label(), a.X)
		}
		a.X = 0
		if seen[a] {
			bad.addf("aisle %s is there twice", a.label())
		}
		seen[a] = true
	}
	if len(g.CrossAisles) == 0 {
		bad.addf("there is no cross aisle, so no way from one aisle to the next")
	}
	for i, y := range g.CrossAisles {
		if !sane(y) {
			bad.addf("cross aisle %d: y = %v m is not on this floor", i+1, y)
		}
		if i > 0 && y == g.CrossAisles[i-1] {
			bad.addf("two cross aisles at y = %v m", y)
		}
	}
	g.checkRough(bad)
	if !sane(g.Depot.X) || !sane(g.Depot.Y) {
		bad.addf("depot: %v, %v m is not on this floor", g.Depot.X, g.Depot.Y)
	}
}

// place gives every bin with coordinates its place.
func (l *Layout) place(bins []Bin, bad *problems) {
	if len(bins) > maxBins {
		bad.addf("%d bins, at most %d", len(bins), maxBins)
		return
	}
	type key struct{ zone, name string }
	aisles := map[key]int32{}
	for i, a := range l.geo.Aisles {
		aisles[key{a.Zone, a.Name}] = int32(i)
	}
	type spot struct {
		aisle int32
		y     Metres
	}
	spots := make(map[floor.BinID]spot, len(bins))
	reach := l.reach()
	for _, b := range bins {
		a, known := aisles[key{b.Zone, b.Aisle}]
		_, twice := spots[b.ID]
		switch {
		case b.ID == "":
			bad.addf("a bin in aisle %s has no name", Aisle{Zone: b.Zone, Name: b.Aisle}.label())
		case twice || l.nobins[b.ID]:
			bad.addf("bin %s is there twice", b.ID)
		case !b.Placed:
			l.nobins[b.ID] = true
		case !known:
			bad.addf("bin %s: aisle %s is not on the floor plan", b.ID, Aisle{Zone: b.Zone, Name: b.Aisle}.label())
		case !sane(b.X) || !sane(b.Y):
			bad.addf("bin %s: %v, %v m is not on this floor", b.ID, b.X, b.Y)
		case b.X < l.geo.Aisles[a].X-reach || b.X > l.geo.Aisles[a].X+reach:
			bad.addf("bin %s: x = %v m, but aisle %s runs at %v m", b.ID, b.X, l.geo.Aisles[a].label(), l.geo.Aisles[a].X)
		default:
			spots[b.ID] = spot{a, b.Y}
		}
	}
	all := make([]spot, 0, len(spots))
	for _, s := range spots {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b spot) int { return cmp.Or(cmp.Compare(a.aisle, b.aisle), cmp.Compare(a.y, b.y)) })
	all = slices.Compact(all)
	rank := make(map[spot]int32, len(all))
	for i, s := range all {
		rank[s] = int32(i)
		l.places = append(l.places, l.placeAt(s.aisle, s.y))
	}
	for id, s := range spots {
		l.bins[id] = rank[s]
	}
}

// placeAt numbers the sub-aisle of a new place; places come by aisle, then y.
func (l *Layout) placeAt(aisle int32, y Metres) place {
	block, _ := slices.BinarySearch(l.geo.CrossAisles, y)
	p := place{aisle: aisle, block: int32(block), y: y}
	if n := len(l.places); n > 0 {
		last := l.places[n-1]
		p.sub = last.sub
		if last.aisle != p.aisle || last.block != p.block {
			p.sub++
		}
	}
	l.subs = p.sub + 1
	return p
}

// reach is how far a bin's X may be from its aisle's: to the next aisle and no
// further, so that swapped aisle names are found while deep racks are allowed.
func (l *Layout) reach() Metres {
	r := Metres(maxMetres)
	for i := 1; i < len(l.geo.Aisles); i++ {
		if d := l.geo.Aisles[i].X - l.geo.Aisles[i-1].X; d > 0 {
			r = min(r, d)
		}
	}
	return r * 0.999
}

// Unplaced lists the bins without coordinates, sorted.
func (l *Layout) Unplaced() []floor.BinID {
	ids := make([]floor.BinID, 0, len(l.nobins))
	for id := range l.nobins {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Geometry gives a copy of the floor plan: aisles by X, cross aisles by Y.
func (l *Layout) Geometry() Geometry {
	g := l.geo
	g.Aisles, g.CrossAisles = slices.Clone(g.Aisles), slices.Clone(g.CrossAisles)
	g.OneWay, g.Blocked, g.Drops = slices.Clone(g.OneWay), slices.Clone(g.Blocked), slices.Clone(g.Drops)
	return g
}

// Where gives the point at which a picker stands for the bin, and false for a
// bin that is unknown or has no coordinates.
func (l *Layout) Where(id floor.BinID) (Point, bool) {
	n, ok := l.bins[id]
	if !ok {
		return Point{}, false
	}
	p := l.places[n]
	return Point{X: l.geo.Aisles[p.aisle].X, Y: p.y}, true
}

// Reaches reports whether a picker gets to a bin: its place is known, and no blocked
// aisle lies before it. A bin that is not on the floor is not reached.
func (l *Layout) Reaches(id floor.BinID) bool {
	_, placed := l.Where(id)
	return placed && !l.lost[id]
}

// between is the shortest way from one place to another. Two aisles are joined
// by cross aisles only; one horizontal stretch is always enough, because every
// cross aisle crosses every aisle.
func (l *Layout) between(a, b place) Metres {
	if a.aisle == b.aisle {
		return abs(a.y - b.y)
	}
	up := Metres(math.Inf(1))
	for _, c := range l.geo.CrossAisles {
		up = min(up, abs(a.y-c)+abs(c-b.y))
	}
	return up + abs(l.geo.Aisles[a.aisle].X-l.geo.Aisles[b.aisle].X)
}

// fromDepot is the shortest way from the depot to a place, and back.
func (l *Layout) fromDepot(p place) Metres {
	if l.geo.Open {
		return l.entrance(l.geo.Aisles[p.aisle].X) + abs(l.gate-p.y)
	}
	return abs(l.geo.Depot.Y-l.gate) + abs(l.geo.Depot.X-l.geo.Aisles[p.aisle].X) + abs(l.gate-p.y)
}

// entrance is how far the crossing at x is from the open depot.
func (l *Layout) entrance(x Metres) Metres {
	return Metres(math.Hypot(float64(x-l.geo.Depot.X), float64(l.gate-l.geo.Depot.Y)))
}

func (a Aisle) label() string {
	if a.Zone == "" {
		return a.Name
	}
	return a.Zone + "/" + a.Name
}

func nearest(ys []Metres, y Metres) Metres {
	return slices.MinFunc(ys, func(a, b Metres) int { return cmp.Compare(abs(a-y), abs(b-y)) })
}

// sane is false for NaN, too.
func sane(m Metres) bool { return m >= -maxMetres && m <= maxMetres }

func abs(m Metres) Metres { return Metres(math.Abs(float64(m))) }

// problems collects what is wrong, so that all of it can be mended at once.
type problems struct {
	list []error
	more int
}

func (p *problems) addf(format string, args ...any) {
	if len(p.list) == maxProblem {
		p.more++
		return
	}
	p.list = append(p.list, fmt.Errorf("layout: "+format, args...))
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.list, fmt.Errorf("layout: and %d more", p.more))...)
	}
	return errors.Join(p.list...)
}
