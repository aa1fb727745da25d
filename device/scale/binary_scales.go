package scale

import "floord/device/profile"

// toledo8217 reads the answers of the 8217 protocol (Diva service manual
// pp. 39-45): STX, the value, perhaps N for net, CR; or STX, "?", a status, CR. A
// value is sent only at rest. Nothing but the number of decimals tells a build in
// kilograms (three) from one in pounds (two), so they must be the profile's.
func toledo8217(o options, b []byte, f *Frame) int {
	t := text{b: b}
	t.lit("\x02")
	switch t.peek() {
	case '?':
		t.i++
		return status8217(&t, f)
	case 'E': // echo mode is on
		t.i++
		t.lit("\r")
		f.refuse(FlagIdentity)
		return t.size()
	}
	whole, digits := count(b[t.i:], 3)
	t.i += whole
	t.lit(".")
	decimals := 0
	if t.ok() {
		var part int64
		decimals, part = count(b[t.i:], 3)
		t.i += decimals
		digits = digits*powers[decimals] + part
	}
	if t.peek() == 'N' {
		t.i++
		f.Flags |= FlagNet
	}
	t.lit("\r")
	if t.size() <= 0 {
		return t.size()
	}
	unit := profile.Kilogram
	switch {
	case whole == 2 && decimals == 3:
	case decimals == 2 && (whole == 2 || whole == 3 && b[1] == '0'):
		unit = profile.Pound
	default:
		return -1
	}
	f.still(true)
	o.say(decimal{digits: digits, decimals: decimals}, unit, f)
	return t.size()
}

// count reads the digits that b begins with, up to n, and tells how many they are.
func count(b []byte, n int) (digits int, value int64) {
	b = b[:min(n, len(b))]
	for i, c := range b {
		if c < '0' || c > '9' {
			return i, value
		}
		value = value*10 + int64(c-'0')
	}
	return len(b), value
}

// status8217 reads bits 0 motion, 1 over capacity, 2 under zero, 5 net; 6 is
// always 1. Whatever it says, it is not a weight of zero.
func status8217(t *text, f *Frame) int {
	if !t.more() {
		return t.size()
	}
	s := t.b[t.i]
	t.i++
	t.bad = s&0xC0 != 0x40
	t.lit("\r")
	f.still(s&1 == 0)
	switch {
	case s&2 != 0:
		f.refuse(FlagOverload)
	case s&4 != 0:
		f.refuse(FlagUnderZero)
	case s&1 != 0:
		f.refuse(0)
	default:
		f.refuse(FlagNoWeight)
	}
	return t.size()
}

// dibal reads the answer 99 of Dibal's EPOS protocol: a digit of status, the
// weight in grams, the amount, the XOR of all before, CR LF. On a shared wire the
// question, 98, may be heard too.
func dibal(o options, b []byte, f *Frame) int {
	t := text{b: b}
	t.lit("9")
	digits := 5
	if answer := t.one("89") == '9'; answer {
		digits = 13
	}
	for n := 0; n < digits && t.more(); n++ {
		t.one("0123456789")
	}
	if !t.more() {
		return t.size()
	}
	check := t.b[t.i]
	t.i++
	t.bad = check&0xF0 != 0x30 // an odd number of digits: nothing else comes of XOR
	t.lit("\r\n")
	switch {
	case t.size() <= 0:
	case xor(b[:t.i-3]) != check:
		f.spoil()
	case digits == 5:
		f.refuse(FlagAck)
	case b[2] != '0':
		f.refuse(FlagNoWeight)
		f.Motion = InMotion
	default:
		f.still(true)
		o.say(decimal{digits: number(b[3:8])}, profile.Gram, f)
	}
	return t.size()
}

// elicomStarts are the two-digit numbers of BCD, and BB for "no weight".
var elicomStarts = func() string {
	s := []byte{0xBB}
	for c := range 100 {
		s = append(s, byte(c/10<<4|c%10))
	}
	return string(s)
}()

// elicom reads the Elicom S200's own protocol (Protocols_S200_v1): three bytes of
// BCD, kilograms with three decimals, and their sum. Nothing marks the beginning,
// so that only a pause does.
func elicom(o options, b []byte, f *Frame) int {
	if b[0] == 0xBB {
		f.refuse(FlagNoWeight)
		f.Motion = InMotion
		return 1
	}
	var digits int64
	for _, c := range b[:min(len(b), 3)] {
		if c>>4 > 9 || c&15 > 9 {
			return -1
		}
		digits = digits*100 + int64(c>>4)*10 + int64(c&15)
	}
	if len(b) < 4 {
		return 0
	}
	if b[0]+b[1]+b[2] != b[3] {
		f.spoil()
		return 4
	}
	f.still(true)
	o.say(decimal{digits: digits, decimals: 3}, profile.Kilogram, f)
	return 4
}

// hidReport reads the weight report of USB's HID point of sale page 0x8D: report
// 3, status, unit, power of ten, value low byte first.
func hidReport(o options, b []byte, f *Frame) int {
	const size = 6
	if len(b) > 1 && (b[1] < 1 || b[1] > 8) || len(b) > 2 && b[2] > 12 {
		return -1
	}
	if len(b) < size {
		return 0
	}
	unit := strange
	switch b[2] {
	case 1:
		unit = milligram
	case 8:
		unit = tonne
	case 2:
		unit = profile.Gram
	case 3:
		unit = profile.Kilogram
	case 11:
		unit = profile.Ounce
	case 12:
		unit = profile.Pound
	}
	power := int(int8(b[3]))
	digits := int64(b[4]) | int64(b[5])<<8
	switch status := b[1]; status {
	case 2, 3, 4:
		if power < -7 || power > 3 || status == 2 && digits != 0 {
			return -1
		}
		f.still(status != 3)
		o.say(decimal{digits: digits, decimals: -power}, unit, f)
	case 5:
		f.refuse(FlagUnderZero)
	case 6:
		f.refuse(FlagOverload)
	case 7, 8:
		f.refuse(FlagUnzeroed)
	default:
		f.refuse(FlagFault)
	}
	return size
}
