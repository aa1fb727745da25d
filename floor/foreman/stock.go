package foreman

import (
	"cmp"
	"context"
	"slices"

	"floord/floor"
	"floord/sync/ledger"
)

// Allocate promises stock to a checked order: all of it, or none, so that a
// short order does not starve the others. An order that is not ready is left
// alone without a word.
func (f *Foreman) Allocate(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		o, ok, err := v.Order(id)
		if err != nil || !ok || o.State != floor.Checked || len(o.Holds) > 0 || o.Freeze != nil {
			return nil, err
		}
		s := newShelf(v)
		var of []floor.Reservation
		var missing []floor.SKUQty
		for _, l := range o.Lines {
			got, left, err := s.take(l.No, l.SKU, l.Qty, "")
			if err != nil {
				return nil, err
			}
			of = append(of, got...)
			if left > 0 {
				missing = append(missing, floor.SKUQty{SKU: l.SKU, Qty: left})
			}
		}
		switch {
		case len(missing) == 0:
			return []floor.Fact{floor.StockReserved{Order: id, Of: of, All: true}}, nil
		case o.Short:
			return nil, nil // said already
		}
		return []floor.Fact{floor.OrderShort{Order: id, Missing: missing}}, nil
	})
}

// A shelf is the free stock as one decision sees it: what the view says, less
// what the decision has taken already.
type shelf struct {
	v     look
	taken map[floor.BinID]map[floor.SKU]int
}

func newShelf(v look) *shelf { return &shelf{v, map[floor.BinID]map[floor.SKU]int{}} }

// take finds n pieces of a SKU: from one bin if one has enough (the one that is
// emptied most by it), else from the fullest first. It gives what it found and
// what is left to find. Bin not is left out.
func (s *shelf) take(line int, sku floor.SKU, n int, not floor.BinID) ([]floor.Reservation, int, error) {
	lies, err := s.v.StockOf(sku)
	if err != nil {
		return nil, n, err
	}
	type place struct {
		bin  floor.BinID
		free int
	}
	var places []place
	for _, x := range lies {
		if free := x.Free() - s.taken[x.Bin][sku]; free > 0 && x.Bin != not {
			places = append(places, place{x.Bin, free})
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		if enough := cmp.Compare(btoi(b.free >= n), btoi(a.free >= n)); enough != 0 {
			return enough
		}
		if a.free >= n {
			return cmp.Or(cmp.Compare(a.free, b.free), cmp.Compare(a.bin, b.bin))
		}
		return cmp.Or(cmp.Compare(b.free, a.free), cmp.Compare(a.bin, b.bin))
	})
	var got []floor.Reservation
	for _, p := range places {
		if n == 0 {
			break
		}
		k := min(n, p.free)
		got = append(got, floor.Reservation{Line: line, SKU: sku, Bin: p.bin, Qty: k})
		if s.taken[p.bin] == nil {
			s.taken[p.bin] = map[floor.SKU]int{}
		}
		s.taken[p.bin][sku] += k
		n -= k
	}
	return got, n, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// MaxCount is the most pieces of one SKU that one bin may be said to hold.
const MaxCount = 1_000_000

// Count says what lies of a SKU in a bin. It cannot go below what is promised.
// An unchanged count writes nothing.
func (f *Foreman) Count(ctx context.Context, by By, bin floor.BinID, sku floor.SKU, qty int, why string) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if qty < 0 || qty > MaxCount {
			return nil, floor.Refuse("bad-qty", "got", qty, "max", MaxCount)
		}
		if _, ok, err := v.Bin(bin); err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-bin", "bin", bin))
		}
		if _, ok, err := v.SKU(sku); err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-sku", "got", sku))
		}
		s, had, err := v.StockAt(bin, sku)
		switch {
		case err != nil || had && s.OnHand == qty:
			return nil, err
		case qty < s.Reserved:
			return nil, floor.Refuse("below-reserved", "bin", bin, "sku", sku, "reserved", s.Reserved, "qty", qty)
		}
		return []floor.Fact{floor.StockCounted{Bin: bin, SKU: sku, Qty: qty, Why: why}}, nil
	})
}

// FirstCount takes over what a site says lies in bins that were never counted, at
// most 1,000 rows at once. Rows of bins that were counted are left out. An unknown
// bin or SKU refuses the whole.
func (f *Foreman) FirstCount(ctx context.Context, by By, rows []floor.Stock) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleAdmin); err != nil {
			return nil, err
		}
		var facts []floor.Fact
		for _, s := range rows {
			if _, ok, err := v.Bin(s.Bin); err != nil || !ok {
				return nil, orRefuse(err, floor.Refuse("unknown-bin", "bin", s.Bin))
			}
			if _, ok, err := v.SKU(s.SKU); err != nil || !ok {
				return nil, orRefuse(err, floor.Refuse("unknown-sku", "got", s.SKU))
			}
			if _, counted, err := v.StockAt(s.Bin, s.SKU); err != nil {
				return nil, err
			} else if !counted && s.OnHand >= 0 {
				facts = append(facts, floor.StockCounted{Bin: s.Bin, SKU: s.SKU, Qty: s.OnHand, Why: "load"})
			}
		}
		return facts, nil
	})
}
