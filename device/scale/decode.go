package scale

import (
	"fmt"
	"iter"
	"math/bits"
	"sort"
	"strings"

	"floord/device/profile"
	"floord/floor"
)

// A Kind says what a frame is worth.
type Kind string

// The kinds of frame. Only a Weight carries a value. A Status is a sound frame
// that says there is none (overload). A Reject looks like a frame and is not
// sound, or not what the profile promises; noise that resembles no frame is
// only counted.
const (
	KindWeight Kind = "weight"
	KindStatus Kind = "status"
	KindReject Kind = "reject"
)

// A Motion is what a frame says of stability.
type Motion uint8

// Unmarked is a protocol without a mark of stability.
const (
	Unmarked Motion = iota
	Still
	InMotion
)

// A Flag is something a frame says besides its weight.
type Flag uint32

// The flags of a frame; then the reasons for a reject; then what a message says
// that is a status and holds no gross weight.
const (
	FlagMotion Flag = 1 << iota
	FlagNegative
	FlagNet
	FlagOverload
	FlagUnderload
	FlagUnzeroed // the scale has not captured its zero since power-up
	FlagBadChecksum
	FlagUnit     // the frame's unit is not the profile's
	FlagDecimals // the frame's decimals are not the profile's
	FlagUnderZero
	FlagNoWeight // no weight just now: empty, swinging or busy, the scale does not say which
	FlagBusy     // the command cannot be carried out now
	FlagRefused  // the scale does not understand the command
	FlagUnknown  // the scale does not know the command
	FlagGarbled  // the scale received the command damaged
	FlagLogical  // the command makes no sense now
	FlagFault    // the scale says that it is broken
	FlagCount    // pieces, not weight
	FlagTare     // the tare, not the load
	FlagAck      // a command was taken, or is echoed on a shared wire
	FlagIdentity // who the scale is
)

var flagNames = []string{"motion", "negative", "net", "overload", "underload", "unzeroed", "bad-checksum", "unit", "decimals",
	"under-zero", "no-weight", "not-executable", "syntax-error", "unknown-command", "transmission-error", "logical-error", "fault", "count", "tare", "ack", "identity"}

// Names lists the flags that are set.
func (f Flag) Names() []string {
	var names []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

// A Frame is one message of a scale. The value is Digits x 10^-Decimals of Unit
// exactly; Decimals may be negative. Grams is that value rounded to the nearest
// gram, halves away from zero. A count of pieces is a Status with Digits of Pieces
// and no grams.
type Frame struct {
	Kind     Kind
	Raw      []byte // as received; valid until the decoder gets more bytes
	Digits   int64
	Decimals int
	Unit     profile.Unit
	Grams    floor.Grams
	Motion   Motion
	Gross    bool // the frame itself says that its weight is gross
	Flags    Flag
}

// Text gives the value as the scale shows it, "1.240 kg"; empty without a value.
func (f Frame) Text() string {
	if f.Kind != KindWeight {
		return ""
	}
	return f.value() + " " + string(f.Unit)
}

// value writes the number with all its decimals.
func (f Frame) value() string {
	digits, sign := fmt.Sprint(f.Digits), ""
	if f.Digits < 0 {
		digits, sign = digits[1:], "-"
	}
	if f.Decimals < 0 {
		digits += strings.Repeat("0", -f.Decimals)
	} else if f.Decimals > 0 {
		if pad := f.Decimals + 1 - len(digits); pad > 0 {
			digits = strings.Repeat("0", pad) + digits
		}
		digits = digits[:len(digits)-f.Decimals] + "." + digits[len(digits)-f.Decimals:]
	}
	return sign + digits
}

// A grammar reads one dialect of one protocol. Every frame begins with one of starts.
//
// parse looks at bytes that begin so and says how many of them are a
// frame: above 0 is a whole one, and f then holds it; 0 is one that may become
// whole; below 0 is none.
// It must say "none" as soon as a byte does not fit, so that a cut frame never
// holds the next one back.
type grammar struct {
	starts string
	marks  bool // its frames say whether the scale is at rest
	parse  func(o options, b []byte, f *Frame) int
	mode   mode
	bounds bounds
}

// A mode is which weight the frames of a grammar hold.
type mode uint8

// A modeMarked frame says itself whether it is gross or net; modeShown is what
// the display shows, net of any tare, and does not say whether there is one.
const (
	modeUnsaid mode = iota
	modeMarked
	modeShown
)

// bounds is what shows where a frame begins, besides its bytes.
type bounds uint8

// byBytes frames begin with bytes that are nothing else. byLine ones have no such
// head and begin only where a line does. byPause ones are binary and bare: after
// a byte that does not fit nothing is believed until a pause (Reset).
const (
	byBytes bounds = iota
	byLine
	byPause
)

// options is what a grammar takes from the profile.
type options struct {
	unit     profile.Unit // empty, in records without a profile: whatever the frame says
	checksum bool
	decimals int // -1: whatever the frame says
}

// A Decoder finds frames in a stream of bytes. It is pure: no time, no line. It
// holds at most 256 bytes, allocates nothing a frame, and joins or leaves the
// stream at any byte.
type Decoder struct {
	g      grammar
	o      options
	start  [256]bool // of each byte: a frame may begin with it
	buf    [256]byte
	r, w   int   // buf[r:w] is what was not yet made sense of
	adrift bool  // a frame may not begin at r: see bounds
	f      Frame // being read; here, because a local one would be allocated
	Stats

	// Of the bytes since the last sound frame: how many, how many of them have
	// bit 7 set, and how many have an odd number of bits.
	lost, high, odd int
}

// Stats counts what a decoder has seen.
type Stats struct {
	Bytes   int // all of them
	Frames  int // sound ones
	Rejects int
	Noise   int // bytes that belong to no frame
}

// NewDecoder makes a decoder for what the profile says. The error names the
// place where an unknown protocol or dialect was written.
func NewDecoder(p profile.Profile) (*Decoder, error) {
	g, err := grammarOf(p)
	if err != nil {
		return nil, err
	}
	if p.Scale.Settle.Flag && !g.marks {
		return nil, fmt.Errorf("%s: settle.flag = true, but %s %s has no mark of stability", p.Origin("scale.settle.flag"), p.Scale.Protocol, p.Scale.Dialect)
	}
	if _, ok := gramsIn(p.Scale.Unit); !ok {
		return nil, fmt.Errorf("%s: unit %q is not known", p.Origin("scale.unit"), p.Scale.Unit)
	}
	if err := g.mayAsk(p); err != nil {
		return nil, err
	}
	if by := p.Scale.Commands.Tare.By; by != "" && by != "nobody" && MayBeTared(p) {
		return nil, fmt.Errorf("%s: nobody may tare a scale that does not say whether it is tared: write by = \"nobody\"", p.Origin("scale.commands.tare.by"))
	}
	o := options{p.Scale.Unit, p.Scale.Checksum == "required", -1}
	if p.Scale.Decimals != nil {
		o.decimals = *p.Scale.Decimals
	}
	return g.decoder(o), nil
}

// MayBeTared tells whether a weight of the profile's scale may be net with nothing
// to show it: its frames do not say, or not always, it is not asked, and nobody has
// said that it cannot be tared.
func MayBeTared(p profile.Profile) bool {
	g, err := grammarOf(p)
	return err == nil && g.mode != modeMarked && len(p.Scale.Poll.Tare) == 0 && p.Scale.Tare != "locked"
}

func (g grammar) decoder(o options) *Decoder {
	d := &Decoder{g: g, o: o}
	for i := range len(g.starts) {
		d.start[g.starts[i]] = true
	}
	return d
}

// grammarOf finds the grammar of a profile's protocol and dialect.
func grammarOf(p profile.Profile) (grammar, error) {
	if p.Scale.Protocol == "custom" {
		return newCustom(p)
	}
	dialects, ok := grammars[p.Scale.Protocol]
	if !ok {
		return grammar{}, fmt.Errorf("%s: protocol %q is not one of %s, custom", p.Origin("scale.protocol"), p.Scale.Protocol, names(grammars))
	}
	g, ok := dialects[p.Scale.Dialect]
	if !ok {
		return grammar{}, fmt.Errorf("%s: dialect %q of %s is not one of %s", p.Origin("scale.dialect"), p.Scale.Dialect, p.Scale.Protocol, names(dialects))
	}
	return g, nil
}

func names[V any](m map[string]V) string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

// Reset forgets a frame begun: what comes next is not its continuation.
func (d *Decoder) Reset() {
	switch d.g.bounds {
	case byLine:
		d.adrift = d.adrift || d.w > d.r
	case byPause:
		d.adrift = false
	}
	d.Noise += d.w - d.r
	d.r, d.w = 0, 0
}

// Pending tells how many bytes wait for the rest of their frame.
func (d *Decoder) Pending() int { return d.w - d.r }

// Decode yields the frames that data completes. Whoever breaks off loses the
// rest of data.
func (d *Decoder) Decode(data []byte) iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		for len(data) > 0 {
			n := d.feed(data)
			data = data[n:]
			for d.next() {
				if !yield(d.f) {
					return
				}
			}
		}
	}
}

// feed takes as much of data as there is room for. There always is room: next
// leaves less than the longest frame behind.
func (d *Decoder) feed(data []byte) int {
	copy(d.buf[:], d.buf[d.r:d.w])
	d.r, d.w = 0, d.w-d.r
	n := copy(d.buf[d.w:], data)
	d.w += n
	d.Bytes += n
	return n
}

// next reads the next whole frame of the buffer into f.
func (d *Decoder) next() bool {
	for {
		for d.r < d.w && (d.adrift || !d.start[d.buf[d.r]]) {
			d.skip()
		}
		if d.r == d.w {
			return false
		}
		d.f = Frame{}
		n := d.g.parse(d.o, d.buf[d.r:d.w], &d.f)
		switch {
		case n == 0:
			return false
		case n < 0:
			d.skip()
			continue
		}
		d.f.Raw = d.buf[d.r : d.r+n]
		if d.f.Kind == KindReject {
			d.Rejects++
			d.reject(n)
			return true
		}
		d.f.Gross = d.f.Gross || d.g.mode == modeMarked && d.f.Flags&FlagNet == 0
		d.r += n
		d.adrift = false
		d.Frames++
		d.lost, d.high, d.odd = 0, 0, 0
		return true
	}
}

// reject drops a frame of n bytes that is whole but not what the profile promises,
// and only the first byte of one with a wrong check: a sound frame may begin
// inside that.
func (d *Decoder) reject(n int) {
	if d.f.Flags&FlagBadChecksum != 0 {
		d.skip()
		return
	}
	for range n {
		d.skip()
	}
	d.adrift = false
}

// skip drops one byte as noise and remembers what kind of noise it is.
func (d *Decoder) skip() {
	c := d.buf[d.r]
	d.r++
	d.adrift = d.g.bounds == byPause || d.g.bounds == byLine && c != '\n'
	d.Noise++
	d.lost++
	d.high += int(c >> 7)
	d.odd += bits.OnesCount8(c) & 1
}

// suspicious is how many bytes without a sound frame are too many: several
// frames of any protocol here.
const suspicious = 72

// Suspicion says why bytes come and no frames do, or "" while that is not so.
// Seven bits with parity read as eight give bytes that all have an even number
// of bits, or all an odd one; anything else is another protocol or speed.
func (d *Decoder) Suspicion() Phase {
	switch {
	case d.lost < suspicious:
		return ""
	case d.high > 0 && (d.odd == 0 || d.odd == d.lost):
		return SevenBits
	}
	return WrongSettings
}

// A fraction is num x 10^tens / den grams, exactly. The tens stand apart because
// they mostly cancel the decimals, and a division is the dearest step of all.
type fraction struct {
	num, den int64
	tens     int
}

// gramsIn is what one of each unit weighs. It is no map because it is asked for
// every frame.
func gramsIn(unit profile.Unit) (fraction, bool) {
	switch unit {
	case profile.Kilogram:
		return fraction{1, 1, 3}, true
	case profile.Gram:
		return fraction{1, 1, 0}, true
	case profile.Pound:
		return fraction{45359237, 100000, 0}, true
	case profile.Ounce:
		return fraction{28349523125, 1000000000, 0}, true
	case profile.Jin:
		return fraction{5, 1, 2}, true
	case tonne:
		return fraction{1, 1, 6}, true
	case milligram:
		return fraction{1, 1000, 0}, true
	}
	return fraction{}, false
}

// powers of ten.
var powers = [...]int64{1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// weigh fills in the value. |digits| is at most 99999999 and decimals -3 to 7, so
// that nothing here overflows. Without a unit there are no grams.
func (f *Frame) weigh(digits int64, decimals int, unit profile.Unit) {
	f.Digits, f.Decimals, f.Unit = digits, decimals, unit
	u, ok := gramsIn(unit)
	if !ok {
		return
	}
	num, den := digits*u.num, u.den
	if decimals > u.tens {
		den *= powers[decimals-u.tens]
	} else {
		num *= powers[u.tens-decimals]
	}
	if den == 1 {
		f.Grams = floor.Grams(num)
		return
	}
	half := den / 2
	if num < 0 {
		half = -half
	}
	f.Grams = floor.Grams((num + half) / den)
}

// judge turns a frame whose unit or decimals are not what the profile promises
// into a reject: it is never converted in silence.
func (o options) judge(f *Frame) {
	if f.Kind != KindWeight {
		return
	}
	if o.unit != "" && f.Unit != o.unit {
		f.Kind, f.Flags = KindReject, f.Flags|FlagUnit
	}
	if o.decimals >= 0 && f.Decimals != o.decimals {
		f.Kind, f.Flags = KindReject, f.Flags|FlagDecimals
	}
	if f.Kind == KindReject {
		f.Digits, f.Decimals, f.Grams = 0, 0, 0
	}
}
