package main

import (
	"image"
	"image/draw"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"
)

// fine is how many points a dot is cut into, each way, to look for lost ink.
const fine = 4

// A drawer is the scratch space of one worker.
type drawer struct {
	buf  sfnt.Buffer
	segs sfnt.Segments
	ras  vector.Rasterizer
	dots image.Alpha
	pts  image.Alpha
}

// A place maps outline units to dots.
type place struct{ sx, sy, dx, dy float32 }

// draw gives the cell of r, rows of three bytes, high bit left, 1 is ink. A
// narrow character stands in the left half.
func (d *drawer) draw(r rune) ([]byte, error) {
	f, i := pick(&d.buf, r)
	segs, adv, err := f.outline(&d.buf, i)
	if err != nil {
		return nil, err
	}
	d.segs = segs
	w := cell
	p := place{sx: cell / em * 1.0, sy: 0, dx: 0, dy: 0}
	p.sx = float32(cell) / em
	p.sy = p.sx
	p.dy = 0.88 * cell
	if narrow(r) {
		// Half-width letters stand on a higher line than hanzi do, for
		// their tails need room below it, and are as wide as the cell.
		w = cell / 2
		p.sy = 22.0 / em
		p.sx = float32(w) / 500
		p.dy = 19
	}
	p.dx = (float32(w) - adv*p.sx) / 2
	p = d.fit(p, w)
	p = d.align(p, w)
	return d.burn(p, w, f.threshold), nil
}

// bounds is the ink's box in outline units.
func (d *drawer) bounds() (x0, y0, x1, y1 float32) {
	b := d.segs.Bounds()
	return float32(b.Min.X) / 64, float32(b.Min.Y) / 64, float32(b.Max.X) / 64, float32(b.Max.Y) / 64
}

// fit shrinks and shifts what would stick out of the cell.
func (d *drawer) fit(p place, w int) place {
	x0, y0, x1, y1 := d.bounds()
	p.sx, p.dx = fit1(p.sx, p.dx, x0, x1, float32(w))
	p.sy, p.dy = fit1(p.sy, p.dy, y0, y1, cell)
	return p
}

func fit1(s, d, a, b, room float32) (float32, float32) {
	if (b-a)*s > room {
		s = room / (b - a)
	}
	d = max(d, -a*s)
	return s, min(d, room-b*s)
}

// align moves and scales the glyph by fractions of a dot, first up and down,
// then left and right, to where the dots are most black or white.
func (d *drawer) align(p place, w int) place {
	x0, y0, x1, y1 := d.bounds()
	best, at := d.contrast(p, w), p
	for _, axis := range []int{1, 0} {
		base := at
		for _, scale := range []float32{1, 0.97, 0.94, 1.03} {
			for shift := float32(-0.5); shift <= 0.5; shift += 0.125 {
				q := base
				if axis == 1 {
					mid := (y0 + y1) / 2
					q.sy *= scale
					q.dy += shift + mid*(base.sy-q.sy)
					if y0*q.sy+q.dy < 0 || y1*q.sy+q.dy > cell {
						continue
					}
				} else {
					mid := (x0 + x1) / 2
					q.sx *= scale
					q.dx += shift + mid*(base.sx-q.sx)
					if x0*q.sx+q.dx < 0 || x1*q.sx+q.dx > float32(w) {
						continue
					}
				}
				if c := d.contrast(q, w); c > best {
					best, at = c, q
				}
			}
		}
	}
	return at
}

// contrast is how far the dots are from half inked.
func (d *drawer) contrast(p place, w int) float64 {
	d.render(&d.dots, p, w, cell)
	sum := 0
	for _, c := range d.dots.Pix {
		sum += (int(c) - 128) * (int(c) - 128)
	}
	return float64(sum)
}

func (d *drawer) render(dst *image.Alpha, p place, w, h int) {
	if dst.Rect.Dx() != w || dst.Rect.Dy() != h {
		*dst = *image.NewAlpha(image.Rect(0, 0, w, h))
	}
	clear(dst.Pix)
	d.ras.Reset(w, h)
	d.ras.DrawOp = draw.Src
	at := func(i int, s *sfnt.Segment) (float32, float32) {
		return float32(s.Args[i].X)/64*p.sx + p.dx, float32(s.Args[i].Y)/64*p.sy + p.dy
	}
	for i := range d.segs {
		s := &d.segs[i]
		x, y := at(0, s)
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			d.ras.ClosePath()
			d.ras.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			d.ras.LineTo(x, y)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := at(1, s)
			d.ras.QuadTo(x, y, x1, y1)
		case sfnt.SegmentOpCubeTo:
			x1, y1 := at(1, s)
			x2, y2 := at(2, s)
			d.ras.CubeTo(x, y, x1, y1, x2, y2)
		}
	}
	d.ras.ClosePath()
	d.ras.Draw(dst, dst.Bounds(), image.Opaque, image.Point{})
}

// burn decides each dot, then gives every bit of ink that lies more than half
// a dot from any burnt one a dot of its own.
func (d *drawer) burn(p place, w int, threshold float32) []byte {
	d.render(&d.dots, p, w, cell)
	on := make([]bool, w*cell)
	for i, c := range d.dots.Pix {
		on[i] = float32(c) >= threshold*255
	}
	q := place{p.sx * fine, p.sy * fine, p.dx * fine, p.dy * fine}
	d.render(&d.pts, q, w*fine, cell*fine)
	for {
		i := d.lost(on, w)
		if i < 0 {
			break
		}
		on[i] = true
	}
	b := make([]byte, size)
	for i, v := range on {
		if v {
			x, y := i%w, i/w
			b[y*3+x/8] |= 0x80 >> (x % 8)
		}
	}
	return b
}

// lost finds the unburnt dot with the most ink that no burnt dot is near, or -1.
func (d *drawer) lost(on []bool, w int) int {
	best, at := 1, -1 // a single point is a corner, not a stroke
	for i := range on {
		if on[i] {
			continue
		}
		n := 0
		for k := range fine * fine {
			x, y := i%w*fine+k%fine, i/w*fine+k/fine
			if d.pts.AlphaAt(x, y).A >= 128 && !near(on, x, y, w) {
				n++
			}
		}
		if n > best {
			best, at = n, i
		}
	}
	return at
}

func near(on []bool, x, y, w int) bool {
	const reach = fine / 2
	for _, dx := range []int{-reach, 0, reach} {
		for _, dy := range []int{-reach, 0, reach} {
			cx, cy := x+dx, y+dy
			if cx < 0 || cy < 0 || cx >= w*fine || cy >= cell*fine {
				continue
			}
			if on[cy/fine*w+cx/fine] {
				return true
			}
		}
	}
	return false
}
