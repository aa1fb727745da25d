package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"floord/report/pdf"
)

// lengths are tried until one fits on one page.
var lengths = []detail{
	{channels: 12, carriers: 5, reasons: 4, stages: 6, cases: 4, definitions: true},
	{channels: 10, carriers: 4, reasons: 3, stages: 6, cases: 3, definitions: true},
	{channels: 8, carriers: 3, reasons: 2, stages: 6, cases: 2, definitions: true},
	{channels: 8, carriers: 3, reasons: 1, cases: 1, definitions: true},
	{channels: 6, carriers: 3, reasons: 1, cases: 1},
	{channels: 4, reasons: 1},
	{channels: 4},
	{channels: 2},
}

// WritePDF writes the report as A4, in Chinese unless lang is "en": one page of
// summary, then the details behind it. What would not fit on the first page is left
// to the others, least needed first: names of orders, reasons, small carriers and
// channels. The same figures give the same bytes.
func WritePDF(w io.Writer, d Daily, lang string) error {
	p, err := fit(d, lang)
	if err != nil {
		return fmt.Errorf("report of %s: %w", d.Day, err)
	}
	doc := newDoc(d, p)
	doc.summary(p, speak(lang))
	doc.Break()
	doc.details(d, compose(d, lang, full), speak(lang))
	return doc.write(w, d)
}

// fit gives as much of the summary as fits on one page.
func fit(d Daily, lang string) (p page, err error) {
	for _, much := range lengths {
		p = compose(d, lang, much)
		doc := newDoc(d, p)
		doc.summary(p, speak(lang))
		data, err := doc.Bytes()
		if err != nil || pages(data) == 1 {
			return p, err
		}
	}
	return p, nil
}

func (doc paper) write(w io.Writer, d Daily) error {
	data, err := doc.Bytes()
	if err != nil {
		return fmt.Errorf("report of %s: %w", d.Day, err)
	}
	_, err = w.Write(data)
	return err
}

// WriteAsksPDF writes the report of the day's interceptions as A4.
func WriteAsksPDF(w io.Writer, d Daily, lang string) error {
	p := composeAsks(d, lang)
	doc := newDoc(d, p)
	doc.summary(p, speak(lang))
	for _, t := range p.more {
		doc.Heading(t.title)
		doc.Table(t.ruled())
	}
	return doc.write(w, d)
}

// pages counts the pages of a document that package pdf has made.
func pages(data []byte) int { return bytes.Count(data, []byte("/Type /Page\n")) }

// A paper is a document that reports are drawn on.
type paper struct{ *pdf.Doc }

func newDoc(d Daily, p page) paper {
	doc := pdf.New(pdf.Options{Title: p.title, Footer: p.subtitle, Created: d.At})
	doc.Title(p.title + "  " + d.Day.String())
	return paper{doc}
}

// summary draws the first page.
func (doc paper) summary(p page, w *words) {
	doc.Table(tiles(p.tiles))
	var texts []string
	for _, a := range p.alerts {
		texts = append(texts, a.text)
	}
	doc.Text(p.attention + w.Colon + "\n· " + strings.Join(texts, "\n· "))
	for _, t := range p.tables {
		switch {
		case len(t.rows) == 0:
		case t.short:
			doc.Text(t.sentence(w))
		case t.flat:
			doc.Table(t.turned())
		default:
			doc.Table(t.ruled())
		}
	}
	if len(p.notes) > 0 {
		doc.Text(p.notesTitle + w.Colon + "\n" + strings.Join(p.notes, "\n"))
	}
}

// maxListed is how many orders of one list are printed; the CSV has all.
const maxListed = 200

// details draws the charts, the longer tables and the orders somebody will ask about.
func (doc paper) details(d Daily, p page, w *words) {
	for _, c := range p.charts {
		if len(c.bars) == 0 {
			continue
		}
		doc.Heading(c.title)
		var bars []pdf.Bar
		for _, b := range c.bars {
			bars = append(bars, pdf.Bar{Label: b.label, Value: b.value, Text: b.text})
		}
		doc.Bars(bars)
	}
	for _, g := range p.grids {
		doc.Heading(g.title)
		for at := 0; at < len(g.head); at += gridWide {
			doc.Table(g.ruled(at, min(at+gridWide, len(g.head))))
		}
		doc.Text(w.HeatFew)
	}
	for _, t := range p.more {
		if len(t.rows) > 0 {
			doc.Heading(t.title)
			doc.Table(t.ruled())
		}
	}
	for _, list := range []struct {
		title string
		cases []Case
	}{{w.Late, d.Late}, {w.FigureNames["suspect"], d.Suspects}, {w.StateApart, d.Apart}, {w.Excluded, d.Excluded}, {w.Missed, d.Intercepts.Misses}} {
		if len(list.cases) == 0 {
			continue
		}
		doc.Heading(fmt.Sprintf("%s (%d)", list.title, len(list.cases)))
		t := table{head: []string{w.Order, w.Channel, w.AlertShipBy, w.Why}}
		for _, c := range list.cases[:min(len(list.cases), maxListed)] {
			t.rows = append(t.rows, []string{clean(string(c.Order), maxText), clean(string(c.Channel), maxName), d.moment(c.ShipBy), known(w.Whys, c.Why)})
		}
		doc.Table(t.ruled())
	}
	doc.Heading(p.notesTitle)
	doc.Text(strings.Join(p.notes, "\n"))
}

// tiles sets the first figures side by side, in bold.
func tiles(ts []tile) pdf.Table {
	t := pdf.Table{Rows: make([][]string, 1), Total: true}
	for _, one := range ts {
		t.Columns = append(t.Columns, pdf.Column{Title: one.label})
		t.Rows[0] = append(t.Rows[0], strings.TrimSpace(one.value+"\n"+one.note))
	}
	return t
}

// ruled gives the table columns as wide as their figures and the longest words of
// their heads ask for, so that only heads wrap. The title takes the place of the
// first head.
func (t table) ruled() pdf.Table {
	out := pdf.Table{Total: t.total, Rows: t.rows}
	for i, head := range t.head {
		if i == 0 && t.title != "" {
			head = t.title
		}
		share := 0
		for _, word := range unbroken(head) {
			share = max(share, width(word))
		}
		for _, r := range t.rows {
			share = max(share, width(r[i]))
		}
		out.Columns = append(out.Columns, pdf.Column{Title: head, Share: float64(share + 3), Right: i > 0})
	}
	return out
}

// gridWide is how many columns of a map stand side by side on paper.
const gridWide = 12

// ruled gives columns of the map as a table; a cell that counts few stands in brackets.
func (g grid) ruled(from, to int) pdf.Table {
	out := pdf.Table{Columns: []pdf.Column{{Title: "", Share: 14}}}
	for _, h := range g.head[from:to] {
		out.Columns = append(out.Columns, pdf.Column{Title: h, Share: 5, Right: true})
	}
	for _, r := range g.rows {
		row := []string{r.name}
		for _, c := range r.cells[from:to] {
			switch {
			case c.n == 0:
				row = append(row, "")
			case c.few:
				row = append(row, "("+c.text+")")
			default:
				row = append(row, c.text)
			}
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

// unbroken gives the parts of a head that look bad when they are broken: words, and
// a Chinese head as a whole.
func unbroken(head string) []string {
	if width(head) > utf8.RuneCountInString(head) {
		return []string{head}
	}
	return strings.Fields(head)
}

// turned sets the rows side by side: the rate first, what it was counted from
// below.
func (t table) turned() pdf.Table {
	out := pdf.Table{Rows: make([][]string, 1)}
	for _, r := range t.rows {
		name, count, of, rate := r[0], r[1], r[2], r[3]
		if interval := r[4]; interval != "–" && interval != "" {
			rate += " [" + interval + "]"
		}
		if last := len(out.Columns) - 1; strings.HasPrefix(name, " ") && last >= 0 {
			out.Rows[0][last] += "\n" + strings.TrimSpace(name) + " " + count
			continue
		}
		out.Columns = append(out.Columns, pdf.Column{Title: name})
		out.Rows[0] = append(out.Rows[0], rate+"  ("+count+" / "+of+")")
	}
	return out
}

// sentence says a short table in one line: of one row each head with its figure,
// of several each row.
func (t table) sentence(w *words) string {
	var parts []string
	if len(t.rows) == 1 && t.title != "" {
		for i, v := range t.rows[0] {
			parts = append(parts, t.head[i]+" "+v)
		}
		return t.title + w.Colon + strings.Join(parts, w.Comma) + w.Stop
	}
	for _, r := range t.rows {
		parts = append(parts, r[0]+" "+strings.Join(r[1:], " / "))
	}
	return t.head[0] + " (" + strings.Join(t.head[1:], " / ") + ")" + w.Colon + strings.Join(parts, w.Comma) + w.Stop
}
