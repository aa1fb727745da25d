package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"floord/floor"
)

// A Topic is what a follower waits for: subjects ("order:X", see floor.OrderTopic),
// kinds ("line.picked/1"), or Everything. An event is wanted if any of them fits.
type Topic []string

// Everything as an interest wants every event.
const Everything = "*"

// Errors of Follow about the cursor. Both mean: take a snapshot and follow from
// the Seq it was taken at.
var (
	ErrArchived = errors.New("events after this cursor have left the journal")
	ErrAhead    = errors.New("cursor is ahead of the ledger, it belongs to another one")
)

// Follow yields every event after the cursor that topic wants, in order, then
// waits for more until ctx ends. No transaction is open while the caller works
// on an event, and a slow caller delays nobody: the newest events come from
// memory, older ones from disk in pages of at most 256. A commit wakes only
// those followers whose topic it touches.
//
// Events and their facts are shared: read, do not change. A *DamagedError is
// about the one event whose Seq comes with it, and following goes on. Any other
// error is the last: ErrArchived, ErrAhead, or why the ledger ended.
func (l *Ledger) Follow(ctx context.Context, after uint64, topic Topic) iter.Seq2[floor.Event, error] {
	return func(yield func(floor.Event, error) bool) {
		f := &follower{topic: topic, wake: make(chan struct{}, 1)}
		defer l.tail.leave(f)
		for ctx.Err() == nil {
			batch, live, err := l.after(f, after)
			if err != nil {
				yield(floor.Event{}, err)
				return
			}
			for {
				for _, m := range batch.found {
					if ctx.Err() != nil || !yield(m.event, m.err) {
						return
					}
				}
				after = batch.upto
				if !live {
					break
				}
				select {
				case <-ctx.Done():
					return
				case <-l.done:
					yield(floor.Event{}, l.serving())
					return
				case <-f.wake:
				}
				batch, live = f.take(after)
			}
		}
	}
}

// News puts a sign into news whenever an event that topic wants is written from
// now on, until ctx ends. news holds one sign: several events may be one, none is
// lost. The error is the first that Follow yields.
func (l *Ledger) News(ctx context.Context, topic Topic, news chan<- struct{}) error {
	for _, err := range l.Follow(ctx, l.Seq(), topic) {
		if err != nil {
			return err
		}
		select {
		case news <- struct{}{}:
		default:
		}
	}
	return nil
}

// found is what a follower gets at one place of the journal.
type found struct {
	event floor.Event
	err   error // a *DamagedError
}

// A batch is what a follower wants up to and with event upto.
type batch struct {
	found []found
	upto  uint64
}

// after gives what f wants after the cursor: all there is, and f is woken for
// what comes (live), or a page from disk.
func (l *Ledger) after(f *follower, cursor uint64) (b batch, live bool, err error) {
	if err := l.serving(); err != nil {
		return b, false, err
	}
	if cursor > l.Seq() {
		if err := l.told(cursor); err != nil {
			return b, false, err
		}
	}
	if b, live = l.tail.join(f, cursor); live {
		return b, true, nil
	}
	b, err = l.page(cursor, f.topic)
	return b, false, err
}

// told waits until a cursor that is ahead of what the followers were told is not:
// a view may show a commit before they hear of it. One ahead of the disk is another
// ledger's.
func (l *Ledger) told(cursor uint64) error {
	var head mark
	err := l.Read(func(v *View) (err error) {
		head, err = v.rows.mark("head")
		return err
	})
	if err == nil && cursor > head.Seq {
		err = fmt.Errorf("%w: event %d of %d", ErrAhead, cursor, head.Seq)
	}
	for err == nil && cursor > l.Seq() {
		time.Sleep(time.Millisecond)
		err = l.serving()
	}
	return err
}

// Bounds of one page from disk: the second one keeps the transaction short
// where little is wanted.
const (
	pageFound = 256
	pageSeen  = 4096
)

// page reads what topic wants after the cursor from disk.
func (l *Ledger) page(cursor uint64, topic Topic) (batch, error) {
	b := batch{upto: cursor}
	last := l.Seq()
	wants := topic.hashed()
	err := l.view(func(r *rows) error {
		if cut, err := r.mark("cut"); err != nil || cursor < cut.Seq {
			return errors.Join(err, fmt.Errorf("%w: events up to %d", ErrArchived, cut.Seq))
		}
		for seq := cursor + 1; seq <= min(last, cursor+pageSeen) && len(b.found) < pageFound; seq++ {
			b.upto = seq
			e, wanted, err := r.wanted(seq, wants)
			if isDamaged(err) {
				b.found = append(b.found, found{floor.Event{Seq: seq}, err})
				continue
			}
			if err != nil {
				return err
			}
			if wanted && topic.wants(e.Fact) {
				b.found = append(b.found, found{event: e})
			}
		}
		return nil
	})
	return b, err
}

// wanted decodes event seq if its record says that it is of interest.
func (r *rows) wanted(seq uint64, w interests) (floor.Event, bool, error) {
	l, err := r.line(seq)
	if err != nil {
		return floor.Event{}, false, err
	}
	rec, err := parseRecord(l.record())
	if err != nil {
		return floor.Event{}, false, fmt.Errorf("event %d: %w", seq, err)
	}
	if !w.want(rec) {
		return floor.Event{}, false, nil
	}
	e, err := rec.event(seq)
	return e, true, err
}

// interests are a topic as records say it.
type interests struct {
	all    bool
	kinds  Topic
	hashes map[uint32]bool
}

func (t Topic) hashed() interests {
	w := interests{kinds: t, hashes: map[uint32]bool{}}
	for _, s := range t {
		w.all = w.all || s == Everything
		w.hashes[interest(s)] = true
	}
	return w
}

func (w interests) want(r record) bool {
	if w.all || slices.Contains(w.kinds, r.kind) {
		return true
	}
	return slices.ContainsFunc(r.interests, func(i uint32) bool { return w.hashes[i] })
}

func (t Topic) wants(f floor.Fact) bool {
	if slices.Contains(t, Everything) || slices.Contains(t, string(f.Kind())) {
		return true
	}
	return slices.ContainsFunc(f.Subjects(), func(s string) bool { return slices.Contains(t, s) })
}

// A follower is one running Follow. The tail hands it what it wants.
type follower struct {
	topic Topic
	wake  chan struct{} // holds one token when there is something to take

	mu      sync.Mutex
	waiting []*entry // guarded by mu; at most maxWaiting, in order
	handed  uint64   // guarded by mu; the last event that came
	lost    bool     // guarded by mu; more came than it takes: read on from the cursor
}

// maxWaiting is how many events wait in a follower; one that is slower reads on
// from the tail or the disk, so that it costs others neither time nor memory.
const maxWaiting = 256

// hand gives f an event. The tail calls it once per interest that fits.
func (f *follower) hand(e *entry) {
	f.mu.Lock()
	switch {
	case f.lost || e.event.Seq <= f.handed:
	case len(f.waiting) == maxWaiting:
		f.waiting, f.lost = nil, true
	default:
		f.waiting, f.handed = append(f.waiting, e), e.event.Seq
	}
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take gives what was handed to f since, and whether f is still served by the tail.
func (f *follower) take(after uint64) (b batch, live bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b.upto = after
	for _, e := range f.waiting {
		b.found = append(b.found, found{event: e.event})
		b.upto = e.event.Seq
	}
	f.waiting = nil
	return b, !f.lost
}

// An entry is a committed event in memory, with what it may be wanted for.
type entry struct {
	event     floor.Event
	interests []string // its subjects, its kind, and Everything
	size      int      // about how many bytes it takes
}

func newEntry(e floor.Event) *entry {
	in := append(slices.Clone(e.Fact.Subjects()), string(e.Fact.Kind()), Everything)
	return &entry{event: e, interests: in}
}

func (t Topic) fits(e *entry) bool {
	return slices.ContainsFunc(t, func(s string) bool { return slices.Contains(e.interests, s) })
}

// The tail holds the newest events, decoded once and shared, and knows who
// waits for what.
type tail struct {
	keep int // how many events at most

	mu      sync.Mutex
	entries []*entry                      // guarded by mu; the events after start, in order
	start   uint64                        // guarded by mu
	size    int                           // guarded by mu; sum of the entries' sizes
	waiting map[string]map[*follower]bool // guarded by mu; interest -> who waits for it
}

func newTail(start uint64, keep int) *tail {
	return &tail{keep: keep, start: start, waiting: map[string]map[*follower]bool{}}
}

// join makes f one of those who are handed events, and gives what it wants
// after the cursor. It does neither if the tail does not reach back that far.
func (t *tail) join(f *follower, cursor uint64) (batch, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if cursor < t.start || cursor > t.start+uint64(len(t.entries)) {
		return batch{}, false
	}
	b := batch{upto: t.start + uint64(len(t.entries))}
	for _, e := range t.entries[cursor-t.start:] {
		if f.topic.fits(e) {
			b.found = append(b.found, found{event: e.event})
		}
	}
	f.mu.Lock()
	f.waiting, f.handed, f.lost = nil, b.upto, false
	f.mu.Unlock()
	for _, s := range f.topic {
		if t.waiting[s] == nil {
			t.waiting[s] = map[*follower]bool{}
		}
		t.waiting[s][f] = true
	}
	return b, true
}

func (t *tail) leave(f *follower) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range f.topic {
		delete(t.waiting[s], f)
		if len(t.waiting[s]) == 0 {
			delete(t.waiting, s)
		}
	}
}

// publish adds events and hands them to those who want them; nobody else
// notices.
func (t *tail) publish(entries []*entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range entries {
		t.entries = append(t.entries, e)
		t.size += e.size
		for _, s := range e.interests {
			for f := range t.waiting[s] {
				f.hand(e)
			}
		}
	}
	drop := 0
	for len(t.entries)-drop > t.keep || t.size > tailBytes && drop < len(t.entries) {
		t.size -= t.entries[drop].size
		t.entries[drop] = nil
		drop++
	}
	t.entries = t.entries[drop:]
	t.start += uint64(drop)
}

// followers counts those who are being served from memory.
func (t *tail) followers() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	distinct := map[*follower]bool{}
	for _, fs := range t.waiting {
		for f := range fs {
			distinct[f] = true
		}
	}
	return len(distinct)
}
