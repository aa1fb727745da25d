package daemon

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/sync/ledger"
	"floord/wave"
	"floord/web"
)

// Bounds of a comparison of rules: it must not take the processor from the floor.
const (
	maxWhatIf   = 3000 // orders, the most pressing ones
	whatIfTakes = 8 * time.Second
)

// present gives the rules in force, as a comparison begins with them.
func (d *Daemon) present() (web.WhatIfRules, error) {
	c := d.cfg.Wave
	out := web.WhatIfRules{
		TotesPerCart: c.TotesPerCart, MaxOrders: c.MaxOrders, MaxLines: c.MaxLines, MaxGrams: int(c.MaxGrams),
		SameCarrier: c.SameCarrier, SameZones: c.SameZones, Kinds: string(rules.ShippedKinds()),
	}
	if c.KindsFile != "" {
		data, err := os.ReadFile(string(c.KindsFile))
		if err != nil {
			return out, err
		}
		out.Kinds = string(data[:min(len(data), rules.MaxFile)])
	}
	return out, nil
}

// whatIf plans today's orders under the rules in force and under others. Nothing is
// kept, and the ledger is only read to gather the orders. One comparison is made at a
// time.
func (d *Daemon) whatIf(ctx context.Context, other web.WhatIfRules) (web.WhatIf, error) {
	if !d.comparing.TryLock() {
		return web.WhatIf{}, floor.Refuse("what-if-busy")
	}
	defer d.comparing.Unlock()
	out := web.WhatIf{Plans: []web.WhatIfPlan{}}
	if d.planner.layout == nil {
		return out, floor.Refuse("no-floor-plan")
	}
	now := time.Now()
	open, err := d.today(now)
	if err != nil {
		return out, err
	}
	if _, err := d.foresee(open, now, nil); err != nil {
		return out, err
	}
	slices.SortStableFunc(open, func(a, b openOrder) int { return earliest(a.ShipBy, b.ShipBy) })
	out.LeftOut = max(0, len(open)-maxWhatIf)
	open = open[:min(len(open), maxWhatIf)]
	out.Orders = len(open)
	for _, o := range open {
		var stops []wave.Stop
		for _, l := range o.plan.Lines {
			stops = append(stops, wave.Stop{Bin: l.Bin})
		}
		if _, m, err := wave.Walk(d.planner.layout, stops); err == nil {
			out.OneByOne += float64(m)
		}
	}
	out.Plans = append(out.Plans, d.compared(ctx, open, d.planner.rules, d.cfg.Wave.Kinds, now))
	r := d.planner.rules
	r.TotesPerCart, r.MaxOrders, r.MaxLines, r.MaxGrams = other.TotesPerCart, other.MaxOrders, other.MaxLines, floor.Grams(other.MaxGrams)
	r.SameCarrier, r.SameZones = other.SameCarrier, other.SameZones
	r.MinFill = min(r.MinFill, cmp.Or(r.MaxOrders, r.TotesPerCart), r.TotesPerCart)
	b := rules.Bounds{Totes: r.TotesPerCart}
	for _, w := range d.cfg.Walls {
		b.Wall = max(b.Wall, w.Slots)
	}
	kinds, err := rules.ParseKinds("kinds.toml", append([]byte{}, other.Kinds...), b)
	if bad := floor.Mistakes(nil); errors.As(err, &bad) {
		plan := web.WhatIfPlan{Wrong: []web.RuleMistake{}}
		for _, m := range bad {
			plan.Wrong = append(plan.Wrong, web.RuleMistake{Line: m.Line, Text: m.Text})
		}
		out.Plans = append(out.Plans, plan)
		return out, nil
	}
	if err := cmp.Or(err, r.Check()); err != nil {
		return out, err
	}
	out.Plans = append(out.Plans, d.compared(ctx, open, r, kinds, now))
	return out, nil
}

// earliest compares times; an unknown one comes last.
func earliest(a, b time.Time) int {
	if a.IsZero() || b.IsZero() {
		return cmp.Compare(b.Unix(), a.Unix())
	}
	return a.Compare(b)
}

// compared plans the orders as if all were known and every hand free: nobody waits
// for company.
func (d *Daemon) compared(ctx context.Context, open []openOrder, r wave.Rules, kinds []rules.Kind, now time.Time) web.WhatIfPlan {
	ctx, stop := context.WithTimeout(ctx, whatIfTakes/2)
	defer stop()
	parts := shares(open, kinds, r, now)
	for i := range parts {
		parts[i].Rules.MaxWait, parts[i].Rules.MinFill = 0, 0
	}
	out := web.WhatIfPlan{Kinds: []web.WhatIfKind{}}
	for _, x := range parts {
		res := wave.PlanShares(ctx, wave.Snapshot{Layout: d.planner.layout, FreePickers: len(open)}, []wave.Share{x}, now)
		k := web.WhatIfKind{Rule: x.Rule, Kind: x.Kind, Waves: len(res.Waves)}
		for _, w := range res.Waves {
			k.Orders += len(w.Orders)
			k.Metres += float64(w.Metres)
			k.Minutes += minutesOf(w, x.Rules)
		}
		out.Aside += len(res.SetAside)
		out.Unplanned += len(res.Waiting)
		out.Waves, out.Orders = out.Waves+k.Waves, out.Orders+k.Orders
		out.Metres, out.Minutes = out.Metres+k.Metres, out.Minutes+k.Minutes
		out.Kinds = append(out.Kinds, k)
	}
	return out
}

// minutesOf is how long a wave takes: the walk, and a stop's seconds for every reach.
// One reach of a batch serves all orders; what goes to a put wall is put there, too.
func minutesOf(w wave.Wave, r wave.Rules) float64 {
	type at struct {
		bin floor.BinID
		sku floor.SKU
	}
	reaches := len(w.Stops)
	if w.Kind == wave.Wall || w.Kind == wave.Single || w.Kind == wave.Identical {
		seen := map[at]bool{}
		for _, s := range w.Stops {
			seen[at{s.Bin, s.SKU}] = true
		}
		reaches = len(seen)
	}
	if w.Kind == wave.Wall {
		reaches += len(w.Stops)
	}
	return (float64(w.Metres)/r.MetresPerSecond + float64(reaches)*r.SecondsPerStop) / 60
}

// today gathers the orders that came in today, and older ones that no wave has yet,
// with the bins they are or would be taken from.
func (d *Daemon) today(now time.Time) ([]openOrder, error) {
	prefix := d.cfg.Site.Prefix + now.In(d.cfg.Site.Zone).Format("20060102")
	known := map[floor.SKU]floor.SKUInfo{}
	var out []openOrder
	err := d.ledger.Read(func(v *ledger.View) error {
		reserve, err := reserveBins(v)
		if err != nil {
			return err
		}
		picked, aside, err := shelves(v, reserve)
		if err != nil {
			return err
		}
		home := homes(aside) // of a SKU that is nowhere else
		maps.Copy(home, homes(picked))
		var inner error
		sku := func(id floor.SKU) floor.SKUInfo {
			k, ok := known[id]
			if !ok {
				k, _, inner = v.SKU(id)
				known[id] = k
			}
			return k
		}
		take := func(o floor.Order) bool {
			if o.Trial || o.State == floor.Closed {
				return true
			}
			for i := range o.Lines {
				l := &o.Lines[i]
				if l.ReservedQty() < l.Qty && home[l.SKU] != "" {
					l.Reserved = []floor.BinQty{{Bin: home[l.SKU], Qty: l.Qty}}
				}
			}
			out = append(out, openOrder{o, foreman.Plannable(o, sku)})
			return inner == nil
		}
		err = v.Live("", func(id floor.OrderID, s floor.State) bool { // older ones
			if !s.Before(floor.Waved) || strings.HasPrefix(string(id), prefix) {
				return true
			}
			var o floor.Order
			if o, _, inner = v.Order(id); inner != nil {
				return false
			}
			return take(o)
		})
		if err == nil && inner == nil {
			err = v.Orders("", prefix, take)
		}
		return errors.Join(err, inner)
	})
	return out, err
}
