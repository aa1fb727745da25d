// Package douyin reads what Douyin's shops (抖店) send: orders and pushes by the
// map in douyin.toml, and the signatures of calls and of pushes.
package douyin

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/hex"
	"io"

	"floord/sync/channel/channelmap"
)

//go:embed douyin.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("douyin.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
func Try(w io.Writer, payload []byte) error { return chart.Try(w, payload) }

// Sign gives the signature of a call: the lower-case hex HMAC-SHA256, or MD5 where
// the call names no sign_method, over five parameters between the secret. The
// order of the keys within param_json, which must be sorted, is the caller's.
func Sign(params map[string]string, secret string) string {
	text := secret
	for _, name := range []string{"app_key", "method", "param_json", "timestamp", "v"} {
		text += name + params[name]
	}
	text += secret
	if params["sign_method"] == "hmac-sha256" {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(text))
		return hex.EncodeToString(mac.Sum(nil))
	}
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Genuine reports whether a push carries the right event-sign.
func Genuine(body []byte, sign, appKey, secret string) bool {
	sum := md5.Sum([]byte(appKey + string(body) + secret))
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(sign)) == 1
}
