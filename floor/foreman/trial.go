package foreman

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"floord/floor"
	"floord/floor/rules"
	"floord/sync/ledger"
)

// A Trial is what other rules would have made of a day's orders, as they came in.
type Trial struct {
	Day      string
	Orders   int            // received that day
	Changed  []TrialOrder   // by order, at most MaxTrial
	Differ   int            // how many would have been judged otherwise
	Counts   map[string]int // "+hold note-stop" -> orders
	HeldNow  int            // orders with a hold by the rules of today, and by the others
	HeldThen int
}

// A TrialOrder is one order that would have been judged otherwise.
type TrialOrder struct {
	Order        floor.OrderID
	Changes      []string // "+tag gift", "-hold score", "+lost phone"
	Score, Other int
}

// MaxTrial is how many changed orders a Trial names.
const MaxTrial = 1000

// Try judges a day's orders by the site's rules and by others, and says where the
// two differ. The day is of the site's zone, as 2026-11-21. Nothing is written.
func (f *Foreman) Try(ctx context.Context, day string, other *rules.Rules) (Trial, error) {
	from, err := time.ParseInLocation(time.DateOnly, day, f.o.Zone)
	if err != nil {
		return Trial{}, fmt.Errorf("%q is no day: it is written as 2026-11-21", day)
	}
	t := Trial{Day: day, Counts: map[string]int{}}
	until := from.AddDate(0, 0, 1)
	for e, err := range f.l.Past(ctx, 0, ledger.Topic{string(floor.OrderReceived{}.Kind())}) {
		if err != nil {
			return t, err
		}
		got, ok := e.Fact.(floor.OrderReceived)
		if !ok || e.At.Before(from) {
			continue
		}
		if !e.At.Before(until) {
			break
		}
		if err := f.tryOne(&t, got, e.At, other); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (f *Foreman) tryOne(t *Trial, got floor.OrderReceived, at time.Time, other *rules.Rules) error {
	var now, then rules.Judgement
	err := f.l.Read(func(v *ledger.View) (err error) {
		if now, err = f.judge(f.o.Rules, got.Shop, at, v.SKU); err == nil {
			then, err = f.judge(other, got.Shop, at, v.SKU)
		}
		return err
	})
	if err != nil {
		return err
	}
	t.Orders++
	t.HeldNow += min(1, len(now.Holds))
	t.HeldThen += min(1, len(then.Holds))
	changes := slices.Concat(
		differ("tag", now.Tags, then.Tags, func(s string) string { return s }),
		differ("hold", now.Holds, then.Holds, func(h floor.Hold) string {
			if h.Code == floor.HoldScore {
				return h.Code // which score it is stands beside it
			}
			return cmp.Or(h.Field, h.Code)
		}),
		differ("lost", now.Lost, then.Lost, func(l floor.Lost) string { return fmt.Sprintf("%s %d", l.Name, l.Points) }))
	if len(changes) == 0 {
		return nil
	}
	t.Differ++
	for _, c := range changes {
		t.Counts[c]++
	}
	if len(t.Changed) < MaxTrial {
		t.Changed = append(t.Changed, TrialOrder{Order: got.Order, Changes: changes, Score: now.Score, Other: then.Score})
	}
	return nil
}

// differ names what is only in one of two lists.
func differ[T any](what string, now, then []T, name func(T) string) []string {
	names := func(list []T) (all []string) {
		for _, x := range list {
			all = append(all, name(x))
		}
		return all
	}
	a, b := names(now), names(then)
	var out []string
	for _, n := range b {
		if !slices.Contains(a, n) {
			out = append(out, "+"+what+" "+n)
		}
	}
	for _, n := range a {
		if !slices.Contains(b, n) {
			out = append(out, "-"+what+" "+n)
		}
	}
	return out
}
