package label

import "time"

// Sample fills the template with a sample order, so that it can be looked at: as
// long as most texts are, in the words of lang.
func (t *Template) Sample(lang string) (Page, error) {
	switch t.For {
	case waybillKind:
		w := SampleWaybill()
		w.Lang = lang
		return w.Fill(t)
	case waveKind:
		return Wave{
			ID: "W-12", Copy: 1, Kind: "边拣边分", QR: "W-12 12单30行41件\n冰袋3:1,4,7\n德邦2:2,5\n刻字1:9\nhttp://wms.lan:8480/wave?id=W-12",
			Orders: 12, Lines: 30, Units: 41, Totes: 12, Zones: "A B", Person: "李伟",
			Requirements: []string{"冰袋×3：1、4、7 号箱", "德邦×2：2、5 号箱", "刻字×1：9 号箱"},
			DueBy:        sampleTime.Add(8 * time.Hour), PrintedAt: sampleTime, Lang: lang,
		}.Fill(t)
	case testKind:
		return Grid{Printer: "TSC TTP-244", Station: "pack-1", Language: "tspl", PrintedAt: sampleTime, Lang: lang}.Fill(t)
	}
	name := "红富士苹果 5斤装"
	if t.For == badgeKind {
		name = "李伟"
	}
	return t.Fill(map[string]string{
		"box": "BX-20261121-007", "order_no": "DB20261121-ORD-000123", "shop": "拼多多 示范旗舰店", "carrier": "顺丰速运",
		"piece": "2/3", "weight": "2.350kg", "wave": "W-12/4", "special": "冰袋 易碎", "printed_at": stamp(sampleTime),
		"kinds": "3", "total": "6", "slot": "W1-B-03", "wall": "1 号播种墙",
		"bin": "A-03-2-1", "zone": "A 区", "sku": "SKU-000317", "name": name,
		"person": "li.wei", "roles": "拣货 打包", "site": "东坝一号仓", "badge": "EMP-0007",
		"device": "pda-07", "kind": "手持终端", "code": "K7QD2M5XHT4P", "url": "http://wms.lan:8480/pda",
		"qr": "http://wms.lan:8480/pda#pair=K7QD2M5XHT4P", "until": "2026-11-21 10:00",
	}, []string{"红富士苹果 5斤装×1", "牛乳糖 奶香原味 250g×2", "手工皂×3"}, lang)
}

// Samples are the sample label and some with more to say in one place or another,
// which need not fit: where most labels have a line, one of them has it.
func (t *Template) Samples(lang string) ([]Page, error) {
	p, err := t.Sample(lang)
	if err != nil || t.For != waybillKind {
		return []Page{p}, err
	}
	pages := []Page{p}
	for _, more := range []func(*Waybill){
		func(w *Waybill) { w.Recipient.Address += w.Recipient.Address },
		func(w *Waybill) { w.Sender.Address += "装卸平台东侧" + w.Sender.Address },
		func(w *Waybill) { w.Remarks += "谢谢师傅" },
		func(w *Waybill) { w.Items = append(w.Items, w.Items...) },
		func(w *Waybill) { w.Payment, w.Piece, w.Pieces = "月结", 2, 3 },
	} {
		w := SampleWaybill()
		w.Lang = lang
		more(&w)
		if p, err = w.Fill(t); err != nil {
			return nil, err
		}
		pages = append(pages, p)
	}
	return pages, nil
}

var sampleTime = time.Date(2026, 11, 21, 9, 30, 5, 0, time.FixedZone("CST", 8*3600))

// SampleWaybill is an ordinary parcel. All of it fits on every shipped template,
// and every Chinese font has its characters.
func SampleWaybill() Waybill {
	return Waybill{
		Number: "SF1234567890123", Carrier: "顺丰速运", Service: "标快", SortCode: "571-A12-03", Hub: "杭州余杭集",
		Recipient: Party{Name: "王小明", Phone: "13812345678", Address: "浙江省杭州市余杭区仓前街道文一西路969号西溪园区3号楼2单元1502室"},
		Sender:    Party{Name: "大白鹅仓储发货部", Phone: "021-66668888", Address: "上海市浦东新区张江镇祖冲之路2288弄1号仓B区"},
		OrderNo:   "DB20261121-ORD-000123", ParcelID: "P-77", Copy: 1, Grams: 2350,
		Items: []Item{
			{Name: "红富士苹果 净重5斤装", Quantity: 1}, {Name: "牛乳糖 奶香原味 250g", Quantity: 2},
			{Name: "手工羊奶皂 薰衣草", Quantity: 3}, {Name: "灰枣 免洗 500g", Quantity: 2},
		},
		Special: "冰袋 易碎 勿压", Remarks: "请放小区东门丰巢柜，放不下就打电话，不要放门口鞋架", Wave: "W-12/4", PrintedAt: sampleTime, Reveal: true,
	}
}
