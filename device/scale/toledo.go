package scale

import "floord/device/profile"

const (
	stx = 0x02
	etx = 0x03
	cr  = 0x0D
)

// A toledo is one dialect of Toledo continuous output (Wildcat manual 12/00
// pp. 6-4, 6-5; bit 0 is the lowest):
//
//	STX SWA SWB SWC w w w w w w [t t t t t t] CR [checksum]
//
// SWA bits 0-2 place the decimal point, SWB is net, negative, out of range,
// motion, kilograms, 1, zero not captured. The checksum makes the 7-bit sum of
// all bytes zero, STX and CR included.
type toledo struct {
	size   int     // up to and with CR
	status [3]mask // constant bits of SWA, SWB, SWC
	unit   func(swb, swc byte) profile.Unit
}

// A mask is bits that never change: b&and == want.
type mask struct{ and, want byte }

var (
	toledoStandard = &toledo{size: 17, status: [3]mask{{0xE0, 0x20}, {0xA0, 0x20}, {0xA0, 0x20}}, unit: standardUnit}
	// Cardinal 225, "Format 1 short": no tare.
	toledoShort = &toledo{size: 11, status: toledoStandard.status, unit: standardUnit}
	// Liden LUW2001 pp. 16-17: other constant bits, among them the one that says
	// kilograms elsewhere; the unit is in SWC.
	toledoLiden = &toledo{size: 17, status: [3]mask{{0xF8, 0x50}, {0xB0, 0x30}, {0xA0, 0x20}}, unit: lidenUnit}
)

// standardUnit gives "" for troy ounces and others that no parcel is weighed in.
func standardUnit(swb, swc byte) profile.Unit {
	switch unit := swc & 7; {
	case unit == 1:
		return profile.Gram
	case unit == 2:
		return tonne
	case unit == 3:
		return profile.Ounce
	case unit != 0:
		return ""
	case swb&0x10 != 0:
		return profile.Kilogram
	}
	return profile.Pound
}

func lidenUnit(_, swc byte) profile.Unit {
	if swc&1 != 0 {
		return profile.Pound
	}
	return profile.Kilogram
}

func (t *toledo) parse(o options, b []byte, f *Frame) int {
	for i := 1; i < min(len(b), t.size); i++ {
		if !t.fits(b, i) {
			return -1
		}
	}
	n := t.size
	if o.checksum {
		n++
	}
	if len(b) < n {
		return 0
	}
	if o.checksum && (b[t.size] > 0x7F || sum7(b[:n]) != 0) {
		f.Kind, f.Flags = KindReject, FlagBadChecksum
		return n
	}
	t.read(b, f)
	o.judge(f)
	return n
}

// fits tells whether b[i] may stand where it stands. Digits are right-aligned:
// a blank is a leading zero, never one after a digit, and never the last; but out of
// range there need be no digits at all.
func (t *toledo) fits(b []byte, i int) bool {
	c := b[i]
	switch {
	case i <= 3:
		return c&t.status[i-1].and == t.status[i-1].want
	case i == t.size-1:
		return c == cr
	case c == ' ' && b[2]&0x04 != 0:
		return true
	case c == ' ':
		first, last := i == 4 || i == 10, i == 9 || i == 15
		return !last && (first || b[i-1] == ' ')
	}
	return c >= '0' && c <= '9'
}

// read takes the meaning out of a frame that fits.
func (t *toledo) read(b []byte, f *Frame) {
	swa, swb, swc := b[1], b[2], b[3]
	f.Kind, f.Motion = KindWeight, Still
	if swb&0x01 != 0 {
		f.Flags |= FlagNet
	}
	if swb&0x08 != 0 {
		f.Flags |= FlagMotion
		f.Motion = InMotion
	}
	negative := swb&0x02 != 0
	switch {
	case swb&0x04 != 0 && negative:
		f.Flags |= FlagUnderload
	case swb&0x04 != 0:
		f.Flags |= FlagOverload
	}
	if swb&0x40 != 0 {
		f.Flags |= FlagUnzeroed
	}
	if f.Flags&(FlagOverload|FlagUnderload|FlagUnzeroed) != 0 {
		f.Kind = KindStatus
		return
	}
	digits := number(b[4:10])
	if negative {
		digits = -digits
	}
	if digits < 0 { // a negative zero is zero
		f.Flags |= FlagNegative
	}
	unit := t.unit(swb, swc)
	if unit == "" {
		f.Kind, f.Flags = KindReject, f.Flags|FlagUnit
		return
	}
	f.weigh(digits, int(swa&7)-2, unit)
}

// number reads digits after any leading blanks; the caller has checked them.
func number(b []byte) (n int64) {
	for _, c := range b {
		if c != ' ' {
			n = n*10 + int64(c-'0')
		}
	}
	return n
}

// sum7 is the sum of the low seven bits of all bytes, modulo 128.
func sum7(b []byte) byte {
	var s byte
	for _, c := range b {
		s += c
	}
	return s & 0x7F
}
