package pda

import (
	"encoding/json"
	"sync"

	"floord/floor"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gorilla/websocket"
)

// prepared holds the newest events as they go over the wire, so that an event
// for many devices is encoded once.
type prepared struct {
	mu   sync.Mutex
	ring [256]preparedEvent // guarded by mu; at seq modulo its length
}

type preparedEvent struct {
	seq uint64
	how saying
	m   *websocket.PreparedMessage
}

// of gives the message that says e.
func (p *prepared) of(e floor.Event, how saying) (*websocket.PreparedMessage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := &p.ring[e.Seq%uint64(len(p.ring))]
	if at.seq == e.Seq && at.how == how {
		return at.m, nil
	}
	data, err := eventMessage(e, how)
	if err != nil {
		return nil, err
	}
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, data)
	if err == nil {
		*at = preparedEvent{seq: e.Seq, how: how, m: m}
	}
	return m, err
}

func eventMessage(e floor.Event, how saying) ([]byte, error) {
	if f, ok := e.Fact.(floor.OrderFrozen); ok && how == asFreeze {
		return encode(newFreeze(e.Seq, floor.Intercept{
			Key: f.Intercept, Order: f.Order, In: f.In, Why: f.Why, Stage: f.Stage, AskedAt: f.AskedAt, Deadline: f.Deadline,
		})), nil
	}
	fact, err := json.Marshal(e.Fact)
	if err != nil {
		return nil, err
	}
	return encode(event{Type: "event", Seq: e.Seq, At: e.At, Kind: e.Fact.Kind(), Cause: e.Cause, Fact: jsontext.Value(fact)}), nil
}

// weights remembers the newest weight taken for each device.
type weights struct {
	mu   sync.Mutex
	last map[floor.DeviceID]keyedWeight // guarded by mu; one a station screen
}

type keyedWeight struct {
	key    string
	weight floor.Weight
}

func (w *weights) of(d floor.DeviceID, key string) (floor.Weight, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k, ok := w.last[d]
	return k.weight, ok && k.key == key
}

func (w *weights) keep(d floor.DeviceID, key string, weight floor.Weight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last == nil {
		w.last = map[floor.DeviceID]keyedWeight{}
	}
	w.last[d] = keyedWeight{key, weight}
}
