package pdf_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/report/pdf"
)

// text is what pdftotext (poppler-utils) reads, without blanks.
func text(t *testing.T, b []byte) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), "")
}

// pictures draws the pages with pdftoppm (poppler-utils).
func pictures(t *testing.T, b []byte, dpi int) []image.Image {
	t.Helper()
	dir := t.TempDir()
	if keep := os.Getenv("KEEP_PDF"); keep != "" {
		dir = keep
	}
	file := filepath.Join(dir, "doc.pdf")
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("pdftoppm", "-r", strconv.Itoa(dpi), "-png", file, filepath.Join(dir, "page")).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("pdftoppm (package poppler-utils): %v: %s", err, out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "page-*.png"))
	if err != nil {
		t.Fatal(err)
	}
	var pages []image.Image
	for _, n := range names {
		f, err := os.Open(n)
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, m)
	}
	return pages
}

// ink is the share of dark dots.
func ink(m image.Image) float64 {
	n := 0
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, b, _ := m.At(x, y).RGBA(); r+g+b < 0x18000 {
				n++
			}
		}
	}
	return float64(n) / float64(b.Dx()*b.Dy())
}

func report() *pdf.Doc {
	d := pdf.New(pdf.Options{Title: "每日发货健康报告", Footer: "floord · 东仓 · 2026-11-21", Created: time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)})
	d.Title("每日发货健康报告 2026-11-21")
	d.Text("收到 1,284 单，发出 1,251 单，准时率 98.4%。缺货 7 行，面单异常 3 张，拦截成功 11 单、未拦住 1 单。")
	d.Heading("按渠道 By channel")
	d.Table(pdf.Table{
		Columns: []pdf.Column{{Title: "渠道", Share: 2}, {Title: "收到", Right: true}, {Title: "发出", Right: true}, {Title: "准时", Right: true}, {Title: "说明", Share: 3}},
		Rows: [][]string{
			{"拼多多 主店", "812", "801", "98.9%", "2 单等待客户改地址（欧阳𠅤龘、䶮村 José Nguyễn）"},
			{"抖音 旗舰店", "472", "450", "97.6%", "17:40-18:05 打印机 pack-2 缺纸 😀"},
			{"合计", "1,284", "1,251", "98.4%", ""},
		},
		Total: true,
	})
	d.Heading("每小时发出")
	var bars []pdf.Bar
	for h := 9; h < 19; h++ {
		v := float64(60 + (h*37)%120)
		bars = append(bars, pdf.Bar{Label: fmt.Sprintf("%02d:00", h), Value: v, Text: fmt.Sprintf("%.0f 单", v)})
	}
	d.Bars(bars)
	return d
}

func TestReport(t *testing.T) {
	b, err := report().Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, b)
	for _, want := range []string{"每日发货健康报告2026-11-21", "准时率98.4%", "按渠道Bychannel", "拼多多主店", "欧阳", "JoséNguy", "[U+1F600]",
		"合计1,2841,25198.4%", "09:00", "floord·东仓·2026-11-21", "1/1"} {
		if !strings.Contains(got, want) {
			t.Errorf("pdftotext reads no %q in %s", want, got)
		}
	}
	if n := strings.Count(got, "按渠道"); n != 1 {
		t.Errorf("a heading reads %d times; want once", n)
	}
	pages := pictures(t, b, 60)
	if len(pages) != 1 || ink(pages[0]) < 0.01 {
		t.Errorf("%d pages; want one with ink", len(pages))
	}
	again, err := report().Bytes()
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("the same report gives other bytes (%v)", err)
	}
	t.Logf("%d bytes", len(b))
}

// TestEveryCharacterLeavesInk: a character that the font lacks is not left out,
// and none breaks the document. gofpdf alone panics on the first.
func TestEveryCharacterLeavesInk(t *testing.T) {
	blank, err := pdf.New(pdf.Options{}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	none := ink(pictures(t, blank, 100)[0])
	for _, r := range []rune{'𠅤', '龘', '䶮', '😀', '\U0010FFFF', '\uF8FF', 'ễ', '말', '\uFFFD', 'A', '中'} {
		d := pdf.New(pdf.Options{})
		d.Title(string(r))
		b, err := d.Bytes()
		if err != nil {
			t.Errorf("%U: %v", r, err)
			continue
		}
		if got := ink(pictures(t, b, 100)[0]); got <= none {
			t.Errorf("%U left no ink", r)
		}
	}
}

// TestAllPlanes sets a character of every 97 there are.
func TestAllPlanes(t *testing.T) {
	var b strings.Builder
	last := rune(0)
	for ; last+97 <= 0x10FFFF; last += 97 {
		b.WriteRune(last)
	}
	b.WriteRune(last)
	d := pdf.New(pdf.Options{Title: "𠅤" + b.String()[:3000]})
	d.Text(b.String())
	out, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, out); !strings.Contains(got, fmt.Sprintf("[%U]", last)) {
		t.Errorf("the last character is lost in %d bytes", len(got))
	}
}

func TestLongTable(t *testing.T) {
	var rows [][]string
	for i := range 200 {
		rows = append(rows, []string{fmt.Sprint(i), "红富士苹果 5斤装"})
	}
	rows = append(rows, []string{"x", strings.Repeat("一行放不下的很长的备注，", 400)}) // more than a page
	d := pdf.New(pdf.Options{Landscape: true})
	d.Table(pdf.Table{Columns: []pdf.Column{{Title: "序号"}, {Title: "商品", Share: 3}}, Rows: rows})
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got := text(t, b)
	pages := len(pictures(t, b, 20))
	if n := strings.Count(got, "红富士苹果5斤装"); n != 200 {
		t.Errorf("%d rows; want 200", n)
	}
	if n := strings.Count(got, "一行放不下") + strings.Count(got, "很长的备注"); n < 700 {
		t.Errorf("the long cell lost text: %d pieces", n)
	}
	if n := strings.Count(got, "序号商品"); pages < 5 || n < 5 || !strings.Contains(got, fmt.Sprintf("%d/%d", pages, pages)) {
		t.Errorf("%d pages with %d heads", pages, n)
	}
}

func picture(t testing.TB, w, h int) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestImage(t *testing.T) {
	d := pdf.New(pdf.Options{})
	d.Image(picture(t, 400, 600), 90)
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got := ink(pictures(t, b, 40)[0]); got < 0.15 {
		t.Errorf("the picture covers %.2f of the page", got)
	}
}

func TestMistakesAreErrors(t *testing.T) {
	cut := picture(t, 50, 50)
	cut = cut[:len(cut)-20]
	for want, spoil := range map[string]func(*pdf.Doc){
		"picture: png: invalid format":                 func(d *pdf.Doc) { d.Image([]byte("/etc/passwd"), 10) },
		"picture: png: invalid format: unexpected EOF": func(d *pdf.Doc) { d.Image(cut, 10) },
		"a picture of 6001 x 1 dots":                   func(d *pdf.Doc) { d.Image(picture(t, 6001, 1), 10) },
		"row 1 has 1 cells":                            func(d *pdf.Doc) { d.Table(pdf.Table{Columns: make([]pdf.Column, 2), Rows: [][]string{{"a"}}}) },
		"a table of 0 columns":                         func(d *pdf.Doc) { d.Table(pdf.Table{}) },
		"bar a has value NaN":                          func(d *pdf.Doc) { d.Bars([]pdf.Bar{{Label: "a", Value: math.NaN()}}) },
		"a text of 20001 characters":                   func(d *pdf.Doc) { d.Text(strings.Repeat("字", 20001)) },
		"more than 300 pages":                          func(d *pdf.Doc) { d.Text(strings.Repeat("\n", 19999)) },
	} {
		d := pdf.New(pdf.Options{})
		spoil(d)
		if b, err := d.Bytes(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d bytes, %v; want %q", len(b), err, want)
		}
	}
	if _, err := pdf.New(pdf.Options{Footer: strings.Repeat("长", 300)}).Bytes(); err == nil {
		t.Error("a footer was cut")
	}
}

// TestConcurrent: the font's bytes are shared by all documents.
func TestConcurrent(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := report().Bytes(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func FuzzText(f *testing.F) {
	f.Add("𠅤 \xff\x00\n\u202e😀", "e\u0301\u0336", 3.5)
	f.Fuzz(func(t *testing.T, a, b string, v float64) {
		d := pdf.New(pdf.Options{Title: a})
		d.Title(b)
		d.Text(a)
		d.Table(pdf.Table{Columns: []pdf.Column{{Title: a}, {Title: b, Share: v, Right: true}}, Rows: [][]string{{a, b}, {b, a}}})
		d.Bars([]pdf.Bar{{Label: a, Value: v, Text: b}})
		out, err := d.Bytes()
		if err != nil && strings.Contains(err.Error(), "broke off") {
			t.Error(err)
		}
		if err == nil && !bytes.HasPrefix(out, []byte("%PDF-")) {
			t.Errorf("%.20q is no document", out)
		}
	})
}

func BenchmarkReport(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		out, err := report().Bytes()
		if err != nil {
			b.Fatal(err)
		}
		n = len(out)
	}
	b.ReportMetric(float64(n), "bytes/doc")
}
