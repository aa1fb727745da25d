package web

import (
	"context"
	"fmt"
	"net/http"

	"floord/floor"
	"floord/sync/pda"
)

// Ports looks at the serial ports of the machine and what hangs on them. It listens
// and sends nothing.
type Ports interface {
	List() ([]DevicePort, error)
	// Identify says which scale a port's device is. What is in use by a station is
	// judged by what it said in the last minutes.
	Identify(ctx context.Context, port string) (Identified, error)
	// Record listens to a free port for five seconds and gives a session.
	Record(ctx context.Context, port, line string) ([]byte, error)
	// Tape gives the session of a station's device: its last minutes; false if there
	// is none.
	Tape(station floor.StationID, kind string) ([]byte, bool)
	// Doctor checks the machine and the site.
	Doctor(ctx context.Context, lang string) []Finding
}

// A DevicePort is one port that a device can hang on.
type DevicePort struct {
	Path    string          `json:"path" doc:"What to write into floord.toml: its most lasting name"`
	Names   []string        `json:"names"`
	Says    string          `json:"says,omitempty" doc:"Of a scale on USB: its name for itself"`
	Shared  bool            `json:"shared" doc:"A twin has the same name: use the one by its socket"`
	Holders []string        `json:"holders" doc:"Programs that have it open: pid 812 (minicom)"`
	Station floor.StationID `json:"station,omitempty" doc:"Whose it is by floord.toml"`
	Kind    string          `json:"kind,omitempty"`
	Trouble *pda.Words      `json:"trouble,omitempty"`
}

// Identified is what was found out about a port.
type Identified struct {
	Sure       bool            `json:"sure"`
	Say        pda.Words       `json:"say" doc:"The line for floord.toml, or what to do next"`
	Candidates []PortCandidate `json:"candidates"`
	Heard      []PortHeard     `json:"heard"`
}

// A PortCandidate is one way to read what a port says.
type PortCandidate struct {
	Profile string   `json:"profile"`
	Line    string   `json:"line"`
	Score   int      `json:"score" doc:"Percent of the bytes that are sound frames"`
	Frames  int      `json:"frames"`
	Text    string   `json:"text"`
	Also    []string `json:"also"`
}

// PortHeard is what was heard at one line setting.
type PortHeard struct {
	Line  string `json:"line"`
	Bytes int    `json:"bytes"`
	Hex   string `json:"hex" doc:"The first of them"`
	ASCII string `json:"ascii"`
}

// A Finding is one thing that the doctor looked at.
type Finding struct {
	Mark string `json:"mark" enum:"ok,warn,bad"`
	Text string `json:"text"`
}

func (a *api) ports(ctx context.Context, _ *struct{}) (*answer[[]DevicePort], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Ports == nil {
		return give([]DevicePort{}), nil
	}
	all, err := a.o.Ports.List()
	return give(all), err
}

type portIn struct {
	Body struct {
		Port string `json:"port" minLength:"1" maxLength:"256"`
		Line string `json:"line,omitempty" maxLength:"16" doc:"To record at: 9600 8N1"`
	}
}

func (a *api) identify(ctx context.Context, in *portIn) (*answer[Identified], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Ports == nil {
		return nil, floor.Refuse("device-no-such-port")
	}
	found, err := a.o.Ports.Identify(ctx, in.Body.Port)
	if err != nil {
		return nil, err
	}
	return give(found), nil
}

func (a *api) record(ctx context.Context, in *portIn) (*document, error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Ports == nil {
		return nil, floor.Refuse("device-no-such-port")
	}
	b, err := a.o.Ports.Record(ctx, in.Body.Port, in.Body.Line)
	if err != nil {
		return nil, err
	}
	return session("port", b), nil
}

func session(name string, b []byte) *document {
	return &document{Type: "text/plain; charset=utf-8", Disposition: fmt.Sprintf("attachment; filename=%q", name+".session"), Body: b}
}

type tapeIn struct {
	Station floor.StationID `path:"station" maxLength:"64"`
	Kind    string          `path:"kind" enum:"scale,printer,scanner"`
}

func (a *api) tape(ctx context.Context, in *tapeIn) (*document, error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Ports != nil {
		if b, ok := a.o.Ports.Tape(in.Station, in.Kind); ok {
			return session(string(in.Station)+"-"+in.Kind, b), nil
		}
	}
	return nil, &problem{Status: http.StatusNotFound, Title: "There is no such device at this station."}
}

type doctorIn struct {
	Lang string `query:"lang" enum:"zh,en" default:"zh"`
}

func (a *api) doctor(ctx context.Context, in *doctorIn) (*answer[[]Finding], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	out := []Finding{}
	if a.o.Ports != nil {
		out = a.o.Ports.Doctor(ctx, in.Lang)
	}
	return give(out), nil
}
