package sim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"floord/device/devicetest"
	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/internal/daemon"
	"floord/internal/sim/courierco"
	"floord/internal/sim/wire"
	"floord/sync/ledger"
)

// A world is the pretend site in motion.
type world struct {
	o        DemoOptions
	rng      *rand.Rand
	fronts   []*front
	bought   int // orders placed so far
	carrier  *courierco.Service
	servers  []*http.Server
	log      *os.File
	daemon   *daemon.Daemon
	goods    []article
	scales   []*devicetest.Scale
	printers []*devicetest.Printer
	conveyor chan floor.ToteID
	count    *tally

	mu      sync.Mutex
	placed  []sold                   // guarded by mu
	cancels map[sold]time.Time       // guarded by mu; cancelled by buyers, and when
	shown   map[string]time.Time     // guarded by mu; intercept -> first device that had it
	down    map[floor.ChannelID]bool // guarded by mu; shown as failing on the board
	atCut   Summary                  // guarded by mu; what was done when the uplink was cut
	home    time.Time                // when the people went home
}

func newWorld(o DemoOptions) (w *world, err error) {
	w = &world{
		o: o, rng: rand.New(rand.NewPCG(o.Seed, 1)), conveyor: make(chan floor.ToteID, 1000),
		count: &tally{refused: map[string]int{}}, cancels: map[sold]time.Time{}, shown: map[string]time.Time{}, down: map[floor.ChannelID]bool{},
	}
	begun := w // w is nil by the time an error is returned
	defer func() {
		if err != nil {
			begun.close()
		}
	}()
	if w.goods, err = articles(); err != nil {
		return nil, err
	}
	if err := emptySite(o.Data); err != nil {
		return nil, err
	}
	channels, err := w.openFronts()
	if err != nil {
		return nil, err
	}
	w.carrier = courierco.New(account, carrierKy, 100_000)
	carrierURL, err := w.serve(w.carrier)
	if err != nil {
		return nil, err
	}
	path, err := writeSite(o.Data, o.Listen, channels, carrierURL, w.goods)
	if err != nil {
		return nil, err
	}
	if err := w.plugIn(); err != nil {
		return nil, err
	}
	return w, w.open(path)
}

// serve answers on a port of loopback.
func (w *world) serve(h http.Handler) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 2 * time.Second}
	w.servers = append(w.servers, srv)
	go srv.Serve(l)
	return "http://" + l.Addr().String(), nil
}

// plugIn makes the printers and scales on ptys.
func (w *world) plugIn() error {
	for i := range packers {
		p, err := devicetest.NewPrinterAt(link(w.o.Data, station(i)+"-printer"), devicetest.PrinterOptions{PrintTime: 250 * time.Millisecond})
		if err != nil {
			return err
		}
		w.printers = append(w.printers, p)
		so := devicetest.ScaleOptions{Swing: 250 * time.Millisecond}
		if strings.Contains(scaleProfiles[i%len(scaleProfiles)], "yaohua") {
			so.Protocol, so.Dialect = "yaohua-xk3190", "tf0"
		}
		s, err := devicetest.NewScaleAt(link(w.o.Data, station(i)+"-scale"), so)
		if err != nil {
			return err
		}
		w.scales = append(w.scales, s)
	}
	// Trouble of a usual day: one printer runs out of paper, the other loses its
	// cable in the middle of a label.
	w.printers[0].LoadPaper(9)
	return nil
}

func (w *world) open(path string) error {
	cfg, err := config.Load(path)
	if err != nil {
		return err
	}
	for _, p := range cfg.Problems {
		return fmt.Errorf("the pretend site is misconfigured: %w", p)
	}
	// The shop of a real site answers for what is three minutes old. Here nobody
	// wants to wait.
	for i := range cfg.Channels {
		cfg.Channels[i].Lag = -1
	}
	if w.o.Log == "" {
		w.o.Log = filepath.Join(w.o.Data, "floord.log")
	}
	if w.log, err = os.Create(w.o.Log); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.daemon, err = daemon.Open(cfg, daemon.Options{Log: log, Pretend: true, Pace: func(int) time.Duration { return time.Second }})
	return err
}

func (w *world) close() {
	for _, s := range w.servers {
		s.Close()
	}
	if w.log != nil {
		w.log.Close()
	}
}

// run lets everybody work, then drains and counts.
func (w *world) run(ctx context.Context) (Summary, error) {
	var drain time.Duration // who presses Ctrl-C does not want to wait
	if w.o.For > 0 {        // the last part of the time is for what was begun
		drain = min(drainWithin, w.o.For*2/5)
		var cancel context.CancelFunc
		ctx, cancel = w.until(ctx, w.o.For-drain)
		defer cancel()
	}
	// What the daemon stands on outlives the people, and those outlive the buyers.
	base, stopBase := context.WithCancel(context.Background())
	defer stopBase()
	var devices errgroup.Group
	for i := range w.printers {
		devices.Go(func() error { return w.printers[i].Run(base) })
		devices.Go(func() error { return w.scales[i].Run(base) })
	}
	daemonCtx, stopDaemon := context.WithCancel(base)
	defer stopDaemon()
	ran := make(chan error, 1)
	go func() { ran <- w.daemon.Run(daemonCtx) }()

	staff, stopStaff := context.WithCancel(base)
	defer stopStaff()
	people, err := w.hire(staff)
	if err != nil {
		stopDaemon()
		return Summary{}, errors.Join(err, <-ran)
	}
	if err := w.hello(); err != nil {
		stopDaemon()
		return Summary{}, errors.Join(err, <-ran)
	}
	if w.o.cutAfter > 0 {
		time.AfterFunc(w.o.cutAfter, func() { w.uplink(false) })
	}
	w.buy(ctx, ran)
	w.drain(drain)
	w.uplink(true)
	w.home = time.Now()
	stopStaff()
	if err := people.Wait(); err != nil {
		stopDaemon()
		return Summary{}, errors.Join(err, <-ran)
	}
	w.arrive()
	if w.o.For > 0 {
		w.settle()
	}
	sum, err := w.sum()
	stopDaemon()
	if rerr := <-ran; rerr != nil {
		err = errors.Join(err, fmt.Errorf("daemon: %w", rerr))
	}
	stopBase()
	devices.Wait()
	w.line(sum)
	fmt.Fprintln(w.o.Out)
	return sum, err
}

// until gives a context for the buyers, that ends after d if enough was done by then.
func (w *world) until(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if w.o.enough == nil {
		return context.WithTimeout(ctx, d)
	}
	ctx, cancel := context.WithTimeout(ctx, longest)
	go func() {
		defer cancel()
		for sleep(ctx, d); ctx.Err() == nil; sleep(ctx, time.Second) {
			s := w.figures()
			s.Troubles = w.troubles()
			w.walked(&s)
			if w.o.enough(s) {
				return
			}
		}
	}()
	return ctx, cancel
}

// uplink cuts the way to shop and carrier, or mends it.
func (w *world) uplink(up bool) {
	if w.o.cutAfter == 0 {
		return
	}
	fault := wire.None
	if !up {
		fault = wire.Dropped
		w.mu.Lock()
		w.atCut = w.figures()
		w.mu.Unlock()
	}
	for _, f := range w.fronts {
		switch {
		case f.shop != nil:
			f.shop.Faults.Always(fault)
		case f.erp != nil:
			f.erp.Faults.Always(fault)
		}
	}
	w.carrier.Faults.Always(fault)
}

// hire pairs the devices over HTTP, as pages do, and lets the people work.
func (w *world) hire(ctx context.Context) (*errgroup.Group, error) {
	g, ctx := errgroup.WithContext(ctx)
	seed := w.o.Seed
	device := func(id, screen, st string) (*hand, error) {
		h, err := w.device(ctx, id, screen, st)
		if err == nil {
			seed++
		}
		return h, err
	}
	for i, person := range pickers {
		h, err := device(fmt.Sprintf("pda-%02d", i+1), "pda", "")
		if err != nil {
			return g, err
		}
		p := newPicker(h, person, rand.New(rand.NewPCG(seed, 2)), 200*time.Millisecond, w.conveyor, w.count, w.frozeOn)
		if err := h.connect(ctx); err != nil {
			return g, err
		}
		g.Go(func() error { defer h.close(); return ended(ctx, p.run(ctx)) })
	}
	for i, person := range packers {
		h, err := device("screen-"+station(i), "station", station(i))
		if err != nil {
			return g, err
		}
		p := &packer{
			hand: h, person: person, station: station(i), rng: rand.New(rand.NewPCG(seed, 3)),
			scale: w.scales[i], printer: w.printers[i], weights: w.weights(), conveyor: w.conveyor,
			alarms: alarms{onFreeze: w.frozeOn}, count: w.count, fresh: make(chan struct{}, 1), tries: map[floor.ToteID]int{},
		}
		h.hear = p.listen
		if err := h.connect(ctx); err != nil {
			return g, err
		}
		g.Go(func() error { defer h.close(); return ended(ctx, p.run(ctx)) })
	}
	h, err := device("board-1", "board", "")
	if err != nil {
		return g, err
	}
	b := &boss{hand: h, rng: rand.New(rand.NewPCG(seed, 4)), count: w.count, down: w.seenDown}
	h.hear = b.listen
	if err := h.connect(ctx); err != nil {
		return g, err
	}
	g.Go(func() error { defer h.close(); return ended(ctx, b.run(ctx, decideAfter)) })
	return g, nil
}

// ended drops the error of somebody who was sent home.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (w *world) weights() map[string]int {
	m := make(map[string]int, len(w.goods))
	for _, g := range w.goods {
		m[g.sku] = g.grams
	}
	return m
}

func (w *world) device(ctx context.Context, id, screen, st string) (*hand, error) {
	tok, err := w.token(ctx, id, screen, st)
	return &hand{url: w.daemon.URL(""), token: tok, session: "s" + fmt.Sprint(time.Now().Unix())}, err
}

// token invites a device and pairs it over HTTP.
func (w *world) token(ctx context.Context, id, screen, st string) (string, error) {
	var code strings.Builder
	if err := w.daemon.Invite(ctx, id, screen, st, &code); err != nil {
		return "", err
	}
	return pair(w.daemon.URL(""), strings.TrimSpace(code.String()))
}

// hello says where to look.
func (w *world) hello() error {
	if w.o.Headless {
		return nil
	}
	fmt.Fprintf(w.o.Out, "floord 示范仓 / the pretend site runs. Open:\n")
	for _, p := range []struct{ what, page, device, screen, station string }{
		{"看板 board (lead)", "/board", "your-board", "board", ""},
		{"平面图 floor plan", "/plan", "your-plan", "board", ""},
		{"拣货 PDA (badge BADGE-li.wei)", "/pda", "your-pda", "pda", ""},
		{"包装台 station (badge BADGE-wang.fang)", "/station", "your-screen", "station", station(0)},
	} {
		tok, err := w.token(context.Background(), p.device, p.screen, p.station)
		if err != nil {
			return fmt.Errorf("pair %s: %w", p.device, err)
		}
		fmt.Fprintf(w.o.Out, "  %-34s %s?token=%s\n", p.what, w.daemon.URL(p.page), tok)
	}
	fmt.Fprintf(w.o.Out, "  %-34s %s\n", "API", w.daemon.URL("/api/docs"))
	fmt.Fprintf(w.o.Out, "  %-34s %s\n\n", "data, log, floord.toml", w.o.Data)
	return nil
}

// frozeOn notes when a device had a freeze on its screen.
func (w *world) frozeOn(intercept string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.shown[intercept]; !ok {
		w.shown[intercept] = at
	}
}

// seenDown notes a channel that the board showed as failing.
func (w *world) seenDown(id floor.ChannelID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down[id] = true
}

// troubles counts the channels that the board showed as failing.
func (w *world) troubles() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.down)
}

// buy places the day's orders, some at once and the rest as time goes by, and has
// buyers change their minds.
func (w *world) buy(ctx context.Context, ran <-chan error) {
	orders, err := purchases(w.rng, w.goods)
	if err != nil {
		w.fail(err)
		return
	}
	for range 24 {
		orders = w.place(ctx, orders)
	}
	broken, mend := context.WithCancel(ctx)
	var breaking sync.WaitGroup
	defer func() { mend(); breaking.Wait() }()
	if w.o.cutAfter == 0 {
		out := w.o.Out
		if w.o.Headless {
			out = io.Discard
		}
		breaking.Go(func() { w.breakDown(broken, out) })
	}
	next := time.NewTicker(600 * time.Millisecond)
	defer next.Stop()
	cancel := time.NewTicker(cancelEvery)
	defer cancel.Stop()
	trouble := time.After(9 * time.Second)
	cart := time.After(5 * time.Second)
	show := time.NewTicker(time.Second)
	defer show.Stop()
	for {
		select {
		case <-next.C:
			orders = w.place(ctx, orders)
		case <-cancel.C:
			w.cancelOne()
		case <-trouble:
			w.printers[1].UnplugAt(700)
		case <-cart: // the first wave's cart gets its label
			by := foreman.Floord(time.Now().Format("20060102") + "/demo/wave-label")
			if _, err := w.daemon.Foreman().WaveLabel(ctx, by, "W-1", floor.StationID(station(0))); err != nil {
				w.fail(err)
			}
		case <-show.C:
			w.line(w.figures())
		case <-ctx.Done():
			return
		case err := <-ran:
			w.fail(errors.Join(errors.New("the daemon ended by itself"), err))
			return
		}
	}
}

func (w *world) fail(err error) { w.count.add(func() { w.count.errs = append(w.count.errs, err) }) }

// cancelOne has one of the last buyers ask for the money back, every second time one
// whose order is in a picker's hands if there is any; half of the shops make it final
// at once, and all that would take no report before it is: its people would have to decide.
func (w *world) cancelOne() {
	w.mu.Lock()
	defer w.mu.Unlock()
	recent := w.placed[max(0, len(w.placed)-45):]
	if w.rng.IntN(2) == 0 {
		if held := w.inHand(recent); len(held) > 0 {
			recent = held
		}
	}
	o := recent[w.rng.IntN(len(recent))]
	if _, twice := w.cancels[o]; twice || o.front.shop == nil {
		return
	}
	if o.front.shop.CancelByBuyer(o.number) != 0 {
		w.cancels[o] = time.Now()
		if w.rng.IntN(2) == 0 || o.front.shop.Can().Strict {
			o.front.shop.Refund(o.number)
		}
	}
}

// inHand gives those of the orders that are being picked.
func (w *world) inHand(orders []sold) (held []sold) {
	w.daemon.Ledger().Read(func(v *ledger.View) error {
		for _, x := range orders {
			if id, ok, err := x.in(v); ok && err == nil {
				if o, _, _ := v.Order(id); o.State == floor.Picking {
					held = append(held, x)
				}
			}
		}
		return nil
	})
	return held
}

// drain lets the floor finish what it has begun: nothing new comes, and what is
// owed to the outside goes out.
func (w *world) drain(within time.Duration) {
	for end := time.Now().Add(within); time.Now().Before(end); {
		time.Sleep(500 * time.Millisecond)
		w.line(w.figures())
		if w.idle() {
			return
		}
	}
}

// arrive waits for the pulls that bring the last orders in.
func (w *world) arrive() {
	w.mu.Lock()
	last := w.placed[max(0, len(w.placed)-2*len(w.fronts)):]
	w.mu.Unlock()
	for in, end := false, time.Now().Add(settleWithin); !in && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		w.daemon.Ledger().Read(func(v *ledger.View) error {
			in = true
			for _, o := range last {
				_, ok, err := o.in(v)
				if err != nil {
					return err
				}
				in = in && ok
			}
			return nil
		})
	}
}

// settle waits a little for what is owed to the shop: the people have gone home.
func (w *world) settle() {
	for end := time.Now().Add(settleWithin); time.Now().Before(end) && len(w.owed()) > 0; {
		time.Sleep(100 * time.Millisecond)
	}
}

// owed gives the orders whose shop is still to be told something.
func (w *world) owed() map[floor.OrderID]bool {
	orders := map[floor.OrderID]bool{}
	w.daemon.Ledger().Read(func(v *ledger.View) error {
		return v.Lane("", func(e floor.Effect) bool {
			if strings.HasPrefix(e.Lane, "shop/") {
				orders[e.Order] = true
			}
			return true
		})
	})
	return orders
}

// idle reports whether no label and no report is owed, and nobody can go on.
func (w *world) idle() bool {
	busy := len(w.conveyor)
	err := w.daemon.Ledger().Read(func(v *ledger.View) error {
		err := v.Lane("", func(e floor.Effect) bool {
			if e.Lane != floor.LaneHands {
				busy++
			}
			return true
		})
		if err != nil {
			return err
		}
		return v.Live("", func(_ floor.OrderID, s floor.State) bool {
			if s != floor.New && s != floor.Checked && s != floor.Allocated {
				busy++
			}
			return true
		})
	})
	return err == nil && busy == 0
}

// figures reads the daemon's own counts.
func (w *world) figures() Summary {
	var s Summary
	w.daemon.Ledger().Read(func(v *ledger.View) error {
		g, err := v.Figures()
		s.OrdersReceived, s.Waves, s.LinesPicked = g.Counts["received"], g.Counts["waves"], g.Counts["picked-lines"]
		s.ParcelsSealed, s.LabelsPrinted, s.HandedOver = g.Counts["sealed"], g.Counts["label/printed"], g.Counts["handed-over"]
		s.LabelsInDoubt = g.Counts["in-doubt"]
		s.CancelsAsked, s.CancelsStopped, s.CancelsMissed = g.Counts["cancels-asked"], g.Counts["cancels-stopped"], g.Counts["cancels-missed"]
		s.Joined = g.Counts["joined"]
		s.ReportsDelivered, s.reportsRefused = g.Counts["ship-report/done"], g.Counts["ship-report/refused"]
		return err
	})
	return s
}

// line prints the running line.
func (w *world) line(s Summary) {
	fmt.Fprintf(w.o.Out, "\r订单 orders %d  波次 waves %d  拣 picked %d  封 sealed %d  面单 labels %d (?%d)  交接 out %d  拦截 stopped %d/%d, missed %d  回传 told %d   ",
		s.OrdersReceived, s.Waves, s.LinesPicked, s.ParcelsSealed, s.LabelsPrinted, s.LabelsInDoubt, s.HandedOver,
		s.CancelsStopped, s.CancelsAsked, s.CancelsMissed, s.ReportsDelivered)
}
