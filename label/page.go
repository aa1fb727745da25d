package label

import (
	"floord/label/glyph"
)

// MM is a length on paper in millimetres. Dots exist only on a Sheet, once it is
// known which printer it is for.
type MM float64

// A Page is what one label says and where, in millimetres from its top left
// corner. It is for no printer in particular; Lay makes it one for a given
// device.
type Page struct {
	Name          string // of the template, for messages
	Width, Height MM
	Texts         []Text
	Rules         []Rule
	Boxes         []Box
	Codes         []Code128
	QRs           []QR
	Images        []Image
}

// A Place is a rectangle on a page.
type Place struct {
	X, Y, W, H MM
}

// A Text is set into its place in letters as large as fit: Height at most, Min
// at least. Text that does not fit at Min is a FitError, it is never cut. A List
// may be counted instead of printed in full, and says so (More).
type Text struct {
	Place
	Field  string // what it is, for errors and the log: "recipient"
	Value  string
	List   []string // instead of Value: parts with Sep between, or each on a new line if Sep is empty
	Sep    string
	More   string // what stands for the parts that found no room; {left} is their number
	Height MM     // of a line of letters
	Min    MM     // 0 means Height
	Align  Align
	Bottom bool // stands on the bottom of its place instead of hanging from the top
	Bold   bool
	Fixed  bool // says the same on every label of its template
	By     By
}

// By is how the letters of a text reach the paper.
type By string

const (
	Best     By = ""       // as the printer's profile and policy have it
	ByFont   By = "font"   // from the printer's font even if its profile does not trust it: the self-test
	ByBitmap By = "bitmap" // as bitmaps, all but ASCII: what must be readable on a printer nobody knows
)

// Align is where the lines of a text stand in its place.
type Align string

const (
	Left   Align = "" // "left" in templates
	Center Align = "center"
	Right  Align = "right"
)

// A Rule is a filled rectangle, a line mostly.
type Rule struct {
	Place
}

// A Box is the outline of a rectangle.
type Box struct {
	Place
	Line MM // thickness
}

// A Code128 is a barcode centred in its place, quiet zones within it.
type Code128 struct {
	Place
	Field string
	Value string
}

// A QR is a QR code, error correction level M, centred in its place, which holds
// its quiet zone too.
type QR struct {
	Place
	Field string
	Value string
}

// An Image is a bitmap drawn to fill its place.
type Image struct {
	Place
	Bits glyph.Bitmap
}
