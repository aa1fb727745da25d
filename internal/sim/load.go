package sim

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/metrics"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"floord/floor"
	"floord/internal/config"
	"floord/internal/daemon"
	"floord/sync/ledger"
)

// LoadOptions say how much is to come in, and how.
type LoadOptions struct {
	Orders   int
	Channels int
	Push     bool          // by pushes, each of which is followed up; else by pull
	Clients  int           // pushes under way at a time, 64 if 0
	Drivers  []string      // of the channels, in turn; nil: those of pullDrivers or pushDrivers
	Shops    []string      // the command whose process serves the shops (ServeShops)
	Data     string        // folder of the site, which must be empty; "" for a temporary one that goes at the end
	Profile  string        // file for a CPU profile of the daemon's process; "" for none
	Within   time.Duration // 10 min if 0
}

// The platforms of a load run, where none are named: those whose pages hold whole
// orders, and of those that tell of changes one with a queue, and four that push over
// HTTP, of which one must be asked about each order. The first one's buyers cancel.
var (
	pullDrivers = []string{"douyin", "pdd", "taobao", "jd", "kuaishou"}
	pushDrivers = []string{"douyin", "taobao", "wechat_store", "shopify", "woocommerce"}
)

// A LoadResult is what a load run saw. Times are wall time but for CPU, which is
// the time of all cores together.
type LoadResult struct {
	Orders    int           `json:"orders"`
	Took      time.Duration `json:"took_ns"` // until the last order was on the disk
	PerSecond float64       `json:"orders_per_second"`
	Taken     float64       `json:"pushes_taken_per_second,omitempty"` // answered with 2xx: the push itself is on the disk
	CPU       float64       `json:"daemon_cpu_us_per_order"`
	ShopsCPU  float64       `json:"shops_cpu_us_per_order"`
	Stolen    float64       `json:"stolen"`                 // part of all cores' time that other machines on the same host took
	Heap      int64         `json:"daemon_peak_heap_bytes"` // the most that lived on the heap
	Peak      int64         `json:"daemon_peak_bytes"`      // of memory, the whole process, the ledger's mapped pages included
	Bytes     float64       `json:"bytes_per_order"`        // plain, of fact and payload
	RawPer    float64       `json:"raw_bbolt_per_second"`
	RawCPU    float64       `json:"raw_bbolt_cpu_us_per_order"`
	Ratio     float64       `json:"ratio"` // of raw bbolt's rate to ours
	Cancels   int           `json:"cancels"`
	TakenP50  time.Duration `json:"cancel_taken_p50_ns"` // from the push sent to its answer: on the disk
	TakenP99  time.Duration `json:"cancel_taken_p99_ns"`
	StopP50   time.Duration `json:"cancel_stopped_p50_ns"` // from the push sent to the order stopped, on the disk
	StopP99   time.Duration `json:"cancel_stopped_p99_ns"`
	Reopen    time.Duration `json:"reopen_ns"`
	File      int64         `json:"file_bytes"`
}

// Write tells people what a load run saw.
func (r LoadResult) Write(w io.Writer, what string) {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Fprintf(w, "%s: %d orders on the disk in %.1f s: %.0f/s\n", what, r.Orders, r.Took.Seconds(), r.PerSecond)
	if r.Taken > 0 {
		fmt.Fprintf(w, "  the pushes themselves were on the disk and answered at %.0f/s\n", r.Taken)
	}
	fmt.Fprintf(w, "  CPU: %.0f us an order in the daemon, %.0f us in the shops; the daemon's heap at most %d MB, with the mapped file %d MB\n", r.CPU, r.ShopsCPU, r.Heap>>20, r.Peak>>20)
	if r.Stolen >= 0.01 {
		fmt.Fprintf(w, "  other machines on the same host took %.0f %% of the processors' time meanwhile\n", 100*r.Stolen)
	}
	fmt.Fprintf(w, "  raw bbolt, the same bytes (%.0f an order) in batches of 100: %.0f/s, %.0f us of CPU: %.1f times ours\n", r.Bytes, r.RawPer, r.RawCPU, r.Ratio)
	fmt.Fprintf(w, "  %d cancels meanwhile: taken in %.1f ms (p50), %.1f ms (p99); stopped in %.1f ms, %.1f ms\n", r.Cancels, ms(r.TakenP50), ms(r.TakenP99), ms(r.StopP50), ms(r.StopP99))
	fmt.Fprintf(w, "  opened again in %.0f ms, file %d MB\n", ms(r.Reopen), r.File>>20)
}

// Load has pretend shops bring orders to a real daemon with a real ledger, over
// loopback, until all are on the disk, while buyers cancel some. The shops run in
// a process of their own.
func Load(ctx context.Context, o LoadOptions) (r LoadResult, err error) {
	if o.Orders < 1 || o.Channels < 1 || o.Channels > 50 {
		return r, fmt.Errorf("a load of %d orders from %d channels: at least one order, 1 to 50 channels", o.Orders, o.Channels)
	}
	ctx, cancel := context.WithTimeout(ctx, max(o.Within, 10*time.Minute*time.Duration(o.Orders/1_000_000+1)))
	defer cancel()
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "floord-load-"); err != nil {
			return r, err
		}
		defer os.RemoveAll(o.Data)
	}
	l := &load{LoadOptions: o, sent: map[string]time.Time{}, stopped: map[string]time.Time{}}
	if err := l.openShops(ctx); err != nil {
		return r, err
	}
	defer l.shops.close()
	if err := l.openSite(); err != nil {
		return r, err
	}
	defer l.log.Close()
	if err := l.run(ctx, &r); err != nil {
		return r, err
	}
	return r, l.measureRaw(&r)
}

// A load is one run.
type load struct {
	LoadOptions
	shops  shopsProcess
	cfg    *config.Config
	daemon *daemon.Daemon
	log    *os.File
	heap   int64    // the most that was seen
	sample [][]byte // bytes of some orders as the ledger has them, plain

	mu      sync.Mutex
	sent    map[string]time.Time // guarded by mu; cancels by number
	stopped map[string]time.Time // guarded by mu
	taken   []time.Duration      // guarded by mu
	err     error                // guarded by mu; of the first cancel that failed
}

const warmOrders = 400 // of the first shop, to be cancelled

// A shopsProcess is where the shops are.
type shopsProcess struct {
	cmd  *exec.Cmd
	in   *json.Encoder
	shut io.Closer
	said chan loadSaid // answers
	cpu  time.Duration
}

func (l *load) openShops(ctx context.Context) error {
	drivers := l.Drivers
	if drivers == nil {
		if drivers = pullDrivers; l.Push {
			drivers = pushDrivers
		}
	}
	cmd := exec.CommandContext(ctx, l.Shops[0], l.Shops[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	l.shops = shopsProcess{cmd: cmd, in: json.NewEncoder(in), shut: in, said: make(chan loadSaid, 1)}
	go l.listen(json.NewDecoder(out))
	a := loadAsk{Do: "shops", Orders: l.Orders, Warm: warmOrders, Told: l.Push}
	for i := range l.Channels {
		a.Drivers = append(a.Drivers, drivers[i%len(drivers)])
	}
	said, err := l.ask(a)
	if err != nil {
		l.shops.close()
		return err
	}
	var entries strings.Builder
	for i, d := range a.Drivers {
		p, err := platformOf(d)
		if err != nil {
			return err
		}
		more := "every = \"5s\"\n"
		if l.Push {
			more = "every = \"5m\"\n" // as sites have it: pushes are what is measured
			if !p.open().Pushes() {
				more += "socket = true\n"
			}
		}
		entry, err := channelEntry(l.Data, fmt.Sprintf("%s-%d", p.short, i+1), d, said.URLs[i], said.Hooks[i], more)
		if err != nil {
			return err
		}
		entries.WriteString(entry)
	}
	return l.writeSite(entries.String())
}

// listen takes what the shops say.
func (l *load) listen(out *json.Decoder) {
	defer close(l.shops.said)
	for {
		var said loadSaid
		if out.Decode(&said) != nil {
			return
		}
		if said.Number == "" {
			l.shops.said <- said
			continue
		}
		l.mu.Lock()
		if said.Err != "" && l.err == nil {
			l.err = errors.New(said.Err)
		}
		l.sent[said.Number] = said.At
		l.taken = append(l.taken, said.Took)
		l.mu.Unlock()
	}
}

func (l *load) ask(a loadAsk) (loadSaid, error) {
	if err := l.shops.in.Encode(a); err != nil {
		return loadSaid{}, fmt.Errorf("the shops' process: %w", err)
	}
	said, ok := <-l.shops.said
	switch {
	case !ok:
		return said, errors.New("the shops' process ended")
	case said.Err != "":
		return said, fmt.Errorf("shops: %s: %s", a.Do, said.Err)
	}
	l.shops.cpu = said.CPU
	return said, nil
}

// close ends the process: it reads until its input ends.
func (s *shopsProcess) close() {
	s.shut.Close()
	for range s.said {
	}
	_ = s.cmd.Wait() // it has nothing left to say
}

func (l *load) writeSite(channels string) error {
	var skus, bins, stock strings.Builder
	skus.WriteString("sku,name,barcode,grams\n")
	bins.WriteString("bin,zone,aisle,x,y\n")
	stock.WriteString("bin,sku,qty\n")
	for i := range 100 {
		fmt.Fprintf(&skus, "L%03d,商品%d,%s,%d\n", i, i, ean13(690_100_000_000+int64(i)*37), 100+i)
		fmt.Fprintf(&bins, "%s,A,1,0,%d\n", places[i].name, i)
		fmt.Fprintf(&stock, "%s,L%03d,1000000\n", places[i].name, i)
	}
	// Waves are not what is measured: nobody plans while the orders come.
	site := `[site]
prefix = "DB"
[http]
listen = "127.0.0.1:0"
[wave]
every = "10m"
[catalogue]
skus = "skus.csv"
bins = "bins.csv"
stock = "stock.csv"
` + channels
	for name, text := range map[string]string{"skus.csv": skus.String(), "bins.csv": bins.String(), "stock.csv": stock.String(), "floord.toml": site} {
		if err := os.WriteFile(filepath.Join(l.Data, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (l *load) openSite() error {
	cfg, err := config.Load(filepath.Join(l.Data, "floord.toml"))
	if err != nil {
		return err
	}
	for i := range cfg.Channels {
		cfg.Channels[i].Lag = -1 // nobody wants to wait for what is three minutes old
	}
	l.cfg = cfg
	if l.log, err = os.Create(filepath.Join(l.Data, "floord.log")); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	l.daemon, err = daemon.Open(cfg, daemon.Options{Log: log, Pretend: true})
	return err
}

// run runs the daemon until all orders are in.
func (l *load) run(ctx context.Context, r *LoadResult) (err error) {
	if l.Profile != "" {
		f, err := os.Create(l.Profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	shopsCPU := l.shops.cpu
	cpu, _ := used()
	start := time.Now()
	go func() { ended <- l.daemon.Run(running) }()
	follow, done := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { l.watch(follow) })
	err = l.bring(ctx, r, &start, &cpu, &shopsCPU)
	done()
	following.Wait()
	if err == nil {
		err = l.sampleOrders(ctx)
	}
	stop()
	return errors.Join(err, <-ended)
}

// bring has the orders come, and waits until they are in.
func (l *load) bring(ctx context.Context, r *LoadResult, start *time.Time, cpu, shopsCPU *time.Duration) error {
	base := l.daemon.URL("")
	stolen, all := stolenTime()
	if _, err := l.ask(loadAsk{Do: "warm", Base: base, Clients: 8}); err != nil {
		return err
	}
	if l.Push {
		if _, err := l.wait(ctx, warmOrders); err != nil {
			return err
		}
		*shopsCPU, *start = l.shops.cpu, time.Now()
		*cpu, _ = used()
	}
	if _, err := l.ask(loadAsk{Do: "cancels", Base: base, Every: 25 * time.Millisecond}); err != nil {
		return err
	}
	if l.Push {
		clients := l.Clients
		if clients == 0 {
			clients = 64
		}
		began := time.Now()
		if _, err := l.ask(loadAsk{Do: "push", Base: base, Clients: clients}); err != nil {
			return err
		}
		r.Taken = float64(l.Orders) / time.Since(began).Seconds()
	}
	last, err := l.wait(ctx, l.Orders+warmOrders)
	if err != nil {
		return err
	}
	now, peak := used()
	if stolenNow, allNow := stolenTime(); allNow > all {
		r.Stolen = (stolenNow - stolen) / (allNow - all)
	}
	if err := l.oneCancel(ctx); err != nil {
		return err
	}
	if _, err := l.ask(loadAsk{Do: "stop"}); err != nil {
		return err
	}
	r.Orders, r.Took, r.Peak = l.Orders, last.Sub(*start), peak
	r.Heap = l.heap
	n := float64(l.Orders)
	r.PerSecond = n / r.Took.Seconds()
	r.CPU, r.ShopsCPU = float64((now-*cpu).Microseconds())/n, float64((l.shops.cpu-*shopsCPU).Microseconds())/n
	return l.latencies(ctx, r)
}

// stolenTime gives the time of all processors that other machines on the same host took
// since this one came up, and all of it, in ticks; zeros where nobody says.
func stolenTime() (stolen, all float64) {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	for i, f := range strings.Fields(line) {
		n, _ := strconv.ParseFloat(f, 64)
		if i > 8 { // guests are counted under user
			break
		}
		if all += n; i == 8 { // cpu, user, nice, system, idle, iowait, irq, softirq, steal
			stolen = n
		}
	}
	return stolen, all
}

// wait waits until n orders are on the disk and says since when.
func (l *load) wait(ctx context.Context, n int) (time.Time, error) {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for {
		metrics.Read(heap)
		l.heap = max(l.heap, int64(heap[0].Value.Uint64()))
		got := 0
		err := l.daemon.Ledger().Read(func(v *ledger.View) error {
			f, err := v.Figures()
			got = f.Counts["received"]
			return err
		})
		switch {
		case err != nil:
			return time.Time{}, err
		case got > n:
			return time.Time{}, fmt.Errorf("%d orders are in, of %d that were placed", got, n)
		case got == n:
			return time.Now(), nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return time.Time{}, fmt.Errorf("%d of %d orders are in: %w", got, n, context.Cause(ctx))
		}
	}
}

// watch notes when a cancelled order was seen to be stopped.
func (l *load) watch(ctx context.Context) {
	topic := ledger.Topic{string(floor.OrderRevised{}.Kind()), string(floor.OrderReceived{}.Kind())}
	for e, err := range l.daemon.Ledger().Follow(ctx, l.daemon.Ledger().Seq(), topic) {
		if err != nil {
			return
		}
		var s floor.ShopOrder
		switch x := e.Fact.(type) {
		case floor.OrderRevised:
			s = x.Shop
		case floor.OrderReceived: // cancelled before it came
			s = x.Shop
		}
		if len(s.Holds) == 0 && s.State != floor.ShopCancelled {
			continue
		}
		l.mu.Lock()
		if _, twice := l.stopped[s.Number]; !twice {
			l.stopped[s.Number] = time.Now()
		}
		l.mu.Unlock()
	}
}

// oneCancel waits for the first cancel of a short run.
func (l *load) oneCancel(ctx context.Context) error {
	for {
		l.mu.Lock()
		any := len(l.sent) > 0
		l.mu.Unlock()
		if any {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("no cancel was taken: %w", context.Cause(ctx))
		}
	}
}

// latencies waits until every cancel that was taken is seen to be stopped.
func (l *load) latencies(ctx context.Context, r *LoadResult) error {
	for {
		l.mu.Lock()
		err := l.err
		var stopped []time.Duration
		open := 0
		for n, at := range l.sent {
			if seen, ok := l.stopped[n]; ok {
				stopped = append(stopped, seen.Sub(at))
			} else {
				open++
			}
		}
		taken := slices.Sorted(slices.Values(l.taken))
		l.mu.Unlock()
		if err != nil {
			return err
		}
		if open == 0 {
			slices.Sort(stopped)
			r.Cancels = len(stopped)
			r.TakenP50, r.TakenP99 = quantile(taken, 50), quantile(taken, 99)
			r.StopP50, r.StopP99 = quantile(stopped, 50), quantile(stopped, 99)
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%d cancelled orders were not stopped: %w", open, context.Cause(ctx))
		}
	}
}

// quantile gives the p-th of 100 parts of sorted times; 0 of none.
func quantile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}

// sampleOrders keeps the plain bytes of some orders: the fact and the payload.
func (l *load) sampleOrders(ctx context.Context) error {
	for e, err := range l.daemon.Ledger().Follow(ctx, 0, ledger.Topic{string(floor.OrderReceived{}.Kind())}) {
		if err != nil {
			return err
		}
		data, err := floor.EncodeFact(e.Fact)
		if err != nil {
			return err
		}
		raw, err := l.daemon.Ledger().Raw(e.Seq)
		if err != nil {
			return err
		}
		if l.sample = append(l.sample, append(data, raw...)); len(l.sample) == min(1000, l.Orders) {
			return nil
		}
	}
	return context.Cause(ctx)
}

// measureRaw opens the ledger again, and puts as many of the same bytes into a
// bare bbolt file, 100 a transaction.
func (l *load) measureRaw(r *LoadResult) error {
	start := time.Now()
	again, err := ledger.Open(l.cfg.Ledger(), ledger.Options{KeyFile: l.cfg.Key(), Archive: l.cfg.Archive()})
	if err != nil {
		return err
	}
	r.Reopen = time.Since(start)
	if err := again.Close(); err != nil {
		return err
	}
	if info, err := os.Stat(l.cfg.Ledger()); err == nil {
		r.File = info.Size()
	}
	db, err := bbolt.Open(filepath.Join(l.Data, "raw.db"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return err
	}
	defer db.Close()
	cpu, _ := used()
	start = time.Now()
	const batch = 100
	total := 0
	for from := 0; from < l.Orders; from += batch {
		err := db.Update(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("orders"))
			if err != nil {
				return err
			}
			b.FillPercent = 0.9
			for i := from; i < min(from+batch, l.Orders); i++ {
				row := l.sample[i%len(l.sample)]
				total += len(row)
				if err := b.Put(binary.BigEndian.AppendUint64(nil, uint64(i)), row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	took := time.Since(start)
	now, _ := used()
	n := float64(l.Orders)
	r.Bytes, r.RawPer, r.RawCPU = float64(total)/n, n/took.Seconds(), float64((now-cpu).Microseconds())/n
	r.Ratio = r.RawPer / r.PerSecond
	return nil
}
