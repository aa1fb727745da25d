package scale_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"floord/device/devicetest"
	"floord/device/profile"
	"floord/device/scale"
	"floord/floor"
)

// A bench is a pretend scale, the driver under test, and the pipe between them,
// inside a bubble.
type bench struct {
	t   *testing.T
	sim *devicetest.Scale
	s   *scale.Scale

	cancel context.CancelFunc
	ended  chan struct{}
}

func newBench(t *testing.T, name string, o devicetest.ScaleOptions) *bench {
	t.Helper()
	p := shipped(t, name)
	if p.Scale.Once {
		p = locked(p)
	}
	s, err := scale.New(p)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, sim: devicetest.NewScale(o), s: s}
	b.plug()
	t.Cleanup(b.unplug)
	return b
}

// locked is a scale that its site says nobody can tare.
func locked(p profile.Profile) profile.Profile {
	p.Scale.Tare = "locked"
	return p
}

func (b *bench) plug() {
	host, dev := net.Pipe()
	ctx, cancel := context.WithCancel(b.t.Context())
	b.cancel, b.ended = cancel, make(chan struct{})
	served := make(chan struct{})
	go func() { b.sim.Serve(ctx, dev); dev.Close(); close(served) }()
	go func() { b.s.Drive(ctx, host); host.Close(); cancel(); <-served; close(b.ended) }()
	synctest.Wait()
}

func (b *bench) unplug() {
	b.cancel()
	<-b.ended
}

// settled asks for a weight and gives it, or the phase the wait ended in.
func (b *bench) settled(load string, wait time.Duration) (floor.Grams, scale.Phase) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), wait)
	defer cancel()
	w, err := b.s.Settled(ctx, load)
	var u scale.Unsettled
	switch {
	case err == nil:
		return w.Grams, ""
	case errors.As(err, &u):
		return 0, u.Phase
	}
	b.t.Fatalf("Settled = %v", err)
	return 0, ""
}

func (b *bench) want(load string, grams floor.Grams) {
	b.t.Helper()
	if g, phase := b.settled(load, 5*time.Second); g != grams || phase != "" {
		b.t.Errorf("%s: %d g, %q; want %d g", load, g, phase, grams)
	}
}

func (b *bench) refused(load string, want scale.Phase) {
	b.t.Helper()
	if g, phase := b.settled(load, 5*time.Second); phase != want {
		b.t.Errorf("%s: %d g, %q; want %q", load, g, phase, want)
	}
}

func (b *bench) phase(want scale.Phase) {
	b.t.Helper()
	synctest.Wait()
	if st, _ := b.s.Live(); st.Phase != want {
		b.t.Errorf("phase %q; want %q (%+v)", st.Phase, want, st)
	}
}

// put lays a load on the pan after giving the pan time to be seen empty. Told that
// the scale may have been tared, it clears the pan once more, as a packer would.
func (b *bench) put(grams int64) {
	for range 2 {
		b.sim.Put(0)
		time.Sleep(2 * time.Second)
		b.sim.Put(grams)
		time.Sleep(2 * time.Second)
		if now, _ := b.s.Live(); now.Phase != scale.TareDoubt {
			return
		}
	}
	b.t.Errorf("cleared twice, and still in doubt")
}

var kinds = []struct {
	name    string
	profile string
	o       devicetest.ScaleOptions
}{
	{"Toledo", "generic/toledo-continuous", devicetest.ScaleOptions{}},
	{"Toledo without checksum", "generic/toledo-continuous-plain", devicetest.ScaleOptions{NoChecksum: true}},
	{"Yaohua tF0", "generic/yaohua-tf0", devicetest.ScaleOptions{Protocol: "yaohua-xk3190"}},
	{"Yaohua reversed", "generic/yaohua-reversed", devicetest.ScaleOptions{Protocol: "yaohua-xk3190", Dialect: "reversed"}},
	{"Yaohua forward", "generic/yaohua-forward", devicetest.ScaleOptions{Protocol: "yaohua-xk3190", Dialect: "forward"}},
}

// each runs a story with every kind of scale, in a bubble.
func each(t *testing.T, story func(t *testing.T, b *bench)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { story(t, newBench(t, k.profile, k.o)) })
		})
	}
}

func TestAWeightHasItsEvidence(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.phase(scale.Starting)
		time.Sleep(2 * time.Second)
		b.phase(scale.Empty)
		b.sim.Put(1240)
		time.Sleep(300 * time.Millisecond)
		b.phase(scale.Moving)
		start := time.Now()
		w, err := b.s.Settled(t.Context(), "P-1")
		if err != nil {
			t.Fatal(err)
		}
		p := shipped(t, "generic/toledo-continuous")
		raw, _ := hex.DecodeString(w.Raw)
		if w.Grams != 1240 || w.Text != "1.240 kg" || len(raw) < 9 || w.Profile == "" || w.Origin == "" || w.Seq == 0 ||
			w.Age < 0 || w.Age > 100*time.Millisecond || w.Readings < p.Scale.Settle.Frames ||
			w.ZeroAt.IsZero() || !w.ZeroAt.Before(w.SettledAt) || w.SettledAt.Before(start) {
			t.Errorf("weight %+v", w)
		}
		b.phase(scale.Taken)
	})
}

func TestNoParcelGetsAnothersWeight(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.put(1240)
		b.want("P-1", 1240)
		b.refused("P-2", scale.ReturnToZero) // P-1 still lies there
		b.want("P-1", 1240)                  // and may be weighed again
		b.sim.Put(1300)
		b.want("P-1", 1300)                  // with the missing piece added
		b.refused("P-2", scale.ReturnToZero) // swapped without an empty pan between
		b.put(1300)
		b.want("P-2", 1300) // the same weight again is another parcel's after a zero
		b.sim.Fail(devicetest.Freeze)
		time.Sleep(300 * time.Millisecond)
		b.put(2000)
		b.refused("P-3", scale.ReturnToZero) // the scale froze at P-2
	})
}

func TestALoadPutOnBeforeTheScreenAsked(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.put(880)
		time.Sleep(10 * time.Second)
		b.phase(scale.Stable)
		b.want("P-1", 880)
	})
}

func TestALoadThatWasThereAtTheStart(t *testing.T) {
	for _, k := range kinds {
		synctest.Test(t, func(t *testing.T) {
			s, err := scale.New(shipped(t, k.profile))
			if err != nil {
				t.Fatal(err)
			}
			b := &bench{t: t, sim: devicetest.NewScale(k.o), s: s}
			b.sim.Put(500)
			time.Sleep(time.Second)
			b.plug()
			t.Cleanup(b.unplug)
			b.refused("P-1", scale.ReturnToZero)
			b.put(500)
			b.want("P-1", 500)
		})
	}
}

func TestAnUnpluggedScaleMustBeSeenEmptyAgain(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.put(1240)
		time.Sleep(3 * time.Second)
		b.unplug()
		b.phase(scale.NotConnected)
		b.refused("P-1", scale.NotConnected)
		b.plug()
		b.refused("P-1", scale.ReturnToZero)
		b.put(1241)
		b.want("P-1", 1241)
	})
}

func TestSilenceIsToldAtOnce(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		b.put(1240)
		time.Sleep(3 * time.Second)
		b.phase(scale.Stable)
		b.sim.Fail(devicetest.Mute)
		time.Sleep(50 * time.Millisecond) // off the beat of the frames
		start := time.Now()
		b.refused("P-1", scale.NoSignal) // the old weight is not served
		if d := time.Since(start); d > time.Second {
			t.Errorf("silence told after %v; want within the profile's second", d)
		}
		b.sim.Fail(devicetest.Healthy)
		time.Sleep(500 * time.Millisecond) // the formats that wait for the next "=" need two frames
		b.want("P-1", 1240)
	})
}

// A scale that says nothing at all: exactly the profile's silence.
func TestSilenceFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "generic/yaohua-tf0", devicetest.ScaleOptions{Period: time.Hour})
		synctest.Wait()
		start := time.Now()
		_, err := b.s.Settled(t.Context(), "P-1")
		if !errors.Is(err, scale.Unsettled{Phase: scale.NoSignal}) || time.Since(start) != time.Second {
			t.Errorf("Settled = %v after %v; want no signal after exactly 1 s", err, time.Since(start))
		}
	})
}

func TestFaultsGiveNoFalseWeight(t *testing.T) {
	tests := []struct {
		fault devicetest.ScaleFault
		want  scale.Phase // "" is the right weight
	}{
		{devicetest.Merge, ""},
		{devicetest.Jitter, scale.Moving},
		{devicetest.Mute, scale.NoSignal},
		{devicetest.Babble, scale.WrongSettings},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault), func(t *testing.T) {
			each(t, func(t *testing.T, b *bench) {
				b.sim.Put(0)
				time.Sleep(2 * time.Second)
				b.sim.Fail(tt.fault)
				b.sim.Put(1240)
				g, phase := b.settled("P-1", 20*time.Second)
				if phase != tt.want || (phase == "" && g != 1240) {
					t.Errorf("%d g, %q; want %q", g, phase, tt.want)
				}
			})
		})
	}
	// Cut and noisy lines may settle between faults or not; what settles is right.
	for _, fault := range []devicetest.ScaleFault{devicetest.Cut, devicetest.Noise, devicetest.BadByte} {
		t.Run(string(fault), func(t *testing.T) {
			each(t, func(t *testing.T, b *bench) {
				b.sim.Fail(fault)
				b.put(1240)
				for range 20 {
					if g, phase := b.settled("P-1", 3*time.Second); phase == "" && g != 1240 {
						t.Fatalf("%d g; want 1240 or nothing", g)
					}
				}
				b.sim.Fail(devicetest.Healthy)
				b.put(1240)
				b.want("P-2", 1240)
			})
		})
	}
}

func TestAToledoSaysWhyItHasNoWeight(t *testing.T) {
	toledo := func(story func(*testing.T, *bench)) func(*testing.T) {
		return func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, "generic/toledo-continuous", devicetest.ScaleOptions{})
				time.Sleep(2 * time.Second)
				story(t, b)
			})
		}
	}
	t.Run("overload", toledo(func(t *testing.T, b *bench) {
		b.sim.Fail(devicetest.Heavy)
		b.refused("P-1", scale.Overload)
	}))
	t.Run("heavier than its profile allows", toledo(func(t *testing.T, b *bench) {
		b.sim.Put(150001)
		b.refused("P-1", scale.Overload)
	}))
	t.Run("net where gross is meant", toledo(func(t *testing.T, b *bench) {
		b.sim.Tare(100)
		b.sim.Put(1340)
		b.refused("P-1", scale.Net)
	}))
	t.Run("pounds on a kilogram profile", toledo(func(t *testing.T, b *bench) {
		b.sim.Put(1240)
		b.sim.Fail(devicetest.OtherUnit)
		start := time.Now()
		time.Sleep(150 * time.Millisecond)
		b.refused("P-1", scale.UnitMismatch)
		if time.Since(start) > time.Second {
			t.Errorf("told after %v; waiting is in vain", time.Since(start))
		}
	}))
	t.Run("below zero", toledo(func(t *testing.T, b *bench) {
		b.sim.Put(-200)
		b.refused("P-1", scale.BelowZero)
	}))
	t.Run("7E1 read as 8N1", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, "generic/toledo-continuous", devicetest.ScaleOptions{SevenBits: true})
			time.Sleep(2 * time.Second)
			b.refused("P-1", scale.SevenBits)
		})
	})
}

// Halves of two frames, joined by a loose cable, are not a frame.
func TestAPauseInsideAFrameEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := scale.New(shipped(t, "generic/toledo-continuous-plain"))
		if err != nil {
			t.Fatal(err)
		}
		host, dev := net.Pipe()
		done := make(chan error)
		go func() { done <- s.Drive(t.Context(), host) }()
		dev.Write(unhex(t, "022d3020303031"))
		time.Sleep(300 * time.Millisecond)
		dev.Write(unhex(t, "3939393030303030300d"))
		synctest.Wait()
		if st, _ := s.Live(); st.Seq != 0 || st.Stats.Frames != 0 {
			t.Errorf("two halves became %+v", st)
		}
		dev.Close()
		if err := <-done; err == nil {
			t.Error("Drive ended without an error")
		}
	})
}

func TestPhasesHaveBothLanguages(t *testing.T) {
	for _, p := range []scale.Phase{scale.Starting, scale.NotConnected, scale.NoSignal, scale.SevenBits, scale.WrongSettings,
		scale.Overload, scale.BelowZero, scale.Unzeroed, scale.Net, scale.WasNet, scale.TareDoubt, scale.TareUnsaid, scale.UnitMismatch,
		scale.Empty, scale.Moving, scale.Stable, scale.Taken, scale.ReturnToZero} {
		if p.Text("zh-CN") == "" || p.Text("en") == "" || p.Text("zh-CN") == p.Text("en") {
			t.Errorf("%s: %q, %q", p, p.Text("zh-CN"), p.Text("en"))
		}
	}
}
