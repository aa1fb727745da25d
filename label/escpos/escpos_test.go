package escpos_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"floord/label"
	"floord/label/escpos"
	"floord/label/escpos/escpostest"
	"floord/label/labeltest"
	"floord/label/preview"
)

func printed(t *testing.T, b []byte, p escpostest.Printer) escpostest.Label {
	t.Helper()
	labels, err := p.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(labels) != 1 {
		t.Fatalf("%d labels printed; want one", len(labels))
	}
	return labels[0]
}

// TestGolden keeps the bytes, and beside them the picture a printer makes of
// them.
func TestGolden(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		for _, dpi := range c.DPIs() {
			name, picture := c.Name, c.Name+".png"
			if dpi != 203 {
				name, picture = name+"-300dpi", ""
			}
			t.Run(name, func(t *testing.T) {
				job, err := escpos.Encode(c.Page, escpos.Options{DPI: dpi})
				if err != nil {
					t.Fatal(err)
				}
				l := printed(t, job.Bytes, escpostest.Printer{})
				labeltest.Golden(t, name+".escpos", job.Bytes)
				labeltest.Printed(t, c, l.Dots, preview.Dots(job.Sheet), picture)
			})
		}
	}
}

func TestAllWaysPrintTheSame(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		for name, o := range map[string]escpos.Options{
			"raster": {Raster: true}, "roll": {Raster: true, Continuous: true}, "cut": {Continuous: true, Cut: true, Raster: true},
			"page on a roll": {Continuous: true}, "from top": {FromTop: true}, "quirks": {BarsAsDots: true, QRAsBitmap: true, LinesAsDots: true},
		} {
			job, err := escpos.Encode(c.Page, o)
			if err != nil {
				t.Fatal(err)
			}
			l := printed(t, job.Bytes, escpostest.Printer{FromTop: o.FromTop})
			if extra, missing := differ(l.Dots.Bits, preview.Dots(job.Sheet).Bits); extra > 5 || missing > 0 || extra > 0 && !o.Raster {
				t.Errorf("%s, %s: %d dots more and %d fewer are printed", c.Name, name, extra, missing)
			}
		}
	}
}

// differ counts dots.
func differ(got, want []byte) (extra, missing int) {
	if len(got) != len(want) {
		return len(got) * 8, len(want) * 8
	}
	for i := range got {
		for bit := byte(1); bit != 0; bit <<= 1 {
			switch {
			case got[i]&^want[i]&bit != 0:
				extra++
			case want[i]&^got[i]&bit != 0:
				missing++
			}
		}
	}
	return extra, missing
}

// TestNarrowestBarCode: our own choice of sets reaches the printer, and a number
// that would read as a real-time command does not.
func TestNarrowestBarCode(t *testing.T) {
	for value, want := range map[string]string{
		"SF1234567890123": "{BSF1{C\x17\x2d\x43\x59\x01\x17", "12345678": "{C\x0c\x22\x38\x4e", "A{B": "{BA{{B",
		"12160412": "", "ab\x01": "",
	} {
		p := label.Page{Name: "t", Width: 80, Height: 30, Codes: []label.Code128{{Place: label.Place{X: 1, Y: 1, W: 78, H: 20}, Field: "n", Value: value}}}
		job, err := escpos.Encode(p, escpos.Options{})
		if err != nil {
			t.Fatal(err)
		}
		l := printed(t, job.Bytes, escpostest.Printer{})
		if native := l.Count("\x1dk") == 1; native != (want != "") || !bytes.Contains(job.Bytes, []byte(want)) {
			t.Errorf("%q: no %q in %q", value, want, job.Bytes)
		}
		if !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
			t.Errorf("%q: the preview is not what the printer prints", value)
		}
	}
}

// TestPlacesAreNoCommands: a text at 1040 dots, which is DLE EOT, gets there.
func TestPlacesAreNoCommands(t *testing.T) {
	for y := label.MM(120); y < 140; y += 0.125 {
		p := label.Page{Name: "t", Width: 140, Height: 150, Texts: []label.Text{{Place: label.Place{X: y - 10, Y: y, W: 9, H: 4}, Field: "n", Value: "王1", Height: 3}}}
		job, err := escpos.Encode(p, escpos.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if l := printed(t, job.Bytes, escpostest.Printer{}); !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
			t.Errorf("%g mm: the preview is not what the printer prints", y)
		}
	}
}

func TestBadOptions(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]escpos.Options{
		`charset "big5"`:    {Charset: "big5"},
		`policy "guess"`:    {Policy: "guess"},
		"a device of 9 dpi": {DPI: 9},
		"up to 9 times":     {MaxScale: 9},
	} {
		if _, err := escpos.Encode(p, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode(%+v) = %v; want %q in it", o, err, want)
		}
	}
}

// linePictures is how many lines of the waybill are pictures: too thick or too near
// to the edge for a letter.
func linePictures(t *testing.T) int {
	p, err := label.Waybill100x150(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	job, err := escpos.Encode(p, escpos.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return printed(t, job.Bytes, escpostest.Printer{}).Count("\x1dv")
}

var hostile = labeltest.Hostile{
	Encode: func(p label.Page, n uint8) (label.Job, error) {
		return escpos.Encode(p, escpos.Options{Charset: labeltest.Charset(n)})
	},
	Check: func(t *testing.T, _ label.Page, job label.Job) {
		l := printed(t, job.Bytes, escpostest.Printer{})
		texts, pictures := 0, linePictures(t)
		for _, r := range job.Sheet.Runs {
			if _, signs := r.Native(); len(signs) > 0 {
				texts++
				if r.Bold {
					texts++
				}
			}
			pictures += len(slices.DeleteFunc(r.Drawn(), func(p label.Picture) bool { top, bottom := p.Bits.Ink(); return top == bottom }))
		}
		labeltest.Counts(t, l.Count, map[string]int{
			"\x1bL": 1, "\x1bW": 1, "\x1dk": 1, "\x1d(": 5, "\f": 1, "text": texts, "\x1dv": pictures, "\x1dV": 0, "\x1bd": 0, "\x1b@": 0, "\x1b&": 1, "\x1b%": 2,
		})
		if extra, missing := differ(l.Dots.Bits, preview.Dots(job.Sheet).Bits); extra > 3 || missing > 0 {
			t.Errorf("%d dots more and %d fewer are printed than the preview has", extra, missing)
		}
	},
	Caught: func(_ label.Page, job []byte) bool {
		labels, err := escpostest.Printer{}.Read(job)
		return err != nil || len(labels) != 1 || labels[0].Count("\x1dV") > 0
	},
	Commands: []string{"a\fb", "a\x1b@b", "a\x10\x04\x01b", "a\x1dVB\x00", "a\nb", "a\x00"},
}

func FuzzHostileText(f *testing.F) { hostile.Fuzz(f) }

func TestHostileText(t *testing.T) { hostile.Test(t) }
