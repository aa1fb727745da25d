package foreman_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// TestWholeWay follows two orders from the shop to the carrier.
func TestWholeWay(t *testing.T) {
	s := newSite(t)
	got := s.receive(shopOrder("1", "TS01", 2, "SK03", 1), shopOrder("2", "TS01", 1))
	if got.New != 2 || got.Held != 0 {
		t.Fatalf("Receive = %+v; want 2 new, none held", got)
	}
	task := s.release("1", "2")
	s.pickAll(task)
	if got := s.task(task.ID).State; got != floor.TaskEnded {
		t.Errorf("task is %s after its last stop; want %s", got, floor.TaskEnded)
	}
	for _, n := range []string{"1", "2"} {
		p := s.pack(n)
		if err := s.handOver(p); !refused(err, "label-not-out") {
			t.Errorf("handover before the label: %v; want label-not-out", err)
		}
		s.printed(p)
		if err := s.handOver(p); err != nil {
			t.Fatal(err)
		}
		if o := s.order(n); o.State != floor.HandedOver || o.HandedAt.IsZero() {
			t.Errorf("order %s is %s; want %s", n, o.State, floor.HandedOver)
		}
		if err := s.handOver(p); !refused(err, "already-left") {
			t.Errorf("second handover: %v; want already-left", err)
		}
	}
	s.read(func(v *ledger.View) error {
		g, err := v.Figures()
		if g.ByState[floor.HandedOver] != 2 || g.Counts["handed-over"] != 2 || g.Counts["received"] != 2 {
			t.Errorf("figures = %+v; want 2 handed over of 2", g)
		}
		reports := 0
		v.Lane("shop/pdd-main", func(e floor.Effect) bool { reports++; return true })
		if reports != 2 {
			t.Errorf("%d ship reports are owed; want 2", reports)
		}
		rows := 0
		v.Ship(monday, monday.Add(72*time.Hour), func(r floor.ShipRow) bool { rows++; return true })
		if rows != 2 {
			t.Errorf("%d report rows; want 2", rows)
		}
		return err
	})
	s.checkViews()
}

func TestRefusalsAtTheBin(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 2))
	s.ok(s.f.Allocate(t.Context(), s.root(), s.id("1")))
	task := s.release("1")
	stop := task.Stops[0]
	good := foreman.PickScan{Task: task.ID, Stop: stop.No, Bin: stop.Bin, Code: "TS01", Qty: 1}
	for _, tt := range []struct {
		name string
		by   foreman.By
		scan func(*foreman.PickScan)
		want string
	}{
		{"wrong bin", picker, func(p *foreman.PickScan) { p.Bin = "A-02-03-1" }, "wrong-bin"},
		{"wrong item", picker, func(p *foreman.PickScan) { p.Code = "SK03" }, "wrong-sku"},
		{"unknown item", picker, func(p *foreman.PickScan) { p.Code = "?" }, "unknown-sku"},
		{"too many", picker, func(p *foreman.PickScan) { p.Qty = 3 }, "over-pick"},
		{"none", picker, func(p *foreman.PickScan) { p.Qty = 0 }, "bad-qty"},
		{"minus one", picker, func(p *foreman.PickScan) { p.Qty = -1 }, "bad-qty"},
		{"wrong tote", picker, func(p *foreman.PickScan) { p.Tote = "tote-9" }, "wrong-tote"},
		{"no such stop", picker, func(p *foreman.PickScan) { p.Stop = 7 }, "unknown-stop"},
		{"no such task", picker, func(p *foreman.PickScan) { p.Task = "T-9" }, "unknown-task"},
		{"a packer", packer, func(p *foreman.PickScan) {}, "no-role"},
		{"another's task", lead, func(p *foreman.PickScan) {}, "not-your-task"},
		{"not logged in", foreman.By{Person: "li.wei", Device: "pda-02"}, func(p *foreman.PickScan) {}, "not-logged-in"},
		{"unpaired device", foreman.By{Person: "li.wei", Device: "pda-77"}, func(p *foreman.PickScan) {}, "no-device"},
	} {
		scan := good
		tt.scan(&scan)
		before := s.l.Seq()
		if _, err := s.f.Pick(t.Context(), s.by(tt.by), scan); !refused(err, tt.want) {
			t.Errorf("%s: %v; want refusal %s", tt.name, err, tt.want)
		}
		if s.l.Seq() != before {
			t.Errorf("%s: a refusal wrote something", tt.name)
		}
	}
	good.Code = "6901234567892" // the barcode will do
	s.ok(s.f.Pick(t.Context(), s.by(picker), good))
}

// TestTypedCodesAreCounted: a code typed at the bin or the station is an act that
// went round a check.
func TestTypedCodesAreCounted(t *testing.T) {
	s := newSite(t)
	byHand := func(b foreman.By) foreman.By { b = s.by(b); b.Typed = true; return b }
	s.receive(shopOrder("1", "TS01", 2))
	task := s.release("1")
	scan := foreman.PickScan{Task: task.ID, Stop: 1, Bin: task.Stops[0].Bin, Code: "TS01", Qty: 1}
	s.ok(s.f.Pick(t.Context(), byHand(picker), scan))
	s.ok(s.f.Pick(t.Context(), s.by(picker), scan))
	p, err := s.f.OpenParcel(t.Context(), s.by(packer), "pack-1", string(s.order("1").Tote))
	if err != nil {
		t.Fatal(err)
	}
	s.ok(s.f.Verify(t.Context(), byHand(packer), p, "TS01", 1))
	s.ok(s.f.Verify(t.Context(), s.by(packer), p, "TS01", 1))
	if o := s.order("1"); o.Manual != 2 || strings.Join(o.Bent, " ") != "typed typed" {
		t.Errorf("%d manual acts: %v; want two typed", o.Manual, o.Bent)
	}
}

// TestScanCountsOnce sends one scan from two devices, and again after the task moved.
func TestScanCountsOnce(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 3))
	task := s.release("1")
	by := s.by(picker)
	scan := foreman.PickScan{Task: task.ID, Stop: 1, Bin: task.Stops[0].Bin, Code: "TS01", Qty: 1}
	for i := range 3 {
		r, err := s.f.Pick(t.Context(), by, scan)
		if err != nil || r.Repeated != (i > 0) {
			t.Fatalf("send %d: repeated %v, %v", i, r.Repeated, err)
		}
	}
	if got := s.task(task.ID).Stops[0].Done; got != 1 {
		t.Errorf("one scan sent three times counted %d", got)
	}
}

// TestWorkFollowsThePerson moves a picker to another handheld in mid-task.
func TestWorkFollowsThePerson(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 2))
	task := s.release("1")
	other := foreman.By{Device: "pda-02"}
	if _, _, err := s.f.Login(t.Context(), s.by(other), "badge-li.wei"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.f.Take(t.Context(), s.by(picker), ""); !refused(err, "not-logged-in") {
		t.Errorf("take on the old device: %v; want not-logged-in", err)
	}
	if got := s.task(task.ID); got.Device != "pda-02" || got.Person != "li.wei" {
		t.Errorf("task is on %s with %s; want pda-02 with li.wei", got.Device, got.Person)
	}
	other.Person = "li.wei"
	id, err := s.f.Take(t.Context(), s.by(other), "")
	if err != nil || id != task.ID {
		t.Errorf("Take = %s, %v; want the same task %s", id, err, task.ID)
	}
}

func TestShortIsMadeGoodFromAnotherBin(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 2))
	task := s.release("1")
	stop := task.Stops[0]
	if stop.Bin != "A-01-05-1" { // the bin that is emptied most
		t.Fatalf("first stop is %s", stop.Bin)
	}
	s.ok(s.f.Short(t.Context(), s.by(picker), task.ID, 1, "empty"))
	task = s.task(task.ID)
	if len(task.Stops) != 2 || task.Stops[1].Bin != "A-01-01-1" || task.Stops[1].Qty != 2 {
		t.Fatalf("stops after the short: %+v", task.Stops)
	}
	if err := s.pick(task, task.Stops[1]); err != nil {
		t.Fatal(err)
	}
	o := s.order("1")
	if o.State != floor.Picked || o.Lines[0].Missing != 0 || o.ShortLines != 1 || o.Short {
		t.Errorf("order after the short: %+v", o)
	}
}

func TestShortWithoutOtherStock(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "SK03", 4))
	task := s.release("1")
	s.ok(s.f.Pick(t.Context(), s.by(picker), foreman.PickScan{Task: task.ID, Stop: 1, Bin: "A-02-03-1", Code: "SK03", Qty: 1}))
	s.ok(s.f.Short(t.Context(), s.by(picker), task.ID, 1, "empty"))
	o := s.order("1")
	if !o.Short || o.Lines[0].Missing != 3 || o.State != floor.Picked {
		t.Errorf("order = %+v; want short by 3 and picked", o)
	}
	_, err := s.f.OpenParcel(t.Context(), s.by(packer), "pack-1", string(o.Tote))
	if !refused(err, "order-short") {
		t.Errorf("packing a short order: %v; want order-short", err)
	}
	s.read(func(v *ledger.View) error {
		st, _, err := v.StockAt(floor.Spot{Bin: "A-02-03-1", SKU: "SK03"})
		if st.OnHand != 0 || st.Reserved != 0 {
			t.Errorf("bin after the short: %+v; want empty", st)
		}
		return err
	})
}

// TestNewestTruth brings versions of one order in every order: the outcome is one.
func TestNewestTruth(t *testing.T) {
	v1, v2, v3 := shopOrder("1", "TS01", 1), shopOrder("1", "TS01", 1), shopOrder("1", "TS01", 1)
	v2.ModifiedAt, v2.BuyerNote, v2.Content = monday.Add(time.Minute), "急", "c2"
	v3.ModifiedAt, v3.State, v3.Content = monday.Add(time.Minute), floor.ShopCancelled, "c3" // same time, higher rank
	for _, order := range [][]floor.ShopOrder{{v1, v2, v3}, {v3, v2, v1}, {v2, v3, v1}, {v3, v1, v2}, {v1, v3, v2, v1, v3}} {
		s := newSite(t)
		for _, v := range order {
			s.receive(v)
		}
		if o := s.order("1"); o.ShopState != floor.ShopCancelled || o.State != floor.Closed || o.Content != "c3" {
			t.Errorf("order is %s, shop says %s (%s); want closed by c3", o.State, o.ShopState, o.Content)
		}
		s2 := newSite(t)
		s2.receive(order...) // in one page too
		if o := s2.order("1"); o.Content != "c3" {
			t.Errorf("one page: newest is %s; want c3", o.Content)
		}
	}
}

// TestStopsGoAhead: an intake of what may have to stop takes the cancel of an order
// that is here, and leaves one that is not to the next intake.
func TestStopsGoAhead(t *testing.T) {
	s := newSite(t)
	here, strange := shopOrder("1", "TS01", 1), shopOrder("2", "TS01", 1)
	s.receive(here)
	here.ModifiedAt, here.State, here.Content = monday.Add(time.Minute), floor.ShopCancelled, "c2"
	got, err := s.f.Receive(t.Context(), foreman.Intake{Key: s.key(), Channel: "pdd-main", Orders: []floor.ShopOrder{here, strange}, Stops: true})
	if err != nil || got.Revised != 1 || got.New != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if o := s.order("1"); o.State != floor.Closed {
		t.Errorf("the cancelled order is %s", o.State)
	}
	if got := s.receive(here, strange); got.New != 1 || got.Same != 1 {
		t.Errorf("the next intake: %+v; want one new and one the same", got)
	}
}

func TestHolds(t *testing.T) {
	s := newSite(t)
	free, strange, nowhere, risky := shopOrder("1", "TS01", 1), shopOrder("2", "XX", 1), shopOrder("3", "TS01", 1), shopOrder("4", "TS01", 1)
	free.Pay = 0
	nowhere.To = floor.Recipient{Name: "张三", City: "深圳市"}
	risky.Holds = []floor.Hold{{Code: floor.HoldRisk}}
	if got := s.receive(free, strange, nowhere, risky); got.Held != 4 {
		t.Fatalf("Receive = %+v; want 4 held", got)
	}
	for n, want := range map[string]string{"1": floor.HoldZeroAmount, "2": floor.HoldUnknownSKU, "3": floor.HoldAddress, "4": floor.HoldRisk} {
		if h := s.order(n).Holds; len(h) != 1 || h[0].Code != want {
			t.Errorf("order %s holds %v; want %s", n, h, want)
		}
	}
	s.ok(s.f.SetSKUs(t.Context(), s.root(), []floor.SKUInfo{{SKU: "XX", Name: "新品"}}))
	s.ok(s.f.Unhold(t.Context(), s.by(lead), s.id("1")))
	if _, err := s.f.Unhold(t.Context(), s.by(lead), s.id("4")); !refused(err, "order-held") {
		t.Errorf("lifting the shop's hold: %v; want order-held", err)
	}
	risky.ModifiedAt, risky.Holds, risky.Content = monday.Add(time.Hour), nil, "c4b"
	s.receive(risky)
	for _, n := range []string{"1", "2", "4"} {
		if o := s.order(n); len(o.Holds) != 0 || o.State != floor.Checked {
			t.Errorf("order %s is %s with %v; want checked", n, o.State, o.Holds)
		}
	}
}

// TestAddresses: what a shop leaves in one field is taken apart as the order comes in,
// and what contradicts itself waits, until the shop says it otherwise.
func TestAddresses(t *testing.T) {
	s := newSiteOf(t, foreman.Options{Stations: []floor.StationID{"pack-1", "pack-2"}, Split: func(to floor.Recipient) (floor.Recipient, string) {
		switch detail, together := strings.CutPrefix(to.Detail, "深圳市"); {
		case to.Detail == "广州市南山区":
			return to, "address-conflict"
		case to.Detail == "鼓楼区":
			return to, "address-division"
		case together:
			to.Province, to.City, to.Detail = "广东省", "深圳市", detail
		}
		return to, ""
	}})
	whole, odd, unclear, macau := shopOrder("1", "TS01", 1), shopOrder("2", "TS01", 1), shopOrder("3", "TS01", 1), shopOrder("4", "TS01", 1)
	whole.To = floor.Recipient{Name: "张三", Phone: "13800000001", Detail: "深圳市一街1号"}
	odd.To = floor.Recipient{Name: "张三", Phone: "13800000001", Detail: "广州市南山区"}
	unclear.To = floor.Recipient{Name: "张三", Phone: "13800000001", Detail: "鼓楼区"}
	macau.To = floor.Recipient{Name: "张三", Phone: "13800000001", Province: "澳门特别行政区", Detail: "一街1号"}
	if got := s.receive(whole, odd, unclear, macau); got.Held != 2 {
		t.Fatalf("Receive = %+v; want 2 held", got)
	}
	for n, want := range map[string]string{"2": floor.HoldConflict, "3": floor.HoldUnclear} {
		if h := s.order(n).Holds; len(h) != 1 || h[0].Code != want {
			t.Errorf("order %s holds %v; want %s", n, h, want)
		}
	}
	split := floor.Recipient{Name: "张三", Phone: "13800000001", Province: "广东省", City: "深圳市", Detail: "一街1号"}
	if o := s.order("1"); o.Token != floor.RecipientMark(split) || len(o.Holds) > 0 {
		t.Errorf("order 1 is held by %v and goes elsewhere than to its parts", o.Holds)
	}
	odd.To, odd.ModifiedAt, odd.Content = whole.To, monday.Add(time.Hour), "c2"
	s.receive(odd)
	if o := s.order("2"); len(o.Holds) > 0 || o.Token != floor.RecipientMark(split) {
		t.Errorf("mended, order 2 is held by %v", o.Holds)
	}
}

func TestCancelInEveryStage(t *testing.T) {
	cancel := func(n string) floor.ShopOrder {
		o := shopOrder(n, "TS01", 2)
		o.State, o.ModifiedAt, o.Content = floor.ShopCancelled, monday.Add(time.Hour), "cancel"
		return o
	}
	t.Run("before the wave it is closed at once", func(t *testing.T) {
		s := newSite(t)
		s.receive(shopOrder("1", "TS01", 2))
		s.ok(s.f.Allocate(t.Context(), s.root(), s.id("1")))
		s.receive(cancel("1"))
		if o := s.order("1"); o.State != floor.Closed {
			t.Errorf("order is %s; want closed", o.State)
		}
		s.free(t, "TS01", 8)
	})
	t.Run("in mid-pick it freezes, and the picker's answer ends it", func(t *testing.T) {
		s := newSite(t)
		s.receive(shopOrder("1", "TS01", 2))
		task := s.release("1")
		s.ok(s.f.Pick(t.Context(), s.by(picker), foreman.PickScan{Task: task.ID, Stop: 1, Bin: task.Stops[0].Bin, Code: "TS01", Qty: 1}))
		if got := s.receive(cancel("1")); got.Frozen != 1 {
			t.Fatalf("Receive = %+v; want one frozen", got)
		}
		task = s.task(task.ID)
		if err := s.pick(task, task.Stops[0]); !refused(err, "frozen") {
			t.Errorf("pick of a frozen order: %v", err)
		}
		ask := s.order("1").Freeze.Key
		s.ok(s.f.Shown(t.Context(), s.by(picker), ask))
		s.ok(s.f.Answer(t.Context(), s.by(picker), ask, "out"))
		if o := s.order("1"); o.State != floor.Closed || o.Freeze != nil {
			t.Errorf("order is %s, frozen %v; want closed", o.State, o.Freeze)
		}
		back := s.take()
		if back.Kind != floor.TaskPutBack || len(back.Stops) != 1 || back.Stops[0].Qty != 1 {
			t.Fatalf("put-back task = %+v", back)
		}
		stop := back.Stops[0]
		tote := s.order("1").Tote
		s.toteHolds(t, tote, "1")
		s.ok(s.f.PutBack(t.Context(), s.by(picker), foreman.PickScan{Task: back.ID, Stop: 1, Bin: stop.Bin, Code: "TS01", Qty: 1}))
		s.toteHolds(t, tote, "")
		s.free(t, "TS01", 8)
	})
	t.Run("after the seal the handover refuses", func(t *testing.T) {
		s := newSite(t)
		s.receive(shopOrder("1", "TS01", 2))
		s.pickAll(s.release("1"))
		p := s.pack("1")
		s.printed(p)
		s.receive(cancel("1"))
		if err := s.handOver(p); !refused(err, "frozen") {
			t.Errorf("handover of a frozen parcel: %v", err)
		}
		s.ok(s.f.Close(t.Context(), s.by(lead), s.id("1"), "cancelled"))
		if err := s.handOver(p); !refused(err, "parcel-void") {
			t.Errorf("handover of a void parcel: %v", err)
		}
		if _, err := s.f.Reprint(t.Context(), s.by(packer), p.ID, "lost"); err == nil {
			t.Error("a label of a closed order was reprinted")
		}
	})
	t.Run("after the handover it is missed, and said so", func(t *testing.T) {
		s := newSite(t)
		s.receive(shopOrder("1", "TS01", 2))
		s.pickAll(s.release("1"))
		p := s.pack("1")
		s.printed(p)
		if err := s.handOver(p); err != nil {
			t.Fatal(err)
		}
		if got := s.receive(cancel("1")); got.Missed != 1 {
			t.Errorf("Receive = %+v; want one missed", got)
		}
	})
	t.Run("a thawed order goes on", func(t *testing.T) {
		s := newSite(t)
		s.receive(shopOrder("1", "TS01", 2))
		task := s.release("1")
		s.ok(s.f.Freeze(t.Context(), s.by(lead), s.id("1"), floor.FreezeLead))
		s.ok(s.f.Thaw(t.Context(), s.by(lead), s.id("1")))
		s.pickAll(task)
	})
}

// toteHolds demands that a tote is bound to the order with that number, or free.
func (s *site) toteHolds(t *testing.T, tote floor.ToteID, number string) {
	t.Helper()
	s.read(func(v *ledger.View) error {
		id, bound, err := v.OrderInTote(tote)
		if bound != (number != "") || bound && id != s.id(number) {
			t.Errorf("tote %s holds %q; want order %q", tote, id, number)
		}
		return err
	})
}

// free demands that n pieces of a SKU are free, over all bins.
func (s *site) free(t *testing.T, sku floor.SKU, n int) {
	t.Helper()
	s.read(func(v *ledger.View) error {
		lies, err := v.StockOf(sku)
		got := 0
		for _, x := range lies {
			got += x.Sellable()
		}
		if got != n {
			t.Errorf("%d of %s are free; want %d: %+v", got, sku, n, lies)
		}
		return err
	})
}

func TestLabelInDoubt(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 1))
	s.pickAll(s.release("1"))
	p := s.pack("1")
	s.lane(p, func(e floor.Effect) []floor.Fact {
		return []floor.Fact{
			floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: p.Station},
			floor.EffectDoubted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: p.Station, Why: "interrupted"},
		}
	})
	if err := s.handOver(p); !refused(err, "label-not-out") {
		t.Errorf("handover with the label in doubt: %v", err)
	}
	if _, err := s.f.Reprint(t.Context(), s.by(packer), p.ID, "lost"); !refused(err, "label-pending") {
		t.Errorf("reprint with the label in doubt: %v", err)
	}
	s.ok(s.f.AnswerDoubt(t.Context(), s.by(packer), "E-1", foreman.DidNot))
	if p = s.parcel(p.ID); p.Copies != 2 || p.Label != floor.LabelWanted {
		t.Errorf("parcel = %+v; want copy 2 wanted", p)
	}
	s.printed(p)
	if err := s.handOver(s.parcel(p.ID)); err != nil {
		t.Error(err)
	}
}

// TestWaveLabel prints the label of a cart, loses it in doubt, and prints it again
// on a person's word.
func TestWaveLabel(t *testing.T) {
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 1))
	s.release("1")
	ctx := t.Context()
	if _, err := s.f.WaveLabel(ctx, s.by(packer), "W-9", "pack-1"); !refused(err, "unknown-wave") {
		t.Errorf("label of no wave: %v", err)
	}
	s.ok(s.f.WaveLabel(ctx, s.by(packer), "W-1", "pack-1"))
	s.lane(floor.Parcel{Station: "pack-1"}, func(e floor.Effect) []floor.Fact {
		return []floor.Fact{
			floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Station: "pack-1"},
			floor.EffectDoubted{Effect: e.ID, Lane: e.Lane, Station: "pack-1", Why: "interrupted"},
		}
	})
	s.ok(s.f.AnswerDoubt(ctx, s.by(packer), "E-1", foreman.DidNot))
	s.read(func(v *ledger.View) error {
		e, ok, err := v.Effect("E-2")
		if !ok || e.Copy != 2 || e.Args["wave"] != "W-1" {
			t.Errorf("after the answer: %+v; want copy 2 of W-1", e)
		}
		return err
	})
	s.checkViews()
}

// TestNothingPersonalIsReadable looks for the recipient in the bytes of the file,
// after an order's whole way.
func TestNothingPersonalIsReadable(t *testing.T) {
	s := newSite(t)
	o := shopOrder("1", "TS01", 1)
	o.BuyerNote, o.Raw = "送给王小明", []byte(`{"receiver":"张三","phone":"13800000000"}`)
	s.receive(o)
	s.pickAll(s.release("1"))
	s.printed(s.pack("1"))
	file, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, marker := range []string{"张三", "13800000000", "示例路", "王小明", "badge-li.wei", "li.wei", "纯棉"} {
		// Keys of rows are readable; they hold ids, and "li.wei" is one.
		if found := bytes.Contains(file, []byte(marker)); found != (marker == "li.wei") {
			t.Errorf("%q in the file: %v", marker, found)
		}
	}
}

// TestLinesChange has a buyer take less, before and after hands hold the order.
func TestLinesChange(t *testing.T) {
	less := func(n string) floor.ShopOrder {
		o := shopOrder(n, "TS01", 1)
		o.ModifiedAt, o.Content = monday.Add(time.Minute), "less"
		return o
	}
	s := newSite(t)
	s.receive(shopOrder("1", "TS01", 3, "SK03", 2), shopOrder("2", "TS01", 3))
	s.ok(s.f.Allocate(t.Context(), s.root(), s.id("1")))
	s.receive(less("1"))
	o := s.order("1")
	if o.State != floor.Checked || len(o.Lines) != 1 || o.Lines[0].Qty != 1 {
		t.Errorf("order = %+v; want one line of one, to be allocated again", o)
	}
	s.free(t, "SK03", 10)
	s.release("1", "2")
	s.receive(less("2"))
	if o := s.order("2"); o.Freeze == nil || o.Freeze.Why != floor.FreezeRemark || o.Lines[0].Qty != 3 {
		t.Errorf("order in hands = %+v; want it frozen as it is", o)
	}
	s.checkViews()
}
