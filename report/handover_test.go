package report_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/report"
)

func handover(n int) report.Handover {
	at := time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	h := report.Handover{
		Site: "东坝一号仓", Carrier: "顺丰速运", Packer: "王芳", Zone: time.FixedZone("", 8*3600),
		Sheet: floor.Sheet{ID: "H-4", Carrier: "sf", OpenedAt: at, Parcels: n},
	}
	for i := range n {
		l := floor.SheetLine{
			Parcel: floor.ParcelID(fmt.Sprint("P-", 70+i)), Order: floor.OrderID(fmt.Sprintf("DB20261121-ORD-%06d", i)),
			Waybill: floor.WaybillNo(fmt.Sprintf("SF10000%06d", i)), Grams: floor.Grams(400 + 7*i), At: at.Add(time.Duration(i) * 4 * time.Second),
		}
		h.Lines, h.Sheet.Grams = append(h.Lines, l), h.Sheet.Grams+l.Grams
	}
	return h
}

func read(t *testing.T, data []byte) string {
	t.Helper()
	cmd := exec.Command("pdftotext", "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pdftotext (package poppler-utils): %v", err)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestHandoverSheet(t *testing.T) {
	h := handover(60)
	var open, again, signed, en bytes.Buffer
	for _, b := range []*bytes.Buffer{&open, &again} {
		if err := report.WriteHandover(b, h, "zh"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(open.Bytes(), again.Bytes()) {
		t.Error("the same sheet gives other bytes")
	}
	h.Sheet.SignedAt, h.Sheet.Driver = h.Sheet.OpenedAt.Add(time.Hour), "王师傅 粤B·12345"
	h.Sheet.Ink = floor.Ink{{100, 80, 240, 60, 170, 250}, {300, 40, 300, 260, 420, 200}, {520, 90, 800, 90, 640, 60, 660, 280, 560, 240}}
	if err := report.WriteHandover(&signed, h, "zh"); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteHandover(&en, h, "en"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		pdf  []byte
		has  []string
	}{
		{"open", open.Bytes(), []string{"快递交接单 H-4", "合计 60 件，36.390 kg", "顺丰速运", "SF10000000059", "DB20261121-ORD-000059", "0.813", "17:33", "还没有签收", "____"}},
		{"signed", signed.Bytes(), []string{"快递员：王师傅 粤B·12345", "签收时间：2026-11-21 18:30:00", "交件人：王芳"}},
		{"english", en.Bytes(), []string{"Handover sheet H-4", "60 parcels, 36.390 kg in all", "Driver: 王师傅", "Waybill"}},
	} {
		text := read(t, tt.pdf)
		for _, want := range tt.has {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, text)
			}
		}
	}
	if keep := os.Getenv("KEEP_PDF"); keep != "" {
		if err := os.WriteFile(keep+"/handover.pdf", signed.Bytes(), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// A sheet of two thousand parcels, and one of none, are printed as well.
func TestHandoverSheetOfAnySize(t *testing.T) {
	for _, n := range []int{0, 2000} {
		var b bytes.Buffer
		if err := report.WriteHandover(&b, handover(n), "zh"); err != nil || b.Len() == 0 {
			t.Errorf("%d parcels: %v", n, err)
		}
	}
}
