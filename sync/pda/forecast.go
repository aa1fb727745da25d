package pda

import (
	"slices"
	"sync"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// How far back a forecast looks, at how many orders at most, and for how long it is
// good.
const (
	forecastDays  = 7
	forecastRows  = 2000
	forecastAgain = 10 * time.Minute
)

// A forecaster remembers how long the rest of the work takes.
type forecaster struct {
	mu  sync.Mutex
	at  time.Time      // guarded by mu
	now floor.Forecast // guarded by mu
}

// of gives the forecast, measured anew if it is old.
func (f *forecaster) of(v *ledger.View, now time.Time) (floor.Forecast, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.now != nil && now.Sub(f.at) < forecastAgain {
		return f.now, nil
	}
	var rows []floor.ShipRow
	for hour := now.Truncate(time.Hour); now.Sub(hour) < forecastDays*24*time.Hour && len(rows) < forecastRows; hour = hour.Add(-time.Hour) {
		end := hour.Add(time.Hour)
		err := v.Ship(hour, hour, func(r floor.ShipRow) bool { // of that hour alone
			if !r.HandedOver.Before(hour) && r.HandedOver.Before(end) {
				rows = append(rows, r)
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	f.now, f.at = floor.ForecastOf(rows), now
	return f.now, nil
}

// A Risk is an order that may not make it.
type Risk struct {
	Order floor.OrderID
	Until time.Time // of the clock that ends first
}

// Risks gives the orders that have less time left, by either of their clocks, than
// nine in ten orders needed from where they stand, the most urgent first. Those
// that are late already are not among them.
func (s *Server) Risks(v *ledger.View, now time.Time) ([]Risk, floor.Forecast, error) {
	f, err := s.forecast.of(v, now)
	if err != nil {
		return nil, nil, err
	}
	var out []Risk
	seen := map[floor.OrderID]bool{}
	for _, c := range []ledger.Clock{ledger.ShipBy, ledger.CollectBy} {
		var inner error
		err := v.Due(c, now, "", func(at time.Time, id floor.OrderID) bool {
			if at.IsZero() || at.Sub(now) >= f.Longest() {
				return false
			}
			var state floor.State
			if state, _, inner = v.StateOf(id); inner != nil {
				return false
			}
			if at.Sub(now) < f.Rest(state) && !seen[id] {
				seen[id] = true
				out = append(out, Risk{id, at})
			}
			return true
		})
		if err == nil {
			err = inner
		}
		if err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Risk) int { return a.Until.Compare(b.Until) })
	return out, f, nil
}
