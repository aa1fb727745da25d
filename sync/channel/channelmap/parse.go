package channelmap

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of a payload. A page of 100 orders is about half a megabyte.
const (
	MaxPayload = 16 << 20 // bytes
	maxDepth   = 24       // of nesting that is looked at
	maxNesting = 10_000   // of nesting at all
	maxValues  = 500_000  // a page of 100 orders has about 15,000
)

// Parse reads one JSON document as RFC 8259 has it. A name said twice, or nesting
// beyond the limit, is noted where it stands and not an error of the document: one odd
// order must not stop the page it came in. Bytes that are no UTF-8 read as U+FFFD.
func Parse(payload []byte) (Value, error) {
	if len(payload) > MaxPayload {
		return Value{}, fmt.Errorf("payload %s of %d bytes: larger than %d", Sum(payload)[:12], len(payload), MaxPayload)
	}
	p := parsers.Get().(*parser)
	defer p.rest()
	p.src, p.at, p.count = payload, 0, 0
	var v Value
	p.blanks()
	err := p.value(&v, 0)
	if err == nil && len(bytes.TrimSpace(payload[p.at:])) > 0 {
		err = errors.New("more than one value")
	}
	if err != nil {
		return Value{}, fmt.Errorf("payload %s of %d bytes is not JSON: %w", Sum(payload)[:12], len(payload), err)
	}
	return v, nil
}

// A parser builds the values of documents, one after the other. It remembers the
// shapes of objects: the next order mostly says the same names in the same order.
type parser struct {
	src   []byte
	at    int // the byte that comes next
	count int // of values so far
	first *turn
	turns int     // that were made, by all documents
	stack []Value // items of the composites under way
	room  []Value // for items of this document
}

var parsers = sync.Pool{New: func() any { return &parser{first: &turn{}} }}

// rest gives the parser back, unless a document has filled it.
func (p *parser) rest() {
	const turns, items = 4096, 1024
	if p.turns > turns || cap(p.stack) > items {
		return
	}
	clear(p.stack) // what a document that is no JSON left there
	p.src, p.stack, p.room = nil, p.stack[:0], nil
	parsers.Put(p)
}

// wrong says where the document is no JSON, and what should stand there.
func (p *parser) wrong(want string) error {
	if p.at >= len(p.src) {
		return fmt.Errorf("it ends at byte %d, where %s should be", p.at, want)
	}
	return fmt.Errorf("byte %d is not %s", p.at, want)
}

// blanks passes blanks and gives the byte behind them, without passing it; 0 at the end.
func (p *parser) blanks() byte {
	for ; p.at < len(p.src); p.at++ {
		switch c := p.src[p.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// value reads the value that begins here.
func (p *parser) value(v *Value, depth int) (err error) {
	if depth <= maxDepth {
		if p.count++; p.count > maxValues {
			return fmt.Errorf("more than %d values", maxValues)
		}
	}
	start := p.at
	var c byte
	if p.at < len(p.src) {
		c = p.src[p.at]
	}
	switch c {
	case '"':
		v.kind = c
		v.plain, err = p.text()
	case '{', '[':
		v.kind = c
		err = p.composite(v, depth)
	case 't', 'f', 'n':
		v.kind, v.plain = c, true
		err = p.literal(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		v.kind, v.plain = '0', true
		err = p.number()
	default:
		err = p.wrong("a value")
	}
	v.raw = p.src[start:p.at:p.at]
	return err
}

// composite reads the members of an object or the items of an array. Those of one that
// is nested too deep are only looked at.
func (p *parser) composite(v *Value, depth int) error {
	if depth >= maxNesting {
		return fmt.Errorf("nested deeper than %d", maxNesting)
	}
	v.deep = depth >= maxDepth
	v.spoilt = v.deep
	p.at++
	base, end, at := len(p.stack), v.kind+2, p.first // '}' is '{'+2 and ']' is '['+2
	var item Value                                   // out here it need not go to the heap
	for begun := false; ; begun = true {
		c := p.blanks()
		if c == end {
			p.at++
			break
		}
		if begun {
			if c != ',' {
				return p.wrong("a comma or the end of what began")
			}
			p.at++
			p.blanks()
		}
		if v.kind == '{' {
			var err error
			if at, err = p.name(at, !v.deep); err != nil {
				return err
			}
			if p.blanks() != ':' {
				return p.wrong("a colon")
			}
			p.at++
			p.blanks()
		}
		item = Value{}
		if err := p.value(&item, depth+1); err != nil {
			return err
		}
		if !v.deep {
			v.spoilt = v.spoilt || item.spoilt
			p.stack = append(p.stack, item)
		}
	}
	if v.kind == '{' && !v.deep {
		if at.shape == nil {
			at.shape = shapeOf(at.names())
		}
		v.shape = at.shape
		v.spoilt = v.spoilt || v.shape.wrong != ""
	}
	v.items = p.keep(base)
	return nil
}

// keep takes the items above base from the stack.
func (p *parser) keep(base int) []Value {
	items := p.stack[base:]
	p.stack = p.stack[:base]
	n := len(items)
	if n > len(p.room) {
		const most, each = 256, 16 // items at a time; bytes that one has, about
		p.room = make([]Value, max(n, min(most, len(p.src)/each)))
	}
	kept := p.room[:n:n]
	p.room = p.room[n:]
	copy(kept, items)
	clear(items)
	return kept
}

// name reads a member's name behind those that led to at.
func (p *parser) name(at *turn, keep bool) (*turn, error) {
	if t := at.last; t != nil && t.plain && keep { // what came there the last time
		if rest := p.src[p.at:]; len(rest) > len(t.name)+1 && rest[0] == '"' && rest[len(t.name)+1] == '"' && string(rest[1:len(t.name)+1]) == t.name {
			p.at += len(t.name) + 2
			return t, nil
		}
	}
	start := p.at
	if start >= len(p.src) || p.src[start] != '"' {
		return at, p.wrong("a name")
	}
	plain, err := p.text()
	if err != nil || !keep {
		return at, err
	}
	raw := p.src[start:p.at]
	name := raw[1 : len(raw)-1]
	if !plain {
		name = unquote(raw)
	}
	t := at.turn(name)
	if t == nil {
		p.turns++
		t = at.add(string(name))
	}
	at.last = t
	return t, nil
}

// stops are the bytes that need a look in a string: quotes, escapes, control
// characters, and all that is not ASCII.
var stops = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' || c == '"' || c == '\\' || c >= 0x7f
	}
	return t
}()

// text passes a string and reports whether what stands between its quotes is what it
// says: without escapes, control characters and bytes that are no UTF-8.
func (p *parser) text() (plain bool, err error) {
	src, i := p.src, p.at+1
	plain = true
	for {
		for i < len(src) && !stops[src[i]] {
			i++
		}
		if p.at = i; i >= len(src) {
			return false, p.wrong("the end of a text")
		}
		switch c := src[i]; {
		case c == '"':
			p.at++
			return plain, nil
		case c >= 0xe1 && c != 0xed && c <= 0xef && i+2 < len(src) && src[i+1]&0xc0 == 0x80 && src[i+2]&0xc0 == 0x80:
			i += 3 // as nearly all Chinese
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(src[i:])
			plain = plain && r >= 0xa0 && (r != utf8.RuneError || n > 1)
			i += n
		case c == 0x7f:
			plain = false
			i++
		case c == '\\':
			plain = false
			n := escape(src[i:])
			if n == 0 {
				return false, p.wrong("an escape sequence")
			}
			i += n
		default:
			return false, p.wrong("a character of a text")
		}
	}
}

// escape gives the length of the escape sequence that b begins with; 0 if it is none.
func escape(b []byte) int {
	switch {
	case len(b) >= 2 && strings.IndexByte(`"\/bfnrt`, b[1]) >= 0:
		return 2
	case len(b) < 6 || b[1] != 'u':
		return 0
	}
	for _, c := range b[2:6] {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return 0
		}
	}
	return 6
}

// literal passes true, false or null, of which c is the first letter.
func (p *parser) literal(c byte) error {
	want := "null"
	switch c {
	case 't':
		want = "true"
	case 'f':
		want = "false"
	}
	if !bytes.HasPrefix(p.src[p.at:], []byte(want)) {
		return p.wrong("a value")
	}
	p.at += len(want)
	return nil
}

// number passes a number.
func (p *parser) number() error {
	if p.src[p.at] == '-' {
		p.at++
	}
	if p.at < len(p.src) && p.src[p.at] == '0' {
		p.at++
	} else if !p.digits() {
		return p.wrong("a digit")
	}
	if p.at < len(p.src) && p.src[p.at] == '.' {
		if p.at++; !p.digits() {
			return p.wrong("a digit")
		}
	}
	if p.at < len(p.src) && p.src[p.at]|0x20 == 'e' {
		if p.at++; p.at < len(p.src) && (p.src[p.at] == '+' || p.src[p.at] == '-') {
			p.at++
		}
		if !p.digits() {
			return p.wrong("a digit")
		}
	}
	return nil
}

// digits passes digits and reports whether there are any.
func (p *parser) digits() bool {
	start := p.at
	for p.at < len(p.src) && p.src[p.at] >= '0' && p.src[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}

// unquote gives the content of a JSON string that the parser has passed. Half an emoji,
// as a platform that cuts by bytes leaves it, reads as U+FFFD, which AppendUnquote also
// calls an error.
func unquote(raw []byte) []byte {
	text, _ := jsontext.AppendUnquote(nil, raw)
	return text
}

// A turn is the next name of an object under way. Turns make a tree: one behind the
// other are the names of an object in their order.
type turn struct {
	name  string
	plain bool // it stands between quotes as it is
	up    *turn
	last  *turn            // the turn that came behind it the last time
	all   map[string]*turn // all of them, once there are two
	shape *shape           // of the objects that end here; nil before the first
}

// turn gives the turn of that name; nil if there was none yet.
func (t *turn) turn(name []byte) *turn {
	if t.all == nil && t.last != nil && t.last.name == string(name) {
		return t.last
	}
	return t.all[string(name)]
}

// add makes the turn of a name that did not come before.
func (t *turn) add(name string) *turn {
	next := &turn{name: name, up: t, plain: true}
	for i := 0; i < len(name); i++ {
		next.plain = next.plain && name[i] >= ' ' && name[i] != '"' && name[i] != '\\'
	}
	if t.all == nil && t.last != nil {
		t.all = map[string]*turn{t.last.name: t.last}
	}
	if t.all != nil {
		t.all[name] = next
	}
	return next
}

// names gives the names up to this turn, in order.
func (t *turn) names() []string {
	n := 0
	for at := t; at.up != nil; at = at.up {
		n++
	}
	names := make([]string, n)
	for at := t; at.up != nil; at = at.up {
		n--
		names[n] = at.name
	}
	return names
}

// A shape is what objects with the same members in the same order have in common. It is
// read-only.
type shape struct {
	names []string
	wrong string  // which name comes twice, in words; "" if none does
	slots []int32 // a hash table: number of a name + 1, or 0
}

var seed = maphash.MakeSeed()

func shapeOf(names []string) *shape {
	size := 2
	for size < 2*len(names) {
		size *= 2
	}
	s := &shape{names: names, slots: make([]int32, size)}
	for i, name := range names {
		hash := maphash.String(seed, name)
		if s.find(name, hash) >= 0 {
			if s.wrong == "" {
				s.wrong = fmt.Sprintf("%q said twice", short(name))
			}
			continue
		}
		for s.slots[hash&uint64(size-1)] != 0 {
			hash++
		}
		s.slots[hash&uint64(size-1)] = int32(i + 1)
	}
	return s
}

// find gives the number of the first member of that name and hash; -1 if there is none.
func (s *shape) find(name string, hash uint64) int {
	for ; ; hash++ {
		n := s.slots[hash&uint64(len(s.slots)-1)]
		if n == 0 {
			return -1
		}
		if s.names[n-1] == name {
			return int(n - 1)
		}
	}
}
