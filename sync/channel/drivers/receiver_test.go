package drivers_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/sim/shop"
	"floord/sync/channel/api"
	"floord/sync/channel/drivers"
)

// TestTheReceiverComesByACallOfItsOwn: Xiaohongshu's orders name whom they go to by an
// id; what stands behind it is asked for, and an order whose id is over by then waits.
func TestTheReceiverComesByACallOfItsOwn(t *testing.T) {
	for _, moves := range []bool{false, true} {
		fake := shop.NewXiaohongshu(clientID, secret, token)
		number := fake.Place(purchase(0, time.Now().Add(-time.Hour)))
		asked := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(body))
			if strings.Contains(string(body), "getOrderReceiverInfo") {
				if asked++; moves && asked == 1 {
					fake.ChangeAddress(number, "新路2号")
				}
			}
			fake.ServeHTTP(w, r)
		}))
		t.Cleanup(srv.Close)
		app, err := drivers.New(drivers.Maps()["xiaohongshu"], api.Account{Client: clientID, Secret: secret},
			api.Options{URL: srv.URL + fake.Path(), Client: srv.Client(), Free: true})
		if err != nil {
			t.Fatal(err)
		}
		ch, err := app.Shop(api.ShopOptions{Channel: "main", Since: time.Now().Add(-2 * time.Hour), Lag: -1, Token: tokenFile(t, token)})
		if err != nil {
			t.Fatal(err)
		}
		o, err := ch.Check(t.Context(), number)
		switch held := len(o.Holds) == 1 && o.Holds[0].Code == floor.HoldNoReceiver; {
		case err != nil || asked != 1:
			t.Errorf("asked %d times, %v; want once", asked, err)
		case moves && !held:
			t.Errorf("its address has changed: held by %v; want %s", o.Holds, floor.HoldNoReceiver)
		case moves && o.MergeKey != "":
			t.Errorf("its address has changed, and it may go with others to %s", o.MergeKey)
		case !moves && (len(o.Holds) > 0 || !strings.HasPrefix(o.To.Name, "#xhs#") || !o.To.Masked || o.To.Province != "广东省"):
			t.Errorf("it goes to %+v, held by %v; want the cipher texts of the call", o.To, o.Holds)
		}
		if o, err = ch.Check(t.Context(), number); moves && (err != nil || !o.Shippable() || o.To.Name == "") {
			t.Errorf("asked again: held by %v, %v; want its new recipient", o.Holds, err)
		}
	}
}

// TestTheWholeAddressIsRead: what stands on a label is the whole of it, whatever number
// of fields a platform keeps it in.
func TestTheWholeAddressIsRead(t *testing.T) {
	for _, tt := range []struct{ channel, file, name, detail string }{
		{"woocommerce", "orders.json", "Jürgen Groß", "Beispielstr. 1 50667 DE"},
		{"shopify", "orders.json", "Zoë O'Neil-Müller", "1 Example St Unit 2 K2P0V6 CA"},
		{"amazon", "orders_v0.json", "", ""}, // the street is kept back: its postcode alone is no address
		{"douyin", "search_list.json", "赵**", "香港中路街道示例路**"},
		{"kuaishou", "cursor_page1.json", "孙**", "春熙路街道示例路*号"},
		{"wechat_store", "get.json", "周**", "示例路***"},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", tt.channel, tt.file))
		if err != nil {
			t.Fatal(err)
		}
		page, err := drivers.Maps()[tt.channel].Page("try", data, time.Now())
		if err != nil || len(page.Orders) == 0 {
			t.Fatalf("%s: %d orders, %v", tt.channel, len(page.Orders), err)
		}
		if to := page.Orders[0].To; to.Name != tt.name || to.Detail != tt.detail {
			t.Errorf("%s: %q, %q; want %q, %q", tt.channel, to.Name, to.Detail, tt.name, tt.detail)
		}
	}
}
