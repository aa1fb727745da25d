package drivers_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/sim/shop"
	"floord/internal/sim/wire"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/channel/channeltest"
	"floord/sync/channel/drivers"
)

const (
	clientID = "0123456789abcdef"
	secret   = "s3cret"
	token    = "t0ken"
	pageSize = 10
)

// bench puts a fake and its drivers on a loopback socket.
func bench(t testing.TB) (*shop.PDD, channeltest.Bench) {
	fake := shop.NewPDD(clientID, secret, token)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	open := func(t testing.TB, secret string, since time.Time) channel.Channel {
		app, err := drivers.New(drivers.Maps()["pdd"], srv.URL, api.Account{Client: clientID, Secret: secret}, srv.Client())
		if err != nil {
			t.Fatal(err)
		}
		ch, err := app.Shop(api.ShopOptions{Channel: "pdd-main", Shop: "100000001", Since: since, Lag: -1, PageSize: pageSize, Token: tokenFile(t, token)})
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	return fake, channeltest.Bench{
		Fake: told{fake}, Carrier: "yto", Page: pageSize,
		Open:       func(t testing.TB, since time.Time) channel.Channel { return open(t, secret, since) },
		OpenForged: func(t testing.TB) channel.Channel { return open(t, "guess", time.Now().Add(-time.Hour)) },
	}
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, func(t testing.TB) channeltest.Bench {
		_, b := bench(t)
		return b
	})
}

// tokenFile keeps a token as a site does.
func tokenFile(t testing.TB, token string) channel.TokenFile {
	name := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(name, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return channel.TokenFile(name)
}

// told speaks the suite's words to the fake.
type told struct{ *shop.PDD }

func (f told) Place(n int, at time.Time) []string {
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = f.PDD.Place(shop.Order{Items: []shop.Item{{SKU: "TS01-WM", Name: "纯棉T恤", Qty: 1 + i%3}}, PayFen: 3990,
			Name: "张三", Phone: "13800000000", Province: "广东省", City: "深圳市", District: "南山区", Street: "示例路1号",
			PaidAt: at.Add(-time.Minute), Changed: at.Add(time.Duration(i) * time.Second)})
	}
	return numbers
}

func (f told) PlaceUnmappable(at time.Time) (number, field string) {
	raw := `{"order_sn":"261110-000000000000777","order_status":1,"refund_status":1,"updated_at":"2026-11-10 20:10:25",
		"pay_amount":"12,50","receiver_name":"~x~","address":"~y~","item_list":[{"outer_id":"A","goods_count":1}]}`
	f.PlaceRaw("261110-000000000000777", at, []byte(raw))
	return "261110-000000000000777", "pay_amount"
}

func (f told) AskCancel(n string)      { f.CancelByBuyer(n) }
func (f told) Withdraw(n string)       { f.WithdrawRefund(n) }
func (f told) Refund(n string)         { f.PDD.Refund(n) }
func (f told) Hold(n string, on bool)  { f.PDD.Hold(n, on) }
func (f told) Muddle(on bool)          { f.Doubles(on); f.Stale(on) }
func (f told) Advance(d time.Duration) { f.PDD.Advance(d) }
func (f told) Drift(n int)             { f.PDD.Drift(n) }
func (f told) Answered(n string) (bool, int) {
	answers, _ := f.PDD.Answered(n)
	return len(answers) > 0 && answers[len(answers)-1] == "SUCCESS", len(answers)
}

func (f told) Shipped(n string) (floor.WaybillNo, int) {
	no, times := f.PDD.Shipped(n)
	return floor.WaybillNo(no), times
}

func (f told) Break(t channeltest.Trouble) {
	op := ""
	if rest, ok := strings.CutPrefix(string(t), "report: "); ok {
		op, t = "pdd.logistics.online.send", channeltest.Trouble(rest)
	} else if rest, ok := strings.CutPrefix(string(t), "answer: "); ok {
		op, t = "pdd.rdc.pddgenius.sendgoods.cancel", channeltest.Trouble(rest)
	}
	switch t {
	case channeltest.TokenOver:
		f.Refuse("10019")
	case channeltest.IPRefused:
		f.Refuse("20005")
	case channeltest.RateLimited:
		f.Refuse("52101")
	default:
		f.Faults.Next(op, map[channeltest.Trouble]wire.Fault{
			channeltest.ServerError: wire.Failed, channeltest.Garbage: wire.Garbage, channeltest.Dropped: wire.Dropped,
			channeltest.Lost: wire.Lost, channeltest.HalfSent: wire.HalfSent,
		}[t])
	}
}

func (f told) Mend() { f.Refuse("") }

var _ http.Handler = (*shop.PDD)(nil)
