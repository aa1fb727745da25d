package daemon

import (
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/sync/ledger"
	"floord/sync/pda"
	"floord/wave"
	"floord/web"
)

// channels is what the page of the shops shows and does.
func (d *Daemon) channels() web.Channels {
	return web.Channels{Health: d.channelHealth, Pretend: d.pretendPlan, Mend: d.mend, Rules: d.rulesShown, TryRules: d.tryRules}
}

func (d *Daemon) channelHealth() []web.ChannelHealth {
	out := []web.ChannelHealth{}
	for _, s := range d.shops {
		h := web.ChannelHealth{ChannelState: s.state(), Driver: s.cfg.Driver, Trial: d.onTrial(s.id), Troubles: []pda.Words{}, Lags: []web.ChannelLag{},
			Failing: map[string]int{}, Answers: []web.ChannelAnswer{}, Ends: []web.ChannelEnd{}, Pushes: s.knocks.counts()}
		if s.channel != nil {
			s.pulse.show(&h, time.Now(), d.rhythm(s))
		}
		out = append(out, h)
	}
	return out
}

func (d *Daemon) onTrial(id floor.ChannelID) bool {
	on := false
	err := d.ledger.Read(func(v *ledger.View) (err error) { on, err = d.foreman.OnTrial(v, id); return err })
	return err == nil && on
}

// show fills in what the pulse knows.
func (p *pulse) show(h *web.ChannelHealth, now time.Time, r rhythm) {
	for _, t := range p.troubles() {
		h.Troubles = append(h.Troubles, pda.Words{ZH: t.text("zh"), EN: t.text("en")})
	}
	h.P50, h.P99 = int(p.percentile(50).Milliseconds()), int(p.percentile(99).Milliseconds())
	p.mu.Lock()
	defer p.mu.Unlock()
	h.Risk, h.RiskBy, h.PulledAt, h.Skew, h.Garbled = p.risk.orders, p.risk.by, p.pulled, p.skew.Seconds(), p.garbled
	if r.pulls {
		lag, allowed := p.pullLag(now, r)
		h.Lags = append(h.Lags, web.ChannelLag{Way: wayPull, Seconds: lag.Seconds(), Allowed: allowed.Seconds()})
	}
	if now.Sub(p.lateAt) < lateFor {
		h.Lags = append(h.Lags, web.ChannelLag{Way: wayPush, Seconds: p.late.Seconds(), Allowed: lateAfter.Seconds()})
	}
	if p.waiting.n > 0 {
		h.Lags = append(h.Lags, web.ChannelLag{Way: "waiting", Seconds: now.Sub(p.waiting.from).Seconds(), Allowed: lateAfter.Seconds()})
	}
	for way, f := range p.ways {
		h.Failing[way] = f.times
	}
	for a, n := range p.answers {
		h.Answers = append(h.Answers, web.ChannelAnswer{Status: a.Status, Class: string(a.Class), Count: n})
	}
	slices.SortFunc(h.Answers, func(a, b web.ChannelAnswer) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Class, b.Class))
	})
	for _, e := range p.ends(r) {
		h.Ends = append(h.Ends, web.ChannelEnd{What: e.what, At: e.at})
	}
}

// maxPretend bounds the orders that are planned for show.
const maxPretend = 1000

// pretendPlan plans the orders of a channel on trial from what lies free, as if pickers
// were waiting for them. Nothing is written, and no other order loses anything.
func (d *Daemon) pretendPlan(ctx context.Context, id floor.ChannelID) (web.Pretend, error) {
	var p web.Pretend
	s := wave.Snapshot{Layout: d.planner.layout, FreePickers: maxPretend}
	err := d.ledger.Read(func(v *ledger.View) error {
		promise := d.foreman.Pretend(v)
		var inner error
		err := v.Live("", func(order floor.OrderID, st floor.State) bool {
			var o floor.Order
			if st != floor.New {
				return true
			}
			if o, _, inner = v.Order(order); inner != nil || !o.Trial || o.Channel != id {
				return inner == nil
			}
			p.Orders++
			if len(o.Holds) > 1 {
				p.Held++
				return true
			}
			var there bool
			if there, inner = promise(&o); there {
				s.Orders = append(s.Orders, foreman.Plannable(o, nil))
			} else {
				p.Short++
			}
			return inner == nil && p.Orders < maxPretend
		})
		return errors.Join(err, inner)
	})
	if err != nil || s.Layout == nil {
		return p, err
	}
	r := d.planner.rules
	r.MinFill = 1 // what would wait for company counts as well
	for _, w := range wave.Plan(ctx, s, r, time.Now()).Waves {
		p.Waves++
		p.Waved += len(w.Orders)
		p.Metres += float64(w.Metres)
	}
	return p, nil
}

// rulesShown gives the rules in force. What stands in the site's file now may differ
// from what was read at the start; floord check says whether it would be taken.
func (d *Daemon) rulesShown() web.RulesShown {
	file := string(d.cfg.Orders.RulesFile)
	out := web.RulesShown{File: file, Rules: []web.RuleShown{}}
	if file != "" {
		if text, err := os.ReadFile(file); err == nil && len(text) <= rules.MaxFile {
			out.Text = string(text)
		}
	}
	all, err := rules.List(file, []byte(out.Text))
	if err != nil {
		all, _ = rules.List(file, nil) // trying the text names its mistakes
	}
	for _, r := range all {
		out.Rules = append(out.Rules, web.RuleShown{Kind: r.Kind, Name: r.Name, When: r.When, Words: r.Words, Cause: r.Cause, Lose: r.Lose,
			File: r.File, Line: r.Line, Speaks: r.Speaks})
	}
	return out
}

// tryRules judges a day's orders by other rules of the site's. Nothing is kept.
func (d *Daemon) tryRules(ctx context.Context, day, text string) (foreman.Trial, []web.RuleMistake, error) {
	other, err := rules.Parse("rules.toml", []byte(text))
	var bad floor.Mistakes
	if errors.As(err, &bad) {
		var out []web.RuleMistake
		for _, m := range bad {
			out = append(out, web.RuleMistake{Line: m.Line, Column: m.Column, Text: m.Text})
		}
		return foreman.Trial{}, out, nil
	}
	if err != nil {
		return foreman.Trial{}, nil, err
	}
	t, err := d.foreman.Try(ctx, day, other)
	return t, nil, err
}
