package foreman_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

func (s *site) shortage(sku floor.SKU) (x floor.Shortage) {
	s.t.Helper()
	s.read(func(v *ledger.View) (err error) { x, err = v.Shortage(sku); return err })
	return x
}

// A SKU of which too many orders are short in a short time stops, a lead is called
// once, and what still lies there is promised only after the lead has looked.
func TestOversellFuse(t *testing.T) {
	s := newSite(t).with(foreman.Options{MaxShorts: 2})
	ctx := t.Context()
	var orders []floor.ShopOrder
	for i := range 4 {
		orders = append(orders, shopOrder(fmt.Sprint(i), "TS01", 1_000_000))
	}
	s.receive(orders...)
	for i := range 4 {
		s.ok(s.f.Allocate(ctx, s.root(), s.id(fmt.Sprint(i))))
		if stopped := !s.shortage("TS01").Stopped.IsZero(); stopped != (i >= 2) {
			t.Errorf("after %d shorts it is stopped: %v", i+1, stopped)
		}
	}
	s.receive(shopOrder("small", "TS01", 1))
	s.ok(s.f.Allocate(ctx, s.root(), s.id("small")))
	s.ok(s.f.Allocate(ctx, s.root(), s.id("small")))
	if o := s.order("small"); o.State != floor.Checked || o.ShortWhy != "stopped" {
		t.Errorf("an order of a stopped SKU is %s, short for %q", o.State, o.ShortWhy)
	}
	calls := 0
	s.read(func(v *ledger.View) error {
		return v.Lane("alert", func(e floor.Effect) bool {
			calls += map[bool]int{true: 1}[e.Args["code"] == "sku-stopped" && e.Args["sku"] == "TS01" && e.Args["n"] == "3"]
			return true
		})
	})
	if calls != 1 {
		t.Errorf("%d calls", calls)
	}
	if _, err := s.f.ResumeSKU(ctx, s.by(picker), "TS01"); !refused(err, "no-role") {
		t.Errorf("a picker resumed it: %v", err)
	}
	s.ok(s.f.ResumeSKU(ctx, s.by(lead), "TS01"))
	if _, err := s.f.ResumeSKU(ctx, s.by(lead), "TS01"); !refused(err, "sku-not-stopped") {
		t.Errorf("resumed twice: %v", err)
	}
	s.ok(s.f.Allocate(ctx, s.root(), s.id("small")))
	if o := s.order("small"); o.State != floor.Allocated || o.Short {
		t.Errorf("after resuming it is %s, short %v", o.State, o.Short)
	}
	s.checkViews()
}

// A channel gets no more of a SKU than its quota; what comes back counts again.
func TestQuota(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	ch := shopOrder("x", "TS01", 1).Channel
	s.ok(s.f.SetQuota(ctx, s.by(lead), ch, "TS01", 3))
	s.receive(shopOrder("a", "TS01", 2), shopOrder("b", "TS01", 2), shopOrder("c", "TS01", 1))
	for _, n := range []string{"a", "b", "c"} {
		s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
	}
	if a, b, c := s.order("a"), s.order("b"), s.order("c"); a.State != floor.Allocated || b.State != floor.Checked || b.ShortWhy != "quota" || c.State != floor.Allocated {
		t.Errorf("a %s, b %s (%s), c %s", a.State, b.State, b.ShortWhy, c.State)
	}
	s.ok(s.f.Freeze(ctx, s.by(lead), s.id("a"), floor.FreezeLead))
	s.ok(s.f.Close(ctx, s.by(lead), s.id("a"), "lead"))
	s.ok(s.f.Allocate(ctx, s.root(), s.id("b")))
	if b := s.order("b"); b.State != floor.Allocated || b.Short || b.ShortWhy != "" {
		t.Errorf("b is %s, %q, after a gave its pieces back", b.State, b.ShortWhy)
	}
	s.ok(s.f.SetQuota(ctx, s.by(lead), ch, "TS01", -1))
	s.read(func(v *ledger.View) error {
		if _, ok, err := v.Quota(ch, "TS01"); ok || err != nil {
			t.Errorf("the bound is there after it was lifted, %v", err)
		}
		return nil
	})
	if _, err := s.f.SetQuota(ctx, s.by(lead), ch, "no", 1); !refused(err, "unknown-sku") {
		t.Error(err)
	}
	s.checkViews()
}

// A promise ends where no wave came for the order, and others may have the pieces.
func TestReservationEnds(t *testing.T) {
	s := newSite(t).with(foreman.Options{ReserveFor: -time.Second})
	ctx := t.Context()
	s.receive(shopOrder("a", "TS01", 1), shopOrder("w", "TS01", 1))
	s.ok(s.f.Allocate(ctx, s.root(), s.id("a")))
	s.release("w")
	reserved := func() (n int) {
		s.read(func(v *ledger.View) error {
			stock, err := v.StockOf("TS01")
			for _, x := range stock {
				n += x.Reserved
			}
			return err
		})
		return n
	}
	for _, n := range []string{"a", "w"} {
		s.ok(s.f.Expire(ctx, s.root(), s.id(n)))
	}
	if a, w := s.order("a"), s.order("w"); a.State != floor.Checked || len(a.Lines[0].Reserved) != 0 || w.State != floor.Waved || reserved() != 1 {
		t.Errorf("a is %s with %v, w is %s; %d promised", a.State, a.Lines[0].Reserved, w.State, reserved())
	}
	s.ok(s.f.Allocate(ctx, s.root(), s.id("a")))
	if s.order("a").State != floor.Allocated || reserved() != 2 {
		t.Error("it was not allocated again")
	}
	s.checkViews()
}

// A bin that was found short is to be counted, until somebody has.
func TestShortBinIsToBeCounted(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	wanted := func() (bins []string) {
		s.read(func(v *ledger.View) error {
			return v.CountsWanted(func(c floor.CountWanted) bool {
				bins = append(bins, string(c.Bin)+" "+string(c.SKU)+" "+c.Why)
				return true
			})
		})
		return bins
	}
	s.receive(shopOrder("a", "TS01", 1))
	s.release("a")
	task := s.take()
	stop := task.Stops[0]
	s.ok(s.f.Short(ctx, s.by(picker), task.ID, stop.No, foreman.ShortReasons[0]))
	if got, want := wanted(), []string{string(stop.Bin) + " TS01 short"}; !slices.Equal(got, want) {
		t.Errorf("%q; want %q", got, want)
	}
	s.ok(s.f.Count(ctx, s.by(lead), floor.Spot{Bin: stop.Bin, SKU: "TS01"}, 7, "count"))
	if got := wanted(); len(got) != 0 {
		t.Errorf("still %q", got)
	}
	s.checkViews()
}
