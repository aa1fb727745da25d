package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/wave"
)

// A problem is one instance: a floor of parallel aisles and orders to be put on
// carts. Lengths are in the instance's own unit.
type problem struct {
	aisles []float64 // x, rising
	cross  []float64 // y of the cross aisles, rising
	depot  point     // beside the first or the last cross aisle
	spots  []spot
	orders []order
	cart   wave.Cart

	open bool // the depot lies in an open space before the first cross aisle

	// Where the instance gives its paths: the place of each spot, the depot is 0, and
	// the length of the shortest path from place to place.
	place   map[int]int
	apartOf map[[2]int]float64
	blur    float64 // how far their rounding moves the length of a walk

	cells       int     // of an aisle
	cell, front float64 // from cell to cell, from the first cross aisle to the first
}

type point struct{ x, y float64 }

// A spot is where something lies; cell is its number in the name of the place.
type spot struct {
	aisle, cell int
	y           float64
}

type order struct {
	spots []int
	slots int
	grams int // the instance's unit of capacity, often pieces
	due   time.Duration
}

func (p *problem) capacity(grams int) { p.cart.Grams = floor.Grams(grams) }

// What the planner is given.

func (p *problem) geometry() wave.Geometry {
	g := wave.Geometry{Depot: wave.Point{X: wave.Metres(p.depot.x), Y: wave.Metres(p.depot.y)}, Open: p.open}
	for i, x := range p.aisles {
		g.Aisles = append(g.Aisles, wave.Aisle{Name: strconv.Itoa(i), X: wave.Metres(x)})
	}
	for _, y := range p.cross {
		g.CrossAisles = append(g.CrossAisles, wave.Metres(y))
	}
	return g
}

func bin(spot int) floor.BinID { return floor.BinID(strconv.Itoa(spot)) }

func (p *problem) bins() []wave.Bin {
	var all []wave.Bin
	for i, s := range p.spots {
		all = append(all, wave.Bin{
			ID: bin(i), Aisle: strconv.Itoa(s.aisle), X: wave.Metres(p.aisles[s.aisle]), Y: wave.Metres(s.y), Placed: true,
		})
	}
	return all
}

func (p *problem) loads() []wave.Load {
	var all []wave.Load
	for _, o := range p.orders {
		l := wave.Load{Slots: o.slots, Stops: len(o.spots), Grams: floor.Grams(o.grams), Due: o.due}
		for _, s := range o.spots {
			l.Bins = append(l.Bins, bin(s))
		}
		all = append(all, l)
	}
	return all
}

// stops lists what a batch needs; Line is the number of the spot.
func (p *problem) stops(batch []int) []wave.Stop {
	var all []wave.Stop
	for _, s := range p.visit(batch) {
		all = append(all, wave.Stop{Bin: bin(s), Line: s, Qty: 1})
	}
	return all
}

// visit lists the spots that a batch needs, each once.
func (p *problem) visit(batch []int) []int {
	var all []int
	for _, o := range batch {
		all = append(all, p.orders[o].spots...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// check recomputes a plan and gives its length. It refuses one that leaves out an
// order or takes it twice, overloads a cart, or passes by what it should fetch.
func (p *problem) check(batches, walks [][]int) (float64, error) {
	taken := make([]int, len(p.orders))
	total := 0.0
	for i, batch := range batches {
		slots, stops, grams := 0, 0, 0
		for _, o := range batch {
			taken[o]++
			slots, stops, grams = slots+p.orders[o].slots, stops+len(p.orders[o].spots), grams+p.orders[o].grams
		}
		if over(slots, p.cart.Slots) || over(stops, p.cart.Stops) || over(grams, int(p.cart.Grams)) {
			return 0, fmt.Errorf("walk %d carries %d slots, %d stops, %d g: more than %+v", i, slots, stops, grams, p.cart)
		}
		met := slices.Clone(walks[i])
		slices.Sort(met)
		if !slices.Equal(met, p.visit(batch)) {
			return 0, fmt.Errorf("walk %d passes %v, its orders need %v", i, met, p.visit(batch))
		}
		total += p.length(walks[i])
	}
	for o, n := range taken {
		if n != 1 {
			return 0, fmt.Errorf("order %d is in %d batches", o, n)
		}
	}
	return total, nil
}

func over(n, limit int) bool { return limit > 0 && n > limit }

// length is the way from the depot past the spots in their order and back.
func (p *problem) length(walk []int) float64 {
	at, total := -1, 0.0
	for _, s := range walk {
		total += p.apart(at, s)
		at = s
	}
	return total + p.apart(at, -1)
}

// apart is the shortest way between two spots, the depot being -1: that of the
// instance if it gives one, else that of its floor.
func (p *problem) apart(a, b int) float64 {
	if p.apartOf != nil {
		number := func(s int) int {
			if s < 0 {
				return 0
			}
			return p.place[s]
		}
		if d, known := p.apartOf[[2]int{number(a), number(b)}]; known {
			return d
		}
	}
	at := func(s int) point {
		if s < 0 {
			return p.depot
		}
		return point{p.aisles[p.spots[s].aisle], p.spots[s].y}
	}
	return p.geometric(at(a), at(b))
}

// geometric is the shortest way between two points: along an aisle, or by the best
// of the cross aisles. Over open space it is straight to the first of them.
func (p *problem) geometric(a, b point) float64 {
	if a == b {
		return 0
	}
	if p.open && (a == p.depot || b == p.depot) {
		if a != p.depot {
			a, b = b, a
		}
		best := math.Inf(1)
		for _, x := range p.aisles {
			best = min(best, math.Hypot(x-a.x, p.cross[0]-a.y)+math.Abs(x-b.x)+b.y-p.cross[0])
		}
		return best
	}
	if a.x == b.x {
		return math.Abs(a.y - b.y)
	}
	best := math.Inf(1)
	for _, c := range p.cross {
		best = min(best, math.Abs(a.y-c)+math.Abs(a.x-b.x)+math.Abs(b.y-c))
	}
	return best
}

// firstFit batches as Odoo and OCA do: an order goes into the first open batch
// with room for it, in the order in which they came.
func (p *problem) firstFit() [][]int {
	type open struct{ slots, stops, grams int }
	var batches [][]int
	var loads []open
	for o, need := range p.orders {
		k := slices.IndexFunc(loads, func(l open) bool {
			return !over(l.slots+need.slots, p.cart.Slots) && !over(l.stops+len(need.spots), p.cart.Stops) && !over(l.grams+need.grams, int(p.cart.Grams))
		})
		if k < 0 {
			k = len(batches)
			batches, loads = append(batches, nil), append(loads, open{})
		}
		l := &loads[k]
		l.slots, l.stops, l.grams = l.slots+need.slots, l.stops+len(need.spots), l.grams+need.grams
		batches[k] = append(batches[k], o)
	}
	return batches
}

// inLocationOrder is the length of walks that follow the names of the places.
func (p *problem) inLocationOrder(batches [][]int) float64 {
	total := 0.0
	for _, b := range batches {
		walk := p.visit(b)
		slices.SortStableFunc(walk, func(x, y int) int {
			return cmp.Or(cmp.Compare(p.spots[x].aisle, p.spots[y].aisle), cmp.Compare(p.spots[x].cell, p.spots[y].cell))
		})
		total += p.length(walk)
	}
	return total
}

// sShape is the length of walks that go through every aisle with something in it,
// from left to right, and turn back in the last one if they must.
func (p *problem) sShape(batches [][]int) float64 {
	near, far := p.cross[0], p.cross[len(p.cross)-1]
	if math.Abs(p.depot.y-far) < math.Abs(p.depot.y-near) {
		near, far = far, near
	}
	total := 0.0
	for _, b := range batches {
		reach := map[int]float64{} // of each aisle: how far from the depot's side
		for _, s := range p.visit(b) {
			a := p.spots[s].aisle
			reach[a] = max(reach[a], math.Abs(p.spots[s].y-near))
		}
		first, last := len(p.aisles), -1
		for a := range reach {
			first, last = min(first, a), max(last, a)
		}
		x, y := p.aisles[first], p.aisles[last]
		through := len(reach)
		if through%2 == 1 {
			through--
			total += 2 * reach[last]
		}
		there, back := math.Abs(p.depot.x-x)+math.Abs(p.depot.y-near), math.Abs(y-p.depot.x)+math.Abs(p.depot.y-near)
		if p.open {
			there, back = math.Hypot(p.depot.x-x, p.depot.y-near), math.Hypot(y-p.depot.x, p.depot.y-near)
		}
		total += float64(through)*math.Abs(far-near) + there + (y - x) + back
	}
	return total
}
