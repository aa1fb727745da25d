package foreman

import (
	"context"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// A Scan is a carrier's first scan of a parcel, as somebody tells it.
type Scan struct {
	Waybill floor.WaybillNo
	At      time.Time
}

// MaxAhead is how far a carrier's clock may be ahead of ours.
const MaxAhead = 10 * time.Minute

// Collected notes that a carrier has parcels in its hands. Source says who told it. A
// number that no parcel of the carrier left with, that was told of already, or whose
// scan lies in the future changes nothing.
func (f *Foreman) Collected(ctx context.Context, by By, c floor.CarrierID, source string, scans []Scan) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		now := moment()
		told := map[floor.ParcelID]bool{}
		var facts []floor.Fact
		for _, s := range scans {
			id, ok, err := v.ParcelByWaybill(s.Waybill)
			if err != nil {
				return nil, err
			}
			p, there, err := v.Parcel(id)
			if err != nil {
				return nil, err
			}
			if !ok || !there || told[id] || p.State != floor.ParcelHasLeft || p.Carrier != c || p.Waybill != s.Waybill ||
				!p.CollectedAt.IsZero() || s.At.IsZero() || s.At.After(now.Add(MaxAhead)) {
				continue
			}
			told[id] = true
			o, err := v.order(p.Order)
			if err != nil {
				return nil, err
			}
			whole, err := v.allCollected(o, told)
			if err != nil {
				return nil, err
			}
			facts = append(facts, floor.ParcelCollected{
				Parcel: id, Order: p.Order, Carrier: c, Waybill: s.Waybill, Scanned: s.At.UTC().Truncate(time.Millisecond), Source: source, Last: whole,
			})
		}
		return facts, nil
	})
}

// allCollected reports whether the carrier has every parcel of an order once it has
// those told of now.
func (v look) allCollected(o floor.Order, told map[floor.ParcelID]bool) (bool, error) {
	if o.State.Before(floor.HandedOver) {
		return false, nil
	}
	for _, id := range o.Parcels {
		p, ok, err := v.Parcel(id)
		if err != nil {
			return false, err
		}
		if ok && p.State != floor.ParcelIsVoid && p.CollectedAt.IsZero() && !told[id] {
			return false, nil
		}
	}
	return true, nil
}
