package channel

import (
	"encoding/json"
	"io"
	"time"

	"floord/floor"
)

// A Notice is what a pushed frame says: something happened to an order. It never
// carries the order itself; the driver asks for that.
type Notice struct {
	Number string `json:"order_no"`
	Event  string `json:"event"`              // "paid", "refund_created" ...
	Frame  string `json:"frame_id,omitempty"` // what must be acknowledged

	At time.Time `json:"-"` // when the shop told, by its clock; zero if the push does not say
}

// EventAskAddress is the event of a buyer who asks for another address, which the
// shop wants answered.
const EventAskAddress = "address_change_applied"

// line is the printed form of a normalised order.
type line struct {
	Number    string          `json:"order_no"`
	State     floor.ShopState `json:"state"`
	Pay       floor.Fen       `json:"pay_fen"`
	Shippable bool            `json:"shippable"`
	ShipBy    *time.Time      `json:"ship_by"`
	Hold      []string        `json:"hold"`
	Items     [][3]any        `json:"items"` // SKU, quantity, gift
	Flags     []string        `json:"flags"`
	MergeKey  *string         `json:"merge_key"`
	Unmapped  []floor.Hold    `json:"unmapped,omitempty"` // which field could not be read

	Currency  string `json:"currency,omitempty"`
	ID        string `json:"external_id,omitempty"`
	ShipByRaw string `json:"ship_by_raw,omitempty"` // in the shop's words, instead of ship_by
}

// A Seen is an order with what a driver knows of it and the floor has no place for.
type Seen struct {
	floor.ShopOrder
	Currency  string // of Pay, where it is not plain
	ID        string // a second number, which the platform's calls want
	ShipByRaw string // the shop's own words of ShipBy, to be shown instead of it
}

// WriteSeen prints orders as WriteOrders does, with what else is known of them.
func WriteSeen(w io.Writer, orders []Seen) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range orders {
		o := &orders[i]
		l := lineOf(&o.ShopOrder)
		l.Currency, l.ID, l.ShipByRaw = o.Currency, o.ID, o.ShipByRaw
		if l.ShipByRaw != "" {
			l.ShipBy = nil
		}
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

// WriteNumbers prints what an answer that only names orders says: the bare
// number of each, or when it said more, that the rest must be asked for.
func WriteNumbers(w io.Writer, numbers []string, named bool) error {
	enc := json.NewEncoder(w)
	for _, n := range numbers {
		var line any = n
		if named {
			line = struct {
				Number string `json:"order_no"`
				Needs  bool   `json:"needs_detail"`
			}{n, true}
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

// WriteOrders prints orders as JSON, one a line, for people and tests that want
// to see how a saved payload is understood. It prints no personal data.
func WriteOrders(w io.Writer, orders []floor.ShopOrder) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range orders {
		if err := enc.Encode(lineOf(&orders[i])); err != nil {
			return err
		}
	}
	return nil
}

// WriteNotices prints notices as JSON, one a line.
func WriteNotices(w io.Writer, notices []Notice) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, n := range notices {
		if err := enc.Encode(n); err != nil {
			return err
		}
	}
	return nil
}

func lineOf(o *floor.ShopOrder) line {
	l := line{Number: o.Number, State: o.State, Pay: o.Pay, Shippable: o.Shippable(),
		Hold: []string{}, Items: [][3]any{}, Flags: []string{}}
	if !o.ShipBy.IsZero() {
		t := o.ShipBy.UTC()
		l.ShipBy = &t
	}
	if o.MergeKey != "" {
		l.MergeKey = &o.MergeKey
	}
	seen := map[string]bool{}
	for _, h := range o.Holds {
		if !seen[h.Code] {
			seen[h.Code] = true
			l.Hold = append(l.Hold, h.Code)
		}
		if h.Code == floor.HoldUnmapped {
			l.Unmapped = append(l.Unmapped, h)
		}
	}
	for _, it := range o.Lines {
		l.Items = append(l.Items, [3]any{it.SKU, it.Qty, it.Gift})
	}
	l.Flags = append(l.Flags, o.Flags...)
	return l
}
