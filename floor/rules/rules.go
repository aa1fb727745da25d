// Package rules holds a site's own judgement of orders as data: tags that tell
// hands what to do, holds that wait for a person, and a health score from 100
// down with what it was lost by. Expressions are compiled and type-checked when
// they are read; what is shipped stands in default.toml, and a site's file adds
// to it, replaces rules by their name, or switches them off.
//
// An order's own fields speak first, the words of its notes second: a word with
// a no before or behind it ("不要赠品", "no gift") is not said. Judging is a
// function of the order and now, and safe for concurrent use.
package rules

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"floord/floor"
)

//go:embed default.toml
var shipped []byte

// Limits of a site's file.
const (
	MaxFile  = 256 << 10 // bytes
	maxRules = 200
	maxExpr  = 1000 // bytes of an expression
	maxWords = 200
	maxText  = 200 // bytes of a cause
)

// A Rule is one line of judgement. It speaks when When holds, or when one of
// Words is said in a note.
type Rule struct {
	Name  string   `toml:"name"`  // of the tag, the hold or the dimension: letters, digits, _ and -
	When  string   `toml:"when"`  // an expression over Order that is true or false
	Words []string `toml:"words"` // said in the buyer's or the seller's note
	Cause string   `toml:"cause"` // of a hold: what is wrong, and what a person should do
	Lose  int      `toml:"lose"`  // of a dimension: points, 1 to 100
	Off   bool     `toml:"off"`   // the shipped rule of this name does not speak here

	holds *condition
}

type file struct {
	Least *int   `toml:"least"` // below this score an order waits for a person, 0 to 100
	Tags  []Rule `toml:"tag"`
	Holds []Rule `toml:"hold"`
	Score []Rule `toml:"score"`

	Merges []Merge `toml:"merge"`
	Splits []Split `toml:"split"`
}

// Rules judge orders. They do not change.
type Rules struct {
	least             int
	tags, hold, score []Rule
	words             map[rune][]*word // by how they begin
	merges            []Merge
	splits            []Split
}

// Default is what is shipped.
func Default() *Rules {
	r, err := Parse("", nil)
	if err != nil {
		panic(err) // default.toml is part of the program, and tested
	}
	return r
}

// Parse reads a site's rules over the shipped ones. The error is floor.Mistakes.
func Parse(name string, data []byte) (*Rules, error) {
	base, err := read("default.toml", shipped)
	if err != nil {
		return nil, err
	}
	site, err := read(name, data)
	if err != nil {
		return nil, err
	}
	r := &Rules{least: 60}
	for _, f := range []*file{base, site} {
		if f.Least != nil {
			r.least = *f.Least
		}
	}
	r.tags = over(base.Tags, site.Tags)
	r.hold = over(base.Holds, site.Holds)
	r.score = over(base.Score, site.Score)
	r.words = index(r.tags, r.hold, r.score)
	r.merges = slices.DeleteFunc(site.Merges, func(m Merge) bool { return m.Off })
	r.splits = slices.DeleteFunc(site.Splits, func(s Split) bool { return s.Off })
	return r, nil
}

// over lays a site's rules over the shipped ones, by name.
func over(base, site []Rule) []Rule {
	all := slices.Clone(base)
	for _, s := range site {
		if i := slices.IndexFunc(all, func(b Rule) bool { return b.Name == s.Name }); i >= 0 {
			all[i] = s
		} else {
			all = append(all, s)
		}
	}
	return slices.DeleteFunc(all, func(r Rule) bool { return r.Off })
}

func read(name string, data []byte) (*file, error) {
	if len(data) > MaxFile {
		return nil, floor.Mistakes{{File: name, Line: 1, Text: fmt.Sprintf("%d bytes, at most %d", len(data), MaxFile)}}
	}
	var f file
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, grammar(name, err)
	}
	var bad floor.Mistakes
	if f.Least != nil && (*f.Least < 0 || *f.Least > 100) {
		bad = append(bad, floor.Mistake{File: name, Line: lineOf(data, "least"), Text: fmt.Sprintf("least = %d: 0 to 100 is wanted", *f.Least)})
	}
	bad = append(bad, f.parcels(name, data)...)
	if n := len(f.Tags) + len(f.Holds) + len(f.Score) + len(f.Merges) + len(f.Splits); n > maxRules {
		bad = append(bad, floor.Mistake{File: name, Line: 1, Text: fmt.Sprintf("%d rules, at most %d", n, maxRules)})
	}
	for kind, list := range map[string][]Rule{"tag": f.Tags, "hold": f.Holds, "score": f.Score} {
		seen := map[string]bool{}
		for i := range list {
			r := &list[i]
			err := r.compile(kind)
			if err == nil && seen[r.Name] {
				err = errors.New("the name is there twice")
			}
			seen[r.Name] = true
			if err != nil {
				bad = append(bad, floor.Mistake{File: name, Line: lineOf(data, `"`+r.Name+`"`), Text: fmt.Sprintf("%s %q: %v", kind, r.Name, err)})
			}
		}
	}
	if len(bad) > 0 {
		return nil, bad.Sorted()
	}
	return &f, nil
}

// grammar gives go-toml's errors the places it knows.
func grammar(name string, err error) error {
	var strict *toml.StrictMissingError
	if !errors.As(err, &strict) {
		return floor.Misread(name, err)
	}
	var bad floor.Mistakes
	for _, e := range strict.Errors {
		row, column := e.Position()
		bad = append(bad, floor.Mistake{File: name, Line: row, Column: column, Text: fmt.Sprintf("unknown key %q", strings.Join(e.Key(), "."))})
	}
	return bad
}

// lineOf is where a text first stands, for a person to find it.
func lineOf(data []byte, text string) int {
	at := max(0, bytes.Index(data, []byte(text)))
	return bytes.Count(data[:at], []byte("\n")) + 1
}

func (r *Rule) compile(kind string) error {
	switch {
	case !named(r.Name):
		return errors.New("a name is 1 to 40 letters, digits, _ or -")
	case r.Off:
		return nil
	case r.When == "" && len(r.Words) == 0:
		return errors.New("when or words is wanted")
	case len(r.When) > maxExpr:
		return fmt.Errorf("when has %d bytes, at most %d", len(r.When), maxExpr)
	case len(r.Words) > maxWords:
		return fmt.Errorf("%d words, at most %d", len(r.Words), maxWords)
	case slices.ContainsFunc(r.Words, func(w string) bool { return strings.TrimSpace(w) == "" || len(w) > maxText }):
		return errors.New("a word is empty or too long")
	case kind == "hold" && (r.Cause == "" || len(r.Cause) > maxText):
		return fmt.Errorf("cause: 1 to %d bytes that say what is wrong and what to do", maxText)
	case kind != "hold" && r.Cause != "":
		return errors.New("cause belongs to a hold")
	case kind == "score" && (r.Lose < 1 || r.Lose > 100):
		return fmt.Errorf("lose = %d: 1 to 100 is wanted", r.Lose)
	case kind != "score" && r.Lose != 0:
		return errors.New("lose belongs to a score")
	}
	for i := range r.Words {
		r.Words[i] = strings.ToLower(r.Words[i])
	}
	if r.When == "" {
		return nil
	}
	c, err := compile(r.When, Order{})
	r.holds = c
	return err
}

func named(s string) bool {
	if s == "" || len([]rune(s)) > 40 {
		return false
	}
	for _, c := range s {
		if c < '0' && c != '-' || c == '|' || c == '"' || c == '\\' || c == ' ' || c == 0x7F {
			return false
		}
	}
	return true
}

// A Judgement is what the rules say of an order.
type Judgement struct {
	Tags  []string // in the order of the rules
	Holds []floor.Hold
	Score int  // 100 is a sound order, 0 the worst
	Low   bool // the score is too low to go on without a person
	Lost  []floor.Lost
}

// Judge gives the tags, the holds and the score of an order. A rule that breaks
// on it (a division by zero, say) holds the order and is named: what cannot be
// judged waits for a person.
func (r *Rules) Judge(o *Order) Judgement {
	j := Judgement{Score: 100}
	a := asked{newScene(o), r.heard(o.BuyerNote, o.SellerNote)}
	broken := func(x *Rule, err error) bool {
		if err != nil {
			j.Holds = append(j.Holds, floor.Hold{Code: floor.HoldRuleBroke, Field: x.Name})
		}
		return err == nil
	}
	for i := range r.tags {
		if yes, err := a.speaks(&r.tags[i]); broken(&r.tags[i], err) && yes {
			j.Tags = append(j.Tags, r.tags[i].Name)
		}
	}
	for i := range r.hold {
		x := &r.hold[i]
		if yes, err := a.speaks(x); broken(x, err) && yes {
			j.Holds = append(j.Holds, floor.Hold{Code: floor.HoldRule, Field: x.Name, Text: x.Cause})
		}
	}
	for i := range r.score {
		x := &r.score[i]
		if yes, err := a.speaks(x); broken(x, err) && yes {
			j.Lost = append(j.Lost, floor.Lost{Name: x.Name, Points: x.Lose})
			j.Score -= x.Lose
		}
	}
	j.Score = max(0, j.Score)
	j.Low = j.Score < r.least
	return j
}

// An asked order is one that all rules are asked about.
type asked struct {
	scene
	heard []*Rule
}

func (a *asked) speaks(r *Rule) (bool, error) {
	if r.holds != nil {
		if yes, err := a.holds(r.holds); yes || err != nil {
			return yes, err
		}
	}
	return slices.Contains(a.heard, r), nil
}

// Dimensions are the names of what the score is made of.
func (r *Rules) Dimensions() []string {
	var names []string
	for _, x := range r.score {
		names = append(names, x.Name)
	}
	return names
}
