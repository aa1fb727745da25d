package carrier

import (
	"testing"

	"floord/floor"
)

func TestRoutes(t *testing.T) {
	r := NewRoutes([]Route{
		{Province: "广东省", Code: "p"}, {Province: "广东省", City: "深圳市", Code: "c"},
		{Province: "广东省", City: "深圳市", District: "南山区", Code: "d"}, {Province: "新疆维吾尔自治区", Code: "x"},
		{Province: "上海市", City: "上海市", Code: "s"},
	})
	kept := NewRoutes(r.All())
	for _, tt := range []struct{ province, city, district, want string }{
		{"广东省", "深圳市", "南山区", "d"}, {"广东", "深圳", "南山", "d"}, {"广东省", "深圳市", "福田区", "c"}, {"广东省", "广州市", "", "p"},
		{"新疆", "", "", "x"}, {"上海", "上海", "", "s"}, {"上海市", "", "", ""}, {"", "", "", ""}, {"深圳市", "", "", ""},
	} {
		to := floor.Recipient{Province: tt.province, City: tt.city, District: tt.district}
		if got, again := r.Code(to), kept.Code(to); got != tt.want || again != tt.want {
			t.Errorf("%s %s %s: code %q, after keeping %q; want %q", tt.province, tt.city, tt.district, got, again, tt.want)
		}
	}
}

func TestCheckNumbers(t *testing.T) {
	r := Request{ID: "a", N: 2}
	for _, tt := range []struct {
		numbers []floor.WaybillNo
		ok      bool
	}{
		{[]floor.WaybillNo{"DX0000000000111", "DX0000000000222"}, true},
		{[]floor.WaybillNo{"DX0000000000111"}, false},
		{[]floor.WaybillNo{"DX0000000000111", "DX0000000000111"}, false},
		{[]floor.WaybillNo{"DX0000000000111", ""}, false},
		{[]floor.WaybillNo{"DX0000000000111", "DX000000 000222"}, false},
		{[]floor.WaybillNo{"DX0000000000111", "dx0000000000222"}, false},
		{[]floor.WaybillNo{"DX0000000000111", "^XA0000000000222"}, false},
	} {
		if err := CheckNumbers(r, tt.numbers); (err == nil) != tt.ok {
			t.Errorf("%v: %v; want ok %v", tt.numbers, err, tt.ok)
		}
	}
}
