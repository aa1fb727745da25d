package wave

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// A Crew is who picks: so many at the same time, each one cart after the other.
type Crew struct {
	Pickers         int
	MetresPerSecond float64
	Setup           time.Duration // to make a cart ready
	PerStop         time.Duration // to reach, scan and put down
}

func (c Crew) check() error {
	if c.Pickers < 1 || !(c.MetresPerSecond >= 1e-3 && c.MetresPerSecond <= 100) || c.Setup < 0 || c.PerStop < 0 {
		return fmt.Errorf("a crew of %d at %v m/s, %v for a cart and %v for a stop cannot pick", c.Pickers, c.MetresPerSecond, c.Setup, c.PerStop)
	}
	return nil
}

// A Turn is one cart of a Schedule. Times count from the beginning.
type Turn struct {
	Loads      []int // by index
	Picker     int   // from 0
	Begin, End time.Duration
	Metres     Metres
	Late       int // loads that are due before End
}

// Schedule puts the loads on carts as Batch does and shares the carts out among the
// crew. First it sees that no load is late, as far as that can be done; then it
// makes the time of all turns together short. Turns come by begin, then picker.
func Schedule(ctx context.Context, l *Layout, loads []Load, c Cart, crew Crew, e Effort) ([]Turn, error) {
	if err := crew.check(); err != nil {
		return nil, err
	}
	items, err := l.items(loads, c)
	if err != nil {
		return nil, err
	}
	s := newSearch(l, items, c, e.Seed)
	s.crew = &crew
	s.setup = ticks(Metres(crew.Setup.Seconds() * crew.MetresPerSecond))
	s.grow(ctx, e)
	return crew.turns(l, items, s.run(ctx, e)), nil
}

// turns gives the batches, the most pressing first, each to the picker who is free
// first.
func (c Crew) turns(l *Layout, items []item, batches [][]int) []Turn {
	w := walker{l: l}
	var jobs []errand
	var turns []Turn
	for _, b := range batches {
		stops, due := 0, never64
		for _, i := range b {
			stops, due = stops+items[i].Stops, min(due, items[i].due())
		}
		t := Turn{Loads: b, Metres: w.plan(union(items, b))}
		long := c.Setup + time.Duration(stops)*c.PerStop + time.Duration(math.Round(float64(t.Metres)/c.MetresPerSecond*1e9))
		turns, jobs = append(turns, t), append(jobs, errand{due, int64(long), len(jobs)})
	}
	c.share(jobs, make([]int64, c.Pickers), func(j errand, picker int, begin int64) {
		t := &turns[j.cart]
		t.Picker, t.Begin, t.End = picker, time.Duration(begin), time.Duration(begin+j.long)
		for _, i := range t.Loads {
			if items[i].due() < int64(t.End) {
				t.Late++
			}
		}
	})
	slices.SortFunc(turns, func(a, b Turn) int { return cmp.Or(cmp.Compare(a.Begin, b.Begin), cmp.Compare(a.Picker, b.Picker)) })
	return turns
}

// An errand is a cart as the sharing out sees it, in nanoseconds.
type errand struct {
	due, long int64
	cart      int
}

const never64 = int64(math.MaxInt64)

// due is when the item must be picked, in nanoseconds.
func (it *item) due() int64 {
	if it.Due == 0 {
		return never64
	}
	return int64(it.Due)
}

// share gives the errands out by due time and gives the sum of the times by which
// they are late: each to the picker who is free first, or, if that makes one late, to
// the last picker who can do it in time. free is scratch.
func (c Crew) share(jobs []errand, free []int64, each func(j errand, picker int, begin int64)) int64 {
	slices.SortFunc(jobs, func(a, b errand) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.long, b.long), cmp.Compare(a.cart, b.cart))
	})
	early, tight := c.give(jobs, free, false, nil), int64(0)
	if early > 0 {
		tight = c.give(jobs, free, true, nil)
	}
	if each != nil {
		c.give(jobs, free, tight < early, each)
	}
	return min(early, tight)
}

func (c Crew) give(jobs []errand, free []int64, tight bool, each func(j errand, picker int, begin int64)) int64 {
	clear(free)
	late := int64(0)
	for _, j := range jobs {
		p := 0
		for k := range free {
			if free[k] < free[p] {
				p = k
			}
		}
		for k := range free {
			if tight && free[k] > free[p] && free[k] <= j.due-j.long {
				p = k
			}
		}
		if each != nil {
			each(j, p, free[p])
		}
		free[p] += j.long
		late += max(0, free[p]-j.due)
	}
	return late
}

// late is how late the carts of the part are together, in nanoseconds, if those at
// from and to carry the loads fs and ts with the walks fc and tc instead.
func (a *annealer) late(from, to int32, fs, ts Load, fc, tc int64) int64 {
	c := a.crew
	perTick := 1e9 / (c.MetresPerSecond * tick)
	a.jobs = a.jobs[:0]
	for k := range a.carts {
		b := &a.carts[k]
		stops, cost, due := b.Stops, b.cost, b.due
		switch int32(k) {
		case from:
			stops, cost, due = fs.Stops, fc, a.first(b, a.xs, a.ys)
		case to:
			stops, cost, due = ts.Stops, tc, a.first(b, a.ys, a.xs)
		}
		if cost > 0 {
			a.jobs = append(a.jobs, errand{due, int64(stops)*int64(c.PerStop) + int64(math.Round(float64(cost)*perTick)), k})
		}
	}
	if len(a.free) < c.Pickers {
		a.free = make([]int64, c.Pickers)
	}
	return c.share(a.jobs, a.free, nil)
}

// first is the earliest due time on the cart without the items out and with in.
func (a *annealer) first(b *load, out, in []int32) int64 {
	due := never64
	for _, i := range b.items {
		if !slices.Contains(out, i) {
			due = min(due, a.items[i].due())
		}
	}
	for _, i := range in {
		due = min(due, a.items[i].due())
	}
	return due
}

// lateness is how many ticks of walking a nanosecond of being late is worth while
// the search goes on.
func (a *annealer) lateness() float64 { return 20 * a.crew.MetresPerSecond * tick / 1e9 }
