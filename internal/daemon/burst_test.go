package daemon

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	fakes "floord/internal/sim/shop"
	"floord/sync/channel"
	"floord/sync/ledger"
)

// tell has the shop push that an order was paid. More makes it another push of the same.
func (b *bubble) tell(number, more string) {
	b.t.Helper()
	p, ok := b.shop.Push(number, false)
	if !ok {
		b.t.Fatal("it pushes nothing")
	}
	if _, err := b.d.keep(b.t.Context(), b.s, "hook", append(p.Body, more...)); err != nil {
		b.t.Fatal(err)
	}
}

// open counts the pushes that are not followed up.
func (b *bubble) open() (n int) {
	b.t.Helper()
	err := b.d.ledger.Read(func(v *ledger.View) error {
		return v.Notices("main", func(uint64, time.Time) bool { n++; return true })
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// TestABurstIsReadFromTheList: of many pushes at once the orders are read from the
// shop's list, where it has one, and only those asked for that the list cannot show.
func TestABurstIsReadFromTheList(t *testing.T) {
	for _, tt := range []struct {
		driver string
		open   func() *fakes.Shop
		lists  bool
	}{
		{"douyin", func() *fakes.Shop { return fakes.NewDouyin("me", "s3cret", "t0ken") }, true},
		{"shopify", func() *fakes.Shop { return fakes.NewShopify("t0ken") }, true},
		{"woocommerce", func() *fakes.Shop { return fakes.NewWoo("me", "s3cret") }, true},
		{"wechat_store", func() *fakes.Shop { return fakes.NewWeChat("me", "s3cret", "t0ken") }, false},
	} {
		t.Run(tt.driver, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := tt.open()
				b := inBubble(t, tt.driver, fake, nil)
				fake.Drift(1) // each page that is read moves an order
				b.run(b.follow, func(ctx context.Context) error { return b.d.hurry(ctx, b.s) })
				var all []string
				for range 4 {
					for range 60 {
						all = append(all, b.place(72*time.Hour))
						b.tell(all[len(all)-1], "")
					}
					time.Sleep(500 * time.Millisecond)
				}
				late := fake.Place(fakes.Order{Items: []fakes.Item{{SKU: "A", Qty: 1}}, PayFen: 100, Name: "张三", Province: "广东省", City: "深圳市",
					District: "南山区", Street: "路1号", PaidAt: time.Now().Add(-time.Hour)})
				all = append(all, late)
				b.tell(late, "")
				after(10 * time.Second)
				for _, n := range all {
					if _, ok := b.order(n); !ok {
						t.Errorf("order %s is not in", n)
					}
				}
				if n := b.open(); n > 0 {
					t.Errorf("%d pushes are not followed up", n)
				}
				asked := fake.Calls("") // those of the first second came before it was known to be a burst
				if asked < 3 || tt.lists != (asked < len(all)/2) {
					t.Errorf("%d questions for %d orders", asked, len(all))
				}
				fake.Stale(true) // a list may lag behind
				for _, n := range all[:120] {
					fake.ChangeMemo(n, "放门口")
					b.tell(n, "\n")
				}
				after(10 * time.Second)
				for _, n := range all[:120] {
					if o, _ := b.order(n); !strings.Contains(o.Note, "放门口") {
						t.Errorf("order %s was taken as the list showed it, and it is newer", n)
					}
				}
			})
		})
	}
}

// A listener calls heard behind each answer.
type listener struct {
	http.RoundTripper
	heard func()
}

func (w listener) RoundTrip(r *http.Request) (*http.Response, error) {
	defer w.heard()
	return w.RoundTripper.RoundTrip(r)
}

// TestManyCancelsAtOnce: what must stop does not wait for the shop's answer about another
// order.
func TestManyCancelsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), nil)
		var page channel.Page
		for range maxHurrying {
			o, err := b.s.check(t.Context(), b.place(72*time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			page.Orders = append(page.Orders, o)
		}
		if _, err := b.d.receive(t.Context(), "main", page); err != nil {
			t.Fatal(err)
		}
		b.d.client.Transport = listener{b.shop, func() { time.Sleep(5 * time.Second) }} // each answer takes so long
		b.run(func(ctx context.Context) error { return b.d.hurry(ctx, b.s) })
		for _, o := range page.Orders {
			b.shop.CancelByBuyer(o.Number)
			p, _ := b.shop.Push(o.Number, true)
			if _, err := b.d.keep(t.Context(), b.s, "hook", p.Body); err != nil {
				t.Fatal(err)
			}
		}
		after(6 * time.Second)
		for _, o := range page.Orders {
			if got, _ := b.order(o.Number); len(got.Holds) == 0 {
				t.Errorf("order %s goes on", o.Number)
			}
		}
	})
}

// TestABurstThatIsNotTakenIn: where a page of a list could not be taken in, it is read
// again, and the pushes that it would have answered wait for that.
func TestABurstThatIsNotTakenIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), nil)
		var all []string
		for range 2 * burstLate {
			all = append(all, b.place(72*time.Hour))
			b.tell(all[len(all)-1], "")
		}
		time.Sleep(2 * time.Second)
		pages, last := 0, 3
		for last > 0 {
			ctx, cancel := context.WithCancel(t.Context())
			pages = 0
			b.d.client.Transport = listener{b.shop, func() {
				if pages++; pages == last {
					cancel() // before its orders are taken in
				}
			}}
			before := b.open()
			if done, err := b.d.catchUp(ctx, b.s); done || !errors.Is(err, context.Canceled) {
				t.Fatalf("cancelled at page %d: done %v, %v", last, done, err)
			}
			if !b.s.burst.to.IsZero() || before == 0 || b.open() > before {
				t.Errorf("cancelled at page %d: %d pushes wait, of %d; all is read until %v", last, b.open(), before, b.s.burst.to)
			}
			last--
		}
		b.d.client.Transport = b.shop
		if done, err := b.d.catchUp(t.Context(), b.s); !done || err != nil || b.open() != 0 {
			t.Errorf("in the end: done %v, %v, %d pushes wait", done, err, b.open())
		}
		for _, n := range all {
			if _, ok := b.order(n); !ok {
				t.Errorf("order %s is not in", n)
			}
		}
	})
}

// TestAChangeWhileAListIsRead: what a push tells of that came while a list was read is not
// taken for what that list has shown, be it seconds older.
func TestAChangeWhileAListIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "shopify", fakes.NewShopify("t0ken"), nil)
		old := b.shop.Place(fakes.Order{Items: []fakes.Item{{SKU: "A", Qty: 1}}, PayFen: 100, Name: "张三", Province: "广东省", City: "深圳市",
			District: "南山区", Street: "路1号", PaidAt: time.Now().Add(-time.Hour)})
		b.tell(old, "") // no list of these minutes shows it: it is asked for, and with it what came meanwhile
		var number string
		for range burstLate {
			number = b.place(72 * time.Hour)
			b.tell(number, "")
		}
		time.Sleep(2 * time.Second)
		pages := 0
		b.d.client.Transport = listener{b.shop, func() {
			if pages++; pages == burstLate/25 { // the last page of the list
				b.shop.ChangeMemo(number, "放门口")
				b.tell(number, "\n")
			}
		}}
		for b.open() > 0 {
			if _, err := b.d.followOnce(t.Context(), b.s, 1); err != nil {
				t.Fatal(err)
			}
		}
		if o, _ := b.order(number); pages < burstLate/25 || !strings.Contains(o.Note, "放门口") {
			t.Errorf("after %d answers of the shop its note is %q", pages, o.Note)
		}
	})
}

// TestALateBurst: what a shop tells late is answered by what its lists have shown
// meanwhile, where the push says when it was told.
func TestALateBurst(t *testing.T) {
	for _, tt := range []struct {
		driver string
		shop   *fakes.Shop
		says   bool
	}{
		{"shopify", fakes.NewShopify("t0ken"), true},
		{"woocommerce", fakes.NewWoo("me", "s3cret"), true},
		{"douyin", fakes.NewDouyin("me", "s3cret", "t0ken"), false},
	} {
		t.Run(tt.driver, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := inBubble(t, tt.driver, tt.shop, nil)
				b.run(b.follow, func(ctx context.Context) error { return b.d.hurry(ctx, b.s) })
				var all []string
				var pushes [][]byte
				for range 16 { // seconds
					for range 110 {
						number := b.place(72 * time.Hour)
						p, _ := b.shop.Push(number, false)
						all, pushes = append(all, number), append(pushes, p.Body)
					}
					if late := len(pushes) - 7*110; late > 0 {
						for _, body := range pushes[late-110 : late] {
							if _, err := b.d.keep(t.Context(), b.s, "hook", body); err != nil {
								t.Fatal(err)
							}
						}
					}
					time.Sleep(time.Second)
				}
				after(30 * time.Second)
				told := all[:9*110]
				for _, n := range told {
					if _, ok := b.order(n); !ok {
						t.Fatalf("order %s is not in", n)
					}
				}
				if n := b.open(); n > 0 {
					t.Errorf("%d pushes are not followed up", n)
				}
				if asked := tt.shop.Calls(""); tt.says != (asked < len(told)/2) {
					t.Errorf("%d questions for %d orders", asked, len(told))
				}
			})
		})
	}
}
