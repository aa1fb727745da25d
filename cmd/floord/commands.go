package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"floord/device/printer"
	"floord/device/profile"
	"floord/device/scale"
	"floord/device/scanner"
	"floord/floor/address"
	"floord/internal/config"
	"floord/internal/daemon"
	"floord/internal/sim"
	"floord/label"
	"floord/label/lang"
	"floord/label/try"
	"floord/sync/channel/channelmap"
	"floord/sync/channel/drivers"
)

// configFlag names the site's file. Every command that works on a site has it.
func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Usage: "the site's `FILE`", Value: "floord.toml"}
}

// load reads the site's file; its mistakes are printed, all of them.
func load(c *cli.Command) (*config.Config, error) {
	cfg, err := config.Load(c.String("config"))
	var wrong *config.Error
	if errors.As(err, &wrong) {
		config.Check(os.Stderr, c.String("config"))
		return nil, &usageError{}
	}
	return cfg, err
}

func logger(cfg *config.Config, w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: cfg.Log.Level}
	if cfg.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func runCommand() *cli.Command {
	return &cli.Command{
		Name: "run", Usage: "run the floor until told to stop", Flags: []cli.Flag{configFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			cfg, err := load(c)
			if err != nil {
				return err
			}
			log := logger(cfg, os.Stderr)
			slog.SetDefault(log)
			for _, p := range cfg.Problems {
				log.Error("misconfigured device", "problem", p.Error())
			}
			d, err := daemon.Open(cfg, daemon.Options{Log: log})
			if err != nil {
				return err
			}
			return d.Run(ctx)
		},
	}
}

func demoCommand() *cli.Command {
	return &cli.Command{
		Name: "demo", Usage: "run a pretend site that can be watched in a browser",
		Flags: []cli.Flag{
			&cli.DurationFlag{Name: "for", Usage: "end by itself after `TIME`"},
			&cli.BoolFlag{Name: "headless", Usage: "for nobody to watch: print the running line alone"},
			&cli.StringFlag{Name: "summary", Usage: "write what happened to `FILE` as JSON"},
			&cli.StringFlag{Name: "listen", Usage: "serve the pages at `ADDRESS`", Value: "127.0.0.1:8480"},
			&cli.StringFlag{Name: "data", Usage: "keep the site in `FOLDER`; a new temporary one if empty"},
			&cli.IntFlag{Name: "seed", Usage: "of everything that is drawn by chance", Value: 1},
			&cli.StringFlag{Name: "log", Usage: "write the daemon's log to `FILE`; into the data folder if empty"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			return sim.Demo(ctx, sim.DemoOptions{
				For: c.Duration("for"), Headless: c.Bool("headless"), Summary: c.String("summary"),
				Listen: c.String("listen"), Data: c.String("data"), Seed: uint64(c.Int("seed")), Log: c.String("log"),
				Out: os.Stdout,
			})
		},
	}
}

func checkCommand() *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "name every mistake in the site's file, and where bins, articles and stock do not fit together", Flags: []cli.Flag{configFlag()},
		ArgsUsage: "[FILE]",
		Action: func(_ context.Context, c *cli.Command) error {
			path := c.String("config")
			if c.Args().Present() {
				path = c.Args().First()
			}
			if !config.Check(os.Stdout, path) {
				return &usageError{}
			}
			cfg, err := config.Load(path)
			if err == nil && !daemon.CheckFloor(cfg, os.Stdout) {
				err = &usageError{}
			}
			return err
		},
	}
}

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name: "doctor", Usage: "look at ports, locks, clock, disk, certificates and profiles, one sentence each",
		Flags: []cli.Flag{configFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			cfg, err := load(c)
			if err != nil {
				return err
			}
			if n := daemon.Doctor(ctx, cfg, os.Stdout); n > 0 {
				return fmt.Errorf("%d problems", n)
			}
			return nil
		},
	}
}

func certCommand() *cli.Command {
	return &cli.Command{
		Name: "cert", Usage: "make the site's certificate, and the first time its authority, for HTTPS on handhelds",
		Flags: []cli.Flag{configFlag()},
		Action: func(_ context.Context, c *cli.Command) error {
			cfg, err := load(c)
			if err != nil {
				return err
			}
			return daemon.Cert(cfg, time.Now(), os.Stdout)
		},
	}
}

// onSite gives an action that has the site carry out words and its arguments.
func onSite(words ...string) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		cfg, err := load(c)
		if err != nil {
			return err
		}
		return daemon.Operate(ctx, cfg, append(words, c.Args().Slice()...), nil, os.Stdout)
	}
}

// toFile writes what one of the operator's commands prints to a file, none if it fails.
func toFile(ctx context.Context, cfg *config.Config, path string, words ...string) error {
	var data bytes.Buffer
	if err := daemon.Operate(ctx, cfg, words, nil, &data); err != nil {
		return err
	}
	return os.WriteFile(path, data.Bytes(), 0o644)
}

func journalCommand() *cli.Command {
	sub := func(name, usage, args string) *cli.Command {
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: args, Flags: []cli.Flag{configFlag()},
			Action: onSite("journal", name),
		}
	}
	return &cli.Command{
		Name: "journal", Usage: "read, verify and rebuild what the ledger holds",
		Commands: []*cli.Command{
			sub("tail", "print the newest events", "[N]"),
			journalShowCommand(),
			sub("verify", "check the chain, every tag and that the views are the fold of the journal", ""),
			sub("rebuild", "drop the views and fold them again", ""),
		},
	}
}

func journalShowCommand() *cli.Command {
	return &cli.Command{
		Name: "show", Usage: "print one order as a time line", ArgsUsage: "ORDER",
		Flags: []cli.Flag{configFlag(), &cli.BoolFlag{Name: "payload", Usage: "with the shop's payloads, personal data and all"}},
		Action: func(ctx context.Context, c *cli.Command) error {
			cfg, err := load(c)
			if err != nil {
				return err
			}
			args := append([]string{"journal", "show"}, c.Args().Slice()...)
			if c.Bool("payload") {
				args = append(args, daemon.WithPayload)
			}
			return daemon.Operate(ctx, cfg, args, nil, os.Stdout)
		},
	}
}

func labelCommand() *cli.Command {
	return &cli.Command{
		Name: "label", Usage: "look at labels and have them printed",
		Commands: []*cli.Command{
			{
				Name: "preview", Usage: "draw a parcel's or a wave's label as PNG", ArgsUsage: "PARCEL|WAVE FILE.png",
				Flags: []cli.Flag{configFlag()},
				Action: func(ctx context.Context, c *cli.Command) error {
					if c.Args().Len() != 2 {
						return &usageError{"label preview: name a parcel or a wave, and a file"}
					}
					cfg, err := load(c)
					if err != nil {
						return err
					}
					return toFile(ctx, cfg, c.Args().Get(1), "label", "preview", c.Args().First())
				},
			},
			{
				Name: "check", Usage: "name every mistake in label templates, and lay each out with a sample order", ArgsUsage: "FILE|FOLDER...",
				Action: func(_ context.Context, c *cli.Command) error {
					if c.Args().Len() == 0 {
						return &usageError{"label check: name templates or folders of them"}
					}
					err := try.Check(os.Stdout, c.Args().Slice()...)
					if errors.Is(err, try.ErrMistakes) {
						return &usageError{}
					}
					return err
				},
			},
			{
				Name: "schema", Usage: "print the JSON schema of a label template, for editors",
				Action: func(context.Context, *cli.Command) error {
					_, err := os.Stdout.Write(label.Schema)
					return err
				},
			},
			{
				Name: "try", Usage: "make labels of a list of recipients, to look at",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "lang", Usage: "tspl, zpl, cpcl or escpos", Value: "tspl"},
					&cli.StringFlag{Name: "template", Usage: "`NAME` of a waybill's template", Value: "waybill-100x150"},
					&cli.StringFlag{Name: "csv", Usage: "`FILE` with the columns id, name, phone, address and perhaps waybill", Required: true},
					&cli.StringFlag{Name: "out", Usage: "`FOLDER` for ID.bin and ID.png", Required: true},
					&cli.IntFlag{Name: "dpi", Value: 203},
					&cli.StringFlag{Name: "charset", Usage: "of the printer's Chinese font: gbk, gb2312, gb18030, ascii"},
					&cli.StringFlag{Name: "policy", Usage: "for characters it lacks: bitmap, pinyin, both"},
				},
				Action: func(_ context.Context, c *cli.Command) error {
					f, err := os.Open(c.String("csv"))
					if err != nil {
						return err
					}
					defer f.Close()
					out := bufio.NewWriter(os.Stdout)
					err = try.Try(try.Options{
						Printer: lang.Printer{
							Language: c.String("lang"), DPI: c.Int("dpi"), Charset: c.String("charset"), Policy: c.String("policy"),
						},
						Template: c.String("template"),
					}, f, c.String("out"), out)
					return errors.Join(err, out.Flush())
				},
			},
			{
				Name: "print", Usage: "print a label of no parcel, such as a bin's", ArgsUsage: "TEMPLATE STATION FIELD=WORDS...",
				Flags: []cli.Flag{configFlag()}, Action: onSite("label", "print"),
			},
			{
				Name: "selftest", Usage: "have a printer show which characters its font holds", ArgsUsage: "STATION",
				Flags: []cli.Flag{configFlag()}, Action: onSite("label", "selftest"),
			},
			{
				Name: "charset", Usage: "tell which rows of the self-test look the same twice", ArgsUsage: "STATION ROWS",
				Flags: []cli.Flag{configFlag()}, Action: onSite("label", "charset"),
			},
			{
				Name: "rare", Usage: "list what of the last days' orders a printer would print otherwise than it is written",
				Flags: []cli.Flag{configFlag(), &cli.IntFlag{Name: "days", Value: 7}},
				Action: func(ctx context.Context, c *cli.Command) error {
					cfg, err := load(c)
					if err != nil {
						return err
					}
					return daemon.Operate(ctx, cfg, []string{"label", "rare", strconv.Itoa(c.Int("days"))}, nil, os.Stdout)
				},
			},
			{
				Name: "wave", Usage: "print the label of a wave's cart at a station", ArgsUsage: "WAVE STATION",
				Flags: []cli.Flag{configFlag()}, Action: onSite("label", "wave"),
			},
		},
	}
}

func reportCommand() *cli.Command {
	return &cli.Command{
		Name: "report", Usage: "the shipping health report of a day, as text and as PDF",
		Flags: []cli.Flag{
			configFlag(),
			&cli.StringFlag{Name: "day", Usage: "`D` as 2026-11-21; today if empty"},
			&cli.StringFlag{Name: "pdf", Usage: "write the PDF to `FILE`; health-D.pdf here if empty, none if -"},
			&cli.StringFlag{Name: "lang", Usage: "zh or en; the site's if empty"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON in place of text, and no PDF"},
			&cli.StringFlag{Name: "form", Usage: "print `FORM` in place of text: html, csv, orders.csv, intercepts.html, intercepts.csv, pdf, intercepts.pdf"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			cfg, err := load(c)
			if err != nil {
				return err
			}
			day, lang := c.String("day"), c.String("lang")
			if day == "" {
				day = time.Now().In(cfg.Site.Zone).Format(time.DateOnly)
			}
			if lang == "" {
				lang = cfg.Site.Lang
			}
			if c.Bool("json") {
				return daemon.Operate(ctx, cfg, []string{"report", "json", day}, nil, os.Stdout)
			}
			if form := c.String("form"); form != "" {
				return daemon.Operate(ctx, cfg, []string{"report", "form", day, lang, form}, nil, os.Stdout)
			}
			if err := daemon.Operate(ctx, cfg, []string{"report", "text", day, lang}, nil, os.Stdout); err != nil {
				return err
			}
			path := c.String("pdf")
			if path == "-" {
				return nil
			}
			if path == "" {
				path = "health-" + day + ".pdf"
			}
			if err := toFile(ctx, cfg, path, "report", "pdf", day, lang); err != nil {
				return err
			}
			fmt.Println(path)
			return nil
		},
	}
}

func sheetCommand() *cli.Command {
	return &cli.Command{
		Name: "sheet", Usage: "an A4 PDF: a task's pick list, a wave, a parcel's label", ArgsUsage: "T-3|W-12|P-77 FILE.pdf",
		Flags: []cli.Flag{configFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Len() != 2 {
				return &usageError{"sheet: name a task, wave or parcel, and a file"}
			}
			cfg, err := load(c)
			if err != nil {
				return err
			}
			return toFile(ctx, cfg, c.Args().Get(1), "sheet", c.Args().First())
		},
	}
}

func importCommand() *cli.Command {
	return &cli.Command{
		Name: "import", Usage: "take orders from a CSV file", ArgsUsage: "FILE",
		Flags: []cli.Flag{configFlag(), &cli.StringFlag{Name: "channel", Usage: "the channel they count to"}},
		Action: func(ctx context.Context, c *cli.Command) error {
			return withCSV(c, "import", func(cfg *config.Config, f *os.File) error {
				info, err := f.Stat()
				if err != nil {
					return err
				}
				// The file's own time is the orders' version: the same file again changes nothing.
				args := []string{"import", c.String("channel"), info.ModTime().UTC().Format(time.RFC3339)}
				return daemon.Operate(ctx, cfg, args, f, os.Stdout)
			})
		},
	}
}

// withCSV opens the one file that a command is given.
func withCSV(c *cli.Command, command string, act func(*config.Config, *os.File) error) error {
	if c.Args().Len() != 1 {
		return &usageError{command + ": name one CSV file"}
	}
	cfg, err := load(c)
	if err != nil {
		return err
	}
	f, err := os.Open(c.Args().First())
	if err != nil {
		return err
	}
	defer f.Close()
	return act(cfg, f)
}

func channelCommand() *cli.Command {
	return &cli.Command{
		Name: "channel", Usage: "look at what shops send and at the maps that read it",
		Commands: []*cli.Command{
			{
				Name: "try", Usage: "print the orders of saved payloads as JSON, one a line", ArgsUsage: "CHANNEL|MAP.toml FILE...",
				Action: channelTry,
			},
			{
				Name: "lint", Usage: "name every mistake of channel maps; the shipped ones if none is named", ArgsUsage: "[MAP.toml...]",
				Action: func(_ context.Context, c *cli.Command) error {
					failed := false
					for _, path := range c.Args().Slice() {
						m, err := readMap(path)
						if err != nil {
							fmt.Fprintln(os.Stderr, err)
							failed = true
							continue
						}
						drivers.Lint(os.Stdout, path, m)
					}
					if !c.Args().Present() {
						for _, name := range drivers.Names() {
							drivers.Lint(os.Stdout, name, drivers.Maps()[name])
						}
					}
					if failed {
						return &usageError{}
					}
					return nil
				},
			},
			{
				Name: "schema", Usage: "print the JSON Schema of channel maps, for editors",
				Action: func(context.Context, *cli.Command) error {
					_, err := os.Stdout.Write(channelmap.Schema())
					return err
				},
			},
			{
				Name: "disputes", Usage: "list the orders over which a shop contradicts itself or the floor, each with a mend", ArgsUsage: "[CHANNEL]",
				Flags: []cli.Flag{configFlag()}, Action: onSite("channel", "disputes"),
			},
			{
				Name: "mend", Usage: "carry out the mend proposed for an order, or close all of a channel that others have shipped", ArgsUsage: "ORDER | all CHANNEL",
				Flags: []cli.Flag{configFlag()}, Action: onSite("channel", "mend"),
			},
			{
				Name: "unread", Usage: "list what a channel sent and nobody could read, or print one payload, personal data and all", ArgsUsage: "CHANNEL [HASH]",
				Flags: []cli.Flag{configFlag()}, Action: onSite("channel", "unread"),
			},
			{
				Name: "trial", Usage: "say how a channel's trial goes, and which orders floord would not have shipped", ArgsUsage: "CHANNEL",
				Flags: []cli.Flag{configFlag()}, Action: onSite("channel", "trial"),
			},
			{
				Name: "open", Usage: "end a channel's trial: its orders are worked on from now on", ArgsUsage: "CHANNEL",
				Flags: []cli.Flag{configFlag(), &cli.BoolFlag{Name: "adopt", Usage: "work on what came during the trial and is not shipped, too"}},
				Action: func(ctx context.Context, c *cli.Command) error {
					words := []string{"channel", "open"}
					if !c.Bool("adopt") {
						return onSite(words...)(ctx, c)
					}
					cfg, err := load(c)
					if err != nil {
						return err
					}
					return daemon.Operate(ctx, cfg, append(append(words, c.Args().Slice()...), daemon.AdoptOrders), nil, os.Stdout)
				},
			},
			{
				Name: "backfill", Usage: "read a period of a shop again, beside the live reading", ArgsUsage: "CHANNEL",
				Flags: []cli.Flag{
					configFlag(),
					&cli.StringFlag{Name: "from", Usage: "begin at `TIME` (2026-11-21 or 2026-11-21T08:00:00+08:00)", Required: true},
					&cli.StringFlag{Name: "to", Usage: "end at `TIME`; now if left out"},
				},
				Action: func(ctx context.Context, c *cli.Command) error {
					cfg, err := load(c)
					if err != nil {
						return err
					}
					from, err := moment(c.String("from"), cfg.Site.Zone)
					if err != nil {
						return err
					}
					to := time.Now()
					if c.String("to") != "" {
						if to, err = moment(c.String("to"), cfg.Site.Zone); err != nil {
							return err
						}
					}
					return daemon.Operate(ctx, cfg, []string{"channel", "backfill", c.Args().First(), from.Format(time.RFC3339), to.Format(time.RFC3339)}, nil, os.Stdout)
				},
			},
		},
	}
}

// moment reads a day, or a time, of the site's zone unless it says its own.
func moment(s string, zone *time.Location) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.DateTime, "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return t, nil
		}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, &usageError{fmt.Sprintf("%q is no time such as 2026-11-21 or 2026-11-21T08:00:00+08:00", s)}
	}
	return t, nil
}

func readMap(path string) (*channelmap.Map, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return channelmap.Load(path, data)
}

func channelTry(_ context.Context, c *cli.Command) error {
	name := c.Args().First()
	try := drivers.TryOf(name)
	if strings.HasSuffix(name, ".toml") { // a site's own
		m, err := readMap(name)
		if err != nil {
			return err
		}
		try = m.Try
	}
	if try == nil || c.Args().Len() < 2 {
		return &usageError{"channel try: name a channel (" + strings.Join(drivers.Names(), ", ") + ") and at least one file"}
	}
	var failed error
	for _, path := range c.Args().Tail() {
		data, err := os.ReadFile(path)
		if err == nil {
			err = try(os.Stdout, data)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			failed = errors.New("some payloads could not be read")
		}
	}
	return failed
}

func addressCommand() *cli.Command {
	return &cli.Command{
		Name: "address", Usage: "try out how addresses are read",
		Commands: []*cli.Command{
			overCSV("try", "print the parts of each address as JSON, one line a row", "id, raw", address.TryCSV),
		},
	}
}

// overCSV is a command that reads a table and prints a line of JSON a row.
func overCSV(name, usage, columns string, read func(io.Writer, io.Reader) error) *cli.Command {
	return &cli.Command{
		Name: name, Usage: usage,
		Flags: []cli.Flag{&cli.StringFlag{Name: "csv", Usage: "`FILE` with the columns " + columns, Required: true}},
		Action: func(_ context.Context, c *cli.Command) error {
			f, err := os.Open(c.String("csv"))
			if err != nil {
				return err
			}
			defer f.Close()
			out := bufio.NewWriter(os.Stdout)
			return errors.Join(read(out, f), out.Flush())
		},
	}
}

func backupCommand() *cli.Command {
	return &cli.Command{
		Name: "backup", Usage: "copy the ledger while it runs, and verify the copy", ArgsUsage: "[FILE]",
		Flags: []cli.Flag{configFlag()}, Action: onSite("backup"),
	}
}

func restoreCommand() *cli.Command {
	return &cli.Command{
		Name: "restore", Usage: "put a backup in the place of the ledger; no daemon may run", ArgsUsage: "FILE",
		Flags: []cli.Flag{configFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Len() != 1 {
				return &usageError{"restore: name one backup file"}
			}
			cfg, err := load(c)
			if err != nil {
				return err
			}
			return daemon.Restore(ctx, cfg, c.Args().First(), os.Stdout)
		},
	}
}

func inviteCommand() *cli.Command {
	return &cli.Command{
		Name: "invite", Usage: "print a one-time code that pairs a device", ArgsUsage: "DEVICE [pda|station|board [STATION]]",
		Flags: []cli.Flag{configFlag()}, Action: onSite("invite"),
	}
}

func rulesCommand() *cli.Command {
	return &cli.Command{
		Name: "rules", Usage: "how orders are judged: tags, holds, score",
		Commands: []*cli.Command{{
			Name: "try", Usage: "say what a changed file of rules would have made of a day's orders",
			Flags: []cli.Flag{
				configFlag(),
				&cli.StringFlag{Name: "day", Usage: "`D` as 2026-11-21; yesterday if empty"},
				&cli.StringFlag{Name: "file", Usage: "the changed rules; those of the site if empty, - for the input"},
			},
			Action: func(ctx context.Context, c *cli.Command) error {
				cfg, err := load(c)
				if err != nil {
					return err
				}
				day, path := c.String("day"), c.String("file")
				if day == "" {
					day = time.Now().In(cfg.Site.Zone).AddDate(0, 0, -1).Format(time.DateOnly)
				}
				if path == "" {
					path = string(cfg.Orders.RulesFile)
				}
				if path == "" {
					return errors.New("rules try: name a --file of rules; the site has none of its own")
				}
				in := io.Reader(os.Stdin)
				if path != "-" {
					f, err := os.Open(path)
					if err != nil {
						return fmt.Errorf("rules try: %w", err)
					}
					defer f.Close()
					in = f
				}
				return daemon.Operate(ctx, cfg, []string{"rules", "try", day, path}, in, os.Stdout)
			},
		}},
	}
}

func stockCommand() *cli.Command {
	return &cli.Command{
		Name: "stock", Usage: "what of the stock wants a person: SKUs stopped for being short too often, bins to be counted, quotas",
		Flags: []cli.Flag{configFlag()}, Action: onSite("stock"),
		Commands: []*cli.Command{
			{
				Name: "resume", Usage: "let a stopped SKU be promised again", ArgsUsage: "SKU",
				Flags: []cli.Flag{configFlag()}, Action: onSite("stock", "resume"),
			},
			{
				Name: "list", Usage: "say where an article lies, lot by lot and pool by pool", ArgsUsage: "SKU",
				Flags: []cli.Flag{configFlag()}, Action: onSite("stock", "list"),
			},
			{
				Name: "move", Usage: "move pieces between the pools sellable, inspection and transit; a place is BIN/POOL, or - for outside the house",
				ArgsUsage: "SKU PIECES FROM TO [LOT [EXPIRY]]", Flags: []cli.Flag{configFlag()}, Action: onSite("stock", "move"),
			},
			{
				Name: "import", Usage: "count what lies where from a CSV file: bin, sku, qty, and lot, expiry, pool if need be", ArgsUsage: "FILE",
				Flags: []cli.Flag{configFlag()}, Action: stockImport,
			},
			{
				Name: "quota", Usage: "bound what a channel's orders may be promised of a SKU; none lifts it", ArgsUsage: "CHANNEL SKU PIECES",
				Flags: []cli.Flag{configFlag()}, Action: onSite("stock", "quota"),
			},
		},
	}
}

func stockImport(ctx context.Context, c *cli.Command) error {
	return withCSV(c, "stock import", func(cfg *config.Config, f *os.File) error {
		return daemon.Operate(ctx, cfg, []string{"stock", "import"}, f, os.Stdout)
	})
}

func slottingCommand() *cli.Command {
	return &cli.Command{
		Name: "slotting", Usage: "say which articles should lie elsewhere, and the metres a day that would have saved",
		Flags: []cli.Flag{
			configFlag(),
			&cli.IntFlag{Name: "days", Value: 7, Usage: "replay the orders of the last `N` days"},
			&cli.IntFlag{Name: "moves", Value: 20, Usage: "name at most `N`"},
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			cfg, err := load(c)
			if err != nil {
				return err
			}
			return daemon.Operate(ctx, cfg, []string{"slotting", strconv.Itoa(c.Int("days")), strconv.Itoa(c.Int("moves"))}, nil, os.Stdout)
		},
	}
}

func countCommand() *cli.Command {
	return &cli.Command{
		Name: "count", Usage: "say how many pieces of an article lie in a bin", ArgsUsage: "BIN SKU PIECES [LOT [EXPIRY]]",
		Flags: []cli.Flag{configFlag()}, Action: onSite("count"),
	}
}

func revokeCommand() *cli.Command {
	return &cli.Command{
		Name: "revoke", Usage: "end a device's token", ArgsUsage: "DEVICE",
		Flags: []cli.Flag{configFlag()}, Action: onSite("revoke"),
	}
}

func explainCommand() *cli.Command {
	return &cli.Command{
		Name: "explain", Usage: "print what is in force for a station's devices, and where each value comes from", ArgsUsage: "STATION",
		Flags: []cli.Flag{configFlag()},
		Action: func(ctx context.Context, c *cli.Command) error {
			cfg, err := load(c)
			if err != nil {
				return err
			}
			for _, s := range cfg.Stations {
				if string(s.ID) == c.Args().First() {
					return explain(ctx, os.Stdout, cfg, s)
				}
			}
			return &usageError{fmt.Sprintf("explain: no station %q", c.Args().First())}
		},
	}
}

// explain asks the running daemon, for a device may have said its firmware; where none
// runs it says what floord.toml and the profiles do.
func explain(ctx context.Context, w io.Writer, cfg *config.Config, s config.Station) error {
	running := daemon.Runs(cfg)
	for _, d := range []struct {
		kind string
		dev  *config.Device
	}{{"printer", s.Printer}, {"scale", s.Scale}, {"scanner", s.Scanner}} {
		if d.dev == nil {
			fmt.Fprintf(w, "%s: none\n", d.kind)
			continue
		}
		fmt.Fprintf(w, "%s at %s:\n", d.kind, d.dev.Port)
		for _, p := range d.dev.Problems {
			fmt.Fprintf(w, "  misconfigured: %s\n", p.Text("en"))
		}
		var lines strings.Builder
		if running {
			if err := daemon.Operate(ctx, cfg, []string{"device", "explain", string(s.ID), d.kind}, nil, &lines); err != nil {
				return err
			}
		} else {
			for _, v := range d.dev.Profile.Explain() {
				fmt.Fprintln(&lines, v)
			}
		}
		for line := range strings.Lines(lines.String()) {
			fmt.Fprintf(w, "  %s", line)
		}
	}
	return nil
}

func profileCommand() *cli.Command {
	return &cli.Command{
		Name: "profile", Usage: "look after device profiles",
		Commands: []*cli.Command{{
			Name: "lint", Usage: "check that every profile reads its own examples", ArgsUsage: "[FOLDER]",
			Action: func(_ context.Context, c *cli.Command) error {
				set, err := loadProfiles(c.Args().First())
				if err == nil {
					err = profile.Lint(set, profile.Checks{Example: checkExample, Weight: scale.ExampleWeight})
				}
				if err != nil {
					return err
				}
				fmt.Println("all profiles read their own examples")
				return nil
			},
		}},
	}
}

func checkExample(p profile.Profile, ex profile.Example) error {
	switch p.Device.Kind {
	case profile.KindPrinter:
		return printer.CheckExample(p, ex)
	case profile.KindScanner:
		return scanner.CheckExample(p, ex)
	}
	return scale.CheckExample(p, ex)
}
