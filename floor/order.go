package floor

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A State is where an order stands on the floor. Freeze is not a state: see
// Order.Freeze.
type State string

// The life of an order, in order; Closed is reached from any state before HandedOver.
const (
	New        State = "NEW"
	Checked    State = "CHECKED" // judged, no hold
	Allocated  State = "ALLOCATED"
	Waved      State = "WAVED"
	Picking    State = "PICKING"
	Picked     State = "PICKED"
	Packing    State = "PACKING"
	Sealed     State = "SEALED"
	HandedOver State = "HANDED_OVER"
	Collected  State = "COLLECTED"
	Signed     State = "SIGNED"
	Settled    State = "SETTLED"
	Closed     State = "CLOSED"
)

var stateOrder = []State{New, Checked, Allocated, Waved, Picking, Picked, Packing, Sealed, HandedOver, Collected, Signed, Settled}

// States lists the states in the order of an order's life, Closed last.
func States() []State { return append(slices.Clone(stateOrder), Closed) }

// Before reports whether s comes before t in the life of an order. Closed is
// before nothing, and nothing is before Closed.
func (s State) Before(t State) bool {
	i, j := slices.Index(stateOrder, s), slices.Index(stateOrder, t)
	return i >= 0 && j >= 0 && i < j
}

// A FreezeWhy says what asked for a freeze.
type FreezeWhy string

// What may ask hands to stop.
const (
	FreezeCancel  FreezeWhy = "cancel"  // the buyer or shop cancelled or opened a refund
	FreezeAddress FreezeWhy = "address" // the recipient changed
	FreezeRemark  FreezeWhy = "remark"  // the note changed
	FreezeLead    FreezeWhy = "lead"    // a lead stopped it
)

// A Freeze stops every act on an order, in every state, until a decision lifts it.
type Freeze struct {
	Why      FreezeWhy `json:"why"`
	By       Actor     `json:"by"`
	AskedAt  time.Time `json:"asked_at"` // when the shop says it was asked, else Since
	Since    time.Time `json:"since"`
	Deadline time.Time `json:"deadline"` // a person must have answered by then
	Stage    State     `json:"stage"`    // where the order stood
	Key      string    `json:"key"`      // of the interception row
	// Of is the order that was frozen, where that is one of those that go as one.
	Of OrderID `json:"of,omitempty"`
}

// An Order is an order on the floor. Who gets it is kept apart: see Recipient. A row
// leaves out what is zero: orders are read far more often than written, and each field
// that is there must be found.
type Order struct {
	ID         OrderID
	Channel    ChannelID `cbor:",omitempty"`
	Shop       string    `cbor:",omitempty"`
	Number     string    `cbor:",omitempty"` // the shop's own number
	ModifiedAt time.Time `cbor:",omitzero"`
	ShopState  ShopState `cbor:",omitempty"`
	Weight     int       `cbor:",omitempty"` // of the newest saying, see ShopOrder.Weight
	Content    string    `cbor:",omitempty"` // hash of the newest payload
	State      State
	Lines      []Line     `cbor:",omitempty"`
	Holds      []Hold     `cbor:",omitempty"`
	Tags       []string   `cbor:",omitempty"`
	Flags      []string   `cbor:",omitempty"`
	Score      int        `cbor:",omitempty"` // 0 to 100, see OrderScored
	Lost       []Lost     `cbor:",omitempty"`
	Freeze     *Freeze    `cbor:",omitempty"`
	Pay        Fen        `cbor:",omitempty"`
	PaidAt     time.Time  `cbor:",omitzero"`
	ShipBy     time.Time  `cbor:",omitzero"`
	CollectBy  time.Time  `cbor:",omitzero"`
	ReceivedAt time.Time  `cbor:",omitzero"`
	MergeKey   string     `cbor:",omitempty"`
	Note       string     `cbor:",omitempty"` // the buyer's and the seller's note, for the packer to read
	Avoid      []string   `cbor:",omitempty"`
	Carrier    CarrierID  `cbor:",omitempty"`
	Short      bool       `cbor:",omitempty"` // stock lacks for at least one line
	ShortWhy   string     `cbor:",omitempty"` // see OrderShort
	Until      time.Time  `cbor:",omitzero"`  // its promises of stock end; zero: they do not
	Wave       WaveID     `cbor:",omitempty"`
	Task       TaskID     `cbor:",omitempty"`
	Tote       ToteID     `cbor:",omitempty"`
	Parcels    []ParcelID `cbor:",omitempty"`
	ClosedWhy  string     `cbor:",omitempty"`
	WorkedAt   time.Time  `cbor:",omitzero"` // first pick, short or label
	HandedAt   time.Time  `cbor:",omitzero"`
	ClosedAt   time.Time  `cbor:",omitzero"`
	Labels     int        `cbor:",omitempty"` // parcels whose label came out
	ShortLines int        `cbor:",omitempty"` // lines that were ever declared short
	LabelErrs  []string   `cbor:",omitempty"` // why a label did not come out, or was in doubt
	Reprints   int        `cbor:",omitempty"`
	Manual     int        `cbor:",omitempty"` // acts that a lead let pass
	Bent       []string   `cbor:",omitempty"` // the acts that went round a check, one code each, see the Bent constants
	Parceled   int        `cbor:",omitempty"` // parcels that were sealed
	BadParcels int        `cbor:",omitempty"` // of them, those with label trouble
	Redone     []string   `cbor:",omitempty"` // why labels were printed again
	Team       string     `cbor:",omitempty"` // of who began it, then of who sealed it
	WavedAt    time.Time  `cbor:",omitzero"`
	PickedAt   time.Time  `cbor:",omitzero"`
	SealedAt   time.Time  `cbor:",omitzero"` // of several parcels the last
	// CollectedAt is the carrier's first scan, of several parcels the last.
	CollectedAt time.Time `cbor:",omitzero"`
	Tally       Tally     `cbor:",omitzero"`
	Token       string    `cbor:",omitempty"` // of the shop's newest recipient: a change freezes
	Trial       bool      `cbor:",omitempty"` // its channel is on trial: no hand touches it
	// Orders of one recipient may go as one parcel (合单): MergedBy names the rule that
	// made this one of those in Of, which have it in In and go through what it goes through.
	MergedBy string    `cbor:",omitempty"`
	Of       []OrderID `cbor:",omitempty"`
	In       OrderID   `cbor:",omitempty"`
	First    uint64    `cbor:",omitempty"` // the event that brought the order
	Seq      uint64    // the newest event that touched it
}

// A Line is one SKU of an order.
type Line struct {
	No       int
	SKU      SKU
	Name     string   `cbor:",omitempty"`
	Spec     string   `cbor:",omitempty"`
	Qty      int      `cbor:",omitempty"`
	Gift     bool     `cbor:",omitempty"`
	Reserved []BinQty `cbor:",omitempty"` // where it lies, reserved and not yet picked
	Picked   int      `cbor:",omitempty"`
	Packed   int      `cbor:",omitempty"` // verified into a parcel
	Missing  int      `cbor:",omitempty"` // declared short and not re-allocated
	// Of and OfNo are whose line it is, in an order made of several. Out says that
	// this one goes with it no more: what is picked goes back.
	Of   OrderID `cbor:",omitempty"`
	OfNo int     `cbor:",omitempty"`
	Out  bool    `cbor:",omitempty"`
}

// A BinQty is a number of pieces in one bin.
type BinQty struct {
	Lot
	Bin BinID
	Qty int
}

// ReservedQty is the pieces of l that are reserved and not picked.
func (l *Line) ReservedQty() int {
	n := 0
	for _, r := range l.Reserved {
		n += r.Qty
	}
	return n
}

// LastDay gives the first day on which a lot that is promised to the order expires,
// 9999-12-31 if none does.
func (o *Order) LastDay() string {
	last := "9999-12-31"
	for _, l := range o.Lines {
		for _, b := range l.Reserved {
			last = min(last, b.LastDay())
		}
	}
	return last
}

// Urgent reports whether the order is to go before others.
func (o *Order) Urgent() bool { return slices.Contains(o.Tags, TagUrgent) }

// Tags of the floor.
const (
	TagUrgent   = "urgent"    // 加急
	TagGift     = "gift"      // 需配赠品
	TagHandPack = "hand_pack" // 需手工包装
	TagNote     = "note"      // the packer must read the note
)

// NoteMark tells what the packer must have read before hands go on from what was
// read before; it is empty where there is nothing to read.
func (o *Order) NoteMark() string {
	tags := slices.DeleteFunc(slices.Clone(o.Tags), func(t string) bool { return t == TagUrgent })
	if o.Note == "" && len(tags) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(o.Note + "\x00" + strings.Join(tags, "\x00")))
	return hex.EncodeToString(sum[:6])
}

// Line gives the line with that number, or nil.
func (o *Order) Line(no int) *Line {
	for i := range o.Lines {
		if o.Lines[i].No == no {
			return &o.Lines[i]
		}
	}
	return nil
}

// A SKUInfo is what the floor knows of a SKU.
type SKUInfo struct {
	SKU     SKU    `json:"sku"`
	Name    string `json:"name"`
	Spec    string `json:"spec,omitempty"`
	Barcode string `json:"barcode,omitempty"` // what a scanner reads; the SKU itself always counts too
	Grams   Grams  `json:"grams,omitempty"`   // of one piece; 0 = unknown
	// Category groups SKUs as the site does ("生鲜"); freezes may have a window for each.
	Category    string `json:"category,omitempty"`
	Millilitres int64  `json:"ml,omitempty"`      // of one piece; 0 = unknown
	Fragile     bool   `json:"fragile,omitempty"` // wants to lie on top
	// Value is what one piece is declared to be worth; 0 = its share of what was paid.
	Value Fen `json:"value_fen,omitempty"`
	// Class keeps goods apart on the way ("cold"): a cart carries orders of one class.
	Class string `json:"class,omitempty"`
	// Ask lists what must be scanned with each pick: AskLot, AskExpiry, AskSerial.
	Ask []string `json:"ask,omitempty"`
	// MinDays is how many days pieces must still be good for when they are promised;
	// 0: the day itself.
	MinDays int `json:"min_days,omitempty"`
}

// What a SKU may ask for when it is picked.
const (
	AskLot    = "lot"
	AskExpiry = "expiry" // the day it is good until
	AskSerial = "serial" // one for each piece
)

// A Lot tells pieces of a SKU apart that are otherwise alike. The zero Lot is that
// of a SKU which nobody keeps by lots.
type Lot struct {
	No     string `json:"lot,omitempty"`    // as its maker has it
	Expiry string `json:"expiry,omitempty"` // the last day it is good, 2026-11-30
}

// LastDay sorts lots by when they expire: those that do not come last.
func (l Lot) LastDay() string { return cmp.Or(l.Expiry, "9999-12-31") }

// Told reports whether what was scanned may be of this lot: it says nothing else.
func (l Lot) Told(scanned Lot) bool {
	return (l.No == "" || scanned.No == "" || l.No == scanned.No) && (l.Expiry == "" || scanned.Expiry == "" || l.Expiry == scanned.Expiry)
}

// String gives the lot as people are told of it: "L7 2026-11-30".
func (l Lot) String() string { return strings.TrimSpace(l.No + " " + l.Expiry) }

// Pieces says which pieces of a SKU were taken, as far as the SKU asks.
type Pieces struct {
	Lot
	Serials []string `json:"serials,omitempty"`
}

// A BinInfo is one storage place. X and Y are metres from the depot's corner.
type BinInfo struct {
	Bin   BinID   `json:"bin"`
	Zone  string  `json:"zone"`
	Aisle int     `json:"aisle"`
	X     float64 `json:"x"`
	Y     float64 `json:"y"`
	// Reserve says that nobody picks for orders there: what lies in it refills the
	// bins that are picked from.
	Reserve bool `json:"reserve,omitempty"`
}

// A Spot is where pieces lie that are alike: of one SKU and one lot, in one bin.
type Spot struct {
	Bin BinID `json:"bin"`
	SKU SKU   `json:"sku"`
	Lot
}

// Stock is what lies at a spot, or is on its way there, by pool. Reserved and
// Inspection together never exceed OnHand.
type Stock struct {
	Spot
	OnHand     int // what lies there: sellable, reserved and in inspection
	Reserved   int // promised to orders and walks, and not yet taken
	Inspection int `cbor:",omitempty"` // not promised until somebody has passed it
	Transit    int `cbor:",omitempty"` // on its way here
}

// A Pool is what pieces may be used for.
type Pool string

// The four pools.
const (
	Sellable   Pool = "sellable"   // 销售
	Reserved   Pool = "reserved"   // 预留
	Inspection Pool = "inspection" // 质检
	Transit    Pool = "transit"    // 在途
)

// Sellable is what may still be promised.
func (s Stock) Sellable() int { return s.OnHand - s.Reserved - s.Inspection }

// In gives the pieces in one pool.
func (s Stock) In(p Pool) int {
	switch p {
	case Reserved:
		return s.Reserved
	case Inspection:
		return s.Inspection
	case Transit:
		return s.Transit
	}
	return s.Sellable()
}

// Add changes one pool by n pieces, which come from elsewhere or go there.
func (s *Stock) Add(p Pool, n int) {
	if p == Transit {
		s.Transit += n
		return
	}
	s.OnHand += n
	switch p {
	case Reserved:
		s.Reserved += n
	case Inspection:
		s.Inspection += n
	}
}

// A Wave is orders released together.
type Wave struct {
	ID         WaveID
	Kind       string
	Orders     []OrderID
	Tasks      []TaskID
	Metres     float64
	Why        []Reason
	ReleasedAt time.Time
	Done       bool
}

// A Reason is a code of the planner's catalogue and what to put into its sentence.
type Reason struct {
	Code string   `json:"code"`
	Args []string `json:"args,omitempty"`
}

// A TaskState is where a task stands.
type TaskState string

// The life of a task.
const (
	TaskWaiting TaskState = "waiting"
	TaskRunning TaskState = "running"
	TaskEnded   TaskState = "ended"
)

// Task kinds.
const (
	TaskPick    = "pick"    // each order into its own tote
	TaskPutBack = "putback" // what was picked of a closed order goes back
	TaskBatch   = "batch"   // the totals of a wave, for the put wall (先拣后分) or the packers (单品, 爆款)
	TaskSort    = "sort"    // from the batch into the wall's slots (播种)
	TaskRefill  = "refill"  // from a reserve bin to one that is picked from (补货)
)

// A Task is one walk of one person.
type Task struct {
	ID       TaskID
	Kind     string
	Wave     WaveID
	WaveKind string `cbor:",omitempty"`
	State    TaskState
	Person   PersonID
	Device   DeviceID
	Slots    []Slot
	Stops    []Stop
	Metres   float64
	IssuedAt time.Time
	TakenAt  time.Time
	Due      time.Time // to be done by; zero: nobody counts
	Overdue  time.Time // a lead was called
	Totes    []ToteID  // of a batch and of its sorting
	Loose    bool      `cbor:",omitempty"` // a batch that needs no sorting
	Wall     WallID    // where a batch is sorted; empty until somebody says
	Why      []Reason  `cbor:",omitempty"` // of a refill; a wave has its own
}

// A Slot is a place on the cart: one order, one tote. A full tote gets a further
// slot of the same order.
type Slot struct {
	No    int     `json:"no"` // from 1
	Order OrderID `json:"order"`
	Tote  ToteID  `json:"tote,omitempty"` // empty until bound
	Full  bool    `json:"full,omitempty"`

	Joined bool `json:"joined,omitempty"` // its order came to the walk when that was under way
}

// A Stop is one line of a walk: take Qty of SKU from Bin into Slot (or, in a
// put-back task, bring it there).
type Stop struct {
	No      int     `json:"no"` // from 1; a stop that joined later is numbered later
	Bin     BinID   `json:"bin"`
	SKU     SKU     `json:"sku"`
	Order   OrderID `json:"order"`
	Line    int     `json:"line"`
	Slot    int     `json:"slot"`
	Qty     int     `json:"qty"`
	Done    int     `json:"done"`              // picked or put back
	Missing int     `json:"missing,omitempty"` // declared short
	Dropped bool    `json:"dropped,omitempty"` // the order was frozen and closed, or the stop was moved
	Skipped int     `json:"skipped,omitempty"` // how often it was put to the end
	Lot             // that is promised: of this and no other
	Put     bool    `json:"put,omitempty"` // pieces of a refill go in here
}

// Spot is where its pieces lie.
func (s *Stop) Spot() Spot { return Spot{s.Bin, s.SKU, s.Lot} }

// Left is what the stop still asks for.
func (s *Stop) Left() int {
	if s.Dropped {
		return 0
	}
	return s.Qty - s.Done - s.Missing
}

// Next gives the next stop to go to, or nil when the walk is done. A frozen
// order's stops are passed over by the caller's filter.
func (t *Task) Next(frozen func(OrderID) bool) *Stop {
	var best *Stop
	for i := range t.Stops {
		s := &t.Stops[i]
		if s.Left() <= 0 || frozen != nil && frozen(s.Order) {
			continue
		}
		if best == nil || s.Skipped < best.Skipped {
			best = s
		}
	}
	return best
}

// Ahead gives the stops that are left, in the order of Next.
func (t *Task) Ahead() []Stop {
	var left []Stop
	for _, s := range t.Stops {
		if s.Left() > 0 {
			left = append(left, s)
		}
	}
	slices.SortStableFunc(left, func(a, b Stop) int { return a.Skipped - b.Skipped })
	return left
}

// Stop gives the stop with that number, or nil.
func (t *Task) Stop(no int) *Stop {
	for i := range t.Stops {
		if t.Stops[i].No == no {
			return &t.Stops[i]
		}
	}
	return nil
}

// Walked reports whether nothing is left to do.
func (t *Task) Walked() bool {
	for i := range t.Stops {
		if t.Stops[i].Left() > 0 {
			return false
		}
	}
	return true
}

// A ParcelState is where a parcel stands.
type ParcelState string

// The life of a parcel.
const (
	ParcelIsLabelled ParcelState = "labelled" // its label is printed first, nobody packs it yet
	ParcelIsOpen     ParcelState = "open"
	ParcelIsVerified ParcelState = "verified"
	ParcelIsWeighed  ParcelState = "weighed"
	ParcelIsSealed   ParcelState = "sealed"
	ParcelHasLeft    ParcelState = "left"
	ParcelIsVoid     ParcelState = "void"
)

// A Parcel is one package with one waybill.
type Parcel struct {
	ID       ParcelID
	Order    OrderID
	Station  StationID
	State    ParcelState
	Items    []ParcelItem
	Weight   *Weight `cbor:",omitempty"`
	Carrier  CarrierID
	Waybill  WaybillNo
	SortCode string
	Copies   int    // labels asked for so far; the copy number of the newest
	Printed  int    // labels known to have come out
	Label    string // see the Label constants
	SealedAt time.Time
	Erred    bool // its label made trouble
	LeftAt   time.Time
	// CollectedAt is the carrier's own first scan, by its own clock.
	CollectedAt time.Time `cbor:",omitzero"`
	Sheet       SheetID
	Read        string     // NoteMark of what its packer has read
	Box         string     // code of its packaging, "" if none was scanned
	BoxGrams    Grams      // what that weighs
	Off         *OffWeight `cbor:",omitempty"` // the newest weight outside the tolerance, until one is right or passed
	Mark        string     // RecipientMark of whom its number was taken for; "" if that was not noted
	Teaches     bool       // its weight is one to learn from, with Tare
	Tare        Grams
	Passed      bool     // a lead has looked at its weight
	Why         []Reason `cbor:",omitempty"` // of the carrier
	Run         string   // whose sheet RunNo is its label, "" if it was not printed first
	RunNo       int
	Twin        bool // a second label of it was scanned at the handover

	// What reports need of its weighing.
	Tallied  bool `cbor:",omitempty"` // it was on a scale
	WasOff   bool `cbor:",omitempty"` // its weight was ever outside the tolerance
	BoxSince bool `cbor:",omitempty"` // it got other packaging since
	OffKnown bool `cbor:",omitempty"` // it is known what that was
}

// An OffWeight is a weight that nobody has agreed to.
type OffWeight struct {
	Weight    Weight
	Tolerance Grams
	Why       []Explanation
}

// Why a lead lets a weight pass.
const (
	PassRecord  = "record"  // the goods are right, what is known of their weight is wrong
	PassFilling = "filling" // more or other packaging than usual
	PassCounted = "counted" // counted again before the lead's eyes
	PassTyped   = "typed"   // read from another scale
)

// PassReasons are those a lead may give for a weight outside the tolerance.
var PassReasons = []string{PassRecord, PassFilling, PassCounted}

// A Pull is a printed label that must be found: its parcel must not leave as it is.
type Pull struct {
	Parcel  ParcelID
	Order   OrderID
	Station StationID
	Waybill WaybillNo
	Run     string // and RunNo, as of Parcel
	RunNo   int
	Why     string // "frozen": wait for the lead; "void": destroy it; "address": it says another address, make a new one
}

// Sheet is the label's name in its run, "R-1-17", or "".
func (p Pull) Sheet() string {
	if p.Run == "" {
		return ""
	}
	return p.Run + "-" + strconv.Itoa(p.RunNo)
}

// What is known of a parcel's label.
const (
	LabelNone    = ""
	LabelWanted  = "wanted"
	LabelBegun   = "printing"
	LabelPrinted = "printed"
	LabelDoubt   = "in-doubt"
	LabelFailed  = "not-printed"
)

// A ParcelItem is what belongs into a parcel and what was scanned into it.
type ParcelItem struct {
	Line     int `json:"line"`
	SKU      SKU `json:"sku"`
	Qty      int `json:"qty"`
	Verified int `json:"verified"`
}

// A Weight is a weighing with its evidence.
type Weight struct {
	Grams    Grams     `json:"grams"`
	Raw      string    `json:"raw"` // the frame, hex
	Profile  string    `json:"profile"`
	Origin   string    `json:"origin"` // where the profile's protocol came from
	Seq      uint64    `json:"seq"`    // of the frame since the line opened
	ZeroSeen bool      `json:"zero_seen"`
	At       time.Time `json:"at"`
	Tare     string    `json:"tare,omitempty"` // what shows that it is gross: "said", "asked", "locked", "unknown"; empty: not noted
	By       string    `json:"by"`             // the station's scale, or "typed" with the person
	Expected Grams     `json:"expected"`       // 0 = not known
}

// A Person is somebody with a badge.
type Person struct {
	ID     PersonID
	Name   string
	Roles  []Role
	Device DeviceID  // logged in there
	Task   TaskID    // has taken it
	Lang   string    // "zh" (default) or "en"
	Badge  string    // SHA-256 of the badge's text, hex
	Gone   bool      // the badge was taken away
	Team   string    // 班组, as the site calls it; reports count by it
	Acted  time.Time // when something last happened by this person's hand
}

// A Role is what a person may do.
type Role string

// The roles. A lead may do what pickers and packers may; an admin everything.
const (
	RolePicker Role = "picker"
	RolePacker Role = "packer"
	RoleLead   Role = "lead"
	RoleAdmin  Role = "admin"
)

// May reports whether the person holds the role or one that includes it.
func (p *Person) May(r Role) bool {
	for _, have := range p.Roles {
		switch {
		case have == r, have == RoleAdmin, have == RoleLead && r != RoleAdmin:
			return true
		}
	}
	return false
}

// A Device is a paired handheld or station screen.
type Device struct {
	ID      DeviceID
	Kind    string    // "pda", "station", "board"
	Station StationID // of a station screen
	Token   string    // SHA-256 of the token, hex
	Revoked bool
	Person  PersonID // who is logged in
	// Last is who was logged in before the person went on elsewhere: scans that wait
	// on this device are theirs. Empty once somebody logs in or out here.
	Last PersonID
}

// An Exception is a report of ExceptionReported, as the lead sees it.
type Exception struct {
	ExceptionReported
	At  time.Time
	Seq uint64 // of its event, which holds the picture
}

// ExceptionKinds are what a person may report.
var ExceptionKinds = []string{"damaged", "wrong-label", "blocked", "leaking", "other"}

// A Wall is a put wall: slots in which a batch is sorted by order.
type Wall struct {
	ID    WallID
	Slots int // 1 to 99
}

// Slot gives the bar code of a slot, which serves as its tote: "W1-07".
func (w Wall) Slot(no int) ToteID { return ToteID(fmt.Sprintf("%s-%02d", w.ID, no)) }

// Effect classes.
const (
	Idempotent = "idempotent" // a report: retry until it sticks
	Physical   = "physical"   // a label: never repeated without a person's word
)

// What an effect is. Its lane says who carries it out.
const (
	EffectLabel      = "label"        // lane printer/STATION
	EffectWaveLabel  = "wave-label"   // lane printer/STATION
	EffectPlainLabel = "plain-label"  // lane printer/STATION; Args are the label's words, and "template"
	EffectShipReport = "ship-report"  // lane shop/CHANNEL
	EffectAnswer     = "answer"       // lane shop/CHANNEL: the pre-ship cancel answer
	EffectAlert      = "alert"        // lane alert
	EffectBook       = "book-waybill" // lane carrier/ID: a number for one parcel
	EffectVoid       = "void-waybill" // lane carrier/ID: a number goes back
	EffectByHand     = "by-hand"      // LaneHands; Args are the sentence's, and "code"
)

// LaneHands is the lane of what no machine carries out: a row stands on the board until
// a person says that it is done.
const LaneHands = "hands"

// Effect states.
const (
	EffectWanted = "wanted"
	EffectBegun  = "begun" // physical only: after a restart it reads as in doubt
	EffectDoubt  = "in-doubt"
	EffectLater  = "later" // tried, will be tried again at Next
)

// An Effect is one thing owed to the world: a row of the outbox.
type Effect struct {
	ID      EffectID          `json:"id"`
	Lane    string            `json:"lane"`
	What    string            `json:"what"`
	Class   string            `json:"class"`
	Order   OrderID           `json:"order,omitempty"`
	Parcel  ParcelID          `json:"parcel,omitempty"`
	Copy    int               `json:"copy,omitempty"` // of a label
	Args    map[string]string `json:"args,omitempty"`
	State   string            `json:"state,omitempty"`
	Tries   int               `json:"tries,omitempty"`
	Next    time.Time         `json:"next,omitzero"`
	Err     string            `json:"err,omitempty"`
	WantAt  time.Time         `json:"wanted_at,omitzero"`
	BegunAt time.Time         `json:"begun_at,omitzero"`
}

// An Intercept is the record of one freeze: who was told when, who answered
// what, how it ended.
type Intercept struct {
	Key       string // day/number; grows with time
	Order     OrderID
	In        OrderID `cbor:",omitempty"` // what it went in with others then
	Channel   ChannelID
	Why       FreezeWhy
	Stage     State
	AskedAt   time.Time
	HeardAt   time.Time `cbor:",omitzero"` // see ShopOrder.HeardAt
	FrozenAt  time.Time
	Deadline  time.Time
	Told      []DeviceID
	Holders   []PersonID // who had the order in hands
	Shown     []Shown
	Answers   []Answer
	Escalated time.Time // of the first call
	Calls     []Call    // of leads, in order
	Outcome   string    // "open", "stopped", "missed", "thawed"
	EndedAt   time.Time
	EndedBy   Actor
}

// A Call is a lead called to a freeze.
type Call struct {
	Person PersonID // empty: there was no lead to call
	Why    string
	At     time.Time
}

// Why a lead is called to a freeze.
const (
	CallUnanswered = "unanswered" // somebody who holds the order has not answered
	CallDecide     = "decide"     // the holders have answered; what becomes of the order is a lead's to say
	CallConflict   = "conflict"   // the order is cancelled and urgent, or the cancel was taken back
)

// Needs says why a lead must be called while the freeze is open, or "": everybody
// has answered and the rest goes by itself, or a lead has taken it on.
func (i *Intercept) Needs() string {
	said := map[PersonID]bool{}
	for _, a := range i.Answers {
		if a.Text == AnswerOnIt {
			return ""
		}
		said[a.Person] = true
	}
	conflict := slices.ContainsFunc(i.Calls, func(c Call) bool { return c.Why == CallConflict })
	silent := slices.ContainsFunc(i.Holders, func(p PersonID) bool { return !said[p] })
	switch {
	case i.Outcome != "open":
		return ""
	case conflict:
		return CallConflict
	case silent || len(i.Answers) == 0 && i.Why != FreezeLead:
		return CallUnanswered
	case i.Why == FreezeAddress || i.Why == FreezeRemark:
		return CallDecide
	}
	return ""
}

// CallAt is when the next lead is to be called, if one is needed: at the deadline,
// then every so often.
func (i *Intercept) CallAt(every time.Duration) time.Time {
	if n := len(i.Calls); n > 0 {
		return i.Calls[n-1].At.Add(every)
	}
	return i.Deadline
}

// Shown is a device's receipt of a freeze.
type Shown struct {
	Device DeviceID
	At     time.Time
}

// An Answer is a person's answer to a freeze: "out" (already taken out),
// "not-yet" (not picked yet), "sealed" (already sealed), or of a lead "on-it".
type Answer struct {
	Person PersonID
	Device DeviceID
	Text   string
	At     time.Time
}

// Answers a person may give to a freeze.
var FreezeAnswers = []string{"out", "not-yet", "sealed"}

// AnswerOnIt is a lead's: nobody else need be called.
const AnswerOnIt = "on-it"

// A ShipRow is the little that a report needs of an order; the fold keeps it.
type ShipRow struct {
	Order      OrderID   `cbor:",omitempty"`
	Channel    ChannelID `cbor:",omitempty"`
	Carrier    CarrierID `cbor:",omitempty"`
	Received   time.Time `cbor:",omitzero"`
	ShipBy     time.Time `cbor:",omitzero"`
	CollectBy  time.Time `cbor:",omitzero"`
	Worked     time.Time `cbor:",omitzero"`
	HandedOver time.Time `cbor:",omitzero"`
	Closed     bool      `cbor:",omitempty"`
	ClosedAt   time.Time `cbor:",omitzero"`
	Held       bool      `cbor:",omitempty"` // by the shop
	Lines      int       `cbor:",omitempty"`
	ShortLines int       `cbor:",omitempty"`
	Labels     int       `cbor:",omitempty"`
	LabelErrs  []string  `cbor:",omitempty"`
	Reprints   int       `cbor:",omitempty"`
	Manual     int       `cbor:",omitempty"`
	Bent       []string  `cbor:",omitempty"`
	Parcels    int       `cbor:",omitempty"`
	BadParcels int       `cbor:",omitempty"`
	Redone     []string  `cbor:",omitempty"`
	Team       string    `cbor:",omitempty"`
	Paid       time.Time `cbor:",omitzero"`
	Waved      time.Time `cbor:",omitzero"`
	Picked     time.Time `cbor:",omitzero"`
	Sealed     time.Time `cbor:",omitzero"`
	Collected  time.Time `cbor:",omitzero"` // the carrier's first scan
	State      State
	ShopState  ShopState `cbor:",omitempty"` // what the shop said last, and when
	ShopAt     time.Time `cbor:",omitzero"`
	Tally
}

// What went round a check.
const (
	BentWeight  = "weight"  // a lead let a weight pass, or typed it
	BentFreeze  = "freeze"  // a lead lifted a freeze
	BentHold    = "hold"    // a lead released a held order
	BentClose   = "close"   // a lead ended an order
	BentReprint = "reprint" // a label was printed again
	BentTyped   = "typed"   // a code was typed instead of scanned
)

// Ship gives the order's row for reports.
func (o *Order) Ship() ShipRow {
	return ShipRow{
		Order: o.ID, Channel: o.Channel, Carrier: o.Carrier,
		Received: o.ReceivedAt, ShipBy: o.ShipBy, CollectBy: o.CollectBy,
		Worked: o.WorkedAt, HandedOver: o.HandedAt,
		Closed: o.State == Closed, ClosedAt: o.ClosedAt,
		Held:  slices.ContainsFunc(o.Holds, func(h Hold) bool { return ShopHold(h.Code) }),
		Lines: len(o.Lines), ShortLines: o.ShortLines,
		Labels: o.Labels, LabelErrs: o.LabelErrs, Reprints: o.Reprints, Manual: o.Manual,
		Bent: o.Bent, Parcels: o.Parceled, BadParcels: o.BadParcels, Redone: o.Redone, Team: o.Team,
		Paid: o.PaidAt, Waved: o.WavedAt, Picked: o.PickedAt, Sealed: o.SealedAt,
		Collected: o.CollectedAt, State: o.State, ShopState: o.ShopState, ShopAt: o.ModifiedAt, Tally: o.Tally,
	}
}

// LastPicker is who picked of the order last, as far as is noted.
func (o *Order) LastPicker() PersonID {
	if n := len(o.Tally.Pickers); n > 0 {
		return o.Tally.Pickers[n-1]
	}
	return ""
}

// Over reports whether the order needs no more hands on this floor.
func (o *Order) Over() bool { return o.State == Closed || !o.State.Before(HandedOver) }

// Figures are the counts the board shows; the fold keeps them.
type Figures struct {
	ByState map[State]int
	Frozen  int
	Held    int
	Short   int
	Counts  map[string]int // "received", "picked-lines", "label/printed", ... since the ledger began
}

// Demand is how many pieces of a SKU were ordered, day by day (UTC+8 days since
// 1970), the newest first. It is what heat is computed from.
type Demand struct {
	Day    int
	Pieces []int // [0] on Day, [1] the day before, at most DemandDays
}

// DemandDays is how far back Demand goes.
const DemandDays = 60

// Add counts n pieces on a day; days older than DemandDays before the newest are dropped.
func (d *Demand) Add(day, n int) {
	if len(d.Pieces) == 0 || day-d.Day > DemandDays {
		d.Day, d.Pieces = day, nil
	}
	for d.Day < day {
		d.Pieces = append([]int{0}, d.Pieces...)
		d.Day++
		if len(d.Pieces) > DemandDays {
			d.Pieces = d.Pieces[:DemandDays]
		}
	}
	back := d.Day - day
	if back >= DemandDays {
		return
	}
	for len(d.Pieces) <= back {
		d.Pieces = append(d.Pieces, 0)
	}
	d.Pieces[back] += n
}

// DemandDay is the day that Demand counts t under.
func DemandDay(t time.Time) int { return int((t.Unix() + 8*3600) / 86400) }

// DemandNoon is the middle of a day that DemandDay counts.
func DemandNoon(day int) time.Time { return time.Unix(int64(day)*86400+4*3600, 0) }
