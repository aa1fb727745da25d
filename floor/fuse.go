package floor

import "time"

// A FuseCause is why labels, or the numbers for them, stopped by themselves.
type FuseCause string

// The causes. The first three concern a carrier's account and stop the taking of
// numbers: what has its number is printed. The others stop labels.
const (
	FuseNumber   FuseCause = "number-failed" // the carrier gives no number
	FuseBalance  FuseCause = "balance"       // the account is empty
	FuseTwice    FuseCause = "number-twice"  // the carrier gave a number that is taken
	FuseAddress  FuseCause = "address"       // the address could not be read
	FuseReceiver FuseCause = "receiver"      // name, phone or token are missing
	FuseWeight   FuseCause = "weight"        // over the carrier's limit, and no lead has looked
	FuseFit      FuseCause = "text-fit"      // a text does not fit onto the label
	FuseTemplate FuseCause = "template"      // the label cannot be made
	FuseDoubt    FuseCause = "printer-doubt" // nobody knows whether a label came out
)

// FuseCauses lists the causes.
var FuseCauses = []FuseCause{FuseNumber, FuseBalance, FuseTwice, FuseAddress, FuseReceiver, FuseWeight, FuseFit, FuseTemplate, FuseDoubt}

// Account reports whether the cause lies with the carrier's account: numbers are
// not taken, and labels that have theirs go on.
func (c FuseCause) Account() bool {
	return c == FuseNumber || c == FuseBalance || c == FuseTwice
}

// Closer is who may close a fuse of that cause by hand: a packer one that a single
// parcel opened (it is put aside), a lead one of the account. One of a printer in
// doubt is closed by the answer alone, and Closer gives "".
func (c FuseCause) Closer() Role {
	switch {
	case c == FuseDoubt:
		return ""
	case c.Account():
		return RoleLead
	}
	return RolePacker
}

// A Scope is what one fuse protects: the labels of one carrier account made by one
// template at one station. An empty part means all of them.
type Scope struct {
	Carrier  CarrierID `json:"carrier,omitempty"`
	Template string    `json:"template,omitempty"`
	Station  StationID `json:"station,omitempty"`
}

// Covers reports whether x lies within s.
func (s Scope) Covers(x Scope) bool {
	return (s.Carrier == "" || s.Carrier == x.Carrier) && (s.Template == "" || s.Template == x.Template) && (s.Station == "" || s.Station == x.Station)
}

// A Trip is what opens a fuse. Why is the other side's word or what was found; it
// holds no personal data.
type Trip struct {
	Scope
	Cause  FuseCause `json:"cause"`
	Parcel ParcelID  `json:"parcel,omitempty"` // that showed it
	Order  OrderID   `json:"order,omitempty"`
	Why    string    `json:"why,omitempty"`
}

// A Fuse is one trip and how it ended.
type Fuse struct {
	ID string `json:"id"` // "F-12"
	Trip
	OpenedAt time.Time `json:"opened_at"`
	ClosedAt time.Time `json:"closed_at,omitzero"`
	ClosedBy string    `json:"closed_by,omitempty"` // a Closed constant; empty while open
	Closer   Actor     `json:"closer,omitempty"`
}

// How a fuse was closed.
const (
	ClosedByProbe  = "probe"  // what had failed was tried again and went well
	ClosedByPerson = "person" // somebody has looked
)

// Args are the places of the fuse's sentence.
func (f Fuse) Args() map[string]string {
	a := map[string]string{"carrier": string(f.Carrier), "template": f.Template, "station": string(f.Station), "parcel": string(f.Parcel), "order": string(f.Order), "why": f.Why, "fuse": f.ID}
	if a["parcel"] == "" {
		a["parcel"] = a["order"]
	}
	return a
}

// Text says in one sentence why it is open and what to do, "zh" unless "en".
func (f Fuse) Text(lang string) string {
	args := f.Args()
	args["why"] = Say(lang, args["why"], nil)
	return Say(lang, "fuse-"+string(f.Cause), args)
}

// Refusal is what a person hears whose act the fuse stops.
func (f Fuse) Refusal() *Refusal { return &Refusal{Code: "fuse-" + string(f.Cause), Args: f.Args()} }

// FuseOpened stops a scope, by itself.
type FuseOpened struct {
	Fuse string `json:"fuse"`
	Trip
}

func (FuseOpened) Kind() Kind { return "fuse.opened/1" }
func (f FuseOpened) Subjects() []string {
	if f.Order == "" {
		return none()
	}
	return []string{order(f.Order)}
}

// Call is the effect that has a lead told of it, in the fuse's own sentence.
func (f FuseOpened) Call(id EffectID) EffectAsked {
	args := Fuse{ID: f.Fuse, Trip: f.Trip}.Args()
	args["code"] = "fuse-" + string(f.Cause)
	return EffectAsked{Effect: Effect{
		ID: id, Lane: "alert", What: EffectAlert, Class: Idempotent, Order: f.Order, Parcel: f.Parcel, Args: args,
	}}
}

// FuseClosed lets a scope go on. By is ClosedByProbe or ClosedByPerson.
type FuseClosed struct {
	Fuse string `json:"fuse"`
	By   string `json:"by"`
	Why  string `json:"why,omitempty"`
}

func (FuseClosed) Kind() Kind           { return "fuse.closed/1" }
func (f FuseClosed) Subjects() []string { return none() }

// WaybillKilled takes a number off a parcel. The number is on the kill list for
// ever: a label that bears it is no longer good.
type WaybillKilled struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
	Carrier CarrierID `json:"carrier"`
	Waybill WaybillNo `json:"waybill"`
	Why     string    `json:"why"`
}

func (WaybillKilled) Kind() Kind           { return "waybill.killed/1" }
func (f WaybillKilled) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// A Killed is a row of the kill list: a number that no parcel may leave with.
type Killed struct {
	Parcel  ParcelID
	Order   OrderID
	Carrier CarrierID
	Why     string
	At      time.Time
	Seen    bool // it was scanned at the handover all the same
}

// WaybillBound gives a sealed parcel a new number, for ever.
type WaybillBound struct {
	Parcel   ParcelID  `json:"parcel"`
	Order    OrderID   `json:"order"`
	Station  StationID `json:"station"`
	Carrier  CarrierID `json:"carrier"`
	Waybill  WaybillNo `json:"waybill"`
	SortCode string    `json:"sort_code,omitempty"`
	Booking  int       `json:"booking,omitempty"` // of the order; 0: from the pool
	Mark     string    `json:"mark,omitempty"`    // as of ParcelSealed
}

func (WaybillBound) Kind() Kind           { return "waybill.bound/1" }
func (f WaybillBound) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// ParcelRedone puts a sealed parcel back onto the table: it is weighed and sealed
// anew, with everything that hangs on it. Its number was killed before.
type ParcelRedone struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"` // where it goes on
	Why     string    `json:"why"`
}

func (ParcelRedone) Kind() Kind           { return "parcel.redone/1" }
func (f ParcelRedone) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

// TwinScanned says that a label was scanned at the handover that must not exist
// any more: of a number on the kill list, or a second copy of one that has left.
type TwinScanned struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Carrier CarrierID `json:"carrier"`
	Waybill WaybillNo `json:"waybill"`
	Killed  bool      `json:"killed,omitempty"` // the number is on the kill list
	Sheet   SheetID   `json:"sheet,omitempty"`  // its twin left on
}

// Code is the message of the alarm, and of the refusal.
func (f TwinScanned) Code() string {
	if f.Killed {
		return "waybill-killed"
	}
	return "twin-scanned"
}

func (TwinScanned) Kind() Kind           { return "twin.scanned/1" }
func (f TwinScanned) Subjects() []string { return []string{order(f.Order)} }

func init() {
	register[FuseOpened]()
	register[FuseClosed]()
	register[WaybillKilled]()
	register[WaybillBound]()
	register[ParcelRedone]()
	register[TwinScanned]()
}
