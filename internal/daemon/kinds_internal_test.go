package daemon

import (
	"testing"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/wave"
)

// Orders are shared out by what they and the others ask for, with what the site's
// file of goods says of them.
func TestShares(t *testing.T) {
	kinds, err := rules.ParseKinds("k.toml", []byte(`
[[kind]]
name = "rush"
kind = "identical"
when = "twins >= 2 && pieces > 1"
max_orders = 50
[[kind]]
name = "one"
kind = "single"
when = "singles >= 2"
[[kind]]
name = "large"
kind = "order"
when = "ml > 1000"`), rules.Bounds{Totes: 4})
	if err != nil {
		t.Fatal(err)
	}
	box, err := readSKU(map[string]string{"sku": "BOX", "name": "box", "ml": "1500", "fragile": "是", "class": "cold"})
	if err != nil {
		t.Fatal(err)
	}
	order := func(id string, lines ...any) openOrder {
		o := floor.Order{ID: floor.OrderID(id)}
		for i := 0; i < len(lines); i += 2 {
			l := floor.Line{No: i + 1, SKU: floor.SKU(lines[i].(string)), Qty: lines[i+1].(int)}
			l.Reserved = []floor.BinQty{{Bin: "B", Qty: l.Qty}}
			o.Lines = append(o.Lines, l)
		}
		return openOrder{o, foreman.Plannable(o, func(k floor.SKU) floor.SKUInfo { return map[floor.SKU]floor.SKUInfo{"BOX": box}[k] })}
	}
	open := []openOrder{
		order("t1", "A", 2, "C", 1), order("t2", "C", 1, "A", 2), order("s1", "A", 1), order("s2", "C", 1), order("big", "BOX", 2), order("x", "A", 2),
	}
	if l := open[4].plan.Lines[0]; l.Millilitres != 1500 || !l.Fragile || open[4].plan.Class != "cold" || open[5].plan.Class != "" {
		t.Errorf("the planner knows %+v of the box, class %q", l, open[4].plan.Class)
	}
	usual := wave.DefaultRules()
	usual.TotesPerCart, usual.MinFill = 4, 3
	want := map[string]string{"t1": "rush", "t2": "rush", "s1": "one", "s2": "one", "big": "large", "x": ""}
	n := 0
	for _, s := range shares(open, kinds, usual, time.Unix(0, 0)) {
		if err := s.Rules.Check(); err != nil {
			t.Errorf("%q: %v", s.Rule, err)
		}
		for _, o := range s.Orders {
			n++
			if want[string(o.ID)] != s.Rule {
				t.Errorf("order %s is shared to %q, want %q", o.ID, s.Rule, want[string(o.ID)])
			}
		}
		if s.Rule == "rush" && (s.Rules.TotesPerCart != 50 || s.Orders[0].Class != s.Orders[1].Class || s.Orders[0].Class == "") {
			t.Errorf("twins: %+v", s)
		}
	}
	if n != len(open) {
		t.Errorf("%d orders of %d are shared out", n, len(open))
	}
}

func TestReadSKUMistakes(t *testing.T) {
	for _, row := range []map[string]string{
		{"sku": "A", "ml": "-1"}, {"sku": "A", "ml": "1.5"}, {"sku": "A", "fragile": "maybe"}, {"sku": "A", "class": "cold|hot"},
	} {
		if _, err := readSKU(row); err == nil {
			t.Errorf("%v is read", row)
		}
	}
}
