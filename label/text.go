package label

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"floord/label/glyph"
)

// A FitError says that something does not fit its place at the smallest size the
// template allows. Nothing of the page is printed then.
type FitError struct {
	Page       string
	Field      string
	Characters int
	Width      MM // of the place
	Height     MM
	Letter     MM // the smallest letter, bar or module that was tried
}

func (e *FitError) Error() string {
	return fmt.Sprintf("%s: %d characters do not fit %g x %g mm at %.2g mm", e.Field, e.Characters, e.Width, e.Height, e.Letter)
}

// Sentence says it to the person at the station, with the cure, in "zh" or "en".
func (e *FitError) Sentence(lang string) string {
	if lang == "en" {
		return fmt.Sprintf("The %s (%d characters) does not fit its %g x %g mm on label %s; shorten it or choose a larger label.",
			e.Field, e.Characters, e.Width, e.Height, e.Page)
	}
	return fmt.Sprintf("面单 %s 的%s（%d 字）放不进 %g×%g 毫米，请缩短内容或改用更大的面单。",
		e.Page, fieldName(e.Field), e.Characters, e.Width, e.Height)
}

// text lays one text: the largest letters first.
func (l *layer) text(t Text) {
	r := l.rect(t.Field, t.Place)
	var notes []Note
	note := func(n glyph.Note) { notes = append(notes, Note{t.Field, n}) }
	if t.List != nil {
		l.list(t, r)
		return
	}
	if n := utf8.RuneCountInString(t.Value); n > maxText {
		l.fail(l.misfit(t.Field, n, t.Place, t.Height))
		return
	}
	signs := l.speller(t.By).Spell(make([]glyph.Sign, 0, len(t.Value)), t.Value, note)
	if !l.set(t, r, signs) {
		l.fail(l.misfit(t.Field, utf8.RuneCountInString(t.Value), t.Place, l.smallest(t)))
		return
	}
	if t.By == Best { // else it is meant so
		l.sheet.Notes = append(l.sheet.Notes, notes...)
	}
}

// speller is the printer's, or one that trusts its font more or less.
func (l *layer) speller(by By) glyph.Speller {
	s := l.dev.Speller
	switch by {
	case ByFont:
		s.Charset, s.Policy = glyph.GB18030, glyph.Draw
	case ByBitmap:
		s.Charset, s.Policy = glyph.ASCII, glyph.Draw
	}
	return s
}

// list lays a list: all of it in letters as large as fit, or as many parts as
// fit in the smallest letters and then More with the number of those left out.
func (l *layer) list(t Text, r Rect) {
	n := len(t.List)
	compose := func(k int) (signs []glyph.Sign, notes []Note) {
		note := func(n glyph.Note) { notes = append(notes, Note{t.Field, n}) }
		for i, part := range t.List[:k] {
			if i > 0 && t.Sep == "" {
				signs = append(signs, glyph.Sign{Rune: newline})
			} else if i > 0 {
				signs = l.dev.Speller.Spell(signs, t.Sep, nil)
			}
			signs = l.dev.Speller.Spell(signs, part, note)
		}
		if k < n {
			more := strings.ReplaceAll(t.More, "{left}", strconv.Itoa(n-k))
			note(glyph.Note{Step: Counted, Printed: more})
			signs = l.dev.Speller.Spell(append(signs, glyph.Sign{Rune: newline}), more, nil)
		}
		return signs, notes
	}
	total := 0
	for _, part := range t.List {
		k := utf8.RuneCountInString(part)
		if total += k; k > maxText {
			l.fail(l.misfit(t.Field, k, t.Place, t.Height))
			return
		}
	}
	if total <= maxText {
		if signs, notes := compose(n); l.set(t, r, signs) {
			l.sheet.Notes = append(l.sheet.Notes, notes...)
			return
		}
	}
	// As many parts as fit: the width grows with each, so halving finds them.
	fit, over := 0, min(n, maxText)
	for fit+1 < over {
		k := (fit + over) / 2
		if signs, _ := compose(k); l.fits(t, r, signs) {
			fit = k
		} else {
			over = k
		}
	}
	signs, notes := compose(fit)
	if fit == 0 || t.More == "" || !l.set(t, r, signs) {
		l.fail(l.misfit(t.Field, total, t.Place, l.smallest(t)))
		return
	}
	l.sheet.Notes = append(l.sheet.Notes, notes...)
}

// sizes are the letter heights, in dots, that t allows on this device, largest
// first. A printer with one font multiplies it, so there are few.
func (l *layer) sizes(t Text) []int {
	low := t.Min
	if low == 0 {
		low = t.Height
	}
	// A dot more or less is the same letter to the eye: 3 mm is 24 dots at 203.
	most, least := l.dots(t.Height)+1, l.dots(low)-1
	var out []int
	for i := len(l.dev.Heights) - 1; i >= 0; i-- {
		if h := l.dev.Heights[i]; h <= most && h >= least {
			out = append(out, h)
		}
	}
	return out
}

func (l *layer) smallest(t Text) MM {
	s := l.sizes(t)
	if len(s) == 0 {
		return t.Min
	}
	return MM(float64(s[len(s)-1]) * 25.4 / float64(l.dev.DPI))
}

// set places the signs in the largest letters that fit and says whether any did.
func (l *layer) set(t Text, r Rect, signs []glyph.Sign) bool {
	for _, h := range l.sizes(t) {
		lines, ok := wrap(signs, r.W, r.H, h, t.Bold)
		if !ok {
			continue
		}
		y := r.Y
		if t.Bottom && len(lines) > 0 {
			y += r.H - h - (len(lines)-1)*pitch(h)
		}
		for i, line := range lines {
			x := r.X
			switch slack := r.W - width(line, h, t.Bold); t.Align {
			case Center:
				x += slack / 2
			case Right:
				x += slack
			}
			l.sheet.Runs = append(l.sheet.Runs, Run{
				Field: t.Field, X: x, Y: y + i*pitch(h), Height: h, Bold: t.Bold, Fixed: t.Fixed, Signs: line,
			})
		}
		return true
	}
	return false
}

func (l *layer) fits(t Text, r Rect, signs []glyph.Sign) bool {
	sizes := l.sizes(t)
	if len(sizes) == 0 {
		return false
	}
	_, ok := wrap(signs, r.W, r.H, sizes[len(sizes)-1], t.Bold)
	return ok
}

// pitch is the distance from one line to the next.
func pitch(h int) int { return h + h/8 }

// Strike is how many dots to the right a bold letter is struck again.
func Strike(height int) int { return max(1, height/24) }

// width is that of a line. The second strike of a bold letter reaches into the
// next cell, that of a bitmap does not: it would need a byte more in each row.
func width(signs []glyph.Sign, h int, bold bool) int {
	w := 0
	for _, s := range signs {
		w += Advance(s, h)
	}
	if n := len(signs); bold && n > 0 && !signs[n-1].Drawn {
		w += Strike(h)
	}
	return w
}

// Advance is the width of one sign in letters h dots high.
func Advance(s glyph.Sign, h int) int {
	if s.Wide {
		return h
	}
	return h / 2
}

// wrap breaks signs into lines of at most w dots and says whether they fit in h.
func wrap(signs []glyph.Sign, w, h, letter int, bold bool) ([][]glyph.Sign, bool) {
	if bold {
		w -= Strike(letter)
	}
	room := 0
	if h >= letter {
		room = 1 + (h-letter)/pitch(letter)
	}
	// Most sizes that are tried are far too large: that is seen without a line set.
	halves := 0
	for _, s := range signs {
		if s.Rune != ' ' && s.Rune != newline {
			halves++
			if s.Wide {
				halves++
			}
		}
	}
	if halves*(letter/2) > room*w {
		return nil, false
	}
	var lines [][]glyph.Sign
	for signs = trim(signs); len(signs) > 0; {
		if len(lines) == room {
			return nil, false
		}
		n := breakAt(signs, w, letter)
		if n == 0 {
			return nil, false // not even one letter
		}
		lines = append(lines, trim(signs[:n]))
		signs = trim(signs[n:])
	}
	return lines, true
}

// breakAt says how many signs go on a line: up to the last good place for a
// break, or to the edge if there is none.
func breakAt(signs []glyph.Sign, w, letter int) int {
	x, good := 0, 0
	for i, s := range signs {
		if i > 0 && glyph.MayBreak(signs[i-1].Rune, s.Rune) {
			good = i
		}
		if s.Rune == newline {
			return max(i, 1)
		}
		x += Advance(s, letter)
		if x > w && s.Rune != ' ' {
			if good > 0 {
				return good
			}
			return i
		}
	}
	return len(signs)
}

// newline is the sign that ends a line; Normalise leaves none in a text.
const newline = '\n'

// trim takes away spaces and line ends at both ends.
func trim(signs []glyph.Sign) []glyph.Sign {
	blank := func(s glyph.Sign) bool { return s.Rune == ' ' || s.Rune == newline }
	for len(signs) > 0 && blank(signs[0]) {
		signs = signs[1:]
	}
	for len(signs) > 0 && blank(signs[len(signs)-1]) {
		signs = signs[:len(signs)-1]
	}
	return signs
}
