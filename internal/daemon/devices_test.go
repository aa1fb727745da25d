package daemon_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/device/devicetest"
	"floord/internal/config"
	"floord/internal/daemon"
)

// A bench is a site run by the real daemon, with devices on ptys in its folder.
type bench struct {
	t   *testing.T
	dir string
	cfg *config.Config
	d   *daemon.Daemon
}

// newBench runs the site of floord.toml in dir; DIR in it stands for the folder.
func newBench(t *testing.T, dir, toml string, files map[string]string) *bench {
	t.Helper()
	if files == nil {
		files = map[string]string{}
	}
	files["floord.toml"] = "http.listen = '127.0.0.1:0'\n" + toml
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cfg, err := config.Load(filepath.Join(dir, "floord.toml"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := daemon.Open(cfg, daemon.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	run(t, d)
	return &bench{t, dir, cfg, d}
}

// on runs a pretend device until the test ends.
func on(t *testing.T, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
}

// scaleAt runs a pretend scale at a name in dir.
func scaleAt(t *testing.T, dir, name string, o devicetest.ScaleOptions) *devicetest.Scale {
	t.Helper()
	s, err := devicetest.NewScaleAt(filepath.Join(dir, name), o)
	if err != nil {
		t.Fatal(err)
	}
	on(t, s.Run)
	return s
}

// asks gives what the daemon answers an operator; where a daemon would still be
// finding out, ask again: see says.
func (b *bench) asks(args ...string) string {
	var out strings.Builder
	if err := daemon.Operate(b.t.Context(), b.cfg, args, nil, &out); err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(out.String(), b.dir+"/", "")
}

// says waits until the answer holds all that is wanted.
func (b *bench) says(args []string, want ...string) {
	b.t.Helper()
	var got string
	for range 3000 {
		got = b.asks(args...)
		missing := 0
		for _, w := range want {
			if !strings.Contains(got, w) {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.t.Errorf("%v: %s\nwant %q", args, got, want)
}

// Once a device has said its firmware, what is known of that firmware is in force, and
// one that is not what its profile says is told from the others.
func TestADeviceSaysItsFirmware(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	scaleAt(t, dir, "sc", devicetest.ScaleOptions{Protocol: "mt-sics", Unit: "g"})
	p, err := devicetest.NewPrinterAt(filepath.Join(dir, "pr"), devicetest.PrinterOptions{Language: "zpl"})
	if err != nil {
		t.Fatal(err)
	}
	on(t, p.Run)
	b := newBench(t, dir, `
[profiles]
dir = "profiles"
[[station]]
id = "pack-1"
scale = { port = "DIR/sc", profile = "mettler/viper" }
printer = { port = "DIR/pr", profile = "zebra/zq630", baud = 115200 }
`, map[string]string{"profiles/site.toml": `
[[profile]]
kind = "scale"
vendor = "mettler"
model = "viper"
firmware = ">=2 <3"
source = "this site"
confidence = "field-log"
[profile.scale.settle]
frames = 7

[[profile]]
kind = "scale"
vendor = "mettler"
model = "viper"
firmware = ">=3"
source = "this site"
confidence = "field-log"
[profile.scale.settle]
frames = 9
`})
	b.says([]string{"device", "explain", "pack-1", "scale"},
		`says it is "Viper SW WB 6.1000 kg" with firmware "2.10"; in force is what is known of mettler/viper@2.10`,
		"scale.settle.frames = 7  # profiles/site.toml:10", "scale.protocol = mt-sics  # firmware-profiles/mettler.toml:")
	b.says([]string{"device", "explain", "pack-1", "printer"},
		"in force is what is known of zebra/zq630@V", "printer.proof = counted  # firmware-profiles/zpl.toml:", "that is not what its profile says")
	b.says([]string{"device", "state", "pack-1", "printer"}, "up ready; but it says it is a ZT410", "its profile is zebra/zq630: check the configuration", "请核对配置")
	b.says([]string{"device", "state", "pack-1", "scale"}, "up put the parcel on the scale\n")
}

// What is wrong with one device is named with its file and line, and the others work:
// unknown keys, ties, impossible lines, a shipped quirk that is silenced, and a device
// that speaks another protocol than its profile.
func TestBadDevicesHarmNobodyElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	scaleAt(t, dir, "good", devicetest.ScaleOptions{})
	other := scaleAt(t, dir, "other", devicetest.ScaleOptions{Protocol: "yaohua-xk3190"})
	other.Put(1240)
	b := newBench(t, dir, `
[profiles]
dir = "profiles"
[[station]]
id = "good"
scale = { port = "DIR/good", profile = "generic/toledo-continuous" }
[[station]]
id = "key"
scale = { port = "DIR/p1", profile = "v/key" }
[[station]]
id = "tie"
scale = { port = "DIR/p2", profile = "v/tie" }
[[station]]
id = "line"
scale = { port = "DIR/p3", profile = "v/line" }
[[station]]
id = "baud"
scale = { port = "DIR/p4", profile = "generic/toledo-continuous", baud = 9601 }
[[station]]
id = "quirk"
scale = { port = "DIR/p5", profile = "adam/azextra" }
[[station]]
id = "other"
scale = { port = "DIR/other", profile = "generic/toledo-continuous" }
`, map[string]string{"profiles/a.toml": `[[profile]]
kind = "scale"
vendor = "v"
model = "key"
scale.protocol = "toledo-continuous"
scale.dialect = "standard"
scale.unit = "kg"
scale.capasity_g = 30000

[[profile]]
kind = "scale"
vendor = "v"
model = "tie"
scale.protocol = "toledo-continuous"
scale.dialect = "standard"
scale.unit = "kg"

[[profile]]
kind = "scale"
vendor = "v"
model = "tie"
scale.unit = "lb"

[[profile]]
kind = "scale"
vendor = "v"
model = "line"
scale.protocol = "toledo-continuous"
scale.dialect = "standard"
scale.unit = "kg"
line.data_bits = 9

[[profile]]
kind = "scale"
vendor = "adam"
model = "azextra"
scale.once = false
`})
	state := func(id string) []string { return []string{"device", "state", id, "scale"} }
	b.says(state("good"), "up put the parcel on the scale")
	for id, want := range map[string][]string{
		"key":   {`profiles/a.toml:8:1: unknown key "capasity_g" (did you mean "capacity_g"?)`},
		"tie":   {`profiles/a.toml:16 and profiles/a.toml:22 both set "scale.unit" for the same devices`},
		"line":  {"profiles/a.toml:31: line.data_bits = 9 is not 7 or 8"},
		"baud":  {"9601"},
		"quirk": {`profiles/a.toml:37: "scale.once" is set anew, but it stands for the quirk "answers-once" of firmware-profiles/adam.toml:`, `write overrides = ["answers-once"]`},
	} {
		b.says(state(id), append(want, "misconfigured ")...)
	}
	b.says(state("other"), "up data arrive but no weight can be read: check speed and protocol in the settings")
	var out strings.Builder
	if n := daemon.Doctor(t.Context(), b.cfg, &out); n < 6 || !strings.Contains(out.String(), "other") {
		t.Errorf("%d problems: %s", n, out.String())
	}
}
