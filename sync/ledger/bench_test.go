package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floord/floor"

	_ "github.com/mattn/go-sqlite3"
	"go.etcd.io/bbolt"
)

// A store takes one order durably: the ledger, or a peer beside it.
type store struct {
	name string
	put  func(i int) error
}

// benchOrder is an order of about 1.5 KB as the journal keeps it.
func benchOrder(i int) floor.OrderReceived {
	o := floor.OrderReceived{Order: floor.OrderID(fmt.Sprintf("DB20261121-ORD-%06d", i))}
	o.Shop = floor.ShopOrder{
		Channel: "pdd-main", Shop: "771203", Number: fmt.Sprintf("261121-%015d", i), State: floor.ShopPaid,
		ModifiedAt: time.Date(2026, 11, 21, 8, 0, i%60, 0, time.UTC), Pay: 12990,
		Content: strings.Repeat("0123456789abcdef", 4), BuyerNote: "请尽快发货，放门口驿站即可，谢谢",
		To: floor.Recipient{Name: "张三丰", Phone: "13800138000"},
	}
	for n := range 8 {
		o.Shop.Lines = append(o.Shop.Lines, floor.ShopLine{
			SKU: floor.SKU(fmt.Sprintf("SKU-%05d", (i*7+n)%1200)), Name: "冬季加厚保暖羊毛围巾 男女通用款", Spec: "深灰色/180cm", Qty: 1 + n%3,
		})
	}
	return o
}

func TestBenchOrderIsAboutOneAndAHalfKB(t *testing.T) {
	data, err := floor.EncodeFact(benchOrder(1))
	if err != nil || len(data) < 1200 || len(data) > 1800 {
		t.Errorf("%d bytes, %v; want about 1,500", len(data), err)
	}
}

// ledgerStore folds one row an order by foldTally, or the whole order by the real fold.
func ledgerStore(tb testing.TB, name string, f foldFunc) store {
	l, err := Open(tempPath(tb), Options{Reserve: -1, fold: f})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return store{name, func(i int) error {
		_, err := l.Commit(context.Background(), Request{Key: fmt.Sprintf("20261121/pdd-main/%09d", i), Actor: "shop:pdd-main"},
			say(benchOrder(i)))
		return err
	}}
}

// foldOne keeps one small row an order, under a key that grows.
func foldOne(r *rows, e floor.Event) error {
	return putRow(r, "one", string(e.Fact.(floor.OrderReceived).Order), e.Seq)
}

// A bare store is bbolt with a group commit and nothing else: one goroutine
// commits for all that wait, as many bytes an order as the journal keeps.
func bareStore(tb testing.TB) store {
	db, err := bbolt.Open(tempPath(tb), 0o600, boltOptions(nil))
	if err != nil {
		tb.Fatal(err)
	}
	type ask struct {
		value []byte
		done  chan error
	}
	asks := make(chan ask, 4096)
	var wg sync.WaitGroup
	wg.Go(func() {
		var seq uint64
		for first := range asks {
			group := []ask{first}
			err := db.Update(func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucketIfNotExists([]byte("orders"))
				if err != nil {
					return err
				}
				for i := 0; ; i++ {
					if i == len(group) {
						select {
						case a, ok := <-asks:
							if !ok {
								return nil
							}
							group = append(group, a)
						default:
							return nil
						}
					}
					seq++
					if err := b.Put(binary.BigEndian.AppendUint64(nil, seq), group[i].value); err != nil {
						return err
					}
				}
			})
			for _, a := range group {
				a.done <- err
			}
		}
	})
	tb.Cleanup(func() { close(asks); wg.Wait(); db.Close() })
	return store{"bare", func(i int) error {
		data, err := floor.EncodeFact(benchOrder(i))
		if err != nil {
			return err
		}
		a := ask{data, make(chan error, 1)}
		asks <- a
		return <-a.done
	}}
}

// An update store is bbolt as it comes: one Update an order.
func updateStore(tb testing.TB) store {
	db, err := bbolt.Open(tempPath(tb), 0o600, boltOptions(nil))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	return store{"update", func(i int) error {
		data, err := floor.EncodeFact(benchOrder(i))
		if err != nil {
			return err
		}
		return db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("orders"))
			if err != nil {
				return err
			}
			seq, _ := b.NextSequence()
			return b.Put(binary.BigEndian.AppendUint64(nil, seq), data)
		})
	}}
}

// A SQLite store is what most would take instead: WAL, synchronous=FULL.
func sqliteStore(tb testing.TB) store {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(tb.TempDir(), "floor.sqlite")+"?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=60000")
	if err != nil {
		tb.Fatal(err)
	}
	db.SetMaxOpenConns(1) // one writer: more of them wait for the lock by sleeping
	if _, err := db.Exec("CREATE TABLE orders (seq INTEGER PRIMARY KEY, fact BLOB NOT NULL)"); err != nil {
		tb.Fatal(err)
	}
	insert, err := db.Prepare("INSERT INTO orders (fact) VALUES (?)")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	return store{"sqlite", func(i int) error {
		data, err := floor.EncodeFact(benchOrder(i))
		if err != nil {
			return err
		}
		_, err = insert.Exec(data)
		return err
	}}
}

// load has w writers put n orders, numbered from first, and gives the time it
// took and how long each call took.
func load(tb testing.TB, s store, w, first, n int) (time.Duration, []time.Duration) {
	var next atomic.Int64
	took := make([]time.Duration, n)
	var wg sync.WaitGroup
	start := time.Now()
	for range w {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				t := time.Now()
				if err := s.put(first + i); err != nil {
					tb.Error(err)
					return
				}
				took[i] = time.Since(t)
			}
		})
	}
	wg.Wait()
	return time.Since(start), took
}

// BenchmarkCommit compares the ledger with its peers in one run: every
// iteration gives each store its turn. x-bare and x-sqlite are the ledger's
// commits per second over theirs: 0.5 and 1 are the aims.
func BenchmarkCommit(b *testing.B) {
	for _, w := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("writers=%d", w), func(b *testing.B) {
			stores := []store{ledgerStore(b, "ledger", foldOne), ledgerStore(b, "whole", nil), bareStore(b), updateStore(b), sqliteStore(b)}
			total, put := map[string]time.Duration{}, map[string]int{}
			calls := map[string][]time.Duration{}
			first := 0
			for b.Loop() {
				n := 200 + 100*w
				for _, s := range stores {
					n := n
					if s.name == "update" || s.name == "sqlite" {
						n = 200 + 10*w // they are slow, and only their rate matters
					}
					d, took := load(b, s, w, first, n)
					total[s.name] += d
					put[s.name] += n
					calls[s.name] = append(calls[s.name], took...)
				}
				first += n
			}
			rate := func(name string) float64 { return float64(put[name]) / total[name].Seconds() }
			for _, s := range stores {
				c := calls[s.name]
				slices.Sort(c)
				b.ReportMetric(rate(s.name), s.name+"/s")
				b.ReportMetric(float64(c[len(c)*99/100].Microseconds())/1000, s.name+"-p99-ms")
			}
			b.ReportMetric(rate("ledger")/rate("bare"), "x-bare")
			b.ReportMetric(rate("whole")/rate("bare"), "whole-x-bare")
			b.ReportMetric(rate("ledger")/rate("sqlite"), "x-sqlite")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkWake measures the waking of the one follower that wants an event, from its
// publishing until the follower has it, while others follow other subjects. Flat is
// right: those others must cost nothing.
func BenchmarkWake(b *testing.B) {
	for _, n := range []int{1, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("followers=%d", n), func(b *testing.B) {
			t := newTail(0, defaultTail)
			ctx, cancel := context.WithCancel(b.Context())
			l := &Ledger{tail: t, done: make(chan struct{})}
			var wg sync.WaitGroup
			heard := make(chan uint64)
			for i := range n {
				wg.Go(func() {
					for e := range l.Follow(ctx, 0, Topic{fmt.Sprint("person:p", i)}) {
						heard <- e.Seq
					}
				})
			}
			for t.followers() < n {
				time.Sleep(time.Millisecond)
			}
			seq := uint64(0)
			for b.Loop() {
				seq++
				l.seq.Store(seq)
				t.publish([]*entry{newEntry(floor.Event{Seq: seq, Fact: person("p0", "")})})
				if got := <-heard; got != seq {
					b.Fatalf("heard %d; want %d", got, seq)
				}
			}
			cancel()
			wg.Wait()
		})
	}
}

// BenchmarkReopen opens a ledger of FLOORD_EVENTS events (100,000 if not set),
// as a start of the daemon does, and tells what it takes in memory and on disk.
func BenchmarkReopen(b *testing.B) {
	n := 100_000
	if s := os.Getenv("FLOORD_EVENTS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	path := tempPath(b)
	o := Options{Reserve: -1, fold: foldOne}
	l, err := Open(path, o)
	if err != nil {
		b.Fatal(err)
	}
	plain := 0
	for i := 0; i < n; {
		facts := make([]floor.Fact, 0, 1000)
		for ; i < n && len(facts) < 1000; i++ {
			facts = append(facts, benchOrder(i))
			data, _ := floor.EncodeFact(facts[len(facts)-1])
			plain += len(data)
		}
		commit(b, l, fmt.Sprintf("20261121/load/%09d", i), facts...)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l, err := Open(path, o)
		if err != nil {
			b.Fatal(err)
		}
		if l.Seq() != uint64(n) {
			b.Fatalf("seq %d", l.Seq())
		}
		b.StopTimer()
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/1e6, "heap-MB")
		l.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(fileSize(path))/float64(n), "file-B/event")
	b.ReportMetric(float64(plain)/float64(n), "fact-B/event")
}
