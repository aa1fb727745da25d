// Command floord runs a warehouse floor: it pulls orders from shops, plans pick
// waves, guides pickers and packers, prints waybills, stops hands when an order is
// cancelled, and tells the lead how the day went.
//
// It exits with 0 when it was told to stop or did what was asked, 1 when something
// broke, and 2 when it was asked or configured wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/urfave/cli/v3"

	"floord/internal/daemon"
)

func main() {
	// Orders come in bursts of small objects that soon die: memory that is there
	// anyway spares collecting them. GOGC says otherwise.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who presses Ctrl-C twice means it
	os.Exit(run(ctx, os.Args))
}

// run carries the command line out and gives the exit code.
func run(ctx context.Context, args []string) int {
	err := app().Run(ctx, args)
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		if usage.text != "" {
			fmt.Fprintln(os.Stderr, "floord:", usage.text)
		}
		return 2
	}
	fmt.Fprintln(os.Stderr, "floord:", err)
	return 1
}

// A usageError is what whoever asked must mend. An empty text was said already.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func app() *cli.Command {
	return &cli.Command{
		Name:            "floord",
		Usage:           "the warehouse-floor fulfilment daemon",
		Version:         daemon.Version,
		HideHelpCommand: true,
		// Exit codes are run's; the library would exit by itself.
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		OnUsageError: func(_ context.Context, _ *cli.Command, err error, _ bool) error {
			return &usageError{err.Error()}
		},
		Commands: []*cli.Command{
			runCommand(), demoCommand(), checkCommand(), doctorCommand(), reportCommand(), journalCommand(),
			importCommand(), sheetCommand(), channelCommand(), addressCommand(), deviceCommand(), labelCommand(), rulesCommand(), stockCommand(), slottingCommand(), countCommand(), backupCommand(), restoreCommand(), inviteCommand(), revokeCommand(), certCommand(),
			explainCommand(), profileCommand(), simCommand(), loadCommand(),
		},
		Action: func(ctx context.Context, c *cli.Command) error {
			if c.Args().Present() {
				return &usageError{fmt.Sprintf("no command %q; see floord --help", c.Args().First())}
			}
			return cli.ShowAppHelp(c)
		},
	}
}
