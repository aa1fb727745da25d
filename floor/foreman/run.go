package foreman

import (
	"context"
	"slices"
	"strconv"

	"floord/floor"
	"floord/sync/ledger"
)

// MaxSheets is how many labels one run prints; a wave with more gets further runs.
const MaxSheets = 200

// PrintFirst prints the labels of a wave before its orders are packed: of one with
// a single item each, or of orders that are all alike. Orders that are frozen,
// lack a number or could not be labelled are left out and packed as usual.
func (f *Foreman) PrintFirst(ctx context.Context, by By, id floor.WaveID, station floor.StationID) (floor.Run, error) {
	now := moment()
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		if !slices.Contains(f.o.Stations, station) {
			return nil, floor.Refuse("unknown-station", "station", station)
		}
		w, ok, err := v.Wave(id)
		if err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-wave", "wave", id))
		}
		orders, err := v.labelable(w)
		if err != nil {
			return nil, err
		}
		if !alike(orders) {
			return nil, floor.Refuse("not-alike", "wave", id)
		}
		run := floor.RunOpened{Wave: id, Station: station}
		ps, err := v.ids("parcel", "P")
		if err != nil {
			return nil, err
		}
		rs, err := v.ids("run", "R")
		if err != nil {
			return nil, err
		}
		run.Run = rs.take()
		taken := map[floor.CarrierID]int{}
		for _, o := range orders {
			if len(run.Sheets) == MaxSheets {
				break
			}
			grams, _, err := v.needsNumber(o)
			if err != nil {
				return nil, err
			}
			choice, err := v.choose(o, grams, now)
			if err != nil {
				return nil, err
			}
			x := floor.RunSheet{No: len(run.Sheets) + 1, Order: o.ID, Carrier: choice.Carrier, Why: choice.Why, Items: toPackItems(all(o))}
			if ok, err := v.sheet(o, station, taken, &x); err != nil || !ok {
				if err != nil {
					return nil, err
				}
				continue
			}
			x.Parcel = floor.ParcelID(ps.take())
			run.Sheets = append(run.Sheets, x)
		}
		if len(run.Sheets) == 0 {
			return nil, floor.Refuse("no-sheets", "wave", id)
		}
		es, err := v.ids("effect", "E")
		if err != nil {
			return nil, err
		}
		facts := []floor.Fact{run}
		for _, x := range run.Sheets {
			label := v.labelAs(es, floor.Parcel{ID: x.Parcel, Order: x.Order, Station: station}, x.Carrier, 1, "")
			label.Effect.Args["sheet"] = strconv.Itoa(x.No)
			facts = append(facts, label)
		}
		return facts, nil
	})
	opened, _ := last[floor.RunOpened](r)
	return floor.Run{ID: opened.Run, Wave: opened.Wave, Station: opened.Station, Sheets: opened.Sheets, Of: len(opened.Sheets)}, err
}

// all gives an order as if everything of it were picked.
func all(o floor.Order) floor.Order {
	o.Lines = slices.Clone(o.Lines)
	for i := range o.Lines {
		o.Lines[i].Picked = o.Lines[i].Qty
	}
	return o
}

// labelable gives the orders of a wave that nobody has begun to pack.
func (v look) labelable(w floor.Wave) ([]floor.Order, error) {
	var out []floor.Order
	for _, id := range w.Orders {
		o, ok, err := v.Order(id)
		if err != nil {
			return nil, err
		}
		short := slices.ContainsFunc(o.Lines, func(l floor.Line) bool { return l.Missing > 0 || l.Out })
		if ok && !short { // one in several parcels has no one label
			var rest int
			if _, rest, err = v.nextParcel(all(o)); err != nil {
				return nil, err
			}
			short = rest > 0
		}
		if ok && awake(&o) == nil && len(o.Parcels) == 0 && !short && !o.State.Before(floor.Waved) && o.State.Before(floor.Packing) {
			out = append(out, o)
		}
	}
	return out, nil
}

// alike reports whether orders have one piece each, or all the same goods.
func alike(orders []floor.Order) bool {
	goods := func(o floor.Order) (list []floor.SKUQty, single bool) {
		n := 0
		for _, l := range o.Lines {
			list = append(list, floor.SKUQty{SKU: l.SKU, Qty: l.Qty})
			n += l.Qty
		}
		return list, n == 1
	}
	for _, o := range orders {
		first, _ := goods(orders[0])
		list, single := goods(o)
		if !single && !slices.Equal(first, list) {
			return false
		}
	}
	return true
}

// sheet gives a sheet its number, and reports whether there is one and the label
// may be made. taken counts the numbers of each pool that earlier sheets have.
func (v look) sheet(o floor.Order, station floor.StationID, taken map[floor.CarrierID]int, x *floor.RunSheet) (bool, error) {
	if x.Carrier == "" {
		return false, nil
	}
	_, trip, err := v.guard(v.f.scope(x.Carrier, station), o, floor.Parcel{Order: o.ID})
	if isRefusal(err) || trip != nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if v.f.rule(x.Carrier).Books {
		n, err := v.number(o, x.Carrier)
		if isRefusal(err) {
			return false, nil
		}
		x.Waybill, x.SortCode, x.Booking = n.Waybill, n.SortCode, n.Booking
		return err == nil, err
	}
	pool, err := v.PooledWaybills(x.Carrier, taken[x.Carrier]+1)
	if err != nil || len(pool) <= taken[x.Carrier] {
		return false, err
	}
	to, _, err := v.Recipient(o.ID)
	x.Waybill, x.SortCode = pool[taken[x.Carrier]], v.f.o.SortCode(x.Carrier, to)
	taken[x.Carrier]++
	return true, err
}

// labelled gives the order's parcel whose label was printed first and that nobody
// has begun to pack, or nil.
func (v look) labelled(o floor.Order) (*floor.Parcel, error) {
	for _, id := range o.Parcels {
		p, ok, err := v.Parcel(id)
		if err != nil || ok && p.State == floor.ParcelIsLabelled {
			return &p, err
		}
	}
	return nil, nil
}

// called gives the fact that calls an order's printed sheet out of its run's pile,
// or no longer; nothing for an order without one.
func (v look) called(o floor.Order, out bool) ([]floor.Fact, error) {
	for _, id := range o.Parcels {
		p, ok, err := v.Parcel(id)
		if err != nil {
			return nil, err
		}
		if !ok || p.Run == "" || p.State != floor.ParcelIsLabelled || out && p.Printed == 0 && p.Label != floor.LabelBegun && p.Label != floor.LabelDoubt {
			continue
		}
		run, ok, err := v.Run(p.Run)
		if err != nil || !ok || out == slices.Contains(run.Pull, p.RunNo) {
			return nil, err
		}
		call := floor.SheetsCalled{Run: run.ID, Station: run.Station}
		if out {
			call.Sheets = []int{p.RunNo}
		} else {
			call.Keep = []int{p.RunNo}
		}
		return []floor.Fact{call}, nil
	}
	return nil, nil
}

// Pulled notes that a person has pulled sheets out of the pile. Sheets that were
// not called are refused: a good label must not go by mistake.
func (f *Foreman) Pulled(ctx context.Context, by By, id string, sheets []int) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RolePacker); err != nil {
			return nil, err
		}
		run, ok, err := v.Run(id)
		if err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-run", "run", id))
		}
		rest := slices.Clone(run.Pull)
		for _, n := range sheets {
			at := slices.Index(rest, n)
			if at < 0 {
				return nil, floor.Refuse("not-called", "sheet", n, "run", id)
			}
			rest = slices.Delete(rest, at, at+1)
		}
		if len(sheets) == 0 {
			return nil, nil
		}
		return []floor.Fact{floor.SheetsPulled{Run: id, Station: run.Station, Sheets: sheets}}, nil
	})
}
