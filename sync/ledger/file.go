package ledger

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// install makes a file appear at path whole or not at all: it is written under
// another name in the same folder, synced, renamed, and the folder is synced.
// It does not replace a file that is there.
func install(path string, write func(*os.File) error) error {
	f, err := os.OpenFile(path+".new-"+rand.Text()[:8], os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = renameNew(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(path)
}

// renameNew renames old to path unless something is there.
func renameNew(old, path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, old, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // file system without that flag
		if _, err := os.Lstat(path); err == nil {
			return &fs.PathError{Op: "rename", Path: path, Err: fs.ErrExist}
		}
		return os.Rename(old, path)
	}
	if err != nil {
		return &fs.PathError{Op: "rename", Path: path, Err: err}
	}
	return nil
}

// syncFolder makes the names in path's folder as durable as its files.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// createMissing creates key file and ledger where neither is there. The key
// comes first: a crash between the two leaves a key that the next start uses.
func createMissing(path string, o Options) error {
	_, err := os.Lstat(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := createKey(o.KeyFile); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("create key file: %w", err)
	}
	key, err := readKey(o.KeyFile)
	if err != nil {
		return err
	}
	err = install(path, func(f *os.File) error { return layOut(f.Name(), newSeals(key)) })
	if err != nil && !errors.Is(err, fs.ErrExist) { // two starts at once: the first one's file serves both
		return fmt.Errorf("create: %w", err)
	}
	return nil
}

// layOut writes an empty ledger to the file, which is empty. bbolt is not safe
// against a power cut in its first writes, which is why install renames.
func layOut(path string, s *seals) error {
	db, err := bbolt.Open(path, 0o600, boltOptions(nil))
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{journalBucket, viewsBucket, answeredBucket, rawBucket, metaBucket} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		if err := tx.Bucket([]byte(metaBucket)).Put([]byte("about"), []byte(about(s.id()))); err != nil {
			return err
		}
		r := rowsOf(tx, nil, s, nil)
		return errors.Join(r.putEpoch(), r.putFolded(), r.putMark("head", mark{}), r.putMark("cut", mark{}))
	})
	return errors.Join(err, db.Close())
}

func (r *rows) putEpoch() error {
	epoch := make([]byte, 8)
	rand.Read(epoch)
	return r.meta().put("epoch", epoch)
}

// putFolded notes that the views are this version's fold.
func (r *rows) putFolded() error {
	return r.meta().put("folded", binary.BigEndian.AppendUint64(nil, foldVersion))
}

// folded gives the version whose fold the views are; 0 if it was not noted.
func (r *rows) folded() (uint64, error) {
	data, err := r.meta().get("folded")
	if err != nil || len(data) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(data), nil
}

// about is the one row that is not sealed: it says how to read the others.
func about(keyID string) string {
	return fmt.Sprintf("floord ledger %d key %s", layoutVersion, keyID)
}

// checkAbout says whether this version can read the file, with this key.
func checkAbout(tx *bbolt.Tx, keyID string) error {
	var text string
	if b := tx.Bucket([]byte(metaBucket)); b != nil {
		text = string(b.Get([]byte("about")))
	}
	var layout int
	var id string
	if n, _ := fmt.Sscanf(text, "floord ledger %d key %s", &layout, &id); n != 2 {
		return errors.New("it is a bbolt file but not a ledger of floord: give the right path, or move it away to begin a new ledger")
	}
	if layout > layoutVersion {
		return fmt.Errorf("it was written by a newer floord (layout %d, this one knows %d): install that version again", layout, layoutVersion)
	}
	if id != keyID {
		return fmt.Errorf("the key file belongs to another ledger (key %s, the ledger has %s): put the right key file back", keyID, id)
	}
	return nil
}

// boltOptions are the same wherever a ledger is opened: every commit is synced,
// the map is wide so that a growing file does not wait for readers, and it is the
// commits that say whether they write the list of free pages.
func boltOptions(f *os.File) *bbolt.Options {
	o := &bbolt.Options{
		Timeout:         time.Second,
		NoFreelistSync:  true,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: initialMmap,
		PageSize:        boltPage,
	}
	if f != nil {
		o.OpenFile = func(string, int, os.FileMode) (*os.File, error) { return f, nil }
	}
	return o
}

// initialMmap is address space, not memory.
const initialMmap = 1 << (20 + 10*(^uint(0)>>63)) // 1 GiB, or 1 MiB on 32 bits

// openFile opens the ledger file, which is there, after a look at whether bbolt
// can: it answers many kinds of damage with a panic in a goroutine of its own.
// What it can live with, but must not hide, it notes in hurt.
func openFile(path, keyID string, hurt *damage) (*bbolt.DB, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	heads, err := inspect(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	for i, head := range heads {
		if !head.valid {
			hurt.note("file", fmt.Appendf(nil, "head %d", i))
		}
	}
	var db *bbolt.DB
	err = guard(func() (err error) {
		db, err = bbolt.Open(path, 0o600, boltOptions(f)) // keeps f, and closes it if it fails
		return err
	})
	if err != nil {
		return nil, &spoiltError{err}
	}
	if err := db.View(func(tx *bbolt.Tx) error { return checkAbout(tx, keyID) }); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// lock takes the lock that bbolt uses too, before anything is looked at.
func lock(f *os.File) error {
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return fmt.Errorf("lock: %w", err)
		}
		if time.Since(start) > time.Second {
			return errors.New("another floord runs on this file: stop it first, or use its pages")
		}
	}
}

// isFull says whether err is about room on the disk. bbolt wraps some of them
// as text only.
func isFull(err error) bool {
	for _, e := range []unix.Errno{unix.ENOSPC, unix.EDQUOT, unix.EFBIG} {
		if errors.Is(err, e) || strings.Contains(err.Error(), e.Error()) {
			return true
		}
	}
	return false
}

// untouched says whether transaction id certainly left no trace: both meta
// pages of the file are sound and older.
func (l *Ledger) untouched(id int) bool {
	f, err := os.Open(l.path)
	if err != nil {
		return false
	}
	defer f.Close()
	metas, err := readMetas(f)
	if err != nil {
		return false
	}
	for _, m := range metas {
		if !m.valid || m.txid >= uint64(id) {
			return false
		}
	}
	return true
}
