package foreman_test

import (
	"fmt"
	"strings"
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

// calledOff is the shop's cancel of an order.
func calledOff(o floor.ShopOrder) floor.ShopOrder {
	o.State, o.ModifiedAt, o.Content = floor.ShopCancelled, o.ModifiedAt.Add(1), o.Content+"-off"
	return o
}

func (s *site) run(id string) (r floor.Run, ok bool) {
	s.t.Helper()
	s.read(func(v *ledger.View) (err error) { r, ok, err = v.Run(id); return err })
	return r, ok
}

// releaseBig releases the orders as one wave of one walk, which the picker takes.
func (s *site) releaseBig(numbers ...string) floor.WaveID {
	s.t.Helper()
	w := wave.Wave{Kind: "cluster"}
	for i, n := range numbers {
		s.ok(s.f.Allocate(s.t.Context(), s.root(), s.id(n)))
		o := s.order(n)
		w.Orders = append(w.Orders, o.ID)
		for _, l := range o.Lines {
			for _, b := range l.Reserved {
				w.Stops = append(w.Stops, wave.Stop{Bin: b.Bin, SKU: l.SKU, Order: o.ID, Line: l.No, Slot: i + 1, Qty: b.Qty})
			}
		}
	}
	s.ok(s.f.Release(s.t.Context(), s.root(), w))
	return s.take().Wave
}

// TestLabelsFirst prints 40 sheets and cancels the orders of sheets 17 and 33, in
// one page of the shop.
func TestLabelsFirst(t *testing.T) {
	s := newSite(t)
	s.count("A-01-01-1", "TS01", 100)
	var orders []floor.ShopOrder
	var numbers []string
	for n := range 40 {
		o := shopOrder(fmt.Sprintf("%02d", n+1), "TS01", 1)
		orders, numbers = append(orders, o), append(numbers, o.Number)
	}
	s.receive(orders...)
	wave := s.releaseBig(numbers...)
	run, err := s.f.PrintFirst(t.Context(), s.by(packer), wave, "pack-1")
	if err != nil || run.Of != 40 {
		t.Fatalf("run %+v, %v; want 40 sheets", run, err)
	}
	rows := s.outbox(foreman.PrinterLane("pack-1"))
	if len(rows) != 40 || rows[16].Args["sheet"] != "17" {
		t.Fatalf("%d labels, the 17th %v", len(rows), rows[16])
	}
	seen := map[floor.WaybillNo]bool{}
	for _, x := range run.Sheets {
		seen[x.Waybill] = true
	}
	if len(seen) != 40 {
		t.Errorf("%d numbers on 40 sheets", len(seen))
	}
	if _, err := s.f.PrintFirst(t.Context(), s.by(packer), wave, "pack-1"); !refused(err, "no-sheets") {
		t.Errorf("printed first again: %v", err)
	}
	// Sheet 40 is stopped before it is printed: it never comes out, and is not called.
	var last floor.ShopOrder
	byID := map[floor.OrderID]floor.ShopOrder{}
	for _, o := range orders {
		byID[s.id(o.Number)] = o
	}
	last = byID[run.Sheets[39].Order]
	s.receive(calledOff(last))
	for range 39 {
		s.printed(s.parcel(s.outbox(foreman.PrinterLane("pack-1"))[0].Parcel))
	}
	s.receive(calledOff(byID[run.Sheets[16].Order]), calledOff(byID[run.Sheets[32].Order]))
	now, _ := s.run(run.ID)
	if got := now.PullText("en"); !strings.Contains(strings.ToLower(got), "pull sheets 17 and 33") || !strings.Contains(now.PullText("zh"), "17、33") {
		t.Errorf("said %q, %q", got, now.PullText("zh"))
	}
	if _, err := s.f.Pulled(t.Context(), s.by(packer), run.ID, []int{17, 18}); !refused(err, "not-called") {
		t.Errorf("a good sheet was pulled: %v", err)
	}
	if _, err := s.f.HandOver(t.Context(), s.by(packer), "sf", string(run.Sheets[16].Waybill)); !refused(err, "frozen") {
		t.Errorf("handed over all the same: %v", err)
	}
	// A lead lets 33 go on; 17 is closed, and both say so.
	s.ok(s.f.Thaw(t.Context(), s.by(lead), run.Sheets[32].Order))
	s.ok(s.f.Close(t.Context(), s.by(lead), run.Sheets[16].Order, "cancelled"))
	if now, _ = s.run(run.ID); len(now.Pull) != 1 || now.Pull[0] != 17 {
		t.Errorf("to be pulled: %v; want 17", now.Pull)
	}
	s.ok(s.f.Pulled(t.Context(), s.by(packer), run.ID, []int{17}))
	if _, err := s.f.HandOver(t.Context(), s.by(packer), "sf", string(run.Sheets[16].Waybill)); !refused(err, "parcel-void") {
		t.Errorf("a void sheet at the handover: %v", err)
	}
	s.ok(s.f.Close(t.Context(), s.by(lead), run.Sheets[39].Order, "cancelled"))
	if now, _ = s.run(run.ID); len(now.Sheets) != 38 || len(now.Pull) != 0 {
		t.Errorf("%d sheets left, to pull %v; want 38 and none", len(now.Sheets), now.Pull)
	}
	s.checkViews()

	// A sheet's parcel is packed by its label, and no second one is printed.
	for _, stop := range s.task(s.order(byID[run.Sheets[0].Order].Number).Task).Stops {
		if stop.Order == run.Sheets[0].Order {
			if err := s.pick(s.task(s.order("01").Task), stop); err != nil {
				t.Fatal(err)
			}
		}
	}
	id, err := s.f.OpenParcel(t.Context(), s.by(packer), "pack-1", string(run.Sheets[0].Waybill))
	if err != nil || id != run.Sheets[0].Parcel {
		t.Fatalf("opened %s, %v; want the sheet's parcel", id, err)
	}
	s.ok(s.f.Verify(t.Context(), s.by(packer), id, "TS01", 1))
	s.ok(s.f.Weigh(t.Context(), s.by(packer), id, s.weight(id)))
	s.ok(s.f.Seal(t.Context(), s.by(packer), id))
	p := s.parcel(id)
	if p.Copies != 1 || p.Waybill != run.Sheets[0].Waybill || p.State != floor.ParcelIsSealed || len(s.outbox(foreman.PrinterLane("pack-1"))) != 0 {
		t.Errorf("sealed %+v; want it with the sheet's number and no further label", p)
	}
	if err := s.handOver(p); err != nil {
		t.Error(err)
	}
	if now, _ = s.run(run.ID); len(now.Sheets) != 37 {
		t.Errorf("%d sheets left; want 37", len(now.Sheets))
	}
	s.checkViews()
}

func TestLabelsFirstNeedsAlike(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("A", "TS01", 2), shopOrder("B", "TS01", 1, "SK03", 1))
	wave := s.releaseBig("A", "B")
	if _, err := s.f.PrintFirst(t.Context(), s.by(packer), wave, "pack-1"); !refused(err, "not-alike") {
		t.Errorf("orders that differ: %v", err)
	}
}
