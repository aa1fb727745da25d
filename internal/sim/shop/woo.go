package shop

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// woo is the face of WooCommerce: bare arrays, totals in the header, times
// without their zone.
type woo struct{}

// NewWoo makes a WooCommerce shop that knows one consumer key.
func NewWoo(client, secret string) *Shop {
	return newShop(woo{}, traits{
		number: func(n int, _ time.Time) string { return strconv.Itoa(700 + n) },
		size:   100, first: 1, pay: "total",
		can: Can{Reship: true, Hold: "platform_hold"},
	}, app{client: client, secret: secret})
}

const wooTime = "2006-01-02T15:04:05"

func (woo) read(s *Shop, r *http.Request, body []byte) question {
	f := r.URL.Query()
	key, secret, _ := r.BasicAuth()
	q := question{signed: key == s.app.client && secret == s.app.secret, token: s.app.token, at: s.now()}
	path, ok := strings.CutPrefix(r.URL.Path, "/wp-json/wc/v3/orders")
	switch {
	case !ok:
	case r.Method == http.MethodGet && f.Get("search") != "":
		q.op, q.method, q.number = "detail", "order", f.Get("search")
	case r.Method == http.MethodGet:
		q.op, q.method, q.page, q.size = "list", "orders", int(whole(f.Get("page"))), int(whole(f.Get("per_page")))
		q.from, _ = time.Parse(wooTime, f.Get("modified_after"))
		q.to, _ = time.Parse(wooTime, f.Get("modified_before"))
		q.bad = f.Get("dates_are_gmt") != "true"
	case r.Method == http.MethodPut:
		var p struct {
			Status string
			Meta   []struct{ Key, Value string } `json:"meta_data"`
		}
		q.method, q.number, q.bad = "order-update", strings.TrimPrefix(path, "/"), json.Unmarshal(body, &p) != nil || p.Status != "completed"
		for _, m := range p.Meta {
			switch m.Key {
			case "_tracking_number":
				q.waybill = m.Value
			case "_tracking_provider":
				q.carrier = m.Value
			}
		}
		if q.op = "ship"; s.orders[q.number] != nil && s.orders[q.number].status > 1 {
			q.op = "reship"
		}
	}
	return q
}

func (woo) order(o *order, _ time.Time) map[string]any {
	status := "processing"
	switch {
	case o.refund == 4 && o.status == 1:
		status = "refunded"
	case o.status > 1:
		status = "completed"
	case o.hold:
		status = "on-hold"
	}
	var lines []any
	for i, it := range o.Items {
		lines = append(lines, map[string]any{"id": i + 1, "name": it.Name, "product_id": 93, "variation_id": 0, "quantity": it.Qty, "sku": it.SKU})
	}
	meta := []any{}
	if len(o.waybills) > 0 {
		meta = append(meta, map[string]any{"id": 1, "key": "_tracking_number", "value": first(o.waybills)}, map[string]any{"id": 2, "key": "_tracking_provider", "value": o.carrier})
	}
	return map[string]any{
		"id": whole(o.Number), "number": o.Number, "status": status, "currency": "CNY", "total": yuan(o.PayFen), "date_created": local(o.PaidAt),
		"date_created_gmt": gmt(o.PaidAt), "date_modified_gmt": gmt(o.changed), "date_paid_gmt": gmt(o.PaidAt), "customer_note": o.Memo,
		"billing":    map[string]any{"last_name": o.Name, "phone": o.Phone},
		"shipping":   map[string]any{"last_name": o.Name, "address_1": o.District + o.Street + strconv.Itoa(o.moved), "city": o.City, "state": o.Province},
		"line_items": lines, "refunds": []any{}, "meta_data": meta,
	}
}

func (woo) answer(q question, a reply) (int, map[string]string, any) {
	switch q.op {
	case "list":
		rows := append([]any{}, a.orders...)
		return http.StatusOK, map[string]string{"X-WP-Total": strconv.Itoa(a.total), "X-WP-TotalPages": strconv.Itoa(a.pages)}, rows
	case "detail":
		return http.StatusOK, map[string]string{"X-WP-Total": "1"}, []any{a.one}
	}
	return http.StatusOK, nil, map[string]any{"id": whole(q.number), "status": "completed"}
}

func (woo) fault(q question, t trouble) (int, any) {
	status, code := http.StatusBadRequest, "woocommerce_rest_"+string(t)
	switch t {
	case badSign:
		status, code = http.StatusUnauthorized, "woocommerce_rest_authentication_error"
	case tokenOver:
		status, code = http.StatusUnauthorized, "woocommerce_rest_cannot_view"
	case badIP:
		status, code = http.StatusForbidden, "rest_ip_blocked"
	case tooMany:
		status, code = http.StatusTooManyRequests, "too_many_requests"
	case noOrder:
		if q.op == "detail" {
			return http.StatusOK, []any{}
		}
		status, code = http.StatusNotFound, "woocommerce_rest_shop_order_invalid_id"
	}
	return status, map[string]any{"code": code, "message": string(t), "data": map[string]any{"status": status}}
}

// gmt writes a time as platforms abroad do, without its zone.
func gmt(t time.Time) string { return t.UTC().Format(wooTime) }
