package report

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"
)

// A Rate is a share that remembers what it is a share of.
type Rate struct{ Hits, N int }

// Value is the share from 0 to 1, and false if there was nothing to count.
func (r Rate) Value() (float64, bool) {
	if r.N <= 0 {
		return 0, false
	}
	return float64(r.Hits) / float64(r.N), true
}

// Wilson is the interval that holds the true share in 95 of 100 cases. Unlike the
// usual plus-minus it stays within 0 to 1 and says something about 5 of 5.
func (r Rate) Wilson() (low, high float64) {
	p, ok := r.Value()
	if !ok {
		return 0, 1
	}
	p = min(p, 1) // some counts are of acts, of which an order may have several
	const z = 1.959964
	n := float64(r.N)
	mid := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, mid-half), min(1, mid+half)
}

// small is the count below which a rate is shown with its interval.
const small = 100

// Small reports whether so few were counted that the rate alone would mislead.
func (r Rate) Small() bool { return r.N < small }

// percent writes the rate with one decimal. It is never rounded to 100 with a
// miss among them, nor to 0 with a hit.
func (r Rate) percent() string {
	p, ok := r.Value()
	if !ok {
		return "–"
	}
	return percent(p, r.Hits == r.N, r.Hits == 0)
}

func percent(p float64, all, none bool) string {
	tenths := math.Round(p * 1000)
	switch {
	case tenths >= 1000 && !all:
		tenths = 999
	case tenths <= 0 && !none:
		tenths = 1
	}
	return fmt.Sprintf("%.1f%%", tenths/10)
}

// interval writes the Wilson interval: "56.6–100.0%".
func (r Rate) interval() string {
	low, high := r.Wilson()
	return fmt.Sprintf("%.1f–%.1f%%", low*100, high*100)
}

// MarshalJSON writes hits, n, the rate (null for n = 0) and the interval.
func (r Rate) MarshalJSON() ([]byte, error) {
	out := struct {
		Hits int      `json:"hits"`
		N    int      `json:"n"`
		Rate *float64 `json:"rate"`
		Low  *float64 `json:"low"`
		High *float64 `json:"high"`
	}{Hits: r.Hits, N: r.N}
	if p, ok := r.Value(); ok {
		low, high := r.Wilson()
		out.Rate, out.Low, out.High = &p, &low, &high
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Rate) UnmarshalJSON(data []byte) error {
	var in struct{ Hits, N int }
	err := json.Unmarshal(data, &in)
	*r = Rate{in.Hits, in.N}
	return err
}

// A Band is a share of which some is not known yet.
type Band struct {
	Yes     int `json:"yes"`
	No      int `json:"no"`
	Unknown int `json:"unknown"`
}

// N is how many there are, known or not.
func (b Band) N() int { return b.Yes + b.No + b.Unknown }

// Worst counts all unknown ones as misses, Best as hits.
func (b Band) Worst() Rate { return Rate{b.Yes, b.N()} }

// Best counts all unknown ones as hits.
func (b Band) Best() Rate { return Rate{b.Yes + b.Unknown, b.N()} }

// Millis is a length of time in milliseconds.
type Millis int64

// Delays sums up how long something took.
type Delays struct {
	N       int    `json:"n"`
	Missing int    `json:"missing"`  // has not happened
	Skewed  int    `json:"skewed"`   // happened before it was asked, so a clock is wrong; not counted in N
	P50     Millis `json:"p50_ms"`   // nearest rank, as the others
	P90     Millis `json:"p90_ms"`   //
	P95     Millis `json:"p95_ms"`   //
	Max     Millis `json:"max_ms"`   //
	Over    int    `json:"over"`     // longer than Limit
	Limit   Millis `json:"limit_ms"` //
}

// span is one wait; a zero end has not come.
type span struct{ from, to time.Time }

// delays sums up spans; limit is what a wait should not exceed.
func delays(spans []span, limit time.Duration) Delays {
	d := Delays{Limit: Millis(limit.Milliseconds())}
	var took []time.Duration
	for _, s := range spans {
		switch {
		case s.to.IsZero():
			d.Missing++
		case s.to.Before(s.from):
			d.Skewed++
		default:
			took = append(took, s.to.Sub(s.from))
		}
	}
	d.N = len(took)
	if d.N == 0 {
		return d
	}
	slices.Sort(took)
	rank := func(p float64) Millis {
		return Millis(took[max(0, int(math.Ceil(p*float64(d.N)))-1)].Milliseconds())
	}
	d.P50, d.P90, d.P95, d.Max = rank(0.50), rank(0.90), rank(0.95), rank(1)
	for _, t := range took {
		if t > limit {
			d.Over++
		}
	}
	return d
}
