package web_test

import (
	"strings"
	"testing"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/pda/pdatest"
)

// The three ways to another label, the fuses and the runs, as other programs call
// them.
func TestLabelsByTheAPI(t *testing.T) {
	s := newSite(t, pdatest.Options{})
	_, err := s.Foreman.Trip(t.Context(), s.Root(), floor.Trip{Scope: floor.Scope{Carrier: "sf"}, Cause: floor.FuseBalance})
	s.Must(err)
	id := s.Receive(1)
	s.Release(id)
	wave := string(s.Order(id).Wave)
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		has                      string
	}{
		{"fuses with their sentence", "GET", "/api/v1/fuses", "", 200, "余额用完"},
		{"close one", "POST", "/api/v1/fuses/F-1/close", "", 200, "true"},
		{"once", "POST", "/api/v1/fuses/F-1/close", "", 409, "unknown-fuse"},
		{"none is open", "GET", "/api/v1/fuses", "", 200, "[]"},
		{"print first", "POST", "/api/v1/waves/" + wave + "/print-first", `{"station":"pack-1"}`, 200, `"of":1`},
		{"at no station", "POST", "/api/v1/waves/" + wave + "/print-first", `{"station":"pack-9"}`, 409, "unknown-station"},
		{"runs", "GET", "/api/v1/runs", "", 200, `"R-1"`},
		{"nothing was called", "POST", "/api/v1/runs/R-1/pulled", `{"sheets":[1]}`, 409, "not-called"},
		{"reprint what is printing", "POST", "/api/v1/parcels/P-1/reprint", `{"reason":"spoilt"}`, 409, "not-sealed"},
		{"renew of no parcel", "POST", "/api/v1/parcels/P-9/renew", `{"reason":"lost"}`, 409, "unknown-parcel"},
		{"redo without a reason", "POST", "/api/v1/parcels/P-1/redo", `{}`, 422, ""},
		{"accounts", "GET", "/api/v1/carriers", "", 200, "["},
	} {
		status, body := call(s, adminToken, tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(body, tt.has) {
			t.Errorf("%s: %d %s; want %d with %q", tt.name, status, body, tt.status, tt.has)
		}
	}
	s.Must(s.Ledger.Read(func(v *ledger.View) error {
		n := 0
		err := v.Lane(foreman.PrinterLane("pack-1"), func(floor.Effect) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d labels asked for; want one", n)
		}
		return err
	}))
}
