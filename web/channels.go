package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// Channels is what the page of the shops needs of whoever runs their connections and
// knows the site's rules. Any of it may be nil: the page then has no such part.
type Channels struct {
	// Health gives the connections, in the order of floord.toml.
	Health func() []ChannelHealth
	// Pretend plans the orders of a channel on trial, without doing anything.
	Pretend func(ctx context.Context, ch floor.ChannelID) (Pretend, error)
	// Mend carries out the mend that is proposed for a dispute over an order.
	Mend func(ctx context.Context, by foreman.By, id floor.OrderID) error
	// Rules gives the rules in force.
	Rules func() RulesShown
	// TryRules says what other rules of the site's would have made of a day's orders, or
	// what is wrong with them.
	TryRules func(ctx context.Context, day, text string) (foreman.Trial, []RuleMistake, error)
}

// A ChannelHealth is how a shop's connection is. Times are of our clock.
type ChannelHealth struct {
	pda.ChannelState
	Driver   string          `json:"driver"`
	Trial    bool            `json:"trial" doc:"Its orders are only looked at until a lead opens it"`
	Troubles []pda.Words     `json:"troubles"`
	Risk     int             `json:"risk,omitzero" doc:"Orders whose time to ship ends before risk_by, while there is trouble"`
	RiskBy   time.Time       `json:"risk_by,omitzero"`
	PulledAt time.Time       `json:"pulled_at,omitzero" doc:"End of the last complete pull"`
	Lags     []ChannelLag    `json:"lags"`
	Failing  map[string]int  `json:"failing" doc:"Failures in a row, by way"`
	Answers  []ChannelAnswer `json:"answers" doc:"Since the start"`
	P50      int             `json:"p50_ms"`
	P99      int             `json:"p99_ms"`
	Skew     float64         `json:"skew_seconds" doc:"How far the shop's clock is ahead of ours"`
	Ends     []ChannelEnd    `json:"ends"`
	Pushes   map[string]int  `json:"pushes" doc:"By what became of them, since the start"`
	Garbled  int             `json:"garbled" doc:"Payloads that nobody could read, since the start"`
}

// The rows of a ChannelHealth.
type (
	// A ChannelLag is how far a way is behind the shop, and how far it may be.
	ChannelLag struct {
		Way     string  `json:"way"` // "pull", "push", "waiting"
		Seconds float64 `json:"seconds"`
		Allowed float64 `json:"allowed"`
	}
	// A ChannelAnswer counts answers of a kind.
	ChannelAnswer struct {
		Status int    `json:"status" doc:"Of HTTP; 0: there was no answer"`
		Class  string `json:"class,omitempty" doc:"Of the error; empty: none"`
		Count  int    `json:"count"`
	}
	// A ChannelEnd is when something runs out.
	ChannelEnd struct {
		What string    `json:"what"`
		At   time.Time `json:"at"`
	}
)

// A Pretend is what would be planned of the orders of a channel on trial now.
type Pretend struct {
	Orders int     `json:"orders"`
	Held   int     `json:"held" doc:"A person or the shop would hold them"`
	Short  int     `json:"short" doc:"Goods lack"`
	Waves  int     `json:"waves"`
	Waved  int     `json:"waved" doc:"Orders in these waves"`
	Metres float64 `json:"metres"`
}

// A RulesShown is the rules in force, with where each stands.
type RulesShown struct {
	File  string      `json:"file,omitempty" doc:"The site's own; floord never writes it"`
	Text  string      `json:"text" doc:"What stands in it"`
	Rules []RuleShown `json:"rules"`
}

// A RuleShown is one rule.
type RuleShown struct {
	Kind   string   `json:"kind"` // "tag", "hold", "score"
	Name   string   `json:"name"`
	When   string   `json:"when,omitempty"`
	Words  []string `json:"words,omitempty"`
	Cause  string   `json:"cause,omitempty"`
	Lose   int      `json:"lose,omitzero"`
	File   string   `json:"file"`
	Line   int      `json:"line"`
	Speaks bool     `json:"speaks"`
}

// A RuleMistake is what is wrong with rules, and where; Column 0 is not known.
type RuleMistake struct {
	Line   int    `json:"line"`
	Column int    `json:"column,omitzero"`
	Text   string `json:"text"`
}

func (a *api) channels(context.Context, *struct{}) (*answer[[]ChannelHealth], error) {
	out := []ChannelHealth{}
	if a.o.Channels.Health != nil {
		out = append(out, a.o.Channels.Health()...)
	}
	return give(out), nil
}

type channelIn struct {
	Keyed
	ID floor.ChannelID `path:"id" maxLength:"64"`
}

// channelDetail is what a lead sees of one channel beside its health.
type channelDetail struct {
	Unread   []unreadRow    `json:"unread" doc:"Payloads that nobody could read, the newest first"`
	Unmapped []unmappedRow  `json:"unmapped" doc:"Orders held because a field could not be read"`
	Holds    map[string]int `json:"holds" doc:"Orders that need hands and wait, by hold"`
	Trial    *trialRow      `json:"trial,omitempty"`
}

type (
	unreadRow struct {
		Hash string    `json:"hash" doc:"SHA-256; floord channel unread prints the payload"`
		Op   string    `json:"op"`
		Size int       `json:"size"`
		Why  string    `json:"why"`
		At   time.Time `json:"at"`
	}
	unmappedRow struct {
		Order   floor.OrderID `json:"order"`
		Field   string        `json:"field"`
		Text    string        `json:"text,omitempty"`
		Payload string        `json:"payload" doc:"SHA-256 of the order's payload"`
	}
	trialRow struct {
		Began   time.Time      `json:"began"`
		Orders  int            `json:"orders"`
		Same    int            `json:"same" doc:"Shipped by other hands; floord would have, too"`
		Differ  int            `json:"differ" doc:"It would not have"`
		Why     map[string]int `json:"why"`
		Opened  time.Time      `json:"opened,omitzero"`
		By      floor.Actor    `json:"by,omitempty"`
		Adopted int            `json:"adopted,omitzero"`
		Left    int            `json:"left,omitzero"`
		Differs []triedRow     `json:"differs"`
		Plan    *Pretend       `json:"plan,omitempty" doc:"What would be planned now"`
	}
	triedRow struct {
		Order floor.OrderID `json:"order"`
		At    time.Time     `json:"at"`
		Why   []floor.Hold  `json:"why"`
	}
)

// maxChannelRows is how many rows a list of a channel's page has.
const maxChannelRows = 100

func (a *api) channel(ctx context.Context, in *channelIn) (*answer[channelDetail], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	out := channelDetail{Unread: []unreadRow{}, Unmapped: []unmappedRow{}, Holds: map[string]int{}}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		err := v.Unread(in.ID, func(u floor.Unread) bool {
			out.Unread = append([]unreadRow{{u.Hash, u.Op, u.Size, u.Why, u.At}}, out.Unread...)
			return true
		})
		if err == nil {
			err = out.look(v, in.ID)
		}
		if err == nil {
			out.Trial, err = trialOf(v, in.ID)
		}
		return err
	})
	if err == nil && out.Trial != nil && out.Trial.Opened.IsZero() && a.o.Channels.Pretend != nil {
		var p Pretend
		if p, err = a.o.Channels.Pretend(ctx, in.ID); err == nil {
			out.Trial.Plan = &p
		}
	}
	return give(out), err
}

// look goes through the channel's orders that need hands.
func (out *channelDetail) look(v *ledger.View, id floor.ChannelID) error {
	var inner error
	seen := 0
	err := v.Live("", func(order floor.OrderID, s floor.State) bool {
		if s != floor.New { // only these are held
			return true
		}
		var o floor.Order
		if o, _, inner = v.Order(order); o.Channel == id {
			for _, h := range o.Holds {
				out.Holds[h.Code]++
				if h.Code == floor.HoldUnmapped && len(out.Unmapped) < maxChannelRows {
					out.Unmapped = append(out.Unmapped, unmappedRow{o.ID, h.Field, h.Text, o.Content})
				}
			}
		}
		seen++
		return inner == nil && seen < maxSeen
	})
	if err == nil {
		err = inner
	}
	return err
}

func trialOf(v *ledger.View, id floor.ChannelID) (*trialRow, error) {
	t, ok, err := v.TrialRun(id)
	if err != nil || !ok {
		return nil, err
	}
	row := &trialRow{Began: t.Began, Orders: t.Orders, Same: t.Same, Differ: t.Differ, Why: t.Why, Opened: t.Opened, By: t.By,
		Adopted: t.Adopted, Left: t.Left, Differs: []triedRow{}}
	err = v.Tried(id, func(x floor.Tried) bool {
		row.Differs = append([]triedRow{{x.Order, x.At, x.Why}}, row.Differs...)
		return true
	})
	row.Differs = row.Differs[:min(len(row.Differs), maxChannelRows)]
	return row, err
}

func (a *api) openChannel(ctx context.Context, in *struct {
	Keyed
	ID   floor.ChannelID `path:"id" maxLength:"64"`
	Body struct {
		Adopt bool `json:"adopt" doc:"Work on what came during the trial and is not shipped, too"`
	}
}) (*answer[done], error) {
	return did(a.o.Foreman.OpenChannel(ctx, a.by(ctx, in.Key), in.ID, in.Body.Adopt))
}

// disputeRow is an order over which a shop contradicts itself or us.
type disputeRow struct {
	Order   floor.OrderID   `json:"order"`
	Channel floor.ChannelID `json:"channel"`
	Number  string          `json:"number"`
	Kind    string          `json:"kind"`
	Ours    floor.State     `json:"ours"`
	Theirs  floor.ShopState `json:"theirs"`
	Before  floor.ShopState `json:"before,omitempty"`
	Since   time.Time       `json:"since"`
	Mend    string          `json:"mend" doc:"What is proposed"`
}

func (a *api) disputes(ctx context.Context, _ *struct{}) (*answer[[]disputeRow], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	out := []disputeRow{}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		return foreman.Disputes(v, time.Now(), func(d floor.Dispute, mend string) bool {
			out = append(out, disputeRow{d.Order, d.Channel, d.Number, d.Kind, d.Ours, d.Theirs, d.Before, d.Since, mend})
			return len(out) < maxPage
		})
	})
	return give(out), err
}

func (a *api) mend(ctx context.Context, in *orderIn) (*answer[done], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Channels.Mend == nil {
		return nil, floor.Refuse("no-dispute", "order", in.ID)
	}
	if err := a.o.Channels.Mend(ctx, a.by(ctx, in.Key), in.ID); err != nil {
		return nil, err
	}
	return give(done{OK: true}), nil
}

type mendedOut struct {
	Mended int `json:"mended"`
	Left   int `json:"left,omitzero" doc:"There were more: ask again"`
}

// mendAll carries out one mend for all orders of a channel that it is proposed for, as
// after a first pull of a shop that others shipped for. Each is a commit of its own; one
// that agrees by then is passed over. A mend that begins with a question to the shop is
// not one of them.
func (a *api) mendAll(ctx context.Context, in *struct {
	Keyed
	Body struct {
		Channel floor.ChannelID `json:"channel" maxLength:"64"`
		Mend    string          `json:"mend" enum:"close,note"`
	}
}) (*answer[mendedOut], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	var orders []floor.OrderID
	var out mendedOut
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		return foreman.Disputes(v, time.Now(), func(d floor.Dispute, mend string) bool {
			switch {
			case d.Channel != in.Body.Channel || mend != in.Body.Mend:
			case len(orders) == maxPage:
				out.Left++
			default:
				orders = append(orders, d.Order)
			}
			return true
		})
	})
	if err != nil || a.o.Channels.Mend == nil {
		return give(out), err
	}
	by := a.by(ctx, in.Key)
	for _, id := range orders {
		one := by
		one.Key += "/" + string(id)
		err := a.o.Channels.Mend(ctx, one, id)
		if no := (*floor.Refusal)(nil); errors.As(err, &no) && no.Code == "no-dispute" {
			continue
		}
		if err != nil {
			return nil, err
		}
		out.Mended++
	}
	return give(out), nil
}

func (a *api) rules(ctx context.Context, _ *struct{}) (*answer[RulesShown], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Channels.Rules == nil {
		return nil, noRules()
	}
	return give(a.o.Channels.Rules()), nil
}

func noRules() error { return &problem{Status: http.StatusNotFound, Title: "There are no rules here."} }

type triedRules struct {
	Mistakes []RuleMistake  `json:"mistakes"`
	Day      string         `json:"day,omitempty"`
	Orders   int            `json:"orders"`
	Differ   int            `json:"differ" doc:"Orders that would be judged otherwise"`
	HeldNow  int            `json:"held_now"`
	HeldThen int            `json:"held_then"`
	Counts   map[string]int `json:"counts" doc:"By what would change: \"+hold note-stop\""`
	Changed  []changedRow   `json:"changed"`
}

type changedRow struct {
	Order   floor.OrderID `json:"order"`
	Score   int           `json:"score"`
	Other   int           `json:"other"`
	Changes []string      `json:"changes"`
}

func (a *api) tryRules(ctx context.Context, in *struct {
	Body struct {
		Day  string `json:"day" pattern:"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$" example:"2026-11-21"`
		Text string `json:"text" maxLength:"262144" doc:"TOML, as it would stand in the site's file; it is not kept"`
	}
}) (*answer[triedRules], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Channels.TryRules == nil {
		return nil, noRules()
	}
	t, mistakes, err := a.o.Channels.TryRules(ctx, in.Body.Day, in.Body.Text)
	if err != nil {
		return nil, err
	}
	out := triedRules{Mistakes: append([]RuleMistake{}, mistakes...), Day: t.Day, Orders: t.Orders, Differ: t.Differ, HeldNow: t.HeldNow,
		HeldThen: t.HeldThen, Counts: t.Counts, Changed: []changedRow{}}
	for _, c := range t.Changed[:min(len(t.Changed), maxChannelRows)] {
		out.Changed = append(out.Changed, changedRow{c.Order, c.Score, c.Other, c.Changes})
	}
	return give(out), nil
}
