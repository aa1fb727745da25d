package report

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"floord/floor"
)

// trips are the fuses that opened that day, the first one first.
func trips(all []floor.Fuse, from, to time.Time) []floor.Fuse {
	var out []floor.Fuse
	for _, f := range all {
		if !f.OpenedAt.Before(from) && f.OpenedAt.Before(to) {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b floor.Fuse) int { return a.OpenedAt.Compare(b.OpenedAt) })
	return out
}

// fuses has a line for each trip: when, why, what it stopped, which parcel showed
// it, for how long, and who closed it.
func (w *voice) fuses(d Daily) []table {
	if len(d.Fuses) == 0 || w.much.channels == 0 {
		return nil
	}
	lang := "zh"
	if w.words == &english {
		lang = "en"
	}
	say := func(code string) string { return floor.Say(lang, "report-fuse-"+code, nil) }
	t := table{title: say("title"), head: []string{say("at"), say("cause"), say("scope"), say("parcel"), say("open"), say("closed")}}
	for i, f := range d.Fuses {
		if i == w.much.channels {
			t.rows = append(t.rows, []string{"…", floor.Say(lang, "report-fuse-more", map[string]string{"n": strconv.Itoa(len(d.Fuses) - i)}), "", "", "", ""})
			break
		}
		var scope []string
		for _, part := range []string{string(f.Carrier), f.Template, string(f.Station)} {
			if part != "" {
				scope = append(scope, clean(part, maxName))
			}
		}
		what := string(f.Parcel)
		if what == "" {
			what = string(f.Order)
		}
		closed, end := say("still"), d.At
		if !f.ClosedAt.IsZero() {
			closed, end = say("by-"+f.ClosedBy), f.ClosedAt
		}
		t.rows = append(t.rows, []string{
			f.OpenedAt.In(d.From.Location()).Format("15:04"), floor.Say(lang, "trip-"+string(f.Cause), nil), strings.Join(scope, " · "), clean(what, maxText),
			w.took(Delays{N: 1}, Millis(max(0, end.Sub(f.OpenedAt).Milliseconds()))), closed,
		})
	}
	return []table{t}
}
