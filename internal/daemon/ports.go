package daemon

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"floord/device"
	"floord/device/find"
	"floord/device/profile"
	"floord/device/serial"
	"floord/device/tape"
	"floord/floor"
	"floord/sync/pda"
	"floord/web"
)

// ports is what the set-up page finds out about the machine's ports.
type ports struct {
	d   *Daemon
	dev string // the folder of devices
}

// List gives the machine's ports, and whose they are.
func (p ports) List() ([]web.DevicePort, error) {
	all, err := find.Ports(p.dev)
	if err != nil {
		return nil, err
	}
	out := []web.DevicePort{}
	for _, x := range all {
		port := web.DevicePort{Path: x.Path, Names: x.Names, Says: x.Says, Shared: x.Shared, Holders: append([]string{}, x.Holders...)}
		if s, kind := p.owner(x.Path); s != nil {
			port.Station, port.Kind = s.id, kind
		}
		if x.Reason != device.NoReason {
			port.Trouble = &pda.Words{ZH: x.Reason.Text("zh"), EN: x.Reason.Text("en")}
		}
		out = append(out, port)
	}
	return out, nil
}

// owner gives the station's device that uses a port; nil if none does.
func (p ports) owner(path string) (*station, string) {
	real := func(path string) string {
		if tty, err := filepath.EvalSymlinks(path); err == nil {
			return tty
		}
		return path
	}
	for _, c := range p.d.cfg.Stations {
		s := p.d.stations[c.ID]
		for _, kind := range []string{"printer", "scale", "scanner"} {
			if dev := s.device(kind); dev != nil && s.tapes[kind] != nil && (dev.Port == path || real(dev.Port) == real(path)) {
				return s, kind
			}
		}
	}
	return nil, ""
}

// listed refuses a path that is no port of this machine: nothing else is opened.
func (p ports) listed(path string) error {
	all, err := find.Ports(p.dev)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(x find.Place) bool { return x.Path == path || slices.Contains(x.Names, path) }) {
		return floor.Refuse("device-no-such-port")
	}
	return nil
}

// Identify says which scale a port's device is.
func (p ports) Identify(ctx context.Context, path string) (web.Identified, error) {
	if err := p.listed(path); err != nil {
		return web.Identified{}, err
	}
	profiles := p.d.cfg.Known().Profiles(profile.KindScale)
	out := web.Identified{Candidates: []web.PortCandidate{}, Heard: []web.PortHeard{}}
	note := func(line profile.Line, heard []byte, _ []find.Candidate) {
		first := heard[:min(len(heard), 64)]
		out.Heard = append(out.Heard, web.PortHeard{Line: serial.Of(line).String(), Bytes: len(heard), Hex: fmt.Sprintf("% x", first), ASCII: readable(first)})
	}
	var a find.Answer
	if s, kind := p.owner(path); s != nil {
		var heard []byte
		entries, _ := s.tapes[kind].After(0)
		for _, e := range entries {
			if e.Way == tape.From {
				heard = append(heard, e.Bytes...)
			}
		}
		heard = heard[max(0, len(heard)-16<<10):]
		line := s.inForce(kind, s.device(kind)).Line
		found, hint := find.Score(profiles, line, heard)
		a = find.Judge(found)
		a.Bytes, a.Hint = len(heard), string(hint)
		note(line, heard, nil)
	} else {
		var err error
		if a, err = find.Identify(ctx, path, profiles, find.Options{Tell: note}); err != nil {
			return out, portTrouble(err)
		}
	}
	for _, c := range a.Candidates[:min(len(a.Candidates), 20)] {
		out.Candidates = append(out.Candidates, web.PortCandidate{Profile: c.Profile, Line: serial.Of(c.Line).String(), Score: int(100 * c.Score), Frames: c.Frames, Text: c.Text, Also: append([]string{}, c.Also...)})
	}
	say := a.Message()
	out.Sure, out.Say = a.Sure, pda.Words{ZH: strings.ReplaceAll(say.ZH, `"..."`, fmt.Sprintf("%q", path)), EN: strings.ReplaceAll(say.EN, `"..."`, fmt.Sprintf("%q", path))}
	return out, nil
}

// portTrouble is a port that cannot be had, as a refusal with its cure.
func portTrouble(err error) error { return floor.Refuse("device-" + string(device.ReasonOf(err))) }

// recordFor is how long a free port is recorded.
const recordFor = 5 * time.Second

// Record listens to a port that no station has.
func (p ports) Record(ctx context.Context, path, setting string) ([]byte, error) {
	if err := p.listed(path); err != nil {
		return nil, err
	}
	line, err := profile.Line{Flow: "none"}.With(setting)
	if err != nil {
		return nil, floor.Refuse("bad-args", "what", "line")
	}
	opener := find.Opener(path, line)
	began := time.Now()
	t, err := find.Record(ctx, opener, recordFor)
	if err != nil {
		return nil, portTrouble(err)
	}
	var out bytes.Buffer
	err = t.Write(&out, map[string]string{"port": opener.String(), "at": began.UTC().Format(time.RFC3339)})
	return out.Bytes(), err
}

// Tape gives the last minutes of a station's device.
func (p ports) Tape(id floor.StationID, kind string) ([]byte, bool) {
	var out bytes.Buffer
	err := p.d.writeTape(id, kind, &out)
	return out.Bytes(), err == nil
}

// Doctor checks the machine and the site.
func (p ports) Doctor(ctx context.Context, lang string) []web.Finding {
	cfg := *p.d.cfg
	cfg.Site.Lang = lang
	var said strings.Builder
	Doctor(ctx, &cfg, &said)
	out := []web.Finding{}
	for line := range strings.Lines(said.String()) {
		mark, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		out = append(out, web.Finding{Mark: mark, Text: strings.TrimSpace(text)})
	}
	return out
}
