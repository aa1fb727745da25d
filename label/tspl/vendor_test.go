package tspl_test

import (
	"slices"
	"strings"
	"testing"

	"floord/label/glyph"
	"floord/label/labeltest"
	"floord/label/tspl/tspltest"
)

// TestMakersExamples: the interpreter that the labels are checked with reads what the
// makers of printers print in their manuals. None of this is written by package tspl.
func TestMakersExamples(t *testing.T) {
	read := func(p tspltest.Printer, lines ...string) glyph.Bitmap {
		t.Helper()
		labels, err := p.Read([]byte(strings.Join(lines, "\r\n") + "\r\n"))
		if err != nil || len(labels) != 1 {
			t.Fatalf("%q: %d labels, %v", lines, len(labels), err)
		}
		return labels[0].Dots
	}

	// TSC, TSPL/TSPL2 programming manual, BITMAP: its bytes are given in hexadecimal
	// beside the print, a black arrow to the upper left. SIZE is in inches.
	arrow := "\x00\x00\x00\x00\x00\x00\x07\xff\x03\xff\x11\xff\x18\xff\x1c\x7f\x1e\x3f\x1f\x1f\x1f\x8f\x1f\xc7\x1f\xe3\x1f\xe7\x1f\xff\x1f\xff"
	b := read(tspltest.Printer{}, "SIZE 4,2", "GAP 0,0", "CLS", "BITMAP 200,200,2,16,0,"+arrow, "PRINT 1,1")
	if b.Width != 812 || b.Height != 406 {
		t.Errorf("a label of 4 x 2 inches is %d x %d dots", b.Width, b.Height)
	}
	labeltest.Drawn(t, b, 200, 200, 16, 16, `
################
################
################
#####...........
######..........
###.###.........
###..###........
###...###.......
###....###......
###.....###.....
###......###....
###.......###...
###........###..
###........##...
###.............
###.............`)

	// SUNMI, TSPL commands: BAR, BOX, BARCODE and QRCODE as their pages show them.
	b = read(tspltest.Printer{}, "SIZE 60 mm,45 mm", "GAP 3 mm,0", "DIRECTION 1", "CLS", "BAR 80,80,300,100", "PRINT 1,1")
	want := glyph.NewBitmap(b.Width, b.Height)
	want.Fill(80, 80, 300, 100)
	if !slices.Equal(b.Bits, want.Bits) {
		t.Error("BAR is no rectangle of 300 x 100 dots")
	}
	b = read(tspltest.Printer{}, "SIZE 4,1.1", "CLS", "BOX 60,60,610,210,4", "BOX 80,80,590,190,4", "PRINT 1")
	for _, p := range []struct {
		x, y int
		ink  bool
	}{{60, 60, true}, {63, 100, true}, {64, 100, false}, {610, 210, true}, {611, 210, false}, {590, 190, true}, {300, 130, false}, {300, 207, true}, {300, 206, false}} {
		if b.At(p.x, p.y) != p.ink {
			t.Errorf("BOX: ink at %d,%d is %v; want %v", p.x, p.y, !p.ink, p.ink)
		}
	}
	b = read(tspltest.Printer{}, "SIZE 4,1", "GAP 0,0", "DIRECTION 1", "CLS", `BARCODE 10,50,"128",100,1,0,2,2,"123456abcd123456"`, "PRINT 1")
	labeltest.Says(t, b, "123456abcd123456")
	// Its own page stands the next of these codes 150 dots to the right.
	b = read(tspltest.Printer{}, "SIZE 4,2.5", "GAP 0,0", "DIRECTION 1", "CLS", `QRCODE 10,10,H,4,A,0,"ABCabc123"`, "PRINT 1,1")
	labeltest.Says(t, b, "ABCabc123")
	if left, right := b.At(10, 10), b.At(109, 10); !left || !right || b.At(110, 10) {
		t.Error("a QR code of version 2 is not 25 modules of 4 dots")
	}
	b = read(tspltest.Printer{Escape: tspltest.Manual}, "SIZE 4,2.5", "GAP 0,0", "CLS", `QRCODE 10,10,H,4,A,0,"ABC\["]abc\["]123"`, "PRINT 1,1")
	labeltest.Says(t, b, `ABC"abc"123`)
}
