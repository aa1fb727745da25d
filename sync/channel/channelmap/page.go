package channelmap

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/sync/channel"
)

// maxOrders bounds the orders of one answer; platforms send at most 100. (The
// members of a single order count like orders here, and are fewer as well.)
const maxOrders = 2000

// A Page is one mapped answer.
type Page struct {
	Answer string // which of the map's answers it is
	Orders []Order
	// Numbers are the orders of an answer that only names them; Named says that
	// it gave more than the bare number of each.
	Numbers []string
	Named   bool
	Total   int    // orders on all pages; that of Orders if the shop does not say
	Counted bool   // the shop did say
	Next    string // cursor of the next page; "" if there is none
}

// Page maps an answer of the shop. The answer is recognised by its envelope; one
// that holds no orders at all gives an empty page with an empty Answer. What the
// shop refused is an *Error of the class that the map gives its code.
func (m *Map) Page(op string, payload []byte, now time.Time) (Page, error) {
	v, err := m.Envelope(op, payload, nil)
	if err != nil {
		return Page{}, err
	}
	return m.PageOf(op, v, now)
}

// PageOf is Page of an answer that Envelope has read.
func (m *Map) PageOf(op string, v Value, now time.Time) (Page, error) {
	a := m.answerOf(v)
	odd := a != nil && len(a.orders) > 1 && !a.orders[:1].first(v).holds()
	if odd || a == nil && m.silent != nil && !m.answered(v) {
		return Page{}, &channel.Error{Class: channel.Refused, Op: op, Code: "no-answer", Unread: true,
			Zh: "平台返回的内容不是这个接口的响应,请联系实施人员。", En: "what the shop sent is no answer to this question; call whoever set the channel up"}
	}
	if a == nil {
		return Page{}, nil
	}
	at := a.orders[:1].first(v)
	if v.wrong() != "" || at.wrong() != "" || a.count(v) > maxOrders {
		return Page{}, &channel.Error{Class: channel.Refused, Op: op, Code: "envelope", Unread: true,
			Zh: "平台返回的外层结构有误(重复的键或订单过多),请联系实施人员。",
			En: "the answer's envelope is wrong, a name said twice or too many orders; call whoever set the channel up"}
	}
	p := Page{Answer: a.name}
	a.orders.each(v, func(v Value) bool {
		p.add(m, v, now, a)
		return true
	})
	p.Total = len(p.Orders) + len(p.Numbers)
	if n, err := parseWhole(a.total.first(v).Text(), 1<<30); err == nil && len(a.total) > 0 {
		p.Total, p.Counted = int(n), true
	}
	p.Next = m.next(a, v)
	return p, nil
}

// next reads the cursor of the next page.
func (m *Map) next(a *answer, v Value) string {
	next := a.next.first(v).Text()
	if len(a.next) == 0 || among(next, m.doc.Pull.End) {
		return ""
	}
	if len(a.more) > 0 && !a.more.first(v).among([]string{"true", "1"}) {
		return ""
	}
	return next
}

// answerOf recognises an answer; nil if it is none of those that hold orders.
func (m *Map) answerOf(v Value) *answer {
	for i := range m.answers {
		by := m.answers[i].by
		if by == nil {
			by = m.answers[i].orders[:1]
		}
		if by.first(v).n != nil {
			return &m.answers[i]
		}
	}
	return nil
}

// count gives the number of orders in an answer, before they are mapped.
func (a *answer) count(v Value) (n int) {
	a.orders.each(v, func(v Value) bool {
		n += len(v.items())
		return true
	})
	return n
}

// add maps the items of a list, or the one order of a detail.
func (p *Page) add(m *Map, v Value, now time.Time, a *answer) {
	items := []node{*v.n}
	if v.Array() {
		items = v.items()
	}
	if !a.detail {
		p.Orders = slices.Grow(p.Orders, len(items))
	}
	for i := range items {
		item := Value{v.d, &items[i]}
		if a.detail && p.name(m, item) {
			continue
		}
		if i%8 == 7 {
			runtime.Gosched() // a page takes milliseconds, and others wait for their turn
		}
		p.Orders = append(p.Orders, Order{})
		m.read(&p.Orders[len(p.Orders)-1], item, now, a.merge, a.bare)
	}
}

// name notes an order that the answer only names. One without a usable number
// is mapped, so that it is held and shown.
func (p *Page) name(m *Map, v Value) bool {
	number := v.Text()
	if v.Object() {
		p.Named = true
		r := reading{m: m, v: v}
		number = r.text(m.order.number, 65)
	}
	if !plain(number, 64) {
		return false
	}
	p.Numbers = append(p.Numbers, number)
	return true
}

// ShopOrders gives the floor's part of the page's orders.
func (p *Page) ShopOrders() []floor.ShopOrder {
	out := make([]floor.ShopOrder, len(p.Orders))
	for i := range p.Orders {
		out[i] = p.Orders[i].ShopOrder
	}
	return out
}

// parse parses a payload and puts it where the map's paths begin; what is wrapped
// has the answer's header beside it.
func (m *Map) parse(payload []byte, header map[string][]string) (Value, error) {
	v, err := Parse(payload)
	if err == nil && m.wrap.is != "" && m.wrap.holds(m, v, time.Time{}) {
		v = v.wrap(m.wrap.is, header)
	}
	return v, err
}

// wrap makes v a member of an object that no payload holds; its other one is "header".
func (v Value) wrap(name string, header map[string][]string) Value {
	d := &tree{src: slices.Clip(v.d.src), nodes: slices.Clip(v.d.nodes), shapes: slices.Clip(v.d.shapes)}
	object := func(names []string, members ...node) node {
		of := node{kind: '{', first: uint32(len(d.nodes)), count: uint32(len(members)), shape: uint32(len(d.shapes))}
		d.nodes, d.shapes = append(d.nodes, members...), append(d.shapes, shapeOf(names))
		return of
	}
	var names []string
	var texts []node
	for name, values := range header {
		if raw, err := json.Marshal(values[0]); err == nil {
			names, texts = append(names, name), append(texts, node{kind: '"', from: uint32(len(d.src)), to: uint32(len(d.src) + len(raw))})
			d.src = append(d.src, raw...)
		}
	}
	root := object([]string{name, "header"}, *v.n, object(names, texts...))
	root.from, root.to, root.spoilt = v.n.from, v.n.to, v.n.spoilt
	return Value{d, &root}
}

// Envelope parses an answer and looks for the shop's refusal in it. header is the
// answer's, and may be nil.
func (m *Map) Envelope(op string, payload []byte, header map[string][]string) (Value, error) {
	v, err := m.parse(payload, header)
	if err != nil {
		// A proxy's page, a body cut short: the next answer may be whole.
		return v, &channel.Error{Class: channel.Retryable, Op: op, Err: err, Unread: true,
			Zh: "平台返回的内容不是 JSON,系统会自动重试。", En: "the shop's answer is not JSON; it will be asked again"}
	}
	if !v.Object() {
		return v, &channel.Error{Class: channel.Refused, Op: op, Code: "no-object", Unread: true,
			Zh: "平台返回的内容不是预期的结构,请联系实施人员。", En: "the shop's answer is not an object; call whoever set the channel up"}
	}
	for i := range m.faults {
		if at := m.faults[i].at.first(v); at.n != nil && !at.among(m.faults[i].ok) {
			return v, m.refusal(op, v, &m.faults[i])
		}
	}
	return v, nil
}

// refusal classifies what the shop refused. A code that the map does not know is
// Refused: a person must read it.
func (m *Map) refusal(op string, v Value, f *fault) *channel.Error {
	var code, sub string
	code = f.code.first(v).Text()
	if f.sub != nil {
		sub = f.sub.first(v).Text()
	}
	said := short(clean(f.text.first(v).Text(), maxText))
	e := &channel.Error{Class: channel.Refused, Op: op, Code: clean(code, 64)}
	if sub != "" && sub != code {
		e.Code += "/" + clean(sub, 64)
	}
	known := m.errs[sub]
	if known == nil {
		known = m.errs[code]
	}
	for pattern, e := range m.errs { // "isp.*"
		if head, ok := strings.CutSuffix(pattern, "*"); ok && known == nil && strings.HasPrefix(sub, head) {
			known = e
		}
	}
	if known == nil {
		e.Zh = "平台拒绝了请求:" + said + "。请组长查看。"
		e.En = "the shop refused: " + said + "; a lead should look"
		return e
	}
	e.Class, e.After, e.Renew = known.Class, known.After.Duration, known.Renew
	e.Known = true
	if known.ban != nil {
		for _, text := range []string{said, f.text.first(v).Text()} {
			if found := known.ban.FindStringSubmatch(text); len(found) > 1 {
				if n, err := parseWhole(found[1], 86400); err == nil {
					e.After = max(e.After, time.Duration(n)*time.Second)
				}
			}
		}
	}
	fill := strings.NewReplacer("{said}", said)
	e.Zh, e.En = fill.Replace(known.Zh), fill.Replace(known.En)
	return e
}
