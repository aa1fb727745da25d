package channelmap

import (
	"errors"
	"fmt"
	"io"
	"time"

	"floord/sync/channel"
)

// Try prints how a saved payload is understood: an order a line, a line for each
// order that is only named, or for a push its notices. An answer of another
// method prints nothing. What the shop refused comes back as its *channel.Error.
func (m *Map) Try(w io.Writer, payload []byte) error {
	if m.push.ping != nil && m.push.ping.Match(payload) {
		return nil
	}
	v, err := m.parse(payload, nil)
	if err != nil {
		return err
	}
	if m.pushed(v) {
		notices, err := m.notices(v)
		if err != nil {
			if err := channel.WriteNotices(w, notices); err != nil {
				return err
			}
			return &channel.Error{Class: channel.Refused, Op: "try", Code: "push", Err: err,
				Zh: "推送内容读不懂。", En: "the push cannot be read"}
		}
		return channel.WriteNotices(w, notices)
	}
	page, err := m.Page("try", payload, time.Now())
	if err != nil {
		return err
	}
	if page.Answer == "" && !m.answered(v) {
		return &channel.Error{Class: channel.Refused, Op: "try", Code: "no-answer",
			Zh: "内容里没有这个平台的任何响应。", En: "the payload holds no answer of this platform"}
	}
	if err := channel.WriteNumbers(w, page.Numbers, page.Named); err != nil {
		return err
	}
	seen := make([]channel.Seen, len(page.Orders))
	for i, o := range page.Orders {
		seen[i] = channel.Seen{ShopOrder: o.ShopOrder, Currency: o.Currency, ID: o.ID, ShipByRaw: o.ShipByRaw}
	}
	return channel.WriteSeen(w, seen)
}

// answered reports whether v is an answer of a method that brings no orders.
func (m *Map) answered(v Value) bool {
	for _, name := range v.Names() {
		if m.silent != nil && m.silent.MatchString(name) {
			return true
		}
	}
	return false
}

// Notices reads a push, or an answer that brings queued messages. It never holds
// an order itself: the driver asks for that. A message that cannot be read does not
// stop those beside it: they are given together with the error.
func (m *Map) Notices(payload []byte) ([]channel.Notice, error) {
	if m.push.ping != nil && m.push.ping.Match(payload) {
		return nil, nil
	}
	v, err := m.parse(payload, nil)
	if err != nil {
		return nil, err
	}
	return m.notices(v)
}

// Frames gives what must be acknowledged of each message of an answer that brings
// queued ones, those that nobody can read included: else they would come for ever.
func (m *Map) Frames(v Value) []string {
	var frames []string
	for _, message := range m.messages(v) {
		if f := clean(m.push.frame.first(message).Text(), 64); f != "" {
			frames = append(frames, f)
		}
	}
	return frames
}

// pushed reports whether v was pushed to us, and is no answer.
func (m *Map) pushed(v Value) bool {
	one := len(m.push.kind) > 0 && !m.doc.Push.Orders
	return one && (m.push.kind.first(v).n != nil || v.Array() && len(m.push.each) == 0)
}

// maxMessages bounds the messages of one push; platforms send at most 100.
const maxMessages = 1000

var errNoOrder = errors.New("it names no order")

func (m *Map) notices(v Value) ([]channel.Notice, error) {
	messages := m.messages(v)
	if len(messages) > maxMessages {
		return nil, fmt.Errorf("push of %d messages: more than %d", len(messages), maxMessages)
	}
	notices, unread := []channel.Notice{}, []error(nil)
	for i, message := range messages {
		kind := clean(m.push.kind.first(message).Text(), 64)
		if among(kind, m.doc.Push.Probe) {
			continue
		}
		n, err := m.notice(message, kind)
		if err != nil {
			if errors.Is(err, errNoOrder) && n.Number == "" && kind != "" && n.Event == kind {
				continue // of a type that the map does not know, and of no order: articles, coupons
			}
			unread = append(unread, fmt.Errorf("push message %d of type %q: %w", i, kind, err))
			continue
		}
		notices = append(notices, n)
	}
	return notices, errors.Join(unread...)
}

// messages takes a push apart: one message, an array of them, or those of an answer.
func (m *Map) messages(v Value) []Value {
	var all []Value
	switch {
	case v.Array():
		items := v.items()
		for i := range items {
			all = append(all, Value{v.d, &items[i]})
		}
	case len(m.push.each) > 0 && m.push.kind.first(v).n == nil:
		m.push.each.each(v, func(v Value) bool { all = append(all, v); return true })
	default:
		all = append(all, v)
	}
	return all
}

func (m *Map) notice(message Value, kind string) (channel.Notice, error) {
	if d := message.Defect(); d != "" {
		return channel.Notice{}, errors.New(d)
	}
	in := message
	if len(m.push.data) > 0 {
		at := m.push.data.first(message)
		in = at
		if !at.Object() {
			inner, err := Parse([]byte(at.Text()))
			if err != nil {
				return channel.Notice{}, err
			}
			if d := inner.Defect(); d != "" {
				return channel.Notice{}, errors.New(d)
			}
			in = inner
		}
	}
	r := reading{m: m, v: in}
	n := channel.Notice{Number: r.text(m.push.number, 65), Event: m.Event(kind)}
	if len(m.push.sub) > 0 {
		if e := m.doc.Events[kind+"/"+m.push.sub.first(message).Text()]; e != "" {
			n.Event = e
		}
	}
	if cancel := (rule{when: m.push.cancel}); len(cancel.when) > 0 && cancel.holds(m, message, time.Time{}) {
		n.Event = "cancelled"
	}
	if len(m.push.frame) > 0 {
		n.Frame = clean(m.push.frame.first(message).Text(), 64)
	}
	if at := m.push.at.first(message); len(m.push.at) > 0 && !at.Empty() {
		n.At, _ = m.parseTime(string(at.text())) // without it, it was told when it came
	}
	if kind == "" || !plain(n.Number, 64) {
		return n, errNoOrder
	}
	return n, nil
}
