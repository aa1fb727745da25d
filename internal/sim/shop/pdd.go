package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pdd is the face of Pinduoduo's gateway.
type pdd struct{}

// NewPDD makes a Pinduoduo shop that knows one app and its token.
func NewPDD(client, secret, token string) *Shop {
	return newShop(pdd{}, traits{
		number: func(n int, at time.Time) string { return fmt.Sprintf("%s-%015d", at.In(china).Format("060102"), n) },
		window: 30 * time.Minute, size: 100, first: 1, skew: 10 * time.Minute, pay: "pay_amount", closed: true,
		can: Can{Reship: true, More: true, Answers: true, Says: true, Renews: true, Hold: "platform_hold", Cancel: "refund"},
	}, app{client: client, secret: secret, token: token, refresh: "r-" + token})
}

func (pdd) read(s *Shop, r *http.Request, _ []byte) question {
	f := r.PostForm
	q := question{
		method: f.Get("type"), client: f.Get("client_id"), token: f.Get("access_token"), at: time.Unix(whole(f.Get("timestamp")), 0),
		signed: f.Get("sign") == strings.ToUpper(md5hex(s.app.secret+pairs(f, false)+s.app.secret)),
		from:   time.Unix(whole(f.Get("start_updated_at")), 0), to: time.Unix(whole(f.Get("end_updated_at")), 0),
		page: int(whole(f.Get("page"))), size: int(whole(f.Get("page_size"))), number: f.Get("order_sn"),
		carrier: f.Get("logistics_id"), waybill: f.Get("tracking_number"), fee: -1,
	}
	if q.client == "" {
		q.client = "?"
	}
	switch q.method {
	case "pdd.order.number.list.increment.get":
		status, refund, lucky := f.Get("order_status"), f.Get("refund_status"), f.Get("is_lucky_flag")
		q.op, q.by, q.filter = "list", status+" "+refund+" "+lucky, func(o *order) bool { // 5 and 0 mean all
			return (status == "5" || status == strconv.Itoa(o.status)) && (refund == "5" || refund == strconv.Itoa(o.refund)) && (lucky == "0" || lucky == "1")
		}
	case "pdd.order.information.get":
		q.op = "detail"
	case "pdd.logistics.online.send":
		if q.op = "ship"; f.Get("redelivery_type") == "2" {
			q.op = "reship"
		}
		q.bad = whole(q.carrier) < 0
	case "pdd.order.upload.extra.logistics":
		var list []struct {
			Carrier json.Number `json:"shipping_id"`
			Waybill string      `json:"tracking_number"`
		}
		q.op, q.bad = "more", json.Unmarshal([]byte(f.Get("extra_track_list")), &list) != nil || len(list) != 1
		if !q.bad {
			q.carrier, q.waybill = list[0].Carrier.String(), list[0].Waybill
		}
	case "pdd.refund.list.increment.get":
		q.op, q.number = "requests", ""
		q.bad = f.Get("after_sales_status") != "2" || q.to.Sub(q.from) > 30*time.Minute || q.size > 100
	case "pdd.rdc.pddgenius.sendgoods.cancel":
		var p struct {
			Order   string      `json:"tid"`
			Request json.Number `json:"refund_id"`
			Fee     int64       `json:"refund_fee"`
			Status  string      `json:"status"`
			Reason  int         `json:"fail_reason_code"`
			At      int64       `json:"operate_time"`
		}
		q.op, q.bad = "cancel", json.Unmarshal([]byte(f.Get("param")), &p) != nil || p.Status != "SUCCESS" && p.Status != "FAIL"
		q.number, q.request, q.fee, q.yes = p.Order, p.Request.String(), p.Fee, p.Status == "SUCCESS"
		q.since = time.UnixMilli(p.At)
		if p.Reason > 0 {
			q.reason = strconv.Itoa(p.Reason)
		}
	case "pdd.pop.auth.token.refresh":
		q.op, q.token = "renew", f.Get("refresh_token")
	}
	return q
}

func (pdd) answer(q question, a reply) (int, map[string]string, any) {
	in := map[string]any{"request_id": "16000000000000000002"}
	name := ""
	switch q.op {
	case "list":
		name, in["total_count"], in["has_next"] = "order_sn_increment_get_response", a.total, false
		if in["order_sn_list"] = a.orders; a.orders == nil {
			in["order_sn_list"] = []any{}
		}
	case "detail":
		name, in["order_info"] = "order_info_get_response", a.one
	case "ship", "reship":
		name, in["is_success"] = "logistics_online_send_response", true
	case "more":
		name, in["success"] = "order_upload_extra_logistics_response", true
	case "requests":
		rows := []any{}
		for _, o := range a.requests {
			rows = append(rows, map[string]any{
				"id": o.request.id, "order_sn": o.Number, "after_sales_status": o.afterSale, "after_sales_type": 2,
				"refund_amount": yuan(o.PayFen), "order_amount": yuan(o.PayFen), "updated_time": local(o.request.changed),
				"created_time": local(o.request.changed), "speed_refund_flag": 0,
			})
		}
		name, in["refund_list"], in["total_count"] = "refund_increment_get_response", rows, a.total
	case "cancel":
		name, in["result"] = "rdc_pddgenius_sendgoods_cancel_response", map[string]any{"result_data": map[string]any{"refund_id": a.order.request.id}}
	case "renew":
		name, in["access_token"], in["refresh_token"], in["expires_in"] = "pop_auth_token_refresh_response", a.token.token, a.token.refresh, 86400
	}
	return http.StatusOK, nil, map[string]any{name: in}
}

func (pdd) fault(_ question, t trouble) (int, any) {
	code, sub, text := 50001, "50001", string(t) // the business behind the gateway
	switch t {
	case badClient:
		code, text = 10016, "client下线或者clientId不正确"
	case badStamp:
		code, text = 10001, "公共参数错误:timestamp"
	case badSign:
		code, text = 20004, "签名sign校验失败"
	case tokenOver:
		code, text = 10019, "access_token已过期"
	case badIP:
		code, text = 20005, "ip无权访问接口，请加入ip白名单"
	case tooMany:
		code, text = 52101, "当前接口被限流，请稍后重试"
	case badMethod:
		code, text = 10017, "type不正确"
	case badParams:
		code, text = 21001, "请求参数错误"
	}
	if code != 50001 {
		sub = strconv.Itoa(code)
	}
	return http.StatusOK, map[string]any{"error_response": map[string]any{
		"error_code": code, "error_msg": text, "sub_code": sub, "sub_msg": text, "request_id": "16000000000000000009",
	}}
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

func extra(all []string) []any {
	out := []any{}
	for i := 1; i < len(all); i++ {
		out = append(out, map[string]any{"tracking_number": all[i]})
	}
	return out
}

// order gives the order in the platform's form. The receiver is cipher, and there
// only while the order waits to be shipped and is not under audit.
func (pdd) order(o *order, _ time.Time) map[string]any {
	paid := local(o.PaidAt)
	m := map[string]any{
		"order_sn": o.Number, "order_status": o.status, "refund_status": o.refund, "after_sales_status": o.afterSale,
		"confirm_status": 1, "confirm_time": paid, "group_status": o.group, "risk_control_status": digit(o.audit), "trade_type": 0,
		"created_time": local(o.PaidAt.Add(-20 * time.Second)), "pay_time": paid, "last_ship_time": local(o.PaidAt.Add(o.ShipIn)),
		"updated_at": local(o.changed), "shipping_time": nil, "receive_time": nil,
		"goods_amount": double(o.PayFen), "discount_amount": json.Number("0.0"), "postage": json.Number("0.0"), "pay_amount": double(o.PayFen),
		"pay_type": "WEIXIN", "country": "中国", "province": o.Province, "city": o.City, "town": o.District,
		"buyer_memo": o.Memo, "remark": nil, "is_pre_sale": 0, "pre_sale_time": nil, "is_lucky_flag": 1, "is_stock_out": 0,
		"free_sf": 0, "urge_shipping_time": nil, "logistics_id": whole(o.carrier), "tracking_number": first(o.waybills), "extra_delivery_list": extra(o.waybills),
		"order_tag_list": []any{tag("delivery_one_day", false), tag("no_trace_delivery", false), tag("ship_hold", o.hold)},
		"item_list":      items(o.Items), "gift_list": items(o.Gifts), "express_memos": o.memos(),
	}
	if len(o.Gifts) > 0 {
		m["gift_order_status"] = 2
	}
	if o.status > 1 {
		m["shipping_time"] = local(o.shippedAt)
	}
	o.pddReceiver(m)
	return m
}

// pddReceiver adds who gets it. The merge id is of name, phone and address; the
// address id changes whenever the address does.
func (o *order) pddReceiver(m map[string]any) {
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

func (o *order) memos() []any {
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

// double writes an amount as the platform's Java prints a double: 39.9, 40.0.
func double(fen int64) json.Number {
	s := strings.TrimSuffix(yuan(fen), "0")
	return json.Number(s)
}
