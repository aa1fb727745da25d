package direct

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// JDL is an account at JD Logistics' open platform: the body is signed together
// with the token. Source: the platform's Python sample.
type JDL struct{ a Account }

var (
	_ carrier.Booker  = (*JDL)(nil)
	_ carrier.Tracker = (*JDL)(nil)
)

// NewJDL makes the driver. Account.Customer is the merchant's code; Account.Token
// gives the access token, anew at each call.
func NewJDL(a Account) (*JDL, error) {
	a, err := a.check("https://api.jdl.com")
	if err == nil && a.Token == nil {
		err = errors.New("an access token is needed")
	}
	if err != nil {
		return nil, fmt.Errorf("jdl: %w", err)
	}
	return &JDL{a}, nil
}

// SignJDL gives the signature of a call.
func SignJDL(token, appKey, path, body, timestamp, secret string) string {
	return strings.ToUpper(hexmd5(secret + "access_token" + token + "app_key" + appKey + "method" + path + "param_json" + body + "timestamp" + timestamp + "v2.0" + secret))
}

type jdlContact struct {
	Name     string `json:"name"`
	Mobile   string `json:"mobile"`
	Province string `json:"provinceName"`
	City     string `json:"cityName"`
	County   string `json:"countyName"`
	Address  string `json:"fullAddress"`
}

// Book implements carrier.Booker.
func (c *JDL) Book(ctx context.Context, s carrier.Shipment) (carrier.Booking, error) {
	if err := carrier.CheckShipment(s); err != nil {
		return carrier.Booking{}, err
	}
	cargo := map[string]any{"name": s.Goods, "quantity": max(s.Count, 1)}
	if s.Grams > 0 {
		cargo["weight"] = kilos(int64(s.Grams))
	}
	ask := map[string]any{
		"orderId": s.ID, "orderOrigin": 1, "customerCode": c.a.Customer, "settleType": 3,
		"senderContact":   jdlContact{s.From.Name, s.From.Phone, s.From.Province, s.From.City, s.From.District, s.From.Province + s.From.City + s.From.District + s.From.Detail},
		"receiverContact": jdlContact{s.To.Name, s.To.Phone, s.To.Province, s.To.City, s.To.District, s.To.Province + s.To.City + s.To.District + s.To.Detail},
		"cargoes":         []any{cargo},
	}
	var got struct {
		No string `json:"waybillCode"`
	}
	err := c.call(ctx, "book", "/ecap/v1/orders/create", ask, &got)
	if classOf(err) == carrier.Duplicate {
		err = c.call(ctx, "book", "/ecap/v1/orders/details/query", map[string]any{"orderId": s.ID, "orderOrigin": 1, "customerCode": c.a.Customer}, &got)
	}
	if err != nil {
		return carrier.Booking{}, err
	}
	return carrier.CheckBooking(carrier.Booking{Waybill: floor.WaybillNo(got.No)})
}

// Void implements carrier.Booker.
func (c *JDL) Void(ctx context.Context, id string, no floor.WaybillNo) error {
	ask := map[string]any{"orderId": id, "orderOrigin": 1, "customerCode": c.a.Customer, "cancelReason": "不发货", "cancelReasonCode": "1"}
	if no != "" {
		ask["waybillCode"] = no
	}
	err := c.call(ctx, "void", "/ecap/v1/orders/cancel", ask, nil)
	return carrier.Voided(err)
}

func (c *JDL) call(ctx context.Context, op, path string, ask, into any) error {
	token, err := c.a.Token()
	if err != nil || token == "" {
		return &carrier.Error{Class: carrier.Unauthorized, Op: op, Code: "no-token", Err: err,
			Zh: "读不到京东物流的访问令牌,请检查令牌文件。", En: "the access token of JD Logistics cannot be read; check its file"}
	}
	body, err := carrier.Encode(op, []any{ask})
	if err != nil {
		return err
	}
	at := carrier.Beijing(time.Now())
	query := url.Values{
		"LOP-DN": {"ECAP"}, "app_key": {c.a.ID}, "access_token": {token}, "timestamp": {at}, "v": {"2.0"}, "algorithm": {"md5-salt"},
		"sign": {SignJDL(token, c.a.ID, path, body, at, c.a.Secret)},
	}
	answer, err := carrier.Post(ctx, c.a.Client, op, c.a.URL+path+"?"+query.Encode(), "application/json;charset=UTF-8", body, nil)
	if err != nil {
		return err
	}
	var got struct {
		Success *bool           `json:"success"`
		Code    any             `json:"code"` // number or text
		Msg     string          `json:"msg"`
		Data    json.RawMessage `json:"data"`
	}
	if err := decode(op, answer, &got); err != nil {
		return err
	}
	switch {
	case got.Success == nil:
		return carrier.Unread(op, errors.New("no success"))
	case !*got.Success:
		return carrier.Judge(op, fmt.Sprint(got.Code), got.Msg, nil)
	}
	return decodePart(op, got.Data, into)
}

// jdlTaken and jdlMoved are words of a track's lines: its codes differ from account
// to account. A collection that is planned, refused or broken off is none.
var (
	jdlTaken = []string{"已揽收", "揽收完成", "揽收成功", "已取件", "已收取快件"}
	jdlMoved = []string{"分拣中心", "发往", "运输中", "派送", "妥投", "签收"}
)

// AtOnce implements carrier.Tracker.
func (c *JDL) AtOnce() int { return 1 }

// Collected implements carrier.Tracker.
func (c *JDL) Collected(ctx context.Context, numbers []floor.WaybillNo) (map[floor.WaybillNo]time.Time, error) {
	return one(numbers, func(no floor.WaybillNo) ([]carrier.Trace, error) {
		var got struct {
			Lines []map[string]json.RawMessage `json:"traceDetails"`
		}
		ask := map[string]any{"waybillCode": no, "orderOrigin": 1, "customerCode": c.a.Customer}
		err := c.call(ctx, "track", "/ecap/v1/orders/trace/query", ask, &got)
		var track []carrier.Trace
		for _, line := range got.Lines {
			text, t := "", carrier.Trace{}
			for _, key := range []string{"operationTitle", "operationRemark", "operateRemark", "categoryName"} {
				text += string(line[key])
			}
			for _, key := range []string{"operationTime", "operateTime"} {
				if at := carrier.Moment(line[key]); t.At.IsZero() {
					t.At = at
				}
			}
			said := func(w string) bool { return strings.Contains(text, w) }
			t.Taken, t.Moved = slices.ContainsFunc(jdlTaken, said), slices.ContainsFunc(jdlMoved, said)
			track = append(track, t)
		}
		return track, err
	})
}
