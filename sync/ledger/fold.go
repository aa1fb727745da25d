package ledger

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"floord/floor"
)

// The views' buckets. Keys that hold a time or a running number grow with it, so
// that a commit touches few pages.
const (
	vOrders     = "orders"     // order -> floor.Order
	vTo         = "to"         // order -> floor.Recipient
	vNumbers    = "numbers"    // channel|shop|number -> order; kept for ever
	vLive       = "live"       // order -> state, of orders that still need hands
	vOver       = "over"       // seq -> order, of orders that do not
	vShip       = "ship"       // order -> floor.ShipRow
	vHours      = "hours"      // hour|order -> "": a report row changed then, or its order is due then
	vStock      = "stock"      // bin|sku -> floor.Stock
	vLies       = "lies"       // sku|bin -> "": where a SKU lies
	vSKUs       = "skus"       // sku -> floor.SKUInfo
	vBarcodes   = "barcodes"   // barcode -> sku
	vBins       = "bins"       // bin -> floor.BinInfo
	vDemand     = "demand"     // sku -> floor.Demand
	vWaves      = "waves"      // wave number -> floor.Wave
	vTasks      = "tasks"      // task number -> floor.Task
	vLiveTasks  = "live-tasks" // task number -> state, of tasks not ended
	vTotes      = "totes"      // tote -> order
	vParcels    = "parcels"    // parcel number -> floor.Parcel
	vWaybills   = "waybills"   // number -> parcel; kept for ever
	vPool       = "pool"       // carrier|number -> "": waybill numbers fetched ahead
	vStations   = "stations"   // station -> parcel that is open there
	vSheets     = "sheets"     // carrier -> sheet open now
	vOutbox     = "outbox"     // lane|effect number -> floor.Effect
	vLanes      = "lanes"      // effect number -> lane
	vPeople     = "people"     // person -> floor.Person
	vBadges     = "badges"     // hash -> person
	vDevices    = "devices"    // device -> floor.Device
	vTokens     = "tokens"     // hash -> device
	vCodes      = "codes"      // hash -> floor.DeviceInvited
	vCursors    = "cursors"    // channel -> cursor
	vIntercepts = "intercepts" // day/number -> floor.Intercept
	vOpenAsks   = "open-asks"  // day/number -> "": intercepts not ended
	vCounters   = "counters"   // name -> last number given
	vFigures    = "figures"    // "floor" -> floor.Figures
)

// A folder folds one event into the views. It is the only writer of them.
type folder struct {
	r *rows
	e floor.Event
}

// fold changes the views by what e says. It is a function of the views and e
// alone, so that a rebuild gives the same rows.
func fold(r *rows, e floor.Event) error {
	if err := (&folder{r, e}).fact(e.Fact); err != nil {
		return fmt.Errorf("fold %s of event %d: %w", e.Fact.Kind(), e.Seq, err)
	}
	return nil
}

func (f *folder) fact(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.SKUsSet:
		return f.skus(x.SKUs)
	case floor.BinsSet:
		return each(x.Bins, func(b floor.BinInfo) error { return putRow(f.r, vBins, string(b.Bin), b) })
	case floor.PersonSet, floor.PersonRemoved, floor.PersonLoggedIn, floor.PersonLoggedOut:
		return f.people(x)
	case floor.DeviceInvited, floor.DevicePaired, floor.DeviceRevoked:
		return f.devices(x)

	case floor.OrderReceived:
		return f.received(x)
	case floor.OrderRevised:
		return f.revised(x)
	case floor.ChannelAdvanced:
		return putRow(f.r, vCursors, string(x.Channel), x.Cursor)
	case floor.OrderTagged:
		return f.order(x.Order, func(o *floor.Order) { o.Tags = x.Tags })
	case floor.OrderHeld:
		return f.order(x.Order, func(o *floor.Order) {
			o.Holds = x.Holds
			if len(x.Holds) == 0 && o.State == floor.New {
				o.State = floor.Checked
			}
		})
	case floor.OrderClosed:
		return f.order(x.Order, func(o *floor.Order) {
			o.State, o.ClosedWhy, o.ClosedAt = floor.Closed, x.Why, f.e.At
		})

	case floor.StockCounted, floor.StockReserved, floor.StockFreed, floor.OrderShort:
		return f.stock(x)

	case floor.WaveReleased, floor.TaskIssued, floor.TaskTaken, floor.ToteBound, floor.StopSkipped,
		floor.StopsAdded, floor.StopsDropped, floor.TaskDone:
		return f.tasks(x)
	case floor.LinePicked, floor.LineShort, floor.LinePutBack, floor.OrderPicked:
		return f.hands(x)

	case floor.ParcelOpened, floor.ItemVerified, floor.ParcelVerified, floor.ParcelWeighed,
		floor.ParcelSealed, floor.ParcelVoided, floor.ParcelLeft:
		return f.parcels(x)
	case floor.SheetOpened:
		return f.sheet(x)
	case floor.WaybillsPooled:
		if err := f.next("pool/" + string(x.Carrier)); err != nil {
			return err
		}
		return each(x.Numbers, func(n floor.WaybillNo) error {
			return f.r.put(vPool, string(x.Carrier)+"|"+string(n), nil)
		})

	case floor.EffectAsked, floor.EffectStarted, floor.EffectEnded, floor.EffectDoubted, floor.EffectDelayed:
		return f.effects(x)

	case floor.OrderFrozen, floor.CancelMissed, floor.FreezeShown, floor.FreezeAnswered,
		floor.FreezeEscalated, floor.OrderThawed:
		return f.intercepts(x)

	case floor.DayArchived:
		return f.archived(x)
	case floor.DaemonStarted:
		return nil
	}
	return fmt.Errorf("no view knows this fact")
}

func each[T any](list []T, f func(T) error) error {
	for _, x := range list {
		if err := f(x); err != nil {
			return err
		}
	}
	return nil
}

// change loads the row, lets f change it and writes it back. A row that is not
// there is an error: the decision should have seen that.
func change[T any](r *rows, bucket, key string, f func(*T) error) error {
	row, ok, err := getRow[T](r, bucket, key)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%s %s is not there", bucket, key)
	}
	if err := f(&row); err != nil {
		return err
	}
	return putRow(r, bucket, key, row)
}

// count raises a running count of the figures.
func (f *folder) count(name string, n int) error {
	return f.figures(func(g *floor.Figures) { g.Counts[name] += n })
}

func (f *folder) figures(change func(*floor.Figures)) error {
	g, _, err := getRow[floor.Figures](f.r, vFigures, "floor")
	if err != nil {
		return err
	}
	if g.ByState == nil {
		g.ByState = map[floor.State]int{}
	}
	if g.Counts == nil {
		g.Counts = map[string]int{}
	}
	change(&g)
	return putRow(f.r, vFigures, "floor", g)
}

// number notes that a counter has given n.
func (f *folder) number(counter string, n uint64) error {
	last, _, err := getRow[uint64](f.r, vCounters, counter)
	if err != nil || last >= n {
		return err
	}
	return putRow(f.r, vCounters, counter, n)
}

// next raises a counter by one.
func (f *folder) next(counter string) error {
	last, _, err := getRow[uint64](f.r, vCounters, counter)
	if err != nil {
		return err
	}
	return putRow(f.r, vCounters, counter, last+1)
}

// ---- orders

func (f *folder) received(x floor.OrderReceived) error {
	if err := f.number(orderCounter(x.Order), idNumber(string(x.Order))); err != nil {
		return err
	}
	s := x.Shop
	key := numberKey(s.Channel, s.Shop, s.Number)
	if err := putRow(f.r, vNumbers, key, x.Order); err != nil {
		return err
	}
	if err := putRow(f.r, vTo, string(x.Order), s.To); err != nil {
		return err
	}
	o := floor.Order{
		ID: x.Order, Channel: s.Channel, Shop: s.Shop, Number: s.Number, State: floor.New, ReceivedAt: f.e.At,
		First: f.e.Seq,
	}
	for i, l := range s.Lines {
		o.Lines = append(o.Lines, floor.Line{No: i + 1, SKU: l.SKU, Name: l.Name, Spec: l.Spec, Qty: l.Qty, Gift: l.Gift})
		if err := f.demand(l.SKU, l.Qty); err != nil {
			return err
		}
	}
	takeShop(&o, s)
	return f.save(nil, &o)
}

// demand counts pieces ordered, for heat.
func (f *folder) demand(sku floor.SKU, n int) error {
	d, _, err := getRow[floor.Demand](f.r, vDemand, string(sku))
	if err != nil {
		return err
	}
	d.Add(floor.DemandDay(f.e.At), n)
	return putRow(f.r, vDemand, string(sku), d)
}

func (f *folder) revised(x floor.OrderRevised) error {
	if err := putRow(f.r, vTo, string(x.Order), x.Shop.To); err != nil {
		return err
	}
	return f.order(x.Order, func(o *floor.Order) { takeShop(o, x.Shop) })
}

// takeShop takes over what the shop may change in an order at any time.
func takeShop(o *floor.Order, s floor.ShopOrder) {
	o.ModifiedAt, o.ShopState, o.Weight, o.Content = s.ModifiedAt, s.State, s.Weight(), s.Content
	o.Pay, o.PaidAt, o.ShipBy, o.CollectBy = s.Pay, s.PaidAt, s.ShipBy, s.CollectBy
	o.MergeKey, o.Flags, o.Avoid = s.MergeKey, s.Flags, s.AvoidCodes
	o.Note = s.BuyerNote
	if s.SellerNote != "" {
		if o.Note != "" {
			o.Note += " / "
		}
		o.Note += s.SellerNote
	}
	o.Token = floor.RecipientMark(s.To)
}

// order loads an order, lets change change it and saves it with all that hangs on it.
func (f *folder) order(id floor.OrderID, change func(*floor.Order)) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("order %s is not there", id)
	}
	was := o
	was.Lines = slices.Clone(o.Lines)
	change(&o)
	return f.save(&was, &o)
}

// save writes an order, and what is derived from it: the live and over lists,
// the report's row and the board's figures.
func (f *folder) save(was, o *floor.Order) error {
	o.Seq = f.e.Seq
	if err := putRow(f.r, vOrders, string(o.ID), *o); err != nil {
		return err
	}
	if err := f.lists(was, o); err != nil {
		return err
	}
	if err := f.ship(was, o); err != nil {
		return err
	}
	a, b := figuresOf(was), figuresOf(o)
	if a == b {
		return nil
	}
	return f.figures(func(g *floor.Figures) {
		if was != nil {
			g.ByState[was.State]--
		} else {
			g.Counts["received"]++
		}
		g.ByState[o.State]++
		g.Frozen += b.frozen - a.frozen
		g.Held += b.held - a.held
		g.Short += b.short - a.short
	})
}

// ship keeps the order's row for reports, and the hours under which a report
// finds it.
func (f *folder) ship(was, o *floor.Order) error {
	row := o.Ship()
	if was != nil && reflect.DeepEqual(was.Ship(), row) {
		return nil
	}
	if err := putRow(f.r, vShip, string(o.ID), row); err != nil {
		return err
	}
	for _, t := range []time.Time{f.e.At, row.ShipBy} {
		if t.IsZero() {
			continue
		}
		if err := f.r.put(vHours, hourKey(t)+"|"+string(o.ID), nil); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) lists(was, o *floor.Order) error {
	if !o.Over() {
		if was != nil && was.State == o.State && !was.Over() {
			return nil
		}
		return putRow(f.r, vLive, string(o.ID), o.State)
	}
	if was != nil && !was.Over() {
		if err := f.r.delete(vLive, string(o.ID)); err != nil {
			return err
		}
	}
	if was != nil && was.Over() {
		if err := f.r.delete(vOver, seqKey(was.Seq)); err != nil {
			return err
		}
	}
	return putRow(f.r, vOver, seqKey(o.Seq), o.ID)
}

type orderFigures struct {
	state               floor.State
	frozen, held, short int
}

// figuresOf gives what an order adds to the board's figures. An order that is
// over adds to its state alone.
func figuresOf(o *floor.Order) orderFigures {
	if o == nil {
		return orderFigures{}
	}
	g := orderFigures{state: o.State}
	if o.Freeze != nil {
		g.frozen = 1
	}
	if o.Over() {
		return g
	}
	if len(o.Holds) > 0 {
		g.held = 1
	}
	if o.Short {
		g.short = 1
	}
	return g
}

// ---- stock

func (f *folder) skus(list []floor.SKUInfo) error {
	for _, s := range list {
		old, had, err := getRow[floor.SKUInfo](f.r, vSKUs, string(s.SKU))
		if err != nil {
			return err
		}
		if had && old.Barcode != "" && old.Barcode != s.Barcode {
			if err := f.r.delete(vBarcodes, old.Barcode); err != nil {
				return err
			}
		}
		if s.Barcode != "" {
			if err := putRow(f.r, vBarcodes, s.Barcode, s.SKU); err != nil {
				return err
			}
		}
		if err := putRow(f.r, vSKUs, string(s.SKU), s); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) stock(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.StockCounted:
		return f.bin(x.Bin, x.SKU, func(s *floor.Stock) { s.OnHand = x.Qty })
	case floor.StockReserved:
		for _, r := range x.Of {
			if err := f.bin(r.Bin, r.SKU, func(s *floor.Stock) { s.Reserved += r.Qty }); err != nil {
				return err
			}
		}
		return f.order(x.Order, func(o *floor.Order) {
			for _, r := range x.Of {
				l := o.Line(r.Line)
				reserve(l, r.Bin, r.Qty)
				l.Missing = max(0, l.Missing-r.Qty)
			}
			if x.All {
				o.Short = false
				if o.State == floor.Checked {
					o.State = floor.Allocated
				}
			}
		})
	case floor.StockFreed:
		for _, r := range x.Of {
			if err := f.bin(r.Bin, r.SKU, func(s *floor.Stock) { s.Reserved -= r.Qty }); err != nil {
				return err
			}
		}
		return f.order(x.Order, func(o *floor.Order) {
			for _, r := range x.Of {
				reserve(o.Line(r.Line), r.Bin, -r.Qty)
			}
		})
	case floor.OrderShort:
		return f.order(x.Order, func(o *floor.Order) { o.Short = true })
	}
	return nil
}

// reserve adds n to what l has reserved in a bin.
func reserve(l *floor.Line, bin floor.BinID, n int) {
	i := slices.IndexFunc(l.Reserved, func(b floor.BinQty) bool { return b.Bin == bin })
	l.Reserved = slices.Clone(l.Reserved)
	if i < 0 {
		l.Reserved = append(l.Reserved, floor.BinQty{Bin: bin, Qty: n})
		return
	}
	l.Reserved[i].Qty += n
	if l.Reserved[i].Qty == 0 {
		l.Reserved = slices.Delete(l.Reserved, i, i+1)
	}
}

// bin changes the stock of a SKU in a bin. Promise 2 is asserted here, where
// every change of stock must pass: a decision that would break it breaks its
// commit and not the stock.
func (f *folder) bin(bin floor.BinID, sku floor.SKU, change func(*floor.Stock)) error {
	key := stockKey(bin, sku)
	s, had, err := getRow[floor.Stock](f.r, vStock, key)
	if err != nil {
		return err
	}
	s.Bin, s.SKU = bin, sku
	change(&s)
	if s.Reserved < 0 || s.Reserved > s.OnHand {
		return fmt.Errorf("stock of %s in %s: %d reserved of %d on hand", sku, bin, s.Reserved, s.OnHand)
	}
	if !had {
		if err := f.r.put(vLies, string(sku)+"|"+string(bin), nil); err != nil {
			return err
		}
	}
	return putRow(f.r, vStock, key, s)
}

// ---- waves and hands

func (f *folder) tasks(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.WaveReleased:
		if err := f.number("wave", idNumber(string(x.Wave))); err != nil {
			return err
		}
		w := floor.Wave{ID: x.Wave, Kind: x.Type, Orders: x.Orders, Metres: x.Metres, Why: x.Why, ReleasedAt: f.e.At}
		if err := putRow(f.r, vWaves, numKey(string(x.Wave)), w); err != nil {
			return err
		}
		if err := f.count("waves", 1); err != nil {
			return err
		}
		return each(x.Orders, func(id floor.OrderID) error {
			return f.order(id, func(o *floor.Order) { o.State, o.Wave = floor.Waved, x.Wave })
		})
	case floor.TaskIssued:
		return f.issued(x)
	case floor.TaskTaken:
		if err := f.person(x.Person, func(p *floor.Person) { p.Task = x.Task }); err != nil {
			return err
		}
		return f.task(x.Task, func(t *floor.Task) {
			if t.State == floor.TaskWaiting {
				t.TakenAt = f.e.At
			}
			t.State, t.Person, t.Device = floor.TaskRunning, x.Person, x.Device
		})
	case floor.ToteBound:
		if err := putRow(f.r, vTotes, string(x.Tote), x.Order); err != nil {
			return err
		}
		if err := f.order(x.Order, func(o *floor.Order) { o.Tote = x.Tote }); err != nil {
			return err
		}
		return f.task(x.Task, func(t *floor.Task) { t.Slots[x.Slot-1].Tote = x.Tote })
	case floor.StopSkipped:
		return f.task(x.Task, func(t *floor.Task) {
			most := 0
			for _, s := range t.Stops {
				most = max(most, s.Skipped)
			}
			t.Stop(x.Stop).Skipped = most + 1
		})
	case floor.StopsAdded:
		return f.task(x.Task, func(t *floor.Task) { t.Stops = append(t.Stops, x.Stops...) })
	case floor.StopsDropped:
		return f.task(x.Task, func(t *floor.Task) {
			for i := range t.Stops {
				if t.Stops[i].Order == x.Order {
					t.Stops[i].Dropped = true
				}
			}
		})
	case floor.TaskDone:
		return f.taskDone(x)
	}
	return nil
}

func (f *folder) issued(x floor.TaskIssued) error {
	if err := f.number("task", idNumber(string(x.Task))); err != nil {
		return err
	}
	t := floor.Task{
		ID: x.Task, Kind: x.Type, Wave: x.Wave, State: floor.TaskWaiting,
		Slots: x.Slots, Stops: x.Stops, Metres: x.Metres, IssuedAt: f.e.At,
	}
	if err := putRow(f.r, vTasks, numKey(string(x.Task)), t); err != nil {
		return err
	}
	if err := putRow(f.r, vLiveTasks, numKey(string(x.Task)), t.State); err != nil {
		return err
	}
	for _, s := range x.Slots {
		if err := f.order(s.Order, func(o *floor.Order) { o.Task = x.Task }); err != nil {
			return err
		}
	}
	if x.Wave == "" {
		return nil
	}
	return change(f.r, vWaves, numKey(string(x.Wave)), func(w *floor.Wave) error {
		w.Tasks = append(w.Tasks, x.Task)
		return nil
	})
}

func (f *folder) taskDone(x floor.TaskDone) error {
	var wave floor.WaveID
	err := f.task(x.Task, func(t *floor.Task) { t.State, wave = floor.TaskEnded, t.Wave })
	if err != nil {
		return err
	}
	if x.Person != "" {
		if err := f.person(x.Person, func(p *floor.Person) { p.Task = "" }); err != nil {
			return err
		}
	}
	if wave == "" {
		return nil
	}
	return change(f.r, vWaves, numKey(string(wave)), func(w *floor.Wave) error {
		w.Done = true
		for _, id := range w.Tasks {
			t, ok, err := getRow[floor.Task](f.r, vTasks, numKey(string(id)))
			if err != nil {
				return err
			}
			w.Done = w.Done && ok && t.State == floor.TaskEnded
		}
		return nil
	})
}

// task changes a task and keeps the list of live ones.
func (f *folder) task(id floor.TaskID, do func(*floor.Task)) error {
	key := numKey(string(id))
	return change(f.r, vTasks, key, func(t *floor.Task) error {
		was := t.State
		do(t)
		switch {
		case t.State == was:
			return nil
		case t.State == floor.TaskEnded:
			return f.r.delete(vLiveTasks, key)
		}
		return putRow(f.r, vLiveTasks, key, t.State)
	})
}

func (f *folder) hands(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.LinePicked:
		if err := f.count("picked-lines", 1); err != nil {
			return err
		}
		if err := f.task(x.Task, func(t *floor.Task) { t.Stop(x.Stop).Done += x.Qty }); err != nil {
			return err
		}
		err := f.bin(x.Bin, x.SKU, func(s *floor.Stock) { s.OnHand -= x.Qty; s.Reserved -= x.Qty })
		if err != nil {
			return err
		}
		return f.order(x.Order, func(o *floor.Order) {
			l := o.Line(x.Line)
			l.Picked += x.Qty
			reserve(l, x.Bin, -x.Qty)
			f.worked(o)
			if o.State == floor.Waved {
				o.State = floor.Picking
			}
		})
	case floor.LineShort:
		if err := f.task(x.Task, func(t *floor.Task) { t.Stop(x.Stop).Missing += x.Qty }); err != nil {
			return err
		}
		if err := f.bin(x.Bin, x.SKU, func(s *floor.Stock) { s.Reserved -= x.Qty }); err != nil {
			return err
		}
		return f.order(x.Order, func(o *floor.Order) {
			l := o.Line(x.Line)
			l.Missing += x.Qty
			reserve(l, x.Bin, -x.Qty)
			o.ShortLines++
			f.worked(o)
			if o.State == floor.Waved {
				o.State = floor.Picking
			}
		})
	case floor.LinePutBack:
		if err := f.task(x.Task, func(t *floor.Task) { t.Stop(x.Stop).Done += x.Qty }); err != nil {
			return err
		}
		if err := f.bin(x.Bin, x.SKU, func(s *floor.Stock) { s.OnHand += x.Qty }); err != nil {
			return err
		}
		return f.order(x.Order, func(o *floor.Order) { o.Line(x.Line).Picked -= x.Qty })
	case floor.OrderPicked:
		return f.order(x.Order, func(o *floor.Order) {
			if o.State == floor.Picking || o.State == floor.Waved {
				o.State = floor.Picked
			}
		})
	}
	return nil
}

// ---- packing

func (f *folder) parcels(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.ParcelOpened:
		if err := f.number("parcel", idNumber(string(x.Parcel))); err != nil {
			return err
		}
		p := floor.Parcel{ID: x.Parcel, Order: x.Order, Station: x.Station, State: floor.ParcelIsOpen, Items: x.Items}
		if err := putRow(f.r, vParcels, numKey(string(x.Parcel)), p); err != nil {
			return err
		}
		if err := putRow(f.r, vStations, string(x.Station), x.Parcel); err != nil {
			return err
		}
		return f.order(x.Order, func(o *floor.Order) {
			o.State = floor.Packing
			o.Parcels = append(slices.Clone(o.Parcels), x.Parcel)
		})
	case floor.ItemVerified:
		if err := f.order(x.Order, func(o *floor.Order) { o.Line(x.Line).Packed += x.Qty }); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			for i := range p.Items {
				if p.Items[i].Line == x.Line {
					p.Items[i].Verified += x.Qty
				}
			}
		})
	case floor.ParcelVerified:
		return f.parcel(x.Parcel, func(p *floor.Parcel) { p.State = floor.ParcelIsVerified })
	case floor.ParcelWeighed:
		if x.Manual {
			if err := f.order(x.Order, func(o *floor.Order) { o.Manual++ }); err != nil {
				return err
			}
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			p.State = floor.ParcelIsWeighed
			p.Weight = &x.Weight
		})
	case floor.ParcelSealed:
		return f.sealed(x)
	case floor.ParcelVoided:
		if err := f.clearStation(x.Station, x.Parcel); err != nil {
			return err
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) { p.State = floor.ParcelIsVoid })
	case floor.ParcelLeft:
		if err := f.count("handed-over", 1); err != nil {
			return err
		}
		if x.Last {
			err := f.order(x.Order, func(o *floor.Order) { o.State, o.HandedAt = floor.HandedOver, f.e.At })
			if err != nil {
				return err
			}
		}
		return f.parcel(x.Parcel, func(p *floor.Parcel) {
			p.State, p.LeftAt, p.Sheet = floor.ParcelHasLeft, f.e.At, x.Sheet
		})
	}
	return nil
}

// sealed binds the number. Promise 3 is asserted here: a number that sits on
// another parcel breaks the commit.
func (f *folder) sealed(x floor.ParcelSealed) error {
	owner, taken, err := getRow[floor.ParcelID](f.r, vWaybills, string(x.Waybill))
	if err != nil {
		return err
	}
	if taken && owner != x.Parcel {
		return fmt.Errorf("waybill number of %s is on %s already", x.Parcel, owner)
	}
	if err := putRow(f.r, vWaybills, string(x.Waybill), x.Parcel); err != nil {
		return err
	}
	if err := f.r.delete(vPool, string(x.Carrier)+"|"+string(x.Waybill)); err != nil {
		return err
	}
	if err := f.count("sealed", 1); err != nil {
		return err
	}
	if err := f.clearStation(x.Station, x.Parcel); err != nil {
		return err
	}
	err = f.order(x.Order, func(o *floor.Order) {
		o.Carrier = x.Carrier
		if x.Last {
			o.State = floor.Sealed
		}
	})
	if err != nil {
		return err
	}
	if x.Last {
		if err := f.freeTote(x.Order); err != nil {
			return err
		}
	}
	return f.parcel(x.Parcel, func(p *floor.Parcel) {
		p.State, p.SealedAt = floor.ParcelIsSealed, f.e.At
		p.Carrier, p.Waybill, p.SortCode = x.Carrier, x.Waybill, x.SortCode
	})
}

func (f *folder) clearStation(s floor.StationID, p floor.ParcelID) error {
	open, ok, err := getRow[floor.ParcelID](f.r, vStations, string(s))
	if err != nil || !ok || open != p {
		return err
	}
	return f.r.delete(vStations, string(s))
}

// freeTote lets another order use the totes of a packed one.
func (f *folder) freeTote(id floor.OrderID) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil || !ok || o.Tote == "" {
		return err
	}
	t, ok, err := getRow[floor.Task](f.r, vTasks, numKey(string(o.Task)))
	if err != nil || !ok {
		return err
	}
	for _, s := range t.Slots {
		if s.Order != id || s.Tote == "" {
			continue
		}
		holds, ok, err := getRow[floor.OrderID](f.r, vTotes, string(s.Tote))
		if err != nil {
			return err
		}
		if ok && holds == id {
			if err := f.r.delete(vTotes, string(s.Tote)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *folder) parcel(id floor.ParcelID, do func(*floor.Parcel)) error {
	return change(f.r, vParcels, numKey(string(id)), func(p *floor.Parcel) error { do(p); return nil })
}

func (f *folder) sheet(x floor.SheetOpened) error {
	if err := f.number("sheet", idNumber(string(x.Sheet))); err != nil {
		return err
	}
	return putRow(f.r, vSheets, string(x.Carrier), x.Sheet)
}

// ---- effects

func (f *folder) effects(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.EffectAsked:
		return f.asked(x.Effect)
	case floor.EffectStarted:
		return f.effect(x.Effect, func(e *floor.Effect) (string, error) {
			e.State, e.BegunAt = floor.EffectBegun, f.e.At
			e.Tries++
			return floor.LabelBegun, nil
		})
	case floor.EffectDelayed:
		return f.effect(x.Effect, func(e *floor.Effect) (string, error) {
			e.State, e.Next, e.Err = floor.EffectLater, x.Next, x.Why
			if e.Class == floor.Idempotent {
				e.Tries++
			}
			return floor.LabelWanted, f.labelTrouble(e, x.Why)
		})
	case floor.EffectDoubted:
		if err := f.count("in-doubt", 1); err != nil {
			return err
		}
		return f.effect(x.Effect, func(e *floor.Effect) (string, error) {
			e.State, e.Err = floor.EffectDoubt, x.Why
			return floor.LabelDoubt, f.labelTrouble(e, "in-doubt")
		})
	case floor.EffectEnded:
		if err := f.count(x.What+"/"+x.Outcome, 1); err != nil {
			return err
		}
		key := numKey(string(x.Effect))
		e, ok, err := getRow[floor.Effect](f.r, vOutbox, x.Lane+"|"+key)
		if err != nil || !ok {
			return err
		}
		if err := f.r.delete(vOutbox, x.Lane+"|"+key); err != nil {
			return err
		}
		if err := f.r.delete(vLanes, key); err != nil {
			return err
		}
		if e.What != floor.EffectLabel {
			return nil
		}
		return f.labelled(e, x.Outcome == "printed")
	}
	return nil
}

// labelled notes that a label came out, or did not.
func (f *folder) labelled(e floor.Effect, out bool) error {
	first := false
	err := f.parcel(e.Parcel, func(p *floor.Parcel) {
		p.Label = floor.LabelFailed
		if out {
			p.Label = floor.LabelPrinted
			first = p.Printed == 0
			p.Printed++
		}
	})
	if err != nil || !first {
		return err
	}
	return f.order(e.Order, func(o *floor.Order) {
		o.Labels++
		f.worked(o)
	})
}

// worked notes when hands first touched an order.
func (f *folder) worked(o *floor.Order) {
	if o.WorkedAt.IsZero() {
		o.WorkedAt = f.e.At
	}
}

func (f *folder) asked(e floor.Effect) error {
	if err := f.number("effect", idNumber(string(e.ID))); err != nil {
		return err
	}
	e.State, e.WantAt = floor.EffectWanted, f.e.At
	key := numKey(string(e.ID))
	if err := putRow(f.r, vLanes, key, e.Lane); err != nil {
		return err
	}
	if err := putRow(f.r, vOutbox, e.Lane+"|"+key, e); err != nil {
		return err
	}
	if e.What != floor.EffectLabel {
		return nil
	}
	if e.Copy > 1 {
		if err := f.order(e.Order, func(o *floor.Order) { o.Reprints++ }); err != nil {
			return err
		}
	}
	return f.parcel(e.Parcel, func(p *floor.Parcel) { p.Label, p.Copies = floor.LabelWanted, e.Copy })
}

// effect changes a row of the outbox and, of a label, what its parcel knows of it.
func (f *folder) effect(id floor.EffectID, do func(*floor.Effect) (label string, err error)) error {
	key := numKey(string(id))
	lane, ok, err := getRow[string](f.r, vLanes, key)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("effect %s is not there", id)
	}
	var e floor.Effect
	var label string
	err = change(f.r, vOutbox, lane+"|"+key, func(row *floor.Effect) error {
		var err error
		label, err = do(row)
		e = *row
		return err
	})
	if err != nil || e.What != floor.EffectLabel {
		return err
	}
	return f.parcel(e.Parcel, func(p *floor.Parcel) { p.Label = label })
}

// labelTrouble notes in the order's report row that a label did not just come out.
func (f *folder) labelTrouble(e *floor.Effect, why string) error {
	if e.What != floor.EffectLabel {
		return nil
	}
	return f.order(e.Order, func(o *floor.Order) {
		if len(o.LabelErrs) < 10 {
			o.LabelErrs = append(slices.Clone(o.LabelErrs), why)
		}
	})
}

// ---- people and devices

func (f *folder) people(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.PersonSet:
		p, _, err := getRow[floor.Person](f.r, vPeople, string(x.Person))
		if err != nil {
			return err
		}
		if p.Badge != "" && p.Badge != x.Badge {
			if err := f.r.delete(vBadges, p.Badge); err != nil {
				return err
			}
		}
		if err := putRow(f.r, vBadges, x.Badge, x.Person); err != nil {
			return err
		}
		p.ID, p.Name, p.Roles, p.Lang, p.Badge, p.Gone = x.Person, x.Name, x.Roles, x.Lang, x.Badge, false
		return putRow(f.r, vPeople, string(x.Person), p)
	case floor.PersonRemoved:
		return f.person(x.Person, func(p *floor.Person) { p.Gone, p.Roles = true, nil })
	case floor.PersonLoggedIn:
		if x.Left != "" && x.Left != x.Device {
			if err := f.device(x.Left, func(d *floor.Device) { d.Person = "" }); err != nil {
				return err
			}
		}
		d, ok, err := getRow[floor.Device](f.r, vDevices, string(x.Device))
		if err != nil || !ok {
			return err
		}
		if d.Person != "" && d.Person != x.Person {
			if err := f.person(d.Person, func(p *floor.Person) { p.Device = "" }); err != nil {
				return err
			}
		}
		if err := f.device(x.Device, func(d *floor.Device) { d.Person = x.Person }); err != nil {
			return err
		}
		return f.person(x.Person, func(p *floor.Person) { p.Device = x.Device })
	case floor.PersonLoggedOut:
		if err := f.device(x.Device, func(d *floor.Device) { d.Person = "" }); err != nil {
			return err
		}
		return f.person(x.Person, func(p *floor.Person) { p.Device = "" })
	}
	return nil
}

func (f *folder) person(id floor.PersonID, do func(*floor.Person)) error {
	return change(f.r, vPeople, string(id), func(p *floor.Person) error { do(p); return nil })
}

func (f *folder) device(id floor.DeviceID, do func(*floor.Device)) error {
	return change(f.r, vDevices, string(id), func(d *floor.Device) error { do(d); return nil })
}

func (f *folder) devices(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.DeviceInvited:
		return putRow(f.r, vCodes, x.Code, x)
	case floor.DevicePaired:
		inv, ok, err := getRow[floor.DeviceInvited](f.r, vCodes, x.Code)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("device %s was not invited", x.Device)
		}
		if err := f.r.delete(vCodes, x.Code); err != nil {
			return err
		}
		old, had, err := getRow[floor.Device](f.r, vDevices, string(x.Device))
		if err != nil {
			return err
		}
		if had {
			if err := f.r.delete(vTokens, old.Token); err != nil {
				return err
			}
		}
		if err := putRow(f.r, vTokens, x.Token, x.Device); err != nil {
			return err
		}
		d := floor.Device{ID: x.Device, Kind: inv.Screen, Station: inv.Station, Token: x.Token, Person: old.Person}
		return putRow(f.r, vDevices, string(x.Device), d)
	case floor.DeviceRevoked:
		return f.device(x.Device, func(d *floor.Device) { d.Revoked = true })
	}
	return nil
}

// ---- interception

func (f *folder) intercepts(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.OrderFrozen:
		if err := f.count("cancels-asked", 1); err != nil {
			return err
		}
		i := floor.Intercept{
			Key: x.Intercept, Order: x.Order, Why: x.Why, Stage: x.Stage, AskedAt: x.AskedAt,
			FrozenAt: f.e.At, Deadline: x.Deadline, Told: x.Devices, Outcome: "open",
		}
		err := f.order(x.Order, func(o *floor.Order) {
			i.Channel = o.Channel
			o.Freeze = &floor.Freeze{
				Why: x.Why, By: f.e.Actor, AskedAt: x.AskedAt, Since: f.e.At,
				Deadline: x.Deadline, Stage: x.Stage, Key: x.Intercept,
			}
		})
		if err != nil {
			return err
		}
		return f.openIntercept(i)
	case floor.CancelMissed:
		if err := f.count("cancels-asked", 1); err != nil {
			return err
		}
		if err := f.count("cancels-missed", 1); err != nil {
			return err
		}
		i := floor.Intercept{
			Key: x.Intercept, Order: x.Order, Why: x.Why, Stage: x.Stage, AskedAt: x.AskedAt,
			FrozenAt: f.e.At, Outcome: "missed", EndedAt: f.e.At, EndedBy: f.e.Actor,
		}
		if err := f.order(x.Order, func(o *floor.Order) { i.Channel = o.Channel }); err != nil {
			return err
		}
		return f.closeIntercept(i)
	case floor.FreezeShown:
		return f.intercept(x.Intercept, func(i *floor.Intercept) {
			i.Shown = append(i.Shown, floor.Shown{Device: x.Device, At: f.e.At})
		})
	case floor.FreezeAnswered:
		return f.intercept(x.Intercept, func(i *floor.Intercept) {
			i.Answers = append(i.Answers, floor.Answer{Person: x.Person, Device: x.Device, Text: x.Answer, At: f.e.At})
		})
	case floor.FreezeEscalated:
		return f.intercept(x.Intercept, func(i *floor.Intercept) { i.Escalated = f.e.At })
	case floor.OrderThawed:
		if err := f.order(x.Order, func(o *floor.Order) { o.Freeze = nil }); err != nil {
			return err
		}
		if x.Outcome == "stopped" {
			if err := f.count("cancels-stopped", 1); err != nil {
				return err
			}
		}
		i, ok, err := getRow[floor.Intercept](f.r, vIntercepts, x.Intercept)
		if err != nil || !ok {
			return err
		}
		i.Outcome, i.EndedAt, i.EndedBy = x.Outcome, f.e.At, f.e.Actor
		return f.closeIntercept(i)
	}
	return nil
}

func (f *folder) openIntercept(i floor.Intercept) error {
	if err := f.number(interceptCounter(i.Key), idNumber(i.Key)); err != nil {
		return err
	}
	if err := f.r.put(vOpenAsks, i.Key, nil); err != nil {
		return err
	}
	return putRow(f.r, vIntercepts, i.Key, i)
}

func (f *folder) closeIntercept(i floor.Intercept) error {
	if err := f.number(interceptCounter(i.Key), idNumber(i.Key)); err != nil {
		return err
	}
	if err := f.r.delete(vOpenAsks, i.Key); err != nil {
		return err
	}
	return putRow(f.r, vIntercepts, i.Key, i)
}

func (f *folder) intercept(key string, do func(*floor.Intercept)) error {
	return change(f.r, vIntercepts, key, func(i *floor.Intercept) error { do(i); return nil })
}

// ---- archive

// archived drops the orders that were over before the archived events ended.
// Their numbers and waybills stay known for ever, so that neither is given twice.
func (f *folder) archived(x floor.DayArchived) error {
	type done struct {
		key string
		id  floor.OrderID
	}
	var gone []done
	err := scanRows(f.r, vOver, "", "", func(key string, id floor.OrderID) bool {
		if key > seqKey(x.Last) {
			return false
		}
		gone = append(gone, done{key, id})
		return true
	})
	if err != nil {
		return err
	}
	for _, d := range gone {
		if err := f.drop(d.key, d.id); err != nil {
			return err
		}
	}
	return f.dropHours(x.Day)
}

// dropHours forgets under which hours reports find the orders of days before the
// archived one, a bout at a time: the next archived event takes the next.
func (f *folder) dropHours(day string) error {
	const bout = 5000
	var gone []string
	err := f.r.scan(vHours, "", "", func(key string, _ []byte) (bool, error) {
		if key >= day || len(gone) == bout {
			return false, nil
		}
		gone = append(gone, key)
		return true, nil
	})
	if err != nil {
		return err
	}
	return each(gone, func(key string) error { return f.r.delete(vHours, key) })
}

func (f *folder) drop(overKey string, id floor.OrderID) error {
	o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
	if err != nil {
		return err
	}
	if ok {
		for _, p := range o.Parcels {
			if err := f.r.delete(vParcels, numKey(string(p))); err != nil {
				return err
			}
		}
		if err := f.r.delete(vShip, string(id)); err != nil {
			return err
		}
	}
	if err := f.r.delete(vTo, string(id)); err != nil {
		return err
	}
	if err := f.r.delete(vOrders, string(id)); err != nil {
		return err
	}
	return f.r.delete(vOver, overKey)
}
