// Package sign gives the signatures that the platforms ask for, of calls to them
// and of what they push. Each function is named after the platform whose rule it
// is; the vectors in testdata say where each rule was seen. The digests are what
// the protocols ask for and protect nothing else.
package sign

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/url"
	"slices"
	"strings"
)

// PDD signs a call to Pinduoduo: the upper-case hex MD5 over the secret, all
// parameters but "sign" as name and value in the order of their names, and the
// secret again. JD's routerjson has the same rule.
func PDD(params map[string]string, secret string) string {
	return strings.ToUpper(md5hex(secret + sorted(params, false) + secret))
}

// TOP signs a call to Taobao's open platform: the method that sign_method says,
// "md5" if it says none, over the parameters that are not empty.
func TOP(params map[string]string, secret string) string {
	text := sorted(params, true)
	switch params["sign_method"] {
	case "hmac":
		return strings.ToUpper(hex.EncodeToString(mac(md5.New, secret, text)))
	case "hmac-sha256":
		return strings.ToUpper(hex.EncodeToString(mac(sha256.New, secret, text)))
	}
	return strings.ToUpper(md5hex(secret + text + secret))
}

// Qimen signs a request between an ERP and a warehouse: the query's parameters as
// TOP has them, and the body behind them. Seen only in secondary sources.
func Qimen(query map[string]string, body []byte, secret string) string {
	return strings.ToUpper(md5hex(secret + sorted(query, true) + string(body) + secret))
}

// Douyin signs a call to Douyin: param_json has its keys sorted and no blanks.
// Without sign_method hmac-sha256 it is an MD5.
func Douyin(params map[string]string, secret string) string {
	text := secret
	for _, name := range []string{"app_key", "method", "param_json", "timestamp", "v"} {
		text += name + params[name]
	}
	text += secret
	if params["sign_method"] == "hmac-sha256" {
		return hex.EncodeToString(mac(sha256.New, secret, text))
	}
	return md5hex(text)
}

// DouyinPush gives the header event-sign of a push.
func DouyinPush(body []byte, appKey, secret string) string {
	return md5hex(appKey + string(body) + secret)
}

// Kuaishou signs a call to Kuaishou: signMethod HMAC_SHA256, else MD5. The
// signing secret is another one than the app's.
func Kuaishou(params map[string]string, signSecret string) string {
	base := ""
	for _, name := range []string{"access_token", "appkey", "method", "param", "signMethod", "timestamp", "version"} {
		base += name + "=" + params[name] + "&"
	}
	base += "signSecret=" + signSecret
	if params["signMethod"] == "HMAC_SHA256" {
		return base64.StdEncoding.EncodeToString(mac(sha256.New, signSecret, base))
	}
	return md5hex(base)
}

// Xiaohongshu signs a call to Xiaohongshu. The token and what is asked are not signed.
func Xiaohongshu(method, appID, timestamp, version, secret string) string {
	return md5hex(method + "?appId=" + appID + "&timestamp=" + timestamp + "&version=" + version + secret)
}

// WeChatPush gives the msg_signature of an encrypted push of WeChat, or with no
// encrypted text the signature of a plain one.
func WeChatPush(token, timestamp, nonce, encrypted string) string {
	parts := []string{token, timestamp, nonce, encrypted}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}

// Body gives the base64 HMAC-SHA256 of a body, as Shopify and WooCommerce put it
// in a header of their pushes.
func Body(body []byte, secret string) string {
	return base64.StdEncoding.EncodeToString(mac(sha256.New, secret, string(body)))
}

// PDDSocket gives the path of Pinduoduo's message socket for one moment
// (milliseconds, in decimal). The digest goes in as base64 of its hex text, not
// of its bytes.
func PDDSocket(clientID, secret, ms string) string {
	digest := base64.StdEncoding.EncodeToString([]byte(md5hex(clientID + ms + secret)))
	return "/message/" + clientID + "/" + ms + "/" + url.QueryEscape(digest)
}

// Same compares signatures without telling by its time where they differ.
func Same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// sorted gives all parameters but "sign", name and value, by name.
func sorted(params map[string]string, sparse bool) string {
	names := make([]string, 0, len(params))
	for name, value := range params {
		if name != "sign" && (!sparse || name != "" && value != "") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		b.WriteString(name + params[name])
	}
	return b.String()
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func mac(h func() hash.Hash, secret, text string) []byte {
	m := hmac.New(h, []byte(secret))
	m.Write([]byte(text))
	return m.Sum(nil)
}
