package zpl_test

import (
	"bytes"
	"strings"
	"testing"

	"floord/label"
	"floord/label/labeltest"
	"floord/label/preview"
	"floord/label/zpl"
	"floord/label/zpl/zpltest"
)

// samples are what a form of a shipped template is made from.
func samples(t testing.TB, name string) []label.Page {
	t.Helper()
	pages, err := label.Shipped()[name].Samples("zh")
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// TestFormsOfTemplates: a form is known by what it says, and storing a newer one
// of its template deletes it.
func TestFormsOfTemplates(t *testing.T) {
	form := func(pages []label.Page) *zpl.Form {
		f, err := zpl.NewForm(zpl.RAM, zpl.Options{}, pages...)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	pages := samples(t, "waybill-100x150")
	one, other := form(pages), form(samples(t, "waybill-76x130"))
	if again := form(samples(t, "waybill-100x150")); again.Name != one.Name || !bytes.Equal(again.Bytes, one.Bytes) {
		t.Error("the same template makes another form")
	}
	for i := range pages {
		pages[i].Rules = append(pages[i].Rules, label.Rule{Place: label.Place{X: 5, Y: 5, W: 10, H: 1}})
	}
	newer := form(pages)
	if newer.Name == one.Name || newer.Name[:5] != one.Name[:5] || other.Name[:5] == one.Name[:5] {
		t.Errorf("names %s, changed %s, another template %s", one.Name, newer.Name, other.Name)
	}
	var p zpltest.Printer
	for _, f := range []*zpl.Form{one, other, newer} {
		if labels, err := p.Read(f.Bytes); err != nil || len(labels) > 0 {
			t.Fatalf("storing printed %d labels, %v", len(labels), err)
		}
	}
	for f, want := range map[*zpl.Form]bool{one: false, other: true, newer: true} {
		_, err := p.Read([]byte("^XA^XF" + f.Name + "^FS^XZ"))
		if kept := err == nil; kept != want {
			t.Errorf("%s: kept %v; want %v (%v)", f.Name, kept, want, err)
		}
	}
}

func printed(t *testing.T, p *zpltest.Printer, b []byte) zpltest.Label {
	t.Helper()
	labels, err := p.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(labels) != 1 || labels[0].Copies != 1 {
		t.Fatalf("%d labels printed; want one, once", len(labels))
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
				job, err := zpl.Encode(c.Page, zpl.Options{DPI: dpi})
				if err != nil {
					t.Fatal(err)
				}
				l := printed(t, new(zpltest.Printer), job.Bytes)
				labeltest.Golden(t, name+".zpl", job.Bytes)
				labeltest.Printed(t, c, l.Dots, preview.Dots(job.Sheet), picture)
			})
		}
	}
}

// TestAllWaysPrintTheSame: pictures packed, codes drawn, the whole as one
// picture, a form recalled.
func TestAllWaysPrintTheSame(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		form, err := zpl.NewForm(zpl.Flash, zpl.Options{}, samples(t, "waybill-100x150")...)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := zpl.Encode(c.Page, zpl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for name, o := range map[string]zpl.Options{
			"packed": {Packed: true}, "raster": {Raster: true}, "packed raster": {Raster: true, Packed: true}, "form": {Form: form},
			"own sets": {OwnSets: true},
			"quirks":   {BarsAsBoxes: true, QRAsBitmap: true, Mark: true, Speed: 4, Darkness: 8, Inverted: true},
		} {
			job, err := zpl.Encode(c.Page, o)
			if err != nil {
				t.Fatal(err)
			}
			printer := new(zpltest.Printer)
			if labels, err := printer.Read(form.Bytes); err != nil || len(labels) != 0 {
				t.Fatalf("storing a form: %d labels, %v", len(labels), err)
			}
			l := printed(t, printer, job.Bytes)
			if !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
				t.Errorf("%s, %s: another label is printed", c.Name, name)
			}
			if name == "packed raster" {
				t.Logf("%s: %d bytes, as one picture %d", c.Name, len(plain.Bytes), len(job.Bytes))
			}
		}
	}
}

func TestNarrowestBarCode(t *testing.T) {
	for value, want := range map[string]string{
		"SF1234567890123": "^FD>:SF1>5234567890123", "12345678": "^FD>;12345678",
		"A>B~C^D_": "^FH^FD>:A>0B>=C><D_5F",
	} {
		p := label.Page{Name: "t", Width: 80, Height: 30, Codes: []label.Code128{{Place: label.Place{X: 1, Y: 1, W: 78, H: 20}, Field: "n", Value: value}}}
		job, err := zpl.Encode(p, zpl.Options{OwnSets: true})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(job.Bytes, []byte(want+"^FS")) {
			t.Errorf("%s: no %q in %s", value, want, job.Bytes)
		}
		printed(t, new(zpltest.Printer), job.Bytes)
	}
}

func TestBadOptions(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]zpl.Options{
		`charset "big5"`:    {Charset: "big5"},
		`policy "guess"`:    {Policy: "guess"},
		"speed 99":          {Speed: 99},
		"darkness 31":       {Darkness: 31},
		"a device of 9 dpi": {DPI: 9},
		"font name":         {Font: "E:X^XZ"},
		"setup":             {Setup: []string{"^MTD\n^XZ"}},
	} {
		if _, err := zpl.Encode(p, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode(%+v) = %v; want %q in it", o, err, want)
		}
	}
	if _, err := zpl.NewForm(zpl.RAM, zpl.Options{Raster: true}, p); err == nil {
		t.Error("a form of one picture was made")
	}
}

var hostile = labeltest.Hostile{
	Encode: func(p label.Page, n uint8) (label.Job, error) {
		return zpl.Encode(p, zpl.Options{Charset: labeltest.Charset(n), Packed: n&4 != 0})
	},
	Check: func(t *testing.T, p label.Page, job label.Job) {
		l := printed(t, new(zpltest.Printer), job.Bytes)
		pictures, texts := 0, 0
		for _, r := range job.Sheet.Runs {
			if _, signs := r.Native(); len(signs) > 0 {
				texts++
				if r.Bold {
					texts++
				}
			}
			for _, d := range r.Drawn() {
				if top, bottom := d.Bits.Ink(); top < bottom {
					pictures++
				}
			}
		}
		fonts := 1
		if job.Sheet.Font > 0 {
			fonts = 0 // those that every printer has
		}
		labeltest.Counts(t, l.Count, map[string]int{
			"^CI": 1, "^CW": fonts, "^A": texts, "^PW": 1, "^LL": 1, "^PQ": 1, "^BC": 1, "^BQ": 1, "^GB": len(p.Rules) + len(p.Boxes), "^GF": pictures,
			"^FS": texts + pictures + len(p.Rules) + len(p.Boxes) + 2, "^FD": texts + 2, "^MN": 1, "^PO": 1, "^LH": 1,
		})
		if !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
			t.Error("the preview is not what the printer prints")
		}
	},
	Caught: func(p label.Page, job []byte) bool {
		labels, err := new(zpltest.Printer).Read(job)
		return err != nil || len(labels) != 1 || labels[0].Count("^GB") != len(p.Rules)+len(p.Boxes)
	},
	Commands: []string{"a^FS^XZ^XA^FDb", "a~JA", "a^XZ", "a\x00", "a\xff", "a^FS^FO1,1^GB9,9,9^FS"},
}

func FuzzHostileText(f *testing.F) { hostile.Fuzz(f) }

func TestHostileText(t *testing.T) { hostile.Test(t) }

// FuzzUnpack: pictures come out as they went in.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{0, 0, 0, 255, 255, 255, 1, 2, 3, 1, 2, 3}, uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		stride := int(n)%200 + 1
		if b = b[:len(b)/stride*stride]; len(b) == 0 {
			return
		}
		for _, s := range [][]byte{zpl.ACS(b, stride), zpl.Z64(b)} {
			if got, err := zpltest.Unpack(string(s), stride, len(b)); err != nil || !bytes.Equal(got, b) {
				t.Errorf("%x came back from %s as %x, %v", b, s, got, err)
			}
		}
	})
}

// TestWideRows: repeat counts beyond one letter.
func TestWideRows(t *testing.T) {
	for _, stride := range []int{1, 10, 11, 100, 200, 209, 210, 211, 420, 1000} {
		b := bytes.Repeat([]byte{0xFF}, 2*stride)
		b[2*stride-1] = 0xF0
		if got, err := zpltest.Unpack(string(zpl.ACS(b, stride)), stride, len(b)); err != nil || !bytes.Equal(got, b) {
			t.Errorf("a row of %d bytes: %v", stride, err)
		}
	}
}
