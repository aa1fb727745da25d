package report

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"floord/floor"
)

// A page is the report as words, ready to be laid out. Text, PDF, HTML and what the
// board shows are all made from it, so that they cannot say different things.
type page struct {
	title, subtitle string
	tiles           []tile
	attention       string
	alerts          []alert
	charts          []chart
	tables          []table
	more            []table // the details behind
	grids           []grid
	notesTitle      string
	notes           []string
}

// A tile is one figure that is read first. A link is the query of Pick that gives
// the orders behind a figure; empty where a figure counts something else.
type tile struct {
	label, value, note string
	bad                bool
	link               string
}

// An alert is a sentence about what needs attention.
type alert struct{ text, link string }

// A chart has bars side by side, each with its figure.
type chart struct {
	title string
	bars  []bar
}

type bar struct {
	label string
	value float64
	text  string
}

// A grid is a map of shares; a cell that counts few is drawn as such.
type grid struct {
	title string
	head  []string
	rows  []gridRow
}

type gridRow struct {
	name  string
	cells []gridCell
}

type gridCell struct {
	n                int // 0: nothing was there
	value            float64
	few              bool
	text, note, link string
}

// A table has its first column left and all others right.
type table struct {
	title string
	head  []string
	rows  [][]string
	links [][]string // of the rows' cells; nil, or as long as rows
	total bool       // the last row sums up the others
	short bool       // reads as well as one line of text
	flat  bool       // its rows stand side by side on paper; an indented row belongs to the one above
}

// A detail says how much of the longer lists is shown. Everything is in the JSON.
type detail struct {
	channels, carriers, reasons, stages int
	cases                               int // orders named behind one figure
	definitions                         bool
}

// full is as much as a person reads.
var full = detail{channels: 20, carriers: 8, reasons: 6, stages: 13, cases: 4, definitions: true}

const (
	maxName = 20 // runes of a name in a table
	maxText = 64 // runes of anything else from outside
)

// A voice says figures in one language and at one length.
type voice struct {
	*words
	much detail
}

// compose puts the figures into words.
func compose(d Daily, lang string, much detail) page {
	w := &voice{speak(lang), much}
	p := page{
		title:      w.Title,
		subtitle:   fmt.Sprintf(w.Subtitle, d.Day, d.Zone, d.At.Format("2006-01-02 15:04")),
		tiles:      w.tiles(d),
		attention:  w.Attention,
		alerts:     w.alerts(d),
		notesTitle: w.Notes,
		notes:      w.notes(d),
	}
	if d.Site != "" {
		p.title = clean(d.Site, maxName) + "  " + p.title
	}
	p.tables = append(p.tables, w.channels(d))
	if len(d.Carriers) > 0 && much.carriers > 0 {
		p.tables = append(p.tables, w.carriers(d))
	}
	p.tables = append(p.tables, w.fuses(d)...)
	p.tables = append(p.tables, w.work(d), w.intercepts(d.Intercepts))
	if d.Intercepts.Asked > 0 {
		p.tables = append(p.tables, w.delays(d.Intercepts, false))
		if much.stages > 0 {
			p.tables = append(p.tables, w.stages(d.Intercepts))
		}
	}
	p.tables = append(p.tables, w.backlog(d))
	if !d.Total.any() {
		return p
	}
	p.charts = append(p.charts, w.hours(d))
	for _, byCategory := range []bool{false, true} {
		if g := w.heat(d, byCategory); len(g.rows) > 0 {
			p.grids = append(p.grids, g)
		}
	}
	if len(d.Hints) > 0 {
		p.more = append(p.more, w.hints(d))
	}
	p.more = append(p.more,
		w.parts(w.ByCarrier, w.Carrier, d.ByCarrier, d.Total), w.parts(w.ByTeam, w.Team, d.Teams, d.Total), w.cells(d),
		w.moreWork(d), w.quality(w.ByChannel, w.Channel, d.Channels, d.Total), w.quality(w.WorkByCarrier, w.Carrier, d.ByCarrier, d.Total),
		w.quality(w.WorkByTeam, w.Team, d.Teams, d.Total))
	if d.Hands.Lines > 0 || len(d.People) > 0 {
		p.more = append(p.more, w.hands(w.TeamHands, w.Team, d.TeamHands, d.Hands), w.hands(w.PersonHands, w.PersonHead, d.People, d.Hands), w.paces(d))
	}
	if len(d.Work.RedoneAt) > 0 {
		p.more = append(p.more, w.redone(d))
	}
	p.more = append(p.more, w.cycle(d))
	return p
}

// composeAsks puts the interceptions of the day into words: a report of its own.
func composeAsks(d Daily, lang string) page {
	w := &voice{speak(lang), full}
	s := d.Intercepts
	p := page{
		title:     w.AsksTitle,
		subtitle:  fmt.Sprintf(w.Subtitle, d.Day, d.Zone, d.At.Format("2006-01-02 15:04")),
		attention: w.Attention, notesTitle: w.Notes, notes: w.AskDefinitions,
		tiles: []tile{
			{label: w.Asked, value: fmt.Sprint(s.Asked), link: "figure=asked"},
			{label: w.EffectiveRate, value: w.rate(s.Effective, w.NotAsked), note: w.basis(s.Effective, w.OfAsked), bad: s.Effective.Hits < s.Effective.N, link: "figure=effective"},
			{label: w.StopRate, value: w.rate(s.Rate, w.NotAsked), note: w.basis(s.Rate, w.OfAsked), bad: s.Missed > 0, link: "figure=stopped"},
			{label: w.Missed, value: fmt.Sprint(s.Missed), bad: s.Missed > 0, link: "figure=missed"},
			{label: w.Freeze, value: w.took(s.Freeze, s.Freeze.P95), note: w.P95, link: "figure=reached/freeze"},
			{label: w.Device, value: w.took(s.Device, s.Device.P95), note: w.P95, link: "figure=reached/device"},
			{label: w.Person, value: w.took(s.Person, s.Person.P95), note: w.P95, bad: s.Person.Over > 0, link: "figure=reached/person"},
		},
	}
	if d.Site != "" {
		p.title = clean(d.Site, maxName) + "  " + p.title
	}
	if len(s.Misses) > 0 {
		p.alerts = append(p.alerts, alert{fmt.Sprintf(w.AlertMissed, len(s.Misses), w.cases(s.Misses)), "figure=missed"})
	}
	if n := s.Person.Over + s.Person.Missing; n > 0 {
		p.alerts = append(p.alerts, alert{fmt.Sprintf(w.AlertPerson, s.Person.Over, s.Person.Missing), "figure=unheeded"})
	}
	if len(p.alerts) == 0 {
		p.alerts = []alert{{text: w.AllClear}}
	}
	p.tables = append(p.tables, w.delays(s, true), w.stages(s))
	list := table{title: w.Intercepts, head: []string{w.Order, w.Channel, w.Why, w.Stage, w.AskedAt, w.Disk, w.Freeze, w.Device, w.Person, w.Result}}
	hop := func(i Intercept, at time.Time) string {
		switch {
		case at.IsZero():
			return "–"
		case at.Before(i.AskedAt):
			return "?"
		}
		return w.took(Delays{N: 1}, Millis(at.Sub(i.AskedAt).Milliseconds()))
	}
	for _, i := range d.Asks {
		list.rows = append(list.rows, []string{
			clean(string(i.Order), maxText), clean(string(i.Channel), maxName), known(w.Whys, string(i.Why)), known(w.Stages, i.Stage),
			i.AskedAt.In(d.At.Location()).Format(time.TimeOnly), hop(i, i.HeardAt), hop(i, i.FrozenAt), hop(i, i.DeviceAt), hop(i, i.PersonAt), known(w.Outcomes, i.Outcome),
		})
		list.links = append(list.links, append([]string{"order=" + url.QueryEscape(string(i.Order))}, make([]string, 9)...))
	}
	if failed := w.failures(d); len(failed.rows) > 0 {
		p.more = append(p.more, failed)
	}
	if len(list.rows) > 0 {
		p.more = append(p.more, list)
	}
	return p
}

// failures names the interceptions that fell short, and of what.
func (w *voice) failures(d Daily) table {
	t := table{title: w.Failures, head: []string{w.Order, w.Stage, w.AskedAt, w.What}}
	for _, i := range d.Asks {
		var what []string
		add := func(is bool, why string) {
			if is {
				what = append(what, why)
			}
		}
		add(i.Outcome == Missed, w.Missed)
		open := i.Outcome != Missed || !i.FrozenAt.IsZero()
		add(open && i.DeviceAt.IsZero(), w.NoDevice)
		add(open && i.PersonAt.IsZero(), w.NoAnswer)
		add(i.PersonAt.Sub(i.AskedAt) > personLimit, w.SlowAnswer)
		if len(what) > 0 {
			t.rows = append(t.rows, []string{clean(string(i.Order), maxText), known(w.Stages, i.Stage), i.AskedAt.In(d.At.Location()).Format(time.TimeOnly), strings.Join(what, w.Comma)})
			t.links = append(t.links, []string{"order=" + url.QueryEscape(string(i.Order)), "", "", ""})
		}
	}
	return t
}

// hours shows what came and went hour by hour, from the first to the last with any.
func (w *voice) hours(d Daily) chart {
	c := chart{title: w.HoursTitle}
	first, last := len(d.Hours), -1
	for i, h := range d.Hours {
		if h.Received+h.Shipped > 0 {
			first, last = min(first, i), i
		}
	}
	for i := first; i <= last; i++ {
		at := d.From.Add(time.Duration(i) * time.Hour).Format("15:04")
		c.bars = append(c.bars, bar{
			label: at, value: float64(d.Hours[i].Shipped), text: fmt.Sprintf(w.HourText, d.Hours[i].Shipped, d.Hours[i].Received),
		})
	}
	return c
}

// parts shows the clocks of the parts of the day's orders.
func (w *voice) parts(title, head string, parts []Shipping, total Shipping) table {
	t := table{title: title, total: true, head: append([]string{head}, w.clocks()...)}
	for _, s := range parts {
		w.clock(&t, cmp.Or(s.Name, string(s.Carrier), w.Unassigned), s)
	}
	w.clock(&t, w.Total, total)
	return t
}

// cells shows them by channel, carrier and team, the worst first.
func (w *voice) cells(d Daily) table {
	t := table{title: w.CellsTitle, head: append([]string{w.Channel + " · " + w.Carrier + " · " + w.Team}, w.clocks()...)}
	worst := slices.Clone(d.Cells)
	slices.SortStableFunc(worst, func(a, b Shipping) int { return cmp.Or(cmp.Compare(b.Late, a.Late), cmp.Compare(b.Due, a.Due)) })
	for _, s := range worst[:min(len(worst), maxCells)] {
		w.clock(&t, w.cell(d, s), s)
		for i, link := range t.links[len(t.links)-1] {
			if link != "" {
				figure, _ := url.ParseQuery(link)
				t.links[len(t.links)-1][i] = w.only(s, figure.Get("figure"))
			}
		}
	}
	return t
}

// cell names a channel, carrier and team.
func (w *voice) cell(d Daily, s Shipping) string {
	name := func(names []Shipping, key Shipping, id string) string {
		for _, n := range names {
			if n.Channel == key.Channel && n.Carrier == key.Carrier && n.Name != "" {
				return n.Name
			}
		}
		return cmp.Or(id, w.Unassigned)
	}
	return strings.Join([]string{
		clean(name(d.Channels, Shipping{Channel: s.Channel}, string(s.Channel)), maxName),
		clean(name(d.ByCarrier, Shipping{Carrier: s.Carrier}, string(s.Carrier)), maxName),
		clean(cmp.Or(s.Team, w.Unassigned), maxName),
	}, " · ")
}

// only gives the query of a figure of just that channel, carrier and team, none
// included.
func (w *voice) only(s Shipping, figure string) string {
	q := url.Values{"figure": {figure}, "channel": {string(s.Channel)}, "carrier": {string(s.Carrier)}, "team": {s.Team}, "only": {"true"}}
	return q.Encode()
}

// maxCells is how many cells a person reads; the CSV has all.
const maxCells = 60

func (w *voice) clocks() []string {
	return []string{w.Received, w.HandedOver, w.Due, w.Excluded, w.Late, w.OnTimeRate, w.IntervalHead, w.CollectedRate, w.IntervalHead}
}

func (w *voice) clock(t *table, name string, s Shipping) {
	onTime, collected := "–", "–"
	if s.OnTime.N > 0 {
		onTime = s.OnTime.interval()
	}
	if s.Collected.N() > 0 {
		low, _ := s.Collected.Worst().Wilson()
		_, high := s.Collected.Best().Wilson()
		collected = fmt.Sprintf("%.1f–%.1f%%", low*100, high*100)
	}
	t.rows = append(t.rows, []string{
		name, fmt.Sprint(s.Received), fmt.Sprint(s.Shipped), fmt.Sprint(s.Due), fmt.Sprint(s.Excluded), fmt.Sprint(s.Late),
		w.onTime(s) + of(s.OnTime.N), onTime, w.band(s.Collected) + of(s.Collected.N()), collected,
	})
	t.links = append(t.links, s.links("", "received", "shipped", "due", "excluded", "late", "due", "", "collect_due", ""))
}

// of writes what a share was counted from, beside it.
func of(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (n=%d)", n)
}

// links gives the queries behind a row of figures of s.
func (s Shipping) links(figures ...string) []string {
	out := make([]string, len(figures))
	for i, f := range figures {
		if f == "" {
			continue
		}
		q := url.Values{"figure": {f}}
		for key, v := range map[string]string{"channel": string(s.Channel), "carrier": string(s.Carrier), "team": s.Team} {
			if v != "" {
				q.Set(key, v)
			}
		}
		out[i] = q.Encode()
	}
	return out
}

// cycle shows how long the stages took.
func (w *voice) cycle(d Daily) table {
	t := table{title: w.CycleTitle, head: []string{w.Step, "n", w.Untimed, w.Median, "p90", w.P95, w.Max}}
	for _, c := range d.Cycle {
		if c.N+c.Missing+c.Skewed == 0 {
			continue
		}
		t.rows = append(t.rows, []string{
			known(w.Cycles, c.Stage), fmt.Sprint(c.N), fmt.Sprint(c.Missing), w.took(c.Delays, c.P50), w.took(c.Delays, c.P90), w.took(c.Delays, c.P95), w.took(c.Delays, c.Max),
		})
		timed := "cycle/" + c.Stage
		t.links = append(t.links, Shipping{}.links("", timed, "untimed/"+c.Stage, timed, timed, timed, timed))
	}
	return t
}

func (w *voice) tiles(d Daily) []tile {
	onTime, stopped := d.Total.OnTime, d.Intercepts.Rate
	ts := []tile{
		{link: "figure=received", label: w.Received, value: fmt.Sprint(d.Total.Received)},
		{link: "figure=shipped", label: w.Shipped, value: fmt.Sprint(d.Total.Shipped)},
		{link: "figure=due", label: w.OnTimeRate, value: w.onTime(d.Total), note: w.basis(onTime, w.Count), bad: d.Total.Late > 0},
		{link: "figure=collect_due", label: w.CollectedRate, value: w.band(d.Total.Collected), note: w.bandNote(d.Total.Collected), bad: d.Total.Collected.No > 0},
		{link: "figure=asked", label: w.StopRate, value: w.rate(stopped, w.NotAsked), note: w.basis(stopped, w.OfAsked), bad: d.Intercepts.Missed > 0},
		{link: "figure=open", label: w.Backlog, value: fmt.Sprint(d.Backlog.Open()), bad: d.Backlog.Overdue > 0},
	}
	if d.Backlog.Open() > 0 {
		ts[5].note = fmt.Sprintf(w.OverdueNote, d.Backlog.Overdue)
	}
	return ts
}

// rate writes a rate, or what there was none of.
func (w *voice) rate(r Rate, none string) string {
	if r.N == 0 {
		return none
	}
	return r.percent()
}

// onTime writes the rate of orders shipped on time. If there is none it says why:
// nothing came or went, nothing was due, or what was due is undecided or excluded,
// as the columns beside it show.
func (w *voice) onTime(s Shipping) string {
	switch {
	case s.OnTime.N > 0:
		return s.OnTime.percent()
	case s.Due > 0:
		return "–"
	case s.any():
		return w.NoneDue
	}
	return w.NoOrders
}

// basis writes what a rate was counted from, in small samples with the interval.
func (w *voice) basis(r Rate, format string) string {
	switch {
	case r.N == 0:
		return ""
	case r.Small():
		return fmt.Sprintf(w.Interval, fmt.Sprintf(format, r.Hits, r.N), r.interval())
	}
	return fmt.Sprintf(format, r.Hits, r.N)
}

// band writes the worst and the best that the share can be.
func (w *voice) band(b Band) string {
	switch {
	case b.N() == 0:
		return w.NoneDue
	case b.Unknown == 0:
		return b.Worst().percent()
	}
	return strings.TrimSuffix(b.Worst().percent(), "%") + "–" + b.Best().percent()
}

func (w *voice) bandNote(b Band) string {
	if b.N() == 0 {
		return ""
	}
	return fmt.Sprintf(w.BandNote, b.N(), b.Unknown)
}

func (w *voice) alerts(d Daily) []alert {
	var out []alert
	add := func(n int, link, format string, args ...any) {
		if n > 0 {
			out = append(out, alert{strings.TrimRight(fmt.Sprintf(format, args...), " ："), link})
		}
	}
	if !d.Total.any() && d.Intercepts.Asked == 0 {
		// A day without orders may be a holiday. It may also be a dead connection.
		out = append(out, alert{text: w.AlertEmpty})
	}
	add(d.Backlog.Overdue, "figure="+waitsOverdue, w.AlertOverdue, d.Backlog.Overdue)
	add(len(d.Late), "figure=late", w.AlertLate, len(d.Late), w.cases(d.Late))
	add(len(d.Intercepts.Misses), "figure=missed", w.AlertMissed, len(d.Intercepts.Misses), w.cases(d.Intercepts.Misses))
	slow := d.Intercepts.Person
	add(slow.Over+slow.Missing, "figure=unheeded", w.AlertPerson, slow.Over, slow.Missing)
	add(len(d.Suspects), "figure=suspect", w.AlertSuspect, len(d.Suspects), w.cases(d.Suspects))
	if apart := d.Total.StateApart; apart.Hits*1000 > 3*apart.N {
		add(apart.Hits, "figure=state_apart", w.AlertApart, apart.Hits, apart.percent(), apart.N, w.cases(d.Apart))
	}
	for _, h := range d.Hints {
		cell := ""
		if len(h.Cells) > 0 {
			cell = w.cell(d, h.Cells[0].Shipping)
		}
		add(1, "figure="+h.figure(), w.AlertHint, known(w.Metrics, h.Metric), h.Before*100, h.Now.percent(), h.Now.N, cell)
	}
	add(d.AtRisk, "figure=at_risk", w.AlertRisk, d.AtRisk)
	add(d.Total.Collected.Unknown, "figure=collect_unknown", w.AlertUnscanned, d.Total.Collected.Unknown)
	skewed := slow.Skewed + d.Intercepts.Device.Skewed + d.Intercepts.Freeze.Skewed
	for _, c := range d.Carriers {
		skewed += c.Gap.Skewed
	}
	add(skewed, "", w.AlertSkew, skewed)
	if len(out) == 0 {
		return []alert{{text: w.AllClear}}
	}
	return out
}

// cases names the first few orders, each with why.
func (w *voice) cases(cs []Case) string {
	if w.much.cases == 0 {
		return ""
	}
	var names []string
	for _, c := range cs[:min(len(cs), w.much.cases)] {
		why := known(w.Whys, c.Why)
		if c.Stage != "" {
			why += w.Comma + known(w.Stages, c.Stage)
		}
		names = append(names, fmt.Sprintf("%s (%s)", clean(string(c.Order), maxText), why))
	}
	list := strings.Join(names, w.Comma)
	if len(cs) > w.much.cases {
		list += fmt.Sprintf(w.AndMore, len(cs)-w.much.cases)
	}
	return list
}

func (w *voice) channels(d Daily) table {
	t := table{title: w.Channels, total: true, head: []string{
		w.Channel, w.Received, w.Shipped, w.Due, w.Excluded, w.Pending, w.OnTime, w.Late, w.OnTimeRate, w.IntervalHead, w.CollectedRate,
	}}
	shown := d.Channels
	if len(shown) > w.much.channels { // those with late orders, then the biggest
		big := slices.Clone(shown)
		slices.SortStableFunc(big, func(a, b Shipping) int {
			return cmp.Or(cmp.Compare(b.Late, a.Late), cmp.Compare(b.Due+b.Received, a.Due+a.Received))
		})
		shown = big[:w.much.channels]
		slices.SortFunc(shown, func(a, b Shipping) int { return cmp.Compare(a.Channel, b.Channel) })
	}
	for _, s := range shown {
		t.rows = append(t.rows, w.channel(cmp.Or(s.Name, string(s.Channel), w.Unnamed), s))
		t.links = append(t.links, s.channelLinks())
	}
	all := w.Total
	if len(shown) < len(d.Channels) {
		all = fmt.Sprintf("%s (%d)", w.Total, len(d.Channels))
	}
	t.rows = append(t.rows, w.channel(all, d.Total))
	t.links = append(t.links, d.Total.channelLinks())
	return t
}

func (s Shipping) channelLinks() []string {
	return s.links("", "received", "shipped", "due", "excluded", "pending", "on_time", "late", "due", "", "collect_due")
}

func (w *voice) channel(name string, s Shipping) []string {
	interval := "–"
	if s.OnTime.N > 0 && s.OnTime.Small() {
		interval = s.OnTime.interval()
	}
	return []string{
		clean(name, maxName), fmt.Sprint(s.Received), fmt.Sprint(s.Shipped), fmt.Sprint(s.Due), fmt.Sprint(s.Excluded), fmt.Sprint(s.Pending),
		fmt.Sprint(s.OnTime.Hits), fmt.Sprint(s.Late), w.onTime(s), interval, w.band(s.Collected),
	}
}

func (w *voice) carriers(d Daily) table {
	t := table{title: w.Carriers, head: []string{w.Carrier, w.HandedOver, w.Scanned, w.Unscanned, w.Median, w.P95, w.Max, w.Over2h}}
	biggest := slices.Clone(d.Carriers)
	slices.SortStableFunc(biggest, func(a, b Carried) int { return cmp.Compare(b.Shipped, a.Shipped) })
	for _, c := range biggest[:min(len(biggest), w.much.carriers)] {
		name := clean(cmp.Or(c.Name, string(c.Carrier), w.Unnamed), maxName)
		t.rows = append(t.rows, []string{
			name, fmt.Sprint(c.Shipped), fmt.Sprint(c.Shipped - c.Gap.Missing), fmt.Sprint(c.Gap.Missing),
			w.took(c.Gap, c.Gap.P50), w.took(c.Gap, c.Gap.P95), w.took(c.Gap, c.Gap.Max), fmt.Sprint(c.Gap.Over),
		})
		t.links = append(t.links, Shipping{Carrier: c.Carrier}.links("", "shipped", "scanned", "unscanned", "scanned", "scanned", "scanned", "gap_over"))
	}
	return t
}

func (w *voice) work(d Daily) table {
	k, q := d.Work, d.Total.Quality
	t := table{title: w.Work, flat: true, head: []string{w.Metric, w.Hits, w.Base, w.Share, w.IntervalHead}}
	none := "–"
	if q.Worked == 0 {
		none = w.NoOrders
	}
	row := func(name, figure, of string, r Rate, codes []ReasonTold, names map[string]string) {
		interval := "–"
		if r.N > 0 {
			interval = r.interval()
		}
		t.rows = append(t.rows, []string{name, fmt.Sprint(r.Hits), fmt.Sprint(r.N), w.rate(r, none), interval})
		t.links = append(t.links, Shipping{}.links("", figure, of, figure, ""))
		for _, e := range codes[:min(len(codes), w.much.reasons)] {
			t.rows = append(t.rows, []string{"  " + known(names, e.Code), fmt.Sprint(e.Count), "", "", ""})
			t.links = append(t.links, Shipping{}.links("", figure+"/"+e.Code, "", "", ""))
		}
	}
	row(w.PickErrors, "mispicked", "worked", q.PickErrors, nil, nil)
	row(w.Short, "short", "worked", q.Short, k.ShortWhys, w.ShortReasons)
	row(w.LabelErrors, "label_errors", "worked", q.LabelErrors, k.Reasons, w.Errors)
	row(w.WeightOff, "weight_off", "weighed", q.WeightOff, nil, nil)
	row(w.Reprints, "reprints", "worked", q.Reprints, k.Redone, w.RedoneWhys)
	row(w.Manual, "manual", "worked", q.Manual, k.Bent, w.BentWhys)
	for i := range t.rows {
		if t.rows[i][0] == w.Manual && q.Worked > 0 {
			t.rows[i][3], t.rows[i][4] = fmt.Sprintf(w.PerThousand, 1000*float64(q.Manual.Hits)/float64(q.Worked)), "–"
		}
	}
	return t
}

// more are the shares that are read on the second page.
func (w *voice) moreWork(d Daily) table {
	q := d.Total.Quality
	t := table{title: w.MoreWork, head: []string{w.Metric, w.Hits, w.Base, w.Share, w.IntervalHead}}
	for _, m := range []struct {
		name, figure, of string
		Rate
	}{
		{w.Accuracy, "worked", "worked", q.PickErrors.rest()}, {w.WrongScans, "wrong_scans", "worked", q.WrongScans},
		{w.FirstPass, "worked", "worked", q.LabelErrors.rest()}, {w.WeightTrue, "weight_true", "weight_off", q.WeightTrue},
		{w.Found, "short", "short", d.Work.Found}, {w.StateApart, "state_apart", "shipped", q.StateApart},
		{w.EffectiveRate, "effective", "asked", q.Effective},
	} {
		interval := "–"
		if m.N > 0 {
			interval = m.interval()
		}
		t.rows = append(t.rows, []string{m.name, fmt.Sprint(m.Hits), fmt.Sprint(m.N), m.percent(), interval})
		t.links = append(t.links, Shipping{}.links("", m.figure, m.of, m.figure, ""))
	}
	return t
}

// redone shows who printed labels again, and where.
func (w *voice) redone(d Daily) table {
	t := table{title: w.RedoneTitle, head: []string{w.RedoneWhere, w.Hits}}
	for _, list := range []struct {
		figure string
		codes  []ReasonTold
		names  map[string]string
	}{{"reprints/at ", d.Work.RedoneAt, nil}, {"reprints/by ", d.Work.RedoneBy, map[string]string{"": w.ByFloord}}} {
		for _, c := range list.codes {
			t.rows = append(t.rows, []string{known(list.names, c.Code), fmt.Sprint(c.Count)})
			t.links = append(t.links, Shipping{}.links("", list.figure+c.Code))
		}
	}
	return t
}

// quality shows the shares of the parts of the day's orders, each with what it is of.
func (w *voice) quality(title, head string, parts []Shipping, total Shipping) table {
	t := table{title: title, total: true, head: []string{head, w.Worked, w.PickErrors, w.Short, w.LabelErrors, w.WeightOff, w.Reprints, w.Manual, w.StateApart, w.EffectiveRate}}
	row := func(name string, s Shipping) {
		cells := []string{clean(name, maxName), fmt.Sprint(s.Worked)}
		for _, r := range []Rate{s.PickErrors, s.Short, s.LabelErrors, s.WeightOff, s.Reprints} {
			cells = append(cells, w.share(r))
		}
		manual := "–"
		if s.Worked > 0 {
			manual = fmt.Sprintf(w.PerThousand, 1000*float64(s.Manual.Hits)/float64(s.Worked))
		}
		t.rows = append(t.rows, append(cells, manual, w.share(s.StateApart), w.share(s.Effective)))
		t.links = append(t.links, s.links("", "worked", "mispicked", "short", "label_errors", "weight_off", "reprints", "manual", "state_apart", "effective"))
	}
	for _, s := range parts {
		row(cmp.Or(s.Name, string(s.Channel), string(s.Carrier), w.Unassigned), s)
	}
	row(w.Total, total)
	return t
}

// share writes a share with what it is of, and its interval where that is little.
func (w *voice) share(r Rate) string {
	switch {
	case r.N == 0:
		return "–"
	case r.Small() && r.Hits > 0:
		return r.percent() + of(r.N) + " [" + r.interval() + "]"
	}
	return r.percent() + of(r.N)
}

// hands shows how fast each person picked, and how right.
func (w *voice) hands(title, head string, all []Hand, total Hand) table {
	t := table{title: title, total: true, head: []string{head, w.Lines, w.Pieces, w.LinesHour, w.LinesClock, w.Active, w.Idle, w.Accuracy, w.WrongScans, w.Shorts}}
	row := func(name string, h Hand) {
		active, clocked := h.PerHour()
		pace := func(n float64) string {
			if n == 0 {
				return "–"
			}
			return fmt.Sprintf("%.0f", n)
		}
		t.rows = append(t.rows, []string{
			clean(name, maxName), fmt.Sprint(h.Lines), fmt.Sprint(h.Pieces), pace(active), pace(clocked), w.took(Delays{N: 1}, h.Active), w.took(Delays{N: 1}, h.Idle),
			w.share(h.Right()), fmt.Sprint(h.Wrong), fmt.Sprint(h.Shorts),
		})
		t.links = append(t.links, h.links("", "picked", "picked", "picked", "picked", "picked", "picked", "mispicked", "wrong_scans", "short"))
	}
	for _, h := range all[:min(len(all), maxCells)] {
		name := cmp.Or(h.Name, string(h.Person), h.Team, w.Unassigned)
		if h.Person != "" && h.Team != "" {
			name += " · " + h.Team
		}
		row(name, h)
	}
	row(w.Total, total)
	return t
}

// paces shows how fast work of each kind went in each zone.
func (w *voice) paces(d Daily) table {
	t := table{title: w.PaceTitle, head: []string{w.Kind, w.Zone, w.Persons, w.Lines, w.Pieces, w.Active, w.LinesHour}}
	for _, p := range d.Paces {
		active, _ := Hand{Lines: p.Lines, Active: p.Active}.PerHour()
		t.rows = append(t.rows, []string{
			known(w.Kinds, p.Kind), cmp.Or(clean(p.Zone, maxName), "–"), fmt.Sprint(p.People), fmt.Sprint(p.Lines), fmt.Sprint(p.Pieces),
			w.took(Delays{N: 1}, p.Active), fmt.Sprintf("%.0f", active),
		})
	}
	return t
}

// hints says which shares dropped, and the cells that made it so.
func (w *voice) hints(d Daily) table {
	t := table{title: w.HintsTitle, head: []string{w.Metric, w.NowShare, w.Before, w.Extra}}
	for _, h := range d.Hints {
		figure := h.figure()
		t.rows = append(t.rows, []string{known(w.Metrics, h.Metric), h.Now.percent() + of(h.Now.N), fmt.Sprintf(w.BeforeDays, h.Before*100, h.Days), ""})
		t.links = append(t.links, Shipping{}.links("", figure, "", ""))
		for _, c := range h.Cells {
			t.rows = append(t.rows, []string{"  " + w.cell(d, c.Shipping), c.Now.percent() + of(c.Now.N), "", fmt.Sprintf("+%.1f", c.Extra)})
			t.links = append(t.links, []string{"", w.only(c.Shipping, figure), "", ""})
		}
	}
	return t
}

// heat is the map of errors: an hour a column, a channel or category a row.
func (w *voice) heat(d Daily, byCategory bool) grid {
	g := grid{title: w.HeatTitle}
	if byCategory {
		g.title = w.HeatCategories
	}
	first, last := len(d.Hours), -1
	var names []string
	for _, h := range d.Heat {
		if byCategory != (h.Category != "") {
			continue
		}
		first, last = min(first, h.Hour), max(last, h.Hour)
		if name := cmp.Or(h.Category, string(h.Channel)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := first; i <= last; i++ {
		g.head = append(g.head, d.From.Add(time.Duration(i)*time.Hour).Format("15"))
	}
	for _, name := range names[:min(len(names), maxCells)] {
		row := gridRow{name: clean(name, maxName), cells: make([]gridCell, len(g.head))}
		for _, c := range d.Channels {
			if string(c.Channel) == name && c.Name != "" && !byCategory {
				row.name = clean(c.Name, maxName)
			}
		}
		for _, h := range d.Heat {
			if byCategory != (h.Category != "") || cmp.Or(h.Category, string(h.Channel)) != name {
				continue
			}
			v, _ := h.Errors.Value()
			q := url.Values{"figure": {"errors"}, "hour": {fmt.Sprint(h.Hour)}}
			if h.Errors.Hits == 0 {
				q.Set("figure", "worked")
			}
			if byCategory {
				q.Set("category", h.Category)
			} else {
				q.Set("channel", string(h.Channel))
			}
			row.cells[h.Hour-first] = gridCell{
				n: h.Errors.N, value: v, few: h.Errors.N < heatLeast, text: fmt.Sprintf("%.0f", v*1000),
				note: fmt.Sprintf(w.HeatNote, h.Errors.Hits, h.Errors.N), link: q.Encode(),
			}
		}
		g.rows = append(g.rows, row)
	}
	return g
}

func (w *voice) intercepts(s Interceptions) table {
	interval := "–"
	if s.Rate.N > 0 && s.Rate.Small() {
		interval = s.Rate.interval()
	}
	if s.Asked == 0 {
		return table{title: w.Intercepts, short: true, head: []string{w.Asked}, rows: [][]string{{"0"}}}
	}
	return table{
		title: w.Intercepts,
		short: true,
		head:  []string{w.Asked, w.Stopped, w.Missed, w.Thawed, w.Open, w.StopRate, w.IntervalHead},
		rows: [][]string{{
			fmt.Sprint(s.Asked), fmt.Sprint(s.Stopped), fmt.Sprint(s.Missed), fmt.Sprint(s.Thawed), fmt.Sprint(s.Open),
			w.rate(s.Rate, w.NotAsked), interval,
		}},
		links: [][]string{{"figure=asked", "figure=stopped", "figure=missed", "figure=thawed", "figure=frozen", "figure=stopped", ""}},
	}
}

// delays shows the hops of the interceptions; whole also that to our disk.
func (w *voice) delays(s Interceptions, whole bool) table {
	t := table{head: []string{w.Hop, w.Answered, w.Silent, w.Median, w.P95, w.Max, w.Over15s}}
	for _, hop := range []struct {
		name string
		Delays
	}{{"disk", s.Disk}, {"freeze", s.Freeze}, {"device", s.Device}, {"person", s.Person}} {
		d := hop.Delays
		if hop.name == "disk" && !whole {
			continue
		}
		reached := "reached/" + hop.name
		t.links = append(t.links, Shipping{}.links("", reached, "silent/"+hop.name, reached, reached, reached, "slow/"+hop.name))
		t.rows = append(t.rows, []string{
			w.hop(hop.name), fmt.Sprint(d.N), fmt.Sprint(d.Missing), w.took(d, d.P50), w.took(d, d.P95), w.took(d, d.Max), fmt.Sprint(d.Over),
		})
	}
	return t
}

// hop names a hop of an interception.
func (w *voice) hop(name string) string {
	return map[string]string{"disk": w.Disk, "freeze": w.Freeze, "device": w.Device, "person": w.Person}[name]
}

// figure names a figure of Pick.
func (w *voice) figure(f string) string {
	base, why, narrowed := strings.Cut(f, "/")
	name := known(w.FigureNames, base)
	if !narrowed {
		return name
	}
	reasons := map[string]map[string]string{
		"short": w.ShortReasons, "label_errors": w.Errors, "reprints": w.RedoneWhys, "manual": w.BentWhys, "cycle": w.Cycles, "untimed": w.Cycles,
	}[base]
	return name + w.Colon + cmp.Or(reasons[why], w.Stages[floor.State(why)], w.hop(why), clean(why, maxName))
}

func (w *voice) stages(s Interceptions) table {
	t := table{short: true, head: []string{w.Stage, w.Asked, w.Missed}}
	for _, st := range s.Stages[:min(len(s.Stages), w.much.stages)] {
		t.rows = append(t.rows, []string{known(w.Stages, st.Stage), fmt.Sprint(st.Asked), fmt.Sprint(st.Missed)})
		t.links = append(t.links, Shipping{}.links("", "asked/"+string(st.Stage), "missed/"+string(st.Stage)))
	}
	return t
}

func (w *voice) backlog(d Daily) table {
	t := table{title: w.BacklogTitle, head: []string{w.Clock, w.OpenOrders, w.Overdue, w.Under2, w.Under6, w.Under24, w.Later, w.None, w.Held}}
	for _, clock := range []struct {
		name, prefix string
		Backlog
	}{{w.ToCollect, collectBy, d.Collect}, {w.ToShip, "", d.Backlog}} {
		b, figure := clock.Backlog, []string{"", "open"}
		for _, w := range []string{waitsOverdue, waitsUnder2, waitsUnder6, waitsUnder24, waitsLater, waitsNone, waitsHeld} {
			figure = append(figure, clock.prefix+w)
		}
		t.rows = append(t.rows, []string{
			clock.name, fmt.Sprint(b.Open()), fmt.Sprint(b.Overdue), fmt.Sprint(b.Under2), fmt.Sprint(b.Under6), fmt.Sprint(b.Under24),
			fmt.Sprint(b.Later), fmt.Sprint(b.None), fmt.Sprint(b.Held),
		})
		t.links = append(t.links, Shipping{}.links(figure...))
	}
	return t
}

func (w *voice) notes(d Daily) []string {
	var out []string
	if len(d.Excluded) > 0 {
		out = append(out, strings.TrimRight(fmt.Sprintf(w.ExcludedList, len(d.Excluded), w.cases(d.Excluded)), " ："))
	}
	if n := d.Total.CollectByShipBy; n > 0 {
		out = append(out, fmt.Sprintf(w.ShipByUsed, n))
	}
	if n := d.Total.CollectedPending; n > 0 {
		out = append(out, fmt.Sprintf(w.CollectPending, n))
	}
	if w.much.definitions {
		out = append(out, w.Definitions...)
	}
	return out
}

// took writes a length of time, or a dash if nothing was timed.
func (w *voice) took(d Delays, m Millis) string {
	if d.N == 0 {
		return "–"
	}
	switch {
	case m < 1000:
		return fmt.Sprintf("%d %s", m, w.MS)
	case m < 60_000:
		return fmt.Sprintf("%.1f %s", float64(m/100)/10, w.Sec)
	case m < 60*60_000:
		return fmt.Sprintf("%d %s", m/60_000, w.Min)
	}
	return fmt.Sprintf("%d %s %d %s", m/3_600_000, w.Hour, m/60_000%60, w.Min)
}

// known translates a code; one without a translation is shown as it is.
func known[K ~string](names map[K]string, code K) string {
	if name, ok := names[code]; ok {
		return name
	}
	return clean(string(code), maxName)
}

// clean makes outside text harmless and short: what a shop calls a channel must
// not move the cursor of a terminal or turn the direction of a line.
func clean(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) || r == unicode.ReplacementChar {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(s, "·"))
	if rs := []rune(s); len(rs) > most {
		return string(rs[:most-1]) + "…"
	}
	return s
}
