// Package glyph decides how each character of a text reaches paper: from the
// printer's own font, as one of the packed bitmaps, as pinyin, or at the very
// least as its code point. Nothing is ever left out silently: whatever is not
// printed as it was written is named in a Note.
//
// The pack holds 24-dot bitmaps of 105,000 characters (Extensions A to F
// included), so a program that uses it needs no font on the machine. See NOTICE
// for the fonts it was drawn from.
//
// Everything here is safe for concurrent use.
package glyph

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Step is what was done with a character that did not go through as written.
type Step string

const (
	Drawn    Step = "bitmap"    // a bitmap of the pack
	Pinyin   Step = "pinyin"    // its reading
	Code     Step = "codepoint" // "[U+1F600]"
	Replaced Step = "replaced"  // another character that looks or means the same
	Dropped  Step = "dropped"   // invisible, or a command: nothing was printed
)

// A Note tells of one character that was not printed from the printer's own font
// as it was written.
type Note struct {
	Rune    rune // as it was written; U+FFFD stands for bytes that are no UTF-8
	Step    Step
	Printed string // what stands on paper instead
}

// A Sign is one character as it will stand on paper.
type Sign struct {
	Rune  rune
	Drawn bool // by bitmap; otherwise by the printer's own font
	Wide  bool // takes a whole cell, otherwise half of one
}

// A Policy says what is done about characters the printer has no shape for.
type Policy string

const (
	Draw        Policy = ""       // a bitmap
	Read        Policy = "pinyin" // pinyin, with its tones where the printer has them: 龘 -> Dá
	DrawAndRead Policy = "both"   // a bitmap, and the pinyin in brackets after it
)

// ParsePolicy reads a policy as a configuration names it.
func ParsePolicy(name string) (Policy, error) {
	switch p := Policy(name); p {
	case Read, DrawAndRead:
		return p, nil
	case Draw, "bitmap":
		return Draw, nil
	}
	return Draw, fmt.Errorf("character policy %q is none of bitmap, pinyin, both", name)
}

// A Speller knows what one printer can print.
type Speller struct {
	Charset Charset
	Policy  Policy
	// Replace maps characters that the printer's language cannot carry as text
	// to ones that look alike; 0 keeps the character. It may be nil.
	Replace func(rune) rune
}

// Spell normalises text and appends its signs to dst. note is called for each
// character that does not go through as written; it may be nil.
func (s Speller) Spell(dst []Sign, text string, note func(Note)) []Sign {
	if note == nil {
		note = func(Note) {}
	}
	begins := true // at the start of a run of hanzi, where a surname stands
	for _, r := range Normalise(text, note) {
		if s.Replace != nil {
			if to := s.Replace(r); to != 0 {
				note(Note{r, Replaced, string(to)})
				r = to
			}
		}
		dst = s.spell(dst, r, begins, note)
		begins = !common(r) && !unicode.Is(unicode.Han, r)
	}
	return dst
}

func (s Speller) spell(dst []Sign, r rune, begins bool, note func(Note)) []Sign {
	latin := r > 0x7E && !common(r) && Narrow(r)
	// A letter with a mark is half a cell wide in the pack and a whole one in
	// the printer's Chinese font, where it tears its word apart.
	if s.Charset.Has(r) && !(latin && s.Policy != Read && Has(r)) {
		return append(dst, Sign{Rune: r, Wide: !Narrow(r) || latin})
	}
	if s.Policy != Draw || !Has(r) {
		if p := s.reading(r, begins); p != "" {
			if s.Policy == DrawAndRead && Has(r) {
				note(Note{r, Drawn, string(r) + "(" + p + ")"})
				dst = append(dst, Sign{r, true, !Narrow(r)})
				return s.letters(dst, "("+p+")")
			}
			step := Pinyin
			if latin {
				step = Replaced
			}
			note(Note{r, step, p})
			return s.letters(dst, p)
		}
	}
	if Has(r) {
		note(Note{r, Drawn, string(r)})
		return append(dst, Sign{r, true, !Narrow(r)})
	}
	if k := norm.NFKC.String(string(r)); k != string(r) && !strings.ContainsFunc(k, func(r rune) bool { return !s.Charset.Has(r) && !Has(r) }) {
		note(Note{r, Replaced, k}) // the letters of a ligature, a plain one for a mathematical
		for _, r := range k {
			dst = s.spell(dst, r, false, func(Note) {})
		}
		return dst
	}
	code := fmt.Sprintf("[U+%04X]", r)
	note(Note{r, Code, code})
	return s.letters(dst, code)
}

// reading is r in letters that this printer has: pinyin for a hanzi, the bare
// letter for a letter with marks, "" where there is none.
func (s Speller) reading(r rune, begins bool) string {
	p := ""
	switch {
	case unicode.Is(unicode.Han, r):
		p = ReadHan(r, begins)
	case unicode.Is(unicode.Latin, r):
		p = string(r)
	}
	var b strings.Builder
	for _, l := range p {
		if l > 0x7E && !s.Charset.Has(l) && (s.Policy == Read || !Has(l)) {
			if l = bare(l); l == 0 {
				return ""
			}
		}
		b.WriteRune(l)
	}
	if b.String() == string(r) {
		return ""
	}
	return b.String()
}

// bare is a letter without its marks, or 0.
func bare(r rune) rune {
	if b := rune(norm.NFD.String(string(r))[0]); b < 0x7F {
		return b
	}
	return 0
}

// letters appends text that reading or a code point made.
func (s Speller) letters(dst []Sign, text string) []Sign {
	for _, r := range text {
		latin := r > 0x7E
		drawn := latin && (!s.Charset.Has(r) || s.Policy != Read)
		dst = append(dst, Sign{Rune: r, Drawn: drawn, Wide: latin && !drawn})
	}
	return dst
}
