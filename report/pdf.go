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
}

// WritePDF writes the report as one page of A4, in Chinese unless lang is "en".
// What would not fit is left to the text and the JSON, least needed first: names
// of orders, reasons, small carriers and channels. The same figures give the same
// bytes.
func WritePDF(w io.Writer, d Daily, lang string) error {
	for i, much := range lengths {
		data, err := draw(d, compose(d, lang, much), speak(lang))
		if err != nil {
			return fmt.Errorf("report of %s: %w", d.Day, err)
		}
		if pages(data) == 1 || i == len(lengths)-1 {
			_, err = w.Write(data)
			return err
		}
	}
	return nil
}

// pages counts the pages of a document that package pdf has made.
func pages(data []byte) int { return bytes.Count(data, []byte("/Type /Page\n")) }

func draw(d Daily, p page, w *words) ([]byte, error) {
	doc := pdf.New(pdf.Options{Title: p.title, Footer: p.subtitle, Created: d.At})
	doc.Title(p.title + "  " + d.Day.String())
	doc.Table(tiles(p.tiles))
	doc.Text(p.attention + w.Colon + "\n· " + strings.Join(p.alerts, "\n· "))
	for _, t := range p.tables {
		switch {
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
	return doc.Bytes()
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
