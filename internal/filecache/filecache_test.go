package filecache

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestGet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	var c Cache[string]
	reads := 0
	get := func() string {
		t.Helper()
		v, err := c.Get(path, func(os.FileInfo) (string, error) {
			reads++
			data, err := os.ReadFile(path)
			return string(data), err
		})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	put := func(text string, age time.Duration) {
		t.Helper()
		at := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Get(path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	put("one", time.Hour)
	if a, b := get(), get(); a != "one" || b != "one" || reads != 1 {
		t.Errorf("%q, %q after %d reads; want one read", a, b, reads)
	}
	put("two", time.Minute)
	if got := get(); got != "two" {
		t.Errorf("%q after a change", got)
	}
	put("six", 0) // as long, and changed just now: it may change again unseen
	get()
	put("ten", 0)
	if got := get(); got != "ten" {
		t.Errorf("%q after two changes at once", got)
	}
	put("old", time.Hour)
	get()
	other := path + ".new"
	info, err := os.Stat(path)
	if err = errors.Join(err, os.WriteFile(other, []byte("new"), 0o600), os.Chtimes(other, info.ModTime(), info.ModTime()), os.Rename(other, path)); err != nil {
		t.Fatal(err)
	}
	if got := get(); got != "new" {
		t.Errorf("%q after the file was replaced by another of its length and time", got)
	}
	if _, err := c.Get(path, nil); err != nil {
		t.Error(err)
	}
}
