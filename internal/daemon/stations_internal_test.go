package daemon

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"floord/device"
	"floord/device/profile"
	"floord/internal/config"
)

// Whether somebody must look that a label came out goes by what is known of the
// firmware, once the printer has said that.
func TestBlindByFirmware(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"floord.toml": "[profiles]\ndir = \"profiles\"\n[[station]]\nid = \"pack-1\"\nprinter = { port = \"192.0.2.1:9100\", profile = \"zebra/zt410\" }\n",
		"profiles/site.toml": `
[[profile]]
kind = "printer"
vendor = "zebra"
model = "zt410"
firmware = ">=90"
source = "this site"
confidence = "field-log"
[profile.printer]
proof = "sent"
`} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "floord.toml"))
	if err != nil {
		t.Fatal(err)
	}
	s := &station{cfg: cfg.Stations[0], met: map[string]profile.Profile{}}
	for _, tt := range []struct {
		firmware string
		want     bool
	}{{"", false}, {"V92.21.17Z", true}, {"V80.20.03Z", false}} {
		s.meet(slog.New(slog.DiscardHandler), "printer", s.cfg.Printer, device.Identity{Model: "ZT410", Firmware: tt.firmware})
		if got := s.blind(); got != tt.want {
			t.Errorf("firmware %q: blind %v; want %v", tt.firmware, got, tt.want)
		}
	}
}
