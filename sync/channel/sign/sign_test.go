package sign

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestVectors holds every rule to the vectors that platforms published or that
// two independent sources agree on.
func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name, Expect string
		Input        struct {
			Secret, SignSecret, Body, Method, AppID, Timestamp, Version, Token, Nonce, Encrypt, MS string

			AppKey   string `json:"app_key"`
			ClientID string `json:"client_id"`
			Params   map[string]string
		}
	}
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors) != 16 {
		t.Fatalf("%d vectors, %v; want 16", len(vectors), err)
	}
	for _, v := range vectors {
		in, got := v.Input, ""
		switch name, _, _ := strings.Cut(v.Name, "_"); {
		case name == "top":
			got = TOP(in.Params, in.Secret)
		case in.MS != "":
			got = PDDSocket(in.ClientID, in.Secret, in.MS)
		case name == "pdd", name == "jd":
			got = PDD(in.Params, in.Secret)
		case name == "kuaishou":
			got = Kuaishou(in.Params, in.SignSecret)
		case name == "xiaohongshu":
			got = Xiaohongshu(in.Method, in.AppID, in.Timestamp, in.Version, in.Secret)
		case name == "wechat":
			got = WeChatPush(in.Token, in.Timestamp, in.Nonce, in.Encrypt)
		case name == "shopify", name == "woocommerce":
			got = Body([]byte(in.Body), in.Secret)
		case name == "qimen":
			got = Qimen(in.Params, []byte(in.Body), in.Secret)
		case in.Body != "":
			got = DouyinPush([]byte(in.Body), in.AppKey, in.Secret)
		default:
			if strings.HasSuffix(v.Name, "sha256") {
				in.Params["sign_method"] = "hmac-sha256"
			}
			got = Douyin(in.Params, in.Secret)
		}
		if got != v.Expect {
			t.Errorf("%s = %s; want %s", v.Name, got, v.Expect)
		}
		if Same(got, got+" ") || !Same(got, v.Expect) {
			t.Errorf("%s: Same does not tell", v.Name)
		}
	}
}
