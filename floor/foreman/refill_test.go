package foreman_test

import (
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

// An order that only a reserve bin could fill waits for a refill and is no oversale;
// the walk brings what there is, lot and all, and the order goes.
func TestRefill(t *testing.T) {
	s := newSite(t).with(foreman.Options{MaxShorts: 1})
	ctx := t.Context()
	s.ok(s.f.SetBins(ctx, s.root(), []floor.BinInfo{{Bin: "R-01", Zone: "R", Aisle: 9, X: 30, Reserve: true}}))
	from := floor.Spot{Bin: "R-01", SKU: "TS01", Lot: lotOf("L1", 30)}
	s.ok(s.f.Count(ctx, s.root(), from, 20, "load"))
	for _, n := range []string{"a", "b", "c"} {
		s.receive(shopOrder(n, "TS01", 10))
		s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
		if o := s.order(n); o.State != floor.Checked || o.ShortWhy != "refill" {
			t.Errorf("%s is %s, short for %q", n, o.State, o.ShortWhy)
		}
	}
	if !s.shortage("TS01").Stopped.IsZero() {
		t.Error("stopped as an oversale, though it lies in reserve")
	}
	r := wave.Refill{From: from, To: "A-01-01-1", Qty: 6, Why: wave.Reason{Code: wave.RunsEmpty, Args: []string{"A-01-01-1", "8", "30", "0", "4"}}}
	s.ok(s.f.Refill(ctx, s.root(), r))
	s.ok(s.f.Refill(ctx, s.root(), r)) // it is brought already
	if x := s.stock(from); x.Reserved != 6 || x.OnHand != 20 {
		t.Errorf("the reserve bin: %+v", x)
	}
	task := s.take()
	if task.Kind != floor.TaskRefill || len(task.Stops) != 2 || len(task.Why) != 1 {
		t.Fatalf("%+v", task)
	}
	carry := func(stop int, bin floor.BinID, lot string, n int) error {
		_, err := s.f.Carry(ctx, s.by(picker), foreman.PickScan{Task: task.ID, Stop: stop, Bin: bin, Code: "TS01", Qty: n, Pieces: floor.Pieces{Lot: floor.Lot{No: lot}}})
		return err
	}
	for want, err := range map[string]error{
		"take-first": carry(2, "A-01-01-1", "L1", 1), "wrong-bin": carry(1, "A-01-01-1", "L1", 1),
		"wrong-lot": carry(1, "R-01", "L2", 1), "over-pick": carry(1, "R-01", "L1", 7), "unknown-stop": carry(3, "R-01", "L1", 1),
	} {
		if !refused(err, want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
	if err := carry(1, "R-01", "L1", 4); err != nil {
		t.Fatal(err)
	}
	into := from
	into.Bin = "A-01-01-1"
	if x := s.stock(into); x.Transit != 4 || x.Sellable() != 0 {
		t.Errorf("on the way: %+v", x)
	}
	if _, err := s.f.Short(ctx, s.by(picker), task.ID, 2, "empty"); !refused(err, "unknown-stop") {
		t.Error(err)
	}
	s.ok(s.f.Short(ctx, s.by(picker), task.ID, 1, "empty"))
	if x := s.stock(from); x.OnHand != 0 || x.Reserved != 0 {
		t.Errorf("the reserve bin after the short: %+v", x)
	}
	if err := carry(2, "A-01-01-1", "", 4); err != nil {
		t.Fatal(err)
	}
	if x := s.stock(into); x.Transit != 0 || x.Sellable() != 4 || s.task(task.ID).State != floor.TaskEnded {
		t.Errorf("in the bin: %+v, task %s", x, s.task(task.ID).State)
	}
	wanted := 0
	s.read(func(v *ledger.View) error {
		return v.CountsWanted(func(c floor.CountWanted) bool { wanted++; return c.Spot == from })
	})
	if wanted != 1 {
		t.Errorf("%d bins to be counted", wanted)
	}
	s.ok(s.f.Allocate(ctx, s.root(), s.id("a")))
	if o := s.order("a"); o.State != floor.Allocated || o.Lines[0].Reserved[0].Lot != from.Lot {
		t.Errorf("%s with %+v: what expires goes first", o.State, o.Lines[0].Reserved)
	}
	s.checkViews()
}

// Of an order that asks for a SKU on several lines each piece in the reserve bin
// counts once.
func TestReserveCountsOnceForSeveralLines(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.ok(s.f.SetBins(ctx, s.root(), []floor.BinInfo{{Bin: "R-01", Zone: "R", Aisle: 9, X: 30, Reserve: true}}))
	s.ok(s.f.Count(ctx, s.root(), floor.Spot{Bin: "R-01", SKU: "TS01"}, 6, "load"))
	s.receive(shopOrder("fits", "TS01", 7, "TS01", 7), shopOrder("lacks", "TS01", 8, "TS01", 4, "TS01", 4)) // 8 lie where they are picked
	for n, want := range map[string]string{"fits": "refill", "lacks": ""} {
		s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
		if o := s.order(n); o.State != floor.Checked || !o.Short || o.ShortWhy != want {
			t.Errorf("%s is %s, short %v for %q; want for %q", n, o.State, o.Short, o.ShortWhy, want)
		}
	}
}

// A SKU that is in reserve bins alone has nothing to be brought to: it is picked there.
func TestReserveAloneIsPicked(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.ok(s.f.SetBins(ctx, s.root(), []floor.BinInfo{{Bin: "R-01", Zone: "R", Aisle: 9, X: 30, Reserve: true}}))
	s.ok(s.f.SetSKUs(ctx, s.root(), []floor.SKUInfo{{SKU: "NEW", Name: "新品"}}))
	s.ok(s.f.Count(ctx, s.root(), floor.Spot{Bin: "R-01", SKU: "NEW"}, 5, "load"))
	s.receive(shopOrder("a", "NEW", 2))
	s.ok(s.f.Allocate(ctx, s.root(), s.id("a")))
	if o := s.order("a"); o.State != floor.Allocated {
		t.Errorf("%s, short for %q", o.State, o.ShortWhy)
	}
}
