// Package tspl writes labels in TSPL, the language of TSC, Gprinter, Xprinter,
// HPRT and most of their clones.
//
// Text goes as text wherever the printer's own Chinese font has it, which makes a
// waybill of 2 kB where its picture is 120 kB. Characters the font lacks go as
// small bitmaps in the same line.
//
// No text can command the printer. The manual's own escape for a quote ("\["]")
// is not what every clone understands, so no quote is ever sent as text: it is
// printed full-width, like the backslash. Controls never reach here
// (glyph.Normalise), and text never ends in a byte that a clone may take for an
// escape of the closing quote.
//
// Sources: TSC TSPL/TSPL2 manual, conventions and commands; LPrint's lprint-tspl.c
// for the polarity of BITMAP (a 0 bit burns).
package tspl

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"

	"floord/label"
	"floord/label/glyph"
	"floord/label/preview"
)

// Options is what a printer's profile says. The zero value is a 203 dpi printer
// with the 24-dot GBK font and 2 mm of gap between labels.
type Options struct {
	DPI     int    // 0 means 203
	Charset string // of the printer's Chinese font: "gbk" (or empty), "gb2312", "gb18030"; "ascii" for none
	Policy  string // for characters it lacks: "bitmap" (or empty), "pinyin", "both"

	Font     string // its name in TEXT; empty means TSS24.BF2, or 2 with the charset ascii
	FontDots int    // height of its letters; 0 means 24
	MaxScale int    // largest multiplier; 0 means 10

	Gap        label.MM // between labels; 0 means 2
	Mark       label.MM // height of the black mark, on paper that has marks instead of gaps
	Continuous bool     // paper with neither
	Direction  int      // 0 or 1: which edge leaves first
	Speed      int      // inches a second; 0 leaves it to the printer
	Density    int      // 1 to 15; 0 leaves it to the printer

	// Raster sends the whole label as pictures, those parts of it that have ink:
	// for a printer that has no Chinese font.
	Raster bool

	// Quirks. A printer that encodes Code 128 wastefully or wrongly gets it as
	// bars, one that knows no QRCODE as a bitmap.
	BarsAsBoxes bool
	QRAsBitmap  bool

	// Setup lines are sent as they are, before CLS: "SET TEAR ON". They come
	// from a profile, never from text.
	Setup []string
}

// Device is what laying out must know of the printer.
func (o Options) Device() (label.Device, error) {
	if o.Raster {
		return label.NewDevice("tspl", o.DPI, o.Charset, o.Policy, 0, 0)
	}
	d, err := label.NewDevice("tspl", o.DPI, o.Charset, o.Policy, cmp.Or(o.FontDots, 24), cmp.Or(o.MaxScale, 10))
	d.Speller.Replace = harmless
	return d, err
}

// harmless replaces the two characters that mean something inside a TSPL string.
func harmless(r rune) rune {
	switch r {
	case '"':
		return '＂'
	case '\\':
		return '＼'
	}
	return 0
}

// resident says that letters are those of font 2, which every printer has: 20 dots
// high in cells of 12, as wide as the half cells of letters of 24 dots. A font that a
// printer does not have prints nothing.
func (o Options) resident() bool { return o.Charset == "ascii" && o.Font == "" && !o.Raster }

// residentDown is how far below the top of a cell the letters of font 2 stand.
const residentDown = 2

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
	w := writer{opt: o, dots: d.Heights[0]}
	w.out = make([]byte, 0, 4096)
	w.sheet(s)
	return label.Job{Bytes: w.out, Notes: s.Notes, Sheet: s}, nil
}

func (o Options) check() error {
	switch font := cmp.Or(o.Font, "TSS24.BF2"); {
	case o.MaxScale > 10:
		return fmt.Errorf("tspl: letters scaled up to %d times; 1 to 10 are known", o.MaxScale)
	case o.Direction < 0 || o.Direction > 1:
		return fmt.Errorf("tspl: direction %d is neither 0 nor 1", o.Direction)
	case o.Speed < 0 || o.Speed > 18:
		return fmt.Errorf("tspl: speed %d is not 0 to 18 inches a second", o.Speed)
	case o.Density < 0 || o.Density > 15:
		return fmt.Errorf("tspl: density %d is not 0 to 15", o.Density)
	case !(o.Gap >= 0 && o.Gap <= 50 && o.Mark >= 0 && o.Mark <= 50):
		return fmt.Errorf("tspl: gap %g mm or mark %g mm is not 0 to 50", o.Gap, o.Mark)
	case !printable(font) || len(font) > 64 || bytes.ContainsAny([]byte(font), `"\`):
		return fmt.Errorf("tspl: font name %q", font)
	}
	for _, line := range o.Setup {
		if !printable(line) || len(line) > 200 {
			return fmt.Errorf("tspl: setup line %q is not one line of ASCII", line)
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

// A writer is one call of Encode.
type writer struct {
	opt  Options
	dots int // of the font
	out  []byte
}

func (w *writer) sheet(s label.Sheet) {
	w.head(s)
	if w.opt.Raster {
		w.tiles(preview.Dots(s))
		w.line("PRINT 1,1")
		return
	}
	// Bitmaps first: they overwrite what is under them, their white included,
	// while text, bars and boxes only add ink.
	for _, r := range s.Runs {
		for _, p := range r.Drawn() {
			w.bitmap(p.X, p.Y, p.Bits)
		}
	}
	for _, i := range s.Images {
		w.bitmap(i.X, i.Y, i.Bits)
	}
	for _, q := range s.QRs {
		w.qr(q)
	}
	for _, r := range s.Rules {
		w.command("BAR ", r.X, r.Y, r.W, r.H)
	}
	for _, b := range s.Boxes {
		w.command("BOX ", b.X, b.Y, b.X+b.W-1, b.Y+b.H-1, b.Line)
	}
	for _, r := range s.Runs {
		w.native(r)
	}
	for _, c := range s.Codes {
		w.bars(c)
	}
	w.line("PRINT 1,1")
}

func (w *writer) head(s label.Sheet) {
	w.line("SIZE " + mm(s.PaperW) + "," + mm(s.PaperH))
	switch {
	case w.opt.Continuous:
		w.line("GAP 0 mm,0 mm")
	case w.opt.Mark > 0:
		w.line("BLINE " + mm(w.opt.Mark) + ",0 mm")
	default:
		w.line("GAP " + mm(cmp.Or(w.opt.Gap, 2)) + ",0 mm")
	}
	if w.opt.Speed > 0 {
		w.command("SPEED ", w.opt.Speed)
	}
	if w.opt.Density > 0 {
		w.command("DENSITY ", w.opt.Density)
	}
	w.command("DIRECTION ", w.opt.Direction)
	w.command("REFERENCE ", 0, 0)
	for _, l := range w.opt.Setup {
		w.line(l)
	}
	w.line("CLS")
}

func mm(m label.MM) string { return strconv.FormatFloat(float64(m), 'g', 6, 64) + " mm" }

func (w *writer) line(s string) { w.out = append(append(w.out, s...), '\r', '\n') }

// command writes a name and numbers, and ends the line.
func (w *writer) command(name string, args ...int) {
	w.numbers(name, args...)
	w.out = append(w.out, '\r', '\n')
}

func (w *writer) numbers(name string, args ...int) {
	w.out = append(w.out, name...)
	for i, a := range args {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = strconv.AppendInt(w.out, int64(a), 10)
	}
}

// native writes what the printer's font prints. A bold run is struck twice.
func (w *writer) native(r label.Run) {
	x, signs := r.Native()
	if len(signs) == 0 {
		return
	}
	w.text(x, r.Y, r.Height/w.dots, signs)
	if r.Bold {
		w.text(x+label.Strike(r.Height), r.Y, r.Height/w.dots, signs)
	}
}

func (w *writer) text(x, y, scale int, signs []glyph.Sign) {
	font := cmp.Or(w.opt.Font, "TSS24.BF2")
	if w.opt.resident() {
		font, y = "2", y+scale*residentDown
	}
	w.numbers("TEXT ", x, y)
	w.out = append(append(append(w.out, `,"`...), font...), `",0,`...)
	w.numbers("", scale, scale)
	w.out = append(w.out, `,"`...)
	for _, s := range signs {
		if s.Drawn {
			w.out = append(w.out, "  "[:1+btoi(s.Wide)]...)
			continue
		}
		var ok bool
		if w.out, ok = glyph.GB18030.Append(w.out, s.Rune); !ok {
			// Spell chose the font for this sign because the charset has it.
			panic(fmt.Sprintf("tspl: no code for %U", s.Rune))
		}
	}
	// The second byte of a hundred hanzi is a backslash. A clone that looks for
	// \" byte by byte must not find one at the end.
	if w.out[len(w.out)-1] == '\\' {
		w.out = append(w.out, ' ')
	}
	w.out = append(w.out, "\"\r\n"...)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bitmap writes the rows that have ink.
func (w *writer) bitmap(x, y int, b glyph.Bitmap) {
	top, bottom := b.Ink()
	if top == bottom {
		return
	}
	rowBytes := (b.Width + 7) / 8
	w.numbers("BITMAP ", x, y+top, rowBytes, bottom-top, 0)
	w.out = append(w.out, ',')
	start := len(w.out)
	for row := top; row < bottom; row++ {
		for _, v := range b.Bits[row*b.Stride : row*b.Stride+rowBytes] {
			w.out = append(w.out, ^v)
		}
	}
	// ESC ! asks for the status and is acted on at once, perhaps even here. One
	// dot more hides it.
	for i := start + 1; i < len(w.out); i++ {
		if w.out[i-1] == 0x1B && w.out[i] == '!' {
			w.out[i] = ' '
		}
	}
	w.out = append(w.out, '\r', '\n')
}

// tiles writes a whole label in bands of rows, and of a band the stretches that
// have ink. A gap is left out if it is longer than the command after it.
func (w *writer) tiles(b glyph.Bitmap) {
	const band, gap = 16, 2 // rows, bytes
	for y := 0; y < b.Height; y += band {
		h := min(band, b.Height-y)
		ink := func(col int) bool {
			for row := y; row < y+h; row++ {
				if b.Bits[row*b.Stride+col] != 0 {
					return true
				}
			}
			return false
		}
		for from := 0; from < b.Stride; {
			if !ink(from) {
				from++
				continue
			}
			end := from + 1
			for i := end; i < b.Stride && i <= end+gap; i++ {
				if ink(i) {
					end = i + 1
				}
			}
			w.bitmap(8*from, y, glyph.Bitmap{Width: 8 * (end - from), Height: h, Stride: b.Stride, Bits: b.Bits[y*b.Stride+from:]})
			from = end
		}
	}
}

func (w *writer) bars(c label.Bars) {
	if !w.opt.BarsAsBoxes && plain(c.Value) {
		w.numbers("BARCODE ", c.X, c.Y)
		w.numbers(`,"128",`, c.H, 0, 0, c.Module, c.Module)
		w.quoted(c.Value)
		return
	}
	for _, r := range c.Rects() {
		w.command("BAR ", r.X, r.Y, r.W, r.H)
	}
}

func (w *writer) qr(q label.Matrix) {
	if !w.opt.QRAsBitmap && plain(q.Value) {
		w.numbers("QRCODE ", q.X, q.Y)
		w.out = append(w.out, ",M,"...)
		w.numbers("", q.Cell)
		w.out = append(w.out, ",A,0"...)
		w.quoted(q.Value)
		return
	}
	w.bitmap(q.X, q.Y, label.DrawMatrix(q))
}

func (w *writer) quoted(s string) {
	w.out = append(append(append(w.out, `,"`...), s...), "\"\r\n"...)
}

// plain says whether a code's content can stand in a TSPL string. Other content
// is drawn: in a code no character may be replaced.
func plain(s string) bool {
	return printable(s) && !bytes.ContainsAny([]byte(s), `"\`)
}
