package foreman

import (
	"slices"
	"strconv"
	"strings"

	"floord/floor"
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
		for _, b := range l.Reserved {
			w.Lines = append(w.Lines, wave.Line{
				No: l.No, SKU: l.SKU, Bin: b.Bin, Qty: b.Qty, Grams: k.Grams, Millilitres: k.Millilitres, Fragile: k.Fragile,
			})
		}
	}
	slices.Sort(classes)
	w.Class = strings.Join(slices.Compact(classes), "+")
	return w
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
