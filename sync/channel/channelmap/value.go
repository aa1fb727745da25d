package channelmap

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	maxValues  = 500_000  // a page of 100 orders has about 15,000
)

// A Value is one JSON value with the bytes it came from. Numbers keep their
// text, so neither money nor a number beyond 2^53 ever passes through a float.
type Value struct {
	kind   jsontext.Kind // 'n' null, 'f', 't', '"', '0', '{', '['; 0 for what is not there
	spoilt bool          // a defect stands here or below
	name   string        // as a member of an object
	raw    []byte
	items  []Value // of an array, or the members of an object
	defect string  // what is wrong here: a name said twice, nested too deep
}

// Parse reads one JSON document. A name said twice, or nesting beyond the limit,
// is noted where it stands and not an error of the document: one odd order must
// not stop the page it came in. Bytes that are no UTF-8 read as U+FFFD.
func Parse(payload []byte) (Value, error) {
	if len(payload) > MaxPayload {
		return Value{}, fmt.Errorf("payload %s of %d bytes: larger than %d", Sum(payload)[:12], len(payload), MaxPayload)
	}
	p := parsers.Get().(*parser)
	defer p.rest()
	p.src, p.count = payload, 0
	p.dec.Reset(bytes.NewBuffer(payload), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v, err := p.value(0)
	if err == nil {
		_, end := p.dec.ReadToken()
		if end == nil || len(bytes.TrimSpace(payload[p.dec.InputOffset():])) > 0 {
			err = fmt.Errorf("more than one value")
		}
	}
	if err != nil {
		return Value{}, fmt.Errorf("payload %s of %d bytes is not JSON: %w", Sum(payload)[:12], len(payload), err)
	}
	return v, nil
}

// Sum is the SHA-256 of a payload, hex: what it is called in facts and errors.
func Sum(payload []byte) string {
	h := sha256.Sum256(payload)
	return hex.EncodeToString(h[:])
}

// A parser builds the values of documents, one after the other. Names are kept once
// each, since every order says the same ones.
type parser struct {
	src   []byte
	dec   *jsontext.Decoder
	count int // of values so far
	names map[string]int
	texts []string // by number of the name
	last  []int    // the object that said the name last, by number of the name
	nth   int      // objects so far, of all documents
	stack []Value  // items of the composites under way
}

var parsers = sync.Pool{New: func() any { return &parser{names: map[string]int{}, dec: new(jsontext.Decoder)} }}

// rest gives the parser back, unless a document has filled it.
func (p *parser) rest() {
	const names, items = 2048, 1024
	if len(p.texts) > names {
		return
	}
	if cap(p.stack) > items {
		p.stack = nil
	}
	clear(p.stack[:cap(p.stack)])
	p.src, p.stack = nil, p.stack[:0]
	parsers.Put(p)
}

func (p *parser) value(depth int) (Value, error) {
	if p.count++; p.count > maxValues {
		return Value{}, fmt.Errorf("more than %d values", maxValues)
	}
	v := Value{kind: p.dec.PeekKind()}
	start := p.start()
	switch {
	case v.kind != '{' && v.kind != '[':
		if _, err := p.dec.ReadToken(); err != nil {
			return v, err
		}
	case depth >= maxDepth:
		if err := p.dec.SkipValue(); err != nil {
			return v, err
		}
		v.defect, v.spoilt = fmt.Sprintf("nested deeper than %d", maxDepth), true
	default:
		if err := p.composite(&v, depth); err != nil {
			return v, err
		}
	}
	end := p.dec.InputOffset()
	v.raw = p.src[start:end:end]
	return v, nil
}

// composite reads the members of an object or the items of an array.
func (p *parser) composite(v *Value, depth int) error {
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	p.nth++
	object, base := p.nth, len(p.stack)
	for p.dec.PeekKind() != v.kind+2 { // '}' is '{'+2 and ']' is '['+2
		var name string
		if v.kind == '{' {
			n, err := p.name()
			if err != nil {
				return err
			}
			name = p.texts[n]
			if p.last[n] == object && v.defect == "" {
				v.defect, v.spoilt = fmt.Sprintf("%q said twice", short(name)), true
			}
			p.last[n] = object
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		item.name = name
		v.spoilt = v.spoilt || item.spoilt
		p.stack = append(p.stack, item)
	}
	if len(p.stack) > base {
		v.items = slices.Clone(p.stack[base:])
		p.stack = p.stack[:base]
	}
	_, err := p.dec.ReadToken()
	return err
}

// name reads a member's name and gives its number.
func (p *parser) name() (int, error) {
	p.dec.PeekKind()
	start := p.start()
	if _, err := p.dec.ReadToken(); err != nil {
		return 0, err
	}
	text := unquote(p.src[start:p.dec.InputOffset()])
	n, known := p.names[string(text)]
	if !known {
		n = len(p.texts)
		p.texts, p.last = append(p.texts, string(text)), append(p.last, 0)
		p.names[p.texts[n]] = n
	}
	return n, nil
}

// unquote gives the content of a JSON string that the decoder has passed; it may
// share raw's bytes. Half an emoji, as a platform that cuts by bytes leaves it,
// reads as U+FFFD, which AppendUnquote also calls an error.
func unquote(raw []byte) []byte {
	if len(raw) >= 2 && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return raw[1 : len(raw)-1]
	}
	text, _ := jsontext.AppendUnquote(nil, raw)
	return text
}

// start is where the value that comes next begins: after the last token, and
// after the blanks, comma or colon that follow it.
func (p *parser) start() int64 {
	at := p.dec.InputOffset()
	for at < int64(len(p.src)) {
		switch p.src[at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			at++
		default:
			return at
		}
	}
	return at
}

// Get gives the member of an object; the zero Value if there is none.
func (v *Value) Get(name string) *Value {
	if v.kind == '{' {
		for i := range v.items {
			if v.items[i].name == name {
				return &v.items[i]
			}
		}
	}
	return &none
}

var none Value

// Name is the name v has as a member of an object.
func (v *Value) Name() string { return v.name }

// Items gives the items of an array, or the members of an object.
func (v *Value) Items() []Value { return v.items }

// Raw gives the bytes of the value as they were received.
func (v *Value) Raw() []byte { return v.raw }

// Object reports whether v is an object, Array whether it is an array.
func (v *Value) Object() bool { return v.kind == '{' }
func (v *Value) Array() bool  { return v.kind == '[' }

// holds reports whether something can stand in v: it is an object, an array or nothing.
func (v *Value) holds() bool { return v.Object() || v.Array() || v.Empty() }

// Text gives a string's content, or a number's or boolean's own text; "" for
// everything else.
func (v *Value) Text() string {
	switch v.kind {
	case '"':
		return strings.TrimSpace(string(unquote(v.raw)))
	case '0', 't', 'f':
		return string(v.raw)
	}
	return ""
}

// Empty reports whether nothing is said: missing, null, blank or without items.
func (v *Value) Empty() bool {
	switch v.kind {
	case '{', '[':
		return len(v.items) == 0 && v.defect == ""
	case '"':
		if len(v.raw) > 64 {
			return false // longer than blanks are: spare the copy
		}
	}
	return v.Text() == ""
}

// Defect names the first thing wrong in v or below, with its path; "" if nothing is.
func (v *Value) Defect() string { return v.defectAt("") }

func (v *Value) defectAt(path string) string {
	if v.defect != "" {
		return strings.TrimPrefix(path+": "+v.defect, ": ")
	}
	for i := range v.items {
		if item := &v.items[i]; item.spoilt {
			if v.kind == '{' {
				return item.defectAt(strings.TrimPrefix(path+"."+item.name, "."))
			}
			return item.defectAt(fmt.Sprintf("%s[%d]", path, i))
		}
	}
	return ""
}

// short cuts text that is shown in a sentence.
func short(s string) string {
	const most = 40
	r := []rune(s)
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
