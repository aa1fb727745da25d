package wave

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"floord/floor"
)

// A Load is what one order asks of a cart.
type Load struct {
	Bins  []floor.BinID // where its goods lie; at least one
	Slots int
	Stops int
	Grams floor.Grams
}

// A Cart is what fits on one walk; 0: no limit.
type Cart struct {
	Slots int
	Stops int
	Grams floor.Grams
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
	items := make([]item, len(loads))
	for i, load := range loads {
		it, err := l.item(load)
		if err != nil {
			return nil, 0, fmt.Errorf("load %d: %w", i, err)
		}
		if !c.holds(it.Load) {
			return nil, 0, fmt.Errorf("load %d: %d slots, %d stops, %d g are more than an empty cart takes", i, load.Slots, load.Stops, load.Grams)
		}
		items[i] = it
	}
	begun := grow(ctx, l, items, c)
	near := neighbours(ctx, l, items)
	teams := make([]*annealer, max(1, e.Workers))
	var wg sync.WaitGroup
	for i := range teams {
		teams[i] = newAnnealer(l, items, c, begun, rand.New(rand.NewPCG(e.Seed, uint64(i))))
		teams[i].near = near
		wg.Go(func() { teams[i].run(ctx, e) })
	}
	wg.Wait()
	best := slices.MinFunc(teams, func(a, b *annealer) int { return cmp.Compare(a.least, b.least) })
	return best.batches()
}

// holds reports whether the load fits on an empty cart.
func (c Cart) holds(l Load) bool {
	return l.Slots >= 0 && l.Stops >= 0 && l.Grams >= 0 &&
		(c.Slots == 0 || l.Slots <= c.Slots) && (c.Stops == 0 || l.Stops <= c.Stops) && (c.Grams == 0 || l.Grams <= c.Grams)
}

func (l Load) plus(o Load) Load {
	l.Slots, l.Stops, l.Grams = l.Slots+o.Slots, l.Stops+o.Stops, l.Grams+o.Grams
	return l
}

func (l Load) minus(o Load) Load {
	l.Slots, l.Stops, l.Grams = l.Slots-o.Slots, l.Stops-o.Stops, l.Grams-o.Grams
	return l
}

// An item is a load made ready: its places are sorted and none is there twice.
type item struct {
	Load
	places []int32
	aisles bitset
	class  int // only items of one class change places with each other; -1 stays
}

func (l *Layout) item(load Load) (item, error) {
	it := item{Load: load, aisles: newBitset(l.subs)}
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
	it.ready(l)
	return it, nil
}

func (it *item) ready(l *Layout) {
	slices.Sort(it.places)
	it.places = slices.Compact(it.places)
	for _, p := range it.places {
		it.aisles.set(l.places[p].sub)
	}
}

// grow fills cart after cart: it begins with the load that is farthest away and
// adds the one that lengthens the walk least, of those that open the fewest aisles.
func grow(ctx context.Context, l *Layout, items []item, c Cart) [][]int {
	w := walker{l: l}
	open := make([]int, len(items))
	far := make([]Metres, len(items))
	for i, it := range items {
		open[i] = i
		far[i] = w.plan(it.places)
	}
	slices.SortStableFunc(open, func(a, b int) int { return cmp.Compare(far[b], far[a]) })
	var all [][]int
	for len(open) > 0 {
		batch := []int{open[0]}
		sum, visit, aisles := items[open[0]].Load, items[open[0]].places, slices.Clone(items[open[0]].aisles)
		open = slices.Delete(open, 0, 1)
		for ctx.Err() == nil {
			k := cheapest(&w, items, open, c, sum, visit, aisles)
			if k < 0 {
				break
			}
			it := items[open[k]]
			batch, sum = append(batch, open[k]), sum.plus(it.Load)
			visit = merge(nil, visit, it.places)
			aisles.add(it.aisles)
			open = slices.Delete(open, k, k+1)
		}
		all = append(all, batch)
	}
	return all
}

// growWindow is how many open loads are looked at for one place on a cart.
const growWindow = 4000

// cheapest gives the index in open of the load that should join a cart, -1 if
// none fits.
func cheapest(w *walker, items []item, open []int, c Cart, sum Load, visit []int32, aisles bitset) int {
	type choice struct{ k, added int }
	var best []choice
	for k, i := range open[:min(len(open), growWindow)] {
		if !c.holds(sum.plus(items[i].Load)) {
			continue
		}
		ch := choice{k, aisles.missing(items[i].aisles)}
		at, _ := slices.BinarySearchFunc(best, ch, func(a, b choice) int { return cmp.Compare(a.added, b.added+1) })
		if at < 2*shortlist {
			best = slices.Insert(best[:min(len(best), 2*shortlist-1)], at, ch)
		}
	}
	k, least := -1, never
	for _, ch := range best {
		m := w.plan(merge(nil, visit, items[open[ch.k]].places))
		if m < least {
			k, least = ch.k, m
		}
	}
	return k
}

// An annealer changes batches at random and keeps what is shorter, and at first
// also some of what is a little longer (simulated annealing).
type annealer struct {
	l     *Layout
	w     walker
	items []item
	cart  Cart
	rnd   *rand.Rand
	swap  bool // only swaps: the number of items on each cart stays

	carts []load  // the last one is empty, unless swap is set
	home  []int32 // of each item: its cart
	total Metres
	near  [][]int32 // of each item: those that would share much of its walk
	names []uint64  // random, one an item: a set of items is known by their xor

	best  [][]int32
	least Metres

	known []memo  // walks already measured, by name
	marks bitset  // scratch for union
	visit []int32 // scratch
	xs    []int32 // scratch: what a change takes from a cart
	ys    []int32 // scratch: and what goes back
}

// A load is one cart in the making.
type load struct {
	Load
	items  []int32
	metres Metres
	name   uint64
}

type memo struct {
	name   uint64
	metres Metres
}

// memos is how many walks are remembered, a power of two.
const memos = 1 << 17

func newAnnealer(l *Layout, items []item, c Cart, begun [][]int, rnd *rand.Rand) *annealer {
	a := &annealer{
		l: l, w: walker{l: l}, items: items, cart: c, rnd: rnd,
		home: make([]int32, len(items)), names: make([]uint64, len(items)),
		known: make([]memo, memos), marks: newBitset(int32(len(l.places))),
	}
	for i := range a.names {
		a.names[i] = rnd.Uint64()
	}
	for k, batch := range begun {
		b := load{}
		for _, i := range batch {
			b.items = append(b.items, int32(i))
			b.Load = b.plus(items[i].Load)
			b.name ^= a.names[i]
			a.home[i] = int32(k)
		}
		b.metres = a.metres(&b, b.name, nil, nil)
		a.total += b.metres
		a.carts = append(a.carts, b)
	}
	a.least = never
	a.keep()
	return a
}

// keep notes the present batches if they are the best so far.
func (a *annealer) keep() {
	if a.total >= a.least-1e-6 {
		return
	}
	a.least = a.total
	a.best = slices.Grow(a.best[:0], len(a.carts))[:len(a.carts)]
	for k := range a.carts {
		a.best[k] = append(a.best[k][:0], a.carts[k].items...)
	}
}

// batches gives the best batches, each sorted, by their first item. Their length is
// measured anew, so that no rounding has gathered in it.
func (a *annealer) batches() ([][]int, Metres, error) {
	var out [][]int
	total := Metres(0)
	for _, b := range a.best {
		if len(b) == 0 {
			continue
		}
		batch := make([]int, len(b))
		for i, it := range b {
			batch[i] = int(it)
		}
		slices.Sort(batch)
		out = append(out, batch)
	}
	slices.SortFunc(out, slices.Compare)
	for _, batch := range out {
		total += a.union(batch)
	}
	return out, total, nil
}

func (a *annealer) union(batch []int) Metres {
	b := load{}
	for _, i := range batch {
		b.items = append(b.items, int32(i))
	}
	return a.measure(&b, nil, nil)
}

// metres is the length of the walk of cart b without the items out and with the
// items in, which together are known by name.
func (a *annealer) metres(b *load, name uint64, out, in []int32) Metres {
	m := &a.known[name&(memos-1)]
	if m.name != name || name == 0 {
		*m = memo{name, a.measure(b, out, in)}
	}
	return m.metres
}

func (a *annealer) measure(b *load, out, in []int32) Metres {
	lo, hi := int32(len(a.marks)), int32(-1)
	for _, items := range [2][]int32{b.items, in} {
		for _, i := range items {
			if len(out) > 0 && (i == out[0] || i == out[len(out)-1]) {
				continue
			}
			ps := a.items[i].places
			lo, hi = min(lo, ps[0]/64), max(hi, ps[len(ps)-1]/64)
			for _, p := range ps {
				a.marks.set(p)
			}
		}
	}
	a.visit = a.visit[:0]
	for k := lo; k <= hi; k++ {
		a.visit = a.marks.take(a.visit, k)
	}
	return a.w.plan(a.visit)
}

// rounds is how many changes are tried between looks at the clock.
const rounds = 64

// run tries changes until the effort is spent or ctx ends.
func (a *annealer) run(ctx context.Context, e Effort) {
	if len(a.carts) < 2 && (a.swap || len(a.items) < 2) {
		return
	}
	if !a.swap {
		a.carts = append(a.carts, load{})
	}
	defer a.keep()
	mean := float64(a.total) / float64(len(a.carts)) * min(1, some/float64(len(a.items)))
	for n := 0; ctx.Err() == nil; n += rounds {
		spent := float64(n) / float64(max(1, e.Iterations))
		if e.Spent != nil {
			spent = e.Spent()
		}
		if spent >= 1 {
			return
		}
		heat := mean * hot * math.Pow(cold/hot, spent)
		for range rounds {
			a.try(heat)
		}
	}
}

// The temperature falls from hot to cold, as parts of the mean walk. The more items
// share the time, the cooler the search begins: it must still come to rest.
const (
	hot  = 0.1
	cold = 0.002
	some = 100 // items, up to which there is time for all
)

// try draws a change: an item goes to the cart of another, for nothing, for one
// item, or two for one.
func (a *annealer) try(heat float64) {
	x := int32(a.rnd.IntN(len(a.items)))
	from, to := a.home[x], int32(len(a.carts)-1)
	n := a.rnd.Uint32()
	if a.swap || n%64 > 0 {
		to = a.home[a.company(x, n>>6)]
	}
	if from == to || a.items[x].class < 0 {
		return
	}
	a.xs, a.ys = append(a.xs[:0], x), a.ys[:0]
	f, t := &a.carts[from], &a.carts[to]
	kind := n >> 28 // of 16
	if (a.swap || kind >= 3) && len(t.items) > 0 {
		a.ys = append(a.ys, t.items[a.rnd.IntN(len(t.items))])
		if !a.swap && kind >= 11 {
			if z := f.items[a.rnd.IntN(len(f.items))]; z != x {
				a.xs = append(a.xs, z)
			}
		}
		if y := a.ys[0]; a.items[y].class != a.items[x].class {
			return
		}
	}
	a.change(from, to, heat)
}

// company draws an item that x might ride with: one of its neighbours, or any.
func (a *annealer) company(x int32, n uint32) int32 {
	if len(a.near) == 0 || n%4 == 0 {
		return int32(a.rnd.IntN(len(a.items)))
	}
	return a.near[x][int(n>>2)%len(a.near[x])]
}

// change moves the items xs from a cart to another, and ys back in their place, if
// there is room and the walks become shorter or the temperature lets it pass.
func (a *annealer) change(from, to int32, heat float64) {
	f, t := &a.carts[from], &a.carts[to]
	fs, ts, diff := f.Load, t.Load, uint64(0)
	for _, x := range a.xs {
		fs, ts, diff = fs.minus(a.items[x].Load), ts.plus(a.items[x].Load), diff^a.names[x]
	}
	for _, y := range a.ys {
		fs, ts, diff = fs.plus(a.items[y].Load), ts.minus(a.items[y].Load), diff^a.names[y]
	}
	if !a.cart.holds(fs) || !a.cart.holds(ts) {
		return
	}
	was := f.metres + t.metres
	allowed := was + Metres(heat*a.rnd.ExpFloat64())
	fm := Metres(0)
	if len(f.items)-len(a.xs)+len(a.ys) > 0 {
		fm = a.metres(f, f.name^diff, a.xs, a.ys)
	}
	if fm > allowed {
		return
	}
	tm := a.metres(t, t.name^diff, a.ys, a.xs)
	if fm+tm > allowed {
		return
	}
	if fm+tm > was {
		a.keep() // before leaving it: copying at every gain would cost more than the search
	}
	a.total += fm + tm - was
	f.Load, t.Load, f.metres, t.metres = fs, ts, fm, tm
	f.name, t.name = f.name^diff, t.name^diff
	a.put(f, a.xs, a.ys, from)
	a.put(t, a.ys, a.xs, to)
	a.tidy(from, to)
}

// put takes items out of cart b, which has number k, and puts others in.
func (a *annealer) put(b *load, out, in []int32, k int32) {
	for _, i := range out {
		at := slices.Index(b.items, i)
		b.items[at] = b.items[len(b.items)-1]
		b.items = b.items[:len(b.items)-1]
	}
	for _, i := range in {
		b.items = append(b.items, i)
		a.home[i] = k
	}
}

// tidy keeps exactly one empty cart, the last, after a change between two.
func (a *annealer) tidy(from, to int32) {
	if a.swap {
		return
	}
	if last := int32(len(a.carts) - 1); to == last {
		a.carts = append(a.carts, load{})
	}
	if len(a.carts[from].items) > 0 {
		return
	}
	full := int32(len(a.carts) - 2) // the last one that is not the spare
	a.carts[from], a.carts[full] = a.carts[full], load{}
	for _, i := range a.carts[from].items {
		a.home[i] = from
	}
	a.carts = a.carts[:full+1]
}

const (
	company = 16   // neighbours of an item
	paired  = 64   // of those with the same aisles, whose walk together is measured
	sampled = 3000 // other items that are looked at for each
)

// A mate is another item, and how little its walk has in common with one's own.
type mate struct {
	i     int32
	apart float64
}

// sameAisles appends to mates the paired items whose aisles differ least from those
// of item i, among every step-th.
func sameAisles(mates []mate, items []item, i, step int) []mate {
	var count [256]int // of mates with so many aisles in only one of the two
	for j := i % step; j < len(items); j += step {
		if j != i {
			apart := items[i].aisles.missing(items[j].aisles) + items[j].aisles.missing(items[i].aisles)
			apart = min(apart, len(count)-1)
			count[apart]++
			mates = append(mates, mate{int32(j), float64(apart)})
		}
	}
	limit, n := 0, 0
	for limit < len(count)-1 && n+count[limit] <= paired {
		n += count[limit]
		limit++
	}
	left := paired - n // places for those at the limit
	return slices.DeleteFunc(mates, func(m mate) bool {
		if int(m.apart) == limit {
			left--
		}
		return int(m.apart) > limit || int(m.apart) == limit && left < 0
	})
}

// neighbours lists for every item those whose walk together with it is shortest,
// measured against their walks alone. Few items need no list, and a list cut short
// by ctx is none.
func neighbours(ctx context.Context, l *Layout, items []item) [][]int32 {
	if len(items) < 4*company {
		return nil
	}
	w := walker{l: l}
	alone := make([]Metres, len(items))
	for i, it := range items {
		alone[i] = w.plan(it.places)
	}
	near := make([][]int32, len(items))
	var mates []mate
	var visit []int32
	step := 1 + len(items)/sampled
	for i, it := range items {
		if ctx.Err() != nil {
			return nil
		}
		mates = sameAisles(mates[:0], items, i, step)
		for k, m := range mates {
			visit = merge(visit[:0], it.places, items[m.i].places)
			mates[k].apart = float64(w.plan(visit) / max(1e-9, alone[i]+alone[m.i]))
		}
		slices.SortFunc(mates, func(a, b mate) int { return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(a.i, b.i)) })
		for _, m := range mates[:min(company, len(mates))] {
			near[i] = append(near[i], m.i)
		}
	}
	return near
}
