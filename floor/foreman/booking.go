package foreman

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// rule gives what is said of a carrier; one that is not known takes everything.
func (f *Foreman) rule(c floor.CarrierID) floor.CarrierRule {
	for _, r := range f.o.Carriers {
		if r.ID == c {
			return r
		}
	}
	return floor.CarrierRule{ID: c}
}

// choose names the carrier of an order's next parcel. What is booked already
// stays, as long as its carrier may still have it. Grams 0 is not known.
func (v look) choose(o floor.Order, g floor.Grams, now time.Time) (floor.CarrierChoice, error) {
	to, _, err := v.Recipient(o.ID)
	if err != nil {
		return floor.CarrierChoice{}, err
	}
	all, err := v.Bookings(o.ID)
	if err != nil {
		return floor.CarrierChoice{}, err
	}
	q := floor.CarrierQuery{Channel: o.Channel, Avoid: o.Avoid, To: to, Grams: g, Due: o.CollectBy, Now: now.In(v.f.o.Zone)}
	if q.Due.IsZero() {
		q.Due = o.ShipBy
	}
	for _, b := range all {
		if b.SaidNo && b.Mark == o.Token {
			q.Refused = append(q.Refused, b.Carrier)
		}
	}
	for _, b := range all {
		rule := v.f.rule(b.Carrier)
		if code, _ := rule.Refuses(v.f.o.Carriers, q); b.Open() && b.Mark == o.Token && code == "" && rule.Books {
			return floor.CarrierChoice{Carrier: b.Carrier, Why: b.Why}, nil
		}
	}
	return floor.ChooseCarrier(v.f.o.Carriers, q), nil
}

// numbered is a number for a parcel. Booking is that of the order it came with; 0
// is from the pool.
type numbered struct {
	Waybill  floor.WaybillNo
	SortCode string
	Booking  int
}

// number gives the number that an order's next parcel gets from a carrier, or a
// refusal that says why there is none.
func (v look) number(o floor.Order, c floor.CarrierID) (numbered, error) {
	if v.f.rule(c).Books {
		all, err := v.Bookings(o.ID)
		for _, b := range all {
			if b.State == floor.BookingReady && b.Carrier == c && b.Mark == o.Token {
				return numbered{b.Waybill, b.SortCode, b.N}, nil
			}
		}
		return numbered{}, errors.Join(err, v.noNumber(c))
	}
	n, ok, err := v.PooledWaybill(c, "")
	if err != nil {
		return numbered{}, err
	}
	if !ok {
		return numbered{}, v.noNumber(c)
	}
	to, _, err := v.Recipient(o.ID)
	return numbered{Waybill: n, SortCode: v.f.o.SortCode(c, to)}, err
}

// taken reports whether a number is or was on a parcel, or was given for an order.
func (v look) taken(n floor.WaybillNo) (bool, error) {
	_, bound, err := v.ParcelByWaybill(n)
	if err != nil || bound {
		return bound, err
	}
	return v.Booked(n)
}

// Book asks the carrier for a number if an order's next parcel needs one that is
// neither there nor on its way, and gives up one that it can no longer use.
func (f *Foreman) Book(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	now := moment()
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		o, ok, err := v.Order(id)
		if err == nil && o.In != "" {
			o, ok, err = v.Order(o.In)
		}
		if err != nil || !ok || o.Freeze != nil {
			return nil, err
		}
		id := o.ID
		grams, needs, err := v.needsNumber(o)
		if err != nil || !needs {
			return nil, err
		}
		choice, err := v.choose(o, grams, now)
		if err != nil {
			return nil, err
		}
		all, err := v.Bookings(id)
		if err != nil {
			return nil, err
		}
		es, err := v.ids("effect", "E")
		if err != nil {
			return nil, err
		}
		var facts []floor.Fact
		for _, b := range all {
			switch {
			case b.Open() && b.Carrier == choice.Carrier && b.Mark == o.Token:
				return nil, nil // it is there, or on its way
			case b.Open():
				facts = append(facts, v.endBooking(es, b, "changed")...)
			}
		}
		if !f.rule(choice.Carrier).Books {
			return facts, nil
		}
		if waits, err := v.fuse(func(x floor.Fuse) bool { return x.Order == id && x.Station == "" }); err != nil || waits != nil {
			return facts, err // a person looks at it first
		}
		n := 1
		if len(all) > 0 {
			n = all[len(all)-1].N + 1
		}
		return append(facts,
			floor.BookingAsked{Order: id, N: n, Carrier: choice.Carrier, Mark: o.Token, Why: choice.Why},
			floor.EffectAsked{Effect: floor.Effect{
				ID: floor.EffectID(es.take()), Lane: CarrierLane(choice.Carrier), What: floor.EffectBook, Class: floor.Idempotent,
				Order: id, Args: map[string]string{"n": strconv.Itoa(n)},
			}}), nil
	})
}

// needsNumber reports whether an order has a parcel to come, or one without a
// number, and what it weighs as far as is known.
func (v look) needsNumber(o floor.Order) (floor.Grams, bool, error) {
	if o.State.Before(floor.Waved) || o.Over() {
		return 0, false, nil
	}
	left := false
	var in []floor.PackedSKU
	for _, l := range o.Lines {
		left = left || l.Qty > l.Packed
		x, err := v.weightOf(l.SKU)
		if err != nil {
			return 0, false, err
		}
		x.Qty = l.Qty
		in = append(in, x)
	}
	grams, _, known := v.f.o.Tolerance.Expect(in, v.f.o.Packaging)
	if !known {
		grams = 0
	}
	for _, id := range o.Parcels {
		p, ok, err := v.Parcel(id)
		if err != nil || !ok {
			return 0, false, err
		}
		switch p.State {
		case floor.ParcelIsLabelled:
			return 0, false, nil // all of it is in there
		case floor.ParcelIsSealed:
			left = left || p.Waybill == ""
		case floor.ParcelIsOpen, floor.ParcelIsVerified, floor.ParcelIsWeighed:
			if p.Waybill != "" {
				return 0, false, nil
			}
			left = true
			if p.Weight != nil {
				return p.Weight.Grams, true, nil
			}
		}
	}
	return grams, left, nil
}

// endBooking gives a booking up; a number that it has goes back.
func (v look) endBooking(es *ids, b floor.Booking, why string) []floor.Fact {
	end := floor.BookingEnded{Order: b.Order, N: b.N, Carrier: b.Carrier, Waybill: b.Waybill, Why: why}
	return append([]floor.Fact{end}, v.giveBack(es, b.Order, "", b.Carrier, b.Waybill)...)
}

// endBookings gives up what an order has not used.
func (v look) endBookings(es *ids, id floor.OrderID, why string) ([]floor.Fact, error) {
	all, err := v.Bookings(id)
	var facts []floor.Fact
	for _, b := range all {
		if b.Open() {
			facts = append(facts, v.endBooking(es, b, why)...)
		}
	}
	return facts, err
}

// Booked takes a carrier's number for an order in. A number that is taken opens
// the account's fuse; one that nobody waits for any more goes back.
func (f *Foreman) Booked(ctx context.Context, by By, made floor.BookingMade) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		b, o, err := v.booking(made.Order, made.N)
		if err != nil || b == nil || b.State == floor.BookingReady || b.State == floor.BookingBound {
			return nil, err
		}
		if taken, err := v.taken(made.Waybill); err != nil {
			return nil, err
		} else if taken {
			trip, err := v.open(floor.Trip{Scope: floor.Scope{Carrier: made.Carrier}, Cause: floor.FuseTwice, Order: made.Order, Why: string(made.Waybill)})
			if b.Open() {
				trip = append(trip, floor.BookingEnded{Order: b.Order, N: b.N, Carrier: b.Carrier, Waybill: made.Waybill, Why: "number-twice"})
			}
			return trip, err
		}
		es, err := v.ids("effect", "E")
		if err != nil {
			return nil, err
		}
		if !b.Open() {
			return v.giveBack(es, b.Order, "", b.Carrier, made.Waybill), nil
		}
		facts, err := v.wellAgain(b.Carrier)
		if err != nil {
			return nil, err
		}
		facts = append(facts, made)
		waits, err := v.unnumbered(o, b.Carrier)
		if err != nil || waits == nil {
			return facts, err
		}
		return append(facts, v.rebind(es, *waits, o.Token, numbered{made.Waybill, made.SortCode, made.N})...), nil
	})
}

// unnumbered gives the sealed parcel of an order that waits for a new number of a
// carrier, or nil. A frozen order's waits on: it is bound when the order goes on.
func (v look) unnumbered(o floor.Order, c floor.CarrierID) (*floor.Parcel, error) {
	if awake(&o) != nil {
		return nil, nil
	}
	for _, id := range o.Parcels {
		p, ok, err := v.Parcel(id)
		if err != nil {
			return nil, err
		}
		if ok && p.State == floor.ParcelIsSealed && p.Waybill == "" && p.Carrier == c {
			return &p, nil
		}
	}
	return nil, nil
}

func (v look) booking(id floor.OrderID, n int) (*floor.Booking, floor.Order, error) {
	o, _, err := v.Order(id)
	if err != nil {
		return nil, o, err
	}
	all, err := v.Bookings(id)
	i := slices.IndexFunc(all, func(b floor.Booking) bool { return b.N == n })
	if err != nil || i < 0 {
		return nil, o, err
	}
	return &all[i], o, nil
}

// BookingFailed notes that a carrier gives no number for an order and would not if
// asked again unchanged. With saidNo another carrier is chosen; a trip makes a
// person look first.
func (f *Foreman) BookingFailed(ctx context.Context, by By, id floor.OrderID, n int, why string, saidNo bool, trip *floor.Trip) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		b, _, err := v.booking(id, n)
		if err != nil || b == nil || b.State != floor.BookingWanted {
			return nil, err
		}
		end := floor.BookingEnded{Order: id, N: n, Carrier: b.Carrier, Why: why, SaidNo: saidNo}
		if trip == nil {
			return []floor.Fact{end}, nil
		}
		opens, err := v.open(*trip)
		return append(opens, end), err
	})
}

// isRefusal reports whether err is a no and not a failure.
func isRefusal(err error) bool {
	var r *floor.Refusal
	return errors.As(err, &r)
}
