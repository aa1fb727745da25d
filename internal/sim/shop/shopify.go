package shop

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// shopify is the face of Shopify's GraphQL: it does not read the whole language,
// but finds the root field and its variables, and gives whole objects.
type shopify struct{}

// NewShopify makes a Shopify shop that knows one token.
func NewShopify(token string) *Shop {
	return newShop(shopify{}, traits{
		number: func(n int, _ time.Time) string { return fmt.Sprintf("#%d", 1000+n) },
		size:   250, pay: "currentTotalPriceSet.shopMoney.amount", cursors: true,
		can: Can{Reship: true, More: true, Answers: true, Says: true, Hold: "platform_hold", Cancel: "refund"},
	}, app{token: token})
}

var (
	rootField = regexp.MustCompile(`\{\s*([a-zA-Z]+)\s*\(`)
	span      = regexp.MustCompile(`updated_at:>='([^']+)' updated_at:<'([^']+)'`)
	named     = regexp.MustCompile(`name:'([^']+)'`)
)

func (shopify) read(s *Shop, r *http.Request, body []byte) question {
	var p struct {
		Query     string
		Variables struct {
			N    int
			C, M *string
			Q    string
			ID   string
			F    struct {
				TrackingInfo struct{ Number, Company string }
				Orders       []struct {
					ID    string `json:"fulfillmentOrderId"`
					Lines []struct {
						ID       string
						Quantity int
					} `json:"fulfillmentOrderLineItems"`
				} `json:"lineItemsByFulfillmentOrder"`
			}
			T struct{ Number, Company string }
		}
	}
	q := question{signed: true, token: r.Header.Get("X-Shopify-Access-Token"), at: s.now(), fee: -1}
	q.bad = json.Unmarshal(body, &p) != nil || !strings.HasSuffix(r.URL.Path, "/graphql.json") || strings.Count(p.Query, "{") != strings.Count(p.Query, "}")
	if m := rootField.FindStringSubmatch(p.Query); m != nil {
		q.method = m[1]
	}
	number := func(id string) string { return "#" + id[strings.LastIndexAny(id, "/")+1:] }
	v := p.Variables
	switch q.method {
	case "orders":
		if m := named.FindStringSubmatch(v.Q); m != nil {
			q.op, q.number = "detail", m[1]
			break
		}
		m := span.FindStringSubmatch(v.Q)
		if q.op, q.size = "list", v.N; m == nil || v.C != nil && *v.C == "" || !strings.Contains(p.Query, "sortKey: UPDATED_AT") {
			q.bad = true
			break
		}
		q.from, _ = time.Parse(time.RFC3339, m[1])
		q.to, _ = time.Parse(time.RFC3339, m[2])
		if v.C != nil {
			q.cursor = *v.C
		}
	case "fulfillmentCreate":
		q.op, q.carrier, q.waybill = "ship", v.F.TrackingInfo.Company, v.F.TrackingInfo.Number
		if len(v.F.Orders) != 1 {
			q.bad = true
			break
		}
		q.number = number(v.F.Orders[0].ID)
		if lines := v.F.Orders[0].Lines; len(lines) > 0 {
			q.op, q.lines = "part", map[string]int{}
			if o := s.orders[q.number]; o != nil {
				for _, l := range lines {
					for _, it := range o.Items {
						if shopifyLine(it) == l.ID {
							q.lines[it.SKU] += l.Quantity
						}
					}
				}
			}
		}
	case "fulfillmentTrackingInfoUpdate":
		q.op, q.number, q.carrier, q.waybill = "reship", number(v.ID), v.T.Company, v.T.Number
	case "fulfillmentOrderAcceptCancellationRequest":
		q.op, q.number, q.yes = "cancel", number(v.ID), true
	case "fulfillmentOrderRejectCancellationRequest":
		q.op, q.number, q.reason = "cancel", number(v.ID), "no"
	}
	return q
}

func shopifyLine(it Item) string {
	return fmt.Sprintf("gid://shopify/FulfillmentOrderLineItem/%d", sum(it.SKU))
}

func (shopify) order(o *order, _ time.Time) map[string]any {
	id := strings.TrimPrefix(o.Number, "#")
	money, done, status, asked, cancelled := "PAID", "UNFULFILLED", "OPEN", "UNSUBMITTED", any(nil)
	switch {
	case o.refund == 4 && o.status == 1:
		money, cancelled, status = "REFUNDED", o.changed.UTC().Format(time.RFC3339), "CANCELLED"
	case o.status > 1:
		done, status = "FULFILLED", "CLOSED"
	case o.hold:
		done, status = "ON_HOLD", "ON_HOLD"
	case len(o.waybills) > 0:
		done = "PARTIALLY_FULFILLED"
	}
	if o.refund == 2 {
		asked = "CANCELLATION_REQUESTED"
	}
	var lines, parts, parcels []any
	for _, it := range o.Items {
		left := it.Qty - o.sent[it.SKU]
		if o.status > 1 {
			left = 0
		}
		lines = append(lines, map[string]any{"id": fmt.Sprintf("gid://shopify/LineItem/%d", sum(it.SKU)), "sku": it.SKU, "name": it.Name, "variantTitle": nil, "quantity": it.Qty,
			"currentQuantity": it.Qty, "unfulfilledQuantity": left, "requiresShipping": true, "isGiftCard": false})
		parts = append(parts, map[string]any{"id": shopifyLine(it), "sku": it.SKU, "remainingQuantity": left})
	}
	for _, w := range o.waybills {
		parcels = append(parcels, map[string]any{"id": "gid://shopify/Fulfillment/" + id, "trackingInfo": []any{map[string]any{"number": w, "company": o.carrier}}})
	}
	list := func(of []any) map[string]any { return map[string]any{"nodes": append([]any{}, of...)} }
	return map[string]any{
		"id": "gid://shopify/Order/" + id, "name": o.Number, "createdAt": o.PaidAt.UTC().Format(time.RFC3339), "updatedAt": o.changed.UTC().Format(time.RFC3339),
		"processedAt": o.PaidAt.UTC().Format(time.RFC3339), "cancelledAt": cancelled, "displayFinancialStatus": money, "displayFulfillmentStatus": done,
		"confirmed": true, "test": false, "note": o.Memo, "currencyCode": "CNY",
		"currentTotalPriceSet": map[string]any{"shopMoney": map[string]any{"amount": yuan(o.PayFen)}},
		"shippingAddress":      map[string]any{"name": o.Name, "phone": o.Phone, "province": o.Province, "city": o.City, "address1": o.District + o.Street + strconv.Itoa(o.moved)},
		"lineItems":            list(lines), "fulfillments": append([]any{}, parcels...),
		"fulfillmentOrders": list([]any{map[string]any{"id": "gid://shopify/FulfillmentOrder/" + id, "status": status, "requestStatus": asked,
			"fulfillBy": o.PaidAt.Add(o.ShipIn).UTC().Format(time.RFC3339), "fulfillmentHolds": []any{}, "lineItems": list(parts)}}),
	}
}

func (shopify) answer(q question, a reply) (int, map[string]string, any) {
	in := map[string]any{"userErrors": []any{}}
	switch q.op {
	case "list":
		nodes := append([]any{}, a.orders...)
		in = map[string]any{"nodes": nodes, "pageInfo": map[string]any{"hasNextPage": a.next != "", "endCursor": a.next}}
	case "detail":
		in = map[string]any{"nodes": []any{a.one}}
	case "ship", "part", "reship":
		in["fulfillment"] = map[string]any{"id": "gid://shopify/Fulfillment/1", "status": "SUCCESS"}
	case "cancel":
		in["fulfillmentOrder"] = map[string]any{"id": "gid://shopify/FulfillmentOrder/1"}
	}
	return http.StatusOK, nil, map[string]any{"data": map[string]any{q.method: in}, "extensions": map[string]any{"cost": map[string]any{"actualQueryCost": 12}}}
}

func (shopify) fault(q question, t trouble) (int, any) {
	switch t {
	case tokenOver:
		return http.StatusUnauthorized, map[string]any{"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
	case badIP:
		return http.StatusForbidden, map[string]any{"errors": "denied"}
	case noOrder:
		return http.StatusOK, map[string]any{"data": map[string]any{"orders": map[string]any{"nodes": []any{}}}}
	case tooMany:
		return http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": "Throttled", "extensions": map[string]any{"code": "THROTTLED"}}}}
	case badParams, badMethod, badCursor:
		return http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": string(t), "extensions": map[string]any{"code": "argumentLiteralsIncompatible"}}}}
	}
	return http.StatusOK, map[string]any{"data": map[string]any{q.method: map[string]any{"userErrors": []any{map[string]any{"field": []any{"id"}, "message": string(t)}}}}}
}
