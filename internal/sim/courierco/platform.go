package courierco

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The platforms' waybill services. They take a masked recipient with its token,
// and give beside the number print data that only their component reads.

// joined gives all parameters but sign, name and value, in the order of names.
func joined(form url.Values) string {
	var names []string
	for k := range form {
		if k != "sign" {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	s := ""
	for _, k := range names {
		s += k + form.Get(k)
	}
	return s
}

// Cipher is the print data of a number: what the component must be given.
func Cipher(no string) (data, signature string) {
	return "AES:" + digest64("print"+no), "MD:" + digest64("sign"+no)
}

// printData is the JSON in a text of Cainiao and Pinduoduo.
func printData(no, template string) string {
	data, signature := Cipher(no)
	b, _ := json.Marshal(map[string]string{"encryptedData": data, "signature": signature, "templateURL": template, "ver": "3"})
	return string(b)
}

// apply reads what Cainiao and Pinduoduo are asked for a number with.
func (x *Express) apply(ask map[string]any) (*order, error) {
	list, _ := ask["trade_order_info_dtos"].([]any)
	if len(list) != 1 {
		return nil, &no{"PARAM", "参数错误"}
	}
	info, _ := list[0].(map[string]any)
	to, _ := info["recipient"].(map[string]any)
	if text(to, "oaid") != "" && strings.Contains(text(to, "address", "detail"), "*") {
		return x.book(text(info, "package_info", "id"), text(to, "address", "province"), text(to, "address", "city"), "token:"+text(to, "oaid"), "token")
	}
	return x.book(text(info, "package_info", "id"), text(to, "address", "province"), text(to, "address", "city"), text(to, "address", "detail"), text(to, "mobile"))
}

func (x *Express) pdd(_ *http.Request, body string) (string, func() any) {
	form, _ := url.ParseQuery(body)
	op := map[string]string{"pdd.waybill.get": "book", "pdd.waybill.cancel": "void"}[form.Get("type")]
	return op, func() any {
		fail := func(code int, msg string) any {
			return map[string]any{"error_response": map[string]any{"error_code": code, "error_msg": msg, "sub_code": nil, "sub_msg": msg, "request_id": "1"}}
		}
		at, err := strconv.ParseInt(form.Get("timestamp"), 10, 64)
		switch {
		case form.Get("client_id") != x.o.ID || form.Get("access_token") != x.o.Token:
			return fail(10019, "access_token已过期")
		case form.Get("sign") != fmt.Sprintf("%X", md5.Sum([]byte(x.o.Secret+joined(form)+x.o.Secret))):
			return fail(20004, "签名sign校验失败")
		case err != nil || time.Since(time.Unix(at, 0)).Abs() > 10*time.Minute:
			return fail(20004, "时间戳超出范围,sign无效")
		}
		var o *order
		if err = x.told(); err == nil && op == "book" {
			if o, err = x.apply(parse(form.Get("param_waybill_cloud_print_apply_new_request"))); err == nil || o != nil && x.o.Strict {
				return map[string]any{"pdd_waybill_get_response": map[string]any{"request_id": "1", "modules": []any{map[string]any{
					"object_id": "1", "waybill_code": o.no, "parent_waybill_code": nil, "print_data": printData(o.no, "https://label.example/pdd"),
				}}}}
			}
		} else if err == nil {
			err = x.cancel("", form.Get("waybill_code"))
		}
		if err != nil {
			_, words := wordsOf(err)
			return fail(50001, words)
		}
		return map[string]any{"pdd_waybill_cancel_response": map[string]any{"cancel_result": true}}
	}
}

func (x *Express) top(_ *http.Request, body string) (string, func() any) {
	form, _ := url.ParseQuery(body)
	op := map[string]string{"cainiao.waybill.ii.get": "book", "cainiao.waybill.ii.cancel": "void"}[form.Get("method")]
	return op, func() any {
		fail := func(code int, msg, subCode, subMsg string) any {
			return map[string]any{"error_response": map[string]any{"code": code, "msg": msg, "sub_code": subCode, "sub_msg": subMsg}}
		}
		mac := hmac.New(sha256.New, []byte(x.o.Secret))
		mac.Write([]byte(joined(form)))
		at, err := time.ParseInLocation(time.DateTime, form.Get("timestamp"), time.FixedZone("", 8*3600))
		switch {
		case form.Get("app_key") != x.o.ID || form.Get("session") != x.o.Token:
			return fail(27, "Invalid session", "invalid-sessionkey", "")
		case form.Get("sign_method") != "hmac-sha256" || form.Get("sign") != fmt.Sprintf("%X", mac.Sum(nil)):
			return fail(25, "Invalid signature", "", "")
		case err != nil || time.Since(at).Abs() > 10*time.Minute:
			return fail(31, "Invalid timestamp", "", "")
		}
		var o *order
		if err = x.told(); err == nil && op == "book" {
			if o, err = x.apply(parse(form.Get("param_waybill_cloud_print_apply_new_request"))); err == nil || o != nil && x.o.Strict {
				return map[string]any{"cainiao_waybill_ii_get_response": map[string]any{"request_id": "1", "modules": map[string]any{"waybill_cloud_print_response": []any{map[string]any{
					"object_id": "1", "waybill_code": o.no, "cp_code": text(parse(form.Get("param_waybill_cloud_print_apply_new_request")), "cp_code"), "print_data": printData(o.no, "https://label.example/cainiao"),
				}}}}}
			}
		} else if err == nil {
			err = x.cancel("", form.Get("waybill_code"))
		}
		if err != nil {
			_, words := wordsOf(err)
			return fail(15, "Remote service error", "isv.waybill-error", words)
		}
		return map[string]any{"cainiao_waybill_ii_cancel_response": map[string]any{"cancel_result": true}}
	}
}

func (x *Express) douyin(r *http.Request, body string) (string, func() any) {
	form, _ := url.ParseQuery(body)
	op := map[string]string{"/logistics/newCreateOrder": "book", "/logistics/cancelOrder": "void", "/logistics/waybillApply": "print"}[r.URL.Path]
	return op, func() any {
		fail := func(code int, sub, msg string) any {
			return map[string]any{"code": code, "msg": "error", "sub_code": sub, "sub_msg": msg, "log_id": "1", "data": nil}
		}
		mac := hmac.New(sha256.New, []byte(x.o.Secret))
		mac.Write([]byte(x.o.Secret + "app_key" + form.Get("app_key") + "method" + form.Get("method") + "param_json" + form.Get("param_json") + "timestamp" + form.Get("timestamp") + "v" + form.Get("v") + x.o.Secret))
		at, err := strconv.ParseInt(form.Get("timestamp"), 10, 64)
		switch {
		case form.Get("app_key") != x.o.ID || form.Get("access_token") != x.o.Token:
			return fail(30001, "isv.access-token-expired", "access_token已过期")
		case form.Get("sign") != fmt.Sprintf("%x", mac.Sum(nil)):
			return fail(40003, "isv.signature-invalid", "签名校验失败")
		case err != nil || time.Since(time.Unix(at, 0)).Abs() > 10*time.Minute:
			return fail(40003, "isv.signature-invalid", "时间戳过期")
		}
		ask := parse(form.Get("param_json"))
		var data any
		if err = x.told(); err == nil {
			switch op {
			case "book":
				list, _ := ask["order_infos"].([]any)
				if len(list) != 1 {
					return fail(40004, "isv.parameter-invalid", "参数错误")
				}
				info, _ := list[0].(map[string]any)
				to, _ := info["receiver_info"].(map[string]any)
				o, no := x.book(text(info, "pack_id"), text(to, "address", "province_name"), text(to, "address", "city_name"), text(to, "address", "detail_address"), text(to, "contact", "mobile"))
				if no != nil && (o == nil || !x.o.Strict) {
					code, words := wordsOf(no)
					data = map[string]any{"ebill_infos": []any{}, "err_infos": []any{map[string]any{"err_code": code, "err_msg": words}}}
					break
				}
				data = map[string]any{"ebill_infos": []any{map[string]any{"track_no": o.no, "sort_code": "310-012", "order_id": text(info, "order_id")}}, "err_infos": nil}
			case "print":
				list, _ := ask["waybill_applies"].([]any)
				var infos []any
				for _, a := range list {
					m, _ := a.(map[string]any)
					cipher, signature := Cipher(text(m, "track_no"))
					infos = append(infos, map[string]any{"track_no": text(m, "track_no"), "print_data": cipher, "sign": signature})
				}
				data = map[string]any{"waybill_infos": infos}
			case "void":
				err = x.cancel("", text(ask, "track_no"))
			}
		}
		if err != nil {
			_, words := wordsOf(err)
			return fail(50002, "isv.business-failed:4096", words)
		}
		return map[string]any{"code": 10000, "msg": "success", "sub_code": "", "sub_msg": "", "log_id": "1", "data": data}
	}
}
