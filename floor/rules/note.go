package rules

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// listen cuts notes into clauses, the parts between two marks, in small letters.
func listen(notes ...string) []string {
	var all []string
	for _, n := range notes {
		if n != "" {
			all = append(all, strings.FieldsFunc(strings.ToLower(n), ends)...)
		}
	}
	return all
}

func ends(c rune) bool {
	return strings.ContainsRune(",，.。;；!！?？、~～…|/\n\r\t", c) || unicode.Is(unicode.So, c)
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
