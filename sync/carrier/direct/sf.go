package direct

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// SF is an account at SF's open platform 丰桥: a form whose msgData is signed with
// the check word. Source: the platform's pages of 2026; service codes as there.
type SF struct{ a Account }

var (
	_ carrier.Booker  = (*SF)(nil)
	_ carrier.Tracker = (*SF)(nil)
)

// NewSF makes the driver. Account.Customer is the monthly card.
func NewSF(a Account) (*SF, error) {
	a, err := a.check("https://bspgw.sf-express.com")
	if err != nil {
		return nil, fmt.Errorf("sf: %w", err)
	}
	return &SF{a}, nil
}

// SignSF gives msgDigest: the base64 MD5 of the form-encoded data, time and check
// word, encoded as Java does it.
func SignSF(msgData, timestamp, checkword string) string {
	return b64md5(javaEncode(msgData + timestamp + checkword))
}

// javaEncode is java.net.URLEncoder: unlike Go's, it keeps * and escapes ~.
func javaEncode(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}

type sfContact struct {
	Type     int    `json:"contactType"` // 1 sender, 2 recipient
	Name     string `json:"contact"`
	Tel      string `json:"tel,omitempty"`
	Mobile   string `json:"mobile,omitempty"`
	Country  string `json:"country"`
	Province string `json:"province"`
	City     string `json:"city"`
	County   string `json:"county"`
	Address  string `json:"address"`
}

// sfOrder is what an order's answers hold, of a new one and of one looked up.
type sfOrder struct {
	OrderID string `json:"orderId"`
	Filter  any    `json:"filterResult"` // number or text; 1 by hand, 2 yes, 3 no
	Numbers []struct {
		Type any    `json:"waybillType"` // 1 mother, 2 child, 3 return
		No   string `json:"waybillNo"`
	} `json:"waybillNoInfoList"`
	Routes []struct {
		Data struct {
			Dest string `json:"destRouteLabel"`
			Code string `json:"destTransferCode"`
		} `json:"routeLabelData"`
	} `json:"routeLabelInfo"`
}

func (o sfOrder) booking() (carrier.Booking, error) {
	var b carrier.Booking
	for _, n := range o.Numbers {
		if fmt.Sprint(n.Type) == "1" {
			b.Waybill = floor.WaybillNo(n.No)
		}
	}
	switch {
	case b.Waybill != "":
	case fmt.Sprint(o.Filter) == "3":
		return b, carrier.Judge("book", "filter-3", "", map[string]carrier.Class{"filter-3": carrier.Unserved})
	default: // being looked at by hand: the number comes later
		return b, carrier.Judge("book", "filter-"+fmt.Sprint(o.Filter), "人工筛单中", map[string]carrier.Class{"filter-" + fmt.Sprint(o.Filter): carrier.Retryable})
	}
	for _, r := range o.Routes {
		if b.SortCode = r.Data.Dest; b.SortCode == "" {
			b.SortCode = r.Data.Code
		}
	}
	return carrier.CheckBooking(b)
}

// Book implements carrier.Booker.
func (c *SF) Book(ctx context.Context, s carrier.Shipment) (carrier.Booking, error) {
	if err := carrier.CheckShipment(s); err != nil {
		return carrier.Booking{}, err
	}
	ask := map[string]any{
		"language": "zh-CN", "orderId": s.ID, "monthlyCard": c.a.Customer, "payMethod": 1, "expressTypeId": 2, "parcelQty": 1,
		"isDocall": 0, "isReturnRoutelabel": 1,
		"cargoDetails": []any{map[string]any{"name": s.Goods, "count": max(s.Count, 1)}},
		"contactInfoList": []sfContact{
			{Type: 1, Name: s.From.Name, Tel: s.From.Phone, Country: "CN", Province: s.From.Province, City: s.From.City, County: s.From.District, Address: s.From.Detail},
			{Type: 2, Name: s.To.Name, Mobile: s.To.Phone, Country: "CN", Province: s.To.Province, City: s.To.City, County: s.To.District, Address: s.To.Detail},
		},
	}
	if s.Grams > 0 {
		ask["totalWeight"] = kilos(int64(s.Grams))
	}
	var o sfOrder
	err := c.call(ctx, "book", "EXP_RECE_CREATE_ORDER", ask, &o)
	if classOf(err) == carrier.Duplicate {
		err = c.call(ctx, "book", "EXP_RECE_SEARCH_ORDER_RESP", map[string]any{"searchType": "1", "orderId": s.ID, "language": "zh-cn"}, &o)
	}
	if err != nil {
		return carrier.Booking{}, err
	}
	return o.booking()
}

// Void implements carrier.Booker.
func (c *SF) Void(ctx context.Context, id string, _ floor.WaybillNo) error {
	err := c.call(ctx, "void", "EXP_RECE_UPDATE_ORDER", map[string]any{"orderId": id, "dealType": 2, "language": "zh-CN"}, nil)
	var e *carrier.Error
	if errors.As(err, &e) && (e.Class == carrier.Spent || e.Code == "8024") {
		return nil // void already, or never known
	}
	return err
}

// sfCodes are the documented ones.
var sfCodes = map[string]carrier.Class{
	"A1001": carrier.Refused, "A1002": carrier.Unauthorized, "A1003": carrier.Unauthorized, "A1004": carrier.Unauthorized,
	"A1006": carrier.Unauthorized, "A1009": carrier.RateLimited, "A1010": carrier.Retryable, "A1099": carrier.Retryable,
	"8016": carrier.Duplicate, "8024": carrier.Refused, "8037": carrier.Spent,
}

// call asks a service. The answer of the business is JSON in a text.
func (c *SF) call(ctx context.Context, op, service string, ask, into any) error {
	data, err := carrier.Encode(op, ask)
	if err != nil {
		return err
	}
	at := strconv.FormatInt(time.Now().UnixMilli(), 10)
	form := url.Values{
		"partnerID": {c.a.ID}, "requestID": {c.a.ID + "-" + strconv.FormatInt(time.Now().UnixNano(), 36)}, "serviceCode": {service},
		"timestamp": {at}, "msgDigest": {SignSF(data, at, c.a.Secret)}, "msgData": {data},
	}
	answer, err := carrier.Post(ctx, c.a.Client, op, c.a.URL+"/std/service", "application/x-www-form-urlencoded;charset=UTF-8", form.Encode(), nil)
	if err != nil {
		return err
	}
	var outer struct {
		Code string `json:"apiResultCode"`
		Msg  string `json:"apiErrorMsg"`
		Data string `json:"apiResultData"`
	}
	if err := decode(op, answer, &outer); err != nil {
		return err
	}
	switch outer.Code {
	case "A1000":
	case "":
		return carrier.Unread(op, errors.New("no apiResultCode"))
	default:
		return carrier.Judge(op, outer.Code, outer.Msg, sfCodes)
	}
	var inner struct {
		Success bool            `json:"success"`
		Code    string          `json:"errorCode"`
		Msg     string          `json:"errorMsg"`
		Data    json.RawMessage `json:"msgData"`
	}
	if err := decode(op, []byte(outer.Data), &inner); err != nil {
		return err
	}
	if !inner.Success {
		return carrier.Judge(op, inner.Code, inner.Msg, sfCodes)
	}
	return decodePart(op, inner.Data, into)
}

// sfTaken and sfMoved are the operations of SF's routes that count: collected by a
// courier or at a counter; loaded, arrived, out for delivery, signed for.
var (
	sfTaken = map[string]bool{"50": true, "54": true}
	sfMoved = map[string]bool{"30": true, "31": true, "36": true, "44": true, "80": true}
)

// AtOnce implements carrier.Tracker.
func (c *SF) AtOnce() int { return 10 }

// Collected implements carrier.Tracker.
func (c *SF) Collected(ctx context.Context, numbers []floor.WaybillNo) (map[floor.WaybillNo]time.Time, error) {
	var got struct {
		Of []struct {
			No     floor.WaybillNo `json:"mailNo"`
			Routes []struct {
				At json.RawMessage `json:"acceptTime"`
				Op any             `json:"opCode"` // text or number
			} `json:"routes"`
		} `json:"routeResps"`
	}
	ask := map[string]any{"language": "zh-CN", "trackingType": "1", "trackingNumber": numbers, "methodType": "1"}
	if err := c.call(ctx, "track", "EXP_RECE_SEARCH_ROUTES", ask, &got); err != nil {
		return nil, err
	}
	out := map[floor.WaybillNo]time.Time{}
	for _, one := range got.Of {
		var track []carrier.Trace
		for _, r := range one.Routes {
			op := fmt.Sprint(r.Op)
			track = append(track, carrier.Trace{At: carrier.Moment(r.At), Taken: sfTaken[op], Moved: sfMoved[op]})
		}
		if at := carrier.FirstScan(track); !at.IsZero() && slices.Contains(numbers, one.No) {
			out[one.No] = at
		}
	}
	return out, nil
}
