package foreman_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// held gives the codes of an order's holds.
func held(o floor.Order) (codes []string) {
	for _, h := range o.Holds {
		codes = append(codes, h.Code)
	}
	return codes
}

func later(o floor.ShopOrder, state floor.ShopState) floor.ShopOrder {
	o.ModifiedAt, o.State = o.ModifiedAt.Add(time.Hour), state
	o.Content += "'"
	return o
}

func (s *site) figures() (g floor.Figures) {
	s.t.Helper()
	s.read(func(v *ledger.View) (err error) { g, err = v.Figures(); return err })
	return g
}

func (s *site) trialRun() (t floor.TrialRun, tried []floor.Tried) {
	s.t.Helper()
	s.read(func(v *ledger.View) error {
		var err error
		if t, _, err = v.TrialRun("pdd-main"); err != nil {
			return err
		}
		return v.Tried("pdd-main", func(x floor.Tried) bool { tried = append(tried, x); return true })
	})
	return t, tried
}

func trialSite(t *testing.T) *site {
	return newSiteOf(t, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1"},
		Reports: func(floor.ChannelID) bool { return true }, Trial: func(c floor.ChannelID) bool { return c == "pdd-main" },
	})
}

// TestAChannelOnTrial: its orders are judged and shown, take no stock, count nowhere,
// are touched by nobody, and nothing of them leaves; what the shop ships by other
// hands is compared.
func TestAChannelOnTrial(t *testing.T) {
	s := trialSite(t)
	ctx := t.Context()
	before := s.figures()
	orders := []floor.ShopOrder{shopOrder("1", "TS01", 2), shopOrder("2", "NEW9", 1), shopOrder("3", "TS01", 99), shopOrder("4", "SK03", 1), shopOrder("5", "SK03", 1)}
	s.receive(orders...)
	if o := s.order("1"); o.State != floor.New || !slices.Equal(held(o), []string{floor.HoldTrial}) || o.Score == 0 || !o.Trial {
		t.Errorf("on trial it is %s, held by %v, score %d", o.State, held(o), o.Score)
	}
	if o := s.order("2"); !slices.Equal(held(o), []string{floor.HoldUnknownSKU, floor.HoldTrial}) {
		t.Errorf("with an unknown article: held by %v", held(o))
	}
	s.ok(s.f.Allocate(ctx, s.root(), s.id("1")))
	refused := func(what string, _ ledger.Receipt, err error) {
		t.Helper()
		if no := (*floor.Refusal)(nil); !errors.As(err, &no) || no.Code != "on-trial" {
			t.Errorf("%s of an order on trial: %v; want it refused", what, err)
		}
	}
	r, err := s.f.Unhold(ctx, s.by(lead), s.id("1"))
	refused("unhold", r, err)
	r, err = s.f.Freeze(ctx, s.by(lead), s.id("1"), floor.FreezeLead)
	refused("freeze", r, err)
	if _, err := s.f.AddressAsked(ctx, s.root(), "pdd-main", "", "1"); err != nil {
		t.Fatal(err)
	}
	// What the articles file brings, and a change at the shop, leave it on trial.
	s.ok(s.f.SetSKUs(ctx, s.root(), []floor.SKUInfo{{SKU: "NEW9", Name: "新品"}}))
	moved := later(orders[0], floor.ShopPaid)
	moved.To.Detail = "新路2号"
	refund := later(orders[3], floor.ShopPaid)
	refund.Holds = []floor.Hold{{Code: floor.HoldRefund}}
	s.receive(moved, refund)
	for n, want := range map[string][]string{"1": {floor.HoldTrial}, "2": {floor.HoldTrial}, "4": {floor.HoldRefund, floor.HoldTrial}} {
		if o := s.order(n); !slices.Equal(held(o), want) || o.State != floor.New {
			t.Errorf("order %s is %s, held by %v; want %v", n, o.State, held(o), want)
		}
	}
	after := s.figures()
	if len(after.ByState) != len(before.ByState) || after.Held != before.Held || after.Counts["received"] != before.Counts["received"] {
		t.Errorf("orders on trial count: %+v", after)
	}
	s.read(func(v *ledger.View) error {
		stock, err := v.StockOf("TS01")
		for _, x := range stock {
			if x.Reserved > 0 {
				t.Errorf("it took stock: %+v", x)
			}
		}
		return err
	})

	// Other hands ship them: 1 as floord would, 3 it had no goods for, 4 was being refunded.
	s.receive(later(moved, floor.ShopShipped), later(orders[2], floor.ShopShipped), later(refund, floor.ShopShipped), later(orders[4], floor.ShopCancelled))
	run, tried := s.trialRun()
	if run.Orders != 5 || run.Same != 1 || run.Differ != 2 || run.Why["short"] != 1 || run.Why[floor.HoldRefund] != 1 || len(tried) != 2 || tried[0].Order != s.id("3") {
		t.Errorf("the trial: %+v, %+v", run, tried)
	}
	for n, want := range map[string]string{"1": "shipped-elsewhere", "3": "shipped-elsewhere", "5": "cancelled"} {
		if o := s.order(n); o.State != floor.Closed || o.ClosedWhy != want {
			t.Errorf("order %s is %s (%s); want it closed, %s", n, o.State, o.ClosedWhy, want)
		}
	}
	for e, err := range s.l.Past(ctx, 0, ledger.Topic{string(floor.EffectAsked{}.Kind())}) {
		t.Errorf("something left: %+v, %v", e.Fact, err)
	}
	s.checkViews()
}

// TestALeadOpensAChannel: with what came meanwhile, or from now on only.
func TestALeadOpensAChannel(t *testing.T) {
	for _, adopt := range []bool{true, false} {
		s := trialSite(t)
		ctx := t.Context()
		unpaid := shopOrder("2", "TS01", 1)
		unpaid.State = floor.ShopUnpaid
		s.receive(shopOrder("1", "TS01", 1), unpaid)
		if _, err := s.f.OpenChannel(ctx, s.by(picker), "pdd-main", adopt); err == nil {
			t.Error("a picker opened a channel")
		}
		if _, err := s.f.OpenChannel(ctx, s.by(lead), "other", adopt); err == nil {
			t.Error("a channel that is not on trial was opened")
		}
		r, err := s.f.OpenChannel(ctx, s.by(lead), "pdd-main", adopt)
		if err != nil || len(r.Events) != 1 || r.Events[0].Actor.Person() != "chen.jie" {
			t.Fatalf("%+v, %v; want one fact with its author", r, err)
		}
		one, two := s.order("1"), s.order("2")
		if adopt && (one.State != floor.Checked || one.Trial) || !adopt && (one.State != floor.Closed || one.ClosedWhy != "trial") {
			t.Errorf("adopt %v: the order that came meanwhile is %s (%s)", adopt, one.State, one.ClosedWhy)
		}
		if two.Trial || !slices.Equal(held(two), []string{floor.HoldUnpaid}) {
			t.Errorf("adopt %v: the unpaid one is on trial %v, held by %v", adopt, two.Trial, held(two))
		}
		s.receive(later(unpaid, floor.ShopPaid), shopOrder("3", "TS01", 1))
		for _, n := range []string{"2", "3"} {
			s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
			if o := s.order(n); o.State != floor.Allocated {
				t.Errorf("adopt %v: order %s is %s, held by %v", adopt, n, o.State, held(o))
			}
		}
		live := 0
		for st, n := range s.figures().ByState {
			if st.Before(floor.HandedOver) {
				live += n
			}
		}
		if adopt && live != 3 || !adopt && live != 2 {
			t.Errorf("adopt %v: %d orders count", adopt, live)
		}
		if _, err := s.f.OpenChannel(ctx, s.by(lead), "pdd-main", adopt); err == nil {
			t.Error("it was opened twice")
		}
		s.checkViews()
	}
}

// TestOnlyNewChannelsAreOnTrial: a channel whose orders were worked on stays open when
// trials become the rule; a new one can be opened before its first order.
func TestOnlyNewChannelsAreOnTrial(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 1))
	s.f = foreman.New(s.l, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}}, Reports: func(floor.ChannelID) bool { return true }, Trial: func(floor.ChannelID) bool { return true },
	})
	s.receive(shopOrder("2", "TS01", 1))
	if o := s.order("2"); o.Trial || o.State != floor.Checked {
		t.Errorf("an order of a channel with a history is %s, on trial %v", o.State, o.Trial)
	}
	if _, err := s.f.OpenChannel(t.Context(), s.root(), "pdd-main", true); !refused(err, "not-on-trial") {
		t.Errorf("opening it: %v; want it refused", err)
	}
	fresh := func(channel floor.ChannelID, number string) floor.Order {
		t.Helper()
		o := shopOrder(number, "TS01", 1)
		o.Channel = channel
		if _, err := s.f.Receive(t.Context(), foreman.Intake{Key: s.key(), Channel: channel, Orders: []floor.ShopOrder{o}}); err != nil {
			t.Fatal(err)
		}
		var got floor.Order
		s.read(func(v *ledger.View) error {
			id, _, err := v.OrderByNumber(channel, "", number)
			if err == nil {
				got, _, err = v.Order(id)
			}
			return err
		})
		return got
	}
	if o := fresh("tb", "1"); !o.Trial {
		t.Error("the first order of a new channel is not on trial")
	}
	if o := fresh("tb", "2"); !o.Trial {
		t.Error("the second order of a new channel is not on trial")
	}
	s.ok(s.f.OpenChannel(t.Context(), s.root(), "dy", true))
	if o := fresh("dy", "1"); o.Trial || o.State != floor.Checked {
		t.Errorf("a channel opened before its first order: %s, on trial %v", o.State, o.Trial)
	}
	s.checkViews()
}
