// Package floor holds the nouns of the warehouse floor and what is true between
// them: orders, bins, waves, tasks, parcels, the facts that change them, and the
// refusals a person may hear. It does no input or output and uses only the
// standard library; decisions live in floor/foreman, storage in sync/ledger.
package floor

import "fmt"

// Identifiers. Each is a type of its own so that a bin cannot be passed for a
// SKU. All are ASCII, at most 64 bytes, and mean nothing beyond what their
// comment says.
type (
	// OrderID is the site's own number of an order: PREFIXyyyymmdd-ORD-nnnnnn.
	OrderID string
	// ChannelID names one account on one platform, as floord.toml does ("pdd-main").
	ChannelID string
	// SKU is a stock keeping unit, as the shop's outer id says it.
	SKU string
	// BinID is a storage place, zone-aisle-bay-level ("A-03-02-1").
	BinID string
	// WaveID is "W-12": orders released together.
	WaveID string
	// TaskID is "T-812": one walk of one picker.
	TaskID string
	// ToteID is the barcode of a tote.
	ToteID string
	// ParcelID is "P-77". An order may have several parcels.
	ParcelID string
	// WaybillNo is a carrier's number of a parcel.
	WaybillNo string
	// CarrierID names a carrier account, as floord.toml does ("sf").
	CarrierID string
	// StationID names a pack station ("pack-1").
	StationID string
	// PersonID is a badge's owner ("li.wei").
	PersonID string
	// DeviceID names a paired handheld or station screen ("pda-07").
	DeviceID string
	// EffectID is "E-31": one thing owed to the world outside the ledger.
	EffectID string
	// SheetID is "H-4": one handover sheet of one carrier.
	SheetID string
	// WallID names a put wall, as floord.toml does ("W1"); its slots are "W1-01" and on.
	WallID string
	// ExceptionID is "X-3": what somebody reported.
	ExceptionID string
)

// Grams is a mass. Negative grams exist only as a difference.
type Grams int64

// Fen is money in hundredths of a yuan. No float ever holds money.
type Fen int64

// String gives yuan with two decimals, "39.90".
func (f Fen) String() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	return fmt.Sprintf("%s%d.%02d", sign, f/100, f%100)
}
