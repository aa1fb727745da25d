package web_test

import (
	"sync/atomic"
	"testing"

	"floord/floor"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"
	"floord/web"
)

// The plan shows where a picker is while the walk goes on, why the wave was made so,
// and what cannot be planned; another walk is picked with the keyboard.
func TestFloorPlanPage(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{})
	var done atomic.Int64
	h, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test",
		Plan: func() (web.FloorPlan, error) {
			p := web.FloorPlan{
				Bins: []web.PlanBin{
					{Bin: "A-1", At: web.PlanPoint{0, 4}, Heat: 4}, {Bin: "A-1-2", At: web.PlanPoint{0, 4}}, {Bin: "B-1", At: web.PlanPoint{6, 8}, Heat: 1},
				},
				Aside: []web.PlanAside{{Order: "DB-9", Why: pda.Words{ZH: "库位 X-1 没有坐标，请在库位表中补上", EN: "bin X-1 has no coordinates"}}},
			}
			walk := web.PlanWalk{
				Task: "T-1", Wave: "W-1", Kind: "order", Person: "li.wei", Orders: 1, Stops: 2, Done: int(done.Load()), Metres: 40, Next: "B-1",
				Walked: []web.PlanPoint{{0, 0}, {0, 4}}, Ahead: []web.PlanPoint{{0, 4}, {0, 10}, {6, 10}, {6, 8}}, Why: []pda.Words{{ZH: "按规则「加急」摘果，一单一趟", EN: "one order a walk"}},
				Before: []web.PlanPoint{{0, 0}, {0, 4}, {0, 0}, {0, 0}, {0, 10}, {6, 10}, {6, 8}, {6, 0}, {0, 0}}, BeforeMetres: 61,
			}
			p.Waiting = []web.PlanWaiting{{Orders: 4, Order: "DB-10", Why: pda.Words{ZH: "没有空闲拣货员（1 个更急的波次先走）", EN: "no picker is free"}}}
			other := walk
			other.Before, other.BeforeMetres = nil, 0
			other.Task, other.Wave, other.Person, other.Kind, other.Why = "T-2", "", floor.PersonID(""), "putback", []pda.Words{}
			p.Walks = []web.PlanWalk{other, walk}
			return p, nil
		},
	})
	s.Must(err)
	s.Mux.Handle("/", h)
	page := "http://" + s.Addr + "/plan?token=" + s.Pair("board-1", "board", "")
	w := newBrowser(t).open(page, 1280, 800)
	w.says("按规则「加急」摘果")
	w.says("没有坐标")
	w.says("下一站 B-1")
	w.says("0/2")
	done.Store(1)
	w.says("1/2") // it asks again by itself
	w.until("document.querySelector('polyline.walked').getAttribute('points') === '0,8 0,4' && !!document.querySelector('circle.here')")
	w.until("document.querySelectorAll('rect').length === 2 && document.querySelector('rect.heat-4 title').textContent.indexOf('A-1 A-1-2') === 0")
	w.says("4 单 没有空闲拣货员")
	w.look("plan")
	w.until("(document.querySelector('.compare button').focus(), true)")
	w.press("逐单走")
	w.until("document.querySelectorAll('polyline').length === 1 && document.querySelector('polyline.before').getAttribute('points').split(' ').length === 9")
	w.until("document.activeElement.innerText.indexOf('61 米') === 0") // the keyboard stays where it was
	w.look("plan-before")
	w.press("这样走")
	w.until("!!document.querySelector('polyline.walked')")
	w.press("T-2")
	w.until("document.querySelector('.told').innerText.indexOf('还没有人领') > 0")
}
