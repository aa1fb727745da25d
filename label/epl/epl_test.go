package epl_test

import (
	"bytes"
	"fmt"
	"image"
	"strings"
	"testing"

	"floord/device/devicetest"
	"floord/label/epl"
	"floord/label/labeltest"
	"floord/label/preview"
)

// What a printer makes of the bytes is the label, to the dot.
func TestEncode(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		for _, dpi := range c.DPIs() {
			t.Run(fmt.Sprint(c.Name, dpi), func(t *testing.T) {
				job, err := epl.Encode(c.Page, epl.Options{DPI: dpi})
				if err != nil {
					t.Fatal(err)
				}
				m, err := devicetest.Draw("epl2", devicetest.Label{N: 1, Job: job.Bytes[2:]})
				if err != nil {
					t.Fatal(err)
				}
				if want := preview.Draw(job.Sheet); !bytes.Equal(m.(*image.Paletted).Pix, want.Pix) {
					t.Error("another label is printed")
				}
			})
		}
	}
}

// Nothing of a label's words stands in the job but as dots.
func TestTextCannotCommand(t *testing.T) {
	for _, c := range labeltest.Pages(t) {
		job, err := epl.Encode(c.Page, epl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		head, rest, ok := bytes.Cut(job.Bytes, []byte("GW"))
		if !ok || strings.Count(string(head), "\r\n") != 4 || !bytes.HasSuffix(rest, []byte("\r\nP1\r\n")) {
			t.Errorf("%s: head %q", c.Name, head)
		}
	}
}
