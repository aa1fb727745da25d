package ledger

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"floord/floor"

	"pgregory.net/rapid"
)

// A model is what a ledger must be, kept in the simplest way.
type model struct {
	l       *Ledger
	path    string
	persons []string           // of event 1, 2, ...
	answers map[string]Receipt // by request key
}

func (m *model) open(t *rapid.T) {
	l, err := Open(m.path, Options{Reserve: -1, Tail: 8, DecideTwice: true, fold: foldTally})
	if err != nil {
		t.Fatal(err)
	}
	m.l = l
}

var (
	drawKey    = rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("k%02d", rapid.IntRange(0, 40).Draw(t, "key")) })
	drawPerson = rapid.SampledFrom([]string{"li", "wei", "zhang"})
)

func (m *model) commit(t *rapid.T) {
	key, who := drawKey.Draw(t, "key"), rapid.SliceOfN(drawPerson, 1, 3).Draw(t, "who")
	var facts []floor.Fact
	for _, p := range who {
		facts = append(facts, person(p, ""))
	}
	got, err := m.l.Commit(t.Context(), request(key), say(facts...))
	if err != nil {
		t.Fatal(err)
	}
	want, known := m.answers[key]
	if !known {
		want = Receipt{First: uint64(len(m.persons)) + 1, Last: uint64(len(m.persons) + len(who))}
		m.answers[key] = want
		m.persons = append(m.persons, who...)
	}
	if got.First != want.First || got.Last != want.Last || got.Repeated != known || len(got.Events) != int(want.Last-want.First)+1 {
		t.Fatalf("%s: %+v; want %+v, repeated %v", key, got, want, known)
	}
}

// atOnce sends a new request from several sides while others go on beside it.
func (m *model) atOnce(t *rapid.T) {
	key := fmt.Sprintf("many%06d", len(m.persons))
	n := rapid.IntRange(2, 6).Draw(t, "n")
	receipts := make([]Receipt, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { receipts[i], _ = m.l.Commit(t.Context(), request(key), say(person("li", ""))) })
		wg.Go(func() {
			m.l.Commit(t.Context(), request("x"), func(*View) ([]floor.Fact, error) { return nil, errors.New("no") })
		})
	}
	wg.Wait()
	m.persons = append(m.persons, "li")
	fresh := 0
	for _, r := range receipts {
		if r.First != uint64(len(m.persons)) {
			t.Fatalf("receipt %+v; want event %d", r, len(m.persons))
		}
		if !r.Repeated {
			fresh++
		}
	}
	if fresh != 1 {
		t.Fatalf("%d of %d were taken as new; want 1", fresh, n)
	}
	m.answers[key] = Receipt{First: uint64(len(m.persons)), Last: uint64(len(m.persons))}
}

func (m *model) fail(t *rapid.T) {
	fact := rapid.SampledFrom([]floor.Fact{person("li", "poison"), badFact{}}).Draw(t, "fact")
	if _, err := m.l.Commit(t.Context(), request("bad"), say(person("wei", ""), fact)); err == nil {
		t.Fatal("a commit that cannot stand was taken")
	}
}

func (m *model) follow(t *rapid.T) {
	after := rapid.IntRange(0, len(m.persons)).Draw(t, "after")
	who := drawPerson.Draw(t, "who")
	var want []uint64
	for i, p := range m.persons {
		if i >= after && p == who {
			want = append(want, uint64(i)+1)
		}
	}
	if len(want) == 0 {
		return // it would wait for news
	}
	var got []uint64
	for e, err := range m.l.Follow(t.Context(), uint64(after), Topic{"person:" + who}) {
		if len(got) == len(want) || err != nil {
			t.Fatalf("event %d too many, %v", e.Seq, err)
		}
		if got = append(got, e.Seq); len(got) == len(want) {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("followed %v; want %v", got, want)
	}
}

func (m *model) check(t *rapid.T) {
	if m.l.Seq() != uint64(len(m.persons)) {
		t.Fatalf("seq %d; want %d", m.l.Seq(), len(m.persons))
	}
	err := m.l.Read(func(v *View) error {
		for _, who := range []string{"li", "wei", "zhang"} {
			row, _, err := getRow[tally](v.rows, "tally", "person:"+who)
			if err != nil {
				return err
			}
			want := 0
			for _, p := range m.persons {
				if p == who {
					want++
				}
			}
			if row.Events != want {
				t.Fatalf("%s: %d events folded; want %d", who, row.Events, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestModel drives random acts, reopens and rebuilds among them.
func TestModel(t *testing.T) {
	if os.Getenv("FLOORD_LONG") == "" {
		flag.Set("rapid.checks", "25")
	}
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := &model{path: filepath.Join(dir, fmt.Sprint(n), "floor.db"), answers: map[string]Receipt{}}
		if err := os.Mkdir(filepath.Dir(m.path), 0o700); err != nil {
			t.Fatal(err)
		}
		m.open(t)
		defer func() { m.l.Close() }()
		t.Repeat(map[string]func(*rapid.T){
			"commit":  m.commit,
			"at once": m.atOnce,
			"fail":    m.fail,
			"follow":  m.follow,
			"reopen": func(t *rapid.T) {
				if err := m.l.Close(); err != nil {
					t.Fatal(err)
				}
				m.open(t)
			},
			"rebuild": func(t *rapid.T) {
				if err := m.l.Rebuild(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			"": m.check,
		})
		v, err := m.l.Verify(t.Context())
		if err != nil || !v.OK() {
			t.Fatalf("verify: %v, %v", v.Problems, err)
		}
	})
}
