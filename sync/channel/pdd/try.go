package pdd

import (
	"io"
	"strings"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// Try prints how a saved payload is understood: an order a line, or for a frame
// of the message socket its notice. A payload of another method prints nothing.
// What the platform refused comes back as its *channel.Error.
func Try(w io.Writer, payload []byte) error {
	v, err := channelmap.Parse(payload)
	if err != nil {
		return err
	}
	if v.Get("commandType").Text() != "" {
		f, err := frameOf(&v)
		if err != nil || f.Notice.Number == "" {
			return err
		}
		return channel.WriteNotices(w, []channel.Notice{f.Notice})
	}
	page, err := chart.Page("try", payload, time.Now())
	if err != nil {
		return err
	}
	if page.Answer == "" && !answered(&v) {
		return &channel.Error{Class: channel.Refused, Op: "try", Code: "no-answer",
			Zh: "内容里没有拼多多的任何响应。", En: "the payload holds no answer of Pinduoduo"}
	}
	return channel.WriteOrders(w, page.ShopOrders())
}

// answered reports whether v is an answer of some method.
func answered(v *channelmap.Value) bool {
	for _, member := range v.Items() {
		if strings.HasSuffix(member.Name(), "_response") {
			return true
		}
	}
	return false
}
