// Package taobao reads what Taobao and Tmall (TOP) send: orders by the map in
// taobao.toml, queued messages, and the three signatures of a call.
package taobao

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strings"

	"floord/sync/channel"

	"floord/sync/channel/channelmap"
)

//go:embed taobao.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("taobao.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
// Of an answer with queued messages it prints nothing: see Notices.
func Try(w io.Writer, payload []byte) error { return chart.Try(w, payload) }

// Notices reads an answer of taobao.tmc.messages.consume. Each frame must be
// confirmed by its id once its notice is on disk; else it comes again.
func Notices(payload []byte) ([]channel.Notice, error) { return chart.Notices(payload) }

// Sign gives the signature of a call, upper-case hex, by the sign_method that
// params name: "md5" over the parameters between the secret, "hmac" (MD5) or
// "hmac-sha256" keyed by it. Empty values are not signed.
func Sign(params map[string]string, secret string) string {
	names := make([]string, 0, len(params))
	for name, value := range params {
		if name != "sign" && name != "" && value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		text.WriteString(name + params[name])
	}
	signed := text.String()
	var sum hash.Hash
	switch params["sign_method"] {
	case "hmac":
		sum = hmac.New(md5.New, []byte(secret))
	case "hmac-sha256":
		sum = hmac.New(sha256.New, []byte(secret))
	default:
		sum, signed = md5.New(), secret+signed+secret
	}
	sum.Write([]byte(signed))
	return strings.ToUpper(hex.EncodeToString(sum.Sum(nil)))
}
