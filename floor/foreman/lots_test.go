package foreman_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"

	"pgregory.net/rapid"
)

// inDays gives the site's day so many days from today.
func inDays(n int) string {
	return time.Now().In(time.FixedZone("UTC+8", 8*3600)).AddDate(0, 0, n).Format(time.DateOnly)
}

func lotOf(no string, days int) floor.Lot { return floor.Lot{No: no, Expiry: inDays(days)} }

func (s *site) stock(at floor.Spot) (x floor.Stock) {
	s.t.Helper()
	s.read(func(v *ledger.View) (err error) { x, _, err = v.StockAt(at); return err })
	return x
}

// milk is a SKU of which three lots lie in two bins, and asks for its lot.
func (s *site) milk() (old, mid, late floor.Spot) {
	s.t.Helper()
	ctx := s.t.Context()
	s.ok(s.f.SetSKUs(ctx, s.root(), []floor.SKUInfo{{SKU: "MILK", Name: "鲜牛奶", Grams: 250, MinDays: 2, Ask: []string{floor.AskLot}}}))
	old = floor.Spot{Bin: "A-01-01-1", SKU: "MILK", Lot: lotOf("L1", 5)}
	mid = floor.Spot{Bin: "A-01-01-1", SKU: "MILK", Lot: lotOf("L2", 9)}
	late = floor.Spot{Bin: "A-02-03-1", SKU: "MILK", Lot: lotOf("L3", 30)}
	gone := floor.Spot{Bin: "A-02-03-1", SKU: "MILK", Lot: lotOf("L0", 1)} // not good for two days
	for at, n := range map[floor.Spot]int{old: 2, mid: 3, late: 10, gone: 50} {
		s.ok(s.f.Count(ctx, s.root(), at, n, "load"))
	}
	return old, mid, late
}

// What expires first is promised first, the walk says which lot, and a scan of
// another is refused; a short is of its lot, and the next one makes good for it.
func TestLotsArePools(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	old, mid, late := s.milk()
	s.receive(shopOrder("a", "MILK", 4))
	task := s.release("a")
	var got []string
	for _, x := range task.Stops {
		got = append(got, fmt.Sprint(x.Bin, " ", x.No, x.Lot, x.Qty))
	}
	if want := []string{fmt.Sprint("A-01-01-1 ", 1, old.Lot, 2), fmt.Sprint("A-01-01-1 ", 2, mid.Lot, 2)}; !slices.Equal(got, want) {
		t.Fatalf("the walk is %q; want %q", got, want)
	}
	scan := foreman.PickScan{Task: task.ID, Stop: 1, Bin: old.Bin, Code: "MILK", Qty: 2}
	for _, no := range []struct {
		lot  floor.Lot
		want string
	}{{floor.Lot{}, "lot-needed"}, {mid.Lot, "wrong-lot"}, {floor.Lot{No: "L1", Expiry: mid.Expiry}, "wrong-lot"}} {
		scan.Lot = no.lot
		if _, err := s.f.Pick(ctx, s.by(picker), scan); !refused(err, no.want) {
			t.Errorf("lot %v: %v; want %s", no.lot, err, no.want)
		}
	}
	scan.Lot = floor.Lot{No: "L1"}
	s.ok(s.f.Pick(ctx, s.by(picker), scan))
	s.ok(s.f.CheckBin(ctx, s.by(picker), task.ID, 1, false))
	s.ok(s.f.Short(ctx, s.by(picker), task.ID, 2, "empty"))
	task = s.task(task.ID)
	if x := task.Stops[len(task.Stops)-1]; x.Spot() != late || x.Qty != 2 {
		t.Errorf("in place of the short: %+v", x)
	}
	if a, b, c := s.stock(old), s.stock(mid), s.stock(late); a.OnHand != 0 || b.OnHand != 0 || c.Reserved != 2 {
		t.Errorf("after the short: %+v, %+v, %+v", a, b, c)
	}
	var wanted []string
	s.read(func(v *ledger.View) error {
		return v.CountsWanted(func(c floor.CountWanted) bool { wanted = append(wanted, c.No+" "+c.Why); return true })
	})
	if want := []string{"L1 not-empty", "L2 short"}; !slices.Equal(wanted, want) {
		t.Errorf("to be counted: %q; want %q", wanted, want)
	}
	s.ok(s.f.Count(ctx, s.by(lead), old, 0, "count")) // as booked: the wish ends with it
	s.ok(s.f.Count(ctx, s.by(lead), mid, 3, "count"))
	s.read(func(v *ledger.View) error {
		return v.CountsWanted(func(c floor.CountWanted) bool { t.Errorf("still to be counted: %+v", c); return true })
	})
	s.ok(s.f.Pick(ctx, s.by(picker), foreman.PickScan{Task: task.ID, Stop: 3, Bin: late.Bin, Code: "MILK", Qty: 2, Pieces: floor.Pieces{Lot: floor.Lot{No: "L3"}}}))

	// A cancel brings each piece back to its lot.
	s.ok(s.f.Freeze(ctx, s.by(lead), s.id("a"), floor.FreezeLead))
	s.ok(s.f.Close(ctx, s.by(lead), s.id("a"), "lead"))
	back := s.take()
	for _, x := range back.Stops {
		s.ok(s.f.PutBack(ctx, s.by(picker), foreman.PickScan{Task: back.ID, Stop: x.No, Bin: x.Bin, Code: "MILK", Qty: x.Qty}))
	}
	if a, b, c := s.stock(old), s.stock(mid), s.stock(late); a.OnHand != 2 || b.OnHand != 3 || c.OnHand != 10 || c.Reserved != 0 {
		t.Errorf("after the put-back: %+v, %+v, %+v", a, b, c)
	}
	s.checkViews()
}

// Pieces that are not good for long enough are no oversale, and a promise of a lot
// ends with its day.
func TestShelfLife(t *testing.T) {
	s := newSite(t).with(foreman.Options{MaxShorts: 1})
	ctx := t.Context()
	s.milk()
	for i := range 4 {
		n := fmt.Sprint(i)
		s.receive(shopOrder(n, "MILK", 16)) // 15 are good for two days
		s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
		if o := s.order(n); o.State != floor.Checked || !o.Short || o.ShortWhy != "shelf-life" {
			t.Errorf("%s: %s short for %q", n, o.State, o.ShortWhy)
		}
	}
	if !s.shortage("MILK").Stopped.IsZero() {
		t.Error("it was stopped for an oversale")
	}
	past := floor.Spot{Bin: "A-02-03-1", SKU: "SK03", Lot: lotOf("old", -1)}
	s.ok(s.f.Count(ctx, s.root(), past, 5, "load"))
	s.receive(shopOrder("p", "SK03", 1))
	id := s.id("p")
	_, err := s.l.Commit(ctx, ledger.Request{Key: s.key(), Actor: "floord"}, func(*ledger.View) ([]floor.Fact, error) { // promised yesterday
		return []floor.Fact{floor.StockReserved{Order: id, All: true, Of: []floor.Reservation{{Line: 1, SKU: "SK03", Bin: past.Bin, Qty: 1, Lot: past.Lot}}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.ok(s.f.Expire(ctx, s.root(), id))
	s.ok(s.f.Allocate(ctx, s.root(), id))
	if o := s.order("p"); o.State != floor.Allocated || o.Lines[0].Reserved[0].Lot != (floor.Lot{}) {
		t.Errorf("it is %s with %+v", o.State, o.Lines[0].Reserved)
	}
	s.checkViews()
}

// What is promised for show is what would be promised: the lot that expires first, from
// no reserve bin, and an order that lacks a piece takes none from those behind it.
func TestPretendIsAllocate(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	old, mid, late := s.milk()
	s.ok(s.f.SetBins(ctx, s.root(), []floor.BinInfo{{Bin: "R-01", Zone: "R", Aisle: 9, X: 30, Reserve: true}}))
	s.ok(s.f.Count(ctx, s.root(), floor.Spot{Bin: "R-01", SKU: "MILK", Lot: lotOf("LR", 4)}, 9, "load"))
	numbers := []string{"a", "b", "c", "d"}
	s.receive(shopOrder("a", "MILK", 1, "MILK", 2), shopOrder("b", "TS01", 1, "MILK", 13), shopOrder("c", "MILK", 4, "TS01", 8), shopOrder("d", "MILK", 9))
	shown := map[string][]floor.Line{}
	s.read(func(v *ledger.View) error {
		promise := s.f.Pretend(v)
		for _, n := range numbers {
			o, _, err := v.Order(s.id(n))
			if err != nil {
				return err
			}
			there, err := promise(&o)
			if err != nil {
				return err
			}
			if want := n == "a" || n == "c"; there != want {
				t.Errorf("%s: there %v; want %v", n, there, want)
			}
			shown[n] = o.Lines
		}
		return nil
	})
	want := [][]floor.BinQty{{{Lot: old.Lot, Bin: old.Bin, Qty: 1}}, {{Lot: old.Lot, Bin: old.Bin, Qty: 1}, {Lot: mid.Lot, Bin: mid.Bin, Qty: 1}}}
	for i, l := range shown["a"] {
		if !slices.Equal(l.Reserved, want[i]) {
			t.Errorf("line %d: %+v; want %+v", l.No, l.Reserved, want[i])
		}
	}
	for _, n := range numbers {
		s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
		for i, l := range s.order(n).Lines {
			if !slices.Equal(l.Reserved, shown[n][i].Reserved) {
				t.Errorf("%s line %d is promised %+v, for show %+v", n, l.No, l.Reserved, shown[n][i].Reserved)
			}
		}
	}
	if x := s.stock(late); x.Reserved != 2 {
		t.Errorf("of the last lot: %+v", x)
	}
}

// A bin that nobody gets to gives nothing as long as another one can.
func TestUnreachedBinComesLast(t *testing.T) {
	s := newSite(t)
	s.f = foreman.New(s.l, foreman.Options{Reaches: func(b floor.BinID) bool { return b != "A-01-01-1" }})
	old, mid, late := s.milk()
	s.receive(shopOrder("a", "MILK", 10), shopOrder("b", "MILK", 3))
	for _, n := range []string{"a", "b"} {
		s.ok(s.f.Allocate(t.Context(), s.root(), s.id(n)))
	}
	if got := []int{s.stock(late).Reserved, s.stock(old).Reserved, s.stock(mid).Reserved}; !slices.Equal(got, []int{10, 2, 1}) {
		t.Errorf("promised %v", got)
	}
}

// Facts from before there were lots are of no lot, and a bin that was counted without
// lots is not counted twice by a file with them.
func TestFactsWithoutLots(t *testing.T) {
	f, err := floor.DecodeFact("stock.counted/1", []byte(`{"bin":"A-01","sku":"TS01","qty":4,"why":"load"}`))
	if want := (floor.StockCounted{Spot: floor.Spot{Bin: "A-01", SKU: "TS01"}, Qty: 4, Why: "load"}); err != nil || f != want {
		t.Errorf("%+v, %v", f, err)
	}
	f, err = floor.DecodeFact("line.picked/1", []byte(`{"task":"T-1","stop":1,"bin":"A-01","sku":"TS01","qty":1,"tote":"t","lot":"L1","expiry":"2026-11-30","serials":["S"]}`))
	if x, ok := f.(floor.LinePicked); err != nil || !ok || x.No != "L1" || x.Expiry != "2026-11-30" || len(x.Serials) != 1 {
		t.Errorf("%+v, %v", f, err)
	}
	s := newSite(t)
	s.ok(s.f.FirstCount(t.Context(), s.root(), []floor.Stock{
		{Spot: floor.Spot{Bin: "A-01-01-1", SKU: "TS01", Lot: lotOf("L1", 5)}, OnHand: 100},
		{Spot: floor.Spot{Bin: "A-01-01-1", SKU: "SK03", Lot: lotOf("L1", 5)}, OnHand: 7, Inspection: 2, Transit: 3},
		{Spot: floor.Spot{Bin: "A-01-01-1", SKU: "SK03", Lot: lotOf("L2", 5)}, OnHand: 1},
	}))
	if x := s.stock(floor.Spot{Bin: "A-01-01-1", SKU: "TS01", Lot: lotOf("L1", 5)}); x.OnHand != 0 {
		t.Errorf("%+v beside the five that were counted", x)
	}
	x := s.stock(floor.Spot{Bin: "A-01-01-1", SKU: "SK03", Lot: lotOf("L1", 5)})
	if got := []int{x.Sellable(), x.Reserved, x.Inspection, x.Transit}; !slices.Equal(got, []int{5, 0, 2, 3}) {
		t.Errorf("pools %v", got)
	}
	s.checkViews()
}

// shelves is a run of random counts, moves, promises and cancels over lots.
type shelves struct {
	*site
	pools map[floor.Spot]map[floor.Pool]int // as the acts left them
	n     int
	open  []string
}

// TestFEFO: whatever happens, nothing is oversold, no piece appears or vanishes
// between the pools, and no later lot is promised while an earlier one is there that
// is good for long enough.
func TestFEFO(t *testing.T) {
	flag.Set("rapid.checks", "10") // each has a ledger of its own, and 150 steps
	t.Cleanup(func() { flag.Set("rapid.checks", "40") })
	reached := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		s := &shelves{site: newSite(t), pools: map[floor.Spot]map[floor.Pool]int{}}
		defer s.l.Close()
		ctx := t.Context()
		s.ok(s.f.SetSKUs(ctx, s.root(), []floor.SKUInfo{{SKU: "MILK", Name: "鲜牛奶", MinDays: 2}}))
		spot := rapid.Custom(func(rt *rapid.T) floor.Spot {
			at := floor.Spot{Bin: rapid.SampledFrom(bins).Draw(rt, "bin").Bin, SKU: "MILK"}
			if d := rapid.SampledFrom([]int{-1, 1, 2, 5, 5, 9, 0}).Draw(rt, "days"); d != 0 {
				at.Lot = lotOf(fmt.Sprint("L", rapid.IntRange(1, 2).Draw(rt, "lot")), d)
			}
			return at
		})
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) { s.balance(rt) },
			"count": func(rt *rapid.T) {
				at, n := spot.Draw(rt, "spot"), rapid.IntRange(0, 9).Draw(rt, "n")
				_, err := s.f.Count(ctx, s.root(), at, n, "count")
				p := s.pool(at)
				if held := p[floor.Reserved] + p[floor.Inspection]; (n < held) != refused(err, "below-reserved") {
					rt.Fatalf("counted %d at %+v, of which %d are held: %v", n, at, held, err)
				} else if err == nil {
					p[floor.Sellable] = n - held
				}
			},
			"move": func(rt *rapid.T) {
				at, n := spot.Draw(rt, "spot"), rapid.IntRange(1, 5).Draw(rt, "n")
				place := rapid.SampledFrom([]floor.Place{{}, {Bin: at.Bin, Pool: floor.Sellable}, {Bin: at.Bin, Pool: floor.Inspection}, {Bin: at.Bin, Pool: floor.Transit}})
				from, to := place.Draw(rt, "from"), place.Draw(rt, "to")
				_, err := s.f.MoveStock(ctx, s.root(), floor.StockMoved{SKU: at.SKU, Lot: at.Lot, Qty: n, From: from, To: to})
				p := s.pool(at)
				can := from != to && (from == floor.Place{} || p[from.Pool] >= n)
				if can != (err == nil) {
					rt.Fatalf("%d from %v to %v at %+v: %v", n, from, to, at, err)
				} else if can {
					p[from.Pool] -= n
					p[to.Pool] += n
					reached["moved"]++
				}
			},
			"order": func(rt *rapid.T) { s.allocate(rt, reached) },
			"cancel": func(rt *rapid.T) {
				if len(s.open) == 0 {
					rt.Skip()
				}
				i := rapid.IntRange(0, len(s.open)-1).Draw(rt, "which")
				n := s.open[i]
				s.open = slices.Delete(s.open, i, i+1)
				for _, b := range s.order(n).Lines[0].Reserved {
					p := s.pool(floor.Spot{Bin: b.Bin, SKU: "MILK", Lot: b.Lot})
					p[floor.Reserved] -= b.Qty
					p[floor.Sellable] += b.Qty
				}
				s.ok(s.f.Freeze(ctx, s.by(lead), s.id(n), floor.FreezeLead))
				s.ok(s.f.Close(ctx, s.by(lead), s.id(n), "lead"))
			},
		})
		s.checkViews()
	})
	for _, deep := range []string{"moved", "promised", "two lots", "short", "shelf-life"} {
		if reached[deep] == 0 {
			t.Errorf("no run reached %q: %v", deep, reached)
		}
	}
}

func (s *shelves) pool(at floor.Spot) map[floor.Pool]int {
	if s.pools[at] == nil {
		s.pools[at] = map[floor.Pool]int{}
	}
	return s.pools[at]
}

// allocate takes an order in and promises it what it can get.
func (s *shelves) allocate(rt *rapid.T, reached map[string]int) {
	s.n++
	n, qty := fmt.Sprint(s.n), rapid.IntRange(1, 6).Draw(rt, "qty")
	s.receive(shopOrder(n, "MILK", qty))
	s.open = append(s.open, n)
	from := inDays(2) // a day may end meanwhile: what was good enough for either is fine
	s.ok(s.f.Allocate(s.t.Context(), s.root(), s.id(n)))
	good := func(at floor.Spot) bool { return at.Expiry == "" || at.Expiry >= inDays(2) }
	o := s.order(n)
	if o.State != floor.Allocated {
		can := 0
		for at, p := range s.pools {
			if good(at) {
				can += p[floor.Sellable]
			}
		}
		if can >= qty {
			rt.Fatalf("%d wanted, %d there, and it is short (%q)", qty, can, o.ShortWhy)
		}
		reached["short"]++
		reached[o.ShortWhy]++
		return
	}
	reached["promised"]++
	last, sum, lots := "", 0, map[floor.Lot]bool{}
	for _, b := range o.Lines[0].Reserved {
		at := floor.Spot{Bin: b.Bin, SKU: "MILK", Lot: b.Lot}
		if at.Expiry != "" && at.Expiry < from {
			rt.Fatalf("%+v was promised: it is not good for two days", at)
		}
		p := s.pool(at)
		p[floor.Sellable] -= b.Qty
		p[floor.Reserved] += b.Qty
		sum += b.Qty
		last = max(last, never(b.Expiry))
		lots[b.Lot] = true
	}
	if len(lots) > 1 {
		reached["two lots"]++
	}
	if sum != qty {
		rt.Fatalf("%d promised, %d wanted", sum, qty)
	}
	for at, p := range s.pools {
		if p[floor.Sellable] > 0 && good(at) && never(at.Expiry) < last {
			rt.Fatalf("%s was promised while %d of %+v were free", last, p[floor.Sellable], at)
		}
	}
}

func never(day string) string {
	if day == "" {
		return "9999-12-31"
	}
	return day
}

// balance compares the views with what the acts did.
func (s *shelves) balance(rt *rapid.T) {
	seen := map[floor.Spot]bool{}
	s.read(func(v *ledger.View) error {
		all, err := v.StockOf("MILK")
		for _, x := range all {
			seen[x.Spot] = true
			for _, p := range []floor.Pool{floor.Sellable, floor.Reserved, floor.Inspection, floor.Transit} {
				if got, want := x.In(p), s.pool(x.Spot)[p]; got != want || got < 0 {
					rt.Fatalf("%s of %+v: %d; want %d", p, x.Spot, got, want)
				}
			}
		}
		return err
	})
	for at, p := range s.pools {
		if n := p[floor.Sellable] + p[floor.Reserved] + p[floor.Inspection] + p[floor.Transit]; n > 0 && !seen[at] {
			rt.Fatalf("%d pieces of %+v are not listed", n, at)
		}
	}
}
