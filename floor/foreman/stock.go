package foreman

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// Allocate promises stock to a checked order: all of it, or none, so that a
// short order does not starve the others. No channel gets more than its quota, and
// a SKU that was short too often stops until a lead has looked. An order that is
// not ready is left alone without a word.
func (f *Foreman) Allocate(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	now := moment()
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
		if len(missing) > 0 {
			if o.Short && o.ShortWhy == "" {
				return nil, nil // said already
			}
			return v.oversold([]floor.Fact{floor.OrderShort{Order: id, Missing: missing}}, missing, now)
		}
		over, why, err := v.bounded(o)
		switch {
		case err != nil || o.Short && why != "" && o.ShortWhy == why:
			return nil, err
		case why != "":
			return []floor.Fact{floor.OrderShort{Order: id, Missing: over, Why: why}}, nil
		}
		r := floor.StockReserved{Order: id, Of: of, All: true}
		if f.o.ReserveFor != 0 {
			r.Until = now.Add(f.o.ReserveFor)
		}
		return []floor.Fact{r}, nil
	})
}

// bounded gives what an order may not have though it lies there: of a SKU that is
// stopped, or beyond its channel's quota.
func (v look) bounded(o floor.Order) ([]floor.SKUQty, string, error) {
	var stopped, beyond []floor.SKUQty
	wants := map[floor.SKU]int{}
	for _, l := range o.Lines {
		wants[l.SKU] += l.Qty
	}
	for _, sku := range slices.Sorted(maps.Keys(wants)) {
		s, err := v.Shortage(sku)
		if err != nil {
			return nil, "", err
		}
		if !s.Stopped.IsZero() {
			stopped = append(stopped, floor.SKUQty{SKU: sku, Qty: wants[sku]})
		}
		q, ok, err := v.Quota(o.Channel, sku)
		if err != nil {
			return nil, "", err
		}
		if ok && q.Left() < wants[sku] {
			beyond = append(beyond, floor.SKUQty{SKU: sku, Qty: wants[sku] - q.Left()})
		}
	}
	switch {
	case len(stopped) > 0:
		return stopped, "stopped", nil
	case len(beyond) > 0:
		return beyond, "quota", nil
	}
	return nil, "", nil
}

// oversold stops the SKUs of which more orders were short within the window than
// the site allows, and calls a lead.
func (v look) oversold(facts []floor.Fact, missing []floor.SKUQty, now time.Time) ([]floor.Fact, error) {
	for i, m := range missing {
		twice := slices.ContainsFunc(missing[:i], func(x floor.SKUQty) bool { return x.SKU == m.SKU })
		s, err := v.Shortage(m.SKU)
		if err != nil {
			return nil, err
		}
		n := 1
		for _, at := range s.At {
			if now.UnixMilli()-at < v.f.o.ShortWindow.Milliseconds() {
				n++
			}
		}
		if v.f.o.MaxShorts == 0 || n <= v.f.o.MaxShorts || twice || !s.Stopped.IsZero() {
			continue
		}
		facts = append(facts, floor.SKUStopped{SKU: m.SKU, Shorts: n})
		if facts, err = v.alert(facts, "", "sku-stopped", "sku", string(m.SKU), "n", strconv.Itoa(n)); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// ResumeSKU lets a stopped SKU be promised again, after a lead has looked.
func (f *Foreman) ResumeSKU(ctx context.Context, by By, sku floor.SKU) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		s, err := v.Shortage(sku)
		if err != nil || s.Stopped.IsZero() {
			return nil, orRefuse(err, floor.Refuse("sku-not-stopped", "sku", sku))
		}
		return []floor.Fact{floor.SKUResumed{SKU: sku}}, nil
	})
}

// SetQuota bounds what a channel's orders may be promised of a SKU from now on;
// -1 lifts the bound.
func (f *Foreman) SetQuota(ctx context.Context, by By, ch floor.ChannelID, sku floor.SKU, limit int) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if limit < -1 || limit > MaxCount {
			return nil, floor.Refuse("bad-qty", "got", limit, "max", MaxCount)
		}
		if _, ok, err := v.SKU(sku); err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-sku", "got", sku))
		}
		return []floor.Fact{floor.QuotaSet{Channel: ch, SKU: sku, Limit: limit}}, nil
	})
}

// Expire takes an order's promises back whose time is over, so that others may
// have them, and lets it be allocated again. A wave's order keeps them.
func (f *Foreman) Expire(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	now := moment()
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		o, ok, err := v.Order(id)
		if err != nil || !ok || o.State != floor.Allocated || o.Until.IsZero() || now.Before(o.Until) {
			return nil, err
		}
		return []floor.Fact{floor.StockFreed{Order: id, Of: promises(o), Why: "expired", Again: true}}, nil
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
