package sim

import (
	"context"
	"slices"
	"sync"
	"time"

	"floord/floor"
)

// alarms are the freezes on somebody's screen that are still to be answered.
type alarms struct {
	onFreeze func(intercept string, at time.Time)

	alarmMu sync.Mutex
	asks    []message // guarded by alarmMu
}

// ring takes a freeze onto the screen.
func (a *alarms) ring(m message) {
	a.onFreeze(m.Intercept, time.Now())
	a.alarmMu.Lock()
	defer a.alarmMu.Unlock()
	if !m.Shown && !slices.ContainsFunc(a.asks, func(x message) bool { return x.Intercept == m.Intercept }) {
		a.asks = append(a.asks, m)
	}
}

// frozen gives the orders whose freeze is not answered yet.
func (a *alarms) frozen() map[floor.OrderID]bool {
	a.alarmMu.Lock()
	defer a.alarmMu.Unlock()
	out := map[floor.OrderID]bool{}
	for _, x := range a.asks {
		out[x.Order] = true
	}
	return out
}

// answer acknowledges every freeze and says, after a moment, what the person did:
// one of texts, in turn.
func (a *alarms) answer(ctx context.Context, h *hand, count *tally, texts ...string) {
	a.alarmMu.Lock()
	asks := a.asks
	a.asks = nil
	a.alarmMu.Unlock()
	for i, x := range asks {
		_, err := h.act(ctx, "shown", map[string]any{"intercept": x.Intercept})
		count.note(err)
		sleep(ctx, 600*time.Millisecond)
		_, err = h.act(ctx, "answer", map[string]any{"intercept": x.Intercept, "text": texts[i%len(texts)]})
		count.note(err)
	}
}
