package rules_test

import (
	"strings"
	"testing"

	"floord/floor/rules"
)

// A rule that no order could ever follow is refused by its name.
func TestImpossibleKinds(t *testing.T) {
	site := rules.Bounds{Totes: 12, Wall: 16}
	for _, tt := range []struct{ name, text, want string }{
		{"no such kind", "kind = 'heap'", "kind = \"heap\""},
		{"two on an order's walk", "kind = 'order'\nmax_orders = 2", "at most 1"},
		{"more than the cart", "kind = 'cluster'\nmax_orders = 13", "at most 12"},
		{"more than the wall", "kind = 'wall'\nmax_orders = 17", "at most 16"},
		{"never filled", "kind = 'cluster'\nmax_orders = 4\nmin_fill = 5", "min_fill = 5"},
		{"below nothing", "kind = 'cluster'\nmax_lines = -1", "-1"},
		{"no field", "kind = 'cluster'\nwhen = 'colour == 1'", "colour"},
		{"a number for a yes", "kind = 'cluster'\nwhen = 'lines'", "bool"},
		{"behind one that takes all", "kind = 'cluster'\n[[kind]]\nname = 'late'\nkind = 'order'", "takes every one"},
		{"twice", "kind = 'cluster'\nwhen = 'urgent'\n[[kind]]\nname = 'mine'\nkind = 'order'", "there twice"},
	} {
		_, err := rules.ParseKinds("k.toml", []byte("[[kind]]\nname = 'mine'\n"+tt.text), site)
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "k.toml:") {
			t.Errorf("%s: %v; want %q", tt.name, err, tt.want)
		}
	}
	if _, err := rules.ParseKinds("k.toml", []byte("[[kind]]\nname = 'w'\nkind = 'wall'"), rules.Bounds{Totes: 12}); err == nil || !strings.Contains(err.Error(), `kind "w": the site has no put wall`) {
		t.Errorf("a wall that is not there: %v", err)
	}
}

func TestChooseKind(t *testing.T) {
	text := `
[[kind]]
name = "now"
kind = "order"
when = "urgent && hours_left < 2"
[[kind]]
name = "rush"
kind = "identical"
when = "twins >= 10"
[[kind]]
name = "one"
kind = "single"
[[kind]]
name = "cold"
kind = "wall"
when = 'class == "cold" || "ice" in tags'`
	kinds, err := rules.ParseKinds("k.toml", []byte(text), rules.Bounds{Totes: 12, Wall: 16})
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[int]rules.Open{
		0:  {Urgent: true, HoursLeft: 1, Pieces: 1},
		1:  {Urgent: true, HoursLeft: 3, Pieces: 1, Twins: 10},
		2:  {Pieces: 1, Twins: 9},
		3:  {Pieces: 2, Twins: 1, Tags: []string{"ice"}},
		-1: {Pieces: 2, Twins: 1},
	} {
		if got := rules.Choose(kinds, &o); got != want {
			t.Errorf("%+v is of kind %d, want %d", o, got, want)
		}
	}
	shipped, err := rules.ParseKinds("", nil, rules.Bounds{Totes: 1})
	if err != nil || rules.Choose(shipped, &rules.Open{Urgent: true}) < 0 || rules.Choose(shipped, &rules.Open{Stops: 3}) >= 0 {
		t.Errorf("the shipped rules: %v", err)
	}
}
