package wave

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"floord/floor"
)

// A Past is what was ordered on the last days, and where it lies now.
type Past struct {
	Days [][]PastOrder
	Home map[floor.SKU]floor.BinID // the bin that a SKU is picked from
	Free []floor.BinID             // bins that hold nothing and may
}

// A PastOrder is the SKUs of one order; a SKU once, however many pieces.
type PastOrder []floor.SKU

// A Move is advice: SKU goes to bin To, and what lies there comes to From.
type Move struct {
	SKU    floor.SKU   `json:"sku"`
	From   floor.BinID `json:"from"`           // where it lies now
	To     floor.BinID `json:"to"`             // where it should
	With   floor.SKU   `json:"with,omitempty"` // lies in To now; "" if that is free
	Visits float64     `json:"visits"`         // a day, guarded against a single day's rush
	Metres Metres      `json:"metres"`         // that the walks of a day would have been shorter, after the moves before it
}

// Advise says which SKUs should lie elsewhere, the best move first, at most most.
// It plans the past days' orders as carts with Batch, and walks the same carts
// again with the goods where the move puts them: Metres is what a day would have
// saved, not a guess from distances, and more is saved when carts are planned for
// where things lie then. Moves that save less than a metre a day are
// left out. A SKU without a bin, or in one without a place, is passed over. When
// ctx ends it returns the moves it has.
func Advise(ctx context.Context, l *Layout, p Past, c Cart, e Effort, most int) ([]Move, error) {
	s, err := replay(ctx, l, p, c, e)
	if err != nil {
		return nil, err
	}
	var moves []Move
	for _, m := range s.candidates(p, 4*most) {
		if ctx.Err() != nil {
			break
		}
		if m.From != s.home[m.SKU] || m.With != "" && s.home[m.With] != m.To {
			continue // an earlier move took one of them elsewhere
		}
		gain, lengths, err := s.gain(m)
		if err != nil {
			return nil, err
		}
		if gain < 1 {
			continue
		}
		m.Metres = gain
		s.apply(m, lengths)
		moves = append(moves, m)
	}
	slices.SortStableFunc(moves, func(a, b Move) int { return cmp.Compare(b.Metres, a.Metres) })
	return moves[:min(len(moves), most)], nil
}

// A slotting is the past days as carts that were walked.
type slotting struct {
	l       *Layout
	home    map[floor.SKU]floor.BinID
	days    int
	carts   [][]floor.SKU
	length  []Metres
	touches map[floor.SKU][]int // carts that visit it
	visits  map[floor.SKU]float64
}

func replay(ctx context.Context, l *Layout, p Past, c Cart, e Effort) (*slotting, error) {
	s := &slotting{l: l, home: map[floor.SKU]floor.BinID{}, days: len(p.Days), touches: map[floor.SKU][]int{}, visits: map[floor.SKU]float64{}}
	for sku, bin := range p.Home {
		if _, ok := l.Where(bin); ok {
			s.home[sku] = bin
		}
	}
	daily := map[floor.SKU][]int{}
	for d, day := range p.Days {
		var loads []Load
		var whose []PastOrder
		for _, o := range day {
			var load Load
			var has PastOrder
			for _, sku := range o {
				if bin, ok := s.home[sku]; ok && !slices.Contains(has, sku) {
					load.Bins, has = append(load.Bins, bin), append(has, sku)
				}
			}
			if len(has) == 0 || c.Stops > 0 && len(has) > c.Stops {
				continue
			}
			load.Slots, load.Stops = 1, len(has)
			loads, whose = append(loads, load), append(whose, has)
		}
		batches, _, err := Batch(ctx, l, loads, Cart{Slots: c.Slots, Stops: c.Stops}, e)
		if err != nil {
			return nil, fmt.Errorf("day %d: %w", d, err)
		}
		for _, batch := range batches {
			var cart []floor.SKU
			for _, i := range batch {
				cart = append(cart, whose[i]...)
			}
			slices.Sort(cart)
			s.add(slices.Compact(cart), d, daily)
		}
	}
	for sku, days := range daily {
		s.visits[sku] = Daily(append(days, make([]int, s.days-len(days))...))
	}
	for i := range s.carts {
		n, err := s.walk(i, nil)
		if err != nil {
			return nil, err
		}
		s.length = append(s.length, n)
	}
	return s, nil
}

func (s *slotting) add(cart []floor.SKU, day int, daily map[floor.SKU][]int) {
	for _, sku := range cart {
		s.touches[sku] = append(s.touches[sku], len(s.carts))
		for len(daily[sku]) <= day {
			daily[sku] = append(daily[sku], 0)
		}
		daily[sku][day]++
	}
	s.carts = append(s.carts, cart)
}

// walk is the length of cart i, with some SKUs elsewhere.
func (s *slotting) walk(i int, moved map[floor.SKU]floor.BinID) (Metres, error) {
	var stops []Stop
	for _, sku := range s.carts[i] {
		bin, ok := moved[sku]
		if !ok {
			bin = s.home[sku]
		}
		stops = append(stops, Stop{Bin: bin})
	}
	_, n, err := Walk(s.l, stops)
	return n, err
}

// candidates are the swaps that look best from the distances alone, best first:
// what is visited often and lies far, against the nearest bin with less to do.
func (s *slotting) candidates(p Past, most int) []Move {
	far := map[floor.BinID]Metres{}
	reach := func(bin floor.BinID) Metres {
		if _, ok := far[bin]; !ok {
			_, far[bin], _ = Walk(s.l, []Stop{{Bin: bin}}) // it has a place, else it was passed over
		}
		return far[bin]
	}
	in := map[floor.BinID][]floor.SKU{}
	for sku, bin := range s.home {
		in[bin] = append(in[bin], sku)
	}
	type slot struct {
		bin floor.BinID
		sku floor.SKU
	}
	var slots []slot
	for bin, skus := range in {
		if len(skus) == 1 { // a bin that several share is not swapped for one of them
			slots = append(slots, slot{bin, skus[0]})
		}
	}
	for _, bin := range p.Free {
		if _, ok := s.l.Where(bin); ok && len(in[bin]) == 0 {
			slots = append(slots, slot{bin: bin})
		}
	}
	slices.SortFunc(slots, func(a, b slot) int { return cmp.Or(cmp.Compare(reach(a.bin), reach(b.bin)), cmp.Compare(a.bin, b.bin)) })
	var hot []floor.SKU
	for sku := range s.visits {
		hot = append(hot, sku)
	}
	worth := func(sku floor.SKU) float64 { return s.visits[sku] * float64(reach(s.home[sku])) }
	slices.SortFunc(hot, func(a, b floor.SKU) int { return cmp.Or(cmp.Compare(worth(b), worth(a)), cmp.Compare(a, b)) })
	var all []Move
	taken := map[floor.BinID]bool{}
	for _, sku := range hot[:min(len(hot), most)] {
		from := s.home[sku]
		best, gain := -1, 0.0
		for i, x := range slots {
			if d := reach(from) - reach(x.bin); d <= 0 {
				break
			} else if g := (s.visits[sku] - s.visits[x.sku]) * float64(d); g > gain && !taken[x.bin] {
				best, gain = i, g
			}
		}
		if best < 0 || taken[from] || len(in[from]) > 1 && slots[best].sku != "" {
			continue
		}
		taken[from], taken[slots[best].bin] = true, true
		all = append(all, Move{SKU: sku, From: from, To: slots[best].bin, With: slots[best].sku, Visits: s.visits[sku]})
	}
	return all
}

// gain is what a day's walks get shorter by, and how long each cart that the move
// touches becomes.
func (s *slotting) gain(m Move) (Metres, map[int]Metres, error) {
	moved := map[floor.SKU]floor.BinID{m.SKU: m.To}
	carts := s.touches[m.SKU]
	if m.With != "" {
		moved[m.With] = m.From
		carts = slices.Compact(slices.Sorted(slices.Values(slices.Concat(carts, s.touches[m.With]))))
	}
	saved, lengths := Metres(0), make(map[int]Metres, len(carts))
	for _, i := range carts {
		n, err := s.walk(i, moved)
		if err != nil {
			return 0, nil, err
		}
		saved, lengths[i] = saved+s.length[i]-n, n
	}
	return saved / Metres(max(1, s.days)), lengths, nil
}

// apply makes a move, with the lengths that gain gave for it.
func (s *slotting) apply(m Move, lengths map[int]Metres) {
	for i, n := range lengths {
		s.length[i] = n
	}
	s.home[m.SKU] = m.To
	if m.With != "" {
		s.home[m.With] = m.From
	}
}
