package scale_test

import (
	"encoding/hex"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
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

// Every profile must read its own examples, and what it says must be in force.
func TestShippedProfiles(t *testing.T) {
	s, err := set()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	err = profile.Lint(s, profile.Checks{Example: func(p profile.Profile, ex profile.Example) error {
		if p.Device.Kind != profile.KindScale {
			return nil
		}
		checked++
		return scale.CheckExample(p, ex)
	}, Weight: scale.ExampleWeight})
	if err != nil {
		t.Error(err)
	}
	if checked < 15 {
		t.Errorf("only %d examples", checked)
	}
}

// A habit is what a protocol cannot show of a damaged stream.
type habit uint8

const (
	fixed     habit = iota
	loose           // its value has no fixed width: a lost digit shows only in the frames after it
	line            // a frame begins only where a line does
	looseLine       // both
	bare            // nothing marks a frame's beginning but a pause
	report          // bare, without a checksum, but a bus that loses nothing
)

// A stream is every scale protocol here with sound frames of known weight.
var streams = []struct {
	profile string
	frames  []string // hex; each one sound
	grams   []int64
	habit   habit
}{
	{"generic/toledo-continuous", []string{"022d30203030313234303030303030300d2d", "022d34203030303030303030303030300d30", "022c32203030303033353030303030300d2b"}, []int64{1240, 0, -350}, fixed},
	{"generic/toledo-continuous-plain", []string{"022d30203030313234303030303030300d", "022d38203030313234313030303030300d"}, []int64{1240, 1241}, fixed},
	{"liden/luw2001", []string{"0255303030313530303030303030 30300d76"}, []int64{15000}, fixed},
	{"generic/yaohua-tf0", []string{"022b30303332363030314303", "022d30303030313231314603"}, []int64{3260000, -1200}, fixed},
	{"generic/yaohua-reversed", []string{"3d3030302e33303030", "3d30302e313030302d"}, []int64{3000, -1000}, fixed},
	{"generic/yaohua-forward", []string{"3d303030332e303030", "3d2d303030312e3030"}, []int64{3000, -1000}, fixed},
	{"generic/toledo-8217", []string{"0230312e3235300d", "023f440d", "0230302e3335304e0d"}, []int64{1250, 0, 350}, fixed},
	{"generic/mt-sics", []string{"532053202020202020312e323430206b670d0a", "53204420202020202d302e333530206b670d0a", "53202b0d0a", "5320490d0a"}, []int64{1240, -350, 0, 0}, fixed},
	{"elicom/s200-sics", []string{"53205320312e323430204b670d0a", "532044202d302e333530204b670d0a", "53202b0d0a"}, []int64{1240, -350, 0}, loose},
	{"generic/st-gs", []string{"53542c47532c2b2020312e3234306b670d0a", "55532c47532c2d2020302e3335306b670d0a", "4f4c2c47532c2b20202020202020206b670d0a"}, []int64{1240, -350, 0}, loose},
	{"and/standard", []string{"53542c2b303030312e323430206b670d0a", "55532c2d303030302e333530206b670d0a", "4f4c2c2b39393939393939452b31390d0a"}, []int64{1240, -350, 0}, fixed},
	{"cas/22byte", []string{"53542c47532c31c42c3030303031332e35206b670d0a", "55532c4e542c31842c20202d30302e3335206b670d0a", "4f4c2c47532c31842c2020202020202020206b670d0a"}, []int64{13500, -350, 0}, fixed},
	{"cas/ecr", []string{"0102532030312e3233366b67670304", "0102552d30302e3335306b676c0304", "010253464646464646466b67190304"}, []int64{1236, -350, 0}, fixed},
	{"ohaus/standard", []string{"202020202020312e323430206b670d0a", "20202020202d302e333530206b67203f0d0a"}, []int64{1240, -350}, line},
	{"generic/yaohua-text", []string{"3d30303030312e32286b67290d0a", "3d2d303030302e34286b67290d0a"}, []int64{1200, -400}, fixed},
	{"yaohua/a12e", []string{"57473030312e3234306b6733350d0a", "574e2d30302e3335306b6732300d0a", "2020202020202020204f4c32330d0a"}, []int64{1240, -350, 0}, fixed},
	{"generic/yaohua-ww", []string{"777730303030312e3234306b670d0a", "776e2d303030302e3335306b670d0a"}, []int64{1240, -350}, fixed},
	{"generic/yaohua-ww8", []string{"7777303030312e3234306b670d0a", "776e2d3030302e3335306b670d0a"}, []int64{1240, -350}, fixed},
	{"generic/yaohua-command", []string{"0241422b30303132343033314303", "0241442d30303033353033314403"}, []int64{1240, -350}, fixed},
	{"generic/yaohua-command-rs485", []string{"0241422b3030312e323430303103", "0241432d3030302e333530303703"}, []int64{1240, -350}, fixed},
	{"generic/nci", []string{"0a30312e3234304b470d0a30300d03", "0a2d302e3335304b470d0a31300d03", "0a30320d03", "0a3f0d03"}, []int64{1240, -350, 0, 0}, loose},
	{"dibal/epos", []string{"393930303132343030303030303030370d0a", "393931303030303030303030303030310d0a"}, []int64{1240, 0}, fixed},
	{"elicom/s200", []string{"00231033", "00124052", "bb"}, []int64{2310, 1240, 0}, bare},
	{"adam/azextra", []string{"2020312e3234306b670d0a", "2020302e3335306b670d0a"}, []int64{1240, 350}, looseLine},
	{"adam/cpwplus", []string{"470d0a2b20312e3234206b670d0a", "4e0d0a2d20302e3335206b670d0a"}, []int64{1240, -350}, loose},
	{"generic/sbi", []string{"2b20202020312e323430206b67200d0a", "2d20202020302e333530202020200d0a", "20202020202048696768202020200d0a"}, []int64{1240, -350, 0}, line},
	{"generic/sbi-22", []string{"4e20202020202b20202020312e323430206b67200d0a", "4e20202020202d20202020302e333530202020200d0a"}, []int64{1240, -350}, fixed},
	{"generic/usb-hid", []string{"030403fdd804", "030303fd5e01", "030600000000"}, []int64{1240, 350, 0}, report},
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
				whole := weights(collect(decoder(t, p), stream, 64))
				for n := range len(once) {
					d := decoder(t, p)
					if s.habit >= line { // these are answers: see the asker, which begins after a pause
						collect(d, []byte{0xFF}, 1)
					}
					got := weights(collect(d, stream[n:], 64))
					if s.habit >= bare && len(got) == 0 {
						d.Reset()
						got = weights(collect(d, stream, 64))
					}
					if len(got) < len(whole)/2 || !reflect.DeepEqual(got, whole[len(whole)-len(got):]) {
						t.Fatalf("from byte %d: %v; want the end of %v", n, got, whole)
					}
				}
			})
			t.Run("one bit wrong anywhere", func(t *testing.T) {
				f := unhex(t, s.frames[0])
				for i := range len(f) * 8 {
					bad := append([]byte(nil), f...)
					bad[i/8] ^= 1 << (i % 8)
					d := decoder(t, p)
					got := weights(collect(d, bad, 64))
					if s.habit >= bare {
						d.Reset()
					} else if s.habit >= line { // a damaged end takes the next line with it
						got = append(got, weights(collect(d, f, 64))...)
					}
					got = append(got, weights(collect(d, append(append([]byte(nil), f...), end...), 64))...)
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
				if s.habit == loose || s.habit == looseLine || s.habit == report {
					f = f[:1] // only the head
				}
				for i := range f {
					lost := append(append([]byte(nil), f[:i]...), f[i+1:]...)
					doubled := append(append([]byte(nil), f[:i+1]...), f[i:]...)
					for _, bad := range [][]byte{lost, doubled} {
						data := append(append(append([]byte(nil), bad...), once...), end...)
						for _, g := range grams(collect(decoder(t, p), data, 64)) {
							if !slices.Contains(s.grams, g) {
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
				if got := weights(collect(d, noise, 512)); len(got) != 0 {
					t.Fatalf("noise became %d weights", len(got))
				}
				pause := func() {
					if s.habit >= line {
						collect(d, []byte("\n"), 1)
						d.Reset()
					}
				}
				pause()
				if got := grams(collect(d, stream, 512)); !reflect.DeepEqual(got, want) {
					t.Fatalf("after noise: %v; want %v", got, want)
				}
				pause()
				for i, h := range s.frames {
					got := weights(collect(d, noise[i<<14:(i+1)<<14], 512))
					pause()
					got = append(got, weights(collect(d, append(unhex(t, h), end...), 512))...)
					if d.Pending() > 0 {
						d.Reset()
					}
					if len(got) > 1 || len(got) == 1 && got[0] != s.grams[i] || len(got) == 0 && s.grams[i] != 0 {
						t.Fatalf("frame %d between noise: %v; want %d", i, got, s.grams[i])
					}
				}
			})
			t.Run("another unit", func(t *testing.T) {
				p := p
				p.Scale.Unit = profile.Jin
				unsaid := strings.HasPrefix(p.Scale.Dialect, "command") || p.Scale.Dialect == "tf0" || p.Scale.Dialect == "reversed" || p.Scale.Dialect == "forward"
				for _, f := range collect(decoder(t, p), stream, 64) {
					// A frame in motion may leave its unit out; it is no weight to book.
					if f.Kind == scale.KindWeight && f.Motion != scale.InMotion && !unsaid {
						t.Fatalf("% x became %s", f.Raw, f.Text())
					}
				}
			})
			t.Run("7E1 read as 8N1", func(t *testing.T) {
				bad := make([]byte, len(stream))
				for i, c := range stream {
					bad[i] = c | byte(bits.OnesCount8(c)&1)<<7
				}
				if got := weights(collect(decoder(t, p), bad, 64)); len(got) > 0 && s.habit < bare {
					t.Fatalf("became %v", got)
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

// weights lists the weights among frames.
func weights(frames []scale.Frame) []int64 {
	var all []int64
	for _, f := range frames {
		if f.Kind == scale.KindWeight {
			all = append(all, int64(f.Grams))
		}
	}
	return all
}

// Frames that are legal and seldom met.
func TestSeldomFrames(t *testing.T) {
	tests := []struct {
		profile, frame string
		kind           scale.Kind // empty: nothing is made of it
		flags          scale.Flag
		grams          int64
	}{
		{"generic/toledo-continuous-plain", "\x02-4             \r", scale.KindStatus, scale.FlagOverload, 0}, // blank digits, out of range
		{"generic/toledo-continuous-plain", "\x02-0             \r", "", 0, 0},                                // and in range
		{"generic/toledo-continuous-plain", "\x02-1   1240   200\r", scale.KindWeight, scale.FlagNet, 1240},
		{"generic/toledo-continuous-plain", "\x02(0 000124000000\r", scale.KindWeight, 0, 12400000}, // hundreds
		{"adam/cpwplus", "T\r\n+ 1.00 kg\r\n", scale.KindStatus, scale.FlagTare, 0},
		{"generic/sbi", "+    1.240 kg \r\n", scale.KindWeight, 0, 1240},
		{"generic/sbi", "     1.240 kg \r\n", scale.KindWeight, 0, 1240}, // without its sign
		{"generic/sbi", "      High    \r\n", scale.KindStatus, scale.FlagOverload, 0},
		{"generic/yaohua-command", "\x02aB+01240312\x03", "", 0, 0}, // no address
		{"generic/st-gs", "ST,TR,+  0.240kg\r\n", scale.KindStatus, scale.FlagTare, 0},
		{"generic/mt-sics", "S S         12 PCS\r\n", scale.KindStatus, scale.FlagCount, 0},
		{"generic/mt-sics", "S S     500.00 ct\r\n", scale.KindReject, scale.FlagUnit, 0},
	}
	for _, tt := range tests {
		got := collect(decoder(t, shipped(t, tt.profile)), []byte(tt.frame), 7)
		if tt.kind == "" {
			if len(got) != 0 {
				t.Errorf("%s %q: %+v; want nothing", tt.profile, tt.frame, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Kind != tt.kind || got[0].Flags != tt.flags || int64(got[0].Grams) != tt.grams {
			t.Errorf("%s %q: %+v", tt.profile, tt.frame, got)
		}
	}
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
	case protocol == "toledo-8217":
		return raw[0] == 2 && raw[len(raw)-1] == '\r' && len(raw) <= 9
	case dialect == "a12":
		return len(raw) == 15 && fmt.Sprintf("%02X\r\n", xor(raw[:11])) == string(raw[11:])
	case strings.HasPrefix(dialect, "command"):
		n := len(raw)
		return (n == 6 || n == 14) && fmt.Sprintf("%02X\x03", xor(raw[1:n-3])) == string(raw[n-3:])
	case dialect == "ecr":
		return len(raw) == 1 || len(raw) == 15 && xor(raw[2:13]) == 0
	case protocol == "dibal":
		return (len(raw) == 18 || len(raw) == 10) && xor(raw[:len(raw)-2]) == 0
	case protocol == "elicom":
		return raw[0] == 0xBB && len(raw) == 1 || len(raw) == 4 && raw[0]+raw[1]+raw[2] == raw[3]
	case protocol == "usb-hid":
		return len(raw) == 6 && raw[0] == 3
	case protocol == "nci":
		return raw[0] == '\n' && strings.HasSuffix(string(raw), "\r\x03")
	case protocol != "yaohua-xk3190" || dialect == "text" || strings.HasPrefix(dialect, "ww"):
		return strings.HasSuffix(string(raw), "\r\n")
	case dialect == "tf0":
		var x byte
		for _, c := range raw[1:9] {
			x ^= c
		}
		return len(raw) == 12 && fmt.Sprintf("%02X", x) == string(raw[9:11])
	}
	return len(raw) == 9 && raw[0] == '=' && strings.Count(string(raw[1:]), "=") == 0 && strings.Count(string(raw), ".") <= 1
}

func xor(b []byte) (x byte) {
	for _, c := range b {
		x ^= c
	}
	return x
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
			used := cpuTime(b)
			for b.Loop() {
				for f := range d.Decode(data) {
					if f.Kind == scale.KindReject {
						b.Fatal("rejected")
					}
				}
			}
			// By the processor's time: what else the machine does must not count.
			b.ReportMetric(float64(len(data))*float64(b.N)/1e6/(cpuTime(b)-used).Seconds(), "MB/cpu-s")
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
