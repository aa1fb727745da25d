package shop

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// jd is the face of JD's routerjson: a misspelt envelope, every value a string.
type jd struct{}

// NewJD makes a JD shop that knows one app and its token.
func NewJD(client, secret, token string) *Shop {
	return newShop(jd{}, traits{
		number: func(n int, _ time.Time) string { return strconv.Itoa(290_000_000_000 + n) },
		size:   100, first: 1, skew: 10 * time.Minute, pay: "orderPayment", closed: true,
		can: Can{Answers: true, Says: true, Renews: true, Hold: "platform_hold", Cancel: "locked"},
	}, app{client: client, secret: secret, token: token, refresh: "r-" + token})
}

func (jd) read(s *Shop, r *http.Request, _ []byte) question {
	if strings.HasSuffix(r.URL.Path, "/oauth2/refresh_token") {
		f := r.URL.Query()
		return question{method: "oauth2", op: "renew", client: f.Get("app_key"), signed: f.Get("app_secret") == s.app.secret,
			token: f.Get("refresh_token"), at: s.now()}
	}
	f := r.PostForm
	var p map[string]any
	dec := json.NewDecoder(strings.NewReader(f.Get("360buy_param_json")))
	dec.UseNumber()
	bad := dec.Decode(&p) != nil
	text := func(name string) string {
		switch v := p[name].(type) {
		case string:
			return v
		case json.Number:
			return v.String()
		}
		return ""
	}
	q := question{
		method: f.Get("method"), client: f.Get("app_key"), token: f.Get("access_token"), at: fromLocal(f.Get("timestamp")), bad: bad,
		signed: f.Get("v") == "2.0" && f.Get("sign") == strings.ToUpper(md5hex(s.app.secret+pairs(f, false)+s.app.secret)),
		from:   fromLocal(text("start_date")), to: fromLocal(text("end_date")), page: int(whole(text("page"))), size: int(whole(text("page_size"))), fee: -1,
	}
	switch q.method {
	case "jingdong.pop.order.enSearch":
		states := strings.Split(text("order_state"), ",")
		q.op, q.bad = "list", q.bad || text("dateType") != "0"
		q.by, q.filter = text("order_state"), func(o *order) bool { return slices.Contains(states, jdState(o)) }
	case "jingdong.pop.order.enGet":
		q.op, q.number = "detail", text("order_id")
	case "jingdong.pop.order.shipment":
		q.op, q.number, q.carrier, q.waybill = "ship", text("orderId"), text("logiCoprId"), text("logiNo")
	case "jingdong.pop.afs.soa.refundapply.queryPageList":
		q.op, q.number, q.page, q.size = "requests", text("orderId"), int(whole(text("pageIndex"))), int(whole(text("pageSize")))
	case "jingdong.pop.afs.soa.refundapply.replyRefund":
		q.op, q.request, q.yes, q.reason = "cancel", text("id"), text("status") == "1", text("rejectType")
		q.bad = q.bad || text("checkUserName") == "" || q.yes != (text("outWareStatus") == "2")
	}
	return q
}

func jdState(o *order) string {
	switch {
	case o.refund == 4 && o.status == 1:
		return "TRADE_CANCELED"
	case o.status == 2:
		return "WAIT_GOODS_RECEIVE_CONFIRM"
	case o.status == 3:
		return "FINISHED_L"
	case o.refund == 2:
		return "LOCKED"
	case o.hold:
		return "POP_ORDER_PAUSE"
	}
	return "WAIT_SELLER_STOCK_OUT"
}

func (jd) order(o *order, _ time.Time) map[string]any {
	var lines []any
	for _, it := range o.Items {
		lines = append(lines, map[string]any{"skuId": strconv.Itoa(100001000001), "outerSkuId": it.SKU, "skuName": it.Name, "productNo": it.SKU, "itemTotal": strconv.Itoa(it.Qty)})
	}
	cipher := strconv.FormatUint(uint64(sum(o.Name, o.Phone, o.Street)), 36) + strconv.Itoa(o.moved)
	return map[string]any{
		"orderId": o.Number, "venderId": "600001", "payType": "4-在线支付", "orderTotalPrice": yuan(o.PayFen), "orderSellerPrice": yuan(o.PayFen),
		"orderPayment": yuan(o.PayFen), "orderState": jdState(o), "orderRemark": o.Memo, "orderStartTime": local(o.PaidAt.Add(-time.Minute)),
		"modified": local(o.changed), "paymentConfirmTime": local(o.PaidAt), "venderRemark": "", "logisticsId": o.carrier, "waybill": strings.Join(o.waybills, "|"),
		"consigneeInfo": map[string]any{"fullname": mask(o.Name, 1), "mobile": mask(o.Phone, 3), "fullAddress": o.Province + o.City + mask(o.Street, 1),
			"province": o.Province, "city": o.City, "county": o.District, "encrypt_fullname": "AjdN" + cipher, "encrypt_fullAddress": "AjdA" + cipher},
		"itemInfoList": lines, "parentOrderId": "0",
	}
}

func (jd) answer(q question, a reply) (int, map[string]string, any) {
	if q.op == "renew" {
		return http.StatusOK, nil, map[string]any{"access_token": a.token.token, "refresh_token": a.token.refresh, "expires_in": "86400"}
	}
	ok := map[string]any{"success": true, "chineseErrCode": "", "englishErrCode": "", "numberCode": 0}
	in := map[string]any{"code": "0"}
	switch q.op {
	case "list":
		result := map[string]any{"apiResult": ok, "orderTotal": strconv.Itoa(a.total)}
		if len(a.orders) > 0 {
			result["orderInfoList"] = a.orders
		}
		in["searchorderinfo_result"] = result
	case "detail":
		in["orderDetailInfo"] = map[string]any{"apiResult": ok, "orderInfo": a.one}
	case "ship":
		in["sopjosshipment_result"] = ok
	case "requests":
		rows := []any{}
		for _, o := range a.requests {
			rows = append(rows, map[string]any{"id": strconv.FormatInt(o.request.id, 10), "orderId": o.Number, "status": 0, "applyRefundSum": yuan(o.PayFen)})
		}
		in["queryResult"] = map[string]any{"success": true, "totalCount": a.total, "result": rows}
	case "cancel":
		in["replyResult"] = map[string]any{"success": true}
	}
	return http.StatusOK, nil, map[string]any{strings.ReplaceAll(q.method, ".", "_") + "_responce": in}
}

func (jd) fault(_ question, t trouble) (int, any) {
	code, text := "50", string(t)
	switch t {
	case badSign:
		code, text = "12", "无效签名"
	case badClient:
		code, text = "10", "无效app_key"
	case badStamp:
		code, text = "13", "时间戳过期"
	case tokenOver:
		code, text = "19", "token已过期或者不存在"
	case badIP:
		code, text = "24", "IP不在白名单"
	case tooMany:
		code, text = "43", "访问频率超限"
	}
	return http.StatusOK, map[string]any{"error_response": map[string]any{"code": code, "zh_desc": text, "en_desc": text}}
}
