package hid_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"floord/device"
	"floord/device/hid"
	"floord/device/profile"
	"floord/device/scale"
	profiles "floord/firmware-profiles"
)

// plug makes what the kernel shows of a device: a node, here a pipe, and its sysfs.
func plug(t *testing.T, root, node, descriptor, uevent string) {
	t.Helper()
	dir := filepath.Join(root, "sys/class/hidraw", node, "device")
	for _, d := range []string{dir, filepath.Join(root, "dev")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"report_descriptor": descriptor, "uevent": uevent} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(root, "dev", node), 0o600); err != nil {
		t.Fatal(err)
	}
}

const dymo = "DRIVER=hid-generic\nHID_ID=0003:00000922:00008003\nHID_NAME=DYMO M10 10 lb USB Postal Scale\nHID_UNIQ=0071234\n"

func TestScalesAreNamedByWhatTheySay(t *testing.T) {
	root := t.TempDir()
	plug(t, root, "hidraw0", "\x05\x01\x09\x06", "HID_ID=0003:0000046D:0000C31C\nHID_NAME=Keyboard\n")
	plug(t, root, "hidraw3", "\x05\x8d\x09\x20", dymo)
	all, err := hid.Scales(root)
	if err != nil || len(all) != 1 || all[0] != (hid.Device{Path: filepath.Join(root, "dev/hidraw3"), Name: "hid:0922:8003:0071234", Says: "DYMO M10 10 lb USB Postal Scale"}) {
		t.Fatalf("%+v, %v", all, err)
	}
	open := func(port string) device.Reason {
		p, err := hid.Opener{Port: port, Root: root}.Open(t.Context())
		if err == nil {
			p.Close()
		}
		return device.ReasonOf(err)
	}
	for port, want := range map[string]device.Reason{
		"hid:0922:8003": "", "hid:0922:8003:0071234": "", filepath.Join(root, "dev/hidraw3"): "",
		"hid:0922:8004": device.NoSuchPort, "hid:0922:8003:00": device.NoSuchPort, filepath.Join(root, "dev/hidraw9"): device.NoSuchPort,
		filepath.Join(root, "sys/class/hidraw/hidraw3/device/uevent"): device.NotATTY,
	} {
		if got := open(port); got != want {
			t.Errorf("%s: %q; want %q", port, got, want)
		}
	}
	plug(t, root, "hidraw4", "\x05\x8d\x09\x20", "HID_ID=0003:00000922:00008003\nHID_UNIQ=0075678\n")
	if got := open("hid:0922:8003"); got != device.BadSettings {
		t.Errorf("two that fit: %q", got)
	}
}

// Reports become a weight; a second program is kept out; Close frees a reader.
func TestReportsBecomeAWeight(t *testing.T) {
	root := t.TempDir()
	plug(t, root, "hidraw0", "\x05\x8d\x09\x20", dymo)
	set, err := profile.Load(profile.Layer{Name: profiles.Name, FS: profiles.FS})
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Resolve(profile.Device{Kind: profile.KindScale, Vendor: "generic", Model: "usb-hid-g"})
	if err != nil {
		t.Fatal(err)
	}
	s, err := scale.New(p)
	if err != nil {
		t.Fatal(err)
	}
	o := hid.Opener{Port: "hid:0922:8003", Root: root}
	st := device.NewStation("scale", o, s.Drive)
	st.Log = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- st.Run(running) }()
	usb, err := os.OpenFile(filepath.Join(root, "dev/hidraw0"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer usb.Close()
	say := func(report string, until scale.Phase) {
		for ctx.Err() == nil {
			now, changed := s.Live()
			if now.Phase == until {
				return
			}
			usb.WriteString(report)
			select {
			case <-changed:
			case <-time.After(50 * time.Millisecond):
			}
		}
		t.Fatalf("never %s", until)
	}
	say("\x03\x02\x02\x00\x00\x00", scale.Empty)
	if _, err := o.Open(ctx); device.ReasonOf(err) != device.PortBusy {
		t.Errorf("a second program: %v", err)
	}
	say("\x03\x04\x02\x00\xd8\x04", scale.Stable)
	weighed := make(chan scale.Weight)
	go func() { w, _ := s.Settled(ctx, "P-1"); weighed <- w }()
	say("\x03\x04\x02\x00\xd8\x04", scale.Taken)
	if w := <-weighed; w.Grams != 1240 {
		t.Errorf("%+v; want 1240 g", w)
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
}
