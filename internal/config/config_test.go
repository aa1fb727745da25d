package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/internal/config"
	"floord/wave"
)

// write makes a file in a folder of its own and gives its path.
func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "floord.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// check gives what floord check says, without the folder.
func check(t testing.TB, path string) (lines []string, ok bool) {
	t.Helper()
	var out strings.Builder
	ok = config.Check(&out, path)
	text := strings.ReplaceAll(out.String(), filepath.Dir(path)+"/", "")
	return strings.Split(strings.TrimRight(text, "\n"), "\n"), ok
}

func TestEveryMistakeAtOnce(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // in English, in the order of the file
	}{
		{"unknown keys and sections", `
[site]
nmae = "x"
colour = "red"
listen = ":80"
[htttp]
[[stations]]
id = "a"
`, []string{
			`floord.toml:3:1: unknown key "nmae" (did you mean "name"?)`,
			`floord.toml:4:1: unknown key "colour"`,
			`floord.toml:5:1: unknown key "listen" (it belongs into [http])`,
			`floord.toml:6:2: unknown section "htttp" (did you mean "http"?)`,
			`floord.toml:7:3: unknown section "stations" (did you mean "station"?)`,
		}},
		{"wrong types", `
site = 3
wave = { totes_per_cart = "12", max_wait = 20, same_carrier = "yes", metres_per_second = nan, seed = 0x10 }
channel = "pdd"
[http]
hosts = ["ok.lan", 7, "a:80"]
[report]
at = 08:30:00
`, []string{
			`floord.toml:2:8: site is a whole number, want a table`,
			`floord.toml:3:27: totes_per_cart is a text, want a whole number`,
			`floord.toml:3:44: max_wait is a whole number, want a duration such as "15s" or "5m"`,
			`floord.toml:3:63: same_carrier is a text, want true or false`,
			`floord.toml:3:90: metres_per_second is "nan", want a number`,
			`floord.toml:4:11: channel is a text, want one or more tables headed [[channel]]`,
			`floord.toml:6:20: hosts is a whole number, want a text`,
			`floord.toml:6:23: hosts is "a:80", want a name or an address without port, such as "wms.lan"`,
			`floord.toml:8:6: at is a date or time, want a text`,
		}},
		{"values out of range", `
[floor]
freeze_window = "1h"
tolerance_percent = 51
packaging_grams = -1
[wave]
metres_per_second = 11
max_wait = "soon"
seed = 99999999999999999999
[site]
prefix = "wms"
zone = "Asia/Beijing"
lang = "de"
name = "a\nb"
[report]
at = "24:10"
[log]
level = "loud"
format = "jsno"
`, []string{
			`floord.toml:3:17: freeze_window is 1h0m0s, want 1s .. 10m`,
			`floord.toml:4:21: tolerance_percent is 51, want 1 .. 50`,
			`floord.toml:5:19: packaging_grams is -1, want 0 .. 5000`,
			`floord.toml:7:21: metres_per_second is 11, want 0.1 .. 10`,
			`floord.toml:8:12: max_wait is "soon", want a duration such as "15s" or "5m"`,
			`floord.toml:9:8: seed is "99999999999999999999", want a whole number`,
			`floord.toml:11:10: prefix is "wms", want 1 to 8 letters A-Z or digits`,
			`floord.toml:12:8: zone is "Asia/Beijing", want a time zone such as "Asia/Shanghai"`,
			`floord.toml:13:8: lang is "de", want zh, en`,
			`floord.toml:14:8: name holds a control character`,
			`floord.toml:16:6: at: want a time of the day such as "08:30"`,
			`floord.toml:18:9: level is "loud", want debug, info, warn, error`,
			`floord.toml:19:10: format is "jsno" (did you mean "json"?), want text, json`,
		}},
		{"what belongs together", `
[http]
tls_cert = "floord.toml"
[wave]
totes_per_cart = 4
[[person]]
id = "li.wei"
name = "李伟"
roles = ["piker", "lead"]
[[person]]
id = "li.wei"
name = "李薇"
roles = []
badge = "1"
badge_file = "nowhere"
[[person]]
name = "王芳"
badge = "1"
roles = ["admin"]
[[person]]
id = "x/y"
name = "王芳"
badge = "1"
roles = ["admin"]
`, []string{
			`floord.toml:3:1: "tls_cert" needs "tls_key" beside it`,
			`floord.toml:5:1: min_fill is 6, but a wave holds only 4 orders`,
			`floord.toml:6:3: write either "badge" or "badge_file"`,
			`floord.toml:9:10: roles is "piker" (did you mean "picker"?), want picker, packer, lead, admin`,
			`floord.toml:10:3: write either "badge" or "badge_file"`,
			`floord.toml:11:1: person "li.wei" is there twice, first on line 7`,
			`floord.toml:13:1: roles must not be empty`,
			`floord.toml:15:14: badge_file: nowhere: no such file or directory`,
			`floord.toml:16:3: "id" is missing`,
			`floord.toml:21:6: id is "x/y", want letters, digits, and . _ - between them, at most 64`,
			`floord.toml:23:1: this badge is also that of "王芳"`,
		}},
		{"secrets are files", `
[http]
admin_token = "hunter2"
[[channel]]
id = "pdd-main"
driver = "pdd"
client_id = "c"
secret = "hunter2"
token_file = "/dev/null"
url = "ftp://x"
[[carrier]]
id = "sf"
driver = "demmo"
[[carrier]]
id = "sf"
driver = "demo"
pool = 0
`, []string{
			`floord.toml:3:1: "admin_token" is a secret and must not stand here: put it into a file and name that with admin_token_file`,
			`floord.toml:4:3: "shop" is missing, the pdd driver needs it`,
			`floord.toml:4:3: "secret_file" is missing, the pdd driver needs it`,
			`floord.toml:8:1: "secret" is a secret and must not stand here: put it into a file and name that with secret_file`,
			`floord.toml:9:14: token_file: secret file /dev/null: it is not a regular file`,
			`floord.toml:10:7: url is "ftp://x", want an address such as "https://host/path"`,
			`floord.toml:13:10: driver is "demmo" (did you mean "demo"?), want demo, sf, zto, yto, jdl, cainiao, pdd, douyin`,
			`floord.toml:14:3: "url" is missing, the demo driver needs it`,
			`floord.toml:14:3: "account" is missing, the demo driver needs it`,
			`floord.toml:14:3: "secret_file" is missing, the demo driver needs it`,
			`floord.toml:15:1: carrier "sf" is there twice, first on line 12`,
			`floord.toml:17:8: pool is 0, want 1 .. 100000`,
		}},
		{"written twice", `
site.name = "a"
[site]
lang = "en"
[floor]
[floor]
[http]
listen = ":1"
listen = ":2"
`, []string{
			`floord.toml:3:2: "site" is there twice, first on line 2`,
			`floord.toml:6:2: "floor" is there twice, first on line 5`,
			`floord.toml:9:1: "listen" is there twice, first on line 8`,
		}},
		{"a number as TOML does not write it", `
wave.min_fill = 03
`, []string{`floord.toml:2:17: not TOML: integers cannot have leading zeroes`}},
		{"what only the TOML package knows to be wrong", `
[wave]
seed = 9223372036854775807
[layout.depot]
x = 1
[layout]
depot.y = 2
`, []string{`floord.toml:7:1: not TOML: key depot is already defined`}},
		{"lines that are not TOML do not hide the others", `
[site]
name = 东坝
lang = "zz"
[http]
listen = 127.0.0.1:80
[[person]]
id = li.wei
name = "李伟"  roles = ["picker"]
`, []string{
			`floord.toml:3:8: not TOML: a text must stand in "quotes"`,
			`floord.toml:4:8: lang is "zz" (did you mean "zh"?), want zh, en`,
			`floord.toml:6:15: not TOML: a text must stand in "quotes"`,
			`floord.toml:8:6: not TOML: a text must stand in "quotes"`,
			`floord.toml:9:14: not TOML: expected newline but got U+0072 'r'`,
		}},
		{"what is not closed is named where it begins", `
[site]
lang = "zz"
[http]
hosts = [
  "wms.lan",
[floor]
freeze_window = "0s"
[report]
at = """
08:00
[log]
level = "loud"
[wave]
kinds = ["a"
seed = "x"
`, []string{
			`floord.toml:3:8: lang is "zz" (did you mean "zh"?), want zh, en`,
			`floord.toml:5:1: not TOML: what begins here is not closed`,
			`floord.toml:8:17: freeze_window is 0s, want 1s .. 10m`,
			`floord.toml:10:1: not TOML: what begins here is not closed`,
			`floord.toml:13:9: level is "loud", want debug, info, warn, error`,
			`floord.toml:15:1: not TOML: what begins here is not closed`,
			`floord.toml:16:8: seed is a text, want a whole number`,
		}},
		{"not UTF-8", "[site]\nname = \"\xb6\xab\xb0\xd3\"\n", []string{
			`floord.toml:2:9: this is not UTF-8: save the file as UTF-8 in the editor`,
		}},
		{"devices", `
[[station]]
id = "pack-1"
printer = { port = "/dev/ttyUSB0", profile = "tsc/ttp-244", paritty = "none" }
scale = { port = "/dev/ttyUSB0", profile = "yaohua/xk3190-a12", baud = 9601, labels = "76x130" }
[[station]]
id = "pack-2"
printer = { port = "ttyUSB0" }
scale = { port = "tcp://10.0.0.9:4001", profile = "yaohua/xk3109-a12", baud = 9600 }
[[station]]
id = "pack-3"
printer = { port = "/dev/ttyUSB2", profile = "tsc" }
scale = "yaohua"
`, []string{
			`floord.toml:4:61: unknown key "paritty" (did you mean "parity"?)`,
			`floord.toml:5:11: port /dev/ttyUSB0 is also that of the printer of station "pack-1"`,
			`floord.toml:5:65: baud 9601 is not one of [300 600 1200 2400 4800 9600 19200 38400 57600 115200 230400 460800 921600]`,
			`floord.toml:5:78: labels belongs to a printer`,
			`floord.toml:8:1: "profile" is missing`,
			`floord.toml:8:20: port is "ttyUSB0", want "/dev/serial/by-id/..." or "tcp://host:9100"`,
			`floord.toml:9:41: no profile for scale "yaohua/xk3109-a12" (did you mean "yaohua/xk3190-*"?)`,
			`floord.toml:12:36: device "tsc" is not of the form vendor/model or vendor/model@firmware`,
			`floord.toml:13:9: scale is a text, want a table`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lines, ok := check(t, write(t, tt.text))
			var got []string
			for i, line := range lines {
				if i%2 == 0 {
					got = append(got, line)
				} else if !strings.HasPrefix(line, "    ") || strings.Contains(line, "%!") {
					t.Errorf("line %d is not Chinese: %s", i, line)
				}
			}
			if ok || !slices.Equal(got, tt.want) {
				t.Errorf("Check = %v\ngot:\n%s\nwant:\n%s", ok, strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

func TestASiteThatSpeaksEnglishIsToldOnce(t *testing.T) {
	lines, ok := check(t, write(t, "[site]\nlang = \"en\"\nnaem = \"x\"\n"))
	if want := []string{`floord.toml:3:1: unknown key "naem" (did you mean "name"?)`}; ok || !slices.Equal(lines, want) {
		t.Errorf("Check = %q, %v; want %q", lines, ok, want)
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	for path, want := range map[string]string{
		filepath.Join(t.TempDir(), "gone.toml"): "cannot be read: no such file or directory",
		t.TempDir():                             "cannot be read: it is not a regular file",
		"/dev/zero":                             "cannot be read: it is not a regular file",
	} {
		_, err := config.Load(path)
		var wrong *config.Error
		if !errors.As(err, &wrong) || err.Error() != path+": "+want {
			t.Errorf("Load(%s) = %v; want %s", path, err, want)
		}
	}
	big := write(t, strings.Repeat("# long\n", 200_000))
	if _, err := config.Load(big); err == nil || !strings.Contains(err.Error(), "at most 1048576 are read") {
		t.Errorf("Load of a big file = %v", err)
	}
}

func TestABrokenDeviceDoesNotStopTheFloor(t *testing.T) {
	c, err := config.Load(write(t, `
[[station]]
id = "pack-1"
printer = { port = "/dev/ttyUSB0", profile = "tsc/ttp-244", labels = "76x130", baud = 115200 }
scale = { port = "/dev/ttyUSB1", profile = "acme/unknown" }
`))
	if err != nil {
		t.Fatal(err)
	}
	s := c.Stations[0]
	if len(s.Printer.Problems) != 0 || s.Printer.Profile.Printer.Language != "tspl" || s.Printer.Profile.Line.Baud != 115200 {
		t.Errorf("printer = %+v", s.Printer)
	}
	if got, want := s.Problem("en"), `no profile for scale "acme/unknown"`; got != want || len(c.Problems) != 1 {
		t.Errorf("Problem = %q, %d in all; want %q", got, len(c.Problems), want)
	}
}

func TestMistakesInTheSitesProfilesAreNamed(t *testing.T) {
	path := write(t, `
[profiles]
dir = "profiles"
[[station]]
id = "pack-1"
printer = { port = "/dev/ttyUSB0", profile = "tsc/ttp-244" }
scale = { port = "/dev/ttyUSB1", profile = "yaohua/xk3190-a12" }
`)
	dir := filepath.Join(filepath.Dir(path), "profiles")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	site := "[[profile]]\nkind = \"scale\"\nvendor = \"yaohua\"\nmodel = \"xk3190-a12\"\nbuad = 4800\n"
	if err := os.WriteFile(filepath.Join(dir, "site.toml"), []byte(site), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Stations[0]; len(s.Printer.Problems) != 0 || !strings.Contains(s.Problem("en"), `site.toml:5:1: unknown key "buad"`) {
		t.Errorf("station = %+v, %q", s.Printer.Problems, s.Problem("en"))
	}
}

func TestDefaults(t *testing.T) {
	path := write(t, "")
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	if got, want := c.Ledger(), filepath.Join(dir, "data", "floor.db"); got != want {
		t.Errorf("Ledger = %s; want %s", got, want)
	}
	d := config.Default(dir)
	d.File = c.File
	c.Orders.Rules, d.Orders.Rules = nil, nil // each read them
	if len(c.Wave.Kinds) == 0 || len(c.Wave.Kinds) != len(d.Wave.Kinds) {
		t.Errorf("%d kinds of waves; want those that are shipped", len(c.Wave.Kinds))
	}
	c.Wave.Kinds, d.Wave.Kinds = nil, nil
	if fmt.Sprintf("%+v", d) != fmt.Sprintf("%+v", c) {
		t.Errorf("Default = %+v; want what an empty file gives: %+v", d, c)
	}
	if c.Site.Zone.String() != "Asia/Shanghai" || c.Report.At != (config.Clock{Hour: 8, Minute: 30}) || c.HTTP.Listen != "127.0.0.1:8480" {
		t.Errorf("defaults: %+v %+v %+v", c.Site, c.Report, c.HTTP)
	}
	if got := config.Default("/etc/floord").Ledger(); got != "/var/lib/floord/floor.db" {
		t.Errorf("for a file in /etc the ledger is %s", got)
	}
}

// The packages that work with these values have their own defaults and limits.
func TestWaveSettingsAreTheWavesOwn(t *testing.T) {
	rules := func(w config.Wave) wave.Rules {
		return wave.Rules{
			TotesPerCart: w.TotesPerCart, MaxOrders: w.MaxOrders, MaxLines: w.MaxLines, MaxGrams: w.MaxGrams, SameCarrier: w.SameCarrier,
			MinFill: w.MinFill, MaxWait: w.MaxWait, DueSoon: w.DueSoon, JoinMetres: wave.Metres(w.JoinMetres),
			MetresPerSecond: w.MetresPerSecond, SecondsPerStop: w.SecondsPerStop, Seed: uint64(w.Seed),
		}
	}
	if got, want := rules(config.Default(t.TempDir()).Wave), wave.DefaultRules(); got != want {
		t.Errorf("defaults = %+v; want %+v", got, want)
	}
	for _, text := range []string{
		"totes_per_cart = 1\nmin_fill = 1\nmax_wait = \"0s\"\nmetres_per_second = 0.1",
		"totes_per_cart = 1000\nmin_fill = 1000\njoin_metres = 1000\nmax_wait = \"24h\"\nmetres_per_second = 10\nseconds_per_stop = 600",
	} {
		c, err := config.Load(write(t, "[wave]\n"+text))
		if err != nil {
			t.Fatal(err)
		}
		if err := rules(c.Wave).Check(); err != nil {
			t.Errorf("accepted here, refused by the planner: %v", err)
		}
	}
}

func TestTheExampleIsRight(t *testing.T) {
	c, err := config.Load("../../docs/floord.example.toml")
	if err != nil || len(c.Problems) > 0 {
		t.Fatal(err, c)
	}
	if c.People[0].ID != "li.wei" || !slices.Equal(c.People[1].Roles, []floor.Role{"lead", "admin"}) || c.Stations[1].Printer.Labels != "76x130" {
		t.Errorf("example = %+v", c)
	}
	if addr, ok := c.Stations[1].Printer.Address(); addr != "192.168.8.21:9100" || !ok {
		t.Errorf("Address = %s, %v", addr, ok)
	}
	// What is commented out must be right too, once its files are there.
	text, err := os.ReadFile("../../docs/floord.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "")
	dir := filepath.Dir(path)
	var lines []string
	for line := range strings.Lines(string(text)) {
		if bare, ok := strings.CutPrefix(line, "# "); ok && (strings.Contains(bare, " = ") || strings.HasPrefix(bare, "[")) {
			line = strings.ReplaceAll(bare, "/etc/floord/", "")
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"admin.token", "wms.crt", "wms.key", "skus.csv", "bins.csv", "stock.csv", "pdd.secret", "pdd.token", "douyin.hook", "own-shop.toml", "own-shop.secret", "sf.secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(" x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "rules.toml"), []byte("least = 50\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kinds.toml"), []byte("[[kind]]\nname = \"w\"\nkind = \"wall\"\nmax_orders = 16\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "labels"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "pictures"), 0o700); err != nil {
		t.Fatal(err)
	}
	if lines, ok := check(t, path); !ok || lines[0] != "floord.toml 没有错误：人员 2，渠道 3，承运商 2，工位 2" {
		t.Errorf("Check of the whole example = %s", strings.Join(lines, "\n"))
	}
	if c, err = config.Load(path); err != nil {
		t.Fatal(err)
	}
	if got, err := config.Secret(c.Channels[0].SecretFile); got != "x" || err != nil {
		t.Errorf("Secret = %q, %v", got, err)
	}
}

func TestClock(t *testing.T) {
	c := config.Clock{Hour: 8, Minute: 30}
	zone := time.FixedZone("UTC+8", 8*3600)
	if got, want := c.On(time.Date(2026, 11, 21, 23, 0, 0, 0, zone)), time.Date(2026, 11, 21, 8, 30, 0, 0, zone); !got.Equal(want) || c.String() != "08:30" {
		t.Errorf("On = %v, String = %s", got, c)
	}
}

// FuzzLoad: no panic, every mistake has a place within the file and both
// languages, and what is accepted can be used.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("../../docs/floord.example.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("\xef\xbb\xbf[site]\r\nname = 'x'\r\n")
	f.Add("[[station]]\nid = 'a'\nscale = [{}]\n[station.printer]\nport='/x'\n")
	f.Add("a = [\n[\n\n[b]\nc = \"\"\"\n")
	f.Add("[site]\nname = \"\"\"\na\n\n[[person]]\nid=1979-05-27\n")
	f.Add("wave.seed = 0b1_0\nwave.min_fill = +1_0\nlayout.cross_aisles=[1,2.5,-inf]\n")
	dir := f.TempDir()
	path := filepath.Join(dir, "floord.toml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(path)
		var wrong *config.Error
		if errors.As(err, &wrong) {
			last := strings.Count(text, "\n") + 1
			for _, p := range wrong.Problems {
				if p.Line < 1 && len(text) <= 1<<20 || p.Line > last || p.Text("zh") == "" || strings.Contains(p.Error()+p.Text("zh"), "%!") {
					t.Errorf("mistake without place or text: %+v", p)
				}
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if c.Site.Zone == nil || c.Wave.TotesPerCart < 1 || c.Floor.FreezeWindow < time.Second || !filepath.IsAbs(c.Ledger()) {
			t.Errorf("accepted: %+v", c)
		}
		for _, s := range c.Stations {
			for _, d := range []*config.Device{s.Printer, s.Scale} {
				if d != nil && len(d.Problems) == 0 && (d.Port == "" || d.Profile.Device.Model == "") {
					t.Errorf("device without problem: %+v", d)
				}
			}
		}
	})
}

// TestTheSitesOwnLabels: a template of the site's stands in place of a shipped one
// and makes new paper known; a broken one concerns nobody else.
func TestTheSitesOwnLabels(t *testing.T) {
	path := write(t, `
[labels]
dir = "mine"
[[station]]
id = "pack-1"
printer = { port = "tcp://127.0.0.1:9100", profile = "tsc/ttp-244", labels = "100x130" }
[[station]]
id = "pack-2"
printer = { port = "tcp://127.0.0.1:9101", profile = "tsc/ttp-244", labels = "90x90" }
`)
	dir := filepath.Join(filepath.Dir(path), "mine")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"waybill-100x130.toml": "name = \"waybill-100x130\"\nfor = \"waybill\"\nwidth = 100\nheight = 130\n",
		"broken.toml":          "name = \"broken\"\nfor = \"bin\"\nwidth = 100\nheigth = 130\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Templates["waybill-100x130"] == nil || c.Templates["waybill-100x150"] == nil || c.Templates["broken"] != nil {
		t.Errorf("templates %v", c.Templates.Names(""))
	}
	var all []string
	for _, p := range c.Problems {
		all = append(all, p.Error())
	}
	if text := strings.Join(all, "\n"); len(all) != 2 || !strings.Contains(text, `broken.toml: 4:1: unknown key "heigth"`) ||
		!strings.Contains(text, "no waybill template for paper of 90x90; there are 100x130, 100x150, 100x180, 76x130") {
		t.Errorf("problems:\n%s", text)
	}
	if c.Stations[0].Problem("en") != "" || c.Stations[1].Problem("en") == "" {
		t.Error("the wrong station is misconfigured")
	}
}
