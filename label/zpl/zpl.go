// Package zpl writes labels in ZPL II, the language of Zebra and of what speaks
// as Zebra does.
//
// Text goes as UTF-8 (^CI28) wherever the printer's own Chinese font has it, rare
// characters as small ^GF pictures in the same line. UTF-8 has no byte that means
// a command in the middle of a hanzi, which GBK has 232 times.
//
// No text can command the printer. A caret, tilde or underscore in a field is
// sent as its number after ^FH, so neither prefix ever stands in data; controls
// never reach here (glyph.Normalise).
//
// Sources: Zebra's ZPL II programming guide for the commands; the CRC of :Z64: is
// CRC-16/XMODEM over the base64 text, as seen in labels made by Zebra's own tools.
package zpl

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"floord/label"
	"floord/label/glyph"
	"floord/label/preview"
)

// Options is what a printer's profile says. The zero value is a 203 dpi printer
// with SimSun on its flash and labels with gaps.
type Options struct {
	DPI     int    // 0 means 203
	Charset string // what the Chinese font holds: "gbk" (or empty), "gb2312", "gb18030"; "ascii" for no such font
	Policy  string // for characters it lacks: "bitmap" (or empty), "pinyin", "both"

	// Font is the printer's Chinese font; empty means E:SIMSUN.TTF. Its ASCII
	// must be half as wide as its hanzi. With the charset ascii there is none: letters
	// and digits are those of the resident font D, which every printer has.
	Font string

	Mark       bool // paper has black marks instead of gaps
	Continuous bool // paper with neither
	Inverted   bool // prints upside down
	Speed      int  // inches a second; 0 leaves it to the printer
	Darkness   int  // 1 to 30; 0 leaves it to the printer

	// Packed sends pictures as :Z64: where that is shorter than hexadecimal. Printers of before 2005 do not read it.
	Packed bool
	// Raster sends the whole label as one picture: for a printer that has no
	// Chinese font and prints few labels.
	Raster bool

	// Quirks. A printer that encodes wrongly gets its codes drawn.
	// One that changes sets at the wrong place gets told each change (OwnSets);
	// by default it chooses, for some software that shows ZPL chooses better
	// than it obeys.
	BarsAsBoxes bool
	OwnSets     bool
	QRAsBitmap  bool

	// Form is what the printer holds already, see NewForm; nil for nothing.
	Form *Form

	// Setup is sent as it is after ^XA: "^MTD". It comes from a profile, never
	// from text.
	Setup []string
}

// Device is what laying out must know of the printer.
func (o Options) Device() (label.Device, error) {
	if o.resident() {
		return label.NewDevice("zpl", o.DPI, o.Charset, o.Policy, 24, 10)
	}
	return label.NewDevice("zpl", o.DPI, o.Charset, o.Policy, 0, 0)
}

// resident says that letters are those of font D, 18 dots high in cells of 12: as wide
// as the half cells of letters of 24 dots, and the only such font among those that
// every printer has. A font that it does not have (^CW) would print in 5 by 9.
func (o Options) resident() bool { return o.Charset == "ascii" && !o.Raster }

// The letters of font D and how far below the top of a cell they stand.
const residentHigh, residentWide, residentDown = 18, 10, 3

// Encode lays the page out for the printer and writes it. The error is that of
// the layout (a *label.FitError in it) or names the option that is wrong.
func Encode(p label.Page, o Options) (label.Job, error) {
	s, err := lay(p, o)
	if err != nil {
		return label.Job{}, err
	}
	w := writer{opt: o, out: make([]byte, 0, 4096)}
	switch {
	case o.Raster:
		w.head(s)
		w.picture(0, 0, preview.Dots(s))
	case o.Form != nil:
		w.out = append(w.out, "^XA^CI28^XF"+o.Form.Name+"^FS"...)
		w.recall(s)
	default:
		w.head(s)
		w.sheet(s)
	}
	w.out = append(w.out, "^PQ1^XZ\n"...)
	return label.Job{Bytes: w.out, Notes: s.Notes, Sheet: s}, nil
}

func lay(p label.Page, o Options) (label.Sheet, error) {
	d, err := o.Device()
	if err != nil {
		return label.Sheet{}, err
	}
	if err := o.check(); err != nil {
		return label.Sheet{}, err
	}
	return p.Lay(d)
}

func (o Options) check() error {
	switch {
	case o.Speed < 0 || o.Speed > 14:
		return fmt.Errorf("zpl: speed %d is not 0 to 14 inches a second", o.Speed)
	case o.Darkness < 0 || o.Darkness > 30:
		return fmt.Errorf("zpl: darkness %d is not 0 to 30", o.Darkness)
	case !printable(o.Font) || len(o.Font) > 64 || strings.ContainsAny(o.Font, "^~,"):
		return fmt.Errorf("zpl: font name %q", o.Font)
	}
	for _, line := range o.Setup {
		if !printable(line) || len(line) > 200 {
			return fmt.Errorf("zpl: setup %q is not one line of ASCII", line)
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
	opt Options
	out []byte
}

func (w *writer) head(s label.Sheet) {
	w.out = append(w.out, "^XA^CI28"...)
	w.settings(s)
}

func (w *writer) settings(s label.Sheet) {
	if !w.opt.resident() {
		w.out = append(w.out, "^CWZ,"+cmp.Or(w.opt.Font, "E:SIMSUN.TTF")...)
	}
	w.command("^PW", s.Width)
	w.command("^LL", s.Height)
	w.out = append(w.out, "^LH0,0"...)
	media := "^MNY"
	switch {
	case w.opt.Continuous:
		media = "^MNN"
	case w.opt.Mark:
		media = "^MNM"
	}
	w.out = append(w.out, media...)
	if w.opt.Inverted {
		w.out = append(w.out, "^POI"...)
	} else {
		w.out = append(w.out, "^PON"...)
	}
	if w.opt.Speed > 0 {
		w.command("^PR", w.opt.Speed)
	}
	if w.opt.Darkness > 0 {
		w.out = fmt.Appendf(w.out, "~SD%02d", w.opt.Darkness)
	}
	for _, line := range w.opt.Setup {
		w.out = append(w.out, line...)
	}
	w.out = append(w.out, '\n')
}

// command writes a name and numbers.
func (w *writer) command(name string, args ...int) {
	w.out = append(w.out, name...)
	for i, a := range args {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = strconv.AppendInt(w.out, int64(a), 10)
	}
}

func (w *writer) sheet(s label.Sheet) {
	w.still(s)
	w.pictures(s)
	for _, q := range s.QRs {
		w.qr(q)
	}
	for _, f := range w.fields(s) {
		w.place(f)
		w.quoted("", f.text)
	}
	for _, c := range s.Codes {
		if _, ok := w.code(c.Value); !ok {
			w.drawBars(c)
		}
	}
}

// still writes what is the same on every label of a template.
func (w *writer) still(s label.Sheet) {
	for _, r := range s.Rules {
		w.fill(r)
	}
	for _, b := range s.Boxes {
		w.command("^FO", b.X, b.Y)
		w.command("^GB", b.W, b.H, b.Line)
		w.end()
	}
	for _, i := range s.Images {
		w.picture(i.X, i.Y, i.Bits)
	}
}

// pictures writes the characters that the font lacks.
func (w *writer) pictures(s label.Sheet) {
	for _, r := range s.Runs {
		for _, p := range r.Drawn() {
			w.picture(p.X, p.Y, p.Bits)
		}
	}
}

func (w *writer) end() { w.out = append(w.out, "^FS\n"...) }

// fill writes a black rectangle: a box whose border is as thick as its shorter
// side.
func (w *writer) fill(r label.Rect) {
	w.command("^FO", r.X, r.Y)
	w.command("^GB", r.W, r.H, min(r.W, r.H))
	w.end()
}

// A field is one line of native text, or a bar code, at one place. A bold run is
// two fields.
type field struct {
	place
	text  string // what ^FD says
	fixed bool   // it is the template's
}

// A place is what stands before the text of a field.
type place struct {
	x, y, height int
	module       int  // of a bar code
	mode         byte // of a bar code
	strike       bool // the second of a bold run
}

func (w *writer) fields(s label.Sheet) []field {
	out := make([]field, 0, len(s.Runs)+len(s.Codes)+4)
	for _, r := range s.Runs {
		x, signs := r.Native()
		if len(signs) == 0 {
			continue
		}
		f := field{place{x: x, y: r.Y, height: r.Height}, w.text(signs), r.Fixed}
		out = append(out, f)
		if r.Bold {
			f.x, f.strike = x+label.Strike(r.Height), true
			out = append(out, f)
		}
	}
	for _, c := range s.Codes {
		if text, ok := w.code(c.Value); ok {
			mode := byte('N')
			if text == c.Value {
				mode = 'A'
			}
			out = append(out, field{place: place{x: c.X, y: c.Y, height: c.H, module: c.Module, mode: mode}, text: text})
		}
	}
	return out
}

// text is what a field says, with a space as wide as its cell where a picture
// stands.
func (w *writer) text(signs []glyph.Sign) string {
	var b strings.Builder
	b.Grow(3 * len(signs))
	for _, s := range signs {
		switch {
		case !s.Drawn:
			b.WriteRune(s.Rune)
		case s.Wide && !w.opt.resident():
			b.WriteRune('\u3000')
		case s.Wide:
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func (w *writer) place(f field) {
	if f.module > 0 {
		w.command("^BY", f.module)
		w.command("^FO", f.x, f.y)
		w.command("^BCN,", f.height)
		w.out = append(append(w.out, ",N,N,N,"...), f.mode)
		return
	}
	if k := f.height / 24; w.opt.resident() {
		w.command("^FO", f.x, f.y+k*residentDown)
		w.command("^AD,", k*residentHigh, k*residentWide)
		return
	}
	w.command("^FO", f.x, f.y)
	w.command("^AZ,", f.height) // upright, and as wide as high
}

// quoted writes ^FD and what a field holds. Nothing that it is given can end it.
func (w *writer) quoted(before, s string) {
	if strings.ContainsAny(s, "^~_") {
		w.out = append(w.out, "^FH"...)
	}
	w.out = append(append(w.out, "^FD"...), before...)
	hex := strings.ContainsAny(s, "^~_")
	for i := range len(s) {
		if c := s[i]; hex && (c == '^' || c == '~' || c == '_') {
			w.out = fmt.Appendf(w.out, "_%02X", c)
		} else {
			w.out = append(w.out, c)
		}
	}
	w.end()
}

// code gives what ^FD must say for a bar code; ok is false if it is better drawn.
func (w *writer) code(value string) (text string, ok bool) {
	if w.opt.BarsAsBoxes {
		return "", false
	}
	if !w.opt.OwnSets && printable(value) && !strings.ContainsAny(value, ">^~") {
		return value, true
	}
	return invoke(value)
}

func (w *writer) drawBars(c label.Bars) {
	for _, r := range c.Rects() {
		w.fill(r)
	}
}

// invoke writes the narrowest Code 128 of value in ^BC's own terms: ">:" starts
// set B, ">;" set C, ">5" and ">6" change to C and B. ok is false for what needs
// set A, controls, which no waybill number has.
func invoke(value string) (text string, ok bool) {
	symbols, err := label.Symbols128(value)
	if err != nil {
		return "", false
	}
	const codeC, codeB, startB, startC = 99, 100, 104, 105
	var b strings.Builder
	pairs := false
	for i, v := range symbols {
		switch {
		case i == 0 && v == startB:
			b.WriteString(">:")
		case i == 0 && v == startC:
			b.WriteString(">;")
			pairs = true
		case i == 0:
			return "", false
		case pairs && v < 100:
			fmt.Fprintf(&b, "%02d", v)
		case pairs && v == codeB:
			b.WriteString(">6")
			pairs = false
		case pairs:
			return "", false
		case v == codeC:
			b.WriteString(">5")
			pairs = true
		case v == '>'-' ':
			b.WriteString(">0")
		case v == '^'-' ':
			b.WriteString("><")
		case v == '~'-' ':
			b.WriteString(">=")
		case v < 95 && v != codeB:
			b.WriteByte(v + ' ')
		default:
			return "", false
		}
	}
	return b.String(), true
}

// qrDrop is how many dots below its ^FO a ^BQ code is printed by every firmware.
const qrDrop = 10

func (w *writer) qr(q label.Matrix) {
	if w.opt.QRAsBitmap || !printable(q.Value) || q.Y < qrDrop {
		w.picture(q.X, q.Y, label.DrawMatrix(q))
		return
	}
	w.command("^FO", q.X, q.Y-qrDrop)
	w.command("^BQN,2,", q.Cell)
	w.quoted("MA,", q.Value)
}
