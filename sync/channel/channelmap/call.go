package channelmap

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"floord/floor"
)

// callDoc is one question that a platform answers, as a map writes it. Texts in
// it are templates: {name} or {name:form} stands for a value, {.path} for what the
// order says there.
type callDoc struct {
	Method string             `toml:"method"` // the platform's own name of it: for signatures, limits and errors
	HTTP   string             `toml:"http"`   // GET, POST ...; POST if left out
	URL    string             `toml:"url"`    // of a server of its own; else the map's
	Path   string             `toml:"path"`   // behind the address
	Params map[string]string  `toml:"params"` // one whose placeholders are all empty is left out
	Body   string             `toml:"body"`   // JSON
	Plain  bool               `toml:"plain"`  // it is not signed: what it says proves who asks
	Lists  map[string]listDoc `toml:"lists"`  // placeholders of body that are lists of the order's items
	Done   []string           `toml:"done"`   // conditions on the answer: all hold, or it was not done
	Again  []string           `toml:"again"`  // error codes that say it was done before
	Value  string             `toml:"value"`  // of merge: path of texts, each the numbers of orders to one recipient with commas between them
}

// listDoc makes a JSON list of an order's items. Outside of JSON it stands without its
// brackets, as {name:json} with them.
type listDoc struct {
	Path string   `toml:"path"` // of the items
	SKU  []string `toml:"sku"`  // of an item, as in [[lines]]: which of them a parcel holds
	Qty  []string `toml:"qty"`
	Each string   `toml:"each"` // JSON; {.path} is of the item, {qty} what the parcel holds
}

// replyDoc says how a platform's question is answered: the values of {outcome},
// {reason} and {said}. Why is one of channel's, or "else".
type replyDoc struct {
	Yes     string            `toml:"yes"`
	No      string            `toml:"no"`
	Reasons map[string]string `toml:"reasons"`
	Said    map[string]string `toml:"said"`
	Refunds bool              `toml:"refunds"` // a yes gives the buyer's money back
}

// A Call is a checked question. It is read-only.
type Call struct {
	Method, HTTP, URL string

	path   template
	params []param
	body   template
	lists  map[string]list
	done   rule
	again  []string
	value  path
	// Windowed and Paged say that the templates name {from} and {page}.
	Windowed, Paged bool
	Plain           bool // it is not signed
}

type param struct {
	name string
	text template
	json bool
}

type list struct {
	path     path
	sku, qty []path
	each     template
}

// Vars are the values that a call's templates name.
type Vars struct {
	Text   map[string]string
	Times  map[string]time.Time
	Order  Value            // what {.path} is read from; zero if there is none
	Parcel []floor.ShopLine // what of the order's items lists hold; nil means all
}

// Filled is a call with its templates filled.
type Filled struct {
	Path   string
	Params map[string]string
	Body   []byte // JSON, or nil
}

// placeholder matches {name}, {name:form} and {.path}. GraphQL's and JSON's own
// braces have a blank, a quote or a brace behind them.
var placeholder = regexp.MustCompile(`\{(\.?[A-Za-z_][\w.=|\[\]]*)(?::([^{}]+))?\}`)

// names are the placeholders that every call may use.
var names = []string{
	"from", "to", "now", "at", "page", "size", "cursor", "number", "id", "shop", "client", "secret", "refresh",
	"carrier", "waybill", "key", "request", "fee", "outcome", "reason", "said", "qty", "n",
}

// A template is text with placeholders.
type template []piece

type piece struct {
	text string // before the placeholder
	name string // "" at the end
	form string
	path path // of {.path}
	seg  bool // it stands in a path of an address
	json bool // it stands in JSON,
	bare bool // and there outside a string
}

// template compiles s; of JSON if it must be escaped.
func (c *compiler) template(what, s string, isJSON bool, lists map[string]listDoc) template {
	var t template
	at, quoted := 0, false
	scan := func(text string) {
		for i := 0; isJSON && i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				quoted = !quoted
			}
		}
	}
	for _, m := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		p := piece{text: s[at:m[0]], name: s[m[2]:m[3]]}
		scan(p.text)
		if m[4] >= 0 {
			p.form = s[m[4]:m[5]]
		}
		at, p.json, p.bare = m[1], isJSON, isJSON && !quoted
		_, isList := lists[p.name]
		switch {
		case p.name[0] == '.':
			p.path = c.path(p.name[1:])
		case isList && p.json && !p.bare:
			c.wrong(what, "%s: the list {%s} stands in quotes", what, p.name)
		case !isList && !slices.Contains(names, p.name):
			c.wrong(what, "%s: {%s} is none of %s", what, p.name, strings.Join(names, " "))
		}
		t = append(t, p)
	}
	scan(s[at:])
	if quoted {
		c.wrong(what, "%s: a quote is not closed", what)
	}
	return append(t, piece{text: s[at:]})
}

// escaped is a template of an address' path.
func (c *compiler) escaped(what, s string) template {
	t := c.template(what, s, false, nil)
	for i := range t {
		t[i].seg = true
	}
	return t
}

func (t template) uses(name string) bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.name == name })
}

// calls compiles [call] and [reply].
func (c *compiler) calls() {
	m := c.m
	m.calls = map[string]*Call{}
	for name, d := range m.doc.Call {
		what := "call." + name
		call := &Call{Method: d.Method, HTTP: d.HTTP, URL: d.URL, Plain: d.Plain, again: d.Again, value: c.optional(d.Value),
			path: c.escaped(what+".path", d.Path), done: rule{when: c.tests(d.Done)}, lists: map[string]list{}}
		if call.Method == "" {
			call.Method = name
		}
		if call.HTTP == "" {
			call.HTTP = "POST"
		}
		if !slices.Contains(known, name) {
			c.wrong(what, "[%s] is none of %s", what, strings.Join(known, " "))
		}
		for p, text := range d.Params {
			isJSON := strings.HasPrefix(text, `{"`) || strings.HasPrefix(text, "[")
			call.params = append(call.params, param{p, c.template(what+".params."+p, text, isJSON, d.Lists), isJSON})
		}
		slices.SortFunc(call.params, func(a, b param) int { return compare(a.name, b.name) })
		for n, l := range d.Lists {
			call.lists[n] = list{path: c.path(l.Path), sku: c.paths(l.SKU), qty: c.paths(l.Qty), each: c.template(what+".lists."+n, l.Each, true, nil)}
		}
		if d.Body != "" {
			call.body = c.template(what+".body", d.Body, true, d.Lists)
		}
		all := append([]template{call.path, call.body}, nil)
		for _, p := range call.params {
			all = append(all, p.text)
		}
		for _, t := range all {
			call.Windowed = call.Windowed || t.uses("from")
			call.Paged = call.Paged || t.uses("page")
		}
		m.calls[name] = call
	}
	for name := range m.doc.Reply {
		if name != "cancel" && name != "address" {
			c.wrong("reply."+name, "[reply.%s] is neither cancel nor address", name)
		} else if m.calls[name] == nil {
			c.wrong("reply."+name, "[reply.%s] has no [call.%s]", name, name)
		}
	}
	if m.calls["pull"] != nil && m.calls["detail"] == nil {
		c.wrong("call.pull", "[call.pull] needs a [call.detail]: an order is asked for again before its label and its report")
	}
	if m.calls["pull"] != nil && m.doc.API.URL == "" && !m.doc.API.Site {
		c.wrong("api.url", "api.url is missing")
	}
	if !slices.Contains([]string{"", "reverse", "forward", "cursor"}, m.doc.Pull.Paging) {
		c.wrong("pull.paging", "pull.paging %q is none of reverse, forward, cursor", m.doc.Pull.Paging)
	}
	if m.doc.Pull.Paging == "cursor" && !slices.ContainsFunc(m.answers, func(a answer) bool { return len(a.next) > 0 }) {
		c.wrong("pull.paging", "pull.paging is cursor, and no answer says where the next one stands (next)")
	}
	m.token.access, m.token.refresh = c.paths(m.doc.Token.Access), c.paths(m.doc.Token.Refresh)
	m.token.in, m.token.at = c.paths(m.doc.Token.ExpiresIn), c.paths(m.doc.Token.ExpiresAt)
	if m.calls["renew"] != nil && len(m.token.access) == 0 {
		c.wrong("call.renew", "[call.renew] needs token.access")
	}
	r := &m.doc.Request
	m.request.number, m.request.id = c.optional(r.Number), c.optional(r.ID)
	m.request.fee, m.request.when = c.optional(r.Fee), rule{when: c.tests(r.When)}
	m.request.rows = c.optional(r.Rows)
	to := &m.doc.Receiver
	m.receiver.rows, m.receiver.number, m.receiver.when = c.optional(to.Rows), c.optional(to.Number), rule{when: c.tests(to.When)}
	if m.calls["receiver"] != nil != (len(m.receiver.rows) > 0) {
		c.wrong("call.receiver", "[call.receiver] and [receiver] rows need each other")
	}
	if call := m.calls["merge"]; call != nil && len(call.value) == 0 {
		c.wrong("call.merge", "[call.merge] needs value")
	}
	if len(m.request.rows) > 0 != (len(m.request.id) > 0) {
		c.wrong("request", "[request] needs both rows and id")
	}
}

// known are the calls that a channel can make.
var known = []string{"pull", "detail", "receiver", "ship", "reship", "part", "more", "requests", "cancel", "cancel_no", "address", "address_no", "renew", "consume", "confirm", "merge"}

// Call gives the call of that name; nil if the platform has none.
func (m *Map) Call(name string) *Call { return m.calls[name] }

// Fill fills a call's templates.
func (m *Map) Fill(c *Call, v Vars) (Filled, error) {
	var f Filled
	var err error
	if f.Path, err = m.fill(c, c.path, v, v.Order); err != nil {
		return f, err
	}
	f.Params = map[string]string{}
	for _, p := range c.params {
		text, err := m.fill(c, p.text, v, v.Order)
		if err == nil && p.json && !json.Valid([]byte(text)) {
			err = fmt.Errorf("it is no JSON")
		}
		if err != nil {
			return f, fmt.Errorf("%s: %w", p.name, err)
		}
		if text != "" || len(p.text) == 1 {
			f.Params[p.name] = text
		}
	}
	if c.body != nil {
		text, err := m.fill(c, c.body, v, v.Order)
		if err != nil {
			return f, err
		}
		if f.Body = []byte(text); !json.Valid(f.Body) {
			return f, fmt.Errorf("the body is no JSON")
		}
	}
	return f, nil
}

func (m *Map) fill(c *Call, t template, v Vars, of Value) (string, error) {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.text)
		if p.name == "" {
			continue
		}
		if l, ok := c.lists[p.name]; ok {
			text, err := m.fillList(c, l, v)
			if err != nil {
				return "", err
			}
			if !p.json && p.form != "json" {
				text = strings.Trim(text, "[]")
			}
			b.WriteString(text)
			continue
		}
		text, err := m.value(p, v, of)
		if err != nil {
			return "", err
		}
		switch {
		case p.bare && p.form == "text": // a string, or null
			quoted, _ := json.Marshal(text)
			if text = string(quoted); text == `""` {
				text = "null"
			}
		case p.bare && !number.MatchString(text):
			return "", fmt.Errorf("{%s} is %q, and a number is wanted", p.name, short(text))
		case p.seg:
			text = url.PathEscape(text)
		case p.json && !p.bare:
			quoted, _ := json.Marshal(text)
			text = string(quoted[1 : len(quoted)-1])
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// number matches what may stand in JSON without quotes.
var number = regexp.MustCompile(`^(-?(0|[1-9][0-9]*)(\.[0-9]+)?|true|false)$`)

func (m *Map) value(p piece, v Vars, of Value) (string, error) {
	if p.path != nil {
		if of.n == nil {
			return "", nil
		}
		return p.path.first(of).Text(), nil
	}
	if t, ok := v.Times[p.name]; ok {
		return m.formTime(t, p.form), nil
	}
	text := v.Text[p.name]
	if p.form == "yuan" && text != "" {
		fen, err := strconv.ParseInt(text, 10, 64)
		if err != nil || fen < 0 {
			return "", fmt.Errorf("{%s} is %q, and fen are wanted", p.name, short(text))
		}
		text = fmt.Sprintf("%d.%02d", fen/100, fen%100)
	}
	return text, nil
}

// formTime writes a time as the platform's questions have it.
func (m *Map) formTime(t time.Time, form string) string {
	if form == "" {
		form = m.doc.API.Time
	}
	if form == "" {
		form = m.doc.Time
	}
	switch form {
	case "unix":
		return strconv.FormatInt(t.Unix(), 10)
	case "unix_ms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	case "rfc3339":
		return t.UTC().Format(time.RFC3339)
	}
	return t.In(m.zone).Format(form)
}

// fillList makes the list of those items that the parcel holds.
func (m *Map) fillList(c *Call, l list, v Vars) (string, error) {
	var items []string
	var wrong error
	left := map[string]int{}
	for _, line := range v.Parcel {
		left[string(line.SKU)] += line.Qty
	}
	if v.Order.n == nil {
		return "[]", nil
	}
	l.path.each(v.Order, func(item Value) bool {
		in := reading{m: m, v: item}
		sku, qty := in.text(l.sku, 64), int64(1)
		if len(l.qty) > 0 {
			count, _ := in.count(l.qty)
			if qty, wrong = parseWhole(count.Text(), maxQty); wrong != nil {
				return false
			}
		}
		if v.Parcel != nil {
			qty = min(qty, int64(left[sku]))
			left[sku] -= int(qty)
		}
		if qty == 0 {
			return true
		}
		of := v
		of.Text = map[string]string{"qty": strconv.FormatInt(qty, 10)}
		for k, x := range v.Text {
			if k != "qty" {
				of.Text[k] = x
			}
		}
		var text string
		if text, wrong = m.fill(c, l.each, of, item); wrong != nil {
			return false
		}
		items = append(items, text)
		return true
	})
	return "[" + strings.Join(items, ",") + "]", wrong
}

// Finished reports whether the answer says that what was asked was done.
func (m *Map) Finished(c *Call, v Value) bool { return c.done.holds(m, v, time.Time{}) }

// Before reports whether the error code says that what was asked was done before.
func (c *Call) Before(code string) bool {
	for part := range strings.SplitSeq(code, "/") {
		if slices.Contains(c.again, part) {
			return true
		}
	}
	return false
}

// A Reply is how a platform's question is answered.
type Reply struct {
	Outcome, Reason, Said string
	Refunds               bool // it gives the buyer's money back
}

// Reply gives the words of an answer; kind is "cancel" or "address". The second
// result is the name of the call that gives it, "" if the platform takes none.
func (m *Map) Reply(kind string, yes bool, why string) (Reply, string) {
	d := m.doc.Reply[kind]
	pick := func(of map[string]string) string {
		if s, ok := of[why]; ok {
			return s
		}
		return of["else"]
	}
	r := Reply{Outcome: d.Yes, Reason: d.Reasons["yes"], Refunds: d.Refunds}
	if yes {
		if m.calls[kind] == nil {
			return r, ""
		}
		return r, kind
	}
	r = Reply{Outcome: d.No, Reason: pick(d.Reasons), Said: pick(d.Said)}
	switch {
	case m.calls[kind+"_no"] != nil:
		return r, kind + "_no"
	case m.calls[kind] != nil && (d.No != "" || len(d.Reasons) > 0):
		return r, kind
	}
	return r, ""
}

// A Request is a buyer's open request for the money back.
type Request struct {
	ID  string
	Fee floor.Fen
}

// Requests gives the open requests of an order among the rows of v: an answer of
// the requests call, or the order itself. rows counts all of them.
func (m *Map) Requests(v Value, number string) (open []Request, rows int) {
	r := &m.request
	r.rows.each(v, func(row Value) bool {
		rows++
		id := r.id.first(row).Text()
		if len(r.number) > 0 && r.number.first(row).Text() != number || !plain(id, 64) || !r.when.holds(m, row, time.Time{}) {
			return true
		}
		q := Request{ID: id}
		if len(r.fee) > 0 {
			parse := Yuan
			if m.doc.Request.Money == "fen" || m.doc.Request.Money == "" && m.doc.Money == "fen" {
				parse = parseFen
			}
			var err error
			if q.Fee, err = parse(r.fee.first(row).Text()); err != nil {
				return true
			}
		}
		open = append(open, q)
		return true
	})
	return open, rows
}

// MaxTogether is how many orders the merge call takes.
const MaxTogether = 100

// Together gives the question which of so many orders go to one recipient: {.number} and
// {.token} of each of orders[].
func Together(orders []floor.ShopOrder) (Vars, error) {
	type one struct {
		Number string `json:"number"`
		Token  string `json:"token"`
	}
	var all struct {
		Orders []one `json:"orders"`
	}
	for _, o := range orders {
		all.Orders = append(all.Orders, one{o.Number, o.To.Token})
	}
	text, err := json.Marshal(all)
	if err != nil {
		return Vars{}, err
	}
	v, err := Parse(text)
	return Vars{Order: v}, err
}

// Groups reads the answer of the merge call: by an order's number the first number of
// those that it goes with, itself included.
func (m *Map) Groups(v Value) map[string]string {
	of := map[string]string{}
	m.calls["merge"].value.each(v, func(row Value) bool {
		var numbers []string
		for n := range strings.FieldsFuncSeq(row.Text(), func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			numbers = append(numbers, n)
		}
		for _, n := range numbers {
			of[n] = slices.Min(numbers)
		}
		return true
	})
	return of
}

// Receiver reads the answer of the receiver call into the order: what it says of whom
// the order goes to counts over what the order says. Without a row of that recipient the
// order waits: it goes elsewhere by now, and its next saying names whom.
func (m *Map) Receiver(v Value, o *Order) {
	found := false
	m.receiver.rows.each(v, func(row Value) bool {
		if len(m.receiver.number) > 0 && m.receiver.number.first(row).Text() != o.Number || !m.receiver.when.holds(m, row, time.Time{}) {
			return true
		}
		found = true
		r := reading{m: m, v: row, o: &Order{}}
		r.people()
		to := r.o.To
		for _, s := range []struct{ to, from *string }{
			{&o.To.Name, &to.Name}, {&o.To.Phone, &to.Phone}, {&o.To.Province, &to.Province},
			{&o.To.City, &to.City}, {&o.To.District, &to.District}, {&o.To.Detail, &to.Detail},
		} {
			if *s.from != "" {
				*s.to = *s.from
			}
		}
		return false
	})
	if !found && len(o.Holds) < maxHolds {
		o.Holds = append(o.Holds, floor.Hold{Code: floor.HoldNoReceiver, Field: m.receiver.rows.String()})
		o.MergeKey = ""
	}
}

// Renewed reads the answer of the renew call.
func (m *Map) Renewed(v Value, now time.Time) (access, refresh string, ends time.Time) {
	r := reading{m: m, v: v}
	access, refresh = r.text(m.token.access, 4000), r.text(m.token.refresh, 4000)
	if n, err := parseWhole(r.text(m.token.in, 32), 1<<32); err == nil && n > 0 {
		return access, refresh, now.Add(time.Duration(n) * time.Second)
	}
	return access, refresh, r.time(m.token.at)
}
