package profile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"floord/device/profile"
	"floord/firmware-profiles"
)

// base is what every test's scale stands on: line and defaults.
const base = `[[profile]]
kind = "scale"
line = { baud = 9600, data_bits = 8, parity = "none", stop_bits = 1, flow = "none" }
[profile.scale]
checksum = "required"
capacity_g = 30000
silence = "1s"
gap = "250ms"
settle = { flag = false, frames = 5, over = "400ms", within_g = 0 }
zero = { within_g = 10, frames = 2 }
`

func layer(name string, files map[string]string) profile.Layer {
	fs := fstest.MapFS{}
	for file, text := range files {
		fs[file] = &fstest.MapFile{Data: []byte(text)}
	}
	return profile.Layer{Name: name, FS: fs}
}

// one loads base and a single file called site/a.toml.
func one(text string) (*profile.Set, error) {
	return profile.Load(layer("shipped", map[string]string{"base.toml": base}), layer("site", map[string]string{"a.toml": text}))
}

func resolve(t *testing.T, s *profile.Set, name string) (profile.Profile, error) {
	t.Helper()
	d, err := profile.ParseDevice(profile.KindScale, name)
	if err != nil {
		t.Fatal(err)
	}
	return s.Resolve(d)
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"unknown key", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\n[profile.line]\nparitty = \"even\"\n",
			`site/a.toml:6:1: unknown key "paritty" (did you mean "parity"?)`},
		{"unknown table", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\n[profile.scales]\nunit = \"kg\"\n",
			`unknown key "scales" (did you mean "scale"?)`},
		{"wrong type", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\n[profile.line]\nbaud = \"fast\"\n",
			`site/a.toml:6:8: `},
		{"unknown unit", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\n[profile.scale]\nunit = \"kgs\"\n",
			`site/a.toml:6:1: unknown scale.unit "kgs" (did you mean "kg"?): it is one of kg, g, lb, oz, jin`},
		{"unknown parity", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nline = { baud = 1, parity = \"evn\" }\n",
			`site/a.toml:5:20: unknown line.parity "evn" (did you mean "even"?)`},
		{"no time", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\n[profile.scale]\nsilence = \"1\"\n",
			`site/a.toml:6:11: "1" is not a time such as "250ms" or "2s"`},
		{"no hex", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\n[[profile.example]]\nhex = \"02 2\"\n",
			`site/a.toml:6:7: "02 2" is not hexadecimal bytes`},
		{"no kind", "[[profile]]\nvendor = \"v\"\n", `site/a.toml:1:3: no kind`},
		{"wrong kind", "[[profile]]\nkind = \"scales\"\n", `site/a.toml:2:1: unknown kind "scales" (did you mean "scale"?)`},
		{"printer's key in a scale", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nprinter = { language = \"tspl\" }\n",
			`site/a.toml:5:13: key "printer.language" does not belong to a scale`},
		{"bad firmware", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nfirmware = \"6.29\"\n",
			`site/a.toml:5:1: firmware "6.29" is not a range`},
		{"empty firmware range", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nfirmware = \">=7 <6\"\n",
			`firmware ">=7 <6" is a range with nothing in it`},
		{"pattern as vendor", "[[profile]]\nkind = \"scale\"\nvendor = \"*\"\nmodel = \"m\"\n", `site/a.toml:3:1: vendor "*" is not a plain name`},
		{"model without vendor", "[[profile]]\nkind = \"scale\"\nmodel = \"m\"\n", `site/a.toml:3:1: a model or firmware needs its vendor`},
		{"protocol for everybody", "[[profile]]\nkind = \"scale\"\nscale = { protocol = \"x\" }\n", `site/a.toml:3:11: key "scale.protocol" needs a model`},
		{"another table", "[profiles]\nkind = \"scale\"\n", `site/a.toml:1:2: unknown table "profiles"`},
		{"key above", "kind = \"scale\"\n[[profile]]\n", `site/a.toml:1:1: key "kind" stands before the first [[profile]]`},
		{"not TOML", "[[profile]\n", `site/a.toml:1:`},
		{"tie in one file", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nline = { baud = 1200 }\n[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nline = { baud = 2400 }\n",
			`site/a.toml:5 and site/a.toml:10 both set "line.baud" for the same devices`},
		{"tie of firmware ranges", "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nfirmware = \"<3\"\nline = { baud = 1200 }\n[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nfirmware = \">=2\"\nline = { baud = 2400 }\n",
			`site/a.toml:6 and site/a.toml:12 both set "line.baud"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := one(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Load = %v; want %q", err, tt.want)
			}
			if err != nil && strings.Count(err.Error(), tt.want) > 1 {
				t.Errorf("said twice: %v", err)
			}
		})
	}
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := profile.Load(layer("site", map[string]string{
		"a.toml": "[[profile]]\nkind = \"scale\"\nvendr = \"v\"\nmodl = \"m\"\n",
		"b.toml": "[[profile]]\nkind = \"scale\"\nfirmware = \"x\"\nvendor = \"v\"\n",
	}))
	for _, want := range []string{"a.toml:3:1", "a.toml:4:1", "b.toml:3:1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: want a mistake at %s", err, want)
		}
	}
}

// What wins: the more specific, and among equals the higher layer.
func TestLayersAndSpecificity(t *testing.T) {
	section := func(match string, baud int) string {
		return fmt.Sprintf("[[profile]]\nkind = \"scale\"\n%s\n[profile.line]\nbaud = %d\n", match, baud)
	}
	const whole = "[profile.scale]\nprotocol = \"p\"\ndialect = \"d\"\nunit = \"kg\"\n"
	set, err := profile.Load(
		layer("shipped", map[string]string{
			"base.toml": base,
			"a.toml":    section("vendor = \"v\"\nmodel = \"x-*\"", 1200) + whole,
			"b.toml":    section("vendor = \"v\"\nmodel = \"x-9\"", 2400) + section("vendor = \"v\"\nmodel = \"x-9\"\nfirmware = \">=2.1\"", 4800),
		}),
		layer("vendor", map[string]string{"v.toml": section("vendor = \"v\"", 19200) + section("vendor = \"v\"\nmodel = \"x-9\"", 38400)}),
		layer("site", map[string]string{"s.toml": section("vendor = \"v\"\nmodel = \"x-*\"", 57600)}),
	)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, device string
		baud         int
		origin       string
	}{
		{"a site's pattern over a shipped one", "v/x-1", 57600, "site/s.toml:6"},
		{"a vendor's model over a site's pattern, and over the shipped model", "v/x-9", 38400, "vendor/v.toml:11"},
		{"a shipped firmware quirk over all of them", "v/x-9@V2.10 b", 4800, "shipped/b.toml:13"},
		{"older firmware has no quirk", "v/x-9@2.0.9", 38400, "vendor/v.toml:11"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := resolve(t, set, tt.device)
			if err != nil {
				t.Fatal(err)
			}
			if p.Line.Baud != tt.baud || p.Origin("line.baud").String() != tt.origin {
				t.Errorf("%s: %d from %s; want %d from %s", tt.device, p.Line.Baud, p.Origin("line.baud"), tt.baud, tt.origin)
			}
			if p.Line.DataBits != 8 || p.Origin("line.data_bits").String() != "shipped/base.toml:3" {
				t.Errorf("%s: data bits %d from %s; want the default", tt.device, p.Line.DataBits, p.Origin("line.data_bits"))
			}
			if p.Scale.Unit != profile.Kilogram || time.Duration(p.Scale.Silence) != time.Second {
				t.Errorf("%s: %+v", tt.device, p.Scale)
			}
		})
	}
	if _, err := resolve(t, set, "v/y-1"); err == nil || err.Error() != `no profile for scale "v/y-1" (did you mean "v/x-*"?)` {
		t.Errorf("unknown model: %v", err)
	}
}

func TestPatternsThatMeetTie(t *testing.T) {
	set, err := one("[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"a*b\"\nline = { baud = 1200 }\nscale = { protocol = \"p\", dialect = \"d\", unit = \"kg\" }\n" +
		"[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"ab*\"\nline = { baud = 2400 }\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := resolve(t, set, "v/abb"); err == nil || !strings.Contains(err.Error(), `site/a.toml:5 and site/a.toml:11 both set "line.baud"`) {
		t.Errorf("where the patterns meet: %v", err)
	}
	if p, err := resolve(t, set, "v/acb"); err != nil || p.Line.Baud != 1200 {
		t.Errorf("where they do not: %d, %v", p.Line.Baud, err)
	}
}

// A faulty section stops the devices it speaks of, and no others.
func TestAFaultStaysWithItsDevices(t *testing.T) {
	whole := "scale = { protocol = \"p\", dialect = \"d\", unit = \"kg\" }\n"
	set, err := one("[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"good\"\n" + whole +
		"[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"bad\"\nspeed = 1\n" + whole)
	if err == nil {
		t.Error("Load said nothing")
	}
	if _, err := resolve(t, set, "v/good"); err != nil {
		t.Errorf("good: %v", err)
	}
	if _, err := resolve(t, set, "v/bad"); err == nil || !strings.Contains(err.Error(), `site/a.toml:10:1: unknown key "speed"`) {
		t.Errorf("bad: %v", err)
	}
	set, _ = profile.Load(layer("shipped", map[string]string{"base.toml": base}),
		layer("site", map[string]string{"ok.toml": "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"good\"\n" + whole, "broken.toml": "[[profile"}))
	if _, err := resolve(t, set, "v/good"); err == nil || !strings.Contains(err.Error(), "site/broken.toml") {
		t.Errorf("beside a file nobody can read: %v", err)
	}
}

func TestValuesThatMakeNoSense(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "scale.unit is set nowhere: it must be the unit the scale shows"},
		{"unit = \"kg\"\ncapacity_g = 0\n", "site/a.toml:8: scale.capacity_g = 0 is not 1 to 10000000"},
		{"unit = \"kg\"\nsettle = { frames = 0 }\n", "site/a.toml:8: scale.settle.frames = 0 is not 1 to 100"},
		{"unit = \"kg\"\nzero = { within_g = 5000 }\n", "scale.zero.within_g = 5000 is not 0 to a tenth of the capacity"},
		{"unit = \"kg\"\ndecimals = 9\n", "scale.decimals = 9 is not 0 to 5"},
		{"unit = \"kg\"\n[profile.line]\nbaud = 0\n", "line.baud = 0 is not 300 to 921600"},
	}
	for _, tt := range tests {
		set, err := one("[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\n[profile.scale]\nprotocol = \"p\"\n" + tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := resolve(t, set, "v/m"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v; want %q", tt.text, err, tt.want)
		}
	}
}

func TestLint(t *testing.T) {
	head := "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m\"\nsource = \"s\"\nconfidence = \"guess\"\n[profile.scale]\nprotocol = \"p\"\nunit = \"kg\"\n"
	bad := errors.New("reads as something else")
	check := profile.Checks{
		Example: func(_ profile.Profile, ex profile.Example) error {
			if ex.Expect == "bad" {
				return bad
			}
			return nil
		},
		Weight: func(p profile.Profile, ex profile.Example) (int64, bool) {
			if p.Device.Model == "other" {
				return 300, true
			}
			return *ex.Grams, true
		},
	}
	example := "[[profile.example]]\nhex = \"02\"\nexpect = \"weight\"\ngrams = 3000\nsource = \"computed\"\n"
	set, err := one(head)
	if err != nil {
		t.Fatal(err)
	}
	if err := profile.Lint(set, check); err == nil || err.Error() != "site/a.toml:1: profile v/m has no examples of what the device says" {
		t.Errorf("without examples: %v", err)
	}
	set, _ = one(head + example)
	if err := profile.Lint(set, check); err != nil {
		t.Errorf("with a good example: %v", err)
	}
	set, _ = one(head + example + strings.Replace(example, "weight", "bad", 1))
	if err := profile.Lint(set, check); !errors.Is(err, bad) || !strings.HasPrefix(err.Error(), "site/a.toml:10: example 2 of v/m") {
		t.Errorf("with a bad example: %v", err)
	}
	set, _ = one(head + strings.Replace(example, "source = \"computed\"\n", "", 1))
	if err := profile.Lint(set, check); err == nil || !strings.Contains(err.Error(), "example 1 of v/m has no source") {
		t.Errorf("an example without a source: %v", err)
	}
	other := strings.Replace(head, `"m"`, `"other"`, 1) + strings.Replace(example, "3000", "300", 1)
	set, _ = one(head + example + other)
	if err := profile.Lint(set, check); err == nil || !strings.Contains(err.Error(), `example 1 of v/m is 3000 g, and 300 g to v/other (site/a.toml:22): write elsewhere = ["v/other"]`) {
		t.Errorf("an example that another reads otherwise: %v", err)
	}
	set, _ = one(strings.Replace(head, "source", "elsewhere = [\"v/oth*\"]\nsource", 1) + example + other)
	if err := profile.Lint(set, check); err != nil {
		t.Errorf("one that says so: %v", err)
	}
	set, _ = one(strings.Replace(head, "source = \"s\"\n", "", 1) + example)
	if err := profile.Lint(set, check); err == nil || !strings.Contains(err.Error(), "does not say where it comes from") {
		t.Errorf("without a source: %v", err)
	}
}

// A shipped oddity is set anew only by who names it.
func TestAQuirkIsNotSilenced(t *testing.T) {
	shipped := "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m*\"\nquirk = \"silent-at-zero\"\n[profile.scale]\nprotocol = \"p\"\nunit = \"kg\"\nsilence = \"1h\"\n"
	site := "[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"m1\"\n%s[profile.scale]\nsilence = \"2s\"\n"
	load := func(extra string) error {
		set, err := profile.Load(
			profile.Layer{Name: "defaults", FS: profiles.FS},
			profile.Layer{Name: "shipped", FS: fstest.MapFS{"a.toml": {Data: []byte(shipped)}}},
			profile.Layer{Name: "site", FS: fstest.MapFS{"b.toml": {Data: []byte(fmt.Sprintf(site, extra))}}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = set.Resolve(profile.Device{Kind: profile.KindScale, Vendor: "v", Model: "m1"})
		return err
	}
	if err := load(""); err == nil || !strings.Contains(err.Error(), `site/b.toml:6: "scale.silence" is set anew, but it stands for the quirk "silent-at-zero" of shipped/a.toml:1`) {
		t.Errorf("unnamed: %v", err)
	}
	if err := load("overrides = [\"silent-at-zero\"]\n"); err != nil {
		t.Errorf("named: %v", err)
	}
}

func TestExplainNamesEveryOrigin(t *testing.T) {
	set, err := profile.Load(profile.Layer{Name: profiles.Name, FS: profiles.FS})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []profile.Kind{profile.KindScale, profile.KindPrinter} {
		for _, name := range set.Names(kind) {
			d, err := profile.ParseDevice(kind, strings.ReplaceAll(name, "*", "1"))
			if err != nil {
				t.Fatal(err)
			}
			p, err := set.Resolve(d)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			values := p.Explain()
			if len(values) < 15 {
				t.Errorf("%s: %d values", name, len(values))
			}
			for _, v := range values {
				if !strings.HasPrefix(v.Origin.File, "firmware-profiles/") || v.Origin.Line < 1 || !strings.Contains(v.String(), ".toml:") {
					t.Errorf("%s: %s", name, v)
				}
			}
		}
	}
}

func TestParseDevice(t *testing.T) {
	for _, s := range []string{"toledo/8142", "tsc/ttp-244@V6.31 EZ"} {
		if d, err := profile.ParseDevice(profile.KindScale, s); err != nil || d.String() != s {
			t.Errorf("%q: %q, %v", s, d, err)
		}
	}
	for _, s := range []string{"", "toledo", "/8142", "toledo/", "a/b/c", "@1"} {
		if _, err := profile.ParseDevice(profile.KindScale, s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

// FuzzLoad: whatever a file holds, there is no panic, and what loads without an
// error resolves without one for lack of care: only for missing values.
func FuzzLoad(f *testing.F) {
	f.Add(base)
	f.Add("[[profile]]\nkind = \"scale\"\nvendor = \"v\"\nmodel = \"x-*\"\nfirmware = \">=2 <3\"\n[profile.scale]\nunit = \"kg\"\n[[profile.example]]\nhex = \"02\"\n")
	f.Add("profile = [{kind = \"scale\"}]\n")
	f.Add("[[profile]]\nscale.settle.frames = 3\n[profile.line]\n[profile.line.x]\n")
	f.Add("[[profile]]\n[[profile.example]]\n[profile.example.hex]\n[[profile.scale]]\n")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := one(text)
		for _, kind := range []profile.Kind{profile.KindScale, profile.KindPrinter} {
			for _, name := range set.Names(kind) {
				d, perr := profile.ParseDevice(kind, strings.ReplaceAll(name, "*", "1"))
				if perr != nil {
					continue
				}
				p, rerr := set.Resolve(d)
				if rerr == nil {
					p.Explain()
				}
			}
		}
		if err == nil {
			profile.Lint(set, profile.Checks{Example: func(profile.Profile, profile.Example) error { return nil }, Weight: func(profile.Profile, profile.Example) (int64, bool) { return 0, false }})
		}
	})
}
