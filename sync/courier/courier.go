// Package courier carries outbox rows to printers, shops and people, one lane a
// destination. A lane carries one row at a time, the oldest that is ready; rows
// of one order keep their order, its answers among themselves, and a row that waits
// holds up no other order.
// A lane of physical effects that does not know whether the last one happened
// stops until a person says so.
package courier

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"floord/floor"
	"floord/sync/ledger"
)

// A Verdict is how a delivery ended.
type Verdict int

// The verdicts. NotYet and Unknown differ for physical effects only: after
// NotYet nothing has left the daemon, after Unknown nobody knows.
const (
	Done    Verdict = iota // it happened
	Refused                // the other side says no, and would again: a person must look
	NotYet                 // it did not happen; try again
	Unknown                // it may have happened
)

// An Outcome is a verdict and what is to be said of it.
type Outcome struct {
	Verdict Verdict
	Why     string        // a code of the message catalogue, or the other side's sentence
	After   time.Duration // NotYet: not before; 0 = the lane's own pace
	Notes   []string      // kept in the journal: what was printed otherwise than written
	Trip    *floor.Trip   // opens a fuse: the next would fail in the same way
	// Hands is what is left for a person to do after Done or Refused, as the arguments
	// of floor.EffectByHand; nil: nothing.
	Hands map[string]string
}

// Deliver carries one effect out. It must return within ctx. A panic counts as
// Unknown.
type Deliver func(ctx context.Context, e floor.Effect) Outcome

// A Lane is one destination.
type Lane struct {
	Name    string // as in floor.Effect.Lane
	Deliver Deliver
	// Pace gives the wait before try n+1, n from 1; nil: 1, 5, then 15 minutes.
	Pace func(n int) time.Duration
}

// Retry is the pace of reports and answers: after 1, 5 and 15 minutes, then every
// 15 minutes, for ever.
func Retry(n int) time.Duration {
	steps := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}
	return steps[min(max(n, 1), len(steps))-1]
}

// Bounds of one delivery. A job on the wire is let finish when the daemon stops.
const (
	deliverWithin = 2 * time.Minute
	finishWithin  = 20 * time.Second
	callAfter     = 4 // tries, that is after the waits of 1, 5 and 15 minutes, a person is called; the tries go on
)

// A Courier runs the lanes of one ledger.
type Courier struct {
	l     *ledger.Ledger
	lanes []Lane
	start int64
	n     atomic.Uint64 // of requests, for their keys
}

// New gives a courier. Run starts it.
func New(l *ledger.Ledger, lanes ...Lane) *Courier {
	return &Courier{l: l, lanes: lanes, start: time.Now().UnixNano()}
}

// Run carries until ctx ends, or the ledger fails. It returns after the last job
// on a wire has ended.
func (c *Courier) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, lane := range c.lanes {
		g.Go(func() error {
			if err := c.run(ctx, lane); err != nil {
				return fmt.Errorf("lane %s: %w", lane.Name, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// run carries one lane. News of the lane, and of freezes and fuses that no longer
// hold it up, make it look again.
func (c *Courier) run(ctx context.Context, lane Lane) error {
	if err := c.doubtBegun(ctx, lane); err != nil {
		return over(ctx, err)
	}
	news := make(chan struct{}, 1)
	topic := ledger.Topic{floor.LaneTopic(lane.Name), string(floor.OrderThawed{}.Kind()), string(floor.FuseClosed{}.Kind())}
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return over(ctx, c.l.News(ctx, topic, news)) })
	g.Go(func() error {
		defer stop()
		return over(ctx, c.carry(ctx, lane, news))
	})
	return g.Wait()
}

// over drops the error of a lane that was told to stop.
func over(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		return nil
	}
	return err
}

// carry delivers what is ready, then waits for news or for the next try's time.
func (c *Courier) carry(ctx context.Context, lane Lane, news <-chan struct{}) error {
	for ctx.Err() == nil {
		e, wait, err := c.next(lane.Name)
		if err != nil {
			return err
		}
		if e.ID != "" {
			if err := c.deliver(ctx, lane, e); err != nil {
				return err
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-news:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

// idle is how long a lane waits with nothing due: news wakes it anyway.
const idle = time.Hour

// next gives the oldest row that is ready, or how long to wait for one.
func (c *Courier) next(lane string) (ready floor.Effect, wait time.Duration, err error) {
	now := time.Now()
	wait = idle
	type turn struct { // whose rows keep their order: an answer may say what a report waits for
		order  floor.OrderID
		answer bool
	}
	waiting := map[turn]bool{}
	err = c.l.Read(func(v *ledger.View) error {
		fuses, inner := openFuses(v)
		probing := false
		err := v.Lane(lane, func(e floor.Effect) bool {
			if e.Class == floor.Physical && (e.State == floor.EffectDoubt || e.State == floor.EffectBegun) {
				return false // nothing more until a person has looked
			}
			mine := turn{e.Order, e.What == floor.EffectAnswer}
			if waiting[mine] {
				return true
			}
			probe := e.What == floor.EffectBook && e.State == floor.EffectLater
			if e.What == floor.EffectBook && probing || stopped(fuses, e) {
				waiting[mine] = true
				return true
			}
			probing = probing || probe && accountOpen(fuses, e)
			if e.State == floor.EffectLater && e.Next.After(now) {
				wait = min(wait, e.Next.Sub(now))
				waiting[mine] = true
				return true
			}
			var free bool
			if free, inner = mayGo(v, e); inner != nil || !free {
				waiting[mine] = true
				return inner == nil
			}
			ready = e
			return false
		})
		return errors.Join(err, inner)
	})
	return ready, wait, err
}

func openFuses(v *ledger.View) ([]floor.Fuse, error) {
	var all []floor.Fuse
	err := v.OpenFuses(func(x floor.Fuse) bool { all = append(all, x); return true })
	return all, err
}

// stopped reports whether an open fuse stops a label. That of the parcel which
// opened it may try: it is the probe. A label in doubt stops its lane by itself.
func stopped(fuses []floor.Fuse, e floor.Effect) bool {
	if e.What != floor.EffectLabel {
		return false
	}
	scope := floor.Scope{Carrier: floor.CarrierID(e.Args["carrier"]), Template: e.Args["template"], Station: station(e)}
	for _, x := range fuses {
		if !x.Cause.Account() && x.Cause != floor.FuseDoubt && x.Station != "" && x.Parcel != e.Parcel && x.Covers(scope) {
			return true
		}
	}
	return false
}

// accountOpen reports whether the fuse of a carrier's account is open. Of the
// orders that want a number one then tries, at its own pace; the others wait.
func accountOpen(fuses []floor.Fuse, e floor.Effect) bool {
	_, carrier, _ := strings.Cut(e.Lane, "/")
	for _, x := range fuses {
		if x.Cause.Account() && x.Carrier == floor.CarrierID(carrier) {
			return true
		}
	}
	return false
}

// mayGo reports whether an effect may leave now: no label of a frozen order does.
// Reports and answers go: they say what has happened.
func mayGo(v *ledger.View, e floor.Effect) (bool, error) {
	if e.Class != floor.Physical || e.Order == "" {
		return true, nil
	}
	o, ok, err := v.Order(e.Order)
	if err != nil || !ok {
		return false, err
	}
	return o.Freeze == nil && o.State != floor.Closed, nil
}

// deliver carries one row out and commits how it ended.
func (c *Courier) deliver(ctx context.Context, lane Lane, e floor.Effect) error {
	if e.Class == floor.Physical {
		begun, err := c.begin(ctx, e)
		if err != nil || !begun {
			return err
		}
	}
	// A job on the wire outlives the order to stop, for a bounded time.
	work, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverWithin)
	defer cancel()
	hurry := context.AfterFunc(ctx, func() {
		time.AfterFunc(finishWithin, cancel)
	})
	defer hurry()
	out := guarded(work, lane.Deliver, e)
	return c.end(context.WithoutCancel(ctx), lane, e, out)
}

func guarded(ctx context.Context, deliver Deliver, e floor.Effect) (out Outcome) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("delivery panicked", "effect", e.ID, "what", e.What, "panic", p)
			out = Outcome{Verdict: Unknown, Why: "interrupted"}
		}
	}()
	return deliver(ctx, e)
}

// begin notes that a physical effect is about to leave. It looks at the order
// again in the same commit: a freeze that came meanwhile wins.
func (c *Courier) begin(ctx context.Context, e floor.Effect) (bool, error) {
	r, err := c.commit(ctx, func(v *ledger.View) ([]floor.Fact, error) {
		now, ok, err := v.Effect(e.ID)
		if err != nil || !ok || now.State != floor.EffectWanted && now.State != floor.EffectLater {
			return nil, err
		}
		if free, err := mayGo(v, e); err != nil || !free {
			return nil, err
		}
		if fuses, err := openFuses(v); err != nil || stopped(fuses, e) {
			return nil, err
		}
		return []floor.Fact{floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: station(e)}}, nil
	})
	return err == nil && len(r.Events) > 0, err
}

// station gives the station of a printer's lane.
func station(e floor.Effect) floor.StationID {
	kind, name, _ := strings.Cut(e.Lane, "/")
	if kind != "printer" {
		return ""
	}
	return floor.StationID(name)
}

// end commits how a delivery ended.
func (c *Courier) end(ctx context.Context, lane Lane, e floor.Effect, out Outcome) error {
	pace := lane.Pace
	if pace == nil {
		pace = Retry
	}
	next := time.Now().Add(max(out.After, pace(e.Tries+1)))
	_, err := c.commit(ctx, func(v *ledger.View) ([]floor.Fact, error) {
		if _, ok, err := v.Effect(e.ID); err != nil || !ok {
			return nil, err
		}
		facts := []floor.Fact{ending(e, out, next)}
		fuse, err := fuseOf(v, e, out)
		if err != nil {
			return nil, err
		}
		facts = append(facts, fuse...)
		n, err := v.Next("effect")
		if out.Hands != nil && (out.Verdict == Done || out.Verdict == Refused) {
			facts = append(facts, byHand(n, e, out.Hands))
			n++
		}
		if why := trouble(e, out, facts[0]); why != "" && out.Trip == nil { // else the fuse has called already
			facts = append(facts, call(n, e, why, out.Why))
		}
		return facts, err
	})
	return err
}

// fuseOf gives what a delivery does to the fuses: a trip opens one, a label in
// doubt that of its printer, and a label that came out closes the one that the
// same parcel had opened because it could not be made.
func fuseOf(v *ledger.View, e floor.Effect, out Outcome) ([]floor.Fact, error) {
	trip := out.Trip
	if trip == nil && e.Class == floor.Physical && out.Verdict == Unknown {
		trip = doubt(e, out.Why)
	}
	all, err := openFuses(v)
	if err != nil {
		return nil, err
	}
	var facts []floor.Fact
	for _, x := range all {
		if trip != nil && x.Cause == trip.Cause && x.Scope == trip.Scope {
			return nil, nil
		}
		if e.What == floor.EffectLabel && out.Verdict == Done && x.Parcel == e.Parcel && (x.Cause == floor.FuseFit || x.Cause == floor.FuseTemplate) {
			facts = append(facts, floor.FuseClosed{Fuse: x.ID, By: floor.ClosedByProbe})
		}
	}
	if trip == nil {
		return facts, nil
	}
	n, err := v.Next("fuse")
	if err != nil {
		return nil, err
	}
	opened := floor.FuseOpened{Fuse: fmt.Sprintf("F-%d", n), Trip: *trip}
	n, err = v.Next("effect")
	return append(facts, opened, opened.Call(floor.EffectID(fmt.Sprintf("E-%d", n)))), err
}

// doubt is the trip of a printer of which nobody knows whether it printed.
func doubt(e floor.Effect, why string) *floor.Trip {
	return &floor.Trip{Scope: floor.Scope{Station: station(e)}, Cause: floor.FuseDoubt, Parcel: e.Parcel, Order: e.Order, Why: why}
}

// trouble says why a person must be called, or "": a report that does not get
// through, or that the other side refuses.
func trouble(e floor.Effect, out Outcome, fact floor.Fact) string {
	if e.Class != floor.Idempotent || e.What == floor.EffectAlert {
		return ""
	}
	if _, late := fact.(floor.EffectDelayed); late && e.Tries+1 == callAfter {
		return "effect-stuck"
	}
	if out.Verdict == Refused {
		return "effect-refused"
	}
	return ""
}

// ending gives the fact that says how a delivery ended.
func ending(e floor.Effect, out Outcome, next time.Time) floor.Fact {
	physical := e.Class == floor.Physical
	done := floor.EffectEnded{
		Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: station(e), What: e.What,
		Outcome: "done", Detail: out.Why, Notes: out.Notes,
	}
	switch {
	case out.Verdict == Done && physical:
		done.Outcome = "printed"
		return done
	case out.Verdict == Done:
		return done
	case out.Verdict == Refused && physical:
		done.Outcome = "not-printed"
		return done
	case out.Verdict == Refused:
		done.Outcome = "refused"
		return done
	case out.Verdict == Unknown && physical:
		return floor.EffectDoubted{
			Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: station(e), Why: out.Why,
		}
	}
	return floor.EffectDelayed{
		Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: station(e), Why: out.Why, Next: next,
	}
}

// call asks for a person to be told what is the matter with an effect.
func call(n uint64, e floor.Effect, code, why string) floor.Fact {
	return floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(fmt.Sprintf("E-%d", n)), Lane: "alert", What: floor.EffectAlert, Class: floor.Idempotent,
		Order: e.Order, Args: map[string]string{"code": code, "effect": string(e.ID), "lane": e.Lane, "why": why},
	}}
}

// byHand is what a person is to do about e.
func byHand(n uint64, e floor.Effect, args map[string]string) floor.Fact {
	return floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(fmt.Sprintf("E-%d", n)), Lane: floor.LaneHands, What: floor.EffectByHand, Class: floor.Idempotent,
		Order: e.Order, Parcel: e.Parcel, Args: args,
	}}
}

// doubtBegun marks what was on the wire when the daemon ended: nobody knows
// whether it happened.
func (c *Courier) doubtBegun(ctx context.Context, lane Lane) error {
	_, err := c.commit(ctx, func(v *ledger.View) ([]floor.Fact, error) {
		var facts, opens []floor.Fact
		var inner error
		err := v.Lane(lane.Name, func(e floor.Effect) bool {
			if e.Class == floor.Physical && e.State == floor.EffectBegun {
				facts = append(facts, floor.EffectDoubted{
					Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: station(e), Why: "restarted",
				})
				opens, inner = fuseOf(v, e, Outcome{Verdict: Unknown, Why: "restarted"})
			}
			return inner == nil
		})
		return append(facts, opens...), errors.Join(err, inner)
	})
	return err
}

func (c *Courier) commit(ctx context.Context, decide func(*ledger.View) ([]floor.Fact, error)) (ledger.Receipt, error) {
	key := fmt.Sprintf("%s/courier/%d/%09d", time.Now().UTC().Format("20060102"), c.start, c.n.Add(1))
	return c.l.Commit(ctx, ledger.Request{Key: key, Actor: "floord", Urgent: true}, decide)
}
