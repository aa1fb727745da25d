package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"floord/floor"

	"go.etcd.io/bbolt"
)

// A Verification is what Verify has checked and found.
type Verification struct {
	First, Last uint64 // events read, archives included
	Rows        int    // rows of all kinds whose tag was checked
	Head        string // the chain up to Last, hex: write it down elsewhere to prove later that nothing was changed
	Problems    []Problem
	More        int  // problems beyond the 1,000 that are named
	Stale       bool // the views were not compared: see Ledger.Stale
}

// A Problem is one thing that does not hold.
type Problem struct {
	Where string // "journal 812", "views/orders DB20261121-ORD-000001", "archive 2026-07-14.jsonl.zst.sealed"
	What  string
}

func (p Problem) String() string { return p.Where + ": " + p.What }

// OK reports whether all holds.
func (v Verification) OK() bool { return len(v.Problems) == 0 }

const maxProblems = 1000

var notCompared = Problem{"views", "not compared: the journal cannot be folded whole"}

func (v *Verification) fail(where, what string, args ...any) {
	if len(v.Problems) == maxProblems {
		v.More++
		return
	}
	v.Problems = append(v.Problems, Problem{where, fmt.Sprintf(what, args...)})
}

// Bounds of one transaction while verifying.
const (
	verifyEvents = 500
	verifyRows   = 2000
)

// Verify reads everything: the tag of every row, the chain over every event,
// archives included, that every payload is the one its event names, that the
// answered keys name the events they led to, and that the views equal a fresh
// fold of the journal. Commits go on meanwhile. The fold is made beside the
// ledger, sealed, and needs as much room on the disk as the views take.
//
// What does not hold is in the Verification; the error is about the verifying.
func (l *Ledger) Verify(ctx context.Context) (Verification, error) {
	l.chores.Lock()
	defer l.chores.Unlock()
	v, err := l.verify(ctx)
	if err != nil {
		return v, fmt.Errorf("verify: %w", err)
	}
	return v, nil
}

func (l *Ledger) verify(ctx context.Context) (Verification, error) {
	s, err := l.newScratch()
	if err != nil {
		return Verification{}, err
	}
	defer s.db.Close()
	c := &checker{l: l, scratch: s}
	c.out.First = 1
	if err := c.archives(ctx); err != nil {
		return c.out, err
	}
	for c.at.Seq < l.Seq() {
		if err := errors.Join(ctx.Err(), c.events()); err != nil {
			return c.out, err
		}
	}
	for _, check := range []func(context.Context) error{c.answered, c.raws, c.views} {
		if err := check(ctx); err != nil {
			return c.out, err
		}
	}
	c.out.Last, c.out.Head = c.at.Seq, hex.EncodeToString(c.at.Chain[:])
	return c.out, nil
}

// A checker walks along the journal, folding as it goes.
type checker struct {
	l       *Ledger
	scratch *scratch
	out     Verification
	at      mark   // the last event that was checked
	base    uint64 // the last event in an archive
	lost    bool   // the chain up to at is not known: its event was damaged
	asked   answers
	keys    int  // requests seen after the cut
	torn    bool // an event could not be folded: the views cannot be compared
}

// events checks the next page of the journal.
func (c *checker) events() error {
	var page []floor.Event
	last := min(c.l.Seq(), c.at.Seq+verifyEvents) // before the view begins: it has no later ones
	err := c.l.view(func(r *rows) (err error) {
		page, err = c.read(r, last)
		return err
	})
	if err != nil {
		return err
	}
	return c.fold(page)
}

// read checks the events after c.at up to and with last, and gives them.
func (c *checker) read(r *rows, last uint64) ([]floor.Event, error) {
	var page []floor.Event
	for c.at.Seq < last {
		seq := c.at.Seq + 1
		where := fmt.Sprintf("journal %d", seq)
		c.out.Rows++
		l, err := r.line(seq)
		if err != nil {
			c.out.fail(where, "%v", err)
			c.at.Seq, c.lost, c.torn = seq, true, true
			continue
		}
		if want := c.at.Chain.next(seq, l.record()); !c.lost && want != l.chain() {
			c.out.fail(where, "the chain is broken between this event and the one before")
		}
		c.at, c.lost = mark{Seq: seq, Chain: l.chain()}, false
		e, err := c.decode(r, seq, l)
		if err != nil {
			c.out.fail(where, "%v", err)
			c.torn = true
			continue
		}
		page = append(page, e)
	}
	head, err := r.mark("head")
	if err == nil && head.Seq == c.at.Seq && !c.lost && head != c.at {
		c.out.fail("meta head", "it does not name the chain of the last event")
	}
	return page, err
}

func (c *checker) decode(r *rows, seq uint64, l line) (floor.Event, error) {
	rec, err := parseRecord(l.record())
	if err != nil {
		return floor.Event{}, err
	}
	if len(rec.raw) > 0 {
		raw, err := r.raw(seq)
		if sum := sha256.Sum256(raw); err != nil || !bytes.Equal(sum[:], rec.raw) {
			c.out.fail(fmt.Sprintf("raw %d", seq), "the payload is not the one that the event names")
		}
	}
	e, err := rec.event(seq)
	if err == nil && c.asked.add(e) {
		c.keys++
	}
	return e, err
}

// fold brings the scratch views up to the page.
func (c *checker) fold(page []floor.Event) error {
	if len(page) == 0 || c.torn {
		return nil
	}
	return c.scratch.update(func(r *rows) error {
		for _, e := range page {
			if err := c.l.fold(r, e); err != nil {
				c.out.fail(fmt.Sprintf("journal %d", e.Seq), "it does not fold: %v", err)
				c.torn = true
				return nil
			}
		}
		return nil
	})
}

// answered checks that every key leads to events that name it, and that no key
// is missing.
func (c *checker) answered(ctx context.Context) error {
	keys, upto := 0, c.at.Seq
	err := c.each(ctx, func(r *rows) *bucket { return r.answered() }, func(r *rows, key string, plain []byte) {
		where := "answered " + key
		if plain == nil {
			keys++
			return // named already
		}
		first, last, err := r.answer(key)
		if last > upto || last != 0 && last <= c.base {
			return // it came after the events were counted, or is about to leave
		}
		keys++
		if err != nil || first == 0 || first > last {
			c.out.fail(where, "it names no events")
			return
		}
		l, err := r.line(first)
		if err != nil {
			return // named already
		}
		if rec, err := parseRecord(l.record()); err == nil && rec.cause != key {
			c.out.fail(where, "event %d was asked for by %s", first, rec.cause)
		}
	})
	if !c.torn && keys != c.keys {
		c.out.fail("answered", "%d keys for %d requests in the journal", keys, c.keys)
	}
	return err
}

// raws checks the tags of payloads; those that an event names were compared.
func (c *checker) raws(ctx context.Context) error {
	return c.each(ctx, func(r *rows) *bucket { return r.top(rawBucket) }, func(*rows, string, []byte) {})
}

// each calls f for every sound row of a bucket, in short transactions.
func (c *checker) each(ctx context.Context, of func(*rows) *bucket, f func(r *rows, key string, plain []byte)) error {
	for from, done := "", false; !done; {
		err := c.l.view(func(r *rows) error {
			var err error
			from, done, err = c.chunk(of(r), from, func(key string, plain []byte) { f(r, key, plain) })
			return err
		})
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// chunk reads up to verifyRows rows of b from a key on, and gives the next key.
func (c *checker) chunk(b *bucket, from string, f func(key string, plain []byte)) (next string, done bool, err error) {
	if b.b == nil {
		return "", true, nil
	}
	cur := b.b.Cursor()
	n := 0
	for k, v := cur.Seek([]byte(from)); k != nil; k, v = cur.Next() {
		if n++; n > verifyRows {
			return string(k), false, nil
		}
		c.out.Rows++
		plain, err := b.open(k, v)
		if err != nil {
			c.out.fail(b.name+" "+readable(k), "the row is damaged")
			plain = nil
		}
		f(string(k), plain)
	}
	return "", true, nil
}

// views compares the views with the fold, bucket by bucket and piece by piece.
// Each piece is compared at one moment, with the fold brought up to it.
func (c *checker) views(ctx context.Context) error {
	if c.torn {
		c.out.Problems = append(c.out.Problems, notCompared)
	}
	if c.out.Stale = c.l.Stale(); c.out.Stale {
		return nil
	}
	names, err := c.viewNames()
	if err != nil {
		return err
	}
	for _, name := range names {
		for from, done := "", false; !done; {
			err := c.l.view(func(r *rows) (err error) {
				from, done, err = c.piece(r, name, from)
				return err
			})
			if err := errors.Join(err, ctx.Err()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) viewNames() ([]string, error) {
	seen := map[string]bool{}
	var names []string
	list := func(r *rows) error {
		return r.views.ForEachBucket(func(k []byte) error {
			if !seen[string(k)] {
				seen[string(k)] = true
				names = append(names, string(k))
			}
			return nil
		})
	}
	return names, errors.Join(c.l.view(list), c.scratch.view(list))
}

// piece compares up to verifyRows rows of one view from a key on.
func (c *checker) piece(r *rows, name, from string) (next string, done bool, err error) {
	head, err := r.mark("head")
	if err != nil {
		return "", true, err
	}
	for c.at.Seq < head.Seq {
		page, err := c.read(r, min(head.Seq, c.at.Seq+verifyEvents))
		if err = errors.Join(err, c.fold(page)); err != nil {
			return "", true, err
		}
	}
	have := map[string][]byte{}
	next, done, err = c.chunk(r.view(name, false), from, func(key string, plain []byte) { have[key] = plain })
	if err != nil || c.torn {
		return next, done, err
	}
	where := func(key string) string { return viewsBucket + "/" + name + " " + readable([]byte(key)) }
	err = c.scratch.view(func(s *rows) error {
		return s.scan(name, from, "", func(key string, want []byte) (bool, error) {
			if !done && key >= next {
				return false, nil
			}
			got, there := have[key]
			delete(have, key)
			switch {
			case !there:
				c.out.fail(where(key), "the row is missing")
			case got != nil && !bytes.Equal(got, want):
				c.out.fail(where(key), "the row is not what the journal says")
			}
			return true, nil
		})
	})
	for key := range have {
		c.out.fail(where(key), "the row should not be there")
	}
	return next, done, err
}

// A scratch is a file for the fold of a verification. Nobody finds it: its name
// is removed as soon as it is open.
type scratch struct {
	db    *bbolt.DB
	seals *seals
	hurt  damage
}

func (l *Ledger) newScratch() (*scratch, error) {
	path := l.path + ".verify-" + rand.Text()[:8]
	db, err := bbolt.Open(path, 0o600, boltOptions(nil))
	if err != nil {
		return nil, fmt.Errorf("scratch file: %w", errors.Join(err, os.Remove(path)))
	}
	s := &scratch{db: db, seals: l.seals}
	err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte(viewsBucket)); return err })
	if err := errors.Join(os.Remove(path), err); err != nil {
		return nil, fmt.Errorf("scratch file: %w", errors.Join(err, db.Close()))
	}
	return s, nil
}

func (s *scratch) rows(tx *bbolt.Tx) *rows {
	return rowsOf(tx, tx.Bucket([]byte(viewsBucket)), s.seals, &s.hurt)
}

func (s *scratch) update(f func(*rows) error) error {
	return guard(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			r := s.rows(tx)
			if err := f(r); err != nil {
				return err
			}
			return r.settle()
		})
	})
}

func (s *scratch) view(f func(*rows) error) error {
	return guard(func() error { return s.db.View(func(tx *bbolt.Tx) error { return f(s.rows(tx)) }) })
}
