package glyph_test

import (
	"testing"

	"floord/label/glyph"
)

// TestEverySizeKeepsItsStrokes: at every size that labels use, no part of a letter
// is gone. Going up, each dot of the packed letter has ink where it belongs and each
// white dot that stands among white ones stays white; going down, what touched still
// touches and most of what stood alone still does.
func TestEverySizeKeepsItsStrokes(t *testing.T) {
	apart, squeezed, parts := 0, 0, 0
	for r := rune(0x20); r < 0x30000; r += 1 + min(r>>7, 101) {
		b, ok := glyph.Lookup(r)
		if !ok {
			continue
		}
		for _, height := range []int{16, 32, 36, 48, 96} {
			s, ok := glyph.Sized(r, height)
			width := height
			if b.Width < b.Height {
				width /= 2
			}
			if !ok || s.Height != height || s.Width != width {
				t.Fatalf("%c at %d dots is %d x %d, %v", r, height, s.Width, s.Height, ok)
			}
			if height < glyph.Cell {
				was, is := components(b), components(s)
				if apart, squeezed, parts = apart+is, squeezed+components(b.Scale(width, height)), parts+was; is > was || is == 0 && was > 0 {
					t.Errorf("%c at %d dots: %d strokes that stand alone, %d in the packed letter", r, height, is, was)
				}
				continue
			}
			for y := range b.Height {
				for x := range b.Width {
					ink := 0 // dots of the larger letter whose middle lies in this one
					for j := y * height / glyph.Cell; j <= (y+1)*height/glyph.Cell; j++ {
						for i := x * height / glyph.Cell; i <= (x+1)*height/glyph.Cell; i++ {
							if s.At(i, j) {
								ink++
							}
						}
					}
					if b.At(x, y) && ink == 0 {
						t.Fatalf("%c at %d dots: the ink at %d,%d is gone", r, height, x, y)
					}
					if ink > 0 && !near(b, x, y) {
						t.Fatalf("%c at %d dots: ink at %d,%d, where none was near", r, height, x, y)
					}
				}
			}
		}
	}
	t.Logf("at 16 dots %d of %d strokes that stood alone still do, %d by squeezing", apart, parts, squeezed)
	if apart*10 < parts*6 || apart*10 < squeezed*12 {
		t.Error("letters of 16 dots are blots")
	}
	if _, ok := glyph.Sized(0x10FFFF, 32); ok {
		t.Error("a letter that is not there has a size")
	}
}

// near says whether there is ink on a dot or beside it.
func near(b glyph.Bitmap, x, y int) bool {
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if b.At(x+dx, y+dy) {
				return true
			}
		}
	}
	return false
}

// components is how many parts of a letter there are whose dots touch.
func components(b glyph.Bitmap) int {
	n := 0
	seen := make([]bool, b.Width*b.Height)
	var visit func(x, y int)
	visit = func(x, y int) {
		if !b.At(x, y) || seen[y*b.Width+x] {
			return
		}
		seen[y*b.Width+x] = true
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				visit(x+dx, y+dy)
			}
		}
	}
	for y := range b.Height {
		for x := range b.Width {
			if b.At(x, y) && !seen[y*b.Width+x] {
				n++
				visit(x, y)
			}
		}
	}
	return n
}
