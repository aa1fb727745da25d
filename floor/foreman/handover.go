package foreman

import (
	"context"
	"fmt"

	"floord/floor"
	"floord/sync/ledger"
)

// HandOver puts a parcel onto the handover sheet of a carrier: the last point
// where it can be stopped. A frozen order, another carrier's parcel, one whose
// label nobody saw come out, and one that has left already are refused. A label
// that must not exist any more is refused and raises an alarm.
func (f *Foreman) HandOver(ctx context.Context, by By, c floor.CarrierID, code string) (ledger.Receipt, error) {
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		p, o, err := v.parcelOf(code)
		if alarm, err := v.twin(p, code); err != nil || alarm != nil {
			return alarm, err
		}
		if err != nil {
			return nil, err
		}
		switch {
		case p.State == floor.ParcelHasLeft:
			return nil, floor.Refuse("already-left", "parcel", p.ID, "sheet", p.Sheet)
		case p.State == floor.ParcelIsVoid:
			return nil, floor.Refuse("parcel-void", "parcel", p.ID)
		}
		if err := awake(&o); err != nil {
			return nil, err
		}
		switch {
		case p.State != floor.ParcelIsSealed:
			return nil, floor.Refuse("not-sealed", "parcel", p.ID)
		case p.Label != floor.LabelPrinted:
			return nil, floor.Refuse("label-not-out", "parcel", p.ID, "label", p.Label)
		case p.Carrier != c:
			return nil, floor.Refuse("wrong-carrier", "parcel", p.ID, "want", p.Carrier, "got", c)
		}
		return v.leave(p, o)
	})
	if t, ok := last[floor.TwinScanned](r); ok && err == nil {
		err = floor.Refuse(t.Code(), "parcel", t.Parcel, "sheet", t.Sheet)
	}
	return r, err
}

func (v look) leave(p floor.Parcel, o floor.Order) ([]floor.Fact, error) {
	var facts []floor.Fact
	sheet, open, err := v.Sheet(p.Carrier)
	if err != nil {
		return nil, err
	}
	if !open {
		hs, err := v.ids("sheet", "H")
		if err != nil {
			return nil, err
		}
		sheet = floor.SheetID(hs.take())
		facts = append(facts, floor.SheetOpened{Sheet: sheet, Carrier: p.Carrier})
	}
	whole, err := v.wholeBut(o, p.ID)
	if err != nil {
		return nil, err
	}
	facts = append(facts, floor.ParcelLeft{Parcel: p.ID, Order: o.ID, Sheet: sheet, Carrier: p.Carrier, Last: whole})
	if !v.f.o.Reports(o.Channel) {
		return facts, nil
	}
	e, err := v.ids("effect", "E")
	if err != nil {
		return nil, err
	}
	return append(facts, floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(e.take()), Lane: "shop/" + string(o.Channel), What: floor.EffectShipReport,
		Class: floor.Idempotent, Order: o.ID, Parcel: p.ID,
		Args: map[string]string{"key": fmt.Sprintf("parcel/%s", p.ID)},
	}}), nil
}

// wholeBut reports whether the whole order has left once parcel id has.
func (v look) wholeBut(o floor.Order, id floor.ParcelID) (bool, error) {
	if o.State != floor.Sealed {
		return false, nil // something is still to be packed
	}
	for _, other := range o.Parcels {
		p, ok, err := v.Parcel(other)
		if err != nil {
			return false, err
		}
		if ok && other != id && p.State != floor.ParcelHasLeft && p.State != floor.ParcelIsVoid {
			return false, nil
		}
	}
	return true, nil
}
