package foreman_test

import (
	"fmt"
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// table opens the parcel of an order that is picked, at the station.
func (s *site) table(number string) floor.ParcelID {
	s.t.Helper()
	id, err := s.f.OpenParcel(s.t.Context(), s.by(packer), "pack-1", string(s.order(number).Tote))
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func grams(g floor.Grams) floor.Weight { return floor.Weight{Grams: g, ZeroSeen: true, By: "pack-1"} }

func TestWeightTellsAMissingItem(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 2, "SK03", 1))
	s.pickAll(s.release("1"))
	ctx, id := t.Context(), s.table("1")
	if _, err := s.f.Weigh(ctx, s.by(packer), id, grams(400)); !refused(err, "not-verified") {
		t.Errorf("weighing before the check: %v; want not-verified", err)
	}
	s.ok(s.f.Verify(ctx, s.by(packer), id, "TS01", 2))
	s.ok(s.f.Verify(ctx, s.by(packer), id, "SK03", 1))
	for _, tt := range []struct {
		name string
		w    floor.Weight
		want string
	}{
		{"the previous parcel's", floor.Weight{Grams: 490}, "no-zero"},
		{"nothing on the pan", grams(0), "bad-weight"},
		{"an elephant", grams(foreman.MaxWeight + 1), "bad-weight"},
	} {
		if _, err := s.f.Weigh(ctx, s.by(packer), id, tt.w); !refused(err, tt.want) {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(290)))
	p := s.parcel(id)
	if p.State != floor.ParcelIsVerified || p.Weight != nil || p.Off == nil || p.Off.Weight.Expected != 490 {
		t.Fatalf("after a weight that is off: %+v", p)
	}
	if got := fmt.Sprint(p.Off.Why[0].Pieces); got != "[{TS01 -1}]" {
		t.Errorf("the gap is explained by %+v; want one TS01 missing", p.Off.Why)
	}
	if _, err := s.f.Seal(ctx, s.by(packer), id); !refused(err, "not-weighed") {
		t.Errorf("sealing it: %v; want not-weighed", err)
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(500)))
	if p = s.parcel(id); p.State != floor.ParcelIsWeighed || p.Off != nil {
		t.Errorf("after a weight that is right: %+v", p)
	}
	s.ok(s.f.Seal(ctx, s.by(packer), id))
	s.checkViews()
}

func TestOnlyALeadLetsAWeightPass(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 1))
	s.pickAll(s.release("1"))
	ctx, id := t.Context(), s.table("1")
	s.ok(s.f.Verify(ctx, s.by(packer), id, "TS01", 1))
	if _, err := s.f.PassWeight(ctx, s.by(packer), id, floor.PassCounted, "badge-chen.jie"); !refused(err, "nothing-to-pass") {
		t.Errorf("passing no weight: %v; want nothing-to-pass", err)
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(300)))
	for _, tt := range []struct{ name, reason, badge, want string }{
		{"by the packer", floor.PassCounted, "", "no-role"},
		{"by the packer's own badge", floor.PassCounted, "badge-wang.fang", "no-role"},
		{"by an unknown badge", floor.PassCounted, "badge-x", "no-badge"},
		{"without a reason", "", "badge-chen.jie", "bad-reason"},
	} {
		if _, err := s.f.PassWeight(ctx, s.by(packer), id, tt.reason, tt.badge); !refused(err, tt.want) {
			t.Errorf("%s: %v; want %s", tt.name, err, tt.want)
		}
	}
	s.ok(s.f.PassWeight(ctx, s.by(packer), id, floor.PassCounted, "badge-chen.jie"))
	if p, o := s.parcel(id), s.order("1"); p.State != floor.ParcelIsWeighed || p.Weight.Grams != 300 || o.Manual != 1 {
		t.Errorf("after it was passed: %+v, %d manual acts", p, o.Manual)
	}
	s.checkViews()
}

func TestTypedWeightNeedsALead(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 1))
	s.pickAll(s.release("1"))
	ctx, id := t.Context(), s.table("1")
	s.ok(s.f.Verify(ctx, s.by(packer), id, "TS01", 1))
	if _, err := s.f.TypeWeight(ctx, s.by(packer), id, 260, ""); !refused(err, "no-role") {
		t.Errorf("typed by a packer: %v; want no-role", err)
	}
	s.ok(s.f.TypeWeight(ctx, s.by(packer), id, 260, "badge-chen.jie"))
	if p := s.parcel(id); p.Weight == nil || p.Weight.By != "typed" || p.Weight.Expected != 200 || p.Teaches {
		t.Errorf("the typed weight: %+v", p)
	}
}

// TestParcelsTeach seals parcels whose shirts weigh 190 g and not the 200 that
// are written down, until a sock that is missing beside one is noticed.
func TestParcelsTeach(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.count("A-01-01-1", "TS01", 100)
	pack := func(n string, g floor.Grams, lines ...any) floor.Parcel {
		s.receive(shopOrder(n, lines...))
		s.pickAll(s.release(n))
		id := s.table(n)
		for _, i := range s.parcel(id).Items {
			s.ok(s.f.Verify(ctx, s.by(packer), id, string(i.SKU), i.Qty))
		}
		s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(g)))
		if s.parcel(id).Off == nil {
			s.ok(s.f.Seal(ctx, s.by(packer), id))
		}
		return s.parcel(id)
	}
	for i := range 6 {
		pack(fmt.Sprint(i), floor.Grams(190*(1+i%2)+i%3), "TS01", 1+i%2)
	}
	var u floor.UnitWeight
	s.read(func(v *ledger.View) (err error) { u, _, err = v.UnitWeight("TS01"); return err })
	if u.N < 5 || u.Mean < 188_000 || u.Mean > 192_000 {
		t.Fatalf("learned of the shirt: %+v; want 190 g", u)
	}
	for i := range 5 {
		if p := pack(fmt.Sprint("s", i), 190+88, "TS01", 1, "SK03", 1); p.State != floor.ParcelIsSealed {
			t.Fatalf("shirt and sock: %+v", p)
		}
	}
	s.read(func(v *ledger.View) (err error) { u, _, err = v.UnitWeight("SK03"); return err })
	if u.N < 5 || u.Mean < 86_000 || u.Mean > 90_000 {
		t.Fatalf("learned of the sock beside shirts: %+v; want 88 g", u)
	}
	p := pack("z", 190+66, "TS01", 1, "SK03", 1) // within 30 g of what is written down
	if p.Off == nil || p.Off.Tolerance >= 22 || p.Off.Weight.Expected < 276 || p.Off.Weight.Expected > 280 {
		t.Errorf("22 g are missing: %+v %+v; want it noticed", p, p.Off)
	}
	s.checkViews()
}

func TestBoxMustBeScanned(t *testing.T) {
	s := newSite(t)
	s.f = foreman.New(s.l, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1"}, Packaging: 999,
		Packagings: []floor.Packaging{{Code: "BOX-2", Name: "2 号箱", Grams: 120}, {Code: "BOX-4", Name: "4 号箱", Grams: 260}},
	})
	s.receive(shopOrder("1", "TS01", 1))
	s.pickAll(s.release("1"))
	ctx, id := t.Context(), s.table("1")
	s.ok(s.f.Verify(ctx, s.by(packer), id, "TS01", 1))
	if _, err := s.f.Weigh(ctx, s.by(packer), id, grams(320)); !refused(err, "no-box") {
		t.Errorf("weighed without a box: %v; want no-box", err)
	}
	if _, err := s.f.Box(ctx, s.by(packer), id, "BOX-9"); !refused(err, "unknown-box") {
		t.Errorf("an unknown box: %v; want unknown-box", err)
	}
	s.ok(s.f.Box(ctx, s.by(packer), id, "BOX-2"))
	s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(455)))
	if p := s.parcel(id); p.Off == nil || p.Off.Why[0].Box != "BOX-4" {
		t.Errorf("weighed in the large box: %+v; want BOX-4 to explain it", p.Off)
	}
	s.ok(s.f.Box(ctx, s.by(packer), id, "BOX-4"))
	if p := s.parcel(id); p.Off != nil {
		t.Errorf("another box, and the old question stays: %+v", p.Off)
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(455)))
	s.ok(s.f.Box(ctx, s.by(packer), id, "BOX-2"))
	if _, err := s.f.Seal(ctx, s.by(packer), id); !refused(err, "not-weighed") {
		t.Errorf("sealed in another box than it was weighed in: %v; want not-weighed", err)
	}
	s.checkViews()
}

func TestNoteMustBeRead(t *testing.T) {
	s := newSite(t)
	o := shopOrder("1", "TS01", 2)
	o.BuyerNote = "不要放发票"
	s.receive(o)
	s.pickAll(s.release("1"))
	ctx, id := t.Context(), s.table("1")
	if _, err := s.f.Verify(ctx, s.by(packer), id, "TS01", 1); !refused(err, "note-unread") {
		t.Errorf("scanned with the note unread: %v; want note-unread", err)
	}
	order := s.order("1")
	mark := order.NoteMark()
	if _, err := s.f.ReadNote(ctx, s.by(packer), id, "other"); !refused(err, "note-changed") {
		t.Errorf("another note was read: %v; want note-changed", err)
	}
	s.ok(s.f.ReadNote(ctx, s.by(packer), id, mark))
	s.ok(s.f.Verify(ctx, s.by(packer), id, "TS01", 1))
	o.BuyerNote, o.ModifiedAt, o.Content = "不要放发票，请写贺卡", monday.Add(3600e9), "new"
	s.receive(o)
	s.ok(s.f.Thaw(ctx, s.by(lead), s.id("1")))
	if _, err := s.f.Verify(ctx, s.by(packer), id, "TS01", 1); !refused(err, "note-unread") {
		t.Errorf("scanned with the new note unread: %v; want note-unread", err)
	}
	s.checkViews()
}

func TestOrderInTwoParcels(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 3, "SK03", 2))
	s.pickAll(s.release("1"))
	tote := string(s.order("1").Tote)
	id := s.table("1")
	if _, err := s.f.Split(ctx, s.by(packer), id); !refused(err, "split-empty") {
		t.Errorf("splitting an empty parcel: %v; want split-empty", err)
	}
	s.ok(s.f.Verify(ctx, s.by(packer), id, "TS01", 2))
	s.ok(s.f.Split(ctx, s.by(packer), id))
	if _, err := s.f.Split(ctx, s.by(packer), id); !refused(err, "nothing-to-split") {
		t.Errorf("splitting it twice: %v; want nothing-to-split", err)
	}
	if _, err := s.f.Verify(ctx, s.by(packer), id, "SK03", 1); !refused(err, "not-in-parcel") {
		t.Errorf("a sock into the parcel that is ended: %v; want not-in-parcel", err)
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(490)))
	if p := s.parcel(id); p.Off == nil || fmt.Sprint(p.Off.Why[0].Pieces) != "[{SK03 1}]" {
		t.Errorf("a sock of the other parcel got in: %+v", p.Off)
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, grams(400)))
	s.ok(s.f.Seal(ctx, s.by(packer), id))
	if o := s.order("1"); o.State != floor.Packing {
		t.Errorf("order is %s with half of it sealed; want packing", o.State)
	}
	second, err := s.f.OpenParcel(ctx, s.by(packer), "pack-1", tote)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.parcel(second).Items); got != "[{1 TS01 1 0} {2 SK03 2 0}]" {
		t.Errorf("the second parcel is to hold %s", got)
	}
	s.ok(s.f.Verify(ctx, s.by(packer), second, "TS01", 1))
	s.ok(s.f.Verify(ctx, s.by(packer), second, "SK03", 2))
	s.ok(s.f.Weigh(ctx, s.by(packer), second, grams(380)))
	s.ok(s.f.Seal(ctx, s.by(packer), second))
	a, b := s.parcel(id), s.parcel(second)
	if a.Waybill == b.Waybill || s.order("1").State != floor.Sealed {
		t.Errorf("sealed as %s and %s, order %s", a.Waybill, b.Waybill, s.order("1").State)
	}
	s.printed(a)
	s.printed(b)
	if err := s.handOver(a); err != nil || s.order("1").State != floor.Sealed {
		t.Errorf("one of two handed over: %v, order %s", err, s.order("1").State)
	}
	if err := s.handOver(b); err != nil || s.order("1").State != floor.HandedOver {
		t.Errorf("both handed over: %v, order %s", err, s.order("1").State)
	}
	s.checkViews()
}

// TestParkedParcel takes a parcel off the table for another, and goes on with it
// at another station.
func TestParkedParcel(t *testing.T) {
	s := newSite(t)
	s.f = foreman.New(s.l, foreman.Options{Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1", "pack-2"}})
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 2), shopOrder("2", "TS01", 1))
	s.pickAll(s.release("1", "2"))
	id := s.table("1")
	s.ok(s.f.Verify(ctx, s.by(packer), id, "TS01", 1))
	if _, err := s.f.OpenParcel(ctx, s.by(packer), "pack-2", string(s.order("1").Tote)); !refused(err, "packed-elsewhere") {
		t.Errorf("opened at two stations: %v; want packed-elsewhere", err)
	}
	s.ok(s.f.Freeze(ctx, s.by(lead), s.id("1"), floor.FreezeLead))
	s.ok(s.f.Park(ctx, s.by(packer), id)) // even a frozen one
	if _, err := s.f.Park(ctx, s.by(packer), id); !refused(err, "not-on-table") {
		t.Errorf("parked twice: %v; want not-on-table", err)
	}
	other := s.table("2")
	s.ok(s.f.Verify(ctx, s.by(packer), other, "TS01", 1))
	if _, err := s.f.OpenParcel(ctx, s.by(packer), "pack-2", string(s.order("1").Tote)); !refused(err, "frozen") {
		t.Errorf("a frozen parcel brought back: %v; want frozen", err)
	}
	s.ok(s.f.Thaw(ctx, s.by(lead), s.id("1")))
	if _, err := s.f.OpenParcel(ctx, s.by(packer), "pack-1", string(s.order("1").Tote)); !refused(err, "station-busy") {
		t.Errorf("brought back onto a full table: %v; want station-busy", err)
	}
	again, err := s.f.OpenParcel(ctx, s.by(packer), "pack-2", string(s.order("1").Tote))
	if err != nil || again != id || s.parcel(id).Station != "pack-2" || s.parcel(id).Items[0].Verified != 1 {
		t.Errorf("brought back as %s, %v: %+v", again, err, s.parcel(id))
	}
	s.checkViews()
}
