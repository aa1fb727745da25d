package daemon_test

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"floord/internal/config"
	"floord/internal/daemon"
)

// start runs an empty site in dir until the stop that it gives is called.
func start(t *testing.T, dir string) (*daemon.Daemon, func()) {
	t.Helper()
	cfg := config.Default(dir)
	cfg.HTTP.Listen = "127.0.0.1:0"
	d, err := daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return d, run(t, d)
}

func get(t *testing.T, url, host string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestDoors(t *testing.T) {
	d, _ := start(t, t.TempDir())
	if code, body := get(t, d.URL("/healthz"), ""); code != http.StatusOK {
		t.Errorf("healthz: %d %s", code, body)
	}
	code, body := get(t, d.URL("/metrics"), "")
	if code != http.StatusOK || !strings.Contains(body, "floord_ledger{what=\"seq\"}") {
		t.Errorf("metrics: %d %s", code, body)
	}
	for _, path := range []string{"/healthz", "/metrics", "/board", "/api/v1/orders"} {
		if code, _ := get(t, d.URL(path), "evil.example"); code != http.StatusForbidden {
			t.Errorf("%s under a foreign name: %d; want 403", path, code)
		}
	}
	if code, _ := get(t, d.URL("/api/v1/orders"), ""); code != http.StatusUnauthorized {
		t.Errorf("orders without a token: %d; want 401", code)
	}
}

// TestOneDaemonAtATime opens a site that runs, and once more after it has stopped.
func TestOneDaemonAtATime(t *testing.T) {
	dir := t.TempDir()
	_, stop := start(t, dir)
	cfg := config.Default(dir)
	cfg.HTTP.Listen = "127.0.0.1:0"
	if _, err := daemon.Open(cfg, daemon.Options{}); err == nil || !strings.Contains(err.Error(), "floord") {
		t.Errorf("second daemon on one site: %v; want a sentence about the first", err)
	}
	began := time.Now()
	stop()
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("stopping took %v", took)
	}
	start(t, dir)
}

// TestOperatorWhileItRuns asks the running daemon through its socket.
func TestOperatorWhileItRuns(t *testing.T) {
	dir := t.TempDir()
	start(t, dir)
	var out strings.Builder
	if err := daemon.Operate(t.Context(), config.Default(dir), []string{"journal", "verify"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "chain, tags and views hold") {
		t.Errorf("verify says %q", out.String())
	}
	if err := daemon.Operate(t.Context(), config.Default(dir), []string{"journal", "show", "DB1"}, nil, &out); err == nil || !strings.Contains(err.Error(), "no order DB1") {
		t.Errorf("show of no order: %v", err)
	}
}

// TestOpenGivesBack fails an Open at its last step, the port: what was taken is
// given back, so that the next Open finds it free.
func TestOpenGivesBack(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	cfg := config.Default(dir)
	cfg.HTTP.Listen = taken.Addr().String()
	if _, err := daemon.Open(cfg, daemon.Options{}); err == nil || !strings.Contains(err.Error(), "http") {
		t.Fatalf("Open on a taken port: %v", err)
	}
	start(t, dir)
}
