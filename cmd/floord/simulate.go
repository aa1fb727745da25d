package main

import (
	"context"
	"io"
	"os"

	"github.com/urfave/cli/v3"

	"floord/device/profile"
	"floord/internal/sim"
)

func simCommand() *cli.Command {
	return &cli.Command{
		Name: "sim", Usage: "run a pretend device on a pty, with faults by script",
		Commands: []*cli.Command{
			simDevice("scale", profile.KindScale, sim.RunScale),
			simDevice("printer", profile.KindPrinter, sim.RunPrinter),
			simShops(),
		},
	}
}

func simDevice(name string, kind profile.Kind, run func(context.Context, sim.DeviceOptions) error) *cli.Command {
	flags := []cli.Flag{
		profilesFlag(),
		&cli.StringFlag{Name: "profile", Usage: "be a `VENDOR/MODEL`", Required: true},
		&cli.StringFlag{Name: "script", Usage: "`FILE` of what happens when: lines such as \"2s put 1240\""},
		&cli.StringFlag{Name: "at", Usage: "make the port `PATH`, a link to its pty", Value: "sim-" + name},
		&cli.DurationFlag{Name: "for", Usage: "end by itself after `TIME`"},
	}
	if kind == profile.KindPrinter {
		flags = append(flags,
			&cli.StringFlag{Name: "listen", Usage: "serve at `ADDRESS` as printers do on port 9100, in place of a pty"},
			&cli.StringFlag{Name: "png", Usage: "draw every label that comes out into `FOLDER`"})
	}
	return &cli.Command{
		Name: name, Usage: "run a pretend " + name, Flags: flags,
		Action: func(ctx context.Context, c *cli.Command) error {
			set, err := loadProfiles(c.String("profiles"))
			if err != nil {
				return err
			}
			d, err := profile.ParseDevice(kind, c.String("profile"))
			if err != nil {
				return &usageError{"sim: " + err.Error()}
			}
			o := sim.DeviceOptions{Path: c.String("at"), Listen: c.String("listen"), PNG: c.String("png"), Out: os.Stdout}
			if o.Profile, err = set.Resolve(d); err != nil {
				return err
			}
			if path := c.String("script"); path != "" {
				f, err := os.Open(path)
				if err != nil {
					return err
				}
				defer f.Close()
				o.Script = io.LimitReader(f, maxRaw)
			}
			if t := c.Duration("for"); t > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, t)
				defer cancel()
			}
			return run(ctx, o)
		},
	}
}
