package drivers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/drivers"
)

func read(t testing.TB, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// refused lists the saved answers that are refusals, with the class that says who mends it.
var refused = map[string]struct {
	code  string
	class channel.Class
}{
	"pdd/error_sign.json":           {"20004", channel.Unauthorized},
	"taobao/error_session.json":     {"27/invalid-sessionkey", channel.Unauthorized},
	"jd/error_token.json":           {"19", channel.Unauthorized},
	"douyin/error_sign.json":        {"40003/isv.signature-invalid", channel.Unauthorized},
	"kuaishou/error_sign.json":      {"24", channel.Unauthorized},
	"xiaohongshu/error.json":        {"5018", channel.Refused},
	"wechat_store/error_token.json": {"42001", channel.Unauthorized},
}

// TestTry compares every saved payload with what it is known to mean.
func TestTry(t *testing.T) {
	var rows []struct {
		File, Channel string
		Expect        json.RawMessage
	}
	read(t, "index.json", &rows)
	for _, row := range rows {
		t.Run(row.File, func(t *testing.T) {
			payload, err := os.ReadFile(filepath.Join("testdata", row.File))
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = drivers.TryOf(row.Channel)(&out, payload)
			if want, ok := refused[row.File]; ok {
				var e *channel.Error
				if !errors.As(err, &e) || e.Code != want.code || e.Class != want.class || out.Len() > 0 {
					t.Errorf("error %v, output %q; want code %s, %s", err, out.String(), want.code, want.class)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, want := lines(t, out.Bytes()), expected(t, row.Expect); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// expected gives the expectation as a list: one object stands for a list of one.
func expected(t *testing.T, raw json.RawMessage) string {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if _, list := v.([]any); !list {
		if v == nil {
			return "[]"
		}
		v = []any{v}
	}
	return show(v)
}

func lines(t *testing.T, out []byte) string {
	all := []any{}
	for line := range bytes.Lines(out) {
		var v any
		if err := json.Unmarshal(line, &v); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		all = append(all, v)
	}
	return show(all)
}

func show(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestQueuedMessages(t *testing.T) {
	payload, err := os.ReadFile("testdata/taobao/tmc_consume.json")
	if err != nil {
		t.Fatal(err)
	}
	got, err := drivers.Maps()["taobao"].Notices(payload)
	want := channel.Notice{Number: "3100000000000000001", Event: "paid", Frame: "7160000000000000001", At: time.Date(2026, 11, 10, 12, 1, 12, 0, time.UTC)}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("notices %+v, %v, want %+v", got, err, want)
	}
}

// TestPushedOrders: of a push that is the order itself it is known when that changed,
// and whether it was cancelled, whatever became of the money.
func TestPushedOrders(t *testing.T) {
	at := time.Date(2026, 11, 10, 12, 1, 12, 0, time.UTC)
	for _, tt := range []struct {
		driver, body string
		want         channel.Notice
	}{
		{"shopify", `{"name":"#1","financial_status":"paid","cancelled_at":null,"updated_at":"2026-11-10T20:01:12+08:00","line_items":[{}]}`, channel.Notice{Number: "#1", Event: "paid", At: at}},
		{"shopify", `{"name":"#1","financial_status":"paid","cancelled_at":"2026-11-10T20:01:12+08:00","updated_at":"2026-11-10T20:01:12+08:00","line_items":[{}]}`, channel.Notice{Number: "#1", Event: "cancelled", At: at}},
		{"shopify", `{"name":"#1","financial_status":"voided","updated_at":"soon","line_items":[{}]}`, channel.Notice{Number: "#1", Event: "refunded"}},
		{"woocommerce", `{"id":7,"number":"7","status":"cancelled","date_modified_gmt":"2026-11-10T12:01:12","line_items":[{}]}`, channel.Notice{Number: "7", Event: "cancelled", At: at}},
	} {
		got, err := drivers.Maps()[tt.driver].Notices([]byte(tt.body))
		if err != nil || len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %s: %+v, %v, want %+v", tt.driver, tt.body, got, err, tt.want)
		}
	}
}
