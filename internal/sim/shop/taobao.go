package shop

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// taobao is the face of Taobao's open platform (TOP): numbers beyond 2^53, lists
// within lists, and no list at all where there is nothing.
type taobao struct{}

// NewTaobao makes a Taobao shop that knows one app and its session.
func NewTaobao(client, secret, token string) *Shop {
	return newShop(taobao{}, traits{
		number: func(n int, _ time.Time) string { return strconv.Itoa(3_100_000_000_000_000_000 + n) },
		window: 24 * time.Hour, size: 100, first: 1, skew: 10 * time.Minute, pay: "payment", closed: true,
		can: Can{Reship: true, More: true, Answers: true, Says: true, Hold: "platform_hold", Cancel: "refund"},
	}, app{client: client, secret: secret, token: token})
}

func (taobao) read(s *Shop, r *http.Request, _ []byte) question {
	f := r.PostForm
	q := question{
		method: f.Get("method"), client: f.Get("app_key") + "?", token: f.Get("session"), at: fromLocal(f.Get("timestamp")),
		from: fromLocal(f.Get("start_modified")), to: fromLocal(f.Get("end_modified")), page: int(whole(f.Get("page_no"))),
		size: int(whole(f.Get("page_size"))), number: f.Get("tid"), carrier: f.Get("company_code"), waybill: f.Get("out_sid"), fee: -1,
	}
	q.client = strings.TrimSuffix(q.client, "?")
	text := pairs(f, true)
	switch f.Get("sign_method") {
	case "hmac-sha256":
		q.signed = f.Get("sign") == strings.ToUpper(hex.EncodeToString(hmacOf(text, s.app.secret)))
	case "md5":
		q.signed = f.Get("sign") == strings.ToUpper(md5hex(s.app.secret+text+s.app.secret))
	}
	q.signed = q.signed && f.Get("format") == "json" && f.Get("v") == "2.0"
	switch q.method {
	case "taobao.trades.sold.increment.get":
		q.op = "list"
	case "taobao.trade.fullinfo.get":
		q.op, q.bad = "detail", f.Get("fields") == ""
	case "taobao.logistics.online.send":
		if q.op = "ship"; f.Get("is_split") == "1" {
			q.op, q.lines = "part", map[string]int{}
			for _, oid := range strings.Split(f.Get("sub_tid"), ",") {
				if o := s.orders[q.number]; o != nil {
					for i, it := range o.Items {
						if oidOf(o, i) == oid {
							q.lines[it.SKU] += it.Qty
						}
					}
				}
			}
			q.bad = len(q.lines) == 0
		}
	case "taobao.logistics.consign.resend":
		q.op = "reship"
	case "taobao.refunds.receive.get":
		q.op = "requests"
	case "taobao.top.oaid.merge":
		var list []struct{ Tid, Oaid string }
		q.op, q.bad = "merge", json.Unmarshal([]byte(f.Get("merge_list")), &list) != nil || len(list) == 0 || len(list) > 100
		to := map[string][]string{}
		for _, x := range list {
			if o := s.orders[x.Tid]; o != nil && x.Oaid == oaid(o) {
				to[recipientOf(o)] = append(to[recipientOf(o)], x.Tid)
			}
		}
		for _, tids := range to {
			q.reason += strings.Join(tids, ",") + "|"
		}
	case "taobao.tmc.messages.consume":
		q.op, q.size = "consume", int(whole(f.Get("quantity")))
	case "taobao.tmc.messages.confirm":
		q.op, q.request = "confirm", f.Get("s_message_ids")
	case "taobao.rdc.aligenius.sendgoods.cancel":
		var p struct {
			Refund, Tid json.Number
			ID          json.Number `json:"refund_id"`
			Fee         int64       `json:"refund_fee"`
			Status      string
			At          string `json:"operate_time"`
		}
		q.op, q.bad = "cancel", json.Unmarshal([]byte(f.Get("param")), &p) != nil || p.Status != "SUCCESS" && p.Status != "FAIL"
		q.number, q.request, q.fee, q.yes, q.reason = p.Tid.String(), p.ID.String(), p.Fee, p.Status == "SUCCESS", p.Status
		q.since, _ = time.ParseInLocation(time.DateTime, p.At, time.FixedZone("", 8*3600))
	}
	return q
}

// recipientOf names whom an order goes to; oaid is what the shop gives out in its place,
// another for each order.
func recipientOf(o *order) string {
	return fmt.Sprintf("%08x%d", sum(o.Name, o.Phone, o.Street), o.moved)
}
func oaid(o *order) string { return fmt.Sprintf("2v6sZ%s%08x", recipientOf(o), sum(o.Number)) }

func oidOf(o *order, i int) string { return strconv.FormatInt(whole(o.Number)+int64(i)*1_000_000, 10) }

func (taobao) order(o *order, _ time.Time) map[string]any {
	status, refund := "WAIT_SELLER_SEND_GOODS", "NO_REFUND"
	switch {
	case o.refund == 4 && o.status == 1:
		status, refund = "TRADE_CLOSED", "SUCCESS"
	case o.status == 2:
		status = "WAIT_BUYER_CONFIRM_GOODS"
	case o.status == 3:
		status = "TRADE_FINISHED"
	case o.hold:
		status = "PAID_FORBID_CONSIGN"
	case len(o.waybills) > 0:
		status = "SELLER_CONSIGNED_PART"
	}
	if o.refund == 2 {
		refund = "WAIT_SELLER_AGREE"
	}
	var lines []any
	for i, it := range o.Items {
		line := map[string]any{"oid": whole(oidOf(o, i)), "oid_str": oidOf(o, i), "num": it.Qty, "num_iid": 610000000003, "sku_id": "4900000000003",
			"outer_sku_id": it.SKU, "title": it.Name, "sku_properties_name": it.Spec, "status": "WAIT_SELLER_SEND_GOODS", "refund_status": refund,
			"divide_order_fee": yuan(o.PayFen), "is_oversold": false}
		if o.sent[it.SKU] >= it.Qty || o.status > 1 {
			line["status"] = "WAIT_BUYER_CONFIRM_GOODS"
		}
		if i < len(o.waybills) {
			line["invoice_no"], line["logistics_company"] = o.waybills[i], o.carrier
		}
		lines = append(lines, line)
	}
	return map[string]any{
		"tid": whole(o.Number), "tid_str": o.Number, "type": "fixed", "status": status, "seller_nick": "示例旗舰店", "payment": yuan(o.PayFen),
		"created": local(o.PaidAt.Add(-time.Minute)), "pay_time": local(o.PaidAt), "modified": local(o.changed), "receiver_name": mask(o.Name, 1),
		"receiver_state": o.Province, "receiver_city": o.City, "receiver_district": o.District, "receiver_address": mask(o.Street, 2),
		"receiver_mobile": "*******" + "0001", "oaid": oaid(o),
		"has_buyer_message": o.Memo != "", "buyer_message": o.Memo, "delivery_time": local(o.PaidAt.Add(o.ShipIn)),
		"orders": map[string]any{"order": lines},
	}
}

func (taobao) answer(q question, a reply) (int, map[string]string, any) {
	in := map[string]any{"request_id": "16y2"}
	name := strings.ReplaceAll(strings.TrimPrefix(q.method, "taobao."), ".", "_") + "_response"
	switch q.op {
	case "list":
		if in["total_results"] = a.total; len(a.orders) > 0 {
			in["trades"] = map[string]any{"trade": a.orders}
		}
	case "detail":
		in["trade"] = a.one
	case "ship", "part", "reship":
		in["shipping"] = map[string]any{"is_success": true}
	case "requests":
		var rows []any
		for _, o := range a.requests {
			rows = append(rows, map[string]any{"refund_id": o.request.id, "tid": whole(o.Number), "status": "WAIT_SELLER_AGREE",
				"refund_fee": yuan(o.PayFen), "modified": local(o.request.changed)})
		}
		if in["total_results"] = a.total; len(rows) > 0 {
			in["refunds"] = map[string]any{"refund": rows}
		}
	case "consume":
		var list []any
		for _, m := range a.messages {
			list = append(list, map[string]any{"id": m.id, "topic": m.kind, "pub_time": local(m.at), "content": fmt.Sprintf(`{"tid":%s}`, m.number)})
		}
		if in["messages"] = map[string]any{}; len(list) > 0 {
			in["messages"] = map[string]any{"tmc_message": list}
		}
	case "confirm":
		in["is_success"] = true
	case "merge":
		in["tid_list"] = map[string]any{"string": strings.Split(strings.TrimSuffix(q.reason, "|"), "|")}
	case "cancel":
		in["result"] = map[string]any{"success": true}
	}
	return http.StatusOK, nil, map[string]any{name: in}
}

func (taobao) fault(_ question, t trouble) (int, any) {
	code, sub, text := 15, "isv."+string(t), string(t)
	switch t {
	case badClient:
		code, sub, text = 29, "", "Invalid app Key"
	case badStamp:
		code, sub, text = 31, "", "Invalid timestamp"
	case badSign:
		code, sub, text = 25, "", "Invalid signature"
	case tokenOver:
		code, sub, text = 27, "invalid-sessionkey", "Invalid session"
	case badIP:
		code, sub, text = 11, "isv.permission-ip-whitelist-limit", "Insufficient ISV Permissions"
	case tooMany:
		code, sub, text = 7, "accesscontrol.limited-by-api-access-count", "This ban will last for 1 more seconds"
	case badMethod:
		code, sub, text = 22, "", "Invalid method"
	case badParams:
		code, sub, text = 41, "isv.invalid-parameter", "Invalid arguments"
	}
	return http.StatusOK, map[string]any{"error_response": map[string]any{"code": code, "msg": text, "sub_code": sub, "sub_msg": text, "request_id": "16y9"}}
}
