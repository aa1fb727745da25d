package floor

import (
	"slices"
	"time"
)

// A Rest is how long orders take from a state until they are handed over: nine in
// ten took no longer than Minutes.
type Rest struct {
	From    State `json:"from"`
	Minutes int   `json:"minutes"`
	N       int   `json:"n"` // orders it was measured on; 0: too few, it is the default
}

// A Forecast has the rest from each stage on: from the release of a wave, from the
// last pick, from the seal. The wait for a wave counts in none: it is the planner's
// choice, and ends when it must.
type Forecast []Rest

// defaultRests stand in where fewer than leastMeasured orders were handed over.
var defaultRests = Forecast{{From: Waved, Minutes: 240}, {From: Picked, Minutes: 120}, {From: Sealed, Minutes: 60}}

const leastMeasured = 30

// ForecastOf measures the rests on orders that were handed over. Rows of others
// are passed over.
func ForecastOf(rows []ShipRow) Forecast {
	var m Rests
	for _, r := range rows {
		m.Add(r)
	}
	return m.Forecast()
}

// Rests are what ForecastOf measures, one order after the other.
type Rests struct {
	took [3][]time.Duration // as in defaultRests
}

// Add measures one order.
func (m *Rests) Add(r ShipRow) {
	for i, at := range [...]time.Time{r.Waved, r.Picked, r.Sealed} {
		if !at.IsZero() && r.HandedOver.After(at) {
			m.took[i] = append(m.took[i], r.HandedOver.Sub(at))
		}
	}
}

// Forecast gives the forecast by what was added.
func (m *Rests) Forecast() Forecast {
	out := slices.Clone(defaultRests)
	for i, took := range m.took {
		if len(took) < leastMeasured {
			continue
		}
		slices.Sort(took)
		p90 := took[(len(took)*9+9)/10-1]
		out[i].Minutes, out[i].N = int((p90+time.Minute-1)/time.Minute), len(took)
	}
	return out
}

// Rest gives how long an order in that state still needs; 0 if it needs no hands.
func (f Forecast) Rest(s State) time.Duration {
	if !s.Before(HandedOver) {
		return 0
	}
	rest := f[0]
	for _, r := range f {
		if !s.Before(r.From) {
			rest = r
		}
	}
	return time.Duration(rest.Minutes) * time.Minute
}

// Longest gives the longest rest of any state.
func (f Forecast) Longest() time.Duration {
	var most time.Duration
	for _, r := range f {
		most = max(most, time.Duration(r.Minutes)*time.Minute)
	}
	return most
}
