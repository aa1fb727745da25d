// Package carriertest is the suite that every carrier driver passes against its
// faithful fake. It promises what the waybill pool relies on: a request is paid
// once however often it is asked, and a bad answer never becomes a number.
package carriertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// A Trouble is what can go wrong between a driver and its carrier.
type Trouble string

// The troubles a fake can be told to make, each for the next request.
const (
	ServerError Trouble = "server error"       // nothing done
	Garbage     Trouble = "an answer not JSON" // nothing done
	Dropped     Trouble = "connection dropped" // nothing done
	Lost        Trouble = "answer lost"        // done
	HalfSent    Trouble = "answer cut in half" // done
	RateLimited Trouble = "rate limit"         // nothing done
	SameNumber  Trouble = "a number twice"     // done
)

// A Fake is what the suite asks of a fake carrier.
type Fake interface {
	Break(t Trouble)
	// TopUp sets how many numbers the account may still buy.
	TopUp(n int)
	// Sold counts the numbers sold and not void.
	Sold() int
	// Collect makes a number one that a parcel used.
	Collect(no floor.WaybillNo, at time.Time)
}

// A Bench is a driver beside its fake.
type Bench struct {
	Fake   Fake
	Open   func(t testing.TB) carrier.Carrier
	Forged func(t testing.TB) carrier.Carrier // with a wrong key
	To     floor.Recipient                    // a destination the carrier has a sort code for
}

// Run runs the suite. open makes a fresh bench, with 1,000 numbers to buy, for
// each test.
func Run(t *testing.T, open func(t testing.TB) Bench) {
	tests := []struct {
		name string
		test func(t *testing.T, b Bench)
	}{
		{"a request asked again gives the same numbers", again},
		{"a request whose answer is lost is paid once", lost},
		{"askers at once get numbers of their own", together},
		{"an id is not for two requests", idReused},
		{"an empty account says so and buys nothing", empty},
		{"a forged signature is no retry", forged},
		{"an answer with a number twice is not taken", twice},
		{"void is done once", void},
		{"a number in use is not void", inUse},
		{"destinations have sort codes", routes},
		{"a limit says when", limited},
		{"nonsense is not asked", nonsense},
		{"a cancelled context ends the call", cancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

func buy(t *testing.T, c carrier.Carrier, id string, n int) []floor.WaybillNo {
	t.Helper()
	got, err := c.Numbers(t.Context(), carrier.Request{ID: id, N: n})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func again(t *testing.T, b Bench) {
	first := buy(t, b.Open(t), "pool/1", 5)
	second := buy(t, b.Open(t), "pool/1", 5) // another driver: after a restart
	other := buy(t, b.Open(t), "pool/2", 5)
	if !slices.Equal(first, second) || b.Fake.Sold() != 10 {
		t.Errorf("%v, then %v, %d sold; want the same and 10", first, second, b.Fake.Sold())
	}
	for _, no := range other {
		if slices.Contains(first, no) {
			t.Errorf("number %s was sold twice", no)
		}
	}
}

func lost(t *testing.T, b Bench) {
	c := b.Open(t)
	for i, trouble := range []Trouble{Lost, HalfSent, Dropped, ServerError, Garbage} {
		r := carrier.Request{ID: fmt.Sprint("pool/", i), N: 3}
		b.Fake.Break(trouble)
		got, err := c.Numbers(t.Context(), r)
		if err == nil || carrier.ClassOf(err) != carrier.Retryable || got != nil {
			t.Errorf("%s: %v, %v; want a retryable error and no numbers", trouble, got, err)
		}
		if got, err = c.Numbers(t.Context(), r); err != nil || len(got) != 3 {
			t.Errorf("%s: the next try: %v, %v", trouble, got, err)
		}
		if sold := b.Fake.Sold(); sold != 3*(i+1) {
			t.Errorf("%s: %d sold; want %d", trouble, sold, 3*(i+1))
		}
	}
}

func together(t *testing.T, b Bench) {
	c := b.Open(t)
	var mu sync.Mutex
	all := map[floor.WaybillNo]string{}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			id := fmt.Sprint("pool/", i/2) // each id asked by two at once
			got, err := c.Numbers(context.Background(), carrier.Request{ID: id, N: 4})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			for _, no := range got {
				if owner := all[no]; owner != "" && owner != id {
					t.Errorf("number %s went to %s and %s", no, owner, id)
				}
				all[no] = id
			}
		})
	}
	wg.Wait()
	if len(all) != 32 || b.Fake.Sold() != 32 {
		t.Errorf("%d numbers, %d sold; want 32", len(all), b.Fake.Sold())
	}
}

func idReused(t *testing.T, b Bench) {
	c := b.Open(t)
	buy(t, c, "pool/1", 2)
	_, err := c.Numbers(t.Context(), carrier.Request{ID: "pool/1", N: 3})
	if err == nil || carrier.ClassOf(err) != carrier.Refused || b.Fake.Sold() != 2 {
		t.Errorf("the same id for another count: %v, %d sold; want it refused", err, b.Fake.Sold())
	}
}

func empty(t *testing.T, b Bench) {
	b.Fake.TopUp(4)
	c := b.Open(t)
	buy(t, c, "pool/1", 3)
	_, err := c.Numbers(t.Context(), carrier.Request{ID: "pool/2", N: 2})
	if carrier.ClassOf(err) != carrier.Exhausted || b.Fake.Sold() != 3 {
		t.Errorf("beyond the balance: %v, %d sold; want it exhausted and none of the two sold", err, b.Fake.Sold())
	}
	if left, err := c.Balance(t.Context()); err != nil || left != 1 {
		t.Errorf("balance %d, %v; want 1", left, err)
	}
	buy(t, c, "pool/1", 3) // what was paid is given again nevertheless
	b.Fake.TopUp(10)
	buy(t, c, "pool/2", 2) // and the same request goes through once there is money
}

func forged(t *testing.T, b Bench) {
	_, err := b.Forged(t).Numbers(t.Context(), carrier.Request{ID: "pool/1", N: 1})
	var e *carrier.Error
	if !errors.As(err, &e) || e.Class != carrier.Unauthorized || e.Text("zh") == e.Text("en") || b.Fake.Sold() != 0 {
		t.Errorf("forged: %v, %d sold; want it unauthorized, said in two languages", err, b.Fake.Sold())
	}
}

func twice(t *testing.T, b Bench) {
	b.Fake.Break(SameNumber)
	got, err := b.Open(t).Numbers(t.Context(), carrier.Request{ID: "pool/1", N: 3})
	if err == nil || got != nil || carrier.ClassOf(err) != carrier.Refused {
		t.Errorf("a number twice: %v, %v; want it refused", got, err)
	}
}

func void(t *testing.T, b Bench) {
	c := b.Open(t)
	no := buy(t, c, "pool/1", 2)[0]
	b.Fake.Break(Lost)
	if err := c.Void(t.Context(), no); carrier.ClassOf(err) != carrier.Retryable || err == nil {
		t.Errorf("a lost answer: %v", err)
	}
	for range 2 {
		if err := c.Void(t.Context(), no); err != nil {
			t.Error(err)
		}
	}
	if b.Fake.Sold() != 1 {
		t.Errorf("%d sold and not void; want 1", b.Fake.Sold())
	}
	if err := c.Void(t.Context(), "XX0000000000000"); carrier.ClassOf(err) != carrier.Refused || err == nil {
		t.Errorf("a number of nobody: %v; want it refused", err)
	}
}

func inUse(t *testing.T, b Bench) {
	c := b.Open(t)
	no := buy(t, c, "pool/1", 1)[0]
	b.Fake.Collect(no, time.Now())
	if err := c.Void(t.Context(), no); carrier.ClassOf(err) != carrier.Refused || err == nil {
		t.Errorf("a number in use: %v; want it refused", err)
	}
}

func routes(t *testing.T, b Bench) {
	table, err := b.Open(t).Routes(t.Context())
	if err != nil || table.Len() == 0 || table.Code(b.To) == "" {
		t.Errorf("%d routes, code %q, %v; want one for the destination", table.Len(), table.Code(b.To), err)
	}
	if code := table.Code(floor.Recipient{Province: "火星"}); code != "" {
		t.Errorf("a code %q for Mars", code)
	}
}

func limited(t *testing.T, b Bench) {
	b.Fake.Break(RateLimited)
	_, err := b.Open(t).Balance(t.Context())
	var e *carrier.Error
	if !errors.As(err, &e) || e.Class != carrier.RateLimited || e.After <= 0 {
		t.Errorf("limited: %v; want a wait", err)
	}
}

func nonsense(t *testing.T, b Bench) {
	c := b.Open(t)
	for _, r := range []carrier.Request{{}, {ID: "a", N: 0}, {ID: "a", N: -1}, {ID: "a", N: carrier.MaxNumbers + 1}, {ID: "a b", N: 1}, {N: 1}} {
		if _, err := c.Numbers(t.Context(), r); carrier.ClassOf(err) != carrier.Refused || err == nil {
			t.Errorf("request %+v: %v; want it refused", r, err)
		}
	}
	if b.Fake.Sold() != 0 {
		t.Errorf("%d sold; want none", b.Fake.Sold())
	}
}

func cancelled(t *testing.T, b Bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Open(t).Numbers(ctx, carrier.Request{ID: "a", N: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want the context's", err)
	}
}
