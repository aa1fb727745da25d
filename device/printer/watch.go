package printer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"floord/device/profile"
)

// A watch follows one job through the printer.
type watch struct {
	p    *Printer
	s    *session
	data []byte // the job, with what asks for its receipt
	id   string // four characters that name the job in a receipt
	from int    // what the printer's counter stood at
}

// begin notes what the outcome will be told by, before a byte of the job is sent.
func (w *watch) begin(ctx context.Context) error {
	p := w.p
	p.count = p.count%9999 + 1
	w.id = fmt.Sprintf("%04d", p.count)
	if r := p.ask.receipt; r != nil {
		w.data = slices.Concat(r.before(w.id), w.data, r.after(w.id))
	}
	if c := p.ask.counter; c != nil {
		var err error
		if w.from, err = w.read(ctx, *c); err != nil {
			return fmt.Errorf("ask how many labels were printed: %w", err)
		}
	}
	w.s.hear()
	return nil
}

// read asks for the counter.
func (w *watch) read(ctx context.Context, c counter) (n int, err error) {
	_, err = w.s.question(ctx, question{ask: c.ask, read: func(b []byte) (Status, bool) {
		var ok bool
		n, ok = c.read(b)
		return Status{}, ok
	}}, time.Duration(w.p.spec.Answer))
	return n, err
}

// follow watches a job that was sent to its end. Best is the printer's own word:
// a receipt, or a counter that has moved. Without one, what it takes for printed
// is an engine that was seen to work and then, twice in a row, to rest without an
// error, with no question unanswered between: a printer that lost its power in
// the meantime is at rest too, but needs longer than an answer to come back. Of a
// printer that answers only when it has finished, the answer itself is that sight.
func (w *watch) follow(ctx context.Context) (Outcome, error) {
	p := w.p
	slack := p.slack(len(w.data))
	start := time.Now()
	last, proof := Busy, profile.ProofSent
	worked, rested := !p.ask.tells || p.ask.silence == isBusy, 0
	inDoubt := func(why Reason) Outcome { return Outcome{Verdict: InDoubt, Proof: proof, Reason: why} }
	for {
		wait := time.Duration(0)
		if proof == profile.ProofSent {
			wait = slack
		}
		st, err := p.status(ctx, w.s, wait)
		if errors.Is(err, errNoAnswer) && p.ask.silence == isBusy {
			st, err = Status{Connected: true, Printing: true}, nil
		}
		if err != nil {
			return inDoubt(reasonOf(err)), err
		}
		if st.Answered {
			proof = profile.ProofBuffered // an answer means that everything before the question has arrived
		}
		worked = worked || st.Printing
		rested++
		if !st.Ready() {
			rested, last = 0, st.Reason()
		}
		done, trouble, err := w.confirmed(ctx, rested > 0)
		if err != nil {
			return inDoubt(reasonOf(err)), err
		}
		passed := time.Since(start) - slack
		switch {
		case done:
			return Outcome{Verdict: Printed, Proof: profile.ProofCounted}, nil
		case trouble != "" && !trouble.passing():
			return inDoubt(trouble), nil
		case slices.Contains(st.Notes, wasReset):
			return inDoubt(PowerLost), nil
		case len(st.Troubles) > 0 && !last.passing():
			return inDoubt(last), nil
		case rested >= 2 && p.spec.Proof == profile.ProofBuffered:
			return Outcome{Verdict: Printed, Proof: profile.ProofBuffered}, nil
		case rested >= 2 && worked && p.spec.Proof == profile.ProofIdle:
			return Outcome{Verdict: Printed, Proof: profile.ProofIdle}, nil
		case rested > 0 && passed >= time.Duration(p.spec.Begin) && !worked:
			return inDoubt(NotStarted), nil
		case rested > 0 && passed >= time.Duration(p.spec.Begin) && p.spec.Proof == profile.ProofCounted:
			return inDoubt(NotCounted), nil
		case passed >= time.Duration(p.spec.Finish):
			return inDoubt(last), nil
		}
		if err := sleep(ctx, time.Duration(p.spec.Poll)); err != nil {
			return inDoubt(reasonOf(err)), err
		}
	}
}

// confirmed looks for the printer's own word that the label is out. The counter is
// asked for only at rest, so that it slows no printing.
func (w *watch) confirmed(ctx context.Context, resting bool) (done bool, trouble Reason, err error) {
	if r := w.p.ask.receipt; r != nil {
		done, trouble = r.found(w.s.heard(), w.id)
		return done, trouble, nil
	}
	if c := w.p.ask.counter; c != nil && resting {
		n, err := w.read(ctx, *c)
		return err == nil && n > w.from, "", err
	}
	return false, "", nil
}
