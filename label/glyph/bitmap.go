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
	if width == b.Width && height == b.Height || b.Width == 0 || b.Height == 0 {
		return b
	}
	out := NewBitmap(width, height)
	if width%b.Width == 0 && height%b.Height == 0 {
		b.multiply(out)
		return out
	}
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

// multiply is Scale by whole numbers, which most of them are.
func (b Bitmap) multiply(out Bitmap) {
	kx, ky := out.Width/b.Width, out.Height/b.Height
	for y := range b.Height {
		first := out.Bits[y*ky*out.Stride : (y*ky+1)*out.Stride]
		for x := range b.Width {
			if b.Bits[y*b.Stride+x>>3]&(0x80>>(x&7)) == 0 {
				continue
			}
			for i := x * kx; i < (x+1)*kx; i++ {
				first[i>>3] |= 0x80 >> (i & 7)
			}
		}
		for k := 1; k < ky; k++ {
			copy(out.Bits[(y*ky+k)*out.Stride:], first)
		}
	}
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
	for k := range n + 1 {
		out.Paste(b, k, 0)
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

// Paste adds the ink of src with its top left corner at x, y, as far as it lies
// on the bitmap.
func (b Bitmap) Paste(src Bitmap, x, y int) {
	for j := max(0, -y); j < min(src.Height, b.Height-y); j++ {
		row := b.Bits[(y+j)*b.Stride : (y+j)*b.Stride+b.Stride]
		for k := 0; k < src.Width; k += 8 {
			v := src.Bits[j*src.Stride+k/8]
			if over := k + 8 - src.Width; over > 0 {
				v &= 0xFF << over
			}
			at := x + k
			if over := at + 8 - b.Width; over > 0 {
				v &= 0xFF << over // all of it if over is 8 or more
			}
			if v == 0 || at <= -8 {
				continue
			}
			if i := at >> 3; i >= 0 {
				row[i] |= v >> (at & 7)
			}
			if i := at>>3 + 1; at&7 != 0 && i < len(row) {
				row[i] |= v << (8 - at&7)
			}
		}
	}
}

// Fill makes a rectangle ink, as far as it lies on the bitmap.
func (b Bitmap) Fill(x, y, w, h int) {
	x1, y1 := min(x+w, b.Width), min(y+h, b.Height)
	x, y = max(x, 0), max(y, 0)
	if x >= x1 || y >= y1 {
		return
	}
	line := make([]byte, b.Stride)
	for i := x; i < x1; i++ {
		line[i>>3] |= 0x80 >> (i & 7)
	}
	for ; y < y1; y++ {
		row := b.Bits[y*b.Stride : (y+1)*b.Stride]
		for i := x >> 3; i <= (x1-1)>>3; i++ {
			row[i] |= line[i]
		}
	}
}
