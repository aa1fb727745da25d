package floor

import (
	"strconv"
	"strings"
	"time"
)

// A Run is labels printed first, for a wave of single-item or identical orders.
// Its sheets are numbered, so that one whose order is stopped can be pulled out
// of the pile.
type Run struct {
	ID       string // "R-3"
	Wave     WaveID
	Station  StationID
	Of       int        // sheets in all
	Sheets   []RunSheet // those that are neither on a sealed parcel nor pulled
	Pull     []int      // to be pulled out now
	OpenedAt time.Time
}

// A RunSheet is one label of a run, and the parcel it is for.
type RunSheet struct {
	No       int          `json:"no"` // from 1
	Order    OrderID      `json:"order"`
	Parcel   ParcelID     `json:"parcel"`
	Items    []ParcelItem `json:"items"`
	Carrier  CarrierID    `json:"carrier"`
	Waybill  WaybillNo    `json:"waybill"`
	SortCode string       `json:"sort_code,omitempty"`
	Booking  int          `json:"booking,omitempty"`
	Why      []Reason     `json:"why,omitempty"`
}

// PullText says which sheets to pull out, "zh" unless "en"; "" for none.
func (r Run) PullText(lang string) string {
	if len(r.Pull) == 0 {
		return ""
	}
	return Say(lang, "run-pull", map[string]string{"run": r.ID, "sheets": listOf(lang, r.Pull), "n": strconv.Itoa(len(r.Pull))})
}

// listOf gives "17、33" or "17 and 33".
func listOf(lang string, numbers []int) string {
	words := make([]string, len(numbers))
	for i, n := range numbers {
		words[i] = strconv.Itoa(n)
	}
	if lang != "en" {
		return strings.Join(words, "、")
	}
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// RunOpened binds numbers to the orders of a wave, sheet by sheet, before they are
// packed; their labels are asked for beside it.
type RunOpened struct {
	Run     string     `json:"run"`
	Wave    WaveID     `json:"wave"`
	Station StationID  `json:"station"`
	Sheets  []RunSheet `json:"sheets"`
}

func (RunOpened) Kind() Kind { return "run.opened/1" }
func (f RunOpened) Subjects() []string {
	s := []string{station(f.Station)}
	for _, x := range f.Sheets {
		s = append(s, order(x.Order))
	}
	return s
}

// SheetsCalled calls sheets of a run out of the pile: their orders were stopped.
// Keep are those called before whose orders go on.
type SheetsCalled struct {
	Run     string    `json:"run"`
	Station StationID `json:"station"`
	Sheets  []int     `json:"sheets,omitempty"`
	Keep    []int     `json:"keep,omitempty"`
}

func (SheetsCalled) Kind() Kind           { return "sheets.called/1" }
func (f SheetsCalled) Subjects() []string { return []string{station(f.Station)} }

// SheetsPulled says that a person has pulled sheets out of the pile.
type SheetsPulled struct {
	Run     string    `json:"run"`
	Station StationID `json:"station"`
	Sheets  []int     `json:"sheets"`
}

func (SheetsPulled) Kind() Kind           { return "sheets.pulled/1" }
func (f SheetsPulled) Subjects() []string { return []string{station(f.Station)} }

// ParcelTaken puts a parcel whose label was printed first onto a station's table.
type ParcelTaken struct {
	Parcel  ParcelID  `json:"parcel"`
	Order   OrderID   `json:"order"`
	Station StationID `json:"station"`
}

func (ParcelTaken) Kind() Kind           { return "parcel.taken/1" }
func (f ParcelTaken) Subjects() []string { return []string{order(f.Order), station(f.Station)} }

func init() {
	register[RunOpened]()
	register[SheetsCalled]()
	register[SheetsPulled]()
	register[ParcelTaken]()
}
