package profile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Limits on what is read from a folder.
const (
	maxFile     = 1 << 20
	maxFiles    = 1000
	maxSections = 1000 // in one file
)

// A Layer is one folder of profiles. Name is how its files are called in origins
// and errors: the folder's path, or "firmware-profiles" for what is shipped.
type Layer struct {
	Name string
	FS   fs.FS
}

// An Origin is where a value was written.
type Origin struct {
	File         string
	Line, Column int
}

func (o Origin) String() string { return fmt.Sprintf("%s:%d", o.File, o.Line) }

// A Set is all profiles of all layers.
type Set struct {
	sections []*section
	broken   []error // files that are not even TOML
}

// A section is one [[profile]] of one file.
type section struct {
	kind          Kind
	vendor, model string // model may be a pattern; empty where the section holds defaults
	firmware      span
	layer         int // higher wins
	quirk         string
	overrides     []string // quirks it may set anew
	at            Origin
	values        map[string]any    // by dotted key; "example" is one value
	origins       map[string]Origin // of values
	errs          []error           // why it must not be used
}

// header is the part of a section that says what it speaks of.
type header struct {
	Kind     Kind   `toml:"kind"`
	Vendor   string `toml:"vendor"`
	Model    string `toml:"model"`
	Firmware string `toml:"firmware"`
}

// written is a section as its author may write it, for the strict reading.
type written struct {
	header
	Profile
}

// Load reads the *.toml files of the layers, the first layer being the weakest.
// All mistakes are in the error, each with file, line and column. The set is
// usable beside an error: resolving a device that a faulty section speaks of
// gives that section's mistakes, and other devices are not touched by them. Only
// a file that is not TOML at all stops every device, because nobody can tell
// what it would have changed.
func Load(layers ...Layer) (*Set, error) {
	s := &Set{}
	for rank, l := range layers {
		names, err := fs.Glob(l.FS, "*.toml")
		if err == nil && len(names) > maxFiles {
			err = fmt.Errorf("%d files are too many: at most %d", len(names), maxFiles)
		}
		if err != nil {
			s.broken = append(s.broken, fmt.Errorf("%s: %w", l.Name, err))
			continue
		}
		for _, name := range names {
			if err := s.read(l, rank, name); err != nil {
				s.broken = append(s.broken, err)
			}
		}
	}
	s.findTies()
	errs := slices.Clone(s.broken)
	for _, sec := range s.sections {
		errs = append(errs, sec.errs...)
	}
	return s, errors.Join(unique(errs)...)
}

// unique drops what was said before: a tie is noted on both sides.
func unique(errs []error) []error {
	seen := map[string]bool{}
	return slices.DeleteFunc(errs, func(err error) bool {
		again := seen[err.Error()]
		seen[err.Error()] = true
		return again
	})
}

// read adds the sections of one file. Its error means that the file as a whole
// cannot be read.
func (s *Set) read(l Layer, rank int, name string) error {
	file := path.Join(l.Name, name)
	data, err := fs.ReadFile(l.FS, name)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(data) > maxFile {
		return fmt.Errorf("%s: %d bytes are too many: at most %d", file, len(data), maxFile)
	}
	var raw map[string]any
	if err := toml.Unmarshal(data, &raw); err != nil {
		return errors.Join(placed(file, err)...)
	}
	sections, err := locate(file, rank, data)
	if err != nil {
		return err
	}
	tables, _ := raw["profile"].([]any)
	if len(tables) != len(sections) || len(tables) > maxSections {
		return fmt.Errorf("%s:1:1: a profile file is at most %d tables, each headed [[profile]]", file, maxSections)
	}
	for i, sec := range sections {
		table, _ := tables[i].(map[string]any)
		flatten(sec.values, "", table)
	}
	if err := strict(file, data, sections); err != nil {
		return err
	}
	for _, sec := range sections {
		sec.readHeader()
	}
	s.sections = append(s.sections, sections...)
	return nil
}

// strict checks keys and types of the whole file and gives each
// mistake to its section. A mistake above the first section is the file's.
func strict(file string, data []byte, sections []*section) error {
	var doc struct {
		Profile []written `toml:"profile"`
	}
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&doc)
	for _, e := range placed(file, err) {
		var line int
		var p *place
		if errors.As(e, &p) {
			line = p.Line
		}
		i, _ := slices.BinarySearchFunc(sections, line+1, func(s *section, l int) int { return s.at.Line - l })
		if i == 0 {
			return e
		}
		sections[i-1].errs = append(sections[i-1].errs, e)
	}
	return nil
}

// A place is a mistake with its position.
type place struct {
	Origin
	what string
}

func (p *place) Error() string { return fmt.Sprintf("%s:%d: %s", p.Origin, p.Column, p.what) }

// placed turns an error of the TOML package into one error a mistake.
func placed(file string, err error) []error {
	var missing *toml.StrictMissingError
	var decode *toml.DecodeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &missing):
		var errs []error
		for i := range missing.Errors {
			e := &missing.Errors[i]
			line, column := e.Position()
			key := e.Key()
			last := key[len(key)-1]
			errs = append(errs, &place{Origin{file, line, column}, fmt.Sprintf("unknown key %q%s", last, didYouMean(last, keysBeside(key)))})
		}
		return errs
	case errors.As(err, &decode):
		line, column := decode.Position()
		return []error{&place{Origin{file, line, column}, strings.TrimPrefix(decode.Error(), "toml: ")}}
	}
	return []error{&place{Origin{file, 1, 1}, err.Error()}}
}

// keysBeside lists the keys that may stand where key stands.
func keysBeside(key toml.Key) []string {
	t := reflect.TypeFor[struct {
		Profile []written `toml:"profile"`
	}]()
	for _, k := range key[:len(key)-1] {
		t = fieldsOf(t)[k]
		for t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Pointer) {
			t = t.Elem()
		}
		if t == nil || t.Kind() != reflect.Struct {
			return nil
		}
	}
	var names []string
	for name := range fieldsOf(t) {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fieldsOf maps the TOML names of a struct's fields to their types.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		if name := f.Tag.Get("toml"); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

// locate walks the file for its sections and the line of every key in them.
func locate(file string, rank int, data []byte) ([]*section, error) {
	var sections []*section
	var prefix []string // of the table the walk is in, below "profile"
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		e := p.Expression()
		switch e.Kind {
		case unstable.ArrayTable, unstable.Table:
			path, at := keyPath(file, &p, e.Key())
			if path[0] != "profile" {
				return nil, &place{at, fmt.Sprintf("unknown table %q: a profile file holds [[profile]]", strings.Join(path, "."))}
			}
			prefix = path[1:]
			if len(prefix) == 0 {
				sections = append(sections, &section{layer: rank, at: at,
					values: map[string]any{}, origins: map[string]Origin{}})
			} else if len(sections) > 0 {
				sections[len(sections)-1].note(prefix, at)
			}
		case unstable.KeyValue:
			if len(sections) == 0 {
				path, at := keyPath(file, &p, e.Key())
				return nil, &place{at, fmt.Sprintf("key %q stands before the first [[profile]]", strings.Join(path, "."))}
			}
			sections[len(sections)-1].noteKey(&p, prefix, e)
		}
	}
	return sections, p.Error()
}

// noteKey remembers the line of a key, and of those inside an inline table.
func (s *section) noteKey(p *unstable.Parser, prefix []string, e *unstable.Node) {
	path, at := keyPath(s.at.File, p, e.Key())
	full := slices.Concat(prefix, path)
	s.note(full, at)
	if v := e.Value(); v.Kind == unstable.InlineTable {
		for it := v.Children(); it.Next(); {
			s.noteKey(p, full, it.Node())
		}
	}
}

func (s *section) note(path []string, at Origin) {
	key := path[0]
	if key != "example" {
		key = strings.Join(path, ".")
	}
	if _, ok := s.origins[key]; !ok {
		s.origins[key] = at
	}
}

// keyPath gives the parts of a key and where it stands.
func keyPath(file string, p *unstable.Parser, it unstable.Iterator) (path []string, at Origin) {
	for it.Next() {
		if path == nil {
			start := p.Shape(it.Node().Raw).Start
			at = Origin{file, start.Line, start.Column}
		}
		path = append(path, string(it.Node().Data))
	}
	return path, at
}

// flatten puts the leaves of a table under their dotted keys.
func flatten(into map[string]any, prefix string, table map[string]any) {
	for k, v := range table {
		if sub, ok := v.(map[string]any); ok {
			flatten(into, prefix+k+".", sub)
			continue
		}
		into[prefix+k] = v
	}
}

// readHeader takes the matching keys out of the values and checks them.
func (s *section) readHeader() {
	take := func(key string) string {
		v, _ := s.values[key].(string)
		delete(s.values, key)
		return v
	}
	fail := func(key, format string, args ...any) {
		at, ok := s.origins[key]
		if !ok {
			at = s.at
		}
		s.errs = append(s.errs, &place{at, fmt.Sprintf(format, args...)})
	}
	for _, key := range sortedKeys(s.values) {
		if got, ok := s.values[key].(string); ok && words[key] != nil && !slices.Contains(words[key], got) {
			fail(key, "unknown %s %q%s: it is one of %s", key, got, didYouMean(got, words[key]), strings.Join(words[key], ", "))
		}
	}
	s.kind, s.vendor, s.model = Kind(take("kind")), take("vendor"), take("model")
	s.quirk = take("quirk")
	overrides, _ := s.values["overrides"].([]any)
	delete(s.values, "overrides")
	for _, o := range overrides {
		name, _ := o.(string)
		s.overrides = append(s.overrides, name)
	}
	if s.kind == "" {
		fail("kind", `no kind: write kind = "scale", "printer" or "scanner"`)
	}
	var err error
	if s.firmware, err = parseSpan(take("firmware")); err != nil {
		fail("firmware", "%v", err)
	}
	if strings.ContainsAny(s.vendor, `*?[\/@`) {
		fail("vendor", "vendor %q is not a plain name", s.vendor)
	}
	if strings.ContainsAny(s.model, `[\/@`) {
		fail("model", "model %q is not a name or a pattern such as \"xk3190-*\"", s.model)
	}
	if s.vendor == "" && (s.model != "" || s.firmware.bounded()) {
		fail("model", "a model or firmware needs its vendor")
	}
	for _, key := range sortedKeys(s.values) {
		of, _, _ := strings.Cut(key, ".")
		if slices.Contains(kinds, of) && s.kind != "" && of != string(s.kind) {
			fail(key, "key %q does not belong to a %s", key, s.kind)
		}
		if s.model == "" && (key == "scale.protocol" || key == "printer.language") {
			fail(key, "key %q needs a model: what has none are defaults", key)
		}
	}
}

// sortedKeys gives the keys of a map in their order, so that errors and
// explanations come the same each time.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
