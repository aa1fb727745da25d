package address

import (
	"slices"
	"strings"
	"unicode"

	"floord/floor"
)

// Why an address cannot be shipped to as it is said, in the catalogue's words.
const (
	WhyConflict = "address-conflict" // Conflict
	WhyDivision = "address-division" // NotAddress or Ambiguous
)

// Split gives a recipient with the address in its four parts, where the shop left
// some of them together, and why it cannot be shipped to, or "". Parts that the shop
// names are held against each other alone, since a street may bear the name of any
// town. What is masked, or not written in Chinese, is left as it is.
func Split(to floor.Recipient) (floor.Recipient, string) {
	divisions := to.Province + to.City + to.District
	if to.Masked || !strings.ContainsFunc(divisions+to.Detail, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
		return to, ""
	}
	if to.Province != "" && to.City != "" {
		return to, why(Parse(divisions).Flags)
	}
	a := Parse(divisions + to.Detail)
	if w := why(a.Flags); w != "" {
		return to, w
	}
	detail := []string{a.To.Detail}
	for _, part := range []struct{ said, found *string }{{&to.Name, &a.To.Name}, {&to.Phone, &a.To.Phone}} {
		switch {
		case *part.said == "":
			*part.said = *part.found
		case *part.found != "" && *part.found != *part.said:
			detail = append(detail, *part.found) // of somebody else, and perhaps needed
		}
	}
	to.Province, to.City, to.District = a.To.Province, a.To.City, a.To.District
	to.Detail = strings.TrimSpace(strings.Join(detail, " "))
	return to, ""
}

func why(flags []string) string {
	switch {
	case slices.Contains(flags, Conflict):
		return WhyConflict
	case slices.Contains(flags, NotAddress), slices.Contains(flags, Ambiguous):
		return WhyDivision
	}
	return ""
}
