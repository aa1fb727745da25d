package scale

import (
	"bytes"

	"floord/device/profile"
)

// Yaohua XK3190 (A26 manual pp. 10-11; the same in A9, D9, A1 and many relatives).
// None of its formats has a unit or a mark of stability.

// yaohuaTF0 is STX, sign, six digits, the number of decimals '0'..'4', the XOR of
// bytes 2..9 as two hexadecimal characters, ETX: 12 bytes.
func yaohuaTF0(o options, b []byte, f *Frame) int {
	const size = 12
	for i := 1; i < min(len(b), size); i++ {
		if !fitsTF0(i, b[i]) {
			return -1
		}
	}
	if len(b) < size {
		return 0
	}
	if !xorText(b[1:9], b[9:11]) {
		f.spoil()
		return size
	}
	o.plain(number(b[2:8]), int(b[8]-'0'), b[1] == '-', f)
	return size
}

func fitsTF0(i int, c byte) bool {
	switch i {
	case 1:
		return c == '+' || c == '-'
	case 8:
		return c >= '0' && c <= '4'
	case 9, 10:
		return c >= '0' && c <= '9' || c >= 'A' && c <= 'F'
	case 11:
		return c == etx
	}
	return c >= '0' && c <= '9'
}

// hexDigit is 30h more for 0..9 and 37h more for 10..15.
func hexDigit(nibble byte) byte {
	if nibble > 9 {
		return nibble + 0x37
	}
	return nibble + 0x30
}

// The two "=" formats are nine bytes without a checksum or an end: the next "="
// is the only proof that none was lost or added, so a frame waits for it.
const eqSize = 9

// yaohuaReversed is "=", seven characters with the lowest digit first, and a sign:
// "=000.3000" is 3.000.
func yaohuaReversed(o options, b []byte, f *Frame) int {
	text, ok := eqText(b, eqSize-1)
	if !ok || text == nil {
		return done(ok)
	}
	var turned [eqSize - 2]byte
	for i, c := range text[:7] {
		turned[6-i] = c
	}
	return eqFrame(o, turned, text[7], f)
}

// yaohuaForward is "=", a sign, and seven characters with the highest digit
// first: "=0003.000" is 3.000.
func yaohuaForward(o options, b []byte, f *Frame) int {
	text, ok := eqText(b, 1)
	if !ok || text == nil {
		return done(ok)
	}
	return eqFrame(o, [eqSize - 2]byte(text[1:]), text[0], f)
}

func done(ok bool) int {
	if ok {
		return 0
	}
	return -1
}

// eqText gives the eight characters after "=", nil while they or the next "="
// have not come, and false if they are not what such a frame holds: digits, at
// most one point, and a sign at its place.
func eqText(b []byte, sign int) ([]byte, bool) {
	points := 0
	for i := 1; i < min(len(b), eqSize); i++ {
		switch c := b[i]; {
		case i == sign:
			if c != '0' && c != '-' {
				return nil, false
			}
		case c == '.':
			points++
		case c < '0' || c > '9':
			return nil, false
		}
	}
	switch {
	case points > 1:
		return nil, false
	case len(b) <= eqSize:
		return nil, true
	case b[eqSize] != '=':
		return nil, false
	}
	return b[1:eqSize], true
}

func eqFrame(o options, text [eqSize - 2]byte, sign byte, f *Frame) int {
	var digits int64
	decimals, point := 0, false
	for _, c := range text {
		if c == '.' {
			point = true
			continue
		}
		digits = digits*10 + int64(c-'0')
		if point {
			decimals++
		}
	}
	o.plain(digits, decimals, sign == '-', f)
	return eqSize
}

// plain makes the frame of a protocol that says a number and nothing more.
func (o options) plain(digits int64, decimals int, negative bool, f *Frame) {
	f.Kind = KindWeight
	if negative && digits != 0 { // a negative zero is zero
		digits = -digits
		f.Flags |= FlagNegative
	}
	f.weigh(digits, decimals, o.unit)
	o.judge(f)
}

// yaohuaText is "=", seven characters with the highest digit first, the unit in
// brackets and the end of the line, as the XK3118T1 sends it.
func yaohuaText(o options, b []byte, f *Frame) int {
	t := text{b: b}
	t.lit("=")
	d := t.number(7)
	t.lit("(")
	unit := t.unit(4)
	t.lit(")\r\n")
	if t.ok() {
		o.say(d, unit, f)
	}
	return t.size()
}

// yaohuaA12 reads the A12(E) (manual p. 13): W, G or N, seven characters, the
// unit, the XOR of these eleven as two hexadecimal characters, CR LF. Blanks and
// OL or LO are too much or too little.
func yaohuaA12(o options, b []byte, f *Frame) int {
	t := text{b: b}
	over := -1
	var d decimal
	var unit profile.Unit
	if t.peek() == ' ' {
		t.lit("         ")
		over = t.word(2, "OL", "LO")
	} else {
		t.lit("W")
		if t.one("GN") == 'N' {
			f.Flags |= FlagNet
		}
		d = t.number(7)
		unit = t.unit(2)
		t.bad = t.bad || t.ok() && t.i != 11
	}
	t.hex()
	t.hex()
	t.lit("\r\n")
	switch {
	case t.size() <= 0:
	case !xorText(b[:11], b[11:13]):
		f.spoil()
	case over == 0:
		f.refuse(FlagOverload)
	case over == 1:
		f.refuse(FlagUnderload)
	default:
		o.say(d, unit, f)
	}
	return t.size()
}

// hex wants a hexadecimal digit as Yaohua writes it.
func (t *text) hex() {
	if !t.more() {
		return
	}
	if c := t.b[t.i]; c < '0' || c > '9' && c < 'A' || c > 'F' {
		t.bad = true
		return
	}
	t.i++
}

// ww is the width of the value in "ww00015.000kg": gross ww, net wn, tare wt. The
// Liden LUW2001 (pp. 16-17) sends nine characters, others are said to send eight.
type ww int

func (width ww) parse(o options, b []byte, f *Frame) int {
	t := text{b: b}
	t.lit("w")
	switch t.one("wnt") {
	case 'n':
		f.Flags |= FlagNet
	case 't':
		f.Flags |= FlagTare
	}
	d := t.number(int(width))
	unit := t.unit(2)
	t.lit("\r\n")
	if t.ok() {
		o.say(d, unit, f)
	}
	return t.size()
}

// yaohuaCommand reads what A9, A23p and DS3 answer in command mode (A23p manual
// pp. 24, 26): STX, address, command, sign, six digits, the number of decimals,
// XOR, ETX. B is gross, C tare, D net.
func yaohuaCommand(o options, b []byte, f *Frame) int { return command(o, b, f, 'D', false) }

// yaohuaRS485 reads the other variant: the point stands among the digits, and C
// is net and D tare.
func yaohuaRS485(o options, b []byte, f *Frame) int { return command(o, b, f, 'C', true) }

func command(o options, b []byte, f *Frame, net byte, pointed bool) int {
	t := text{b: b}
	t.lit("\x02")
	if who := t.peek(); t.ok() && (who < 'A' || who > 'Z') {
		t.bad = true
	}
	t.i++
	c := t.one("BCDAEF")
	sign := t.peek()
	valued := sign == '+' || sign == '-'
	var d decimal
	if valued {
		if c < 'B' || c > 'D' {
			t.bad = true
		}
		d = t.commandValue(pointed)
	}
	t.hex()
	t.hex()
	t.lit("\x03")
	n := t.size()
	switch {
	case n <= 0:
	case !xorText(b[1:n-3], b[n-3:n-1]):
		f.spoil()
	case !valued: // a question heard on the shared wire, or a command taken
		f.refuse(FlagAck)
	case c == 'B':
		o.say(d, o.unit, f)
	case c == net:
		f.Flags |= FlagNet
		o.say(d, o.unit, f)
	default:
		f.refuse(FlagTare)
	}
	return n
}

// commandValue takes eight characters: sign, digits and point, or sign, six digits
// and the number of decimals. But for the point they look the same.
func (t *text) commandValue(pointed bool) decimal {
	start := t.i
	if pointed {
		d := t.number(8)
		t.bad = t.bad || t.ok() && bytes.IndexByte(t.b[start:t.i], '.') < 0
		return d
	}
	d := t.number(7)
	t.bad = t.bad || t.ok() && bytes.IndexByte(t.b[start:t.i], '.') >= 0
	d.decimals = int(t.one("01234") - '0')
	return d
}
