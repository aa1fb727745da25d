package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// amazon is the face of the Selling Partner API: Orders 2026-01-01, shipment
// confirmation in v0, tokens from Login with Amazon.
type amazon struct{}

// NewAmazon makes an Amazon seller that knows one app and its token.
func NewAmazon(client, secret, token string) *Shop {
	return newShop(amazon{}, traits{
		number: func(n int, _ time.Time) string { return fmt.Sprintf("902-%07d-%07d", n/10_000_000, n%10_000_000) },
		size:   100, pay: "proceeds.grandTotal.amount", cursors: true,
		can: Can{More: true, Renews: true, Hold: "platform_hold", Cancel: "refund"},
	}, app{client: client, secret: secret, token: token, refresh: "r-" + token})
}

func (amazon) read(s *Shop, r *http.Request, body []byte) question {
	f := r.URL.Query()
	q := question{signed: true, token: r.Header.Get("x-amz-access-token"), at: s.now()}
	const list, v0 = "/orders/2026-01-01/orders", "/orders/v0/orders/"
	switch path := r.URL.Path; {
	case path == "/auth/o2/token":
		p := r.PostForm
		q.op, q.method, q.client, q.token = "renew", "lwa", p.Get("client_id"), p.Get("refresh_token")
		q.signed = p.Get("client_secret") == s.app.secret && p.Get("grant_type") == "refresh_token"
	case path == list:
		q.op, q.method, q.size, q.cursor = "list", "searchOrders", int(whole(f.Get("maxResultsPerPage"))), f.Get("paginationToken")
		q.from, _ = time.Parse(time.RFC3339, f.Get("lastUpdatedAfter"))
		q.to, _ = time.Parse(time.RFC3339, f.Get("lastUpdatedBefore"))
	case strings.HasPrefix(path, list+"/"):
		q.op, q.method, q.number = "detail", "getOrder", strings.TrimPrefix(path, list+"/")
	case strings.HasPrefix(path, v0) && strings.HasSuffix(path, "/shipmentConfirmation"):
		var p struct {
			MarketplaceID string `json:"marketplaceId"`
			Package       struct {
				Reference string `json:"packageReferenceId"`
				Carrier   string `json:"carrierCode"`
				Waybill   string `json:"trackingNumber"`
				Date      string `json:"shipDate"`
				Items     []struct {
					ID       string `json:"orderItemId"`
					Quantity int
				} `json:"orderItems"`
			} `json:"packageDetail"`
		}
		q.op, q.method, q.number, q.lines = "part", "confirmShipment", strings.TrimSuffix(strings.TrimPrefix(path, v0), "/shipmentConfirmation"), map[string]int{}
		q.bad = json.Unmarshal(body, &p) != nil || len(p.Package.Items) == 0 || whole(p.Package.Reference) < 1
		q.carrier, q.waybill = p.Package.Carrier, p.Package.Waybill
		if o := s.orders[q.number]; o != nil {
			for _, l := range p.Package.Items {
				for i, it := range o.Items {
					if amazonItem(i) == l.ID {
						q.lines[it.SKU] += l.Quantity
					}
				}
			}
		}
	}
	return q
}

func amazonItem(i int) string { return strconv.Itoa(10_000_000_000_001 + i) }

func (amazon) order(o *order, _ time.Time) map[string]any {
	status, by := "UNSHIPPED", "MERCHANT"
	switch {
	case o.refund == 4 && o.status == 1:
		status = "CANCELLED"
	case o.status > 1:
		status = "SHIPPED"
	case o.hold:
		status = "UNFULFILLABLE"
	case len(o.waybills) > 0:
		status = "PARTIALLY_SHIPPED"
	}
	var lines, parcels []any
	for i, it := range o.Items {
		done := o.sent[it.SKU]
		if o.status > 1 {
			done = it.Qty
		}
		line := map[string]any{"orderItemId": amazonItem(i), "quantityOrdered": it.Qty, "product": map[string]any{"asin": "B000000001", "title": it.Name, "sellerSku": it.SKU},
			"fulfillment": map[string]any{"quantityFulfilled": done, "quantityUnfulfilled": it.Qty - done}}
		if o.refund == 2 {
			line["cancellation"] = map[string]any{"cancellationRequest": map[string]any{"requester": "BUYER", "cancelReason": "OTHER"}}
		}
		lines = append(lines, line)
	}
	for i, w := range o.waybills {
		parcels = append(parcels, map[string]any{"packageReferenceId": strconv.Itoa(i + 1), "trackingNumber": w, "carrier": o.carrier})
	}
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	return map[string]any{
		"orderId": o.Number, "createdTime": stamp(o.PaidAt), "lastUpdatedTime": stamp(o.changed), "packages": append([]any{}, parcels...),
		"proceeds": map[string]any{"grandTotal": map[string]any{"amount": yuan(o.PayFen), "currencyCode": "USD"}},
		"fulfillment": map[string]any{"fulfillmentStatus": status, "fulfilledBy": by,
			"shipByWindow": map[string]any{"latestDateTime": stamp(o.PaidAt.Add(o.ShipIn))}},
		"recipient": map[string]any{"deliveryAddress": map[string]any{"name": o.Name, "phone": o.Phone, "addressLine1": o.Street + strconv.Itoa(o.moved),
			"city": o.City, "stateOrRegion": o.Province}},
		"orderItems": lines,
	}
}

func (amazon) answer(q question, a reply) (int, map[string]string, any) {
	switch q.op {
	case "list":
		in := map[string]any{}
		if in["orders"] = a.orders; a.orders == nil {
			in["orders"] = []any{}
		}
		if a.next != "" {
			in["pagination"] = map[string]any{"nextToken": a.next}
		}
		return http.StatusOK, nil, in
	case "detail":
		return http.StatusOK, nil, map[string]any{"order": a.one}
	case "renew":
		return http.StatusOK, nil, map[string]any{"access_token": a.token.token, "refresh_token": a.token.refresh, "token_type": "bearer", "expires_in": 3600}
	}
	return http.StatusNoContent, nil, nil
}

func (amazon) fault(q question, t trouble) (int, any) {
	status, code := http.StatusBadRequest, "InvalidInput"
	switch t {
	case badSign, badClient:
		return http.StatusUnauthorized, map[string]any{"errors": []any{map[string]any{"code": "invalid_client", "message": string(t)}}}
	case tokenOver:
		status, code = http.StatusForbidden, "ExpiredToken"
	case badIP:
		status, code = http.StatusForbidden, "AccessDenied"
	case tooMany:
		status, code = http.StatusTooManyRequests, "QuotaExceeded"
	case noOrder:
		status, code = http.StatusNotFound, "NotFound"
	}
	return status, map[string]any{"errors": []any{map[string]any{"code": code, "message": string(t), "details": ""}}}
}
