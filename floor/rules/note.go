package rules

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A word is one that rules have, and those that have it.
type word struct {
	text string
	of   []*Rule
}

// index gives all words of rules by their first letter.
func index(all ...[]Rule) map[rune][]*word {
	words, first := map[string]*word{}, map[rune][]*word{}
	for _, rules := range all {
		for i := range rules {
			for _, t := range rules[i].Words {
				w := words[t]
				if w == nil {
					w = &word{text: t}
					c, _ := utf8.DecodeRuneInString(t)
					words[t], first[c] = w, append(first[c], w)
				}
				w.of = append(w.of, &rules[i])
			}
		}
	}
	return first
}

// heard gives the rules that have a word which the notes say.
func (r *Rules) heard(notes ...string) []*Rule {
	var heard []*Rule
	var asked []*word
	var room [8]string
	clauses := listen(room[:0], notes...)
	for _, clause := range clauses {
		for i, c := range clause {
			for _, w := range r.words[c] {
				if !strings.HasPrefix(clause[i:], w.text) || slices.Contains(asked, w) {
					continue
				}
				if asked = append(asked, w); said(clauses, w.text) {
					heard = append(heard, w.of...)
				}
			}
		}
	}
	return heard
}

// listen adds the clauses of notes to all: the parts between two marks, in small
// letters.
func listen(all []string, notes ...string) []string {
	for _, n := range notes {
		if strings.ContainsFunc(n, func(c rune) bool { return !small(c) }) {
			n = strings.ToLower(n)
		}
		from := 0
		for i, c := range n {
			if ends(c) {
				if i > from {
					all = append(all, n[from:i])
				}
				from = i + utf8.RuneLen(c)
			}
		}
		if from < len(n) {
			all = append(all, n[from:])
		}
	}
	return all
}

// small reports that a letter is surely none that could be smaller.
func small(c rune) bool {
	return c < 'A' || c > 'Z' && c < utf8.RuneSelf || c >= 0x3000 && c <= 0x9FFF || c >= 0xFF00 && c <= 0xFF20
}

// han reports that c is one of the letters that Chinese notes are made of.
func han(c rune) bool { return c >= 0x4E00 && c <= 0x9FFF }

func ends(c rune) bool {
	return !han(c) && (strings.ContainsRune(",，.。;；!！?？、~～…|/\n\r\t", c) || unicode.Is(unicode.So, c))
}

// A no turns what is said into its opposite. Before the word it may stand a few
// runes away, behind it only at once.
var (
	before = []string{"不要", "不用", "不需要", "不必", "不送", "不想要", "无需", "无须", "别", "勿", "免", "没有", "没", "无", "取消", "拒绝", "去掉", "不", "no ", "not ", "without ", "don't ", "do not "}
	behind = []string{"不要", "不用", "不需要", "不必", "就不", "免了", "别", "取消", "去掉", "算了", "没有", "not "}
	// undone turn the no back: "不要忘了赠品" wants the gift.
	undone = []string{"忘", "漏", "少", "落下", "缺", "错", "forget", "miss"}
)

// harmless are words with a no inside that deny nothing.
var harmless = strings.NewReplacer("免费", "  ", "不错", "  ", "别人", "  ", "特别", "  ", "个别", "  ", "无论", "  ", "不管", "  ", "没问题", "   ", "不好意思", "    ")

// reach is how many runes may lie between a no and the word.
const reach = 6

// said reports whether a clause says the word and does not deny it.
func said(clauses []string, word string) bool {
	for _, c := range clauses {
		for from := 0; ; {
			i := strings.Index(c[from:], word)
			if i < 0 {
				break
			}
			at, end := from+i, from+i+len(word)
			if !inside(c, at, end) && !denied(c[:at], c[end:]) {
				return true
			}
			from = end
		}
	}
	return false
}

// inside reports whether a Latin word is a part of a longer one: "now" in "know".
func inside(c string, at, end int) bool {
	last := func(s string) rune { r, _ := utf8.DecodeLastRuneInString(s); return r }
	first := func(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }
	latin := func(a, b rune) bool { return unicode.Is(unicode.Latin, a) && unicode.Is(unicode.Latin, b) }
	return latin(last(c[:at]), first(c[at:])) || latin(last(c[:end]), first(c[end:]))
}

// denied reports whether what stands before or behind a word turns it round.
func denied(lead, tail string) bool {
	tail = strings.TrimLeft(tail, " 就都也了的")
	for _, no := range behind {
		if strings.HasPrefix(tail, no) && !hasAny(tail, undone) {
			return true
		}
	}
	lead = harmless.Replace(lead)
	for _, no := range before {
		i := strings.LastIndex(lead, no)
		if i < 0 {
			continue
		}
		between := lead[i+len(no):]
		if utf8.RuneCountInString(between) <= reach && !hasAny(between, undone) {
			return true
		}
	}
	return false
}

func hasAny(s string, list []string) bool {
	for _, x := range list {
		if strings.Contains(s, x) {
			return true
		}
	}
	return false
}
