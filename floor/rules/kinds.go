package rules

import (
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"slices"

	"github.com/pelletier/go-toml/v2"

	"floord/floor"
)

//go:embed kinds.toml
var shippedKinds []byte

// ShippedKinds are the rules of kinds that come with floord, as TOML.
func ShippedKinds() []byte { return bytes.Clone(shippedKinds) }

// A Kind is a rule of the site for how some orders are picked, and the bounds of
// such waves; 0 is the site's usual one. The first whose When holds has the order.
type Kind struct {
	Name           string      `toml:"name"`
	Kind           string      `toml:"kind"` // see KindNames
	When           string      `toml:"when"` // an expression over Open; none: every order
	MaxOrders      int         `toml:"max_orders"`
	MaxLines       int         `toml:"max_lines"`
	MaxGrams       floor.Grams `toml:"max_grams"`
	MaxMillilitres int64       `toml:"max_millilitres"`
	MinFill        int         `toml:"min_fill"`

	holds *condition
}

// KindNames are the ways to pick that a rule may choose: an order a walk, several
// in a tote each, totals for a put wall, and pieces that need no sorting because
// each order is one of them, or all orders are alike.
var KindNames = []string{"order", "cluster", "wall", "single", "identical"}

// An Open is what rules of kinds see of an order that waits for a wave.
type Open struct {
	Urgent    bool     `expr:"urgent"`
	Channel   string   `expr:"channel"`
	Carrier   string   `expr:"carrier"`
	Class     string   `expr:"class"` // of its goods: "cold"
	Tags      []string `expr:"tags"`
	Lines     int      `expr:"lines"`
	Pieces    int      `expr:"pieces"`
	Stops     int      `expr:"stops"` // reaches into bins
	Grams     int64    `expr:"grams"`
	ML        int64    `expr:"ml"`
	HoursLeft float64  `expr:"hours_left"` // to its ship-by; 1,000,000 where the shop says none
	Waited    int      `expr:"waited"`     // minutes
	Twins     int      `expr:"twins"`      // open orders of just the same goods, itself too
	Singles   int      `expr:"singles"`    // open orders of one piece
}

// Bounds are what the site has: a rule that wants more is impossible.
type Bounds struct {
	Totes int // on a cart
	Wall  int // slots of the largest put wall, 0: there is none
}

// ParseKinds reads rules of kinds; no data gives those that are shipped. The error
// is floor.Mistakes and names each rule that no order could ever follow.
func ParseKinds(name string, data []byte, b Bounds) ([]Kind, error) {
	if data == nil {
		name, data = "kinds.toml", shippedKinds
	}
	if len(data) > MaxFile {
		return nil, floor.Mistakes{{File: name, Line: 1, Text: fmt.Sprintf("%d bytes, at most %d", len(data), MaxFile)}}
	}
	var f struct {
		Kinds []Kind `toml:"kind"`
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&f); err != nil {
		return nil, grammar(name, err)
	}
	if len(f.Kinds) > maxRules {
		return nil, floor.Mistakes{{File: name, Line: 1, Text: fmt.Sprintf("%d rules, at most %d", len(f.Kinds), maxRules)}}
	}
	var bad floor.Mistakes
	for i := range f.Kinds {
		k := &f.Kinds[i]
		err := k.compile(b)
		for _, before := range f.Kinds[:i] {
			switch {
			case err != nil:
			case before.Name == k.Name:
				err = errors.New("the name is there twice")
			case before.takesAll():
				err = fmt.Errorf("no order comes to it: %q before it takes every one", before.Name)
			}
		}
		if err != nil {
			bad = append(bad, floor.Mistake{File: name, Line: lineOf(data, `"`+k.Name+`"`), Text: fmt.Sprintf("kind %q: %v", k.Name, err)})
		}
	}
	if len(bad) > 0 {
		return nil, bad
	}
	return f.Kinds, nil
}

func (k *Kind) takesAll() bool {
	return k.holds == nil && k.Kind != "single" && k.Kind != "identical"
}

// compile checks one rule against what the site has.
func (k *Kind) compile(b Bounds) error {
	most := b.Totes
	switch k.Kind {
	case "order":
		most = 1
	case "wall":
		most = b.Wall
	case "single", "identical":
		most = 1000
	}
	if k.MaxOrders == 0 && k.Kind != "cluster" {
		k.MaxOrders = min(most, 200)
	}
	for _, n := range []int64{int64(k.MaxOrders), int64(k.MaxLines), int64(k.MaxGrams), k.MaxMillilitres, int64(k.MinFill)} {
		if n < 0 {
			return fmt.Errorf("a bound is %d: 0 or more is wanted", n)
		}
	}
	switch {
	case !named(k.Name):
		return errors.New("a name is 1 to 40 letters, digits, _ or -")
	case !slices.Contains(KindNames, k.Kind):
		return fmt.Errorf("kind = %q: order, cluster, wall, single or identical is wanted", k.Kind)
	case k.Kind == "wall" && b.Wall == 0:
		return errors.New("the site has no put wall: add a [[wall]] or choose another kind")
	case k.MaxOrders > most:
		return fmt.Errorf("max_orders = %d, but such a wave holds at most %d", k.MaxOrders, most)
	case k.MinFill > cmp.Or(k.MaxOrders, most):
		return fmt.Errorf("min_fill = %d, but a wave holds at most %d orders", k.MinFill, cmp.Or(k.MaxOrders, most))
	case len(k.When) > maxExpr:
		return fmt.Errorf("when has %d bytes, at most %d", len(k.When), maxExpr)
	case k.When == "":
		return nil
	}
	c, err := compile(k.When, Open{})
	k.holds = c
	return err
}

// Choose gives the first of the kinds that has the order, or -1: none has. A rule
// that breaks on it does not have it.
func Choose(kinds []Kind, o *Open) int {
	s := newScene(o)
	return slices.IndexFunc(kinds, func(k Kind) bool {
		if k.Kind == "single" && o.Pieces != 1 || k.Kind == "identical" && o.Twins < 2 {
			return false
		}
		yes, err := s.holds(k.holds)
		return err == nil && yes
	})
}
