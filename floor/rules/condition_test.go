package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/expr-lang/expr/vm"
	"pgregory.net/rapid"

	"floord/floor"
)

var (
	someTexts  = []string{"", "a", "b", "ab", "冰皮月饼", "urgent", "İ", "\xff"}
	someNotes  = []string{"赠品", "加急", "刻字", "不要", "别", "忘", "了", "的", "gift wrap", "GIFT WRAP", "fragile", "fragil", "no ", "，", "!", "😀", "免费", "x", "等", "我通知", "\xff", "İ", "K", " "}
	someTimes  = []time.Time{{}, time.Unix(0, 0), time.Unix(1790000000, 5), time.Unix(1790000000, 5).UTC(), time.Unix(1790000600, 5), time.Unix(1790700000, 0)}
	someNumber = []int{0, 1, 2, 3, -1, 50, 300, 1 << 40}
)

// anOrder draws an order in which values are often alike.
func anOrder(t *rapid.T) *Order {
	o := &Order{}
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch x := v.Addr().Interface().(type) {
		case *bool:
			*x = rapid.Bool().Draw(t, "bool")
		case *int:
			*x = rapid.SampledFrom(someNumber).Draw(t, "int")
		case *int64:
			*x = int64(rapid.SampledFrom(someNumber).Draw(t, "int64"))
		case *string:
			*x = rapid.SampledFrom(someTexts).Draw(t, "text")
		case *time.Time:
			*x = rapid.SampledFrom(someTimes).Draw(t, "time")
		case *[]string:
			*x = rapid.SliceOfN(rapid.SampledFrom(someTexts), 0, 3).Draw(t, "texts")
		case *[]Line:
			*x = make([]Line, rapid.IntRange(0, 4).Draw(t, "lines"))
			for i := range *x {
				fill(v.Index(i))
			}
		default:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		}
	}
	fill(reflect.ValueOf(o).Elem())
	return o
}

func aNote(t *rapid.T) string {
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(someNotes), 0, 12).Draw(t, "note"), "")
}

// anAsker draws expressions of the forms that are quick.
type anAsker struct {
	*rapid.T
	line bool // inside of any(lines, ...)
}

func (t anAsker) of(forms ...string) string { return rapid.SampledFrom(forms).Draw(t.T, "form") }

func (t anAsker) text() string {
	forms := []string{`"a"`, `"ab"`, `""`, `"冰"`, "province", "city", "buyer_note", "channel"}
	if t.line {
		forms = append(forms, ".sku", ".name", ".spec")
	}
	switch t.of("one", "one", "one", "sum", "either") {
	case "sum":
		return fmt.Sprintf("(%s + %s)", t.of(forms...), t.of(forms...))
	case "either":
		return fmt.Sprintf(`(%s ? %s : %s)`, t.of("masked", "merges"), t.of(forms...), t.of(forms...))
	}
	return t.of(forms...)
}

func (t anAsker) number() string {
	forms := []string{"0", "1", "50", "1_000", "-1", "pieces", "grams", "pay_fen", "detail_runes", "len(lines)", "len(flags)", "len(buyer_note)", "paid_at.Unix()"}
	if t.line {
		forms = append(forms, ".qty", ".grams")
	}
	switch t.of("one", "one", "sum", "distinct") {
	case "sum":
		return fmt.Sprintf("(%s %s %s)", t.of(forms...), t.of("+", "-", "*"), t.of(forms...))
	case "distinct":
		if !t.line {
			return fmt.Sprintf("len(%s)", t.of("uniq(map(lines, .sku))", `uniq(map(lines, .name + (.gift ? "|" : "")))`, "map(flags, # + city)"))
		}
	}
	return t.of(forms...)
}

func (t anAsker) moment() string {
	at := t.of("now", "paid_at", "ship_by", "created_at")
	return t.of(at, at+` + duration("10m")`, at+` - duration("168h")`)
}

func (t anAsker) truth(deep int) string {
	order := func() string { return t.of("==", "!=", "<", "<=", ">", ">=") }
	forms := []string{"field", "texts", "numbers", "moments", "spans", "in", "inTexts", "inNumbers"}
	if deep > 0 {
		forms = append(forms, "and", "or", "not", "alike", "and", "or", "not")
		if !t.line {
			forms = append(forms, "each", "each", "each")
		}
	}
	switch t.of(forms...) {
	case "texts":
		return fmt.Sprintf("%s %s %s", t.text(), t.of(order(), "contains", "startsWith", "endsWith"), t.text())
	case "numbers":
		return fmt.Sprintf("%s %s %s", t.number(), order(), t.number())
	case "moments":
		return fmt.Sprintf("%s %s %s", t.moment(), order(), t.moment())
	case "spans":
		return fmt.Sprintf(`%s - %s %s duration("%s")`, t.of("now", "ship_by"), t.of("paid_at", "created_at"), order(), t.of("0s", "10m", "168h"))
	case "in":
		return fmt.Sprintf("%s in %s", t.text(), t.of("flags", "holds"))
	case "inTexts":
		return fmt.Sprintf(`%s %s ["a", "冰", ""]`, t.text(), t.of("in", "not in"))
	case "inNumbers":
		return t.of("pieces", "detail_runes") + " in " + t.of("[1, 2, 50]", "1..3")
	case "and":
		return fmt.Sprintf("(%s) %s (%s)", t.truth(deep-1), t.of("&&", "and"), t.truth(deep-1))
	case "or":
		return fmt.Sprintf("(%s) %s (%s)", t.truth(deep-1), t.of("||", "or"), t.truth(deep-1))
	case "not":
		return fmt.Sprintf("%s (%s)", t.of("!", "not "), t.truth(deep-1))
	case "alike":
		return fmt.Sprintf("(%s) %s (%s)", t.truth(deep-1), t.of("==", "!="), t.truth(deep-1))
	case "each":
		return fmt.Sprintf("%s(lines, %s)", t.of("any", "all", "none"), anAsker{t.T, true}.truth(deep-1))
	}
	if t.line {
		return t.of(".gift", ".known", "masked")
	}
	return t.of("masked", "says_pay", `any(flags, # == "a")`, `none(holds, # contains "b")`, "true")
}

// What a quick condition says is what expr's machine says.
func TestQuickIsTheMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		when := anAsker{T: t}.truth(3)
		c, err := compile(when, Order{})
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if c.quick == nil {
			t.Fatalf("%s is not quick", when)
		}
		for range 8 {
			o := anOrder(t)
			s := newScene(o)
			got, _ := s.holds(c)
			if want, err := vm.Run(c.program, o); got != want || err != nil {
				t.Fatalf("%s is %v of %+v; want %v, %v", when, got, o, want, err)
			}
		}
	})
}

// What is shipped costs no machine, and what is not known to be quick is left to it.
func TestWhatIsQuick(t *testing.T) {
	r := Default()
	for _, x := range slices.Concat(r.tags, r.hold, r.score) {
		if x.holds != nil && x.holds.quick == nil {
			t.Errorf("%s: %s is not quick", x.Name, x.When)
		}
	}
	for _, when := range []string{
		"lines[0].gift", "pieces / 2 > 1", "pieces % 2 == 1", `buyer_note matches "a+"`, "let x = pieces; x > 1", "pieces > 1.5", `any(lines, any(flags, # == "a"))`,
		`now.Year() > 2000`, `lower(city) == "a"`, `duration(city) > duration("1h")`, `duration("1x") > duration("1h")`, "filter(lines, .gift) != nil", "count(lines, .gift) > 1",
		`any(lines, {let q = .qty; q > 1})`, "pay_fen in [1, 2]", `(shop ?? "a") == "a"`, `{"a": 1}["a"] == pieces`, "sum(lines, .qty) > 3", "ship_by.Unix() > 0.5",
	} {
		c, err := compile(when, Order{})
		if err != nil {
			t.Errorf("%s: %v", when, err)
		} else if c.quick != nil {
			t.Errorf("%s is taken for quick", when)
		}
	}
}

// A judgement is what each rule says when the machine and the words are asked one by one.
func TestJudgeIsRuleAfterRule(t *testing.T) {
	r, err := Parse("", []byte(`
[[tag]]
name = "odd"
when = "lines[1].gift"
words = ["Fragile", "K", "i̇", "品，加", "加急加急"]
[[hold]]
name = "many"
when = "pieces / grams > 3"
words = ["通知", "等我通知"]
cause = "x"
`))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		o := anOrder(t)
		o.BuyerNote, o.SellerNote = aNote(t), aNote(t)
		want := Judgement{Score: 100}
		var clauses []string
		for _, n := range []string{o.BuyerNote, o.SellerNote} {
			clauses = append(clauses, strings.FieldsFunc(strings.ToLower(n), func(c rune) bool {
				return strings.ContainsRune(",，.。;；!！?？、~～…|/\n\r\t", c) || unicode.Is(unicode.So, c)
			})...)
		}
		ask := func(x Rule) bool {
			if x.holds != nil {
				v, err := vm.Run(x.holds.program, o)
				if err != nil {
					want.Holds = append(want.Holds, floor.Hold{Code: floor.HoldRuleBroke, Field: x.Name})
				}
				if v == true || err != nil {
					return v == true
				}
			}
			return slices.ContainsFunc(x.Words, func(w string) bool { return said(clauses, w) })
		}
		for _, x := range r.tags {
			if ask(x) {
				want.Tags = append(want.Tags, x.Name)
			}
		}
		for _, x := range r.hold {
			if ask(x) {
				want.Holds = append(want.Holds, floor.Hold{Code: floor.HoldRule, Field: x.Name, Text: x.Cause})
			}
		}
		for _, x := range r.score {
			if ask(x) {
				want.Lost = append(want.Lost, floor.Lost{Name: x.Name, Points: x.Lose})
				want.Score -= x.Lose
			}
		}
		want.Score = max(0, want.Score)
		want.Low = want.Score < r.least
		if got := r.Judge(o); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v; want %+v", got, want)
		}
	})
}

// No letter that is taken for plain is a mark, or has a smaller one.
func TestPlainLetters(t *testing.T) {
	for c := range rune(unicode.MaxRune + 1) {
		if small(c) && unicode.ToLower(c) != c {
			t.Errorf("%q has a smaller letter", c)
		}
		if mark := strings.ContainsRune(",，.。;；!！?？、~～…|/\n\r\t", c) || unicode.Is(unicode.So, c); han(c) && mark {
			t.Errorf("%q is a mark", c)
		}
	}
}
