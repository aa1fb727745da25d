package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"floord/floor"
)

// A Merge is a rule of the site for which orders to one recipient go as one parcel
// (合单). Each of them must fit it by itself, and all together must keep its bounds; 0 is
// none.
type Merge struct {
	Name           string      `toml:"name"`
	When           string      `toml:"when"`   // an expression over Goods; none: every order
	Within         within      `toml:"within"` // they came in within this time of each other, 2 h if 0
	MaxOrders      int         `toml:"max_orders"`
	MaxGrams       floor.Grams `toml:"max_grams"`
	MaxMillilitres int64       `toml:"max_millilitres"`
	Off            bool        `toml:"off"`

	holds *condition
}

// A Split is a rule for which orders go as several parcels, each with a number of its
// own. A piece that is over a bound by itself goes alone.
type Split struct {
	Name           string      `toml:"name"`
	When           string      `toml:"when"`     // an expression over Goods; none: every order
	ByClass        bool        `toml:"by_class"` // goods of one class ("cold") go together, and apart from others
	MaxPieces      int         `toml:"max_pieces"`
	MaxGrams       floor.Grams `toml:"max_grams"`
	MaxMillilitres int64       `toml:"max_millilitres"`
	MaxFen         floor.Fen   `toml:"max_fen"` // of what its pieces are worth; see Goods.worth
	Off            bool        `toml:"off"`

	holds *condition
}

// within is a time written as "2h".
type within time.Duration

func (w *within) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	*w = within(d)
	if err == nil && (d <= 0 || d > 7*24*time.Hour) {
		err = errors.New("more than 0 and at most 168h is wanted")
	}
	return err
}

// Goods are what rules of parcels see of an order.
type Goods struct {
	Channel string   `expr:"channel"`
	Shop    string   `expr:"shop"`
	Urgent  bool     `expr:"urgent"`
	Tags    []string `expr:"tags"`
	Flags   []string `expr:"flags"`
	Classes []string `expr:"classes"` // of its goods: "cold"; "" where one has none
	Lines   int      `expr:"lines"`
	Pieces  int      `expr:"pieces"`
	Grams   int64    `expr:"grams"` // as far as weights are known
	ML      int64    `expr:"ml"`
	PayFen  int64    `expr:"pay_fen"`
	Fen     int64    `expr:"value_fen"` // what it is worth, by piece
}

// worth is what one piece of an order counts as: what its SKU is declared to be, else
// its share of what was paid for the order, by pieces.
func (g *Goods) worth(k floor.SKUInfo) int64 {
	if k.Value > 0 || g.Pieces == 0 {
		return int64(k.Value)
	}
	return (g.PayFen + int64(g.Pieces) - 1) / int64(g.Pieces)
}

// GoodsOf gives what rules of parcels see of an order.
func GoodsOf(o *floor.Order, sku func(floor.SKU) (floor.SKUInfo, bool, error)) (*Goods, error) {
	g := &Goods{
		Channel: string(o.Channel), Shop: o.Shop, Urgent: o.Urgent(), Tags: o.Tags, Flags: o.Flags, PayFen: int64(o.Pay),
	}
	for _, l := range o.Lines {
		if !l.Out {
			g.Pieces += l.Qty
		}
	}
	for _, l := range o.Lines {
		if l.Out {
			continue
		}
		k, _, err := sku(l.SKU)
		if err != nil {
			return nil, err
		}
		g.Lines++
		g.Fen += g.worth(k) * int64(l.Qty)
		g.Grams += int64(k.Grams) * int64(l.Qty)
		g.ML += k.Millilitres * int64(l.Qty)
		if !slices.Contains(g.Classes, k.Class) {
			g.Classes = append(g.Classes, k.Class)
		}
	}
	return g, nil
}

func (m *Merge) compile() error {
	switch {
	case !named(m.Name):
		return errors.New("a name is 1 to 40 letters, digits, _ or -")
	case m.Off:
		return nil
	case m.MaxOrders < 0 || m.MaxOrders == 1 || m.MaxOrders > floor.MaxMerge:
		return fmt.Errorf("max_orders = %d: 2 to %d is wanted", m.MaxOrders, floor.MaxMerge)
	case m.MaxGrams < 0 || m.MaxMillilitres < 0:
		return errors.New("a bound is less than 0")
	}
	m.MaxOrders = cmp.Or(m.MaxOrders, 5)
	m.Within = cmp.Or(m.Within, within(2*time.Hour))
	return compileGoods(m.When, &m.holds)
}

func (s *Split) compile() error {
	switch {
	case !named(s.Name):
		return errors.New("a name is 1 to 40 letters, digits, _ or -")
	case s.Off:
		return nil
	case s.MaxPieces < 0 || s.MaxGrams < 0 || s.MaxMillilitres < 0 || s.MaxFen < 0:
		return errors.New("a bound is less than 0")
	case !s.ByClass && s.MaxPieces == 0 && s.MaxGrams == 0 && s.MaxMillilitres == 0 && s.MaxFen == 0:
		return errors.New("by_class, max_pieces, max_grams, max_millilitres or max_fen is wanted")
	}
	return compileGoods(s.When, &s.holds)
}

func compileGoods(when string, to **condition) (err error) {
	if len(when) > maxExpr {
		return fmt.Errorf("when has %d bytes, at most %d", len(when), maxExpr)
	}
	if when != "" {
		*to, err = compile(when, Goods{})
	}
	return err
}

func fits(c *condition, g *Goods) bool {
	s := newScene(g)
	yes, err := s.holds(c)
	return err == nil && yes
}

// A Candidate is an order that may be merged: whom it goes to, by floor.MergeKey, when
// it came in, and its goods.
type Candidate struct {
	Order floor.OrderID
	Key   string
	At    time.Time
	Goods *Goods
}

// A Merged is orders that go as one parcel, by a rule.
type Merged struct {
	Rule   string
	Orders []floor.OrderID
}

// Merge says which of the orders go together: the first rule that an order fits has it,
// and those that came first go first. An order without a key goes alone.
func (r *Rules) Merge(all []Candidate) []Merged {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Candidate) int {
		return cmp.Or(strings.Compare(a.Key, b.Key), a.At.Compare(b.At), strings.Compare(string(a.Order), string(b.Order)))
	})
	type open struct {
		rule      int
		key       string
		from      time.Time
		grams, ml int64
		orders    []floor.OrderID
	}
	var groups []*open
	for _, c := range all {
		i := slices.IndexFunc(r.merges, func(m Merge) bool { return c.Key != "" && fits(m.holds, c.Goods) })
		if i < 0 {
			continue
		}
		m := r.merges[i]
		room := func(g *open) bool {
			return g.rule == i && g.key == c.Key && len(g.orders) < m.MaxOrders && c.At.Sub(g.from) <= time.Duration(m.Within) &&
				under(g.grams+c.Goods.Grams, int64(m.MaxGrams)) && under(g.ml+c.Goods.ML, m.MaxMillilitres)
		}
		at := slices.IndexFunc(groups, room)
		if at < 0 {
			at, groups = len(groups), append(groups, &open{rule: i, key: c.Key, from: c.At})
		}
		g := groups[at]
		g.orders, g.grams, g.ml = append(g.orders, c.Order), g.grams+c.Goods.Grams, g.ml+c.Goods.ML
	}
	var out []Merged
	for _, g := range groups {
		if len(g.orders) > 1 {
			out = append(out, Merged{Rule: r.merges[g.rule].Name, Orders: g.orders})
		}
	}
	return out
}

// Merges reports whether any rule merges orders.
func (r *Rules) Merges() bool { return r != nil && len(r.merges) > 0 }

func under(n, most int64) bool { return most == 0 || n <= most }

// Parcel gives what of the items goes into the next parcel of an order of such goods;
// rest is what goes into others. Without a rule that it fits, all goes into one.
func (r *Rules) Parcel(g *Goods, items []floor.ParcelItem, sku func(floor.SKU) (floor.SKUInfo, bool, error)) (in []floor.ParcelItem, rest int, err error) {
	at := slices.IndexFunc(r.splits, func(s Split) bool { return fits(s.holds, g) })
	if at < 0 || len(items) == 0 {
		return items, 0, nil
	}
	s := r.splits[at]
	var class string
	var pieces int
	var grams, ml, fen int64
	for i, x := range items {
		k, _, err := sku(x.SKU)
		if err != nil {
			return nil, 0, err
		}
		if i == 0 {
			class = k.Class
		}
		n := 0
		for n < x.Qty && (!s.ByClass || k.Class == class) {
			fit := under(int64(pieces+1), int64(s.MaxPieces)) && under(grams+int64(k.Grams), int64(s.MaxGrams)) && under(ml+k.Millilitres, s.MaxMillilitres) &&
				under(fen+g.worth(k), int64(s.MaxFen))
			if !fit && pieces > 0 {
				break
			}
			n, pieces, grams, ml, fen = n+1, pieces+1, grams+int64(k.Grams), ml+k.Millilitres, fen+g.worth(k)
		}
		if n > 0 {
			part := x
			part.Qty = n
			in = append(in, part)
		}
		rest += x.Qty - n
	}
	return in, rest, nil
}

// Parcels gives how many parcels an order of such goods goes in.
func (r *Rules) Parcels(g *Goods, items []floor.ParcelItem, sku func(floor.SKU) (floor.SKUInfo, bool, error)) (n int, err error) {
	items = slices.Clone(items)
	for rest := 1; rest > 0; n++ {
		var in []floor.ParcelItem
		if in, rest, err = r.Parcel(g, items, sku); err != nil {
			return n, err
		}
		for _, x := range in {
			at := slices.IndexFunc(items, func(i floor.ParcelItem) bool { return i.Line == x.Line })
			items[at].Qty -= x.Qty
		}
		items = slices.DeleteFunc(items, func(i floor.ParcelItem) bool { return i.Qty == 0 })
	}
	return n, nil
}

// parcels reads the rules of parcels of a file.
func (f *file) parcels(name string, data []byte) (bad floor.Mistakes) {
	check := func(kind string, n string, seen map[string]bool, compile func() error) {
		err := compile()
		if err == nil && seen[n] {
			err = errors.New("the name is there twice")
		}
		seen[n] = true
		if err != nil {
			bad = append(bad, floor.Mistake{File: name, Line: lineOf(data, `"`+n+`"`), Text: fmt.Sprintf("%s %q: %v", kind, n, err)})
		}
	}
	merges, splits := map[string]bool{}, map[string]bool{}
	for i := range f.Merges {
		check("merge", f.Merges[i].Name, merges, f.Merges[i].compile)
	}
	for i := range f.Splits {
		check("split", f.Splits[i].Name, splits, f.Splits[i].compile)
	}
	return bad
}
