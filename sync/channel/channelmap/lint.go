package channelmap

import (
	"fmt"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"floord/floor"
)

// places are the lines of a map: of its tables and keys by their dotted names, where a
// table of an array has its number behind it (state[2].when), and of its texts.
type places struct {
	keys  map[string]int
	texts map[string][]int
}

func placesOf(data []byte) places {
	at := places{keys: map[string]int{}, texts: map[string][]int{}}
	var p unstable.Parser
	p.Reset(data)
	count := map[string]int{}
	line := func(n *unstable.Node) int { return p.Shape(n.Raw).Start.Line }
	dotted := func(table string, e *unstable.Node) (string, int) {
		first := 0
		name := table
		for k := e.Key(); k.Next(); {
			part := string(k.Node().Data)
			if first == 0 {
				first = line(k.Node())
			}
			if name != "" {
				name += "."
			}
			name += part
			if e.Kind != unstable.KeyValue && !k.IsLast() && count[name] > 0 { // below the last of an array
				name += fmt.Sprintf("[%d]", count[name]-1)
			}
		}
		return name, first
	}
	note := func(name string, line int) {
		if at.keys[name] == 0 {
			at.keys[name] = line
		}
	}
	var inside func(name string, n *unstable.Node)
	inside = func(name string, n *unstable.Node) {
		switch n.Kind {
		case unstable.String:
			at.texts[string(n.Data)] = append(at.texts[string(n.Data)], line(n))
		case unstable.Array:
			for i := n.Children(); i.Next(); {
				inside(name, i.Node())
			}
		case unstable.InlineTable:
			for i := n.Children(); i.Next(); {
				sub, l := dotted(name, i.Node())
				note(sub, l)
				inside(sub, i.Node().Value())
			}
		}
	}
	table := ""
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			name, l := dotted("", e)
			if e.Kind == unstable.ArrayTable {
				count[name]++
				name += fmt.Sprintf("[%d]", count[name]-1)
			}
			table = name
			note(name, l)
		case unstable.KeyValue:
			name, l := dotted(table, e)
			note(name, l)
			inside(name, e.Value())
		}
	}
	return at
}

// line gives the line of a key, of the nearest table about it that is there, or 1.
func (p places) line(key string) int {
	for key != "" {
		if n := p.keys[key]; n > 0 {
			return n
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return 1
}

// compiler checks a document and collects its mistakes.
type compiler struct {
	m        *Map
	places   places
	mistakes floor.Mistakes
	said     map[string]int // how often a text was said to be wrong
}

// wrong notes a mistake at a key, by its dotted name.
func (c *compiler) wrong(key, format string, args ...any) {
	c.mistakes = append(c.mistakes, floor.Mistake{Line: c.places.line(key), Text: fmt.Errorf(format, args...).Error()})
}

// wrongText notes what is wrong with a text: its first place, then its next.
func (c *compiler) wrongText(text string, err error) {
	if c.said == nil {
		c.said = map[string]int{}
	}
	n := c.said[text]
	c.said[text]++
	line := 1
	if lines := c.places.texts[text]; len(lines) > 0 {
		line = lines[min(n, len(lines)-1)]
	}
	c.mistakes = append(c.mistakes, floor.Mistake{Line: line, Text: err.Error()})
}

// all gives the mistakes by line, with the keys that the decoder did not know.
func (c *compiler) all(name string, unknown *toml.StrictMissingError) floor.Mistakes {
	for i := range c.mistakes {
		c.mistakes[i].File = name
	}
	if unknown != nil {
		for _, e := range unknown.Errors {
			row, _ := e.Position()
			c.mistakes = append(c.mistakes, floor.Mistake{File: name, Line: row, Text: fmt.Sprintf("unknown key %q", strings.Join(e.Key(), "."))})
		}
	}
	return c.mistakes.Sorted()
}
