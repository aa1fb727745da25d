package floor

import "time"

// Facts that the floor's reports are judged by and no walk depends on.

// ParcelCollected is the carrier's own first scan of a parcel that was handed over:
// the moment by which platforms judge. Its time is the carrier's, not that of the
// record.
type ParcelCollected struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Carrier CarrierID `json:"carrier"`
	Waybill WaybillNo `json:"waybill"`
	Scanned time.Time `json:"scanned_at"`
	Source  string    `json:"source"` // who said so: "carrier", "import"
	Last    bool      `json:"last"`   // every parcel of the order was collected
}

func (ParcelCollected) Kind() Kind           { return "parcel.collected/1" }
func (f ParcelCollected) Subjects() []string { return []string{order(f.Order)} }

// ScanRefused is a scan or count that was wrong: it changed nothing, and is kept
// because how often it happens says something of the bins, the labels and the work.
// What it was about may be partly empty.
type ScanRefused struct {
	Act     string    `json:"act"`  // "pick", "put", "verify", "hand-over"
	Code    string    `json:"code"` // of the refusal: "wrong-sku"
	Person  PersonID  `json:"person,omitempty"`
	Device  DeviceID  `json:"device,omitempty"`
	Task    TaskID    `json:"task,omitempty"`
	Order   OrderID   `json:"order,omitempty"`
	Parcel  ParcelID  `json:"parcel,omitempty"`
	Station StationID `json:"station,omitempty"`
	// Blame is who picked what was wrong, where that is not who scanned it.
	Blame PersonID `json:"blame,omitempty"`
}

func (ScanRefused) Kind() Kind { return "scan.refused/1" }
func (f ScanRefused) Subjects() []string {
	if f.Order == "" {
		return none()
	}
	return []string{order(f.Order)}
}

func init() {
	register[ParcelCollected]()
	register[ScanRefused]()
}
