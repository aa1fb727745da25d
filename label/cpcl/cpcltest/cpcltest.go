// Package cpcltest reads CPCL as a printer does, and draws the label. It is
// strict where printers are lenient: what is not exactly a known command with
// the right arguments, or would burn off the paper, is an error.
package cpcltest

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"floord/label"
	"floord/label/glyph"
)

// A Command is one line of the stream.
type Command struct {
	Name string   // "TEXT"
	Args []string // decoded
}

// A Label is what came out of the printer.
type Label struct {
	Commands []Command // PRINT included
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

// arguments is how many words follow each command; after them comes data to the
// end of the line for those in data.
var (
	arguments = map[string]int{
		"!": 5, "PAGE-WIDTH": 1, "SPEED": 1, "CONTRAST": 1, "SETMAG": 2, "LINE": 5, "BOX": 5, "FORM": 0, "PRINT": 0,
		"TEXT": 4, "CG": 4, "EG": 4, "BARCODE 128": 5, "BARCODE QR": 6, "ENCODING": 1, "GAP-SENSE": 0,
	}
	data = map[string]bool{"TEXT": true, "CG": true, "EG": true, "BARCODE 128": true}
)

// Read reads the stream to its end and gives the labels printed.
func Read(b []byte) ([]Label, error) {
	var labels []Label
	for len(b) > 0 {
		m := machine{scale: 1}
		rest, err := m.label(b)
		if err != nil {
			line, _, _ := bytes.Cut(m.at, []byte("\r\n"))
			return labels, fmt.Errorf("%.80q: %w", line, err)
		}
		labels, b = append(labels, m.out), rest
	}
	return labels, nil
}

// printerWidth is that of a printer of four inches, in dots.
const printerWidth = 832

type machine struct {
	out   Label
	at    []byte // where the command began
	scale int
}

// label reads from "!" to PRINT.
func (m *machine) label(b []byte) ([]byte, error) {
	for first := true; ; first = false {
		m.at = b
		c, rest, err := command(b)
		if err != nil {
			return nil, err
		}
		if first != (c.Name == "!") {
			return nil, fmt.Errorf("%s where a label begins or goes on", c.Name)
		}
		if c.Name == "BARCODE QR" {
			text, after, ok := bytes.Cut(rest, []byte("\r\n"))
			if !ok || !bytes.HasPrefix(after, []byte("ENDQR\r\n")) {
				return nil, fmt.Errorf("qr code without end")
			}
			c.Args, rest = append(c.Args, string(text)), after[len("ENDQR\r\n"):]
		}
		m.out.Commands = append(m.out.Commands, c)
		if err := m.run(c); err != nil {
			return nil, err
		}
		if c.Name == "PRINT" {
			return rest, nil
		}
		b = rest
	}
}

// short are other names of commands.
var short = map[string]string{"B": "BARCODE", "EXPANDED-GRAPHICS": "EG", "COMPRESSED-GRAPHICS": "CG"}

// command cuts one command off the stream.
func command(b []byte) (Command, []byte, error) {
	if first, rest, ok := bytes.Cut(b, []byte(" ")); ok && short[string(first)] != "" {
		b = append([]byte(short[string(first)]+" "), rest...)
	}
	line, after, ok := bytes.Cut(b, []byte("\r\n"))
	if !ok {
		return Command{}, nil, fmt.Errorf("no end of line")
	}
	name, _, _ := bytes.Cut(line, []byte(" "))
	if string(name) == "BARCODE" && len(line) > 8 {
		kind, _, _ := bytes.Cut(line[8:], []byte(" "))
		name = line[:8+len(kind)]
	}
	c := Command{Name: string(name)}
	n, ok := arguments[c.Name]
	if !ok {
		return c, nil, fmt.Errorf("unknown command")
	}
	rest := b[len(name):]
	for i := range n {
		if len(rest) == 0 || rest[0] != ' ' {
			return c, nil, fmt.Errorf("%d arguments; %d are needed", i, n)
		}
		end := bytes.IndexAny(rest[1:], " \r")
		if end < 1 {
			return c, nil, fmt.Errorf("argument %d is empty", i)
		}
		c.Args, rest = append(c.Args, string(rest[1:1+end])), rest[1+end:]
	}
	if !data[c.Name] {
		if !bytes.HasPrefix(rest, []byte("\r\n")) {
			return c, nil, fmt.Errorf("more than %d arguments", n)
		}
		return c, rest[2:], nil
	}
	if len(rest) < 2 || rest[0] != ' ' {
		return c, nil, fmt.Errorf("no data")
	}
	rest = rest[1:]
	if c.Name == "CG" {
		w, h := number(c.Args[0]), number(c.Args[1])
		if w < 1 || h < 1 || w > 1000 || h > 20000 || len(rest) < w*h+2 || string(rest[w*h:w*h+2]) != "\r\n" {
			return c, nil, fmt.Errorf("picture is cut short")
		}
		c.Args = append(c.Args, string(rest[:w*h]))
		return c, rest[w*h+2:], nil
	}
	text := line[len(b)-len(rest):]
	for _, v := range text {
		if v < 0x20 || v == 0x7F {
			return c, nil, fmt.Errorf("control %#02x in data", v)
		}
	}
	s, err := simplifiedchinese.GB18030.NewDecoder().Bytes(text)
	if err != nil || len(text) == 0 {
		return c, nil, fmt.Errorf("data %q: %v", text, err)
	}
	c.Args = append(c.Args, string(s))
	return c, after, nil
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

func (m *machine) run(c Command) error {
	n := make([]int, len(c.Args))
	for i, a := range c.Args {
		n[i] = number(a)
	}
	switch c.Name {
	case "!":
		if n[0] != 0 || n[1] != 200 || n[2] != 200 || n[3] < 8 || n[3] > 20000 || n[4] < 1 {
			return fmt.Errorf("a label of %v", c.Args)
		}
		// Without PAGE-WIDTH a page is as wide as the printer.
		m.out.Dots, m.out.Copies = glyph.NewBitmap(printerWidth, n[3]), n[4]
	case "PAGE-WIDTH":
		if n[0] < 8 || n[0] > 20000 {
			return fmt.Errorf("a width of %v", c.Args)
		}
		m.out.Dots = glyph.NewBitmap(n[0], m.out.Dots.Height)
	case "SETMAG":
		if n[0] < 1 || n[0] > 16 || n[0] != n[1] {
			return fmt.Errorf("scale %v", c.Args)
		}
		m.scale = n[0]
	case "TEXT":
		return m.text(n[2], n[3], c.Args)
	case "LINE":
		return m.rule(n)
	case "BOX":
		x, y, w, h, t := n[0], n[1], n[2]-n[0], n[3]-n[1], n[4]
		m.out.Dots.Fill(x, y, w, t)
		m.out.Dots.Fill(x, y+h-t, w, t)
		m.out.Dots.Fill(x, y, t, h)
		m.out.Dots.Fill(x+w-t, y, t, h)
		return m.on(x, y, w, h)
	case "CG", "EG":
		return m.picture(n, c)
	case "BARCODE 128":
		return m.bars(n, c.Args[5])
	case "BARCODE QR":
		return m.qr(n, c.Args)
	}
	return nil
}

func (m *machine) on(x, y, w, h int) error {
	d := m.out.Dots
	if x < 0 || y < 0 || w < 1 || h < 1 || x+w > d.Width || y+h > d.Height {
		return fmt.Errorf("%d,%d of %d x %d dots is off the label of %d x %d", x, y, w, h, d.Width, d.Height)
	}
	return nil
}

func (m *machine) fill(x, y, w, h int) error {
	m.out.Dots.Fill(x, y, w, h)
	return m.on(x, y, w, h)
}

func (m *machine) rule(n []int) error {
	switch {
	case n[0] == n[2]:
		return m.fill(n[0], n[1], n[4], n[3]-n[1])
	case n[1] == n[3]:
		return m.fill(n[0], n[1], n[2]-n[0], n[4])
	}
	return fmt.Errorf("a slanted line %v", n)
}

// text draws with the glyph pack in place of font 24: ASCII half as wide as it
// is high, all else square.
func (m *machine) text(x, y int, args []string) error {
	hanzi := strings.ContainsFunc(args[4], func(r rune) bool { return r > 0x7E })
	if args[0] != "24" && (args[0] != "7" || hanzi) || args[1] != "0" {
		return fmt.Errorf("font %s size %s for %q", args[0], args[1], args[4])
	}
	k, at := m.scale, x
	for _, r := range args[4] {
		cell := glyph.Cell
		if r < 0x80 {
			cell /= 2
		}
		b, ok := glyph.Lookup(r)
		if !ok && r != ' ' {
			return fmt.Errorf("no shape for %U", r)
		}
		m.out.Dots.Paste(b.Scale(b.Width*k, b.Height*k), at+(cell-b.Width)/2*k, y)
		at += cell * k
	}
	return m.on(x, y, at-x, glyph.Cell*k)
}

// picture adds to what is there; only its white may hang over the edge.
func (m *machine) picture(n []int, c Command) error {
	raw := []byte(c.Args[4])
	if c.Name == "EG" {
		var err error
		if raw, err = hex.DecodeString(c.Args[4]); err != nil {
			return err
		}
	}
	if n[0] < 1 || n[1] < 1 || len(raw) != n[0]*n[1] {
		return fmt.Errorf("%d bytes of picture for %d x %d", len(raw), n[0], n[1])
	}
	for i := range 8 * len(raw) {
		if raw[i/8]&(0x80>>(i%8)) != 0 {
			if err := m.fill(n[2]+i%(8*n[0]), n[3]+i/(8*n[0]), 1, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *machine) bars(n []int, text string) error {
	if n[0] < 1 || n[1] != 1 || strings.Contains(text, " ") {
		return fmt.Errorf("bar code %v", n)
	}
	widths, err := label.EncodeCode128(text)
	if err != nil {
		return err
	}
	x := n[3]
	for i, w := range widths {
		if i%2 == 0 {
			m.out.Dots.Fill(x, n[4], int(w)*n[0], n[2])
		}
		x += int(w) * n[0]
	}
	return m.on(n[3], n[4], x-n[3], n[2])
}

func (m *machine) qr(n []int, args []string) error {
	if strings.Join(args[2:5], " ") != "M 2 U" || n[5] < 1 || n[5] > 32 || !strings.HasPrefix(args[6], "MA,") {
		return fmt.Errorf("qr code %q", args)
	}
	dots, err := label.EncodeQR(args[6][3:])
	if err != nil {
		return err
	}
	b := label.DrawMatrix(label.Matrix{Cell: n[5], Modules: len(dots), Value: args[6][3:]})
	m.out.Dots.Paste(b, n[0], n[1])
	return m.on(n[0], n[1], b.Width, b.Height)
}
