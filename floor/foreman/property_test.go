package foreman_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

// A world is the floor under random acts. What the acts have done is kept beside
// it in the plainest form, and compared after every one.
type world struct {
	*site
	rt     *rapid.T
	orders []string          // the shop's numbers
	tote   int               // running number of totes
	pieces map[floor.SKU]int // that should be on the shelves
	off    map[string]bool   // numbers whose cancel was acknowledged before they left
	last   func() error      // the newest act, to be sent again
	ctx    context.Context

	reached map[string]int // how often the runs came so far
}

// TestPromises drives random interleavings of all acts, re-sent requests, and
// restarts of the ledger against promises 1 to 6.
func TestPromises(t *testing.T) {
	reached := map[string]int{}
	deep := []string{"picked", "batch", "sorted", "full", "put back", "short", "sealed", "doubt", "handed over", "missed", "stopped", "again", "split", "run", "joined"}
	missing := deep
	for round := 0; len(missing) > 0 && round < 20; round++ { // a few rounds may be unlucky, twenty are not
		rapid.Check(t, func(rt *rapid.T) { promises(t, rt, reached) })
		missing = slices.DeleteFunc(slices.Clone(deep), func(d string) bool { return reached[d] > 0 })
	}
	if len(missing) > 0 {
		t.Errorf("no run reached %q; the test is too shallow (%v)", missing, reached)
	}
	t.Log(reached)
}

// promises is one run of random acts.
func promises(t *testing.T, rt *rapid.T, reached map[string]int) {
	w := newWorld(t, rt)
	w.reached = reached
	defer func() { w.l.Close() }()
	rt.Repeat(map[string]func(*rapid.T){
		"": w.invariants,
		// Work, in the weights that bring orders through.
		"order": w.newOrder, "release": w.releaseAll, "take": w.takeTask,
		"pick": w.pickNext, "pick 2": w.pickNext, "pick 3": w.pickNext,
		"pack": w.packStep, "pack 2": w.packStep, "pack 3": w.packStep, "pack 4": w.packStep,
		"label": w.printStep, "label 2": w.printStep, "hand over": w.handOverAny, "hand over 2": w.handOverAny,
		"answer": w.answerAny, "close": w.closeAny, "relabel": w.relabelAny, "print first": w.printFirstAny, "full": w.fullAny, "join": w.joinAny,
		// Trouble.
		"trouble": func(rt *rapid.T) {
			rapid.SampledFrom([]func(*rapid.T){
				w.cancel, w.cancel, w.lateCancel, w.note, w.readdress, w.mergeAny, w.shortNext, w.skipNext, w.freezeAny, w.thawAny, w.restart,
			}).Draw(rt, "trouble")(rt)
		},
		"again": w.again,
	})
	w.rebuilt()
}

// TestMergedPromises drives orders that go as one parcel through random interleavings
// of picking, packing, labels and handovers with cancels, other addresses and leads'
// freezes of one of them.
func TestMergedPromises(t *testing.T) {
	reached := map[string]int{}
	deep := []string{"merged", "parted", "merged left", "put back", "stopped", "sealed"}
	missing := deep
	for round := 0; len(missing) > 0 && round < 20; round++ {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, rt)
			w.reached = reached
			defer func() { w.l.Close() }()
			for range 3 {
				w.newOrder(rt)
			}
			w.mergeAny(rt)
			w.releaseAll(rt)
			w.takeTask(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"":     w.invariants,
				"pick": w.pickNext, "pick 2": w.pickNext, "pick 3": w.pickNext, "take": w.takeTask,
				"pack": w.packStep, "pack 2": w.packStep, "pack 3": w.packStep, "pack 4": w.packStep, "pack 5": w.packStep,
				"label": w.printStep, "label 2": w.printStep, "hand over": w.handOverAny, "hand over 2": w.handOverAny,
				"answer": w.answerAny, "close": w.closeAny, "thaw": w.thawAny, "one of many": w.oneOfMany,
				"merge": w.mergeAny, "release": w.releaseAll, "again": w.again,
			})
			w.rebuilt()
		})
		missing = slices.DeleteFunc(slices.Clone(deep), func(d string) bool { return reached[d] > 0 })
	}
	if len(missing) > 0 {
		t.Errorf("no run reached %q; the test is too shallow (%v)", missing, reached)
	}
	t.Log(reached)
}

func newWorld(t *testing.T, rt *rapid.T) *world {
	dir, err := os.MkdirTemp(t.TempDir(), "world")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		site: &site{t: t, path: filepath.Join(dir, "floor.db")}, rt: rt, ctx: t.Context(),
		pieces: map[floor.SKU]int{"TS01": 8, "SK03": 10}, off: map[string]bool{},
	}
	w.open()
	w.site.people()
	w.goods()
	// One bin holds two lots.
	first := floor.Spot{Bin: "A-01-01-1", SKU: "TS01"}
	w.ok(w.site.f.Count(w.ctx, w.root(), first, 0, "load"))
	for i, n := range []int{3, 2} {
		at := first
		at.Lot = floor.Lot{No: fmt.Sprint("L|", i), Expiry: fmt.Sprintf("203%d-01-31", i)}
		w.ok(w.site.f.Count(w.ctx, w.root(), at, n, "load"))
	}
	return w
}

func (w *world) open() {
	l, err := ledger.Open(w.path, ledger.Options{DecideTwice: true})
	if err != nil {
		w.rt.Fatal(err)
	}
	w.l = l
	w.f = foreman.New(l, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1"},
		Reports: func(floor.ChannelID) bool { return true }, Walls: []floor.Wall{wall},
	})
}

// do runs an act: it may be refused, never fail. It is kept, to be sent again.
func (w *world) do(act func() error) bool {
	err := act()
	var r *floor.Refusal
	if err != nil && !errors.As(err, &r) {
		w.rt.Fatalf("an act failed: %v", err)
	}
	w.last = act
	return err == nil
}

// again sends the newest request once more: nothing may change.
func (w *world) again(rt *rapid.T) {
	if w.last == nil {
		rt.Skip()
	}
	seq := w.l.Seq()
	if w.do(w.last) {
		w.reached["again"]++
	}
	if w.l.Seq() != seq {
		rt.Fatalf("a request sent twice was counted twice")
	}
}

// restart leaves the ledger as a crash between two acts does (closing writes nothing),
// opens it again, and sends the act whose answer was lost.
func (w *world) restart(rt *rapid.T) {
	if err := w.l.Close(); err != nil {
		rt.Fatal(err)
	}
	w.open()
	if w.last != nil {
		w.again(rt)
	}
}

func (w *world) newOrder(rt *rapid.T) {
	n := fmt.Sprint(len(w.orders) + 1)
	lines := []any{"TS01", rapid.IntRange(1, 3).Draw(rt, "shirts")}
	if rapid.Bool().Draw(rt, "socks") {
		lines = append(lines, "SK03", rapid.IntRange(1, 2).Draw(rt, "pairs"))
	}
	w.orders = append(w.orders, n)
	key, o := w.key(), shopOrder(n, lines...)
	w.do(func() error {
		_, err := w.f.Receive(w.ctx, foreman.Intake{Key: key, Channel: "pdd-main", Orders: []floor.ShopOrder{o}})
		return err
	})
}

func (w *world) any(rt *rapid.T) string {
	if len(w.orders) == 0 {
		rt.Skip()
	}
	return rapid.SampledFrom(w.orders).Draw(rt, "order")
}

func (w *world) revise(rt *rapid.T, n string, change func(*floor.ShopOrder)) {
	was := w.order(n)
	o := shopOrder(n)
	for _, l := range was.Lines {
		o.Lines = append(o.Lines, floor.ShopLine{SKU: l.SKU, Qty: l.Qty})
	}
	w.read(func(v *ledger.View) (err error) { o.To, _, err = v.Recipient(was.ID); return err })
	o.State, o.BuyerNote, o.ModifiedAt = was.ShopState, was.Note, was.ModifiedAt.Add(time.Second)
	o.Content = fmt.Sprintf("c-%d", o.ModifiedAt.Unix())
	change(&o)
	key := w.key()
	left := was.State == floor.HandedOver
	if w.do(func() error {
		got, err := w.f.Receive(w.ctx, foreman.Intake{Key: key, Channel: "pdd-main", Orders: []floor.ShopOrder{o}})
		w.reached["missed"] += got.Missed
		return err
	}) && o.State == floor.ShopCancelled && !left {
		w.off[n] = true
	}
}

func (w *world) cancel(rt *rapid.T) {
	w.revise(rt, w.any(rt), func(o *floor.ShopOrder) { o.State = floor.ShopCancelled })
}

// oneOfMany cancels, stops or readdresses an order that goes with others, if there is one.
func (w *world) oneOfMany(rt *rapid.T) {
	var fit []string
	for _, n := range w.orders {
		if o := w.order(n); o.In != "" && !o.Over() {
			fit = append(fit, n)
		}
	}
	if len(fit) == 0 {
		rt.Skip()
	}
	n := rapid.SampledFrom(fit).Draw(rt, "of many")
	if w.mostly(rt) {
		rt.Skip()
	}
	switch rapid.IntRange(0, 2).Draw(rt, "what") {
	case 0:
		w.revise(rt, n, func(o *floor.ShopOrder) { o.State = floor.ShopCancelled })
	case 1:
		w.revise(rt, n, func(o *floor.ShopOrder) { o.To.Detail += "号" })
	default:
		by, id := w.by(lead), w.id(n)
		w.do(func() error { _, err := w.f.Freeze(w.ctx, by, id, floor.FreezeAddress); return err })
	}
	if w.order(n).In == "" {
		w.reached["parted"]++
	}
}

// lateCancel is a cancel that most often comes after the handover.
func (w *world) lateCancel(rt *rapid.T) {
	w.revise(rt, w.in(rt, floor.HandedOver), func(o *floor.ShopOrder) { o.State = floor.ShopCancelled })
}

func (w *world) note(rt *rapid.T) {
	w.revise(rt, w.any(rt), func(o *floor.ShopOrder) { o.BuyerNote += "!" })
}

func (w *world) releaseAll(rt *rapid.T) {
	snap := wave.Snapshot{FreePickers: 2}
	var err error
	if snap.Layout, err = wave.InferLayout(foreman.Places(bins)); err != nil {
		rt.Fatal(err)
	}
	seen := map[floor.OrderID]bool{}
	for _, n := range w.orders {
		by, id := w.root(), w.id(n)
		w.do(func() error { _, err := w.f.Allocate(w.ctx, by, id); return err })
		if o := w.floorOrder(n); o.State == floor.Allocated && !seen[o.ID] {
			seen[o.ID] = true
			snap.Orders = append(snap.Orders, foreman.Plannable(o, nil))
		}
	}
	if len(snap.Orders) > 0 && rapid.IntRange(0, 9).Draw(rt, "one is frozen after the plan") == 0 {
		by, id := w.by(lead), snap.Orders[0].ID
		if o := w.orderByID(id); o.MergedBy != "" {
			id = o.Of[len(o.Of)-1]
		}
		w.do(func() error { _, err := w.f.Freeze(w.ctx, by, id, floor.FreezeLead); return err })
	}
	for _, p := range wave.Plan(w.ctx, snap, wave.Rules{TotesPerCart: 3, MinFill: 1, MetresPerSecond: 1}, monday).Waves {
		by := w.root()
		if rapid.Bool().Draw(rt, "as a batch") {
			p.Kind = wave.Wall
		}
		w.do(func() error { _, err := w.f.Release(w.ctx, by, p); return err })
		for _, id := range p.Orders {
			if o := w.orderByID(id); o.Freeze != nil && o.State == floor.Waved {
				rt.Fatalf("order %s was released while frozen", id)
			}
		}
	}
}

// floorOrder is the order that the floor handles for the shop's number.
func (w *world) floorOrder(n string) floor.Order {
	o := w.order(n)
	if o.In != "" {
		return w.orderByID(o.In)
	}
	return o
}

// mergeAny makes one order of some that wait for a wave. It all goes to one recipient
// but for those whose address has changed.
func (w *world) mergeAny(rt *rapid.T) {
	var all []foreman.Member
	for _, n := range w.orders {
		by, id := w.root(), w.id(n)
		w.do(func() error { _, err := w.f.Allocate(w.ctx, by, id); return err })
		if o := w.order(n); foreman.Mergeable(&o) {
			all = append(all, foreman.Member{ID: id, Mark: o.Token})
		}
	}
	if len(all) < 2 {
		rt.Skip()
	}
	by, rule := w.root(), "one"
	w.do(func() error { _, err := w.f.Merge(w.ctx, by, rule, all[:min(len(all), 4)]); return err })
	if w.orderByID(all[0].ID).In != "" {
		w.reached["merged"]++
	}
}

// readdress changes where an order goes.
func (w *world) readdress(rt *rapid.T) {
	w.revise(rt, w.any(rt), func(o *floor.ShopOrder) { o.To.Detail += "号" })
}

// running gives the picker's task.
func (w *world) running(rt *rapid.T) floor.Task {
	var t floor.Task
	w.read(func(v *ledger.View) error {
		p, _, err := v.Person("li.wei")
		if err == nil && p.Task != "" {
			t, _, err = v.Task(p.Task)
		}
		return err
	})
	if t.ID == "" {
		rt.Skip()
	}
	return t
}

func (w *world) takeTask(rt *rapid.T) {
	by := w.by(picker)
	if !w.do(func() error { _, err := w.f.Take(w.ctx, by, ""); return err }) {
		return
	}
	t := w.running(rt)
	if t.Kind == floor.TaskSort {
		by := w.by(picker)
		w.do(func() error { _, err := w.f.UseWall(w.ctx, by, t.ID, wall.ID); return err })
		return
	}
	slots := t.Slots
	if t.Kind == floor.TaskBatch {
		slots = []floor.Slot{{No: 0}}
	}
	w.bind(t, slots)
}

func (w *world) bind(t floor.Task, slots []floor.Slot) {
	for _, s := range slots {
		w.tote++
		by, tote := w.by(picker), floor.ToteID(fmt.Sprintf("tote-%d", w.tote))
		w.do(func() error { _, err := w.f.BindTote(w.ctx, by, t.ID, s.No, tote); return err })
	}
}

// stop draws a stop of the running task: most often the next, else any, done or not.
func (w *world) stop(rt *rapid.T) (floor.Task, floor.Stop) {
	t := w.running(rt)
	if next := t.Next(nil); next != nil && w.mostly(rt) {
		return t, *next
	}
	return t, rapid.SampledFrom(t.Stops).Draw(rt, "stop")
}

func (w *world) mostly(rt *rapid.T) bool { return rapid.IntRange(0, 5).Draw(rt, "mostly") > 0 }

// in draws an order: most often one in that state, else any.
func (w *world) in(rt *rapid.T, state floor.State) string {
	var fit []string
	for _, n := range w.orders {
		if w.order(n).State == state {
			fit = append(fit, n)
		}
	}
	if len(fit) > 0 && w.mostly(rt) {
		return rapid.SampledFrom(fit).Draw(rt, "order")
	}
	return w.any(rt)
}

func (w *world) pickNext(rt *rapid.T) {
	t, s := w.stop(rt)
	by := w.by(picker)
	scan := foreman.PickScan{Task: t.ID, Stop: s.No, Bin: s.Bin, Code: string(s.SKU), Qty: s.Left()}
	if !w.mostly(rt) {
		scan.Qty = rapid.IntRange(0, 4).Draw(rt, "qty")
	}
	if t.Kind == floor.TaskPutBack {
		if w.do(func() error { _, err := w.f.PutBack(w.ctx, by, scan); return err }) {
			w.pieces[s.SKU] += scan.Qty
			w.reached["put back"]++
		}
		return
	}
	if t.Kind == floor.TaskSort {
		put := foreman.PutScan{Task: t.ID, Stop: s.No, Code: scan.Code, Qty: scan.Qty, Slot: w.slotFor(t, s)}
		if w.do(func() error { _, err := w.f.Put(w.ctx, by, put); return err }) {
			w.reached["sorted"]++
		}
		return
	}
	if t.Kind == floor.TaskBatch && w.mostly(rt) { // all that the bin is to give
		scan.Qty = 0
		for _, x := range t.Stops {
			if x.Spot() == s.Spot() && w.orderByID(x.Order).Freeze == nil {
				scan.Qty += x.Left()
			}
		}
	}
	if w.do(func() error { _, err := w.f.Pick(w.ctx, by, scan); return err }) {
		w.pieces[s.SKU] -= scan.Qty
		w.reached["picked"]++
		if t.Kind == floor.TaskBatch {
			w.reached["batch"]++
		}
	}
}

// slotFor gives the slot of the wall that a stop's order has or would get.
func (w *world) slotFor(t floor.Task, s floor.Stop) floor.ToteID {
	slot := t.Slots[s.Slot-1].Tote
	w.read(func(v *ledger.View) error {
		for no := 1; slot == "" && no <= wall.Slots; no++ {
			if _, taken, err := v.OrderInTote(wall.Slot(no)); err != nil || !taken {
				slot = wall.Slot(no)
			}
		}
		return nil
	})
	return slot
}

// fullAny closes a tote and binds another for what is left.
func (w *world) fullAny(rt *rapid.T) {
	t := w.running(rt)
	if len(t.Slots) == 0 {
		rt.Skip()
	}
	by, slot := w.by(picker), rapid.SampledFrom(t.Slots).Draw(rt, "slot")
	if w.do(func() error { _, err := w.f.Full(w.ctx, by, t.ID, slot.No); return err }) {
		w.reached["full"]++
		w.bind(t, []floor.Slot{{No: len(t.Slots) + 1}})
	}
}

func (w *world) shortNext(rt *rapid.T) {
	t, s := w.stop(rt)
	before := w.onHand(s.Spot())
	by := w.by(picker)
	if w.do(func() error { _, err := w.f.Short(w.ctx, by, t.ID, s.No, "empty"); return err }) {
		w.pieces[s.SKU] -= before - w.onHand(s.Spot())
		w.reached["short"]++
	}
}

func (w *world) onHand(at floor.Spot) int {
	var s floor.Stock
	w.read(func(v *ledger.View) (err error) { s, _, err = v.StockAt(at); return err })
	return s.OnHand
}

func (w *world) skipNext(rt *rapid.T) {
	t, s := w.stop(rt)
	by := w.by(picker)
	w.do(func() error { _, err := w.f.Skip(w.ctx, by, t.ID, s.No); return err })
}

// packStep does the next step at the station: open, verify, weigh or seal.
func (w *world) packStep(rt *rapid.T) {
	var p floor.Parcel
	var open bool
	w.read(func(v *ledger.View) (err error) { p, open, err = v.OpenParcel("pack-1"); return err })
	by := w.by(packer)
	if !open {
		at := rapid.SampledFrom([]floor.State{floor.Picked, floor.Picked, floor.Packing}).Draw(rt, "at")
		code := string(w.order(w.in(rt, at)).Tote)
		w.do(func() error { _, err := w.f.OpenParcel(w.ctx, by, "pack-1", code); return err })
		return
	}
	if rapid.IntRange(0, 19).Draw(rt, "park") == 0 {
		if w.do(func() error { _, err := w.f.Park(w.ctx, by, p.ID); return err }) {
			w.reached["parked"]++
		}
		return
	}
	o := w.orderByID(p.Order)
	if mark := o.NoteMark(); mark != p.Read {
		w.do(func() error { _, err := w.f.ReadNote(w.ctx, by, p.ID, mark); return err })
		return
	}
	switch p.State {
	case floor.ParcelIsOpen:
		if len(p.Items) > 1 && !w.mostly(rt) {
			if w.do(func() error { _, err := w.f.Split(w.ctx, by, p.ID); return err }) {
				w.reached["split"]++
			}
			return
		}
		i := rapid.SampledFrom(p.Items).Draw(rt, "item")
		w.do(func() error { _, err := w.f.Verify(w.ctx, by, p.ID, string(i.SKU), 1); return err })
	case floor.ParcelIsVerified:
		weight := w.weight(p.ID)
		if !w.mostly(rt) {
			weight.Grams += 90
		}
		w.do(func() error { _, err := w.f.Weigh(w.ctx, by, p.ID, weight); return err })
	case floor.ParcelIsWeighed:
		if w.do(func() error { _, err := w.f.Seal(w.ctx, by, p.ID); return err }) {
			w.reached["sealed"]++
		}
	}
}

// printStep plays the printer's lane: a label comes out, or falls into doubt and
// is answered.
func (w *world) printStep(rt *rapid.T) {
	var e floor.Effect
	w.read(func(v *ledger.View) error {
		return v.Lane("printer/pack-1", func(x floor.Effect) bool { e = x; return e.ID == "" })
	})
	if e.ID == "" {
		rt.Skip()
	}
	if e.State == floor.EffectDoubt {
		by, answer := w.by(packer), rapid.SampledFrom([]string{foreman.CameOut, foreman.DidNot, foreman.Reprint}).Draw(rt, "answer")
		w.do(func() error { _, err := w.f.AnswerDoubt(w.ctx, by, e.ID, answer); return err })
		w.reached["doubt"]++
		return
	}
	o := w.orderByID(e.Order)
	if o.Freeze != nil || o.State == floor.Closed {
		rt.Skip() // the courier would not print it
	}
	var out floor.Fact = floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: "pack-1", What: e.What, Outcome: "printed"}
	if !w.mostly(rt) {
		out = floor.EffectDoubted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: "pack-1", Why: "interrupted"}
	}
	w.lane(floor.Parcel{Station: "pack-1"}, func(floor.Effect) []floor.Fact {
		return []floor.Fact{floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: "pack-1"}, out}
	})
	w.last = nil
}

func (w *world) orderByID(id floor.OrderID) floor.Order {
	var o floor.Order
	w.read(func(v *ledger.View) (err error) { o, _, err = v.Order(id); return err })
	return o
}

// handOverAny scans a parcel onto the sheet. Promise 4: never a frozen one.
// relabelAny asks for another label of some sealed parcel, in one of the three ways.
func (w *world) relabelAny(rt *rapid.T) {
	o := w.order(w.in(rt, floor.Sealed))
	if len(o.Parcels) == 0 {
		rt.Skip()
	}
	by, id := w.by(packer), rapid.SampledFrom(o.Parcels).Draw(rt, "parcel")
	old := w.parcel(id).Waybill
	switch rapid.SampledFrom([]string{"reprint", "renew", "redo"}).Draw(rt, "verb") {
	case "reprint":
		if w.do(func() error { _, err := w.f.Reprint(w.ctx, by, id, "spoilt"); return err }) && w.parcel(id).Waybill != old {
			rt.Fatalf("reprinting %s changed its number", id)
		}
	case "renew":
		if w.do(func() error { _, err := w.f.Renew(w.ctx, by, id, "lost"); return err }) {
			w.reached["renewed"]++
			if now := w.parcel(id); now.Waybill == old || now.Waybill == "" {
				rt.Fatalf("renewed %s bears %q, before it %q", id, now.Waybill, old)
			}
		}
	case "redo":
		if w.do(func() error { _, err := w.f.Redo(w.ctx, by, "pack-1", id, "weight"); return err }) {
			w.reached["redone"]++
		}
	}
}

// printFirstAny prints the labels of some wave before it is packed, or pulls the
// sheets that were called.
func (w *world) printFirstAny(rt *rapid.T) {
	var pull floor.Run
	w.read(func(v *ledger.View) error {
		return v.Runs(func(r floor.Run) bool { pull = r; return len(r.Pull) == 0 })
	})
	by := w.by(packer)
	if len(pull.Pull) > 0 {
		w.do(func() error { _, err := w.f.Pulled(w.ctx, by, pull.ID, pull.Pull); return err })
		return
	}
	o := w.order(w.in(rt, rapid.SampledFrom([]floor.State{floor.Waved, floor.Picking, floor.Picked}).Draw(rt, "at")))
	if o.Wave == "" || w.mostly(rt) {
		rt.Skip()
	}
	if w.do(func() error { _, err := w.f.PrintFirst(w.ctx, by, o.Wave, "pack-1"); return err }) {
		w.reached["run"]++
	}
}

func (w *world) handOverAny(rt *rapid.T) {
	n := w.in(rt, floor.Sealed)
	o := w.floorOrder(n)
	if len(o.Parcels) == 0 {
		rt.Skip()
	}
	by, p := w.by(packer), rapid.SampledFrom(o.Parcels).Draw(rt, "parcel")
	if !w.do(func() error { _, err := w.f.HandOver(w.ctx, by, "sf", string(p)); return err }) {
		return
	}
	if o.Freeze != nil || o.State == floor.Closed {
		rt.Fatalf("order %s was handed over while %s, frozen %v", n, o.State, o.Freeze)
	}
	for _, other := range w.orders {
		if off := w.order(other); w.off[other] && (other == n || o.ID == off.In) {
			rt.Fatalf("order %s was handed over after its cancel was acknowledged", other)
		}
	}
	w.reached["handed over"]++
	if o.MergedBy != "" {
		w.reached["merged left"]++
	}
	if got := w.parcel(p); got.Waybill == "" || got.Label != floor.LabelPrinted {
		rt.Fatalf("parcel left as %+v", got)
	}
}

func (w *world) freezeAny(rt *rapid.T) {
	by, id := w.by(lead), w.id(w.any(rt))
	w.do(func() error { _, err := w.f.Freeze(w.ctx, by, id, floor.FreezeLead); return err })
}

func (w *world) thawAny(rt *rapid.T) {
	n := w.any(rt)
	if w.off[n] {
		rt.Skip() // a lead does not let a cancelled order go on
	}
	by, id := w.by(lead), w.id(n)
	with := w.order(n).In
	w.do(func() error { _, err := w.f.Thaw(w.ctx, by, id); return err })
	if w.order(n).In != with {
		w.reached["parted"]++
	}
}

func (w *world) closeAny(rt *rapid.T) {
	n := w.any(rt)
	if w.order(n).Freeze == nil && w.mostly(rt) {
		rt.Skip()
	}
	by, id := w.by(lead), w.id(n)
	if w.do(func() error { _, err := w.f.Close(w.ctx, by, id, "cancelled"); return err }) {
		w.reached["stopped"]++
	}
}

func (w *world) answerAny(rt *rapid.T) {
	o := w.order(w.any(rt))
	if o.Freeze == nil {
		rt.Skip()
	}
	by, ask := w.by(rapid.SampledFrom([]foreman.By{picker, packer}).Draw(rt, "who")), o.Freeze.Key
	w.do(func() error { _, err := w.f.Answer(w.ctx, by, ask, "out"); return err })
}

// invariants are promises 2, 3, 6 and the sums between the views.
func (w *world) invariants(rt *rapid.T) {
	promised := map[floor.Spot]int{}
	labels := map[floor.WaybillNo]floor.ParcelID{}
	w.read(func(v *ledger.View) error {
		all, merged := []floor.Order{}, map[floor.OrderID]bool{}
		err := v.Orders("", "", func(o floor.Order) bool {
			all = append(all, o)
			if g, ok, err := v.Order(o.In); o.In != "" && !merged[o.In] {
				if err != nil || !ok || !slices.Contains(g.Of, o.ID) || g.State != o.State {
					rt.Fatalf("order %s, %s, goes in %s, %s of %v: %v", o.Number, o.State, o.In, g.State, g.Of, err)
				}
				if o.Freeze != nil && g.Freeze == nil {
					rt.Fatalf("order %s is frozen, and hands go on with %s", o.Number, o.In)
				}
				merged[o.In], all = true, append(all, g)
			}
			return true
		})
		for _, o := range all {
			for _, l := range o.Lines {
				if l.Out {
					continue // it goes back
				}
				if got := l.Picked + l.Missing + l.ReservedQty(); got > l.Qty || l.Packed > l.Qty || l.Picked < 0 {
					rt.Fatalf("order %s line %d: %+v is more than %d", o.Number, l.No, l, l.Qty)
				}
				for _, b := range l.Reserved {
					promised[floor.Spot{Bin: b.Bin, SKU: l.SKU, Lot: b.Lot}] += b.Qty
				}
			}
			if o.State == floor.Closed && (o.Freeze != nil || anyReserved(o)) {
				rt.Fatalf("order %s is closed, but frozen or holding stock: %+v", o.Number, o)
			}
			w.together(v, o)
			if o.In != "" {
				continue // its parcels are those of the order it goes in
			}
			for _, id := range o.Parcels {
				p := w.parcelIn(v, id)
				if p.Waybill == "" {
					continue
				}
				if k, dead, err := v.Killed(p.Waybill); dead || err != nil {
					rt.Fatalf("parcel %s (%s) bears %s, which is on the kill list: %+v, %v", id, p.State, p.Waybill, k, err)
				}
				if other, twice := labels[p.Waybill]; twice {
					rt.Fatalf("waybill number %s is on %s and %s", p.Waybill, other, id)
				}
				labels[p.Waybill] = id
			}
		}
		return err
	})
	w.shelves(rt, promised)
	w.board(rt)
}

// together: the parcels of an order hold what was scanned of it, no more and no less.
func (w *world) together(v *ledger.View, o floor.Order) {
	if o.State == floor.Closed || o.In != "" {
		return
	}
	in := map[int]int{}
	for _, id := range o.Parcels {
		p := w.parcelIn(v, id)
		if o.MergedBy != "" && p.State == floor.ParcelIsVoid {
			continue // packed anew without the order that left
		}
		for _, i := range p.Items {
			if l := o.Line(i.Line); l.Out && p.State == floor.ParcelHasLeft {
				continue // the cancel came after this one of several had left
			}
			in[i.Line] += i.Verified
			numbered := p.Waybill != "" && (p.Run == "" || p.State == floor.ParcelIsSealed || p.State == floor.ParcelHasLeft) // a label printed first has its number before
			if i.Verified > i.Qty || numbered && i.Verified != i.Qty {
				w.rt.Fatalf("parcel %s of order %s: %+v", id, o.Number, p)
			}
		}
	}
	for _, l := range o.Lines {
		if l.Out && in[l.No] > 0 && o.State == floor.Sealed {
			w.rt.Fatalf("order %s line %d left it and is in a parcel", o.Number, l.No)
		}
		if l.Out {
			continue
		}
		if in[l.No] != l.Packed || !o.State.Before(floor.Sealed) && l.Packed != l.Qty {
			w.rt.Fatalf("order %s line %d: %d in parcels, %d packed of %d, %s", o.Number, l.No, in[l.No], l.Packed, l.Qty, o.State)
		}
	}
}

func anyReserved(o floor.Order) bool {
	for _, l := range o.Lines {
		if len(l.Reserved) > 0 {
			return true
		}
	}
	return false
}

func (w *world) parcelIn(v *ledger.View, id floor.ParcelID) floor.Parcel {
	p, _, err := v.Parcel(id)
	if err != nil {
		w.rt.Fatal(err)
	}
	return p
}

// shelves: what is reserved is what orders hold, never more than is there, and
// pieces neither appear nor vanish.
func (w *world) shelves(rt *rapid.T, promised map[floor.Spot]int) {
	have := map[floor.SKU]int{}
	w.read(func(v *ledger.View) error {
		return v.Stock(func(s floor.Stock) bool {
			if s.Reserved != promised[s.Spot] || s.Reserved > s.OnHand || s.Reserved < 0 {
				rt.Fatalf("stock %+v, but orders hold %d of it", s, promised[s.Spot])
			}
			have[s.SKU] += s.OnHand
			return true
		})
	})
	for sku, want := range w.pieces {
		if have[sku] != want {
			rt.Fatalf("%d of %s on the shelves; want %d", have[sku], sku, want)
		}
	}
}

// board: the figures are the count of the orders.
func (w *world) board(rt *rapid.T) {
	w.read(func(v *ledger.View) error {
		g, err := v.Figures()
		if err != nil {
			return err
		}
		by, frozen := map[floor.State]int{}, 0
		err = v.Orders("", "", func(o floor.Order) bool {
			by[o.State]++
			if o.Freeze != nil {
				frozen++
			}
			return true
		})
		for _, s := range floor.States() {
			if g.ByState[s] != by[s] {
				rt.Fatalf("figures say %d %s; there are %d", g.ByState[s], s, by[s])
			}
		}
		if g.Frozen != frozen {
			rt.Fatalf("figures say %d frozen; there are %d", g.Frozen, frozen)
		}
		return err
	})
}

// rebuilt demands that the views are the fold of the journal, byte for byte.
func (w *world) rebuilt() {
	w.checkViews()
}

// TestCancelAgainstShip lets a cancel and a handover run into each other: exactly
// one wins, and the loser is told.
func TestCancelAgainstShip(t *testing.T) {
	s := newSite(t)
	const pairs = 200
	s.count("A-02-03-1", "SK03", 2*pairs)
	numbers := make([]floor.WaybillNo, pairs)
	for i := range numbers {
		numbers[i] = floor.WaybillNo(fmt.Sprintf("SF9%012d", i+1))
	}
	s.ok(s.f.PoolWaybills(t.Context(), s.root(), "sf", numbers))
	stopped, left := 0, 0
	for i := range pairs {
		n := fmt.Sprint(1000 + i)
		s.receive(shopOrder(n, "SK03", 1))
		s.pickAll(s.release(n))
		p := s.pack(n)
		s.printed(p)
		off := shopOrder(n, "SK03", 1)
		off.State, off.ModifiedAt, off.Content = floor.ShopCancelled, monday.Add(time.Minute), "off"
		by, key := s.by(packer), s.key()
		var wg sync.WaitGroup
		var got foreman.Received
		var handErr, recErr error
		race := []func(){
			func() { _, handErr = s.f.HandOver(t.Context(), by, "sf", string(p.Waybill)) },
			func() {
				got, recErr = s.f.Receive(t.Context(), foreman.Intake{Key: key, Channel: "pdd-main", Orders: []floor.ShopOrder{off}})
			},
		}
		wg.Go(race[i%2])
		wg.Go(race[1-i%2])
		wg.Wait()
		o := s.order(n)
		switch {
		case recErr != nil:
			t.Fatal(recErr)
		case handErr == nil && got.Missed == 1 && o.State == floor.HandedOver && o.Freeze == nil:
			left++
		case refused(handErr, "frozen") && got.Frozen == 1 && o.State == floor.Sealed && o.Freeze != nil:
			stopped++
		default:
			t.Fatalf("pair %d: handover %v, cancel %+v, order %s frozen %v", i, handErr, got, o.State, o.Freeze)
		}
	}
	t.Logf("%d pairs: %d left first, %d were stopped", pairs, left, stopped)
	if left == 0 || stopped == 0 {
		t.Errorf("the race was always won by the same side; it proves nothing")
	}
	s.checkViews()
}

// joinAny lets waiting orders join the walks under way. What is left of a walk must
// come in the order it had, and the picker's next stop stay the next.
func (w *world) joinAny(rt *rapid.T) {
	snap, tasks, runs, left := wave.Snapshot{}, []floor.Task{}, []wave.Running{}, [][]int{}
	var err error
	if snap.Layout, err = wave.InferLayout(foreman.Places(bins)); err != nil {
		rt.Fatal(err)
	}
	for _, n := range w.orders {
		by, id := w.root(), w.id(n)
		w.do(func() error { _, err := w.f.Allocate(w.ctx, by, id); return err })
		if o := w.order(n); o.State == floor.Allocated {
			snap.Orders = append(snap.Orders, foreman.Plannable(o, nil))
		}
	}
	w.read(func(v *ledger.View) error {
		return v.LiveTasks(func(t floor.Task) bool {
			order := func(id floor.OrderID) (floor.Order, error) { return w.orderByID(id), nil }
			if run, numbers, ok, err := foreman.Walking(t, order, nil); err != nil {
				rt.Fatal(err)
			} else if ok {
				tasks, runs, left = append(tasks, t), append(runs, run), append(left, numbers)
			}
			return true
		})
	})
	rules := wave.DefaultRules()
	rules.JoinMetres = 100
	joins := wave.Join(snap, runs, rules, monday)
	if len(joins) == 0 {
		rt.Skip()
	}
	if rapid.IntRange(0, 3).Draw(rt, "the picker goes on meanwhile") == 0 {
		for range 2 {
			w.pickNext(rt)
		}
	}
	for _, j := range joins {
		was := w.site.task(tasks[j.Run].ID)
		by := w.root()
		w.do(func() error { _, err := w.f.Join(w.ctx, by, was.ID, left[j.Run], j); return err })
		is := w.site.task(was.ID)
		old := slices.DeleteFunc(open(is), func(s floor.Stop) bool { return s.Order == j.Order })
		if before := open(was); !slices.Equal(old, before) {
			rt.Fatalf("a walk was reshuffled: %+v, then %+v", before, old)
		}
		o := w.orderByID(j.Order)
		if len(is.Stops) == len(was.Stops) {
			if o.State != floor.Allocated && o.Task == is.ID {
				rt.Fatalf("order %s has no stops on %s, but is %s", o.Number, is.ID, o.State)
			}
			continue
		}
		if a, b := was.Next(nil), is.Next(nil); a == nil || a.No != b.No {
			rt.Fatalf("the picker was on the way to %+v and is sent to %+v", a, b)
		}
		if o.State != floor.Waved || o.Task != is.ID || o.Wave != is.Wave || is.Slots[len(is.Slots)-1].Order != o.ID {
			rt.Fatalf("order %s has joined %s: %s, on %s", o.Number, is.ID, o.State, o.Task)
		}
		w.reached["joined"]++
		if is.ID == w.taken() {
			w.bind(is, is.Slots[len(is.Slots)-1:])
		}
	}
}

// open gives the stops that are left of a walk, as the picker is led.
func open(t floor.Task) []floor.Stop {
	var out []floor.Stop
	for _, s := range t.Stops {
		if s.Left() > 0 {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b floor.Stop) int { return a.Skipped - b.Skipped })
	return out
}

// taken is the task that the picker has, if any.
func (w *world) taken() (id floor.TaskID) {
	w.read(func(v *ledger.View) error {
		p, _, err := v.Person("li.wei")
		id = p.Task
		return err
	})
	return id
}
