package report

import (
	"cmp"
	"slices"
)

// A Hint says that a share is clearly worse than on the same weekday of the weeks
// before, and which cells made it so.
type Hint struct {
	Metric string     `json:"metric"` // see metrics
	Now    Rate       `json:"now"`    // of what is good
	Before float64    `json:"before"` // the median of the earlier days
	Days   int        `json:"days"`   // how many there were
	Cells  []HintCell `json:"cells"`  // the three that cost most
}

// A HintCell is a channel, carrier and team with more misses than it would have had
// at the earlier share.
type HintCell struct {
	Shipping
	Now   Rate    `json:"now"`
	Extra float64 `json:"extra"` // misses beyond those
}

// A Past is an earlier day's shares by metric.
type Past struct {
	Day     Day             `json:"day"`
	Metrics map[string]Rate `json:"metrics"`
}

func (p Past) share(metric string) (float64, bool) { return p.Metrics[metric].Value() }

// A metric is a share that is watched, as the good part of it, with the figure that
// lists what went wrong.
type metric struct {
	name, figure string
	of           func(Shipping) Rate
}

var metrics = []metric{
	{"on_time", "late", func(s Shipping) Rate { return s.OnTime }},
	{"collected", "not_collected", func(s Shipping) Rate { return Rate{s.Collected.Yes, s.Collected.Yes + s.Collected.No} }},
	{"first_pass", "label_errors", func(s Shipping) Rate { return s.LabelErrors.rest() }},
	{"accuracy", "mispicked", func(s Shipping) Rate { return s.PickErrors.rest() }},
	{"complete", "short", func(s Shipping) Rate { return s.Short.rest() }},
	{"weight", "weight_off", func(s Shipping) Rate { return s.WeightOff.rest() }},
	{"consistent", "state_apart", func(s Shipping) Rate { return s.StateApart.rest() }},
	{"effective", "asked", func(s Shipping) Rate { return s.Effective }},
}

// figure names what lists the misses.
func (h Hint) figure() string {
	i := slices.IndexFunc(metrics, func(m metric) bool { return m.name == h.Metric })
	return metrics[i].figure
}

// rest is the other part.
func (r Rate) rest() Rate { return Rate{max(0, r.N-r.Hits), r.N} }

// Past gives the day's shares, to be compared with later.
func (d Daily) Past() Past {
	p := Past{d.Day, map[string]Rate{}}
	for _, m := range metrics {
		p.Metrics[m.name] = m.of(d.Total)
	}
	return p
}

// dropOver is the relative drop that asks for a cause.
const dropOver = 0.15

// causes looks for shares that dropped against the median of the earlier days: by
// more than 15 % of it, or with misses more by as much where the day's misses are more
// than chance makes of the earlier share.
func (d *Daily) causes(past []Past) {
	d.Hints = []Hint{}
	for _, m := range metrics {
		now := m.of(d.Total)
		share, ok := now.Value()
		var before []float64
		for _, p := range past {
			if v, ok := p.share(m.name); ok {
				before = append(before, v)
			}
		}
		if !ok || len(before) == 0 {
			continue
		}
		median := median(before)
		low, _ := now.rest().Wilson()
		worse := share < median*(1-dropOver) || 1-share > (1-median)*(1+dropOver) && low > 1-median
		if !worse {
			continue
		}
		h := Hint{Metric: m.name, Now: now, Before: median, Days: len(before), Cells: []HintCell{}}
		for _, c := range d.Cells {
			r := m.of(c)
			if extra := float64(r.N-r.Hits) - float64(r.N)*(1-median); extra > 0 {
				h.Cells = append(h.Cells, HintCell{c, r, extra})
			}
		}
		slices.SortStableFunc(h.Cells, func(a, b HintCell) int { return cmp.Compare(b.Extra, a.Extra) })
		h.Cells = h.Cells[:min(3, len(h.Cells))]
		d.Hints = append(d.Hints, h)
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
