package pda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"

	"github.com/gorilla/websocket"
)

// A page whose name was re-bound to our address sends its own name as Host and
// as Origin, with a good token or without.
func TestForeignPagesAreTurnedAway(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	token := s.Pair("pda-01", "pda", "")
	for _, tt := range []struct {
		name, host, origin string
		want               int
	}{
		{name: "re-bound name", host: "evil.example", origin: "http://evil.example", want: 403},
		{name: "re-bound name without origin", host: "evil.example", want: 403},
		{name: "foreign page", origin: "http://evil.example", want: 403},
		{name: "null origin", origin: "null", want: 403},
		{name: "our page", origin: "http://" + s.Addr, want: 101},
		{name: "no browser", want: 101},
	} {
		h := http.Header{"Authorization": {"Bearer " + token}}
		if tt.host != "" {
			h.Set("Host", tt.host)
		}
		if tt.origin != "" {
			h.Set("Origin", tt.origin)
		}
		c, resp, err := pdatest.Connect(t.Context(), s.URL(), h)
		if resp == nil || resp.StatusCode != tt.want {
			t.Errorf("%s: %v, %v; want status %d", tt.name, resp, err, tt.want)
		}
		if c != nil {
			c.Close()
		}
	}
	if got := s.Counts.Of("foreign-host") + s.Counts.Of("foreign-origin"); got != 4 {
		t.Errorf("counted %d refusals, want 4", got)
	}
}

func TestCompressionIsRefused(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	d := websocket.Dialer{EnableCompression: true}
	c, resp, err := d.DialContext(t.Context(), s.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != "" {
		t.Errorf("extensions %q were agreed, want none", got)
	}
}

func TestHello(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	token := s.Pair("pda-01", "pda", "")
	for _, tt := range []struct {
		name string
		say  string
		want string // the goodbye; empty: a welcome
	}{
		{name: "good", say: `{"type":"hello","token":"` + token + `","session":"a1"}`},
		{name: "wrong token", say: `{"type":"hello","token":"nope","session":"a1"}`, want: "bad-token"},
		{name: "no token", say: `{"type":"hello","session":"a1"}`, want: "bad-token"},
		{name: "no session", say: `{"type":"hello","token":"` + token + `"}`, want: "no-hello"},
		{name: "another message first", say: `{"type":"act","n":1}`, want: "no-hello"},
		{name: "unknown member", say: `{"type":"hello","token":"` + token + `","session":"a1","admin":true}`, want: "no-hello"},
		{name: "member twice", say: `{"type":"hello","token":"nope","token":"` + token + `","session":"a1"}`, want: "no-hello"},
		{name: "not JSON", say: `hello`, want: "no-hello"},
	} {
		c, _, err := pdatest.Connect(t.Context(), s.URL(), nil)
		s.Must(err)
		s.Must(c.SayRaw([]byte(tt.say)))
		m, err := c.Next()
		if err != nil || tt.want == "" && m.Type != "welcome" || tt.want != "" && (m.Type != "bye" || m.Code != tt.want) {
			t.Errorf("%s: %s, %v; want %q", tt.name, m.Raw, err, tt.want)
		}
		if tt.want != "" && s.Counts.Of(tt.want) == 0 {
			t.Errorf("%s: not counted", tt.name)
		}
		c.Close()
	}
}

// A socket that says nothing is closed; it is told why.
func TestNoHelloIsClosed(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{})
	c, _, err := pdatest.Connect(t.Context(), s.URL(), nil)
	s.Must(err)
	defer c.Close()
	m, err := c.Next() // waits twice as long as the server does
	if err != nil || m.Code != "no-hello" {
		t.Errorf("%s, %v; want a bye no-hello", m.Raw, err)
	}
}

func TestTokenInTheHeader(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	h := http.Header{"Authorization": {"Bearer " + s.Pair("pda-01", "pda", "")}}
	c, _, err := pdatest.Dial(t.Context(), s.URL(), pdatest.Hello{Header: h})
	s.Must(err)
	c.Close()
}

// One order's picking, as a handheld sees it.
func TestPicking(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	id := s.Receive(3, 7)
	task := s.Release(id)
	c := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	if _, err := c.Act("take", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Act("pick", map[string]any{"task": task, "stop": 1, "bin": pdatest.Bin(9), "code": "SK003", "qty": 1}); !errors.Is(err, pdatest.ErrRefused) || !strings.Contains(err.Error(), "wrong-bin") {
		t.Errorf("wrong bin: %v", err)
	}
	s.PickAll(c, task)
	if got := s.Order(id).State; got != floor.Picked {
		t.Errorf("order is %s, want %s", got, floor.Picked)
	}
	kinds := map[string]int{}
	for m, err := c.Next(); ; m, err = c.Next() {
		s.Must(err)
		kinds[m.Kind]++
		if m.Type == "snapshot" && m.Seq == s.Ledger.Seq() {
			break
		}
	}
	if kinds["tote.bound/1"] != 1 || kinds["line.picked/1"] != 2 {
		t.Errorf("heard %v, want one tote and two lines", kinds)
	}
}

// However often an act is sent, from this socket or the next, it counts once.
func TestActCountsOnce(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	id := s.Receive(3)
	task := s.Release(id)
	token := s.Pair("pda-01", "pda", "")
	c := s.Dial(token, "li.wei")
	_, err := c.Act("take", nil)
	s.Must(err)
	_, err = c.Act("bind", map[string]any{"task": task, "slot": 1, "tote": "tote-1"})
	s.Must(err)
	pick := map[string]any{"task": task, "stop": 1, "bin": pdatest.Bin(3), "code": "SK003", "qty": 1, "tote": "tote-1"}
	for i := range 4 {
		if i == 2 {
			c.Close()
			c = s.Dial(token, "")
		}
		m, err := c.ActAs(77, "pick", pick)
		if err != nil || m.Repeated != (i > 0) {
			t.Fatalf("send %d: repeated %v, %v", i, m.Repeated, err)
		}
	}
	if got := s.Task(task).Stops[0].Done; got != 1 {
		t.Errorf("one scan sent four times counted %d", got)
	}
}

func TestBadActs(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	c := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	day := time.Now().UTC().Format("20060102")
	for _, tt := range []struct{ name, say, code string }{
		{"unknown verb", `{"type":"act","n":5,"day":"` + day + `","verb":"fly"}`, "unknown-verb"},
		{"a board's verb", `{"type":"act","n":5,"day":"` + day + `","verb":"freeze","args":{"order":"x"}}`, "unknown-verb"},
		{"unknown argument", `{"type":"act","n":5,"day":"` + day + `","verb":"take","args":{"task":"T-1"}}`, "bad-args"},
		{"argument twice", `{"type":"act","n":5,"day":"` + day + `","verb":"login","args":{"badge":"a","badge":"b"}}`, "bad-args"},
		{"argument in capitals", `{"type":"act","n":5,"day":"` + day + `","verb":"login","args":{"Badge":"a"}}`, "bad-args"},
		{"wrong form", `{"type":"act","n":5,"day":"` + day + `","verb":"bind","args":{"task":"T-1","slot":"1","tote":"x"}}`, "bad-args"},
		{"long text", `{"type":"act","n":5,"day":"` + day + `","verb":"login","args":{"badge":"` + strings.Repeat("x", 200) + `"}}`, "bad-args"},
		{"control character", `{"type":"act","n":5,"day":"` + day + `","verb":"login","args":{"badge":"a\u0007"}}`, "bad-args"},
		{"huge number", `{"type":"act","n":5,"day":"` + day + `","verb":"bind","args":{"task":"T-1","slot":99999999,"tote":"x"}}`, "bad-args"},
		{"day long gone", `{"type":"act","n":5,"day":"20200101","verb":"take"}`, "bad-args"},
		{"no number", `{"type":"act","day":"` + day + `","verb":"take"}`, "bad-args"},
	} {
		s.Must(c.SayRaw([]byte(tt.say)))
		m, err := c.Wait("refused")
		var texts struct{ ZH, EN string }
		json.Unmarshal(m.Raw, &texts)
		if err != nil || m.Code != tt.code || texts.ZH == "" || texts.EN == "" || texts.ZH == m.Code {
			t.Errorf("%s: %s, %v; want %s in two languages", tt.name, m.Raw, err, tt.code)
		}
	}
}

func TestNonsenseIsCut(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	c := s.Dial(s.Pair("pda-01", "pda", ""), "")
	for range 12 {
		c.SayRaw([]byte("\x00\xff nonsense"))
	}
	if m, err := c.Wait("bye"); err != nil || m.Code != "nonsense" {
		t.Errorf("%s, %v; want a bye nonsense", m.Raw, err)
	}
}

func TestOverlongMessageIsCut(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	c := s.Dial(s.Pair("pda-01", "pda", ""), "")
	c.SayRaw([]byte(`{"type":"act","verb":"` + strings.Repeat("x", 100<<10) + `"}`))
	for {
		if _, err := c.Next(); err != nil {
			if !websocket.IsCloseError(err, websocket.CloseMessageTooBig) && !isReset(err) {
				t.Errorf("closed by %v, want 1009", err)
			}
			break
		}
	}
	eventually(t, "the over-long message is counted", func() bool { return s.Counts.Of("too-long") == 1 })
}

func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op)
}

// eventually waits for what another goroutine is about to do.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 6000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("not so after a minute: %s", what)
}

func TestRevokedSocketIsClosed(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	token := s.Pair("pda-01", "pda", "")
	c := s.Dial(token, "li.wei")
	other := s.Dial(s.Pair("pda-02", "pda", ""), "")
	_, err := s.Foreman.Revoke(t.Context(), s.Root(), "pda-01")
	s.Must(err)
	start := time.Now()
	m, err := c.Wait("bye")
	if err != nil || m.Code != "revoked" {
		t.Fatalf("%s, %v; want a bye revoked", m.Raw, err)
	}
	t.Logf("closed after %v", time.Since(start))
	if _, _, err := pdatest.Dial(t.Context(), s.URL(), pdatest.Hello{Token: token}); err == nil {
		t.Error("a revoked token was welcomed")
	}
	if _, err := other.Act("login", map[string]any{"badge": "badge-li.wei"}); err != nil {
		t.Errorf("another device suffered: %v", err)
	}
}

// A revoked device that takes nothing from its socket is cut all the same: its
// own follower is stuck in a write and hears nothing.
func TestRevokedSlowReaderIsCut(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{SmallBuffers: true, WriteWithin: time.Hour})
	c := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	flood(t, s, c)
	_, err := s.Foreman.Revoke(t.Context(), s.Root(), "pda-01")
	s.Must(err)
	eventually(t, "a revoked device that does not read is gone", func() bool { return s.PDA.Connected() == 0 })
	if s.Counts.Of("slow") > 0 {
		t.Error("it was cut for being slow")
	}
}

// flood makes the socket of pda-01, whose buffers must be small, full of snapshots of
// a few kilobytes each that nobody reads.
func flood(t *testing.T, s *pdatest.Site, c *pdatest.Client) {
	t.Helper()
	var all []int
	for i := range pdatest.SKUs {
		all = append(all, i)
	}
	s.Release(s.Receive(all...))
	_, err := c.Act("take", nil)
	s.Must(err)
	c.Conn().NetConn().(*net.TCPConn).SetReadBuffer(4 << 10)
	for range 40 {
		_, _, err := s.Foreman.Login(t.Context(), by(s, "pda-01"), "badge-li.wei")
		s.Must(err)
		time.Sleep(time.Millisecond) // a look each: those of one moment are one snapshot
	}
}

func TestSlowReaderIsCutAndDelaysNobody(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{SmallBuffers: true, WriteWithin: 2 * time.Second})
	c := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	flood(t, s, c)
	start := time.Now()
	quick := s.Dial(s.Pair("pda-02", "pda", ""), "")
	if _, err := quick.Act("login", map[string]any{"badge": "badge-zhao.lei"}); err != nil {
		t.Errorf("a quick handheld beside a slow one: %v", err)
	}
	t.Logf("a quick handheld beside a stuck one logged in within %v", time.Since(start))
	eventually(t, "the slow reader is cut", func() bool { return !s.PDA.Online("pda-01") })
	if s.Counts.Of("slow") == 0 {
		t.Error("the cut was not counted")
	}
}

func TestResumeBySeq(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	token := s.Pair("pda-01", "pda", "")
	id := s.Receive(3)
	task := s.Release(id)
	c := s.Dial(token, "li.wei")
	_, err := c.Act("take", nil)
	s.Must(err)
	m, err := c.Wait("snapshot")
	for err == nil && m.Seq < s.Ledger.Seq() {
		m, err = c.Wait("snapshot")
	}
	s.Must(err)
	seq := m.Seq
	c.Close()
	// Meanwhile: somebody binds a tote in this person's name, and the floor goes on.
	_, err = s.Foreman.BindTote(t.Context(), by(s, "pda-01", "li.wei"), task, 1, "tote-1")
	s.Must(err)
	s.Receive(5)

	c, w, err := pdatest.Dial(t.Context(), s.URL(), pdatest.Hello{Token: token, Epoch: s.Ledger.Epoch(), Seq: seq})
	s.Must(err)
	defer c.Close()
	m, err = c.Next()
	if !w.Resumed || err != nil || m.Type != "event" || m.Kind != "tote.bound/1" {
		t.Errorf("resumed %v, then %s, %v; want the one event missed", w.Resumed, m.Raw, err)
	}
}

func TestResumeWithTheWrongPast(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	token := s.Pair("pda-01", "pda", "")
	for _, tt := range []struct {
		name  string
		hello pdatest.Hello
	}{
		{"another epoch", pdatest.Hello{Epoch: "0123456789abcdef", Seq: 3}},
		{"a seq of the future", pdatest.Hello{Epoch: s.Ledger.Epoch(), Seq: s.Ledger.Seq() + 9}},
		{"no past", pdatest.Hello{}},
	} {
		tt.hello.Token = token
		c, w, err := pdatest.Dial(t.Context(), s.URL(), tt.hello)
		s.Must(err)
		m, err := c.Next()
		if w.Resumed || err != nil || m.Type != "snapshot" || m.Seq != s.Ledger.Seq() {
			t.Errorf("%s: resumed %v, %s, %v; want a snapshot", tt.name, w.Resumed, m.Raw, err)
		}
		c.Close()
	}
}

// The freeze reaches the hand that holds the order, and what it and its person
// say is kept.
func TestFreezeReachesTheHand(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	id := s.Receive(3, 4)
	task := s.Release(id)
	c := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	idle := s.Dial(s.Pair("pda-02", "pda", ""), "zhao.lei")
	_, err := c.Act("take", nil)
	s.Must(err)
	// A freeze that comes before the task is shown is part of that picture.
	m, err := c.Wait("snapshot")
	for err == nil && m.Seq < s.Ledger.Seq() {
		m, err = c.Wait("snapshot")
	}
	s.Must(err)
	_, err = s.Foreman.Freeze(t.Context(), s.Root(), id, floor.FreezeCancel)
	s.Must(err)
	m, err = c.Wait("freeze")
	if err != nil || m.Order != string(id) {
		t.Fatalf("%s, %v; want a freeze of %s", m.Raw, err, id)
	}
	if !strings.Contains(string(m.Raw), "买家取消") || !strings.Contains(string(m.Raw), `"why":"cancel"`) {
		t.Errorf("freeze says %s", m.Raw)
	}
	_, err = c.Act("pick", map[string]any{"task": task, "stop": 1, "bin": pdatest.Bin(3), "code": "SK003", "qty": 1})
	if err == nil || !strings.Contains(err.Error(), "frozen") {
		t.Errorf("a pick of a frozen order: %v; want frozen", err)
	}
	_, err = c.Act("shown", map[string]any{"intercept": m.Intercept})
	s.Must(err)
	_, err = c.Act("answer", map[string]any{"intercept": m.Intercept, "text": "not-yet"})
	s.Must(err)
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		i, _, err := v.Intercept(m.Intercept)
		if len(i.Shown) != 1 || i.Shown[0].Device != "pda-01" || len(i.Answers) != 1 || i.Answers[0].Text != "not-yet" {
			t.Errorf("kept: %+v", i)
		}
		return err
	}))
	for _, seen := range idle.Seen {
		if seen.Type == "freeze" {
			t.Error("a device that does not hold the order was told")
		}
	}
}

func TestSecondSocketReplacesTheFirst(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	token := s.Pair("pda-01", "pda", "")
	first := s.Dial(token, "")
	second := s.Dial(token, "li.wei")
	if m, err := first.Wait("bye"); err != nil || m.Code != "replaced" {
		t.Errorf("%s, %v; want a bye replaced", m.Raw, err)
	}
	if _, err := second.Act("logout", nil); err != nil {
		t.Error(err)
	}
}

func TestBoard(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	s.Release(s.Receive(1), s.Receive(2))
	c := s.Dial(s.Pair("board-1", "board", ""), "zhao.lei")
	id := s.Receive(3)
	for {
		m, err := c.Wait("board")
		s.Must(err)
		if strings.Contains(string(m.Raw), "钱七") || strings.Contains(string(m.Raw), "13800001234") {
			t.Fatal("the board names a buyer")
		}
		if m.Seq == s.Ledger.Seq() {
			break
		}
	}
	if _, err := c.Act("freeze", map[string]any{"order": id}); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := c.Wait("board")
		s.Must(err)
		var got struct {
			Board struct {
				Open    []struct{ Order string }
				Figures struct{ Frozen int }
				Waves   []struct{ Stops, Done int }
			}
		}
		s.Must(json.Unmarshal(m.Raw, &got))
		if len(got.Board.Open) == 1 && got.Board.Open[0].Order == string(id) && got.Board.Figures.Frozen == 1 {
			if len(got.Board.Waves) != 1 || got.Board.Waves[0].Stops != 2 {
				t.Errorf("waves %+v", got.Board.Waves)
			}
			return
		}
	}
}

// A board counts what still needs hands by its ship-by time, whatever happens to it.
func TestBoardCountsWhatIsDue(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	in := func(left time.Duration) floor.OrderID {
		return s.ReceiveAs(func(o *floor.ShopOrder) { o.ShipBy = time.Now().Add(left) }, 1)
	}
	check := func(want map[pda.Due]int) {
		t.Helper()
		b, err := s.PDA.Board()
		s.Must(err)
		for _, d := range []pda.Due{pda.DueLate, pda.Due2h, pda.Due4h, pda.Due8h, pda.DueLater, pda.DueNone} {
			if b.Figures.Due[d] != want[d] {
				t.Errorf("%s: %d orders, want %d", d, b.Figures.Due[d], want[d])
			}
		}
	}
	check(nil)
	late := in(-time.Hour)
	in(time.Hour)
	in(time.Hour)
	four := in(3 * time.Hour)
	in(6 * time.Hour)
	in(30 * time.Hour)
	s.ReceiveAs(func(o *floor.ShopOrder) { o.ShipBy = time.Time{} }, 1)
	check(map[pda.Due]int{pda.DueLate: 1, pda.Due2h: 2, pda.Due4h: 1, pda.Due8h: 1, pda.DueLater: 1, pda.DueNone: 1})
	s.Release(four) // its state does not matter
	_, err := s.Foreman.Close(t.Context(), s.Root(), late, "lead")
	s.Must(err)
	check(map[pda.Due]int{pda.Due2h: 2, pda.Due4h: 1, pda.Due8h: 1, pda.DueLater: 1, pda.DueNone: 1})
}

// An order is at risk while less time is left to it, by either clock, than nine in ten
// orders needed from where it stands; with too few measured, than a default.
func TestBoardSaysWhatIsAtRisk(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	in := func(ship, collect time.Duration) floor.OrderID {
		return s.ReceiveAs(func(o *floor.ShopOrder) {
			if o.ShipBy = time.Now().Add(ship); collect != 0 {
				o.CollectBy = time.Now().Add(collect)
			}
		}, 1)
	}
	in(-time.Hour, 0) // is late, no risk any more
	near := in(3*time.Hour, 0)
	in(5*time.Hour, 0)
	carrier := in(9*time.Hour, 2*time.Hour)
	check := func(from floor.Forecast, want ...floor.OrderID) {
		t.Helper()
		var ids []floor.OrderID
		var rests floor.Forecast
		s.Must(s.Ledger.Read(func(v *ledger.View) error {
			all, f, err := s.PDA.Risks(v, time.Now())
			for _, r := range all {
				ids = append(ids, r.Order)
			}
			rests = f
			return err
		}))
		b, err := s.PDA.Board()
		s.Must(err)
		if !slices.Equal(ids, want) || b.Figures.Risk != len(want) || !reflect.DeepEqual(rests, from) || !reflect.DeepEqual(b.Figures.Rests, from) {
			t.Errorf("at risk %v by %v, the board has %d; want %v by %v", ids, rests, b.Figures.Risk, want, from)
		}
		if b.Figures.Collect[pda.Due2h] != 1 || b.Figures.Collect[pda.DueNone] != 3 {
			t.Errorf("by collect-by: %v", b.Figures.Collect)
		}
	}
	check(floor.ForecastOf(nil), carrier, near)

	s = pdatest.NewSite(t, pdatest.Options{}) // where orders leave within a minute of their release
	for i := range 30 {
		id := s.Receive(i)
		s.Release(id)
		_, err := s.Ledger.Commit(t.Context(), ledger.Request{Key: s.Root().Key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
			p := floor.ParcelID(fmt.Sprint("P-", i+1))
			return []floor.Fact{
				floor.ParcelOpened{Parcel: p, Order: id, Station: "pack-1"},
				floor.ParcelLeft{Parcel: p, Order: id, Carrier: "sf", Last: true},
			}, nil
		})
		s.Must(err)
	}
	in(-time.Hour, 0)
	in(3*time.Hour, 0)
	soon := in(40*time.Second, 0)
	in(9*time.Hour, 2*time.Hour-time.Minute)
	quick := floor.ForecastOf(nil)
	quick[0].Minutes, quick[0].N = 1, 30
	check(quick, soon)
}

// A board says since when a person has done nothing.
func TestBoardSaysWhoIsIdle(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	acted := func() time.Time {
		t.Helper()
		b, err := s.PDA.Board()
		s.Must(err)
		for _, p := range b.People {
			if p.ID == "li.wei" {
				return p.Acted
			}
		}
		t.Fatal("li.wei is not on the board")
		return time.Time{}
	}
	if at := acted(); !at.IsZero() {
		t.Errorf("acted at %v, and was never there", at)
	}
	c := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	login := acted()
	if login.IsZero() {
		t.Error("a login is no act")
	}
	id := s.Release(s.Receive(1))
	if !acted().Equal(login) {
		t.Error("what others did counts as li.wei's")
	}
	_, err := c.Act("take", nil)
	s.Must(err)
	s.PickAll(c, id)
	if !acted().After(login) {
		t.Errorf("after a walk still %v", acted())
	}
}

// All that a session started has ended when the socket has.
func TestNoGoroutineStays(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	before := runtime.NumGoroutine()
	var tokens []string
	for i := range 20 {
		tokens = append(tokens, s.Pair(floor.DeviceID("pda-"+string(rune('a'+i))), "pda", ""))
	}
	var open []io.Closer
	for _, token := range tokens {
		open = append(open, s.Dial(token, ""))
	}
	if s.PDA.Connected() != 20 {
		t.Errorf("%d connected, want 20", s.PDA.Connected())
	}
	for _, c := range open {
		c.Close()
	}
	eventually(t, "every session has ended", func() bool { return s.PDA.Connected() == 0 })
	eventually(t, "as many goroutines as before", func() bool { return runtime.NumGoroutine() <= before+1 })
}

// When floord stops, everybody is told to come back, and nobody comes in.
func TestStopSaysGoodbye(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	token := s.Pair("pda-01", "pda", "")
	c := s.Dial(token, "")
	s.Stop()
	if m, err := c.Wait("bye"); err != nil || m.Code != "restart" {
		t.Errorf("%s, %v; want a bye restart", m.Raw, err)
	}
	if _, _, err := pdatest.Dial(t.Context(), s.URL(), pdatest.Hello{Token: token}); err == nil {
		t.Error("a stopped server welcomed a device")
	}
}

// A handheld that brings much at once is read more slowly; nothing is lost.
func TestMadClientIsSlowedDown(t *testing.T) {
	s := pdatest.NewSite(t, pdatest.Options{})
	c := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	const many = 80
	day := time.Now().UTC().Format("20060102")
	for round := 0; round < 20 && s.Counts.Of("too-fast") == 0; round++ { // where the machine is slower than the limit, once more
		for i := range many {
			s.Must(c.Say(map[string]any{
				"type": "act", "n": 100 + round*many + i, "day": day, "verb": "skip", "args": map[string]any{"task": "T-9", "stop": 1},
			}))
		}
		for range many {
			if m, err := c.Wait("refused"); err != nil || m.Code != "unknown-task" {
				t.Fatalf("%s, %v; want unknown-task", m.Raw, err)
			}
		}
	}
	if got := s.Counts.Of("too-fast"); got != 1 {
		t.Errorf("counted %d times, want once", got)
	}
}

// A packer whose scale does not settle can be stopped meanwhile.
func TestWeighingHoldsUpNothing(t *testing.T) {
	asked, settle := make(chan struct{}, 2), make(chan struct{})
	var o pdatest.Options
	o.Hooks.TakeWeight = func(ctx context.Context, id floor.StationID) (floor.Weight, error) {
		asked <- struct{}{}
		select {
		case <-settle:
			return floor.Weight{Grams: 360, ZeroSeen: true, By: string(id), At: time.Now()}, nil
		case <-ctx.Done():
			return floor.Weight{}, ctx.Err()
		}
	}
	s := pdatest.NewSite(t, o)
	order := s.Receive(3)
	picker := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	task := s.Release(order)
	_, err := picker.Act("take", nil)
	s.Must(err)
	s.PickAll(picker, task)
	c := s.Dial(s.Pair("pack-screen", "station", "pack-1"), "wang.fang")
	_, err = c.Act("open", map[string]any{"code": order})
	s.Must(err)
	_, err = c.Act("verify", map[string]any{"parcel": "P-1", "code": "SK003", "qty": 1})
	s.Must(err)
	weigh := map[string]any{"type": "act", "n": 50, "day": time.Now().UTC().Format("20060102"), "verb": "weigh", "args": map[string]any{"parcel": "P-1"}}
	s.Must(c.Say(weigh))
	<-asked
	if _, err := c.Act("verify", map[string]any{"parcel": "P-1", "code": "SK004", "qty": 1}); !errors.Is(err, pdatest.ErrRefused) {
		t.Errorf("an act beside a weighing: %v; want a refusal at once", err)
	}
	close(settle)
	if m, err := c.Wait("ok"); err != nil || m.N != 50 {
		t.Fatalf("%s, %v; want ok of the weighing", m.Raw, err)
	}
	s.Must(c.Say(weigh)) // its answer was lost
	if m, err := c.Wait("ok"); err != nil || !m.Repeated || len(asked) != 0 {
		t.Errorf("%s, %v; want the same answer without a second weighing", m.Raw, err)
	}
}
