package wave

import (
	"context"
	"fmt"
	"slices"
	"time"

	"floord/floor"
)

// A Load is what one order asks of a cart.
type Load struct {
	Bins  []floor.BinID // where its goods lie; at least one
	Slots int
	Stops int
	Grams floor.Grams

	Millilitres int64

	Due time.Duration // for Schedule: when it must be picked, from the beginning; 0: never
}

// A Cart is what fits on one walk; 0: no limit.
type Cart struct {
	Slots int
	Stops int
	Grams floor.Grams

	Millilitres int64
}

// Effort is how long Batch looks for shorter walks.
type Effort struct {
	Seed uint64

	// Iterations is how many changes each worker tries. The same seed, iterations
	// and workers give the same batches.
	Iterations int

	// Spent, if set, takes the place of Iterations: it tells how much of the time is
	// used up, from 0 to 1, and Batch ends at 1. Workers call it at the same time.
	// (This package has no clock.)
	Spent func() float64

	Workers int // goroutines, each on its own; the best one counts. 0: one
}

// Batch puts every load on one of as many carts as it likes and makes the sum of
// the walks short. It gives the loads of each cart by index, and the metres. A load
// that no cart holds, or at a bin that cannot be walked to, is an error. When ctx
// ends Batch returns at once with the best it has, which is whole and valid.
func Batch(ctx context.Context, l *Layout, loads []Load, c Cart, e Effort) ([][]int, Metres, error) {
	items, err := l.items(loads, c)
	if err != nil {
		return nil, 0, err
	}
	s := newSearch(l, items, c, e.Seed)
	s.grow(ctx, e)
	batches := s.run(ctx, e)
	total := Metres(0)
	w := walker{l: l}
	for _, b := range batches {
		total += w.plan(union(items, b))
	}
	return batches, total, nil
}

// items makes the loads ready.
func (l *Layout) items(loads []Load, c Cart) ([]item, error) {
	items := make([]item, len(loads))
	for i, load := range loads {
		it, err := l.item(load)
		if err != nil {
			return nil, fmt.Errorf("load %d: %w", i, err)
		}
		if !c.holds(it.Load) {
			return nil, fmt.Errorf("load %d: %d slots, %d stops, %d g, %d ml are more than an empty cart takes", i, load.Slots, load.Stops, load.Grams, load.Millilitres)
		}
		items[i] = it
	}
	return items, nil
}

// union lists the places of some items.
func union(items []item, batch []int) []int32 {
	var visit []int32
	for _, i := range batch {
		visit = merge(nil, visit, items[i].places)
	}
	return visit
}

// holds reports whether the load fits on an empty cart.
func (c Cart) holds(l Load) bool {
	return l.Slots >= 0 && l.Stops >= 0 && l.Grams >= 0 && l.Millilitres >= 0 && (c.Millilitres == 0 || l.Millilitres <= c.Millilitres) &&
		(c.Slots == 0 || l.Slots <= c.Slots) && (c.Stops == 0 || l.Stops <= c.Stops) && (c.Grams == 0 || l.Grams <= c.Grams)
}

func (l Load) plus(o Load) Load {
	l.Slots, l.Stops, l.Grams, l.Millilitres = l.Slots+o.Slots, l.Stops+o.Stops, l.Grams+o.Grams, l.Millilitres+o.Millilitres
	return l
}

func (l Load) minus(o Load) Load {
	l.Slots, l.Stops, l.Grams, l.Millilitres = l.Slots-o.Slots, l.Stops-o.Stops, l.Grams-o.Grams, l.Millilitres-o.Millilitres
	return l
}

// An item is a load made ready: its places are sorted and none is there twice.
type item struct {
	Load
	places []int32
	cells  []cell
	aisles uint64 // the sub-aisles of its places, folded into a word
	class  int    // only items of one class share a cart
	fixed  bool   // it stays on its cart
}

func (l *Layout) item(load Load) (item, error) {
	it := item{Load: load}
	if len(load.Bins) == 0 {
		return it, fmt.Errorf("it has no bin")
	}
	for _, id := range load.Bins {
		p, err := l.find(id)
		if err != nil {
			return it, err
		}
		it.places = append(it.places, p)
	}
	slices.Sort(it.places)
	it.places = slices.Compact(it.places)
	it.ready(l)
	return it, nil
}

// ready makes cells and aisles of the places.
func (it *item) ready(l *Layout) {
	it.cells = l.grid.cells(it.places)
	for _, p := range it.places {
		it.aisles |= 1 << (l.places[p].sub & 63)
	}
}

// over reports whether there is no time left.
func (e Effort) over(ctx context.Context) bool {
	return ctx.Err() != nil || e.Spent != nil && e.Spent() >= 1
}
