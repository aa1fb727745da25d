package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"floord/floor"
)

// crowdedDay has more of everything than a page can hold.
func crowdedDay() Input {
	in := busyDay()
	in.Site = strings.Repeat("华南仓", 20)
	for i := range in.Rows {
		in.Rows[i].Channel = floor.ChannelID(fmt.Sprintf("channel-with-a-long-name-%02d", i%30))
		in.Rows[i].Carrier = floor.CarrierID(fmt.Sprintf("carrier-%02d", i%12))
		in.Rows[i].LabelErrors = []string{fmt.Sprintf("a-reason-nobody-has-named-%d", i%9)}
		if i%2 == 0 {
			in.Rows[i].HandedOver = in.Rows[i].ShipBy.Add(time.Hour)
		}
	}
	for i := range in.Intercepts {
		in.Intercepts[i].Outcome = Missed
		in.Intercepts[i].Stage = floor.States()[i%13]
		in.Intercepts[i].PersonAt = in.Intercepts[i].AskedAt.Add(-time.Second)
	}
	return in
}

func TestThePDFBeginsWithOnePageOfSummary(t *testing.T) {
	days := map[string]Input{
		"busy": busyDay(), "crowded": crowdedDay(), "empty": {Day: day},
		"rare characters": {Site: "㙓𠮷🙂", Day: day, Rows: []Row{{Channel: "堃\x1b", Received: clock("09:00")}}},
	}
	for name, in := range days {
		for _, lang := range []string{"zh-CN", "en"} {
			t.Run(name+"."+lang, func(t *testing.T) {
				var a, b bytes.Buffer
				if err := WritePDF(&a, ForDay(in), lang); err != nil {
					t.Fatal(err)
				}
				if err := WritePDF(&b, ForDay(in), lang); err != nil {
					t.Fatal(err)
				}
				if n := pages(a.Bytes()); n < 2 || !bytes.HasPrefix(a.Bytes(), []byte("%PDF-")) {
					t.Errorf("%d pages, want details behind the summary", n)
				}
				p, err := fit(ForDay(in), lang)
				if n := summaryPages(t, ForDay(in), p); err != nil || n != 1 {
					t.Errorf("the summary takes %d pages, %v; want 1", n, err)
				}
				if !bytes.Equal(a.Bytes(), b.Bytes()) {
					t.Error("the same figures gave other bytes")
				}
			})
		}
	}
}

// summaryPages is how many pages the summary takes.
func summaryPages(t *testing.T, d Daily, p page) int {
	t.Helper()
	doc := newDoc(d, p)
	doc.summary(p, speak("zh"))
	data, err := doc.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return pages(data)
}

// Without this TestThePDFBeginsWithOnePageOfSummary could not fail.
func TestPagesAreCounted(t *testing.T) {
	d := ForDay(crowdedDay())
	if n := summaryPages(t, d, compose(d, "zh", full)); n < 2 {
		t.Errorf("everything of a crowded day takes %d pages; want 2 or more", n)
	}
}

// TestAsksPDF is about the report of interceptions alone.
func TestAsksPDF(t *testing.T) {
	for name, in := range map[string]Input{"busy": busyDay(), "crowded": crowdedDay(), "empty": {Day: day}} {
		var b bytes.Buffer
		if err := WriteAsksPDF(&b, ForDay(in), "zh"); err != nil || pages(b.Bytes()) < 1 {
			t.Errorf("%s: %d pages, %v", name, pages(b.Bytes()), err)
		}
	}
}

func TestSentence(t *testing.T) {
	one := table{title: "T", head: []string{"a", "b"}, rows: [][]string{{"1", "2"}}}
	if got, want := one.sentence(&english), "T: a 1, b 2."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	many := table{head: []string{"stage", "asked", "missed"}, rows: [][]string{{"x", "1", "2"}, {"y", "3", "4"}}}
	if got, want := many.sentence(&english), "stage (asked / missed): x 1 / 2, y 3 / 4."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
