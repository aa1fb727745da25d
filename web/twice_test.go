package web_test

import (
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/pda/pdatest"
)

// TestOneBadgeAtTwoStations: the second station takes the person over and says so; the
// first asks for a badge, and what lies on its table stays there for whoever comes.
func TestOneBadgeAtTwoStations(t *testing.T) {
	t.Parallel()
	s := newSite(t, pdatest.Options{Rules: func(o *foreman.Options) { o.Stations = []floor.StationID{"pack-1", "pack-2"} }})
	id := s.Receive(3)
	task := s.Release(id)
	hand := s.Dial(s.Pair("pda-01", "pda", ""), "li.wei")
	if _, err := hand.Act("take", map[string]any{}); err != nil {
		t.Fatal(err)
	}
	s.PickAll(hand, task)
	b := newBrowser(t)
	one := b.open("http://"+s.Addr+"/station?token="+s.Pair("screen-1", "station", "pack-1"), 1280, 800)
	one.says("请扫描工牌")
	one.scan("badge-wang.fang")
	one.says("扫描周转箱或订单号")
	one.scan(string(pdatest.Tote(s.Task(task), 1)))
	one.says("逐件扫描商品")
	two := b.open("http://"+s.Addr+"/station?token="+s.Pair("screen-2", "station", "pack-2"), 1280, 800)
	two.says("请扫描工牌")
	two.scan("badge-wang.fang")
	two.says("您还登录在 screen-1")
	two.look("station-twice")
	two.press("知道了")
	two.says("扫描周转箱或订单号")
	one.says("请扫描工牌")
	one.scan("badge-zhao.lei")
	one.says("逐件扫描商品") // the parcel is still on that table
	one.scan("SK003")
	one.says("封好箱放到秤上")
}
