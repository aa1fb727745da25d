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

	Total    Shipping   `json:"total"`
	Channels []Shipping `json:"channels"` // those with anything to show, by id
	Carriers []Carried  `json:"carriers"`
	Work     Work       `json:"work"`

	Intercepts Interceptions `json:"interceptions"`
	Backlog    Backlog       `json:"backlog"`
	Fuses      []floor.Fuse  `json:"fuses,omitempty"` // that opened that day

	Late     []Case `json:"late"`     // due that day and not out in time
	Excluded []Case `json:"excluded"` // due that day and counted in no rate, and why
}

// A Case is one order behind a figure.
type Case struct {
	Order   floor.OrderID   `json:"order"`
	Channel floor.ChannelID `json:"channel"`
	ShipBy  time.Time       `json:"ship_by,omitzero"`
	Why     string          `json:"why,omitempty"`
	Stage   floor.State     `json:"stage,omitempty"`
}

// Shipping is what came and went, of one channel or of all.
type Shipping struct {
	Channel floor.ChannelID `json:"channel,omitempty"`
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
}

// Carried is what one carrier took that day.
type Carried struct {
	Carrier floor.CarrierID `json:"carrier"`
	Name    string          `json:"name,omitempty"`
	Shipped int             `json:"shipped"`
	Gap     Delays          `json:"gap"` // from our handover to the carrier's first scan
}

// Work is how cleanly the floor worked on the orders it began that day.
type Work struct {
	Orders      int          `json:"orders"`
	Short       Rate         `json:"short"`        // short lines of lines
	LabelErrors Rate         `json:"label_errors"` // orders with an error of orders labelled
	Reasons     []ReasonTold `json:"label_error_reasons"`
	Labels      int          `json:"labels"`
	Reprints    int          `json:"reprints"`
	Manual      int          `json:"manual"`
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
	Rate   Rate    `json:"rate"`
	Freeze Delays  `json:"freeze"` // each from the ask
	Device Delays  `json:"device"`
	Person Delays  `json:"person"`
	Stages []Stage `json:"stages"`
	Misses []Case  `json:"misses"`
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
	d.Late, d.Excluded = []Case{}, []Case{}
	d.Fuses = trips(in.Fuses, d.From, d.To)
	channels := map[floor.ChannelID]*Shipping{}
	for _, r := range in.Rows {
		s := channels[r.Channel]
		if s == nil {
			s = &Shipping{Channel: r.Channel, Name: in.Channels[r.Channel]}
			channels[r.Channel] = s
		}
		for _, s := range []*Shipping{s, &d.Total} {
			d.ship(s, r)
			d.collect(s, r)
		}
		d.list(r)
		d.backlog(r)
	}
	d.Channels = []Shipping{}
	for _, s := range channels {
		if s.any() {
			d.Channels = append(d.Channels, *s)
		}
	}
	slices.SortFunc(d.Channels, func(a, b Shipping) int { return cmp.Compare(a.Channel, b.Channel) })
	slices.SortFunc(d.Late, Case.compare)
	slices.SortFunc(d.Excluded, Case.compare)
	d.carriers(in)
	d.work(in.Rows)
	d.intercepts(in.Intercepts)
	return d
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
	return s.Received+s.Shipped+s.Due+s.Collected.N()+s.CollectedPending > 0
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
}

func (c Case) compare(o Case) int {
	return cmp.Or(c.ShipBy.Compare(o.ShipBy), cmp.Compare(c.Order, o.Order))
}

// backlog counts r if it is open at the moment of the report.
func (d *Daily) backlog(r Row) {
	if !r.HandedOver.IsZero() || r.Closed || r.Received.After(d.At) {
		return
	}
	b, left := &d.Backlog, r.ShipBy.Sub(d.At)
	switch {
	case r.Held:
		b.Held++
	case r.ShipBy.IsZero():
		b.None++
	case left < 0:
		b.Overdue++
	case left < 2*time.Hour:
		b.Under2++
	case left < 6*time.Hour:
		b.Under6++
	case left < 24*time.Hour:
		b.Under24++
	default:
		b.Later++
	}
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

func (d *Daily) work(rows []Row) {
	w, told := &d.Work, map[string]int{}
	for _, r := range rows {
		if !d.on(r.began()) {
			continue
		}
		w.Orders++
		w.Short.Hits += r.ShortLines
		w.Short.N += r.Lines
		w.Labels += r.labels()
		w.Reprints += r.Reprints
		w.Manual += r.Manual
		if r.labels() > 0 || len(r.LabelErrors) > 0 {
			w.LabelErrors.N++
		}
		if len(r.LabelErrors) > 0 {
			w.LabelErrors.Hits++
		}
		for _, code := range r.LabelErrors {
			told[code]++
		}
	}
	w.Reasons = []ReasonTold{}
	for code, n := range told {
		w.Reasons = append(w.Reasons, ReasonTold{code, n})
	}
	slices.SortFunc(w.Reasons, func(a, b ReasonTold) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Code, b.Code))
	})
}

func (d *Daily) intercepts(all []Intercept) {
	s := &d.Intercepts
	s.Misses = []Case{}
	stages := map[floor.State]Stage{}
	var freeze, device, person []span
	for _, i := range all {
		if !d.on(i.AskedAt) {
			continue
		}
		s.Asked++
		stage := stages[i.Stage]
		stage.Stage = i.Stage
		stage.Asked++
		switch i.Outcome {
		case Stopped:
			s.Stopped++
		case Missed:
			s.Missed++
			stage.Missed++
			s.Misses = append(s.Misses, Case{Order: i.Order, Channel: i.Channel, Why: string(i.Why), Stage: i.Stage})
		case Thawed:
			s.Thawed++
		default:
			s.Open++
		}
		stages[i.Stage] = stage
		freeze = append(freeze, span{i.AskedAt, i.FrozenAt})
		device = append(device, span{i.AskedAt, i.DeviceAt})
		person = append(person, span{i.AskedAt, i.PersonAt})
	}
	s.Rate = Rate{s.Stopped, s.Stopped + s.Missed}
	s.Freeze, s.Device, s.Person = delays(freeze, personLimit), delays(device, personLimit), delays(person, personLimit)
	s.Stages = []Stage{}
	for _, st := range stages {
		s.Stages = append(s.Stages, st)
	}
	slices.SortFunc(s.Stages, func(a, b Stage) int {
		return cmp.Or(cmp.Compare(rankOf(a.Stage), rankOf(b.Stage)), cmp.Compare(a.Stage, b.Stage))
	})
	slices.SortFunc(s.Misses, Case.compare)
}

// rankOf puts stages in the order of an order's life and unknown ones last.
func rankOf(stage floor.State) int {
	states := floor.States()
	if i := slices.Index(states, stage); i >= 0 {
		return i
	}
	return len(states)
}
