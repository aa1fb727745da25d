// Package channel says what a shop is to the floor: a place to pull orders from,
// to report shipped parcels to, and to answer when it asks whether an order may
// still be cancelled. Each platform is a subfolder with a driver; channeltest is
// the suite every driver passes against its fake.
//
// A driver classifies what went wrong and never retries by itself: when to try
// again, and when to call a person, is the courier's business.
package channel

import (
	"context"
	"time"

	"floord/floor"
)

// A Channel is one account on one platform. All methods may be called from
// several goroutines. An error is an *Error, or ctx's own.
type Channel interface {
	// Pull gives the next orders after the cursor, at least once each: the same
	// version may come again, and versions may come out of order. A cursor is
	// stored in the same commit as the orders that came with it, or neither is.
	// The zero Cursor starts at the beginning the driver was configured with.
	Pull(ctx context.Context, after Cursor) (Page, error)

	// Report tells the shop that an order was shipped. It asks the shop first how
	// the order stands, so that a report whose answer was lost is not made twice:
	// an order already shipped under the same number counts as done.
	Report(ctx context.Context, r Report) error

	// Answer answers a shop's question from the floor's state. A request that is no
	// longer open, and one that the platform takes no such answer to, count as answered.
	Answer(ctx context.Context, a Answer) error

	// Check gives the order's present truth. It is asked right before a label is
	// printed and right before a report: holds seen at pull time may be stale.
	Check(ctx context.Context, number string) (floor.ShopOrder, error)
}

// A Cursor is how far a channel has been read. Only the driver that made it can
// read it; it is printable ASCII of at most 200 bytes.
type Cursor string

// A Page is what one Pull brought.
type Page struct {
	Orders []floor.ShopOrder
	Next   Cursor // for the next Pull; equal to the one given when nothing moved
	More   bool   // pull again at once: the shop has more that is ready now
}

// A Report says that a parcel of an order is on its way.
type Report struct {
	Key     string // the effect's key, "parcel/P-77"; for the log, not sent
	Number  string // the shop's own number of the order
	Carrier floor.CarrierID
	Waybill floor.WaybillNo
	// Left says that the parcel has left the dock. An order that was put on hold
	// or asked back afterwards is reported nevertheless: the parcel is gone.
	Left bool
	// Change replaces a number reported earlier. Without it, an order shipped
	// under another number is a Refused error.
	Change bool
	// Part says that the order leaves in several parcels, of which this one holds
	// Lines; Others are the numbers of the rest, as far as they are known.
	Part   bool
	Lines  []floor.ShopLine
	Others []floor.WaybillNo
}

// An Answer answers a shop's question: may this order still be cancelled, or get
// another address?
type Answer struct {
	Key     string // the effect's key; for the log, not sent
	Number  string // the shop's own number of the order
	Request string // the shop's own id of the request; empty when only the order is known
	What    What
	Yes     bool      // nothing of the order will leave; or it will leave to the new address
	Why     Why       // why not; unused when Yes
	At      time.Time // since when it stands: of a yes, the freeze
}

// What says what a shop asks.
type What string

// The questions of shops. The zero What is a cancel.
const (
	AskCancel  What = "cancel"
	AskAddress What = "address"
)

// Why says how far the floor is, so that it could not do what was asked.
type Why string

// The reasons shops know, in the order in which a floor comes to them.
const (
	WhyUnknown Why = "unknown-order" // the floor never had it
	WhyPicking Why = "picking"       // it is in a picker's hands
	WhyPacking Why = "packing"       // it is at a pack station
	WhyPrinted Why = "printed"       // its waybill is on the parcel
	WhySealed  Why = "sealed"        // it waits at the dock
	WhyShipped Why = "shipped"       // the carrier has it
)
