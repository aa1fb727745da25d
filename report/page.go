package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A page is the report as words, ready to be laid out. Text and PDF are both made
// from it, so that they cannot say different things.
type page struct {
	title, subtitle string
	tiles           []tile
	attention       string
	alerts          []string
	tables          []table
	notesTitle      string
	notes           []string
}

// A tile is one figure that is read first.
type tile struct {
	label, value, note string
	bad                bool
}

// A table has its first column left and all others right.
type table struct {
	title string
	head  []string
	rows  [][]string
	total bool // the last row sums up the others
	short bool // reads as well as one line of text
	flat  bool // its rows stand side by side on paper; an indented row belongs to the one above
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
		p.tables = append(p.tables, w.delays(d.Intercepts))
		if much.stages > 0 {
			p.tables = append(p.tables, w.stages(d.Intercepts))
		}
	}
	p.tables = append(p.tables, w.backlog(d.Backlog))
	return p
}

func (w *voice) tiles(d Daily) []tile {
	onTime, stopped := d.Total.OnTime, d.Intercepts.Rate
	ts := []tile{
		{label: w.Received, value: fmt.Sprint(d.Total.Received)},
		{label: w.Shipped, value: fmt.Sprint(d.Total.Shipped)},
		{label: w.OnTimeRate, value: w.onTime(d.Total), note: w.basis(onTime, w.Count), bad: d.Total.Late > 0},
		{label: w.CollectedRate, value: w.band(d.Total.Collected), note: w.bandNote(d.Total.Collected), bad: d.Total.Collected.No > 0},
		{label: w.StopRate, value: w.rate(stopped, w.NotAsked), note: w.basis(stopped, w.OfAsked), bad: d.Intercepts.Missed > 0},
		{label: w.Backlog, value: fmt.Sprint(d.Backlog.Open()), bad: d.Backlog.Overdue > 0},
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

func (w *voice) alerts(d Daily) []string {
	var out []string
	add := func(n int, format string, args ...any) {
		if n > 0 {
			out = append(out, strings.TrimRight(fmt.Sprintf(format, args...), " ："))
		}
	}
	if !d.Total.any() && d.Intercepts.Asked == 0 {
		// A day without orders may be a holiday. It may also be a dead connection.
		out = append(out, w.AlertEmpty)
	}
	add(d.Backlog.Overdue, w.AlertOverdue, d.Backlog.Overdue)
	add(len(d.Late), w.AlertLate, len(d.Late), w.cases(d.Late))
	add(len(d.Intercepts.Misses), w.AlertMissed, len(d.Intercepts.Misses), w.cases(d.Intercepts.Misses))
	slow := d.Intercepts.Person
	add(slow.Over+slow.Missing, w.AlertPerson, slow.Over, slow.Missing)
	add(d.Total.Collected.Unknown, w.AlertUnscanned, d.Total.Collected.Unknown)
	gap, skewed := 0, slow.Skewed+d.Intercepts.Device.Skewed+d.Intercepts.Freeze.Skewed
	for _, c := range d.Carriers {
		gap += c.Gap.Over
		skewed += c.Gap.Skewed
	}
	add(gap, w.AlertGap, gap)
	add(skewed, w.AlertSkew, skewed)
	if len(out) == 0 {
		return []string{w.AllClear}
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
	}
	all := w.Total
	if len(shown) < len(d.Channels) {
		all = fmt.Sprintf("%s (%d)", w.Total, len(d.Channels))
	}
	t.rows = append(t.rows, w.channel(all, d.Total))
	return t
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
	}
	return t
}

func (w *voice) work(d Daily) table {
	k := d.Work
	t := table{title: w.Work, flat: true, head: []string{w.Metric, w.Hits, w.Base, w.Share}}
	row := func(name string, r Rate) {
		t.rows = append(t.rows, []string{name, fmt.Sprint(r.Hits), fmt.Sprint(r.N), w.rate(r, w.NoOrders)})
	}
	row(w.Short, k.Short)
	row(w.LabelErrors, k.LabelErrors)
	for _, e := range k.Reasons[:min(len(k.Reasons), w.much.reasons)] {
		t.rows = append(t.rows, []string{"  " + known(w.Errors, e.Code), fmt.Sprint(e.Count), "", ""})
	}
	row(w.Reprints, Rate{k.Reprints, k.Labels})
	share := w.NoOrders
	if k.Orders > 0 {
		share = fmt.Sprintf(w.PerThousand, 1000*float64(k.Manual)/float64(k.Orders))
	}
	t.rows = append(t.rows, []string{w.Manual, fmt.Sprint(k.Manual), fmt.Sprint(k.Orders), share})
	return t
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
	}
}

func (w *voice) delays(s Interceptions) table {
	t := table{head: []string{w.Hop, w.Answered, w.Silent, w.Median, w.P95, w.Max, w.Over15s}}
	for _, hop := range []struct {
		name string
		Delays
	}{{w.Freeze, s.Freeze}, {w.Device, s.Device}, {w.Person, s.Person}} {
		d := hop.Delays
		t.rows = append(t.rows, []string{
			hop.name, fmt.Sprint(d.N), fmt.Sprint(d.Missing), w.took(d, d.P50), w.took(d, d.P95), w.took(d, d.Max), fmt.Sprint(d.Over),
		})
	}
	return t
}

func (w *voice) stages(s Interceptions) table {
	t := table{short: true, head: []string{w.Stage, w.Asked, w.Missed}}
	for _, st := range s.Stages[:min(len(s.Stages), w.much.stages)] {
		t.rows = append(t.rows, []string{known(w.Stages, st.Stage), fmt.Sprint(st.Asked), fmt.Sprint(st.Missed)})
	}
	return t
}

func (w *voice) backlog(b Backlog) table {
	return table{
		title: w.BacklogTitle,
		short: true,
		head:  []string{w.OpenOrders, w.Overdue, w.Under2, w.Under6, w.Under24, w.Later, w.None, w.Held},
		rows: [][]string{{
			fmt.Sprint(b.Open()), fmt.Sprint(b.Overdue), fmt.Sprint(b.Under2), fmt.Sprint(b.Under6), fmt.Sprint(b.Under24),
			fmt.Sprint(b.Later), fmt.Sprint(b.None), fmt.Sprint(b.Held),
		}},
	}
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
