package csv

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"floord/floor"
)

var at = time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)

func readText(t testing.TB, text string) Import {
	t.Helper()
	im, err := Read(strings.NewReader(text), "shop-csv", at)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

const two = `订单号,商品编码,商品名称,数量,姓名,电话,省,市,区,详细地址,实付金额(元),最晚发货时间,买家留言,赠品
A-1,TS01-WM,纯棉T恤,2,张三,13800000000,广东省,深圳市,南山区,示例路1号,"1,039.90",2026-11-12 20:10,放门口,
A-1,GIFT-1,袜子,1,,,,,,,,,,是
="690000000000000001",HD02-BL,连帽卫衣,1,李四,13900000000-1234,,,,浙江省杭州市余杭区仓前街道2号,199,2026/11/13,,
`

func TestTwoOrders(t *testing.T) {
	im := readText(t, two)
	if len(im.Mistakes) > 0 || len(im.Orders) != 2 {
		t.Fatalf("%d orders, mistakes %v", len(im.Orders), im.Mistakes)
	}
	o := im.Orders[0]
	if o.Number != "A-1" || o.Channel != "shop-csv" || o.Pay != 103990 || o.State != floor.ShopPaid || !o.Shippable() ||
		o.ShipBy != time.Date(2026, 11, 12, 12, 10, 0, 0, time.UTC) || o.ModifiedAt != at || o.BuyerNote != "放门口" || len(o.Flags) != 1 {
		t.Errorf("first order %+v", o)
	}
	if len(o.Lines) != 2 || o.Lines[0] != (floor.ShopLine{SKU: "TS01-WM", Qty: 2, Name: "纯棉T恤"}) || !o.Lines[1].Gift {
		t.Errorf("lines %+v", o.Lines)
	}
	if o.To != (floor.Recipient{Name: "张三", Phone: "13800000000", Province: "广东省", City: "深圳市", District: "南山区", Detail: "示例路1号"}) {
		t.Errorf("to %+v", o.To)
	}
	o = im.Orders[1]
	if o.Number != "690000000000000001" || o.ShipBy != time.Date(2026, 11, 13, 15, 59, 59, 0, time.UTC) || o.To.Detail == "" {
		t.Errorf("second order %+v", o)
	}
}

// TestContentIsOfTheOrderAlone: the same order is the same content in another
// encoding, column order, line end and company.
func TestContentIsOfTheOrderAlone(t *testing.T) {
	want := readText(t, two).Orders[0].Content
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(two)
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(two), "\n")
	turned := "数量,order no,SKU,姓名,电话,省,市,区,详细地址,金额,最晚发货时间,备注,gift,商品名称,别的\r\n" +
		`2,A-1,TS01-WM,张三,13800000000,广东省,深圳市,南山区,示例路1号,"1,039.90",2026-11-12 20:10,放门口,,纯棉T恤,x` + "\r\n" +
		`1,A-1,GIFT-1,,,,,,,,,,是,袜子` + "\r\n"
	for name, text := range map[string]string{
		"GB18030": gb, "BOM": "\xEF\xBB\xBF" + two, "alone": strings.Join(rows[:3], "\n"), "turned": turned,
		"tabs": strings.ReplaceAll(strings.ReplaceAll(two, `"1,039.90"`, "1039.90"), ",", "\t"),
	} {
		im := readText(t, text)
		if len(im.Mistakes) > 0 || len(im.Orders) == 0 {
			t.Errorf("%s: mistakes %v", name, im.Mistakes)
			continue
		}
		if got := im.Orders[0]; (got.Content == want) != (name != "tabs") || got.Pay != 103990 {
			t.Errorf("%s: content %s; want %s", name, got.Content, want)
		}
	}
	if other := readText(t, strings.Replace(two, "TS01-WM,纯棉T恤,2", "TS01-WM,纯棉T恤,3", 1)).Orders[0]; other.Content == want {
		t.Error("another quantity has the same content")
	}
}

func TestEveryMistakeHasItsPlace(t *testing.T) {
	im := readText(t, `order no,sku,qty,name,phone,address,paid,ship by,status,gift
A-1,TS01,1,Li,13800000000,Road 1,12.5,2026-11-12,,
A-2,,x,,abc,,1.005,morgen,odd,maybe
6.9E+18,TS01,1,Li,13800000000,Road 1,1,,,
,TS01,1,Li,13800000000,Road 1,1,,,
A-3,TS01,1,Li,13800000000,Road 1,1,,,
A-3,TS02,1,Wang,,,1,,,
A-4,1.2E+5,0,Li,13800000000,Road 1,,,,
A-1,TS02,1,,,,,,,,extra
`)
	var got []string
	for _, m := range im.Mistakes {
		got = append(got, m.Text("en"))
	}
	want := []string{
		"row 3, column 2 (sku): the SKU is missing", "row 3, column 3 (qty): the quantity", "row 3, column 10 (gift): gift is",
		"row 3, column 9 (status): the status", "row 3, column 8 (ship by): a time", "row 3, column 7 (paid): the amount",
		"row 3, column 4 (name): the name", "row 3, column 6 (address): the address", "row 3, column 5 (phone): a phone",
		"row 4, column 1 (order no): a spreadsheet", "row 5, column 1 (order no): the order number is missing",
		"row 7, column 4 (name): it differs", "row 8, column 2 (sku): a spreadsheet", "row 8, column 3 (qty): the quantity",
		"row 9: the row has 11 cells",
	}
	if len(got) != len(want) {
		t.Fatalf("%d mistakes; want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("mistake %d: %s; want %s…", i, got[i], want[i])
		}
		if zh := im.Mistakes[i].Text("zh"); !strings.HasPrefix(zh, "第 ") {
			t.Errorf("mistake %d in Chinese: %s", i, zh)
		}
	}
	if len(im.Orders) != 0 || im.Left != 6 {
		t.Errorf("%d orders came, %d left out; want none and all 6, each has a mistake", len(im.Orders), im.Left)
	}
}

func TestOneBadOrderStopsNoOther(t *testing.T) {
	im := readText(t, "order no,sku,qty,name,phone,address\nA,S,1,n,13800000000,a\nB,S,0,n,13800000000,a\nB,T,1,,,\n\nC,S,1,n,13800000000,a\n")
	if len(im.Orders) != 2 || im.Orders[0].Number != "A" || im.Orders[1].Number != "C" || im.Left != 1 || im.Mistakes[0].Row != 3 {
		t.Errorf("%+v", im)
	}
}

func TestFilesThatAreNoTable(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "blank": "\n\n", "excel": "PK\x03\x04....", "old excel": "\xD0\xCF\x11\xE0....", "utf-16": "\xFF\xFEa\x00", "binary": "a,b\x00c",
		"no sku column": "订单号,数量\n1,2\n", "column twice": "订单号,订单编号,sku,qty,name,phone,address\n", "open quote": "order no,sku,qty,name,phone,address\n\"A,S,1\n",
		"neither encoding": "\xFF\xFF\xFF,\x80",
	} {
		im := readText(t, text)
		if len(im.Mistakes) != 1 || len(im.Orders) != 0 || im.Mistakes[0].Zh == "" || im.Mistakes[0].En == "" {
			t.Errorf("%s: %+v; want one mistake with a sentence in each language", name, im)
		}
	}
	im, err := Read(bytes.NewReader(bytes.Repeat([]byte("a,"), MaxBytes)), "x", at)
	if err != nil || len(im.Mistakes) != 1 || !strings.Contains(im.Mistakes[0].En, "larger") {
		t.Errorf("a huge file: %+v, %v", im.Mistakes, err)
	}
}

func TestManyMistakesAreCounted(t *testing.T) {
	im := readText(t, "order no,sku,qty,name,phone,address\n"+strings.Repeat("A,S,0,n,13800000000,a\n", 700))
	if len(im.Mistakes) != maxWrong || im.More < 200 {
		t.Errorf("%d mistakes listed, %d more", len(im.Mistakes), im.More)
	}
}

// TestFormulasStayText: what looks like a formula is kept as text; the tables of the
// report make it harmless.
func TestFormulasStayText(t *testing.T) {
	im := readText(t, "order no,sku,qty,name,phone,address,note\nA,S,1,=1+1,13800000000,@SUM(A1),\"=HYPERLINK(\"\"http://x\"\")\"\n")
	o := im.Orders[0]
	if o.To.Name != "=1+1" || o.To.Detail != "@SUM(A1)" || o.BuyerNote != `=HYPERLINK("http://x")` {
		t.Errorf("order %+v", o)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(two))
	f.Add([]byte("order no,sku,qty,name,phone,address\nA,S,1,n,13800000000,a\n"))
	f.Add([]byte("\xEF\xBB\xBForder no;sku;qty;name;phone;address\nA;S;\"1\n\";n;1;a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		im, err := Read(bytes.NewReader(data), "x", at)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, o := range im.Orders {
			if seen[o.Number] || !plain(o.Number) || len(o.Lines) == 0 || o.Pay < 0 || len(o.Content) != 64 || o.State.Rank() == 0 || o.ModifiedAt.IsZero() {
				t.Fatalf("order %+v", o)
			}
			seen[o.Number] = true
			for _, l := range o.Lines {
				if l.Qty < 1 || !plain(string(l.SKU)) {
					t.Fatalf("line %+v", l)
				}
			}
		}
		again, _ := Read(bytes.NewReader(data), "x", at)
		if len(again.Orders) != len(im.Orders) || len(again.Mistakes) != len(im.Mistakes) {
			t.Fatal("read twice, understood twice")
		}
	})
}

func BenchmarkRead(b *testing.B) {
	const orders = 1000
	head, row, _ := strings.Cut(two, "\n")
	row, _, _ = strings.Cut(row, "\n")
	var text strings.Builder
	text.WriteString(head + "\n")
	for i := range orders {
		text.WriteString(fmt.Sprintf("N-%d", i) + strings.TrimPrefix(row, "A-1") + "\n")
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		im, err := Read(strings.NewReader(text.String()), "x", at)
		if err != nil || len(im.Orders) != orders {
			b.Fatal(len(im.Orders), err)
		}
	}
	b.ReportMetric(float64(orders*b.N)/b.Elapsed().Seconds(), "orders/s")
}
