package channelmap

import (
	"fmt"
	"hash/maphash"
	"strings"
)

// A path says where in an order a field stands: names joined by dots; "[]" goes
// through the items of an array, "[name=value]" through those objects whose
// member has one of the values ("|" between them): "order_tag_list[name=ship_hold].value".
type path []step

type step struct {
	name string   // a member, or
	each bool     // the items of an array,
	key  string   // of those only the objects whose member key
	in   []string // is one of these
	hash uint64   // of name or key
}

func parsePath(s string) (path, error) {
	var p path
	for _, part := range strings.Split(s, ".") {
		name, rest, _ := strings.Cut(part, "[")
		if name == "" || strings.ContainsAny(name, " ]=|") {
			return nil, fmt.Errorf("path %q: %q is no name", s, part)
		}
		p = append(p, step{name: name, hash: maphash.String(seed, name)})
		if rest == "" && !strings.HasSuffix(part, "[") {
			continue
		}
		filter, ok := strings.CutSuffix(rest, "]")
		if !ok {
			return nil, fmt.Errorf("path %q: %q lacks its \"]\"", s, part)
		}
		each := step{each: true}
		if filter != "" {
			key, in, ok := strings.Cut(filter, "=")
			if !ok || key == "" || in == "" {
				return nil, fmt.Errorf("path %q: %q is no [name=value]", s, filter)
			}
			each.key, each.in, each.hash = key, strings.Split(in, "|"), maphash.String(seed, key)
		}
		p = append(p, each)
	}
	return p, nil
}

// each calls f with every value at p below v until f says false; each reports
// whether f never did. Null and missing members are passed over.
func (p path) each(v Value, f func(Value) bool) bool {
	for i := range p {
		s := &p[i]
		if !s.each {
			v = v.member(s.name, s.hash)
			continue
		}
		if !v.Array() {
			return true
		}
		items := v.items()
		for k := range items {
			if item := (Value{v.d, &items[k]}); s.takes(item) && !p[i+1:].each(item, f) {
				return false
			}
		}
		return true
	}
	return v.n == nil || v.n.kind == 'n' || f(v)
}

// takes reports whether the step goes through that item of an array.
func (s *step) takes(item Value) bool {
	return s.key == "" || item.member(s.key, s.hash).among(s.in)
}

// first gives the first value at p that says something; the zero Value if none does.
func (p path) first(v Value) (found Value) {
	p.each(v, func(x Value) bool {
		if !x.Empty() {
			found = x
		}
		return found.n == nil
	})
	return found
}

func among(s string, in []string) bool {
	for _, x := range in {
		if s == x {
			return true
		}
	}
	return false
}

// String gives the path as it is written.
func (p path) String() string {
	var b strings.Builder
	for i, s := range p {
		switch {
		case s.each && s.key != "":
			fmt.Fprintf(&b, "[%s=%s]", s.key, strings.Join(s.in, "|"))
		case s.each:
			b.WriteString("[]")
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}
