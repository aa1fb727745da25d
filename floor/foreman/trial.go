package foreman

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
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
	Changes      []string // "+tag gift", "-hold score", "+lost phone", "+split 2": into so many parcels
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
	var whole, split []int // into how many parcels, if more than one
	err := f.l.Read(func(v *ledger.View) (err error) {
		if now, err = f.judge(f.o.Rules, got.Shop, at, v.SKU); err == nil {
			then, err = f.judge(other, got.Shop, at, v.SKU)
		}
		if err == nil {
			whole, err = parcels(f.o.Rules, got.Shop, now.Tags, v.SKU)
		}
		if err == nil {
			split, err = parcels(other, got.Shop, then.Tags, v.SKU)
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
		differ("split", whole, split, strconv.Itoa),
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

// parcels gives into how many parcels an order would go by rules; none if into one.
func parcels(r *rules.Rules, s floor.ShopOrder, tags []string, sku func(floor.SKU) (floor.SKUInfo, bool, error)) ([]int, error) {
	o := floor.Order{Channel: s.Channel, Shop: s.Shop, Tags: tags, Flags: s.Flags, Pay: s.Pay}
	var items []floor.ParcelItem
	for i, l := range s.Lines {
		o.Lines = append(o.Lines, floor.Line{No: i + 1, SKU: l.SKU, Qty: l.Qty})
		items = append(items, floor.ParcelItem{Line: i + 1, SKU: l.SKU, Qty: l.Qty})
	}
	g, err := rules.GoodsOf(&o, sku)
	if err != nil {
		return nil, err
	}
	n, err := r.Parcels(g, items, sku)
	if n < 2 {
		return nil, err
	}
	return []int{n}, err
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
