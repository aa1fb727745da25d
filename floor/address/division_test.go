package address

import "testing"

// everyPlace gives all districts that lie in a city, from the tree of names.
func everyPlace() []*place {
	var all []*place
	seen := map[*place]bool{}
	var walk func(*trie)
	walk = func(t *trie) {
		for _, m := range t.is {
			if p := m.place; p.level == 3 && p.up.level == 2 && !seen[p] {
				seen[p] = true
				all = append(all, p)
			}
		}
		for _, next := range t.next {
			walk(next)
		}
	}
	walk(names)
	return all
}

// TestEveryPlace writes every district of the country in several ways.
func TestEveryPlace(t *testing.T) {
	said := func(p *place) string {
		if s := short(p.name, p.level); len(s) > 0 {
			return s[0]
		}
		return p.name
	}
	all := everyPlace()
	if len(all) < 2900 {
		t.Fatalf("%d districts", len(all))
	}
	ways := []struct {
		name string
		say  func(province, city, district *place) string
	}{
		{"all three", func(p, c, d *place) string { return p.name + c.name + d.name }},
		{"with blanks", func(p, c, d *place) string { return p.name + " " + c.name + " " + d.name + " " }},
		{"without province", func(_, c, d *place) string { return c.name + d.name }},
		{"short province and city", func(p, c, d *place) string { return said(p) + said(c) + d.name }},
		{"said twice", func(p, c, d *place) string { return p.name + c.name + d.name + p.name + c.name + d.name }},
		{"with a person", func(p, c, d *place) string { return "欧阳明 13812345678 " + p.name + c.name + d.name }},
	}
	const detail = "建设路12号3栋502"
	for _, way := range ways {
		wrong := 0
		for _, p := range all {
			raw := way.say(p.up.up, p.up, p) + detail
			a := Parse(raw)
			if a.To.Province != p.up.up.name || a.To.City != p.up.name || a.To.District != p.name || a.To.Detail != detail {
				if wrong++; wrong < 5 {
					t.Errorf("%s: %q = %+v", way.name, raw, a)
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d of %d wrong", way.name, wrong, len(all))
		}
	}
}

// TestDistrictAlone: a district's name alone settles the place, or is flagged.
func TestDistrictAlone(t *testing.T) {
	guessed, open := 0, 0
	all := everyPlace()
	for _, p := range all {
		a := Parse(p.name + "建设路12号")
		switch {
		case a.To.District == p.name && a.To.City == p.up.name && a.To.Province == p.up.up.name:
		case a.To.District == "" && len(a.Flags) > 0:
			open++
		default:
			guessed++
			t.Logf("%s of %s: %+v", p.name, p.up.name, a)
		}
	}
	t.Logf("of %d districts %d are left open", len(all), open)
	if guessed > 0 || open > 200 {
		t.Errorf("%d guessed, %d left open", guessed, open)
	}
}
