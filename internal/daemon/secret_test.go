package daemon_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"floord/device/devicetest"
	"floord/floor"
	"floord/floor/foreman"
	"floord/label/labeltest"
	"floord/sync/ledger"
)

// TestSecretLabels: a badge and a pairing code come out of a station's printer, and
// the journal has neither; who asks with another code, at a station without a printer
// or after the words are gone is told so.
func TestSecretLabels(t *testing.T) {
	k, sim := newFormsDock(t)
	ctx := t.Context()
	const badge = "HUSH7K2MQ4XR"
	k.must2(k.f.SetPerson(ctx, k.root(), floor.Person{ID: "liu.yang", Name: "刘洋𠅤", Roles: []floor.Role{floor.RoleLead}}, badge))
	k.screen()
	_, _, err := k.f.Login(ctx, foreman.By{Device: "board-1", Key: k.key()}, badge)
	k.must(err)
	code, err := k.f.Invite(ctx, k.root(), "pda-77", "pda", "")
	k.must(err)

	for _, tt := range []struct {
		path, body string
		status     int
		has        string
	}{
		{"people/liu.yang/badge", `{"badge":"` + badge + `","station":"pack-1"}`, http.StatusConflict, "no-printer"},
		{"people/liu.yang/badge", `{"badge":"WRONG1234","station":"pack-2"}`, http.StatusConflict, "badge-other"},
		{"devices/pda-77/label", `{"code":"WRONG1234","station":"pack-2"}`, http.StatusConflict, "bad-code"},
		{"devices/pda-78/label", `{"code":"` + code + `","station":"pack-2"}`, http.StatusConflict, "bad-code"},
		{"people/liu.yang/badge", `{"badge":"` + badge + `","station":"pack-2"}`, http.StatusOK, `"png"`},
		{"devices/pda-77/label", `{"code":"` + code + `","station":"pack-2"}`, http.StatusOK, `"ok":true`},
	} {
		if status, body := k.call(http.MethodPost, tt.path, tt.body); status != tt.status || !strings.Contains(string(body), tt.has) {
			t.Errorf("%s %s: %d %s; want %d with %s", tt.path, tt.body, status, body, tt.status, tt.has)
		}
	}
	// What was kept in memory only is gone after a start.
	k.must2(k.f.PlainLabel(ctx, k.root(), "pack-2", map[string]string{"template": "badge-100x150", "secret": "of another day"}))

	done, failed := 0, ""
	for e, err := range k.d.Ledger().Follow(ctx, 0, ledger.Topic{ledger.Everything}) {
		k.must(err)
		b, err := json.Marshal(e)
		k.must(err)
		if strings.Contains(string(b), badge) || strings.Contains(string(b), code) {
			t.Errorf("the journal has a code: %s", b)
		}
		switch f := e.Fact.(type) {
		case floor.EffectEnded:
			switch f.Outcome {
			case "printed", "done":
				done++
			default:
				failed = f.Detail
			}
		}
		if done == 2 && failed != "" {
			break
		}
	}
	if failed != "label-words-gone" {
		t.Errorf("words that are gone: %q", failed)
	}
	var got []string
	for _, l := range sim.Labels() {
		m, err := devicetest.Draw("zpl", l)
		k.must(err)
		got = append(got, labeltest.ReadCodesZbar(t, m)...)
	}
	if want := []string{badge, k.d.URL("/pda") + "#pair=" + code}; !slices.Equal(got, want) {
		t.Errorf("the labels say %q; want %q", got, want)
	}
}
