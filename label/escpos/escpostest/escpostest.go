// Package escpostest reads ESC/POS as a printer does, and draws the label. It is
// strict where printers are lenient: what is not exactly a known command, or
// would burn off the paper, is an error. So is a real-time command anywhere.
package escpostest

import (
	"bytes"
	"fmt"
	"slices"

	"golang.org/x/text/encoding/simplifiedchinese"

	"floord/label"
	"floord/label/glyph"
)

// A Printer reads one stream.
type Printer struct {
	FromTop bool // places in page mode are those of upper edges
}

// A Label is what came out of the printer.
type Label struct {
	Commands []string // by their first bytes; "text" for text
	Texts    []string
	Dots     glyph.Bitmap
}

// Count is how many commands of a name it has.
func (l Label) Count(name string) int {
	n := 0
	for _, c := range l.Commands {
		if c == name {
			n++
		}
	}
	return n
}

// Read reads the stream to its end and gives the labels printed.
func (p Printer) Read(b []byte) ([]Label, error) {
	for i := 1; i < len(b); i++ {
		if b[i-1] == 0x10 && (b[i] == 0x04 || b[i] == 0x05 || b[i] == 0x14) {
			return nil, fmt.Errorf("real-time command at byte %d", i-1)
		}
	}
	m := machine{fromTop: p.FromTop, wide: 1, tall: 1}
	for len(b) > 0 {
		n, err := m.command(b)
		if err != nil {
			return m.labels, fmt.Errorf("%.40q: %w", b, err)
		}
		b = b[n:]
	}
	if m.page || m.roll.Height > 0 {
		return m.labels, fmt.Errorf("a label was begun and not printed")
	}
	return m.labels, nil
}

type machine struct {
	fromTop bool
	labels  []Label

	now    Label
	page   bool // page mode
	x, y   int
	wide   int // how many times wider and higher letters are
	tall   int
	own    map[byte]glyph.Bitmap // the letters it was taught
	taught bool                  // they are in use
	roll   glyph.Bitmap          // what standard mode has printed since the last label
	high   int                   // of bar codes
	module int
	cell   int // of QR codes
	stored string
}

// fixed are the commands of a known length, after the two bytes of their name.
var fixed = map[string]int{
	"\x1b@": 0, "\x1c&": 0, "\x1bL": 0, "\x1bT": 1, "\x1bW": 8, "\x1b$": 2, "\x1d$": 2, "\x1b\\": 2, "\x1d\\": 2, "\x1d!": 1,
	"\x1dh": 1, "\x1dw": 1, "\x1dH": 1, "\x1bd": 1, "\x1dV": 2, "\x1b%": 1,
}

// command runs one command and says how long it was.
func (m *machine) command(b []byte) (int, error) {
	if b[0] == '\f' {
		m.now.Commands = append(m.now.Commands, "\f")
		m.end()
		return 1, nil
	}
	if b[0] >= 0x20 && b[0] != 0x7F {
		return m.text(b)
	}
	if len(b) < 2 {
		return 0, fmt.Errorf("command is cut short")
	}
	name := string(b[:2])
	if n, ok := fixed[name]; ok {
		if len(b) < 2+n {
			return 0, fmt.Errorf("command is cut short")
		}
		m.now.Commands = append(m.now.Commands, name)
		return 2 + n, m.run(name, b[2:2+n])
	}
	switch {
	case bytes.HasPrefix(b, []byte("\x1dv0\x00")) && len(b) >= 8:
		m.now.Commands = append(m.now.Commands, "\x1dv")
		w, h := two(b[4:]), two(b[6:])
		if w < 1 || h < 1 || len(b) < 8+w*h {
			return 0, fmt.Errorf("picture is cut short")
		}
		return 8 + w*h, m.picture(glyph.Bitmap{Width: 8 * w, Height: h, Stride: w, Bits: b[8 : 8+w*h]})
	case name == "\x1b&":
		m.now.Commands = append(m.now.Commands, name)
		return m.learn(b)
	case bytes.HasPrefix(b, []byte("\x1dk\x49")) && len(b) >= 4:
		m.now.Commands = append(m.now.Commands, "\x1dk")
		n := int(b[3])
		if len(b) < 4+n {
			return 0, fmt.Errorf("bar code is cut short")
		}
		return 4 + n, m.bars(b[4 : 4+n])
	case bytes.HasPrefix(b, []byte("\x1d(k")) && len(b) >= 7:
		m.now.Commands = append(m.now.Commands, "\x1d(")
		n := two(b[3:])
		if n < 3 || len(b) < 5+n || b[5] != 49 {
			return 0, fmt.Errorf("symbol is cut short")
		}
		return 5 + n, m.qr(b[6], b[7:5+n])
	}
	return 0, fmt.Errorf("unknown command")
}

func two(b []byte) int { return int(b[0]) | int(b[1])<<8 }

func (m *machine) run(name string, args []byte) error {
	pageOnly := slices.Contains([]string{"\x1bT", "\x1bW", "\x1d$", "\x1d\\"}, name)
	if pageOnly && !m.page {
		return fmt.Errorf("in standard mode")
	}
	switch name {
	case "\x1b@":
		if m.page || m.roll.Height > 0 {
			return fmt.Errorf("within a label")
		}
		*m = machine{fromTop: m.fromTop, labels: m.labels, wide: 1, tall: 1}
	case "\x1bL":
		m.page = true
	case "\x1bW":
		if two(args) != 0 || two(args[2:]) != 0 || two(args[4:]) < 8 || two(args[6:]) < 8 {
			return fmt.Errorf("a page of %v", args)
		}
		m.now.Dots = glyph.NewBitmap(two(args[4:]), two(args[6:]))
	case "\x1b$":
		m.x = two(args)
	case "\x1d$":
		m.y = two(args)
	case "\x1b\\":
		m.x += int(int16(two(args)))
	case "\x1d\\":
		m.y += int(int16(two(args)))
	case "\x1d!":
		if args[0]&0x88 != 0 {
			return fmt.Errorf("scale %#x", args[0])
		}
		m.wide, m.tall = int(args[0]>>4)+1, int(args[0]&15)+1
	case "\x1b%":
		m.taught = args[0]&1 == 1
	case "\x1dh":
		m.high = int(args[0])
	case "\x1dw":
		m.module = int(args[0])
	case "\x1dH":
		// Nobody reads the digits at the bar code here.
		if args[0] > 3 {
			return fmt.Errorf("digits at %d of the bar code", args[0])
		}
	case "\x1bd", "\x1dV":
		m.end()
	}
	return nil
}

// end prints what there is.
func (m *machine) end() {
	switch {
	case m.page:
		m.labels = append(m.labels, m.now)
	case m.roll.Height > 0:
		m.now.Dots = m.roll
		m.labels = append(m.labels, m.now)
	}
	m.now, m.roll, m.page = Label{}, glyph.Bitmap{}, false
}

// top is the upper edge of what is h dots high at the present place.
func (m *machine) top(h int) int {
	if m.fromTop {
		return m.y
	}
	return m.y - h
}

func (m *machine) on(x, y, w, h int) error {
	d := m.now.Dots
	if !m.page {
		return fmt.Errorf("outside page mode")
	}
	if x < 0 || y < 0 || w < 1 || h < 1 || x+w > d.Width || y+h > d.Height {
		return fmt.Errorf("%d,%d of %d x %d dots is off the label of %d x %d", x, y, w, h, d.Width, d.Height)
	}
	return nil
}

// learn takes the letters of ESC &: of three bytes a column, from a first to a last
// code, each with its width in front.
func (m *machine) learn(b []byte) (int, error) {
	if len(b) < 5 || b[2] != 3 || b[3] < 0x20 || b[4] < b[3] || b[4] > 0x7E {
		return 0, fmt.Errorf("letters of %v", b[:min(len(b), 5)])
	}
	if m.own == nil {
		m.own = map[byte]glyph.Bitmap{}
	}
	at := 5
	for c := int(b[3]); c <= int(b[4]); c++ {
		if at >= len(b) || b[at] > 12 || len(b) < at+1+3*int(b[at]) {
			return 0, fmt.Errorf("letter %q is cut short or too wide", rune(c))
		}
		g := glyph.NewBitmap(12, glyph.Cell)
		for x := range int(b[at]) {
			for y := range glyph.Cell {
				if b[at+1+3*x+y/8]&(0x80>>(y%8)) != 0 {
					g.Fill(x, y, 1, 1)
				}
			}
		}
		m.own[byte(c)] = g
		at += 1 + 3*int(b[at])
	}
	return at, nil
}

// text draws with the glyph pack in place of the printer's fonts, but for what it
// was taught: ASCII half as wide as it is high, all else square.
func (m *machine) text(b []byte) (int, error) {
	n := 0
	for n < len(b) && b[n] >= 0x20 {
		n++
	}
	s, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b[:n])
	if err != nil {
		return 0, err
	}
	kind := "text"
	if m.taught {
		kind = "line"
	} else {
		m.now.Texts = append(m.now.Texts, string(s))
	}
	m.now.Commands = append(m.now.Commands, kind)
	x, y := m.x, m.top(glyph.Cell*m.tall)
	for _, r := range string(s) {
		cell := glyph.Cell
		if r < 0x80 {
			cell /= 2
		}
		g, ok := glyph.Lookup(r)
		if own, taught := m.own[byte(r)]; taught && m.taught && r < 0x80 {
			g, ok = own, true
		}
		if !ok && r != ' ' {
			return 0, fmt.Errorf("no shape for %U", r)
		}
		m.now.Dots.Paste(g.Scale(g.Width*m.wide, g.Height*m.tall), m.x+(cell-g.Width)/2*m.wide, y)
		m.x += cell * m.wide
	}
	return n, m.on(x, y, m.x-x, glyph.Cell*m.tall)
}

// picture adds to the page, or to the roll under what is there.
func (m *machine) picture(b glyph.Bitmap) error {
	if !m.page {
		if m.roll.Height == 0 {
			m.roll = glyph.Bitmap{Width: b.Width, Stride: b.Stride}
		}
		if m.roll.Stride != b.Stride {
			return fmt.Errorf("bands of %d and %d bytes", m.roll.Stride, b.Stride)
		}
		m.roll.Bits, m.roll.Height = append(m.roll.Bits, b.Bits...), m.roll.Height+b.Height
		return nil
	}
	y := m.top(b.Height)
	m.now.Dots.Paste(b, m.x, y)
	w := b.Width
	for w > 0 && !inkIn(b, w-1) {
		w-- // only white may hang over the edge
	}
	return m.on(m.x, y, w, b.Height)
}

func inkIn(b glyph.Bitmap, x int) bool {
	for y := range b.Height {
		if b.At(x, y) {
			return true
		}
	}
	return false
}

func (m *machine) bars(data []byte) error {
	var values []byte
	set := byte(0)
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '{' && i+1 < len(data) && (data[i+1] == 'B' || data[i+1] == 'C') && set != data[i+1]:
			if set == 0 {
				values = append(values, 104+data[i+1]-'B')
			} else {
				values = append(values, 100-(data[i+1]-'B'))
			}
			set = data[i+1]
			i++
		case set == 'C' && c < 100:
			values = append(values, c)
		case set == 'B' && c == '{' && i+1 < len(data) && data[i+1] == '{':
			values = append(values, '{'-' ')
			i++
		case set == 'B' && c >= ' ' && c < 0x7F && c != '{':
			values = append(values, c-' ')
		default:
			return fmt.Errorf("bar code %q at byte %d", data, i)
		}
	}
	if len(values) < 2 || m.module < 2 || m.module > 6 || m.high < 1 {
		return fmt.Errorf("bar code of %d symbols, %d wide, %d high", len(values), m.module, m.high)
	}
	x, y := m.x, m.top(m.high)
	for i, w := range label.Widths128(values) {
		if i%2 == 0 {
			m.now.Dots.Fill(x, y, int(w)*m.module, m.high)
		}
		x += int(w) * m.module
	}
	return m.on(m.x, y, x-m.x, m.high)
}

func (m *machine) qr(function byte, args []byte) error {
	switch {
	case function == 65 && bytes.Equal(args, []byte{50, 0}), function == 69 && bytes.Equal(args, []byte{49}):
	case function == 67 && len(args) == 1 && args[0] >= 1 && args[0] <= 16:
		m.cell = int(args[0])
	case function == 80 && args[0] == 48:
		m.stored = string(args[1:])
	case function == 81 && bytes.Equal(args, []byte{48}):
		dots, err := label.EncodeQR(m.stored)
		if err != nil {
			return err
		}
		b := label.DrawMatrix(label.Matrix{Cell: m.cell, Modules: len(dots), Value: m.stored})
		y := m.top(b.Height)
		m.now.Dots.Paste(b, m.x, y)
		return m.on(m.x, y, b.Width, b.Height)
	default:
		return fmt.Errorf("qr function %d of %v", function, args)
	}
	return nil
}
