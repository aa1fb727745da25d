package foreman

import (
	"context"
	"errors"
	"slices"

	"floord/floor"
	"floord/sync/ledger"
)

// open gives the facts that open a fuse and call a lead, or nil if one with that
// cause is open for the same already: one trip is told once.
func (v look) open(t floor.Trip) ([]floor.Fact, error) {
	open, err := v.fuse(func(x floor.Fuse) bool { return x.Cause == t.Cause && x.Scope == t.Scope })
	if err != nil || open != nil {
		return nil, err
	}
	fs, err := v.ids("fuse", "F")
	if err != nil {
		return nil, err
	}
	es, err := v.ids("effect", "E")
	if err != nil {
		return nil, err
	}
	opened := floor.FuseOpened{Fuse: fs.take(), Trip: t}
	return []floor.Fact{opened, opened.Call(floor.EffectID(es.take()))}, nil
}

// fuse gives the oldest open fuse that want takes, or nil.
func (v look) fuse(want func(floor.Fuse) bool) (*floor.Fuse, error) {
	var found *floor.Fuse
	err := v.OpenFuses(func(x floor.Fuse) bool {
		if want(x) {
			found = &x
		}
		return found == nil
	})
	return found, err
}

// guard is the fuse in front of a label. It refuses while a fuse stops this scope
// because of another parcel; a parcel that is right now closes the fuse it opened.
// What is wrong with this parcel comes back as a trip.
func (v look) guard(scope floor.Scope, o floor.Order, p floor.Parcel) (closes []floor.Fact, trip *floor.Trip, err error) {
	to, _, err := v.Recipient(o.ID)
	if err != nil {
		return nil, nil, err
	}
	trip = v.f.problem(scope, p, to)
	var stop error
	err = v.OpenFuses(func(x floor.Fuse) bool {
		switch {
		case x.Cause.Account(), x.Cause == floor.FuseDoubt, !x.Covers(scope):
		case x.Station == "" && x.Order != o.ID: // found before it came to a station: it stops that order alone
		case x.Station != "" && x.Parcel != p.ID:
			stop = x.Refusal()
		case trip == nil && v.f.checks(x.Cause):
			closes = append(closes, floor.FuseClosed{Fuse: x.ID, By: floor.ClosedByProbe})
		}
		return stop == nil
	})
	return closes, trip, errors.Join(err, stop)
}

// problem says what of a parcel must not go onto a label, or nil.
func (f *Foreman) problem(scope floor.Scope, p floor.Parcel, to floor.Recipient) *floor.Trip {
	trip := func(c floor.FuseCause, why string) *floor.Trip {
		return &floor.Trip{Scope: scope, Cause: c, Parcel: p.ID, Order: p.Order, Why: why}
	}
	if why := Receiver(to); why != "" {
		return trip(floor.FuseReceiver, why)
	}
	if why := f.o.Address(to); why != "" {
		return trip(floor.FuseAddress, why)
	}
	limit := f.rule(scope.Carrier).CheckGrams
	if w := p.Weight; w != nil && limit > 0 && w.Grams > limit && !p.Passed {
		return trip(floor.FuseWeight, limit.Kilos())
	}
	return nil
}

// checks reports whether problem looks for the cause: its absence then proves
// that the cause is gone.
func (f *Foreman) checks(c floor.FuseCause) bool {
	return c == floor.FuseReceiver || c == floor.FuseAddress || c == floor.FuseWeight
}

// Receiver says what a recipient lacks for a label, in one of the words of the
// catalogue, or "". Masked data do when the platform's token is there: its
// own waybill service knows the rest.
func Receiver(to floor.Recipient) string {
	switch {
	case to.Token != "" && to.Masked:
		return ""
	case to.Masked:
		return "receiver-masked"
	case to.Name == "":
		return "receiver-name"
	case to.Phone == "":
		return "receiver-phone"
	}
	return ""
}

// refusalOf is the refusal of an act that opened a fuse instead.
func refusalOf(r ledger.Receipt, err error) error {
	if t, ok := last[floor.FuseOpened](r); ok && err == nil {
		return floor.Fuse{ID: t.Fuse, Trip: t.Trip}.Refusal()
	}
	return err
}

// Trip opens a fuse for a reason found outside a decision: the carrier's answer,
// a label that cannot be made. An open one with the same cause is left alone.
func (f *Foreman) Trip(ctx context.Context, by By, t floor.Trip) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) { return v.open(t) })
}

// CloseFuse lets a scope go on by a person's word.
func (f *Foreman) CloseFuse(ctx context.Context, by By, id string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		x, ok, err := v.Fuse(id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, floor.Refuse("unknown-fuse", "fuse", id)
		case x.Cause.Closer() == "":
			return nil, floor.Refuse("fuse-by-answer", "station", x.Station)
		}
		if _, err := v.must(by, x.Cause.Closer()); err != nil {
			return nil, err
		}
		return []floor.Fact{floor.FuseClosed{Fuse: id, By: floor.ClosedByPerson}}, nil
	})
}

// ProbeFuse looks whether what opened a fuse is still so, and closes it if not:
// the parcel is gone, or it is right now. Well says that whoever calls has tried
// what had failed, and that it went well.
func (f *Foreman) ProbeFuse(ctx context.Context, by By, id string, well bool) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		x, ok, err := v.Fuse(id)
		if err != nil || !ok {
			return nil, err
		}
		if !well {
			if well, err = v.healed(x); err != nil || !well {
				return nil, err
			}
		}
		return []floor.Fact{floor.FuseClosed{Fuse: id, By: floor.ClosedByProbe}}, nil
	})
}

// healed reports whether the parcel that opened a fuse is gone or is right now.
func (v look) healed(x floor.Fuse) (bool, error) {
	if x.Cause.Account() || x.Cause == floor.FuseDoubt {
		return false, nil
	}
	if x.Parcel == "" {
		return v.changed(x.Order)
	}
	p, ok, err := v.Parcel(x.Parcel)
	if err != nil {
		return false, err
	}
	if !ok || p.State == floor.ParcelIsVoid || p.State == floor.ParcelHasLeft {
		return true, nil
	}
	if !v.f.checks(x.Cause) {
		return false, nil
	}
	to, _, err := v.Recipient(p.Order)
	return err == nil && v.f.problem(x.Scope, p, to) == nil, err
}

// changed reports whether an order that a carrier could not book is over, or goes
// to somebody else than the carrier was told.
func (v look) changed(id floor.OrderID) (bool, error) {
	o, ok, err := v.Order(id)
	if err != nil || !ok || o.Over() {
		return err == nil, err
	}
	all, err := v.Bookings(id)
	return len(all) > 0 && all[len(all)-1].Mark != o.Token, err
}

// scope is the fuse's scope of a label of a parcel at its station.
func (f *Foreman) scope(c floor.CarrierID, s floor.StationID) floor.Scope {
	return floor.Scope{Carrier: c, Template: f.o.Template(s), Station: s}
}

// wellAgain closes the account's fuses: a number was given.
func (v look) wellAgain(c floor.CarrierID) ([]floor.Fact, error) {
	var facts []floor.Fact
	err := v.OpenFuses(func(x floor.Fuse) bool {
		if x.Carrier == c && (x.Cause == floor.FuseNumber || x.Cause == floor.FuseBalance) {
			facts = append(facts, floor.FuseClosed{Fuse: x.ID, By: floor.ClosedByProbe})
		}
		return true
	})
	return facts, err
}

// noNumber is the refusal of a parcel that has no number: the account's fuse if
// one is open, else that it is being fetched.
func (v look) noNumber(c floor.CarrierID) error {
	x, err := v.fuse(func(x floor.Fuse) bool { return x.Cause.Account() && x.Covers(floor.Scope{Carrier: c}) })
	switch {
	case err != nil:
		return err
	case x != nil:
		return x.Refusal()
	}
	return floor.Refuse("no-waybill", "carrier", c)
}

// undoubted closes the fuse of a printer in doubt once nothing else on its lane is.
func (v look) undoubted(e floor.Effect) ([]floor.Fact, error) {
	more := false
	err := v.Lane(e.Lane, func(other floor.Effect) bool {
		more = other.ID != e.ID && other.State == floor.EffectDoubt
		return !more
	})
	if err != nil || more {
		return nil, err
	}
	station := laneStation(e.Lane)
	x, err := v.fuse(func(x floor.Fuse) bool { return x.Cause == floor.FuseDoubt && x.Station == station })
	if err != nil || x == nil {
		return nil, err
	}
	return []floor.Fact{floor.FuseClosed{Fuse: x.ID, By: floor.ClosedByPerson}}, nil
}

// ---- reprint, renew, redo

// Reasons for another copy of a label, for a new number, and for a new label from
// the start.
var (
	ReprintReasons = []string{"spoilt", "lost", "unreadable"}
	RenewReasons   = []string{"address", "refused-number", "lost", "wrong-parcel", "lead"}
	RedoReasons    = []string{"address", "carrier", "weight", "not-printed", "lead"}
)

// relabel gives a sealed parcel that may get another label, and its order, awake.
func (v look) relabel(by By, id floor.ParcelID, why string, reasons []string) (floor.Parcel, floor.Order, error) {
	if _, err := v.must(by, floor.RolePacker); err != nil {
		return floor.Parcel{}, floor.Order{}, err
	}
	p, o, err := v.parcelOf(string(id))
	if err == nil {
		err = awake(&o)
	}
	switch {
	case err != nil:
	case !slices.Contains(reasons, why):
		err = floor.Refuse("bad-reason", "got", why)
	case p.State == floor.ParcelHasLeft:
		err = floor.Refuse("already-left", "parcel", p.ID, "sheet", p.Sheet)
	case p.State != floor.ParcelIsSealed:
		err = floor.Refuse("not-sealed", "parcel", p.ID)
	case p.Label == floor.LabelBegun || p.Label == floor.LabelDoubt || p.Label == floor.LabelWanted:
		err = floor.Refuse("label-pending", "parcel", p.ID)
	}
	return p, o, err
}

// Reprint asks for another copy of a label that has come out: the same number,
// the next copy.
func (f *Foreman) Reprint(ctx context.Context, by By, id floor.ParcelID, why string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, _, err := v.relabel(by, id, why, ReprintReasons)
		switch {
		case err != nil:
			return nil, err
		case p.Waybill == "":
			return nil, v.noNumber(p.Carrier)
		}
		again, err := v.label(p, p.Copies+1, why)
		return []floor.Fact{again}, err
	})
}

// Renew gives a sealed parcel a new number of the same carrier: the old one is void,
// goes back to the carrier, and its label is refused at the handover for ever.
func (f *Foreman) Renew(ctx context.Context, by By, id floor.ParcelID, why string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.relabel(by, id, why, RenewReasons)
		if err != nil {
			return nil, err
		}
		n, err := v.number(o, p.Carrier)
		coming := f.rule(p.Carrier).Books && isRefusal(err)
		if err != nil && !coming {
			return nil, err
		}
		facts, es, err := v.kill(p, why)
		if err != nil || coming {
			return facts, err // its number is booked now, and bound when it is there
		}
		return append(facts, v.rebind(es, p, o.Token, n)...), nil
	})
}

// rebind gives a sealed parcel without a number the one that is there for it,
// and asks for its label.
func (v look) rebind(es *ids, p floor.Parcel, mark string, n numbered) []floor.Fact {
	return []floor.Fact{
		floor.WaybillBound{
			Parcel: p.ID, Order: p.Order, Station: p.Station, Carrier: p.Carrier, Waybill: n.Waybill, SortCode: n.SortCode, Booking: n.Booking,
			Mark: mark,
		},
		v.labelAs(es, p, p.Carrier, p.Copies+1, "renew"),
	}
}

// Redo puts a sealed parcel back onto a station's table, without its number: it
// is weighed and sealed anew, and carrier, checks, number and label with it.
func (f *Foreman) Redo(ctx context.Context, by By, station floor.StationID, id floor.ParcelID, why string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.relabel(by, id, why, RedoReasons)
		if err != nil {
			return nil, err
		}
		if station == "" {
			station = p.Station
		}
		if !slices.Contains(f.o.Stations, station) {
			return nil, floor.Refuse("unknown-station", "station", station)
		}
		if open, busy, err := v.View.OpenParcel(station); err != nil || busy {
			return nil, orRefuse(err, floor.Refuse("station-busy", "parcel", open.ID))
		}
		facts, _, err := v.kill(p, why)
		return append(facts, floor.ParcelRedone{Parcel: p.ID, Order: o.ID, Station: station, Why: why}), err
	})
}

// kill takes a parcel's number away for ever and returns it to the carrier. The
// ids it gives are those of effects that are still free.
func (v look) kill(p floor.Parcel, why string) ([]floor.Fact, *ids, error) {
	es, err := v.ids("effect", "E")
	if err != nil || p.Waybill == "" {
		return nil, es, err
	}
	dead := floor.WaybillKilled{Parcel: p.ID, Order: p.Order, Station: p.Station, Carrier: p.Carrier, Waybill: p.Waybill, Why: why}
	return append([]floor.Fact{dead}, v.giveBack(es, p.Order, p.ID, p.Carrier, p.Waybill)...), es, nil
}

// giveBack asks for a number to be returned to its carrier.
func (v look) giveBack(es *ids, o floor.OrderID, p floor.ParcelID, c floor.CarrierID, n floor.WaybillNo) []floor.Fact {
	if !v.f.o.Returns(c) || n == "" {
		return nil
	}
	return []floor.Fact{floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(es.take()), Lane: CarrierLane(c), What: floor.EffectVoid, Class: floor.Idempotent,
		Order: o, Parcel: p, Args: map[string]string{"waybill": string(n)},
	}}}
}

// CarrierLane is the outbox lane of a carrier's account.
func CarrierLane(c floor.CarrierID) string { return "carrier/" + string(c) }

// twin is a label scanned at the handover that must not exist: of a killed
// number, or a further copy of one that has left. A lead is called once for each.
func (v look) twin(p floor.Parcel, code string) ([]floor.Fact, error) {
	dead, killed, err := v.Killed(floor.WaybillNo(code))
	if err != nil {
		return nil, err
	}
	t := floor.TwinScanned{Parcel: p.ID, Order: p.Order, Carrier: p.Carrier, Waybill: p.Waybill, Sheet: p.Sheet}
	switch {
	case killed && dead.Seen:
		return nil, floor.Refuse("waybill-killed", "parcel", dead.Parcel)
	case killed:
		t.Parcel, t.Order, t.Carrier, t.Waybill, t.Killed = dead.Parcel, dead.Order, dead.Carrier, floor.WaybillNo(code), true
	case p.State != floor.ParcelHasLeft || p.Copies < 2:
		return nil, nil
	case p.Twin:
		return nil, floor.Refuse("twin-scanned", "parcel", p.ID, "sheet", p.Sheet)
	}
	es, err := v.ids("effect", "E")
	if err != nil {
		return nil, err
	}
	return []floor.Fact{t, floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(es.take()), Lane: "alert", What: floor.EffectAlert, Class: floor.Idempotent, Order: t.Order, Parcel: t.Parcel,
		Args: map[string]string{"code": t.Code(), "parcel": string(t.Parcel), "sheet": string(t.Sheet)},
	}}}, nil
}
