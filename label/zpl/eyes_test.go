package zpl_test

import (
	"bytes"
	"image"
	"image/draw"
	"slices"
	"strings"
	"testing"

	"floord/label"
	"floord/label/glyph"
	"floord/label/labeltest"
	"floord/label/preview"
	"floord/label/zpl"
	"floord/label/zpl/zpltest"
)

// font is loaded in place of SimSun; ASCII is not half as wide as a hanzi in it.
const font = "../../report/pdf/report-sans.ttf"

func dark(m image.Image, x, y int) bool {
	r, _, _, _ := m.At(x, y).RGBA()
	return r < 0x8000
}

// TestIndependentEyes has labels drawn by somebody else's renderer: lines, boxes,
// bars and pictures stand where the preview has them, to the dot; texts stand in
// their places; both decoders read the codes. It takes ten seconds of CPU, half of
// them for the font.
func TestIndependentEyes(t *testing.T) {
	for dpi, names := range map[int][]string{
		203: {"waybill-100x180-full", "waybill-100x150-rare", "waybill-76x130-hostile", "wave-100x150"},
		300: {"waybill-76x130-rare"},
	} {
		stream := zpltest.Font(t, "E:SIMSUN.TTF", font)
		var cases []labeltest.Case
		var sheets []label.Sheet
		w, h := 0, 0
		for _, c := range labeltest.Pages(t) {
			if !slices.Contains(names, c.Name) {
				continue
			}
			job, err := zpl.Encode(c.Page, zpl.Options{DPI: dpi, Packed: true})
			if err != nil {
				t.Fatal(err)
			}
			stream += string(job.Bytes)
			cases, sheets = append(cases, c), append(sheets, job.Sheet)
			w, h = max(w, job.Sheet.Width), max(h, job.Sheet.Height)
		}
		seen, _ := zpltest.Render(t, stream, w, h, map[int]int{203: 8, 300: 12}[dpi], 1)
		if len(seen) != len(names) {
			t.Fatalf("%d labels seen of %d", len(seen), len(names))
		}
		for i, m := range seen {
			t.Run(cases[i].Name, func(t *testing.T) { compare(t, cut(m, sheets[i], w), cases[i], sheets[i]) })
		}
	}
}

// TestWithoutChineseFont: on a printer that has no Chinese font, letters and digits
// are those of a font that every printer has, as wide as the preview says, so that
// they stand beside the pictures of the hanzi and not on them.
func TestWithoutChineseFont(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		if c.Name != "waybill-100x150-rare" {
			continue
		}
		job, err := zpl.Encode(c.Page, zpl.Options{Charset: "ascii", Packed: true})
		if err != nil {
			t.Fatal(err)
		}
		seen, _ := zpltest.Render(t, string(job.Bytes), job.Sheet.Width, job.Sheet.Height, 8, 1)
		if len(seen) != 1 {
			t.Fatalf("%d labels seen of one", len(seen))
		}
		compare(t, seen[0], c, job.Sheet)
	}
}

// cut takes a label out of the middle of a wider picture.
func cut(m image.Image, s label.Sheet, w int) image.Image {
	out := image.NewGray(image.Rect(0, 0, s.Width, s.Height))
	draw.Draw(out, out.Rect, m, image.Pt((w-s.Width)/2, 0), draw.Src)
	return out
}

func compare(t *testing.T, m image.Image, c labeltest.Case, s label.Sheet) {
	ours := preview.Dots(s)
	// Texts: other letters, the same places. An outline font reaches a little
	// out of its cell.
	text := glyph.NewBitmap(s.Width, s.Height)
	for _, r := range s.Runs {
		x, signs := r.Native()
		if len(signs) == 0 {
			continue
		}
		w := 0
		for _, g := range signs {
			w += label.Advance(g, r.Height)
		}
		over := r.Height/4 + 2
		text.Fill(x-over, r.Y-over, w+w/4+2*over, r.Height+2*over)
		ink, all := 0, 0
		for y := r.Y; y < r.Y+r.Height; y++ {
			for k := x; k < x+w; k++ {
				if all++; dark(m, k, y) {
					ink++
				}
			}
		}
		if ink*40 < all && len(signs) > 1 {
			t.Errorf("%s at %d,%d: %d of %d dots are ink", r.Field, r.X, r.Y, ink, all)
		}
	}
	for _, q := range s.QRs {
		text.Fill(q.X, q.Y, q.Modules*q.Cell, q.Modules*q.Cell) // another mask says the same
	}
	differ := 0
	for y := range s.Height {
		for x := range s.Width {
			if dark(m, x, y) != ours.At(x, y) && !text.At(x, y) {
				differ++
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d dots beside texts and QR codes differ", differ)
	}
	if got := labeltest.ReadCodes(t, m); !slices.Equal(got, c.Want) {
		t.Errorf("gozxing reads %q; want %q", got, c.Want)
	}
	if got := labeltest.ReadCodesZbar(t, m); !slices.Equal(got, c.Want) {
		t.Errorf("zbar reads %q; want %q", got, c.Want)
	}
}

// TestRastersAreSeenAlike: a label that is one picture, packed both ways, is to
// the dot what we drew.
func TestRastersAreSeenAlike(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybills()["rare"])
	if err != nil {
		t.Fatal(err)
	}
	stream := ""
	var s label.Sheet
	for _, packed := range []bool{false, true} {
		job, err := zpl.Encode(p, zpl.Options{Raster: true, Packed: packed})
		if err != nil {
			t.Fatal(err)
		}
		stream, s = stream+string(job.Bytes), job.Sheet
	}
	ours := preview.Dots(s)
	seen, _ := zpltest.Render(t, stream, s.Width, s.Height, 8, 1)
	for i, m := range seen {
		differ := 0
		for y := range s.Height {
			for x := range s.Width {
				if dark(m, x, y) != ours.At(x, y) {
					differ++
				}
			}
		}
		if differ > 0 {
			t.Errorf("picture %d: %d dots differ", i, differ)
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d labels seen of two", len(seen))
	}
}

// TestFormIsSeenAlike: a stored form and what recalls it give the label that was
// sent whole.
func TestFormIsSeenAlike(t *testing.T) {
	sample, err := label.Waybill100x180(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	form, err := zpl.NewForm(zpl.RAM, zpl.Options{}, sample)
	if err != nil {
		t.Fatal(err)
	}
	p, err := label.Waybill100x180(labeltest.Waybills()["rare"])
	if err != nil {
		t.Fatal(err)
	}
	whole, err := zpl.Encode(p, zpl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	recall, err := zpl.Encode(p, zpl.Options{Form: form})
	if err != nil {
		t.Fatal(err)
	}
	s := whole.Sheet
	seen, _ := zpltest.Render(t, string(whole.Bytes)+string(form.Bytes)+string(recall.Bytes), s.Width, s.Height, 8, 1)
	if len(seen) != 2 {
		t.Fatalf("%d labels seen of two", len(seen))
	}
	differ := 0
	for y := range s.Height {
		for x := range s.Width {
			if dark(seen[0], x, y) != dark(seen[1], x, y) {
				differ++
			}
		}
	}
	if differ > 0 {
		t.Errorf("%d dots differ", differ)
	}
}

// TestPackedByAnother: ours reads what zpl-image packed; it says its check in small
// letters.
func TestPackedByAnother(t *testing.T) {
	p, err := label.Waybill100x180(labeltest.FullWaybill())
	if err != nil {
		t.Fatal(err)
	}
	job, err := zpl.Encode(p, zpl.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := preview.Dots(job.Sheet)
	theirs, _ := zpltest.Pack(t, b)
	n := len(theirs) - 4
	got, err := zpltest.Unpack(theirs[:n]+strings.ToUpper(theirs[n:]), b.Stride, len(b.Bits))
	if err != nil || !bytes.Equal(got, b.Bits) {
		t.Errorf("what zpl-image packed is not the picture: %v", err)
	}
}
