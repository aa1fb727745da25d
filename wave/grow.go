package wave

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
	"sync"
)

// A waiting item is not on a cart yet.
type waiting struct {
	i      int32
	aisles uint64
	alone  int64 // its own walk
}

// A grower fills one cart after the other.
type grower struct {
	g      *gauge
	items  []item
	cart   Cart
	open   []waiting // farthest first
	window int       // how many of the open ones are asked for one place on a cart

	sum    Load
	class  int
	cells  []cell // of all items on the cart
	aisles uint64
}

// growing is how many items each of several workers must have: fewer do not fill
// the last carts well.
const growing = 5000

// grow fills cart after cart: it begins with the item that is farthest away and
// adds the one that lengthens the walk least, of those that share
// the most aisles with the cart and open the fewest. Without time left it adds the first that fits.
func grow(ctx context.Context, l *Layout, items []item, c Cart, e Effort) [][]int {
	open := make([]waiting, len(items))
	g := newGauge(l)
	for i := range items {
		g.put(items[i].cells)
		open[i] = waiting{int32(i), items[i].aisles, g.length()}
	}
	slices.SortStableFunc(open, func(a, b waiting) int { return cmp.Compare(b.alone, a.alone) })
	n := max(1, min(e.Workers, len(items)/growing))
	batches := make([][][]int, n)
	var wg sync.WaitGroup
	for k := range n {
		b := grower{g: newGauge(l), items: items, cart: c, window: max(500, min(4000, 200_000_000/max(1, len(items))))}
		for i := k; i < len(open); i += n {
			b.open = append(b.open, open[i])
		}
		wg.Go(func() { batches[k] = b.all(ctx, e) })
	}
	wg.Wait()
	return slices.Concat(batches...)
}

func (b *grower) all(ctx context.Context, e Effort) [][]int {
	var all [][]int
	over := false
	for len(b.open) > 0 {
		over = over || e.over(ctx)
		b.sum, b.cells, b.aisles, b.class = Load{}, b.cells[:0], 0, b.items[b.open[0].i].class
		var batch []int
		for k := 0; k >= 0; {
			batch = append(batch, b.take(k))
			if over {
				k = slices.IndexFunc(b.open[:min(len(b.open), shortlist)], b.fits)
			} else {
				k = b.cheapest()
			}
		}
		all = append(all, batch)
	}
	return all
}

// take moves the k-th open item to the cart.
func (b *grower) take(k int) int {
	i := b.open[k].i
	copy(b.open[1:k+1], b.open[:k])
	b.open = b.open[1:]
	it := &b.items[i]
	b.sum = b.sum.plus(it.Load)
	b.aisles |= it.aisles
	for _, c := range it.cells {
		at, there := slices.BinarySearchFunc(b.cells, c, func(x, y cell) int { return cmp.Compare(x.word, y.word) })
		if !there {
			b.cells = slices.Insert(b.cells, at, cell{word: c.word})
		}
		b.cells[at].bits |= c.bits
	}
	return int(i)
}

func (b *grower) fits(w waiting) bool {
	it := &b.items[w.i]
	return it.class == b.class && b.cart.holds(b.sum.plus(it.Load))
}

// cheapest gives the index in open of the item that should join the cart, -1 if
// none fits.
func (b *grower) cheapest() int {
	type choice struct{ k, added int }
	var best [2 * shortlist]choice
	n := 0
	for k, w := range b.open[:min(len(b.open), b.window)] {
		ch := choice{k, 2*bits.OnesCount64(w.aisles&^b.aisles) - bits.OnesCount64(w.aisles&b.aisles)}
		if n == len(best) && ch.added >= best[n-1].added || !b.fits(w) {
			continue
		}
		at := min(n, len(best)-1)
		for ; at > 0 && best[at-1].added > ch.added; at-- {
			best[at] = best[at-1]
		}
		best[at] = ch
		n = min(n+1, len(best))
	}
	k, least := -1, 2*far
	for _, ch := range best[:n] {
		b.g.put(b.cells)
		b.g.put(b.items[b.open[ch.k].i].cells)
		if m := b.g.length(); m < least {
			k, least = ch.k, m
		}
	}
	return k
}
