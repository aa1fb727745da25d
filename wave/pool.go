package wave

import (
	"cmp"
	"context"
	"slices"
)

// Carts that were good at different times of the search, or for different workers,
// often make a better plan together than any that was walked past. The pool keeps
// the carts last accepted, and recombine looks for those that take every item once
// and are shortest together (set partitioning).

const (
	pooled   = 1 << 12   // carts that each worker keeps
	inPool   = fewItems  // items, at most
	lessons  = 120       // rounds in which the prices of the items are learnt
	lookings = 2_000_000 // carts looked at while putting them together
)

// A set holds items of the pool by their number.
type set [(inPool + 63) / 64]uint64

func (s *set) has(i int32) bool { return s[i>>6]>>(i&63)&1 == 1 }

func (s *set) meets(o *set) bool {
	met := uint64(0)
	for k := range s {
		met |= s[k] & o[k]
	}
	return met != 0
}

func (s *set) flip(o *set) {
	for k := range s {
		s[k] ^= o[k]
	}
}

// A bundle is a cart in the pool.
type bundle struct {
	name  uint64
	cost  int64
	extra float64 // what it costs above the prices of its items
	items set
}

// A pool keeps the bundles last put in, none twice.
type pool struct {
	list []bundle
	next int
	have map[uint64]bool
}

func (p *pool) put(b *load) {
	if len(b.items) == 0 || p.have[b.name] {
		return
	}
	one := bundle{name: b.name, cost: b.cost}
	for _, i := range b.items {
		one.items[i>>6] |= 1 << (i & 63)
	}
	if len(p.list) < pooled {
		p.list = append(p.list, one)
	} else {
		delete(p.have, p.list[p.next].name)
		p.list[p.next] = one
		p.next = (p.next + 1) % pooled
	}
	p.have[b.name] = true
}

// recombine gives the shortest plan it finds of the carts in the pools, and of those
// in best; best itself if there is none that is shorter.
func (s *search) recombine(ctx context.Context, e Effort, pools []*pool, best []load) []load {
	all := &pool{have: map[uint64]bool{}}
	upper := int64(0)
	for k := range best {
		upper += best[k].cost
		all.put(&best[k])
	}
	list := all.list
	for _, p := range pools {
		for _, b := range p.list {
			if !all.have[b.name] {
				all.have[b.name] = true
				list = append(list, b)
			}
		}
	}
	prices, lower, negative := s.prices(ctx, e, list, best, float64(upper))
	m := mixer{e: e, ctx: ctx, upper: float64(upper) - 0.5, base: negative, left: lookings}
	for _, p := range prices {
		m.base += p
	}
	// A cart that costs more above its items' prices than all that can be gained is in
	// no better plan.
	list = slices.DeleteFunc(list, func(b bundle) bool { return lower+max(0, b.extra) >= m.upper })
	slices.SortFunc(list, func(a, b bundle) int { return cmp.Or(cmp.Compare(a.extra, b.extra), cmp.Compare(a.name, b.name)) })
	m.with = make([][]*bundle, len(s.items))
	for k := range list {
		for i := range int32(len(s.items)) {
			if list[k].items.has(i) {
				m.with[i] = append(m.with[i], &list[k])
			}
		}
	}
	m.order = make([]int32, len(s.items))
	for i := range m.order {
		m.order[i] = int32(i)
	}
	slices.SortStableFunc(m.order, func(i, j int32) int { return cmp.Compare(len(m.with[i]), len(m.with[j])) })
	m.mix(0, 0)
	if m.best == nil {
		return best
	}
	var out []load
	for _, b := range m.best {
		one := load{name: b.name, cost: b.cost, due: never64}
		for i := range int32(len(s.items)) {
			if b.items.has(i) {
				one.items = append(one.items, i)
				one.Load = one.plus(s.items[i].Load)
			}
		}
		out = append(out, one)
	}
	return out
}

// prices learns what each item is worth on a cart, so that the sum of all prices and
// of what bundles cost less than their items comes near to the shortest plan, which
// it never exceeds (Lagrangian relaxation by subgradients). It gives the prices, that
// sum, and its negative part, and notes on each bundle what it costs above them.
func (s *search) prices(ctx context.Context, e Effort, list []bundle, best []load, upper float64) (prices []float64, lower, negative float64) {
	now, short := make([]float64, len(s.items)), make([]float64, len(s.items))
	for k := range best {
		for _, i := range best[k].items {
			now[i] = float64(best[k].cost) / float64(len(best[k].items))
		}
	}
	var at []int32 // the items of all bundles
	ends := make([]int32, len(list))
	for k := range list {
		for i := range int32(len(s.items)) {
			if list[k].items.has(i) {
				at = append(at, i)
			}
		}
		ends[k] = int32(len(at))
	}
	lower = -1
	step, stale := 1.0, 0
	for range lessons {
		if e.over(ctx) {
			break
		}
		sum, below := 0.0, 0.0
		for i, p := range now {
			sum += p
			short[i] = 1
		}
		begin := int32(0)
		for k := range list {
			extra := float64(list[k].cost)
			for _, i := range at[begin:ends[k]] {
				extra -= now[i]
			}
			if extra < 0 {
				below += extra
				for _, i := range at[begin:ends[k]] {
					short[i]--
				}
			}
			begin = ends[k]
		}
		if stale++; sum+below > lower {
			lower, negative, prices, stale = sum+below, below, append(prices[:0], now...), 0
		}
		if stale == 10 {
			step, stale = step/2, 0
			copy(now, prices)
		}
		norm := 0.0
		for _, d := range short {
			norm += d * d
		}
		if norm == 0 {
			break
		}
		for i, d := range short {
			now[i] += step * (upper - sum - below) / norm * d
		}
	}
	if prices == nil { // no time: nothing is known
		prices, lower = now, 0
	}
	begin := int32(0)
	for k := range list {
		list[k].extra = float64(list[k].cost)
		for _, i := range at[begin:ends[k]] {
			list[k].extra -= prices[i]
		}
		begin = ends[k]
	}
	return prices, lower, negative
}

// A mixer puts bundles together, item after item, those first that few bundles have.
type mixer struct {
	e     Effort
	ctx   context.Context
	with  [][]*bundle // of each item, the cheapest above their items' prices first
	order []int32
	base  float64 // no plan costs less
	upper float64 // of the best so far
	taken set
	now   []*bundle
	best  []*bundle
	left  int
}

// mix goes on from the k-th item; above is what the bundles taken cost beyond base.
func (m *mixer) mix(k int, above float64) {
	for k < len(m.order) && m.taken.has(m.order[k]) {
		k++
	}
	if k == len(m.order) {
		cost := int64(0)
		for _, b := range m.now {
			cost += b.cost
		}
		if float64(cost) < m.upper {
			m.upper, m.best = float64(cost)-0.5, slices.Clone(m.now)
		}
		return
	}
	for _, b := range m.with[m.order[k]] {
		more := above + max(0, b.extra)
		if m.left--; m.left%rounds == 0 && m.e.over(m.ctx) {
			m.left = 0
		}
		if m.left < 0 || m.base+more >= m.upper {
			return
		}
		if !b.items.meets(&m.taken) {
			m.taken.flip(&b.items)
			m.now = append(m.now, b)
			m.mix(k+1, more)
			m.now = m.now[:len(m.now)-1]
			m.taken.flip(&b.items)
		}
	}
}
