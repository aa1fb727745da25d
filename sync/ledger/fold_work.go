package ledger

import (
	"fmt"
	"slices"
	"time"

	"floord/floor"
)

// quarterKey is the key of a quarter of an hour: every zone's days are made of them.
func quarterKey(t time.Time) string {
	return t.UTC().Truncate(15 * time.Minute).Format("2006-01-02T15:04")
}

// quarter changes what a person did in the quarter of now.
func (f *folder) quarter(id floor.PersonID, do func(*floor.HandQuarter)) error {
	if id == "" {
		return nil
	}
	key := quarterKey(f.e.At) + "|" + string(id)
	q, ok, err := ownRow[floor.HandQuarter](f.r, vHands, key)
	if err != nil {
		return err
	}
	if !ok {
		p, _, err := ownRow[floor.Person](f.r, vPeople, string(id))
		if err != nil {
			return err
		}
		q = floor.HandQuarter{From: f.e.At.UTC().Truncate(15 * time.Minute), Person: id, Team: p.Team}
	}
	q.Work = slices.Clone(q.Work)
	do(&q)
	keepRow(f.r, vHands, key, q)
	return nil
}

// touched counts an act of a person's hands and the time since the one before: work,
// or a pause.
func (f *folder) touched(id floor.PersonID, kind, zone string, lines, pieces int) error {
	if id == "" {
		return nil
	}
	last, before, err := ownRow[int64](f.r, vTouched, string(id))
	if err != nil {
		return err
	}
	now := f.e.At.UnixMilli()
	keepRow(f.r, vTouched, string(id), now)
	gap := time.Duration(now-last) * time.Millisecond
	if !before || gap < 0 || gap > floor.AwayAfter {
		gap = 0
	}
	return f.quarter(id, func(q *floor.HandQuarter) {
		if gap > floor.IdleAfter {
			q.Idle += gap.Milliseconds()
			gap = 0
		}
		i := slices.IndexFunc(q.Work, func(w floor.HandWork) bool { return w.Kind == kind && w.Zone == zone })
		if i < 0 {
			i, q.Work = len(q.Work), append(q.Work, floor.HandWork{Kind: kind, Zone: zone})
		}
		w := &q.Work[i]
		w.Lines, w.Pieces, w.Active = w.Lines+lines, w.Pieces+pieces, w.Active+gap.Milliseconds()
	})
}

// worksAt counts an act of a walk at a bin.
func (f *folder) worksAt(id floor.PersonID, t floor.Task, bin floor.BinID, lines, pieces int) error {
	zone := ""
	if bin != "" {
		b, _, err := getRow[floor.BinInfo](f.r, vBins, string(bin))
		if err != nil {
			return err
		}
		zone = b.Zone
	}
	return f.touched(id, kindOfWork(t), zone, lines, pieces)
}

// kindOfWork is what a walk is counted under: like is compared with like.
func kindOfWork(t floor.Task) string {
	if t.Kind == floor.TaskPick && t.WaveKind != "" {
		return t.WaveKind
	}
	return t.Kind
}

// leaves ends the clock of a person's hands.
func (f *folder) leaves(id floor.PersonID) error {
	if err := f.touched(id, "", "", 0, 0); err != nil || id == "" {
		return err
	}
	return f.r.delete(vTouched, string(id))
}

// declared keeps a short line, so that a later count can tell whether it was one.
func (f *folder) declared(x floor.LineShort, at floor.Spot) error {
	key := quarterKey(f.e.At) + "|" + fmt.Sprintf("%016x", f.e.Seq) + "|" + string(x.Order)
	row := floor.ShortFound{At: f.e.At, Order: x.Order, Bin: x.Bin, SKU: x.SKU, Qty: x.Qty, Why: x.Why, Person: x.Person}
	if err := putRow(f.r, vShorts, key, row); err != nil {
		return err
	}
	if err := putRow(f.r, vShortAt, stockKey(at), key); err != nil {
		return err
	}
	return f.quarter(x.Person, func(q *floor.HandQuarter) { q.Shorts++ })
}

// recounted notes that a bin that was declared short holds more than was booked.
func (f *folder) recounted(x floor.StockCounted) error {
	at := stockKey(x.Spot)
	key, ok, err := getRow[string](f.r, vShortAt, at)
	if err != nil || !ok || x.Why != "count" {
		return err
	}
	if err := f.r.delete(vShortAt, at); err != nil {
		return err
	}
	had, _, err := getRow[floor.Stock](f.r, vStock, at)
	if err != nil || x.Qty <= had.OnHand {
		return err
	}
	row, ok, err := getRow[floor.ShortFound](f.r, vShorts, key)
	if err != nil || !ok {
		return err
	}
	row.FoundAt = f.e.At
	return putRow(f.r, vShorts, key, row)
}

// refused counts a scan that was wrong.
func (f *folder) refused(x floor.ScanRefused) error {
	if err := f.count("refused/"+x.Act, 1); err != nil {
		return err
	}
	if x.Act == "pick" || x.Act == "put" {
		if err := f.quarter(x.Person, func(q *floor.HandQuarter) { q.Wrong++ }); err != nil {
			return err
		}
	}
	if x.Order == "" {
		return nil
	}
	if _, ok, err := ownRow[floor.Order](f.r, vOrders, string(x.Order)); err != nil || !ok {
		return err
	}
	switch {
	case x.Act == "hand-over":
		return f.labelErred(x.Order, x.Parcel, "handover-refused")
	case x.Act == "verify" || x.Blame != "":
		return f.mispicked(x.Order, x.Blame)
	}
	return f.order(x.Order, func(o *floor.Order) { o.Tally.Wrong++ })
}

// mispicked notes a line that was found wrong after it was picked, and whose it was.
func (f *folder) mispicked(id floor.OrderID, who floor.PersonID) error {
	if err := f.order(id, func(o *floor.Order) { o.Tally.Mispicked++ }); err != nil {
		return err
	}
	return f.quarter(who, func(q *floor.HandQuarter) { q.Blamed++ })
}

// onScale counts a parcel that is on a scale for the first time, one whose weight is
// off, and in the end what that was: passed by a lead or mended by other packaging, the
// contents were right; mended without either, they were not.
func (f *folder) onScale(id floor.OrderID, parcel floor.ParcelID, off, passed bool) error {
	var first, offFirst, known, wrong bool
	err := f.parcel(parcel, func(p *floor.Parcel) {
		first, p.Tallied = !p.Tallied, true
		switch {
		case off:
			offFirst, p.WasOff = !p.WasOff, true
			p.BoxSince = false
		case p.WasOff && !p.OffKnown:
			known, p.OffKnown = true, true
			wrong = !passed && !p.BoxSince
		}
	})
	if err != nil {
		return err
	}
	return f.order(id, func(o *floor.Order) {
		t := &o.Tally
		for n, is := range map[*int]bool{&t.Weighed: first, &t.Off: offFirst, &t.OffKnown: known, &t.OffTrue: wrong} {
			if is {
				*n++
			}
		}
	})
}

// Hands calls f with what people did from (incl.) to (excl.), quarter by quarter.
func (v *View) Hands(from, to time.Time, f func(floor.HandQuarter) bool) error {
	return scanRows(v.rows, vHands, quarterKey(from), "", func(_ string, q floor.HandQuarter) bool { return q.From.Before(to) && f(q) })
}

// Shorts calls f with the lines declared short from (incl.) to (excl.).
func (v *View) Shorts(from, to time.Time, f func(floor.ShortFound) bool) error {
	return scanRows(v.rows, vShorts, quarterKey(from), "", func(_ string, s floor.ShortFound) bool {
		return s.At.Before(to) && (s.At.Before(from) || f(s))
	})
}
