package label

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/skip2/go-qrcode"

	"floord/label/glyph"
)

// A Device is what laying out must know of a printer.
type Device struct {
	DPI     int   // 203, 300: dots to the inch, both ways
	Heights []int // of the letters it can set, in dots, ascending
	Font    int   // dots of its font, where that is of dots and larger letters are multiples; 0 for outlines
	Speller glyph.Speller
}

// NewDevice reads what options of every language say: an empty charset is gbk, an
// empty policy bitmap, 0 dpi are 203. font is 0 for a printer whose letters are of
// any size, among them whatever is sent as one picture; else its letters are font
// dots high, 8 to 96, and up to most times that. The error begins with the language.
func NewDevice(language string, dpi int, charset, policy string, font, most int) (Device, error) {
	d := Device{DPI: cmp.Or(dpi, 203), Font: font, Heights: slices.Clone(outlines)}
	var wrong [3]error
	d.Speller.Charset, wrong[0] = glyph.ParseCharset(cmp.Or(charset, "gbk"))
	d.Speller.Policy, wrong[1] = glyph.ParsePolicy(policy)
	if font != 0 {
		if font < 8 || font > 96 || most < 1 || most > 16 {
			wrong[2] = fmt.Errorf("a font of %d dots, scaled up to %d times; 8 to 96 and 1 to 16 are known", font, most)
		}
		d.Heights = nil
		for k := 1; k <= min(most, 16); k++ {
			d.Heights = append(d.Heights, k*font)
		}
	}
	if err := errors.Join(wrong[:]...); err != nil {
		return Device{}, fmt.Errorf("%s: %w", language, err)
	}
	return d, nil
}

// outlines are the sizes that letters of any size come in: those that the packed
// ones of 24 dots look good in.
var outlines = []int{16, 24, 32, 36, 48, 64, 72, 96, 120, 144, 192, 240}

// A Sheet is a page laid out for one device: marks in dots, and a note of every
// character that will not be printed as it was written.
type Sheet struct {
	Page           string // name of the template
	Font           int    // as the device has it
	Width, Height  int
	PaperW, PaperH MM
	Runs           []Run
	Rules          []Rect
	Boxes          []Frame
	Codes          []Bars
	QRs            []Matrix
	Images         []Picture
	Notes          []Note
}

// A Job is one label in a printer's language, ready to send. It prints exactly
// one label.
type Job struct {
	Bytes []byte
	Notes []Note // each character that is not printed as written
	Sheet Sheet  // what it was made from, for label/preview
}

// A Note is a glyph.Note with the field it happened in. Personal data never
// stands in it beyond the one character.
type Note struct {
	Field string
	glyph.Note
}

// String is the note as the log has it: "recipient: U+20164 as bitmap 𠅤".
func (n Note) String() string {
	if n.Step == Counted {
		return fmt.Sprintf("%s: %s", n.Field, n.Printed)
	}
	return fmt.Sprintf("%s: U+%04X as %s %s", n.Field, n.Rune, n.Step, n.Printed)
}

// Counted is the step of a list that was not printed in full.
const Counted glyph.Step = "counted"

// A Run is one line of text. Its letters are Height dots high and, if wide, as
// wide; half that if not.
type Run struct {
	Field  string
	X, Y   int
	Height int
	Bold   bool
	Fixed  bool // says the same on every label of its template
	Signs  []glyph.Sign
}

// A Rect is filled.
type Rect struct{ X, Y, W, H int }

// A Frame is an outline Line dots thick, within its rectangle.
type Frame struct {
	Rect
	Line int
}

// Bars is a Code 128: X, Y is its first bar, Module the width of the thinnest,
// Widths those of bar, space, bar ... in modules.
type Bars struct {
	Field   string
	X, Y, H int
	Module  int
	Value   string
	Widths  []byte
}

// W is the width of the code in dots.
func (b Bars) W() int {
	n := 0
	for _, w := range b.Widths {
		n += int(w)
	}
	return n * b.Module
}

// A Matrix is a QR code of Modules x Modules, Cell dots each.
type Matrix struct {
	Field   string
	X, Y    int
	Cell    int
	Modules int
	Value   string
}

// A Picture is a bitmap at its final size.
type Picture struct {
	X, Y int
	Bits glyph.Bitmap
}

// Limits of a page. A template beyond them is a mistake; text beyond them an
// attack or an accident.
const (
	maxSide = 1000 // mm
	maxText = 4000 // characters of one text
	// MaxQR is how many bytes a QR code may carry here. Version 40 would take
	// twice that, in modules no hand-held reads from a label.
	MaxQR = 1200
)

// Lay sets the page for a device. All that does not fit is named in one error,
// each part of it a *FitError or a sentence about the template.
func (p Page) Lay(d Device) (Sheet, error) {
	if d.DPI < 100 || d.DPI > 1200 || len(d.Heights) == 0 {
		return Sheet{}, fmt.Errorf("lay out %s: a device of %d dpi with %d letter sizes", p.Name, d.DPI, len(d.Heights))
	}
	if !(p.Width > 0 && p.Width <= maxSide && p.Height > 0 && p.Height <= maxSide) {
		return Sheet{}, fmt.Errorf("lay out %s: a page of %g x %g mm", p.Name, p.Width, p.Height)
	}
	l := layer{page: p, dev: d, sheet: Sheet{
		Page: p.Name, Font: d.Font, PaperW: p.Width, PaperH: p.Height,
	}}
	l.sheet.Width, l.sheet.Height = l.dots(p.Width), l.dots(p.Height)
	l.lay()
	if err := errors.Join(l.errs...); err != nil {
		return Sheet{}, fmt.Errorf("lay out %s: %w", p.Name, err)
	}
	return l.sheet, nil
}

// A layer is one call of Lay.
type layer struct {
	page  Page
	dev   Device
	sheet Sheet
	errs  []error
}

func (l *layer) lay() {
	l.sheet.Runs = make([]Run, 0, 2*len(l.page.Texts))
	for _, t := range l.page.Texts {
		l.text(t)
	}
	for _, r := range l.page.Rules {
		l.sheet.Rules = append(l.sheet.Rules, l.rect("rule", r.Place))
	}
	for _, b := range l.page.Boxes {
		l.sheet.Boxes = append(l.sheet.Boxes, Frame{l.rect("box", b.Place), max(1, l.dots(b.Line))})
	}
	for _, c := range l.page.Codes {
		l.code128(c)
	}
	for _, q := range l.page.QRs {
		l.qr(q)
	}
	for _, i := range l.page.Images {
		r := l.rect("image", i.Place)
		l.sheet.Images = append(l.sheet.Images, Picture{r.X, r.Y, i.Bits.Scale(r.W, r.H)})
	}
}

func (l *layer) fail(err error) { l.errs = append(l.errs, err) }

// dots converts a length, to the nearest dot.
func (l *layer) dots(m MM) int { return int(math.Round(float64(m) * float64(l.dev.DPI) / 25.4)) }

// rect converts a place, which must lie on the page and be at least a dot.
func (l *layer) rect(field string, p Place) Rect {
	r := Rect{l.dots(p.X), l.dots(p.Y), l.dots(p.W), l.dots(p.H)}
	r.W, r.H = max(1, r.W), max(1, r.H)
	if !(p.X >= 0 && p.Y >= 0 && p.W > 0 && p.H > 0 && p.X+p.W <= l.page.Width+0.01 && p.Y+p.H <= l.page.Height+0.01) {
		l.fail(fmt.Errorf("%s at %g,%g of %g x %g mm is not on the page", field, p.X, p.Y, p.W, p.H))
	}
	return r
}

const (
	quiet      = 10   // modules of white at each end of a Code 128
	maxModule  = 0.55 // mm; wider bars only cost paper and a longer sweep
	minModule  = 0.24 // mm; narrower ones are lost on a worn print head
	minQRCell  = 0.24 // mm
	quietQR    = 2    // modules around a QR code; the standard's four are rarely kept on labels and never missed
	greedyLoss = 11   // modules that a printer's own encoder may waste
	maxQRCell  = 10   // dots; the most that QRCODE and its like take
)

func (l *layer) code128(c Code128) {
	r := l.rect(c.Field, c.Place)
	widths, err := EncodeCode128(c.Value)
	if err != nil {
		l.fail(fmt.Errorf("%s: %w", c.Field, err))
		return
	}
	b := Bars{Field: c.Field, Y: r.Y, H: r.H, Module: 1, Value: c.Value, Widths: widths}
	modules := b.W()
	// The printer may encode the text itself and need a symbol more.
	b.Module = min(r.W/(modules+greedyLoss+2*quiet), l.dots(maxModule))
	if b.Module < l.dots(minModule) {
		l.fail(l.misfit(c.Field, len(c.Value), c.Place, minModule))
		return
	}
	b.X = r.X + (r.W-modules*b.Module)/2
	l.sheet.Codes = append(l.sheet.Codes, b)
}

func (l *layer) qr(q QR) {
	r := l.rect(q.Field, q.Place)
	code, err := newQR(q.Value)
	if err != nil {
		l.fail(fmt.Errorf("%s: %w", q.Field, err))
		return
	}
	n := 17 + 4*code.VersionNumber
	cell := min(r.W, r.H, maxQRCell*(n+2*quietQR)) / (n + 2*quietQR)
	if cell < l.dots(minQRCell) {
		l.fail(l.misfit(q.Field, len(q.Value), q.Place, minQRCell))
		return
	}
	l.sheet.QRs = append(l.sheet.QRs, Matrix{
		Field: q.Field, Cell: cell, Modules: n, Value: q.Value,
		X: r.X + (r.W-n*cell)/2, Y: r.Y + (r.H-n*cell)/2,
	})
}

// EncodeQR gives the dark modules of a QR code of level M, without quiet zone.
// text is 1 to MaxQR bytes.
func EncodeQR(text string) ([][]bool, error) {
	q, err := newQR(text)
	if err != nil {
		return nil, err
	}
	q.DisableBorder = true
	return q.Bitmap(), nil
}

// newQR chooses the version; the modules are worked out by Bitmap, which takes
// ten times as long and is not needed for a printer that draws the code itself.
func newQR(text string) (*qrcode.QRCode, error) {
	if text == "" || len(text) > MaxQR {
		return nil, fmt.Errorf("a qr code carries 1 to %d bytes, not %d", MaxQR, len(text))
	}
	q, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("qr code: %w", err)
	}
	return q, nil
}

func (l *layer) misfit(field string, n int, p Place, letter MM) *FitError {
	return &FitError{Page: l.page.Name, Field: field, Characters: n, Width: p.W, Height: p.H, Letter: letter}
}
