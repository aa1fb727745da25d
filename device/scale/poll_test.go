package scale_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"floord/device/devicetest"
	"floord/device/profile"
	"floord/device/scale"
)

// answering is a scale that speaks only when asked.
func answering(w io.ReadWriter, answer func(question string) string) {
	buf := make([]byte, 64)
	for {
		n, err := w.Read(buf)
		if err != nil {
			return
		}
		if a := answer(string(buf[:n])); a != "" {
			if _, err := io.WriteString(w, a); err != nil {
				return
			}
		}
	}
}

func TestPolledScales(t *testing.T) {
	tests := []struct {
		profile     string
		empty, full map[string]string
	}{
		{"generic/mt-sics", map[string]string{"SI\r\n": "S S      0.000 kg\r\n", "TA\r\n": "TA A      0.000 kg\r\n", "I2\r\n": "ES\r\n", "I3\r\n": "I3 A \"1.0 7\"\r\n"},
			map[string]string{"SI\r\n": "S S      1.240 kg\r\n", "TA\r\n": "TA A      0.000 kg\r\n", "I2\r\n": "ES\r\n", "I3\r\n": "I3 A \"1.0 7\"\r\n"}},
		{"generic/toledo-8217", map[string]string{"W": "\x0200.000\r"}, map[string]string{"W": "\x0201.240\r"}},
		{"elicom/s200", map[string]string{"\xaa": "\x00\x00\x00\x00"}, map[string]string{"\xaa": "\x00\x12\x40\x52"}},
		{"cas/ecr", map[string]string{"\x05": "\x06", "\x11": "\x01\x02S 00.000kg\x61\x03\x04"},
			map[string]string{"\x05": "\x06", "\x11": "\x01\x02S 01.240kg\x66\x03\x04"}},
	}
	for _, tt := range tests {
		t.Run(tt.profile, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := scale.New(shipped(t, tt.profile))
				if err != nil {
					t.Fatal(err)
				}
				host, dev := net.Pipe()
				ctx, cancel := context.WithCancel(t.Context())
				var loaded atomic.Bool
				go answering(dev, func(q string) string {
					if tt.empty[q] == "" {
						t.Errorf("the scale was sent %q", q)
					}
					if loaded.Load() {
						return tt.full[q]
					}
					return tt.empty[q]
				})
				ended := make(chan struct{})
				go func() { s.Drive(ctx, host); close(ended) }()
				time.Sleep(2 * time.Second)
				if st, _ := s.Live(); st.Phase != scale.Empty {
					t.Errorf("phase %q of an empty scale", st.Phase)
				}
				loaded.Store(true)
				wait, stop := context.WithTimeout(ctx, 10*time.Second)
				defer stop()
				w, err := s.Settled(wait, "P-1")
				if err != nil || w.Grams != 1240 {
					t.Errorf("Settled = %+v, %v; want 1240 g", w, err)
				}
				cancel()
				host.Close()
				dev.Close()
				<-ended
				synctest.Wait()
			})
		})
	}
}

// What lies on the line before the first question is somebody else's answer.
func TestAnAnswerNobodyAskedForIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scale.New(shipped(t, "adam/azextra"))
		if err != nil {
			t.Fatal(err)
		}
		host, dev := net.Pipe()
		ended := make(chan struct{})
		go func() { s.Drive(t.Context(), host); close(ended) }()
		io.WriteString(dev, ".240kg\r\n234kg\r\n")
		go answering(dev, func(string) string { return "" })
		time.Sleep(2 * time.Second)
		if st, _ := s.Live(); st.Seq != 0 {
			t.Errorf("%+v; want nothing read", st)
		}
		dev.Close()
		<-ended
		host.Close()
	})
}

// Zero and tare commands are refused wherever they are written.
func TestOnlyQuestionsArePolled(t *testing.T) {
	for name, asks := range map[string][]string{
		"generic/toledo-8217":    {"Z", "T", "T01000", "C", "WZ"},
		"generic/mt-sics":        {"Z\r\n", "T\r\n", "@\r\n", "S\r\nZ\r\n"},
		"generic/yaohua-command": {"\x02AE04\x03", "\x02AF07\x03", "\x02AB04\x03"},
		"generic/usb-hid":        {"W"},
		"cas/ecr":                {"\x12"},
		"generic/nci":            {"Z\r"},
	} {
		if p := shipped(t, name); len(p.Scale.Poll.Send) > 0 {
			p.Scale.Poll.Tare = profile.Hex("T\r\n")
			if _, err := scale.New(p); err == nil || !strings.Contains(err.Error(), "does not ask") {
				t.Errorf("%s asked for its tare with a command that tares: New = %v", name, err)
			}
		}
		for _, ask := range asks {
			p := shipped(t, name)
			p.Scale.Poll.Send = profile.Hex(ask)
			if _, err := scale.New(p); err == nil || !strings.Contains(err.Error(), "does not ask") {
				t.Errorf("%s polled with %q: New = %v; want it refused", name, ask, err)
			}
		}
		if p := shipped(t, name); name != "cas/ecr" {
			p.Scale.Poll.Then = profile.Hex("\x05Z")
			if _, err := scale.New(p); err == nil {
				t.Errorf("%s: a second half that is no question passed", name)
			}
		}
	}
}

// An AZExtra says each load once, and nothing otherwise; it is asked only while
// somebody waits. No load is served twice, and none that was read before the wish.
func TestAScaleThatAnswersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scale.New(locked(shipped(t, "adam/azextra")))
		if err != nil {
			t.Fatal(err)
		}
		host, dev := net.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		var asked atomic.Int32
		var fresh atomic.Pointer[string]
		go answering(dev, func(string) string {
			asked.Add(1)
			if text := fresh.Swap(nil); text != nil {
				return *text
			}
			return ""
		})
		done := make(chan struct{})
		go func() { s.Drive(ctx, host); close(done) }()
		put := func(text string) { fresh.Store(&text) }
		weigh := func(load string) (scale.Weight, error) {
			within, stop := context.WithTimeout(ctx, 5*time.Second)
			defer stop()
			return s.Settled(within, load)
		}

		time.Sleep(time.Minute)
		if n := asked.Load(); n != 0 {
			t.Errorf("asked %d times with nobody waiting", n)
		}
		put("  1.240kg\r\n")
		if w, err := weigh("P-1"); err != nil || w.Grams != 1240 || w.ZeroAt.IsZero() {
			t.Errorf("P-1: %+v, %v", w, err)
		}
		if w, err := weigh("P-2"); err == nil {
			t.Errorf("P-2 got the weight of the parcel before: %+v", w)
		}
		put("  2.500kg\r\n")
		if w, err := weigh("P-2"); err != nil || w.Grams != 2500 {
			t.Errorf("P-2: %+v, %v", w, err)
		}
		// P-3 is read, and nobody takes it; it may be gone when P-4 is weighed.
		put("  0.700kg\r\n")
		within, stop := context.WithTimeout(ctx, 600*time.Millisecond)
		s.Settled(within, "P-3")
		stop()
		if w, err := weigh("P-4"); err == nil {
			t.Errorf("P-4 got what lay there before: %+v", w)
		}
		cancel()
		host.Close()
		<-done
	})
}

// A command is sent to an empty pan, for the role that the profile names, and
// nowhere else; under a load the scale keeps its zero.
func TestCommandsAreAPersonsAndNeedAnEmptyPan(t *testing.T) {
	p := shipped(t, "generic/toledo-8217")
	if p.Scale.Commands.Zero.By != "lead" || p.Scale.Commands.Tare.By != "nobody" {
		t.Fatalf("%+v", p.Scale.Commands)
	}
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, p.Device.String(), devicetest.ScaleOf(p))
		time.Sleep(3 * time.Second)
		for _, no := range []error{b.s.Act(t.Context(), "zero", "packer"), b.s.Act(t.Context(), "tare", "packer", "lead"), b.s.Act(t.Context(), "fly", "lead")} {
			if !errors.Is(no, scale.ErrNoCommand) {
				t.Errorf("%v; want it refused", no)
			}
		}
		b.sim.Put(1240)
		time.Sleep(3 * time.Second)
		if err := b.s.Act(t.Context(), "zero", "packer", "lead"); !errors.Is(err, scale.Unsettled{Phase: scale.Stable}) {
			t.Errorf("zeroed under a load: %v", err)
		}
		b.want("P-1", 1240)
		if err := b.s.Act(t.Context(), "zero", "lead"); !errors.Is(err, scale.Unsettled{Phase: scale.Taken}) {
			t.Errorf("zeroed under a parcel: %v", err)
		}
		if n := b.sim.Acts(); n != 0 {
			t.Errorf("%d commands were sent", n)
		}
		b.sim.Put(0)
		time.Sleep(2 * time.Second)
		b.sim.Put(-30) // it has drifted
		time.Sleep(3 * time.Second)
		b.phase(scale.BelowZero)
		if err := b.s.Act(t.Context(), "zero", "lead"); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		b.phase(scale.Empty)
		if n := b.sim.Acts(); n != 1 {
			t.Errorf("%d commands were sent; want one", n)
		}
	})
}
