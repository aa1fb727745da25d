package demo_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/sim/courierco"
	"floord/internal/sim/wire"
	"floord/sync/carrier"
	"floord/sync/carrier/carriertest"
	"floord/sync/carrier/demo"
)

func bench(t testing.TB) (*courierco.Service, carriertest.Bench) {
	fake := courierco.New("wh-1", "k3y", 1000)
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	open := func(t testing.TB, key string) carrier.Carrier {
		c, err := demo.New(srv.URL, "wh-1", key, srv.Client())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return fake, carriertest.Bench{
		Fake: told{fake}, To: floor.Recipient{Province: "广东", City: "深圳市", District: "南山区"},
		Open:   func(t testing.TB) carrier.Carrier { return open(t, "k3y") },
		Forged: func(t testing.TB) carrier.Carrier { return open(t, "guess") },
	}
}

func TestCarrier(t *testing.T) {
	carriertest.Run(t, func(t testing.TB) carriertest.Bench {
		_, b := bench(t)
		return b
	})
	carriertest.RunTrack(t, func(t testing.TB) carriertest.TrackBench {
		_, b := bench(t)
		c := b.Open(t)
		return carriertest.TrackBench{Fake: b.Fake, Tracker: c.(carrier.Tracker), Forged: b.Forged(t).(carrier.Tracker), Number: func(id string) floor.WaybillNo {
			got, err := c.Numbers(t.Context(), carrier.Request{ID: id, N: 1})
			if err != nil {
				t.Fatal(err)
			}
			return got[0]
		}}
	})
}

type told struct{ *courierco.Service }

func (f told) Sold() int {
	n, _ := f.Service.Sold()
	return n
}
func (f told) Collect(no floor.WaybillNo, at time.Time) { f.Service.Collect(string(no), at) }

func (f told) Break(t carriertest.Trouble) {
	switch t {
	case carriertest.SameNumber:
		f.Repeat()
	default:
		f.Faults.Next("", map[carriertest.Trouble]wire.Fault{
			carriertest.ServerError: wire.Failed, carriertest.Garbage: wire.Garbage, carriertest.Dropped: wire.Dropped,
			carriertest.Lost: wire.Lost, carriertest.HalfSent: wire.HalfSent, carriertest.RateLimited: wire.TooMany,
		}[t])
	}
}

// TestSign holds the signature to a vector computed apart, with openssl.
func TestSign(t *testing.T) {
	got := demo.Sign("k3y", "wh-1", "1794312620", "/v1/balance", []byte("{}"))
	if want := "R5tAsXbD1BqpickkFZsTZXuI2MK+OJK+tbN90A/lbC8="; got != want {
		t.Errorf("Sign = %s; want %s", got, want)
	}
}

func TestCodesAreClassified(t *testing.T) {
	fake, b := bench(t)
	c := b.Open(t)
	for code, class := range map[string]carrier.Class{
		"RATE": carrier.RateLimited, "BUSY": carrier.Retryable, "NO_ACCOUNT": carrier.Unauthorized, "SOMETHING_NEW": carrier.Refused,
		strings.Repeat("X", 500): carrier.Refused,
	} {
		fake.Refuse(code)
		_, err := c.Balance(t.Context())
		var e *carrier.Error
		if !errors.As(err, &e) || e.Class != class || len(e.Code) > 40 || e.Zh == "" || e.En == "" {
			t.Errorf("%.20s: %v; want %s", code, err, class)
		}
	}
	fake.Refuse("")
	fake.Advance(time.Hour)
	if _, err := c.Balance(t.Context()); carrier.ClassOf(err) != carrier.Unauthorized || !strings.Contains(err.Error(), "clock") {
		t.Errorf("a clock that is off: %v", err)
	}
}

func TestOddAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"empty": "", "no code": "{}", "null": "null", "list": "[]", "data of another kind": `{"code":"OK","data":{"left":"many"}}`,
		"no data": `{"code":"OK"}`, "huge": `{"code":"OK","data":{"left":1},"x":"` + strings.Repeat("x", 5<<20) + `"}`,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		c, err := demo.New(srv.URL, "a", "b", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Balance(t.Context()); err == nil || carrier.ClassOf(err) != carrier.Retryable {
			t.Errorf("%s: %v; want a retryable error", name, err)
		}
		srv.Close()
	}
	for status, class := range map[int]carrier.Class{500: carrier.Retryable, 404: carrier.Refused, 302: carrier.Refused, 429: carrier.RateLimited} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		c, _ := demo.New(srv.URL, "a", "b", nil)
		if _, err := c.Balance(t.Context()); carrier.ClassOf(err) != class {
			t.Errorf("%d: %v; want %s", status, err, class)
		}
		srv.Close()
	}
}

func TestNewChecks(t *testing.T) {
	for _, bad := range [][3]string{{"", "a", "b"}, {"gopher://x", "a", "b"}, {"http://x", "", "b"}, {"http://x", "a", ""}} {
		if _, err := demo.New(bad[0], bad[1], bad[2], nil); err == nil {
			t.Errorf("New%v gave no error", bad)
		}
	}
}
