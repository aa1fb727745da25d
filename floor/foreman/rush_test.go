package foreman_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// A rush is a sale: orders of one piece of one SKU, of which a quarter can be had.
type rush struct {
	l   *ledger.Ledger
	f   *foreman.Foreman
	ids []floor.OrderID
}

const rushBins = 3

func newRush(tb testing.TB, takers int, opt ledger.Options) *rush {
	tb.Helper()
	l, err := ledger.Open(filepath.Join(tb.TempDir(), "floor.db"), opt)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	r := &rush{l: l, f: foreman.New(l, foreman.Options{Reports: func(floor.ChannelID) bool { return true }})}
	ctx, n := context.Background(), 0
	must := func(_ ledger.Receipt, err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	root := func() foreman.By { n++; return foreman.Floord(fmt.Sprintf("20261121/rush/%06d", n)) }
	must(r.f.SetSKUs(ctx, root(), []floor.SKUInfo{{SKU: "TS01", Name: "纯棉T恤", Grams: 200}}))
	var bins []floor.BinInfo
	for i := range rushBins {
		bins = append(bins, floor.BinInfo{Bin: floor.BinID(fmt.Sprintf("A-%02d", i+1)), Zone: "A", Aisle: 1, Y: float64(i)})
	}
	must(r.f.SetBins(ctx, root(), bins))
	for _, b := range bins {
		must(r.f.Count(ctx, root(), b.Bin, "TS01", takers/4/rushBins, "load"))
	}
	for from := 0; from < takers; from += foreman.MaxIntake {
		var page []floor.ShopOrder
		for i := from; i < min(takers, from+foreman.MaxIntake); i++ {
			page = append(page, shopOrder(fmt.Sprint(i), "TS01", 1))
		}
		got, err := r.f.Receive(ctx, foreman.Intake{Key: fmt.Sprintf("20261121/shop/%06d", from), Channel: page[0].Channel, Orders: page})
		if err != nil || got.New != len(page) || got.Held > 0 {
			tb.Fatalf("%+v, %v", got, err)
		}
		for _, e := range got.Events {
			if x, ok := e.Fact.(floor.OrderReceived); ok {
				r.ids = append(r.ids, x.Order)
			}
		}
	}
	return r
}

// all has every order want its piece at the same moment.
func (r *rush) all(tb testing.TB, f func(i int, id floor.OrderID) error) time.Duration {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i, id := range r.ids {
		wg.Go(func() {
			<-start
			if err := f(i, id); err != nil {
				tb.Error(err)
			}
		})
	}
	began := time.Now()
	close(start)
	wg.Wait()
	return time.Since(began)
}

func (r *rush) take(tb testing.TB) time.Duration {
	return r.all(tb, func(i int, id floor.OrderID) error {
		_, err := r.f.Allocate(context.Background(), foreman.Floord(fmt.Sprintf("20261121/take/%06d", i)), id)
		return err
	})
}

// bare commits as many of the smallest facts, without a decision.
func (r *rush) bare(tb testing.TB) time.Duration {
	return r.all(tb, func(i int, id floor.OrderID) error {
		_, err := r.l.Commit(context.Background(), ledger.Request{Key: fmt.Sprintf("20261121/bare/%06d", i), Actor: "test"},
			func(*ledger.View) ([]floor.Fact, error) {
				return []floor.Fact{floor.OrderTagged{Order: id, Tags: []string{"rush"}}}, nil
			})
		return err
	})
}

func (r *rush) check(tb testing.TB) {
	tb.Helper()
	promised, have, allocated := 0, 0, 0
	err := r.l.Read(func(v *ledger.View) error {
		stock, err := v.StockOf("TS01")
		for _, s := range stock {
			promised += s.Reserved
			have += s.OnHand
			if s.Reserved > s.OnHand {
				tb.Errorf("bin %s: %d promised of %d", s.Bin, s.Reserved, s.OnHand)
			}
		}
		for _, id := range r.ids {
			o, _, err := v.Order(id)
			if err != nil {
				return err
			}
			if o.State == floor.Allocated {
				allocated++
			} else if !o.Short {
				tb.Errorf("order %s has nothing and is not short", id)
			}
		}
		return err
	})
	if err != nil || promised != have || allocated != have {
		tb.Errorf("%d pieces, %d promised, to %d orders, %v", have, promised, allocated, err)
	}
}

// TestRush: of takers that come at once none is promised what another has, and
// every piece is promised.
func TestRush(t *testing.T) {
	r := newRush(t, 240, ledger.Options{DecideTwice: true})
	r.take(t)
	r.check(t)
}

// BenchmarkRush measures 2,000 takers of one SKU that is soon sold out beside the
// same number of bare group commits, in the same run: the aim is under 3.
func BenchmarkRush(b *testing.B) {
	var takes, bares time.Duration
	for range b.N {
		r := newRush(b, 2000, ledger.Options{})
		takes += r.take(b)
		r.check(b)
		bares += newRush(b, 2000, ledger.Options{}).bare(b)
	}
	b.ReportMetric(float64(takes.Milliseconds())/float64(b.N), "rush-ms")
	b.ReportMetric(float64(bares.Milliseconds())/float64(b.N), "bare-ms")
	b.ReportMetric(float64(takes)/float64(bares), "ratio")
}

// BenchmarkReceive takes pages of 100 orders in from five shops at once, as pulls
// bring them: orders a second, durable.
func BenchmarkReceive(b *testing.B) {
	r := newRush(b, 0, ledger.Options{})
	const shops, page = 5, 100
	var pages [shops][][]floor.ShopOrder
	for n := range b.N {
		s := n % shops
		var orders []floor.ShopOrder
		for i := range page {
			o := shopOrder(fmt.Sprintf("%d-%d", n, i), "TS01", 1+i%3)
			o.Channel = floor.ChannelID(fmt.Sprint("shop-", s))
			o.Raw = []byte(`{"order_sn":"` + o.Number + `","items":[{"sku":"TS01"}],"remark":"` + o.BuyerNote + `"}`)
			orders = append(orders, o)
		}
		pages[s] = append(pages[s], orders)
	}
	var wg sync.WaitGroup
	b.ResetTimer()
	for s := range shops {
		wg.Go(func() {
			for i, orders := range pages[s] {
				in := foreman.Intake{Key: fmt.Sprintf("20261121/shop-%d/%06d", s, i), Channel: orders[0].Channel, Cursor: fmt.Sprint(i), Orders: orders}
				if got, err := r.f.Receive(context.Background(), in); err != nil || got.New != page {
					b.Errorf("%+v, %v", got.New, err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)*page/b.Elapsed().Seconds(), "orders/s")
}
