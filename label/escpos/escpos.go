// Package escpos writes labels in ESC/POS, the language of receipt printers and
// of some label printers built from them.
//
// A label is composed in page mode, where every text and code has its place:
// text as text wherever the printer's own Chinese font has it, rare characters
// as small raster pictures, lines as letters that the printer is taught. A printer without page mode gets the whole
// label as raster (Options.Raster).
//
// No text can command the printer: commands begin with a control, and no control
// reaches here from a text (glyph.Normalise), nor is any byte of a hanzi one.
// DLE EOT, ENQ and DC4 are obeyed by some firmware wherever they stand, even
// within a picture or a number; so no picture, number or bar code is sent that
// holds one.
//
// Sources: the Epson command reference as the manuals of HPRT, Xprinter and
// Zijiang printers repeat it. That a place in page mode is that of the lower edge
// is Epson's; see Options.FromTop.
package escpos

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"floord/label"
	"floord/label/glyph"
	"floord/label/preview"
)

// Options is what a printer's profile says. The zero value is a 203 dpi printer
// with page mode, the 24-dot GBK font and labels with gaps.
type Options struct {
	DPI      int    // 0 means 203
	Charset  string // of the printer's Chinese font: "gbk" (or empty), "gb2312", "gb18030"; "ascii" for none
	Policy   string // for characters it lacks: "bitmap" (or empty), "pinyin", "both"
	MaxScale int    // largest multiplier of the 24-dot font; 0 means 8

	Continuous bool // paper without gaps: it is fed out, and cut if Cut
	Cut        bool

	// Raster sends the whole label as pictures in standard mode.
	Raster bool

	// Quirks. Some firmware takes a place in page mode as that of the upper edge.
	// Printers that encode wrongly get their codes drawn, those that cannot be
	// taught letters (ESC &) their lines.
	FromTop     bool
	LinesAsDots bool
	BarsAsDots  bool
	QRAsBitmap  bool
}

const font = 24 // dots

// Device is what laying out must know of the printer.
func (o Options) Device() (label.Device, error) {
	if o.Raster {
		return label.NewDevice("escpos", o.DPI, o.Charset, o.Policy, 0, 0)
	}
	return label.NewDevice("escpos", o.DPI, o.Charset, o.Policy, font, cmp.Or(o.MaxScale, 8))
}

// Encode lays the page out for the printer and writes it. The error is that of
// the layout (a *label.FitError in it) or names the option that is wrong.
func Encode(p label.Page, o Options) (label.Job, error) {
	d, err := o.Device()
	if err != nil {
		return label.Job{}, err
	}
	if o.MaxScale > 8 {
		return label.Job{}, fmt.Errorf("escpos: letters scaled up to %d times; 1 to 8 are known", o.MaxScale)
	}
	s, err := p.Lay(d)
	if err != nil {
		return label.Job{}, err
	}
	w := writer{opt: o}
	w.out = make([]byte, 0, 8192)
	w.send("\x1b@")
	if o.Raster {
		w.bands(preview.Dots(s))
		if !o.Continuous {
			w.send("\f")
		}
	} else {
		w.page(s)
		w.send("\f")
	}
	switch {
	case o.Cut:
		w.send("\x1dVB\x00")
	case o.Continuous:
		w.send("\x1bd\x03")
	}
	return label.Job{Bytes: w.out, Notes: s.Notes, Sheet: s}, nil
}

// A writer is one call of Encode.
type writer struct {
	opt   Options
	scale byte // GS ! in force
	line  int  // thickness of the lines that the printer was taught, 0 for none
	out   []byte
}

// size chooses how many times wider and higher than 24 dots letters are.
func (w *writer) size(wide, high int) {
	if n := byte(wide-1)<<4 | byte(high-1); n != w.scale {
		w.out = append(w.out, 0x1d, '!', n)
		w.scale = n
	}
}

func (w *writer) send(s string) { w.out = append(w.out, s...) }

func (w *writer) page(s label.Sheet) {
	if slices.ContainsFunc(s.Runs, chinese) {
		w.send("\x1c&")
	}
	// ESC W says where the page is: a dot more if its size would read as a
	// real-time command.
	width, height := s.Width, s.Height
	if realTime(two(width)) {
		width++
	}
	if realTime(two(height)) {
		height++
	}
	w.send("\x1bL\x1bW\x00\x00\x00\x00")
	w.out = append(append(w.out, two(width)...), two(height)...)
	w.send("\x1bT\x00")
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
	w.lines(s)
	for _, r := range s.Runs {
		w.native(r)
	}
	for _, c := range s.Codes {
		w.bars(c)
	}
}

// chinese says whether the printer's Chinese font prints some of a run.
func chinese(r label.Run) bool {
	return slices.ContainsFunc(r.Signs, func(s glyph.Sign) bool { return !s.Drawn && s.Rune > 0x7E })
}

func two(n int) []byte { return []byte{byte(n), byte(n >> 8)} }

// realTime says whether some firmware would find a real-time command in b.
func realTime(b []byte) bool {
	for i := 1; i < len(b); i++ {
		if b[i-1] == 0x10 && (b[i] == 0x04 || b[i] == 0x05 || b[i] == 0x14) {
			return true
		}
	}
	return false
}

// at moves to where something h dots high stands. A number that would read as a
// real-time command is reached from the one before.
func (w *writer) at(x, y, h int) {
	if !w.opt.FromTop {
		y += h
	}
	for _, m := range []struct {
		to, by string
		n      int
	}{{"\x1b$", "\x1b\\", x}, {"\x1d$", "\x1d\\", y}} {
		w.send(m.to)
		if n := two(m.n); realTime(n) {
			w.out = append(w.out, two(m.n-1)...)
			w.send(m.by + "\x01\x00")
		} else {
			w.out = append(w.out, n...)
		}
	}
}

// native writes what the printer's font prints. A bold run is struck twice.
func (w *writer) native(r label.Run) {
	x, signs := r.Native()
	if len(signs) == 0 {
		return
	}
	w.size(r.Height/font, r.Height/font)
	w.text(x, r.Y, r.Height, signs)
	if r.Bold {
		w.text(x+label.Strike(r.Height), r.Y, r.Height, signs)
	}
}

func (w *writer) text(x, y, h int, signs []glyph.Sign) {
	w.at(x, y, h)
	for _, s := range signs {
		if s.Drawn {
			w.send(" ")
			if s.Wide {
				w.send(" ")
			}
			continue
		}
		var ok bool
		if w.out, ok = glyph.GB18030.Append(w.out, s.Rune); !ok {
			// Spell chose the font for this sign because the charset has it.
			panic(fmt.Sprintf("escpos: no code for %U", s.Rune))
		}
	}
}

// lines draws rules and boxes. As pictures they would be most of a label's bytes,
// so the printer is taught two letters (ESC &), a line along and a line down,
// which it draws up to eight times as long.
func (w *writer) lines(s label.Sheet) {
	all := strokes(s)
	byWidth := map[int]int{}
	for _, r := range all {
		byWidth[min(r.W, r.H)]++
	}
	if !w.opt.LinesAsDots {
		for t, n := range byWidth {
			if t <= widest && n > byWidth[w.line] {
				w.line = t
			}
		}
	}
	if w.line == 0 {
		for _, r := range all {
			w.fill(r)
		}
		return
	}
	w.teach(w.line)
	w.send("\x1b%\x01")
	var rest []label.Rect
	for _, r := range all {
		if !w.along(r, s) && !w.down(r, s) {
			rest = append(rest, r)
		}
	}
	w.send("\x1b%\x00")
	for _, r := range rest {
		w.fill(r)
	}
}

// strokes are the rules and the sides of the boxes, without what lies within
// another: boxes that share a side draw it once.
func strokes(s label.Sheet) []label.Rect {
	all := slices.Clone(s.Rules)
	for _, b := range s.Boxes {
		all = append(all,
			label.Rect{X: b.X, Y: b.Y, W: b.W, H: b.Line}, label.Rect{X: b.X, Y: b.Y + b.H - b.Line, W: b.W, H: b.Line},
			label.Rect{X: b.X, Y: b.Y, W: b.Line, H: b.H}, label.Rect{X: b.X + b.W - b.Line, Y: b.Y, W: b.Line, H: b.H})
	}
	within := func(i, j int) bool {
		a, b := all[i], all[j]
		return i != j && a.X >= b.X && a.Y >= b.Y && a.X+a.W <= b.X+b.W && a.Y+a.H <= b.Y+b.H && (a != b || i > j)
	}
	var out []label.Rect
	for i := range all {
		covered := false
		for j := range all {
			covered = covered || within(i, j)
		}
		if !covered {
			out = append(out, all[i])
		}
	}
	return out
}

// The letters that are taught: their codes, where in its cell the line along
// stands, and how thick lines may be.
const (
	lineAlong = '|'
	lineDown  = '}'
	half      = font / 2 // dots a letter is wide
	lead      = 8
	widest    = half
)

// teach defines the two letters by columns of three bytes, the upper dot first.
func (w *writer) teach(t int) {
	w.send("\x1b&\x03" + string(rune(lineAlong)) + string(rune(lineDown)))
	along := (1<<t - 1) << (font - lead - t)
	w.out = append(w.out, half)
	for range half {
		w.out = append(w.out, byte(along>>16), byte(along>>8), byte(along))
	}
	w.out = append(w.out, half)
	for x := range half {
		ink := byte(0)
		if x < t {
			ink = 0xFF
		}
		w.out = append(w.out, ink, ink, ink)
	}
}

// along draws a horizontal line with letters, as wide as will do; the last may lie
// over the one before. It says whether it could.
func (w *writer) along(r label.Rect, s label.Sheet) bool {
	y := r.Y - lead
	if r.H != w.line || r.W < half || y < 0 || y+font > s.Height {
		return false
	}
	wide := min(r.W/half, 8)
	w.size(wide, 1)
	w.at(r.X, y, font)
	for range r.W / (wide * half) {
		w.out = append(w.out, lineAlong)
	}
	if over := r.W % (wide * half); over > 0 {
		w.at(r.X+r.W-wide*half, y, font)
		w.out = append(w.out, lineAlong)
	}
	return true
}

// down draws a vertical line likewise.
func (w *writer) down(r label.Rect, s label.Sheet) bool {
	if r.W != w.line || r.H < font || r.X+half > s.Width {
		return false
	}
	high := min(r.H/font, 8)
	w.size(1, high)
	for y := 0; y < r.H; y += high * font {
		w.at(r.X, r.Y+min(y, r.H-high*font), high*font)
		w.out = append(w.out, lineDown)
	}
	return true
}

func (w *writer) fill(r label.Rect) {
	b := glyph.NewBitmap(r.W, r.H)
	b.Fill(0, 0, r.W, r.H)
	w.picture(r.X, r.Y, b)
}

// picture writes the rows that have ink.
func (w *writer) picture(x, y int, b glyph.Bitmap) {
	top, bottom := b.Ink()
	if top == bottom {
		return
	}
	// The same dots some places further to the right in their bytes read
	// otherwise.
	shift := 0
	raw := rows(b, top, bottom, 0)
	for realTime(raw) && shift < 7 && shift < x {
		shift++
		raw = rows(b, top, bottom, shift)
	}
	w.at(x-shift, y+top, bottom-top)
	w.raster(raw, bottom-top)
}

// rows are the bytes of some rows, moved to the right by less than a byte.
func rows(b glyph.Bitmap, top, bottom, shift int) []byte {
	part := glyph.Bitmap{Width: b.Width, Height: bottom - top, Stride: b.Stride, Bits: b.Bits[top*b.Stride : bottom*b.Stride]}
	out := glyph.NewBitmap(b.Width+shift, bottom-top)
	out.Paste(part, shift, 0)
	return out.Bits
}

// raster writes GS v 0. 1 is black.
func (w *writer) raster(raw []byte, height int) {
	// What no shift could mend gets a dot more.
	raw = bytes.Clone(raw)
	for i := 1; i < len(raw); i++ {
		if realTime(raw[i-1 : i+1]) {
			raw[i] |= 0x08
		}
	}
	w.send("\x1dv0\x00")
	w.out = append(append(w.out, two(len(raw)/height)...), two(height)...)
	w.out = append(w.out, raw...)
}

// bands writes a whole label, in parts that every buffer holds.
func (w *writer) bands(b glyph.Bitmap) {
	const most = 128
	for y := 0; y < b.Height; y += most {
		h := min(most, b.Height-y)
		w.raster(b.Bits[y*b.Stride:(y+h)*b.Stride], h)
	}
}

func (w *writer) bars(c label.Bars) {
	data, ok := invoke(c.Value)
	if w.opt.BarsAsDots || !ok || c.Module < 2 || c.Module > 6 || c.H > 255 {
		b := glyph.NewBitmap(c.W(), c.H)
		for _, r := range c.Rects() {
			b.Fill(r.X-c.X, 0, r.W, r.H)
		}
		w.picture(c.X, c.Y, b)
		return
	}
	w.at(c.X, c.Y, c.H)
	w.out = append(w.out, 0x1d, 'h', byte(c.H), 0x1d, 'w', byte(c.Module), 0x1d, 'H', 0, 0x1d, 'k', 73, byte(len(data)))
	w.out = append(w.out, data...)
}

// invoke writes the narrowest Code 128 of value in the terms of GS k 73: "{B"
// chooses a set, in set C a byte is a pair. ok is false if that would hold a
// real-time command or needs set A.
func invoke(value string) (data []byte, ok bool) {
	symbols, err := label.Symbols128(value)
	if err != nil {
		return nil, false
	}
	const codeC, codeB, startB, startC = 99, 100, 104, 105
	pairs := false
	for i, v := range symbols {
		switch {
		case i == 0 && v == startB, pairs && v == codeB:
			data, pairs = append(data, "{B"...), false
		case i == 0 && v == startC, i > 0 && !pairs && v == codeC:
			data, pairs = append(data, "{C"...), true
		case i == 0 || !pairs && v >= 95 || v > 99:
			return nil, false
		case pairs:
			data = append(data, v)
		case v+' ' == '{':
			data = append(data, "{{"...)
		default:
			data = append(data, v+' ')
		}
	}
	return data, !realTime(data)
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

func (w *writer) qr(q label.Matrix) {
	if w.opt.QRAsBitmap || q.Cell > 16 || !printable(q.Value) || realTime(two(len(q.Value)+3)) {
		w.picture(q.X, q.Y, label.DrawMatrix(q))
		return
	}
	w.at(q.X, q.Y, q.Cell*q.Modules)
	w.symbol(65, 50, 0)                             // model 2
	w.symbol(67, byte(q.Cell))                      // module
	w.symbol(69, 49)                                // level M
	w.symbol(80, append([]byte{48}, q.Value...)...) // store
	w.symbol(81, 48)                                // print
}

// symbol writes GS ( k for a QR code.
func (w *writer) symbol(function byte, args ...byte) {
	w.send("\x1d(k")
	w.out = append(append(w.out, two(len(args)+2)...), 49, function)
	w.out = append(w.out, args...)
}
