// Package jd reads what JD's shops (京东 POP) send by the map in jd.toml, and signs
// calls of routerjson.
package jd

import (
	"crypto/md5"
	_ "embed"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"floord/sync/channel/channelmap"
)

//go:embed jd.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("jd.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
func Try(w io.Writer, payload []byte) error { return chart.Try(w, payload) }

// Sign gives the signature of a call: the upper-case hex MD5 over all parameters,
// by name, between the secret. "sign" itself is left out.
func Sign(params map[string]string, secret string) string {
	names := make([]string, 0, len(params))
	for name := range params {
		if name != "sign" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	text := secret
	for _, name := range names {
		text += name + params[name]
	}
	sum := md5.Sum([]byte(text + secret))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
