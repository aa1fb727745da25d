package label

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"
)

// A Template is a page with placeholders: "{sort_code}" in a value stands for
// that field of the Waybill or Wave, "{list}" for the goods or the requirements.
// It is made by ParseTemplate and not changed afterwards.
type Template struct {
	Name string
	For  string // "waybill" or "wave"

	page  Page // without what has placeholders
	Texts []slot
	Codes []Code128
	QRs   []QR
}

const (
	waybillKind = "waybill"
	waveKind    = "wave"
)

// fields are the placeholders of each kind of label.
var fields = map[string][]string{
	waybillKind: {"number", "carrier", "service", "sort_code", "hub", "to_name", "to_phone", "to_address",
		"from_name", "from_phone", "from_address", "order_no", "parcel", "piece", "weight", "payment", "special",
		"remarks", "wave", "qr", "printed_at", "kinds", "total", "list"},
	waveKind: {"wave", "copy", "kind", "qr", "orders", "lines", "units", "totes", "zones", "person", "due_by",
		"printed_at", "kinds", "list"},
}

// file is a template as TOML says it. Lengths are millimetres.
type file struct {
	Name   string  `toml:"name"`
	For    string  `toml:"for"`
	Width  float64 `toml:"width"`
	Height float64 `toml:"height"`
	Text   []slot  `toml:"text"`
	Rule   []struct {
		At [4]float64 `toml:"at"`
	} `toml:"rule"`
	Box []struct {
		At   [4]float64 `toml:"at"`
		Line float64    `toml:"line"`
	} `toml:"box"`
	Code128 []code `toml:"code128"`
	QR      []code `toml:"qr"`
}

// A slot is a text of a template.
type slot struct {
	Field       string     `toml:"field"`
	At          [4]float64 `toml:"at"` // x, y, width, height
	Value       string     `toml:"value"`
	English     string     `toml:"value_en"`
	Sep         string     `toml:"sep"`  // between the parts of {list}; empty: a new line
	More        string     `toml:"more"` // after the parts that found room
	MoreEnglish string     `toml:"more_en"`
	Letters     [2]float64 `toml:"letters"` // smallest and largest height
	Align       string     `toml:"align"`
	Bottom      bool       `toml:"bottom"`
	Bold        bool       `toml:"bold"`
	Need        bool       `toml:"need"`
}

type code struct {
	Field string     `toml:"field"`
	At    [4]float64 `toml:"at"`
	Value string     `toml:"value"`
}

func place(at [4]float64) Place { return Place{MM(at[0]), MM(at[1]), MM(at[2]), MM(at[3])} }

func (s slot) text() Text {
	a := Align(s.Align)
	if a == "left" {
		a = Left
	}
	return Text{Place: place(s.At), Field: s.Field, Min: MM(s.Letters[0]), Height: MM(s.Letters[1]), Align: a, Bottom: s.Bottom, Bold: s.Bold}
}

//go:embed templates/*.toml
var templates embed.FS

var all = sync.OnceValue(func() map[string]*Template {
	names, err := fs.Glob(templates, "templates/*.toml")
	if err != nil {
		panic(err)
	}
	m := make(map[string]*Template, len(names))
	for _, n := range names {
		b, err := templates.ReadFile(n)
		if err == nil {
			m[strings.TrimSuffix(path.Base(n), ".toml")], err = ParseTemplate(b)
		}
		if err != nil {
			panic(fmt.Sprintf("label: shipped template %s: %v", n, err))
		}
	}
	return m
})

// shipped gives a template that is part of the program. One that is not there or
// does not parse is a broken build; a test loads them all.
func shipped(name string) *Template {
	t := all()[name]
	if t == nil {
		panic("label: no template " + name)
	}
	return t
}

// Shipped gives the template of that name that comes with the program, or an
// error that lists the names there are.
func Shipped(name string) (*Template, error) {
	if t := all()[name]; t != nil {
		return t, nil
	}
	var names []string
	for n := range all() {
		names = append(names, n)
	}
	slices.Sort(names)
	return nil, fmt.Errorf("no label template %q; there are %s", name, strings.Join(names, ", "))
}

// ParseTemplate reads and checks a template. The error names every mistake:
// unknown keys by line and column, wrong values by their field.
func ParseTemplate(b []byte) (*Template, error) {
	var f file
	dec := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, tomlError(err)
	}
	if err := errors.Join(f.check()...); err != nil {
		return nil, err
	}
	t := &Template{Name: f.Name, For: f.For, Texts: f.Text}
	t.page = Page{Name: f.Name, Width: MM(f.Width), Height: MM(f.Height)}
	for _, r := range f.Rule {
		t.page.Rules = append(t.page.Rules, Rule{place(r.At)})
	}
	for _, x := range f.Box {
		t.page.Boxes = append(t.page.Boxes, Box{place(x.At), MM(x.Line)})
	}
	// Pages share these; an append to one must not reach another.
	t.page.Rules, t.page.Boxes = slices.Clip(t.page.Rules), slices.Clip(t.page.Boxes)
	for _, c := range f.Code128 {
		t.Codes = append(t.Codes, Code128{place(c.At), c.Field, c.Value})
	}
	for _, q := range f.QR {
		t.QRs = append(t.QRs, QR{place(q.At), q.Field, q.Value})
	}
	return t, nil
}

func tomlError(err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) {
		var errs []error
		for _, e := range strict.Errors {
			line, col := e.Position()
			errs = append(errs, fmt.Errorf("%d:%d: unknown key %q", line, col, strings.Join(e.Key(), ".")))
		}
		return errors.Join(errs...)
	}
	var e *toml.DecodeError
	if errors.As(err, &e) {
		line, col := e.Position()
		return fmt.Errorf("%d:%d: %s", line, col, e.Error())
	}
	return err
}

func (f file) check() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	known, ok := fields[f.For]
	if !ok {
		bad("for = %q is none of waybill, wave", f.For)
	}
	if f.Name == "" {
		bad("name is missing")
	}
	if !(f.Width >= 10 && f.Width <= maxSide && f.Height >= 10 && f.Height <= maxSide) {
		bad("a page of %g x %g mm; each side is 10 to %d", f.Width, f.Height, maxSide)
	}
	on := func(field string, at [4]float64) {
		if !(at[0] >= 0 && at[1] >= 0 && at[2] > 0 && at[3] > 0 && at[0]+at[2] <= f.Width && at[1]+at[3] <= f.Height) {
			bad("%s: at = %v is not a place (x, y, width, height) on the page", field, at)
		}
	}
	names := func(field, value string) {
		if field == "" {
			bad("a field has no name (value %q)", value)
		}
		for _, n := range placeholders(value) {
			if !slices.Contains(known, n) && n != "left" {
				bad("%s: no field {%s} on a %s label", field, n, f.For)
			}
		}
	}
	for _, s := range f.Text {
		on(s.Field, s.At)
		names(s.Field, s.Value+s.English+s.More+s.MoreEnglish)
		if !(s.Letters[0] >= 1 && s.Letters[1] >= s.Letters[0] && s.Letters[1] <= 50) {
			bad("%s: letters = %v; smallest and largest height, 1 to 50 mm", s.Field, s.Letters)
		}
		if !slices.Contains([]string{"", "left", "center", "right"}, s.Align) {
			bad("%s: align = %q is none of left, center, right", s.Field, s.Align)
		}
	}
	for _, r := range f.Rule {
		on("rule", r.At)
	}
	for _, b := range f.Box {
		on("box", b.At)
		if !(b.Line > 0 && b.Line <= 10) {
			bad("box: line = %g is not 0 to 10 mm", b.Line)
		}
	}
	for _, c := range append(slices.Clone(f.Code128), f.QR...) {
		on(c.Field, c.At)
		names(c.Field, c.Value)
	}
	return errs
}

// placeholders lists the names in braces.
func placeholders(s string) []string {
	var names []string
	for {
		_, after, ok := strings.Cut(s, "{")
		if !ok {
			return names
		}
		name, rest, ok := strings.Cut(after, "}")
		if !ok {
			return append(names, after)
		}
		names, s = append(names, name), rest
	}
}

// empty says whether s has placeholders and nothing stands for any of them.
func empty(s string, v map[string]string) bool {
	names := placeholders(s)
	return len(names) > 0 && !slices.ContainsFunc(names, func(n string) bool { return v[n] != "" })
}

// expand replaces the placeholders, in one pass: braces within a value mean
// nothing. {left} stays for Lay.
func expand(s string, v map[string]string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, rest, _ := strings.Cut(after, "}")
		if name == "left" {
			b.WriteString("{left}")
		} else {
			b.WriteString(v[name])
		}
		s = rest
	}
}

// fieldName is what people call a field of the shipped templates.
func fieldName(field string) string {
	if n, ok := fieldNames[field]; ok {
		return n
	}
	return field
}

var fieldNames = map[string]string{
	"recipient": "收件人", "recipient.address": "收件地址", "sender": "寄件人", "sender.address": "寄件地址",
	"sort_code": "三段码", "hub": "集包地", "number": "运单号", "goods": "商品", "order_no": "订单号", "remarks": "备注",
	"special": "特殊要求", "parcel": "包裹号", "carrier": "承运商", "service": "产品类型", "qr": "二维码", "wave": "波次",
	"requirements": "特殊要求", "printed_at": "打印时间", "payment": "付款方式",
}
