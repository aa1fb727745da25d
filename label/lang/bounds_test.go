package lang_test

import (
	"bytes"
	"image/png"
	"runtime"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"floord/label"
	"floord/label/glyph"
	"floord/label/labeltest"
	"floord/label/lang"
	"floord/label/preview"
	"floord/label/zpl"
	"floord/label/zpl/zpltest"
)

// native are the languages that send text as text.
var native = []string{"tspl", "zpl", "cpcl", "escpos"}

// A size is what a full waybill of 100 x 180 mm takes in one language, beside what
// it takes as a picture.
type size struct {
	plain, rare    int // bytes; with four rare characters
	drawn          int // how often the rare ones stand on it
	raw, z64       int // the same as one picture, plain and packed
	whole, recall  int // ZPL: sent in full and out of a form
	characters     int
	page, rarePage label.Page
}

func measure(t testing.TB, language string) size {
	t.Helper()
	encode := func(p lang.Printer, page label.Page) label.Job {
		job, err := p.Encode(page)
		if err != nil {
			t.Fatal(err)
		}
		return job
	}
	var s size
	for to, bill := range bills() {
		page, err := label.Waybill100x180(bill)
		if err != nil {
			t.Fatal(err)
		}
		*map[string]*label.Page{"plain": &s.page, "rare": &s.rarePage}[to] = page
	}
	for _, x := range s.page.Texts {
		s.characters += utf8.RuneCountInString(x.Value)
		for _, part := range x.List {
			s.characters += utf8.RuneCountInString(part)
		}
	}
	plain, rare := encode(lang.Printer{Language: language}, s.page), encode(lang.Printer{Language: language}, s.rarePage)
	s.plain, s.rare = len(plain.Bytes), len(rare.Bytes)
	for _, n := range rare.Notes {
		if n.Step == glyph.Drawn {
			s.drawn++
		}
	}
	s.raw = (plain.Sheet.Width + 7) / 8 * plain.Sheet.Height
	s.z64 = len(encode(lang.Printer{Language: "zpl", Raster: true, Packed: true}, s.page).Bytes)
	if language == "zpl" {
		samples, err := label.Shipped()["waybill-100x180"].Samples("zh")
		if err != nil {
			t.Fatal(err)
		}
		_, recall, err := lang.Printer{Language: language, Forms: "ram"}.Form(s.page, samples)
		if err != nil {
			t.Fatal(err)
		}
		s.whole, s.recall = s.plain, len(recall.Bytes)
	}
	return s
}

func bills() map[string]label.Waybill {
	plain, rare := labeltest.RareWaybills()
	return map[string]label.Waybill{"plain": plain, "rare": rare}
}

// A figure is one that a label is held to.
type figure struct {
	unit      string
	got, most float64
}

func (s size) figures() []figure {
	// On two parts a name is drawn twice; the bound is for four drawings.
	each := float64(s.rare-s.plain) / float64(s.drawn)
	out := []figure{
		{"%raw", 100 * float64(s.plain) / float64(s.raw), 2.1},
		{"%Z64", 100 * float64(s.plain) / float64(s.z64), 11},
		{"B/rare", each, 140},
		{"x-four-rare", (float64(s.plain) + 4*each) / float64(s.plain), 1.25},
	}
	if s.whole > 0 {
		out = append(out, figure{"x-recall", float64(s.recall) / float64(s.whole), 0.65})
	}
	return out
}

// hold reports each figure to a benchmark and fails what is over.
func hold(t testing.TB, all []figure) {
	t.Helper()
	for _, f := range all {
		if b, ok := t.(*testing.B); ok {
			b.ReportMetric(f.got, f.unit)
		} else {
			t.Logf("%s: %.3f of at most %g", f.unit, f.got, f.most)
		}
		if f.got > f.most {
			t.Errorf("%s: %.3f; %g is allowed", f.unit, f.got, f.most)
		}
	}
}

// TestBytes holds the sizes that make a label quick on a slow line: at 9600 baud
// 1 kB is a second.
func TestBytes(t *testing.T) {
	for _, language := range native {
		t.Run(language, func(t *testing.T) {
			s := measure(t, language)
			if s.drawn < 4 || s.characters < 500 {
				t.Fatalf("%d rare characters on a label of %d", s.drawn, s.characters)
			}
			hold(t, s.figures())
		})
	}
}

// BenchmarkWaybill is a full waybill in each language, from its page to its bytes,
// beside the same as a picture.
func BenchmarkWaybill(b *testing.B) {
	for _, language := range native {
		b.Run(language, func(b *testing.B) {
			s, p := measure(b, language), lang.Printer{Language: language}
			b.ReportAllocs()
			n, before, cpu := 0, heap(), busy(b)
			for b.Loop() {
				n++
				if _, err := p.Encode(s.page); err != nil {
					b.Fatal(err)
				}
			}
			took := busy(b) - cpu
			hold(b, append(s.figures(),
				figure{"cpu-us/label", float64(took.Microseconds()) / float64(n), 200},
				// What a label leaves behind; a page of the heap is no growth.
				figure{"B-left/label", max(0, float64(heap()-before)-8192) / float64(n), 0.99}))
			b.ReportMetric(float64(s.plain), "B/label")
		})
	}
}

// busy is the processor's time of this process: others on the machine do not count.
func busy(t testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// heap is what is in use after all garbage is gone.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestNothingIsLeft: labels leave nothing behind, in any language.
func TestNothingIsLeft(t *testing.T) {
	for _, language := range native {
		s, p := measure(t, language), lang.Printer{Language: language}
		encode := func(n int) {
			for range n {
				if _, err := p.Encode(s.rarePage); err != nil {
					t.Fatal(err)
				}
			}
		}
		encode(10)
		before := heap()
		encode(500)
		if left := heap() - before; left > 64<<10 {
			t.Errorf("%s: 500 labels leave %d bytes", language, left)
		}
	}
}

// Another program's figures for the picture of 629 characters on 100 x 180 mm.
const theirs629ACS, theirs629Z64 = 84_285, 28_894

// packing packs the picture of a full label both ways, beside zpl-image.
func packing(t testing.TB) []figure {
	job, err := lang.Printer{Language: "zpl"}.Encode(measure(t, "zpl").rarePage)
	if err != nil {
		t.Fatal(err)
	}
	b := preview.Dots(job.Sheet)
	theirZ64, theirACS := zpltest.Pack(t, b)
	z64, acs := zpl.Z64(b.Bits), zpl.ACS(b.Bits, b.Stride)
	return []figure{
		{"B-Z64", float64(len(z64)), theirs629Z64}, {"B-ACS", float64(len(acs)), theirs629ACS * 0.90},
		{"x-zpl-image-Z64", float64(len(z64)) / float64(len(theirZ64)), 1}, {"x-zpl-image-ACS", float64(len(acs)) / float64(len(theirACS)), 0.90},
	}
}

// previewing draws the preview of a full label, layout and PNG included, beside
// zpl-renderer-js, which is spared its font.
func previewing(t testing.TB) []figure {
	s, p := measure(t, "zpl"), lang.Printer{Language: "zpl"}
	job, err := p.Encode(s.page)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.Device()
	if err != nil {
		t.Fatal(err)
	}
	seen, theirs := zpltest.Render(t, string(job.Bytes), job.Sheet.Width, job.Sheet.Height, 8, 2)
	if len(seen) != 1 {
		t.Fatalf("%d labels seen of one", len(seen))
	}
	ours := time.Hour
	for range 3 {
		var b bytes.Buffer
		from := busy(t)
		if _, err := preview.PNG(&b, s.page, d); err != nil {
			t.Fatal(err)
		}
		ours = min(ours, busy(t)-from)
		if _, err := png.Decode(&b); err != nil {
			t.Fatal(err)
		}
	}
	return []figure{{"x-renderer-time", ours.Seconds() / theirs.Seconds(), 0.2}}
}

func TestPacking(t *testing.T)    { hold(t, packing(t)) }
func TestPreviewing(t *testing.T) { hold(t, previewing(t)) }

func BenchmarkPacking(b *testing.B)    { bench(b, packing) }
func BenchmarkPreviewing(b *testing.B) { bench(b, previewing) }

func bench(b *testing.B, f func(testing.TB) []figure) {
	var all []figure
	for b.Loop() {
		all = f(b)
	}
	hold(b, all)
}

// TestFormOfPictures: what a printer without a Chinese font prints is pictures,
// which no form holds; it is not asked for one before each label.
func TestFormOfPictures(t *testing.T) {
	samples, err := label.Shipped()["waybill-100x180"].Samples("zh")
	if err != nil {
		t.Fatal(err)
	}
	for charset, want := range map[string]bool{"gbk": true, "gb2312": true, "ascii": false} {
		form, _, err := lang.Printer{Language: "zpl", Charset: charset, Forms: "ram"}.Form(samples[0], samples)
		if err != nil || (form != nil) != want {
			t.Errorf("%s: a form %v, %v; want %v", charset, form != nil, err, want)
		}
	}
}
