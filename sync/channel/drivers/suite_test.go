package drivers_test

import (
	"net/http"
	"net/http/httptest"
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
	clientID   = "0123456789abcdef"
	secret     = "s3cret"
	signSecret = "s1gn"
	token      = "t0ken"
	pageSize   = 10
)

// fakes are the pretend shops of the platforms.
var fakes = map[string]func() *shop.Shop{
	"pdd":          func() *shop.Shop { return shop.NewPDD(clientID, secret, token) },
	"taobao":       func() *shop.Shop { return shop.NewTaobao(clientID, secret, token) },
	"jd":           func() *shop.Shop { return shop.NewJD(clientID, secret, token) },
	"douyin":       func() *shop.Shop { return shop.NewDouyin(clientID, secret, token) },
	"kuaishou":     func() *shop.Shop { return shop.NewKuaishou(clientID, secret, signSecret, token) },
	"xiaohongshu":  func() *shop.Shop { return shop.NewXiaohongshu(clientID, secret, token) },
	"wechat_store": func() *shop.Shop { return shop.NewWeChat(clientID, secret, token) },
	"shopify":      func() *shop.Shop { return shop.NewShopify(token) },
	"woocommerce":  func() *shop.Shop { return shop.NewWoo(clientID, secret) },
	"amazon":       func() *shop.Shop { return shop.NewAmazon(clientID, secret, token) },
}

// bench gives a fake and a driver beside it.
func benchOf(t testing.TB, driver string) (*shop.Shop, channeltest.Bench) {
	fake := fakes[driver]()
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	srv.Client().Transport.(*http.Transport).DisableKeepAlives = true // the client would ask again by itself
	open := func(t testing.TB, secret, signSecret, token string, since time.Time) channel.Channel {
		app, err := drivers.New(drivers.Maps()[driver], api.Account{Client: clientID, Secret: secret, SignSecret: signSecret},
			api.Options{URL: srv.URL + fake.Path(), Aside: srv.URL, Client: srv.Client(), Free: true})
		if err != nil {
			t.Fatal(err)
		}
		ch, err := app.Shop(api.ShopOptions{Channel: "main", Shop: "100000001", Since: since, Lag: -1, Refunds: true, PageSize: pageSize, Token: tokenFile(t, token),
			Carriers: map[floor.CarrierID]string{"yto": "6"}})
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	can := fake.Can()
	return fake, channeltest.Bench{
		Fake: told{fake}, Carrier: "yto", Page: pageSize, Strict: can.Strict, Reship: can.Reship, More: can.More,
		Answers: can.Answers, Says: can.Says, Moves: can.Moves, Renews: can.Renews, HoldCode: can.Hold, CancelCode: can.Cancel,
		NoCodes: noCodes[driver], MoveCodes: moveCodes[driver], Stamps: driver == "pdd" || driver == "taobao" || driver == "douyin",
		Open: func(t testing.TB, since time.Time) channel.Channel { return open(t, secret, signSecret, token, since) },
		OpenForged: func(t testing.TB) channel.Channel {
			return open(t, "guess", "guess", "guess", time.Now().Add(-time.Hour))
		},
	}
}

// The platforms' own codes, as their pages and SDKs have them.
var (
	noCodes = map[string]map[channel.Why]string{
		"pdd":    {channel.WhyUnknown: "1001", channel.WhyShipped: "1002", channel.WhySealed: "1002"},
		"taobao": {channel.WhyShipped: "FAIL"},
		"jd":     {channel.WhyShipped: "1"}, // it may be refused at the door
	}
	moveCodes = map[string]map[channel.Why]string{
		"douyin": {channel.WhyPicking: "1001", channel.WhyPacking: "1002", channel.WhySealed: "1004", channel.WhyShipped: "1005"},
	}
)

// TestChannels runs the one suite on every platform.
func TestChannels(t *testing.T) {
	for driver := range fakes {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			channeltest.Run(t, func(t testing.TB) channeltest.Bench {
				_, b := benchOf(t, driver)
				return b
			})
		})
	}
}

// tokenFile keeps a token as a site does.
func tokenFile(t testing.TB, token string) channel.TokenFile {
	file := channel.TokenFile(filepath.Join(t.TempDir(), "token"))
	if err := file.Write(channel.Token{Access: token, Refresh: "r-" + token}); err != nil {
		t.Fatal(err)
	}
	return file
}

// told puts the fake into the suite's words.
type told struct{ *shop.Shop }

func purchase(i int, at time.Time) shop.Order {
	return shop.Order{Items: []shop.Item{{SKU: "TS01-WM", Name: "纯棉T恤", Qty: 1 + i%3}, {SKU: "SK03-3P", Name: "袜子", Qty: 1}}, PayFen: 3990,
		Name: "张三", Phone: "13800000000", Province: "广东省", City: "深圳市", District: "南山区", Street: "示例路1号",
		PaidAt: at.Add(-time.Minute), Changed: at.Add(time.Duration(i) * time.Second)}
}

func (f told) Place(n int, at time.Time) []string {
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = f.Shop.Place(purchase(i, at))
	}
	return numbers
}

func (f told) PlaceUnmappable(at time.Time) (number, field string) {
	return f.PlaceSpoilt(purchase(0, at))
}
func (f told) AskCancel(n string)     { f.CancelByBuyer(n) }
func (f told) Withdraw(n string)      { f.WithdrawRefund(n) }
func (f told) Refund(n string)        { f.Shop.Refund(n) }
func (f told) Hold(n string, on bool) { f.Shop.Hold(n, on) }
func (f told) Muddle(on bool)         { f.Doubles(on); f.Stale(on) }
func (f told) AskAddress(n string)    { f.Shop.AskAddress(n, "新路2号") }
func (f told) ChangeAddress(n string) { f.Shop.ChangeAddress(n, "新路2号") }
func (f told) Answered(n string) (bool, int) {
	answers, _ := f.Shop.Answered(n)
	return len(answers) > 0 && answers[len(answers)-1] == "SUCCESS", len(answers)
}

func (f told) Why(n string) string {
	_, reason := f.Shop.Answered(n)
	return reason
}

func (f told) Shipped(n string) (floor.WaybillNo, int) {
	no, times := f.Shop.Shipped(n)
	return floor.WaybillNo(no), times
}

func (f told) Break(t channeltest.Trouble) {
	op := ""
	if rest, ok := strings.CutPrefix(string(t), "report: "); ok {
		op, t = "ship", channeltest.Trouble(rest)
	} else if rest, ok := strings.CutPrefix(string(t), "answer: "); ok {
		op, t = "cancel", channeltest.Trouble(rest)
	}
	switch t {
	case channeltest.TokenOver:
		f.Trouble("token")
	case channeltest.IPRefused:
		f.Trouble("ip")
	case channeltest.RateLimited:
		f.Trouble("limit")
	case channeltest.GatewayDown:
		f.Faults.Always(wire.GatewayTimeout)
	default:
		f.Faults.Next(op, map[channeltest.Trouble]wire.Fault{
			channeltest.ServerError: wire.Failed, channeltest.Garbage: wire.Garbage, channeltest.Dropped: wire.Dropped,
			channeltest.Lost: wire.Lost, channeltest.HalfSent: wire.HalfSent,
		}[t])
	}
}

func (f told) Mend() { f.Trouble(""); f.Faults.Always(wire.None) }
