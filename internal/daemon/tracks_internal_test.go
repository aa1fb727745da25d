package daemon

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/sync/carrier"
	"floord/sync/ledger"
)

// A teller is a carrier that tells of scans, and notes when it was asked.
type teller struct {
	mu    sync.Mutex // guards the rest
	scans map[floor.WaybillNo]time.Time
	asked []time.Time
	fail  error
}

func (c *teller) AtOnce() int { return 2 }

func (c *teller) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *teller) Collected(_ context.Context, numbers []floor.WaybillNo) (map[floor.WaybillNo]time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, time.Now())
	if c.fail != nil {
		return nil, c.fail
	}
	out := map[floor.WaybillNo]time.Time{}
	for _, no := range numbers {
		if at, ok := c.scans[no]; ok {
			out[no] = at
		}
	}
	return out, nil
}

// handOut has parcels leave with a carrier and gives their numbers.
func (x *storied) handOut(n int) []floor.WaybillNo {
	var out []floor.WaybillNo
	for i := 0; len(out) < n; i++ {
		before := x.s.ledger.Seq()
		x.live(1000 + i)
		for e, err := range x.s.ledger.Past(x.t.Context(), before, ledger.Topic{string(floor.ParcelLeft{}.Kind())}) {
			f, ok := e.Fact.(floor.ParcelLeft)
			if err != nil || !ok || f.Carrier != "zto" {
				continue
			}
			err := x.s.ledger.Read(func(v *ledger.View) error {
				p, _, err := v.Parcel(f.Parcel)
				if p.CollectedAt.IsZero() {
					out = append(out, p.Waybill)
				}
				return err
			})
			if err != nil {
				x.t.Fatal(err)
			}
		}
	}
	return out
}

func (x *storied) collectedAt(no floor.WaybillNo) (at time.Time) {
	err := x.s.ledger.Read(func(v *ledger.View) error {
		id, _, err := v.ParcelByWaybill(no)
		if err != nil {
			return err
		}
		p, _, err := v.Parcel(id)
		at = p.CollectedAt
		return err
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return at
}

// TestCarriersScansAreAskedFor has a carrier asked for what it took: what it tells
// becomes a fact with its own time, what it does not tell is asked ever more rarely,
// for a week, and its trouble and its no are lived with.
func TestCarriersScansAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newStoried(t, 2)
		x.s.log = slog.New(slog.DiscardHandler)
		numbers := x.handOut(3)
		c := &teller{scans: map[floor.WaybillNo]time.Time{}}
		d := &Daemon{Site: x.s}
		account := &carrierAccount{id: "zto", tracks: c}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		begin := time.Now()
		go func() { done <- d.track(ctx, account) }()

		time.Sleep(time.Hour)
		at := time.Now().Add(-20 * time.Minute).UTC().Truncate(time.Second)
		c.set(func() {
			c.scans[numbers[0]] = at
			c.scans[numbers[1]] = time.Now().Add(24 * time.Hour) // its clock is wrong: not believed
		})
		time.Sleep(7 * time.Hour)
		if got := x.collectedAt(numbers[0]); !got.Equal(at) {
			t.Errorf("collected at %s; want %s", got, at)
		}
		if got := x.collectedAt(numbers[1]); !got.IsZero() {
			t.Errorf("a scan of tomorrow counts: %s", got)
		}
		c.set(func() { c.fail = &carrier.Error{Class: carrier.Retryable, Op: "track"} })
		time.Sleep(20 * time.Hour)
		c.set(func() { c.fail = &carrier.Error{Class: carrier.Refused, Op: "track"} })
		time.Sleep(20 * time.Hour)
		late := time.Now().UTC().Truncate(time.Second)
		c.set(func() { c.fail, c.scans[numbers[2]] = nil, late })
		time.Sleep(24 * time.Hour)
		if got := x.collectedAt(numbers[2]); !got.Equal(late) {
			t.Errorf("after trouble: collected at %s; want %s", got, late)
		}
		c.set(func() {
			for i, at := range c.asked[1:] {
				if at.Sub(c.asked[i]) < trackPace {
					t.Errorf("asked at %s and at %s", c.asked[i], at)
				}
			}
		})
		time.Sleep(10 * 24 * time.Hour)
		n, then := 0, 0
		c.set(func() { n = len(c.asked) })
		time.Sleep(10 * 24 * time.Hour)
		if c.set(func() { then = len(c.asked) - n }); then != 0 || n > 400 {
			t.Errorf("asked %d times since %s, then %d; want an end after a week", n, begin, then)
		}
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
