package glyph

import (
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-pinyin"
)

// ReadHan gives the pinyin of a hanzi with its tone and a capital ("Dá"), or ""
// if the table has none. With surname the reading is the one of a family name.
// It is a reading of last resort: a hanzi with several readings gets the first.
func ReadHan(r rune, surname bool) string {
	p := ""
	if surname {
		p = surnames[r]
	}
	if p == "" {
		a := pinyin.NewArgs()
		a.Style = pinyin.Tone
		if all := pinyin.SinglePinyin(r, a); len(all) > 0 {
			p = all[0]
		}
	}
	first, n := utf8.DecodeRuneInString(p)
	if n == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + p[n:]
}

// surnames are hanzi that a family name reads differently from the table's first
// reading.
var surnames = map[rune]string{
	'单': "shàn", '仇': "qiú", '曾': "zēng", '解': "xiè", '区': "ōu", '查': "zhā", '朴': "piáo",
	'盖': "gě", '覃': "qín", '翟': "zhái", '任': "rén", '华': "huà", '万': "wàn",
	'折': "shé", '黑': "hè", '秘': "bì", '冼': "xiǎn", '员': "yùn", '洗': "xiǎn", '燕': "yān",
	'乐': "yuè", '召': "shào", '种': "chóng", '缪': "miào", '谌': "chén", '逄': "páng",
	'繁': "pó", '哈': "hǎ", '令': "líng", '石': "shí", '贾': "jiǎ",
	'逯': "lù", '訾': "zī", '隗': "wěi", '郗': "xī", '佴': "nài", '乜': "niè", '仉': "zhǎng", '祭': "zhài",
	'過': "guō",
}
