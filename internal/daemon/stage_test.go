package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"floord/sync/ledger"
)

// TestADamagedRowEndsNothing: a loop that meets one runs again; any other trouble
// of a loop is the process's.
func TestADamagedRowEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		runs, broke := 0, errors.New("broke")
		loop := task{"planner", func(context.Context) error {
			if runs++; runs < 3 {
				return fmt.Errorf("plan: %w", &ledger.DamagedError{Bucket: "views/orders", Key: "DB1"})
			}
			return broke
		}}
		begun, failed := time.Now(), make(chan error, 1)
		stop := stage{loop}.start(t.Context(), slog.New(slog.NewTextHandler(&said, nil)), failed)
		if err := <-failed; !errors.Is(err, broke) || runs != 3 {
			t.Errorf("after %d runs: %v; want the third run's own trouble", runs, err)
		}
		if took := time.Since(begun); took != 2*againAfter {
			t.Errorf("two waits took %v; want %v", took, 2*againAfter)
		}
		if err := stop(); !errors.Is(err, broke) {
			t.Errorf("stop: %v", err)
		}
		if n := strings.Count(said.String(), "DB1 of views/orders"); n != 2 {
			t.Errorf("the row is named %d times; want 2: %s", n, said.String())
		}
	})
}
