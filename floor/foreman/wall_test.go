package foreman_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

var wall = floor.Wall{ID: "W1", Slots: 9}

// releaseAs releases the orders as one wave of that kind.
func (s *site) releaseAs(kind string, numbers ...string) (ledger.Receipt, error) {
	s.t.Helper()
	w := wave.Wave{Kind: kind}
	for i, n := range numbers {
		s.ok(s.f.Allocate(s.t.Context(), s.root(), s.id(n)))
		o := s.order(n)
		w.Orders = append(w.Orders, o.ID)
		for _, l := range o.Lines {
			for _, b := range l.Reserved {
				w.Stops = append(w.Stops, wave.Stop{Bin: b.Bin, SKU: l.SKU, Order: o.ID, Line: l.No, Slot: i + 1, Qty: b.Qty})
			}
		}
	}
	return s.f.Release(s.t.Context(), s.root(), w)
}

func (s *site) with(o foreman.Options) *site {
	o.Carriers, o.Stations = []floor.CarrierRule{{ID: "sf"}}, []floor.StationID{"pack-1"}
	s.f = foreman.New(s.l, o)
	return s
}

func wants(t *testing.T, err error, code string) {
	t.Helper()
	if !refused(err, code) {
		t.Errorf("got %v; want the refusal %s", err, code)
	}
}

// A batch from its release to the packed parcels: totals are picked with one scan
// for all orders, and sorted into slots that the wall gives out from the lowest.
func TestPutWall(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 1, "SK03", 2), shopOrder("2", "TS01", 2), shopOrder("3", "SK03", 1))
	_, err := s.releaseAs(wave.Wall, "1", "2", "3")
	wants(t, err, "no-wall")
	s.with(foreman.Options{Walls: []floor.Wall{wall}})
	_, err = s.releaseAs(wave.Wall, "1", "2", "3")
	s.ok(ledger.Receipt{}, err)
	id, err := s.f.Take(ctx, s.by(picker), "W-1")
	if err != nil {
		t.Fatal(err)
	}
	b := s.task(id)
	if b.Kind != floor.TaskBatch || len(b.Slots) != 0 {
		t.Fatalf("the task is %+v", b)
	}
	scan := func(bin floor.BinID, sku string, qty int) error {
		i := slices.IndexFunc(b.Stops, func(x floor.Stop) bool { return x.Bin == bin && string(x.SKU) == sku })
		_, err := s.f.Pick(ctx, s.by(picker), foreman.PickScan{Task: id, Stop: b.Stops[i].No, Bin: bin, Code: sku, Qty: qty})
		return err
	}
	bin := b.Stops[0].Bin
	wants(t, scan(bin, "TS01", 3), "batch-tote-needed")
	s.ok(s.f.BindTote(ctx, s.by(picker), id, 0, "big-1"))
	wants(t, scan(bin, "TS01", 4), "over-pick")
	for _, x := range b.Stops { // whatever bins the totals come from, one reach serves all
		n := 0
		for _, y := range s.task(id).Stops {
			if y.Bin == x.Bin && y.SKU == x.SKU {
				n += y.Left()
			}
		}
		if n > 0 {
			s.ok(ledger.Receipt{}, scan(x.Bin, string(x.SKU), n))
		}
	}
	if o := s.order("1"); o.State != floor.Picking || o.Lines[0].Picked != 1 {
		t.Errorf("after the batch order 1 is %s with %+v", o.State, o.Lines)
	}
	_, err = s.f.OpenParcel(ctx, s.by(packer), "pack-1", "big-1")
	wants(t, err, "not-sorted")

	sort, err := s.f.Take(ctx, s.by(picker), "")
	if err != nil {
		t.Fatal(err)
	}
	task := s.task(sort)
	if task.Kind != floor.TaskSort || len(task.Slots) != 3 || len(task.Totes) != 1 {
		t.Fatalf("the sorting is %+v", task)
	}
	put := func(stop floor.Stop, slot floor.ToteID) error {
		_, err := s.f.Put(ctx, s.by(picker), foreman.PutScan{Task: sort, Stop: stop.No, Code: string(stop.SKU), Qty: stop.Left(), Slot: slot})
		return err
	}
	wants(t, put(task.Stops[0], "W1-01"), "wall-needed")
	_, err = s.f.UseWall(ctx, s.by(picker), sort, "W9")
	wants(t, err, "unknown-wall")
	s.ok(s.f.UseWall(ctx, s.by(picker), sort, "W1"))
	wants(t, put(task.Stops[0], "W1-02"), "wrong-slot")
	for i, x := range task.Stops {
		slot := floor.ToteID(fmt.Sprintf("W1-%02d", x.Slot))
		if err := put(x, slot); err != nil {
			t.Fatalf("stop %d %+v: %v", i, x, err)
		}
	}
	if got := s.task(sort); got.State != floor.TaskEnded {
		t.Errorf("the sorting is %s", got.State)
	}
	for i, n := range []string{"1", "2", "3"} {
		if o := s.order(n); o.State != floor.Picked || o.Tote != wall.Slot(i+1) {
			t.Errorf("order %s is %s in %s", n, o.State, o.Tote)
		}
	}
	s.pack("2")
	s.read(func(v *ledger.View) error {
		for tote, want := range map[floor.ToteID]bool{"W1-01": true, "W1-02": false, "big-1": false} {
			if _, taken, err := v.OrderInTote(tote); taken != want || err != nil {
				t.Errorf("%s taken = %v, %v; want %v", tote, taken, err, want)
			}
		}
		return nil
	})
	s.checkViews()
}

// An order that is cancelled while its batch is sorted goes back whole, sorted or
// not; what cannot be found at the wall makes its order short.
func TestPutWallTrouble(t *testing.T) {
	s := newSite(t).with(foreman.Options{Walls: []floor.Wall{wall}})
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 1, "SK03", 1), shopOrder("2", "TS01", 1), shopOrder("3", "SK03", 2))
	s.ok(s.releaseAs(wave.Wall, "1", "2", "3"))
	id, err := s.f.Take(ctx, s.by(picker), "")
	if err != nil {
		t.Fatal(err)
	}
	s.ok(s.f.BindTote(ctx, s.by(picker), id, 0, "big-1"))
	for i := range s.task(id).Stops {
		if x := s.task(id).Stops[i]; x.Left() > 0 {
			if err := s.pick(s.task(id), x); err != nil {
				t.Fatal(err)
			}
		}
	}
	sort, err := s.f.Take(ctx, s.by(picker), "")
	if err != nil {
		t.Fatal(err)
	}
	s.ok(s.f.UseWall(ctx, s.by(picker), sort, "W1"))
	task := s.task(sort)
	s.ok(s.f.Put(ctx, s.by(picker), foreman.PutScan{Task: sort, Stop: 1, Code: string(task.Stops[0].SKU), Qty: 1, Slot: "W1-01"}))
	s.ok(s.f.Freeze(ctx, s.by(lead), s.id("1"), floor.FreezeCancel))
	_, err = s.f.Put(ctx, s.by(picker), foreman.PutScan{Task: sort, Stop: 2, Code: string(task.Stops[1].SKU), Qty: 1, Slot: "W1-01"})
	wants(t, err, "frozen")
	s.ok(s.f.Close(ctx, s.by(lead), s.id("1"), "cancelled"))
	for _, x := range task.Stops {
		switch x.Order {
		case s.id("2"):
			s.ok(s.f.Put(ctx, s.by(picker), foreman.PutScan{Task: sort, Stop: x.No, Code: string(x.SKU), Qty: 1, Slot: "W1-02"}))
		case s.id("3"):
			s.ok(s.f.Short(ctx, s.by(picker), sort, x.No, "damaged"))
		}
	}
	if o := s.order("3"); !o.Short || o.State != floor.Picked || o.Lines[0].Missing != 2 {
		t.Errorf("order 3 is %s, short %v, %+v", o.State, o.Short, o.Lines)
	}
	back, err := s.f.Take(ctx, s.by(picker), "")
	if err != nil {
		t.Fatal(err)
	}
	if b := s.task(back); b.Kind != floor.TaskPutBack || len(b.Stops) != 2 {
		t.Fatalf("what goes back: %+v", b)
	}
	s.checkViews()
}

// A full tote, a cart, and what they refuse.
func TestTotesAndCarts(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 2, "SK03", 3), shopOrder("2", "SK03", 1))
	s.ok(s.releaseAs("cluster", "1", "2"))
	id, err := s.f.Take(ctx, s.by(picker), "")
	if err != nil {
		t.Fatal(err)
	}
	s.ok(s.f.BindCart(ctx, s.by(picker), id, "CART-7"))
	task := s.task(id)
	if task.Slots[0].Tote != "CART-7-1" || task.Slots[1].Tote != "CART-7-2" {
		t.Errorf("the cart gave %+v", task.Slots)
	}
	first := task.Stops[0]
	s.ok(s.f.Pick(ctx, s.by(picker), foreman.PickScan{Task: id, Stop: first.No, Bin: first.Bin, Code: string(first.SKU), Qty: 1}))
	s.ok(s.f.Full(ctx, s.by(picker), id, 1))
	_, err = s.f.Full(ctx, s.by(picker), id, 1)
	wants(t, err, "slot-over")
	wants(t, s.pick(s.task(id), s.task(id).Stops[0]), "tote-needed")
	s.ok(s.f.BindTote(ctx, s.by(picker), id, 3, "tote-9"))
	s.pickAll(s.task(id))
	s.read(func(v *ledger.View) error {
		for _, tote := range []floor.ToteID{"CART-7-1", "tote-9"} {
			if o, ok, err := v.OrderInTote(tote); !ok || o != s.id("1") || err != nil {
				t.Errorf("%s holds %s, %v, %v", tote, o, ok, err)
			}
		}
		return nil
	})
	s.receive(shopOrder("3", "SK03", 1))
	s.ok(s.releaseAs("cluster", "3"))
	if id, err = s.f.Take(ctx, s.by(picker), ""); err != nil {
		t.Fatal(err)
	}
	_, err = s.f.BindCart(ctx, s.by(picker), id, "CART-7")
	wants(t, err, "cart-taken")
	s.pack("1")
	s.ok(s.f.BindCart(ctx, s.by(picker), id, "CART-7")) // free again
	s.checkViews()
}

// What a SKU asks for must come with the pick, and must make sense.
func TestLots(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.ok(s.f.SetSKUs(ctx, s.root(), []floor.SKUInfo{
		{SKU: "TS01", Name: "牛奶", Ask: []string{floor.AskLot, floor.AskExpiry}}, {SKU: "SK03", Name: "手机", Ask: []string{floor.AskSerial}},
	}))
	s.receive(shopOrder("1", "TS01", 1, "SK03", 2), shopOrder("2", "SK03", 1))
	task := s.release("1", "2")
	later := time.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	tests := []struct {
		sku  floor.SKU
		qty  int
		lot  floor.Pieces
		want string
	}{
		{"TS01", 1, floor.Pieces{}, "lot-needed"},
		{"TS01", 1, floor.Pieces{Lot: floor.Lot{No: "L1"}}, "expiry-needed"},
		{"TS01", 1, floor.Pieces{Lot: floor.Lot{No: "L1", Expiry: "soon"}}, "bad-expiry"},
		{"TS01", 1, floor.Pieces{Lot: floor.Lot{No: "L1", Expiry: "2020-01-31"}}, "expired"},
		{"TS01", 1, floor.Pieces{Lot: floor.Lot{No: "L1", Expiry: later}}, ""},
		{"SK03", 2, floor.Pieces{Serials: []string{"S1"}}, "serials-needed"},
		{"SK03", 2, floor.Pieces{Serials: []string{"S1", "S1"}}, "serial-twice"},
		{"SK03", 2, floor.Pieces{Serials: []string{"S1", "S2"}}, ""},
		{"SK03", 1, floor.Pieces{Serials: []string{"S2"}}, "serial-used"},
		{"SK03", 1, floor.Pieces{Serials: []string{"S3"}}, ""},
	}
	for _, tt := range tests {
		now := s.task(task.ID)
		i := slices.IndexFunc(now.Stops, func(x floor.Stop) bool { return x.SKU == tt.sku && x.Left() == tt.qty })
		x := now.Stops[i]
		_, err := s.f.Pick(ctx, s.by(picker), foreman.PickScan{Task: task.ID, Stop: x.No, Bin: x.Bin, Code: string(x.SKU), Qty: tt.qty, Pieces: tt.lot})
		if tt.want == "" && err != nil || tt.want != "" && !refused(err, tt.want) {
			t.Errorf("%d of %s with %+v: %v; want %q", tt.qty, tt.sku, tt.lot, err, tt.want)
		}
	}
	s.checkViews()
}

// A task has a time; when it is over a lead is called, once.
func TestOverdue(t *testing.T) {
	s := newSite(t).with(foreman.Options{TaskTime: -time.Second})
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 1))
	s.ok(s.releaseAs("cluster", "1"))
	task := s.take()
	if task.Due.IsZero() {
		t.Fatal("the task has no time")
	}
	for range 2 {
		s.ok(s.f.Overdue(ctx, s.root(), task.ID))
	}
	if s.task(task.ID).Overdue.IsZero() {
		t.Error("nobody was told")
	}
	calls := 0
	s.read(func(v *ledger.View) error {
		return v.Lane("alert", func(e floor.Effect) bool {
			if e.Args["code"] == "task-overdue" {
				calls++
			}
			return true
		})
	})
	if calls != 1 {
		t.Errorf("a lead was called %d times", calls)
	}
	s.checkViews()
}

// Scans that waited on a handheld count for the person who made them there, after
// that person has gone on with another; not for a person who has logged out.
func TestScansOfTheHandheldBefore(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 1, "SK03", 1))
	task := s.release("1")
	other := foreman.By{Person: "li.wei", Device: "pda-02"}
	if _, left, err := s.f.Login(ctx, s.by(other), "badge-li.wei"); err != nil || left != "pda-01" {
		t.Fatalf("left %s, %v", left, err)
	}
	if err := s.pick(task, task.Stops[0]); err != nil { // from pda-01
		t.Errorf("a scan that waited: %v", err)
	}
	if err := s.pick(task, task.Stops[0]); !refused(err, "stop-done") {
		t.Errorf("made twice: %v", err)
	}
	_, err := s.f.Take(ctx, s.by(picker), "")
	wants(t, err, "not-logged-in")
	s.ok(s.f.Logout(ctx, s.by(other)))
	if err := s.pick(task, task.Stops[1]); err != nil {
		t.Errorf("logging out elsewhere does not take back what was scanned here: %v", err)
	}
	if _, _, err := s.f.Login(ctx, s.by(foreman.By{Device: "pda-01"}), "badge-chen.jie"); err != nil {
		t.Fatal(err)
	}
	_, err = s.f.Skip(ctx, s.by(picker), task.ID, 1)
	wants(t, err, "not-logged-in")
	s.checkViews()
}

// What somebody reports is kept with its picture, within bounds, and calls a lead.
func TestReport(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 1))
	task := s.release("1")
	jpeg := append([]byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), make([]byte, 200)...)
	for _, tt := range []struct {
		r    foreman.Report
		want string
	}{
		{foreman.Report{What: "ghost"}, "bad-reason"},
		{foreman.Report{What: "other", Text: string(make([]byte, 501))}, "text-too-long"},
		{foreman.Report{What: "other", Picture: []byte("<html>")}, "photo-unreadable"},
		{foreman.Report{What: "other", Picture: append(slices.Clone(jpeg), make([]byte, foreman.MaxPicture)...)}, "photo-too-large"},
	} {
		_, err := s.f.Report(ctx, s.by(picker), tt.r)
		wants(t, err, tt.want)
	}
	s.ok(s.f.Report(ctx, s.by(picker), foreman.Report{What: "damaged", Text: "外箱破", Task: task.ID, Stop: 1, Picture: jpeg}))
	s.read(func(v *ledger.View) error {
		x, ok, err := v.Exception("X-1")
		if !ok || x.Bin != task.Stops[0].Bin || x.Order != s.id("1") || len(x.Photo) != 64 || x.Text != "外箱破" {
			t.Errorf("kept %+v, %v", x, err)
		}
		got, err := s.l.Raw(x.Seq)
		if err != nil || !slices.Equal(got, jpeg) {
			t.Errorf("the picture has %d bytes, %v", len(got), err)
		}
		return nil
	})
	for range 199 {
		s.ok(s.f.Report(ctx, s.by(picker), foreman.Report{What: "other"}))
	}
	_, err := s.f.Report(ctx, s.by(picker), foreman.Report{What: "other"})
	wants(t, err, "too-many-reports")
	s.checkViews()
}

// A batch of single pieces needs no wall and no sorting: packers scan its tote until
// it is packed. An order closed on the way brings its piece back.
func TestLooseBatch(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	s.receive(shopOrder("1", "TS01", 1), shopOrder("2", "SK03", 1), shopOrder("3", "TS01", 1))
	_, err := s.releaseAs(wave.Single, "1", "2", "3")
	s.ok(ledger.Receipt{}, err)
	id, err := s.f.Take(ctx, s.by(picker), "")
	if err != nil {
		t.Fatal(err)
	}
	s.ok(s.f.BindTote(ctx, s.by(picker), id, 0, "big-1"))
	for _, x := range s.task(id).Stops {
		b := s.task(id)
		if b.Stop(x.No).Left() > 0 {
			n := 0
			for _, y := range b.Stops {
				if y.Bin == x.Bin && y.SKU == x.SKU {
					n += y.Left()
				}
			}
			s.ok(s.f.Pick(ctx, s.by(picker), foreman.PickScan{Task: id, Stop: x.No, Bin: x.Bin, Code: string(x.SKU), Qty: n}))
		}
	}
	if b := s.task(id); b.State != floor.TaskEnded || s.order("1").State != floor.Picked || s.order("3").State != floor.Picked {
		t.Fatalf("after the walk: %s, %s, %s", b.State, s.order("1").State, s.order("3").State)
	}
	_, err = s.f.Take(ctx, s.by(picker), "")
	wants(t, err, "no-task")
	s.ok(s.f.Freeze(ctx, s.by(lead), s.id("3"), floor.FreezeLead))
	s.ok(s.f.Close(ctx, s.by(lead), s.id("3"), "lead"))
	for _, n := range []string{"1", "2"} {
		p, err := s.f.OpenParcel(ctx, s.by(packer), "pack-1", "big-1")
		if err != nil {
			t.Fatal(err)
		}
		if got := s.order(n); !slices.Contains(got.Parcels, p) {
			t.Errorf("the tote gave %s, want the parcel of order %s", p, n)
		}
		s.ok(s.f.Park(ctx, s.by(packer), p))
	}
	_, err = s.f.OpenParcel(ctx, s.by(packer), "pack-1", "big-1")
	wants(t, err, "batch-packed")
	if id, err := s.f.Take(ctx, s.by(picker), ""); err != nil || s.task(id).Kind != floor.TaskPutBack {
		t.Errorf("nobody brings back what the closed order had: %s, %v", id, err)
	}
	s.checkViews()
}
