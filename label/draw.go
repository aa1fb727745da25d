package label

import "floord/label/glyph"

// DrawSigns gives signs as one bitmap, side by side, in letters height dots
// high. A sign the pack does not have leaves its place white; Spell chooses
// none.
func DrawSigns(signs []glyph.Sign, height int, bold bool) glyph.Bitmap {
	out := glyph.NewBitmap(width(signs, height, bold), height)
	x := 0
	for _, s := range signs {
		b := drawSign(s, height)
		if bold {
			b = b.Bold(Strike(height))
			if s.Drawn {
				b.Width = min(b.Width, Advance(s, height)) // see width
			}
		}
		// A narrow shape in a wide cell, as a Chinese font sets Latin letters.
		pad := 0
		if s.Wide {
			pad = max(0, height-b.Width) / 2
		}
		out.Paste(b, x+pad, 0)
		x += Advance(s, height)
	}
	return out
}

func drawSign(s glyph.Sign, height int) glyph.Bitmap {
	b, ok := glyph.Lookup(s.Rune)
	if !ok {
		return glyph.NewBitmap(Advance(s, height), height)
	}
	w := height
	if b.Width < b.Height {
		w = height / 2
	}
	return b.Scale(w, height)
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
