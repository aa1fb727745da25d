// Package drivers knows every platform's driver by the name a site writes: one
// list, so that a new platform is one line here.
package drivers

import (
	"io"
	"maps"
	"slices"

	"floord/sync/channel/amazon"
	"floord/sync/channel/douyin"
	"floord/sync/channel/jd"
	"floord/sync/channel/kuaishou"
	"floord/sync/channel/pdd"
	"floord/sync/channel/shopify"
	"floord/sync/channel/taobao"
	"floord/sync/channel/wechatstore"
	"floord/sync/channel/woocommerce"
	"floord/sync/channel/xiaohongshu"
)

// A Try prints how a saved payload of a platform is understood.
type Try func(w io.Writer, payload []byte) error

var tries = map[string]Try{
	"amazon":       amazon.Try,
	"douyin":       douyin.Try,
	"jd":           jd.Try,
	"kuaishou":     kuaishou.Try,
	"pdd":          pdd.Try,
	"shopify":      shopify.Try,
	"taobao":       taobao.Try,
	"wechat_store": wechatstore.Try,
	"woocommerce":  woocommerce.Try,
	"xiaohongshu":  xiaohongshu.Try,
}

// TryOf gives the Try of a platform; nil if there is no such driver.
func TryOf(name string) Try { return tries[name] }

// Names gives the names of all drivers, sorted.
func Names() []string { return slices.Sorted(maps.Keys(tries)) }
