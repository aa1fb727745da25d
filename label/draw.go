package label

import "floord/label/glyph"

// DrawSigns gives signs as one bitmap, side by side, in letters height dots
// high, those of the printer's own font as multiples of font dots, if that is not 0.
// A sign the pack does not have leaves its place white; Spell chooses none.
func DrawSigns(signs []glyph.Sign, height, font int, bold bool) glyph.Bitmap {
	out := glyph.NewBitmap(width(signs, height, bold), height)
	x := 0
	for _, s := range signs {
		b := drawSign(s, height, font)
		if bold && s.Drawn {
			b = b.Bold(Strike(height))
			b.Width = min(b.Width, Advance(s, height)) // see width
		}
		// A narrow shape in a wide cell, as a Chinese font sets Latin letters.
		pad := 0
		if s.Wide {
			pad = max(0, height-b.Width) / 2
		}
		out.Paste(b, x+pad, 0)
		if bold && !s.Drawn { // struck again
			out.Paste(b, x+pad+Strike(height), 0)
		}
		x += Advance(s, height)
	}
	return out
}

func drawSign(s glyph.Sign, height, font int) glyph.Bitmap {
	if s.Drawn || font == 0 {
		font = height
	}
	b, ok := glyph.Sized(s.Rune, font)
	if !ok {
		return glyph.NewBitmap(Advance(s, height), height)
	}
	return b.Scale(b.Width*height/font, height)
}

// DrawMatrix gives a QR code as a bitmap, without quiet zone.
func DrawMatrix(m Matrix) glyph.Bitmap {
	b := glyph.NewBitmap(m.Modules, m.Modules)
	rows, err := EncodeQR(m.Value)
	if err != nil || len(rows) != m.Modules {
		panic("label: a qr code that was laid out cannot be drawn") // Lay refuses such
	}
	for y, row := range rows {
		for x, dark := range row {
			if dark {
				b.Set(x, y)
			}
		}
	}
	return b.Scale(m.Modules*m.Cell, m.Modules*m.Cell)
}

// Native gives the part of a run that the printer's font prints and where it
// begins. Where a bitmap stands between its signs, the caller sends spaces: two
// bytes, where a second command would take forty.
func (r Run) Native() (x int, signs []glyph.Sign) {
	x, signs = r.X, r.Signs
	blank := func(s glyph.Sign) bool { return s.Drawn || s.Rune == ' ' }
	for len(signs) > 0 && blank(signs[0]) {
		x, signs = x+Advance(signs[0], r.Height), signs[1:]
	}
	for len(signs) > 0 && blank(signs[len(signs)-1]) {
		signs = signs[:len(signs)-1]
	}
	return x, signs
}

// Drawn gives what only a bitmap shows of a run, neighbours in one.
func (r Run) Drawn() []Picture {
	var out []Picture
	x := r.X
	for i := 0; i < len(r.Signs); {
		from, at := i, x
		for ; i < len(r.Signs) && r.Signs[i].Drawn == r.Signs[from].Drawn; i++ {
			x += Advance(r.Signs[i], r.Height)
		}
		if r.Signs[from].Drawn {
			out = append(out, Picture{at, r.Y, DrawSigns(r.Signs[from:i], r.Height, 0, r.Bold)})
		}
	}
	return out
}

// Rects are the bars of a code, for printers that do not encode it as we do.
func (b Bars) Rects() []Rect {
	out := make([]Rect, 0, len(b.Widths)/2+1)
	x := b.X
	for i, n := range b.Widths {
		if i%2 == 0 {
			out = append(out, Rect{x, b.Y, int(n) * b.Module, b.H})
		}
		x += int(n) * b.Module
	}
	return out
}
