package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// plainMap is a channel that a site may add by itself: REST, JSON, an HMAC.
const plainMap = `
channel = "plain"
time = "unix"
money = "fen"
[api]
url = "https://shop.example.com/v1"
[auth]
kind = "hmac"
name = "X-Sign"
text = "{method}\n{path}\n{query}\n{time}\n{body}"
hex = true
client = "X-Key"
time = "X-Time"
[pull]
window = "1h"
size = 2
paging = "forward"
first = 1
[call.pull]
method = "list"
http = "GET"
path = "/orders"
params = { since = "{from}", until = "{to}", page = "{page}", size = "{size}" }
[call.detail]
method = "one"
http = "GET"
path = "/orders/{number}"
[call.ship]
path = "/orders/{number}/parcels"
body = '{"carrier":"{carrier}","waybill":"{waybill}","when":{at},"lines":{lines},"note":"a \"{key}\""}'
lists = { lines = { path = "lines[]", sku = ["sku"], qty = ["n"], each = '{"line":{.no},"qty":{qty}}' } }
done = ["ok = true"]
again = ["77"]
[call.renew]
path = "/token"
plain = true
body = '{"secret":"{secret}","refresh":"{refresh}"}'
[token]
access = ["token"]
refresh = ["refresh"]
expires_in = ["in"]
[answers.list]
orders = "orders"
total = "total"
[answers.one]
orders = "order"
[order]
number = ["no"]
modified = ["at"]
pay = ["fen"]
carrier = ["carrier"]
waybill = ["waybills[]"]
[[lines]]
path = "lines[]"
sku = ["sku"]
qty = ["n"]
[[state]]
is = "shipped"
when = ["state = 3"]
[[state]]
is = "paid"
when = ["state = 2"]
[carriers]
sf = "SF"
[[limit]]
methods = ["one"]
calls = 2
per = "10h"
burst = 2
[[fault]]
at = "error"
code = "error"
text = "said"
[[errors]]
codes = ["slow"]
class = "rate-limited"
after = "2s"
ban = "([0-9]+) more seconds"
zh = "慢一点"
en = "slower"
[[errors]]
codes = ["over"]
class = "unauthorized"
renew = true
zh = "令牌过期"
en = "the token is over"
`

// A plainShop answers as plainMap says, checks signatures with code of its own,
// and may be told what to answer.
type plainShop struct {
	t      *testing.T
	asked  []string
	bodies []string
	token  string
	answer func(r *http.Request) (int, string) // nil or "" passes on
	order  string
	now    func() time.Time // its clock; nil: the real one
}

func (p *plainShop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.now != nil {
		w.Header().Set("Date", p.now().UTC().Format(http.TimeFormat))
	}
	body, _ := io.ReadAll(r.Body)
	p.asked = append(p.asked, r.Method+" "+r.URL.Path)
	p.bodies = append(p.bodies, string(body))
	if r.URL.Path == "/v1/token" {
		p.token = "fresh" + strconv.Itoa(len(p.asked))
		fmt.Fprintf(w, `{"token":%q,"refresh":"r2","in":7200}`, p.token)
		return
	}
	text := r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n" + r.Header.Get("X-Time") + "\n" + string(body)
	if got, want := r.Header.Get("X-Sign"), Digest([]byte(text), "s3cret", true); got != want || r.Header.Get("X-Key") != "me" {
		p.t.Errorf("%s: signature %q by %q; want %q", r.URL, got, r.Header.Get("X-Key"), want)
	}
	if p.answer != nil {
		if status, answer := p.answer(r); status > 0 {
			w.WriteHeader(status)
			fmt.Fprint(w, answer)
			return
		}
	}
	switch {
	case r.Header.Get("Authorization") != "Bearer "+p.token:
		fmt.Fprint(w, `{"error":"over","said":"token"}`)
	case r.URL.Path == "/v1/orders":
		fmt.Fprintf(w, `{"orders":[%s],"total":1}`, p.order)
	case r.Method == http.MethodPost:
		fmt.Fprint(w, `{"ok":true}`)
	default:
		fmt.Fprintf(w, `{"order":%s}`, p.order)
	}
}

const plainOrder = `{"no":"A#1/2","at":%d,"fen":1280,"state":2,"lines":[{"no":11,"sku":"X","n":2},{"no":12,"sku":"Y","n":1}]}`

func openPlain(t *testing.T) (*plainShop, *App, *Shop) {
	t.Helper()
	m, err := channelmap.Load("plain.toml", []byte(plainMap))
	if err != nil {
		t.Fatal(err)
	}
	fake := &plainShop{t: t, token: "old", order: fmt.Sprintf(plainOrder, time.Now().Add(-time.Minute).Unix())}
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	app, err := New(m, Account{Client: "me", Secret: "s3cret"}, Options{URL: srv.URL + "/v1/"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := app.Shop(ShopOptions{Channel: "plain", Token: channel.TokenFile(file), Lag: -1})
	if err != nil {
		t.Fatal(err)
	}
	return fake, app, s
}

// TestAMapIsEnough reads, checks and reports with a map alone.
func TestAMapIsEnough(t *testing.T) {
	fake, _, s := openPlain(t)
	page, err := s.Pull(t.Context(), "")
	for err == nil && page.More {
		page, err = s.Pull(t.Context(), page.Next)
	}
	if err != nil || len(page.Orders) != 1 || page.Orders[0].Number != "A#1/2" || !page.Orders[0].Shippable() {
		t.Fatalf("pulled %+v, %v", page, err)
	}
	fake.asked, fake.bodies = nil, nil
	r := channel.Report{Key: `parcel/"P"`, Number: "A#1/2", Carrier: "sf", Waybill: "SF1", Part: true}
	r.Lines = append(r.Lines, page.Orders[0].Lines[0])
	r.Lines[0].Qty = 1
	if err := s.Report(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(fake.asked, "; "); got != "GET /v1/orders/A#1/2; POST /v1/orders/A#1/2/parcels" {
		t.Errorf("asked %q", got)
	}
	var body struct {
		Carrier, Waybill, Note string
		When                   int64
		Lines                  []map[string]int
	}
	if err := json.Unmarshal([]byte(fake.bodies[1]), &body); err != nil || body.Note != `a "parcel/"P""` || len(body.Lines) != 1 || body.Lines[0]["qty"] != 1 || body.Lines[0]["line"] != 11 {
		t.Errorf("sent %s, %v", fake.bodies[1], err)
	}
	fake.answer = func(r *http.Request) (int, string) {
		if r.Method == http.MethodPost {
			return 400, `{"error":"77","said":"again"}`
		}
		return 0, ""
	}
	if err := s.Report(t.Context(), r); err != nil {
		t.Errorf("the shop said that it had this parcel: %v", err)
	}
}

// TestATokenIsRenewed: one that the shop calls over, and one that ends soon.
func TestATokenIsRenewed(t *testing.T) {
	fake, _, s := openPlain(t)
	fake.token = "other"
	if _, err := s.Pull(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	got, err := s.o.Token.Read()
	if err != nil || got.Access != fake.token || got.Refresh != "r2" || time.Until(got.Ends) < time.Hour {
		t.Errorf("token %+v, %v", got, err)
	}
	if len(fake.asked) != 3 {
		t.Errorf("asked %q; want the question, the renewal, the question", fake.asked)
	}
	got.Ends = time.Now().Add(time.Minute)
	if err := s.o.Token.Write(got); err != nil {
		t.Fatal(err)
	}
	s.renewed = time.Time{}
	if _, err := s.Pull(t.Context(), ""); err != nil || len(fake.asked) != 5 {
		t.Errorf("%v, asked %q; want a renewal before the question", err, fake.asked)
	}
	// A shop that calls every token over is asked for no more than one.
	fake.answer = func(*http.Request) (int, string) { return 200, `{"error":"over","said":"no"}` }
	for range 3 {
		if _, err := s.Pull(t.Context(), ""); channel.ClassOf(err) != channel.Unauthorized {
			t.Errorf("%v; want it unauthorized", err)
		}
	}
	if n := strings.Count(strings.Join(fake.asked, ";"), "token"); n > 2 {
		t.Errorf("%d renewals", n)
	}
}

// TestABanIsKept: a shop that says how long it wants to be left alone is.
func TestABanIsKept(t *testing.T) {
	fake, _, s := openPlain(t)
	fake.answer = func(*http.Request) (int, string) {
		return 200, `{"error":"slow","said":"this ban will last for 70 more seconds"}`
	}
	_, err := s.Pull(t.Context(), "")
	if channel.ClassOf(err) != channel.RateLimited || channel.After(err) != 70*time.Second {
		t.Fatalf("%v, after %v", err, channel.After(err))
	}
	fake.answer = nil
	if _, err := s.Pull(t.Context(), ""); channel.ClassOf(err) != channel.RateLimited || channel.After(err) < time.Minute || len(fake.asked) != 1 {
		t.Errorf("%v, after %v, asked %d times; want it left alone", err, channel.After(err), len(fake.asked))
	}
	if _, err := s.Check(t.Context(), "A#1/2"); err != nil { // only what was limited
		t.Error(err)
	}
}

// TestOwnLimitIsKept: a call that must wait longer than its asker lives is not
// begun, and says that the limit is ours.
func TestOwnLimitIsKept(t *testing.T) {
	fake, _, s := openPlain(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 {
		if _, err := s.Check(ctx, "A#1/2"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Check(ctx, "A#1/2")
	if channel.ClassOf(err) != channel.RateLimited || channel.After(err) == 0 || len(fake.asked) != 2 {
		t.Errorf("beyond the limit: %v, asked %d times; want it limited, with a wait", err, len(fake.asked))
	}
}

func TestHTTPErrorsAreClassified(t *testing.T) {
	tests := []struct {
		status int
		header string
		class  channel.Class
		after  time.Duration
	}{
		{500, "", channel.Retryable, 0},
		{504, "", channel.Retryable, 0},
		{429, "11", channel.RateLimited, 11 * time.Second},
		{429, "soon", channel.RateLimited, 5 * time.Second},
		{403, "", channel.Unauthorized, 0},
		{404, "", channel.Refused, 0},
		{302, "", channel.Refused, 0},
	}
	for _, tt := range tests {
		fake, app, s := openPlain(t)
		fake.answer = func(*http.Request) (int, string) { return tt.status, "whatever 13800000000" }
		app.http = newClient()
		app.http.Transport = withHeader{tt.header}
		_, err := s.Pull(t.Context(), "")
		if channel.ClassOf(err) != tt.class || channel.After(err) != tt.after {
			t.Errorf("%d: %v (%s, after %v); want %s, %v", tt.status, err, channel.ClassOf(err), channel.After(err), tt.class, tt.after)
		}
		if text := fmt.Sprint(err); strings.Contains(text, "138") || strings.Contains(text, "old") || strings.Contains(text, "s3cret") {
			t.Errorf("the error tells too much: %s", text)
		}
	}
}

// withHeader sets Retry-After on every answer.
type withHeader struct{ after string }

func (w withHeader) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		resp.Header.Set("Retry-After", w.after)
	}
	return resp, err
}

func TestABodyTooLargeIsCutOff(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		junk := bytes.Repeat([]byte(" "), 1<<20)
		for range 40 {
			if _, err := w.Write(junk); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	_, app, s := openPlain(t)
	app.url = srv.URL
	_, err := s.Pull(t.Context(), "")
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("error %v; want the size named", err)
	}
}

func TestConstructorsCheck(t *testing.T) {
	m, err := channelmap.Load("plain.toml", []byte(plainMap))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"ftp://x", "://", "x"} {
		if _, err := New(m, Account{}, Options{URL: bad}); err == nil {
			t.Errorf("address %q gave no error", bad)
		}
	}
	app, err := New(m, Account{}, Options{})
	if err != nil || app.url != "https://shop.example.com/v1" {
		t.Fatal(app.url, err)
	}
	if _, err := app.Shop(ShopOptions{}); err == nil {
		t.Error("a shop without a channel was made")
	}
}

// TestForwardPagesThatShrinkAreReadAgain: two pages, and while the first is read
// an order leaves the window; the one that moved to page 1 must still come.
func TestForwardPagesThatShrinkAreReadAgain(t *testing.T) {
	fake, _, s := openPlain(t)
	all := []string{"a", "b", "c", "d", "e"}
	fake.answer = func(r *http.Request) (int, string) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		var list []string
		for _, n := range all[min((page-1)*2, len(all)):min(page*2, len(all))] {
			list = append(list, strings.Replace(fake.order, "A#1/2", n, 1))
		}
		answer := fmt.Sprintf(`{"orders":[%s],"total":%d}`, strings.Join(list, ","), len(all))
		if page == 1 && len(all) > 3 {
			all = all[1:]
		}
		return 200, answer
	}
	seen := map[string]bool{}
	s.o.Since = time.Now().Add(-30 * time.Minute)
	var cursor channel.Cursor
	for range 20 {
		page, err := s.Pull(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Orders {
			seen[o.Number] = true
		}
		if cursor = page.Next; !page.More {
			break
		}
	}
	if len(seen) != 5 {
		t.Errorf("seen %v; want all five", seen)
	}
}

// TestUntil: a shop that ends reads up to there and has no more.
func TestUntil(t *testing.T) {
	fake, app, _ := openPlain(t)
	now := time.Now()
	s, err := app.Shop(ShopOptions{Channel: "plain", Since: now.Add(-5 * time.Hour), Until: now.Add(-150 * time.Minute), Slow: 4})
	if err != nil {
		t.Fatal(err)
	}
	var to int64
	fake.token = ""
	fake.answer = func(r *http.Request) (int, string) {
		n, _ := strconv.ParseInt(r.URL.Query().Get("until"), 10, 64)
		to = max(to, n)
		return 200, `{"orders":[],"total":0}`
	}
	var cursor channel.Cursor
	pulls := 0
	for more := true; more; pulls++ {
		page, err := s.Pull(t.Context(), cursor)
		if err != nil || pulls > 10 {
			t.Fatal(pulls, err)
		}
		cursor, more = page.Next, page.More
	}
	if to != now.Add(-150*time.Minute).Unix() || pulls != 3 {
		t.Errorf("read to %v in %d pulls", time.Unix(to, 0), pulls)
	}
}

// TestMoreChangesThanAQuestionGives: a platform gives ten orders to a question and sells
// one a second, so that even what is read again is more than it gives. Whatever is behind
// is read once, and then the reading keeps up.
func TestMoreChangesThanAQuestionGives(t *testing.T) {
	fake, _, _ := openPlain(t)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	for _, paging := range []string{"forward", "reverse"} {
		m, err := channelmap.Load("plain.toml", []byte(strings.NewReplacer(`"forward"`, strconv.Quote(paging)+"\noverlap = \"1m\"\nmost = 10", "[[limit]]\nmethods = [\"one\"]\ncalls = 2\nper = \"10h\"\nburst = 2\n", "").Replace(plainMap)))
		if err != nil {
			t.Fatal(err)
		}
		app, err := New(m, Account{Client: "me", Secret: "s3cret"}, Options{URL: srv.URL + "/v1/"})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now().Add(-10 * time.Minute).Unix()
		s, err := app.Shop(ShopOptions{Channel: "plain", Since: time.Unix(begin, 0), Lag: -1})
		if err != nil {
			t.Fatal(err)
		}
		clock := time.Now()
		fake.token = ""
		fake.answer = func(r *http.Request) (int, string) {
			q := r.URL.Query()
			from, _ := strconv.ParseInt(q.Get("since"), 10, 64)
			to, _ := strconv.ParseInt(q.Get("until"), 10, 64)
			page, _ := strconv.ParseInt(q.Get("page"), 10, 64)
			from, to = max(from, begin), max(min(to, clock.Unix()), begin)
			var list []string
			for at := from + 2*(page-1); at < min(from+2*page, to); at++ {
				list = append(list, strings.Replace(fmt.Sprintf(plainOrder, at), "A#1/2", strconv.FormatInt(at, 10), 1))
			}
			return 200, fmt.Sprintf(`{"orders":[%s],"total":%d}`, strings.Join(list, ","), max(0, to-from))
		}
		fake.now = func() time.Time { return clock }
		seen := map[string]int{}
		var cursor channel.Cursor
		pull := func() (most int) {
			for more := true; more; most++ {
				page, err := s.Pull(t.Context(), cursor)
				if err != nil || most > 2000 {
					t.Fatal(paging, most, cursor, err)
				}
				for _, o := range page.Orders {
					seen[o.Number]++
				}
				cursor, more = page.Next, page.More
			}
			return most
		}
		pull()
		twice := 0
		for _, n := range seen {
			twice += n - 1
		}
		if len(seen) < 500 || twice > len(seen)/3 {
			t.Errorf("%s: of 600 orders %d came, %d of them again", paging, len(seen), twice)
		}
		for range 60 {
			clock = clock.Add(5 * time.Second)
			pull()
		}
		for at := begin; at < clock.Add(-2*time.Minute).Unix(); at++ {
			if seen[strconv.FormatInt(at, 10)] == 0 {
				t.Fatalf("%s: the order of second %d never came; now is %d, and reading stands at %s", paging, at-begin, clock.Unix()-begin, cursor)
			}
		}
	}
}
