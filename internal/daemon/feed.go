package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"floord/device"
	"floord/device/profile"
	"floord/device/scale"
	"floord/device/scanner"
	"floord/device/serial"
	"floord/device/tape"
	"floord/floor"
	"floord/internal/config"
	"floord/sync/ledger"
	"floord/web"
)

// What a person who sets up a device sees of it: its state, the bytes of the last
// seconds, and what they mean.

// feedBytes and feedFrames are how many of each a page gets at once.
const (
	feedBytes  = 100
	feedFrames = 20
)

// device gives one device of a station with what its tape holds after a number.
func (d *Daemon) device(id floor.StationID, kind string, after uint64) (web.DeviceFeed, bool) {
	s := d.stations[id]
	if s == nil || s.onLine[kind] == nil {
		return web.DeviceFeed{}, false
	}
	st, _ := s.onLine[kind].State()
	c := s.device(kind)
	p := s.inForce(kind, c)
	f := web.DeviceFeed{
		Station: id, Kind: kind, Port: c.Port, Profile: p.Device.String(), Line: serial.Of(p.Line).String(),
		Phase: string(st.Phase), Detail: st.Detail, Since: st.Since, Bytes: []web.DeviceBytes{}, Frames: []web.DeviceFrame{},
	}
	f.Say.ZH, f.Say.EN = st.Reason.Text("zh"), st.Reason.Text("en")
	if st.Phase == device.Up {
		f.Say.ZH, f.Say.EN = "已连接", "connected"
	}
	if kind == "printer" && s.printer != nil && st.Phase == device.Up {
		if now, _ := s.printer.Live(); now.Reason() != "" {
			f.Say.ZH, f.Say.EN = now.Reason().Text("zh"), now.Reason().Text("en")
		} else {
			f.Say.ZH, f.Say.EN = "就绪", "ready"
		}
	}
	if kind == "scale" && s.scale != nil && st.Phase == device.Up {
		now, _ := s.scale.Live()
		f.Say.ZH, f.Say.EN = now.Phase.Text("zh"), now.Phase.Text("en")
		f.Good, f.Bad, f.Noise = now.Stats.Frames, now.Stats.Rejects, now.Stats.Noise
	}
	if who := s.identity(kind); who != (device.Identity{}) {
		f.Is = strings.TrimSpace(who.Model + " " + who.Firmware)
		if isStranger(c.Profile.Device, who) {
			f.Say.ZH += fmt.Sprintf("；但设备自称 %s，配置写的是 %s：请核对配置", who.Model, c.Model)
			f.Say.EN += fmt.Sprintf("; but it says it is a %s and its profile is %s: check the configuration", who.Model, c.Model)
		}
	}
	t := s.tapes[kind]
	if t == nil {
		return f, true
	}
	all, _ := t.After(0)
	for _, e := range all {
		f.Seq = e.Seq
		if e.Seq > after {
			f.Bytes = append(f.Bytes, web.DeviceBytes{Seq: e.Seq, At: e.At, Way: string(e.Way), Hex: fmt.Sprintf("% x", e.Bytes), ASCII: readable(e.Bytes), Size: e.Size, Text: e.Text})
		}
	}
	f.Bytes = f.Bytes[max(0, len(f.Bytes)-feedBytes):]
	f.Frames = frames(p, all)
	return f, true
}

// device is the entry of one device in floord.toml; nil if there is none.
func (s *station) device(kind string) *config.Device {
	return map[string]*config.Device{"printer": s.cfg.Printer, "scale": s.cfg.Scale, "scanner": s.cfg.Scanner}[kind]
}

// explain prints what is in force for a device now, which may be more than floord.toml
// tells: it has said its firmware.
func (d *Daemon) explain(id floor.StationID, kind string, out io.Writer) error {
	s := d.stations[id]
	if s == nil || s.device(kind) == nil {
		return fmt.Errorf("no %s at a station %q", kind, id)
	}
	p := s.inForce(kind, s.device(kind))
	if who := s.identity(kind); who != (device.Identity{}) {
		fmt.Fprintf(out, "says it is %q with firmware %q; in force is what is known of %s\n", who.Model, who.Firmware, p.Device)
		if isStranger(p.Device, who) {
			fmt.Fprintf(out, "that is not what its profile says: check the configuration\n")
		}
	}
	for _, v := range p.Explain() {
		if _, err := fmt.Fprintln(out, v); err != nil {
			return err
		}
	}
	return nil
}

// act has the scale of a station zeroed or tared, never while a parcel is open there.
func (d *Daemon) act(ctx context.Context, id floor.StationID, command string, roles []floor.Role) error {
	s := d.stations[id]
	if s == nil || s.scale == nil || !s.up("scale") {
		return floor.Refuse("no-scale")
	}
	var open bool
	if err := d.ledger.Read(func(v *ledger.View) (err error) { _, open, err = v.OpenParcel(id); return err }); err != nil {
		return err
	}
	if open {
		return floor.Refuse("scale-parcel-open")
	}
	ctx, cancel := context.WithTimeout(ctx, actWithin)
	defer cancel()
	var names []string
	for _, r := range roles {
		names = append(names, string(r))
	}
	err := s.scale.Act(ctx, command, names...)
	var un scale.Unsettled
	switch {
	case errors.Is(err, scale.ErrNoCommand):
		return floor.Refuse("scale-no-command")
	case errors.As(err, &un):
		return floor.Refuse("scale-not-empty")
	}
	if err == nil {
		d.log.Info("scale command", "station", id, "command", command)
	}
	return err
}

// actWithin is how long a command waits for its turn on the line.
const actWithin = 5 * time.Second

// readable shows bytes as text, what is none as a dot.
func readable(b []byte) string {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c
		if c < ' ' || c > '~' {
			out[i] = '.'
		}
	}
	return string(out)
}

// frames reads the end of a tape as the profile does.
func frames(p profile.Profile, all []tape.Entry) []web.DeviceFrame {
	all = all[max(0, len(all)-10*feedBytes):]
	out := []web.DeviceFrame{}
	switch p.Device.Kind {
	case profile.KindScale:
		if len(all) == 0 {
			return out
		}
		start := all[0].At
		moments, err := scale.Replay(p, func(yield func(time.Duration, []byte) bool) {
			for _, e := range all {
				if e.Way == tape.From && !yield(e.At.Sub(start), e.Bytes) {
					return
				}
			}
		})
		if err != nil {
			return out
		}
		for m := range moments {
			if m.Frame.Kind != "" {
				out = append(out, web.DeviceFrame{At: start.Add(m.At), Kind: string(m.Frame.Kind), Text: m.Frame.Text(), Flags: m.Frame.Flags.Names(), Hex: fmt.Sprintf("% x", m.Frame.Raw)})
			}
		}
	case profile.KindScanner:
		dec := scanner.NewDecoder(p)
		for _, e := range all {
			if e.Way != tape.From {
				continue
			}
			for _, s := range dec.Decode(e.Bytes) {
				out = append(out, web.DeviceFrame{At: e.At, Kind: "scan", Text: s.Code(), Flags: []string{s.AIM}})
			}
		}
	}
	return out[max(0, len(out)-feedFrames):]
}

// operate carries out what only a running daemon can, and the rest as any site.
func (d *Daemon) operate(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 4 && args[0] == "device" {
		switch id, kind := floor.StationID(args[2]), args[3]; args[1] {
		case "explain":
			return d.explain(id, kind, out)
		case "tape":
			return d.writeTape(id, kind, out)
		case "state":
			f, ok := d.device(id, kind, 0)
			if !ok {
				return fmt.Errorf("no %s at a station %q", kind, id)
			}
			if f.Phase == string(device.Misconfigured) {
				f.Say.EN, f.Say.ZH = f.Say.EN+": "+f.Detail, f.Say.ZH+"："+f.Detail
			}
			_, err := fmt.Fprintf(out, "%s %s\n%s\n", f.Phase, f.Say.EN, f.Say.ZH)
			return err
		}
	}
	return d.Site.operate(ctx, args, in, out)
}

// writeTape writes what a device's tape holds as a session.
func (d *Daemon) writeTape(id floor.StationID, kind string, out io.Writer) error {
	s := d.stations[id]
	if s == nil || s.tapes[kind] == nil {
		return fmt.Errorf("no %s at a station %q, or it is misconfigured", kind, id)
	}
	p := s.inForce(kind, s.device(kind))
	return s.tapes[kind].Write(out, map[string]string{
		"port": s.device(kind).Port + " " + serial.Of(p.Line).String(), "profile": p.Device.String(), "at": time.Now().UTC().Format(time.RFC3339),
	})
}

// noTape answers for a site where no daemon runs.
func noTape(context.Context, *Site, []string, io.Reader, io.Writer) error {
	return errors.New("no floord runs on this site, so nothing was recorded: name a port to record from")
}
