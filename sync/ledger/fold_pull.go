package ledger

import (
	"cmp"

	"floord/floor"
)

func pullKey(s floor.StationID, p floor.ParcelID) string { return string(s) + "|" + numKey(string(p)) }

// pull notes that the label of a sealed parcel must be found because of an order, if it
// may have come out. Sheets of a run that nobody has packed yet are called out of its pile instead.
func (f *folder) pull(id floor.ParcelID, of floor.OrderID, why string) error {
	p, ok, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(id)))
	if err != nil || !ok || p.SealedAt.IsZero() || p.Printed == 0 && p.Label != floor.LabelDoubt && p.Label != floor.LabelBegun {
		return err
	}
	return putRow(f.r, vPulls, pullKey(p.Station, id), floor.Pull{
		Parcel: id, Order: of, Station: p.Station, Waybill: p.Waybill, Run: p.Run, RunNo: p.RunNo, Why: why,
	})
}

func (f *folder) unpull(s floor.StationID, p floor.ParcelID) error {
	return f.r.delete(vPulls, pullKey(s, p))
}

// pullOrder notes that the labels of an order are to be held back while it is
// frozen; when it goes on, those that say another address stay held back. One that goes
// with others holds all of them back.
func (f *folder) pullOrder(o floor.Order) error {
	of := o.ID
	if o.In != "" {
		g, _, err := getRow[floor.Order](f.r, vOrders, string(o.In))
		if err != nil {
			return err
		}
		o, of = g, cmp.Or(freezeOf(g.Freeze), of)
	}
	return each(o.Parcels, func(id floor.ParcelID) error {
		p, ok, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(id)))
		if err != nil || !ok || p.State != floor.ParcelIsSealed {
			return err
		}
		switch {
		case o.Freeze != nil:
			return f.pull(id, of, "frozen")
		case p.Mark != "" && p.Mark != o.Token:
			return f.pull(id, of, "address")
		}
		return f.unpull(p.Station, id)
	})
}

// freezeOf is the order that a freeze came from, where that is not its own.
func freezeOf(f *floor.Freeze) floor.OrderID {
	if f == nil {
		return ""
	}
	return f.Of
}

// Pulls calls f with the labels at a station that must be found, the oldest first.
func (v *View) Pulls(s floor.StationID, f func(floor.Pull) bool) error {
	return scanRows(v.rows, vPulls, "", string(s)+"|", func(_ string, p floor.Pull) bool { return f(p) })
}

// Pull gives what is to be done with a label, if it must be found.
func (v *View) Pull(s floor.StationID, p floor.ParcelID) (floor.Pull, bool, error) {
	return getRow[floor.Pull](v.rows, vPulls, pullKey(s, p))
}
