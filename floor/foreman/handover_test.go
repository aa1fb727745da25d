package foreman_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// TestHandoverSheet hands three parcels over on two sheets, with a driver's
// signature between.
func TestHandoverSheet(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	var parcels []floor.Parcel
	for _, n := range []string{"1", "2", "3"} {
		s.receive(shopOrder(n, "TS01", 1))
		s.pickAll(s.release(n))
		p := s.pack(n)
		s.printed(p)
		parcels = append(parcels, p)
	}
	sheet := func() floor.Sheet {
		var row floor.Sheet
		s.read(func(v *ledger.View) error {
			id, open, err := v.Sheet("sf")
			if open && err == nil {
				row, _, err = v.SheetRow(id)
			}
			return err
		})
		return row
	}
	for _, p := range parcels[:2] {
		if err := s.handOver(p); err != nil {
			t.Fatal(err)
		}
	}
	open := sheet()
	if open.Parcels != 2 || open.Grams != 400 {
		t.Fatalf("the open sheet: %+v; want 2 parcels of 400 g", open)
	}
	ink := floor.Ink{{10, 10, 500, 290}, {0, 300, 1000, 0}}
	for _, tt := range []struct {
		name   string
		by     func() error
		refuse string
	}{
		{"by a picker", func() error { _, err := s.f.SignSheet(ctx, s.by(picker), open.ID, 2, "老王", ink); return err }, "no-role"},
		{"with another count", func() error { _, err := s.f.SignSheet(ctx, s.by(packer), open.ID, 1, "老王", ink); return err }, "sheet-changed"},
		{"by nobody", func() error { _, err := s.f.SignSheet(ctx, s.by(packer), open.ID, 2, "  ", ink); return err }, "no-driver"},
		{"with ink beside the paper", func() error {
			_, err := s.f.SignSheet(ctx, s.by(packer), open.ID, 2, "老王", floor.Ink{{1, 301}})
			return err
		}, "bad-ink"},
		{"with half a point", func() error {
			_, err := s.f.SignSheet(ctx, s.by(packer), open.ID, 2, "老王", floor.Ink{{1, 2, 3}})
			return err
		}, "bad-ink"},
		{"another sheet", func() error { _, err := s.f.SignSheet(ctx, s.by(packer), "H-9", 2, "老王", ink); return err }, "unknown-sheet"},
	} {
		if err := tt.by(); !refused(err, tt.refuse) {
			t.Errorf("signed %s: %v; want %s", tt.name, err, tt.refuse)
		}
	}
	s.ok(s.f.SignSheet(ctx, s.by(packer), open.ID, 2, " 老王 ", ink))
	if _, err := s.f.SignSheet(ctx, s.by(packer), open.ID, 2, "老王", nil); !refused(err, "sheet-signed") {
		t.Errorf("signed twice: %v; want sheet-signed", err)
	}
	if err := s.handOver(parcels[0]); !refused(err, "already-left") {
		t.Errorf("a parcel of the signed sheet again: %v; want already-left", err)
	}
	if err := s.handOver(parcels[2]); err != nil {
		t.Fatal(err)
	}
	if next := sheet(); next.ID == open.ID || next.Parcels != 1 {
		t.Errorf("the sheet after the signed one: %+v", next)
	}
	s.read(func(v *ledger.View) error {
		row, _, err := v.SheetRow(open.ID)
		if row.Driver != "老王" || row.SignedAt.IsZero() || row.Person != "wang.fang" || len(row.Ink) != 2 {
			t.Errorf("the signed sheet: %+v", row)
		}
		var on []floor.ParcelID
		v.OnSheet(open.ID, 1, func(l floor.SheetLine) bool {
			if l.Waybill == "" || l.Grams != 200 {
				t.Errorf("on the sheet: %+v", l)
			}
			on = append(on, l.Parcel)
			return true
		})
		if want := []floor.ParcelID{parcels[0].ID, parcels[1].ID}; !slices.Equal(on, want) {
			t.Errorf("on the sheet: %v; want %v", on, want)
		}
		return err
	})
	s.checkViews()
}

// TestLabelsToBePulled names the printed labels that must not leave, until each is destroyed, renewed or let go.
func TestLabelsToBePulled(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	numbers := []string{"1", "2", "3", "4"}
	for _, n := range numbers {
		s.receive(shopOrder(n, "SK03", 1))
	}
	s.pickAll(s.release(numbers...))
	for _, n := range numbers {
		s.printed(s.pack(n))
	}
	pulls := func() (out []string) {
		s.read(func(v *ledger.View) error {
			return v.Pulls("pack-1", func(p floor.Pull) bool {
				out = append(out, fmt.Sprint(p.Parcel, " ", p.Why))
				return true
			})
		})
		return out
	}
	want := func(when string, want ...string) {
		t.Helper()
		if got := pulls(); !slices.Equal(got, want) {
			t.Errorf("%s: %q; want %q", when, got, want)
		}
	}
	want("all is well")
	s.ok(s.f.Freeze(ctx, s.by(lead), s.id("2"), floor.FreezeLead))
	s.ok(s.f.Freeze(ctx, s.by(lead), s.id("4"), floor.FreezeCancel))
	want("two are frozen", "P-2 frozen", "P-4 frozen")
	second := s.order("2").Parcels[0]
	if _, err := s.f.Destroyed(ctx, s.by(packer), string(second)); !refused(err, "held-back") {
		t.Errorf("a label that may be wanted again was destroyed: %v; want held-back", err)
	}
	s.ok(s.f.Thaw(ctx, s.by(lead), s.id("2")))
	want("one goes on", "P-4 frozen")
	s.ok(s.f.Close(ctx, s.by(lead), s.id("4"), "cancelled"))
	want("one is over", "P-4 void")
	s.ok(s.f.Destroyed(ctx, s.by(packer), string(s.parcel(s.order("4").Parcels[0]).Waybill)))
	want("and its label destroyed")
	if _, err := s.f.Destroyed(ctx, s.by(packer), string(second)); !refused(err, "not-pulled") {
		t.Errorf("a good label was pulled: %v; want not-pulled", err)
	}

	third := s.parcel(s.order("3").Parcels[0])
	moved := shopOrder("3", "SK03", 1)
	moved.To.Detail, moved.ModifiedAt, moved.Content = "新地址 1 号", monday.Add(time.Hour), "moved"
	s.receive(moved)
	want("the address changed", "P-3 frozen")
	s.ok(s.f.Thaw(ctx, s.by(lead), s.id("3")))
	want("it goes on with a new number")
	fresh := s.parcel(third.ID)
	if fresh.Waybill == third.Waybill || fresh.Waybill == "" || fresh.Mark == third.Mark {
		t.Errorf("renewed from %s to %s", third.Waybill, fresh.Waybill)
	}
	s.printed(fresh)
	if _, err := s.f.HandOver(ctx, s.by(packer), "sf", string(third.Waybill)); err == nil {
		t.Error("handed over by the label with the old address")
	}
	if err := s.handOver(fresh); err != nil {
		t.Errorf("handed over with the new number: %v", err)
	}
	s.checkViews()
}

func TestScreenMovesToAnotherStation(t *testing.T) {
	s := newSite(t)
	s.f = foreman.New(s.l, foreman.Options{Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1", "pack-2"}})
	ctx := t.Context()
	s.receive(shopOrder("1", "SK03", 1))
	s.pickAll(s.release("1"))
	id := s.table("1")
	for _, tt := range []struct {
		name    string
		by      foreman.By
		station floor.StationID
		want    string
	}{
		{"to nowhere", packer, "pack-9", "unknown-station"},
		{"a handheld", picker, "pack-2", "unknown-station"},
		{"with a parcel on the table", packer, "pack-2", "station-busy"},
	} {
		if _, err := s.f.StationAt(ctx, s.by(tt.by), tt.station); !refused(err, tt.want) {
			t.Errorf("%s: %v; want %s", tt.name, err, tt.want)
		}
	}
	s.ok(s.f.Park(ctx, s.by(packer), id))
	s.ok(s.f.StationAt(ctx, s.by(packer), "pack-2"))
	s.read(func(v *ledger.View) error {
		d, _, err := v.Device(packer.Device)
		if d.Station != "pack-2" || d.Person != packer.Person {
			t.Errorf("the screen: %+v; want it at pack-2 with its packer", d)
		}
		return err
	})
	s.checkViews()
}

// TestDevicesThatAreNot: nobody is sent away with a code that opens no screen.
func TestDevicesThatAreNot(t *testing.T) {
	s := newSite(t)
	for _, tt := range []struct {
		screen  string
		station floor.StationID
		want    string
	}{
		{"pager", "", "unknown-screen"}, {"", "", "unknown-screen"}, {"station", "pack-9", "unknown-station"}, {"station", "", "unknown-station"},
	} {
		if code, err := s.f.Invite(t.Context(), s.root(), "new-1", tt.screen, tt.station); !refused(err, tt.want) {
			t.Errorf("%q at %q: code %q, %v; want refusal %s", tt.screen, tt.station, code, err, tt.want)
		}
	}
	if _, err := s.f.Revoke(t.Context(), s.root(), "pda-77"); !refused(err, "unknown-device") {
		t.Errorf("revoked a device that is not: %v", err)
	}
}

// TestTheDisksReserve: what is new waits and is told why, what is in progress goes on.
func TestTheDisksReserve(t *testing.T) {
	l, err := ledger.Open(filepath.Join(t.TempDir(), "floor.db"), ledger.Options{Reserve: 1 << 62})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f := foreman.New(l, foreman.Options{})
	_, err = f.Receive(t.Context(), foreman.Intake{Key: "20261121/pull/1", Channel: "pdd-main", Orders: []floor.ShopOrder{shopOrder("1", "SK03", 1)}})
	if no := foreman.Refusal(err); no == nil || no.Code != "disk-full" || floor.Say("zh", no.Code, no.Args) == "" {
		t.Errorf("an order: %v, told as %v", err, no)
	}
	if _, err := f.Invite(t.Context(), foreman.By{Key: "20261121/invite/1", Root: true}, "pda-01", "pda", ""); err != nil {
		t.Errorf("a handheld: %v", err)
	}
	if no := foreman.Refusal(ledger.ErrFull); no != nil {
		t.Errorf("a failure is told as %v", no)
	}
}
