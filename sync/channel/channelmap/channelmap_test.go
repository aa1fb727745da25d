package channelmap

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/channel"
)

// plainMap is the smallest useful map, of a shop that could be anybody's.
const plainMap = `
channel = "plain"
time = "unix"
money = "fen"
[pull]
window = "1h"
size = 50
[answers.orders]
orders = "data.orders"
total = "data.total"
merge = true
[order]
number = ["id"]
modified = ["updated"]
pay = ["paid_fen"]
ship_by = ["promise.ship_by"]
merge_key = ["to.hash"]
avoid = ["wishes[kind=carrier].not[]"]
[to]
name = ["to.name"]
[[lines]]
path = "lines[]"
sku = ["sku", "code"]
qty = ["n"]
[[state]]
is = "paid"
when = ["state = 20|21"]
[[state]]
is = "cancelled"
when = ["state = 4"]
[[hold]]
is = "presale"
when = ["not_before ahead", "not_before set"]
[[flag]]
is = "gift_wrap"
when = ["words ~ (?i)gift", "words !=  none"]
[[fault]]
at = "error"
code = "error.code"
[[errors]]
codes = ["17"]
class = "rate-limited"
after = "9s"
zh = "慢一点"
en = "slower"
`

func load(t testing.TB, text string) *Map {
	t.Helper()
	m, err := Load("plain.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestAnotherShop: a shop whose API is plain needs a map and nothing else.
func TestAnotherShop(t *testing.T) {
	m := load(t, plainMap)
	now := time.Unix(1794312030, 0)
	page, err := m.Page("list", []byte(`{"data":{"total":"7","orders":[
		{"id":9007199254740993,"updated":1794312000,"paid_fen":"1280","state":21,"promise":{"ship_by":"1794398400"},
		 "to":{"name":"Li\u0000 Wei","hash":"h1"},"lines":[{"code":"A-1","n":2},{"sku":"B-2","code":"x","n":"1.0"}],
		 "wishes":[{"kind":"carrier","not":["YT",85]},{"kind":"box","not":["x"]}]},
		{"id":"2","updated":1794312001,"paid_fen":0,"state":20,"not_before":1794398400,"words":"a GIFT","lines":[{"sku":"A-1","n":1}]}]}}`), now)
	if err != nil || page.Answer != "orders" || page.Total != 7 || len(page.Orders) != 2 {
		t.Fatalf("page %+v, %v", page, err)
	}
	o := page.Orders[0]
	if o.Number != "9007199254740993" || o.Pay != 1280 || o.State != floor.ShopPaid || !o.Shippable() || o.MergeKey != "h1" ||
		o.To.Name != "Li Wei" || o.ShipBy.Unix() != 1794398400 || len(o.Lines) != 2 || o.Lines[0].SKU != "A-1" || o.Lines[1].Qty != 1 ||
		strings.Join(o.AvoidCodes, ",") != "YT,85" {
		t.Errorf("first order %+v", o)
	}
	o = page.Orders[1]
	if o.Shippable() || len(o.Holds) != 1 || o.Holds[0] != (floor.Hold{Code: floor.HoldPresale, Field: "not_before"}) || strings.Join(o.Flags, ",") != "gift_wrap" {
		t.Errorf("second order %+v", o)
	}
	page, err = m.Page("list", []byte(`{"data":{"orders":[{"id":"2","updated":1794312001,"paid_fen":0,"state":20,"not_before":1794300000,"lines":[{"sku":"A-1","n":1}]}]}}`), now)
	if err != nil || !page.Orders[0].Shippable() || page.Total != 1 {
		t.Errorf("after its time: %+v, %v", page.Orders[0].Holds, err)
	}
	_, err = m.Page("list", []byte(`{"error":{"code":17}}`), now)
	if channel.ClassOf(err) != channel.RateLimited || channel.After(err) != 9*time.Second {
		t.Errorf("refusal: %v", err)
	}
	_, err = m.Page("list", []byte(`{"error":{"code":"new"}}`), now)
	var e *channel.Error
	if !errors.As(err, &e) || e.Class != channel.Refused || e.Code != "new" {
		t.Errorf("unknown refusal: %v", err)
	}
}

func TestLoadSaysEveryMistake(t *testing.T) {
	bad := strings.NewReplacer(
		`money = "fen"`, `money = "cents"`,
		`window = "1h"`, `window = "0s"`,
		`number = ["id"]`, `number = ["id["]`,
		`is = "cancelled"`, `is = "gone"`,
		`when = ["state = 4"]`, `when = []`,
		`is = "presale"`, `is = "unmapped"`,
		`"words ~ (?i)gift"`, `"words ~ ("`,
		`class = "rate-limited"`, `class = "soon"`,
		`zh = "慢一点"`, ``,
		`size = 50`, `siez = 50`,
	).Replace(plainMap)
	_, err := Load("bad.toml", []byte(bad))
	if err == nil {
		t.Fatal("a bad map was taken")
	}
	for _, want := range []string{"bad.toml", `"cents"`, "[pull]", `"id["`, `"gone"`, "no condition", `"unmapped"`, "regular expression", `"soon"`, "sentence is missing", `unknown key "pull.siez"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not said in:\n%v", want, err)
		}
	}
	at := regexp.MustCompile(`^bad\.toml:\d+: `)
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if !at.MatchString(line) {
			t.Errorf("%q names no line", line)
		}
	}
	for text, want := range map[string]string{
		plainMap + "\n[pulls]\nx = 1\n": `: unknown key "pulls"`,
		"channel = ":                    "bad.toml",
		`channel = "x"`:                 "no [[state]]",
	} {
		if _, err := Load("bad.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

func TestPath(t *testing.T) {
	v, err := Parse([]byte(`{"a":{"b":[{"k":"x","v":1},{"k":"y","v":2},{"k":"x","v":null},{"k":"x","v":3},7]},"n":null,"s":" "}`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a.b[k=x].v": "1 3", "a.b[k=x|y].v": "1 2 3", "a.b[].v": "1 2 3", "a.b[k=z].v": "", "a.b.v": "", "n": "", "a.c.d": "", "s": "",
	} {
		p, err := parsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		p.each(v, func(v Value) bool { got = append(got, v.Text()); return true })
		if s := strings.TrimSpace(strings.Join(got, " ")); s != want || p.String() != text {
			t.Errorf("%s (%s) = %q; want %q", text, p.String(), s, want)
		}
	}
	for _, bad := range []string{"", ".", "a..b", "a[", "a[b", "a[b]", "a[=c]", "a[b=]", "a b", "[x=1]"} {
		if _, err := parsePath(bad); err == nil {
			t.Errorf("path %q was taken", bad)
		}
	}
}

func TestValueText(t *testing.T) {
	v, err := Parse([]byte("{\"a\":\"x\\u4f60\\n \",\"b\":\"y\xffz\",\"\\u0063\":12345678901234567890.50,\"\xff\":true,\"e\":\"\\ud800\"}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "x你", "b": "y\uFFFDz", "c": "12345678901234567890.50", "\uFFFD": "true", "e": "\uFFFD", "z": ""} {
		if got := v.Get(name).Text(); got != want {
			t.Errorf("%q = %q; want %q", name, got, want)
		}
	}
	if string(v.Get("b").Raw()) != "\"y\xffz\"" {
		t.Errorf("raw %q is not what was received", v.Get("b").Raw())
	}
}

func TestConditionSyntax(t *testing.T) {
	for _, bad := range []string{"", "a", "a =", "a != ", "a set x", "a is 3", "a ~", "a ~ [", "a[ = 1"} {
		if _, err := parseTest(bad); err == nil {
			t.Errorf("condition %q was taken", bad)
		}
	}
}

func TestYuan(t *testing.T) {
	good := map[string]floor.Fen{
		"0": 0, "0.0": 0, "-0": 0, "1": 100, "12.3": 1230, "12.34": 1234, "12.3400": 1234, "1e2": 10000, "1.0E7": 1e9, "1.5e-1": 15,
		"14.799999999999999": 1480, "14.80000000000001": 1480, "0.30000000000000004": 30, "-3.50": -350, "99999999999.99": 9999999999999,
		"0.0000000001": 0, "0.009999999": 1,
	}
	for s, want := range good {
		if got, err := Yuan(s); err != nil || got != want {
			t.Errorf("Yuan(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"", " ", "x", "1,2", "1.", ".5", "1.005", "0.001", "--1", "1e99", "1e", "+1", "NaN", "Infinity", "0x10", "1_000",
		"123456789012345.00", "1e13", strings.Repeat("9", 70), "１２"} {
		if got, err := Yuan(s); err == nil {
			t.Errorf("Yuan(%q) = %d; want an error", s, got)
		}
	}
}

func TestTimes(t *testing.T) {
	local := load(t, strings.NewReplacer(`time = "unix"`, "time = \"2006-01-02 15:04:05\"\nzone = \"+08:00\"").Replace(plainMap))
	ms := load(t, strings.NewReplacer(`time = "unix"`, `time = "unix_ms"`).Replace(plainMap))
	iso := load(t, strings.NewReplacer(`time = "unix"`, `time = "rfc3339"`).Replace(plainMap))
	tests := []struct {
		m    *Map
		text string
		unix int64 // 0 = nothing said
		bad  bool
	}{
		{local, "2026-11-10 20:10:20", 1794312620, false},
		{local, "0000-00-00 00:00:00", 0, false},
		{local, "0001-01-01 00:00:00", 0, false},
		{local, "1970-01-01 08:00:00", 0, false},
		{local, "2026-11-10", 0, true},
		{local, "9999-12-31 00:00:00", 0, true},
		{ms, "1794312620123", 1794312620, false},
		{ms, "0", 0, false},
		{ms, "-5", 0, true},
		{iso, "2026-11-10T13:10:20+01:00", 1794312620, false},
		{iso, "2026-11-10T13:10:20", 0, true},
	}
	for _, tt := range tests {
		got, err := tt.m.parseTime(tt.text)
		if (err != nil) != tt.bad || err == nil && (got.IsZero() != (tt.unix == 0) || !got.IsZero() && got.Unix() != tt.unix) {
			t.Errorf("%q = %v, %v; want %d, bad %v", tt.text, got, err, tt.unix, tt.bad)
		}
	}
}

func FuzzYuan(f *testing.F) {
	for _, s := range []string{"39.9", "1.0E7", "14.799999999999999", "-0.0", "1e-30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fen, err := Yuan(s)
		if err != nil {
			return
		}
		if again, err := Yuan(fen.String()); err != nil || again != fen {
			t.Fatalf("Yuan(%q) = %d; Yuan(%q) = %d, %v", s, fen, fen.String(), again, err)
		}
	})
}

func FuzzOrder(f *testing.F) {
	m := load(f, plainMap)
	f.Add([]byte(`{"id":"1","updated":1794312000,"paid_fen":1,"state":20,"lines":[{"sku":"A","n":1}]}`))
	f.Add([]byte(`{"id":{},"lines":[[],{"n":-1}],"state":[20],"a":1,"a":2}`))
	f.Add([]byte("{\"id\":\"\xff\xfe\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Parse(data)
		if err != nil {
			return
		}
		o := m.Order(v, time.Unix(1794312030, 0), true)
		if !bytes.Contains(data, o.Raw) || o.Content != Sum(o.Raw) {
			t.Fatal("the order's payload is not what was received")
		}
		if !plain(o.Number, 64) || o.State.Rank() == 0 || o.Pay < 0 || len(o.Holds) > maxHolds+len(m.holds) {
			t.Fatalf("order %+v", o)
		}
		if o.Shippable() {
			for _, l := range o.Lines {
				if l.Qty < 1 || !plain(string(l.SKU), 64) {
					t.Fatalf("shippable with line %+v", l)
				}
			}
			if len(o.Lines) == 0 || o.ModifiedAt.IsZero() {
				t.Fatalf("shippable without lines or a time: %+v", o)
			}
		}
	})
}

func FuzzMap(f *testing.F) {
	f.Add(plainMap)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Load("fuzz.toml", []byte(text))
		if err == nil && (m.Size() < 1 || m.Name() == "") {
			t.Fatalf("map %+v was taken", m.doc)
		}
	})
}
