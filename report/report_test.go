package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test must not depend on the machine's zones

	"floord/floor"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var day = Day{2026, 11, 21}

// clock is a time of the day in Shanghai: clock("09:30"), clock("+1 00:10").
func clock(s string) time.Time {
	shift := 0
	if d, rest, ok := strings.Cut(s, " "); ok {
		if _, err := fmt.Sscan(d, &shift); err != nil {
			panic(err)
		}
		s = rest
	}
	t, err := time.ParseInLocation(time.TimeOnly, s+":00", Shanghai)
	if err != nil {
		panic(err)
	}
	return time.Date(day.Year, day.Month, day.Day+shift, t.Hour(), t.Minute(), 0, 0, Shanghai)
}

var say = &voice{&chinese, full}

func one(r Row) Daily {
	r.Order, r.Channel = "o1", "pdd"
	return ForDay(Input{Day: day, At: clock("+1 08:00"), Rows: []Row{r}})
}

func TestOnTimeIsHandoverByShipBy(t *testing.T) {
	noon := clock("12:00")
	tests := []struct {
		name string
		row  Row
		at   time.Time
		want Shipping // Due, OnTime, Late, Pending, Excluded
	}{
		{name: "before", row: Row{ShipBy: noon, HandedOver: clock("11:00")}, want: Shipping{Due: 1, OnTime: Rate{1, 1}}},
		{name: "at the very moment", row: Row{ShipBy: noon, HandedOver: noon}, want: Shipping{Due: 1, OnTime: Rate{1, 1}}},
		{name: "a second after", row: Row{ShipBy: noon, HandedOver: noon.Add(time.Second)}, want: Shipping{Due: 1, OnTime: Rate{0, 1}, Late: 1}},
		{name: "the day before", row: Row{ShipBy: noon, HandedOver: clock("-1 12:00")}, want: Shipping{Due: 1, OnTime: Rate{1, 1}}},
		{name: "never", row: Row{ShipBy: noon}, want: Shipping{Due: 1, OnTime: Rate{0, 1}, Late: 1}},
		{name: "due later today", row: Row{ShipBy: noon}, at: clock("11:59"), want: Shipping{Due: 1, Pending: 1}},
		{name: "due now", row: Row{ShipBy: noon}, at: noon, want: Shipping{Due: 1, OnTime: Rate{0, 1}, Late: 1}},
		{name: "cancelled before", row: Row{ShipBy: noon, Closed: true, ClosedAt: clock("11:00")}, want: Shipping{Due: 1, Excluded: 1}},
		{name: "cancelled, nobody knows when", row: Row{ShipBy: noon, Closed: true}, want: Shipping{Due: 1, Excluded: 1}},
		{name: "cancelled after", row: Row{ShipBy: noon, Closed: true, ClosedAt: clock("13:00")}, want: Shipping{Due: 1, OnTime: Rate{0, 1}, Late: 1}},
		{name: "held", row: Row{ShipBy: noon, Held: true}, want: Shipping{Due: 1, Excluded: 1}},
		{name: "held, and yet gone in time", row: Row{ShipBy: noon, Held: true, HandedOver: clock("11:00")}, want: Shipping{Due: 1, OnTime: Rate{1, 1}}},
		{name: "no ship-by", row: Row{HandedOver: clock("11:00")}, want: Shipping{}},
		{name: "due yesterday", row: Row{ShipBy: clock("-1 23:59")}, want: Shipping{}},
		{name: "due at midnight belongs to the day it begins", row: Row{ShipBy: clock("00:00")}, want: Shipping{Due: 1, OnTime: Rate{0, 1}, Late: 1}},
		{name: "due at the next midnight is tomorrow's", row: Row{ShipBy: clock("+1 00:00")}, want: Shipping{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.row.Order = "o1"
			if tt.at.IsZero() {
				tt.at = clock("+1 08:00")
			}
			d := ForDay(Input{Day: day, At: tt.at, Rows: []Row{tt.row}})
			got := d.Total
			got = Shipping{Due: got.Due, OnTime: got.OnTime, Late: got.Late, Pending: got.Pending, Excluded: got.Excluded}
			if got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if len(d.Late) != tt.want.Late || len(d.Excluded) != tt.want.Excluded {
				t.Errorf("lists %v late, %v excluded; want %d and %d", d.Late, d.Excluded, tt.want.Late, tt.want.Excluded)
			}
		})
	}
}

func TestCollectedIsABandUntilTheCarrierSpeaks(t *testing.T) {
	tests := []struct {
		name string
		row  Row
		want Band
	}{
		{"scanned in time", Row{CollectBy: clock("20:00"), HandedOver: clock("18:00"), Collected: clock("19:00")}, Band{Yes: 1}},
		{"scanned late", Row{CollectBy: clock("20:00"), HandedOver: clock("18:00"), Collected: clock("21:00")}, Band{No: 1}},
		{"no word", Row{CollectBy: clock("20:00"), HandedOver: clock("18:00")}, Band{Unknown: 1}},
		{"no word, but it left too late", Row{CollectBy: clock("20:00"), HandedOver: clock("21:00")}, Band{No: 1}},
		{"never left", Row{CollectBy: clock("20:00")}, Band{No: 1}},
		{"cancelled", Row{CollectBy: clock("20:00"), Closed: true, ClosedAt: clock("10:00")}, Band{}},
		{"only a ship-by", Row{ShipBy: clock("20:00"), HandedOver: clock("18:00"), Collected: clock("19:00")}, Band{Yes: 1}},
		{"collect-by tomorrow", Row{ShipBy: clock("20:00"), CollectBy: clock("+1 20:00"), HandedOver: clock("18:00")}, Band{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := one(tt.row).Total.Collected; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
	b := Band{Yes: 6, No: 1, Unknown: 3}
	if b.Worst() != (Rate{6, 10}) || b.Best() != (Rate{9, 10}) || say.band(b) != "60.0–90.0%" {
		t.Errorf("band of %+v: %v to %v, %s", b, b.Worst(), b.Best(), say.band(b))
	}
}

func TestADayIsTheSitesDay(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		zone  *time.Location
		day   Day
		hours int
		in    string // RFC 3339, belongs to the day
		out   string // does not
	}{
		{"Shanghai begins at 16:00 UTC", nil, day, 24, "2026-11-20T16:00:00Z", "2026-11-20T15:59:59Z"},
		{"Shanghai ends at 16:00 UTC", nil, day, 24, "2026-11-21T15:59:59Z", "2026-11-21T16:00:00Z"},
		{"an hour is lost", newYork, Day{2026, 3, 8}, 23, "2026-03-09T03:59:59Z", "2026-03-09T04:00:00Z"},
		{"an hour is won", newYork, Day{2026, 11, 1}, 25, "2026-11-02T04:59:59Z", "2026-11-02T05:00:00Z"},
		{"the last of the year", nil, Day{2026, 12, 31}, 24, "2026-12-31T15:59:59Z", "2026-12-31T16:00:00Z"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := func(s string) time.Time {
				v, err := time.Parse(time.RFC3339, s)
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			d := ForDay(Input{Day: tt.day, Zone: tt.zone, Rows: []Row{{Received: at(tt.in)}, {Received: at(tt.out)}}})
			if d.Total.Received != 1 || int(d.To.Sub(d.From).Hours()) != tt.hours {
				t.Errorf("received %d in a day of %v, want 1 in %d h", d.Total.Received, d.To.Sub(d.From), tt.hours)
			}
		})
	}
}

func TestParseDay(t *testing.T) {
	for _, bad := range []string{"", "2026-2-1", "2026-02-30", "yesterday", "2026-11-21T00:00"} {
		if _, err := ParseDay(bad); err == nil || !strings.Contains(err.Error(), "is not a date like 2026-11-21") {
			t.Errorf("ParseDay(%q) = %v", bad, err)
		}
	}
	if d, err := ParseDay("2026-11-21"); err != nil || d != day || d.String() != "2026-11-21" {
		t.Errorf("ParseDay = %v, %v", d, err)
	}
}

func TestRatesAreNeverBetterThanTheirCounts(t *testing.T) {
	tests := []struct {
		r         Rate
		percent   string
		low, high float64 // by the closed form, to four places
	}{
		{Rate{0, 0}, "–", 0, 1},
		{Rate{5, 5}, "100.0%", 0.5655, 1},
		{Rate{0, 5}, "0.0%", 0, 0.4345},
		{Rate{9, 10}, "90.0%", 0.5958, 0.9821},
		{Rate{9999, 10000}, "99.9%", 0.9994, 1},
		{Rate{1, 10000}, "0.1%", 0, 0.0006},
		{Rate{81, 263}, "30.8%", 0.2553, 0.3662},
	}
	for _, tt := range tests {
		low, high := tt.r.Wilson()
		if tt.r.percent() != tt.percent || math.Abs(low-tt.low) > 5e-4 || math.Abs(high-tt.high) > 5e-4 {
			t.Errorf("%v: %s, %.4f to %.4f; want %s, %.4f to %.4f", tt.r, tt.r.percent(), low, high, tt.percent, tt.low, tt.high)
		}
	}
	got, err := json.Marshal(Rate{})
	if want := `{"hits":0,"n":0,"rate":null,"low":null,"high":null}`; err != nil || string(got) != want {
		t.Errorf("a rate of nothing is %s, %v; want %s", got, err, want)
	}
}

func TestDelays(t *testing.T) {
	var spans []span
	for i := range 20 { // 1 s to 20 s
		spans = append(spans, span{clock("10:00"), clock("10:00").Add(time.Duration(20-i) * time.Second)})
	}
	spans = append(spans, span{from: clock("10:00")}, span{clock("10:00"), clock("09:59")})
	got := delays(spans, 15*time.Second)
	want := Delays{N: 20, Missing: 1, Skewed: 1, P50: 10_000, P95: 19_000, Max: 20_000, P90: 18_000, Over: 5, Limit: 15_000}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := delays(nil, time.Second); got != (Delays{Limit: 1000}) || say.took(got, got.P95) != "–" {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestBacklogCountsEveryOpenOrderOnce(t *testing.T) {
	now := clock("12:00")
	rows := []Row{
		{ShipBy: clock("11:59")}, {ShipBy: clock("12:00")}, {ShipBy: clock("13:59")}, {ShipBy: clock("14:00")},
		{ShipBy: clock("18:00")}, {ShipBy: clock("+1 12:00")}, {}, {ShipBy: clock("11:00"), Held: true},
		{ShipBy: clock("11:00"), HandedOver: clock("11:30")}, {ShipBy: clock("11:00"), Closed: true}, {Received: clock("12:01")},
	}
	got := ForDay(Input{Day: day, At: now, Rows: rows}).Backlog
	want := Backlog{Overdue: 1, Under2: 2, Under6: 1, Under24: 1, Later: 1, None: 1, Held: 1}
	if got != want || got.Open() != 8 {
		t.Errorf("got %+v (%d open), want %+v", got, got.Open(), want)
	}
}

func TestInterceptionRateLeavesOutTheUndecided(t *testing.T) {
	ask := func(o Outcome, at string) Intercept {
		return Intercept{Order: "o", AskedAt: clock(at), Outcome: o, Stage: floor.Packing}
	}
	s := ForDay(Input{Day: day, Intercepts: []Intercept{
		ask(Stopped, "10:00"), ask(Stopped, "11:00"), ask(Missed, "12:00"), ask(Thawed, "13:00"), ask(Open, "23:59"), ask(Missed, "+1 00:00"),
	}}).Intercepts
	if s.Asked != 5 || s.Rate != (Rate{2, 3}) || s.Thawed != 1 || s.Open != 1 || len(s.Misses) != 1 {
		t.Errorf("got %+v", s)
	}
	if want := []Stage{{floor.Packing, 5, 1}}; !reflect.DeepEqual(s.Stages, want) {
		t.Errorf("stages %v, want %v", s.Stages, want)
	}
}

func TestWorkCountsOnTheDayItBegan(t *testing.T) {
	rows := []Row{
		{Received: clock("-1 09:00"), Worked: clock("09:00"), HandedOver: clock("+1 01:00"), Lines: 4, ShortLines: 1, Labels: 2, Reprints: 1, LabelErrors: []string{"in-doubt", "x"}},
		{Received: clock("09:00"), HandedOver: clock("10:00"), Lines: 3, Manual: 2},
		{Received: clock("09:00"), Lines: 2, ShortLines: 2},               // short before any walk
		{Received: clock("09:00"), Worked: clock("+1 09:00"), Lines: 100}, // tomorrow's
		{Received: clock("09:00"), Lines: 100},                            // nobody's yet
	}
	d := ForDay(Input{Day: day, At: clock("+1 08:00"), Rows: rows})
	want := Quality{
		Worked: 3, Short: Rate{3, 9}, PickErrors: Rate{0, 9}, WrongScans: Rate{0, 9}, LabelErrors: Rate{1, 3}, Reprints: Rate{1, 3}, Manual: Rate{2, 3},
	}
	if d.Total.Quality != want {
		t.Errorf("got %+v, want %+v", d.Total.Quality, want)
	}
	if got := d.Work.Reasons; !reflect.DeepEqual(got, []ReasonTold{{"in-doubt", 1}, {"x", 1}}) {
		t.Errorf("reasons %v", got)
	}
}

func drawRow(t *rapid.T) Row {
	when := func(name string) time.Time {
		if rapid.IntRange(0, 3).Draw(t, name+" is there") == 0 {
			return time.Time{}
		}
		return clock("00:00").Add(time.Duration(rapid.IntRange(-40*60, 70*60).Draw(t, name)) * time.Minute)
	}
	return Row{
		Order:    floor.OrderID(fmt.Sprint(rapid.IntRange(1, 1000).Draw(t, "order"))),
		Channel:  floor.ChannelID(rapid.SampledFrom([]string{"pdd", "douyin", ""}).Draw(t, "channel")),
		Carrier:  floor.CarrierID(rapid.SampledFrom([]string{"sf", "zto"}).Draw(t, "carrier")),
		Received: when("received"), ShipBy: when("ship-by"), CollectBy: when("collect-by"), Worked: when("worked"),
		HandedOver: when("handed over"), Collected: when("collected"), ClosedAt: when("closed at"),
		Closed: rapid.Bool().Draw(t, "closed"), Held: rapid.Bool().Draw(t, "held"),
		Lines: rapid.IntRange(0, 5).Draw(t, "lines"), Labels: rapid.IntRange(0, 2).Draw(t, "labels"),
	}
}

func TestFiguresAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 0, 30).Draw(t, "rows")
		in := Input{Day: day, Rows: rows, At: clock("00:00").Add(time.Duration(rapid.IntRange(0, 48*60).Draw(t, "at")) * time.Minute)}
		d := ForDay(in)
		sum := Shipping{}
		for _, s := range append(d.Channels, d.Total) {
			if s.Due != s.OnTime.N+s.Pending+s.Excluded || s.Late != s.OnTime.N-s.OnTime.Hits {
				t.Errorf("%+v does not add up", s)
			}
		}
		for _, s := range d.Channels {
			sum.Received += s.Received
			sum.Shipped += s.Shipped
			sum.Due += s.Due
			sum.Late += s.Late
			sum.OnTime.N += s.OnTime.N
		}
		if sum.Received != d.Total.Received || sum.Shipped != d.Total.Shipped || sum.Due != d.Total.Due || sum.Late != len(d.Late) || sum.OnTime.N != d.Total.OnTime.N {
			t.Errorf("channels add up to %+v, total is %+v", sum, d.Total)
		}
		carried := 0
		for _, c := range d.Carriers {
			carried += c.Shipped
			if c.Shipped != c.Gap.N+c.Gap.Missing+c.Gap.Skewed {
				t.Errorf("carrier %+v does not add up", c)
			}
		}
		if carried != d.Total.Shipped || len(d.Excluded) != d.Total.Excluded {
			t.Errorf("carriers took %d, %d excluded are named; total %+v", carried, len(d.Excluded), d.Total)
		}
		mixed := in
		mixed.Rows = rapid.Permutation(rows).Draw(t, "mixed")
		if !sameUpToTies(ForDay(mixed), d) {
			t.Errorf("the order of rows shows")
		}
		for _, lang := range []string{"zh-CN", "en"} {
			var b bytes.Buffer
			if err := WriteText(&b, d, lang); err != nil || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "%!") {
				t.Errorf("text: %v\n%s", err, b.String())
			}
		}
	})
}

// sameUpToTies compares as JSON: rows with one order number are drawn here, and
// theirs may change places in a list.
func sameUpToTies(a, b Daily) bool {
	a.Late, b.Late, a.Excluded, b.Excluded, a.Told, b.Told, a.Asks, b.Asks = nil, nil, nil, nil, nil, nil, nil, nil
	return reflect.DeepEqual(a, b)
}

func TestAnEmptyDaySaysSo(t *testing.T) {
	d := ForDay(Input{Day: day, At: clock("+1 08:00")})
	for lang, want := range map[string][]string{"zh-CN": {"无订单", "无应发", "无拦截"}, "en": {"no orders", "none due", "none asked"}} {
		var b bytes.Buffer
		if err := WriteText(&b, d, lang); err != nil {
			t.Fatal(err)
		}
		for _, s := range want {
			if !strings.Contains(b.String(), s) {
				t.Errorf("%s: an empty day does not say %q:\n%s", lang, s, b.String())
			}
		}
		if strings.Contains(b.String(), "100.0") || strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "0.0%") {
			t.Errorf("%s: an empty day has a rate:\n%s", lang, b.String())
		}
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, d); err != nil || strings.Contains(b.String(), ": null") && !strings.Contains(b.String(), `"rate": null`) {
		t.Errorf("WriteJSON: %v\n%s", err, b.String())
	}
	for _, list := range []string{"channels", "carriers", "late", "excluded", "misses", "stages", "label_error_reasons"} {
		if !strings.Contains(b.String(), `"`+list+`": []`) {
			t.Errorf("JSON: %s is not an empty list", list)
		}
	}
}

func TestOutsideTextCannotCommand(t *testing.T) {
	in := busyDay()
	in.Site = "仓\x1b[2J\u202e"
	in.Channels = map[floor.ChannelID]string{"pdd": "拼\n\x07多"}
	var b bytes.Buffer
	if err := WriteText(&b, ForDay(in), "zh-CN"); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x07\u202e") || !strings.Contains(b.String(), "拼··多") {
		t.Errorf("text carries commands: %q", b.String())
	}
}

func TestBothLanguagesSayEverything(t *testing.T) {
	zh, en := reflect.ValueOf(chinese), reflect.ValueOf(english)
	for i := range zh.NumField() {
		name := zh.Type().Field(i).Name
		z, e := zh.Field(i), en.Field(i)
		switch z.Kind() {
		case reflect.String:
			if z.String() == "" || e.String() == "" || strings.Count(z.String(), "%d") != strings.Count(e.String(), "%d") || strings.Count(z.String(), "%s") != strings.Count(e.String(), "%s") {
				t.Errorf("%s: %q and %q", name, z, e)
			}
		default:
			if z.Len() == 0 || z.Len() != e.Len() {
				t.Errorf("%s: %d in Chinese, %d in English", name, z.Len(), e.Len())
			}
			if z.Kind() == reflect.Map {
				for _, k := range z.MapKeys() {
					if !e.MapIndex(k).IsValid() {
						t.Errorf("%s: English lacks %v", name, k)
					}
				}
			}
		}
	}
	for _, s := range floor.States() {
		if chinese.Stages[s] == "" {
			t.Errorf("stage %s has no word", s)
		}
	}
	for _, w := range []words{chinese, english} {
		of := map[string]string{} // they stand in one list
		for code, word := range w.Errors {
			if other := of[word]; other != "" {
				t.Errorf("%s and %s are both %q", code, other, word)
			}
			of[word] = code
		}
	}
}

// busyDay is a day with something of everything: 420 orders of four channels.
func busyDay() Input {
	rnd := rand.New(rand.NewSource(21))
	in := Input{
		Site: "东莞一号仓", Day: day, At: clock("+1 08:05"),
		Channels: map[floor.ChannelID]string{"pdd": "拼多多旗舰店", "douyin": "抖店-家居专营", "taobao": "天猫旗舰店", "csv": "手工导入"},
		Carriers: map[floor.CarrierID]string{"sf": "顺丰速运", "zto": "中通快递", "yd": "韵达速递"},
	}
	channels := []floor.ChannelID{"pdd", "pdd", "pdd", "douyin", "douyin", "taobao"}
	carriers := []floor.CarrierID{"zto", "zto", "yd", "sf"}
	faults := []string{"in-doubt", "fetch-failed", "paper-out", "address-rejected"}
	for i := range 420 {
		r := Row{
			Order:    floor.OrderID(fmt.Sprintf("DB20261120-ORD-%06d", i+1)),
			Channel:  channels[rnd.Intn(len(channels))],
			Carrier:  carriers[rnd.Intn(len(carriers))],
			Received: clock("-1 00:00").Add(time.Duration(i) * 5 * time.Minute),
			Lines:    1 + rnd.Intn(5),
		}
		if i%97 == 0 {
			r.Channel = "csv"
		}
		r.ShipBy = r.Received.Add(24 * time.Hour)
		r.Worked = r.Received.Add(time.Duration(1+rnd.Intn(10)) * time.Hour)
		if i < 380 {
			r.Labels = 1
			r.HandedOver = r.Worked.Add(time.Duration(1+rnd.Intn(12)) * time.Hour)
		}
		if i < 340 {
			r.Collected = r.HandedOver.Add(time.Duration(10+rnd.Intn(120)) * time.Minute)
		}
		if i%17 == 0 {
			r.Collected = time.Time{}
		}
		switch {
		case i%61 == 0:
			r.HandedOver, r.Collected, r.Labels = r.ShipBy.Add(90*time.Minute), time.Time{}, 2
		case i%73 == 0:
			r.HandedOver, r.Collected, r.Labels = time.Time{}, time.Time{}, 0
			r.Closed, r.ClosedAt = true, r.Received.Add(2*time.Hour)
		case i%89 == 0:
			r.HandedOver, r.Collected, r.Held, r.Worked, r.Labels = time.Time{}, time.Time{}, true, time.Time{}, 0
		}
		for _, at := range []*time.Time{&r.Worked, &r.HandedOver, &r.Collected} {
			if at.After(in.At) {
				*at = time.Time{}
			}
		}
		if i%53 == 0 {
			r.ShortLines = 1
		}
		if i%41 == 0 {
			r.LabelErrors = []string{faults[rnd.Intn(len(faults))]}
			r.Reprints = i % 2
		}
		r.Manual = rnd.Intn(20) / 19
		in.Rows = append(in.Rows, r)
	}
	stages := []floor.State{floor.Allocated, floor.Picking, floor.Picking, floor.Packing, floor.Sealed}
	for i := range 17 {
		asked := clock("09:00").Add(time.Duration(i) * 31 * time.Minute)
		c := Intercept{
			Order: floor.OrderID(fmt.Sprintf("DB20261121-ORD-%06d", i+1)), Channel: "pdd", Why: floor.FreezeCancel,
			AskedAt: asked, FrozenAt: asked.Add(time.Duration(2+rnd.Intn(9)) * time.Millisecond),
			DeviceAt: asked.Add(time.Duration(40+rnd.Intn(300)) * time.Millisecond),
			PersonAt: asked.Add(time.Duration(2+rnd.Intn(11)) * time.Second),
			Stage:    stages[i%len(stages)], Outcome: Stopped,
		}
		switch i {
		case 4:
			c.Stage, c.Outcome, c.PersonAt = floor.Sealed, Missed, asked.Add(48*time.Second)
		case 7:
			c.Outcome, c.Why = Thawed, floor.FreezeAddress
		case 16:
			c.Outcome, c.PersonAt = Open, time.Time{}
		}
		in.Intercepts = append(in.Intercepts, c)
	}
	return in
}

func TestTextGoldens(t *testing.T) {
	empty := Input{Site: "东莞一号仓", Day: day, At: clock("+1 08:05")}
	for name, in := range map[string]Input{"busy": busyDay(), "empty": empty} {
		for _, lang := range []string{"zh", "en"} {
			t.Run(name+"."+lang, func(t *testing.T) {
				var b bytes.Buffer
				if err := WriteText(&b, ForDay(in), lang); err != nil {
					t.Fatal(err)
				}
				golden(t, "testdata/"+name+"."+lang+".txt", b.Bytes())
			})
		}
	}
	var b bytes.Buffer
	if err := WriteJSON(&b, ForDay(busyDay())); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/busy.json", b.Bytes())
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; go test ./report -update and read the difference. Got:\n%s", path, got)
	}
}

func TestWhatDoesNotFitIsWhatGoesWell(t *testing.T) {
	in := Input{Day: day, At: clock("+1 08:00")}
	for c := range 30 {
		for range 1 + c%7 {
			in.Rows = append(in.Rows, Row{Channel: floor.ChannelID(fmt.Sprintf("c%02d", c)), ShipBy: clock("12:00"), HandedOver: clock("11:00")})
		}
	}
	in.Rows = append(in.Rows, Row{Channel: "c14", ShipBy: clock("12:00")}) // a small one, and late
	rows := (&voice{&chinese, detail{channels: 3}}).channels(ForDay(in)).rows
	if len(rows) != 4 || rows[2][0] != "c14" || rows[3][0] != "合计 (30)" {
		t.Errorf("shown: %v, want the late channel among three and the sum of 30", rows)
	}
}
