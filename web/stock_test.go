package web_test

import (
	"sync/atomic"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/pda/pdatest"
	"floord/web"
)

// The stock page says which goods should lie elsewhere and what that saves, what is to
// be counted, and where an article lies, lot by lot and pool by pool.
func TestStockPage(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{})
	var asked atomic.Int64
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test",
		Advice: func() web.Advice {
			a := web.Advice{Moves: []web.AdviceMove{}}
			if asked.Load() > 0 {
				a = web.Advice{At: time.Now(), Days: 7, Orders: 812, Moves: []web.AdviceMove{
					{SKU: "SK003", From: "A-09-08-1", To: "A-01-01-1", With: "SK007", Visits: 14.2, Metres: 212},
					{SKU: "SK004", From: "A-09-06-1", To: "A-01-03-1", Visits: 3, Metres: 18},
				}}
			}
			return a
		},
		AdviseAgain: func() { asked.Add(1) },
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	for lot, n := range map[floor.Lot]int{{No: "L1", Expiry: "2039-01-31"}: 4, {No: "L2", Expiry: "2039-06-30"}: 9} {
		_, err := s.Foreman.Count(t.Context(), s.Root(), floor.Spot{Bin: pdatest.Bin(3), SKU: pdatest.SKU(3), Lot: lot}, n, "load")
		s.Must(err)
	}
	_, err = s.Foreman.MoveStock(t.Context(), s.Root(), floor.StockMoved{
		SKU: pdatest.SKU(3), Lot: floor.Lot{No: "L2", Expiry: "2039-06-30"}, Qty: 5,
		From: floor.Place{Bin: pdatest.Bin(3), Pool: floor.Sellable}, To: floor.Place{Bin: pdatest.Bin(3), Pool: floor.Inspection},
	})
	s.Must(err)
	_, err = s.Foreman.SetQuota(t.Context(), s.Root(), "pdd-main", pdatest.SKU(3), 40)
	s.Must(err)
	s.Person("he.lin", "何琳", floor.RoleLead)
	lead := map[string]string{"zh": "zhao.lei", "en": "he.lin"}
	b := newBrowser(t)
	for lang, size := range map[string][2]int64{"zh": {1280, 800}, "en": {360, 640}} {
		say := func(code string, args ...string) string { return word(t, lang, code, args...) }
		asked.Store(0)
		p := b.open("http://"+s.Addr+"/stock?lang="+lang+"&token="+s.Pair(floor.DeviceID("board-"+lang), "board", ""), size[0], size[1])
		p.says(say("login-title"))
		p.scan("badge-" + lead[lang])
		p.says(say("stock-no-advice"))
		p.press(say("stock-again"))
		p.says(say("stock-move", "sku", "SK003", "from", "A-09-08-1", "to", "A-01-01-1", "n", "212"))
		p.says("40")
		p.scan(string(pdatest.SKU(3)))
		p.says("L2 · " + say("expiry-of", "day", "2039-06-30"))
		p.until(`Array.prototype.some.call(document.querySelectorAll(".found tr"), function (r) { return r.innerText.replace(/\s+/g, " ").trim().slice(-7) === "4 0 5 0"; })`)
		p.look("stock-" + lang)
	}
	if asked.Load() == 0 {
		t.Error("nobody asked for the advice")
	}
}
