package channelmap

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"floord/floor"
)

// Limits of an order's own texts and lists. What is cut stays whole in Raw.
const (
	maxNote  = 1000 // runes
	maxText  = 200  // runes of a name, an address part, a specification
	maxLines = 500
	maxQty   = 1_000_000
	maxHolds = 12
)

// An Order is a mapped order with what the floor's noun has no place for.
type Order struct {
	floor.ShopOrder
	CarrierCode string   // under which the shop says it was shipped, its own code
	Waybills    []string // under which the shop says it was shipped
	Currency    string   // of Pay, where shops of the platform sell in several
	ID          string   // a second number, which the platform's calls want
	Value       Value    // what it was read from
	ShipByRaw   string   // the shop's own words of ShipBy, where the map asks for them
}

// Order maps one order. It never fails: what cannot be read becomes a hold that
// names the field. now decides on promises that lie ahead. merge says whether
// the merge key of this answer counts.
func (m *Map) Order(v Value, now time.Time, merge bool) Order {
	var o Order
	m.read(&o, v, now, merge, false)
	return o
}

// read maps one order into o; a bare one has its lines elsewhere.
func (m *Map) read(o *Order, v Value, now time.Time, merge, bare bool) {
	r := reading{m: m, v: v, now: now, o: o}
	o.Value = v
	o.Raw = v.Raw()
	o.Content = Sum(o.Raw)
	if d := v.Defect(); d != "" {
		r.unmapped(d, "")
	}
	r.number()
	r.times()
	r.state()
	r.money()
	if !bare {
		r.lines()
	}
	r.people()
	r.rules()
	if merge && len(o.Flags) == 0 && o.Shippable() {
		o.MergeKey = r.mergeKey()
	}
}

// mergeKey gives the first alias of which every path says something.
func (r *reading) mergeKey() string {
	for _, parts := range r.m.order.mergeKey {
		said := make([]string, len(parts))
		for i, p := range parts {
			said[i] = p.first(r.v).clean(maxText)
			if part := r.m.order.mergePart; part != nil {
				said[i] = ""
				if found := part.FindStringSubmatch(p.first(r.v).clean(4000)); found != nil {
					said[i] = found[1]
				}
			}
		}
		if !slices.Contains(said, "") {
			return clean(strings.Join(said, "|"), maxText)
		}
	}
	return ""
}

// reading is the mapping of one order under way.
type reading struct {
	m   *Map
	v   Value
	now time.Time
	o   *Order // nil where only texts are read
}

// unmapped holds the order because of a field. value must not be personal data.
func (r *reading) unmapped(field, value string) {
	if len(r.o.Holds) < maxHolds {
		r.o.Holds = append(r.o.Holds, floor.Hold{Code: floor.HoldUnmapped, Field: short(field), Text: short(clean(value, maxText))})
	}
}

// first gives the first of the aliases that says something, and where it stands;
// if none does, where it should.
func (r *reading) first(aliases []path) (Value, path) {
	for _, p := range aliases {
		if v := p.first(r.v); v.n != nil {
			return v, p
		}
	}
	if len(aliases) == 0 {
		return Value{}, nil
	}
	return Value{}, aliases[0]
}

func (r *reading) text(aliases []path, most int) string {
	v, _ := r.first(aliases)
	return v.clean(most)
}

// joined gives what the paths of an alias say, the first alias whose first path says
// something, with a blank between two of them that Chinese does without.
func (r *reading) joined(aliases [][]path) string {
	for _, parts := range aliases {
		text := parts[0].first(r.v).clean(maxText)
		for _, p := range parts[1:] {
			if text == "" {
				break
			}
			part := p.first(r.v).clean(maxText)
			last, _ := utf8.DecodeLastRuneInString(text)
			next, _ := utf8.DecodeRuneInString(part)
			if part != "" && !unicode.Is(unicode.Han, last) && !unicode.Is(unicode.Han, next) {
				text += " "
			}
			text += part
		}
		if text != "" {
			return clean(text, maxText)
		}
	}
	return ""
}

// number reads the order's number. One without a number, or with an impossible
// one, is named after its content, so that it can be kept and shown.
func (r *reading) number() {
	v, field := r.first(r.m.order.number)
	r.o.Number = v.Text()
	if !plain(r.o.Number, 64) {
		r.o.Number = "unmapped-" + r.o.Content[:16]
		r.unmapped(field.String(), v.Text())
	}
}

// times reads the times. Without a time of modification versions cannot be
// arbitrated, so that one must be there.
func (r *reading) times() {
	o, p := r.o, &r.m.order
	o.ModifiedAt = r.time(p.modified)
	o.CreatedAt = r.time(p.created)
	o.PaidAt = r.time(p.paid)
	o.ShipBy = r.promise(p.shipBy)
	o.CollectBy = r.promise(p.collectBy)
	if r.m.doc.Order.ShipByRaw {
		o.ShipByRaw = r.text(p.shipBy, 64)
	}
	if o.ModifiedAt.IsZero() {
		_, field := r.first(p.modified)
		r.unmapped(field.String(), "")
	}
}

// time reads the first of the aliases that says a time, and of several values
// there the earliest. A zero says none.
func (r *reading) time(aliases []path) time.Time {
	for _, p := range aliases {
		var earliest time.Time
		p.each(r.v, func(v Value) bool {
			if v.Empty() {
				return true
			}
			t, err := r.m.parseTime(string(v.text()))
			if err != nil {
				r.unmapped(p.String(), v.Text())
			}
			if !t.IsZero() && (earliest.IsZero() || t.Before(earliest)) {
				earliest = t
			}
			return true
		})
		if !earliest.IsZero() {
			return earliest
		}
	}
	return time.Time{}
}

// promise reads a deadline. Where the platform promises no form, "within 48
// hours of payment" is counted from it, a day alone means its end, and other words
// are left to people.
func (r *reading) promise(aliases []path) time.Time {
	if !r.m.doc.Order.Promises {
		return r.time(aliases)
	}
	for _, p := range aliases {
		var earliest time.Time
		p.each(r.v, func(v Value) bool {
			t, err := r.m.parseTime(string(v.text()))
			if err != nil {
				if t = r.m.endOfDay(v.Text()); t.IsZero() {
					t = afterPayment(v.Text(), r.o.PaidAt)
				}
			}
			if !t.IsZero() && (earliest.IsZero() || t.Before(earliest)) {
				earliest = t
			}
			return true
		})
		if !earliest.IsZero() {
			return earliest
		}
	}
	return time.Time{}
}

func (r *reading) money() {
	r.o.Currency, r.o.ID = r.text(r.m.order.currency, 8), r.text(r.m.order.id, 64)
	v, field := r.first(r.m.order.pay)
	if v.n == nil && r.o.State == floor.ShopUnpaid {
		return // what is not paid yet need not say how much
	}
	var pay floor.Fen
	var err error
	switch text := string(v.text()); r.m.doc.Money {
	case "yuan":
		pay, err = Yuan(text)
	case "fen":
		pay, err = parseFen(text)
	default:
		pay, err = minor(text, r.o.Currency)
	}
	if err != nil || pay < 0 {
		r.unmapped(field.String(), v.Text())
		return
	}
	r.o.Pay = pay
}

// state maps the shop's state. A value that the map does not know may mean
// anything, so it holds the order; the state is then the weakest.
func (r *reading) state() {
	for _, e := range r.m.known {
		e.path.each(r.v, func(v Value) bool {
			if !v.Empty() && !v.among(e.in) {
				r.unmapped(e.at, v.Text())
			}
			return true
		})
	}
	for i := range r.m.states {
		if s := &r.m.states[i]; s.holds(r.m, r.v, r.now) {
			r.o.State = floor.ShopState(s.is)
			return
		}
	}
	r.o.State = floor.ShopUnpaid
	last := &r.m.states[len(r.m.states)-1]
	r.unmapped(last.field(), last.when[0].path.first(r.v).Text())
}

func (r *reading) lines() {
	gone := false
	for i := range r.m.lines {
		l := &r.m.lines[i]
		if !l.when.holds(r.m, r.v, r.now) {
			continue
		}
		n, items := 0, 0
		l.path.each(r.v, func(Value) bool { items++; return true })
		r.o.Lines = slices.Grow(r.o.Lines, min(items, maxLines))
		l.path.each(r.v, func(v Value) bool {
			if len(r.o.Lines) == maxLines {
				r.unmapped(l.at, fmt.Sprintf("> %d", maxLines))
				return false
			}
			gone = !r.line(l, v, n) || gone
			n++
			return true
		})
	}
	if len(r.o.Lines) > 0 {
		return
	}
	r.o.Lines = nil
	if gone { // everything refunded, and yet the order reads as to be shipped
		r.o.Holds = append(r.o.Holds, floor.Hold{Code: floor.HoldRefund, Field: r.m.lines[0].at})
		return
	}
	r.unmapped(r.m.lines[0].at, "")
}

// line reads one line and reports whether any of it is to be shipped. Of an
// order that is no longer waiting all lines are shown.
func (r *reading) line(l *lineMap, v Value, n int) bool {
	waiting := r.o.State == floor.ShopPaid
	if waiting && anyHolds(l.gone, r.m, v, r.now) {
		return false
	}
	in := reading{m: r.m, v: v}
	at := func(field path) string {
		return strings.TrimPrefix(strings.Replace(l.at, "[]", fmt.Sprintf("[%d]", n), 1)+"."+field.String(), ".")
	}
	sku, field := in.count(l.sku) // 0 is the number of no article
	number := sku.Text()
	if !plain(number, 64) {
		r.unmapped(at(field), number)
	}
	count, field := in.count(l.qty)
	qty, err := parseWhole(string(count.text()), maxQty)
	if err != nil || qty < 1 {
		r.unmapped(at(field), count.Text())
	}
	for _, p := range l.less {
		if !waiting {
			break
		}
		p.each(v, func(v Value) bool {
			if v.Empty() {
				return true
			}
			less, err := parseWhole(string(v.text()), maxQty)
			if err != nil {
				r.unmapped(at(p), v.Text())
			}
			qty -= less
			return true
		})
		if qty < 1 && err == nil {
			return false
		}
	}
	r.o.Lines = append(r.o.Lines, floor.ShopLine{SKU: floor.SKU(clean(number, 64)), Qty: int(qty),
		Name: in.text(l.name, maxText), Spec: in.text(l.spec, maxText), Gift: l.gift || anyHolds(l.giftWhen, r.m, v, r.now)})
	return true
}

// count gives the first of the aliases that says something else than zero.
func (r *reading) count(aliases []path) (Value, path) {
	for _, p := range aliases {
		if v := p.first(r.v); v.n != nil && string(v.text()) != "0" {
			return v, p
		}
	}
	return r.first(aliases)
}

// people reads the recipient, the notes, and what the shop says of shipping.
func (r *reading) people() {
	o, p := r.o, &r.m.order
	o.To = floor.Recipient{
		Name: r.joined(p.name), Phone: r.text(p.phone, maxText),
		Province: r.text(p.province, maxText), City: r.text(p.city, maxText), District: r.text(p.district, maxText),
		Detail: r.joined(p.detail), Token: r.text(p.token, maxText), Masked: r.m.doc.To.Masked,
	}
	o.BuyerNote, o.SellerNote = r.text(p.buyerNote, maxNote), r.text(p.sellerNote, maxNote)
	for _, avoid := range p.avoid {
		avoid.each(r.v, func(v Value) bool {
			if s := v.clean(32); s != "" && !among(s, o.AvoidCodes) && len(o.AvoidCodes) < 32 {
				o.AvoidCodes = append(o.AvoidCodes, s)
			}
			return true
		})
	}
	o.CarrierCode = r.text(p.carrier, 32)
	for _, waybill := range p.waybill {
		waybill.each(r.v, func(v Value) bool {
			for s := range strings.SplitSeq(v.clean(1000), "|") {
				if s = strings.TrimSpace(s); s != "" && len(s) <= 64 && !among(s, o.Waybills) && len(o.Waybills) < 100 {
					o.Waybills = append(o.Waybills, s)
				}
			}
			return true
		})
	}
}

// rules adds holds and flags, each code once.
func (r *reading) rules() {
	for i := range r.m.holds {
		h := &r.m.holds[i]
		if h.alone && len(r.o.Holds) > 0 || r.held(h.is) || !h.holds(r.m, r.v, r.now) {
			continue
		}
		r.o.Holds = append(r.o.Holds, floor.Hold{Code: h.is, Field: h.field()})
	}
	for i := range r.m.flags {
		f := &r.m.flags[i]
		if !among(f.is, r.o.Flags) && f.holds(r.m, r.v, r.now) {
			r.o.Flags = append(r.o.Flags, f.is)
		}
	}
}

func (r *reading) held(code string) bool {
	for _, h := range r.o.Holds {
		if h.Code == code {
			return true
		}
	}
	return false
}

// plain reports whether s can serve as an identifier: 1 to most bytes of
// printable ASCII.
func plain(s string, most int) bool {
	if s == "" || len(s) > most {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// clean drops control characters, keeps line breaks as blanks, and cuts to most
// runes. The text stays what the shop said; no mark is escaped here, since only
// the one who writes a page or a label knows what commands there.
func clean(s string, most int) string {
	s = strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return ' '
		case unicode.IsControl(c):
			return -1
		}
		return c
	}, s)
	if len(s) > most {
		if r := []rune(s); len(r) > most {
			s = string(r[:most])
		}
	}
	return strings.TrimSpace(s)
}
