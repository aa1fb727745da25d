package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// xiaohongshu is the face of Xiaohongshu: one address for all, lists that only
// name orders.
type xiaohongshu struct{}

// NewXiaohongshu makes a Xiaohongshu shop that knows one app and its token.
func NewXiaohongshu(client, secret, token string) *Shop {
	return newShop(xiaohongshu{}, traits{
		number: func(n int, _ time.Time) string { return fmt.Sprintf("P7%017d", n) },
		window: 30 * time.Minute, size: 100, first: 1, skew: 10 * time.Minute, pay: "totalPayAmount", closed: true,
		can: Can{Reship: true, More: true, Renews: true, Hold: "platform_hold", Cancel: "refund"},
	}, app{client: client, secret: secret, token: token, refresh: "r-" + token})
}

func (xiaohongshu) read(s *Shop, r *http.Request, body []byte) question {
	text, _, ok := fields(body)
	q := question{
		method: text("method"), client: text("appId"), token: text("accessToken"), at: unix(text("timestamp")), bad: !ok,
		signed: text("sign") == md5hex(text("method")+"?appId="+text("appId")+"&timestamp="+text("timestamp")+"&version=2.0"+s.app.secret) && text("version") == "2.0",
		from:   unix(text("startTime")), to: unix(text("endTime")), page: int(whole(text("pageNo"))), size: int(whole(text("pageSize"))),
		number: text("orderId"), carrier: text("expressCompanyCode"), waybill: text("expressNo"),
	}
	switch q.method {
	case "order.getOrderList":
		q.op, q.bad = "list", q.bad || text("timeType") != "2"
	case "order.getOrderDetail":
		q.op = "detail"
	case "order.getOrderReceiverInfo":
		var p struct {
			ReceiverQueries []struct{ OrderID, OpenAddressID string }
			IsReturn        *bool
		}
		q.op, q.bad = "detail", json.Unmarshal(body, &p) != nil || len(p.ReceiverQueries) != 1 || p.IsReturn == nil
		if !q.bad {
			q.number, q.cursor = p.ReceiverQueries[0].OrderID, p.ReceiverQueries[0].OpenAddressID
		}
	case "order.orderDeliver":
		if q.op = "ship"; text("unpack") == "true" {
			var p struct{ SkuIDList []string }
			q.op, q.bad, q.lines = "part", json.Unmarshal(body, &p) != nil || len(p.SkuIDList) == 0, map[string]int{}
			if o := s.orders[q.number]; o != nil {
				for _, id := range p.SkuIDList {
					for _, it := range o.Items {
						if xhsSKU(it) == id {
							q.lines[it.SKU] += it.Qty
						}
					}
				}
			}
		}
	case "order.modifyOrderExpressInfo":
		q.op = "reship"
	case "oauth.refreshToken":
		q.op, q.token = "renew", text("refreshToken")
	}
	return q
}

func xhsSKU(it Item) string { return fmt.Sprintf("65%022x", sum(it.SKU)) }

func (xiaohongshu) order(o *order, _ time.Time) map[string]any {
	status, after := 4, 1
	switch {
	case o.refund == 4 && o.status == 1:
		status, after = 9, 3
	case o.status == 2:
		status = 6
	case o.status == 3:
		status = 7
	case o.hold:
		status = 2
	case len(o.waybills) > 0:
		status = 5
	}
	if o.refund == 2 {
		after = 2
	}
	var lines, parcels []any
	for _, it := range o.Items {
		lines = append(lines, map[string]any{"skuId": xhsSKU(it), "skuName": it.Name, "erpcode": it.SKU, "skuSpec": it.Spec, "skuQuantity": it.Qty, "skuTag": 0})
	}
	for _, w := range o.waybills {
		parcels = append(parcels, map[string]any{"expressTrackingNo": w, "expressCompanyCode": o.carrier})
	}
	name, phone := "", ""
	if o.Shown {
		name, phone = mask(o.Name, 1), mask(o.Phone, 3)
	}
	return map[string]any{
		"orderId": o.Number, "orderType": 1, "orderStatus": status, "orderAfterSalesStatus": after, "cancelStatus": 0,
		"createdTime": o.PaidAt.Add(-time.Minute).UnixMilli(), "paidTime": o.PaidAt.UnixMilli(), "updateTime": o.changed.UnixMilli(),
		"promiseLastDeliveryTime": o.PaidAt.Add(o.ShipIn).UnixMilli(), "receiverProvinceName": o.Province, "receiverCityName": o.City,
		"receiverDistrictName": o.District, "customerRemark": o.Memo, "presaleDeliveryStartTime": 0, "skuList": lines, "totalPayAmount": o.PayFen,
		"unpack": false, "expressTrackingNo": first(o.waybills), "expressCompanyCode": o.carrier, "receiverName": name, "receiverPhone": phone,
		"openAddressId": fmt.Sprintf("xhs-%08x-%d", sum(o.Name, o.Phone, o.Street), o.moved), "simpleDeliveryOrderList": parcels,
	}
}

func (xiaohongshu) answer(q question, a reply) (int, map[string]string, any) {
	data := map[string]any{}
	all := any(data)
	switch q.op {
	case "list":
		rows := []any{}
		for _, o := range a.orders { // without lines and receiver
			short := map[string]any{}
			for _, k := range []string{"orderId", "orderType", "orderStatus", "orderAfterSalesStatus", "cancelStatus", "createdTime", "paidTime", "updateTime"} {
				short[k] = o.(map[string]any)[k]
			}
			rows = append(rows, short)
		}
		data["total"], data["pageNo"], data["pageSize"], data["maxPageNo"] = a.total, a.page, a.size, a.pages
		if len(rows) > 0 {
			data["orderList"] = rows
		}
	case "detail":
		all = a.one
		if o, _ := a.one.(map[string]any); q.method == "order.getOrderReceiverInfo" && o != nil {
			row := map[string]any{"orderId": o["orderId"], "matched": q.cursor == o["openAddressId"]}
			if q.cursor == o["openAddressId"] {
				for _, k := range []string{"receiverProvinceName", "receiverCityName", "receiverDistrictName"} {
					row[k] = o[k]
				}
				row["receiverName"], row["receiverPhone"] = "#xhs#"+q.cursor+"#n", "#xhs#"+q.cursor+"#p"
				row["receiverAddress"] = "#xhs#" + q.cursor + "#a"
			}
			all = map[string]any{"receiverInfos": []any{row}}
		}
	case "renew":
		data["accessToken"], data["refreshToken"] = a.token.token, a.token.refresh
		data["accessTokenExpiresAt"] = time.Now().Add(7 * 24 * time.Hour).UnixMilli()
	}
	return http.StatusOK, nil, map[string]any{"error_code": 0, "success": true, "error_msg": "", "data": all}
}

func (xiaohongshu) fault(_ question, t trouble) (int, any) {
	code, text := 5000, string(t)
	switch t {
	case badSign, badClient, badStamp:
		code, text = 5018, "签名错误"
	case tokenOver:
		code, text = 5019, "accessToken过期"
	case badIP:
		code, text = 5020, "IP不在白名单"
	case tooMany:
		code, text = 5021, "限流"
	}
	return http.StatusOK, map[string]any{"error_code": code, "success": false, "error_msg": text, "data": nil}
}
