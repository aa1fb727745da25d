package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"floord/floor"
)

// A Request says who asks and under which key.
type Request struct {
	// Key is the asker's own name of this request, 1 to 256 bytes. It begins
	// with the day and the asker and grows with time ("20261121/pda-07/000000123"):
	// keys that stand in the file's order keep every commit on few pages. A key
	// is answered once; it is remembered as long as its events are in the
	// journal, 30 days if not set otherwise.
	Key   string
	Actor floor.Actor
	// Urgent requests pass when the disk is nearly full: acts on what is already
	// in progress, freezes, handovers.
	Urgent bool
	// Bulk requests are large and in no hurry: pages of orders. They enter no
	// transaction of others, but others enter theirs; the two take turns to begin one.
	Bulk bool
}

// A Receipt says what a request has written.
type Receipt struct {
	First, Last uint64        // its events; both 0 if decide returned no facts
	Repeated    bool          // the key was answered before, and this is that answer
	Events      []floor.Event // shared with followers: read, do not change
}

// Commit runs decide over the present state and, in the same transaction,
// journals the facts it returns, folds them into the views and notes req.Key.
// Asking again with the same key answers with the first receipt.
//
// decide may run more than once: it reads the view, and returns. It must not
// call the ledger. Concurrent commits share one transaction and one sync of the
// disk, in turn, each seeing those before it; decide writes nothing, so one
// that refuses or fails costs its neighbours nothing. What it returns as its
// error, Commit returns, and nothing is written, nor if it returns no facts.
//
// The request can be called back through ctx while it waits for its turn. After
// that the answer is what the disk says: ErrUnknown if it said nothing certain.
func (l *Ledger) Commit(ctx context.Context, req Request, decide func(*View) ([]floor.Fact, error)) (Receipt, error) {
	if err := req.check(); err != nil {
		return Receipt{}, err
	}
	c := newCall(ctx, req, decide)
	if err := l.wait(c); err != nil {
		return Receipt{}, err
	}
	return c.receipt, c.err
}

// A Proposal is a request and what decides it.
type Proposal struct {
	Request
	Decide func(*View) ([]floor.Fact, error)
}

// CommitAll is Commit for several requests, each for itself, in their order, and in as
// few transactions as they fit in. It gives the errors of those that failed, joined.
func (l *Ledger) CommitAll(ctx context.Context, all []Proposal) error {
	var calls []*call
	for _, p := range all {
		if err := p.check(); err != nil {
			return err
		}
		calls = append(calls, newCall(ctx, p.Request, p.Decide))
	}
	if err := l.enter(calls...); err != nil {
		return err
	}
	var errs []error
	waited := 0
	defer func() { // a decide that ends this goroutine must not keep the lead
		for _, c := range calls[waited:] {
			go l.await(c)
		}
	}()
	for _, c := range calls {
		waited++
		errs = append(errs, l.await(c), c.err)
	}
	return errors.Join(errs...)
}

func (r Request) check() error {
	switch {
	case r.Key == "":
		return errors.New("a commit needs a request key")
	case len(r.Key) > maxKey:
		return fmt.Errorf("request key of %d bytes: at most %d", len(r.Key), maxKey)
	case r.Actor == "" || len(r.Actor) > maxActor:
		return fmt.Errorf("request %s: actor of %d bytes: 1 to %d", r.Key, len(r.Actor), maxActor)
	}
	return nil
}

// A call is one Commit under way. The goroutine of one call at a time leads: it
// writes for all that wait, then hands the lead to one who came meanwhile. So
// the ledger owns no goroutine and needs no timer.
type call struct {
	ctx    context.Context
	req    Request
	decide func(*View) ([]floor.Fact, error)

	turn  chan bool // true: lead; false: receipt and err are there
	leads bool      // guarded by Ledger.mu; turn was given true

	also func(*rows) error // what else belongs into the same transaction, or nil

	receipt Receipt
	err     error
	spoilt  bool // it failed after it had begun to write; err says how
}

func newCall(ctx context.Context, req Request, decide func(*View) ([]floor.Fact, error)) *call {
	return &call{ctx: ctx, req: req, decide: decide, turn: make(chan bool, 1)}
}

// wait queues c and returns when it has its answer.
func (l *Ledger) wait(c *call) error {
	if err := l.enter(c); err != nil {
		return err
	}
	return l.await(c)
}

// enter queues calls, all of which must be awaited then.
func (l *Ledger) enter(calls ...*call) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped != nil {
		return l.stopped
	}
	for _, c := range calls {
		l.enqueue(c)
		if !l.leading {
			l.leading, c.leads = true, true
			c.turn <- true
		}
	}
	return nil
}

// await returns when c has its answer, leading if the turn comes.
func (l *Ledger) await(c *call) error {
	select {
	case lead := <-c.turn:
		l.took(c, lead)
		return nil
	case <-c.ctx.Done():
	}
	l.mu.Lock()
	queue := &l.queues[c.lane()]
	if i := slices.Index(*queue, c); i >= 0 && !c.leads {
		*queue = slices.Delete(*queue, i, i+1)
		l.mu.Unlock()
		return context.Cause(c.ctx)
	}
	l.mu.Unlock()
	l.took(c, <-c.turn)
	return nil
}

// lane gives the queue that c waits in.
func (c *call) lane() int {
	if c.req.Bulk {
		return 1
	}
	return 0
}

// enqueue puts c into its queue: urgent ones before the others, but behind the one
// who leads. The caller holds mu.
func (l *Ledger) enqueue(c *call) {
	queue := &l.queues[c.lane()]
	at := len(*queue)
	if c.req.Urgent {
		for at > 0 && !(*queue)[at-1].req.Urgent && !(*queue)[at-1].leads {
			at--
		}
	}
	*queue = slices.Insert(*queue, at, c)
}

func (l *Ledger) took(c *call, lead bool) {
	if lead {
		l.lead(c.lane())
		<-c.turn // its own answer
	}
}

// lead writes one transaction for the calls in a queue, then hands on.
func (l *Ledger) lead(lane int) {
	g := group{lane: lane, err: errors.New("a decide ended its goroutine")}
	defer l.handOn(&g) // even then
	g.err = l.write(&g)
}

// handOn gives the lead to the next call, of the other queue if one waits there, then
// answers those of g. Once the ledger has stopped it answers all.
func (l *Ledger) handOn(g *group) {
	l.mu.Lock()
	var turned []*call
	stopped := l.stopped
	if stopped != nil {
		turned = slices.Concat(l.queues[:]...)
		l.queues = [2][]*call{}
	}
	next := l.queues[1-g.lane]
	if len(next) == 0 {
		next = l.queues[g.lane]
	}
	if len(next) > 0 {
		next[0].leads = true
		next[0].turn <- true
	} else {
		l.leading = false
		l.idle.Broadcast()
	}
	l.mu.Unlock()

	for _, c := range g.calls {
		if g.err != nil {
			c.receipt, c.err = Receipt{}, g.err
		}
		c.turn <- false
	}
	for _, c := range turned {
		c.err = stopped
		c.turn <- false
	}
}

// A group is the calls that share one transaction.
type group struct {
	lane  int
	hasty bool // a call that is no bulk entered a group of bulk
	calls []*call
	err   error // of the commit; it goes to all
}

// Bounds of one transaction: enough to fill the disk's time, little enough that
// a call never waits long behind others.
const (
	groupCalls = 1024
	groupBytes = 8 << 20
	// A group that has written so much, or has a call in it that is no bulk, takes no
	// more after that time: large calls would make the others wait.
	groupFull = 256 << 10
	groupTime = 8 * time.Millisecond
)

// join takes the next waiting call into g, or nil if none waits or g is full.
func (l *Ledger) join(g *group) *call {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := &l.queues[g.lane]
	if hasty := &l.queues[0]; len(*hasty) > 0 && len(g.calls) > 0 { // the first call leads
		queue = hasty
	}
	if len(*queue) == 0 || len(g.calls) >= groupCalls {
		return nil
	}
	c := (*queue)[0]
	(*queue)[0] = nil
	*queue = (*queue)[1:]
	g.calls = append(g.calls, c)
	g.hasty = g.hasty || c.lane() < g.lane
	return c
}

// next is join, but before it takes the queue for empty it lets others run once:
// those who have just been answered are about to ask again, and would miss the
// disk by a hair. (64 writers: 54 calls a group instead of 41.)
func (l *Ledger) next(g *group) *call {
	if c := l.join(g); c != nil {
		return c
	}
	runtime.Gosched()
	return l.join(g)
}

// errAgain says that a call failed after it had begun to write: the transaction
// is rolled back and the others are run again without it.
var errAgain = errors.New("run the others again")

// write answers the calls of g, which grows by those who come while it works,
// and commits what they wrote.
func (l *Ledger) write(g *group) error {
	low := l.low()
	l.join(g)
	for {
		var w *writer
		err := l.update(func(r *rows) error {
			w = &writer{l: l, rows: r, view: newView(r), low: low, scribe: l.newScribe(r)}
			return w.answerAll(g)
		})
		if err == errAgain {
			continue
		}
		if err == nil {
			l.publish(w)
			l.stats.grouped(len(g.calls), len(w.entries))
		}
		return err
	}
}

// publish tells the followers what w wrote. Only the leader calls it, so events
// reach the tail in their order.
func (l *Ledger) publish(w *writer) {
	if len(w.entries) == 0 {
		return
	}
	l.head = w.head
	l.seq.Store(w.head.Seq)
	l.tail.publish(w.entries)
}

// A writer answers calls within one transaction.
type writer struct {
	l       *Ledger
	rows    *rows
	view    *View
	scribe  *scribe
	low     bool     // the disk is nearly full
	entries []*entry // what the transaction adds to the journal
	head    mark     // after them; set by finish
}

func (w *writer) answerAll(g *group) error {
	defer w.scribe.stop()
	for _, c := range g.calls {
		if err := w.answer(c); err != nil {
			return err
		}
	}
	began := time.Now()
	for {
		if size := w.rows.written + int(w.scribe.size.Load()); size >= groupBytes || (size >= groupFull || g.hasty) && time.Since(began) >= groupTime {
			break
		}
		c := w.l.next(g)
		if c == nil {
			break
		}
		if err := w.answer(c); err != nil {
			return err
		}
	}
	if len(w.entries) == 0 {
		return nil
	}
	return w.finish()
}

// finish puts the views' rows, and then what the scribe has written down meanwhile. A
// fact that cannot be written spoils its call.
func (w *writer) finish() error {
	w.scribe.end()
	if err := w.rows.settle(); err != nil {
		return err
	}
	w.scribe.stop()
	if c := w.scribe.spoilt; c != nil {
		c.spoilt, c.err = true, fmt.Errorf("request %s: %w", c.req.Key, w.scribe.err)
		return errAgain
	}
	for _, row := range w.scribe.rows {
		if err := row.bucket.putSealed([]byte(row.key), row.sealed); err != nil {
			return err
		}
	}
	w.head = w.scribe.head
	return w.rows.putMark("head", w.head)
}

// answer runs one call. What concerns only that call is kept in it; an error is
// about the transaction.
func (w *writer) answer(c *call) error {
	if c.spoilt {
		return nil
	}
	c.receipt, c.err = Receipt{}, nil
	if c.ctx.Err() != nil {
		c.err = context.Cause(c.ctx)
		return nil
	}
	var known bool
	c.receipt, known, c.err = w.receipt(c.req.Key)
	if known || c.err != nil {
		return nil
	}
	if w.low && !c.req.Urgent {
		c.err = ErrReserve
		return nil
	}
	facts, err := w.decide(c)
	if err != nil {
		c.err = err
		return nil
	}
	if len(facts) == 0 {
		return nil
	}
	if err := guard(func() error { return w.append(c, facts) }); err != nil {
		c.spoilt, c.err = true, err
		return errAgain
	}
	return nil
}

// decide runs the call's decide.
func (w *writer) decide(c *call) ([]floor.Fact, error) {
	facts, err := w.ask(c)
	if err != nil || len(facts) == 0 {
		return nil, err
	}
	if len(facts) > maxFacts {
		return nil, fmt.Errorf("request %s: %d facts in one commit: at most %d", c.req.Key, len(facts), maxFacts)
	}
	if w.l.opts.DecideTwice {
		if err := w.decideAgain(c, facts); err != nil {
			return nil, fmt.Errorf("request %s: %w", c.req.Key, err)
		}
	}
	return facts, nil
}

func (w *writer) ask(c *call) (facts []floor.Fact, err error) {
	err = guard(func() (err error) {
		facts, err = c.decide(w.view)
		return err
	})
	return facts, err
}

// decideAgain checks that decide gives the same facts a second time and that
// they survive being written.
func (w *writer) decideAgain(c *call, facts []floor.Fact) error {
	first, err := encode(c.req, facts)
	if err != nil {
		return err
	}
	if facts, err = w.ask(c); err != nil {
		return fmt.Errorf("decided twice, the second time: %w", err)
	}
	second, err := encode(c.req, facts)
	if err != nil {
		return err
	}
	if len(first) != len(second) {
		return fmt.Errorf("decided twice: %d facts, then %d", len(first), len(second))
	}
	for i := range first {
		if first[i].kind != second[i].kind || !bytes.Equal(first[i].fact, second[i].fact) {
			return fmt.Errorf("decided twice: fact %d was %s %s, then %s %s",
				i+1, first[i].kind, first[i].fact, second[i].kind, second[i].fact)
		}
		if sum := sha256.Sum256(payload(facts[i])); first[i].raw != nil && !bytes.Equal(sum[:], first[i].raw) {
			return fmt.Errorf("fact %s says that its payload is %x; it is %x", first[i].kind, first[i].raw, sum)
		}
		back, err := first[i].event(0)
		if err != nil {
			return err
		}
		again, err := floor.EncodeFact(back.Fact)
		if err != nil || !bytes.Equal(again, first[i].fact) {
			return fmt.Errorf("fact %s changes when it is written and read back: %s, then %s (%v)", first[i].kind, first[i].fact, again, err)
		}
	}
	return nil
}

// encode writes the facts down. The time is set later.
func encode(req Request, facts []floor.Fact) ([]record, error) {
	records := make([]record, len(facts))
	for i, f := range facts {
		data, err := floor.EncodeFact(f)
		if err != nil {
			return nil, err
		}
		r := record{actor: string(req.Actor), cause: req.Key, kind: string(f.Kind()), fact: data}
		for _, s := range f.Subjects() {
			r.interests = append(r.interests, interest(s))
		}
		if raw := payload(f); raw != nil {
			r.raw = sumOf(f, raw)
			if len(raw) > maxRaw {
				return nil, fmt.Errorf("fact %s: payload of %d bytes: at most %d", r.kind, len(raw), maxRaw)
			}
		}
		switch {
		case len(data) > maxFact:
			return nil, fmt.Errorf("fact %s: %d bytes: at most %d", r.kind, len(data), maxFact)
		case len(r.kind) > maxKind:
			return nil, fmt.Errorf("fact kind of %d bytes: at most %d", len(r.kind), maxKind)
		case len(r.interests) > maxInterests:
			return nil, fmt.Errorf("fact %s: %d subjects: at most %d", r.kind, len(r.interests), maxInterests)
		}
		records[i] = r
	}
	return records, nil
}

func payload(f floor.Fact) []byte {
	if p, ok := f.(floor.Payload); ok {
		return p.RawPayload()
	}
	return nil
}

// sumOf gives the SHA-256 of a fact's payload.
func sumOf(f floor.Fact, raw []byte) []byte {
	if s, ok := f.(floor.Summed); ok {
		if sum, err := hex.DecodeString(s.RawSum()); err == nil && len(sum) == sha256.Size {
			return sum
		}
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}

// append stamps the facts of c, gives them to the scribe, folds them meanwhile, and
// notes the answered key. Facts are stamped nowhere else.
func (w *writer) append(c *call, facts []floor.Fact) error {
	at := time.Now().UnixNano()
	first := w.last() + 1
	entries := make([]*entry, len(facts))
	c.receipt.Events = make([]floor.Event, len(facts))
	for i, f := range facts {
		e := floor.Event{Seq: first + uint64(i), At: time.Unix(0, at).UTC(), Actor: c.req.Actor, Cause: c.req.Key, Fact: f}
		entries[i], c.receipt.Events[i] = newEntry(e), e
	}
	w.scribe.take(draft{call: c, at: at, entries: entries})
	for _, e := range c.receipt.Events {
		if err := w.l.fold(w.rows, e); err != nil {
			return fmt.Errorf("request %s: fold %s: %w", c.req.Key, e.Fact.Kind(), err)
		}
	}
	c.receipt.First, c.receipt.Last = first, first+uint64(len(facts))-1
	if err := w.rows.putAnswer(c.req.Key, c.receipt.First, c.receipt.Last); err != nil {
		return err
	}
	if c.also != nil {
		if err := c.also(w.rows); err != nil {
			return err
		}
	}
	w.entries = append(w.entries, entries...)
	return nil
}

// last is the newest event, those of this transaction included.
func (w *writer) last() uint64 { return w.l.head.Seq + uint64(len(w.entries)) }

// receipt is the answer that key got before, if it did.
func (w *writer) receipt(key string) (Receipt, bool, error) {
	first, last, err := w.rows.answer(key)
	if last == 0 || err != nil {
		return Receipt{}, false, err
	}
	receipt := Receipt{First: first, Last: last, Repeated: true}
	for seq := first; seq <= last; seq++ {
		if old := w.l.head.Seq; seq > old { // of this very transaction
			receipt.Events = append(receipt.Events, w.entries[seq-old-1].event)
			continue
		}
		e, err := w.rows.event(seq)
		if err != nil {
			return receipt, true, err
		}
		receipt.Events = append(receipt.Events, e)
	}
	return receipt, true, nil
}

// answer gives the events that answered key, or zeros.
func (r *rows) answer(key string) (first, last uint64, err error) {
	data, err := r.answered().get(key)
	if data == nil || err != nil {
		return 0, 0, err
	}
	if len(data) != 16 {
		return 0, 0, fmt.Errorf("answered key %s has %d bytes", key, len(data))
	}
	return binary.BigEndian.Uint64(data), binary.BigEndian.Uint64(data[8:]), nil
}

func (r *rows) putAnswer(key string, first, last uint64) error {
	return r.answered().put(key, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, first), last))
}
