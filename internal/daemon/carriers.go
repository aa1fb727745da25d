package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	"floord/floor"
	"floord/internal/config"
	"floord/sync/carrier"
	"floord/sync/carrier/demo"
	"floord/sync/ledger"
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

// refill keeps the pool of a carrier full: at half it asks for more.
func (d *Daemon) refill(ctx context.Context, a *carrierAccount) error {
	ctx, stop := context.WithCancel(ctx)
	sealed, heard := make(chan struct{}, 1), make(chan struct{})
	defer func() { stop(); <-heard }()
	go func() {
		defer close(heard)
		for _, err := range d.ledger.Follow(ctx, d.ledger.Seq(), ledger.Topic{string(floor.ParcelSealed{}.Kind())}) {
			if err != nil {
				return
			}
			select {
			case sealed <- struct{}{}:
			default:
			}
		}
	}()
	for ctx.Err() == nil {
		wait := time.Minute
		if err := d.fill(ctx, a); err != nil && ctx.Err() == nil {
			if _, ledgerErr := d.pooled(a); ledgerErr != nil {
				return ledgerErr
			}
			wait = 10 * time.Second
			d.log.Warn("carrier not reached", "carrier", a.id, "err", err, "again_in", wait)
		}
		select {
		case <-sealed:
			pause(ctx, 200*time.Millisecond)
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
	return nil
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
