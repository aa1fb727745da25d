// Package report turns what happened on the floor into the figures a lead reads
// before the morning meeting. ForDay is a function from rows to figures; the
// writers only lay them out, as text, as one page of PDF and as JSON.
//
// A figure is never better than its data: a rate carries its count, small samples
// carry a 95 % interval, what the carrier has not said yet is a band and not a
// guess, and a day without orders says so instead of showing 100 %.
package report

import (
	"time"

	"floord/floor"
)

// A Row is one order as the report needs it. A zero time means: has not happened,
// or for a deadline: there is none.
type Row struct {
	Order    floor.OrderID
	Channel  floor.ChannelID
	Carrier  floor.CarrierID // empty until a parcel of it is sealed
	Team     string          // of who began it, then of who sealed it; empty: nobody, or nobody's team is known
	Received time.Time
	ShipBy   time.Time // the shop's last moment for the handover
	// CollectBy is the shop's last moment for the carrier's first scan. Without it
	// ShipBy is taken, which is the stricter reading.
	CollectBy time.Time
	// Worked is when the floor first touched the order: first pick, short or label.
	// It decides on which day shorts, labels and manual acts count. Without it the
	// handover counts, then the moment of receipt.
	Worked     time.Time
	HandedOver time.Time // scan onto the carrier's sheet; of several parcels the last
	Collected  time.Time // the carrier's own first scan
	Closed     bool      // cancelled before it left
	ClosedAt   time.Time // when; zero for a closed order: not known
	// Held is true while the shop forbids shipping (risk, pre-sale, group buy). A
	// hold of our own making, such as an unknown SKU, is not one: it stays our delay.
	Held bool

	Lines       int
	ShortLines  int
	Labels      int      // labels printed, copies not counted; one at least if it was handed over
	LabelErrors []string // reason codes, one for each error, the first ten
	Parcels     int      // sealed; zero of an order that left: it is taken for one
	BadParcels  int      // of them, those with a label error
	Reprints    int
	Redone      []string // why, as many as are known
	Manual      int      // acts that went round a check: typed instead of scanned, unlocked, forced, printed again
	Bent        []string // which, as many as are known

	// When the stages between Received and HandedOver were reached.
	Paid, Waved, Picked, Sealed time.Time

	ShopState floor.ShopState // what the shop said last
	ShopAt    time.Time       // and when
	floor.Tally
}

// Outcome is how an interception ended.
type Outcome string

// The outcomes.
const (
	Stopped Outcome = "stopped" // the parcel did not leave
	Missed  Outcome = "missed"  // it left, or was beyond recall when asked
	Thawed  Outcome = "thawed"  // the freeze was lifted: asked back, or decided otherwise
	Open    Outcome = "open"    // frozen, undecided
)

// An Intercept is one cancel, address change or remark that had to stop hands.
type Intercept struct {
	Order    floor.OrderID
	Channel  floor.ChannelID
	Why      floor.FreezeWhy
	AskedAt  time.Time   // when the shop was asked
	HeardAt  time.Time   // its word is on our disk
	FrozenAt time.Time   // the freeze is on disk
	DeviceAt time.Time   // a handheld or station has shown it
	PersonAt time.Time   // a person has answered it
	Stage    floor.State // where the order stood when asked
	Outcome  Outcome
}

// Input is everything ForDay looks at. Rows and Intercepts may cover any span and
// come in any order: ForDay picks what belongs to the day.
type Input struct {
	Site       string
	Day        Day
	Zone       *time.Location // of the site; nil is Shanghai
	At         time.Time      // the moment of the report: what is due later is still pending; zero is the day's end
	Rows       []Row
	Intercepts []Intercept
	Fuses      []floor.Fuse
	Hands      []floor.HandQuarter
	Shorts     []floor.ShortFound
	Past       []Past         // of the same weekday in the weeks before
	Forecast   floor.Forecast // how long orders take to the handover; nil: a default
	Now        time.Time      // when this was gathered: what was known; zero is At

	// Silent are the channels that tell nothing of an order once we have it; Tells are
	// the carriers that tell of their first scan.
	Silent map[floor.ChannelID]bool
	Tells  map[floor.CarrierID]bool

	// Names are what people call channels and carriers; without one the id is shown.
	Channels map[floor.ChannelID]string
	Carriers map[floor.CarrierID]string
	People   map[floor.PersonID]string
}

// Shanghai is the zone of a site that names none. China has no summer time.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// A Day is a date of the site's calendar.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// DayOf is the date that t has in zone.
func DayOf(t time.Time, zone *time.Location) Day {
	y, m, d := t.In(zone).Date()
	return Day{y, m, d}
}

// ParseDay reads "2026-11-21".
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Day{}, errNotADay(s)
	}
	return DayOf(t, time.UTC), nil
}

// Bounds gives the first moment of the day in zone and the first of the next. A
// day is as long as the zone says, which need not be 24 hours.
func (d Day) Bounds(zone *time.Location) (from, to time.Time) {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone), time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, zone)
}

func (d Day) String() string {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// MarshalText writes the day as ParseDay reads it.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDay(string(text))
	return err
}

type errNotADay string

func (e errNotADay) Error() string { return `day "` + string(e) + `" is not a date like 2026-11-21` }
