package foreman_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/ledger/ledgertest"
	"floord/wave"
)

// envFloor names the ledger that a child begins with: a floor with people, goods
// and waybill numbers, and no order.
const envFloor = "FLOORD_TEST_FLOOR"

// TestKilledOnTheWay kills a process at each of the first calls that write or
// sync on the whole way of orders from the shop to the carrier, with a short and
// a cancel among them. What was acknowledged stands, and the ledger verifies.
func TestKilledOnTheWay(t *testing.T) {
	calls := 40
	if ledgertest.Long() {
		calls = 300
	}
	s := newSite(t)
	floor := filepath.Join(t.TempDir(), "floor.db")
	if _, err := s.l.Backup(t.Context(), floor); err != nil {
		t.Fatal(err)
	}
	copyKey(t, s, floor)
	t.Setenv(envFloor, floor)
	ledgertest.Sweep(t, "whole way", calls)
}

func copyKey(t *testing.T, s *site, floor string) {
	t.Helper()
	key, err := os.ReadFile(s.path + ".key")
	if err == nil {
		err = os.WriteFile(floor+".key", key, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wholeWay is the child: it takes orders from the shop to the carrier, one act
// after the other.
func wholeWay(path string, ack func(string)) error {
	for _, ext := range []string{"", ".key"} {
		b, err := os.ReadFile(os.Getenv(envFloor) + ext)
		if err == nil {
			err = os.WriteFile(path+ext, b, 0o600)
		}
		if err != nil {
			return err
		}
	}
	l, err := ledger.Open(path, ledger.Options{Reserve: -1})
	if err != nil {
		return err
	}
	w := &way{l: l, ack: ack, f: foreman.New(l, foreman.Options{
		Carriers: []floor.CarrierRule{{ID: "sf"}}, Stations: []floor.StationID{"pack-1"},
		Reports: func(floor.ChannelID) bool { return true },
	})}
	for n := range 4 {
		if err := w.order(fmt.Sprint(n + 1)); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	return l.Close()
}

// A way takes orders along with errors in place of a test.
type way struct {
	l   *ledger.Ledger
	f   *foreman.Foreman
	ack func(string)
	n   int
	key string // of the newest act
}

func (w *way) by(b foreman.By) foreman.By {
	w.n++
	w.key = fmt.Sprintf("20261121/way/%06d", w.n)
	b.Key = w.key
	return b
}

func (w *way) root() foreman.By { return w.by(foreman.By{Root: true}) }

// did acknowledges the newest act if it wrote something.
func (w *way) did(r ledger.Receipt, err error) error {
	if err == nil && r.Last > 0 {
		w.ack(w.key)
	}
	return err
}

func (w *way) order(n string) error {
	ctx := context.Background()
	o := shopOrder(n, "TS01", 1, "SK03", 1)
	w.root()
	got, err := w.f.Receive(ctx, foreman.Intake{Key: w.key, Channel: "pdd-main", Orders: []floor.ShopOrder{o}})
	if err != nil {
		return err
	}
	w.ack(w.key)
	id := got.Events[0].Fact.(floor.OrderReceived).Order
	if err := w.did(w.f.Allocate(ctx, w.root(), id)); err != nil {
		return err
	}
	if err := w.release(ctx, id); err != nil {
		return err
	}
	task, err := w.f.Take(ctx, w.by(picker), "")
	if err != nil {
		return err
	}
	w.ack(w.key)
	if err := w.did(w.f.BindTote(ctx, w.by(picker), task, 1, floor.ToteID("tote-"+n))); err != nil {
		return err
	}
	if n == "2" {
		return w.cancel(ctx, o, task)
	}
	if n == "3" {
		if err := w.did(w.f.Short(ctx, w.by(picker), task, 1, "damaged")); err != nil {
			return err
		}
	}
	if err := w.pick(ctx, task); err != nil {
		return err
	}
	return w.pack(ctx, "tote-"+n)
}

func (w *way) release(ctx context.Context, id floor.OrderID) error {
	var o floor.Order
	if err := w.l.Read(func(v *ledger.View) (err error) { o, _, err = v.Order(id); return err }); err != nil {
		return err
	}
	layout, err := wave.InferLayout(foreman.Places(bins))
	if err != nil {
		return err
	}
	snap := wave.Snapshot{Layout: layout, FreePickers: 1, Orders: []wave.Order{foreman.Plannable(o, nil)}}
	p := wave.Plan(ctx, snap, wave.Rules{TotesPerCart: 1, MinFill: 1, MetresPerSecond: 1}, monday)
	if len(p.Waves) != 1 {
		return fmt.Errorf("no wave for %s: %v %v", id, p.Waiting, p.SetAside)
	}
	return w.did(w.f.Release(ctx, w.root(), p.Waves[0]))
}

func (w *way) pick(ctx context.Context, id floor.TaskID) error {
	for {
		var t floor.Task
		if err := w.l.Read(func(v *ledger.View) (err error) { t, _, err = v.Task(id); return err }); err != nil {
			return err
		}
		s := t.Next(nil)
		if s == nil {
			return nil
		}
		scan := foreman.PickScan{Task: id, Stop: s.No, Bin: s.Bin, Code: string(s.SKU), Qty: s.Left()}
		if err := w.did(w.f.Pick(ctx, w.by(picker), scan)); err != nil {
			return err
		}
	}
}

func (w *way) cancel(ctx context.Context, o floor.ShopOrder, _ floor.TaskID) error {
	o.State, o.ModifiedAt, o.Content = floor.ShopCancelled, o.ModifiedAt.Add(1), "off"
	w.root()
	got, err := w.f.Receive(ctx, foreman.Intake{Key: w.key, Channel: "pdd-main", Orders: []floor.ShopOrder{o}})
	if err != nil {
		return err
	}
	w.ack(w.key)
	for _, e := range got.Events {
		if f, ok := e.Fact.(floor.OrderFrozen); ok {
			return w.did(w.f.Answer(ctx, w.by(picker), f.Intercept, "not-yet"))
		}
	}
	return errors.New("the cancel froze nothing")
}

func (w *way) pack(ctx context.Context, tote string) error {
	id, err := w.f.OpenParcel(ctx, w.by(packer), "pack-1", tote)
	if err != nil {
		return err
	}
	w.ack(w.key)
	for _, sku := range []string{"TS01", "SK03"} {
		if err := w.did(w.f.Verify(ctx, w.by(packer), id, sku, 1)); err != nil {
			return err
		}
	}
	if err := w.did(w.f.Weigh(ctx, w.by(packer), id, floor.Weight{Grams: 290, ZeroSeen: true})); err != nil {
		return err
	}
	if err := w.did(w.f.Seal(ctx, w.by(packer), id)); err != nil {
		return err
	}
	w.root()
	err = w.did(w.l.Commit(ctx, ledger.Request{Key: w.key, Actor: "floord"}, func(v *ledger.View) (facts []floor.Fact, err error) {
		err = v.Lane("printer/pack-1", func(e floor.Effect) bool {
			facts = []floor.Fact{
				floor.EffectStarted{Effect: e.ID, Lane: e.Lane, Order: e.Order, Station: "pack-1"},
				floor.EffectEnded{Effect: e.ID, Lane: e.Lane, Order: e.Order, Parcel: e.Parcel, Station: "pack-1", What: e.What, Outcome: "printed"},
			}
			return false
		})
		return facts, err
	}))
	if err != nil {
		return err
	}
	return w.did(w.f.HandOver(ctx, w.by(packer), "sf", string(id)))
}
