package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"floord/device"
	"floord/device/find"
	"floord/device/profile"
	"floord/device/record"
	"floord/device/scale"
	"floord/device/serial"
	"floord/device/tape"
	profiles "floord/firmware-profiles"
	"floord/internal/daemon"
)

func deviceCommand() *cli.Command {
	return &cli.Command{
		Name: "device", Usage: "find out what devices there are and what they say",
		Commands: []*cli.Command{
			deviceListCommand(), deviceIdentifyCommand(), deviceRecordCommand(), deviceReplayCommand(), deviceTeachCommand(),
			overCSV("decode", "print what recorded bytes of devices mean as JSON, one line a row", "id, protocol, dialect, hex", record.DecodeCSV),
		},
	}
}

func langFlag() cli.Flag {
	return &cli.StringFlag{Name: "lang", Usage: "zh or en", Value: "en"}
}

func profilesFlag() cli.Flag {
	return &cli.StringFlag{Name: "profiles", Usage: "the site's `FOLDER` of profiles, over those that are shipped"}
}

// loadProfiles reads what is shipped and the site's folder over it.
func loadProfiles(dir string) (*profile.Set, error) {
	layers := []profile.Layer{{Name: profiles.Name, FS: profiles.FS}}
	if dir != "" {
		layers = append(layers, profile.Layer{Name: dir, FS: os.DirFS(dir)})
	}
	return profile.Load(layers...)
}

func deviceListCommand() *cli.Command {
	return &cli.Command{
		Name: "list", Usage: "list serial ports by their lasting names, and who holds them",
		Flags: []cli.Flag{langFlag(), &cli.StringFlag{Name: "dev", Usage: "the `FOLDER` of devices", Value: "/dev"}},
		Action: func(_ context.Context, c *cli.Command) error {
			all, err := find.Ports(c.String("dev"))
			if err != nil {
				return err
			}
			if len(all) == 0 {
				fmt.Println(device.Message{ZH: "没有找到串口：设备插好了吗？", EN: "no serial port: is the device plugged in?"}.In(c.String("lang")))
			}
			for _, p := range all {
				fmt.Println(p.Path)
				for _, n := range p.Names {
					if n != p.Path {
						fmt.Println("  =", n)
					}
				}
				if p.Says != "" {
					fmt.Println("  ", p.Says)
				}
				if p.Shared {
					fmt.Println("  ", device.Message{ZH: "有同名的转接头：请用上面按插口的名称", EN: "a twin of it has the same by-id name: use the name by its socket, above"}.In(c.String("lang")))
				}
				for _, h := range p.Holders {
					fmt.Println("  ", device.Message{ZH: "正被占用：" + h, EN: "held by " + h}.In(c.String("lang")))
				}
				if p.Reason != device.NoReason {
					fmt.Println("  ", p.Reason.Text(c.String("lang")))
				}
			}
			return nil
		},
	}
}

func deviceIdentifyCommand() *cli.Command {
	return &cli.Command{
		Name: "identify", Usage: "listen at a port and say which scale it is; sends nothing", ArgsUsage: "PORT",
		Flags: []cli.Flag{langFlag(), profilesFlag(), &cli.DurationFlag{Name: "listen", Usage: "for so long at each line setting", Value: 1500 * time.Millisecond}},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Len() != 1 {
				return &usageError{"device identify: name a port"}
			}
			set, err := loadProfiles(c.String("profiles"))
			if err != nil {
				return err
			}
			a, err := find.Identify(ctx, c.Args().First(), set.Profiles(profile.KindScale), find.Options{Listen: c.Duration("listen")})
			if err != nil {
				return err
			}
			return tellIdentity(os.Stdout, c.String("lang"), a)
		},
	}
}

// tellIdentity prints what was found. Not to know is an error, with what would help.
func tellIdentity(w io.Writer, lang string, a find.Answer) error {
	for _, x := range a.Candidates {
		also := ""
		if len(x.Also) > 0 {
			also = " = " + strings.Join(x.Also, ", ")
		}
		fmt.Fprintf(w, "%3.0f %%  %-10s  %-28s %4d frames  %s%s\n", 100*x.Score, serial.Of(x.Line), x.Profile, x.Frames, x.Text, also)
	}
	if !a.Sure {
		return errors.New(a.Message().In(lang))
	}
	_, err := fmt.Fprintln(w, a.Message().In(lang))
	return err
}

func deviceRecordCommand() *cli.Command {
	return &cli.Command{
		Name: "record", Usage: "record what a port says as a .session file, or take a running station's last minutes",
		ArgsUsage: "PORT | STATION scale|printer|scanner",
		Flags: []cli.Flag{
			configFlag(), &cli.StringFlag{Name: "out", Usage: "write to `FILE`; to standard output if empty"},
			&cli.DurationFlag{Name: "for", Usage: "record for `TIME`", Value: 10 * time.Second},
			&cli.StringFlag{Name: "line", Usage: "the line's `SETTINGS`", Value: "9600 8N1"},
			&cli.StringFlag{Name: "load", Usage: "what lies on the scale, as it shows it: 2.500"},
			&cli.StringFlag{Name: "profile", Usage: "of a PORT: the scale is a `VENDOR/MODEL`"},
			&cli.BoolFlag{Name: "golden", Usage: "write what the scale's driver makes of it beside --out as FILE.want: a test from now on"}, profilesFlag(),
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			var out bytes.Buffer
			var err error
			switch c.Args().Len() {
			case 1:
				err = recordPort(ctx, c, &out)
			case 2:
				cfg, lerr := load(c)
				if lerr != nil {
					return lerr
				}
				err = daemon.Operate(ctx, cfg, append([]string{"device", "tape"}, c.Args().Slice()...), nil, &out)
			default:
				return &usageError{"device record: name a port, or a station and one of its devices"}
			}
			if err != nil {
				return err
			}
			path := c.String("out")
			if path == "" {
				_, err = os.Stdout.Write(out.Bytes())
				return err
			}
			if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil || !c.Bool("golden") {
				return err
			}
			said, err := replayed(path, c.String("profiles"), "")
			if err != nil {
				return err
			}
			return os.WriteFile(wantOf(path), said, 0o644)
		},
	}
}

// recordPort listens at a port that no daemon holds.
func recordPort(ctx context.Context, c *cli.Command, out io.Writer) error {
	line, err := profile.Line{Flow: "none"}.With(c.String("line"))
	if err != nil {
		return &usageError{err.Error()}
	}
	opener := find.Opener(c.Args().First(), line)
	began := time.Now()
	t, err := find.Record(ctx, opener, c.Duration("for"))
	if err != nil {
		return err
	}
	return t.Write(out, map[string]string{"port": opener.String(), "at": began.UTC().Format(time.RFC3339), "load": c.String("load"), "profile": c.String("profile")})
}

func readSession(path string) (tape.Session, error) {
	f, err := os.Open(path)
	if err != nil {
		return tape.Session{}, err
	}
	defer f.Close()
	s, err := tape.Read(f)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func deviceReplayCommand() *cli.Command {
	return &cli.Command{
		Name: "replay", Usage: "read a recorded session of a scale as its driver does, a line of JSON a moment", ArgsUsage: "FILE.session",
		Flags: []cli.Flag{
			profilesFlag(), &cli.StringFlag{Name: "profile", Usage: "read as `VENDOR/MODEL`; the session's own if empty"},
			&cli.BoolFlag{Name: "golden", Usage: "write it beside the session as FILE.want, to be a test from now on"},
			&cli.BoolFlag{Name: "check", Usage: "say where it differs from FILE.want"},
		},
		Action: func(_ context.Context, c *cli.Command) error {
			if c.Args().Len() != 1 {
				return &usageError{"device replay: name a .session file"}
			}
			path := c.Args().First()
			said, err := replayed(path, c.String("profiles"), c.String("profile"))
			if err != nil {
				return err
			}
			switch {
			case c.Bool("golden"):
				fmt.Println(wantOf(path))
				return os.WriteFile(wantOf(path), said, 0o644)
			case c.Bool("check"):
				want, err := os.ReadFile(wantOf(path))
				if err != nil {
					return err
				}
				return differs(said, want)
			}
			_, err = os.Stdout.Write(said)
			return err
		},
	}
}

// wantOf names what a session is to read as, beside it.
func wantOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".want" }

// differs names the first line that reads otherwise than it did.
func differs(said, want []byte) error {
	got, old := strings.Split(string(said), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(old)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(old) {
			w = old[i]
		}
		if g != w {
			return fmt.Errorf("line %d reads %s; it was %s", i+1, cmp.Or(g, "nothing"), cmp.Or(w, "nothing"))
		}
	}
	return nil
}

// replayed reads a session as its profile's driver does, or another's.
func replayed(path, profiles, name string) ([]byte, error) {
	s, err := readSession(path)
	if err != nil {
		return nil, err
	}
	if name = cmp.Or(name, s.Head["profile"]); name == "" {
		return nil, &usageError{"device replay: the session names no profile: say --profile vendor/model"}
	}
	set, err := loadProfiles(profiles)
	if err != nil {
		return nil, err
	}
	d, err := profile.ParseDevice(profile.KindScale, name)
	if err != nil {
		return nil, &usageError{"device replay: " + err.Error()}
	}
	p, err := set.Resolve(d)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = replay(&out, p, s)
	return out.Bytes(), err
}

// replay writes what the driver makes of a session.
func replay(w io.Writer, p profile.Profile, s tape.Session) error {
	moments, err := scale.Replay(p, func(yield func(time.Duration, []byte) bool) {
		for _, l := range s.Entries {
			if l.Way == tape.From && !yield(l.At, l.Bytes) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	out := json.NewEncoder(w)
	for m := range moments {
		line := struct {
			At    string      `json:"at"`
			Kind  scale.Kind  `json:"kind,omitempty"`
			Text  string      `json:"text,omitempty"`
			Flags []string    `json:"flags,omitempty"`
			Phase scale.Phase `json:"phase"`
		}{fmt.Sprintf("%.3f", m.At.Seconds()), m.Frame.Kind, m.Frame.Text(), m.Frame.Flags.Names(), m.Phase}
		if err := out.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func deviceTeachCommand() *cli.Command {
	return &cli.Command{
		Name: "teach", Usage: "make a profile of an unknown scale from recordings with known loads", ArgsUsage: "LOAD=FILE...",
		Description: "LOAD is what the scale showed, in its unit: 2.500. FILE is a .session file, or bytes as they came. Two loads with different digits tell more than one.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "unit", Usage: "what the scale shows: kg, g, lb, oz, jin", Value: "kg"},
			&cli.IntFlag{Name: "decimals", Usage: "how many decimals the scale shows; found out if negative", Value: -1},
			&cli.StringFlag{Name: "vendor", Value: "site"}, &cli.StringFlag{Name: "model", Value: "taught"},
			&cli.StringFlag{Name: "line", Usage: "the line's `SETTINGS`", Value: "9600 8N1"},
			&cli.StringFlag{Name: "out", Usage: "write the profile to `FILE`; to standard output if empty"},
		},
		Action: func(_ context.Context, c *cli.Command) error {
			var lessons []scale.Lesson
			for _, arg := range c.Args().Slice() {
				load, path, ok := strings.Cut(arg, "=")
				if !ok {
					return &usageError{fmt.Sprintf("device teach: %q is not LOAD=FILE, as in 2.500=two-and-a-half.session", arg)}
				}
				data, err := lesson(path)
				if err != nil {
					return err
				}
				lessons = append(lessons, scale.Lesson{Bytes: data, Load: load})
			}
			if len(lessons) == 0 {
				return &usageError{"device teach: name at least one LOAD=FILE"}
			}
			line, err := profile.Line{}.With(c.String("line"))
			if err != nil {
				return &usageError{err.Error()}
			}
			unit := profile.Unit(c.String("unit"))
			f, err := scale.Teach(lessons, unit, c.Int("decimals"))
			if err != nil {
				return err
			}
			text := scale.TaughtProfile(c.String("vendor"), c.String("model"), "floord device teach", f, lessons, unit, line)
			if path := c.String("out"); path != "" {
				return os.WriteFile(path, []byte(text), 0o644)
			}
			_, err = fmt.Print(text)
			return err
		},
	}
}

// maxRaw is how much of a file of plain bytes is read.
const maxRaw = 1 << 20

// lesson reads the bytes of a session, or a file as it is.
func lesson(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxRaw))
	if err != nil || !bytes.HasPrefix(data, []byte("floord session ")) {
		return data, err
	}
	s, err := readSession(path)
	return s.Said(), err
}
