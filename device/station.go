package device

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// A Phase is where a station is.
type Phase string

// The phases of a station. Up means that the port is open and the driver runs;
// whether the device answers is the driver's to say.
const (
	Connecting    Phase = "connecting"
	Up            Phase = "up"
	Down          Phase = "down"
	Misconfigured Phase = "misconfigured"
	Stopped       Phase = "stopped"
)

// A State is one moment of a station, for the board.
type State struct {
	Phase   Phase
	Since   time.Time // when Phase and Reason became what they are
	Reason  Reason    // why it is not up
	Detail  string    // the error behind Reason, for the operator; English
	Port    string    // as the opener names it
	Tries   int       // openings that failed in a row
	RetryAt time.Time // of the next try; zero while up
}

// A Station keeps one device on the air.
type Station struct {
	name   string
	opener Opener
	drive  func(context.Context, Line) error
	broken error

	// Backoff says how long to wait before try number n (1, 2, ...) after n
	// failures in a row. Set it before Run; nil means a quarter of a second,
	// doubled up to five seconds, with jitter.
	Backoff func(n int) time.Duration
	// Log is told of changes, not of each try. Nil means slog.Default.
	Log *slog.Logger

	state Live[State]
}

// steady is how long a driver must have run for its next failure to be the first again.
const steady = 10 * time.Second

// NewStation makes a station that is not yet running. drive talks to the device
// over the line until ctx ends or the line breaks, and returns why; it must
// have ended all its goroutines by then. It is called again after each reopening.
func NewStation(name string, opener Opener, drive func(ctx context.Context, line Line) error) *Station {
	s := &Station{name: name, opener: opener, drive: drive}
	s.state.Set(State{Phase: Connecting, Since: time.Now(), Port: opener.String()})
	return s
}

// NewBrokenStation makes a station whose configuration cannot be used: it stays
// Misconfigured with err, so that the board can show it beside those that work.
func NewBrokenStation(name string, err error) *Station {
	s := &Station{name: name, broken: err}
	s.state.Set(State{Phase: Misconfigured, Since: time.Now(), Reason: BadSettings, Detail: err.Error()})
	return s
}

// Name gives the name the station was made with.
func (s *Station) Name() string { return s.name }

// State gives the present state and a channel that is closed at the next change.
func (s *Station) State() (State, <-chan struct{}) { return s.state.Get() }

// Run keeps the device on the air until ctx ends, then closes the port and
// returns nil. A device that fails, hangs up or panics its driver is opened
// again after a pause; nothing it does makes Run return.
func (s *Station) Run(ctx context.Context) error {
	defer func() {
		st := s.state.Now()
		st.Phase, st.Since, st.RetryAt = Stopped, time.Now(), time.Time{}
		s.state.Set(st)
	}()
	if s.broken != nil {
		s.log().Error("station misconfigured", "station", s.name, "err", s.broken)
		<-ctx.Done()
		return nil
	}
	for failures := 0; ; {
		start := time.Now()
		err := s.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if s.state.Now().Phase == Up && time.Since(start) >= steady {
			failures = 0
		}
		if errors.Is(err, ErrReopen) {
			s.log().Info("station opens again", "station", s.name, "why", err)
			continue
		}
		failures++
		wait := s.backoff(failures)
		s.down(err, failures, wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// once opens the port and runs the driver until one of them fails. Both handles
// of the port are closed before it returns: while one is open the kernel does
// not reuse the tty's number, and ttyUSB0 would come back as ttyUSB1.
func (s *Station) once(ctx context.Context) error {
	port, err := s.opener.Open(ctx)
	if err != nil {
		return err
	}
	// Closing breaks whatever the driver waits in, so that it can return.
	stop := context.AfterFunc(ctx, func() { port.Close() })
	s.up()
	err = s.guarded(ctx, port)
	stop()
	if cerr := port.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = errors.New("driver ended")
	}
	return err
}

// guarded runs the driver; a panic in it is an error like any other, with its stack.
func (s *Station) guarded(ctx context.Context, line Line) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.log().Error("driver panicked", "station", s.name, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("driver panicked: %v", p)
		}
	}()
	return s.drive(ctx, line)
}

func (s *Station) up() {
	s.log().Info("station up", "station", s.name, "port", s.opener.String())
	s.state.Set(State{Phase: Up, Since: time.Now(), Port: s.opener.String()})
}

func (s *Station) down(err error, failures int, wait time.Duration) {
	now := time.Now()
	next := State{Phase: Down, Since: now, Reason: ReasonOf(err), Detail: err.Error(),
		Port: s.opener.String(), Tries: failures, RetryAt: now.Add(wait)}
	if next.Reason.Misconfigured() {
		next.Phase = Misconfigured
	}
	if last := s.state.Now(); last.Phase == next.Phase && last.Reason == next.Reason {
		next.Since = last.Since
	} else {
		s.log().Warn("station down", "station", s.name, "reason", next.Reason, "err", err, "again_in", wait)
	}
	s.state.Set(next)
}

func (s *Station) backoff(n int) time.Duration {
	if s.Backoff != nil {
		return s.Backoff(n)
	}
	wait := min(250*time.Millisecond<<min(n-1, 5), 5*time.Second)
	return wait*4/5 + rand.N(wait*2/5) // 80 to 120 %, so that a hub's devices do not all come back at once
}

func (s *Station) log() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}
