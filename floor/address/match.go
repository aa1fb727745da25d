package address

import (
	"slices"
	"strings"
	"unicode"
)

// A match is one way to read the divisions in a text.
type match struct {
	start, end int    // runes
	place      *place // the lowest that is sure; nil if nothing is
	score      int
	full       int // names said with their kind
	said       int // names
	renamed    bool
	ambiguous  bool // a name was said that more than one place here has
}

// between are the runes that may stand between the names of divisions.
func between(c rune) bool {
	switch c {
	case '/', '-', '>', '|', '·', ',', '，', '、', ':', '：':
		return true
	}
	return unicode.IsSpace(c)
}

// fillers are words of the registers that people paste between two names, and an
// area that is no division.
var fillers = [][]rune{
	[]rune("省直辖县级行政区划"), []rune("省直辖县级行政单位"), []rune("自治区直辖县级行政区划"), []rune("自治区直辖县级行政单位"),
	[]rune("省直辖"), []rune("雄安新区"), []rune("市辖区"), []rune("市辖县"), []rune("郊县"), []rune("城区"), []rune("县"),
}

// passed passes over what stands between a name and the one below it.
func passed(text []rune, at int, p *place) int {
	for at < len(text) && between(text[at]) {
		at++
	}
	if end := corps(text, at); p != nil && end > at && holds(p, text[end:]) {
		return end
	}
	for _, f := range fillers {
		if len(text)-at > len(f) && slices.Equal(text[at:at+len(f)], f) && p != nil && holds(p, text[at+len(f):]) && !holds(p, text[at:]) {
			return at + len(f)
		}
	}
	return at
}

var corpsWords = [][]rune{[]rune("维吾尔自治区"), []rune("新疆"), []rune("生产建设"), []rune("兵团")}

// corps passes over the Production and Construction Corps and its divisions, which
// stand beside those of the state: 新疆生产建设兵团第八师石河子市.
func corps(text []rune, at int) int {
	for _, word := range corpsWords {
		if len(text)-at > len(word) && slices.Equal(text[at:at+len(word)], word) {
			at += len(word)
		}
	}
	end := at
	for end < len(text) && end-at < 6 && strings.ContainsRune("第农十一二三四五六七八九0123456789", text[end]) {
		end++
	}
	if end > at && end < len(text) && text[end] == '师' {
		return end + 1
	}
	return at
}

// region finds the divisions in an address: of all ways to read them the one
// that says most, near its beginning.
func region(text []rune) (match, bool) {
	var best match
	found := false
	for i := range text {
		if between(text[i]) {
			continue
		}
		begins := i == 0 || !unicode.IsLetter(text[i-1]) && !unicode.IsDigit(text[i-1])
		m, ok := read(text, i, begins)
		if !ok {
			continue
		}
		m.score -= min(i/4, 8)
		if !begins {
			m.score -= 4
		}
		if found && m.place == best.place && best.full > 0 {
			continue // said once more
		}
		if !found || m.score > best.score {
			best, found = m, true
		}
	}
	return best, found
}

// read reads names one within the other from i on. begins says that i is not in
// the middle of a text; there only a name with its kind counts.
func read(text []rune, i int, begins bool) (match, bool) {
	m := match{start: i, end: i}
	return follow(text, i, m, begins)
}

// follow takes the next name below m.place, in every possible way, and gives the
// best; m itself if none follows.
func follow(text []rune, at int, m match, begins bool) (match, bool) {
	best, ok := m, m.said > 0
	if m.place != nil && m.place.level == 3 {
		return best, ok
	}
	if m.said > 0 {
		at = passed(text, at, m.place)
	}
	t := names
	for i := at; i < len(text) && t != nil; i++ {
		if t = t.next[text[i]]; t == nil || len(t.is) == 0 {
			continue
		}
		for _, next := range step(t.is, m, text, at, i+1, begins) {
			got, _ := follow(text, i+1, next, true)
			if !ok || got.score > best.score || got.score == best.score && !got.ambiguous && best.ambiguous {
				best, ok = got, true
			}
		}
	}
	return best, ok
}

// step gives the matches that follow m when text[at:end] is one of the meanings.
func step(all []meaning, m match, text []rune, at, end int, begins bool) []match {
	var fits []meaning
	current := false
	for _, is := range all {
		if m.place != nil && !is.within(m.place) || m.place == nil && is.once != nil || !m.allows(is, text, at, end, begins) {
			continue
		}
		fits = append(fits, is)
		current = current || is.full && !is.renamed
	}
	var next []match
	for level := 1; level <= 3; level++ {
		var here []meaning
		for _, is := range fits {
			if is.place.level == level && (!current || is.full && !is.renamed) {
				here = append(here, is)
			}
		}
		if len(here) == 0 {
			continue
		}
		n := m
		n.end, n.said = end, m.said+1
		n.score += 1 + end - at
		if here[0].full {
			n.score += 4
			n.full++
		}
		n.renamed = n.renamed || here[0].renamed
		n.place = here[0].place
		for _, is := range here[1:] {
			n.place, n.ambiguous = common(n.place, is.place, m.place), true
		}
		// What an ambiguous name does not settle, a name below it may.
		if n.ambiguous && level < 3 {
			for _, is := range here {
				one := n
				one.place, one.ambiguous = is.place, m.ambiguous
				if got, _ := follow(text, end, one, true); got.said > one.said {
					next = append(next, got)
				}
			}
		}
		next = append(next, n)
	}
	return next
}

// common gives the lowest place that holds both; floor if there is none below it.
func common(a, b, floor *place) *place {
	for ; a != nil; a = a.up {
		if b.within(a) {
			return a
		}
	}
	return floor
}

// allows reports whether a name may be meant here. A name without its kind is
// also the name of streets, shops and people.
func (m *match) allows(is meaning, text []rune, at, end int, begins bool) bool {
	runes := end - at
	if is.full {
		switch {
		case m.said > 0:
			return true
		case is.place.level == 3 && runes < 3: // 东区, 城区: which city's?
			return begins && text[end-1] == '县'
		case text[end-1] == '市' && end < len(text) && notCity(text[end]) && !holds(is.place, text[end:]):
			return false
		}
		return true
	}
	if !begins || street(text[end:]) && !holds(is.place, text[end:]) {
		return false
	}
	if is.place.level < 3 || m.said > 0 || runes > 2 {
		return true
	}
	last := []rune(is.place.name)
	return last[len(last)-1] == '市' && !words[string(text[at:end])]
}

// holds reports whether the text goes on with a place within p: 江苏 镇江 is no
// town (镇) called 江苏.
func holds(p *place, rest []rune) bool {
	t := names
	for _, c := range rest {
		if t = t.next[c]; t == nil {
			return false
		}
		for _, is := range t.is {
			if is.place != p && is.place.within(p) {
				return true
			}
		}
	}
	return false
}

// words are short names of cities that are words as well.
var words = map[string]bool{"东方": true, "平安": true, "太和": true, "新星": true, "双河": true, "永康": true, "东阳": true, "华阴": true, "安国": true, "武安": true}

// notCity are the runes that make another word of 市: 市场, 市民.
func notCity(c rune) bool {
	switch c {
	case '场', '民', '政', '立', '内', '级', '话':
		return true
	}
	return false
}

// street reports whether what follows makes a short name part of another: of a
// street (南京西路), a village, a house.
func street(rest []rune) bool {
	if len(rest) >= 2 {
		switch string(rest[:2]) {
		case "花园", "广场", "公园", "公寓", "小区", "小学", "中学", "大学", "学院", "医院":
			return true
		}
	}
	for i := 0; i < 3 && i < len(rest); i++ {
		switch rest[i] {
		case '路', '街', '巷', '弄', '村', '桥', '镇', '乡', '苑', '园', '厦', '湾', '庄', '道', '宾', '酒', '饭', '餐', '商', '烤', '菜', '屯', '寨', '里', '坊':
			return true
		case '东', '西', '南', '北', '中', '大', '一', '二', '三', '四', '新', '老', '环', '前', '后':
			continue
		}
		return false
	}
	return false
}

// repeated passes over divisions said once more: 武汉市汉阳区武汉市汉阳区.
func (m *match) repeated(text []rune) {
	for {
		at := m.end
		for at < len(text) && between(text[at]) {
			at++
		}
		again, ok := read(text, at, true)
		switch {
		case ok && again.full > 0 && !again.ambiguous && m.place.within(again.place):
			m.end = again.end
		case ok && again.full > 0 && !again.ambiguous && again.place.within(m.place):
			m.end, m.place = again.end, again.place
		case !m.says(text, at):
			return
		}
	}
}

// says passes over the place's own name, or that of one it lies in, however many
// places have it.
func (m *match) says(text []rune, at int) bool {
	for p := m.place; p != nil; p = p.up {
		name := []rune(p.name)
		if at+len(name) <= len(text) && string(text[at:at+len(name)]) == p.name {
			m.end = at + len(name)
			return true
		}
	}
	return false
}

// contradicted reports whether right before or behind stands a place that lies
// elsewhere.
func (m *match) contradicted(text []rune) bool {
	return m.after(text) || m.before(text)
}

func (m *match) before(text []rune) bool {
	for i := 0; i < m.start; i++ {
		if i > 0 && (unicode.IsLetter(text[i-1]) || unicode.IsDigit(text[i-1])) {
			continue
		}
		o, ok := read(text, i, true)
		if !ok || o.ambiguous || o.place.within(m.place) || m.place.within(o.place) {
			continue
		}
		end := o.end
		for end < m.start && between(text[end]) {
			end++
		}
		if end == m.start {
			return true
		}
	}
	return false
}

func (m *match) after(text []rune) bool {
	at := m.end
	for at < len(text) && between(text[at]) {
		at++
	}
	t := names
	for i := at; i < len(text) && t != nil; i++ {
		if t = t.next[text[i]]; t == nil {
			break
		}
		elsewhere := i+1-at >= 3
		for _, is := range t.is {
			elsewhere = elsewhere && is.full && !is.renamed && !is.place.within(m.place) && !m.place.within(is.place) &&
				(is.place.level < 3 || m.place.level < 3 || text[i] != '区')
		}
		if elsewhere && len(t.is) > 0 && (i+1 == len(text) || !notCity(text[i+1]) && !street(text[i+1:min(i+2, len(text))])) {
			return true
		}
	}
	return false
}
