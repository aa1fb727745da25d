package scanner_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/device/profile"
	"floord/device/scanner"
	"floord/firmware-profiles"
)

func shipped(t testing.TB, name string) profile.Profile {
	t.Helper()
	s, err := profile.Load(profile.Layer{Name: profiles.Name, FS: profiles.FS})
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Resolve(profile.Device{Kind: profile.KindScanner, Vendor: "generic", Model: name})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGS1(t *testing.T) {
	tests := []struct{ name, message, want string }{
		{"fixed and variable parts", "010690123456789210LOT7\x1d3712", "01=06901234567892 10=LOT7 37=12"},
		{"FNC1 before it", "\x1d0106901234567892", "01=06901234567892"},
		{"a separator after a part that needs none", "0106901234567892\x1d21A1", "01=06901234567892 21=A1"},
		{"expiry and serial", "0106901234567892172612312100-01", "01=06901234567892 17=261231 21=00-01"},
		{"the month's last day", "17260200", "17=260200"},
		{"a parcel's number", "00106141411234567897", "00=106141411234567897"},
		{"a weight in kilograms with three decimals", "3103001240", "3103=001240"},
		{"a price of two decimals", "3922199", "3922=199"},
		{"a wrong check digit", "0106901234567893", ""},
		{"a date in the 13th month", "17261301", ""},
		{"a cut GTIN", "01069012345", ""},
		{"a lot that swallowed the next part and is too long", "10ABCDEFGHIJKLMNOPQRSTUVWXYZ", ""},
		{"an identifier that is none", "0512", ""},
		{"a letter in a number", "37A", ""},
		{"nothing", "", ""},
		{"a separator alone", "\x1d", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all, err := scanner.ParseGS1(tt.message)
			var got []string
			for _, e := range all {
				got = append(got, e.AI+"="+e.Value)
			}
			if strings.Join(got, " ") != tt.want || (err != nil) != (tt.want == "") {
				t.Errorf("%v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

// A bench is a scanner that reads from one end of a pipe, inside a bubble.
func bench(t *testing.T, p profile.Profile) (say func(string), heard func() string) {
	host, dev := net.Pipe()
	var codes []string
	s := scanner.New(p, func(x scanner.Scan) { codes = append(codes, x.Code()) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Drive(ctx, host); close(done) }()
	t.Cleanup(func() { cancel(); host.Close(); dev.Close(); <-done })
	say = func(bytes string) {
		if _, err := dev.Write([]byte(bytes)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
	}
	return say, func() string { synctest.Wait(); return strings.Join(codes, " ") }
}

func TestScans(t *testing.T) {
	tests := []struct {
		name, model string
		say         func(say func(string))
		want        string
	}{
		{"byte by byte", "serial-cr", func(say func(string)) {
			for _, c := range "6901234567892\r" {
				say(string(c))
			}
		}, "6901234567892"},
		{"two in one read", "serial-cr", func(say func(string)) { say("A-1\rB-2\r") }, "A-1 B-2"},
		{"the same within the guard time", "serial-cr", func(say func(string)) { say("A-1\rA-1\r"); time.Sleep(400 * time.Millisecond); say("A-1\r") }, "A-1"},
		{"the same again later", "serial-cr", func(say func(string)) { say("A-1\r"); time.Sleep(time.Second); say("A-1\r") }, "A-1 A-1"},
		{"half a code before a pause", "serial-cr", func(say func(string)) { say("690123"); time.Sleep(time.Second); say("A-1\r") }, "A-1"},
		{"a line end more than the profile says", "serial-cr", func(say func(string)) { say("A-1\r\nB-2\r\n") }, "A-1 B-2"},
		{"no suffix: a pause ends it", "serial-none", func(say func(string)) { say("A-1"); time.Sleep(time.Second); say("B-2"); time.Sleep(time.Second) }, "A-1 B-2"},
		{"noise", "serial-cr", func(say func(string)) { say("\x00\xff\x80\r"); say("A-1\r") }, "A-1"},
		{"too long", "serial-cr", func(say func(string)) { say(strings.Repeat("9", 5000) + "\r"); say("A-1\r") }, "A-1"},
		{"GS1 stands for its article", "serial-aim", func(say func(string)) { say("]C1010690123456789210LOT7\x1d3712\r") }, "6901234567892"},
		{"a waybill that begins like GS1", "serial-aim", func(say func(string)) { say("]C00106901\r") }, "0106901"},
		{"GS1 that is damaged", "serial-aim", func(say func(string)) { say("]C1010690123456789310LOT7\r"); say("]C0A-1\r") }, "A-1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := shipped(t, tt.model)
			synctest.Test(t, func(t *testing.T) {
				say, heard := bench(t, p)
				tt.say(say)
				if got := heard(); got != tt.want {
					t.Errorf("heard %q; want %q", got, tt.want)
				}
			})
		})
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("]C1010690123456789210LOT7\x1d3712\r"))
	f.Add([]byte("6901234567892\r\n"))
	f.Add([]byte("\x1d\r]d2\r"))
	p := shipped(f, "serial-cr")
	f.Fuzz(func(t *testing.T, data []byte) {
		whole := scanner.NewDecoder(p).Decode(data)
		d := scanner.NewDecoder(p)
		var parts []scanner.Scan
		for _, c := range data {
			parts = append(parts, d.Decode([]byte{c})...)
		}
		if fmt.Sprint(whole) != fmt.Sprint(parts) {
			t.Fatalf("%v in one piece, %v byte by byte", whole, parts)
		}
		for _, s := range whole {
			if s.Code() == "" || strings.ContainsAny(s.Code(), "\r\n\x00") {
				t.Fatalf("%+v", s)
			}
			for _, e := range s.GS1 {
				if e.AI == "" || e.Value == "" {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}
