package daemon

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/internal/config"
	"floord/sync/ledger"
)

// TestOneParcelOfTwoOrders: two orders that the platform lets go together are picked,
// packed and labelled once by the site's rule, and the shop hears one number for both.
func TestOneParcelOfTwoOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		by, err := rules.Parse("rules.toml", []byte("[[merge]]\nname = \"one\"\nwithin = \"1h\"\n"))
		if err != nil {
			t.Fatal(err)
		}
		b := inBubble(t, "pdd", pdd(), func(c *config.Config) {
			c.Orders.Rules = by
			c.Stations = []config.Station{{ID: "pack-1"}}
			c.Wave.MinFill = 1
			c.Carriers = []config.Carrier{{ID: "sf", Driver: "demo"}}
		})
		ctx := t.Context()
		must := func(_ ledger.Receipt, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		f := b.d.foreman
		must(f.SetSKUs(ctx, b.d.by("t"), []floor.SKUInfo{{SKU: "A", Name: "T恤", Grams: 200}}))
		must(f.SetBins(ctx, b.d.by("t"), []floor.BinInfo{{Bin: "A-01", Zone: "A", Aisle: 1, X: 1, Y: 1}, {Bin: "A-02", Zone: "A", Aisle: 2, X: 4, Y: 9}}))
		must(f.Count(ctx, b.d.by("t"), floor.Spot{Bin: "A-02", SKU: "A"}, 9, "load"))
		must(f.PoolWaybills(ctx, b.d.by("t"), "sf", []floor.WaybillNo{"SF1", "SF2"}))
		hand := foreman.By{Person: "li.wei", Device: "pda-1"}
		desk := foreman.By{Person: "wang.fang", Device: "screen-1"}
		key := func(w foreman.By) foreman.By { w.Key = b.d.by("t").Key; return w }
		for _, w := range []struct {
			by      foreman.By
			role    floor.Role
			screen  string
			station floor.StationID
		}{{hand, floor.RolePicker, "pda", ""}, {desk, floor.RolePacker, "station", "pack-1"}} {
			must(f.SetPerson(ctx, b.d.by("t"), floor.Person{ID: w.by.Person, Name: "x", Roles: []floor.Role{w.role}}, "badge-"+string(w.by.Person)))
			code, err := f.Invite(ctx, b.d.by("t"), w.by.Device, w.screen, w.station)
			if err == nil {
				_, _, err = f.Pair(ctx, code)
			}
			if err == nil {
				_, _, err = f.Login(ctx, key(w.by), "badge-"+string(w.by.Person))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if b.d.planner, err = newPlanner(b.d); err != nil {
			t.Fatal(err)
		}
		ns := []string{b.place(30 * time.Hour), b.place(30 * time.Hour)}
		b.run(b.pull, b.lane, b.d.planner.run)
		after(11 * time.Minute)
		o, _ := b.order(ns[0])
		if o.In == "" || o.State != floor.Waved {
			t.Fatalf("the first order is %s, in %q, key %q; want both in one parcel and in a wave", o.State, o.In, o.MergeKey)
		}
		id, err := f.Take(ctx, key(hand), "")
		if err != nil {
			t.Fatal(err)
		}
		must(f.BindTote(ctx, key(hand), id, 1, "tote-1"))
		for stop := 1; stop <= 2; stop++ {
			must(f.Pick(ctx, key(hand), foreman.PickScan{Task: id, Stop: stop, Bin: "A-02", Code: "A", Qty: 1}))
		}
		parcel, err := f.OpenParcel(ctx, key(desk), "pack-1", "tote-1")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			must(f.Verify(ctx, key(desk), parcel, "A", 1))
		}
		must(f.Weigh(ctx, key(desk), parcel, floor.Weight{Grams: 400, ZeroSeen: true}))
		must(f.Seal(ctx, key(desk), parcel))
		w, err := b.d.waybill(floor.Effect{Parcel: parcel, Order: o.In, Copy: 1})
		if err != nil || w.Number != "SF1" || len(w.Items) != 2 || w.Recipient.Name == "" || w.OrderNo != string(o.In) {
			t.Errorf("its label says %+v, %v", w, err)
		}
		b.printed(parcel)
		must(f.HandOver(ctx, key(desk), "sf", "SF1"))
		after(time.Minute)
		for _, n := range ns {
			if no, times := b.shop.Shipped(n); no != "SF1" || times != 1 {
				t.Errorf("the shop heard %d times of order %s, last %q", times, n, no)
			}
		}
		if slices.ContainsFunc(b.calls(), func(c string) bool { return strings.HasPrefix(c, "effect-refused") }) {
			t.Errorf("a person was called: %q", b.calls())
		}
	})
}

// printed says that a parcel's label came out.
func (b *bubble) printed(id floor.ParcelID) {
	b.t.Helper()
	_, err := b.d.ledger.Commit(b.t.Context(), ledger.Request{Key: b.d.by("t").Key, Actor: "floord", Urgent: true}, func(v *ledger.View) (facts []floor.Fact, err error) {
		err = v.Lane(foreman.PrinterLane("pack-1"), func(e floor.Effect) bool {
			facts = append(facts, floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: "pack-1"},
				floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: id, Station: "pack-1", What: e.What, Outcome: "printed"})
			return false
		})
		return facts, err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}
