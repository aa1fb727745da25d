// Package labeltest holds the labels that the tests of this folder print, and the
// two decoders that must both read what is on them.
package labeltest

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"

	"floord/label"
)

var when = time.Date(2026, 11, 21, 9, 30, 5, 0, time.FixedZone("CST", 8*3600))

// Waybill is an ordinary parcel: all of it in every Chinese font.
func Waybill() label.Waybill {
	return label.Waybill{
		Number: "SF1234567890123", Carrier: "顺丰速运", Service: "标快", SortCode: "571-A12-03", Hub: "杭州余杭集",
		Recipient: label.Party{Name: "王小明", Phone: "13812345678", Address: "浙江省杭州市余杭区仓前街道文一西路969号西溪园区3号楼2单元1502室"},
		Sender:    label.Party{Name: "大白鹅仓储", Phone: "021-66668888", Address: "上海市浦东新区张江镇祖冲之路2288弄1号仓B区"},
		OrderNo:   "DB20261121-ORD-000123", ParcelID: "P-77", Copy: 1, Grams: 2350,
		Items:   []label.Item{{Name: "红富士苹果 5斤装", Quantity: 1}, {Name: "牛乳糖 奶香原味 250g", Quantity: 2}, {Name: "手工皂", Quantity: 3}},
		Special: "冰袋 易碎", Remarks: "请放丰巢，勿打电话", Wave: "W-12/4", PrintedAt: when,
	}
}

// FullWaybill is a parcel with as much to say as a real one of two parts has: some
// six hundred characters, no two goods alike.
func FullWaybill() label.Waybill {
	w := Waybill()
	w.Reveal = true
	w.Recipient = label.Party{Name: "欧阳雪莹", Phone: "17620351946-8027",
		Address: "广东省广州市番禺区南村镇兴南大道368号锦绣香江花园翡翠绿洲森林半岛二期紫荆阁7栋2单元1803房（靠近南门菜鸟驿站，晚上七点以后在家）"}
	w.Sender = label.Party{Name: "东坝一号仓发货部", Phone: "0755-27389615",
		Address: "广东省深圳市宝安区福永街道桥头社区立新北路富桥第三工业区二期B栋4楼东侧装卸平台"}
	w.Hub, w.Service, w.Payment = "广州番禺南村集散中心", "标快", "月结"
	w.Items = []label.Item{
		{Name: "陕西洛川红富士苹果 净重5斤装 80mm大果", Quantity: 1}, {Name: "云南褚橙 特级 10斤礼盒", Quantity: 2},
		{Name: "草原牛乳糖 奶香原味 250g袋", Quantity: 3}, {Name: "手工羊奶皂 薰衣草 100g", Quantity: 6},
		{Name: "新疆若羌灰枣 免洗 500g", Quantity: 2}, {Name: "儿童保温杯 316不锈钢 粉色兔子 480ml", Quantity: 1},
		{Name: "纯棉浴巾 深灰 70×140cm", Quantity: 4},
	}
	w.Special = "冰袋×2 易碎 勿压 生日刻字"
	w.Remarks = "请放小区东门丰巢柜，放不下就打电话，不要放门口鞋架，谢谢师傅辛苦了"
	return w
}

// Waybills are parcels by name: the ordinary one and what goes wrong with labels.
func Waybills() map[string]label.Waybill {
	rare := Waybill()
	rare.Reveal = true
	rare.Recipient.Name = "欧阳𠅤龘"
	rare.Recipient.Address = "贵州省黔东南州㙍头镇䶮村𪨊家坳12号"
	rare.Remarks = "José Nguyễn 转交，谢谢 😀"

	long := Waybill()
	long.Number, long.Carrier, long.Service = "JDVA12345678901", "京东物流", "特惠送"
	long.Copy, long.Piece, long.Pieces, long.Payment = 2, 2, 3, "到付"
	long.Recipient.Name = "买买提·阿卜杜热西提"
	long.Recipient.Address = "新疆维吾尔自治区巴音郭楞蒙古自治州和静县巴音布鲁克镇巴西里克村三组通往天鹅湖景区旅游公路南侧第二个路口向东三百米蓝色大门农家乐旁边的快递代收点（请先拨打电话）"
	long.Items = nil
	for i := range 30 {
		long.Items = append(long.Items, label.Item{Name: fmt.Sprintf("货品%02d 规格%d", i+1, i%4+1), Quantity: i%3 + 1})
	}

	hostile := Waybill()
	hostile.Reveal = true
	hostile.Recipient.Name = "\"\r\nPRINT 9,9\r\nTEXT 0,0,\"1\",0,1,1,\""
	hostile.Recipient.Address = `文一西路\["]12号^XZ~JA` + "\x1b!?\u202e\u200b"
	hostile.Remarks = `","CLS \" "" 乗`

	return map[string]label.Waybill{"plain": Waybill(), "rare": rare, "long": long, "hostile": hostile, "full": FullWaybill()}
}

// Wave is a cluster wave with something special in it.
func Wave() label.Wave {
	return label.Wave{
		ID: "W-12", Copy: 1, Kind: "边拣边分", QR: "floord:wave/W-12;3冰袋:1,4,7;2德邦:2,5;1刻字:9",
		Orders: 12, Lines: 30, Units: 41, Totes: 12, Zones: "A B", Person: "李伟",
		Requirements: []string{"冰袋×3（1、4、7号箱）", "德邦×2（2、5号箱）", "刻字×1（9号箱）：生日快乐"},
		DueBy:        when.Add(8 * time.Hour), PrintedAt: when,
	}
}

// A Case is a page by name.
type Case struct {
	Name string
	Page label.Page
	Want []string // contents of its codes, sorted
}

// DPIs are the resolutions to print a case at: all of them the rare waybills and
// what is no waybill, for the others are laid out by the same templates.
func (c Case) DPIs() []int {
	if strings.HasPrefix(c.Name, "waybill") && !strings.HasSuffix(c.Name, "-rare") {
		return []int{203}
	}
	return []int{203, 300}
}

// Pages are all waybills and waves on all templates, and samples of the others.
func Pages(t testing.TB) []Case {
	t.Helper()
	var out []Case
	add := func(name string, p label.Page, err error) {
		if err != nil {
			t.Fatal(err)
		}
		c := Case{Name: name, Page: p}
		for _, x := range p.Codes {
			c.Want = append(c.Want, x.Value)
		}
		// The parts of a label have the same number; readers say it once.
		c.Want = slices.Compact(c.Want)
		for _, x := range p.QRs {
			c.Want = append(c.Want, x.Value)
		}
		slices.Sort(c.Want)
		out = append(out, c)
	}
	for name, w := range Waybills() {
		p, err := label.Waybill100x150(w)
		add("waybill-100x150-"+name, p, err)
		p, err = label.Waybill100x180(w)
		add("waybill-100x180-"+name, p, err)
		p, err = label.Waybill76x130(w)
		add("waybill-76x130-"+name, p, err)
	}
	p, err := label.Wave100x150(Wave())
	add("wave-100x150", p, err)
	p, err = label.Wave76x130(Wave())
	add("wave-76x130", p, err)
	for _, name := range label.Shipped().Names("") {
		if tmpl := label.Shipped()[name]; tmpl.For != "waybill" && tmpl.For != "wave" {
			p, err := tmpl.Sample("zh")
			add(name, p, err)
		}
	}
	slices.SortFunc(out, func(a, b Case) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// ReadCodes gives what gozxing finds on an image, Code 128 and QR, sorted.
func ReadCodes(t testing.TB, m image.Image) []string {
	t.Helper()
	var out []string
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true}
	for _, r := range []gozxing.Reader{oned.NewCode128Reader(), qrcode.NewQRCodeReader()} {
		bmp, err := gozxing.NewBinaryBitmapFromImage(m)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := r.Decode(bmp, hints); err == nil {
			out = append(out, res.GetText())
		}
	}
	slices.Sort(out)
	return out
}

// ReadCodesZbar gives what zbarimg finds, sorted. It needs zbar-tools.
func ReadCodesZbar(t testing.TB, m image.Image) []string {
	t.Helper()
	var in bytes.Buffer
	if err := png.Encode(&in, m); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("zbarimg", "-q", "--raw", "png:-")
	cmd.Stdin = &in
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("zbarimg (package zbar-tools): %v", err)
	}
	out := strings.Split(strings.TrimSpace(string(b)), "\n")
	slices.Sort(out)
	return out
}
