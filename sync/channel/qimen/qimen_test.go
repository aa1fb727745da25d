package qimen

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/sign"
)

// An erp is what the other side hears and says.
type erp struct {
	asked  []string // methods
	bodies []string
	answer string
}

func (e *erp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	query := map[string]string{}
	for name := range r.URL.Query() {
		query[name] = r.URL.Query().Get(name)
	}
	if query["sign"] != sign.Qimen(query, body, "s3cret") || query["customerId"] != "WH01" {
		_, _ = io.WriteString(w, `<response><flag>failure</flag><code>sign-check-failure</code><message>Illegal request</message></response>`)
		return
	}
	e.asked, e.bodies = append(e.asked, query["method"]), append(e.bodies, string(body))
	_, _ = io.WriteString(w, e.answer)
}

func open(t *testing.T, o Options) (*erp, *Channel) {
	t.Helper()
	e := &erp{answer: `<?xml version="1.0"?><response><flag>success</flag><code>0</code><message></message></response>`}
	srv := httptest.NewServer(e)
	t.Cleanup(srv.Close)
	o.Channel, o.Customer, o.AppKey, o.URL = "erp", "WH01", "12345678", srv.URL
	if o.Secret == nil {
		o.Secret = func() (string, error) { return "s3cret", nil }
	}
	if o.Refused == nil {
		o.Refused = func(context.Context, string) {}
	}
	c, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return e, c
}

func sample(t testing.TB) string {
	data, err := os.ReadFile("testdata/create.json")
	if err != nil {
		t.Fatal(err)
	}
	var saved struct{ Body string }
	if err := json.Unmarshal(data, &saved); err != nil {
		t.Fatal(err)
	}
	return saved.Body
}

// say sends what an ERP would.
func say(c *Channel, method, body, secret string, at time.Time) (int, string) {
	query := map[string]string{"method": "taobao.qimen." + method, "app_key": "12345678", "customerId": "WH01", "format": "xml", "v": "2.0",
		"sign_method": "md5", "timestamp": at.In(china).Format(time.DateTime)}
	query["sign"] = sign.Qimen(query, []byte(body), secret)
	v := url.Values{}
	for k, s := range query {
		v.Set(k, s)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/hooks/erp?"+v.Encode(), strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func TestAnERPDrivesUs(t *testing.T) {
	var got floor.ShopOrder
	var refused []string
	_, c := open(t, Options{
		Create:  func(_ context.Context, o floor.ShopOrder) error { got = o; return nil },
		Cancel:  func(_ context.Context, n string) (bool, string, error) { return n == "DO0001", "已出库", nil },
		Refused: func(_ context.Context, result string) { refused = append(refused, result) },
	})
	now := time.Now()
	if code, body := say(c, "deliveryorder.create", sample(t), "s3cret", now); code != 200 || !strings.Contains(body, "<flag>success</flag>") || !strings.Contains(body, "<deliveryOrderId>DO0001<") {
		t.Fatalf("%d %s", code, body)
	}
	if got.Number != "DO0001" || !got.Shippable() || got.Pay != 10800 || got.Lines[0] != (floor.ShopLine{SKU: "TS01-WM", Qty: 2}) || got.To.Token == "" ||
		got.ShipBy.Format(time.RFC3339) != "2026-11-12T12:01:11Z" || got.Shop != "WH01" {
		t.Errorf("order %+v", got)
	}
	for body, want := range map[string]string{
		"<request><orderCode>DO0001</orderCode></request>": "<flag>success</flag>",
		"<request><orderCode>DO0002</orderCode></request>": "已出库",
		"<request></request>":                              "<flag>failure</flag>",
		"<request><orderCode>":                             "<flag>failure</flag>",
	} {
		if _, got := say(c, "order.cancel", body, "s3cret", now); !strings.Contains(got, want) {
			t.Errorf("%s: %s; want %q", body, got, want)
		}
	}
	if _, body := say(c, "inventory.query", "<request/>", "s3cret", now); !strings.Contains(body, "unsupported") {
		t.Errorf("inventory.query: %s", body)
	}
	if code, _ := say(c, "deliveryorder.create", sample(t), "guess", now); code != http.StatusUnauthorized {
		t.Errorf("forged: %d", code)
	}
	if code, _ := say(c, "deliveryorder.create", sample(t), "s3cret", now.Add(-time.Hour)); code != http.StatusConflict {
		t.Errorf("replayed: %d", code)
	}
	if strings.Join(refused, " ") != "forged replayed" {
		t.Errorf("refused %v", refused)
	}
}

func TestWhatCannotBeReadIsHeld(t *testing.T) {
	_, c := open(t, Options{})
	for change, field := range map[string]string{
		"<planQty>2</planQty>=<planQty>zwei</planQty>":                    "orderLines[0].planQty",
		"<planQty>2</planQty>=<planQty>2.5</planQty>":                     "orderLines[0].planQty",
		"<actualPrice>54.00<=<actualPrice>54,00<":                         "orderLines[0].actualPrice",
		"<orderType>JYCK<=<orderType>XXCK<":                               "orderType",
		"<latestDeliveryTime>2026-11-12 20:01:11<=<latestDeliveryTime>x<": "latestDeliveryTime",
	} {
		old, fresh, _ := strings.Cut(change, "=")
		o, err := c.order([]byte(strings.Replace(sample(t), old, fresh, 1)), time.Now())
		if err != nil || len(o.Holds) == 0 || o.Holds[0].Field != field || o.Shippable() {
			t.Errorf("%s: %v, %v; want it held for %s", fresh, o.Holds, err, field)
		}
	}
	if o, err := c.order([]byte(strings.Replace(sample(t), "<planQty>2<", "<planQty>2.0000<", 1)), time.Now()); err != nil || len(o.Holds) > 0 || o.Lines[0].Qty != 2 {
		t.Errorf("2.0000 pieces are %+v, %v", o.Lines, err)
	}
	for _, bad := range []string{"", "<request>", "<a/>", "<request><deliveryOrder/></request>", strings.Replace(sample(t), "DO0001", "", 1)} {
		if _, err := c.order([]byte(bad), time.Now()); err == nil {
			t.Errorf("%.40q was read", bad)
		}
	}
}

func TestWeTellTheERP(t *testing.T) {
	e, c := open(t, Options{Carriers: map[floor.CarrierID]string{"yto": "YTO"}})
	r := channel.Report{Key: "parcel/P-1", Number: "DO0001", Carrier: "yto", Waybill: "YT1", Lines: []floor.ShopLine{{SKU: "TS01-WM", Qty: 2}}}
	if err := c.Report(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<outBizCode>parcel/P-1<", "<expressCode>YT1<", "<logisticsCode>YTO<", "<itemCode>TS01-WM<", "<quantity>2<", "<status>DELIVERED<"} {
		if !strings.Contains(e.bodies[0], want) {
			t.Errorf("%s is not in %s", want, e.bodies[0])
		}
	}
	if err := c.Progress(t.Context(), "DO0001", "PICK", time.Now()); err != nil || e.asked[1] != "taobao.qimen.orderprocess.report" {
		t.Error(err, e.asked)
	}
	e.answer = `<response><flag>failure</flag><code>S003</code><message>单据不存在</message></response>`
	if err := c.Report(t.Context(), r); channel.ClassOf(err) != channel.Refused {
		t.Errorf("%v; want it refused", err)
	}
	e.answer = `<html>`
	if err := c.Report(t.Context(), r); channel.ClassOf(err) != channel.Retryable || err == nil {
		t.Errorf("%v; want it retryable", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Report(ctx, r); err == nil || ctx.Err() == nil {
		t.Error("a cancelled report went through")
	}
}

func TestTry(t *testing.T) {
	data, _ := os.ReadFile("testdata/create.json")
	for _, payload := range [][]byte{data, []byte(sample(t))} {
		var out bytes.Buffer
		if err := Try(&out, payload); err != nil || !strings.HasPrefix(out.String(), `{"order_no":"DO0001","state":"paid","pay_fen":10800,"shippable":true`) {
			t.Errorf("%v: %s", err, out.String())
		}
	}
	var out bytes.Buffer
	if err := Try(&out, []byte(`{"body":"<response><flag>success</flag></response>"}`)); err != nil || out.Len() > 0 {
		t.Errorf("an answer: %v, %s", err, out.String())
	}
}

func FuzzOrder(f *testing.F) {
	f.Add([]byte(sample(f)))
	c := &Channel{}
	f.Fuzz(func(t *testing.T, body []byte) {
		if o, err := c.order(body, time.Now()); err == nil && (o.Number == "" || len(o.Lines) == 0 || o.Pay < 0) {
			t.Fatalf("order %+v breaks a promise", o)
		}
	})
}
