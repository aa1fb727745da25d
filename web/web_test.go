package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/gate"
	"floord/report"
	"floord/sync/pda/pdatest"
	"floord/web"
)

const adminToken = "the-operator's-own-token"

// newSite is a site with the pages and the API on it.
func newSite(t testing.TB, o pdatest.Options) *pdatest.Site {
	t.Helper()
	s := pdatest.NewSite(t, o)
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test", AdminToken: adminToken,
		Report: func(_ context.Context, day string) (report.Daily, error) {
			d, err := report.ParseDay(day)
			return report.ForDay(report.Input{Day: d, Rows: []report.Row{{Order: "o1", Channel: "pdd", Received: time.Date(d.Year, d.Month, d.Day, 10, 0, 0, 0, report.Shanghai)}}}), err
		},
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	return s
}

// call asks the API and gives status and body.
func call(s *pdatest.Site, token, method, path, body string, headers ...string) (int, string) {
	s.T.Helper()
	r, err := http.NewRequestWithContext(s.T.Context(), method, "http://"+s.Addr+path, strings.NewReader(body))
	s.Must(err)
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	s.Must(err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	s.Must(err)
	return resp.StatusCode, string(data)
}

func TestWhoMayCall(t *testing.T) {
	s := newSite(t, pdatest.Options{})
	id := s.Receive(1)
	lead, picker, nobody := s.Pair("board-1", "board", ""), s.Pair("pda-01", "pda", ""), s.Pair("pda-02", "pda", "")
	s.Dial(lead, "zhao.lei")
	s.Dial(picker, "li.wei")
	revoked := s.Pair("pda-03", "pda", "")
	_, err := s.Foreman.Revoke(t.Context(), s.Root(), "pda-03")
	s.Must(err)
	order := "/api/v1/orders/" + string(id)
	today := time.Now().In(time.FixedZone("UTC+8", 8*3600)).Format("20060102")
	for _, tt := range []struct {
		name, token, method, path, body string
		headers                         []string
		status                          int
		has, hasNot                     string
	}{
		{name: "no token", method: "GET", path: order, status: 401, has: "no-device"},
		{name: "wrong token", token: "x", method: "GET", path: order, status: 401},
		{name: "revoked", token: revoked, method: "GET", path: order, status: 401, has: "device-revoked"},
		{name: "operator", token: adminToken, method: "GET", path: order, status: 200, has: "文三路 90 号"},
		{name: "lead sees the recipient", token: lead, method: "GET", path: order, status: 200, has: "13800001234"},
		{name: "picker sees it masked", token: picker, method: "GET", path: order, status: 200, has: `"name":"钱**"`, hasNot: "文三路"},
		{name: "the time line names nobody", token: picker, method: "GET", path: order, status: 200, has: "order.received/1", hasNot: "钱七"},
		{name: "unknown order", token: lead, method: "GET", path: "/api/v1/orders/DB-0", status: 404, has: "unknown-order"},
		{name: "list", token: nobody, method: "GET", path: "/api/v1/orders?state=ALLOCATED", status: 200, has: string(id), hasNot: "钱"},
		{name: "bad flag", token: nobody, method: "GET", path: "/api/v1/orders?flag=x", status: 422},
		{name: "unknown query", token: nobody, method: "GET", path: "/api/v1/orders?colour=red", status: 422},
		{name: "devices are a lead's", token: picker, method: "GET", path: "/api/v1/devices", status: 403, has: "no-role"},
		{name: "devices", token: lead, method: "GET", path: "/api/v1/devices", status: 200, has: `"online":true`},
		{name: "people want a login", token: nobody, method: "GET", path: "/api/v1/people", status: 403, has: "not-logged-in"},
		{name: "people", token: lead, method: "GET", path: "/api/v1/people", status: 200, has: "王芳"},
		{name: "a picker cannot freeze", token: picker, method: "POST", path: order + "/freeze", status: 403, has: "权限"},
		{name: "a lead freezes", token: lead, method: "POST", path: order + "/freeze", headers: []string{"Idempotency-Key", "f1"}, status: 200, has: `"repeated":false`},
		{name: "once", token: lead, method: "POST", path: order + "/freeze", headers: []string{"Idempotency-Key", "f1"}, status: 200, has: `"repeated":true`},
		{name: "twice is refused", token: lead, method: "POST", path: order + "/freeze", status: 409, has: "already-frozen"},
		{name: "frozen list", token: nobody, method: "GET", path: "/api/v1/orders?flag=frozen", status: 200, has: string(id)},
		{name: "nothing to release while frozen", token: lead, method: "POST", path: order + "/unhold", status: 409, has: "frozen"},
		{name: "thaw", token: lead, method: "POST", path: order + "/thaw", status: 200},
		{name: "close without a reason", token: lead, method: "POST", path: order + "/close", body: `{}`, status: 422},
		{name: "close", token: lead, method: "POST", path: order + "/close", body: `{"why":"lead"}`, status: 200},
		{name: "closed list", token: nobody, method: "GET", path: "/api/v1/orders?state=CLOSED", status: 200, has: string(id)},
		{name: "intercepts", token: lead, method: "GET", path: "/api/v1/intercepts?day=2020-01-01", status: 200, has: "[]"},
		{name: "report", token: lead, method: "GET", path: "/api/v1/reports/2026-11-21", status: 200, has: "2026-11-21"},
		{name: "report in words", token: lead, method: "GET", path: "/api/v1/reports/2026-11-21/page?lang=en", status: 200, has: "figure=received"},
		{name: "orders behind a figure", token: lead, method: "GET", path: "/api/v1/reports/2026-11-21/orders?figure=received&channel=pdd", status: 200, has: "o1"},
		{name: "no orders behind it", token: lead, method: "GET", path: "/api/v1/reports/2026-11-21/orders?figure=late", status: 200, has: `"all":0`},
		{name: "report as a file", token: lead, method: "GET", path: "/api/v1/reports/2026-11-21/file?form=orders.csv", status: 200, has: "o1,pdd"},
		{name: "report as no file", token: lead, method: "GET", path: "/api/v1/reports/2026-11-21/file?form=exe", status: 422},
		{name: "report of no day", token: lead, method: "GET", path: "/api/v1/reports/yesterday", status: 422},
		{name: "people are an admin's to change", token: lead, method: "PUT", path: "/api/v1/people/sun.li", body: `{"name":"孙丽","badge":"4711","roles":["picker"]}`, status: 403},
		{name: "set a person", token: adminToken, method: "PUT", path: "/api/v1/people/sun.li", body: `{"name":"孙丽","badge":"4711","roles":["picker"]}`, status: 200},
		{name: "unknown role", token: adminToken, method: "PUT", path: "/api/v1/people/sun.li", body: `{"name":"孙丽","badge":"4711","roles":["king"]}`, status: 422},
		{name: "unknown member", token: adminToken, method: "PUT", path: "/api/v1/people/sun.li", body: `{"name":"孙丽","badge":"4711","roles":["picker"],"x":1}`, status: 422},
		{name: "remove a person", token: adminToken, method: "DELETE", path: "/api/v1/people/sun.li", status: 200},
		{name: "too much", token: adminToken, method: "POST", path: "/api/v1/devices", body: `{"device":"` + strings.Repeat("x", 2<<20) + `"}`, status: 413},
		{name: "figures", token: nobody, method: "GET", path: "/api/v1/figures", status: 200, has: `"by_state"`},
		{name: "waves", token: nobody, method: "GET", path: "/api/v1/waves", status: 200},
		{name: "a wave that is not there", token: nobody, method: "GET", path: "/api/v1/waves/W-9999", status: 404, has: "unknown-wave"},
		{name: "no wave", token: nobody, method: "GET", path: "/api/v1/waves/cart", status: 422},
		{name: "labels", token: lead, method: "GET", path: "/api/v1/labels", status: 200, has: `"name":"waybill-100x180"`},
		{name: "labels are a lead's", token: picker, method: "GET", path: "/api/v1/labels", status: 403},
		{name: "label preview", token: lead, method: "POST", path: "/api/v1/labels/preview", body: `{"template":"name=\"x\"\nfor=\"bin\"\nwidth=40\nheight=30\n[[text]]\nfield=\"bin\"\nat=[1,1,38,5]\nvalue=\"{bin}\"\nletters=[3,3]\n","dpi":300,"language":"zpl"}`, status: 200, has: `"png":"iVBORw0KGgo`},
		{name: "label mistakes", token: lead, method: "POST", path: "/api/v1/labels/preview", body: `{"template":"name=\"x\"\nfor=\"bin\"\nwidth=40\nheigth=30\n"}`, status: 200, has: `"mistakes":["4:1: unknown key \"heigth\""]`},
		{name: "label that does not fit", token: lead, method: "POST", path: "/api/v1/labels/preview", body: `{"template":"name=\"x\"\nfor=\"bin\"\nwidth=40\nheight=30\n[[text]]\nfield=\"bin\"\nat=[1,1,4,4]\nvalue=\"{bin}\"\nletters=[3,3]\n"}`, status: 200, has: "放不进"},
		{name: "outbox", token: lead, method: "GET", path: "/api/v1/outbox", status: 200},
		{name: "channels", token: nobody, method: "GET", path: "/api/v1/channels", status: 200},
		{name: "stations", token: nobody, method: "GET", path: "/api/v1/stations", status: 200, has: "pack-1"},
		{name: "description", method: "GET", path: "/api/v1/openapi.json", status: 200, has: "list-intercepts"},
		{name: "command bar codes", method: "GET", path: "/commands", status: 200, has: "FLOORD-OK"},
		{name: "a report of nobody", token: nobody, method: "POST", path: "/api/v1/exceptions", body: `{"session":"s1","n":1,"day":"` + today + `","what":"other"}`, status: 403, has: "not-logged-in"},
		{name: "a report", token: picker, method: "POST", path: "/api/v1/exceptions", body: `{"session":"s1","n":1001,"day":"` + today + `","what":"other"}`, status: 200, has: `"repeated":false`},
		{name: "counts once", token: picker, method: "POST", path: "/api/v1/exceptions", body: `{"session":"s1","n":1001,"day":"` + today + `","what":"other"}`, status: 200, has: `"repeated":true`},
		{name: "not of another year", token: picker, method: "POST", path: "/api/v1/exceptions", body: `{"session":"s1","n":1002,"day":"20200101","what":"other"}`, status: 422, has: "bad-args"},
		{name: "of nothing known", token: picker, method: "POST", path: "/api/v1/exceptions", body: `{"session":"s1","n":1003,"day":"` + today + `","what":"ghost"}`, status: 422},
		{name: "photos are a lead's", token: picker, method: "GET", path: "/api/v1/exceptions/X-1/photo", status: 403},
		{name: "no photo", token: lead, method: "GET", path: "/api/v1/exceptions/X-1/photo", status: 404},
		{name: "reports", token: lead, method: "GET", path: "/api/v1/exceptions", status: 200, has: `"exception":"X-1"`},
		{name: "health", method: "GET", path: "/healthz", status: 200, has: "ok"},
	} {
		status, body := call(s, tt.token, tt.method, tt.path, tt.body, tt.headers...)
		if status != tt.status || !strings.Contains(body, tt.has) || tt.hasNot != "" && strings.Contains(body, tt.hasNot) {
			t.Errorf("%s: %d %.300s; want %d with %q and without %q", tt.name, status, body, tt.status, tt.has, tt.hasNot)
		}
	}
}

func TestPairing(t *testing.T) {
	s := newSite(t, pdatest.Options{})
	status, body := call(s, adminToken, "POST", "/api/v1/devices", `{"device":"pda-09","screen":"pda"}`)
	var invited struct{ Code string }
	if err := json.Unmarshal([]byte(body), &invited); err != nil || status != 200 || invited.Code == "" {
		t.Fatalf("%d %s", status, body)
	}
	pair := `{"code":"` + invited.Code + `"}`
	status, body = call(s, "", "POST", "/api/v1/pair", pair)
	var paired struct{ Device, Token string }
	if err := json.Unmarshal([]byte(body), &paired); err != nil || status != 200 || paired.Device != "pda-09" {
		t.Fatalf("%d %s", status, body)
	}
	s.Dial(paired.Token, "li.wei")
	if status, body := call(s, "", "POST", "/api/v1/pair", pair); status != 409 || !strings.Contains(body, "bad-code") {
		t.Errorf("the code a second time: %d %s", status, body)
	}
	for i := range 12 { // a cart of handhelds, all good
		if status, body := call(s, adminToken, "POST", "/api/v1/devices", fmt.Sprintf(`{"device":"pda-%d","screen":"pda"}`, 20+i)); json.Unmarshal([]byte(body), &invited) != nil || status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		if status, body := call(s, "", "POST", "/api/v1/pair", `{"code":"`+invited.Code+`"}`); status != 200 {
			t.Errorf("handheld %d: %d %s", i, status, body)
		}
	}
	fast := 0
	for range 12 {
		if status, _ := call(s, "", "POST", "/api/v1/pair", `{"code":"GUESS"}`); status == 429 {
			fast++
		}
	}
	if fast == 0 || s.Counts.Of("pair-too-fast") != fast {
		t.Errorf("12 guesses: %d slowed down, %d counted", fast, s.Counts.Of("pair-too-fast"))
	}
}

// A page from elsewhere can neither post nor read, whatever token it has.
func TestCrossSite(t *testing.T) {
	s := newSite(t, pdatest.Options{})
	for _, tt := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"our page", []string{"Origin", "http://" + s.Addr}, 200},
		{"a program", nil, 200},
		{"another site's form", []string{"Origin", "http://evil.example"}, 403},
		{"another site's form, old browser", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"a file", []string{"Origin", "null"}, 403},
	} {
		status, _ := call(s, adminToken, "POST", "/api/v1/devices", `{"device":"pda-09","screen":"pda"}`, tt.headers...)
		if status != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, status, tt.want)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.Addr+"/board", nil)
	s.Must(err)
	r.Host = "evil.example"
	resp, err := http.DefaultClient.Do(r)
	s.Must(err)
	resp.Body.Close()
	if resp.StatusCode != 403 {
		t.Errorf("a re-bound name got the page: %d", resp.StatusCode)
	}
}

func TestPagesAndTheirHeaders(t *testing.T) {
	s := newSite(t, pdatest.Options{})
	for _, path := range []string{"/pda", "/station", "/board", "/wave", "/labels", "/report", "/api/docs", "/assets/pda.js", "/assets/style.css", "/assets/swagger/swagger-ui-bundle.js"} {
		resp, err := http.Get("http://" + s.Addr + path)
		s.Must(err)
		data, err := io.ReadAll(resp.Body)
		s.Must(err)
		resp.Body.Close()
		h := resp.Header
		csp := h.Get("Content-Security-Policy")
		if resp.StatusCode != 200 || len(data) == 0 || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" ||
			!strings.Contains(csp, "script-src 'self';") || strings.Contains(csp, "unsafe") || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: %d, %d bytes, %v", path, resp.StatusCode, len(data), h)
		}
		if strings.Contains(h.Get("Content-Type"), "html") {
			for _, bad := range []string{"<script>", " onload=", " onclick=", "style=", "http://", "https://", "//cdn"} {
				if bytes.Contains(data, []byte(bad)) {
					t.Errorf("%s has %s", path, bad)
				}
			}
		}
		again, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+s.Addr+path, nil)
		s.Must(err)
		again.Header.Set("If-None-Match", h.Get("ETag"))
		resp, err = http.DefaultClient.Do(again)
		s.Must(err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %d, want 304", path, resp.StatusCode)
		}
	}
}

// Whoever is too slow or brings too much is let go, and counted.
func TestServerBounds(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{})
	counted := make(chan string, 10)
	g, err := gate.New(gate.Options{Hosts: []string{"127.0.0.1"}, Log: slog.New(slog.DiscardHandler), Count: func(why string) { counted <- why }})
	s.Must(err)
	h, err := web.New(web.Options{Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: g})
	s.Must(err)
	srv := web.NewServer(h, g, slog.New(slog.DiscardHandler))
	if srv.ReadHeaderTimeout <= 0 || srv.ReadTimeout <= 0 || srv.IdleTimeout <= 0 || srv.MaxHeaderBytes <= 0 {
		t.Errorf("a bound is missing: %+v", srv)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	s.Must(err)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	t.Cleanup(func() { srv.Close(); <-ended })
	post := "POST /api/v1/pair HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
	for _, tt := range []struct{ name, send, status, counts string }{
		{"a page", "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", "200", ""},
		{"half a header", "GET /board HTTP/1.1\r\nHo", "", "no-request"},
		{"half a body", post + "Content-Length: 9\r\n\r\n{", "408", "body-too-slow"},
		{"a large body", post + "Content-Length: 1500000\r\n\r\n" + strings.Repeat("x", 1500000), "413", "body-too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := net.Dial("tcp", l.Addr().String())
			s.Must(err)
			defer c.Close()
			io.WriteString(c, tt.send) // the server may hang up before its end
			answer, _ := io.ReadAll(c)
			if !strings.Contains(string(answer), tt.status) {
				t.Errorf("%.40q; want %s", answer, tt.status)
			}
			if tt.counts == "" {
				return
			}
			if got := <-counted; got != tt.counts {
				t.Errorf("counted as %s; want %s", got, tt.counts)
			}
		})
	}
}

// What is due is listed by its time, page by page, and nothing else is.
func TestOrdersByTimeLeft(t *testing.T) {
	s := newSite(t, pdatest.Options{})
	in := func(left time.Duration) floor.OrderID {
		return s.ReceiveAs(func(o *floor.ShopOrder) { o.ShipBy = time.Now().Add(left) }, 1)
	}
	third, first, second := in(110*time.Minute), in(5*time.Minute), in(50*time.Minute)
	in(-time.Hour)
	in(5 * time.Hour)
	without := s.ReceiveAs(func(o *floor.ShopOrder) { o.ShipBy = time.Time{} }, 1)
	list := func(query string) (ids []floor.OrderID, next floor.OrderID) {
		t.Helper()
		status, body := call(s, adminToken, "GET", "/api/v1/orders?"+query, "")
		var page struct {
			Orders []struct{ ID floor.OrderID }
			Next   floor.OrderID
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %v %s", query, status, err, body)
		}
		for _, o := range page.Orders {
			ids = append(ids, o.ID)
		}
		return ids, page.Next
	}
	got, next := list("due=2h&limit=2")
	if !slices.Equal(got, []floor.OrderID{first, second}) || next != third {
		t.Errorf("first page %v, then %s", got, next)
	}
	if got, next = list("due=2h&limit=2&from=" + string(next)); !slices.Equal(got, []floor.OrderID{third}) || next != "" {
		t.Errorf("second page %v, then %s", got, next)
	}
	if got, _ = list("due=none"); !slices.Equal(got, []floor.OrderID{without}) {
		t.Errorf("without a time: %v", got)
	}
	if got, next = list("due=risk&limit=2"); !slices.Equal(got, []floor.OrderID{first, second}) || next != third {
		t.Errorf("at risk: %v, then %s", got, next)
	}
	if got, next = list("due=risk&limit=2&from=" + string(next)); !slices.Equal(got, []floor.OrderID{third}) || next != "" {
		t.Errorf("at risk, second page: %v, then %s", got, next)
	}
	soon := s.ReceiveAs(func(o *floor.ShopOrder) {
		o.ShipBy, o.CollectBy = time.Now().Add(30*time.Hour), time.Now().Add(time.Hour)
	}, 1)
	if got, _ = list("due=2h&clock=collect"); !slices.Equal(got, []floor.OrderID{soon}) {
		t.Errorf("to be collected: %v", got)
	}
}
