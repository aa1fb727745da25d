// Package wechatstore reads what the WeChat store (微信小店) sends, orders and
// decrypted events, by the map in wechat_store.toml. Its calls carry a token and
// no signature; its callbacks are signed.
package wechatstore

import (
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"floord/sync/channel/channelmap"
)

//go:embed wechat_store.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("wechat_store.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
func Try(w io.Writer, payload []byte) error { return chart.Try(w, payload) }

// Sign gives the msg_signature of a callback: the hex SHA-1 over its four parts
// in the order of their bytes.
func Sign(token, timestamp, nonce, encrypted string) string {
	parts := []string{token, timestamp, nonce, encrypted}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}
