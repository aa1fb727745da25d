package zpl

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"floord/label"
)

// A Form is the part of a label that the printer keeps: lines, boxes, and a
// numbered place for each text and code of a sample label. A recall sends what
// stands in the places, and in full only what stands elsewhere.
//
// Bytes must have reached the printer before the first recall, and again after
// each loss of its memory. The name is made from the bytes, so that a label never
// meets the form of an older template; storing one deletes the older.
type Form struct {
	Name  string // "R:F1AB23C4.ZPL"
	Bytes []byte

	places map[int][]place  // of the field with a number
	number map[place]int    // the other way round
	fixed  map[place]string // words that are the same on every label
	width  int
	height int
	rules  []label.Rect
	boxes  []label.Frame
}

// A Memory is where a printer keeps forms.
type Memory string

// The memories. RAM is empty after the power was off; flash wears with writing.
const (
	RAM   Memory = "R:"
	Flash Memory = "E:"
)

// NewForm makes a form from samples of one template: the first a label like most,
// the others with more lines. One of those that does not fit is left out.
func NewForm(m Memory, o Options, samples ...label.Page) (*Form, error) {
	if o.Raster {
		return nil, fmt.Errorf("zpl: a label that is one picture has no form")
	}
	f := &Form{places: map[int][]place{}, number: map[place]int{}, fixed: map[place]string{}}
	w := writer{opt: o}
	numbers := 0
	for i, p := range samples {
		s, err := lay(p, o)
		var fit *label.FitError
		switch {
		case errors.As(err, &fit) && i > 0:
			continue
		case err != nil:
			return nil, err
		case i == 0:
			f.width, f.height, f.rules, f.boxes = s.Width, s.Height, s.Rules, s.Boxes
			w.settings(s)
			s.Images = nil // they may be another's on the next label
			w.still(s)
		}
		// What says the same on the sample has one number: the waybill number stands
		// on a label five times and is sent once.
		same := map[string]int{}
		for _, x := range w.fields(s) {
			if _, told := f.fixed[x.place]; told || f.number[x.place] > 0 {
				continue
			}
			w.place(x)
			if x.fixed {
				f.fixed[x.place] = x.text
				w.quoted("", x.text)
				continue
			}
			if same[x.text] == 0 {
				numbers++
				same[x.text] = numbers
			}
			n := same[x.text]
			f.places[n] = append(f.places[n], x.place)
			f.number[x.place] = n
			w.command("^FN", n)
			w.end()
		}
	}
	if f.width == 0 {
		return nil, fmt.Errorf("zpl: a form needs a sample")
	}
	name, says := sha256.Sum256([]byte(samples[0].Name)), sha256.Sum256(w.out)
	family := "F" + base36(name, 2)
	f.Name = fmt.Sprintf("%s%s%s.ZPL", m, family, base36(says, 5))
	f.Bytes = slices.Concat([]byte("^XA^ID"+string(m)+family+"*.ZPL^FS^XZ\n^XA^CI28^DF"+f.Name+"^FS"), w.out, []byte("^XZ\n"))
	return f, nil
}

// base36 is n letters and digits of a hash: what names of objects are made of.
func base36(hash [sha256.Size]byte, n int) string {
	s := strings.ToUpper(strconv.FormatUint(binary.BigEndian.Uint64(hash[:]), 36))
	return fmt.Sprintf("%013s", s)[13-n:]
}

// recall writes what the form does not know.
func (w *writer) recall(s label.Sheet) {
	f := w.opt.Form
	all := w.fields(s)
	says := map[place]string{}
	for _, x := range all {
		says[x.place] = x.text
	}
	if f.width != s.Width || f.height != s.Height || !slices.Equal(f.rules, s.Rules) || !slices.Equal(f.boxes, s.Boxes) || !f.agrees(says) {
		// Not this form's template: nothing of it may be printed.
		w.out = w.out[:0]
		w.head(s)
		w.sheet(s)
		return
	}
	for _, i := range s.Images {
		w.picture(i.X, i.Y, i.Bits)
	}
	w.pictures(s)
	for _, q := range s.QRs {
		w.qr(q)
	}
	sent := map[int]bool{}
	for _, x := range all {
		_, fixed := f.fixed[x.place]
		n, known := f.number[x.place]
		switch {
		case fixed || sent[n]:
		case known && f.alike(n, says):
			sent[n] = true
			w.command("^FN", n)
			w.quoted("", x.text)
		default:
			w.place(x)
			w.quoted("", x.text)
		}
	}
	for _, c := range s.Codes {
		if _, ok := w.code(c.Value); !ok {
			w.drawBars(c)
		}
	}
}

// agrees says whether the words of the form are those of the label.
func (f *Form) agrees(says map[place]string) bool {
	for p, text := range f.fixed {
		if said, ok := says[p]; !ok || said != text {
			return false
		}
	}
	return true
}

// alike says whether the label has one text at all places of field n: a number
// that is sent prints at each of them.
func (f *Form) alike(n int, says map[place]string) bool {
	first, ok := says[f.places[n][0]]
	for _, p := range f.places[n][1:] {
		said, there := says[p]
		ok = ok && there && said == first
	}
	return ok
}
