package cpcl_test

import (
	"strings"
	"testing"

	"floord/label/cpcl/cpcltest"
	"floord/label/glyph"
	"floord/label/labeltest"
)

// TestMakersExamples: the interpreter that the labels are checked with reads the
// examples of Zebra's CPCL programming guide: EXPANDED-GRAPHICS, BARCODE, BARCODE QR,
// LINE and BOX. None of this is written by package cpcl.
func TestMakersExamples(t *testing.T) {
	read := func(lines ...string) glyph.Bitmap {
		t.Helper()
		labels, err := cpcltest.Read([]byte(strings.Join(lines, "\r\n") + "\r\n"))
		if err != nil || len(labels) != 1 {
			t.Fatalf("%q: %d labels, %v", lines, len(labels), err)
		}
		return labels[0].Dots
	}

	stripes := strings.Repeat("F0F0F0F0F0F0F0F00F0F0F0F0F0F0F0F", 2)
	b := read("! 0 200 200 210 1", "EG 2 16 90 45 "+stripes, "FORM", "PRINT")
	half := strings.Repeat("\n####....####....", 4) + strings.Repeat("\n....####....####", 4)
	labeltest.Drawn(t, b, 90, 45, 16, 16, half+half)
	if full := read("! 0 200 200 210 1", "EXPANDED-GRAPHICS 2 16 90 45 "+stripes, "FORM", "PRINT"); string(full.Bits) != string(b.Bits) {
		t.Error("the long name draws another picture")
	}

	b = read("! 0 200 200 210 1", "BARCODE 128 1 1 50 150 10 HORIZ.", "FORM", "PRINT")
	labeltest.Says(t, b.Scale(2*b.Width, 2*b.Height), "HORIZ.") // bars of one dot are a pixel
	b = read("! 0 200 200 500 1", "B QR 10 100 M 2 U 10", "MA,QR code ABC123", "ENDQR", "FORM", "PRINT")
	labeltest.Says(t, b, "QR code ABC123")
	if !b.At(10, 100) || b.At(9, 100) || b.At(10, 99) {
		t.Error("the QR code does not begin at 10,100")
	}

	b = read("! 0 200 200 210 1", "LINE 0 0 200 0 1", "LINE 0 0 0 200 3", "FORM", "PRINT")
	for _, p := range []struct {
		x, y int
		ink  bool
	}{{0, 0, true}, {199, 0, true}, {199, 1, false}, {2, 199, true}, {3, 199, false}} {
		if b.At(p.x, p.y) != p.ink {
			t.Errorf("LINE: ink at %d,%d is %v; want %v", p.x, p.y, !p.ink, p.ink)
		}
	}
	b = read("! 0 200 200 210 1", "BOX 0 0 200 200 1", "FORM", "PRINT")
	if !b.At(0, 0) || !b.At(199, 199) || !b.At(100, 0) || !b.At(0, 100) || b.At(100, 100) {
		t.Error("BOX is no outline")
	}
}
