package ledger

import (
	"runtime"
	"sync/atomic"

	"floord/floor"
)

// A scribe writes down what one transaction adds to the journal, while the
// leader goes on deciding and folding: to encode, chain and seal an order takes
// as long as to decide and fold it, and needs nothing of the transaction. It
// works in a goroutine of its own, from the second call on or the first of many facts,
// until stop.
type scribe struct {
	journal, raw *bucket // for their seals; nothing is put by the scribe
	waiting      *draft  // the first one, until a second comes
	drafts       chan draft
	ended        bool          // no more drafts come
	done         chan struct{} // closed when all are written down
	size         atomic.Int64  // bytes sealed

	// The scribe's own until stop has returned.
	head   mark
	rows   []sealedRow
	spoilt *call // its facts cannot be written; err says why
	err    error
	arena  *arena
	line   line  // memory for the next one
	pack   *pack // memory too
}

// A draft is the facts of one call, stamped.
type draft struct {
	call    *call
	at      int64
	entries []*entry
}

// A sealedRow waits for being put.
type sealedRow struct {
	bucket *bucket
	key    string
	sealed []byte
}

func (l *Ledger) newScribe(r *rows) *scribe {
	l.packing.empty()
	return &scribe{journal: r.journal(), raw: r.top(rawBucket), head: l.head, arena: &l.scribed, pack: &l.packing}
}

// manyFacts are worth a goroutine by themselves.
const manyFacts = 8

// take gives the scribe the next call's facts.
func (s *scribe) take(d draft) {
	switch {
	case s.drafts != nil:
		s.drafts <- d
	case s.waiting == nil && len(d.entries) < manyFacts:
		s.waiting = &d
	default:
		s.drafts, s.done = make(chan draft, 64), make(chan struct{})
		go s.run()
		if s.waiting != nil {
			s.drafts <- *s.waiting
			s.waiting = nil
		}
		s.drafts <- d
	}
}

// end says that no more facts come: their scribe writes the last of them down while the
// leader goes on.
func (s *scribe) end() {
	if s.drafts != nil && !s.ended {
		close(s.drafts)
		s.ended = true
	}
}

// stop waits until all is written down. It may be called again.
func (s *scribe) stop() {
	s.end()
	switch {
	case s.ended:
		<-s.done
	case s.waiting != nil:
		s.write(*s.waiting)
		s.sealPack()
		s.waiting = nil
	}
}

func (s *scribe) run() {
	defer close(s.done)
	for d := range s.drafts {
		s.write(d)
	}
	s.sealPack()
}

// write writes down one draft, unless one before it could not be: then the
// transaction is run again without that one.
func (s *scribe) write(d draft) {
	if s.spoilt != nil {
		return
	}
	if err := guard(func() error { return s.writeDown(d) }); err != nil {
		s.spoilt, s.err = d.call, err
	}
}

func (s *scribe) writeDown(d draft) error {
	facts := make([]floor.Fact, len(d.entries))
	for i, e := range d.entries {
		if i%8 == 7 {
			runtime.Gosched() // a page takes a millisecond, and others wait for their turn
		}
		facts[i] = e.event.Fact
	}
	records, err := encode(d.call.req, facts)
	if err != nil {
		return err
	}
	for i, e := range d.entries {
		records[i].at = d.at
		s.line = newLine(s.line, s.head, records[i])
		s.head = mark{Seq: e.event.Seq, Chain: s.line.chain()}
		e.size = len(s.line)
		s.seal(s.journal, s.head.Seq, s.line)
		if raw := payload(facts[i]); raw != nil {
			e.size += len(raw)
			if held := len(s.pack.plain); held > 0 && held+len(raw) > packBytes {
				s.sealPack()
			}
			s.pack.add(s.head.Seq, raw)
		}
	}
	return nil
}

// sealPack seals what the pack holds, if anything, and empties it.
func (s *scribe) sealPack() {
	if p := s.pack; len(p.of) > 0 && s.spoilt == nil {
		s.seal(s.raw, p.last(), p.write(s.raw.rows.seals.pack))
		p.empty()
	}
}

func (s *scribe) seal(b *bucket, seq uint64, plain []byte) {
	key := seqKey(seq)
	sealed := b.seal(s.arena, []byte(key), plain)
	s.size.Add(int64(len(sealed)))
	s.rows = append(s.rows, sealedRow{b, key, sealed})
}
