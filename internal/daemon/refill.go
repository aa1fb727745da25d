package daemon

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/wave"
)

// Bounds of refills: how often bins are looked at, and how many days the forecast is
// made of.
const (
	refillEvery  = 5 * time.Second
	forecastDays = 28
)

// refill has bins filled up from reserve bins before the next waves empty them. Half of
// the free pickers at most are sent, one at least: orders that lack nothing go on.
func (p *planner) refill(ctx context.Context) error {
	now := time.Now().In(p.d.cfg.Site.Zone)
	if now.Sub(p.refilled) < refillEvery {
		return nil
	}
	free, err := p.idle()
	if err != nil || free == 0 {
		return err
	}
	list, err := p.d.needs(now)
	if err != nil {
		return err
	}
	p.refilled = now.Add(20 * time.Since(now)) // many orders may wait for stock
	all := wave.Refills(list, p.d.cfg.Wave.RefillAhead)
	for _, r := range all[:min(len(all), max(1, free/2))] {
		if _, err := p.d.foreman.Refill(ctx, foreman.Floord(p.d.keys.next("refill")), r); err != nil {
			return notReserve(err)
		}
	}
	return nil
}

// needs gives what SKUs that lie in reserve bins have where they are picked from, and
// what is asked of them.
func (s *Site) needs(now time.Time) (out []wave.Need, err error) {
	by := map[floor.SKU]*wave.Need{}
	err = s.ledger.Read(func(v *ledger.View) error {
		reserve, err := reserveBins(v)
		if err != nil || len(reserve) == 0 {
			return err
		}
		picked, aside, err := shelves(v, reserve)
		if err != nil {
			return err
		}
		for _, x := range aside {
			if x.Sellable() > 0 {
				if by[x.SKU] == nil {
					by[x.SKU] = &wave.Need{SKU: x.SKU}
				}
				by[x.SKU].Reserve = append(by[x.SKU].Reserve, x)
			}
		}
		if err = lying(v, by, picked, now.In(s.cfg.Site.Zone)); err == nil {
			err = coming(v, by)
		}
		if err == nil {
			err = asked(v, by, floor.DemandDay(now))
		}
		return err
	})
	for _, n := range by {
		if n.To != "" && len(n.Reserve) > 0 {
			out = append(out, *n)
		}
	}
	return out, err
}

// reserveBins gives the bins that nobody picks from for orders.
func reserveBins(v *ledger.View) (map[floor.BinID]bool, error) {
	reserve := map[floor.BinID]bool{}
	err := v.Bins(func(b floor.BinInfo) bool {
		if b.Reserve {
			reserve[b.Bin] = true
		}
		return true
	})
	return reserve, err
}

// shelves gives what lies where orders are picked, and what lies in the reserve bins,
// each by bin. A row of nothing is of a SKU that has lain there.
func shelves(v *ledger.View, reserve map[floor.BinID]bool) (picked, aside []floor.Stock, err error) {
	err = v.Stock(func(x floor.Stock) bool {
		if reserve[x.Bin] {
			aside = append(aside, x)
		} else {
			picked = append(picked, x)
		}
		return true
	})
	return picked, aside, err
}

// homes gives the bin that each SKU is picked from: the one that holds most of
// it, or has held it, and of equals the first.
func homes(stock []floor.Stock) map[floor.SKU]floor.BinID {
	home, in := map[floor.SKU]floor.BinID{}, map[floor.Spot]int{} // of all lots
	for _, x := range stock {
		x.Lot = floor.Lot{}
		in[x.Spot] += x.OnHand
		if at, ok := home[x.SKU]; !ok || in[x.Spot] > in[floor.Spot{Bin: at, SKU: x.SKU}] {
			home[x.SKU] = x.Bin
		}
	}
	return home
}

// lying fills in where each SKU is picked from and what it has there. Lots that are not
// good for long enough count neither there nor in the reserve.
func lying(v *ledger.View, by map[floor.SKU]*wave.Need, picked []floor.Stock, now time.Time) error {
	until := map[floor.SKU]string{}
	for sku := range by {
		k, _, err := v.SKU(sku)
		if err != nil {
			return err
		}
		until[sku] = now.AddDate(0, 0, k.MinDays).Format(time.DateOnly)
	}
	picked = slices.DeleteFunc(picked, func(x floor.Stock) bool { return by[x.SKU] == nil })
	for _, x := range picked {
		if x.LastDay() >= until[x.SKU] {
			by[x.SKU].Have += x.Sellable()
		}
	}
	home := homes(picked)
	for sku, n := range by {
		n.To = home[sku]
		n.Reserve = slices.DeleteFunc(n.Reserve, func(x floor.Stock) bool { return x.LastDay() < until[sku] })
	}
	return nil
}

// coming counts what walks bring already.
func coming(v *ledger.View, by map[floor.SKU]*wave.Need) error {
	return v.LiveTasks(func(t floor.Task) bool {
		if t.Kind != floor.TaskRefill {
			return true
		}
		put := t.Stops[1]
		if n := by[put.SKU]; n != nil {
			n.Have += put.Left()
			n.Reserve = slices.DeleteFunc(n.Reserve, func(x floor.Stock) bool { return x.Spot == t.Stops[0].Spot() })
		}
		return true
	})
}

// asked fills in what orders wait for and what a day is expected to ask for.
func asked(v *ledger.View, by map[floor.SKU]*wave.Need, today int) error {
	var inner error
	err := v.Checked("", func(id floor.OrderID) bool {
		var o floor.Order
		if o, _, inner = v.Order(id); inner != nil {
			return false
		}
		if !o.Short || o.Freeze != nil || len(o.Holds) > 0 || o.ShortWhy == "quota" || o.ShortWhy == "stopped" {
			return true
		}
		for _, l := range o.Lines {
			if n := by[l.SKU]; n != nil {
				n.Waits += l.Qty
			}
		}
		return true
	})
	if err != nil || inner != nil {
		return cmp.Or(err, inner)
	}
	return v.Demand(func(sku floor.SKU, d floor.Demand) bool {
		n := by[sku]
		if n == nil {
			return true
		}
		var days []int // yesterday first: today is not over
		for day := today - 1; day > today-1-forecastDays && d.Day-day < len(d.Pieces); day-- {
			if day > d.Day {
				days = append(days, 0)
			} else {
				days = append(days, d.Pieces[d.Day-day])
			}
		}
		n.Daily = wave.Daily(days)
		return true
	})
}

// Bounds of the plan page's list of orders without stock: how many it names, and how
// many orders it looks at for them.
const (
	maxShortShown  = 50
	maxShortLooked = 2000
)

// lacking gives orders that wait for stock, with what lacks, the oldest first.
func lacking(v *ledger.View) (out []wave.LeftOut, err error) {
	var inner error
	looked := 0
	err = v.Checked("", func(id floor.OrderID) bool {
		looked++
		var o floor.Order
		if o, _, inner = v.Order(id); inner != nil || !o.Short {
			return inner == nil && looked < maxShortLooked
		}
		var why wave.Reason
		if why, inner = lacks(v, o); inner == nil {
			out = append(out, wave.LeftOut{Order: id, Why: why})
		}
		return inner == nil && len(out) < maxShortShown && looked < maxShortLooked
	})
	return out, cmp.Or(err, inner)
}

// lacks says which line of a short order lacks stock, and what mends that.
func lacks(v *ledger.View, o floor.Order) (wave.Reason, error) {
	code := cmp.Or(map[string]wave.Code{
		"refill": wave.InReserve, "shelf-life": wave.TooOld, "quota": wave.BeyondQuota, "stopped": wave.SKUIsStopped,
	}[o.ShortWhy], wave.NotAllocated)
	line := o.Lines[0]
	for _, l := range o.Lines {
		all, err := v.StockOf(l.SKU)
		if err != nil {
			return wave.Reason{}, err
		}
		n := l.Qty
		for _, x := range all {
			n -= x.Sellable()
		}
		if n > 0 {
			line = l
			break
		}
	}
	return wave.Reason{Code: code, Args: []string{strconv.Itoa(line.No), string(line.SKU)}}, nil
}
