package rules_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"floord/floor"
	"floord/floor/rules"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// sound is an order that nothing speaks against.
func sound() *rules.Order {
	return &rules.Order{
		Now: now, Channel: "pdd-1", State: "paid", CreatedAt: now.Add(-2 * time.Hour), PaidAt: now.Add(-time.Hour), ShipBy: now.Add(20 * time.Hour),
		PayFen: 4990, SaysPay: true, Pieces: 2, Grams: 400,
		Lines:    []rules.Line{{SKU: "TS01", Qty: 2, Known: true, Grams: 200}},
		Province: "广东省", City: "深圳市", District: "南山区", HasName: true, HasCity: true, PhoneOK: true, DetailRunes: 12,
	}
}

func said(j rules.Judgement) string {
	var all []string
	for _, t := range j.Tags {
		all = append(all, "tag "+t)
	}
	for _, h := range j.Holds {
		all = append(all, "hold "+h.Code+" "+h.Field)
	}
	for _, l := range j.Lost {
		all = append(all, fmt.Sprint("lost ", l.Name))
	}
	if j.Low {
		all = append(all, "low")
	}
	return strings.Join(append(all, fmt.Sprint(j.Score)), ", ")
}

func TestShippedRules(t *testing.T) {
	tests := []struct {
		name   string
		change func(*rules.Order)
		want   string
	}{
		{"a sound order", func(*rules.Order) {}, "100"},
		{"the shop's own signals", func(o *rules.Order) { o.Flags, o.Lines[0].Gift = []string{"urgent"}, true }, "tag urgent, tag gift, 100"},
		{"the words of a note", func(o *rules.Order) { o.BuyerNote = "请加急，送赠品" }, "tag urgent, tag gift, tag note, 100"},
		{"a no before the word", func(o *rules.Order) { o.BuyerNote = "不要赠品" }, "tag note, 100"},
		{"a no behind the word", func(o *rules.Order) { o.SellerNote = "赠品不要了" }, "tag note, 100"},
		{"a no that is taken back", func(o *rules.Order) { o.BuyerNote = "千万别忘了放赠品" }, "tag gift, tag note, 100"},
		{"a no in another clause", func(o *rules.Order) { o.BuyerNote = "不要发票，要赠品" }, "tag gift, tag note, 100"},
		{"free is no no", func(o *rules.Order) { o.BuyerNote = "免费赠品记得放" }, "tag gift, tag note, 100"},
		{"English", func(o *rules.Order) { o.BuyerNote = "Gift wrap please" }, "tag hand_pack, tag note, 100"},
		{"English no", func(o *rules.Order) { o.BuyerNote = "no gift wrap" }, "tag note, 100"},
		{"engraving", func(o *rules.Order) { o.Flags = []string{"engraving"} }, "tag engraving, tag hand_pack, 100"},
		{"in a hurry", func(o *rules.Order) { o.BuyerNote = "急用" }, "tag urgent, tag note, 100"},
		{"in no hurry", func(o *rules.Order) { o.BuyerNote = "不急用，慢慢发" }, "tag note, 100"},
		{"another recipient", func(o *rules.Order) { o.SellerNote = "收件人改成李四" }, "tag note, hold rule note-address, 100"},
		{"other goods", func(o *rules.Order) { o.SellerNote = "尺码换成L" }, "tag note, hold rule note-goods, 100"},
		{"not other goods", func(o *rules.Order) { o.SellerNote = "颜色不改，不换尺码" }, "tag note, 100"},
		{"numbers of pieces", func(o *rules.Order) { o.SellerNote = "SN码发我" }, "tag serial, tag note, 100"},
		{"wait", func(o *rules.Order) { o.SellerNote = "客户说先不要发货" }, "tag note, hold rule note-stop, 100"},
		{"no address and no phone", func(o *rules.Order) { o.DetailRunes, o.PhoneOK, o.City, o.HasCity = 0, false, "", false }, "lost region, lost detail, lost phone, low, 20"},
		{"all that is masked has a token", func(o *rules.Order) {
			o.HasToken, o.Masked, o.DetailRunes, o.PhoneOK, o.HasName = true, true, 0, false, false
		}, "100"},
		{"nothing paid", func(o *rules.Order) { o.PayFen = 0 }, "lost amount, 60"},
		{"a CSV file says nothing of pay and time", func(o *rules.Order) { o.PayFen, o.SaysPay, o.ShipBy = 0, false, time.Time{} }, "100"},
		{"an unknown article at risk", func(o *rules.Order) { o.Lines[0].Known, o.Holds = false, []string{"risk"} }, "lost article, lost risk, low, 10"},
		{"times out of order", func(o *rules.Order) { o.PaidAt = o.CreatedAt.Add(-time.Hour) }, "lost dates, 85"},
		{"too late", func(o *rules.Order) { o.ShipBy = now.Add(-time.Hour) }, "lost deadline, 85"},
		{"very many", func(o *rules.Order) { o.Lines[0].Qty, o.Pieces = 500, 500 }, "lost quantity, 85"},
		{"the same twice", func(o *rules.Order) { o.Lines = append(o.Lines, o.Lines[0]) }, "lost repeated, 95"},
		{"never below nothing", func(o *rules.Order) {
			*o = rules.Order{Now: now, SaysPay: true, Holds: []string{"risk", "refund"}, Lines: []rules.Line{{Qty: 1}}}
		}, "lost amount, lost region, lost detail, lost receiver, lost phone, lost article, lost no-deadline, lost risk, lost refund, low, 0"},
	}
	r := rules.Default()
	for _, tt := range tests {
		o := sound()
		tt.change(o)
		if got := said(r.Judge(o)); got != tt.want {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
	}
	if n := len(r.Dimensions()); n < 12 {
		t.Errorf("%d dimensions, at least 12 are promised", n)
	}
}

func TestSiteOverShipped(t *testing.T) {
	r, err := rules.Parse("rules.toml", []byte(`
least = 96
[[tag]]
name = "gift"
off = true
[[tag]]
name = "需冷藏"
when = 'any(lines, .name contains "冰")'
[[hold]]
name = "large"
when = "pay_fen > 500_000"
cause = "金额超过 5000 元：请组长核对"
[[score]]
name = "late"
lose = 5
when = "ship_by - now < duration('24h')"
`))
	if err != nil {
		t.Fatal(err)
	}
	o := sound()
	o.Lines[0].Gift, o.Lines[0].Name, o.PayFen = true, "冰皮月饼", 500_001
	if got, want := said(r.Judge(o)), "tag 需冷藏, hold rule large, lost late, low, 95"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	tests := []struct{ text, want string }{
		{"[[tag]]\nname = \"a\"\nwhn = \"x\"", `r.toml:3:1: unknown key "tag.whn"`},
		{"least = ", "r.toml:1"},
		{"least = 101", "least = 101: 0 to 100 is wanted"},
		{"\n[[tag]]\nname = \"a\"", `r.toml:3: tag "a": when or words is wanted`},
		{"[[tag]]\nname = \"a\"\nwhen = 'pieces'", "expected bool, but got int"},
		{"[[tag]]\nname = \"a\"\nwhen = 'pay_fan > 1'", "unknown name pay_fan"},
		{"[[tag]]\nname = \"a\"\nwhen = 'pieces > \"1\"'", "invalid operation"},
		{"[[tag]]\nname = \"a\"\nwhen = 'now() > ship_by'", "not callable"},
		{"[[tag]]\nname = \"a b\"\nwhen = 'true'", "a name is"},
		{"[[tag]]\nname = \"a\"\nwhen = 'true'\n[[tag]]\nname = \"a\"\nwhen = 'true'", "twice"},
		{"[[hold]]\nname = \"a\"\nwhen = 'true'", "cause"},
		{"[[score]]\nname = \"a\"\nwhen = 'true'\nlose = 0", "lose = 0"},
		{"[[tag]]\nname = \"a\"\nwhen = 'true'\nlose = 3", "lose belongs to a score"},
		{"[[tag]]\nname = \"a\"\nwords = [\" \"]", "a word is empty"},
		{"[[tag]]\nname = \"a\"\nwhen = '" + strings.Repeat("true && ", 200) + "true'", "at most 1000"},
		{strings.Repeat("#", rules.MaxFile+1), "at most"},
	}
	for _, tt := range tests {
		_, err := rules.Parse("r.toml", []byte(tt.text))
		var all floor.Mistakes
		if !errors.As(err, &all) || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "r.toml:") {
			t.Errorf("%.60q: %v; want %s", tt.text, err, tt.want)
		}
	}
}

// A rule that breaks on an order holds it; the others still speak.
func TestBrokenRuleHolds(t *testing.T) {
	r, err := rules.Parse("", []byte("[[tag]]\nname = \"first\"\nwhen = 'lines[3].gift'\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := sound()
	o.Flags = []string{"urgent"}
	if got, want := said(r.Judge(o)), "tag urgent, hold rule_broke first, 100"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestOf(t *testing.T) {
	s := &floor.ShopOrder{
		Lines: []floor.ShopLine{{SKU: "A", Qty: 3}, {SKU: "B", Qty: 1}}, To: floor.Recipient{Name: "张三", Phone: "0755-8888 6666转12", Detail: "科技园1号"},
		Holds: []floor.Hold{{Code: floor.HoldRisk}},
	}
	o, err := rules.Of(s, now, true, func(k floor.SKU) (floor.SKUInfo, bool, error) { return floor.SKUInfo{Grams: 70}, k == "A", nil })
	if err != nil || o.Pieces != 4 || o.Grams != 280 || !o.Lines[0].Known || o.Lines[1].Known || !o.PhoneOK || o.DetailRunes != 5 || o.Holds[0] != "risk" {
		t.Errorf("%+v, %v", o, err)
	}
	broke := errors.New("disk")
	if _, err := rules.Of(s, now, true, func(floor.SKU) (floor.SKUInfo, bool, error) { return floor.SKUInfo{}, false, broke }); err != broke {
		t.Errorf("the error is %v", err)
	}
}

// FuzzNote: no note breaks the judgement, or takes points without end.
func FuzzNote(f *testing.F) {
	f.Add("不要赠品，加急", "别忘了 gift wrap")
	r := rules.Default()
	f.Fuzz(func(t *testing.T, buyer, seller string) {
		o := sound()
		o.BuyerNote, o.SellerNote = buyer, seller
		if j := r.Judge(o); j.Score < 0 || j.Score > 100 {
			t.Errorf("score %d", j.Score)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("least = 3\n[[tag]]\nname='x'\nwhen='pieces > 3'\nwords=['a']"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := rules.Parse("f", data)
		var all floor.Mistakes
		if err != nil && !errors.As(err, &all) {
			t.Fatalf("%T", err)
		}
		if err == nil {
			r.Judge(sound())
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	for _, bb := range []struct {
		name, buyer, seller string
	}{
		{"no note", "", ""},
		{"note", "", "请尽快发货"},
		{"word", "", "易碎品请多包一层"},
		{"words", "麻烦尽快发货，不要赠品，包装精美一点，刻字：平安喜乐，谢谢！", "Gift wrap 已收费，加急，易碎轻拿轻放"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s := &floor.ShopOrder{
				Channel: "pdd-1", State: floor.ShopPaid, CreatedAt: now.Add(-2 * time.Hour), PaidAt: now.Add(-time.Hour), ShipBy: now.Add(20 * time.Hour), Pay: 4990,
				BuyerNote: bb.buyer, SellerNote: bb.seller,
				To: floor.Recipient{Name: "张三丰", Phone: "13800000001", Province: "广东省", City: "深圳市", District: "南山区", Detail: "示例路12号3幢"},
				Lines: []floor.ShopLine{
					{SKU: "L001", Name: "冬季加厚保暖羊毛围巾 男女通用款", Spec: "深灰色/180cm", Qty: 2}, {SKU: "L032", Name: "纯棉T恤 宽松短袖 夏季新款", Spec: "白色/L", Qty: 1},
					{SKU: "L058", Name: "袜子 中筒 三双装", Spec: "混色", Qty: 2},
				},
			}
			r := rules.Default()
			b.ReportAllocs()
			for b.Loop() {
				o, err := rules.Of(s, now, true, func(floor.SKU) (floor.SKUInfo, bool, error) { return floor.SKUInfo{Grams: 200}, true, nil })
				if err != nil || r.Judge(o).Low {
					b.Fatal("a sound order is low", err)
				}
			}
		})
	}
}

// TestNoParcelIsWorthMore than a rule of value allows, but one of a single piece, and
// every piece goes in one.
func TestNoParcelIsWorthMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Int64Range(1, 50_000).Draw(t, "most")
		r, err := rules.Parse("rules.toml", fmt.Appendf(nil, "[[split]]\nname = \"保价\"\nmax_fen = %d\n", most))
		if err != nil {
			t.Fatal(err)
		}
		o := floor.Order{Pay: floor.Fen(rapid.Int64Range(0, 100_000).Draw(t, "paid"))}
		worth := map[floor.SKU]floor.Fen{}
		for i := range rapid.IntRange(1, 6).Draw(t, "lines") {
			sku := floor.SKU(fmt.Sprint("S", i))
			worth[sku] = floor.Fen(rapid.Int64Range(0, 20_000).Draw(t, "value"))
			o.Lines = append(o.Lines, floor.Line{No: i + 1, SKU: sku, Qty: rapid.IntRange(1, 5).Draw(t, "qty")})
		}
		look := func(s floor.SKU) (floor.SKUInfo, bool, error) {
			return floor.SKUInfo{SKU: s, Value: worth[s]}, true, nil
		}
		g, err := rules.GoodsOf(&o, look)
		if err != nil {
			t.Fatal(err)
		}
		share := (int64(o.Pay) + int64(g.Pieces) - 1) / int64(g.Pieces)
		var left []floor.ParcelItem
		for _, l := range o.Lines {
			left = append(left, floor.ParcelItem{Line: l.No, SKU: l.SKU, Qty: l.Qty})
		}
		want, err := r.Parcels(g, left, look)
		if err != nil {
			t.Fatal(err)
		}
		parcels := 0
		for rest := 1; rest > 0; parcels++ {
			var in []floor.ParcelItem
			if in, rest, err = r.Parcel(g, left, look); err != nil || len(in) == 0 {
				t.Fatalf("a parcel of nothing, %d left, %v", rest, err)
			}
			fen, pieces := int64(0), 0
			for _, x := range in {
				pieces += x.Qty
				if v := int64(worth[x.SKU]); v > 0 {
					fen += v * int64(x.Qty)
				} else {
					fen += share * int64(x.Qty)
				}
				left[x.Line-1].Qty -= x.Qty
			}
			if fen > most && pieces > 1 {
				t.Fatalf("a parcel of %d pieces worth %d; at most %d", pieces, fen, most)
			}
		}
		for _, x := range left {
			if x.Qty != 0 {
				t.Fatalf("%d of %s are in no parcel", x.Qty, x.SKU)
			}
		}
		if parcels != want {
			t.Fatalf("%d parcels; Parcels says %d", parcels, want)
		}
	})
}
