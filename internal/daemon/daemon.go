// Package daemon wires the floor together and runs it. Open takes files and
// sockets and starts nothing; Run starts every loop, and returns after all of
// them have ended, in an order that loses nothing: first the doors close, then
// what brings work in, then what carries it out, then the devices, and last the
// ledger.
//
// A shop, a printer, a handheld that fails backs off and shows on the board. What
// ends the process is a ledger that cannot be written, a lost listener, or a
// configuration that makes no sense at start.
package daemon

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"floord/floor"
	"floord/floor/address"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/internal/gate"
	"floord/sync/channel/api"
	"floord/sync/courier"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/wave"
	"floord/web"
)

// Version is set by the release's build.
var Version = "dev"

// A Site is what the operator's commands need of a site: its ledger and who
// decides over it. Its methods may be called from any goroutine.
type Site struct {
	cfg     *config.Config
	log     *slog.Logger
	ledger  *ledger.Ledger
	foreman *foreman.Foreman
	keys    keys
	pretend bool   // see Options
	dev     string // see Options
	secret  secretWords
	reaches *wave.Layout // where pickers get to, before Run; nil: nobody has said

	appsMu sync.Mutex
	apps   map[string]*api.App // guarded by appsMu; by driver, address and client
	client *http.Client        // to the shops; nil: the driver's own

	closers []func() error // what was taken, given back in reverse
}

// A Daemon is one site, opened to run. Its methods may be called from any goroutine.
type Daemon struct {
	*Site
	gate     *gate.Gate
	pda      *pda.Server
	http     *http.Server
	listener net.Listener
	plain    net.Listener // beside HTTPS, for those who do not trust us yet; nil if not wanted
	install  *http.Server // what it serves
	control  net.Listener // the operator's socket in the data folder
	shops    []*shop
	carriers []*carrierAccount
	stations map[floor.StationID]*station
	metrics  *metrics
	planner  *planner
	adviser  *adviser

	comparing sync.Mutex // held while rules are compared: one at a time

	courier *courier.Courier
	fileSum [sha256.Size]byte // of floord.toml as it was read
}

// Options are what tests and the demo set otherwise than floord.toml says.
type Options struct {
	Log *slog.Logger // nil means slog.Default
	// Pace of tries after a report or an answer failed; nil: 1, 5, 15 minutes.
	Pace func(n int) time.Duration
	// Pretend says that the shops are pretended: their rates are not kept, and
	// what a map sends to another server of the platform goes to theirs.
	Pretend bool
	// Dev is the folder of devices; empty means /dev.
	Dev string
}

// Open opens the site that cfg describes. On an error everything that was taken
// is given back.
func Open(cfg *config.Config, o Options) (d *Daemon, err error) {
	d = &Daemon{stations: map[floor.StationID]*station{}}
	if d.Site, err = openSite(cfg, o.Log, d.sortCode); err != nil {
		return nil, err
	}
	d.pretend, d.dev = o.Pretend, cmp.Or(o.Dev, "/dev")
	taken := d.Site // d is nil by the time an error is returned
	defer func() {
		if err != nil {
			taken.close()
		}
	}()
	_, err = d.ledger.Commit(context.Background(), ledger.Request{Key: d.keys.next("start"), Actor: "floord", Urgent: true},
		func(*ledger.View) ([]floor.Fact, error) {
			return []floor.Fact{floor.DaemonStarted{Version: Version}}, nil
		})
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{d.openShops, d.openCarriers, d.openStations, d.loadSite} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	d.metrics = newMetrics(d)
	if d.planner, err = newPlanner(d); err != nil {
		return nil, err
	}
	if err := d.openDoors(o); err != nil {
		return nil, err
	}
	return d, nil
}

// openSite opens the ledger alone. sortCode may be nil.
func openSite(cfg *config.Config, log *slog.Logger, sortCode func(floor.CarrierID, floor.Recipient) string) (*Site, error) {
	s := &Site{cfg: cfg, log: log, keys: newKeys(cfg.Site.Zone)}
	if s.log == nil {
		s.log = slog.Default()
	}
	if err := os.MkdirAll(string(cfg.Site.Data), 0o750); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	l, err := ledger.Open(cfg.Ledger(), ledgerOptions(cfg))
	if err != nil {
		return nil, err
	}
	s.ledger = l
	s.closers = append(s.closers, l.Close)
	o := settings(cfg)
	o.SortCode = sortCode
	o.Reaches = func(b floor.BinID) bool { return s.reaches == nil || s.reaches.Reaches(b) }
	s.foreman = foreman.New(l, o)
	return s, nil
}

func ledgerOptions(cfg *config.Config) ledger.Options {
	return ledger.Options{KeyFile: cfg.Key(), Archive: cfg.Archive()}
}

// settings gives the foreman's as the configuration says them.
func settings(cfg *config.Config) foreman.Options {
	o := foreman.Options{
		Prefix: cfg.Site.Prefix, Zone: cfg.Site.Zone, FreezeWindow: cfg.Floor.FreezeWindow, CallEvery: cfg.Floor.CallEvery,
		ReserveFor: cfg.Floor.ReserveFor, MaxShorts: cfg.Floor.MaxShorts, ShortWindow: cfg.Floor.ShortWindow,
		Rules: cfg.Orders.Rules, Packaging: cfg.Floor.PackagingGrams, Address: addressTrouble, Split: address.Split,
		Tolerance: floor.Tolerance{
			Abs: cfg.Floor.ToleranceGrams, Pct: cfg.Floor.TolerancePercent, Least: cfg.Floor.ToleranceLeast,
		},
	}
	for _, b := range cfg.Packagings {
		o.Packagings = append(o.Packagings, floor.Packaging{Code: b.ID, Name: b.Name, Grams: b.Grams})
	}
	for _, w := range cfg.Freezes {
		o.Windows = append(o.Windows, foreman.Window{Why: floor.FreezeWhy(w.Why), Category: w.Category, Within: w.Within})
	}
	o.TaskTime, o.StopTime = cfg.Pick.TaskTime, cfg.Pick.StopTime
	for _, w := range cfg.Walls {
		o.Walls = append(o.Walls, floor.Wall(w))
	}
	for _, c := range cfg.Carriers {
		o.Carriers = append(o.Carriers, carrierRule(c))
	}
	o.Returns = func(c floor.CarrierID) bool {
		return slices.ContainsFunc(cfg.Carriers, func(have config.Carrier) bool { return have.ID == c })
	}
	templates := map[floor.StationID]string{}
	for _, s := range cfg.Stations {
		o.Stations = append(o.Stations, s.ID)
		if s.Printer != nil {
			templates[s.ID] = "waybill-" + s.Printer.Labels
		}
	}
	o.Template = func(s floor.StationID) string { return templates[s] }
	reports := map[floor.ChannelID]bool{}
	for _, c := range cfg.Channels {
		reports[c.ID] = c.Driver != "csv"
	}
	o.Reports = func(c floor.ChannelID) bool { return reports[c] }
	o.Trial = func(id floor.ChannelID) bool {
		return slices.ContainsFunc(cfg.Channels, func(c config.Channel) bool { return c.ID == id && c.Trial })
	}
	return o
}

// openDoors takes the port and builds what answers there.
func (d *Daemon) openDoors(o Options) error {
	var err error
	if d.gate, err = gate.New(gate.Options{Hosts: d.hosts(), Log: d.log, Count: d.metrics.turnedAway}); err != nil {
		return err
	}
	d.pda, err = pda.New(pda.Options{
		Ledger: d.ledger, Foreman: d.foreman, Gate: d.gate, Hooks: d.hooks(), Zone: d.cfg.Site.Zone, Log: d.log,
		Steps:    steps(d.cfg.Pick),
		AutoSeal: d.cfg.Floor.Seal == "weighed", CountItems: d.cfg.Floor.Verify == "count",
	})
	if err != nil {
		return err
	}
	if d.listener, err = d.takePort(d.cfg.HTTP.Listen); err != nil {
		return err
	}
	pages := web.Options{
		Ledger: d.ledger, Foreman: d.foreman, Gate: d.gate, PDA: d.pda, Zone: d.cfg.Site.Zone, Log: d.log,
		AdminToken: d.adminToken(), Pictures: string(d.cfg.Pick.Pictures), Report: d.reportOf, Health: d.health, Version: Version,
		Templates: d.cfg.Templates,
		Site:      d.cfg.Site.Name, CarrierName: d.carrierName,
	}
	if d.cfg.HTTP.TLSCert != "" {
		pages.CA = siteCA(d.cfg)
		_, pages.Secure, _ = net.SplitHostPort(d.Addr())
	}
	pages.Device = d.device
	pages.PrintSecret = d.printSecret
	d.adviser = newAdviser(d.Site)
	pages.Advice, pages.AdviseAgain, pages.ImportStock = d.adviser.now, d.adviser.again, d.importStock
	pages.Plan, pages.Present, pages.WhatIf = d.floorPlan, d.present, d.whatIf
	d.fileSum = fileSum(d.cfg.File)
	pages.Settings, pages.ReadBins = d.settings, d.readBins
	pages.Act = d.act
	pages.Ports = ports{d, d.dev}
	pages.Channels = d.channels()
	pages.InFile = func(id floor.PersonID) bool {
		return slices.ContainsFunc(d.cfg.People, func(p config.Person) bool { return p.ID == id })
	}
	handler, err := web.New(pages)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.gate.Wrap(d.metrics.handler()))
	mux.HandleFunc("/hooks/{channel}", d.hook) // whom the signature lets in
	mux.Handle("/", handler)
	d.http = web.NewServer(mux, d.gate, d.log)
	if d.cfg.HTTP.Plain != "" {
		if d.plain, err = d.takePort(d.cfg.HTTP.Plain); err != nil {
			return err
		}
		d.install = web.NewServer(web.NewInstall(pages), d.gate, d.log)
	}
	d.lanes(o)
	return d.openControl()
}

// takePort takes a port until the daemon closes.
func (d *Daemon) takePort(at string) (net.Listener, error) {
	l, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("http: %w (is another floord running? see floord doctor)", err)
	}
	d.closers = append(d.closers, ignoreClosed(l.Close))
	return l, nil
}

// steps says what handhelds ask pickers to do.
func steps(p config.Pick) pda.Steps {
	return pda.Steps{Bin: p.Bin, Item: p.Item, Tote: p.Tote, Zero: p.ZeroCheck, Cart: p.CartPrefix, Pictures: p.Pictures != ""}
}

func ignoreClosed(f func() error) func() error {
	return func() error {
		if err := f(); err != nil && !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

// hosts are the names the daemon answers to: loopback, what it listens on, and
// what floord.toml adds.
func (d *Daemon) hosts() []string {
	hosts := append([]string{"localhost", "127.0.0.1", "::1"}, d.cfg.HTTP.Hosts...)
	if host, _, err := net.SplitHostPort(d.cfg.HTTP.Listen); err == nil && host != "" && host != "0.0.0.0" && host != "::" {
		hosts = append(hosts, host)
	}
	for i, h := range hosts {
		if name, _, err := net.SplitHostPort(h); err == nil {
			hosts[i] = name
		}
	}
	return hosts
}

func (d *Daemon) adminToken() string {
	if d.cfg.HTTP.AdminTokenFile == "" {
		return ""
	}
	token, err := config.Secret(d.cfg.HTTP.AdminTokenFile)
	if err != nil {
		d.log.Error("admin token", "err", err)
	}
	return token
}

// Addr is where the pages are: host:port.
func (d *Daemon) Addr() string { return d.listener.Addr().String() }

// URL is the address of a page.
func (d *Daemon) URL(path string) string {
	scheme := "http"
	if d.cfg.HTTP.TLSCert != "" {
		scheme = "https"
	}
	return scheme + "://" + d.Addr() + path
}

// Foreman and Ledger are for those who work on the same site in this process:
// the demo and the operator's commands.
func (s *Site) Foreman() *foreman.Foreman { return s.foreman }

// Ledger is the open ledger.
func (s *Site) Ledger() *ledger.Ledger { return s.ledger }

// A stage is loops that end together. Stages end one after the other.
type stage []task

type task struct {
	name string
	run  func(context.Context) error
}

// Run runs the site until ctx ends or something breaks that ends the process,
// then stops everything in order and closes what Open took.
func (d *Daemon) Run(ctx context.Context) error {
	defer d.close()
	failed := make(chan error, 1)
	var stops []func() error
	for _, s := range d.stages() {
		stops = append(stops, s.start(context.WithoutCancel(ctx), d.log, failed))
	}
	d.ready()
	d.log.Info("floord runs", "pages", d.URL("/"), "site", d.cfg.Site.Name, "version", Version)
	var why error
	select {
	case <-ctx.Done():
	case why = <-failed:
	}
	d.stopping()
	for _, stop := range stops {
		if err := stop(); err != nil && why == nil {
			why = err
		}
	}
	d.log.Info("floord stopped")
	return errors.Join(why, d.close())
}

// stages lists the loops in the order in which they end.
func (d *Daemon) stages() []stage {
	doors := stage{
		{"http", d.serve(d.http, d.listener)},
		{"control", d.serveControl},
		{"handhelds", d.pda.Run},
	}
	if d.plain != nil {
		doors = append(doors, task{"installation", d.serve(d.install, d.plain)})
	}
	bring := stage{
		{"views", d.refold},
		{"planner", d.planner.run},
		{"slotting advice", d.adviser.run},
		{"freezes", d.watchFreezes},
		{"overdue tasks", d.watchTasks},
		{"backup", d.backups},
		{"archive", d.archive},
		{"report", d.dailyReports},
		{"watchdog", d.watchdog},
		{"sweep", d.sweep},
		{"connections", d.watchShops},
	}
	for _, s := range d.shops {
		if s.qimen != nil {
			bring = append(bring, task{"steps for " + string(s.id), func(ctx context.Context) error { return d.tellSteps(ctx, s) }})
			continue
		}
		if s.channel != nil {
			bring = append(bring, task{"shop " + string(s.id), func(ctx context.Context) error { return d.pull(ctx, s) }},
				task{"pushes of " + string(s.id), func(ctx context.Context) error { return d.follow(ctx, s) }},
				task{"cancels of " + string(s.id), func(ctx context.Context) error { return d.hurry(ctx, s) }})
			if s.cfg.Socket {
				bring = append(bring, task{"messages of " + string(s.id), func(ctx context.Context) error { return d.listen(ctx, s) }})
			}
		}
	}
	bring = append(bring, task{"fuses", d.probeFuses}, task{"numbers", d.bookAhead})
	for _, c := range d.carriers {
		if c.tracks != nil {
			bring = append(bring, task{"tracks of " + string(c.id), func(ctx context.Context) error { return d.track(ctx, c) }})
		}
		if c.api == nil {
			continue
		}
		bring = append(bring, task{"carrier " + string(c.id), func(ctx context.Context) error { return d.refill(ctx, c) }})
	}
	carry := stage{{"courier", d.courier.Run}}
	var devices stage
	for _, s := range d.stations {
		devices = append(devices, s.tasks()...)
	}
	return []stage{doors, bring, carry, devices}
}

// start starts a stage. The stop it gives ends it and waits.
func (s stage) start(ctx context.Context, log *slog.Logger, failed chan<- error) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	for _, t := range s {
		g.Go(func() error {
			err := t.lasting(ctx, log)
			if err == nil || ctx.Err() != nil && errors.Is(err, context.Canceled) {
				return nil
			}
			err = fmt.Errorf("%s: %w", t.name, err)
			select {
			case failed <- err:
			default:
			}
			return err
		})
	}
	return func() error {
		cancel()
		return g.Wait()
	}
}

// againAfter is the wait before a loop that met a damaged row runs again.
const againAfter = 10 * time.Second

// lasting runs t, and again when it has met a damaged row: one row that is not
// served must not stop the floor. The log names the row each time, and so does floord
// journal verify.
func (t task) lasting(ctx context.Context, log *slog.Logger) error {
	for {
		err := t.run(ctx)
		if damaged := (*ledger.DamagedError)(nil); !errors.As(err, &damaged) || ctx.Err() != nil {
			return err
		}
		log.Error("damaged row met", "loop", t.name, "err", err, "again_in", againAfter)
		pause(ctx, againAfter)
	}
}

// serve gives a loop that answers HTTP on a listener and shuts down in time.
func (d *Daemon) serve(srv *http.Server, l net.Listener) func(context.Context) error {
	return func(ctx context.Context) error {
		ended := make(chan error, 1)
		go func() {
			if d.cfg.HTTP.TLSCert != "" && srv == d.http {
				ended <- srv.ServeTLS(l, string(d.cfg.HTTP.TLSCert), string(d.cfg.HTTP.TLSKey))
				return
			}
			ended <- srv.Serve(l)
		}()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := srv.Shutdown(grace); err != nil {
			srv.Close()
		}
		<-ended
		return nil
	}
}

// close gives back what was taken, the newest first. It may be called twice.
func (s *Site) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// health says whether the daemon can do its work: nil, or one sentence.
func (d *Daemon) health(context.Context) error {
	if err := d.ledger.Stats().Stopped; err != nil {
		return err
	}
	if d.ledger.Stats().Low {
		return errors.New("the disk is nearly full: new orders wait, work in progress goes on")
	}
	return nil
}

// every calls f at once and then every so often, until ctx ends. f's error ends it.
func every(ctx context.Context, wait time.Duration, f func(context.Context) error) error {
	t := time.NewTicker(wait)
	defer t.Stop()
	for {
		if err := f(ctx); err != nil {
			return err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// ControlPath is where a running daemon of this site listens for the operator's
// commands.
func ControlPath(cfg *config.Config) string {
	return filepath.Join(string(cfg.Site.Data), "floord.sock")
}

// sortCode is the carrier's sort code (三段码) of a destination.
func (d *Daemon) sortCode(c floor.CarrierID, to floor.Recipient) string {
	for _, a := range d.carriers {
		if a.id == c {
			return a.sortCode(to)
		}
	}
	return ""
}

// lanes builds the lanes. It is called once, by openDoors.
func (d *Daemon) lanes(o Options) {
	var lanes []courier.Lane
	for _, s := range d.shops {
		if s.channel != nil {
			lanes = append(lanes, courier.Lane{Name: "shop/" + string(s.id), Deliver: d.tellShop(s), Pace: o.Pace})
		}
	}
	for _, s := range d.stations {
		lanes = append(lanes, courier.Lane{
			Name: foreman.PrinterLane(s.id), Deliver: d.print(s),
			Pace: func(int) time.Duration { return 2 * time.Second },
		})
	}
	for _, a := range d.carriers {
		lanes = append(lanes, courier.Lane{Name: foreman.CarrierLane(a.id), Deliver: d.tellCarrier(a), Pace: carrierPace(o.Pace)})
	}
	lanes = append(lanes, courier.Lane{Name: "alert", Deliver: d.alert})
	d.courier = courier.New(d.ledger, lanes...)
}
