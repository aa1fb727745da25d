package drivers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"floord/internal/sim/shop"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/channel/drivers"
)

// A canned wire gives again and again what a fake shop answered once.
type canned struct {
	fake   *shop.Shop
	bodies [][]byte // of the answers to the questions that were asked one after the other
	header http.Header
	again  bool // all was asked once
	asked  int
}

func (w *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if !w.again {
		rec := httptest.NewRecorder()
		r.RequestURI = r.URL.RequestURI()
		if r.Body == nil {
			r.Body = http.NoBody
		}
		w.fake.ServeHTTP(rec, r)
		w.bodies, w.header = append(w.bodies, rec.Body.Bytes()), rec.Result().Header
	}
	body := w.bodies[w.asked%len(w.bodies)]
	w.asked++
	return &http.Response{StatusCode: http.StatusOK, Header: w.header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1, Request: r}, nil
}

// full gives a shop with a page full of orders behind a canned wire, and the number of one.
func full(tb testing.TB, driver string) (s channel.Channel, w *canned, number string) {
	w = &canned{fake: fakes[driver]()}
	w.fake.Quick(true)
	now := time.Now()
	for k := range drivers.Maps()[driver].Size() {
		at := now.Add(-10 * time.Minute)
		number = w.fake.Place(shop.Order{
			Items: []shop.Item{
				{SKU: fmt.Sprintf("L%03d", k), Name: "冬季加厚保暖羊毛围巾 男女通用款", Spec: "深灰色/180cm", Qty: 1 + k%3},
				{SKU: fmt.Sprintf("L%03d", k+31), Name: "纯棉T恤 宽松短袖 夏季新款", Spec: "白色/L", Qty: 1},
				{SKU: fmt.Sprintf("L%03d", k+57), Name: "袜子 中筒 三双装", Spec: "混色", Qty: 2},
			},
			PayFen: int64(3990 + k), Name: "张三丰", Phone: fmt.Sprintf("138%08d", k), Province: "广东省", City: "深圳市", District: "南山区",
			Street: fmt.Sprintf("示例路%d号%d幢", 1+k, 1+k%20), Memo: []string{"", "请放门口", "不要赠品", "麻烦发顺丰快递，谢谢"}[k%4],
			PaidAt: at.Add(-time.Minute), Changed: at.Add(time.Duration(k) * time.Second),
		})
	}
	app, err := drivers.New(drivers.Maps()[driver], api.Account{Client: clientID, Secret: secret, SignSecret: signSecret},
		api.Options{URL: "http://shop.example" + w.fake.Path(), Client: &http.Client{Transport: w}, Free: true})
	if err != nil {
		tb.Fatal(err)
	}
	file, old := tokenFile(tb, token), now.Add(-time.Hour)
	if err := os.Chtimes(string(file), old, old); err != nil {
		tb.Fatal(err)
	}
	s, err = app.Shop(api.ShopOptions{Channel: "main", Shop: "100000001", Since: now.Add(-20 * time.Minute), Lag: -1, Token: file})
	if err != nil {
		tb.Fatal(err)
	}
	return s, w, number
}

// measure reads n orders again and again, after a first time that fills the wire.
func measure(b *testing.B, w *canned, n int, read func() error) {
	if err := read(); err != nil {
		b.Fatal(err)
	}
	w.again = true
	size := 0
	for _, body := range w.bodies {
		size += len(body)
	}
	b.ReportAllocs()
	begun := cpu()
	for b.Loop() {
		if err := read(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu()-begun).Nanoseconds())/1000/float64(n*b.N), "cpu-us/order")
	b.ReportMetric(float64(size)/float64(n), "bytes/order")
}

// BenchmarkPull reads pages of those platforms whose pages hold whole orders: from the
// first byte of the answer to the floor's orders. Beside it the same bytes go through
// encoding/json into a map, which neither looks for names said twice nor understands
// anything.
func BenchmarkPull(b *testing.B) {
	for _, driver := range []string{"douyin", "pdd", "taobao", "jd", "kuaishou"} {
		b.Run(driver, func(b *testing.B) {
			s, w, _ := full(b, driver)
			n := drivers.Maps()[driver].Size()
			b.Run("pull", func(b *testing.B) {
				measure(b, w, n, func() error {
					page, err := s.Pull(b.Context(), "")
					if err == nil && len(page.Orders) != n {
						err = fmt.Errorf("%d orders of %d", len(page.Orders), n)
					}
					return err
				})
			})
			b.Run("encoding_json", func(b *testing.B) {
				measure(b, w, n, func() error { var v map[string]any; return json.Unmarshal(w.bodies[0], &v) })
			})
		})
	}
}

// BenchmarkCheck asks for one order, as after a push and before a label, of those
// platforms that push over HTTP; beside it as BenchmarkPull does.
func BenchmarkCheck(b *testing.B) {
	for _, driver := range []string{"douyin", "wechat_store", "xiaohongshu", "shopify", "woocommerce"} {
		b.Run(driver, func(b *testing.B) {
			s, w, number := full(b, driver)
			b.Run("check", func(b *testing.B) {
				measure(b, w, 1, func() error { _, err := s.Check(b.Context(), number); return err })
			})
			b.Run("encoding_json", func(b *testing.B) {
				measure(b, w, 1, func() error {
					for _, body := range w.bodies {
						var v any
						if err := json.Unmarshal(body, &v); err != nil {
							return err
						}
					}
					return nil
				})
			})
		})
	}
}

// BenchmarkNotice looks at a push's seal and reads what it says; asking for the order
// comes after.
func BenchmarkNotice(b *testing.B) {
	for _, driver := range []string{"douyin", "wechat_store", "xiaohongshu", "shopify", "woocommerce"} {
		b.Run(driver, func(b *testing.B) {
			_, w, number := full(b, driver)
			p, _ := w.fake.Push(number, false)
			query, _ := url.ParseQuery(p.Query)
			hook := drivers.Hook{Map: drivers.Maps()[driver], Client: clientID, Secret: w.fake.HookSecret()}
			if hook.Map.Hook().Kind == "douyin" {
				hook.Secret = secret // of the app
			}
			now := time.Now()
			w.bodies = [][]byte{p.Body}
			measure(b, w, 1, func() error {
				if err := hook.Verify(p.Header, query, p.Body, now); err != nil {
					return err
				}
				said, err := hook.Open(p.Body)
				if err != nil {
					return err
				}
				notices, err := hook.Map.Notices(said)
				if err == nil && (len(notices) != 1 || notices[0].Number != number) {
					err = fmt.Errorf("notices %+v; want one of %s", notices, number)
				}
				return err
			})
		})
	}
}

// cpu is the processor time that this process has taken: what others do on the machine
// does not count.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestChanged: what changed within a span is given whole, also where that is more than
// the platform gives to one question.
func TestChanged(t *testing.T) {
	for _, driver := range []string{"douyin", "taobao", "shopify", "woocommerce", "kuaishou", "jd"} {
		fake, b := benchOf(t, driver)
		fake.Quick(true)
		lists := b.Open(t, time.Now()).(*api.Shop)
		if !lists.Lists() {
			t.Errorf("%s lists no whole orders", driver)
		}
		n := 400
		if driver == "douyin" {
			n = 2*drivers.Maps()[driver].Most() + 100
		}
		end := time.Now().Truncate(time.Second)
		from := end.Add(-20 * time.Second)
		missing := map[string]bool{}
		for k := range n {
			at := from.Add(time.Duration(k) * 20 * time.Second / time.Duration(n))
			missing[fake.Place(shop.Order{Items: []shop.Item{{SKU: "A", Name: "T恤", Qty: 1}}, PayFen: 100, Name: "张三", Province: "广东省", City: "深圳市",
				District: "南山区", Street: "路1号", PaidAt: at})] = true
		}
		pages := 0
		for orders, err := range lists.Changed(t.Context(), from, end, 3000) {
			if err != nil {
				t.Fatalf("%s: %v", driver, err)
			}
			pages++
			for _, o := range orders {
				delete(missing, o.Number)
			}
		}
		if len(missing) > 0 || pages > n/5 {
			t.Errorf("%s: %d of %d orders were not given, in %d pages", driver, len(missing), n, pages)
		}
		got, more := 0, error(nil)
		for _, more = range lists.Changed(t.Context(), from, end, 2) {
			got++
		}
		if got != 3 || !errors.Is(more, api.ErrMore) {
			t.Errorf("%s: %d pages, then %v; want the 2 that were asked for, and then that there are more", driver, got, more)
		}
	}
}
