package ledger

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"floord/floor"
)

// A View is the floor at one moment, read from the folded views. It dies with
// the call it was given to; what its methods return may be kept. A method that
// finds no row says false and no error. An error means a damaged row or a file
// that cannot be read, never a missing row.
type View struct {
	rows *rows
}

func newView(r *rows) *View { return &View{rows: r} }

// Seq is the newest event the view shows. In a decision it is the newest one
// before the group of commits that the decision belongs to.
func (v *View) Seq() (uint64, error) {
	m, err := v.rows.mark("head")
	return m.Seq, err
}

// Order gives an order.
func (v *View) Order(id floor.OrderID) (floor.Order, bool, error) {
	return getRow[floor.Order](v.rows, vOrders, string(id))
}

// Recipient gives who gets an order. It is personal data.
func (v *View) Recipient(id floor.OrderID) (floor.Recipient, bool, error) {
	return getRow[floor.Recipient](v.rows, vTo, string(id))
}

// OrderByNumber finds the order that a shop knows under that number.
func (v *View) OrderByNumber(ch floor.ChannelID, shop, number string) (floor.OrderID, bool, error) {
	return getRow[floor.OrderID](v.rows, vNumbers, numberKey(ch, shop, number))
}

// OrderInTote finds the order whose goods lie in a tote.
func (v *View) OrderInTote(t floor.ToteID) (floor.OrderID, bool, error) {
	return getRow[floor.OrderID](v.rows, vTotes, string(t))
}

// KnowsChannel reports whether an order of a channel ever came in.
func (v *View) KnowsChannel(ch floor.ChannelID) (known bool, err error) {
	err = v.rows.scan(vNumbers, "", string(ch)+"|", func(string, []byte) (bool, error) {
		known = true
		return false, nil
	})
	return known, err
}

// BatchIn gives the batch without sorting that was last brought to the packers in a
// tote; packers have emptied it, perhaps.
func (v *View) BatchIn(t floor.ToteID) (floor.TaskID, bool, error) {
	return getRow[floor.TaskID](v.rows, vBatches, string(t))
}

// Live calls f with every order that still needs hands, from that number on, oldest
// number first, until f says no. Those made of several are passed over: see floor.Order.In.
func (v *View) Live(from floor.OrderID, f func(floor.OrderID, floor.State) bool) error {
	return scanRows(v.rows, vLive, string(from), "", func(key string, s floor.State) bool { return f(floor.OrderID(key), s) })
}

// Checked calls f with the orders that wait for stock, from that number on, until f
// says no. Those made of several are passed over: see floor.Order.In.
func (v *View) Checked(from floor.OrderID, f func(floor.OrderID) bool) error {
	return v.rows.scan(vChecked, string(from), "", func(key string, _ []byte) (bool, error) { return f(floor.OrderID(key)), nil })
}

// A Clock is one of the two times by which something must have happened to an order.
type Clock string

// The clocks.
const (
	ShipBy    Clock = vDue     // it must have been handed over
	CollectBy Clock = vCollect // the carrier must have scanned it
)

func (c Clock) of(o *floor.Order) time.Time {
	if c == CollectBy {
		return o.CollectBy
	}
	return o.ShipBy
}

// StateOf gives the state of an order that still needs hands.
func (v *View) StateOf(id floor.OrderID) (floor.State, bool, error) {
	return getRow[floor.State](v.rows, vLive, string(id))
}

// Due calls f with every order that still needs hands and when that clock of it ends
// (to the second), the most urgent first, from that time and order on, until f says
// no. Orders that are not due at any time, the zero time, come last.
func (v *View) Due(c Clock, from time.Time, id floor.OrderID, f func(at time.Time, id floor.OrderID) bool) error {
	return v.rows.scan(string(c), dueKey(from)+string(id), "", func(key string, _ []byte) (bool, error) {
		at, order, _ := strings.Cut(key, "|")
		if at == dueNever {
			return f(time.Time{}, floor.OrderID(order)), nil
		}
		t, err := time.Parse(dueLayout, at)
		return err == nil && f(t, floor.OrderID(order)), err
	})
}

const (
	dueLayout = "2006-01-02T15:04:05"
	dueNever  = "~" // after every time
)

// dueKey is what the row of an order to be shipped by t begins with.
func dueKey(t time.Time) string {
	if t.IsZero() {
		return dueNever + "|"
	}
	return t.UTC().Format(dueLayout) + "|"
}

// Orders calls f with the orders whose number begins with prefix, from the one
// named (or the first), until f says no. Those made of several are passed over: theirs
// are among them.
func (v *View) Orders(from floor.OrderID, prefix string, f func(floor.Order) bool) error {
	return scanRows(v.rows, vOrders, string(from), prefix, func(_ string, o floor.Order) bool { return o.MergedBy != "" || f(o) })
}

// StockAt gives what lies at a spot.
func (v *View) StockAt(at floor.Spot) (floor.Stock, bool, error) {
	if s, ok := v.rows.late[vStock][stockKey(at)].(floor.Stock); ok { // it shares nothing with the fold's
		return s, true, nil
	}
	return getRow[floor.Stock](v.rows, vStock, stockKey(at))
}

// Counted reports whether it was ever said what lies of a SKU in a bin, of any lot.
func (v *View) Counted(bin floor.BinID, sku floor.SKU) (bool, error) {
	row, err := v.rows.get(vLies, string(sku)+"|"+string(bin))
	return row != nil, err
}

// BinsOf gives the bins that a SKU lies in or has lain in, in the order of their names.
func (v *View) BinsOf(sku floor.SKU) ([]floor.BinID, error) {
	var out []floor.BinID
	prefix := string(sku) + "|"
	err := v.rows.scan(vLies, "", prefix, func(key string, _ []byte) (bool, error) {
		if bin := key[len(prefix):]; !strings.Contains(bin, "|") {
			out = append(out, floor.BinID(bin))
		}
		return true, nil
	})
	return out, err
}

// StockOf gives what lies of a SKU, bin by bin in the order of their names, in a bin
// the lot that expires first before others. Lots that are gone are left out.
func (v *View) StockOf(sku floor.SKU) ([]floor.Stock, error) {
	var out []floor.Stock
	prefix := string(sku) + "|"
	err := v.rows.scan(vLies, "", prefix, func(key string, _ []byte) (bool, error) {
		at := floor.Spot{SKU: sku}
		bin, lot, _ := strings.Cut(key[len(prefix):], "|")
		at.Bin = floor.BinID(bin)
		at.Expiry, at.No, _ = strings.Cut(lot, "|")
		s, ok, err := v.StockAt(at)
		if ok {
			out = append(out, s)
		}
		return err == nil, err
	})
	return out, err
}

// Stock calls f with every row of stock, by bin.
func (v *View) Stock(f func(floor.Stock) bool) error {
	return scanRows(v.rows, vStock, "", "", func(_ string, s floor.Stock) bool { return f(s) })
}

// SKU gives what is known of a SKU.
func (v *View) SKU(sku floor.SKU) (floor.SKUInfo, bool, error) { return v.rows.sku(sku) }

// Scanned gives the SKU that a scanner's code stands for: a SKU itself or its barcode.
func (v *View) Scanned(code string) (floor.SKU, bool, error) {
	if _, ok, err := v.SKU(floor.SKU(code)); ok || err != nil {
		return floor.SKU(code), ok, err
	}
	return getRow[floor.SKU](v.rows, vBarcodes, code)
}

// Bin gives a bin.
func (v *View) Bin(id floor.BinID) (floor.BinInfo, bool, error) {
	return getRow[floor.BinInfo](v.rows, vBins, string(id))
}

// Bins calls f with every bin.
func (v *View) Bins(f func(floor.BinInfo) bool) error {
	return scanRows(v.rows, vBins, "", "", func(_ string, b floor.BinInfo) bool { return f(b) })
}

// Quota gives what a channel may take of a SKU; false if it is not bounded.
func (v *View) Quota(ch floor.ChannelID, sku floor.SKU) (floor.Quota, bool, error) {
	return getRow[floor.Quota](v.rows, vQuotas, string(ch)+"|"+string(sku))
}

// Quotas calls f with every quota, by channel and SKU.
func (v *View) Quotas(f func(floor.Quota) bool) error {
	return scanRows(v.rows, vQuotas, "", "", func(_ string, q floor.Quota) bool { return f(q) })
}

// Shortage gives how often orders were short of a SKU of late.
func (v *View) Shortage(sku floor.SKU) (floor.Shortage, error) {
	if s, ok := v.rows.late[vShortages][string(sku)].(floor.Shortage); ok {
		s.At = slices.Clone(s.At)
		return s, nil
	}
	s, _, err := getRow[floor.Shortage](v.rows, vShortages, string(sku))
	return s, err
}

// Shortages calls f with every SKU that orders were short of since it was last
// resumed, by SKU.
func (v *View) Shortages(f func(floor.Shortage) bool) error {
	return scanRows(v.rows, vShortages, "", "", func(_ string, s floor.Shortage) bool { return f(s) })
}

// CountWanted reports whether somebody should count a spot.
func (v *View) CountWanted(at floor.Spot) (bool, error) {
	_, ok, err := getRow[floor.CountWanted](v.rows, vCounts, stockKey(at))
	return ok, err
}

// CountsWanted calls f with every bin that somebody should count, by bin and SKU.
func (v *View) CountsWanted(f func(floor.CountWanted) bool) error {
	return scanRows(v.rows, vCounts, "", "", func(_ string, c floor.CountWanted) bool { return f(c) })
}

// Demand calls f with what was ordered of each SKU, day by day.
func (v *View) Demand(f func(floor.SKU, floor.Demand) bool) error {
	return scanRows(v.rows, vDemand, "", "", func(key string, d floor.Demand) bool { return f(floor.SKU(key), d) })
}

// Wave gives a wave.
func (v *View) Wave(id floor.WaveID) (floor.Wave, bool, error) {
	x, ok, err := getRow[floor.Wave](v.rows, vWaves, numKey(string(id)))
	return x, ok && x.ID == id, err
}

// Waves calls f with every wave, the oldest first.
func (v *View) Waves(f func(floor.Wave) bool) error {
	return scanRows(v.rows, vWaves, "", "", func(_ string, w floor.Wave) bool { return f(w) })
}

// Task gives a task.
func (v *View) Task(id floor.TaskID) (floor.Task, bool, error) {
	x, ok, err := getRow[floor.Task](v.rows, vTasks, numKey(string(id)))
	return x, ok && x.ID == id, err
}

// Tasks calls f with the tasks from number first on, the oldest first, until f says no.
func (v *View) Tasks(first uint64, f func(floor.Task) bool) error {
	return scanRows(v.rows, vTasks, fmt.Sprintf("%012d", first), "", func(_ string, t floor.Task) bool { return f(t) })
}

// LiveTasks calls f with every task that is not ended, the oldest first.
func (v *View) LiveTasks(f func(floor.Task) bool) error {
	return v.rows.scan(vLiveTasks, "", "", func(key string, _ []byte) (bool, error) {
		t, ok, err := getRow[floor.Task](v.rows, vTasks, key)
		if err != nil || !ok {
			return err == nil, err
		}
		return f(t), nil
	})
}

// WaitingTask gives the oldest task nobody has taken.
func (v *View) WaitingTask() (floor.Task, bool, error) {
	var key string
	err := scanRows(v.rows, vLiveTasks, "", "", func(k string, s floor.TaskState) bool {
		if s == floor.TaskWaiting {
			key = k
		}
		return key == ""
	})
	if err != nil || key == "" {
		return floor.Task{}, false, err
	}
	return getRow[floor.Task](v.rows, vTasks, key)
}

// Parcel gives a parcel.
func (v *View) Parcel(id floor.ParcelID) (floor.Parcel, bool, error) {
	x, ok, err := getRow[floor.Parcel](v.rows, vParcels, numKey(string(id)))
	return x, ok && x.ID == id, err
}

// OpenParcel gives the parcel that is being packed at a station.
func (v *View) OpenParcel(s floor.StationID) (floor.Parcel, bool, error) {
	id, ok, err := getRow[floor.ParcelID](v.rows, vStations, string(s))
	if err != nil || !ok {
		return floor.Parcel{}, false, err
	}
	return v.Parcel(id)
}

// UnitWeight gives what parcels have taught of the weight of a SKU's pieces.
func (v *View) UnitWeight(sku floor.SKU) (floor.UnitWeight, bool, error) {
	return getRow[floor.UnitWeight](v.rows, vWeights, string(sku))
}

// ParcelByWaybill finds the parcel that carries a waybill number, now or ever.
func (v *View) ParcelByWaybill(n floor.WaybillNo) (floor.ParcelID, bool, error) {
	return getRow[floor.ParcelID](v.rows, vWaybills, string(n))
}

// PooledWaybill gives the lowest number after the one named that was fetched ahead
// from a carrier and is not yet bound.
func (v *View) PooledWaybill(c floor.CarrierID, after floor.WaybillNo) (floor.WaybillNo, bool, error) {
	prefix := string(c) + "|"
	from := ""
	if after != "" {
		from = prefix + string(after) + "\x00"
	}
	var n floor.WaybillNo
	err := v.rows.scan(vPool, from, prefix, func(key string, _ []byte) (bool, error) {
		n = floor.WaybillNo(key[len(prefix):])
		return false, nil
	})
	return n, n != "", err
}

// Pooled counts the numbers fetched ahead from a carrier, up to most.
func (v *View) Pooled(c floor.CarrierID, most int) (int, error) {
	n := 0
	err := v.rows.scan(vPool, "", string(c)+"|", func(string, []byte) (bool, error) {
		n++
		return n < most, nil
	})
	return n, err
}

// Sheet gives the handover sheet that is open for a carrier.
func (v *View) Sheet(c floor.CarrierID) (floor.SheetID, bool, error) {
	return getRow[floor.SheetID](v.rows, vSheets, string(c))
}

// SheetRow gives a handover sheet.
func (v *View) SheetRow(id floor.SheetID) (floor.Sheet, bool, error) {
	x, ok, err := getRow[floor.Sheet](v.rows, vSheetRows, numKey(string(id)))
	return x, ok && x.ID == id, err
}

// Sheets calls f with the handover sheets from number first on, the oldest first.
func (v *View) Sheets(first uint64, f func(floor.Sheet) bool) error {
	return scanRows(v.rows, vSheetRows, fmt.Sprintf("%012d", first), "", func(_ string, s floor.Sheet) bool { return f(s) })
}

// OnSheet calls f with the parcels on a sheet, in the order they were scanned, from
// the place (1 is the first) on.
func (v *View) OnSheet(id floor.SheetID, from int, f func(floor.SheetLine) bool) error {
	key := numKey(string(id))
	return scanRows(v.rows, vOnSheet, sheetPlace(key, from), key+"|", func(_ string, l floor.SheetLine) bool { return f(l) })
}

// Effect gives a row of the outbox.
func (v *View) Effect(id floor.EffectID) (floor.Effect, bool, error) {
	key := numKey(string(id))
	lane, ok, err := getRow[string](v.rows, vLanes, key)
	if err != nil || !ok {
		return floor.Effect{}, false, err
	}
	e, ok, err := getRow[floor.Effect](v.rows, vOutbox, lane+"|"+key)
	return e, ok && e.ID == id, err
}

// Lane calls f with the outbox rows of a lane, the oldest first. An empty lane
// means all of them, lane by lane.
func (v *View) Lane(lane string, f func(floor.Effect) bool) error {
	prefix := ""
	if lane != "" {
		prefix = lane + "|"
	}
	return scanRows(v.rows, vOutbox, "", prefix, func(_ string, e floor.Effect) bool { return f(e) })
}

// Person gives a person.
func (v *View) Person(id floor.PersonID) (floor.Person, bool, error) {
	return getRow[floor.Person](v.rows, vPeople, string(id))
}

// PersonByBadge finds a person by the SHA-256 of the badge's text, hex.
func (v *View) PersonByBadge(hash string) (floor.Person, bool, error) {
	id, ok, err := getRow[floor.PersonID](v.rows, vBadges, hash)
	if err != nil || !ok {
		return floor.Person{}, false, err
	}
	p, ok, err := v.Person(id)
	return p, ok && !p.Gone, err
}

// People calls f with every person.
func (v *View) People(f func(floor.Person) bool) error {
	return scanRows(v.rows, vPeople, "", "", func(_ string, p floor.Person) bool { return f(p) })
}

// Device gives a device.
func (v *View) Device(id floor.DeviceID) (floor.Device, bool, error) {
	return getRow[floor.Device](v.rows, vDevices, string(id))
}

// DeviceByToken finds a device by the SHA-256 of its token, hex. A revoked one
// is found too.
func (v *View) DeviceByToken(hash string) (floor.Device, bool, error) {
	id, ok, err := getRow[floor.DeviceID](v.rows, vTokens, hash)
	if err != nil || !ok {
		return floor.Device{}, false, err
	}
	return v.Device(id)
}

// Devices calls f with every device.
func (v *View) Devices(f func(floor.Device) bool) error {
	return scanRows(v.rows, vDevices, "", "", func(_ string, d floor.Device) bool { return f(d) })
}

// Invited gives the invitation behind the SHA-256 of a pairing code, hex.
func (v *View) Invited(hash string) (floor.DeviceInvited, bool, error) {
	return getRow[floor.DeviceInvited](v.rows, vCodes, hash)
}

// Cursor gives how far a channel was pulled.
func (v *View) Cursor(ch floor.ChannelID) (string, error) {
	c, _, err := getRow[string](v.rows, vCursors, string(ch))
	return c, err
}

// WaveNeeds gives what is special about a wave.
func (v *View) WaveNeeds(id floor.WaveID) (floor.WaveNeeds, bool, error) {
	w, ok, err := v.Wave(id)
	if err != nil || !ok {
		return floor.WaveNeeds{}, false, err
	}
	var orders []floor.Order
	for _, o := range w.Orders {
		order, there, err := v.Order(o)
		if err != nil {
			return floor.WaveNeeds{}, false, err
		}
		if there { // an archived one asks for nothing
			orders = append(orders, order)
		}
	}
	var tasks []floor.Task
	for _, t := range w.Tasks {
		task, there, err := v.Task(t)
		if err != nil {
			return floor.WaveNeeds{}, false, err
		}
		if there {
			tasks = append(tasks, task)
		}
	}
	return floor.NeedsOf(w, orders, tasks), true, nil
}

// Charset gives what somebody read from the self-test of a station's printer.
func (v *View) Charset(id floor.StationID) (floor.CharsetTold, bool, error) {
	return getRow[floor.CharsetTold](v.rows, vCharsets, string(id))
}

// Notices calls f with what was pushed to a channel and not yet followed up, in
// the order in which it came, until f says no. Raw gives what it said.
func (v *View) Notices(ch floor.ChannelID, f func(seq uint64, at time.Time) bool) error {
	return scanRows(v.rows, vNotices, "", string(ch)+"|", func(key string, ns int64) bool {
		seq, err := strconv.ParseUint(key[strings.LastIndexByte(key, '|')+1:], 10, 64)
		return err != nil || f(seq, time.Unix(0, ns))
	})
}

// Raw gives the bytes from outside that came with event seq, or nil if it had none.
// Those of events that came together are read together.
func (v *View) Raw(seq uint64) ([]byte, error) { return v.rows.raw(seq) }

// Intercept gives the record of a freeze.
func (v *View) Intercept(key string) (floor.Intercept, bool, error) {
	return getRow[floor.Intercept](v.rows, vIntercepts, key)
}

// Intercepts calls f with the freezes whose key begins with day (20261121),
// the oldest first.
func (v *View) Intercepts(day string, f func(floor.Intercept) bool) error {
	return scanRows(v.rows, vIntercepts, "", day, func(_ string, i floor.Intercept) bool { return f(i) })
}

// OpenIntercepts calls f with the freezes that are not decided, the oldest first.
func (v *View) OpenIntercepts(f func(floor.Intercept) bool) error {
	return v.rows.scan(vOpenAsks, "", "", func(key string, _ []byte) (bool, error) {
		i, ok, err := v.Intercept(key)
		if err != nil || !ok {
			return err == nil, err
		}
		return f(i), nil
	})
}

// ShipRow gives an order's report row.
func (v *View) ShipRow(id floor.OrderID) (floor.ShipRow, bool, error) {
	return getRow[floor.ShipRow](v.rows, vShip, string(id))
}

// Ship calls f with the report rows of the orders that something happened to
// from (incl.) to (excl.), or that are due then: each once, to the hour's width.
func (v *View) Ship(from, to time.Time, f func(floor.ShipRow) bool) error {
	last := hourKey(to) + "~"
	seen := map[string]bool{}
	return v.rows.scan(vHours, hourKey(from), "", func(key string, _ []byte) (bool, error) {
		if key > last {
			return false, nil
		}
		_, order, _ := strings.Cut(key, "|")
		if seen[order] {
			return true, nil
		}
		seen[order] = true
		row, ok, err := getRow[floor.ShipRow](v.rows, vShip, order)
		if err != nil || !ok {
			return err == nil, err
		}
		return f(row), nil
	})
}

// Figures gives the board's counts.
func (v *View) Figures() (floor.Figures, error) {
	g, _, err := getRow[floor.Figures](v.rows, vFigures, "floor")
	return g, err
}

// MergeCounter names the counter of the orders of a day that were made of several:
// "merge/DB20261121".
func MergeCounter(prefix, day string) string { return "merge/" + prefix + day }

// Next gives the number after the last one that a counter gave: "wave", "task",
// "parcel", "sheet", "effect", "pool/CARRIER" (purchases of numbers), or what OrderCounter and InterceptCounter say.
func (v *View) Next(counter string) (uint64, error) {
	last, _, err := getRow[uint64](v.rows, vCounters, counter)
	return last + 1, err
}

// OrderCounter names the counter of the orders of a day: "order/DB20261121".
func OrderCounter(prefix, day string) string { return "order/" + prefix + day }

// InterceptCounter names the counter of the freezes of a day (20261121).
func InterceptCounter(day string) string { return "intercept/" + day }

// ---- keys

func stockKey(at floor.Spot) string { return string(at.Bin) + "|" + string(at.SKU) + lotKey(at.Lot) }

func liesKey(at floor.Spot) string { return string(at.SKU) + "|" + string(at.Bin) + lotKey(at.Lot) }

// lotKey sorts the lots of a SKU by their last day. A lot's number comes last: it may
// hold anything.
func lotKey(l floor.Lot) string {
	if l == (floor.Lot{}) {
		return ""
	}
	return "|" + l.Expiry + "|" + l.No
}

func numberKey(ch floor.ChannelID, shop, number string) string {
	return string(ch) + "|" + number + "|" + shop
}

// idNumber gives the number that an id ends in: 812 of T-812.
func idNumber(id string) uint64 {
	i := len(id)
	for i > 0 && id[i-1] >= '0' && id[i-1] <= '9' {
		i--
	}
	n, err := strconv.ParseUint(id[i:], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// numKey is the key of a row whose id ends in a number: it sorts by that number.
func numKey(id string) string { return fmt.Sprintf("%012d", idNumber(id)) }

func orderCounter(id floor.OrderID) string {
	prefix, _, _ := strings.Cut(string(id), "-")
	return "order/" + prefix
}

func interceptCounter(key string) string {
	day, _, _ := strings.Cut(key, "/")
	return InterceptCounter(day)
}

func hourKey(t time.Time) string { return t.UTC().Format("2006-01-02T15") }

// scanRows is scan for rows that decode as T.
func scanRows[T any](r *rows, bucket, from, prefix string, f func(key string, row T) bool) error {
	return r.scan(bucket, from, prefix, func(key string, plain []byte) (bool, error) {
		var row T
		if err := parseRow(plain, &row); err != nil {
			return false, fmt.Errorf("row %s of %s: %w", key, bucket, err)
		}
		return f(key, row), nil
	})
}
