// Package preview draws a label as the printer will: the same dots at the same
// places, one pixel a dot, hanzi from the glyph pack in place of the printer's
// own font. It serves the screens, and goldens read by eye.
package preview

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"floord/label"
	"floord/label/glyph"
)

// Draw draws a sheet, black on white.
func Draw(s label.Sheet) *image.Paletted { return Image(Dots(s)) }

// Dots gives the dots a sheet burns.
func Dots(s label.Sheet) glyph.Bitmap {
	b := glyph.NewBitmap(s.Width, s.Height)
	for _, i := range s.Images {
		b.Paste(i.Bits, i.X, i.Y)
	}
	for _, q := range s.QRs {
		b.Paste(label.DrawMatrix(q), q.X, q.Y)
	}
	for _, r := range s.Rules {
		b.Fill(r.X, r.Y, r.W, r.H)
	}
	for _, f := range s.Boxes {
		b.Fill(f.X, f.Y, f.W, f.Line)
		b.Fill(f.X, f.Y+f.H-f.Line, f.W, f.Line)
		b.Fill(f.X, f.Y, f.Line, f.H)
		b.Fill(f.X+f.W-f.Line, f.Y, f.Line, f.H)
	}
	for _, r := range s.Runs {
		b.Paste(label.DrawSigns(r.Signs, r.Height, s.Font, r.Bold), r.X, r.Y)
	}
	for _, c := range s.Codes {
		x := c.X
		for i, n := range c.Widths {
			w := int(n) * c.Module
			if i%2 == 0 {
				b.Fill(x, c.Y, w, c.H)
			}
			x += w
		}
	}
	return b
}

// Image gives a bitmap as an image of two colours.
func Image(b glyph.Bitmap) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, b.Width, b.Height), color.Palette{color.White, color.Black})
	for y := range b.Height {
		row := b.Bits[y*b.Stride:]
		pix := m.Pix[y*m.Stride : y*m.Stride+b.Width]
		for x := range pix {
			pix[x] = row[x>>3] >> (7 - x&7) & 1
		}
	}
	return m
}

// PNG lays a page out for a device and writes its picture. It returns the notes
// of what is not printed as written. The error is that of the layout or of w.
func PNG(w io.Writer, p label.Page, d label.Device) ([]label.Note, error) {
	s, err := p.Lay(d)
	if err != nil {
		return nil, err
	}
	if err := png.Encode(w, Draw(s)); err != nil {
		return nil, fmt.Errorf("write preview of %s: %w", p.Name, err)
	}
	return s.Notes, nil
}
