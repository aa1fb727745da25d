package zpl

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"floord/label"
)

// A Form is the part of a label that the printer keeps: lines, boxes, and a
// numbered place for each text and code of a sample label. A recall sends what
// stands in the places, and in full only what stands elsewhere.
//
// Bytes must reach the printer once after it was switched on, before the first
// recall: the form lies in its memory (R:). The name is made from the bytes, so
// that a label never meets the form of another template or printer.
type Form struct {
	Name  string // 8 letters and digits
	Bytes []byte

	places map[int][]place  // of the field with a number
	number map[place]int    // the other way round
	fixed  map[place]string // words that are the same on every label
	width  int
	height int
	rules  []label.Rect
	boxes  []label.Frame
}

// NewForm makes a form from a sample: best a label whose texts are as long as
// those of most.
func NewForm(sample label.Page, o Options) (*Form, error) {
	if o.Raster {
		return nil, fmt.Errorf("zpl: a label that is one picture has no form")
	}
	s, err := lay(sample, o)
	if err != nil {
		return nil, err
	}
	f := &Form{
		places: map[int][]place{}, number: map[place]int{}, fixed: map[place]string{},
		width: s.Width, height: s.Height, rules: s.Rules, boxes: s.Boxes,
	}
	w := writer{opt: o}
	w.settings(s)
	s.Images = nil // they may be another's on the next label
	w.still(s)
	// What says the same on the sample has one number: the waybill number stands
	// on a label five times and is sent once.
	same := map[string]int{}
	for _, x := range w.fields(s) {
		w.place(x)
		if x.fixed {
			f.fixed[x.place] = x.text
			w.quoted("", x.text)
			continue
		}
		if same[x.text] == 0 {
			same[x.text] = len(same) + 1
		}
		n := same[x.text]
		f.places[n] = append(f.places[n], x.place)
		f.number[x.place] = n
		w.command("^FN", n)
		w.end()
	}
	sum := sha256.Sum256(w.out)
	f.Name = fmt.Sprintf("F%X", sum[:4])[:8]
	f.Bytes = slices.Concat([]byte("^XA^CI28^DFR:"+f.Name+".ZPL^FS"), w.out, []byte("^XZ\n"))
	return f, nil
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
