package floor

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.FixedZone("UTC+8", 8*3600))

func TestChooseCarrier(t *testing.T) {
	sf := CarrierRule{ID: "sf", Name: "顺丰", Prices: []Price{{FirstGrams: 1000, First: 1200, NextGrams: 1000, Next: 200}}}
	zto := CarrierRule{ID: "zto", Prices: []Price{{To: []string{"广东省"}, FirstGrams: 1000, First: 350, NextGrams: 1000, Next: 100}, {FirstGrams: 1000, First: 800, NextGrams: 500, Next: 300}}}
	hangzhou := Recipient{Name: "王", Phone: "1", Province: "浙江省", City: "杭州市", District: "余杭区", Detail: "路 1 号"}
	guangdong := Recipient{Name: "王", Phone: "1", Province: "广东", City: "深圳", Detail: "路 1 号"}
	with := func(r CarrierRule, change func(*CarrierRule)) CarrierRule { change(&r); return r }
	tests := []struct {
		name  string
		rules []CarrierRule
		q     CarrierQuery
		want  CarrierID
		why   []string // codes
	}{
		{"no carrier", nil, CarrierQuery{}, "", nil},
		{"the first without prices", []CarrierRule{{ID: "a"}, {ID: "b"}}, CarrierQuery{}, "a", []string{"carrier-preferred"}},
		{"the cheapest by region", []CarrierRule{sf, zto}, CarrierQuery{To: guangdong, Grams: 900}, "zto", []string{"carrier-cheapest", "carrier-dearer"}},
		{"the cheapest by weight", []CarrierRule{sf, zto}, CarrierQuery{To: hangzhou, Grams: 3000}, "sf", []string{"carrier-cheapest", "carrier-dearer"}},
		{"a price before none", []CarrierRule{{ID: "a"}, sf}, CarrierQuery{To: hangzhou}, "sf", []string{"carrier-cheapest", "carrier-unpriced"}},
		{"not where it does not go", []CarrierRule{with(zto, func(r *CarrierRule) { r.Except = []string{"浙江"} }), sf}, CarrierQuery{To: hangzhou}, "sf", []string{"carrier-only", "carrier-region"}},
		{"only where it goes", []CarrierRule{with(zto, func(r *CarrierRule) { r.Serves = []string{"浙江省/宁波市"} }), sf}, CarrierQuery{To: hangzhou}, "sf", []string{"carrier-only", "carrier-region"}},
		{"a district of it", []CarrierRule{{ID: "a", Serves: []string{"浙江/杭州/余杭"}}}, CarrierQuery{To: hangzhou}, "a", []string{"carrier-only"}},
		{"too heavy", []CarrierRule{{ID: "a", MaxGrams: 500}, {ID: "b"}}, CarrierQuery{Grams: 501}, "b", []string{"carrier-only", "carrier-too-heavy"}},
		{"just light enough", []CarrierRule{{ID: "a", MaxGrams: 500}, {ID: "b"}}, CarrierQuery{Grams: 500}, "a", []string{"carrier-preferred"}},
		{"too light", []CarrierRule{{ID: "a", MinGrams: 500}, {ID: "b"}}, CarrierQuery{Grams: 499}, "b", []string{"carrier-only", "carrier-too-light"}},
		{"unknown weight passes", []CarrierRule{{ID: "a", MinGrams: 500, MaxGrams: 900}}, CarrierQuery{}, "a", []string{"carrier-only"}},
		{"the channel demands one", []CarrierRule{sf, {ID: "b", DemandedBy: []ChannelID{"pdd"}}}, CarrierQuery{Channel: "pdd", To: hangzhou}, "b", []string{"carrier-demanded", "carrier-not-demanded"}},
		{"not another channel's", []CarrierRule{{ID: "a", Channels: []ChannelID{"tb"}}, sf}, CarrierQuery{Channel: "pdd", To: hangzhou}, "sf", []string{"carrier-only", "carrier-other-channel"}},
		{"the buyer refuses it", []CarrierRule{{ID: "a", Avoid: []string{"YTO"}}, sf}, CarrierQuery{Avoid: []string{"YTO"}, To: hangzhou}, "sf", []string{"carrier-only", "carrier-avoided"}},
		{"a masked recipient", []CarrierRule{sf, {ID: "pdd", Tokens: true}}, CarrierQuery{To: Recipient{Masked: true, Token: "t"}}, "pdd", []string{"carrier-only", "carrier-masked"}},
		{"it said no", []CarrierRule{sf, zto}, CarrierQuery{To: guangdong, Refused: []CarrierID{"zto"}}, "sf", []string{"carrier-only", "carrier-said-no"}},
		{"too late today", []CarrierRule{with(zto, func(r *CarrierRule) { r.CutOff = 11 * time.Hour }), with(sf, func(r *CarrierRule) { r.CutOff = 17 * time.Hour })},
			CarrierQuery{To: guangdong, Now: noon, Due: noon.Add(10 * time.Hour)}, "sf", []string{"carrier-cheapest", "carrier-cut-off"}},
		{"late, but early enough tomorrow", []CarrierRule{with(zto, func(r *CarrierRule) { r.CutOff = 11 * time.Hour }), sf},
			CarrierQuery{To: guangdong, Now: noon, Due: noon.Add(24 * time.Hour)}, "zto", []string{"carrier-cheapest", "carrier-dearer"}},
		{"late everywhere is no reason", []CarrierRule{with(zto, func(r *CarrierRule) { r.CutOff = 11 * time.Hour })},
			CarrierQuery{To: guangdong, Now: noon, Due: noon.Add(time.Hour)}, "zto", []string{"carrier-only"}},
		{"nobody may", []CarrierRule{{ID: "a", MaxGrams: 1}}, CarrierQuery{Grams: 2}, "", []string{"carrier-too-heavy"}},
	}
	for _, tt := range tests {
		c := ChooseCarrier(tt.rules, tt.q)
		var why []string
		for _, r := range c.Why {
			why = append(why, r.Code)
			for _, lang := range []string{"zh", "en"} {
				if said := r.Say(lang); said == r.Code || said == "" || said[len(said)-1] == '}' {
					t.Errorf("%s: %s said as %q", tt.name, r.Code, said)
				}
			}
		}
		if c.Carrier != tt.want || !slices.Equal(why, tt.why) {
			t.Errorf("%s: %q because %v; want %q, %v", tt.name, c.Carrier, why, tt.want, tt.why)
		}
	}
}

func TestPriceIsExact(t *testing.T) {
	r := CarrierRule{Prices: []Price{{FirstGrams: 1000, First: 1205, NextGrams: 1000, Next: 199}, {FirstGrams: 500, First: 1}}}
	for grams, want := range map[Grams]Fen{0: 1205, 1: 1205, 1000: 1205, 1001: 1404, 2000: 1404, 2001: 1603, 100_000: 1205 + 99*199} {
		if got, ok := r.Price(Recipient{}, grams); got != want || !ok {
			t.Errorf("%d g: %s; want %s", grams, got, want)
		}
	}
	if _, ok := (&CarrierRule{Prices: []Price{{FirstGrams: 500, First: 1}}}).Price(Recipient{}, 501); ok {
		t.Error("a price beyond the table")
	}
	for g, want := range map[Grams]string{0: "0", 1: "0.001", 1500: "1.5", 20_000: "20", -250: "-0.25"} {
		if got := g.Kilos(); got != want {
			t.Errorf("%d g = %s kg; want %s", g, got, want)
		}
	}
}

func TestPullText(t *testing.T) {
	for _, tt := range []struct {
		pull   []int
		zh, en string
	}{{[]int{17}, "17", "17 out"}, {[]int{17, 33}, "17、33", "17 and 33"}, {[]int{1, 2, 3}, "1、2、3", "1, 2 and 3"}} {
		if got := listOf("zh", tt.pull); got != tt.zh {
			t.Errorf("zh %v: %s", tt.pull, got)
		}
		if got := (Run{ID: "R-1", Pull: tt.pull}).PullText("en"); !strings.Contains(got, tt.en) {
			t.Errorf("en %v: %s", tt.pull, got)
		}
	}
	if (Run{}).PullText("zh") != "" {
		t.Error("nothing to pull, and it says something")
	}
}

// The last collection that keeps a promise is what an order must be picked for.
func TestLastCollection(t *testing.T) {
	at := CarrierRule{CutOff: 18 * time.Hour}
	today := time.Date(2026, 11, 21, 18, 0, 0, 0, noon.Location())
	tests := []struct {
		name     string
		rule     CarrierRule
		now, due time.Time
		want     time.Time
	}{
		{"at any time", CarrierRule{}, noon, noon.Add(time.Hour), time.Time{}},
		{"today is the last", at, noon, today.Add(23 * time.Hour), today},
		{"tomorrow will do", at, noon, today.Add(24 * time.Hour), today.AddDate(0, 0, 1)},
		{"no promise: the next", at, noon, time.Time{}, today},
		{"the next after today's", at, today.Add(time.Minute), time.Time{}, today.AddDate(0, 0, 1)},
		{"missed: the next", at, today.Add(time.Minute), today.Add(time.Hour), today.AddDate(0, 0, 1)},
		{"years ahead: far away", at, noon, noon.AddDate(900, 0, 0), today.AddDate(0, 0, 59)},
	}
	for _, tt := range tests {
		if got := tt.rule.LastFor(tt.now, tt.due); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
