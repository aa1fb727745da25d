// Package tspltest reads TSPL as a printer does, and draws the label. It is
// strict where printers are lenient: what is not exactly a known command with
// the right arguments, or would burn off the paper, is an error.
package tspltest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/skip2/go-qrcode"
	"golang.org/x/text/encoding/simplifiedchinese"

	"floord/label"
	"floord/label/glyph"
)

// An Escape is how a firmware understands a quote within a string. They differ,
// and a label must mean the same to all of them.
type Escape int

const (
	NoEscape  Escape = iota // a quote ends the string, always
	Manual                  // \["] is a quote, as TSC's manual says
	Backslash               // \" is a quote
	Doubled                 // "" is a quote
	Escapes                 // how many there are
)

// A Printer reads one stream.
type Printer struct {
	DPI    int // 0 means 203
	Escape Escape
}

// A Command is one line of the stream.
type Command struct {
	Name string   // "TEXT"
	Args []string // strings unquoted and decoded
	Data []byte   // of BITMAP
}

// A Label is what came out of the printer.
type Label struct {
	Commands []Command // since the label before, PRINT included
	Dots     glyph.Bitmap
	Copies   int
}

// Texts are the strings of its TEXT commands, in order.
func (l Label) Texts() []string {
	var out []string
	for _, c := range l.Commands {
		if c.Name == "TEXT" {
			out = append(out, c.Args[len(c.Args)-1])
		}
	}
	return out
}

// Count is how many commands of a name it has.
func (l Label) Count(name string) int {
	n := 0
	for _, c := range l.Commands {
		if c.Name == name {
			n++
		}
	}
	return n
}

// Read reads the stream to its end and gives the labels printed. Commands after
// the last PRINT are an error: they would go onto the next label.
func (p Printer) Read(b []byte) ([]Label, error) {
	m := machine{dpi: float64(p.DPI), escape: p.Escape}
	if p.DPI == 0 {
		m.dpi = 203
	}
	for len(b) > 0 {
		c, rest, err := m.command(b)
		if err == nil {
			err = m.run(c)
		}
		if err != nil {
			line, _, _ := bytes.Cut(b, []byte("\r\n"))
			return m.labels, fmt.Errorf("%.80q: %w", line, err)
		}
		b = rest
	}
	if len(m.pending) > 0 {
		return m.labels, fmt.Errorf("%d commands after the last PRINT", len(m.pending))
	}
	return m.labels, nil
}

type machine struct {
	dpi     float64
	escape  Escape
	pending []Command
	dots    glyph.Bitmap
	cleared bool
	labels  []Label
}

// command cuts one command off the stream.
func (m *machine) command(b []byte) (Command, []byte, error) {
	var c Command
	n := 0
	for n < len(b) && b[n] >= 'A' && b[n] <= 'Z' {
		n++
	}
	c.Name = string(b[:n])
	b = b[n:]
	if c.Name == "" {
		return c, nil, fmt.Errorf("no command")
	}
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
		for {
			arg, rest, err := m.argument(b)
			if err != nil {
				return c, nil, err
			}
			c.Args, b = append(c.Args, arg), rest
			if len(b) == 0 || b[0] != ',' {
				break
			}
			b = b[1:]
			if c.Name == "BITMAP" && len(c.Args) == 5 {
				n, err := product(c.Args[2:4])
				if err != nil || n > len(b) {
					return c, nil, fmt.Errorf("bitmap data is cut short")
				}
				c.Data, b = b[:n], b[n:]
				break
			}
		}
	}
	if !bytes.HasPrefix(b, []byte("\r\n")) {
		return c, nil, fmt.Errorf("%s does not end where its arguments do", c.Name)
	}
	return c, b[2:], nil
}

func product(args []string) (int, error) {
	a, err := strconv.Atoi(args[0])
	b, err2 := strconv.Atoi(args[1])
	if err != nil || err2 != nil || a < 1 || b < 1 || a > 1000 || b > 10000 {
		return 0, fmt.Errorf("size %v", args)
	}
	return a * b, nil
}

func (m *machine) argument(b []byte) (string, []byte, error) {
	if len(b) == 0 || b[0] != '"' {
		n := bytes.IndexAny(b, ",\r\n\"")
		if n < 0 {
			return "", nil, fmt.Errorf("no end of line")
		}
		return string(b[:n]), b[n:], nil
	}
	var s []byte
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\r' || c == '\n':
			return "", nil, fmt.Errorf("line ends within a string")
		case c < 0x20:
			return "", nil, fmt.Errorf("control %#02x within a string", c)
		case m.escape == Manual && bytes.HasPrefix(b[i:], []byte(`\["]`)):
			s, i = append(s, '"'), i+3
		case m.escape == Backslash && bytes.HasPrefix(b[i:], []byte(`\"`)):
			s, i = append(s, '"'), i+1
		case m.escape == Doubled && bytes.HasPrefix(b[i:], []byte(`""`)):
			s, i = append(s, '"'), i+1
		case c == '"':
			text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(s)
			return string(text), b[i+1:], err
		default:
			s = append(s, c)
		}
	}
	return "", nil, fmt.Errorf("string without end")
}

// arguments is how many of them each command takes.
var arguments = map[string][]int{
	"SIZE": {2}, "GAP": {2}, "BLINE": {2}, "SPEED": {1}, "DENSITY": {1}, "DIRECTION": {1, 2}, "REFERENCE": {2},
	"SET": {1}, "CODEPAGE": {1}, "CLS": {0}, "TEXT": {7}, "BARCODE": {9}, "QRCODE": {7}, "BAR": {4}, "BOX": {5},
	"BITMAP": {5}, "PRINT": {1, 2},
}

func (m *machine) run(c Command) error {
	want, ok := arguments[c.Name]
	if !ok {
		return fmt.Errorf("unknown command %s", c.Name)
	}
	if !slices.Contains(want, len(c.Args)) {
		return fmt.Errorf("%s has %d arguments", c.Name, len(c.Args))
	}
	m.pending = append(m.pending, c)
	draws := slices.Contains([]string{"TEXT", "BARCODE", "QRCODE", "BAR", "BOX", "BITMAP", "PRINT"}, c.Name)
	if draws && !m.cleared {
		return fmt.Errorf("%s before CLS", c.Name)
	}
	n := numbers(c.Args)
	switch c.Name {
	case "SIZE":
		return m.size(c.Args)
	case "CLS":
		clear(m.dots.Bits)
		m.cleared = m.dots.Width > 0
		if !m.cleared {
			return fmt.Errorf("CLS before SIZE")
		}
	case "TEXT":
		return m.text(n[0], n[1], n[3], n[4], n[5], c.Args[2], c.Args[6])
	case "BARCODE":
		return m.barcode(n, c.Args)
	case "QRCODE":
		return m.qr(n, c.Args)
	case "BAR":
		return m.fill(n[0], n[1], n[2], n[3])
	case "BOX":
		w, h, t := n[2]-n[0]+1, n[3]-n[1]+1, n[4]
		m.dots.Fill(n[0], n[1], w, t)
		m.dots.Fill(n[0], n[3]-t+1, w, t)
		m.dots.Fill(n[0], n[1], t, h)
		m.dots.Fill(n[2]-t+1, n[1], t, h)
		return m.on(n[0], n[1], w, h)
	case "BITMAP":
		return m.bitmap(n, c.Data)
	case "PRINT":
		return m.print(n)
	}
	return nil
}

// numbers reads the arguments that are numbers; others are 0.
func numbers(args []string) []int {
	out := make([]int, len(args))
	for i, a := range args {
		out[i], _ = strconv.Atoi(a)
	}
	return out
}

func (m *machine) size(args []string) error {
	var side [2]int
	for i, a := range args {
		number, metric := strings.CutSuffix(a, " mm")
		mm, err := strconv.ParseFloat(number, 64)
		if !metric {
			mm *= 25.4 // inches
		}
		if err != nil || mm < 5 || mm > 1000 {
			return fmt.Errorf("SIZE %q", a)
		}
		side[i] = int(math.Round(mm * m.dpi / 25.4))
	}
	m.dots = glyph.NewBitmap(side[0], side[1])
	return nil
}

// on checks that a rectangle lies on the label.
func (m *machine) on(x, y, w, h int) error {
	if x < 0 || y < 0 || w < 1 || h < 1 || x+w > m.dots.Width || y+h > m.dots.Height {
		return fmt.Errorf("%d,%d of %d x %d dots is off the label of %d x %d", x, y, w, h, m.dots.Width, m.dots.Height)
	}
	return nil
}

func (m *machine) fill(x, y, w, h int) error {
	m.dots.Fill(x, y, w, h)
	return m.on(x, y, w, h)
}

// fonts are the printer's own: their dots.
var fonts = map[string]int{"TSS24.BF2": 24, "TSS16.BF2": 16}

// text draws with the glyph pack in place of the printer's fonts: ASCII half as wide
// as it is high, all else square.
func (m *machine) text(x, y, rotation, sx, sy int, font, text string) error {
	dots := fonts[font]
	if font == "2" { // 20 dots high, in the middle of the pack's 24
		if strings.ContainsFunc(text, func(r rune) bool { return r > 0x7E }) {
			return fmt.Errorf("font 2 has no hanzi: %q", text)
		}
		dots, y = 24, y-2*sy
	}
	if dots == 0 || rotation != 0 || sx < 1 || sx > 10 || sy < 1 || sy > 10 {
		return fmt.Errorf("font %s turned %d, scaled %d,%d", font, rotation, sx, sy)
	}
	width := 0
	for _, r := range text {
		cell := dots
		if r < 0x80 {
			cell /= 2
		}
		b, ok := glyph.Sized(r, dots)
		if !ok && r != ' ' {
			return fmt.Errorf("no shape for %U", r)
		}
		pad := (cell - b.Width) / 2 * sx
		m.dots.Paste(b.Scale(b.Width*sx, b.Height*sy), x+width+pad, y)
		width += cell * sx
	}
	// The spaces at the end may hang over the edge.
	for strings.HasSuffix(text, " ") {
		text, width = text[:len(text)-1], width-dots/2*sx
	}
	return m.on(x, y, width, dots*sy)
}

func (m *machine) barcode(n []int, args []string) error {
	// n[4] asks for the digits below, which nobody reads here.
	if args[2] != "128" || n[4] < 0 || n[4] > 3 || n[5] != 0 {
		return fmt.Errorf("barcode %v", args)
	}
	widths, err := label.EncodeCode128(args[8])
	if err != nil {
		return err
	}
	x := n[0]
	for i, w := range widths {
		if i%2 == 0 {
			m.dots.Fill(x, n[1], int(w)*n[6], n[3])
		}
		x += int(w) * n[6]
	}
	return m.on(n[0], n[1], x-n[0], n[3])
}

func (m *machine) qr(n []int, args []string) error {
	level, ok := map[string]qrcode.RecoveryLevel{"L": qrcode.Low, "M": qrcode.Medium, "Q": qrcode.High, "H": qrcode.Highest}[args[2]]
	if !ok || n[3] < 1 || n[3] > 10 || args[4] != "A" || n[5] != 0 {
		return fmt.Errorf("qr code %v", args)
	}
	q, err := qrcode.New(args[6], level)
	if err != nil {
		return err
	}
	q.DisableBorder = true
	rows := q.Bitmap()
	b := glyph.NewBitmap(len(rows)*n[3], len(rows)*n[3])
	for y, row := range rows {
		for x, dark := range row {
			if dark {
				b.Fill(x*n[3], y*n[3], n[3], n[3])
			}
		}
	}
	m.dots.Paste(b, n[0], n[1])
	return m.on(n[0], n[1], b.Width, b.Height)
}

// bitmap overwrites: a 0 bit burns, a 1 bit is white. Only white may hang over
// the edge.
func (m *machine) bitmap(n []int, data []byte) error {
	if n[4] != 0 {
		return fmt.Errorf("bitmap mode %d", n[4])
	}
	for i := range n[2] * 8 * n[3] {
		dx, dy := i%(n[2]*8), i/(n[2]*8)
		x, y := n[0]+dx, n[1]+dy
		if data[dy*n[2]+dx/8]&(0x80>>(dx%8)) != 0 {
			if m.on(x, y, 1, 1) == nil {
				m.dots.Bits[y*m.dots.Stride+x/8] &^= 0x80 >> (x % 8)
			}
			continue
		}
		if err := m.fill(x, y, 1, 1); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) print(n []int) error {
	copies := n[0]
	if len(n) == 2 {
		copies *= n[1]
	}
	if copies < 1 {
		return fmt.Errorf("PRINT of %d labels", copies)
	}
	dots := m.dots
	dots.Bits = slices.Clone(dots.Bits)
	m.labels = append(m.labels, Label{Commands: m.pending, Dots: dots, Copies: copies})
	m.pending = nil
	return nil
}
