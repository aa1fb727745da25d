package address

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"floord/floor"
)

// said is an address without its phone and its labels. Where the phone stood is
// a phoneMark, where a label stood a line break.
type said struct {
	text  []rune
	phone bool
}

const phoneMark = '\u0001'

// labels are the words before a colon, longest first.
var labels = [][]rune{
	[]rune("收货人姓名"), []rune("收件人姓名"), []rune("收货人电话"), []rune("收件人电话"), []rune("联系人电话"), []rune("邮政编码"),
	[]rune("收货地址"), []rune("收件地址"), []rune("详细地址"), []rune("所在地区"), []rune("所在地址"), []rune("联系地址"), []rune("联络地址"), []rune("联系电话"), []rune("联络电话"), []rune("联系方式"), []rune("手机号码"), []rune("电话号码"),
	[]rune("收货人"), []rune("收件人"), []rune("联系人"), []rune("手机号"),
	[]rune("地址"), []rune("地区"), []rune("姓名"), []rune("名字"), []rune("手机"), []rune("电话"), []rune("邮编"), []rune("客户"), []rune("街道"),
}

// pieces takes the phone, and a name that is labelled, out of the text.
func pieces(text []rune, to *floor.Recipient) said {
	s := said{text: make([]rune, 0, len(text))}
	read := simple(text)
	for i := 0; i < len(text); {
		if n := max(labelledPostcode(text[i:]), identity(text, i)); n > 0 {
			s.text = append(s.text, '\n')
			i += n
			continue
		}
		if n, kind := label(read[i:]); n > 0 {
			i += n
			s.text = append(s.text, '\n')
			if strings.HasSuffix(kind, "人") || strings.HasSuffix(kind, "姓名") || kind == "名字" || kind == "客户" {
				end := i
				for end < len(text) && !breaks(text[end]) && !unicode.IsDigit(text[end]) && (text[end] != ' ' || end == i+1 || latin(text[end-1])) {
					end++ // "李 雷" has a blank behind its first rune, Tom Hanks anywhere
				}
				if to.Name == "" && end-i <= 20 {
					to.Name = strings.TrimSpace(string(text[i:end]))
					i = end
				}
			}
			continue
		}
		if number, n := phone(text, i); n > 0 {
			if to.Phone == "" {
				to.Phone, s.phone = number, true
			}
			i += n
			if open := strings.TrimRight(string(s.text), "\n"); i < len(text) && (text[i] == ')' || text[i] == '）') && strings.HasSuffix(strings.ReplaceAll(open, "（", "("), "(") {
				s.text = []rune(open)[:utf8.RuneCountInString(open)-1] // (电话13800000000)
				i++
			}
			s.text = append(s.text, phoneMark)
			continue
		}
		if postcode(text, i) {
			s.text = append(s.text, '\n')
			if i += 6; i < len(text) && (text[i] == ')' || text[i] == '）') && len(s.text) > 1 && strings.ContainsRune("(（", s.text[len(s.text)-2]) {
				s.text[len(s.text)-2] = '\n'
				i++
			}
			continue
		}
		s.text = append(s.text, text[i])
		i++
	}
	return s
}

// label gives the length of a label with its colon, and its word. A long one may
// have a blank instead; between the word for a phone and the phone both may be
// missing.
func label(text []rune) (int, string) {
	if len(text) == 0 || !unicode.Is(unicode.Han, text[0]) {
		return 0, ""
	}
	for _, l := range labels {
		if len(text) <= len(l) || text[0] != l[0] || !slices.Equal(text[:len(l)], l) {
			continue
		}
		at := len(l)
		for at < len(text) && text[at] == ' ' {
			at++
		}
		if len(l) >= 3 && at > len(l) && at < len(text) && unicode.IsLetter(text[at]) {
			return at, string(l)
		}
		if at < len(text) && (text[at] == ':' || text[at] == '：') {
			for at++; at < len(text) && text[at] == ' '; at++ {
			}
			return at, string(l)
		}
		if _, n := phone(text, at); n > 0 && strings.ContainsAny(string(l), "机话式") {
			return at, string(l)
		}
	}
	return 0, ""
}

// Words before a postcode, and before the number of an identity card, longest first.
var (
	postcodes  = [][]rune{[]rune("邮政编码"), []rune("邮编")}
	identities = [][]rune{[]rune("身份证号码"), []rune("身份证号"), []rune("身份证")}
)

// labelledPostcode gives the length of 邮编 and six digits, with or without a colon.
func labelledPostcode(text []rune) int {
	if text[0] != '邮' {
		return 0
	}
	for _, l := range postcodes {
		if len(text) < len(l)+6 || !slices.Equal(text[:len(l)], l) {
			continue
		}
		at := len(l)
		for at < len(text) && strings.ContainsRune(" :：", text[at]) {
			at++
		}
		digits, end := run(text, at)
		if len(digits) == 6 && end == at+6 {
			return end
		}
	}
	return 0
}

// identity gives the length of the number of an identity card, with its label: it is
// no part of an address, and nothing here wants it.
func identity(text []rune, i int) int {
	at := i
	if !digit(text[i]) && text[i] != '身' {
		return 0
	}
	for _, l := range identities {
		if len(text)-at > len(l) && slices.Equal(text[at:at+len(l)], l) {
			for at += len(l); at < len(text) && strings.ContainsRune(" :：", text[at]); {
				at++
			}
			break
		}
	}
	if at == i && i > 0 && (digit(text[i-1]) || latin(text[i-1])) {
		return 0
	}
	end := at
	for end < len(text) && end-at < 18 && digit(text[end]) {
		end++
	}
	if end-at == 17 && end < len(text) && (text[end] == 'x' || text[end] == 'X') {
		end++
	}
	if end-at != 18 || end < len(text) && digit(text[end]) {
		return 0
	}
	return end - i
}

// phone reads a number at i: a mobile, with "86" before it and an extension after
// it, or a line of a town. It gives the number as it is dialled and its length.
func phone(text []rune, i int) (string, int) {
	if i >= len(text) || text[i] != '+' && !digit(text[i]) || i > 0 && digit(text[i-1]) {
		return "", 0
	}
	at := i
	if text[at] == '+' {
		at++
	}
	if at+2 < len(text) && text[at] == '8' && text[at+1] == '6' {
		if at += 2; text[at] == '-' || text[at] == ' ' {
			at++
		}
	} else if at > i && !island(string(text[at:min(at+3, len(text))])) {
		return "", 0
	}
	digits, end := run(text, at)
	switch {
	case len(digits) == 11 && island(digits[:3]) && (at > i || islands(text)):
	case at == i && len(digits) == 8 && strings.ContainsRune("235689", rune(digits[0])) && islands(text) && !sticks(text, i, end):
	case len(digits) == 11 && digits[0] == '1' && digits[1] >= '3':
	case at == i && (len(digits) == 11 || len(digits) == 12 || len(digits) == 10) && digits[0] == '0':
	default:
		return "", 0
	}
	if ext, n := extension(text[end:]); n > 0 {
		return digits + "-" + ext, end + n - i
	}
	return digits, end - i
}

// island reports whether numbers behind it are of Hong Kong or Macau.
func island(prefix string) bool { return prefix == "852" || prefix == "853" }

// islands reports whether the address is there, where numbers have eight digits.
func islands(text []rune) bool {
	s := string(text)
	return strings.Contains(s, "香港") || strings.Contains(s, "澳门") || strings.Contains(s, "澳門") || strings.Contains(s, "九龙") || strings.Contains(s, "九龍") || strings.Contains(s, "新界")
}

// sticks reports whether digits are part of a word.
func sticks(text []rune, from, to int) bool {
	return from > 0 && !breaks(text[from-1]) && !strings.ContainsRune(" :：(（", text[from-1]) || to < len(text) && !breaks(text[to]) && !strings.ContainsRune(" )）", text[to])
}

// run collects digits that stand in groups: 138-0000-0001, 138 0000 0001.
func run(text []rune, at int) (string, int) {
	var b strings.Builder
	end := at
	for i := at; i < len(text) && b.Len() <= 12; i++ {
		if digit(text[i]) {
			b.WriteRune(text[i])
			end = i + 1
			continue
		}
		grouped := (text[i] == '-' || text[i] == ' ') && i+1 < len(text) && digit(text[i+1])
		if n := b.Len(); !grouped || n != 3 && n != 4 && n != 7 {
			break
		}
	}
	return b.String(), end
}

// extension reads "-1234", "转1234", "#1234#".
func extension(text []rune) (string, int) {
	if len(text) < 4 || text[0] != '-' && text[0] != '转' && text[0] != '#' {
		return "", 0
	}
	end := 1
	for end < len(text) && digit(text[end]) {
		end++
	}
	if end < 4 || end > 7 {
		return "", 0
	}
	ext := string(text[1:end])
	if text[0] == '#' && end < len(text) && text[end] == '#' {
		end++
	}
	return ext, end
}

func latin(c rune) bool { return unicode.Is(unicode.Latin, c) }

func digit(c rune) bool { return c >= '0' && c <= '9' }

// postcode reports whether six digits stand alone at i, or behind the last word of a
// piece: no house has such a number.
func postcode(text []rune, i int) bool {
	if i+6 > len(text) || i > 0 && !breaks(text[i-1]) && !strings.ContainsRune(" :：(（", text[i-1]) && !unicode.Is(unicode.Han, text[i-1]) ||
		i+6 < len(text) && !breaks(text[i+6]) && !strings.ContainsRune(" )）", text[i+6]) {
		return false
	}
	for _, c := range text[i : i+6] {
		if !digit(c) {
			return false
		}
	}
	return true
}

// breaks reports whether c ends a piece of an address. A blank does so too, but
// also stands within names and houses.
func breaks(c rune) bool {
	switch c {
	case ',', '，', ';', '；', '。', '、', '\n', '\r', '\t', '|', phoneMark:
		return true
	}
	return false
}

// A piece is a run of text without a break, and whether a phone stands beside it.
type piece struct {
	text  string
	phone bool
}

func split(text []rune) []piece {
	slashes := slashed(text)
	var all []piece
	start, phone := 0, false
	end := func(i int, next bool) {
		if s := strings.Trim(string(text[start:i]), " :：-/.　"); s != "" && s != "收" {
			all = append(all, piece{text: s, phone: phone || next})
			phone = false
		}
		start = i + 1
	}
	for i, c := range text {
		if breaks(c) || unicode.IsSpace(c) && !within(text, i) || c == '/' && slashes {
			end(i, c == phoneMark)
			phone = c == phoneMark || phone && start == i+1 && (i == 0 || phone)
		}
	}
	end(len(text), false)
	return all
}

// within reports whether a blank stands between two words of letters: Chan Tai Man.
func within(text []rune, i int) bool {
	return text[i] == ' ' && i > 0 && i+1 < len(text) && latin(text[i-1]) && latin(text[i+1])
}

// slashed reports whether slashes stand between the pieces: two of them at least, and
// none between digits, as in the number of a house.
func slashed(text []rune) bool {
	n := 0
	for i, c := range text {
		if c != '/' {
			continue
		}
		if i > 0 && i+1 < len(text) && digit(text[i-1]) && digit(text[i+1]) {
			return false
		}
		n++
	}
	return n >= 2
}

// nameIn chooses the piece that is a person's name; -1 if none is. edge is the
// number of pieces before the divisions.
func nameIn(all []piece, edge int, m match, said said) int {
	best, most := -1, 0
	for i, p := range all {
		p.text = withoutLabel(p.text)
		runes := []rune(p.text)
		if len(runes) > 20 || !nameLike(runes) {
			continue
		}
		score := 0
		if p.phone {
			score += 3
		}
		if surname(p.text) {
			score += 2
		}
		if titled(p.text) {
			score += 2
		}
		if i < edge && m.said > 0 {
			score += 2
		}
		if i == len(all)-1 && i >= edge && said.phone {
			if score++; strings.Contains(p.text, " ") {
				score++ // words of letters behind the whole address
			}
		}
		if m.said == 0 && len(all) == 1 {
			score = 0 // one piece and no address at all: nobody knows what it is
		}
		if !said.phone && i >= edge && !titled(p.text) && (i == edge || !surname(p.text) || len(runes) > 3 || !house(all[i-1].text)) {
			score = 0
		}
		if score > most && score >= 2 {
			best, most = i, score
		}
	}
	return best
}

// withoutLabel drops a label that lacks its colon, 收件人张三, and the word that
// the person is to receive it, 张三（收）; 丰收 is a name.
func withoutLabel(name string) string {
	for _, end := range []string{"(收)", "（收）", "收"} {
		if s, ok := strings.CutSuffix(name, end); ok && !strings.HasSuffix(name, "丰收") && (surname(s) || titled(s)) {
			name = s
			break
		}
	}
	for _, l := range []string{"收件人", "收货人", "联系人", "姓名"} {
		if s, ok := strings.CutPrefix(name, l); ok && surname(s) {
			return s
		}
	}
	return name
}

// glued takes a name off the end of a piece, where it stands between a house's
// number and the phone: 体育西路1号张三.
func glued(all []piece) string {
	for i := range all {
		runes := []rune(strings.TrimSuffix(all[i].text, "收"))
		for n := 2; n <= 3 && n+3 < len(runes) && all[i].phone; n++ {
			name := string(runes[len(runes)-n:])
			last := runes[len(runes)-n-1]
			if surname(name) && nameLike(runes[len(runes)-n:]) && house(string(last)) {
				all[i].text = string(runes[:len(runes)-n])
				return name
			}
		}
	}
	return ""
}

// house reports whether s ends as the number of a house or a flat does.
func house(s string) bool {
	last, _ := utf8.DecodeLastRuneInString(s)
	return digit(last) || strings.ContainsRune("号室栋幢楼层座元)）", last)
}

// nameLike reports whether nothing speaks against a name: 1 to 6 letters of
// Chinese, or letters of another script, without digits and words of places.
func nameLike(runes []rune) bool {
	han := 0
	for i, c := range runes {
		switch {
		case unicode.Is(unicode.Han, c):
			han++
		case c == ' ' && i > 1 && runes[i-2] != ' ' && i+2 < len(runes) && runes[i+2] != ' ': // no word of one letter
		case unicode.IsLetter(c) || c == '*' || c == '·' || c == '.' || c == '_' || c == '-' || c == '(' || c == ')' || c == '（' || c == '）' || c == '\'':
		default:
			return false
		}
		switch c {
		case '路', '街', '号', '栋', '幢', '楼', '室', '巷', '弄', '镇', '乡', '村', '省', '市', '区', '县', '厦', '院', '店', '馆', '校', '厂', '座', '层', '苑', '场', '城':
			if i > 0 || len(runes) > 4 {
				return false
			}
		}
	}
	if len(runes) >= 3 && strings.ContainsRune("湾桥庄井府郡坊岸站屯寨", runes[len(runes)-1]) {
		return false
	}
	return han <= 6 && (han > 0 || len(runes) >= 2 && len(runes) <= 20)
}

const surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤文康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧阳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝洪"

// doubleNames are names of families of two characters whose first is none by itself.
var doubleNames = []string{"诸葛", "上官", "皇甫", "尉迟", "公孙", "慕容", "令狐", "长孙", "宇文", "呼延", "端木", "南宫", "独孤", "轩辕", "太史", "澹台", "濮阳", "淳于", "赫连", "拓跋", "闻人"}

// titled reports whether s is a family's name with a title: 王先生, 小张.
func titled(s string) bool {
	for _, title := range []string{"先生", "女士", "小姐", "老师", "师傅", "经理", "阿姨"} {
		if name, ok := strings.CutSuffix(s, title); ok && utf8.RuneCountInString(name) <= 3 && surname(name+"某") {
			return true
		}
	}
	first, n := utf8.DecodeRuneInString(s)
	return strings.ContainsRune("小老阿", first) && utf8.RuneCountInString(s) == 2 && strings.ContainsRune(surnames, []rune(s[n:])[0])
}

// surname reports whether s is 2 to 4 runes and begins with a family's name.
func surname(s string) bool {
	n := 0
	for range s {
		n++
	}
	if n < 2 || n > 4 {
		return false
	}
	if n > 2 && slices.Contains(doubleNames, string([]rune(s)[:2])) {
		return true
	}
	for _, c := range s {
		return strings.ContainsRune(surnames, c)
	}
	return false
}

// join puts pieces together; between two words of letters or digits a blank stays.
func join(all []piece) string {
	var b strings.Builder
	last := rune(0)
	for _, p := range all {
		for i, c := range p.text {
			if i == 0 && last < 0x80 && c < 0x80 && last != 0 {
				b.WriteByte(' ')
			}
			last = c
			b.WriteRune(c)
		}
	}
	return b.String()
}
