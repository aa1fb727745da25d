package wave

import (
	"cmp"
	"context"
	"encoding/binary"
	"hash/fnv"
	"math/bits"
	"slices"
	"strings"
	"time"

	"floord/floor"
)

// Limits on one order, so that sums cannot overflow and a slip of the pen at the
// shop cannot stop the floor.
const (
	maxQty   = 100_000
	maxPiece = floor.Grams(1_000_000)
	maxRoom  = int64(10_000_000) // millilitres
	maxLines = 10_000
)

// shortlist is how many companions are walked in full before one is chosen.
const shortlist = 8

// window is how many cartloads of due orders compete for a place on the cart. More
// would shorten the walk and let the first ship-by slip past.
const window = 2

// Tiers: the orders of a lower one join a wave before those of the next.
const (
	tierUrgent = iota
	tierDue
	tierRest
)

// A job is an order that can be planned, with what batching asks of it.
type job struct {
	order  *Order
	lines  []Line // by number
	rank   int    // the most pressing has 0
	tier   int
	places []int32 // sorted, none twice
	bins   []int32 // numbers of batcher.heat, sorted, none twice
	aisles bitset  // the sub-aisles of places
	grams  floor.Grams
	room   int64  // millilitres
	party  string // orders of another one never share a cart with it
	taken  bool
}

// A group is a wave in the making.
type group struct {
	jobs   []*job
	visit  []int32 // the places of all jobs, sorted, none twice
	aisles bitset
	bins   map[int32]int // how many of the jobs need the bin
	grams  floor.Grams
	room   int64
	stops  int
	metres Metres
	capped bool // an open order stayed out because of weight or stops
}

// A batcher makes groups of the open orders: it begins with the most pressing
// one and adds the company that lengthens the walk least.
type batcher struct {
	l     *Layout
	r     Rules
	now   time.Time
	open  []*job // by rank
	aside []LeftOut
	ranks map[floor.OrderID]int
	binNo map[floor.BinID]int32
	heat  []float64 // by bin number
	w     walker
	visit []int32 // scratch
}

func newBatcher(s Snapshot, r Rules, now time.Time) *batcher {
	b := &batcher{
		l: s.Layout, r: r, now: now, w: walker{l: s.Layout}, aside: []LeftOut{},
		ranks: map[floor.OrderID]int{}, binNo: map[floor.BinID]int32{},
	}
	count := map[floor.OrderID]int{}
	for i := range s.Orders {
		count[s.Orders[i].ID]++
	}
	for i := range s.Orders {
		o := &s.Orders[i]
		switch why, ok := b.judge(o); {
		case count[o.ID] > 1:
			count[o.ID] = -1 // said once
			b.aside = append(b.aside, LeftOut{o.ID, because(TwiceInList)})
		case count[o.ID] < 0:
		case !ok:
			b.aside = append(b.aside, LeftOut{o.ID, why})
		default:
			b.open = append(b.open, b.job(o))
		}
	}
	slices.SortFunc(b.aside, func(x, y LeftOut) int { return cmp.Compare(x.Order, y.Order) })
	slices.SortFunc(b.open, b.before)
	for i, j := range b.open {
		j.rank = i
		b.ranks[j.order.ID] = i
		b.number(j, s.BinHeat)
	}
	return b
}

// judge says whether the order can be planned at all, and if not, why.
func (b *batcher) judge(o *Order) (Reason, bool) {
	switch most := b.r.MaxLines; {
	case b.l == nil:
		return because(NoLayoutGiven), false
	case len(o.Lines) == 0:
		return because(NoLines), false
	case len(o.Lines) > maxLines:
		return because(TooManyLines, len(o.Lines), maxLines), false
	case most > 0 && len(o.Lines) > most:
		return because(TooManyLines, len(o.Lines), most), false
	}
	grams, room := floor.Grams(0), int64(0)
	for _, l := range sorted(o.Lines) {
		switch {
		case l.SKU == "" || l.Qty < 1 || l.Qty > maxQty || l.Grams < 0 || l.Grams > maxPiece || l.Millilitres < 0 || l.Millilitres > maxRoom:
			return because(BadLine, l.No, l.SKU), false
		case l.Bin == "":
			return because(NotAllocated, l.No, l.SKU), false
		case b.l.nobins[l.Bin]:
			return because(BinUnplaced, l.Bin), false
		case b.l.lost[l.Bin]:
			return because(BinBlocked, l.Bin), false
		}
		if _, placed := b.l.bins[l.Bin]; !placed {
			return because(UnknownBin, l.Bin), false
		}
		grams += l.Grams * floor.Grams(l.Qty)
		room += l.Millilitres * int64(l.Qty)
	}
	if b.r.MaxMillilitres > 0 && room > b.r.MaxMillilitres {
		return because(TooLarge, room, b.r.MaxMillilitres), false
	}
	if b.r.MaxGrams > 0 && grams > b.r.MaxGrams {
		return because(TooHeavy, grams, b.r.MaxGrams), false
	}
	return Reason{}, true
}

// sorted gives the lines in the order of their numbers, so that the line that is
// blamed does not depend on the order they came in.
func sorted(lines []Line) []Line {
	lines = slices.Clone(lines)
	slices.SortFunc(lines, func(x, y Line) int {
		return cmp.Or(
			cmp.Compare(x.No, y.No), cmp.Compare(x.SKU, y.SKU), cmp.Compare(x.Bin, y.Bin),
			cmp.Compare(x.Qty, y.Qty), cmp.Compare(x.Grams, y.Grams), cmp.Compare(x.Millilitres, y.Millilitres),
			cmp.Compare(isTrue(x.Fragile), isTrue(y.Fragile)))
	})
	return lines
}

// job prepares an order that judge has let through.
func (b *batcher) job(o *Order) *job {
	j := &job{order: o, lines: sorted(o.Lines), tier: b.tier(o), aisles: newBitset(b.l.subs)}
	for _, l := range j.lines {
		p := b.l.bins[l.Bin]
		j.places = append(j.places, p)
		j.aisles.set(b.l.places[p].sub)
		j.grams += l.Grams * floor.Grams(l.Qty)
		j.room += l.Millilitres * int64(l.Qty)
	}
	j.party = b.party(j)
	slices.Sort(j.places)
	j.places = slices.Compact(j.places)
	return j
}

func (b *batcher) tier(o *Order) int {
	switch {
	case o.Urgent:
		return tierUrgent
	case b.due(o):
		return tierDue
	}
	return tierRest
}

// party names those that may share a cart with j: by class and, as the rules say, by
// carrier and zones.
func (b *batcher) party(j *job) string {
	names := []string{j.order.Class}
	if b.r.SameCarrier {
		names = append(names, string(j.order.Carrier))
	}
	if b.r.SameZones {
		var zones []string
		for _, p := range j.places {
			zones = append(zones, b.l.geo.Aisles[b.l.places[p].aisle].Zone)
		}
		slices.Sort(zones)
		names = append(names, slices.Compact(zones)...)
	}
	return strings.Join(names, "\x00")
}

// number gives the job's bins their numbers. Jobs come by rank and lines by
// number, so that sums of heat are added up in the same order every time.
func (b *batcher) number(j *job, heat map[floor.BinID]float64) {
	for _, l := range j.lines {
		n, known := b.binNo[l.Bin]
		if !known {
			n = int32(len(b.heat))
			b.binNo[l.Bin] = n
			b.heat = append(b.heat, heat[l.Bin])
		}
		j.bins = append(j.bins, n)
	}
	slices.Sort(j.bins)
	j.bins = slices.Compact(j.bins)
}

// due reports whether the order's deadline is near or past.
func (b *batcher) due(o *Order) bool {
	d := o.deadline()
	return !d.IsZero() && !d.After(b.now.Add(b.r.DueSoon))
}

// deadline is the order's ship-by or its carrier's cut-off, whichever comes first;
// zero: there is neither.
func (o *Order) deadline() time.Time {
	if earlier(o.CutOff, o.ShipBy) < 0 {
		return o.CutOff
	}
	return o.ShipBy
}

// before orders jobs by how pressing they are.
func (b *batcher) before(x, y *job) int {
	return cmp.Or(
		cmp.Compare(x.tier, y.tier),
		cmp.Compare(y.order.Priority, x.order.Priority),
		earlier(x.order.deadline(), y.order.deadline()),
		earlier(x.order.Received, y.order.Received),
		cmp.Compare(lot(b.r.Seed, x.order.ID), lot(b.r.Seed, y.order.ID)),
		cmp.Compare(x.order.ID, y.order.ID))
}

// earlier compares times; an unknown one comes last.
func earlier(x, y time.Time) int {
	switch {
	case x.IsZero() || y.IsZero():
		return cmp.Compare(isTrue(x.IsZero()), isTrue(y.IsZero()))
	}
	return x.Compare(y)
}

func isTrue(b bool) int {
	if b {
		return 1
	}
	return 0
}

// lot gives every order a fair number that changes with the seed.
func lot(seed uint64, id floor.OrderID) uint64 {
	f := fnv.New64a()
	f.Write(binary.BigEndian.AppendUint64(nil, seed))
	f.Write([]byte(id))
	return f.Sum64()
}

// next takes the most pressing open order and its company out of b.open.
func (b *batcher) next() *group {
	g := &group{aisles: newBitset(b.l.subs), bins: map[int32]int{}}
	for j := b.open[0]; j != nil; j = b.company(g) {
		b.add(g, j)
	}
	b.open = slices.DeleteFunc(b.open, func(j *job) bool { return j.taken })
	return g
}

func (b *batcher) add(g *group, j *job) {
	j.taken = true
	g.jobs = append(g.jobs, j)
	g.visit = merge(nil, g.visit, j.places)
	g.aisles.add(j.aisles)
	g.grams += j.grams
	g.room += j.room
	g.stops += len(j.lines)
	g.metres = b.w.plan(g.visit)
	for _, n := range j.bins {
		g.bins[n]++
	}
}

// A candidate is an order that may join a group. Fewest new aisles come first,
// then most reaches into bins the group visits anyway, hot ones above all.
type candidate struct {
	job    *job
	added  int
	shared float64
}

// swapsPerCart and mostSwaps bound how long improve tries: well under a
// second, so that a plan is there when the picker is.
const (
	swapsPerCart = 500
	mostSwaps    = 10_000
)

// improve lets orders of full carts change places where that shortens the walks.
// What is urgent or due stays where it is, and so does the order that each cart
// was begun with: who goes first is not for sale.
func (b *batcher) improve(ctx context.Context, going []*group) {
	var full []*group
	var jobs []*job
	var items []item
	var begun [][]int
	kinds := map[string]int{}
	for _, g := range going {
		if len(g.jobs) < b.r.slots() {
			continue
		}
		var batch []int
		for i, j := range g.jobs {
			it := item{Load: Load{Stops: len(j.lines), Grams: j.grams, Millilitres: j.room}, places: j.places, fixed: i == 0 || j.tier != tierRest}
			it.ready(b.l)
			if _, known := kinds[j.party]; !known {
				kinds[j.party] = len(kinds)
			}
			it.class = kinds[j.party]
			batch = append(batch, len(items))
			items, jobs = append(items, it), append(jobs, j)
		}
		full, begun = append(full, g), append(begun, batch)
	}
	if len(full) < 2 || b.r.slots() < 2 {
		return
	}
	c := Cart{Stops: b.r.MaxLines, Grams: b.r.MaxGrams, Millilitres: b.r.MaxMillilitres}
	s := newSearch(b.l, items, c, b.r.Seed)
	s.swap = true
	s.begin(begun)
	e := Effort{Iterations: min(mostSwaps, swapsPerCart*len(full))}
	s.near = s.neighbours(ctx, e)
	for _, batch := range s.run(ctx, e) {
		g := full[slices.IndexFunc(begun, func(was []int) bool { return slices.Contains(batch, was[0]) })]
		*g = group{aisles: newBitset(b.l.subs), bins: map[int32]int{}}
		for _, i := range batch {
			b.add(g, jobs[i])
		}
	}
}

// company finds the open order that should join g next, nil if none may. Only
// orders of the most pressing tier that still has a fitting one are asked, of due
// ones only the first few; those that open the fewest aisles are walked in full,
// and the shortest walk wins.
func (b *batcher) company(g *group) *job {
	if len(g.jobs) == b.r.slots() {
		return nil
	}
	var best []candidate
	g.capped = false
	asked := 0
	for _, j := range b.open {
		if asked > 0 && (j.tier > best[0].job.tier || j.tier < tierRest && asked == window*b.r.slots()) {
			break
		}
		if j.taken || !b.fits(g, j) {
			continue
		}
		asked++
		c := candidate{job: j, added: g.aisles.missing(j.aisles)}
		if len(best) == shortlist && c.added > best[shortlist-1].added {
			continue
		}
		c.shared = b.shared(g, j)
		at, _ := slices.BinarySearchFunc(best, c, candidate.compare)
		if at < shortlist {
			best = slices.Insert(best[:min(len(best), shortlist-1)], at, c)
		}
	}
	return b.shortest(g, best)
}

func (c candidate) compare(o candidate) int {
	return cmp.Or(
		cmp.Compare(c.added, o.added), cmp.Compare(o.shared, c.shared), cmp.Compare(c.job.rank, o.job.rank))
}

// fits reports whether j may ride with g, and notes on g if only the cart forbids it.
func (b *batcher) fits(g *group, j *job) bool {
	if j.party != g.jobs[0].party {
		return false
	}
	heavy := b.r.MaxGrams > 0 && g.grams+j.grams > b.r.MaxGrams
	long := b.r.MaxLines > 0 && g.stops+len(j.lines) > b.r.MaxLines
	large := b.r.MaxMillilitres > 0 && g.room+j.room > b.r.MaxMillilitres
	g.capped = g.capped || heavy || long || large
	return !heavy && !long && !large
}

// shared weighs the bins that j and g both need: each counts one, and its heat.
func (b *batcher) shared(g *group, j *job) float64 {
	sum := 0.0
	for _, n := range j.bins {
		if g.bins[n] > 0 {
			sum += 1 + b.heat[n]
		}
	}
	return sum
}

// shortest walks g with each candidate and chooses the one with the least metres;
// of equals the first.
func (b *batcher) shortest(g *group, cs []candidate) *job {
	var best *job
	var least Metres
	for _, c := range cs {
		b.visit = merge(b.visit[:0], g.visit, c.job.places)
		if m := b.w.plan(b.visit); best == nil || m < least-1e-9 {
			best, least = c.job, m
		}
	}
	return best
}

// goes lists why g should start now; an empty list means it should wait.
func (b *batcher) goes(g *group) []Reason {
	var why []Reason
	urgent, due, oldest := 0, 0, time.Duration(0)
	var first *Order // the one with the first deadline
	for _, j := range g.jobs {
		if j.order.Urgent {
			urgent++
		}
		if b.due(j.order) {
			due++
			if first == nil || earlier(j.order.deadline(), first.deadline()) < 0 {
				first = j.order
			}
		}
		oldest = max(oldest, b.waited(j.order))
	}
	if urgent > 0 {
		why = append(why, because(Urgent, urgent))
	}
	if due > 0 {
		switch left := first.deadline().Sub(b.now); {
		case left < 0:
			why = append(why, because(Overdue, b.overdue(g), minutes(-left)))
		case first.deadline().Equal(first.ShipBy):
			why = append(why, because(DueSoon, due, minutes(left)))
		default:
			why = append(why, because(CutOffSoon, due, minutes(left), cmp.Or(first.Carrier, "—")))
		}
	}
	switch n := len(g.jobs); {
	case n == b.r.slots():
		why = append(why, because(FullCart, n))
	case g.capped:
		why = append(why, because(NothingFits, n, g.grams, g.stops))
	case n >= b.r.MinFill:
		why = append(why, because(EnoughFill, n, b.r.MinFill))
	}
	if oldest >= b.r.MaxWait {
		why = append(why, because(WaitedLong, minutes(oldest), minutes(b.r.MaxWait)))
	}
	return why
}

func (b *batcher) overdue(g *group) int {
	n := 0
	for _, j := range g.jobs {
		if d := j.order.deadline(); !d.IsZero() && d.Before(b.now) {
			n++
		}
	}
	return n
}

// waited is how long the order has been here. One that nobody dated has waited
// long enough: it must not wait for ever.
func (b *batcher) waited(o *Order) time.Duration {
	if o.Received.IsZero() {
		return b.r.MaxWait
	}
	return max(0, b.now.Sub(o.Received))
}

// lacks says what a group that does not go is waiting for.
func (b *batcher) lacks(g *group) Reason {
	left := b.r.MaxWait
	for _, j := range g.jobs {
		left = min(left, b.r.MaxWait-b.waited(j.order))
	}
	return because(WaitCompany, len(g.jobs), b.r.MinFill, minutes(left+time.Minute-1))
}

// wave makes a group final: slots by rank, stops in walking order.
func (b *batcher) wave(g *group, why []Reason) Wave {
	slices.SortFunc(g.jobs, func(x, y *job) int { return cmp.Compare(x.rank, y.rank) })
	w, fragile := Wave{Kind: Cluster}, map[slotLine]bool{}
	alone := Metres(0)
	for i, j := range g.jobs {
		w.Orders = append(w.Orders, j.order.ID)
		alone += b.w.plan(j.places)
		for _, l := range j.lines {
			if l.Fragile {
				fragile[slotLine{i + 1, l.No}] = true
			}
			w.Stops = append(w.Stops, Stop{Bin: l.Bin, SKU: l.SKU, Order: j.order.ID, Line: l.No, Slot: i + 1, Qty: l.Qty})
		}
	}
	// judge has let through only bins that can be walked to, so Walk cannot fail.
	w.Stops, w.Metres, _ = Walk(b.l, w.Stops)
	if b.l.rough == nil {
		w.Stops = onTop(w.Stops, fragile)
	}
	w.Minutes = b.r.minutes(w.Metres, len(w.Stops))
	w.Why = why
	if saved := alone - w.Metres; saved >= 1 {
		w.Why = append(w.Why, because(SavesMetres, saved, alone, w.Metres))
	}
	several := 0
	for _, n := range g.bins {
		if n > 1 {
			several++
		}
	}
	if several > 0 {
		w.Why = append(w.Why, because(HotCompany, several))
	}
	return w
}

// A slotLine is a line of the order in a slot.
type slotLine struct{ slot, line int }

// onTop turns the walk around if more of what is fragile then lies on top of the rest
// of its tote. Where every aisle is walked both ways that costs nothing.
func onTop(walk []Stop, fragile map[slotLine]bool) []Stop {
	if len(fragile) == 0 {
		return walk
	}
	under, on := 0, 0 // pieces that come after a fragile one of their tote, or before it
	for i, f := range walk {
		if !fragile[slotLine{f.Slot, f.Line}] {
			continue
		}
		for k, s := range walk {
			if s.Slot != f.Slot || fragile[slotLine{s.Slot, s.Line}] {
				continue
			}
			if k > i {
				under++
			} else {
				on++
			}
		}
	}
	if under > on {
		slices.Reverse(walk)
	}
	return walk
}

// rest empties b.open: its orders wait for the same reason.
func (b *batcher) rest(why Reason) []LeftOut {
	out := make([]LeftOut, 0, len(b.open))
	for _, j := range b.open {
		out = append(out, LeftOut{j.order.ID, why})
	}
	b.open = nil
	return out
}

func (b *batcher) byRank(out []LeftOut) {
	slices.SortFunc(out, func(x, y LeftOut) int { return cmp.Compare(b.ranks[x.Order], b.ranks[y.Order]) })
}

// minutes is whole minutes, rounded down.
func minutes(d time.Duration) int { return int(d / time.Minute) }

// merge appends to dst the union of two sorted lists without doubles.
func merge(dst, x, y []int32) []int32 {
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0] < y[0]:
			dst, x = append(dst, x[0]), x[1:]
		case x[0] > y[0]:
			dst, y = append(dst, y[0]), y[1:]
		default:
			dst, x, y = append(dst, x[0]), x[1:], y[1:]
		}
	}
	return append(append(dst, x...), y...)
}

// A bitset holds small numbers.
type bitset []uint64

func newBitset(n int32) bitset { return make(bitset, (n+63)/64) }

func (s bitset) set(n int32) { s[n/64] |= 1 << (n % 64) }

func (s bitset) add(o bitset) {
	for i := range s {
		s[i] |= o[i]
	}
}

// missing counts the numbers of o that s does not hold.
func (s bitset) missing(o bitset) int {
	n := 0
	for i := range s {
		n += bits.OnesCount64(o[i] &^ s[i])
	}
	return n
}
