package foreman

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/wave"
)

// Plannable gives an allocated order as the planner sees it. sku gives what is
// known of a SKU; nil means that nothing is. An order is of the classes of all its
// goods: one with something cold among the rest rides with its like.
func Plannable(o floor.Order, sku func(floor.SKU) floor.SKUInfo) wave.Order {
	w := wave.Order{
		ID: o.ID, ShipBy: o.ShipBy, Received: o.ReceivedAt, Urgent: o.Urgent(), Carrier: o.Carrier,
	}
	var classes []string
	for _, l := range o.Lines {
		var k floor.SKUInfo
		if sku != nil {
			k = sku(l.SKU)
		}
		if k.Class != "" {
			classes = append(classes, k.Class)
		}
		for i, b := range l.Reserved {
			if slices.ContainsFunc(l.Reserved[:i], func(x floor.BinQty) bool { return x.Bin == b.Bin }) {
				continue // its lots are one stop
			}
			for _, x := range l.Reserved[i+1:] {
				if x.Bin == b.Bin {
					b.Qty += x.Qty
				}
			}
			w.Lines = append(w.Lines, wave.Line{
				No: l.No, SKU: l.SKU, Bin: b.Bin, Qty: b.Qty, Grams: k.Grams, Millilitres: k.Millilitres, Fragile: k.Fragile,
			})
		}
	}
	slices.Sort(classes)
	w.Class = strings.Join(slices.Compact(classes), "+")
	return w
}

// Foresee says which carrier would take each of the orders if it were packed now, with
// what is known of their weight. None of them is written.
func (f *Foreman) Foresee(orders []wave.Order, row func(floor.OrderID) floor.Order, now time.Time) ([]floor.CarrierRule, error) {
	out := make([]floor.CarrierRule, len(orders))
	err := f.l.Read(func(v *ledger.View) error {
		look := newLook(v, f)
		for i, o := range orders {
			var grams floor.Grams
			for _, l := range o.Lines {
				grams += l.Grams * floor.Grams(l.Qty)
			}
			c, err := look.choose(row(o.ID), grams, now)
			if err != nil {
				return err
			}
			if c.Carrier != "" {
				out[i] = f.rule(c.Carrier)
			}
		}
		return nil
	})
	return out, err
}

// Places gives bins as the planner sees them. A bin without a zone and an aisle
// has no known place.
func Places(bins []floor.BinInfo) []wave.Bin {
	out := make([]wave.Bin, len(bins))
	for i, b := range bins {
		out[i] = wave.Bin{
			ID: b.Bin, Zone: b.Zone, Aisle: strconv.Itoa(b.Aisle),
			X: wave.Metres(b.X), Y: wave.Metres(b.Y), Placed: b.Aisle > 0,
		}
	}
	return out
}
