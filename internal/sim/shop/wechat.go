package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// wechat is the face of the WeChat store: a token in the address, nothing signed,
// lists that only name orders.
type wechat struct{}

// NewWeChat makes a WeChat store that knows one app and its token.
func NewWeChat(client, secret, token string) *Shop {
	return newShop(wechat{}, traits{
		number: func(n int, _ time.Time) string { return strconv.Itoa(3_700_000_000_000_000_000 + n) },
		window: 7 * 24 * time.Hour, size: 100, strict: true, pay: "order_detail.price_info.order_price", cursors: true,
		can: Can{Strict: true, More: true, Answers: true, Says: true, Moves: true, Renews: true, Hold: "platform_hold", Cancel: "refund"},
	}, app{client: client, secret: secret, token: token})
}

func (wechat) read(s *Shop, r *http.Request, body []byte) question {
	text, all, ok := fields(body)
	q := question{
		method: strings.TrimPrefix(r.URL.Path, "/"), signed: true, token: r.URL.Query().Get("access_token"), at: s.now(), bad: !ok, fee: -1,
		size: int(whole(text("page_size"))), cursor: text("next_key"), number: text("order_id"), request: text("after_sale_order_id"), reason: text("reject_reason_type"),
	}
	switch q.method {
	case "channels/ec/order/list/get":
		span, _ := all["update_time_range"].(map[string]any)
		raw, _ := json.Marshal(span)
		of, _, _ := fields(raw)
		q.op, q.from, q.to = "list", unix(of("start_time")), unix(of("end_time"))
	case "channels/ec/order/get":
		q.op = "detail"
	case "channels/ec/order/delivery/send":
		var p struct {
			List []struct {
				Type     int    `json:"deliver_type"`
				Carrier  string `json:"delivery_id"`
				Waybill  string `json:"waybill_id"`
				Products []struct {
					Product string `json:"product_id"`
					SKU     string `json:"sku_id"`
					Count   int    `json:"product_cnt"`
				} `json:"product_infos"`
			} `json:"delivery_list"`
		}
		q.op, q.lines = "part", map[string]int{}
		if q.bad = json.Unmarshal(body, &p) != nil || len(p.List) != 1 || p.List[0].Type != 1 || len(p.List[0].Products) == 0; !q.bad {
			q.carrier, q.waybill = p.List[0].Carrier, p.List[0].Waybill
			if o := s.orders[q.number]; o != nil {
				for _, x := range p.List[0].Products {
					for _, it := range o.Items {
						if wxSKU(it) == x.SKU {
							q.lines[it.SKU] += x.Count
						}
					}
				}
			}
		}
	case "channels/ec/aftersale/acceptapply":
		q.op, q.yes = "cancel", true
	case "channels/ec/aftersale/rejectapply":
		q.op = "cancel"
	case "channels/ec/order/addressmodify/accept":
		q.op, q.yes = "address", true
	case "channels/ec/order/addressmodify/reject":
		q.op, q.reason = "address", "no"
	case "cgi-bin/stable_token":
		q.op, q.token, q.client, q.signed = "renew", "", text("appid"), text("secret") == s.app.secret
	}
	return q
}

func wxSKU(it Item) string { return strconv.Itoa(20_000_000 + int(sum(it.SKU)%1_000_000)) }

func (wechat) order(o *order, _ time.Time) map[string]any {
	status := 20
	switch {
	case o.refund == 4 && o.status == 1:
		status = 200
	case o.status == 2:
		status = 30
	case o.status == 3:
		status = 100
	case o.hold:
		status = 12
	case len(o.waybills) > 0:
		status = 21
	}
	asked, after := 0, []any{}
	if o.refund == 2 {
		asked, after = 1, append(after, map[string]any{"aftersale_order_id": strconv.FormatInt(o.request.id, 10)})
	}
	var lines []any
	for _, it := range o.Items {
		lines = append(lines, map[string]any{"product_id": "10000000000001", "sku_id": wxSKU(it), "sku_cnt": it.Qty, "on_aftersale_sku_cnt": asked,
			"finish_aftersale_sku_cnt": 0, "title": it.Name, "sku_code": it.SKU, "sku_attrs": []any{}, "delivery_deadline": o.PaidAt.Add(o.ShipIn).Unix(), "is_discounted": false})
	}
	parcels := []any{}
	for _, w := range o.waybills {
		parcels = append(parcels, map[string]any{"waybill_id": w, "delivery_id": o.carrier})
	}
	return map[string]any{
		"order_id": o.Number, "openid": "OPENID", "status": status, "create_time": o.PaidAt.Add(-time.Minute).Unix(), "update_time": o.changed.Unix(),
		"order_detail": map[string]any{
			"product_infos": lines, "pay_info": map[string]any{"pay_time": o.PaidAt.Unix()}, "price_info": map[string]any{"order_price": o.PayFen},
			"delivery_info": map[string]any{"delivery_product_info": parcels, "address_info": map[string]any{"user_name": mask(o.Name, 1), "province_name": o.Province,
				"city_name": o.City, "county_name": o.District, "detail_info": mask(o.Street, 2), "tel_number": mask(o.Phone, 3),
				"hash_code": fmt.Sprintf("%08x-%d", sum(o.Name, o.Phone, o.Street), o.moved)}},
			"ext_info": map[string]any{"customer_notes": o.Memo, "merchant_notes": ""},
		},
		"aftersale_detail": map[string]any{"aftersale_order_list": after, "on_aftersale_order_cnt": asked},
	}
}

func (wechat) answer(q question, a reply) (int, map[string]string, any) {
	in := map[string]any{"errcode": 0, "errmsg": "ok"}
	switch q.op {
	case "list":
		if in["next_key"], in["has_more"] = a.next, a.next != ""; len(a.numbers) > 0 {
			in["order_id_list"] = a.numbers
		}
	case "detail":
		in["order"] = a.one
	case "renew":
		return http.StatusOK, nil, map[string]any{"access_token": a.token.token, "expires_in": 7200}
	}
	return http.StatusOK, nil, in
}

func (wechat) fault(q question, t trouble) (int, any) {
	code, text := 100000, string(t)
	switch t {
	case badSign:
		code, text = 40125, "invalid appsecret"
	case badClient:
		code, text = 40013, "invalid appid"
	case tokenOver:
		code, text = 42001, "access_token expired"
	case badIP:
		code, text = 40164, "invalid ip, not in whitelist"
	case tooMany:
		code, text = 45009, "reach max api daily quota limit"
	case refundOpen:
		code, text = 108009, "order in aftersale"
	case isShipped:
		code, text = 109001, "already delivered"
	case noRequest:
		if q.op == "address" {
			code = 100100
		}
	}
	return http.StatusOK, map[string]any{"errcode": code, "errmsg": text + " rid: 0000"}
}
