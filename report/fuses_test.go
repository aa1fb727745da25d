package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"floord/floor"
)

// Each trip of the day is a line, in both languages, on paper too.
func TestFuses(t *testing.T) {
	day := Day{2026, 11, 21}
	at := time.Date(2026, 11, 21, 9, 30, 0, 0, Shanghai)
	in := Input{Day: day, At: at.Add(3 * time.Hour)}
	for i, c := range floor.FuseCauses {
		f := floor.Fuse{ID: "F-1", Trip: floor.Trip{Scope: floor.Scope{Carrier: "sf", Station: "pack-1"}, Cause: c, Parcel: "P-7"}, OpenedAt: at.Add(time.Duration(i) * time.Minute)}
		if i > 0 {
			f.ClosedAt, f.ClosedBy = f.OpenedAt.Add(90*time.Second), []string{floor.ClosedByProbe, floor.ClosedByPerson}[i%2]
		}
		in.Fuses = append(in.Fuses, f)
	}
	in.Fuses = append(in.Fuses, floor.Fuse{OpenedAt: at.AddDate(0, 0, -1)}, floor.Fuse{OpenedAt: at.AddDate(0, 0, 1)})
	d := ForDay(in)
	if len(d.Fuses) != len(floor.FuseCauses) {
		t.Fatalf("%d trips; want those of the day", len(d.Fuses))
	}
	for lang, words := range map[string][]string{
		"zh": {"面单熔断", "09:30", "余额用完", "重复单号", "未恢复", "自动", "人工", "sf · pack-1", "P-7"},
		"en": {"Label fuses", "balance empty", "number twice", "still open", "probe", "person"},
	} {
		var text bytes.Buffer
		if err := WriteText(&text, d, lang); err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			if !strings.Contains(text.String(), w) {
				t.Errorf("%s lacks %q:\n%s", lang, w, text.String())
			}
		}
		for _, c := range floor.FuseCauses {
			if name := floor.Say(lang, "trip-"+string(c), nil); name == "trip-"+string(c) || !strings.Contains(text.String(), name) {
				t.Errorf("%s does not name %s", lang, c)
			}
			if floor.Say(lang, "fuse-"+string(c), nil) == "fuse-"+string(c) {
				t.Errorf("%s has no sentence for %s", lang, c)
			}
		}
		var pdf bytes.Buffer
		if err := WritePDF(&pdf, d, lang); err != nil {
			t.Errorf("%s PDF: %v", lang, err)
		}
	}
	for range 100 {
		in.Fuses = append(in.Fuses, in.Fuses[0])
	}
	var text bytes.Buffer
	if err := WriteText(&text, ForDay(in), "en"); err != nil || !strings.Contains(text.String(), "more") {
		t.Errorf("a hundred trips: %v\n%s", err, text.String())
	}
	var pdf bytes.Buffer
	if err := WritePDF(&pdf, ForDay(in), "zh"); err != nil {
		t.Error(err)
	}
}
