package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"floord/floor"
)

// TestEveryFigureHasItsOrders: whatever a page shows as a number of orders is the
// length of the list behind it.
func TestEveryFigureHasItsOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 30).Draw(t, "rows")
		for i := range rows {
			rows[i].Team = rapid.SampledFrom([]string{"早班", "晚班", ""}).Draw(t, "team")
		}
		d := ForDay(Input{Day: day, Rows: rows, At: clock("18:00")})
		behind := func(s Shipping, figure string, cell bool) int {
			q := url.Values{"figure": {figure}}
			if cell {
				q.Set("channel", string(s.Channel))
				q.Set("carrier", string(s.Carrier))
				q.Set("team", s.Team)
			}
			return len(d.Pick(q))
		}
		check := func(s Shipping, cell bool) {
			for figure, n := range map[string]int{
				"received": s.Received, "shipped": s.Shipped, "due": s.Due, "on_time": s.OnTime.Hits, "late": s.Late,
				"pending": s.Pending, "excluded": s.Excluded, "collect_due": s.Collected.N(), "collected": s.Collected.Yes,
				"not_collected": s.Collected.No, "collect_unknown": s.Collected.Unknown, "collect_pending": s.CollectedPending,
				"worked": s.Worked, "state_apart": s.StateApart.Hits,
			} {
				if got := behind(s, figure, cell); got != n {
					t.Errorf("%s of %+v: %d orders behind it", figure, s, got)
				}
			}
		}
		check(d.Total, false)
		sum := 0
		for _, c := range d.Cells {
			check(c, true)
			sum += c.Due
		}
		if sum != d.Total.Due {
			t.Errorf("cells are due %d, all %d", sum, d.Total.Due)
		}
		b := d.Backlog
		for figure, n := range map[string]int{
			"open": b.Open(), waitsOverdue: b.Overdue, waitsUnder2: b.Under2, waitsUnder6: b.Under6, waitsUnder24: b.Under24,
			waitsLater: b.Later, waitsNone: b.None, waitsHeld: b.Held, "worked": d.Total.Worked, "state_apart": len(d.Apart), "suspect": len(d.Suspects), "at_risk": d.AtRisk,
			collectBy + waitsOverdue: d.Collect.Overdue, collectBy + waitsUnder2: d.Collect.Under2, collectBy + waitsLater: d.Collect.Later,
		} {
			if got := behind(Shipping{}, figure, false); got != n {
				t.Errorf("%s is %d, %d orders behind it", figure, n, got)
			}
		}
		for _, c := range d.Cycle {
			if n, none := behind(Shipping{}, "cycle/"+c.Stage, false), behind(Shipping{}, "untimed/"+c.Stage, false); n != c.N || none != c.Missing {
				t.Errorf("%s: %d timed, %d not; behind it %d and %d", c.Stage, c.N, c.Missing, n, none)
			}
		}
		for _, c := range d.Carriers {
			of := func(figure string) int {
				return len(d.Pick(url.Values{"figure": {figure}, "carrier": {string(c.Carrier)}}))
			}
			if n, none := of("scanned"), of("unscanned"); n+none != c.Shipped || none != c.Gap.Missing {
				t.Errorf("%s took %d, %d not scanned; behind it %d and %d", c.Carrier, c.Shipped, c.Gap.Missing, n, none)
			}
		}
		for _, told := range d.Told {
			for _, f := range told.Figures {
				f, _, _ = strings.Cut(f, "/")
				if chinese.FigureNames[f] == "" || english.FigureNames[f] == "" || !slices.Contains(Figures, f) {
					t.Errorf("figure %s has no name", f)
				}
			}
		}
	})
}

// TestLinksOfThePage follows every link that a page has.
func TestLinksOfThePage(t *testing.T) {
	in := busyDay()
	for i := range in.Rows {
		r := &in.Rows[i]
		r.Team, r.Pickers, r.Wrong = "早班", []floor.PersonID{floor.PersonID(fmt.Sprintf("p%d", i%3))}, btoi(i%7 == 0)
		if r.ShortLines > 0 {
			in.Shorts = append(in.Shorts, floor.ShortFound{At: clock("10:00"), Order: r.Order, Why: "empty"})
		}
	}
	for i := range 3 {
		in.Hands = append(in.Hands, floor.HandQuarter{
			From: clock("10:00"), Person: floor.PersonID(fmt.Sprintf("p%d", i)), Team: "早班", Wrong: 3, Shorts: 1,
			Work: []floor.HandWork{{Kind: floor.TaskPick, Zone: "A", Lines: 40, Pieces: 50, Active: 900_000}},
		})
	}
	d := ForDay(in)
	if got := d.Pick(url.Values{"figure": {"picked"}, "person": {"p1"}}); len(got) == 0 || slices.ContainsFunc(got, func(x Told) bool { return x.Pickers[0] != "p1" }) {
		t.Errorf("%d orders of one picker, of others too", len(got))
	}
	for name, p := range map[string]page{"health": compose(d, "zh", full), "asks": composeAsks(d, "zh")} {
		links := 0
		for _, table := range p.view(d, &chinese).Tables {
			for _, row := range table.Rows {
				for k, c := range row {
					if k > 0 && c.Link == "" && table.Title != chinese.PaceTitle && c.Text != "0" && c.Text != "" && strings.Trim(c.Text, "0123456789") == "" {
						t.Errorf("%s: %s %q of %q leads nowhere", name, table.Head[k], c.Text, table.Title)
					}
					q, err := url.ParseQuery(c.Link)
					if err != nil || c.Link != "" && q.Get("figure") == "" && q.Get("order") == "" {
						t.Errorf("%s: %q leads nowhere: %v", name, c.Link, err)
					}
					if c.Link != "" {
						links++
					}
					if q.Get("figure") != "" {
						if c.Text != "0" && strings.Trim(c.Text, "0123456789") == "" && len(d.Pick(q)) == 0 {
							t.Errorf("%s: %s in %q has no orders behind %q", name, c.Text, table.Title, c.Link)
						}
					}
				}
			}
		}
		if links < 3 {
			t.Errorf("%s: only %d cells lead on", name, links)
		}
	}
}

func TestFilesHoldWhatTheySay(t *testing.T) {
	in := busyDay()
	in.Rows[0].Channel, in.Rows[0].Team, in.Rows[1].Channel = "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "＠SUM(A1)"
	d := ForDay(in)
	var html, figures, orders, asks bytes.Buffer
	for _, err := range []error{WriteHTML(&html, d, "zh"), WriteCSV(&figures, d), WriteOrdersCSV(&orders, d), WriteAsksCSV(&asks, d), WriteAsksHTML(&bytes.Buffer{}, d, "en")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"<script>", "ZgotmplZ", "%!", "NaN"} {
		if strings.Contains(html.String(), bad) {
			t.Errorf("the page has %q in it", bad)
		}
	}
	for _, anchor := range []string{`href="#late"`, `id="late"`, `id="shipped"`} {
		if !strings.Contains(html.String(), anchor) {
			t.Errorf("the page lacks %s", anchor)
		}
	}
	for name, b := range map[string]*bytes.Buffer{"figures": &figures, "orders": &orders, "asks": &asks} {
		rows, err := csv.NewReader(b).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, c := range row {
				if strings.IndexAny(c, "=＠") == 0 {
					t.Errorf("%s: %q is a formula", name, c)
				}
			}
		}
		if want := map[string]int{"figures": 20, "orders": len(d.Told) + 1, "asks": len(d.Asks) + 1}[name]; len(rows) < want {
			t.Errorf("%s has %d rows; want %d", name, len(rows), want)
		}
	}
}

func TestEffectiveIsWhatCouldNotLeave(t *testing.T) {
	person := clock("10:01")
	got := ForDay(Input{Day: day, Intercepts: []Intercept{
		{AskedAt: clock("10:00"), Stage: floor.Picking, Outcome: Open},
		{AskedAt: clock("10:00"), Stage: floor.Sealed, Outcome: Open},
		{AskedAt: clock("10:00"), Stage: floor.Sealed, Outcome: Open, PersonAt: person},
		{AskedAt: clock("10:00"), Stage: floor.Sealed, Outcome: Stopped},
		{AskedAt: clock("10:00"), Stage: floor.HandedOver, Outcome: Missed},
	}}).Intercepts.Effective
	if want := (Rate{3, 5}); got != want {
		t.Errorf("effective %+v; want %+v", got, want)
	}
}
