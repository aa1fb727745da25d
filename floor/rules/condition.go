package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// A condition is an expression over a struct that is true or false.
type condition struct {
	program *vm.Program
	quick   truth // says the same without expr's machine; nil: only the program can say
}

// compile checks an expression over env, a struct. What depends on the clock of the
// machine would decide twice differently.
func compile(when string, env any) (*condition, error) {
	p, err := expr.Compile(when, expr.Env(env), expr.AsBool(), expr.DisableBuiltin("now"), expr.MaxNodes(500))
	if err != nil {
		first, _, _ := bytes.Cut([]byte(err.Error()), []byte("\n"))
		return nil, fmt.Errorf("when: %s", first)
	}
	c := &condition{program: p}
	c.quick, _ = (&reader{env: reflect.TypeOf(env)}).read(p.Node()).(truth)
	return c, nil
}

// A scene is what conditions are asked about, one after the other.
type scene struct {
	about any              // a pointer to a struct
	frame [2]reflect.Value // the struct, and the item of its list that is looked at
	texts []string
	vm    *vm.VM
}

func newScene(about any) scene {
	return scene{about: about, frame: [2]reflect.Value{reflect.ValueOf(about).Elem()}}
}

// holds reports whether c is true; no condition always is.
func (s *scene) holds(c *condition) (bool, error) {
	switch {
	case c == nil:
		return true, nil
	case c.quick != nil:
		return c.quick(s), nil
	}
	if s.vm == nil {
		s.vm = &vm.VM{}
	}
	v, err := s.vm.Run(c.program, s.about)
	yes, _ := v.(bool)
	return yes, err
}

// The kinds of values that a quick condition knows. Whole numbers are int, as expr
// makes them. None of them can fail, or need more memory than the order itself:
// that keeps expr's own limits out of reach.
type (
	truth  func(*scene) bool
	number func(*scene) int
	text   func(*scene) string
	moment func(*scene) time.Time
	span   func(*scene) time.Duration
	texts  func(*scene) []string // valid until the next list is made
	list   struct {
		of reflect.Type
		at func(*scene) reflect.Value
	}
)

// A reader turns the tree that expr has checked into one of those, or into nil: what
// it does not know is the machine's. It knows what rules ask most, each form just as
// the machine takes it.
type reader struct {
	env  reflect.Type
	item reflect.Type // inside of any(list, ...), else nil
}

func (r *reader) read(n ast.Node) any {
	switch n := n.(type) {
	case *ast.BoolNode:
		return truth(func(*scene) bool { return n.Value })
	case *ast.IntegerNode:
		if t := n.Type(); t == nil || t.Kind() == reflect.Int || t.Kind() == reflect.Int64 {
			return number(func(*scene) int { return n.Value })
		}
	case *ast.StringNode:
		return text(func(*scene) string { return n.Value })
	case *ast.ConstantNode:
		return n.Value
	case *ast.IdentifierNode:
		return field(r.env, 0, n.Value)
	case *ast.PointerNode:
		if n.Name == "" && r.item == reflect.TypeFor[string]() {
			return text(func(s *scene) string { return s.frame[1].String() })
		}
	case *ast.MemberNode:
		of, isItem := n.Node.(*ast.PointerNode)
		name, isName := n.Property.(*ast.StringNode)
		if isItem && isName && of.Name == "" && r.item != nil && r.item.Kind() == reflect.Struct {
			return field(r.item, 1, name.Value)
		}
	case *ast.CallNode:
		if of, ok := n.Callee.(*ast.MemberNode); ok && of.Property.String() == `"Unix"` && len(n.Arguments) == 0 {
			if a, ok := r.read(of.Node).(moment); ok {
				return number(func(s *scene) int { return int(a(s).Unix()) })
			}
		}
	case *ast.UnaryNode:
		if a, ok := r.read(n.Node).(truth); ok && (n.Operator == "!" || n.Operator == "not") {
			return truth(func(s *scene) bool { return !a(s) })
		}
	case *ast.BinaryNode:
		return binary(n.Operator, r.read(n.Left), r.read(n.Right))
	case *ast.ConditionalNode:
		is, ok := r.read(n.Cond).(truth)
		a, isText := r.read(n.Exp1).(text)
		b, areTexts := r.read(n.Exp2).(text)
		if ok && isText && areTexts {
			return text(func(s *scene) string {
				if is(s) {
					return a(s)
				}
				return b(s)
			})
		}
	case *ast.BuiltinNode:
		return r.builtin(n)
	}
	return nil
}

// field reads the field of that name in a struct of type t, which stands in frame f.
func field(t reflect.Type, f int, name string) any {
	for i := range t.NumField() {
		x := t.Field(i)
		if x.Tag.Get("expr") != name {
			continue
		}
		switch x.Type {
		case reflect.TypeFor[bool]():
			return truth(func(s *scene) bool { return s.frame[f].Field(i).Bool() })
		case reflect.TypeFor[int](), reflect.TypeFor[int64]():
			return number(func(s *scene) int { return int(s.frame[f].Field(i).Int()) })
		case reflect.TypeFor[string]():
			return text(func(s *scene) string { return s.frame[f].Field(i).String() })
		case reflect.TypeFor[time.Time]():
			return moment(func(s *scene) time.Time { return *s.frame[f].Field(i).Addr().Interface().(*time.Time) })
		}
		if x.Type.Kind() == reflect.Slice {
			return list{x.Type.Elem(), func(s *scene) reflect.Value { return s.frame[f].Field(i) }}
		}
	}
	return nil
}

func binary(op string, a, b any) any {
	switch a := a.(type) {
	case truth:
		if b, ok := b.(truth); ok {
			switch op {
			case "&&", "and":
				return truth(func(s *scene) bool { return a(s) && b(s) })
			case "||", "or":
				return truth(func(s *scene) bool { return a(s) || b(s) })
			case "==":
				return truth(func(s *scene) bool { return a(s) == b(s) })
			case "!=":
				return truth(func(s *scene) bool { return a(s) != b(s) })
			}
		}
	case number:
		switch b := b.(type) {
		case number:
			switch op {
			case "+":
				return number(func(s *scene) int { return a(s) + b(s) })
			case "-":
				return number(func(s *scene) int { return a(s) - b(s) })
			case "*":
				return number(func(s *scene) int { return a(s) * b(s) })
			}
			return compare(op, a, b)
		case map[int]struct{}:
			return truth(func(s *scene) bool { _, in := b[a(s)]; return in }) // expr makes it for "in" only
		}
	case text:
		switch b := b.(type) {
		case text:
			return ofTexts(op, a, b)
		case map[string]struct{}:
			return truth(func(s *scene) bool { _, in := b[a(s)]; return in })
		case list:
			if op == "in" && b.of == reflect.TypeFor[string]() {
				return truth(func(s *scene) bool {
					x, v := a(s), b.at(s)
					for i := range v.Len() {
						if v.Index(i).String() == x {
							return true
						}
					}
					return false
				})
			}
		case texts:
			if op == "in" {
				return truth(func(s *scene) bool { return slices.Contains(b(s), a(s)) })
			}
		}
	case moment:
		switch b := b.(type) {
		case moment:
			if op == "-" {
				return span(func(s *scene) time.Duration { return a(s).Sub(b(s)) })
			}
			return compare(op, func(s *scene) int { return a(s).Compare(b(s)) }, func(*scene) int { return 0 })
		case span:
			switch op {
			case "+":
				return moment(func(s *scene) time.Time { return a(s).Add(b(s)) })
			case "-":
				return moment(func(s *scene) time.Time { return a(s).Add(-b(s)) })
			}
		}
	case span:
		if b, ok := b.(span); ok {
			return compare(op, a, b)
		}
	}
	return nil
}

func compare[T cmp.Ordered](op string, a, b func(*scene) T) any {
	switch op {
	case "==":
		return truth(func(s *scene) bool { return a(s) == b(s) })
	case "!=":
		return truth(func(s *scene) bool { return a(s) != b(s) })
	case "<":
		return truth(func(s *scene) bool { return a(s) < b(s) })
	case "<=":
		return truth(func(s *scene) bool { return a(s) <= b(s) })
	case ">":
		return truth(func(s *scene) bool { return a(s) > b(s) })
	case ">=":
		return truth(func(s *scene) bool { return a(s) >= b(s) })
	}
	return nil
}

func ofTexts(op string, a, b text) any {
	switch op {
	case "+":
		return text(func(s *scene) string { return a(s) + b(s) })
	case "contains":
		return truth(func(s *scene) bool { return strings.Contains(a(s), b(s)) })
	case "startsWith":
		return truth(func(s *scene) bool { return strings.HasPrefix(a(s), b(s)) })
	case "endsWith":
		return truth(func(s *scene) bool { return strings.HasSuffix(a(s), b(s)) })
	}
	return compare(op, a, b)
}

func (r *reader) builtin(n *ast.BuiltinNode) any {
	switch a := r.read(n.Arguments[0]).(type) {
	case text:
		switch n.Name {
		case "len":
			return number(func(s *scene) int { return utf8.RuneCountInString(a(s)) })
		case "duration":
			word, ok := n.Arguments[0].(*ast.StringNode)
			if !ok {
				return nil
			}
			if d, err := time.ParseDuration(word.Value); err == nil {
				return span(func(*scene) time.Duration { return d })
			}
		}
	case texts:
		switch n.Name {
		case "len":
			return number(func(s *scene) int { return len(a(s)) })
		case "uniq":
			return texts(func(s *scene) []string {
				all := a(s)
				once := all[:0]
				for _, x := range all {
					if !slices.Contains(once, x) {
						once = append(once, x)
					}
				}
				return once
			})
		}
	case list:
		if n.Name == "len" {
			return number(func(s *scene) int { return a.at(s).Len() })
		}
		return r.each(n, a)
	}
	return nil
}

// each reads what is asked of every item of a list.
func (r *reader) each(n *ast.BuiltinNode, a list) any {
	if r.item != nil || len(n.Arguments) != 2 {
		return nil
	}
	p, ok := n.Arguments[1].(*ast.PredicateNode)
	if !ok {
		return nil
	}
	switch ask := (&reader{r.env, a.of}).read(p.Node).(type) {
	case truth:
		// first reports whether an item is found that says so.
		first := func(s *scene, so bool) bool {
			v := a.at(s)
			for i := range v.Len() {
				if s.frame[1] = v.Index(i); ask(s) == so {
					return true
				}
			}
			return false
		}
		switch n.Name {
		case "any":
			return truth(func(s *scene) bool { return first(s, true) })
		case "none":
			return truth(func(s *scene) bool { return !first(s, true) })
		case "all":
			return truth(func(s *scene) bool { return !first(s, false) })
		}
	case text:
		if n.Name == "map" {
			return texts(func(s *scene) []string {
				v := a.at(s)
				s.texts = slices.Grow(s.texts[:0], v.Len())
				for i := range v.Len() {
					s.frame[1] = v.Index(i)
					s.texts = append(s.texts, ask(s))
				}
				return s.texts
			})
		}
	}
	return nil
}
