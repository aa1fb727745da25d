package channelmap

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Schema gives the JSON Schema of a map, so that editors know its keys. It is made
// of the same types that maps are read into.
func Schema() []byte {
	s := schemaOf(reflect.TypeFor[document]())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "floord channel map"
	s["required"] = []string{"channel", "time", "money", "pull", "answers", "order", "lines", "state", "fault"}
	props := s["properties"].(map[string]any)
	props["money"] = map[string]any{"enum": []string{"yuan", "fen", "decimal"}, "description": "yuan: decimal text or number; fen: whole number; decimal: as the currency has it"}
	call := props["call"].(map[string]any)
	each := call["additionalProperties"]
	calls := map[string]any{}
	for _, name := range known {
		calls[name] = each
	}
	call["properties"], call["additionalProperties"] = calls, false
	pull := props["pull"].(map[string]any)["properties"].(map[string]any)
	pull["paging"] = map[string]any{"enum": []string{"reverse", "forward", "cursor"}}
	out, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		panic("channelmap: schema: " + err.Error()) // maps of texts can always be encoded
	}
	return append(out, '\n')
}

// schemaOf gives the schema of one type of the document.
func schemaOf(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[duration]():
		return map[string]any{"type": "string", "pattern": "^([0-9.]+(ns|us|ms|s|m|h))+$"}
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case t.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Int:
		return map[string]any{"type": "integer", "minimum": 0}
	case t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	}
	props := map[string]any{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("toml"), ",")
		if name != "" {
			props[name] = schemaOf(t.Field(i).Type)
		}
	}
	return map[string]any{"type": "object", "properties": props, "additionalProperties": false}
}
