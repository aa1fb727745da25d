// Package epl writes labels in EPL2, the language of older desktop printers and of
// those that speak Intermec's ESim. Their fonts hold no hanzi, so the whole label
// goes as one picture; nothing that it says can command the printer.
//
// Sources: Zebra's EPL2 programming guide 14245L, N, q, Q, GW and P. In GW a 1 bit
// stays white.
package epl

import (
	"fmt"

	"floord/label"
	"floord/label/preview"
)

// Options is what a printer's profile says. The zero value is a 203 dpi printer and
// labels with gaps of 3 mm.
type Options struct {
	DPI    int    // 0 means 203
	Policy string // as of the other languages; every character is drawn, so it changes no label
}

// Device is what laying out must know of the printer.
func (o Options) Device() (label.Device, error) {
	return label.NewDevice("epl", o.DPI, "gb18030", o.Policy, 0, 0) // a picture has them all
}

// Encode lays the page out for the printer and writes it. The error is that of the
// layout (a *label.FitError in it) or names the option that is wrong.
func Encode(p label.Page, o Options) (label.Job, error) {
	d, err := o.Device()
	if err != nil {
		return label.Job{}, err
	}
	s, err := p.Lay(d)
	if err != nil {
		return label.Job{}, err
	}
	b := preview.Dots(s)
	// The first line ends what a dead host may have left half-said.
	out := fmt.Appendf(nil, "\r\nN\r\nq%d\r\nQ%d,%d\r\nGW0,0,%d,%d,", s.Width, s.Height, 3*d.DPI*10/254, b.Stride, b.Height)
	for _, bits := range b.Bits {
		out = append(out, ^bits)
	}
	return label.Job{Bytes: append(out, "\r\nP1\r\n"...), Notes: s.Notes, Sheet: s}, nil
}
