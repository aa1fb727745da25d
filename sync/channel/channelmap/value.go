package channelmap

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

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
	kind   jsontext.Kind // 'n' null, 'f', 't', '"', '0', '{', '['
	raw    []byte
	text   string // of a string, decoded
	names  []string
	items  []Value
	defect string // what is wrong here: a name said twice, nested too deep
}

// Parse reads one JSON document. A name said twice, or nesting beyond the limit,
// is noted where it stands and not an error of the document: one odd order must
// not stop the page it came in. Bytes that are no UTF-8 read as U+FFFD.
func Parse(payload []byte) (Value, error) {
	if len(payload) > MaxPayload {
		return Value{}, fmt.Errorf("payload %s of %d bytes: larger than %d", Sum(payload)[:12], len(payload), MaxPayload)
	}
	p := parser{src: payload, dec: jsontext.NewDecoder(bytes.NewBuffer(payload),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}
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

type parser struct {
	src   []byte
	dec   *jsontext.Decoder
	count int // of values so far
}

func (p *parser) value(depth int) (Value, error) {
	if p.count++; p.count > maxValues {
		return Value{}, fmt.Errorf("more than %d values", maxValues)
	}
	kind := p.dec.PeekKind()
	start := p.start()
	v := Value{kind: kind}
	switch {
	case kind != '{' && kind != '[':
		tok, err := p.dec.ReadToken()
		if err != nil {
			return v, err
		}
		v.kind = tok.Kind()
		if v.kind == '"' {
			v.text = tok.String()
		}
	case depth >= maxDepth:
		if err := p.dec.SkipValue(); err != nil {
			return v, err
		}
		v.defect = fmt.Sprintf("nested deeper than %d", maxDepth)
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
	for p.dec.PeekKind() != v.kind+2 { // '}' is '{'+2 and ']' is '['+2
		if v.kind == '{' {
			name, err := p.dec.ReadToken()
			if err != nil {
				return err
			}
			v.names = append(v.names, name.String())
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	if name, twice := duplicate(v.names); twice {
		v.defect = fmt.Sprintf("%q said twice", short(name))
	}
	return nil
}

// start is where the value that comes next begins: after the last token, and
// after the blanks, comma or colon that follow it.
func (p *parser) start() int64 {
	at := p.dec.InputOffset()
	for at < int64(len(p.src)) && strings.IndexByte(" \t\r\n,:", p.src[at]) >= 0 {
		at++
	}
	return at
}

func duplicate(names []string) (string, bool) {
	if len(names) < 16 {
		for i, a := range names {
			for _, b := range names[:i] {
				if a == b {
					return a, true
				}
			}
		}
		return "", false
	}
	seen := make(map[string]struct{}, len(names))
	for _, n := range names {
		if _, ok := seen[n]; ok {
			return n, true
		}
		seen[n] = struct{}{}
	}
	return "", false
}

// Get gives the member of an object; the zero Value if there is none.
func (v *Value) Get(name string) *Value {
	for i := range v.names {
		if v.names[i] == name {
			return &v.items[i]
		}
	}
	return &none
}

var none Value

// Names gives the member names of an object in their order.
func (v *Value) Names() []string { return v.names }

// Items gives the items of an array, or the members of an object.
func (v *Value) Items() []Value { return v.items }

// Raw gives the bytes of the value as they were received.
func (v *Value) Raw() []byte { return v.raw }

// Object reports whether v is an object, Array whether it is an array.
func (v *Value) Object() bool { return v.kind == '{' }
func (v *Value) Array() bool  { return v.kind == '[' }

// Text gives a string's content, or a number's or boolean's own text; "" for
// everything else.
func (v *Value) Text() string {
	switch v.kind {
	case '"':
		return strings.TrimSpace(v.text)
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
		at := fmt.Sprintf("%s[%d]", path, i)
		if v.kind == '{' {
			at = strings.TrimPrefix(path+"."+v.names[i], ".")
		}
		if v.items[i].kind == '{' || v.items[i].kind == '[' {
			if d := v.items[i].defectAt(at); d != "" {
				return d
			}
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
