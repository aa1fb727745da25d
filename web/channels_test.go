package web_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"
	"floord/web"

	"github.com/chromedp/chromedp"
)

// shopsSite is a site with a shop that is well, one that is down, and one on trial.
func shopsSite(t testing.TB) (s *pdatest.Site, mended *[]floor.OrderID) {
	s = pdatest.NewSite(t, pdatest.Options{})
	mended = new([]floor.OrderID)
	down := pda.ChannelState{ID: "douyin-1", Text: "拉单已连续失败 6 次：平台服务器出错,系统会自动重试。", EN: "6 pulls have failed in a row: the shop's server failed; it will be asked again"}
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test", Site: "东坝一号仓",
		Channels: web.Channels{
			Health: func() []web.ChannelHealth {
				return []web.ChannelHealth{
					{ChannelState: pda.ChannelState{ID: "pdd-main", OK: true}, Driver: "pdd", Troubles: []pda.Words{}, P50: 120, P99: 480,
						Lags: []web.ChannelLag{{Way: "pull", Seconds: 130, Allowed: 495}}, Answers: []web.ChannelAnswer{{Status: 200, Count: 4211}},
						Ends: []web.ChannelEnd{{What: "token", At: time.Now().AddDate(1, 0, 0)}}, Pushes: map[string]int{"taken": 310, "forged": 2}},
					{ChannelState: down, Driver: "douyin", Troubles: []pda.Words{{ZH: down.Text, EN: down.EN}, {ZH: "16:00 前有 38 单有风险", EN: "38 orders at risk by 16:00"}},
						Lags: []web.ChannelLag{{Way: "pull", Seconds: 1300, Allowed: 315}, {Way: "waiting", Seconds: 700, Allowed: 15}},
						Answers: []web.ChannelAnswer{{Status: 0, Class: "retryable", Count: 3}, {Status: 200, Count: 20}, {Status: 200, Class: "rate-limited", Count: 2},
							{Status: 200, Class: "retryable", Count: 200}, {Status: 401, Class: "unauthorized", Count: 1}, {Status: 418, Class: "refused", Count: 1}, {Status: 504, Class: "retryable", Count: 14}}, Ends: []web.ChannelEnd{}, Pushes: map[string]int{}},
					{ChannelState: pda.ChannelState{ID: "files", OK: true}, Driver: "csv", Troubles: []pda.Words{}},
				}
			},
			Mend: func(_ context.Context, by foreman.By, id floor.OrderID) error {
				_, err := s.Foreman.Mend(context.Background(), by, id, nil)
				*mended = append(*mended, id)
				return err
			},
			Rules: func() web.RulesShown {
				return web.RulesShown{File: "/etc/floord/rules.toml", Text: "least = 60\n", Rules: []web.RuleShown{
					{Kind: "tag", Name: "urgent", When: `"urgent" in flags`, Words: []string{"加急", "急用"}, File: "default.toml", Line: 12, Speaks: true},
					{Kind: "hold", Name: "large", When: "pay_fen > 500_000", Cause: "金额超过 5000 元：请组长核对后放行", File: "/etc/floord/rules.toml", Line: 3, Speaks: true},
				}}
			},
			TryRules: func(ctx context.Context, day, text string) (foreman.Trial, []web.RuleMistake, error) {
				other, err := rules.Parse("rules.toml", []byte(text))
				if bad, ok := err.(floor.Mistakes); ok {
					return foreman.Trial{}, []web.RuleMistake{{Line: bad[0].Line, Column: bad[0].Column, Text: bad[0].Text}}, nil
				}
				tr, err := s.Foreman.Try(ctx, day, other)
				return tr, nil, err
			},
		},
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	return s, mended
}

// set puts text into the page's one text area and, if day says one, the day.
func (w *window) set(text, day string) {
	w.b.t.Helper()
	script := "(function (t, d) { var a = document.querySelector('textarea'); a.value = t; if (d) document.querySelector('.side input').value = d; return true; })(" + strconv.Quote(text) + "," + strconv.Quote(day) + ")"
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](script)); err != nil {
		w.b.t.Fatal(err)
	}
}

// TestTheShopsPage: connections, a payload nobody could read, a contradiction that one
// click mends, and rules that are tried and not written.
func TestTheShopsPage(t *testing.T) {
	t.Parallel()
	s, mended := shopsSite(t)
	id := s.Receive(3, 4)
	s.ReceiveAs(func(o *floor.ShopOrder) {
		o.Holds = []floor.Hold{{Code: floor.HoldUnmapped, Field: "pay_amount", Text: "abc"}}
		o.Content = "9f2c7b6f5e1d"
	}, 5)
	_, err := s.Foreman.KeepUnread(t.Context(), s.Root(), "pdd-main", "pdd.order.information.get", "payload is not JSON", []byte("<html>"))
	s.Must(err)
	shipThere(t, s, id)
	for range 2 {
		shipThere(t, s, s.Receive(1))
	}
	s.Person("he.lin", "何琳", floor.RoleLead)
	day := time.Now().In(time.FixedZone("", 8*3600)).Format(time.DateOnly)
	b := newBrowser(t)
	w := b.open("http://"+s.Addr+"/channels?token="+s.Pair("board-1", "board", ""), 1280, 800)
	w.says("请扫描工牌")
	w.scan("badge-zhao.lei")
	w.says("16:00 前有 38 单有风险")
	w.says("连接正常")
	for _, text := range []string{"要人去平台续期：令牌无效 401 × 1", "要人看：请求被拒绝 418 × 1", "稍后自动再问：平台报错 × 2", "自动重试：没有回应 × 3，平台报错 × 200，平台网关超时 504 × 14"} {
		w.says(text)
	}
	w.press("查看")
	w.says("pay_amount")
	w.says("9f2c7b6f5e1d"[:12])
	w.says("payload is not JSON")
	w.look("shops")
	w.press("对账不符")
	w.says("店铺显示已发货")
	w.look("shops-disputes")
	w.press("关闭本仓订单")
	w.says("全部 2 单按已发货关闭")
	if len(*mended) != 1 || (*mended)[0] != id {
		t.Errorf("mended %v; want %s", *mended, id)
	}
	w.press("全部 2 单按已发货关闭")
	w.says("确认，2 单")
	w.press("确认，2 单")
	w.says("店铺与本仓一致")
	if len(*mended) != 3 {
		t.Errorf("mended %v; want all three", *mended)
	}
	w.press("审单规则")
	w.says("default.toml:12")
	w.set("least = 60\n[[hold]]\nname = \"dear\"\nwhen = \"pay_fen >\"\n", "")
	w.press("试算")
	w.says("第 3 行")
	w.look("shops-rules-wrong")
	w.set("[[hold]]\nname = \"dear\"\nwhen = \"pay_fen > 0\"\ncause = \"太贵\"\n[[split]]\nname = \"保价\"\nmax_fen = 1\n", day)
	w.press("试算")
	w.says("+挂起 dear")
	w.says("+分成包裹数 2")
	w.look("shops-rules")

	small := b.open("http://"+s.Addr+"/channels?lang=en&token="+s.Pair("board-2", "board", ""), 360, 640)
	small.says("badge")
	small.scan("badge-he.lin")
	small.says("38 orders at risk by 16:00")
	small.says("tried again by itself: no answer × 3, the shop says an error × 200, the shop's gateway timed out 504 × 14")
	small.look("shops-small")
	small.press("Rules")
	small.says("default.toml:12")
	small.look("shops-rules-small")
}

// shipThere has the shop say that an order was shipped, which nobody here did.
func shipThere(t testing.TB, s *pdatest.Site, id floor.OrderID) {
	t.Helper()
	var o floor.Order
	var to floor.Recipient
	s.Must(s.Ledger.Read(func(v *ledger.View) (err error) {
		if o, _, err = v.Order(id); err == nil {
			to, _, err = v.Recipient(id)
		}
		return err
	}))
	said := floor.ShopOrder{Channel: o.Channel, Shop: o.Shop, Number: o.Number, State: floor.ShopShipped, ModifiedAt: o.ModifiedAt.Add(time.Minute),
		Pay: o.Pay, To: to, Content: o.Content + "'"}
	for _, l := range o.Lines {
		said.Lines = append(said.Lines, floor.ShopLine{SKU: l.SKU, Qty: l.Qty})
	}
	_, err := s.Foreman.Receive(t.Context(), foreman.Intake{Key: s.Root().Key, Channel: o.Channel, Orders: []floor.ShopOrder{said}})
	s.Must(err)
}

// follow clicks the link that says exactly text, and waits for its page.
func (w *window) follow(text string) {
	w.b.t.Helper()
	find := fmt.Sprintf("Array.prototype.filter.call(document.querySelectorAll('a'), function (a) { return a.innerText === %q })[0]", text)
	w.until("!!" + find)
	ctx, cancel := context.WithTimeout(w.ctx, within)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool]("setTimeout(function () { "+find+".click() }), true")(ctx, t)
		return chromedp.Void{}, err
	})
	if err != nil {
		w.b.t.Fatalf("the link %q: %v", text, err)
	}
}

// TestATrialInTheBrowser follows the links of a channel on trial: from the board to the
// shops, to an order that floord would not have shipped and its time line, and back to
// the button that ends the trial.
func TestATrialInTheBrowser(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{
		Rules: func(o *foreman.Options) { o.Trial = func(c floor.ChannelID) bool { return c == "tb-new" } },
		Hooks: pda.Hooks{Channels: func() []pda.ChannelState { return []pda.ChannelState{{ID: "tb-new", OK: true}} }},
	})
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test", Site: "东坝一号仓",
		Channels: web.Channels{Health: func() []web.ChannelHealth {
			on := false
			s.Must(s.Ledger.Read(func(v *ledger.View) (err error) { on, err = s.Foreman.OnTrial(v, "tb-new"); return err }))
			return []web.ChannelHealth{{ChannelState: pda.ChannelState{ID: "tb-new", OK: true}, Driver: "taobao", Trial: on, Troubles: []pda.Words{},
				Lags: []web.ChannelLag{}, Answers: []web.ChannelAnswer{}, Ends: []web.ChannelEnd{}, Pushes: map[string]int{}}}
		}},
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	on := func(o *floor.ShopOrder) { o.Channel = "tb-new" }
	good, odd := s.ReceiveAs(on, 1), s.ReceiveAs(func(o *floor.ShopOrder) {
		on(o)
		o.BuyerNote = "先不发，等通知"
	}, 2)
	waits := s.ReceiveAs(on, 3)
	shipThere(t, s, good)
	shipThere(t, s, odd)
	b := newBrowser(t)
	w := b.open("http://"+s.Addr+"/board?token="+s.Pair("board-1", "board", ""), 1280, 800)
	w.says("组长扫描工牌后可以操作")
	w.scan("badge-zhao.lei")
	w.follow("tb-new")
	w.says("本系统也会发 1 单，本系统不会发 1 单")
	w.says("备注要求暂缓发货")
	w.look("shops-trial")
	w.follow(string(odd))
	w.says("规则“note-stop”要求人工核对")
	w.says("试运行：店铺已由别处发货")
	w.follow("店铺与规则")
	w.press("开通这个渠道")
	w.says("开通渠道 tb-new？")
	w.press("连同这些订单一起处理")
	w.says("接手 1 单")
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		o, _, err := v.Order(waits)
		if o.Trial || o.State != floor.Checked {
			t.Errorf("the order that waited is %s, on trial %v", o.State, o.Trial)
		}
		return err
	}))
}
