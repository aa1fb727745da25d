package ledger

import (
	"encoding/binary"
	"errors"
	"time"

	"floord/floor"
)

// A coder writes or reads the rows that are written and read all the time, eight times
// as fast as by reflection: one description of the fields does both. A field that is
// zero is left out; the others stand in the order in which they are described:
//
//	field (1 byte, from 1), then what it holds:
//	a text or a list: its length (uvarint) and its bytes or items
//	a number: varint; a time: Unix seconds (varint), nanoseconds (uvarint); a flag: nothing
//	a struct, as each item of a list is unless it is a text: its fields, then 0
//
// What a field means never changes: new ones take new numbers. Rows of other types, and
// all rows of before, are CBOR maps, which begin with a byte that is no field.
type coder struct {
	out   []byte // when writing: what is written
	in    string // when reading: the row; texts are parts of it
	at    int    // when reading: how far
	reads bool
	bad   bool
}

var errRow = errors.New("not a row, or one of a newer floord")

// noField is the least first byte of a CBOR map.
const noField = 0xa0

// appendRow writes what v points at.
func appendRow(to []byte, v any) ([]byte, error) {
	c := coder{out: to}
	if !c.row(v) {
		data, err := encMode.Marshal(v)
		return append(to, data...), err
	}
	return c.out, nil
}

// parseRow reads what appendRow wrote into what v points at, which is zero.
func parseRow(data []byte, v any) error {
	c := coder{in: string(data), reads: true}
	switch {
	case len(data) > 0 && data[0] >= noField || !c.row(v):
		return decMode.Unmarshal(data, v)
	case c.bad || c.at != len(c.in):
		return errRow
	}
	return nil
}

// row writes or reads what v points at, if it is of a type that is described here.
func (c *coder) row(v any) bool {
	switch x := v.(type) {
	case *floor.Order:
		c.order(x)
	case *floor.ShipRow:
		c.ship(x)
	case *floor.Recipient:
		c.recipient(x)
	case *floor.Stock:
		c.stock(x)
	default:
		return false
	}
	return true
}

func (c *coder) order(o *floor.Order) {
	text(c, 1, &o.ID)
	text(c, 2, &o.Channel)
	text(c, 3, &o.Shop)
	text(c, 4, &o.Number)
	c.time(5, &o.ModifiedAt)
	text(c, 6, &o.ShopState)
	number(c, 7, &o.Weight)
	text(c, 8, &o.Content)
	text(c, 9, &o.State)
	list(c, 10, &o.Lines, (*coder).line)
	list(c, 11, &o.Holds, func(c *coder, h *floor.Hold) {
		text(c, 1, &h.Code)
		text(c, 2, &h.Field)
		text(c, 3, &h.Text)
	})
	texts(c, 12, &o.Tags)
	texts(c, 13, &o.Flags)
	number(c, 14, &o.Score)
	list(c, 15, &o.Lost, func(c *coder, l *floor.Lost) {
		text(c, 1, &l.Name)
		number(c, 2, &l.Points)
	})
	if c.field(16, o.Freeze != nil) {
		if c.reads {
			o.Freeze = &floor.Freeze{}
		}
		c.freeze(o.Freeze)
		c.end()
	}
	number(c, 17, &o.Pay)
	c.time(18, &o.PaidAt)
	c.time(19, &o.ShipBy)
	c.time(20, &o.CollectBy)
	c.time(21, &o.ReceivedAt)
	text(c, 22, &o.MergeKey)
	text(c, 23, &o.Note)
	texts(c, 24, &o.Avoid)
	text(c, 25, &o.Carrier)
	c.flag(26, &o.Short)
	text(c, 27, &o.ShortWhy)
	c.time(28, &o.Until)
	text(c, 29, &o.Wave)
	text(c, 30, &o.Task)
	text(c, 31, &o.Tote)
	texts(c, 32, &o.Parcels)
	text(c, 33, &o.ClosedWhy)
	c.time(34, &o.WorkedAt)
	c.time(35, &o.HandedAt)
	c.time(36, &o.ClosedAt)
	number(c, 37, &o.Labels)
	number(c, 38, &o.ShortLines)
	texts(c, 39, &o.LabelErrs)
	number(c, 40, &o.Reprints)
	number(c, 41, &o.Manual)
	texts(c, 42, &o.Bent)
	number(c, 43, &o.Parceled)
	number(c, 44, &o.BadParcels)
	texts(c, 45, &o.Redone)
	text(c, 46, &o.Team)
	c.time(47, &o.WavedAt)
	c.time(48, &o.PickedAt)
	c.time(49, &o.SealedAt)
	c.time(50, &o.CollectedAt)
	c.tally(51, &o.Tally)
	text(c, 52, &o.Token)
	c.flag(53, &o.Trial)
	text(c, 54, &o.MergedBy)
	texts(c, 55, &o.Of)
	text(c, 56, &o.In)
	number(c, 57, &o.First)
	number(c, 58, &o.Seq)
}

func (c *coder) line(l *floor.Line) {
	number(c, 1, &l.No)
	text(c, 2, &l.SKU)
	text(c, 3, &l.Name)
	text(c, 4, &l.Spec)
	number(c, 5, &l.Qty)
	c.flag(6, &l.Gift)
	list(c, 7, &l.Reserved, func(c *coder, b *floor.BinQty) {
		text(c, 1, &b.No)
		text(c, 2, &b.Expiry)
		text(c, 3, &b.Bin)
		number(c, 4, &b.Qty)
	})
	number(c, 8, &l.Picked)
	number(c, 9, &l.Packed)
	number(c, 10, &l.Missing)
	text(c, 11, &l.Of)
	number(c, 12, &l.OfNo)
	c.flag(13, &l.Out)
}

func (c *coder) freeze(f *floor.Freeze) {
	text(c, 1, &f.Why)
	text(c, 2, &f.By)
	c.time(3, &f.AskedAt)
	c.time(4, &f.Since)
	c.time(5, &f.Deadline)
	text(c, 6, &f.Stage)
	text(c, 7, &f.Key)
	text(c, 8, &f.Of)
}

func (c *coder) ship(s *floor.ShipRow) {
	text(c, 1, &s.Order)
	text(c, 2, &s.Channel)
	text(c, 3, &s.Carrier)
	c.time(4, &s.Received)
	c.time(5, &s.ShipBy)
	c.time(6, &s.CollectBy)
	c.time(7, &s.Worked)
	c.time(8, &s.HandedOver)
	c.flag(9, &s.Closed)
	c.time(10, &s.ClosedAt)
	c.flag(11, &s.Held)
	number(c, 12, &s.Lines)
	number(c, 13, &s.ShortLines)
	number(c, 14, &s.Labels)
	texts(c, 15, &s.LabelErrs)
	number(c, 16, &s.Reprints)
	number(c, 17, &s.Manual)
	texts(c, 18, &s.Bent)
	number(c, 19, &s.Parcels)
	number(c, 20, &s.BadParcels)
	texts(c, 21, &s.Redone)
	text(c, 22, &s.Team)
	c.time(23, &s.Paid)
	c.time(24, &s.Waved)
	c.time(25, &s.Picked)
	c.time(26, &s.Sealed)
	c.time(27, &s.Collected)
	text(c, 28, &s.State)
	text(c, 29, &s.ShopState)
	c.time(30, &s.ShopAt)
	c.tally(31, &s.Tally)
}

func (c *coder) recipient(r *floor.Recipient) {
	text(c, 1, &r.Name)
	text(c, 2, &r.Phone)
	text(c, 3, &r.Province)
	text(c, 4, &r.City)
	text(c, 5, &r.District)
	text(c, 6, &r.Detail)
	text(c, 7, &r.Token)
	c.flag(8, &r.Masked)
}

func (c *coder) stock(s *floor.Stock) {
	text(c, 1, &s.Bin)
	text(c, 2, &s.SKU)
	text(c, 3, &s.No)
	text(c, 4, &s.Expiry)
	number(c, 5, &s.OnHand)
	number(c, 6, &s.Reserved)
	number(c, 7, &s.Inspection)
	number(c, 8, &s.Transit)
}

func (c *coder) tally(n byte, t *floor.Tally) {
	if !c.field(n, true) {
		return
	}
	texts(c, 1, &t.Categories)
	texts(c, 2, &t.Pickers)
	texts(c, 3, &t.ShortWhys)
	list(c, 4, &t.Redos, func(c *coder, r *floor.Redo) {
		text(c, 1, &r.Why)
		text(c, 2, &r.Station)
		text(c, 3, &r.By)
	})
	c.time(5, &t.AllocatedAt)
	c.time(6, &t.VerifiedAt)
	c.time(7, &t.LabelledAt)
	number(c, 8, &t.Wrong)
	number(c, 9, &t.Mispicked)
	number(c, 10, &t.Weighed)
	number(c, 11, &t.Off)
	number(c, 12, &t.OffKnown)
	number(c, 13, &t.OffTrue)
	c.end()
}

// field reports whether the next field is there: when writing, if it is not zero.
func (c *coder) field(n byte, there bool) bool {
	if c.reads {
		if there = c.at < len(c.in) && c.in[c.at] == n; there {
			c.at++
		}
	} else if there {
		c.out = append(c.out, n)
	}
	return there
}

// end ends a struct.
func (c *coder) end() {
	if !c.field(0, true) {
		c.spoil()
	}
}

// spoil ends reading: nothing more is found.
func (c *coder) spoil() { c.bad, c.at = true, len(c.in) }

func (c *coder) varint(v int64) int64 {
	if !c.reads {
		c.out = binary.AppendVarint(c.out, v)
		return v
	}
	u := c.uvarint(0)
	return int64(u>>1) ^ -int64(u&1)
}

func (c *coder) uvarint(v uint64) uint64 {
	if !c.reads {
		c.out = binary.AppendUvarint(c.out, v)
		return v
	}
	for shift := uint(0); c.at < len(c.in) && shift < 64; shift += 7 {
		b := c.in[c.at]
		c.at++
		if v |= uint64(b&0x7f) << shift; b < 0x80 {
			return v
		}
	}
	c.spoil()
	return 0
}

// length is that of a text or list, of which each item takes a byte at the least.
func (c *coder) length(n int) int {
	u := c.uvarint(uint64(n))
	if c.reads && u > uint64(len(c.in)-c.at) {
		c.spoil()
		return 0
	}
	return int(u)
}

func text[T ~string](c *coder, n byte, v *T) {
	if c.field(n, *v != "") {
		bare(c, v)
	}
}

// bare is a text without its field.
func bare[T ~string](c *coder, v *T) {
	size := c.length(len(*v))
	if c.reads {
		*v = T(c.in[c.at : c.at+size])
		c.at += size
		return
	}
	c.out = append(c.out, *v...)
}

func number[T ~int | ~int64 | ~uint64](c *coder, n byte, v *T) {
	if !c.field(n, *v != 0) {
		return
	}
	if x := T(c.varint(int64(*v))); c.reads { // what is written may be read meanwhile
		*v = x
	}
}

func (c *coder) flag(n byte, v *bool) {
	if there := c.field(n, *v); c.reads {
		*v = there
	}
}

func (c *coder) time(n byte, t *time.Time) {
	if !c.field(n, !t.IsZero()) {
		return
	}
	sec, nano := c.varint(t.Unix()), c.uvarint(uint64(t.Nanosecond()))
	if c.reads {
		*t = time.Unix(sec, int64(nano)).UTC()
	}
}

func texts[T ~string](c *coder, n byte, v *[]T) { items(c, n, v, bare[T]) }

func list[T any](c *coder, n byte, v *[]T, one func(*coder, *T)) {
	items(c, n, v, func(c *coder, x *T) {
		one(c, x)
		c.end()
	})
}

func items[T any](c *coder, n byte, v *[]T, one func(*coder, *T)) {
	if !c.field(n, len(*v) > 0) {
		return
	}
	if size := c.length(len(*v)); c.reads {
		*v = make([]T, size)
	}
	for i := range *v {
		one(c, &(*v)[i])
	}
}
