package scale

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
	var x byte
	for _, c := range b[1:9] {
		x ^= c
	}
	if b[9] != hexDigit(x>>4) || b[10] != hexDigit(x&15) {
		f.Kind, f.Flags = KindReject, FlagBadChecksum
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
