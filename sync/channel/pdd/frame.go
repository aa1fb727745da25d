package pdd

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"floord/sync/channel"
	"floord/sync/channel/channelmap"
)

// A Frame is one frame of the message socket.
type Frame struct {
	ID     string // beyond 2^53: kept as text
	Kind   string // "Common", "HeartBeat", "Ack"
	Mall   string
	Type   string // "pdd_trade_TradeConfirmed"
	Notice channel.Notice
	Refund string // the refund's id, in refund messages
}

// DecodeFrame reads a frame. Only a frame of the kind Common carries a notice;
// one of them without an order number is an error. A message type that is not
// known keeps its own name as the event: it is a hint to look again all the same.
func DecodeFrame(data []byte) (Frame, error) {
	v, err := channelmap.Parse(data)
	if err != nil {
		return Frame{}, err
	}
	return frameOf(&v)
}

func frameOf(v *channelmap.Value) (Frame, error) {
	f := Frame{ID: v.Get("id").Text(), Kind: v.Get("commandType").Text()}
	if f.Kind != "Common" {
		if f.Kind == "" {
			return f, fmt.Errorf("pdd frame without commandType")
		}
		return f, nil
	}
	message := v.Get("message")
	f.Mall, f.Type = message.Get("mallID").Text(), message.Get("type").Text()
	content, err := channelmap.Parse([]byte(message.Get("content").Text()))
	if err != nil {
		return f, fmt.Errorf("pdd frame %.20s: content: %w", f.ID, err)
	}
	f.Refund = content.Get("refund_id").Text()
	f.Notice = channel.Notice{Number: content.Get("tid").Text(), Event: chart.Event(f.Type), Frame: f.ID}
	if f.ID == "" || f.Notice.Number == "" || len(f.ID) > 32 || len(f.Notice.Number) > 64 {
		return f, fmt.Errorf("pdd frame %.20s of type %.60q names no order", f.ID, f.Type)
	}
	return f, nil
}

// Ack gives the frame that acknowledges f. It is sent after what f hints at is
// on disk: the platform sends an unacknowledged frame again.
func (f *Frame) Ack(now time.Time) []byte {
	ms := now.UnixMilli()
	number := func(s string) json.RawMessage {
		if s == "" || s[0] == '0' || strings.Trim(s, "0123456789") != "" {
			return json.RawMessage("0")
		}
		return json.RawMessage(s)
	}
	ack, err := json.Marshal(struct {
		ID     json.RawMessage `json:"id"`
		Kind   string          `json:"commandType"`
		SentAt int64           `json:"sendTime"`
		Mall   json.RawMessage `json:"mallID"`
		Type   string          `json:"type"`
		Time   int64           `json:"time"`
	}{number(f.ID), "Ack", ms, number(f.Mall), f.Type, ms})
	if err != nil {
		panic("pdd: ack: " + err.Error()) // strings and valid JSON always marshal
	}
	return ack
}
