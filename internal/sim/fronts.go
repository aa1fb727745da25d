package sim

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/internal/sim/shop"
	"floord/internal/sim/wire"
	"floord/sync/ledger"
)

// A front is one of the site's channels, as the other side has it: a shop of a
// platform, an ERP, or a file.
type front struct {
	id   floor.ChannelID
	name string // as people say it
	shop *shop.Shop
	erp  *shop.ERP
}

// A sold order is known to its channel by its number.
type sold struct {
	front  *front
	number string
}

// The channel that is out of order for a while, and when.
const (
	failing   = "jd"
	failAfter = 5 * time.Second
	failFor   = 7 * time.Second
)

// openFronts opens a shop of each platform, and an ERP. The first front is the one
// that most orders come from; only it is as unreliable as the world is.
func (w *world) openFronts() (entries string, err error) {
	for _, p := range platforms {
		f := &front{id: floor.ChannelID(p.short + "-main"), name: p.short, shop: p.open()}
		url, err := w.serve(f.shop)
		if err != nil {
			return "", err
		}
		w.fronts = append(w.fronts, f)
		every := "every = \"2s\"\noverlap = \"2s\"\n"
		if len(w.fronts) == 1 {
			every = "every = \"1s\"\noverlap = \"2s\"\n"
		}
		entry, err := channelEntry(w.o.Data, string(f.id), p.driver, url+f.shop.Path(), f.shop.HookSecret(), every)
		if err != nil {
			return "", err
		}
		entries += entry
	}
	w.fronts[0].shop.Faults.Sometimes(0.03, w.o.Seed, wire.Failed, wire.Busy, wire.Dropped, wire.Lost, wire.HalfSent, wire.Garbage)
	f := &front{id: "erp", name: "qimen", erp: shop.NewERP(mallID, clientID, secret)}
	url, err := w.serve(f.erp)
	if err != nil {
		return "", err
	}
	w.fronts = append(w.fronts, f, &front{id: "files", name: "csv"})
	return entries + fmt.Sprintf(`
[[channel]]
id = "erp"
driver = "qimen"
url = %q
shop = %q
client_id = %q
secret_file = "shop.secret"
trial = false
[[channel]]
id = "files"
driver = "csv"
`, url, mallID, clientID), nil
}

// againEvery is how many buyers there are to one who buys twice.
const againEvery = 5

// place has the next buyer buy: every second one on the first channel, the others on
// each in turn. Some buy twice, which the site's rules send as one parcel.
func (w *world) place(ctx context.Context, orders []shop.Order) []shop.Order {
	if len(orders) == 0 {
		return nil
	}
	f := w.fronts[0]
	if w.bought++; w.bought%2 == 0 {
		f = w.fronts[w.bought/2%len(w.fronts)]
	}
	n := 1
	if w.bought%againEvery == 0 && f.shop != nil && len(orders) > 1 {
		n = 2
		first, second := &orders[0], &orders[1]
		goods, pay := second.Items, second.PayFen
		first.Memo = "" // a wish keeps an order to itself
		*second = *first
		second.Items, second.PayFen = goods, pay
	}
	for _, o := range orders[:n] {
		number, err := w.sell(ctx, f, o)
		if err != nil {
			w.fail(fmt.Errorf("%s: %w", f.name, err))
			continue
		}
		w.mu.Lock()
		w.placed = append(w.placed, sold{f, number})
		w.mu.Unlock()
	}
	return orders[n:]
}

func (w *world) sell(ctx context.Context, f *front, o shop.Order) (number string, err error) {
	switch {
	case f.shop != nil:
		return f.shop.Place(o), nil
	case f.erp != nil:
		return f.erp.Place(w.daemon.URL("/hooks/"+string(f.id)), o)
	}
	// The shop without any interface sends a table.
	number = fmt.Sprintf("TABLE-%04d", w.bought)
	var table strings.Builder
	rows := csv.NewWriter(&table)
	_ = rows.Write([]string{"订单号", "SKU", "数量", "收件人", "电话", "省", "市", "区", "地址", "实付", "备注"})
	for _, it := range o.Items {
		_ = rows.Write([]string{number, it.SKU, strconv.Itoa(it.Qty), o.Name, o.Phone, o.Province, o.City, o.District, o.Street, fmt.Sprintf("%d.%02d", o.PayFen/100, o.PayFen%100), o.Memo})
	}
	rows.Flush()
	var said strings.Builder
	err = w.daemon.Operate(ctx, []string{"import", string(f.id)}, strings.NewReader(table.String()), &said)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return number, err
}

// in gives the order as the floor has it, and whether it does.
func (o sold) in(v *ledger.View) (floor.OrderID, bool, error) {
	mall := mallID
	if o.front.shop == nil && o.front.erp == nil {
		mall = "" // a table names no shop
	}
	return v.OrderByNumber(o.front.id, mall, o.number)
}

// shipped gives the waybill that a channel heard of an order, and how often. A file
// hears nothing.
func (f *front) shipped(number string) (waybill string, times int) {
	switch {
	case f.shop != nil:
		return f.shop.Shipped(number)
	case f.erp != nil:
		return f.erp.Shipped(number)
	}
	return "", 0
}

// breakDown has one platform out of order for a while.
func (w *world) breakDown(ctx context.Context, out io.Writer) {
	var f *front
	for _, x := range w.fronts {
		if x.name == failing {
			f = x
		}
	}
	wait := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-ctx.Done():
			return false
		}
	}
	if !wait(failAfter) {
		return
	}
	fmt.Fprintf(out, "\r京东接口故障中,看板可见 / JD answers 504 for %v: see the board          \n", failFor)
	f.shop.Faults.Always(wire.GatewayTimeout)
	for more := wait(failFor); more && w.troubles() == 0; more = wait(200 * time.Millisecond) { // the board is to show it
	}
	f.shop.Faults.Always(wire.None)
	fmt.Fprintf(out, "\r京东接口恢复 / JD answers again                                        \n")
}
