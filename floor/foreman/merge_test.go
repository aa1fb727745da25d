package foreman_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/sync/ledger"
	"floord/wave"
)

// merge allocates orders and makes one of them.
func (s *site) merge(numbers ...string) floor.Order {
	s.t.Helper()
	var all []foreman.Member
	mark := s.order(numbers[0]).Token
	for _, n := range numbers {
		s.ok(s.f.Allocate(s.t.Context(), s.root(), s.id(n)))
		all = append(all, foreman.Member{ID: s.id(n), Mark: mark})
	}
	s.ok(s.f.Merge(s.t.Context(), s.root(), "one", all))
	return s.whole(numbers[0])
}

// whole gives the order that an order goes in.
func (s *site) whole(number string) (o floor.Order) {
	s.t.Helper()
	in := s.order(number).In
	s.read(func(v *ledger.View) (err error) { o, _, err = v.Order(in); return err })
	return o
}

// walk releases one order and has the picker take the task.
func (s *site) walk(o floor.Order) floor.Task {
	s.t.Helper()
	layout, err := wave.InferLayout(foreman.Places(bins))
	if err != nil {
		s.t.Fatal(err)
	}
	p := wave.Plan(s.t.Context(), wave.Snapshot{Layout: layout, FreePickers: 1, Orders: []wave.Order{foreman.Plannable(o, nil)}},
		wave.Rules{TotesPerCart: 9, MinFill: 1, MetresPerSecond: 1}, monday)
	s.ok(s.f.Release(s.t.Context(), s.root(), p.Waves[0]))
	return s.take()
}

// open opens the parcel of what was scanned and verifies all of it.
func (s *site) verified(code string) floor.ParcelID {
	s.t.Helper()
	id, err := s.f.OpenParcel(s.t.Context(), s.by(packer), "pack-1", code)
	if err != nil {
		s.t.Fatal(err)
	}
	var note string
	s.read(func(v *ledger.View) error {
		o, _, err := v.Order(s.parcel(id).Order)
		note = o.NoteMark()
		return err
	})
	if note != "" {
		s.ok(s.f.ReadNote(s.t.Context(), s.by(packer), id, note))
	}
	for _, i := range s.parcel(id).Items {
		s.ok(s.f.Verify(s.t.Context(), s.by(packer), id, string(i.SKU), i.Qty))
	}
	return id
}

func (s *site) sealedOf(code string) floor.Parcel {
	s.t.Helper()
	id := s.verified(code)
	s.ok(s.f.Weigh(s.t.Context(), s.by(packer), id, s.weight(id)))
	s.ok(s.f.Seal(s.t.Context(), s.by(packer), id))
	return s.parcel(id)
}

func (s *site) reports() (of []floor.OrderID) {
	for _, e := range s.outbox("shop/pdd-main") {
		if e.What == floor.EffectShipReport {
			of = append(of, e.Order)
		}
	}
	return of
}

// TestMergedWholeWay has three orders to one buyer go as one parcel: picked and packed
// once, one number, and each of them reported.
func TestMergedWholeWay(t *testing.T) {
	s := newSite(t)
	two := shopOrder("2", "SK03", 2)
	two.BuyerNote, two.ShipBy = "请轻放", monday.Add(12*time.Hour)
	elsewhere := shopOrder("4", "SK03", 1)
	elsewhere.To.Detail = "另一条路9号"
	s.receive(shopOrder("1", "TS01", 2, "SK03", 1), two, shopOrder("3", "TS01", 1), elsewhere)
	g := s.merge("1", "2", "3", "4")
	if !slices.Equal(g.Of, []floor.OrderID{s.id("1"), s.id("2"), s.id("3")}) || s.order("4").In != "" {
		t.Fatalf("one order is made of %v; want of 1, 2 and 3", g.Of)
	}
	if !g.ShipBy.Equal(two.ShipBy) || g.Note != two.BuyerNote {
		t.Errorf("it is due %v with the note %q; want the earliest clock and what any note says", g.ShipBy, g.Note)
	}
	task := s.walk(g)
	if len(task.Slots) != 1 || s.order("2").State != floor.Waved {
		t.Fatalf("the walk has slots %+v, order 2 is %s; want one tote for all", task.Slots, s.order("2").State)
	}
	s.pickAll(task)
	p := s.sealedOf(string(s.order("3").Tote))
	s.printed(p)
	if n := len(p.Items); n != 4 {
		t.Errorf("the parcel holds %d lines; want 4", n)
	}
	if err := s.handOver(p); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"1", "2", "3"} {
		if o := s.order(n); o.State != floor.HandedOver || o.HandedAt.IsZero() || !slices.Equal(o.Parcels, []floor.ParcelID{p.ID}) {
			t.Errorf("order %s is %s in %v; want it handed over in %s", n, o.State, o.Parcels, p.ID)
		}
	}
	if got := s.reports(); !slices.Equal(got, g.Of) {
		t.Errorf("reported are %v; want %v", got, g.Of)
	}
	parcels, rows := 0, 0
	s.read(func(v *ledger.View) error {
		f, err := v.Figures()
		if f.ByState[floor.HandedOver] != 3 || f.Counts["sealed"] != 1 {
			t.Errorf("figures %+v; want three orders in one parcel", f)
		}
		return errors.Join(err, v.Ship(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), func(r floor.ShipRow) bool {
			rows, parcels = rows+1, parcels+r.Parcels
			return true
		}))
	})
	if rows != 4 || parcels != 1 {
		t.Errorf("the report has %d orders and %d parcels; want 4 and 1", rows, parcels)
	}
	s.checkViews()
}

// TestMergedLoses takes one order out of three at every stage, by a cancel and by
// another address: it never leaves with the others, the others do, and what was picked
// of it goes back.
func TestMergedLoses(t *testing.T) {
	const allocated, waved, picking, picked, open, weighed, labelled = 0, 1, 2, 3, 4, 5, 6
	for _, stage := range []int{allocated, waved, picking, picked, open, weighed, labelled} {
		for _, why := range []floor.FreezeWhy{floor.FreezeCancel, floor.FreezeAddress} {
			for _, n := range []string{"1", "2"} { // the first gave the recipient
				t.Run(fmt.Sprintf("stage %d %s %s", stage, why, n), func(t *testing.T) {
					s := newSite(t)
					s.receive(shopOrder("1", "TS01", 1), shopOrder("2", "SK03", 2), shopOrder("3", "TS01", 1))
					g := s.merge("1", "2", "3")
					var task floor.Task
					var p floor.Parcel
					if stage >= waved {
						task = s.walk(g)
					}
					if stage == picking {
						for _, stop := range task.Stops[:2] {
							if err := s.pick(task, stop); err != nil {
								t.Fatal(err)
							}
						}
					}
					if stage >= picked {
						s.pickAll(task)
					}
					if stage >= open {
						p = s.parcel(s.verified(string(s.order("1").Tote)))
					}
					if stage >= weighed {
						s.ok(s.f.Weigh(t.Context(), s.by(packer), p.ID, s.weight(p.ID)))
					}
					if stage >= labelled {
						s.ok(s.f.Seal(t.Context(), s.by(packer), p.ID))
						p = s.parcel(p.ID)
						s.printed(p)
					}
					off := shopOrder(n, map[string][]any{"1": {"TS01", 1}, "2": {"SK03", 2}}[n]...)
					off.ModifiedAt, off.Content = monday.Add(time.Minute), "off"
					if why == floor.FreezeCancel {
						off.State = floor.ShopCancelled
					} else {
						off.To.Detail = "新地址7号"
					}
					s.receive(off)
					o := s.order(n)
					if stage >= waved && o.State != floor.Closed { // a cancel that nobody holds ends at once
						if o.Freeze == nil || s.whole(n).Freeze == nil {
							t.Fatalf("order %s is %s, frozen %v; want it to stop all hands", n, o.State, o.Freeze)
						}
						if stage == labelled {
							err := s.handOver(p)
							var no *floor.Refusal
							if !errors.As(err, &no) || no.Code != "frozen" || fmt.Sprint(no.Args["order"]) != string(o.ID) {
								t.Fatalf("the handover says %v; want that %s is frozen", err, o.ID)
							}
						}
						if why == floor.FreezeAddress {
							s.ok(s.f.Thaw(t.Context(), s.by(lead), o.ID))
						} else {
							s.ok(s.f.Close(t.Context(), s.by(lead), o.ID, "cancelled"))
						}
					}
					o = s.order(n)
					want := floor.Closed
					switch {
					case why == floor.FreezeAddress && stage == allocated:
						want = floor.Allocated
					case why == floor.FreezeAddress:
						want = floor.Checked
					}
					if o.In != "" || o.State != want {
						t.Fatalf("order %s is %s in %q; want %s, alone", n, o.State, o.In, want)
					}
					if why == floor.FreezeAddress { // it goes by itself
						s.ok(s.f.Allocate(t.Context(), s.root(), o.ID))
						if o := s.order(n); o.State != floor.Allocated {
							t.Errorf("order %s is %s; want it allocated again", n, o.State)
						}
					}
					// The others go on.
					rest := map[string]string{"1": "2", "2": "1"}[n]
					g = s.whole(rest)
					if stage == allocated {
						task = s.walk(g)
					}
					for task.ID != "" && s.task(task.ID).State == floor.TaskRunning {
						now := s.task(task.ID)
						stop := now.Next(nil)
						if err := s.pick(now, *stop); err != nil {
							t.Fatal(err)
						}
					}
					if g = s.whole(rest); g.State != floor.Picked {
						t.Fatalf("the others are %s; want them picked, to be packed", g.State)
					}
					q := s.sealedOf(string(s.id(rest)))
					for _, i := range q.Items {
						if g.Line(i.Line).Of == o.ID {
							t.Errorf("the parcel holds line %d of the order that left", i.Line)
						}
					}
					s.printed(q)
					if err := s.handOver(q); err != nil {
						t.Fatal(err)
					}
					if o := s.order(n); !o.HandedAt.IsZero() {
						t.Errorf("order %s left with the others", n)
					}
					if got := s.reports(); len(got) != 2 || slices.Contains(got, o.ID) {
						t.Errorf("reported are %v; want the two others", got)
					}
					s.checkViews()
				})
			}
		}
	}
}

// TestSplitByRule packs an order into the parcels that the site's rules want.
func TestSplitByRule(t *testing.T) {
	by, err := rules.Parse("rules.toml", []byte(`
[[split]]
name = "冷藏分开"
when = '"cold" in classes && len(classes) > 1'
by_class = true

[[split]]
name = "超重"
when = 'grams > 500'
max_grams = 500

[[split]]
name = "保价"
when = 'value_fen > 300_00'
max_fen = 300_00
`))
	if err != nil {
		t.Fatal(err)
	}
	s := newSiteOf(t, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1"}, Rules: by,
		Reports: func(floor.ChannelID) bool { return true },
	})
	s.ok(s.f.SetSKUs(t.Context(), s.root(), []floor.SKUInfo{{SKU: "SK03", Name: "冰淇淋", Grams: 90, Class: "cold", Value: 140_00}}))
	s.receive(shopOrder("1", "TS01", 1, "SK03", 2), shopOrder("2", "TS01", 4), shopOrder("3", "SK03", 3))
	for _, tt := range []struct {
		number string
		want   [][]floor.SKUQty
	}{
		{"1", [][]floor.SKUQty{{{SKU: "TS01", Qty: 1}}, {{SKU: "SK03", Qty: 2}}}},
		{"2", [][]floor.SKUQty{{{SKU: "TS01", Qty: 2}}, {{SKU: "TS01", Qty: 2}}}},
		{"3", [][]floor.SKUQty{{{SKU: "SK03", Qty: 2}}, {{SKU: "SK03", Qty: 1}}}},
	} {
		s.pickAll(s.release(tt.number))
		numbers := map[floor.WaybillNo]bool{}
		for i, want := range tt.want {
			p := s.pack(tt.number)
			var has []floor.SKUQty
			for _, x := range p.Items {
				has = append(has, floor.SKUQty{SKU: x.SKU, Qty: x.Qty})
			}
			if !slices.Equal(has, want) {
				t.Errorf("parcel %d of order %s holds %v; want %v", i+1, tt.number, has, want)
			}
			numbers[p.Waybill] = true
			s.printed(p)
			if i == len(tt.want)-1 {
				for _, id := range s.order(tt.number).Parcels {
					if err := s.handOver(s.parcel(id)); err != nil {
						t.Error(err)
					}
				}
			}
		}
		if len(numbers) != len(tt.want) || s.order(tt.number).State != floor.HandedOver {
			t.Errorf("order %s went with %d numbers and is %s; want %d and all of it gone", tt.number, len(numbers), s.order(tt.number).State, len(tt.want))
		}
	}
	s.checkViews()
}

// TestMergeByRule: the rules say which orders go together.
func TestMergeByRule(t *testing.T) {
	r, err := rules.Parse("rules.toml", []byte(`
[[merge]]
name = "加急"
when = 'urgent'
within = "10m"

[[merge]]
name = "同一收件人"
when = '!urgent && shop != "b"'
max_orders = 3
max_grams = 1000
`))
	if err != nil {
		t.Fatal(err)
	}
	at := func(id, key string, minutes int, g rules.Goods) rules.Candidate {
		return rules.Candidate{Order: floor.OrderID(id), Key: key, At: monday.Add(time.Duration(minutes) * time.Minute), Goods: &g}
	}
	got := r.Merge([]rules.Candidate{
		at("3", "a", 20, rules.Goods{}), at("1", "a", 0, rules.Goods{}), at("2", "a", 10, rules.Goods{}), at("4", "a", 30, rules.Goods{}),
		at("5", "a", 300, rules.Goods{}),                                                   // too late for them
		at("6", "b", 0, rules.Goods{Grams: 900}), at("7", "b", 1, rules.Goods{Grams: 200}), // too heavy together
		at("8", "c", 0, rules.Goods{Urgent: true}), at("9", "c", 9, rules.Goods{Urgent: true}), // by the first rule
		at("10", "c", 5, rules.Goods{}),                                // by the other
		at("11", "", 0, rules.Goods{}), at("12", "", 0, rules.Goods{}), // to nobody that is known
		at("13", "d", 0, rules.Goods{Shop: "b"}), at("14", "d", 0, rules.Goods{Shop: "b"}), // no rule has them
	})
	want := []rules.Merged{{Rule: "同一收件人", Orders: []floor.OrderID{"1", "2", "3"}}, {Rule: "加急", Orders: []floor.OrderID{"8", "9"}}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Merge = %v; want %v", got, want)
	}
}
