package scale

import (
	"fmt"

	"floord/device/profile"
)

// custom reads the streams of user-defined scales: fixed places in frames of a
// fixed length, as the profile's scale.frame says. A frame whose layout has
// neither an end nor a check is proved by the start of the next one.
type custom struct{ f profile.Frame }

// newCustom makes the grammar of a layout, which profile has checked.
func newCustom(p profile.Profile) (grammar, error) {
	f := p.Scale.Frame
	if f.Coding == "" {
		return grammar{}, fmt.Errorf("%s: protocol \"custom\" needs a scale.frame", p.Origin("scale.protocol"))
	}
	g := grammar{starts: string(f.Start[:1]), marks: f.Still.Mask != 0, parse: custom{f}.parse}
	if f.Net.Mask != 0 {
		g.mode = modeMarked
	}
	return g, nil
}

func (c custom) parse(o options, b []byte, f *Frame) int {
	l := &c.f
	for i := range min(len(b), l.Length) {
		if !c.fits(b, i) {
			return -1
		}
	}
	if len(b) < l.Length {
		return 0
	}
	if len(l.End) == 0 && (l.Check.Rule == "" || l.Check.Rule == "none") {
		next := b[l.Length:]
		for i, want := range l.Start {
			if i == len(next) {
				return 0
			}
			if next[i] != want {
				return -1
			}
		}
	}
	b = b[:l.Length]
	if !checked(l.Check, b) {
		f.spoil()
		return l.Length
	}
	if isSet(l.Over, b) {
		f.refuse(FlagOverload)
		return l.Length
	}
	d, ok := c.value(b)
	if !ok {
		return -1
	}
	d.negative = d.negative || isSet(l.Sign, b)
	if l.Still.Mask != 0 {
		f.still(isSet(l.Still, b))
	}
	if isSet(l.Net, b) {
		f.Flags |= FlagNet
	}
	o.say(d, o.unit, f)
	return l.Length
}

// fits tells whether b[i] may stand where it stands.
func (c custom) fits(b []byte, i int) bool {
	l := &c.f
	end := l.Length - len(l.End)
	switch {
	case i < len(l.Start):
		return b[i] == l.Start[i]
	case i >= end:
		return b[i] == l.End[i-end]
	case i >= l.At && i < l.At+l.Size:
		switch l.Coding {
		case "ascii":
			return b[i] >= '0' && b[i] <= '9' || b[i] == '.' || b[i] == ' ' || b[i] == '-' || b[i] == '+'
		case "bcd":
			return b[i]>>4 < 10 && b[i]&15 < 10
		}
	case (l.Check.Rule == "xor-hex" || l.Check.Rule == "sum-hex") && (i == l.Check.At || i == l.Check.At+1):
		return b[i] >= '0' && b[i] <= '9' || b[i] >= 'A' && b[i] <= 'F' || b[i] >= 'a' && b[i] <= 'f'
	}
	return true
}

// value reads the value; false if its characters are no number.
func (c custom) value(b []byte) (decimal, bool) {
	l := &c.f
	var raw [16]byte
	v := raw[:copy(raw[:], b[l.At:l.At+l.Size])]
	if l.Reversed {
		for i, j := 0, len(v)-1; i < j; i, j = i+1, j-1 {
			v[i], v[j] = v[j], v[i]
		}
	}
	d := decimal{decimals: l.Decimals}
	switch l.Coding {
	case "bcd":
		for _, x := range v {
			d.digits = d.digits*100 + int64(x>>4)*10 + int64(x&15)
		}
	case "hex":
		for _, x := range v {
			d.digits = d.digits<<8 | int64(x)
		}
	default:
		t := text{b: v}
		d = t.number(len(v))
		if !t.ok() {
			return d, false
		}
		if d.decimals == 0 && !hasPoint(v) {
			d.decimals = l.Decimals
		}
	}
	return d, d.digits <= 99999999
}

func hasPoint(b []byte) bool {
	for _, c := range b {
		if c == '.' {
			return true
		}
	}
	return false
}

func isSet(m profile.Mark, b []byte) bool { return m.Mask != 0 && int(b[m.At])&m.Mask == m.Want }

// checked tells whether the frame's check is right; a frame without one passes.
func checked(c profile.Check, b []byte) bool {
	var x, sum byte
	for _, v := range b[min(c.From, len(b)):min(c.To, len(b))] {
		x, sum = x^v, sum+v
	}
	switch c.Rule {
	case "xor":
		return b[c.At] == x
	case "sum":
		return b[c.At] == sum
	case "sum7":
		return (sum+b[c.At])&0x7F == 0
	case "xor-hex":
		return isHex(b[c.At:], x)
	case "sum-hex":
		return isHex(b[c.At:], sum)
	}
	return true
}

// isHex tells whether b begins with x as two hexadecimal characters of either case.
func isHex(b []byte, x byte) bool {
	lower := func(c byte) byte {
		if c >= 'a' && c <= 'f' {
			return c - 0x20
		}
		return c
	}
	return lower(b[0]) == hexDigit(x>>4) && lower(b[1]) == hexDigit(x&15)
}
