package floor_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"floord/floor"
)

var (
	oddTexts = []string{"", "a", "冬季加厚", "<b>&amp;</b>", "\"quoted\" \\", "tab\there\n\x00\x1f\x7f", "\u2028 and \u2029", "cut \xe5\x86", "\xff", "�", "😀", "a\u00a0b"}
	oddTimes = []time.Time{
		{}, time.Unix(0, 0), time.Unix(1790000000, 0).UTC(), time.Unix(1790000000, 123_000_000).UTC(), time.Unix(1790000000, 5).In(time.FixedZone("", 8*3600)),
		time.Unix(1790000000, 0).In(time.FixedZone("", -90*60)), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(1790000000, 0).In(time.FixedZone("", 8*3600+1)),
		time.Unix(1790000000, 0).In(time.FixedZone("", 24*3600)), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
	}
)

// fill gives each field of v a value, or often none, whatever fields there are.
func fill(t *rapid.T, v reflect.Value) {
	if x, ok := v.Addr().Interface().(*time.Time); ok {
		*x = rapid.SampledFrom(oddTimes[:len(oddTimes)-4*rapid.IntRange(0, 1).Draw(t, "sound")]).Draw(t, "time")
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			fill(t, v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 3).Draw(t, "items"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.String:
		v.SetString(rapid.OneOf(rapid.SampledFrom(oddTexts), rapid.String()).Draw(t, "text"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Uint8:
	default:
		v.SetInt(rapid.Int64().Draw(t, "number"))
	}
}

// What is written by hand is what encoding/json writes.
func TestOrdersAreWrittenAsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, x := range []any{&floor.OrderReceived{}, &floor.OrderRevised{}} {
			fill(t, reflect.ValueOf(x).Elem())
			f := reflect.ValueOf(x).Elem().Interface().(floor.Fact)
			want, wantErr := json.Marshal(f)
			got, err := floor.EncodeFact(f)
			if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
				t.Fatalf("%s, %v\nwant %s, %v", got, err, want, wantErr)
			}
		}
	})
}

func BenchmarkEncodeFact(b *testing.B) {
	at := time.Date(2026, 11, 21, 10, 0, 0, 0, time.FixedZone("", 8*3600))
	f := floor.OrderReceived{Order: "DB20261121-ORD-000001", Shop: floor.ShopOrder{
		Channel: "pdd-1", Number: "261121-123456789", ModifiedAt: at, State: floor.ShopPaid, CreatedAt: at, PaidAt: at, ShipBy: at, Pay: 4990,
		SellerNote: "易碎品请多包一层", Content: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		To: floor.Recipient{Name: "张三丰", Phone: "13800000001", Province: "广东省", City: "深圳市", District: "南山区", Detail: "示例路12号3幢"},
		Lines: []floor.ShopLine{
			{SKU: "L001", Name: "冬季加厚保暖羊毛围巾 男女通用款", Spec: "深灰色/180cm", Qty: 2}, {SKU: "L032", Name: "纯棉T恤 宽松短袖 夏季新款", Spec: "白色/L", Qty: 1},
			{SKU: "L058", Name: "袜子 中筒 三双装", Spec: "混色", Qty: 2},
		},
	}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := floor.EncodeFact(f); err != nil {
			b.Fatal(err)
		}
	}
}
