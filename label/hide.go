package label

import (
	"regexp"
	"strings"
	"unicode"

	"floord/label/glyph"
)

// Hide gives the party as a waybill may show it to everybody in the street:
// at least one character of the name, six digits of the phone, and the unit and
// room number become stars (GB/T 41833-2022). Hiding twice changes nothing.
func (p Party) Hide() Party {
	return Party{HideName(p.Name), HidePhone(p.Phone), HideRoom(p.Address)}
}

// HideName keeps the first character, and of three or more the last one too.
func HideName(name string) string {
	// Normalised first: a selector behind the only hanzi is no second character.
	rs := []rune(strings.TrimSpace(glyph.Normalise(name, func(glyph.Note) {})))
	switch n := len(rs); {
	case n == 0:
		return ""
	case n == 1:
		return "*"
	case n == 2:
		return string(rs[0]) + "*"
	default:
		return string(rs[0]) + strings.Repeat("*", min(n-2, 6)) + string(rs[n-1])
	}
}

// HidePhone hides six digits or more: the last four stay, as far as that leaves
// six, for collection points ask for them; then at most three at the front.
func HidePhone(phone string) string {
	n := 0
	for _, r := range phone {
		if unicode.IsDigit(r) || r == '*' {
			n++
		}
	}
	tail := max(0, min(4, n-6))
	head := max(0, min(3, n-6-tail))
	i := 0
	return strings.Map(func(r rune) rune {
		if !unicode.IsDigit(r) && r != '*' {
			return r
		}
		i++
		if i > head && i <= n-tail {
			return '*'
		}
		return r
	}, phone)
}

var (
	starredName  = regexp.MustCompile(`^[\p{L}\p{M}·]*[*＊][\p{L}\p{M}*＊·]*$`)
	starredPhone = regexp.MustCompile(`[*＊]{3}`)
)

// Masked gives the field that somebody else has hidden already, or "": a shop
// that gives no token with it expects its own label, and what stands here leads
// no courier to a door. A star in an address is a star.
func (p Party) Masked() string {
	switch {
	case starredName.MatchString(strings.TrimSpace(p.Name)):
		return "recipient.name"
	case starredPhone.MatchString(p.Phone):
		return "recipient.phone"
	case strings.Contains(p.Address, "****"), strings.Contains(p.Address, "＊＊＊＊"):
		return "recipient.address"
	}
	return ""
}

const numeral = `[0-9０-９A-Za-z一二三四五六七八九十百零〇]`

var (
	// 2单元, 1502室, B户: the number before the word.
	roomWord = regexp.MustCompile(`(` + numeral + `+(?:[-－—#]` + numeral + `+)*)(单元|號室|号室|房间|室|房|户|戶)`)
	// 3栋1502, A座12F: what follows the building.
	roomAfter = regexp.MustCompile(`((?:栋|幢|座|号楼|單元|单元|楼|层|樓|層)\s*)([0-9０-９A-Za-z][-－0-9０-９A-Za-z]*)`)
	// 18-2-601: building, unit, room; but 95-1号 is a house.
	roomDashes = regexp.MustCompile(`([0-9０-９A-Za-z]+[-－])([0-9０-９A-Za-z]+(?:[-－][0-9０-９A-Za-z]+)*)(号?)`)
	// 88号1502, at the end.
	roomEnd = regexp.MustCompile(`(号\s*)([A-Za-z]?[0-9０-９]{3,5})(\s*)$`)
)

// HideRoom hides the unit and room number of an address; house and building
// numbers stay, the courier needs them.
func HideRoom(address string) string {
	address = hide(roomWord, 1, address)
	address = hide(roomAfter, 2, address)
	address = hide(roomEnd, 2, address)
	return roomDashes.ReplaceAllStringFunc(address, func(m string) string {
		sub := roomDashes.FindStringSubmatch(m)
		if sub[3] != "" {
			return m
		}
		return sub[1] + stars(sub[2])
	})
}

// hide turns one group of every match into stars.
func hide(re *regexp.Regexp, group int, s string) string {
	return re.ReplaceAllStringFunc(s, func(m string) string {
		at := re.FindStringSubmatchIndex(m)[2*group:]
		return m[:at[0]] + stars(m[at[0]:at[1]]) + m[at[1]:]
	})
}

func stars(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '－' || r == '—' || r == '#' {
			return r
		}
		return '*'
	}, s)
}
