package floor

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Mistake is what is wrong with a file that a site writes: rules, a map of a channel.
// Line and Column begin at 1; a Column of 0 is not known.
type Mistake struct {
	File         string
	Line, Column int
	Text         string
}

func (m Mistake) Error() string {
	if m.Column > 0 {
		return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Text)
	}
	return fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Text)
}

// Mistakes are all that is wrong with a file.
type Mistakes []Mistake

func (all Mistakes) Error() string {
	texts := make([]string, len(all))
	for i, m := range all {
		texts[i] = m.Error()
	}
	return strings.Join(texts, "\n")
}

// Sorted gives them by line.
func (all Mistakes) Sorted() Mistakes {
	slices.SortFunc(all, func(a, b Mistake) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text)) })
	return all
}

// Misread is the mistake that a TOML parser met, at its place if the error has one.
func Misread(file string, err error) Mistakes {
	m := Mistake{File: file, Line: 1, Text: err.Error()}
	var at interface {
		error
		Position() (row, column int)
	}
	if errors.As(err, &at) {
		m.Line, m.Column = at.Position()
		m.Text = strings.TrimPrefix(at.Error(), "toml: ")
	}
	return Mistakes{m}
}
