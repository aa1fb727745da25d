package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/internal/config"
	fakes "floord/internal/sim/shop"
	"floord/sync/ledger"
)

// TestOneParcelOfTwoOrders: two orders that the platform lets go together are picked,
// packed and labelled once by the site's rule, and the shop hears one number for both.
func TestOneParcelOfTwoOrders(t *testing.T) {
	for _, tt := range []struct {
		driver string
		fake   *fakes.Shop
	}{
		{"pdd", pdd()}, // each order says it
		{"douyin", fakes.NewDouyin("me", "s3cret", "t0ken")},
		{"xiaohongshu", fakes.NewXiaohongshu("me", "s3cret", "t0ken")},
		{"wechat_store", fakes.NewWeChat("me", "s3cret", "t0ken")},
		{"kuaishou", fakes.NewKuaishou("me", "s3cret", "s1gn", "t0ken")}, // when asked for one, in its ciphers
		{"taobao", fakes.NewTaobao("me", "s3cret", "t0ken")},             // when asked to compare
		{"woocommerce", fakes.NewWoo("me", "s3cret")},                    // says who gets it
	} {
		t.Run(tt.driver, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { mergesTwo(t, tt.driver, tt.fake) }) })
	}
}

func mergesTwo(t *testing.T, driver string, fake *fakes.Shop) {
	by, err := rules.Parse("rules.toml", []byte("[[merge]]\nname = \"one\"\nwithin = \"1h\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	b := inBubble(t, driver, fake, func(c *config.Config) {
		c.Orders.Rules = by
		crewed(c)
	})
	w := b.crew("A")
	elsewhere := b.shop.Place(fakes.Order{Items: []fakes.Item{{SKU: "A", Name: "T恤", Qty: 1}}, PayFen: 100, Name: "张四", Phone: "139", Province: "广东省",
		City: "深圳市", District: "南山区", Street: "路2号", ShipIn: 30 * time.Hour})
	ns := []string{b.place(30 * time.Hour), b.place(30 * time.Hour)}
	b.run(b.pull, b.lane, b.d.planner.run)
	after(11 * time.Minute)
	o, _ := b.order(ns[0])
	if o.In == "" {
		t.Fatalf("the first order is %s, key %q; want both in one parcel (%+v)", o.State, o.MergeKey, b.s.state())
	}
	if x, _ := b.order(elsewhere); x.In != "" || x.State.Before(floor.Allocated) {
		t.Errorf("who lives elsewhere: %s, in %q", x.State, x.In)
	}
	parcel, number := w.seal(o.In)
	label, err := b.d.waybill(floor.Effect{Parcel: parcel, Order: o.In, Copy: 1})
	if err != nil || label.Number != string(number) || len(label.Items) != 2 || label.Recipient.Name == "" || label.OrderNo != string(o.In) {
		t.Errorf("its label says %+v, %v", label, err)
	}
	w.send(number)
	after(time.Minute)
	for _, n := range ns {
		if no, times := b.shop.Shipped(n); no != string(number) || times != 1 {
			t.Errorf("the shop heard %d times of order %s, last %q", times, n, no)
		}
	}
	if slices.ContainsFunc(b.calls(), func(c string) bool { return strings.HasPrefix(c, "effect-refused") }) {
		t.Errorf("a person was called: %q", b.calls())
	}
}

// crewed is a site with a pack station and a carrier whose numbers lie in a pool.
func crewed(c *config.Config) {
	c.Stations = []config.Station{{ID: "pack-1"}}
	c.Wave.MinFill, c.Wave.TotesPerCart = 1, 1
	c.Carriers = []config.Carrier{{ID: "sf", Name: "顺丰速运", Driver: "demo"}}
	if ch := &c.Channels[0]; ch.Driver == "kuaishou" { // its carriers' numbers are the site's
		ch.Codes = []config.Code{{Carrier: "sf", Code: "4"}}
	}
}

// A crew is who ships what the planner releases: a picker, a packer and a lead.
type crew struct {
	b                *bubble
	hand, desk, lead foreman.By
	totes            int
}

// crew staffs a site that is crewed and lays stock of SKUs in. The planner may run then.
func (b *bubble) crew(skus ...floor.SKU) *crew {
	b.t.Helper()
	ctx, f := b.t.Context(), b.d.foreman
	bin := floor.BinInfo{Bin: "A-02", Zone: "A", Aisle: 2, X: 4, Y: 9}
	b.must(f.SetBins(ctx, b.d.by("t"), []floor.BinInfo{{Bin: "A-01", Zone: "A", Aisle: 1, X: 1, Y: 1}, bin}))
	for _, sku := range skus {
		b.must(f.SetSKUs(ctx, b.d.by("t"), []floor.SKUInfo{{SKU: sku, Name: "T恤", Grams: 200}}))
		b.must(f.Count(ctx, b.d.by("t"), floor.Spot{Bin: bin.Bin, SKU: sku}, 99, "load"))
	}
	var pool []floor.WaybillNo
	for n := range 50 {
		pool = append(pool, floor.WaybillNo(fmt.Sprintf("SF%d", n+1)))
	}
	b.must(f.PoolWaybills(ctx, b.d.by("t"), "sf", pool))
	w := &crew{b: b, hand: foreman.By{Person: "li.wei", Device: "pda-1"}, desk: foreman.By{Person: "wang.fang", Device: "screen-1"}, lead: foreman.By{Person: "chen.jie", Device: "board-1"}}
	for _, x := range []struct {
		by      foreman.By
		role    floor.Role
		screen  string
		station floor.StationID
	}{{w.hand, floor.RolePicker, "pda", ""}, {w.desk, floor.RolePacker, "station", "pack-1"}, {w.lead, floor.RoleLead, "board", ""}} {
		b.must(f.SetPerson(ctx, b.d.by("t"), floor.Person{ID: x.by.Person, Name: "x", Roles: []floor.Role{x.role}}, "badge-"+string(x.by.Person)))
		code, err := f.Invite(ctx, b.d.by("t"), x.by.Device, x.screen, x.station)
		if err == nil {
			_, _, err = f.Pair(ctx, code)
		}
		if err == nil {
			_, _, err = f.Login(ctx, w.key(x.by), "badge-"+string(x.by.Person))
		}
		b.must(ledger.Receipt{}, err)
	}
	var err error
	b.d.planner, err = newPlanner(b.d)
	b.must(ledger.Receipt{}, err)
	return w
}

func (b *bubble) must(_ ledger.Receipt, err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (w *crew) key(by foreman.By) foreman.By { by.Key = w.b.d.by("t").Key; return by }

// seal picks and packs the orders of the next walks, one each, until it is that order's turn.
func (w *crew) seal(order floor.OrderID) (parcel floor.ParcelID, number floor.WaybillNo) {
	w.b.t.Helper()
	for range 10 {
		var p floor.Parcel
		id := w.sealNext()
		w.b.must(ledger.Receipt{}, w.b.d.ledger.Read(func(v *ledger.View) (err error) { p, _, err = v.Parcel(id); return err }))
		if p.Order == order {
			return id, p.Waybill
		}
		after(time.Minute)
	}
	w.b.t.Fatalf("%s is in no walk", order)
	return "", ""
}

func (w *crew) sealNext() floor.ParcelID {
	w.b.t.Helper()
	return w.close(w.open())
}

// open picks the next walk's order and brings it to the pack station.
func (w *crew) open() (floor.ParcelID, floor.Task) {
	b := w.b
	b.t.Helper()
	ctx, f := b.t.Context(), b.d.foreman
	id, err := f.Take(ctx, w.key(w.hand), "")
	b.must(ledger.Receipt{}, err)
	var task floor.Task
	b.must(ledger.Receipt{}, b.d.ledger.Read(func(v *ledger.View) (err error) { task, _, err = v.Task(id); return err }))
	w.totes++
	tote := floor.ToteID(fmt.Sprintf("tote-%d", w.totes))
	b.must(f.BindTote(ctx, w.key(w.hand), id, 1, tote))
	for _, s := range task.Stops {
		b.must(f.Pick(ctx, w.key(w.hand), foreman.PickScan{Task: id, Stop: s.No, Bin: s.Bin, Code: string(s.SKU), Qty: s.Qty}))
	}
	parcel, err := f.OpenParcel(ctx, w.key(w.desk), "pack-1", string(tote))
	b.must(ledger.Receipt{}, err)
	var o floor.Order
	b.must(ledger.Receipt{}, b.d.ledger.Read(func(v *ledger.View) (err error) { o, _, err = v.Order(task.Slots[0].Order); return err }))
	b.must(f.ReadNote(ctx, w.key(w.desk), parcel, o.NoteMark()))
	return parcel, task
}

// close packs a parcel that is open, until its label is on it.
func (w *crew) close(parcel floor.ParcelID, task floor.Task) floor.ParcelID {
	b := w.b
	b.t.Helper()
	ctx, f := b.t.Context(), b.d.foreman
	grams := floor.Grams(0)
	for _, s := range task.Stops {
		b.must(f.Verify(ctx, w.key(w.desk), parcel, string(s.SKU), s.Qty))
		grams += floor.Grams(200 * s.Qty)
	}
	b.must(f.Weigh(ctx, w.key(w.desk), parcel, floor.Weight{Grams: grams, ZeroSeen: true}))
	b.must(f.Seal(ctx, w.key(w.desk), parcel))
	b.printed(parcel)
	return parcel
}

// send hands a sealed parcel over.
func (w *crew) send(number floor.WaybillNo) {
	w.b.t.Helper()
	w.b.must(w.b.d.foreman.HandOver(w.b.t.Context(), w.key(w.desk), "sf", string(number)))
}

// hands gives what people are to do.
func (b *bubble) hands() (out []floor.Effect) {
	b.t.Helper()
	b.must(ledger.Receipt{}, b.d.ledger.Read(func(v *ledger.View) error {
		return v.Lane(floor.LaneHands, func(e floor.Effect) bool { out = append(out, e); return true })
	}))
	return out
}

// TestGiftsAreReportedByHand: Kuaishou wants gifts shipped on their own. A lead is told
// which, and under which number, until one says that it is done.
func TestGiftsAreReportedByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "kuaishou", fakes.NewKuaishou("me", "s3cret", "s1gn", "t0ken"), crewed)
		w := b.crew("A", "G")
		with := fakes.Order{Items: []fakes.Item{{SKU: "A", Name: "T恤", Qty: 1}, {SKU: "G", Name: "袜子", Qty: 2}}, PayFen: 100, Name: "张三", Phone: "138",
			Province: "广东省", City: "深圳市", District: "南山区", Street: "路1号", ShipIn: 30 * time.Hour}
		n := b.shop.Place(with)
		b.run(b.pull, b.lane, b.d.planner.run)
		after(6 * time.Minute)
		o, _ := b.order(n)
		_, number := w.seal(o.ID)
		w.send(number)
		after(time.Minute)
		if no, times := b.shop.Shipped(n); no != "SF1" || times != 1 {
			t.Fatalf("the shop heard %d times of the order, last %q", times, no)
		}
		todo := b.hands()
		if len(todo) != 1 {
			t.Fatalf("to be done by hand: %+v; want the gifts", todo)
		}
		want := "店铺 main 订单 " + n + "：赠品 G×2 已随包裹寄出，平台要求赠品单独发货。请到商家后台给赠品填写顺丰速运运单 SF1，再点“已办”。"
		if got := floor.Say("zh", todo[0].Args["code"], todo[0].Args); got != want {
			t.Errorf("the board says %q; want %q", got, want)
		}
		done := func(by foreman.By) string {
			_, err := b.d.foreman.DoneByHand(t.Context(), w.key(by), todo[0].ID)
			if no := foreman.Refusal(err); no != nil {
				return no.Code
			}
			b.must(ledger.Receipt{}, err)
			return ""
		}
		if no := done(w.desk); no != "no-role" {
			t.Errorf("a packer said that it is done: %q", no)
		}
		if no := done(w.lead); no != "" || len(b.hands()) != 0 {
			t.Errorf("a lead said that it is done: %q, left %+v", no, b.hands())
		}
		if no := done(w.lead); no != "no-chore" {
			t.Errorf("a lead said so again: %q", no)
		}
	})
}

// printed says that a parcel's label came out.
func (b *bubble) printed(id floor.ParcelID) {
	b.t.Helper()
	_, err := b.d.ledger.Commit(b.t.Context(), ledger.Request{Key: b.d.by("t").Key, Actor: "floord", Urgent: true}, func(v *ledger.View) (facts []floor.Fact, err error) {
		err = v.Lane(foreman.PrinterLane("pack-1"), func(e floor.Effect) bool {
			facts = append(facts, floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: "pack-1"},
				floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: id, Station: "pack-1", What: e.What, Outcome: "printed"})
			return false
		})
		return facts, err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}
