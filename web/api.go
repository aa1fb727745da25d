package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/pda"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// api holds the operations of the JSON API.
type api struct {
	o     Options
	pairs attempts
}

func newAPI(o Options) *api { return &api{o: o} }

// A problem is an answer that is not a success. A refusal has its code and its
// sentence in both languages.
type problem struct {
	Status int               `json:"status"`
	Title  string            `json:"title"`
	Code   string            `json:"code,omitempty"`
	Args   map[string]string `json:"args,omitempty"`
	ZH     string            `json:"zh,omitempty"`
	EN     string            `json:"en,omitempty"`
}

func (p *problem) Error() string  { return p.Title }
func (p *problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's.
func (p *problem) ContentType(string) string { return "application/problem+json" }

func (p *problem) json() []byte {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and a number
	}
	return data
}

// problem turns an error into an answer. A failure says no more than that it is
// one; the log has the rest.
func (a *api) problem(err error) *problem {
	var p *problem
	no := foreman.Refusal(err)
	switch {
	case errors.As(err, &p):
		return p
	case no != nil:
		p = &problem{Status: http.StatusConflict, Title: no.Error(), Code: no.Code, Args: no.Args}
		p.ZH, p.EN = say(no)
		switch no.Code {
		case "no-device", "device-revoked":
			p.Status = http.StatusUnauthorized
		case "no-role", "not-logged-in":
			p.Status = http.StatusForbidden
		case "unknown-order", "unknown-exception", "unknown-wave", "unknown-sheet", "unknown-device":
			p.Status = http.StatusNotFound
		case "disk-full":
			p.Status = http.StatusServiceUnavailable
		case "too-fast":
			p.Status = http.StatusTooManyRequests
		case "bad-args":
			p.Status = http.StatusUnprocessableEntity
		}
		return p
	}
	a.o.Log.Error("api", "err", err)
	return &problem{Status: http.StatusServiceUnavailable, Title: "The daemon could not do this now. Its log says why."}
}

// register puts the operations on mux.
func (a *api) register(mux *http.ServeMux) {
	c := huma.DefaultConfig("floord", a.o.Version)
	c.Info.Description = "The warehouse floor's own API. The OpenAPI description is at /api/v1/openapi.json."
	c.OpenAPIPath = "/api/v1/openapi"
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "The token of a paired device, or the operator's admin token."},
	}
	h := humago.New(mux, c)
	h.UseMiddleware(a.admit)

	a.registerReports(h)
	put(a, h, "pair", "POST /pair", "Pair a device with its one-time code", a.pair)
	put(a, h, "list-orders", "GET /orders", "Orders by state or flag, a page at a time", a.orders)
	put(a, h, "order", "GET /orders/{id}", "One order with its time line; personal data is masked unless a lead asks", a.order)
	put(a, h, "freeze-order", "POST /orders/{id}/freeze", "Stop an order wherever it is", a.freeze)
	put(a, h, "unhold-order", "POST /orders/{id}/unhold", "Lift the floor's own holds of an order", a.unhold)
	put(a, h, "thaw-order", "POST /orders/{id}/thaw", "Let a frozen order go on", a.thaw)
	put(a, h, "close-order", "POST /orders/{id}/close", "End an order", a.close)
	put(a, h, "list-devices", "GET /devices", "Paired devices", a.devices)
	put(a, h, "invite-device", "POST /devices", "Make a one-time pairing code for a device", a.invite)
	put(a, h, "revoke-device", "POST /devices/{id}/revoke", "End a device's token; its socket closes within two seconds", a.revoke)
	put(a, h, "list-people", "GET /people", "People and where they are logged in", a.people)
	put(a, h, "set-person", "PUT /people/{id}", "Add or change a person who is not in floord.toml", a.setPerson)
	put(a, h, "remove-person", "DELETE /people/{id}", "Take a person's badge away", a.removePerson)
	put(a, h, "badge", "POST /people/{id}/badge", "Draw a person's badge, and print it at a station; what is on it is not kept", a.badge)
	put(a, h, "print-pairing", "POST /devices/{id}/label", "Print a device's pairing code at a station; it is not kept", a.printPairing)
	put(a, h, "list-waves", "GET /waves", "Waves with walks that are not over", a.waves)
	put(a, h, "list-tasks", "GET /tasks", "Walks with their orders: of a wave, of a person, or all that are not over", a.walks)
	put(a, h, "stock", "GET /stock", "What of the stock wants a person, and where goods should lie", a.stock)
	put(a, h, "stock-of", "GET /stock/{sku}", "Where an article lies, lot by lot and pool by pool", a.stockOf)
	put(a, h, "advise-again", "POST /stock/advice", "Have the advice on where goods should lie computed anew", a.adviseAgain)
	put(a, h, "import-stock", "POST /stock/import", "Count what lies where from a CSV file", a.importStock)
	put(a, h, "floor-plan", "GET /plan", "The warehouse from above: bins by heat, walks with how far they are, orders set aside", a.plan)
	put(a, h, "wave-rules", "GET /whatif", "How orders are grouped now: what a comparison begins with", a.present)
	put(a, h, "what-if", "POST /whatif", "Today's orders planned as the rules are and under others: metres and minutes; nothing is kept", a.whatIf)
	put(a, h, "wave", "GET /waves/{id}", "What is special about a wave, by kind and slot", a.wave)
	put(a, h, "list-outbox", "GET /outbox", "What is owed to printers, shops and people", a.outbox)
	put(a, h, "figures", "GET /figures", "Counts of orders", a.figures)
	put(a, h, "list-intercepts", "GET /intercepts", "The interceptions of a day", a.intercepts)
	put(a, h, "tell-exception", "POST /exceptions", "Report a problem from a handheld, perhaps with a photo", a.tell)
	put(a, h, "list-exceptions", "GET /exceptions", "What people reported, the newest first", a.exceptions)
	put(a, h, "exception-photo", "GET /exceptions/{id}/photo", "The photo of a report", a.photo)
	put(a, h, "list-labels", "GET /labels", "Label templates: shipped, and the site's own over them", a.labels)
	put(a, h, "preview-label", "POST /labels/preview", "Draw a label template with a sample order, or name its mistakes", a.labelPreview)
	put(a, h, "handover-sheet", "GET /sheets/{id}/pdf", "A carrier's handover sheet as PDF", a.sheet)
	put(a, h, "list-channels", "GET /channels", "The health of the shops' connections", a.channels)
	put(a, h, "channel", "GET /channels/{id}", "What of a channel wants a look: payloads, holds, its trial", a.channel)
	put(a, h, "open-channel", "POST /channels/{id}/open", "End a channel's trial: its orders are worked on from now on", a.openChannel)
	put(a, h, "list-disputes", "GET /disputes", "Orders over which a shop contradicts itself or the floor, each with a mend", a.disputes)
	put(a, h, "mend-disputes", "POST /disputes/mend", "Carry out one mend for all orders of a channel that it is proposed for", a.mendAll)
	put(a, h, "mend-order", "POST /orders/{id}/mend", "Carry out the mend proposed for an order", a.mend)
	put(a, h, "rules", "GET /rules", "The rules in force, with where each stands", a.rules)
	put(a, h, "try-rules", "POST /rules/try", "What other rules would have made of a day's orders; nothing is kept", a.tryRules)
	put(a, h, "reprint-label", "POST /parcels/{id}/reprint", "Print another copy of a label: the same number", a.reprint)
	put(a, h, "renew-label", "POST /parcels/{id}/renew", "Give a sealed parcel a new number and label; the old number is void", a.renew)
	put(a, h, "redo-label", "POST /parcels/{id}/redo", "Put a sealed parcel back onto a table, to be weighed and sealed anew", a.redo)
	put(a, h, "list-fuses", "GET /fuses", "Why labels stopped, where, and what to do", a.fuses)
	put(a, h, "close-fuse", "POST /fuses/{id}/close", "Let what a fuse stopped go on", a.closeFuse)
	put(a, h, "print-first", "POST /waves/{id}/print-first", "Print the labels of a wave before its orders are packed, in a numbered run", a.printFirst)
	put(a, h, "list-runs", "GET /runs", "Labels printed first, and which sheets to pull", a.runs)
	put(a, h, "pulled-sheets", "POST /runs/{id}/pulled", "Say that sheets that were called are out of the pile", a.pulled)
	put(a, h, "list-accounts", "GET /carriers", "The health of the accounts at the carriers", a.accounts)
	put(a, h, "settings", "GET /settings", "What floord.toml says as it is now, its mistakes, and whether a restart is due", a.settings)
	put(a, h, "bins", "GET /bins", "Where the bins lie, drawn and checked", a.bins)
	put(a, h, "try-bins", "POST /bins/try", "What a bins file would change, and what is odd about it; nothing is kept", a.tryBins)
	put(a, h, "scale-command", "POST /stations/{station}/scale/{command}", "Zero or tare an empty scale, where its profile lets the caller", a.act)
	put(a, h, "device-feed", "GET /stations/{station}/devices/{kind}", "A device as whoever sets it up sees it: state, bytes, frames", a.feed)
	put(a, h, "device-session", "GET /stations/{station}/devices/{kind}/session", "The last minutes of a device as a .session file", a.tape)
	put(a, h, "ports", "GET /ports", "The serial ports of the machine, and who holds them", a.ports)
	put(a, h, "port-identify", "POST /ports/identify", "Listen at a port and say which scale it is; nothing is sent", a.identify)
	put(a, h, "port-record", "POST /ports/record", "Listen at a free port for five seconds; a .session file", a.record)
	put(a, h, "doctor", "GET /doctor", "What is not as the site needs it, one sentence each", a.doctor)
	put(a, h, "list-stations", "GET /stations", "Pack stations with their devices", a.stations)
}

// put registers one operation. All but pairing want a token.
func put[I, O any](a *api, h huma.API, id, at, summary string, do func(context.Context, *I) (*O, error)) {
	method, path, _ := strings.Cut(at, " ")
	op := huma.Operation{OperationID: id, Method: method, Path: "/api/v1" + path, Summary: summary, MaxBodyBytes: maxBody}
	if id != "pair" {
		op.Security = []map[string][]string{{"token": {}}}
	}
	huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, a.problem(err)
		}
		return out, nil
	})
}

// An answer is a body and nothing else.
type answer[T any] struct{ Body T }

func give[T any](v T) *answer[T] { return &answer[T]{Body: v} }

type done struct {
	OK       bool `json:"ok"`
	Repeated bool `json:"repeated" doc:"This request was answered before; nothing happened again"`
}

func did(r ledger.Receipt, err error) (*answer[done], error) {
	return give(done{OK: true, Repeated: r.Repeated}), err
}

// Keyed is the header that makes a request safe to send again. (It has an
// exported name because huma reads only such embedded structs.)
type Keyed struct {
	Key string `header:"Idempotency-Key" maxLength:"64" pattern:"^[A-Za-z0-9._-]*$" doc:"Your own name of this request: sent again on the same day it counts once"`
}

// needs refuses callers without a role.
func needs(ctx context.Context, r floor.Role) error {
	c := callerOf(ctx)
	switch {
	case c.may(r):
		return nil
	case c.person.ID == "":
		return floor.Refuse("not-logged-in")
	}
	return floor.Refuse("no-role", "role", r)
}

type pairIn struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"64"`
	}
	addr *http.Request
}

// Resolve keeps the request's address: attempts are counted by it.
func (i *pairIn) Resolve(ctx huma.Context) []error {
	i.addr, _ = humago.Unwrap(ctx)
	return nil
}

type paired struct {
	Device  floor.DeviceID  `json:"device"`
	Screen  string          `json:"screen"`
	Station floor.StationID `json:"station,omitempty"`
	Token   string          `json:"token" doc:"Said once; keep it on the device"`
}

func (a *api) pair(ctx context.Context, in *pairIn) (*answer[paired], error) {
	if !a.pairs.allow(in.addr) {
		a.o.Gate.Note(in.addr, "pair-too-fast")
		return nil, floor.Refuse("too-fast")
	}
	d, token, err := a.o.Foreman.Pair(ctx, in.Body.Code)
	if err != nil {
		a.o.Gate.Note(in.addr, "pair-bad-code")
		return nil, err
	}
	a.pairs.right(in.addr)
	return give(paired{Device: d.ID, Screen: d.Kind, Station: d.Station, Token: token}), nil
}

type orderIn struct {
	Keyed
	ID floor.OrderID `path:"id" maxLength:"64"`
}

func (a *api) freeze(ctx context.Context, in *orderIn) (*answer[done], error) {
	return did(a.o.Foreman.Freeze(ctx, a.by(ctx, in.Key), in.ID, floor.FreezeLead))
}

func (a *api) thaw(ctx context.Context, in *orderIn) (*answer[done], error) {
	return did(a.o.Foreman.Thaw(ctx, a.by(ctx, in.Key), in.ID))
}

func (a *api) unhold(ctx context.Context, in *orderIn) (*answer[done], error) {
	return did(a.o.Foreman.Unhold(ctx, a.by(ctx, in.Key), in.ID))
}

type closeIn struct {
	Keyed
	ID   floor.OrderID `path:"id" maxLength:"64"`
	Body struct {
		Why string `json:"why" minLength:"1" maxLength:"64"`
	}
}

func (a *api) close(ctx context.Context, in *closeIn) (*answer[done], error) {
	return did(a.o.Foreman.Close(ctx, a.by(ctx, in.Key), in.ID, in.Body.Why))
}

// board gives a part of what a lead sees.
func board[T any](a *api, part func(pda.Board) T) (*answer[T], error) {
	b, err := a.o.PDA.Board()
	return give(part(b)), err
}

func (a *api) devices(ctx context.Context, _ *struct{}) (*answer[[]pda.Device], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	return board(a, func(b pda.Board) []pda.Device { return b.Devices })
}

type deviceIn struct {
	Keyed
	ID floor.DeviceID `path:"id" maxLength:"64"`
}

func (a *api) revoke(ctx context.Context, in *deviceIn) (*answer[done], error) {
	return did(a.o.Foreman.Revoke(ctx, a.by(ctx, in.Key), in.ID))
}

func (a *api) waves(context.Context, *struct{}) (*answer[[]pda.Wave], error) {
	return board(a, func(b pda.Board) []pda.Wave { return b.Waves })
}

func (a *api) wave(ctx context.Context, in *struct {
	ID string `path:"id" pattern:"^W-[0-9]{1,12}$" example:"W-12"`
}) (*answer[floor.WaveNeeds], error) {
	var out floor.WaveNeeds
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		n, ok, err := v.WaveNeeds(floor.WaveID(in.ID))
		if err == nil && !ok {
			err = floor.Refuse("unknown-wave", "wave", in.ID)
		}
		out = n
		return err
	})
	if c := callerOf(ctx); !c.may(floor.RolePicker) && !c.may(floor.RolePacker) && !c.may(floor.RoleLead) {
		for i := range out.Needs {
			out.Needs[i].Notes = nil // buyers' words are for those who work with them
		}
	}
	return give(out), err
}

func (a *api) outbox(ctx context.Context, _ *struct{}) (*answer[[]floor.Effect], error) {
	if err := needs(ctx, floor.RolePacker); err != nil {
		return nil, err
	}
	return board(a, func(b pda.Board) []floor.Effect { return append(b.Outbox, b.Hands...) })
}

func (a *api) figures(context.Context, *struct{}) (*answer[pda.Figures], error) {
	return board(a, func(b pda.Board) pda.Figures { return b.Figures })
}

func (a *api) stations(context.Context, *struct{}) (*answer[[]pda.Station], error) {
	return board(a, func(b pda.Board) []pda.Station { return b.Stations })
}

func (a *api) intercepts(ctx context.Context, in *struct {
	Day string `query:"day" required:"true" pattern:"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$" example:"2026-11-21"`
}) (*answer[[]pda.Ask], error) {
	if err := needs(ctx, floor.RolePacker); err != nil {
		return nil, err
	}
	out := []pda.Ask{}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		return v.Intercepts(strings.ReplaceAll(in.Day, "-", ""), func(i floor.Intercept) bool {
			out = append(out, pda.NewAsk(i))
			return len(out) < maxPage
		})
	})
	return give(out), err
}

// health answers a watchdog or a load balancer; it says no more than yes or no.
func (a *api) health(w http.ResponseWriter, r *http.Request) {
	if a.o.Health != nil {
		if err := a.o.Health(r.Context()); err != nil {
			http.Error(w, "not well: floord doctor says why", http.StatusServiceUnavailable)
			return
		}
	}
	w.Write([]byte("ok\n"))
}
