package scale

import (
	"bytes"

	"floord/device/profile"
)

const sicsStarts = "SZTIE@"

// sicsPadded and sicsUnpadded read MT-SICS (Mettler Toledo's operating
// instructions and reference manual; Ohaus PSI and Kern KCP speak the same): "S",
// S for stable or D for dynamic, the value right-aligned in ten characters, the
// unit. A lost digit shows in the width. The Elicom S200 does not pad.
//
// The value is what the display shows: net, if a tare is set, and nothing in the
// answer tells.
func sicsPadded(o options, b []byte, f *Frame) int   { return sics(o, b, f, 10) }
func sicsUnpadded(o options, b []byte, f *Frame) int { return sics(o, b, f, 0) }

func sics(o options, b []byte, f *Frame, width int) int {
	t := text{b: b}
	switch t.peek() {
	case 'S':
		t.i++
		t.lit(" ")
		sicsWeight(&t, o, f, width)
	case 'E': // ES syntax, ET transmission, EL not possible
		t.i++
		f.refuse(sicsError(t.one("STL")))
		t.lit("\r\n")
	default:
		sicsReply(&t, f)
	}
	return t.size()
}

func sicsError(c byte) Flag {
	switch c {
	case 'S':
		return FlagRefused
	case 'T':
		return FlagGarbled
	}
	return FlagLogical
}

func sicsWeight(t *text, o options, f *Frame, width int) {
	switch c := t.one("SDIL+-"); c {
	case 'S', 'D':
		f.still(c == 'S')
		t.lit(" ")
		if width == 0 && t.peek() == ' ' {
			t.bad = true // padded, and not to its width
		}
		d := t.number(width)
		t.lit(" ")
		unit := t.unit(4)
		t.blanks(3)
		t.lit("\r\n")
		if t.ok() {
			o.say(d, unit, f)
		}
		return
	case '+':
		f.refuse(FlagOverload)
	case '-':
		f.refuse(FlagUnderload)
	default: // no rest within the scale's own time, or busy
		f.refuse(FlagBusy)
	}
	t.lit("\r\n")
}

// sicsReply reads answers to commands other than S: "Z A", "T S 100.00 g",
// `I4 A "0123456789"`.
func sicsReply(t *text, f *Frame) {
	command := t.one(sicsStarts)
	for n := 0; n < 3 && (t.peek() >= 'A' && t.peek() <= 'Z' || t.peek() >= '0' && t.peek() <= '9'); n++ {
		t.i++
	}
	t.lit(" ")
	c := t.one("ASDIL+-B")
	if c == 'A' && t.i == 4 && string(t.b[:4]) == "TA A" && sicsTare(t, f) {
		return
	}
	t.line(80)
	switch {
	case c == 'I' || c == 'L':
		f.refuse(FlagBusy)
	case c == '+':
		f.refuse(FlagOverload)
	case c == '-':
		f.refuse(FlagUnderload)
	case command == 'I':
		f.refuse(FlagIdentity)
	case command == 'T':
		f.refuse(FlagAck | FlagTare)
	default:
		f.refuse(FlagAck)
	}
}

// sicsTare reads the rest of "TA A      0.240 kg", what the scale takes off: a
// status with a unit. It is false for an answer without a value.
func sicsTare(t *text, f *Frame) bool {
	try := *t
	try.lit(" ")
	d := try.number(0)
	try.lit(" ")
	unit := try.unit(4)
	try.blanks(3)
	try.lit("\r\n")
	if try.bad {
		return false
	}
	*t = try
	f.refuse(FlagAck | FlagTare)
	f.Digits, f.Decimals, f.Unit = d.digits, d.decimals, unit
	return true
}

// stGS reads the text family of PT650D, XK3102, JWI, JIK, VI-200, TS-700, CSX6,
// Rinstrum format 4 and CAS AND-18: "ST,GS,+  1.240kg". The width of the value
// differs from maker to maker.
func stGS(o options, b []byte, f *Frame) int {
	t := text{b: b}
	head := t.word(2, "ST", "US", "OL", "QT")
	t.lit(",")
	f.side(t.word(2, "GS", "NT", "TR"))
	t.lit(",")
	if head == 2 {
		return overloaded(&t, f)
	}
	f.still(head != 1)
	d := t.number(0)
	t.blanks(6)
	unit := t.unit(4)
	t.blanks(4)
	t.lit("\r\n")
	if t.ok() {
		o.say(d, unit, f)
	}
	return t.size()
}

// side marks gross (0), net (1) or tare (2).
func (f *Frame) side(i int) {
	switch i {
	case 1:
		f.Flags |= FlagNet
	case 2:
		f.Flags |= FlagTare
	}
}

// overloaded reads the rest of a line whose digits mean nothing. Its sign tells
// over from under.
func overloaded(t *text, f *Frame) int {
	t.blanks(12)
	why := FlagOverload
	if t.peek() == '-' {
		why = FlagUnderload
	}
	t.line(24)
	f.refuse(why)
	return t.size()
}

// andStandard reads A&D's standard format (GX-A/GF-A communication manual p. 16,
// GC series manual p. 51): header, sign, eight digits with their point, unit in
// three. QT is a count.
func andStandard(o options, b []byte, f *Frame) int {
	t := text{b: b}
	head := t.word(2, "ST", "US", "OL", "QT")
	t.lit(",")
	if head == 2 {
		return overloaded(&t, f)
	}
	f.still(head != 1)
	if c := t.peek(); c != '+' && c != '-' && !t.short {
		t.bad = true
	}
	d := t.number(9)
	start := t.i
	t.blanks(2)
	unit := t.unit(3)
	if t.ok() && t.i != start+3 {
		t.bad = true
	}
	t.lit("\r\n")
	if t.ok() {
		if head == 3 {
			unit = pieces
		}
		o.say(d, unit, f)
	}
	return t.size()
}

// cas22 reads CAS's 22 bytes (CI-600D p. 74, PDS p. 30, NT-200 p. 48): header,
// mode, the scale's number, a byte of lamps whose bit 7 is 1 and whose bit 6 is
// the lamp for rest, eight characters of value, a blank, the unit. Where header
// and lamp disagree, the worse is believed.
func cas22(o options, b []byte, f *Frame) int {
	t := text{b: b}
	head := t.word(2, "ST", "US", "OL")
	t.lit(",")
	f.side(t.word(2, "GS", "NT", "TR"))
	t.lit(",")
	if t.more() {
		t.i++ // the scale's number is sent as text or as a byte
	}
	var lamps byte
	if t.more() {
		lamps = t.b[t.i]
		t.bad = lamps < 0x80
		t.i++
	}
	t.lit(",")
	var d decimal
	if head == 2 {
		t.any(8)
	} else {
		d = t.number(8)
	}
	t.lit(" ")
	start := t.i
	t.blanks(1) // one letter stands on either side of its two places
	unit := t.unit(2)
	if t.ok() {
		t.blanks(start + 2 - t.i)
		t.bad = t.ok() && t.i != start+2
	}
	t.lit("\r\n")
	if t.size() <= 0 {
		return t.size()
	}
	if head == 2 {
		f.refuse(FlagOverload)
		return t.size()
	}
	f.still(head == 0 && lamps&0x40 != 0)
	o.say(d, unit, f)
	return t.size()
}

// casECR reads what a CAS scale answers a cash register (PD-II p. 23): SOH STX,
// S or U, sign, six characters, unit, the XOR of all since STX, ETX EOT. ENQ is
// answered by ACK, and DC1 then asks for the weight.
func casECR(o options, b []byte, f *Frame) int {
	switch b[0] {
	case 0x06:
		f.refuse(FlagAck)
		return 1
	case 0x15:
		f.refuse(FlagBusy)
		return 1
	}
	t := text{b: b}
	t.lit("\x01\x02")
	state := t.one("SU")
	sign := t.one(" -F")
	var d decimal
	if sign == 'F' {
		t.any(6)
	} else {
		d = t.number(6)
	}
	d.negative = d.negative || sign == '-'
	var unit profile.Unit
	if sign == 'F' {
		t.any(2)
	} else {
		t.blanks(1)
		unit = t.unit(2)
		if t.ok() && t.i == 11 {
			t.lit(" ")
		}
		if t.ok() && t.i != 12 {
			t.bad = true
		}
	}
	var check byte
	if t.more() {
		check = t.b[t.i]
		t.i++
	}
	t.lit("\x03\x04")
	if t.size() <= 0 {
		return t.size()
	}
	switch {
	case xor(b[2:12]) != check:
		f.spoil()
	case sign == 'F':
		f.refuse(FlagOverload)
	default:
		f.still(state == 'S')
		o.say(d, unit, f)
	}
	return t.size()
}

// ohausPadded and ohausUnpadded read Ohaus's own format (RS232 manual EN-3): the
// value right-aligned in eleven characters, a blank, the unit, and " ?" while it
// is not stable.
func ohausPadded(o options, b []byte, f *Frame) int {
	t := text{b: b}
	return ohaus(&t, o, f, 11)
}

func ohausUnpadded(o options, b []byte, f *Frame) int {
	t := text{b: b}
	return ohaus(&t, o, f, 0)
}

func ohaus(t *text, o options, f *Frame, width int) int {
	if n := ohausError(*t, f); n >= 0 {
		return n
	}
	d := t.number(width)
	t.lit(" ")
	unit := t.unit(4)
	t.blanks(5)
	moving := t.peek() == '?'
	if moving {
		t.i++
	}
	t.blanks(4)
	switch t.peek() { // some models say whether it is net or gross, with a letter or (Ranger) "NET" and "B/G"
	case 'N':
		f.Flags |= FlagNet
		if t.i++; t.peek() == 'E' {
			t.lit("ET")
		}
	case 'G':
		f.Gross = true
		t.i++
	case 'B':
		f.Gross = true
		t.lit("B/G")
	}
	t.blanks(2)
	t.lit("\r\n")
	if t.ok() {
		f.still(!moving)
		o.say(d, unit, f)
	}
	return t.size()
}

// ohausError reads "Err 8.3" where the value would be; below 0 there is none. 8.3
// is too much and 8.4 too little.
func ohausError(t text, f *Frame) int {
	t.blanks(11)
	if t.peek() != 'E' {
		return -1
	}
	t.lit("Err")
	t.blanks(2)
	whole, part := t.peek(), byte(0)
	if whole == '8' {
		t.i++
		t.lit(".")
		part = t.peek()
	}
	t.line(20)
	if t.bad {
		return -1
	}
	switch part {
	case '3':
		f.refuse(FlagOverload)
	case '4':
		f.refuse(FlagUnderload)
	default:
		f.refuse(FlagFault)
	}
	return t.size()
}

// adamAZExtra reads the line of an Adam AZExtra, "  1.234kg". It is sent for a
// stable, new weight that is not zero, and otherwise there is no answer.
func adamAZExtra(o options, b []byte, f *Frame) int {
	t := text{b: b}
	d := t.number(0)
	t.blanks(1)
	unit := t.unit(3)
	t.blanks(4)
	t.lit("\r\n")
	if t.ok() {
		f.still(true)
		o.say(d, unit, f)
	}
	return t.size()
}

// adamCPWplus reads "G", "N" or "T" for the tare, perhaps a new line, and "+ 2.00 kg" (CPWplus
// manual p. 14; how the parts are spaced is not certain).
func adamCPWplus(o options, b []byte, f *Frame) int {
	t := text{b: b}
	switch t.one("GNT") {
	case 'N':
		f.Flags |= FlagNet
	case 'T':
		f.Flags |= FlagTare
	}
	for n := 0; n < 6 && (t.peek() == ' ' || t.peek() == '\r' || t.peek() == '\n'); n++ {
		t.i++
	}
	if c := t.peek(); c != '+' && c != '-' && !t.short {
		t.bad = true
	}
	d := t.number(0)
	t.blanks(2)
	unit := t.unit(3)
	t.blanks(4)
	t.lit("\r\n")
	if t.ok() {
		o.say(d, unit, f)
	}
	return t.size()
}

const sbiStarts = "NGTQS"

// sbi16 reads Sartorius's SBI line of 16 characters (Quintix p. 87, Master p. 79):
// sign, nine characters of value, a blank, the unit in three. A blank unit is a
// value that has not come to rest. High and Low stand where the value would.
func sbi16(o options, b []byte, f *Frame) int {
	t := text{b: b}
	sbi(&t, o, f)
	return t.size()
}

// sbi22 is the same after six characters that name the value: "N", "G", "T".
func sbi22(o options, b []byte, f *Frame) int {
	t := text{b: b}
	switch t.one(sbiStarts) {
	case 'N':
		f.Flags |= FlagNet
	case 'T':
		f.Flags |= FlagTare
	case 'Q':
		f.Flags |= FlagCount
	case 'S':
		t.lit("tat  ")
		sbiWord(&t, f)
		return t.size()
	}
	for n := 0; n < 5 && t.more(); n++ {
		if c := t.b[t.i]; c != ' ' && c != '#' && (c < '0' || c > '9') && (c < 'A' || c > 'z') {
			t.bad = true
			break
		}
		t.i++
	}
	sbi(&t, o, f)
	return t.size()
}

func sbi(t *text, o options, f *Frame) {
	if t.peek() == ' ' { // a word, or a number without a sign
		try := *t
		if sbiWord(&try, f); !try.bad {
			*t = try
			return
		}
	}
	sign := t.one("+- ")
	d := t.number(9)
	d.negative = d.negative || sign == '-'
	t.lit(" ")
	start := t.i
	unit := o.unit
	if blank := t.peek() == ' '; blank {
		f.still(false)
	} else {
		f.still(true)
		unit = t.unit(3)
	}
	if t.ok() {
		t.blanks(start + 3 - t.i)
		t.bad = t.ok() && t.i != start+3
	}
	t.lit("\r\n")
	switch {
	case !t.ok():
		f.Flags, f.Motion = 0, Unmarked
	case f.Flags&FlagCount != 0:
		o.say(d, pieces, f)
	default:
		o.say(d, unit, f)
	}
}

// sbiWord reads "      High    ": fourteen characters around a word. Two hyphens
// stand for the pause before the last value, OFF for a scale that stands by.
func sbiWord(t *text, f *Frame) {
	start := t.i
	t.blanks(10)
	if t.i == start && t.ok() {
		t.bad = true
	}
	switch t.word(0, "High", "Low", "HIGH", "LOW", "H ", "L ", "--", "OFF", "Err") {
	case 0, 2, 4:
		f.refuse(FlagOverload)
	case 1, 3, 5:
		f.refuse(FlagUnderload)
	case 6, 7:
		f.refuse(FlagNoWeight)
	case 8:
		t.any(1)
		for n := 0; n < 3 && (t.peek() >= '0' && t.peek() <= '9'); n++ {
			t.i++
		}
		f.refuse(FlagFault)
	}
	t.blanks(12)
	if t.ok() && t.i != start+14 {
		t.bad = true
	}
	t.lit("\r\n")
	if !t.ok() {
		f.Kind, f.Flags = "", f.Flags&^(FlagOverload|FlagUnderload|FlagNoWeight|FlagFault)
	}
}

// nci reads NCI's SCP-01, as Weigh-Tronix, Brecknell and Adam send it: LF, value,
// unit, CR LF, status, CR ETX. The status is two or three bytes with bits 4 and 5
// set; bit 6 of one says that another follows. Without a value only the status
// comes, and "?" alone is an unknown command.
func nci(o options, b []byte, f *Frame) int {
	t := text{b: b}
	t.lit("\n")
	switch c := t.peek(); {
	case t.short:
		return 0
	case c == '?':
		t.i++
		f.refuse(FlagUnknown)
		t.lit("\r\x03")
		return t.size()
	case c == '^' || c == '_' || c == '-' && (len(b) == 2 || b[2] == '-'):
		return nciText(&t, c, f)
	case len(b) < 5 && bytes.IndexByte(b, cr) < 0: // a value, or a status alone
		t.any(4)
		return t.size()
	case bytes.IndexByte(b[:min(len(b), 5)], cr) >= 3:
		s := nciStatus(&t)
		t.lit("\r\x03")
		if t.ok() {
			f.refuse(s.why(FlagNoWeight))
			f.still(s[0]&1 == 0)
		}
		return t.size()
	}
	d := t.number(0)
	t.blanks(1)
	unit := t.unit(2)
	t.blanks(1)
	t.lit("\r\n")
	s := nciStatus(&t)
	t.lit("\r\x03")
	if t.size() <= 0 {
		return t.size()
	}
	f.still(s[0]&1 == 0)
	if s[2]&4 != 0 {
		f.Flags |= FlagNet
	}
	f.Gross = s[2] != 0 && s[2]&4 == 0
	if why := s.why(0); why != 0 {
		f.refuse(why)
		return t.size()
	}
	o.say(d, unit, f)
	return t.size()
}

// nciText reads a value made of signs, as Adam writes too much (^), too little
// (_) and no zero (-).
func nciText(t *text, c byte, f *Frame) int {
	for n := 0; n < 12 && t.peek() == c; n++ {
		t.i++
	}
	if t.short {
		return 0
	}
	t.line(6)
	nciStatus(t)
	t.lit("\r\x03")
	switch c {
	case '^':
		f.refuse(FlagOverload)
	case '_':
		f.refuse(FlagUnderload)
	default:
		f.refuse(FlagUnzeroed)
	}
	return t.size()
}

// An nciBits is motion, zero and memory faults; under, over and more faults; and,
// if sent, range and net.
type nciBits [3]byte

func nciStatus(t *text) (s nciBits) {
	for i := range s {
		if !t.more() {
			return s
		}
		c := t.b[t.i]
		if c&0xB0 != 0x30 {
			t.bad = true
			return s
		}
		s[i] = c
		t.i++
		if i > 0 && c&0x40 == 0 { // the first byte always has a second
			return s
		}
	}
	return s
}

// why says what stands in the way of a weight, or otherwise if nothing does.
func (s nciBits) why(otherwise Flag) Flag {
	switch {
	case s[0]&0x0C != 0 || s[1]&0x0C != 0:
		return FlagFault
	case s[1]&2 != 0:
		return FlagOverload
	case s[1]&1 != 0:
		return FlagUnderload
	case s[2]&8 != 0:
		return FlagUnzeroed
	}
	return otherwise
}
