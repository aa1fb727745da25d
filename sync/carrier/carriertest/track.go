package carriertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// A TrackFake is what the suite of trackers asks of a fake carrier.
type TrackFake interface {
	Break(t Trouble)
	// Collect makes a number one that the carrier first scanned at that moment.
	Collect(no floor.WaybillNo, at time.Time)
}

// A TrackBench is a tracker beside its fake.
type TrackBench struct {
	Fake    TrackFake
	Tracker carrier.Tracker
	Forged  carrier.Tracker                 // with a wrong key
	Number  func(id string) floor.WaybillNo // one that the carrier has given
}

// RunTrack runs the suite of trackers. open makes a fresh bench.
func RunTrack(t *testing.T, open func(t testing.TB) TrackBench) {
	for name, test := range map[string]func(t *testing.T, b TrackBench){
		"the first scan is the collection's":        trackFirst,
		"what was not collected is left out":        trackNothing,
		"trouble is tried again and tells no scan":  trackTrouble,
		"a forged signature is no retry":            trackForged,
		"a cancelled context ends the question":     trackCancelled,
		"as many as may be asked at once are asked": trackMany,
	} {
		t.Run("track: "+name, func(t *testing.T) { test(t, open(t)) })
	}
}

// scanned is a moment that carriers can write: of a whole second.
func scanned() time.Time { return time.Now().Add(-5 * time.Hour).UTC().Truncate(time.Second) }

func trackFirst(t *testing.T, b TrackBench) {
	no, at := b.Number("T1"), scanned()
	b.Fake.Collect(no, at)
	got, err := b.Tracker.Collected(t.Context(), []floor.WaybillNo{no})
	if err != nil || len(got) != 1 || !got[no].Equal(at) {
		t.Errorf("%v, %v; want %s at %s", got, err, no, at)
	}
}

func trackNothing(t *testing.T, b TrackBench) {
	got, err := b.Tracker.Collected(t.Context(), []floor.WaybillNo{b.Number("T2")})
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v; want nothing yet", got, err)
	}
}

func trackTrouble(t *testing.T, b TrackBench) {
	no := b.Number("T3")
	b.Fake.Collect(no, scanned())
	for _, trouble := range []Trouble{ServerError, Garbage, Dropped, Lost, HalfSent, RateLimited} {
		b.Fake.Break(trouble)
		want := carrier.Retryable
		if trouble == RateLimited {
			want = carrier.RateLimited
		}
		if got, err := b.Tracker.Collected(t.Context(), []floor.WaybillNo{no}); err == nil || carrier.ClassOf(err) != want || len(got) != 0 {
			t.Errorf("%s: %v, %v; want %s and nothing", trouble, got, err, want)
		}
	}
	if got, err := b.Tracker.Collected(t.Context(), []floor.WaybillNo{no}); err != nil || len(got) != 1 {
		t.Errorf("then: %v, %v; want its scan", got, err)
	}
}

func trackForged(t *testing.T, b TrackBench) {
	if _, err := b.Forged.Collected(t.Context(), []floor.WaybillNo{b.Number("T4")}); err == nil || carrier.ClassOf(err) != carrier.Unauthorized {
		t.Errorf("%v; want %s", err, carrier.Unauthorized)
	}
}

func trackCancelled(t *testing.T, b TrackBench) {
	no := b.Number("T5")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Tracker.Collected(ctx, []floor.WaybillNo{no}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want the context's", err)
	}
}

func trackMany(t *testing.T, b TrackBench) {
	var all []floor.WaybillNo
	at := scanned()
	for i := range b.Tracker.AtOnce() {
		all = append(all, b.Number(fmt.Sprint("T6-", i)))
		if i%2 == 0 {
			b.Fake.Collect(all[i], at.Add(time.Duration(i)*time.Second))
		}
	}
	got, err := b.Tracker.Collected(t.Context(), all)
	if err != nil || len(got) != (len(all)+1)/2 {
		t.Fatalf("%d of %d, %v; want every other one", len(got), len(all), err)
	}
	for i, no := range all {
		if i%2 == 0 && !got[no].Equal(at.Add(time.Duration(i)*time.Second)) {
			t.Errorf("%s at %s; want %d s after %s", no, got[no], i, at)
		}
	}
}
