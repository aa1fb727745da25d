package floor

import (
	"slices"
	"time"
)

// A Tally is what reports count of an order beside the states it went through. Lists
// are short: the first few of each.
type Tally struct {
	Categories []string   `cbor:",omitempty"` // of its goods as they were set when it came in, sorted
	Pickers    []PersonID `cbor:",omitempty"` // who picked of it, the first one first
	ShortWhys  []string   `cbor:",omitempty"`
	Redos      []Redo     `cbor:",omitempty"` // labels printed again

	AllocatedAt time.Time `cbor:",omitzero"` // every line had stock
	VerifiedAt  time.Time `cbor:",omitzero"` // every item was scanned, of several parcels the last
	LabelledAt  time.Time `cbor:",omitzero"` // the label came out, of several the last

	Wrong     int `cbor:",omitempty"` // scans refused while it was picked
	Mispicked int `cbor:",omitempty"` // found at the pack check or the put wall: goods that are not its own, or that lack

	Weighed  int `cbor:",omitempty"` // parcels that were on a scale
	Off      int `cbor:",omitempty"` // of them, those ever outside the tolerance
	OffKnown int `cbor:",omitempty"` // of those, the ones of which it is known what it was
	OffTrue  int `cbor:",omitempty"` // of those, the ones whose contents were wrong
}

// A Redo is a label printed again.
type Redo struct {
	Why     string
	Station StationID
	By      PersonID // empty: nobody asked, floord did
}

// MostNoted is how long the lists of a Tally get.
const MostNoted = 10

// Note appends to a short list what is not in it yet.
func Note[T comparable](list []T, x T) []T {
	if len(list) >= MostNoted || slices.Contains(list, x) {
		return list
	}
	return append(slices.Clone(list), x)
}

// HandQuarter is the work of one person's hands within a quarter of an hour.
type HandQuarter struct {
	From   time.Time // its beginning
	Person PersonID
	Team   string
	Work   []HandWork
	Idle   int64 // ms without an act, of pauses of over IdleAfter
	Wrong  int   // scans that were refused
	Blamed int   // lines this person picked that were found wrong later
	Shorts int   // lines declared short
}

// HandWork is work of one kind in one zone.
type HandWork struct {
	Kind   string // of the wave ("cluster") for picking to order, else of the task ("batch", "sort", "putback"); "": between tasks
	Zone   string
	Lines  int
	Pieces int
	Active int64 // ms from the act before
}

// Hands are at work until they pause for longer than IdleAfter; a pause of over
// AwayAfter is none of work at all.
const (
	IdleAfter = 5 * time.Minute
	AwayAfter = 2 * time.Hour
)

// A ShortFound is a line that was declared short, and whether its goods were found
// in that bin later.
type ShortFound struct {
	At      time.Time
	Order   OrderID
	Bin     BinID
	SKU     SKU
	Qty     int
	Why     string
	Person  PersonID
	FoundAt time.Time `cbor:",omitzero"` // a count gave more than was booked there
}
