package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"floord/floor"

	"go.etcd.io/bbolt"
)

// verified runs Verify and gives its problems as text.
func verified(t testing.TB, l *Ledger) (Verification, string) {
	t.Helper()
	v, err := l.Verify(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range v.Problems {
		lines = append(lines, p.String())
	}
	return v, strings.Join(lines, "\n")
}

// meddle changes a closed ledger's file behind its back.
func meddle(t testing.TB, path string, f func(tx *bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, boltOptions(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
}

// mixed writes events with payloads, several a request, and gives the path.
func mixed(t testing.TB) string {
	path := tempPath(t)
	l := openTest(t, path, Options{})
	for i := range 60 {
		commit(t, l, fmt.Sprintf("20261121/pdd/%06d", i),
			floor.OrderReceived{Order: floor.OrderID(fmt.Sprintf("O-%04d", i)), Shop: floor.ShopOrder{Raw: []byte(strings.Repeat("raw", 50+i))}},
			person(fmt.Sprint("p", i), "x"))
	}
	l.Close()
	return path
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	good := mixed(t)
	file, _ := os.ReadFile(good)
	key, _ := os.ReadFile(good + ".key")
	flip := func(b *bbolt.Bucket, k string) error {
		v := bytes.Clone(b.Get([]byte(k)))
		v[len(v)/2] ^= 1
		return b.Put([]byte(k), v)
	}
	move := func(b *bbolt.Bucket, from, to string) error {
		return b.Put([]byte(to), bytes.Clone(b.Get([]byte(from))))
	}
	s := newSeals(mustKey(t, good+".key"))
	forge := func(tx *bbolt.Tx, seq uint64, f func(r *rows) error) error {
		return f(rowsOf(tx, tx.Bucket([]byte(viewsBucket)), s, &damage{}))
	}

	for _, tt := range []struct {
		name   string
		meddle func(tx *bbolt.Tx) error
		want   []string
	}{
		{"nothing", func(tx *bbolt.Tx) error { return nil }, nil},
		{"a bit of an event", func(tx *bbolt.Tx) error { return flip(tx.Bucket([]byte("journal")), seqKey(41)) }, []string{"journal 41: row 41 of journal is damaged"}},
		{"an event at another's place", func(tx *bbolt.Tx) error { return move(tx.Bucket([]byte("journal")), seqKey(3), seqKey(4)) }, []string{"journal 4: row 4"}},
		{"an event taken out", func(tx *bbolt.Tx) error { return tx.Bucket([]byte("journal")).Delete([]byte(seqKey(50))) }, []string{"journal 50: event 50 is not in the journal"}},
		{"an event written anew by one who has the key", func(tx *bbolt.Tx) error {
			return forge(tx, 20, func(r *rows) error {
				l, _ := r.line(20)
				rec, _ := parseRecord(l.record())
				rec.actor = "somebody else"
				before, _ := r.line(19)
				return r.journal().put(seqKey(20), newLine(nil, mark{Seq: 19, Chain: before.chain()}, rec))
			})
		}, []string{"journal 21: the chain is broken"}},
		{"the last event written anew", func(tx *bbolt.Tx) error {
			return forge(tx, 120, func(r *rows) error {
				l, _ := r.line(120)
				rec, _ := parseRecord(l.record())
				rec.actor = "somebody else"
				before, _ := r.line(119)
				return r.journal().put(seqKey(120), newLine(nil, mark{Seq: 119, Chain: before.chain()}, rec))
			})
		}, []string{"meta head: it does not name the chain"}},
		{"a bit of a view", func(tx *bbolt.Tx) error { return flip(tx.Bucket([]byte("views")).Bucket([]byte("tally")), "person:p7") }, []string{"views/tally person:p7: the row is damaged"}},
		{"a view's row taken out", func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("views")).Bucket([]byte("tally")).Delete([]byte("person:p7"))
		}, []string{"views/tally person:p7: the row is missing"}},
		{"a view's row that the fold did not write", func(tx *bbolt.Tx) error {
			return forge(tx, 0, func(r *rows) error {
				return errors.Join(putRow(r, "tally", "person:p7", tally{Events: 9}), putRow(r, "tally", "zz", tally{}), putRow(r, "other", "a", 1))
			})
		}, []string{"tally person:p7: the row is not what the journal says", "tally zz: the row should not be there", "other a: the row should not be there"}},
		{"a key's answer", func(tx *bbolt.Tx) error { return flip(tx.Bucket([]byte("answered")), "20261121/pdd/000009") }, []string{"answered 20261121/pdd/000009: the row is damaged"}},
		{"a key taken out", func(tx *bbolt.Tx) error { return tx.Bucket([]byte("answered")).Delete([]byte("20261121/pdd/000009")) }, []string{"59 keys for 60 requests"}},
		{"a payload", func(tx *bbolt.Tx) error { return flip(tx.Bucket([]byte("raw")), seqKey(5)) }, []string{"raw 5: the payload is not the one", "raw 5: the row is damaged"}},
		{"another payload", func(tx *bbolt.Tx) error {
			return forge(tx, 5, func(r *rows) error {
				var p pack
				p.add(5, []byte("other"))
				return r.top(rawBucket).put(seqKey(5), p.write(r.seals.pack))
			})
		}, []string{"raw 5: the payload is not the one"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := tempPath(t)
			os.WriteFile(path, file, 0o600)
			os.WriteFile(path+".key", key, 0o600)
			meddle(t, path, tt.meddle)
			l := openTest(t, path, Options{})
			v, problems := verified(t, l)
			if v.Last != 120 || v.Rows < 300 {
				t.Errorf("verified up to %d, %d rows; want 120 and over 300", v.Last, v.Rows)
			}
			if tt.want == nil && !v.OK() {
				t.Errorf("problems in a sound ledger:\n%s", problems)
			}
			for _, want := range tt.want {
				if !strings.Contains(problems, want) {
					t.Errorf("problems:\n%s\nwant: %s", problems, want)
				}
			}
			if left, _ := filepath.Glob(path + ".verify*"); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func mustKey(t testing.TB, path string) []byte {
	t.Helper()
	key, err := readKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestDamagedRowIsNotServed: the row is named, the others go on.
func TestDamagedRowIsNotServed(t *testing.T) {
	path := mixed(t)
	meddle(t, path, func(tx *bbolt.Tx) error {
		for b, k := range map[*bbolt.Bucket]string{tx.Bucket([]byte("views")).Bucket([]byte("tally")): "person:p7", tx.Bucket([]byte("journal")): seqKey(9)} {
			v := bytes.Clone(b.Get([]byte(k)))
			v[20] ^= 0x10
			if err := b.Put([]byte(k), v); err != nil {
				return err
			}
		}
		return nil
	})
	l := openTest(t, path, Options{})
	err := l.Read(func(v *View) error {
		if _, _, err := getRow[tally](v.rows, "tally", "person:p7"); !isDamaged(err) {
			t.Errorf("error = %v; want a damaged row", err)
		}
		n := 0
		err := v.rows.scan("tally", "", "person:", func(key string, _ []byte) (bool, error) {
			if n++; key == "person:p7" {
				t.Error("a damaged row was served")
			}
			return true, nil
		})
		if n != 59 {
			t.Errorf("%d rows; want the other 59", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	seen, bad := 0, 0
	for e, err := range l.Follow(t.Context(), 0, Topic{Everything}) {
		if seen++; err != nil {
			bad++
			if !isDamaged(err) || e.Seq != 9 {
				t.Errorf("event %d: %v", e.Seq, err)
			}
		}
		if seen == 120 {
			break
		}
	}
	if bad != 1 {
		t.Errorf("%d damaged events followed; want 1", bad)
	}
	if s := l.Stats(); len(s.Damaged) != 2 || s.DamageMet < 3 || s.Damaged[0].Key != "9" {
		t.Errorf("stats name %v, met %d times", s.Damaged, s.DamageMet)
	}
	if _, err := l.Commit(t.Context(), request("x"), say(person("p7", ""))); !isDamaged(err) {
		t.Errorf("a fold over a damaged row: %v", err)
	}
	commit(t, l, "y", person("p8", ""))
	if err := l.Rebuild(t.Context()); !isDamaged(err) {
		t.Errorf("rebuild over a damaged event: %v; want it named", err)
	}
	if n := count(t, l, "person:p8"); n != 2 {
		t.Errorf("after the rebuild that failed: %d events; want the old views", n)
	}
}

func TestRebuildMendsViewsAndKeys(t *testing.T) {
	path := mixed(t)
	meddle(t, path, func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte("views")).Bucket([]byte("tally"))
		return errors.Join(b.Put([]byte("person:p7"), []byte("spoilt")), b.Delete([]byte("person:p9")), b.Put([]byte("zz"), []byte("no")),
			tx.Bucket([]byte("answered")).Delete([]byte("20261121/pdd/000009")))
	})
	l := openTest(t, path, Options{})
	if v, _ := verified(t, l); v.OK() {
		t.Fatal("nothing was wrong before")
	}
	var wg sync.WaitGroup
	wg.Go(func() { // commits go on meanwhile
		for i := range 100 {
			if _, err := l.Commit(context.Background(), request(fmt.Sprintf("z%03d", i)), say(person("li", ""))); err != nil {
				t.Error(err)
			}
		}
	})
	if err := l.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if v, problems := verified(t, l); !v.OK() || v.Last != 220 {
		t.Errorf("up to %d:\n%s", v.Last, problems)
	}
	if r := commit(t, l, "20261121/pdd/000009", person("li", "")); !r.Repeated || r.First != 19 {
		t.Errorf("receipt %+v; want the first answer, 19", r)
	}
}

// A ledger that another version folded says so, is not taken for a broken one, and a
// backup of it can be restored; a rebuild makes it this version's for good.
func TestViewsOfAnotherVersion(t *testing.T) {
	path := mixed(t)
	for name, spoil := range map[string]func(*rows) error{
		"before versions were noted": func(r *rows) error { return r.meta().delete("folded") },
		"of another version":         func(r *rows) error { return r.meta().put("folded", bytes.Repeat([]byte{0xff}, 8)) },
	} {
		l := openTest(t, path, Options{})
		if l.Stale() {
			t.Fatalf("%s: a ledger that was folded here is stale", name)
		}
		err := l.update(func(r *rows) error {
			r.dirty = true
			return errors.Join(spoil(r), r.delete("tally", "person:p9"))
		})
		if err := errors.Join(err, l.Close()); err != nil {
			t.Fatal(err)
		}

		l = openTest(t, path, Options{})
		v, problems := verified(t, l)
		if !l.Stale() || !v.Stale || !v.OK() {
			t.Errorf("%s: stale %v, problems:\n%s", name, l.Stale(), problems)
		}
		copied := filepath.Join(t.TempDir(), "copy.db")
		if _, err := l.Backup(t.Context(), copied); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Restore(t.Context(), copied, filepath.Join(t.TempDir(), "floor.db"), Options{KeyFile: path + ".key", fold: foldTally}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := l.Rebuild(t.Context()); err != nil || l.Stale() {
			t.Errorf("%s: after the rebuild: stale %v, %v", name, l.Stale(), err)
		}
		l.Close()
		l = openTest(t, path, Options{})
		if v, problems := verified(t, l); !v.OK() || l.Stale() || count(t, l, "person:p9") != 1 {
			t.Errorf("%s: opened again: stale %v:\n%s", name, l.Stale(), problems)
		}
		l.Close()
	}
}

// TestVerifyWhileCommitting: a ledger at work is not taken for a broken one.
func TestVerifyWhileCommitting(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if _, err := l.Commit(context.Background(), request(fmt.Sprintf("w%d/%05d", w, i)), say(person(fmt.Sprint("p", i%300), ""))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 5 {
		if v, problems := verified(t, l); !v.OK() {
			t.Errorf("up to %d:\n%s", v.Last, problems)
		}
	}
	cancel()
	wg.Wait()
}
