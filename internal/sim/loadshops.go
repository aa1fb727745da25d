package sim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
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
	Told    bool          `json:"told,omitempty"`   // each is placed as the shop tells of it
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
	warm   []string          // numbers of the first shop
	untold [][]func() string // by shop: places an order, to tell of it

	mu  sync.Mutex // held while a line is written
	out *json.Encoder
}

// ServeShops is the shops' side of a load run, in a process of its own, so that
// what the shops cost is not counted as the daemon's. It reads asks from in until
// that ends and answers to out, a line of JSON each.
func ServeShops(in io.Reader, out io.Writer) error {
	s := &loadShops{out: json.NewEncoder(out)}
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
			var known []func() string
			for _, number := range s.warm {
				known = append(known, func() string { return number })
			}
			err = s.push(a, [][]func() string{known})
		case "push":
			err = s.push(a, s.untold)
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
		var untold []func() string
		for k := range n {
			if a.Told {
				untold = append(untold, fake.Prepare(orderOf(k, now)))
			} else { // as a sale brings them: within the last 40 minutes
				fake.Place(orderOf(k, now.Add(-time.Minute-time.Duration(n-k)*39*time.Minute/time.Duration(n))))
			}
		}
		s.untold = append(s.untold, untold)
		if i == 0 {
			for k := range a.Warm { // older than any pull asks for
				s.warm = append(s.warm, fake.Place(orderOf(n+k, now.Add(-72*time.Hour))))
			}
		}
		url, err := w.serve(fake)
		if err != nil {
			return nil, nil, err
		}
		s.shops, s.ids = append(s.shops, fake), append(s.ids, fmt.Sprintf("%s-%d", p.short, i+1))
		urls, hooks = append(urls, url+fake.Path()), append(hooks, fake.HookSecret())
	}
	return urls, hooks, nil
}

// orderOf gives the k-th order, of three lines.
func orderOf(k int, at time.Time) shop.Order {
	town := towns[k%len(towns)]
	return shop.Order{
		Items: []shop.Item{
			{SKU: fmt.Sprintf("L%03d", k%100), Name: "冬季加厚保暖羊毛围巾 男女通用款", Spec: "深灰色/180cm", Qty: 1 + k%3},
			{SKU: fmt.Sprintf("L%03d", (k+31)%100), Name: "纯棉T恤 宽松短袖 夏季新款", Spec: "白色/L", Qty: 1},
			{SKU: fmt.Sprintf("L%03d", (k+57)%100), Name: "袜子 中筒 三双装", Spec: "混色", Qty: 2},
		},
		PayFen: int64(3990 + k%9000), Name: "张三丰", Phone: fmt.Sprintf("138%08d", k%100_000_000), Province: town[0], City: town[1], District: town[2],
		Street: fmt.Sprintf("示例路%d号%d幢", 1+k%300, 1+k%20), Memo: memos[k%len(memos)], PaidAt: at.Add(-time.Minute), Changed: at,
	}
}

// push has the shops tell of orders in turn, each by a request of its own and several at
// once.
func (s *loadShops) push(a loadAsk, orders [][]func() string) error {
	type job struct {
		shop  int
		place func() string
	}
	jobs := make(chan job, 1024)
	var asking errgroup.Group
	for range max(1, a.Clients) {
		asking.Go(func() (err error) {
			door := door{base: a.Base}
			defer door.close()
			for j := range jobs {
				if err == nil {
					err = s.tell(&door, j.shop, j.place(), false)
				}
			}
			return err
		})
	}
	for k := 0; k < len(orders[0]); k++ { // the first has at least as many as the others
		for i, of := range orders {
			if k < len(of) {
				jobs <- job{i, of[k]}
			}
		}
	}
	close(jobs)
	err := asking.Wait()
	for _, fake := range s.shops {
		for err == nil && fake.Untold() > 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	return err
}

// tell pushes until it is taken, as a shop does, or leaves a message to be fetched.
func (s *loadShops) tell(to *door, i int, number string, cancel bool) error {
	p, ok := s.shops[i].Push(number, cancel)
	if !ok {
		if cancel || !s.shops[i].TellPaid(number) {
			return fmt.Errorf("%s pushes nothing", s.ids[i])
		}
		return nil
	}
	path := "/hooks/" + s.ids[i]
	if p.Query != "" {
		path += "?" + p.Query
	}
	var err error
	for range 5 {
		var status int
		if status, err = to.knock(path, p.Header, p.Body); err == nil {
			if status < 300 {
				return nil
			}
			err = fmt.Errorf("%s: status %d", path, status)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}

// A door is one connection to the daemon's pages. An http.Client costs a shop more than
// all else that it does, and the shops have no processors of their own here.
type door struct {
	base string
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

// knock posts and gives the status of the answer.
func (d *door) knock(path string, header http.Header, body []byte) (status int, err error) {
	host := strings.TrimPrefix(d.base, "http://")
	if d.conn == nil {
		if d.conn, err = net.Dial("tcp", host); err != nil {
			return 0, err
		}
		d.in = bufio.NewReader(d.conn)
	}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	d.out = fmt.Appendf(d.out[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", path, host, len(body))
	for name, values := range header {
		d.out = fmt.Appendf(d.out, "%s: %s\r\n", name, values[0])
	}
	d.out = append(append(d.out, "\r\n"...), body...)
	_ = d.conn.SetDeadline(time.Now().Add(time.Minute)) // fails only with the write below
	if _, err := d.conn.Write(d.out); err != nil {
		return 0, err
	}
	resp, err := http.ReadResponse(d.in, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, errors.Join(err, resp.Body.Close())
}

func (d *door) close() {
	if d.conn != nil {
		d.conn.Close()
		d.conn = nil
	}
}

// cancels has a buyer of the first shop want the money back, every so often, and
// tells how long the push of it took.
func (s *loadShops) cancels(a loadAsk, stop <-chan struct{}) {
	t := time.NewTicker(a.Every)
	defer t.Stop()
	door := door{base: a.Base}
	defer door.close()
	for _, n := range s.warm {
		select {
		case <-t.C:
		case <-stop:
			return
		}
		if s.shops[0].CancelByBuyer(n); s.shops[0].Can().Cancel == "" { // nobody asks there: the money goes back at once
			s.shops[0].Refund(n)
		}
		said := loadSaid{Number: n, At: time.Now()}
		if err := s.tell(&door, 0, n, true); err != nil {
			said.Err = err.Error()
		}
		said.Took = time.Since(said.At)
		s.say(said)
	}
}
