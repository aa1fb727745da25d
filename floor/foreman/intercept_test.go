package foreman_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// cancelled is the shop's final cancel of an order that shopOrder made.
func cancelled(o floor.ShopOrder) floor.ShopOrder {
	o.State, o.ModifiedAt, o.Content = floor.ShopCancelled, monday.Add(time.Hour), "cancel"
	return o
}

func urgent(o floor.ShopOrder) floor.ShopOrder {
	o.Flags = append(o.Flags, "urgent")
	return o
}

// ask gives the only interception there is.
func (s *site) ask() (out floor.Intercept) {
	s.t.Helper()
	n := 0
	s.read(func(v *ledger.View) error {
		return v.Intercepts("", func(i floor.Intercept) bool { out = i; n++; return true })
	})
	if n != 1 {
		s.t.Fatalf("%d interceptions; want 1", n)
	}
	return out
}

// call lets as many leads be called as are due now, and says how many were.
func (s *site) call() int {
	s.t.Helper()
	before := len(s.ask().Calls)
	var due []floor.Intercept
	s.read(func(v *ledger.View) (err error) { due, err = s.f.CallsDue(v, time.Now()); return err })
	for _, i := range due {
		s.ok(s.f.Escalate(s.t.Context(), s.root(), i.Key))
	}
	return len(s.ask().Calls) - before
}

func TestWindows(t *testing.T) {
	s := newSite(t)
	s.ok(s.f.SetSKUs(t.Context(), s.root(), []floor.SKUInfo{
		{SKU: "TS01", Name: "纯棉T恤", Category: "apparel", Grams: 200}, {SKU: "SK03", Name: "袜子", Category: "fresh", Grams: 90},
	}))
	s.f = foreman.New(s.l, foreman.Options{Stations: []floor.StationID{"pack-1"}, Windows: []foreman.Window{
		{Why: floor.FreezeLead, Within: 40 * time.Second},
		{Category: "fresh", Within: 8 * time.Second},
		{Category: "apparel", Within: 22 * time.Second},
		{Why: floor.FreezeLead, Category: "fresh", Within: 5 * time.Second},
	}})
	s.receive(shopOrder("1", "TS01", 1), shopOrder("2", "SK03", 1), shopOrder("3", "TS01", 1, "SK03", 1))
	s.release("1", "2", "3")
	for _, tt := range []struct {
		name, order string
		why         floor.FreezeWhy
		want        time.Duration
	}{
		{"of two categories the shorter", "3", floor.FreezeCancel, 8 * time.Second},
		{"a category says more than a reason", "1", floor.FreezeLead, 22 * time.Second},
		{"both say most", "2", floor.FreezeLead, 5 * time.Second},
	} {
		s.ok(s.f.Freeze(t.Context(), s.by(lead), s.id(tt.order), tt.why))
		f := s.order(tt.order).Freeze
		if got := f.Deadline.Sub(f.Since).Round(time.Second); got != tt.want {
			t.Errorf("%s: %v to answer; want %v", tt.name, got, tt.want)
		}
		s.ok(s.f.Thaw(t.Context(), s.by(lead), s.id(tt.order)))
	}
}

// TestCallsOneLeadAfterTheOther lets nobody answer.
func TestCallsOneLeadAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.ok(s.f.SetPerson(t.Context(), s.root(), floor.Person{ID: "an.lead", Name: "安", Roles: []floor.Role{floor.RoleLead}}, "badge-an"))
		s.receive(shopOrder("1", "TS01", 2))
		s.release("1")
		s.receive(cancelled(shopOrder("1", "TS01", 2)))
		if n := s.call(); n != 0 {
			t.Errorf("%d leads called before the deadline; want none", n)
		}
		time.Sleep(15*time.Second + time.Millisecond)
		if n := s.call(); n != 1 || s.call() != 0 {
			t.Errorf("%d leads called at the deadline; want one, and once", n)
		}
		time.Sleep(time.Minute + time.Millisecond)
		s.call()
		time.Sleep(time.Hour)
		if n := s.call(); n != 0 {
			t.Errorf("%d more calls with every lead called; want none", n)
		}
		ask := s.ask()
		if len(ask.Calls) != 2 || ask.Calls[0].Person != "chen.jie" || ask.Calls[1].Person != "an.lead" || ask.Calls[0].Why != floor.CallUnanswered {
			t.Errorf("calls = %+v; want the lead who is here, then the other", ask.Calls)
		}
		alerts := 0
		s.read(func(v *ledger.View) error {
			return v.Lane("alert", func(floor.Effect) bool { alerts++; return true })
		})
		if alerts != 2 {
			t.Errorf("%d alerts; want 2", alerts)
		}
		s.checkViews()
	})
}

func TestWhoTakesItOnIsNotDisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.receive(shopOrder("1", "TS01", 2))
		s.release("1")
		changed := shopOrder("1", "TS01", 2)
		changed.To.Detail, changed.ModifiedAt, changed.Content = "另一条路2号", monday.Add(time.Hour), "moved"
		s.receive(changed)
		key := s.ask().Key
		s.ok(s.f.Answer(t.Context(), s.by(picker), key, "not-yet"))
		time.Sleep(16 * time.Second)
		if n := s.call(); n != 1 || s.ask().Calls[0].Why != floor.CallDecide {
			t.Errorf("%d calls after the holders answered: %+v; want one to decide", n, s.ask().Calls)
		}
		if _, err := s.f.Answer(t.Context(), s.by(picker), key, floor.AnswerOnIt); !refused(err, "no-role") {
			t.Errorf("a picker takes it on: %v; want no-role", err)
		}
		s.ok(s.f.Answer(t.Context(), s.by(lead), key, floor.AnswerOnIt))
		time.Sleep(time.Hour)
		if n := s.call(); n != 0 || s.order("1").Freeze == nil {
			t.Errorf("%d calls, frozen %v, with a lead on it; want none, still frozen", n, s.order("1").Freeze)
		}
		s.ok(s.f.Thaw(t.Context(), s.by(lead), s.id("1")))
		if ask := s.ask(); ask.Outcome != "thawed" || !strings.HasPrefix(string(ask.EndedBy), "person:chen.jie") {
			t.Errorf("ended %s by %s; want thawed by chen.jie", ask.Outcome, ask.EndedBy)
		}
	})
}

// TestCancelAgainstUrgent: two wishes that contradict each other are a lead's, at
// once; until then the order is frozen whatever its holders answer.
func TestCancelAgainstUrgent(t *testing.T) {
	plain := shopOrder("1", "TS01", 2)
	later := func(o floor.ShopOrder) floor.ShopOrder {
		o.ModifiedAt, o.Content = monday.Add(2*time.Hour), "later"
		return o
	}
	for _, tt := range []struct {
		name  string
		first floor.ShopOrder
		then  []floor.ShopOrder
	}{
		{"an urgent order is cancelled", urgent(plain), []floor.ShopOrder{cancelled(urgent(plain))}},
		{"a cancelled order becomes urgent", plain, []floor.ShopOrder{cancelled(plain), later(urgent(cancelled(plain)))}},
		{"a cancel is taken back", plain, []floor.ShopOrder{cancelled(plain), later(plain)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t)
			s.receive(tt.first)
			s.release("1")
			for _, o := range tt.then {
				s.receive(o)
			}
			ask := s.ask()
			if ask.Needs() != floor.CallConflict || len(ask.Calls) != 1 || ask.Calls[0].Person != "chen.jie" {
				t.Fatalf("needs %q, calls %+v; want the lead called to a conflict", ask.Needs(), ask.Calls)
			}
			s.ok(s.f.Answer(t.Context(), s.by(picker), ask.Key, "not-yet"))
			if s.order("1").Freeze == nil {
				t.Fatal("the holder's answer decided a conflict")
			}
			s.ok(s.f.Close(t.Context(), s.by(lead), s.id("1"), "cancelled"))
			if ask := s.ask(); ask.Outcome != "stopped" || !strings.HasPrefix(string(ask.EndedBy), "person:chen.jie") {
				t.Errorf("ended %s by %s; want stopped by chen.jie", ask.Outcome, ask.EndedBy)
			}
			s.checkViews()
		})
	}
}

// TestFinalCancelWithoutHolders: there is nobody to ask and nothing to decide.
func TestFinalCancelWithoutHolders(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 2))
	s.pickAll(s.release("1")) // it waits in its tote
	s.receive(cancelled(shopOrder("1", "TS01", 2)))
	if o, ask := s.order("1"), s.ask(); o.State != floor.Closed || ask.Outcome != "stopped" {
		t.Errorf("order is %s, interception %s; want closed, stopped", o.State, ask.Outcome)
	}
	if back := s.take(); back.Kind != floor.TaskPutBack || back.Stops[0].Qty != 2 {
		t.Errorf("task = %+v; want both pieces put back", back)
	}
	s.checkViews()
}

// TestAddressChangeAfterTheSeal: the old number and its label die, the parcel gets
// new ones with the address as it is.
func TestAddressChangeAfterTheSeal(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 2))
	s.pickAll(s.release("1"))
	p := s.pack("1")
	s.printed(p)
	moved := shopOrder("1", "TS01", 2)
	moved.To.Detail, moved.ModifiedAt, moved.Content = "另一条路2号", monday.Add(time.Hour), "moved"
	s.receive(moved)
	s.ok(s.f.Thaw(t.Context(), s.by(lead), s.id("1")))
	now := s.parcel(p.ID)
	if now.Waybill == p.Waybill || now.Waybill == "" || now.Copies != 2 || now.Label != floor.LabelWanted {
		t.Fatalf("parcel after the thaw: %s copy %d, label %s; want a new number and its label", now.Waybill, now.Copies, now.Label)
	}
	if err := s.handOver(now); !refused(err, "label-not-out") {
		t.Errorf("handover before the new label: %v", err)
	}
	s.printed(now)
	if err := s.handOver(p); err == nil {
		t.Error("the old label was handed over")
	}
	if err := s.handOver(now); err != nil {
		t.Error(err)
	}
	s.checkViews()
}
