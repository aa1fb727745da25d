package scale_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"floord/device"
	"floord/device/devicetest"
	"floord/device/profile"
	"floord/device/scale"
	"floord/device/serial"
	"floord/floor"
)

// everyProfile are all scales that are shipped.
func everyProfile(t *testing.T) []profile.Profile {
	t.Helper()
	s, err := set()
	if err != nil {
		t.Fatal(err)
	}
	all := s.Profiles(profile.KindScale)
	if len(all) < 30 || len(all) != len(s.Names(profile.KindScale)) {
		t.Fatalf("%d of %d profiles are sound", len(all), len(s.Names(profile.KindScale)))
	}
	return all
}

// heavy is a load that every scale shows, and what floord must make of it: scales
// show pounds in hundredths and ounces in tenths.
func heavy(p profile.Profile) (load int64, want floor.Grams) {
	step := map[profile.Unit]float64{profile.Pound: 4.5359237, profile.Ounce: 2.8349523125}[p.Scale.Unit]
	if step == 0 {
		return 1240, 1240
	}
	return 1240, floor.Grams(math.Round(math.Round(1240/step) * step))
}

// Every shipped profile is spoken by a pretend scale that shares no code with the
// decoders, and what floord reads is what lies on it; whatever goes wrong on the
// way, no weight comes of it.
func TestEveryProfile(t *testing.T) {
	for _, p := range everyProfile(t) {
		t.Run(p.Device.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, p.Device.String(), devicetest.ScaleOf(p))
				load, want := heavy(p)
				if p.Scale.Once {
					tellsOnce(t, b, load, want)
					return
				}
				time.Sleep(3 * time.Second)
				b.phase(scale.Empty)
				b.put(load)
				b.want("P-1", want)
				b.refused("P-2", scale.ReturnToZero)

				b.put(load)
				b.sim.Fail(devicetest.Jitter)
				time.Sleep(time.Second)
				b.refused("moves", scale.Moving)
				b.sim.Fail(devicetest.Healthy)

				b.put(load)
				time.Sleep(50 * time.Millisecond) // off the beat of the frames
				b.sim.Fail(devicetest.Heavy)
				if g, phase := b.settled("too heavy", 5*time.Second); phase == "" || b.sim.SaysOverload() != (phase == scale.Overload) {
					t.Errorf("too heavy: %d g, %q", g, phase)
				}
				b.sim.Fail(devicetest.Healthy)

				b.sim.Put(-200)
				time.Sleep(2 * time.Second)
				if g, phase := b.settled("negative", 5*time.Second); !slices.Contains([]scale.Phase{scale.BelowZero, scale.Moving}, phase) {
					t.Errorf("negative: %d g, %q", g, phase)
				}

				b.put(load)
				if b.sim.Fail(devicetest.OtherUnit) == nil {
					time.Sleep(time.Second)
					if g, phase := b.settled("other unit", 5*time.Second); phase != scale.UnitMismatch && phase != scale.WrongSettings {
						t.Errorf("other unit: %d g, %q", g, phase)
					}
					b.sim.Fail(devicetest.Healthy)
				}

				b.put(load)
				time.Sleep(2 * time.Second)
				b.sim.Fail(devicetest.Mute)
				time.Sleep(2 * time.Second)
				b.refused("silent", scale.NoSignal)
				b.sim.Fail(devicetest.Babble)
				if g, phase := b.settled("another protocol", 5*time.Second); phase == "" {
					t.Errorf("another protocol: %d g", g)
				}
				b.sim.Fail(devicetest.Healthy)

				b.sim.Put(0)
				time.Sleep(2 * time.Second)
				b.sim.Put(load)
				b.sim.Fail(devicetest.Pull) // while it swings
				if g, phase := b.settled("pulled", 5*time.Second); phase == "" {
					t.Errorf("pulled mid-frame: %d g", g)
				}
				b.unplug()
				b.plug()
				b.refused("was there before", scale.ReturnToZero)
				b.put(load)
				b.want("P-3", want)
				if n := b.sim.Acts(); n != 0 {
					t.Errorf("the scale was zeroed or tared %d times", n)
				}
			})
		})
	}
}

// tellsOnce is the story of a scale that says a load once, and nothing otherwise.
func tellsOnce(t *testing.T, b *bench, load int64, want floor.Grams) {
	weigh := func(owner string, put func()) (floor.Grams, scale.Phase) {
		b.sim.Put(0)
		b.settled("nothing there", 3*time.Second) // it is asked only while somebody waits
		go func() { time.Sleep(time.Second); put() }()
		return b.settled(owner, 6*time.Second)
	}
	on := func() { b.sim.Put(load) }
	if g, phase := weigh("P-1", on); g != want || phase != "" {
		t.Errorf("%d g, %q; want %d", g, phase, want)
	}
	if g, phase := b.settled("P-2", 3*time.Second); phase == "" {
		t.Errorf("P-2 got the weight before: %d g", g)
	}
	for _, fault := range []devicetest.ScaleFault{devicetest.Jitter, devicetest.Heavy, devicetest.OtherUnit, devicetest.Mute, devicetest.Babble} {
		if g, phase := weigh("P-"+string(fault), func() { on(); b.sim.Fail(fault) }); phase == "" {
			t.Errorf("%s: %d g", fault, g)
		}
		b.sim.Fail(devicetest.Healthy)
		b.settled("let it speak", 3*time.Second)
	}
	if g, phase := weigh("negative", func() { b.sim.Put(-200) }); phase == "" {
		t.Errorf("negative: %d g", g)
	}
	if g, phase := weigh("P-9", on); g != want || phase != "" {
		t.Errorf("%d g, %q; want %d", g, phase, want)
	}
}

// The same on real ptys, as a station of the daemon has them: the right weight,
// the cable pulled in the middle of a frame, and the right weight again.
func TestEveryProfileOverAPty(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for i, p := range everyProfile(t) {
		all.Go(func() {
			if err := overAPty(ctx, filepath.Join(dir, strconv.Itoa(i)), p); err != nil {
				t.Errorf("%s: %v", p.Device, err)
			}
		})
	}
	all.Wait()
}

func overAPty(ctx context.Context, path string, p profile.Profile) error {
	if p.Scale.Once {
		p = locked(p)
	}
	o := devicetest.ScaleOf(p)
	o.Swing = 100 * time.Millisecond
	sim, err := devicetest.NewScaleAt(path, o)
	if err != nil {
		return err
	}
	s, err := scale.New(p)
	if err != nil {
		return err
	}
	st := device.NewStation(p.Device.String(), serial.Opener{Path: path, Settings: serial.Of(p.Line)}, s.Drive)
	st.Backoff = func(int) time.Duration { return 20 * time.Millisecond }
	st.Log = slog.New(slog.DiscardHandler)
	running, stop := context.WithCancel(ctx)
	var both sync.WaitGroup
	both.Go(func() { sim.Run(running) })
	both.Go(func() { st.Run(running) })
	defer both.Wait()
	defer stop()
	once := p.Scale.Once
	load, want := heavy(p)
	for _, owner := range []string{"P-1", "P-2"} {
		for !ready(ctx, s, once) {
			if ctx.Err() != nil {
				now, _ := s.Live()
				return fmt.Errorf("%s: never ready to weigh: %+v", owner, now)
			}
		}
		sim.Put(load)
		w, err := s.Settled(ctx, owner)
		if err != nil || w.Grams != want {
			return fmt.Errorf("%s: %+v, %w; want %d g", owner, w, err, want)
		}
		if owner == "P-2" {
			break
		}
		if once { // only a new load makes it speak
			sim.Put(0)
			ready(ctx, s, true)
		}
		sim.Fail(devicetest.Pull)
		sim.Put(load)
		if err := reach(ctx, s, once, scale.NotConnected); err != nil {
			return err
		}
		sim.Put(0)
		if err := sim.Plug(); err != nil {
			return err
		}
	}
	return nil
}

// ready waits for an empty pan. A scale that says each load once says nothing of
// an empty one; it must have been asked while it was.
func ready(ctx context.Context, s *scale.Scale, once bool) bool {
	if once {
		short, stop := context.WithTimeout(ctx, 2*time.Second)
		defer stop()
		_, err := s.Settled(short, "nothing there")
		return errors.Is(err, context.DeadlineExceeded)
	}
	for {
		now, changed := s.Live()
		if now.Phase == scale.Empty {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// reach waits for a phase. Only an asked scale speaks, so a wish goes with it.
func reach(ctx context.Context, s *scale.Scale, once bool, want scale.Phase) error {
	for {
		now, changed := s.Live()
		if now.Phase == want {
			return nil
		}
		if once {
			short, stop := context.WithTimeout(ctx, 100*time.Millisecond)
			s.Settled(short, "nobody")
			stop()
			if ctx.Err() == nil {
				continue
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("phase %s; want %s", now.Phase, want)
		}
	}
}
