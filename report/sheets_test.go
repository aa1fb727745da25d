package report_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/report"
)

// pdfText is what a reader finds in a document.
func pdfText(t *testing.T, data []byte, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x.pdf")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("pdftotext", "-layout", file, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils): %v %s", err, out)
	}
	// Every page is drawn without a complaint too.
	if out, err := exec.Command("pdftoppm", "-r", "40", "-png", file, file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("pdftoppm: %v %s", err, out)
	}
	return string(out)
}

func TestSheetsSayWhatTheyAreFor(t *testing.T) {
	at := time.Date(2026, 11, 21, 9, 30, 0, 0, time.FixedZone("CST", 8*3600))
	name := func(floor.CarrierID) string { return "顺丰" }
	walk := report.Walk{Site: "东坝", At: at, Names: map[floor.SKU]string{"SK-1": "红富士𠅤苹果"}, Task: floor.Task{
		ID: "T-8", Wave: "W-12", Metres: 120, Slots: []floor.Slot{{No: 1}, {No: 2}},
		Stops: []floor.Stop{{No: 1, Bin: "A-03-2-1", SKU: "SK-1", Slot: 2, Qty: 4}, {No: 2, Bin: "A-04", SKU: "SK-2", Slot: 1, Qty: 2, Dropped: true}},
	}}
	data, err := report.PickList(walk, "zh")
	list := pdfText(t, data, err)
	data, err = report.WaveSheet(floor.WaveNeeds{Wave: "W-12", Orders: 12, Needs: []floor.Need{{What: "tag-gift", Slots: []string{"1", "4"}, Notes: []string{"1: 生日快乐"}}}}, "东坝", at, name, "en")
	wave := pdfText(t, data, err)
	for what, tt := range map[string][2]string{
		"pick list": {list, "T-8|A-03-2-1|SK-1|不拣"},
		"wave":      {wave, "W-12|12 orders|with a gift ×2: 1, 4|生日快乐"},
	} {
		for want := range strings.SplitSeq(tt[1], "|") {
			if !strings.Contains(tt[0], want) {
				t.Errorf("%s: no %q in\n%s", what, want, tt[0])
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 80, 120))); err != nil {
		t.Fatal(err)
	}
	data, err = report.Picture("P-77", b.Bytes(), 100, at)
	if got := pdfText(t, data, err); !strings.Contains(got, "P-77") {
		t.Errorf("label: %q", got)
	}
}
