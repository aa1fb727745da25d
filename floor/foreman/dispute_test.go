package foreman_test

import (
	"testing"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

func (s *site) dispute(number string) (d floor.Dispute, ok bool) {
	s.t.Helper()
	id := s.id(number)
	s.read(func(v *ledger.View) (err error) { d, ok, err = v.Dispute(id); return err })
	return d, ok
}

func (s *site) wantDispute(number, kind string) floor.Dispute {
	s.t.Helper()
	d, ok := s.dispute(number)
	if ok != (kind != "") || d.Kind != kind {
		s.t.Errorf("order %s: dispute %q (%v); want %q", number, d.Kind, ok, kind)
	}
	return d
}

// mend has the lead carry out the mend, after the shop said what it says.
func (s *site) mend(number string, said *floor.ShopOrder) []floor.Event {
	s.t.Helper()
	r, err := s.f.Mend(s.t.Context(), s.by(lead), s.id(number), said)
	if err != nil {
		s.t.Fatal(err)
	}
	end, ok := r.Events[len(r.Events)-1].Fact.(floor.DisputeMended)
	if !ok || r.Events[0].Actor.Person() != "chen.jie" || end.Order != s.id(number) {
		s.t.Errorf("mended by %+v", r.Events)
	}
	s.wantDispute(number, "")
	return r.Events
}

// TestDisputes: a shop that contradicts itself or the floor is listed; it ends when
// both agree again, or by the mend.
func TestDisputes(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	one, two, three, four, five := shopOrder("1", "TS01", 1), shopOrder("2", "TS01", 1), shopOrder("3", "SK03", 1), shopOrder("4", "SK03", 1), shopOrder("5", "SK03", 1)
	s.receive(one, two, three, four, five)
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		s.wantDispute(n, "")
	}

	// Shipped by somebody else, before hands have it: closed.
	s.receive(later(one, floor.ShopShipped))
	d := s.wantDispute("1", floor.DisputeShipped)
	if m := d.Mend(s.order("1").State); m != floor.MendClose || d.Before != floor.ShopPaid || d.Theirs != floor.ShopShipped {
		t.Errorf("%+v, mend %s", d, m)
	}
	if _, err := s.f.Mend(ctx, s.by(picker), s.id("1"), nil); err == nil {
		t.Error("a picker mended it")
	}
	s.mend("1", nil)
	if o := s.order("1"); o.State != floor.Closed || o.ClosedWhy != "shipped-elsewhere" {
		t.Errorf("mended it is %s (%s)", o.State, o.ClosedWhy)
	}
	if _, err := s.f.Mend(ctx, s.by(lead), s.id("1"), nil); err == nil {
		t.Error("it was mended twice")
	}

	// In hands: frozen.
	s.release("2")
	s.receive(later(two, floor.ShopShipped))
	s.wantDispute("2", floor.DisputeShipped)
	s.mend("2", nil)
	if o := s.order("2"); o.Freeze == nil || o.Freeze.Why != floor.FreezeLead {
		t.Errorf("in hands it is not frozen: %+v", o.Freeze)
	}

	// The shop takes a shipping back, then says it again.
	s.receive(later(three, floor.ShopShipped))
	back := later(later(three, floor.ShopShipped), floor.ShopPaid)
	s.receive(back)
	s.wantDispute("3", floor.DisputeBack)
	s.mend("3", &back) // asked again, it says the same
	again := later(back, floor.ShopShipped)
	s.receive(again)
	s.wantDispute("3", floor.DisputeShipped)
	s.receive(later(again, floor.ShopCancelled))

	// Two things of one moment: the heavier stands, the other is listed once.
	shipped := later(four, floor.ShopShipped)
	s.receive(shipped)
	s.mend("4", nil)
	gone := later(five, floor.ShopCancelled)
	paid := gone
	paid.State, paid.Content = floor.ShopPaid, "other"
	s.receive(paid, gone)
	s.wantDispute("5", "")
	seq := s.l.Seq()
	s.receive(paid)
	s.receive(paid)
	if d := s.wantDispute("5", floor.DisputeMoment); d.Theirs != floor.ShopPaid || d.Before != floor.ShopCancelled || s.l.Seq() != seq+1 {
		t.Errorf("%+v, said in %d events; want one", d, s.l.Seq()-seq)
	}
	if _, err := s.f.Mend(ctx, s.by(lead), s.id("5"), nil); err == nil {
		t.Error("it was mended without the shop's answer")
	}
	s.mend("5", &gone)
	s.checkViews()
}

// TestDisputesAfterTheDock: a report that the shop does not show, and a cancel that
// comes too late.
func TestDisputesAfterTheDock(t *testing.T) {
	s := newSite(t)
	o := shopOrder("1", "TS01", 1)
	s.receive(o)
	s.release("1")
	s.pickAll(s.take())
	p := s.pack("1")
	s.printed(p)
	if err := s.handOver(p); err != nil {
		t.Fatal(err)
	}
	s.wantDispute("1", "")
	reports := s.outbox("shop/pdd-main")
	if len(reports) != 1 {
		t.Fatalf("%+v", reports)
	}
	end := func(e floor.Effect) {
		_, err := s.l.Commit(t.Context(), ledger.Request{Key: s.key(), Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
			return []floor.Fact{floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, What: e.What, Outcome: "done"}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	end(reports[0])
	if d := s.wantDispute("1", floor.DisputeUnshipped); d.Mend(floor.HandedOver) != floor.MendReport || !d.Asks() || time.Since(d.Since) > time.Hour {
		t.Errorf("%+v", d)
	}
	same := later(o, floor.ShopPaid)
	s.mend("1", &same)
	reports = s.outbox("shop/pdd-main")
	if len(reports) != 1 || reports[0].Parcel != p.ID || reports[0].What != floor.EffectShipReport {
		t.Fatalf("the report was not asked for once more: %+v", reports)
	}
	end(reports[0])
	s.wantDispute("1", floor.DisputeUnshipped)
	s.receive(later(same, floor.ShopShipped)) // it shows it now
	s.wantDispute("1", "")
	s.receive(later(later(same, floor.ShopShipped), floor.ShopCancelled))
	s.wantDispute("1", floor.DisputeBack)
	s.checkViews()

	o = shopOrder("2", "SK03", 1)
	s.receive(o)
	s.release("2")
	s.pickAll(s.take())
	p = s.pack("2")
	s.printed(p)
	if err := s.handOver(p); err != nil {
		t.Fatal(err)
	}
	s.receive(later(o, floor.ShopCancelled))
	s.wantDispute("2", floor.DisputeGone)
	s.mend("2", nil)
	s.checkViews()
}
