package foreman_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

// A site is a foreman over a real ledger, with a small floor: three people, two
// handhelds, one station, two SKUs in three bins, waybill numbers.
type site struct {
	t *testing.T
	l *ledger.Ledger
	f *foreman.Foreman
	n int

	path string // of the ledger
}

var (
	picker = foreman.By{Person: "li.wei", Device: "pda-01"}
	packer = foreman.By{Person: "wang.fang", Device: "screen-1"}
	lead   = foreman.By{Person: "chen.jie", Device: "pda-02"}
)

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteOf(t, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}, {ID: "zto"}}, Stations: []floor.StationID{"pack-1"},
		Reports: func(floor.ChannelID) bool { return true },
	})
}

func newSiteOf(t *testing.T, o foreman.Options) *site {
	t.Helper()
	path := filepath.Join(t.TempDir(), "floor.db")
	l, err := ledger.Open(path, ledger.Options{DecideTwice: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	s := &site{t: t, l: l, path: path}
	s.f = foreman.New(l, o)
	s.people()
	s.goods()
	return s
}

// key gives a fresh request key; by puts one on an asker.
func (s *site) key() string { s.n++; return fmt.Sprintf("20261121/test/%06d", s.n) }

func (s *site) by(b foreman.By) foreman.By { b.Key = s.key(); return b }

func (s *site) root() foreman.By { return foreman.Floord(s.key()) }

func (s *site) ok(_ ledger.Receipt, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) people() {
	s.t.Helper()
	for id, role := range map[floor.PersonID]floor.Role{
		"li.wei": floor.RolePicker, "wang.fang": floor.RolePacker, "chen.jie": floor.RoleLead,
	} {
		s.ok(s.f.SetPerson(s.t.Context(), s.root(), floor.Person{ID: id, Name: string(id), Roles: []floor.Role{role}}, "badge-"+string(id)))
	}
	for _, d := range []struct {
		by      foreman.By
		screen  string
		station floor.StationID
	}{{picker, "pda", ""}, {packer, "station", "pack-1"}, {lead, "pda", ""}} {
		code, err := s.f.Invite(s.t.Context(), s.root(), d.by.Device, d.screen, d.station)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, _, err := s.f.Pair(s.t.Context(), code); err != nil {
			s.t.Fatal(err)
		}
		if _, _, err := s.f.Login(s.t.Context(), s.by(d.by), "badge-"+string(d.by.Person)); err != nil {
			s.t.Fatal(err)
		}
	}
}

var bins = []floor.BinInfo{
	{Bin: "A-01-01-1", Zone: "A", Aisle: 1, X: 0, Y: 2},
	{Bin: "A-01-05-1", Zone: "A", Aisle: 1, X: 0, Y: 6},
	{Bin: "A-02-03-1", Zone: "A", Aisle: 2, X: 4, Y: 4},
}

func (s *site) goods() {
	s.t.Helper()
	ctx := s.t.Context()
	s.ok(s.f.SetSKUs(ctx, s.root(), []floor.SKUInfo{
		{SKU: "TS01", Name: "纯棉T恤", Barcode: "6901234567892", Grams: 200},
		{SKU: "SK03", Name: "袜子三双装", Grams: 90},
	}))
	s.ok(s.f.SetBins(ctx, s.root(), bins))
	s.count("A-01-01-1", "TS01", 5)
	s.count("A-01-05-1", "TS01", 3)
	s.count("A-02-03-1", "SK03", 10)
	numbers := make([]floor.WaybillNo, 50)
	for i := range numbers {
		numbers[i] = floor.WaybillNo(fmt.Sprintf("SF%013d", i+1))
	}
	s.ok(s.f.PoolWaybills(ctx, s.root(), "sf", numbers))
}

func (s *site) count(bin floor.BinID, sku floor.SKU, n int) {
	s.t.Helper()
	s.ok(s.f.Count(s.t.Context(), s.root(), floor.Spot{Bin: bin, SKU: sku}, n, "load"))
}

var monday = time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)

// shopOrder is a paid order of a shop; lines are SKU and quantity in turn.
func shopOrder(number string, lines ...any) floor.ShopOrder {
	o := floor.ShopOrder{
		Channel: "pdd-main", Number: number, State: floor.ShopPaid, ModifiedAt: monday, PaidAt: monday,
		Pay: 3990, ShipBy: monday.Add(48 * time.Hour), Content: "c-" + number, Raw: []byte(`{"order_sn":"` + number + `"}`),
		To: floor.Recipient{Name: "张三", Phone: "13800000000", Province: "广东省", City: "深圳市", Detail: "示例路1号"},
	}
	for i := 0; i < len(lines); i += 2 {
		o.Lines = append(o.Lines, floor.ShopLine{SKU: floor.SKU(lines[i].(string)), Qty: lines[i+1].(int)})
	}
	return o
}

func (s *site) receive(orders ...floor.ShopOrder) foreman.Received {
	s.t.Helper()
	got, err := s.f.Receive(s.t.Context(), foreman.Intake{Key: s.key(), Channel: "pdd-main", Orders: orders})
	if err != nil {
		s.t.Fatal(err)
	}
	return got
}

// id finds an order by the shop's number.
func (s *site) id(number string) floor.OrderID {
	s.t.Helper()
	var id floor.OrderID
	s.read(func(v *ledger.View) error {
		var ok bool
		var err error
		if id, ok, err = v.OrderByNumber("pdd-main", "", number); !ok {
			s.t.Fatalf("no order %s: %v", number, err)
		}
		return err
	})
	return id
}

func (s *site) order(number string) floor.Order {
	s.t.Helper()
	id := s.id(number)
	var o floor.Order
	s.read(func(v *ledger.View) (err error) { o, _, err = v.Order(id); return err })
	return o
}

func (s *site) read(f func(*ledger.View) error) {
	s.t.Helper()
	if err := s.l.Read(f); err != nil {
		s.t.Fatal(err)
	}
}

// release allocates the orders and releases them as one wave, and has the picker
// take the task. Totes are bound to all slots.
func (s *site) release(numbers ...string) floor.Task {
	s.t.Helper()
	ctx := s.t.Context()
	var snap wave.Snapshot
	snap.FreePickers = 1
	var err error
	if snap.Layout, err = wave.InferLayout(foreman.Places(bins)); err != nil {
		s.t.Fatal(err)
	}
	for _, n := range numbers {
		s.ok(s.f.Allocate(ctx, s.root(), s.id(n)))
		snap.Orders = append(snap.Orders, foreman.Plannable(s.order(n), nil))
	}
	p := wave.Plan(ctx, snap, wave.Rules{TotesPerCart: 9, MinFill: 1, MetresPerSecond: 1}, monday)
	if len(p.Waves) != 1 {
		s.t.Fatalf("planned %d waves; want 1 (waiting %v, aside %v)", len(p.Waves), p.Waiting, p.SetAside)
	}
	s.ok(s.f.Release(ctx, s.root(), p.Waves[0]))
	return s.take()
}

// take has the picker take the next task and bind totes.
func (s *site) take() floor.Task {
	s.t.Helper()
	ctx := s.t.Context()
	id, err := s.f.Take(ctx, s.by(picker), "")
	if err != nil {
		s.t.Fatal(err)
	}
	t := s.task(id)
	for _, slot := range t.Slots {
		s.ok(s.f.BindTote(ctx, s.by(picker), id, slot.No, floor.ToteID(fmt.Sprintf("tote-%s-%d", id, slot.No))))
	}
	return s.task(id)
}

func (s *site) task(id floor.TaskID) floor.Task {
	var t floor.Task
	s.read(func(v *ledger.View) (err error) { t, _, err = v.Task(id); return err })
	return t
}

func (s *site) pick(t floor.Task, stop floor.Stop) error {
	_, err := s.f.Pick(s.t.Context(), s.by(picker), foreman.PickScan{
		Task: t.ID, Stop: stop.No, Bin: stop.Bin, Code: string(stop.SKU), Qty: stop.Left(),
	})
	return err
}

func (s *site) pickAll(t floor.Task) {
	s.t.Helper()
	for _, stop := range t.Stops {
		if err := s.pick(t, stop); err != nil {
			s.t.Fatal(err)
		}
	}
}

// pack packs an order up to its seal.
func (s *site) pack(number string) floor.Parcel {
	s.t.Helper()
	ctx := s.t.Context()
	o := s.order(number)
	id, err := s.f.OpenParcel(ctx, s.by(packer), "pack-1", string(o.Tote))
	if err != nil {
		s.t.Fatal(err)
	}
	if mark := o.NoteMark(); mark != "" {
		s.ok(s.f.ReadNote(ctx, s.by(packer), id, mark))
	}
	for _, i := range s.parcel(id).Items {
		s.ok(s.f.Verify(ctx, s.by(packer), id, string(i.SKU), i.Qty))
	}
	s.ok(s.f.Weigh(ctx, s.by(packer), id, s.weight(id)))
	s.ok(s.f.Seal(ctx, s.by(packer), id))
	return s.parcel(id)
}

func (s *site) weight(id floor.ParcelID) floor.Weight {
	w := floor.Weight{ZeroSeen: true}
	for _, i := range s.parcel(id).Items {
		w.Grams += map[floor.SKU]floor.Grams{"TS01": 200, "SK03": 90}[i.SKU] * floor.Grams(i.Qty)
	}
	return w
}

func (s *site) parcel(id floor.ParcelID) floor.Parcel {
	var p floor.Parcel
	s.read(func(v *ledger.View) (err error) { p, _, err = v.Parcel(id); return err })
	return p
}

// printed plays the printer's lane: the label came out.
func (s *site) printed(p floor.Parcel) {
	s.t.Helper()
	s.lane(p, func(e floor.Effect) []floor.Fact {
		return []floor.Fact{
			floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: p.Station},
			floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: p.Station, What: e.What, Outcome: "printed"},
		}
	})
}

// lane commits what the lane of p's printer says of its oldest row.
func (s *site) lane(p floor.Parcel, say func(floor.Effect) []floor.Fact) {
	s.t.Helper()
	_, err := s.l.Commit(s.t.Context(), ledger.Request{Key: s.key(), Actor: "floord", Urgent: true}, func(v *ledger.View) (facts []floor.Fact, err error) {
		err = v.Lane(foreman.PrinterLane(p.Station), func(e floor.Effect) bool { facts = say(e); return false })
		return facts, err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) handOver(p floor.Parcel) error {
	_, err := s.f.HandOver(s.t.Context(), s.by(packer), p.Carrier, string(p.Waybill))
	return err
}

// refused reports whether err is the refusal with that code.
func refused(err error, code string) bool {
	var r *floor.Refusal
	return errors.As(err, &r) && r.Code == code
}

// checkViews demands that the views are the fold of the journal.
func (s *site) checkViews() {
	s.t.Helper()
	v, err := s.l.Verify(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	if !v.OK() {
		s.t.Errorf("the ledger does not verify: %v", v.Problems)
	}
}
