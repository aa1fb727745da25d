package ledger

import (
	"fmt"
	"slices"

	"floord/floor"
)

// foldVersion is raised whenever the fold gives other rows than before, or rows where
// there were none: a ledger whose views are of another version is folded again, see
// Ledger.Stale.
const foldVersion = 9

// The views' buckets. Keys that hold a time or a running number grow with it, so
// that a commit touches few pages.
const (
	vOrders     = "orders"     // order -> floor.Order
	vTo         = "to"         // order -> floor.Recipient
	vNumbers    = "numbers"    // channel|shop|number -> order; kept for ever
	vLive       = "live"       // order -> state, of orders that still need hands
	vChecked    = "checked"    // order -> "", of orders that wait for stock
	vOver       = "over"       // seq|order -> order, of orders that do not
	vDue        = "due"        // ship-by|order -> "", of orders that still need hands
	vCollect    = "collect"    // collect-by|order -> "", of the same
	vShip       = "ship"       // order -> floor.ShipRow
	vHours      = "hours"      // hour|order -> "": a report row changed then, or its order is due or to be collected then
	vStock      = "stock"      // spot -> floor.Stock
	vLies       = "lies"       // sku|bin -> "": where a SKU lies or lay; sku|bin|expiry|lot -> "": a lot that lies there
	vQuotas     = "quotas"     // channel|sku -> floor.Quota
	vShortages  = "shortages"  // sku -> floor.Shortage
	vCounts     = "counts"     // spot -> floor.CountWanted
	vSKUs       = "skus"       // sku -> floor.SKUInfo
	vBarcodes   = "barcodes"   // barcode -> sku
	vBins       = "bins"       // bin -> floor.BinInfo
	vDemand     = "demand"     // sku -> floor.Demand
	vWaves      = "waves"      // wave number -> floor.Wave
	vTasks      = "tasks"      // task number -> floor.Task
	vLiveTasks  = "live-tasks" // task number -> state, of tasks not ended
	vTotes      = "totes"      // tote -> order
	vBatches    = "batches"    // tote -> the batch that was last brought to the packers in it
	vParcels    = "parcels"    // parcel number -> floor.Parcel
	vWeights    = "weights"    // sku -> floor.UnitWeight
	vWaybills   = "waybills"   // number -> parcel; kept for ever
	vKilled     = "killed"     // number -> floor.Killed; kept for ever
	vRuns       = "runs"       // run number -> floor.Run, while sheets are left
	vBookings   = "bookings"   // order|n -> floor.Booking
	vBooked     = "booked"     // number -> order|n; kept for ever
	vFuses      = "fuses"      // fuse number -> floor.Fuse, of those open
	vTrips      = "trips"      // hour|fuse number -> floor.Fuse
	vPool       = "pool"       // carrier|number -> "": waybill numbers fetched ahead
	vStations   = "stations"   // station -> parcel that is open there
	vSheets     = "sheets"     // carrier -> sheet open now
	vSheetRows  = "sheet-rows" // sheet number -> floor.Sheet
	vOnSheet    = "on-sheet"   // sheet number|place -> floor.SheetLine
	vPulls      = "pulls"      // station|parcel number -> floor.Pull
	vOutbox     = "outbox"     // lane|effect number -> floor.Effect
	vLanes      = "lanes"      // effect number -> lane
	vPeople     = "people"     // person -> floor.Person
	vBadges     = "badges"     // hash -> person
	vDevices    = "devices"    // device -> floor.Device
	vTokens     = "tokens"     // hash -> device
	vCodes      = "codes"      // hash -> floor.DeviceInvited
	vCursors    = "cursors"    // channel -> cursor
	vCharsets   = "charsets"   // station -> floor.CharsetTold
	vTrials     = "trials"     // channel -> floor.TrialRun
	vTried      = "tried"      // channel|number -> floor.Tried, the newest floor.MaxTried
	vUnread     = "unread"     // channel|number -> floor.Unread, the newest floor.MaxUnread
	vDisputes   = "disputes"   // order -> floor.Dispute
	vNotices    = "notices"    // channel|seq -> unix ns: what was pushed and not yet followed up
	vIntercepts = "intercepts" // day/number -> floor.Intercept
	vOpenAsks   = "open-asks"  // day/number -> "": intercepts not ended
	vSerials    = "serials"    // sku|serial -> the order it was picked for
	vExceptions = "exceptions" // exception number -> floor.Exception, the newest maxExceptions
	vCounters   = "counters"   // name -> last number given
	vFigures    = "figures"    // "floor" -> floor.Figures
	vHands      = "hands"      // quarter|person -> floor.HandQuarter
	vTouched    = "touched"    // person -> unix ms of the newest act of their hands, while they are logged in
	vShorts     = "shorts"     // quarter|seq|order -> floor.ShortFound
	vShortAt    = "short-at"   // spot -> the newest row of shorts there, until it is counted
)

// noticeKey sorts a channel's notices by their coming.
func noticeKey(ch floor.ChannelID, seq uint64) string { return fmt.Sprintf("%s|%020d", ch, seq) }

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
	return acted(r, e)
}

// acted notes when a person last did something.
func acted(r *rows, e floor.Event) error {
	id := e.Actor.Person()
	if x, ok := e.Fact.(floor.PersonLoggedIn); ok {
		id = x.Person // the device asked
	}
	if id == "" {
		return nil
	}
	p, ok, err := ownRow[floor.Person](r, vPeople, string(id))
	if err != nil || !ok {
		return err
	}
	p.Acted = e.At
	keepRow(r, vPeople, string(id), p)
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
	case floor.DeviceInvited, floor.DevicePaired, floor.DeviceStationed, floor.DeviceRevoked:
		return f.devices(x)

	case floor.OrderReceived:
		return f.received(x)
	case floor.OrderRevised:
		return f.revised(x)
	case floor.OrdersMerged:
		return f.merged(x)
	case floor.OrderParted:
		return f.parted(x)
	case floor.OrderDisputed:
		return f.disputed(x)
	case floor.DisputeMended:
		return f.r.delete(vDisputes, string(x.Order))
	case floor.PayloadUnread:
		return f.unread(x)
	case floor.OrderTried:
		return f.tried(x)
	case floor.ChannelOpened:
		return f.opened(x)
	case floor.NoticeTaken:
		if err := f.count("notices", 1); err != nil {
			return err
		}
		return putRow(f.r, vNotices, noticeKey(x.Channel, f.e.Seq), f.e.At.UnixNano())
	case floor.NoticesRead:
		if err := f.count("notices-unread", len(x.Unread)); err != nil {
			return err
		}
		return each(append(slices.Clone(x.Seqs), x.Unread...), func(seq uint64) error { return f.r.delete(vNotices, noticeKey(x.Channel, seq)) })
	case floor.AddressAnswered:
		return f.count("address-answered", 1)
	case floor.ChannelAdvanced:
		return putRow(f.r, vCursors, string(x.Channel), x.Cursor)
	case floor.CharsetTold:
		return putRow(f.r, vCharsets, string(x.Station), x)
	case floor.OrderTagged:
		return f.said(x.Order, func(o *floor.Order) { o.Tags = x.Tags })
	case floor.OrderScored:
		return f.said(x.Order, func(o *floor.Order) { o.Score, o.Lost = x.Score, x.Lost })
	case floor.OrderHeld:
		return f.order(x.Order, func(o *floor.Order) {
			if len(x.Holds) < len(o.Holds) && f.e.Actor.Person() != "" {
				bend(o, floor.BentHold)
			}
			hold(o, x.Holds)
		})
	case floor.OrderClosed:
		err := f.order(x.Order, func(o *floor.Order) {
			o.State, o.ClosedWhy, o.ClosedAt = floor.Closed, x.Why, f.e.At
			if f.e.Actor.Person() != "" && x.Why != "cancelled" {
				bend(o, floor.BentClose)
			}
		})
		if err != nil {
			return err
		}
		return f.freeEmptied(x.Order)

	case floor.StockCounted, floor.StockMoved, floor.RefillShort, floor.StockReserved, floor.StockFreed, floor.OrderShort,
		floor.SKUStopped, floor.SKUResumed, floor.QuotaSet:
		return f.stock(x)

	case floor.WaveReleased, floor.TaskIssued, floor.TaskTaken, floor.ToteBound, floor.StopSkipped,
		floor.StopsAdded, floor.OrderJoined, floor.StopsDropped, floor.TaskDone:
		return f.tasks(x)
	case floor.ToteFull, floor.BatchBound, floor.WallBound, floor.LineSorted, floor.LineLost, floor.BinChecked, floor.TaskOverdue:
		return f.batch(x)
	case floor.ExceptionReported:
		return f.exception(x)
	case floor.LinePicked, floor.LineShort, floor.LinePutBack, floor.OrderPicked:
		return f.hands(x)

	case floor.ParcelOpened, floor.ItemVerified, floor.ParcelVerified, floor.ParcelWeighed,
		floor.NoteRead, floor.BoxTaken, floor.ParcelSplit, floor.ParcelParked, floor.ParcelResumed,
		floor.WeightMissed, floor.LabelDestroyed, floor.ParcelSealed, floor.ParcelVoided, floor.ParcelLeft, floor.ParcelCollected:
		return f.parcels(x)
	case floor.WaybillKilled, floor.WaybillBound, floor.ParcelRedone, floor.TwinScanned:
		return f.waybills(x)
	case floor.RunOpened, floor.SheetsCalled, floor.SheetsPulled, floor.ParcelTaken:
		return f.runs(x)
	case floor.BookingAsked, floor.BookingMade, floor.BookingEnded:
		return f.bookings(x)
	case floor.FuseOpened, floor.FuseClosed:
		return f.fuses(x)
	case floor.SheetOpened, floor.SheetSigned:
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

	case floor.ScanRefused:
		return f.refused(x)
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
	g, _, err := ownRow[floor.Figures](f.r, vFigures, "floor")
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
	keepRow(f.r, vFigures, "floor", g)
	return nil
}

// number notes that a counter has given n.
func (f *folder) number(counter string, n uint64) error {
	last, _, err := ownRow[uint64](f.r, vCounters, counter)
	if err != nil || last >= n {
		return err
	}
	keepRow(f.r, vCounters, counter, n)
	return nil
}

// next raises a counter by one.
func (f *folder) next(counter string) error {
	last, _, err := ownRow[uint64](f.r, vCounters, counter)
	if err != nil {
		return err
	}
	keepRow(f.r, vCounters, counter, last+1)
	return nil
}
