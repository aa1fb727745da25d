package daemon

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/channel"
	"floord/sync/channel/api"
	"floord/sync/ledger"
)

// The ways on which a channel is reached.
const (
	wayPull   = "pull"   // orders by the clock
	wayPush   = "push"   // the orders that pushes name
	waySocket = "socket" // messages over a connection of ours
	wayTell   = "tell"   // an ERP's steps
	waySweep  = "sweep"  // unfinished orders, each morning
)

// When a channel's connection is out of order.
const (
	manyFailures = 5                // in a row on one way: a person is called; with retryPace that is after 1, 5 and 15 minutes
	lateAfter    = 15 * time.Second // from the shop's time to our disk, and how far a pull may run over its period
	lateFor      = 5 * time.Minute  // so long a late push shows
	skewAfter    = time.Minute      // between the platform's clock and ours
	quietFor     = 15 * time.Minute // trouble that comes and goes calls no sooner again
	watchEvery   = 5 * time.Second
)

// A pulse is how a channel's connection has been since the start. What it cannot
// see by itself, what waits in the ledger, watchShops brings.
type pulse struct {
	began time.Time

	mu      sync.Mutex
	answers map[answered]int     // guarded by mu, like all below
	took    []time.Duration      // of the newest questions, a ring
	next    int                  // place in took
	garbled int                  // payloads that nobody could read
	ways    map[string]failing   // with failures in a row
	pulled  time.Time            // the last complete pull ended then,
	upTo    time.Time            // and began then: what had changed before is in
	late    time.Duration        // the worst of the newest pushes,
	lateAt  time.Time            // which came then
	skew    time.Duration        // of the platform's clock
	certEnd time.Time            // of the platform's certificate
	waiting backlog              // pushes nobody has followed up
	risk    risk                 // while there is trouble
	now     troubles             // as watchShops saw it last
	said    map[string]time.Time // trouble a person was called for
}

type (
	// answered is a kind of answer: HTTP's status, 0 for none, and the class of what
	// the asker got, "" if it was good.
	answered struct {
		Status int
		Class  channel.Class
	}
	failing struct {
		times int
		err   error
	}
	backlog struct {
		n    int
		from time.Time
	}
	// risk is what an outage costs: orders to be shipped before by.
	risk struct {
		orders int
		by     time.Time
	}
)

func newPulse(now time.Time) pulse {
	return pulse{began: now, answers: map[answered]int{}, ways: map[string]failing{}, said: map[string]time.Time{}}
}

// maxTook is how many questions the response times are taken from.
const maxTook = 512

// heard notes what became of a question to the platform.
func (p *pulse) heard(h api.Heard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[answerOf(h)]++
	if !h.CertEnds.IsZero() {
		p.certEnd = h.CertEnds
	}
	if len(p.took) < maxTook {
		p.took = append(p.took, h.Took)
		return
	}
	p.took[p.next] = h.Took
	p.next = (p.next + 1) % maxTook
}

func answerOf(h api.Heard) answered {
	a := answered{Status: h.Status}
	if h.Err != nil {
		a.Class = channel.ClassOf(h.Err)
	}
	return a
}

// went notes how a try on a way ended and gives how many have failed in a row.
func (p *pulse) went(way string, err error) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		delete(p.ways, way)
		return 0
	}
	f := failing{times: p.ways[way].times + 1, err: err}
	p.ways[way] = f
	return f.times
}

// unreadable counts a payload that nobody could read.
func (p *pulse) unreadable() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.garbled++
}

// read notes a complete pull that began then.
func (p *pulse) read(began time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pulled, p.upTo = time.Now(), began
}

func (p *pulse) readAt() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pulled
}

// pushed notes how long the orders of pushes took from the shop's clock, which is
// skew ahead, to our disk.
func (p *pulse) pushed(events []floor.Event, skew time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		var changed time.Time
		switch f := e.Fact.(type) {
		case floor.OrderReceived:
			changed = f.Shop.ModifiedAt
		case floor.OrderRevised:
			changed = f.Shop.ModifiedAt
		default:
			continue
		}
		late := max(0, e.At.Add(skew).Sub(changed))
		if late >= p.late || e.At.Sub(p.lateAt) > lateFor {
			p.late, p.lateAt = late, e.At
		}
	}
}

// percentile gives the response time that so many of a hundred questions kept to.
func (p *pulse) percentile(of int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(p.took))
	return sorted[min(len(sorted)-1, len(sorted)*of/100)]
}

// A trouble is one thing that is out of order with a connection. Its id names it
// for as long as it is the same; call says that a person is wanted.
type trouble struct {
	id, code string
	args     map[string]string
	call     bool
}

func (t trouble) text(lang string) string { return floor.Say(lang, t.code, t.args) }

type troubles []trouble

// say gives all of it, the worst first.
func (ts troubles) say(lang string) string {
	var out []string
	for _, t := range ts {
		out = append(out, t.text(lang))
	}
	if lang == "en" {
		return strings.Join(out, "; ")
	}
	return strings.Join(out, "；")
}

// troubles gives what was out of order when watchShops looked, and the ways that
// fail since.
func (p *pulse) troubles() troubles {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.failing()
	for _, t := range p.now {
		if !strings.HasPrefix(t.id, "down/") {
			out = append(out, t)
		}
	}
	return out
}

// failing gives the ways that fail. It is called with mu held.
func (p *pulse) failing() (out troubles) {
	for _, way := range slices.Sorted(maps.Keys(p.ways)) {
		f := p.ways[way]
		out = append(out, trouble{id: "down/" + way, code: "channel-down-" + way, call: f.times >= manyFailures, args: map[string]string{
			"n": strconv.Itoa(f.times), "why_zh": shopText(f.err, "zh"), "why_en": shopText(f.err, "en")}})
	}
	return out
}

// A rhythm is what a channel's connection is held to.
type rhythm struct {
	every, lag time.Duration // between two pulls, and how far behind the platform's clock they end
	pulls      bool
	zone       *time.Location
	ends       []end
}

// An end is when something of a channel runs out.
type end struct {
	what string // "token", "certificate", "domain"
	at   time.Time
}

// look judges the pulse as of now.
func (p *pulse) look(now time.Time, r rhythm) troubles {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.failing()
	if lag, allowed := p.pullLag(now, r); r.pulls && lag > allowed {
		out = append(out, trouble{id: "late/pull", code: "channel-late-pull", call: true, args: spans("lag", lag, "every", r.every)})
	}
	if p.late > lateAfter && now.Sub(p.lateAt) < lateFor {
		out = append(out, trouble{id: "late/push", code: "channel-late-push", call: true, args: spans("lag", p.late, "allowed", lateAfter)})
	}
	if old := now.Sub(p.waiting.from); p.waiting.n > 0 && old > lateAfter {
		args := spans("lag", old)
		args["n"] = strconv.Itoa(p.waiting.n)
		out = append(out, trouble{id: "late/waiting", code: "channel-waiting", call: true, args: args})
	}
	if p.skew.Abs() >= skewAfter {
		out = append(out, trouble{id: "clock", code: "channel-clock", call: true, args: spans("skew", p.skew.Abs())})
	}
	out = append(out, endings(p.ends(r), now, r.zone)...)
	p.now = out
	return out
}

// ends is when something of the channel runs out. The caller holds mu.
func (p *pulse) ends(r rhythm) []end {
	all := append(slices.Clone(r.ends), end{"certificate", p.certEnd})
	return slices.DeleteFunc(all, func(e end) bool { return e.at.IsZero() })
}

// pullLag is how long ago all that had changed at the shop was in, and how long that
// may be.
func (p *pulse) pullLag(now time.Time, r rhythm) (lag, allowed time.Duration) {
	from := p.upTo
	if from.IsZero() {
		from = p.began
	}
	return now.Sub(from) + r.lag, r.every + r.lag + lateAfter
}

// endings names what runs out within certAhead, each once a day.
func endings(ends []end, now time.Time, zone *time.Location) (out troubles) {
	for _, e := range ends {
		left := e.at.Sub(now)
		if e.at.IsZero() || left > certAhead {
			continue
		}
		t := trouble{
			id: "ends/" + e.what + "/" + now.In(zone).Format("20060102"), code: "channel-ends-" + e.what, call: true,
			args: map[string]string{"days": strconv.Itoa(int(left.Hours() / 24)), "on": e.at.In(zone).Format(time.DateOnly)},
		}
		if left <= 0 {
			t.code = "channel-over-" + e.what
		}
		out = append(out, t)
	}
	return out
}

// spans gives lengths of time as people say them, in both languages: pairs of a
// name and a length.
func spans(pairs ...any) map[string]string {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, d := pairs[i].(string), pairs[i+1].(time.Duration).Round(time.Second)
		h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
		switch {
		case h > 0:
			args[name+"_zh"], args[name+"_en"] = fmt.Sprintf("%d 小时 %d 分", h, m), fmt.Sprintf("%d h %d min", h, m)
		case m > 0:
			args[name+"_zh"], args[name+"_en"] = fmt.Sprintf("%d 分 %d 秒", m, s), fmt.Sprintf("%d min %d s", m, s)
		default:
			args[name+"_zh"], args[name+"_en"] = fmt.Sprintf("%d 秒", s), fmt.Sprintf("%d s", s)
		}
	}
	return args
}

// toCall gives the trouble that a person is to be called for now, and remembers it.
func (p *pulse) toCall(now time.Time, all troubles) (out troubles) {
	p.mu.Lock()
	defer p.mu.Unlock()
	there := map[string]bool{}
	for _, t := range all {
		there[t.id] = true
		if _, said := p.said[t.id]; t.call && !said {
			p.said[t.id] = now
			out = append(out, t)
		}
	}
	maps.DeleteFunc(p.said, func(id string, at time.Time) bool { return !there[id] && now.Sub(at) > quietFor })
	return out
}

// watchShops looks at every connection every so often and calls a lead for what is
// out of order: once while it lasts; for what runs out, each day.
func (d *Daemon) watchShops(ctx context.Context) error {
	var own pulse // of our own certificate
	own.said = map[string]time.Time{}
	return every(ctx, watchEvery, func(ctx context.Context) error {
		now := time.Now()
		for _, s := range d.shops {
			if s.channel == nil {
				continue
			}
			if err := d.watchShop(ctx, s, now); err != nil {
				return notReserve(err)
			}
		}
		ends := []end{{"certificate", certEnds(d.cfg)}}
		return notReserve(d.callFor(ctx, "floord", &own, now, endings(ends, now, d.cfg.Site.Zone)))
	})
}

func (d *Daemon) watchShop(ctx context.Context, s *shop, now time.Time) error {
	w, err := d.waitingPushes(s.id)
	if err != nil {
		return err
	}
	s.pulse.mu.Lock()
	s.pulse.waiting, s.pulse.skew = w, s.skew()
	s.pulse.mu.Unlock()
	all := s.pulse.look(now, d.rhythm(s))
	var r risk
	if slices.ContainsFunc(all, func(t trouble) bool {
		return strings.HasPrefix(t.id, "down/") || t.id == "late/pull" || t.id == "late/waiting"
	}) {
		if r, err = d.atRisk(s.id, now); err != nil {
			return err
		}
	}
	s.pulse.mu.Lock()
	s.pulse.risk = r
	if r.orders > 0 {
		all = append(all, trouble{id: "risk", code: "channel-risk", args: map[string]string{"n": strconv.Itoa(r.orders), "by": r.by.In(d.cfg.Site.Zone).Format("15:04")}})
		s.pulse.now = all
	}
	s.pulse.mu.Unlock()
	return d.callFor(ctx, string(s.id), &s.pulse, now, all)
}

// callFor calls a lead for new trouble of a channel. What runs out is said once a
// day even over restarts: its key is the day's.
func (d *Daemon) callFor(ctx context.Context, name string, p *pulse, now time.Time, all troubles) error {
	for _, t := range p.toCall(now, all) {
		said := troubles{t}
		if i := slices.IndexFunc(all, func(t trouble) bool { return t.id == "risk" }); i >= 0 && !strings.HasPrefix(t.id, "ends/") {
			said = append(said, all[i])
		}
		d.log.Error("a connection is out of order", "channel", name, "what", t.id, "said", said.say("en"))
		by := d.by("health/" + name + "/" + t.id)
		if strings.HasPrefix(t.id, "ends/") {
			by = foreman.Floord(fmt.Sprintf("%s/health/%s/%s", d.keys.day(), name, t.id))
		}
		_, err := d.foreman.Alarm(context.WithoutCancel(ctx), by, "channel-trouble",
			"channel", name, "what", t.id, "said_zh", said.say("zh"), "said_en", said.say("en"))
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Daemon) waitingPushes(id floor.ChannelID) (w backlog, err error) {
	err = d.ledger.Read(func(v *ledger.View) error {
		return v.Notices(id, func(_ uint64, at time.Time) bool {
			if w.n++; w.n == 1 {
				w.from = at
			}
			return w.n < maxNotices
		})
	})
	return w, err
}

// skew is how far the platform's clock is ahead of ours.
func (s *shop) skew() time.Duration {
	if a, ok := s.channel.(*api.Shop); ok {
		return a.Skew()
	}
	return 0
}

// rhythm gives what a channel is held to. A token that floord renews by itself is
// no matter for a person until it cannot: then its calls fail.
func (d *Daemon) rhythm(s *shop) rhythm {
	r := rhythm{every: s.cfg.Every, zone: d.cfg.Site.Zone, ends: []end{{"domain", s.cfg.DomainEnds.Time}}}
	a, ok := s.channel.(*api.Shop)
	if !ok {
		return r
	}
	r.pulls, r.lag = true, a.Lag()
	token := end{"token", s.cfg.TokenEnds.Time}
	if token.at.IsZero() && !a.Renews() {
		token.at = a.TokenEnds()
	}
	r.ends = append(r.ends, token)
	return r
}

// certEnds is when the site's own certificate ends; zero if there is none.
func certEnds(cfg *config.Config) time.Time {
	pair, err := tls.LoadX509KeyPair(string(cfg.HTTP.TLSCert), string(cfg.HTTP.TLSKey))
	if err != nil {
		return time.Time{} // floord check and doctor say so
	}
	return pair.Leaf.NotAfter
}

// Bounds of what an outage may cost.
const (
	riskWithin = 4 * time.Hour  // orders due in it are at risk,
	riskAtMost = 24 * time.Hour // or those of the first hour within so long
	maxRisk    = 5000           // rows that are looked at
)

// atRisk counts a channel's orders whose time to ship ends while nobody can tell the
// shop that they left: those that need hands, and those whose report waits.
func (d *Daemon) atRisk(id floor.ChannelID, now time.Time) (r risk, err error) {
	var due []time.Time
	err = d.ledger.Read(func(v *ledger.View) error {
		var inner error
		looked := 0
		add := func(order floor.OrderID) bool {
			var o floor.Order
			if o, _, inner = v.Order(order); o.Channel == id && o.ShipBy.After(now) && o.ShipBy.Before(now.Add(riskAtMost)) {
				due = append(due, o.ShipBy)
			}
			looked++
			return inner == nil && looked < maxRisk
		}
		err := v.Due(ledger.ShipBy, now, "", func(at time.Time, order floor.OrderID) bool {
			return !at.IsZero() && at.Before(now.Add(riskAtMost)) && add(order)
		})
		looked = 0
		return errors.Join(err, inner, v.Lane("shop/"+string(id), func(e floor.Effect) bool {
			return e.What != floor.EffectShipReport || add(e.Order)
		}), inner)
	})
	if err != nil || len(due) == 0 {
		return risk{}, err
	}
	r.by = upToHour(now.Add(riskWithin))
	if first := slices.MinFunc(due, time.Time.Compare); first.After(r.by) {
		r.by = upToHour(first)
	}
	for _, at := range due {
		if !at.After(r.by) {
			r.orders++
		}
	}
	return r, nil
}

// upToHour gives the next full hour, or t itself if it is one.
func upToHour(t time.Time) time.Time {
	if h := t.Truncate(time.Hour); h.Before(t) {
		return h.Add(time.Hour)
	}
	return t
}
