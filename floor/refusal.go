package floor

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// A Refusal is a no with a reason a person can act on. It is an answer and not a
// failure: nothing was written, and asking again unchanged gives the same no.
type Refusal struct {
	Code string            `json:"code"` // stable, for handhelds
	Args map[string]string `json:"args,omitempty"`
}

// Refuse gives the refusal with that code of the catalogue. Args are pairs of
// name and value, the values formatted with %v.
func Refuse(code string, args ...any) *Refusal {
	r := &Refusal{Code: code}
	if len(args) > 0 {
		r.Args = make(map[string]string, len(args)/2)
	}
	for i := 0; i+1 < len(args); i += 2 {
		r.Args[fmt.Sprint(args[i])] = fmt.Sprint(args[i+1])
	}
	return r
}

// Error gives the English sentence.
func (r *Refusal) Error() string { return r.Text("en") }

// Text gives the sentence with its cure in that language, "zh" unless "en".
func (r *Refusal) Text(lang string) string { return Say(lang, r.Code, r.Args) }

//go:embed messages.json
var messagesJSON []byte

// messages is the one catalogue of what the floor says to people: code ->
// language -> sentence with {named} places.
var messages = func() map[string]map[string]string {
	var m map[string]map[string]string
	if err := json.Unmarshal(messagesJSON, &m); err != nil {
		panic("floor: messages.json: " + err.Error())
	}
	return m
}()

// Say gives the sentence of code in that language, "zh" unless "en", with its
// places filled from args. An unknown code is said as itself; a tag of the site's
// own is its own name.
func Say(lang, code string, args map[string]string) string {
	if lang != "en" {
		lang = "zh"
	}
	text := messages[code][lang]
	if text == "" {
		return strings.TrimPrefix(code, "tag-")
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for k, v := range args {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
