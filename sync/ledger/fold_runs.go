package ledger

import (
	"slices"

	"floord/floor"
)

// runs folds labels that are printed before their orders are packed.
func (f *folder) runs(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.RunOpened:
		return f.runOpened(x)
	case floor.SheetsCalled:
		return f.run(x.Run, func(r *floor.Run) {
			r.Pull = slices.DeleteFunc(append(r.Pull, x.Sheets...), func(n int) bool { return slices.Contains(x.Keep, n) })
			slices.Sort(r.Pull)
			r.Pull = slices.Compact(r.Pull)
		})
	case floor.SheetsPulled:
		return f.run(x.Run, func(r *floor.Run) { without(r, x.Sheets...) })
	case floor.ParcelTaken:
		if err := putRow(f.r, vStations, string(x.Station), x.Parcel); err != nil {
			return err
		}
		if err := f.order(x.Order, func(o *floor.Order) { o.State = floor.Packing }); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) { p.State, p.Station = floor.ParcelIsOpen, x.Station })
	}
	return nil
}

func (f *folder) runOpened(x floor.RunOpened) error {
	if err := f.number("run", idNumber(x.Run)); err != nil {
		return err
	}
	r := floor.Run{ID: x.Run, Wave: x.Wave, Station: x.Station, Of: len(x.Sheets), OpenedAt: f.e.At}
	for _, s := range x.Sheets {
		if err := f.bind(s.Parcel, s.Carrier, s.Waybill); err != nil {
			return err
		}
		if err := f.bound(s.Order, s.Booking); err != nil {
			return err
		}
		if err := f.number("parcel", idNumber(string(s.Parcel))); err != nil {
			return err
		}
		mark := ""
		err := f.order(s.Order, func(o *floor.Order) {
			mark = o.Token
			o.Carrier, o.Parcels = s.Carrier, append(slices.Clone(o.Parcels), s.Parcel)
		})
		if err != nil {
			return err
		}
		err = putRow(f.r, vParcels, numKey(string(s.Parcel)), floor.Parcel{
			ID: s.Parcel, Order: s.Order, Station: x.Station, State: floor.ParcelIsLabelled, Items: s.Items,
			Carrier: s.Carrier, Waybill: s.Waybill, SortCode: s.SortCode, Why: s.Why, Run: x.Run, RunNo: s.No, Mark: mark,
		})
		if err != nil {
			return err
		}
		r.Sheets = append(r.Sheets, floor.RunSheet{No: s.No, Order: s.Order, Parcel: s.Parcel})
	}
	return putRow(f.r, vRuns, numKey(x.Run), r)
}

// run changes a run; one with no sheet left is over.
func (f *folder) run(id string, do func(*floor.Run)) error {
	r, ok, err := getRow[floor.Run](f.r, vRuns, numKey(id))
	if err != nil || !ok {
		return err
	}
	do(&r)
	if len(r.Sheets) == 0 {
		return f.r.delete(vRuns, numKey(id))
	}
	return putRow(f.r, vRuns, numKey(id), r)
}

// sheetUsed notes that a parcel of a run was sealed, or ended before its label was
// ever on paper: its sheet need not be pulled.
func (f *folder) sheetUsed(id floor.ParcelID) error {
	p, ok, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(id)))
	if err != nil || !ok || p.Run == "" {
		return err
	}
	return f.run(p.Run, func(r *floor.Run) { without(r, p.RunNo) })
}

// without takes sheets off a run.
func without(r *floor.Run, sheets ...int) {
	gone := func(n int) bool { return slices.Contains(sheets, n) }
	r.Pull = slices.DeleteFunc(r.Pull, gone)
	r.Sheets = slices.DeleteFunc(r.Sheets, func(s floor.RunSheet) bool { return gone(s.No) })
}

// Run gives a run that has sheets left.
func (v *View) Run(id string) (floor.Run, bool, error) {
	r, ok, err := getRow[floor.Run](v.rows, vRuns, numKey(id))
	return r, ok && r.ID == id, err
}

// Runs calls f with the runs that have sheets left, the oldest first.
func (v *View) Runs(f func(floor.Run) bool) error {
	return scanRows(v.rows, vRuns, "", "", func(_ string, r floor.Run) bool { return f(r) })
}

// PooledWaybills gives the n lowest numbers fetched ahead from a carrier and not
// yet bound, or as many as there are.
func (v *View) PooledWaybills(c floor.CarrierID, n int) ([]floor.WaybillNo, error) {
	prefix := string(c) + "|"
	var out []floor.WaybillNo
	err := v.rows.scan(vPool, "", prefix, func(key string, _ []byte) (bool, error) {
		out = append(out, floor.WaybillNo(key[len(prefix):]))
		return len(out) < n, nil
	})
	return out, err
}
