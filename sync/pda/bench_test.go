package pda_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda/pdatest"

	"github.com/gorilla/websocket"
	"go.etcd.io/bbolt"
)

// long says that the benchmarks run in their full size.
var long = os.Getenv("FLOORD_LONG") == "1"

// Figures of a benchmark: the p50 and p99 of what was measured.
type times struct {
	mu  sync.Mutex
	all []time.Duration
}

func (x *times) add(d time.Duration) {
	x.mu.Lock()
	x.all = append(x.all, d)
	x.mu.Unlock()
}

func (x *times) at(share float64) time.Duration {
	slices.Sort(x.all)
	if len(x.all) == 0 {
		return 0
	}
	return x.all[min(len(x.all)-1, int(share*float64(len(x.all))))]
}

func (x *times) ms(share float64) float64 { return float64(x.at(share).Microseconds()) / 1000 }

// A site with 200 handhelds, each with a task of some orders, and the cancels of
// those orders to be posted.
const handhelds = 200

// BenchmarkCancelToAlert posts cancels over HTTP at a fixed rate; each is made
// durable and its alert reaches the handheld that holds the order. Beside it, in
// the same run, a bare bbolt group commit of the same size and a bare push over
// a WebSocket. The aim is a p99 within 1.5 times the bare one's.
func BenchmarkCancelToAlert(b *testing.B) {
	for _, perSec := range []int{1, 100, 1000} {
		n := min(perSec*5, 1000)
		if long {
			n = min(perSec*20, 5000)
		}
		n = max(n, 10)
		for _, backup := range []bool{false, true} {
			name := fmt.Sprintf("%dps", perSec)
			if backup {
				name += "/backup"
			}
			b.Run(name, func(b *testing.B) {
				for range b.N {
					bare := bareAlert(b, perSec, n)
					ours := floorAlert(b, perSec, n, backup)
					b.ReportMetric(bare.ms(.5), "bare-p50-ms")
					b.ReportMetric(bare.ms(.99), "bare-p99-ms")
					b.ReportMetric(ours.ms(.5), "p50-ms")
					b.ReportMetric(ours.ms(.99), "p99-ms")
					b.ReportMetric(ours.ms(.99)/bare.ms(.99), "p99-ratio")
				}
			})
		}
	}
}

// paced calls do n times at a rate, each in a goroutine of its own.
func paced(n, perSec int, do func(i int)) {
	var all sync.WaitGroup
	gap := time.Second / time.Duration(perSec)
	start := time.Now()
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(i) * gap)))
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// floorAlert measures from before the POST until the handheld has the freeze.
func floorAlert(b *testing.B, perSec, n int, backup bool) *times {
	s := pdatest.NewSite(b, pdatest.Options{})
	orders := make([]floor.OrderID, n)
	sent := make([]atomic.Int64, n)
	at := map[floor.OrderID]int{}
	for i := range n {
		orders[i] = s.Receive(i % pdatest.SKUs)
		at[orders[i]] = i
	}
	s.Mux.HandleFunc("POST /cancel/{order}", func(w http.ResponseWriter, r *http.Request) {
		if _, err := s.Foreman.Freeze(r.Context(), s.Root(), floor.OrderID(r.PathValue("order")), floor.FreezeCancel); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
		}
	})
	var got times
	var readers sync.WaitGroup
	arrived := make(chan struct{}, n)
	for h := range handhelds {
		id := floor.PersonID(fmt.Sprintf("picker-%03d", h))
		s.Person(id, "拣货", floor.RolePicker)
		c := s.Dial(s.Pair(floor.DeviceID(fmt.Sprintf("pda-%03d", h)), "pda", ""), id)
		var mine []floor.OrderID
		for i := h; i < n; i += handhelds {
			mine = append(mine, orders[i])
		}
		if len(mine) > 0 {
			s.Release(mine...)
			if _, err := c.Act("take", nil); err != nil {
				b.Fatal(err)
			}
		}
		c.Seen = nil
		readers.Go(func() {
			for {
				_, data, err := c.Conn().ReadMessage()
				if err != nil {
					return
				}
				now := time.Now().UnixNano()
				for _, order := range alerts(data) {
					got.add(time.Duration(now - sent[at[order]].Load()))
					arrived <- struct{}{}
				}
			}
		})
		c.Conn().SetReadDeadline(time.Time{})
	}
	if backup {
		stop := make(chan struct{})
		var saving sync.WaitGroup
		saving.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					saveLedger(b, s.Ledger, i)
				}
			}
		})
		defer saving.Wait()
		defer close(stop)
	}
	client := poster()
	paced(n, perSec, func(i int) {
		sent[i].Store(time.Now().UnixNano())
		post(b, client, "http://"+s.Addr+"/cancel/"+string(orders[i]))
	})
	await(b, arrived, n)
	return &got
}

// alerts gives the orders that a message says are frozen: a freeze, or a snapshot
// that was taken after one.
func alerts(data []byte) (orders []floor.OrderID) {
	var m struct {
		Type    string
		Order   floor.OrderID
		Freezes []struct{ Order floor.OrderID }
	}
	if json.Unmarshal(data, &m) != nil {
		return nil
	}
	if m.Type == "freeze" {
		orders = append(orders, m.Order)
	}
	for _, f := range m.Freezes {
		orders = append(orders, f.Order)
	}
	return orders
}

func poster() *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
}

func post(b *testing.B, c *http.Client, url string) {
	resp, err := c.Post(url, "application/json", strings.NewReader("{}"))
	if err != nil {
		b.Error(err)
		return
	}
	defer resp.Body.Close()
	if msg, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
		b.Errorf("%d %s", resp.StatusCode, msg)
	}
}

func await(b *testing.B, arrived chan struct{}, n int) {
	late := time.After(20 * time.Second)
	for i := range n {
		select {
		case <-arrived:
		case <-late:
			b.Fatalf("only %d of %d alerts arrived", i, n)
		}
	}
}

// bareAlert is the same with nothing of ours: one committer puts what waits into
// one bbolt transaction, and writes each alert to its socket.
func bareAlert(b *testing.B, perSec, n int) *times {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	type row struct {
		n    int
		done chan struct{}
	}
	rows := make(chan row, n)
	payload := []byte(strings.Repeat("x", 700)) // what a freeze writes, journal and views
	var committer sync.WaitGroup
	committer.Go(func() {
		for r := range rows {
			group := []row{r}
			for more := true; more; {
				select {
				case r, ok := <-rows:
					if ok {
						group = append(group, r)
					} else {
						more = false
					}
				default:
					more = false
				}
			}
			if err := db.Update(func(tx *bbolt.Tx) error {
				bk, err := tx.CreateBucketIfNotExists([]byte("j"))
				for _, r := range group {
					if err == nil {
						err = bk.Put([]byte(fmt.Sprintf("%09d", r.n)), payload)
					}
				}
				return err
			}); err != nil {
				b.Error(err)
			}
			for _, r := range group {
				close(r.done)
			}
		}
	})
	conns := make([]*websocket.Conn, handhelds)
	locks := make([]sync.Mutex, handhelds)
	var up websocket.Upgrader
	joined := make(chan struct{}, handhelds)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws/{h}", func(w http.ResponseWriter, r *http.Request) {
		var h int
		fmt.Sscan(r.PathValue("h"), &h)
		conns[h], _ = up.Upgrade(w, r, nil)
		joined <- struct{}{}
	})
	mux.HandleFunc("POST /cancel/{n}", func(w http.ResponseWriter, r *http.Request) {
		var i int
		fmt.Sscan(r.PathValue("n"), &i)
		x := row{i, make(chan struct{})}
		rows <- x
		<-x.done
		h := i % handhelds
		locks[h].Lock()
		defer locks[h].Unlock()
		conns[h].WriteMessage(websocket.TextMessage, []byte(fmt.Sprintf(`{"type":"freeze","order":"%d","pad":"%0300d"}`, i, 0)))
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := &http.Server{Handler: mux}
	go srv.Serve(ln)
	defer srv.Close()
	sent := make([]atomic.Int64, n)
	var got times
	arrived := make(chan struct{}, n)
	for h := range handhelds {
		c, _, err := websocket.DefaultDialer.Dial(fmt.Sprintf("ws://%s/ws/%d", ln.Addr(), h), nil)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		<-joined
		go func() {
			for {
				_, data, err := c.ReadMessage()
				if err != nil {
					return
				}
				now := time.Now().UnixNano()
				var m struct{ Type, Order string }
				json.Unmarshal(data, &m)
				var i int
				fmt.Sscan(m.Order, &i)
				got.add(time.Duration(now - sent[i].Load()))
				arrived <- struct{}{}
			}
		}()
	}
	client := poster()
	paced(n, perSec, func(i int) {
		sent[i].Store(time.Now().UnixNano())
		post(b, client, fmt.Sprintf("http://%s/cancel/%d", ln.Addr(), i))
	})
	await(b, arrived, n)
	close(rows)
	committer.Wait()
	return &got
}

// BenchmarkBroadcast sends one event that every handheld wants, and measures
// until each has it, once from the request on and once from when the event is on the
// disk; beside it the same bytes over bare TCP, one goroutine writing to all, where
// nothing is made durable. The aim is a p99 from the disk on within 1.25 times the
// bare one's.
func BenchmarkBroadcast(b *testing.B) {
	sizes := []int{200, 1000}
	if long {
		sizes = append(sizes, 10_000)
	}
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			n := sockets(b, n)
			for range b.N {
				b.ReportMetric(float64(n), "sockets")
				bare := bareBroadcast(b, n)
				whole, sent := floorBroadcast(b, n)
				b.ReportMetric(bare.ms(.5), "bare-p50-ms")
				b.ReportMetric(bare.ms(.99), "bare-p99-ms")
				b.ReportMetric(whole.ms(.5), "whole-p50-ms")
				b.ReportMetric(whole.ms(.99), "whole-p99-ms")
				b.ReportMetric(sent.ms(.5), "p50-ms")
				b.ReportMetric(sent.ms(.99), "p99-ms")
				b.ReportMetric(sent.ms(.99)/bare.ms(.99), "p99-ratio")
			}
		})
	}
}

// sockets raises the limit of open files and gives how many of n sockets fit:
// both ends of each are in this process.
func sockets(b *testing.B, n int) int {
	const others = 300
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		b.Fatal(err)
	}
	want := uint64(2*n + others)
	if l.Cur >= want {
		return n
	}
	if l.Max < want {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: want, Max: want}); err == nil {
			return n
		}
		want = l.Max // only root of the machine may go beyond
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: want, Max: l.Max}); err != nil {
		b.Fatal(err)
	}
	return int(want-others) / 2
}

const rounds = 5

// floorBroadcast: idle handhelds all hear of a new task. It gives the times from the
// request on, and from when it was on the disk.
func floorBroadcast(b *testing.B, n int) (whole, sent *times) {
	s := pdatest.NewSite(b, pdatest.Options{Most: n + 1})
	whole, sent = new(times), new(times)
	var heard times // since 1970
	arrived := make(chan struct{}, n)
	for i := range n {
		c := s.Dial(s.Pair(floor.DeviceID(fmt.Sprintf("pda-%05d", i)), "pda", ""), "")
		if _, err := c.Wait("snapshot"); err != nil {
			b.Fatal(err)
		}
		c.Conn().SetReadDeadline(time.Time{})
		go func() {
			for {
				_, data, err := c.Conn().ReadMessage()
				if err != nil {
					return
				}
				if strings.Contains(string(data), "task.issued") {
					heard.add(time.Duration(time.Now().UnixNano()))
					arrived <- struct{}{}
				}
			}
		}()
	}
	for range rounds {
		id := s.Receive(1)
		asked := time.Duration(time.Now().UnixNano())
		s.Release(id)
		durable := time.Duration(time.Now().UnixNano())
		await(b, arrived, n)
		for _, at := range heard.all {
			whole.add(at - asked)
			sent.add(max(0, at-durable))
		}
		heard.all = nil
	}
	return whole, sent
}

func bareBroadcast(b *testing.B, n int) *times {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	message := []byte(strings.Repeat("x", 420) + "\n")
	var start atomic.Int64
	var got times
	arrived := make(chan struct{}, n)
	var servers []net.Conn
	for range n {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		x, err := ln.Accept()
		if err != nil {
			b.Fatal(err)
		}
		defer x.Close()
		servers = append(servers, x)
		go func() {
			buf := make([]byte, len(message))
			for {
				if _, err := io.ReadFull(c, buf); err != nil {
					return
				}
				got.add(time.Duration(time.Now().UnixNano() - start.Load()))
				arrived <- struct{}{}
			}
		}()
	}
	for range rounds {
		start.Store(time.Now().UnixNano())
		for _, c := range servers {
			c.Write(message)
		}
		await(b, arrived, n)
	}
	return &got
}

// saveLedger makes a copy of the ledger's file as it goes on being written.
func saveLedger(b *testing.B, l *ledger.Ledger, i int) {
	if _, err := l.Backup(context.Background(), filepath.Join(b.TempDir(), fmt.Sprintf("copy-%d.db", i))); err != nil {
		b.Error(err)
	}
}
