package web

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
	"floord/sync/pda"

	"github.com/danielgtaylor/huma/v2"
)

// A reportIn is an act of a handheld like those on its socket: day, session and n
// make its key. It comes here because a photo is too large for a socket's message.
type reportIn struct {
	Body struct {
		Session string       `json:"session" minLength:"1" maxLength:"32" pattern:"^[A-Za-z0-9]+$" doc:"As in the handheld's hello"`
		N       uint64       `json:"n" minimum:"1" maximum:"999999999"`
		Day     string       `json:"day" pattern:"^[0-9]{8}$" example:"20261121"`
		What    string       `json:"what" enum:"damaged,wrong-label,blocked,leaking,other"`
		Text    string       `json:"text,omitempty" maxLength:"500"`
		Task    floor.TaskID `json:"task,omitempty" maxLength:"64"`
		Stop    int          `json:"stop,omitempty" minimum:"0"`
		Photo   []byte       `json:"photo,omitempty" doc:"JPEG, PNG or WebP of at most 400 KiB, base64"`
	}
}

func (a *api) tell(ctx context.Context, in *reportIn) (*answer[done], error) {
	c := callerOf(ctx)
	b := in.Body
	by := foreman.By{Person: cmp.Or(c.device.Person, c.device.Last), Device: c.device.ID}
	var err error
	if by.Key, err = pda.ActKey(b.Day, c.device.ID, b.Session, b.N, time.Now()); err != nil {
		return nil, floor.Refuse("bad-args", "what", err)
	}
	return did(a.o.Foreman.Report(ctx, by, foreman.Report{What: b.What, Text: b.Text, Task: b.Task, Stop: b.Stop, Picture: b.Photo}))
}

type exceptionsOut struct {
	Exceptions []exceptionRow `json:"exceptions"`
}

type exceptionRow struct {
	floor.ExceptionReported
	At time.Time `json:"at"`
}

// exceptions lists what was reported, the newest first, at most 100.
func (a *api) exceptions(ctx context.Context, _ *struct{}) (*answer[exceptionsOut], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	out := exceptionsOut{Exceptions: []exceptionRow{}}
	err := a.o.Ledger.Read(func(v *ledger.View) error {
		all, err := v.Exceptions(100)
		for _, x := range all {
			out.Exceptions = append(out.Exceptions, exceptionRow{x.ExceptionReported, x.At})
		}
		return err
	})
	return give(out), err
}

type exceptionIn struct {
	ID floor.ExceptionID `path:"id" maxLength:"32"`
}

// photo gives the picture of a report, as long as the journal has it.
func (a *api) photo(ctx context.Context, in *exceptionIn) (*huma.StreamResponse, error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	var x floor.Exception
	var ok bool
	err := a.o.Ledger.Read(func(v *ledger.View) (err error) { x, ok, err = v.Exception(in.ID); return err })
	var picture []byte
	if err == nil && ok && x.Photo != "" {
		picture, err = a.o.Ledger.Raw(x.Seq)
	}
	switch {
	case err != nil:
		return nil, err
	case len(picture) == 0:
		return nil, floor.Refuse("unknown-exception", "exception", in.ID)
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		ctx.SetHeader("Content-Type", http.DetectContentType(picture))
		ctx.SetHeader("Cache-Control", "private, max-age=86400")
		ctx.BodyWriter().Write(picture)
	}}, nil
}
