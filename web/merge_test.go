package web_test

import (
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
)

// TestAMergedParcelInTheBrowser: the packer sees which orders go in the parcel, a cancel
// of one of them stops it and says which, and the board tells of both.
func TestAMergedParcelInTheBrowser(t *testing.T) {
	t.Parallel()
	s := newBench(t, "zh", nil)
	a, b := s.Receive(1), s.Receive(2)
	mark := s.Order(a).Token
	r, err := s.Foreman.Merge(t.Context(), s.Root(), "同一收件人", []foreman.Member{{ID: a, Mark: mark}, {ID: b, Mark: mark}})
	s.Must(err)
	if len(r.Events) != 1 {
		t.Fatalf("merging wrote %d events", len(r.Events))
	}
	g := s.Order(a).In
	task := s.Release(g)
	_, err = s.picker.Act("take", map[string]any{})
	s.Must(err)
	s.PickAll(s.picker, task)
	w := s.x
	w.says("请扫描工牌")
	w.scan("badge-wang.fang")
	w.scan(string(b)) // its number stands for the parcel it goes in
	w.says("2 个订单合成一个包裹")
	w.says(string(a))
	w.look("station-merged")
	cancelThere(t, s, b)
	w.says(string(b))
	w.says("整个包裹先停")
	w.look("station-merged-stopped")
	board := w.b.open("http://"+s.Addr+"/board?token="+s.Pair("board-1", "board", ""), 1280, 800)
	board.says("组长扫描工牌后可以操作")
	board.scan("badge-zhao.lei")
	board.says(string(b))
	board.click(string(b))
	board.says("合单 " + string(g) + "，同一包裹：")
	board.says("2 个订单合成一个包裹：" + string(g) + "（规则“同一收件人”）")
}

// cancelThere has the shop cancel an order.
func cancelThere(t *testing.T, s *bench, id floor.OrderID) {
	t.Helper()
	o := s.Order(id)
	said := floor.ShopOrder{Channel: o.Channel, Shop: o.Shop, Number: o.Number, State: floor.ShopCancelled, ModifiedAt: o.ModifiedAt.Add(time.Minute), Pay: o.Pay, Content: strings.Repeat("f", 8)}
	for _, l := range o.Lines {
		said.Lines = append(said.Lines, floor.ShopLine{SKU: l.SKU, Qty: l.Qty})
	}
	_, err := s.Foreman.Receive(t.Context(), foreman.Intake{Key: s.Root().Key, Channel: o.Channel, Orders: []floor.ShopOrder{said}})
	s.Must(err)
}
