package daemon

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/report"
	"floord/sync/ledger"
	"floord/wave"
)

// A storied site lives through some days of orders in every way an order can go.
type storied struct {
	t   testing.TB
	s   *Site
	rng *rand.Rand
	n   int
}

var teams = map[floor.PersonID]string{"an": "早班", "bo": "晚班", "chen": ""}

func newStoried(t testing.TB, seed uint64) *storied {
	cfg := config.Default(t.TempDir())
	cfg.Carriers = []config.Carrier{{ID: "sf", Driver: "demo", Name: "顺丰", Pool: 200, Avoid: []string{"SF"}}, {ID: "zto", Driver: "demo", Name: "中通", Pool: 200}}
	cfg.Stations = []config.Station{{ID: "pack-1"}}
	cfg.Channels = []config.Channel{{ID: "pdd", Driver: "pdd"}, {ID: "files", Driver: "csv"}}
	s, err := openSite(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close() })
	x := &storied{t: t, s: s, rng: rand.New(rand.NewPCG(1, seed))}
	for id, team := range teams {
		x.ok(s.foreman.SetPerson(t.Context(), x.root(), floor.Person{ID: id, Name: string(id), Roles: []floor.Role{floor.RoleLead}, Team: team}, "badge-"+string(id)))
		code, err := s.foreman.Invite(t.Context(), x.root(), floor.DeviceID("d-"+id), "pda", "")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.foreman.Pair(t.Context(), code); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.foreman.Login(t.Context(), foreman.By{Device: floor.DeviceID("d-" + id), Key: x.key()}, "badge-"+string(id)); err != nil {
			t.Fatal(err)
		}
	}
	x.ok(s.foreman.SetSKUs(t.Context(), x.root(), []floor.SKUInfo{{SKU: "A", Name: "a", Grams: 100, Category: "日化"}, {SKU: "B", Name: "b", Grams: 200}}))
	x.ok(s.foreman.SetBins(t.Context(), x.root(), []floor.BinInfo{{Bin: "A-1", Zone: "A", Aisle: 1}, {Bin: "A-2", Zone: "A", Aisle: 1, Y: 3}, {Bin: "A-3", Zone: "B", Aisle: 1, Y: 5}}))
	for bin, sku := range map[floor.BinID]floor.SKU{"A-1": "A", "A-2": "B", "A-3": "A"} {
		x.ok(s.foreman.Count(t.Context(), x.root(), floor.Spot{Bin: bin, SKU: sku}, 5000, "load"))
	}
	for _, c := range []floor.CarrierID{"sf", "zto"} {
		var numbers []floor.WaybillNo
		for i := range 200 {
			numbers = append(numbers, floor.WaybillNo(fmt.Sprintf("%s%06d", c, i)))
		}
		x.ok(s.foreman.PoolWaybills(t.Context(), x.root(), c, numbers))
	}
	return x
}

func (x *storied) key() string { x.n++; return fmt.Sprintf("20000101/story/%06d", x.n) }

func (x *storied) root() foreman.By { return foreman.Floord(x.key()) }

func (x *storied) by(p floor.PersonID) foreman.By {
	return foreman.By{Person: p, Device: floor.DeviceID("d-" + p), Key: x.key()}
}

func (x *storied) ok(_ ledger.Receipt, err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// wait lets up to n minutes go by.
func (x *storied) wait(n int) { time.Sleep(time.Duration(x.rng.IntN(n*60)) * time.Second) }

// read gives what the ledger knows of an order.
func (x *storied) order(id floor.OrderID) (o floor.Order) {
	x.t.Helper()
	err := x.s.ledger.Read(func(v *ledger.View) (err error) { o, _, err = v.Order(id); return err })
	if err != nil {
		x.t.Fatal(err)
	}
	return o
}

// live lets one order live: it may wait, be held, cancelled, short, late, reprinted.
func (x *storied) live(i int) {
	ctx, f := x.t.Context(), x.s.foreman
	now := time.Now().UTC().Truncate(time.Second)
	so := floor.ShopOrder{
		Channel: []floor.ChannelID{"pdd", "files"}[x.rng.IntN(2)], Number: fmt.Sprint(i), State: floor.ShopPaid, ModifiedAt: now,
		PaidAt: now.Add(-time.Minute), Pay: 100, Content: fmt.Sprint("c", i), Raw: []byte("{}"),
		To:    floor.Recipient{Name: "张三", Phone: "13800000000", Province: "广东省", City: "深圳市", Detail: "1号"},
		Lines: []floor.ShopLine{{SKU: "A", Qty: 1 + x.rng.IntN(2)}, {SKU: "B", Qty: 1}},
	}
	if x.rng.IntN(8) > 0 {
		so.ShipBy = now.Add(time.Duration(x.rng.IntN(30*60)-60) * time.Minute)
	}
	if x.rng.IntN(3) > 0 {
		so.CollectBy = now.Add(time.Duration(x.rng.IntN(40*60)) * time.Minute)
	}
	if x.rng.IntN(2) == 0 {
		so.AvoidCodes = []string{"SF"}
	}
	if x.rng.IntN(12) == 0 {
		so.Holds = []floor.Hold{{Code: floor.HoldRisk}}
	}
	got, err := f.Receive(ctx, foreman.Intake{Key: x.key(), Channel: so.Channel, Orders: []floor.ShopOrder{so}})
	if err != nil || len(got.Events) == 0 {
		x.t.Fatal(got, err)
	}
	id := got.Events[0].Fact.(floor.OrderReceived).Order
	who := []floor.PersonID{"an", "bo", "chen"}[x.rng.IntN(3)]
	cancel := x.rng.IntN(10)
	stage := 0
	step := func() bool { // may cancel, may stop here
		x.wait(20)
		if stage++; cancel == stage {
			so.State, so.ModifiedAt, so.Content = floor.ShopCancelled, time.Now().UTC(), so.Content+"x"
			if _, err := f.Receive(ctx, foreman.Intake{Key: x.key(), Channel: so.Channel, Orders: []floor.ShopOrder{so}}); err != nil {
				x.t.Fatal(err)
			}
			if o := x.order(id); o.Freeze != nil {
				x.wait(2)
				x.ok(f.Shown(ctx, x.by(who), o.Freeze.Key))
				if x.rng.IntN(2) == 0 {
					x.ok(f.Answer(ctx, x.by(who), o.Freeze.Key, "out"))
				}
				switch o = x.order(id); {
				case o.Freeze == nil:
				case x.rng.IntN(2) == 0:
					x.ok(f.Thaw(ctx, x.by("chen"), id))
				default:
					x.ok(f.Close(ctx, x.by("chen"), id, "cancelled"))
				}
			}
		}
		return x.order(id).State == floor.Closed || x.rng.IntN(14) == 0
	}
	if step() || len(so.Holds) > 0 {
		return
	}
	x.ok(f.Allocate(ctx, x.root(), id))
	o := x.order(id)
	plan := foreman.Plannable(o, nil)
	w := wave.Wave{Kind: "order", Orders: []floor.OrderID{id}}
	for _, l := range plan.Lines {
		w.Stops = append(w.Stops, wave.Stop{Order: id, Bin: l.Bin, SKU: l.SKU, Line: l.No, Qty: l.Qty})
	}
	x.ok(f.Release(ctx, x.root(), w))
	for {
		task, err := f.Take(ctx, x.by(who), "")
		if err != nil {
			return // it was cancelled in mid-walk
		}
		if x.walk(who, task, id, step) {
			break
		}
	}
	if o = x.order(id); o.State != floor.Picked || step() {
		return
	}
	for _, l := range o.Lines {
		if l.Missing > 0 {
			return
		}
	}
	x.pack(who, o, &so, step)
}

// walk does a task, and says whether it was the order's own.
func (x *storied) walk(who floor.PersonID, id floor.TaskID, order floor.OrderID, step func() bool) bool {
	ctx, f := x.t.Context(), x.s.foreman
	var task floor.Task
	look := func() {
		if err := x.s.ledger.Read(func(v *ledger.View) (err error) { task, _, err = v.Task(id); return err }); err != nil {
			x.t.Fatal(err)
		}
	}
	for look(); task.State != floor.TaskEnded; look() {
		for _, s := range task.Slots {
			if s.Tote == "" {
				x.ok(f.BindTote(ctx, x.by(who), id, s.No, floor.ToteID("t-"+string(id))))
			}
		}
		stop := task.Next(nil)
		if stop == nil {
			return true
		}
		scan := foreman.PickScan{Task: id, Stop: stop.No, Bin: stop.Bin, Code: string(stop.SKU), Qty: stop.Left()}
		if task.Kind == floor.TaskPutBack {
			x.ok(f.PutBack(ctx, x.by(who), scan))
			continue
		}
		if x.order(stop.Order).Freeze != nil {
			x.ok(f.Thaw(ctx, x.by("chen"), stop.Order))
		}
		if x.rng.IntN(12) == 0 && stop.Missing == 0 && stop.Bin != "A-3" {
			x.ok(f.Short(ctx, x.by(who), id, stop.No, "damaged"))
			x.ok(f.Count(ctx, x.root(), stop.Spot(), 5000, "count")) // somebody has filled it up
			continue
		}
		if x.rng.IntN(8) == 0 {
			x.wrong(who, foreman.WrongScan{Act: "pick", Code: []string{"wrong-bin", "wrong-sku", "frozen"}[x.rng.IntN(3)], Task: id, Stop: stop.No})
		}
		x.ok(f.Pick(ctx, x.by(who), scan))
		x.wait([]int{2, 9, 200}[x.rng.IntN(3)])
		if step(); x.order(order).State == floor.Closed {
			return true
		}
	}
	return task.Kind == floor.TaskPick
}

func (x *storied) pack(who floor.PersonID, o floor.Order, so *floor.ShopOrder, step func() bool) {
	ctx, f := x.t.Context(), x.s.foreman
	p, err := f.OpenParcel(ctx, x.by(who), "pack-1", string(o.ID))
	if err != nil {
		x.t.Fatal(err)
	}
	for _, l := range o.Lines {
		for range l.Picked {
			x.ok(f.Verify(ctx, x.by(who), p, string(l.SKU), 1))
		}
	}
	if x.rng.IntN(6) == 0 {
		x.wrong(who, foreman.WrongScan{Act: "verify", Code: "not-in-parcel", Parcel: p})
	}
	// A bench must not stay occupied: nothing happens to the order before the seal.
	grams := floor.Grams(100*len(o.Lines[:1])*o.Lines[0].Qty + 200 + 9_700*x.rng.IntN(2))
	r, err := f.Weigh(ctx, x.by(who), p, floor.Weight{Grams: grams, ZeroSeen: true, At: time.Now()})
	x.ok(r, err)
	if _, missed := r.Events[0].Fact.(floor.WeightMissed); missed {
		if x.rng.IntN(2) == 0 {
			x.ok(f.PassWeight(ctx, x.by("chen"), p, floor.PassCounted, ""))
		} else { // something did not belong in it
			x.ok(f.Weigh(ctx, x.by(who), p, floor.Weight{Grams: grams - 9_700, ZeroSeen: true, At: time.Now()}))
		}
	}
	x.ok(f.Seal(ctx, x.by(who), p))
	for x.print(x.rng.IntN(8)) {
	}
	if x.rng.IntN(8) == 0 {
		x.ok(f.Reprint(ctx, x.by(who), p, "lost"))
		for x.print(7) {
		}
	}
	if o = x.order(o.ID); step() || o.Freeze != nil || x.order(o.ID).State == floor.Closed {
		return
	}
	if x.rng.IntN(9) == 0 {
		x.wrong(who, foreman.WrongScan{Act: "hand-over", Code: "wrong-carrier", Scan: string(p)})
	}
	x.ok(f.HandOver(ctx, x.by(who), x.order(o.ID).Carrier, string(p)))
	step()
	if o.Channel == "pdd" && x.rng.IntN(3) > 0 { // the shop sees that it was shipped
		so.State, so.ModifiedAt, so.Content = floor.ShopShipped, time.Now().UTC(), so.Content+"s"
		if _, err := f.Receive(ctx, foreman.Intake{Key: x.key(), Channel: so.Channel, Orders: []floor.ShopOrder{*so}}); err != nil {
			x.t.Fatal(err)
		}
	}
	if x.rng.IntN(4) > 0 { // the carrier scans it, and says so later
		x.wait(300)
		at := time.Now()
		x.wait(60)
		x.collect(p, at)
	}
}

// wrong keeps a wrong scan.
func (x *storied) wrong(who floor.PersonID, w foreman.WrongScan) {
	x.t.Helper()
	x.ok(x.s.foreman.NoteRefused(x.t.Context(), x.by(who), w))
}

// collect has the carrier tell of its first scan.
func (x *storied) collect(id floor.ParcelID, at time.Time) {
	x.t.Helper()
	var p floor.Parcel
	if err := x.s.ledger.Read(func(v *ledger.View) (err error) { p, _, err = v.Parcel(id); return err }); err != nil {
		x.t.Fatal(err)
	}
	x.ok(x.s.foreman.Collected(x.t.Context(), x.root(), p.Carrier, "carrier", []foreman.Scan{{Waybill: p.Waybill, At: at}, {Waybill: "NOBODYS", At: at}}))
}

// print carries the oldest label out: it comes out, is delayed, or is in doubt and
// answered. It says whether there was one.
func (x *storied) print(luck int) bool {
	var e floor.Effect
	err := x.s.ledger.Read(func(v *ledger.View) error {
		return v.Lane("printer/pack-1", func(row floor.Effect) bool { e = row; return false })
	})
	if err != nil {
		x.t.Fatal(err)
	}
	if e.ID == "" {
		return false
	}
	write := func(facts ...floor.Fact) {
		_, err := x.s.ledger.Commit(x.t.Context(), ledger.Request{Key: x.key(), Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) { return facts, nil })
		if err != nil {
			x.t.Fatal(err)
		}
	}
	write(floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: "pack-1"})
	if luck == 0 {
		write(floor.EffectDoubted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: "pack-1", Why: "offline"})
		x.ok(x.s.foreman.AnswerDoubt(x.t.Context(), x.by("chen"), e.ID, []string{"came-out", "did-not"}[x.rng.IntN(2)]))
		return true
	}
	if luck == 1 {
		write(floor.EffectDelayed{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: "pack-1", Why: "paper-out", Next: time.Now()})
	}
	write(floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: "pack-1", What: e.What, Outcome: "printed"})
	return true
}

// TestReportIsWhatTheJournalSays counts days once from the views, as the report
// does, and once from every event of the journal by the words of the definitions.
func TestReportIsWhatTheJournalSays(t *testing.T) {
	seen := recount{}
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) {
			x := newStoried(t, seed)
			zone := x.s.cfg.Site.Zone
			first := report.DayOf(time.Now(), zone)
			for i := range 40 {
				x.live(i)
			}
			now := time.Now().In(zone)
			told := x.readJournal()
			for day := first; ; {
				from, to := day.Bounds(zone)
				if from.After(now) {
					break
				}
				d, err := x.s.dailyOf(day, now)
				if err != nil {
					t.Fatal(err)
				}
				told.compare(t, d, now, &seen)
				day = report.DayOf(to.Add(time.Hour), zone)
			}
		})
	}
	for what, n := range seen.least {
		if n.got < n.want {
			t.Errorf("%d %s: the stories are too short to show anything", n.got, what)
		}
	}
}
