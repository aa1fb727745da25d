package web

import (
	"bytes"
	"context"
	"image/png"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/label/lang"
	"floord/label/preview"
	"floord/sync/ledger"
	"floord/sync/pda"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/skip2/go-qrcode"
)

type inviteIn struct {
	Keyed
	Body struct {
		Device  floor.DeviceID  `json:"device" minLength:"1" maxLength:"64"`
		Screen  string          `json:"screen" enum:"pda,station,board"`
		Station floor.StationID `json:"station,omitempty" maxLength:"64"`
	}
	inviteOrigin
}

// inviteOrigin is the address that the asking page was reached under: the new device
// reaches its page there too.
type inviteOrigin struct{ origin string }

// Resolve keeps it.
func (i *inviteOrigin) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	i.origin = "http://" + r.Host
	if r.TLS != nil {
		i.origin = "https://" + r.Host
	}
	return nil
}

type invited struct {
	Code  string    `json:"code" doc:"Good once, for fifteen minutes"`
	URL   string    `json:"url" doc:"Opened on the device it pairs it"`
	QR    []byte    `json:"qr" doc:"The URL as a QR code, PNG"`
	Until time.Time `json:"until"`
}

func (a *api) invite(ctx context.Context, in *inviteIn) (*answer[invited], error) {
	until := time.Now().Add(foreman.PairWindow)
	code, err := a.o.Foreman.Invite(ctx, a.by(ctx, in.Key), in.Body.Device, in.Body.Screen, in.Body.Station)
	if err != nil {
		return nil, err
	}
	url := in.origin + "/" + in.Body.Screen + "#pair=" + code
	qr, err := qrcode.Encode(url, qrcode.Medium, 320)
	return give(invited{Code: code, URL: url, QR: qr, Until: until}), err
}

type pairingIn struct {
	inviteOrigin
	Keyed
	ID   floor.DeviceID `path:"id" maxLength:"64"`
	Body struct {
		Code    string          `json:"code" minLength:"4" maxLength:"64" doc:"The code: only its hash is kept, so it has to be said"`
		Station floor.StationID `json:"station" minLength:"1" maxLength:"64" doc:"Whose printer prints it"`
	}
}

// printPairing prints the label that pairs an invited device.
func (a *api) printPairing(ctx context.Context, in *pairingIn) (*answer[done], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	var invite floor.DeviceInvited
	err := a.o.Ledger.Read(func(v *ledger.View) (err error) { invite, _, err = v.Invited(foreman.Hash(in.Body.Code)); return err })
	if err != nil {
		return nil, err
	}
	if invite.Device != in.ID || time.Now().After(invite.Until) {
		return nil, floor.Refuse("bad-code")
	}
	url := in.origin + "/" + invite.Screen
	return a.printSecret(ctx, in.Key, in.Body.Station, "pairing", map[string]string{
		"device": string(in.ID), "kind": string(invite.Station), "code": in.Body.Code, "url": url, "qr": url + "#pair=" + in.Body.Code,
		"site": a.o.Site, "until": invite.Until.In(a.o.Zone).Format("2006-01-02 15:04"),
	})
}

func (a *api) printSecret(ctx context.Context, key string, station floor.StationID, kind string, words map[string]string) (*answer[done], error) {
	if a.o.PrintSecret == nil {
		return nil, floor.Refuse("no-printer", "station", station)
	}
	return give(done{OK: true}), a.o.PrintSecret(ctx, a.by(ctx, key), station, kind, words)
}

// A member is a person as whoever sets people up sees them.
type member struct {
	pda.Worker
	InFile bool `json:"in_file" doc:"Set in floord.toml, and changed there only"`
}

func (a *api) inFile(id floor.PersonID) bool { return a.o.InFile != nil && a.o.InFile(id) }

func (a *api) people(ctx context.Context, _ *struct{}) (*answer[[]member], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	return board(a, func(b pda.Board) []member {
		out := []member{}
		for _, w := range b.People {
			out = append(out, member{w, a.inFile(w.ID)})
		}
		return out
	})
}

type personIn struct {
	Keyed
	ID   floor.PersonID `path:"id" maxLength:"64"`
	Body struct {
		Name  string       `json:"name" minLength:"1" maxLength:"64"`
		Badge string       `json:"badge,omitempty" maxLength:"128" doc:"The text on the badge, 4 characters at least; only its hash is kept. Left out: the badge stays"`
		Roles []floor.Role `json:"roles" minItems:"1" maxItems:"4"`
		Lang  string       `json:"lang,omitempty" enum:"zh,en"`
		Team  string       `json:"team,omitempty" maxLength:"64" doc:"Reports count by it"`
	}
}

func (a *api) setPerson(ctx context.Context, in *personIn) (*answer[done], error) {
	for _, r := range in.Body.Roles {
		if !slices.Contains([]floor.Role{floor.RolePicker, floor.RolePacker, floor.RoleLead, floor.RoleAdmin}, r) {
			return nil, floor.Refuse("bad-args", "what", "roles")
		}
	}
	if n := len(in.Body.Badge); n > 0 && n < 4 {
		return nil, floor.Refuse("bad-args", "what", "badge")
	}
	if a.inFile(in.ID) {
		return nil, floor.Refuse("in-file", "name", in.ID)
	}
	p := floor.Person{ID: in.ID, Name: in.Body.Name, Roles: in.Body.Roles, Lang: in.Body.Lang, Team: in.Body.Team}
	return did(a.o.Foreman.SetPerson(ctx, a.by(ctx, in.Key), p, in.Body.Badge))
}

func (a *api) removePerson(ctx context.Context, in *struct {
	Keyed
	ID floor.PersonID `path:"id" maxLength:"64"`
}) (*answer[done], error) {
	if a.inFile(in.ID) {
		return nil, floor.Refuse("in-file", "name", in.ID)
	}
	return did(a.o.Foreman.RemovePerson(ctx, a.by(ctx, in.Key), in.ID))
}

type badgeIn struct {
	Keyed
	ID   floor.PersonID `path:"id" maxLength:"64"`
	Body struct {
		Badge   string          `json:"badge" minLength:"4" maxLength:"128" doc:"What is on the badge: only its hash is kept, so it has to be said"`
		Lang    string          `json:"lang,omitempty" enum:"zh,en" doc:"of the words; zh"`
		Station floor.StationID `json:"station,omitempty" maxLength:"64" doc:"Whose printer prints it; left out: it is only drawn"`
	}
}

// badge draws a badge by the template "badge-60x40", the site's own if it has one, as a
// thermal printer of 203 dpi would. Nothing of it is kept.
func (a *api) badge(ctx context.Context, in *badgeIn) (*answer[drawnLabel], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	var p floor.Person
	err := a.o.Ledger.Read(func(v *ledger.View) (err error) { p, _, err = v.Person(in.ID); return err })
	if err != nil {
		return nil, err
	}
	if p.Gone || p.Badge != foreman.Hash(in.Body.Badge) {
		return nil, floor.Refuse("badge-other", "name", in.ID)
	}
	var roles []string
	for _, r := range p.Roles {
		roles = append(roles, pda.Say(in.Body.Lang, floor.Refuse("role-"+string(r))))
	}
	t, err := a.o.Templates.Get("badge-60x40")
	if err != nil {
		return nil, err
	}
	out := drawnLabel{Notes: []string{}, Mistakes: []string{}}
	words := map[string]string{"name": p.Name, "roles": strings.Join(roles, " "), "badge": in.Body.Badge, "person": string(p.ID), "site": a.o.Site}
	if in.Body.Station != "" {
		if _, err := a.printSecret(ctx, in.Key, in.Body.Station, "badge", words); err != nil {
			return nil, err
		}
	}
	page, err := t.Fill(words, nil, in.Body.Lang)
	if err != nil {
		return give(out.wrong(err, in.Body.Lang)), nil
	}
	job, err := lang.Printer{}.Encode(page)
	if err != nil {
		return give(out.wrong(err, in.Body.Lang)), nil
	}
	var b bytes.Buffer
	err = png.Encode(&b, preview.Draw(job.Sheet))
	out.PNG, out.Bytes = b.Bytes(), len(job.Bytes)
	return give(out), err
}
