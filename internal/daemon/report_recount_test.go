package daemon

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/report"
	"floord/sync/ledger"
)

// What follows counts a report a second time: from the events of the journal alone,
// each figure by the words of its definition. It shares no code with the views or with
// the report; only the types that are compared are theirs.

// A slowOrder is what the journal says of one order.
type slowOrder struct {
	id                                           floor.OrderID
	channel                                      floor.ChannelID
	carrier                                      floor.CarrierID
	team                                         string
	shopState                                    floor.ShopState
	shopAt, paid                                 time.Time
	received, shipBy, collectBy                  time.Time
	allocated, waved, picked, verified, labelled time.Time
	sealed                                       time.Time
	began, left, closed, collected               time.Time
	held                                         bool
	lines, short, labels, reprint, manual        int
	wrong, mispicked                             int
	categories                                   map[string]bool
	parcels, bad                                 map[floor.ParcelID]bool
	scale                                        map[floor.ParcelID][]string // "off", "passed", "right"
	lastPicker                                   floor.PersonID
	carried                                      int // parcels that left and were not scanned yet
	asks                                         map[string]*slowAsk
}

type slowAsk struct {
	at      time.Time
	stage   floor.State
	outcome string
	person  bool
}

// A slowAct is something a person's hands did.
type slowAct struct {
	at            time.Time
	kind, zone    string
	lines, pieces int
	out           bool // logged out
}

// A slowSite is all that the journal says.
type slowSite struct {
	orders map[floor.OrderID]*slowOrder
	acts   map[floor.PersonID][]slowAct
	// found are shorts, and whether a count found them.
	shorts []*slowShort
	silent floor.ChannelID
}

type slowShort struct {
	at    time.Time
	where string
	found bool
}

// readJournal reads the whole journal and nothing else.
func (x *storied) readJournal() slowSite {
	s := slowSite{orders: map[floor.OrderID]*slowOrder{}, acts: map[floor.PersonID][]slowAct{}, silent: "files"}
	team, zone, category := map[floor.PersonID]string{}, map[floor.BinID]string{}, map[floor.SKU]string{}
	taskKind, waveKind, effects := map[floor.TaskID]string{}, map[floor.WaveID]string{}, map[floor.EffectID]floor.Effect{}
	printed, sealed, on := map[floor.ParcelID]bool{}, map[floor.ParcelID]bool{}, map[floor.DeviceID]floor.PersonID{}
	hand := map[string]int{} // pieces on hand, by bin and SKU
	for e, err := range x.s.ledger.Past(x.t.Context(), 0, ledger.Topic{ledger.Everything}) {
		if err != nil {
			x.t.Fatal(err)
		}
		person := e.Actor.Person()
		begun := func(o *slowOrder) {
			if o.began.IsZero() {
				o.began, o.team = e.At, team[person]
			}
		}
		act := func(p floor.PersonID, task floor.TaskID, bin floor.BinID, lines, pieces int) {
			s.acts[p] = append(s.acts[p], slowAct{at: e.At, kind: taskKind[task], zone: zone[bin], lines: lines, pieces: pieces})
		}
		switch f := e.Fact.(type) {
		case floor.PersonSet:
			team[f.Person] = f.Team
		case floor.PersonLoggedIn:
			if was := on[f.Device]; was != "" && was != f.Person {
				s.acts[was] = append(s.acts[was], slowAct{at: e.At, out: true})
			}
			on[f.Device] = f.Person
			s.acts[f.Person] = append(s.acts[f.Person], slowAct{at: e.At})
		case floor.BinsSet:
			for _, b := range f.Bins {
				zone[b.Bin] = b.Zone
			}
		case floor.SKUsSet:
			for _, k := range f.SKUs {
				category[k.SKU] = k.Category
			}
		case floor.OrderReceived:
			o := &slowOrder{
				id: f.Order, channel: f.Shop.Channel, received: e.At, lines: len(f.Shop.Lines), shopState: f.Shop.State, shopAt: f.Shop.ModifiedAt, paid: f.Shop.PaidAt,
				shipBy: f.Shop.ShipBy, collectBy: f.Shop.CollectBy,
				parcels: map[floor.ParcelID]bool{}, bad: map[floor.ParcelID]bool{}, scale: map[floor.ParcelID][]string{}, categories: map[string]bool{}, asks: map[string]*slowAsk{},
			}
			for _, l := range f.Shop.Lines {
				if c := category[l.SKU]; c != "" {
					o.categories[c] = true
				}
			}
			if f.Judged != nil {
				o.held = slices.ContainsFunc(f.Judged.Holds, func(h floor.Hold) bool { return floor.ShopHold(h.Code) })
			}
			s.orders[f.Order] = o
		case floor.OrderRevised:
			o := s.orders[f.Order]
			o.shipBy, o.collectBy, o.shopState, o.shopAt, o.paid = f.Shop.ShipBy, f.Shop.CollectBy, f.Shop.State, f.Shop.ModifiedAt, f.Shop.PaidAt
		case floor.OrderHeld:
			s.orders[f.Order].held = slices.ContainsFunc(f.Holds, func(h floor.Hold) bool { return floor.ShopHold(h.Code) })
		case floor.OrderClosed:
			s.orders[f.Order].closed = e.At
			if person != "" && f.Why != "cancelled" {
				s.orders[f.Order].manual++
			}
		case floor.StockCounted:
			where := string(f.Bin) + "/" + string(f.SKU)
			if f.Why == "count" {
				for i := len(s.shorts) - 1; i >= 0; i-- { // only the newest short there is looked for
					if s.shorts[i].where == where {
						s.shorts[i].found = f.Qty > hand[where]
						s.shorts[i].where = ""
						for j := range s.shorts[:i] {
							if s.shorts[j].where == where {
								s.shorts[j].where = ""
							}
						}
						break
					}
				}
			}
			hand[where] = f.Qty
		case floor.StockReserved:
			if f.All {
				s.orders[f.Order].allocated = e.At
			}
		case floor.WaveReleased:
			waveKind[f.Wave] = f.Type
			for _, id := range f.Orders {
				s.orders[id].waved = e.At
			}
		case floor.OrderJoined:
			s.orders[f.Order].waved = e.At
		case floor.TaskIssued:
			taskKind[f.Task] = f.Type
			if k := waveKind[f.Wave]; f.Type == floor.TaskPick && k != "" {
				taskKind[f.Task] = k
			}
		case floor.TaskTaken:
			act(f.Person, f.Task, "", 0, 0)
		case floor.LinePicked:
			hand[string(f.Bin)+"/"+string(f.SKU)] -= f.Qty
			act(f.Person, f.Task, f.Bin, 1, f.Qty)
			s.orders[f.Order].lastPicker = f.Person
			begun(s.orders[f.Order])
		case floor.LinePutBack:
			hand[string(f.Bin)+"/"+string(f.SKU)] += f.Qty
			act(f.Person, f.Task, f.Bin, 1, f.Qty)
		case floor.LineShort:
			act(f.Person, f.Task, f.Bin, 0, 0)
			s.shorts = append(s.shorts, &slowShort{at: e.At, where: string(f.Bin) + "/" + string(f.SKU)})
			begun(s.orders[f.Order])
			s.orders[f.Order].short++
		case floor.OrderPicked:
			if o := s.orders[f.Order]; o.picked.IsZero() {
				o.picked = e.At
			}
		case floor.ScanRefused:
			switch o := s.orders[f.Order]; f.Act {
			case "pick":
				o.wrong++
			case "verify":
				o.mispicked++
				if f.Blame != o.lastPicker {
					x.t.Errorf("%s is blamed for %s, %s picked it", f.Blame, f.Order, o.lastPicker)
				}
			case "hand-over":
				o.bad[f.Parcel] = true
			}
		case floor.ParcelVerified:
			s.orders[f.Order].verified = e.At
		case floor.WeightMissed:
			s.orders[f.Order].scale[f.Parcel] = append(s.orders[f.Order].scale[f.Parcel], "off")
		case floor.ParcelWeighed:
			said := "right"
			if f.Manual {
				said = "passed"
				s.orders[f.Order].manual++
			}
			s.orders[f.Order].scale[f.Parcel] = append(s.orders[f.Order].scale[f.Parcel], said)
		case floor.ParcelSealed:
			o := s.orders[f.Order]
			o.carrier, o.sealed, o.parcels[f.Parcel], sealed[f.Parcel] = f.Carrier, e.At, true, true
			o.team = cmp.Or(team[person], o.team)
		case floor.ParcelVoided:
			if sealed[f.Parcel] {
				s.orders[f.Order].bad[f.Parcel] = true
			}
		case floor.ParcelLeft:
			s.orders[f.Order].carried++
			if f.Last {
				s.orders[f.Order].left = e.At
			}
		case floor.ParcelCollected:
			o := s.orders[f.Order]
			if o.carried--; o.carried == 0 {
				o.collected = f.Scanned
			}
		case floor.EffectAsked:
			effects[f.Effect.ID] = f.Effect
			if f.Effect.What == floor.EffectLabel && f.Effect.Copy > 1 {
				s.orders[f.Effect.Order].reprint++
				s.orders[f.Effect.Order].manual++
			}
		case floor.EffectDelayed:
			s.orders[f.Order].bad[effects[f.Effect].Parcel] = true
		case floor.EffectDoubted:
			s.orders[f.Order].bad[f.Parcel] = true
		case floor.EffectEnded:
			if f.What == floor.EffectLabel && f.Outcome == "printed" && !printed[f.Parcel] {
				printed[f.Parcel] = true
				s.orders[f.Order].labels++
				s.orders[f.Order].labelled = e.At
			}
		case floor.OrderFrozen:
			s.orders[f.Order].asks[f.Intercept] = &slowAsk{f.AskedAt, f.Stage, "open", false}
		case floor.CancelMissed:
			s.orders[f.Order].asks[f.Intercept] = &slowAsk{f.AskedAt, f.Stage, "missed", false}
		case floor.FreezeAnswered:
			s.orders[f.Order].asks[f.Intercept].person = true
		case floor.OrderThawed:
			s.orders[f.Order].asks[f.Intercept].outcome = f.Outcome
			if person != "" && f.Outcome == "thawed" {
				s.orders[f.Order].manual++
			}
		}
	}
	return s
}

// A recount notes how much of everything the stories held.
type recount struct {
	least map[string]struct{ got, want int }
}

func (r *recount) saw(what string, n, want int) {
	if r.least == nil {
		r.least = map[string]struct{ got, want int }{}
	}
	r.least[what] = struct{ got, want int }{r.least[what].got + n, want}
}

// scales counts an order's parcels on the scale.
func (o *slowOrder) scales() (weighed, off, known, wrong int) {
	for _, said := range o.scale {
		weighed++
		at := slices.Index(said, "off")
		if at < 0 {
			continue
		}
		off++
		for _, then := range said[at:] {
			if then != "off" {
				known++
				if then == "right" {
					wrong++
				}
				break
			}
		}
	}
	return weighed, off, known, wrong
}

type slowCell struct {
	channel floor.ChannelID
	carrier floor.CarrierID
	team    string
}

// compare counts a day anew, cell by cell, and demands the same.
func (s slowSite) compare(t *testing.T, d report.Daily, now time.Time, seen *recount) {
	t.Helper()
	from, to := d.From, d.To
	at := to
	if now.Before(to) {
		at = now
	}
	on := func(t time.Time) bool { return !t.Before(from) && t.Before(to) }
	by := func(t, limit time.Time) bool { return !t.IsZero() && !t.After(limit) }
	want := map[slowCell]*report.Shipping{}
	var total report.Shipping
	open, openBy := 0, map[string][5]int{}
	heat := map[string]report.Rate{}
	type cycle map[string][]time.Duration
	took := cycle{}
	apart, suspects := 0, 0
	for _, o := range s.orders {
		began := o.began
		if began.IsZero() {
			began = o.left
		}
		if began.IsZero() && (o.manual > 0 || len(o.bad) > 0) {
			began = o.received
		}
		weighed, off, known, wrong := o.scales()
		says := ""
		shipped := o.shopState == floor.ShopShipped
		switch long := func(t time.Time) bool { return on(t) && now.Sub(t) > 2*time.Hour }; {
		case o.channel == s.silent:
		case !o.left.IsZero() && !shipped && long(o.left),
			o.left.IsZero() && o.closed.IsZero() && (shipped || o.shopState == floor.ShopCancelled) && long(o.shopAt),
			!o.closed.IsZero() && o.shopState == floor.ShopPaid && long(o.closed):
			says = "otherwise"
			apart++
		}
		if on(o.left) && (o.collected.Sub(o.left) > 2*time.Hour || o.collected.IsZero() && now.Sub(o.left) > 2*time.Hour) {
			suspects++
		}
		missed := false
		for _, a := range o.asks {
			missed = missed || on(a.at) && a.outcome == "missed"
		}
		cell := slowCell{o.channel, o.carrier, o.team}
		if want[cell] == nil {
			want[cell] = &report.Shipping{Channel: cell.channel, Carrier: cell.carrier, Team: cell.team}
		}
		for _, c := range []*report.Shipping{want[cell], &total} {
			count := func(r *report.Rate, hits, n int) { r.Hits, r.N = r.Hits+hits, r.N+n }
			if on(o.received) {
				c.Received++
			}
			if on(o.left) {
				c.Shipped++
			}
			if on(o.shipBy) {
				c.Due++
				switch {
				case by(o.left, o.shipBy):
					c.OnTime.Hits++
					c.OnTime.N++
				case o.left.IsZero() && (by(o.closed, o.shipBy) || o.held):
					c.Excluded++
				case o.left.IsZero() && at.Before(o.shipBy):
					c.Pending++
				default:
					c.OnTime.N++
					c.Late++
				}
			}
			limit := o.collectBy
			if limit.IsZero() {
				limit = o.shipBy
			}
			if on(limit) {
				judged := true
				switch {
				case by(o.collected, limit):
					c.Collected.Yes++
				case !o.collected.IsZero():
					c.Collected.No++
				case by(o.left, limit):
					c.Collected.Unknown++
				case o.left.IsZero() && (by(o.closed, limit) || o.held):
					judged = false
				case o.left.IsZero() && at.Before(limit):
					c.CollectedPending++
					judged = false
				default:
					c.Collected.No++
				}
				if judged && o.collectBy.IsZero() {
					c.CollectByShipBy++
				}
			}
			if on(o.left) && o.channel != s.silent || says != "" {
				n := 0
				if says != "" {
					n = 1
				}
				count(&c.StateApart, n, 1)
			}
			for _, a := range o.asks {
				if on(a.at) {
					n := 0
					if a.outcome != "missed" && (slices.Index(floor.States(), a.stage) < slices.Index(floor.States(), floor.Sealed) || a.outcome == "stopped" || a.person) {
						n = 1
					}
					count(&c.Effective, n, 1)
				}
			}
			if on(began) {
				c.Worked++
				count(&c.Short, o.short, o.lines)
				count(&c.PickErrors, min(o.mispicked, o.lines), o.lines)
				count(&c.WrongScans, o.wrong, o.lines+o.wrong)
				count(&c.LabelErrors, len(o.bad), max(len(o.parcels), len(o.bad)))
				count(&c.Reprints, o.reprint, max(o.labels, min(1, len(o.parcels)*btoi(!o.left.IsZero()))))
				count(&c.WeightOff, off, weighed)
				count(&c.WeightTrue, wrong, known)
				count(&c.Manual, o.manual, 1)
			}
		}
		if on(began) {
			hour := int(began.Sub(from).Hours())
			erred := o.short > 0 || len(o.bad) > 0 || o.mispicked > 0 || wrong > 0 || missed
			for _, row := range append([]string{"channel " + string(o.channel)}, slices.Collect(maps.Keys(o.categories))...) {
				key := fmt.Sprint(row, " ", hour)
				r := heat[key]
				heat[key] = report.Rate{Hits: r.Hits + btoi(erred), N: r.N + 1}
			}
		}
		if !o.received.After(at) && !by(o.left, at) && !by(o.closed, at) {
			open++
			for clock, end := range map[string]time.Time{"ship": o.shipBy, "collect": cmp.Or(o.collectBy, o.shipBy)} {
				n := openBy[clock]
				switch left := end.Sub(at); {
				case o.held || end.IsZero():
					n[4]++
				case left < 0:
					n[0]++
				case left < 2*time.Hour:
					n[1]++
				case left < 6*time.Hour:
					n[2]++
				default:
					n[3]++
				}
				openBy[clock] = n
			}
		}
		if on(o.left) {
			out := o.labelled
			for name, span := range map[string][2]time.Time{
				"intake": {o.paid, o.received}, "plan": {o.received, o.allocated}, "release": {o.allocated, o.waved}, "first-pick": {o.waved, o.began}, "pick": {o.began, o.picked},
				"verify": {o.picked, o.verified}, "label": {o.verified, out}, "handover": {out, o.left}, "floor": {o.received, o.left}, "collect": {o.left, o.collected},
			} {
				if !span[0].IsZero() && !span[1].IsZero() {
					took[name] = append(took[name], span[1].Sub(span[0]))
				}
			}
		}
	}
	for _, got := range d.Cells {
		c := slowCell{got.Channel, got.Carrier, got.Team}
		if want[c] == nil || *want[c] != got {
			t.Errorf("%s, %v: report %+v; journal %+v", d.Day, c, got, want[c])
		}
		delete(want, c)
	}
	for c, s := range want {
		if s.Received+s.Shipped+s.Due+s.Collected.N()+s.CollectedPending+s.Worked+s.StateApart.N > 0 {
			t.Errorf("%s, %v: the report leaves out %+v", d.Day, c, s)
		}
	}
	if d.Total != total {
		t.Errorf("%s: report %+v; journal %+v", d.Day, d.Total, total)
	}
	if len(d.Apart) != apart || len(d.Suspects) != suspects {
		t.Errorf("%s: %d apart, %d suspects; journal %d, %d", d.Day, len(d.Apart), len(d.Suspects), apart, suspects)
	}
	if d.Backlog.Open() != open {
		t.Errorf("%s: %d open; journal %d", d.Day, d.Backlog.Open(), open)
	}
	for clock, b := range map[string]report.Backlog{"ship": d.Backlog, "collect": d.Collect} {
		if got := [5]int{b.Overdue, b.Under2, b.Under6, b.Under24 + b.Later, b.None + b.Held}; got != openBy[clock] {
			t.Errorf("%s: open by %s-by %v; journal %v", d.Day, clock, got, openBy[clock])
		}
	}
	for _, c := range d.Cycle {
		all := slices.Sorted(slices.Values(took[c.Stage]))
		if len(all) != c.N {
			t.Errorf("%s: %s of %d; journal %d", d.Day, c.Stage, c.N, len(all))
			continue
		}
		for p, got := range map[float64]report.Millis{0.5: c.P50, 0.9: c.P90, 0.95: c.P95} {
			if len(all) > 0 && all[max(0, int(math.Ceil(p*float64(len(all))))-1)].Milliseconds() != int64(got) {
				t.Errorf("%s: %s p%v is %d ms; journal %v", d.Day, c.Stage, p, got, all)
			}
		}
	}
	cells := map[string]report.Rate{}
	for _, h := range d.Heat {
		row := h.Category
		if row == "" {
			row = "channel " + string(h.Channel)
		}
		cells[fmt.Sprint(row, " ", h.Hour)] = h.Errors
	}
	if !maps.Equal(cells, heat) {
		t.Errorf("%s: heat %v; journal %v", d.Day, cells, heat)
	}
	found := report.Rate{}
	for _, x := range s.shorts {
		if on(x.at) {
			found.N++
			found.Hits += btoi(x.found)
		}
	}
	if d.Work.Found != found {
		t.Errorf("%s: shorts found %v; journal %v", d.Day, d.Work.Found, found)
	}
	s.compareHands(t, d, on)
	for what, n := range map[string][2]int{
		"shipped": {total.Shipped, 20}, "late": {total.Late, 5}, "excluded": {total.Excluded, 3}, "collected in time": {total.Collected.Yes, 10}, "collected late": {total.Collected.No, 10},
		"unknown": {total.Collected.Unknown, 5}, "asked": {total.Effective.N, 10}, "short": {total.Short.Hits, 3}, "picked wrong": {total.PickErrors.Hits, 3}, "scanned wrong": {total.WrongScans.Hits, 5},
		"with label trouble": {total.LabelErrors.Hits, 5}, "printed again": {total.Reprints.Hits, 3}, "off weight": {total.WeightOff.Hits, 10}, "truly wrong": {total.WeightTrue.Hits, 3},
		"told otherwise": {total.StateApart.Hits, 3}, "suspects": {suspects, 5}, "found": {found.Hits, 2}, "lines of people": {d.Hands.Lines, 60}, "days": {1, 6}, "idle hours": {int(d.Hands.Idle / 3_600_000), 2}, "minutes of picking": {int(d.Hands.Active / 60_000), 10},
	} {
		seen.saw(what, n[0], n[1])
	}
}

// compareHands counts what people's hands did: an act lasts since the one before; a
// pause of over five minutes is none of it, one of over two hours not even idle.
func (s slowSite) compareHands(t *testing.T, d report.Daily, on func(time.Time) bool) {
	t.Helper()
	want := map[floor.PersonID]*report.Hand{}
	type place struct{ kind, zone string }
	paces := map[place]report.Pace{}
	for p, acts := range s.acts {
		var last time.Time
		for _, a := range acts {
			gap := a.at.Sub(last)
			if last.IsZero() || gap > 2*time.Hour {
				gap = 0
			}
			if last = a.at; a.out {
				last = time.Time{}
			}
			if !on(a.at) {
				continue
			}
			if want[p] == nil {
				want[p] = &report.Hand{}
			}
			h, k := want[p], place{a.kind, a.zone}
			c := paces[k]
			c.Lines, c.Pieces = c.Lines+a.lines, c.Pieces+a.pieces
			pick := a.kind != "" && a.kind != "putback" && a.kind != "sort"
			switch ms := report.Millis(gap.Milliseconds()); {
			case gap > 5*time.Minute:
				h.Idle += ms
			case pick:
				h.Active, c.Active = h.Active+ms, c.Active+ms
			default:
				h.Other, c.Active = h.Other+ms, c.Active+ms
			}
			if pick {
				h.Lines, h.Pieces = h.Lines+a.lines, h.Pieces+a.pieces
			}
			paces[k] = c
		}
	}
	for _, h := range d.People {
		w := want[h.Person]
		delete(want, h.Person)
		if w == nil {
			w = &report.Hand{}
		}
		got := report.Hand{Lines: h.Lines, Pieces: h.Pieces, Active: h.Active, Other: h.Other, Idle: h.Idle}
		if !reflect.DeepEqual(got, *w) {
			t.Errorf("%s: %s did %+v; journal %+v", d.Day, h.Person, got, *w)
		}
	}
	for p, w := range want {
		t.Errorf("%s: the report leaves out %s: %+v", d.Day, p, *w)
	}
	for _, p := range d.Paces {
		if w := paces[place{p.Kind, p.Zone}]; p.Lines != w.Lines || p.Pieces != w.Pieces || p.Active != w.Active {
			t.Errorf("%s: %s in %s is %+v; journal %+v", d.Day, p.Kind, p.Zone, p, w)
		}
	}
}
