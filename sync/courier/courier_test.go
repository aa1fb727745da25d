package courier_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/sync/courier"
	"floord/sync/ledger"
)

// open gives a ledger with two orders, a parcel of each sealed, and their labels wanted.
func open(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func commit(t *testing.T, l *ledger.Ledger, key string, facts ...floor.Fact) {
	t.Helper()
	_, err := l.Commit(t.Context(), ledger.Request{Key: "20261121/test/" + key, Actor: "test"}, func(*ledger.View) ([]floor.Fact, error) {
		return facts, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func order(n int) floor.OrderID { return floor.OrderID(fmt.Sprintf("DB20261121-ORD-%06d", n)) }

func label(n int) floor.Effect {
	return floor.Effect{
		ID: floor.EffectID(fmt.Sprintf("E-%d", n)), Lane: "printer/pack-1", What: floor.EffectLabel, Class: floor.Physical,
		Order: order(n), Parcel: floor.ParcelID(fmt.Sprintf("P-%d", n)), Copy: 1,
	}
}

func report(n int) floor.Effect {
	return floor.Effect{
		ID: floor.EffectID(fmt.Sprintf("E-%d", n)), Lane: "shop/pdd", What: floor.EffectShipReport, Class: floor.Idempotent, Order: order(n),
	}
}

func ask(t *testing.T, l *ledger.Ledger, effects ...floor.Effect) {
	t.Helper()
	for i, e := range effects {
		facts := []floor.Fact{floor.OrderReceived{Order: e.Order, Shop: floor.ShopOrder{Channel: "pdd", Number: string(e.Order)}}}
		if e.Parcel != "" {
			facts = append(facts, floor.ParcelOpened{Parcel: e.Parcel, Order: e.Order, Station: "pack-1"})
		}
		commit(t, l, fmt.Sprintf("ask/%d/%s", i, e.ID), append(facts, floor.EffectAsked{Effect: e})...)
	}
}

func rows(t *testing.T, l *ledger.Ledger, lane string) (out []floor.Effect) {
	t.Helper()
	if err := l.Read(func(v *ledger.View) error {
		return v.Lane(lane, func(e floor.Effect) bool { out = append(out, e); return true })
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// bubble runs a courier with one lane inside a synctest bubble, until f returns.
func bubble(t *testing.T, f func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) (stop func()))) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, filepath.Join(t.TempDir(), "floor.db"))
		defer l.Close()
		f(t, l, func(lane courier.Lane) func() {
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- courier.New(l, lane).Run(ctx) }()
			return func() {
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run: %v", err)
				}
			}
		})
	})
}

func TestReportsAreTriedUntilTheyStick(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, report(1))
		start := time.Now()
		var at []time.Duration
		stop := run(courier.Lane{Name: "shop/pdd", Deliver: func(context.Context, floor.Effect) courier.Outcome {
			at = append(at, time.Since(start).Round(time.Second))
			if n := len(rows(t, l, "alert")); n != min(1, len(at)/5) {
				t.Errorf("%d calls before try %d; want one once the tries after 1, 5 and 15 minutes have failed", n, len(at))
			}
			if len(at) < 6 {
				return courier.Outcome{Verdict: courier.NotYet, Why: "504"}
			}
			return courier.Outcome{}
		}})
		time.Sleep(2 * time.Hour)
		stop()
		want := []time.Duration{0, time.Minute, 6 * time.Minute, 21 * time.Minute, 36 * time.Minute, 51 * time.Minute}
		if !slices.Equal(at, want) {
			t.Errorf("tries at %v; want %v", at, want)
		}
		if got := rows(t, l, "shop/pdd"); len(got) != 0 {
			t.Errorf("outbox still has %+v", got)
		}
		if got := rows(t, l, "alert"); len(got) != 1 || got[0].Args["code"] != "effect-stuck" {
			t.Errorf("alerts = %+v; want one call", got)
		}
	})
}

func TestAWaitingOrderHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, report(1), report(2))
		var done []floor.EffectID
		stop := run(courier.Lane{Name: "shop/pdd", Deliver: func(_ context.Context, e floor.Effect) courier.Outcome {
			if e.ID == "E-1" && len(done) == 0 {
				return courier.Outcome{Verdict: courier.NotYet, Why: "busy"}
			}
			done = append(done, e.ID)
			return courier.Outcome{}
		}})
		time.Sleep(10 * time.Minute)
		stop()
		if want := []floor.EffectID{"E-2", "E-1"}; !slices.Equal(done, want) {
			t.Errorf("done %v; want %v", done, want)
		}
	})
}

func TestADoubtStopsThePrinterLane(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, label(1), label(2))
		var printed []floor.EffectID
		stop := run(courier.Lane{Name: "printer/pack-1", Deliver: func(_ context.Context, e floor.Effect) courier.Outcome {
			printed = append(printed, e.ID)
			if e.ID == "E-1" {
				panic("cable pulled")
			}
			return courier.Outcome{}
		}})
		defer stop()
		time.Sleep(24 * time.Hour)
		got := rows(t, l, "printer/pack-1")
		if len(printed) != 1 || len(got) != 2 || got[0].State != floor.EffectDoubt {
			t.Fatalf("printed %v, rows %+v; want E-1 in doubt and E-2 waiting", printed, got)
		}
		commit(t, l, "answer", floor.EffectEnded{Effect: "E-1", Lane: "printer/pack-1", Order: order(1), Parcel: "P-1", Station: "pack-1", What: floor.EffectLabel, Outcome: "printed"})
		synctest.Wait()
		if got := rows(t, l, "printer/pack-1"); len(got) != 0 || len(printed) != 2 {
			t.Errorf("after the answer: printed %v, rows %+v", printed, got)
		}
	})
}

func TestNoLabelOfAFrozenOrder(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, label(1), label(2))
		commit(t, l, "freeze", floor.OrderFrozen{Order: order(1), Intercept: "20261121/000001", Why: floor.FreezeCancel})
		var printed []floor.EffectID
		stop := run(courier.Lane{Name: "printer/pack-1", Deliver: func(_ context.Context, e floor.Effect) courier.Outcome {
			printed = append(printed, e.ID)
			return courier.Outcome{}
		}})
		defer stop()
		synctest.Wait()
		if !slices.Equal(printed, []floor.EffectID{"E-2"}) {
			t.Fatalf("printed %v; want the other order's label alone", printed)
		}
		commit(t, l, "thaw", floor.OrderThawed{Order: order(1), Intercept: "20261121/000001", Outcome: "thawed"})
		synctest.Wait()
		if !slices.Equal(printed, []floor.EffectID{"E-2", "E-1"}) {
			t.Errorf("after the thaw: printed %v", printed)
		}
	})
}

// TestWhatWasOnTheWireIsInDoubt restarts over a label that was begun.
func TestWhatWasOnTheWireIsInDoubt(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, label(1))
		commit(t, l, "begun", floor.EffectStarted{Effect: "E-1", Lane: "printer/pack-1", Order: order(1), Station: "pack-1"})
		stop := run(courier.Lane{Name: "printer/pack-1", Deliver: func(context.Context, floor.Effect) courier.Outcome {
			t.Error("a label in doubt was printed again")
			return courier.Outcome{}
		}})
		synctest.Wait()
		stop()
		if got := rows(t, l, "printer/pack-1"); len(got) != 1 || got[0].State != floor.EffectDoubt || got[0].Err != "restarted" {
			t.Errorf("rows = %+v; want in doubt since the restart", got)
		}
	})
}

// TestStopLetsTheJobFinish stops the courier while a label is on the wire.
func TestStopLetsTheJobFinish(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, label(1))
		stop := run(courier.Lane{Name: "printer/pack-1", Deliver: func(ctx context.Context, _ floor.Effect) courier.Outcome {
			select {
			case <-time.After(5 * time.Second):
				return courier.Outcome{}
			case <-ctx.Done():
				return courier.Outcome{Verdict: courier.Unknown, Why: "interrupted"}
			}
		}})
		synctest.Wait()
		stop()
		if got := rows(t, l, "printer/pack-1"); len(got) != 0 {
			t.Errorf("rows = %+v; want the label printed", got)
		}
	})
}

// TestARefusalGoesToAPerson has a shop say no: it is not asked again, and somebody
// is told.
func TestARefusalGoesToAPerson(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, report(1))
		tries := 0
		stop := run(courier.Lane{Name: "shop/pdd", Deliver: func(context.Context, floor.Effect) courier.Outcome {
			tries++
			return courier.Outcome{Verdict: courier.Refused, Why: "the order was refunded", Hands: map[string]string{"code": "report-by-hand"}}
		}})
		time.Sleep(time.Hour)
		stop()
		alerts := rows(t, l, "alert")
		if tries != 1 || len(rows(t, l, "shop/pdd")) != 0 || len(alerts) != 1 || alerts[0].Args["code"] != "effect-refused" {
			t.Errorf("%d tries, alerts %+v; want one try and one call", tries, alerts)
		}
		if todo := rows(t, l, floor.LaneHands); len(todo) != 1 || todo[0].Order != "DB20261121-ORD-000001" || todo[0].Args["code"] != "report-by-hand" {
			t.Errorf("left for a person: %+v; want the report", todo)
		}
	})
}
