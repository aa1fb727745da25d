package daemon

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	fakes "floord/internal/sim/shop"
	"floord/internal/sim/wire"
	"floord/sync/channel"
	"floord/sync/ledger"
)

func (b *bubble) unread() (all []floor.Unread) {
	b.t.Helper()
	err := b.d.ledger.Read(func(v *ledger.View) error {
		return v.Unread("main", func(u floor.Unread) bool { all = append(all, u); return true })
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// TestPayloadsThatNobodyCanRead are kept by hash, once each and so many, are counted,
// and stop nothing.
func TestPayloadsThatNobodyCanRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), func(c *config.Config) { c.Channels[0].Every = 10 * time.Second })
		n := b.place(time.Hour)
		b.shop.Faults.Next("", wire.Garbage, wire.Garbage, wire.Garbage)
		b.run(b.pull, b.follow)
		after(5 * time.Minute)
		if _, ok := b.order(n); !ok {
			t.Fatal("the lane stopped")
		}
		all := b.unread()
		if len(all) != 1 || len(all[0].Hash) != 64 || all[0].Op == "" || !strings.Contains(all[0].Why, "not JSON") || b.s.pulse.garbled != 3 {
			t.Fatalf("kept %+v of %d; want the one page once", all, b.s.pulse.garbled)
		}
		var out bytes.Buffer
		if err := b.d.Operate(t.Context(), []string{"channel", "unread", "main", all[0].Hash[:12]}, nil, &out); err != nil || !strings.Contains(out.String(), "网络认证") {
			t.Errorf("its bytes: %q, %v", out.String(), err)
		}
		if err := b.d.Operate(t.Context(), []string{"channel", "unread", "main", strings.Repeat("0", 12)}, nil, io.Discard); err == nil {
			t.Error("a payload that is not there was printed")
		}
		// A push that is signed right and cannot be read.
		odd := `{"id":2,"commandType":"Common","message":{"type":"pdd_trade_TradeConfirmed","content":"{"}}`
		if _, err := b.d.keep(t.Context(), b.s, "hook", []byte(odd)); err != nil {
			t.Fatal(err)
		}
		after(time.Second)
		if all = b.unread(); len(all) != 2 || all[1].Op != "push" {
			t.Errorf("with the push: %+v", all)
		}
		// Another error page each time, for hours: the disk does not fill.
		b.shop.set(func(f *sim) {
			f.instead = func(i int) string { return fmt.Sprintf("<html>%d%s", i, strings.Repeat("x", 300<<10)) }
		})
		after(6 * time.Hour)
		b.shop.set(func(f *sim) { f.instead = nil })
		late := b.place(time.Hour)
		all = b.unread()
		if most := unreadBurst + 1 + int(7*time.Hour/unreadEvery); len(all) > most || b.s.pulse.garbled < 500 {
			t.Errorf("%d of %d kept; want at most %d", len(all), b.s.pulse.garbled, most)
		}
		newest := all[len(all)-1]
		if raw, err := b.d.ledger.Raw(newest.Seq); err != nil || len(raw) != 256<<10 || newest.Size <= len(raw) {
			t.Errorf("%d bytes kept of %d, %v; want 256 KiB", len(raw), newest.Size, err)
		}
		after(10 * time.Minute)
		if _, ok := b.order(late); !ok {
			t.Error("the lane stopped")
		}
	})
}

// TestEveryKindOfNonsense is kept by its hash, with the reason, and the lane goes on.
func TestEveryKindOfNonsense(t *testing.T) {
	for name, answer := range map[string]string{
		"no JSON":        "<html>网络认证</html>",
		"half of it":     `{"order_sn_increment_get_response":{"total_count":1,"order_sn_list":[{"order_sn":"26`,
		"too deep":       strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000),
		"too large":      `{"order_sn_increment_get_response":{"a":"` + strings.Repeat("x", 40<<20) + `"}}`,
		"a name twice":   `{"order_sn_increment_get_response":{"total_count":0,"order_sn_list":[]},"order_sn_increment_get_response":{"total_count":1}}`,
		"a list instead": `[]`,
		"nothing":        `null`,
		"a number":       `{"order_sn_increment_get_response":7}`,
		"another answer": `{"ok":true}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, "pdd", pdd(), func(c *config.Config) { c.Channels[0].Every = 10 * time.Second })
			n := b.place(time.Hour)
			b.shop.set(func(f *sim) {
				f.instead = func(int) string { return answer }
			})
			b.run(b.pull, b.follow)
			after(2 * time.Minute)
			all := b.unread()
			if len(all) != 1 || len(all[0].Hash) != 64 || all[0].Why == "" || b.s.pulse.garbled < 2 {
				t.Errorf("%s: kept %+v of %d; want it once, by its hash, and each time counted", name, all, b.s.pulse.garbled)
			} else if raw, err := b.d.ledger.Raw(all[0].Seq); err != nil || len(raw) == 0 || len(raw) > 256<<10 || all[0].Size > 64<<20 {
				t.Errorf("%s: %d bytes kept of %d, %v", name, len(raw), all[0].Size, err)
			}
			b.shop.set(func(f *sim) { f.instead = nil })
			after(10 * time.Minute)
			if _, ok := b.order(n); !ok {
				t.Errorf("%s: the lane stopped", name)
			}
		})
	}
}

// TestAnOrderOfTheWrongForm is held and shown, under a name made of its payload.
func TestAnOrderOfTheWrongForm(t *testing.T) {
	for _, list := range []string{`"261110-1"`, `[7]`, `[null,{"order_sn":{"a":1}}]`, `[[]]`} {
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, "pdd", pdd(), nil)
			b.shop.set(func(f *sim) {
				f.instead = func(int) string {
					return `{"order_sn_increment_get_response":{"total_count":"many","order_sn_list":` + list + `}}`
				}
			})
			b.run(b.pull)
			after(11 * time.Minute)
			held := 0
			err := b.d.ledger.Read(func(v *ledger.View) error {
				return v.Orders("", "", func(o floor.Order) bool {
					if strings.HasPrefix(o.Number, "unmapped-") && o.State == floor.New && len(o.Holds) > 0 {
						held++
					}
					return true
				})
			})
			if err != nil || held == 0 {
				t.Errorf("%s: %d orders held, %v", list, held, err)
			}
		})
	}
}

// TestAnUnmappableFieldHoldsItsOrder and no other, naming field and payload.
func TestAnUnmappableFieldHoldsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), nil)
		good := b.place(time.Hour)
		bad, field := b.shop.PlaceSpoilt(fakes.Order{Items: []fakes.Item{{SKU: "A", Qty: 1}}, PayFen: 100, Name: "张三", Phone: "138", Province: "广东省", City: "深圳市", Street: "路1号"})
		b.run(b.pull)
		after(11 * time.Minute)
		o, ok := b.order(bad)
		if !ok || len(o.Content) != 64 || !slices.ContainsFunc(o.Holds, func(h floor.Hold) bool { return h.Code == floor.HoldUnmapped && h.Field == field }) {
			t.Errorf("held by %+v, payload %q; want field %s", o.Holds, o.Content, field)
		}
		if o, ok := b.order(good); !ok || slices.ContainsFunc(o.Holds, func(h floor.Hold) bool { return h.Code == floor.HoldUnmapped }) {
			t.Errorf("the order beside it: %v, %+v", ok, o.Holds)
		}
	})
}

// TestTheMorningSweep asks at 09:00 for every order of the days before that still
// needs hands: what neither pull nor push has told us.
func TestTheMorningSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it is 08:00 of the site's 1 January
		b := inBubble(t, "douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), nil)
		n := b.refundedUnseen()
		b.run(b.d.sweep)
		after(2 * time.Hour) // the sweep of today: the order came today
		if o, _ := b.order(n); o.State == floor.Closed {
			t.Error("an order of today was swept")
		}
		b.shop.Faults.Next("", wire.GatewayTimeout, wire.GatewayTimeout) // it ends early, twice
		after(22*time.Hour + 59*time.Minute)                             // 08:59
		if met := b.shop.Faults.Met(); met != 0 {
			t.Errorf("it asked before 09:00")
		}
		after(90 * time.Second)
		if met := b.shop.Faults.Met(); met != 1 {
			t.Fatalf("asked %d times at 09:00 of the next day", met)
		}
		after(2 * time.Minute)
		if met := b.shop.Faults.Met(); met != 2 {
			t.Errorf("asked %d times within two minutes; want it again after a minute", met)
		}
		if all := b.s.pulse.troubles(); len(all) != 1 || all[0].id != "down/sweep" {
			t.Errorf("the board shows %v", all)
		}
		after(6 * time.Minute)
		if o, _ := b.order(n); o.State != floor.Closed || len(b.s.pulse.troubles()) != 0 {
			t.Errorf("after the sweep it is %s; the shop closed it", o.State)
		}
	})
}

// refundedUnseen has an order come that the shop then refunds, of which nobody tells us.
func (b *bubble) refundedUnseen() string {
	n := b.place(72 * time.Hour)
	o, err := b.s.check(b.t.Context(), n)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.d.foreman.Receive(b.t.Context(), foreman.Intake{Key: "20000101/t/1", Channel: "main", Orders: []floor.ShopOrder{o}}); err != nil {
		b.t.Fatal(err)
	}
	b.shop.Refund(n)
	return n
}

// TestASweepAfterALateStart: where the machine is off at night, nobody is there at
// 09:00.
func TestASweepAfterALateStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), nil)
		n := b.refundedUnseen()
		after(26 * time.Hour) // it is 10:00 of the next day
		b.run(b.d.sweep)
		after(2 * time.Minute)
		if o, _ := b.order(n); o.State != floor.Closed {
			t.Errorf("two minutes after the start it is %s; the shop closed it", o.State)
		}
		asked := b.shop.Calls("order.orderDetail")
		after(22 * time.Hour) // and no second time that day
		if again := b.shop.Calls("order.orderDetail"); again != asked {
			t.Errorf("asked %d times more", again-asked)
		}
	})
}

// TestASweepOfMany asks for each order once, also where there are more than are looked at
// in one view.
func TestASweepOfMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), nil)
		b.shop.Quick(true)
		var page channel.Page
		for i := range maxLooked + 200 {
			page.Orders = append(page.Orders, floor.ShopOrder{Channel: "main", Shop: "1", Number: b.place(72 * time.Hour), State: floor.ShopPaid, Pay: 1,
				Lines: []floor.ShopLine{{SKU: "A", Qty: 1}}, Content: strconv.Itoa(i)})
		}
		if _, err := b.d.receive(t.Context(), "main", page); err != nil {
			t.Fatal(err)
		}
		asked, err := b.d.sweepShop(t.Context(), b.s, time.Now().Add(24*time.Hour))
		if calls := b.shop.Calls(""); err != nil || asked != len(page.Orders) || calls != asked {
			t.Errorf("asked for %d of %d orders in %d questions, %v", asked, len(page.Orders), calls, err)
		}
	})
}

// TestABackfillStarvesNothing: while it reads days again, live pulls keep their time
// and pushes theirs.
func TestABackfillStarvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), nil)
		old := time.Now().Add(-100 * time.Hour)
		for i := range 400 {
			b.shop.Place(fakes.Order{Items: []fakes.Item{{SKU: "A", Qty: 1}}, PayFen: 100, Name: "张三", Phone: "138", Province: "广东省", City: "深圳市",
				Street: "路1号", PaidAt: old.Add(time.Duration(i) * 10 * time.Minute)})
		}
		b.run(b.pull, b.follow)
		after(time.Minute)
		done := make(chan error, 1)
		var said bytes.Buffer
		args := []string{"channel", "backfill", "main", old.Add(-time.Hour).Format(time.RFC3339), time.Now().Format(time.RFC3339)}
		go func() { done <- b.d.Operate(t.Context(), args, nil, &said) }()
		r := b.d.rhythm(b.s)
		for i := range 60 {
			n := b.place(time.Hour)
			body := fmt.Sprintf(`{"id":%d,"commandType":"Common","message":{"type":"pdd_trade_TradeConfirmed","content":"{\"tid\":\"%s\"}"}}`, i, n)
			if _, err := b.d.keep(t.Context(), b.s, "hook", []byte(body)); err != nil {
				t.Fatal(err)
			}
			after(10 * time.Second)
			if _, ok := b.order(n); !ok {
				t.Errorf("push %d is not in after 10 s", i)
			}
			if lag, allowed := b.s.pulse.pullLag(time.Now(), r); lag > allowed {
				t.Errorf("the live pull is %v behind; allowed are %v", lag, allowed)
			}
		}
		if err := <-done; err != nil || !strings.Contains(said.String(), "new") {
			t.Fatalf("%s %v", said.String(), err)
		}
		var read int
		if _, err := fmt.Sscanf(said.String(), "main: %d orders read", &read); err != nil || read < 400 {
			t.Errorf("it said %q; want 400 orders read", said.String())
		}
	})
}

// TestAnswersThatGiveMoneyBack go out only where the site says so; else a person is
// called to the back office. The freeze's time goes with an answer that takes it.
func TestAnswersThatGiveMoneyBack(t *testing.T) {
	for _, tt := range []struct {
		driver string
		fake   *fakes.Shop
		agrees bool
		sent   bool
	}{
		{"jd", fakes.NewJD("me", "s3cret", "t0ken"), false, false},
		{"jd", fakes.NewJD("me", "s3cret", "t0ken"), true, true},
		{"douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), false, true}, // says that the shipping was stopped
	} {
		synctest.Test(t, func(t *testing.T) {
			b := inBubble(t, tt.driver, tt.fake, func(c *config.Config) { c.Channels[0].Refunds = tt.agrees })
			n := b.place(72 * time.Hour)
			b.run(b.pull, b.lane)
			after(11 * time.Minute)
			if _, ok := b.order(n); !ok {
				t.Fatal("the order is not in")
			}
			b.shop.CancelByBuyer(n)
			b.shop.set(func(f *sim) { f.heard = nil })
			after(12 * time.Minute)
			answers, _ := b.shop.Answered(n)
			if sent := len(answers) == 1 && answers[0] == "SUCCESS"; sent != tt.sent {
				t.Errorf("%s, agree_refunds %v: answered %q; want it sent: %v", tt.driver, tt.agrees, answers, tt.sent)
			}
			if called := slices.Contains(b.calls(), "effect-refused "); called == tt.sent {
				t.Errorf("%s, agree_refunds %v: a person was called: %v", tt.driver, tt.agrees, called)
			}
			if byHand := len(b.hands()) == 1 && b.hands()[0].Args["code"] == "answer-by-hand"; byHand == tt.sent {
				t.Errorf("%s, agree_refunds %v: to be done by hand: %+v", tt.driver, tt.agrees, b.hands())
			}
			if tt.driver != "douyin" {
				return
			}
			var since string
			for e, err := range b.d.ledger.Past(t.Context(), 0, ledger.Topic{string(floor.EffectAsked{}.Kind())}) {
				if f := e.Fact.(floor.EffectAsked).Effect; err == nil && f.What == floor.EffectAnswer && since == "" {
					since = f.Args["since"]
				}
			}
			at, err := time.Parse(time.RFC3339, since)
			want := `"op_time":` + strconv.FormatInt(at.Unix(), 10)
			if err != nil || !slices.ContainsFunc(b.shop.heard, func(s string) bool { return strings.Contains(s, want) }) {
				t.Errorf("the freeze stands since %s; the shop heard %q", since, b.shop.heard)
			}
		})
	}
}

// TestATrialFromPullToOpening: a channel on trial is planned for show, tells its shop
// nothing, and works once a lead has opened it.
func TestATrialFromPullToOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), func(c *config.Config) { c.Channels[0].Trial = true })
		ctx := t.Context()
		must := func(_ ledger.Receipt, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(b.d.foreman.SetSKUs(ctx, b.d.by("t"), []floor.SKUInfo{{SKU: "A", Name: "T恤", Grams: 200}}))
		must(b.d.foreman.SetBins(ctx, b.d.by("t"), []floor.BinInfo{{Bin: "A-01", Zone: "A", Aisle: 1, X: 1, Y: 1}, {Bin: "A-02", Zone: "A", Aisle: 2, X: 4, Y: 9}, {Bin: "R-01", Zone: "A", Aisle: 2, X: 4, Y: 12, Reserve: true}}))
		must(b.d.foreman.Count(ctx, b.d.by("t"), floor.Spot{Bin: "A-02", SKU: "A"}, 2, "load"))
		must(b.d.foreman.Count(ctx, b.d.by("t"), floor.Spot{Bin: "R-01", SKU: "A"}, 9, "load"))
		var err error
		if b.d.planner, err = newPlanner(b.d); err != nil {
			t.Fatal(err)
		}
		var ns []string
		for range 3 {
			ns = append(ns, b.place(30*time.Hour))
		}
		b.run(b.pull, b.lane, b.d.watchShops, b.d.planner.run)
		after(11 * time.Minute)
		h := b.d.channelHealth()[0]
		if !h.Trial || !h.OK || h.Driver != "pdd" || len(h.Lags) != 1 || len(h.Answers) == 0 || h.Answers[0].Status != 200 {
			t.Errorf("its health: %+v", h)
		}
		p, err := b.d.pretendPlan(ctx, "main")
		if err != nil || p.Orders != 3 || p.Held != 0 || p.Short != 1 /* nobody picks from the reserve bin */ || p.Waved != 2 || p.Waves == 0 || p.Metres <= 0 {
			t.Errorf("planned for show: %+v, %v", p, err)
		}
		b.shop.CancelByBuyer(ns[2])
		after(10 * time.Minute)
		if answers, _ := b.shop.Answered(ns[2]); len(answers) != 0 {
			t.Errorf("on trial the shop heard %q", answers)
		}
		b.wantCalls("on trial")
		if o, _ := b.order(ns[0]); o.State != floor.New || len(o.Lines[0].Reserved) > 0 {
			t.Errorf("on trial it is %s, %+v", o.State, o.Lines[0])
		}
		var out bytes.Buffer
		if err := b.d.Operate(ctx, []string{"channel", "open", "main", AdoptOrders}, nil, &out); err != nil {
			t.Fatal(err)
		}
		after(10 * time.Second)
		if o, _ := b.order(ns[0]); o.State != floor.Allocated {
			t.Errorf("opened it is %s, held by %+v", o.State, o.Holds)
		}
		if h := b.d.channelHealth()[0]; h.Trial {
			t.Error("it is open, and shown as on trial")
		}
	})
}

// TestAMendAsksTheShop and takes its word.
func TestAMendAsksTheShop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), nil)
		n := b.place(30 * time.Hour)
		b.run(b.pull)
		after(11 * time.Minute)
		o, ok := b.order(n)
		if !ok {
			t.Fatal("the order is not in")
		}
		_, err := b.d.ledger.Commit(t.Context(), ledger.Request{Key: "20000101/t/1", Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
			return []floor.Fact{floor.OrderDisputed{Order: o.ID, Channel: "main", State: floor.ShopUnpaid, Content: "x"}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		b.shop.Refund(n)
		asked := len(b.shop.heard)
		var out bytes.Buffer
		if err := b.d.Operate(t.Context(), []string{"channel", "disputes"}, nil, &out); err != nil || !strings.Contains(out.String(), string(o.ID)) {
			t.Errorf("%q, %v", out.String(), err)
		}
		if err := b.d.Operate(t.Context(), []string{"channel", "mend", string(o.ID)}, nil, &out); err != nil {
			t.Fatal(err)
		}
		if o, _ = b.order(n); len(b.shop.heard) != asked+1 || o.State != floor.Closed {
			t.Errorf("the shop was asked %d times, and the order is %s; it says that the money went back", len(b.shop.heard)-asked, o.State)
		}
		if err := b.d.Operate(t.Context(), []string{"channel", "mend", string(o.ID)}, nil, &out); err == nil {
			t.Error("mended twice")
		}
	})
}
