package address

import (
	"slices"
	"strings"
	"sync"
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
// town. What is masked, abroad, or not written in Chinese, is left as it is.
func Split(to floor.Recipient) (floor.Recipient, string) {
	divisions := to.Province + to.City + to.District
	parts := to.Province != "" && to.City != ""
	switch {
	case to.Masked || abroad(to.Detail) || !strings.ContainsFunc(divisions, han) && (parts || !strings.ContainsFunc(to.Detail, han)):
		return to, ""
	case parts:
		return to, named.why(divisions)
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

func han(c rune) bool { return unicode.Is(unicode.Han, c) }

// named are the divisions that shops name, and what is odd about them. There are few
// of them, and every order names some.
var named register

// Bounds of what is remembered: there are some 3,000 districts, each written in a few
// ways.
const (
	maxNamed = 20_000
	maxName  = 100 // bytes
)

type register struct {
	mu    sync.RWMutex
	known map[string]string // guarded by mu
}

func (r *register) why(text string) string {
	r.mu.RLock()
	w, ok := r.known[text]
	r.mu.RUnlock()
	if ok {
		return w
	}
	w = why(Parse(text).Flags)
	if len(text) <= maxName {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.known == nil || len(r.known) >= maxNamed {
			r.known = map[string]string{}
		}
		r.known[text] = w
	}
	return w
}

// abroad reports whether a street ends with the code of another country (ISO 3166), as
// shops that sell there have it: 千代田1-1 100-0001 JP.
func abroad(detail string) bool {
	at := strings.LastIndexByte(detail, ' ')
	code := detail[at+1:]
	return at > 0 && len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z' && !slices.Contains([]string{"CN", "HK", "MO", "TW"}, code)
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
