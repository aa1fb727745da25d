package daemon

import (
	"context"
	"sync"
	"time"

	"floord/web"
)

// Bounds of the advice on the stock page.
const (
	adviceDays   = 7
	adviceMoves  = 20
	adviceWithin = time.Minute // what is found by then is shown
	adviceHour   = 4           // of the site's day: when nobody picks
)

// An adviser computes once a night, or when a lead asks, which goods should lie
// elsewhere. It holds no lock and no transaction while it does.
type adviser struct {
	s    *Site
	asks chan struct{}

	mu   sync.Mutex
	last web.Advice // guarded by mu
}

func newAdviser(s *Site) *adviser {
	return &adviser{s: s, asks: make(chan struct{}, 1), last: web.Advice{Moves: []web.AdviceMove{}}}
}

// again asks for it to be computed anew.
func (a *adviser) again() {
	select {
	case a.asks <- struct{}{}:
		a.set(func(x *web.Advice) { x.Busy = true })
	default: // it was asked for already
	}
}

func (a *adviser) now() web.Advice {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

func (a *adviser) set(change func(*web.Advice)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.last)
}

func (a *adviser) run(ctx context.Context) error {
	for {
		now := time.Now().In(a.s.cfg.Site.Zone)
		night := time.Date(now.Year(), now.Month(), now.Day(), adviceHour, 0, 0, 0, now.Location())
		if !night.After(now) {
			night = night.AddDate(0, 0, 1)
		}
		select {
		case <-a.asks:
		case <-time.After(night.Sub(now)):
		case <-ctx.Done():
			return nil
		}
		a.compute(ctx)
	}
}

func (a *adviser) compute(ctx context.Context) {
	a.set(func(x *web.Advice) { x.Busy = true })
	ctx, cancel := context.WithTimeout(ctx, adviceWithin)
	defer cancel()
	got, err := a.s.advise(ctx, adviceDays, adviceMoves)
	if err != nil {
		a.s.log.Warn("slotting advice not computed", "err", err)
		got.Error = err.Error()
	}
	a.set(func(x *web.Advice) { *x = got })
}
