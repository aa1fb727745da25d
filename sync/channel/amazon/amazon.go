// Package amazon reads the orders of Amazon's Selling Partner API by the map in
// amazon.toml. Its calls carry a token and no signature.
package amazon

import (
	_ "embed"
	"io"

	"floord/sync/channel/channelmap"
)

//go:embed amazon.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("amazon.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
func Try(w io.Writer, payload []byte) error { return chart.Try(w, payload) }
