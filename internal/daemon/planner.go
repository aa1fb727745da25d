package daemon

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/ledger"
	"floord/wave"
)

// A planner promises stock to orders as they come and releases waves when pickers
// are free: never more walks than there are hands, for the next plan is better.
type planner struct {
	d      *Daemon
	rules  wave.Rules
	layout *wave.Layout // nil while there are no bins

	seen     floor.OrderID // orders before it were looked at for stock
	turned   bool          // and are to be looked at again,
	again    time.Time     // not before that
	ends     time.Time     // no promise of stock ends before
	refilled time.Time     // when bins were last looked at that may run empty
	looked   time.Time     // at the orders that wait for a wave
	foreseen map[floor.OrderID]foresight
	merges   merger

	mu      sync.Mutex
	singles map[floor.TaskID]single // guarded by mu; walks one by one, for the plan
	aside   []wave.LeftOut          // guarded by mu; orders that cannot be planned, as last said
	waiting []inLine                // guarded by mu; orders that no wave has yet, the most pressing first
	heat    map[floor.BinID]float64 // guarded by mu
	heatAt  time.Time               // guarded by mu
}

// heatHalfLife is how fast old demand fades.
const heatHalfLife = 7 * 24 * time.Hour

func newPlanner(d *Daemon) (*planner, error) {
	c := d.cfg.Wave
	p := &planner{d: d, rules: wave.Rules{
		TotesPerCart: c.TotesPerCart, MaxOrders: c.MaxOrders, MaxLines: c.MaxLines, MaxGrams: c.MaxGrams,
		MaxMillilitres: c.MaxMillilitres, SameCarrier: c.SameCarrier, SameZones: c.SameZones, MinFill: c.MinFill, MaxWait: c.MaxWait, DueSoon: c.DueSoon,
		MetresPerSecond: c.MetresPerSecond, SecondsPerStop: c.SecondsPerStop, JoinMetres: wave.Metres(c.JoinMetres), Seed: uint64(c.Seed),
	}}
	if err := p.rules.Check(); err != nil {
		return nil, err
	}
	var err error
	p.layout, err = d.layout()
	d.reaches = p.layout
	return p, err
}

// layout builds the floor from the bins and, where floord.toml says more, from
// that; nil while there are no bins.
func (s *Site) layout() (*wave.Layout, error) {
	var bins []floor.BinInfo
	err := s.ledger.Read(func(v *ledger.View) error {
		return v.Bins(func(b floor.BinInfo) bool { bins = append(bins, b); return true })
	})
	if err != nil {
		return nil, err
	}
	return layoutOf(bins, s.cfg.Layout)
}

// layoutOf builds the floor from those bins; nil if there are none.
func layoutOf(bins []floor.BinInfo, c config.Layout) (*wave.Layout, error) {
	if len(bins) == 0 {
		return nil, nil
	}
	places := foreman.Places(bins)
	l, err := wave.InferLayout(places)
	if err != nil || c.Depot == nil && len(c.CrossAisles)+len(c.OneWay)+len(c.Blocked)+len(c.Drops) == 0 && !c.Open {
		return l, err
	}
	return wave.NewLayout(places, withLayout(l.Geometry(), c))
}

// withLayout puts what floord.toml says of the floor in place of what the bins say.
func withLayout(g wave.Geometry, c config.Layout) wave.Geometry {
	if c.Depot != nil {
		g.Depot = wave.Point{X: wave.Metres(c.Depot.X), Y: wave.Metres(c.Depot.Y)}
	}
	if len(c.CrossAisles) > 0 {
		g.CrossAisles = nil
		for _, y := range c.CrossAisles {
			g.CrossAisles = append(g.CrossAisles, wave.Metres(y))
		}
	}
	g.Open = c.Open
	for _, o := range c.OneWay {
		g.OneWay = append(g.OneWay, wave.OneWay{Zone: o.Zone, Aisle: strconv.Itoa(o.Aisle), Down: o.To == "down"})
	}
	for _, b := range c.Blocked {
		g.Blocked = append(g.Blocked, wave.Blocked{Zone: b.Zone, Aisle: strconv.Itoa(b.Aisle), From: wave.Metres(b.From), To: wave.Metres(b.To)})
	}
	for _, d := range c.Drops {
		g.Drops = append(g.Drops, wave.Point{X: wave.Metres(d.X), Y: wave.Metres(d.Y)})
	}
	return g
}

// news are the facts that make it worth to plan at once; after those of turned, orders
// that waited for stock may get some.
var (
	news = ledger.Topic{
		string(floor.OrderReceived{}.Kind()), string(floor.TaskDone{}.Kind()), string(floor.PersonLoggedIn{}.Kind()), string(floor.TaskTaken{}.Kind()), string(floor.OrderJoined{}.Kind()),
	}
	turned = ledger.Topic{
		string(floor.OrderHeld{}.Kind()), string(floor.StockCounted{}.Kind()), string(floor.StockFreed{}.Kind()), string(floor.StockMoved{}.Kind()),
		string(floor.OrderThawed{}.Kind()), string(floor.OrderRevised{}.Kind()), string(floor.OrderParted{}.Kind()), string(floor.LinePutBack{}.Kind()),
		string(floor.SKUResumed{}.Kind()), string(floor.ChannelOpened{}.Kind()), string(floor.QuotaSet{}.Kind()),
	}
)

func (p *planner) run(ctx context.Context) error {
	heard, stopNews := p.d.news(ctx, news)
	other, stopTurned := p.d.news(ctx, turned)
	stop := func() error { return errors.Join(stopNews(), stopTurned()) }
	p.turned = true
	for ctx.Err() == nil {
		began := time.Now()
		if err := p.round(ctx); err != nil && ctx.Err() == nil {
			stop()
			return err
		}
		rest := min(max(20*time.Millisecond, 2*time.Since(began)), time.Second)
		select {
		case <-heard:
			pause(ctx, rest) // let a burst of news come together, and let others work meanwhile
		case <-other:
			p.turned = true
			pause(ctx, rest)
		case <-time.After(p.d.cfg.Wave.Every):
			p.turned = true
		case <-ctx.Done():
		}
		select {
		case <-other: // before an order that came later gets what it is about
			p.turned = true
		default:
		}
	}
	return stop()
}

// pause waits, until ctx ends at the most.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// maxAllocate is how many orders are handed to the ledger at a time, to be allocated.
const maxAllocate = 25

// round allocates what is checked, then plans what is allocated.
func (p *planner) round(ctx context.Context) error {
	if err := p.expire(ctx); err != nil {
		return err
	}
	if err := p.allocate(ctx); err != nil {
		return notReserve(err)
	}
	if err := p.refill(ctx); err != nil || p.layout == nil {
		return err
	}
	return p.plan(ctx)
}

// allocate promises stock to the orders that wait for it, the oldest number first. Those
// that it has looked at before are passed over until something has turned, and for four
// times as long as it took to look at all of them: there may be a million. While orders
// come faster than they are promised stock, those that come go first.
func (p *planner) allocate(ctx context.Context) error {
	began := time.Now()
	all := p.turned && !began.Before(p.again)
	if all {
		p.seen = ""
	}
	came := 0 // orders so far
	for {
		handful := time.Now()
		before := came
		var some []floor.OrderID
		err := p.d.ledger.Read(func(v *ledger.View) error {
			f, err := v.Figures()
			if err != nil {
				return err
			}
			came = f.Counts["received"]
			return v.Checked(p.seen, func(id floor.OrderID) bool {
				some = append(some, id)
				return len(some) < maxAllocate
			})
		})
		if err != nil {
			return err
		}
		if len(some) == 0 {
			if all {
				p.turned, p.again = false, time.Now().Add(4*time.Since(began))
			}
			return nil
		}
		if err := p.d.foreman.AllocateAll(ctx, func() string { return p.d.keys.next("allocate") }, some); err != nil {
			return err
		}
		p.seen = some[len(some)-1] + "\x00" // whatever comes after it
		if before > 0 && came-before > maxAllocate {
			pause(ctx, 2*time.Since(handful))
		}
	}
}

// expire takes stock back from orders that wait for a wave too long, or of which a lot
// is past its day. What is promised from now on ends later than all that was looked at.
func (p *planner) expire(ctx context.Context) error {
	now := time.Now()
	if now.Before(p.ends) {
		return nil
	}
	here := now.In(p.d.cfg.Site.Zone)
	today := here.Format(time.DateOnly)
	ends := time.Date(here.Year(), here.Month(), here.Day()+1, 0, 0, 0, 0, here.Location()) // lots end with their day
	if of := p.d.cfg.Floor.ReserveFor; of != 0 && now.Add(of).Before(ends) {
		ends = now.Add(of)
	}
	var over []floor.OrderID
	err := p.allocated(ctx, func(o floor.Order) bool {
		switch {
		case o.LastDay() >= today && o.Until.IsZero():
		case o.LastDay() >= today && now.Before(o.Until):
			if o.Until.Before(ends) {
				ends = o.Until
			}
		default:
			over = append(over, o.ID)
		}
		return true
	})
	if err != nil {
		return err
	}
	for _, id := range over {
		if _, err := p.d.foreman.Expire(ctx, foreman.Floord(p.d.keys.next("expire")), id); err != nil {
			return notReserve(err)
		}
	}
	took := time.Since(now)
	p.ends = now.Add(max(ends.Sub(now), 20*took)) // of many orders one ends every moment
	return nil
}

// notReserve drops the error of a disk whose reserve is reached: new work waits.
func notReserve(err error) error {
	if isReserve(err) {
		return nil
	}
	return err
}

// maxLooked is how many orders are looked at in one view.
const maxLooked = 1000

// allocated calls f with the orders that have stock and no wave, and in place of those
// that go as one parcel with that; the one that must leave first comes first.
func (p *planner) allocated(ctx context.Context, f func(floor.Order) bool) error {
	seen := map[floor.OrderID]bool{}
	one := func(v *ledger.View, id floor.OrderID) (more bool, err error) {
		if s, _, err := v.StateOf(id); err != nil || s != floor.Allocated {
			return true, err
		}
		o, ok, err := v.Order(id)
		if ok && err == nil && o.In != "" {
			if seen[o.In] {
				return true, nil
			}
			seen[o.In] = true
			o, ok, err = v.Order(o.In)
		}
		return !ok || err != nil || f(o), err
	}
	from, after := time.Unix(0, 0), floor.OrderID("")
	for more := true; more; {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		looked := 0
		err := p.d.ledger.Read(func(v *ledger.View) error {
			var inner error
			err := v.Due(ledger.ShipBy, from, after, func(at time.Time, id floor.OrderID) bool {
				looked++
				from, after = at, id+"\x00" // whatever comes after it
				more, inner = one(v, id)
				return more && inner == nil && looked < maxLooked
			})
			return cmp.Or(err, inner)
		})
		if err != nil {
			return err
		}
		more = more && looked == maxLooked
	}
	return nil
}

// maxPlanned is how many orders are planned at a time: what must leave first. A day
// that brings more is planned as it empties.
const maxPlanned = 20_000

// pressing gives the orders to be planned, by number.
func (p *planner) pressing(ctx context.Context) ([]floor.Order, error) {
	any := false
	err := p.d.ledger.Read(func(v *ledger.View) error {
		f, err := v.Figures()
		any = f.ByState[floor.Allocated] > 0
		return err
	})
	if err != nil || !any {
		return nil, err // a million may wait for stock, and would all be looked at
	}
	var out []floor.Order
	err = p.allocated(ctx, func(o floor.Order) bool {
		out = append(out, o)
		return len(out) < maxPlanned
	})
	slices.SortFunc(out, func(a, b floor.Order) int { return cmp.Compare(a.ID, b.ID) })
	return out, err
}

// plan starts waves as far as hands are free, then lets orders that still wait join
// walks under way.
func (p *planner) plan(ctx context.Context) error {
	free, err := p.idle()
	if err != nil {
		return err
	}
	now := time.Now()
	walks, err := p.walks()
	if err != nil || free == 0 && len(walks) == 0 && now.Sub(p.looked) < lookEvery {
		return err
	}
	orders, err := p.pressing(ctx)
	if err == nil && len(orders) > 0 && p.d.cfg.Orders.Rules.Merges() {
		var merged bool
		if merged, err = p.merges.merge(ctx, p.d, orders); err == nil && merged {
			orders, err = p.pressing(ctx)
		}
	}
	if err != nil {
		return notReserve(err)
	}
	p.looked = now
	s := wave.Snapshot{Layout: p.layout, FreePickers: free}
	if s.BinHeat, err = p.binHeat(); err != nil {
		return err
	}
	open, err := p.d.plannable(orders)
	if err != nil {
		return err
	}
	if p.foreseen, err = p.d.foresee(open, now, p.foreseen); err != nil {
		return err
	}
	parts := shares(open, p.d.cfg.Wave.Kinds, p.rules, now)
	res := wave.PlanShares(ctx, s, parts, now)
	for _, w := range res.Waves {
		w.Why = append(p.called(w.Why), p.waitedFor(w.Orders, now)...)
		_, err := p.d.foreman.Release(ctx, foreman.Floord(p.d.keys.next("release")), w)
		if no := (*floor.Refusal)(nil); errors.As(err, &no) { // no put wall is large enough
			p.d.log.Warn("wave not released", "orders", len(w.Orders), "why", no)
			continue
		}
		if err != nil {
			return notReserve(err)
		}
	}
	p.tell(res, now)
	return p.join(ctx, s, parts, res.Waiting, walks, now)
}

// lookEvery is how often orders are looked at while nobody is free to pick them.
const lookEvery = 10 * time.Second

// idle counts the pickers who are logged in and have nothing to do, less the
// tasks that wait for them.
func (p *planner) idle() (int, error) {
	n := 0
	err := p.d.ledger.Read(func(v *ledger.View) error {
		err := v.People(func(x floor.Person) bool {
			if x.Device != "" && x.Task == "" && x.May(floor.RolePicker) && !x.May(floor.RoleLead) {
				n++
			}
			return true
		})
		if err != nil {
			return err
		}
		return v.LiveTasks(func(t floor.Task) bool {
			if t.State == floor.TaskWaiting {
				n--
			}
			return true
		})
	})
	return max(n, 0), err
}

// binHeat counts how often bins are picked from.
func (s *Site) binHeat(now time.Time) (map[floor.BinID]float64, error) {
	h, err := wave.NewHeat(heatHalfLife)
	if err != nil {
		return nil, err
	}
	lies := map[floor.BinID][]floor.SKU{}
	err = s.ledger.Read(func(v *ledger.View) error {
		err := v.Demand(func(sku floor.SKU, d floor.Demand) bool {
			limit := wave.Guard(d.Pieces) // one day's sale makes no SKU hot for weeks
			for back, n := range d.Pieces {
				h.Add(sku, min(n, limit), floor.DemandNoon(d.Day-back))
			}
			return true
		})
		if err != nil {
			return err
		}
		return v.Stock(func(x floor.Stock) bool {
			lies[x.Bin] = append(lies[x.Bin], x.SKU)
			return true
		})
	})
	if err != nil {
		return nil, err
	}
	return h.Bins(lies, now), nil
}
