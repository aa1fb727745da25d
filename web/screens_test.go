package web_test

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

//go:embed testdata/audit.js
var audit string

// still waits until what the page was told is on it: letters loaded, moves ended,
// two frames drawn. A window that nobody sees draws none.
const still = `new Promise(function (done) {
	document.getAnimations().forEach(function (a) { if (a.effect.getComputedTiming().endTime !== Infinity) a.finish(); });
	document.fonts.ready.then(function () {
		setTimeout(done, 300, true);
		requestAnimationFrame(function () { requestAnimationFrame(function () { done(true); }); });
	});
})`

// The two sizes that every page is looked at in: a handheld's and a desk's.
var sizes = [][2]int64{{360, 640}, {1280, 800}}

// look asks of the page as it stands what a person with gloves on would, at its
// own size and then at the other, and keeps a picture of each.
func (w *window) look(name string) {
	w.b.t.Helper()
	w.sight(name, w.w, w.h)
	for _, s := range sizes {
		if s[0] != w.w && (w.w == sizes[0][0] || w.w == sizes[1][0]) {
			w.do(chromedp.EmulateViewport(s[0], s[1]))
			w.sight(name, s[0], s[1])
			w.do(chromedp.EmulateViewport(w.w, w.h))
		}
	}
}

func (w *window) sight(name string, width, height int64) {
	w.b.t.Helper()
	name = fmt.Sprintf("%s-%d", name, width)
	w.do(waitFor(still))
	bad, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](audit))
	if err != nil || bad != "" {
		w.b.t.Errorf("%s: %v\n%s", name, err, bad)
	}
	shot, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.b.t.Fatal(name, ": no picture: ", err)
	}
	keep(name, shot)
}

func waitFor(promise string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](promise, chromedp.EvalAwaitPromise)(ctx, t)
		return chromedp.Void{}, err
	}
}

// keep writes a picture where a person can look at it, and says where.
func keep(name string, shot []byte) string {
	file := filepath.Join(os.TempDir(), "floord-screens", name+".png")
	os.MkdirAll(filepath.Dir(file), 0o755)
	os.WriteFile(file, shot, 0o644)
	return file
}
