// Package ewaybill holds the drivers of the platforms' own waybill services:
// Cainiao, Pinduoduo and Douyin. They take an order whose recipient the platform
// hides by its token, and give beside the number a ticket: cipher that only the
// platform's own print component can make a label of (package component).
//
// Calls are signed as the platform's calls for orders are (package sign). A
// platform gives the same number for the same order and package, so a lost answer
// is asked again as it was. The field names are those of the platforms' pages.
package ewaybill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/carrier"
	"floord/sync/channel/sign"
)

// An Account is what a shop has at its platform's waybill service.
type Account struct {
	URL      string // of the gateway; empty: the platform's own
	ID       string // app key, client id
	Secret   string
	Token    func() (string, error) // of the shop, read at each call
	Carrier  string                 // the platform's code of the carrier: "YTO", "yuantong"
	User     string                 // the seller's number on the platform, where it asks for it
	Template string                 // URL of the platform's label template; empty: what it gives
	Client   *http.Client           // nil: one with the drivers' time limits
}

func (a Account) check(gateway string) (Account, error) {
	var err error
	a.URL, a.Client, err = carrier.Wire(a.URL, gateway, a.Client)
	switch {
	case err != nil:
	case a.ID == "" || a.Secret == "" || a.Token == nil:
		err = errors.New("app key, secret and token are needed")
	case a.Carrier == "":
		err = errors.New("the platform's code of the carrier is needed")
	}
	return a, err
}

// token reads the shop's token.
func (a Account) token(op string) (string, error) {
	t, err := a.Token()
	if err != nil || t == "" {
		return "", &carrier.Error{Class: carrier.Unauthorized, Op: op, Code: "no-token", Err: err,
			Zh: "读不到平台的访问令牌,请检查令牌文件。", En: "the platform's access token cannot be read; check its file"}
	}
	return t, nil
}

// post sends a signed form and gives the answer.
func (a Account) post(ctx context.Context, op, address string, params map[string]string) ([]byte, error) {
	form := url.Values{}
	for k, v := range params {
		form.Set(k, v)
	}
	return carrier.Post(ctx, a.Client, op, address, "application/x-www-form-urlencoded;charset=utf-8", form.Encode(), nil)
}

// place is an address in the words that Cainiao and Pinduoduo share.
func place(province, city, district, detail string) map[string]any {
	return map[string]any{"country": "中国", "province": province, "city": city, "district": district, "detail": detail}
}

// apply is what Cainiao and Pinduoduo are asked for a number with.
func (a Account) apply(s carrier.Shipment, code, channel string) map[string]any {
	to := map[string]any{
		"address": place(s.To.Province, s.To.City, s.To.District, s.To.Detail), "name": s.To.Name, "mobile": s.To.Phone, "phone": s.To.Phone,
	}
	if s.To.Token != "" {
		to["oaid"] = s.To.Token
	}
	return map[string]any{
		code: a.Carrier, "need_encrypt": true,
		"sender": map[string]any{"address": place(s.From.Province, s.From.City, s.From.District, s.From.Detail), "name": s.From.Name, "mobile": s.From.Phone, "phone": s.From.Phone},
		"trade_order_info_dtos": []any{map[string]any{
			"object_id":    "1",
			"order_info":   map[string]any{"order_channels_type": channel, "trade_order_list": append([]string{s.Number}, s.Also...)},
			"package_info": map[string]any{"id": s.ID, "items": []any{map[string]any{"name": s.Goods, "count": max(s.Count, 1)}}, "weight": s.Grams},
			"recipient":    to, "template_url": a.Template, "user_id": a.User,
		}},
	}
}

// module is a number with its print data, in the words they share.
type module struct {
	No    string `json:"waybill_code"`
	Print string `json:"print_data"`
}

// booking reads a module. The print data are JSON in a text, and are passed to the
// component as they are but for its names.
func (m module) booking(op, component, template string) (carrier.Booking, error) {
	var p struct {
		Data      string `json:"encryptedData"`
		Signature string `json:"signature"`
		Template  string `json:"templateURL"`
		Version   string `json:"ver"`
	}
	if err := json.Unmarshal([]byte(m.Print), &p); err != nil || p.Data == "" {
		return carrier.Booking{}, carrier.Unread(op, errors.Join(err, errors.New("the number comes without print data")))
	}
	if p.Template == "" {
		p.Template = template
	}
	return carrier.CheckBooking(carrier.Booking{Waybill: floor.WaybillNo(m.No), Ticket: &floor.Ticket{
		Component: component, Template: p.Template, Data: p.Data, Signature: p.Signature, Version: p.Version,
	}})
}

// ---- Pinduoduo

// PDD is a shop's waybill service at Pinduoduo.
type PDD struct{ a Account }

var _ carrier.Booker = (*PDD)(nil)

// NewPDD makes the driver.
func NewPDD(a Account) (*PDD, error) {
	a, err := a.check("https://gw-api.pinduoduo.com/api/router")
	if err != nil {
		return nil, fmt.Errorf("pdd e-waybill: %w", err)
	}
	return &PDD{a}, nil
}

// Book implements carrier.Booker.
func (c *PDD) Book(ctx context.Context, s carrier.Shipment) (carrier.Booking, error) {
	if err := carrier.CheckShipment(s); err != nil {
		return carrier.Booking{}, err
	}
	ask, err := carrier.Encode("book", c.a.apply(s, "wp_code", "PDD"))
	if err != nil {
		return carrier.Booking{}, err
	}
	var got struct {
		Answer struct {
			Modules []module `json:"modules"`
		} `json:"pdd_waybill_get_response"`
	}
	if err := c.call(ctx, "book", "pdd.waybill.get", map[string]string{"param_waybill_cloud_print_apply_new_request": ask}, &got); err != nil {
		return carrier.Booking{}, err
	}
	if len(got.Answer.Modules) != 1 {
		return carrier.Booking{}, carrier.Unread("book", fmt.Errorf("%d numbers", len(got.Answer.Modules)))
	}
	return got.Answer.Modules[0].booking("book", "pdd", c.a.Template)
}

// Void implements carrier.Booker.
func (c *PDD) Void(ctx context.Context, _ string, no floor.WaybillNo) error {
	return carrier.Voided(c.call(ctx, "void", "pdd.waybill.cancel", map[string]string{"wp_code": c.a.Carrier, "waybill_code": string(no)}, &struct{}{}))
}

// pddCodes are those of the gateway: 10019 and 20004 are of the token and the sign.
var pddCodes = map[string]carrier.Class{
	"10019": carrier.Unauthorized, "20004": carrier.Unauthorized, "20005": carrier.Unauthorized, "70031": carrier.RateLimited, "52001": carrier.RateLimited, "50000": carrier.Retryable,
}

func (c *PDD) call(ctx context.Context, op, method string, params map[string]string, into any) error {
	token, err := c.a.token(op)
	if err != nil {
		return err
	}
	params["type"], params["client_id"], params["access_token"], params["data_type"] = method, c.a.ID, token, "JSON"
	params["timestamp"] = strconv.FormatInt(time.Now().Unix(), 10)
	params["sign"] = sign.PDD(params, c.a.Secret)
	answer, err := c.a.post(ctx, op, c.a.URL, params)
	if err != nil {
		return err
	}
	var no struct {
		Error *struct {
			Code    any    `json:"error_code"`
			SubCode any    `json:"sub_code"`
			Msg     string `json:"error_msg"`
			SubMsg  string `json:"sub_msg"`
		} `json:"error_response"`
	}
	if err := json.Unmarshal(answer, &no); err != nil {
		return carrier.Unread(op, err)
	}
	if no.Error != nil {
		return carrier.Judge(op, fmt.Sprint(no.Error.Code), no.Error.Msg+" "+no.Error.SubMsg, pddCodes)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return carrier.Unread(op, err)
	}
	return nil
}

// ---- Cainiao

// Cainiao is a shop's waybill service at Cainiao, through Taobao's open platform.
type Cainiao struct{ a Account }

var _ carrier.Booker = (*Cainiao)(nil)

// NewCainiao makes the driver. Account.Token gives the session.
func NewCainiao(a Account) (*Cainiao, error) {
	a, err := a.check("https://eco.taobao.com/router/rest")
	if err != nil {
		return nil, fmt.Errorf("cainiao e-waybill: %w", err)
	}
	return &Cainiao{a}, nil
}

// Book implements carrier.Booker.
func (c *Cainiao) Book(ctx context.Context, s carrier.Shipment) (carrier.Booking, error) {
	if err := carrier.CheckShipment(s); err != nil {
		return carrier.Booking{}, err
	}
	ask, err := carrier.Encode("book", c.a.apply(s, "cp_code", "TB"))
	if err != nil {
		return carrier.Booking{}, err
	}
	var got struct {
		Answer struct {
			Modules struct {
				List []module `json:"waybill_cloud_print_response"`
			} `json:"modules"`
		} `json:"cainiao_waybill_ii_get_response"`
	}
	if err := c.call(ctx, "book", "cainiao.waybill.ii.get", map[string]string{"param_waybill_cloud_print_apply_new_request": ask}, &got); err != nil {
		return carrier.Booking{}, err
	}
	if n := len(got.Answer.Modules.List); n != 1 {
		return carrier.Booking{}, carrier.Unread("book", fmt.Errorf("%d numbers", n))
	}
	return got.Answer.Modules.List[0].booking("book", "cainiao", c.a.Template)
}

// Void implements carrier.Booker.
func (c *Cainiao) Void(ctx context.Context, _ string, no floor.WaybillNo) error {
	return carrier.Voided(c.call(ctx, "void", "cainiao.waybill.ii.cancel", map[string]string{"cp_code": c.a.Carrier, "waybill_code": string(no)}, &struct{}{}))
}

// topCodes are those of Taobao's gateway: 25 to 27 the sign and the session, 7 the
// rate; what begins with isp. is its own trouble.
var topCodes = map[string]carrier.Class{
	"7": carrier.RateLimited, "11": carrier.Unauthorized, "12": carrier.Unauthorized, "25": carrier.Unauthorized, "26": carrier.Unauthorized, "27": carrier.Unauthorized, "31": carrier.Unauthorized,
}

func (c *Cainiao) call(ctx context.Context, op, method string, params map[string]string, into any) error {
	token, err := c.a.token(op)
	if err != nil {
		return err
	}
	params["method"], params["app_key"], params["session"], params["format"], params["v"] = method, c.a.ID, token, "json", "2.0"
	params["timestamp"], params["sign_method"] = carrier.Beijing(time.Now()), "hmac-sha256"
	params["sign"] = sign.TOP(params, c.a.Secret)
	answer, err := c.a.post(ctx, op, c.a.URL, params)
	if err != nil {
		return err
	}
	var no struct {
		Error *struct {
			Code    any    `json:"code"`
			Msg     string `json:"msg"`
			SubCode string `json:"sub_code"`
			SubMsg  string `json:"sub_msg"`
		} `json:"error_response"`
	}
	if err := json.Unmarshal(answer, &no); err != nil {
		return carrier.Unread(op, err)
	}
	if e := no.Error; e != nil {
		if strings.HasPrefix(e.SubCode, "isp.") {
			return carrier.Judge(op, e.SubCode, e.SubMsg, map[string]carrier.Class{e.SubCode: carrier.Retryable})
		}
		if class, known := topCodes[fmt.Sprint(e.Code)]; known {
			return carrier.Judge(op, fmt.Sprint(e.Code), e.Msg, map[string]carrier.Class{fmt.Sprint(e.Code): class})
		}
		return carrier.Judge(op, e.SubCode, e.SubMsg, nil)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return carrier.Unread(op, err)
	}
	return nil
}

// ---- Douyin

// Douyin is a shop's waybill service at Douyin: the number and the print data are
// two calls.
type Douyin struct{ a Account }

var _ carrier.Booker = (*Douyin)(nil)

// NewDouyin makes the driver.
func NewDouyin(a Account) (*Douyin, error) {
	a, err := a.check("https://openapi-fxg.jinritemai.com")
	if err != nil {
		return nil, fmt.Errorf("douyin e-waybill: %w", err)
	}
	return &Douyin{a}, nil
}

// Book implements carrier.Booker.
func (c *Douyin) Book(ctx context.Context, s carrier.Shipment) (carrier.Booking, error) {
	if err := carrier.CheckShipment(s); err != nil {
		return carrier.Booking{}, err
	}
	who := func(name, phone, province, city, district, detail string) map[string]any {
		return map[string]any{
			"address": map[string]any{"country_code": "CHN", "province_name": province, "city_name": city, "district_name": district, "detail_address": detail},
			"contact": map[string]any{"name": name, "mobile": phone},
		}
	}
	ask := map[string]any{
		"logistics_code": c.a.Carrier, "user_id": c.a.User,
		"sender_info": who(s.From.Name, s.From.Phone, s.From.Province, s.From.City, s.From.District, s.From.Detail),
		"order_infos": []any{map[string]any{
			"order_id": s.Number, "pack_id": s.ID, "pack_num": max(s.Package, 1), "weight": s.Grams,
			"receiver_info": who(s.To.Name, s.To.Phone, s.To.Province, s.To.City, s.To.District, s.To.Detail),
			"items":         []any{map[string]any{"item_name": s.Goods, "item_count": max(s.Count, 1)}},
		}},
	}
	var got struct {
		Infos []struct {
			No   string `json:"track_no"`
			Sort string `json:"sort_code"`
		} `json:"ebill_infos"`
		Errs []struct {
			Code any    `json:"err_code"`
			Msg  string `json:"err_msg"`
		} `json:"err_infos"`
	}
	if err := c.call(ctx, "book", "logistics.newCreateOrder", ask, &got); err != nil {
		return carrier.Booking{}, err
	}
	if len(got.Errs) > 0 {
		return carrier.Booking{}, carrier.Judge("book", fmt.Sprint(got.Errs[0].Code), got.Errs[0].Msg, nil)
	}
	if len(got.Infos) != 1 {
		return carrier.Booking{}, carrier.Unread("book", fmt.Errorf("%d numbers", len(got.Infos)))
	}
	b, err := carrier.CheckBooking(carrier.Booking{Waybill: floor.WaybillNo(got.Infos[0].No), SortCode: got.Infos[0].Sort})
	if err != nil {
		return b, err
	}
	b.Ticket, err = c.ticket(ctx, b.Waybill)
	if err != nil {
		return carrier.Booking{}, err // asked again, the number is the same
	}
	return b, nil
}

func (c *Douyin) ticket(ctx context.Context, no floor.WaybillNo) (*floor.Ticket, error) {
	var got struct {
		Infos []struct {
			Data string `json:"print_data"`
			Sign string `json:"sign"`
		} `json:"waybill_infos"`
	}
	ask := map[string]any{"waybill_applies": []any{map[string]any{"logistics_code": c.a.Carrier, "track_no": no}}}
	if err := c.call(ctx, "print", "logistics.waybillApply", ask, &got); err != nil {
		return nil, err
	}
	if len(got.Infos) != 1 || got.Infos[0].Data == "" {
		return nil, carrier.Unread("print", errors.New("no print data"))
	}
	return &floor.Ticket{Component: "douyin", Template: c.a.Template, Data: got.Infos[0].Data, Signature: got.Infos[0].Sign}, nil
}

// Params gives what the print component asks Douyin with for the key of the print
// data: a signed call of its own, good for a short time.
func (c *Douyin) Params() (string, error) {
	params, err := c.sign("print", "logistics.getShopKey", "{}")
	if err != nil {
		return "", err
	}
	q := url.Values{}
	for k, v := range params {
		q.Set(k, v)
	}
	return q.Encode(), nil
}

// Void implements carrier.Booker.
func (c *Douyin) Void(ctx context.Context, _ string, no floor.WaybillNo) error {
	return carrier.Voided(c.call(ctx, "void", "logistics.cancelOrder", map[string]any{"logistics_code": c.a.Carrier, "track_no": no}, nil))
}

func (c *Douyin) sign(op, method, param string) (map[string]string, error) {
	token, err := c.a.token(op)
	if err != nil {
		return nil, err
	}
	params := map[string]string{
		"app_key": c.a.ID, "method": method, "param_json": param, "timestamp": strconv.FormatInt(time.Now().Unix(), 10), "v": "2", "sign_method": "hmac-sha256",
	}
	params["sign"] = sign.Douyin(params, c.a.Secret)
	params["access_token"] = token
	return params, nil
}

func (c *Douyin) call(ctx context.Context, op, method string, ask, into any) error {
	param, err := carrier.Encode(op, ask)
	if err != nil {
		return err
	}
	params, err := c.sign(op, method, param)
	if err != nil {
		return err
	}
	answer, err := c.a.post(ctx, op, c.a.URL+"/"+strings.ReplaceAll(method, ".", "/"), params)
	if err != nil {
		return err
	}
	var got struct {
		Code    int             `json:"code"`
		Msg     string          `json:"msg"`
		SubCode string          `json:"sub_code"`
		SubMsg  string          `json:"sub_msg"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(answer, &got); err != nil || got.Code == 0 {
		return carrier.Unread(op, errors.Join(err, errors.New("no code")))
	}
	switch {
	case strings.HasPrefix(got.SubCode, "isp."), strings.HasPrefix(got.SubCode, "dop."):
		return carrier.Judge(op, got.SubCode, got.SubMsg, map[string]carrier.Class{got.SubCode: carrier.Retryable})
	case got.Code != 10000:
		return carrier.Judge(op, got.SubCode, got.SubMsg+" "+got.Msg, map[string]carrier.Class{
			"isv.signature-invalid": carrier.Unauthorized, "isv.access-token-expired": carrier.Unauthorized, "isv.invalid_ip": carrier.Unauthorized,
		})
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(got.Data, into); err != nil {
		return carrier.Unread(op, err)
	}
	return nil
}
