// Package shop pretends to be shops: faithful enough to show a driver every
// oddity the real platform is known for, over real HTTP, and told while it runs
// what buyers do and what goes wrong. The demo and the drivers' tests use it.
package shop

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"floord/internal/sim/wire"
)

// An Order is a purchase to be placed with a pretend shop.
type Order struct {
	Number   string // empty: the shop gives one
	Items    []Item
	Gifts    []Item
	PayFen   int64
	Name     string // shown masked, as the shop masks it
	Shown    bool   // also by a platform that else keeps the name for a call of its own
	Phone    string
	Province string
	City     string
	District string
	Street   string
	Memo     string        // the buyer's words
	Avoid    []int         // the platform's numbers of carriers the buyer refuses
	PaidAt   time.Time     // zero: now
	ShipIn   time.Duration // from PaidAt to the promised time; 0: 48 h
	Changed  time.Time     // last change; zero: PaidAt
}

// An Item is one line of an Order.
type Item struct {
	SKU  string
	Name string
	Spec string
	Qty  int
}

// A Shop pretends to be one shop of one platform, for one app. It keeps the books;
// its face speaks the platform's language. It is an http.Handler. All methods may
// be called while it serves.
type Shop struct {
	Faults wire.Faults // by the platform's method names

	face   face
	traits traits
	app    app

	mu       sync.Mutex
	orders   map[string]*order // guarded by mu, like all below
	byChange []*order          // by last change, once sorted is true
	sorted   bool
	changes  int // of any order
	filtered filtered
	numbers  int
	requests int64
	asked    []string      // numbers of those that a request was ever opened for
	ahead    time.Duration // of the real clock
	refused  string        // trouble every call meets
	drift    int
	doubles  bool
	stale    bool
	loose    bool
	quick    bool
	calls    map[string]int
	granted  map[string]int // calls left of a method; missing = any number
	renewals int
	told     int64
	untold   []message
}

// app is who may ask.
type app struct{ client, secret, sign, token, refresh string }

// traits are the rules of a platform that the books must know.
type traits struct {
	number  func(n int, at time.Time) string
	window  time.Duration // longest question; 0 = any
	size    int           // most orders a page
	first   int           // number of the first page
	skew    time.Duration // stamps further off are refused; 0: none are looked at
	strict  bool          // no report while a refund is open
	again   bool          // a report of the same number once more is fine
	pay     string        // path of what was paid, to be spoilt
	cursors bool          // pages by cursor
	closed  bool          // a window includes its end
	can     Can
}

// Can says what a platform does, for those who try a driver on it.
type Can struct {
	Strict  bool   // it takes no report while a refund is open, not even of a parcel that has left
	Reship  bool   // a report may be replaced
	More    bool   // an order may leave in several parcels
	Answers bool   // it takes an answer to a cancel,
	Says    bool   // and a no as well
	Moves   bool   // the buyer's wish for another address is asked about
	Renews  bool   // it renews tokens
	Hold    string // the hold that its own "do not ship" becomes
	Cancel  string // the hold that an open request becomes; "" if it says nothing of it
}

// Can says what the platform does.
func (s *Shop) Can() Can { return s.traits.can }

// Loose makes the shop say every boolean as a string, as several platforms do at
// times.
func (s *Shop) Loose(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loose = on
}

// A face speaks a platform's language.
type face interface {
	// read understands a request and says whether its signature is right.
	read(s *Shop, r *http.Request, body []byte) question
	// order gives an order in the platform's form.
	order(o *order, now time.Time) map[string]any
	// answer wraps what the books say; fault says no, for one of the troubles.
	answer(q question, a reply) (status int, header map[string]string, body any)
	fault(q question, t trouble) (status int, body any)
}

// A trouble is why a shop says no.
type trouble string

const (
	badSign    trouble = "sign"
	badClient  trouble = "client"
	badStamp   trouble = "stamp"
	tokenOver  trouble = "token"
	badIP      trouble = "ip"
	tooMany    trouble = "limit"
	badMethod  trouble = "method"
	badParams  trouble = "params"
	noOrder    trouble = "no-order"
	noRequest  trouble = "no-request"
	isShipped  trouble = "shipped"
	isWaiting  trouble = "waiting"
	isRefunded trouble = "refunded"
	refundOpen trouble = "refund-open"
	wrongFee   trouble = "fee"
	badCursor  trouble = "cursor"
)

// A question is a request, understood.
type question struct {
	method   string // the platform's name of it
	op       string // what it means: list, detail, ship, reship, part, more, requests, cancel, address, renew, and the platform's own
	signed   bool
	client   string
	token    string
	at       time.Time // its stamp; zero if it has none
	bad      bool      // a parameter is missing or wrong
	from, to time.Time
	page     int
	size     int
	cursor   string
	number   string
	carrier  string
	waybill  string
	lines    map[string]int // of a part: SKU -> how many
	request  string
	fee      int64 // negative: not said
	yes      bool
	reason   string
	since    time.Time         // of an answer: when it says that the parcel was stopped
	filter   func(*order) bool // of a list: it is wanted
	by       string            // what filter goes by
}

// A reply is what the books answer.
type reply struct {
	orders   []any
	numbers  []string
	requests []*order // those with an open request
	total    int
	pages    int
	next     string // "" = the last page
	page     int
	size     int
	order    *order
	one      any
	token    app
	messages []message
}

// An order is an order as the platform keeps it.
type order struct {
	Order
	spoilt    bool
	changed   time.Time
	status    int // 1 to be shipped, 2 shipped, 3 received
	refund    int // 1 none, 2 asked, 4 done
	afterSale int // after_sales_status of Pinduoduo
	hold      bool
	audit     bool
	group     int
	moved     int // address changes
	shippedAt time.Time
	carrier   string
	waybills  []string
	sent      map[string]int // SKU -> how many have left, of an order in parts
	shipped   int            // reports that took effect
	request   *request
	asksMove  bool     // the buyer asks for another address
	moves     []string // answers to that
	before    *order   // the version before the last change
	said      []byte   // what a quick shop says of it; nil: not yet
}

type request struct {
	id      int64
	changed time.Time
	answers []string // "SUCCESS", "FAIL"
	reason  string
	since   time.Time
}

func newShop(f face, t traits, a app) *Shop {
	return &Shop{face: f, traits: t, app: a, orders: map[string]*order{}, calls: map[string]int{}, granted: map[string]int{}, requests: 7_381_745_730}
}

// Place adds a paid order and gives its number.
func (s *Shop) Place(o Order) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	placed := s.place(o)
	if s.quick {
		s.show(placed) // now, and not when it is asked for
	}
	return placed.Number
}

// PlaceSpoilt adds an order whose amount cannot be read, and names the field.
func (s *Shop) PlaceSpoilt(o Order) (number, field string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	placed := s.place(o)
	placed.spoilt = true
	return placed.Number, s.traits.pay
}

// draft is when a prepared order says that it changed. It stands for nothing else.
var draft = time.Unix(2_012_345_678, 0)

// Prepare makes up an order, and what a Quick shop says of it. bring places it as one
// that changed just now, and gives its number.
func (s *Shop) Prepare(o Order) (bring func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.Changed = draft
	made := s.make(o)
	said := mustJSON(s.tell(made))
	return func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		made.changed = s.now().Truncate(time.Second)
		for _, write := range []func(time.Time) string{local, gmt, func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }} {
			said = bytes.ReplaceAll(said, []byte(write(draft)), []byte(write(made.changed)))
		}
		if s.quick {
			made.said = said
		}
		s.add(made)
		return made.Number
	}
}

func (s *Shop) place(o Order) *order {
	placed := s.make(o)
	s.add(placed)
	return placed
}

func (s *Shop) make(o Order) *order {
	if o.PaidAt.IsZero() {
		o.PaidAt = s.now()
	}
	if o.ShipIn == 0 {
		o.ShipIn = 48 * time.Hour
	}
	if o.Changed.IsZero() {
		o.Changed = o.PaidAt
	}
	s.numbers++
	if o.Number == "" {
		o.Number = s.traits.number(s.numbers, o.PaidAt)
	}
	return &order{Order: o, changed: o.Changed.Truncate(time.Second), status: 1, refund: 1, group: 1}
}

// add puts an order into the books.
func (s *Shop) add(placed *order) {
	if old := s.orders[placed.Number]; old != nil {
		s.byChange = slices.DeleteFunc(s.byChange, func(x *order) bool { return x == old })
	}
	s.orders[placed.Number] = placed
	s.sorted = s.sorted && (len(s.byChange) == 0 || earlier(s.byChange[len(s.byChange)-1], placed) < 0)
	s.byChange = append(s.byChange, placed)
	s.changes++
}

// change applies f to an order and moves its time of change to now. It reports
// whether the shop has the order.
func (s *Shop) change(number string, f func(*order)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orders[number]
	if o != nil {
		s.changeLocked(o, f)
	}
	return o != nil
}

func (s *Shop) changeLocked(o *order, f func(*order)) {
	old := *o
	old.before = nil
	o.before = &old
	if s.sorted {
		at, _ := slices.BinarySearchFunc(s.byChange, o, earlier)
		s.byChange = slices.Delete(s.byChange, at, at+1)
	}
	f(o)
	s.changes++
	o.said = nil
	o.changed = s.now().Truncate(time.Second)
	if s.sorted {
		at, _ := slices.BinarySearchFunc(s.byChange, o, earlier)
		s.byChange = slices.Insert(s.byChange, at, o)
	}
}

func earlier(a, b *order) int {
	return cmp.Or(a.changed.Compare(b.changed), cmp.Compare(a.Number, b.Number))
}

// CancelByBuyer lets the buyer ask the money back before shipping. It gives the
// id of the request, or 0 if the shop does not have the order.
func (s *Shop) CancelByBuyer(number string) (id int64) {
	s.change(number, func(o *order) {
		s.requests++
		o.refund, o.afterSale = 2, 2
		o.request = &request{id: s.requests, changed: s.now().Truncate(time.Second)}
		s.asked = append(s.asked, number)
		id = s.requests
	})
	return id
}

// WithdrawRefund lets the buyer take the request back.
func (s *Shop) WithdrawRefund(number string) bool {
	return s.change(number, func(o *order) { o.refund, o.afterSale, o.request = 1, 11, nil })
}

// Refund closes an order that has not been shipped: the money went back.
func (s *Shop) Refund(number string) bool {
	return s.change(number, func(o *order) { o.refund, o.afterSale = 4, 10 })
}

// Hold sets or lifts the platform's "do not ship".
func (s *Shop) Hold(number string, on bool) bool {
	return s.change(number, func(o *order) { o.hold = on })
}

// Audit puts an order under the platform's audit, which hides its receiver, or ends it.
func (s *Shop) Audit(number string, on bool) bool {
	return s.change(number, func(o *order) { o.audit = on })
}

// ChangeAddress gives an order another street.
func (s *Shop) ChangeAddress(number, street string) bool {
	return s.change(number, func(o *order) { o.Street, o.moved = street, o.moved+1 })
}

// AskAddress lets the buyer ask for another street; the shop must agree first.
func (s *Shop) AskAddress(number, street string) bool {
	return s.change(number, func(o *order) { o.asksMove = true })
}

// ChangeMemo gives an order other words of the buyer.
func (s *Shop) ChangeMemo(number, memo string) bool {
	return s.change(number, func(o *order) { o.Memo = memo })
}

// Touch changes nothing but the time of change.
func (s *Shop) Touch(number string) bool { return s.change(number, func(*order) {}) }

// Advance moves the shop's clock ahead of the real one by d more.
func (s *Shop) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead += d
}

// Trouble makes every call meet one of "token", "ip" and "limit", until "" is given.
func (s *Shop) Trouble(t string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = t
}

// Grant lets a method be called n times more; then it is limited. n < 0: any number.
func (s *Shop) Grant(method string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.granted, method); n >= 0 {
		s.granted[method] = n
	}
}

// Drift makes the shop lively: after each page that it gives out, n orders of the
// window just read change, and so leave it.
func (s *Shop) Drift(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drift = n
}

// Doubles makes each page hold its first order twice; Stale makes each page show
// every second order as it was before its last change.
func (s *Shop) Doubles(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubles = on
}

// Stale: see Doubles.
func (s *Shop) Stale(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stale = on
}

// EndToken ends the token the shop knows; only a renewed one is good then.
func (s *Shop) EndToken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.app.token = "ended-" + s.app.token
}

// Renewals counts the tokens renewed.
func (s *Shop) Renewals() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.renewals
}

// Shipped gives the last waybill under which an order is shipped, and how many
// reports took effect.
func (s *Shop) Shipped(number string) (waybill string, times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.orders[number]; o != nil && len(o.waybills) > 0 {
		return o.waybills[len(o.waybills)-1], o.shipped
	}
	return "", 0
}

// Waybills gives all numbers under which an order is shipped.
func (s *Shop) Waybills(number string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.orders[number]; o != nil {
		return slices.Clone(o.waybills)
	}
	return nil
}

// Answered gives the answers to the open request of an order, "SUCCESS" or
// "FAIL", and the last reason.
func (s *Shop) Answered(number string) (answers []string, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.orders[number]; o != nil && o.request != nil {
		return slices.Clone(o.request.answers), o.request.reason
	}
	return nil, ""
}

// Stopped gives when the last answer to the open request of an order says that its
// parcel was stopped; zero if it says nothing of that.
func (s *Shop) Stopped(number string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.orders[number]; o != nil && o.request != nil {
		return o.request.since
	}
	return time.Time{}
}

// Moves gives the answers to the buyer's wish for another address.
func (s *Shop) Moves(number string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.orders[number]; o != nil {
		return slices.Clone(o.moves)
	}
	return nil
}

// Calls counts the calls of a method that passed the gateway; "" counts all.
func (s *Shop) Calls(method string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for m, k := range s.calls {
		if method == "" || m == method {
			n += k
		}
	}
	return n
}

// Counts gives how many orders there are, how many of them are shipped, and how
// many are refunded and closed.
func (s *Shop) Counts() (all, shipped, closed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		switch {
		case o.status > 1:
			shipped++
		case o.refund == 4:
			closed++
		}
	}
	return len(s.orders), shipped, closed
}

func (s *Shop) now() time.Time { return time.Now().Add(s.ahead) }

var china = time.FixedZone("GMT+8", 8*3600)

// ServeHTTP answers one call.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/message/") {
		s.socket(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "too large", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	_ = r.ParseForm() // a body that is no form leaves none
	s.mu.Lock()
	q := s.face.read(s, r, body)
	s.mu.Unlock()
	s.Faults.Before(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { s.serve(w, q) }),
		func(*http.Request) string {
			if q.op == "part" || q.op == "more" || q.op == "reship" {
				return "ship" // all of them report a parcel
			}
			return q.op
		}).ServeHTTP(w, r)
}

func (s *Shop) serve(w http.ResponseWriter, q question) {
	s.mu.Lock()
	a, no := s.ask(q)
	status, header, body := http.StatusOK, map[string]string(nil), any(nil)
	if no != "" {
		status, body = s.face.fault(q, no)
	} else {
		status, header, body = s.face.answer(q, a)
	}
	if s.loose {
		body = loosened(body)
	}
	out := mustJSON(body) // while nobody changes what it shows
	now := s.now()
	s.mu.Unlock()
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	for k, v := range header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(status)
	if body != nil {
		_, _ = w.Write(out)
	}
}

// ask checks what every call must bring, then asks the books.
func (s *Shop) ask(q question) (a reply, no trouble) {
	switch {
	case q.op == "":
		return a, badMethod
	case q.client != "" && q.client != s.app.client:
		return a, badClient
	case s.traits.skew > 0 && s.now().Sub(q.at).Abs() > s.traits.skew:
		return a, badStamp
	case !q.signed:
		return a, badSign
	case s.refused != "":
		return a, trouble(s.refused)
	case q.op != "renew" && q.token != s.app.token:
		return a, tokenOver
	case q.bad:
		return a, badParams
	}
	if left, limited := s.granted[q.method]; limited {
		if left == 0 {
			return a, tooMany
		}
		s.granted[q.method]--
	}
	s.calls[q.method]++
	switch q.op {
	case "list":
		return s.list(q)
	case "detail":
		o := s.orders[q.number]
		if o == nil {
			return a, noOrder
		}
		return reply{order: o, one: s.show(o)}, ""
	case "ship", "reship", "part", "more":
		return s.ship(q)
	case "requests":
		return s.openRequests(q)
	case "cancel":
		return s.decide(q)
	case "address":
		return s.move(q)
	case "consume", "confirm":
		return s.queue(q)
	case "merge": // its face has answered
		return a, ""
	case "renew":
		if q.token != s.app.refresh {
			return a, tokenOver
		}
		s.renewals++
		s.app.token = fmt.Sprintf("renewed-%d", s.renewals)
		return reply{token: s.app}, ""
	}
	return a, badMethod
}

// Quick makes the shop keep what it says of an order until that changes, so that
// a load of many orders is not the load of making them up.
func (s *Shop) Quick(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.quick = on
}

// show gives an order in the platform's form.
func (s *Shop) show(o *order) any {
	if !s.quick {
		return s.tell(o)
	}
	if o.said == nil {
		o.said = mustJSON(s.tell(o))
	}
	return json.RawMessage(o.said)
}

func (s *Shop) tell(o *order) map[string]any {
	m := s.face.order(o, s.now())
	if o.spoilt {
		at := m
		steps := strings.Split(s.traits.pay, ".")
		for _, step := range steps[:len(steps)-1] {
			at = at[step].(map[string]any)
		}
		at[steps[len(steps)-1]] = "12,50"
	}
	return m
}

// window gives the orders changed in the question's span, by change.
func (s *Shop) window(q question) []*order {
	if !s.sorted {
		slices.SortFunc(s.byChange, earlier)
		s.sorted = true
	}
	search := func(t time.Time) int {
		i, _ := slices.BinarySearchFunc(s.byChange, t, func(o *order, t time.Time) int { return o.changed.Compare(t) })
		return i
	}
	to := q.to
	if s.traits.closed {
		to = to.Add(time.Second)
	}
	all := s.byChange[search(q.from):max(search(q.from), search(to))]
	if q.filter == nil {
		return all
	}
	// Page after page of a window asks the same.
	if f := &s.filtered; f.by != q.by || !f.from.Equal(q.from) || !f.to.Equal(to) || f.changes != s.changes {
		*f = filtered{q.by, q.from, to, s.changes, slices.DeleteFunc(slices.Clone(all), func(o *order) bool { return !q.filter(o) })}
	}
	return s.filtered.orders
}

// filtered is the last window that was asked for in part.
type filtered struct {
	by       string
	from, to time.Time
	changes  int
	orders   []*order
}

func (s *Shop) list(q question) (reply, trouble) {
	span := q.to.Sub(q.from)
	page := q.page - s.traits.first
	if span < 0 || s.traits.window > 0 && span > s.traits.window || page < 0 || q.size < 1 || q.size > s.traits.size {
		return reply{}, badParams
	}
	all := s.window(q)
	a := reply{total: len(all), pages: (len(all) + q.size - 1) / q.size, page: q.page, size: q.size}
	start := min(page*q.size, len(all))
	if s.traits.cursors && q.cursor != "" { // "changed_number" of the last order given
		at, number, ok := strings.Cut(q.cursor, "_")
		ms, err := strconv.ParseInt(at, 10, 64)
		if !ok || err != nil {
			return a, badCursor
		}
		start, _ = slices.BinarySearchFunc(all, time.UnixMilli(ms), func(o *order, t time.Time) int {
			return cmp.Or(o.changed.Compare(t), cmp.Compare(o.Number, number+"\x00"))
		})
	}
	shown := all[start:min(start+q.size, len(all))]
	for i, o := range shown {
		if s.stale && i%2 == 1 && o.before != nil {
			o = o.before
		}
		if _, short := s.face.(xiaohongshu); short {
			a.orders = append(a.orders, s.tell(o)) // without lines and receiver
		} else {
			a.orders = append(a.orders, s.show(o))
		}
		a.numbers = append(a.numbers, o.Number)
	}
	if start+len(shown) < len(all) {
		last := shown[len(shown)-1]
		a.next = fmt.Sprintf("%d_%s", last.changed.UnixMilli(), last.Number)
	}
	if s.doubles && len(shown) > 0 {
		a.orders, a.numbers = append(a.orders, a.orders[0]), append(a.numbers, a.numbers[0])
	}
	for k := 0; k < min(s.drift, len(shown)); k++ {
		s.changeLocked(shown[k], func(*order) {})
	}
	return a, ""
}

func (s *Shop) ship(q question) (reply, trouble) {
	o := s.orders[q.number]
	switch {
	case o == nil:
		return reply{}, noOrder
	case q.waybill == "" || q.carrier == "":
		return reply{}, badParams
	case s.traits.again && slices.Contains(o.waybills, q.waybill):
		return reply{order: o}, ""
	case (q.op == "reship" || q.op == "more") && o.status == 1:
		return reply{}, isWaiting
	case (q.op == "ship" || q.op == "part") && o.status != 1:
		return reply{}, isShipped
	case o.refund == 4:
		return reply{}, isRefunded
	case s.traits.strict && o.refund == 2 && q.op != "reship":
		return reply{}, refundOpen
	}
	wrong := false
	s.changeLocked(o, func(o *order) {
		o.carrier, o.shipped, o.shippedAt = q.carrier, o.shipped+1, s.now()
		if q.op == "reship" || q.op == "ship" {
			o.waybills = nil
		}
		o.waybills = append(slices.Clip(o.waybills), q.waybill)
		left := 0
		sent := map[string]int{}
		for _, it := range append(slices.Clone(o.Items), o.Gifts...) {
			sent[it.SKU] = o.sent[it.SKU] + q.lines[it.SKU]
			wrong = wrong || sent[it.SKU] > it.Qty
			left += max(0, it.Qty-sent[it.SKU])
		}
		if o.sent = sent; q.op != "part" || left == 0 {
			o.status = max(o.status, 2)
		}
	})
	if wrong {
		return reply{}, badParams
	}
	return reply{order: o}, ""
}

func (s *Shop) openRequests(q question) (a reply, no trouble) {
	var open []*order
	for _, o := range s.byChange {
		r := o.request
		if r == nil || o.refund != 2 || q.number != "" && o.Number != q.number ||
			!q.from.IsZero() && (r.changed.Before(q.from) || r.changed.After(q.to)) {
			continue
		}
		open = append(open, o)
	}
	a.total = len(open)
	if q.size > 0 {
		start := min(max(0, q.page-1)*q.size, len(open))
		open = open[start:min(start+q.size, len(open))]
	}
	a.requests = open
	return a, ""
}

func (s *Shop) decide(q question) (reply, trouble) {
	var o *order
	for _, n := range s.asked {
		if x := s.orders[n]; x.request != nil && (q.request != "" && strconv.FormatInt(x.request.id, 10) == q.request || q.request == "" && x.Number == q.number) {
			o = x
		}
	}
	switch {
	case o == nil || q.number != "" && o.Number != q.number:
		return reply{}, noRequest
	case !q.yes && q.reason == "":
		return reply{}, badParams
	case q.fee >= 0 && q.fee != o.PayFen:
		return reply{}, wrongFee
	}
	if o.refund == 2 {
		s.changeLocked(o, func(o *order) {
			said := "FAIL"
			if o.refund, o.afterSale = 1, 9; q.yes {
				o.refund, o.afterSale, said = 4, 10, "SUCCESS"
			}
			r := *o.request
			r.answers, r.reason = append(slices.Clip(r.answers), said), q.reason
			r.since = q.since
			o.request = &r
		})
	}
	return reply{order: o}, ""
}

func (s *Shop) move(q question) (reply, trouble) {
	o := s.orders[q.number]
	switch {
	case o == nil:
		return reply{}, noOrder
	case !o.asksMove:
		return reply{}, noRequest
	}
	s.changeLocked(o, func(o *order) {
		said := q.reason
		if o.asksMove = false; q.yes {
			o.moved, said = o.moved+1, "yes"
		}
		o.moves = append(slices.Clip(o.moves), said)
	})
	return reply{order: o}, ""
}

// loosened gives v with its booleans as strings.
func loosened(v any) any {
	var out any
	dec := json.NewDecoder(bytes.NewReader(mustJSON(v)))
	dec.UseNumber()
	_ = dec.Decode(&out) // it was just encoded
	var walk func(any) any
	walk = func(v any) any {
		switch x := v.(type) {
		case bool:
			return strconv.FormatBool(x)
		case map[string]any:
			for k := range x {
				x[k] = walk(x[k])
			}
		case []any:
			for i := range x {
				x[i] = walk(x[i])
			}
		}
		return v
	}
	return walk(out)
}

// mustJSON gives what json.Marshal does.
func mustJSON(v any) []byte { return appendJSON(make([]byte, 0, 2<<10), v) }

// appendJSON takes what was encoded before as it is: json.Marshal would read all of it
// again, and a page is orders that a Quick shop has encoded.
func appendJSON(b []byte, v any) []byte {
	switch x := v.(type) {
	case json.RawMessage:
		return append(b, x...)
	case string:
		if !strings.ContainsFunc(x, odd) {
			return append(append(append(b, '"'), x...), '"')
		}
	case int:
		return strconv.AppendInt(b, int64(x), 10)
	case int64:
		return strconv.AppendInt(b, x, 10)
	case map[string]any:
		var room [48]string
		keys := room[:0]
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		sep := byte('{')
		for _, k := range keys {
			b = append(appendJSON(append(b, sep), k), ':')
			b, sep = appendJSON(b, x[k]), ','
		}
		if sep == ',' {
			return append(b, '}')
		}
	case []any:
		sep := byte('[')
		for _, one := range x {
			b, sep = appendJSON(append(b, sep), one), ','
		}
		if sep == ',' {
			return append(b, ']')
		}
	}
	plain, err := json.Marshal(v)
	if err != nil {
		panic("sim/shop: " + err.Error()) // only literal shapes are marshalled
	}
	return append(b, plain...)
}

// odd reports whether json.Marshal might write a rune otherwise than it is.
func odd(r rune) bool {
	return r < ' ' || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&' || r == utf8.RuneError || r == '\u2028' || r == '\u2029'
}

func digit(on bool) int {
	if on {
		return 1
	}
	return 0
}

// local writes a time as platforms in China do.
func local(t time.Time) string { return t.In(china).Format("2006-01-02 15:04:05") }

// fromLocal reads one; the zero time if it is none.
func fromLocal(s string) time.Time {
	t, _ := time.ParseInLocation("2006-01-02 15:04:05", s, china)
	return t
}

func yuan(fen int64) string { return fmt.Sprintf("%d.%02d", fen/100, fen%100) }

// mask hides all but the first runes.
func mask(s string, keep int) string {
	r := []rune(s)
	if len(r) <= keep {
		return strings.Repeat("*", len(r))
	}
	return string(r[:keep]) + strings.Repeat("*", min(len(r)-keep, 8))
}

func sum(parts ...string) uint32 {
	h := fnv.New32a()
	for _, p := range parts {
		h.Write([]byte(p + "\x00"))
	}
	return h.Sum32()
}

// pairs gives name and value of all but "sign", by name, as several platforms
// sign them. It is written from their descriptions, not from the drivers' code.
func pairs(q url.Values, sparse bool) string {
	var all []string
	for k := range q {
		if k != "sign" && (!sparse || q.Get(k) != "") {
			all = append(all, k+"\x00"+q.Get(k))
		}
	}
	slices.Sort(all)
	return strings.ReplaceAll(strings.Join(all, ""), "\x00", "")
}

func md5hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

func hmacOf(text, secret string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// whole reads a whole number; -1 if it is none.
func whole(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Path is where behind a server's address the platform's calls go.
func (s *Shop) Path() string {
	switch s.face.(type) {
	case shopify:
		return "/admin/api/2026-07/graphql.json"
	case woo:
		return "/wp-json/wc/v3"
	}
	return ""
}
