// Package woocommerce reads what WooCommerce sends, lists, orders and webhooks, by
// the map in woocommerce.toml, and signs webhooks.
package woocommerce

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"

	"floord/sync/channel/channelmap"
)

//go:embed woocommerce.toml
var chartTOML []byte

// chart is the platform's map.
var chart = channelmap.MustLoad("woocommerce.toml", chartTOML)

// Try prints how a saved payload of the platform is understood; see channelmap.Map.Try.
// The first call of a new webhook is a form and says nothing.
func Try(w io.Writer, payload []byte) error {
	if bytes.HasPrefix(payload, []byte("webhook_id=")) {
		return nil
	}
	if _, err := channelmap.Parse(payload); err != nil {
		return err
	}
	return chart.Try(w, append(append([]byte(`{"order":`), payload...), '}'))
}

// Sign gives what a webhook's X-WC-Webhook-Signature must be: base64 of the
// HMAC-SHA256 over the raw body.
func Sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
