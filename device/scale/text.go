package scale

import "floord/device/profile"

// A text reads a message from left to right. Once a byte does not fit it is bad,
// once there are no more it is short, and whatever is asked of it after that
// does nothing; so a grammar is a list of what comes, and size says how it ended.
type text struct {
	b          []byte
	i          int
	bad, short bool
}

// more tells whether a byte is there to look at.
func (t *text) more() bool {
	if t.i >= len(t.b) && !t.bad {
		t.short = true
	}
	return !t.bad && !t.short
}

// size is what a grammar returns: the length of a whole frame, 0 or -1.
func (t *text) size() int {
	switch {
	case t.bad:
		return -1
	case t.short:
		return 0
	}
	return t.i
}

func (t *text) ok() bool { return !t.bad && !t.short }

// lit wants exactly s.
func (t *text) lit(s string) {
	for i := 0; i < len(s) && t.more(); i++ {
		if t.b[t.i] != s[i] {
			t.bad = true
			return
		}
		t.i++
	}
}

// one wants one of the bytes of set, and gives it; 0 if it is not there.
func (t *text) one(set string) byte {
	if !t.more() {
		return 0
	}
	for i := 0; i < len(set); i++ {
		if t.b[t.i] == set[i] {
			t.i++
			return set[i]
		}
	}
	t.bad = true
	return 0
}

// word wants one of words, which have the length n and different beginnings or
// ends; it gives the index of the word.
func (t *text) word(n int, words ...string) int {
	for i, w := range words {
		try := *t
		try.lit(w)
		if !try.bad {
			*t = try
			if t.short { // what is there fits so far
				t.i = len(t.b)
			}
			return i
		}
	}
	t.more()
	t.bad = !t.short
	return -1
}

// peek gives the next byte without taking it; 0 if there is none yet.
func (t *text) peek() byte {
	if !t.more() {
		return 0
	}
	return t.b[t.i]
}

// blanks takes at most n blanks.
func (t *text) blanks(n int) {
	for ; n > 0 && t.peek() == ' '; n-- {
		t.i++
	}
}

// any takes n printable characters.
func (t *text) any(n int) {
	for ; n > 0 && t.more(); n-- {
		if c := t.b[t.i]; c < ' ' || c > '~' {
			t.bad = true
			return
		}
		t.i++
	}
}

// line takes at most n printable characters and the end of the line.
func (t *text) line(n int) {
	for ; n > 0 && t.peek() >= ' ' && t.b[t.i] <= '~'; n-- {
		t.i++
	}
	t.lit("\r\n")
}

// A decimal is a number as it is written.
type decimal struct {
	digits   int64
	decimals int
	negative bool
}

// number takes a number: blanks, a sign, blanks, digits with at most one point.
// It takes width characters if that is above 0, and otherwise up to 16, as far
// as they are a number.
func (t *text) number(width int) decimal {
	var d decimal
	end := t.i + 16
	if width > 0 {
		end = t.i + width
	}
	digits, point, sign := 0, false, false
	for t.i < end && t.more() {
		switch c := t.b[t.i]; {
		case c >= '0' && c <= '9':
			d.digits = d.digits*10 + int64(c-'0')
			digits++
			if point {
				d.decimals++
			}
		case c == '.' && !point && digits > 0:
			point = true
		case c == ' ' && digits == 0:
		case (c == '+' || c == '-') && !sign && digits == 0:
			sign, d.negative = true, c == '-'
		default:
			end = t.i
			t.bad = width > 0 || digits == 0
			continue
		}
		t.i++
	}
	if t.ok() && (digits == 0 || d.digits > 99999999 || d.decimals > 7) {
		t.bad = true
	}
	return d
}

// Units that frames say and no profile of a parcel scale promises, so that they
// are refused there; one that is not known at all is strange.
const (
	tonne     profile.Unit = "t"
	milligram profile.Unit = "mg"
	pieces    profile.Unit = "pc"
	strange   profile.Unit = "?"
)

// unit takes letters, at most n of them, as a unit: in whatever case, because
// some write "Kg".
func (t *text) unit(n int) profile.Unit {
	var low [4]byte
	k := 0
	for ; k < min(n, len(low)) && t.more(); k++ {
		c := t.b[t.i] | 0x20
		if c < 'a' || c > 'z' || t.b[t.i] < 'A' {
			break
		}
		low[k] = c
		t.i++
	}
	if !t.ok() {
		return ""
	}
	switch string(low[:k]) {
	case "kg":
		return profile.Kilogram
	case "g":
		return profile.Gram
	case "lb", "lbs":
		return profile.Pound
	case "oz":
		return profile.Ounce
	case "t":
		return tonne
	case "mg":
		return milligram
	case "jin":
		return profile.Jin
	case "pc", "pcs":
		return pieces
	case "":
		t.bad = true
	}
	return strange
}

// say fills in a frame whose message gives a number and a unit.
func (o options) say(d decimal, unit profile.Unit, f *Frame) {
	switch unit {
	case pieces:
		f.Kind, f.Flags = KindStatus, f.Flags|FlagCount
		f.Digits, f.Decimals, f.Unit = d.digits, d.decimals, unit
		return
	case strange:
		f.Kind, f.Flags = KindReject, f.Flags|FlagUnit
		return
	}
	if f.Flags&FlagTare != 0 {
		f.Kind = KindStatus
		return
	}
	f.Kind = KindWeight
	if d.negative && d.digits != 0 { // a negative zero is zero
		d.digits = -d.digits
		f.Flags |= FlagNegative
	}
	f.weigh(d.digits, d.decimals, unit)
	o.judge(f)
}

// still marks what the message says of motion.
func (f *Frame) still(yes bool) {
	f.Motion = Still
	if !yes {
		f.Motion = InMotion
		f.Flags |= FlagMotion
	}
}

// refuse makes f a status that says why there is no weight.
func (f *Frame) refuse(why Flag) {
	f.Kind, f.Flags = KindStatus, f.Flags|why
}

// spoil makes f a reject for a wrong check.
func (f *Frame) spoil() {
	*f = Frame{Kind: KindReject, Flags: FlagBadChecksum}
}

// xor is the check that most Chinese protocols use.
func xor[T string | []byte](b T) (x byte) {
	for i := 0; i < len(b); i++ {
		x ^= b[i]
	}
	return x
}

// xorText tells whether text is the XOR of b as two hexadecimal characters.
func xorText[T string | []byte](b, text T) bool {
	x := xor(b)
	return text[0] == hexDigit(x>>4) && text[1] == hexDigit(x&15)
}
