package foreman_test

import (
	"context"
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// fuses gives the open fuses.
func (s *site) fuses() (open []floor.Fuse) {
	s.t.Helper()
	s.read(func(v *ledger.View) error {
		return v.OpenFuses(func(x floor.Fuse) bool { open = append(open, x); return true })
	})
	return open
}

func (s *site) outbox(lane string) (rows []floor.Effect) {
	s.t.Helper()
	s.read(func(v *ledger.View) error {
		return v.Lane(lane, func(e floor.Effect) bool { rows = append(rows, e); return true })
	})
	return rows
}

func (s *site) pool(c floor.CarrierID, n ...floor.WaybillNo) {
	s.t.Helper()
	s.ok(s.f.PoolWaybills(s.t.Context(), s.root(), c, n))
}

// weighed packs an order up to its seal, which is left.
func (s *site) weighed(number string) floor.ParcelID {
	s.t.Helper()
	ctx := s.t.Context()
	id, err := s.f.OpenParcel(ctx, s.by(packer), "pack-1", string(s.order(number).Tote))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, i := range s.parcel(id).Items {
		s.ok(s.f.Verify(ctx, s.by(packer), id, string(i.SKU), i.Qty))
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, s.weight(id)))
	return id
}

func (s *site) seal(id floor.ParcelID) error {
	_, err := s.f.Seal(s.t.Context(), s.by(packer), id)
	return err
}

// picked takes orders in and has them picked, in one wave; what the rules hold a
// lead lets go.
func (s *site) picked(orders ...floor.ShopOrder) {
	s.t.Helper()
	s.receive(orders...)
	var numbers []string
	for _, o := range orders {
		numbers = append(numbers, o.Number)
		if len(s.order(o.Number).Holds) > 0 {
			s.ok(s.f.Unhold(s.t.Context(), s.by(lead), s.id(o.Number)))
		}
	}
	s.pickAll(s.release(numbers...))
}

func TestFuseOfOneParcel(t *testing.T) {
	tests := []struct {
		name  string
		cause floor.FuseCause
		spoil func(*floor.ShopOrder)
		mend  func(*site, floor.ParcelID)
	}{
		{"the receiver is masked and has no token", floor.FuseReceiver, func(o *floor.ShopOrder) { o.To.Masked, o.To.Token = true, "" }, nil},
		{"nobody is named", floor.FuseReceiver, func(o *floor.ShopOrder) { o.To.Name = "" }, nil},
		{"no phone", floor.FuseReceiver, func(o *floor.ShopOrder) { o.To.Phone = "" }, nil},
		{"the address cannot be read", floor.FuseAddress, func(o *floor.ShopOrder) { o.To.Province = "火星" }, nil},
		{"over the limit, and nobody has looked", floor.FuseWeight, func(o *floor.ShopOrder) { o.Lines[0].Qty = 3 }, func(s *site, id floor.ParcelID) {
			s.ok(s.f.PassWeight(s.t.Context(), s.by(lead), id, floor.PassCounted, ""))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newSiteOf(t, foreman.Options{
				Carriers: []floor.CarrierRule{{ID: "sf", CheckGrams: 500}}, Stations: []floor.StationID{"pack-1", "pack-2"},
				Template: func(floor.StationID) string { return "waybill-100x150" },
				Address: func(to floor.Recipient) string {
					if to.Province == "火星" {
						return "address-division"
					}
					return ""
				},
			})
			bad, good := shopOrder("A", "TS01", 1), shopOrder("B", "SK03", 1)
			tt.spoil(&bad)
			s.picked(bad, good)
			a := s.weighed("A")
			key := s.by(packer)
			_, err := s.f.Seal(t.Context(), key, a)
			_, again := s.f.Seal(t.Context(), key, a)
			if !refused(err, "fuse-"+string(tt.cause)) || !refused(again, "fuse-"+string(tt.cause)) {
				t.Fatalf("sealed: %v, asked again %v; want the fuse's sentence both times", err, again)
			}
			open := s.fuses()
			if len(open) != 1 || open[0].Cause != tt.cause || open[0].Parcel != a || open[0].Station != "pack-1" || open[0].Template != "waybill-100x150" {
				t.Fatalf("open: %+v; want one of that cause for this carrier, template and station", open)
			}
			if err := s.seal(a); !refused(err, "fuse-"+string(tt.cause)) || len(s.fuses()) != 1 {
				t.Errorf("tried again: %v, %d open; one trip is told once", err, len(s.fuses()))
			}
			if p := s.parcel(a); p.Waybill != "" || p.State != floor.ParcelIsWeighed {
				t.Errorf("the parcel is %s with number %q; want it on the table without one", p.State, p.Waybill)
			}
			if tt.mend != nil {
				tt.mend(s, a)
				if err := s.seal(a); err != nil || len(s.fuses()) != 0 {
					t.Errorf("mended: %v, %d open; want it sealed and closed by that", err, len(s.fuses()))
				}
				s.checkViews()
				return
			}
			if _, err := s.f.CloseFuse(t.Context(), s.by(picker), open[0].ID); !refused(err, "no-role") {
				t.Errorf("a picker closed it: %v", err)
			}
			s.ok(s.f.CloseFuse(t.Context(), s.by(packer), open[0].ID))
			if _, err := s.f.CloseFuse(t.Context(), s.by(packer), open[0].ID); !refused(err, "unknown-fuse") {
				t.Errorf("closed twice: %v", err)
			}
			if err := s.seal(a); !refused(err, "fuse-"+string(tt.cause)) {
				t.Errorf("still bad, and sealed: %v", err)
			}
			s.checkViews()
		})
	}
}

// While a parcel's fuse is open its scope stops, and nothing else does.
func TestOtherLanesGoOn(t *testing.T) {
	s := newSiteOf(t, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf", Except: []string{"浙江省"}}, {ID: "zto"}}, Stations: []floor.StationID{"pack-1", "pack-2"},
	})
	bad, sf, zto := shopOrder("A", "TS01", 1), shopOrder("B", "SK03", 1), shopOrder("C", "SK03", 1)
	bad.To.Name, zto.To.Province = "", "浙江省"
	s.picked(bad, sf, zto)
	s.pool("zto", "ZT00000001")
	a := s.weighed("A")
	if err := s.seal(a); !refused(err, "fuse-receiver") {
		t.Fatal(err)
	}
	fuse := s.fuses()[0]
	// The parcel is put aside: closing its order frees the table.
	s.ok(s.f.Freeze(t.Context(), s.by(lead), s.id("A"), floor.FreezeLead))
	s.ok(s.f.Close(t.Context(), s.by(lead), s.id("A"), "test"))
	b := s.weighed("B")
	if err := s.seal(b); !refused(err, "fuse-receiver") {
		t.Errorf("the same carrier at the same station: %v; want it stopped", err)
	}
	s.ok(s.f.ProbeFuse(t.Context(), s.root(), fuse.ID, false))
	if len(s.fuses()) != 0 {
		t.Error("the parcel is void, and the probe left its fuse open")
	}
	if err := s.seal(b); err != nil {
		t.Error(err)
	}
	s.ok(s.f.Trip(t.Context(), s.root(), floor.Trip{Scope: floor.Scope{Carrier: "sf", Station: "pack-1"}, Cause: floor.FuseTemplate, Parcel: b}))
	c := s.weighed("C")
	if err := s.seal(c); err != nil || s.parcel(c).Carrier != "zto" {
		t.Errorf("another carrier at the same station: %v, by %q", err, s.parcel(c).Carrier)
	}
	s.checkViews()
}

func TestFuseOfAnAccount(t *testing.T) {
	s := newSiteOf(t, foreman.Options{Carriers: []floor.CarrierRule{{ID: "yto"}}, Stations: []floor.StationID{"pack-1"}})
	s.picked(shopOrder("A", "TS01", 1), shopOrder("B", "TS01", 1))
	s.pool("yto", "YT00000001")
	s.ok(s.f.Trip(t.Context(), s.root(), floor.Trip{Scope: floor.Scope{Carrier: "yto"}, Cause: floor.FuseBalance, Why: "NO_BALANCE"}))
	if err := s.seal(s.weighed("A")); err != nil {
		t.Errorf("with a number in the pool: %v; want it to go on", err)
	}
	b := s.weighed("B")
	if err := s.seal(b); !refused(err, "fuse-balance") {
		t.Errorf("without one: %v; want the fuse's sentence", err)
	}
	if _, err := s.f.CloseFuse(t.Context(), s.by(packer), s.fuses()[0].ID); !refused(err, "no-role") {
		t.Errorf("a packer closed the account's fuse: %v", err)
	}
	s.pool("yto", "YT00000002")
	if len(s.fuses()) != 0 {
		t.Error("numbers came, and the fuse is open")
	}
	if err := s.seal(b); err != nil {
		t.Error(err)
	}
	s.pool("yto", "YT00000003", "YT00000001")
	if open := s.fuses(); len(open) != 1 || open[0].Cause != floor.FuseTwice {
		t.Errorf("a number came twice: %+v; want the fuse", open)
	}
	s.read(func(v *ledger.View) error {
		if n, _ := v.Pooled("yto", 9); n != 0 {
			t.Errorf("%d numbers of a wrong answer are in the pool", n)
		}
		return nil
	})
	s.checkViews()
}

func TestReprintRenewRedo(t *testing.T) {
	s := newSiteOf(t, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}, {ID: "zto"}}, Stations: []floor.StationID{"pack-1"},
		Returns: func(floor.CarrierID) bool { return true },
	})
	s.picked(shopOrder("A", "TS01", 1))
	p := s.pack("A")
	first := p.Waybill
	for name, act := range map[string]func(context.Context, foreman.By, floor.ParcelID, string) (ledger.Receipt, error){
		"reprint": s.f.Reprint, "renew": s.f.Renew,
	} {
		if _, err := act(t.Context(), s.by(packer), p.ID, "because"); !refused(err, "bad-reason") {
			t.Errorf("%s without a reason: %v", name, err)
		}
		if _, err := act(t.Context(), s.by(packer), p.ID, "lost"); !refused(err, "label-pending") {
			t.Errorf("%s while it prints: %v", name, err)
		}
	}
	s.printed(p)
	s.ok(s.f.Reprint(t.Context(), s.by(packer), p.ID, "spoilt"))
	if p = s.parcel(p.ID); p.Waybill != first || p.Copies != 2 {
		t.Errorf("reprinted: %s copy %d; want the same number, copy 2", p.Waybill, p.Copies)
	}
	s.printed(p)

	s.ok(s.f.Renew(t.Context(), s.by(packer), p.ID, "refused-number"))
	p = s.parcel(p.ID)
	back := s.outbox("carrier/sf")
	if p.Waybill == first || p.Copies != 3 || len(back) != 1 || back[0].Args["waybill"] != string(first) {
		t.Errorf("renewed: %s copy %d, going back %v; want the next number, and the old one returned", p.Waybill, p.Copies, back)
	}
	second := p.Waybill
	s.printed(p)
	if _, err := s.f.HandOver(t.Context(), s.by(packer), "sf", string(first)); !refused(err, "waybill-killed") {
		t.Errorf("the old label at the handover: %v", err)
	}
	if alarms := s.outbox("alert"); len(alarms) != 1 || alarms[0].Args["code"] != "waybill-killed" {
		t.Errorf("alarms: %v; want one", alarms)
	}

	s.ok(s.f.Redo(t.Context(), s.by(packer), "", p.ID, "carrier"))
	p = s.parcel(p.ID)
	if p.State != floor.ParcelIsVerified || p.Waybill != "" || p.Weight != nil || s.order("A").State != floor.Packing {
		t.Errorf("redone: %+v, order %s; want it on the table without number and weight", p, s.order("A").State)
	}
	s.ok(s.f.Weigh(t.Context(), s.by(packer), p.ID, s.weight(p.ID)))
	s.ok(s.f.Seal(t.Context(), s.by(packer), p.ID))
	p = s.parcel(p.ID)
	s.printed(p)
	if p.Waybill == first || p.Waybill == second || p.Waybill == "" || p.Copies != 4 || s.order("A").State != floor.Sealed {
		t.Errorf("sealed anew: %s copy %d, order %s", p.Waybill, p.Copies, s.order("A").State)
	}
	if err := s.handOver(p); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.handOver(p); !refused(err, "twin-scanned") {
			t.Errorf("the twin of a label that has left: %v", err)
		}
	}
	if alarms := s.outbox("alert"); len(alarms) != 2 || alarms[1].Args["code"] != "twin-scanned" {
		t.Errorf("alarms: %v; want one more, and no more for the second scan", alarms)
	}
	s.checkViews()
}

// A label that was never copied is only scanned twice: nobody is called.
func TestScannedTwiceIsNoTwin(t *testing.T) {
	s := newSite(t)
	s.picked(shopOrder("A", "TS01", 1))
	p := s.pack("A")
	s.printed(p)
	if err := s.handOver(p); err != nil {
		t.Fatal(err)
	}
	if err := s.handOver(p); !refused(err, "already-left") || len(s.outbox("alert")) != 0 {
		t.Errorf("scanned twice: %v, %d alarms", err, len(s.outbox("alert")))
	}
}

func booking(s *site, number string) (last floor.Booking) {
	s.t.Helper()
	id := s.id(number)
	s.read(func(v *ledger.View) error {
		all, err := v.Bookings(id)
		if len(all) > 0 {
			last = all[len(all)-1]
		}
		return err
	})
	return last
}

// booked plays the carrier's lane: the number is there.
func (s *site) booked(number string, no floor.WaybillNo) {
	s.t.Helper()
	b := booking(s, number)
	s.ok(s.f.Booked(s.t.Context(), s.root(), floor.BookingMade{Order: b.Order, N: b.N, Carrier: b.Carrier, Waybill: no, SortCode: "571B"}))
}

func (s *site) book(number string) {
	s.t.Helper()
	s.ok(s.f.Book(s.t.Context(), s.root(), s.id(number)))
}

func TestBookings(t *testing.T) {
	s := newSiteOf(t, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf", Books: true}, {ID: "zto", Books: true}}, Stations: []floor.StationID{"pack-1"},
		Returns: func(floor.CarrierID) bool { return true },
	})
	s.receive(shopOrder("A", "TS01", 1), shopOrder("B", "TS01", 1))
	s.book("A")
	if b := booking(s, "A"); b.N != 0 {
		t.Errorf("booked before it is in a wave: %+v", b)
	}
	s.pickAll(s.release("A", "B"))
	s.book("A")
	s.book("A")
	if rows := s.outbox("carrier/sf"); len(rows) != 1 || rows[0].What != floor.EffectBook {
		t.Fatalf("rows %v; want one booking", rows)
	}
	a := s.weighed("A")
	if err := s.seal(a); !refused(err, "no-waybill") {
		t.Errorf("sealed without a number: %v", err)
	}
	s.booked("A", "SF7444400000001")
	s.booked("A", "SF7444400000001")
	if err := s.seal(a); err != nil || s.parcel(a).Waybill != "SF7444400000001" || s.parcel(a).SortCode != "571B" {
		t.Errorf("sealed: %v, %+v", err, s.parcel(a))
	}
	// A new number is booked first, and bound when it is there.
	s.printed(s.parcel(a))
	s.ok(s.f.Renew(t.Context(), s.by(packer), a, "refused-number"))
	if p := s.parcel(a); p.Waybill != "" || s.handOver(p) == nil {
		t.Errorf("renewed, without a number yet: %+v", p)
	}
	s.book("A")
	s.booked("A", "SF7444400000002")
	if p := s.parcel(a); p.Waybill != "SF7444400000002" || p.Label != floor.LabelWanted || p.Copies != 2 {
		t.Errorf("bound: %+v; want the number and its label asked for", p)
	}

	// The carrier says no: the next one is asked.
	s.book("B")
	b := booking(s, "B")
	s.ok(s.f.BookingFailed(t.Context(), s.root(), b.Order, b.N, "no-route", true, nil))
	s.book("B")
	if b := booking(s, "B"); b.Carrier != "zto" || b.N != 2 || b.Why[len(b.Why)-1].Code != "carrier-said-no" {
		t.Errorf("after a no: %+v; want the other carrier, and why", b)
	}
	// A number that another parcel has is taken by nobody.
	s.booked("B", "SF7444400000001")
	if open := s.fuses(); len(open) != 1 || open[0].Cause != floor.FuseTwice || booking(s, "B").Open() {
		t.Errorf("a number twice: %+v, %+v", open, booking(s, "B"))
	}
	// What is not used goes back with the order.
	s.ok(s.f.CloseFuse(t.Context(), s.by(lead), s.fuses()[0].ID))
	s.book("B")
	s.booked("B", "ZT0000000009")
	s.ok(s.f.Freeze(t.Context(), s.by(lead), s.id("B"), floor.FreezeLead))
	s.ok(s.f.Close(t.Context(), s.by(lead), s.id("B"), "test"))
	rows := s.outbox("carrier/zto")
	if last := rows[len(rows)-1]; last.What != floor.EffectVoid || last.Args["waybill"] != "ZT0000000009" {
		t.Errorf("rows %v; want the number to go back", rows)
	}
	s.checkViews()
}
