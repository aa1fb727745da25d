package gate

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestForeign(t *testing.T) {
	g, err := New(Options{Hosts: []string{"wms.lan", "192.168.1.10", "::1"}, Origins: []string{"https://wms.example"}})
	if err != nil {
		t.Fatal(err)
	}
	type headers map[string][]string
	for _, tt := range []struct {
		name    string
		method  string
		host    string
		tls     bool
		headers headers
		want    string
	}{
		{name: "a page of ours", host: "wms.lan:8080", want: ""},
		{name: "by address", host: "192.168.1.10:8080", want: ""},
		{name: "by v6 address", host: "[::1]:8080", want: ""},
		{name: "name in capitals with a last dot", host: "WMS.lan.", want: ""},
		{name: "no host", host: "", want: ForeignHost},
		{name: "foreign host", host: "evil.example", want: ForeignHost},
		{name: "our name in front of theirs", host: "wms.lan.evil.example", want: ForeignHost},
		{name: "re-bound name: host and origin agree", host: "evil.example:8080", headers: headers{"Origin": {"http://evil.example:8080"}}, want: ForeignHost},
		{name: "same origin", host: "wms.lan:8080", headers: headers{"Origin": {"http://wms.lan:8080"}}, want: ""},
		{name: "same host, other port", host: "wms.lan:8080", headers: headers{"Origin": {"http://wms.lan:9090"}}, want: ForeignOrigin},
		{name: "same host, other scheme", host: "wms.lan", tls: true, headers: headers{"Origin": {"http://wms.lan"}}, want: ForeignOrigin},
		{name: "same origin over TLS", host: "wms.lan", tls: true, headers: headers{"Origin": {"https://wms.lan"}}, want: ""},
		{name: "another allowed host is another origin", host: "wms.lan", headers: headers{"Origin": {"http://192.168.1.10"}}, want: ForeignOrigin},
		{name: "configured origin", host: "wms.lan", headers: headers{"Origin": {"https://wms.example"}}, want: ""},
		{name: "null origin", host: "wms.lan", headers: headers{"Origin": {"null"}}, want: ForeignOrigin},
		{name: "empty origin", host: "wms.lan", headers: headers{"Origin": {""}}, want: ForeignOrigin},
		{name: "two origins", host: "wms.lan", headers: headers{"Origin": {"http://wms.lan", "http://evil.example"}}, want: ForeignOrigin},
		{name: "socket without origin is no browser", host: "wms.lan", headers: headers{"Upgrade": {"websocket"}}, want: ""},
		{name: "socket that says cross-site", host: "wms.lan", headers: headers{"Upgrade": {"websocket"}, "Sec-Fetch-Site": {"cross-site"}}, want: CrossSite},
		{name: "post from elsewhere", method: "POST", host: "wms.lan", headers: headers{"Sec-Fetch-Site": {"same-site"}}, want: CrossSite},
		{name: "post of a program", method: "POST", host: "wms.lan", want: ""},
		{name: "link from elsewhere may be followed", host: "wms.lan", headers: headers{"Sec-Fetch-Site": {"cross-site"}}, want: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method := tt.method
			if method == "" {
				method = "GET"
			}
			r := httptest.NewRequest(method, "http://x/", nil)
			r.Host = tt.host
			if tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			for k, v := range tt.headers {
				r.Header[k] = v
			}
			if got := g.Foreign(r); got != tt.want {
				t.Errorf("Foreign = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	for _, o := range []Options{
		{},
		{Hosts: []string{"*"}},
		{Hosts: []string{"http://wms.lan"}},
		{Hosts: []string{"wms.lan"}, Origins: []string{"wms.lan"}},
		{Hosts: []string{"wms.lan"}, Origins: []string{"https://wms.lan/"}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("New(%+v) passed", o)
		}
	}
}

func TestTurnedAwayIsCountedAndLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	counts := map[string]int{}
	g, err := New(Options{
		Hosts: []string{"wms.lan"},
		Log:   slog.New(slog.NewTextHandler(&log, nil)),
		Count: func(why string) { counts[why]++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	h := g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a foreign request came through") }))
	for range 5 {
		r := httptest.NewRequest("GET", "http://evil.example/?token=secret", nil)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusForbidden {
			t.Fatalf("status %d, want 403", w.Code)
		}
	}
	if counts[ForeignHost] != 5 {
		t.Errorf("counted %d, want 5", counts[ForeignHost])
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d log lines, want 1:\n%s", n, log.String())
	}
	if strings.Contains(log.String(), "secret") {
		t.Error("the log holds what the caller sent")
	}
}
