package address

import (
	"fmt"
	"strings"
	"testing"

	"floord/floor"
)

func TestSplit(t *testing.T) {
	for _, tt := range []struct {
		name     string
		to, want floor.Recipient
		why      string
	}{
		{name: "all in one", to: floor.Recipient{Name: "李雷", Phone: "13800000001", Detail: "广东省深圳市南山区科技园1号"},
			want: floor.Recipient{Name: "李雷", Phone: "13800000001", Province: "广东省", City: "深圳市", District: "南山区", Detail: "科技园1号"}},
		{name: "name and phone in it", to: floor.Recipient{Detail: "李雷 13800000001 南京市玄武区珠江路1号"},
			want: floor.Recipient{Name: "李雷", Phone: "13800000001", Province: "江苏省", City: "南京市", District: "玄武区", Detail: "珠江路1号"}},
		{name: "a second phone in it", to: floor.Recipient{Name: "李雷", Phone: "13800000001", Detail: "南京市玄武区珠江路1号13800000002"},
			want: floor.Recipient{Name: "李雷", Phone: "13800000001", Province: "江苏省", City: "南京市", District: "玄武区", Detail: "珠江路1号 13800000002"}},
		{name: "only the province apart", to: floor.Recipient{Province: "广东", Detail: "深圳南山区科技园1号"},
			want: floor.Recipient{Province: "广东省", City: "深圳市", District: "南山区", Detail: "科技园1号"}},
		{name: "in parts, and the street bears a town's name", to: floor.Recipient{Province: "上海", City: "上海市", District: "黄浦区", Detail: "南京东路1号"},
			want: floor.Recipient{Province: "上海", City: "上海市", District: "黄浦区", Detail: "南京东路1号"}},
		{name: "a contradiction", to: floor.Recipient{Detail: "广东省广州市南山区科技园1号"},
			want: floor.Recipient{Detail: "广东省广州市南山区科技园1号"}, why: WhyConflict},
		{name: "a contradiction in parts", to: floor.Recipient{Province: "广东省", City: "杭州市", District: "西湖区", Detail: "1号"},
			want: floor.Recipient{Province: "广东省", City: "杭州市", District: "西湖区", Detail: "1号"}, why: WhyConflict},
		{name: "two places at once", to: floor.Recipient{Detail: "鼓楼区中山路1号"}, want: floor.Recipient{Detail: "鼓楼区中山路1号"}, why: WhyDivision},
		{name: "no place", to: floor.Recipient{Detail: "放门口谢谢"}, want: floor.Recipient{Detail: "放门口谢谢"}, why: WhyDivision},
		{name: "abroad", to: floor.Recipient{Province: "Ontario", City: "Ottawa", Detail: "1 Example St"},
			want: floor.Recipient{Province: "Ontario", City: "Ottawa", Detail: "1 Example St"}},
		{name: "abroad, in the same letters", to: floor.Recipient{Province: "東京都", City: "千代田区", Detail: "千代田1-1 100-0001 JP"},
			want: floor.Recipient{Province: "東京都", City: "千代田区", Detail: "千代田1-1 100-0001 JP"}},
		{name: "divisions in letters", to: floor.Recipient{Province: "Guangdong", City: "Shenzhen", Detail: "南山区科技园1号 518000 CN"},
			want: floor.Recipient{Province: "Guangdong", City: "Shenzhen", Detail: "南山区科技园1号 518000 CN"}},
		{name: "masked", to: floor.Recipient{Province: "江苏", Detail: "梅园***", Masked: true}, want: floor.Recipient{Province: "江苏", Detail: "梅园***", Masked: true}},
	} {
		got, why := Split(tt.to)
		if got != tt.want || why != tt.why {
			t.Errorf("%s: %+v, %q; want %+v, %q", tt.name, got, why, tt.want, tt.why)
		}
		if again, w := Split(got); again != got || w != why {
			t.Errorf("%s: split again it is %+v, %q; want the same", tt.name, again, w)
		}
	}
}

// What is remembered of divisions is what reading them says, and has a bound.
func TestDivisionsAreRemembered(t *testing.T) {
	var r register
	for range 2 {
		for _, text := range []string{"广东省深圳市南山区", "广东省杭州市西湖区", "鼓楼区", strings.Repeat("上海市", 40)} {
			if got, want := r.why(text), why(Parse(text).Flags); got != want {
				t.Errorf("%s: %q; want %q", text, got, want)
			}
		}
	}
	if len(r.known) != 3 {
		t.Errorf("%d are remembered; want 3", len(r.known))
	}
	for i := range maxNamed {
		r.why(fmt.Sprint(i))
	}
	if len(r.known) > maxNamed {
		t.Errorf("%d are remembered", len(r.known))
	}
}

func BenchmarkSplit(b *testing.B) {
	to := floor.Recipient{Name: "张三丰", Phone: "13800000001", Province: "广东省", City: "深圳市", District: "南山区", Detail: "示例路12号3幢"}
	b.ReportAllocs()
	for b.Loop() {
		Split(to)
	}
}
