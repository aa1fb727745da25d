package tspl_test

import (
	"bytes"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"floord/label"
	"floord/label/glyph"
	"floord/label/labeltest"
	"floord/label/preview"
	"floord/label/tspl"
	"floord/label/tspl/tspltest"
)

// printed reads a job as each kind of firmware does; all must print one and the
// same label.
func printed(t *testing.T, job label.Job, dpi int) tspltest.Label {
	t.Helper()
	var first tspltest.Label
	for e := range tspltest.Escapes {
		labels, err := tspltest.Printer{DPI: dpi, Escape: e}.Read(job.Bytes)
		if err != nil {
			t.Fatalf("firmware with escape %d: %v", e, err)
		}
		if len(labels) != 1 || labels[0].Copies != 1 {
			t.Fatalf("firmware with escape %d printed %d labels; want one, once", e, len(labels))
		}
		if e == 0 {
			first = labels[0]
		} else if !bytes.Equal(first.Dots.Bits, labels[0].Dots.Bits) {
			t.Fatalf("firmware with escape %d prints another label", e)
		}
	}
	return first
}

// TestGolden keeps the bytes, and beside them the picture a printer makes of
// them. The preview must be that picture, and both decoders must read it.
func TestGolden(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		for _, dpi := range c.DPIs() {
			name := c.Name
			if dpi != 203 {
				name += "-300dpi"
			}
			t.Run(name, func(t *testing.T) {
				job, err := tspl.Encode(c.Page, tspl.Options{DPI: dpi})
				if err != nil {
					t.Fatal(err)
				}
				l := printed(t, job, dpi)
				labeltest.Golden(t, name+".tspl", job.Bytes)
				picture := ""
				if dpi == 203 {
					picture = name + ".png"
				}
				labeltest.Printed(t, c, l.Dots, preview.Dots(job.Sheet), picture)
			})
		}
	}
}

func TestNativeText(t *testing.T) {
	w := labeltest.Waybills()["rare"]
	for _, tt := range []struct {
		charset string
		name    string // bytes that must be sent
		drawn   string // characters that must be bitmaps, in the order of fields
	}{
		{"gbk", "\xc5\xb7\xd1\xf4  \xfd\x93  1", "𠅤㙍䶮𪨊"},
		{"gb18030", "\xc5\xb7\xd1\xf4  \xfd\x93  1", "𠅤𪨊"},
		{"gb2312", "\xc5\xb7\xd1\xf4      1", "𠅤龘㙍䶮𪨊"},
	} {
		t.Run(tt.charset, func(t *testing.T) {
			p, err := label.Waybill100x150(w)
			if err != nil {
				t.Fatal(err)
			}
			job, err := tspl.Encode(p, tspl.Options{Charset: tt.charset})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(job.Bytes, []byte(`1,1,"`+tt.name)) {
				t.Errorf("no TEXT begins with %q", tt.name)
			}
			got := ""
			for _, n := range job.Notes {
				if n.Step == glyph.Drawn && strings.HasPrefix(n.Field, "recipient") {
					got += string(n.Rune)
				}
			}
			if got != tt.drawn {
				t.Errorf("bitmaps %q; want %q", got, tt.drawn)
			}
			printed(t, job, 203)
		})
	}
}

func TestNotes(t *testing.T) {
	p, err := label.Waybill100x150(labeltest.Waybills()["hostile"])
	if err != nil {
		t.Fatal(err)
	}
	job, err := tspl.Encode(p, tspl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []label.Note{
		{Field: "recipient", Note: glyph.Note{Rune: '"', Step: glyph.Replaced, Printed: "＂"}},
		{Field: "recipient.address", Note: glyph.Note{Rune: '\\', Step: glyph.Replaced, Printed: "＼"}},
		{Field: "recipient.address", Note: glyph.Note{Rune: 0x1b, Step: glyph.Dropped}},
		{Field: "recipient.address", Note: glyph.Note{Rune: 0x202e, Step: glyph.Dropped}},
		{Field: "recipient.address", Note: glyph.Note{Rune: 0x200b, Step: glyph.Dropped}},
	} {
		if !slices.Contains(job.Notes, want) {
			t.Errorf("no note %+q", want)
		}
	}
}

func TestPolicies(t *testing.T) {
	w := labeltest.Waybill()
	w.Reveal, w.Recipient.Name = true, "龘"
	for _, tt := range []struct{ policy, want string }{
		{"bitmap", "13812345678"}, {"pinyin", "Dá  13812345678"}, {"both", "(D ) 13812345678"},
	} {
		p, err := label.Waybill100x150(w)
		if err != nil {
			t.Fatal(err)
		}
		job, err := tspl.Encode(p, tspl.Options{Charset: "gb2312", Policy: tt.policy})
		if err != nil {
			t.Fatal(err)
		}
		got := printed(t, job, 203).Texts()
		if !slices.ContainsFunc(got, func(s string) bool {
			return strings.Join(strings.Fields(s), " ") == strings.Join(strings.Fields(tt.want), " ")
		}) {
			t.Errorf("policy %s: texts %q; want %q among them", tt.policy, got, tt.want)
		}
	}
}

func TestQuirks(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := tspl.Encode(p, tspl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	quirky, err := tspl.Encode(p, tspl.Options{BarsAsBoxes: true, QRAsBitmap: true, Mark: 3, Speed: 4, Density: 8, Direction: 1, Setup: []string{"SET TEAR"}})
	if err != nil {
		t.Fatal(err)
	}
	a, b := printed(t, plain, 203), printed(t, quirky, 203)
	if !bytes.Equal(a.Dots.Bits, b.Dots.Bits) {
		t.Error("codes drawn by the printer and by us differ")
	}
	if b.Count("BARCODE")+b.Count("QRCODE") != 0 || b.Count("BLINE") != 1 || b.Count("SPEED") != 1 {
		t.Errorf("quirks were not kept: %d BARCODE, %d QRCODE", b.Count("BARCODE"), b.Count("QRCODE"))
	}
}

// TestSmallFont: a printer that has a font of 16 dots sets a text in it and in its
// multiples, rare characters among them.
func TestSmallFont(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybills()["rare"])
	if err != nil {
		t.Fatal(err)
	}
	job, err := tspl.Encode(p, tspl.Options{Font: "TSS16.BF2", FontDots: 16})
	if err != nil {
		t.Fatal(err)
	}
	if l := printed(t, job, 203); !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
		t.Error("the preview is not what the printer prints")
	}
	if !slices.ContainsFunc(job.Sheet.Runs, func(r label.Run) bool { return r.Height == 32 && len(r.Drawn()) > 0 }) {
		t.Error("no rare character of 32 dots")
	}
}

// TestRasterPrintsTheSame, but for the dots that hide a status request.
func TestRasterPrintsTheSame(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		job, err := tspl.Encode(c.Page, tspl.Options{Raster: true})
		if err != nil {
			t.Fatal(err)
		}
		l, differ := printed(t, job, 203), 0
		for i, want := range preview.Dots(job.Sheet).Bits {
			differ += bits.OnesCount8(l.Dots.Bits[i] ^ want)
		}
		all := (job.Sheet.Width + 7) / 8 * job.Sheet.Height
		if differ > 3 || len(job.Bytes)*10 > all*7 {
			t.Errorf("%s: %d bytes of %d, %d dots differ", c.Name, len(job.Bytes), all, differ)
		}
	}
}

func TestBadOptions(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]tspl.Options{
		`charset "big5"`:    {Charset: "big5"},
		`policy "guess"`:    {Policy: "guess"},
		"direction 2":       {Direction: 2},
		"density 16":        {Density: 16},
		"a device of 9 dpi": {DPI: 9},
		"a font of 4 dots":  {FontDots: 4},
		"font name":         {Font: "A\",\r\n"},
		"setup line":        {Setup: []string{"SET TEAR ON\r\nPRINT 9"}},
		"gap -1 mm":         {Gap: -1},
		"speed 99":          {Speed: 99},
	} {
		if _, err := tspl.Encode(p, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode(%+v) = %v; want %q in it", o, err, want)
		}
	}
}

// hostile: on every firmware the words are those of the fields.
var hostile = labeltest.Hostile{
	Encode: func(p label.Page, n uint8) (label.Job, error) {
		return tspl.Encode(p, tspl.Options{Charset: labeltest.Charset(n)})
	},
	Check: func(t *testing.T, p label.Page, job label.Job) {
		l := printed(t, job, 203)
		labeltest.Counts(t, l.Count, map[string]int{
			"SIZE": 1, "CLS": 1, "PRINT": 1, "BARCODE": 1, "QRCODE": 1, "BOX": len(p.Boxes), "GAP": 1, "DIRECTION": 1,
			"REFERENCE": 1, "BAR": len(p.Rules),
		})
		if bytes.Contains(job.Bytes, []byte("\x1b!")) {
			t.Error("a status request in the stream")
		}
		if !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
			t.Error("the preview is not what the printer prints")
		}
	},
	Caught: func(_ label.Page, job []byte) bool {
		for e := range tspltest.Escapes {
			if labels, err := (tspltest.Printer{Escape: e}).Read(job); err != nil || len(labels) != 1 {
				return true
			}
		}
		return false
	},
	Commands: []string{"a\"\r\nPRINT 1,1\r\nTEXT 0,0,\"TSS24.BF2\",0,1,1,\"b", `a\`, `a"`, "a\r\nCLS"},
}

func FuzzHostileText(f *testing.F) { hostile.Fuzz(f) }

func TestHostileText(t *testing.T) { hostile.Test(t) }
