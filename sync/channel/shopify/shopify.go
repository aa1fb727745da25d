// Package shopify reads what Shopify sends, orders in their REST shape and
// webhooks, by the map in shopify.toml, and signs webhooks.
package shopify

import (
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"

	"floord/sync/channel/channelmap"
)

//go:embed shopify.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("shopify.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
// A webhook's body is an order without an envelope.
func Try(w io.Writer, payload []byte) error {
	v, err := channelmap.Parse(payload)
	if err != nil {
		return err
	}
	if v.Get("line_items").Array() && !v.Get("financial_status").Empty() {
		payload = append(append([]byte(`{"order":`), payload...), '}')
	}
	return chart.Try(w, payload)
}

// Sign gives what a webhook's X-Shopify-Hmac-Sha256 must be: base64 of the
// HMAC-SHA256 over the raw body.
func Sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
