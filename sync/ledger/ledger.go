// Package ledger keeps the floor's journal in one bbolt file. A commit appends
// facts, folds them into the views and notes the request's key, all in one
// transaction and one sync of the disk; whatever reacts follows the journal with
// a cursor. The journal is the truth: views are its fold and can be rebuilt.
//
// Every row is sealed with AES-256-GCM under a key that lies in a file of its
// own, so a row that was changed, moved or torn is noticed when it is read: it
// is named, counted and never served, and the other rows go on. Records of the
// journal are chained by SHA-256.
//
// A disk that fails in the middle of a commit leaves it unknown whether the
// commit stands. The ledger then stops for good: every later call says so, the
// process reopens it, and whoever asks again with the same key hears the truth.
package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"floord/floor"

	"go.etcd.io/bbolt"
)

// Errors that callers branch on. They come wrapped.
var (
	// ErrUnknown answers the requests that were in a commit which the disk did
	// not confirm. They may stand or not: ask again, with the same key, after
	// the ledger was opened again.
	ErrUnknown = errors.New("it is not known whether the disk kept this")
	// ErrStopped answers every call after such a commit.
	ErrStopped = errors.New("ledger stopped")
	// ErrClosed answers calls after Close.
	ErrClosed = errors.New("ledger closed")
	// ErrReserve refuses a request that is not urgent while the disk is nearly full.
	ErrReserve = errors.New("disk nearly full, the rest is kept for work in progress")
	// ErrFull says that the disk is full and that nothing of this commit was
	// written. The ledger goes on, and commits pass again when there is room.
	ErrFull = errors.New("disk full, nothing was written")
)

// Options say how to open a ledger. The zero value works.
type Options struct {
	// KeyFile holds the key that seals every row. It is created with the
	// ledger, readable by its owner only; empty means the ledger's path + ".key".
	// A backup does not hold it: without it a ledger cannot be read by anybody.
	KeyFile string
	// Archive is the folder of the days that left the journal; empty means
	// "archive" beside the ledger. A backup does not hold them: copy them too.
	Archive string
	// Reserve is how many bytes of the disk are kept for urgent requests.
	// 0 means 256 MiB, less than 0 means none.
	Reserve int64
	// Tail is how many of the newest events are held in memory for followers.
	// 0 means 4,096. They never take more than 16 MiB.
	Tail int
	// DecideTwice runs every decide a second time and fails a commit whose two
	// runs differ or whose facts change when written and read back. For tests.
	DecideTwice bool

	fold foldFunc // tests of the ledger itself fold their own way
}

const (
	layoutVersion  = 1
	defaultReserve = 256 << 20
	defaultTail    = 4096
	tailBytes      = 16 << 20
)

// A foldFunc brings the views up to date with one event. It is deterministic
// and writes nothing but rows of views.
type foldFunc func(*rows, floor.Event) error

// A Ledger is the open file. Its methods may be called from any goroutine.
type Ledger struct {
	path  string
	opts  Options
	db    *bbolt.DB
	seals *seals
	fold  foldFunc
	epoch string
	tail  *tail
	done  chan struct{} // closed by stop and Close

	writing sync.Mutex                // held around every write transaction, see update
	arena   arena                     // guarded by writing
	skus    skus                      // guarded by writing
	late    map[string]map[string]any // guarded by writing; empty between transactions, for its memory
	scribed arena                     // guarded by writing, the scribe's while it works
	packing pack                      // likewise
	chores  sync.Mutex                // held by Rebuild, Verify, Backup and Archive: one at a time

	mu      sync.Mutex
	leading bool       // guarded by mu; a caller of Commit is writing for all in a queue
	queues  [2][]*call // guarded by mu; of calls, and of bulk calls
	stopped error      // guarded by mu; why no call is served any more
	idle    *sync.Cond

	head  mark                 // the last committed event; the leader's alone
	cut   atomic.Pointer[mark] // the last event that was archived
	seq   atomic.Uint64        // head.Seq as published to followers
	stale atomic.Bool          // see Stale
	stats counters
	hurt  damage
}

// A mark is a place in the journal: an event and the chain up to it.
type mark struct {
	Seq   uint64
	Chain chain
}

// Open opens the ledger at path, or creates it with its key file where there is
// none. It may wait up to a second for the file lock: the old process may still
// be draining. Longer than that means two daemons, and Open says so. A file that
// cannot be trusted is refused with one sentence that names the cure; Open does
// not change it.
func Open(path string, o Options) (*Ledger, error) {
	l, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	return l, nil
}

func open(path string, o Options) (*Ledger, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	o = o.withDefaults(path)
	if err := createMissing(path, o); err != nil {
		return nil, err
	}
	key, err := readKey(o.KeyFile)
	if err != nil {
		return nil, err
	}
	seals := newSeals(key)
	l := newLedger(path, o, seals)
	if l.db, err = openFile(path, seals.id(), &l.hurt); err != nil {
		return nil, err
	}
	if err := l.load(); err != nil {
		return nil, errors.Join(err, l.db.Close())
	}
	return l, nil
}

func (o Options) withDefaults(path string) Options {
	if o.KeyFile == "" {
		o.KeyFile = path + ".key"
	}
	if o.Archive == "" {
		o.Archive = filepath.Join(filepath.Dir(path), "archive")
	}
	if o.Reserve == 0 {
		o.Reserve = defaultReserve
	}
	if o.Tail <= 0 {
		o.Tail = defaultTail
	}
	if o.fold == nil {
		o.fold = fold
	}
	return o
}

func newLedger(path string, o Options, s *seals) *Ledger {
	l := &Ledger{path: path, opts: o, seals: s, fold: o.fold, done: make(chan struct{})}
	l.idle = sync.NewCond(&l.mu)
	l.cut.Store(&mark{})
	return l
}

// load reads what the ledger keeps in memory: its epoch, its head and its cut.
func (l *Ledger) load() error {
	err := l.view(func(r *rows) error {
		epoch, err := r.meta().get("epoch")
		if err != nil {
			return err
		}
		l.epoch = hex.EncodeToString(epoch)
		if l.head, err = r.mark("head"); err != nil {
			return err
		}
		cut, err := r.mark("cut")
		if err != nil {
			return err
		}
		l.cut.Store(&cut)
		folded, err := r.folded()
		if err != nil {
			return err
		}
		l.stale.Store(folded != foldVersion)
		return r.checkHead(l.head)
	})
	if err != nil {
		return &spoiltError{err}
	}
	l.seq.Store(l.head.Seq)
	l.tail = newTail(l.head.Seq, l.opts.Tail)
	return nil
}

// checkHead checks that the journal ends where the meta bucket says.
func (r *rows) checkHead(head mark) error {
	if r.journal().b == nil {
		return errors.New("the journal is missing")
	}
	if last, _ := r.journal().b.Cursor().Last(); last != nil && string(last) != seqKey(head.Seq) || last == nil && head.Seq != 0 {
		return fmt.Errorf("the journal ends at event %s and not at %d", readable(last), head.Seq)
	}
	return nil
}

// Close waits for the commit that is being written and closes the file. Calls
// that still wait for their turn get ErrClosed.
func (l *Ledger) Close() error {
	sound := l.serving() == nil
	l.halt(ErrClosed)
	l.mu.Lock()
	for l.leading {
		l.idle.Wait()
	}
	l.mu.Unlock()
	l.writing.Lock()
	defer l.writing.Unlock()
	if sound {
		l.keepFree()
	}
	if err := l.db.Close(); err != nil {
		return fmt.Errorf("close ledger %s: %w", l.path, err)
	}
	return nil
}

// fewFree is how many free pages commits list, in a page or two. Without the list Open
// looks for them in the whole file, a second for two gigabytes; but to write down more
// of them each time takes longer than that.
const fewFree = 1000

// keepFree writes the list of free pages down, unless the last commit did.
func (l *Ledger) keepFree() {
	if !l.db.NoFreelistSync {
		return
	}
	_ = guard(func() error { // without it Open looks for them
		return l.db.Update(func(tx *bbolt.Tx) error {
			if tx.Size() < smallFile {
				return errSmall
			}
			l.db.NoFreelistSync = false
			return nil
		})
	})
}

// A small file is searched for its free pages within milliseconds.
const smallFile = 4 << 20

var errSmall = errors.New("not worth two syncs")

// halt ends service with the reason that later calls hear. The first one stays.
func (l *Ledger) halt(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped != nil {
		return
	}
	l.stopped = why
	close(l.done)
}

// serving says why calls are not served, or nil.
func (l *Ledger) serving() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped
}

// Epoch names this life of the ledger: random at creation and again at every
// restore, so that a handheld cannot mistake one for the other.
func (l *Ledger) Epoch() string { return l.epoch }

// Seq is the sequence number of the last committed event, 0 if there is none.
func (l *Ledger) Seq() uint64 { return l.seq.Load() }

// Began gives when the first event of all was written; false if there is none, or if it
// has left for the archive or cannot be read.
func (l *Ledger) Began() (at time.Time, ok bool, err error) {
	if l.cut.Load().Seq > 0 || l.Seq() == 0 {
		return at, false, nil
	}
	err = l.view(func(r *rows) error {
		e, err := r.event(1)
		if isDamaged(err) {
			return nil
		}
		at, ok = e.At, err == nil
		return err
	})
	return at, ok, err
}

// Stale reports whether another version of floord folded the views: they are served,
// but rows may be missing in them until Rebuild has folded the journal again.
func (l *Ledger) Stale() bool { return l.stale.Load() }

// Read calls f with a view of one moment; the view dies with the call. Events
// up to Seq as it was before the call are in it. f must be quick (writers need
// the room that an open view holds) and must not call the ledger.
func (l *Ledger) Read(f func(*View) error) error {
	return l.view(func(r *rows) error { return f(newView(r)) })
}

// Raw gives the bytes from outside that came with event seq, or nil if it had none.
func (l *Ledger) Raw(seq uint64) (raw []byte, err error) {
	err = l.Read(func(v *View) (err error) {
		raw, err = v.Raw(seq)
		return err
	})
	return raw, err
}

// view runs f over the rows of one moment. A panic of f, or of bbolt over a
// page that cannot be, is an error.
func (l *Ledger) view(f func(*rows) error) error {
	if err := l.serving(); err != nil {
		return err
	}
	tx, err := l.db.Begin(false)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	l.stats.reading.Add(1)
	defer l.stats.reading.Add(-1)
	return guard(func() error { return f(l.rows(tx)) })
}

// update is the one place where something is written to the file: it runs f in
// a write transaction and commits it. An error of f writes nothing. If the disk
// does not confirm the commit, the ledger stops; see commit.
func (l *Ledger) update(f func(*rows) error) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.updateAlone(f)
}

// updateAlone is update for those who hold writing.
func (l *Ledger) updateAlone(f func(*rows) error) error {
	if err := l.serving(); err != nil {
		return err
	}
	tx, err := l.db.Begin(true)
	if err != nil {
		return l.stop(err)
	}
	defer l.arena.reset()
	defer l.scribed.reset()
	defer guard(tx.Rollback) // does nothing after a commit
	r := l.rows(tx)
	r.arena, r.skus, r.late = &l.arena, &l.skus, l.late
	err = guard(func() error {
		if err := f(r); err != nil {
			return err
		}
		return r.settle()
	})
	if err == nil && r.dirty {
		err = l.commit(tx)
	}
	if l.late = r.late; err != nil {
		l.skus.forget()
		l.late = nil
	}
	return err
}

// commit syncs tx to the disk. bbolt may show a transaction whose last sync
// failed, and the disk may have lost it all the same: after such an error
// nobody can say what stands, so nothing more is served.
func (l *Ledger) commit(tx *bbolt.Tx) error {
	id := tx.ID()
	start := time.Now()
	pages := l.db.Stats()
	l.db.NoFreelistSync = pages.FreePageN+pages.PendingPageN > fewFree
	err := guard(tx.Commit)
	if err == nil {
		l.stats.synced(time.Since(start))
		return nil
	}
	if isFull(err) && l.untouched(id) {
		return fmt.Errorf("%w: %v", ErrFull, err)
	}
	return l.stop(err)
}

// stop ends service after a failure of the disk and gives the error for those
// who were in that commit.
func (l *Ledger) stop(err error) error {
	l.halt(fmt.Errorf("%w after a commit that the disk did not confirm (%v): start floord again", ErrStopped, err))
	return fmt.Errorf("%w: %v", ErrUnknown, err)
}
