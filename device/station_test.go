package device_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"floord/device"
)

// An opener that hands out one end of a pipe, or the errors it is told to.
type opener struct {
	errs  []error
	peers chan net.Conn
}

func (o *opener) String() string { return "pipe" }

func (o *opener) Open(context.Context) (device.Port, error) {
	if len(o.errs) > 0 {
		err := o.errs[0]
		o.errs = o.errs[1:]
		return nil, err
	}
	a, b := net.Pipe()
	o.peers <- b
	return a, nil
}

func read(_ context.Context, l device.Line) error {
	buf := make([]byte, 8)
	for {
		if _, err := l.Read(buf); err != nil {
			return err
		}
	}
}

func start(t *testing.T, s *device.Station) (stop func()) {
	s.Log = slog.New(slog.DiscardHandler)
	if s.Backoff == nil {
		s.Backoff = func(n int) time.Duration { return time.Duration(n) * time.Second }
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run = %v", err)
		}
		if st, _ := s.State(); st.Phase != device.Stopped {
			t.Errorf("after Run: %+v", st)
		}
	}
}

func TestStationOpensAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := &device.Fault{Reason: device.NoSuchPort, Err: os.ErrNotExist}
		o := &opener{errs: []error{gone, gone}, peers: make(chan net.Conn, 1)}
		s := device.NewStation("scale", o, read)
		if st, _ := s.State(); st.Phase != device.Connecting || st.Port != "pipe" {
			t.Errorf("before Run: %+v", st)
		}
		begin := time.Now()
		stop := start(t, s)
		synctest.Wait()
		first, _ := s.State()
		if first.Phase != device.Down || first.Reason != device.NoSuchPort || first.RetryAt != begin.Add(time.Second) {
			t.Errorf("port missing: %+v", first)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if st, _ := s.State(); st.Since != first.Since || st.Tries != 2 {
			t.Errorf("still missing: %+v; want since %v, 2 tries", st, first.Since)
		}
		peer := <-o.peers // opens 2 s later
		synctest.Wait()
		if st, _ := s.State(); st.Phase != device.Up || time.Since(begin) != 3*time.Second {
			t.Errorf("after %v: %+v; want up after 3 s", time.Since(begin), st)
		}
		time.Sleep(time.Minute)
		peer.Close()
		synctest.Wait()
		if st, _ := s.State(); st.Phase != device.Down || st.Tries != 1 {
			t.Errorf("hung up after a steady minute: %+v; want the first failure again", st)
		}
		<-o.peers
		synctest.Wait()
		stop()
	})
}

func TestStationSurvivesItsDriver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &opener{peers: make(chan net.Conn, 10)}
		runs := 0
		s := device.NewStation("scale", o, func(ctx context.Context, l device.Line) error {
			switch runs++; runs {
			case 1:
				panic("index out of range")
			case 2:
				return nil // a driver that just stops
			}
			return read(ctx, l)
		})
		stop := start(t, s)
		synctest.Wait()
		if st, _ := s.State(); st.Phase != device.Down || st.Detail != "driver panicked: index out of range" {
			t.Errorf("after the panic: %+v", st)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if st, _ := s.State(); st.Detail != "driver ended" {
			t.Errorf("after it just stopped: %+v", st)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if st, _ := s.State(); st.Phase != device.Up {
			t.Errorf("third run: %+v; want up", st)
		}
		stop() // while the driver waits in Read
	})
}

func TestMisconfiguredStationsDoNotStopTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := device.NewBrokenStation("pack-2 scale", errors.New(`site.toml:3: unknown protocol "toledoo"`))
		stop := start(t, s)
		synctest.Wait()
		if st, _ := s.State(); st.Phase != device.Misconfigured || st.Detail == "" {
			t.Errorf("broken station: %+v", st)
		}
		stop()

		bad := &device.Fault{Reason: device.NotATTY, Detail: "/dev/null"}
		o := &opener{errs: []error{bad}, peers: make(chan net.Conn, 1)}
		s = device.NewStation("pack-3 scale", o, read)
		stop = start(t, s)
		synctest.Wait()
		if st, _ := s.State(); st.Phase != device.Misconfigured {
			t.Errorf("not a tty: %+v", st)
		}
		<-o.peers // it is tried again: the person may mend it by plugging in
		synctest.Wait()
		if st, _ := s.State(); st.Phase != device.Up {
			t.Errorf("mended: %+v", st)
		}
		stop()
	})
}

func TestDefaultBackoffIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("gone")
		errs := make([]error, 12)
		for i := range errs {
			errs[i] = gone
		}
		o := &opener{errs: errs, peers: make(chan net.Conn, 1)}
		s := device.NewStation("scale", o, read)
		s.Log = slog.New(slog.DiscardHandler)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		begin := time.Now()
		go func() { done <- s.Run(ctx) }()
		<-o.peers
		// 0.25 + 0.5 + 1 + 2 + 4 + 7 x 5 s, give or take a fifth.
		if d := time.Since(begin); d < 34*time.Second || d > 52*time.Second {
			t.Errorf("12 failures took %v; want about 43 s", d)
		}
		cancel()
		<-done
	})
}

func TestReasonsHaveBothLanguages(t *testing.T) {
	for _, r := range []device.Reason{device.Unplugged, device.NoSuchPort, device.PortBusy, device.NoPermission,
		device.NotATTY, device.BadSettings, device.Unreachable, device.Broken} {
		if r.Text("zh-CN") == "" || r.Text("en") == "" || r.Text("zh-CN") == r.Text("en") {
			t.Errorf("%s: %q, %q", r, r.Text("zh-CN"), r.Text("en"))
		}
	}
	if got := device.ReasonOf(errors.New("x")); got != device.Broken {
		t.Errorf("ReasonOf(unknown) = %s", got)
	}
}
