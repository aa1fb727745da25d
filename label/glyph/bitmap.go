package glyph

// A Bitmap is black on white: rows of Stride bytes, high bit left, 1 is ink.
type Bitmap struct {
	Width, Height int // dots
	Stride        int // bytes of a row
	Bits          []byte
}

// NewBitmap gives a white bitmap.
func NewBitmap(width, height int) Bitmap {
	stride := (width + 7) / 8
	return Bitmap{Width: width, Height: height, Stride: stride, Bits: make([]byte, stride*height)}
}

// At says whether the dot is ink. Outside the bitmap there is none.
func (b Bitmap) At(x, y int) bool {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return false
	}
	return b.Bits[y*b.Stride+x>>3]&(0x80>>(x&7)) != 0
}

// Set makes the dot ink. Outside the bitmap it does nothing.
func (b Bitmap) Set(x, y int) {
	if x < 0 || y < 0 || x >= b.Width || y >= b.Height {
		return
	}
	b.Bits[y*b.Stride+x>>3] |= 0x80 >> (x & 7)
}

// Scale gives the bitmap at another size. A dot of the result is ink when its
// middle is, going up; when any ink of the source falls on it, going down, so
// that thin strokes stay.
func (b Bitmap) Scale(width, height int) Bitmap {
	if width == b.Width && height == b.Height {
		return b
	}
	out := NewBitmap(width, height)
	for y := range height {
		y0, y1 := span(y, b.Height, height)
		for x := range width {
			x0, x1 := span(x, b.Width, width)
			if b.any(x0, y0, x1, y1) {
				out.Set(x, y)
			}
		}
	}
	return out
}

// span is the part of a source line of n dots that dot i of m covers.
func span(i, n, m int) (int, int) {
	if m >= n {
		at := (2*i + 1) * n / (2 * m)
		return at, at + 1
	}
	from, to := i*n/m, (i+1)*n/m
	return from, max(to, from+1)
}

func (b Bitmap) any(x0, y0, x1, y1 int) bool {
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			if b.At(x, y) {
				return true
			}
		}
	}
	return false
}

// Bold gives the bitmap smeared by n dots to the right, as striking a letter
// twice does.
func (b Bitmap) Bold(n int) Bitmap {
	out := NewBitmap(b.Width+n, b.Height)
	for y := range b.Height {
		for x := range b.Width {
			if b.At(x, y) {
				for k := range n + 1 {
					out.Set(x+k, y)
				}
			}
		}
	}
	return out
}

// Ink gives the rows [top, bottom) outside of which there is no ink; both are
// 0 for a white bitmap.
func (b Bitmap) Ink() (top, bottom int) {
	blank := func(y int) bool {
		for _, v := range b.Bits[y*b.Stride : y*b.Stride+(b.Width+7)/8] {
			if v != 0 {
				return false
			}
		}
		return true
	}
	bottom = b.Height
	for bottom > 0 && blank(bottom-1) {
		bottom--
	}
	for top < bottom && blank(top) {
		top++
	}
	return top, bottom
}

// Paste adds the ink of src with its top left corner at x, y.
func (b Bitmap) Paste(src Bitmap, x, y int) {
	for j := range src.Height {
		for i := range src.Width {
			if src.At(i, j) {
				b.Set(x+i, y+j)
			}
		}
	}
}

// Fill makes a rectangle ink.
func (b Bitmap) Fill(x, y, w, h int) {
	for j := y; j < y+h; j++ {
		for i := x; i < x+w; i++ {
			b.Set(i, j)
		}
	}
}
