package daemon

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"floord/floor"
	"floord/report"
	"floord/sync/carrier"
	"floord/sync/ledger"
)

// daily counts the day that args name, or today.
func (s *Site) daily(args []string) (report.Daily, error) {
	now := time.Now().In(s.cfg.Site.Zone)
	day := report.DayOf(now, s.cfg.Site.Zone)
	if len(args) > 0 && args[0] != "" {
		var err error
		if day, err = report.ParseDay(args[0]); err != nil {
			return report.Daily{}, err
		}
	}
	return s.dailyOf(day, now)
}

// dailyOf counts a day, with the same weekday of the four weeks before beside it.
func (s *Site) dailyOf(day report.Day, now time.Time) (report.Daily, error) {
	in, err := s.input(day, now)
	if err != nil {
		return report.Daily{}, err
	}
	from, _ := day.Bounds(s.cfg.Site.Zone)
	for week := 1; week <= 4; week++ {
		p, ok, err := s.shares(report.DayOf(from.AddDate(0, 0, -7*week).Add(time.Hour), s.cfg.Site.Zone))
		if err != nil {
			return report.Daily{}, err
		}
		if ok {
			in.Past = append(in.Past, p)
		}
	}
	return report.ForDay(in), nil
}

// shares gives a day's shares as they were written with its report: to count them anew
// would be to read every order since.
func (s *Site) shares(day report.Day) (p report.Past, ok bool, err error) {
	data, err := os.ReadFile(s.figures(day))
	if errors.Is(err, fs.ErrNotExist) {
		return p, false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	return p, err == nil, err
}

func (s *Site) figures(day report.Day) string {
	return filepath.Join(s.cfg.Reports(), "figures-"+day.String()+".json")
}

// input gives what a day is counted from: what was kept of it before its orders left
// for the archive, else what the ledger holds. An archived day of which nothing was kept
// is refused: its report was written when it was over.
func (s *Site) input(day report.Day, now time.Time) (report.Input, error) {
	in, err := s.kept(day)
	if !errors.Is(err, fs.ErrNotExist) {
		return in, err
	}
	from, _ := day.Bounds(s.cfg.Site.Zone)
	if from.Before(now.AddDate(0, 0, -s.cfg.Journal.KeepDays)) {
		return report.Input{}, floor.Refuse("day-archived", "day", day, "days", s.cfg.Journal.KeepDays)
	}
	return s.gather(day, now)
}

func (s *Site) keptFile(day report.Day) string {
	return filepath.Join(s.cfg.Archive(), day.String()+".report.json.gz")
}

// kept reads what was kept of a day.
func (s *Site) kept(day report.Day) (in report.Input, err error) {
	f, err := os.Open(s.keptFile(day))
	if err != nil {
		return in, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err == nil {
		err = json.NewDecoder(z).Decode(&in)
	}
	if err != nil {
		return in, fmt.Errorf("read what was kept of %s: %w", day, err)
	}
	in.Zone = s.cfg.Site.Zone
	return in, nil
}

// keepReports keeps what each day is counted from that is half as old as the journal
// keeps days: before any order of it leaves for the archive, and when what may still be
// told of it has been told. From then on its report is counted from that.
func (s *Site) keepReports(now time.Time) error {
	if err := os.MkdirAll(s.cfg.Archive(), 0o700); err != nil {
		return err
	}
	began, known, err := s.ledger.Began()
	if err != nil {
		return err
	}
	keep := s.cfg.Journal.KeepDays
	for back := keep - 1; back >= keep/2 && back > 0; back-- {
		day := report.DayOf(now.AddDate(0, 0, -back), s.cfg.Site.Zone)
		_, to := day.Bounds(s.cfg.Site.Zone)
		if known && !began.Before(to) {
			continue // to gather a day is to read every order since
		}
		if _, err := os.Stat(s.keptFile(day)); !errors.Is(err, fs.ErrNotExist) {
			if err != nil {
				return err
			}
			continue
		}
		in, err := s.gather(day, now)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(in.Rows, func(r report.Row) bool { return r.Received.Before(to) }) {
			continue // before the first order of all
		}
		err = writeFile(s.keptFile(day), func(w io.Writer) error {
			z := gzip.NewWriter(w)
			return errors.Join(json.NewEncoder(z).Encode(in), z.Close())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// gather reads what a day is counted from out of the ledger.
func (s *Site) gather(day report.Day, now time.Time) (report.Input, error) {
	from, to := day.Bounds(s.cfg.Site.Zone)
	in := report.Input{
		Site: s.cfg.Site.Name, Day: day, Zone: s.cfg.Site.Zone,
		Channels: map[floor.ChannelID]string{}, Carriers: map[floor.CarrierID]string{}, People: map[floor.PersonID]string{},
		Silent: map[floor.ChannelID]bool{}, Tells: map[floor.CarrierID]bool{}, Now: now,
	}
	if now.Before(to) {
		in.At = now
	}
	for _, c := range s.cfg.Carriers {
		in.Carriers[c.ID] = c.Name
		_, in.Tells[c.ID] = carrierTypes[c.Driver].(carrier.Tracker)
	}
	for _, c := range s.cfg.Channels {
		in.Silent[c.ID] = c.Driver == "csv"
	}
	err := s.ledger.Read(func(v *ledger.View) error {
		var rests floor.Rests
		var parts [][]report.Row // a list that grows to a million of them is copied again and again
		var part []report.Row
		err := shipRows(v, from, to, now, func(r floor.ShipRow) {
			rests.Add(r)
			if len(part) == cap(part) {
				parts, part = append(parts, part), make([]report.Row, 0, 1000)
			}
			part = append(part, reportRow(r))
		})
		if err != nil {
			return err
		}
		in.Forecast, in.Rows = rests.Forecast(), slices.Concat(append(parts, part)...)
		err = errors.Join(
			v.People(func(p floor.Person) bool { in.People[p.ID] = p.Name; return true }),
			v.Hands(from, to, func(q floor.HandQuarter) bool { in.Hands = append(in.Hands, q); return true }),
			v.Shorts(from, to, func(x floor.ShortFound) bool { in.Shorts = append(in.Shorts, x); return true }),
		)
		if err != nil {
			return err
		}
		err = v.Trips(from, to, func(x floor.Fuse) bool { in.Fuses = append(in.Fuses, x); return true })
		if err != nil {
			return err
		}
		for _, d := range []time.Time{from, to} { // asked before midnight may be frozen after it
			err := v.Intercepts(d.Format("20060102"), func(i floor.Intercept) bool {
				in.Intercepts = append(in.Intercepts, interceptRow(i))
				return true
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return in, err
}

// shipRows gives each order of the days from to on once: what something happened to
// since, or is due then, and what is still open, however old.
func shipRows(v *ledger.View, from, to, now time.Time, give func(floor.ShipRow)) error {
	seen := map[floor.OrderID]bool{}
	until := to
	if now.After(to) {
		until = now
	}
	err := v.Ship(from, until, func(r floor.ShipRow) bool {
		seen[r.Order] = true
		give(r)
		return true
	})
	if err != nil {
		return err
	}
	var inner error
	err = v.Live("", func(id floor.OrderID, _ floor.State) bool {
		if seen[id] {
			return true
		}
		r, ok, err := v.ShipRow(id)
		if inner = err; ok {
			give(r)
		}
		return inner == nil
	})
	if inner != nil {
		return inner
	}
	return err
}

func reportRow(r floor.ShipRow) report.Row {
	return report.Row{
		Order: r.Order, Channel: r.Channel, Carrier: r.Carrier, Team: r.Team, Received: r.Received,
		ShipBy: r.ShipBy, CollectBy: r.CollectBy, Worked: r.Worked, HandedOver: r.HandedOver,
		Closed: r.Closed, ClosedAt: r.ClosedAt, Held: r.Held, Lines: r.Lines, ShortLines: r.ShortLines,
		Labels: r.Labels, LabelErrors: r.LabelErrs, Parcels: r.Parcels, BadParcels: r.BadParcels,
		Reprints: r.Reprints, Redone: r.Redone, Manual: r.Manual, Bent: r.Bent,
		Paid: r.Paid, Waved: r.Waved, Picked: r.Picked, Sealed: r.Sealed, Collected: r.Collected,
		ShopState: r.ShopState, ShopAt: r.ShopAt, Tally: r.Tally,
	}
}

func interceptRow(i floor.Intercept) report.Intercept {
	r := report.Intercept{
		Order: i.Order, Channel: i.Channel, Why: i.Why, AskedAt: i.AskedAt, FrozenAt: i.FrozenAt,
		Stage: i.Stage, Outcome: report.Outcome(i.Outcome), HeardAt: cmp.Or(i.HeardAt, i.FrozenAt), // what was pulled is on disk with its freeze
	}
	if len(i.Shown) > 0 {
		r.DeviceAt = i.Shown[0].At
	}
	if len(i.Answers) > 0 {
		r.PersonAt = i.Answers[0].At
	}
	return r
}

func (s *Site) lang(args []string) string {
	if len(args) > 1 {
		return args[1]
	}
	return s.cfg.Site.Lang
}

// reportAs gives the command that writes a day's report in one form.
func reportAs(write func(io.Writer, report.Daily, string) error) func(context.Context, *Site, []string, io.Reader, io.Writer) error {
	return func(_ context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
		d, err := s.daily(args)
		if err != nil {
			return err
		}
		return write(out, d, s.lang(args))
	}
}

var reportJSON = reportAs(func(w io.Writer, d report.Daily, _ string) error { return report.WriteJSON(w, d) })

// reportForm writes one of report.Files: its form is the third argument.
func reportForm(_ context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	d, err := s.daily(args)
	if err != nil {
		return err
	}
	var forms []string
	for _, f := range report.Files(d) {
		if len(args) > 2 && f.Form == args[2] {
			return f.Write(out, s.lang(args))
		}
		forms = append(forms, f.Form)
	}
	return fmt.Errorf("report: name one of the forms %s", strings.Join(forms, ", "))
}

// reportOf is the report of a day for the pages.
func (d *Daemon) reportOf(_ context.Context, day string) (report.Daily, error) {
	return d.daily([]string{day})
}

// WriteReport writes the report of a day, and that of its interceptions, into the
// reports folder and gives the PDF's path.
func (s *Site) WriteReport(day report.Day) (string, error) {
	x, err := s.dailyOf(day, time.Now().In(s.cfg.Site.Zone))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(s.cfg.Reports(), 0o750); err != nil {
		return "", err
	}
	file := func(name string) string { return filepath.Join(s.cfg.Reports(), name) }
	for _, f := range report.Files(x) {
		if err := writeFile(file(f.Name), func(w io.Writer) error { return f.Write(w, s.cfg.Site.Lang) }); err != nil {
			return "", err
		}
	}
	err = writeFile(s.figures(day), func(w io.Writer) error { return json.NewEncoder(w).Encode(x.Past()) })
	return file("health-" + day.String() + ".pdf"), err
}
