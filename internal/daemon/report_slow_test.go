package daemon

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
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
	t   *testing.T
	s   *Site
	rng *rand.Rand
	n   int
}

var teams = map[floor.PersonID]string{"an": "早班", "bo": "晚班", "chen": ""}

func newStoried(t *testing.T) *storied {
	cfg := config.Default(t.TempDir())
	cfg.Carriers = []config.Carrier{{ID: "sf", Driver: "demo", Name: "顺丰", Pool: 200, Avoid: []string{"SF"}}, {ID: "zto", Driver: "demo", Name: "中通", Pool: 200}}
	cfg.Stations = []config.Station{{ID: "pack-1"}}
	cfg.Channels = []config.Channel{{ID: "pdd", Driver: "pdd"}, {ID: "files", Driver: "csv"}}
	s, err := openSite(cfg, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.close() })
	x := &storied{t: t, s: s, rng: rand.New(rand.NewPCG(1, 2))}
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
	x.ok(s.foreman.SetSKUs(t.Context(), x.root(), []floor.SKUInfo{{SKU: "A", Name: "a", Grams: 100}, {SKU: "B", Name: "b", Grams: 200}}))
	x.ok(s.foreman.SetBins(t.Context(), x.root(), []floor.BinInfo{{Bin: "A-1", Zone: "A", Aisle: 1}, {Bin: "A-2", Zone: "A", Aisle: 1, Y: 3}, {Bin: "A-3", Zone: "A", Aisle: 1, Y: 5}}))
	for bin, sku := range map[floor.BinID]floor.SKU{"A-1": "A", "A-2": "B", "A-3": "A"} {
		x.ok(s.foreman.Count(t.Context(), x.root(), bin, sku, 5000, "load"))
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
	x.pack(who, o, step)
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
			x.ok(f.Count(ctx, x.root(), stop.Bin, stop.SKU, 5000, "count")) // somebody has filled it up
			continue
		}
		x.ok(f.Pick(ctx, x.by(who), scan))
		x.wait(5)
		if step(); x.order(order).State == floor.Closed {
			return true
		}
	}
	return task.Kind == floor.TaskPick
}

func (x *storied) pack(who floor.PersonID, o floor.Order, step func() bool) {
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
	// A bench must not stay occupied: nothing happens to the order before the seal.
	grams := floor.Grams(300 + 9_700*x.rng.IntN(2))
	r, err := f.Weigh(ctx, x.by(who), p, floor.Weight{Grams: grams, ZeroSeen: true, At: time.Now()})
	x.ok(r, err)
	if _, missed := r.Events[0].Fact.(floor.WeightMissed); missed {
		x.ok(f.PassWeight(ctx, x.by("chen"), p, floor.PassCounted, ""))
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
	x.ok(f.HandOver(ctx, x.by(who), x.order(o.ID).Carrier, string(p)))
	step()
	if x.rng.IntN(4) > 0 { // the carrier scans it, and says so later
		x.wait(300)
		at := time.Now()
		x.wait(60)
		x.collect(p, at)
	}
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

// A slowOrder is what the journal says of one order, gathered without the views.
type slowOrder struct {
	id                             floor.OrderID
	channel                        floor.ChannelID
	carrier                        floor.CarrierID
	team                           string
	received, shipBy, collectBy    time.Time
	began, left, closed, collected time.Time
	held                           bool
	lines, short, labels, reprint  int
	manual                         int
	parcels, bad                   map[floor.ParcelID]bool
}

// slowly reads the whole journal and nothing else.
func (x *storied) slowly() (map[floor.OrderID]*slowOrder, map[string]string) {
	orders, asks := map[floor.OrderID]*slowOrder{}, map[string]string{}
	team, printed, parcelOf := map[floor.PersonID]string{}, map[floor.ParcelID]bool{}, map[floor.EffectID]floor.Effect{}
	sealed := map[floor.ParcelID]bool{}
	shop := func(o *slowOrder, s floor.ShopOrder) { o.shipBy, o.collectBy = s.ShipBy, s.CollectBy }
	for e, err := range x.s.ledger.Past(x.t.Context(), 0, ledger.Topic{ledger.Everything}) {
		if err != nil {
			x.t.Fatal(err)
		}
		lead := e.Actor.Person() != ""
		begun := func(o *slowOrder) {
			if o.began.IsZero() {
				o.began = e.At
				if lead {
					o.team = team[e.Actor.Person()]
				}
			}
		}
		switch f := e.Fact.(type) {
		case floor.PersonSet:
			team[f.Person] = f.Team
		case floor.OrderReceived:
			o := &slowOrder{id: f.Order, channel: f.Shop.Channel, received: e.At, lines: len(f.Shop.Lines), parcels: map[floor.ParcelID]bool{}, bad: map[floor.ParcelID]bool{}}
			shop(o, f.Shop)
			orders[f.Order] = o
		case floor.OrderRevised:
			shop(orders[f.Order], f.Shop)
		case floor.OrderHeld:
			orders[f.Order].held = slices.ContainsFunc(f.Holds, func(h floor.Hold) bool { return floor.ShopHold(h.Code) })
		case floor.OrderClosed:
			orders[f.Order].closed = e.At
			if lead && f.Why != "cancelled" {
				orders[f.Order].manual++
			}
		case floor.LinePicked:
			begun(orders[f.Order])
		case floor.LineShort:
			begun(orders[f.Order])
			orders[f.Order].short++
		case floor.ParcelWeighed:
			if f.Manual {
				orders[f.Order].manual++
			}
		case floor.ParcelSealed:
			o := orders[f.Order]
			o.carrier, o.parcels[f.Parcel], sealed[f.Parcel] = f.Carrier, true, true
			if t := team[e.Actor.Person()]; t != "" {
				o.team = t
			}
		case floor.ParcelVoided:
			if sealed[f.Parcel] {
				orders[f.Order].bad[f.Parcel] = true
			}
		case floor.ParcelLeft:
			if f.Last {
				orders[f.Order].left = e.At
			}
		case floor.ParcelCollected:
			if o := orders[f.Order]; f.Scanned.After(o.collected) {
				o.collected = f.Scanned
			}
		case floor.EffectAsked:
			parcelOf[f.Effect.ID] = f.Effect
			if f.Effect.What == floor.EffectLabel && f.Effect.Copy > 1 {
				orders[f.Effect.Order].reprint++
				orders[f.Effect.Order].manual++
			}
		case floor.EffectDelayed:
			orders[f.Order].bad[parcelOf[f.Effect].Parcel] = true
		case floor.EffectDoubted:
			orders[f.Order].bad[f.Parcel] = true
		case floor.EffectEnded:
			if f.What == floor.EffectLabel && f.Outcome == "printed" && !printed[f.Parcel] {
				printed[f.Parcel] = true
				orders[f.Order].labels++
			}
		case floor.OrderFrozen:
			asks[f.Intercept] = "open"
		case floor.CancelMissed:
			asks[f.Intercept] = "missed"
		case floor.OrderThawed:
			asks[f.Intercept] = f.Outcome
			if lead && f.Outcome == "thawed" {
				orders[f.Order].manual++
			}
		}
	}
	return orders, asks
}

// TestReportIsWhatTheJournalSays counts days once from the views, as the report
// does, and once from every event of the journal by the words of the definitions.
func TestReportIsWhatTheJournalSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStoried(t)
		zone := x.s.cfg.Site.Zone
		first := report.DayOf(time.Now(), zone)
		for i := range 70 {
			x.live(i)
		}
		now := time.Now().In(zone)
		orders, asks := x.slowly()
		days, shipped, late, band := 0, 0, 0, report.Band{}
		for day := first; ; days++ {
			from, to := day.Bounds(zone)
			if from.After(now) {
				break
			}
			d, err := x.s.dailyOf(day, now)
			if err != nil {
				t.Fatal(err)
			}
			at := to
			if now.Before(to) {
				at = now
			}
			x.compare(d, orders, from, to, at)
			shipped += d.Total.Shipped
			late += d.Total.Late
			band.Yes, band.No, band.Unknown = band.Yes+d.Total.Collected.Yes, band.No+d.Total.Collected.No, band.Unknown+d.Total.Collected.Unknown
			day = report.DayOf(to.Add(time.Hour), zone)
		}
		stopped := 0
		for _, outcome := range asks {
			if outcome == "stopped" {
				stopped++
			}
		}
		if band.Yes < 5 || band.No < 5 || band.Unknown < 3 {
			t.Errorf("collected %+v: the story is too short to show anything", band)
		}
		if days < 3 || shipped < 20 || late < 3 || len(asks) < 5 || stopped < 3 {
			t.Errorf("%d days, %d shipped, %d late, %d asks, %d stopped: the story is too short to show anything", days, shipped, late, len(asks), stopped)
		}
	})
}

// compare counts a day anew, cell by cell, and demands the same.
func (x *storied) compare(d report.Daily, orders map[floor.OrderID]*slowOrder, from, to, at time.Time) {
	x.t.Helper()
	on := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	by := func(t, limit time.Time) bool { return !t.IsZero() && !t.After(limit) }
	type cell struct {
		channel floor.ChannelID
		carrier floor.CarrierID
		team    string
	}
	want := map[cell]*report.Shipping{}
	var total report.Shipping
	var open, begun int
	var short, label report.Rate
	reprints, manual, labels := 0, 0, 0
	for _, o := range orders {
		c := cell{o.channel, o.carrier, o.team}
		if want[c] == nil {
			want[c] = &report.Shipping{Channel: c.channel, Carrier: c.carrier, Team: c.team}
		}
		for _, s := range []*report.Shipping{want[c], &total} {
			if on(o.received) {
				s.Received++
			}
			if on(o.left) {
				s.Shipped++
			}
			if on(o.shipBy) {
				s.Due++
				switch {
				case by(o.left, o.shipBy):
					s.OnTime.Hits++
					s.OnTime.N++
				case o.left.IsZero() && (by(o.closed, o.shipBy) || o.held):
					s.Excluded++
				case o.left.IsZero() && at.Before(o.shipBy):
					s.Pending++
				default:
					s.OnTime.N++
					s.Late++
				}
			}
			limit := o.collectBy
			if limit.IsZero() {
				limit = o.shipBy
			}
			if on(limit) {
				judged := true
				switch {
				case by(o.collected, limit):
					s.Collected.Yes++
				case !o.collected.IsZero():
					s.Collected.No++
				case by(o.left, limit):
					s.Collected.Unknown++
				case o.left.IsZero() && (by(o.closed, limit) || o.held):
					judged = false
				case o.left.IsZero() && at.Before(limit):
					s.CollectedPending++
					judged = false
				default:
					s.Collected.No++
				}
				if judged && o.collectBy.IsZero() {
					s.CollectByShipBy++
				}
			}
		}
		if !o.received.After(at) && !by(o.left, at) && !by(o.closed, at) {
			open++
		}
		began := o.began
		if began.IsZero() {
			began = o.left
		}
		if began.IsZero() && o.manual > 0 {
			began = o.received
		}
		if on(began) {
			begun++
			short.Hits += o.short
			short.N += o.lines
			n := max(len(o.parcels), len(o.bad))
			label.Hits += len(o.bad)
			label.N += n
			reprints += o.reprint
			manual += o.manual
			labels += o.labels
		}
	}
	for _, got := range d.Cells {
		c := cell{got.Channel, got.Carrier, got.Team}
		if want[c] == nil || *want[c] != got {
			x.t.Errorf("%s, %v: report %+v; journal %+v", d.Day, c, got, want[c])
		}
		delete(want, c)
	}
	for c, s := range want {
		if s.Received+s.Shipped+s.Due+s.Collected.N()+s.CollectedPending > 0 {
			x.t.Errorf("%s, %v: the report leaves out %+v", d.Day, c, s)
		}
	}
	if d.Total != total {
		x.t.Errorf("%s: report %+v; journal %+v", d.Day, d.Total, total)
	}
	if d.Backlog.Open() != open {
		x.t.Errorf("%s: %d open; journal %d", d.Day, d.Backlog.Open(), open)
	}
	w := d.Work
	if w.Orders != begun || w.Short != short || w.LabelErrors != label || w.Reprints != reprints || w.Manual != manual || w.Labels != labels {
		x.t.Errorf("%s: work %+v; journal %d orders, short %v, labels %d, errors %v, reprints %d, manual %d", d.Day, w, begun, short, labels, label, reprints, manual)
	}
}
