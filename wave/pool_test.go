package wave

import (
	"testing"

	"pgregory.net/rapid"
)

// With every cart that there is in the pool, recombining finds the shortest plan.
func TestRecombineFindsTheShortest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawLayout(t)
		loads, c := drawLoads(t, l, 7)
		items, err := l.items(loads, c)
		if err != nil {
			t.Fatal(err)
		}
		s := newSearch(l, items, c, 1)
		alone := [][]int{}
		every := newSearch(l, items, c, 1)
		for set := 1; set < 1<<len(loads); set++ {
			var batch []int
			sum := Load{}
			for i := range loads {
				if set>>i&1 == 1 {
					batch, sum = append(batch, i), sum.plus(items[i].Load)
				}
			}
			if !c.holds(sum) {
				continue
			}
			if every.begin([][]int{batch}); len(batch) == 1 {
				alone = append(alone, batch)
			}
		}
		s.begin(alone)
		p := &pool{have: map[uint64]bool{}}
		for k := range every.carts {
			p.put(&every.carts[k])
		}
		var batches [][]int
		w, walked, total := walker{l: l}, Metres(0), int64(0)
		for _, b := range s.recombine(t.Context(), Effort{}, []*pool{p}, s.carts) {
			var batch []int
			for _, i := range b.items {
				batch = append(batch, int(i))
			}
			batches, walked, total = append(batches, batch), walked+w.plan(union(items, batch)), total+b.cost
		}
		m := Metres(float64(total) / tick)
		checkBatches(t, l, loads, c, batches, walked)
		if best := leastOf(l, loads, c); len(loads) > 0 && (m < best-1e-3 || m > best+1e-3) {
			t.Errorf("recombined to %v m, the shortest is %v m", m, best)
		}
	})
}

// A pool keeps the last carts, each once.
func TestThePoolForgets(t *testing.T) {
	p := &pool{have: map[uint64]bool{}}
	for n := range uint64(2*pooled + 5) {
		b := &load{name: n + 1, items: []int32{int32(n % inPool)}}
		p.put(b)
		p.put(b)
	}
	if len(p.list) != pooled || len(p.have) != pooled || !p.have[2*pooled+5] || p.have[pooled] {
		t.Errorf("%d carts, %d names", len(p.list), len(p.have))
	}
}
