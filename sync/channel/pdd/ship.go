package pdd

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

const (
	detail  = "pdd.order.information.get"
	send    = "pdd.logistics.online.send"
	refunds = "pdd.refund.list.increment.get"
	cancel  = "pdd.rdc.pddgenius.sendgoods.cancel"
)

// Check asks for one order as it stands now.
func (s *Shop) Check(ctx context.Context, number string) (floor.ShopOrder, error) {
	o, err := s.order(ctx, number)
	return o.ShopOrder, err
}

func (s *Shop) order(ctx context.Context, number string) (channelmap.Order, error) {
	body, err := s.call(ctx, detail, map[string]string{"order_sn": number})
	if err != nil {
		return channelmap.Order{}, err
	}
	page, err := chart.Page(detail, body, s.app.now())
	if err != nil {
		return channelmap.Order{}, err
	}
	if len(page.Orders) != 1 || page.Orders[0].Number != number {
		return channelmap.Order{}, refuse(detail, "other-order", "拼多多没有返回订单 %s,请在商家后台核对。",
			"Pinduoduo did not give order %s; look it up in its back office", number)
	}
	o := page.Orders[0]
	o.Channel, o.Shop = s.o.Channel, s.o.Mall
	return o, nil
}

// Report implements channel.Channel. It asks how the order stands and then sends
// what is missing; an answer that is lost is found by the next try's question.
func (s *Shop) Report(ctx context.Context, r channel.Report) error {
	code, err := s.carrierCode(r.Carrier)
	if err != nil {
		return err
	}
	o, err := s.order(ctx, r.Number)
	if err != nil {
		return err
	}
	mode := "1" // first report
	switch o.State {
	case floor.ShopShipped, floor.ShopSigned, floor.ShopSettled:
		if o.Waybill == r.Waybill && o.CarrierCode == code {
			return nil
		}
		if !r.Change {
			return refuse(send, "other-waybill", "订单 %s 在拼多多已用另一运单发货,请组长核对。",
				"order %s is shipped under another waybill at Pinduoduo; a lead should compare them", r.Number)
		}
		mode = "2" // in place of the first
	case floor.ShopCancelled:
		return refuse(send, "cancelled", "订单 %s 已在拼多多退款关闭,请拦截或召回包裹。",
			"order %s is refunded and closed at Pinduoduo; intercept or recall the parcel", r.Number)
	default:
		if !o.Shippable() && !r.Left {
			return refuse(send, "on-hold", "订单 %s 在拼多多有售后或暂停发货,请先停止出库。",
				"order %s is on hold at Pinduoduo; stop it before it leaves", r.Number)
		}
	}
	body, err := s.call(ctx, send, map[string]string{
		"order_sn": r.Number, "logistics_id": code, "tracking_number": string(r.Waybill), "redelivery_type": mode,
	})
	if err != nil {
		return err
	}
	v, err := chart.Envelope(send, body)
	if err != nil {
		return err
	}
	if v.Get("logistics_online_send_response").Get("is_success").Text() != "true" {
		return refuse(send, "no-success", "拼多多没有确认订单 %s 的发货,请组长在商家后台核对。",
			"Pinduoduo did not confirm the shipping of order %s; a lead should look in its back office", r.Number)
	}
	return nil
}

func (s *Shop) carrierCode(id floor.CarrierID) (string, error) {
	if code := s.o.Carriers[id]; code != "" {
		return code, nil
	}
	if code, ok := chart.CarrierCode(id); ok {
		return code, nil
	}
	return "", refuse(send, "carrier", "快递“%s”没有对应的拼多多编号,请在店铺配置里补上。",
		"carrier %q has no Pinduoduo number; add it to the shop's configuration", string(id))
}

// Answer implements channel.Channel.
func (s *Shop) Answer(ctx context.Context, a channel.Answer) error {
	o, err := s.order(ctx, a.Number)
	if err != nil {
		return err
	}
	open := false
	for _, h := range o.Holds {
		open = open || h.Code == floor.HoldRefund
	}
	if !open || o.State == floor.ShopCancelled {
		return nil // withdrawn, or done already
	}
	r, err := s.refund(ctx, a, o.ModifiedAt)
	if err != nil {
		return err
	}
	param, err := json.Marshal(answerParam(a, r))
	if err != nil {
		return fmt.Errorf("%s: %w", cancel, err)
	}
	body, err := s.call(ctx, cancel, map[string]string{"param": string(param)})
	if err != nil {
		return err
	}
	v, err := chart.Envelope(cancel, body)
	if err != nil {
		return err
	}
	if !v.Get("rdc_pddgenius_sendgoods_cancel_response").Object() {
		return refuse(cancel, "no-success", "拼多多没有确认订单 %s 的取消答复,请组长在商家后台处理。",
			"Pinduoduo did not confirm the answer on order %s; a lead should give it in its back office", a.Number)
	}
	return nil
}

// cancelParam is the parameter of the cancel answer, in the platform's names.
type cancelParam struct {
	Order  string          `json:"tid"`
	Refund json.RawMessage `json:"refund_id"` // a number beyond 2^53
	Fee    floor.Fen       `json:"refund_fee"`
	Status string          `json:"status"`
	Reason int             `json:"fail_reason_code,omitempty"`
	Said   string          `json:"msg,omitempty"`
	At     int64           `json:"operate_time"` // milliseconds
}

func answerParam(a channel.Answer, r refund) cancelParam {
	p := cancelParam{Order: a.Number, Refund: json.RawMessage(r.id), Fee: r.fee, Status: "SUCCESS", At: a.At.UnixMilli()}
	if a.Stopped {
		return p
	}
	p.Status = "FAIL"
	switch a.Why {
	case channel.WhyUnknown:
		p.Reason, p.Said = 1001, "订单未同步到仓库"
	case channel.WhyPrinted:
		p.Reason, p.Said = 1003, "已打印电子面单"
	default:
		p.Reason, p.Said = 1002, "订单已发货"
	}
	return p
}

// A refund is a refund request: its id, decimal, and how much it asks back.
type refund struct {
	id  string
	fee floor.Fen
}

// refund finds the open request of an order. The order does not say its id, and
// the list only goes by the request's time of change, which moved the order's
// own: it lies before modified, by no more than other changes of the order made.
func (s *Shop) refund(ctx context.Context, a channel.Answer, modified time.Time) (refund, error) {
	for to := modified.Add(time.Minute); to.After(modified.Add(-3 * time.Hour)); to = to.Add(-chart.Window()) {
		found, err := s.refundsIn(ctx, a, to)
		if err != nil || found.id != "" {
			return found, err
		}
	}
	return refund{}, refuse(refunds, "no-request", "没有找到订单 %s 的退款申请,请组长在商家后台答复。",
		"no refund request of order %s was found; a lead should answer it in Pinduoduo's back office", a.Number)
}

// refundsIn looks through the requests changed in the half hour before to.
func (s *Shop) refundsIn(ctx context.Context, a channel.Answer, to time.Time) (refund, error) {
	const size, most = 100, 50
	for page := 1; page <= most; page++ {
		body, err := s.call(ctx, refunds, map[string]string{
			"after_sales_type": "1", "after_sales_status": "2", // all kinds; asked, the shop's turn
			"start_updated_at": strconv.FormatInt(to.Add(-chart.Window()).Unix(), 10),
			"end_updated_at":   strconv.FormatInt(to.Unix(), 10),
			"page":             strconv.Itoa(page), "page_size": strconv.Itoa(size),
		})
		if err != nil {
			return refund{}, err
		}
		v, err := chart.Envelope(refunds, body)
		if err != nil {
			return refund{}, err
		}
		rows := v.Get("refund_increment_get_response").Get("refund_list").Items()
		for i := range rows {
			if r, ok := matches(&rows[i], a); ok {
				return r, nil
			}
		}
		if len(rows) < size {
			break
		}
	}
	return refund{}, nil
}

// matches reports whether a row of the refund list is the request of a.
func matches(row *channelmap.Value, a channel.Answer) (refund, bool) {
	id := row.Get("id").Text()
	if row.Get("order_sn").Text() != a.Number || a.Request != "" && id != a.Request {
		return refund{}, false
	}
	if _, err := strconv.ParseUint(id, 10, 64); err != nil {
		return refund{}, false
	}
	fee, err := channelmap.Yuan(row.Get("refund_amount").Text())
	return refund{id: id, fee: fee}, err == nil
}

// refuse makes a Refused error whose sentence names what.
func refuse(op, code, zh, en, what string) error {
	return &channel.Error{Class: channel.Refused, Op: op, Code: code, Zh: fmt.Sprintf(zh, what), En: fmt.Sprintf(en, what)}
}
