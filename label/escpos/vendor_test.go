package escpos_test

import (
	"testing"

	"floord/label/escpos/escpostest"
	"floord/label/labeltest"
)

// TestMakersExamples: the interpreter that the labels are checked with reads what the
// makers of printers print in their manuals. None of this is written by package escpos.
func TestMakersExamples(t *testing.T) {
	// A page of 800 x 400 dots, and a place on it.
	page := "\x1b@\x1bL\x1bW\x00\x00\x00\x00\x20\x03\x90\x01\x1bT\x00\x1b$\x14\x00\x1d$\x2c\x01"

	// GS k of Epson's reference, which the manuals of its clones give in hexadecimal
	// too, with digits below, 100 dots high, 3 wide: "No." in set B, 123456 in set C.
	// The sets: a start, three letters, a change, three pairs, a check, the stop.
	for name, bytes := range map[string][]byte{
		"decimal": {29, 107, 73, 10, 123, 66, 78, 111, 46, 123, 67, 12, 34, 56},
		"hex":     []byte("\x1d\x48\x02\x1d\x68\x64\x1d\x77\x03\x1d\x6b\x49\x0A\x7B\x42\x4E\x6F\x2E\x7B\x43\x0C\x22\x38"),
	} {
		size := "\x1d\x68\x64\x1d\x77\x03"
		l := printed(t, []byte(page+size+string(bytes)+"\f"), escpostest.Printer{})
		labeltest.Says(t, l.Dots, "No.123456")
		wide := 3 * (9*11 + 13)
		if !l.Dots.At(20, 250) || !l.Dots.At(20+wide-1, 250) || l.Dots.At(20+wide, 250) || !l.Dots.At(20, 200) || l.Dots.At(20, 199) {
			t.Errorf("%s: the code is not %d x 100 dots", name, wide)
		}
	}

	// GS ( k by the function codes of HPRT's HM-E200 manual; NCR's 7168 says that 21
	// modules of size 10 are 210 dots.
	qr := "\x1d\x28\x6b\x04\x00\x31\x41\x32\x00" + "\x1d\x28\x6b\x03\x00\x31\x43\x0a" + "\x1d\x28\x6b\x03\x00\x31\x45\x31" +
		"\x1d\x28\x6b\x07\x00\x31\x50\x30TEST" + "\x1d\x28\x6b\x03\x00\x31\x51\x30"
	l := printed(t, []byte(page+qr+"\f"), escpostest.Printer{})
	labeltest.Says(t, l.Dots, "TEST")
	if b := l.Dots; !b.At(20, 90) || !b.At(20+209, 90) || b.At(20+210, 90) || b.At(20, 89) {
		t.Error("21 modules of size 10 are not 210 dots")
	}

	// GS v 0 as Epson has it: a byte is eight dots of a row, the highest bit on the
	// left, and a 1 burns.
	l = printed(t, []byte(page+"\x1dv0\x00\x01\x00\x04\x00\xf0\x81\x18\x01\f"), escpostest.Printer{})
	labeltest.Drawn(t, l.Dots, 20, 296, 8, 4, `
####....
#......#
...##...
.......#`)
}
