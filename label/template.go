package label

import (
	"bytes"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pelletier/go-toml/v2"

	"floord/label/glyph"
)

// A Template is a page with placeholders: "{sort_code}" in a value stands for
// that field of the Waybill or Wave, "{list}" for the goods or the requirements.
// It is made by ParseTemplate and not changed afterwards.
type Template struct {
	Name string
	For  string // one of Kinds

	Source string // the TOML it was read from

	page  Page // without what has placeholders
	Texts []slot
	Codes []Code128
	QRs   []QR
}

const (
	waybillKind = "waybill"
	waveKind    = "wave"
	boxKind     = "box"     // a carton or tote that goes its own way
	slotKind    = "slot"    // of a put wall
	binKind     = "bin"     // a place on a shelf
	badgeKind   = "badge"   // of a person
	pairingKind = "pairing" // the code that lets a device in
	testKind    = "selftest"
)

// fields are the placeholders of each kind of label.
var fields = map[string][]string{
	waybillKind: {"number", "carrier", "service", "sort_code", "hub", "to_name", "to_phone", "to_address",
		"from_name", "from_phone", "from_address", "order_no", "parcel", "piece", "weight", "payment", "special",
		"remarks", "wave", "qr", "printed_at", "kinds", "total", "list"},
	waveKind: {"wave", "copy", "kind", "qr", "orders", "lines", "units", "totes", "zones", "person", "due_by",
		"printed_at", "kinds", "list"},
	boxKind:     {"box", "order_no", "shop", "carrier", "piece", "weight", "wave", "special", "printed_at", "kinds", "total", "list"},
	slotKind:    {"slot", "wall"},
	binKind:     {"bin", "zone", "sku", "name"},
	badgeKind:   {"name", "person", "roles", "site", "badge"},
	pairingKind: {"device", "kind", "code", "url", "qr", "site", "until"},
	testKind:    {"printer", "station", "language", "printed_at", "qr", "code", "row1", "row2", "row3", "row4", "row5", "row6"},
}

// Kinds are what a template can be for, in order.
func Kinds() []string { return slices.Sorted(maps.Keys(fields)) }

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
	Code128 []code  `toml:"code128"`
	QR      []code  `toml:"qr"`
	Image   []image `toml:"image"`
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
	By          By         `toml:"by"`
}

type code struct {
	Field string     `toml:"field"`
	At    [4]float64 `toml:"at"`
	Value string     `toml:"value"`
}

// An image of a template is a PNG in base64, drawn to fill its place: a logo. What
// is darker than half is ink.
type image struct {
	At  [4]float64 `toml:"at"`
	PNG string     `toml:"png"`
}

// maxPNG is how many bytes of base64 and how many dots a side a template's picture
// may have.
const maxPNG, maxPNGSide = 200_000, 2000

func (i image) bits() (glyph.Bitmap, error) {
	if len(i.PNG) > maxPNG {
		return glyph.Bitmap{}, fmt.Errorf("a picture of %d bytes; %d are allowed", len(i.PNG), maxPNG)
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(i.PNG), ""))
	if err != nil {
		return glyph.Bitmap{}, fmt.Errorf("png is no base64: %w", err)
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err == nil && (c.Width < 1 || c.Height < 1 || c.Width > maxPNGSide || c.Height > maxPNGSide) {
		err = fmt.Errorf("%d x %d dots; %d a side are allowed", c.Width, c.Height, maxPNGSide)
	}
	if err != nil {
		return glyph.Bitmap{}, fmt.Errorf("picture: %w", err)
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return glyph.Bitmap{}, fmt.Errorf("picture: %w", err)
	}
	out := glyph.NewBitmap(c.Width, c.Height)
	for y := range c.Height {
		for x := range c.Width {
			r, g, b, a := m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y).RGBA()
			if light := (299*r + 587*g + 114*b) / 1000; light+0xFFFF-a < 0x8000 {
				out.Set(x, y)
			}
		}
	}
	return out, nil
}

func place(at [4]float64) Place { return Place{MM(at[0]), MM(at[1]), MM(at[2]), MM(at[3])} }

func (s slot) text() Text {
	a := Align(s.Align)
	if a == "left" {
		a = Left
	}
	return Text{Place: place(s.At), Field: s.Field, Min: MM(s.Letters[0]), Height: MM(s.Letters[1]), Align: a, Bottom: s.Bottom, Bold: s.Bold, By: s.By}
}

//go:embed templates/*.toml
var templates embed.FS

// Schema is the JSON schema of a template, for editors that check TOML by one.
//
//go:embed templates/schema.json
var Schema []byte

var all = sync.OnceValue(func() Templates {
	dir, err := fs.Sub(templates, "templates")
	if err != nil {
		panic(err)
	}
	ts := Templates{}
	if err := ts.load(dir); err != nil {
		panic(fmt.Sprintf("label: a shipped template: %v", err))
	}
	return ts
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

// Templates are templates by name.
type Templates map[string]*Template

// Shipped gives the templates that come with the program.
func Shipped() Templates { return maps.Clone(all()) }

// Load gives the templates that come with the program and over them those of a
// site's folder: files NAME.toml. The error names every mistake in the folder by
// its file; what has none is loaded all the same.
func Load(dir fs.FS) (Templates, error) {
	ts := Shipped()
	return ts, ts.load(dir)
}

func (ts Templates) load(dir fs.FS) error {
	files, err := fs.Glob(dir, "*.toml")
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		t, err := ReadTemplate(dir, file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ts[t.Name] = t
	}
	return errors.Join(errs...)
}

// maxFile is how many bytes a template may have.
const maxFile = 1 << 20

// ReadTemplate reads the template in a file, which must be called as it is. The
// error names every mistake after the file's name.
func ReadTemplate(dir fs.FS, file string) (*Template, error) {
	b, err := fs.ReadFile(dir, file)
	if err != nil {
		return nil, err
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s: %d bytes; a template has at most %d", file, len(b), maxFile)
	}
	t, err := ParseTemplate(b)
	if err == nil && t.Name+".toml" != path.Base(file) {
		err = fmt.Errorf("name = %q does not go with the file's name", t.Name)
	}
	if err != nil {
		var errs []error
		for _, e := range spread(err) {
			errs = append(errs, fmt.Errorf("%s: %w", file, e))
		}
		return nil, errors.Join(errs...)
	}
	return t, nil
}

// spread takes apart what errors.Join put together.
func spread(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// Names lists the templates for a kind of label, or all of them for "".
func (ts Templates) Names(kind string) []string {
	var names []string
	for n, t := range ts {
		if kind == "" || t.For == kind {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// Get gives the template of that name, or an error that lists the names there are.
func (ts Templates) Get(name string) (*Template, error) {
	if t := ts[name]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("no label template %q; there are %s", name, strings.Join(ts.Names(""), ", "))
}

// Size is that of the paper.
func (t *Template) Size() (width, height MM) { return t.page.Width, t.page.Height }

// ParseTemplate reads and checks a template. The error names every mistake:
// unknown keys by line and column, wrong values by their field.
func ParseTemplate(b []byte) (*Template, error) {
	var f file
	dec := toml.NewDecoder(bytes.NewReader(b)).DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, tomlError(err)
	}
	errs := f.check()
	var images []Image
	for _, i := range f.Image {
		b, err := i.bits()
		if err != nil {
			errs = append(errs, fmt.Errorf("image: %w", err))
		}
		images = append(images, Image{place(i.At), b})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	t := &Template{Name: f.Name, For: f.For, Source: string(b), Texts: f.Text}
	t.page = Page{Name: f.Name, Width: MM(f.Width), Height: MM(f.Height)}
	for _, r := range f.Rule {
		t.page.Rules = append(t.page.Rules, Rule{place(r.At)})
	}
	for _, x := range f.Box {
		t.page.Boxes = append(t.page.Boxes, Box{place(x.At), MM(x.Line)})
	}
	t.page.Images = slices.Clip(images)
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

var templateName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func (f file) check() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	known, ok := fields[f.For]
	if !ok {
		bad("for = %q is none of %s", f.For, strings.Join(Kinds(), ", "))
	}
	if !templateName.MatchString(f.Name) {
		bad("name = %q is not made of small letters, digits and dashes", f.Name)
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
		if !slices.Contains([]By{Best, ByFont, ByBitmap}, s.By) {
			bad("%s: by = %q is none of font, bitmap", s.Field, s.By)
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
	codes := append(slices.Clone(f.Code128), f.QR...)
	for i, c := range codes {
		on(c.Field, c.At)
		names(c.Field, c.Value)
		// Ink in a code's quiet zone is a label that no scanner reads.
		for _, s := range f.Text {
			if overlap(c.At, s.At) {
				bad("%s at %v overlaps %s at %v", s.Field, s.At, c.Field, c.At)
			}
		}
		for _, o := range codes[:i] {
			if overlap(c.At, o.At) {
				bad("%s at %v overlaps %s at %v", o.Field, o.At, c.Field, c.At)
			}
		}
	}
	for _, i := range f.Image {
		on("image", i.At)
		for _, c := range codes {
			if overlap(c.At, i.At) {
				bad("image at %v overlaps %s at %v", i.At, c.Field, c.At)
			}
		}
	}
	return errs
}

func overlap(a, b [4]float64) bool {
	return a[0] < b[0]+b[2] && b[0] < a[0]+a[2] && a[1] < b[1]+b[3] && b[1] < a[1]+a[3]
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
	"recipient": "收件人", "recipient.name": "收件人姓名", "recipient.phone": "收件人电话", "recipient.address": "收件地址", "sender": "寄件人", "sender.address": "寄件地址",
	"sort_code": "三段码", "hub": "集包地", "number": "运单号", "goods": "商品", "order_no": "订单号", "remarks": "备注",
	"special": "特殊要求", "parcel": "包裹号", "carrier": "承运商", "service": "产品类型", "qr": "二维码", "wave": "波次",
	"requirements": "特殊要求", "printed_at": "打印时间", "payment": "付款方式", "box": "箱号", "slot": "格口", "bin": "库位", "name": "名称",
	"device": "设备", "goods.total": "件数", "contents": "箱内物品",
}
