package sim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"floord/internal/sim/shop"
)

// A loadAsk is one line to the process of the pretend shops; the first one says
// which shops there are.
type loadAsk struct {
	Do      string        `json:"do"` // shops, warm, push, cancels, stop
	Drivers []string      `json:"drivers,omitempty"`
	Orders  int           `json:"orders,omitempty"` // of all shops together
	Warm    int           `json:"warm,omitempty"`   // of the first shop, beside those
	Aged    bool          `json:"aged,omitempty"`   // older than any pull asks for
	Base    string        `json:"base,omitempty"`   // of the daemon's pages
	Clients int           `json:"clients,omitempty"`
	Every   time.Duration `json:"every,omitempty"`
}

// A loadSaid is one line back: the answer to an ask, or a cancel that was taken.
type loadSaid struct {
	Done   string        `json:"done,omitempty"`
	URLs   []string      `json:"urls,omitempty"`
	Hooks  []string      `json:"hooks,omitempty"` // the secrets of pushes
	Err    string        `json:"err,omitempty"`
	CPU    time.Duration `json:"cpu,omitempty"` // of the shops' process so far
	Number string        `json:"number,omitempty"`
	At     time.Time     `json:"at,omitzero"`    // when the cancel was sent,
	Took   time.Duration `json:"took,omitempty"` // and how long its answer took
}

// loadShops are the pretend shops of a load run.
type loadShops struct {
	shops  []*shop.Shop
	ids    []string
	warm   []string   // numbers of the first shop
	orders [][]string // by shop
	client *http.Client

	mu  sync.Mutex // held while a line is written
	out *json.Encoder
}

// ServeShops is the shops' side of a load run, in a process of its own, so that
// what the shops cost is not counted as the daemon's. It reads asks from in until
// that ends and answers to out, a line of JSON each.
func ServeShops(in io.Reader, out io.Writer) error {
	s := &loadShops{out: json.NewEncoder(out), client: &http.Client{
		Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 256, MaxConnsPerHost: 256},
	}}
	var w world // for its servers
	defer w.close()
	asks := json.NewDecoder(in)
	stop := make(chan struct{})
	for {
		var a loadAsk
		if err := asks.Decode(&a); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		said := loadSaid{Done: a.Do}
		var err error
		switch a.Do {
		case "shops":
			said.URLs, said.Hooks, err = s.open(&w, a)
		case "warm":
			err = s.push(a, map[int][]string{0: s.warm})
		case "push":
			all := map[int][]string{}
			for i, numbers := range s.orders {
				all[i] = numbers
			}
			err = s.push(a, all)
		case "cancels":
			go s.cancels(a, stop)
		case "stop":
			close(stop)
		default:
			err = fmt.Errorf("%q is nothing that can be asked", a.Do)
		}
		if err != nil {
			said.Err = err.Error()
		}
		said.CPU, _ = used()
		s.say(said)
	}
}

func (s *loadShops) say(said loadSaid) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(said) // who no longer reads has gone
}

// used gives the CPU time of this process, and the most memory that it held.
func used() (cpu time.Duration, peak int64) {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), u.Maxrss << 10
}

// open opens the shops with their orders.
func (s *loadShops) open(w *world, a loadAsk) (urls, hooks []string, err error) {
	now := time.Now()
	for i, driver := range a.Drivers {
		p, err := platformOf(driver)
		if err != nil {
			return nil, nil, err
		}
		fake := p.open()
		fake.Quick(true)
		n := a.Orders / len(a.Drivers)
		if i < a.Orders%len(a.Drivers) {
			n++
		}
		var numbers []string
		for k := range n { // as a sale brings them: within the last 40 minutes
			at := now.Add(-time.Minute - time.Duration(n-k)*39*time.Minute/time.Duration(n))
			numbers = append(numbers, s.place(fake, k, at, a.Aged))
		}
		if i == 0 {
			for k := range a.Warm {
				s.warm = append(s.warm, s.place(fake, n+k, now, true))
			}
		}
		url, err := w.serve(fake)
		if err != nil {
			return nil, nil, err
		}
		s.shops, s.orders, s.ids = append(s.shops, fake), append(s.orders, numbers), append(s.ids, fmt.Sprintf("%s-%d", p.short, i+1))
		urls, hooks = append(urls, url+fake.Path()), append(hooks, fake.HookSecret())
	}
	return urls, hooks, nil
}

// place places one order of three lines.
func (s *loadShops) place(fake *shop.Shop, k int, at time.Time, aged bool) string {
	if aged {
		at = at.Add(-72 * time.Hour)
	}
	town := towns[k%len(towns)]
	return fake.Place(shop.Order{
		Items: []shop.Item{
			{SKU: fmt.Sprintf("L%03d", k%100), Name: "冬季加厚保暖羊毛围巾 男女通用款", Spec: "深灰色/180cm", Qty: 1 + k%3},
			{SKU: fmt.Sprintf("L%03d", (k+31)%100), Name: "纯棉T恤 宽松短袖 夏季新款", Spec: "白色/L", Qty: 1},
			{SKU: fmt.Sprintf("L%03d", (k+57)%100), Name: "袜子 中筒 三双装", Spec: "混色", Qty: 2},
		},
		PayFen: int64(3990 + k%9000), Name: "张三丰", Phone: fmt.Sprintf("138%08d", k%100_000_000), Province: town[0], City: town[1], District: town[2],
		Street: fmt.Sprintf("示例路%d号%d幢", 1+k%300, 1+k%20), Memo: memos[k%len(memos)], PaidAt: at.Add(-time.Minute), Changed: at,
	})
}

// push has the shops tell of orders, each by a request of its own, several at once.
func (s *loadShops) push(a loadAsk, orders map[int][]string) error {
	type job struct {
		shop   int
		number string
	}
	jobs := make(chan job, 1024)
	var wg sync.WaitGroup
	var bad atomic.Pointer[error]
	for range max(1, a.Clients) {
		wg.Go(func() {
			for j := range jobs {
				if err := s.tell(a.Base, j.shop, j.number, false); err != nil {
					bad.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	most := 0
	for _, numbers := range orders {
		most = max(most, len(numbers))
	}
	for k := range most {
		for i := range s.shops {
			if k < len(orders[i]) {
				jobs <- job{i, orders[i][k]}
			}
		}
	}
	close(jobs)
	wg.Wait()
	if err := bad.Load(); err != nil {
		return *err
	}
	return nil
}

// tell pushes until it is taken, as a shop does.
func (s *loadShops) tell(base string, i int, number string, cancel bool) error {
	p, ok := s.shops[i].Push(number, cancel)
	if !ok {
		return fmt.Errorf("%s pushes nothing", s.ids[i])
	}
	url := base + "/hooks/" + s.ids[i]
	if p.Query != "" {
		url += "?" + p.Query
	}
	var err error
	for range 5 {
		req, e := http.NewRequest(http.MethodPost, url, bytes.NewReader(p.Body))
		if e != nil {
			return e
		}
		req.Header = p.Header.Clone()
		resp, e := s.client.Do(req)
		if err = e; err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if resp.StatusCode < 300 {
				return nil
			}
			err = fmt.Errorf("%s: %s", url, resp.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// cancels has a buyer of the first shop want the money back, every so often, and
// tells how long the push of it took.
func (s *loadShops) cancels(a loadAsk, stop <-chan struct{}) {
	t := time.NewTicker(a.Every)
	defer t.Stop()
	for _, n := range s.warm {
		select {
		case <-t.C:
		case <-stop:
			return
		}
		s.shops[0].CancelByBuyer(n)
		said := loadSaid{Number: n, At: time.Now()}
		if err := s.tell(a.Base, 0, n, true); err != nil {
			said.Err = err.Error()
		}
		said.Took = time.Since(said.At)
		s.say(said)
	}
}
