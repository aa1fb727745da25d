package config

import (
	"cmp"
	"encoding"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// A decoder fills a Config from a document by the tags of its fields:
//
//	toml     the key
//	default  the value where the key is not there, as it would be written
//	range    lowest..highest of a number or duration, either may be left out
//	oneof    the words allowed
//	is       what a text must be (see forms and paths), and "needed"
//
// Of an array range, oneof and is speak of each entry, "needed" of the array.
type decoder struct {
	doc    *document
	folder string // relative paths start here
	bad    []Problem
	at     map[string]place // dotted name of everything that was written
}

func (d *decoder) add(at place, code string, args ...any) {
	d.bad = append(d.bad, problem(at, code, args...))
}

// A field is one field of a struct with its tags.
type field struct {
	reflect.StructField
	key string
	is  []string
}

func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		f := t.Field(i)
		if key := f.Tag.Get("toml"); key != "" {
			all = append(all, field{f, key, strings.Fields(f.Tag.Get("is"))})
		}
	}
	return all
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		keys = append(keys, f.key)
	}
	return keys
}

// setDefaults gives every field below v its default.
func setDefaults(v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		fv := v.FieldByIndex(f.Index)
		text, ok := f.Tag.Lookup("default")
		switch {
		case ok:
			if w := parseInto(fv, text); w != nil {
				panic("config: default of " + f.Name)
			}
		case fv.Kind() == reflect.Struct:
			setDefaults(fv)
		}
	}
}

// table fills the struct v. name is the table's dotted name, empty for the root.
func (d *decoder) table(n *node, v reflect.Value, name string) {
	d.at[name] = n.at
	if n.kind != "a table" {
		d.add(n.value, "kind", last(name), word{n.kind, nil}, word{"a table", nil})
		return
	}
	fields := fieldsOf(v.Type())
	for _, key := range n.keys {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		if i < 0 {
			d.unknown(n.sub[key], key, v.Type(), name)
			continue
		}
		d.field(n.sub[key], v.FieldByIndex(fields[i].Index), fields[i], join(name, key))
	}
	for _, f := range fields {
		if slices.Contains(f.is, "needed") && d.lacks(join(name, f.key)) {
			d.add(n.at, "missing", f.key)
		}
	}
}

// unknown says what a key that is not known may have been meant to be.
func (d *decoder) unknown(n *node, key string, t reflect.Type, name string) {
	keys := keysOf(t)
	if slices.Contains(keys, key+"_file") {
		d.add(n.at, "secret", key, key+"_file")
		return
	}
	hint := word{}
	if near := nearest(key, keys); near != "" {
		hint = word{"perhaps", []any{near}}
	} else if table := sectionOf(key); table != "" && name != table {
		hint = word{"elsewhere", []any{table}}
	}
	code := "unknown"
	if name == "" && (n.kind == "a table" || n.kind == "an array") {
		code = "unknown-table"
	}
	d.add(n.at, code, key, hint)
}

// sectionOf gives the one section that knows the key, if there is only one.
func sectionOf(key string) string {
	found := ""
	for _, f := range fieldsOf(reflect.TypeFor[Config]()) {
		if f.Type.Kind() == reflect.Struct && slices.Contains(keysOf(f.Type), key) {
			if found != "" {
				return ""
			}
			found = f.key
		}
	}
	return found
}

// field fills one field.
func (d *decoder) field(n *node, v reflect.Value, f field, name string) {
	d.at[name] = n.at
	switch {
	case v.Type() == reflect.TypeFor[*Device]():
		v.Set(reflect.ValueOf(d.device(n, name)))
	case v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct && v.Type() != reflect.TypeFor[*time.Location]():
		fresh := reflect.New(v.Type().Elem())
		setDefaults(fresh.Elem())
		d.table(n, fresh.Elem(), name)
		v.Set(fresh)
	case v.Kind() == reflect.Slice:
		d.slice(n, v, f, name)
	case v.Kind() == reflect.Struct && !isScalar(v):
		d.table(n, v, name)
	default:
		d.scalar(n, v, f)
	}
}

// slice fills an array. Entries that are wrong are left out.
func (d *decoder) slice(n *node, v reflect.Value, f field, name string) {
	tables := v.Type().Elem().Kind() == reflect.Struct
	if n.kind != "an array" {
		want := word{"an array", nil}
		if tables {
			want = word{"tables", []any{f.key}}
		}
		d.add(n.value, "kind", f.key, word{n.kind, nil}, want)
		return
	}
	if len(n.items) > maxItems {
		d.add(n.at, "too-many", f.key, len(n.items), maxItems)
		return
	}
	if len(n.items) == 0 && slices.Contains(f.is, "needed") {
		d.add(n.value, "empty", f.key)
	}
	for i, item := range n.items {
		fresh := reflect.New(v.Type().Elem()).Elem()
		before := len(d.bad)
		if tables {
			setDefaults(fresh)
			d.table(item, fresh, fmt.Sprintf("%s[%d]", name, i))
		} else {
			d.scalar(item, fresh, f)
		}
		if tables || len(d.bad) == before {
			v.Set(reflect.Append(v, fresh))
		}
	}
}

// isScalar tells a struct that is written as one text from a table.
func isScalar(v reflect.Value) bool {
	_, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	return ok
}

// scalar fills a value that is neither table nor array. A wrong one is named and
// leaves v as it was.
func (d *decoder) scalar(n *node, v reflect.Value, f field) {
	before := reflect.New(v.Type()).Elem()
	before.Set(v)
	if wrong := d.set(n, v, f); wrong != nil {
		v.Set(before)
		d.add(n.value, wrong.code, append([]any{f.key}, wrong.args...)...)
	}
}

func (d *decoder) set(n *node, v reflect.Value, f field) *word {
	want := kindOf(v)
	if n.kind != want.written && !(n.kind == "a whole number" && want.written == "a number") {
		return &word{"kind", []any{word{n.kind, nil}, word{want.said, nil}}}
	}
	if wrong := checkText(n.text); wrong != nil {
		return wrong
	}
	if wrong := checkWord(n.text, f); wrong != nil {
		return wrong
	}
	if wrong := parseInto(v, n.text); wrong != nil {
		return wrong
	}
	return d.check(v, f)
}

// checkWord holds a text against the words allowed, if only some are.
func checkWord(text string, f field) *word {
	tag, ok := f.Tag.Lookup("oneof")
	if !ok || slices.Contains(strings.Fields(tag), text) {
		return nil
	}
	hint := word{}
	if near := nearest(text, strings.Fields(tag)); near != "" {
		hint = word{"perhaps", []any{near}}
	}
	return &word{"one-of", []any{text, hint, strings.ReplaceAll(tag, " ", ", ")}}
}

// A wanted is how a type is written and what people call that.
type wanted struct{ written, said string }

func kindOf(v reflect.Value) wanted {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return wanted{"a text", "a duration"}
	case v.Type() == reflect.TypeFor[*time.Location](), v.CanAddr() && isScalar(v), v.Kind() == reflect.String:
		return wanted{"a text", "a text"}
	case v.Kind() == reflect.Bool:
		return wanted{"true or false", "true or false"}
	case v.CanInt():
		return wanted{"a whole number", "a whole number"}
	case v.CanFloat():
		return wanted{"a number", "a number"}
	}
	panic("config: no way to read a " + v.Type().String())
}

// checkText bounds what any text may be.
func checkText(s string) *word {
	if len(s) > maxText {
		return &word{"too-long", []any{len(s), maxText}}
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return &word{"control", nil}
	}
	return nil
}

// parseInto sets v from how it is written and says why it cannot.
func parseInto(v reflect.Value, text string) *word {
	wrong := func(code string) *word { return &word{"form", []any{text, word{code, nil}}} }
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		t, err := time.ParseDuration(text)
		if err != nil {
			return wrong("a duration")
		}
		v.SetInt(int64(t))
	case v.Type() == reflect.TypeFor[*time.Location]():
		zone, err := time.LoadLocation(text)
		if err != nil || text == "" || text == "Local" { // Local is another on every machine
			return wrong("zone")
		}
		v.Set(reflect.ValueOf(zone))
	case v.CanAddr() && isScalar(v):
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return &word{"text", []any{err}}
		}
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
	case v.CanInt():
		i, err := strconv.ParseInt(text, 0, v.Type().Bits())
		if err != nil {
			return wrong("a whole number")
		}
		v.SetInt(i)
	case v.CanFloat():
		x, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return wrong("a number")
		}
		v.SetFloat(x)
	}
	return nil
}

// check holds a value against its tags.
func (d *decoder) check(v reflect.Value, f field) *word {
	if tag, ok := f.Tag.Lookup("range"); ok && !inRange(v, tag) {
		return &word{"range", []any{v.Interface(), strings.Replace(tag, "..", " .. ", 1)}}
	}
	if v.Kind() != reflect.String {
		return nil
	}
	text := v.String()
	if text == "" {
		if slices.Contains(f.is, "needed") {
			return &word{"empty", nil}
		}
		return nil
	}
	if path, ok := v.Interface().(Path); ok {
		full := Path(d.absolute(string(path)))
		v.SetString(string(full))
		return checkPath(full, f.is)
	}
	for _, name := range f.is {
		if ok := forms[name]; ok != nil && !ok(text) {
			return &word{"form", []any{text, word{name, nil}}}
		}
	}
	return nil
}

func (d *decoder) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(d.folder, path)
}

// checkPath looks at what a path of that kind must name. A file's content is
// looked at where it is used, a secret's already here.
func checkPath(path Path, is []string) *word {
	wrong := func(err any) *word { return &word{"file", []any{path, err}} }
	for _, kind := range is {
		info, err := os.Stat(string(path))
		if err != nil {
			return wrong(reason(err))
		}
		switch {
		case kind == "file" && !info.Mode().IsRegular():
			return wrong("it is not a regular file")
		case kind == "folder" && !info.IsDir():
			return wrong("it is not a folder")
		case kind == "secret":
			if _, err := Secret(path); err != nil {
				return &word{"text", []any{err}}
			}
		}
	}
	return nil
}

// inRange holds a number or duration against "lowest..highest".
func inRange(v reflect.Value, tag string) bool {
	lowest, highest, _ := strings.Cut(tag, "..")
	bound := func(text string) (reflect.Value, bool) {
		b := reflect.New(v.Type()).Elem()
		return b, text != "" && parseInto(b, text) == nil
	}
	compare := func(b reflect.Value) int {
		if v.CanFloat() {
			return cmp.Compare(v.Float(), b.Float())
		}
		return cmp.Compare(v.Int(), b.Int())
	}
	if b, ok := bound(lowest); ok && compare(b) < 0 {
		return false
	}
	b, ok := bound(highest)
	return !ok || compare(b) <= 0
}

func join(name, key string) string {
	if name == "" {
		return key
	}
	return name + "." + key
}

func last(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// nearest gives the word of known that got was probably meant to be, or "".
func nearest(got string, known []string) string {
	best, least := "", 2+len(got)/4 // more letters wrong than that is another word
	for _, k := range known {
		if far := distance(got, k); far < least {
			best, least = k, far
		}
	}
	return best
}

// distance counts the letters to insert, drop, change or swap to make b of a.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a) // no word we know is as long
	}
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := row[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(next[j-1]+1, row[j]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
