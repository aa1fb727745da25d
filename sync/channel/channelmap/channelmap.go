// Package channelmap turns a shop's payload into the floor's words by a map: a
// TOML file that says, for one platform, where each field stands, in which form
// money and time come, what its states mean, and what holds an order back. The
// platform's own code is then little more than its signature.
//
// A map is data and is checked whole when it is loaded. Mapping never fails for
// an order: a field that cannot be read holds the order, and the hold names it.
package channelmap

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"floord/floor"
	"floord/sync/channel"
)

// document is the TOML form of a map.
type document struct {
	Channel string `toml:"channel"`
	Zone    string `toml:"zone"`   // of times without one: "+08:00"
	Time    string `toml:"time"`   // a Go layout, "rfc3339", "unix" or "unix_ms"
	Money   string `toml:"money"`  // "yuan": decimal text or number; "fen": whole number; "decimal": as the currency has it
	Silent  string `toml:"silent"` // expression: names of members that answers without orders have
	Wrap    struct {
		As   string   `toml:"as"`   // a payload becomes the member of that name,
		When []string `toml:"when"` // if all of these hold of it
	} `toml:"wrap"`
	API struct {
		URL  string `toml:"url"`  // of the platform; a site may name another
		Site bool   `toml:"site"` // each site names its own
		Time string `toml:"time"` // form of times in questions; as time if left out
	} `toml:"api"`
	Auth Auth `toml:"auth"`
	Hook Hook `toml:"hook"`
	Pull struct {
		Window  duration `toml:"window"`  // longest a question may span
		Lag     duration `toml:"lag"`     // how far behind the shop's clock a question ends
		Overlap duration `toml:"overlap"` // how much is read again
		Size    int      `toml:"size"`    // orders a page
		Paging  string   `toml:"paging"`  // "reverse": numbered pages, the last one first; "forward"; "cursor"
		First   int      `toml:"first"`   // number of the first page
		Start   string   `toml:"start"`   // cursor of the first page
		End     []string `toml:"end"`     // cursors that say there is no more
		Most    int      `toml:"most"`    // orders that pages reach; a window with more is halved
	} `toml:"pull"`
	Call    map[string]callDoc  `toml:"call"`
	Reply   map[string]replyDoc `toml:"reply"`
	Request struct {
		Rows   string   `toml:"rows"`   // in the answer of [call.requests], or without that call in the order
		Number string   `toml:"number"` // of a row: its order
		ID     string   `toml:"id"`
		Fee    string   `toml:"fee"`
		Money  string   `toml:"money"` // form of fee; as money if left out
		When   []string `toml:"when"`  // of a row: it is open
	} `toml:"request"`
	Receiver struct {
		Rows   string   `toml:"rows"`   // in the answer of [call.receiver]; [to] is read from a row
		Number string   `toml:"number"` // of a row: its order
		When   []string `toml:"when"`   // of a row: it is of the recipient that the order names
	} `toml:"receiver"`
	Token struct {
		Access    []string `toml:"access"` // in the answer of [call.renew]
		Refresh   []string `toml:"refresh"`
		ExpiresIn []string `toml:"expires_in"` // seconds
		ExpiresAt []string `toml:"expires_at"`
	} `toml:"token"`
	Answers map[string]struct {
		Orders string `toml:"orders"` // path of the orders, or of the one order
		By     string `toml:"by"`     // path the answer is known by; else the first name of orders
		Total  string `toml:"total"`  // path of their number, all pages
		Next   string `toml:"next"`   // path of the cursor of the next page
		More   string `toml:"more"`   // path of what says whether there is one
		Merge  bool   `toml:"merge"`  // the merge key of this answer counts
		Detail bool   `toml:"detail"` // it only names orders: each must be asked for
		Bare   bool   `toml:"bare"`   // the lines come from another call
	} `toml:"answers"`
	Order struct {
		Number     []string `toml:"number"`
		Modified   []string `toml:"modified"`
		Created    []string `toml:"created"`
		Paid       []string `toml:"paid"`
		Pay        []string `toml:"pay"`
		ShipBy     []string `toml:"ship_by"`
		CollectBy  []string `toml:"collect_by"`
		MergeKey   []string `toml:"merge_key"`  // each may be several paths with " + " between them: of one recipient all are equal
		MergePart  string   `toml:"merge_part"` // expression: its first group is what counts of each; without it there is no key
		BuyerNote  []string `toml:"buyer_note"`
		SellerNote []string `toml:"seller_note"`
		Avoid      []string `toml:"avoid"`
		Carrier    []string `toml:"carrier"`
		Waybill    []string `toml:"waybill"`
		Currency   []string `toml:"currency"`
		ID         []string `toml:"id"`       // a second number the platform's calls want
		Promises   bool     `toml:"promises"` // ship_by and collect_by may be words for people
		ShipByRaw  bool     `toml:"ship_by_raw"`
	} `toml:"order"`
	To struct { // of name and detail each may be several paths with " + " between them
		Name     []string `toml:"name"`
		Phone    []string `toml:"phone"`
		Province []string `toml:"province"`
		City     []string `toml:"city"`
		District []string `toml:"district"`
		Detail   []string `toml:"detail"`
		Token    []string `toml:"token"`
		Masked   bool     `toml:"masked"`
	} `toml:"to"`
	Lines []struct {
		Path string   `toml:"path"`
		SKU  []string `toml:"sku"`
		Qty  []string `toml:"qty"`
		Name []string `toml:"name"`
		Spec []string `toml:"spec"`
		Gift bool     `toml:"gift"`
		Hand bool     `toml:"by_hand"` // the platform wants these gifts reported apart, which a person does
		When []string `toml:"when"`

		GiftWhen []ruleWhen `toml:"gift_when"` // of the line: one of these says that it is a gift
		Gone     []ruleWhen `toml:"gone"`      // of the line: one of these says that it must not be shipped any more
		Less     []string   `toml:"less"`      // of the line: how many of qty must not be shipped any more
	} `toml:"lines"`
	Known  map[string][]string `toml:"known"` // enumerations: any other value is unmapped
	States []ruleDoc           `toml:"state"`
	Holds  []ruleDoc           `toml:"hold"`
	Flags  []ruleDoc           `toml:"flag"`

	Events   map[string]string `toml:"events"`   // pushed type -> our word
	Carriers map[string]string `toml:"carriers"` // our carrier -> the platform's code
	Limits   []Limit           `toml:"limit"`
	Faults   []faultDoc        `toml:"fault"`
	Errors   []errorDoc        `toml:"errors"`

	Push struct {
		Each   string   `toml:"each"`   // path of the messages; else the payload is one, or an array of them
		Kind   string   `toml:"kind"`   // path of the type, which [events] gives a word
		Sub    string   `toml:"sub"`    // path of a type within the type: [events] is asked for KIND/SUB first
		Data   string   `toml:"data"`   // path of JSON within a string that holds number
		Frame  string   `toml:"frame"`  // path of what must be acknowledged
		At     string   `toml:"at"`     // path of when the shop told, or changed the order
		Cancel []string `toml:"cancel"` // where these hold, the event is "cancelled", whatever the type
		Number []string `toml:"number"` // paths of the order's number
		Probe  []string `toml:"probe"`  // types that say nothing
		Orders bool     `toml:"orders"` // the payload is the order itself, as an answer has it
		Ping   string   `toml:"ping"`   // expression: payloads, JSON or not, that say nothing
	} `toml:"push"`
}

// faultDoc says where an answer shows that the shop refused.
type faultDoc struct {
	At   string   `toml:"at"` // said when the shop refused,
	OK   []string `toml:"ok"` // unless it is one of these
	Code string   `toml:"code"`
	Sub  string   `toml:"sub"`
	Text string   `toml:"text"`
}

// ruleWhen is a list of conditions that must all hold.
type ruleWhen []string

type ruleDoc struct {
	Is    string   `toml:"is"`
	When  []string `toml:"when"`
	Alone bool     `toml:"alone"`
}

type errorDoc struct {
	Codes []string      `toml:"codes"`
	Class channel.Class `toml:"class"`
	After duration      `toml:"after"`
	Ban   string        `toml:"ban"`   // expression: its first group, in what was said, is the wait in seconds
	Renew bool          `toml:"renew"` // a new token may heal it
	Zh    string        `toml:"zh"`
	En    string        `toml:"en"`

	ban *regexp.Regexp
}

// Auth says how a call proves who asks. Kind is a driver's own, or one of bearer,
// basic, header, query, hmac and none, which need no code.
type Auth struct {
	Kind   string `toml:"kind"`
	Name   string `toml:"name"`   // of the header or parameter: of the token, or of the signature
	Text   string `toml:"text"`   // of hmac: what is signed, of {method} {path} {query} {time} {body} {client}
	Hex    bool   `toml:"hex"`    // of hmac: the signature is hex, else base64
	Client string `toml:"client"` // of hmac: header of the client id
	Time   string `toml:"time"`   // of hmac: header of the time, unix seconds
}

// Hook says how a push proves who sends it. Kind is a driver's own, or "hmac" (a
// header has the HMAC-SHA256 of the body) or "key" (the address has ?key=).
type Hook struct {
	Kind  string `toml:"kind"`
	Name  string `toml:"name"` // of hmac: the header
	Hex   bool   `toml:"hex"`  // of hmac: it is hex, else base64
	Reply string `toml:"reply"`
}

// A Limit is a rate the platform grants.
type Limit struct {
	Methods []string `toml:"methods"`
	Calls   int      `toml:"calls"`
	Per     duration `toml:"per"`
	Shop    bool     `toml:"shop"`  // counted per shop, not per app
	Burst   int      `toml:"burst"` // that may come at once; a tenth of calls if left out
}

// duration is a time.Duration written "30m".
type duration struct{ time.Duration }

func (d *duration) UnmarshalText(b []byte) (err error) {
	d.Duration, err = time.ParseDuration(string(b))
	return err
}

// A Map is a checked map. It is read-only and may be shared.
type Map struct {
	doc     document
	zone    *time.Location
	answers []answer
	order   struct {
		number, modified, created, paid, pay, shipBy, collectBy []path
		buyerNote, sellerNote, avoid, carrier, waybill          []path
		currency, id                                            []path
		phone, province, city, district, token                  []path
		name, detail, mergeKey                                  [][]path
		mergePart                                               *regexp.Regexp
	}
	lines  []lineMap
	known  []enumeration
	states []rule
	holds  []rule
	flags  []rule
	faults []fault
	errs   map[string]*errorDoc
	silent *regexp.Regexp
	wrap   rule
	calls  map[string]*Call
	token  struct{ access, refresh, in, at []path }

	request struct {
		rows, number, id, fee path
		when                  rule
	}
	receiver struct {
		rows, number path
		when         rule
	}
	push struct {
		ping                             *regexp.Regexp
		cancel                           []test
		each, kind, sub, data, frame, at path
		number                           []path
	}
}

type fault struct {
	at, code, sub, text path
	ok                  []string
}

type answer struct {
	name                string
	orders, by, total   path
	next, more          path
	merge, detail, bare bool
}

type lineMap struct {
	path                 path
	sku, qty, name, spec []path
	gift                 bool
	when                 rule
	at                   string
	giftWhen, gone       []rule
	less                 []path
}

type enumeration struct {
	at   string
	path path
	in   []string
}

// Load reads and checks a map. All its mistakes come at once.
func Load(name string, data []byte) (*Map, error) {
	m := &Map{}
	dec := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	var unknown *toml.StrictMissingError // what else the map says has been read
	err := dec.Decode(&m.doc)
	if err != nil && !errors.As(err, &unknown) {
		return nil, floor.Misread(name, err)
	}
	c := compiler{m: m, places: placesOf(data)}
	c.compile()
	if err != nil || len(c.mistakes) > 0 {
		return nil, c.all(name, unknown)
	}
	return m, nil
}

// GiftsByHand reports whether a person reports gifts to the platform.
func (m *Map) GiftsByHand() bool {
	for i := range m.doc.Lines {
		if m.doc.Lines[i].Hand {
			return true
		}
	}
	return false
}

func (c *compiler) compile() {
	m, d := c.m, &c.m.doc
	c.forms()
	o := &m.order
	o.number = c.need("order.number", d.Order.Number)
	o.modified = c.need("order.modified", d.Order.Modified)
	o.pay = c.need("order.pay", d.Order.Pay)
	o.created, o.paid = c.paths(d.Order.Created), c.paths(d.Order.Paid)
	o.shipBy, o.collectBy = c.paths(d.Order.ShipBy), c.paths(d.Order.CollectBy)
	o.mergeKey, o.mergePart, o.avoid = c.joints(d.Order.MergeKey), c.expression("order.merge_part", d.Order.MergePart), c.paths(d.Order.Avoid)
	if o.mergePart != nil && o.mergePart.NumSubexp() == 0 {
		c.wrong("order.merge_part", "order.merge_part has no group")
	}
	o.buyerNote, o.sellerNote = c.paths(d.Order.BuyerNote), c.paths(d.Order.SellerNote)
	o.carrier, o.waybill = c.paths(d.Order.Carrier), c.paths(d.Order.Waybill)
	o.currency, o.id = c.paths(d.Order.Currency), c.paths(d.Order.ID)
	o.name, o.phone = c.joints(d.To.Name), c.paths(d.To.Phone)
	o.province, o.city, o.district = c.paths(d.To.Province), c.paths(d.To.City), c.paths(d.To.District)
	o.detail, o.token = c.joints(d.To.Detail), c.paths(d.To.Token)
	for i, l := range d.Lines {
		at := fmt.Sprintf("lines[%d]", i)
		if l.Hand && !l.Gift {
			c.wrong(at+".by_hand", "by_hand is for lines with gift = true")
		}
		m.lines = append(m.lines, lineMap{path: c.path(l.Path), at: l.Path, gift: l.Gift,
			sku: c.need(at+".sku", l.SKU), qty: c.need(at+".qty", l.Qty),
			name: c.paths(l.Name), spec: c.paths(l.Spec), when: rule{when: c.tests(l.When)},
			giftWhen: c.anyOf(l.GiftWhen), gone: c.anyOf(l.Gone), less: c.paths(l.Less)})
	}
	if len(m.lines) == 0 {
		c.wrong("", "no [[lines]]")
	}
	for at, in := range d.Known {
		m.known = append(m.known, enumeration{at: at, path: c.path(at), in: in})
	}
	slices.SortFunc(m.known, func(a, b enumeration) int { return compare(a.at, b.at) })
	m.states = c.rules("state", d.States, func(s string) bool { return floor.ShopState(s).Rank() > 0 })
	m.holds = c.rules("hold", d.Holds, floor.ShopHold)
	m.flags = c.rules("flag", d.Flags, func(s string) bool { return s != "" })
	if len(m.states) == 0 {
		c.wrong("", "no [[state]]")
	}
	c.envelopes()
	c.errors()
	c.calls()
}

// forms checks the forms of money and time and the numbers of [pull] and [[limit]].
func (c *compiler) forms() {
	m, d := c.m, &c.m.doc
	if d.Channel == "" {
		c.wrong("channel", "channel is missing")
	}
	if d.Money != "yuan" && d.Money != "fen" && d.Money != "decimal" {
		c.wrong("money", "money %q is none of \"yuan\", \"fen\" and \"decimal\"", d.Money)
	}
	m.zone = time.UTC
	if d.Zone != "" {
		t, err := time.Parse("-07:00", d.Zone)
		if err != nil {
			c.wrong("zone", "zone %q is not of the form +08:00", d.Zone)
		} else {
			m.zone = t.Location()
		}
	}
	if d.Time == "" {
		c.wrong("time", "time is missing")
	}
	if d.Pull.Size < 1 || d.Pull.Window.Duration <= 0 || d.Pull.Lag.Duration < 0 || d.Pull.Overlap.Duration < 0 {
		c.wrong("pull", "[pull] needs a size and a window above zero")
	}
	for i, l := range d.Limits {
		if len(l.Methods) == 0 || l.Calls < 1 || l.Per.Duration <= 0 {
			c.wrong(fmt.Sprintf("limit[%d]", i), "[[limit]] %v needs methods, calls and per", l.Methods)
		}
	}
}

func (c *compiler) envelopes() {
	m, d := c.m, &c.m.doc
	for name, a := range d.Answers {
		m.answers = append(m.answers, answer{name: name, orders: c.path(a.Orders), by: c.optional(a.By), total: c.optional(a.Total), next: c.optional(a.Next), more: c.optional(a.More),
			merge: a.Merge, detail: a.Detail, bare: a.Bare})
	}
	slices.SortFunc(m.answers, func(a, b answer) int { return compare(a.name, b.name) })
	if len(m.answers) == 0 {
		c.wrong("", "no [answers]")
	}
	for _, f := range d.Faults {
		m.faults = append(m.faults, fault{at: c.path(f.At), code: c.path(f.Code), sub: c.optional(f.Sub), text: c.optional(f.Text), ok: f.OK})
	}
	if len(m.faults) == 0 {
		c.wrong("", "no [[fault]]")
	}
	m.silent, m.push.ping = c.expression("silent", d.Silent), c.expression("push.ping", d.Push.Ping)
	m.wrap = rule{is: d.Wrap.As, when: c.tests(d.Wrap.When)}
	if d.Push.Kind != "" {
		m.push.kind, m.push.number = c.path(d.Push.Kind), c.need("push.number", d.Push.Number)
		m.push.each, m.push.data, m.push.frame = c.optional(d.Push.Each), c.optional(d.Push.Data), c.optional(d.Push.Frame)
		m.push.sub, m.push.at, m.push.cancel = c.optional(d.Push.Sub), c.optional(d.Push.At), c.tests(d.Push.Cancel)
	}
}

// expression compiles an expression that may be left out.
func (c *compiler) expression(what, text string) *regexp.Regexp {
	if text == "" {
		return nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		c.wrong(what, "%s: %w", what, err)
	}
	return re
}

func (c *compiler) errors() {
	classes := []channel.Class{channel.Retryable, channel.RateLimited, channel.Unauthorized, channel.Refused}
	c.m.errs = map[string]*errorDoc{}
	for i := range c.m.doc.Errors {
		e := &c.m.doc.Errors[i]
		at := fmt.Sprintf("errors[%d]", i)
		if !slices.Contains(classes, e.Class) {
			c.wrong(at+".class", "errors %v: class %q is none of %v", e.Codes, e.Class, classes)
		}
		if e.Zh == "" || e.En == "" {
			c.wrong(at, "errors %v: the sentence is missing in zh or en", e.Codes)
		}
		e.ban = c.expression(at+".ban", e.Ban)
		for _, code := range e.Codes {
			if c.m.errs[code] != nil {
				c.wrong(at+".codes", "error code %s is listed twice", code)
			}
			c.m.errs[code] = e
		}
	}
}

func (c *compiler) path(s string) path {
	p, err := parsePath(s)
	if err != nil {
		c.wrongText(s, err)
	}
	return p
}

func (c *compiler) optional(s string) path {
	if s == "" {
		return nil
	}
	return c.path(s)
}

func (c *compiler) paths(all []string) []path {
	ps := make([]path, len(all))
	for i, s := range all {
		ps[i] = c.path(s)
	}
	return ps
}

// joints compiles aliases of which each may be several paths: "city.street + street".
func (c *compiler) joints(all []string) [][]path {
	js := make([][]path, len(all))
	for i, s := range all {
		js[i] = c.paths(strings.Split(s, " + "))
	}
	return js
}

func (c *compiler) need(what string, all []string) []path {
	if len(all) == 0 {
		c.wrong(what, "%s is missing", what)
	}
	return c.paths(all)
}

func (c *compiler) tests(all []string) []test {
	ts := make([]test, 0, len(all))
	for _, s := range all {
		t, err := parseTest(s)
		if err != nil {
			c.wrongText(s, err)
		}
		ts = append(ts, t)
	}
	return ts
}

func (c *compiler) anyOf(all []ruleWhen) []rule {
	rs := make([]rule, len(all))
	for i, when := range all {
		if len(when) == 0 {
			c.wrong("lines", "a line's rule has no condition")
		}
		rs[i].when = c.tests(when)
	}
	return rs
}

func (c *compiler) rules(kind string, docs []ruleDoc, known func(string) bool) []rule {
	rs := make([]rule, 0, len(docs))
	for i, d := range docs {
		at := fmt.Sprintf("%s[%d]", kind, i)
		if !known(d.Is) {
			c.wrong(at+".is", "%s %q is not known to the floor", kind, d.Is)
		}
		if len(d.When) == 0 {
			c.wrong(at, "%s %q has no condition", kind, d.Is)
		}
		rs = append(rs, rule{is: d.Is, when: c.tests(d.When), alone: d.Alone})
	}
	return rs
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Name is the channel the map is of.
func (m *Map) Name() string { return m.doc.Channel }

// Window, Lag, Overlap and Size are the platform's rules for reading in windows.
func (m *Map) Window() time.Duration  { return m.doc.Pull.Window.Duration }
func (m *Map) Lag() time.Duration     { return m.doc.Pull.Lag.Duration }
func (m *Map) Overlap() time.Duration { return m.doc.Pull.Overlap.Duration }
func (m *Map) Size() int              { return m.doc.Pull.Size }

// Names reports whether pages of changes only name orders, so that each must be asked for.
func (m *Map) Names() bool {
	return slices.ContainsFunc(m.answers, func(a answer) bool { return a.detail || a.bare })
}

// API, Auth, Hook, Paging, First, Start and Most are the rules of [api], [auth],
// [hook] and [pull].
func (m *Map) API() string    { return m.doc.API.URL }
func (m *Map) Auth() Auth     { return m.doc.Auth }
func (m *Map) Hook() Hook     { return m.doc.Hook }
func (m *Map) Paging() string { return m.doc.Pull.Paging }

// Merges reports whether the platform says whom an order may go in one parcel with.
func (m *Map) Merges() bool  { return len(m.order.mergeKey) > 0 || m.calls["merge"] != nil }
func (m *Map) First() int    { return m.doc.Pull.First }
func (m *Map) Start() string { return m.doc.Pull.Start }
func (m *Map) Most() int     { return m.doc.Pull.Most }

// Totals reports whether an answer says how many orders there are.
func (m *Map) Totals() bool {
	return slices.ContainsFunc(m.answers, func(a answer) bool { return len(a.total) > 0 })
}

// Limits are the rates the platform grants.
func (m *Map) Limits() []Limit { return m.doc.Limits }

// Event gives our word for a pushed type; the type itself if there is none.
func (m *Map) Event(kind string) string {
	if e := m.doc.Events[kind]; e != "" {
		return e
	}
	return kind
}

// CarrierCode gives the platform's code for one of our carriers.
func (m *Map) CarrierCode(id floor.CarrierID) (string, bool) {
	code, ok := m.doc.Carriers[string(id)]
	return code, ok
}

// MustLoad loads the map that a driver carries. A mistake in it is a mistake in
// this program.
func MustLoad(name string, data []byte) *Map {
	m, err := Load(name, data)
	if err != nil {
		panic(err)
	}
	return m
}
