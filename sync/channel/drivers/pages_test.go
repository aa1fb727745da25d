package drivers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"floord/internal/sim/shop"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/channel/drivers"
)

// answering is a wire that knows each answer.
type answering func(*http.Request) *http.Response

func (f answering) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// pageOf gives a shop that answers every question with the same bytes: a page with as
// many orders as the platform gives.
func pageOf(tb testing.TB, driver string) (ch channel.Channel, body []byte, orders int) {
	fake := fakes[driver]()
	fake.Quick(true)
	now := time.Now()
	for k := range drivers.Maps()[driver].Size() {
		at := now.Add(-10 * time.Minute)
		fake.Place(shop.Order{
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
	var header http.Header
	client := &http.Client{Transport: answering(func(r *http.Request) *http.Response {
		if body == nil {
			w := httptest.NewRecorder()
			r.RequestURI = r.URL.RequestURI()
			if r.Body == nil {
				r.Body = http.NoBody
			}
			fake.ServeHTTP(w, r)
			body, header = w.Body.Bytes(), w.Result().Header
		}
		return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1, Request: r}
	})}
	app, err := drivers.New(drivers.Maps()[driver], api.Account{Client: clientID, Secret: secret, SignSecret: signSecret},
		api.Options{URL: "http://shop.example" + fake.Path(), Client: client, Free: true})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := app.Shop(api.ShopOptions{Channel: "main", Shop: "100000001", Since: now.Add(-20 * time.Minute), Lag: -1, Token: tokenFile(tb, token)})
	if err != nil {
		tb.Fatal(err)
	}
	page, err := s.Pull(tb.Context(), "")
	if err != nil || len(page.Orders) != drivers.Maps()[driver].Size() {
		tb.Fatalf("%s: %d orders, %v", driver, len(page.Orders), err)
	}
	return s, body, len(page.Orders)
}

// BenchmarkPull reads pages of those platforms whose pages hold whole orders: from the
// first byte of the answer to the floor's orders. Beside it the same bytes go through
// encoding/json into a map, which neither looks for names said twice nor understands
// anything.
func BenchmarkPull(b *testing.B) {
	for _, driver := range []string{"douyin", "pdd", "taobao", "jd", "kuaishou"} {
		b.Run(driver, func(b *testing.B) {
			s, body, n := pageOf(b, driver)
			measure := func(b *testing.B, read func() error) {
				b.ReportAllocs()
				begun := cpu()
				for b.Loop() {
					if err := read(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((cpu()-begun).Nanoseconds())/1000/float64(n*b.N), "cpu-us/order")
				b.ReportMetric(float64(len(body)/n), "bytes/order")
			}
			b.Run("pull", func(b *testing.B) {
				measure(b, func() error { _, err := s.Pull(b.Context(), ""); return err })
			})
			b.Run("encoding_json", func(b *testing.B) {
				measure(b, func() error { var v map[string]any; return json.Unmarshal(body, &v) })
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
