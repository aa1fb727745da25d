package drivers

import (
	"bytes"
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"floord/sync/channel/api"
	"floord/sync/channel/sign"
)

// plugs are what the maps cannot say: how a platform's calls are signed. The map
// names one as its auth.kind.
var plugs = map[string]api.Plug{
	"pdd": func(r *api.Request, a api.Account) {
		add(r.Form, "type", r.Method, "client_id", a.Client, "access_token", a.Token, "data_type", "JSON", "timestamp", seconds(r.Now))
		r.Form["sign"] = sign.PDD(r.Form, a.Secret)
	},
	"taobao": func(r *api.Request, a api.Account) {
		add(r.Form, "method", r.Method, "app_key", a.Client, "session", a.Token, "timestamp", china(r.Now),
			"format", "json", "v", "2.0", "sign_method", "hmac-sha256")
		r.Form["sign"] = sign.TOP(r.Form, a.Secret)
	},
	"jd": func(r *api.Request, a api.Account) {
		add(r.Form, "method", r.Method, "app_key", a.Client, "access_token", a.Token, "timestamp", china(r.Now),
			"v", "2.0", "360buy_param_json", string(sorted(r.Body)))
		r.Body, r.Form["sign"] = nil, sign.PDD(r.Form, a.Secret)
	},
	// Douyin wants the keys of its parameter sorted, and no HTML escapes.
	"douyin": func(r *api.Request, a api.Account) {
		r.Body = sorted(r.Body)
		p := map[string]string{"app_key": a.Client, "method": r.Method, "param_json": string(r.Body), "timestamp": seconds(r.Now),
			"v": "2", "sign_method": "hmac-sha256"}
		p["sign"] = sign.Douyin(p, a.Secret)
		delete(p, "param_json")
		add(p, "access_token", a.Token)
		maps.Copy(r.Query, p)
	},
	"kuaishou": func(r *api.Request, a api.Account) {
		p := map[string]string{"access_token": a.Token, "appkey": a.Client, "method": r.Method, "param": string(r.Body),
			"signMethod": "HMAC_SHA256", "timestamp": strconv.FormatInt(r.Now.UnixMilli(), 10), "version": "1"}
		p["sign"] = sign.Kuaishou(p, a.SignSecret)
		if r.Body = nil; r.HTTP == "GET" {
			maps.Copy(r.Query, p)
		} else {
			maps.Copy(r.Form, p)
		}
	},
	// Xiaohongshu has the public parameters beside those of the question.
	"xiaohongshu": func(r *api.Request, a api.Account) {
		at := seconds(r.Now)
		public := map[string]string{"appId": a.Client, "timestamp": at, "version": "2.0", "method": r.Method,
			"sign": sign.Xiaohongshu(r.Method, a.Client, at, "2.0", a.Secret)}
		add(public, "accessToken", a.Token)
		head, _ := json.Marshal(public)
		if rest := bytes.TrimSpace(r.Body)[1:]; len(bytes.TrimSpace(rest)) > 1 {
			head = append(append(head[:len(head)-1], ','), rest...)
		}
		r.Body = head
	},
}

// add adds the parameters that say something.
func add(to map[string]string, pairs ...string) {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			to[pairs[i]] = pairs[i+1]
		}
	}
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

var zone = time.FixedZone("GMT+8", 8*3600)

func china(t time.Time) string { return t.In(zone).Format(time.DateTime) }

// sorted gives JSON with its keys in order and without blanks, numbers as they
// were written.
func sorted(body []byte) []byte {
	var v any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return body // the map's own check has found it to be JSON
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // what was decoded can be encoded
	return bytes.TrimSpace(out.Bytes())
}
