package pda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/pda"
	"floord/sync/pda/pdatest"
)

// TestProtocolPage replays every example of docs/PROTOCOL.md against a server.
func TestProtocolPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	s := pdatest.NewSite(t, pdatest.Options{Hooks: pda.Hooks{
		TakeWeight: func(context.Context, floor.StationID) (floor.Weight, error) {
			return floor.Weight{Grams: 598, ZeroSeen: true, By: "pack-1", At: time.Now()}, nil
		},
		Carriers: func() []floor.CarrierID { return []floor.CarrierID{"sf"} },
		Stations: func() []floor.StationID { return []floor.StationID{"pack-1"} },
	}})
	s.Mux.HandleFunc("POST /api/v1/pair", pairing(s))
	r := &replay{Site: s, t: t, vars: map[string]any{}, on: map[string]*pdatest.Client{}}
	r.order = s.Receive(3, 7)
	r.task = s.Release(r.order)
	code, err := s.Foreman.Invite(t.Context(), s.Root(), "pda-07", "pda", "")
	s.Must(err)
	r.vars["$CODE"] = code
	r.vars["$STATION_TOKEN"] = s.Pair("pack-screen", "station", "pack-1")
	r.vars["$BOARD_TOKEN"] = s.Pair("board-1", "board", "")
	r.run(string(page))
	if r.said < 20 || r.heard < 30 {
		t.Errorf("replayed only %d and %d lines: the page was read wrongly", r.said, r.heard)
	}
}

// pairing stands in for the JSON API, which this package does not know.
func pairing(s *pdatest.Site) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Code string }
		json.NewDecoder(r.Body).Decode(&in)
		d, token, err := s.Foreman.Pair(r.Context(), in.Code)
		if no, ok := err.(*floor.Refusal); ok {
			w.WriteHeader(http.StatusConflict)
			json.NewEncoder(w).Encode(map[string]any{"status": 409, "title": no.Error(), "code": no.Code, "zh": no.Text("zh"), "en": no.Text("en")})
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"device": d.ID, "screen": d.Kind, "token": token})
	}
}

// A replay walks through the page.
type replay struct {
	*pdatest.Site
	t           *testing.T
	vars        map[string]any
	on          map[string]*pdatest.Client
	got         map[string][]any // what came and no line has claimed, by device
	order       floor.OrderID
	task        floor.TaskID
	said, heard int
	line        int
	status      int
	body        any
}

func (r *replay) run(page string) {
	r.got = map[string][]any{}
	device, kind := "", ""
	for i, line := range strings.Split(page, "\n") {
		r.line = i + 1
		if info, ok := strings.CutPrefix(line, "```"); ok {
			kind, device, _ = strings.Cut(info, " ")
			continue
		}
		switch {
		case kind == "http":
			r.http(line)
		case kind != "wire":
		case strings.HasPrefix(line, "> "):
			r.say(device, line[2:])
		case strings.HasPrefix(line, "< "):
			r.hear(device, line[2:])
		case strings.HasPrefix(line, "-- "):
			r.stage(device, line[3:])
		default:
			r.t.Fatalf("line %d of the page: %q is no example", r.line, line)
		}
	}
}

func (r *replay) http(line string) {
	first, body, _ := strings.Cut(line, " {")
	body = "{" + body
	method, path, asks := strings.Cut(first, " ")
	if !asks {
		if want := r.parse(body); first != fmt.Sprint(r.status) || !r.fits(want, r.body) {
			r.t.Errorf("line %d: got %d %v, the page says %s", r.line, r.status, r.body, line)
		}
		r.heard++
		return
	}
	data, err := json.Marshal(r.fill(r.parse(body)))
	r.Must(err)
	req, err := http.NewRequestWithContext(r.t.Context(), method, "http://"+r.Addr+path, bytes.NewReader(data))
	r.Must(err)
	resp, err := http.DefaultClient.Do(req)
	r.Must(err)
	defer resp.Body.Close()
	data, err = io.ReadAll(resp.Body)
	r.Must(err)
	r.status, r.body = resp.StatusCode, r.parse(string(data))
	r.said++
}

func (r *replay) parse(text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		r.t.Fatalf("line %d: %v: %s", r.line, err, text)
	}
	return v
}

// say sends a line; a hello opens a new socket.
func (r *replay) say(device, line string) {
	m := r.fill(r.parse(line)).(map[string]any)
	if m["type"] == "hello" {
		if c := r.on[device]; c != nil {
			c.Close()
		}
		c, _, err := pdatest.Connect(r.t.Context(), r.URL(), nil)
		r.Must(err)
		r.t.Cleanup(func() { c.Close() })
		r.on[device], r.got[device] = c, nil
	}
	r.Must(r.on[device].Say(m))
	r.said++
}

// hear waits for a message that fits the line.
func (r *replay) hear(device, line string) {
	want := r.parse(line)
	for i, m := range r.got[device] {
		if r.fits(want, m) {
			r.got[device] = append(r.got[device][:i:i], r.got[device][i+1:]...)
			r.heard++
			return
		}
	}
	for {
		m, err := r.on[device].Next()
		if err != nil {
			r.t.Fatalf("line %d: nothing fits %s\nleft over: %v\n%v", r.line, line, r.got[device], err)
		}
		v := r.parse(string(m.Raw))
		if r.fits(want, v) {
			r.heard++
			return
		}
		r.got[device] = append(r.got[device], v)
	}
}

// fits compares exactly, but for what "…" and names stand for. Names are bound
// only if all fits.
func (r *replay) fits(want, got any) bool {
	bound := map[string]any{}
	if !fits(want, got, r.vars, bound) {
		return false
	}
	for k, v := range bound {
		r.vars[k] = v
	}
	return true
}

func fits(want, got any, vars, bound map[string]any) bool {
	switch w := want.(type) {
	case string:
		if w == "…" {
			return true
		}
		if strings.HasPrefix(w, "$") {
			for _, m := range []map[string]any{vars, bound} {
				if v, ok := m[w]; ok {
					return reflect.DeepEqual(v, got)
				}
			}
			bound[w] = got
			return true
		}
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range w {
			if v, ok := g[k]; !ok || !fits(w[k], v, vars, bound) {
				return false
			}
		}
		return true
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !fits(w[i], g[i], vars, bound) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(want, got)
}

// fill puts the values of names in.
func (r *replay) fill(v any) any {
	switch x := v.(type) {
	case string:
		if strings.HasPrefix(x, "$") {
			value, ok := r.vars[x]
			if !ok {
				r.t.Fatalf("line %d: %s is not known yet", r.line, x)
			}
			return value
		}
	case map[string]any:
		for k := range x {
			x[k] = r.fill(x[k])
		}
	case []any:
		for i := range x {
			x[i] = r.fill(x[i])
		}
	}
	return v
}

// stage has happen what the page says happens elsewhere.
func (r *replay) stage(device, what string) {
	ctx := r.t.Context()
	switch what {
	case "the shop cancels the order":
		_, err := r.Foreman.Freeze(ctx, r.Root(), r.order, floor.FreezeCancel)
		r.Must(err)
	case "the socket breaks":
		r.on[device].Close()
	case "the socket breaks, and a lead lets the order go on":
		r.on[device].Close()
		_, err := r.Foreman.Thaw(ctx, r.Root(), r.order)
		r.Must(err)
	case "the picker picks the rest":
		scan := map[string]any{"type": "act", "n": 101, "day": r.vars["$DAY"], "verb": "pick", "args": map[string]any{
			"task": r.task, "stop": 2, "bin": pdatest.Bin(7), "code": "SK007", "qty": 1,
		}}
		r.Must(r.on["pda-07"].Say(scan))
		_, err := r.on["pda-07"].Wait("ok")
		r.Must(err)
	case "the account of the carrier runs dry":
		_, err := r.Foreman.Trip(ctx, r.Root(), floor.Trip{Scope: floor.Scope{Carrier: "sf"}, Cause: floor.FuseBalance})
		r.Must(err)
	case "the account is topped up":
		_, err := r.Foreman.PoolWaybills(ctx, r.Root(), "sf", []floor.WaybillNo{"SF20000000000"})
		r.Must(err)
	case "a lead revokes the device":
		_, err := r.Foreman.Revoke(ctx, r.Root(), floor.DeviceID(device))
		r.Must(err)
	default:
		r.t.Fatalf("line %d: the test does not know how %q happens", r.line, what)
	}
}
