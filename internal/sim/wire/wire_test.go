package wire

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestFaults(t *testing.T) {
	var done atomic.Int32
	var f Faults
	srv := httptest.NewServer(f.Before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		done.Add(1)
		_, _ = io.WriteString(w, strings.Repeat("whole ", 1000))
	}), func(r *http.Request) string { return r.URL.Path }))
	defer srv.Close()

	tests := []struct {
		fault  Fault
		status int // 0 = no whole answer comes
		done   bool
	}{
		{None, 200, true},
		{Failed, 500, false},
		{Busy, 503, false},
		{TooMany, 429, false},
		{Garbage, 200, false},
		{Dropped, 0, false},
		{Lost, 0, true},
		{HalfSent, 0, true},
	}
	for _, tt := range tests {
		t.Run("fault "+string(tt.fault), func(t *testing.T) {
			done.Store(0)
			f.Next("/op", tt.fault)
			f.Next("/other", Failed) // is not for this request
			status := post(srv.URL + "/op")
			if status != tt.status || (done.Load() == 1) != tt.done {
				t.Errorf("status %d, done %d times; want %d, %v", status, done.Load(), tt.status, tt.done)
			}
		})
	}
}

func TestHangEndsWithTheAsker(t *testing.T) {
	var f Faults
	asked := make(chan struct{}, 1)
	srv := httptest.NewServer(f.Before(http.NotFoundHandler(), func(*http.Request) string {
		asked <- struct{}{}
		return ""
	}))
	defer srv.Close()
	f.Next("", Hang)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
	if resp, err := http.DefaultClient.Do(req); err == nil {
		resp.Body.Close()
		t.Errorf("status %d; want no answer", resp.StatusCode)
	}
}

func TestSometimesRepeatsForOneSeed(t *testing.T) {
	draw := func() (s string) {
		var f Faults
		f.Sometimes(0.3, 7, Failed, Dropped)
		for range 40 {
			s += string(f.take("")) + ","
		}
		return s
	}
	a, b := draw(), draw()
	if a != b || !strings.Contains(a, "500") || !strings.Contains(a, ",,") {
		t.Errorf("faults %q and %q; want the same, some of them set", a, b)
	}
}

func post(url string) int {
	resp, err := http.Post(url, "text/plain", nil) // a GET would be asked again by the client itself
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	if _, err := io.ReadAll(resp.Body); err != nil {
		return 0
	}
	return resp.StatusCode
}
