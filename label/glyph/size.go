package glyph

import (
	"math/bits"
	"sync"
)

// Sized gives the letter of r height dots high: the packed one at 24, otherwise
// one made from it. ok is false if the pack does not have r. The bits are shared and
// must not be written to.
//
// Going up, corners are rounded before the dots are counted, so that a letter of
// 48 is not the one of 24 in steps. Going down, rows and columns that are alike
// become one: 24 dots are drawn with strokes of two, 16 have room for one, and
// neither a stroke nor the white between two of them is lost while there is room.
func Sized(r rune, height int) (b Bitmap, ok bool) {
	if b, ok = Lookup(r); !ok || height == Cell || height < 1 {
		return b, ok
	}
	k := size{r, height}
	made.RLock()
	out, there := made.letters[k]
	made.RUnlock()
	if !there {
		out = b.sized(height)
		made.Lock()
		if len(made.letters) >= maxMade || made.letters == nil {
			made.letters = map[size]Bitmap{}
		}
		made.letters[k] = out
		made.Unlock()
	}
	return out, true
}

// made are letters of other sizes, as many as a few hundred labels say: to make one
// takes as long as to lay out a line.
var made struct {
	sync.RWMutex
	letters map[size]Bitmap // guarded by RWMutex; replaced when it holds maxMade
}

const maxMade = 4096

type size struct {
	r      rune
	height int
}

func (b Bitmap) sized(height int) Bitmap {
	width := height
	if b.Width < b.Height {
		width = max(1, height/2)
	}
	if height < Cell {
		return b.thin(width, height)
	}
	large := b
	for large.Width < width || large.Height < height {
		large = large.round()
	}
	large = large.reduce(width, height)
	// What is left of a lone dot may be less than half of each dot it lies on.
	for y := range b.Height {
		for x := range b.Width {
			if !b.At(x, y) {
				continue
			}
			x0, x1, y0, y1 := x*width/b.Width, ((x+1)*width-1)/b.Width+1, y*height/b.Height, ((y+1)*height-1)/b.Height+1
			if !large.any(x0, y0, x1, y1) {
				large.Set((x0+x1)/2, (y0+y1)/2)
			}
		}
	}
	return large
}

// round gives the bitmap twice as large, each dot as four of which one changes
// where two neighbours at its corner agree against it (Scale2x).
func (b Bitmap) round() Bitmap {
	out := NewBitmap(2*b.Width, 2*b.Height)
	for y := range b.Height {
		for x := range b.Width {
			dot, up, down, left, right := b.At(x, y), b.At(x, y-1), b.At(x, y+1), b.At(x-1, y), b.At(x+1, y)
			quarters := [4]bool{dot, dot, dot, dot}
			if up != down && left != right {
				for i, q := range [4][2]bool{{up, left}, {up, right}, {down, left}, {down, right}} {
					if q[0] == q[1] {
						quarters[i] = q[0]
					}
				}
			}
			for i, ink := range quarters {
				if ink {
					out.Set(2*x+i%2, 2*y+i/2)
				}
			}
		}
	}
	return out
}

// reduce makes a dot ink where half of what it covers is. The result is smaller, so
// that each dot of b lies on two of its at most, each way.
func (b Bitmap) reduce(width, height int) Bitmap {
	if width == b.Width && height == b.Height {
		return b
	}
	area := make([]int, width*height) // of ink, where a dot of b is width wide and height high
	for y := range b.Height {
		top, low := share(y, b.Height, height)
		for x := range b.Width {
			if !b.At(x, y) {
				continue
			}
			left, right := share(x, b.Width, width)
			at := y*height/b.Height*width + x*width/b.Width
			area[at] += top * left
			if right > 0 {
				area[at+1] += top * right
			}
			if low > 0 {
				area[at+width] += low * left
				if right > 0 {
					area[at+width+1] += low * right
				}
			}
		}
	}
	out := NewBitmap(width, height)
	for i, ink := range area {
		if 2*ink >= b.Width*b.Height {
			out.Set(i%width, i/width)
		}
	}
	return out
}

// share is how much of dot i of n, which is m wide, lies on the first and how much
// on the second of the m dots it lies on, which are n wide.
func share(i, n, m int) (first, second int) {
	end := (i*m/n + 1) * n // of the first
	first = min((i+1)*m, end) - i*m
	return first, m - first
}

// thin makes the bitmap smaller: rows that are nearly alike become one, then
// columns.
func (b Bitmap) thin(width, height int) Bitmap {
	b = b.fewer(height)
	b = b.turn().fewer(width).turn()
	return b
}

// fewer joins neighbouring rows until height of them are left. A row is joined to
// one other at most, unless fewer than half may stay.
func (b Bitmap) fewer(height int) Bitmap {
	if 2*height < b.Height {
		b = b.fewer((b.Height + 1) / 2)
		return b.fewer(height)
	}
	n, joins := b.Height, b.Height-height
	// cost[i][k] is what it takes to make k joins among the first i rows.
	const never = 1 << 30
	cost := make([][]int, n+1)
	for i := range cost {
		cost[i] = make([]int, joins+1)
		for k := range cost[i] {
			cost[i][k] = never
		}
		cost[i][0] = 0
		for k := 1; k <= joins && i > 0; k++ {
			cost[i][k] = cost[i-1][k]
			if i > 1 && cost[i-2][k-1] < never {
				cost[i][k] = min(cost[i][k], cost[i-2][k-1]+b.differ(i-2, i-1))
			}
		}
	}
	joined := make([]bool, n) // with the row above
	for i, k := n, joins; k > 0; {
		if cost[i][k] == cost[i-1][k] {
			i--
			continue
		}
		joined[i-1] = true
		i, k = i-2, k-1
	}
	out := NewBitmap(b.Width, height)
	to := -1
	for y := range n {
		if !joined[y] {
			to++
		}
		for i, v := range b.Bits[y*b.Stride : y*b.Stride+out.Stride] {
			out.Bits[to*out.Stride+i] |= v
		}
	}
	return out
}

// differ is how many dots of two rows differ.
func (b Bitmap) differ(i, j int) int {
	n := 0
	for k := range (b.Width + 7) / 8 {
		n += bits.OnesCount8(b.Bits[i*b.Stride+k] ^ b.Bits[j*b.Stride+k])
	}
	return n
}

// turn gives the bitmap with rows and columns exchanged.
func (b Bitmap) turn() Bitmap {
	out := NewBitmap(b.Height, b.Width)
	for y := range b.Height {
		for x := range b.Width {
			if b.At(x, y) {
				out.Set(y, x)
			}
		}
	}
	return out
}
