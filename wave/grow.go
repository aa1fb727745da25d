package wave

import (
	"cmp"
	"context"
	"math/bits"
	"slices"
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
	ways   []stretch // of its walk
	aisles uint64
}

// measured is how many of the open items are walked in full before one joins.
const measured = 48

// grow fills cart after cart: it begins with the item that is farthest away and
// adds the one that lengthens the walk least, of those that share the most aisles
// with the cart and open the fewest. Without time left it adds the first that fits.
// One goroutine does it: two lists of half the items make walks a tenth longer.
func grow(ctx context.Context, l *Layout, items []item, c Cart, e Effort) [][]int {
	open := make([]waiting, len(items))
	g := newGauge(l)
	for i := range items {
		g.put(items[i].cells)
		open[i] = waiting{int32(i), items[i].aisles, g.length()}
	}
	slices.SortStableFunc(open, func(a, b waiting) int { return cmp.Compare(b.alone, a.alone) })
	b := grower{g: g, items: items, cart: c, open: open, window: max(500, 200_000_000/max(1, len(items)))}
	return b.all(ctx, e)
}

func (b *grower) all(ctx context.Context, e Effort) [][]int {
	var all [][]int
	over := false
	for len(b.open) > 0 {
		b.sum, b.ways, b.aisles, b.class = Load{}, b.ways[:0], 0, b.items[b.open[0].i].class
		var batch []int
		for k := 0; k >= 0; {
			batch = append(batch, b.take(k))
			if over = over || e.over(ctx); over {
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
	b.ways = b.g.join(b.ways, it.cells)
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
	var best [measured]choice
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
		b.g.put(b.items[b.open[ch.k].i].cells)
		if m := b.g.changed(b.ways); m < least {
			k, least = ch.k, m
		}
	}
	return k
}
