package daemon

import (
	"math"
	"slices"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/wave"
	"floord/web"
)

// floorPlan gives the warehouse from above with who walks where now.
func (d *Daemon) floorPlan() (web.FloorPlan, error) {
	out := web.FloorPlan{Bins: []web.PlanBin{}, Walks: []web.PlanWalk{}, Aside: []web.PlanAside{}}
	for _, x := range d.planner.setAside() {
		out.Aside = append(out.Aside, web.PlanAside{Order: x.Order, Why: words(x.Why)})
	}
	l := d.planner.layout
	if l == nil {
		return out, nil
	}
	depot := l.Geometry().Depot
	out.Depot = web.PlanPoint{float64(depot.X), float64(depot.Y)}
	heat, err := d.planner.binHeat()
	if err != nil {
		return out, err
	}
	most := 0.0
	for _, h := range heat {
		most = max(most, h)
	}
	err = d.ledger.Read(func(v *ledger.View) error {
		err := v.Bins(func(b floor.BinInfo) bool {
			if at, ok := l.Where(b.Bin); ok { // where it stands, on its own side of the aisle
				out.Bins = append(out.Bins, web.PlanBin{Bin: b.Bin, At: web.PlanPoint{b.X, float64(at.Y)}, Heat: level(heat[b.Bin], most)})
			}
			return true
		})
		if err != nil {
			return err
		}
		var inner error
		err = v.LiveTasks(func(t floor.Task) bool {
			w := walkOf(l, t)
			if t.Wave != "" {
				var row floor.Wave
				if row, _, inner = v.Wave(t.Wave); inner != nil {
					return false
				}
				w.Kind, w.Orders = row.Kind, len(row.Orders)
				for _, r := range row.Why {
					w.Why = append(w.Why, words(wave.Reason{Code: wave.Code(r.Code), Args: r.Args}))
				}
			}
			out.Walks = append(out.Walks, w)
			return true
		})
		if err == nil {
			err = inner
		}
		return err
	})
	slices.Reverse(out.Walks)
	return out, err
}

// walkOf draws a task: what is done in the order of the stops, then what is left as
// the picker is led.
func walkOf(l *wave.Layout, t floor.Task) web.PlanWalk {
	w := web.PlanWalk{Task: t.ID, Wave: t.Wave, Kind: t.Kind, Person: t.Person, Stops: len(t.Stops), Metres: t.Metres, Why: []pda.Words{}}
	here := []wave.Point{l.Geometry().Depot}
	var left []floor.Stop
	for _, s := range t.Stops {
		if s.Left() > 0 {
			left = append(left, s)
			continue
		}
		w.Done++
		if at, ok := l.Where(s.Bin); ok && s.Done+s.Missing > 0 {
			here = append(here, at)
		}
	}
	slices.SortStableFunc(left, func(a, b floor.Stop) int { return a.Skipped - b.Skipped })
	on := []wave.Point{here[len(here)-1]}
	for _, s := range left {
		if at, ok := l.Where(s.Bin); ok {
			on = append(on, at)
		}
	}
	if len(left) > 0 {
		w.Next = left[0].Bin
	}
	w.Walked, w.Ahead = points(l.Path(here)), points(l.Path(append(on, here[0])))
	return w
}

func points(way []wave.Point) []web.PlanPoint {
	out := make([]web.PlanPoint, len(way))
	for i, p := range way {
		out[i] = web.PlanPoint{float64(p.X), float64(p.Y)}
	}
	return out
}

// level gives 0 for no heat and 1 to 4 for more and more of it.
func level(h, most float64) int {
	if h <= 0 || most <= 0 {
		return 0
	}
	return min(4, 1+int(4*math.Sqrt(h/most)-1e-9))
}

func words(r wave.Reason) pda.Words { return pda.Words{ZH: r.Text("zh"), EN: r.Text("en")} }

// setAside gives the orders that the last plan could not take.
func (p *planner) setAside() []wave.LeftOut {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.aside)
}

// An inLine is an order that no wave has yet: why, and since when for that reason.
type inLine struct {
	wave.LeftOut
	since time.Time
}

// tell keeps which orders wait and which cannot be planned until somebody mends
// something; of the latter each is logged once for each reason.
func (p *planner) tell(res wave.Result, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range res.SetAside {
		said := func(y wave.LeftOut) bool { return y.Order == x.Order && y.Why.Text("en") == x.Why.Text("en") }
		if !slices.ContainsFunc(p.aside, said) {
			p.d.log.Warn("order cannot be planned", "order", x.Order, "why", x.Why.Text("en"))
		}
	}
	p.aside = res.SetAside
	before := make(map[floor.OrderID]inLine, len(p.waiting))
	for _, x := range p.waiting {
		before[x.Order] = x
	}
	p.waiting = make([]inLine, len(res.Waiting))
	for i, x := range res.Waiting {
		p.waiting[i] = inLine{x, now}
		if y, ok := before[x.Order]; ok && y.Why.Code == x.Why.Code {
			p.waiting[i].since = y.since
		}
	}
}

// waitedFor says what the orders of a wave had to wait for before.
func (p *planner) waitedFor(orders []floor.OrderID, now time.Time) []wave.Reason {
	p.mu.Lock()
	defer p.mu.Unlock()
	var why []wave.Reason
	for _, code := range []wave.Code{wave.NoPicker, wave.WaitCompany} {
		n, longest := 0, time.Duration(0)
		for _, x := range p.waiting {
			if x.Why.Code == code && slices.Contains(orders, x.Order) {
				n, longest = n+1, max(longest, now.Sub(x.since))
			}
		}
		if n > 0 {
			why = append(why, wave.Waited(code, n, longest))
		}
	}
	return why
}

// binHeat gives how often bins are picked from. It is counted anew every minute.
func (p *planner) binHeat() (map[floor.BinID]float64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.heat != nil && time.Since(p.heatAt) < time.Minute {
		return p.heat, nil
	}
	heat, err := p.d.binHeat(time.Now())
	if err == nil {
		p.heat, p.heatAt = heat, time.Now()
	}
	return heat, err
}
