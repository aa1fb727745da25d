package channelmap

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"floord/floor"
)

// maxFen bounds an amount: a hundred billion yuan is a fault, not an order.
const maxFen = 1e13

// Yuan reads an amount of yuan in decimal text, as a JSON number or a
// string holds it, into fen. The text of a double may carry noise behind the
// second decimal (14.799999999999999) or an exponent (1.0E7): what is nearer
// than a millionth of a yuan to whole fen is that; anything else is an error,
// since fractions of a fen do not exist.
func Yuan(s string) (floor.Fen, error) {
	digits, scale, neg, err := decimal(s)
	if err != nil {
		return 0, err
	}
	fen, err := toUnits(digits, scale-2)
	if err != nil {
		return 0, fmt.Errorf("%q is no amount of yuan: %w", shortCopy(s), err)
	}
	if neg {
		fen = -fen
	}
	return floor.Fen(fen), nil
}

// minor reads decimal text in a currency's smallest unit. A currency that is not
// listed has hundredths, as nearly all have.
func minor(s, currency string) (floor.Fen, error) {
	places := 2
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF":
		places = 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		places = 3
	}
	digits, scale, neg, err := decimal(s)
	if err != nil {
		return 0, err
	}
	n, err := toUnits(digits, scale-places)
	if err != nil {
		return 0, fmt.Errorf("%q is no amount of %s: %w", shortCopy(s), currency, err)
	}
	if neg {
		n = -n
	}
	return floor.Fen(n), nil
}

// within matches "付款后48小时内", "2天内发货".
var within = regexp.MustCompile(`^(?:付款|支付)?后?\s*([0-9]{1,3})\s*(小时|天)内?(?:发货|揽收)?$`)

// afterPayment reads a promise that counts from the payment; the zero time if s
// is none or nobody knows when it was paid.
func afterPayment(s string, paid time.Time) time.Time {
	found := within.FindStringSubmatch(s)
	if found == nil || paid.IsZero() {
		return time.Time{}
	}
	n, _ := strconv.Atoi(found[1])
	if found[2] == "天" {
		n *= 24
	}
	return paid.Add(time.Duration(n) * time.Hour)
}

// byDay matches "2026-11-13", "2026年11月13日24点前".
var byDay = regexp.MustCompile(`^([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?\s*(?:24[点时]|24:00)?(?:之?前)?(?:发货|揽收)?$`)

// endOfDay reads a promise that names a day, in the map's zone: its last second; the
// zero time if s is none.
func (m *Map) endOfDay(s string) time.Time {
	found := byDay.FindStringSubmatch(s)
	if found == nil {
		return time.Time{}
	}
	t, err := time.ParseInLocation("2006-1-2", strings.Join(found[1:4], "-"), m.zone)
	if err != nil || t.Year() < 1971 || t.Year() > 2200 {
		return time.Time{}
	}
	return t.AddDate(0, 0, 1).Add(-time.Second).UTC()
}

// parseFen reads a whole number of fen.
func parseFen(s string) (floor.Fen, error) {
	n, err := parseWhole(s, maxFen)
	return floor.Fen(n), err
}

// parseWhole reads a whole number up to most, in any JSON form: 2, "2", 2.0.
func parseWhole(s string, most int64) (int64, error) {
	if n, ok := digits(s); ok && n <= min(most, maxFen) {
		return n, nil
	}
	digits, scale, neg, err := decimal(s)
	if err != nil {
		return 0, err
	}
	n, err := toUnits(digits, scale)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number: %w", shortCopy(s), err)
	}
	if neg && n != 0 {
		return 0, fmt.Errorf("%q is negative", shortCopy(s))
	}
	if n > most {
		return 0, fmt.Errorf("%q is more than %d", shortCopy(s), most)
	}
	return n, nil
}

// digits reads what most whole numbers are: 1 to 14 digits. ok is false of any other
// text, be it a number or not.
func digits(s string) (n int64, ok bool) {
	if s == "" || len(s) > 14 {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = 10*n + int64(s[i]-'0')
	}
	return n, true
}

// decimal takes a decimal number apart: its value is digits / 10^scale.
func decimal(s string) (digits string, scale int, neg bool, err error) {
	if len(s) > 64 {
		return "", 0, false, noNumber(s)
	}
	rest, neg := strings.CutPrefix(s, "-")
	mantissa, exp, hasExp := strings.Cut(strings.ToLower(rest), "e")
	if hasExp {
		e, err := strconv.Atoi(exp)
		if err != nil || e < -30 || e > 30 {
			return "", 0, false, noNumber(s)
		}
		scale = -e
	}
	whole, frac, hasDot := strings.Cut(mantissa, ".")
	digits = whole + frac
	if whole == "" || hasDot && frac == "" || strings.Trim(digits, "0123456789") != "" {
		return "", 0, false, noNumber(s)
	}
	return digits, scale + len(frac), neg, nil
}

func noNumber(s string) error { return fmt.Errorf("%q is no number", shortCopy(s)) }

// shortCopy is short of a text that its caller has borrowed.
func shortCopy(s string) string { return short(strings.Clone(s)) }

// toUnits gives digits / 10^scale as a whole number, forgiving noise below the
// fourth place behind the unit.
func toUnits(digits string, scale int) (int64, error) {
	for ; scale < 0; scale++ {
		digits += "0"
	}
	if len(digits) <= scale {
		digits = strings.Repeat("0", scale-len(digits)+1) + digits
	}
	whole, frac := strings.TrimLeft(digits[:len(digits)-scale], "0"), digits[len(digits)-scale:]
	if len(whole) > 14 {
		return 0, fmt.Errorf("more than %d", int64(maxFen))
	}
	n, _ := strconv.ParseInt("0"+whole, 10, 64)
	const noise = 4
	switch {
	case len(frac) <= noise && strings.Trim(frac, "0") == "":
	case len(frac) > noise && frac[:noise] == "0000":
	case len(frac) > noise && frac[:noise] == "9999":
		n++
	default:
		return 0, fmt.Errorf("it has parts smaller than the smallest unit")
	}
	if n > maxFen {
		return 0, fmt.Errorf("more than %d", int64(maxFen))
	}
	return n, nil
}

// dateTime reads what nearly all times of the form time.DateTime are: every number of
// full length, and no day that not every month has. ok is false of any other text.
func dateTime(s string, zone *time.Location) (t time.Time, ok bool) {
	if len(s) != len(time.DateTime) || s[4] != '-' || s[7] != '-' || s[10] != ' ' || s[13] != ':' || s[16] != ':' {
		return t, false
	}
	ok = true
	number := func(from, to int) (n int) {
		for _, c := range []byte(s[from:to]) {
			ok = ok && '0' <= c && c <= '9'
			n = 10*n + int(c-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	if !ok || month < 1 || month > 12 || day < 1 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return t, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, zone), true
}

// parseTime reads a time in the map's form. A blank, a zero and the first second
// of 1970 mean that nothing is said: platforms write all three.
func (m *Map) parseTime(s string) (time.Time, error) {
	var t time.Time
	var err error
	switch m.doc.Time {
	case "unix", "unix_ms":
		var n int64
		if n, err = parseWhole(s, 1<<43); err != nil {
			return t, err
		}
		if n == 0 {
			return t, nil
		}
		if t = time.Unix(n, 0); m.doc.Time == "unix_ms" {
			t = time.UnixMilli(n)
		}
	case "rfc3339":
		t, err = time.Parse(time.RFC3339, s)
	default:
		if strings.HasPrefix(s, "0000-") {
			return t, nil
		}
		var ok bool
		if t, ok = dateTime(s, m.zone); !ok || m.doc.Time != time.DateTime {
			t, err = time.ParseInLocation(m.doc.Time, s, m.zone)
		}
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time of the form %s", shortCopy(s), m.doc.Time)
	}
	if t = t.UTC(); t.Year() < 1971 {
		return time.Time{}, nil
	}
	if t.Year() > 2200 {
		return time.Time{}, fmt.Errorf("%q is out of reach", shortCopy(s))
	}
	return t, nil
}
