package drivers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/drivers"
)

// sample gives the clean order of the saved list, to be spoilt.
func sample(t testing.TB) map[string]any {
	data, err := os.ReadFile("testdata/pdd/list_two.json")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Answer struct {
			Orders []map[string]any `json:"order_list"`
		} `json:"order_list_get_response"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list.Answer.Orders[0]
}

// understood gives how the one order of a detail answer is printed.
func understood(t testing.TB, order any) map[string]any {
	t.Helper()
	payload, err := json.Marshal(map[string]any{"order_info_get_response": map[string]any{"order_info": order}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := drivers.TryOf("pdd")(&out, payload); err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	return line
}

func TestWhatHoldsAPDDOrder(t *testing.T) {
	tagged := func(name string) []any { return []any{map[string]any{"name": name, "value": 1}} }
	gift := []any{map[string]any{"outer_id": "GIFT-1", "goods_count": 1}}
	ahead := time.Now().Add(48 * time.Hour).UTC().Format("2006-01-02 15:04:05")
	tests := []struct {
		name  string
		set   map[string]any
		state string
		hold  string
		flags string
		items int
	}{
		{"clean", nil, "paid", "", "", 1},
		{"refund asked", map[string]any{"refund_status": 2, "after_sales_status": 2}, "paid", "refund", "", 1},
		{"refunding", map[string]any{"refund_status": 3}, "paid", "refund", "", 1},
		{"after-sale open, refund status silent", map[string]any{"after_sales_status": 5}, "paid", "refund", "", 1},
		{"after-sale withdrawn", map[string]any{"after_sales_status": 11}, "paid", "", "", 1},
		{"refunded before shipping", map[string]any{"refund_status": 4, "after_sales_status": 10}, "cancelled", "", "", 1},
		{"refunded after shipping", map[string]any{"refund_status": 4, "after_sales_status": 10, "order_status": 2}, "shipped", "", "", 1},
		{"refund done, status contradicts", map[string]any{"after_sales_status": 10}, "paid", "refund", "", 1},
		{"group not complete", map[string]any{"group_status": 0}, "paid", "group_pending", "", 1},
		{"group failed", map[string]any{"group_status": 2}, "cancelled", "", "", 1},
		{"deal cancelled", map[string]any{"confirm_status": 2}, "cancelled", "", "", 1},
		{"not paid", map[string]any{"confirm_status": 0, "pay_time": nil}, "unpaid", "", "", 1},
		{"audit hides the receiver", map[string]any{"risk_control_status": 1, "receiver_name": "", "address": "", "receiver_address": ""}, "paid", "risk", "", 1},
		{"no receiver", map[string]any{"receiver_name": ""}, "paid", "no_receiver", "", 1},
		{"no address", map[string]any{"address": "", "receiver_address": ""}, "paid", "no_receiver", "", 1},
		{"shipped orders show no receiver", map[string]any{"order_status": 2, "receiver_name": "", "address": ""}, "shipped", "", "", 1},
		{"platform hold", map[string]any{"order_tag_list": tagged("ship_hold")}, "paid", "platform_hold", "", 1},
		{"lucky draw", map[string]any{"is_lucky_flag": 2}, "paid", "lucky_draw", "", 1},
		{"deposit paid", map[string]any{"trade_type": 1, "step_order_info": map[string]any{"step_trade_status": 1}}, "paid", "presale", "", 1},
		{"deposit unpaid", map[string]any{"trade_type": 1, "step_order_info": map[string]any{"step_trade_status": 0}}, "unpaid", "presale", "", 1},
		{"both steps paid", map[string]any{"trade_type": 1, "step_order_info": map[string]any{"step_trade_status": 2}}, "paid", "", "", 1},
		{"deposit order without its steps", map[string]any{"trade_type": 1}, "paid", "presale", "", 1},
		{"presale ahead", map[string]any{"is_pre_sale": 1, "pre_sale_time": ahead}, "paid", "presale", "", 1},
		{"presale without a time", map[string]any{"is_pre_sale": 1}, "paid", "presale", "", 1},
		{"presale over", map[string]any{"is_pre_sale": 1, "pre_sale_time": "2020-11-11 00:00:00"}, "paid", "", "", 1},
		{"gift travels along", map[string]any{"gift_list": gift, "gift_order_status": 2}, "paid", "", "", 2},
		{"gift has its own order", map[string]any{"gift_list": gift, "gift_order_status": 1}, "paid", "", "", 1},
		{"gift undecided", map[string]any{"gift_list": gift, "gift_order_status": 0}, "paid", "platform_hold", "", 1},
		{"carrier refused by its name", map[string]any{"express_memos": []any{map[string]any{"scene": 1, "tag": "不要发极兔"}}}, "paid", "", "avoid_carrier", 1},
		{"another memo", map[string]any{"express_memos": []any{map[string]any{"scene": 2}}}, "paid", "", "", 1},
		{"buyer hurries", map[string]any{"urge_shipping_time": "2026-11-11 09:00:00"}, "paid", "", "urgent", 1},
		{"SF paid for", map[string]any{"order_tag_list": tagged("has_ship_additional")}, "paid", "", "wants_sf", 1},
		{"SF asked for", map[string]any{"buyer_memo": "请发顺丰,谢谢"}, "paid", "", "buyer_message wants_sf", 1},
		{"SF not wanted", map[string]any{"buyer_memo": "请不要发顺丰"}, "paid", "", "buyer_message", 1},
		{"unknown state", map[string]any{"order_status": 9}, "unpaid", "unmapped", "", 1},
		{"unknown refund state", map[string]any{"refund_status": 77}, "paid", "unmapped", "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			order := sample(t)
			for k, v := range tt.set {
				order[k] = v
			}
			got := understood(t, order)
			if got["state"] != tt.state || join(got["hold"]) != tt.hold || join(got["flags"]) != tt.flags || len(got["items"].([]any)) != tt.items {
				t.Errorf("state %v, hold %v, flags %v, items %v", got["state"], got["hold"], got["flags"], got["items"])
			}
			if ship := tt.state == "paid" && tt.hold == ""; got["shippable"] != ship {
				t.Errorf("shippable %v; want %v", got["shippable"], ship)
			}
			if free := tt.state == "paid" && tt.hold == "" && tt.flags == ""; (got["merge_key"] != nil) != free {
				t.Errorf("merge key %v; want one only for an order without holds or wishes", got["merge_key"])
			}
		})
	}
}

func join(v any) string {
	var s []string
	for _, x := range v.([]any) {
		s = append(s, fmt.Sprint(x))
	}
	return strings.Join(s, " ")
}

func TestAnUnreadableFieldIsNamed(t *testing.T) {
	item := func(k string, v any) []any {
		it := map[string]any{"outer_id": "TS01-WM", "goods_count": 1}
		it[k] = v
		return []any{it}
	}
	tests := []struct {
		key   string
		value any
		field string
	}{
		{"pay_amount", "12,50", "pay_amount"},
		{"pay_amount", json.Number("39.905"), "pay_amount"},
		{"pay_amount", json.Number("-1.0"), "pay_amount"},
		{"pay_amount", nil, "pay_amount"},
		{"pay_amount", map[string]any{"yuan": 3}, "pay_amount"},
		{"last_ship_time", "morgen", "last_ship_time"},
		{"updated_at", "2026-13-40 99:00:00", "updated_at"},
		{"order_sn", "", "order_sn"},
		{"order_sn", strings.Repeat("9", 65), "order_sn"},
		{"order_sn", "订单一", "order_sn"},
		{"item_list", []any{}, "item_list[]"},
		{"item_list", nil, "item_list[]"},
		{"item_list", item("goods_count", 0), "item_list[0].goods_count"},
		{"item_list", item("goods_count", "viele"), "item_list[0].goods_count"},
		{"item_list", item("goods_count", json.Number("1.5")), "item_list[0].goods_count"},
		{"item_list", item("outer_id", "白色T恤"), "item_list[0].outer_id"},
	}
	for _, tt := range tests {
		order := sample(t)
		order[tt.key] = tt.value
		got := understood(t, order)
		holds, _ := got["unmapped"].([]any)
		if len(holds) == 0 || holds[0].(map[string]any)["field"] != tt.field || got["shippable"] != false || got["order_no"] == "" {
			t.Errorf("%s = %v: held for %v, number %v; want %q named", tt.key, tt.value, holds, got["order_no"], tt.field)
		}
	}
}

func TestMoneyIsNeverAFloat(t *testing.T) {
	for text, fen := range map[string]float64{
		"39.9": 3990, "39.90": 3990, "0.0": 0, "0.01": 1, "1.0E7": 1e9, "14.799999999999999": 1480, "14.800000000000001": 1480,
		"90071992547409.93": 0, "1234567.89": 123456789,
	} {
		order := sample(t)
		order["pay_amount"] = json.Number(text)
		got := understood(t, order)
		if text == "90071992547409.93" { // out of reach: held, not rounded
			if join(got["hold"]) != "unmapped" {
				t.Errorf("%s: hold %v", text, got["hold"])
			}
			continue
		}
		if got["pay_fen"] != fen {
			t.Errorf("%s = %v fen; want %v", text, got["pay_fen"], fen)
		}
	}
}

func TestOddPayloads(t *testing.T) {
	tests := []struct {
		name, payload string
		lines         int
		class         channel.Class // "" = no *channel.Error
		fails         bool
	}{
		{"empty list", `{"order_sn_increment_get_response":{"order_sn_list":[],"total_count":0}}`, 0, "", false},
		{"empty list without its key", `{"order_sn_increment_get_response":{"total_count":0,"request_id":"1"}}`, 0, "", false},
		{"null list", `{"order_list_get_response":{"order_list":null,"total_count":0}}`, 0, "", false},
		{"heartbeat", `{"id":1,"commandType":"HeartBeat","time":1}`, 0, "", false},
		{"one order bad among good", `{"order_list_get_response":{"order_list":[7,{"order_sn":"a","order_sn":"b"},null]}}`, 3, "", false},
		{"nothing of ours", `{"hello":1}`, 0, channel.Refused, true},
		{"not an object", `[1,2]`, 0, channel.Refused, true},
		{"no JSON", `<html>`, 0, "", true},
		{"two documents", `{} {}`, 0, "", true},
		{"nothing", ``, 0, "", true},
		{"cut in half", `{"order_list_get_response":{"order_list":[{"order_sn":"2611`, 0, "", true},
		{"list said twice", `{"order_list_get_response":{"order_list":[],"order_list":[{}]}}`, 0, channel.Refused, true},
		{"frame without an order", `{"id":1,"commandType":"Common","message":{"type":"pdd_trade_TradeConfirmed","content":"{}"}}`, 0, "", true},
		{"frame of something else", `{"id":1,"commandType":"Common","message":{"type":"x","content":"{}"}}`, 0, "", false},
		{"frame with a torn content", `{"id":1,"commandType":"Common","message":{"type":"x","content":"{"}}`, 0, "", true},
		{"too many orders", `{"order_list_get_response":{"order_list":[` + strings.Repeat("1,", 3000) + `1]}}`, 0, channel.Refused, true},
		{"too many values", `{"order_list_get_response":{"order_list":[[` + strings.Repeat("1,", 600_000) + `1]]}}`, 0, "", true},
		{"too deep for JSON itself", strings.Repeat("[", 20_000), 0, "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			err := drivers.TryOf("pdd")(&out, []byte(tt.payload))
			if (err != nil) != tt.fails || strings.Count(out.String(), "\n") != tt.lines {
				t.Fatalf("error %v, output %q", err, out.String())
			}
			if tt.class != "" && channel.ClassOf(err) != tt.class {
				t.Errorf("class %s; want %s", channel.ClassOf(err), tt.class)
			}
		})
	}
}

func TestADefectHoldsOnlyItsOrder(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	for name, odd := range map[string]string{"said twice": `"remark":"x","remark":"y"`, "too deep": `"x":` + deep} {
		good, _ := json.Marshal(sample(t))
		bad := "{" + odd + "," + strings.TrimPrefix(string(good), "{")
		if name == "said twice" {
			bad = strings.Replace(bad, `"remark":null,`, "", 1)
		}
		payload := `{"order_list_get_response":{"order_list":[` + bad + "," + string(good) + `]}}`
		var out bytes.Buffer
		if err := drivers.TryOf("pdd")(&out, []byte(payload)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []map[string]any
		for line := range bytes.Lines(out.Bytes()) {
			var o map[string]any
			if err := json.Unmarshal(line, &o); err != nil {
				t.Fatal(err)
			}
			got = append(got, o)
		}
		first, second := got[0], got[1]
		if join(first["hold"]) != "unmapped" || second["shippable"] != true {
			t.Errorf("%s: holds %v and %v; want only the first held", name, first["hold"], second["hold"])
		}
	}
}

// TestAClockThatIsOffHealsItself: the platform refuses stamps ten minutes off;
// its Date tells the driver, and the window ends by the platform's clock.
func TestAClockThatIsOffHealsItself(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		fake, b := benchOf(t, "pdd")
		fake.Advance(off)
		now := time.Now().Add(off)
		n := told{fake}.Place(1, now.Add(-5*time.Minute))[0]
		ch := b.Open(t, now.Add(-20*time.Minute))
		o, err := ch.Check(t.Context(), n)
		if err != nil || o.Number != n {
			t.Fatalf("%v off: %v", off, err)
		}
		page, err := ch.Pull(t.Context(), "")
		if err != nil || len(page.Orders) != 1 {
			t.Errorf("%v off: %d orders, %v; want the one", off, len(page.Orders), err)
		}
	}
}

// TestOurClockAheadReadsNoFuture: the first question of a driver whose clock is
// ahead reaches into the platform's future. The cursor must not.
func TestOurClockAheadReadsNoFuture(t *testing.T) {
	fake, b := benchOf(t, "pdd")
	fake.Advance(-8 * time.Minute) // accepted, but eight minutes behind us
	now := time.Now().Add(-8 * time.Minute)
	ch := b.Open(t, now.Add(-10*time.Minute))
	page, err := ch.Pull(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var read int64
	if _, err := fmt.Sscanf(string(page.Next), "1:%d", &read); err != nil || read > now.Add(time.Minute).Unix() {
		t.Errorf("cursor %q is ahead of the shop's clock (%d)", page.Next, now.Unix())
	}
}

// TestAWindowThatGrowsBeginsAgain: an order written late into a window under way
// moves others to later pages, which were read already.
func TestAWindowThatGrowsBeginsAgain(t *testing.T) {
	fake, b := benchOf(t, "pdd")
	at := time.Now().Add(-20 * time.Minute).Truncate(time.Second)
	want := told{fake}.Place(3*pageSize, at.Add(time.Minute))
	ch := b.Open(t, at)
	seen := map[string]bool{}
	var cursor channel.Cursor
	for i := 0; ; i++ {
		page, err := ch.Pull(t.Context(), cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Orders {
			seen[o.Number] = true
		}
		if i == 0 {
			want = append(want, told{fake}.Place(1, at.Add(30*time.Second))...) // before all others
			want = append(want, told{fake}.Place(1, at.Add(2*time.Minute))...)  // behind all others
		}
		if cursor = page.Next; !page.More {
			break
		}
	}
	for _, n := range want {
		if !seen[n] {
			t.Errorf("order %s did not come", n)
		}
	}
}

func TestOneWindowOneQuestion(t *testing.T) {
	fake, b := benchOf(t, "pdd")
	at := time.Now().Add(-20 * time.Minute)
	told{fake}.Place(pageSize, at.Add(time.Minute))
	ch := b.Open(t, at)
	page, err := ch.Pull(t.Context(), "")
	if err != nil || page.More || len(page.Orders) != pageSize {
		t.Fatalf("%d orders, more %v, %v", len(page.Orders), page.More, err)
	}
	if n := fake.Calls("pdd.order.number.list.increment.get"); n != 1 {
		t.Errorf("%d calls for one page; want 1", n)
	}
}

// TestManyShopsPullTogether reads one fake through several shops of one app at
// once, while its orders change and some calls fail.
func TestManyShopsPullTogether(t *testing.T) {
	fake, b := benchOf(t, "pdd")
	at := time.Now().Add(-10 * time.Minute).Truncate(time.Second)
	want := told{fake}.Place(50, at.Add(time.Minute))
	fake.Faults.Sometimes(0.2, 3, "500", "dropped", "lost", "half", "garbage")
	ch := b.Open(t, at)
	done := make(chan map[string]bool)
	for range 4 {
		go func() {
			seen := map[string]bool{}
			var cursor channel.Cursor
			for tries := 0; tries < 400; tries++ {
				page, err := ch.Pull(context.Background(), cursor)
				if err != nil {
					continue
				}
				for _, o := range page.Orders {
					seen[o.Number] = true
				}
				if cursor = page.Next; !page.More {
					break
				}
			}
			done <- seen
		}()
	}
	fake.Hold(want[7], true)
	fake.Advance(time.Second)
	for range 4 {
		if seen := <-done; len(seen) < len(want)-1 {
			t.Errorf("%d of %d orders came", len(seen), len(want))
		}
	}
	if fake.Faults.Met() == 0 {
		t.Error("no fault was met")
	}
}

// BenchmarkDecode maps a page of 100 orders, as a pull does.
func BenchmarkDecode(b *testing.B) {
	var list []any
	for i := range 100 {
		o := sample(b)
		o["order_sn"] = fmt.Sprintf("261110-%015d", i)
		list = append(list, o)
	}
	payload, err := json.Marshal(map[string]any{"order_sn_increment_get_response": map[string]any{"order_sn_list": list, "total_count": 100}})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("map", func(b *testing.B) {
		b.SetBytes(int64(len(payload)))
		b.ReportAllocs()
		for b.Loop() {
			if page, err := drivers.Maps()["pdd"].Page("test", payload, time.Now()); err != nil || len(page.Orders) != 100 {
				b.Fatal(len(page.Orders), err)
			}
		}
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "orders/s")
	})
	b.Run("encoding/json into any, for comparison", func(b *testing.B) {
		b.SetBytes(int64(len(payload)))
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(payload, &v); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(100*b.N)/b.Elapsed().Seconds(), "orders/s")
	})
}
