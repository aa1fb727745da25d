// Package kuaishou reads what Kuaishou's shops (快手小店) send by the map in
// kuaishou.toml, and signs calls.
package kuaishou

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"io"

	"floord/sync/channel/channelmap"
)

//go:embed kuaishou.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("kuaishou.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
func Try(w io.Writer, payload []byte) error { return chart.Try(w, payload) }

// Sign gives the signature of a call by the signMethod that params name: MD5 as
// lower-case hex, or HMAC_SHA256 as base64.
func Sign(params map[string]string, secret string) string {
	base := ""
	for _, name := range []string{"access_token", "appkey", "method", "param", "signMethod", "timestamp", "version"} {
		base += name + "=" + params[name] + "&"
	}
	base += "signSecret=" + secret
	if params["signMethod"] == "HMAC_SHA256" {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(base))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	sum := md5.Sum([]byte(base))
	return hex.EncodeToString(sum[:])
}
