package ledger

import (
	"fmt"
	"slices"

	"floord/floor"
)

func (f *folder) skus(list []floor.SKUInfo) error {
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
			if err := f.r.delete(vCounts, stockKey(x.Bin, x.SKU)); err != nil {
				return err
			}
		}
		if err := f.recounted(x); err != nil {
			return err
		}
		return f.bin(x.Bin, x.SKU, func(s *floor.Stock) { s.OnHand = x.Qty })
	case floor.StockReserved:
		for _, r := range x.Of {
			if err := f.bin(r.Bin, r.SKU, func(s *floor.Stock) { s.Reserved += r.Qty }); err != nil {
				return err
			}
		}
		var ch floor.ChannelID
		err := f.order(x.Order, func(o *floor.Order) {
			ch, o.Until = o.Channel, x.Until
			for _, r := range x.Of {
				l := o.Line(r.Line)
				reserve(l, r.Bin, r.Qty)
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
			if err := f.bin(r.Bin, r.SKU, func(s *floor.Stock) { s.Reserved -= r.Qty }); err != nil {
				return err
			}
		}
		var ch floor.ChannelID
		err := f.order(x.Order, func(o *floor.Order) {
			ch = o.Channel
			for _, r := range x.Of {
				reserve(o.Line(r.Line), r.Bin, -r.Qty)
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
func (f *folder) countWanted(bin floor.BinID, sku floor.SKU, why string) error {
	key := stockKey(bin, sku)
	if _, ok, err := getRow[floor.CountWanted](f.r, vCounts, key); err != nil || ok {
		return err
	}
	return putRow(f.r, vCounts, key, floor.CountWanted{Bin: bin, SKU: sku, Why: why, Since: f.e.At})
}

// reserve adds n to what l has reserved in a bin.
func reserve(l *floor.Line, bin floor.BinID, n int) {
	i := slices.IndexFunc(l.Reserved, func(b floor.BinQty) bool { return b.Bin == bin })
	l.Reserved = slices.Clone(l.Reserved)
	if i < 0 {
		l.Reserved = append(l.Reserved, floor.BinQty{Bin: bin, Qty: n})
		return
	}
	l.Reserved[i].Qty += n
	if l.Reserved[i].Qty == 0 {
		l.Reserved = slices.Delete(l.Reserved, i, i+1)
	}
}

// bin changes the stock of a SKU in a bin. Promise 2 is asserted here, where
// every change of stock must pass: a decision that would break it breaks its
// commit and not the stock.
func (f *folder) bin(bin floor.BinID, sku floor.SKU, change func(*floor.Stock)) error {
	key := stockKey(bin, sku)
	s, had, err := ownRow[floor.Stock](f.r, vStock, key)
	if err != nil {
		return err
	}
	s.Bin, s.SKU = bin, sku
	change(&s)
	if s.Reserved < 0 || s.Reserved > s.OnHand {
		return fmt.Errorf("stock of %s in %s: %d reserved of %d on hand", sku, bin, s.Reserved, s.OnHand)
	}
	if !had {
		if err := f.r.put(vLies, string(sku)+"|"+string(bin), nil); err != nil {
			return err
		}
	}
	keepRow(f.r, vStock, key, s)
	return nil
}
