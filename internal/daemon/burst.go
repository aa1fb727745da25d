package daemon

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/ledger"
)

// Bounds of a burst: pushes that come faster than it is wise to ask about each. (Platforms
// grant some hundred questions a second.)
const (
	burstFrom  = 100             // pushes within a second that make one
	burstLate  = 300             // waiting pushes that make one
	burstMost  = 10_000          // that are followed up in one go
	burstEvery = 4 * time.Second // between two readings of a list; some of each was read before
	burstKeep  = time.Minute     // how long it is known what a list has shown: queues run late
	burstKnown = 50_000          // orders of which it is known for so long
	// A shop may tell so much later than the change. Of what it told later still the list
	// may show what was before: the shop is asked.
	burstSlack = 3 * time.Second
)

// A burst is what a shop's lists said lately. Only the loop that follows its pushes
// touches it, but for the pace.
type burst struct {
	to   time.Time          // before then all changes were read; zero: there is no burst
	seen map[string]version // by the order's number
	pace pace
}

// A pace counts pushes by the second.
type pace struct {
	mu           sync.Mutex
	second       int64 // guarded by mu, like all below
	before, here int   // in the second before, and in this one
}

// note counts n pushes and gives how many came lately, within a second or two.
func (p *pace) note(n int, now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch second := now.Unix(); second - p.second {
	case 0:
	case 1:
		p.second, p.before, p.here = second, p.here, 0
	default:
		p.second, p.before, p.here = second, 0, 0
	}
	p.here += n
	return max(p.before, p.here)
}

// A version of an order.
type version struct {
	modified time.Time
	content  string
}

// A listed is a push that a list may answer.
type listed struct {
	seq   uint64
	heard time.Time
	left  int // notices of it that no list has answered yet
}

// A waiter is a notice of such a push, of an order that is looked for.
type waiter struct {
	*listed
	told time.Time // by the shop's clock
}

// catchUp follows up a burst of pushes: what changed meanwhile is read from the shop's
// list, many orders to a page, and taken in together with the pushes that it answers.
// What it cannot answer, or what may have to stop hands, is left. done says that
// nothing was left but what came just now.
func (d *Daemon) catchUp(ctx context.Context, s *shop) (done bool, err error) {
	lists, ok := s.channel.(*api.Shop)
	if !ok || !lists.Lists() {
		return false, nil
	}
	n, oldest := 0, time.Time{}
	err = d.ledger.Read(func(v *ledger.View) error {
		return v.Notices(s.id, func(_ uint64, at time.Time) bool {
			if n++; n == 1 {
				oldest = at
			}
			return n < burstLate
		})
	})
	if err != nil || n == 0 || n < burstLate && s.burst.pace.note(0, time.Now()) < burstFrom {
		s.burst.end()
		return false, err
	}
	goesOn := func() bool { return s.burst.pace.note(0, time.Now()) >= burstFrom && ctx.Err() == nil }
	for goesOn() && time.Since(oldest) < burstEvery {
		pause(ctx, burstEvery/20)
	}
	over := time.Now().Truncate(time.Second).Add(-time.Second) // this second brings more
	to := over
	if !goesOn() {
		to = over.Add(2 * time.Second)
	}
	open := map[string][]waiter{}
	left, err := d.openPushes(s, to, open)
	if err != nil || len(open) == 0 {
		return false, err
	}
	from := s.burst.from(oldest, open, s.skew())
	take := func(orders []floor.ShopOrder) error {
		n, err := d.takeListed(ctx, s, orders, open)
		left -= n
		return err
	}
	for orders, err := range lists.Changed(ctx, from, to, len(open)/4+2) { // more costs as much as to ask singly
		if errors.Is(err, api.ErrMore) {
			s.burst.end()
			return false, nil
		}
		if err == nil {
			err = take(orders)
		}
		if err != nil {
			return false, err
		}
	}
	var known []floor.ShopOrder // since an earlier reading, and a push tells of it only now
	for number, waiters := range open {
		if was, ok := s.burst.seen[number]; ok && len(waiters) > 0 {
			known = append(known, floor.ShopOrder{Number: number, ModifiedAt: was.modified, Content: was.content})
		}
	}
	if err := take(known); err != nil {
		return false, err
	}
	s.burst.forget(over.Add(-burstKeep))
	if len(s.burst.seen) > burstKnown {
		s.burst.forget(over.Add(-burstEvery - burstSlack))
	}
	s.burst.to = over
	return left == 0, nil
}

// openPushes puts the pushes that a list up to then may answer into open, by the orders
// that they name, and gives how many were heard until then.
func (d *Daemon) openPushes(s *shop, to time.Time, open map[string][]waiter) (n int, err error) {
	err = d.waiting(s, burstMost, func(p kept) {
		if !p.heard.Before(to) {
			if p.err == nil {
				s.read.put(p.seq, p.notices) // for the next time
			}
			return
		}
		n++
		if p.err != nil || hurries(p.notices) {
			return
		}
		l := &listed{p.seq, p.heard, len(p.notices)}
		for _, n := range p.notices {
			open[n.Number] = append(open[n.Number], waiter{l, s.told(n, p.heard)})
		}
	})
	return n, err
}

// takeListed takes in what is new of a list's orders, and gives how many pushes are
// answered by them.
func (d *Daemon) takeListed(ctx context.Context, s *shop, orders []floor.ShopOrder, open map[string][]waiter) (n int, err error) {
	for part := range slices.Chunk(orders, maxPart) {
		in := foreman.Intake{Channel: s.id}
		for _, o := range part {
			heard := time.Time{}
			open[o.Number] = slices.DeleteFunc(open[o.Number], func(w waiter) bool {
				if heard.IsZero() || w.heard.Before(heard) {
					heard = w.heard
				}
				if !tells(o.ModifiedAt, w.told) {
					return false
				}
				if w.left--; w.left == 0 {
					in.Notices = append(in.Notices, w.seq)
				}
				return true
			})
			if s.burst.note(o) {
				o.HeardAt = heard
				in.Orders = append(in.Orders, o)
			}
		}
		if len(in.Orders)+len(in.Notices) == 0 {
			continue
		}
		in.Key = d.keys.next("listed/" + string(s.id))
		got, err := d.foreman.Receive(ctx, in)
		if err != nil {
			s.burst.end() // it is not in
			return n, err
		}
		s.pulse.pushed(got.Events, s.skew())
		n += len(in.Notices)
	}
	return n, nil
}

// from gives the time from which changes are to be read: those that pushes tell of, the
// first of which was heard then, but for what was read before, or is too old.
func (b *burst) from(oldest time.Time, open map[string][]waiter, skew time.Duration) time.Time {
	if !b.to.IsZero() {
		return b.to
	}
	from, first := oldest.Add(-burstSlack), oldest.Add(-burstKeep)
	for _, waiters := range open {
		for _, w := range waiters {
			if at := w.told.Add(-skew - burstSlack); at.Before(from) && at.After(first) {
				from = at
			}
		}
	}
	return from
}

// end forgets what was read.
func (b *burst) end() { b.to, b.seen = time.Time{}, nil }

// note reports whether an order's version is another than the last one noted.
func (b *burst) note(o floor.ShopOrder) bool {
	v := version{o.ModifiedAt, o.Content}
	if b.seen[o.Number] == v {
		return false
	}
	if b.seen == nil {
		b.seen = map[string]version{}
	}
	b.seen[o.Number] = v
	return true
}

// tells reports whether a version is new enough to be what a push told of then.
func tells(modified, told time.Time) bool { return !modified.Before(told.Add(-burstSlack)) }

// told gives when the shop told of what came then, by its clock.
func (s *shop) told(n channel.Notice, heard time.Time) time.Time {
	if n.At.IsZero() {
		return heard.Add(s.skew())
	}
	return n.At
}

// forget drops what changed before then.
func (b *burst) forget(before time.Time) {
	for number, v := range b.seen {
		if v.modified.Before(before) {
			delete(b.seen, number)
		}
	}
}

// waiting calls f with the oldest pushes to a shop that are not followed up, so many at
// the most, and what they say.
func (d *Daemon) waiting(s *shop, most int, f func(kept)) error {
	hook, _ := s.hook() // without secrets only a sealed push stays unread
	return d.ledger.Read(func(v *ledger.View) error {
		var all []kept
		err := v.Notices(s.id, func(seq uint64, at time.Time) bool {
			all = append(all, kept{seq: seq, heard: at})
			return len(all) < most
		})
		for _, p := range all { // those of one transaction lie together
			var known bool
			if p.notices, known = s.read.take(p.seq); !known {
				if p.body, p.err = v.Raw(p.seq); p.err == nil {
					p.notices, p.err = readNotice(hook, p.body)
				}
			}
			f(p)
		}
		return err
	})
}
