package floor

import "time"

// Every fact the journal can hold. Kinds are for ever: a change of meaning gets
// a /2 beside the /1, and DecodeFact goes on to read both.

func order(id OrderID) string   { return "order:" + string(id) }
func task(id TaskID) string     { return "task:" + string(id) }
func person(id PersonID) string { return "person:" + string(id) }
func device(id DeviceID) string { return "device:" + string(id) }
func station(id StationID) string {
	return "station:" + string(id)
}

// Topic names for Follow. Kinds serve as topics too.
func OrderTopic(id OrderID) string     { return order(id) }
func PersonTopic(id PersonID) string   { return person(id) }
func DeviceTopic(id DeviceID) string   { return device(id) }
func StationTopic(id StationID) string { return station(id) }
func LaneTopic(lane string) string     { return "lane:" + lane }

// Subjects of facts without anybody waiting for them alone.
func none() []string { return nil }

// ---- master data

// SKUsSet replaces what is known of some SKUs.
type SKUsSet struct {
	SKUs []SKUInfo `json:"skus"`
}

func (SKUsSet) Kind() Kind         { return "skus.set/1" }
func (SKUsSet) Subjects() []string { return none() }

// BinsSet replaces what is known of some bins.
type BinsSet struct {
	Bins []BinInfo `json:"bins"`
}

func (BinsSet) Kind() Kind         { return "bins.set/1" }
func (BinsSet) Subjects() []string { return none() }

// PersonSet adds or changes a person. Badge is the SHA-256 of the badge's text, hex.
type PersonSet struct {
	Person PersonID `json:"person"`
	Name   string   `json:"name"`
	Badge  string   `json:"badge"`
	Roles  []Role   `json:"roles"`
	Lang   string   `json:"lang,omitempty"`
	Team   string   `json:"team,omitempty"`
}

func (PersonSet) Kind() Kind           { return "person.set/1" }
func (f PersonSet) Subjects() []string { return []string{person(f.Person)} }

// PersonRemoved takes a person's badge away.
type PersonRemoved struct {
	Person PersonID `json:"person"`
}

func (PersonRemoved) Kind() Kind           { return "person.removed/1" }
func (f PersonRemoved) Subjects() []string { return []string{person(f.Person)} }

// DeviceInvited opens a one-time pairing code. Code is its SHA-256, hex.
type DeviceInvited struct {
	Device  DeviceID  `json:"device"`
	Screen  string    `json:"screen"` // "pda", "station", "board"
	Station StationID `json:"station,omitempty"`
	Code    string    `json:"code"`
	Until   time.Time `json:"until"`
}

func (DeviceInvited) Kind() Kind           { return "device.invited/1" }
func (f DeviceInvited) Subjects() []string { return []string{device(f.Device)} }

// DevicePaired binds a token to a device and ends the code. Token is its SHA-256, hex.
type DevicePaired struct {
	Device DeviceID `json:"device"`
	Code   string   `json:"code"`
	Token  string   `json:"token"`
}

func (DevicePaired) Kind() Kind           { return "device.paired/1" }
func (f DevicePaired) Subjects() []string { return []string{device(f.Device)} }

// DeviceStationed moves a station's screen to a station: its printer and its scale
// are the screen's from then on.
type DeviceStationed struct {
	Device  DeviceID  `json:"device"`
	Station StationID `json:"station"`
	Left    StationID `json:"left,omitempty"`
}

func (DeviceStationed) Kind() Kind           { return "device.stationed/1" }
func (f DeviceStationed) Subjects() []string { return []string{device(f.Device)} }

// DeviceRevoked ends a device's token.
type DeviceRevoked struct {
	Device DeviceID `json:"device"`
}

func (DeviceRevoked) Kind() Kind           { return "device.revoked/1" }
func (f DeviceRevoked) Subjects() []string { return []string{device(f.Device)} }

// PersonLoggedIn puts a person on a device; the person leaves any other device,
// and anybody else leaves this one.
type PersonLoggedIn struct {
	Person PersonID `json:"person"`
	Device DeviceID `json:"device"`
	Left   DeviceID `json:"left,omitempty"` // where the person was before
}

func (PersonLoggedIn) Kind() Kind { return "person.logged-in/1" }
func (f PersonLoggedIn) Subjects() []string {
	s := []string{person(f.Person), device(f.Device)}
	if f.Left != "" {
		s = append(s, device(f.Left))
	}
	return s
}

// PersonLoggedOut takes a person off a device.
type PersonLoggedOut struct {
	Person PersonID `json:"person"`
	Device DeviceID `json:"device"`
}

func (PersonLoggedOut) Kind() Kind { return "person.logged-out/1" }
func (f PersonLoggedOut) Subjects() []string {
	return []string{person(f.Person), device(f.Device)}
}

// ---- intake

// OrderReceived is a shop's order seen for the first time, under our own number.
type OrderReceived struct {
	Order OrderID   `json:"order"`
	Shop  ShopOrder `json:"shop"`
	Trial bool      `json:"trial,omitempty"` // its channel is on trial: no hand touches it
	// Judged is what the rules and the floor make of it. Journals of before say it by
	// OrderTagged, OrderScored and OrderHeld, as those of today do of a revised order.
	Judged *Judged `json:"judged,omitempty"`
}

// Judged is the judgement of an order that has just come.
type Judged struct {
	Tags  []string `json:"tags,omitempty"`
	Score int      `json:"score"`          // see OrderScored
	Lost  []Lost   `json:"lost,omitempty"` // what lowered it
	Holds []Hold   `json:"holds,omitempty"`
}

func (OrderReceived) Kind() Kind           { return "order.received/1" }
func (f OrderReceived) Subjects() []string { return []string{order(f.Order)} }
func (f OrderReceived) RawPayload() []byte { return f.Shop.Raw }
func (f OrderReceived) RawSum() string     { return f.Shop.Content }

// OrderRevised is a newer truth of an order we have.
type OrderRevised struct {
	Order OrderID   `json:"order"`
	Shop  ShopOrder `json:"shop"`
}

func (OrderRevised) Kind() Kind           { return "order.revised/1" }
func (f OrderRevised) Subjects() []string { return []string{order(f.Order)} }
func (f OrderRevised) RawPayload() []byte { return f.Shop.Raw }
func (f OrderRevised) RawSum() string     { return f.Shop.Content }

// NoticeTaken keeps what a shop pushed, before anybody has read it.
type NoticeTaken struct {
	Channel ChannelID `json:"channel"`
	Via     string    `json:"via"` // "hook", "socket"
	Body    []byte    `json:"-"`   // as it came
}

func (NoticeTaken) Kind() Kind           { return "notice.taken/1" }
func (f NoticeTaken) Subjects() []string { return []string{"channel:" + string(f.Channel)} }
func (f NoticeTaken) RawPayload() []byte { return f.Body }

// NoticesRead says that pushes were followed up, in the commit of what they led to.
type NoticesRead struct {
	Channel ChannelID `json:"channel"`
	Seqs    []uint64  `json:"seqs"`             // of their NoticeTaken
	Unread  []uint64  `json:"unread,omitempty"` // of those that nobody can read
}

func (NoticesRead) Kind() Kind           { return "notices.read/1" }
func (f NoticesRead) Subjects() []string { return []string{"channel:" + string(f.Channel)} }

// AddressAnswered says what a shop was told when its buyer asked for another
// address. Outcome is "yes", or how far the floor was: a Why of sync/channel.
type AddressAnswered struct {
	Order   OrderID `json:"order"`
	Outcome string  `json:"outcome"`
	Stage   State   `json:"stage"`
}

func (AddressAnswered) Kind() Kind           { return "address.answered/1" }
func (f AddressAnswered) Subjects() []string { return []string{order(f.Order)} }

// ChannelAdvanced moves a channel's cursor, in the commit of the orders before it.
type ChannelAdvanced struct {
	Channel ChannelID `json:"channel"`
	Cursor  string    `json:"cursor"`
}

func (ChannelAdvanced) Kind() Kind           { return "channel.advanced/1" }
func (f ChannelAdvanced) Subjects() []string { return []string{"channel:" + string(f.Channel)} }

// OrderTagged replaces an order's tags.
type OrderTagged struct {
	Order OrderID  `json:"order"`
	Tags  []string `json:"tags"`
}

func (OrderTagged) Kind() Kind           { return "order.tagged/1" }
func (f OrderTagged) Subjects() []string { return []string{order(f.Order)} }

// OrderScored says how sound an order is: 100 is sound, and what it lost is named.
type OrderScored struct {
	Order OrderID `json:"order"`
	Score int     `json:"score"`
	Lost  []Lost  `json:"lost,omitempty"`
}

// Lost is what an order's score was lowered by. Name is a rule's.
type Lost struct {
	Name   string `json:"name"`
	Points int    `json:"points"`
}

func (OrderScored) Kind() Kind           { return "order.scored/1" }
func (f OrderScored) Subjects() []string { return []string{order(f.Order)} }

// OrderHeld replaces an order's holds; none lets it be planned.
type OrderHeld struct {
	Order OrderID `json:"order"`
	Holds []Hold  `json:"holds"`
}

func (OrderHeld) Kind() Kind           { return "order.held/1" }
func (f OrderHeld) Subjects() []string { return []string{order(f.Order)} }

// OrderClosed ends an order that will not be shipped.
type OrderClosed struct {
	Order OrderID `json:"order"`
	Why   string  `json:"why"`
}

func (OrderClosed) Kind() Kind           { return "order.closed/1" }
func (f OrderClosed) Subjects() []string { return []string{order(f.Order)} }

// ---- stock

// StockCounted says what lies of a SKU, and of one lot, in a bin.
type StockCounted struct {
	Spot
	Qty int    `json:"qty"`
	Why string `json:"why"` // "load", "count", "short", "put-back"
}

func (StockCounted) Kind() Kind           { return "stock.counted/1" }
func (f StockCounted) Subjects() []string { return []string{"sku:" + string(f.SKU)} }

// A Reservation promises pieces in a bin to a line of an order.
type Reservation struct {
	Line int   `json:"line"`
	SKU  SKU   `json:"sku"`
	Bin  BinID `json:"bin"`
	Qty  int   `json:"qty"`
	Lot
}

// Spot is where they lie.
func (r Reservation) Spot() Spot { return Spot{r.Bin, r.SKU, r.Lot} }

// StockReserved promises stock to an order. All says that every line is covered
// now. A promise with an Until ends then, unless a wave has the order.
type StockReserved struct {
	Order OrderID       `json:"order"`
	Of    []Reservation `json:"of"`
	All   bool          `json:"all"`
	Until time.Time     `json:"until,omitzero"`
}

func (StockReserved) Kind() Kind           { return "stock.reserved/1" }
func (f StockReserved) Subjects() []string { return []string{order(f.Order)} }

// StockFreed takes promises back. Again says that the order is to be allocated
// once more.
type StockFreed struct {
	Order OrderID       `json:"order"`
	Of    []Reservation `json:"of"`
	Why   string        `json:"why"`
	Again bool          `json:"again,omitempty"`
}

func (StockFreed) Kind() Kind { return "stock.freed/1" }
func (f StockFreed) Subjects() []string {
	s := []string{order(f.Order)}
	for _, r := range f.Of {
		s = append(s, "sku:"+string(r.SKU))
	}
	return s
}

// OrderShort says that stock lacks for an order.
type OrderShort struct {
	Order   OrderID  `json:"order"`
	Missing []SKUQty `json:"missing"`
	Why     string   `json:"why,omitempty"` // "": nothing is there; else "quota", "stopped", "refill" (it lies in reserve bins) or "shelf-life" (it is not good for long enough)
}

func (OrderShort) Kind() Kind           { return "order.short/1" }
func (f OrderShort) Subjects() []string { return []string{order(f.Order)} }

// A SKUQty is a number of pieces of a SKU.
type SKUQty struct {
	SKU SKU `json:"sku"`
	Qty int `json:"qty"`
}

// ---- waves and tasks

// WaveReleased releases orders together, with the reasons.
type WaveReleased struct {
	Wave   WaveID    `json:"wave"`
	Type   string    `json:"type"`
	Orders []OrderID `json:"orders"`
	Metres float64   `json:"metres"`
	Why    []Reason  `json:"why"`
}

func (WaveReleased) Kind() Kind { return "wave.released/1" }
func (f WaveReleased) Subjects() []string {
	s := make([]string, 0, len(f.Orders)+1)
	for _, o := range f.Orders {
		s = append(s, order(o))
	}
	return s
}

// TaskIssued offers a walk.
type TaskIssued struct {
	Task   TaskID   `json:"task"`
	Type   string   `json:"type"` // see the Task kinds
	Wave   WaveID   `json:"wave,omitempty"`
	Slots  []Slot   `json:"slots,omitempty"`
	Stops  []Stop   `json:"stops"`
	Metres float64  `json:"metres"`
	Totes  []ToteID `json:"totes,omitempty"` // where a batch that is to be sorted lies
	Loose  bool     `json:"loose,omitempty"` // a batch that needs no sorting: packers take order by order out of it
	Why    []Reason `json:"why,omitempty"`   // of a refill
}

func (TaskIssued) Kind() Kind           { return "task.issued/1" }
func (f TaskIssued) Subjects() []string { return []string{task(f.Task)} }

// TaskTaken gives a task to a person, or moves it with the person to another device.
type TaskTaken struct {
	Task   TaskID    `json:"task"`
	Person PersonID  `json:"person"`
	Device DeviceID  `json:"device"`
	Due    time.Time `json:"due,omitzero"` // to be done by; zero when it only moves, or nobody counts
}

func (TaskTaken) Kind() Kind           { return "task.taken/1" }
func (f TaskTaken) Subjects() []string { return []string{task(f.Task), person(f.Person)} }

// ToteBound puts a tote on a slot of the cart.
type ToteBound struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Slot   int      `json:"slot"`
	Order  OrderID  `json:"order"`
	Tote   ToteID   `json:"tote"`
}

func (ToteBound) Kind() Kind { return "tote.bound/1" }
func (f ToteBound) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order)}
}

// LinePicked takes pieces from a bin into a tote.
type LinePicked struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stop   int      `json:"stop"`
	Order  OrderID  `json:"order"`
	Line   int      `json:"line"`
	Bin    BinID    `json:"bin"`
	SKU    SKU      `json:"sku"`
	Qty    int      `json:"qty"`
	Tote   ToteID   `json:"tote"`
	Typed  bool     `json:"typed,omitempty"` // a code was typed and not scanned
	Pieces
}

func (LinePicked) Kind() Kind { return "line.picked/1" }
func (f LinePicked) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order)}
}

// LineShort says that a bin held less than the stop asked for.
type LineShort struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stop   int      `json:"stop"`
	Order  OrderID  `json:"order"`
	Line   int      `json:"line"`
	Bin    BinID    `json:"bin"`
	SKU    SKU      `json:"sku"`
	Qty    int      `json:"qty"` // what is missing
	Why    string   `json:"why"` // "empty", "damaged", "wrong-item"
}

func (LineShort) Kind() Kind { return "line.short/1" }
func (f LineShort) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order)}
}

// StopSkipped puts a stop to the end of the walk.
type StopSkipped struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stop   int      `json:"stop"`
}

func (StopSkipped) Kind() Kind           { return "stop.skipped/1" }
func (f StopSkipped) Subjects() []string { return []string{task(f.Task), person(f.Person)} }

// StopsAdded appends stops to a running walk, after a short was re-allocated.
type StopsAdded struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stops  []Stop   `json:"stops"`
}

func (StopsAdded) Kind() Kind           { return "stops.added/1" }
func (f StopsAdded) Subjects() []string { return []string{task(f.Task), person(f.Person)} }

// OrderJoined puts an order that waited on a walk that is under way: its stops come
// between those that are left, whose order stays.
type OrderJoined struct {
	Order  OrderID      `json:"order"`
	Wave   WaveID       `json:"wave"`
	Task   TaskID       `json:"task"`
	Person PersonID     `json:"person,omitempty"` // nobody has taken the walk yet without one
	Slot   int          `json:"slot"`             // new
	Stops  []JoinedStop `json:"stops"`            // in walking order
	Metres float64      `json:"metres"`           // more to walk
	Due    time.Time    `json:"due,omitzero"`     // of the walk, from now on
	Why    []Reason     `json:"why"`
}

// A JoinedStop comes right behind the stop with the number Behind.
type JoinedStop struct {
	Stop
	Behind int `json:"behind"`
}

func (OrderJoined) Kind() Kind { return "order.joined/1" }
func (f OrderJoined) Subjects() []string {
	s := []string{order(f.Order), task(f.Task)}
	if f.Person != "" {
		s = append(s, person(f.Person))
	}
	return s
}

// StopsDropped takes an order's open stops out of a walk.
type StopsDropped struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Order  OrderID  `json:"order"`
}

func (StopsDropped) Kind() Kind { return "stops.dropped/1" }
func (f StopsDropped) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order)}
}

// OrderPicked says that nothing of an order is left to pick.
type OrderPicked struct {
	Order OrderID `json:"order"`
}

func (OrderPicked) Kind() Kind           { return "order.picked/1" }
func (f OrderPicked) Subjects() []string { return []string{order(f.Order)} }

// TaskDone ends a walk.
type TaskDone struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
}

func (TaskDone) Kind() Kind           { return "task.done/1" }
func (f TaskDone) Subjects() []string { return []string{task(f.Task), person(f.Person)} }

// LinePutBack returns pieces of a closed order to a bin.
type LinePutBack struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stop   int      `json:"stop"`
	Order  OrderID  `json:"order"`
	Line   int      `json:"line"`
	Bin    BinID    `json:"bin"`
	SKU    SKU      `json:"sku"`
	Qty    int      `json:"qty"`
}

func (LinePutBack) Kind() Kind { return "line.put-back/1" }
func (f LinePutBack) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order), "sku:" + string(f.SKU)}
}

// ---- packing

// ParcelOpened starts to pack an order, or a part of it, at a station.
type ParcelOpened struct {
	Parcel  ParcelID     `json:"parcel"`
	Order   OrderID      `json:"order"`
	Station StationID    `json:"station"`
	Items   []ParcelItem `json:"items"`
}

func (ParcelOpened) Kind() Kind           { return "parcel.opened/1" }
func (f ParcelOpened) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ItemVerified scans pieces into a parcel.
type ItemVerified struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
	Line    int       `json:"line"`
	SKU     SKU       `json:"sku"`
	Qty     int       `json:"qty"`
	Typed   bool      `json:"typed,omitempty"` // its code was typed and not scanned
}

func (ItemVerified) Kind() Kind           { return "item.verified/1" }
func (f ItemVerified) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelVerified says that every item was scanned.
type ParcelVerified struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
}

func (ParcelVerified) Kind() Kind           { return "parcel.verified/1" }
func (f ParcelVerified) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// NoteRead says that the packer has read what is to be known of an order. Mark is
// of the text that was shown: a note that changes must be read again.
type NoteRead struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
	Person  PersonID  `json:"person,omitempty"`
	Mark    string    `json:"mark"`
}

func (NoteRead) Kind() Kind           { return "note.read/1" }
func (f NoteRead) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// BoxTaken says which packaging a parcel is in. What was weighed before does not count.
type BoxTaken struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
	Box     string    `json:"box"`
	Grams   Grams     `json:"grams"`
}

func (BoxTaken) Kind() Kind           { return "box.taken/1" }
func (f BoxTaken) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelSplit ends a parcel with what was scanned into it; the rest of the order
// goes into another.
type ParcelSplit struct {
	Parcel  ParcelID     `json:"parcel"`
	Order   OrderID      `json:"order"`
	Station StationID    `json:"station"`
	Items   []ParcelItem `json:"items"` // what it holds now
}

func (ParcelSplit) Kind() Kind           { return "parcel.split/1" }
func (f ParcelSplit) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelParked takes an unfinished parcel off its station's table, so that another
// can be packed there. Its order's tote brings it back.
type ParcelParked struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
}

func (ParcelParked) Kind() Kind           { return "parcel.parked/1" }
func (f ParcelParked) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelResumed puts a parked parcel onto a table again.
type ParcelResumed struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
}

func (ParcelResumed) Kind() Kind           { return "parcel.resumed/1" }
func (f ParcelResumed) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// LabelDestroyed says that the label of a parcel that must not leave was found and
// destroyed.
type LabelDestroyed struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
	Person  PersonID  `json:"person,omitempty"`
}

func (LabelDestroyed) Kind() Kind           { return "label.destroyed/1" }
func (f LabelDestroyed) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// WeightMissed keeps a settled weight outside the tolerance, and what would
// explain it. The parcel is not weighed by it.
type WeightMissed struct {
	Parcel    ParcelID      `json:"parcel"`
	Order     OrderID       `json:"order"`
	Station   StationID     `json:"station"`
	Weight    Weight        `json:"weight"`
	Tolerance Grams         `json:"tolerance"`
	Why       []Explanation `json:"why,omitempty"`
}

func (WeightMissed) Kind() Kind           { return "weight.missed/1" }
func (f WeightMissed) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelWeighed keeps a settled weight with its evidence.
type ParcelWeighed struct {
	Parcel   ParcelID  `json:"parcel"`
	Order    OrderID   `json:"order"`
	Station  StationID `json:"station"`
	Weight   Weight    `json:"weight"`
	Manual   bool      `json:"manual,omitempty"`    // a lead let a weight outside the tolerance pass, or typed it
	Reason   string    `json:"reason,omitempty"`    // why, one of PassReasons or PassTyped
	PassedBy PersonID  `json:"passed_by,omitempty"` // the lead
	Tare     *Grams    `json:"tare,omitempty"`      // what the packaging weighs; nil: not noted, the weight teaches nothing
}

func (ParcelWeighed) Kind() Kind           { return "parcel.weighed/1" }
func (f ParcelWeighed) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelSealed closes a parcel and binds its waybill number, for ever.
type ParcelSealed struct {
	Parcel   ParcelID  `json:"parcel"`
	Order    OrderID   `json:"order"`
	Station  StationID `json:"station"`
	Carrier  CarrierID `json:"carrier"`
	Waybill  WaybillNo `json:"waybill"`
	SortCode string    `json:"sort_code,omitempty"`
	Booking  int       `json:"booking,omitempty"` // of the order; 0: the number is from the pool
	Why      []Reason  `json:"why,omitempty"`     // of the carrier
	Last     bool      `json:"last"`              // no piece of the order is left to pack
	Mark     string    `json:"mark,omitempty"`    // RecipientMark of whom the number was taken for
}

func (ParcelSealed) Kind() Kind           { return "parcel.sealed/1" }
func (f ParcelSealed) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelVoided ends a parcel that will not leave; its number is never used again.
type ParcelVoided struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
	Why     string    `json:"why"`
}

func (ParcelVoided) Kind() Kind           { return "parcel.voided/1" }
func (f ParcelVoided) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelLeft hands a parcel over to a carrier's driver.
type ParcelLeft struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Sheet   SheetID   `json:"sheet"`
	Carrier CarrierID `json:"carrier"`
	Last    bool      `json:"last"` // the whole order has left
}

func (ParcelLeft) Kind() Kind           { return "parcel.left/1" }
func (f ParcelLeft) Subjects() []string { return []string{order(f.Order)} }

// SheetOpened starts a handover sheet.
type SheetOpened struct {
	Sheet   SheetID   `json:"sheet"`
	Carrier CarrierID `json:"carrier"`
}

func (SheetOpened) Kind() Kind           { return "sheet.opened/1" }
func (f SheetOpened) Subjects() []string { return none() }

// SheetSigned ends a handover sheet: the driver has taken its parcels.
type SheetSigned struct {
	Sheet   SheetID   `json:"sheet"`
	Carrier CarrierID `json:"carrier"`
	Parcels int       `json:"parcels"`
	Driver  string    `json:"driver"` // as said or scanned; personal data
	Person  PersonID  `json:"person,omitempty"`
	Ink     Ink       `json:"ink,omitempty"` // none: signed on paper
}

func (SheetSigned) Kind() Kind           { return "sheet.signed/1" }
func (f SheetSigned) Subjects() []string { return none() }

// WaybillsPooled adds numbers fetched ahead from a carrier.
type WaybillsPooled struct {
	Carrier CarrierID   `json:"carrier"`
	Numbers []WaybillNo `json:"numbers"`
}

func (WaybillsPooled) Kind() Kind           { return "waybills.pooled/1" }
func (f WaybillsPooled) Subjects() []string { return []string{"carrier:" + string(f.Carrier)} }

// ---- effects

func effect(e Effect) []string {
	s := []string{"lane:" + e.Lane}
	if e.Order != "" {
		s = append(s, order(e.Order))
	}
	return s
}

// EffectAsked puts a row into the outbox.
type EffectAsked struct {
	Effect Effect `json:"effect"`
}

func (EffectAsked) Kind() Kind           { return "effect.wanted/1" }
func (f EffectAsked) Subjects() []string { return effect(f.Effect) }

// EffectStarted is committed before a physical effect leaves, so that after a
// crash we know that we do not know.
type EffectStarted struct {
	Effect  EffectID  `json:"effect"`
	Lane    string    `json:"lane"`
	Order   OrderID   `json:"order,omitempty"`
	Station StationID `json:"station,omitempty"`
}

func (EffectStarted) Kind() Kind { return "effect.begun/1" }
func (f EffectStarted) Subjects() []string {
	return []string{"lane:" + f.Lane, order(f.Order), station(f.Station)}
}

// EffectEnded takes a row out of the outbox. Outcome: "done", "refused"
// (the other side says no and a person must look), "dropped" (no longer wanted),
// "printed", "not-printed" (nothing left the daemon, or a person says that
// nothing came out).
type EffectEnded struct {
	Effect  EffectID  `json:"effect"`
	Lane    string    `json:"lane"`
	Order   OrderID   `json:"order,omitempty"`
	Parcel  ParcelID  `json:"parcel,omitempty"`
	Station StationID `json:"station,omitempty"`
	What    string    `json:"what"`
	Outcome string    `json:"outcome"`
	Detail  string    `json:"detail,omitempty"`
	Notes   []string  `json:"notes,omitempty"` // what was printed otherwise than written, field by field
}

func (EffectEnded) Kind() Kind { return "effect.done/1" }
func (f EffectEnded) Subjects() []string {
	return []string{"lane:" + f.Lane, order(f.Order), station(f.Station)}
}

// EffectDoubted says that a physical effect may or may not have happened.
type EffectDoubted struct {
	Effect  EffectID  `json:"effect"`
	Lane    string    `json:"lane"`
	Order   OrderID   `json:"order,omitempty"`
	Parcel  ParcelID  `json:"parcel,omitempty"`
	Station StationID `json:"station,omitempty"`
	Why     string    `json:"why"`
}

func (EffectDoubted) Kind() Kind { return "effect.doubted/1" }
func (f EffectDoubted) Subjects() []string {
	return []string{"lane:" + f.Lane, order(f.Order), station(f.Station)}
}

// EffectDelayed says that an effect did not happen and will be tried again.
type EffectDelayed struct {
	Effect  EffectID  `json:"effect"`
	Lane    string    `json:"lane"`
	Order   OrderID   `json:"order,omitempty"`
	Station StationID `json:"station,omitempty"`
	Why     string    `json:"why"`
	Next    time.Time `json:"next"`
}

func (EffectDelayed) Kind() Kind { return "effect.delayed/1" }
func (f EffectDelayed) Subjects() []string {
	return []string{"lane:" + f.Lane, order(f.Order), station(f.Station)}
}

// ---- interception

// OrderFrozen stops an order wherever it is. Persons and Devices are those who hold it.
type OrderFrozen struct {
	Order     OrderID   `json:"order"`
	Intercept string    `json:"intercept"`
	Why       FreezeWhy `json:"why"`
	AskedAt   time.Time `json:"asked_at"`
	HeardAt   time.Time `json:"heard_at,omitzero"` // see ShopOrder.HeardAt
	Deadline  time.Time `json:"deadline"`
	Stage     State     `json:"stage"`
	Persons   []PersonID
	Devices   []DeviceID
	Stations  []StationID
	Tasks     []TaskID
	In        OrderID `json:"in,omitempty"` // the order it goes in with others: all of it stops
}

func (OrderFrozen) Kind() Kind { return "order.frozen/1" }
func (f OrderFrozen) Subjects() []string {
	s := []string{order(f.Order)}
	if f.In != "" {
		s = append(s, order(f.In))
	}
	for _, p := range f.Persons {
		s = append(s, person(p))
	}
	for _, d := range f.Devices {
		s = append(s, device(d))
	}
	for _, t := range f.Stations {
		s = append(s, station(t))
	}
	return s
}

// CancelMissed says that a cancel came after the handover.
type CancelMissed struct {
	Order     OrderID   `json:"order"`
	Intercept string    `json:"intercept"`
	Why       FreezeWhy `json:"why"`
	AskedAt   time.Time `json:"asked_at"`
	Stage     State     `json:"stage"`
}

func (CancelMissed) Kind() Kind           { return "cancel.missed/1" }
func (f CancelMissed) Subjects() []string { return []string{order(f.Order)} }

// FreezeShown is a device's receipt.
type FreezeShown struct {
	Order     OrderID  `json:"order"`
	Intercept string   `json:"intercept"`
	Device    DeviceID `json:"device"`
}

func (FreezeShown) Kind() Kind           { return "freeze.shown/1" }
func (f FreezeShown) Subjects() []string { return []string{order(f.Order), device(f.Device)} }

// FreezeAnswered is a person's answer.
type FreezeAnswered struct {
	Order     OrderID  `json:"order"`
	Intercept string   `json:"intercept"`
	Person    PersonID `json:"person"`
	Device    DeviceID `json:"device"`
	Answer    string   `json:"answer"`
}

func (FreezeAnswered) Kind() Kind { return "freeze.answered/1" }
func (f FreezeAnswered) Subjects() []string {
	return []string{order(f.Order), person(f.Person), device(f.Device)}
}

// FreezeEscalated calls a lead: Why is one of the Call constants. Without a
// Person there was none to call; records before 0.3 name neither.
type FreezeEscalated struct {
	Order     OrderID  `json:"order"`
	Intercept string   `json:"intercept"`
	Person    PersonID `json:"person,omitempty"`
	Why       string   `json:"why,omitempty"`
}

func (FreezeEscalated) Kind() Kind { return "freeze.escalated/1" }
func (f FreezeEscalated) Subjects() []string {
	s := []string{order(f.Order)}
	if f.Person != "" {
		s = append(s, person(f.Person))
	}
	return s
}

// OrderThawed lifts a freeze: the order goes on, or (with OrderClosed beside it) ends.
type OrderThawed struct {
	Order     OrderID `json:"order"`
	Intercept string  `json:"intercept"`
	Outcome   string  `json:"outcome"` // "stopped" or "thawed"
	Persons   []PersonID
	Stations  []StationID
	In        OrderID `json:"in,omitempty"` // see OrderFrozen
}

func (OrderThawed) Kind() Kind { return "order.thawed/1" }
func (f OrderThawed) Subjects() []string {
	s := []string{order(f.Order)}
	if f.In != "" {
		s = append(s, order(f.In))
	}
	for _, p := range f.Persons {
		s = append(s, person(p))
	}
	for _, t := range f.Stations {
		s = append(s, station(t))
	}
	return s
}

// CharsetTold says what the font of a station's printer holds, as somebody read it
// from the printed self-test. It counts as long as the printer's profile is Model.
type CharsetTold struct {
	Station StationID `json:"station"`
	Model   string    `json:"model"`   // "tsc/ttp-244"
	Charset string    `json:"charset"` // "gbk"
	Right   []int     `json:"right"`   // rows that looked the same twice
}

func (CharsetTold) Kind() Kind           { return "charset.told/1" }
func (f CharsetTold) Subjects() []string { return []string{station(f.Station)} }

// ---- the ledger itself

// DayArchived says that a day's events left the journal for an archive file.
// Folding it is what drops closed orders from the views.
type DayArchived struct {
	Day    string `json:"day"` // 2026-07-14, in the site's zone
	First  uint64 `json:"first"`
	Last   uint64 `json:"last"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

func (DayArchived) Kind() Kind         { return "day.archived/1" }
func (DayArchived) Subjects() []string { return none() }

// DaemonStarted marks a start; effects begun before it and not ended are in doubt.
type DaemonStarted struct {
	Version string `json:"version"`
}

func (DaemonStarted) Kind() Kind         { return "daemon.started/1" }
func (DaemonStarted) Subjects() []string { return none() }

func init() {
	register[SKUsSet]()
	register[BinsSet]()
	register[PersonSet]()
	register[PersonRemoved]()
	register[DeviceInvited]()
	register[DevicePaired]()
	register[DeviceStationed]()
	register[DeviceRevoked]()
	register[PersonLoggedIn]()
	register[PersonLoggedOut]()
	register[OrderReceived]()
	register[OrderRevised]()
	register[ChannelAdvanced]()
	register[NoticeTaken]()
	register[NoticesRead]()
	register[AddressAnswered]()
	register[OrderTagged]()
	register[OrderScored]()
	register[OrderHeld]()
	register[OrderClosed]()
	register[StockCounted]()
	register[StockReserved]()
	register[StockFreed]()
	register[OrderShort]()
	register[WaveReleased]()
	register[TaskIssued]()
	register[TaskTaken]()
	register[ToteBound]()
	register[LinePicked]()
	register[LineShort]()
	register[StopSkipped]()
	register[StopsAdded]()
	register[OrderJoined]()
	register[StopsDropped]()
	register[OrderPicked]()
	register[TaskDone]()
	register[LinePutBack]()
	register[ParcelOpened]()
	register[ItemVerified]()
	register[ParcelVerified]()
	register[NoteRead]()
	register[BoxTaken]()
	register[ParcelSplit]()
	register[ParcelParked]()
	register[ParcelResumed]()
	register[LabelDestroyed]()
	register[WeightMissed]()
	register[ParcelWeighed]()
	register[ParcelSealed]()
	register[ParcelVoided]()
	register[ParcelLeft]()
	register[SheetOpened]()
	register[SheetSigned]()
	register[WaybillsPooled]()
	register[EffectAsked]()
	register[EffectStarted]()
	register[EffectEnded]()
	register[EffectDoubted]()
	register[EffectDelayed]()
	register[CharsetTold]()
	register[OrderFrozen]()
	register[CancelMissed]()
	register[FreezeShown]()
	register[FreezeAnswered]()
	register[FreezeEscalated]()
	register[OrderThawed]()
	register[DayArchived]()
	register[DaemonStarted]()
}
