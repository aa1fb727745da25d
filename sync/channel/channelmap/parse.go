package channelmap

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
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
	p.src, p.at, p.count, p.nodes, p.stack = payload, 0, 0, p.nodes[:0], p.stack[:0]
	p.blanks()
	root, err := p.value(0)
	if err == nil && len(bytes.TrimSpace(payload[p.at:])) > 0 {
		err = errors.New("more than one value")
	}
	if err != nil {
		return Value{}, fmt.Errorf("payload %s of %d bytes is not JSON: %w", Sum(payload)[:12], len(payload), err)
	}
	d := &tree{src: payload, nodes: slices.Clone(p.nodes), shapes: p.shapes}
	return Value{d, &root}, nil
}

// A tree is what a payload says. Its values hold no pointers, so that the tens of
// thousands of a page cost the garbage collector nothing. It is read-only.
type tree struct {
	src    []byte
	nodes  []node   // the items of an array, and the members of an object, lie side by side
	shapes []*shape // that nodes name by number
}

// A node is a value of a tree.
type node struct {
	kind     byte   // 'n' null, 'f', 't', '"', '0', '{', '['
	plain    bool   // of a text, a number or a boolean: its bytes are what it says
	deep     bool   // it is nested too deep, and was not looked into
	spoilt   bool   // a defect stands here or below
	from, to uint32 // where it stands in src
	first    uint32 // of its items in nodes,
	count    uint32 // and how many there are
	shape    uint32 // of an object: its number in shapes
}

// A parser builds the values of documents, one after the other. It remembers the
// shapes of objects: the next order mostly says the same names in the same order.
type parser struct {
	tree         // the one under way; shapes are of all documents
	at    int    // the byte that comes next
	count int    // of values so far
	stack []node // items of the composites under way
	first *turn
	turns int // that were made, by all documents
}

var parsers = sync.Pool{New: func() any { return &parser{first: &turn{shape: -1}} }}

// rest gives the parser back, unless a document has filled it.
func (p *parser) rest() {
	const turns, nodes = 4096, 1 << 16
	if p.turns > turns || cap(p.nodes)+cap(p.stack) > nodes {
		return
	}
	p.src = nil
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
func (p *parser) value(depth int) (v node, err error) {
	if depth <= maxDepth {
		if p.count++; p.count > maxValues {
			return v, fmt.Errorf("more than %d values", maxValues)
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
		v, err = p.composite(c, depth)
	case 't', 'f', 'n':
		v.kind, v.plain = c, true
		err = p.literal(c)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		v.kind, v.plain = '0', true
		err = p.number()
	default:
		err = p.wrong("a value")
	}
	v.from, v.to = uint32(start), uint32(p.at)
	return v, err
}

// composite reads the members of an object or the items of an array. Those of one that
// is nested too deep are only looked at.
func (p *parser) composite(kind byte, depth int) (v node, err error) {
	if depth >= maxNesting {
		return v, fmt.Errorf("nested deeper than %d", maxNesting)
	}
	v.kind, v.deep, v.spoilt = kind, depth >= maxDepth, depth >= maxDepth
	p.at++
	base, end, at := len(p.stack), kind+2, p.first // '}' is '{'+2 and ']' is '['+2
	for begun := false; ; begun = true {
		c := p.blanks()
		if c == end {
			p.at++
			break
		}
		if begun {
			if c != ',' {
				return v, p.wrong("a comma or the end of what began")
			}
			p.at++
			p.blanks()
		}
		if kind == '{' {
			if at, err = p.name(at, !v.deep); err != nil {
				return v, err
			}
			if p.blanks() != ':' {
				return v, p.wrong("a colon")
			}
			p.at++
			p.blanks()
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		if !v.deep {
			v.spoilt = v.spoilt || item.spoilt
			p.stack = append(p.stack, item)
		}
	}
	if kind == '{' && !v.deep {
		if at.shape < 0 {
			at.shape = len(p.shapes)
			p.shapes = append(p.shapes, shapeOf(at.names()))
		}
		v.shape = uint32(at.shape)
		v.spoilt = v.spoilt || p.shapes[at.shape].wrong != ""
	}
	v.first, v.count = uint32(len(p.nodes)), uint32(len(p.stack)-base)
	p.nodes = append(p.nodes, p.stack[base:]...)
	p.stack = p.stack[:base]
	return v, nil
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
	shape int              // of the objects that end here, in shapes; -1 before the first
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
	next := &turn{name: name, up: t, plain: true, shape: -1}
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
