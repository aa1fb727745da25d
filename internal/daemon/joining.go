package daemon

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

// A walk is one under way, whose cart may still take an order.
type walk struct {
	task floor.TaskID
	rule string // of kinds, that its wave was made by; "": none
	run  wave.Running
	left []int // numbers of the stops of run.Rest
}

// walks lists the walks under way that orders may join, the oldest first.
func (p *planner) walks() ([]walk, error) {
	if p.rules.JoinMetres == 0 {
		return nil, nil
	}
	var out []walk
	err := p.d.ledger.Read(func(v *ledger.View) error {
		var inner error
		order := func(id floor.OrderID) (floor.Order, error) {
			o, _, err := v.Order(id)
			return o, err
		}
		sku := func(id floor.SKU) floor.SKUInfo {
			k, _, err := v.SKU(id)
			inner = errors.Join(inner, err)
			return k
		}
		err := v.LiveTasks(func(t floor.Task) bool {
			if len(t.Slots) >= p.rules.TotesPerCart {
				return true
			}
			run, left, ok, err := foreman.Walking(t, order, sku)
			if inner = errors.Join(inner, err); inner != nil || !ok {
				return inner == nil
			}
			w, _, err := v.Wave(t.Wave)
			inner = err
			out = append(out, walk{t.ID, ruleOf(w), run, left})
			return inner == nil
		})
		return errors.Join(err, inner)
	})
	return out, err
}

// ruleOf gives the rule of kinds that a wave was made by.
func ruleOf(w floor.Wave) string {
	for _, r := range w.Why {
		if strings.HasPrefix(r.Code, "kind-") && len(r.Args) > 0 {
			return r.Args[0]
		}
	}
	return ""
}

// join lets orders that wait join walks of the same rule.
func (p *planner) join(ctx context.Context, s wave.Snapshot, parts []wave.Share, waits []wave.LeftOut, walks []walk, now time.Time) error {
	waiting := map[floor.OrderID]bool{}
	for _, l := range waits {
		waiting[l.Order] = true
	}
	for _, x := range parts {
		if x.Kind != wave.Cluster {
			continue
		}
		var mine []walk
		var runs []wave.Running
		for _, w := range walks {
			if w.rule == x.Rule {
				mine, runs = append(mine, w), append(runs, w.run)
			}
		}
		if len(mine) == 0 {
			continue
		}
		s.Orders = slices.DeleteFunc(slices.Clone(x.Orders), func(o wave.Order) bool { return !waiting[o.ID] })
		if len(s.Orders) == 0 {
			continue
		}
		for _, j := range wave.Join(s, runs, x.Rules, now) {
			w := mine[j.Run]
			j.Why = append(p.called(j.Why), p.waitedFor([]floor.OrderID{j.Order}, now)...)
			if _, err := p.d.foreman.Join(ctx, foreman.Floord(p.d.keys.next("join")), w.task, w.left, j); err != nil {
				return notReserve(err)
			}
		}
	}
	return nil
}

// A foresight is the carrier that an order will probably go by.
type foresight struct {
	carrier floor.CarrierRule
	mark    string // of the recipient then
	until   time.Time
}

// foreseenFor is how long a foresight holds: prices and weights rarely change, the
// carrier that still comes in time does.
const foreseenFor = time.Minute

// foresee gives the orders their carriers, and the last collection that keeps what
// was promised. before is what it gave the last time.
func (d *Daemon) foresee(open []openOrder, now time.Time, before map[floor.OrderID]foresight) (map[floor.OrderID]foresight, error) {
	if len(d.cfg.Carriers) == 0 {
		return nil, nil
	}
	kept := make(map[floor.OrderID]foresight, len(open))
	rows := map[floor.OrderID]floor.Order{}
	var ask []wave.Order
	for _, o := range open {
		rows[o.ID] = o.Order
		if f, ok := before[o.ID]; ok && f.mark == o.Token && now.Before(f.until) {
			kept[o.ID] = f
			continue
		}
		ask = append(ask, o.plan)
	}
	rules, err := d.foreman.Foresee(ask, func(id floor.OrderID) floor.Order { return rows[id] }, now)
	if err != nil {
		return nil, err
	}
	for i, o := range ask {
		kept[o.ID] = foresight{rules[i], rows[o.ID].Token, now.Add(foreseenFor)}
	}
	for i := range open {
		o := &open[i]
		c := kept[o.ID].carrier
		due := cmp.Or(o.CollectBy, o.ShipBy)
		o.Carrier = c.ID
		o.plan.Carrier, o.plan.CutOff = c.ID, c.LastFor(now.In(d.cfg.Site.Zone), due)
	}
	return kept, nil
}

// called puts the name that people have for a carrier in place of its id.
func (p *planner) called(why []wave.Reason) []wave.Reason {
	for i, r := range why {
		for _, c := range p.d.cfg.Carriers {
			if r.Code == wave.CutOffSoon && len(r.Args) == 3 && r.Args[2] == string(c.ID) && c.Name != "" {
				why[i].Args = []string{r.Args[0], r.Args[1], c.Name}
			}
		}
	}
	return why
}
