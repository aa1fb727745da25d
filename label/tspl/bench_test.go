package tspl_test

import (
	"testing"

	"floord/label"
	"floord/label/glyph"
	"floord/label/labeltest"
	"floord/label/tspl"
	"floord/label/zpl"
)

// raster is how many bytes the page takes as one picture.
func raster(s label.Sheet) int { return (s.Width + 7) / 8 * s.Height }

// TestBytes holds the sizes that make a label quick on a slow line: at 9600 baud
// 1 kB is a second.
func TestBytes(t *testing.T) {
	for name, fill := range map[string]func(label.Waybill) (label.Page, error){
		"100x180": label.Waybill100x180, "100x150": label.Waybill100x150, "76x130": label.Waybill76x130,
	} {
		page := func(w label.Waybill) label.Page {
			p, err := fill(w)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		encode := func(w label.Waybill) label.Job {
			job, err := tspl.Encode(page(w), tspl.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return job
		}
		plainBill, four := labeltest.RareWaybills()
		plain := encode(plainBill)
		share := float64(len(plain.Bytes)) / float64(raster(plain.Sheet))
		t.Logf("%s: %d bytes, %.2f %% of the raster's %d", name, len(plain.Bytes), 100*share, raster(plain.Sheet))
		picture, err := zpl.Encode(page(plainBill), zpl.Options{Raster: true, Packed: true})
		if err != nil {
			t.Fatal(err)
		}
		packed := float64(len(plain.Bytes)) / float64(len(picture.Bytes))
		t.Logf("%s: %.1f %% of the Z64 picture's %d", name, 100*packed, len(picture.Bytes))
		// The bounds are those of the two-part label; a small one has as many
		// commands on less paper.
		if name == "100x180" && (share > 0.021 || packed > 0.11) {
			t.Errorf("%s: %.2f %% of the raster, %.1f %% of Z64; 2.1 and 11 %% are allowed", name, 100*share, 100*packed)
		}
		rare := encode(four)
		drawn := 0
		for _, n := range rare.Notes {
			if n.Step == glyph.Drawn {
				drawn++
			}
		}
		each := float64(len(rare.Bytes)-len(plain.Bytes)) / float64(drawn)
		t.Logf("%s: %d rare characters at %.0f bytes each, %.2f times the plain label", name, drawn, each,
			float64(len(rare.Bytes))/float64(len(plain.Bytes)))
		// On two parts a name is drawn twice; the bound is for four drawings.
		if drawn < 4 || each > 140 || 4*each > 0.25*float64(len(plain.Bytes)) {
			t.Errorf("%s: %d rare characters at %.0f bytes each; want 4 or more of at most 140", name, drawn, each)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"plain", "rare", "long"} {
		w := labeltest.Waybills()[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				p, err := label.Waybill100x150(w)
				if err != nil {
					b.Fatal(err)
				}
				job, err := tspl.Encode(p, tspl.Options{})
				if err != nil {
					b.Fatal(err)
				}
				n = len(job.Bytes)
			}
			b.ReportMetric(float64(n), "bytes/label")
		})
	}
}
