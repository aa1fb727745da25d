package shop

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// A message is what the shop has to tell and nobody has acknowledged.
type message struct {
	id     int64
	kind   string
	number string
	at     time.Time
}

// Tell has the shop tell something of an order, over its socket or its queue,
// again and again until it is acknowledged.
func (s *Shop) Tell(kind, number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told++
	s.untold = append(s.untold, message{9_007_199_254_740_993 + 2*s.told, kind, number, time.Now()})
}

// TellPaid has the shop tell that an order was paid. It reports whether the platform has
// a socket or a queue to tell it over.
func (s *Shop) TellPaid(number string) bool {
	switch s.face.(type) {
	case pdd:
		s.Tell("pdd_trade_TradeConfirmed", number)
	case taobao:
		s.Tell("taobao_trade_TradeBuyerPay", number)
	default:
		return false
	}
	return true
}

// Untold counts the messages that were not acknowledged.
func (s *Shop) Untold() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.untold)
}

func (s *Shop) heard(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.untold = slices.DeleteFunc(s.untold, func(m message) bool { return strconv.FormatInt(m.id, 10) == id })
}

func (s *Shop) messages() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.untold)
}

// socket is Pinduoduo's message socket: the path proves who comes, frames come
// again until they are acknowledged, and beats are answered.
func (s *Shop) socket(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/message/"), "/")
	if len(parts) != 3 {
		http.NotFound(w, r)
		return
	}
	digest, _ := url.QueryUnescape(parts[2])
	ms := whole(parts[1])
	if digest != base64.StdEncoding.EncodeToString([]byte(md5hex(s.app.client+parts[1]+s.app.secret))) || parts[0] != s.app.client ||
		time.Since(time.UnixMilli(ms)).Abs() > 10*time.Minute {
		http.Error(w, "forbidden", http.StatusForbidden)
		return
	}
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	acks := make(chan string)
	go func() {
		defer close(acks)
		for {
			var f struct {
				ID   json.Number
				Kind string `json:"commandType"`
			}
			if conn.ReadJSON(&f) != nil {
				return
			}
			if f.Kind == "Ack" {
				acks <- f.ID.String()
			}
		}
	}()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case id, open := <-acks:
			if !open {
				return
			}
			s.heard(id)
		case now := <-again.C:
			for _, m := range s.messages() {
				frame := fmt.Sprintf(`{"id":%d,"commandType":"Common","sendTime":%d,"message":{"type":%q,"mallID":100000001,"content":"{\"mall_id\":100000001,\"tid\":\"%s\"}"}}`,
					m.id, now.UnixMilli(), m.kind, m.number)
				if conn.WriteMessage(websocket.TextMessage, []byte(frame)) != nil {
					conn.Close()
				}
			}
		}
	}
}

// queue is Taobao's queue of messages: taken, and gone once confirmed.
func (s *Shop) queue(q question) (reply, trouble) {
	if q.op == "confirm" {
		confirmed := map[int64]bool{}
		for id := range strings.SplitSeq(q.request, ",") {
			confirmed[whole(id)] = true
		}
		s.untold = slices.DeleteFunc(s.untold, func(m message) bool { return confirmed[m.id] })
		return reply{}, ""
	}
	return reply{messages: slices.Clone(s.untold[:min(len(s.untold), max(0, q.size))])}, ""
}

// A Push is a request by which a shop tells something to whoever listens.
type Push struct {
	Body   []byte
	Header http.Header
	Query  string
}

// Pushes reports whether the platform pushes over HTTP.
func (s *Shop) Pushes() bool {
	_, ok := s.Push("1", false)
	return ok
}

// Push makes the push that an order was paid, or that its buyer wants the money
// back, signed as HookSecret says. ok is false where the platform pushes nothing.
func (s *Shop) Push(number string, cancel bool) (p Push, ok bool) {
	kind := func(paid, cancelled string) string {
		if cancel {
			return cancelled
		}
		return paid
	}
	p.Header = http.Header{}
	signed := func(header string) {
		p.Header.Set(header, base64.StdEncoding.EncodeToString(hmacOf(string(p.Body), s.HookSecret())))
	}
	s.mu.Lock()
	changed := time.Now()
	if o := s.orders[number]; o != nil {
		changed = o.changed
	}
	s.mu.Unlock()
	switch s.face.(type) {
	case douyin:
		tag := kind("101", "200")
		p.Body = fmt.Appendf(nil, `[{"tag":%q,"msg_id":"%s-%s","data":"{\"p_id\":%s,\"shop_id\":4463798}"}]`, tag, tag, number, number)
		p.Header.Set("event-sign", DouyinSign(p.Body, s.app.client, s.app.secret))
	case xiaohongshu:
		p.Body = fmt.Appendf(nil, `[{"msgTag":%q,"sellerId":"5f0e0c0e0000000000000000","data":"{\"orderId\":\"%s\"}"}]`,
			kind("msg_fulfillment_status_change", "msg_after_sale_create"), number)
		p.Query = "key=" + s.HookSecret()
	case wechat:
		stamp := strconv.FormatInt(time.Now().Unix(), 10)
		p.Body = fmt.Appendf(nil, `{"Event":%q,"order_info":{"order_id":%s}}`, kind("channels_ec_order_pay", "channels_ec_aftersale_update"), number)
		parts := []string{s.HookSecret(), stamp, "n"}
		slices.Sort(parts)
		p.Query = fmt.Sprintf("timestamp=%s&nonce=n&signature=%x", stamp, sha1.Sum([]byte(strings.Join(parts, ""))))
	case shopify:
		p.Body = fmt.Appendf(nil, `{"id":820982911946154508,"name":%q,"financial_status":%q,"updated_at":%q,"line_items":[{"sku":"A"}]}`,
			number, kind("paid", "refunded"), changed.UTC().Format(time.RFC3339))
		signed("X-Shopify-Hmac-Sha256")
	case woo:
		p.Body = fmt.Appendf(nil, `{"id":%s,"number":%q,"status":%q,"date_modified_gmt":%q,"line_items":[{"sku":"A"}]}`,
			number, number, kind("processing", "refunded"), changed.UTC().Format("2006-01-02T15:04:05"))
		signed("X-WC-Webhook-Signature")
	default:
		return Push{}, false
	}
	return p, true
}

// HookSecret is what a site must know to tell the shop's pushes from others.
func (s *Shop) HookSecret() string { return "hook" + md5hex(s.app.client + s.app.secret)[:12] }
