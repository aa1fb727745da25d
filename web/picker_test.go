package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"
	"floord/wave"

	"github.com/chromedp/chromedp"
)

// A radio is the air between a handheld and the daemon: it can be cut.
type radio struct {
	ln   net.Listener
	to   string
	mu   sync.Mutex
	dead bool                  // guarded by mu
	open map[net.Conn]net.Conn // guarded by mu
}

func newRadio(t *testing.T, to string) *radio {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &radio{ln: ln, to: to, open: map[net.Conn]net.Conn{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			done.Go(func() { r.carry(c) })
		}
	})
	t.Cleanup(func() { ln.Close(); r.cut(true); done.Wait() })
	return r
}

func (r *radio) carry(c net.Conn) {
	d, err := net.Dial("tcp", r.to)
	r.mu.Lock()
	if err != nil || r.dead {
		r.mu.Unlock()
		c.Close()
		if d != nil {
			d.Close()
		}
		return
	}
	r.open[c] = d
	r.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { io.Copy(d, c); d.Close() })
	io.Copy(c, d)
	c.Close()
	both.Wait()
	r.mu.Lock()
	delete(r.open, c)
	r.mu.Unlock()
}

// cut ends all connections and takes no more, or takes them again.
func (r *radio) cut(dead bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead = dead
	for c, d := range r.open {
		c.Close()
		d.Close()
	}
}

// at gives where something stands, to see that it does not move.
func (w *window) at(selector string) string {
	w.b.t.Helper()
	where, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](fmt.Sprintf(`JSON.stringify(document.querySelector(%q).getBoundingClientRect())`, selector)))
	if err != nil {
		w.b.t.Fatal(err)
	}
	return where
}

// word gives the pages' own word for a code.
func word(t *testing.T, lang, code string, args ...string) string {
	t.Helper()
	for _, file := range []string{"src/text.json", "../floor/messages.json"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var words map[string]map[string]string
		if err := json.Unmarshal(data, &words); err != nil {
			t.Fatal(err)
		}
		if said, ok := words[code]; ok {
			text := said[lang]
			for i := 0; i+1 < len(args); i += 2 {
				text = strings.ReplaceAll(text, "{"+args[i]+"}", args[i+1])
			}
			return text
		}
	}
	t.Fatalf("no word %s", code)
	return ""
}

// tag puts tags on an order, as the rules would.
func tag(s *pdatest.Site, id floor.OrderID, tags ...string) {
	s.T.Helper()
	_, err := s.Ledger.Commit(s.T.Context(), ledger.Request{Key: s.Root().Key, Actor: "test"}, func(*ledger.View) ([]floor.Fact, error) {
		return []floor.Fact{floor.OrderTagged{Order: id, Tags: tags}}, nil
	})
	s.Must(err)
}

// TestThePickersPage walks through the picker's flows on a screen of 360 x 640, in
// both languages, and looks at every screen.
func TestThePickersPage(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	for _, lang := range []string{"zh", "en"} {
		t.Run("walk "+lang, func(t *testing.T) { walkFlow(t, b.on(t), lang) })
		t.Run("joined "+lang, func(t *testing.T) { joinFlow(t, b.on(t), lang) })
		t.Run("wall "+lang, func(t *testing.T) { wallFlow(t, b.on(t), lang) })
		t.Run("lots "+lang, func(t *testing.T) { lotFlow(t, b.on(t), lang) })
		t.Run("refill "+lang, func(t *testing.T) { refillFlow(t, b.on(t), lang) })
		t.Run("a report with a photo "+lang, func(t *testing.T) { reportFlow(t, b.on(t), lang) })
		t.Run("wave code and back to the bin "+lang, func(t *testing.T) { backFlow(t, b.on(t), lang) })
		t.Run("battery swap "+lang, func(t *testing.T) { swapFlow(t, b.on(t), lang) })
		t.Run("offline and back "+lang, func(t *testing.T) { offlineFlow(t, b.on(t), lang) })
	}
}

// on is the same browser for another test.
func (b *browser) on(t *testing.T) *browser { return &browser{t, b.ctx} }

// joinFlow has an order join a walk under way: the stop that the picker is at stays,
// the next is the new one, and its tote is asked for with a word of where it is from.
func joinFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	s := newSite(t, pdatest.Options{})
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	task := s.Release(s.Receive(3, 21))
	p := b.open("http://"+s.Addr+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("step-tote-bind", "n", "1"))
	p.scan("tote-1")
	p.says(say("step-bin"))
	p.scan(string(pdatest.Bin(3)))
	p.says(say("step-item"))
	late := s.Receive(12)
	_, err := s.Foreman.Join(t.Context(), s.Root(), task, []int{1, 2}, wave.Joining{
		Order: late, Metres: 2, Stops: []wave.Added{{Stop: wave.Stop{Bin: pdatest.Bin(12), SKU: pdatest.SKU(12), Order: late, Line: 1, Qty: 1}}},
		Why: []wave.Reason{{Code: wave.JoinedWalk, Args: []string{string(late), "2", "40"}}},
	})
	s.Must(err)
	p.says(say("stop-of", "i", "1", "n", "3"))
	p.says(say("step-item")) // where the picker was
	p.scan("SK003")
	p.scan("tote-1")
	p.says(say("step-joined-bind", "n", "2"))
	p.look("pda-" + lang + "-joined")
	p.scan("tote-2")
	p.says(string(pdatest.Bin(12)))
	p.scan(string(pdatest.Bin(12)))
	p.scan("SK012")
	p.scan("tote-2")
	p.says(string(pdatest.Bin(21)))
	for e, err := range s.Ledger.Follow(t.Context(), 0, ledger.Topic{string(floor.OrderPicked{}.Kind())}) {
		s.Must(err)
		if e.Fact.(floor.OrderPicked).Order == late { // the page is ahead of the daemon
			break
		}
	}
	if o := s.Order(late); o.State != floor.Picked || o.Tote != "tote-2" {
		t.Errorf("the order that joined is %s in %q", o.State, o.Tote)
	}
}

// walkFlow is one cart: briefing, binding, every kind of wrong scan, a full tote, a
// reload in the middle, a short, a bin that should be empty, a freeze in mid-pick.
func walkFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	s := newSite(t, pdatest.Options{Steps: pda.Steps{Zero: true, Cart: "CART-"}, TaskTime: 600e9})
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	shot := func(name string) string { return "pda-" + lang + "-" + name }
	_, err := s.Foreman.Count(t.Context(), s.Root(), floor.Spot{Bin: pdatest.Bin(7), SKU: pdatest.SKU(7)}, 1, "count")
	s.Must(err)
	first, second := s.Receive(3, 3, 7, 12), s.Receive(21, 22)
	tag(s, first, floor.TagGift, floor.TagUrgent)
	s.Release(first, second)
	p := b.open("http://"+s.Addr+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.look(shot("login"))
	p.scan("badge-li.wei")
	p.says(say("brief-go"))
	p.look(shot("brief"))
	p.press(say("brief-go"))
	p.says(say("step-tote-bind", "n", "1"))
	p.look(shot("bind"))
	p.scan(string(pdatest.Bin(3)))
	p.says(say("scan-a-tote", "code", string(pdatest.Bin(3)))[:8])
	p.scan("FLOORD-OK")
	p.scan("tote-1")
	p.says(say("step-bin"))
	p.look(shot("bin"))
	where := p.at(".bin")
	p.scan("A-09-09-9")
	p.says(say("ok-button"))
	p.look(shot("wrong-bin"))
	if p.at(".bin") != where {
		t.Error("a refusal moved the page")
	}
	p.scan("FLOORD-OK") // the bar code on the wall acknowledges
	p.scan(string(pdatest.Bin(3)))
	p.says(say("step-item"))
	p.look(shot("item"))
	p.do(chromedp.Reload())
	p.says(say("step-item")) // the bin need not be scanned again
	p.scan("SK004")
	p.says(say("ok-button"))
	p.look(shot("wrong-item"))
	p.press(say("ok-button"))
	p.scan("6901234500003")
	p.says(say("step-tote", "n", "1"))
	p.look(shot("tote"))
	p.scan("tote-9")
	p.says(say("full-again", "tote", "tote-9"))
	p.look(shot("full"))
	p.scan("tote-8")
	p.says(say("full-again", "tote", "tote-9")) // another tote is not the same scan twice
	p.scan("tote-9")
	p.says(say("stop-of", "i", "2", "n", "6"))
	p.says("tote-9")
	p.press(say("more-menu"))
	p.look(shot("more"))
	p.press(say("back"))
	p.scan(string(pdatest.Bin(3)))
	p.scan("SK003")
	p.scan("tote-9")
	p.scan(string(pdatest.Bin(7)))
	p.scan("SK007")
	p.scan("tote-9")
	p.says(say("zero-title", "bin", string(pdatest.Bin(7))))
	p.look(shot("zero"))
	p.press(say("zero-yes"))
	p.says(string(pdatest.Bin(12)))
	p.press(say("short"))
	p.says(say("short-why"))
	p.look(shot("short"))
	p.press(say("short-empty"))
	p.says(say("short-no-code"))
	p.look(shot("short-sure"))
	p.scan(string(pdatest.Bin(12)))
	p.says(say("step-tote-bind", "n", "2"))
	p.scan("tote-2")
	p.scan(string(pdatest.Bin(21)))
	p.says(say("step-item"))
	p.sent()

	p.until(`!document.querySelector(".pending")`) // the tote is bound before the order is frozen
	_, err = s.Foreman.Freeze(t.Context(), s.Root(), second, floor.FreezeCancel)
	s.Must(err)
	p.says(say("freeze-stop"))
	p.look(shot("freeze"))
	p.scan("SK021") // nothing goes on under a stop sign
	p.says(say("freeze-stop"))
	p.press(say("answer-not-yet"))
	p.gone(say("freeze-stop")) // what follows stood under it already
	p.says(say("walk-frozen"))
	p.look(shot("frozen-rest"))
	p.sent()
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		task := s.Task("T-1")
		for i, want := range []int{1, 1, 1, 0, 0, 0} {
			if task.Stops[i].Done != want {
				t.Errorf("stop %d: %d done; want %d", i+1, task.Stops[i].Done, want)
			}
		}
		for tote, want := range map[floor.ToteID]floor.OrderID{"tote-1": first, "tote-9": first, "tote-2": second} {
			if got, _, err := v.OrderInTote(tote); got != want || err != nil {
				t.Errorf("%s holds %s, %v; want %s", tote, got, err, want)
			}
		}
		f, err := v.Figures()
		if f.Counts["bins-empty"] != 1 {
			t.Errorf("bins seen empty: %v", f.Counts)
		}
		return err
	}))
}

// wallFlow picks a batch with few scans and sorts it at a put wall.
func wallFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	s := newSite(t, pdatest.Options{Walls: []floor.Wall{{ID: "W1", Slots: 16}}})
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	shot := func(name string) string { return "wall-" + lang + "-" + name }
	one, two := s.Receive(3, 7), s.Receive(3, 3)
	s.ReleaseAs(wave.Wall, one, two)
	p := b.open("http://"+s.Addr+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("step-batch-bind"))
	p.scan("big-1")
	p.says(say("step-bin"))
	p.look(shot("batch"))
	p.scan(string(pdatest.Bin(3)))
	p.scan("SK003")
	p.says(say("step-batch-tote"))
	p.look(shot("batch-tote"))
	p.scan("big-1") // three pieces for two orders in one go
	p.says(string(pdatest.Bin(7)))
	p.scan(string(pdatest.Bin(7)))
	p.scan("SK007")
	p.scan("big-1")
	p.says(say("step-wall"))
	p.look(shot("which"))
	p.scan("W1")
	p.says(say("step-item"))
	p.look(shot("grid"))
	p.scan("SK007")
	p.says("W1-01")
	p.look(shot("slot"))
	p.scan("W1-02")
	p.says(say("ok-button"))
	p.look(shot("wrong-slot"))
	p.press(say("ok-button"))
	p.scan("W1-01")
	p.says(say("wall-rest", "n", "3"))
	p.look(shot("grid-some"))
	p.scan("SK040")
	p.says(say("ok-button"))
	p.press(say("ok-button"))
	for _, slot := range []string{"W1-01", "W1-02", "W1-02"} { // the order that was begun first
		p.scan("SK003")
		p.says(slot)
		p.scan(slot)
	}
	p.says(say("idle-title"))
	p.sent()
	for id, tote := range map[floor.OrderID]floor.ToteID{one: "W1-01", two: "W1-02"} {
		if o := s.Order(id); o.State != floor.Picked || o.Tote != tote {
			t.Errorf("order %s is %s in %s; want it in %s", id, o.State, o.Tote, tote)
		}
	}
}

// lotFlow picks what asks for lot, expiry and serials: by one code of all, and one
// by one; each piece is scanned.
func lotFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	s := newSite(t, pdatest.Options{Steps: pda.Steps{Item: "each", Tote: "off"}})
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	shot := func(name string) string { return "lot-" + lang + "-" + name }
	_, err := s.Foreman.SetSKUs(t.Context(), s.Root(), []floor.SKUInfo{
		{SKU: "SK003", Name: "鲜牛奶", Spec: "250 ml", Barcode: "6901234500003", Ask: []string{floor.AskLot, floor.AskExpiry}},
		{SKU: "SK007", Name: "手机", Spec: "黑 256 GB", Barcode: "6901234500007", Ask: []string{floor.AskSerial}},
	})
	s.Must(err)
	milk := floor.Spot{Bin: pdatest.Bin(3), SKU: "SK003"}
	for lot, n := range map[floor.Lot]int{{}: 0, {No: "L9", Expiry: "2040-06-30"}: 9, {No: "L20261", Expiry: "2039-12-31"}: 9} {
		milk.Lot = lot
		_, err := s.Foreman.Count(t.Context(), s.Root(), milk, n, "count")
		s.Must(err)
	}
	id := s.ReceiveOf(floor.ShopLine{SKU: "SK003", Qty: 2}, floor.ShopLine{SKU: "SK007", Qty: 2})
	s.Release(id)
	p := b.open("http://"+s.Addr+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("step-tote-bind", "n", "1"))
	p.scan("tote-1")
	p.scan(string(pdatest.Bin(3)))
	p.scan("6901234500003")
	p.says(say("step-lot-of", "lot", "L20261"))
	p.look(shot("lot"))
	p.scan("L9")
	p.says(say("wrong-lot", "got", "L9", "want", "L20261 2039-12-31"))
	p.look(shot("wrong"))
	p.press(say("ok-button"))
	p.scan("L20261")
	p.says(say("step-expiry"))
	p.scan("311332")
	p.says(say("ok-button"))
	p.press(say("ok-button"))
	p.scan("391231")
	p.says("1/2")
	p.look(shot("each"))
	p.scan("6901234500003")
	p.says(say("sure", "n", "2"))
	p.look(shot("sure"))
	p.press(say("sure", "n", "2"))
	p.says(string(pdatest.Bin(7)))
	p.scan(string(pdatest.Bin(7)))
	p.wedge("0106901234500007\x1d21S-1\n", "{}")
	p.says(say("step-serial", "i", "2", "n", "2"))
	p.look(shot("serial"))
	p.scan("S-1")
	p.says(say("serial-twice", "serial", "S-1"))
	p.press(say("ok-button"))
	p.scan("S-2")
	p.scan("6901234500007")
	p.press(say("sure", "n", "2"))
	p.says(say("idle-title"))
	p.sent()
	var lots []floor.Pieces
	for e, err := range s.Ledger.Past(t.Context(), 0, ledger.Topic{string(floor.LinePicked{}.Kind())}) {
		s.Must(err)
		lots = append(lots, e.Fact.(floor.LinePicked).Pieces)
	}
	if got, want := fmt.Sprint(lots), fmt.Sprint([]floor.Pieces{{Lot: floor.Lot{No: "L20261", Expiry: "2039-12-31"}}, {Serials: []string{"S-1", "S-2"}}}); got != want {
		t.Errorf("kept %s; want %s", got, want)
	}
}

// refillFlow brings pieces of a lot from a reserve bin to the one they are picked from.
func refillFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	s := newSite(t, pdatest.Options{})
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	shot := func(name string) string { return "refill-" + lang + "-" + name }
	_, err := s.Foreman.SetBins(t.Context(), s.Root(), []floor.BinInfo{{Bin: "R-01-01-1", Zone: "R", Aisle: 9, X: 40, Reserve: true}})
	s.Must(err)
	from := floor.Spot{Bin: "R-01-01-1", SKU: pdatest.SKU(3), Lot: floor.Lot{No: "L7", Expiry: "2039-12-31"}}
	_, err = s.Foreman.Count(t.Context(), s.Root(), from, 9, "count")
	s.Must(err)
	_, err = s.Foreman.Refill(t.Context(), s.Root(), wave.Refill{From: from, To: pdatest.Bin(3), Qty: 6, Why: wave.Reason{Code: wave.RunsEmpty, Args: []string{string(pdatest.Bin(3)), "0", "4", "2", "4"}}})
	s.Must(err)
	p := b.open("http://"+s.Addr+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("refill-to", "bin", string(pdatest.Bin(3))))
	p.says("R-01")
	p.look(shot("take"))
	p.scan("R-01-01-1")
	p.scan(string(pdatest.SKU(3)))
	p.says(say("sure", "n", "6"))
	p.look(shot("sure"))
	p.press(say("sure", "n", "6"))
	p.says(say("step-item"))
	p.scan(string(pdatest.SKU(3)))
	p.says(say("step-into"))
	p.look(shot("put"))
	p.scan("R-01-01-1")
	p.says(say("wrong-bin", "got", "R-01-01-1", "want", string(pdatest.Bin(3))))
	p.press(say("ok-button"))
	p.scan(string(pdatest.Bin(3)))
	p.says(say("idle-title"))
	p.sent()
	from.Bin = pdatest.Bin(3)
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		x, _, err := v.StockAt(from)
		if x.Sellable() != 6 || x.Transit != 0 {
			t.Errorf("in the bin: %+v", x)
		}
		return err
	}))
}

// offlineFlow cuts the air in mid-walk: what is scanned waits where it can be seen,
// outlives a reload, goes out in order, and what became wrong meanwhile is said
// piece by piece.
func offlineFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	s := newSite(t, pdatest.Options{})
	air := newRadio(t, s.Addr)
	first, second := s.Receive(3, 7), s.Receive(12, 21)
	s.Release(first, second)
	p := b.open("http://"+air.ln.Addr().String()+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("step-tote-bind", "n", "1"))
	p.scan("tote-1")
	p.says(say("step-bin"))
	p.eval("navigator.serviceWorker.ready") // the page itself is kept by now
	p.sent()
	where := p.at(".bin")
	air.cut(true)
	p.says(say("off-line"))
	if p.at(".bin") != where {
		t.Error("going offline moved the page")
	}
	p.look("pda-" + lang + "-offline-stop")
	// The code on the cart says by itself what is special.
	p.scan("http://floord.lan:8480/wave#W-1;2单4行4件;" + strings.Repeat("加急3:1,4,7;", 12) + "刻字1:9")
	p.says(say("wave-offline"))
	p.says("刻字1:9")
	p.look("pda-" + lang + "-offline-wave")
	p.press(say("ok-button"))
	for _, code := range []string{string(pdatest.Bin(3)), "SK003", "tote-1", string(pdatest.Bin(7)), "SK007", "tote-1"} {
		p.scan(code)
	}
	p.says(say("step-tote-bind", "n", "2"))
	p.scan("tote-2")
	p.scan(string(pdatest.Bin(12)))
	p.scan("SK012")
	p.scan("tote-2")
	p.says(say("stop-of", "i", "4", "n", "4"))
	p.says(say("off-line") + " · " + say("acts", "n", "4"))
	p.press(say("off-line"))
	p.says(say("queue-offline"))
	p.look("pda-" + lang + "-offline-queue")
	p.press(say("back"))
	p.do(chromedp.Reload())
	p.says(say("stop-of", "i", "4", "n", "4")) // from the device's own flash
	p.says(say("off-line") + " · " + say("acts", "n", "4"))
	p.look("pda-" + lang + "-offline-reloaded")

	_, err := s.Foreman.Freeze(context.Background(), s.Root(), second, floor.FreezeLead)
	s.Must(err)
	air.cut(false)
	p.says(say("freeze-stop"))
	p.look("pda-" + lang + "-offline-freeze")
	p.press(say("answer-not-yet"))
	p.says(in(lang, "已冻结", "is frozen"))
	p.says(say("more-waits", "n", "1"))
	p.look("pda-" + lang + "-offline-conflict")
	p.press(say("ok-button"))
	p.says(in(lang, "已冻结", "is frozen"))
	p.do(chromedp.Reload())
	p.says(in(lang, "已冻结", "is frozen")) // nobody has read it yet
	p.press(say("ok-button"))
	p.says(say("walk-frozen"))
	p.sent()
	task := s.Task("T-1")
	for i, want := range []int{1, 1, 0, 0} {
		if task.Stops[i].Done != want {
			t.Errorf("stop %d: %d done; want %d", i+1, task.Stops[i].Done, want)
		}
	}
}

// swapFlow has a person go on with another handheld while the first is off the air
// with scans unsent: they count once it is back, in that person's name.
func swapFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	s := newSite(t, pdatest.Options{})
	air := newRadio(t, s.Addr)
	s.Release(s.Receive(3, 7, 12))
	p := b.open("http://"+air.ln.Addr().String()+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("step-tote-bind", "n", "1"))
	p.scan("tote-1")
	p.says(say("step-bin"))
	p.sent()
	air.cut(true)
	p.says(say("off-line"))
	for _, code := range []string{string(pdatest.Bin(3)), "SK003", "tote-1"} {
		p.scan(code)
	}
	p.says(say("off-line") + " · " + say("acts", "n", "1"))

	q := b.open("http://"+s.Addr+"/pda?lang="+lang+"&token="+s.Pair("pda-02", "pda", ""), 360, 640)
	q.says(say("login-title"))
	q.scan("badge-li.wei")
	q.says(say("left-title", "device", "pda-01"))
	q.look("pda-" + lang + "-swap-left")
	q.press(say("ok-button"))
	q.says(say("stop-of", "i", "1", "n", "3")) // the scan on pda-01 is not here yet
	q.press(say("skip"))
	q.says(string(pdatest.Bin(7)))
	q.scan(string(pdatest.Bin(7)))
	q.scan("SK007")
	q.scan("tote-1")
	q.says(string(pdatest.Bin(12)))

	air.cut(false)
	p.sent()
	p.says(say("login-title"))
	q.says(say("stop-of", "i", "3", "n", "3"))
	if got := s.Task("T-1").Stops[0].Done; got != 1 {
		t.Errorf("the scan that waited on pda-01 counted %d times", got)
	}
	var who []floor.Actor
	for e, err := range s.Ledger.Past(t.Context(), 0, ledger.Topic{string(floor.LinePicked{}.Kind())}) {
		s.Must(err)
		who = append(who, e.Actor)
	}
	if fmt.Sprint(who) != "[person:li.wei@pda-02 person:li.wei@pda-01]" {
		t.Errorf("picked by %v", who)
	}
}

// backFlow takes a wave by its code, has the order cancelled in mid-walk, and
// brings back what was picked.
func backFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	s := newSite(t, pdatest.Options{})
	p := b.open("http://"+s.Addr+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("idle-title"))
	p.look("pda-" + lang + "-idle")
	p.scan("floord:W-7 orders=2 lines=4 units=5")
	p.says(say("unknown-wave", "wave", "W-7"))
	p.press(say("ok-button"))
	id := s.Receive(3, 7)
	s.Release(id)
	p.says(say("step-tote-bind", "n", "1"))
	p.scan("http://floord.lan:8480/wave#W-1;1单2行2件;加急1:1")
	p.says(in(lang, "1 单 · 2 件", "1 orders · 2 pieces"))
	p.press(say("brief-go"))
	p.scan("W-2")
	p.says(say("finish-first", "task", "T-1"))
	p.press(say("ok-button"))
	for _, code := range []string{"tote-1", string(pdatest.Bin(3)), "SK003", "tote-1"} {
		p.scan(code)
	}
	p.says(say("stop-of", "i", "2", "n", "2"))
	p.sent()
	_, err := s.Foreman.Freeze(t.Context(), s.Root(), id, floor.FreezeCancel)
	s.Must(err)
	p.says(say("freeze-stop"))
	p.scan("FLOORD-1") // the first answer, by its bar code
	p.gone(say("freeze-stop"))
	p.says(say("walk-frozen"))
	p.sent()
	_, err = s.Foreman.Close(t.Context(), s.Root(), id, "cancelled")
	s.Must(err)
	p.says(say("kind-putback"))
	p.look("pda-" + lang + "-back-item")
	p.scan("SK003")
	p.says(say("step-putback"))
	p.look("pda-" + lang + "-back-bin")
	p.scan(string(pdatest.Bin(7)))
	p.says(say("wrong-bin", "got", string(pdatest.Bin(7)), "want", string(pdatest.Bin(3))))
	p.press(say("ok-button"))
	p.scan(string(pdatest.Bin(3)))
	p.says(say("idle-title"))
	p.sent()
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		at, _, err := v.StockAt(floor.Spot{Bin: pdatest.Bin(3), SKU: pdatest.SKU(3)})
		if at.OnHand != pdatest.Stocked {
			t.Errorf("%d lie in the bin", at.OnHand)
		}
		return err
	}))
}

// reportFlow tells a lead what is wrong, with a photo, from dead air.
func reportFlow(t *testing.T, b *browser, lang string) {
	t.Parallel()
	say := func(code string, args ...string) string { return word(t, lang, code, args...) }
	s := newSite(t, pdatest.Options{})
	air := newRadio(t, s.Addr)
	s.Release(s.Receive(3))
	p := b.open("http://"+air.ln.Addr().String()+"/pda?lang="+lang+"&token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says(say("login-title"))
	p.scan("badge-li.wei")
	p.says(say("step-tote-bind", "n", "1"))
	p.press(say("more-menu"))
	p.press(say("report"))
	p.says(say("exception-damaged"))
	p.look("pda-" + lang + "-report-what")
	p.press(say("exception-damaged"))
	p.says(say("photo-take"))
	p.look("pda-" + lang + "-report-empty")
	p.eval(`document.querySelector("input[type=file]").setAttribute("id", "photo")`)
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, photo(t), 0o600); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.SetUploadFiles("#photo", []string{file}))
	p.until(`!!document.querySelector(".photo img")`)
	p.eval(`document.querySelector("textarea").value = "外箱压坏"`)
	p.look("pda-" + lang + "-report-photo")
	air.cut(true)
	p.says(say("off-line"))
	p.until(`!!document.querySelector(".photo img")`) // nothing is lost by being offline
	p.press(say("report-send"))
	p.says(say("off-line") + " · " + say("acts", "n", "1"))
	air.cut(false)
	p.sent()
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		x, ok, err := v.Exception("X-1")
		if !ok || x.What != "damaged" || x.Text != "外箱压坏" || x.Bin != pdatest.Bin(3) || x.Person != "li.wei" {
			t.Errorf("kept %+v, %v", x, err)
		}
		got, err := s.Ledger.Raw(x.Seq)
		if err != nil {
			return err
		}
		c, err := jpeg.DecodeConfig(bytes.NewReader(got))
		if c.Width != 1280 {
			t.Errorf("the photo has %d bytes and is %d wide", len(got), c.Width)
		}
		return err
	}))
	lead := s.Pair("board-1", "board", "")
	s.Dial(lead, "zhao.lei")
	if status, body := call(s, lead, "GET", "/api/v1/exceptions", ""); status != 200 || !strings.Contains(body, "外箱压坏") {
		t.Errorf("the list: %d %s", status, body)
	}
	if status, body := call(s, lead, "GET", "/api/v1/exceptions/X-1/photo", ""); status != 200 || !strings.HasPrefix(body, "\xff\xd8") {
		t.Errorf("the photo: %d, %d bytes", status, len(body))
	}
}

// photo is a picture as a handheld's camera makes it: larger than is kept.
func photo(t *testing.T) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 2000, 1500))
	for y := range 1500 {
		for x := range 2000 {
			m.Set(x, y, color.RGBA{uint8(x / 8), uint8(y / 6), 120, 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
