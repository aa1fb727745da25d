package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"floord/device"
)

// past is a deadline that ends what is in flight.
var past = time.Unix(1, 0)

// errNoAnswer is a question that stayed unanswered for its time.
var errNoAnswer = errors.New("no answer")

// errHalf is a printer that must be switched off and on to forget half a job.
var errHalf = errors.New("half a job is left in the printer")

// chunk is how much is written at once: little enough that a stall is noticed
// and a job can be called off, enough to keep the line busy.
const chunk = 512

// A session is one connection to a printer: a line and the goroutine that reads
// it, so that an unplugged printer is noticed while nobody talks to it.
type session struct {
	line device.Line
	over chan struct{} // closed by listen when the line is lost
	why  error         // set before over is closed

	// Used by the holder of the turn.
	missed  bool // an answer is overdue and may still come
	forgets bool // the printer keeps no form

	mu   sync.Mutex
	got  []byte        // guarded by mu; what came since the last question
	job  []byte        // guarded by mu; what came since hear, as far as there is room
	more chan struct{} // has one element when got has grown
}

func newSession(line device.Line) *session {
	return &session{line: line, over: make(chan struct{}), more: make(chan struct{}, 1)}
}

// maxAnswer and maxHeard bound what is kept of a babbling printer: of one answer,
// and of all that it says while it prints.
const (
	maxAnswer = 4096
	maxHeard  = 64 << 10
)

// listen reads until the line breaks, and says then that it is lost. What nobody
// asked for is dropped with the next question.
func (s *session) listen() {
	defer close(s.over)
	buf := make([]byte, 256)
	for {
		n, err := s.line.Read(buf)
		if n > 0 {
			s.mu.Lock()
			if len(s.got) < maxAnswer {
				s.got = append(s.got, buf[:n]...)
			}
			if len(s.job) < maxHeard {
				s.job = append(s.job, buf[:n]...)
			}
			s.mu.Unlock()
			select {
			case s.more <- struct{}{}:
			default:
			}
		}
		if err != nil {
			s.why = err
			return
		}
	}
}

// join gives a context that also ends with the session, its cause telling which.
func (s *session) join(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		select {
		case <-s.over:
			cancel(fmt.Errorf("line lost: %w", s.why))
		case <-ctx.Done():
		}
		close(done)
	}()
	return ctx, func() { cancel(nil); <-done }
}

// send writes data. It gives up when the printer takes nothing for stall, when
// ctx ends, or when the line breaks, and tells how much left.
func (s *session) send(ctx context.Context, data []byte, stall time.Duration) (sent int, err error) {
	stop := context.AfterFunc(ctx, func() { s.line.SetWriteDeadline(past) })
	defer stop()
	for sent < len(data) {
		if err := s.line.SetWriteDeadline(time.Now().Add(stall)); err != nil {
			return sent, err
		}
		if ctx.Err() != nil { // after the deadline was set, so that the one of AfterFunc stays
			return sent, context.Cause(ctx)
		}
		n, err := s.line.Write(data[sent:min(sent+chunk, len(data))])
		sent += n
		if ctx.Err() != nil {
			return sent, context.Cause(ctx)
		}
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return sent, err
		}
	}
	return sent, nil
}

// question asks and waits for the answer. What had come before is dropped, and
// after a miss it first lets a late answer pass, so that no answer is taken for
// that to another question.
func (s *session) question(ctx context.Context, q question, within time.Duration) (Status, error) {
	if s.missed {
		if err := sleep(ctx, within); err != nil {
			return Status{}, err
		}
		s.missed = false
	}
	s.take()
	if _, err := s.send(ctx, q.ask, within); err != nil {
		return Status{}, err
	}
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	var answer []byte
	for {
		select {
		case <-s.more:
			answer = append(answer, s.take()...)
			if st, ok := q.read(answer); ok {
				return st, nil
			}
		case <-timeout.C:
			s.missed = true
			return Status{}, errNoAnswer
		case <-ctx.Done():
			return Status{}, context.Cause(ctx)
		}
	}
}

// hear forgets what the printer said so far; heard gives what it said since.
func (s *session) hear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.job = s.job[:0]
}

func (s *session) heard() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.job)
}

// take gives what has come since the last call.
func (s *session) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.got
	s.got = nil
	return b
}

// reasonOf gives the reason behind an error of a session.
func reasonOf(err error) Reason {
	switch {
	case errors.Is(err, errHalf):
		return HalfJob
	case errors.Is(err, errNoAnswer):
		return NoAnswer
	case device.ReasonOf(err) == device.Unplugged, errors.Is(err, os.ErrClosed):
		return Unplugged
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Stalled
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Cancelled
	}
	return Unplugged
}
