package web_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// A bench is a pack station whose scale and printer the test holds in its hands.
type bench struct {
	*pdatest.Site
	t      *testing.T
	picker *pdatest.Client
	x      *window

	mu    sync.Mutex
	grams floor.Grams // on the scale; guarded by mu
	taken bool        // what lies there was weighed; guarded by mu
}

// newBench starts a site and opens its station in a language.
func newBench(t *testing.T, lang string, change func(*pdatest.Options)) *bench {
	s := &bench{t: t}
	o := pdatest.Options{
		Window: 15 * time.Second, AutoSeal: true,
		Rules: func(o *foreman.Options) {
			o.Carriers = []floor.CarrierRule{{ID: "sf"}, {ID: "zto"}}
			o.Packagings = []floor.Packaging{{Code: "BOX-2", Name: "2 号箱", Grams: 120}, {Code: "BOX-4", Name: "4 号箱", Grams: 260}, {Code: "BAG-1", Name: "快递袋", Grams: 25}}
		},
		Hooks: pda.Hooks{
			Stations: func() []floor.StationID { return []floor.StationID{"pack-1"} },
			Carriers: func() []floor.CarrierID { return []floor.CarrierID{"sf", "zto"} },
			CarrierName: func(c floor.CarrierID) string {
				return map[floor.CarrierID]string{"sf": "顺丰速运", "zto": "中通快递"}[c]
			},
			Scale:      s.scale,
			Printer:    func(floor.StationID) pda.PrinterState { return pda.PrinterState{State: "ready", Name: "tsc/te244"} },
			TakeWeight: s.take,
		},
	}
	if change != nil {
		change(&o)
	}
	s.Site = newSite(t, o)
	s.picker = s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	s.x = newBrowser(t).open("http://"+s.Addr+"/station?lang="+lang+"&token="+s.Pair("pack-screen", "station", "pack-1"), 1280, 800)
	return s
}

func (s *bench) scale(floor.StationID) pda.ScaleState {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.grams
	st := pda.ScaleState{State: "empty", Name: "yaohua/xk3190-a12", Grams: &g}
	switch {
	case g > 0 && s.taken:
		st.State = "taken"
	case g > 0:
		st.State = "stable"
	}
	return st
}

func (s *bench) take(context.Context, floor.StationID) (floor.Weight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = true
	return floor.Weight{Grams: s.grams, ZeroSeen: true, By: "pack-1", At: time.Now()}, nil
}

// put lays so many grams onto the empty scale.
func (s *bench) put(g floor.Grams) {
	s.lift()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grams = g
}

// lift empties the scale, and waits until the page shows it.
func (s *bench) lift() {
	s.mu.Lock()
	s.grams, s.taken = 0, false
	s.mu.Unlock()
	s.x.until("!!document.querySelector('.reading.empty')")
}

// picked is an order that lies in a tote, ready to pack.
func (s *bench) picked(change func(*floor.ShopOrder), skus ...int) (floor.OrderID, string) {
	s.t.Helper()
	if change == nil {
		change = func(*floor.ShopOrder) {}
	}
	id := s.ReceiveAs(change, skus...)
	task := s.Release(id)
	_, err := s.picker.Act("take", map[string]any{})
	s.Must(err)
	s.PickAll(s.picker, task)
	return id, string(s.Order(id).Tote)
}

// printed says that the label of an order's newest parcel came out.
func (s *bench) printed(id floor.OrderID, fact func(floor.Effect) floor.Fact) {
	printed(s.Site, id, fact)
}

func printed(s *pdatest.Site, id floor.OrderID, fact func(floor.Effect) floor.Fact) {
	s.T.Helper()
	var e floor.Effect
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		return v.Lane("printer/pack-1", func(x floor.Effect) bool { e = x; return x.Order != id })
	}))
	_, err := s.Ledger.Commit(s.T.Context(), ledger.Request{Key: s.Root().Key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
		return []floor.Fact{floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: "pack-1"}, fact(e)}, nil
	})
	s.Must(err)
}

func cameOut(e floor.Effect) floor.Fact {
	return floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: "pack-1", What: e.What, Outcome: "printed"}
}

func doubted(e floor.Effect) floor.Fact {
	return floor.EffectDoubted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: "pack-1", Why: "interrupted"}
}

// key presses a key that no scanner sends.
func (s *bench) key(k string) {
	s.t.Helper()
	time.Sleep(350 * time.Millisecond) // longer than a scanner's second Enter
	s.x.do(chromedp.KeyEvent(k))
}

// eventually waits until the ledger shows something that an act of the page leads to.
func (s *bench) eventually(what string, holds func(*ledger.View) (bool, error)) {
	s.t.Helper()
	for range 1200 {
		var ok bool
		s.Must(s.Ledger.Read(func(v *ledger.View) (err error) { ok, err = holds(v); return err }))
		if ok {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Errorf("never: %s", what)
}

// clear waits until nothing lies over the page.
func (s *bench) clear() {
	s.t.Helper()
	s.x.until("!document.querySelector('.cover')")
}

// in gives one of two sentences, by language.
func in(lang, zh, en string) string {
	if lang == "en" {
		return en
	}
	return zh
}

// TestPackingInTheBrowser packs an order at the station from the tote to its label
// without a mouse, with everything on the way that can go wrong, in both languages.
func TestPackingInTheBrowser(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) { packing(t, lang) })
	}
}

func packing(t *testing.T, lang string) {
	t.Parallel()
	s := newBench(t, lang, nil)
	x := s.x
	shot := func(name string) { t.Helper(); s.x.look("station-" + lang + "-" + name) }
	says := func(zh, en string) { t.Helper(); x.says(in(lang, zh, en)) }
	says("请扫描工牌", "Scan your badge")
	x.scan("badge-wang.fang")
	says("扫描周转箱或订单号", "Scan a tote")
	shot("1-empty")

	first, tote := s.picked(func(o *floor.ShopOrder) {
		o.BuyerNote, o.SellerNote = "生日礼物，请不要放发票和价签", "加写贺卡：小雨生日快乐"
		o.Lines[1].Qty = 2
		o.Lines[2].Gift = true
	}, 3, 7, 12)
	x.scan(tote)
	says("先看备注", "Read this first")
	says("请不要放发票", "请不要放发票")
	x.scan("SK003") // hands are too fast
	shot("2-note")
	if s.parcel(first).Items[0].Verified != 0 {
		t.Error("an item was scanned with the note unread")
	}
	s.key(kb.Enter)
	says("逐件扫描商品", "Scan every item")
	shot("3-items")
	x.scan("SK000")
	says("不属于这个包裹", "does not belong")
	shot("4-wrong-item")
	s.key(kb.Enter)
	s.clear()
	x.scan("SK003")
	x.until("document.body.innerText.indexOf('1 / 4') >= 0")
	x.do(chromedp.Navigate("http://" + s.Addr + "/station?lang=" + lang)) // a reload in the middle
	says("1 / 4", "1 / 4")
	x.scan("6901234500007")
	x.until("document.body.innerText.indexOf('1 / 2') >= 0")
	shot("5-half")
	x.scan("SK007")
	x.scan("SK012")
	says("扫描包材", "Scan the box")
	shot("6-box")
	x.scan("BOX-2")
	says("放到秤上", "put it on the scale")
	says("应为 1.120 kg", "should be 1.120 kg")
	shot("7-scale")
	s.put(865) // one cup was left in the tote
	says("轻了 255 克", "255 g too light")
	says("可能少放 1 件", "1 missing?")
	shot("8-off")
	x.do(chromedp.Navigate("http://" + s.Addr + "/station?lang=" + lang))
	says("轻了 255 克", "255 g too light")
	s.key(kb.F7)
	says("为什么放行", "Why let it pass")
	shot("9-pass")
	x.scan("FLOORD-3")
	says("请组长扫描工牌", "A lead scans")
	shot("10-lead")
	x.scan("badge-wang.fang")
	says("权限", "role")
	s.key(kb.Enter)
	says("轻了 255 克", "255 g too light") // and it is still the question
	s.put(1124)                         // found it: weighed and sealed without a touch
	says("SF10000000000", "SF10000000000")
	says("面单已发送", "Label sent")
	shot("11-sealed")
	s.printed(first, doubted)
	says("面单打出来了吗", "Did the label come out")
	shot("12-doubt")
	x.scan("1") // as typed on a number pad
	says("面单已打出", "Label printed")
	shot("13-printed")
	s.key(kb.F8)
	says("为什么要重打", "Why again")
	shot("14-reprint")
	s.key(kb.F2)
	says("面单已发送", "Label sent")
	if p := s.parcel(first); p.Copies != 2 {
		t.Errorf("after a reprint by key: %+v; want a second copy", p)
	}
}

func (s *bench) parcel(id floor.OrderID) floor.Parcel {
	var p floor.Parcel
	s.Must(s.Ledger.Read(func(v *ledger.View) (err error) {
		ps := s.Order(id).Parcels
		p, _, err = v.Parcel(ps[len(ps)-1])
		return err
	}))
	return p
}

// TestOverrideAndSplitInTheBrowser lets a lead pass a weight, and packs one order
// into two boxes.
func TestOverrideAndSplitInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newBench(t, "zh", nil)
	x := s.x
	x.says("请扫描工牌")
	x.scan("badge-wang.fang")
	x.says("扫描周转箱")
	id, tote := s.picked(func(o *floor.ShopOrder) { o.Lines[0].Qty = 3 }, 1, 2)
	x.scan(tote)
	x.scan("SK001") // the order is opened first: no scan is lost, or taken for a tote
	x.says("1 / 4")
	x.scan("SK001")
	x.says("2 / 4")
	s.key(kb.F3)
	x.says("这一箱装满了吗")
	s.x.look("station-zh-split")
	s.key(kb.F1)
	x.says("扫描包材")
	s.key(kb.F1)
	x.says("应为 0.620 kg")
	s.put(700)
	x.says("重了 80 克")
	s.x.look("station-zh-off-unknown")
	s.key(kb.F7)
	x.says("为什么放行")
	s.key(kb.F2)
	x.says("请组长扫描工牌")
	x.scan("badge-zhao.lei")
	x.says("这个订单还有 2 件")
	s.x.look("station-zh-rest")
	if p := s.parcel(id); p.Weight == nil || p.Weight.Grams != 700 || p.Waybill == "" {
		t.Errorf("the passed parcel: %+v", p)
	}
	s.key(kb.Enter)
	x.says("第 2 箱")
	x.says("0 / 2")
	x.scan("SK001")
	x.scan("SK002")
	x.says("扫描包材")
	x.scan("BAG-1")
	s.put(526)
	x.says("扫描下一个周转箱")
	o := s.Order(id)
	if len(o.Parcels) != 2 || o.State != floor.Sealed {
		t.Errorf("order in two boxes: %s with %v", o.State, o.Parcels)
	}
}

// TestHandoverInTheBrowser hands parcels to a driver by scanner and keyboard, with
// a cancel and a reload in the middle, in both languages.
func TestHandoverInTheBrowser(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) { handingOver(t, lang) })
	}
}

func handingOver(t *testing.T, lang string) {
	t.Parallel()
	s := newBench(t, lang, func(o *pdatest.Options) {
		o.Rules = func(r *foreman.Options) { r.Carriers = []floor.CarrierRule{{ID: "sf"}, {ID: "zto"}} }
	})
	x := s.x
	says := func(zh, en string) { t.Helper(); x.says(in(lang, zh, en)) }
	shot := func(name string) { t.Helper(); s.x.look("handover-" + lang + "-" + name) }
	says("请扫描工牌", "Scan your badge")
	x.scan("badge-wang.fang")
	says("扫描周转箱", "Scan a tote")
	var orders []floor.OrderID
	for i := range 4 {
		id, tote := s.picked(nil, i)
		x.scan(tote)
		x.scan(string(pdatest.SKU(i)))
		s.put(350)
		x.until(fmt.Sprintf("document.body.innerText.indexOf('SF1000000000%d') >= 0", i))
		if i != 3 {
			s.printed(id, cameOut)
		}
		orders = append(orders, id)
	}
	s.key(kb.F2)
	says("选择快递", "Choose the carrier")
	shot("1-carriers")
	s.key(kb.F2)
	says("交接给中通快递", "Hand over to 中通快递")
	x.scan("SF10000000000")
	says("请拿出来", "Take it off")
	shot("2-wrong-carrier")
	s.key(kb.Enter)
	s.key(kb.F3)
	x.scan("FLOORD-1")
	says("逐个扫描面单", "Scan each label")
	x.scan("SF10000000000")
	x.until("document.querySelector('.tally b').innerText === '1'")
	_, err := s.Foreman.Freeze(t.Context(), s.Root(), orders[1], floor.FreezeCancel)
	s.Must(err)
	says("停止操作", "STOP")
	shot("3-freeze")
	s.key(kb.F3)
	s.clear()
	x.scan("SF10000000001")
	says("已冻结", "is frozen")
	shot("4-frozen")
	s.key(kb.Enter)
	s.clear()
	x.scan("SF10000000003")
	says("没有确认打出", "not known to have come out")
	s.key(kb.Enter)
	s.clear()
	x.scan("SF10000000000")
	says("重复扫描", "scanned twice")
	s.key(kb.Enter)
	s.clear()
	x.scan("SF10000000002")
	x.until("document.querySelector('.tally b').innerText === '2'")
	x.do(chromedp.Navigate("http://" + s.Addr + "/station?lang=" + lang))
	x.until("!!document.querySelector('.tally b') && document.querySelector('.tally b').innerText === '2'")
	shot("5-two")
	s.key(kb.F4)
	says("司机姓名", "driver's name")
	x.scan("DRIVER-0815")
	says("签名", "signs")
	x.do(func(ctx context.Context, tg *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](`(() => {
  const c = document.querySelector('canvas.pad'), r = c.getBoundingClientRect();
  const at = (k, x, y) => c.dispatchEvent(new PointerEvent(k, { clientX: r.left + x, clientY: r.top + y, bubbles: true, cancelable: true }));
  at('pointerdown', 120, 60);
  for (let i = 0; i < 60; i++) at('pointermove', 120 + 5 * i, 100 + 60 * Math.sin(i / 4));
  at('pointerup', 420, 100);
  return true;
})()`)(ctx, tg)
		return chromedp.Void{}, err
	})
	says("完成签收", "Done")
	shot("6-signed")
	s.key(kb.Enter)
	says("交接单 H-1 好了", "Sheet H-1 is ready")
	shot("7-ready")
	var row floor.Sheet
	s.Must(s.Ledger.Read(func(v *ledger.View) (err error) { row, _, err = v.SheetRow("H-1"); return err }))
	if row.Parcels != 2 || row.Driver != "DRIVER-0815" || len(row.Ink) != 1 || len(row.Ink[0]) < 100 || !row.Ink.OK() {
		t.Errorf("the signed sheet: %+v", row)
	}
	if o := s.Order(orders[1]); o.State != floor.Sealed || o.Freeze == nil {
		t.Errorf("the cancelled order is %s, frozen %v; want it kept back", o.State, o.Freeze)
	}
	s.key(kb.Escape)
	says("逐个扫描面单", "Scan each label")
	s.key(kb.Escape)
	says("扫描下一个周转箱", "scan the next tote")
	for _, tt := range []struct {
		token  string
		status int
	}{{adminToken, 200}, {"", 401}, {s.Pair("pda-09", "pda", ""), 403}} {
		status, body := call(s.Site, tt.token, "GET", "/api/v1/sheets/H-1/pdf?lang="+lang, "")
		if status != tt.status || status == 200 && !strings.HasPrefix(body, "%PDF-1") {
			t.Errorf("sheet for %q: %d %.40q; want %d", tt.token, status, body, tt.status)
		}
	}
	if status, _ := call(s.Site, adminToken, "GET", "/api/v1/sheets/H-9/pdf", ""); status != 404 {
		t.Errorf("a sheet that is not there: %d; want 404", status)
	}
}

// TestFreezeInThePack stops an order on the table: full screen at once, answered
// by a key; nothing goes on with it, and it goes on after a reload and a decision.
func TestFreezeInThePack(t *testing.T) {
	t.Parallel()
	s := newBench(t, "zh", nil)
	x := s.x
	x.says("请扫描工牌")
	x.scan("badge-wang.fang")
	x.says("扫描周转箱")
	id, tote := s.picked(nil, 1, 2)
	x.scan(tote)
	x.scan("SK001")
	x.until("document.body.innerText.indexOf('1 / 2') >= 0")
	_, err := s.Foreman.Freeze(t.Context(), s.Root(), id, floor.FreezeCancel)
	s.Must(err)
	x.says("停止操作")
	x.says("订单已取消")
	x.do(chromedp.Navigate("http://" + s.Addr + "/station"))
	x.says("停止操作")
	s.x.look("station-zh-freeze")
	x.scan("SK002") // hands go on by habit
	if p := s.parcel(id); p.Items[1].Verified != 0 {
		t.Errorf("scanned into a frozen parcel: %+v", p)
	}
	x.scan("1")
	s.clear()
	x.says("等组长处理")
	s.x.look("station-zh-frozen")
	x.scan("SK002")
	x.says("已冻结")
	s.key(kb.Enter)
	s.eventually("the freeze is shown and answered", func(v *ledger.View) (ok bool, err error) {
		err = v.OpenIntercepts(func(i floor.Intercept) bool {
			ok = len(i.Shown) == 1 && len(i.Answers) == 1 && i.Answers[0].Text == "out"
			return true
		})
		return ok, err
	})
	_, err = s.Foreman.Thaw(t.Context(), s.Root(), id)
	s.Must(err)
	x.says("逐件扫描商品")
	x.scan("SK002")
	x.says("扫描包材")
}
