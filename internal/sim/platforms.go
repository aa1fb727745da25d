package sim

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"floord/internal/sim/shop"
)

// The pretend shops' secrets.
const (
	clientID   = "demo-client"
	secret     = "demo-secret"
	signSecret = "demo-sign"
	token      = "demo-token"
)

// A platform is a kind of shop that can be pretended.
type platform struct {
	driver string
	short  string // of channel names
	open   func() *shop.Shop
	every  string // how often it is asked, where that costs more than a page
}

// platforms are all that there are, in the order in which the demo shows them.
var platforms = []platform{
	{"pdd", "pdd", func() *shop.Shop { return shop.NewPDD(clientID, secret, token) }, ""},
	{"douyin", "douyin", func() *shop.Shop { return shop.NewDouyin(clientID, secret, token) }, ""},
	{"taobao", "taobao", func() *shop.Shop { return shop.NewTaobao(clientID, secret, token) }, ""},
	{"jd", "jd", func() *shop.Shop { return shop.NewJD(clientID, secret, token) }, ""},
	{"kuaishou", "kuaishou", func() *shop.Shop { return shop.NewKuaishou(clientID, secret, signSecret, token) }, ""},
	{"xiaohongshu", "xhs", func() *shop.Shop { return shop.NewXiaohongshu(clientID, secret, token) }, ""},
	{"wechat_store", "wechat", func() *shop.Shop { return shop.NewWeChat(clientID, secret, token) }, ""},
	{"shopify", "shopify", func() *shop.Shop { return shop.NewShopify(token) }, ""},
	{"woocommerce", "woo", func() *shop.Shop { return shop.NewWoo(clientID, secret) }, ""},
	{"amazon", "amazon", func() *shop.Shop { return shop.NewAmazon(clientID, secret, token) }, ""},
}

func platformOf(driver string) (platform, error) {
	for _, p := range platforms {
		if p.driver == driver {
			return p, nil
		}
	}
	return platform{}, fmt.Errorf("no pretend shop of %q", driver)
}

// channelEntry writes the secrets of a pretend shop into dir and gives its
// [[channel]] entry, with more of its lines.
func channelEntry(dir, id, driver, url, hookSecret, more string) (string, error) {
	refreshed, err := json.Marshal(map[string]string{"access": token, "refresh": "r-" + token})
	if err != nil {
		return "", err
	}
	for name, text := range map[string][]byte{
		"shop.secret": []byte(secret), "shop.sign": []byte(signSecret), id + ".token": refreshed, id + ".hook": []byte(hookSecret),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", err
		}
	}
	entry := fmt.Sprintf(`
[[channel]]
id = %q
driver = %q
url = %q
shop = %q
client_id = %q
secret_file = "shop.secret"
token_file = "%s.token"
trial = false
`, id, driver, url, mallID, clientID, id)
	if driver != "douyin" {
		entry += fmt.Sprintf("hook_file = \"%s.hook\"\n", id)
	}
	entry += more
	if driver == "kuaishou" {
		entry += "sign_file = \"shop.sign\"\n[[channel.code]]\ncarrier = \"sf\"\ncode = \"4\"\n"
	}
	return entry, nil
}
