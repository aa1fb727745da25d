package ledger

import (
	"floord/floor"
)

// dispute keeps whether the shop contradicts itself or us over an order, as far as
// its row says so. was is nil for a new one.
func (f *folder) dispute(was, o *floor.Order) error {
	if was != nil && was.ShopState == o.ShopState && was.Over() == o.Over() {
		return nil
	}
	kind, err := f.disputeKind(was, o)
	if err != nil || kind == "" && was == nil {
		return err
	}
	if kind == "" {
		return f.r.delete(vDisputes, string(o.ID))
	}
	d := f.newDispute(o, kind)
	if was != nil {
		d.Before = was.ShopState
	}
	return putRow(f.r, vDisputes, string(o.ID), d)
}

func (f *folder) newDispute(o *floor.Order, kind string) floor.Dispute {
	return floor.Dispute{Order: o.ID, Channel: o.Channel, Number: o.Number, Kind: kind, Ours: o.State, Theirs: o.ShopState, Since: f.e.At}
}

func (f *folder) disputeKind(was, o *floor.Order) (string, error) {
	shipped := o.ShopState.Rank() >= floor.ShopShipped.Rank()
	switch {
	case o.Trial:
		return "", nil
	case was != nil && was.ShopState.Rank() >= floor.ShopShipped.Rank() && o.ShopState.Rank() < was.ShopState.Rank():
		return floor.DisputeBack, nil
	case o.ShopState == floor.ShopCancelled && o.Over() && o.State != floor.Closed:
		return floor.DisputeGone, nil
	case !shipped || o.Over():
		return "", nil
	}
	for _, id := range o.Parcels {
		p, _, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(id)))
		if err != nil || p.State == floor.ParcelHasLeft {
			return "", err // of an order in several parcels the shop says so after the first
		}
	}
	return floor.DisputeShipped, nil
}

// disputed notes a saying of the shop's that another of the same moment outweighs.
func (f *folder) disputed(x floor.OrderDisputed) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(x.Order))
	if err != nil || !ok {
		return err
	}
	d := f.newDispute(&o, floor.DisputeMoment)
	d.Theirs, d.Before, d.Content = x.State, o.ShopState, x.Content
	return putRow(f.r, vDisputes, string(x.Order), d)
}

// reported begins to wait for the shop to say that an order was shipped.
func (f *folder) reported(id floor.OrderID) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil || !ok || o.ShopState != floor.ShopPaid || !o.Over() || o.State == floor.Closed {
		return err
	}
	return putRow(f.r, vDisputes, string(id), f.newDispute(&o, floor.DisputeUnshipped))
}

// Disputes calls f with the orders over which a shop contradicts itself or us, by
// order, until f says no. Those that only wait for the shop to say "shipped" are
// among them: see floor.Settles.
func (v *View) Disputes(f func(floor.Dispute) bool) error {
	return scanRows(v.rows, vDisputes, "", "", func(_ string, d floor.Dispute) bool { return f(d) })
}

// Dispute gives the dispute over an order, if there is one.
func (v *View) Dispute(id floor.OrderID) (floor.Dispute, bool, error) {
	return getRow[floor.Dispute](v.rows, vDisputes, string(id))
}
