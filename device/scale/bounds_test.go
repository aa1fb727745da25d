package scale_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"floord/device"
	"floord/device/devicetest"
	"floord/device/scale"
	"floord/device/serial"
)

// cpuTime is what this process has used of the processors.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// Sixteen scales run side by side and no goroutine is added. With ten frames a second
// each they should take less than 3 % of a core, the pretend scales' own work
// included; what they take is logged, for it depends on the machine.
func TestSixteenScales(t *testing.T) {
	const ports, each = 16, 20
	dir := t.TempDir()
	p := shipped(t, "generic/toledo-continuous")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	running, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	var scales []*scale.Scale
	for i := range ports {
		path := filepath.Join(dir, strconv.Itoa(i))
		sim, err := devicetest.NewScaleAt(path, devicetest.ScaleOf(p))
		if err != nil {
			t.Fatal(err)
		}
		s, err := scale.New(p)
		if err != nil {
			t.Fatal(err)
		}
		st := device.NewStation("scale", serial.Opener{Path: path, Settings: serial.Of(p.Line)}, s.Drive)
		st.Log = slog.New(slog.DiscardHandler)
		all.Go(func() { sim.Run(running) })
		all.Go(func() { st.Run(running) })
		scales = append(scales, s)
	}
	until := func(frames uint64) {
		for _, s := range scales {
			for {
				now, changed := s.Live()
				if now.Seq >= frames {
					break
				}
				select {
				case <-changed:
				case <-ctx.Done():
					t.Fatalf("%d frames of %d", now.Seq, frames)
				}
			}
		}
	}
	until(5)
	before, goroutines := cpuTime(t), runtime.NumGoroutine()
	var seen uint64
	for _, s := range scales {
		now, _ := s.Live()
		seen -= now.Seq
	}
	until(5 + each)
	used := cpuTime(t) - before
	for _, s := range scales {
		now, _ := s.Live()
		seen += now.Seq
	}
	per := used / time.Duration(seen)
	t.Logf("%v a frame: %.2f %% of a core at 160 frames a second", per, 100*per.Seconds()*160)
	if n := runtime.NumGoroutine(); n > goroutines+2 {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	stop()
	all.Wait()
}
