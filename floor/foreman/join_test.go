package foreman_test

import (
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

// join lets the orders join the walk, as far as the planner and the foreman agree.
func (s *site) join(task floor.TaskID, before func(), numbers ...string) []floor.OrderJoined {
	s.t.Helper()
	ctx := s.t.Context()
	var snap wave.Snapshot
	var err error
	if snap.Layout, err = wave.InferLayout(foreman.Places(bins)); err != nil {
		s.t.Fatal(err)
	}
	for _, n := range numbers {
		s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
		snap.Orders = append(snap.Orders, foreman.Plannable(s.order(n), nil))
	}
	var run wave.Running
	var left []int
	s.read(func(v *ledger.View) error {
		row, _, err := v.Task(task)
		if err != nil {
			return err
		}
		run, left, _, err = foreman.Walking(row, func(id floor.OrderID) (floor.Order, error) { o, _, err := v.Order(id); return o, err }, nil)
		return err
	})
	if before != nil {
		before()
	}
	var out []floor.OrderJoined
	for _, j := range wave.Join(snap, []wave.Running{run}, wave.DefaultRules(), monday) {
		r, err := s.f.Join(ctx, s.root(), task, left, j)
		s.ok(r, err)
		for _, e := range r.Events {
			out = append(out, e.Fact.(floor.OrderJoined))
		}
	}
	return out
}

// An order whose bins are still ahead joins the walk under way: its stop comes where
// the walk passes, in a slot of its own, and the order is picked with the rest.
func TestJoin(t *testing.T) {
	s := newSiteOf(t, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1"}, TaskTime: 10 * time.Minute, StopTime: time.Minute,
	})
	s.known("A-01-05-1", "XX")
	s.receive(shopOrder("1", "TS01", 1, "SK03", 1), shopOrder("2", "XX", 2), shopOrder("3", "TS01", 1))
	walk := s.release("1")
	if got := binsOf(walk); !slices.Equal(got, []floor.BinID{"A-01-05-1", "A-02-03-1"}) {
		t.Fatalf("the walk is %v", got)
	}
	joined := s.join(walk.ID, nil, "2")
	if len(joined) != 1 || joined[0].Order != s.id("2") || joined[0].Person != "li.wei" || joined[0].Slot != 2 || joined[0].Metres > 10 || joined[0].Why[0].Code != "joined-walk" {
		t.Fatalf("joined %+v", joined)
	}
	now := s.task(walk.ID)
	if got := binsOf(now); !slices.Equal(got, []floor.BinID{"A-01-05-1", "A-01-05-1", "A-02-03-1"}) {
		t.Errorf("the walk is %v", got)
	}
	o := s.order("2")
	if o.State != floor.Waved || o.Task != walk.ID || o.Wave != walk.Wave || now.Due.Sub(walk.Due) != time.Minute || now.Metres != walk.Metres+joined[0].Metres {
		t.Errorf("order %s on %s of %s; due %v, then %v; %v m, then %v m", o.State, o.Task, o.Wave, walk.Due, now.Due, walk.Metres, now.Metres)
	}
	s.read(func(v *ledger.View) error {
		w, _, err := v.Wave(walk.Wave)
		if len(w.Orders) != 2 || w.Why[len(w.Why)-1].Code != "joined-walk" || w.Metres != now.Metres {
			t.Errorf("the wave is %+v", w)
		}
		return err
	})
	// A handheld in dead air would put its second tote for order 1 there.
	if _, err := s.f.BindFor(t.Context(), s.by(picker), walk.ID, 2, "tote-x", s.id("1")); !refused(err, "slot-taken") {
		t.Errorf("binding another order's slot: %v", err)
	}
	s.ok(s.f.BindFor(t.Context(), s.by(picker), walk.ID, 2, "tote-x", s.id("2")))
	s.pickAll(now)
	if a, b := s.order("1"), s.order("2"); a.State != floor.Picked || b.State != floor.Picked || b.Tote != "tote-x" || s.task(walk.ID).State != floor.TaskEnded {
		t.Errorf("in the end %s, %s", a.State, b.State)
	}
	if late := s.join(walk.ID, nil, "3"); len(late) != 0 {
		t.Errorf("an order joined a walk that is over: %+v", late)
	}
	s.checkViews()
}

// Nothing joins if the picker went past, or the order was stopped, since the plan.
func TestJoinLooksAgain(t *testing.T) {
	for name, before := range map[string]func(*site, floor.Task){
		"the picker went past": func(s *site, t floor.Task) { s.pickAll(floor.Task{ID: t.ID, Stops: t.Stops[:1]}) },
		"the order is frozen": func(s *site, _ floor.Task) {
			s.ok(s.f.Freeze(s.t.Context(), s.by(lead), s.id("2"), floor.FreezeLead))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.known("A-01-05-1", "XX")
			s.receive(shopOrder("1", "TS01", 1, "SK03", 1), shopOrder("2", "XX", 2))
			walk := s.release("1")
			joined := s.join(walk.ID, func() { before(s, walk) }, "2")
			if len(joined) != 0 || len(s.task(walk.ID).Stops) != 2 || s.order("2").State != floor.Allocated {
				t.Errorf("joined %+v", joined)
			}
		})
	}
}

// A stop that was put to the end takes the joined stops behind it along.
func TestJoinBehindASkippedStop(t *testing.T) {
	s := newSite(t)
	s.known("A-02-03-1", "XX")
	s.receive(shopOrder("1", "TS01", 1, "SK03", 1), shopOrder("2", "XX", 1))
	walk := s.release("1")
	s.ok(s.f.Skip(t.Context(), s.by(picker), walk.ID, 1))
	s.ok(s.f.Skip(t.Context(), s.by(picker), walk.ID, 2))
	if joined := s.join(walk.ID, nil, "2"); len(joined) != 1 {
		t.Fatalf("joined %+v", joined)
	}
	if got := binsOf(floor.Task{Stops: open(s.task(walk.ID))}); !slices.Equal(got, []floor.BinID{"A-01-05-1", "A-02-03-1", "A-02-03-1"}) {
		t.Errorf("the picker is led to %v", got)
	}
	s.checkViews()
}

func binsOf(t floor.Task) []floor.BinID {
	var out []floor.BinID
	for _, x := range t.Stops {
		out = append(out, x.Bin)
	}
	return out
}

// known puts five pieces of a further SKU into a bin.
func (s *site) known(bin floor.BinID, sku floor.SKU) {
	s.t.Helper()
	s.ok(s.f.SetSKUs(s.t.Context(), s.root(), []floor.SKUInfo{{SKU: sku, Name: string(sku), Grams: 100}}))
	s.count(bin, sku, 5)
}
