package web_test

import (
	"testing"

	"floord/floor"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"
)

// TestCountTypedAfterOneScan: a picker and a packer scan one piece and type how many there
// are, on the keys of the screen or of the keyboard; more than is wanted is refused.
func TestCountTypedAfterOneScan(t *testing.T) {
	t.Parallel()
	s := newSite(t, pdatest.Options{Steps: pda.Steps{Bin: "scan", Item: "count", Tote: "scan"}, CountItems: true})
	id := s.ReceiveOf(floor.ShopLine{SKU: pdatest.SKU(3), Qty: 12}, floor.ShopLine{SKU: pdatest.SKU(7), Qty: 1})
	task := s.Release(id)
	b := newBrowser(t)
	p := b.picking(s)
	p.scan(string(pdatest.Bin(3)))
	p.says("扫描商品")
	p.scan("SK003")
	p.says("拿了几件？要 12 件")
	p.scan("tote-1") // the count comes first
	p.says("拿了几件？要 12 件")
	for _, k := range []string{"1", "3"} {
		p.press(k)
	}
	p.look("pda-count")
	p.press("确认")
	p.says("13 件太多了，只要 12 件")
	p.press("知道了")
	p.scan("12")
	p.says("放入 1 号位")
	p.scan("tote-1")
	p.scan(string(pdatest.Bin(7)))
	p.scan("SK007") // of one there is nothing to count
	p.says("放入 1 号位")
	p.scan("tote-1")
	p.says("暂无任务")
	p.sent()
	if o := s.Order(id); o.Lines[0].Picked != 12 || o.Lines[1].Picked != 1 {
		t.Errorf("picked %+v of %s; want 12 and 1", o.Lines, task)
	}

	x := b.open("http://"+s.Addr+"/station?token="+s.Pair("pack-screen", "station", "pack-1"), 1280, 800)
	x.says("请扫描工牌")
	x.scan("badge-wang.fang")
	x.says("扫描周转箱或订单号")
	x.scan("tote-1")
	x.says("逐件扫描商品")
	x.scan("SK003")
	x.says("一共几件？还差 12 件")
	x.look("station-count")
	x.scan("11")
	x.says("11 / 12")
	x.scan("SK003")
	x.says("✓ 12")
	x.scan("SK007")
	x.until("document.body.innerText.indexOf('逐件扫描商品') < 0")
}
