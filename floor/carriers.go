package floor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A CarrierRule is what floord.toml says of one carrier account. The order of
// the rules is the site's preference. The zero value takes every parcel.
type CarrierRule struct {
	ID         CarrierID
	Name       string        // what people call it; the id if empty
	Books      bool          // it gives a number for one known recipient, and none ahead
	Tokens     bool          // it is a platform's own service: masked recipients with a token will do
	Avoid      []string      // platform codes by which a buyer refuses it
	Channels   []ChannelID   // it takes orders of these alone; none: of all
	DemandedBy []ChannelID   // orders of these go by it and by no other
	Serves     []string      // places it takes parcels to, as "浙江省" or "浙江省/杭州市"; none: everywhere
	Except     []string      // places it does not, in the same form
	MinGrams   Grams         // a lighter parcel is not for it; 0: no limit
	MaxGrams   Grams         // nor is a heavier one
	CheckGrams Grams         // a heavier parcel must be looked at by a lead; 0: none
	CutOff     time.Duration // its last collection, from the site's midnight; 0: at any time
	Prices     []Price
}

// A Price is one line of a carrier's price table, in whole fen and grams: First
// for up to FirstGrams, then Next for every begun NextGrams.
type Price struct {
	To         []string // places; none: everywhere else
	FirstGrams Grams
	First      Fen
	NextGrams  Grams // 0: heavier parcels have no price in this line
	Next       Fen
}

// A CarrierQuery is what the choice of a carrier looks at. Grams 0 is not known.
type CarrierQuery struct {
	Channel ChannelID
	Avoid   []string // codes of carriers that the buyer refuses
	To      Recipient
	Grams   Grams
	Due     time.Time   // the carrier must have it by then; zero: no hurry
	Now     time.Time   // in the site's zone
	Refused []CarrierID // carriers that have said no to this order
}

// A CarrierChoice is the carrier taken, or "" if none may take it, and why: one
// reason for it, and one for each that was passed over.
type CarrierChoice struct {
	Carrier CarrierID
	Why     []Reason
}

// ChooseCarrier takes, of the carriers that may have the parcel, one that still
// collects it in time, then the cheapest, then the one named first. It is pure.
func ChooseCarrier(rules []CarrierRule, q CarrierQuery) CarrierChoice {
	type bid struct {
		rule   *CarrierRule
		price  Fen
		priced bool
		late   bool
	}
	var c CarrierChoice
	pass := func(r *CarrierRule, code string, args ...string) {
		c.Why = append(c.Why, Reason{Code: code, Args: append([]string{r.called()}, args...)})
	}
	var bids []bid
	for i := range rules {
		r := &rules[i]
		if code, args := r.Refuses(rules, q); code != "" {
			pass(r, code, args...)
			continue
		}
		b := bid{rule: r}
		b.price, b.priced = r.Price(q.To, q.Grams)
		b.late = !q.Due.IsZero() && r.CutOff > 0 && r.Collects(q.Now).After(q.Due)
		bids = append(bids, b)
	}
	if len(bids) == 0 {
		return c
	}
	best := 0
	for i, b := range bids {
		a := bids[best]
		if a.late != b.late {
			if a.late {
				best = i
			}
			continue
		}
		if b.priced && (!a.priced || b.price < a.price) {
			best = i
		}
	}
	won := bids[best]
	c.Carrier = won.rule.ID
	first := Reason{Code: "carrier-preferred", Args: []string{won.rule.called()}}
	switch {
	case slices.Contains(won.rule.DemandedBy, q.Channel):
		first.Code, first.Args = "carrier-demanded", append(first.Args, string(q.Channel))
	case len(bids) == 1:
		first.Code = "carrier-only"
	case won.priced:
		first.Code, first.Args = "carrier-cheapest", append(first.Args, won.price.String())
	}
	for i, b := range bids {
		switch {
		case i == best:
		case b.late && !won.late:
			pass(b.rule, "carrier-cut-off", clock(b.rule.CutOff))
		case b.priced && won.priced && b.price > won.price:
			pass(b.rule, "carrier-dearer", b.price.String())
		case !b.priced && won.priced:
			pass(b.rule, "carrier-unpriced")
		}
	}
	c.Why = append([]Reason{first}, c.Why...)
	return c
}

func (r *CarrierRule) called() string {
	if r.Name != "" {
		return r.Name
	}
	return string(r.ID)
}

// Refuses says why a carrier may not take a parcel, as a code with its places, or "".
func (r *CarrierRule) Refuses(rules []CarrierRule, q CarrierQuery) (code string, args []string) {
	demanded := func(x CarrierRule) bool { return slices.Contains(x.DemandedBy, q.Channel) }
	switch {
	case slices.Contains(q.Refused, r.ID):
		return "carrier-said-no", nil
	case len(r.Channels) > 0 && !slices.Contains(r.Channels, q.Channel):
		return "carrier-other-channel", []string{string(q.Channel)}
	case !demanded(*r) && slices.ContainsFunc(rules, demanded):
		return "carrier-not-demanded", []string{string(q.Channel)}
	case slices.ContainsFunc(q.Avoid, func(code string) bool { return slices.Contains(r.Avoid, code) }):
		return "carrier-avoided", nil
	case q.To.Masked && !r.Tokens && slices.ContainsFunc(rules, func(x CarrierRule) bool { return x.Tokens }):
		return "carrier-masked", nil
	case len(r.Serves) > 0 && !within(r.Serves, q.To) || within(r.Except, q.To):
		return "carrier-region", []string{q.To.Province + q.To.City}
	case q.Grams > 0 && q.Grams < r.MinGrams:
		return "carrier-too-light", []string{r.MinGrams.Kilos()}
	case r.MaxGrams > 0 && q.Grams > r.MaxGrams:
		return "carrier-too-heavy", []string{r.MaxGrams.Kilos()}
	}
	return "", nil
}

// Price gives what a parcel costs, and whether the table says so. A parcel whose
// weight is not known costs what the lightest does.
func (r *CarrierRule) Price(to Recipient, g Grams) (Fen, bool) {
	for _, p := range r.Prices {
		if len(p.To) > 0 && !within(p.To, to) {
			continue
		}
		over := g - p.FirstGrams
		switch {
		case over <= 0:
			return p.First, true
		case p.NextGrams > 0:
			return p.First + Fen((over+p.NextGrams-1)/p.NextGrams)*p.Next, true
		}
	}
	return 0, false
}

// Collects is when the carrier next comes: today at its cut-off, or tomorrow.
func (r *CarrierRule) Collects(now time.Time) time.Time {
	at := func(day int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+day, 0, 0, 0, 0, now.Location()).Add(r.CutOff)
	}
	if now.After(at(0)) {
		return at(1)
	}
	return at(0)
}

// LastFor is the carrier's last collection that meets a promise: the last before due
// or, if that has passed or there is no promise, the next. Zero: it comes at any time.
func (r *CarrierRule) LastFor(now, due time.Time) time.Time {
	if r.CutOff == 0 {
		return time.Time{}
	}
	at := r.Collects(now)
	for day := at.AddDate(0, 0, 1); !day.After(due) && day.Sub(now) < farPromise; day = day.AddDate(0, 0, 1) {
		at = day
	}
	return at
}

// farPromise is beyond what a plan looks at.
const farPromise = 60 * 24 * time.Hour

// within reports whether a recipient is in one of the places. Suffixes may be left
// out on either side.
func within(places []string, to Recipient) bool {
	return slices.ContainsFunc(places, func(place string) bool {
		want := strings.Split(place, "/")
		have := []string{to.Province, to.City, to.District}
		if len(want) > len(have) {
			return false
		}
		for i := range want {
			if BareDivision(want[i]) != BareDivision(have[i]) {
				return false
			}
		}
		return true
	})
}

// suffixes of divisions, which addresses leave out or not; the longer first.
var suffixes = []string{"维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "特别行政区", "自治州", "省", "市", "区", "县"}

// BareDivision takes the suffix off a division's name (广东 of 广东省), if a name
// of two characters or more is left.
func BareDivision(name string) string {
	name = strings.TrimSpace(name)
	for _, s := range suffixes {
		if short, ok := strings.CutSuffix(name, s); ok && len([]rune(short)) >= 2 {
			return short
		}
	}
	return name
}

// Kilos gives a mass in kilograms, "12.5".
func (g Grams) Kilos() string {
	sign := ""
	if g < 0 {
		sign, g = "-", -g
	}
	kilos := fmt.Sprintf("%d.%03d", g/1000, g%1000)
	return sign + strings.TrimSuffix(strings.TrimRight(kilos, "0"), ".")
}

// clock gives a time of the day, "17:30".
func clock(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
}

// Say gives the reason's sentence, "zh" unless "en".
func (r Reason) Say(lang string) string {
	args := make(map[string]string, len(r.Args))
	for i, a := range r.Args {
		args[strconv.Itoa(i)] = a
	}
	return Say(lang, r.Code, args)
}
