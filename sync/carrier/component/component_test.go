package component_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/sim/printbox"
	"floord/sync/carrier/component"
)

func TestPrint(t *testing.T) {
	for _, platform := range []string{"cainiao", "pdd", "douyin"} {
		box := &printbox.Box{Platform: platform}
		srv := httptest.NewServer(box)
		for _, tt := range []struct {
			mood    printbox.Mood
			want    component.Verdict
			printed int
			why     string
		}{
			{printbox.Good, component.Printed, 1, ""},
			{printbox.NoPaper, component.NotPrinted, 0, "打印机缺纸"},
			{printbox.Half, component.NotPrinted, 0, "打印机脱机"},
			{printbox.Refuses, component.NotPrinted, 0, "解密失败"},
			{printbox.Silent, component.InDoubt, 1, "interrupted"},
			{printbox.Drops, component.InDoubt, 1, "interrupted"},
			{printbox.DropsAt, component.InDoubt, 0, "interrupted"},
			{printbox.Talks, component.Printed, 1, ""},
			{printbox.Nonsense, component.Printed, 1, ""},
		} {
			c := component.Client{URL: "ws" + strings.TrimPrefix(srv.URL, "http"), Printer: "TSC"}
			if tt.mood == printbox.Silent {
				c.Within = time.Second
			}
			data := "AES:" + string(tt.mood)
			box.Next(tt.mood)
			got := c.Print(t.Context(), component.Task{ID: "P-1/" + string(tt.mood), Ticket: floor.Ticket{
				Component: platform, Template: "http://t", Data: data, Signature: "MD:1", Params: "app_key=1",
			}})
			if got.Verdict != tt.want || got.Why != tt.why || box.Printed(data) != tt.printed {
				t.Errorf("%s, %q: %+v, %d came out; want %v, %q, %d", platform, tt.mood, got, box.Printed(data), tt.want, tt.why, tt.printed)
			}
		}
		content, twice := box.Last()
		if content["signature"] != "MD:1" || content["templateURL"] != "http://t" || twice != 0 {
			t.Errorf("%s got %v, %d tasks twice", platform, content, twice)
		}
		srv.Close()
		c := component.Client{URL: "ws" + strings.TrimPrefix(srv.URL, "http")}
		if got := c.Print(t.Context(), component.Task{ID: "x"}); got.Verdict != component.NotPrinted || got.Why != "component-down" {
			t.Errorf("%s is not there: %+v; want it certain that nothing came out", platform, got)
		}
	}
}

func TestPrinters(t *testing.T) {
	srv := httptest.NewServer(&printbox.Box{})
	defer srv.Close()
	c := component.Client{URL: "ws" + strings.TrimPrefix(srv.URL, "http")}
	got, err := c.Printers(t.Context())
	if err != nil || !slices.Equal(got, []string{"TSC"}) {
		t.Errorf("Printers = %v, %v", got, err)
	}
}
