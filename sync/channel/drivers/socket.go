package drivers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"

	"floord/sync/channel/api"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/sign"
)

// SocketPDD is where Pinduoduo's message socket is.
const SocketPDD = "wss://message-api.pinduoduo.com"

// beat is how often the message socket is told that we are there, and a third of
// how long it may be silent.
const beat = 20 * time.Second

// framesAtOnce is how many frames are kept at a time: those that come together share
// one sync of the disk.
const framesAtOnce = 32

// ListenPDD holds Pinduoduo's message socket open until ctx ends or it breaks.
// keep is given each frame as it came, several at a time; a frame is acknowledged once
// keep has returned without an error, and else comes again.
func ListenPDD(ctx context.Context, address string, a api.Account, keep func(frame []byte) error) error {
	if address == "" {
		address = SocketPDD
	}
	path := sign.PDDSocket(a.Client, a.Secret, strconv.FormatInt(time.Now().UnixMilli(), 10))
	conn, resp, err := (&websocket.Dialer{HandshakeTimeout: 20 * time.Second}).DialContext(ctx, strings.TrimSuffix(address, "/")+path, nil)
	if err != nil {
		if resp != nil {
			return fmt.Errorf("message socket: %s", resp.Status)
		}
		var u *url.Error
		if errors.As(err, &u) { // the address holds a signature
			err = u.Err
		}
		return fmt.Errorf("message socket: %w", err)
	}
	defer conn.Close()
	conn.SetReadLimit(1 << 20)
	out := make(chan []byte)
	ended := make(chan struct{})
	keeping, going := errgroup.WithContext(ctx)
	keeping.SetLimit(framesAtOnce + 1) // and what writes
	stop := context.AfterFunc(going, func() { conn.Close() })
	defer stop()
	keeping.Go(func() error { return write(conn, out, ended) })
	err = read(conn, func(frame, ack []byte) {
		keeping.Go(func() error {
			if err := keep(frame); err != nil {
				return err
			}
			select {
			case out <- ack:
			case <-ended:
			case <-going.Done():
			}
			return nil
		})
	})
	close(ended)
	if first := keeping.Wait(); first != nil { // that is why nothing could be read
		err = first
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// read calls f with each frame that wants to be acknowledged, and how.
func read(conn *websocket.Conn, f func(frame, ack []byte)) error {
	for {
		_ = conn.SetReadDeadline(time.Now().Add(3 * beat)) // fails only with the read below
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("message socket: %w", err)
		}
		if ack, common := acknowledge(frame, time.Now()); common {
			f(frame, ack)
		}
	}
}

// write sends what is to be acknowledged, and that we are there.
func write(conn *websocket.Conn, out <-chan []byte, ended <-chan struct{}) error {
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		var frame []byte
		select {
		case frame = <-out:
		case now := <-t.C:
			frame = []byte(fmt.Sprintf(`{"id":%d,"commandType":"HeartBeat","time":%d}`, now.UnixNano(), now.UnixMilli()))
		case <-ended:
			return nil
		}
		_ = conn.SetWriteDeadline(time.Now().Add(beat)) // fails only with the write below
		if err := conn.WriteMessage(websocket.TextMessage, frame); err != nil {
			return fmt.Errorf("message socket: %w", err)
		}
	}
}

// acknowledge gives the frame that acknowledges another, in the platform's form,
// and whether it is one that wants that.
func acknowledge(frame []byte, now time.Time) (ack []byte, common bool) {
	v, err := channelmap.Parse(frame)
	if err != nil || v.Get("commandType").Text() != "Common" {
		return nil, false
	}
	number := func(v channelmap.Value) json.RawMessage { // beyond 2^53: kept as text
		if s := v.Text(); s != "" && s[0] != '0' && strings.Trim(s, "0123456789") == "" {
			return json.RawMessage(s)
		}
		return json.RawMessage("0")
	}
	ms := now.UnixMilli()
	ack, _ = json.Marshal(struct { // strings and numbers can always be encoded
		ID     json.RawMessage `json:"id"`
		Kind   string          `json:"commandType"`
		SentAt int64           `json:"sendTime"`
		Mall   json.RawMessage `json:"mallID"`
		Type   string          `json:"type"`
		Time   int64           `json:"time"`
	}{number(v.Get("id")), "Ack", ms, number(v.Get("message").Get("mallID")), v.Get("message").Get("type").Text(), ms})
	return ack, true
}
