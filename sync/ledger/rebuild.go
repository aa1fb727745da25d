package ledger

import (
	"context"
	"errors"
	"fmt"

	"floord/floor"
)

const (
	rebuildBucket = "rebuild" // holds new views and answered keys until they are whole
	rebuildBout   = 500       // events in one transaction; they are read before it begins, so that commits wait little
)

// Rebuild folds the journal again, archives first, and puts the new views and
// answered keys in the place of the old ones. Commits and reads go on meanwhile.
// A crash leaves the old views, and so does a journal that cannot be read whole:
// views that miss an event would be wrong without saying so.
func (l *Ledger) Rebuild(ctx context.Context) error {
	l.chores.Lock()
	defer l.chores.Unlock()
	if err := l.rebuild(ctx); err != nil {
		return fmt.Errorf("rebuild: %w", errors.Join(err, l.dropRebuild()))
	}
	return nil
}

func (l *Ledger) rebuild(ctx context.Context) error {
	if err := l.dropRebuild(); err != nil {
		return err
	}
	if err := l.update(startRebuild); err != nil {
		return err
	}
	at, err := l.foldArchives(ctx)
	if err != nil {
		return err
	}
	b := &rebuilder{l: l, next: at.Seq + 1}
	for b.next+rebuildBout < l.Seq() {
		if err := errors.Join(ctx.Err(), b.bout()); err != nil {
			return err
		}
	}
	l.writing.Lock() // no commit between the last events and the swap
	defer l.writing.Unlock()
	for done := false; !done; done = b.next > b.head {
		if err := l.updateAlone(b.lastBout); err != nil {
			return err
		}
	}
	if err := l.updateAlone(swapRebuilt); err != nil {
		return err
	}
	l.stale.Store(false)
	return nil
}

func startRebuild(r *rows) error {
	r.dirty = true
	b, err := r.tx.CreateBucket([]byte(rebuildBucket))
	if err != nil {
		return err
	}
	_, err = b.CreateBucket([]byte(viewsBucket))
	_, err2 := b.CreateBucket([]byte(answeredBucket))
	return errors.Join(err, err2)
}

// dropRebuild removes what an earlier rebuild left.
func (l *Ledger) dropRebuild() error {
	return l.update(func(r *rows) error {
		if r.tx.Bucket([]byte(rebuildBucket)) == nil {
			return nil
		}
		r.dirty = true
		return r.tx.DeleteBucket([]byte(rebuildBucket))
	})
}

// swapRebuilt is a transaction of its own: bbolt moves a bucket as it stands on
// disk, without what the same transaction has put there.
func swapRebuilt(r *rows) error {
	r.dirty = true
	r.skus.forget()
	from := r.tx.Bucket([]byte(rebuildBucket))
	for _, name := range []string{viewsBucket, answeredBucket} {
		if err := r.tx.DeleteBucket([]byte(name)); err != nil {
			return err
		}
		if err := r.tx.MoveBucket([]byte(name), from, nil); err != nil {
			return err
		}
	}
	return errors.Join(r.putFolded(), r.tx.DeleteBucket([]byte(rebuildBucket)))
}

// A rebuilder folds the journal in bouts.
type rebuilder struct {
	l       *Ledger
	next    uint64
	head    uint64 // the last event there was at the last bout
	answers answers
}

// bout reads some events and folds them.
func (b *rebuilder) bout() error {
	var page []floor.Event
	last := b.l.Seq() // before the view begins: it has no later ones
	err := b.l.view(func(r *rows) (err error) {
		page, err = b.read(r, last)
		return err
	})
	if err != nil {
		return err
	}
	return b.l.update(func(r *rows) error { return b.fold(r, page) })
}

// lastBout is bout while no commit can come between.
func (b *rebuilder) lastBout(r *rows) error {
	head, err := r.mark("head")
	if err != nil {
		return err
	}
	b.head = head.Seq
	page, err := b.read(r, head.Seq)
	if err != nil {
		return err
	}
	return b.fold(r, page)
}

// read reads the next events, up to last.
func (b *rebuilder) read(r *rows, last uint64) ([]floor.Event, error) {
	var page []floor.Event
	for seq := b.next; seq <= last && len(page) < rebuildBout; seq++ {
		e, err := r.event(seq)
		if err != nil {
			return nil, fmt.Errorf("%w: mend the journal first with: floord restore BACKUP", err)
		}
		page = append(page, e)
	}
	return page, nil
}

func (b *rebuilder) fold(r *rows, page []floor.Event) error {
	into := r.rebuilt()
	if err := b.l.foldAll(into, page); err != nil {
		return err
	}
	for i, e := range page {
		b.answers.add(e)
		b.next = e.Seq + 1
		if i+1 < len(page) && page[i+1].Cause == e.Cause {
			continue // the answer is not yet whole
		}
		if err := into.putAnswer(b.answers.key, b.answers.first, e.Seq); err != nil {
			return err
		}
	}
	return nil
}

// rebuilt are the rows under the rebuild bucket.
func (r *rows) rebuilt() *rows {
	r.dirty = true
	top := r.tx.Bucket([]byte(rebuildBucket))
	into := rowsOf(r.tx, top.Bucket([]byte(viewsBucket)), r.seals, r.hurt)
	into.answered().use(top.Bucket([]byte(answeredBucket)))
	return into
}

// answers finds in the order of events which of them belong to one request.
type answers struct {
	key   string
	first uint64
}

// add takes the next event and says whether it is the first of its request.
func (a *answers) add(e floor.Event) bool {
	if e.Cause == a.key {
		return false
	}
	a.key, a.first = e.Cause, e.Seq
	return true
}
