// Package cpcl writes labels in CPCL, the language of portable printers: HPRT,
// Zebra's mobile ones, many that couriers carry.
//
// Text goes as text wherever the printer's own Chinese font has it, rare
// characters as small pictures in the same line.
//
// No text can command the printer. CPCL has no quotes: a text ends with its
// line, and no line end ever reaches here (glyph.Normalise); neither do the
// other controls, and no byte of a hanzi is one. The content of a QR code stands
// on a line of its own and is sent as text only if it is printable ASCII behind
// its own prefix.
//
// Sources: Zebra's CPCL programming manual, the manuals of HPRT and HCC portable
// printers. That a 1 bit burns in CG and EG is as the manual says it.
package cpcl

import (
	"cmp"
	"fmt"
	"strconv"

	"floord/label"
	"floord/label/glyph"
	"floord/label/preview"
)

// Options is what a printer's profile says. The zero value is a 203 dpi printer
// with the 24-dot GBK font and labels with gaps.
type Options struct {
	DPI     int    // 0 means 203
	Charset string // of the printer's Chinese font: "gbk" (or empty), "gb2312", "gb18030"; "ascii" for none
	Policy  string // for characters it lacks: "bitmap" (or empty), "pinyin", "both"

	Font     string // its name in TEXT; empty means 24, or 7 with the charset ascii
	FontDots int    // height of its letters; 0 means 24
	MaxScale int    // largest SETMAG; 0 means 10

	Continuous bool // paper without gaps or marks: no FORM after the label
	Speed      int  // 1 to 5 as SPEED takes it; 0 leaves it to the printer
	Contrast   int  // 1 to 3; 0 leaves it to the printer

	// Raster sends the whole label as one picture: for a printer that has no
	// Chinese font.
	Raster bool

	// Quirks. Lines that are not clean for all bytes need pictures in
	// hexadecimal; printers that encode wrongly get codes drawn.
	HexPictures bool
	BarsAsLines bool
	QRAsBitmap  bool

	// Setup lines are sent as they are after the first one: "ENCODING GB18030",
	// "GAP-SENSE". They come from a profile, never from text.
	Setup []string
}

// Device is what laying out must know of the printer.
func (o Options) Device() (label.Device, error) {
	if o.Raster {
		return label.NewDevice("cpcl", o.DPI, o.Charset, o.Policy, 0, 0)
	}
	return label.NewDevice("cpcl", o.DPI, o.Charset, o.Policy, cmp.Or(o.FontDots, 24), cmp.Or(o.MaxScale, 10))
}

// Encode lays the page out for the printer and writes it. The error is that of
// the layout (a *label.FitError in it) or names the option that is wrong.
func Encode(p label.Page, o Options) (label.Job, error) {
	d, err := o.Device()
	if err != nil {
		return label.Job{}, err
	}
	if err := o.check(); err != nil {
		return label.Job{}, err
	}
	s, err := p.Lay(d)
	if err != nil {
		return label.Job{}, err
	}
	w := writer{opt: o, dots: d.Heights[0], scale: 1}
	w.out = make([]byte, 0, 4096)
	w.head(s)
	if o.Raster {
		w.picture(0, 0, preview.Dots(s))
	} else {
		w.sheet(s)
	}
	if !o.Continuous {
		w.line("FORM")
	}
	w.line("PRINT")
	return label.Job{Bytes: w.out, Notes: s.Notes, Sheet: s}, nil
}

func (o Options) check() error {
	switch {
	case o.Speed < 0 || o.Speed > 5:
		return fmt.Errorf("cpcl: speed %d is not 0 to 5", o.Speed)
	case o.Contrast < 0 || o.Contrast > 3:
		return fmt.Errorf("cpcl: contrast %d is not 0 to 3", o.Contrast)
	case !word(cmp.Or(o.Font, "24")) || len(o.Font) > 32:
		return fmt.Errorf("cpcl: font name %q", o.Font)
	}
	for _, line := range o.Setup {
		if !printable(line) || len(line) > 200 {
			return fmt.Errorf("cpcl: setup line %q is not one line of ASCII", line)
		}
	}
	return nil
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

func word(s string) bool {
	for i := range len(s) {
		if s[i] <= 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

// A writer is one call of Encode.
type writer struct {
	opt   Options
	dots  int // of the font
	scale int // SETMAG in force
	out   []byte
}

func (w *writer) head(s label.Sheet) {
	// 200 stands for the printer's own dots, whatever their number.
	w.command("! 0 200 200", s.Height, 1)
	w.command("PAGE-WIDTH", s.Width)
	for _, l := range w.opt.Setup {
		w.line(l)
	}
	if w.opt.Speed > 0 {
		w.command("SPEED", w.opt.Speed)
	}
	if w.opt.Contrast > 0 {
		w.command("CONTRAST", w.opt.Contrast)
	}
}

func (w *writer) sheet(s label.Sheet) {
	// Pictures first: some firmware clears what is under them.
	for _, r := range s.Runs {
		for _, p := range r.Drawn() {
			w.picture(p.X, p.Y, p.Bits)
		}
	}
	for _, i := range s.Images {
		w.picture(i.X, i.Y, i.Bits)
	}
	for _, q := range s.QRs {
		w.qr(q)
	}
	for _, r := range s.Rules {
		w.fill(r)
	}
	for _, b := range s.Boxes {
		w.command("BOX", b.X, b.Y, b.X+b.W, b.Y+b.H, b.Line)
	}
	for _, r := range s.Runs {
		w.native(r)
	}
	for _, c := range s.Codes {
		w.bars(c)
	}
}

func (w *writer) line(s string) { w.out = append(append(w.out, s...), '\r', '\n') }

// command writes a name and numbers, and ends the line.
func (w *writer) command(name string, args ...int) {
	w.numbers(name, args...)
	w.out = append(w.out, '\r', '\n')
}

func (w *writer) numbers(name string, args ...int) {
	w.out = append(w.out, name...)
	for _, a := range args {
		w.out = strconv.AppendInt(append(w.out, ' '), int64(a), 10)
	}
}

// fill writes a rectangle as a line from end to end, as thick as it is high; or
// as wide, if it stands.
func (w *writer) fill(r label.Rect) {
	if r.H > r.W {
		w.command("LINE", r.X, r.Y, r.X, r.Y+r.H, r.W)
	} else {
		w.command("LINE", r.X, r.Y, r.X+r.W, r.Y, r.H)
	}
}

// native writes what the printer's font prints. A bold run is struck twice.
func (w *writer) native(r label.Run) {
	x, signs := r.Native()
	if len(signs) == 0 {
		return
	}
	if scale := r.Height / w.dots; scale != w.scale {
		w.command("SETMAG", scale, scale)
		w.scale = scale
	}
	w.text(x, r.Y, signs)
	if r.Bold {
		w.text(x+label.Strike(r.Height), r.Y, signs)
	}
}

func (w *writer) text(x, y int, signs []glyph.Sign) {
	font := cmp.Or(w.opt.Font, "24")
	if w.opt.Charset == "ascii" && w.opt.Font == "" {
		font = "7" // of 24 by 12 dots too, and resident in every printer
	}
	w.numbers("TEXT "+font, 0, x, y)
	w.out = append(w.out, ' ')
	for _, s := range signs {
		if s.Drawn {
			w.out = append(w.out, ' ')
			if s.Wide {
				w.out = append(w.out, ' ')
			}
			continue
		}
		var ok bool
		if w.out, ok = glyph.GB18030.Append(w.out, s.Rune); !ok {
			// Spell chose the font for this sign because the charset has it.
			panic(fmt.Sprintf("cpcl: no code for %U", s.Rune))
		}
	}
	w.line("")
}

// picture writes the rows that have ink. 1 is black.
func (w *writer) picture(x, y int, b glyph.Bitmap) {
	top, bottom := b.Ink()
	if top == bottom {
		return
	}
	stride := (b.Width + 7) / 8
	name := "CG"
	if w.opt.HexPictures {
		name = "EG"
	}
	w.numbers(name, stride, bottom-top, x, y+top)
	w.out = append(w.out, ' ')
	for row := top; row < bottom; row++ {
		for _, v := range b.Bits[row*b.Stride : row*b.Stride+stride] {
			if w.opt.HexPictures {
				w.out = append(w.out, "0123456789ABCDEF"[v>>4], "0123456789ABCDEF"[v&15])
			} else {
				w.out = append(w.out, v)
			}
		}
	}
	w.line("")
}

func (w *writer) bars(c label.Bars) {
	if !w.opt.BarsAsLines && word(c.Value) {
		w.numbers("BARCODE 128", c.Module, 1, c.H, c.X, c.Y)
		w.line(" " + c.Value)
		return
	}
	for _, r := range c.Rects() {
		w.fill(r)
	}
}

func (w *writer) qr(q label.Matrix) {
	if w.opt.QRAsBitmap || !printable(q.Value) {
		w.picture(q.X, q.Y, label.DrawMatrix(q))
		return
	}
	w.numbers("BARCODE QR", q.X, q.Y)
	w.line(" M 2 U " + strconv.Itoa(q.Cell))
	w.line("MA," + q.Value)
	w.line("ENDQR")
}
