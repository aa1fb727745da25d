package wave

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"floord/floor"
)

// A Piece is so many of one SKU: wanted by an order, or lying in an aisle.
type Piece struct {
	SKU floor.SKU
	Qty int // from 1
}

// A Backlog is what Select chooses from. Orders and aisles are known by their index.
type Backlog struct {
	Orders [][]Piece
	Aisles [][]Piece

	// A wave has at least Least and at most Most pieces.
	Least, Most int
}

// A Selection is a wave: its orders, and aisles in which all their pieces lie. Both
// are sorted.
type Selection struct {
	Orders, Aisles []int
	Pieces         int
}

// ErrNoWave says that no orders of a backlog make a wave within its bounds, or none
// was found in time.
var ErrNoWave = errors.New("no wave within the bounds was found")

// Select chooses the orders that go next: as many pieces as it can for each aisle
// somebody must walk into. An order goes whole or not at all. When ctx ends it
// returns the best it has, which is valid, or ErrNoWave.
func Select(ctx context.Context, b Backlog, e Effort) (Selection, error) {
	shop, err := newShop(b)
	if err != nil {
		return Selection{}, err
	}
	team := make([]*chooser, max(1, e.Workers))
	var wg sync.WaitGroup
	for w := range team {
		team[w] = shop.chooser(e.Seed, w)
		wg.Go(func() { team[w].run(ctx, e) })
	}
	wg.Wait()
	best := slices.MinFunc(team, func(x, y *chooser) int { return cmp.Compare(y.rate, x.rate) })
	if best.rate == 0 {
		return Selection{}, ErrNoWave
	}
	return best.best, nil
}

// A shop is a backlog with its SKUs numbered. It does not change once made.
type shop struct {
	orders, aisles [][]piece
	size           []int     // pieces of each order
	wanting        [][]int32 // of each SKU: the orders with it, large ones first
	having         [][]int32 // of each SKU: the aisles with it
	least, most    int
}

type piece struct {
	sku int32
	qty int
}

func newShop(b Backlog) (*shop, error) {
	if b.Least < 0 || b.Most < max(1, b.Least) || b.Most > maxQty*maxLines {
		return nil, fmt.Errorf("a wave of %d to %d pieces is impossible", b.Least, b.Most)
	}
	s := &shop{least: max(1, b.Least), most: b.Most, size: make([]int, len(b.Orders))}
	skus := map[floor.SKU]int32{}
	number := func(what string, lists [][]Piece) ([][]piece, error) {
		out := make([][]piece, len(lists))
		for i, list := range lists {
			at := make(map[int32]int, len(list))
			for _, p := range list {
				if p.SKU == "" || p.Qty < 1 || p.Qty > maxQty {
					return nil, fmt.Errorf("%s %d: %d of SKU %q", what, i, p.Qty, p.SKU)
				}
				n, known := skus[p.SKU]
				if !known {
					n = int32(len(skus))
					skus[p.SKU] = n
				}
				k, twice := at[n]
				if !twice {
					k = len(out[i])
					at[n] = k
					out[i] = append(out[i], piece{sku: n})
				}
				out[i][k].qty += p.Qty
			}
		}
		return out, nil
	}
	var err1, err2 error
	s.orders, err1 = number("order", b.Orders)
	s.aisles, err2 = number("aisle", b.Aisles)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, err
	}
	s.wanting = make([][]int32, len(skus))
	for i, o := range s.orders {
		for _, p := range o {
			s.size[i] += p.qty
			s.wanting[p.sku] = append(s.wanting[p.sku], int32(i))
		}
	}
	s.having = make([][]int32, len(skus))
	for i, a := range s.aisles {
		for _, p := range a {
			s.having[p.sku] = append(s.having[p.sku], int32(i))
		}
	}
	for _, w := range s.wanting {
		slices.SortStableFunc(w, func(a, b int32) int { return cmp.Compare(s.size[b], s.size[a]) })
	}
	return s, nil
}

// A chooser changes a wave at random: it leaves an aisle, goes into another, drops
// the orders that lack something and takes in those that have become possible. A
// wave is worth its pieces less, for every aisle, the pieces an aisle brought in
// the best wave so far (Dinkelbach 1967), so whatever is worth more than nothing
// is a better wave. It works for one goroutine.
type chooser struct {
	*shop
	rnd *rand.Rand

	free   []int // of each SKU: pieces in the open aisles that no chosen order takes
	chosen []bool
	open   []bool
	pieces int
	ins    []int32 // the open aisles, in any order
	at     []int32 // of each aisle: its place in ins
	now    []int32 // the chosen orders, in any order
	where  []int32 // of each order: its place in now

	log []act // what was done since the last decision

	rate float64 // of best: pieces for each aisle; 0: none yet
	best Selection
}

// An act opened or closed an aisle, or chose or dropped an order.
type act struct {
	aisle bool
	i     int32
}

func (s *shop) chooser(seed uint64, worker int) *chooser {
	return &chooser{
		shop: s, rnd: rand.New(rand.NewPCG(seed, uint64(worker))), free: make([]int, len(s.wanting)),
		chosen: make([]bool, len(s.orders)), open: make([]bool, len(s.aisles)),
		at: make([]int32, len(s.aisles)), where: make([]int32, len(s.orders)),
	}
}

// flip opens an aisle that is closed, and closes one that is open.
func (c *chooser) flip(a int32) {
	sign := 1
	if c.open[a] {
		sign = -1
		last := c.ins[len(c.ins)-1]
		c.ins[c.at[a]], c.at[last] = last, c.at[a]
		c.ins = c.ins[:len(c.ins)-1]
	} else {
		c.at[a] = int32(len(c.ins))
		c.ins = append(c.ins, a)
	}
	c.open[a] = !c.open[a]
	for _, p := range c.aisles[a] {
		c.free[p.sku] += sign * p.qty
	}
	c.log = append(c.log, act{true, a})
}

// turn chooses an order that is not chosen, and drops one that is.
func (c *chooser) turn(o int32) {
	sign := 1
	if c.chosen[o] {
		sign = -1
		last := c.now[len(c.now)-1]
		c.now[c.where[o]], c.where[last] = last, c.where[o]
		c.now = c.now[:len(c.now)-1]
	} else {
		c.where[o] = int32(len(c.now))
		c.now = append(c.now, o)
	}
	c.chosen[o] = !c.chosen[o]
	c.pieces += sign * c.size[o]
	for _, p := range c.orders[o] {
		c.free[p.sku] -= sign * p.qty
	}
	c.log = append(c.log, act{false, o})
}

// undo takes back everything since mark.
func (c *chooser) undo(mark int) {
	for k := len(c.log) - 1; k >= mark; k-- {
		if a := c.log[k]; a.aisle {
			c.flip(a.i)
		} else {
			c.turn(a.i)
		}
	}
	c.log = c.log[:mark]
}

// leave closes an aisle and drops orders until none lacks anything.
func (c *chooser) leave(a int32) {
	c.flip(a)
	for _, p := range c.aisles[a] {
		for _, o := range c.wanting[p.sku] {
			if c.free[p.sku] >= 0 {
				break
			}
			if c.chosen[o] {
				c.turn(o)
			}
		}
	}
}

// enter opens an aisle and takes in what has become possible.
func (c *chooser) enter(a int32) {
	c.flip(a)
	list := c.aisles[a]
	from := c.rnd.IntN(max(1, len(list)))
	for k := range list {
		c.fill(list[(from+k)%len(list)].sku)
	}
}

// fill takes in orders with the SKU, large ones first.
func (c *chooser) fill(sku int32) {
	if c.free[sku] <= 0 || c.pieces >= c.most {
		return
	}
	for _, o := range c.wanting[sku] {
		if !c.chosen[o] && c.pieces+c.size[o] <= c.most && c.possible(o) {
			c.turn(o)
			if c.free[sku] <= 0 {
				return
			}
		}
	}
}

// demand chooses an order and opens aisles until it lacks nothing, each time the one
// with most of what is lacking. It reports whether the aisles have all.
func (c *chooser) demand(o int32) bool {
	c.turn(o)
	for {
		lacks, best, most, ties := false, int32(-1), 0, 0
		for _, p := range c.orders[o] {
			if c.free[p.sku] >= 0 {
				continue
			}
			lacks = true
			for _, a := range c.having[p.sku] {
				if c.open[a] {
					continue
				}
				n := 0
				for _, q := range c.aisles[a] {
					if c.free[q.sku] < 0 {
						n += min(q.qty, -c.free[q.sku])
					}
				}
				if n > most {
					best, most, ties = a, n, 1
				} else if n == most {
					if ties++; c.rnd.IntN(ties) == 0 {
						best = a
					}
				}
			}
		}
		if !lacks {
			return true
		}
		if best < 0 {
			return false
		}
		c.enter(best)
	}
}

// prune closes aisles that no chosen order needs.
func (c *chooser) prune() {
	for k := len(c.ins) - 1; k >= 0; k-- {
		if k < len(c.ins) && !c.needs(c.ins[k]) {
			c.flip(c.ins[k])
		}
	}
}

func (c *chooser) needs(a int32) bool {
	for _, p := range c.aisles[a] {
		if c.free[p.sku] < p.qty && len(c.wanting[p.sku]) > 0 {
			return true
		}
	}
	return false
}

func (c *chooser) possible(o int32) bool {
	for _, p := range c.orders[o] {
		if p.qty > c.free[p.sku] {
			return false
		}
	}
	return true
}

// refill takes in what the drops since mark made possible, in random order.
func (c *chooser) refill(mark int) {
	n := len(c.log)
	if n == mark {
		return
	}
	from := c.rnd.IntN(n - mark)
	for k := range n - mark {
		if a := c.log[mark+(from+k)%(n-mark)]; !a.aisle && !c.chosen[a.i] {
			for _, p := range c.orders[a.i] {
				c.fill(p.sku)
			}
		}
	}
}

// worth is what the present wave is worth; pieces that it has too few count twice.
func (c *chooser) worth() float64 {
	return float64(c.pieces) - c.rate*float64(len(c.ins)) - lacking*float64(max(0, c.least-c.pieces))
}

// The temperature falls from warm to cool, as parts of the pieces that an aisle
// brings.
const (
	warm    = 0.3
	cool    = 0.01
	lacking = 2
	tasting = 48 // aisles that begin looks at before it opens one
)

// begin opens aisle after aisle, each the best of some, until the wave is large
// enough and aisles no longer bring as much as those before.
func (c *chooser) begin(ctx context.Context, e Effort) {
	for len(c.ins) < len(c.aisles) && c.pieces < c.most && !e.over(ctx) {
		best, most := int32(-1), -1.0
		for range tasting {
			a := int32(c.rnd.IntN(len(c.aisles)))
			if c.open[a] {
				continue
			}
			was, mark := c.pieces, len(c.log)
			c.enter(a)
			gain := float64(c.pieces - was)
			c.undo(mark)
			for _, p := range c.aisles[a] { // what it has helps later
				if len(c.wanting[p.sku]) > 0 {
					gain += 1e-3
				}
			}
			if gain > most {
				best, most = a, gain
			}
		}
		if best < 0 {
			continue
		}
		if c.pieces >= c.least && most < 0.5*float64(c.pieces)/float64(len(c.ins)) {
			break
		}
		c.enter(best)
		c.keep()
		c.log = c.log[:0]
	}
}

// keep notes the present wave if it is the best so far.
func (c *chooser) keep() {
	if c.pieces < c.least || len(c.ins) == 0 || float64(c.pieces) <= c.rate*float64(len(c.ins))*(1+1e-12) {
		return
	}
	c.rate = float64(c.pieces) / float64(len(c.ins))
	c.best = Selection{Pieces: c.pieces}
	for _, o := range c.now {
		c.best.Orders = append(c.best.Orders, int(o))
	}
	for _, a := range c.ins {
		c.best.Aisles = append(c.best.Aisles, int(a))
	}
	slices.Sort(c.best.Orders)
	slices.Sort(c.best.Aisles)
}

func (c *chooser) run(ctx context.Context, e Effort) {
	if len(c.aisles) == 0 || len(c.orders) == 0 {
		return
	}
	c.begin(ctx, e)
	began := e.spent()
	for n := 0; ctx.Err() == nil; n++ {
		part := float64(n) / float64(max(1, e.Iterations))
		if e.Spent != nil {
			part = (e.Spent() - began) / max(1e-9, 1-began)
		}
		if part >= 1 {
			return
		}
		heat := warm * math.Pow(cool/warm, part) * max(1, c.rate)
		for range rounds / 8 {
			c.try(heat)
		}
	}
}

// try changes the wave and takes the change back if it is not worth it.
func (c *chooser) try(heat float64) {
	c.log = c.log[:0]
	was, whole := c.worth(), true
	switch kind := c.rnd.IntN(32); {
	case kind < 24: // other aisles
		if kind < 22 && len(c.ins) > 0 {
			c.leave(c.ins[c.rnd.IntN(len(c.ins))])
		}
		if kind < 17 || kind > 21 {
			if a := int32(c.rnd.IntN(len(c.aisles))); !c.open[a] {
				c.enter(a)
			}
		}
	case kind < 28: // other orders from the same aisles
		c.drop(1 + c.rnd.IntN(4))
	default: // an order, and the aisles it needs
		c.drop(kind - 28)
		c.prune()
		if o := int32(c.rnd.IntN(len(c.orders))); !c.chosen[o] && len(c.orders[o]) > 0 {
			whole = c.demand(o) && c.pieces <= c.most
			c.prune()
		}
	}
	if whole {
		c.refill(0)
	}
	if !whole || c.worth() < was-heat*c.rnd.ExpFloat64() {
		c.undo(0)
		return
	}
	c.keep()
}

// drop drops n orders, if there are any.
func (c *chooser) drop(n int) {
	for range n {
		if len(c.now) > 0 {
			c.turn(c.now[c.rnd.IntN(len(c.now))])
		}
	}
}
