package devicetest

import (
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
