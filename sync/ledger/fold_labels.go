package ledger

import (
	"fmt"
	"strings"
	"time"

	"floord/floor"
)

// waybills folds what becomes of a number after it was bound.
func (f *folder) waybills(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.WaybillKilled:
		if err := f.count("waybills-killed", 1); err != nil {
			return err
		}
		dead := floor.Killed{Parcel: x.Parcel, Order: x.Order, Carrier: x.Carrier, Why: x.Why, At: f.e.At}
		if err := putRow(f.r, vKilled, string(x.Waybill), dead); err != nil {
			return err
		}
		if err := f.labelErred(x.Order, x.Parcel, "renumbered"); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			if p.Waybill == x.Waybill && p.State != floor.ParcelIsVoid {
				p.Waybill, p.SortCode, p.Label = "", "", floor.LabelNone
			}
		})
	case floor.WaybillBound:
		if err := f.bind(x.Parcel, x.Carrier, x.Waybill); err != nil {
			return err
		}
		if err := f.bound(x.Order, x.Booking); err != nil {
			return err
		}
		if err := f.order(x.Order, func(o *floor.Order) { o.Carrier = x.Carrier }); err != nil {
			return err
		}
		err := f.parcel(x.Parcel, func(p *floor.Parcel) {
			p.Carrier, p.Waybill, p.SortCode, p.Mark = x.Carrier, x.Waybill, x.SortCode, x.Mark
		})
		if err != nil {
			return err
		}
		return f.unpull(x.Station, x.Parcel)
	case floor.ParcelRedone:
		p, _, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(x.Parcel)))
		if err != nil {
			return err
		}
		if err := f.unpull(p.Station, x.Parcel); err != nil {
			return err
		}
		if err := f.order(x.Order, func(o *floor.Order) { o.State = floor.Packing }); err != nil {
			return err
		}
		if err := putRow(f.r, vStations, string(x.Station), x.Parcel); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			p.State, p.Station, p.Weight = floor.ParcelIsVerified, x.Station, nil
		})
	case floor.TwinScanned:
		return f.twin(x)
	}
	return nil
}

func (f *folder) twin(x floor.TwinScanned) error {
	if err := f.count("twins", 1); err != nil {
		return err
	}
	if _, ok, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(x.Parcel))); err != nil {
		return err
	} else if ok {
		if err := f.labelErred(x.Order, x.Parcel, "twin"); err != nil {
			return err
		}
	}
	if x.Killed {
		return change(f.r, vKilled, string(x.Waybill), func(k *floor.Killed) error { k.Seen = true; return nil })
	}
	return f.parcel(x.Parcel, func(p *floor.Parcel) { p.Twin = true })
}

func bookingKey(o floor.OrderID, n int) string { return fmt.Sprintf("%s|%06d", o, n) }

// bookings keeps the numbers that carriers gave for orders not packed yet.
func (f *folder) bookings(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.BookingAsked:
		return putRow(f.r, vBookings, bookingKey(x.Order, x.N), floor.Booking{
			Order: x.Order, N: x.N, Carrier: x.Carrier, State: floor.BookingWanted, Mark: x.Mark, Why: x.Why, At: f.e.At,
		})
	case floor.BookingMade:
		key := bookingKey(x.Order, x.N)
		if err := putRow(f.r, vBooked, string(x.Waybill), key); err != nil {
			return err
		}
		if err := f.ready(x.Carrier, 1); err != nil {
			return err
		}
		return change(f.r, vBookings, key, func(b *floor.Booking) error {
			b.State, b.Waybill, b.SortCode, b.Ticket = floor.BookingReady, x.Waybill, x.SortCode, x.Ticket
			return nil
		})
	case floor.BookingEnded:
		if x.SaidNo {
			if err := f.orderTrouble(x.Order, "fetch-failed"); err != nil {
				return err
			}
		}
		return f.unready(x.Order, x.N, func(b *floor.Booking) { b.State, b.SaidNo = floor.BookingDropped, x.SaidNo })
	}
	return nil
}

// unready changes a booking that is over; one that was ready is no more.
func (f *folder) unready(o floor.OrderID, n int, do func(*floor.Booking)) error {
	return change(f.r, vBookings, bookingKey(o, n), func(b *floor.Booking) error {
		if b.State == floor.BookingReady {
			if err := f.ready(b.Carrier, -1); err != nil {
				return err
			}
		}
		do(b)
		return nil
	})
}

// bound notes that an order's booking sits on a parcel now.
func (f *folder) bound(o floor.OrderID, n int) error {
	if n == 0 {
		return nil
	}
	return f.unready(o, n, func(b *floor.Booking) { b.State = floor.BookingBound })
}

func (f *folder) dropBookings(o floor.OrderID) error {
	var gone []string
	err := f.r.scan(vBookings, "", string(o)+"|", func(key string, _ []byte) (bool, error) {
		gone = append(gone, key)
		return true, nil
	})
	if err != nil {
		return err
	}
	return each(gone, func(key string) error { return f.r.delete(vBookings, key) })
}

// Bookings gives an order's bookings, the oldest first.
func (v *View) Bookings(o floor.OrderID) ([]floor.Booking, error) {
	var out []floor.Booking
	err := scanRows(v.rows, vBookings, "", string(o)+"|", func(_ string, b floor.Booking) bool {
		out = append(out, b)
		return true
	})
	return out, err
}

// BookingOf gives the order and the number of the booking that a waybill number
// came with, if it came with one. It is known for ever.
func (v *View) BookingOf(n floor.WaybillNo) (floor.OrderID, int, bool, error) {
	key, ok, err := getRow[string](v.rows, vBooked, string(n))
	if err != nil || !ok {
		return "", 0, false, err
	}
	order, _, _ := strings.Cut(key, "|")
	return floor.OrderID(order), int(idNumber(key)), true, nil
}

// BookingsReady counts the bookings of a carrier that no parcel has yet.
func (v *View) BookingsReady(c floor.CarrierID) (int, error) {
	n, _, err := getRow[uint64](v.rows, vCounters, readyCounter(c))
	return int(n), err
}

// readyCounter counts the bookings of a carrier that are ready.
func readyCounter(c floor.CarrierID) string { return "ready/" + string(c) }

// ready changes that count.
func (f *folder) ready(c floor.CarrierID, by int) error {
	n, _, err := getRow[uint64](f.r, vCounters, readyCounter(c))
	if err != nil {
		return err
	}
	return putRow(f.r, vCounters, readyCounter(c), uint64(int(n)+by))
}

// Booked reports whether a number was ever given for an order.
func (v *View) Booked(n floor.WaybillNo) (bool, error) {
	_, ok, err := getRow[string](v.rows, vBooked, string(n))
	return ok, err
}

// fuses keeps the trips, and which of them are open.
func (f *folder) fuses(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.FuseOpened:
		if err := f.number("fuse", idNumber(x.Fuse)); err != nil {
			return err
		}
		if err := f.count("fuse/"+string(x.Cause), 1); err != nil {
			return err
		}
		row := floor.Fuse{ID: x.Fuse, Trip: x.Trip, OpenedAt: f.e.At}
		if err := putRow(f.r, vFuses, numKey(x.Fuse), row); err != nil {
			return err
		}
		if err := f.trip(row); err != nil {
			return err
		}
		return f.orderTrouble(x.Order, "fuse-"+string(x.Cause))
	case floor.FuseClosed:
		row, ok, err := getRow[floor.Fuse](f.r, vFuses, numKey(x.Fuse))
		if err != nil || !ok {
			return err
		}
		if err := f.r.delete(vFuses, numKey(x.Fuse)); err != nil {
			return err
		}
		row.ClosedAt, row.ClosedBy, row.Closer = f.e.At, x.By, f.e.Actor
		return f.trip(row)
	}
	return nil
}

// trip writes a fuse where the report of its day finds it.
func (f *folder) trip(x floor.Fuse) error {
	return putRow(f.r, vTrips, hourKey(x.OpenedAt)+"|"+numKey(x.ID), x)
}

// orderTrouble notes in an order's report row what went wrong with its label. An
// order that is archived has none.
func (f *folder) orderTrouble(id floor.OrderID, why string) error {
	if id == "" {
		return nil
	}
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil || !ok || len(o.LabelErrs) >= 10 {
		return err
	}
	return f.order(id, func(o *floor.Order) { o.LabelErrs = noted(o.LabelErrs, why) })
}

// OpenFuses calls f with the fuses that are open, the oldest first.
func (v *View) OpenFuses(f func(floor.Fuse) bool) error {
	return scanRows(v.rows, vFuses, "", "", func(_ string, x floor.Fuse) bool { return f(x) })
}

// Fuse gives a fuse that is open.
func (v *View) Fuse(id string) (floor.Fuse, bool, error) {
	return getRow[floor.Fuse](v.rows, vFuses, numKey(id))
}

// Killed gives the row of a number on the kill list.
func (v *View) Killed(n floor.WaybillNo) (floor.Killed, bool, error) {
	return getRow[floor.Killed](v.rows, vKilled, string(n))
}

// Trips calls f with the fuses that opened from (incl.) to (excl.), open or not.
func (v *View) Trips(from, to time.Time, f func(floor.Fuse) bool) error {
	return scanRows(v.rows, vTrips, hourKey(from), "", func(key string, x floor.Fuse) bool {
		if key > hourKey(to)+"~" {
			return false
		}
		if x.OpenedAt.Before(from) || !x.OpenedAt.Before(to) {
			return true
		}
		return f(x)
	})
}
