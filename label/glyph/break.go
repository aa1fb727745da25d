package glyph

import (
	"strings"
	"unicode"
)

// MayBreak says whether a line may end after a and go on with b: not within a
// word or a number, not before closing punctuation, not after an opening
// bracket, and never between a thing and its quantity ("×2").
func MayBreak(a, b rune) bool {
	if a == '×' || b == '×' {
		return false
	}
	if strings.ContainsRune("，。、；：！？）》】」』”’,.;:!?)]}>%·…", b) || strings.ContainsRune("（《【「『“‘([{<", a) {
		return false
	}
	return !(word(a) && word(b))
}

func word(r rune) bool {
	return r < 0x2E80 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("*-_.'/+#@[]", r))
}
