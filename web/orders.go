package web

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"floord/floor"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// Bounds of one page: rows given, and rows looked at to find them.
const (
	maxPage = 1000
	maxSeen = 20_000
)

// orderRow is an order without anybody's name in it.
type orderRow struct {
	ID         floor.OrderID   `json:"id"`
	Channel    floor.ChannelID `json:"channel"`
	Number     string          `json:"number" doc:"The shop's own number"`
	State      floor.State     `json:"state"`
	Frozen     bool            `json:"frozen"`
	Why        floor.FreezeWhy `json:"why,omitempty"`
	Holds      []floor.Hold    `json:"holds,omitempty"`
	Tags       []string        `json:"tags,omitempty"`
	Short      bool            `json:"short,omitzero"`
	Lines      []lineRow       `json:"lines"`
	ReceivedAt time.Time       `json:"received_at"`
	ShipBy     time.Time       `json:"ship_by,omitzero"`
	CollectBy  time.Time       `json:"collect_by,omitzero"`
	Wave       floor.WaveID    `json:"wave,omitempty"`
	Task       floor.TaskID    `json:"task,omitempty"`
	Tote       floor.ToteID    `json:"tote,omitempty"`
	Parcels    []string        `json:"parcels,omitempty"`
	ClosedWhy  string          `json:"closed_why,omitempty"`
	In         floor.OrderID   `json:"in,omitempty" doc:"It goes as one parcel with others, as that order"`
	Of         []floor.OrderID `json:"of,omitempty" doc:"The orders that go as this one, or with this one"`
}

type lineRow struct {
	No      int       `json:"no"`
	SKU     floor.SKU `json:"sku"`
	Name    string    `json:"name,omitempty"`
	Spec    string    `json:"spec,omitempty"`
	Qty     int       `json:"qty"`
	Picked  int       `json:"picked"`
	Packed  int       `json:"packed"`
	Missing int       `json:"missing,omitzero"`
}

func newOrderRow(o floor.Order) orderRow {
	r := orderRow{
		ID: o.ID, Channel: o.Channel, Number: o.Number, State: o.State, Holds: o.Holds, Tags: o.Tags, Short: o.Short,
		Lines: []lineRow{}, ReceivedAt: o.ReceivedAt, ShipBy: o.ShipBy, CollectBy: o.CollectBy, Wave: o.Wave, Task: o.Task,
		Tote: o.Tote, ClosedWhy: o.ClosedWhy, In: o.In, Of: o.Of,
	}
	if o.Freeze != nil {
		r.Frozen, r.Why = true, o.Freeze.Why
	}
	for _, l := range o.Lines {
		r.Lines = append(r.Lines, lineRow{No: l.No, SKU: l.SKU, Name: l.Name, Spec: l.Spec, Qty: l.Qty, Picked: l.Picked, Packed: l.Packed, Missing: l.Missing})
	}
	for _, p := range o.Parcels {
		r.Parcels = append(r.Parcels, string(p))
	}
	return r
}

type ordersIn struct {
	State floor.State   `query:"state" maxLength:"16" doc:"NEW, CHECKED, ... CLOSED"`
	Flag  string        `query:"flag" enum:"frozen,short,held"`
	Due   pda.Due       `query:"due" enum:"late,2h,4h,8h,later,none,risk" doc:"How near the clock's end is, of what still needs hands, the most urgent first; risk: less time is left than nine in ten orders needed from there"`
	Clock string        `query:"clock" enum:"ship,collect" default:"ship" doc:"Which clock due means: ship-by or collect-by"`
	Hour  time.Time     `query:"hour" doc:"Instead of due: what the clock ends for within the hour that begins then"`
	From  floor.OrderID `query:"from" maxLength:"64" doc:"Where to go on: next of the page before"`
	Limit int           `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type ordersOut struct {
	Orders []orderRow    `json:"orders"`
	Next   floor.OrderID `json:"next,omitempty" doc:"There is more: ask from here"`
}

// orders lists by number. What still needs hands is found through the live rows,
// the rest by looking at up to maxSeen orders a page.
func (a *api) orders(_ context.Context, in *ordersIn) (*answer[ordersOut], error) {
	out := ordersOut{Orders: []orderRow{}}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		if in.Due == "risk" {
			return a.riskOrders(v, in, &out)
		}
		if in.Due != "" || !in.Hour.IsZero() {
			return dueOrders(v, in, &out)
		}
		if live(in) {
			return liveOrders(v, in, &out)
		}
		seen := 0
		return v.Orders(in.From, "", func(o floor.Order) bool {
			if len(out.Orders) == in.Limit || seen == maxSeen {
				out.Next = o.ID
				return false
			}
			seen++
			if in.wants(o) {
				out.Orders = append(out.Orders, newOrderRow(o))
			}
			return true
		})
	})
	return give(out), err
}

// live reports whether only orders that still need hands can fit.
func live(in *ordersIn) bool {
	return in.Flag != "" || in.State != "" && in.State.Before(floor.HandedOver)
}

func (in *ordersIn) wants(o floor.Order) bool {
	switch {
	case in.State != "" && o.State != in.State,
		in.Flag == "frozen" && o.Freeze == nil,
		in.Flag == "short" && !o.Short,
		in.Flag == "held" && len(o.Holds) == 0:
		return false
	}
	return true
}

// take adds an order to the page if it is wanted. It says false when the page is full.
func (out *ordersOut) take(v *ledger.View, in *ordersIn, id floor.OrderID) (bool, error) {
	if len(out.Orders) == in.Limit {
		out.Next = id
		return false, nil
	}
	o, _, err := v.Order(id)
	if err == nil && in.wants(o) {
		out.Orders = append(out.Orders, newOrderRow(o))
	}
	return err == nil, err
}

func liveOrders(v *ledger.View, in *ordersIn, out *ordersOut) error {
	var inner error
	err := v.Live("", func(id floor.OrderID, s floor.State) (more bool) {
		if id < in.From || in.State != "" && s != in.State {
			return true
		}
		more, inner = out.take(v, in, id)
		return more
	})
	return errors.Join(err, inner)
}

func dueOrders(v *ledger.View, in *ordersIn, out *ordersOut) error {
	clock, from := ledger.ShipBy, time.Unix(0, 0)
	if in.Clock == "collect" {
		clock = ledger.CollectBy
	}
	if in.From != "" {
		o, _, err := v.Order(in.From)
		if err != nil {
			return err
		}
		from = o.ShipBy
		if clock == ledger.CollectBy {
			from = o.CollectBy
		}
	} else if in.Due == pda.DueNone {
		from = time.Time{}
	} else if in.Due == "" {
		from = in.Hour
	}
	now := time.Now()
	var inner error
	err := v.Due(clock, from, in.From, func(at time.Time, id floor.OrderID) (more bool) {
		if in.Due == "" && (at.IsZero() || at.Sub(in.Hour) >= time.Hour) {
			return false
		}
		if in.Due != "" && pda.DueIn(at, now) != in.Due {
			return true
		}
		more, inner = out.take(v, in, id)
		return more
	})
	return errors.Join(err, inner)
}

// riskOrders lists what may not make it. Where a page went on from is looked for by
// its number: what is at risk changes from one minute to the next.
func (a *api) riskOrders(v *ledger.View, in *ordersIn, out *ordersOut) error {
	all, _, err := a.o.PDA.Risks(v, time.Now())
	if err != nil {
		return err
	}
	from := max(0, slices.IndexFunc(all, func(r pda.Risk) bool { return r.Order == in.From }))
	for _, r := range all[from:] {
		if more, err := out.take(v, in, r.Order); err != nil || !more {
			return err
		}
	}
	return nil
}

type orderOut struct {
	Order  orderRow        `json:"order"`
	Note   string          `json:"note,omitempty"`
	To     floor.Recipient `json:"to" doc:"Masked unless a lead or the operator asks"`
	Events []moment        `json:"events"`
	More   bool            `json:"more,omitzero" doc:"Older events are in the archive, or there are too many to show"`
}

// A moment is one event of an order's time line. Says holds the fact without
// anybody's name, phone or address.
type moment struct {
	Seq   uint64      `json:"seq"`
	At    time.Time   `json:"at"`
	Actor floor.Actor `json:"actor"`
	Kind  floor.Kind  `json:"kind"`
	Cause string      `json:"cause"`
	Says  string      `json:"says"`
	// Args are what a sentence about it may name: fields by name, those of a field
	// or of a list's first entry behind its name and "_", a list as its length.
	Args map[string]string `json:"args"`
}

func (a *api) order(ctx context.Context, in *orderIn) (*answer[orderOut], error) {
	var out orderOut
	var last uint64
	var about ledger.Topic // whose events its time line has
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		o, ok, err := v.Order(in.ID)
		if err != nil {
			return err
		}
		if !ok {
			return floor.Refuse("unknown-order", "code", in.ID)
		}
		out.Order, out.Note, last = newOrderRow(o), o.Note, o.Seq
		about = append(about, floor.OrderTopic(in.ID))
		if o.In != "" {
			g, _, err := v.Order(o.In)
			if err != nil {
				return err
			}
			out.Order.Of = g.Of
			about = append(about, floor.OrderTopic(o.In))
			last = max(last, g.Seq)
		}
		for _, id := range o.Of {
			about = append(about, floor.OrderTopic(id))
		}
		out.To, _, err = v.Recipient(in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.To.Token = "" // for the carrier's service, nobody here reads it
	if !callerOf(ctx).may(floor.RoleLead) {
		out.To = masked(out.To)
	}
	out.Events, out.More, err = a.timeline(ctx, about, last)
	return give(out), err
}

// timelineWithin bounds how long a time line is looked for.
const timelineWithin = 5 * time.Second

// timeline reads an order's events up to the last one that touched it.
func (a *api) timeline(ctx context.Context, about ledger.Topic, last uint64) (out []moment, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, timelineWithin)
	defer cancel()
	out = []moment{}
	after := a.o.Ledger.Stats().Archived
	if last <= after {
		return out, true, nil
	}
	for e, err := range a.o.Ledger.Follow(ctx, after, about) {
		if damaged := (*ledger.DamagedError)(nil); errors.As(err, &damaged) {
			continue
		}
		if err != nil {
			return out, true, err
		}
		out = append(out, moment{Seq: e.Seq, At: e.At, Actor: e.Actor, Kind: e.Fact.Kind(), Cause: e.Cause, Says: says(e.Fact), Args: args(e.Fact)})
		if e.Seq >= last || len(out) == maxPage {
			return out, e.Seq < last, nil
		}
	}
	return out, true, nil
}

// maxSays is the longest form of a fact in a time line.
const maxSays = 400

// says gives a fact as JSON. Those that carry a shop's order say which version it
// was and nothing of whom it is for.
func says(f floor.Fact) string {
	data, err := json.Marshal(nameless(f))
	if err != nil {
		return ""
	}
	s := string(data)
	if len(s) > maxSays {
		s = strings.ToValidUTF8(s[:maxSays], "") + "…"
	}
	return s
}

// nameless gives a fact without a buyer in it.
func nameless(f floor.Fact) any {
	switch x := f.(type) {
	case floor.OrderReceived:
		return versionOf(x.Shop, x.Judged)
	case floor.OrderRevised:
		return versionOf(x.Shop, nil)
	}
	return f
}

// args gives what a sentence about a fact may name.
func args(f floor.Fact) map[string]string {
	out := map[string]string{}
	data, err := json.Marshal(nameless(f))
	var fields map[string]any
	if err == nil && json.Unmarshal(data, &fields) == nil {
		flatten(out, "", fields, 2)
	}
	return out
}

// maxArg is the longest text of an argument, in bytes.
const maxArg = 96

func flatten(out map[string]string, before string, fields map[string]any, deep int) {
	for name, v := range fields {
		key := before + strings.ToLower(name)
		if list, ok := v.([]any); ok {
			out[key] = strconv.Itoa(len(list))
			if len(list) == 0 {
				continue
			}
			key, v = key+"_0", list[0]
		}
		switch x := v.(type) {
		case map[string]any:
			if deep > 0 {
				flatten(out, strings.TrimSuffix(key, "_0")+"_", x, deep-1)
			}
		case string:
			out[key] = x
			if len(x) > maxArg {
				out[key] = strings.ToValidUTF8(x[:maxArg], "") + "…"
			}
		case float64:
			out[key] = strconv.FormatFloat(x, 'f', -1, 64)
		case bool:
			out[key] = strconv.FormatBool(x)
		}
	}
}

func versionOf(o floor.ShopOrder, j *floor.Judged) any {
	return struct {
		Number   string          `json:"number"`
		State    floor.ShopState `json:"state"`
		Modified time.Time       `json:"modified_at"`
		Lines    int             `json:"lines"`
		Payload  string          `json:"payload"` // SHA-256 of what the shop sent
		*floor.Judged
	}{o.Number, o.State, o.ModifiedAt, len(o.Lines), o.Content, j}
}

// masked hides of a recipient what a waybill must hide too: all of the name but
// its first character, six digits of the phone, the address below the district.
func masked(r floor.Recipient) floor.Recipient {
	if r.Name != "" {
		_, n := utf8.DecodeRuneInString(r.Name)
		r.Name = r.Name[:n] + "**"
	}
	switch n := len(r.Phone); {
	case n >= 11:
		r.Phone = r.Phone[:3] + "******" + r.Phone[n-2:]
	case n > 0:
		r.Phone = "******"
	}
	if r.Detail != "" {
		r.Detail = "***"
	}
	r.Masked = true
	return r
}
