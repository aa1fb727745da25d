package web_test

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"
)

// TestLeadLooksCloser clicks through the board: what is at risk, a wave's walk, an
// order, a person, a report with its photo, an interception's hops.
func TestLeadLooksCloser(t *testing.T) {
	t.Parallel()
	s := newSite(t, pdatest.Options{Window: time.Minute, Hooks: pda.Hooks{
		Channels: func() []pda.ChannelState { return []pda.ChannelState{{ID: "pdd-main", OK: true, Text: "正常"}} },
	}})
	first, second := s.Receive(3), s.Receive(21)
	risky := s.ReceiveAs(func(o *floor.ShopOrder) { o.ShipBy = time.Now().Add(90 * time.Minute) }, 5)
	task := s.Release(first, second)
	pda1 := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	if _, err := pda1.Act("take", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	var photo bytes.Buffer
	s.Must(png.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 30))))
	_, err := s.Foreman.Report(t.Context(), foreman.By{Person: "li.wei", Device: "pda-01", Key: s.Root().Key}, foreman.Report{What: "leaking", Text: "纸箱湿了", Task: task, Stop: 1, Picture: photo.Bytes()})
	s.Must(err)
	_, err = s.Foreman.Freeze(t.Context(), s.Root(), second, floor.FreezeAddress)
	s.Must(err)

	b := newBrowser(t)
	board := b.open("http://"+s.Addr+"/board?token="+s.Pair("board-1", "board", ""), 1280, 800)
	board.says("已配")
	board.scan("badge-zhao.lei")
	board.says("赵磊")
	board.until("!!document.querySelector('.graph canvas')")
	board.press("有超时风险")
	board.says("九成订单走完余下环节要")
	board.says(string(risky))
	board.press("返回")
	board.click("W-1")
	board.says(string(task))
	board.says("李伟 · pda-01")
	board.look("board-wave")
	board.click(string(first))
	board.says("时间线")
	board.press("返回")
	board.says(string(task)) // the walk is still open behind it
	board.press("返回")
	board.click("李伟")
	board.says("最近一次操作")
	board.look("board-person")
	board.press("返回")
	board.click("漏液或污染")
	board.says("纸箱湿了")
	board.until("(document.querySelector('.drawer .photo img') || {}).naturalWidth === 40")
	board.look("board-photo")
	board.press("返回")
	board.says("→应答")
	if href := board.value(`document.querySelector('a[href^="/channels"]').textContent`); href != "pdd-main" {
		t.Errorf("the link to the channels says %q", href)
	}
	for _, lang := range []string{"zh", "en"} {
		w := b.open("http://"+s.Addr+"/board?lang="+lang+"&token="+s.Pair(floor.DeviceID("board-"+lang), "board", ""), 1280, 1600)
		w.until("!!document.querySelector('.graph canvas')")
		w.look("board-whole-" + lang)
		if broken := w.value(`Array.prototype.filter.call(document.querySelectorAll('.board td, .board li'), function (e) { return e.scrollWidth > e.clientWidth + 1; }).map(function (e) { return e.innerText; }).join('|')`); broken != "" {
			t.Errorf("%s: sticks out: %s", lang, broken)
		}
	}
}

// TestLeadIsCalled: a freeze that nobody answers fills the screen of the lead's
// handheld, then of the next lead's; a cancel against urgent covers the board of the
// lead, one after the other, and what cannot be taken back is pressed twice.
func TestLeadIsCalled(t *testing.T) {
	t.Parallel()
	s := newSite(t, pdatest.Options{Window: time.Millisecond, Rules: func(o *foreman.Options) { o.CallEvery = time.Millisecond }})
	s.Person("zhou.min", "周敏", floor.RoleLead)
	first, second := s.Receive(3), s.Receive(21)
	s.Release(first, second)
	hand := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	if _, err := hand.Act("take", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t)
	base := "http://" + s.Addr
	var leads []*window
	for i, badge := range []string{"badge-zhao.lei", "badge-zhou.min"} {
		w := b.open(base+"/pda?token="+s.Pair(floor.DeviceID([]string{"pda-08", "pda-09"}[i]), "pda", ""), 360, 640)
		w.says("请扫描工牌")
		w.scan(badge)
		w.says([]string{"赵磊", "周敏"}[i])
		leads = append(leads, w)
	}
	call := func(id floor.OrderID) {
		t.Helper()
		key := s.Order(id).Freeze.Key
		calls := func() (n int) {
			s.Must(s.Ledger.Read(func(v *ledger.View) error {
				i, _, err := v.Intercept(key)
				n = len(i.Calls)
				return err
			}))
			return n
		}
		for was := calls(); calls() == was; { // a call is due after a millisecond
			_, err := s.Foreman.Escalate(t.Context(), s.Root(), key)
			s.Must(err)
		}
	}
	_, err := s.Foreman.Freeze(t.Context(), s.Root(), first, floor.FreezeCancel)
	s.Must(err)
	call(first)
	leads[0].says("组长请处理")
	leads[0].says("有人没有回答")
	leads[0].look("pda-call")
	call(first) // nothing was said: the next one
	leads[1].says("组长请处理")
	leads[1].press("我来处理")
	leads[1].gone("组长请处理")
	leads[0].gone("组长请处理") // somebody is on it

	_, err = s.Foreman.Freeze(t.Context(), s.Root(), second, floor.FreezeCancel)
	s.Must(err)
	call(second)
	leads[0].says(string(second))
	leads[0].press("关闭订单")
	leads[0].says("再按一次")
	leads[0].look("pda-call-armed")
	if o := s.Order(second); o.State == floor.Closed {
		t.Error("the order was closed by one press")
	}
	leads[0].press("再按一次")
	leads[0].gone("组长请处理")
	if o := s.Order(second); o.State != floor.Closed {
		t.Errorf("the order is %s; want it closed", o.State)
	}

	urgent := func() floor.OrderID {
		id := s.ReceiveAs(func(o *floor.ShopOrder) { o.Flags = []string{"urgent"} }, 7)
		s.Release(id)
		s.Cancel(id)
		return id
	}
	one, two := urgent(), urgent()
	board := b.open(base+"/board?token="+s.Pair("board-1", "board", ""), 1280, 800)
	board.says("已配")
	board.scan("badge-zhao.lei")
	board.says(string(one))
	board.until("!!document.querySelector('.call')") // once the board knows whose it is
	board.says("取消与加急冲突")
	board.look("board-conflict")
	board.press("照发")
	board.press("再按一次")
	board.until("document.querySelector('.call .number').textContent === '" + string(two) + "'")
	board.press("取消订单")
	board.press("再按一次")
	board.until("!document.querySelector('.call')")
	if a, b := s.Order(one), s.Order(two); a.Freeze != nil || a.State == floor.Closed || b.State != floor.Closed {
		t.Errorf("the first is frozen %v and %s, the second %s; want it to go on, and closed", a.Freeze != nil, a.State, b.State)
	}
}

// TestSheetsToPull: a cancel after labels were printed first says which sheets to pull,
// on the station and on the board.
func TestSheetsToPull(t *testing.T) {
	t.Parallel()
	s := newSite(t, pdatest.Options{})
	orders := []floor.OrderID{s.Receive(3), s.Receive(3), s.Receive(3)}
	s.Release(orders...)
	b := newBrowser(t)
	x := b.open("http://"+s.Addr+"/station?token="+s.Pair("pack-screen", "station", "pack-1"), 1280, 800)
	x.says("请扫描工牌")
	x.scan("badge-wang.fang")
	x.gone("请扫描工牌")
	if status, body := call(s, adminToken, "POST", "/api/v1/waves/"+string(s.Order(orders[0]).Wave)+"/print-first", `{"station":"pack-1"}`); status != 200 {
		t.Fatal(status, body)
	}
	for _, id := range orders {
		printed(s, id, cameOut)
	}
	board := b.open("http://"+s.Addr+"/board?token="+s.Pair("board-1", "board", ""), 1280, 800)
	board.says("没有冻结的订单")
	s.Cancel(orders[1])
	board.says("抽出第 2 张")
	board.look("board-pull")
	x.says("停止操作")
	x.press("已经封箱")
	x.press("有 1 张面单要抽出")
	x.says("抽出第 2 张")
	x.look("station-pull")
}

// TestDoneByHand: what only a person can do at a shop stands on the board, with what to
// enter where, until a lead says that it is done.
func TestDoneByHand(t *testing.T) {
	t.Parallel()
	s := newSite(t, pdatest.Options{})
	id := s.Receive(1)
	todo := floor.Effect{ID: "E-900", Lane: floor.LaneHands, What: floor.EffectByHand, Class: floor.Idempotent, Order: id, Args: map[string]string{
		"code": "gift-by-hand", "channel": "kuaishou-main", "number": "2401234567890123", "goods": "SOCK-01×2", "carrier": "顺丰速运", "waybill": "SF1234567890123"}}
	_, err := s.Ledger.Commit(t.Context(), ledger.Request{Key: s.Root().Key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
		return []floor.Fact{floor.EffectAsked{Effect: todo}}, nil
	})
	s.Must(err)
	b := newBrowser(t)
	w := b.open("http://"+s.Addr+"/board?token="+s.Pair("board-1", "board", ""), 1280, 800)
	w.says("赠品 SOCK-01×2 已随包裹寄出")
	w.scan("badge-zhao.lei")
	w.says("赵磊")
	w.says("给赠品填写顺丰速运运单 SF1234567890123")
	w.look("board-hands")
	en := b.open("http://"+s.Addr+"/board?lang=en&token="+s.Pair("board-2", "board", ""), 360, 640)
	en.says("its gifts SOCK-01×2 left in the parcel")
	w.press("已办")
	w.gone("要人到商家后台办")
	en.gone("its gifts SOCK-01×2")
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		if _, there, err := v.Effect(todo.ID); err != nil || there {
			t.Errorf("it stands in the ledger after it was done: %v, %v", there, err)
		}
		return nil
	}))
}

// TestMessagesShiftNothing: a refusal, a stop sign and a lost network leave everything
// where it was.
func TestMessagesShiftNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, pdatest.Options{})
	id := s.Receive(3, 7)
	s.Release(id)
	b := newBrowser(t)
	p := b.picking(s)
	places := `JSON.stringify(Array.from(document.querySelectorAll("header b, .bin, .goods, .qty, .scan, .scan input, main button")).map((e) => { const r = e.getBoundingClientRect(); return [e.tagName, Math.round(r.left), Math.round(r.top), Math.round(r.width), Math.round(r.height)]; }))`
	before := p.value(places)
	same := func(what string) {
		t.Helper()
		if now := p.value(places); now != before {
			t.Errorf("%s moved the page:\n%s\n%s", what, before, now)
		}
	}
	p.scan(string(pdatest.Bin(7)))
	p.says("库位不对")
	same("a refusal")
	p.press("知道了")
	p.gone("库位不对")
	same("its end")
	_, err := s.Foreman.Freeze(t.Context(), s.Root(), id, floor.FreezeLead)
	s.Must(err)
	p.says("停止操作") // it fills the screen
	_, err = s.Foreman.Thaw(t.Context(), s.Root(), id)
	s.Must(err)
	p.gone("停止操作")
	p.says("扫描库位")
	same("the end of a stop sign")

	x := b.open("http://"+s.Addr+"/station?token="+s.Pair("pack-screen", "station", "pack-1"), 1280, 800)
	x.says("请扫描工牌")
	x.scan("badge-wang.fang")
	x.says("扫描周转箱")
	work := strings.ReplaceAll(places, "header b, .bin, .goods, .qty, .scan, .scan input, main button", "header b, main section, main section *, .scan")
	idle := x.value(work)
	_, err = s.Foreman.Trip(t.Context(), s.Root(), floor.Trip{Scope: floor.Scope{Carrier: "sf"}, Cause: floor.FuseBalance})
	s.Must(err)
	x.says("余额用完")
	if now := x.value(work); now != idle {
		t.Errorf("a fuse moved the station's page:\n%s\n%s", idle, now)
	}

	s.Stop()
	p.says("离线")
	same("a lost network")
}
