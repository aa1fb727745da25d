package find_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"floord/device/devicetest"
	"floord/device/find"
	"floord/device/profile"
	"floord/firmware-profiles"
)

func scales(t *testing.T) []profile.Profile {
	t.Helper()
	s, err := profile.Load(profile.Layer{Name: profiles.Name, FS: profiles.FS})
	if err != nil {
		t.Fatal(err)
	}
	return s.Profiles(profile.KindScale)
}

func TestIdentify(t *testing.T) {
	all := scales(t)
	tests := []struct {
		name string
		o    devicetest.ScaleOptions
		load int64
		want string // the best profile; empty for a tie
		hint string
	}{
		{name: "a checksum is proof", o: devicetest.ScaleOptions{}, load: 1240, want: "generic/toledo-continuous"},
		{name: "Yaohua with its check", o: devicetest.ScaleOptions{Protocol: "yaohua-xk3190"}, load: 1240, want: "generic/yaohua-tf0"},
		{name: "digits in either order are a tie", o: devicetest.ScaleOptions{Protocol: "yaohua-xk3190", Dialect: "forward"}, load: 51070},
		{name: "seven bits read as eight", o: devicetest.ScaleOptions{SevenBits: true}, load: 1240, hint: "seven-bits"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "tty")
			tt.o.Period, tt.o.Swing = 10*time.Millisecond, time.Millisecond
			s, err := devicetest.NewScaleAt(path, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			s.Put(tt.load)
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { s.Run(ctx) })
			defer func() { cancel(); running.Wait() }()
			a, err := find.Identify(ctx, path, all, find.Options{Listen: 400 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tt.hint != "":
				if len(a.Candidates) > 0 || a.Hint != tt.hint || a.Bytes == 0 {
					t.Errorf("%+v; want the hint %s", a, tt.hint)
				}
			case a.Sure != (tt.want != "") || len(a.Candidates) == 0 || a.Sure && a.Candidates[0].Profile != tt.want:
				t.Errorf("%+v; want %q", a, tt.want)
			}
		})
	}
}

// Adapters that share a by-id name are named by the socket they are plugged into.
func TestPorts(t *testing.T) {
	dev := t.TempDir()
	for _, dir := range []string{"serial/by-id", "serial/by-path"} {
		if err := os.MkdirAll(filepath.Join(dev, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := func(tty, name string) {
		if err := os.WriteFile(filepath.Join(dev, tty), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(dev, tty), filepath.Join(dev, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("ttyUSB0", "serial/by-id/usb-1a86_USB_Serial-if00")
	link("ttyUSB0", "serial/by-path/usb-1")
	link("ttyUSB1", "serial/by-path/usb-2")
	link("ttyACM0", "serial/by-id/usb-Honeywell_1900-if00")
	link("ttyACM0", "serial/by-path/usb-3")
	all, err := find.Ports(dev)
	if err != nil || len(all) != 3 {
		t.Fatalf("%+v, %v", all, err)
	}
	got := map[string]bool{}
	for _, p := range all {
		got[filepath.Base(p.Path)] = p.Shared
	}
	if shared, ok := got["usb-1"]; !ok || !shared {
		t.Errorf("the twin with the link: %v", got)
	}
	if shared, ok := got["usb-2"]; !ok || !shared {
		t.Errorf("the twin without: %v", got)
	}
	if shared, ok := got["usb-Honeywell_1900-if00"]; !ok || shared {
		t.Errorf("one of its kind: %v", got)
	}
}

// A scale on USB is listed by what it says of itself, a keyboard not at all.
func TestPortsListsScalesOnUSB(t *testing.T) {
	root := t.TempDir()
	for node, descriptor := range map[string]string{"hidraw0": "\x05\x01\x09\x06", "hidraw1": "\x05\x8d\x09\x20"} {
		dir := filepath.Join(root, "sys/class/hidraw", node, "device")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"report_descriptor": descriptor, "uevent": "HID_ID=0003:00000922:00008003\nHID_NAME=DYMO M10\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	all, err := find.Ports(filepath.Join(root, "dev"))
	if err != nil || len(all) != 1 || all[0].Path != "hid:0922:8003" || all[0].Says != "DYMO M10" || all[0].Names[0] != filepath.Join(root, "dev/hidraw1") {
		t.Errorf("%+v, %v", all, err)
	}
}
