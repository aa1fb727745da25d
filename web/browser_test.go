package web_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"

	"github.com/chromedp/chromedp"
)

// A browser is a headless Chromium with a window a device. All tests share one
// process; each has a context of its own in it.
type browser struct {
	t   testing.TB
	ctx context.Context
}

// within is how long anything may take that a page or the browser does: a busy machine is slow.
const within = time.Minute

// chromium is the one process, started by the first test that needs it.
var chromium = sync.OnceValues(func() (context.Context, error) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("lang", "zh-CN"), chromedp.Flag("hide-scrollbars", true),
		chromedp.WSURLReadTimeout(2*within)) // its first start reads it from the disk
	if shell, err := exec.LookPath("chromium-headless-shell"); err == nil { // no windows: a page costs a third
		opts = append(opts, chromedp.ExecPath(shell))
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	atEnd = append(atEnd, stop)
	ctx, stop = chromedp.NewContext(ctx)
	atEnd = append(atEnd, stop)
	return ctx, chromedp.Do(ctx)
})

var atEnd []func()

func TestMain(m *testing.M) {
	// A test in the browser waits more than it computes.
	flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0))))
	code := m.Run()
	for _, stop := range slices.Backward(atEnd) {
		stop()
	}
	os.Exit(code)
}

func newBrowser(t testing.TB) *browser {
	ctx, err := chromium()
	if err != nil {
		t.Fatal("chromium: ", err)
	}
	ctx, stop := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal("chromium: ", err)
	}
	return &browser{t, ctx}
}

// A window is one page of one size.
type window struct {
	b    *browser
	ctx  context.Context
	w, h int64

	scanned string // the newest code
}

func (b *browser) open(url string, w, h int64) *window {
	b.t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx)
	b.t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil { // the tab lives as long as the first context it is given
		b.t.Fatal(err)
	}
	x := &window{b: b, ctx: ctx, w: w, h: h}
	x.do(chromedp.EmulateViewport(w, h), chromedp.Navigate(url))
	return x
}

// picking gives the page of a picker who has bound a tote and goes to the first bin of a
// walk of that site.
func (b *browser) picking(s *pdatest.Site) *window {
	b.t.Helper()
	p := b.open("http://"+s.Addr+"/pda?token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says("请扫描工牌")
	p.scan("badge-li.wei")
	p.says("绑定到 1 号位")
	p.scan("tote-1")
	p.says("扫描库位")
	return p
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.b.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, within)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		text, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string]("document.body.innerText"))
		shot, _ := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
		w.b.t.Fatalf("%v; look at %s; the page shows:\n%s", err, keep("failed", shot), text)
	}
}

// until waits until an expression is true in the page.
func (w *window) until(expression string) {
	w.b.t.Helper()
	w.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(0))(ctx, t)
		return chromedp.Void{}, err
	})
}

// says waits until the page shows text, and nothing sticks out of it sideways.
func (w *window) says(text string) {
	w.b.t.Helper()
	w.until(fmt.Sprintf("document.body.innerText.indexOf(%q) >= 0", text))
	wide, err := chromedp.Run(w.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth - window.innerWidth"))
	if err != nil || wide > 0 {
		w.b.t.Errorf("the page that says %q is %d pixels too wide, %v", text, wide, err)
	}
}

// scan types a code as a wedge does, in one burst that ends with Enter, wherever
// the focus is. The same code again comes later than from a trigger that fires twice.
func (w *window) scan(code string) {
	w.b.t.Helper()
	if code == w.scanned {
		w.eval("new Promise((f) => setTimeout(f, 150))")
	}
	w.scanned = code
	w.wedge(code+"\n", "{}")
}

// wedge types text key by key. Of the options, gap is the pause between two keys
// in ms (none: all in one go), into the place to type at (none: the focus). "\n"
// is Enter, "\t" Tab, and a GS comes as Ctrl+], as scanners send it. The keys say
// that they came at that pace even where the machine stood still between two.
func (w *window) wedge(text, options string) {
	w.b.t.Helper()
	script := fmt.Sprintf(`(function (text, o) {
		var began = performance.now(), n = 0;
		function key(c) {
			var at = o.into ? document.querySelector(o.into) : document.activeElement || document.body;
			var k = { key: c === "\n" ? "Enter" : c === "\t" ? "Tab" : c, bubbles: true, cancelable: true };
			if (c === "\x1d") { k.key = "]"; k.ctrlKey = true; }
			var e = new KeyboardEvent("keydown", k);
			Object.defineProperty(e, "timeStamp", { value: began + n++ * (o.gap || 0) });
			var typed = at.dispatchEvent(e);
			if (typed && k.key.length === 1 && at.value !== undefined) at.value += c;
		}
		if (!o.gap) { Array.from(text).forEach(key); return true; }
		return new Promise(function (done) {
			var i = 0;
			(function next() { if (i === text.length) return done(true); key(text[i++]); setTimeout(next, o.gap); })();
		});
	})(%q, %s)`, text, options)
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise)); err != nil {
		w.b.t.Fatal(err)
	}
}

// press presses the button that says text.
func (w *window) press(text string) {
	w.b.t.Helper()
	find := fmt.Sprintf("Array.prototype.filter.call(document.querySelectorAll(document.querySelector('.over button') ? '.over button' : 'button'), function (b) { return b.innerText.indexOf(%q) >= 0 })[0]", text)
	w.until("!!" + find)
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](find+".click(), true")); err != nil {
		w.b.t.Fatal(err)
	}
}

// click follows the link that says exactly text.
func (w *window) click(text string) {
	w.b.t.Helper()
	find := fmt.Sprintf("Array.prototype.filter.call(document.querySelectorAll('a'), function (a) { return a.innerText === %q })[0]", text)
	if w.value("String(!!document.querySelector('.drawer a'))") == "true" { // what lies on top first
		find = fmt.Sprintf("(Array.prototype.filter.call(document.querySelectorAll('.drawer a'), function (a) { return a.innerText === %q })[0] || %s)", text, find)
	}
	w.until("!!" + find)
	w.value("String(" + find + ".click())")
}

// value gives what an expression comes to.
func (w *window) value(expression string) string {
	w.b.t.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		w.b.t.Fatal(err)
	}
	return v
}

// sent waits until the daemon has answered all that was done on the page, which is
// ahead of it.
func (w *window) sent() { w.b.t.Helper(); w.until(`!document.querySelector(".pending")`) }

// gone waits until the page does not show text any more.
func (w *window) gone(text string) {
	w.b.t.Helper()
	w.until(fmt.Sprintf("document.body.innerText.indexOf(%q) < 0", text))
}

// TestInTheBrowser walks one order through the three pages in a real browser.
func TestInTheBrowser(t *testing.T) {
	t.Parallel()
	grams := floor.Grams(850)
	s := newSite(t, pdatest.Options{Window: 15 * time.Second, Hooks: pda.Hooks{
		Stations: func() []floor.StationID { return []floor.StationID{"pack-1"} },
		Carriers: func() []floor.CarrierID { return []floor.CarrierID{"sf"} },
		Channels: func() []pda.ChannelState {
			return []pda.ChannelState{{ID: "pdd-main", OK: true, Text: "正常,12 秒前"}, {ID: "douyin-1", OK: false, Text: "授权 3 天后到期"}}
		},
		Scale:   func(floor.StationID) pda.ScaleState { return pda.ScaleState{State: "stable", Grams: &grams} },
		Printer: func(floor.StationID) pda.PrinterState { return pda.PrinterState{State: "ready"} },
		TakeWeight: func(context.Context, floor.StationID) (floor.Weight, error) {
			return floor.Weight{Grams: grams, ZeroSeen: true, By: "pack-1", At: time.Now()}, nil
		},
	}})
	first, second := s.Receive(3, 7, 12), s.Receive(21, 22)
	for i := range 30 {
		s.Receive(i)
	}
	late := s.ReceiveAs(func(o *floor.ShopOrder) { o.ShipBy = time.Now().Add(-time.Minute) }, 5)
	s.Release(first, second)
	base := "http://" + s.Addr
	b := newBrowser(t)

	board := b.open(base+"/board?token="+s.Pair("board-1", "board", ""), 1280, 800)
	board.says("已配")
	board.scan("badge-zhao.lei")
	board.says("赵磊")

	unpaired := b.open(base+"/pda", 360, 640)
	unpaired.says("还没有配对")
	unpaired.look("pda-unpaired")

	p := b.open(base+"/pda?token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says("请扫描工牌")
	p.look("pda-login")
	p.scan("badge-li.wei")
	p.says("绑定到 1 号位")
	p.look("pda-bind")
	p.scan("tote-1")
	p.says("扫描库位")
	p.look("pda-stop")
	p.scan("A-09-09-9")
	p.says("库位不对")
	p.look("pda-wrong-bin")
	p.press("知道了")
	p.scan(string(pdatest.Bin(3)))
	p.says("扫描商品")
	p.scan("SK003")
	p.says("放入 1 号位")
	p.look("pda-tote")
	p.scan("tote-1")
	p.says("第 2 / 5 站")
	for _, i := range []int{7, 12} {
		p.scan(string(pdatest.Bin(i)))
		p.scan(string(pdatest.SKU(i)))
		p.scan("tote-1")
	}
	p.says("绑定到 2 号位")
	p.scan("tote-2")
	p.says("扫描库位")
	p.press("缺货")
	p.says("为什么拿不到")
	p.look("pda-short")
	p.press("取消")
	p.sent()

	_, err := s.Foreman.Freeze(t.Context(), s.Root(), second, floor.FreezeCancel)
	s.Must(err)
	p.says("停止操作")
	p.look("pda-freeze")
	board.says("订单已取消")
	board.look("board-freeze")
	p.press("已经拿出")
	p.gone("停止操作") // what follows stood under it already
	p.says("其余商品的订单已冻结")
	p.look("pda-frozen-rest")
	p.sent()
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		return v.OpenIntercepts(func(i floor.Intercept) bool {
			if len(i.Shown) != 1 || len(i.Answers) != 1 || i.Answers[0].Text != "out" {
				t.Errorf("kept of the freeze: %+v", i)
			}
			return true
		})
	}))
	board.says("李伟 已经拿出")

	x := b.open(base+"/station?token="+s.Pair("pack-screen", "station", "pack-1"), 1280, 800)
	x.says("请扫描工牌")
	x.scan("badge-wang.fang")
	x.says("扫描周转箱或订单号")
	x.look("station-empty")
	x.scan("tote-1")
	x.says("逐件扫描商品")
	x.look("station-items")
	x.scan("SK000")
	x.says("不属于这个包裹")
	x.look("station-wrong")
	x.press("知道了")
	for _, i := range []int{3, 7, 12} {
		x.scan(string(pdatest.SKU(i)))
	}
	x.says("封箱并打印面单")
	x.look("station-weighed")
	x.press("封箱")
	x.says("SF10000000000")
	x.says("面单已发送")
	x.look("station-sealed")

	board.press("已配")
	board.says(string(second)[:10])
	board.look("board-list")
	board.press("返回")
	board.scan(string(first))
	board.says("从 " + string(pdatest.Bin(3)) + " 拣 1 件 SK003")
	board.says("封箱，sf 运单 SF1000000000")
	board.look("board-order")
	board.press("返回")
	board.press("已超时")
	board.says("最晚发货 已超时 · 1")
	board.says(string(late))
	board.press("返回")
	board.do(chromedp.EmulateViewport(1920, 1080))
	board.look("board-1920")

	en := b.open(base+"/board?lang=en&token="+s.Pair("board-2", "board", ""), 1280, 800)
	en.says("Frozen")
	en.look("board-en")
	narrow := b.open(base+"/board?lang=en&token="+s.Pair("board-3", "board", ""), 360, 640)
	narrow.says("Frozen")
	if y := narrow.value(`String(scrollY) + " " + document.activeElement.tagName`); y != "0 INPUT" {
		b.t.Errorf("a phone's board stands at %q; want its top, with the keys on the field far below", y)
	}
	narrow.look("board-narrow")

	onTheWall(b, s, base)

	docs := b.open(base+"/api/docs", 1280, 800)
	docs.says("/api/v1/intercepts")
}

// onTheWall looks at the board's form for the wall with more on it than fits.
func onTheWall(b *browser, s *pdatest.Site, base string) {
	b.t.Helper()
	for i := range 9 {
		id := s.ReceiveAs(func(o *floor.ShopOrder) { o.ShipBy = time.Now().Add(time.Duration(i) * time.Hour) }, i)
		s.Release(id)
		_, err := s.Foreman.Freeze(b.t.Context(), s.Root(), id, floor.FreezeAddress)
		s.Must(err)
		s.Release(s.Receive(i))
	}
	for i, lang := range []string{"zh", "en"} {
		for j, size := range [][2]int64{{1920, 1080}, {1280, 800}} {
			w := b.open(base+"/board?big=1&lang="+lang+"&token="+s.Pair(floor.DeviceID(fmt.Sprintf("wall-%d%d", i, j)), "board", ""), size[0], size[1])
			w.says("douyin-1 授权 3 天后到期")
			w.look(fmt.Sprintf("board-wall-%s-%d", lang, size[0]))
			w.do(waitFor(still)) // at its own size again
			// What is wrong with it: anything scrolled, text cut off or out of the window, letters under a 64th of the width.
			bad, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`(function () {
				var bad = [], root = document.documentElement;
				if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) bad.push("it scrolls: " + root.scrollWidth + " x " + root.scrollHeight);
				var at = document.createTreeWalker(document.querySelector(".wall"), NodeFilter.SHOW_TEXT), n = 0;
				while (at.nextNode()) {
					var text = at.currentNode, range = document.createRange();
					range.selectNodeContents(text);
					var r = range.getBoundingClientRect(), size = parseFloat(getComputedStyle(text.parentNode).fontSize);
					if (!r.width) continue;
					n++;
					if (size < innerWidth / 64 - .1) bad.push("small: " + text.data + " " + size);
					for (var e = text.parentNode; e !== root; e = e.parentNode) {
						var box = e.getBoundingClientRect(), style = getComputedStyle(e);
						if (style.display === "inline") continue;
						if (r.right > box.right + 1 || r.left < box.left - 1 || style.overflowY === "hidden" && (r.bottom > box.bottom + 1 || r.top < box.top - 1)) { bad.push("cut: " + text.data); break; }
					}
				}
				return bad.length || n > 40 ? bad.join("\n") : "only " + n + " texts";
			})()`))
			if err != nil || bad != "" {
				b.t.Errorf("the wall at %v, %s: %v\n%s", size, lang, err, bad)
			}
		}
	}
}
