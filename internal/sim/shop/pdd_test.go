package shop

import (
	"net/url"
	"strings"
	"testing"
)

// TestSign holds the fake's own signature to the platform's published vector.
func TestSign(t *testing.T) {
	q := url.Values{"access_token": {"asd78172s8ds9a921j9qqwda12312w1w21211"}, "client_id": {"1"}, "data_type": {"XML"}, "order_status": {"1"},
		"page": {"1"}, "page_size": {"10"}, "timestamp": {"1480411125"}, "type": {"pdd.order.number.list.get"}, "sign": {"whatever"}}
	if got := strings.ToUpper(md5hex("testSecret" + pairs(q, false) + "testSecret")); got != "E4DE3ED21002510DED352819E7AE6775" {
		t.Errorf("signature %s", got)
	}
}

func TestDouble(t *testing.T) {
	for fen, want := range map[int64]string{3990: "39.9", 4000: "40.0", 1: "0.01", 0: "0.0", 123: "1.23"} {
		if got := string(double(fen)); got != want {
			t.Errorf("double(%d) = %s; want %s", fen, got, want)
		}
	}
}
