package foreman

import (
	"context"
	"strings"
	"unicode/utf8"

	"floord/floor"
	"floord/sync/ledger"
)

// HandOver puts a parcel onto the handover sheet of a carrier: the last point
// where it can be stopped. A frozen order, another carrier's parcel, one whose
// label nobody saw come out, and one that has left already are refused. A label
// that must not exist any more is refused and raises an alarm; one whose number was
// taken for another address must be made anew first.
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
		case p.Mark != "" && p.Mark != o.Token:
			return nil, floor.Refuse("address-stale", "parcel", p.ID)
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
	if o.MergedBy == "" {
		return append(facts, shipReport(e, o, p.ID)), nil
	}
	for _, id := range o.Of { // one number, told for each
		one, err := v.order(id)
		if err != nil {
			return nil, err
		}
		facts = append(facts, shipReport(e, one, p.ID))
	}
	return facts, nil
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

// SignSheet ends a carrier's open handover sheet: its driver has counted the
// parcels, is named, and has signed, on the screen (ink) or on paper. Count is
// what the packer's screen showed; a sheet that has grown since is refused.
func (f *Foreman) SignSheet(ctx context.Context, by By, id floor.SheetID, count int, driver string, ink floor.Ink) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		who, err := v.must(by, floor.RolePacker)
		if err != nil {
			return nil, err
		}
		s, ok, err := v.SheetRow(id)
		driver := strings.TrimSpace(driver)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, floor.Refuse("unknown-sheet", "sheet", id)
		case !s.SignedAt.IsZero():
			return nil, floor.Refuse("sheet-signed", "sheet", id)
		case s.Parcels != count:
			return nil, floor.Refuse("sheet-changed", "sheet", id, "got", count, "want", s.Parcels)
		case count == 0:
			return nil, floor.Refuse("sheet-empty", "sheet", id)
		case driver == "" || utf8.RuneCountInString(driver) > 40:
			return nil, floor.Refuse("no-driver")
		case !ink.OK():
			return nil, floor.Refuse("bad-ink")
		}
		return []floor.Fact{floor.SheetSigned{
			Sheet: id, Carrier: s.Carrier, Parcels: count, Driver: driver, Person: who.ID, Ink: ink,
		}}, nil
	})
}

// Destroyed says that the label of a parcel that will not leave was found and
// destroyed. One that is only held back is refused: it may still be wanted.
func (f *Foreman) Destroyed(ctx context.Context, by By, code string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		who, err := v.must(by, floor.RolePacker)
		if err != nil {
			return nil, err
		}
		p, _, err := v.parcelOf(code)
		if err != nil {
			return nil, err
		}
		pull, ok, err := v.Pull(p.Station, p.ID)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, floor.Refuse("not-pulled", "parcel", p.ID)
		case pull.Why != "void":
			return nil, floor.Refuse("held-back", "parcel", p.ID)
		}
		return []floor.Fact{floor.LabelDestroyed{Parcel: p.ID, Order: p.Order, Station: p.Station, Person: who.ID}}, nil
	})
}
