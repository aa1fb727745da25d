package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"floord/floor"
	"floord/internal/config"
	"floord/sync/carrier"
	"floord/sync/carrier/demo"
	"floord/sync/courier"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// A carrierAccount keeps a pool of waybill numbers and the carrier's table of
// sort codes, so that packing goes on while the carrier cannot be reached.
type carrierAccount struct {
	id   floor.CarrierID
	cfg  config.Carrier
	api  carrier.Carrier
	mu   sync.Mutex
	code carrier.Routes // guarded by mu
	err  error          // guarded by mu; of the last call
}

func (d *Daemon) openCarriers() error {
	for _, c := range d.cfg.Carriers {
		key, err := config.Secret(c.SecretFile)
		if err != nil {
			return fmt.Errorf("carrier %s: %w", c.ID, err)
		}
		api, err := demo.New(c.URL, c.Account, key, nil)
		if err != nil {
			return fmt.Errorf("carrier %s: %w", c.ID, err)
		}
		d.carriers = append(d.carriers, &carrierAccount{id: c.ID, cfg: c, api: api})
	}
	return nil
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
	news, heard := d.news(ctx, floor.ParcelSealed{}.Kind(), floor.FuseClosed{}.Kind())
	defer heard()
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

// news gives a channel that says that a fact of one of the kinds was written since
// one looked. stop must be called; it waits.
func (d *Daemon) news(ctx context.Context, kinds ...floor.Kind) (said <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	news, heard := make(chan struct{}, 1), make(chan struct{})
	var topic ledger.Topic
	for _, k := range kinds {
		topic = append(topic, string(k))
	}
	go func() {
		defer close(heard)
		for _, err := range d.ledger.Follow(ctx, d.ledger.Seq(), topic) {
			if err != nil {
				return
			}
			select {
			case news <- struct{}{}:
			default:
			}
		}
	}()
	return news, func() { cancel(); <-heard }
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

// tellCarrier carries rows to a carrier: numbers that go back.
func (d *Daemon) tellCarrier(a *carrierAccount) courier.Deliver {
	return func(ctx context.Context, e floor.Effect) courier.Outcome {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		return carrierOutcome(a.api.Void(ctx, floor.WaybillNo(e.Args["waybill"])))
	}
}

// carrierOutcome turns a driver's error into a verdict. What a person can mend (a
// key, the balance) is tried again until somebody has.
func carrierOutcome(err error) courier.Outcome {
	var e *carrier.Error
	switch {
	case err == nil:
		return courier.Outcome{Verdict: courier.Done}
	case carrier.ClassOf(err) == carrier.Refused:
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
		n, err := d.pooled(a)
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
