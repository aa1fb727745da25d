package sim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"floord/floor"
)

// A hand is a handheld or a station's screen in somebody's hands: a real socket
// that speaks docs/PROTOCOL.md. Answers find whoever asked; everything else goes
// to hear, from the reading goroutine.
type hand struct {
	url, token, session string
	hear                func(message)

	mu      sync.Mutex
	conn    *websocket.Conn
	day     string
	n       uint64
	waiting map[uint64]chan message
	lost    chan struct{} // closed when the socket is gone
}

// A message is anything the daemon says.
type message struct {
	Type      string          `json:"type"`
	Seq       uint64          `json:"seq"`
	N         uint64          `json:"n"`
	Code      string          `json:"code"`
	Kind      string          `json:"kind"`
	Day       string          `json:"day"`
	Repeated  bool            `json:"repeated"`
	Intercept string          `json:"intercept"`
	Order     floor.OrderID   `json:"order"`
	Shown     bool            `json:"shown"`
	Zh        string          `json:"zh"`
	Result    json.RawMessage `json:"result"`
	Fact      json.RawMessage `json:"fact"`
	Raw       json.RawMessage `json:"-"`
}

// pair uses a one-time code up and gives the token, as a page would.
func pair(base, code string) (string, error) {
	body, err := json.Marshal(map[string]string{"code": code})
	if err != nil {
		return "", err
	}
	resp, err := http.Post(base+"/api/v1/pair", "application/json", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct{ Token string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK || answer.Token == "" {
		return "", fmt.Errorf("pair: %s", resp.Status)
	}
	return answer.Token, nil
}

// connect opens the socket and says hello. The welcome and what follows go to hear.
func (h *hand) connect(ctx context.Context) error {
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(h.url, "http", "ws", 1)+"/ws", nil)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.conn, h.waiting, h.lost = conn, map[uint64]chan message{}, make(chan struct{})
	lost := h.lost
	h.mu.Unlock()
	hello := map[string]any{"type": "hello", "token": h.token, "session": h.session, "lang": "zh"}
	if err := conn.WriteJSON(hello); err != nil {
		conn.Close()
		return err
	}
	welcome := make(chan error, 1)
	go func() {
		defer close(lost)
		h.read(conn, welcome)
	}()
	select {
	case err := <-welcome:
		return err
	case <-ctx.Done():
		conn.Close()
		return ctx.Err()
	}
}

func (h *hand) read(conn *websocket.Conn, welcome chan<- error) {
	defer conn.Close()
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			select {
			case welcome <- err:
			default:
			}
			return
		}
		m := message{Raw: data}
		if err := json.Unmarshal(data, &m); err != nil {
			continue
		}
		switch m.Type {
		case "welcome", "beat":
			h.mu.Lock()
			h.day = m.Day
			h.mu.Unlock()
			if m.Type == "welcome" {
				welcome <- nil
			}
		case "bye":
			select {
			case welcome <- fmt.Errorf("turned away: %s", m.Code):
			default:
			}
		case "ok", "refused", "failed":
			h.mu.Lock()
			answer := h.waiting[m.N]
			delete(h.waiting, m.N)
			h.mu.Unlock()
			if answer != nil {
				answer <- m
			}
		default:
			h.hear(m)
		}
	}
}

// errLost says that the socket broke before the answer came.
var errLost = errors.New("the socket is gone")

// A no is an act that was refused.
type no struct{ code, zh string }

func (n *no) Error() string { return n.code + ": " + n.zh }

// actWithin bounds one act. Who is sent home finishes what is begun: half an act
// could not be counted.
const actWithin = 40 * time.Second

// act has something done once, however often it must be sent.
func (h *hand) act(ctx context.Context, verb string, args any) (message, error) {
	if ctx.Err() != nil {
		return message{}, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), actWithin)
	defer cancel()
	h.mu.Lock()
	h.n++
	n := h.n
	h.mu.Unlock()
	return h.send(ctx, n, verb, args)
}

// send sends act number n until there is an answer.
func (h *hand) send(ctx context.Context, n uint64, verb string, args any) (message, error) {
	for {
		m, err := h.once(ctx, n, verb, args)
		switch {
		case err != nil && !errors.Is(err, errLost) || ctx.Err() != nil:
			return m, errors.Join(err, ctx.Err())
		case err != nil: // come back and send it again
			sleep(ctx, 200*time.Millisecond)
			if err := h.connect(ctx); err != nil {
				return m, err
			}
		case m.Type == "failed":
			sleep(ctx, time.Second)
		case m.Type == "refused":
			return m, &no{m.Code, m.Zh}
		default:
			return m, nil
		}
	}
}

func (h *hand) once(ctx context.Context, n uint64, verb string, args any) (message, error) {
	answer := make(chan message, 1)
	h.mu.Lock()
	h.waiting[n] = answer
	conn, lost := h.conn, h.lost
	msg := map[string]any{"type": "act", "n": n, "day": h.day, "verb": verb, "args": args}
	err := conn.WriteJSON(msg)
	h.mu.Unlock()
	if err != nil {
		return message{}, errLost
	}
	select {
	case m := <-answer:
		return m, nil
	case <-lost:
		return message{}, errLost
	case <-ctx.Done():
		return message{}, ctx.Err()
	case <-time.After(30 * time.Second):
		conn.Close()
		return message{}, errLost
	}
}

func (h *hand) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		h.conn.Close()
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
