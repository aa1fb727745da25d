package wave

import (
	"cmp"
	"math"
	"slices"
	"time"

	"floord/floor"
)

// A Running is a walk that somebody is on, as far as orders may still join it.
type Running struct {
	Orders []Order // all it is for, done or not, as they were planned; at least one
	Rest   []Stop  // what is left, in walking order; the picker is on the way to the first
	Totes  int     // slots of the cart that are taken
	Stops  int     // of the whole walk
}

// A Joining is an order that joins a running walk.
type Joining struct {
	Run    int // by index
	Order  floor.OrderID
	Stops  []Added // in walking order
	Metres Metres  // more to walk
	Why    []Reason
}

// An Added stop comes right behind the stop of Running.Rest with index Behind, or
// behind the added ones that do. It is in the slot after those that are taken.
type Added struct {
	Stop
	Behind int
}

// maxAsked bounds how many open orders are held against each walk, the most pressing
// first, so that a plan is there when the picker is.
const maxAsked = 1000

// Join says which of s.Orders may join which walk, each at most one and at most one
// each: those whose bins are still ahead, so that the walk grows by r.JoinMetres at
// most, whom the cart still holds, and who make no order late that was in time. What
// is pressing joins first, then what costs fewest metres, then what shares most of
// the bins, the hot ones above all. What is left of a walk keeps its order, and the
// first stop of it stays the first: the picker has seen it. With r.JoinMetres 0
// nobody joins. Join is pure, as Plan is; FreePickers are not looked at.
func Join(s Snapshot, runs []Running, r Rules, now time.Time) []Joining {
	if r.JoinMetres <= 0 || s.Layout == nil || r.Check() != nil {
		return nil
	}
	b := newBatcher(s, r, now)
	type pair struct {
		Joining
		job    *job
		shared float64
	}
	var pairs []pair
	for i := range runs {
		h, ok := b.host(&runs[i])
		if !ok {
			continue
		}
		for _, j := range b.open[:min(len(b.open), maxAsked)] {
			if !b.fits(&h.group, j) {
				continue
			}
			if c, ok := h.carries(j); ok {
				c.Run = i
				pairs = append(pairs, pair{c, j, b.shared(&h.group, j)})
			}
		}
	}
	slices.SortStableFunc(pairs, func(x, y pair) int {
		return cmp.Or(
			cmp.Compare(x.job.tier, y.job.tier), cmp.Compare(math.Round(float64(x.Metres)), math.Round(float64(y.Metres))),
			cmp.Compare(y.shared, x.shared), cmp.Compare(x.job.rank, y.job.rank), cmp.Compare(x.Run, y.Run))
	})
	var out []Joining
	full := make([]bool, len(runs))
	for _, p := range pairs {
		if full[p.Run] || p.job.taken {
			continue
		}
		full[p.Run], p.job.taken = true, true
		p.Why = append([]Reason{because(JoinedWalk, p.Order, p.Metres, b.w.plan(p.job.places))}, b.goes(&group{jobs: []*job{p.job}, capped: false})...)
		p.Why = slices.DeleteFunc(p.Why, func(r Reason) bool { return r.Code == EnoughFill || r.Code == FullCart })
		out = append(out, p.Joining)
	}
	slices.SortFunc(out, func(x, y Joining) int { return cmp.Compare(x.Run, y.Run) })
	return out
}

// A host is a running walk as a group that others may join.
type host struct {
	group
	b     *batcher
	run   *Running
	way   []spot        // of Rest
	spare time.Duration // until the first of its orders would be late; -1: never, or it is
}

// A spot is a place of a walk.
type spot struct {
	place  int32
	behind int   // index in Rest, of an added one that of the stop before it
	line   *Line // of an added one
}

// host looks at a walk; false says that nobody can join it.
func (b *batcher) host(run *Running) (*host, bool) {
	if len(run.Rest) == 0 || len(run.Orders) == 0 || run.Totes >= b.r.slots() {
		return nil, false
	}
	h := &host{group: group{aisles: newBitset(b.l.subs), bins: map[int32]int{}, stops: run.Stops}, b: b, run: run, spare: -1}
	for i := range run.Orders {
		j := &job{order: &run.Orders[i], lines: run.Orders[i].Lines}
		for _, l := range j.lines {
			p, err := b.l.find(l.Bin)
			if err != nil {
				return nil, false // the floor was changed under the walk
			}
			j.places = append(j.places, p)
			h.grams += l.Grams * floor.Grams(l.Qty)
			h.room += l.Millilitres * int64(l.Qty)
		}
		j.party = b.party(j)
		h.jobs = append(h.jobs, j)
	}
	var left Metres
	for i, s := range run.Rest {
		p, err := b.l.find(s.Bin)
		if err != nil {
			return nil, false
		}
		if i > 0 {
			left += b.l.step(h.way[i-1].place, p)
		}
		h.way = append(h.way, spot{place: p, behind: i})
		if n, known := b.binNo[s.Bin]; known {
			h.bins[n]++
		}
	}
	left += b.l.step(h.way[len(h.way)-1].place, depot)
	ends := b.now.Add(b.r.lasts(left, len(run.Rest)))
	for _, j := range h.jobs {
		d := j.order.deadline()
		if open := slices.ContainsFunc(run.Rest, func(s Stop) bool { return s.Order == j.order.ID }); !open || d.IsZero() || d.Before(ends) {
			continue
		}
		if spare := d.Sub(ends); h.spare < 0 || spare < h.spare {
			h.spare = spare
		}
	}
	return h, true
}

// carries puts the lines of j into the rest of the walk, each where it costs least,
// and reports whether that is little enough.
func (h *host) carries(j *job) (Joining, bool) {
	l, r := h.b.l, h.b.r
	c := Joining{Order: j.order.ID}
	way := slices.Clone(h.way)
	lines := slices.Clone(j.lines)
	slices.SortStableFunc(lines, func(x, y Line) int { return cmp.Compare(l.bins[x.Bin], l.bins[y.Bin]) })
	for i := range lines {
		here := l.bins[lines[i].Bin]
		best, cost := 0, Metres(math.Inf(1))
		for k, from := range way {
			to := depot
			if k+1 < len(way) {
				to = way[k+1].place
			}
			// Of equal ones the last is taken, behind the stops of the same bin.
			if m := l.detour(from.place, here, to); m <= cost {
				best, cost = k, m
			}
		}
		if c.Metres += max(0, cost); c.Metres > r.JoinMetres {
			return c, false
		}
		way = slices.Insert(way, best+1, spot{here, way[best].behind, &lines[i]})
	}
	if h.spare >= 0 && r.lasts(c.Metres, len(lines)) > h.spare {
		return c, false
	}
	for _, s := range way {
		if s.line != nil {
			c.Stops = append(c.Stops, Added{Stop{
				Bin: s.line.Bin, SKU: s.line.SKU, Order: c.Order, Line: s.line.No, Slot: h.run.Totes + 1, Qty: s.line.Qty,
			}, s.behind})
		}
	}
	return c, true
}

// detour is how much longer the way from a to b gets past here.
func (l *Layout) detour(a, here, b int32) Metres {
	return l.step(a, here) + l.step(here, b) - l.step(a, b)
}
