package report

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"time"

	"floord/floor"
)

// Limits that the report measures against.
const (
	personLimit = 15 * time.Second // from the ask to a person's answer
	gapLimit    = 2 * time.Hour    // from the handover to the carrier's first scan
)

// Daily is the shipping health of one day. It holds figures and lists of orders,
// no words.
type Daily struct {
	Site string    `json:"site"`
	Day  Day       `json:"day"`
	Zone string    `json:"zone"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	At   time.Time `json:"at"`

	Total     Shipping   `json:"total"`
	Channels  []Shipping `json:"channels"` // those with anything to show, by id
	ByCarrier []Shipping `json:"by_carrier"`
	Teams     []Shipping `json:"teams"`
	Cells     []Shipping `json:"cells"` // channel x carrier x team
	Carriers  []Carried  `json:"carriers"`
	Hours     []Hour     `json:"hours"` // of the day, in order
	Cycle     []Cycle    `json:"cycle"` // of the orders handed over that day
	Work      Work       `json:"work"`

	Intercepts Interceptions `json:"interceptions"`
	Backlog    Backlog       `json:"backlog"`         // by ship-by
	Collect    Backlog       `json:"backlog_collect"` // the same orders by collect-by
	AtRisk     int           `json:"at_risk"`         // of them, with less time left than nine in ten needed

	Hands     Hand         `json:"hands"` // of all
	People    []Hand       `json:"people"`
	TeamHands []Hand       `json:"team_hands"`
	Paces     []Pace       `json:"paces"`
	Heat      []Heat       `json:"heat"`
	Hints     []Hint       `json:"hints"`
	Fuses     []floor.Fuse `json:"fuses,omitempty"` // that opened that day

	Late     []Case `json:"late"`     // due that day and not out in time
	Excluded []Case `json:"excluded"` // due that day and counted in no rate, and why
	Suspects []Case `json:"suspects"` // handed over that day, and the carrier's first scan came over two hours later or not yet
	Apart    []Case `json:"apart"`    // the shop says otherwise

	Told []Told      `json:"-"` // the orders behind the figures, by number
	Asks []Intercept `json:"-"` // the interceptions behind theirs, by the moment they were asked

	now      time.Time // what was known then
	silent   map[floor.ChannelID]bool
	tells    map[floor.CarrierID]bool
	missed   map[floor.OrderID]bool // that were to be stopped
	asked    map[floor.OrderID][]Intercept
	rows     map[floor.OrderID]Row      // of those
	whys     map[floor.OrderID][]string // of its lines that were declared short that day
	forecast floor.Forecast
}

// An Hour is what came and went within one hour of the day.
type Hour struct {
	Received int `json:"received"`
	Shipped  int `json:"shipped"`
}

// A Cycle is how long one stage took.
type Cycle struct {
	Stage string `json:"stage"` // see cycles
	Delays
}

// A Case is one order behind a figure.
type Case struct {
	Order   floor.OrderID   `json:"order"`
	Channel floor.ChannelID `json:"channel"`
	ShipBy  time.Time       `json:"ship_by,omitzero"`
	Why     string          `json:"why,omitempty"`
	Stage   floor.State     `json:"stage,omitempty"`
}

// Shipping is what came and went, of all or of those with one channel, carrier or team.
type Shipping struct {
	Channel floor.ChannelID `json:"channel,omitempty"`
	Carrier floor.CarrierID `json:"carrier,omitempty"`
	Team    string          `json:"team,omitempty"`
	Name    string          `json:"name,omitempty"`

	Received int `json:"received"` // reached us that day
	Shipped  int `json:"shipped"`  // handed over that day, whenever due

	// Due = OnTime.N + Pending + Excluded. OnTime are orders due that day that were
	// handed over by their ship-by, of those decided by now; an order cancelled
	// before it was due or held by the shop is excluded.
	Due      int  `json:"due"`
	OnTime   Rate `json:"on_time"`
	Late     int  `json:"late"`
	Pending  int  `json:"pending"` // due later today, not out yet
	Excluded int  `json:"excluded"`

	// Collected is the same for the carrier's first scan against collect-by.
	// Unknown is handed over in time, but the carrier has said nothing.
	Collected        Band `json:"collected"`
	CollectByShipBy  int  `json:"collect_by_from_ship_by"` // of them judged by ship-by for want of a collect-by
	CollectedPending int  `json:"collected_pending"`

	Quality `json:"quality"`
}

// Carried is what one carrier took that day.
type Carried struct {
	Carrier floor.CarrierID `json:"carrier"`
	Name    string          `json:"name,omitempty"`
	Shipped int             `json:"shipped"`
	Gap     Delays          `json:"gap"` // from our handover to the carrier's first scan
}

// Work is what went wrong on the orders that the floor began that day, and why; how
// much it was stands in Total.
type Work struct {
	Reasons   []ReasonTold `json:"label_error_reasons"`
	Redone    []ReasonTold `json:"reprint_reasons"`
	RedoneAt  []ReasonTold `json:"reprint_stations"`
	RedoneBy  []ReasonTold `json:"reprint_people"` // "" is floord itself
	Bent      []ReasonTold `json:"manual_kinds"`
	ShortWhys []ReasonTold `json:"short_reasons"` // of the lines declared short that day
	Found     Rate         `json:"found"`         // of those, the ones whose goods a count found there later
}

// A ReasonTold is a reason code and how often it was given.
type ReasonTold struct {
	Code  string `json:"code"`
	Count int    `json:"count"`
}

// Interceptions are those asked that day.
type Interceptions struct {
	Asked   int `json:"asked"`
	Stopped int `json:"stopped"`
	Missed  int `json:"missed"`
	Thawed  int `json:"thawed"`
	Open    int `json:"open"`

	// Rate is stopped of stopped and missed: what was lifted again or is undecided
	// is shown, but counts neither way.
	Rate Rate `json:"rate"`
	// Effective were refused or answered before the parcel could leave, of all asked:
	// a freeze before the seal refuses every act from then on; after it somebody must
	// have answered, or it must have stopped.
	Effective Rate    `json:"effective"`
	Disk      Delays  `json:"disk"` // each from the ask
	Freeze    Delays  `json:"freeze"`
	Device    Delays  `json:"device"`
	Person    Delays  `json:"person"`
	Stages    []Stage `json:"stages"`
	Misses    []Case  `json:"misses"`
}

// A Stage is how interceptions of orders in one state ended.
type Stage struct {
	Stage  floor.State `json:"stage"`
	Asked  int         `json:"asked"`
	Missed int         `json:"missed"`
}

// Backlog is what is open at the moment of the report, by the time left to
// ship-by. Every open order is in exactly one count.
type Backlog struct {
	Overdue int `json:"overdue"`
	Under2  int `json:"under_2h"`
	Under6  int `json:"under_6h"`
	Under24 int `json:"under_24h"`
	Later   int `json:"later"`
	None    int `json:"no_ship_by"`
	Held    int `json:"held"` // the shop forbids shipping, so no clock runs
}

// Open is how many orders that is.
func (b Backlog) Open() int {
	return b.Overdue + b.Under2 + b.Under6 + b.Under24 + b.Later + b.None + b.Held
}

// WriteJSON writes the figures as one indented JSON object.
func WriteJSON(w io.Writer, d Daily) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// ForDay counts the day. It does not change in and does not depend on the order
// of its rows.
func ForDay(in Input) Daily {
	if in.Zone == nil {
		in.Zone = Shanghai
	}
	d := Daily{Site: in.Site, Day: in.Day, Zone: in.Zone.String()}
	d.From, d.To = in.Day.Bounds(in.Zone)
	d.At = cmp.Or(in.At, d.To).In(in.Zone)
	d.Late, d.Excluded, d.Suspects, d.Apart = []Case{}, []Case{}, []Case{}, []Case{}
	d.now, d.silent, d.tells, d.missed, d.asked = cmp.Or(in.Now, d.At), in.Silent, in.Tells, map[floor.OrderID]bool{}, map[floor.OrderID][]Intercept{}
	if d.forecast = in.Forecast; d.forecast == nil {
		d.forecast = floor.ForecastOf(nil)
	}
	d.intercepts(in.Intercepts)
	d.Fuses = trips(in.Fuses, d.From, d.To)
	d.hours()
	d.shorts(in.Shorts)
	d.rows = map[floor.OrderID]Row{}
	for _, r := range in.Rows {
		if d.asked[r.Order] != nil {
			d.rows[r.Order] = r
		}
		d.count(&d.Total, r)
		d.list(r)
		d.backlog(r)
		d.tell(r)
		d.hour(r)
	}
	d.Channels = d.by(in.Rows, func(r Row) Shipping { return Shipping{Channel: r.Channel, Name: in.Channels[r.Channel]} })
	d.ByCarrier = d.by(in.Rows, func(r Row) Shipping { return Shipping{Carrier: r.Carrier, Name: in.Carriers[r.Carrier]} })
	d.Teams = d.by(in.Rows, func(r Row) Shipping { return Shipping{Team: r.Team, Name: r.Team} })
	d.Cells = d.by(in.Rows, func(r Row) Shipping { return Shipping{Channel: r.Channel, Carrier: r.Carrier, Team: r.Team} })
	slices.SortFunc(d.Told, Told.compare)
	slices.SortFunc(d.Late, Case.compare)
	slices.SortFunc(d.Excluded, Case.compare)
	d.carriers(in)
	d.cycles(in.Rows)
	d.work(in.Rows)
	d.hands(in)
	d.heat(in.Rows)
	slices.SortFunc(d.Suspects, Case.compare)
	slices.SortFunc(d.Apart, Case.compare)
	d.causes(in.Past)
	return d
}

// count adds r to all figures of s.
func (d *Daily) count(s *Shipping, r Row) {
	d.ship(s, r)
	d.collect(s, r)
	d.quality(&s.Quality, r)
	for _, i := range d.asked[r.Order] {
		s.Effective.add(btoi(i.effective()), 1)
	}
}

// by counts the rows apart by what key says of each, leaving out what has nothing
// to show.
func (d *Daily) by(rows []Row, key func(Row) Shipping) []Shipping {
	parts := map[Shipping]*Shipping{}
	for _, r := range rows {
		k := key(r)
		if parts[k] == nil {
			parts[k] = &Shipping{Channel: k.Channel, Carrier: k.Carrier, Team: k.Team, Name: k.Name}
		}
		d.count(parts[k], r)
	}
	out := []Shipping{}
	for _, s := range parts {
		if s.any() {
			out = append(out, *s)
		}
	}
	slices.SortFunc(out, func(a, b Shipping) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Carrier, b.Carrier), cmp.Compare(a.Team, b.Team))
	})
	return out
}

// hours makes room for the hours of the day, of which there may be 23 or 25.
func (d *Daily) hours() {
	d.Hours = make([]Hour, (d.To.Sub(d.From)+time.Hour-1)/time.Hour)
}

func (d *Daily) hour(r Row) {
	if d.on(r.Received) {
		d.Hours[r.Received.Sub(d.From)/time.Hour].Received++
	}
	if d.on(r.HandedOver) {
		d.Hours[r.HandedOver.Sub(d.From)/time.Hour].Shipped++
	}
}

// cycles are the stages that are timed, and the whole way.
var cycles = []struct {
	name string
	of   func(Row) span
}{
	{"intake", func(r Row) span { return span{r.Paid, r.Received} }},
	{"plan", func(r Row) span { return span{r.Received, r.AllocatedAt} }},
	{"release", func(r Row) span { return span{r.AllocatedAt, r.Waved} }},
	{"first-pick", func(r Row) span { return span{r.Waved, r.Worked} }},
	{"pick", func(r Row) span { return span{r.Worked, r.Picked} }},
	{"verify", func(r Row) span { return span{r.Picked, r.VerifiedAt} }},
	{"label", func(r Row) span { return span{r.VerifiedAt, later(r.LabelledAt, r.VerifiedAt)} }},
	{"handover", func(r Row) span { return span{later(r.LabelledAt, r.VerifiedAt), r.HandedOver} }},
	{"floor", func(r Row) span { return span{r.Received, r.HandedOver} }},
	{"collect", func(r Row) span { return span{r.HandedOver, r.Collected} }},
}

// cycles times the stages of the orders that left that day.
func (d *Daily) cycles(rows []Row) {
	d.Cycle = []Cycle{}
	for _, st := range cycles {
		var took []span
		for _, r := range rows {
			if s := st.of(r); d.on(r.HandedOver) && !s.from.IsZero() {
				took = append(took, s)
			}
		}
		d.Cycle = append(d.Cycle, Cycle{st.name, delays(took, 0)})
	}
}

// later gives the later of a moment and one it may come before: a label may be printed
// first. Zero if it has not come.
func later(t, than time.Time) time.Time {
	if !t.IsZero() && t.Before(than) {
		return than
	}
	return t
}

// on reports whether t falls on the day.
func (d *Daily) on(t time.Time) bool { return !t.Before(d.From) && t.Before(d.To) }

// verdict says how an order stands against a deadline.
type verdict int

const (
	notDue verdict = iota
	inTime
	tooLate
	pending
	unknown
	cancelled
	held
)

// shipped judges r against its ship-by.
func (d *Daily) shipped(r Row) verdict {
	switch {
	case !d.on(r.ShipBy):
		return notDue
	case !r.HandedOver.IsZero() && !r.HandedOver.After(r.ShipBy):
		return inTime
	case !r.HandedOver.IsZero():
		return tooLate
	case r.Closed && !r.ClosedAt.After(r.ShipBy):
		return cancelled
	case r.Held:
		return held
	case d.At.Before(r.ShipBy):
		return pending
	}
	return tooLate
}

// collected judges r against its collect-by.
func (d *Daily) collected(r Row) verdict {
	by := cmp.Or(r.CollectBy, r.ShipBy)
	switch {
	case !d.on(by):
		return notDue
	case !r.Collected.IsZero() && !r.Collected.After(by):
		return inTime
	case !r.Collected.IsZero(), r.HandedOver.After(by):
		return tooLate
	case !r.HandedOver.IsZero():
		return unknown
	case r.Closed && !r.ClosedAt.After(by):
		return cancelled
	case r.Held:
		return held
	case d.At.Before(by):
		return pending
	}
	return tooLate
}

// ship counts r for its channel or for all.
func (d *Daily) ship(s *Shipping, r Row) {
	if d.on(r.Received) {
		s.Received++
	}
	if d.on(r.HandedOver) {
		s.Shipped++
	}
	v := d.shipped(r)
	if v != notDue {
		s.Due++
	}
	switch v {
	case inTime:
		s.OnTime.Hits++
		s.OnTime.N++
	case tooLate:
		s.Late++
		s.OnTime.N++
	case pending:
		s.Pending++
	case cancelled, held:
		s.Excluded++
	}
}

func (d *Daily) collect(s *Shipping, r Row) {
	switch d.collected(r) {
	case inTime:
		s.Collected.Yes++
	case tooLate:
		s.Collected.No++
	case unknown:
		s.Collected.Unknown++
	case pending:
		s.CollectedPending++
		return
	default:
		return
	}
	if r.CollectBy.IsZero() {
		s.CollectByShipBy++
	}
}

func (s *Shipping) any() bool {
	return s.Received+s.Shipped+s.Due+s.Collected.N()+s.CollectedPending+s.Worked+s.StateApart.N > 0
}

// list keeps the orders behind the figures that somebody will ask about.
func (d *Daily) list(r Row) {
	c := Case{Order: r.Order, Channel: r.Channel, ShipBy: r.ShipBy}
	switch d.shipped(r) {
	case tooLate:
		c.Why = "not-shipped"
		if !r.HandedOver.IsZero() {
			c.Why = "shipped-late"
		} else if r.Closed {
			c.Why = "cancelled-late"
		}
		d.Late = append(d.Late, c)
	case cancelled:
		c.Why = "cancelled"
		if r.ClosedAt.IsZero() {
			c.Why = "cancelled-undated"
		}
		d.Excluded = append(d.Excluded, c)
	case held:
		c.Why = "held"
		d.Excluded = append(d.Excluded, c)
	}
	if c.Why = d.suspect(r); c.Why != "" {
		d.Suspects = append(d.Suspects, c)
	}
	if c.Why = d.apart(r); c.Why != "" {
		d.Apart = append(d.Apart, c)
	}
}

// suspect says why an order handed over that day looks as if it had not left: its
// carrier, which tells of such things, scanned it over two hours later, or not yet.
func (d *Daily) suspect(r Row) string {
	switch {
	case !d.on(r.HandedOver):
		return ""
	case r.Collected.Sub(r.HandedOver) > gapLimit:
		return "scanned-late"
	case r.Collected.IsZero() && d.tells[r.Carrier] && d.now.Sub(r.HandedOver) > gapLimit:
		return "not-scanned"
	}
	return ""
}

func (c Case) compare(o Case) int {
	return cmp.Or(c.ShipBy.Compare(o.ShipBy), cmp.Compare(c.Order, o.Order))
}

// backlog counts r if it is open at the moment of the report.
func (d *Daily) backlog(r Row) {
	d.Backlog.count(d.waits(r))
	d.Collect.count(d.waitsTo(r, cmp.Or(r.CollectBy, r.ShipBy)))
	if d.atRisk(r) {
		d.AtRisk++
	}
}

func (b *Backlog) count(w string) {
	switch w {
	case waitsHeld:
		b.Held++
	case waitsNone:
		b.None++
	case waitsOverdue:
		b.Overdue++
	case waitsUnder2:
		b.Under2++
	case waitsUnder6:
		b.Under6++
	case waitsUnder24:
		b.Under24++
	case waitsLater:
		b.Later++
	}
}

// The parts of the backlog, as Told names them.
const (
	waitsHeld    = "open_held"
	waitsNone    = "open_none"
	waitsOverdue = "open_overdue"
	waitsUnder2  = "open_2h"
	waitsUnder6  = "open_6h"
	waitsUnder24 = "open_24h"
	waitsLater   = "open_later"
)

// waits says in which part of the backlog r was at the moment of the report, or "".
func (d *Daily) waits(r Row) string { return d.waitsTo(r, r.ShipBy) }

// waitsTo says so by the clock that ends then.
func (d *Daily) waitsTo(r Row, end time.Time) string {
	left := end.Sub(d.At)
	switch {
	case !r.HandedOver.IsZero() && !r.HandedOver.After(d.At), r.Closed && !r.ClosedAt.After(d.At), r.Received.After(d.At):
		return ""
	case r.Held:
		return waitsHeld
	case end.IsZero():
		return waitsNone
	case left < 0:
		return waitsOverdue
	case left < 2*time.Hour:
		return waitsUnder2
	case left < 6*time.Hour:
		return waitsUnder6
	case left < 24*time.Hour:
		return waitsUnder24
	}
	return waitsLater
}

// carriers counts who took what that day, and how long their own scan took.
func (d *Daily) carriers(in Input) {
	shipped := map[floor.CarrierID][]span{}
	for _, r := range in.Rows {
		if d.on(r.HandedOver) {
			shipped[r.Carrier] = append(shipped[r.Carrier], span{r.HandedOver, r.Collected})
		}
	}
	d.Carriers = []Carried{}
	for id, spans := range shipped {
		d.Carriers = append(d.Carriers, Carried{id, in.Carriers[id], len(spans), delays(spans, gapLimit)})
	}
	slices.SortFunc(d.Carriers, func(a, b Carried) int { return cmp.Compare(a.Carrier, b.Carrier) })
}

// began is when the floor began to work on r, zero if it has not.
func (r Row) began() time.Time {
	t := cmp.Or(r.Worked, r.HandedOver)
	if t.IsZero() && (r.ShortLines > 0 || r.Labels > 0 || len(r.LabelErrors) > 0 || r.Reprints > 0 || r.Manual > 0) {
		return r.Received
	}
	return t
}

// labels is how many labels r has had. A row that does not count them still had
// one if it left.
func (r Row) labels() int {
	if r.Labels == 0 && !r.HandedOver.IsZero() {
		return 1
	}
	return r.Labels
}

// parcels is how many parcels of r got a label or should have, and how many of them
// made trouble.
func (r Row) parcels() (all, bad int) {
	all, bad = r.Parcels, r.BadParcels
	if len(r.LabelErrors) > 0 {
		bad = max(bad, 1)
	}
	return max(all, bad, r.labels()), bad
}

func (d *Daily) work(rows []Row) {
	w := &d.Work
	told, redone, at, by, bent := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, r := range rows {
		if !d.on(r.began()) {
			continue
		}
		for count, codes := range map[*map[string]int][]string{&told: r.LabelErrors, &redone: r.Redone, &bent: r.Bent} {
			for _, code := range codes {
				(*count)[code]++
			}
		}
		for _, x := range r.Redos {
			at[string(x.Station)]++
			by[string(x.By)]++
		}
	}
	w.Reasons, w.Redone, w.RedoneAt, w.RedoneBy, w.Bent = reasons(told), reasons(redone), reasons(at), reasons(by), reasons(bent)
}

// reasons lists codes, those given most often first.
func reasons(told map[string]int) []ReasonTold {
	out := []ReasonTold{}
	for code, n := range told {
		out = append(out, ReasonTold{code, n})
	}
	slices.SortFunc(out, func(a, b ReasonTold) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
	return out
}

func (d *Daily) intercepts(all []Intercept) {
	s := &d.Intercepts
	s.Misses = []Case{}
	stages := map[floor.State]Stage{}
	hops := map[string][]span{}
	for _, i := range all {
		if !d.on(i.AskedAt) {
			continue
		}
		s.Asked++
		d.Asks = append(d.Asks, i)
		d.asked[i.Order] = append(d.asked[i.Order], i)
		if i.effective() {
			s.Effective.Hits++
		}
		stage := stages[i.Stage]
		stage.Stage = i.Stage
		stage.Asked++
		switch i.Outcome {
		case Stopped:
			s.Stopped++
		case Missed:
			d.missed[i.Order] = true
			s.Missed++
			stage.Missed++
			s.Misses = append(s.Misses, Case{Order: i.Order, Channel: i.Channel, Why: string(i.Why), Stage: i.Stage})
		case Thawed:
			s.Thawed++
		default:
			s.Open++
		}
		stages[i.Stage] = stage
		for _, hop := range i.hops() {
			hops[hop.name] = append(hops[hop.name], hop.span)
		}
	}
	s.Rate, s.Effective.N = Rate{s.Stopped, s.Stopped + s.Missed}, s.Asked
	slices.SortFunc(d.Asks, func(a, b Intercept) int {
		return cmp.Or(a.AskedAt.Compare(b.AskedAt), cmp.Compare(a.Order, b.Order))
	})
	for name, d := range map[string]*Delays{"disk": &s.Disk, "freeze": &s.Freeze, "device": &s.Device, "person": &s.Person} {
		*d = delays(hops[name], personLimit)
	}
	s.Stages = []Stage{}
	for _, st := range stages {
		s.Stages = append(s.Stages, st)
	}
	slices.SortFunc(s.Stages, func(a, b Stage) int {
		return cmp.Or(cmp.Compare(rankOf(a.Stage), rankOf(b.Stage)), cmp.Compare(a.Stage, b.Stage))
	})
	slices.SortFunc(s.Misses, Case.compare)
}

// effective reports whether the parcel could not have left after the freeze.
func (i Intercept) effective() bool {
	return i.Outcome != Missed && (i.Stage.Before(floor.Sealed) || i.Outcome == Stopped || !i.PersonAt.IsZero())
}

// rankOf puts stages in the order of an order's life and unknown ones last.
func rankOf(stage floor.State) int {
	states := floor.States()
	if i := slices.Index(states, stage); i >= 0 {
		return i
	}
	return len(states)
}
