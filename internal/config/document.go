package config

import (
	"bytes"
	"errors"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// A place is where something is written. Columns count characters.
type place struct {
	file         string
	line, column int
}

// A node is one value of the document with its places.
type node struct {
	at    place  // of its key or header
	value place  // of the value itself
	kind  string // a code of words: "a table", "an array", "a text", ...
	text  string // of what is neither table nor array

	keys   []string // of a table, in the order of the file
	sub    map[string]*node
	items  []*node // of an array
	header bool    // a table that had its own [header]
	open   bool    // may be added to by a later header or key
}

// A document is the tree of a TOML file. The TOML package decodes into Go values
// and stops at the first that does not fit; this keeps all of them and where
// they stand.
type document struct {
	file   string
	data   []byte
	lines  []int // where each line begins
	root   *node
	bad    []Problem
	broken bool // some line could not be read, so what seems missing may be there
}

const (
	maxSyntax = 20  // lines that are not TOML are named
	maxOpen   = 100 // lines back the beginning of what is not closed is looked for
)

// parse reads the file as far as it is TOML, all mistakes of the grammar in bad.
func parse(file string, data []byte) *document {
	data = bytes.TrimPrefix(bytes.Clone(data), []byte("\xef\xbb\xbf")) // as Windows editors write it
	d := &document{file: file, data: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			d.lines = append(d.lines, i+1)
		}
	}
	d.root = newTable(place{file, 1, 1})
	if at := firstBad(data); at >= 0 {
		d.add(d.place(at), "utf-8")
		d.broken = true
		return d
	}
	d.mendSyntax()
	d.build()
	return d
}

// firstBad is the offset of the first byte that is not UTF-8, or -1.
func firstBad(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// bare is a key with a value that looks like a text or an address without its
// quotes, the commonest slip.
var bare = regexp.MustCompile(`^\s*[A-Za-z0-9_.-]+\s*=\s*([^\s"'\[{#0-9+-]|[0-9.]+:|[0-9]+\.[0-9]+\.)`)

// begins is a line that begins something new, whatever is not closed before it.
var begins = regexp.MustCompile(`(?m)^[ \t]*(\[\[?[A-Za-z_][A-Za-z0-9_.-]*\]\]?[ \t]*(#.*)?\r?$|[A-Za-z_][A-Za-z0-9_.-]*[ \t]*=)`)

// mendSyntax names the lines that are not TOML. A line whose mistake ends with
// it is blanked and the next one is looked for; after a mistake that runs on (a
// bracket that is not closed) the reading goes on where something new begins.
func (d *document) mendSyntax() {
	for range maxSyntax {
		var p unstable.Parser
		p.Reset(d.data)
		for p.NextExpression() {
		}
		var wrong *unstable.ParserError
		if !errors.As(p.Error(), &wrong) {
			return
		}
		d.broken = true
		where := d.place(int(p.Range(wrong.Highlight).Offset))
		from, to := d.lines[where.line-1], len(d.data)
		if where.line < len(d.lines) {
			to = d.lines[where.line] - 1
		}
		if bare.Match(d.data[from:to]) {
			d.add(where, "quotes")
		} else {
			d.add(where, "syntax", wrong.Message)
		}
		whole := bytes.Clone(d.data)
		blank(d.data[from:to])
		if p.Reset(d.data[:to]); !drain(&p) {
			blank(d.data[from:])
			open := d.cutOpen(where.line)
			d.bad[len(d.bad)-1] = problem(open, "open")
			if open.line < len(d.lines) {
				rest := d.lines[open.line]
				if at := begins.FindIndex(whole[rest:]); at != nil {
					copy(d.data[rest+at[0]:], whole[rest+at[0]:])
				}
			}
		}
	}
	// Too many: what stands from the last one on is not looked at.
	last := d.bad[len(d.bad)-1]
	blank(d.data[d.lines[last.Line-1]:])
}

// cutOpen blanks the expression that runs into the line and is not closed there,
// and gives the place where it begins: that is where a person must look.
func (d *document) cutOpen(line int) place {
	start := line
	for ; start > max(1, line-maxOpen); start-- {
		var p unstable.Parser
		if p.Reset(d.data); drain(&p) {
			break
		}
		blank(d.data[d.lines[start-2] : d.lines[start-1]-1])
	}
	blank(d.data[d.lines[start-1]:])
	return place{d.file, start, 1}
}

// drain says whether the rest of the document is TOML.
func drain(p *unstable.Parser) bool {
	for p.NextExpression() {
	}
	return p.Error() == nil
}

// blank keeps the offsets of what follows.
func blank(b []byte) {
	for i, c := range b {
		if c != '\n' {
			b[i] = ' '
		}
	}
}

// build makes the tree.
func (d *document) build() {
	var p unstable.Parser
	p.Reset(d.data)
	table := d.root
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table:
			table = d.header(d.path(e), false)
		case unstable.ArrayTable:
			table = d.header(d.path(e), true)
		case unstable.KeyValue:
			d.assign(table, e)
		}
	}
}

// A step is one part of a dotted key.
type step struct {
	key string
	at  place
}

func (d *document) path(e *unstable.Node) []step {
	var steps []step
	for it := e.Key(); it.Next(); {
		n := it.Node()
		steps = append(steps, step{string(n.Data), d.place(int(n.Raw.Offset))})
	}
	return steps
}

// header gives the table that [a.b] or [[a.b]] opens. A mistake gives a table
// that hangs nowhere, so that its keys do not land in another.
func (d *document) header(path []step, array bool) *node {
	t := d.root
	for _, s := range path[:len(path)-1] {
		if t = d.descend(t, s, true); t == nil {
			return newTable(s.at)
		}
	}
	last := path[len(path)-1]
	old := t.sub[last.key]
	fresh := newTable(last.at)
	fresh.header = true
	switch {
	case array && old == nil:
		t.put(last.key, &node{at: last.at, value: last.at, kind: "an array", open: true, items: []*node{fresh}})
	case array && old.kind == "an array" && old.open:
		old.items = append(old.items, fresh)
	case !array && old == nil:
		t.put(last.key, fresh)
	case !array && old.kind == "a table" && old.open && !old.header:
		old.header, old.at, old.value = true, last.at, last.at
		return old
	default:
		d.add(last.at, "twice", last.key, old.at.line)
	}
	return fresh
}

// descend gives the table below t that a dotted key or header goes through.
func (d *document) descend(t *node, s step, headers bool) *node {
	n := t.sub[s.key]
	if n == nil {
		n = newTable(s.at)
		n.header = !headers // what dotted keys made gets no header of its own
		t.put(s.key, n)
	}
	if n.kind == "an array" && n.open && headers {
		n = n.items[len(n.items)-1]
	}
	if n.kind != "a table" || !n.open {
		d.add(s.at, "twice", s.key, n.at.line)
		return nil
	}
	return n
}

func (d *document) assign(t *node, e *unstable.Node) {
	path := d.path(e)
	for _, s := range path[:len(path)-1] {
		if t = d.descend(t, s, false); t == nil {
			return
		}
	}
	last := path[len(path)-1]
	if old := t.sub[last.key]; old != nil {
		d.add(last.at, "twice", last.key, old.at.line)
		return
	}
	t.put(last.key, d.node(last.at, e.Value()))
}

// kinds are what the TOML package calls a value, in words.
var kinds = map[unstable.Kind]string{
	unstable.String: "a text", unstable.Bool: "true or false", unstable.Integer: "a whole number", unstable.Float: "a number",
	unstable.LocalDate: "a date", unstable.LocalTime: "a date", unstable.LocalDateTime: "a date", unstable.DateTime: "a date",
}

func (d *document) node(at place, v *unstable.Node) *node {
	n := &node{at: at, value: at}
	if v.Raw.Length > 0 {
		n.value = d.place(int(v.Raw.Offset))
	}
	switch v.Kind {
	case unstable.InlineTable:
		n.kind, n.sub, n.open = "a table", map[string]*node{}, true
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				d.assign(n, it.Node())
			}
		}
		n.open = false
	case unstable.Array:
		n.kind = "an array"
		for it := v.Children(); it.Next(); {
			n.items = append(n.items, d.node(at, it.Node()))
		}
	default:
		n.kind, n.text = kinds[v.Kind], string(v.Data)
	}
	return n
}

// net lets the TOML package look for what this reading does not know to be wrong.
// It is asked last, because it would name again what was named before.
func (d *document) net() []Problem {
	var all map[string]any
	err := toml.Unmarshal(d.data, &all)
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &wrong):
		line, column := wrong.Position()
		return []Problem{problem(place{d.file, line, column}, "syntax", strings.TrimPrefix(wrong.Error(), "toml: "))}
	case err != nil:
		return []Problem{problem(place{d.file, 1, 1}, "syntax", err.Error())}
	}
	return nil
}

func (d *document) place(offset int) place {
	line := sort.SearchInts(d.lines, offset+1) - 1
	return place{d.file, line + 1, utf8.RuneCount(d.data[d.lines[line]:offset]) + 1}
}

func (d *document) add(at place, code string, args ...any) {
	d.bad = append(d.bad, problem(at, code, args...))
}

func newTable(at place) *node {
	return &node{at: at, value: at, kind: "a table", sub: map[string]*node{}, open: true}
}

func (n *node) put(key string, v *node) {
	n.keys = append(n.keys, key)
	n.sub[key] = v
}
