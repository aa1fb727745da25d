package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"floord/floor"
)

// collect follows until n events came and gives their sequence numbers.
func collect(t *testing.T, l *Ledger, after uint64, topic Topic, n int) []uint64 {
	t.Helper()
	var seqs []uint64
	for e, err := range l.Follow(t.Context(), after, topic) {
		if err != nil {
			t.Errorf("follow: %v", err)
			break
		}
		seqs = append(seqs, e.Seq)
		if len(seqs) == n {
			break
		}
	}
	return seqs
}

// TestFollowFromWhatIsBeingTold: a view shows a commit a moment before the followers
// hear of it, and who follows from there waits for that moment.
func TestFollowFromWhatIsBeingTold(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	commit(t, l, "a", person("li", ""))
	seq := l.Seq()
	l.seq.Store(seq - 1) // not told yet
	done := make(chan []uint64)
	go func() { done <- collect(t, l, seq, Topic{Everything}, 1) }()
	time.Sleep(20 * time.Millisecond) // for it to be asked meanwhile; later is right as well
	l.seq.Store(seq)
	commit(t, l, "b", person("wei", ""))
	if got := <-done; len(got) != 1 || got[0] != seq+1 {
		t.Errorf("got %v; want %d", got, seq+1)
	}
}

func TestFollowFromDiskThenMemoryThenNews(t *testing.T) {
	path := tempPath(t)
	l := openTest(t, path, Options{})
	for i := range 50 {
		commit(t, l, fmt.Sprintf("a%03d", i), person(fmt.Sprint("p", i%5), ""), person("all", ""))
	}
	l.Close()
	l = openTest(t, path, Options{Tail: 20}) // the first hundred are on disk only
	for i := range 50 {
		commit(t, l, fmt.Sprintf("b%03d", i), person(fmt.Sprint("p", i%5), ""))
	}
	for _, tt := range []struct {
		name  string
		topic Topic
		after uint64
		n     int
		first uint64
	}{
		{"everything", Topic{Everything}, 0, 150, 1},
		{"a kind", Topic{"person.set/1"}, 0, 150, 1},
		{"one person", Topic{"person:p3"}, 0, 20, 7},
		{"one person twice named", Topic{"person:p3", "person.set/1", "person:p3"}, 0, 150, 1},
		{"from the middle", Topic{"person:all"}, 51, 25, 52},
		{"from memory", Topic{"person:p1"}, 145, 1, 147},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := collect(t, l, tt.after, tt.topic, tt.n)
			if len(got) != tt.n || got[0] != tt.first {
				t.Fatalf("got %v; want %d from %d", got, tt.n, tt.first)
			}
			for i := 1; i < len(got); i++ {
				if got[i] <= got[i-1] {
					t.Fatalf("not in order: %v", got)
				}
			}
		})
	}
}

// TestFollowersMissNothing has fast and slow followers read while many write.
func TestFollowersMissNothing(t *testing.T) {
	l := openTest(t, tempPath(t), Options{Tail: 64})
	const writers, each = 8, 150
	var wg sync.WaitGroup
	for f := range 6 {
		wg.Go(func() {
			topic, want := Topic{Everything}, writers*each
			if f%2 == 1 {
				topic, want = Topic{fmt.Sprint("person:p", f)}, each
			}
			var last uint64
			n := 0
			for e, err := range l.Follow(t.Context(), 0, topic) {
				if err != nil || e.Seq <= last {
					t.Errorf("follower %d: event %d after %d, %v", f, e.Seq, last, err)
					return
				}
				last = e.Seq
				n++
				if f < 2 && n%10 == 0 {
					l.Read(func(*View) error { return nil }) // a slow one
					l.Raw(e.Seq)
				}
				if n == want {
					return
				}
			}
		})
	}
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if _, err := l.Commit(t.Context(), request(fmt.Sprintf("w%d/%04d", w, i)), say(person(fmt.Sprint("p", w), ""))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestSlowFollowerReadsOn lets more wait than a follower takes.
func TestSlowFollowerReadsOn(t *testing.T) {
	l := openTest(t, tempPath(t), Options{Tail: 16})
	commit(t, l, "one", person("li", ""))
	n := 0
	for e, err := range l.Follow(t.Context(), 0, Topic{Everything}) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; e.Seq != uint64(n) {
			t.Fatalf("event %d; want %d", e.Seq, n)
		}
		if n == 1 {
			facts := make([]floor.Fact, 2*maxWaiting)
			for i := range facts {
				facts[i] = person("li", "")
			}
			commit(t, l, "many", facts...)
		}
		if n == 1+2*maxWaiting {
			return
		}
	}
}

func TestFollowEnds(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	commit(t, l, "k", person("li", ""))
	for _, err := range l.Follow(t.Context(), 7, Topic{Everything}) {
		if !errors.Is(err, ErrAhead) {
			t.Errorf("cursor ahead: %v; want ErrAhead", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range l.Follow(ctx, 0, Topic{Everything}) {
		cancel()
	}
	if n := l.Stats().Followers; n != 0 {
		t.Errorf("%d followers left behind", n)
	}
	for e, err := range l.Follow(t.Context(), 0, Topic{Everything}) {
		if e.Seq == 1 {
			go l.Close()
		} else if !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v; want ErrClosed", err)
		}
	}
}

// TestOnlyThoseWhoWantAreWoken looks at the tokens that a commit leaves.
func TestOnlyThoseWhoWantAreWoken(t *testing.T) {
	l := openTest(t, tempPath(t), Options{})
	followers := map[string]*follower{}
	for _, topic := range []string{"person:li", "person:wei", "person.set/1", "person.removed/1", "order:X", Everything} {
		f := &follower{topic: Topic{topic}, wake: make(chan struct{}, 1)}
		if _, live := l.tail.join(f, 0); !live {
			t.Fatal("the tail does not reach back to the beginning")
		}
		followers[topic] = f
	}
	commit(t, l, "k", person("li", ""))
	for topic, f := range followers {
		want := topic == "person:li" || topic == "person.set/1" || topic == Everything
		if woken := len(f.wake) == 1; woken != want || woken != (len(f.waiting) == 1) {
			t.Errorf("%s: woken %v with %d events; want %v", topic, woken, len(f.waiting), want)
		}
	}
}

// TestTailIsBounded: neither many events nor large ones stay in memory.
func TestTailIsBounded(t *testing.T) {
	tl := newTail(0, 100)
	seq := uint64(0)
	add := func(n, size int) {
		for range n {
			seq++
			e := newEntry(floor.Event{Seq: seq, Fact: person("li", "")})
			e.size = size
			tl.publish([]*entry{e})
		}
	}
	add(250, 10)
	if len(tl.entries) != 100 || tl.start != 150 || tl.size != 1000 {
		t.Errorf("%d events after %d of %d bytes; want 100 after 150 of 1,000", len(tl.entries), tl.start, tl.size)
	}
	add(40, 1<<20)
	if tl.size > tailBytes || len(tl.entries) != 16 || tl.start+16 != seq {
		t.Errorf("%d events of %d bytes; want 16 of at most %d", len(tl.entries), tl.size, tailBytes)
	}
}
