package floor

import "time"

// Facts of pickers beyond the plain walk: full totes, batches and the put wall,
// bins found empty, walks that take too long, and what somebody reports.

// ToteFull closes a slot's tote. What is left of its order goes into slot Next,
// which is new.
type ToteFull struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Slot   int      `json:"slot"`
	Order  OrderID  `json:"order"`
	Next   int      `json:"next"`
}

func (ToteFull) Kind() Kind { return "tote.full/1" }
func (f ToteFull) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order)}
}

// BatchBound puts a tote under a batch walk: goods of all its orders go into it.
type BatchBound struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Tote   ToteID   `json:"tote"`
}

func (BatchBound) Kind() Kind           { return "batch.bound/1" }
func (f BatchBound) Subjects() []string { return []string{task(f.Task), person(f.Person)} }

// WallBound says at which put wall a batch is sorted.
type WallBound struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Wall   WallID   `json:"wall"`
}

func (WallBound) Kind() Kind           { return "wall.bound/1" }
func (f WallBound) Subjects() []string { return []string{task(f.Task), person(f.Person)} }

// LineSorted puts pieces of a batch into an order's slot of the wall.
type LineSorted struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stop   int      `json:"stop"`
	Order  OrderID  `json:"order"`
	Line   int      `json:"line"`
	SKU    SKU      `json:"sku"`
	Qty    int      `json:"qty"`
	Tote   ToteID   `json:"tote"` // the slot's bar code
}

func (LineSorted) Kind() Kind { return "line.sorted/1" }
func (f LineSorted) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order)}
}

// LineLost says that pieces which were picked are not there when a batch is sorted.
type LineLost struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stop   int      `json:"stop"`
	Order  OrderID  `json:"order"`
	Line   int      `json:"line"`
	SKU    SKU      `json:"sku"`
	Qty    int      `json:"qty"`
	Why    string   `json:"why"` // as of LineShort
}

func (LineLost) Kind() Kind { return "line.lost/1" }
func (f LineLost) Subjects() []string {
	return []string{task(f.Task), person(f.Person), order(f.Order)}
}

// BinChecked is what a picker saw in a bin that should be empty now.
type BinChecked struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Spot
	Empty  bool `json:"empty"`
	Booked int  `json:"booked"` // pieces that the ledger knew of there
}

func (BinChecked) Kind() Kind { return "bin.checked/1" }
func (f BinChecked) Subjects() []string {
	return []string{task(f.Task), person(f.Person), "sku:" + string(f.SKU)}
}

// TaskOverdue says that a task was not done by its time, and a lead is called.
type TaskOverdue struct {
	Task   TaskID    `json:"task"`
	Person PersonID  `json:"person"`
	Due    time.Time `json:"due"`
}

func (TaskOverdue) Kind() Kind           { return "task.overdue/1" }
func (f TaskOverdue) Subjects() []string { return []string{task(f.Task), person(f.Person)} }

// ExceptionReported is something a person saw and a lead should know, perhaps
// with a photo. What it is about may be partly empty.
type ExceptionReported struct {
	Exception ExceptionID `json:"exception"`
	Person    PersonID    `json:"person"`
	Device    DeviceID    `json:"device"`
	What      string      `json:"what"` // see ExceptionKinds
	Text      string      `json:"text,omitempty"`
	Task      TaskID      `json:"task,omitempty"`
	Order     OrderID     `json:"order,omitempty"`
	Bin       BinID       `json:"bin,omitempty"`
	SKU       SKU         `json:"sku,omitempty"`
	Day       string      `json:"day"`             // 20261121, of the site: so many a day are taken
	Photo     string      `json:"photo,omitempty"` // SHA-256 of the picture, hex
	Picture   []byte      `json:"-"`
}

func (ExceptionReported) Kind() Kind { return "exception.reported/1" }
func (f ExceptionReported) Subjects() []string {
	s := []string{"exceptions", person(f.Person)}
	if f.Order != "" {
		s = append(s, order(f.Order))
	}
	return s
}

// RawPayload is the picture.
func (f ExceptionReported) RawPayload() []byte { return f.Picture }

func init() {
	register[ToteFull]()
	register[BatchBound]()
	register[WallBound]()
	register[LineSorted]()
	register[LineLost]()
	register[BinChecked]()
	register[TaskOverdue]()
	register[ExceptionReported]()
}
