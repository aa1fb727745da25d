package glyph

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normalise brings text into the one form that the rest of the package works
// on: composed (NFC), one line, and free of everything that has no shape of its
// own. An emoji made of several characters is its first. note hears of each character that became another or went away;
// compositions and kinds of spaces are the same text and not worth a note.
func Normalise(text string, note func(Note)) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	var e emoji
	for i, r := range text {
		if e.goesOn(r) {
			note(Note{r, Dropped, ""})
			continue
		}
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				b.WriteRune(r) // Spell says so
				continue
			}
		}
		switch to := settle(r); to {
		case r:
			b.WriteRune(r)
		case ' ':
			b.WriteByte(' ')
		case none:
			note(Note{r, Dropped, ""})
		default:
			note(Note{r, Replaced, string(to)})
			b.WriteRune(to)
		}
	}
	return dropMarks(norm.NFC.String(b.String()), note)
}

// An emoji finds where one that has begun goes on: what follows the first letter of
// a flag, a colour of skin, and what a joiner joins. No printer has them, and a family
// of four would be four code points where one does.
type emoji struct {
	in, joined, flag bool // within one; after a joiner; within flags
}

func (e *emoji) goesOn(r rune) bool {
	switch {
	case r >= 0x1F1E6 && r <= 0x1F1FF:
		within := e.flag
		*e = emoji{in: true, flag: true}
		return within
	case e.in && r >= 0x1F3FB && r <= 0x1F3FF:
		e.joined = false
		return true
	case r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF:
		joined := e.joined
		*e = emoji{in: true}
		return joined
	case e.in && r == 0x200D:
		e.joined = true
		return true
	case e.in && r == 0xFE0F:
		return true
	}
	*e = emoji{}
	return false
}

// plain is the quick answer for most text: ASCII, common hanzi and the signs
// between them.
func plain(text string) bool {
	for _, r := range text {
		if !(r >= 0x20 && r < 0x7F || common(r) || r >= 0x3001 && r <= 0x3017 || r >= 0xFF01 && r <= 0xFF5E || r == '×') {
			return false
		}
	}
	return true
}

// common says whether r is one of the first hanzi that Unicode had.
func common(r rune) bool { return r >= 0x4E00 && r <= 0x9FFF }

const none = -1

// settle gives the character that stands for r: itself, another, a space, or
// none.
func settle(r rune) rune {
	switch {
	case r < 0x7F && r >= 0x20:
		return r
	case r == '\t' || r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
		return ' '
	case r >= 0x2F00 && r <= 0x2FD5: // Kangxi radicals look like the hanzi they name
		return []rune(norm.NFKC.String(string(r)))[0]
	case r >= 0xE000 && r <= 0xF8FF:
		return private(r)
	case r == 0x3000:
		return r
	case unicode.Is(unicode.Zs, r):
		return ' '
	case invisible(r):
		return none
	}
	if to, ok := alike[r]; ok {
		return to
	}
	return r
}

// invisible characters have no shape: controls, joiners, direction marks,
// variation selectors, tags, and the fillers that look like a gap.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// dropMarks takes away the marks that composed with no letter.
func dropMarks(text string, note func(Note)) string {
	if !strings.ContainsFunc(text, isMark) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isMark(r) {
			note(Note{r, Dropped, ""})
			return -1
		}
		return r
	}, text)
}

func isMark(r rune) bool { return r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me) }

// alike are characters that no Chinese font carries, and the ones that mean the
// same there. The quotes go to their full-width form: some encoders fold these
// to the ASCII quote, which ends a string in most label languages.
var alike = map[rune]rune{
	'\u02BA': '\uFF02', '\u02EE': '\uFF02', '\u05F4': '\uFF02', '\u2033': '\uFF02', '\u2036': '\uFF02',
	'\u02BC': '\u2019', '\u02BB': '\u2018', '\u02B9': '\u2032',
	'\u2022': '\u00B7', '\u2027': '\u00B7', '\u22C5': '\u00B7', '\u30FB': '\u00B7', '\uFF65': '\u00B7', '\u0387': '\u00B7', '\u2219': '\u00B7',
	'\u2011': '-', '\u2012': '-', '\u2212': '-',
	'\u00A3': '\uFFE1', '\u00A5': '\uFFE5', '\u00A2': '\uFFE0', '\u301C': '\uFF5E', '\u2013': '-', '\u2015': '\u2014',
}

// private gives what a private-use character of old GBK software means, or the
// character itself. GBK and GB 18030-2000 had codes for which Unicode had no
// character yet; the mappings of that time put them here.
func private(r rune) rune {
	for _, p := range privates {
		if r >= p.first && int(r-p.first) < len(p.now) {
			return p.now[r-p.first]
		}
	}
	return r
}

var privates = []struct {
	first rune
	now   []rune // what first and its successors mean today
}{
	// A6D9-A6DF, A6EC-A6ED, A6F3: punctuation for vertical lines
	{0xE78D, []rune("\uFE10\uFE12\uFE11\uFE13\uFE14\uFE15\uFE16\uFE17\uFE18\uFE19")},
	// A8BC, A8BF: the pinyin letters
	{0xE7C7, []rune("\u1E3F\u01F9")},
	// A989-A995: ideographic description
	{0xE7E7, []rune("\u303E\u2FF0\u2FF1\u2FF2\u2FF3\u2FF4\u2FF5\u2FF6\u2FF7\u2FF8\u2FF9\u2FFA\u2FFB")},
	// FE50-FEA0: eighty hanzi, among them U+4DAE
	{0xE815, []rune("⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱" +
		"䎬⺻䏝䓖䙡䙌龹䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻")},
}
