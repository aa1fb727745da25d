package web_test

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"floord/label/labeltest"

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
	w.golden(name)
}

func waitFor(promise string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[bool](promise, chromedp.EvalAwaitPromise)(ctx, t)
		return chromedp.Void{}, err
	}
}

// golden keeps the picture in testdata/screens with -update, for people to look at
// and to see in a change what it did to a page. Letters, clocks and codes differ from
// run to run, so what must hold is asked by the audit and not by comparing pixels;
// a screen without its picture fails.
func (w *window) golden(name string) {
	w.b.t.Helper()
	file := filepath.Join("testdata", "screens", name+".png")
	_, missing := os.Stat(file)
	if missing == nil && !*labeltest.Update {
		return
	}
	shot, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.b.t.Fatal(name, ": no picture: ", err)
	}
	if !*labeltest.Update {
		w.b.t.Errorf("%v; look at %s, and keep it with go test ./web -update", missing, keep(name, shot))
		return
	}
	m, err := png.Decode(bytes.NewReader(shot))
	if err == nil {
		err = os.WriteFile(file, small(m), 0o644)
	}
	if err != nil {
		w.b.t.Fatal(file, ": ", err)
	}
}

// small gives a picture in the few colours a page has, as a PNG.
func small(m image.Image) []byte {
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA {
		r, g, b, _ := m.At(x, y).RGBA()
		return color.RGBA{uint8(r>>8) &^ 7, uint8(g>>8) &^ 7, uint8(b>>8) &^ 7, 255}
	}
	r := m.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	var colours color.Palette
	for len(colours) < 64 && len(count) > 0 {
		var most color.RGBA
		for c, n := range count {
			if n > count[most] || n == count[most] && c.R < most.R {
				most = c
			}
		}
		colours = append(colours, most)
		delete(count, most)
	}
	p := image.NewPaletted(r, colours)
	index := map[color.RGBA]uint8{}
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := at(x, y)
			i, ok := index[c]
			if !ok {
				i = uint8(colours.Index(c))
				index[c] = i
			}
			p.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	(&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, p)
	return out.Bytes()
}

// keep writes a picture where a person can look at it, and says where.
func keep(name string, shot []byte) string {
	file := filepath.Join(os.TempDir(), "floord-screens", name+".png")
	os.MkdirAll(filepath.Dir(file), 0o755)
	os.WriteFile(file, shot, 0o644)
	return file
}
