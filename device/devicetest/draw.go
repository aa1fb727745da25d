package devicetest

import (
	"bytes"
	"fmt"
	"image"
	"slices"

	"floord/label/cpcl/cpcltest"
	"floord/label/escpos/escpostest"
	"floord/label/glyph"
	"floord/label/preview"
	"floord/label/tspl/tspltest"
	"floord/label/zpl/zpltest"
)

// Draw draws a label as a printer of a language would print it, one pixel a dot.
// The error says what in the job no such printer understands.
func Draw(language string, l Label) (image.Image, error) {
	var dots []glyph.Bitmap
	var err error
	switch language {
	case "", "tspl":
		var all []tspltest.Label
		all, err = tspltest.Printer{}.Read(slices.Concat(l.Size, l.Job))
		for _, x := range all {
			dots = append(dots, x.Dots)
		}
	case "zpl":
		var all []zpltest.Label
		all, err = new(zpltest.Printer).Read(slices.Concat(l.Size, l.Job))
		for _, x := range all {
			dots = append(dots, x.Dots)
		}
	case "cpcl":
		var all []cpcltest.Label
		all, err = cpcltest.Read(l.Job)
		for _, x := range all {
			dots = append(dots, x.Dots)
		}
	case "escpos":
		var all []escpostest.Label
		all, err = escpostest.Printer{}.Read(l.Job)
		for _, x := range all {
			dots = append(dots, x.Dots)
		}
	case "epl2":
		var b glyph.Bitmap
		b, err = drawEPL(l.Job)
		dots = append(dots, b)
	default:
		err = fmt.Errorf("labels in %q cannot be drawn", language)
	}
	if err != nil {
		return nil, fmt.Errorf("draw label %d: %w", l.N, err)
	}
	if len(dots) != 1 {
		return nil, fmt.Errorf("draw label %d: %d labels in one job", l.N, len(dots))
	}
	return preview.Image(dots[0]), nil
}

// drawEPL draws an EPL2 label of pictures: N, q, Q, GW, P. GW's bits are 1 where the
// paper stays white.
func drawEPL(job []byte) (b glyph.Bitmap, err error) {
	var width, height int
	for len(job) > 0 {
		line, rest, ok := bytes.Cut(job, []byte("\r\n"))
		text := string(line)
		var x, y, stride, rows, n int
		switch {
		case !ok:
			return b, fmt.Errorf("a command without its end: %.20q", text)
		case text == "N":
		case scans(text, "q%d", &width):
		case scans(text, "Q%d,%d", &height, &n):
			b = glyph.NewBitmap(width, height)
		case scans(text, "P%d", &n):
		case bytes.HasPrefix(job, []byte("GW")):
			f := bytes.SplitN(job[2:], []byte(","), 5)
			if len(f) != 5 {
				return b, fmt.Errorf("GW without its numbers: %.20q", text)
			}
			x, y, stride, rows = count(string(f[0])), count(string(f[1])), count(string(f[2])), count(string(f[3]))
			if len(f[4]) < stride*rows || x+8*stride > width+7 || y+rows > height {
				return b, fmt.Errorf("a picture of %d bytes by %d at %d,%d with %d bytes", stride, rows, x, y, len(f[4]))
			}
			p := glyph.Bitmap{Width: 8 * stride, Height: rows, Stride: stride, Bits: make([]byte, stride*rows)}
			for i := range p.Bits {
				p.Bits[i] = ^f[4][i]
			}
			b.Paste(p, x, y)
			rest = bytes.TrimPrefix(f[4][stride*rows:], []byte("\r\n"))
		default:
			return b, fmt.Errorf("unknown command %.20q", text)
		}
		job = rest
	}
	return b, nil
}

// scans tells whether text is exactly of a form, with its numbers.
func scans(text, form string, into ...any) bool {
	n, err := fmt.Sscanf(text, form, into...)
	return err == nil && n == len(into)
}
