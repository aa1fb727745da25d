package shop

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
)

// json gives the order in the platform's form. The receiver is cipher, and there
// only while the order waits to be shipped and is not under audit.
func (o *pddOrder) json(now time.Time) json.RawMessage {
	if o.raw != nil {
		return o.raw
	}
	paid := local(o.PaidAt)
	m := map[string]any{
		"order_sn": o.Number, "order_status": o.status, "refund_status": o.refund, "after_sales_status": o.afterSale,
		"confirm_status": 1, "confirm_time": paid, "group_status": o.group, "risk_control_status": digit(o.audit), "trade_type": 0,
		"created_time": local(o.PaidAt.Add(-20 * time.Second)), "pay_time": paid, "last_ship_time": local(o.PaidAt.Add(o.ShipIn)),
		"updated_at": local(o.changed), "shipping_time": nil, "receive_time": nil,
		"goods_amount": double(o.PayFen), "discount_amount": json.Number("0.0"), "postage": json.Number("0.0"), "pay_amount": double(o.PayFen),
		"pay_type": "WEIXIN", "country": "中国", "province": o.Province, "city": o.City, "town": o.District,
		"buyer_memo": o.Memo, "remark": nil, "is_pre_sale": 0, "pre_sale_time": nil, "is_lucky_flag": 1, "is_stock_out": 0,
		"free_sf": 0, "urge_shipping_time": nil, "logistics_id": o.carrier, "tracking_number": o.waybill,
		"order_tag_list": []any{tag("delivery_one_day", false), tag("no_trace_delivery", false), tag("ship_hold", o.hold)},
		"item_list":      items(o.Items), "gift_list": items(o.Gifts), "express_memos": o.memos(),
	}
	if len(o.Gifts) > 0 {
		m["gift_order_status"] = 2
	}
	if o.status > 1 {
		m["shipping_time"] = local(o.shippedAt)
	}
	o.receiver(m)
	return mustJSON(m)
}

// receiver adds who gets it. The merge id is of name, phone and address; the
// address id changes whenever the address does.
func (o *pddOrder) receiver(m map[string]any) {
	fields := map[string]string{
		"receiver_name": o.Name, "receiver_phone": o.Phone, "contact_mobile": o.Phone,
		"address": o.Street, "receiver_address": o.Province + o.City + o.District + o.Street,
	}
	hidden := o.status != 1 || o.audit
	for name, plain := range fields {
		m[name] = ""
		if !hidden {
			m[name] = fmt.Sprintf("~AgAAAA%08x%s~0~", sum(plain, o.Number, name), name)
		}
	}
	m["receiver_name_mask"], m["receiver_phone_mask"] = mask(o.Name, 1), mask(o.Phone, 3)
	m["address_mask"], m["receiver_address_mask"] = mask(o.Street, 4), o.Province+o.City+o.District+mask(o.Street, 4)
	m["open_address_id"], m["open_address_id_2"] = "", ""
	if !hidden {
		m["open_address_id"] = fmt.Sprintf("OAID-%08x-%d", sum(o.Name, o.Phone, o.Street), o.moved)
		m["open_address_id_2"] = fmt.Sprintf("OAID2-%08x", sum(o.Name, o.Phone, o.Province, o.City, o.District, o.Street))
	}
}

func (o *pddOrder) memos() []any {
	if len(o.Avoid) == 0 {
		return []any{}
	}
	return []any{map[string]any{"scene": 1, "express_ids": o.Avoid}}
}

func items(all []Item) []any {
	out := []any{}
	for _, it := range all {
		id := sum(it.SKU)
		out = append(out, map[string]any{
			"goods_id": 500_000_000 + int64(id%1000), "sku_id": 9_007_199_254_740_993 + int64(id), // beyond 2^53
			"outer_id": it.SKU, "outer_goods_id": it.SKU, "goods_name": it.Name, "goods_spec": it.Spec,
			"goods_price": json.Number("0.0"), "goods_count": it.Qty, "goods_img": "https://img.example.com/1.jpg",
		})
	}
	return out
}

func tag(name string, on bool) any { return map[string]any{"name": name, "value": digit(on)} }

func digit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// local writes a time as the platform does, on its own clock.
func local(t time.Time) string { return t.In(china).Format("2006-01-02 15:04:05") }

func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// double writes an amount as the platform's Java prints a double: 39.9, 40.0.
func double(fen int64) json.Number {
	s := strings.TrimSuffix(yuan(fen), "0")
	return json.Number(s)
}

// mask hides all but the first runes.
func mask(s string, keep int) string {
	r := []rune(s)
	if len(r) <= keep {
		return strings.Repeat("*", len(r))
	}
	return string(r[:keep]) + strings.Repeat("*", min(len(r)-keep, 8))
}

func sum(parts ...string) uint32 {
	h := fnv.New32a()
	for _, p := range parts {
		h.Write([]byte(p + "\x00"))
	}
	return h.Sum32()
}
