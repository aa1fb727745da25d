package preview_test

import (
	"bytes"
	"errors"
	"image/png"
	"slices"
	"testing"

	"floord/label"
	"floord/label/glyph"
	"floord/label/labeltest"
	"floord/label/preview"
)

var printer = label.Device{DPI: 203, Heights: []int{24, 48, 72, 96}, Speller: glyph.Speller{Charset: glyph.GBK}}

func TestPNG(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		var b bytes.Buffer
		if _, err := preview.PNG(&b, c.Page, printer); err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if got := labeltest.ReadCodes(t, m); !slices.Equal(got, c.Want) {
			t.Errorf("%s: gozxing reads %q; want %q", c.Name, got, c.Want)
		}
	}
}

// TestPictureIsDrawn: an image of the page and a glyph of an odd size are there.
func TestPictureIsDrawn(t *testing.T) {
	logo := glyph.NewBitmap(2, 2)
	logo.Set(0, 0)
	logo.Set(1, 1)
	p := label.Page{Name: "logo", Width: 20, Height: 10,
		Images: []label.Image{{Place: label.Place{X: 1, Y: 1, W: 5, H: 5}, Bits: logo}},
		Texts:  []label.Text{{Field: "f", Value: "龘", Place: label.Place{X: 10, Y: 1, W: 5, H: 5}, Height: 4.1, Min: 4}},
	}
	d := printer
	d.Heights = []int{32}
	s, err := p.Lay(d)
	if err != nil {
		t.Fatal(err)
	}
	m := preview.Draw(s)
	dark := func(x, y int) bool { return m.ColorIndexAt(x, y) == 1 }
	if !dark(10, 10) || dark(40, 10) || dark(10, 40) || !dark(40, 40) {
		t.Error("the logo is not where it belongs")
	}
	ink := 0
	for y := 8; y < 40; y++ {
		for x := 80; x < 112; x++ {
			if dark(x, y) {
				ink++
			}
		}
	}
	if ink < 200 {
		t.Errorf("the glyph has %d dots of ink", ink)
	}
}

func TestWriterFails(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := preview.PNG(broken{}, p, printer); !errors.Is(err, errBroken) {
		t.Errorf("PNG = %v; want %v", err, errBroken)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func BenchmarkPNG(b *testing.B) {
	p, err := label.Waybill100x150(labeltest.Waybill())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		var out bytes.Buffer
		if _, err := preview.PNG(&out, p, printer); err != nil {
			b.Fatal(err)
		}
	}
}
