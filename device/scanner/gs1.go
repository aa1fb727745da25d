package scanner

import (
	"fmt"
	"strings"
)

// An Element is one part of a GS1 message: an application identifier and its data.
type Element struct{ AI, Value string }

// A form is what the data of an application identifier may be (GS1 General
// Specifications, section 3).
type form struct {
	min, max int
	numeric  bool
	check    bool // ends with a check digit, at the data's 18, 14 or 13 digits
	date     bool // begins with YYMMDD
}

func digits(n int) form         { return form{min: n, max: n, numeric: true} }
func upToDigits(n int) form     { return form{min: 1, max: n, numeric: true} }
func upTo(n int) form           { return form{min: 1, max: n} }
func checked(n int) form        { return form{min: n, max: n, numeric: true, check: true} }
func between(min, max int) form { return form{min: min, max: max} }

var aDate = form{min: 6, max: 6, numeric: true, date: true}

// forms is the table of application identifiers. An n at the end stands for any
// digit: the place of a decimal point, or the number of several.
var forms = map[string]form{
	"00": checked(18), "01": checked(14), "02": checked(14), "03": checked(14),
	"10": upTo(20), "11": aDate, "12": aDate, "13": aDate, "15": aDate, "16": aDate, "17": aDate,
	"20": digits(2), "21": upTo(20), "22": upTo(20), "235": upTo(28),
	"240": upTo(30), "241": upTo(30), "242": upToDigits(6), "243": upTo(20), "250": upTo(30), "251": upTo(30),
	"253": between(13, 30), "254": upTo(20), "255": between(13, 25), "30": upToDigits(8), "37": upToDigits(8),
	"390n": upToDigits(15), "391n": form{min: 4, max: 18, numeric: true}, "392n": upToDigits(15),
	"393n": form{min: 4, max: 18, numeric: true}, "394n": digits(4), "395n": digits(6),
	"400": upTo(30), "401": upTo(30), "402": digits(17), "403": upTo(30),
	"410": checked(13), "411": checked(13), "412": checked(13), "413": checked(13), "414": checked(13), "415": checked(13), "416": checked(13), "417": checked(13),
	"420": upTo(20), "421": between(4, 12), "422": digits(3), "423": form{min: 3, max: 15, numeric: true}, "424": digits(3),
	"425": form{min: 3, max: 15, numeric: true}, "426": digits(3), "427": upTo(3),
	"4300": upTo(35), "4301": upTo(35), "4302": upTo(70), "4303": upTo(70), "4304": upTo(70), "4305": upTo(70), "4306": upTo(70),
	"4307": between(2, 2), "4308": upTo(30), "4309": digits(20), "4310": upTo(35), "4311": upTo(35), "4312": upTo(70), "4313": upTo(70),
	"4314": upTo(70), "4315": upTo(70), "4316": upTo(70), "4317": between(2, 2), "4318": upTo(20), "4319": upTo(30), "4320": upTo(35),
	"4321": digits(1), "4322": digits(1), "4323": digits(1), "4324": form{min: 10, max: 10, numeric: true, date: true},
	"4325": form{min: 10, max: 10, numeric: true, date: true}, "4326": aDate, "4330": form{min: 6, max: 7}, "4331": form{min: 6, max: 7},
	"4332": form{min: 6, max: 7}, "4333": form{min: 6, max: 7},
	"7001": digits(13), "7002": upTo(30), "7003": form{min: 10, max: 10, numeric: true, date: true}, "7004": upToDigits(4), "7005": upTo(12),
	"7006": aDate, "7007": form{min: 6, max: 12, numeric: true, date: true}, "7008": upTo(3), "7009": upTo(10), "7010": upTo(2),
	"7011": form{min: 6, max: 10, numeric: true, date: true}, "7020": upTo(20), "7021": upTo(20), "7022": upTo(20), "7023": upTo(30),
	"703n": between(4, 30), "7040": between(4, 4), "7041": upTo(4),
	"710": upTo(20), "711": upTo(20), "712": upTo(20), "713": upTo(20), "714": upTo(20), "715": upTo(20), "716": upTo(20), "717": upTo(20),
	"723n": between(3, 30), "7240": upTo(20), "7241": digits(2), "7242": upTo(25),
	"8001": digits(14), "8002": upTo(20), "8003": between(14, 30), "8004": upTo(30), "8005": digits(6), "8006": digits(18), "8007": upTo(34),
	"8008": form{min: 8, max: 12, numeric: true, date: true}, "8009": upTo(50), "8010": upTo(30), "8011": upToDigits(12), "8012": upTo(20),
	"8013": upTo(25), "8014": upTo(25), "8017": checked(18), "8018": checked(18), "8019": upToDigits(10), "8020": upTo(25), "8026": digits(18),
	"8030": upTo(90), "8110": upTo(70), "8111": digits(4), "8112": upTo(70), "8200": upTo(70),
	"90": upTo(30), "91": upTo(90), "92": upTo(90), "93": upTo(90), "94": upTo(90), "95": upTo(90), "96": upTo(90), "97": upTo(90), "98": upTo(90), "99": upTo(90),
}

// measures are 3100 to 3699: six digits, the last digit of the identifier being
// where their point stands.
func measure(ai string) bool {
	return ai[0] == '3' && ai[1] >= '1' && ai[1] <= '6' && ai[3] <= '5'
}

// ended is how long an identifier with its data is where no separator follows
// (GS1 General Specifications, figure 7.8.5-2), by its first two digits.
var ended = map[string]int{
	"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8, "15": 8, "16": 8, "17": 8, "18": 8, "19": 8, "20": 4,
	"31": 10, "32": 10, "33": 10, "34": 10, "35": 10, "36": 10, "41": 16,
}

// ParseGS1 takes a GS1 message apart. FNC1 within it is GS (1Dh); one before it
// is skipped. Every identifier must be known and its data whole, of the right
// length and with right check digits and dates: where a scanner lost a separator
// the message is refused wherever that shows, and never mended by a guess.
func ParseGS1(message string) ([]Element, error) {
	rest := strings.TrimPrefix(message, string(rune(separator)))
	var all []Element
	for rest != "" {
		ai, f, ok := identifier(rest)
		if !ok {
			return nil, fmt.Errorf("%q begins with no known application identifier", head(rest))
		}
		data := rest[len(ai):]
		if n := ended[ai[:2]]; n > 0 {
			if len(rest) < n {
				return nil, fmt.Errorf("(%s) has %d characters of %d", ai, len(data), n-len(ai))
			}
			data = rest[len(ai):n]
		} else if i := strings.IndexByte(data, separator); i >= 0 {
			data = data[:i]
		}
		if why := f.wrong(data); why != "" {
			return nil, fmt.Errorf("(%s)%s %s", ai, head(data), why)
		}
		all = append(all, Element{ai, data})
		rest = strings.TrimPrefix(rest[len(ai)+len(data):], string(rune(separator)))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("holds nothing")
	}
	return all, nil
}

// identifier finds the application identifier that s begins with.
func identifier(s string) (string, form, bool) {
	for n := 2; n <= min(4, len(s)); n++ {
		if f, ok := forms[s[:n]]; ok {
			return s[:n], f, true
		}
	}
	if len(s) < 4 {
		return "", form{}, false
	}
	if f, ok := forms[s[:3]+"n"]; ok && s[3] >= '0' && s[3] <= '9' {
		return s[:4], f, true
	}
	if strings.Trim(s[:4], "0123456789") == "" && measure(s) {
		return s[:4], digits(6), true
	}
	return "", form{}, false
}

func head(s string) string {
	if len(s) > 12 {
		return s[:12] + "..."
	}
	return s
}

// wrong says what is wrong with the data, or "".
func (f form) wrong(data string) string {
	switch {
	case len(data) < f.min || len(data) > f.max:
		return fmt.Sprintf("has %d characters: %d to %d can be", len(data), f.min, f.max)
	case f.numeric && strings.Trim(data, "0123456789") != "":
		return "is no number"
	case f.check && !checkDigit(data):
		return "has a wrong check digit"
	case f.date && !isDate(data):
		return "is no date"
	}
	for i := range len(data) {
		if c := data[i]; c <= ' ' || c > 'z' || strings.IndexByte("#$@[\\]^`", c) >= 0 {
			return "holds a character that GS1 does not know"
		}
	}
	return ""
}

// checkDigit tells whether the last digit is right: digits count 3 and 1 in turn
// from the right, and the sum is a multiple of ten.
func checkDigit(s string) bool {
	sum := 0
	for i := range len(s) {
		c := s[len(s)-1-i]
		if c < '0' || c > '9' {
			return false
		}
		n := int(c - '0')
		if i%2 == 1 {
			n *= 3
		}
		sum += n
	}
	return sum%10 == 0
}

// isDate reads YYMMDD; day 00 is the month's last.
func isDate(s string) bool {
	month, day := int(s[2]-'0')*10+int(s[3]-'0'), int(s[4]-'0')*10+int(s[5]-'0')
	days := [...]int{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	return month >= 1 && month <= 12 && day <= days[month]
}
