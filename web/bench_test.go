package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	goruntime "runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/memory"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
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
		ms, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](scanAndWait("tote-1"), chromedp.EvalAwaitPromise))
		if err != nil {
			b.Fatal(err)
		}
		if took = append(took, ms); n == warmUp-1 {
			b.ReportMetric(slices.Max(took), "first-max-ms")
			took, before = nil, p.busy()
		}
	}
	b.ReportMetric((p.busy()-before)/float64(len(took)), "page-cpu-ms/stop") // of its two scans and their answers
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(took[len(took)*99/100], "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// warmUp is how many scans of a page that was just opened are counted apart: the
// browser compiles it meanwhile, and a day has a thousand.
const warmUp = 5

// scanAndWait scans a tote and gives the ms until the next stop is on the screen
// and nothing waits for the daemon's answer any more, as the painted frame has it.
func scanAndWait(tote string) string {
	return `new Promise(function (done) {
	var was = document.querySelector(".walk").innerText, t0 = performance.now();
	Array.from("` + tote + `").concat("Enter").forEach(function (c) {
		document.body.dispatchEvent(new KeyboardEvent("keydown", { key: c, bubbles: true, cancelable: true }));
	});
	(function look() {
		var w = document.querySelector(".walk");
		if (w && w.innerText !== was && !document.querySelector(".pending")) return done(performance.now() - t0);
		requestAnimationFrame(look);
	})();
})`
}

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

// BenchmarkShift is eight hours of picking in as many minutes as it takes: a page
// that picks walk after walk, 800 stops in all, while 49 handhelds do 800 acts each.
// What page and daemon hold after a quarter of it and at the end should be the same.
// Without FLOORD_LONG=1 it is a tenth of that.
func BenchmarkShift(b *testing.B) {
	const stops = pdatest.SKUs - 1
	walks, acts := 4, 20
	if os.Getenv("FLOORD_LONG") == "1" {
		walks, acts = 20, 40
	}
	s := newSite(b, pdatest.Options{Steps: pda.Steps{Bin: "off"}})
	all := make([]floor.ShopLine, pdatest.SKUs)
	for i := range all {
		all[i] = floor.ShopLine{SKU: pdatest.SKU(i), Qty: 1}
		_, err := s.Foreman.Count(b.Context(), s.Root(), floor.Spot{Bin: pdatest.Bin(i), SKU: pdatest.SKU(i)}, 10_000, "count")
		s.Must(err)
	}
	type hand struct {
		c    *pdatest.Client
		task floor.Task
	}
	var hands []hand
	for i := range 49 {
		who := floor.PersonID(fmt.Sprintf("p%02d", i))
		s.Person(who, string(who), floor.RolePicker)
		h := hand{s.Dial(s.Pair(floor.DeviceID("pda-"+string(who)), "pda", ""), who), s.Task(s.Release(s.ReceiveOf(all...)))}
		if _, err := h.c.Act("take", struct{}{}); err != nil {
			b.Fatal(err)
		}
		hands = append(hands, h)
	}
	p := newBrowser(b).open("http://"+s.Addr+"/pda?token="+s.Pair("pda-01", "pda", ""), 360, 640)
	p.says("请扫描工牌")
	p.scan("badge-li.wei")
	var quarter, end held
	for walk := range walks {
		var others sync.WaitGroup
		for _, h := range hands {
			others.Go(func() {
				for n := range acts {
					if _, err := h.c.Act("skip", map[string]any{"task": h.task.ID, "stop": 1 + n%len(h.task.Stops)}); err != nil {
						b.Error(err)
					}
					h.c.Seen = nil // the test's own memory is not the daemon's
				}
			})
		}
		s.Release(s.ReceiveOf(all...))
		p.says("绑定到 1 号位")
		tote := fmt.Sprint("tote-", walk)
		p.scan(tote)
		for range stops {
			p.says("扫描商品")
			p.scan(string(p.sku()))
			p.says("放入 1 号位")
			if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[float64](scanAndWait(tote), chromedp.EvalAwaitPromise)); err != nil {
				b.Fatal(err)
			}
		}
		p.says("扫描商品")
		p.scan(string(p.sku()))
		p.says("放入 1 号位")
		p.scan(tote)
		others.Wait()
		if end = p.holds(); walk == walks/4-1 {
			quarter = end
		}
	}
	b.ReportMetric(quarter.page, "page-MB-early")
	b.ReportMetric(end.page, "page-MB")
	b.ReportMetric(quarter.nodes, "nodes-early")
	b.ReportMetric(end.nodes, "nodes")
	b.ReportMetric(quarter.daemon, "daemon-MB-early")
	b.ReportMetric(end.daemon, "daemon-MB")
	b.ReportMetric(0, "ns/op")
}

// held is what is still held after the garbage is gone, in 2^20 bytes.
type held struct{ page, nodes, daemon float64 }

func (w *window) holds() (h held) {
	w.b.t.Helper()
	w.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
			return chromedp.Void{}, err
		}
		use, err := cdp.Call(ctx, t, runtime.GetHeapUsage, cdp.Empty{})
		if err != nil {
			return chromedp.Void{}, err
		}
		dom, err := cdp.Call(ctx, t, memory.GetDOMCounters, cdp.Empty{})
		h.page, h.nodes = float64(use.UsedSize)/(1<<20), float64(dom.Nodes)
		return chromedp.Void{}, err
	})
	goruntime.GC()
	var m goruntime.MemStats
	goruntime.ReadMemStats(&m)
	h.daemon = float64(m.HeapAlloc) / (1 << 20)
	return h
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
