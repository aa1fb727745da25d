package foreman

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"floord/floor"
	"floord/sync/ledger"
)

// Allocate promises stock to a checked order: all of it, or none, so that a
// short order does not starve the others. No channel gets more than its quota, and
// a SKU that was short too often stops until a lead has looked. An order that is
// not ready is left alone without a word.
func (f *Foreman) Allocate(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, f.allocating(id))
}

// AllocateAll is Allocate for several orders, each for itself and in their order. The
// key of each is another one.
func (f *Foreman) AllocateAll(ctx context.Context, key func() string, ids []floor.OrderID) error {
	var all []ledger.Proposal
	for _, id := range ids {
		by := Floord(key())
		decide := f.allocating(id)
		all = append(all, ledger.Proposal{
			Request: ledger.Request{Key: by.Key, Actor: by.actor(), Bulk: true},
			Decide:  func(v *ledger.View) ([]floor.Fact, error) { return decide(newLook(v, f)) },
		})
	}
	return f.l.CommitAll(ctx, all)
}

// allocating is the decision of Allocate.
func (f *Foreman) allocating(id floor.OrderID) func(look) ([]floor.Fact, error) {
	now, today := moment(), f.today()
	return func(v look) ([]floor.Fact, error) {
		o, ok, err := v.Order(id)
		if ok && err == nil && o.In != "" { // it goes with others
			o, ok, err = v.Order(o.In)
		}
		if err != nil || !ok || o.State != floor.Checked || len(o.Holds) > 0 || o.Freeze != nil {
			return nil, err
		}
		s := newShelf(v, today)
		of, missing, err := s.order(o)
		if err != nil {
			return nil, err
		}
		if len(missing) > 0 {
			why := s.why(missing)
			switch {
			case o.Short && o.ShortWhy == why:
				return nil, nil // said already
			case why != "":
				return []floor.Fact{floor.OrderShort{Order: o.ID, Missing: missing, Why: why}}, nil
			}
			return v.oversold([]floor.Fact{floor.OrderShort{Order: o.ID, Missing: missing}}, missing, now)
		}
		over, why, err := v.bounded(o)
		switch {
		case err != nil || o.Short && why != "" && o.ShortWhy == why:
			return nil, err
		case why != "":
			return []floor.Fact{floor.OrderShort{Order: o.ID, Missing: over, Why: why}}, nil
		}
		r := floor.StockReserved{Order: o.ID, Of: of, All: true}
		if f.o.ReserveFor != 0 {
			r.Until = now.Add(f.o.ReserveFor)
		}
		return []floor.Fact{r}, nil
	}
}

// bounded gives what an order may not have though it lies there: of a SKU that is
// stopped, or beyond its channel's quota.
func (v look) bounded(o floor.Order) ([]floor.SKUQty, string, error) {
	var stopped, beyond []floor.SKUQty
	wants := map[floor.SKU]int{}
	for _, l := range o.Lines {
		wants[l.SKU] += l.Qty
	}
	for _, sku := range slices.Sorted(maps.Keys(wants)) {
		s, err := v.Shortage(sku)
		if err != nil {
			return nil, "", err
		}
		if !s.Stopped.IsZero() {
			stopped = append(stopped, floor.SKUQty{SKU: sku, Qty: wants[sku]})
		}
		q, ok, err := v.Quota(o.Channel, sku)
		if err != nil {
			return nil, "", err
		}
		if ok && q.Left() < wants[sku] {
			beyond = append(beyond, floor.SKUQty{SKU: sku, Qty: wants[sku] - q.Left()})
		}
	}
	switch {
	case len(stopped) > 0:
		return stopped, "stopped", nil
	case len(beyond) > 0:
		return beyond, "quota", nil
	}
	return nil, "", nil
}

// oversold stops the SKUs of which more orders were short within the window than
// the site allows, and calls a lead.
func (v look) oversold(facts []floor.Fact, missing []floor.SKUQty, now time.Time) ([]floor.Fact, error) {
	for i, m := range missing {
		twice := slices.ContainsFunc(missing[:i], func(x floor.SKUQty) bool { return x.SKU == m.SKU })
		s, err := v.Shortage(m.SKU)
		if err != nil {
			return nil, err
		}
		n := 1
		for _, at := range s.At {
			if now.UnixMilli()-at < v.f.o.ShortWindow.Milliseconds() {
				n++
			}
		}
		if v.f.o.MaxShorts == 0 || n <= v.f.o.MaxShorts || twice || !s.Stopped.IsZero() {
			continue
		}
		facts = append(facts, floor.SKUStopped{SKU: m.SKU, Shorts: n})
		if facts, err = v.alert(facts, "", "sku-stopped", "sku", string(m.SKU), "n", strconv.Itoa(n)); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// ResumeSKU lets a stopped SKU be promised again, after a lead has looked.
func (f *Foreman) ResumeSKU(ctx context.Context, by By, sku floor.SKU) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		s, err := v.Shortage(sku)
		if err != nil || s.Stopped.IsZero() {
			return nil, orRefuse(err, floor.Refuse("sku-not-stopped", "sku", sku))
		}
		return []floor.Fact{floor.SKUResumed{SKU: sku}}, nil
	})
}

// SetQuota bounds what a channel's orders may be promised of a SKU from now on;
// -1 lifts the bound.
func (f *Foreman) SetQuota(ctx context.Context, by By, ch floor.ChannelID, sku floor.SKU, limit int) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if limit < -1 || limit > MaxCount {
			return nil, floor.Refuse("bad-qty", "got", limit, "max", MaxCount)
		}
		if _, ok, err := v.SKU(sku); err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-sku", "got", sku))
		}
		return []floor.Fact{floor.QuotaSet{Channel: ch, SKU: sku, Limit: limit}}, nil
	})
}

// Expire takes an order's promises back whose time is over, so that others may have
// them, or which are of lots past their day, and lets it be allocated again. A wave's
// order keeps them.
func (f *Foreman) Expire(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	now, today := moment(), f.today()
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		o, ok, err := v.Order(id)
		if err != nil || !ok || o.State != floor.Allocated || o.In != "" {
			return nil, err
		}
		why := ""
		switch {
		case !o.Until.IsZero() && !now.Before(o.Until):
			why = "expired"
		case o.LastDay() < today:
			why = "shelf-life"
		default:
			return nil, nil
		}
		if o.MergedBy != "" { // each gives back its own
			var facts []floor.Fact
			for _, one := range o.Of {
				facts = append(facts, floor.OrderParted{Order: one, From: id, Why: "expired"})
			}
			return facts, nil
		}
		return []floor.Fact{floor.StockFreed{Order: id, Of: promises(o), Why: why, Again: true}}, nil
	})
}

// A shelf is the sellable stock as one decision sees it: what the view says, less
// what the decision has taken already.
type shelf struct {
	v     look
	today string // 2026-11-21
	taken map[floor.Spot]int

	aside map[floor.SKU]int // pieces in reserve bins, of what could not be found
	old   map[floor.SKU]int // pieces that are not good for long enough, of the same
}

func newShelf(v look, today string) *shelf {
	return &shelf{v, today, map[floor.Spot]int{}, map[floor.SKU]int{}, map[floor.SKU]int{}}
}

// take finds n pieces of a SKU: of bins that can be reached first, and there what
// expires first, as long as it is good for as many days as the SKU wants. Between
// equals it takes one spot that has enough (the one that is emptied most by it),
// else the fullest first. A reserve bin gives nothing to an order as long as the SKU
// has a bin that is picked from: see Refill. It gives what it found and what is left
// to find. Spot not is left out.
func (s *shelf) take(line int, sku floor.SKU, n int, not floor.Spot) ([]floor.Reservation, int, error) {
	lies, err := s.v.StockOf(sku)
	if err != nil {
		return nil, n, err
	}
	until, err := s.goodUntil(sku, lies)
	if err != nil {
		return nil, n, err
	}
	type place struct {
		floor.Spot
		free int
		out  int // 1: nobody gets there
	}
	var places []place
	s.aside[sku], s.old[sku] = 0, 0 // of the last line of an order that has several
	for _, x := range lies {
		free := x.Sellable() - s.taken[x.Spot]
		switch {
		case free <= 0 || x.Spot == not:
		case x.Expiry != "" && x.Expiry < until:
			s.old[sku] += free
		default:
			places = append(places, place{x.Spot, free, btoi(s.v.f.o.Reaches != nil && !s.v.f.o.Reaches(x.Bin))})
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		if c := cmp.Or(cmp.Compare(a.out, b.out), cmp.Compare(a.LastDay(), b.LastDay()), cmp.Compare(btoi(b.free >= n), btoi(a.free >= n))); c != 0 {
			return c
		}
		fuller := cmp.Compare(b.free, a.free)
		if a.free >= n {
			fuller = -fuller
		}
		return cmp.Or(fuller, cmp.Compare(a.Bin, b.Bin), cmp.Compare(a.No, b.No))
	})
	var got []floor.Reservation
	for _, reserve := range []bool{false, true} {
		skipped := false
		for i := range places {
			p := &places[i]
			if n == 0 {
				break
			}
			b, _, err := s.v.Bin(p.Bin)
			if err != nil {
				return nil, n, err
			}
			if b.Reserve != reserve {
				skipped = true
				continue
			}
			k := min(n, p.free)
			got = append(got, floor.Reservation{Line: line, SKU: sku, Bin: p.Bin, Qty: k, Lot: p.Lot})
			s.taken[p.Spot] += k
			p.free -= k
			n -= k
		}
		if n == 0 || reserve || !skipped {
			break
		}
		home, err := s.v.home(sku)
		if err != nil {
			return nil, n, err
		}
		if home != "" {
			for _, p := range places {
				s.aside[sku] += p.free
			}
			break
		}
	}
	return got, n, nil
}

// order finds the pieces of an order's lines, and says which it does not find.
func (s *shelf) order(o floor.Order) (of []floor.Reservation, missing []floor.SKUQty, err error) {
	for _, l := range o.Lines {
		got, left, err := s.take(l.No, l.SKU, l.Qty, floor.Spot{})
		if err != nil {
			return nil, nil, err
		}
		of = append(of, got...)
		if left > 0 {
			missing = append(missing, floor.SKUQty{SKU: l.SKU, Qty: left})
		}
	}
	return of, missing, nil
}

// Pretend gives a way to promise what lies free to one order after the other, in
// memory alone: the order's lines get what Allocate would give them. It reports false,
// and nothing is taken, if pieces are missing. It is for as long as v is.
func (f *Foreman) Pretend(v *ledger.View) func(*floor.Order) (bool, error) {
	s := newShelf(newLook(v, f), f.today())
	return func(o *floor.Order) (bool, error) {
		of, missing, err := s.order(*o)
		if err != nil {
			return false, err
		}
		for _, r := range of {
			if len(missing) > 0 {
				s.taken[r.Spot()] -= r.Qty
				continue
			}
			l := o.Line(r.Line)
			l.Reserved = append(l.Reserved, floor.BinQty{Lot: r.Lot, Bin: r.Bin, Qty: r.Qty})
		}
		return len(missing) == 0, nil
	}
}

// goodUntil gives the last day that pieces of a SKU must at least be good for.
func (s *shelf) goodUntil(sku floor.SKU, lies []floor.Stock) (string, error) {
	if !slices.ContainsFunc(lies, func(x floor.Stock) bool { return x.Expiry != "" }) {
		return s.today, nil
	}
	k, _, err := s.v.SKU(sku)
	if err != nil || k.MinDays == 0 {
		return s.today, err
	}
	day, err := time.Parse(time.DateOnly, s.today)
	return day.AddDate(0, 0, k.MinDays).Format(time.DateOnly), err
}

// why says why pieces are missing that lie somewhere: in reserve bins, or not good for
// long enough; "" if at least one SKU lies nowhere.
func (s *shelf) why(missing []floor.SKUQty) string {
	why := "refill"
	lacks := map[floor.SKU]int{}
	for _, m := range missing {
		lacks[m.SKU] += m.Qty
	}
	for sku, n := range lacks {
		switch {
		case s.aside[sku] >= n:
		case s.aside[sku]+s.old[sku] >= n:
			why = "shelf-life"
		default:
			return ""
		}
	}
	return why
}

// home gives the bin that a SKU is picked from: the one that holds most of it, or has
// held it; "" if there is none.
func (v look) home(sku floor.SKU) (floor.BinID, error) {
	bins, err := v.BinsOf(sku)
	if err != nil {
		return "", err
	}
	lies, err := v.StockOf(sku)
	if err != nil {
		return "", err
	}
	var home floor.BinID
	most := -1
	for _, id := range bins {
		b, ok, err := v.Bin(id)
		if err != nil {
			return "", err
		}
		if !ok || b.Reserve {
			continue
		}
		n := 0
		for _, x := range lies {
			if x.Bin == id {
				n += x.OnHand
			}
		}
		if n > most {
			home, most = id, n
		}
	}
	return home, nil
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// MaxCount is the most pieces of one SKU that one bin may be said to hold.
const MaxCount = 1_000_000

// Count says what lies of a SKU, and of one lot, in a bin. It cannot go below what is
// promised or in inspection. An unchanged count writes nothing, unless it was asked for.
func (f *Foreman) Count(ctx context.Context, by By, at floor.Spot, qty int, why string) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if qty < 0 || qty > MaxCount {
			return nil, floor.Refuse("bad-qty", "got", qty, "max", MaxCount)
		}
		if err := v.spot(at); err != nil {
			return nil, err
		}
		s, had, err := v.StockAt(at)
		switch held := s.Reserved + s.Inspection; {
		case err != nil:
			return nil, err
		case had && s.OnHand == qty:
			if wanted, err := v.CountWanted(at); err != nil || !wanted {
				return nil, err
			}
		case qty < held:
			return nil, floor.Refuse("below-reserved", "bin", at.Bin, "sku", at.SKU, "reserved", held, "qty", qty)
		}
		return []floor.Fact{floor.StockCounted{Spot: at, Qty: qty, Why: why}}, nil
	})
}

// maxName bounds a lot's number and the reason of a move, in bytes.
const maxName = 64

// spot refuses a place that cannot be: an unknown bin or SKU, a lot that is none.
func (v look) spot(at floor.Spot) error {
	if _, ok, err := v.Bin(at.Bin); err != nil || !ok {
		return orRefuse(err, floor.Refuse("unknown-bin", "bin", at.Bin))
	}
	if _, ok, err := v.SKU(at.SKU); err != nil || !ok {
		return orRefuse(err, floor.Refuse("unknown-sku", "got", at.SKU))
	}
	if len(at.No) > maxName || !utf8.ValidString(at.No) || strings.ContainsFunc(at.No, unicode.IsControl) {
		return floor.Refuse("bad-lot", "got", at.No, "max", maxName)
	}
	if _, err := time.Parse(time.DateOnly, at.Expiry); at.Expiry != "" && err != nil {
		return floor.Refuse("bad-expiry", "got", at.Expiry)
	}
	return nil
}

// FirstCount takes over what a site says lies in bins that were never counted, pool
// by pool, at most 1,000 rows at once. Rows of which FirstSeen says no are left out.
// An unknown bin or SKU refuses the whole.
func (f *Foreman) FirstCount(ctx context.Context, by By, rows []floor.Stock) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		var facts []floor.Fact
		for _, s := range rows {
			if err := v.spot(s.Spot); err != nil {
				return nil, err
			}
			fresh, err := FirstSeen(v.View, s.Spot)
			if err != nil {
				return nil, err
			}
			if !fresh || s.OnHand < 0 || s.Inspection < 0 || s.Transit < 0 || s.Inspection > s.OnHand {
				continue
			}
			facts = append(facts, floor.StockCounted{Spot: s.Spot, Qty: s.OnHand, Why: "load"})
			if s.Inspection > 0 {
				facts = append(facts, floor.StockMoved{
					SKU: s.SKU, Lot: s.Lot, Qty: s.Inspection, Why: "load",
					From: floor.Place{Bin: s.Bin, Pool: floor.Sellable}, To: floor.Place{Bin: s.Bin, Pool: floor.Inspection},
				})
			}
			if s.Transit > 0 {
				facts = append(facts, floor.StockMoved{SKU: s.SKU, Lot: s.Lot, Qty: s.Transit, Why: "load", To: floor.Place{Bin: s.Bin, Pool: floor.Transit}})
			}
		}
		return facts, nil
	})
}

// FirstSeen reports whether nothing was ever said of a spot: neither of it, nor of its
// bin without lots if it is a lot, nor of lots there if it is none.
func FirstSeen(v *ledger.View, at floor.Spot) (bool, error) {
	bare := floor.Spot{Bin: at.Bin, SKU: at.SKU}
	counted, err := v.Counted(at.Bin, at.SKU)
	if err != nil || !counted || at == bare {
		return err == nil && !counted, err
	}
	for _, x := range []floor.Spot{at, bare} {
		if _, known, err := v.StockAt(x); err != nil || known {
			return false, err
		}
	}
	return true, nil
}

// MoveStock moves pieces between pools, or in and out of the house: a lead sets goods
// aside for inspection and passes or scraps them, says what is on its way, and
// receives it. Promises are no pool that anybody moves by hand.
func (f *Foreman) MoveStock(ctx context.Context, by By, x floor.StockMoved) (ledger.Receipt, error) {
	x.Task, x.Stop, x.Person = "", 0, ""
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		switch {
		case x.Qty < 1 || x.Qty > MaxCount:
			return nil, floor.Refuse("bad-qty", "got", x.Qty, "max", MaxCount)
		case len(x.Why) > maxName || !utf8.ValidString(x.Why):
			return nil, floor.Refuse("text-too-long", "max", maxName)
		case x.From == x.To:
			return nil, floor.Refuse("bad-pool", "got", x.To.Pool)
		}
		for _, p := range []floor.Place{x.From, x.To} {
			if p == (floor.Place{}) {
				continue
			}
			if p.Pool != floor.Sellable && p.Pool != floor.Inspection && p.Pool != floor.Transit {
				return nil, floor.Refuse("bad-pool", "got", p.Pool)
			}
			at := floor.Spot{Bin: p.Bin, SKU: x.SKU, Lot: x.Lot}
			if err := v.spot(at); err != nil {
				return nil, err
			}
			s, _, err := v.StockAt(at)
			if err != nil {
				return nil, err
			}
			if have := s.In(p.Pool); p == x.From && have < x.Qty {
				return nil, floor.Refuse("pool-lacks", "bin", at.Bin, "sku", at.SKU, "pool", p.Pool, "have", have, "qty", x.Qty)
			}
			if room := MaxCount - s.OnHand - s.Transit; p == x.To && room < x.Qty {
				return nil, floor.Refuse("bad-qty", "got", x.Qty, "max", room)
			}
		}
		return []floor.Fact{x}, nil
	})
}
