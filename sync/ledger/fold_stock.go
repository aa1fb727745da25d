package ledger

import (
	"fmt"
	"slices"

	"floord/floor"
)

func (f *folder) skus(list []floor.SKUInfo) error {
	f.r.skus.forget()
	for _, s := range list {
		old, had, err := getRow[floor.SKUInfo](f.r, vSKUs, string(s.SKU))
		if err != nil {
			return err
		}
		if had && old.Barcode != "" && old.Barcode != s.Barcode {
			if err := f.r.delete(vBarcodes, old.Barcode); err != nil {
				return err
			}
		}
		if s.Barcode != "" {
			if err := putRow(f.r, vBarcodes, s.Barcode, s.SKU); err != nil {
				return err
			}
		}
		if err := putRow(f.r, vSKUs, string(s.SKU), s); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) stock(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.StockCounted:
		if x.Why == "count" {
			if err := f.r.delete(vCounts, stockKey(x.Spot)); err != nil {
				return err
			}
		}
		if err := f.recounted(x); err != nil {
			return err
		}
		return f.bin(x.Spot, func(s *floor.Stock) { s.OnHand = x.Qty })
	case floor.StockMoved:
		return f.moved(x)
	case floor.RefillShort:
		return f.refillShort(x)
	case floor.StockReserved:
		for _, r := range x.Of {
			if err := f.bin(r.Spot(), func(s *floor.Stock) { s.Reserved += r.Qty }); err != nil {
				return err
			}
		}
		var ch floor.ChannelID
		err := f.order(x.Order, func(o *floor.Order) {
			ch, o.Until = o.Channel, x.Until
			for _, r := range x.Of {
				l := o.Line(r.Line)
				reserve(l, r.Bin, r.Lot, r.Qty)
				l.Missing = max(0, l.Missing-r.Qty)
			}
			if x.All {
				o.Short, o.ShortWhy, o.Tally.AllocatedAt = false, "", f.e.At
				if o.State == floor.Checked {
					o.State = floor.Allocated
				}
			}
		})
		if err != nil {
			return err
		}
		return f.used(ch, x.Of, 1)
	case floor.StockFreed:
		for _, r := range x.Of {
			if err := f.bin(r.Spot(), func(s *floor.Stock) { s.Reserved -= r.Qty }); err != nil {
				return err
			}
		}
		var ch floor.ChannelID
		err := f.order(x.Order, func(o *floor.Order) {
			ch = o.Channel
			for _, r := range x.Of {
				reserve(o.Line(r.Line), r.Bin, r.Lot, -r.Qty)
			}
			if x.Again && o.State == floor.Allocated {
				o.State = floor.Checked
			}
		})
		if err != nil {
			return err
		}
		return f.used(ch, x.Of, -1)
	case floor.OrderShort:
		if x.Why == "" {
			for _, m := range x.Missing {
				err := f.shortage(m.SKU, func(s *floor.Shortage) {
					s.At = append(s.At, f.e.At.UnixMilli())
					s.At = s.At[max(0, len(s.At)-floor.MaxShorts):]
				})
				if err != nil {
					return err
				}
			}
		}
		return f.order(x.Order, func(o *floor.Order) { o.Short, o.ShortWhy = true, x.Why })
	case floor.SKUStopped:
		return f.shortage(x.SKU, func(s *floor.Shortage) { s.Stopped = f.e.At })
	case floor.SKUResumed:
		return f.r.delete(vShortages, string(x.SKU))
	case floor.QuotaSet:
		key := string(x.Channel) + "|" + string(x.SKU)
		if x.Limit < 0 {
			return f.r.delete(vQuotas, key)
		}
		return putRow(f.r, vQuotas, key, floor.Quota{Channel: x.Channel, SKU: x.SKU, Limit: x.Limit})
	}
	return nil
}

// moved folds pieces from one pool to another, and the stop of the walk that did it.
func (f *folder) moved(x floor.StockMoved) error {
	for _, side := range []struct {
		floor.Place
		n int
	}{{x.From, -x.Qty}, {x.To, x.Qty}} {
		if side.Place == (floor.Place{}) {
			continue
		}
		if err := f.bin(floor.Spot{Bin: side.Bin, SKU: x.SKU, Lot: x.Lot}, func(s *floor.Stock) { s.Add(side.Pool, side.n) }); err != nil {
			return err
		}
	}
	if x.Stop == 0 {
		return nil
	}
	var t floor.Task
	if err := f.task(x.Task, func(row *floor.Task) { row.Stop(x.Stop).Done += x.Qty; t = *row }); err != nil {
		return err
	}
	return f.worksAt(x.Person, t, t.Stop(x.Stop).Bin, 1, x.Qty)
}

// refillShort takes what is missing out of the walk: it can neither be taken nor put.
func (f *folder) refillShort(x floor.RefillShort) error {
	var t floor.Task
	err := f.task(x.Task, func(row *floor.Task) {
		for i := range row.Stops {
			row.Stops[i].Missing += x.Qty
		}
		t = *row
	})
	if err == nil {
		err = f.worksAt(x.Person, t, x.Bin, 0, 0)
	}
	if err == nil {
		err = f.bin(x.Spot, func(s *floor.Stock) { s.Reserved -= x.Qty })
	}
	if err != nil {
		return err
	}
	return f.countWanted(x.Spot, "short")
}

// used counts what is promised to a channel's order, or comes back, against the
// channel's quotas.
func (f *folder) used(ch floor.ChannelID, of []floor.Reservation, sign int) error {
	for _, r := range of {
		key := string(ch) + "|" + string(r.SKU)
		q, ok, err := getRow[floor.Quota](f.r, vQuotas, key)
		if err != nil {
			return err
		}
		if ok {
			q.Used = max(0, q.Used+sign*r.Qty)
			if err := putRow(f.r, vQuotas, key, q); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *folder) shortage(sku floor.SKU, change func(*floor.Shortage)) error {
	s, _, err := ownRow[floor.Shortage](f.r, vShortages, string(sku))
	if err != nil {
		return err
	}
	s.SKU = sku
	change(&s)
	keepRow(f.r, vShortages, string(sku), s)
	return nil
}

// countWanted notes that a bin should be counted; the first reason stays.
func (f *folder) countWanted(at floor.Spot, why string) error {
	key := stockKey(at)
	if _, ok, err := getRow[floor.CountWanted](f.r, vCounts, key); err != nil || ok {
		return err
	}
	return putRow(f.r, vCounts, key, floor.CountWanted{Spot: at, Why: why, Since: f.e.At})
}

// reserve adds n to what l has reserved of a lot in a bin.
func reserve(l *floor.Line, bin floor.BinID, lot floor.Lot, n int) {
	i := slices.IndexFunc(l.Reserved, func(b floor.BinQty) bool { return b.Bin == bin && b.Lot == lot })
	l.Reserved = slices.Clone(l.Reserved)
	if i < 0 {
		l.Reserved = append(l.Reserved, floor.BinQty{Lot: lot, Bin: bin, Qty: n})
		return
	}
	l.Reserved[i].Qty += n
	if l.Reserved[i].Qty == 0 {
		l.Reserved = slices.Delete(l.Reserved, i, i+1)
	}
}

// bin changes the stock at a spot. Promise 2 is asserted here, where every change of
// stock must pass: a decision that would break it breaks its commit and not the stock.
func (f *folder) bin(at floor.Spot, change func(*floor.Stock)) error {
	key := stockKey(at)
	s, had, err := ownRow[floor.Stock](f.r, vStock, key)
	if err != nil {
		return err
	}
	lay := had && (s.OnHand > 0 || s.Transit > 0)
	s.Spot = at
	change(&s)
	if s.Reserved < 0 || s.Inspection < 0 || s.Transit < 0 || s.Reserved+s.Inspection > s.OnHand {
		return fmt.Errorf("stock of %s %v in %s: %d reserved and %d in inspection of %d on hand, %d in transit", at.SKU, at.Lot, at.Bin, s.Reserved, s.Inspection, s.OnHand, s.Transit)
	}
	if !had {
		if err := f.r.put(vLies, string(at.SKU)+"|"+string(at.Bin), nil); err != nil {
			return err
		}
	}
	if lies := s.OnHand > 0 || s.Transit > 0; at.Lot != (floor.Lot{}) && lies != lay { // lots come and go, a bin stays
		if lies {
			err = f.r.put(vLies, liesKey(at), nil)
		} else {
			err = f.r.delete(vLies, liesKey(at))
		}
		if err != nil {
			return err
		}
	}
	keepRow(f.r, vStock, key, s)
	return nil
}
