package floor

import "time"

// A Sheet is a handover sheet: the parcels that a carrier's driver takes.
type Sheet struct {
	ID       SheetID
	Carrier  CarrierID
	OpenedAt time.Time
	Parcels  int
	Grams    Grams // of all of them
	SignedAt time.Time
	Driver   string // personal data
	Person   PersonID
	Ink      Ink `cbor:",omitempty"`
}

// A SheetLine is one parcel on a sheet.
type SheetLine struct {
	Parcel  ParcelID
	Order   OrderID
	Waybill WaybillNo
	Grams   Grams // 0: not weighed
	At      time.Time
}

// Ink is a signature as it was drawn: lines, each a row of points x, y, x, y ...
// within 0 to InkWide and 0 to InkHigh.
type Ink [][]int

// The bounds of Ink.
const (
	InkWide   = 1000
	InkHigh   = 300
	InkPoints = 4000 // in all
)

// OK reports whether the ink is within its bounds.
func (ink Ink) OK() bool {
	n := 0
	for _, line := range ink {
		if len(line)%2 != 0 || len(line) == 0 {
			return false
		}
		n += len(line) / 2
		for i, v := range line {
			if v < 0 || i%2 == 0 && v > InkWide || i%2 == 1 && v > InkHigh {
				return false
			}
		}
	}
	return n <= InkPoints
}
