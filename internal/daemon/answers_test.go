package daemon

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/internal/config"
	fakes "floord/internal/sim/shop"
	signs "floord/sync/channel/sign"
	"floord/sync/ledger"
)

// answering are the platforms that ask whether an order may still be cancelled, as far
// as they take an answer: a yes, a no with its code, the time since when it is stopped.
var answering = []struct {
	driver          string
	open            func() *fakes.Shop
	yes, no, stamps bool
	code            string
}{
	{"pdd", pdd, true, true, true, "1002"},
	{"taobao", func() *fakes.Shop { return fakes.NewTaobao("me", "s3cret", "t0ken") }, true, true, true, "FAIL"},
	{"jd", func() *fakes.Shop { return fakes.NewJD("me", "s3cret", "t0ken") }, true, true, false, "1"},
	{"douyin", func() *fakes.Shop { return fakes.NewDouyin("me", "s3cret", "t0ken") }, true, false, true, ""},
	{"wechat_store", func() *fakes.Shop { return fakes.NewWeChat("me", "s3cret", "t0ken") }, true, true, false, "1"},
	{"shopify", func() *fakes.Shop { return fakes.NewShopify("t0ken") }, true, true, false, "no"},
	{"kuaishou", func() *fakes.Shop { return fakes.NewKuaishou("me", "s3cret", "s1gn", "t0ken") }, false, false, false, ""},
	{"xiaohongshu", func() *fakes.Shop { return fakes.NewXiaohongshu("me", "s3cret", "t0ken") }, false, false, false, ""},
	{"amazon", func() *fakes.Shop { return fakes.NewAmazon("me", "s3cret", "t0ken") }, false, false, false, ""},
}

// TestEveryShopIsAnswered: the shop asks, the floor's state says whether it was in time,
// and the platform hears it in its own words, with the freeze's time where it takes that.
func TestEveryShopIsAnswered(t *testing.T) {
	for _, p := range answering {
		open := func(t *testing.T) (*bubble, *crew, string) {
			b := inBubble(t, p.driver, p.open(), func(c *config.Config) { crewed(c); c.Channels[0].Refunds = true })
			w := b.crew("A")
			n := b.place(72 * time.Hour)
			b.run(b.pull, b.lane, b.d.planner.run)
			after(11 * time.Minute)
			if o, _ := b.order(n); o.State != floor.Waved {
				t.Fatalf("the order is %q (%+v)", o.State, b.s.state())
			}
			return b, w, n
		}
		t.Run(p.driver+"/stopped", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w, n := open(t)
				_, err := b.d.foreman.Take(t.Context(), w.key(w.hand), "") // a picker holds it
				b.must(ledger.Receipt{}, err)
				b.shop.CancelByBuyer(n)
				after(10 * time.Minute)
				o, _ := b.order(n)
				if o.Freeze == nil {
					t.Fatalf("the order is %s, not frozen", o.State)
				}
				if answers, _ := b.shop.Answered(n); len(answers) > 0 {
					t.Errorf("answered %q before anybody had decided", answers)
				}
				since := o.Freeze.Since
				b.must(b.d.foreman.Close(t.Context(), w.key(w.lead), o.ID, "cancelled"))
				after(time.Minute)
				b.wantAnswer(n, p.yes, "SUCCESS")
				if p.stamps && !b.shop.Stopped(n).Equal(since.Truncate(time.Second)) {
					t.Errorf("the platform hears that it is stopped since %v; frozen since %v", b.shop.Stopped(n), since)
				}
			})
		})
		t.Run(p.driver+"/too late", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w, n := open(t)
				o, _ := b.order(n)
				_, number := w.seal(o.ID)
				b.shop.CancelByBuyer(n) // the next pull would tell
				w.send(number)
				after(30 * time.Minute)
				if b.shop.Can().Strict && !p.no { // its people decide, and then it takes the report
					if calls := b.calls(); !slices.Contains(calls, "effect-stuck ") {
						t.Errorf("the shop takes no report while the request is open; called for %q", calls)
					}
					b.shop.WithdrawRefund(n)
					after(20 * time.Minute)
				}
				b.wantAnswer(n, p.no, "FAIL")
				if _, code := b.shop.Answered(n); code != p.code {
					t.Errorf("the platform hears the reason %q; want %q", code, p.code)
				}
				if no, times := b.shop.Shipped(n); no != string(number) || times != 1 {
					t.Errorf("the shop heard %d times of the parcel, last %q", times, no)
				}
			})
		})
	}
}

// wantAnswer wants one answer, or none where the platform takes none, and nobody called.
func (b *bubble) wantAnswer(n string, taken bool, want string) {
	b.t.Helper()
	var all []string
	if taken {
		all = []string{want}
	}
	if got, _ := b.shop.Answered(n); !slices.Equal(got, all) {
		b.t.Errorf("answered %q; want %q", got, all)
	}
	if todo := b.hands(); len(todo) > 0 {
		b.t.Errorf("left to people: %+v", todo)
	}
	b.must(ledger.Receipt{}, b.d.ledger.Read(func(v *ledger.View) error {
		return v.Lane("shop/main", func(e floor.Effect) bool { b.t.Errorf("owed to the shop: %+v", e); return true })
	}))
}

// TestEveryWishForAnotherAddressIsAnswered: how far the floor is, in the platform's codes.
func TestEveryWishForAnotherAddressIsAnswered(t *testing.T) {
	stages := []string{"waved", "packing", "sealed", "shipped"}
	for _, p := range []struct {
		driver string
		open   func() *fakes.Shop
		push   string
		want   []string // by stage
	}{
		{"douyin", func() *fakes.Shop { return fakes.NewDouyin("me", "s3cret", "t0ken") }, `[{"tag":"111","msg_id":"1","data":"{\"p_id\":%s}"}]`,
			[]string{"yes", "1002", "1004", "1005"}},
		{"wechat_store", func() *fakes.Shop { return fakes.NewWeChat("me", "s3cret", "t0ken") },
			`{"Event":"channels_ec_order_ext_info_update","order_info":{"order_id":"%s","type":4}}`, []string{"yes", "no", "no", "no"}},
	} {
		for i, stage := range stages {
			t.Run(p.driver+"/"+stage, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := inBubble(t, p.driver, p.open(), crewed)
					w := b.crew("A")
					n := b.place(72 * time.Hour)
					b.run(b.pull, b.follow, b.lane, b.d.planner.run)
					after(11 * time.Minute)
					o, _ := b.order(n)
					switch stage {
					case "packing":
						w.open()
					case "sealed":
						w.seal(o.ID)
					case "shipped":
						_, number := w.seal(o.ID)
						w.send(number)
						after(time.Second)
					}
					b.shop.AskAddress(n, "新路")
					if _, err := b.d.keep(t.Context(), b.s, "hook", fmt.Appendf(nil, p.push, n)); err != nil {
						t.Fatal(err)
					}
					after(time.Minute)
					if got := b.shop.Moves(n); !slices.Equal(got, []string{p.want[i]}) {
						t.Errorf("answered %q; want %q", got, p.want[i])
					}
				})
			})
		}
	}
}

// TestAnERPIsAnswered at once, over Qimen: what nothing of will leave, and what has left.
func TestAnERPIsAnswered(t *testing.T) {
	for stage, want := range map[string]string{"waved": "<flag>success</flag>", "sealed": "<flag>success</flag>", "shipped": "<flag>failure</flag>"} {
		t.Run(stage, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, "qimen", pdd(), crewed)
				w := b.crew("A")
				if got := b.erp("deliveryorder.create", `<request><deliveryOrder><deliveryOrderCode>DO7</deliveryOrderCode><orderType>JYCK</orderType>`+
					`<operateTime>2000-01-01 08:00:00</operateTime><receiverInfo><name>王</name><mobile>13800000000</mobile><province>浙江省</province><city>杭州市</city>`+
					`<area>西湖区</area><detailAddress>路1号</detailAddress></receiverInfo></deliveryOrder><orderLines><orderLine><itemCode>A</itemCode>`+
					`<planQty>1</planQty><actualPrice>5.00</actualPrice></orderLine></orderLines></request>`); !strings.Contains(got, "<flag>success</flag>") {
					t.Fatal(got)
				}
				b.run(b.d.planner.run)
				after(time.Minute)
				o, _ := b.order("DO7")
				if stage != "waved" {
					_, number := w.seal(o.ID)
					if stage == "shipped" {
						w.send(number)
					}
				}
				if got := b.erp("order.cancel", `<request><orderCode>DO7</orderCode></request>`); !strings.Contains(got, want) {
					t.Errorf("the ERP hears %s; want %s", got, want)
				}
				if o, _ = b.order("DO7"); (o.Freeze != nil || o.State == floor.Closed) != (stage != "shipped") {
					t.Errorf("the order is %s, frozen %v", o.State, o.Freeze)
				}
			})
		})
	}
}

// erp asks as an ERP does and gives the answer.
func (b *bubble) erp(method, body string) string {
	b.t.Helper()
	query := map[string]string{"method": "taobao.qimen." + method, "app_key": "me", "customerId": "1", "format": "xml", "v": "2.0", "sign_method": "md5",
		"timestamp": time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateTime)}
	query["sign"] = signs.Qimen(query, []byte(body), "s3cret")
	v := url.Values{}
	for name, text := range query {
		v.Set(name, text)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks/main?"+v.Encode(), strings.NewReader(body))
	r.SetPathValue("channel", "main")
	w := httptest.NewRecorder()
	b.d.hook(w, r)
	return w.Body.String()
}
