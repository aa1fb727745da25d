package channelmap

import (
	"bytes"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"time"
)

// A test is one condition of a rule, written "PATH OP VALUES":
//
//	order_status = 1|2        one of the values stands at the path
//	risk_control_status != 1  none of them does (a missing field passes)
//	buyer_memo set            something is said
//	receiver_name empty       nothing is
//	refund[].state outside 0|9  something else than these values is said somewhere
//	pre_sale_time ahead       a time later than now, or nothing said
//	buyer_memo ~ EXPRESSION   the text matches a regular expression (RE2)
type test struct {
	path path
	op   string
	in   []string
	re   *regexp.Regexp
	need []byte // what re matches holds this; empty if nothing is known
	text string // as written
}

func parseTest(s string) (test, error) {
	at, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
	op, values, _ := strings.Cut(strings.TrimSpace(rest), " ")
	values = strings.TrimSpace(values)
	t := test{op: op, text: s}
	var err error
	if t.path, err = parsePath(at); err != nil {
		return t, fmt.Errorf("condition %q: %w", s, err)
	}
	switch op {
	case "set", "empty", "ahead":
		if values != "" {
			return t, fmt.Errorf("condition %q: %q takes no value", s, op)
		}
	case "=", "!=", "outside":
		if values == "" {
			return t, fmt.Errorf("condition %q: %q needs a value", s, op)
		}
		t.in = strings.Split(values, "|")
	case "~":
		if t.re, err = regexp.Compile(values); err != nil || values == "" {
			return t, fmt.Errorf("condition %q: no regular expression: %v", s, err)
		}
		if parsed, err := syntax.Parse(values, syntax.Perl); err == nil {
			t.need = []byte(need(parsed))
		}
	default:
		return t, fmt.Errorf("condition %q: %q is none of = != outside set empty ahead ~", s, op)
	}
	return t, nil
}

// holds reports whether the condition is true of v at that time.
func (t *test) holds(m *Map, v Value, now time.Time) bool {
	switch t.op {
	case "!=", "empty":
		return t.path.each(v, t.misses)
	case "ahead": // A time that cannot be read is ahead: rather held than shipped early.
		said := t.path.first(v)
		at, err := m.parseTime(string(said.text()))
		return err != nil || said.Empty() || at.IsZero() || at.After(now)
	}
	return !t.path.each(v, t.misses)
}

// misses reports whether one value is not what the condition looks for.
func (t *test) misses(v Value) bool {
	switch t.op {
	case "=", "!=":
		return !v.among(t.in)
	case "outside":
		return v.Empty() || v.among(t.in)
	case "~":
		text := v.text() // a look for one word spares most texts the expression
		return !bytes.Contains(text, t.need) || !t.re.Match(text)
	}
	return v.Empty() // set, empty
}

// need gives a text that everything holds which an expression matches; "" if none is
// found.
func need(re *syntax.Regexp) (found string) {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase == 0 {
			return string(re.Rune)
		}
	case syntax.OpCapture, syntax.OpPlus:
		return need(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if s := need(sub); len(s) > len(found) {
				found = s
			}
		}
	case syntax.OpAlternate:
		found = need(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			switch s := need(sub); {
			case strings.Contains(s, found):
			case strings.Contains(found, s):
				found = s
			default:
				return ""
			}
		}
	}
	return found
}

// A rule gives its result when all its conditions hold.
type rule struct {
	is    string
	when  []test
	alone bool // only if no earlier rule of its kind gave a result
}

func anyHolds(rs []rule, m *Map, v Value, now time.Time) bool {
	for i := range rs {
		if rs[i].holds(m, v, now) {
			return true
		}
	}
	return false
}

func (r *rule) holds(m *Map, v Value, now time.Time) bool {
	for i := range r.when {
		if !r.when[i].holds(m, v, now) {
			return false
		}
	}
	return true
}

// field is the path of the rule's first condition, as written: what to look at.
func (r *rule) field() string {
	if len(r.when) == 0 {
		return ""
	}
	f, _, _ := strings.Cut(strings.TrimSpace(r.when[0].text), " ")
	return f
}
