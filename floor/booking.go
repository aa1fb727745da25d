package floor

import "time"

// A Booking is a number that a carrier gives for one parcel of one order, before
// the parcel is packed: so that printing goes on while the carrier is not reached.
type Booking struct {
	Order    OrderID
	N        int // of the order, from 1; never used again
	Carrier  CarrierID
	State    string // a Booking constant
	Waybill  WaybillNo
	SortCode string
	Ticket   *Ticket `cbor:",omitempty"`
	Mark     string  // of the recipient it was asked for
	Why      []Reason
	SaidNo   bool // by the carrier, which is not asked again for this order
	At       time.Time
}

// Where a booking stands.
const (
	BookingWanted  = "wanted"
	BookingReady   = "ready"
	BookingBound   = "bound"   // to a parcel, for ever
	BookingDropped = "dropped" // returned, or refused by the carrier
)

// Open reports whether a parcel may still get the booking's number.
func (b Booking) Open() bool { return b.State == BookingWanted || b.State == BookingReady }

// A Ticket is what a platform gives instead of a readable address: its own print
// component makes the label of it. It is cipher, and kept like a recipient.
type Ticket struct {
	Component string `json:"component"` // whose component prints it: "cainiao", "pdd", "douyin"
	Template  string `json:"template"`  // its URL
	Data      string `json:"data"`      // encryptedData
	Signature string `json:"signature,omitempty"`
	Version   string `json:"version,omitempty"`
	Params    string `json:"params,omitempty"` // what the component asks the platform with (Douyin)
}

// BookingAsked wants a number from a carrier for the next parcel of an order.
type BookingAsked struct {
	Order   OrderID   `json:"order"`
	N       int       `json:"n"`
	Carrier CarrierID `json:"carrier"`
	Mark    string    `json:"mark"`
	Why     []Reason  `json:"why"`
}

func (BookingAsked) Kind() Kind           { return "booking.wanted/1" }
func (f BookingAsked) Subjects() []string { return []string{order(f.Order)} }

// BookingMade is the carrier's number for an order.
type BookingMade struct {
	Order    OrderID   `json:"order"`
	N        int       `json:"n"`
	Carrier  CarrierID `json:"carrier"`
	Waybill  WaybillNo `json:"waybill"`
	SortCode string    `json:"sort_code,omitempty"`
	Ticket   *Ticket   `json:"ticket,omitempty"`
}

func (BookingMade) Kind() Kind           { return "booking.made/1" }
func (f BookingMade) Subjects() []string { return []string{order(f.Order)} }

// BookingEnded gives a booking up: its number goes back, or the carrier has said
// no. SaidNo keeps the carrier from being asked again for this order.
type BookingEnded struct {
	Order   OrderID   `json:"order"`
	N       int       `json:"n"`
	Carrier CarrierID `json:"carrier"`
	Waybill WaybillNo `json:"waybill,omitempty"`
	SaidNo  bool      `json:"said_no,omitempty"`
	Why     string    `json:"why"`
}

func (BookingEnded) Kind() Kind           { return "booking.ended/1" }
func (f BookingEnded) Subjects() []string { return []string{order(f.Order)} }

func init() {
	register[BookingAsked]()
	register[BookingMade]()
	register[BookingEnded]()
}
