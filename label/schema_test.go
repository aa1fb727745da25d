package label

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

type schema struct {
	Properties map[string]schema
	Items      *schema
	Enum       []string
	Required   []string
}

// TestSchemaIsTheTemplate: the schema has the keys that the parser reads, no more
// and no less, and the words that it allows.
func TestSchemaIsTheTemplate(t *testing.T) {
	var s schema
	if err := json.Unmarshal(Schema, &s); err != nil {
		t.Fatal(err)
	}
	same(t, "template", s, reflect.TypeFor[file]())
	if got := s.Properties["for"].Enum; !slices.Equal(got, Kinds()) {
		t.Errorf("for is one of %q; the parser knows %q", got, Kinds())
	}
	text := s.Properties["text"].Items.Properties
	if got := text["by"].Enum; !slices.Equal(got, []string{string(ByFont), string(ByBitmap)}) {
		t.Errorf("by is one of %q", got)
	}
	if got := text["align"].Enum; !slices.Equal(got, []string{"left", string(Center), string(Right)}) {
		t.Errorf("align is one of %q", got)
	}
}

func same(t *testing.T, name string, s schema, typ reflect.Type) {
	t.Helper()
	var keys []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		key := f.Tag.Get("toml")
		keys = append(keys, key)
		if f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct && s.Properties[key].Items != nil {
			same(t, name+"."+key, *s.Properties[key].Items, f.Type.Elem())
		}
	}
	slices.Sort(keys)
	if got := slices.Sorted(maps.Keys(s.Properties)); !slices.Equal(got, keys) {
		t.Errorf("%s: the schema has %s; the parser reads %s", name, strings.Join(got, " "), strings.Join(keys, " "))
	}
	for _, r := range s.Required {
		if !slices.Contains(keys, r) {
			t.Errorf("%s: %s is required and unknown", name, r)
		}
	}
}
