package foreman

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"floord/floor"
	"floord/floor/rules"
	"floord/sync/ledger"
)

// An Intake is what a channel brought in one go.
type Intake struct {
	Key     string // day/channel/..., the same for the same page
	Channel floor.ChannelID
	Cursor  string // where to go on; it moves with the orders, or neither does. Empty: it stays
	Orders  []floor.ShopOrder
	Notices []uint64 // pushes that these orders follow up
	Unread  []uint64 // pushes that nobody can read
	// Stops says that something may have to stop: it goes before other intakes, and
	// also when the disk is nearly full. Of its orders only those are taken that are
	// here already; others come with the next intake.
	Stops bool
}

// Received says what became of an Intake.
type Received struct {
	New, Revised, Same, Held, Frozen, Missed int
	Events                                   []floor.Event
}

// MaxIntake is how many orders one Intake may hold.
const MaxIntake = 500

// Receive takes orders in: each once, its newest truth by (modified time, rank,
// content) and never by arrival. A cancel, or a change of address or note, of an
// order in hands freezes it in the same commit; after the handover it is recorded
// as missed. Its error is ledger.ErrReserve when only work in progress may go on.
func (f *Foreman) Receive(ctx context.Context, in Intake) (Received, error) {
	if len(in.Orders) > MaxIntake {
		return Received{}, fmt.Errorf("an intake of %d orders: at most %d", len(in.Orders), MaxIntake)
	}
	now := moment()
	by := Floord(in.Key)
	req := ledger.Request{Key: by.Key, Actor: floor.Actor("shop:" + string(in.Channel)), Urgent: in.Stops, Bulk: !in.Stops}
	var got Received
	r, err := f.l.Commit(ctx, req, func(v *ledger.View) ([]floor.Fact, error) {
		got = Received{}
		i := intake{look: newLook(v, f), now: now, got: &got, here: in.Stops}
		for _, o := range newestOf(in.Orders) {
			if err := i.take(o); err != nil {
				return nil, err
			}
		}
		got.Same += len(in.Orders) - got.New - got.Revised - got.Same
		if len(in.Notices)+len(in.Unread) > 0 {
			i.facts = append(i.facts, floor.NoticesRead{Channel: in.Channel, Seqs: in.Notices, Unread: in.Unread})
		}
		if in.Cursor != "" {
			if was, err := v.Cursor(in.Channel); err != nil || was != in.Cursor {
				i.facts = append(i.facts, floor.ChannelAdvanced{Channel: in.Channel, Cursor: in.Cursor})
				return i.facts, err
			}
		}
		return i.facts, nil
	})
	if err != nil {
		return Received{}, err
	}
	if r.Repeated {
		got = Received{Same: len(in.Orders)}
	}
	got.Events = r.Events
	return got, nil
}

// TakeNotice keeps what a shop pushed, as it came: when it returns without an
// error, the disk has it. The key says which push it is: the same one again is
// answered with the first receipt, whose event says when that was.
func (f *Foreman) TakeNotice(ctx context.Context, key string, ch floor.ChannelID, via string, body []byte) (ledger.Receipt, error) {
	req := ledger.Request{Key: key, Actor: floor.Actor("shop:" + string(ch))}
	return f.l.Commit(ctx, req, func(*ledger.View) ([]floor.Fact, error) {
		return []floor.Fact{floor.NoticeTaken{Channel: ch, Via: via, Body: body}}, nil
	})
}

// AddressAsked answers a buyer's wish for another address from the floor's state:
// as long as no label of the order exists it is granted, and hands that hold the
// order are stopped until the new address has come; later it is refused with how
// far the floor is. For an order that the floor does not have it does nothing.
func (f *Foreman) AddressAsked(ctx context.Context, by By, ch floor.ChannelID, shop, number string) (ledger.Receipt, error) {
	return f.decide(ctx, by, func(i *intake) error {
		id, known, err := i.OrderByNumber(ch, shop, number)
		if err != nil || !known || !i.f.o.Reports(ch) {
			return err
		}
		o, ok, err := i.Order(id)
		if err != nil || !ok || o.Trial {
			return err
		}
		outcome := addressOutcome(o.State)
		if outcome == "yes" && !o.State.Before(floor.Waved) && o.Freeze == nil {
			if _, err := i.freeze(&o, floor.FreezeAddress, i.now, time.Time{}); err != nil {
				return err
			}
		}
		i.add(floor.AddressAnswered{Order: id, Outcome: outcome, Stage: o.State})
		e, err := i.effects()
		if err != nil {
			return err
		}
		i.add(floor.EffectAsked{Effect: floor.Effect{
			ID: floor.EffectID(e.take()), Lane: "shop/" + string(ch), What: floor.EffectAnswer, Class: floor.Idempotent,
			Order: id, Args: map[string]string{"what": "address", "outcome": outcome},
		}})
		return nil
	})
}

// addressOutcome is "yes", or why an order can no longer go elsewhere.
func addressOutcome(s floor.State) string {
	switch {
	case s.Before(floor.Packing):
		return "yes"
	case s == floor.Packing:
		return "packing"
	case s == floor.Sealed:
		return "sealed"
	}
	return "shipped"
}

// newestOf keeps the newest saying of each order, in the order of first mention.
func newestOf(orders []floor.ShopOrder) []floor.ShopOrder {
	at := map[string]int{}
	out := make([]floor.ShopOrder, 0, len(orders))
	for _, o := range orders {
		key := string(o.Channel) + "|" + o.Shop + "|" + o.Number
		i, seen := at[key]
		switch {
		case !seen:
			at[key] = len(out)
			out = append(out, o)
		case o.Newer(out[i].ModifiedAt, out[i].Weight(), out[i].Content):
			out[i] = o
		}
	}
	return out
}

// An intake gathers the facts of one decision of Receive.
type intake struct {
	look
	now    time.Time
	orders *ids
	asks   *ids
	facts  []floor.Fact
	got    *Received
	here   bool // orders that are not here yet are left
	trial  *bool

	// What this decision has changed already, which its view does not show.
	merges map[floor.OrderID]*floor.Order
	walks  map[floor.TaskID]*floor.Task
	voided map[floor.OrderID]bool // the parcels of orders made of several
}

func (i *intake) add(facts ...floor.Fact) { i.facts = append(i.facts, facts...) }

func (i *intake) take(s floor.ShopOrder) error {
	id, known, err := i.OrderByNumber(s.Channel, s.Shop, s.Number)
	if err != nil {
		return err
	}
	switch {
	case !known && i.here:
		return nil
	case !known:
		s.To, _ = i.f.o.Split(s.To)
		return i.receive(s)
	}
	o, ok, err := i.Order(id)
	if err != nil {
		return err
	}
	// An order that left for the archive is over: nothing changes it here.
	if !ok || !s.Newer(o.ModifiedAt, o.Weight, o.Content) {
		i.got.Same++
		if ok {
			return i.disputed(o, s)
		}
		return nil
	}
	i.got.Revised++
	s.To, _ = i.f.o.Split(s.To)
	if o.In != "" && o.State.Before(floor.Waved) && unlike(o, s) {
		if o, err = i.part(o, "changed"); err != nil {
			return err
		}
	}
	if o.State.Before(floor.Waved) && !sameLines(o, s) {
		// The fold takes other lines over only while nothing is promised to the old ones.
		i.add(freed(o, "lines-changed")...)
		o.Lines = slices.Clone(o.Lines)
		for j := range o.Lines {
			o.Lines[j].Reserved = nil
		}
	}
	i.add(floor.OrderRevised{Order: id, Shop: s})
	return i.revise(o, s)
}

// sameLines reports whether the shop still asks for what the order says.
func sameLines(o floor.Order, s floor.ShopOrder) bool {
	return slices.EqualFunc(o.Lines, s.Lines, func(a floor.Line, b floor.ShopLine) bool {
		return a.SKU == b.SKU && a.Qty == b.Qty && a.Gift == b.Gift
	})
}

func (i *intake) receive(s floor.ShopOrder) error {
	if i.orders == nil {
		day := i.f.o.Prefix + i.f.day(i.now)
		n, err := i.Next(ledger.OrderCounter(i.f.o.Prefix, i.f.day(i.now)))
		if err != nil {
			return err
		}
		i.orders = &ids{day, n}
	}
	id := floor.OrderID(fmt.Sprintf("%s-ORD-%06d", i.orders.prefix, i.orders.next))
	i.orders.next++
	i.got.New++
	j, err := i.judge(s)
	if err != nil {
		return err
	}
	if i.trial == nil { // all orders of an intake are of one channel
		on, err := i.f.OnTrial(i.View, s.Channel)
		if err != nil {
			return err
		}
		i.trial = &on
	}
	trial := *i.trial
	if trial {
		j.Holds = append(j.Holds, floor.Hold{Code: floor.HoldTrial})
	}
	i.add(floor.OrderReceived{Order: id, Shop: s, Trial: trial, Judged: &floor.Judged{Tags: j.Tags, Score: j.Score, Lost: j.Lost, Holds: j.Holds}})
	if s.State == floor.ShopCancelled {
		i.add(floor.OrderClosed{Order: id, Why: "cancelled"})
		return nil
	}
	if trial && s.State.Rank() >= floor.ShopShipped.Rank() {
		return i.tried(id, j.Holds, s)
	}
	if len(j.Holds) > 0 {
		i.got.Held++
	}
	return nil
}

// judged writes what the rules say of an order, as far as it is new.
func (i *intake) judged(o floor.Order, j rules.Judgement) {
	if !slices.Equal(j.Tags, o.Tags) {
		i.add(floor.OrderTagged{Order: o.ID, Tags: j.Tags})
	}
	if j.Score != o.Score || !slices.Equal(j.Lost, o.Lost) {
		i.add(floor.OrderScored{Order: o.ID, Score: j.Score, Lost: j.Lost})
	}
}

// judge judges by the site's rules, now.
func (i *intake) judge(s floor.ShopOrder) (rules.Judgement, error) {
	return i.f.judge(i.f.o.Rules, s, i.now, i.SKU)
}

// addressHold says why an order waits for its address, or "".
func (f *Foreman) addressHold(to floor.Recipient) string {
	switch _, why := f.o.Split(to); {
	case why == "address-conflict":
		return floor.HoldConflict
	case why != "":
		return floor.HoldUnclear
	case to.Token == "" && (!to.HasCity() || to.Detail == ""):
		return floor.HoldAddress
	}
	return ""
}

// judge gives tags, score and the reasons why an order must not be planned yet:
// what the shop says, what the floor sees, and what the rules say.
func (f *Foreman) judge(by *rules.Rules, s floor.ShopOrder, now time.Time, sku func(floor.SKU) (floor.SKUInfo, bool, error)) (rules.Judgement, error) {
	holds := shopHolds(s)
	if s.Pay <= 0 && f.o.Reports(s.Channel) { // a CSV file need not say what was paid
		holds = append(holds, floor.Hold{Code: floor.HoldZeroAmount})
	}
	if code := f.addressHold(s.To); code != "" && !hasHold(holds, floor.HoldNoReceiver) {
		holds = append(holds, floor.Hold{Code: code})
	}
	o, err := rules.Of(&s, now, f.o.Reports(s.Channel), sku)
	if err != nil {
		return rules.Judgement{}, err
	}
	for _, l := range o.Lines {
		if !l.Known {
			holds = append(holds, floor.Hold{Code: floor.HoldUnknownSKU, Field: l.SKU})
		}
	}
	j := by.Judge(o)
	j.Holds = append(holds, j.Holds...)
	if j.Low && len(j.Holds) == 0 { // else a person sees it anyway, or what is missing comes
		j.Holds = []floor.Hold{{Code: floor.HoldScore, Field: strconv.Itoa(j.Score)}}
	}
	return j, nil
}

// shopHolds gives the shop's own reasons. An order that the shop has as shipped
// or over, and we have not handed over, waits for a person.
func shopHolds(s floor.ShopOrder) []floor.Hold {
	holds := slices.Clone(s.Holds)
	switch {
	case s.State == floor.ShopUnpaid && !hasHold(holds, floor.HoldUnpaid):
		holds = append(holds, floor.Hold{Code: floor.HoldUnpaid})
	case s.State.Rank() >= floor.ShopShipped.Rank():
		holds = append(holds, floor.Hold{Code: floor.HoldPlatform, Text: string(s.State)})
	}
	return holds
}

func hasHold(holds []floor.Hold, code string) bool {
	return slices.ContainsFunc(holds, func(h floor.Hold) bool { return h.Code == code })
}

// revise follows up on a newer truth of an order we have.
func (i *intake) revise(o floor.Order, s floor.ShopOrder) error {
	stop, why := stops(o, s)
	switch {
	case o.State == floor.Closed:
		return nil
	case o.Over():
		if stop && why == floor.FreezeCancel {
			return i.missed(o)
		}
		return nil
	case o.State.Before(floor.Waved):
		return i.reviseEarly(o, s)
	}
	j, err := i.judge(s)
	if err != nil {
		return err
	}
	i.judged(o, j)
	switch {
	case stop && o.Freeze == nil && why == floor.FreezeCancel:
		return i.cancel(o, s)
	case stop && o.Freeze == nil:
		_, err := i.freeze(&o, why, s.ModifiedAt, s.HeardAt)
		return err
	case o.Freeze != nil:
		if called, err := i.contradicted(o, s, j.Tags); called || err != nil {
			return err
		}
		ask, err := i.openIntercept(o.Freeze.Key)
		if err != nil {
			return err
		}
		return i.settle(o, ask, s.State)
	}
	return nil
}

// stops says whether what changed must stop hands that hold the order.
func stops(o floor.Order, s floor.ShopOrder) (bool, floor.FreezeWhy) {
	wasOff := o.ShopState == floor.ShopCancelled || hasShopHold(o.Holds)
	isOff := s.State == floor.ShopCancelled || hasShopHold(s.Holds)
	switch {
	case isOff && !wasOff:
		return true, floor.FreezeCancel
	case s.State == floor.ShopPaid && floor.RecipientMark(s.To) != o.Token:
		return true, floor.FreezeAddress
	case s.State == floor.ShopPaid && (s.Note() != o.Note || !sameLines(o, s)):
		return true, floor.FreezeRemark
	}
	return false, ""
}

func hasShopHold(holds []floor.Hold) bool {
	return slices.ContainsFunc(holds, func(h floor.Hold) bool { return floor.ShopHold(h.Code) })
}

// reviseEarly follows up on an order that no hand holds yet: a cancel closes it,
// anything else is judged again.
func (i *intake) reviseEarly(o floor.Order, s floor.ShopOrder) error {
	switch {
	case s.State == floor.ShopCancelled && o.Trial:
		i.add(floor.OrderClosed{Order: o.ID, Why: "cancelled"})
		return nil
	case s.State == floor.ShopCancelled:
		return i.stopUnheld(o, s)
	case s.State.Rank() >= floor.ShopShipped.Rank() && o.Trial:
		return i.tried(o.ID, o.Holds, s)
	}
	j, err := i.judge(s)
	if err != nil {
		return err
	}
	waited := len(o.Holds) > 0 && !slices.ContainsFunc(o.Holds, func(h floor.Hold) bool { return !floor.ShopHold(h.Code) && h.Code != floor.HoldTrial })
	if sameLines(o, s) && s.Note() == o.Note && floor.RecipientMark(s.To) == o.Token && !waited {
		j.Holds = shopHolds(s)
		for _, h := range o.Holds {
			if !floor.ShopHold(h.Code) && h.Code != floor.HoldUnmapped {
				j.Holds = append(j.Holds, h) // the floor's own reasons stay until a person lifts them
			}
		}
	} else if o.Trial { // it is another order now, or one that only the shop has held so far
		j.Holds = append(j.Holds, floor.Hold{Code: floor.HoldTrial})
	}
	i.judged(o, j)
	if !slices.Equal(j.Holds, o.Holds) {
		i.add(floor.OrderHeld{Order: o.ID, Holds: j.Holds})
	}
	if floor.AsksCancel(s.Holds) && !floor.AsksCancel(o.Holds) && s.State == floor.ShopPaid {
		return i.answer(o, "stopped") // nobody holds it, and the shop's own hold keeps it so
	}
	return nil
}

// stopUnheld ends a cancelled order that nobody has begun: frozen, decided and
// closed in one commit, so that it counts as an interception that stopped.
func (i *intake) stopUnheld(o floor.Order, s floor.ShopOrder) error {
	if o.Freeze == nil {
		if _, err := i.freeze(&o, floor.FreezeCancel, s.ModifiedAt, s.HeardAt); err != nil {
			return err
		}
		i.add(floor.OrderThawed{Order: o.ID, Intercept: i.lastAsk(), Outcome: "stopped"})
	} else {
		i.add(floor.OrderThawed{Order: o.ID, Intercept: o.Freeze.Key, Outcome: "stopped"})
	}
	i.add(freed(o, "cancelled")...)
	i.add(floor.OrderClosed{Order: o.ID, Why: "cancelled"})
	return i.answer(o, "stopped")
}

// Unhold lifts the floor's own holds of an order; those the shop sets stay.
func (f *Foreman) Unhold(ctx context.Context, by By, id floor.OrderID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		o, err := v.order(id)
		if err != nil {
			return nil, err
		}
		if err := awake(&o); err != nil {
			return nil, err
		}
		var left []floor.Hold
		for _, h := range o.Holds {
			if floor.ShopHold(h.Code) || h.Code == floor.HoldUnknownSKU || h.Code == floor.HoldUnmapped {
				left = append(left, h)
			}
		}
		if len(left) == len(o.Holds) && len(left) > 0 {
			return nil, floor.Refuse("order-held", "order", id, "hold", "hold-"+left[0].Code)
		}
		return []floor.Fact{floor.OrderHeld{Order: id, Holds: left}}, nil
	})
}

// SetSKUs replaces what is known of SKUs and judges again the orders that waited
// for them. Unchanged ones cost nothing.
func (f *Foreman) SetSKUs(ctx context.Context, by By, skus []floor.SKUInfo) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleAdmin); err != nil {
			return nil, err
		}
		var changed []floor.SKUInfo
		now := map[floor.SKU]bool{}
		for _, s := range skus {
			old, ok, err := v.SKU(s.SKU)
			if err != nil {
				return nil, err
			}
			if !ok || !reflect.DeepEqual(old, s) {
				changed = append(changed, s)
			}
			now[s.SKU] = true
		}
		if len(changed) == 0 {
			return nil, nil
		}
		facts := []floor.Fact{floor.SKUsSet{SKUs: changed}}
		waiting, err := v.known(now)
		return append(facts, waiting...), err
	})
}

// known lifts the holds of orders that waited for the SKUs in now.
func (v look) known(now map[floor.SKU]bool) ([]floor.Fact, error) {
	var facts []floor.Fact
	var inner error
	err := v.Live("", func(id floor.OrderID, s floor.State) bool {
		if s != floor.New {
			return true
		}
		var o floor.Order
		if o, inner = v.order(id); inner != nil {
			return false
		}
		left := slices.DeleteFunc(slices.Clone(o.Holds), func(h floor.Hold) bool {
			return h.Code == floor.HoldUnknownSKU && now[floor.SKU(h.Field)]
		})
		if len(left) < len(o.Holds) {
			facts = append(facts, floor.OrderHeld{Order: id, Holds: left})
		}
		return true
	})
	if err == nil {
		err = inner
	}
	return facts, err
}

// SetBins replaces what is known of bins. Unchanged ones cost nothing.
func (f *Foreman) SetBins(ctx context.Context, by By, bins []floor.BinInfo) (ledger.Receipt, error) {
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleAdmin); err != nil {
			return nil, err
		}
		var changed []floor.BinInfo
		for _, b := range bins {
			old, ok, err := v.Bin(b.Bin)
			if err != nil {
				return nil, err
			}
			if !ok || old != b {
				changed = append(changed, b)
			}
		}
		if len(changed) == 0 {
			return nil, nil
		}
		return []floor.Fact{floor.BinsSet{Bins: changed}}, nil
	})
}

// PoolWaybills adds numbers fetched ahead from a carrier. Numbers already in the
// pool or on a parcel are left out: a number never sits on two parcels.
func (f *Foreman) PoolWaybills(ctx context.Context, by By, c floor.CarrierID, numbers []floor.WaybillNo) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleAdmin); err != nil {
			return nil, err
		}
		for i, n := range numbers {
			taken, err := v.taken(n)
			if err != nil {
				return nil, err
			}
			if taken || slices.Contains(numbers[:i], n) {
				trip, err := v.open(floor.Trip{Scope: floor.Scope{Carrier: c}, Cause: floor.FuseTwice, Why: string(n)})
				return append(trip, floor.WaybillsPooled{Carrier: c}), err // the request is spent
			}
		}
		well, err := v.wellAgain(c)
		return append(well, floor.WaybillsPooled{Carrier: c, Numbers: numbers}), err
	})
}
