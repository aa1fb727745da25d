package channelmap

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// A Value is one JSON value with the bytes it came from. Numbers keep their
// text, so neither money nor a number beyond 2^53 ever passes through a float.
// The zero Value is what is not there.
type Value struct {
	d *tree
	n *node
}

// kind is the first character of the value, '0' of all numbers; 0 of what is not there.
func (v Value) kind() byte {
	if v.n == nil {
		return 0
	}
	return v.n.kind
}

// items gives the items of an array, or the members of an object.
func (v Value) items() []node {
	if v.n == nil {
		return nil
	}
	return v.d.nodes[v.n.first:][:v.n.count]
}

// shape is that of an object that was looked into; nil of all else.
func (v Value) shape() *shape {
	if v.n == nil || v.n.kind != '{' || v.n.deep {
		return nil
	}
	return v.d.shapes[v.n.shape]
}

// Sum is the SHA-256 of a payload, hex: what it is called in facts and errors.
func Sum(payload []byte) string {
	h := sha256.Sum256(payload)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], h[:])
	return string(text[:])
}

// Get gives the member of an object; the zero Value if there is none.
func (v Value) Get(name string) Value { return v.member(name, maphash.String(seed, name)) }

// member is Get of a name whose hash is known.
func (v Value) member(name string, hash uint64) Value {
	if shape := v.shape(); shape != nil {
		if i := shape.find(name, hash); i >= 0 {
			return Value{v.d, &v.d.nodes[int(v.n.first)+i]}
		}
	}
	return Value{}
}

// Names gives the names of an object's members, in their order.
func (v Value) Names() []string {
	if shape := v.shape(); shape != nil {
		return shape.names
	}
	return nil
}

// Raw gives the bytes of the value as they were received.
func (v Value) Raw() []byte {
	if v.n == nil {
		return nil
	}
	return v.d.src[v.n.from:v.n.to:v.n.to]
}

// Object reports whether v is an object, Array whether it is an array.
func (v Value) Object() bool { return v.kind() == '{' }
func (v Value) Array() bool  { return v.kind() == '[' }

// holds reports whether something can stand in v: it is an object, an array or nothing.
func (v Value) holds() bool { return v.Object() || v.Array() || v.Empty() }

// Text gives a string's content, or a number's or boolean's own text; "" for
// everything else.
func (v Value) Text() string { return string(v.text()) }

// text is Text in bytes that may be those of the payload.
func (v Value) text() []byte {
	switch v.kind() {
	case '"':
		if v.n.plain {
			return trim(v.d.src[v.n.from+1 : v.n.to-1])
		}
		return bytes.TrimSpace(unquote(v.Raw()))
	case '0', 't', 'f':
		return v.Raw()
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
func (v Value) among(in []string) bool {
	text := v.text()
	for _, x := range in {
		if string(text) == x {
			return true
		}
	}
	return false
}

// clean gives Text without control characters and of at most so many runes, as clean does.
func (v Value) clean(most int) string {
	text := v.text()
	if len(text) == 0 || v.n.plain && len(text) <= most {
		return string(text)
	}
	return clean(string(text), most)
}

// Empty reports whether nothing is said: missing, null, blank or without items.
func (v Value) Empty() bool {
	switch v.kind() {
	case '{', '[':
		return v.n.count == 0 && v.wrong() == ""
	case '"':
		if v.n.to-v.n.from > 64 {
			return false // longer than blanks are: spare the copy
		}
	}
	return len(v.text()) == 0
}

// wrong names what is wrong with the value itself: a name said twice, nested too deep.
func (v Value) wrong() string {
	if v.n != nil && v.n.deep {
		return fmt.Sprintf("nested deeper than %d", maxDepth)
	}
	if shape := v.shape(); shape != nil {
		return shape.wrong
	}
	return ""
}

// Defect names the first thing wrong in v or below, with its path; "" if nothing is.
func (v Value) Defect() string { return v.defectAt("") }

func (v Value) defectAt(path string) string {
	if v.n == nil || !v.n.spoilt {
		return ""
	}
	if wrong := v.wrong(); wrong != "" {
		return strings.TrimPrefix(path+": "+wrong, ": ")
	}
	items := v.items()
	i := slices.IndexFunc(items, func(item node) bool { return item.spoilt })
	if v.Object() {
		path = strings.TrimPrefix(path+"."+v.Names()[i], ".")
	} else {
		path = fmt.Sprintf("%s[%d]", path, i)
	}
	return Value{v.d, &items[i]}.defectAt(path)
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
