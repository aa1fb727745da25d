package report

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"floord/floor"
)

// A Told is one order and the figures that count it, so that every figure can be
// followed to its orders.
type Told struct {
	Order      floor.OrderID    `json:"order"`
	Channel    floor.ChannelID  `json:"channel"`
	Carrier    floor.CarrierID  `json:"carrier,omitempty"`
	Team       string           `json:"team,omitempty"`
	Received   time.Time        `json:"received_at"`
	ShipBy     time.Time        `json:"ship_by,omitzero"`
	CollectBy  time.Time        `json:"collect_by,omitzero"`
	HandedOver time.Time        `json:"handed_over_at,omitzero"`
	Collected  time.Time        `json:"collected_at,omitzero"`
	Hour       int              `json:"hour"` // of the day it was begun; -1: on another
	Categories []string         `json:"categories,omitempty"`
	Pickers    []floor.PersonID `json:"pickers,omitempty"`
	Figures    []string         `json:"figures"` // see Figures
}

// Figures are the names of the figures that Told and Pick know: those of the orders
// that came and went, of the two clocks, of work begun that day, of the backlog, and of
// the interceptions. Some are narrowed by a word after a slash: to a reason
// ("label_errors/paper-out"), a stage ("cycle/pick", "asked/picking") or a hop
// ("silent/person").
var Figures = []string{
	"received", "shipped", "due", "on_time", "late", "pending", "excluded",
	"collect_due", "collected", "not_collected", "collect_unknown", "collect_pending", "gap_over",
	"suspect", "state_apart", "worked", "short", "mispicked", "wrong_scans", "label_errors", "reprints", "weighed", "weight_off", "weight_true", "manual", "errors",
	"open", waitsOverdue, waitsUnder2, waitsUnder6, waitsUnder24, waitsLater, waitsNone, waitsHeld, "at_risk",
	collectBy + waitsOverdue, collectBy + waitsUnder2, collectBy + waitsUnder6, collectBy + waitsUnder24, collectBy + waitsLater, collectBy + waitsNone, collectBy + waitsHeld,
	"scanned", "unscanned", "cycle", "untimed", "picked",
	"asked", "stopped", "missed", "thawed", "frozen", "effective", "reached", "silent", "slow", "unheeded",
}

// collectBy begins the names of the backlog's parts by that clock.
const collectBy = "collect_"

func (t Told) compare(o Told) int { return cmp.Compare(t.Order, o.Order) }

// tell keeps which figures count r.
func (d *Daily) tell(r Row) {
	var in []string
	add := func(is bool, names ...string) {
		if is {
			in = append(in, names...)
		}
	}
	add(d.on(r.Received), "received")
	add(d.on(r.HandedOver), "shipped")
	add(d.on(r.HandedOver) && !r.Collected.IsZero(), "scanned")
	add(d.on(r.HandedOver) && r.Collected.IsZero(), "unscanned")
	for _, st := range cycles {
		if s := st.of(r); d.on(r.HandedOver) && !s.from.IsZero() {
			add(s.to.IsZero(), "untimed/"+st.name)
			add(!s.to.IsZero() && !s.to.Before(s.from), "cycle/"+st.name)
		}
	}
	switch d.shipped(r) {
	case inTime:
		add(true, "due", "on_time")
	case tooLate:
		add(true, "due", "late")
	case pending:
		add(true, "due", "pending")
	case cancelled, held:
		add(true, "due", "excluded")
	}
	switch d.collected(r) {
	case inTime:
		add(true, "collect_due", "collected")
	case tooLate:
		add(true, "collect_due", "not_collected")
	case unknown:
		add(true, "collect_due", "collect_unknown")
	case pending:
		add(true, "collect_pending")
	}
	add(d.on(r.HandedOver) && r.Collected.Sub(r.HandedOver) > gapLimit, "gap_over")
	add(d.suspect(r) != "", "suspect")
	add(d.apart(r) != "", "state_apart")
	hour := -1
	if d.on(r.began()) {
		hour = d.hourOf(r.began())
		_, bad := r.parcels()
		add(r.Mispicked > 0, "mispicked")
		add(r.Wrong > 0, "wrong_scans")
		add(r.Weighed > 0, "weighed")
		add(r.Off > 0, "weight_off")
		add(r.OffTrue > 0, "weight_true")
		add(d.erred(r), "errors")
		add(true, "worked")
		add(r.ShortLines > 0, "short")
		add(bad > 0, "label_errors")
		add(r.Reprints > 0, "reprints")
		add(r.Manual > 0, "manual")
		narrow := func(figure string, codes []string) {
			for _, code := range codes {
				add(true, figure+"/"+code)
			}
		}
		narrow("label_errors", r.LabelErrors)
		narrow("reprints", r.Redone)
		narrow("manual", r.Bent)
		for _, x := range r.Redos {
			narrow("reprints", []string{"at " + string(x.Station), "by " + string(x.By)})
		}
	}
	for _, why := range d.whys[r.Order] {
		add(true, "short/"+why)
	}
	add(len(r.Pickers) > 0 && (d.on(r.Worked) || d.on(r.Picked)), "picked")
	if w := d.waits(r); w != "" {
		add(true, "open", w, collectBy+d.waitsTo(r, cmp.Or(r.CollectBy, r.ShipBy)))
		add(d.atRisk(r), "at_risk")
	}
	if len(in) > 0 {
		d.Told = append(d.Told, Told{
			Order: r.Order, Channel: r.Channel, Carrier: r.Carrier, Team: r.Team, Received: r.Received, ShipBy: r.ShipBy,
			CollectBy: r.CollectBy, HandedOver: r.HandedOver, Collected: r.Collected, Hour: hour, Categories: r.Categories, Pickers: r.Pickers, Figures: in,
		})
	}
}

// Pick gives the orders behind a figure: query names it (figure=late) and may say of
// which channel, carrier, team, person or category, begun, received or shipped in which
// hour of the day.
func (d Daily) Pick(query url.Values) []Told {
	figure, out := query.Get("figure"), []Told{}
	fits := func(key string, have ...string) bool { return !query.Has(key) || slices.Contains(have, query.Get(key)) }
	hour := func(t time.Time) string { return fmt.Sprint(d.hourOf(t)) }
	for _, t := range d.Told {
		if (figure == "" || slices.Contains(t.Figures, figure)) && fits("channel", string(t.Channel)) &&
			fits("carrier", string(t.Carrier)) && fits("team", t.Team) && fits("hour", fmt.Sprint(t.Hour)) &&
			fits("received_hour", hour(t.Received)) && fits("shipped_hour", hour(t.HandedOver)) &&
			fits("person", ids(t.Pickers)...) && fits("category", t.Categories...) {
			out = append(out, t)
		}
	}
	for _, i := range d.Asks {
		if r := d.rows[i.Order]; slices.Contains(i.figures(), figure) && fits("channel", string(i.Channel)) && fits("carrier", string(r.Carrier)) && fits("team", r.Team) {
			out = append(out, Told{Order: i.Order, Channel: i.Channel, Carrier: r.Carrier, Team: r.Team, Received: i.AskedAt, Figures: i.figures()})
		}
	}
	return out
}

func ids[T ~string](all []T) []string {
	out := make([]string, len(all))
	for i, id := range all {
		out[i] = string(id)
	}
	return out
}

func (i Intercept) figures() []string {
	out := []string{"asked", "asked/" + string(i.Stage), map[Outcome]string{Stopped: "stopped", Missed: "missed", Thawed: "thawed", Open: "frozen"}[i.Outcome]}
	add := func(is bool, name string) {
		if is {
			out = append(out, name)
		}
	}
	add(i.Outcome == Missed, "missed/"+string(i.Stage))
	add(i.effective(), "effective")
	for _, hop := range i.hops() {
		took := hop.to.Sub(hop.from)
		add(hop.to.IsZero(), "silent/"+hop.name)
		add(!hop.to.IsZero() && took >= 0, "reached/"+hop.name)
		add(!hop.to.IsZero() && took > personLimit, "slow/"+hop.name)
		add(hop.name == "person" && (hop.to.IsZero() || took > personLimit), "unheeded")
	}
	return out
}

// A hop is one wait of an interception, from the ask.
type hop struct {
	name string // "disk", "freeze", "device", "person"
	span
}

func (i Intercept) hops() []hop {
	return []hop{
		{"disk", span{i.AskedAt, i.HeardAt}}, {"freeze", span{i.AskedAt, i.FrozenAt}},
		{"device", span{i.AskedAt, i.DeviceAt}}, {"person", span{i.AskedAt, i.PersonAt}},
	}
}

// WriteCSV writes the figures, a line each, for a spreadsheet that somebody insists on.
func WriteCSV(w io.Writer, d Daily) error {
	out := sheet{csv.NewWriter(w)}
	out.row("day", "channel", "carrier", "team", "figure", "value", "of", "low", "high")
	put := func(s Shipping, figure string, n int) {
		out.row(d.Day.String(), string(s.Channel), string(s.Carrier), s.Team, figure, fmt.Sprint(n), "", "", "")
	}
	rate := func(s Shipping, figure string, r Rate) {
		if r.N == 0 {
			out.row(d.Day.String(), string(s.Channel), string(s.Carrier), s.Team, figure, "", "0", "", "")
			return
		}
		low, high := r.Wilson()
		out.row(d.Day.String(), string(s.Channel), string(s.Carrier), s.Team, figure, fmt.Sprint(r.Hits), fmt.Sprint(r.N),
			fmt.Sprintf("%.4f", low), fmt.Sprintf("%.4f", high))
	}
	shipping := func(s Shipping) {
		put(s, "received", s.Received)
		put(s, "shipped", s.Shipped)
		put(s, "due", s.Due)
		put(s, "pending", s.Pending)
		put(s, "excluded", s.Excluded)
		rate(s, "on_time", s.OnTime)
		rate(s, "collected_worst", s.Collected.Worst())
		rate(s, "collected_best", s.Collected.Best())
		put(s, "worked", s.Worked)
		rate(s, "short_lines", s.Short)
		rate(s, "pick_errors", s.PickErrors)
		rate(s, "wrong_scans", s.WrongScans)
		rate(s, "label_errors", s.LabelErrors)
		rate(s, "reprints", s.Reprints)
		rate(s, "weight_off", s.WeightOff)
		rate(s, "weight_true", s.WeightTrue)
		rate(s, "state_apart", s.StateApart)
		rate(s, "intercept_effective", s.Effective)
		put(s, "manual", s.Manual.Hits)
	}
	shipping(d.Total)
	for _, s := range d.Cells {
		shipping(s)
	}
	all := Shipping{}
	rate(all, "short_found", d.Work.Found)
	rate(all, "intercepted", d.Intercepts.Rate)
	put(all, "open", d.Backlog.Open())
	put(all, "open_overdue", d.Backlog.Overdue)
	put(all, "collect_overdue", d.Collect.Overdue)
	put(all, "at_risk", d.AtRisk)
	for _, h := range d.People {
		who := Shipping{Team: h.Team}
		put(who, "lines/"+string(h.Person), h.Lines)
		put(who, "active_ms/"+string(h.Person), int(h.Active))
		put(who, "idle_ms/"+string(h.Person), int(h.Idle))
		rate(who, "right_lines/"+string(h.Person), h.Right())
	}
	for _, p := range d.Paces {
		put(all, "lines/"+p.Kind+"/"+p.Zone, p.Lines)
		put(all, "active_ms/"+p.Kind+"/"+p.Zone, int(p.Active))
	}
	for _, h := range d.Heat {
		if h.Category == "" {
			rate(Shipping{Channel: h.Channel}, fmt.Sprintf("errors/%02d", h.Hour), h.Errors)
		}
	}
	for _, c := range d.Cycle {
		put(all, "cycle_"+c.Stage+"_p50_ms", int(c.P50))
		put(all, "cycle_"+c.Stage+"_p90_ms", int(c.P90))
	}
	return out.end()
}

// WriteOrdersCSV writes the orders behind the figures.
func WriteOrdersCSV(w io.Writer, d Daily) error {
	out := sheet{csv.NewWriter(w)}
	out.row("order", "channel", "carrier", "team", "received_at", "ship_by", "collect_by", "handed_over_at", "collected_at", "figures")
	for _, t := range d.Told {
		out.row(string(t.Order), string(t.Channel), string(t.Carrier), t.Team, d.moment(t.Received), d.moment(t.ShipBy),
			d.moment(t.CollectBy), d.moment(t.HandedOver), d.moment(t.Collected), strings.Join(t.Figures, " "))
	}
	return out.end()
}

// WriteAsksCSV writes the interceptions with the delay of each hop in milliseconds.
func WriteAsksCSV(w io.Writer, d Daily) error {
	out := sheet{csv.NewWriter(w)}
	out.row("order", "channel", "why", "stage", "outcome", "asked_at", "disk_ms", "frozen_ms", "device_ms", "person_ms")
	for _, i := range d.Asks {
		hop := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return fmt.Sprint(t.Sub(i.AskedAt).Milliseconds())
		}
		out.row(string(i.Order), string(i.Channel), string(i.Why), string(i.Stage), string(i.Outcome), d.moment(i.AskedAt),
			hop(i.HeardAt), hop(i.FrozenAt), hop(i.DeviceAt), hop(i.PersonAt))
	}
	return out.end()
}

// moment writes a time in the site's zone, nothing for none.
func (d Daily) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.At.Location()).Format("2006-01-02 15:04:05")
}

// A sheet writes rows whose cells no spreadsheet takes for a formula: text that begins
// like one, also in full width, gets an apostrophe before it.
type sheet struct{ w *csv.Writer }

func (s sheet) row(cells ...string) {
	for i, c := range cells {
		if c = clean(c, maxText*4); strings.IndexAny(c, "=+-@＝＋－＠") == 0 {
			c = "'" + c
		}
		cells[i] = c
	}
	s.w.Write(cells) // its error is kept for end
}

func (s sheet) end() error {
	s.w.Flush()
	return s.w.Error()
}
