package wave

import (
	"cmp"
	"context"
	"slices"
	"time"

	"floord/floor"
)

// Kinds of waves beside Cluster and Wall.
const (
	Single    = "single"    // orders of one piece each, in common totes (单品)
	Identical = "identical" // orders of the same goods, in common totes (爆款)
	ByOrder   = "order"     // one order a walk (摘果)
)

// A Share is the orders that a rule of the site picks in one kind of wave, and the
// bounds of such waves.
type Share struct {
	Rule   string // its name, for people; "": no rule, the floor's usual wave
	Kind   string
	Rules  Rules
	Orders []Order
}

// PlanShares plans each share by itself, as Plan would, and starts the waves with
// the most pressing orders first: at most s.FreePickers of all together. An order
// is in one share; s.Orders are not looked at.
func PlanShares(ctx context.Context, s Snapshot, shares []Share, now time.Time) Result {
	all := Result{Waves: []Wave{}, Waiting: []LeftOut{}, SetAside: []LeftOut{}}
	first := map[floor.OrderID]*job{}
	var seed uint64
	for _, x := range shares {
		seed = x.Rules.Seed
		s.Orders = x.Orders
		res := Plan(ctx, s, x.Rules, now)
		for i := range x.Orders {
			o := &x.Orders[i]
			first[o.ID] = &job{order: o, tier: (&batcher{r: x.Rules, now: now}).tier(o)}
		}
		for _, w := range res.Waves {
			w.Kind = x.Kind
			rule := because(KindUsual)
			if x.Rule != "" {
				rule = because(Code("kind-"+x.Kind), x.Rule)
			}
			w.Why = slices.Insert(w.Why, 0, rule)
			all.Waves = append(all.Waves, w)
		}
		all.Waiting, all.SetAside = append(all.Waiting, res.Waiting...), append(all.SetAside, res.SetAside...)
	}
	pressing := func(x, y floor.OrderID) int { return (&batcher{r: Rules{Seed: seed}}).before(first[x], first[y]) }
	slices.SortStableFunc(all.Waves, func(x, y Wave) int { return pressing(x.Orders[0], y.Orders[0]) })
	going := min(len(all.Waves), max(0, s.FreePickers))
	for _, w := range all.Waves[going:] {
		for _, id := range w.Orders {
			all.Waiting = append(all.Waiting, LeftOut{id, because(NoPicker, going)})
		}
	}
	all.Waves = all.Waves[:going]
	slices.SortStableFunc(all.Waiting, func(x, y LeftOut) int { return pressing(x.Order, y.Order) })
	slices.SortStableFunc(all.SetAside, func(x, y LeftOut) int { return cmp.Compare(x.Order, y.Order) })
	return all
}
