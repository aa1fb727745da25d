package shop

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// kuaishou is the face of Kuaishou's open platform: milliseconds, pages by cursor.
type kuaishou struct{}

// NewKuaishou makes a Kuaishou shop that knows one app and its token.
func NewKuaishou(client, secret, sign, token string) *Shop {
	return newShop(kuaishou{}, traits{
		number: func(n int, _ time.Time) string { return strconv.Itoa(9_007_199_254_740_993 + 2*n) },
		window: 7 * 24 * time.Hour, size: 50, skew: 10 * time.Minute, strict: true, again: true, pay: "orderBaseInfo.totalFee", cursors: true,
		can: Can{Strict: true, Reship: true, More: true, Renews: true, Hold: "risk", Cancel: "refund"},
	}, app{client: client, secret: secret, sign: sign, token: token, refresh: "r-" + token})
}

func (kuaishou) read(s *Shop, r *http.Request, _ []byte) question {
	f := r.PostForm
	if r.Method == http.MethodGet {
		f = r.URL.Query()
	}
	if r.URL.Path == "/oauth2/refresh_token" {
		return question{method: "oauth2", op: "renew", client: f.Get("app_id"), signed: f.Get("app_secret") == s.app.secret, token: f.Get("refresh_token"), at: s.now()}
	}
	text, _, ok := fields([]byte(f.Get("param")))
	base := ""
	for _, name := range []string{"access_token", "appkey", "method", "param", "signMethod", "timestamp", "version"} {
		base += name + "=" + f.Get(name) + "&"
	}
	q := question{
		method: f.Get("method"), client: f.Get("appkey"), token: f.Get("access_token"), at: time.UnixMilli(whole(f.Get("timestamp"))), bad: !ok,
		signed: f.Get("sign") == base64.StdEncoding.EncodeToString(hmacOf(base+"signSecret="+s.app.sign, s.app.sign)) &&
			r.URL.Path == "/"+strings.ReplaceAll(f.Get("method"), ".", "/"),
		from: time.UnixMilli(whole(text("beginTime"))), to: time.UnixMilli(whole(text("endTime"))), size: int(whole(text("pageSize"))), cursor: text("cursor"),
		number: text("orderId"), carrier: text("expressCode"), waybill: text("expressNo"),
	}
	switch q.method {
	case "open.order.cursor.list":
		q.op, q.bad = "list", q.bad || text("queryType") != "2" || q.cursor == "nomore"
	case "open.order.detail":
		q.op, q.number = "detail", text("oid")
	case "open.seller.order.goods.deliver":
		q.op, q.bad = "ship", q.bad || whole(q.carrier) < 0
	case "open.seller.order.goods.logistics.append":
		q.op, q.number = "more", text("oid")
	case "open.seller.order.logistics.update":
		q.op = "reship"
	}
	return q
}

func (kuaishou) order(o *order, _ time.Time) map[string]any {
	status, promise := 30, o.PaidAt.Add(o.ShipIn).UnixMilli()
	refunds, reasons := []any{}, []any{}
	switch {
	case o.refund == 4 && o.status == 1:
		status = 80
		refunds = append(refunds, map[string]any{"refundId": int64(1), "refundStatus": 60})
	case o.status == 2:
		status = 40
	case o.status == 3:
		status = 70
	}
	if o.refund == 2 {
		refunds = append(refunds, map[string]any{"refundId": o.request.id, "refundStatus": 10})
	}
	if o.hold {
		reasons, promise = append(reasons, 2), 0
	}
	parcels := []any{}
	for _, w := range o.waybills {
		parcels = append(parcels, map[string]any{"expressNo": w, "expressCode": whole(o.carrier)})
	}
	cipher := func(of ...string) string {
		return fmt.Sprintf("#%08x%d#%08x==", sum(of...), o.moved, sum(append(of, o.Number)...))
	}
	line := func(it Item, kind int) map[string]any {
		return map[string]any{"skuId": int64(20000000001), "skuNick": it.SKU, "goodsCode": it.SKU, "itemTitle": it.Name, "skuDesc": it.Spec, "num": it.Qty, "subOrderType": kind}
	}
	gifts := []any{}
	for _, it := range o.Items[1:] { // one order has one item: the others are gifts with numbers of their own
		gifts = append(gifts, line(it, 2))
	}
	return map[string]any{
		"orderBaseInfo": map[string]any{"oid": whole(o.Number), "payTime": o.PaidAt.UnixMilli(), "totalFee": o.PayFen, "status": status,
			"createTime": o.PaidAt.Add(-time.Minute).UnixMilli(), "updateTime": o.changed.UnixMilli(), "remark": o.Memo,
			"validPromiseShipmentTimeStamp": promise, "riskCode": 0, "priorityDelivery": false, "remindShipmentSign": 0, "disableDeliveryReasonCode": reasons},
		"orderItemInfo": line(o.Items[0], 1), "subOrderInfo": gifts, "orderRefundList": refunds, "orderLogisticsInfo": parcels,
		"orderNote": map[string]any{"orderNoteInfo": []any{}},
		"orderAddress": map[string]any{"encryptedConsignee": cipher(o.Name), "desensitiseConsignee": mask(o.Name, 1),
			"encryptedMobile": cipher(o.Phone), "desensitiseMobile": mask(o.Phone, 3),
			"province": o.Province, "city": o.City, "district": o.District, "encryptedAddress": cipher(o.Street), "desensitiseAddress": mask(o.Street, 2)},
	}
}

func (kuaishou) answer(q question, a reply) (int, map[string]string, any) {
	if q.op == "renew" {
		return http.StatusOK, nil, map[string]any{"result": 1, "access_token": a.token.token, "refresh_token": a.token.refresh, "expires_in": 172800}
	}
	data := any(true)
	switch q.op {
	case "list":
		in := map[string]any{"pageSize": a.size, "cursor": a.next}
		if a.next == "" {
			in["cursor"] = "nomore"
		}
		if len(a.orders) > 0 {
			in["orderList"] = a.orders
		}
		data = in
	case "detail":
		data = a.one
	}
	return http.StatusOK, nil, map[string]any{"result": 1, "error_msg": nil, "code": "1", "msg": "success", "data": data}
}

func (kuaishou) fault(_ question, t trouble) (int, any) {
	code, text := 802000, string(t)
	switch t {
	case badSign, badClient, badStamp:
		code, text = 24, "签名验证失败"
	case tokenOver:
		code, text = 28, "ACCESS_TOKEN_EXPIRED"
	case badIP:
		code, text = 30, "IP不在白名单"
	case tooMany:
		code, text = 29, "限流"
	}
	return http.StatusOK, map[string]any{"result": code, "error_msg": text}
}
