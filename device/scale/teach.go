package scale

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"floord/device/profile"
	"floord/floor"
)

// A Lesson is what was recorded of an unknown scale with a known mass on it. Load
// is what the scale showed, as a number in its unit: "2.500".
type Lesson struct {
	Bytes []byte
	Load  string

	load decimal
}

// Limits on lessons: a layout is looked for by trying all of them.
const (
	maxLesson = 16 << 10
	minFrames = 5
)

// An UnsureError says that more than one layout explains the lessons, and what
// would tell them apart.
type UnsureError struct {
	Ways []string // each layout in words, with the weights it reads
}

func (e *UnsureError) Error() string {
	return fmt.Sprintf("%d layouts explain these bytes, and they would read other loads differently: say how many decimals the scale shows, or record another load with all digits different:\n  %s",
		len(e.Ways), strings.Join(e.Ways, "\n  "))
}

// Teach finds the layout of a stream that no grammar knows, from bytes recorded
// with known masses on the pan. A layout is taken only if it reads every lesson's
// frames as that lesson's mass in the unit, and no other layout does that reads
// anything else from any frame those bytes hold; otherwise the error is an
// *UnsureError. Where the stream has a check byte, the layout has its rule.
//
// decimals is how many the scale shows; below 0 they are found from the masses.
func Teach(lessons []Lesson, unit profile.Unit, decimals int) (profile.Frame, error) {
	if len(lessons) == 0 {
		return profile.Frame{}, errors.New("no recorded bytes")
	}
	if _, ok := gramsIn(unit); !ok {
		return profile.Frame{}, fmt.Errorf("unit %q is not known", unit)
	}
	for i, l := range lessons {
		if len(l.Bytes) > maxLesson {
			lessons[i].Bytes = l.Bytes[:maxLesson]
		}
		t := text{b: []byte(l.Load)}
		lessons[i].load = t.number(len(l.Load))
		if l.Load == "" || !t.ok() || lessons[i].load.digits == 0 {
			return profile.Frame{}, fmt.Errorf("lesson %d: %q is no load such as 2.500: put a known weight on the pan and say what the scale shows", i+1, l.Load)
		}
	}
	var found []profile.Frame
	for _, frame := range outlines(lessons) {
		for _, f := range layouts(frame, lessons, decimals) {
			if reads(f, lessons, unit) {
				found = append(found, f)
			}
		}
		if len(found) > 0 {
			break // outlines come by how much of the bytes they explain
		}
	}
	if len(found) == 0 {
		return profile.Frame{}, errors.New("no layout reads these bytes as the mass that was said: is the unit right, was the pan at rest, is the line set right?")
	}
	best := found[0]
	var others []string
	for _, f := range found {
		if !alike(best, f, lessons) {
			others = append(others, words(f))
		}
	}
	if len(others) > 0 {
		return profile.Frame{}, &UnsureError{append([]string{words(best)}, others...)}
	}
	return best, nil
}

// outlines finds start, length and end of the frames: the byte at which equal
// distances begin most often, what always stands behind it, and what always
// stands before it.
func outlines(lessons []Lesson) []profile.Frame {
	type guess struct {
		frame profile.Frame
		score int
	}
	var all []guess
	data := lessons[0].Bytes
	for start := range 256 {
		var at []int
		for i, c := range data {
			if int(c) == start {
				at = append(at, i)
			}
		}
		if len(at) < minFrames {
			continue
		}
		steps := map[int]int{}
		for i := 1; i < len(at); i++ {
			steps[at[i]-at[i-1]]++
		}
		for length, n := range steps {
			if length < 4 || length > 64 || n < minFrames-1 || n*length*10 < len(data)*7 {
				continue
			}
			f := profile.Frame{Start: profile.Hex{byte(start)}, Length: length}
			score := n * length
			if start == '=' || start > 0x7F || start < ' ' && !isEnd([]byte{byte(start)}) {
				score += len(data) // a control, or a byte that is no text, is a likely start
			}
			all = append(all, guess{f, score})
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].score > all[j].score })
	var frames []profile.Frame
	for _, g := range all[:min(len(all), 8)] {
		cut := cutAll(g.frame, lessons)
		if len(cut) == 0 {
			continue
		}
		for tail := 2; tail > 0; tail-- { // an end is one or two controls that are always there
			end := cut[0][g.frame.Length-tail:]
			if isEnd(end) && constant(cut, g.frame.Length-tail) {
				g.frame.End = bytes.Clone(end)
				break
			}
		}
		frames = append(frames, g.frame)
	}
	// A check that holds in every frame is the best proof of an outline, an end the next best.
	proof := func(f profile.Frame) int { return 2*min(len(checksOf(f, cutAll(f, lessons))), 1) + min(len(f.End), 1) }
	sort.SliceStable(frames, func(i, j int) bool { return proof(frames[i]) > proof(frames[j]) })
	return frames
}

func isEnd(b []byte) bool {
	for _, c := range b {
		if c != cr && c != '\n' && c != etx && c != 0x04 {
			return false
		}
	}
	return true
}

func constant(cut [][]byte, from int) bool {
	for _, c := range cut {
		if !bytes.Equal(c[from:], cut[0][from:]) {
			return false
		}
	}
	return true
}

// cutAll cuts all lessons into frames of the outline: those followed by another.
func cutAll(f profile.Frame, lessons []Lesson) (cut [][]byte) {
	for _, l := range lessons {
		cut = append(cut, cutOne(f, l.Bytes)...)
	}
	return cut
}

func cutOne(f profile.Frame, data []byte) (cut [][]byte) {
	for i := 0; i+f.Length < len(data); {
		if data[i] == f.Start[0] && data[i+f.Length] == f.Start[0] {
			cut = append(cut, data[i:i+f.Length])
			i += f.Length
			continue
		}
		i++
	}
	return cut
}

// layouts gives every way to find the first lesson's mass in the outline.
func layouts(f profile.Frame, lessons []Lesson, decimals int) (all []profile.Frame) {
	cut := cutOne(f, lessons[0].Bytes)
	if len(cut) < minFrames-1 {
		return nil
	}
	checks := checksOf(f, cutAll(f, lessons))
	sizes := map[string][]int{"ascii": {8, 7, 6, 5, 4, 3}, "bcd": {4, 3, 2}, "hex": {3, 2}}
	for _, coding := range []string{"ascii", "bcd", "hex"} {
		for _, size := range sizes[coding] {
			for at := 1; at+size <= f.Length-len(f.End); at++ {
				for _, reversed := range []bool{false, true} {
					for places := 0; places <= 4; places++ {
						if decimals >= 0 && places != decimals {
							continue
						}
						l := f
						l.Coding, l.Size, l.At, l.Reversed, l.Decimals = coding, size, at, reversed, places
						d, ok := custom{l}.value(cut[0])
						if !ok || coding == "ascii" && !number16(cut, at, size) {
							continue
						}
						if coding == "ascii" && hasPoint(cut[0][at:at+size]) {
							if places != 0 && decimals < 0 {
								continue // the point is the value's own
							}
							l.Decimals = 0
						}
						if !d.equals(lessons[0].load) {
							continue
						}
						l.Check = checkFor(checks, l)
						all = append(all, l)
					}
				}
			}
		}
	}
	return all
}

// number16 tells whether these places hold characters of a number in every frame.
func number16(cut [][]byte, at, size int) bool {
	for _, c := range cut {
		for _, b := range c[at : at+size] {
			if (b < '0' || b > '9') && b != '.' && b != ' ' && b != '-' && b != '+' {
				return false
			}
		}
	}
	return true
}

// equals tells whether two numbers are the same, however many decimals they have.
func (d decimal) equals(o decimal) bool {
	if d.negative != o.negative && (d.digits != 0 || o.digits != 0) {
		return false
	}
	a, b := d.digits, o.digits
	for n := d.decimals; n < o.decimals; n++ {
		a *= 10
	}
	for n := o.decimals; n < d.decimals; n++ {
		b *= 10
	}
	return a == b
}

// apart tells whether check and value lie beside each other.
func apart(l profile.Frame) bool {
	width := 1
	if strings.HasSuffix(l.Check.Rule, "hex") {
		width = 2
	}
	return l.Check.At >= l.At+l.Size || l.Check.At+width <= l.At
}

// checksOf finds the check rules that hold in all frames, if the frames differ
// enough for that to be no accident.
func checksOf(f profile.Frame, cut [][]byte) (all []profile.Check) {
	different := map[string]bool{}
	for _, c := range cut {
		different[string(c)] = true
	}
	end := f.Length - len(f.End)
	for _, rule := range []string{"xor-hex", "sum-hex", "xor", "sum", "sum7"} {
		width := 1
		if strings.HasSuffix(rule, "hex") {
			width = 2
		}
		for _, at := range []int{end - width, f.Length - width} {
			for _, from := range []int{1, 0} {
				c := profile.Check{Rule: rule, From: from, To: at, At: at}
				right := 0
				for _, b := range cut {
					if at > from+2 && at+width <= f.Length && checked(c, b) {
						right++
					}
				}
				if right == len(cut) && len(different) > 1 {
					all = append(all, c)
				}
			}
		}
	}
	return all
}

// checkFor gives the first rule that lies beside the value.
func checkFor(checks []profile.Check, l profile.Frame) profile.Check {
	for _, c := range checks {
		l.Check = c
		if apart(l) && (c.At < l.Length-len(l.End) || len(l.End) == 0) {
			return c
		}
	}
	return profile.Check{}
}

// reads tells whether a layout reads every lesson as its mass, in nearly all of its
// frames: the load may still have moved in the first.
func reads(f profile.Frame, lessons []Lesson, unit profile.Unit) bool {
	for _, l := range lessons {
		g := grammar{starts: string(f.Start[:1]), parse: custom{f}.parse}
		dec := g.decoder(options{unit, true, -1})
		right, all := 0, 0
		for fr := range dec.Decode(l.Bytes) {
			all++
			if fr.Kind == KindWeight && (decimal{digits: max(fr.Digits, -fr.Digits), decimals: fr.Decimals, negative: fr.Digits < 0}).equals(l.load) {
				right++
			}
		}
		if right < minFrames-1 || right*10 < all*8 {
			return false
		}
	}
	return true
}

// alike tells whether b reads all loads as a does, or only leaves out what is a
// zero of a's in these bytes.
func alike(a, b profile.Frame, lessons []Lesson) bool {
	if a.Coding != b.Coding || a.Reversed != b.Reversed || a.Decimals != b.Decimals {
		return false
	}
	all := cutAll(a, lessons)
	pointed := len(all) > 0 && a.Coding == "ascii" && hasPoint(all[0][a.At:a.At+a.Size])
	switch { // with a point, a zero at either end may be left out as well
	case a.At > b.At || a.At+a.Size < b.At+b.Size:
		return false
	case !pointed && (a.At+a.Size != b.At+b.Size && !a.Reversed || a.At != b.At && a.Reversed):
		return false
	}
	for _, c := range all {
		x, ok1 := custom{a}.value(c)
		y, ok2 := custom{b}.value(c)
		if ok1 && ok2 && !x.equals(y) {
			return false
		}
	}
	return true
}

func (l Lesson) grams(unit profile.Unit) floor.Grams {
	var f Frame
	f.weigh(l.load.digits, l.load.decimals, unit)
	return f.Grams
}

// words says a layout to a person.
func words(f profile.Frame) string {
	s := fmt.Sprintf("%d %s characters from place %d of %d", f.Size, f.Coding, f.At, f.Length)
	if f.Coding != "ascii" {
		s = fmt.Sprintf("%d bytes of %s from place %d of %d", f.Size, f.Coding, f.At, f.Length)
	}
	if f.Reversed {
		s += ", lowest digit first"
	}
	return fmt.Sprintf("%s, %d decimals", s, f.Decimals)
}

// TaughtProfile writes a profile of a taught scale as a site's file holds it, the
// lessons' frames as its examples.
func TaughtProfile(vendor, model, source string, f profile.Frame, lessons []Lesson, unit profile.Unit, line profile.Line) string {
	var w strings.Builder
	capacity := int64(150000)
	for _, l := range lessons {
		capacity = max(capacity, 2*int64(l.grams(unit)))
	}
	hex := func(b []byte) string { return fmt.Sprintf("% x", b) }
	check := "none"
	if f.Check.Rule != "" {
		check = "required"
	}
	fmt.Fprintf(&w, "# Taught from recorded bytes and known masses.\n[[profile]]\nkind = \"scale\"\nvendor = %q\nmodel = %q\nsource = %q\nconfidence = \"field-log\"\n\n", vendor, model, source)
	fmt.Fprintf(&w, "[profile.line]\nbaud = %d\ndata_bits = %d\nparity = %q\nstop_bits = %d\n\n", line.Baud, line.DataBits, line.Parity, line.StopBits)
	fmt.Fprintf(&w, "[profile.scale]\nprotocol = \"custom\"\ndialect = \"frame\"\nunit = %q\nchecksum = %q\ncapacity_g = %d\n", unit, check, capacity)
	fmt.Fprintf(&w, "settle = { frames = 6, over = \"500ms\" }\n\n[profile.scale.frame]\nstart = %q\n", hex(f.Start))
	if len(f.End) > 0 {
		fmt.Fprintf(&w, "end = %q\n", hex(f.End))
	}
	fmt.Fprintf(&w, "length = %d\nat = %d\nsize = %d\ncoding = %q\nreversed = %t\ndecimals = %d\n", f.Length, f.At, f.Size, f.Coding, f.Reversed, f.Decimals)
	if f.Check.Rule != "" {
		fmt.Fprintf(&w, "check = { rule = %q, from = %d, to = %d, at = %d }\n", f.Check.Rule, f.Check.From, f.Check.To, f.Check.At)
	}
	for _, l := range lessons {
		cut := cutOne(f, l.Bytes)
		i := slices.IndexFunc(cut, func(c []byte) bool {
			d, ok := custom{f}.value(c)
			return ok && d.equals(l.load)
		})
		if i < 0 {
			continue
		}
		frame := cut[i]
		if len(f.End) == 0 && f.Check.Rule == "" {
			frame = append(bytes.Clone(frame), f.Start...)
		}
		fmt.Fprintf(&w, "\n[[profile.example]]\nhex = %q\nexpect = \"weight\"\ngrams = %d\nsource = \"recorded with %s %s on the pan\"\n", hex(frame), l.grams(unit), l.Load, unit)
	}
	return w.String()
}
