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

	texts  map[place]int     // number of the field at a place
	codes  map[codePlace]int // of those in the mode that most are in
	width  int
	height int
	rules  []label.Rect
	boxes  []label.Frame
}

type codePlace struct{ x, y, h, module int }

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
		texts: map[place]int{}, codes: map[codePlace]int{},
		width: s.Width, height: s.Height, rules: s.Rules, boxes: s.Boxes,
	}
	s.Images = nil // they may be another's on the next label
	w := writer{opt: o}
	w.settings(s)
	w.still(s)
	n := 0
	for _, x := range fields(s) {
		// The second strike of a bold run has its first one's number: sent once,
		// printed twice.
		if !x.strike {
			n++
		}
		f.texts[x.place] = n
		w.place(x)
		w.command("^FN", n)
		w.end()
	}
	for _, c := range s.Codes {
		if text, ok := w.code(c.Value); ok && (text == c.Value) == !o.OwnSets {
			n++
			f.codes[codePlace{c.X, c.Y, c.H, c.Module}] = n
			w.bars(c)
			w.command("^FN", n)
			w.end()
		}
	}
	sum := sha256.Sum256(w.out)
	f.Name = fmt.Sprintf("F%X", sum[:4])[:8]
	f.Bytes = slices.Concat([]byte("^XA^CI28^DFR:"+f.Name+".ZPL^FS"), w.out, []byte("^XZ\n"))
	return f, nil
}

// recall writes what the form does not know.
func (w *writer) recall(s label.Sheet) {
	f := w.opt.Form
	same := f.width == s.Width && f.height == s.Height && slices.Equal(f.rules, s.Rules) && slices.Equal(f.boxes, s.Boxes)
	if !same {
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
	all := fields(s)
	used := map[int]bool{} // a place holds one text
	for i, x := range all {
		n, known := f.texts[x.place]
		// A bold text has both its places in the form or is sent in full.
		first := x
		if x.strike {
			first = all[i-1]
		}
		bold := x.strike || i+1 < len(all) && all[i+1].strike
		if known && f.bold(first.place, n) == bold && used[n] == x.strike {
			if !x.strike {
				used[n] = true
				w.command("^FN", n)
				w.data(x)
			}
			continue
		}
		w.place(x)
		w.data(x)
	}
	for _, c := range s.Codes {
		n, known := f.codes[codePlace{c.X, c.Y, c.H, c.Module}]
		text, ok := w.code(c.Value)
		switch {
		case !ok:
			w.drawBars(c)
		case known && (text == c.Value) == !w.opt.OwnSets:
			w.command("^FN", n)
			w.codeData(c)
		default:
			w.bars(c)
			w.codeData(c)
		}
	}
}

// bold says whether field n, first struck at p, is struck again.
func (f *Form) bold(p place, n int) bool {
	p.x += label.Strike(p.height)
	p.strike = true
	return f.texts[p] == n
}
