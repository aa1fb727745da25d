package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"floord/floor"
	"floord/sync/pda"
)

// A boss is the lead at the board, who decides what nobody else may: a freeze
// that is still open a while after it was made.
type boss struct {
	*hand
	rng   *rand.Rand
	count *tally
	down  func(floor.ChannelID) // is told of a channel that fails

	mu   sync.Mutex
	open map[floor.OrderID]time.Time // guarded by mu; frozen orders and since when
	why  map[floor.OrderID]string    // guarded by mu
	// hands is what waits for somebody to do it at a shop; guarded by mu.
	hands []floor.Effect
}

func (b *boss) listen(m message) {
	if m.Type != "board" && m.Type != "snapshot" {
		return
	}
	var s struct {
		Board struct {
			Open []struct {
				Order    floor.OrderID `json:"order"`
				Why      string        `json:"why"`
				FrozenAt time.Time     `json:"frozen_at"`
			} `json:"open"`
			Channels []pda.ChannelState `json:"channels"`
			Hands    []floor.Effect     `json:"hands"`
		} `json:"board"`
		Open []struct {
			Order    floor.OrderID `json:"order"`
			Why      string        `json:"why"`
			FrozenAt time.Time     `json:"frozen_at"`
		} `json:"open"`
	}
	if json.Unmarshal(m.Raw, &s) != nil {
		return
	}
	for _, c := range s.Board.Channels {
		if !c.OK {
			b.down(c.ID)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hands = s.Board.Hands
	b.open, b.why = map[floor.OrderID]time.Time{}, map[floor.OrderID]string{}
	for _, a := range append(s.Open, s.Board.Open...) {
		b.open[a.Order], b.why[a.Order] = a.FrozenAt, a.Why
	}
}

// run decides every freeze that is open for longer than patience: a cancel ends
// the order, anything else lets it go on. What is to be done by hand waits as long.
func (b *boss) run(ctx context.Context, patience time.Duration) error {
	if _, err := b.act(ctx, "login", map[string]any{"badge": badge(lead)}); err != nil {
		return fmt.Errorf("%s: login: %w", lead, err)
	}
	for ctx.Err() == nil {
		b.mu.Lock()
		var due []floor.OrderID
		for id, since := range b.open {
			if time.Since(since) > patience {
				due = append(due, id)
			}
		}
		why := b.why
		done := slices.DeleteFunc(slices.Clone(b.hands), func(e floor.Effect) bool { return time.Since(e.WantAt) < patience })
		b.mu.Unlock()
		for _, e := range done {
			_, err := b.act(ctx, "by-hand", map[string]any{"effect": e.ID})
			b.count.note(err)
		}
		for _, id := range due {
			var err error
			if why[id] == string(floor.FreezeCancel) {
				_, err = b.act(ctx, "close", map[string]any{"order": id, "why": "cancelled"})
			} else {
				_, err = b.act(ctx, "thaw", map[string]any{"order": id})
			}
			b.count.note(err)
		}
		sleep(ctx, 300*time.Millisecond)
	}
	return nil
}
