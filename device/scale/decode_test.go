package scale_test

import (
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"

	"floord/device/profile"
	"floord/device/scale"
	"floord/firmware-profiles"
)

// set is what is shipped, read once.
var set = sync.OnceValues(func() (*profile.Set, error) {
	return profile.Load(profile.Layer{Name: profiles.Name, FS: profiles.FS})
})

func shipped(t testing.TB, name string) profile.Profile {
	t.Helper()
	s, err := set()
	if err != nil {
		t.Fatal(err)
	}
	d, err := profile.ParseDevice(profile.KindScale, name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Resolve(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func decoder(t testing.TB, p profile.Profile) *scale.Decoder {
	t.Helper()
	d, err := scale.NewDecoder(p)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// collect decodes data in chunks of n bytes, with what each frame holds copied.
func collect(d *scale.Decoder, data []byte, n int) []scale.Frame {
	var all []scale.Frame
	for len(data) > 0 {
		n := min(n, len(data))
		for f := range d.Decode(data[:n]) {
			f.Raw = append([]byte(nil), f.Raw...)
			all = append(all, f)
		}
		data = data[n:]
	}
	return all
}

// A row is one line of testdata/frames.csv: what a scale sent, and what it means.
type row struct{ id, protocol, dialect, hex, expect, value, unit, grams, stable, mode, flags, checksum string }

// profile makes a profile that decodes the row; the rows without a unit are in kg.
func (r row) profile() profile.Profile {
	unit := profile.Kilogram
	if r.unit != "" {
		unit = profile.Unit(r.unit)
	}
	checksum := "required"
	if r.checksum == "absent" && r.expect != "incomplete" {
		checksum = "none"
	}
	dialect := map[string]string{
		"tf0-continuous": "tf0", "tf2-reversed": "reversed", "eq-forward": "forward",
		"mt-standard": "standard", "mt-no-checksum": "standard", "liden-luw2001": "liden", "cardinal-short": "short",
	}[r.dialect]
	return profile.Profile{Scale: profile.Scale{Protocol: r.protocol, Dialect: dialect, Checksum: checksum, Unit: unit}}
}

func rows(t testing.TB) []row {
	t.Helper()
	f, err := os.Open("testdata/frames.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	for _, l := range lines[1:] {
		at := func(name string) string {
			for i, head := range lines[0] {
				if head == name {
					return l[i]
				}
			}
			t.Fatalf("no column %q", name)
			return ""
		}
		all = append(all, row{at("id"), at("protocol"), at("dialect"), at("hex"), at("expect"), at("value"),
			at("unit"), at("grams"), at("stable"), at("mode"), at("flags"), at("checksum")})
	}
	return all
}

func TestFramesOfTheTrade(t *testing.T) {
	known := 0
	for _, r := range rows(t) {
		p := r.profile()
		if p.Scale.Dialect == "" {
			// Dialects that are not built yet must be refused, not guessed.
			if _, err := scale.NewDecoder(p); err == nil {
				t.Errorf("%s: dialect %s is decoded, but its rows are not checked", r.id, r.dialect)
			}
			continue
		}
		known++
		data := unhex(t, r.hex)
		for chunk := 1; chunk <= len(data); chunk++ {
			d := decoder(t, p)
			checkRow(t, r, d, collect(d, data, chunk))
		}
	}
	if known < 22 {
		t.Errorf("only %d rows were checked", known)
	}
}

func checkRow(t *testing.T, r row, d *scale.Decoder, frames []scale.Frame) {
	t.Helper()
	var sound []scale.Frame
	for _, f := range frames {
		if f.Kind != scale.KindReject {
			sound = append(sound, f)
		}
	}
	switch r.expect {
	case "reject":
		if len(sound) != 0 || d.Noise == 0 {
			t.Errorf("%s: %+v, noise %d; want nothing", r.id, sound, d.Noise)
		}
		return
	case "incomplete":
		if len(frames) != 0 || d.Pending() != len(unhex(t, r.hex)) {
			t.Errorf("%s: %+v, pending %d; want to wait", r.id, frames, d.Pending())
		}
		return
	case "error":
		if len(sound) != 1 || sound[0].Kind != scale.KindStatus || strings.Join(sound[0].Flags.Names(), ";") != r.flags {
			t.Errorf("%s: %+v; want a status %s", r.id, sound, r.flags)
		}
		return
	case "ok", "resync":
	default:
		t.Fatalf("%s: expect %q is not known to this test", r.id, r.expect)
	}
	want := 1
	if strings.HasPrefix(r.dialect, "eq") || r.dialect == "tf2-reversed" {
		want = 3
	}
	if len(sound) != want {
		t.Fatalf("%s: %d frames; want %d", r.id, len(sound), want)
	}
	for _, f := range sound {
		if got := strings.Fields(f.Text())[0]; got != r.value {
			t.Errorf("%s: value %s; want %s", r.id, got, r.value)
		}
		if f.Kind != scale.KindWeight || (f.Motion == scale.Still) != (r.stable == "1") || (f.Flags&scale.FlagNet != 0) != (r.mode == "net") {
			t.Errorf("%s: %+v; want stable %q, mode %q", r.id, f, r.stable, r.mode)
		}
		grams := r.grams
		if grams == "" { // the frame has no unit; the profile said kg
			grams = new(big.Rat).Mul(rat(t, r.value), big.NewRat(1000, 1)).FloatString(6)
		}
		if got := new(big.Rat).SetInt64(int64(f.Grams)); got.Cmp(rounded(rat(t, grams))) != 0 {
			t.Errorf("%s: %s g; want %s rounded", r.id, got, grams)
		}
	}
}

func rat(t *testing.T, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is not a number", s)
	}
	return r
}

// rounded rounds to a whole number, halves away from zero.
func rounded(r *big.Rat) *big.Rat {
	s := r.FloatString(0) // math/big rounds so
	out, _ := new(big.Rat).SetString(s)
	return out
}

// Every profile must read its own examples, and what it says must be in force.
func TestShippedProfiles(t *testing.T) {
	s, err := set()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	err = profile.Lint(s, func(p profile.Profile, ex profile.Example) error {
		if p.Device.Kind != profile.KindScale {
			return nil
		}
		checked++
		return scale.CheckExample(p, ex)
	})
	if err != nil {
		t.Error(err)
	}
	if checked < 15 {
		t.Errorf("only %d examples", checked)
	}
}

// A stream is every scale protocol here with sound frames of known weight.
var streams = []struct {
	profile string
	frames  []string // hex; each one sound
	grams   []int64
}{
	{"generic/toledo-continuous", []string{"022d30203030313234303030303030300d2d", "022d34203030303030303030303030300d30", "022c32203030303033353030303030300d2b"}, []int64{1240, 0, -350}},
	{"generic/toledo-continuous-plain", []string{"022d30203030313234303030303030300d", "022d38203030313234313030303030300d"}, []int64{1240, 1241}},
	{"liden/luw2001", []string{"0255303030313530303030303030 30300d76"}, []int64{15000}},
	{"generic/yaohua-tf0", []string{"022b30303332363030314303", "022d30303030313231314603"}, []int64{3260000, -1200}},
	{"generic/yaohua-reversed", []string{"3d3030302e33303030", "3d30302e313030302d"}, []int64{3000, -1000}},
	{"generic/yaohua-forward", []string{"3d303030332e303030", "3d2d303030312e3030"}, []int64{3000, -1000}},
}

// One suite for all protocols: what holds of any stream, however it is cut,
// merged, or mixed with noise.
func TestStreams(t *testing.T) {
	for _, s := range streams {
		t.Run(s.profile, func(t *testing.T) {
			p := shipped(t, s.profile)
			var once []byte
			for _, h := range s.frames {
				once = append(once, unhex(t, h)...)
			}
			want := append(append([]int64(nil), s.grams...), s.grams...)
			twice := append(append([]byte(nil), once...), once...)
			end := unhex(t, s.frames[0])[:1] // the start of one more, which the "=" formats wait for
			stream := append(append([]byte(nil), twice...), end...)

			t.Run("cut at every byte", func(t *testing.T) {
				for n := 1; n <= len(stream); n++ {
					if got := grams(collect(decoder(t, p), stream, n)); !reflect.DeepEqual(got, want) {
						t.Fatalf("chunks of %d: %v; want %v", n, got, want)
					}
				}
			})
			t.Run("joined at every byte", func(t *testing.T) {
				for n := range len(once) {
					got := grams(collect(decoder(t, p), stream[n:], 64))
					if len(got) < len(s.grams) || !reflect.DeepEqual(got, want[len(want)-len(got):]) {
						t.Fatalf("from byte %d: %v; want the end of %v", n, got, want)
					}
				}
			})
			t.Run("one bit wrong anywhere", func(t *testing.T) {
				f := unhex(t, s.frames[0])
				for i := range len(f) * 8 {
					bad := append([]byte(nil), f...)
					bad[i/8] ^= 1 << (i % 8)
					data := append(append(bad, f...), end...)
					got := grams(collect(decoder(t, p), data, 64))
					if p.Scale.Checksum == "required" && !reflect.DeepEqual(got, s.grams[:1]) {
						t.Fatalf("bit %d of byte %d: %v; want only the sound frame", i%8, i/8, got)
					}
					if len(got) == 0 || got[len(got)-1] != s.grams[0] {
						t.Fatalf("bit %d of byte %d: %v; the sound frame after it is lost", i%8, i/8, got)
					}
				}
			})
			t.Run("one byte lost or doubled anywhere", func(t *testing.T) {
				f := unhex(t, s.frames[0])
				for i := range f {
					lost := append(append([]byte(nil), f[:i]...), f[i+1:]...)
					doubled := append(append([]byte(nil), f[:i+1]...), f[i:]...)
					for _, bad := range [][]byte{lost, doubled} {
						data := append(append(append([]byte(nil), bad...), once...), end...)
						for _, g := range grams(collect(decoder(t, p), data, 64)) {
							if !contains(s.grams, g) {
								t.Fatalf("byte %d: %d g was never sent", i, g)
							}
						}
					}
				}
			})
			t.Run("a megabyte of noise before", func(t *testing.T) {
				d := decoder(t, p)
				r := rand.New(rand.NewPCG(1, 2))
				noise := make([]byte, 1<<20)
				for i := range noise {
					noise[i] = byte(r.Uint32())
				}
				if p.Scale.Checksum == "none" { // without one, noise made of digits may be a frame: see the settle rule
					for i := range noise {
						noise[i] |= 0x80
					}
				}
				if got := collect(d, noise, 512); len(grams(got)) != 0 {
					t.Fatalf("noise became %v", grams(got))
				}
				if got := grams(collect(d, stream, 512)); !reflect.DeepEqual(got, want) {
					t.Fatalf("after noise: %v; want %v", got, want)
				}
			})
		})
	}
}

// grams lists the weights among frames, and 0 for a status.
func grams(frames []scale.Frame) []int64 {
	var all []int64
	for _, f := range frames {
		if f.Kind != scale.KindReject {
			all = append(all, int64(f.Grams))
		}
	}
	return all
}

func contains(all []int64, g int64) bool {
	for _, a := range all {
		if a == g {
			return true
		}
	}
	return false
}

func TestUnitAndDecimalsArePromises(t *testing.T) {
	kg := shipped(t, "generic/toledo-continuous")
	pound := unhex(t, "022c20203030313235303030303030300d3d")
	frames := collect(decoder(t, kg), pound, 64)
	if len(frames) != 1 || frames[0].Kind != scale.KindReject || frames[0].Flags&scale.FlagUnit == 0 || frames[0].Grams != 0 {
		t.Errorf("12.50 lb on a kg scale: %+v; want a reject for its unit", frames)
	}
	lb := kg
	lb.Scale.Unit = profile.Pound
	frames = collect(decoder(t, lb), pound, 64)
	if len(frames) != 1 || frames[0].Grams != 5670 || frames[0].Text() != "12.50 lb" {
		t.Errorf("12.50 lb on an lb scale: %+v; want 5670 g (5669.904625)", frames)
	}
	two := 2
	kg.Scale.Decimals = &two
	frames = collect(decoder(t, kg), unhex(t, "022d30203030313234303030303030300d2d"), 64)
	if len(frames) != 1 || frames[0].Kind != scale.KindReject || frames[0].Flags&scale.FlagDecimals == 0 {
		t.Errorf("3 decimals where 2 are promised: %+v; want a reject", frames)
	}
}

func TestGramsAreExact(t *testing.T) {
	tests := []struct {
		unit profile.Unit
		hex  string // Yaohua tF0 digits and decimals, "123456.2"
		want int64
	}{
		{profile.Kilogram, "+000001.4", 0},  // 0.0001 kg = 0.1 g
		{profile.Kilogram, "+000005.4", 1},  // 0.5 g, half away from zero
		{profile.Kilogram, "-000005.4", -1}, // likewise below zero
		{profile.Kilogram, "+999999.0", 999999000},
		{profile.Jin, "+000005.1", 250},
		{profile.Gram, "+012345.1", 1235},
		{profile.Pound, "+000100.2", 454},       // 453.59237
		{profile.Pound, "+999999.0", 453591916}, // 453591916.40763
		{profile.Ounce, "+006452.1", 18291},     // 18291.112...
		{profile.Ounce, "+999999.0", 28349495},  // 28349494.77...
		{profile.Ounce, "-999999.4", -2835},     // -2834.949...
		{profile.Kilogram, "-000000.3", 0},      // a negative zero
		{profile.Kilogram, "+012345.3", 12345},
		{profile.Kilogram, "+000000.0", 0},
		{profile.Pound, "+000001.0", 454},
		{profile.Kilogram, "-012345.3", -12345},
		{profile.Gram, "+999999.4", 100},        // 99.9999
		{profile.Kilogram, "+999999.4", 100000}, // 99999.9 g
	}
	for _, tt := range tests {
		p := shipped(t, "generic/yaohua-tf0")
		p.Scale.Unit = tt.unit
		body := strings.Replace(tt.hex, ".", "", 1)
		var x byte
		for _, c := range []byte(body) {
			x ^= c
		}
		frame := fmt.Sprintf("\x02%s%02X\x03", body, x)
		frames := collect(decoder(t, p), []byte(frame), 64)
		if len(frames) != 1 {
			t.Fatalf("%s: %+v", tt.hex, frames)
		}
		if int64(frames[0].Grams) != tt.want {
			t.Errorf("%s %s = %d g; want %d", tt.hex, tt.unit, frames[0].Grams, tt.want)
		}
	}
}

func TestSuspicion(t *testing.T) {
	good := unhex(t, "022d30203030313234303030303030300d2d")
	seven := make([]byte, len(good)) // the same frame sent as 7E1 and read as 8N1
	for i, c := range good {
		seven[i] = c
		for n, bit := 0, byte(1); bit != 0; bit <<= 1 {
			if c&bit != 0 {
				n++
			}
			if bit == 0x80 && n%2 == 1 {
				seven[i] |= 0x80
			}
		}
	}
	tests := []struct {
		name string
		data []byte
		want scale.Phase
	}{
		{"sound frames", good, ""},
		{"7E1 read as 8N1", seven, scale.SevenBits},
		{"a Yaohua on a Toledo profile", []byte("\x02+003290013\x03"), scale.WrongSettings},
		{"wrong speed", unhex(t, "29a10929f1"), scale.WrongSettings},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := decoder(t, shipped(t, "generic/toledo-continuous"))
			for range 20 {
				collect(d, tt.data, 64)
			}
			if got := d.Suspicion(); got != tt.want {
				t.Errorf("Suspicion = %q; want %q", got, tt.want)
			}
			for range 10 {
				collect(d, good, 64)
			}
			if got := d.Suspicion(); got != "" {
				t.Errorf("Suspicion after sound frames = %q", got)
			}
		})
	}
}

func TestUnknownProtocolIsNamedWithItsPlace(t *testing.T) {
	p := shipped(t, "generic/toledo-continuous")
	for _, change := range []func(*profile.Profile){
		func(p *profile.Profile) { p.Scale.Protocol = "toledoo" },
		func(p *profile.Profile) { p.Scale.Dialect = "tf0" },
		func(p *profile.Profile) { p.Scale.Unit = "stone" },
	} {
		q := p
		change(&q)
		if _, err := scale.New(q); err == nil || !strings.HasPrefix(err.Error(), "firmware-profiles/toledo.toml:") {
			t.Errorf("New = %v; want an error with its place", err)
		}
	}
	p = shipped(t, "generic/yaohua-tf0")
	p.Scale.Settle.Flag = true
	if _, err := scale.New(p); err == nil || !strings.HasPrefix(err.Error(), "firmware-profiles/defaults.toml:") {
		t.Errorf("a mark that the protocol does not have: %v", err)
	}
}

// sound is written from the tables again, without the decoders' code.
func sound(protocol, dialect string, checksum bool, raw []byte) bool {
	switch {
	case protocol == "toledo-continuous":
		var sum int
		for _, c := range raw {
			sum += int(c)
		}
		size := map[string]int{"standard": 17, "liden": 17, "short": 11}[dialect]
		if checksum {
			size++
		}
		return len(raw) == size && (!checksum || sum%128 == 0)
	case dialect == "tf0":
		var x byte
		for _, c := range raw[1:9] {
			x ^= c
		}
		return len(raw) == 12 && fmt.Sprintf("%02X", x) == string(raw[9:11])
	}
	return len(raw) == 9 && raw[0] == '=' && strings.Count(string(raw[1:]), "=") == 0 && strings.Count(string(raw), ".") <= 1
}

func FuzzDecode(f *testing.F) {
	for _, s := range streams {
		var all []byte
		for _, h := range s.frames {
			all = append(all, unhex(f, h)...)
		}
		f.Add(all, uint8(7))
	}
	f.Add(unhex(f, "36 30 03 02 2b 30 30 30 31 35 30 32 31 44 03"), uint8(1))
	var ps []profile.Profile
	for _, s := range streams {
		ps = append(ps, shipped(f, s.profile))
	}
	f.Fuzz(func(t *testing.T, data []byte, chunk uint8) {
		for _, p := range ps {
			d := decoder(t, p)
			frames := collect(d, data, int(chunk)+1)
			whole := collect(decoder(t, p), data, len(data)+1)
			if !reflect.DeepEqual(frames, whole) {
				t.Fatalf("%s: chunks of %d give %+v, all at once %+v", p.Device, int(chunk)+1, frames, whole)
			}
			for _, fr := range frames {
				if fr.Kind == scale.KindReject {
					if fr.Grams != 0 || fr.Digits != 0 {
						t.Fatalf("%s: a reject carries a value: %+v", p.Device, fr)
					}
					continue
				}
				if !sound(p.Scale.Protocol, p.Scale.Dialect, p.Scale.Checksum == "required", fr.Raw) {
					t.Fatalf("%s: % x is no frame, and became %+v", p.Device, fr.Raw, fr)
				}
				if again := collect(decoder(t, p), append(append([]byte(nil), fr.Raw...), '='), 99); len(again) == 0 || again[0].Grams != fr.Grams {
					t.Fatalf("%s: % x reads as %+v the second time", p.Device, fr.Raw, again)
				}
			}
			if d.Bytes != len(data) {
				t.Fatalf("%d of %d bytes taken", d.Bytes, len(data))
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range streams {
		b.Run(s.profile, func(b *testing.B) {
			d := decoder(b, shipped(b, s.profile))
			var data []byte
			for len(data) < 4096 {
				for _, h := range s.frames {
					data = append(data, unhex(b, h)...)
				}
			}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				for f := range d.Decode(data) {
					if f.Kind == scale.KindReject {
						b.Fatal("rejected")
					}
				}
			}
		})
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	for _, s := range streams {
		d := decoder(t, shipped(t, s.profile))
		var data []byte
		for _, h := range s.frames {
			data = append(data, unhex(t, h)...)
		}
		n := 0
		allocs := testing.AllocsPerRun(100, func() {
			for range d.Decode(data) {
				n++
			}
		})
		if allocs != 0 || n == 0 {
			t.Errorf("%s: %v allocations for %d frames", s.profile, allocs, n)
		}
	}
}
