// Package pdf makes plain printable documents: headings, paragraphs, tables,
// bars, pictures, page numbers.
//
// It stands between the program and gofpdf, which panics on a character beyond
// U+FFFF, prints nothing for one its font lacks, and reads files if asked to.
// Here every character appears: from the embedded font (GB 2312, Latin), as a
// bitmap of label/glyph, or as "[U+1F600]"; pictures come as bytes only; sizes
// have limits; and whatever gofpdf may still think of is an error of Bytes.
package pdf

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"image/png"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jung-kurt/gofpdf"
	"golang.org/x/image/font/sfnt"
)

//go:generate /usr/bin/python3 mkfont.py report-sans.ttf

// The font is a subset of Noto Sans CJK SC; see NOTICE. gofpdf writes into the
// bytes it is given (checksums, metrics), so that every document gets its own.
//
//go:embed report-sans.ttf
var fontBytes []byte

// Limits of a document. A report beyond them is a mistake of its maker.
const (
	MaxPages = 300
	maxText  = 20_000 // characters of one paragraph or cell
	maxCells = 100_000
	maxImage = 8 << 20 // bytes of one picture
	maxSide  = 6000    // dots of its sides
)

// Options of a document. The zero value is an untitled portrait A4.
type Options struct {
	Title     string
	Footer    string // at the bottom of every page, beside its number
	Landscape bool
	Created   time.Time // stands in the file; the same input gives the same bytes, but for pictures of one width
}

// A Doc collects what a document shows, from top to bottom. Nothing is drawn
// before Bytes. A Doc is for one goroutine.
type Doc struct {
	opt    Options
	blocks []func(*sheet)
	err    error // the first mistake
}

// New gives an empty document.
func New(o Options) *Doc { return &Doc{opt: o} }

// A Table has a head, repeated on every page it reaches, and rows. Cells wrap.
type Table struct {
	Columns []Column
	Rows    [][]string
	Total   bool // the last row is a total, set in bold
}

// A Column of a table.
type Column struct {
	Title string
	Share float64 // of the width, relative to the other columns; 0 means 1
	Right bool    // numbers stand on the right
}

// A Bar of a simple chart.
type Bar struct {
	Label string
	Value float64 // 0 or more; the largest is as long as the page allows
	Text  string  // after the bar: "37 (12 %)"
}

func (d *Doc) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("pdf: "+format, args...)
	}
}

// add takes a block whose texts are within bounds.
func (d *Doc) add(block func(*sheet), texts ...string) {
	for _, t := range texts {
		if n := utf8.RuneCountInString(t); n > maxText {
			d.fail("a text of %d characters; %d are allowed", n, maxText)
		}
	}
	d.blocks = append(d.blocks, block)
}

// Title puts a large heading.
func (d *Doc) Title(text string) {
	d.add(func(s *sheet) { s.heading(text, 18) }, text)
}

// Heading puts a heading. It stays with what follows it.
func (d *Doc) Heading(text string) {
	d.add(func(s *sheet) { s.heading(text, 13) }, text)
}

// Break ends the page.
func (d *Doc) Break() { d.add(func(s *sheet) { s.newPage() }) }

// Text puts a paragraph; each line of text starts a new line.
func (d *Doc) Text(text string) {
	d.add(func(s *sheet) { s.paragraph(text) }, text)
}

// Table puts a table. Each row must have a cell for each column.
func (d *Doc) Table(t Table) {
	if len(t.Columns) == 0 || len(t.Columns) > 30 || len(t.Columns)*len(t.Rows) > maxCells {
		d.fail("a table of %d columns and %d rows", len(t.Columns), len(t.Rows))
		return
	}
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			d.fail("row %d has %d cells; the table has %d columns", i+1, len(row), len(t.Columns))
			return
		}
		d.add(func(*sheet) {}, row...)
	}
	for _, c := range t.Columns {
		if !(c.Share >= 0 && c.Share < 1e6) {
			d.fail("column %s has share %g", c.Title, c.Share)
			return
		}
	}
	d.add(func(s *sheet) { s.table(t) })
}

// Bars puts a chart of horizontal bars.
func (d *Doc) Bars(bars []Bar) {
	for _, b := range bars {
		if !(b.Value >= 0 && b.Value < 1e15) {
			d.fail("bar %s has value %g", b.Label, b.Value)
			return
		}
		d.add(func(*sheet) {}, b.Label, b.Text)
	}
	d.add(func(s *sheet) { s.bars(bars) })
}

// Image puts a PNG, width millimetres wide or as wide as the page allows.
func (d *Doc) Image(b []byte, width float64) {
	if len(b) > maxImage {
		d.fail("a picture of %d bytes; %d are allowed", len(b), maxImage)
		return
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		d.fail("picture: %w", err)
		return
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxSide || c.Height > maxSide || !(width > 0) {
		d.fail("a picture of %d x %d dots, %g mm wide", c.Width, c.Height, width)
		return
	}
	// gofpdf copies a PNG's data unread; a broken one would make a broken page.
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		d.fail("picture: %w", err)
		return
	}
	d.add(func(s *sheet) { s.image(m, width) })
}

// Space leaves a gap of so many millimetres.
func (d *Doc) Space(mm float64) {
	if !(mm >= 0 && mm < 300) {
		d.fail("a gap of %g mm", mm)
		return
	}
	d.add(func(s *sheet) { s.y += mm })
}

// Bytes draws the document. The error is the first mistake made while it was put
// together, or what kept it from being drawn.
func (d *Doc) Bytes() (out []byte, err error) {
	if d.err != nil {
		return nil, d.err
	}
	defer func() {
		if p := recover(); p != nil {
			// Two of gofpdf's panics were found by names of real people.
			if e, ok := p.(tooLong); ok {
				out, err = nil, errors.New("pdf: "+string(e))
				return
			}
			out, err = nil, fmt.Errorf("pdf: drawing broke off: %v", p)
		}
	}()
	s := newSheet(d.opt)
	for _, block := range d.blocks {
		block(s)
	}
	s.footers()
	var b bytes.Buffer
	if err := s.f.Output(&b); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	return b.Bytes(), nil
}

// tooLong is what stops a document that has no end.
type tooLong string

// inFont says which characters of the BMP the font has.
var inFont = sync.OnceValue(func() *[1 << 16]bool {
	f, err := sfnt.Parse(fontBytes)
	if err != nil {
		panic("report/pdf: report-sans.ttf does not parse: " + err.Error()) // a broken build
	}
	var buf sfnt.Buffer
	has := new([1 << 16]bool)
	for r := range rune(1 << 16) {
		i, err := f.GlyphIndex(&buf, r)
		has[r] = err == nil && i != 0
	}
	return has
})

func newSheet(o Options) *sheet {
	orientation := "P"
	if o.Landscape {
		orientation = "L"
	}
	f := gofpdf.New(orientation, "mm", "A4", "")
	f.SetMargins(margin, margin, margin)
	f.SetAutoPageBreak(false, 0)
	f.SetCatalogSort(true)
	created := o.Created
	if created.IsZero() {
		created = time.Unix(0, 0)
	}
	f.SetCreationDate(created.UTC())
	f.SetModificationDate(created.UTC())
	f.SetTitle(strings.ToValidUTF8(bmp(o.Title), "?"), true)
	f.SetCreator("floord", true)
	f.AddUTF8FontFromBytes(family, "", bytes.Clone(fontBytes))
	s := &sheet{f: f, opt: o, widths: map[rune]float64{}}
	s.w, s.h = f.GetPageSize()
	s.size(10)
	s.newPage()
	return s
}

// bmp replaces what gofpdf's UTF-16 cannot say.
func bmp(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF || r < 0x20 {
			return '?'
		}
		return r
	}, s)
}
