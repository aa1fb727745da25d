package pdatest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/gate"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/wave"
)

// A Site is a small floor with a daemon's socket on loopback: 40 bins with one
// SKU each, one carrier, one station, and the people li.wei (picker), wang.fang
// (packer) and zhao.lei (lead), whose badges are "badge-" and their name.
type Site struct {
	T       testing.TB
	Ledger  *ledger.Ledger
	Foreman *foreman.Foreman
	Gate    *gate.Gate
	PDA     *pda.Server
	Mux     *http.ServeMux // serves the site; /ws is on it
	Addr    string         // host:port
	Counts  *Counts

	n    atomic.Uint64
	stop context.CancelFunc
}

// Stop ends the socket server as the daemon does, and leaves the rest.
func (s *Site) Stop() { s.stop() }

// Counts counts what the gate turned away or noted.
type Counts struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *Counts) add(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[why]++
}

// Of says how often something was noted.
func (c *Counts) Of(why string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[why]
}

// Options of a Site.
type Options struct {
	Hooks  pda.Hooks
	Window time.Duration // of a freeze
	Most   int           // devices at once
	Log    io.Writer     // nil: nowhere
	Ledger ledger.Options
	Steps  pda.Steps
	Walls  []floor.Wall
	// TaskTime is what a task may take, however many stops it has; 0: nobody counts.
	TaskTime time.Duration
	// Rules changes the foreman's settings; nil leaves them as they are.
	Rules      func(*foreman.Options)
	AutoSeal   bool // as pda.Options has it
	CountItems bool

	SmallBuffers bool          // a socket that is not read fills within a few messages
	WriteWithin  time.Duration // as pda.Options has it
}

// Stocked is how many pieces lie in every bin.
const Stocked = 100_000

// SKUs is how many SKUs and bins the site has.
const SKUs = 40

// NewSite starts a site that ends with the test.
func NewSite(t testing.TB, o Options) *Site {
	t.Helper()
	dir := t.TempDir()
	o.Ledger.Reserve = -1
	l, err := ledger.Open(filepath.Join(dir, "floor.db"), o.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	log := slog.New(slog.NewTextHandler(o.Log, nil))
	s := &Site{T: t, Ledger: l, Counts: &Counts{n: map[string]int{}}, Mux: http.NewServeMux()}
	rules := foreman.Options{
		FreezeWindow: o.Window, Packaging: 100, Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1"},
		Walls: o.Walls, TaskTime: o.TaskTime,
	}
	if o.Rules != nil {
		o.Rules(&rules)
	}
	s.Foreman = foreman.New(l, rules)
	if s.Gate, err = gate.New(gate.Options{Hosts: []string{"127.0.0.1", "wms.lan"}, Log: log, Count: s.Counts.add}); err != nil {
		t.Fatal(err)
	}
	if o.Hooks.Stations == nil {
		o.Hooks.Stations = func() []floor.StationID { return []floor.StationID{"pack-1"} }
		o.Hooks.Carriers = func() []floor.CarrierID { return []floor.CarrierID{"sf"} }
	}
	s.PDA, err = pda.New(pda.Options{Ledger: l, Foreman: s.Foreman, Gate: s.Gate, Hooks: o.Hooks, Log: log, Most: o.Most, Steps: o.Steps, AutoSeal: o.AutoSeal, CountItems: o.CountItems, WriteWithin: o.WriteWithin})
	if err != nil {
		t.Fatal(err)
	}
	s.Mux.Handle("/ws", s.PDA)
	s.serve(o)
	s.stock()
	return s
}

// serve runs the site until the test ends.
func (s *Site) serve(o Options) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.T.Fatal(err)
	}
	s.Addr = ln.Addr().String()
	srv := &http.Server{Handler: s.Mux, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	if o.SmallBuffers {
		srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
			c.(*net.TCPConn).SetWriteBuffer(4 << 10)
			return ctx
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	var done sync.WaitGroup
	done.Go(func() { srv.Serve(ln) })
	done.Go(func() {
		if err := s.PDA.Run(ctx); err != nil {
			s.T.Error(err)
		}
	})
	s.T.Cleanup(func() {
		cancel()
		srv.Close()
		done.Wait()
		if err := s.Ledger.Close(); err != nil {
			s.T.Error(err)
		}
	})
}

// URL is the address of the socket.
func (s *Site) URL() string { return "ws://" + s.Addr + "/ws" }

// Root is floord itself asking, under a new key.
func (s *Site) Root() foreman.By {
	return foreman.Floord(fmt.Sprintf("20261121/floord/%09d", s.n.Add(1)))
}

// Must ends the test for an error.
func (s *Site) Must(err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}

func (s *Site) stock() {
	ctx := s.T.Context()
	var skus []floor.SKUInfo
	var bins []floor.BinInfo
	for i := range SKUs {
		skus = append(skus, floor.SKUInfo{SKU: SKU(i), Name: name(i), Spec: spec(i), Barcode: fmt.Sprintf("69012345%05d", i), Grams: 250})
		bins = append(bins, floor.BinInfo{Bin: Bin(i), Zone: "A", Aisle: 1 + i/10, X: float64(i), Y: 1})
	}
	_, err := s.Foreman.SetSKUs(ctx, s.Root(), skus)
	s.Must(err)
	_, err = s.Foreman.SetBins(ctx, s.Root(), bins)
	s.Must(err)
	for i := range SKUs {
		_, err := s.Foreman.Count(ctx, s.Root(), floor.Spot{Bin: Bin(i), SKU: SKU(i)}, Stocked, "load")
		s.Must(err)
	}
	s.Person("li.wei", "李伟", floor.RolePicker)
	s.Person("wang.fang", "王芳", floor.RolePacker)
	s.Person("zhao.lei", "赵磊", floor.RoleLead)
	var numbers []floor.WaybillNo
	for i := range 200 {
		numbers = append(numbers, floor.WaybillNo(fmt.Sprintf("SF10000%06d", i)))
	}
	_, err = s.Foreman.PoolWaybills(ctx, s.Root(), "sf", numbers)
	s.Must(err)
}

func name(i int) string {
	names := []string{"纯棉圆领短袖 T 恤", "无线蓝牙耳机(降噪版)", "不锈钢保温杯", "儿童绘本套装", "加厚连帽卫衣"}
	return names[i%len(names)]
}

func spec(i int) string {
	specs := []string{"白色 XL", "曜石黑", "500 ml", "全 8 册", "藏青 L"}
	return specs[i%len(specs)]
}

// SKU and Bin name the site's goods and places.
func SKU(i int) floor.SKU { return floor.SKU(fmt.Sprintf("SK%03d", i)) }

// Bin is where SKU(i) lies.
func Bin(i int) floor.BinID { return floor.BinID(fmt.Sprintf("A-%02d-%02d-1", 1+i/10, 1+i%10)) }

// Person adds a person whose badge is "badge-" and the id.
func (s *Site) Person(id floor.PersonID, name string, roles ...floor.Role) {
	s.T.Helper()
	_, err := s.Foreman.SetPerson(s.T.Context(), s.Root(), floor.Person{ID: id, Name: name, Roles: roles}, "badge-"+string(id))
	s.Must(err)
}

// Pair pairs a device and gives its token.
func (s *Site) Pair(id floor.DeviceID, screen string, station floor.StationID) string {
	s.T.Helper()
	code, err := s.Foreman.Invite(s.T.Context(), s.Root(), id, screen, station)
	s.Must(err)
	_, token, err := s.Foreman.Pair(s.T.Context(), code)
	s.Must(err)
	return token
}

// Dial connects a paired device and logs a person in, if one is named. The
// client is closed with the test.
func (s *Site) Dial(token string, who floor.PersonID) *Client {
	s.T.Helper()
	c, _, err := Dial(s.T.Context(), s.URL(), Hello{Token: token})
	s.Must(err)
	s.T.Cleanup(func() { c.Close() })
	if who != "" {
		_, err := c.Act("login", map[string]any{"badge": "badge-" + who})
		s.Must(err)
	}
	return c
}

// Receive takes in an order of the SKUs with those numbers, one piece each, and
// promises stock to it.
func (s *Site) Receive(skus ...int) floor.OrderID {
	s.T.Helper()
	return s.ReceiveAs(func(*floor.ShopOrder) {}, skus...)
}

// ReceiveOf takes in an order of those lines.
func (s *Site) ReceiveOf(lines ...floor.ShopLine) floor.OrderID {
	s.T.Helper()
	return s.ReceiveAs(func(o *floor.ShopOrder) { o.Lines = lines })
}

// ReceiveAs is Receive of an order that change has changed.
func (s *Site) ReceiveAs(change func(*floor.ShopOrder), skus ...int) floor.OrderID {
	s.T.Helper()
	n := s.n.Add(1)
	o := floor.ShopOrder{
		Channel: "pdd-main", Number: fmt.Sprintf("2611-%06d", n), ModifiedAt: time.Now(), State: floor.ShopPaid,
		PaidAt: time.Now(), Pay: 3990, ShipBy: time.Now().Add(20 * time.Hour), Content: fmt.Sprint(n),
		To: floor.Recipient{Name: "钱七", Phone: "13800001234", Province: "浙江省", City: "杭州市", District: "西湖区", Detail: "文三路 90 号 3 幢 502"},
	}
	for _, i := range skus {
		o.Lines = append(o.Lines, floor.ShopLine{SKU: SKU(i), Qty: 1, Name: name(i)})
	}
	change(&o)
	for _, e := range s.take(o).Events {
		if f, ok := e.Fact.(floor.OrderReceived); ok {
			_, err := s.Foreman.Allocate(s.T.Context(), s.Root(), f.Order)
			s.Must(err)
			return f.Order
		}
	}
	s.T.Fatal("the order was not received")
	return ""
}

func (s *Site) take(o floor.ShopOrder) foreman.Received {
	s.T.Helper()
	got, err := s.Foreman.Receive(s.T.Context(), foreman.Intake{Key: s.Root().Key, Channel: "pdd-main", Orders: []floor.ShopOrder{o}})
	s.Must(err)
	return got
}

// Cancel takes in that the shop has cancelled an order.
func (s *Site) Cancel(id floor.OrderID) {
	s.T.Helper()
	o := s.Order(id)
	s.take(floor.ShopOrder{Channel: o.Channel, Number: o.Number, ModifiedAt: time.Now(), State: floor.ShopCancelled, Pay: o.Pay, Content: "cancelled " + o.Number})
}

// Release makes one wave of the orders and gives its task.
func (s *Site) Release(orders ...floor.OrderID) floor.TaskID {
	s.T.Helper()
	return s.ReleaseAs(wave.Cluster, orders...)
}

// ReleaseAs makes one wave of that kind.
func (s *Site) ReleaseAs(kind string, orders ...floor.OrderID) floor.TaskID {
	s.T.Helper()
	w := wave.Wave{Kind: kind, Metres: 84, Why: []wave.Reason{{Code: "due", Args: []string{"18:00"}}}}
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		for i, id := range orders {
			o, _, err := v.Order(id)
			if err != nil {
				return err
			}
			w.Orders = append(w.Orders, id)
			for _, l := range o.Lines {
				for _, b := range l.Reserved {
					w.Stops = append(w.Stops, wave.Stop{Bin: b.Bin, SKU: l.SKU, Order: id, Line: l.No, Slot: i + 1, Qty: b.Qty})
				}
			}
		}
		return nil
	}))
	r, err := s.Foreman.Release(s.T.Context(), s.Root(), w)
	s.Must(err)
	for _, e := range r.Events {
		if f, ok := e.Fact.(floor.TaskIssued); ok {
			return f.Task
		}
	}
	s.T.Fatal("nothing was released")
	return ""
}

// PickAll walks a task from a client that has taken it.
func (s *Site) PickAll(c *Client, id floor.TaskID) {
	s.T.Helper()
	t := s.Task(id)
	for _, sl := range t.Slots {
		if sl.Tote == "" {
			_, err := c.Act("bind", map[string]any{"task": id, "slot": sl.No, "tote": Tote(t, sl.No)})
			s.Must(err)
		}
	}
	for _, x := range t.Stops {
		if x.Left() == 0 {
			continue
		}
		_, err := c.Act("pick", map[string]any{
			"task": id, "stop": x.No, "bin": x.Bin, "code": x.SKU, "qty": x.Left(), "tote": Tote(t, x.Slot),
		})
		s.Must(err)
	}
}

// Tote names the tote for a slot of a task.
func Tote(t floor.Task, slot int) floor.ToteID {
	return floor.ToteID(fmt.Sprintf("tote-%s-%d", strings.TrimPrefix(string(t.ID), "T-"), slot))
}

// Task reads a task.
func (s *Site) Task(id floor.TaskID) floor.Task {
	s.T.Helper()
	var t floor.Task
	s.Must(s.Ledger.Read(func(v *ledger.View) (err error) {
		t, _, err = v.Task(id)
		return err
	}))
	return t
}

// Order reads an order.
func (s *Site) Order(id floor.OrderID) floor.Order {
	s.T.Helper()
	var o floor.Order
	s.Must(s.Ledger.Read(func(v *ledger.View) (err error) {
		o, _, err = v.Order(id)
		return err
	}))
	return o
}
