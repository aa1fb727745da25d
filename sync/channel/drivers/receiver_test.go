package drivers_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
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
