// Package find finds out which devices hang on this machine and what they are. It
// listens, and sends nothing but questions that a profile holds: never a command
// that zeroes, tares or prints.
package find

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"floord/device"
	"floord/device/hid"
	"floord/device/netport"
	"floord/device/profile"
	"floord/device/scale"
	"floord/device/serial"
	"floord/device/tape"
)

// A Place is one port that a device can hang on.
type Place struct {
	Path    string   // what to write into floord.toml: the most lasting of Names
	Names   []string // all names of the port, the tty itself last
	Holders []string // programs that have it open: "pid 812 (minicom)"
	Reason  device.Reason
	Says    string // of a scale on USB: its name for itself
	Shared  bool   // another adapter claims the same name under by-id: name it by by-path
}

// Ports lists the serial ports under dev, "/dev": the links of serial/by-id and
// serial/by-path, and ttyUSB and ttyACM devices without one; and the scales on USB
// that are no serial port, by what they say of themselves. An adapter
// without a serial number shares its by-id name with its twins; the link is then
// one of them by chance, so its port is named by the socket it is plugged into.
func Ports(dev string) ([]Place, error) {
	byTTY := map[string]*Place{}
	add := func(tty, name string) {
		p := byTTY[tty]
		if p == nil {
			p = &Place{}
			byTTY[tty] = p
		}
		if name != tty {
			p.Names = append(p.Names, name)
		}
	}
	for _, pattern := range []string{"serial/by-id/*", "serial/by-path/*", "ttyUSB*", "ttyACM*", "ttyS[0-9]"} {
		names, err := filepath.Glob(filepath.Join(dev, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			tty, err := filepath.EvalSymlinks(name)
			if err != nil {
				continue // it is being unplugged
			}
			add(tty, name)
		}
	}
	var all []Place
	for tty, p := range byTTY {
		p.Names = append(p.Names, tty)
		p.Path = p.Names[0]
		if holders, err := serial.HeldBy(tty); err == nil {
			p.Holders = holders
		} else {
			p.Reason = device.ReasonOf(err)
		}
		if len(p.Names) == 1 && strings.HasPrefix(filepath.Base(tty), "ttyS") && p.Reason == device.NotATTY {
			continue
		}
		all = append(all, *p)
	}
	scales, err := hid.Scales(filepath.Dir(filepath.Clean(dev)))
	if err != nil {
		return nil, err
	}
	for _, s := range scales {
		all = append(all, Place{Path: s.Name, Names: []string{s.Path}, Says: s.Says})
	}
	markTwins(all)
	slices.SortFunc(all, func(a, b Place) int { return cmp.Compare(a.Path, b.Path) })
	return all, nil
}

// model is the name of the by-id link.
func model(names []string) string {
	for _, n := range names {
		if strings.Contains(n, "/by-id/") {
			return filepath.Base(n)
		}
	}
	return ""
}

// markTwins finds adapters that share a by-id name: one port has the link, and a
// port of the same driver has only a name by its socket. Which one has the link is
// chance, so both are named by their sockets.
func markTwins(all []Place) {
	byPath := func(p Place) int {
		return slices.IndexFunc(p.Names, func(n string) bool { return strings.Contains(n, "/by-path/") })
	}
	driver := func(p Place) string { return strings.TrimRight(filepath.Base(p.Names[len(p.Names)-1]), "0123456789") }
	bare := map[string]bool{}
	for _, p := range all {
		if model(p.Names) == "" && byPath(p) >= 0 {
			bare[driver(p)] = true
		}
	}
	for i := range all {
		p := &all[i]
		if n := byPath(*p); n >= 0 && bare[driver(*p)] {
			p.Path, p.Shared = p.Names[n], true
		}
	}
}

// A Candidate is one reading of what a port says: a profile at a line setting.
type Candidate struct {
	Profile string // "vendor/model"
	Line    profile.Line
	Score   float64 // 0 to 1: the part of the bytes that are sound frames
	Proven  bool    // its frames have a check of their own
	Frames  int
	Rejects int
	Text    string // the last weight, as the scale shows it
	Also    []string
}

// An Answer is what was found at a port. Sure holds if one reading stands out.
type Answer struct {
	Candidates []Candidate // the best first
	Sure       bool
	Bytes      int    // heard at the best setting
	Hint       string // what the bytes look like, where nothing fits: scale.SevenBits and so on
}

// enough is how many frames make a candidate, and good how much of the bytes must
// be frames.
const (
	enough = 3
	good   = 0.6
)

// Score reads what was heard at one line setting with every scale profile.
func Score(profiles []profile.Profile, line profile.Line, heard []byte) (all []Candidate, hint scale.Phase) {
	for _, p := range profiles {
		dec, err := scale.NewDecoder(p)
		if err != nil {
			continue
		}
		c := Candidate{Profile: p.Device.Vendor + "/" + p.Device.Model, Line: line, Proven: p.Scale.Checksum == "required"}
		framed := 0
		for f := range dec.Decode(heard) {
			if f.Kind == scale.KindReject {
				continue
			}
			framed += len(f.Raw)
			if t := f.Text(); t != "" {
				c.Text = t
			}
		}
		c.Frames, c.Rejects = dec.Frames, dec.Rejects
		if len(heard) > 0 {
			c.Score = float64(framed) / float64(len(heard))
		}
		if c.Frames >= enough && c.Score >= good {
			all = append(all, c)
		}
		if s := dec.Suspicion(); s == scale.SevenBits {
			hint = s
		}
	}
	return all, hint
}

// Judge puts candidates of all settings in order and says whether the best one is
// sure. Those that read the same weight are one answer; one that reads another is
// a tie unless the best is proven by checks and the other is not.
func Judge(all []Candidate) Answer {
	slices.SortStableFunc(all, func(a, b Candidate) int {
		if a.Proven != b.Proven {
			return map[bool]int{true: -1, false: 1}[a.Proven]
		}
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Profile, b.Profile))
	})
	a := Answer{Candidates: all}
	if len(all) == 0 {
		return a
	}
	best := &a.Candidates[0]
	a.Sure = true
	for _, c := range a.Candidates[1:] {
		switch {
		case c.Text == best.Text && sameLine(c.Line, best.Line):
			best.Also = append(best.Also, c.Profile)
		case best.Proven && !c.Proven, c.Score < best.Score/2:
		default:
			a.Sure = false
		}
	}
	return a
}

func sameLine(a, b profile.Line) bool { return serial.Of(a) == serial.Of(b) }

// Options say how Identify listens.
type Options struct {
	Listen time.Duration                                            // at each setting; 0 is 1.5 s
	Tell   func(line profile.Line, heard []byte, found []Candidate) // may be nil
}

// Identify listens at a port with every line setting that the profiles are met
// with, the likeliest first, and reads what it hears with all of them. It sends
// nothing. A port that somebody holds is an error that names the holder.
func Identify(ctx context.Context, path string, profiles []profile.Profile, o Options) (Answer, error) {
	if o.Listen == 0 {
		o.Listen = 1500 * time.Millisecond
	}
	var all []Candidate
	var hint scale.Phase
	most := 0
	for _, line := range settings(profiles) {
		heard, err := Listen(ctx, Opener(path, line), o.Listen)
		if err != nil {
			return Answer{}, err
		}
		found, h := Score(profiles, line, heard)
		if h != "" {
			hint = h
		}
		if len(heard) > 0 && hint == "" {
			hint = scale.WrongSettings
		}
		most = max(most, len(heard))
		all = append(all, found...)
		if o.Tell != nil {
			o.Tell(line, heard, found)
		}
		if now := Judge(slices.Clone(all)); now.Sure && now.Candidates[0].Proven && now.Candidates[0].Score > 0.9 {
			break // frames with right checks at the wrong settings do not happen
		}
		if len(heard) == 0 && most == 0 {
			break // a quiet line is quiet at every speed
		}
	}
	a := Judge(all)
	a.Bytes = most
	if len(all) == 0 {
		a.Hint = string(hint)
		if most == 0 {
			a.Hint = string(scale.NoSignal)
		}
	}
	return a, nil
}

// settings are the line settings of all profiles, each once, in the order of how
// many name them.
func settings(profiles []profile.Profile) (lines []profile.Line) {
	votes := map[string]int{}
	by := map[string]profile.Line{}
	note := func(l profile.Line, n int) {
		key := serial.Of(l).String()
		votes[key] += n
		by[key] = l
	}
	for _, p := range profiles {
		note(p.Line, 3)
		for _, c := range p.Line.Candidates {
			if l, err := p.Line.With(c); err == nil {
				note(l, 1)
			}
		}
	}
	keys := make([]string, 0, len(by))
	for k := range by {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(votes[b]-votes[a], cmp.Compare(a, b)) })
	for _, k := range keys {
		lines = append(lines, by[k])
	}
	return lines
}

// Opener opens a port as floord.toml names it: a tty, "hid:0922:8003" or
// "tcp://10.0.0.7:9100". The line is a tty's.
func Opener(port string, line profile.Line) device.Opener {
	if addr, ok := strings.CutPrefix(port, "tcp://"); ok {
		return netport.Opener{Addr: addr}
	}
	if hid.Is(port) {
		return hid.Opener{Port: port}
	}
	return serial.Opener{Path: port, Settings: serial.Of(line)}
}

// Record keeps what a port says for a while on a tape. It sends nothing.
func Record(ctx context.Context, o device.Opener, d time.Duration) (*tape.Tape, error) {
	t := &tape.Tape{}
	if _, err := listen(ctx, t.Recorder(o), d, 1<<20); err != nil && ctx.Err() == nil {
		if entries, _ := t.After(0); len(entries) < 2 { // not even opened
			return nil, err
		}
	}
	return t, nil
}

// Message says what an answer comes to, with what to do next.
func (a Answer) Message() device.Message {
	switch {
	case a.Sure:
		best := a.Candidates[0]
		line := fmt.Sprintf("scale = { port = \"...\", profile = %q, baud = %d, data_bits = %d, parity = %q, stop_bits = %d }",
			best.Profile, best.Line.Baud, best.Line.DataBits, best.Line.Parity, best.Line.StopBits)
		return device.Message{ZH: line, EN: line}
	case len(a.Candidates) > 0:
		return device.Message{
			ZH: "分不清：这些数据有多种读法，重量不同。请按电子秤菜单里的格式选择，或放上已知重量后用 floord device teach",
			EN: "not sure: these bytes read as different weights. Choose by the format in the scale's menu, or put a known weight on it and use floord device teach",
		}
	case a.Bytes == 0:
		return device.Message{
			ZH: "没有信号：检查电源和数据线；有些电子秤只在被询问时才应答",
			EN: "no signal: check power and cable; some scales speak only when they are asked",
		}
	}
	why := scale.Phase(a.Hint)
	return device.Message{
		ZH: fmt.Sprintf("收到 %d 个字节，没有一帧有效：%s", a.Bytes, why.Text("zh")),
		EN: fmt.Sprintf("%d bytes, no good frames: %s", a.Bytes, why.Text("en")),
	}
}

// Listen gives what a device says for a while, 16 KB at most. It sends nothing.
func Listen(ctx context.Context, o device.Opener, d time.Duration) ([]byte, error) {
	return listen(ctx, o, d, 16<<10)
}

func listen(ctx context.Context, o device.Opener, d time.Duration, most int) ([]byte, error) {
	port, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer port.Close()
	defer context.AfterFunc(ctx, func() { port.Close() })()
	if err := port.SetReadDeadline(time.Now().Add(d)); err != nil {
		return nil, err
	}
	var heard []byte
	buf := make([]byte, 512)
	for {
		n, err := port.Read(buf)
		heard = append(heard, buf[:n]...)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) || len(heard) > most:
			return heard, nil
		case err != nil:
			return heard, fmt.Errorf("listen: %w", err)
		}
	}
}
