// Package shop pretends to be shops: faithful enough to show a driver every
// oddity the real platform is known for, over real HTTP, and told while it runs
// what buyers do and what goes wrong. The demo and the drivers' tests use it.
package shop

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"floord/internal/sim/wire"
)

// An Order is a purchase to be placed with a pretend shop.
type Order struct {
	Number   string // empty: the shop gives one
	Items    []Item
	Gifts    []Item
	PayFen   int64
	Name     string // shown masked, as the shop masks it
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

// PDD pretends to be Pinduoduo's gateway, for one app and one shop. It is an
// http.Handler. All methods may be called while it serves.
type PDD struct {
	Faults wire.Faults // by the platform's method names

	clientID, secret, token string

	mu       sync.Mutex
	orders   map[string]*pddOrder // guarded by mu, like all below
	byChange []*pddOrder          // by last change, once sorted is true
	sorted   bool
	numbers  int
	refunds  int64
	ahead    time.Duration // of the real clock
	refused  string        // error code every call gets
	drift    int
	doubles  bool
	stale    bool
	calls    map[string]int
	granted  map[string]int // calls left of a method; missing = any number
}

// A pddOrder is an order as the platform keeps it.
type pddOrder struct {
	Order
	raw       []byte // given out as it is, when set
	changed   time.Time
	status    int // 1 to be shipped, 2 shipped, 3 received
	refund    int // refund_status
	afterSale int // after_sales_status
	hold      bool
	audit     bool
	group     int
	moved     int // address changes
	shippedAt time.Time
	carrier   int
	waybill   string
	shipped   int // reports that took effect
	request   *pddRefund
	before    *pddOrder // the version before the last change
}

type pddRefund struct {
	id      int64
	changed time.Time
	answers []string // "SUCCESS", "FAIL"
	reason  int
}

// NewPDD makes a shop that knows one app and its token.
func NewPDD(clientID, secret, token string) *PDD {
	return &PDD{clientID: clientID, secret: secret, token: token, orders: map[string]*pddOrder{},
		calls: map[string]int{}, granted: map[string]int{}, refunds: 7_381_745_730}
}

// Place adds a paid order and gives its number.
func (p *PDD) Place(o Order) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.PaidAt.IsZero() {
		o.PaidAt = p.now()
	}
	if o.ShipIn == 0 {
		o.ShipIn = 48 * time.Hour
	}
	if o.Changed.IsZero() {
		o.Changed = o.PaidAt
	}
	p.numbers++
	if o.Number == "" {
		o.Number = fmt.Sprintf("%s-%015d", o.PaidAt.In(china).Format("060102"), p.numbers)
	}
	p.put(&pddOrder{Order: o, changed: o.Changed.Truncate(time.Second), status: 1, refund: 1, group: 1})
	return o.Number
}

// PlaceRaw adds an order that is given out as these bytes, whatever they are.
func (p *PDD) PlaceRaw(number string, changed time.Time, raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(&pddOrder{Order: Order{Number: number, PaidAt: changed}, changed: changed.Truncate(time.Second), raw: raw, status: 1, refund: 1, group: 1})
}

func (p *PDD) put(o *pddOrder) {
	if old := p.orders[o.Number]; old != nil {
		p.byChange = slices.DeleteFunc(p.byChange, func(x *pddOrder) bool { return x == old })
	}
	p.orders[o.Number] = o
	p.byChange = append(p.byChange, o)
	p.sorted = false
}

// change applies f to an order and moves its time of change to now. It reports
// whether the shop has the order.
func (p *PDD) change(number string, f func(*pddOrder)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.orders[number]
	if o != nil {
		p.changeLocked(o, f)
	}
	return o != nil
}

func (p *PDD) changeLocked(o *pddOrder, f func(*pddOrder)) {
	old := *o
	old.before = nil
	o.before = &old
	f(o)
	o.changed = p.now().Truncate(time.Second)
	p.sorted = false
}

// CancelByBuyer lets the buyer ask the money back before shipping. It gives the
// id of the request, or 0 if the shop does not have the order.
func (p *PDD) CancelByBuyer(number string) (request int64) {
	p.change(number, func(o *pddOrder) {
		p.refunds++
		o.refund, o.afterSale = 2, 2
		o.request = &pddRefund{id: p.refunds, changed: p.now().Truncate(time.Second)}
		request = p.refunds
	})
	return request
}

// WithdrawRefund lets the buyer take the request back.
func (p *PDD) WithdrawRefund(number string) bool {
	return p.change(number, func(o *pddOrder) { o.refund, o.afterSale, o.request = 1, 11, nil })
}

// Refund closes an order that has not been shipped: the money went back.
func (p *PDD) Refund(number string) bool {
	return p.change(number, func(o *pddOrder) { o.refund, o.afterSale = 4, 10 })
}

// Hold sets or lifts the platform's "do not ship".
func (p *PDD) Hold(number string, on bool) bool {
	return p.change(number, func(o *pddOrder) { o.hold = on })
}

// Audit puts an order under the platform's audit, which hides its receiver, or ends it.
func (p *PDD) Audit(number string, on bool) bool {
	return p.change(number, func(o *pddOrder) { o.audit = on })
}

// ChangeAddress gives an order another street.
func (p *PDD) ChangeAddress(number, street string) bool {
	return p.change(number, func(o *pddOrder) { o.Street, o.moved = street, o.moved+1 })
}

// ChangeMemo gives an order other words of the buyer.
func (p *PDD) ChangeMemo(number, memo string) bool {
	return p.change(number, func(o *pddOrder) { o.Memo = memo })
}

// Touch changes nothing but the time of change.
func (p *PDD) Touch(number string) bool { return p.change(number, func(*pddOrder) {}) }

// Advance moves the shop's clock ahead of the real one by d more.
func (p *PDD) Advance(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ahead += d
}

// Refuse makes every call get this error code ("20005", "10019"), until "" is given.
func (p *PDD) Refuse(code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = code
}

// Grant lets a method be called n times more; then it is limited. n < 0: any number.
func (p *PDD) Grant(method string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if delete(p.granted, method); n >= 0 {
		p.granted[method] = n
	}
}

// Drift makes the shop lively: after each page that it gives out, n orders of the
// window just read change, and so leave it.
func (p *PDD) Drift(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drift = n
}

// Doubles makes each page hold its first order twice; Stale makes each page show
// every second order as it was before its last change.
func (p *PDD) Doubles(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doubles = on
}

// Stale: see Doubles.
func (p *PDD) Stale(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stale = on
}

// Shipped gives the waybill under which an order is shipped, and how many
// reports took effect.
func (p *PDD) Shipped(number string) (waybill string, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o := p.orders[number]; o != nil {
		return o.waybill, o.shipped
	}
	return "", 0
}

// Answered gives the answers to the open request of an order, "SUCCESS" or
// "FAIL", and the last reason.
func (p *PDD) Answered(number string) (answers []string, reason int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o := p.orders[number]; o != nil && o.request != nil {
		return slices.Clone(o.request.answers), o.request.reason
	}
	return nil, 0
}

// Calls counts the calls of a method that passed the gateway.
func (p *PDD) Calls(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[method]
}

// Counts gives how many orders there are, how many of them are shipped, and how
// many are refunded and closed.
func (p *PDD) Counts() (all, shipped, closed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.orders {
		switch {
		case o.status > 1:
			shipped++
		case o.refund == 4:
			closed++
		}
	}
	return len(p.orders), shipped, closed
}

func (p *PDD) now() time.Time { return time.Now().Add(p.ahead) }

var china = time.FixedZone("GMT+8", 8*3600)

// ServeHTTP answers one call.
func (p *PDD) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		http.Error(w, "POST a form", http.StatusBadRequest)
		return
	}
	p.Faults.Before(http.HandlerFunc(p.serve), func(r *http.Request) string { return r.PostForm.Get("type") }).ServeHTTP(w, r)
}

func (p *PDD) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	body := p.answer(r.PostForm)
	w.Header().Set("Date", p.now().UTC().Format(http.TimeFormat))
	p.mu.Unlock()
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	_, _ = w.Write(body)
}

// answer checks what every call must bring, then answers it.
func (p *PDD) answer(q url.Values) []byte {
	method := q.Get("type")
	at, err := strconv.ParseInt(q.Get("timestamp"), 10, 64)
	skew := p.now().Sub(time.Unix(at, 0)).Abs()
	switch {
	case q.Get("client_id") != p.clientID:
		return fault(10016, "client下线或者clientId不正确")
	case err != nil || skew > 10*time.Minute:
		return fault(10001, "公共参数错误:timestamp")
	case q.Get("sign") != pddSign(q, p.secret):
		return fault(20004, "签名sign校验失败")
	case p.refused != "":
		code, _ := strconv.Atoi(p.refused)
		return fault(code, "由测试指定")
	case q.Get("access_token") != p.token:
		return fault(10019, "access_token已过期")
	}
	if left, limited := p.granted[method]; limited {
		if left == 0 {
			return fault(52101, "当前接口被限流，请稍后重试")
		}
		p.granted[method]--
	}
	p.calls[method]++
	switch method {
	case "pdd.order.number.list.increment.get":
		return p.increment(q)
	case "pdd.order.information.get":
		return p.detail(q)
	case "pdd.logistics.online.send":
		return p.send(q)
	case "pdd.refund.list.increment.get":
		return p.refundList(q)
	case "pdd.rdc.pddgenius.sendgoods.cancel":
		return p.cancelAnswer(q)
	}
	return fault(10017, "type不正确")
}

// pddSign is the platform's signature, written from its description and not
// from the driver's code.
func pddSign(q url.Values, secret string) string {
	var pairs []string
	for k := range q {
		if k != "sign" {
			pairs = append(pairs, k+"\x00"+q.Get(k))
		}
	}
	slices.Sort(pairs)
	sum := md5.Sum([]byte(secret + strings.ReplaceAll(strings.Join(pairs, ""), "\x00", "") + secret))
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// fault is the platform's error answer.
func fault(code int, text string) []byte {
	return mustJSON(map[string]any{"error_response": map[string]any{
		"error_code": code, "error_msg": text, "sub_code": strconv.Itoa(code), "sub_msg": text, "request_id": "16000000000000000009",
	}})
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sim/shop: " + err.Error()) // only literal shapes are marshalled
	}
	return b
}

// window reads the time span and page of a list, and sorts the orders by change.
func (p *PDD) window(q url.Values) (from, to int64, page, size int, wrong []byte) {
	n := func(name string) int64 {
		v, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err != nil {
			v = -1
		}
		return v
	}
	from, to = n("start_updated_at"), n("end_updated_at")
	page, size = int(n("page")), int(n("page_size"))
	if from < 0 || to < from || to-from > 1800 || page < 1 || size < 1 || size > 100 {
		return 0, 0, 0, 0, fault(21001, "请求参数错误")
	}
	if !p.sorted {
		slices.SortStableFunc(p.byChange, func(a, b *pddOrder) int {
			return cmp.Or(a.changed.Compare(b.changed), cmp.Compare(a.Number, b.Number))
		})
		p.sorted = true
	}
	return from, to, page, size, nil
}

func (p *PDD) increment(q url.Values) []byte {
	from, to, page, size, wrong := p.window(q)
	if wrong != nil {
		return wrong
	}
	i, _ := slices.BinarySearchFunc(p.byChange, from, func(o *pddOrder, t int64) int { return cmp.Compare(o.changed.Unix(), t) })
	j, _ := slices.BinarySearchFunc(p.byChange, to+1, func(o *pddOrder, t int64) int { return cmp.Compare(o.changed.Unix(), t) })
	all := slices.DeleteFunc(slices.Clone(p.byChange[i:j]), func(o *pddOrder) bool { return !wanted(o, q) })
	inner := map[string]any{"total_count": len(all), "has_next": false, "request_id": "16000000000000000002"}
	start := min((page-1)*size, len(all))
	shown := all[start:min(start+size, len(all))]
	list := make([]json.RawMessage, 0, len(shown)+1)
	for i, o := range shown {
		if p.stale && i%2 == 1 && o.before != nil {
			o = o.before
		}
		list = append(list, o.json(p.now()))
	}
	if p.doubles && len(list) > 0 {
		list = append(list, list[0])
	}
	inner["order_sn_list"] = list
	for k := 0; k < min(p.drift, len(shown)); k++ {
		p.changeLocked(shown[k], func(*pddOrder) {})
	}
	return mustJSON(map[string]any{"order_sn_increment_get_response": inner})
}

// wanted applies the filters of a list; 5 and 0 mean all.
func wanted(o *pddOrder, q url.Values) bool {
	is := func(name string, all, have int) bool {
		return q.Get(name) == strconv.Itoa(all) || q.Get(name) == strconv.Itoa(have)
	}
	return is("order_status", 5, o.status) && is("refund_status", 5, o.refund) && is("is_lucky_flag", 0, 1)
}

func (p *PDD) detail(q url.Values) []byte {
	o := p.orders[q.Get("order_sn")]
	if o == nil {
		return business("订单不存在")
	}
	return mustJSON(map[string]any{"order_info_get_response": map[string]any{
		"order_info": o.json(p.now()), "request_id": "16000000000000000003",
	}})
}

// business is an error of the business behind the gateway.
func business(text string) []byte {
	return mustJSON(map[string]any{"error_response": map[string]any{
		"error_code": 50001, "error_msg": "业务服务错误", "sub_code": "50001", "sub_msg": text, "request_id": "16000000000000000009",
	}})
}

func (p *PDD) send(q url.Values) []byte {
	o := p.orders[q.Get("order_sn")]
	carrier, err := strconv.Atoi(q.Get("logistics_id"))
	again := q.Get("redelivery_type") == "2"
	switch {
	case o == nil:
		return business("订单不存在")
	case err != nil || q.Get("tracking_number") == "":
		return fault(21001, "请求参数错误")
	case again && o.status == 1:
		return business("订单未发货,不能修改")
	case !again && o.status != 1:
		return business("订单已发货")
	case o.refund == 4:
		return business("订单已退款")
	}
	p.changeLocked(o, func(o *pddOrder) {
		o.status, o.carrier, o.waybill, o.shipped = 2, carrier, q.Get("tracking_number"), o.shipped+1
		o.shippedAt = p.now()
	})
	return mustJSON(map[string]any{"logistics_online_send_response": map[string]any{"is_success": true, "request_id": "16000000000000000004"}})
}

func (p *PDD) refundList(q url.Values) []byte {
	from, to, page, size, wrong := p.window(q)
	if wrong != nil {
		return wrong
	}
	rows := []map[string]any{}
	for _, o := range p.byChange {
		r := o.request
		if r == nil || r.changed.Unix() < from || r.changed.Unix() > to || q.Get("after_sales_status") != strconv.Itoa(o.afterSale) {
			continue
		}
		rows = append(rows, map[string]any{
			"id": r.id, "order_sn": o.Number, "after_sales_status": o.afterSale, "after_sales_type": 2,
			"refund_amount": yuan(o.PayFen), "order_amount": yuan(o.PayFen), "updated_time": local(r.changed),
			"created_time": local(r.changed), "speed_refund_flag": 0,
		})
	}
	start := min((page-1)*size, len(rows))
	return mustJSON(map[string]any{"refund_increment_get_response": map[string]any{
		"refund_list": rows[start:min(start+size, len(rows))], "total_count": len(rows),
	}})
}

func (p *PDD) cancelAnswer(q url.Values) []byte {
	var param struct {
		Order  string `json:"tid"`
		Refund int64  `json:"refund_id"`
		Fee    int64  `json:"refund_fee"`
		Status string `json:"status"`
		Reason int    `json:"fail_reason_code"`
	}
	if err := json.Unmarshal([]byte(q.Get("param")), &param); err != nil {
		return fault(21001, "请求参数错误")
	}
	o := p.orders[param.Order]
	switch {
	case o == nil || o.request == nil || o.request.id != param.Refund:
		return business("售后单不存在")
	case param.Status != "SUCCESS" && param.Status != "FAIL", param.Status == "FAIL" && param.Reason == 0:
		return fault(21001, "请求参数错误")
	case param.Fee != o.PayFen:
		return business("退款金额不一致")
	}
	if o.refund == 2 {
		p.changeLocked(o, func(o *pddOrder) {
			o.request.answers, o.request.reason = append(o.request.answers, param.Status), param.Reason
			if param.Status == "SUCCESS" {
				o.refund, o.afterSale = 4, 10
			} else {
				o.refund, o.afterSale = 1, 9
			}
		})
	}
	return mustJSON(map[string]any{"rdc_pddgenius_sendgoods_cancel_response": map[string]any{
		"result": map[string]any{"result_data": map[string]any{"refund_id": param.Refund}},
	}})
}
