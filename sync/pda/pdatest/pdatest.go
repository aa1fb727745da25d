// Package pdatest is a handheld for tests and simulations, and a small site for
// it to work on. The Client speaks the wire as docs/PROTOCOL.md has it and
// shares no code with the server's side of it.
package pdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// A Client is one handheld. It is used by one goroutine at a time.
type Client struct {
	conn *websocket.Conn
	day  string
	n    uint64
	// Seen holds what came while Act waited for its answer; Next gives it first.
	Seen []Message
}

// A Message is anything the daemon says; Raw is all of it.
type Message struct {
	Type      string          `json:"type"`
	Seq       uint64          `json:"seq"`
	N         uint64          `json:"n"`
	Code      string          `json:"code"`
	Kind      string          `json:"kind"`
	Epoch     string          `json:"epoch"`
	Day       string          `json:"day"`
	Resumed   bool            `json:"resumed"`
	Repeated  bool            `json:"repeated"`
	Intercept string          `json:"intercept"`
	Order     string          `json:"order"`
	Result    json.RawMessage `json:"result"`
	Raw       json.RawMessage `json:"-"`
}

// A Hello says who a Client is. Session defaults to "s1".
type Hello struct {
	Token   string
	Session string
	Epoch   string
	Seq     uint64
	Header  http.Header // of the handshake: Origin, Host
}

// Within is how long a Client waits for anything: a busy machine is slow.
const Within = time.Minute

// Connect opens a socket and says nothing.
func Connect(ctx context.Context, url string, h http.Header) (*Client, *http.Response, error) {
	d := websocket.Dialer{HandshakeTimeout: Within, ReadBufferSize: 1024, WriteBufferSize: 1024}
	conn, resp, err := d.DialContext(ctx, url, h)
	if err != nil {
		return nil, resp, err
	}
	return &Client{conn: conn}, resp, nil
}

// Dial opens a socket, says hello and waits for the welcome.
func Dial(ctx context.Context, url string, h Hello) (*Client, Message, error) {
	c, _, err := Connect(ctx, url, h.Header)
	if err != nil {
		return nil, Message{}, err
	}
	m, err := c.Hello(h)
	if err != nil {
		c.Close()
		return nil, m, err
	}
	return c, m, nil
}

// Hello says hello and waits for the welcome.
func (c *Client) Hello(h Hello) (Message, error) {
	if h.Session == "" {
		h.Session = "s1"
	}
	hello := map[string]any{"type": "hello", "token": h.Token, "session": h.Session}
	if h.Epoch != "" {
		hello["epoch"], hello["seq"] = h.Epoch, h.Seq
	}
	if err := c.Say(hello); err != nil {
		return Message{}, err
	}
	m, err := c.Next()
	if err == nil && m.Type != "welcome" {
		err = fmt.Errorf("no welcome: %s", m.Raw)
	}
	c.day = m.Day
	return m, err
}

// Say sends anything as JSON.
func (c *Client) Say(m any) error {
	c.conn.SetWriteDeadline(time.Now().Add(Within))
	return c.conn.WriteJSON(m)
}

// SayRaw sends bytes as a text message.
func (c *Client) SayRaw(data []byte) error {
	c.conn.SetWriteDeadline(time.Now().Add(Within))
	return c.conn.WriteMessage(websocket.TextMessage, data)
}

// Next gives the next message, beats left out.
func (c *Client) Next() (Message, error) {
	if len(c.Seen) > 0 {
		m := c.Seen[0]
		c.Seen = c.Seen[1:]
		return m, nil
	}
	return c.next()
}

func (c *Client) next() (Message, error) {
	for {
		c.conn.SetReadDeadline(time.Now().Add(Within))
		_, data, err := c.conn.ReadMessage()
		if err != nil {
			return Message{}, err
		}
		m := Message{Raw: data}
		if err := json.Unmarshal(data, &m); err != nil {
			return m, err
		}
		if m.Type != "beat" && m.Type != "live" {
			return m, nil
		}
	}
}

// Wait gives the next message of that type, passing over others.
func (c *Client) Wait(typ string) (Message, error) {
	for {
		m, err := c.Next()
		if err != nil || m.Type == typ {
			return m, err
		}
	}
}

// Act has something done and waits for the answer: "ok", or else an error that
// names the code. What comes in between is kept in Seen.
func (c *Client) Act(verb string, args any) (Message, error) {
	c.n++
	return c.ActAs(c.n, verb, args)
}

// ErrRefused is the error of an act that was refused; the Message has the code.
var ErrRefused = errors.New("refused")

// ActAs is Act with a number of one's own.
func (c *Client) ActAs(n uint64, verb string, args any) (Message, error) {
	err := c.Say(map[string]any{"type": "act", "n": n, "day": c.day, "verb": verb, "args": args})
	if err != nil {
		return Message{}, err
	}
	for {
		m, err := c.next()
		if err != nil {
			return m, err
		}
		switch {
		case m.N != n || m.Type != "ok" && m.Type != "refused" && m.Type != "failed":
			c.Seen = append(c.Seen, m)
		case m.Type == "refused":
			return m, fmt.Errorf("%s: %w: %s", verb, ErrRefused, m.Code)
		case m.Type == "failed":
			return m, fmt.Errorf("%s: failed", verb)
		default:
			return m, nil
		}
	}
}

// Conn is the socket itself.
func (c *Client) Conn() *websocket.Conn { return c.conn }

// Close ends the socket without a goodbye.
func (c *Client) Close() error { return c.conn.Close() }
