package ledger

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"floord/floor"
)

// filled writes a ledger with some pages in every bucket and gives its path.
func filled(t testing.TB, events int) string {
	t.Helper()
	path := tempPath(t)
	l, err := Open(path, Options{Reserve: -1, fold: foldTally})
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		commit(t, l, fmt.Sprintf("20261121/pda-07/%06d", i), person(fmt.Sprint("p", i), strings.Repeat("x", i*37%900)))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	good := filled(t, 200)
	whole := used(t, good)
	key, err := os.ReadFile(good + ".key")
	if err != nil {
		t.Fatal(err)
	}
	otherKey := "floord-key-1 " + strings.Repeat("ab", 32) + "\n"
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db, err := bbolt.Open(foreign, 0o600, boltOptions(nil))
	if err == nil {
		err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("x")); return err })
		db.Close()
	}
	foreignBytes, _ := os.ReadFile(foreign)
	newer := filepath.Join(t.TempDir(), "newer.db")
	os.WriteFile(newer, whole, 0o600)
	db, err2 := bbolt.Open(newer, 0o600, boltOptions(nil))
	if err2 == nil {
		err2 = db.Update(func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte(metaBucket)).Put([]byte("about"), []byte("floord ledger 2 key 0123456789abcdef"))
		})
		db.Close()
	}
	newerBytes, _ := os.ReadFile(newer)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	edit := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(whole)) }

	for _, tt := range []struct {
		name string
		file []byte
		key  string
		mode os.FileMode
		want []string
	}{
		{"empty file", []byte{}, string(key), 0o600, []string{"it is empty", "floord restore"}},
		{"text file", bytes.Repeat([]byte("hello floor\n"), 5000), string(key), 0o600, []string{"not a ledger of floord", "floord restore"}},
		{"a few bytes", whole[:3000], string(key), 0o600, []string{"it ends after 3000 bytes", "floord restore"}},
		{"last page cut off", whole[:len(whole)-4096], string(key), 0o600, []string{"cut short", "floord restore"}},
		{"cut inside a page", whole[:20000], string(key), 0o600, []string{"cut short", "floord restore"}},
		{"both heads spoilt", edit(func(b []byte) []byte { b[16+20] ^= 1; b[4096+16+20] ^= 1; return b }), string(key), 0o600, []string{"both of its heads", "floord restore"}},
		{"all pages zero", edit(func(b []byte) []byte { clear(b[8192:]); return b }), string(key), 0o600, []string{"calls itself 0", "floord restore"}},
		{"keys out of order", edit(func(b []byte) []byte {
			for at := 8192; at < len(b); at += 4096 {
				if le.Uint16(b[at+8:]) == flagLeaf && le.Uint16(b[at+10:]) > 1 && le.Uint32(b[at+16:])&isBucket == 0 {
					b[at+16+4] ^= 1 // the first key's place
				}
			}
			return b
		}), string(key), 0o600, []string{"out of order", "floord restore"}},
		{"foreign bbolt file", foreignBytes, string(key), 0o600, []string{"not a ledger of floord"}},
		{"newer layout", newerBytes, string(key), 0o600, []string{"newer floord (layout 2", "install that version"}},
		{"wrong key", whole, otherKey, 0o600, []string{"key file belongs to another ledger", "put the right key file back"}},
		{"nonsense key", whole, "hello", 0o600, []string{"is not a key file of floord"}},
		{"no key", whole, "", 0, []string{"key file", "is missing", "put it back"}},
		{"open key", whole, string(key), 0o644, []string{"can be read by others", "chmod 600"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := tempPath(t)
			os.WriteFile(path, tt.file, 0o600)
			if tt.mode != 0 {
				os.WriteFile(path+".key", []byte(tt.key), 0o600)
				os.Chmod(path+".key", tt.mode)
			}
			l, err := Open(path, Options{fold: foldTally})
			if err == nil {
				l.Close()
				t.Fatal("it opened")
			}
			for _, want := range append(tt.want, path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %q; want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error is not one sentence: %q", err)
			}
			after, _ := os.ReadFile(path)
			if !bytes.Equal(after, tt.file) {
				t.Error("Open changed a file it did not trust")
			}
		})
	}
}

func TestSecondOpenerIsToldWhy(t *testing.T) {
	path := tempPath(t)
	openTest(t, path, Options{})
	_, err := Open(path, Options{fold: foldTally})
	if err == nil || !strings.Contains(err.Error(), "another floord runs on this file") {
		t.Errorf("error = %v", err)
	}
}

// TestOneHeadIsEnough spoils each head in turn: the ledger opens, at most one
// commit older.
func TestOneHeadIsEnough(t *testing.T) {
	path := filled(t, 20)
	whole := used(t, path)
	for i := range 2 {
		b := bytes.Clone(whole)
		b[i*4096+16+20] ^= 0xff
		os.WriteFile(path, b, 0o600)
		l := openTest(t, path, Options{})
		if l.Seq() < 19 {
			t.Errorf("head %d spoilt: seq %d; want 19 or 20", i, l.Seq())
		}
		if s := l.Stats(); len(s.Damaged) != 1 || s.Damaged[0] != (DamagedError{"file", fmt.Sprint("head ", i)}) {
			t.Errorf("head %d spoilt: the figures name %v", i, s.Damaged)
		}
		commit(t, l, "more", person("li", ""))
		l.Close()
	}
}

// TestKeyIsCreatedClosed: the key file is for its owner alone and is used again
// when a crash left it without a ledger.
func TestKeyIsCreatedClosed(t *testing.T) {
	path := filled(t, 1)
	info, err := os.Stat(path + ".key")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v; want 0600", info.Mode(), err)
	}
	key, _ := os.ReadFile(path + ".key")
	os.Remove(path)
	l := openTest(t, path, Options{})
	commit(t, l, "k", person("li", ""))
	if again, _ := os.ReadFile(path + ".key"); !bytes.Equal(again, key) {
		t.Error("a key that was there was replaced")
	}
	left, _ := filepath.Glob(path + ".new*")
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// use opens the file and touches everything in it. Whatever is wrong must be an
// error or a named row: no panic, and no row that was not written.
func use(t testing.TB, path string) error {
	l, err := Open(path, Options{Reserve: -1, fold: foldTally})
	if err != nil {
		return err
	}
	defer l.Close()
	err = l.view(func(r *rows) error {
		for seq := uint64(1); seq <= l.Seq(); seq++ {
			if _, err := r.event(seq); err != nil && !isDamaged(err) {
				return err
			}
		}
		for _, b := range []*bucket{r.answered(), r.top(rawBucket), r.view("tally", false)} {
			if err := b.scan("", "", func(string, []byte) (bool, error) { return true, nil }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = l.Commit(t.Context(), request("after"), say(person("p1", "again")))
	return err
}

// used reads the part of the file that is not yet to be filled.
func used(t testing.TB, path string) []byte {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	metas, err := readMetas(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newestMeta(metas)
	if err != nil {
		t.Fatal(err)
	}
	return whole[:m.high*boltPage]
}

// TestMutatedFiles flips bytes all over a file. A flip in a row must be found.
func TestMutatedFiles(t *testing.T) {
	path := filled(t, 120)
	whole := used(t, path)
	rounds := 100
	if os.Getenv("FLOORD_LONG") != "" {
		rounds = 5000
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	refused, opened := 0, 0
	for range rounds {
		b := bytes.Clone(whole)
		for range 1 + rnd.IntN(3) {
			at := rnd.IntN(len(b))
			if rnd.IntN(2) == 0 {
				at = at / 4096 * 4096
				at += rnd.IntN(64) // page headers and elements
			}
			b[at] ^= byte(1 << rnd.IntN(8))
		}
		os.WriteFile(path, b, 0o600)
		if err := use(t, path); err != nil {
			refused++
		} else {
			opened++
		}
	}
	t.Logf("%d refused, %d used", refused, opened)
	if refused == 0 || opened == 0 {
		t.Errorf("%d refused, %d used; want some of both", refused, opened)
	}
}

// FuzzOpen writes four bytes anywhere into a small file and uses it.
func FuzzOpen(f *testing.F) {
	path := filled(f, 30)
	whole := used(f, path)
	key, err := os.ReadFile(path + ".key")
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []uint32{0, 8, 16, 36, 4096 + 56, 3 * 4096, 4*4096 + 10, 5*4096 + 16} {
		f.Add(at, uint32(0xffffffff))
		f.Add(at, uint32(1))
	}
	f.Fuzz(func(t *testing.T, at, value uint32) {
		b := bytes.Clone(whole)
		at %= uint32(len(b) - 4)
		le.PutUint32(b[at:], le.Uint32(b[at:])^value)
		path := tempPath(t)
		os.WriteFile(path, b, 0o600)
		os.WriteFile(path+".key", key, 0o600)
		use(t, path)
	})
}

// TestDeepTree: of a tree with branches below branches, which are walked side by side,
// every branch and some of the leaves are missed when they are not what they should be.
func TestDeepTree(t *testing.T) {
	path := tempPath(t)
	l := openTest(t, path, Options{})
	for i := range 4 {
		var facts []floor.Fact
		for j := range 1000 {
			facts = append(facts, person(fmt.Sprint("p", 1000*i+j), strings.Repeat("x", 700)))
		}
		commit(t, l, fmt.Sprint("k", i), facts...)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole := used(t, path)
	m, _ := freeOf(t, path)
	var deep, branches, leaves []int // pages in use, by what they are
	var walk func(id uint64)
	walk = func(id uint64) {
		at := int(id) * boltPage
		n := int(le.Uint16(whole[at+10:]))
		if le.Uint16(whole[at+8:]) != flagBranch {
			leaves = append(leaves, at)
			for i := range n {
				if e := at + pageHeader + i*elementSize; le.Uint32(whole[e:])&isBucket != 0 {
					if root := le.Uint64(whole[e+int(le.Uint32(whole[e+4:])+le.Uint32(whole[e+8:])):]); root != 0 {
						walk(root)
					}
				}
			}
			return
		}
		branches = append(branches, at)
		for i := range n {
			below := le.Uint64(whole[at+pageHeader+i*elementSize+8:])
			if le.Uint16(whole[below*boltPage+8:]) == flagBranch && len(deep) == i {
				deep = append(deep, at+pageHeader+i*elementSize+8)
			}
			walk(below)
		}
	}
	walk(m.root)
	if len(deep) < 2 || len(branches) < 5 {
		t.Fatalf("%d branches, %d below one", len(branches), len(deep))
	}
	refused := func(what string, spoil func([]byte)) {
		t.Helper()
		b := bytes.Clone(whole)
		spoil(b)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := Open(path, Options{fold: foldTally, Reserve: -1}); err == nil {
			l.Close()
			t.Errorf("a file with %s was opened", what)
		}
	}
	refused("a branch that stands twice", func(b []byte) { copy(b[deep[1]:deep[1]+8], b[deep[0]:]) })
	refused("two branches in each other's place", func(b []byte) {
		copy(b[deep[0]:deep[0]+8], whole[deep[1]:])
		copy(b[deep[1]:deep[1]+8], whole[deep[0]:])
	})
	refused("a branch outside it", func(b []byte) { le.PutUint64(b[deep[0]:], m.high) })
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(leaves), func(i, j int) { leaves[i], leaves[j] = leaves[j], leaves[i] })
	for _, at := range append(branches, leaves[:20]...) {
		refused("a page of another number", func(b []byte) { b[at]++ })
		refused("a page of no kind", func(b []byte) { b[at+8] = 0x40 })
		refused("keys out of order", func(b []byte) { b[at+pageHeader] ^= 1; le.PutUint32(b[at+pageHeader+4:], 0xfffffff0) })
	}
}

// TestFreePages: the file says which pages are free after every commit as long as these
// are few, and once it is closed; the next Open believes that, and a list that says
// anything else than the tree is refused.
func TestFreePages(t *testing.T) {
	path := tempPath(t)
	l := openTest(t, path, Options{})
	rnd := rand.New(rand.NewPCG(1, 2))
	body := make([]byte, 1<<19) // does not compress
	for i := range len(body) / 8 {
		binary.BigEndian.PutUint64(body[8*i:], rnd.Uint64())
	}
	for i := range 12 {
		commit(t, l, fmt.Sprint("k", i), floor.NoticeTaken{Channel: "dy", Via: "hook", Body: body})
		if i > 2 {
			continue
		}
		if m, free := freeOf(t, path); m.freelist == noFreelist || free == 0 {
			t.Fatalf("list of free pages at %d, with %d pages, after a commit", m.freelist, free)
		}
	}
	err := l.update(func(r *rows) error { // more pages are free than a commit says
		for i := range 12 {
			if err := r.top(rawBucket).delete(seqKey(uint64(i + 1))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, l, "k12", person("li", "x"))
	if m, _ := freeOf(t, path); m.freelist != noFreelist {
		t.Errorf("a commit wrote a long list of free pages")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole := used(t, path)
	m, free := freeOf(t, path)
	if m.freelist == noFreelist || free < fewFree {
		t.Fatalf("list of free pages at %d, with %d pages, after Close", m.freelist, free)
	}
	again := openTest(t, path, Options{})
	if got := again.Stats().FreePages; got != free {
		t.Errorf("%d pages are free; the file says %d", got, free)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}

	list := int(m.freelist) * boltPage
	for what, spoil := range map[string]func([]byte){
		"another page's number": func(b []byte) { b[list]++ },
		"another kind of page":  func(b []byte) { b[list+8] = flagLeaf },
		"too many":              func(b []byte) { le.PutUint16(b[list+10:], 0xfff0) },
		"a page in use":         func(b []byte) { le.PutUint64(b[list+pageHeader:], m.root) },
		"the head":              func(b []byte) { le.PutUint64(b[list+pageHeader:], 0) },
		"a page of no file":     func(b []byte) { le.PutUint64(b[list+pageHeader:], m.high) },
		"one twice":             func(b []byte) { copy(b[list+pageHeader+8:], b[list+pageHeader:list+pageHeader+8]) },
	} {
		b := bytes.Clone(whole)
		spoil(b)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := Open(path, Options{fold: foldTally, Reserve: -1}); err == nil {
			l.Close()
			t.Errorf("a list of free pages with %s was believed", what)
		}
	}
}

// freeOf gives the newest head of a file, and how many pages its list calls free.
func freeOf(t *testing.T, path string) (boltMeta, int) {
	t.Helper()
	whole := used(t, path)
	metas, err := readMetas(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	m, err := newestMeta(metas)
	if err != nil || m.freelist == noFreelist {
		return m, 0
	}
	return m, int(le.Uint16(whole[m.freelist*boltPage+10:]))
}
