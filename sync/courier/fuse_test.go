package courier_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/sync/courier"
	"floord/sync/ledger"
)

func openFuses(t *testing.T, l *ledger.Ledger) (open []floor.Fuse) {
	t.Helper()
	if err := l.Read(func(v *ledger.View) error {
		return v.OpenFuses(func(x floor.Fuse) bool { open = append(open, x); return true })
	}); err != nil {
		t.Fatal(err)
	}
	return open
}

// A label that cannot be made opens the fuse; the labels it covers wait, others of
// the same printer go on, and closing it lets the rest come out.
func TestAFuseStopsItsScope(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		of := func(n int, carrier string) floor.Effect {
			e := label(n)
			e.Args = map[string]string{"carrier": carrier, "template": "waybill-100x150"}
			return e
		}
		ask(t, l, of(1, "sf"), of(2, "sf"), of(3, "zto"))
		scope := floor.Scope{Carrier: "sf", Template: "waybill-100x150", Station: "pack-1"}
		var printed []floor.EffectID
		stop := run(courier.Lane{Name: "printer/pack-1", Deliver: func(_ context.Context, e floor.Effect) courier.Outcome {
			if e.ID == "E-1" {
				return courier.Outcome{Verdict: courier.Refused, Why: "too long", Trip: &floor.Trip{Scope: scope, Cause: floor.FuseFit, Parcel: "P-1", Order: e.Order}}
			}
			printed = append(printed, e.ID)
			return courier.Outcome{}
		}})
		defer stop()
		synctest.Wait()
		open := openFuses(t, l)
		if len(open) != 1 || open[0].Cause != floor.FuseFit || len(printed) != 1 || printed[0] != "E-3" {
			t.Fatalf("open %+v, printed %v; want the fuse open and only the other carrier's label out", open, printed)
		}
		// The parcel's own next copy is the probe.
		again := of(4, "sf")
		again.Order, again.Parcel, again.Copy = order(1), "P-1", 2
		commit(t, l, "again", floor.EffectAsked{Effect: again})
		synctest.Wait()
		if open := openFuses(t, l); len(open) != 0 || len(printed) != 3 {
			t.Errorf("after the probe: open %+v, printed %v; want it closed and all out", open, printed)
		}
	})
}

func TestADoubtOpensTheFuse(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		ask(t, l, label(1))
		stop := run(courier.Lane{Name: "printer/pack-1", Deliver: func(context.Context, floor.Effect) courier.Outcome {
			return courier.Outcome{Verdict: courier.Unknown, Why: "interrupted"}
		}})
		defer stop()
		synctest.Wait()
		open := openFuses(t, l)
		if len(open) != 1 || open[0].Cause != floor.FuseDoubt || open[0].Station != "pack-1" || open[0].Parcel != "P-1" {
			t.Errorf("open %+v; want the printer's", open)
		}
	})
}

// While an account's fuse is open one order asks at its pace; the others wait.
func TestOneBookingProbes(t *testing.T) {
	bubble(t, func(t *testing.T, l *ledger.Ledger, run func(courier.Lane) func()) {
		var want []floor.Effect
		for n := range 50 {
			e := report(n + 1)
			e.Lane, e.What = "carrier/sf", floor.EffectBook
			want = append(want, e)
		}
		ask(t, l, want...)
		down, tried := true, map[floor.EffectID]int{}
		stop := run(courier.Lane{
			Name: "carrier/sf", Pace: func(int) time.Duration { return 10 * time.Second },
			Deliver: func(_ context.Context, e floor.Effect) courier.Outcome {
				tried[e.ID]++
				if down {
					return courier.Outcome{Verdict: courier.NotYet, Why: "503", Trip: &floor.Trip{Scope: floor.Scope{Carrier: "sf"}, Cause: floor.FuseNumber}}
				}
				return courier.Outcome{}
			},
		})
		defer stop()
		time.Sleep(time.Minute - time.Second)
		synctest.Wait()
		if len(tried) != 1 || tried["E-1"] != 6 || len(openFuses(t, l)) != 1 {
			t.Errorf("tried %v, %d open; want one order six times", tried, len(openFuses(t, l)))
		}
		down = false
		commit(t, l, "well", floor.FuseClosed{Fuse: "F-1", By: floor.ClosedByProbe})
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(tried) != 50 || len(rows(t, l, "carrier/sf")) != 0 {
			t.Errorf("%d tried, %d left; want all through", len(tried), len(rows(t, l, "carrier/sf")))
		}
	})
}
