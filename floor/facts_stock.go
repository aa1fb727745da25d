package floor

import "time"

// SKUStopped stops promising a SKU: more orders were short of it in a short time
// than the site allows. A lead looks, and resumes it.
type SKUStopped struct {
	SKU    SKU `json:"sku"`
	Shorts int `json:"shorts"` // orders that were short of it within the window
}

func (SKUStopped) Kind() Kind           { return "sku.stopped/1" }
func (f SKUStopped) Subjects() []string { return []string{"sku:" + string(f.SKU)} }

// SKUResumed lets a stopped SKU be promised again.
type SKUResumed struct {
	SKU SKU `json:"sku"`
}

func (SKUResumed) Kind() Kind           { return "sku.resumed/1" }
func (f SKUResumed) Subjects() []string { return []string{"sku:" + string(f.SKU)} }

// QuotaSet bounds how many pieces of a SKU may be promised to the orders of a
// channel from now on. What it has taken before does not count.
type QuotaSet struct {
	Channel ChannelID `json:"channel"`
	SKU     SKU       `json:"sku"`
	Limit   int       `json:"limit"` // -1: no bound
}

func (QuotaSet) Kind() Kind { return "quota.set/1" }
func (f QuotaSet) Subjects() []string {
	return []string{"sku:" + string(f.SKU), "channel:" + string(f.Channel)}
}

// A Quota is what a channel may still take of a SKU.
type Quota struct {
	Channel ChannelID
	SKU     SKU
	Limit   int
	Used    int // promised since it was set, less what came back
}

// Left is how many pieces may still be promised.
func (q Quota) Left() int { return max(0, q.Limit-q.Used) }

// A Shortage is how often orders were short of a SKU of late, and whether it is
// stopped for that.
type Shortage struct {
	SKU     SKU
	At      []int64   `cbor:",omitempty"` // of orders that were short, Unix ms, the newest last, at most MaxShorts
	Stopped time.Time `cbor:",omitzero"`
}

// MaxShorts bounds how many shorts of a SKU the site may set its fuse to.
const MaxShorts = 100

// A Place is a pool in a bin. The empty place is outside the house: goods come from a
// supplier, or are scrapped.
type Place struct {
	Bin  BinID `json:"bin,omitempty"`
	Pool Pool  `json:"pool,omitempty"`
}

// StockMoved moves pieces of a SKU, of one lot, from one pool to another. Task, Stop
// and Person say which walk did it, if one did.
type StockMoved struct {
	SKU SKU `json:"sku"`
	Lot
	Qty    int      `json:"qty"`
	From   Place    `json:"from,omitzero"`
	To     Place    `json:"to,omitzero"`
	Why    string   `json:"why,omitempty"`
	Task   TaskID   `json:"task,omitempty"`
	Stop   int      `json:"stop,omitempty"`
	Person PersonID `json:"person,omitempty"`
}

func (StockMoved) Kind() Kind { return "stock.moved/1" }
func (f StockMoved) Subjects() []string {
	s := []string{"sku:" + string(f.SKU)}
	if f.Task != "" {
		s = append(s, task(f.Task), person(f.Person))
	}
	return s
}

// RefillShort says that a reserve bin held less than a refill asked for.
type RefillShort struct {
	Task   TaskID   `json:"task"`
	Person PersonID `json:"person"`
	Stop   int      `json:"stop"`
	Spot
	Qty int    `json:"qty"` // what is missing
	Why string `json:"why"` // as of LineShort
}

func (RefillShort) Kind() Kind { return "refill.short/1" }
func (f RefillShort) Subjects() []string {
	return []string{task(f.Task), person(f.Person), "sku:" + string(f.SKU)}
}

// A CountWanted is a bin that somebody should count: what lies there is not what
// the books say.
type CountWanted struct {
	Spot
	Why   string // "short", "not-empty"
	Since time.Time
}

func init() {
	register[StockMoved]()
	register[RefillShort]()
	register[SKUStopped]()
	register[SKUResumed]()
	register[QuotaSet]()
}
