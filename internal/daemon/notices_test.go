package daemon_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/config"
	"floord/internal/daemon"
	"floord/internal/sim/shop"
	"floord/internal/sim/wire"
	"floord/sync/channel/drivers"
	"floord/sync/channel/sign"
	"floord/sync/ledger"
)

const (
	appKey    = "7000000000000000001"
	appSecret = "s3cret"
)

// site runs a daemon with one channel beside its fake. It pulls once an hour, so
// that what comes in came by other ways.
func site(t *testing.T, driver string, fake *shop.Shop, more func(*config.Channel)) *daemon.Daemon {
	t.Helper()
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	dir := t.TempDir()
	file := func(name, text string) config.Path {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.Path(path)
	}
	cfg := config.Default(dir)
	cfg.HTTP.Listen = "127.0.0.1:0"
	c := config.Channel{ID: "main", Driver: driver, URL: srv.URL, Shop: "1", ClientID: appKey, Every: time.Hour,
		SecretFile: file("secret", appSecret), TokenFile: file("token", "t0ken")}
	if more != nil {
		more(&c)
	}
	cfg.Channels = []config.Channel{c}
	d, err := daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, d)
	return d
}

// run runs a daemon until stop is called, or the test ends.
func run(t *testing.T, d *daemon.Daemon) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// until waits until f holds of the site's ledger.
func until(t *testing.T, d *daemon.Daemon, what string, f func(v *ledger.View) (bool, error)) {
	t.Helper()
	for range 6000 {
		held := false
		err := d.Ledger().Read(func(v *ledger.View) (err error) { held, err = f(v); return err })
		if err != nil {
			t.Fatal(err)
		}
		if held {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s did not happen", what)
}

func has(number string) func(*ledger.View) (bool, error) {
	return func(v *ledger.View) (bool, error) {
		_, ok, err := v.OrderByNumber("main", "1", number)
		return ok, err
	}
}

func read(v *ledger.View) (bool, error) { // everything pushed was followed up
	waiting := false
	err := v.Notices("main", func(uint64, time.Time) bool { waiting = true; return false })
	return !waiting, err
}

func push(t *testing.T, d *daemon.Daemon, body, sign string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, d.URL("/hooks/main"), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("event-sign", sign)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func genuine(body string) string { return shop.DouyinSign([]byte(body), appKey, appSecret) }

func dyPush(tag, number string) string {
	return fmt.Sprintf(`[{"tag":%q,"msg_id":"%s-%s","data":"{\"p_id\":%s,\"shop_id\":4463798}"}]`, tag, tag, number, number)
}

func place(fake *shop.Shop) string { return placed(fake, 48*time.Hour) }

// placed adds an order that was paid so long ago.
func placed(fake *shop.Shop, old time.Duration) string {
	return fake.Place(shop.Order{Items: []shop.Item{{SKU: "A", Name: "T恤", Qty: 1}}, PayFen: 100, Name: "张三", Phone: "138", Province: "广东省",
		City: "深圳市", District: "南山区", Street: "路1号", PaidAt: time.Now().Add(-old)})
}

// TestAPushBringsTheOrderItself: a push is kept, answered, and leads to the order
// being asked for; what it says of the order counts for nothing.
func TestAPushBringsTheOrderItself(t *testing.T) {
	fake := shop.NewDouyin(appKey, appSecret, "t0ken")
	n := place(fake)
	d := site(t, "douyin", fake, nil)
	body := dyPush("101", n)
	if code, reply := push(t, d, body, genuine(body)); code != 200 || reply != `{"code":0,"msg":"success"}` {
		t.Fatalf("%d %s", code, reply)
	}
	until(t, d, "the order is in", has(n))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var kept time.Time
	for e, err := range d.Ledger().Follow(ctx, 0, ledger.Topic{ledger.Everything}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := e.Fact.(floor.NoticeTaken); ok {
			kept = e.At
		}
		if f, ok := e.Fact.(floor.OrderReceived); ok {
			if !f.Shop.HeardAt.Equal(kept) || kept.IsZero() {
				t.Errorf("the order was heard of at %v; the push was kept at %v", f.Shop.HeardAt, kept)
			}
			break
		}
	}
	// Again, late and out of order: one order, the newest truth.
	fake.CancelByBuyer(n)
	for _, tag := range []string{"200", "101", "100", "101"} {
		body := dyPush(tag, n)
		if code, _ := push(t, d, body, genuine(body)); code != 200 {
			t.Errorf("tag %s: %d", tag, code)
		}
	}
	until(t, d, "the newest truth holds it", func(v *ledger.View) (bool, error) {
		id, _, err := v.OrderByNumber("main", "1", n)
		if err != nil {
			return false, err
		}
		o, _, err := v.Order(id)
		return len(o.Holds) > 0 && o.Holds[0].Code == floor.HoldRefund, err
	})
	until(t, d, "all is read", read)
	// The shop hears that nothing moves, of its own accord.
	until(t, d, "the cancel is answered", func(*ledger.View) (bool, error) {
		answers, _ := fake.Answered(n)
		return len(answers) == 1 && answers[0] == "SUCCESS", nil
	})
	probe := `[{"tag":"0","msg_id":"0","data":"2026-11-10 20:00:00"}]`
	if code, _ := push(t, d, probe, genuine(probe)); code != 200 {
		t.Errorf("probe: %d", code)
	}
	odd := `[{"tag":"101","data":"{"}]`
	if code, _ := push(t, d, odd, genuine(odd)); code != 200 {
		t.Errorf("a push that nobody can read: %d; want it kept", code)
	}
	until(t, d, "what cannot be read stops nothing", read)
	second := place(fake)
	mixed := `[{"tag":"101","data":"{"},{"tag":"400","data":"{\"product_id\":1}"},` + dyPush("101", second)[1:]
	if code, _ := push(t, d, mixed, genuine(mixed)); code != 200 {
		t.Errorf("a push of which one message cannot be read: %d", code)
	}
	until(t, d, "the order beside it is in", has(second))
	until(t, d, "all is read", read)
	if err := d.Ledger().Read(func(v *ledger.View) error {
		n := 0
		defer func() {
			if n != 2 {
				t.Errorf("%d payloads are kept that nobody could read; want the odd one and the mixed one", n)
			}
		}()
		return v.Unread("main", func(floor.Unread) bool { n++; return true })
	}); err != nil {
		t.Error(err)
	}
}

func TestForgedPushesAreTurnedAway(t *testing.T) {
	fake := shop.NewDouyin(appKey, appSecret, "t0ken")
	d := site(t, "douyin", fake, nil)
	body := dyPush("101", "1")
	for range 5 {
		if code, _ := push(t, d, body, genuine(body+" ")); code != http.StatusUnauthorized {
			t.Errorf("forged: %d; want 401", code)
		}
	}
	if code, _ := push(t, d, string(bytes.Repeat([]byte("x"), 2<<20)), ""); code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", code)
	}
	until(t, d, "five forged pushes call a person", func(v *ledger.View) (bool, error) {
		f, err := v.Figures()
		return f.Counts["notices"] == 0 && err == nil && d.Ledger().Stats().Events > 2, err
	})
	if code, body := get(t, d.URL("/metrics"), ""); code != 200 || !strings.Contains(body, `floord_pushes_total{channel="main",result="forged"} 5`) {
		t.Errorf("the metrics do not count them:\n%s", body)
	} else if !strings.Contains(body, `floord_http_turned_away_total{reason="push-too-large"} 1`) {
		t.Errorf("the metrics do not count the large one:\n%s", body)
	}
	if code, _ := get(t, d.URL("/hooks/nobody"), ""); code != http.StatusNotFound {
		t.Errorf("a channel that is not there: %d", code)
	}
}

// TestPushesWaitForAShopThatIsDown: the shop pushes, and does not answer.
func TestPushesWaitForAShopThatIsDown(t *testing.T) {
	fake := shop.NewDouyin(appKey, appSecret, "t0ken")
	n := place(fake)
	fake.Faults.Next("detail", wire.GatewayTimeout)
	d := site(t, "douyin", fake, nil)
	body := dyPush("101", n)
	if code, _ := push(t, d, body, genuine(body)); code != 200 {
		t.Fatal(code)
	}
	until(t, d, "the order is in after all", has(n))
}

// TestACancelDoesNotWaitForOthers: while the follow-up of another push hangs, a
// cancel is looked at, and the order held.
func TestACancelDoesNotWaitForOthers(t *testing.T) {
	fake := shop.NewDouyin(appKey, appSecret, "t0ken")
	n, other := place(fake), place(fake)
	d := site(t, "douyin", fake, nil)
	tell := func(tag, number string) {
		t.Helper()
		body := dyPush(tag, number)
		if code, _ := push(t, d, body, genuine(body)); code != 200 {
			t.Fatal(code)
		}
	}
	tell("101", n)
	until(t, d, "the order is in", has(n))
	fake.Faults.Next("detail", wire.Hang)
	tell("101", other)
	until(t, d, "the shop hangs", func(*ledger.View) (bool, error) { return fake.Faults.Met() == 1, nil })
	fake.CancelByBuyer(n)
	tell("200", n)
	until(t, d, "the cancelled order is held", func(v *ledger.View) (bool, error) {
		id, _, err := v.OrderByNumber("main", "1", n)
		if err != nil {
			return false, err
		}
		o, _, err := v.Order(id)
		return len(o.Holds) > 0 && o.Holds[0].Code == floor.HoldRefund, err
	})
	if held, err := seen(d, has(other)); held || err != nil {
		t.Errorf("the order whose follow-up hangs is in: %v, %v; the test saw nothing", held, err)
	}
}

func seen(d *daemon.Daemon, f func(*ledger.View) (bool, error)) (held bool, err error) {
	err = d.Ledger().Read(func(v *ledger.View) (err error) { held, err = f(v); return err })
	return held, err
}

// TestAWishForAnotherAddressIsAnswered from the floor's state.
func TestAWishForAnotherAddressIsAnswered(t *testing.T) {
	fake := shop.NewDouyin(appKey, appSecret, "t0ken")
	n := place(fake)
	d := site(t, "douyin", fake, nil)
	fake.AskAddress(n, "新路")
	body := dyPush("111", n)
	if code, _ := push(t, d, body, genuine(body)); code != 200 {
		t.Fatal(code)
	}
	until(t, d, "it is granted", func(*ledger.View) (bool, error) {
		moves := fake.Moves(n)
		return len(moves) == 1 && moves[0] == "yes", nil
	})
}

// TestMessageSocket: frames come over a connection of ours, are acknowledged once
// the disk has them, and come again if they were not.
func TestMessageSocket(t *testing.T) {
	fake := shop.NewPDD(appKey, appSecret, "t0ken")
	n := place(fake)
	d := site(t, "pdd", fake, func(c *config.Channel) { c.Socket = true })
	fake.Tell("pdd_trade_TradeConfirmed", n)
	until(t, d, "the order is in", has(n))
	until(t, d, "the frame is acknowledged", func(*ledger.View) (bool, error) { return fake.Untold() == 0, nil })
}

// TestMessageQueue is the same over a queue that is asked.
func TestMessageQueue(t *testing.T) {
	fake := shop.NewTaobao(appKey, appSecret, "t0ken")
	n := place(fake)
	fake.Tell("taobao_trade_TradeBuyerPay", n)
	d := site(t, "taobao", fake, func(c *config.Channel) { c.Socket = true })
	until(t, d, "the order is in", has(n))
	until(t, d, "the message is confirmed", func(*ledger.View) (bool, error) { return fake.Untold() == 0, nil })
}

// TestBackfill reads a period again, beside the live reading.
func TestBackfill(t *testing.T) {
	fake := shop.NewDouyin(appKey, appSecret, "t0ken")
	n := place(fake) // two days ago: a new channel begins a day back
	d := site(t, "douyin", fake, nil)
	var out bytes.Buffer
	from, to := time.Now().Add(-72*time.Hour).Format(time.RFC3339), time.Now().Format(time.RFC3339)
	if err := d.Operate(t.Context(), []string{"channel", "backfill", "main", from, to}, nil, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "1 orders read, 1 new") {
		t.Errorf("said %q", out.String())
	}
	until(t, d, "the order is in", has(n))
}

// TestAnERPDrivesTheFloor over Qimen: it creates an order twice, hears that we have
// it, cancels it and is told that nothing leaves.
func TestAnERPDrivesTheFloor(t *testing.T) {
	var mu sync.Mutex
	var heard []string
	erp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		heard = append(heard, r.URL.Query().Get("method")+" "+string(body))
		mu.Unlock()
		_, _ = io.WriteString(w, `<response><flag>success</flag><code>0</code><message/></response>`)
	}))
	defer erp.Close()
	d := site(t, "qimen", shop.NewPDD("", "", ""), func(c *config.Channel) { c.URL = erp.URL })
	ask := func(method, body string) string {
		t.Helper()
		query := map[string]string{"method": "taobao.qimen." + method, "app_key": appKey, "customerId": "1", "format": "xml", "v": "2.0",
			"sign_method": "md5", "timestamp": time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateTime)}
		query["sign"] = sign.Qimen(query, []byte(body), appSecret)
		v := url.Values{}
		for k, s := range query {
			v.Set(k, s)
		}
		resp, err := http.Post(d.URL("/hooks/main?")+v.Encode(), "text/xml", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	const order = `<request><deliveryOrder><deliveryOrderCode>DO7</deliveryOrderCode><orderType>JYCK</orderType><operateTime>2026-11-10 20:02:00</operateTime>` +
		`<receiverInfo><name>王</name><city>杭州市</city><detailAddress>路1号</detailAddress></receiverInfo></deliveryOrder>` +
		`<orderLines><orderLine><itemCode>A</itemCode><planQty>1</planQty><actualPrice>5.00</actualPrice></orderLine></orderLines></request>`
	for range 2 {
		if got := ask("deliveryorder.create", order); !strings.Contains(got, "<flag>success</flag>") {
			t.Fatal(got)
		}
	}
	until(t, d, "the ERP hears ACCEPT", func(*ledger.View) (bool, error) {
		mu.Lock()
		defer mu.Unlock()
		return len(heard) == 1 && strings.Contains(heard[0], "<processStatus>ACCEPT<") && strings.Contains(heard[0], "<orderCode>DO7<"), nil
	})
	if got := ask("order.cancel", `<request><orderCode>DO7</orderCode></request>`); !strings.Contains(got, "<flag>success</flag>") {
		t.Error(got)
	}
	if got := ask("order.cancel", `<request><orderCode>DO8</orderCode></request>`); !strings.Contains(got, "<flag>failure</flag>") {
		t.Error(got)
	}
	until(t, d, "the order is closed", func(v *ledger.View) (bool, error) {
		id, _, err := v.OrderByNumber("main", "1", "DO7")
		if err != nil {
			return false, err
		}
		o, _, err := v.Order(id)
		return o.State == floor.Closed, err
	})
}

// TestEveryDriverCanBeConfigured: what floord.toml takes and what there is are one list.
func TestEveryDriverCanBeConfigured(t *testing.T) {
	field, _ := reflect.TypeFor[config.Channel]().FieldByName("Driver")
	have := strings.Fields(field.Tag.Get("oneof"))
	want := append(drivers.Names(), "qimen", "map", "csv")
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("floord.toml takes %v; there are %v", have, want)
	}
}
