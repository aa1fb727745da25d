package scale_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floord/device/profile"
	"floord/device/scale"
)

// repeat makes a recording: frames of one load, joined in the middle of one.
func repeat(frame string, n int) []byte {
	return []byte(frame[len(frame)/2:] + strings.Repeat(frame, n))
}

// xorHex is STX, the text, the XOR of the text as hexadecimal, ETX.
func xorHex(text string) string {
	var x byte
	for i := range len(text) {
		x ^= text[i]
	}
	return fmt.Sprintf("\x02%s%02X\x03", text, x)
}

func sumByte(frame string) string {
	var s byte
	for i := 1; i < len(frame); i++ {
		s += frame[i]
	}
	return frame + string([]byte{s})
}

func TestTeach(t *testing.T) {
	tests := []struct {
		name     string
		frame    func(digits int) string // of a load of so many thousandths
		unit     profile.Unit
		decimals int
		check    string
		next     int // another load
		grams    int64
	}{
		{"ASCII between controls", func(n int) string { return fmt.Sprintf("\x02%07.3f\r", float64(n)/1000) }, "kg", -1, "", 4711, 4711},
		{"ASCII without a point, XOR as text", func(n int) string { return xorHex(fmt.Sprintf("+%06d3", n)) }, "kg", 3, "xor-hex", 4711, 4711},
		{"low digit first", func(n int) string {
			s := []byte(fmt.Sprintf("%07.3f", float64(n)/1000))
			for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
				s[i], s[j] = s[j], s[i]
			}
			return "=" + string(s)
		}, "kg", -1, "", 4711, 4711},
		{"BCD with a sum", func(n int) string {
			return sumByte(string([]byte{0xFF, byte(n / 100000 % 10), byte(n/10000%10<<4 | n/1000%10), byte(n/100%10<<4 | n/10%10)}))
		}, "kg", 2, "sum", 4710, 4710},
		{"binary", func(n int) string {
			return string([]byte{0xAA, 0x55, byte(n >> 16), byte(n >> 8), byte(n), 0x00, 0x0D})
		}, "g", 0, "", 4711, 4711},
		{"pounds", func(n int) string { return fmt.Sprintf("wt:%7.2f lb\r\n", float64(n)/1000) }, "lb", -1, "", 12500, 5670},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			load := func(n int) string {
				if tt.unit == "g" {
					return fmt.Sprint(n)
				}
				return fmt.Sprintf("%.3f", float64(n)/1000)
			}
			lessons := []scale.Lesson{
				{Bytes: repeat(tt.frame(1230), 20), Load: load(1230)},
				{Bytes: repeat(tt.frame(8640), 20), Load: load(8640)},
			}
			f, err := scale.Teach(lessons, tt.unit, tt.decimals)
			if err != nil {
				t.Fatal(err)
			}
			if f.Check.Rule != tt.check {
				t.Errorf("check %+v; want %q", f.Check, tt.check)
			}
			// The profile that is written is sound, reads its own examples, and
			// reads a load it was never taught.
			dir := t.TempDir()
			text := scale.TaughtProfile("site", "taught", "a test", f, lessons, tt.unit, profile.Line{Baud: 9600, DataBits: 8, Parity: "none", StopBits: 1})
			if err := os.WriteFile(filepath.Join(dir, "taught.toml"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			s, err := profile.Load(profile.Layer{Name: "shipped", FS: os.DirFS("../../firmware-profiles")}, profile.Layer{Name: "site", FS: os.DirFS(dir)})
			if err != nil {
				t.Fatalf("%v in\n%s", err, text)
			}
			p, err := s.Resolve(profile.Device{Kind: profile.KindScale, Vendor: "site", Model: "taught"})
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Examples) != 2 {
				t.Errorf("%d examples; want 2", len(p.Examples))
			}
			for _, ex := range p.Examples {
				if err := scale.CheckExample(p, ex); err != nil {
					t.Errorf("%x: %v", []byte(ex.Hex), err)
				}
			}
			dec, err := scale.NewDecoder(p)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for fr := range dec.Decode(repeat(tt.frame(tt.next), 3)) {
				got = append(got, int64(fr.Grams))
			}
			if len(got) < 2 || got[0] != tt.grams || got[1] != tt.grams {
				t.Errorf("another load reads as %d; want %d", got, tt.grams)
			}
		})
	}
}

func TestTeachGuessesNothing(t *testing.T) {
	var unsure *scale.UnsureError
	plain := func(n int) string { return fmt.Sprintf("\x02%08d\r", n*100) } // 3 or more decimals: nobody knows
	if f, err := scale.Teach([]scale.Lesson{{Bytes: repeat(plain(1230), 20), Load: "1.230"}}, "kg", -1); !errors.As(err, &unsure) || len(unsure.Ways) < 2 {
		t.Errorf("%+v, %v; want unsure", f, err)
	}
	for name, l := range map[string]scale.Lesson{
		"no load":         {Bytes: repeat("=0001.230", 20)},
		"another load":    {Bytes: repeat("=0001.230", 20), Load: "7.77"},
		"too few":         {Bytes: repeat("=0001.230", 2), Load: "1.230"},
		"noise":           {Bytes: []byte("asdlkjqweoiu1290387asdlkj"), Load: "1.230"},
		"nothing at all":  {Load: "1.230"},
		"what is no load": {Bytes: repeat("=0001.230", 20), Load: "heavy"},
	} {
		if f, err := scale.Teach([]scale.Lesson{l}, "kg", -1); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
