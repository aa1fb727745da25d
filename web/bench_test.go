package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// BenchmarkScanToScreen is how long a picker waits from the last key of a scan
// until the screen shows the next stop and the daemon has answered, with 50 other
// handhelds at work, ten acts a second between them. The daemon, the handhelds and
// the browser share the machine.
func BenchmarkScanToScreen(b *testing.B) {
	s := newSite(b, pdatest.Options{Steps: pda.Steps{Bin: "off"}})
	all := make([]floor.ShopLine, pdatest.SKUs)
	for i := range all {
		all[i] = floor.ShopLine{SKU: pdatest.SKU(i), Qty: 1}
	}
	ctx, stop := context.WithCancel(b.Context())
	var others sync.WaitGroup
	defer others.Wait()
	defer stop()
	for i := range 50 {
		who := floor.PersonID(fmt.Sprintf("p%02d", i))
		s.Person(who, string(who), floor.RolePicker)
		c := s.Dial(s.Pair(floor.DeviceID("pda-"+string(who)), "pda", ""), who)
		t := s.Task(s.Release(s.ReceiveOf(all...)))
		if _, err := c.Act("take", struct{}{}); err != nil {
			b.Fatal(err)
		}
		others.Go(func() {
			for n := 0; ctx.Err() == nil; n++ { // a skip is an act with a fact, as a pick is
				if _, err := c.Act("skip", map[string]any{"task": t.ID, "stop": 1 + n%len(t.Stops)}); err != nil && ctx.Err() == nil {
					b.Error(err)
				}
				select {
				case <-ctx.Done():
				case <-time.After(5 * time.Second):
				}
			}
		})
	}
	x := newBrowser(b)
	s.Release(s.ReceiveOf(all...))
	p := x.open("http://"+s.Addr+"/pda?token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says("请扫描工牌")
	p.scan("badge-li.wei")
	p.says("绑定到 1 号位")
	p.scan("tote-1")
	p.says("扫描商品")
	var took []float64
	before := p.busy()
	for n := 0; n < b.N || n < pdatest.SKUs-1; n++ {
		if n > 0 && n%(pdatest.SKUs-1) == 0 {
			break // one walk is what there is
		}
		p.scan(string(p.sku()))
		p.says("放入 1 号位")
		ms, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](scanAndWait, chromedp.EvalAwaitPromise))
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, ms)
	}
	b.ReportMetric((p.busy()-before)/float64(len(took)), "page-cpu-ms/stop") // of its two scans and their answers
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(took[len(took)*99/100], "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// scanAndWait scans the tote and gives the ms until the next stop is on the screen
// and nothing waits for the daemon's answer any more, as the painted frame has it.
const scanAndWait = `new Promise(function (done) {
	var was = document.querySelector(".walk").innerText, t0 = performance.now();
	Array.from("tote-1").concat("Enter").forEach(function (c) {
		document.body.dispatchEvent(new KeyboardEvent("keydown", { key: c, bubbles: true, cancelable: true }));
	});
	(function look() {
		var w = document.querySelector(".walk");
		if (w && w.innerText !== was && !document.querySelector(".pending")) return done(performance.now() - t0);
		requestAnimationFrame(look);
	})();
})`

// busy gives how long the page's main thread has worked, in ms of its own
// processor time: what other work on the machine does not change.
func (w *window) busy() float64 {
	w.b.t.Helper()
	var ms float64
	w.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
		if err != nil {
			return chromedp.Void{}, err
		}
		r, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		for _, m := range r.Metrics {
			if m.Name == "TaskDuration" {
				ms = m.Value * 1000
			}
		}
		return chromedp.Void{}, err
	})
	return ms
}

// sku gives the article that the screen asks for.
func (w *window) sku() string {
	w.b.t.Helper()
	text, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.querySelector(".stop .sku").innerText.split(" ")[0]`))
	if err != nil {
		w.b.t.Fatal(err)
	}
	return text
}

// BenchmarkFirstPaint is how long the picker's page takes to its first paint with a
// processor a quarter as fast as this one's, from an empty cache.
func BenchmarkFirstPaint(b *testing.B) {
	s := newSite(b, pdatest.Options{})
	x := newBrowser(b)
	token := s.Pair("pda-01", "pda", "")
	var took []float64
	for range max(b.N, 5) {
		ctx, cancel := chromedp.NewContext(x.ctx)
		if err := chromedp.Do(ctx, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
			return chromedp.Void{}, err
		}, chromedp.Navigate("http://"+s.Addr+"/pda?token="+token)); err != nil {
			b.Fatal(err)
		}
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`new Promise(function (done) {
			(function look() {
				var p = performance.getEntriesByName("first-contentful-paint")[0];
				if (p) return done(JSON.stringify(p.startTime));
				setTimeout(look, 20);
			})();
		})`, chromedp.EvalAwaitPromise))
		if err != nil {
			b.Fatal(err)
		}
		var ms float64
		if err := json.Unmarshal([]byte(text), &ms); err != nil {
			b.Fatal(err)
		}
		took = append(took, ms)
		cancel()
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(took[len(took)-1], "max-ms")
	b.ReportMetric(0, "ns/op")
}
