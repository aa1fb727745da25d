package foreman

import (
	"strconv"

	"floord/floor"
	"floord/wave"
)

// Plannable gives an allocated order as the planner sees it. weight gives what
// one piece of a SKU weighs, 0 if not known; nil means that none is.
func Plannable(o floor.Order, weight func(floor.SKU) floor.Grams) wave.Order {
	w := wave.Order{
		ID: o.ID, ShipBy: o.ShipBy, Received: o.ReceivedAt, Urgent: o.Urgent(), Carrier: o.Carrier,
	}
	for _, l := range o.Lines {
		var g floor.Grams
		if weight != nil {
			g = weight(l.SKU)
		}
		for _, b := range l.Reserved {
			w.Lines = append(w.Lines, wave.Line{No: l.No, SKU: l.SKU, Bin: b.Bin, Qty: b.Qty, Grams: g})
		}
	}
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
