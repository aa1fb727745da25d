package channelmap

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"strings"
)

// A Value is one JSON value with the bytes it came from. Numbers keep their
// text, so neither money nor a number beyond 2^53 ever passes through a float.
type Value struct {
	kind   byte // 'n' null, 'f', 't', '"', '0', '{', '['; 0 for what is not there
	plain  bool // of a text, a number or a boolean: raw has what it says as it is
	deep   bool // it is nested too deep, and was not looked into
	spoilt bool // a defect stands here or below
	shape  *shape
	raw    []byte
	items  []Value // of an array, or the members of an object as shape names them
}

// Sum is the SHA-256 of a payload, hex: what it is called in facts and errors.
func Sum(payload []byte) string {
	h := sha256.Sum256(payload)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], h[:])
	return string(text[:])
}

// Get gives the member of an object; the zero Value if there is none.
func (v *Value) Get(name string) *Value { return v.member(name, maphash.String(seed, name)) }

// member is Get of a name whose hash is known.
func (v *Value) member(name string, hash uint64) *Value {
	if v.shape != nil {
		if i := v.shape.find(name, hash); i >= 0 {
			return &v.items[i]
		}
	}
	return &none
}

var none Value

// Names gives the names of an object's members, in their order.
func (v *Value) Names() []string {
	if v.shape == nil {
		return nil
	}
	return v.shape.names
}

// object makes an object that no payload holds.
func object(raw []byte, names []string, members []Value) Value {
	v := Value{kind: '{', raw: raw, shape: shapeOf(names), items: members}
	for i := range members {
		v.spoilt = v.spoilt || members[i].spoilt
	}
	return v
}

// Raw gives the bytes of the value as they were received.
func (v *Value) Raw() []byte { return v.raw }

// Object reports whether v is an object, Array whether it is an array.
func (v *Value) Object() bool { return v.kind == '{' }
func (v *Value) Array() bool  { return v.kind == '[' }

// holds reports whether something can stand in v: it is an object, an array or nothing.
func (v *Value) holds() bool { return v.Object() || v.Array() || v.Empty() }

// Text gives a string's content, or a number's or boolean's own text; "" for
// everything else.
func (v *Value) Text() string { return string(v.text()) }

// text is Text in bytes that may be those of the payload.
func (v *Value) text() []byte {
	switch v.kind {
	case '"':
		if v.plain {
			return trim(v.raw[1 : len(v.raw)-1])
		}
		return bytes.TrimSpace(unquote(v.raw))
	case '0', 't', 'f':
		return v.raw
	}
	return nil
}

// trim is bytes.TrimSpace. No blank of Unicode begins with a byte above that of the
// ideographic one, U+3000, as nearly all Chinese does.
func trim(b []byte) []byte {
	word := func(c byte) bool { return c > ' ' && c < 0x80 || c > 0xe3 }
	if n := len(b); n > 0 && word(b[0]) && (b[n-1] < 0x80 && word(b[n-1]) || n > 2 && word(b[n-3]) && b[n-3] >= 0x80) {
		return b
	}
	return bytes.TrimSpace(b)
}

// among reports whether the text of v is one of those.
func (v *Value) among(in []string) bool {
	text := v.text()
	for _, x := range in {
		if string(text) == x {
			return true
		}
	}
	return false
}

// clean gives Text without control characters and of at most so many runes, as clean does.
func (v *Value) clean(most int) string {
	text := v.text()
	if v.plain && len(text) <= most {
		return string(text)
	}
	return clean(string(text), most)
}

// Empty reports whether nothing is said: missing, null, blank or without items.
func (v *Value) Empty() bool {
	switch v.kind {
	case '{', '[':
		return len(v.items) == 0 && v.wrong() == ""
	case '"':
		if len(v.raw) > 64 {
			return false // longer than blanks are: spare the copy
		}
	}
	return len(v.text()) == 0
}

// wrong names what is wrong with the value itself: a name said twice, nested too deep.
func (v *Value) wrong() string {
	switch {
	case v.deep:
		return fmt.Sprintf("nested deeper than %d", maxDepth)
	case v.shape != nil:
		return v.shape.wrong
	}
	return ""
}

// Defect names the first thing wrong in v or below, with its path; "" if nothing is.
func (v *Value) Defect() string { return v.defectAt("") }

func (v *Value) defectAt(path string) string {
	if !v.spoilt {
		return ""
	}
	if wrong := v.wrong(); wrong != "" {
		return strings.TrimPrefix(path+": "+wrong, ": ")
	}
	for i := range v.items {
		if item := &v.items[i]; item.spoilt {
			if v.kind == '{' {
				return item.defectAt(strings.TrimPrefix(path+"."+v.shape.names[i], "."))
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
