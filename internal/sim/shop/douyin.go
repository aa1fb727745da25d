package shop

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// douyin is the face of Douyin's open platform: fen and seconds, pages from 0.
type douyin struct{}

// NewDouyin makes a Douyin shop that knows one app and its token.
func NewDouyin(client, secret, token string) *Shop {
	return newShop(douyin{}, traits{
		number: func(n int, _ time.Time) string { return strconv.Itoa(6_900_000_000_000_000_000 + n) },
		window: 90 * 24 * time.Hour, size: 100, skew: 10 * time.Minute, strict: true, pay: "pay_amount", closed: true,
		can: Can{Strict: true, Reship: true, More: true, Answers: true, Moves: true, Renews: true, Hold: "risk", Cancel: "refund"},
	}, app{client: client, secret: secret, token: token, refresh: "r-" + token})
}

// fields reads a JSON object whose numbers keep their text.
func fields(body []byte) (func(string) string, map[string]any, bool) {
	var p map[string]any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	ok := dec.Decode(&p) == nil
	return func(name string) string {
		switch v := p[name].(type) {
		case string:
			return v
		case json.Number:
			return v.String()
		case bool:
			return strconv.FormatBool(v)
		}
		return ""
	}, p, ok
}

// unix reads seconds; the zero time if there are none.
func unix(s string) time.Time {
	if n := whole(s); n >= 0 {
		return time.Unix(n, 0)
	}
	return time.Time{}
}

func (douyin) read(s *Shop, r *http.Request, body []byte) question {
	f := r.URL.Query()
	text, all, ok := fields(body)
	base := s.app.secret + "app_key" + f.Get("app_key") + "method" + f.Get("method") + "param_json" + string(body) + "timestamp" + f.Get("timestamp") + "v2" + s.app.secret
	var tidy bytes.Buffer
	enc := json.NewEncoder(&tidy)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(all)
	q := question{
		method: f.Get("method"), client: f.Get("app_key"), token: f.Get("access_token"), at: unix(f.Get("timestamp")), bad: !ok, fee: -1,
		signed: f.Get("v") == "2" && f.Get("sign") == hex.EncodeToString(hmacOf(base, s.app.secret)) && f.Get("sign_method") == "hmac-sha256" &&
			strings.TrimSpace(tidy.String()) == string(body) && r.URL.Path == "/"+strings.ReplaceAll(f.Get("method"), ".", "/"),
		from: unix(text("update_time_start")), to: unix(text("update_time_end")), page: int(whole(text("page"))), size: int(whole(text("size"))),
		number: text("order_id"), carrier: text("company_code"), waybill: text("logistics_code"),
	}
	switch q.method {
	case "order.searchList":
		q.op = "list"
	case "order.orderDetail":
		q.op, q.number = "detail", text("shop_order_id")
	case "order.logisticsAdd":
		q.op = "ship"
	case "order.logisticsEdit":
		q.op = "reship"
	case "order.logisticsAddMultiPack":
		var p struct {
			Packs []struct {
				Company string `json:"company_code"`
				Code    string `json:"logistics_code"`
				Lines   []struct {
					ID  string `json:"shipped_order_id"`
					Num int    `json:"shipped_num"`
				} `json:"shipped_order_info"`
			} `json:"pack_list"`
		}
		q.op, q.lines = "part", map[string]int{}
		q.bad = json.Unmarshal(body, &p) != nil || len(p.Packs) != 1 || len(p.Packs[0].Lines) == 0 || text("request_id") == ""
		if o := s.orders[q.number]; !q.bad && o != nil {
			q.carrier, q.waybill = p.Packs[0].Company, p.Packs[0].Code
			for _, l := range p.Packs[0].Lines {
				for i, it := range o.Items {
					if dyLine(o, i) == l.ID {
						q.lines[it.SKU] += l.Num
					}
				}
			}
		}
	case "afterSale.List":
		q.op, q.page, q.size = "requests", q.page+1, int(whole(text("size")))
	case "afterSale.CancelSendGoodsSuccess":
		q.op, q.request, q.yes, q.bad = "cancel", text("aftersale_id"), true, q.bad || whole(text("op_time")) <= 0
		q.since = time.Unix(whole(text("op_time")), 0)
	case "order.addressConfirm":
		q.op, q.yes, q.reason = "address", text("is_approved") == "0", text("is_approved")
	case "token.refresh":
		q.op, q.token, q.bad = "renew", text("refresh_token"), q.bad || text("grant_type") != "refresh_token"
	}
	return q
}

func dyLine(o *order, i int) string {
	return strconv.FormatInt(whole(o.Number)+int64(i)*1_000_000_000, 10)
}

func (douyin) order(o *order, _ time.Time) map[string]any {
	status, main, after := 2, 2, 0
	switch {
	case o.refund == 4 && o.status == 1:
		status, main, after = 4, 21, 12
	case o.status == 2:
		status, main = 3, 3
	case o.status == 3:
		status, main = 5, 5
	case o.hold:
		status, main = 105, 105
	case len(o.waybills) > 0:
		status, main = 101, 101
	}
	if o.refund == 2 {
		after = 6
	}
	cipher := fmt.Sprintf("%08x%d", sum(o.Name, o.Phone, o.Street), o.moved)
	var lines []any
	for i, it := range o.Items {
		line := map[string]any{"order_id": dyLine(o, i), "parent_order_id": o.Number, "order_status": status, "main_status": main, "code": it.SKU,
			"sku_id": 1790000000000001, "product_id": 3730000000000000001, "product_name": it.Name, "item_num": it.Qty, "given_product_type": "",
			"after_sale_info": map[string]any{"after_sale_status": after, "after_sale_type": 0, "refund_status": 0}}
		if o.sent[it.SKU] >= it.Qty && o.status == 1 && len(o.waybills) > 0 {
			line["order_status"], line["main_status"] = 3, 3
		} else if status == 101 {
			line["order_status"], line["main_status"] = 2, 2
		}
		lines = append(lines, line)
	}
	var parcels []any
	for _, w := range o.waybills {
		parcels = append(parcels, map[string]any{"tracking_no": w, "company": o.carrier})
	}
	place := func(name string) map[string]any { return map[string]any{"name": name, "id": "1"} }
	return map[string]any{
		"shop_id": 4463798, "order_id": o.Number, "order_status": status, "main_status": main, "pay_time": o.PaidAt.Unix(),
		"create_time": o.PaidAt.Add(-time.Minute).Unix(), "update_time": o.changed.Unix(), "buyer_words": o.Memo, "seller_words": "",
		"pay_amount": o.PayFen, "order_amount": o.PayFen, "encrypt_post_tel": "$dy$" + cipher, "encrypt_post_receiver": "##" + cipher + "##",
		"mask_post_tel": mask(o.Phone, 1), "mask_post_receiver": mask(o.Name, 1),
		"post_addr":      map[string]any{"province": place(o.Province), "city": place(o.City), "town": place(o.District), "encrypt_detail": "##" + cipher},
		"mask_post_addr": map[string]any{"detail": mask(o.Street, 2)}, "open_address_id": "#" + cipher, "exp_ship_time": o.PaidAt.Add(o.ShipIn).Unix(),
		"logistics_info": parcels, "sku_order_list": lines,
	}
}

func (douyin) answer(q question, a reply) (int, map[string]string, any) {
	data := map[string]any{}
	switch q.op {
	case "list":
		if data["total"], data["page"], data["size"] = a.total, a.page, a.size; len(a.orders) > 0 {
			data["shop_order_list"] = a.orders
		}
	case "detail":
		data["shop_order_detail"] = a.one
	case "part":
		data["pack_list"] = []any{}
	case "requests":
		rows := []any{}
		for _, o := range a.requests {
			rows = append(rows, map[string]any{"aftersale_info": map[string]any{"aftersale_id": strconv.FormatInt(o.request.id, 10), "aftersale_status": 6, "refund_amount": o.PayFen},
				"order_info": map[string]any{"shop_order_id": o.Number}})
		}
		data["items"], data["total"] = rows, a.total
	case "renew":
		data["access_token"], data["refresh_token"], data["expires_in"] = a.token.token, a.token.refresh, 604800
	}
	return http.StatusOK, nil, map[string]any{"code": 10000, "msg": "success", "sub_code": "", "sub_msg": "", "log_id": "2026", "data": data}
}

func (douyin) fault(q question, t trouble) (int, any) {
	code, sub, text := 50002, "isv.business-failed:"+string(t), string(t)
	switch t {
	case badSign, badStamp:
		code, sub, text = 40003, "isv.signature-invalid", "签名校验失败"
	case badClient:
		code, sub, text = 40003, "isv.app-not-exist", "应用不存在"
	case tokenOver:
		code, sub, text = 30001, "isv.access-token-expired", "access_token已过期"
	case badIP:
		code, sub, text = 30002, "isv.invalid_ip", "非法IP"
	case tooMany:
		code, sub, text = 70000, "isp.flow-limit", "限流"
	case badParams:
		code, sub, text = 40004, "isv.parameter-invalid", "参数错误"
	case noRequest:
		if q.op == "address" {
			sub = "isv.address-not-applied"
		}
	}
	return http.StatusOK, map[string]any{"code": code, "msg": "fail", "sub_code": sub, "sub_msg": text, "log_id": "2026", "data": nil}
}

// DouyinSign gives the header event-sign of a push.
func DouyinSign(body []byte, client, secret string) string {
	return md5hex(client + string(body) + secret)
}
