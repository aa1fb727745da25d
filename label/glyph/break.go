package glyph

import "unicode"

// MayBreak says whether a line may end after a and go on with b: not within a
// word or a number, not before closing punctuation, not after an opening
// bracket, and never between a thing and its quantity ("×2").
func MayBreak(a, b rune) bool {
	if common(a) && common(b) {
		return true
	}
	return a != '×' && b != '×' && !closes(b) && !opens(a) && !(word(a) && word(b))
}

func closes(r rune) bool {
	switch r {
	case '，', '。', '、', '；', '：', '！', '？', '）', '》', '】', '」', '』', '”', '’', ',', '.', ';', ':', '!', '?', ')', ']', '}', '>', '%', '·', '…':
		return true
	}
	return false
}

func opens(r rune) bool {
	switch r {
	case '（', '《', '【', '「', '『', '“', '‘', '(', '[', '{', '<':
		return true
	}
	return false
}

func word(r rune) bool {
	switch r {
	case '*', '-', '_', '.', '\'', '/', '+', '#', '@', '[', ']':
		return true
	}
	return r < 0x2E80 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
