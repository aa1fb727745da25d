package foreman

import (
	"context"
	"slices"

	"floord/floor"
	"floord/sync/ledger"
)

// MaxWeight is the heaviest parcel a weight is believed for.
const MaxWeight floor.Grams = 100_000

// Weigh keeps a settled weight. One outside the tolerance is kept as such, with
// what would explain it (floor.WeightMissed): the parcel is weighed only when the
// next one is right, or a lead lets this one pass.
func (f *Foreman) Weigh(ctx context.Context, by By, id floor.ParcelID, w floor.Weight) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.weighable(by, id, w)
		if err != nil {
			return nil, err
		}
		in, err := v.packed(p)
		if err != nil {
			return nil, err
		}
		tare := v.tare(p)
		expected, tolerance, known := f.o.Tolerance.Expect(in, tare)
		w.Expected = expected
		if off := w.Grams - expected; !known || -tolerance <= off && off <= tolerance {
			return []floor.Fact{floor.ParcelWeighed{Parcel: id, Order: o.ID, Station: p.Station, Weight: w, Tare: &tare}}, nil
		}
		rest, err := v.unpacked(o, in)
		if err != nil {
			return nil, err
		}
		why := floor.Explain(append(in, rest...), tare, f.o.Packagings, w.Grams-expected, tolerance)
		return []floor.Fact{floor.WeightMissed{
			Parcel: id, Order: o.ID, Station: p.Station, Weight: w, Tolerance: tolerance, Why: why,
		}}, nil
	})
}

// weighable gives a parcel that may be weighed, and refuses a weight that cannot be its.
func (v look) weighable(by By, id floor.ParcelID, w floor.Weight) (floor.Parcel, floor.Order, error) {
	p, o, err := v.handling(by, id)
	switch {
	case err != nil:
	case unverified(p) > 0:
		err = floor.Refuse("not-verified", "parcel", id, "left", unverified(p))
	case len(v.f.o.Packagings) > 0 && p.Box == "":
		err = floor.Refuse("no-box", "parcel", id)
	case w.Grams <= 0 || w.Grams > MaxWeight:
		err = floor.Refuse("bad-weight", "got", w.Grams)
	case !w.ZeroSeen:
		err = floor.Refuse("no-zero")
	}
	return p, o, err
}

// Packagings are those of which a packer must scan one for each parcel.
func (f *Foreman) Packagings() []floor.Packaging { return f.o.Packagings }

// Expect says what a parcel should weigh and by how much it may miss that, as v
// has it; known is false if the weight of something in it is not known.
func (f *Foreman) Expect(v *ledger.View, p floor.Parcel) (grams, tolerance floor.Grams, known bool, err error) {
	l := newLook(v, f)
	in, err := l.packed(p)
	if err != nil {
		return 0, 0, false, err
	}
	grams, tolerance, known = f.o.Tolerance.Expect(in, l.tare(p))
	return grams, tolerance, known, nil
}

// tare is what a parcel's packaging weighs: that of the site where none was scanned.
func (v look) tare(p floor.Parcel) floor.Grams {
	if p.Box != "" {
		return p.BoxGrams
	}
	return v.f.o.Packaging
}

// packed gives the SKUs of a parcel with what is known of their weight.
func (v look) packed(p floor.Parcel) ([]floor.PackedSKU, error) {
	var in []floor.PackedSKU
	for _, i := range p.Items {
		if at := slices.IndexFunc(in, func(x floor.PackedSKU) bool { return x.SKU == i.SKU }); at >= 0 {
			in[at].Qty += i.Qty
			continue
		}
		x, err := v.weightOf(i.SKU)
		if err != nil {
			return nil, err
		}
		x.Qty = i.Qty
		in = append(in, x)
	}
	return in, nil
}

// unpacked gives the SKUs of an order that are not in a parcel: one of them may
// have got into it by mistake.
func (v look) unpacked(o floor.Order, in []floor.PackedSKU) ([]floor.PackedSKU, error) {
	var rest []floor.PackedSKU
	for _, l := range o.Lines {
		has := func(x floor.PackedSKU) bool { return x.SKU == l.SKU }
		if slices.ContainsFunc(in, has) || slices.ContainsFunc(rest, has) {
			continue
		}
		x, err := v.weightOf(l.SKU)
		if err != nil {
			return nil, err
		}
		rest = append(rest, x)
	}
	return rest, nil
}

// weightOf prefers what parcels have taught to what is written down.
func (v look) weightOf(sku floor.SKU) (floor.PackedSKU, error) {
	u, _, err := v.UnitWeight(sku)
	if err != nil || u.N > 0 {
		return floor.PackedSKU{SKU: sku, Each: u.Mean, Var: u.Var, Sure: true}, err
	}
	s, _, err := v.SKU(sku)
	return floor.PackedSKU{SKU: sku, Each: int64(s.Grams) * 1000}, err
}

// leadOf gives the lead who agrees: whose badge was scanned, or who asks.
func (v look) leadOf(by By, badge string) (floor.PersonID, error) {
	if badge == "" {
		p, err := v.must(by, floor.RoleLead)
		return p.ID, err
	}
	p, ok, err := v.PersonByBadge(Hash(badge))
	switch {
	case err != nil:
		return "", err
	case !ok:
		return "", floor.Refuse("no-badge")
	case !p.May(floor.RoleLead):
		return "", floor.Refuse("no-role", "role", floor.RoleLead)
	}
	return p.ID, nil
}

// PassWeight lets the weight of a parcel count that was outside the tolerance, or is
// over what its carrier takes unseen, for one of floor.PassReasons. A lead must agree: who asks, or whose badge is given.
func (f *Foreman) PassWeight(ctx context.Context, by By, id floor.ParcelID, reason, badge string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.handling(by, id)
		var weight *floor.Weight
		if p.Off != nil {
			weight = &p.Off.Weight
		} else if err == nil {
			heavy, ferr := v.fuse(func(x floor.Fuse) bool { return x.Cause == floor.FuseWeight && x.Parcel == id })
			if err = ferr; heavy != nil {
				weight = p.Weight
			}
		}
		switch {
		case err != nil:
			return nil, err
		case weight == nil:
			return nil, floor.Refuse("nothing-to-pass", "parcel", id)
		case !slices.Contains(floor.PassReasons, reason):
			return nil, floor.Refuse("bad-reason", "got", reason)
		}
		who, err := v.leadOf(by, badge)
		if err != nil {
			return nil, err
		}
		tare := v.tare(p)
		return []floor.Fact{floor.ParcelWeighed{
			Parcel: id, Order: o.ID, Station: p.Station, Weight: *weight, Manual: true, Reason: reason, PassedBy: who, Tare: &tare,
		}}, nil
	})
}

// TypeWeight keeps a weight that a lead has read from another scale: by who asks,
// or by the badge given.
func (f *Foreman) TypeWeight(ctx context.Context, by By, id floor.ParcelID, grams floor.Grams, badge string) (ledger.Receipt, error) {
	now := moment()
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		w := floor.Weight{Grams: grams, ZeroSeen: true, At: now, By: "typed"}
		p, o, err := v.weighable(by, id, w)
		if err != nil {
			return nil, err
		}
		who, err := v.leadOf(by, badge)
		if err != nil {
			return nil, err
		}
		in, err := v.packed(p)
		if err != nil {
			return nil, err
		}
		w.Expected, _, _ = f.o.Tolerance.Expect(in, v.tare(p))
		return []floor.Fact{floor.ParcelWeighed{
			Parcel: id, Order: o.ID, Station: p.Station, Weight: w, Manual: true, Reason: floor.PassTyped, PassedBy: who,
		}}, nil
	})
}
