package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.etcd.io/bbolt"
)

func TestBackupAndRestore(t *testing.T) {
	path := mixed(t)
	l := openTest(t, path, Options{})
	copied := filepath.Join(t.TempDir(), "floor.backup")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { // commits go on meanwhile
		for i := 0; ctx.Err() == nil; i++ {
			if _, err := l.Commit(context.Background(), request(fmt.Sprintf("during/%06d", i)), say(person("li", ""))); err != nil {
				t.Error(err)
			}
		}
	})
	v, err := l.Backup(t.Context(), copied)
	cancel()
	wg.Wait()
	if err != nil || !v.OK() || v.Last < 120 {
		t.Fatalf("backup: up to %d, %v", v.Last, err)
	}
	if _, err := l.Backup(t.Context(), copied); err == nil || !strings.Contains(err.Error(), "give it another name") {
		t.Errorf("backup over a backup: %v; want a no", err)
	}
	commit(t, l, "after", person("li", ""))
	epoch := l.Epoch()

	if _, _, err := Restore(t.Context(), copied, path, Options{fold: foldTally}); err == nil || !strings.Contains(err.Error(), "another floord runs on this file") {
		t.Errorf("restore over a ledger at work: %v; want a no", err)
	}
	l.Close()
	kept, v, err := Restore(t.Context(), copied, path, Options{fold: foldTally})
	if err != nil || !v.OK() {
		t.Fatalf("restore: %v", err)
	}
	l = openTest(t, path, Options{})
	if l.Epoch() == epoch || l.Seq() != v.Last {
		t.Errorf("epoch %s, was %s; seq %d; want a new epoch and %d", l.Epoch(), epoch, l.Seq(), v.Last)
	}
	if r := commit(t, l, "after", person("li", "")); r.Repeated {
		t.Error("what came after the backup is still there")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what was replaced is gone: %v", err)
	}
	left, _ := filepath.Glob(path + ".new-*")
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRestoreOverWreckage(t *testing.T) {
	path := mixed(t)
	l := openTest(t, path, Options{})
	copied := filepath.Join(t.TempDir(), "floor.backup")
	if _, err := l.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	l.Close()
	os.WriteFile(path, []byte("wreck"), 0o600)
	kept, _, err := Restore(t.Context(), copied, path, Options{fold: foldTally})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(kept); string(b) != "wreck" {
		t.Errorf("kept %q", b)
	}
	os.Remove(path)
	if kept, _, err := Restore(t.Context(), copied, path, Options{fold: foldTally}); err != nil || kept != "" {
		t.Errorf("restore to where nothing is: kept %q, %v", kept, err)
	}
	l = openTest(t, path, Options{})
	if v, problems := verified(t, l); !v.OK() || v.Last != 120 {
		t.Errorf("up to %d:\n%s", v.Last, problems)
	}
}

func TestSpoiltBackupIsNotRestored(t *testing.T) {
	path := mixed(t)
	l := openTest(t, path, Options{})
	copied := filepath.Join(t.TempDir(), "floor.backup")
	if _, err := l.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	l.Close()
	before, _ := os.ReadFile(path)
	meddle(t, copied, func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(viewsBucket)).Bucket([]byte("tally")).Delete([]byte("person:p7"))
	})
	if _, _, err := Restore(t.Context(), copied, path, Options{fold: foldTally}); err == nil || !strings.Contains(err.Error(), "person:p7") {
		t.Errorf("error = %v; want the row that is wrong", err)
	}
	os.Truncate(copied, 5000)
	if _, _, err := Restore(t.Context(), copied, path, Options{fold: foldTally}); err == nil || !strings.Contains(err.Error(), "backup "+copied+": the file is damaged") || strings.Contains(err.Error(), "floord restore") {
		t.Errorf("error = %v; want the backup named, and not itself as its cure", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("the ledger was changed")
	}
	if _, _, err := Restore(t.Context(), filepath.Join(t.TempDir(), "none"), path, Options{fold: foldTally}); err == nil {
		t.Error("a backup that is not there was restored")
	}
}
