// Package address reads a postal address of China as people write it: divisions by
// the longest match over the names of GB/T 2260 with short names and names of old,
// with or without province, city or district, name and phone wherever they stand.
// It says how sure it is. What contradicts itself, or could be in two places, is
// flagged and left open, never guessed: a person must ask.
package address

import (
	"slices"
	"strings"
	"unicode"

	"floord/floor"
)

// Flags say what is odd about an address. An order with one of the first three
// must be held.
const (
	NotAddress = "not_address" // no division was found
	Conflict   = "conflict"    // it names places that do not lie in one another
	Ambiguous  = "ambiguous"   // a name in it is that of several places
	NoDistrict = "no_district" // the city has districts, and none is said
	NoDetail   = "no_detail"   // nothing is said below the district
	Renamed    = "renamed"     // a name of old was said; that of today is given
	Dropped    = "dropped"     // a piece before the divisions made no sense
)

// An Address is what was understood. To holds the parts; a municipality's city
// has the province's name, a county directly below a province is a city without
// districts.
type Address struct {
	To         floor.Recipient
	Confidence float64 // 0 to 1
	Flags      []string
}

// maxRunes bounds what is read; nobody's address is longer.
const maxRunes = 500

// Parse reads an address. It never fails: what it cannot read it leaves in the
// detail, with a flag.
func Parse(raw string) Address {
	text := []rune(raw)
	if len(text) > maxRunes {
		text = text[:maxRunes]
	}
	narrow(text)
	var a Address
	said := pieces(text, &a.To)
	text = said.text // as it was written: only its divisions are read in simple characters
	read := simple(text)
	m, ok := region(read)
	if ok {
		m.repeatedIn(read)
	}
	switch {
	case !ok:
		a.flag(NotAddress)
	case m.place != nil && m.contradicted(read):
		a.flag(Conflict)
		ok = false
	case m.ambiguous:
		a.flag(Ambiguous)
	}
	if !ok {
		m = match{}
	}
	a.divisions(m)
	a.rest(text, m, said)
	a.judge(m, ok)
	return a
}

// narrow makes letters, digits and the signs of phones narrow, which an input method
// may have made as wide as Chinese ones.
func narrow(text []rune) {
	for i, c := range text {
		switch {
		case c >= '０' && c <= '９', c >= 'Ａ' && c <= 'Ｚ', c >= 'ａ' && c <= 'ｚ', c == '－', c == '＋', c == '＃', c == '＊':
			text[i] = c - '０' + '0'
		}
	}
}

func (m *match) repeatedIn(text []rune) {
	if m.place != nil && !m.ambiguous {
		m.repeated(text)
	}
}

func (a *Address) flag(f string) {
	if !slices.Contains(a.Flags, f) {
		a.Flags = append(a.Flags, f)
	}
}

// divisions writes the place and what it lies in.
func (a *Address) divisions(m match) {
	for p := m.place; p != nil; p = p.up {
		switch p.level {
		case 1:
			a.To.Province = p.name
			if a.To.City == "" && a.To.District == "" && municipality(p.name) {
				a.To.City = p.name
			}
		case 2:
			a.To.City = p.name
		case 3:
			a.To.District = p.name
		}
	}
}

func municipality(name string) bool {
	return name == "北京市" || name == "天津市" || name == "上海市" || name == "重庆市"
}

// rest sorts what is not a division into name and detail.
func (a *Address) rest(text []rune, m match, said said) {
	before, after := split(text[:m.start]), split(text[m.end:])
	if len(before) > 0 && m.start > 0 && unicode.IsLetter(text[m.start-1]) { // glued to the division
		last := before[len(before)-1]
		if s := strings.TrimPrefix(last.text, "中国"); len([]rune(s)) <= 2 && !(said.phone && surname(s)) {
			before = before[:len(before)-1]
			if s != "" {
				a.flag(Dropped)
			}
		}
	}
	before = slices.DeleteFunc(before, func(p piece) bool { // the state and the corps, which no order needs
		t := []rune(p.text)
		return p.text == "中国" || strings.Contains(p.text, "兵团") && corps(t, 0) == len(t)
	})
	all := append(before, after...)
	if a.To.Name == "" {
		if i := nameIn(all, len(before), m, said); i >= 0 {
			a.To.Name = withoutLabel(all[i].text)
			all = slices.Delete(all, i, i+1)
		} else if said.phone {
			a.To.Name = glued(all)
		}
	}
	a.To.Detail = a.once(join(all))
}

// once cuts an address that was pasted behind itself: of 大石街道广东省广州市番禺区大石街道1号
// the second is whole.
func (a *Address) once(detail string) string {
	whole := a.To.Province + a.To.City + a.To.District
	before, after, twice := strings.Cut(detail, whole)
	if twice && before != "" && a.To.District != "" && strings.HasPrefix(after, before) {
		return after
	}
	// The divisions once more at the end say nothing new.
	for _, tail := range []string{whole, a.To.Province + a.To.District, a.To.City + a.To.District, a.To.Province + a.To.City} {
		if s := strings.TrimSuffix(detail, tail); a.To.District != "" && s != detail && s != "" && len([]rune(tail)) > 5 {
			return s
		}
	}
	return detail
}

// judge says how sure the reading is.
func (a *Address) judge(m match, ok bool) {
	if !ok {
		return
	}
	sure := 1.0
	if m.renamed {
		a.flag(Renamed)
		sure -= 0.1
	}
	if m.full == 0 {
		sure -= 0.2
	} else if m.full < m.said {
		sure -= 0.05
	}
	if m.place == nil || m.place.level == 1 || m.place.level == 2 && m.place.below {
		a.flag(NoDistrict)
		sure -= 0.3
	}
	if a.To.Detail == "" {
		a.flag(NoDetail)
		sure -= 0.2
	}
	if slices.Contains(a.Flags, Dropped) {
		sure -= 0.2
	}
	if m.ambiguous {
		sure = min(sure, 0.3)
	}
	a.Confidence = max(0, float64(int(sure*100+0.5))/100)
}
