package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"floord/floor"
)

func (f *folder) parcels(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.ParcelOpened:
		if err := f.number("parcel", idNumber(string(x.Parcel))); err != nil {
			return err
		}
		p := floor.Parcel{ID: x.Parcel, Order: x.Order, Station: x.Station, State: floor.ParcelIsOpen, Items: x.Items}
		if err := putRow(f.r, vParcels, numKey(string(x.Parcel)), p); err != nil {
			return err
		}
		if err := putRow(f.r, vStations, string(x.Station), x.Parcel); err != nil {
			return err
		}
		return f.order(x.Order, func(o *floor.Order) {
			o.State = floor.Packing
			o.Parcels = append(slices.Clone(o.Parcels), x.Parcel)
		})
	case floor.ItemVerified:
		err := f.order(x.Order, func(o *floor.Order) {
			o.Line(x.Line).Packed += x.Qty
			if x.Typed {
				bend(o, floor.BentTyped)
			}
		})
		if err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			for i := range p.Items {
				if p.Items[i].Line == x.Line {
					p.Items[i].Verified += x.Qty
				}
			}
		})
	case floor.ParcelVerified:
		if err := f.order(x.Order, func(o *floor.Order) { o.Tally.VerifiedAt = f.e.At }); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) { p.State = floor.ParcelIsVerified })
	case floor.ParcelWeighed:
		if err := f.onScale(x.Order, x.Parcel, false, x.Manual); err != nil {
			return err
		}
		if x.Manual {
			if err := f.order(x.Order, func(o *floor.Order) { bend(o, floor.BentWeight) }); err != nil {
				return err
			}
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			p.State, p.Weight, p.Off, p.Passed = floor.ParcelIsWeighed, &x.Weight, nil, x.Manual
			p.Teaches = x.Tare != nil && (!x.Manual || x.Reason == floor.PassRecord)
			if x.Tare != nil {
				p.Tare = *x.Tare
			}
		})
	case floor.NoteRead:
		return f.parcel(x.Parcel, func(p *floor.Parcel) { p.Read = x.Mark })
	case floor.BoxTaken:
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			p.Box, p.BoxGrams, p.Off = x.Box, x.Grams, nil
			p.BoxSince = true
			unweigh(p)
		})
	case floor.ParcelParked:
		return f.clearStation(x.Station, x.Parcel)
	case floor.ParcelResumed:
		if err := putRow(f.r, vStations, string(x.Station), x.Parcel); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) { p.Station = x.Station })
	case floor.ParcelSplit:
		return f.parcel(x.Parcel, func(p *floor.Parcel) { p.Items = x.Items })
	case floor.WeightMissed:
		if err := f.count("weight-missed", 1); err != nil {
			return err
		}
		if err := f.onScale(x.Order, x.Parcel, true, false); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			p.Off = &floor.OffWeight{Weight: x.Weight, Tolerance: x.Tolerance, Why: x.Why}
			unweigh(p)
		})
	case floor.ParcelSealed:
		return f.sealed(x)
	case floor.ParcelVoided:
		if err := f.clearStation(x.Station, x.Parcel); err != nil {
			return err
		}
		was, _, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(x.Parcel)))
		if err != nil {
			return err
		}
		if err := f.voided(x.Parcel); err != nil {
			return err
		}
		if err := f.pull(x.Parcel, x.Order, "void"); err != nil || was.State != floor.ParcelIsSealed {
			return err
		}
		return f.labelErred(x.Order, x.Parcel, "voided")
	case floor.LabelDestroyed:
		return f.unpull(x.Station, x.Parcel)
	case floor.ParcelLeft:
		if err := f.count("handed-over", 1); err != nil {
			return err
		}
		if x.Last {
			err := f.order(x.Order, func(o *floor.Order) { o.State, o.HandedAt = floor.HandedOver, f.e.At })
			if err != nil {
				return err
			}
		}
		return f.left(x)
	case floor.ParcelCollected:
		return f.collected(x)
	}
	return nil
}

func (f *folder) collected(x floor.ParcelCollected) error {
	if err := f.count("collected", 1); err != nil {
		return err
	}
	if err := f.parcel(x.Parcel, func(p *floor.Parcel) { p.CollectedAt = x.Scanned }); err != nil || !x.Last {
		return err
	}
	return f.order(x.Order, func(o *floor.Order) {
		for _, id := range o.Parcels {
			p, ok, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(id)))
			if err == nil && ok && p.CollectedAt.After(o.CollectedAt) {
				o.CollectedAt = p.CollectedAt
			}
		}
		if o.State == floor.HandedOver {
			o.State = floor.Collected
		}
	})
}

// voided ends a parcel. A sheet of a run that never came out need not be pulled.
func (f *folder) voided(id floor.ParcelID) error {
	onPaper := false
	err := f.parcel(id, func(p *floor.Parcel) {
		p.State = floor.ParcelIsVoid
		onPaper = p.Printed > 0 || p.Label == floor.LabelBegun || p.Label == floor.LabelDoubt
	})
	if err != nil || onPaper {
		return err
	}
	return f.sheetUsed(id)
}

// bind gives a number to a parcel. Promise 3 is asserted here: a number that sits
// on another parcel, or is on the kill list, breaks the commit.
func (f *folder) bind(p floor.ParcelID, c floor.CarrierID, n floor.WaybillNo) error {
	owner, taken, err := getRow[floor.ParcelID](f.r, vWaybills, string(n))
	if err != nil {
		return err
	}
	if taken && owner != p {
		return fmt.Errorf("waybill number of %s is on %s already", p, owner)
	}
	if _, dead, err := getRow[floor.Killed](f.r, vKilled, string(n)); err != nil || dead {
		return errors.Join(err, fmt.Errorf("waybill number of %s is on the kill list", p))
	}
	if err := putRow(f.r, vWaybills, string(n), p); err != nil {
		return err
	}
	return f.r.delete(vPool, string(c)+"|"+string(n))
}

func (f *folder) sealed(x floor.ParcelSealed) error {
	if err := f.bind(x.Parcel, x.Carrier, x.Waybill); err != nil {
		return err
	}
	if err := f.bound(x.Order, x.Booking); err != nil {
		return err
	}
	if err := f.sheetUsed(x.Parcel); err != nil {
		return err
	}
	if err := f.count("sealed", 1); err != nil {
		return err
	}
	if err := f.clearStation(x.Station, x.Parcel); err != nil {
		return err
	}
	team, err := f.team()
	if err != nil {
		return err
	}
	err = f.order(x.Order, func(o *floor.Order) {
		o.Carrier, o.SealedAt = x.Carrier, f.e.At
		o.Parceled++
		o.Team = cmp.Or(team, o.Team)
		if x.Last {
			o.State = floor.Sealed
		}
	})
	if err != nil {
		return err
	}
	if x.Last {
		if err := f.freeEmptied(x.Order); err != nil {
			return err
		}
	}
	var sealed floor.Parcel
	err = f.parcel(x.Parcel, func(p *floor.Parcel) {
		p.State, p.SealedAt = floor.ParcelIsSealed, f.e.At
		p.Carrier, p.Waybill, p.SortCode, p.Why = x.Carrier, x.Waybill, x.SortCode, x.Why
		p.Mark = x.Mark
		sealed = *p
	})
	if err != nil {
		return err
	}
	return f.teach(sealed)
}

// unweigh takes back that a parcel is weighed.
func unweigh(p *floor.Parcel) {
	if p.State == floor.ParcelIsWeighed {
		p.State = floor.ParcelIsVerified
	}
	p.Weight = nil
}

// teach learns from the weight of a sealed parcel: of its only SKU, or of the
// only one whose weight is not known from other parcels.
func (f *folder) teach(p floor.Parcel) error {
	if !p.Teaches || p.Weight == nil {
		return nil
	}
	pieces := map[floor.SKU]int{}
	var order []floor.SKU
	for _, i := range p.Items {
		if pieces[i.SKU] == 0 {
			order = append(order, i.SKU)
		}
		pieces[i.SKU] += i.Qty
	}
	var pupil floor.SKU
	left := int64(p.Weight.Grams-p.Tare) * 1000
	for _, sku := range order {
		u, _, err := getRow[floor.UnitWeight](f.r, vWeights, string(sku))
		switch {
		case err != nil:
			return err
		case len(order) > 1 && u.N > 0:
			left -= u.Mean * int64(pieces[sku])
		case pupil != "":
			return nil // two at once cannot be told apart
		default:
			pupil = sku
		}
	}
	if pupil == "" || pieces[pupil] == 0 {
		return nil
	}
	u, _, err := getRow[floor.UnitWeight](f.r, vWeights, string(pupil))
	if err != nil {
		return err
	}
	u.Learn(floor.WeightLesson{Each: left / int64(pieces[pupil]), Pieces: pieces[pupil]})
	return putRow(f.r, vWeights, string(pupil), u)
}

func (f *folder) clearStation(s floor.StationID, p floor.ParcelID) error {
	open, ok, err := getRow[floor.ParcelID](f.r, vStations, string(s))
	if err != nil || !ok || open != p {
		return err
	}
	return f.r.delete(vStations, string(s))
}

// freeEmptied frees the totes of an order that is closed or packed once nothing of it
// lies in them that is to go back.
func (f *folder) freeEmptied(id floor.OrderID) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil || !ok || o.State.Before(floor.Sealed) {
		return err
	}
	for _, l := range o.Lines {
		if l.Picked > 0 && (o.State == floor.Closed || l.Out) {
			return nil
		}
	}
	return f.freeTote(id)
}

// freeTote lets another order use the totes of a packed one.
func (f *folder) freeTote(id floor.OrderID) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil || !ok || o.Tote == "" {
		return err
	}
	t, ok, err := getRow[floor.Task](f.r, vTasks, numKey(string(o.Task)))
	if err != nil || !ok {
		return err
	}
	for _, s := range t.Slots {
		if s.Order != id || s.Tote == "" {
			continue
		}
		holds, ok, err := getRow[floor.OrderID](f.r, vTotes, string(s.Tote))
		if err != nil {
			return err
		}
		if ok && holds == id {
			if err := f.r.delete(vTotes, string(s.Tote)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *folder) parcel(id floor.ParcelID, do func(*floor.Parcel)) error {
	return change(f.r, vParcels, numKey(string(id)), func(p *floor.Parcel) error { do(p); return nil })
}

func (f *folder) effects(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.EffectAsked:
		return f.asked(x.Effect)
	case floor.EffectStarted:
		return f.effect(x.Effect, func(e *floor.Effect) (string, error) {
			e.State, e.BegunAt = floor.EffectBegun, f.e.At
			e.Tries++
			return floor.LabelBegun, nil
		})
	case floor.EffectDelayed:
		return f.effect(x.Effect, func(e *floor.Effect) (string, error) {
			e.State, e.Next, e.Err = floor.EffectLater, x.Next, x.Why
			if e.Class == floor.Idempotent {
				e.Tries++
			}
			return floor.LabelWanted, f.labelTrouble(e, x.Why)
		})
	case floor.EffectDoubted:
		if err := f.count("in-doubt", 1); err != nil {
			return err
		}
		return f.effect(x.Effect, func(e *floor.Effect) (string, error) {
			e.State, e.Err = floor.EffectDoubt, x.Why
			return floor.LabelDoubt, f.labelTrouble(e, "in-doubt")
		})
	case floor.EffectEnded:
		if err := f.count(x.What+"/"+x.Outcome, 1); err != nil {
			return err
		}
		key := numKey(string(x.Effect))
		e, ok, err := getRow[floor.Effect](f.r, vOutbox, x.Lane+"|"+key)
		if err != nil || !ok {
			return err
		}
		if err := f.r.delete(vOutbox, x.Lane+"|"+key); err != nil {
			return err
		}
		if err := f.r.delete(vLanes, key); err != nil {
			return err
		}
		if e.What == floor.EffectShipReport && x.Outcome == "done" {
			return f.reported(e.Order)
		}
		if e.What != floor.EffectLabel {
			return nil
		}
		return f.labelled(e, x.Outcome == "printed")
	}
	return nil
}

// labelled notes that a label came out, or did not.
func (f *folder) labelled(e floor.Effect, out bool) error {
	first := false
	err := f.parcel(e.Parcel, func(p *floor.Parcel) {
		p.Label = floor.LabelFailed
		if out {
			p.Label = floor.LabelPrinted
			first = p.Printed == 0
			p.Printed++
		}
	})
	if err != nil || !first {
		return err
	}
	return f.order(e.Order, func(o *floor.Order) {
		o.Labels++
		o.Tally.LabelledAt = f.e.At
		f.worked(o, o.Team)
	})
}

// worked notes when hands first touched an order, and whose.
func (f *folder) worked(o *floor.Order, team string) {
	if o.WorkedAt.IsZero() {
		o.WorkedAt, o.Team = f.e.At, team
	}
}

func (f *folder) asked(e floor.Effect) error {
	if err := f.number("effect", idNumber(string(e.ID))); err != nil {
		return err
	}
	e.State, e.WantAt = floor.EffectWanted, f.e.At
	key := numKey(string(e.ID))
	if err := putRow(f.r, vLanes, key, e.Lane); err != nil {
		return err
	}
	if err := putRow(f.r, vOutbox, e.Lane+"|"+key, e); err != nil {
		return err
	}
	if e.What != floor.EffectLabel {
		return nil
	}
	if e.Copy > 1 {
		p, _, err := getRow[floor.Parcel](f.r, vParcels, numKey(string(e.Parcel)))
		if err != nil {
			return err
		}
		err = f.order(e.Order, func(o *floor.Order) {
			o.Reprints++
			o.Redone = noted(o.Redone, e.Args["why"])
			if len(o.Tally.Redos) < floor.MostNoted {
				o.Tally.Redos = append(slices.Clone(o.Tally.Redos), floor.Redo{Why: e.Args["why"], Station: p.Station, By: f.e.Actor.Person()})
			}
			bend(o, floor.BentReprint)
		})
		if err != nil {
			return err
		}
	}
	return f.parcel(e.Parcel, func(p *floor.Parcel) { p.Label, p.Copies = floor.LabelWanted, e.Copy })
}

// effect changes a row of the outbox and, of a label, what its parcel knows of it.
func (f *folder) effect(id floor.EffectID, do func(*floor.Effect) (label string, err error)) error {
	key := numKey(string(id))
	lane, ok, err := getRow[string](f.r, vLanes, key)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("effect %s is not there", id)
	}
	var e floor.Effect
	var label string
	err = change(f.r, vOutbox, lane+"|"+key, func(row *floor.Effect) error {
		var err error
		label, err = do(row)
		e = *row
		return err
	})
	if err != nil || e.What != floor.EffectLabel {
		return err
	}
	return f.parcel(e.Parcel, func(p *floor.Parcel) { p.Label = label })
}

// labelTrouble notes in the order's report row that a label did not just come out.
// A label that waits for a freeze is not at fault.
func (f *folder) labelTrouble(e *floor.Effect, why string) error {
	if e.What != floor.EffectLabel || why == "frozen" {
		return nil
	}
	return f.labelErred(e.Order, e.Parcel, why)
}

func (f *folder) labelErred(id floor.OrderID, parcel floor.ParcelID, why string) error {
	first := false
	if err := f.parcel(parcel, func(p *floor.Parcel) { first, p.Erred = !p.Erred, true }); err != nil {
		return err
	}
	return f.order(id, func(o *floor.Order) {
		if first {
			o.BadParcels++
		}
		o.LabelErrs = noted(o.LabelErrs, why)
	})
}

// noted appends a code to a short list of an order's report row.
func noted(list []string, code string) []string {
	if len(list) >= 10 {
		return list
	}
	return append(slices.Clone(list), code)
}

// bend notes an act that went round a check.
func bend(o *floor.Order, what string) {
	o.Manual++
	o.Bent = noted(o.Bent, what)
}

// team is the team of the person who acted, or "".
func (f *folder) team() (string, error) {
	id := f.e.Actor.Person()
	if id == "" {
		return "", nil
	}
	p, _, err := getRow[floor.Person](f.r, vPeople, string(id))
	return p.Team, err
}
