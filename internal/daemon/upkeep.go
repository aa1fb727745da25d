package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"

	"floord/floor"
	"floord/floor/foreman"
	"floord/report"
	"floord/sync/ledger"
)

func isReserve(err error) bool {
	return errors.Is(err, ledger.ErrReserve) || errors.Is(err, ledger.ErrFull)
}

// backups copies the ledger every so often and keeps the newest copies. A copy
// that fails is said and tried again at its next time.
func (d *Daemon) backups(ctx context.Context) error {
	for {
		pause(ctx, d.cfg.Backup.Every)
		if ctx.Err() != nil {
			return nil
		}
		if err := backup(ctx, d.Site, nil, nil, io.Discard); err != nil && ctx.Err() == nil {
			d.log.Error("backup", "err", err)
			continue
		}
		if err := keepNewest(d.cfg.Backups(), "floor-", d.cfg.Backup.Keep); err != nil {
			d.log.Error("old backups", "err", err)
		}
	}
}

// keepNewest removes all but the newest files with a prefix; their names sort by time.
func keepNewest(dir, prefix string, keep int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), prefix) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	var errs []error
	for len(names) > keep {
		errs = append(errs, os.Remove(filepath.Join(dir, names[0])))
		names = names[1:]
	}
	return errors.Join(errs...)
}

// refold folds the journal again where another version of floord has made the views.
// The floor works meanwhile; rows that only this version has are missing until then.
func (d *Daemon) refold(ctx context.Context) error {
	if !d.ledger.Stale() {
		return nil
	}
	d.log.Info("another version of floord made the views: folding the journal again", "events", d.ledger.Seq())
	if err := d.ledger.Rebuild(ctx); err != nil {
		if ctx.Err() == nil {
			d.log.Error("fold", "err", err) // the old views go on being served
		}
		return nil
	}
	d.log.Info("the views are of this version")
	return nil
}

// watchTasks calls a lead for every task that is not done by its time.
func (d *Daemon) watchTasks(ctx context.Context) error {
	return every(ctx, 5*time.Second, func(ctx context.Context) error {
		var late []floor.TaskID
		now := time.Now()
		err := d.ledger.Read(func(v *ledger.View) error {
			return v.LiveTasks(func(t floor.Task) bool {
				if t.State == floor.TaskRunning && !t.Due.IsZero() && now.After(t.Due) && t.Overdue.IsZero() {
					late = append(late, t.ID)
				}
				return true
			})
		})
		for _, id := range late {
			if err == nil {
				_, err = d.foreman.Overdue(ctx, d.by("overdue"), id)
			}
		}
		return notReserve(err)
	})
}

// archive moves old days out of the journal, once an hour.
func (d *Daemon) archive(ctx context.Context) error {
	return every(ctx, time.Hour, func(ctx context.Context) error {
		if err := d.keepReports(time.Now().In(d.cfg.Site.Zone)); err != nil {
			d.log.Error("archive", "err", err) // nothing is archived that no report could be made of any more
			return nil
		}
		days, err := d.ledger.Archive(ctx, d.cfg.Journal.KeepDays, time.Now().In(d.cfg.Site.Zone))
		for _, day := range days {
			d.log.Info("day archived", "day", day.Day, "file", day.File)
		}
		if err != nil && ctx.Err() == nil {
			d.log.Error("archive", "err", err) // a full archive disk does not stop the floor
		}
		return nil
	})
}

// dailyReports writes yesterday's report each morning.
func (d *Daemon) dailyReports(ctx context.Context) error {
	for {
		now := time.Now().In(d.cfg.Site.Zone)
		at := d.cfg.Report.At.On(now)
		if !at.After(now) {
			at = d.cfg.Report.At.On(now.AddDate(0, 0, 1))
		}
		pause(ctx, at.Sub(now))
		if ctx.Err() != nil {
			return nil
		}
		if _, err := d.WriteReport(report.DayOf(at.AddDate(0, 0, -1), d.cfg.Site.Zone)); err != nil {
			d.log.Error("daily report", "err", err)
		}
	}
}

// writeFile writes a file whole or not at all.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// watchFreezes calls a lead for every freeze whose time is over, and then the next.
func (d *Daemon) watchFreezes(ctx context.Context) error {
	return every(ctx, 250*time.Millisecond, func(ctx context.Context) error {
		var due []floor.Intercept
		err := d.ledger.Read(func(v *ledger.View) (err error) {
			due, err = d.foreman.CallsDue(v, time.Now())
			return err
		})
		for _, i := range due {
			if err == nil {
				key := fmt.Sprintf("%s/escalate/%s/%d", d.keys.day(), i.Key, len(i.Calls))
				_, err = d.foreman.Escalate(ctx, foreman.Floord(key), i.Key)
			}
		}
		return err
	})
}

// ready, stopping and watchdog talk to systemd, if it started us.
func (d *Daemon) ready() {
	if _, err := sd.SdNotify(false, sd.SdNotifyReady); err != nil {
		d.log.Warn("systemd", "err", err)
	}
}

func (d *Daemon) stopping() { sd.SdNotify(false, sd.SdNotifyStopping) }

// watchdog tells systemd that the daemon lives, after a real look at the ledger:
// a daemon that can no longer read or has stopped serving is restarted.
func (d *Daemon) watchdog(ctx context.Context) error {
	wait, err := sd.SdWatchdogEnabled(false)
	if err != nil || wait == 0 {
		<-ctx.Done()
		return nil
	}
	return every(ctx, wait/2, func(ctx context.Context) error {
		if d.ledger.Stats().Stopped != nil {
			return nil
		}
		err := d.ledger.Read(func(v *ledger.View) error { _, err := v.Figures(); return err })
		if err == nil {
			_, err = sd.SdNotify(false, sd.SdNotifyWatchdog)
		}
		if err != nil {
			d.log.Error("watchdog", "err", err)
		}
		return nil
	})
}
