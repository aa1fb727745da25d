package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Backup writes a copy of the ledger as it is at one moment to a new file at to,
// which should be on a disk of this machine: it is written at the disk's speed,
// since the file can reuse no room while it is being read. The copy is verified
// like the ledger itself, and only then gets its name. Commits go on meanwhile.
//
// The copy holds neither the key file nor the archived days. Keep the key file
// where the copies are not: without it they cannot be read, with it everybody
// can.
func (l *Ledger) Backup(ctx context.Context, to string) (Verification, error) {
	l.chores.Lock()
	defer l.chores.Unlock()
	var v Verification
	if _, err := os.Lstat(to); err == nil {
		return v, fmt.Errorf("backup to %s: there is a file already: give it another name", to)
	}
	err := install(to, func(f *os.File) error {
		if err := l.copyTo(f); err != nil {
			return err
		}
		var err error
		v, err = verifyCopy(ctx, f.Name(), l.opts)
		return err
	})
	if err != nil {
		return v, fmt.Errorf("backup to %s: %w", to, err)
	}
	return v, nil
}

func (l *Ledger) copyTo(f *os.File) error {
	err := l.view(func(r *rows) error {
		_, err := r.tx.WriteTo(f)
		return err
	})
	return errors.Join(err, f.Sync())
}

// verifyCopy verifies the ledger at path, which is not in use.
func verifyCopy(ctx context.Context, path string, o Options) (Verification, error) {
	l, err := Open(path, o)
	if err != nil {
		return Verification{}, err
	}
	defer l.Close()
	v, err := l.Verify(ctx)
	if err == nil && !v.OK() {
		err = fmt.Errorf("the copy does not hold, %d problems, first: %v", len(v.Problems)+v.More, v.Problems[0])
	}
	return v, err
}

// Restore puts a verified copy of the backup in the place of the ledger at path,
// under a new epoch. The ledger must not be in use; what was there is kept, and
// its new name is returned (empty if nothing was there). The key file must be in
// its place. Missing archives do not hinder a restore, but are in the
// Verification.
func Restore(ctx context.Context, backup, path string, o Options) (kept string, v Verification, err error) {
	o = o.withDefaults(path)
	kept, v, err = restore(ctx, backup, path, o)
	if err != nil {
		return kept, v, fmt.Errorf("restore %s: %w", path, err)
	}
	return kept, v, nil
}

func restore(ctx context.Context, backup, path string, o Options) (string, Verification, error) {
	old, err := lockOld(path)
	if err != nil {
		return "", Verification{}, err
	}
	if old != nil {
		defer old.Close() // and with it the lock
	}
	fresh := path + ".new-" + rand.Text()[:8]
	v, err := prepare(ctx, backup, fresh, o)
	if err != nil {
		return "", v, errors.Join(err, removeIfThere(fresh))
	}
	kept := ""
	if old != nil {
		// A second name, so that at no moment there is no ledger: floord would
		// begin an empty one.
		kept = path + ".replaced-" + time.Now().UTC().Format("20060102T150405.000000000Z")
		if err := os.Link(path, kept); err != nil {
			return "", v, errors.Join(err, os.Remove(fresh))
		}
	}
	if err := os.Rename(fresh, path); err != nil {
		return "", v, errors.Join(err, os.Remove(fresh))
	}
	return kept, v, syncFolder(path)
}

// lockOld locks the file that is to be replaced, if there is one. It need not be
// a sound ledger.
func lockOld(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := lock(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// prepare copies the backup to fresh, verifies it and gives it a new epoch.
func prepare(ctx context.Context, backup, fresh string, o Options) (Verification, error) {
	if err := copyFile(backup, fresh); err != nil {
		return Verification{}, err
	}
	l, err := Open(fresh, o)
	if spoilt := (*spoiltError)(nil); errors.As(err, &spoilt) {
		return Verification{}, fmt.Errorf("backup %s: %w: take another one", backup, spoilt.why)
	}
	if err != nil {
		return Verification{}, err
	}
	v, err := l.Verify(ctx)
	if err == nil {
		for _, p := range v.Problems {
			if !strings.HasPrefix(p.Where, "archive ") && p != notCompared {
				err = fmt.Errorf("the backup does not hold: %v", p)
				break
			}
		}
	}
	if err == nil {
		err = l.update(func(r *rows) error { return r.putEpoch() })
	}
	if err := errors.Join(err, l.Close()); err != nil {
		return v, err
	}
	return v, syncFile(fresh)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	return nil
}
