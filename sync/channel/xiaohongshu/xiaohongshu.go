// Package xiaohongshu reads what Xiaohongshu's shops (小红书) send, orders and
// pushes, by the map in xiaohongshu.toml, and signs calls.
package xiaohongshu

import (
	"crypto/md5"
	_ "embed"
	"encoding/hex"
	"io"

	"floord/sync/channel/channelmap"
)

//go:embed xiaohongshu.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("xiaohongshu.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
func Try(w io.Writer, payload []byte) error { return chart.Try(w, payload) }

// Sign gives the signature of a call, lower-case hex MD5. The platform signs
// neither the token nor what is asked.
func Sign(method, appID, timestamp, version, secret string) string {
	sum := md5.Sum([]byte(method + "?appId=" + appID + "&timestamp=" + timestamp + "&version=" + version + secret))
	return hex.EncodeToString(sum[:])
}
