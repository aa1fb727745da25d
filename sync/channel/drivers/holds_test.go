package drivers_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"floord/sync/channel/drivers"
)

// spoilt gives a saved payload with members set to other values, everywhere they
// stand. "a=1" sets a member that is there, "+a=1" adds one beside the first name.
func spoilt(t *testing.T, file, beside string, set []string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, data); err != nil {
		t.Fatal(err)
	}
	text := compact.String()
	for _, s := range set {
		name, value, _ := strings.Cut(s, "=")
		if add, ok := strings.CutPrefix(name, "+"); ok {
			text = strings.Replace(text, `"`+beside+`":`, `"`+add+`":`+value+`,"`+beside+`":`, 1)
			continue
		}
		member := regexp.MustCompile(`"` + name + `":("[^"]*"|\[[^][]*\]|\{[^{}]*\}|[^,}\]]+)`)
		if !member.MatchString(text) {
			t.Fatalf("%s has no member %s", file, name)
		}
		text = member.ReplaceAllLiteralString(text, `"`+name+`":`+value)
	}
	return []byte(text)
}

func TestWhatHoldsAnOrder(t *testing.T) {
	tests := []struct {
		name, channel, file string
		set                 string // members, separated by blanks
		state, hold, flags  string
	}{
		{"forbidden", "taobao", "fullinfo_paid", `status="PAID_FORBID_CONSIGN"`, "paid", "platform_hold", ""},
		{"top hold as text", "taobao", "fullinfo_paid", `+top_hold="1"`, "paid", "platform_hold", ""},
		{"no top hold, as text", "taobao", "fullinfo_paid", `+top_hold="false"`, "paid", "", ""},
		{"refund on a line", "taobao", "fullinfo_paid", `refund_status="WAIT_SELLER_AGREE"`, "paid", "refund", ""},
		{"refund that the seller refused", "taobao", "fullinfo_paid", `refund_status="SELLER_REFUSE_BUYER"`, "paid", "refund", ""},
		{"refund closed", "taobao", "fullinfo_paid", `refund_status="CLOSED"`, "paid", "", ""},
		{"everything refunded", "taobao", "fullinfo_paid", `refund_status="SUCCESS"`, "paid", "refund", ""},
		{"final payment outstanding", "taobao", "fullinfo_paid", `+step_trade_status="FRONT_PAID_FINAL_NOPAID"`, "paid", "presale", ""},
		{"message said by a string", "taobao", "fullinfo_paid", `has_buyer_message="true"`, "paid", "", "buyer_message"},
		{"never paid", "taobao", "fullinfo_paid", `status="TRADE_CLOSED_BY_TAOBAO"`, "cancelled", "", ""},
		{"no token", "taobao", "fullinfo_paid", `oaid=""`, "paid", "no_receiver", ""},
		{"unknown state", "taobao", "fullinfo_paid", `status="NEW_STATE"`, "unpaid", "unmapped", ""},

		{"asked to cancel", "jd", "ensearch_two", `orderState="LOCKED"`, "paid", "locked", ""},
		{"paused", "jd", "ensearch_two", `orderState="POP_ORDER_PAUSE"`, "paid", "platform_hold", ""},
		{"bank transfer not seen", "jd", "ensearch_two", `paymentConfirmTime="0001-01-01_00:00:00" payType="5-公司转账"`, "paid", "unpaid", ""},
		{"bank transfer without a time", "jd", "ensearch_two", `paymentConfirmTime="" payType="5-公司转账"`, "paid", "unpaid", ""},
		{"paid online, without a time", "jd", "ensearch_two", `paymentConfirmTime=""`, "paid", "", ""},
		{"pays on delivery", "jd", "ensearch_two", `paymentConfirmTime="0001-01-01_00:00:00" payType="1-货到付款"`, "paid", "", "cod"},
		{"gone", "jd", "ensearch_two", `orderState="TRADE_CANCELED"`, "cancelled", "", ""},

		{"audit", "douyin", "search_list", `order_status=105 main_status=105`, "paid", "risk", ""},
		{"final payment", "douyin", "search_list", `main_status=103`, "unpaid", "presale", ""},
		{"refunded before shipping", "douyin", "search_list", `main_status=21`, "cancelled", "", ""},
		{"after-sale open", "douyin", "search_list", `after_sale_status=6`, "paid", "refund", ""},
		{"after-sale code nobody knows", "douyin", "search_list", `after_sale_status=777`, "paid", "refund", ""},
		{"after-sale closed, as text", "douyin", "search_list", `after_sale_status="28"`, "paid", "", ""},
		{"gift", "douyin", "search_list", `given_product_type="FREE"`, "paid", "", ""},
		{"made for the buyer", "douyin", "search_list", `+sku_customization_info=[{"detail":{"text":[{"content":"L."}]}}]`, "paid", "", "engraving"},
		{"numbers of pieces wanted", "douyin", "search_list", `+need_serial_number=true`, "paid", "", "serial"},

		{"group", "kuaishou", "cursor_page1", `disableDeliveryReasonCode=[1] validPromiseShipmentTimeStamp=0`, "paid", "group_pending", ""},
		{"audit by reason", "kuaishou", "cursor_page1", `disableDeliveryReasonCode=["2"]`, "paid", "risk", ""},
		{"reason as a bare number", "kuaishou", "cursor_page1", `disableDeliveryReasonCode=2`, "paid", "platform_hold", ""},
		{"audit by code", "kuaishou", "cursor_page1", `riskCode=10001`, "paid", "risk", ""},
		{"no promise", "kuaishou", "cursor_page1", `validPromiseShipmentTimeStamp=0`, "paid", "platform_hold", ""},
		{"refund", "kuaishou", "cursor_page1", `orderRefundList=[{"refundStatus":10}]`, "paid", "refund", ""},
		{"refund withdrawn", "kuaishou", "cursor_page1", `orderRefundList=[{"refundStatus":70}]`, "paid", "", ""},
		{"SF, said so", "kuaishou", "cursor_page1", `remark="包装好些，用顺丰"`, "paid", "", "buyer_message,wants_sf"},
		{"SF, the bare word", "kuaishou", "cursor_page1", `remark="顺丰快递谢谢"`, "paid", "", "buyer_message,wants_sf"},
		{"SF, and a no behind it", "kuaishou", "cursor_page1", `remark="麻烦发顺丰不要放驿站"`, "paid", "", "buyer_message,wants_sf"},
		{"not SF", "kuaishou", "cursor_page1", `remark="别给我发顺丰"`, "paid", "", "buyer_message"},
		{"SF need not be", "kuaishou", "cursor_page1", `remark="不用发顺丰"`, "paid", "", "buyer_message"},
		{"hurry", "kuaishou", "cursor_page1", `remindShipmentSign=1`, "paid", "", "urgent"},

		{"cancel asked", "xiaohongshu", "detail", `cancelStatus=1`, "paid", "refund", ""},
		{"after-sale", "xiaohongshu", "detail", `orderAfterSalesStatus=2`, "paid", "refund", ""},
		{"presale ahead", "xiaohongshu", "detail", `presaleDeliveryStartTime=4102444800000`, "paid", "presale", ""},
		{"presale come", "xiaohongshu", "detail", `presaleDeliveryStartTime=1600000000000`, "paid", "", ""},
		{"no address id", "xiaohongshu", "detail", `openAddressId=""`, "paid", "no_receiver", ""},

		{"present", "wechat_store", "get", `status=12`, "paid", "platform_hold", ""},
		{"group buy", "wechat_store", "get", `status=13`, "paid", "group_pending", ""},
		{"after-sale of a line", "wechat_store", "get", `on_aftersale_sku_cnt="1"`, "paid", "refund", ""},
		{"no after-sales, said by nothing", "wechat_store", "get", `finish_aftersale_sku_cnt=""`, "paid", "", ""},
		{"all after-sales done", "wechat_store", "get", `finish_aftersale_sku_cnt=2`, "paid", "refund", ""},
		{"cancelled", "wechat_store", "get", `status=250`, "cancelled", "", ""},

		{"cancelled", "shopify", "orders", `cancelled_at="2026-11-10T08:00:00-05:00"`, "cancelled", "", ""},
		{"pending", "shopify", "orders", `financial_status="pending"`, "unpaid", "", ""},
		{"on hold", "shopify", "orders", `+fulfillment_orders=[{"status":"on_hold"}]`, "paid", "platform_hold", ""},
		{"engraved", "shopify", "orders", `properties=[{"name":"Engraving","value":"Z"}]`, "paid", "", "engraving"},
		{"given away", "shopify", "orders", `note_attributes=[{"name":"gift_message","value":"Z"}]`, "paid", "", "gift"},
		{"nothing left", "shopify", "orders", `fulfillable_quantity=0`, "paid", "refund", ""},

		{"on hold", "woocommerce", "orders", `status="on-hold"`, "unpaid", "platform_hold", ""},
		{"refunds", "woocommerce", "orders", `refunds=[{"id":1}]`, "paid", "refund", ""},
		{"a plugin's state", "woocommerce", "orders", `status="wc-awaiting"`, "unpaid", "unmapped", ""},

		{"pending", "amazon", "orders_v0", `OrderStatus="Pending"`, "unpaid", "", ""},
		{"their warehouse", "amazon", "orders_v0", `FulfillmentChannel="AFN"`, "paid", "platform_hold", "needs_rdt"},
	}
	beside := map[string]string{"taobao": "seller_nick", "shopify": "currency", "douyin": "given_product_type"}
	for _, tt := range tests {
		t.Run(tt.channel+"/"+tt.name, func(t *testing.T) {
			set := strings.Fields(tt.set)
			for i := range set {
				set[i] = strings.ReplaceAll(set[i], "_00:", " 00:")
			}
			payload := spoilt(t, tt.channel+"/"+tt.file+".json", beside[tt.channel], set)
			var out bytes.Buffer
			if err := drivers.TryOf(tt.channel)(&out, payload); err != nil {
				t.Fatal(err)
			}
			var got struct {
				State     string
				Shippable bool
				Hold      []string
				Flags     []string
			}
			if err := json.NewDecoder(&out).Decode(&got); err != nil {
				t.Fatal(err)
			}
			hold, flags := strings.Join(got.Hold, ","), strings.Join(got.Flags, ",")
			if got.State != tt.state || hold != tt.hold || flags != tt.flags || got.Shippable != (tt.state == "paid" && tt.hold == "") {
				t.Errorf("got %s [%s] [%s] shippable %t; want %s [%s] [%s]", got.State, hold, flags, got.Shippable, tt.state, tt.hold, tt.flags)
			}
		})
	}
}

// TestForms: the same order in other JSON forms is the same order.
func TestForms(t *testing.T) {
	tests := []struct{ name, channel, payload, want string }{
		{"an id beyond 2^53 in a number", "douyin", `{"code":10000,"data":{"shop_order_list":[{"order_id":9007199254740993,"update_time":"1794312931","pay_amount":"10800","order_status":"4","sku_order_list":[{"code":"A","item_num":"2"}]}]}}`,
			`{"order_no":"9007199254740993","state":"cancelled","pay_fen":10800,"shippable":false,"ship_by":null,"hold":[],"items":[["A",2,false]],"flags":[],"merge_key":null}`},
		{"an empty list without its key", "douyin", `{"code":10000,"data":{"page":0,"total":0}}`, ``},
		{"an empty list without its key", "kuaishou", `{"result":1,"data":{"cursor":"nomore"}}`, ``},
		{"an empty list without its key", "xiaohongshu", `{"error_code":0,"success":"true","data":{"total":0}}`, ``},
		{"an empty list without its key", "wechat_store", `{"errcode":0,"has_more":false}`, ``},
		{"an empty list", "shopify", `{"orders":[]}`, ``},
		{"an empty list", "woocommerce", `[]`, ``},
		{"an empty list without its key", "amazon", `{"payload":{}}`, ``},
		{"an empty list without its key", "jd", `{"jingdong_pop_order_enSearch_responce":{"code":"0","searchorderinfo_result":{"apiResult":{"success":"true"},"orderTotal":"0"}}}`, ``},
		{"a number in an event", "wechat_store", `{"Event":"channels_ec_order_pay","order_info":{"order_id":3700000000000000001}}`, `{"order_no":"3700000000000000001","event":"paid"}`},
		{"a number in a list", "wechat_store", `{"errcode":0,"order_id_list":[3700000000000000001]}`, `"3700000000000000001"`},
		{"the push's other spelling", "douyin", `[{"tag":102,"data":"{\"p_id\":\"6900000000000000001\"}"}]`, `{"order_no":"6900000000000000001","event":"shipped"}`},
		{"the ping of a new webhook", "woocommerce", `webhook_id=12`, ``},
		{"yen have no hundredths", "woocommerce", `{"id":1,"number":"1","status":"completed","currency":"JPY","date_modified_gmt":"2026-11-10T12:31:00","total":"2480","line_items":[{"sku":"A","quantity":1}]}`,
			`{"order_no":"1","state":"shipped","pay_fen":2480,"shippable":false,"ship_by":null,"hold":[],"items":[["A",1,false]],"flags":[],"merge_key":null,"currency":"JPY"}`},
		{"an article without variations has variation 0", "woocommerce", `{"id":1,"number":"1","status":"completed","currency":"EUR","date_modified_gmt":"2026-11-10T12:31:00","total":"1.00","line_items":[{"sku":"","variation_id":0,"product_id":93,"quantity":1}]}`,
			`{"order_no":"1","state":"shipped","pay_fen":100,"shippable":false,"ship_by":null,"hold":[],"items":[["93",1,false]],"flags":[],"merge_key":null,"currency":"EUR"}`},
		{"a promise in words", "taobao", `{"trade_fullinfo_get_response":{"trade":{"tid":"1","oaid":"o","status":"WAIT_SELLER_SEND_GOODS","payment":"1.00","pay_time":"2026-11-10 20:00:00","modified":"2026-11-10 20:00:00","est_con_time":"尽快","orders":{"order":[{"outer_sku_id":"A","num":1,"estimate_con_time":"付款后48小时内","refund_status":"NO_REFUND"},{"outer_sku_id":"B","num":1,"refund_status":"SUCCESS"}]}}}}`,
			`{"order_no":"1","state":"paid","pay_fen":100,"shippable":true,"ship_by":"2026-11-12T12:00:00Z","hold":[],"items":[["A",1,false]],"flags":[],"merge_key":null}`},
		{"a promise of a day", "taobao", `{"trade_fullinfo_get_response":{"trade":{"tid":"1","oaid":"o","status":"WAIT_SELLER_SEND_GOODS","payment":"1.00","pay_time":"2026-11-10 20:00:00","modified":"2026-11-10 20:00:00","est_con_time":"2026年11月12日24点前发货","orders":{"order":[{"outer_sku_id":"A","num":1,"estimate_con_time":"付款后48小时内","refund_status":"NO_REFUND"},{"outer_sku_id":"B","num":1,"refund_status":"SUCCESS"}]}}}}`,
			`{"order_no":"1","state":"paid","pay_fen":100,"shippable":true,"ship_by":"2026-11-12T15:59:59Z","hold":[],"items":[["A",1,false]],"flags":[],"merge_key":null}`},
		{"a part refunded", "wechat_store", `{"errcode":0,"order":{"order_id":"1","status":20,"update_time":1794313831,"order_detail":{"product_infos":[{"sku_code":"A","sku_cnt":3,"finish_aftersale_sku_cnt":1}],"price_info":{"order_price":100},"delivery_info":{"address_info":{"user_name":"周"}}}}}`,
			`{"order_no":"1","state":"paid","pay_fen":100,"shippable":true,"ship_by":null,"hold":[],"items":[["A",2,false]],"flags":[],"merge_key":null}`},
		{"what is not paid need not say how much", "amazon", `{"orders":[{"orderId":"902-1","lastUpdatedTime":"2026-11-10T12:40:00Z","fulfillment":{"fulfillmentStatus":"PENDING"},"orderItems":[{"quantityOrdered":1,"product":{"sellerSku":"A"}}]}]}`,
			`{"order_no":"902-1","state":"unpaid","pay_fen":0,"shippable":false,"ship_by":null,"hold":[],"items":[["A",1,false]],"flags":[],"merge_key":null}`},
		{"edges and nodes", "shopify", `{"data":{"orders":{"edges":[{"node":{"name":"#1","updatedAt":"2026-11-10T12:31:00Z","displayFinancialStatus":"PAID","totalPriceSet":{"shopMoney":{"amount":"2480","currencyCode":"JPY"}},"shippingAddress":{"name":"x"},"lineItems":{"edges":[{"node":{"sku":"A","quantity":2}}]}}}]}}}`,
			`{"order_no":"#1","state":"paid","pay_fen":2480,"shippable":true,"ship_by":null,"hold":[],"items":[["A",2,false]],"flags":[],"merge_key":null,"currency":"JPY"}`},
		{"a message outside its list", "taobao", `{"id":716,"topic":"taobao_trade_TradeSellerShip","content":"{\"tid\":3100000000000000001}"}`,
			`{"order_no":"3100000000000000001","event":"shipped","frame_id":"716"}`},
		{"without a wrapper", "amazon", `{"orders":[{"orderId":"902-1","createdTime":"2026-11-10T12:30:00Z","lastUpdatedTime":"2026-11-10T12:40:00Z","proceeds":{"grandTotal":{"amount":"19.80","currencyCode":"USD"}},"fulfillment":{"fulfillmentStatus":"UNSHIPPED","fulfilledBy":"MERCHANT","shipByWindow":{"latestDateTime":"2026-11-13T07:59:59Z"}},"orderItems":[{"quantityOrdered":2,"product":{"sellerSku":"A"}}]}]}`,
			`{"order_no":"902-1","state":"paid","pay_fen":1980,"shippable":true,"ship_by":null,"hold":[],"items":[["A",2,false]],"flags":[],"merge_key":null,"currency":"USD","ship_by_raw":"2026-11-13T07:59:59Z"}`},
	}
	for _, tt := range tests {
		t.Run(tt.channel+"/"+tt.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := drivers.TryOf(tt.channel)(&out, []byte(tt.payload)); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(out.String()); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// FuzzTry feeds every driver anything: it must not panic, and what it prints as
// shippable must be a paid order without a hold.
func FuzzTry(f *testing.F) {
	files, _ := filepath.Glob("testdata/*/*.json")
	for _, file := range files {
		data, _ := os.ReadFile(file)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, name := range drivers.Names() {
			var out bytes.Buffer
			if drivers.TryOf(name)(&out, data) != nil {
				continue
			}
			for line := range bytes.Lines(out.Bytes()) {
				var o struct {
					State     string
					Shippable bool
					Hold      []string
				}
				if !json.Valid(line) {
					t.Fatalf("%s printed %q", name, line)
				}
				if json.Unmarshal(line, &o) == nil && o.Shippable && (o.State != "paid" || len(o.Hold) > 0) {
					t.Fatalf("%s: line %q breaks a promise", name, line)
				}
			}
		}
	})
}
