package shop

import (
	"testing"
	"time"
)

// TestPrepare: what a shop says of an order that was prepared is what it says of any.
func TestPrepare(t *testing.T) {
	for name, s := range map[string]*Shop{
		"pdd": NewPDD("c", "s", "t"), "douyin": NewDouyin("c", "s", "t"), "taobao": NewTaobao("c", "s", "t"), "jd": NewJD("c", "s", "t"),
		"kuaishou": NewKuaishou("c", "s", "g", "t"), "xiaohongshu": NewXiaohongshu("c", "s", "t"), "wechat": NewWeChat("c", "s", "t"),
		"shopify": NewShopify("t"), "woo": NewWoo("c", "s"), "amazon": NewAmazon("c", "s", "t"),
	} {
		s.Quick(true)
		number := s.Prepare(Order{Items: []Item{{SKU: "A", Name: "T恤 <\"大\">", Qty: 2}}, PayFen: 100, Name: "张三", PaidAt: time.Now().Add(-time.Hour)})()
		o := s.orders[number]
		if got, want := string(o.said), string(mustJSON(s.tell(o))); got != want {
			t.Errorf("%s says\n%s\nwant\n%s", name, got, want)
		}
	}
}
