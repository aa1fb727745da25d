package address

import (
	"embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:generate ./generate.sh 2.7.0 1.4.1

//go:embed division
var files embed.FS

// A place is one division: a province, a city or a district.
type place struct {
	name  string
	level int // 1 province, 2 city, 3 district
	up    *place
	below bool // it has districts
}

// within reports whether p is q or lies in it.
func (p *place) within(q *place) bool {
	for ; p != nil; p = p.up {
		if p == q {
			return true
		}
	}
	return false
}

// A meaning is what a name may mean.
type meaning struct {
	place   *place
	full    bool   // said with its kind: "深圳市", not "深圳"
	renamed bool   // a name of old
	once    *place // it counts within this city alone, to which the place once belonged
}

// within reports whether the place may be said below p.
func (m meaning) within(p *place) bool {
	return m.place != p && (m.once == nil && m.place.within(p) || m.once != nil && m.once == p)
}

// A trie finds the names that begin at a rune.
type trie struct {
	next map[rune]*trie
	is   []meaning
}

func (t *trie) add(name string, m meaning) {
	for _, c := range name {
		if t.next == nil {
			t.next = map[rune]*trie{}
		}
		if t.next[c] == nil {
			t.next[c] = &trie{}
		}
		t = t.next[c]
	}
	for i := range t.is {
		if t.is[i].place == m.place && t.is[i].once == m.once {
			t.is[i].full = t.is[i].full || m.full
			t.is[i].renamed = t.is[i].renamed && m.renamed
			return
		}
	}
	t.is = append(t.is, m)
}

// names is the tree of all names. It is read-only. A mistake in the files is a
// mistake in this program.
var names = func() *trie {
	b := builder{root: &trie{}, byCode: map[string]*place{}, byName: map[string][]*place{}}
	if err := errors.Join(b.mainland(), b.islands(), b.renamed(), b.moved(), b.nicknames()); err != nil {
		panic(err)
	}
	return b.root
}()

// simplified gives the simplified form of a traditional character, as addresses of Hong
// Kong, Macau and Taiwan have them. Those that stand in a division's name here stay.
var simplified = func() map[rune]rune {
	data, err := files.ReadFile("division/traditional.tsv")
	if err != nil {
		panic(err)
	}
	here, forms := map[rune]bool{}, map[rune]rune{}
	names.letters(here)
	for line := range strings.Lines(string(data)) {
		if pair := []rune(line); !here[pair[0]] {
			forms[pair[0]] = pair[2]
		}
	}
	return forms
}()

// letters adds the characters of all names to in.
func (t *trie) letters(in map[rune]bool) {
	for c, next := range t.next {
		in[c] = true
		next.letters(in)
	}
}

// simple gives text with its traditional characters made simple, rune for rune.
func simple(text []rune) []rune {
	for i, c := range text {
		if _, ok := simplified[c]; !ok {
			continue
		}
		text = slices.Clone(text)
		for ; i < len(text); i++ {
			if to, ok := simplified[text[i]]; ok {
				text[i] = to
			}
		}
		break
	}
	return text
}

type builder struct {
	root   *trie
	byCode map[string]*place
	byName map[string][]*place
}

func rows(name string) ([][]string, error) {
	data, err := files.ReadFile("division/" + name)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(string(data)))
	r.Comment = '#'
	all, err := r.ReadAll()
	if err == nil && len(all) < 2 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return all, nil
}

func (b *builder) place(name string, level int, up *place) *place {
	p := &place{name: name, level: level, up: up}
	if level == 3 && up != nil {
		up.below = true
	}
	b.byName[name] = append(b.byName[name], p)
	b.root.add(name, meaning{place: p, full: true})
	for _, s := range short(name, level) {
		b.root.add(s, meaning{place: p})
	}
	for _, old := range former(name, level) {
		b.root.add(old, meaning{place: p, full: true, renamed: true})
	}
	return p
}

func (b *builder) mainland() error {
	provinces, err1 := rows("provinces.csv")
	cities, err2 := rows("cities.csv")
	areas, err3 := rows("areas.csv")
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	for _, r := range provinces[1:] {
		b.byCode[r[0]] = b.place(r[1], 1, nil)
	}
	for _, r := range cities[1:] {
		p := b.byCode[r[2]]
		switch {
		case r[1] == "市辖区": // of a municipality: the city is called as the province
			b.byCode[r[0]] = b.place(p.name, 2, p)
		case r[1] == "县":
			b.byCode[r[0]] = b.byName[p.name][1]
		case strings.Contains(r[1], "直辖县级"): // its counties stand directly below the province
			b.byCode[r[0]] = p
		default:
			b.byCode[r[0]] = b.place(r[1], 2, p)
		}
	}
	for _, r := range areas[1:] {
		up := b.byCode[r[2]]
		switch {
		case up == nil:
			return fmt.Errorf("areas.csv: %s stands nowhere", r[1])
		case up.level == 1: // by convention such a county is a city without districts
			b.place(r[1], 2, up)
		case r[1] != up.name && r[1] != "市辖区":
			b.place(r[1], 3, up)
		}
	}
	return nil
}

// islands adds Hong Kong, Macau and Taiwan. A county of Taiwan is said as a
// district without a city.
func (b *builder) islands() error {
	data, err := files.ReadFile("division/HK-MO-TW.json")
	if err != nil {
		return err
	}
	var all map[string]map[string][]string
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("HK-MO-TW.json: %w", err)
	}
	for province, cities := range all {
		p := b.place(province, 1, nil)
		for city, districts := range cities {
			if strings.HasSuffix(city, "县") {
				b.place(city, 3, p)
				continue
			}
			c := b.place(city, 2, p)
			for _, d := range districts {
				b.place(d, 3, c)
			}
		}
	}
	return nil
}

func (b *builder) renamed() error {
	all, err := rows("renamed.csv")
	if err != nil {
		return err
	}
	for _, r := range all {
		i := slices.IndexFunc(b.byName[r[2]], func(p *place) bool {
			return p.up != nil && (p.up.name == r[1] || p.up.up != nil && p.up.up.name == r[1])
		})
		if i < 0 {
			return fmt.Errorf("renamed.csv: there is no %s in %s", r[2], r[1])
		}
		b.root.add(r[0], meaning{place: b.byName[r[2]][i], full: true, renamed: true})
	}
	return nil
}

// moved adds counties under the city they once belonged to.
func (b *builder) moved() error {
	all, err := rows("moved.csv")
	if err != nil {
		return err
	}
	for _, r := range all {
		i := slices.IndexFunc(b.byName[r[0]], func(p *place) bool { return p.up != nil && p.up.name == r[2] })
		if i < 0 || len(b.byName[r[1]]) != 1 {
			return fmt.Errorf("moved.csv: there is no %s in %s, or no %s", r[0], r[2], r[1])
		}
		m := meaning{place: b.byName[r[0]][i], full: true, renamed: true, once: b.byName[r[1]][0]}
		b.root.add(r[0], m)
		m.full = false
		for _, s := range short(r[0], 3) {
			b.root.add(s, m)
		}
	}
	return nil
}

// nicknames adds what follows from no rule.
func (b *builder) nicknames() error {
	for _, n := range [][2]string{
		{"内蒙", "内蒙古自治区"}, {"巴州", "巴音郭楞蒙古自治州"}, {"克州", "克孜勒苏柯尔克孜自治州"}, {"博州", "博尔塔拉蒙古自治州"},
		{"锡盟", "锡林郭勒盟"}, {"莫旗", "莫力达瓦达斡尔族自治旗"}, {"阿盟", "阿拉善盟"}, {"乌市", "乌鲁木齐市"},
	} {
		if len(b.byName[n[1]]) != 1 {
			return fmt.Errorf("there is not one %s", n[1])
		}
		b.root.add(n[0], meaning{place: b.byName[n[1]][0]})
	}
	return nil
}

// peoples are cut from the names of autonomous places: 凉山彝族自治州 is 凉山.
var peoples = []string{
	"蒙古族", "蒙古", "回族", "藏族", "维吾尔", "苗族", "彝族", "壮族", "布依族", "朝鲜族", "满族", "侗族", "瑶族", "白族", "土家族",
	"哈尼族", "哈萨克", "傣族", "黎族", "傈僳族", "佤族", "畲族", "拉祜族", "水族", "东乡族", "纳西族", "景颇族", "柯尔克孜", "土族",
	"达斡尔族", "仫佬族", "羌族", "布朗族", "撒拉族", "毛南族", "仡佬族", "锡伯", "普米族", "塔吉克", "怒族", "鄂温克族", "保安族",
	"裕固族", "独龙族", "鄂伦春", "各族", "哈萨克族", "族",
}

// short gives the names a place is also called by.
func short(name string, level int) []string {
	var all []string
	put := func(s string) {
		if utf8.RuneCountInString(s) >= 2 && s != name {
			all = append(all, s)
		}
	}
	if level == 1 {
		for _, suffix := range []string{"省", "市", "特别行政区", "壮族自治区", "回族自治区", "维吾尔自治区", "自治区"} {
			if s, ok := strings.CutSuffix(name, suffix); ok {
				put(s)
				put(s + "省") // said so by mistake, and clear
				break
			}
		}
		return all
	}
	if base, ok := strings.CutSuffix(name, "自治州"); ok {
		base = withoutPeoples(base)
		put(base + "州")
		put(base + "自治州")
		if base != "海南" { // which is a province
			put(base)
		}
		return all
	}
	for _, suffix := range []string{"自治县", "自治旗"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			base = withoutPeoples(base)
			put(base)
			put(base + suffix)
			put(base + strings.TrimPrefix(suffix, "自治"))
			return all
		}
	}
	for _, suffix := range []string{"新区", "地区", "林区", "矿区", "市", "区", "县", "盟", "旗"} {
		if base, ok := strings.CutSuffix(name, suffix); ok {
			put(base)
			break
		}
	}
	return all
}

func withoutPeoples(base string) string {
	for cut := true; cut; {
		cut = false
		for _, p := range peoples {
			if s, ok := strings.CutSuffix(base, p); ok && utf8.RuneCountInString(s) >= 2 {
				base, cut = s, true
				break
			}
		}
	}
	return base
}

// former gives names of old that follow from the present one: a county has become
// a district or a city, a county-level city or a new area a district, a district
// a county again, an area a city.
func former(name string, level int) []string {
	switch base, kind := name, ""; {
	case level == 2 && strings.HasSuffix(name, "市"):
		base = strings.TrimSuffix(name, "市")
		return []string{base + "地区"}
	case level == 3:
		for _, kind = range []string{"区", "市", "县"} {
			if s, ok := strings.CutSuffix(name, kind); ok && utf8.RuneCountInString(s) >= 2 {
				switch kind {
				case "市":
					return []string{s + "县"}
				case "县":
					return []string{s + "区"}
				}
				return []string{s + "县", s + "市", s + "新区"}
			}
		}
	}
	return nil
}
