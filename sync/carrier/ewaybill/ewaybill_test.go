package ewaybill_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"floord/floor"
	"floord/internal/sim/courierco"
	"floord/sync/carrier"
	"floord/sync/carrier/carriertest"
	"floord/sync/carrier/ewaybill"
)

var drivers = map[string]func(ewaybill.Account) (carrier.Booker, error){
	"pdd":     func(a ewaybill.Account) (carrier.Booker, error) { return ewaybill.NewPDD(a) },
	"cainiao": func(a ewaybill.Account) (carrier.Booker, error) { return ewaybill.NewCainiao(a) },
	"douyin":  func(a ewaybill.Account) (carrier.Booker, error) { return ewaybill.NewDouyin(a) },
}

func account(url, secret string, c *http.Client) ewaybill.Account {
	return ewaybill.Account{
		URL: url, ID: "app-1", Secret: secret, Carrier: "YTO", User: "12", Client: c, Token: func() (string, error) { return "tok", nil },
	}
}

func TestDrivers(t *testing.T) {
	for kind, open := range drivers {
		t.Run(kind, func(t *testing.T) {
			bench := carriertest.Express(
				courierco.ExpressOptions{Kind: kind, ID: "app-1", Secret: "s3cret", Token: "tok"},
				floor.Recipient{Name: "王**", Phone: "188****0000", Province: "浙江省", City: "杭州市", District: "余杭区", Detail: "***示例路", Token: "2v6sOAID", Masked: true},
				func(url, secret string, c *http.Client) (carrier.Booker, error) { return open(account(url, secret, c)) })
			carriertest.RunBook(t, func(t testing.TB, strict bool) carriertest.BookBench {
				b := bench(t, strict)
				b.Ticket = kind
				return b
			})
		})
	}
}

// The token of a shop is read at each call: whoever renews it restarts nothing.
func TestTokenIsReadAnew(t *testing.T) {
	for kind, open := range drivers {
		fake := courierco.NewExpress(courierco.ExpressOptions{Kind: kind, ID: "app-1", Secret: "s3cret", Token: "new", Balance: 9})
		srv := httptest.NewServer(fake)
		token := "old"
		a := account(srv.URL, "s3cret", srv.Client())
		a.Token = func() (string, error) { return token, nil }
		c, err := open(a)
		if err != nil {
			t.Fatal(err)
		}
		s := carrier.Shipment{ID: "W1", To: floor.Recipient{Phone: "1", Province: "浙江省", City: "杭州市", Detail: "示例路 2 号"}}
		if _, err := c.Book(t.Context(), s); carrier.ClassOf(err) != carrier.Unauthorized {
			t.Errorf("%s with an old token: %v", kind, err)
		}
		token = "new"
		if _, err := c.Book(t.Context(), s); err != nil {
			t.Errorf("%s with the new one: %v", kind, err)
		}
		token = ""
		if _, err := c.Book(t.Context(), s); carrier.ClassOf(err) != carrier.Unauthorized {
			t.Errorf("%s without one: %v", kind, err)
		}
		srv.Close()
	}
}

// TestSamples reads answers as the platforms' pages show them.
func TestSamples(t *testing.T) {
	for name, want := range map[string]floor.WaybillNo{"cainiao": "YT8800000000002", "pdd": "YT0000000000101"} {
		data, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(data) }))
		c, err := drivers[name](account(srv.URL, "s", srv.Client()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Book(t.Context(), carrier.Shipment{ID: "W1"})
		if err != nil || got.Waybill != want || got.Ticket == nil || got.Ticket.Data != "AES:0000" || got.Ticket.Signature != "MD:0000" || got.Ticket.Template == "" {
			t.Errorf("%s: %+v, %v; want %s with its ticket", name, got, err, want)
		}
		srv.Close()
	}
}

// The component of Douyin asks for a key with a signed call of its own.
func TestDouyinParams(t *testing.T) {
	c, err := ewaybill.NewDouyin(ewaybill.Account{ID: "app-1", Secret: "s", Carrier: "yto", Token: func() (string, error) { return "tok", nil }})
	if err != nil {
		t.Fatal(err)
	}
	text, err := c.Params()
	q, perr := url.ParseQuery(text)
	if err != nil || perr != nil || q.Get("method") != "logistics.getShopKey" || q.Get("access_token") != "tok" || len(q.Get("sign")) != 64 {
		t.Errorf("Params = %q, %v", text, err)
	}
}
