package drivers_test

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/drivers"
	"floord/sync/channel/sign"
)

// sealed seals a push as WeChat does: 16 random bytes, the length, the text, the
// app's id, filled up to 32.
func sealed(t *testing.T, text, key string) string {
	t.Helper()
	k, err := base64.StdEncoding.DecodeString(key + "=")
	if err != nil {
		t.Fatal(err)
	}
	plain := append([]byte("0123456789abcdef"), binary.BigEndian.AppendUint32(nil, uint32(len(text)))...)
	plain = append(plain, text+"wxapp"...)
	pad := 32 - len(plain)%32
	plain = append(plain, strings.Repeat(string(rune(pad)), pad)...)
	block, err := aes.NewCipher(k)
	if err != nil {
		t.Fatal(err)
	}
	cipher.NewCBCEncrypter(block, k[:16]).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain)
}

func TestHooks(t *testing.T) {
	now := time.Now()
	stamp := func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
	const aesKey = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
	const event = `{"Event":"channels_ec_order_pay","order_info":{"order_id":3700000000000000001}}`
	seal := sealed(t, event, aesKey)
	wx := func(at time.Time, encrypted string) url.Values {
		name := "signature"
		if encrypted != "" {
			name = "msg_signature"
		}
		return url.Values{"timestamp": {stamp(at)}, "nonce": {"n"}, name: {sign.WeChatPush("tok", stamp(at), "n", encrypted)}}
	}
	tests := []struct {
		name, driver, secret, body string
		header                     http.Header
		query                      url.Values
		want                       error
	}{
		{"shopify's own vector", "shopify", "hush", `"my secret message"`, http.Header{"X-Shopify-Hmac-Sha256": {"hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKI="}}, nil, nil},
		{"a body that was changed", "shopify", "hush", `"my secret message" `, http.Header{"X-Shopify-Hmac-Sha256": {"hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKI="}}, nil, drivers.ErrForged},
		{"woocommerce", "woocommerce", "s3cret", `{"id":727}`, http.Header{"X-Wc-Webhook-Signature": {"hJQ2uH/LJ/qsyUTCTT1X/SZxhIjBLKtnXn97aOK1oWc="}}, nil, nil},
		{"no signature at all", "woocommerce", "s3cret", `{"id":727}`, nil, nil, drivers.ErrForged},
		{"a word in the address", "xiaohongshu", "w0rd", `[]`, nil, url.Values{"key": {"w0rd"}}, nil},
		{"another word", "xiaohongshu", "w0rd", `[]`, nil, url.Values{"key": {"word"}}, drivers.ErrForged},
		{"wechat, plain", "wechat_store", "tok " + aesKey, event, nil, wx(now, ""), nil},
		{"wechat, sealed", "wechat_store", "tok " + aesKey, `{"ToUserName":"g","Encrypt":"` + seal + `"}`, nil, wx(now, seal), nil},
		{"wechat, sealed, in XML", "wechat_store", "tok " + aesKey, "<xml><ToUserName>g</ToUserName><Encrypt><![CDATA[" + seal + "]]></Encrypt></xml>", nil, wx(now, seal), nil},
		{"wechat, sealed, in XML, and signed as if plain", "wechat_store", "tok " + aesKey, "<xml><Encrypt>" + seal + "</Encrypt></xml>", nil, wx(now, ""), drivers.ErrForged},
		{"wechat, sealed, and signed as if plain", "wechat_store", "tok " + aesKey, `{"Encrypt":"` + seal + `"}`, nil, wx(now, ""), drivers.ErrForged},
		{"wechat, an hour old", "wechat_store", "tok " + aesKey, event, nil, wx(now.Add(-time.Hour), ""), drivers.ErrStale},
		{"a platform that pushes nothing", "jd", "s", `{}`, nil, nil, drivers.ErrNoHook},
		{"no secret", "shopify", "", `{}`, nil, nil, drivers.ErrNoHook},
	}
	for _, tt := range tests {
		hook := drivers.Hook{Map: drivers.Maps()[tt.driver], Client: clientID, Secret: tt.secret}
		if tt.header == nil {
			tt.header = http.Header{}
		}
		if err := hook.Verify(tt.header, tt.query, []byte(tt.body), now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v; want %v", tt.name, err, tt.want)
		}
	}
	hook := drivers.Hook{Map: drivers.Maps()["wechat_store"], Secret: "tok " + aesKey}
	if got, err := hook.Open([]byte(`{"Encrypt": "` + strings.ReplaceAll(seal, "/", `\/`) + `"}`)); err != nil || string(got) != event {
		t.Errorf("opened %q, %v", got, err)
	}
	for _, body := range []string{
		`<xml><Event><![CDATA[channels_ec_order_pay]]></Event><order_info><order_id>3700000000000000001</order_id></order_info></xml>`,
		`<?xml version="1.0"?> <xml><Event>channels_ec_order_pay</Event><order_info><![CDATA[{"order_id":3700000000000000001}]]></order_info></xml>`,
		`<xml><Encrypt><![CDATA[` + sealed(t, `<xml><Event>channels_ec_order_pay</Event><order_info><order_id>3700000000000000001</order_id></order_info></xml>`, aesKey) + `]]></Encrypt></xml>`,
	} {
		got, err := hook.Open([]byte(body))
		notices, err2 := hook.Map.Notices(got)
		if err != nil || err2 != nil || len(notices) != 1 || notices[0] != (channel.Notice{Number: "3700000000000000001", Event: "paid"}) {
			t.Errorf("%.40s… opened as %s, %v: %+v, %v", body, got, err, notices, err2)
		}
	}
	for _, bad := range []string{"<xml><a>", "<xml>" + strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20) + "</xml>", "<xml><a/><a/></xml>", `<!DOCTYPE x [<!ENTITY e "x">]><xml>&e;</xml>`, `{"Encrypt":"x"}`, `{"Encrypt":"` + seal[:40] + `"}`, `{"Encrypt":"` + base64.StdEncoding.EncodeToString(make([]byte, 64)) + `"}`} {
		if got, err := hook.Open([]byte(bad)); err == nil {
			t.Errorf("%s opened as %q", bad, got)
		}
	}
}

func FuzzHook(f *testing.F) {
	f.Add([]byte(`{"Encrypt":"AAAA"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, name := range drivers.Names() {
			hook := drivers.Hook{Map: drivers.Maps()[name], Secret: "tok abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"}
			if err := hook.Verify(http.Header{}, url.Values{}, body, time.Now()); err == nil {
				t.Fatalf("%s took a push that nobody signed", name)
			}
			_, _ = hook.Open(body)
		}
	})
}
