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
		return f.bin(x.Bin, x.SKU, func(s *floor.Stock) { s.OnHand = x.Qty })
	case floor.StockReserved:
		for _, r := range x.Of {
			if err := f.bin(r.Bin, r.SKU, func(s *floor.Stock) { s.Reserved += r.Qty }); err != nil {
				return err
			}
		}
		return f.order(x.Order, func(o *floor.Order) {
			for _, r := range x.Of {
				l := o.Line(r.Line)
				reserve(l, r.Bin, r.Qty)
				l.Missing = max(0, l.Missing-r.Qty)
			}
			if x.All {
				o.Short = false
				if o.State == floor.Checked {
					o.State = floor.Allocated
				}
			}
		})
	case floor.StockFreed:
		for _, r := range x.Of {
			if err := f.bin(r.Bin, r.SKU, func(s *floor.Stock) { s.Reserved -= r.Qty }); err != nil {
				return err
			}
		}
		return f.order(x.Order, func(o *floor.Order) {
			for _, r := range x.Of {
				reserve(o.Line(r.Line), r.Bin, -r.Qty)
			}
		})
	case floor.OrderShort:
		return f.order(x.Order, func(o *floor.Order) { o.Short = true })
	}
	return nil
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
	s, had, err := getRow[floor.Stock](f.r, vStock, key)
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
	return putRow(f.r, vStock, key, s)
}
