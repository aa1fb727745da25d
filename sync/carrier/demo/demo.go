// Package demo is the driver for the demonstration carrier, whose service
// internal/sim plays. Its protocol is of the plain kind that most carriers have:
//
//	POST <base>/v1/<op>     JSON in, JSON out
//	X-Account, X-Timestamp  the account, and unix seconds at most 10 minutes off
//	X-Sign                  base64(HMAC-SHA256(key, account \n timestamp \n path \n body))
//	{"code":"OK","message":"","data":{…}}
//
// Operations: numbers {request_id, count} -> {numbers}, void {number} -> {},
// routes {} -> {routes:[{province, city, district, code}]}, balance {} -> {left},
// track {numbers} -> {scans:[{number, at}]}, unix milliseconds of the first scan.
package demo

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// A Carrier is one account: a carrier.Carrier.
type Carrier struct {
	base    string
	account string
	key     string
	http    *http.Client
}

var (
	_ carrier.Carrier = (*Carrier)(nil)
	_ carrier.Tracker = (*Carrier)(nil)
)

// New makes the driver of one account. client may be nil for one with the
// driver's time limits.
func New(base, account, key string, client *http.Client) (*Carrier, error) {
	base, client, err := carrier.Wire(base, "", client)
	if err != nil {
		return nil, fmt.Errorf("demo carrier: %w", err)
	}
	if account == "" || key == "" {
		return nil, errors.New("demo carrier: account and key are needed")
	}
	return &Carrier{base: base, account: account, key: key, http: client}, nil
}

// Numbers implements carrier.Carrier.
func (c *Carrier) Numbers(ctx context.Context, r carrier.Request) ([]floor.WaybillNo, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	var got struct {
		Numbers []floor.WaybillNo `json:"numbers"`
	}
	ask := map[string]any{"request_id": r.ID, "count": r.N}
	if err := c.call(ctx, "numbers", ask, &got); err != nil {
		return nil, err
	}
	if err := carrier.CheckNumbers(r, got.Numbers); err != nil {
		return nil, err
	}
	return got.Numbers, nil
}

// Void implements carrier.Carrier.
func (c *Carrier) Void(ctx context.Context, no floor.WaybillNo) error {
	err := c.call(ctx, "void", map[string]any{"number": no}, &struct{}{})
	var e *carrier.Error
	if errors.As(err, &e) && e.Code == "ALREADY_VOID" {
		return nil
	}
	return err
}

// Routes implements carrier.Carrier.
func (c *Carrier) Routes(ctx context.Context) (carrier.Routes, error) {
	var got struct {
		Routes []struct {
			Province string `json:"province"`
			City     string `json:"city"`
			District string `json:"district"`
			Code     string `json:"code"`
		} `json:"routes"`
	}
	if err := c.call(ctx, "routes", struct{}{}, &got); err != nil {
		return carrier.Routes{}, err
	}
	all := make([]carrier.Route, 0, len(got.Routes))
	for _, r := range got.Routes {
		if r.Province != "" && r.Code != "" && len(r.Code) <= 32 {
			all = append(all, carrier.Route(r))
		}
	}
	return carrier.NewRoutes(all), nil
}

// Balance implements carrier.Carrier.
func (c *Carrier) Balance(ctx context.Context) (int, error) {
	var got struct {
		Left int `json:"left"`
	}
	err := c.call(ctx, "balance", struct{}{}, &got)
	return got.Left, err
}

// AtOnce implements carrier.Tracker.
func (c *Carrier) AtOnce() int { return 50 }

// Collected implements carrier.Tracker.
func (c *Carrier) Collected(ctx context.Context, numbers []floor.WaybillNo) (map[floor.WaybillNo]time.Time, error) {
	var got struct {
		Scans []struct {
			Number floor.WaybillNo `json:"number"`
			At     json.RawMessage `json:"at"`
		} `json:"scans"`
	}
	if err := c.call(ctx, "track", map[string]any{"numbers": numbers}, &got); err != nil {
		return nil, err
	}
	out := map[floor.WaybillNo]time.Time{}
	for _, s := range got.Scans {
		if at := carrier.Moment(s.At); !at.IsZero() && slices.Contains(numbers, s.Number) {
			out[s.Number] = at
		}
	}
	return out, nil
}

// call asks the service and decodes the answer's data.
func (c *Carrier) call(ctx context.Context, op string, ask, data any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	at := strconv.FormatInt(time.Now().Unix(), 10)
	answer, err := carrier.Post(ctx, c.http, op, c.base+"/v1/"+op, "application/json", string(body), map[string]string{
		"X-Account": c.account, "X-Timestamp": at, "X-Sign": Sign(c.key, c.account, at, "/v1/"+op, body),
	})
	if err != nil {
		return err
	}
	return decode(op, answer, data)
}

// decode reads an answer. What a later version of the service adds is passed over.
func decode(op string, answer []byte, data any) error {
	var got struct {
		Code    string          `json:"code"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	}
	err := json.Unmarshal(answer, &got)
	if err == nil && got.Code == "OK" {
		err = json.Unmarshal(got.Data, data)
	}
	if err != nil || got.Code == "" {
		if err == nil {
			err = errors.New("no code")
		}
		return carrier.Unread(op, err)
	}
	if got.Code == "OK" {
		return nil
	}
	return refusal(op, got.Code)
}

// refusals says what the service's codes mean.
var refusals = map[string]carrier.Error{
	"BAD_SIGN":    {Class: carrier.Unauthorized, Zh: "承运商验签失败,请核对账号与密钥文件。", En: "the carrier rejects the signature; check the account and the key file"},
	"BAD_CLOCK":   {Class: carrier.Unauthorized, Zh: "本机时间与承运商相差超过 10 分钟,请校准时钟。", En: "this machine's clock is more than 10 minutes off; set it"},
	"NO_ACCOUNT":  {Class: carrier.Unauthorized, Zh: "承运商没有这个账号,请核对配置。", En: "the carrier has no such account; check the configuration"},
	"NO_BALANCE":  {Class: carrier.Exhausted, Zh: "电子面单余额不足,请充值。", En: "the waybill account is empty; top it up"},
	"RATE":        {Class: carrier.RateLimited, After: 2 * time.Second, Zh: "承运商限流,系统会稍后自动重试。", En: "the carrier limits the rate; it will be asked again later"},
	"BUSY":        {Class: carrier.Retryable, Zh: "承运商系统繁忙,系统会自动重试。", En: "the carrier is busy; it will be asked again"},
	"ID_REUSED":   {Class: carrier.Refused, Zh: "取号请求编号已用于另一次取号,请联系实施人员。", En: "the request id was used for another request; call whoever set the carrier up"},
	"IN_USE":      {Class: carrier.Refused, Zh: "该运单已揽收,不能作废。", En: "the waybill was collected and cannot be voided"},
	"NO_NUMBER":   {Class: carrier.Refused, Zh: "该运单号不属于本账号。", En: "the waybill number is not of this account"},
	"BAD_REQUEST": {Class: carrier.Refused, Zh: "承运商认为请求有误,请联系实施人员。", En: "the carrier finds the request wrong; call whoever set the carrier up"},
}

func refusal(op, code string) error {
	e, known := refusals[code]
	if !known {
		e = carrier.Error{Class: carrier.Refused, Zh: "承运商拒绝了请求,请组长联系承运商。", En: "the carrier refused; a lead should call it"}
		if len(code) > 40 {
			code = code[:40]
		}
	}
	e.Op, e.Code = op, code
	return &e
}

// Sign gives the signature of a request.
func Sign(key, account, at, path string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(account + "\n" + at + "\n" + path + "\n"))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
