package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/floor"
)

// A tally is the row that foldTally keeps for each subject.
type tally struct {
	Events int
	Last   uint64
	Kinds  map[string]int
}

// foldTally is the fold of these tests: it counts, so that every event shows.
func foldTally(r *rows, e floor.Event) error {
	for _, s := range append(e.Fact.Subjects(), "all") {
		t, _, err := getRow[tally](r, "tally", s)
		if err != nil {
			return err
		}
		if t.Kinds == nil {
			t.Kinds = map[string]int{}
		}
		t.Events, t.Last = t.Events+1, e.Seq
		t.Kinds[string(e.Fact.Kind())]++
		if err := putRow(r, "tally", s, t); err != nil {
			return err
		}
	}
	if f, ok := e.Fact.(floor.PersonSet); ok && f.Name == "poison" {
		return errors.New("this one does not fold")
	}
	return nil
}

// count reads how many events the fold has seen of a subject.
func count(t *testing.T, l *Ledger, subject string) int {
	t.Helper()
	var n int
	err := l.Read(func(v *View) error {
		row, _, err := getRow[tally](v.rows, "tally", subject)
		n = row.Events
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func tempPath(t testing.TB) string { return filepath.Join(t.TempDir(), "floor.db") }

// openTest opens a ledger that folds by foldTally and closes it with the test.
func openTest(t testing.TB, path string, o Options) *Ledger {
	t.Helper()
	if o.fold == nil {
		o.fold = foldTally
	}
	o.Reserve = -1
	l, err := Open(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// person is the fact of these tests: its name may be anything.
func person(id, name string) floor.Fact {
	return floor.PersonSet{Person: floor.PersonID(id), Name: name}
}

func say(facts ...floor.Fact) func(*View) ([]floor.Fact, error) {
	return func(*View) ([]floor.Fact, error) { return facts, nil }
}

func request(key string) Request { return Request{Key: key, Actor: "floord"} }

// commit writes facts and fails the test if it cannot.
func commit(t testing.TB, l *Ledger, key string, facts ...floor.Fact) Receipt {
	t.Helper()
	r, err := l.Commit(t.Context(), request(key), say(facts...))
	if err != nil {
		t.Fatalf("commit %s: %v", key, err)
	}
	return r
}

func TestCommitIsThereAfterReopen(t *testing.T) {
	path := tempPath(t)
	l := openTest(t, path, Options{DecideTwice: true})
	r := commit(t, l, "k1", person("li", "a"), person("wei", "b"))
	if r.First != 1 || r.Last != 2 || r.Repeated || len(r.Events) != 2 {
		t.Errorf("receipt = %+v; want events 1 and 2, fresh", r)
	}
	epoch := l.Epoch()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	l = openTest(t, path, Options{})
	if l.Seq() != 2 || l.Epoch() != epoch || len(epoch) != 16 {
		t.Errorf("seq %d, epoch %q; want 2, %q", l.Seq(), l.Epoch(), epoch)
	}
	if n := count(t, l, "all"); n != 2 {
		t.Errorf("folded %d events; want 2", n)
	}
	again := commit(t, l, "k1", person("other", "x"))
	if !again.Repeated || again.First != 1 || again.Last != 2 || len(again.Events) != 2 || again.Events[1].Fact.(floor.PersonSet).Name != "b" {
		t.Errorf("second answer = %+v; want the first one", again)
	}
}

func TestRefusalWritesNothing(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	refused := errors.New("over-picked")
	_, err := l.Commit(t.Context(), request("k"), func(*View) ([]floor.Fact, error) { return []floor.Fact{person("li", "")}, refused })
	if err != refused {
		t.Errorf("error = %v; want the refusal as it is", err)
	}
	if r := commit(t, l, "none"); r.First != 0 || r.Last != 0 {
		t.Errorf("no facts: receipt %+v; want zeros", r)
	}
	if s := l.Stats(); l.Seq() != 0 || s.Commits != 0 {
		t.Errorf("seq %d, %d syncs; want none", l.Seq(), s.Commits)
	}
	if r := commit(t, l, "k", person("li", "")); r.Repeated {
		t.Error("a refused key was remembered as answered")
	}
}

func TestBadRequests(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	for _, tt := range []struct {
		name string
		req  Request
		fact floor.Fact
		want string
	}{
		{"no key", Request{Actor: "floord"}, nil, "needs a request key"},
		{"long key", Request{Key: strings.Repeat("k", 257), Actor: "floord"}, nil, "at most 256"},
		{"no actor", Request{Key: "k"}, nil, "actor of 0 bytes"},
		{"huge fact", request("k"), person("li", strings.Repeat("x", maxFact)), "at most 4194304"},
		{"unwritable fact", request("k"), badFact{}, "unsupported type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := l.Commit(t.Context(), tt.req, say(tt.fact)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v; want %q", err, tt.want)
			}
		})
	}
	if l.Seq() != 0 {
		t.Errorf("seq = %d; want 0", l.Seq())
	}
}

type badFact struct{ C chan int }

func (badFact) Kind() floor.Kind   { return "bad/1" }
func (badFact) Subjects() []string { return nil }

// TestNeighbours puts good, refused, panicking and unfoldable requests into
// shared transactions: each gets its own answer and the good ones stand.
func TestNeighbours(t *testing.T) {
	l := openTest(t, tempPath(t), Options{DecideTwice: true})
	refused := errors.New("no")
	var wg sync.WaitGroup
	const each = 60
	for i := range 5 * each {
		wg.Go(func() {
			key := fmt.Sprintf("20261121/pda-%02d/%06d", i%7, i)
			decide, want := say(person("li", "")), ""
			switch i % 5 {
			case 1:
				decide, want = func(*View) ([]floor.Fact, error) { return nil, refused }, "no"
			case 2:
				decide, want = func(*View) ([]floor.Fact, error) { panic("bug") }, "panic: bug"
			case 3:
				decide, want = say(person("wei", ""), person("wei", "poison")), "does not fold"
			case 4:
				n := 0
				decide, want = func(*View) ([]floor.Fact, error) { n++; return []floor.Fact{person("x", fmt.Sprint(n))}, nil }, "decided twice"
			}
			_, err := l.Commit(t.Context(), request(key), decide)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%s: error = %v; want %q", key, err, want)
			}
		})
	}
	wg.Wait()
	if n := count(t, l, "all"); n != each || l.Seq() != each {
		t.Errorf("folded %d, seq %d; want %d", n, l.Seq(), each)
	}
	if n := count(t, l, "person:wei"); n != 0 {
		t.Errorf("%d events of a request that did not fold", n)
	}
}

// TestDecideSeesThoseBefore deducts from one stock with many takers: exactly as
// many pass as there is.
func TestDecideSeesThoseBefore(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	const stock, takers = 50, 400
	soldOut := errors.New("sold out")
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[bool]int{}
	for i := range takers {
		wg.Go(func() {
			_, err := l.Commit(t.Context(), request(fmt.Sprint("k", i)), func(v *View) ([]floor.Fact, error) {
				row, _, err := getRow[tally](v.rows, "tally", "all")
				if err != nil || row.Events >= stock {
					return nil, errors.Join(err, soldOut)
				}
				return []floor.Fact{person("li", "")}, nil
			})
			mu.Lock()
			defer mu.Unlock()
			got[err == nil]++
		})
	}
	wg.Wait()
	if got[true] != stock || got[false] != takers-stock {
		t.Errorf("%d took, %d were refused; want %d and %d", got[true], got[false], stock, takers-stock)
	}
	if s := l.Stats(); s.Commits >= stock {
		t.Errorf("%d syncs for %d takers: the group commit does not group", s.Commits, stock)
	}
}

// TestSameKeyAtOnce sends every request several times at the same moment.
func TestSameKeyAtOnce(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			r, err := l.Commit(t.Context(), request(fmt.Sprint("k", i%20)), say(person("li", fmt.Sprint(i))))
			if err != nil || r.First != r.Last || len(r.Events) != 1 {
				t.Errorf("receipt %+v, %v", r, err)
			}
		})
	}
	wg.Wait()
	if l.Seq() != 20 {
		t.Errorf("seq = %d; want 20, one for each key", l.Seq())
	}
}

// TestTurns has requests come while another is decided: urgent ones go before the
// others, but overtake nobody who leads. Bulk waits for its turn, and in its turn for
// what is no bulk.
func TestTurns(t *testing.T) {
	for _, tt := range []struct {
		leads string   // "bulk", or ""
		come  []string // in this order; u... is urgent, b... is bulk
		want  []string // in which group each was decided
	}{
		{"", []string{"a", "b1", "c", "u1", "u2", "b2"}, []string{"leads u1 u2 a c", "b1 b2"}},
		{"bulk", []string{"b1", "a", "c", "b2", "u1"}, []string{"leads u1 a c b1 b2"}},
	} {
		if got := turns(t, tt.leads == "bulk", tt.come); !slices.Equal(got, tt.want) {
			t.Errorf("a lead of %q, then %q: decided in the groups %q; want %q", tt.leads, tt.come, got, tt.want)
		}
	}
}

// turns has a request decided until those of come wait, and gives which were decided
// in one transaction, in their order.
func turns(t *testing.T, bulk bool, come []string) (groups []string) {
	l := openTest(t, tempPath(t), Options{})
	inside, leave := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var last *rows
	ask := func(name string, bulk bool) {
		wg.Go(func() {
			r := request(name)
			r.Urgent, r.Bulk = name[0] == 'u', bulk
			_, err := l.Commit(t.Context(), r, func(v *View) ([]floor.Fact, error) {
				if name == "leads" {
					close(inside)
					<-leave
				}
				mu.Lock()
				defer mu.Unlock()
				if v.rows != last {
					groups, last = append(groups, name), v.rows
				} else {
					groups[len(groups)-1] += " " + name
				}
				return []floor.Fact{person("li", name)}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	ask("leads", bulk)
	<-inside
	for i, name := range come {
		ask(name, name[0] == 'b')
		for waiting := 0; waiting <= i; {
			time.Sleep(time.Millisecond)
			l.mu.Lock()
			waiting = len(l.queues[0]) + len(l.queues[1])
			l.mu.Unlock()
		}
	}
	close(leave)
	wg.Wait()
	return groups
}

// TestCommitAll: each for itself, in their order, in one transaction.
func TestCommitAll(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	var all []Proposal
	for i := range 20 {
		all = append(all, Proposal{request(fmt.Sprint("k", i)), func(v *View) ([]floor.Fact, error) {
			if i == 7 {
				return nil, errors.New("no")
			}
			return []floor.Fact{person("li", fmt.Sprint(i))}, nil
		}})
	}
	if err := l.CommitAll(t.Context(), all); err == nil || err.Error() != "no" {
		t.Errorf("error = %v; want no", err)
	}
	if n := l.Stats().Commits; n != 1 || l.Seq() != 19 {
		t.Errorf("%d transactions, %d events; want 1 and 19", n, l.Seq())
	}
	if err := l.CommitAll(t.Context(), all[:7]); err != nil || l.Seq() != 19 {
		t.Errorf("again: %v, %d events", err, l.Seq())
	}
	all[0].Key = ""
	if err := l.CommitAll(t.Context(), all); err == nil {
		t.Error("a request without a key was taken")
	}
	gone := []Proposal{{request("gone"), func(*View) ([]floor.Fact, error) { runtime.Goexit(); return nil, nil }}, {request("stays"), say(person("li", "x"))}}
	var wg sync.WaitGroup
	wg.Go(func() { l.CommitAll(t.Context(), gone) })
	wg.Wait()
	if r := commit(t, l, "next", person("li", "y")); r.First == 0 {
		t.Errorf("receipt %+v", r)
	}
}

func TestWaitingRequestCanBeCalledBack(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	inside, leave := make(chan bool), make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := l.Commit(t.Context(), request("slow"), func(*View) ([]floor.Fact, error) {
			close(inside)
			<-leave
			return []floor.Fact{person("li", "")}, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Commit(ctx, request("late"), say(person("wei", ""))); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v; want canceled", err)
	}
	close(leave)
	wg.Wait()
	if n := count(t, l, "person:wei"); n != 0 {
		t.Error("a request that was called back was written")
	}
}

func TestClosedLedgerSaysSo(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	commit(t, l, "k", person("li", ""))
	l.Close()
	_, err := l.Commit(t.Context(), request("k2"), say(person("li", "")))
	if !errors.Is(err, ErrClosed) {
		t.Errorf("commit: %v; want ErrClosed", err)
	}
	if err := l.Read(func(*View) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("read: %v; want ErrClosed", err)
	}
	for _, err := range l.Follow(t.Context(), 0, Topic{Everything}) {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("follow: %v; want ErrClosed", err)
		}
	}
}

func TestRawPayloadIsKept(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	raw := []byte(strings.Repeat(`{"order_sn":"1"}`, 100))
	r := commit(t, l, "k", floor.OrderReceived{Shop: floor.ShopOrder{Raw: raw}}, person("li", ""))
	for seq, want := range map[uint64]string{r.First: string(raw), r.Last: "", 99: ""} {
		got, err := l.Raw(seq)
		if err != nil || string(got) != want {
			t.Errorf("raw of %d: %d bytes, %v; want %d", seq, len(got), err, len(want))
		}
	}
}

// TestRawPayloadSaysItsHash: the ledger takes an order's word for what its payload is,
// and one that decides twice does not.
func TestRawPayloadSaysItsHash(t *testing.T) {
	for _, twice := range []bool{false, true} {
		l := openTest(t, tempPath(t), Options{DecideTwice: twice})
		raw := []byte(`{"order_sn":"1"}`)
		sum := sha256.Sum256(raw)
		commit(t, l, "right", floor.OrderReceived{Shop: floor.ShopOrder{Raw: raw, Content: hex.EncodeToString(sum[:])}})
		commit(t, l, "another word", floor.OrderRevised{Shop: floor.ShopOrder{Raw: raw, Content: "second"}})
		if v, problems := verified(t, l); !v.OK() {
			t.Error(problems)
		}
		wrong := floor.OrderReceived{Shop: floor.ShopOrder{Raw: raw, Content: strings.Repeat("0", 64)}}
		_, err := l.Commit(t.Context(), request("wrong"), say(wrong))
		if said := err != nil && strings.Contains(err.Error(), "says that its payload is 0000"); said != twice {
			t.Errorf("decided twice: %v; a wrong hash: %v", twice, err)
		}
	}
}

// TestRawPayloadsOfOlderFiles: where each still has a row of its own, it is read.
func TestRawPayloadsOfOlderFiles(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	var facts []floor.Fact
	for i := range 3 {
		facts = append(facts, floor.OrderReceived{Order: floor.OrderID(fmt.Sprint(i)), Shop: floor.ShopOrder{Raw: fmt.Appendf(nil, `{"order_sn":%d}`, i)}})
	}
	receipt := commit(t, l, "page", facts...)
	if err := l.update(func(r *rows) error {
		for i, f := range facts {
			if err := r.top(rawBucket).put(seqKey(receipt.First+uint64(i)), r.seals.pack.EncodeAll(payload(f), nil)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for i, f := range facts {
		if got, err := l.Raw(receipt.First + uint64(i)); err != nil || !bytes.Equal(got, payload(f)) {
			t.Errorf("raw of fact %d: %q, %v", i, got, err)
		}
	}
	if v, problems := verified(t, l); !v.OK() {
		t.Error(problems)
	}
}

// TestRawPayloadsOfOneCommit: they share rows, and each is found alone.
func TestRawPayloadsOfOneCommit(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	commit(t, l, "before", person("li", ""))
	var facts []floor.Fact
	var want []string
	for i := range 40 {
		raw := fmt.Sprintf(`{"order_sn":"%d","goods":"%s"}`, i, strings.Repeat("围巾", i*700))
		facts = append(facts, floor.OrderReceived{Order: floor.OrderID(fmt.Sprint(i)), Shop: floor.ShopOrder{Raw: []byte(raw)}}, person("li", ""))
		want = append(want, raw, "")
	}
	r := commit(t, l, "page", facts...)
	after := commit(t, l, "after", person("li", ""), floor.OrderReceived{Order: "x", Shop: floor.ShopOrder{Raw: []byte("[]")}})
	for i, w := range want {
		if got, err := l.Raw(r.First + uint64(i)); err != nil || string(got) != w {
			t.Errorf("raw of fact %d: %d bytes, %v; want %d", i, len(got), err, len(w))
		}
	}
	for seq, w := range map[uint64]string{1: "", after.First: "", after.Last: "[]"} {
		if got, err := l.Raw(seq); err != nil || string(got) != w {
			t.Errorf("raw of %d: %q, %v; want %q", seq, got, err, w)
		}
	}
	for name, row := range map[string][]byte{
		"of before packs":        l.seals.pack.EncodeAll([]byte("one"), nil),
		"empty":                  {},
		"of another form":        {9},
		"cut":                    {packV1, 2, 0, 3},
		"too many":               {packV1, 0xff, 0xff, 0x7f},
		"too short":              l.seals.pack.EncodeAll([]byte("four"), []byte{packV1, 1, 0, 5}),
		"before the first event": l.seals.pack.EncodeAll([]byte("four"), []byte{packV1, 1, 9, 4}),
	} {
		p, err := parsePack(row, 7, l.seals.unpack)
		if old := name == "of before packs"; old != (err == nil) || old && string(p.payload(7)) != "one" {
			t.Errorf("a row %s: %v, %v", name, p, err)
		}
	}
	kept := 0
	l.view(func(r *rows) error {
		return r.top(rawBucket).scan("", "", func(string, []byte) (bool, error) { kept++; return true, nil })
	})
	if kept < 3 || kept > 20 {
		t.Errorf("%d rows of payloads", kept)
	}
}

// TestReserve: what is not urgent waits outside, answers that were given stay.
func TestReserve(t *testing.T) {
	path := tempPath(t)
	l := openTest(t, path, Options{})
	commit(t, l, "before", person("li", ""))
	l.opts.Reserve = 1 << 62 // no disk has that
	if _, err := l.Commit(t.Context(), request("new"), say(person("li", ""))); !errors.Is(err, ErrReserve) {
		t.Errorf("an order: %v; want ErrReserve", err)
	}
	if r := commit(t, l, "before"); !r.Repeated {
		t.Error("an answered key was not answered")
	}
	if _, err := l.Commit(t.Context(), Request{Key: "freeze", Actor: "floord", Urgent: true}, say(person("li", ""))); err != nil {
		t.Errorf("a freeze: %v", err)
	}
	if !l.Stats().Low {
		t.Error("the figures do not say that the reserve is reached")
	}
}

// TestDecideThatEndsItsGoroutine, as t.FailNow in a decide does, leaves a ledger
// that others can go on with.
func TestDecideThatEndsItsGoroutine(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	var wg sync.WaitGroup
	wg.Go(func() {
		l.Commit(t.Context(), request("gone"), func(*View) ([]floor.Fact, error) { runtime.Goexit(); return nil, nil })
		t.Error("Commit returned")
	})
	wg.Wait()
	if r := commit(t, l, "next", person("li", "")); r.First != 1 {
		t.Errorf("receipt %+v; want event 1", r)
	}
}
