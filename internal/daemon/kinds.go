package daemon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/sync/ledger"
	"floord/wave"
)

// An openOrder is an order that may go into a wave, as the floor and as the planner
// see it.
type openOrder struct {
	floor.Order
	plan wave.Order
}

// plannable gives the orders that are neither held nor frozen, with what is known
// of their goods.
func (s *Site) plannable(orders []floor.Order) ([]openOrder, error) {
	var out []openOrder
	known := map[floor.SKU]floor.SKUInfo{}
	err := s.ledger.Read(func(v *ledger.View) error {
		for _, o := range orders {
			if len(o.Holds) > 0 || o.Freeze != nil {
				continue
			}
			for _, l := range o.Lines {
				if _, have := known[l.SKU]; have {
					continue
				}
				k, _, err := v.SKU(l.SKU)
				if err != nil {
					return err
				}
				known[l.SKU] = k
			}
			out = append(out, openOrder{o, foreman.Plannable(o, func(k floor.SKU) floor.SKUInfo { return known[k] })})
		}
		return nil
	})
	return out, err
}

// shares gives each order to the first rule that has it. Orders that no rule has
// go with others on a cart, as the site's settings say.
func shares(open []openOrder, kinds []rules.Kind, usual wave.Rules, now time.Time) []wave.Share {
	twins, singles := map[string]int{}, 0
	for _, o := range open {
		twins[goodsOf(o.Order)]++
		if piecesOf(o.Order) == 1 {
			singles++
		}
	}
	out := []wave.Share{{Kind: wave.Cluster, Rules: usual}}
	for _, k := range kinds {
		out = append(out, wave.Share{Rule: k.Name, Kind: k.Kind, Rules: bounded(usual, k)})
	}
	for _, o := range open {
		x := &rules.Open{
			Urgent: o.Urgent(), Channel: string(o.Channel), Carrier: string(o.Carrier), Class: o.plan.Class, Tags: o.Tags,
			Lines: len(o.Lines), Pieces: piecesOf(o.Order), Stops: len(o.plan.Lines), HoursLeft: 1_000_000,
			Twins: twins[goodsOf(o.Order)], Singles: singles,
		}
		for _, l := range o.plan.Lines {
			x.Grams += int64(l.Grams) * int64(l.Qty)
			x.ML += l.Millilitres * int64(l.Qty)
		}
		if !o.ShipBy.IsZero() {
			x.HoursLeft = o.ShipBy.Sub(now).Hours()
		}
		if !o.ReceivedAt.IsZero() {
			x.Waited = int(now.Sub(o.ReceivedAt) / time.Minute)
		}
		k := rules.Choose(kinds, x)
		plan := o.plan
		if k >= 0 && kinds[k].Kind == wave.Identical {
			plan.Class += "\x00" + goodsOf(o.Order) // only with its twins
		}
		out[k+1].Orders = append(out[k+1].Orders, plan)
	}
	return slices.DeleteFunc(out, func(s wave.Share) bool { return len(s.Orders) == 0 })
}

// bounded gives the site's rules within the bounds of a kind.
func bounded(r wave.Rules, k rules.Kind) wave.Rules {
	if k.Kind != wave.Cluster {
		r.TotesPerCart = k.MaxOrders
	}
	r.MaxOrders = cmp.Or(k.MaxOrders, r.MaxOrders)
	r.MaxLines = cmp.Or(k.MaxLines, r.MaxLines)
	r.MaxGrams = cmp.Or(k.MaxGrams, r.MaxGrams)
	r.MaxMillilitres = cmp.Or(k.MaxMillilitres, r.MaxMillilitres)
	r.MinFill = min(cmp.Or(k.MinFill, r.MinFill), cmp.Or(r.MaxOrders, r.TotesPerCart))
	return r
}

func piecesOf(o floor.Order) int {
	n := 0
	for _, l := range o.Lines {
		n += l.Qty
	}
	return n
}

// goodsOf names what an order asks for, alike for orders that are alike.
func goodsOf(o floor.Order) string {
	var goods []string
	for _, l := range o.Lines {
		goods = append(goods, fmt.Sprintf("%s*%d", l.SKU, l.Qty))
	}
	slices.Sort(goods)
	return strings.Join(goods, "|")
}
