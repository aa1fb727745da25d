package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/ledger/ledgertest"

	"golang.org/x/sys/unix"
)

// diskBreaks commits until the disk fails, and then must hear the truth about it:
// not known for that request, stopped for every later call.
func diskBreaks(path string, ack func(string)) error {
	l, err := ledger.Open(path, ledger.Options{Reserve: -1})
	if err != nil {
		return err
	}
	for i := range 100 {
		key := fmt.Sprintf("20261121/pda-07/%06d", i)
		err := put(l, key, i)
		if err == nil {
			ack(key)
			continue
		}
		if !errors.Is(err, ledger.ErrUnknown) {
			return fmt.Errorf("the failed commit says %w; want ErrUnknown", err)
		}
		ack("? " + key)
		err = put(l, "later", i)
		if !errors.Is(err, ledger.ErrStopped) || !strings.Contains(err.Error(), "start floord again") {
			return fmt.Errorf("the next commit says %w; want ErrStopped", err)
		}
		if err := l.Read(func(*ledger.View) error { return nil }); !errors.Is(err, ledger.ErrStopped) {
			return fmt.Errorf("a read says %w; want ErrStopped", err)
		}
		for _, err := range l.Follow(context.Background(), 0, ledger.Topic{ledger.Everything}) {
			if !errors.Is(err, ledger.ErrStopped) {
				return fmt.Errorf("a follower hears %w; want ErrStopped", err)
			}
		}
		if l.Stats().Stopped == nil {
			return errors.New("the figures do not say that it stopped")
		}
		return l.Close()
	}
	return errors.New("the disk did not fail")
}

// diskFills commits through a time in which the disk is full.
func diskFills(path string, ack func(string)) error {
	l, err := ledger.Open(path, ledger.Options{Reserve: -1})
	if err != nil {
		return err
	}
	refused := 0
	for i := range 100 {
		key := fmt.Sprintf("20261121/pda-07/%06d", i)
		_, err := l.Commit(context.Background(), ledger.Request{Key: key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
			return []floor.Fact{floor.DaemonStarted{Version: strings.Repeat("x", 250_000)}}, nil // the file grows
		})
		if err == nil {
			ack(key)
			continue
		}
		if !errors.Is(err, ledger.ErrFull) {
			return fmt.Errorf("the failed commit says %w; want ErrFull", err)
		}
		refused++
		if err := l.Read(func(*ledger.View) error { return nil }); err != nil {
			return fmt.Errorf("a read says %w; want none", err)
		}
		if r, err := l.Commit(context.Background(), ledger.Request{Key: key, Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) { return nil, nil }); err != nil || r.Repeated {
			return fmt.Errorf("a request that was refused for room was written: %+v, %w", r, err)
		}
	}
	ack(fmt.Sprintf("? %d refused", refused))
	if refused == 0 {
		return errors.New("the disk was never full")
	}
	return l.Close()
}

// asked divides what a child said into what was acknowledged and its remarks.
func asked(left *ledgertest.Leftover) (remarks []string) {
	var acked []string
	for _, line := range left.Acked {
		if r, ok := strings.CutPrefix(line, "? "); ok {
			remarks = append(remarks, r)
		} else {
			acked = append(acked, line)
		}
	}
	left.Acked = acked
	return remarks
}

// TestDiskBreaks makes one call fail and asks again after a reopen with the
// unanswered key. Syncs come in pairs, pages and then head: after a head whose
// sync failed bbolt shows the transaction, after pages it does not.
func TestDiskBreaks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		inject string
		stands bool // the request of the failed commit
	}{
		{"fdatasync:error=EIO:when=7", false},
		{"fdatasync:error=EIO:when=8", true},
		{"fdatasync:error=ENOSPC:when=8", true}, // even then: nobody knows
		{"pwrite64:error=EIO:when=30", false},
		{"pwrite64:error=EIO:when=31", false},
	} {
		t.Run(tt.inject, func(t *testing.T) {
			path := newLedger(t)
			left := ledgertest.Fail(t, "disk breaks", path, tt.inject)
			if left.Err != nil {
				t.Fatal(left.Err)
			}
			remarks := asked(&left)
			if len(remarks) != 1 || len(left.Acked) < 2 {
				t.Fatalf("the child said %q after %d requests", remarks, len(left.Acked))
			}
			l, err := ledger.Open(path, ledger.Options{Reserve: -1})
			if err != nil {
				t.Fatal(err)
			}
			r, err := l.Commit(t.Context(), ledger.Request{Key: remarks[0], Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) {
				return []floor.Fact{floor.DaemonStarted{Version: "asked again"}}, nil
			})
			if err != nil || r.Repeated != tt.stands {
				t.Errorf("asked again: %+v, %v; want repeated %v", r, err, tt.stands)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			left.Acked = append(left.Acked, remarks[0])
			if err := ledgertest.Check(left); err != nil {
				t.Error(err)
			}
		})
	}
}

// newLedger creates a ledger and gives its path.
func newLedger(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "floor.db")
	l, err := ledger.Open(path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	for _, inject := range []string{
		"pwrite64:error=ENOSPC:when=30..75",
		"pwrite64:error=EDQUOT:when=100..101",
		"ftruncate:error=ENOSPC:when=1..3",
	} {
		t.Run(inject, func(t *testing.T) {
			left := ledgertest.Fail(t, "disk fills", newLedger(t), inject)
			if left.Err != nil {
				t.Fatal(left.Err)
			}
			if remarks := asked(&left); len(left.Acked) < 50 || len(remarks) != 1 {
				t.Errorf("%d requests acknowledged, %q; want over 50", len(left.Acked), remarks)
			}
			if err := ledgertest.Check(left); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestRealFullDisk fills a small file system where this process may mount one.
func TestRealFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Logf("no file system of our own here (%v): TestDiskFull stands alone", err)
		return
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	path, ballast := filepath.Join(dir, "floor.db"), filepath.Join(dir, "ballast")
	l, err := ledger.Open(path, ledger.Options{Reserve: 512 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { l.Close() }()
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	left := ledgertest.Leftover{Path: path}
	seen := map[error]int{}
	order := func(i int, urgent bool) error {
		key := fmt.Sprintf("20261121/pdd/%06d", i)
		_, err := l.Commit(t.Context(), ledger.Request{Key: key, Actor: "floord", Urgent: urgent}, func(*ledger.View) ([]floor.Fact, error) {
			return []floor.Fact{floor.DaemonStarted{Version: strings.Repeat("x", 4000)}}, nil
		})
		for _, kind := range []error{ledger.ErrReserve, ledger.ErrFull} {
			if errors.Is(err, kind) {
				seen[kind]++
				return err
			}
		}
		if err != nil {
			t.Fatalf("order %d: %v", i, err)
		}
		left.Acked = append(left.Acked, key)
		return nil
	}
	i := 0
	for ; !errors.Is(order(i, false), ledger.ErrReserve); i++ {
	}
	if err := order(i, true); err != nil {
		t.Errorf("an urgent request at the reserve: %v; want it taken", err)
	}
	before := l.Seq()
	for ; !errors.Is(order(i, true), ledger.ErrFull); i++ {
	}
	if l.Seq() < before+20 {
		t.Errorf("the reserve held only %d urgent requests", l.Seq()-before)
	}
	if err := l.Read(func(*ledger.View) error { return nil }); err != nil {
		t.Errorf("a read on a full disk: %v", err)
	}
	if s := l.Stats(); !s.Low || s.Stopped != nil {
		t.Errorf("low %v, stopped %v; want low and going on", s.Low, s.Stopped)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		if err := order(i+n, false); err != nil {
			t.Errorf("when there is room again: %v", err)
		}
	}
	l.Close()
	if err := ledgertest.Check(left); err != nil {
		t.Error(err)
	}
	t.Logf("%d orders, refused: %v", len(left.Acked), seen)
}
