package glyph

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// A Charset is what the font inside a printer holds, as far as it can be
// trusted: rows that only some makers filled are left out, since a character
// drawn as a bitmap in vain costs 130 bytes and one printed as a gap costs a
// parcel.
type Charset uint8

const (
	ASCII   Charset = iota // no Chinese font at all
	GB2312                 // 6,763 hanzi and the symbols of 1980
	GBK                    // 20,902 hanzi (龘 is one); not the rows FE50 to FEA0
	GB18030                // GBK, those rows, and the four-byte hanzi of the BMP
)

// String is the name that ParseCharset reads.
func (c Charset) String() string { return [...]string{"ascii", "gb2312", "gbk", "gb18030"}[c] }

// ParseCharset reads a charset as a printer profile names it.
func ParseCharset(name string) (Charset, error) {
	switch strings.ToLower(name) {
	case "ascii":
		return ASCII, nil
	case "gb2312":
		return GB2312, nil
	case "gbk", "cp936":
		return GBK, nil
	case "gb18030":
		return GB18030, nil
	}
	return ASCII, fmt.Errorf("charset %q is none of ascii, gb2312, gbk, gb18030", name)
}

// Has says whether the printer's font holds r.
func (c Charset) Has(r rune) bool {
	var b [4]byte
	_, ok := c.Append(b[:0], r)
	return ok
}

// Append appends the bytes that name r in this charset. ok is false, and dst as
// it was, for characters it does not hold, controls among them.
func (c Charset) Append(dst []byte, r rune) (out []byte, ok bool) {
	if r < 0x80 {
		if r < 0x20 || r == 0x7F {
			return dst, false
		}
		return append(dst, byte(r)), true
	}
	if c == ASCII || r > 0xFFFF {
		// GB 18030 has codes for all of Unicode; no printer has the shapes.
		return dst, false
	}
	if code := twoByte()[r]; code != 0 {
		if c == GB2312 && !inGB2312(code) || c == GBK && filledByFew(code) {
			return dst, false
		}
		return append(dst, byte(code>>8), byte(code)), true
	}
	if c == GB18030 && (r >= 0x3400 && r <= 0x4DB5 || r >= 0x9FA6 && r <= 0x9FBB) {
		return appendFourByte(dst, r)
	}
	return dst, false
}

func appendFourByte(dst []byte, r rune) ([]byte, bool) {
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(string(r)))
	if err != nil || len(b) != 4 {
		return dst, false
	}
	return append(dst, b...), true
}

// twoByte maps the BMP to the two-byte codes of GBK and GB 18030; 0 is none.
var twoByte = sync.OnceValue(func() *[0x10000]uint16 {
	codes := new([0x10000]uint16)
	d := simplifiedchinese.GB18030.NewDecoder()
	var in [2]byte
	var out [8]byte
	for code := 0x8140; code <= 0xFEFE; code++ {
		in[0], in[1] = byte(code>>8), byte(code)
		if in[1] < 0x40 || in[1] == 0x7F || in[1] == 0xFF {
			continue
		}
		n, _, err := d.Transform(out[:], in[:], true)
		if err != nil {
			continue
		}
		r, size := utf8.DecodeRune(out[:n])
		if size != n || r == utf8.RuneError || unicode.Is(unicode.Co, r) || codes[r] != 0 {
			continue
		}
		codes[r] = uint16(code)
	}
	return codes
})

// filledByFew are the codes that GBK fonts disagree on: the euro sign, vertical
// punctuation, rare pinyin letters, description characters, the last eighty hanzi.
func filledByFew(code uint16) bool {
	return code == 0xA2E3 || code >= 0xA6D9 && code <= 0xA6F5 || code >= 0xA8BB && code <= 0xA8C0 ||
		code >= 0xA989 && code <= 0xA995 || code >= 0xFE50
}

// inGB2312 says whether a GBK code was one in 1980 already.
func inGB2312(code uint16) bool {
	for _, s := range gb2312 {
		if code >= s[0] && code <= s[1] {
			return code&0xFF >= 0xA1
		}
	}
	return false
}

var gb2312 = [][2]uint16{
	{0xA1A1, 0xA1FE}, {0xA2B1, 0xA2E2}, {0xA2E5, 0xA2EE}, {0xA2F1, 0xA2FC}, {0xA3A1, 0xA3FE},
	{0xA4A1, 0xA4F3}, {0xA5A1, 0xA5F6}, {0xA6A1, 0xA6B8}, {0xA6C1, 0xA6D8}, {0xA7A1, 0xA7C1},
	{0xA7D1, 0xA7F1}, {0xA8A1, 0xA8BA}, {0xA8C5, 0xA8E9}, {0xA9A4, 0xA9EF}, {0xB0A1, 0xF7FE},
}
