package daemon

import (
	"math"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/wave"
	"floord/web"
)

// floorPlan gives the warehouse from above with who walks where now.
func (d *Daemon) floorPlan() (web.FloorPlan, error) {
	out := web.FloorPlan{Bins: []web.PlanBin{}, Walks: []web.PlanWalk{}}
	out.Aside, out.Waiting = d.planner.left()
	var lacks []wave.LeftOut
	err := d.ledger.Read(func(v *ledger.View) (err error) { lacks, err = lacking(v); return err })
	if err != nil {
		return out, err
	}
	for _, x := range lacks {
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
	var tasks []floor.Task
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
			for _, r := range t.Why {
				w.Why = append(w.Why, words(wave.ReasonOf(r)))
			}
			if t.Kind == floor.TaskPutBack { // what was picked of closed orders goes back
				w.Why = append(w.Why, words(wave.Reason{Code: wave.GoesBack, Args: []string{ordersOf(t)}}))
			} else if t.Wave != "" {
				var row floor.Wave
				if row, _, inner = v.Wave(t.Wave); inner != nil {
					return false
				}
				w.Kind, w.Orders = row.Kind, len(row.Orders)
				for _, r := range row.Why {
					w.Why = append(w.Why, words(wave.ReasonOf(r)))
				}
			}
			out.Walks, tasks = append(out.Walks, w), append(tasks, t)
			return true
		})
		if err == nil {
			err = inner
		}
		return err
	})
	for i, one := range d.planner.oneByOne(tasks) {
		out.Walks[i].Before, out.Walks[i].BeforeMetres = one.walks, one.metres
	}
	slices.Reverse(out.Walks)
	return out, err
}

// ordersOf names the orders of a task.
func ordersOf(t floor.Task) string {
	var ids []string
	for _, s := range t.Stops {
		if !slices.Contains(ids, string(s.Order)) {
			ids = append(ids, string(s.Order))
		}
	}
	return strings.Join(ids, ", ")
}

// walkOf draws a task: what is done in the order of the stops, then what is left as
// the picker is led.
func walkOf(l *wave.Layout, t floor.Task) web.PlanWalk {
	w := web.PlanWalk{Task: t.ID, Wave: t.Wave, Kind: t.Kind, Person: t.Person, Stops: len(t.Stops), Metres: t.Metres, Why: []pda.Words{}}
	var done, ahead []floor.BinID
	left := t.Ahead()
	w.Done = len(t.Stops) - len(left)
	for _, s := range t.Stops {
		if s.Left() <= 0 && s.Done+s.Missing > 0 {
			done = append(done, s.Bin)
		}
	}
	if n := len(done); n > 0 {
		ahead = append(ahead, done[n-1])
	}
	for _, s := range left {
		ahead = append(ahead, s.Bin)
	}
	if len(left) > 0 {
		w.Next = left[0].Bin
	}
	if t.Kind == floor.TaskSort { // at the wall
		w.Walked, w.Ahead = []web.PlanPoint{}, []web.PlanPoint{}
		return w
	}
	w.Walked, w.Ahead = points(l.Path(true, done, false)), points(l.Path(len(done) == 0, ahead, true))
	return w
}

// A single is how the orders of a task would be walked one by one.
type single struct {
	stops  int // of the task, when this was drawn
	walks  []web.PlanPoint
	metres float64
}

// oneByOne draws the orders of each task one after the other. A drawing is kept until
// its task has other stops, or has ended.
func (p *planner) oneByOne(tasks []floor.Task) []single {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, live := make([]single, len(tasks)), map[floor.TaskID]single{}
	for i, t := range tasks {
		s, ok := p.singles[t.ID]
		if !ok || s.stops != len(t.Stops) {
			s = p.apart(t)
		}
		out[i], live[t.ID] = s, s
	}
	p.singles = live
	return out
}

func (p *planner) apart(t floor.Task) single {
	s := single{stops: len(t.Stops), walks: []web.PlanPoint{}}
	if t.Wave == "" || t.Kind == floor.TaskSort {
		return s
	}
	var orders []floor.OrderID
	stops := map[floor.OrderID][]wave.Stop{}
	for _, x := range t.Stops {
		if stops[x.Order] == nil {
			orders = append(orders, x.Order)
		}
		stops[x.Order] = append(stops[x.Order], wave.Stop{Bin: x.Bin})
	}
	for _, id := range orders {
		walk, metres, err := wave.Walk(p.layout, stops[id])
		if err != nil {
			continue // the floor was changed since
		}
		var bins []floor.BinID
		for _, x := range walk {
			bins = append(bins, x.Bin)
		}
		s.walks, s.metres = append(s.walks, points(p.layout.Path(true, bins, true))...), s.metres+float64(metres)
	}
	return s
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

// left gives the orders that the last plan could not take, and those that wait, by
// why.
func (p *planner) left() ([]web.PlanAside, []web.PlanWaiting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	aside, waiting := []web.PlanAside{}, []web.PlanWaiting{}
	for _, x := range p.aside[:min(len(p.aside), maxAside)] {
		aside = append(aside, web.PlanAside{Order: x.Order, Why: words(x.Why)})
	}
	at := map[wave.Code]int{}
	for _, x := range p.waiting {
		i, ok := at[x.Why.Code]
		if !ok {
			i = len(waiting)
			at[x.Why.Code] = i
			waiting = append(waiting, web.PlanWaiting{Order: x.Order, Why: words(x.Why)})
		}
		waiting[i].Orders++
	}
	return aside, waiting
}

// maxAside is how many orders that cannot be planned a page lists.
const maxAside = 200

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
	said := make(map[floor.OrderID]string, len(p.aside))
	for _, x := range p.aside {
		said[x.Order] = x.Why.Text("en")
	}
	for _, x := range res.SetAside {
		if why := x.Why.Text("en"); said[x.Order] != why {
			p.d.log.Warn("order cannot be planned", "order", x.Order, "why", why)
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
		if longest >= time.Minute {
			why = append(why, wave.Waited(code, n, longest))
		}
	}
	return why
}

// binHeat gives how often bins are picked from. It is counted anew every minute, or
// sooner while nothing was ever picked.
func (p *planner) binHeat() (map[floor.BinID]float64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if age := time.Since(p.heatAt); age < time.Minute && (len(p.heat) > 0 || age < 5*time.Second) {
		return p.heat, nil
	}
	heat, err := p.d.binHeat(time.Now())
	if err == nil {
		p.heat, p.heatAt = heat, time.Now()
	}
	return heat, err
}
