package foreman

import (
	"context"
	"slices"
	"strings"

	"floord/floor"
	"floord/floor/rules"
	"floord/sync/ledger"
)

// OpenParcel starts to pack the order whose tote or number was scanned, at a
// station. The same order again gives the parcel that is open.
func (f *Foreman) OpenParcel(ctx context.Context, by By, station floor.StationID, code string) (floor.ParcelID, error) {
	var id floor.ParcelID
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		if !slices.Contains(f.o.Stations, station) {
			return nil, floor.Refuse("unknown-station", "station", station)
		}
		o, err := v.toPack(code)
		if err != nil {
			return nil, err
		}
		open, err := v.openParcel(o)
		if err != nil {
			return nil, err
		}
		if open != nil {
			on, _, err := v.View.OpenParcel(open.Station)
			switch {
			case err != nil:
				return nil, err
			case on.ID != open.ID: // it is parked
			case open.Station == station:
				id = open.ID
				return nil, nil
			default:
				return nil, floor.Refuse("packed-elsewhere", "order", o.ID, "station", open.Station)
			}
		}
		if p, busy, err := v.View.OpenParcel(station); err != nil || busy {
			return nil, orRefuse(err, floor.Refuse("station-busy", "parcel", p.ID))
		}
		if open != nil {
			id = open.ID
			return []floor.Fact{floor.ParcelResumed{Parcel: open.ID, Order: o.ID, Station: station}}, nil
		}
		if p, err := v.labelled(o); err != nil || p != nil {
			if err != nil {
				return nil, err
			}
			return []floor.Fact{floor.ParcelTaken{Parcel: p.ID, Order: o.ID, Station: station}}, nil
		}
		items, _, err := v.nextParcel(o)
		if err != nil || len(items) == 0 {
			return nil, orRefuse(err, floor.Refuse("nothing-to-pack", "order", o.ID))
		}
		ps, err := v.ids("parcel", "P")
		if err != nil {
			return nil, err
		}
		return []floor.Fact{floor.ParcelOpened{
			Parcel: floor.ParcelID(ps.take()), Order: o.ID, Station: station, Items: items,
		}}, nil
	})
	if p, ok := last[floor.ParcelOpened](r); ok {
		id = p.Parcel
	}
	if p, ok := last[floor.ParcelResumed](r); ok {
		id = p.Parcel
	}
	if p, ok := last[floor.ParcelTaken](r); ok {
		id = p.Parcel
	}
	return id, err
}

// Park takes an unfinished parcel off the table of its station: because its order
// is frozen, or something is missing. That is no act on the order, so a freeze
// does not stop it. OpenParcel brings it back, at any station.
func (f *Foreman) Park(ctx context.Context, by By, id floor.ParcelID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		p, ok, err := v.Parcel(id)
		if err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-parcel", "code", id))
		}
		on, _, err := v.View.OpenParcel(p.Station)
		if err != nil || on.ID != id {
			return nil, orRefuse(err, floor.Refuse("not-on-table", "parcel", id))
		}
		return []floor.Fact{floor.ParcelParked{Parcel: id, Order: p.Order, Station: p.Station}}, nil
	})
}

// toPack finds the order behind a scanned tote or order number, ready to pack.
func (v look) toPack(code string) (floor.Order, error) {
	id, ok, err := v.OrderInTote(floor.ToteID(code))
	if err != nil {
		return floor.Order{}, err
	}
	if p, known, err := v.ParcelByWaybill(floor.WaybillNo(code)); err != nil {
		return floor.Order{}, err
	} else if known { // the label was printed first
		x, _, err := v.Parcel(p)
		if err != nil {
			return floor.Order{}, err
		}
		id, ok = x.Order, true
	}
	if !ok {
		if id, ok, err = v.inBatch(floor.ToteID(code)); err != nil {
			return floor.Order{}, err
		}
	}
	switch {
	case !ok:
		id = floor.OrderID(code)
	case id == "":
		return floor.Order{}, floor.Refuse("not-sorted", "tote", code)
	}
	o, err := v.order(id)
	if err == nil && o.In != "" {
		o, err = v.order(o.In) // its number stands for the parcel it goes in
	}
	if err != nil {
		return o, err
	}
	if err := awake(&o); err != nil {
		return o, err
	}
	if o.State != floor.Picked && o.State != floor.Packing {
		return o, floor.Refuse("not-picked", "order", id, "state", o.State)
	}
	for _, l := range o.Lines {
		if l.Missing > 0 {
			return o, floor.Refuse("order-short", "order", id)
		}
	}
	return o, nil
}

// openParcel gives the order's parcel that is not sealed yet, or nil.
func (v look) openParcel(o floor.Order) (*floor.Parcel, error) {
	for _, id := range o.Parcels {
		p, ok, err := v.Parcel(id)
		if err != nil {
			return nil, err
		}
		if ok && (p.State == floor.ParcelIsOpen || p.State == floor.ParcelIsVerified || p.State == floor.ParcelIsWeighed) {
			return &p, nil
		}
	}
	return nil, nil
}

// nextParcel gives what goes into the order's next parcel by the site's rules, and how
// many pieces go into others.
func (v look) nextParcel(o floor.Order) ([]floor.ParcelItem, int, error) {
	items := toPackItems(o)
	goods, err := rules.GoodsOf(&o, v.SKU)
	if err != nil {
		return nil, 0, err
	}
	return v.f.o.Rules.Parcel(goods, items, v.SKU)
}

func toPackItems(o floor.Order) []floor.ParcelItem {
	var items []floor.ParcelItem
	for _, l := range o.Lines {
		if n := l.Picked - l.Packed; n > 0 && !l.Out {
			items = append(items, floor.ParcelItem{Line: l.No, SKU: l.SKU, Qty: n})
		}
	}
	return items
}

// packing gives a parcel that is being packed and its order, awake.
func (v look) packing(by By, id floor.ParcelID) (floor.Parcel, floor.Order, error) {
	if _, err := v.must(by, floor.RolePacker); err != nil {
		return floor.Parcel{}, floor.Order{}, err
	}
	p, ok, err := v.Parcel(id)
	switch {
	case err != nil:
		return p, floor.Order{}, err
	case !ok:
		return p, floor.Order{}, floor.Refuse("unknown-parcel", "code", id)
	}
	o, err := v.order(p.Order)
	if err == nil {
		err = awake(&o)
	}
	if err == nil {
		switch p.State {
		case floor.ParcelIsVoid:
			err = floor.Refuse("parcel-void", "parcel", id)
		case floor.ParcelIsSealed, floor.ParcelHasLeft:
			err = floor.Refuse("parcel-sealed", "parcel", id)
		}
	}
	return p, o, err
}

// handling is packing by somebody who knows what is to be known of the order.
func (v look) handling(by By, id floor.ParcelID) (floor.Parcel, floor.Order, error) {
	p, o, err := v.packing(by, id)
	if mark := o.NoteMark(); err == nil && mark != "" && p.Read != mark {
		err = floor.Refuse("note-unread", "order", o.ID)
	}
	return p, o, err
}

// ReadNote says that the packer has read the order's note and its tags. Mark is
// floor.Order.NoteMark of what was shown.
func (f *Foreman) ReadNote(ctx context.Context, by By, id floor.ParcelID, mark string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.packing(by, id)
		switch {
		case err != nil:
			return nil, err
		case mark != o.NoteMark():
			return nil, floor.Refuse("note-changed", "order", o.ID)
		case p.Read == mark:
			return nil, nil
		}
		return []floor.Fact{floor.NoteRead{Parcel: id, Order: o.ID, Station: p.Station, Person: by.Person, Mark: mark}}, nil
	})
}

// Box says which packaging a parcel is in.
func (f *Foreman) Box(ctx context.Context, by By, id floor.ParcelID, code string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.handling(by, id)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(f.o.Packagings, func(b floor.Packaging) bool { return b.Code == code })
		switch {
		case i < 0:
			return nil, floor.Refuse("unknown-box", "got", code)
		case p.Box == code:
			return nil, nil
		}
		return []floor.Fact{floor.BoxTaken{
			Parcel: id, Order: o.ID, Station: p.Station, Box: code, Grams: f.o.Packagings[i].Grams,
		}}, nil
	})
}

// Split ends a parcel with what was scanned into it; the rest of the order goes
// into another, opened when this one is sealed.
func (f *Foreman) Split(ctx context.Context, by By, id floor.ParcelID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.handling(by, id)
		if err != nil {
			return nil, err
		}
		var has []floor.ParcelItem
		for _, i := range p.Items {
			if i.Verified > 0 {
				i.Qty = i.Verified
				has = append(has, i)
			}
		}
		switch {
		case unverified(p) == 0:
			return nil, floor.Refuse("nothing-to-split", "parcel", id)
		case len(has) == 0:
			return nil, floor.Refuse("split-empty", "parcel", id)
		}
		return []floor.Fact{
			floor.ParcelSplit{Parcel: id, Order: o.ID, Station: p.Station, Items: has},
			floor.ParcelVerified{Parcel: id, Order: o.ID, Station: p.Station},
		}, nil
	})
}

// Verify scans pieces into a parcel.
func (f *Foreman) Verify(ctx context.Context, by By, id floor.ParcelID, code string, qty int) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.handling(by, id)
		if err != nil {
			return nil, err
		}
		sku, ok, err := v.Scanned(code)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, floor.Refuse("unknown-sku", "got", code)
		case qty < 1:
			return nil, floor.Refuse("bad-qty", "got", qty, "max", 1)
		}
		i, want := item(p, sku, qty)
		switch {
		case want == 0:
			return nil, floor.Refuse("not-in-parcel", "got", sku)
		case i < 0:
			return nil, floor.Refuse("over-verify", "sku", sku, "want", want)
		}
		p.Items[i].Verified += qty
		facts := []floor.Fact{floor.ItemVerified{
			Parcel: id, Order: o.ID, Station: p.Station, Line: p.Items[i].Line, SKU: sku, Qty: qty, Typed: by.Typed,
		}}
		if unverified(p) == 0 {
			facts = append(facts, floor.ParcelVerified{Parcel: id, Order: o.ID, Station: p.Station})
		}
		return facts, nil
	})
}

// item gives the item that still takes qty pieces of a SKU, or -1, and how many
// of the SKU the parcel wants in all.
func item(p floor.Parcel, sku floor.SKU, qty int) (at, want int) {
	at = -1
	for i, x := range p.Items {
		if x.SKU != sku {
			continue
		}
		want += x.Qty
		if at < 0 && x.Qty-x.Verified >= qty {
			at = i
		}
	}
	return at, want
}

func unverified(p floor.Parcel) int {
	n := 0
	for _, i := range p.Items {
		n += i.Qty - i.Verified
	}
	return n
}

// Seal closes a weighed parcel: a waybill number is bound to it for ever, and its
// label is asked for. The fuse stands before it: a parcel whose label must not be
// made opens it, and stays on the table.
func (f *Foreman) Seal(ctx context.Context, by By, id floor.ParcelID) (ledger.Receipt, error) {
	now := moment()
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, o, err := v.handling(by, id)
		if err != nil {
			return nil, err
		}
		switch {
		case unverified(p) > 0:
			return nil, floor.Refuse("not-verified", "parcel", id, "left", unverified(p))
		case p.State != floor.ParcelIsWeighed:
			return nil, floor.Refuse("not-weighed", "parcel", id)
		}
		if p.Waybill != "" { // its label was printed first
			return v.sealLabelled(p, o)
		}
		choice, err := v.choose(o, p.Weight.Grams, now)
		if err != nil || choice.Carrier == "" {
			return nil, orRefuse(err, floor.Refuse("no-carrier", "order", o.ID))
		}
		c := choice.Carrier
		facts, stopped, err := v.guarded(c, o, p)
		if err != nil || stopped {
			return facts, err
		}
		n, err := v.number(o, c)
		if err != nil {
			return nil, err
		}
		es, err := v.ids("effect", "E")
		if err != nil {
			return nil, err
		}
		last, err := v.lastToSeal(o, id)
		return append(facts,
			floor.ParcelSealed{
				Parcel: id, Order: o.ID, Station: p.Station, Carrier: c, Waybill: n.Waybill,
				SortCode: n.SortCode, Booking: n.Booking, Why: choice.Why, Last: last,
				Mark: o.Token,
			},
			v.labelAs(es, p, c, p.Copies+1, ""),
		), err
	})
	return r, refusalOf(r, err)
}

// sealLabelled seals a parcel whose label was printed first. Its weight may say that
// the carrier does not take it: then it gets another label, by redo.
func (v look) sealLabelled(p floor.Parcel, o floor.Order) ([]floor.Fact, error) {
	facts, stopped, err := v.guarded(p.Carrier, o, p)
	if err != nil || stopped {
		return facts, err
	}
	last, err := v.lastToSeal(o, p.ID)
	return append(facts, floor.ParcelSealed{
		Parcel: p.ID, Order: o.ID, Station: p.Station, Carrier: p.Carrier, Waybill: p.Waybill, SortCode: p.SortCode, Why: p.Why, Last: last,
		Mark: p.Mark,
	}), err
}

// guarded is guard that also opens the fuse that trips: then the parcel is stopped, and
// what it gives is all there is to write.
func (v look) guarded(c floor.CarrierID, o floor.Order, p floor.Parcel) (facts []floor.Fact, stopped bool, err error) {
	facts, trip, err := v.guard(v.f.scope(c, p.Station), o, p)
	if err != nil || trip == nil {
		return facts, false, err
	}
	facts, err = v.open(*trip)
	if err == nil && len(facts) == 0 {
		err = floor.Fuse{Trip: *trip}.Refusal() // it is open already
	}
	return facts, true, err
}

// lastToSeal reports whether nothing of an order is left to pack or to seal once
// parcel id is sealed.
func (v look) lastToSeal(o floor.Order, id floor.ParcelID) (bool, error) {
	for _, l := range o.Lines {
		if l.Qty > l.Packed {
			return false, nil
		}
	}
	for _, other := range o.Parcels {
		p, ok, err := v.Parcel(other)
		if err != nil || ok && other != id && (p.State == floor.ParcelIsLabelled || p.State == floor.ParcelIsOpen || p.State == floor.ParcelIsVerified || p.State == floor.ParcelIsWeighed) {
			return false, err
		}
	}
	return true, nil
}

// label asks for a copy of a parcel's label.
func (v look) label(p floor.Parcel, copy int, why string) (floor.EffectAsked, error) {
	es, err := v.ids("effect", "E")
	return v.labelAs(es, p, p.Carrier, copy, why), err
}

func (v look) labelAs(es *ids, p floor.Parcel, c floor.CarrierID, copy int, why string) floor.EffectAsked {
	args := map[string]string{"carrier": string(c)}
	if t := v.f.o.Template(p.Station); t != "" {
		args["template"] = t
	}
	if why != "" {
		args["why"] = why
	}
	return floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(es.take()), Lane: PrinterLane(p.Station), What: floor.EffectLabel, Class: floor.Physical,
		Order: p.Order, Parcel: p.ID, Copy: copy, Args: args,
	}}
}

// Answers to a label in doubt.
const (
	CameOut = "came-out"
	DidNot  = "did-not"
	Reprint = "reprint" // it came out and is spoilt: it is destroyed, another copy is wanted
)

// AnswerDoubt says what a person saw at the printer. Only this, and never the
// daemon by itself, makes another copy of a label that may have come out.
func (f *Foreman) AnswerDoubt(ctx context.Context, by By, id floor.EffectID, answer string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		e, ok, err := v.Effect(id)
		switch {
		case err != nil:
			return nil, err
		case !ok:
			return nil, floor.Refuse("unknown-effect", "effect", id)
		case e.State != floor.EffectDoubt:
			return nil, floor.Refuse("not-in-doubt")
		}
		end := floor.EffectEnded{
			Effect: id, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: laneStation(e.Lane), What: e.What,
			Outcome: "printed", Detail: "a person saw it",
		}
		well, err := v.undoubted(e)
		if err != nil {
			return nil, err
		}
		switch answer {
		case CameOut:
			return append(well, end), nil
		case DidNot:
			end.Outcome = "not-printed"
		case Reprint:
			end.Detail = "spoilt"
		default:
			return nil, floor.Refuse("bad-answer", "got", answer)
		}
		again, err := v.copyOf(e, answer)
		if err != nil || again == nil {
			return append(well, end), err
		}
		return append(well, end, *again), nil
	})
}

// DoneByHand says that a person did what only a person could; see floor.EffectByHand.
func (f *Foreman) DoneByHand(ctx context.Context, by By, id floor.EffectID) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		e, ok, err := v.Effect(id)
		if err != nil || !ok || e.Lane != floor.LaneHands {
			return nil, orRefuse(err, floor.Refuse("no-chore"))
		}
		return []floor.Fact{floor.EffectEnded{Effect: id, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, What: e.What, Outcome: "done"}}, nil
	})
}

// copyOf asks for the next copy of a label, or gives nil if it must not be used
// any more.
func (v look) copyOf(e floor.Effect, why string) (*floor.EffectAsked, error) {
	if e.What != floor.EffectLabel { // of no parcel: nothing to look at
		again, err := v.labelOf(e.What, e.Args, laneStation(e.Lane), e.Copy+1)
		return &again, err
	}
	p, ok, err := v.Parcel(e.Parcel)
	if err != nil || !ok {
		return nil, orRefuse(err, floor.Refuse("unknown-parcel", "code", e.Parcel))
	}
	o, err := v.order(e.Order)
	if err != nil || p.State == floor.ParcelIsVoid || o.Freeze != nil || o.State == floor.Closed {
		return nil, err
	}
	again, err := v.label(p, p.Copies+1, why)
	return &again, err
}

// WaveLabel asks for the label of a wave's cart, with its QR, at a station.
func (f *Foreman) WaveLabel(ctx context.Context, by By, id floor.WaveID, station floor.StationID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		if !slices.Contains(f.o.Stations, station) {
			return nil, floor.Refuse("unknown-station", "station", station)
		}
		if _, ok, err := v.Wave(id); err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-wave", "wave", id))
		}
		asked, err := v.labelOf(floor.EffectWaveLabel, map[string]string{"wave": string(id)}, station, 1)
		return []floor.Fact{asked}, err
	})
}

// PlainLabel asks for a label of no parcel and no wave at a station: a bin's, a
// badge, a printer's self-test. words are what it says; "template" names it, and
// whoever asks has seen that there is such a one.
func (f *Foreman) PlainLabel(ctx context.Context, by By, station floor.StationID, words map[string]string) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if !slices.Contains(f.o.Stations, station) {
			return nil, floor.Refuse("unknown-station", "station", station)
		}
		size := 0
		for k, w := range words {
			size += len(k) + len(w)
		}
		if size > maxWords {
			return nil, floor.Refuse("text-too-long", "max", maxWords)
		}
		asked, err := v.labelOf(floor.EffectPlainLabel, words, station, 1)
		return []floor.Fact{asked}, err
	})
}

// maxWords is how many bytes a plain label may say.
const maxWords = 4000

// TellCharset notes what the font of a station's printer holds, and from which
// rows of its self-test that was read.
func (f *Foreman) TellCharset(ctx context.Context, by By, station floor.StationID, model, charset string, right []int) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if !slices.Contains(f.o.Stations, station) {
			return nil, floor.Refuse("unknown-station", "station", station)
		}
		return []floor.Fact{floor.CharsetTold{Station: station, Model: model, Charset: charset, Right: right}}, nil
	})
}

func (v look) labelOf(what string, args map[string]string, station floor.StationID, copy int) (floor.EffectAsked, error) {
	e, err := v.ids("effect", "E")
	if err != nil {
		return floor.EffectAsked{}, err
	}
	return floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(e.take()), Lane: PrinterLane(station), What: what, Class: floor.Physical,
		Copy: copy, Args: args,
	}}, nil
}

// laneStation is the station whose printer's lane it is.
func laneStation(lane string) floor.StationID {
	_, station, _ := strings.Cut(lane, "/")
	return floor.StationID(station)
}

// parcelOf finds a parcel by its waybill number, its own id, or that with the copy
// of its label (P-77/2).
func (v look) parcelOf(code string) (floor.Parcel, floor.Order, error) {
	id, ok, err := v.ParcelByWaybill(floor.WaybillNo(code))
	if err != nil {
		return floor.Parcel{}, floor.Order{}, err
	}
	if !ok {
		parcel, _, _ := strings.Cut(code, "/")
		id = floor.ParcelID(parcel)
	}
	p, ok, err := v.Parcel(id)
	if err != nil || !ok || p.ID != id {
		return p, floor.Order{}, orRefuse(err, floor.Refuse("unknown-parcel", "code", code))
	}
	o, err := v.order(p.Order)
	return p, o, err
}
