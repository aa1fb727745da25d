// Package zpltest reads ZPL II as a printer does, and draws the label. It is
// strict where printers are lenient: what is not exactly a known command with
// the right arguments, or would burn off the paper, is an error.
package zpltest

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"floord/label"
	"floord/label/glyph"
)

// A Printer keeps the forms it was sent, as long as it is on.
type Printer struct {
	forms map[string][]Command
}

// A Command is one of the stream: a caret or tilde, its name, its arguments.
type Command struct {
	Name string // "^FD", "^A"
	Args string // as sent
}

// A Label is what came out of the printer.
type Label struct {
	Commands []Command // those of a recalled form included
	Fields   []string  // what ^FD said, escapes resolved
	Dots     glyph.Bitmap
	Copies   int
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

// split cuts a stream into commands. Line ends mean nothing in ZPL, other
// controls are an error.
func split(b []byte) ([]Command, error) {
	var out []Command
	for len(b) > 0 {
		if b[0] == '\n' || b[0] == '\r' {
			b = b[1:]
			continue
		}
		if b[0] != '^' && b[0] != '~' || len(b) < 3 {
			return out, fmt.Errorf("%.40q is no command", b)
		}
		n := 3
		if b[1] == 'A' && b[2] != '@' { // ^Afont: the letter is an argument
			n = 2
		}
		c := Command{Name: string(b[:n])}
		b = b[n:]
		end := bytes.IndexAny(b, "^~")
		if end < 0 {
			end = len(b)
		}
		for _, v := range b[:end] {
			if v < 0x20 && v != '\n' && v != '\r' || v == 0x7F {
				return out, fmt.Errorf("control %#02x after %s", v, c.Name)
			}
		}
		c.Args = strings.NewReplacer("\n", "", "\r", "").Replace(string(b[:end]))
		if !utf8.ValidString(c.Args) {
			return out, fmt.Errorf("%s %q is no UTF-8", c.Name, c.Args)
		}
		out, b = append(out, c), b[end:]
	}
	return out, nil
}

// Read reads the stream to its end and gives the labels printed.
func (p *Printer) Read(b []byte) ([]Label, error) {
	commands, err := split(b)
	if err != nil {
		return nil, err
	}
	var labels []Label
	for len(commands) > 0 {
		if commands[0].Name != "^XA" {
			return labels, fmt.Errorf("%s outside a format", commands[0].Name)
		}
		end := slices.IndexFunc(commands, func(c Command) bool { return c.Name == "^XZ" })
		if end < 0 {
			return labels, fmt.Errorf("format without end")
		}
		format := commands[1:end]
		commands = commands[end+1:]
		if i := slices.IndexFunc(format, func(c Command) bool { return c.Name == "^DF" }); i >= 0 {
			if p.forms == nil {
				p.forms = map[string][]Command{}
			}
			p.forms[format[i].Args] = slices.Delete(slices.Clone(format), i, i+1)
			continue
		}
		if len(format) == 2 && format[0].Name == "^ID" && format[1].Name == "^FS" {
			for name := range p.forms {
				if gone, err := path.Match(format[0].Args, name); err != nil || gone {
					delete(p.forms, name)
				}
			}
			continue
		}
		l, err := p.print(format)
		if err != nil {
			return labels, err
		}
		labels = append(labels, l)
	}
	return labels, nil
}

// print runs one format. Where it recalls a form, the form's commands stand in
// its place, and ^FN without ^FD waits for the data that comes later.
func (p *Printer) print(format []Command) (Label, error) {
	var all []Command
	data := map[string]Command{} // what the fields with a number say
	hex := map[string]bool{}
	recalled := false
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c.Name == "^XF":
			form, ok := p.forms[c.Args]
			if !ok {
				return Label{}, fmt.Errorf("there is no form %s", c.Args)
			}
			all, recalled = append(all, form...), true
		case c.Name == "^FN" && recalled:
			j := i + 1
			for j < len(format) && format[j].Name == "^FH" {
				hex[c.Args] = true
				j++
			}
			if j+1 >= len(format) || format[j].Name != "^FD" || format[j+1].Name != "^FS" {
				return Label{}, fmt.Errorf("field %s has no data", c.Args)
			}
			if _, twice := data[c.Args]; twice {
				return Label{}, fmt.Errorf("field %s has data twice", c.Args)
			}
			data[c.Args] = format[j]
			i = j + 1
		default:
			all = append(all, c)
		}
	}
	m := machine{label: Label{Copies: 1}}
	for _, c := range all {
		if c.Name == "^FN" {
			d, ok := data[c.Args]
			if !ok {
				m.blank = true // prints nothing
				continue
			}
			m.hex = hex[c.Args]
			c = d
		}
		m.label.Commands = append(m.label.Commands, c)
		if err := m.run(c); err != nil {
			return m.label, fmt.Errorf("%s%.60q: %w", c.Name, c.Args, err)
		}
	}
	if m.width == 0 || m.label.Dots.Width == 0 {
		return m.label, fmt.Errorf("a format without ^PW and ^LL")
	}
	return m.label, nil
}

type machine struct {
	label  Label
	width  int
	utf8   bool
	module int

	// The field that is open.
	x, y  int
	open  string // "^A", "^BC", "^BQ", "^GF", "^GB"; "" for none
	args  []string
	hex   bool
	data  string
	blank bool
}

func (m *machine) run(c Command) error {
	args := strings.Split(c.Args, ",")
	n := numbers(args)
	switch c.Name {
	case "^CI":
		m.utf8 = c.Args == "28"
	case "^PW":
		m.width = n[0]
	case "^LL":
		if m.width < 1 || m.width > 20000 || n[0] < 1 || n[0] > 20000 {
			return fmt.Errorf("a label of %d x %d dots", m.width, n[0])
		}
		m.label.Dots = glyph.NewBitmap(m.width, n[0])
	case "^CW", "^LH", "^MN", "^PO", "^PR", "~SD":
	case "^PQ":
		m.label.Copies = n[0]
	case "^BY":
		m.module = n[0]
	case "^FO":
		if m.open != "" || len(n) != 2 {
			return fmt.Errorf("a field within a field")
		}
		m.x, m.y = n[0], n[1]
	case "^A", "^BC", "^BQ", "^GF", "^GB":
		m.open, m.args = c.Name, args
	case "^FH":
		m.hex = true
	case "^FD":
		if m.open == "" {
			return fmt.Errorf("data of no field")
		}
		text, err := unescape(c.Args, m.hex)
		if err != nil {
			return err
		}
		m.data = text
		m.label.Fields = append(m.label.Fields, text)
	case "^FS":
		err := m.field()
		m.open, m.hex, m.data, m.blank = "", false, "", false
		return err
	default:
		return fmt.Errorf("unknown command")
	}
	return nil
}

func numbers(args []string) []int {
	out := make([]int, len(args))
	for i, a := range args {
		out[i], _ = strconv.Atoi(a)
	}
	return out
}

func unescape(s string, hex bool) (string, error) {
	if !hex {
		return s, nil
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '_' {
			out = append(out, s[i])
			continue
		}
		if i+3 > len(s) {
			return "", fmt.Errorf("escape cut short")
		}
		v, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("escape %q", s[i:i+3])
		}
		out, i = append(out, byte(v)), i+2
	}
	return string(out), nil
}

// field prints the open field at its ^FS.
func (m *machine) field() error {
	if m.blank || m.open == "" {
		return nil
	}
	if m.label.Dots.Width == 0 {
		return fmt.Errorf("a field before ^PW and ^LL")
	}
	n := numbers(m.args)
	switch m.open {
	case "^A":
		switch {
		case len(n) == 2 && m.args[0] == "Z" && m.utf8:
			return m.text(n[1])
		case len(n) == 3 && m.args[0] == "D" && n[1]%18 == 0 && n[2]*18 == n[1]*10:
			return m.resident(n[1] / 18)
		}
		return fmt.Errorf("font %q", m.args)
	case "^GB":
		if len(n) != 3 {
			return fmt.Errorf("box %q", m.args)
		}
		return m.box(n[0], n[1], n[2])
	case "^BC":
		return m.bars(n[1])
	case "^BQ":
		if len(n) != 3 || n[1] != 2 || n[2] < 1 || n[2] > 10 || !strings.HasPrefix(m.data, "MA,") {
			return fmt.Errorf("qr code %q", m.args)
		}
		dots, err := label.EncodeQR(m.data[3:])
		if err != nil {
			return err
		}
		b := label.DrawMatrix(label.Matrix{Cell: n[2], Modules: len(dots), Value: m.data[3:]})
		return m.paste(b, m.x, m.y+10) // as every firmware does
	case "^GF":
		return m.picture(n)
	}
	return nil
}

func (m *machine) on(x, y, w, h int) error {
	d := m.label.Dots
	if x < 0 || y < 0 || w < 1 || h < 1 || x+w > d.Width || y+h > d.Height {
		return fmt.Errorf("%d,%d of %d x %d dots is off the label of %d x %d", x, y, w, h, d.Width, d.Height)
	}
	return nil
}

func (m *machine) paste(b glyph.Bitmap, x, y int) error {
	m.label.Dots.Paste(b, x, y)
	return m.on(x, y, b.Width, b.Height)
}

// resident draws with the glyph pack in place of font D, k times as large: letters of
// 18 dots in cells of 12, where the pack has them on 24 dots, three of them above.
func (m *machine) resident(k int) error {
	for i, r := range []rune(m.data) {
		b, ok := glyph.Lookup(r)
		if r > 0x7E || !ok && r != ' ' {
			return fmt.Errorf("font D has no %U", r)
		}
		m.label.Dots.Paste(b.Scale(b.Width*k, b.Height*k), m.x+12*k*i, m.y-3*k)
	}
	return m.on(m.x, m.y-3*k, 12*k*len(m.data), 24*k)
}

// text draws with the glyph pack in place of SimSun: ASCII half as wide as it is
// high, all else square.
func (m *machine) text(height int) error {
	if height < 10 || height > 400 {
		return fmt.Errorf("letters of %d dots", height)
	}
	at := m.x
	for _, r := range m.data {
		cell := height
		if r < 0x80 {
			cell /= 2
		}
		b, ok := glyph.Sized(r, height)
		if !ok && r != ' ' {
			return fmt.Errorf("no shape for %U", r)
		}
		if ok {
			m.label.Dots.Paste(b, at+max(0, cell-b.Width)/2, m.y)
		}
		at += cell
	}
	return m.on(m.x, m.y, at-m.x, height)
}

// box is as wide and high as its border at least.
func (m *machine) box(w, h, t int) error {
	w, h = max(w, t), max(h, t)
	d := m.label.Dots
	d.Fill(m.x, m.y, w, t)
	d.Fill(m.x, m.y+h-t, w, t)
	d.Fill(m.x, m.y, t, h)
	d.Fill(m.x+w-t, m.y, t, h)
	return m.on(m.x, m.y, w, h)
}

// bars reads the invocation codes of ^BC, in sets B and C.
func (m *machine) bars(height int) error {
	if len(m.args) != 6 || strings.Join(m.args[2:5], "") != "NNN" || m.module < 1 {
		return fmt.Errorf("bar code %q with modules of %d", m.args, m.module)
	}
	if m.args[5] == "A" && !strings.Contains(m.data, ">") {
		values, err := label.Symbols128(m.data)
		if err != nil {
			return err
		}
		return m.symbols(values, height)
	}
	if m.args[5] != "N" {
		return fmt.Errorf("bar code of mode %s: %q", m.args[5], m.data)
	}
	var values []byte
	pairs := false
	special := map[byte]byte{'<': 62, '0': 30, '=': 94, '5': 99, '6': 100, ':': 104, ';': 105}
	for s := m.data; s != ""; {
		switch {
		case s[0] == '>' && len(s) > 1:
			v, ok := special[s[1]]
			if !ok {
				return fmt.Errorf("invocation %q", s[:2])
			}
			pairs = v == 105 || v == 99 || pairs && v < 99
			values, s = append(values, v), s[2:]
		case pairs:
			if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
				return fmt.Errorf("%q is no pair of digits", s)
			}
			values, s = append(values, (s[0]-'0')*10+s[1]-'0'), s[2:]
		default:
			values, s = append(values, s[0]-' '), s[1:]
		}
	}
	if len(values) < 2 || values[0] < 104 {
		return fmt.Errorf("bar code without start")
	}
	return m.symbols(values, height)
}

func (m *machine) symbols(values []byte, height int) error {
	x := m.x
	for i, w := range label.Widths128(values) {
		if i%2 == 0 {
			m.label.Dots.Fill(x, m.y, int(w)*m.module, height)
		}
		x += int(w) * m.module
	}
	return m.on(m.x, m.y, x-m.x, height)
}

// picture adds to what is there; only its white may hang over the edge.
func (m *machine) picture(n []int) error {
	if len(n) < 5 || m.args[0] != "A" || n[1] != n[2] || n[3] < 1 || n[1]%n[3] != 0 || n[1] > 8<<20 {
		return fmt.Errorf("picture of %v", n)
	}
	raw, err := Unpack(strings.Join(m.args[4:], ","), n[3], n[1])
	if err != nil {
		return err
	}
	for i := range n[1] * 8 {
		if raw[i/8]&(0x80>>(i%8)) != 0 {
			x, y := m.x+i%(n[3]*8), m.y+i/(n[3]*8)
			m.label.Dots.Set(x, y)
			if err := m.on(x, y, 1, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// Unpack reads the data of ^GFA, in hexadecimal with repeat counts or packed,
// into rows of stride bytes, total bytes in all.
func Unpack(s string, stride, total int) ([]byte, error) {
	var raw []byte
	var err error
	switch {
	case strings.HasPrefix(s, ":B64:"), strings.HasPrefix(s, ":Z64:"):
		raw, err = unpack64(s, total)
	default:
		raw, err = unpackHex(s, stride, total)
	}
	if err == nil && len(raw) != total {
		err = fmt.Errorf("%d bytes of picture, %d were announced", len(raw), total)
	}
	return raw, err
}

func unpack64(s string, total int) ([]byte, error) {
	text, sum, ok := strings.Cut(s[5:], ":")
	var c uint16
	for i := range len(text) {
		c ^= uint16(text[i]) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
	}
	if !ok || fmt.Sprintf("%04X", c) != sum {
		return nil, fmt.Errorf("picture with checksum %s, it is %04X", sum, c)
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || s[1] == 'B' {
		return b, err
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, int64(total)+1))
}

func unpackHex(s string, stride, total int) ([]byte, error) {
	var out, row []byte // one digit a byte
	n := 0
	flush := func(to int, digit byte) error {
		if to < len(row) || len(out)+to > 2*total {
			return fmt.Errorf("picture is longer than announced")
		}
		for len(row) < to {
			row = append(row, digit)
		}
		if len(row) == 2*stride {
			out, row = append(out, row...), row[:0]
		}
		return nil
	}
	for _, c := range []byte(s) {
		var err error
		switch {
		case c >= 'G' && c <= 'Y':
			n += int(c-'G') + 1
		case c >= 'g' && c <= 'z':
			n += 20 * (int(c-'g') + 1)
		case c == ',':
			err = flush(2*stride, 0)
		case c == '!':
			err = flush(2*stride, 15)
		case c == ':':
			if len(row) > 0 || len(out) < 2*stride || len(out) >= 2*total {
				return nil, fmt.Errorf("no row to repeat")
			}
			out = append(out, out[len(out)-2*stride:]...)
		default:
			v, bad := strconv.ParseUint(string(c), 16, 8)
			if bad != nil {
				return nil, fmt.Errorf("%q is no digit", c)
			}
			if to := len(row) + max(n, 1); to > 2*stride {
				return nil, fmt.Errorf("a row of %d digits", to)
			} else {
				err = flush(to, byte(v))
			}
			n = 0
		}
		if err != nil {
			return nil, err
		}
	}
	raw := make([]byte, len(out)/2)
	for i := range raw {
		raw[i] = out[2*i]<<4 | out[2*i+1]
	}
	return raw, nil
}
