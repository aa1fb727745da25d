package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strconv"
	"strings"

	"github.com/jung-kurt/gofpdf"

	"floord/label/glyph"
)

const (
	family = "sans"
	margin = 15.0        // mm
	foot   = 12.0        // mm kept for the page number
	point  = 25.4 / 72.0 // mm
	pad    = 1.2         // mm within a cell
)

// A sheet is the document while it is drawn. Coordinates are millimetres from
// the top left.
type sheet struct {
	f      *gofpdf.Fpdf
	opt    Options
	w, h   float64 // of the page
	y      float64 // where the next thing goes
	points float64 // size of the letters
	bold   bool
	widths map[rune]float64 // of characters, in em
	images int
}

func (s *sheet) newPage() {
	if s.f.PageCount() >= MaxPages {
		panic(tooLong(fmt.Sprintf("more than %d pages", MaxPages)))
	}
	s.f.AddPage()
	s.y = margin
}

// room makes sure that h millimetres are left on the page, if a page has them at
// all, and says whether it took a new one.
func (s *sheet) room(h float64) bool {
	if s.y+h <= s.h-margin-foot || s.y == margin {
		return false
	}
	s.newPage()
	return true
}

func (s *sheet) size(points float64) {
	s.points = points
	s.f.SetFont(family, "", points)
}

// em is the height of a letter in millimetres, line that of a line.
func (s *sheet) em() float64   { return s.points * point }
func (s *sheet) line() float64 { return s.em() * 1.35 }

// A sign is a character as it will be drawn.
type sign struct {
	r     rune
	drawn bool // by bitmap
}

// signs decides for each character of a line how it appears.
func signs(text string) []sign {
	has := inFont()
	var out []sign
	for _, r := range glyph.Normalise(text, func(glyph.Note) {}) {
		switch {
		case r < 1<<16 && has[r]:
			out = append(out, sign{r, false})
		case glyph.Has(r):
			out = append(out, sign{r, true})
		default:
			for _, c := range fmt.Sprintf("[U+%04X]", r) {
				out = append(out, sign{c, false})
			}
		}
	}
	return out
}

// width is that of one sign, in millimetres.
func (s *sheet) width(g sign) float64 {
	if g.drawn {
		if glyph.Narrow(g.r) {
			return s.em() / 2
		}
		return s.em()
	}
	w, ok := s.widths[g.r]
	if !ok {
		w = float64(s.f.GetStringSymbolWidth(string(g.r))) / 1000
		s.widths[g.r] = w
	}
	return w * s.em()
}

func (s *sheet) length(line []sign) float64 {
	w := 0.0
	for _, g := range line {
		w += s.width(g)
	}
	return w
}

// wrap breaks a text into lines of at most w millimetres. There is at least one.
func (s *sheet) wrap(text string, w float64) [][]sign {
	var lines [][]sign
	for part := range strings.SplitSeq(text, "\n") {
		rest := signs(part)
		for {
			n := s.breakAt(rest, w)
			lines = append(lines, rest[:n])
			rest = rest[n:]
			for len(rest) > 0 && rest[0].r == ' ' {
				rest = rest[1:]
			}
			if len(rest) == 0 {
				break
			}
		}
	}
	return lines
}

// breakAt is how many signs go on a line; at least one, if there is any.
func (s *sheet) breakAt(line []sign, w float64) int {
	x, good := 0.0, 0
	for i, g := range line {
		if i > 0 && glyph.MayBreak(line[i-1].r, g.r) {
			good = i
		}
		x += s.width(g)
		if x > w && g.r != ' ' {
			if good > 0 {
				return good
			}
			return max(i, 1)
		}
	}
	return len(line)
}

// put draws a line with its top left corner at x, y.
func (s *sheet) put(x, y float64, line []sign) {
	base := y + s.line()/2 + s.em()*0.36
	for i := 0; i < len(line); {
		if line[i].drawn {
			s.bitmap(x, base-0.88*s.em(), line[i].r)
			x += s.width(line[i])
			i++
			continue
		}
		at := x
		var text strings.Builder
		for ; i < len(line) && !line[i].drawn; i++ {
			text.WriteRune(line[i].r)
			x += s.width(line[i])
		}
		if strings.TrimSpace(text.String()) == "" {
			continue
		}
		s.text(at, base, text.String())
	}
}

// text draws characters of the font. It has one weight; bold letters get an
// outline as well.
func (s *sheet) text(x, y float64, text string) {
	if !s.bold {
		s.f.Text(x, y, text)
		return
	}
	s.f.SetTextRenderingMode(2)
	s.f.SetDrawColor(0, 0, 0)
	s.f.SetLineWidth(s.em() * 0.03)
	s.f.Text(x, y, text)
	s.f.SetTextRenderingMode(0)
}

// bitmap draws a character of the glyph pack in an em square, each row of dots
// as rectangles: sharper than a picture at any size, and gofpdf writes pictures
// in no settled order.
func (s *sheet) bitmap(x, y float64, r rune) {
	b, _ := glyph.Lookup(r)
	dot := s.em() / float64(b.Height)
	s.f.SetFillColor(0, 0, 0)
	for j := range b.Height {
		for i := 0; i < b.Width; i++ {
			from := i
			for b.At(i, j) {
				i++
			}
			if i > from {
				// A little higher than its row, so that no seam shows.
				s.f.Rect(x+float64(from)*dot, y+float64(j)*dot, float64(i-from)*dot, dot*1.05, "F")
			}
		}
	}
}

func (s *sheet) register(name string, m image.Image) {
	var buf bytes.Buffer
	if err := png.Encode(&buf, m); err != nil {
		panic(err) // a buffer does not fail; Bytes would say so
	}
	s.f.RegisterImageOptionsReader(name, gofpdf.ImageOptions{ImageType: "PNG"}, &buf)
}

func (s *sheet) heading(text string, points float64) {
	s.size(points)
	s.bold = true
	lines := s.wrap(text, s.w-2*margin)
	if s.y > margin {
		s.y += s.em() * 0.6
	}
	s.room(float64(len(lines))*s.line() + 15)
	for _, l := range lines {
		s.room(s.line())
		s.put(margin, s.y, l)
		s.y += s.line()
	}
	s.y += s.em() * 0.3
	s.bold = false
	s.size(10)
}

func (s *sheet) paragraph(text string) {
	for _, l := range s.wrap(text, s.w-2*margin) {
		s.room(s.line())
		s.put(margin, s.y, l)
		s.y += s.line()
	}
	s.y += 1.5
}

func (s *sheet) table(t Table) {
	s.size(9)
	widths := shares(t.Columns, s.w-2*margin)
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = c.Title
	}
	s.room(3 * (s.line() + 2*pad))
	s.row(t.Columns, widths, head, true, 0xDD)
	for i, cells := range t.Rows {
		total := t.Total && i == len(t.Rows)-1
		if s.room(s.rowHeight(widths, cells)) {
			s.row(t.Columns, widths, head, true, 0xDD)
		}
		shade := 0xFF
		if total || i%2 == 1 {
			shade = 0xF2
		}
		s.row(t.Columns, widths, cells, total, shade)
	}
	s.y += 3
	s.size(10)
}

// shares gives the widths of the columns.
func shares(cs []Column, w float64) []float64 {
	total := 0.0
	out := make([]float64, len(cs))
	for i, c := range cs {
		out[i] = c.Share
		if c.Share == 0 {
			out[i] = 1
		}
		total += out[i]
	}
	for i := range out {
		out[i] *= w / total
	}
	return out
}

func (s *sheet) rowHeight(widths []float64, cells []string) float64 {
	n := 1
	for i, c := range cells {
		n = max(n, len(s.wrap(c, widths[i]-2*pad)))
	}
	return float64(n)*s.line() + 2*pad
}

// row draws one row. One that is higher than a page is split over pages.
func (s *sheet) row(cs []Column, widths []float64, cells []string, bold bool, shade int) {
	cell := make([][][]sign, len(cells))
	left := 0
	for i, c := range cells {
		cell[i] = s.wrap(c, widths[i]-2*pad)
		left = max(left, len(cell[i]))
	}
	s.bold = bold
	for first := 0; left > 0; {
		n := min(left, max(1, int((s.h-margin-foot-s.y-2*pad)/s.line())))
		s.band(cs, widths, cell, first, n, shade)
		first, left = first+n, left-n
		if left > 0 {
			s.newPage()
		}
	}
	s.bold = false
}

// band draws n lines of a row's cells, and their frame.
func (s *sheet) band(cs []Column, widths []float64, cell [][][]sign, first, n, shade int) {
	h := float64(n)*s.line() + 2*pad
	x := margin
	for i, lines := range cell {
		s.f.SetDrawColor(0x99, 0x99, 0x99)
		s.f.SetFillColor(shade, shade, shade)
		s.f.SetLineWidth(0.15)
		s.f.Rect(x, s.y, widths[i], h, "FD")
		for k := first; k < min(first+n, len(lines)); k++ {
			at := x + pad
			if cs[i].Right {
				at = x + widths[i] - pad - s.length(lines[k])
			}
			s.put(at, s.y+pad+float64(k-first)*s.line(), lines[k])
		}
		x += widths[i]
	}
	s.y += h
}

func (s *sheet) bars(bars []Bar) {
	s.size(9)
	most := 0.0
	for _, b := range bars {
		most = max(most, b.Value)
	}
	name, note := (s.w-2*margin)*0.25, (s.w-2*margin)*0.2
	long := s.w - 2*margin - name - note
	for _, b := range bars {
		lines := s.wrap(b.Label, name-2*pad)
		notes := s.wrap(b.Text, note-2*pad)
		h := float64(max(len(lines), len(notes)))*s.line() + pad
		s.room(h)
		for i, l := range lines {
			s.put(margin, s.y+float64(i)*s.line(), l)
		}
		w := 0.0
		if most > 0 {
			w = long * b.Value / most
		}
		if w > 0 {
			s.f.SetFillColor(0x33, 0x66, 0x99)
			s.f.Rect(margin+name, s.y+0.4, w, s.line()-0.8, "F")
		}
		for i, l := range notes {
			s.put(margin+name+w+pad, s.y+float64(i)*s.line(), l)
		}
		s.y += h
	}
	s.y += 3
	s.size(10)
}

func (s *sheet) image(m image.Image, width float64) {
	w := min(width, s.w-2*margin)
	h := w * float64(m.Bounds().Dy()) / float64(m.Bounds().Dx())
	if most := s.h - 2*margin - foot; h > most {
		w, h = w*most/h, most
	}
	s.room(h)
	s.images++
	name := "image-" + strconv.Itoa(s.images)
	s.register(name, m)
	s.f.ImageOptions(name, margin, s.y, w, h, false, gofpdf.ImageOptions{ImageType: "PNG"}, 0, "")
	s.y += h + 3
}

// footers writes the page numbers, once it is known how many pages there are.
func (s *sheet) footers() {
	n := s.f.PageCount()
	for i := 1; i <= n; i++ {
		s.f.SetPage(i)
		// gofpdf thinks of one font for the whole file, but each page has its
		// own: the size must change to be written into this one.
		s.size(10)
		s.size(8)
		number := signs(fmt.Sprintf("%d / %d", i, n))
		y := s.h - margin - s.line()
		s.put(s.w-margin-s.length(number), y, number)
		lines := s.wrap(s.opt.Footer, s.w-2*margin-30)
		if len(lines) > 1 {
			panic(tooLong("the footer is longer than a line"))
		}
		s.put(margin, y, lines[0])
	}
}
