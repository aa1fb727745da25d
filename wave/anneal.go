package wave

import (
	"cmp"
	"context"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"sync"
)

// A search makes the walks of many carts shorter. In each round it deals the carts
// out into parts, and workers anneal the parts at the same time; then it deals
// anew. So two workers come nearly twice as far, and a part of many thousand loads
// fits into the processor's cache. Few carts cannot be dealt out: there every
// worker searches for itself, and the best counts.
type search struct {
	l     *Layout
	items []item
	cart  Cart
	seed  uint64
	swap  bool      // only swaps: the number of items on each cart stays
	near  [][]int32 // of each item: those that would share much of its walk
	names []uint64  // random, one an item: a set of items is known by their xor
	setup int64     // what a walk costs beside its length, in ticks
	crew  *Crew     // nil: nothing is due

	carts []load
	home  []int32 // of each item: its cart, by its place in the part
	part  []int32 // of each item
}

// A load is one cart in the making.
type load struct {
	Load
	items []int32
	cost  int64 // of its walk, in ticks
	due   int64 // the first of its items, in nanoseconds; only with a crew
	name  uint64
	ways  []stretch // of its walk; only while it is annealed
}

func newSearch(l *Layout, items []item, c Cart, seed uint64) *search {
	s := &search{
		l: l, items: items, cart: c, seed: seed,
		names: make([]uint64, len(items)), home: make([]int32, len(items)), part: make([]int32, len(items)),
	}
	rnd := rand.New(rand.NewPCG(seed, 0))
	for i := range s.names {
		s.names[i] = rnd.Uint64()
	}
	return s
}

// begin takes the batches to start from.
func (s *search) begin(batches [][]int) {
	g := newGauge(s.l)
	for _, batch := range batches {
		b := load{}
		for _, i := range batch {
			b.items = append(b.items, int32(i))
			b.Load = b.plus(s.items[i].Load)
			b.name ^= s.names[i]
			g.put(s.items[i].cells)
		}
		b.cost, b.due = g.length()+s.setup, never64
		for _, i := range b.items {
			b.due = min(b.due, s.items[i].due())
		}
		s.carts = append(s.carts, b)
	}
}

// grow makes the batches to start from; another worker lists the neighbours meanwhile.
func (s *search) grow(ctx context.Context, e Effort) {
	var batches [][]int
	var wg sync.WaitGroup
	wg.Go(func() { batches = grow(ctx, s.l, s.items, s.cart, e) })
	if e.Workers < 2 {
		wg.Wait()
	}
	s.near = s.neighbours(ctx, e)
	wg.Wait()
	s.begin(batches)
}

const (
	partSize = 2000 // items of a part, about
	fewItems = 200  // as many one worker anneals well enough
	fewCarts = 8    // of a part; fewer are not dealt out
	dealings = 40   // rounds
	settled  = 30   // rounds after which a part goes on from its best, not its last
	probing  = 0.01 // of the time, to see how fast the machine is
	again    = 0.2  // how far the temperature has fallen where a search that goes on begins
)

// endings are the parts of the time after which what was found is recombined.
var endings = []float64{0.5, 0.6, 0.7, 0.8, 0.9, 0.98}

// run searches until the effort is spent or ctx ends, and gives the best batches,
// each sorted, by their first item.
func (s *search) run(ctx context.Context, e Effort) [][]int {
	e.Workers = max(1, e.Workers)
	parts := (len(s.items) + partSize - 1) / partSize
	parts = (parts + e.Workers - 1) / e.Workers * e.Workers
	team := make([]*annealer, e.Workers)
	for w := range team {
		team[w] = newAnnealer(s, w)
	}
	var best []load
	switch {
	case len(s.carts) < 2 && s.crew == nil:
		best = s.carts
	case parts > 1 && s.crew == nil && len(s.items) > fewItems && len(s.carts) >= fewCarts*parts:
		best = s.together(ctx, e, team, parts)
	default:
		best = s.each(ctx, e, team)
	}
	out := [][]int{}
	for _, b := range best {
		if len(b.items) == 0 {
			continue
		}
		batch := make([]int, len(b.items))
		for i, it := range b.items {
			batch[i] = int(it)
		}
		slices.Sort(batch)
		out = append(out, batch)
	}
	slices.SortFunc(out, slices.Compare)
	return out
}

// each lets every worker search for itself, then recombines what they found, and
// again from there, less hot.
func (s *search) each(ctx context.Context, e Effort, team []*annealer) []load {
	cool := s.probe(ctx, &e, team[0], 1)
	began, best := e.spent(), s.carts
	var pools []*pool
	ends := []float64{1}
	if s.crew == nil && !s.swap && len(s.items) <= inPool {
		ends = endings
		for _, a := range team {
			a.pool = &pool{have: map[uint64]bool{}}
			pools = append(pools, a.pool)
		}
	}
	before := 0.0
	for r, until := range ends {
		heat := 0.0
		if r > 0 {
			heat = again
		}
		var wg sync.WaitGroup
		for _, a := range team {
			own := *s // deal shuffles its carts, which are a fresh list for each
			own.carts = clone(best)
			own.home, own.part = slices.Clone(s.home), slices.Clone(s.part)
			dealt := own.deal(0, 1)
			a.search = &own
			wg.Go(func() {
				a.take(0, dealt[0])
				a.run(ctx, e, stint{
					hot: cool(heat), cold: cool(1), tries: int(float64(e.Iterations) * (until - before)),
					until: began + (1-began)*until,
				})
			})
		}
		wg.Wait()
		before = until
		best = full(clone(slices.MinFunc(team, func(a, b *annealer) int {
			return cmp.Or(cmp.Compare(a.leastLate, b.leastLate), cmp.Compare(a.least, b.least))
		}).best))
		if pools != nil {
			best = s.recombine(ctx, e, pools, best)
		}
	}
	return best
}

// together lets the workers share the carts.
func (s *search) together(ctx context.Context, e Effort, team []*annealer, parts int) []load {
	cool := s.probe(ctx, &e, team[0], len(team))
	began, turns := e.spent(), parts/len(team)
	best, least := clone(s.carts), s.total()
	for r := 0; r < dealings && !e.over(ctx); r++ {
		dealt := s.deal(r, parts)
		var wg sync.WaitGroup
		for w, a := range team {
			wg.Go(func() {
				for k := range turns {
					p := w*turns + k
					a.rnd = rand.New(rand.NewPCG(s.seed, uint64(2+r*parts+p)))
					a.take(int32(p), dealt[p])
					a.run(ctx, e, stint{
						hot: cool(float64(r) / dealings), cold: cool(float64(r+1) / dealings),
						tries: e.Iterations / dealings / turns,
						until: began + (1-began)*(float64(r)+float64(k+1)/float64(turns))/dealings,
					})
					dealt[p] = a.carts
					if r >= settled {
						dealt[p] = clone(a.best)
					}
				}
			})
		}
		wg.Wait()
		s.carts = full(slices.Concat(dealt...))
		if total := s.total(); total < least {
			best, least = clone(s.carts), total
		}
	}
	return best
}

func (s *search) total() int64 {
	total := int64(0)
	for i := range s.carts {
		total += s.carts[i].cost
	}
	return total
}

// full gives the carts that carry something.
func full(carts []load) []load {
	return slices.DeleteFunc(carts, func(b load) bool { return len(b.items) == 0 })
}

// clone copies carts with their lists.
func clone(carts []load) []load {
	carts = slices.Clone(carts)
	for k := range carts {
		carts[k].items, carts[k].ways = slices.Clone(carts[k].items), nil
	}
	return carts
}

// deal shares the carts out: each goes to the pivot, a cart drawn by chance, whose
// aisles are most like its own, as long as there is room.
func (s *search) deal(round, parts int) [][]load {
	rnd := rand.New(rand.NewPCG(s.seed, uint64(1+round)<<32))
	rnd.Shuffle(len(s.carts), func(i, j int) { s.carts[i], s.carts[j] = s.carts[j], s.carts[i] })
	dealt := make([][]load, parts)
	pivots := make([]uint64, parts)
	room := len(s.carts)/parts + 1
	for _, b := range s.carts {
		aisles := uint64(0)
		for _, i := range b.items {
			aisles |= s.items[i].aisles
		}
		to, least := 0, 1<<30
		for p := range dealt {
			apart := bits.OnesCount64(aisles ^ pivots[p])
			if len(dealt[p]) == 0 {
				apart = -1
			}
			if len(dealt[p]) < room && apart < least {
				to, least = p, apart
			}
		}
		if len(dealt[to]) == 0 {
			pivots[to] = aisles
		}
		for _, i := range b.items {
			s.home[i], s.part[i] = int32(len(dealt[to])), int32(to)
		}
		dealt[to] = append(dealt[to], b)
	}
	return dealt
}

// probe tries a few changes to learn how many there is time for, and gives the
// temperature, in ticks, at each part of the time.
func (s *search) probe(ctx context.Context, e *Effort, a *annealer, workers int) func(float64) float64 {
	tries := float64(e.Iterations)
	mean := float64(s.total()) / float64(len(s.carts))
	if e.Spent != nil {
		began := e.spent()
		a.take(0, s.deal(-1, 1)[0])
		n := a.run(ctx, *e, stint{hot: mean * cold, cold: mean * cold, until: began + (1-began)*probing})
		s.carts = a.carts
		if a.total > a.least {
			s.carts = a.best
		}
		tries = float64(n) / probing
	}
	s.carts = full(clone(s.carts))
	begin := hot * math.Pow(min(1, tries*float64(workers)/float64(len(s.items))/enough), steep)
	return func(part float64) float64 { return mean * begin * math.Pow(cold/hot, part) }
}

// The temperature falls from hot to cold, as parts of the mean walk. The fewer
// changes there are for an item, the cooler the search begins: it must still come
// to rest.
const (
	hot    = 0.1
	cold   = 0.002
	enough = 50_000.0
	steep  = 0.6
)

// spent is e.Spent, 0 if there is none.
func (e Effort) spent() float64 {
	if e.Spent == nil {
		return 0
	}
	return e.Spent()
}

// An annealer changes batches at random and keeps what is shorter, and at first
// also some of what is a little longer (simulated annealing). It works for one
// goroutine.
type annealer struct {
	*search
	g     *gauge
	rnd   *rand.Rand
	known []memo // walks already measured, by name

	number int32   // of the part
	carts  []load  // of the part; the last one is empty, unless swap is set
	ids    []int32 // their items
	total  int64
	best   []load
	least  int64

	// With a crew: by how much the part is late, now and in best, in nanoseconds.
	lateNow, leastLate int64
	jobs               []errand // scratch
	free               []int64  // scratch

	pool *pool // nil: carts are not remembered

	xs []int32 // scratch: what a change takes from a cart
	ys []int32 // scratch: and what goes back
}

type memo struct {
	name uint64
	cost int64
}

// memos is how many walks are remembered, a power of two.
const memos = 1 << 17

func newAnnealer(s *search, w int) *annealer {
	return &annealer{search: s, g: newGauge(s.l), known: make([]memo, memos), rnd: rand.New(rand.NewPCG(s.seed, 1<<40+uint64(w)))}
}

// take makes carts the part that is annealed next; home and part of their items
// are set.
func (a *annealer) take(number int32, carts []load) {
	a.number, a.carts, a.ids, a.total, a.least = number, carts, a.ids[:0], 0, far
	for k := range carts {
		a.total += carts[k].cost
		a.ids = append(a.ids, carts[k].items...)
		a.pave(&carts[k])
	}
	if !a.swap {
		a.carts = append(a.carts, load{})
	}
	if a.leastLate = never64; a.crew != nil {
		a.lateNow = a.late(-1, -1, Load{}, Load{}, 0, 0)
	}
	a.keep()
}

// keep notes the present batches if they are the best so far.
func (a *annealer) keep() {
	if a.lateNow > a.leastLate || a.lateNow == a.leastLate && a.total >= a.least {
		return
	}
	a.least, a.leastLate = a.total, a.lateNow
	for len(a.best) < len(a.carts) {
		a.best = append(a.best, load{})
	}
	a.best = a.best[:len(a.carts)]
	for k, b := range a.carts {
		items := append(a.best[k].items[:0], b.items...)
		b.items, b.ways = items, nil
		a.best[k] = b
	}
}

// A stint is some time at a falling temperature: so many tries, or until so much
// of the time is spent.
type stint struct {
	hot, cold float64
	tries     int
	until     float64
}

// rounds is how many changes are tried between looks at the clock.
const rounds = 64

// run tries changes and says how many.
func (a *annealer) run(ctx context.Context, e Effort, s stint) int {
	defer a.keep()
	began := e.spent()
	for n := 0; ; n += rounds {
		part := float64(n) / float64(max(1, s.tries))
		if e.Spent != nil {
			part = (e.Spent() - began) / max(1e-9, s.until-began)
		}
		if part >= 1 || len(a.ids) < 2 || ctx.Err() != nil {
			return n
		}
		heat := s.hot * math.Pow(s.cold/s.hot, part)
		for range rounds {
			a.try(heat)
		}
	}
}

// try draws a change: an item goes to the cart of another, for nothing, for one
// item, or two for one.
func (a *annealer) try(heat float64) {
	x := a.ids[a.rnd.IntN(len(a.ids))]
	from, to := a.home[x], int32(len(a.carts)-1)
	n := a.rnd.Uint32()
	if a.swap || n%64 > 0 {
		to = a.home[a.company(x, n>>6)]
	}
	if from == to || a.items[x].fixed {
		return
	}
	f, t := &a.carts[from], &a.carts[to]
	if len(t.items) > 0 && a.items[t.items[0]].class != a.items[x].class {
		return
	}
	for range draws {
		a.xs, a.ys = append(a.xs[:0], x), a.ys[:0]
		if kind := a.rnd.Uint32() & 15; len(t.items) > 0 && (a.swap || kind >= 3) {
			a.ys = append(a.ys, t.items[a.rnd.IntN(len(t.items))])
			if !a.swap && kind >= 11 {
				a.xs = a.also(a.xs, f)
			}
			if !a.swap && kind == 15 {
				a.ys = a.also(a.ys, t)
			}
		}
		if a.fit(f, a.xs, a.ys) && a.fit(t, a.ys, a.xs) {
			a.change(from, to, heat)
			return
		}
	}
}

// draws is how often a change is drawn anew because the carts have no room for it.
const draws = 2

// also appends another item of the cart, if it draws one.
func (a *annealer) also(xs []int32, b *load) []int32 {
	if z := b.items[a.rnd.IntN(len(b.items))]; z != xs[0] {
		return append(xs, z)
	}
	return xs
}

// fit reports whether the cart can do without the items out, and has room for the
// items in once they are gone.
func (a *annealer) fit(b *load, out, in []int32) bool {
	sum := b.Load
	for _, i := range out {
		sum = sum.minus(a.items[i].Load)
		if a.items[i].fixed {
			return false
		}
	}
	for _, i := range in {
		sum = sum.plus(a.items[i].Load)
	}
	return a.cart.holds(sum)
}

// company draws an item of the part that x might ride with: one of its neighbours,
// or any.
func (a *annealer) company(x int32, n uint32) int32 {
	if len(a.near) > 0 && n%4 > 0 {
		near := a.near[x]
		for k := range uint32(4) {
			if y := near[(n>>2+k)%uint32(len(near))]; a.part[y] == a.number {
				return y
			}
		}
	}
	return a.ids[a.rnd.IntN(len(a.ids))]
}

// change moves the items xs from a cart to another, and ys back in their place, if
// the walks become shorter or the temperature lets it pass.
func (a *annealer) change(from, to int32, heat float64) {
	f, t := &a.carts[from], &a.carts[to]
	fs, ts, diff := f.Load, t.Load, uint64(0)
	for _, x := range a.xs {
		fs, ts, diff = fs.minus(a.items[x].Load), ts.plus(a.items[x].Load), diff^a.names[x]
	}
	for _, y := range a.ys {
		fs, ts, diff = fs.plus(a.items[y].Load), ts.minus(a.items[y].Load), diff^a.names[y]
	}
	was := f.cost + t.cost
	allowed := was + int64(heat*a.rnd.ExpFloat64())
	if a.lateNow > 0 {
		allowed += int64(float64(a.lateNow) * a.lateness()) // all of it might be gained
	}
	fc := a.cost(f, f.name^diff, a.xs, a.ys)
	if fc > allowed {
		return
	}
	tc := a.cost(t, t.name^diff, a.ys, a.xs)
	if fc+tc > allowed {
		return
	}
	late, fdue, tdue := int64(0), never64, never64
	if a.crew != nil {
		late = a.late(from, to, fs, ts, fc, tc)
		if fc+tc+int64(float64(late)*a.lateness()) > allowed {
			return
		}
		fdue, tdue = a.first(f, a.xs, a.ys), a.first(t, a.ys, a.xs)
	}
	if fc+tc > was || late > a.lateNow {
		a.keep() // before leaving it: copying at every gain would cost more than the search
	}
	a.total += fc + tc - was
	a.lateNow, f.due, t.due = late, fdue, tdue
	f.Load, t.Load, f.cost, t.cost = fs, ts, fc, tc
	f.name, t.name = f.name^diff, t.name^diff
	a.put(f, a.xs, a.ys, from)
	a.put(t, a.ys, a.xs, to)
	if a.pool != nil {
		a.pool.put(f)
		a.pool.put(t)
	}
	a.tidy(from, to)
}

// cost is the length of the walk of cart b without the items out and with the
// items in, which together are known by name.
func (a *annealer) cost(b *load, name uint64, out, in []int32) int64 {
	if len(b.items) == len(out) && len(in) == 0 {
		return 0
	}
	m := &a.known[name&(memos-1)]
	if m.name == name {
		return m.cost
	}
	for _, i := range out {
		a.g.take(a.items[i].cells)
	}
	for _, i := range in {
		a.g.put(a.items[i].cells)
	}
	*m = memo{name, a.g.changed(b.ways) + a.setup}
	return m.cost
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
	a.pave(b)
}

// pave makes the stretches of the cart's walk anew.
func (a *annealer) pave(b *load) {
	for _, i := range b.items {
		a.g.count(a.items[i].cells)
	}
	b.ways = a.g.ways(b.ways)
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

// neighbours lists for every item those whose walk together with it is shortest,
// measured against their walks alone. Few items need no list, and a list cut short
// is none.
func (s *search) neighbours(ctx context.Context, e Effort) [][]int32 {
	if len(s.items) < 4*company {
		return nil
	}
	pairs := paired
	if e.Spent == nil && e.Iterations < 100*len(s.items) {
		pairs = company // measuring more would take longer than the search
	}
	near := make([][]int32, len(s.items))
	alone := make([]int64, len(s.items))
	g := newGauge(s.l)
	for i := range s.items {
		g.put(s.items[i].cells)
		alone[i] = g.length()
	}
	workers := max(1, e.Workers-1) // the other one fills carts
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			g := newGauge(s.l)
			var mates []mate
			for i := w; i < len(near) && !(i%rounds == w && e.over(ctx)); i += workers {
				mates = s.sameAisles(mates[:0], i, pairs)
				for k, m := range mates {
					g.put(s.items[i].cells)
					g.put(s.items[m.i].cells)
					mates[k].apart = float64(g.length()) / float64(max(1, alone[i]+alone[m.i]))
				}
				slices.SortFunc(mates, func(a, b mate) int { return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(a.i, b.i)) })
				for _, m := range mates[:min(company, len(mates))] {
					near[i] = append(near[i], m.i)
				}
			}
		})
	}
	wg.Wait()
	if slices.ContainsFunc(near, func(n []int32) bool { return len(n) == 0 }) {
		return nil
	}
	return near
}

// sameAisles appends to mates the pairs items whose aisles differ least from those
// of item i, among every step-th.
func (s *search) sameAisles(mates []mate, i, pairs int) []mate {
	var count [65]int // of mates with so many aisles in only one of the two
	step := 1 + len(s.items)/sampled
	for j := i % step; j < len(s.items); j += step {
		if j != i {
			apart := bits.OnesCount64(s.items[i].aisles ^ s.items[j].aisles)
			count[apart]++
			mates = append(mates, mate{int32(j), float64(apart)})
		}
	}
	limit, n := 0, 0
	for limit < len(count)-1 && n+count[limit] <= pairs {
		n += count[limit]
		limit++
	}
	left := pairs - n // places for those at the limit
	return slices.DeleteFunc(mates, func(m mate) bool {
		if int(m.apart) == limit {
			left--
		}
		return int(m.apart) > limit || int(m.apart) == limit && left < 0
	})
}
