package drivers_test

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/internal/sim/shop"
	"floord/sync/channel/api"
	"floord/sync/channel/drivers"
)

// A platform pushes more than what we asked for, and not all of it is whole: what
// can be read is, and what must not stop is looked at first.
func TestPushedMessages(t *testing.T) {
	for _, tt := range []struct {
		name, channel, body string
		want                string
		wrong               bool
	}{
		{name: "an article beside a refund", channel: "douyin",
			body: `[{"tag":"400","msg_id":"1","data":"{\"product_id\":1}"},{"tag":"202","msg_id":"2","data":"{\"p_id\":\"69\",\"aftersale_id\":7}"},{"tag":"0","msg_id":"0","data":"2026-11-10 20:00:00"}]`,
			want: `{"order_no":"69","event":"refund_changed"}` + "\n"},
		{name: "one message cut short", channel: "douyin",
			body: `[{"tag":"101","msg_id":"1","data":"{\"p_id\":"},{"tag":"106","msg_id":"2","data":"{\"p_id\":69}"}]`,
			want: `{"order_no":"69","event":"cancelled"}` + "\n", wrong: true},
		{name: "one message with a name said twice", channel: "xiaohongshu",
			body: `[{"msgTag":"msg_after_sale_create","msgTag":"x","data":"{}"},{"msgTag":"msg_after_sale_create","data":"{\"orderId\":\"P7\"}"}]`,
			want: `{"order_no":"P7","event":"refund_created"}` + "\n", wrong: true},
		{name: "a paid order without its number", channel: "douyin", body: `[{"tag":"101","data":"{\"shop_id\":1}"}]`, wrong: true},
		{name: "an article alone", channel: "wechat_store", body: `{"Event":"product_spu_audit","MsgType":"event","ProductAudit":{"product_id":1}}`},
		{name: "a buyer asks for another address", channel: "wechat_store",
			body: `{"Event":"channels_ec_order_ext_info_update","order_info":{"order_id":3705115058471208928,"type":4}}`,
			want: `{"order_no":"3705115058471208928","event":"address_change_applied"}` + "\n"},
		{name: "a buyer agreed to another address", channel: "wechat_store",
			body: `{"Event":"channels_ec_order_ext_info_update","order_info":{"order_id":"3705115058471208928","type":"16"}}`,
			want: `{"order_no":"3705115058471208928","event":"address_changed"}` + "\n"},
		{name: "something else of the order", channel: "wechat_store",
			body: `{"Event":"channels_ec_order_ext_info_update","order_info":{"order_id":3705115058471208928,"type":6}}`,
			want: `{"order_no":"3705115058471208928","event":"status"}` + "\n"},
	} {
		var out bytes.Buffer
		err := drivers.TryOf(tt.channel)(&out, []byte(tt.body))
		if (err != nil) != tt.wrong || out.String() != tt.want {
			t.Errorf("%s: %q, %v; want %q, an error: %v", tt.name, out.String(), err, tt.want, tt.wrong)
		}
	}
}

// A queue gives its messages again until each is acknowledged, those included that
// nobody can read.
func TestEveryQueuedMessageIsAcknowledged(t *testing.T) {
	m := drivers.Maps()["taobao"]
	v, err := m.Envelope("consume", []byte(`{"tmc_messages_consume_response":{"messages":{"tmc_message":[
		{"id":7160000000000000001,"topic":"taobao_item_ItemUpdate","content":"{\"num_iid\":1}"},
		{"id":7160000000000000002,"topic":"taobao_trade_TradeBuyerPay","content":"{"},
		{"id":7160000000000000003,"topic":"taobao_trade_TradeBuyerPay","content":"{\"tid\":3100000000000000001}"}]}}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := show(m.Frames(v)); got != `["7160000000000000001","7160000000000000002","7160000000000000003"]` {
		t.Errorf("frames %s", got)
	}
	notices, err := m.Notices(v.Raw())
	if err == nil || len(notices) != 1 || notices[0].Number != "3100000000000000001" {
		t.Errorf("notices %+v, %v; want the one that can be read, and what is wrong with another", notices, err)
	}
}

// TestSocketFramesAreKeptTogether: frames that come together are kept at the same time,
// and one that cannot be kept is not acknowledged and ends the connection.
func TestSocketFramesAreKeptTogether(t *testing.T) {
	fake := shop.NewPDD("me", "s3cret", "t0ken")
	srv := httptest.NewServer(fake)
	defer srv.Close()
	var all []string
	for i := range 20 {
		all = append(all, strconv.Itoa(i))
		fake.TellPaid(all[i])
	}
	full := errors.New("the disk is full")
	var mu sync.Mutex
	here, together := 0, make(chan struct{})
	err := drivers.ListenPDD(t.Context(), strings.Replace(srv.URL, "http", "ws", 1), api.Account{Client: "me", Secret: "s3cret"}, func(frame []byte) error {
		mu.Lock()
		if here++; here == len(all) {
			close(together)
		}
		mu.Unlock()
		<-together
		if bytes.Contains(frame, []byte(`\"7\"`)) {
			for fake.Untold() > 1 { // the others are acknowledged
				time.Sleep(time.Millisecond)
			}
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || fake.Untold() != 1 {
		t.Errorf("it ended with %v, and %d of %d frames were not acknowledged; want the one that was not kept", err, fake.Untold(), len(all))
	}
}
