package label_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"testing/fstest"

	"floord/label"
	"floord/label/glyph"
)

// TestTheSitesTemplatesStandOverTheShipped: one of the same name takes its place,
// a broken one is named and leaves what was there.
func TestTheSitesTemplatesStandOverTheShipped(t *testing.T) {
	file := func(name, kind string, width int) *fstest.MapFile {
		return &fstest.MapFile{Data: fmt.Appendf(nil, "name = %q\nfor = %q\nwidth = %d\nheight = 40\n", name, kind, width)}
	}
	ts, err := label.Load(fstest.MapFS{
		"bin-60x40.toml":  file("bin-60x40", "bin", 61),
		"own.toml":        file("own", "slot", 60),
		"slot-60x40.toml": file("slot-60x40", "nothing", 60),
		"other.toml":      file("another", "bin", 60),
		"readme.txt":      {Data: []byte("not a template")},
	})
	for _, want := range []string{`slot-60x40.toml: for = "nothing" is none of badge`, `other.toml: name = "another" does not go with`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Load = %v; want %q in it", err, want)
		}
	}
	if w, _ := ts["bin-60x40"].Size(); w != 61 {
		t.Errorf("the site's bin label is %g mm wide", w)
	}
	if ts["own"] == nil || ts["another"] != nil {
		t.Errorf("templates %q", ts.Names(""))
	}
	if w, _ := ts["slot-60x40"].Size(); w != 60 {
		t.Error("a broken template took the shipped one away")
	}
	if w, _ := label.Shipped()["bin-60x40"].Size(); w != 60 {
		t.Error("a site's template changed the shipped one")
	}
}

// TestALogo: a PNG in a template is ink where it is dark.
func TestALogo(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	m.SetGray(1, 2, color.Gray{Y: 10})
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	text := `name = "logo"
for = "slot"
width = 60
height = 40
[[image]]
at = [1, 1, 8, 8]
png = """
` + base64.StdEncoding.EncodeToString(b.Bytes()) + `
"""
`
	tmpl, err := label.ParseTemplate([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := tmpl.Fill(nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if bits := p.Images[0].Bits; !bits.At(1, 2) || bits.At(2, 1) {
		t.Error("the logo is not what the PNG shows")
	}
	for want, bad := range map[string]string{
		"no base64": `png = "%%%"`, "picture": `png = "AAAA"`, "allowed": `png = "` + strings.Repeat("A", 200_001) + `"`,
	} {
		text := text[:strings.Index(text, "png =")] + bad + "\n"
		if _, err := label.ParseTemplate([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTemplate = %v; want %q in it", err, want)
		}
	}
}

// TestInkNearACodeIsAMistake: a template cannot put words onto a bar code.
func TestInkNearACodeIsAMistake(t *testing.T) {
	_, err := label.ParseTemplate([]byte(`name = "x"
for = "bin"
width = 60
height = 40
[[code128]]
field = "bin"
at = [2, 2, 56, 12]
value = "{bin}"
[[text]]
field = "name"
at = [2, 13, 56, 4]
value = "{name}"
letters = [3, 4]
`))
	if err == nil || !strings.Contains(err.Error(), "name at [2 13 56 4] overlaps bin at [2 2 56 12]") {
		t.Errorf("ParseTemplate = %v", err)
	}
}

// TestWhatASelfTestSays: the rows that look the same twice say what the font holds;
// answers that no font gives are asked again.
func TestWhatASelfTestSays(t *testing.T) {
	for _, tt := range []struct {
		right []int
		want  glyph.Charset
		err   string
	}{
		{right: []int{1}, want: glyph.ASCII},
		{right: []int{1, 2}, want: glyph.ASCII},
		{right: []int{1, 2, 3}, want: glyph.GB2312},
		{right: []int{4, 3, 2, 1}, want: glyph.GBK},
		{right: []int{1, 2, 3, 4, 5}, want: glyph.GBK},
		{right: []int{1, 2, 3, 4, 5, 6}, want: glyph.GB18030},
		{right: nil, err: "does not understand this language"},
		{right: []int{1, 4}, err: "row 4 is right where easier rows are wrong"},
		{right: []int{1, 7}, err: "no row 7"},
	} {
		got, err := label.CharsetOf(tt.right)
		if tt.err == "" && (err != nil || got != tt.want) || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("CharsetOf(%v) = %v, %v; want %v, %q", tt.right, got, err, tt.want, tt.err)
		}
	}
}

// TestGridRowsAreWhatTheySay: each row is in its charset and in none smaller, and
// goes to the printer's font whatever the profile trusts; its twin is drawn.
func TestGridRowsAreWhatTheySay(t *testing.T) {
	p, err := label.Shipped()["selftest-76x130"].Sample("zh")
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Lay(label.Device{DPI: 203, Heights: []int{24, 48}, Speller: glyph.Speller{Charset: glyph.ASCII}})
	if err != nil {
		t.Fatal(err)
	}
	charsets := map[string]glyph.Charset{"row2": glyph.GB2312, "row3": glyph.GB2312, "row4": glyph.GBK, "row5": glyph.GB18030, "row6": glyph.GB18030}
	rows := 0
	for _, r := range s.Runs {
		least, ok := charsets[r.Field]
		if ok {
			rows++
		}
		for _, g := range r.Signs {
			if g.Rune < 0x80 {
				continue
			}
			if g.Drawn == ok {
				t.Errorf("%s: %c drawn %v", r.Field, g.Rune, g.Drawn)
			}
			if ok && (!least.Has(g.Rune) || least > glyph.ASCII && (least-1).Has(g.Rune)) {
				t.Errorf("%s: %c does not tell %v from what is smaller", r.Field, g.Rune, least)
			}
		}
	}
	if rows != 5 || len(s.Notes) != 0 {
		t.Errorf("%d rows, notes %v", rows, s.Notes)
	}
}
