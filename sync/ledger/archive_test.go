package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
)

// tenDays writes ten days of 60 events each.
func tenDays(t *testing.T, l *Ledger) {
	for day := range 10 {
		for i := range 30 {
			key := fmt.Sprintf("%s/pdd/%06d", time.Now().Format("20060102"), i)
			commit(t, l, key, person(fmt.Sprint("p", i), "x"),
				floor.OrderReceived{Order: floor.OrderID(fmt.Sprintf("O-%d-%d", day, i)), Shop: floor.ShopOrder{Raw: []byte(strings.Repeat(key, 100))}})
		}
		time.Sleep(24 * time.Hour)
	}
}

func TestArchive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := tempPath(t)
		l := openTest(t, path, Options{Tail: 100})
		start := time.Now()
		if _, ok, err := l.Began(); ok || err != nil {
			t.Errorf("an empty ledger began: %v, %v", ok, err)
		}
		tenDays(t, l)
		if at, ok, err := l.Began(); !ok || !at.Equal(start) || err != nil {
			t.Errorf("began %v, %v, %v; want %v", at, ok, err, start)
		}
		days, err := l.Archive(t.Context(), 4, time.Now())
		if err != nil || len(days) != 7 {
			t.Fatalf("%d days, %v; want 7 of the 10, today has none", len(days), err)
		}
		for i, d := range days {
			if d.First != uint64(i*60+1) || d.Last != uint64(i*60+60) || d.File != d.Day+".jsonl.zst.sealed" {
				t.Errorf("day %d: %+v", i, d)
			}
		}
		if at, ok, err := l.Began(); ok || err != nil {
			t.Errorf("began %v, which is archived (%v)", at, err)
		}
		check := func(what string) {
			t.Helper()
			v, problems := verified(t, l)
			if !v.OK() || v.Last != l.Seq() || v.First != 1 {
				t.Errorf("%s: up to %d:\n%s", what, v.Last, problems)
			}
			if n := count(t, l, "all"); n != int(l.Seq()) {
				t.Errorf("%s: %d events folded; want %d", what, n, l.Seq())
			}
		}
		check("archived")
		if err := l.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		check("rebuilt")
		if again, err := l.Archive(t.Context(), 4, time.Now()); err != nil || len(again) != 0 {
			t.Errorf("again: %v, %v; want nothing to do", again, err)
		}
		l.Close()
		l = openTest(t, path, Options{Tail: 100})
		check("reopened")
		if s := l.Stats(); s.Archived != 420 {
			t.Errorf("archived up to %d; want 420", s.Archived)
		}
		for _, err := range l.Follow(t.Context(), 419, Topic{Everything}) {
			if !errors.Is(err, ErrArchived) {
				t.Errorf("follow from 419: %v; want ErrArchived", err)
			}
		}
		if got := collect(t, l, 420, Topic{Everything}, 187); len(got) != 187 || got[0] != 421 {
			t.Errorf("follow from 420: %d events", len(got))
		}
		if r := commit(t, l, "20000110/pdd/000003", person("li", "")); !r.Repeated {
			t.Error("a key of a kept day was forgotten")
		}
		if r := commit(t, l, "20000101/pdd/000003", person("li", "")); r.Repeated {
			t.Error("a key outlived its events")
		}
		if raw, err := l.Raw(2); raw != nil || err != nil {
			t.Errorf("a payload outlived its event: %d bytes, %v", len(raw), err)
		}
	})
}

// TestArchiveStopsAnywhere leaves the archive half done in each way it can be.
func TestArchiveStopsAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := tempPath(t)
		l := openTest(t, path, Options{})
		tenDays(t, l)
		until := time.Now().Format(time.DateOnly)
		finish := func(what string) {
			t.Helper()
			l.Close()
			l = openTest(t, path, Options{})
			if v, problems := verified(t, l); !v.OK() {
				t.Errorf("%s:\n%s", what, problems)
			}
			if err := l.Rebuild(t.Context()); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if v, problems := verified(t, l); !v.OK() {
				t.Errorf("%s, rebuilt:\n%s", what, problems)
			}
		}

		// The file is written, nothing journalled.
		a := archive{File: "2000-01-01.jsonl.zst.sealed", First: 1, Last: 60}
		if err := l.writeArchive(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
		finish("file without fact")

		// Journalled, nothing deleted.
		if _, err := l.archiveDay(t.Context(), until, time.UTC); err != nil {
			t.Fatal(err)
		}
		if l.Stats().Archived != 0 {
			t.Fatal("it was trimmed already")
		}
		finish("fact without trimming")

		// Some deleted.
		err := l.update(func(r *rows) error {
			var cut mark
			for range 17 {
				if err := r.trim(&cut); err != nil {
					return err
				}
			}
			l.cut.Store(&cut)
			return r.putMark("cut", cut)
		})
		if err != nil {
			t.Fatal(err)
		}
		finish("half trimmed")

		if days, err := l.Archive(t.Context(), 5, time.Now()); err != nil || len(days) != 5 {
			t.Errorf("%d days, %v; want the other 5", len(days), err)
		}
		finish("at last")
		if l.Stats().Archived != 360 {
			t.Errorf("archived up to %d; want 360", l.Stats().Archived)
		}
	})
}

func TestSpoiltArchiveIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := tempPath(t)
		l := openTest(t, path, Options{})
		tenDays(t, l)
		if _, err := l.Archive(t.Context(), 5, time.Now()); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(filepath.Dir(path), "archive", "2000-01-03.jsonl.zst.sealed")
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(whole), "O-2-") || strings.Contains(string(whole), `"cause":`) {
			t.Error("the archive can be read without the key")
		}
		for name, b := range map[string][]byte{
			"cut":     whole[:len(whole)-9],
			"longer":  append(whole[:len(whole):len(whole)], 0),
			"flipped": append(append(whole[:200:200], whole[200]^1), whole[201:]...),
			"empty":   {},
			"other":   []byte("hello"),
		} {
			os.WriteFile(file, b, 0o600)
			v, problems := verified(t, l)
			if v.OK() || !strings.Contains(problems, "archive 2000-01-03") || !strings.Contains(problems, "views: not compared") {
				t.Errorf("%s: problems:\n%s", name, problems)
			}
			if err := l.Rebuild(t.Context()); err == nil || !strings.Contains(err.Error(), "2000-01-03") {
				t.Errorf("%s: rebuild: %v; want the archive named", name, err)
			}
		}
		os.Remove(file)
		if v, problems := verified(t, l); v.OK() || !strings.Contains(problems, "archive 2000-01-03") {
			t.Errorf("missing: problems:\n%s", problems)
		}
		os.WriteFile(file, whole, 0o600)
		if v, problems := verified(t, l); !v.OK() {
			t.Errorf("put back:\n%s", problems)
		}
	})
}

func FuzzArchivedLine(f *testing.F) {
	f.Add([]byte(`{"seq":1,"at_ns":1,"actor":"floord","cause":"k","kind":"daemon.started/1","fact":{"version":"1"}}`))
	f.Add([]byte(`{"seq":1,"kind":"no/1","fact":null,"raw":"eA==","raw_sha256":"eA=="}`))
	f.Add([]byte(`{"seq":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		end, err := archivedEvent(data, mark{}, func(e floor.Event, _ []byte) error {
			if e.Seq != 1 || e.Fact == nil {
				t.Errorf("event %+v", e)
			}
			return nil
		})
		if err == nil && (end.Seq != 1 || end.Chain == chain{}) {
			t.Errorf("it ends at %+v", end)
		}
	})
}
