package scale_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"floord/device/devicetest"
	"floord/device/profile"
	"floord/device/scale"
	"floord/floor"
)

// Of no shipped scale a net weight is taken for a gross one, whichever way it was
// tared: what is served is what lies on the pan, or nothing.
func TestNetIsNeverTakenForGross(t *testing.T) {
	stories := map[string]func(b *bench){
		"a box is tared and then filled": func(b *bench) {
			b.sim.Put(200)
			time.Sleep(3 * time.Second)
			b.sim.Tare(200)
			time.Sleep(3 * time.Second)
			b.sim.Put(1440)
		},
		"a tare is left from before": func(b *bench) {
			b.sim.Tare(200)
			time.Sleep(3 * time.Second)
			b.sim.Put(1440)
		},
		"a tared box is put back": func(b *bench) {
			b.sim.Tare(200)
			time.Sleep(3 * time.Second)
			b.sim.Put(200)
			time.Sleep(3 * time.Second)
			b.sim.Put(1440)
		},
	}
	for _, p := range everyProfile(t) {
		if p.Scale.Once || p.Scale.Unit != profile.Kilogram && p.Scale.Unit != profile.Gram {
			continue // see TestAScaleThatCannotSayAndIsSeldomHeard; in pounds the story is the same with other numbers
		}
		for name, tare := range stories {
			t.Run(p.Device.String()+"/"+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBench(t, p.Device.String(), devicetest.ScaleOf(p))
					time.Sleep(3 * time.Second)
					tare(b)
					if g, phase := b.settled("P-1", 6*time.Second); phase == "" && g != 1440 {
						t.Errorf("%d g of 1440 were served", g)
					}
					b.sim.Put(0)
					time.Sleep(3 * time.Second)
					b.sim.Tare(0)
					time.Sleep(3 * time.Second)
					b.put(1240)
					b.want("P-2", 1240)
				})
			})
		}
	}
}

// A box that was tared before the cable was plugged in looks like an empty pan on a
// scale that does not say so; once the parcel is lifted the packer is told.
func TestATareFromBeforeTheCableIsToldAfterwards(t *testing.T) {
	for _, name := range []string{"generic/yaohua-tf0", "and/standard", "cas/ecr", "ohaus/standard", "generic/sbi", "generic/usb-hid", "elicom/s200-sics"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := shipped(t, name)
				s, err := scale.New(p)
				if err != nil {
					t.Fatal(err)
				}
				b := &bench{t: t, sim: devicetest.NewScale(devicetest.ScaleOf(p)), s: s}
				b.sim.Put(200)
				b.sim.Tare(200)
				time.Sleep(time.Second)
				b.plug()
				t.Cleanup(b.unplug)
				time.Sleep(3 * time.Second)
				b.phase(scale.Empty)
				b.sim.Put(1440)
				w, err := b.s.Settled(t.Context(), "P-1")
				if err != nil || w.Tare != "unknown" {
					t.Errorf("%+v, %v; want a weight that says that its tare is unknown", w, err)
				}
				b.sim.Put(0)
				time.Sleep(3 * time.Second)
				b.phase(scale.WasNet)
				b.sim.Tare(0)
				time.Sleep(3 * time.Second)
				b.put(700)
				b.want("P-2", 700)
			})
		})
	}
}

func TestAWeightSaysHowItIsKnownToBeGross(t *testing.T) {
	for name, want := range map[string]string{
		"generic/toledo-continuous": "said", "generic/st-gs": "said", "cas/22byte": "said", "generic/yaohua-command": "said", "generic/sbi-22": "said",
		"generic/mt-sics": "asked", "mettler/ms": "asked", "ohaus/ranger-x": "asked", "kern/kcp": "asked",
		"generic/yaohua-tf0": "unknown", "and/standard": "unknown", "dibal/epos": "unknown",
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, name, devicetest.ScaleOf(shipped(t, name)))
			time.Sleep(3 * time.Second)
			b.sim.Put(1240)
			w, err := b.s.Settled(t.Context(), "P-1")
			if err != nil || w.Grams != 1240 || w.Tare != want {
				t.Errorf("%s: %+v, %v; want it %q", name, w, err, want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s, err := scale.New(locked(shipped(t, "generic/yaohua-tf0")))
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{t: t, sim: devicetest.NewScale(devicetest.ScaleOptions{Protocol: "yaohua-xk3190"}), s: s}
		b.plug()
		t.Cleanup(b.unplug)
		for range 3 { // loads come and go, and nobody is asked to clear the pan twice
			b.sim.Put(0)
			time.Sleep(2 * time.Second)
			b.sim.Put(900)
			time.Sleep(2 * time.Second)
		}
		if w, err := s.Settled(t.Context(), "P-1"); err != nil || w.Tare != "locked" {
			t.Errorf("%+v, %v", w, err)
		}
	})
}

// One that is asked for its tare and does not say is no scale to pack by, and says so
// at once; the packer need not wait.
func TestAScaleThatDoesNotSayItsTare(t *testing.T) {
	for name, answer := range map[string]string{"does not know": "ES\r\n", "is always busy": "TA I\r\n", "is silent": ""} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := scale.New(shipped(t, "generic/mt-sics"))
				if err != nil {
					t.Fatal(err)
				}
				host, dev := net.Pipe()
				var loaded atomic.Bool
				go answering(dev, func(q string) string {
					if q == "TA\r\n" {
						return answer
					}
					if loaded.Load() {
						return "S S      1.240 kg\r\n"
					}
					return "S S      0.000 kg\r\n"
				})
				done := make(chan struct{})
				go func() { s.Drive(t.Context(), host); close(done) }()
				time.Sleep(2 * time.Second)
				loaded.Store(true)
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				w, err := s.Settled(ctx, "P-1")
				if err == nil || !strings.Contains(err.Error(), "tare") || ctx.Err() != nil {
					t.Errorf("%+v, %v", w, err)
				}
				host.Close()
				dev.Close()
				<-done
			})
		})
	}
}

// An AZExtra is silent at zero, so nothing can be concluded from it: it is not used
// until its site says that nobody can tare it.
func TestAScaleThatCannotSayAndIsSeldomHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scale.New(shipped(t, "adam/azextra"))
		if err != nil {
			t.Fatal(err)
		}
		host, dev := net.Pipe()
		go answering(dev, func(string) string { return "  1.240kg\r\n" })
		done := make(chan struct{})
		go func() { s.Drive(t.Context(), host); close(done) }()
		time.Sleep(time.Second)
		if w, err := s.Settled(t.Context(), "P-1"); err != (scale.Unsettled{Phase: scale.TareUnsaid}) {
			t.Errorf("%+v, %v", w, err)
		}
		host.Close()
		dev.Close()
		<-done
	})
}

// Frames that name their weight where the protocol leaves it open.
func TestFramesThatNameTheirWeight(t *testing.T) {
	tests := []struct {
		profile, frame string
		gross, net     bool
	}{
		{"ohaus/standard", "      1.240 kg   G\r\n", true, false},
		{"ohaus/standard", "      1.240 kg   N\r\n", false, true},
		{"ohaus/standard", "      1.240 kg   B/G\r\n", true, false},
		{"ohaus/standard", "      1.240 kg ? NET\r\n", false, true},
		{"ohaus/standard", "      1.240 kg\r\n", false, false},
		{"generic/nci", "\n01.240KG\r\n0p0\r\x03", true, false},
		{"generic/nci", "\n01.240KG\r\n0p4\r\x03", false, true},
		{"generic/nci", "\n01.240KG\r\n00\r\x03", false, false},
		{"generic/mt-sics", "S S      1.240 kg\r\n", false, false},
		{"generic/st-gs", "ST,GS,+  1.240kg\r\n", true, false},
		{"generic/st-gs", "ST,NT,+  1.240kg\r\n", false, true},
	}
	for _, tt := range tests {
		frames := collect(decoder(t, shipped(t, tt.profile)), []byte(tt.frame), 64)
		if len(frames) != 1 || frames[0].Kind != scale.KindWeight || frames[0].Grams != floor.Grams(1240) ||
			frames[0].Gross != tt.gross || (frames[0].Flags&scale.FlagNet != 0) != tt.net {
			t.Errorf("%s %q: %+v", tt.profile, tt.frame, frames)
		}
	}
	for frame, digits := range map[string]int64{"TA A      0.240 kg\r\n": 240, "TA A 0.00 g\r\n": 0} {
		f := collect(decoder(t, shipped(t, "generic/mt-sics")), []byte(frame), 64)
		if len(f) != 1 || f[0].Kind != scale.KindStatus || f[0].Flags != scale.FlagAck|scale.FlagTare || f[0].Digits != digits || f[0].Unit == "" {
			t.Errorf("%q: %+v", frame, f)
		}
	}
}

// Nobody may be given the tare key's command on a scale that does not say whether it
// is tared.
func TestACommandThatTaresNeedsAScaleThatSaysSo(t *testing.T) {
	for name, refused := range map[string]bool{"generic/yaohua-tf0": true, "elicom/s200-sics": true, "generic/mt-sics": false, "generic/toledo-8217": false} {
		p := shipped(t, name)
		p.Scale.Commands.Tare = profile.Command{Send: profile.Hex("T\r\n"), By: "packer"}
		if _, err := scale.New(p); (err != nil) != refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}
