package profile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A version is the numbers of a firmware's name: "V84.20.21Z" is 84, 20, 21.
type version []int

func parseVersion(s string) version {
	var v version
	for _, digits := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		n, err := strconv.Atoi(digits)
		if err != nil {
			n = int(^uint(0) >> 1) // too long to be a number, and so later than any
		}
		v = append(v, n)
	}
	return v
}

// compare takes missing numbers for 0: 6.29 and 6.29.0 are the same.
func (v version) compare(w version) int {
	for i := range max(len(v), len(w)) {
		var a, b int
		if i < len(v) {
			a = v[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if c := cmp.Compare(a, b); c != 0 {
			return c
		}
	}
	return 0
}

// A span is a range of firmware: from lo (included) up to hi (not included);
// nil is no bound.
type span struct{ lo, hi version }

// parseSpan reads ">=6.29", "<7", ">=6.29 <7". The empty text spans everything.
func parseSpan(s string) (span, error) {
	var r span
	for _, f := range strings.Fields(strings.ReplaceAll(s, ",", " ")) {
		bound := &r.lo
		text, ok := strings.CutPrefix(f, ">=")
		if !ok {
			bound = &r.hi
			text, ok = strings.CutPrefix(f, "<")
		}
		v := parseVersion(text)
		if !ok || len(v) == 0 || *bound != nil {
			return span{}, fmt.Errorf(`firmware %q is not a range such as ">=6.29", "<7" or ">=6.29 <7"`, s)
		}
		*bound = v
	}
	if r.lo != nil && r.hi != nil && r.lo.compare(r.hi) >= 0 {
		return span{}, fmt.Errorf("firmware %q is a range with nothing in it", s)
	}
	return r, nil
}

func (r span) bounded() bool { return r.lo != nil || r.hi != nil }

func (r span) holds(v version) bool {
	return (r.lo == nil || v.compare(r.lo) >= 0) && (r.hi == nil || v.compare(r.hi) < 0)
}

func (r span) overlaps(o span) bool {
	return (r.lo == nil || o.hi == nil || r.lo.compare(o.hi) < 0) && (o.lo == nil || r.hi == nil || o.lo.compare(r.hi) < 0)
}

// some gives a firmware within the range, empty if there is no range.
func (r span) some() string {
	switch {
	case r.lo != nil:
		return strings.Trim(strings.Join(strings.Fields(fmt.Sprint([]int(r.lo))), "."), "[]")
	case r.hi != nil:
		return "0"
	}
	return ""
}

// didYouMean gives ` (did you mean "x"?)` for the nearest of known, if one is near.
func didYouMean(got string, known []string) string {
	best, far := "", 1+len(got)/3
	for _, k := range known {
		if d := distance(got, k); d <= far && (best == "" || d < distance(got, best)) {
			best = k
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// distance counts the letters to insert, delete or change to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{change, row[j] + 1, diagonal + 1})
		}
	}
	return row[len(b)]
}
