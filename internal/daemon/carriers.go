package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/address"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/carrier"
	"floord/sync/carrier/demo"
	"floord/sync/carrier/direct"
	"floord/sync/carrier/ewaybill"
	"floord/sync/courier"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// A carrierAccount is an account at a carrier. One that sells numbers ahead keeps a
// pool of them and the carrier's table of sort codes; one that gives a number for
// one recipient is asked for it as soon as an order is in a wave. Either way
// packing goes on while the carrier cannot be reached.
type carrierAccount struct {
	id     floor.CarrierID
	cfg    config.Carrier
	api    carrier.Carrier // sells ahead; nil where books is there
	books  carrier.Booker  // nil where api is there
	tracks carrier.Tracker // nil where it tells no scans
	mu     sync.Mutex
	code   carrier.Routes // guarded by mu
	err    error          // guarded by mu; of the last call
	failed int            // guarded by mu; bookings in a row that the wire broke
}

func (d *Daemon) openCarriers() error {
	for _, c := range d.cfg.Carriers {
		a := &carrierAccount{id: c.ID, cfg: c}
		if err := a.open(); err != nil {
			return fmt.Errorf("carrier %s: %w", c.ID, err)
		}
		d.carriers = append(d.carriers, a)
	}
	return nil
}

// carrierTypes say what a driver can do without one being made: which of them tell
// the carrier's first scan.
var carrierTypes = map[string]any{
	"demo": (*demo.Carrier)(nil), "sf": (*direct.SF)(nil), "zto": (*direct.ZTO)(nil), "yto": (*direct.YTO)(nil), "jdl": (*direct.JDL)(nil),
	"cainiao": (*ewaybill.Cainiao)(nil), "pdd": (*ewaybill.PDD)(nil), "douyin": (*ewaybill.Douyin)(nil),
}

// open makes the account's driver.
func (a *carrierAccount) open() (err error) {
	c := a.cfg
	key, err := config.Secret(c.SecretFile)
	if err != nil {
		return err
	}
	token := func() (string, error) { return config.Secret(c.TokenFile) }
	own := direct.Account{URL: c.URL, ID: c.Account, Secret: key, Customer: c.Customer, Token: token}
	platform := ewaybill.Account{
		URL: c.URL, ID: c.Account, Secret: key, Token: token, Carrier: c.Code, User: c.User, Template: c.Template,
	}
	switch c.Driver {
	case "demo":
		a.api, err = demo.New(c.URL, c.Account, key, nil)
	case "sf":
		a.books, err = direct.NewSF(own)
	case "zto":
		a.books, err = direct.NewZTO(own)
	case "yto":
		a.books, err = direct.NewYTO(own)
	case "jdl":
		a.books, err = direct.NewJDL(own)
	case "cainiao":
		a.books, err = ewaybill.NewCainiao(platform)
	case "pdd":
		a.books, err = ewaybill.NewPDD(platform)
	case "douyin":
		a.books, err = ewaybill.NewDouyin(platform)
	}
	var drive any = a.api
	if a.books != nil {
		drive = a.books
	}
	a.tracks, _ = drive.(carrier.Tracker)
	return err
}

func (a *carrierAccount) sortCode(to floor.Recipient) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.code.Code(to)
}

// tripAfter is how many failures of the wire in a row open a carrier's fuse; what a
// person must mend (a key, the balance) opens it at once.
const tripAfter = 3

// refill keeps the pool of a carrier full: at half it asks for more.
func (d *Daemon) refill(ctx context.Context, a *carrierAccount) error {
	news, stop := d.news(ctx, ledger.Topic{string(floor.ParcelSealed{}.Kind()), string(floor.FuseClosed{}.Kind())})
	defer stop()
	failures := 0
	for ctx.Err() == nil {
		wait := time.Minute
		if err := d.fill(ctx, a); err == nil {
			failures = 0
		} else if ctx.Err() == nil {
			n, ledgerErr := d.pooled(a)
			failures++
			if ledgerErr == nil && n == 0 && (failures >= tripAfter || carrier.ClassOf(err) != carrier.Retryable) {
				_, ledgerErr = d.foreman.Trip(ctx, d.by("trip"), accountTrip(a.id, err))
			}
			if ledgerErr != nil {
				return ledgerErr
			}
			wait = 10 * time.Second
			d.log.Warn("carrier not reached", "carrier", a.id, "err", err, "again_in", wait)
		}
		select {
		case <-news:
			pause(ctx, 200*time.Millisecond)
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return nil
}

// news gives a channel that says that a fact topic wants was written since one
// looked. stop must be called; it waits, and gives the error if nobody listened
// any more.
func (d *Daemon) news(ctx context.Context, topic ledger.Topic) (said <-chan struct{}, stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	news, heard := make(chan struct{}, 1), make(chan error, 1)
	go func() { heard <- d.ledger.News(ctx, topic, news) }()
	return news, func() error { cancel(); return <-heard }
}

// accountTrip is the trip of a carrier's account whose numbers have run out.
func accountTrip(c floor.CarrierID, err error) floor.Trip {
	t := floor.Trip{Scope: floor.Scope{Carrier: c}, Cause: floor.FuseNumber, Why: carrierWhy(err)}
	if carrier.ClassOf(err) == carrier.Exhausted {
		t.Cause = floor.FuseBalance
	}
	return t
}

// carrierWhy is the carrier's sentence for a person.
func carrierWhy(err error) string {
	var e *carrier.Error
	if errors.As(err, &e) {
		return e.Text("zh")
	}
	return err.Error()
}

// stoppedByTwin reports whether a carrier's account waits for a lead: it gave a
// number that is taken, and no more are asked for.
func (d *Daemon) stoppedByTwin(a *carrierAccount) (stopped bool, err error) {
	err = d.ledger.Read(func(v *ledger.View) error {
		return v.OpenFuses(func(x floor.Fuse) bool {
			stopped = stopped || x.Cause == floor.FuseTwice && x.Carrier == a.id
			return true
		})
	})
	return stopped, err
}

// carrierPace is the pace of wishes for a number: a packer may be waiting. An
// override is a test's.
func carrierPace(override func(int) time.Duration) func(int) time.Duration {
	if override != nil {
		return override
	}
	return func(n int) time.Duration { return min(2*time.Second<<min(n, 5), time.Minute) }
}

// tellCarrier carries rows to a carrier: wishes for a number, and numbers that go back.
func (d *Daemon) tellCarrier(a *carrierAccount) courier.Deliver {
	return func(ctx context.Context, e floor.Effect) courier.Outcome {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if e.What == floor.EffectBook {
			return d.book(ctx, a, e)
		}
		no := floor.WaybillNo(e.Args["waybill"])
		if a.books == nil {
			return carrierOutcome(a.api.Void(ctx, no))
		}
		id := ""
		err := d.ledger.Read(func(v *ledger.View) error {
			order, n, ok, err := v.BookingOf(no)
			if ok {
				id = bookingID(order, n)
			}
			return err
		})
		if err != nil {
			return courier.Outcome{Verdict: courier.NotYet, Why: err.Error()}
		}
		return carrierOutcome(a.books.Void(ctx, id, no))
	}
}

// maxBookings is how many ids of one order a carrier may call spent.
const maxBookings = 5

// bookingID is what a carrier knows a booking under.
func bookingID(o floor.OrderID, n int) string { return fmt.Sprintf("%s-%d", o, n) }

// book asks a carrier for an order's number.
func (d *Daemon) book(ctx context.Context, a *carrierAccount, e floor.Effect) courier.Outcome {
	n, err := strconv.Atoi(e.Args["n"])
	if err != nil || a.books == nil {
		return courier.Outcome{Verdict: courier.Refused, Why: "no-carrier"}
	}
	s, wanted, err := d.shipment(e.Order, n)
	if err != nil {
		return courier.Outcome{Verdict: courier.NotYet, Why: err.Error()}
	}
	if !wanted {
		return courier.Outcome{Verdict: courier.Done}
	}
	if trip := shipmentTrip(carrierRule(a.cfg), e.Order, s.To); trip != nil {
		return d.notBooked(ctx, e.Order, n, string(trip.Cause), false, trip)
	}
	got, err := a.books.Book(ctx, s)
	a.note(err)
	if err == nil {
		_, err := d.foreman.Booked(ctx, d.by("booked"), floor.BookingMade{
			Order: e.Order, N: n, Carrier: a.id, Waybill: got.Waybill, SortCode: got.SortCode, Ticket: got.Ticket,
		})
		a.healthy(true)
		if err != nil {
			return courier.Outcome{Verdict: courier.NotYet, Why: err.Error()}
		}
		return courier.Outcome{Verdict: courier.Done}
	}
	why := carrierWhy(err)
	switch carrier.ClassOf(err) {
	case carrier.Unserved:
		return d.notBooked(ctx, e.Order, n, why, true, nil)
	case carrier.Spent, carrier.Duplicate: // the next id is a new one
		return d.notBooked(ctx, e.Order, n, why, n >= maxBookings, nil)
	case carrier.BadAddress:
		return d.notBooked(ctx, e.Order, n, why, false, &floor.Trip{Scope: floor.Scope{Carrier: a.id}, Cause: floor.FuseAddress, Order: e.Order, Why: why})
	case carrier.Refused:
		return d.notBooked(ctx, e.Order, n, why, true, &floor.Trip{Scope: floor.Scope{Carrier: a.id}, Cause: floor.FuseNumber, Order: e.Order, Why: why})
	}
	out := carrierOutcome(err)
	if failed := a.healthy(false); failed >= tripAfter || carrier.ClassOf(err) != carrier.Retryable && carrier.ClassOf(err) != carrier.RateLimited {
		trip := accountTrip(a.id, err)
		out.Trip = &trip
	}
	return out
}

// healthy counts failures in a row and gives how many.
func (a *carrierAccount) healthy(ok bool) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed++
	if ok {
		a.failed = 0
	}
	return a.failed
}

// shipmentTrip says what of a recipient keeps a carrier from being asked, or nil. A
// token is of use to its platform alone.
func shipmentTrip(c floor.CarrierRule, o floor.OrderID, to floor.Recipient) *floor.Trip {
	t := floor.Trip{Scope: floor.Scope{Carrier: c.ID}, Cause: floor.FuseReceiver, Order: o}
	if !c.Tokens {
		to.Token = ""
	}
	if t.Why = foreman.Receiver(to); t.Why != "" {
		return &t
	}
	if t.Why, t.Cause = addressTrouble(to), floor.FuseAddress; t.Why != "" {
		return &t
	}
	return nil
}

// notBooked notes that there is no number and would be none if asked again.
func (d *Daemon) notBooked(ctx context.Context, o floor.OrderID, n int, why string, saidNo bool, trip *floor.Trip) courier.Outcome {
	if _, err := d.foreman.BookingFailed(ctx, d.by("not-booked"), o, n, why, saidNo, trip); err != nil {
		return courier.Outcome{Verdict: courier.NotYet, Why: err.Error()}
	}
	return courier.Outcome{Verdict: courier.Done, Why: why}
}

// shipment gathers what a carrier must know of an order's next parcel. wanted is
// false when nobody waits for the booking any more.
func (d *Daemon) shipment(id floor.OrderID, n int) (s carrier.Shipment, wanted bool, err error) {
	from := address.Parse(d.cfg.Sender.Address).To
	s = carrier.Shipment{ID: bookingID(id, n), From: carrier.Party{
		Name: d.cfg.Sender.Name, Phone: d.cfg.Sender.Phone, Province: from.Province, City: from.City, District: from.District, Detail: from.Detail,
	}}
	err = d.ledger.Read(func(v *ledger.View) error {
		all, err := v.Bookings(id)
		for _, b := range all {
			wanted = wanted || b.N == n && b.State == floor.BookingWanted
		}
		if err != nil || !wanted {
			return err
		}
		o, _, err := v.Order(id)
		if err != nil {
			return err
		}
		s.Number, s.Package = o.Number, 1
		for _, one := range o.Of {
			x, _, err := v.Order(one)
			if err != nil {
				return err
			}
			if x.Number != s.Number {
				s.Also = append(s.Also, x.Number)
			}
		}
		for _, l := range o.Lines {
			s.Count += l.Qty
			if s.Goods == "" {
				s.Goods = shortGoods(l.Name)
			}
		}
		for _, p := range o.Parcels {
			x, ok, err := v.Parcel(p)
			switch {
			case err != nil:
				return err
			case ok && x.Waybill != "":
				s.Package++
			case ok && x.Weight != nil:
				s.Grams = x.Weight.Grams
			}
		}
		s.To, _, err = v.Recipient(id)
		return err
	})
	return s, wanted, err
}

// shortGoods is what a carrier is told of the contents.
func shortGoods(name string) string {
	if r := []rune(name); len(r) > 20 {
		name = string(r[:20])
	}
	if name == "" {
		name = "商品"
	}
	return name
}

// bookAhead asks for the numbers of orders as soon as they are in a wave, so that
// they are there before the goods are. Whatever may change which number an order
// needs makes it look again.
func (d *Daemon) bookAhead(ctx context.Context) error {
	if !slices.ContainsFunc(d.carriers, func(a *carrierAccount) bool { return a.books != nil }) {
		return nil
	}
	from := d.ledger.Seq()
	if err := d.bookAll(ctx); err != nil {
		return err
	}
	for e, err := range d.ledger.Follow(ctx, from, bookTopic) {
		if err != nil {
			return err
		}
		var orders []floor.OrderID
		switch f := e.Fact.(type) {
		case floor.WaveReleased:
			orders = f.Orders
		case floor.FuseClosed:
			if err := d.bookAll(ctx); err != nil {
				return err
			}
		default:
			for _, s := range f.Subjects() {
				if id, ok := strings.CutPrefix(s, floor.OrderTopic("")); ok && id != "" {
					orders = append(orders, floor.OrderID(id))
				}
			}
		}
		for _, id := range orders {
			if _, err := d.foreman.Book(ctx, d.by("book"), id); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
	return ctx.Err()
}

var bookTopic = ledger.Topic{
	string(floor.WaveReleased{}.Kind()), string(floor.OrderJoined{}.Kind()), string(floor.ParcelOpened{}.Kind()), string(floor.ParcelWeighed{}.Kind()), string(floor.ParcelSealed{}.Kind()),
	string(floor.WaybillKilled{}.Kind()), string(floor.OrderThawed{}.Kind()), string(floor.OrderRevised{}.Kind()), string(floor.BookingEnded{}.Kind()),
	string(floor.FuseClosed{}.Kind()),
}

// bookAll looks at every order that still needs hands.
func (d *Daemon) bookAll(ctx context.Context) error {
	var orders []floor.OrderID
	err := d.ledger.Read(func(v *ledger.View) error {
		return v.Live("", func(id floor.OrderID, s floor.State) bool {
			if !s.Before(floor.Waved) {
				orders = append(orders, id)
			}
			return true
		})
	})
	for _, id := range orders {
		if err == nil {
			_, err = d.foreman.Book(ctx, d.by("book"), id)
		}
	}
	return err
}

// carrierOutcome turns a driver's error into a verdict. What a person can mend (a
// key, the balance) is tried again until somebody has.
func carrierOutcome(err error) courier.Outcome {
	var e *carrier.Error
	switch {
	case err == nil:
		return courier.Outcome{Verdict: courier.Done}
	case carrier.Final(err):
		return courier.Outcome{Verdict: courier.Refused, Why: carrierWhy(err)}
	case errors.As(err, &e):
		return courier.Outcome{Verdict: courier.NotYet, Why: carrierWhy(err), After: e.After}
	}
	return courier.Outcome{Verdict: courier.NotYet, Why: carrierWhy(err)}
}

// accounts are the carriers' lines on the board.
func (d *Daemon) accounts() []pda.CarrierState {
	var out []pda.CarrierState
	for _, a := range d.carriers {
		n, err := d.readyNumbers(a)
		a.mu.Lock()
		if err == nil {
			err = a.err
		}
		a.mu.Unlock()
		st := pda.CarrierState{ID: a.id, Name: a.cfg.Name, OK: err == nil, Left: n}
		if err != nil {
			st.Text = carrierWhy(err)
		}
		out = append(out, st)
	}
	return out
}

func (d *Daemon) pooled(a *carrierAccount) (n int, err error) {
	err = d.ledger.Read(func(v *ledger.View) (err error) {
		n, err = v.Pooled(a.id, a.cfg.Pool)
		return err
	})
	return n, err
}

// readyNumbers counts the numbers that lie ready: in the pool, or booked.
func (d *Daemon) readyNumbers(a *carrierAccount) (n int, err error) {
	if a.books == nil {
		return d.pooled(a)
	}
	err = d.ledger.Read(func(v *ledger.View) error {
		n, err = v.BookingsReady(a.id)
		return err
	})
	return n, err
}

func (d *Daemon) fill(ctx context.Context, a *carrierAccount) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	a.mu.Lock()
	known := a.code.Len() > 0
	a.mu.Unlock()
	if !known {
		table, err := a.api.Routes(ctx)
		a.note(err)
		if err != nil {
			return err
		}
		a.mu.Lock()
		a.code = table
		a.mu.Unlock()
	}
	n, err := d.pooled(a)
	if err != nil || n > a.cfg.Pool/2 {
		return err
	}
	if stopped, err := d.stoppedByTwin(a); err != nil || stopped {
		return err
	}
	for missing := a.cfg.Pool - n; missing > 0; missing -= carrier.MaxNumbers {
		if err := d.buy(ctx, a, min(missing, carrier.MaxNumbers)); err != nil {
			return err
		}
	}
	return nil
}

// buy asks for n numbers. The request's id is what the pool knows of itself, so
// that a request whose answer was lost is asked again and not bought twice.
func (d *Daemon) buy(ctx context.Context, a *carrierAccount, n int) error {
	var pools uint64
	err := d.ledger.Read(func(v *ledger.View) (err error) {
		pools, err = v.Next("pool/" + string(a.id))
		return err
	})
	if err != nil {
		return err
	}
	r := carrier.Request{ID: fmt.Sprintf("%s-%s-%d-%d", d.ledger.Epoch(), a.id, pools, n), N: n}
	numbers, err := a.api.Numbers(ctx, r)
	a.note(err)
	if err != nil {
		return err
	}
	_, err = d.foreman.PoolWaybills(ctx, d.by("waybills"), a.id, numbers)
	return err
}

func (a *carrierAccount) note(err error) {
	a.mu.Lock()
	a.err = err
	a.mu.Unlock()
}
