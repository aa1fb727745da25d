// Package printer prints labels and knows what became of them. A job ends in one
// of three ways: Printed, as far as the profile's proof goes; NotPrinted, and
// then not one byte of it left; InDoubt, when a person must look. It never hangs:
// every wait has a bound from the profile.
package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"floord/device"
	"floord/device/profile"
)

// A Verdict is what became of a job.
type Verdict string

// The verdicts.
const (
	Printed    Verdict = "printed"
	NotPrinted Verdict = "not-printed"
	InDoubt    Verdict = "in-doubt"
)

// A Job is one label in the printer's language. ID is for logs and means nothing here.
type Job struct {
	ID   string
	Data []byte
	Form *Form // nil for none
}

// A Form is what a printer keeps of a label, so that less need be sent. It is
// used only where the printer itself says that it has it, right before the
// label: one that lost its memory is sent the form again, and one that does not
// keep it, or does not answer, is sent the label whole.
type Form struct {
	Name   string // with its place: "R:FAB12CDE.ZPL"
	Store  []byte // makes the printer keep it; prints nothing
	Recall []byte // the same label as Data, for a printer that has it
}

// maxJob bounds a job: a label of 100 x 150 mm at 300 dpi as one bitmap is 0.3 MB.
const maxJob = 4 << 20

// An Outcome is what is known of a job. Proof is how far the label was followed:
// what Printed rests on, or how far an InDoubt one came; empty if no byte left.
type Outcome struct {
	Verdict Verdict
	Proof   profile.Proof
	Reason  Reason // why it is not Printed
	Sent    int    // bytes of the job that left
}

// A Printer is one printer on one station. Its methods may be called from any
// goroutine; Drive by one at a time.
type Printer struct {
	profile profile.Profile // this and the next two are guarded by turn, and set by Drive
	spec    profile.Printer
	ask     question
	live    device.Live[Status]
	told    device.Live[device.Identity]
	turn    chan struct{} // held by whoever talks to the printer

	// Meet is told once a connection who the printer says it is, and gives what is
	// in force for it; where that is not what was, the printer is opened again. Set
	// it before Drive; nil: it makes no difference.
	Meet func(device.Identity) profile.Profile

	half  int // guarded by turn; the size of a job that was cut short and not yet cleared
	count int // guarded by turn; numbers the jobs, for those that are confirmed by a number

	mu      sync.Mutex
	session *session // guarded by mu; nil while the line is down
}

// New makes a printer of a resolved profile. It fails if the profile names a
// status dialect that is not known.
func New(p profile.Profile) (*Printer, error) {
	q, err := questionOf(p)
	if err != nil {
		return nil, err
	}
	return &Printer{profile: p, spec: p.Printer, ask: q, turn: make(chan struct{}, 1), count: rand.IntN(9999)}, nil
}

// Live gives the last known status and a channel that is closed at the next.
func (p *Printer) Live() (Status, <-chan struct{}) { return p.live.Get() }

// LeftHalf tells that an earlier process may have sent a part of a job of size
// bytes and died: the next Print clears the printer first.
func (p *Printer) LeftHalf(ctx context.Context, size int) error {
	if err := p.takeTurn(ctx); err != nil {
		return err
	}
	p.half = max(p.half, min(size, maxJob))
	<-p.turn
	return nil
}

// PowerCycled is a person's word that the printer was switched off and on: no
// half job is left in it.
func (p *Printer) PowerCycled(ctx context.Context) error {
	if err := p.takeTurn(ctx); err != nil {
		return err
	}
	p.half = 0
	<-p.turn
	return nil
}

func (p *Printer) takeTurn(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Print sends the job and watches the printer until it knows the outcome, which
// is valid whatever the error. The error is nil for Printed and for a printer
// that said itself why it will not print; otherwise it tells the operator what
// broke. Once a byte has left, the verdict is Printed or InDoubt. One job is
// printed at a time; others wait for their turn until their ctx ends.
func (p *Printer) Print(ctx context.Context, job Job) (Outcome, error) {
	if len(job.Data) == 0 || len(job.Data) > maxJob {
		return Outcome{Verdict: NotPrinted, Reason: BadJob}, fmt.Errorf("print %s: job of %d bytes: 1 to %d can be printed", job.ID, len(job.Data), maxJob)
	}
	if err := p.takeTurn(ctx); err != nil {
		return Outcome{Verdict: NotPrinted, Reason: Cancelled}, fmt.Errorf("print %s: wait for the job before: %w", job.ID, err)
	}
	defer func() { <-p.turn }()
	p.mu.Lock()
	s := p.session
	p.mu.Unlock()
	if s == nil {
		return Outcome{Verdict: NotPrinted, Reason: NotConnected}, nil
	}
	ctx, done := s.join(ctx)
	defer done()
	o, err := p.print(ctx, s, job)
	if err != nil {
		err = fmt.Errorf("print %s: %w", job.ID, err)
	}
	return o, err
}

// print is called with the turn held.
func (p *Printer) print(ctx context.Context, s *session, job Job) (Outcome, error) {
	if reason, err := p.prepare(ctx, s); reason != "" {
		return Outcome{Verdict: NotPrinted, Reason: reason}, err
	}
	data, err := p.shortest(ctx, s, job)
	if err != nil {
		return Outcome{Verdict: NotPrinted, Reason: reasonOf(err)}, err
	}
	w := watch{p: p, s: s, data: data}
	if err := w.begin(ctx); err != nil {
		return Outcome{Verdict: NotPrinted, Reason: reasonOf(err)}, err
	}
	stall := time.Duration(p.spec.Stall)
	if p.spec.Buffer > 0 && len(w.data) > p.spec.Buffer { // it takes the rest only when a part has come out
		stall = max(stall, time.Duration(p.spec.Finish))
	}
	n, err := s.send(ctx, w.data, stall)
	switch {
	case n == 0 && err != nil:
		return Outcome{Verdict: NotPrinted, Reason: reasonOf(err)}, err
	case err != nil:
		p.half = len(w.data)
		return Outcome{Verdict: InDoubt, Reason: reasonOf(err), Sent: n}, err
	case p.spec.Proof == profile.ProofSent:
		return Outcome{Verdict: Printed, Proof: profile.ProofSent, Sent: n}, nil
	}
	o, err := w.follow(ctx)
	o.Sent = n
	if o.Verdict == InDoubt && o.Proof == profile.ProofSent {
		p.half = len(w.data) // taken by the kernel is not received: its end may never have arrived
	}
	return o, err
}

// shortest gives what is to be sent of a job: the recall of its form if the printer
// has that now, or else the whole label.
func (p *Printer) shortest(ctx context.Context, s *session, job Job) ([]byte, error) {
	if job.Form == nil || p.ask.keeps == nil || s.forgets {
		return job.Data, nil
	}
	for stored := false; ; stored = true {
		kept := false
		_, err := s.question(ctx, p.ask.keeps(job.Form.Name, &kept), time.Duration(p.spec.Answer)+p.slack(len(job.Form.Store)))
		switch {
		case errors.Is(err, errNoAnswer):
			s.forgets = true // or is too old to say
			return job.Data, nil
		case err != nil:
			return nil, fmt.Errorf("ask for form %s: %w", job.Form.Name, err)
		case kept:
			return job.Form.Recall, nil
		case stored: // its memory is full
			s.forgets = true
			return job.Data, nil
		}
		if n, err := s.send(ctx, job.Form.Store, time.Duration(p.spec.Stall)); err != nil {
			if n > 0 {
				p.half = len(job.Form.Store)
			}
			return nil, fmt.Errorf("store form %s: %w", job.Form.Name, err)
		}
	}
}

// prepare gets the printer ready for a job, or says why it is not.
func (p *Printer) prepare(ctx context.Context, s *session) (Reason, error) {
	if p.half > 0 {
		if err := p.clear(ctx, s); err != nil {
			return reasonOf(err), err
		}
	}
	if p.ask.ask == nil {
		return "", nil
	}
	// A label that was in doubt may be coming out right now; let it.
	for end := time.Now().Add(time.Duration(p.spec.Finish)); ; {
		st, err := p.status(ctx, s, 0)
		switch {
		case err != nil:
			return reasonOf(err), err
		case len(st.Troubles) > 0:
			return st.Troubles[0], nil
		case st.Ready():
			return "", nil
		case !time.Now().Before(end):
			return Busy, nil
		}
		if err := sleep(ctx, time.Duration(p.spec.Poll)); err != nil {
			return reasonOf(err), err
		}
	}
}

// clear makes the printer forget half a job. It may sit inside the payload of a
// bitmap, where no command is heard, so it is first given as many bytes as that
// can still lack, of a kind that outside a payload does nothing. No command to
// print is among them, so nothing comes out. Then it is reset and waited for. An
// error is errHalf where only switching the printer off and on helps.
func (p *Printer) clear(ctx context.Context, s *session) error {
	if len(p.spec.Reset) == 0 {
		return fmt.Errorf("%w, and its profile knows no reset", errHalf)
	}
	fill := bytes.Repeat([]byte(filler(p.spec.Language)), p.half/2+1)
	switch _, err := s.send(ctx, append(fill, p.spec.Reset...), time.Duration(p.spec.Stall)); {
	case err != nil && reasonOf(err) == Stalled:
		return fmt.Errorf("%w, and it takes no reset: %w", errHalf, err)
	case err != nil:
		return fmt.Errorf("clear half a job: %w", err)
	}
	slack := p.slack(len(fill))
	if p.ask.ask == nil { // it cannot tell when it is back
		p.half = 0
		return sleep(ctx, slack+time.Duration(p.spec.Begin))
	}
	for end := time.Now().Add(slack + time.Duration(p.spec.Finish)); time.Now().Before(end); {
		st, err := p.status(ctx, s, slack)
		switch {
		case err == nil && !st.Printing:
			p.half = 0
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if err := sleep(ctx, time.Duration(p.spec.Poll)); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w, and it does not come back from its reset", errHalf)
}

// queued is how many bytes may still wait in the kernel when a write returns.
const queued = 8 << 10

// slack is how long the end of n written bytes may still be on the wire; a
// question asked now stands behind them.
func (p *Printer) slack(n int) time.Duration {
	return time.Duration(min(n, queued)) * 11 * time.Second / time.Duration(max(p.profile.Line.Baud, 300))
}

// status asks once and publishes the answer, or that there was none. It is called
// with the turn held. Where silence is how a printer in error speaks, it is an
// answer: the cause if the printer tells it elsewhere, else Silent.
func (p *Printer) status(ctx context.Context, s *session, slack time.Duration) (Status, error) {
	st, err := s.question(ctx, p.ask, time.Duration(p.spec.Answer)+slack)
	answered := err == nil
	if errors.Is(err, errNoAnswer) && p.ask.silence == isError {
		why := Status{}
		if p.ask.why != nil {
			why, err = s.question(ctx, *p.ask.why, time.Duration(p.spec.Answer))
		}
		if errors.Is(err, errNoAnswer) || err == nil && len(why.Troubles) == 0 {
			why, err = Status{Troubles: []Reason{Silent}}, nil
		}
		st = why
	}
	st.At, st.Connected, st.Answered = time.Now(), true, answered
	p.live.Set(st)
	return st, err
}

// Drive keeps the line's reader going and asks now and then how the printer is;
// it is a station's driver. It returns when the line breaks or ctx ends, after a
// job on the wire has got its outcome.
func (p *Printer) Drive(ctx context.Context, line device.Line) error {
	s := newSession(line)
	go s.listen()
	p.attach(s)
	p.live.Set(Status{At: time.Now(), Connected: true})
	met := p.idle(ctx, s)
	line.SetReadDeadline(past)
	<-s.over
	p.attach(nil)
	for { // whoever talks to this line must let go of it
		select {
		case p.turn <- struct{}{}:
			p.live.Set(Status{At: time.Now()}) // with the turn, so that no older status comes after it
			<-p.turn
			if met != nil {
				return met
			}
			return s.why
		case <-time.After(20 * time.Millisecond):
			line.SetWriteDeadline(past)
		}
	}
}

func (p *Printer) attach(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.session = s
}

// idle watches the printer while nobody prints, until the line is lost or ctx ends.
// It is device.ErrReopen where something else is in force for who the printer says
// it is.
func (p *Printer) idle(ctx context.Context, s *session) error {
	tick := time.NewTicker(time.Duration(p.spec.Watch))
	defer tick.Stop()
	asked := len(p.profile.Identity.Ask) == 0
	for {
		select {
		case p.turn <- struct{}{}:
			p.look(ctx, s)
			if !asked && p.live.Now().Ready() { // one that is not well may answer nothing
				asked = true
				if p.identify(ctx, s) {
					<-p.turn
					return device.ErrReopen
				}
			}
			<-p.turn
		default: // a job is on; its status is fresher than ours
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.over:
			return nil
		case <-tick.C:
		}
	}
}

// look asks for the status once, for the board. It is called with the turn held.
func (p *Printer) look(ctx context.Context, s *session) {
	if p.ask.ask == nil {
		return
	}
	ctx, done := s.join(ctx)
	defer done()
	p.status(ctx, s, 0) // an error is in the status; a lost line ends idle by itself
}

// identify asks once a connection who the printer is, and takes what is in force for
// that; changed if it is not what was. It is called with the turn held. One that does
// not say leaves what was known.
func (p *Printer) identify(ctx context.Context, s *session) (changed bool) {
	ctx, done := s.join(ctx)
	defer done()
	who, err := p.profile.Identity.Reader()
	if err != nil {
		return false // the profile was checked
	}
	var id device.Identity
	q := question{ask: p.profile.Identity.Ask, read: func(b []byte) (Status, bool) {
		var ok bool
		id.Model, id.Firmware, ok = who(b)
		return Status{}, ok
	}}
	if _, err := s.question(ctx, q, time.Duration(p.spec.Answer)); err != nil {
		return false
	}
	p.told.Set(id)
	if p.Meet == nil {
		return false
	}
	now := p.Meet(id)
	ask, err := questionOf(now)
	if err != nil || now.Same(p.profile) {
		return false
	}
	p.profile, p.spec, p.ask = now, now.Printer, ask
	return true
}

// Identity is who the printer said it is; zero if it was not asked or did not say.
func (p *Printer) Identity() device.Identity { return p.told.Now() }

// sleep waits for d or ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
