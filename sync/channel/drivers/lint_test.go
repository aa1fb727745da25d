package drivers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"floord/sync/channel/channelmap"
	"floord/sync/channel/drivers"
)

// TestSchema keeps the schema that editors load beside the maps it speaks of.
func TestSchema(t *testing.T) {
	have, err := os.ReadFile("../../../docs/channel-map.schema.json")
	if err != nil || !bytes.Equal(have, channelmap.Schema()) {
		t.Errorf("docs/channel-map.schema.json is not what floord channel schema prints (%v)", err)
	}
	if !json.Valid(have) {
		t.Error("it is no JSON")
	}
}

func TestLint(t *testing.T) {
	for name, want := range map[string]string{
		"pdd": "pdd: sound; calls: pull detail ship reship more cancel renew\n",
		"jd":  "  no [[limit]]: only the platform's own answers slow us down\n",
	} {
		var out strings.Builder
		if drivers.Lint(&out, name, drivers.Maps()[name]); !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q; want %q in it", name, out.String(), want)
		}
	}
}

// TestMapsSayTheirMistakes spoils a shipped map in one place after the other.
func TestMapsSayTheirMistakes(t *testing.T) {
	data, err := os.ReadFile("pdd.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, new, says string }{
		{`"{number}"`, `"{nummer}"`, "{nummer} is none of"},
		{"[call.detail]", "[call.detial]", "[call.detial] is none of"},
		{`paging = "reverse"`, `paging = "backwards"`, `"backwards" is none of reverse, forward, cursor`},
		{`paging = "reverse"`, `paging = "cursor"`, "no answer says where the next one stands"},
		{"[reply.cancel]", "[reply.money]", "[reply.money] is neither cancel nor address"},
		{`"tid":"{number}"`, `"tid":"{number}`, "a quote is not closed"},
		{`class = "rate-limited"`, `class = "slow"`, `class "slow" is none of`},
		{`is = "refund"`, `is = "refunds"`, `hold "refunds" is not known`},
		{`money = "yuan"`, `money = "float"`, `money "float" is none of`},
		{`url = "https://gw-api.pinduoduo.com/api/router"`, ``, "api.url is missing"},
		{`merge_key = ["open_address_id_2"]`, `merge_part = "^#"`, "order.merge_part has no group"},
		{`gift = true`, `by_hand = true`, "by_hand is for lines with gift = true"},
		{`[call.requests]`, `[call.merge]`, "[call.merge] needs value"},
		{`window = "30m"`, `widnow = "30m"`, "widnow"},
	} {
		text := strings.Replace(string(data), tt.old, tt.new, 1)
		if text == string(data) {
			t.Fatalf("%q is not in the map", tt.old)
		}
		line := strings.Count(string(data)[:strings.Index(string(data), tt.old)], "\n") + 1
		if near := map[string]string{"api.url is missing": "[api]", "no answer says": `paging = "cursor"`}[tt.says[:min(len(tt.says), 18)]]; near != "" {
			line = strings.Count(text[:strings.Index(text, near)], "\n") + 1
		}
		_, err := channelmap.Load("pdd.toml", []byte(text))
		if want := fmt.Sprintf("pdd.toml:%d: ", line); err == nil || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q for %q: %v; want it to say %q at %s", tt.new, tt.old, err, tt.says, want)
		}
	}
}
