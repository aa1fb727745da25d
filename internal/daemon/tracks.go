package daemon

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/carrier"
	"floord/sync/ledger"
)

// How carriers are asked for their first scan of what was handed over to them.
const (
	trackFirst = 10 * time.Minute   // after the handover
	trackLeast = 10 * time.Minute   // between two questions about one parcel
	trackMost  = 6 * time.Hour      // likewise
	trackFor   = 7 * 24 * time.Hour // then nobody asks any more
	trackPace  = time.Second        // between two questions of one account
	trackLook  = 20 * time.Second   // between two looks at what was handed over
)

// A waiting parcel is one that its carrier has not scanned yet, as far as we know.
type waiting struct {
	no   floor.WaybillNo
	left time.Time
	next time.Time // when to ask
}

// track asks a carrier for its first scan of each parcel that it took, first after
// ten minutes, then ever more rarely, and for a week at most; never more than one
// question a second. The ledger holds all that it needs to know: after a restart it
// looks at the sheets of that week.
func (d *Daemon) track(ctx context.Context, a *carrierAccount) error {
	seq := d.ledger.Seq()
	waits, err := d.uncollected(a.id, time.Now())
	if err != nil {
		return err
	}
	failed := 0
	for ctx.Err() == nil {
		if seq, err = d.handedOver(ctx, a.id, seq, waits); err != nil {
			return err
		}
		some := dueTracks(waits, time.Now(), a.tracks.AtOnce())
		if len(some) == 0 {
			pause(ctx, trackLook)
			continue
		}
		err := d.askTracks(ctx, a, waits, some)
		if err == nil {
			failed = 0
			pause(ctx, trackPace)
			continue
		}
		var said *carrier.Error
		if !errors.As(err, &said) && !errors.Is(err, context.DeadlineExceeded) && !isReserve(err) || ctx.Err() != nil {
			return err
		}
		failed++
		wait := max(carrierOutcome(err).After, min(10*time.Second<<min(failed, 6), 10*time.Minute))
		d.log.Warn("carrier's scans not read", "carrier", a.id, "err", err, "again_in", wait)
		pause(ctx, wait)
	}
	return nil
}

// askTracks asks for the scans of some parcels and commits what is told.
func (d *Daemon) askTracks(ctx context.Context, a *carrierAccount, waits map[floor.WaybillNo]*waiting, some []*waiting) error {
	var numbers []floor.WaybillNo
	for _, w := range some {
		numbers = append(numbers, w.no)
	}
	asking, cancel := context.WithTimeout(ctx, 30*time.Second)
	told, err := a.tracks.Collected(asking, numbers)
	cancel()
	if carrier.Final(err) { // it does not want to tell of these: others have their turn
		d.log.Warn("carrier does not tell of parcels", "carrier", a.id, "first", numbers[0], "n", len(numbers), "err", err)
		err = nil
	}
	if err != nil {
		return err
	}
	var scans []foreman.Scan
	for _, w := range some {
		if at, ok := told[w.no]; ok && at.After(time.Now().Add(foreman.MaxAhead)) {
			delete(told, w.no) // its clock is wrong: perhaps it is mended by the next time
		} else if ok {
			scans = append(scans, foreman.Scan{Waybill: w.no, At: at})
		}
	}
	if len(scans) > 0 {
		if _, err := d.foreman.Collected(ctx, d.by("collected"), a.id, "carrier", scans); err != nil {
			return err
		}
	}
	now := time.Now()
	for _, w := range some {
		age := now.Sub(w.left)
		w.next = now.Add(min(max(age/4, trackLeast), trackMost))
		if _, ok := told[w.no]; ok || age > trackFor {
			delete(waits, w.no)
		}
	}
	return nil
}

// dueTracks gives those to ask for now, the longest due first.
func dueTracks(waits map[floor.WaybillNo]*waiting, now time.Time, most int) []*waiting {
	var due []*waiting
	for _, w := range waits {
		if !w.next.After(now) {
			due = append(due, w)
		}
	}
	slices.SortFunc(due, func(a, b *waiting) int { return cmp.Or(a.next.Compare(b.next), cmp.Compare(a.no, b.no)) })
	return due[:min(len(due), most)]
}

// handedOver adds what was handed over to a carrier since an event.
func (d *Daemon) handedOver(ctx context.Context, c floor.CarrierID, since uint64, waits map[floor.WaybillNo]*waiting) (uint64, error) {
	end := d.ledger.Seq()
	for e, err := range d.ledger.Past(ctx, since, ledger.Topic{string(floor.ParcelLeft{}.Kind())}) {
		if err != nil {
			return since, err
		}
		f, ok := e.Fact.(floor.ParcelLeft)
		if !ok || f.Carrier != c {
			continue
		}
		err := d.ledger.Read(func(v *ledger.View) error {
			p, ok, err := v.Parcel(f.Parcel)
			if ok && p.CollectedAt.IsZero() {
				waits[p.Waybill] = &waiting{p.Waybill, e.At, e.At.Add(trackFirst)}
			}
			return err
		})
		if err != nil {
			return since, err
		}
	}
	return end, nil
}

// uncollected gives what a carrier took within the last week and has not been heard
// of since.
func (d *Daemon) uncollected(c floor.CarrierID, now time.Time) (map[floor.WaybillNo]*waiting, error) {
	waits := map[floor.WaybillNo]*waiting{}
	err := d.ledger.Read(func(v *ledger.View) error {
		var sheets []floor.SheetID
		err := v.Sheets(0, func(s floor.Sheet) bool {
			if s.Carrier == c && (s.SignedAt.IsZero() || s.SignedAt.After(now.Add(-trackFor))) {
				sheets = append(sheets, s.ID)
			}
			return true
		})
		for _, id := range sheets {
			if err != nil {
				return err
			}
			var inner error
			err = v.OnSheet(id, 0, func(l floor.SheetLine) bool {
				p, ok, err := v.Parcel(l.Parcel)
				if inner = err; ok && p.CollectedAt.IsZero() && l.At.After(now.Add(-trackFor)) {
					waits[p.Waybill] = &waiting{p.Waybill, l.At, now}
				}
				return inner == nil
			})
			err = cmp.Or(err, inner)
		}
		return err
	})
	return waits, err
}
