package web_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"floord/floor"
	"floord/report"
	"floord/sync/pda/pdatest"
	"floord/web"

	"github.com/chromedp/chromedp"
)

// busyDay is a day of a site with some of everything.
func busyDay(day report.Day) report.Daily {
	from, _ := day.Bounds(report.Shanghai)
	rng := rand.New(rand.NewPCG(7, 7))
	in := report.Input{
		Site: "东莞一号仓", Day: day, Now: from.Add(32 * time.Hour), Tells: map[floor.CarrierID]bool{"sf": true, "zto": true},
		Channels: map[floor.ChannelID]string{"pdd": "拼多多旗舰店", "douyin": "抖店-家居专营", "tmall": "天猫旗舰店"},
		Carriers: map[floor.CarrierID]string{"sf": "顺丰速运", "zto": "中通快递"}, People: map[floor.PersonID]string{"li.wei": "李伟", "wang.fang": "王芳", "zhao.lei": "赵磊"},
	}
	for i := range 420 {
		ch := []floor.ChannelID{"pdd", "pdd", "douyin", "tmall"}[rng.IntN(4)]
		at := from.Add(time.Duration(rng.IntN(14*60)) * time.Minute)
		r := report.Row{
			Order: floor.OrderID(fmt.Sprintf("DB20261121-ORD-%06d", i)), Channel: ch, Received: at, Paid: at.Add(-2 * time.Minute), ShipBy: at.Add(8 * time.Hour), CollectBy: at.Add(10 * time.Hour),
			Lines: 1 + rng.IntN(3), ShopState: floor.ShopPaid, Team: []string{"早班", "晚班"}[rng.IntN(2)],
		}
		if rng.IntN(12) > 0 {
			r.AllocatedAt, r.Waved = at.Add(time.Minute), at.Add(20*time.Minute)
			r.Worked, r.Picked = at.Add(time.Duration(25+rng.IntN(90))*time.Minute), at.Add(time.Duration(130+rng.IntN(30))*time.Minute)
			r.VerifiedAt, r.LabelledAt, r.Sealed = r.Picked.Add(12*time.Minute), r.Picked.Add(13*time.Minute), r.Picked.Add(13*time.Minute)
			r.HandedOver = r.Sealed.Add(time.Duration(rng.IntN(360)) * time.Minute)
			r.Carrier, r.Labels, r.Parcels, r.Weighed, r.ShopState = []floor.CarrierID{"sf", "zto"}[rng.IntN(2)], 1, 1, 1, floor.ShopShipped
			if rng.IntN(6) > 0 {
				r.Collected = r.HandedOver.Add(time.Duration(rng.IntN(150)) * time.Minute)
			}
			r.Categories = []string{[]string{"家居", "生鲜", "服装"}[rng.IntN(3)]}
			switch rng.IntN(18) {
			case 0:
				r.ShortLines, r.ShortWhys = 1, []string{"empty"}
			case 1:
				r.LabelErrors, r.BadParcels = []string{"paper-out"}, 1
			case 2:
				r.Mispicked = 1
			case 3:
				r.Off, r.OffKnown, r.OffTrue = 1, 1, rng.IntN(2)
			case 4:
				r.Reprints, r.Manual, r.Redone, r.Bent = 1, 1, []string{"spoilt"}, []string{"reprint"}
				r.Redos = []floor.Redo{{Why: "spoilt", Station: "pack-1", By: "wang.fang"}}
			}
		}
		in.Rows = append(in.Rows, r)
	}
	for i := range 14 {
		at := from.Add(time.Duration(9*60+40*i) * time.Minute)
		x := report.Intercept{
			Order: in.Rows[i*7].Order, Channel: in.Rows[i*7].Channel, Why: floor.FreezeCancel, AskedAt: at, HeardAt: at.Add(12 * time.Millisecond), FrozenAt: at.Add(20 * time.Millisecond),
			DeviceAt: at.Add(400 * time.Millisecond), PersonAt: at.Add(time.Duration(3+i*2) * time.Second), Stage: []floor.State{floor.Picking, floor.Packing, floor.Sealed}[i%3], Outcome: report.Stopped,
		}
		if i == 9 {
			x.Outcome, x.PersonAt = report.Missed, time.Time{}
		}
		in.Intercepts = append(in.Intercepts, x)
	}
	for q := range 32 {
		for p := range in.People {
			in.Hands = append(in.Hands, floor.HandQuarter{From: from.Add(8*time.Hour + time.Duration(q)*15*time.Minute), Person: p, Team: "早班", Idle: int64(rng.IntN(200_000)), Wrong: rng.IntN(8) / 7,
				Blamed: rng.IntN(20) / 19, Work: []floor.HandWork{{Kind: "cluster", Zone: "A", Lines: 9 + rng.IntN(9), Pieces: 20, Active: 700_000}}})
		}
	}
	for _, weeks := range []int{7, 14, 21, 28} {
		in.Past = append(in.Past, report.Past{Day: report.DayOf(from.AddDate(0, 0, -weeks), report.Shanghai), Metrics: map[string]report.Rate{"on_time": {Hits: 99, N: 100}, "accuracy": {Hits: 99, N: 100}}})
	}
	return report.ForDay(in)
}

// TestTheLeadReadsTheReport opens the day in the browser, follows a figure to its
// orders, and turns to the interceptions and to the day before.
func TestTheLeadReadsTheReport(t *testing.T) {
	t.Parallel()
	s := pdatest.NewSite(t, pdatest.Options{})
	handler, err := web.New(web.Options{
		Ledger: s.Ledger, Foreman: s.Foreman, PDA: s.PDA, Gate: s.Gate, Version: "test", AdminToken: adminToken,
		Report: func(_ context.Context, day string) (report.Daily, error) {
			d, err := report.ParseDay(day)
			if day == "2026-11-20" {
				return report.ForDay(report.Input{Day: d}), err
			}
			return busyDay(d), err
		},
	})
	s.Must(err)
	s.Mux.Handle("/", handler)
	b := newBrowser(t)
	for lang, words := range map[string][3]string{"zh": {"东莞一号仓", "需要关注", "没有接单"}, "en": {"Daily shipping health", "Needs attention", "Nothing was received"}} {
		w := b.open(fmt.Sprintf("http://%s/report?day=2026-11-21&lang=%s&token=%s", s.Addr, lang, adminToken), 1280, 800)
		w.says(words[0])
		w.says(words[1])
		w.until("document.querySelectorAll('.graph canvas').length === 3 && !!Chart.getChart(document.querySelector('.graph canvas'))")
		name := "report-" + lang
		w.look(name)
		w.whole(name + "-whole")
		w.do(click(".tile:nth-child(3)"))
		w.until("/DB20261121-ORD-/.test((document.querySelector('.drawer') || {}).innerText)")
		w.look(name + "-orders")
		w.do(click(".drawer .quiet"), click(".heat a"))
		w.until("!!document.querySelector('.drawer h2')")
		w.do(click(".drawer .quiet"), click(".tools .tabs button:nth-child(2)"))
		w.until("document.querySelectorAll('.graph canvas').length === 1")
		w.look(name + "-asks")
		w.do(click(".tools .tabs button:nth-child(1)"), click(".tools .pick button"))
		w.says(words[2])
	}
}

func click(selector string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Poll[bool](fmt.Sprintf("!!document.querySelector(%q)", selector))(ctx, t)
		if err == nil {
			_, err = chromedp.Evaluate[bool](fmt.Sprintf("document.querySelector(%q).click(), true", selector))(ctx, t)
		}
		return chromedp.Void{}, err
	}
}

// whole keeps a picture of all of the page, to look at.
func (w *window) whole(name string) {
	w.b.t.Helper()
	shot, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(90))
	if err != nil {
		w.b.t.Fatal(err)
	}
	keep(name, shot)
}
