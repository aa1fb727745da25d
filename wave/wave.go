// Package wave decides which open orders are picked together and how the picker
// walks. Plan is a function from values to a value: it reads no clock, no file and
// no ledger, and the same snapshot, rules and seed give the same plan, whatever
// order the slices come in. Every wave, and every order left out, says why.
//
// Metres are those of the floor as Layout describes it: along aisles and cross
// aisles, from the depot and back.
package wave

import (
	"context"
	"time"

	"floord/floor"
)

// Metres is a length or a coordinate on the floor.
type Metres float64

// An Order is one open order whose lines have bins. The planner trusts nobody:
// what it cannot plan it sets aside with the reason.
type Order struct {
	ID       floor.OrderID
	ShipBy   time.Time // zero: the shop set no deadline
	CutOff   time.Time // the carrier's last collection that keeps the promise; zero: it comes at any time
	Received time.Time
	Urgent   bool
	Priority int // higher goes first among orders of the same urgency
	Carrier  floor.CarrierID
	Class    string // orders of different classes ("cold") never share a cart
	Lines    []Line
}

// A Line is what one bin gives to one order line. A line served from two bins
// appears twice with the same No.
type Line struct {
	No    int // the order's own line number
	SKU   floor.SKU
	Bin   floor.BinID // empty: not allocated
	Qty   int
	Grams floor.Grams // of one piece; 0: not known

	Millilitres int64 // of one piece; 0: not known
	Fragile     bool  // wants to lie on top: it is picked late where that costs no way
}

// A Snapshot is the floor at one moment, as far as planning needs it. Plan only
// reads it.
type Snapshot struct {
	Orders []Order
	Layout *Layout

	// FreePickers is how many walks may start now, so at most this many waves are
	// planned: the rest is planned better when the next picker is free.
	FreePickers int

	// BinHeat is how often bins are picked from, see Heat.Bins. It decides between
	// orders that are otherwise equally good company; nil is fine.
	BinHeat map[floor.BinID]float64
}

// Cluster is the kind of wave where each order has its own tote on the cart and
// is sorted while it is picked (边拣边分).
const Cluster = "cluster"

// Wall is the kind of wave that is picked as totals and sorted at a put wall
// (先拣后分). Its Stops have slots as in a cluster; the floor does without them.
const Wall = "wall"

// A Result is what Plan decided. Every order of the snapshot is in exactly one of
// the three lists. Waves come in the order in which they should start.
type Result struct {
	Waves    []Wave    `json:"waves"`
	Waiting  []LeftOut `json:"waiting"`   // plannable, but not now; most pressing first
	SetAside []LeftOut `json:"set_aside"` // not plannable until somebody mends something; by order
}

// A Wave is one walk of one picker with one cart.
type Wave struct {
	Kind    string          `json:"kind"`
	Orders  []floor.OrderID `json:"orders"` // in slot order: Orders[0] goes into slot 1
	Stops   []Stop          `json:"stops"`  // in walking order
	Metres  Metres          `json:"metres"` // from the depot, past all stops and back
	Minutes float64         `json:"minutes"`
	Why     []Reason        `json:"why"` // at least one
}

// A Stop is one reach into one bin for one tote. Stops at the same bin are
// neighbours in a walk.
type Stop struct {
	Bin   floor.BinID   `json:"bin"`
	SKU   floor.SKU     `json:"sku"`
	Order floor.OrderID `json:"order"`
	Line  int           `json:"line"`
	Slot  int           `json:"slot"` // from 1
	Qty   int           `json:"qty"`
}

// A LeftOut is an order in no wave of this plan, and why.
type LeftOut struct {
	Order floor.OrderID `json:"order"`
	Why   Reason        `json:"why"`
}

// Plan groups the open orders of s into waves and walks. now decides what is due.
// When ctx ends Plan returns at once with the waves it has; they are whole and
// valid, and the other orders wait for the next call. Rules that Rules.Check
// refuses make every order wait, with that as the reason.
func Plan(ctx context.Context, s Snapshot, r Rules, now time.Time) Result {
	res := Result{Waves: []Wave{}, Waiting: []LeftOut{}}
	b := newBatcher(s, r, now)
	res.SetAside = b.aside
	if err := r.Check(); err != nil {
		res.Waiting = b.rest(because(BadRules, err.Error()))
	}
	var going []*group
	for len(b.open) > 0 {
		switch {
		case ctx.Err() != nil:
			res.Waiting = append(res.Waiting, b.rest(because(Stopped))...)
			continue
		case len(going) >= s.FreePickers:
			res.Waiting = append(res.Waiting, b.rest(because(NoPicker, len(going)))...)
			continue
		}
		g := b.next()
		if len(b.goes(g)) > 0 {
			going = append(going, g)
			continue
		}
		for _, j := range g.jobs {
			res.Waiting = append(res.Waiting, LeftOut{j.order.ID, b.lacks(g)})
		}
	}
	b.improve(ctx, going)
	for _, g := range going {
		res.Waves = append(res.Waves, b.wave(g, b.goes(g)))
	}
	b.byRank(res.Waiting)
	return res
}
