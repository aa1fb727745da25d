package rules

import "slices"

// A Listed rule says where a rule stands and whether it speaks.
type Listed struct {
	Kind string // "tag", "hold", "score"
	Rule
	File string // "default.toml" for what is shipped
	Line int
	// Speaks is false of a rule that is off, or that the site's own of its name replaces.
	Speaks bool
}

// List gives the shipped rules and a site's own, with their places. The error is
// floor.Mistakes.
func List(name string, data []byte) ([]Listed, error) {
	var out []Listed
	for _, from := range []struct {
		name string
		data []byte
	}{{"default.toml", shipped}, {name, data}} {
		f, err := read(from.name, from.data)
		if err != nil {
			return nil, err
		}
		for _, of := range []struct {
			kind string
			list []Rule
		}{{"tag", f.Tags}, {"hold", f.Holds}, {"score", f.Score}} {
			for _, r := range of.list {
				for i := range out { // of one name and kind the later one counts
					out[i].Speaks = out[i].Speaks && (out[i].Name != r.Name || out[i].Kind != of.kind)
				}
				out = append(out, Listed{Kind: of.kind, Rule: r, File: from.name, Line: lineOf(from.data, `"`+r.Name+`"`), Speaks: !r.Off})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Listed) int { return slices.Index(kinds, a.Kind) - slices.Index(kinds, b.Kind) })
	return out, nil
}

var kinds = []string{"tag", "hold", "score"}
