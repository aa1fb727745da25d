package cpcl_test

import (
	"bytes"
	"strings"
	"testing"

	"floord/label"
	"floord/label/cpcl"
	"floord/label/cpcl/cpcltest"
	"floord/label/labeltest"
	"floord/label/preview"
)

func printed(t *testing.T, b []byte) cpcltest.Label {
	t.Helper()
	labels, err := cpcltest.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(labels) != 1 || labels[0].Copies != 1 {
		t.Fatalf("%d labels printed; want one, once", len(labels))
	}
	return labels[0]
}

// TestGolden keeps the bytes, and beside them the picture a printer makes of
// them.
func TestGolden(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		for _, dpi := range c.DPIs() {
			name, picture := c.Name, c.Name+".png"
			if dpi != 203 {
				name, picture = name+"-300dpi", ""
			}
			t.Run(name, func(t *testing.T) {
				job, err := cpcl.Encode(c.Page, cpcl.Options{DPI: dpi})
				if err != nil {
					t.Fatal(err)
				}
				l := printed(t, job.Bytes)
				labeltest.Golden(t, name+".cpcl", job.Bytes)
				labeltest.Printed(t, c, l.Dots, preview.Dots(job.Sheet), picture)
			})
		}
	}
}

func TestAllWaysPrintTheSame(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		for name, o := range map[string]cpcl.Options{
			"raster": {Raster: true}, "hex": {HexPictures: true}, "hex raster": {HexPictures: true, Raster: true},
			"quirks": {BarsAsLines: true, QRAsBitmap: true, Continuous: true, Speed: 3, Contrast: 2, Setup: []string{"ENCODING GB18030", "GAP-SENSE"}},
		} {
			job, err := cpcl.Encode(c.Page, o)
			if err != nil {
				t.Fatal(err)
			}
			if l := printed(t, job.Bytes); !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
				t.Errorf("%s, %s: another label is printed", c.Name, name)
			}
		}
	}
}

func TestBadOptions(t *testing.T) {
	p, err := label.Waybill76x130(labeltest.Waybill())
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]cpcl.Options{
		`charset "big5"`:    {Charset: "big5"},
		`policy "guess"`:    {Policy: "guess"},
		"speed 99":          {Speed: 99},
		"contrast 4":        {Contrast: 4},
		"a device of 9 dpi": {DPI: 9},
		"a font of 4 dots":  {FontDots: 4},
		"font name":         {Font: "24 0"},
		"setup line":        {Setup: []string{"TONE 1\r\nPRINT"}},
	} {
		if _, err := cpcl.Encode(p, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode(%+v) = %v; want %q in it", o, err, want)
		}
	}
}

var hostile = labeltest.Hostile{
	Encode: func(p label.Page, n uint8) (label.Job, error) {
		return cpcl.Encode(p, cpcl.Options{Charset: labeltest.Charset(n), HexPictures: n&4 != 0})
	},
	Check: func(t *testing.T, p label.Page, job label.Job) {
		l := printed(t, job.Bytes)
		labeltest.Counts(t, l.Count, map[string]int{
			"!": 1, "PAGE-WIDTH": 1, "BARCODE 128": 1, "BARCODE QR": 1, "BOX": len(p.Boxes), "LINE": len(p.Rules), "FORM": 1, "PRINT": 1,
		})
		if !bytes.Equal(l.Dots.Bits, preview.Dots(job.Sheet).Bits) {
			t.Error("the preview is not what the printer prints")
		}
	},
	Caught: func(p label.Page, job []byte) bool {
		labels, err := cpcltest.Read(job)
		return err != nil || len(labels) != 1 || labels[0].Count("LINE") != len(p.Rules)
	},
	Commands: []string{"a\r\nFORM\r\nPRINT\r\n! 0 200 200 99 1\r\nPAGE-WIDTH 99\r\nTEXT 24 0 1 1 b", "a\r\nLINE 1 1 9 1 3", "a\n", "a\x00"},
}

func FuzzHostileText(f *testing.F) { hostile.Fuzz(f) }

func TestHostileText(t *testing.T) { hostile.Test(t) }
