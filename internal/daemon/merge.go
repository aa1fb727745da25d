package daemon

import (
	"context"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/sync/channel/api"
	"floord/sync/channel/channelmap"
	"floord/sync/ledger"
)

// A merger makes one order of those that the site's rules send as one parcel (合单). What
// a shop's lists do not say, whom an order may go with, it asks the shop for, once for
// each order that has company to its district: for that order, or where the platform has
// a call that compares orders, for all that are there. It belongs to the planner's goroutine.
type merger struct {
	said map[floor.OrderID]saidKey // by order that waits
	rest time.Time                 // no shop is asked before
}

// A saidKey is what a shop said of an order while it went to mark.
type saidKey struct{ mark, key string }

const (
	askKeysWithin = 1500 * time.Millisecond // for one answer
	askKeysRest   = time.Minute             // after one that failed
)

// merge reports whether there were any.
func (m *merger) merge(ctx context.Context, d *Daemon, orders []floor.Order) (any bool, err error) {
	var all []rules.Candidate
	by := map[floor.OrderID]*floor.Order{}
	to := map[floor.OrderID]floor.Recipient{}
	near := map[string][]*floor.Order{} // orders of a shop to a district
	place := func(o *floor.Order) string {
		r := to[o.ID]
		return string(o.Channel) + "|" + r.Province + r.City + r.District
	}
	err = d.ledger.Read(func(v *ledger.View) (err error) {
		for i := range orders {
			o := &orders[i]
			if !foreman.Mergeable(o) {
				continue
			}
			if to[o.ID], _, err = v.Recipient(o.ID); err != nil {
				return err
			}
			goods, err := rules.GoodsOf(o, v.SKU)
			if err != nil {
				return err
			}
			by[o.ID] = o
			near[place(o)] = append(near[place(o)], o)
			all = append(all, rules.Candidate{Order: o.ID, At: o.ReceivedAt, Goods: goods})
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	for id := range m.said {
		if by[id] == nil {
			delete(m.said, id)
		}
	}
	for i := range all {
		o := by[all[i].Order]
		said := o.MergeKey
		if here := near[place(o)]; said == "" && len(here) > 1 {
			said = m.ask(ctx, d, o, here, to)
		}
		all[i].Key = floor.MergeKey(o, to[o.ID], said)
	}
	for _, g := range d.cfg.Orders.Rules.Merge(all) {
		var members []foreman.Member
		for _, id := range g.Orders {
			members = append(members, foreman.Member{ID: id, Mark: by[id].Token})
		}
		r, err := d.foreman.Merge(ctx, foreman.Floord(d.keys.next("merge")), g.Rule, members)
		if err != nil {
			return any, err
		}
		any = any || len(r.Events) > 0
	}
	return any, nil
}

// ask gives what the shop says of an order that its list did not; "" if it says nothing
// or cannot be asked now.
func (m *merger) ask(ctx context.Context, d *Daemon, o *floor.Order, here []*floor.Order, to map[floor.OrderID]floor.Recipient) string {
	if k, ok := m.said[o.ID]; ok && k.mark == o.Token {
		return k.key
	}
	s := d.shop(o.Channel)
	if s == nil || s.channel == nil || s.chart == nil || !s.chart.Merges() || time.Now().Before(m.rest) {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, askKeysWithin)
	defer cancel()
	if m.said == nil {
		m.said = map[floor.OrderID]saidKey{}
	}
	if shop, ok := s.channel.(*api.Shop); ok && s.chart.Call("merge") != nil {
		if err := m.compare(ctx, shop, o, here, to); err != nil {
			m.rest = time.Now().Add(askKeysRest)
		}
		return m.said[o.ID].key
	}
	now, err := s.channel.Check(ctx, o.Number)
	if err != nil {
		m.rest = time.Now().Add(askKeysRest)
		return ""
	}
	k := saidKey{mark: o.Token}
	if floor.RecipientMark(now.To) == o.Token {
		k.key = now.MergeKey
	}
	m.said[o.ID] = k
	return k.key
}

// compare has a shop say which of the orders here go to one recipient, o among them.
func (m *merger) compare(ctx context.Context, s *api.Shop, o *floor.Order, here []*floor.Order, to map[floor.OrderID]floor.Recipient) error {
	asked := []*floor.Order{o}
	for _, x := range here {
		if x != o && len(asked) < channelmap.MaxTogether {
			asked = append(asked, x)
		}
	}
	var all []floor.ShopOrder
	for _, x := range asked {
		all = append(all, floor.ShopOrder{Number: x.Number, To: to[x.ID]})
	}
	keys, err := s.Together(ctx, all)
	if err != nil {
		return err
	}
	for _, x := range asked {
		m.said[x.ID] = saidKey{mark: x.Token, key: keys[x.Number]}
	}
	return nil
}
