package api

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// Check asks for one order as it stands now.
func (s *Shop) Check(ctx context.Context, number string) (floor.ShopOrder, error) {
	o, err := s.whole(ctx, number)
	return o.ShopOrder, err
}

// whole gives an order as it stands now, and whom it goes to where the platform says
// that by a call of its own.
func (s *Shop) whole(ctx context.Context, number string) (channelmap.Order, error) {
	o, err := s.order(ctx, number)
	if err != nil || s.app.m.Call("receiver") == nil || o.State != floor.ShopPaid || o.To.Token == "" {
		return o, err
	}
	v, err := s.ask(ctx, "receiver", channelmap.Vars{Order: o.Value, Text: map[string]string{"number": number, "id": o.ID}})
	if err != nil && channel.ClassOf(err) != channel.Refused {
		return o, err
	}
	s.app.m.Receiver(v, &o) // one that is refused is held
	return o, nil
}

// Together asks which of at most channelmap.MaxTogether orders go to one recipient, where
// the platform says that by a call of its own. It gives a key by number, alike for those.
func (s *Shop) Together(ctx context.Context, orders []floor.ShopOrder) (map[string]string, error) {
	v, err := channelmap.Together(orders)
	if err != nil {
		return nil, err
	}
	answer, err := s.ask(ctx, "merge", v)
	if err != nil {
		return nil, err
	}
	return s.app.m.Groups(answer), nil
}

func (s *Shop) order(ctx context.Context, number string) (channelmap.Order, error) {
	op := s.app.m.Call("detail").Method
	v, err := s.ask(ctx, "detail", channelmap.Vars{Text: map[string]string{"number": number}})
	if err != nil {
		return channelmap.Order{}, err
	}
	page, err := s.app.m.PageOf(op, v, s.app.now())
	if err != nil {
		s.unread(op, v.Raw(), err)
		return channelmap.Order{}, err
	}
	for _, o := range page.Orders { // a platform without a detail call searches
		if o.Number == number {
			o.Channel, o.Shop = s.o.Channel, s.o.Shop
			return o, nil
		}
	}
	return channelmap.Order{}, refuse(op, "other-order", "平台没有返回订单 %s,请在商家后台核对。",
		"the shop did not give order %s; look it up in its back office", number)
}

// Report implements channel.Channel. It asks how the order stands and then sends
// what is missing; an answer that is lost is found by the next try's question.
func (s *Shop) Report(ctx context.Context, r channel.Report) error {
	op := s.method("ship")
	code, err := s.carrierCode(op, r.Carrier)
	if err != nil {
		return err
	}
	o, err := s.order(ctx, r.Number)
	if err != nil {
		return err
	}
	asks := r.Left && floor.AsksCancel(o.Holds)
	if asks && s.o.Asked != nil { // what is reported now may hide it
		s.o.Asked(ctx, r.Number)
	}
	call, err := s.how(o, r, code)
	if err != nil || call == "" {
		return err
	}
	if s.app.m.Call(call) == nil {
		return refuse(op, "no-"+call, "平台不接受订单 %s 的这种发货上报(改单或多包裹),请组长在商家后台处理。",
			"the shop does not take this kind of report for order %s (a change, or one more parcel); a lead should do it in its back office", r.Number)
	}
	v := channelmap.Vars{Order: o.Value, Text: map[string]string{
		"number": r.Number, "id": o.ID, "carrier": code, "waybill": string(r.Waybill), "key": r.Key,
		"n": strconv.Itoa(len(r.Others) + 1),
	}, Times: map[string]time.Time{"at": s.app.now()}}
	if r.Part {
		v.Parcel = r.Lines
	}
	err = s.act(ctx, call, v, r.Number)
	if asks && channel.ClassOf(err) == channel.Refused {
		return &channel.Error{Class: channel.Retryable, Op: op, Code: "refund-open", Err: err,
			Zh: "订单 " + r.Number + " 有未处理的退款申请，平台暂不接受发货回传；申请处理后系统会自动重试。请组长在商家后台处理退款申请。",
			En: "a refund of order " + r.Number + " is open, and the shop takes no report until it is decided; then it is reported by itself. A lead should decide it in the back office"}
	}
	return err
}

// how says which call reports the parcel; "" if the shop knows it already.
func (s *Shop) how(o channelmap.Order, r channel.Report, code string) (string, error) {
	op := s.method("ship")
	known := slices.Contains(o.Waybills, string(r.Waybill))
	ours := len(o.Waybills) > 0 && !slices.ContainsFunc(o.Waybills, func(w string) bool {
		return !slices.Contains(r.Others, floor.WaybillNo(w))
	})
	switch left := o.State.Rank() >= floor.ShopShipped.Rank(); {
	case known && (left || r.Part) && (o.CarrierCode == code || o.CarrierCode == "" || len(o.Waybills) > 1):
		return "", nil
	case left && r.Change:
		return "reship", nil
	case (left || len(o.Waybills) > 0) && r.Part && ours:
		if s.app.m.Call("part") != nil && !left {
			return "part", nil
		}
		return "more", nil
	case left:
		return "", refuse(op, "other-waybill", "订单 %s 在平台已用另一运单发货,请组长核对。",
			"order %s is shipped under another waybill at the shop; a lead should compare them", r.Number)
	case o.State == floor.ShopCancelled:
		return "", refuse(op, "cancelled", "订单 %s 已在平台退款关闭,请拦截或召回包裹。",
			"order %s is refunded and closed at the shop; intercept or recall the parcel", r.Number)
	case !o.Shippable() && !r.Left:
		return "", refuse(op, "on-hold", "订单 %s 在平台有售后或暂停发货,请先停止出库。",
			"order %s is on hold at the shop; stop it before it leaves", r.Number)
	case r.Part && s.app.m.Call("part") != nil:
		return "part", nil
	}
	return "ship", nil
}

// act puts a question that changes something and reads whether it did.
func (s *Shop) act(ctx context.Context, name string, v channelmap.Vars, number string) error {
	c := s.app.m.Call(name)
	answer, err := s.ask(ctx, name, v)
	switch {
	case err == nil && s.app.m.Finished(c, answer):
		return nil
	case err == nil:
		return refuse(c.Method, "no-success", "平台没有确认订单 %s 的操作,请组长在商家后台核对。",
			"the shop did not confirm what was done with order %s; a lead should look in its back office", number)
	case channel.ClassOf(err) == channel.Refused && c.Before(channel.CodeOf(err)):
		return nil
	}
	return err
}

func (s *Shop) method(name string) string {
	if c := s.app.m.Call(name); c != nil {
		return c.Method
	}
	return name
}

func (s *Shop) carrierCode(op string, id floor.CarrierID) (string, error) {
	if code := s.o.Carriers[id]; code != "" {
		return code, nil
	}
	if code, ok := s.app.m.CarrierCode(id); ok {
		return code, nil
	}
	return "", refuse(op, "carrier", "快递“%s”没有对应的平台编号,请在店铺配置里补上。",
		"carrier %q has no code of the shop's; add it to the channel's configuration", string(id))
}

// Answer implements channel.Channel.
func (s *Shop) Answer(ctx context.Context, a channel.Answer) error {
	if a.What == "" {
		a.What = channel.AskCancel
	}
	reply, call := s.app.m.Reply(string(a.What), a.Yes, string(a.Why))
	if call == "" {
		return ctx.Err() // the platform takes no such answer: what the floor reports says it
	}
	o, err := s.order(ctx, a.Number)
	if err != nil {
		return err
	}
	v := channelmap.Vars{Order: o.Value, Text: map[string]string{
		"number": a.Number, "id": o.ID, "request": a.Request, "outcome": reply.Outcome, "reason": reply.Reason, "said": reply.Said,
	}, Times: map[string]time.Time{"at": a.At}}
	if a.What == channel.AskCancel {
		asks := floor.AsksCancel(o.Holds)
		if o.State == floor.ShopCancelled || !asks && (a.Yes || s.app.m.Call("requests") == nil) {
			return nil // done already, or withdrawn
		}
		if a.Yes && reply.Refunds && !s.o.Refunds {
			return refuse(s.app.m.Call(call).Method, "by-hand", "订单 %s 已停止出库，平台等商家答复退款。请组长在商家后台同意退款（agree_refunds 未开启）。",
				"order %s is stopped here, and the shop waits for an answer to its refund; a lead should agree to it in the back office (agree_refunds is off)", a.Number)
		}
		request, err := s.openRequest(ctx, a, o)
		if !asks && channel.CodeOf(err) == "no-request" {
			return nil // withdrawn; an order that is reported as shipped need not say so
		}
		if err != nil {
			return err
		}
		v.Text["request"], v.Text["fee"] = request.ID, strconv.FormatInt(int64(request.Fee), 10)
	}
	return s.act(ctx, call, v, a.Number)
}

// openRequest finds the buyer's open request, which an order need not name. Where
// the platform lists requests by their time of change only: that moved the
// order's own, so it lies before it, by no more than other changes made.
func (s *Shop) openRequest(ctx context.Context, a channel.Answer, o channelmap.Order) (channelmap.Request, error) {
	pick := func(v channelmap.Value) (channelmap.Request, bool, int) {
		open, rows := s.app.m.Requests(v, a.Number)
		for _, r := range open {
			if a.Request == "" || a.Request == r.ID {
				return r, true, rows
			}
		}
		return channelmap.Request{}, false, rows
	}
	c := s.app.m.Call("requests")
	if c == nil {
		r, _, _ := pick(o.Value)
		return r, nil
	}
	const size, most, back = 100, 50, 3 * time.Hour
	step := back
	if c.Windowed {
		step = 30 * time.Minute
	}
	for to := o.ModifiedAt.Add(time.Minute); to.After(o.ModifiedAt.Add(-back)); to = to.Add(-step) {
		for page := 1; page <= most; page++ {
			v, err := s.ask(ctx, "requests", channelmap.Vars{Order: o.Value,
				Text:  map[string]string{"number": a.Number, "id": o.ID, "page": strconv.Itoa(page), "size": strconv.Itoa(size)},
				Times: map[string]time.Time{"from": to.Add(-step), "to": to}})
			if err != nil {
				return channelmap.Request{}, err
			}
			r, found, rows := pick(v)
			if found {
				return r, nil
			}
			if rows < size || !c.Paged {
				break
			}
		}
		if !c.Windowed {
			break
		}
	}
	return channelmap.Request{}, refuse(c.Method, "no-request", "没有找到订单 %s 的退款申请,请组长在商家后台答复。",
		"no refund request of order %s was found; a lead should answer it in the shop's back office", a.Number)
}

// refuse makes a Refused error whose sentence names what.
func refuse(op, code, zh, en, what string) error {
	return &channel.Error{Class: channel.Refused, Op: op, Code: code, Zh: fmt.Sprintf(zh, what), En: fmt.Sprintf(en, what)}
}

// Consume takes the messages that wait in the platform's queue for us and gives
// keep each answer as it came; once keep has returned without an error, they are
// confirmed, and else they come again. What of them nobody can read is confirmed
// too, for it would come for ever. It gives how many there were.
func (s *Shop) Consume(ctx context.Context, keep func(answer []byte) error) (int, error) {
	v, err := s.ask(ctx, "consume", channelmap.Vars{})
	if err != nil {
		return 0, err
	}
	frames := s.app.m.Frames(v)
	if len(frames) == 0 {
		return 0, nil
	}
	if err := keep(v.Raw()); err != nil {
		return 0, err
	}
	_, err = s.ask(ctx, "confirm", channelmap.Vars{Text: map[string]string{"request": strings.Join(frames, ",")}})
	return len(frames), err
}
