package report

import (
	"io"
	"slices"
	"strings"
)

// WriteText writes the report as plain text for a terminal or a message, in
// Chinese unless lang is "en". Columns line up where a Chinese character is two
// wide.
func WriteText(w io.Writer, d Daily, lang string) error {
	p := compose(d, lang, full)
	var b strings.Builder
	line := func(parts ...string) {
		b.WriteString(strings.TrimRight(strings.Join(parts, ""), " "))
		b.WriteByte('\n')
	}
	line(p.title)
	line(p.subtitle)
	line()
	label, value := 0, 0
	for _, t := range p.tiles {
		label, value = max(label, width(t.label)), max(value, width(t.value))
	}
	for _, t := range p.tiles {
		line(pad(t.label, label, false), "  ", pad(t.value, value, true), "  ", t.note)
	}
	line()
	line(p.attention)
	for _, a := range p.alerts {
		line("  - ", a.text)
	}
	for _, t := range slices.Concat(p.tables, p.more) {
		line()
		if t.title != "" {
			line(t.title)
		}
		for _, row := range t.lines() {
			line("  ", row)
		}
	}
	line()
	line(p.notesTitle)
	for _, n := range p.notes {
		line("  ", n)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lines lays the table out: the first column left, the others right.
func (t table) lines() []string {
	cols := make([]int, len(t.head))
	rows := append([][]string{t.head}, t.rows...)
	for _, r := range rows {
		for i, c := range r {
			cols[i] = max(cols[i], width(c))
		}
	}
	var out []string
	for _, r := range rows {
		var b strings.Builder
		for i, c := range r {
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(pad(c, cols[i], i > 0))
		}
		out = append(out, b.String())
	}
	return out
}

func pad(s string, n int, right bool) string {
	fill := strings.Repeat(" ", max(0, n-width(s)))
	if right {
		return fill + s
	}
	return s + fill
}

// width is how many columns s takes in a terminal: Chinese characters and full
// punctuation take two.
func width(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
			r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0xffe0 && r <= 0xffe6 ||
			r >= 0x20000 && r <= 0x3fffd {
			n++
		}
	}
	return n
}
