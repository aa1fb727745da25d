package channelmap

import (
	"fmt"
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
}

func parsePath(s string) (path, error) {
	var p path
	for _, part := range strings.Split(s, ".") {
		name, rest, _ := strings.Cut(part, "[")
		if name == "" || strings.ContainsAny(name, " ]=|") {
			return nil, fmt.Errorf("path %q: %q is no name", s, part)
		}
		p = append(p, step{name: name})
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
			each.key, each.in = key, strings.Split(in, "|")
		}
		p = append(p, each)
	}
	return p, nil
}

// each calls f with every value at p below v until f says false; each reports
// whether f never did. Null and missing members are passed over.
func (p path) each(v *Value, f func(*Value) bool) bool {
	if v.kind == 0 || v.kind == 'n' {
		return true
	}
	if len(p) == 0 {
		return f(v)
	}
	s := p[0]
	if !s.each {
		return p[1:].each(v.Get(s.name), f)
	}
	if !v.Array() {
		return true
	}
	for i := range v.items {
		item := &v.items[i]
		if s.key != "" && !among(item.Get(s.key).Text(), s.in) {
			continue
		}
		if !p[1:].each(item, f) {
			return false
		}
	}
	return true
}

// first gives the first value at p that says something; the zero Value if none does.
func (p path) first(v *Value) *Value {
	found := &none
	p.each(v, func(v *Value) bool {
		if v.Empty() {
			return true
		}
		found = v
		return false
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
