package foreman_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"

	"go.etcd.io/bbolt"
)

// A rush is a sale: orders of one piece of one SKU, of which a quarter can be had.
type rush struct {
	l   *ledger.Ledger
	f   *foreman.Foreman
	ids []floor.OrderID

	said []ledger.Receipt // what each taker was told
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
		must(r.f.Count(ctx, root(), floor.Spot{Bin: b.Bin, SKU: "TS01"}, takers/4/rushBins, "load"))
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
	r.said = make([]ledger.Receipt, len(r.ids))
	return r.all(tb, func(i int, id floor.OrderID) (err error) {
		r.said[i], err = r.f.Allocate(context.Background(), foreman.Floord(fmt.Sprintf("20261121/take/%06d", i)), id)
		return err
	})
}

// bare puts what the takers were told, byte for byte, into a plain bbolt file by group
// commits: one goroutine writes for all that wait. There is no decision, no view and
// no answered key.
func (r *rush) bare(tb testing.TB) time.Duration {
	db, err := bbolt.Open(filepath.Join(tb.TempDir(), "bare.db"), 0o600, &bbolt.Options{NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	type ask struct {
		rows [][]byte
		done chan error
	}
	asks := make(chan ask, len(r.ids))
	var writer sync.WaitGroup
	writer.Go(func() {
		for first := range asks {
			group := []ask{first}
			for more := true; more; {
				select {
				case a, open := <-asks:
					if more = open; open {
						group = append(group, a)
					}
				default:
					more = false
				}
			}
			err := db.Update(func(tx *bbolt.Tx) error {
				b, err := tx.CreateBucketIfNotExists([]byte("journal"))
				if err != nil {
					return err
				}
				for _, a := range group {
					for _, row := range a.rows {
						seq, _ := b.NextSequence()
						if err := b.Put(binary.BigEndian.AppendUint64(nil, seq), row); err != nil {
							return err
						}
					}
				}
				return nil
			})
			for _, a := range group {
				a.done <- err
			}
		}
	})
	defer writer.Wait()
	defer close(asks)
	return r.all(tb, func(i int, _ floor.OrderID) error {
		a := ask{done: make(chan error, 1)}
		for _, e := range r.said[i].Events {
			row, err := floor.EncodeFact(e.Fact)
			if err != nil {
				return err
			}
			a.rows = append(a.rows, fmt.Appendf(row, "%d %v %s %s %s", e.Seq, e.At, e.Actor, e.Cause, e.Fact.Kind()))
		}
		asks <- a
		return <-a.done
	})
}

// alike commits as many facts of the same size to the ledger, without a decision.
func (r *rush) alike(tb testing.TB) time.Duration {
	return r.all(tb, func(i int, id floor.OrderID) error {
		_, err := r.l.Commit(context.Background(), ledger.Request{Key: fmt.Sprintf("20261121/bare/%06d", i), Actor: "test"},
			func(*ledger.View) ([]floor.Fact, error) {
				var facts []floor.Fact
				for _, e := range r.said[i].Events {
					row, err := floor.EncodeFact(e.Fact)
					if err != nil {
						return nil, err
					}
					facts = append(facts, floor.OrderTagged{Order: id, Tags: []string{strings.Repeat("r", max(1, len(row)-60))}})
				}
				return facts, nil
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
// same number of group commits of the same size, in the same run: to the ledger
// without a decision, and to a bbolt file with nothing around it.
func BenchmarkRush(b *testing.B) {
	var takes, alike, bares time.Duration
	for range b.N {
		r := newRush(b, 2000, ledger.Options{})
		takes += r.take(b)
		r.check(b)
		bares += r.bare(b)
		plain := newRush(b, 2000, ledger.Options{})
		plain.said = r.said
		alike += plain.alike(b)
	}
	b.ReportMetric(float64(takes.Milliseconds())/float64(b.N), "rush-ms")
	b.ReportMetric(float64(takes)/float64(alike), "to-ledger")
	b.ReportMetric(float64(takes)/float64(bares), "to-bbolt")
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
