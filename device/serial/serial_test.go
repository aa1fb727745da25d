package serial_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"floord/device"
	"floord/device/devicetest"
	"floord/device/serial"
)

var eightN1 = serial.Settings{Baud: 9600, DataBits: 8, Parity: "none", StopBits: 1, Flow: "none"}

// plug gives a cable and an opener of its host's end.
func plug(t testing.TB, s serial.Settings) (*devicetest.Cable, serial.Opener) {
	t.Helper()
	c, err := devicetest.NewCable(filepath.Join(t.TempDir(), "usb-scale"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Unplug() })
	return c, serial.Opener{Path: c.Path, Settings: s}
}

func open(t testing.TB, o serial.Opener) device.Port {
	t.Helper()
	p, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// inFlight runs f and gives what it returned, having made sure it does not
// return by itself at once.
func inFlight(t testing.TB, f func() error) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		t.Fatalf("returned at once: %v", err)
	case <-time.After(150 * time.Millisecond):
	}
	return done
}

func TestBytesGoBothWays(t *testing.T) {
	c, o := plug(t, eightN1)
	p := open(t, o)
	all := make([]byte, 256) // every byte value must pass, XON and XOFF and NUL too
	for i := range all {
		all[i] = byte(i)
	}
	if _, err := c.Write(all); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(all))
	if _, err := io.ReadFull(p, got); err != nil || !bytes.Equal(got, all) {
		t.Fatalf("host read %x, %v", got, err)
	}
	if _, err := p.Write(all); err != nil {
		t.Fatal(err)
	}
	clear(got)
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, all) {
		t.Fatalf("device read %x, %v", got, err)
	}
}

func TestReadDeadline(t *testing.T) {
	_, o := plug(t, eightN1)
	p := open(t, o)
	p.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := p.Read(make([]byte, 8)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read on a quiet line = %v; want the deadline", err)
	}
	p.SetReadDeadline(time.Time{})
	done := inFlight(t, func() error { _, err := p.Read(make([]byte, 8)); return err })
	p.SetReadDeadline(time.Now())
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read in flight when the deadline was set = %v", err)
	}
}

func TestUnplugIsNotSilence(t *testing.T) {
	c, o := plug(t, eightN1)
	p := open(t, o)
	done := inFlight(t, func() error { _, err := p.Read(make([]byte, 8)); return err })
	c.Unplug()
	if err := <-done; device.ReasonOf(err) != device.Unplugged {
		t.Errorf("Read = %v; want unplugged", err)
	}
	if _, err := p.Read(make([]byte, 8)); device.ReasonOf(err) != device.Unplugged {
		t.Errorf("next Read = %v; want unplugged", err)
	}
	if _, err := p.Write([]byte("x")); device.ReasonOf(err) != device.Unplugged {
		t.Errorf("Write = %v; want unplugged", err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func TestUnplugFreesAWriter(t *testing.T) {
	c, o := plug(t, eightN1)
	p := open(t, o)
	done := inFlight(t, func() error { _, err := p.Write(make([]byte, 1<<16)); return err })
	c.Unplug()
	if err := <-done; device.ReasonOf(err) != device.Unplugged {
		t.Errorf("Write = %v; want unplugged", err)
	}
}

func TestStuckWriteMeetsItsDeadline(t *testing.T) {
	c, o := plug(t, eightN1)
	p := open(t, o)
	var n int
	var err error
	for wait := 100 * time.Millisecond; n == 0 && wait < time.Minute; wait *= 2 { // a busy machine may not even begin within it
		p.SetWriteDeadline(time.Now().Add(wait))
		n, err = p.Write(make([]byte, 1<<16)) // nobody reads at the other end
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 || n == 1<<16 {
		t.Fatalf("Write = %d, %v; want some bytes and the deadline", n, err)
	}
	// The line works again as soon as the device reads.
	go io.Copy(io.Discard, c)
	p.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := p.Write([]byte("PRINT 1\r\n")); err != nil {
		t.Errorf("Write after the device reads again = %v", err)
	}
}

func TestXOFFStopsOnlyWhereTheProfileSaysSo(t *testing.T) {
	flow := eightN1
	flow.Flow = "xonxoff"
	c, o := plug(t, flow)
	p := open(t, o)
	c.Write([]byte{0x13})
	// The kernel acts on XOFF a little later and still takes bytes for its own
	// buffer; what counts is that the line stops, and goes on after XON.
	go io.Copy(io.Discard, c)
	var err error
	for end := time.Now().Add(time.Minute); err == nil && time.Now().Before(end); {
		p.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		_, err = p.Write(make([]byte, 1<<16))
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Write after XOFF = %v; want the deadline", err)
	}
	c.Write([]byte{0x11})
	p.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := p.Write(make([]byte, 1<<16)); err != nil {
		t.Errorf("Write after XON = %v", err)
	}
}

func TestSecondOpenerIsTurnedAway(t *testing.T) {
	_, o := plug(t, eightN1)
	p := open(t, o)
	_, err := o.Open(t.Context())
	if device.ReasonOf(err) != device.PortBusy || !strings.Contains(err.Error(), fmt.Sprintf("pid %d (this floord)", os.Getpid())) {
		t.Errorf("second Open = %v; want busy, and by whom", err)
	}
	p.Close()
	again, err := o.Open(t.Context())
	if err != nil {
		t.Fatalf("Open after Close = %v", err)
	}
	again.Close()
}

func TestOtherProgramIsNamed(t *testing.T) {
	_, o := plug(t, eightN1)
	// flock(1) stands for a terminal program that locks the port.
	path, err := filepath.EvalSymlinks(o.Path)
	if err != nil {
		t.Fatal(err)
	}
	pid := startLocker(t, path)
	_, err = o.Open(t.Context())
	if want := fmt.Sprintf("pid %d (serial.test)", pid); device.ReasonOf(err) != device.PortBusy || !strings.Contains(err.Error(), want) {
		t.Errorf("Open = %v; want busy, held by %s", err, want)
	}
}

func TestOnlyTTYsAreOpened(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "plain")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		want       device.Reason
	}{
		{"a file", file, device.NotATTY},
		{"a folder", dir, device.NotATTY},
		{"a fifo does not block the opener", fifo, device.NotATTY},
		{"a character device that is no tty", "/dev/null", device.NotATTY},
		{"a pty master", "/dev/ptmx", device.NotATTY},
		{"the console", "/dev/console", device.NotATTY},
		{"nothing there", filepath.Join(dir, "ttyUSB0"), device.NoSuchPort},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.path == "/dev/console" {
				if _, err := os.Stat(tt.path); err != nil {
					tt.want = device.NoSuchPort // a container need not have one
				}
			}
			_, err := serial.Opener{Path: tt.path, Settings: eightN1}.Open(t.Context())
			if device.ReasonOf(err) != tt.want {
				t.Errorf("Open(%s) = %v; want %s", tt.path, err, tt.want)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	tests := []struct {
		name string
		s    serial.Settings
		want string // the error, or empty
		text string
	}{
		{"plain", eightN1, "", "9600 8N1"},
		{"old Toledo", serial.Settings{4800, 7, "even", 1, "none"}, "", "4800 7E1"},
		{"printer", serial.Settings{115200, 8, "odd", 2, "rtscts"}, "", "115200 8O2 rtscts"},
		{"odd speed", serial.Settings{14400, 8, "none", 1, ""}, "baud 14400 is not one of", "14400 8N1"},
		{"nine bits", serial.Settings{9600, 9, "none", 1, ""}, "9 data bits", "9600 9N1"},
		{"no stop bit", serial.Settings{9600, 8, "none", 0, ""}, "0 stop bits", "9600 8N0"},
		{"mark parity", serial.Settings{9600, 8, "mark", 1, ""}, `parity "mark"`, "9600 8?1"},
		{"unknown flow", serial.Settings{9600, 8, "none", 1, "dtr"}, `flow control "dtr"`, "9600 8N1 dtr"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.s.Check()
			if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Check = %v; want %q", err, tt.want)
			}
			if got := tt.s.String(); got != tt.text {
				t.Errorf("String = %q; want %q", got, tt.text)
			}
		})
	}
}

func TestLineFlagsAreSet(t *testing.T) {
	s := eightN1
	s.Parity, s.Flow = "even", "rtscts"
	_, o := plug(t, s)
	f, err := os.OpenFile(o.Path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0) // first: later only root may
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open(t, o)
	termios, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	if want := uint32(unix.INPCK | unix.IGNBRK); termios.Iflag&want != want || termios.Iflag&(unix.IXON|unix.IXOFF) != 0 {
		t.Errorf("iflag %#x: parity is not checked, breaks are bytes, or XON is eaten", termios.Iflag)
	}
	if termios.Cflag&unix.CRTSCTS == 0 {
		t.Errorf("cflag %#x: no hardware flow control", termios.Cflag)
	}
}

func TestCloseFreesWhatIsInFlight(t *testing.T) {
	_, o := plug(t, eightN1)
	p := open(t, o)
	reader := inFlight(t, func() error { _, err := p.Read(make([]byte, 8)); return err })
	writer := inFlight(t, func() error { _, err := p.Write(make([]byte, 1<<16)); return err })
	if err := p.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if err := <-reader; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read = %v; want closed", err)
	}
	if err := <-writer; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write = %v; want closed", err)
	}
	if n := serial.Stuck(); n != 0 {
		t.Errorf("%d handles stuck", n)
	}
}

// A station whose device comes and goes leaves no goroutine behind and does not
// spin: it opens at the pace of its back-off, and the tty is found again through
// the link although its number may have changed.
func TestStationOverACableThatIsPulled(t *testing.T) {
	c, o := plug(t, eightN1)
	opened := 0
	lines := make(chan device.Line, 100)
	st := device.NewStation("scale", o, func(ctx context.Context, l device.Line) error {
		opened++
		lines <- l
		buf := make([]byte, 64)
		for {
			if _, err := l.Read(buf); err != nil {
				return err
			}
		}
	})
	st.Backoff = func(int) time.Duration { return 20 * time.Millisecond }
	st.Log = slog.New(slog.DiscardHandler)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- st.Run(ctx) }()
	for range 5 {
		<-lines
		c.Unplug()
		waitFor(t, st, device.Down)
		if err := c.Plug(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, st, device.Up)
	}
	<-lines
	c.Unplug()
	waitFor(t, st, device.Down)
	start, cpuBefore, tries := time.Now(), cpu(t), st0(st).Tries
	for st0(st).Tries < tries+10 && time.Since(start) < time.Minute {
		time.Sleep(20 * time.Millisecond)
	}
	used, n, took := cpu(t)-cpuBefore, st0(st).Tries-tries, time.Since(start)
	if used > took/2 {
		t.Errorf("%v of CPU in %v with the cable out", used, took)
	}
	if n < 10 || time.Duration(n) > took/(20*time.Millisecond)+1 {
		t.Errorf("%d tries in %v at one each 20 ms", n, took)
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run = %v", err)
	}
	if opened != 6 {
		t.Errorf("opened %d times; want 6", opened)
	}
	for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func st0(s *device.Station) device.State { st, _ := s.State(); return st }

func waitFor(t testing.TB, s *device.Station, want device.Phase) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		st, changed := s.State()
		if st.Phase == want {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("station is %+v; want %s", st, want)
		}
	}
}

func cpu(t testing.TB) time.Duration {
	t.Helper()
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		t.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// BenchmarkUnplugSeen reports how long a station takes to say that the cable is out.
func BenchmarkUnplugSeen(b *testing.B) {
	var worst time.Duration
	for b.Loop() {
		b.StopTimer()
		c, o := plug(b, eightN1)
		st := device.NewStation("scale", o, func(_ context.Context, l device.Line) error {
			_, err := l.Read(make([]byte, 8))
			return err
		})
		st.Log = slog.New(slog.DiscardHandler)
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan error)
		go func() { done <- st.Run(ctx) }()
		waitFor(b, st, device.Up)
		time.Sleep(30 * time.Millisecond)
		start := time.Now()
		b.StartTimer()
		c.Unplug()
		waitFor(b, st, device.Down)
		b.StopTimer()
		worst = max(worst, time.Since(start))
		cancel()
		<-done
		b.StartTimer()
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
}

// BenchmarkCloseInFlight reports how long Close takes with a read and a stuck write.
func BenchmarkCloseInFlight(b *testing.B) {
	var worst time.Duration
	for b.Loop() {
		b.StopTimer()
		_, o := plug(b, eightN1)
		p := open(b, o)
		reader := inFlight(b, func() error { _, err := p.Read(make([]byte, 8)); return err })
		writer := inFlight(b, func() error { _, err := p.Write(make([]byte, 1<<16)); return err })
		time.Sleep(rand.N(100 * time.Millisecond)) // so that the reader is anywhere in its tick
		start := time.Now()
		b.StartTimer()
		p.Close()
		b.StopTimer()
		worst = max(worst, time.Since(start))
		<-reader
		<-writer
		b.StartTimer()
	}
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
}

// BenchmarkEightPorts reports the share of one core that eight stations take,
// idle and with all cables out.
func BenchmarkEightPorts(b *testing.B) {
	for _, out := range []bool{false, true} {
		b.Run(map[bool]string{false: "idle", true: "unplugged"}[out], func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			var ended []chan error
			for range 8 {
				c, o := plug(b, eightN1)
				st := device.NewStation("scale", o, func(_ context.Context, l device.Line) error {
					_, err := l.Read(make([]byte, 8))
					return err
				})
				st.Log = slog.New(slog.DiscardHandler)
				done := make(chan error)
				ended = append(ended, done)
				go func() { done <- st.Run(ctx) }()
				waitFor(b, st, device.Up)
				if out {
					c.Unplug()
					waitFor(b, st, device.Down)
				}
			}
			used, start := cpu(b), time.Now()
			for b.Loop() {
				time.Sleep(time.Second)
			}
			b.ReportMetric(100*float64(cpu(b)-used)/float64(time.Since(start)), "%core")
			cancel()
			for _, done := range ended {
				<-done
			}
		})
	}
}
