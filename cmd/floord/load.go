package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"floord/internal/sim"
)

func loadCommand() *cli.Command {
	return &cli.Command{
		Name: "load", Usage: "have pretend shops bring many orders to a daemon of its own, and say how fast they were on the disk",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "orders", Usage: "how many, by each way", Value: 100_000},
			&cli.IntFlag{Name: "channels", Usage: "from so many shops at once", Value: 5},
			&cli.StringFlag{Name: "by", Usage: "pull, push, or both", Value: "both"},
			&cli.StringFlag{Name: "drivers", Usage: "platforms of the shops, in turn, with commas between"},
			&cli.IntFlag{Name: "clients", Usage: "pushes under way at a time", Value: 64},
			&cli.StringFlag{Name: "data", Usage: "keep the site in `FOLDER`, which is empty; a temporary one that goes at the end if not said"},
			&cli.StringFlag{Name: "profile", Usage: "write a CPU profile of the daemon to `FILE`"},
			&cli.BoolFlag{Name: "json", Usage: "say it as JSON"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			self, err := os.Executable()
			if err != nil {
				return err
			}
			ways := []string{c.String("by")}
			switch ways[0] {
			case "pull", "push":
			case "both":
				ways = []string{"pull", "push"}
			default:
				return &usageError{fmt.Sprintf("load: --by %s: pull, push or both", ways[0])}
			}
			if len(ways) > 1 && (c.String("data") != "" || c.String("profile") != "") {
				return &usageError{"load: --data and --profile want --by pull or --by push"}
			}
			o := sim.LoadOptions{
				Orders: c.Int("orders"), Channels: c.Int("channels"), Clients: c.Int("clients"), Data: c.String("data"),
				Profile: c.String("profile"), Shops: []string{self, "sim", "shops"},
			}
			if d := c.String("drivers"); d != "" {
				o.Drivers = strings.Split(d, ",")
			}
			for _, way := range ways {
				o.Push = way == "push"
				r, err := sim.Load(ctx, o)
				if err != nil {
					return fmt.Errorf("by %s: %w", way, err)
				}
				if c.Bool("json") {
					err = json.NewEncoder(os.Stdout).Encode(map[string]any{"by": way, "result": r})
				} else {
					r.Write(os.Stdout, way)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// simShops is the other process of a load run.
func simShops() *cli.Command {
	return &cli.Command{
		Name: "shops", Usage: "serve the shops of floord load, as it says on standard input", Hidden: true,
		Action: func(context.Context, *cli.Command) error { return sim.ServeShops(os.Stdin, os.Stdout) },
	}
}
