package web_test

import (
	"context"
	"sync/atomic"
	"testing"

	"floord/floor"
	"floord/sync/pda/pdatest"
	"floord/web"
)

// A lead changes rules, sees metres and minutes beside those of now, and what is wrong
// with rules that nobody can follow; who asks while another asks is told to wait.
func TestWhatIfPage(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{})
	var busy atomic.Bool
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test",
		Present: func() (web.WhatIfRules, error) {
			return web.WhatIfRules{TotesPerCart: 12, MaxGrams: 150_000, Kinds: "[[kind]]\nname = \"加急\"\nkind = \"order\"\nwhen = \"urgent\"\n"}, nil
		},
		WhatIf: func(_ context.Context, r web.WhatIfRules) (web.WhatIf, error) {
			if busy.Load() {
				return web.WhatIf{}, floor.Refuse("what-if-busy")
			}
			now := web.WhatIfPlan{Waves: 18, Orders: 210, Metres: 4120, Minutes: 262, Kinds: []web.WhatIfKind{{Rule: "加急", Kind: "order", Waves: 2, Orders: 2, Metres: 180}, {Kind: "cluster", Waves: 16, Orders: 208, Metres: 3940}}}
			other := now
			if other.Metres, other.Minutes, other.Waves = 3296, 248.5, 12; r.TotesPerCart != 20 {
				other = web.WhatIfPlan{Wrong: []web.RuleMistake{{Line: 3, Text: `kind "大车": max_orders = 30, but such a wave holds at most 12`}}}
			}
			return web.WhatIf{Orders: 210, LeftOut: 40, OneByOne: 15300, Plans: []web.WhatIfPlan{now, other}}, nil
		},
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	w := newBrowser(t).open("http://"+s.Addr+"/whatif?token="+s.Pair("board-1", "board", ""), 1280, 800)
	w.until("document.querySelector('input').value === '12' && document.querySelector('textarea').value.indexOf('加急') > 0")
	w.until("(document.querySelector('input').value = '20', true)")
	w.press("比一比")
	w.says("每车周转箱 20")
	w.says("3296 米")
	w.says("−20.0%")
	w.says("4 小时 9 分")
	w.says("−5.2%")
	w.says("逐单走要 15300 米")
	w.look("whatif")
	w.until("(document.querySelector('input').value = '12', true)")
	w.press("比一比")
	w.says("这套规则无法执行")
	w.says("max_orders = 30")
	busy.Store(true)
	w.press("比一比")
	w.says("请等几秒再试")
}
