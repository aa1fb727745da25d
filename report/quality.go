package report

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"floord/floor"
)

// Quality is how cleanly the floor worked on some orders: those it began that day,
// unless a figure says otherwise. Each share counts what went wrong, but for Effective.
type Quality struct {
	Worked      int  `json:"worked"`
	Short       Rate `json:"short"`           // short lines of lines
	PickErrors  Rate `json:"pick_errors"`     // lines found wrong at the pack check or the put wall, of lines
	WrongScans  Rate `json:"wrong_scans"`     // scans refused at the pick, of those and the lines
	LabelErrors Rate `json:"label_errors"`    // parcels with an error of parcels labelled
	Reprints    Rate `json:"reprints"`        // of labels
	WeightOff   Rate `json:"weight_off"`      // parcels outside the tolerance of parcels weighed
	WeightTrue  Rate `json:"weight_true"`     // of those that were looked into, the ones with wrong contents
	Manual      Rate `json:"manual"`          // acts that went round a check; may be more than the orders
	StateApart  Rate `json:"state_apart"`     // orders of which the shop says otherwise, of those and the shipped
	Effective   Rate `json:"effective_asked"` // interceptions that could still stop the parcel, of those asked
}

func (r *Rate) add(hits, n int) { r.Hits, r.N = r.Hits+hits, r.N+n }

// quality counts r in q.
func (d *Daily) quality(q *Quality, r Row) {
	if why := d.apart(r); why != "" || d.on(r.HandedOver) && !d.silent[r.Channel] && r.ShopState != "" {
		q.StateApart.add(btoi(why != ""), 1)
	}
	if !d.on(r.began()) {
		return
	}
	q.Worked++
	q.Short.add(r.ShortLines, r.Lines)
	q.PickErrors.add(min(r.Mispicked, r.Lines), r.Lines)
	q.WrongScans.add(r.Wrong, r.Lines+r.Wrong)
	all, bad := r.parcels()
	q.LabelErrors.add(bad, all)
	q.Reprints.add(r.Reprints, r.labels())
	q.WeightOff.add(r.Off, r.Weighed)
	q.WeightTrue.add(r.OffTrue, r.OffKnown)
	q.Manual.add(r.Manual, 1)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// grace is how long a shop's word on an order may differ from ours.
const grace = 2 * time.Hour

// apart says how a shop's word on an order of that day differs from ours past the
// grace, or "".
func (d *Daily) apart(r Row) string {
	past := func(t time.Time) bool { return d.on(t) && d.now.Sub(t) > grace }
	switch gone := r.ShopState == floor.ShopShipped || r.ShopState == floor.ShopSigned || r.ShopState == floor.ShopSettled; {
	case d.silent[r.Channel] || r.ShopState == "":
		return ""
	case !r.HandedOver.IsZero() && r.ShopState == floor.ShopCancelled && past(r.HandedOver):
		return "cancelled-there"
	case !r.HandedOver.IsZero() && !gone && past(r.HandedOver):
		return "not-shipped-there"
	case r.HandedOver.IsZero() && !r.Closed && gone && past(r.ShopAt):
		return "shipped-there"
	case r.HandedOver.IsZero() && !r.Closed && r.ShopState == floor.ShopCancelled && past(r.ShopAt):
		return "cancelled-there"
	case r.Closed && r.ShopState == floor.ShopPaid && past(r.ClosedAt):
		return "closed-here"
	}
	return ""
}

// erred reports whether an order had an error of the heat map.
func (d *Daily) erred(r Row) bool {
	_, bad := r.parcels()
	return r.ShortLines > 0 || bad > 0 || r.Mispicked > 0 || r.OffTrue > 0 || d.missed[r.Order]
}

// A Heat is the share of orders with an error among those begun within one hour of the
// day, of a channel or of a category of goods.
type Heat struct {
	Hour     int             `json:"hour"`
	Channel  floor.ChannelID `json:"channel,omitempty"`
	Category string          `json:"category,omitempty"`
	Errors   Rate            `json:"errors"`
}

// heatLeast is the count below which a cell of the heat map says little.
const heatLeast = 30

// heat counts the cells: by channel, and by category where goods have one.
func (d *Daily) heat(rows []Row) {
	type key struct {
		hour     int
		channel  floor.ChannelID
		category string
	}
	cells := map[key]*Rate{}
	for _, r := range rows {
		if !d.on(r.began()) {
			continue
		}
		hour := d.hourOf(r.began())
		keys := []key{{hour, r.Channel, ""}}
		for _, c := range r.Categories {
			keys = append(keys, key{hour, "", c})
		}
		for _, k := range keys {
			if cells[k] == nil {
				cells[k] = &Rate{}
			}
			cells[k].add(btoi(d.erred(r)), 1)
		}
	}
	d.Heat = []Heat{}
	for k, r := range cells {
		d.Heat = append(d.Heat, Heat{k.hour, k.channel, k.category, *r})
	}
	slices.SortFunc(d.Heat, func(a, b Heat) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Hour, b.Hour))
	})
}

func (d *Daily) hourOf(t time.Time) int { return int(t.Sub(d.From) / time.Hour) }

// A Hand is what one person, or one team, or all did with their hands that day.
type Hand struct {
	Person floor.PersonID `json:"person,omitempty"`
	Name   string         `json:"name,omitempty"`
	Team   string         `json:"team,omitempty"`
	Lines  int            `json:"lines"` // picked; not those put back or sorted at a wall
	Pieces int            `json:"pieces"`
	Active Millis         `json:"active_ms"` // picking, without pauses of over 5 minutes
	Other  Millis         `json:"other_ms"`  // sorting, putting back, between tasks
	Idle   Millis         `json:"idle_ms"`
	Wrong  int            `json:"wrong_scans"`
	Blamed int            `json:"lines_found_wrong"`
	Shorts int            `json:"shorts"`
}

// PerHour is lines in an active hour of picking, and in an hour on the clock; 0 where
// there was none.
func (h Hand) PerHour() (active, clocked float64) {
	per := func(ms Millis) float64 {
		if ms <= 0 {
			return 0
		}
		return float64(h.Lines) * 3_600_000 / float64(ms)
	}
	return per(h.Active), per(h.Active + h.Other + h.Idle)
}

// Right is the share of picked lines that nobody found wrong later.
func (h Hand) Right() Rate { return Rate{max(0, h.Lines-h.Blamed), h.Lines} }

// links gives the queries behind a row of figures of h.
func (h Hand) links(figures ...string) []string {
	out := Shipping{Team: h.Team}.links(figures...)
	for i := range out {
		if out[i] != "" && h.Person != "" { // whatever team began the order
			out[i] = url.Values{"figure": {figures[i]}, "person": {string(h.Person)}}.Encode()
		}
	}
	return out
}

// A Pace is how fast work of one kind went in one zone: only like is compared with like.
type Pace struct {
	Kind   string `json:"kind"`
	Zone   string `json:"zone,omitempty"`
	People int    `json:"people"`
	Lines  int    `json:"lines"`
	Pieces int    `json:"pieces"`
	Active Millis `json:"active_ms"`
}

// picking reports whether work of a kind counts as picking.
func picking(kind string) bool {
	return kind != "" && kind != floor.TaskPutBack && kind != floor.TaskSort && kind != floor.TaskRefill
}

// hands sums up the quarters of the day by person, by team, and by kind and zone.
func (d *Daily) hands(in Input) {
	people, teams := map[floor.PersonID]*Hand{}, map[string]*Hand{}
	type place struct{ kind, zone string }
	paces, who := map[place]*Pace{}, map[place]map[floor.PersonID]bool{}
	for _, q := range in.Hands {
		if !d.on(q.From) {
			continue
		}
		if people[q.Person] == nil {
			people[q.Person] = &Hand{Person: q.Person, Name: in.People[q.Person], Team: q.Team}
		}
		if teams[q.Team] == nil {
			teams[q.Team] = &Hand{Team: q.Team}
		}
		for _, h := range []*Hand{people[q.Person], teams[q.Team], &d.Hands} {
			h.Idle, h.Wrong, h.Blamed, h.Shorts = h.Idle+Millis(q.Idle), h.Wrong+q.Wrong, h.Blamed+q.Blamed, h.Shorts+q.Shorts
			for _, w := range q.Work {
				if !picking(w.Kind) {
					h.Other += Millis(w.Active)
					continue
				}
				h.Lines, h.Pieces, h.Active = h.Lines+w.Lines, h.Pieces+w.Pieces, h.Active+Millis(w.Active)
			}
		}
		for _, w := range q.Work {
			if w.Kind == "" || w.Lines == 0 && w.Active == 0 {
				continue
			}
			k := place{w.Kind, w.Zone}
			if paces[k] == nil {
				paces[k], who[k] = &Pace{Kind: w.Kind, Zone: w.Zone}, map[floor.PersonID]bool{}
			}
			who[k][q.Person] = true
			p := paces[k]
			p.People, p.Lines, p.Pieces, p.Active = len(who[k]), p.Lines+w.Lines, p.Pieces+w.Pieces, p.Active+Millis(w.Active)
		}
	}
	d.People, d.TeamHands, d.Paces = []Hand{}, []Hand{}, []Pace{}
	for _, h := range people {
		d.People = append(d.People, *h)
	}
	for _, h := range teams {
		d.TeamHands = append(d.TeamHands, *h)
	}
	for _, p := range paces {
		d.Paces = append(d.Paces, *p)
	}
	slices.SortFunc(d.People, func(a, b Hand) int { return cmp.Or(cmp.Compare(b.Lines, a.Lines), cmp.Compare(a.Person, b.Person)) })
	slices.SortFunc(d.TeamHands, func(a, b Hand) int { return cmp.Compare(a.Team, b.Team) })
	slices.SortFunc(d.Paces, func(a, b Pace) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Zone, b.Zone)) })
}

// shorts counts the lines declared short that day, why, and those whose goods a count
// found in that bin later.
func (d *Daily) shorts(all []floor.ShortFound) {
	why := map[string]int{}
	d.whys = map[floor.OrderID][]string{}
	for _, s := range all {
		if d.on(s.At) {
			d.Work.Found.add(btoi(!s.FoundAt.IsZero()), 1)
			why[s.Why]++
			d.whys[s.Order] = append(d.whys[s.Order], s.Why)
		}
	}
	d.Work.ShortWhys = reasons(why)
}

// atRisk reports whether an open order has less time left than nine in ten needed from
// where it stands.
func (d *Daily) atRisk(r Row) bool {
	if w := d.waits(r); w == "" || w == waitsHeld || w == waitsNone || w == waitsOverdue {
		return false
	}
	state := floor.Waved
	for s, at := range map[floor.State]time.Time{floor.Picked: r.Picked, floor.Sealed: r.Sealed} {
		if !at.IsZero() && !at.After(d.At) && state.Before(s) {
			state = s
		}
	}
	return r.ShipBy.Sub(d.At) < d.forecast.Rest(state)
}
