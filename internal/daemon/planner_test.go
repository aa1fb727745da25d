package daemon

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/ledger"
)

// TestWaitingOrdersAreLeftAlone: what waits for stock is not looked at again because a
// new order comes, and is as soon as there is stock.
func TestWaitingOrdersAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := inBubble(t, "pdd", pdd(), func(c *config.Config) {
			crewed(c)
			c.Wave.Every, c.Floor.MaxShorts = 10*time.Minute, 0
		})
		b.crew("A", "B")
		ctx, f := t.Context(), b.d.foreman
		b.must(f.Count(ctx, b.d.by("t"), floor.Spot{Bin: "A-02", SKU: "B"}, 0, "load"))
		receive := func(name string, n int, sku floor.SKU) (ids []floor.OrderID) {
			t.Helper()
			var in []floor.ShopOrder
			for i := range n {
				in = append(in, floor.ShopOrder{Channel: "files", Number: fmt.Sprint(name, i), ModifiedAt: time.Now(), State: floor.ShopPaid, PaidAt: time.Now(), Pay: 3990, Content: fmt.Sprint(name, i),
					To:    floor.Recipient{Name: "张三", Phone: "13800000000", Province: "广东省", City: "深圳市", District: "宝安区", Detail: "示例路1号"},
					Lines: []floor.ShopLine{{SKU: sku, Qty: 1}}})
			}
			got, err := f.Receive(ctx, foreman.Intake{Key: name, Channel: "files", Orders: in})
			b.must(ledger.Receipt{}, err)
			for _, e := range got.Events {
				ids = append(ids, e.Fact.(floor.OrderReceived).Order)
			}
			return ids
		}
		stocked := func(ids []floor.OrderID) (n int) {
			t.Helper()
			b.must(ledger.Receipt{}, b.d.ledger.Read(func(v *ledger.View) error {
				for _, id := range ids {
					o, _, err := v.Order(id)
					if err != nil {
						return err
					}
					if !o.State.Before(floor.Allocated) {
						n++
					}
				}
				return nil
			}))
			return n
		}
		short := receive("short", 300, "B")
		b.run(b.d.planner.run)
		after(time.Minute)
		if n := stocked(short); n != 0 {
			t.Fatalf("%d orders have stock that is not there", n)
		}
		asked := b.d.ledger.Stats().Requests
		late := receive("late", 1, "A")
		after(5 * time.Second)
		if stocked(late) != 1 {
			t.Error("an order that came later did not get its stock")
		}
		if n := b.d.ledger.Stats().Requests - asked; n > 20 {
			t.Errorf("%d decisions for one order", n)
		}
		b.must(f.Count(ctx, b.d.by("t"), floor.Spot{Bin: "A-02", SKU: "B"}, 300, "load"))
		after(5 * time.Second)
		if n := stocked(short); n != 300 {
			t.Errorf("%d of 300 orders have stock now", n)
		}
	})
}
