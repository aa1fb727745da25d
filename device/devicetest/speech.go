package devicetest

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"floord/device/profile"
)

// A shown is what a scale shows at one moment, in steps of its last decimal.
type shown struct {
	value    int64 // with the tare taken off
	tare     int64
	decimals int
	unit     string // "kg"
	moving   bool
	over     bool // more than it can weigh
	bare     bool // without the check that its protocol can do without
	who      byte // the address that was asked, on a shared line
	layout   profile.Frame
}

// A speech is how one dialect is spoken, from its manual's tables.
type speech struct {
	say func(d shown) string // a frame; empty where the scale has nothing to say
	// asks are what a scale that speaks when asked understands; nil for one that
	// speaks by itself.
	asks map[string]func(s *Scale, d shown) string
	// next cuts the next question off what was received: its size, 0 while it is
	// not whole, and its name in asks. Nil: what asks holds, as it stands there.
	next     func(in []byte) (n int, name string)
	unknown  string // what is answered to a line that is none of asks
	unitless bool   // its frames say no unit, and such indicators have but one
	decimals int    // of kilograms, where that is not three
	silent   bool   // says nothing while there is too much on it
	vague    bool   // says that there is no weight, and not why
}

// speeches are all dialects, as profiles name them.
var speeches = map[string]speech{
	"toledo-continuous standard":  {say: func(d shown) string { return d.toledo(0x28, 0x20, true) }},
	"toledo-continuous short":     {say: func(d shown) string { return d.toledo(0x28, 0x20, false) }},
	"toledo-continuous liden":     {say: shown.liden},
	"toledo-8217 standard":        {asks: asks8217},
	"yaohua-xk3190 tf0":           {say: shown.tf0, unitless: true, silent: true},
	"yaohua-xk3190 reversed":      {say: shown.eqReversed, unitless: true, silent: true},
	"yaohua-xk3190 forward":       {say: shown.eqForward, unitless: true, silent: true},
	"yaohua-xk3190 text":          {say: func(d shown) string { return "=" + d.zeros(7) + "(" + d.unit + ")\r\n" }, silent: true},
	"yaohua-xk3190 a12":           {say: shown.a12},
	"yaohua-xk3190 ww":            {say: func(d shown) string { return d.ww(9) }, silent: true},
	"yaohua-xk3190 ww8":           {say: func(d shown) string { return d.ww(8) }, silent: true},
	"yaohua-xk3190 command":       {asks: asksCommand('C', 'D', shown.six), next: nextCommand, unitless: true, silent: true},
	"yaohua-xk3190 command-rs485": {asks: asksCommand('D', 'C', func(d shown) string { return d.sign() + d.digits(7) }), next: nextCommand, unitless: true, silent: true},
	"mt-sics standard":            {asks: asksSICS(10, "%s"), next: nextLine, unknown: "ES\r\n"},
	"mt-sics unpadded":            {asks: asksSICS(0, "K%s"), next: nextLine, unknown: "ES\r\n"},
	"st-gs standard":              {say: shown.stGS},
	"st-gs and":                   {asks: answerLines(shown.and, "Q", "S", "SI"), next: nextLine},
	"cas 22byte":                  {say: shown.cas22},
	"cas ecr":                     {asks: asksECR},
	"ohaus standard":              {asks: answerLines(func(d shown) string { return d.ohaus("%11s") }, "IP", "P", "SP"), next: nextLine, unknown: "ES\r\n"},
	"ohaus unpadded":              {asks: answerLines(func(d shown) string { return d.ohaus("%s") }, "IP", "P", "SP"), next: nextLine, unknown: "ES\r\n"},
	"adam azextra":                {asks: map[string]func(*Scale, shown) string{"P": (*Scale).azextra}, next: nextLine, silent: true},
	"adam cpwplus":                {asks: asksCPW, next: nextLine, decimals: 2, silent: true},
	"sartorius-sbi 16":            {asks: answerLines(shown.sbi, "\x1bP"), next: nextLine},
	"sartorius-sbi 22":            {asks: answerLines(shown.sbi22, "\x1bP"), next: nextLine},
	"nci scp-01":                  {asks: asksNCI},
	"dibal 98-99":                 {asks: answerLines(shown.dibal, "98"), next: nextDibal, unitless: true, vague: true},
	"elicom bcd":                  {asks: map[string]func(*Scale, shown) string{"\xaa": func(_ *Scale, d shown) string { return d.elicom() }, "\xcc": (*Scale).zeroed}, unitless: true, vague: true},
	"usb-hid report3":             {say: shown.hid},
	"custom ":                     {say: shown.custom},
}

// Speaks tells whether a scale of this protocol and dialect can be pretended.
func Speaks(protocol, dialect string) bool { return speeches[protocol+" "+dialect].known() }

func (s speech) known() bool { return s.say != nil || s.asks != nil }

// gramsOf is what one of a unit weighs.
var gramsOf = map[string]float64{"kg": 1000, "g": 1, "lb": 453.59237, "oz": 28.349523125, "jin": 500}

// decimalsOf is how many decimals a scale shows of a unit.
func decimalsOf(protocol, unit string) int {
	switch unit {
	case "g":
		if protocol == "dibal" || protocol == "usb-hid" {
			return 0
		}
		return 1
	case "lb":
		return 2
	case "oz":
		return 1
	}
	return 3
}

// other is what a scale is switched to from a unit by its key.
var other = map[string]string{"kg": "lb", "g": "oz", "lb": "kg", "oz": "g", "jin": "kg"}

// steps turns grams into steps of the last decimal.
func steps(grams int64, unit string, decimals int) int64 {
	return int64(math.Round(float64(grams) / gramsOf[unit] * math.Pow10(decimals)))
}

func (d shown) minus() bool { return d.value < 0 }

// sign is the sign as text.
func (d shown) sign() string {
	if d.minus() {
		return "-"
	}
	return "+"
}

// number is the value without its sign, "1.240".
func (d shown) number() string { return point(max(d.value, -d.value), d.decimals, 1) }

// point writes steps with their decimal point and at least so many digits before it.
func point(n int64, decimals, whole int) string {
	t := fmt.Sprintf("%0*d", decimals+whole, n)
	if decimals == 0 {
		return t
	}
	return t[:len(t)-decimals] + "." + t[len(t)-decimals:]
}

// digits is the value without its sign in so many characters, zeros in front.
func (d shown) digits(width int) string {
	t := d.number()
	return strings.Repeat("0", max(0, width-len(t))) + t
}

// zeros is the value in so many characters, a minus first, zeros in front.
func (d shown) zeros(width int) string {
	if d.minus() {
		return "-" + d.digits(width-1)
	}
	return d.digits(width)
}

// signed is the value with a minus if it needs one, "-0.350".
func (d shown) signed() string {
	if d.minus() {
		return "-" + d.number()
	}
	return d.number()
}

func xorOf(t string) (x byte) {
	for i := range len(t) {
		x ^= t[i]
	}
	return x
}

func (d shown) toledo(swa, swc byte, long bool) string {
	swb := byte(0x20)
	switch d.unit {
	case "kg":
		swb |= 0x10
	case "g":
		swc |= 1
	case "oz":
		swc |= 3
	}
	return d.toledoFrame(swa|byte(d.decimals+2), swb, swc, long)
}

// liden keeps bit 4 of the second word at 1 and has the unit in the third.
func (d shown) liden() string {
	swc := byte(0x20)
	if d.unit == "lb" {
		swc |= 1
	}
	return d.toledoFrame(0x50|byte(d.decimals+2), 0x30, swc, true)
}

func (d shown) toledoFrame(swa, swb, swc byte, long bool) string {
	for bit, on := range map[byte]bool{1: d.tare != 0, 2: d.minus(), 4: d.over, 8: d.moving} {
		if on {
			swb |= bit
		}
	}
	b := fmt.Appendf([]byte{0x02, swa, swb, swc}, "%06d", max(d.value, -d.value))
	if !long {
		return string(append(b, '\r'))
	}
	b = fmt.Appendf(b, "%06d\r", d.tare)
	if d.bare {
		return string(b)
	}
	var sum byte
	for _, c := range b {
		sum += c
	}
	return string(append(b, -sum&0x7F))
}

var asks8217 = map[string]func(*Scale, shown) string{
	"W": func(_ *Scale, d shown) string {
		status := byte(0x40)
		for bit, on := range map[byte]bool{1: d.moving, 2: d.over, 4: d.minus()} {
			if on {
				status |= bit
			}
		}
		switch net := ""; {
		case status != 0x40:
			return "\x02?" + string(status) + "\r"
		case d.tare != 0:
			net = "N"
			fallthrough
		default:
			return "\x02" + point(d.value, d.decimals, 2) + net + "\r"
		}
	},
	"Z": (*Scale).zeroed, "T": (*Scale).tared, "C": func(s *Scale, _ shown) string { s.tare = 0; return "" },
}

// six is sign, six digits and the number of decimals.
func (d shown) six() string {
	return fmt.Sprintf("%s%06d%d", d.sign(), max(d.value, -d.value), d.decimals)
}

func (d shown) tf0() string {
	t := d.six()
	return fmt.Sprintf("\x02%s%02X\x03", t, xorOf(t))
}

func (d shown) eqReversed() string {
	b := []byte{'='}
	for t := d.digits(7); t != ""; t = t[:len(t)-1] {
		b = append(b, t[len(t)-1])
	}
	return string(append(b, d.eqSign()))
}

func (d shown) eqForward() string { return "=" + string(d.eqSign()) + d.digits(7) }

func (d shown) eqSign() byte {
	if d.minus() {
		return '-'
	}
	return '0'
}

func (d shown) a12() string {
	t := "         OL"
	side := "G"
	if d.tare != 0 {
		side = "N"
	}
	if !d.over {
		t = "W" + side + d.zeros(7) + d.unit
	}
	return fmt.Sprintf("%s%02X\r\n", t, xorOf(t))
}

func (d shown) ww(width int) string {
	side := "w"
	if d.tare != 0 {
		side = "n"
	}
	return "w" + side + d.zeros(width) + d.unit + "\r\n"
}

// asksCommand are Yaohua's commands by letter: A handshake, B gross, one for tare
// and one for net, which the two variants have the other way round.
func asksCommand(tare, net byte, value func(shown) string) map[string]func(*Scale, shown) string {
	say := func(letter byte, pick func(d shown) int64) func(*Scale, shown) string {
		return func(_ *Scale, d shown) string {
			d.value = pick(d)
			t := string(d.who) + string(letter) + value(d)
			return fmt.Sprintf("\x02%s%02X\x03", t, xorOf(t))
		}
	}
	return map[string]func(*Scale, shown) string{
		"A": func(_ *Scale, d shown) string {
			t := string(d.who) + "A"
			return fmt.Sprintf("\x02%s%02X\x03", t, xorOf(t))
		},
		"B":          say('B', func(d shown) int64 { return d.value + d.tare }),
		string(tare): say(tare, func(d shown) int64 { return d.tare }),
		string(net):  say(net, func(d shown) int64 { return d.value }),
		"E":          (*Scale).tared, "F": (*Scale).zeroed,
	}
}

// nextCommand reads STX, address, letter, check, ETX.
func nextCommand(in []byte) (int, string) {
	if in[0] != 0x02 {
		return 1, ""
	}
	if len(in) < 6 {
		return 0, ""
	}
	if in[5] != 0x03 || fmt.Sprintf("%02X", xorOf(string(in[1:3]))) != string(in[3:5]) {
		return 1, ""
	}
	return 6, string(in[2:3])
}

// nextLine reads a line up to CR LF.
func nextLine(in []byte) (int, string) {
	line, _, ok := bytes.Cut(in, []byte("\r\n"))
	if !ok {
		return 0, ""
	}
	return len(line) + 2, string(line)
}

// answerLines answers each of the questions with the same frame.
func answerLines(say func(shown) string, questions ...string) map[string]func(*Scale, shown) string {
	asks := map[string]func(*Scale, shown) string{"Z": (*Scale).zeroed, "T": (*Scale).tared}
	for _, q := range questions {
		asks[q] = func(_ *Scale, d shown) string { return say(d) }
	}
	return asks
}

// asksSICS are MT-SICS levels 0 and 1. Values are right-aligned in width, or stand
// bare.
func asksSICS(width int, unit string) map[string]func(*Scale, shown) string {
	value := func(d shown, n int64) string {
		d.value = n
		u := d.unit
		if u == "kg" && unit != "%s" {
			u = "Kg"
		}
		return fmt.Sprintf("%*s %s", width, d.signed(), u)
	}
	weight := func(_ *Scale, d shown) string {
		switch {
		case d.over:
			return "S +\r\n"
		case d.moving:
			return "S D " + value(d, d.value) + "\r\n"
		}
		return "S S " + value(d, d.value) + "\r\n"
	}
	done := func(answer string, do func(*Scale, shown) string) func(*Scale, shown) string {
		return func(s *Scale, d shown) string {
			if d.moving {
				return answer + " I\r\n"
			}
			return answer + do(s, d) + "\r\n"
		}
	}
	zero := done("Z", func(s *Scale, d shown) string { s.zeroed(d); return " A" })
	tare := done("T", func(s *Scale, d shown) string { s.tared(d); return " S " + value(d, d.value+d.tare) })
	return map[string]func(*Scale, shown) string{
		"SI": weight,
		"S": func(s *Scale, d shown) string {
			if d.moving && !d.over {
				return "S I\r\n"
			}
			return weight(s, d)
		},
		"Z": zero, "ZI": zero, "T": tare, "TI": tare,
		"TA":  func(_ *Scale, d shown) string { return "TA A " + value(d, d.tare) + "\r\n" },
		"TAC": func(s *Scale, _ shown) string { s.tare = 0; return "TAC A\r\n" },
		"I4":  func(*Scale, shown) string { return "I4 A \"B021002593\"\r\n" },
		"@":   func(*Scale, shown) string { return "I4 A \"B021002593\"\r\n" },
		"I2":  func(*Scale, shown) string { return "I2 A \"Viper SW WB 6.1000 kg\"\r\n" },
		"I3":  func(*Scale, shown) string { return "I3 A \"2.10 10.28.0.493.142\"\r\n" },
	}
}

func (d shown) head() string {
	switch {
	case d.over:
		return "OL"
	case d.moving:
		return "US"
	}
	return "ST"
}

func (d shown) side() string {
	if d.tare != 0 {
		return "NT"
	}
	return "GS"
}

func (d shown) stGS() string {
	if d.over {
		return "OL," + d.side() + ",+            \r\n"
	}
	return fmt.Sprintf("%s,%s,%s%7s%s\r\n", d.head(), d.side(), d.sign(), d.number(), d.unit)
}

func (d shown) and() string {
	if d.over {
		return "OL,+9999999E+19\r\n"
	}
	return fmt.Sprintf("%s,%s%s%3s\r\n", d.head(), d.sign(), d.digits(8), d.unit)
}

func (d shown) cas22() string {
	lamps := byte(0x84)
	if !d.moving && !d.over {
		lamps |= 0x40
	}
	if d.over {
		return "OL," + d.side() + ",1" + string([]byte{lamps}) + ",         " + d.unit + "\r\n"
	}
	return d.head() + "," + d.side() + ",1" + string([]byte{lamps}) + "," + d.zeros(8) + " " + fmt.Sprintf("%-2s", d.unit) + "\r\n"
}

// asksECR: ENQ is acknowledged, and DC1 then brings the weight.
var asksECR = map[string]func(*Scale, shown) string{
	"\x05": func(*Scale, shown) string { return "\x06" },
	"\x11": func(_ *Scale, d shown) string {
		state, sign, value := "S", " ", d.digits(6)
		if d.moving {
			state = "U"
		}
		if d.minus() {
			sign = "-"
		}
		if d.over {
			sign, value = "F", "FFFFFF"
		}
		t := state + sign + value + fmt.Sprintf("%2s", d.unit)
		return "\x01\x02" + t + string([]byte{xorOf(t)}) + "\x03\x04"
	},
}

func (d shown) ohaus(value string) string {
	if d.over {
		return fmt.Sprintf(value, "Err 8.3") + "\r\n"
	}
	t := fmt.Sprintf(value, d.signed()) + " " + d.unit
	if d.moving {
		t += " ?"
	}
	return t + "\r\n"
}

// azextra answers only for a load that is at rest, above zero and not said before;
// after that it must have been empty.
func (s *Scale) azextra(d shown) string {
	switch {
	case d.value == 0 && !d.moving:
		s.said = false
		return ""
	case d.moving || d.over || d.value < 0 || s.said:
		return ""
	}
	s.said = true
	return fmt.Sprintf("%7s%s\r\n", d.number(), d.unit)
}

var asksCPW = map[string]func(*Scale, shown) string{
	"G": func(_ *Scale, d shown) string { d.value += d.tare; return "G\r\n" + d.cpw() },
	"N": func(_ *Scale, d shown) string { return "N\r\n" + d.cpw() },
	"T": func(_ *Scale, d shown) string { d.value = d.tare; return "T\r\n" + d.cpw() },
	"Z": (*Scale).tared,
}

func (d shown) cpw() string { return d.sign() + " " + d.number() + " " + d.unit + "\r\n" }

// sbi is 16 characters; a value that moves has no unit.
func (d shown) sbi() string {
	if d.over {
		return "      High    \r\n"
	}
	unit := d.unit
	if d.moving {
		unit = ""
	}
	return fmt.Sprintf("%s%9s %-3s\r\n", d.sign(), d.number(), unit)
}

// sbi22 is the same with the name of the value before; a word has "Stat" there.
func (d shown) sbi22() string {
	name := map[bool]string{true: "N", false: "G"}[d.tare != 0]
	if d.over {
		name = "Stat"
	}
	return fmt.Sprintf("%-6s", name) + d.sbi()
}

var asksNCI = map[string]func(*Scale, shown) string{
	"W\r": func(_ *Scale, d shown) string {
		if d.over || d.minus() {
			return d.nciStatus()
		}
		return "\n" + d.digits(6) + strings.ToUpper(d.unit) + "\r" + d.nciStatus()
	},
	"S\r": func(_ *Scale, d shown) string { return d.nciStatus() },
	"Z\r": (*Scale).zeroed,
}

// nciStatus is LF, two or three bytes, CR ETX: motion and zero; under and over;
// net.
func (d shown) nciStatus() string {
	b := []byte{'0', '0'}
	for _, c := range []struct {
		i   int
		bit byte
		on  bool
	}{{0, 1, d.moving}, {0, 2, d.value == 0}, {1, 1, d.minus()}, {1, 2, d.over}} {
		if c.on {
			b[c.i] |= c.bit
		}
	}
	if d.tare != 0 {
		b = append(b, '4')
		b[1] |= 0x40
	}
	return "\n" + string(b) + "\r\x03"
}

// dibal gives the weight in grams, and a status that is 0 if that is one to sell by.
func (d shown) dibal() string {
	status, value := 0, d.value
	if d.moving || d.over || d.minus() {
		status, value = 1, 0
	}
	t := fmt.Sprintf("99%d%05d0000000", status, value)
	return t + string([]byte{xorOf(t)}) + "\r\n"
}

// nextDibal reads 98, five digits of price, the XOR of these, CR LF.
func nextDibal(in []byte) (int, string) {
	n, line := nextLine(in)
	if n == 10 && strings.HasPrefix(line, "98") && xorOf(line) == 0 {
		return n, "98"
	}
	return n, ""
}

func (d shown) elicom() string {
	if d.moving || d.over || d.minus() {
		return "\xbb"
	}
	t := fmt.Sprintf("%06d", d.value)
	var b [4]byte
	for i := range 3 {
		b[i] = (t[2*i]-'0')<<4 | (t[2*i+1] - '0')
		b[3] += b[i]
	}
	return string(b[:])
}

func (d shown) hid() string {
	status := byte(4)
	switch {
	case d.over:
		status = 6
	case d.minus():
		status, d.value = 5, 0
	case d.moving:
		status = 3
	case d.value == 0:
		status = 2
	}
	unit := map[string]byte{"g": 2, "kg": 3, "oz": 11, "lb": 12}[d.unit]
	return string([]byte{3, status, unit, byte(-d.decimals), byte(d.value), byte(d.value >> 8)})
}

// custom lays a frame out as a user-defined scale's profile says.
func (d shown) custom() string {
	l := d.layout
	b := bytes.Repeat([]byte{'0'}, l.Length)
	copy(b, l.Start)
	copy(b[l.Length-len(l.End):], l.End)
	v := make([]byte, l.Size)
	switch n := max(d.value, -d.value); l.Coding {
	case "bcd":
		t := fmt.Sprintf("%0*d", 2*l.Size, n)
		for i := range v {
			v[i] = (t[2*i]-'0')<<4 | (t[2*i+1] - '0')
		}
	case "hex":
		for i := range v {
			v[i] = byte(n >> (8 * (l.Size - 1 - i)))
		}
	default:
		copy(v, fmt.Sprintf("%0*d", l.Size, n))
	}
	for i := range v {
		at := l.At + i
		if l.Reversed {
			at = l.At + l.Size - 1 - i
		}
		b[at] = v[i]
	}
	for _, m := range []struct {
		profile.Mark
		on bool
	}{{l.Sign, d.minus()}, {l.Still, !d.moving}, {l.Over, d.over}, {l.Net, d.tare != 0}} {
		if m.Mask != 0 {
			b[m.At] = b[m.At]&^byte(m.Mask) | byte(m.Want)
			if !m.on {
				b[m.At] ^= byte(m.Mask)
			}
		}
	}
	if c := l.Check; c.Rule != "" && c.Rule != "none" {
		var x, sum byte
		for _, v := range b[c.From:c.To] {
			x, sum = x^v, sum+v
		}
		switch c.Rule {
		case "xor":
			b[c.At] = x
		case "sum":
			b[c.At] = sum
		case "sum7":
			b[c.At] = -sum & 0x7F
		case "xor-hex":
			copy(b[c.At:], fmt.Sprintf("%02X", x))
		case "sum-hex":
			copy(b[c.At:], fmt.Sprintf("%02X", sum))
		}
	}
	return string(b)
}
