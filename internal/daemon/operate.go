package daemon

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/floor/rules"
	"floord/internal/config"
	"floord/report"
	"floord/sync/channel/csv"
	"floord/sync/ledger"
	"floord/wave"
)

// A command is one thing the operator can ask of a site, running or not.
type command struct {
	words string // how it is called
	run   func(ctx context.Context, s *Site, args []string, in io.Reader, out io.Writer) error
}

var commands = []command{
	{"journal tail", journalTail},
	{"journal show", journalShow},
	{"journal verify", journalVerify},
	{"journal rebuild", journalRebuild},
	{"report text", reportAs(report.WriteText)},
	{"report json", reportJSON},
	{"report pdf", reportAs(report.WritePDF)},
	{"report form", reportForm},
	{"import", importCSV},
	{"label preview", labelPreview},
	{"label wave", labelWave},
	{"label print", labelPrint},
	{"label selftest", labelSelfTest},
	{"label charset", labelCharset},
	{"label rare", labelRare},
	{"rules try", rulesTry},
	{"stock import", stockImport},
	{"stock", stock},
	{"slotting", slotting},
	{"channel backfill", backfill},
	{"channel unread", channelUnread},
	{"channel disputes", channelDisputes},
	{"channel mend", channelMend},
	{"channel trial", channelTrial},
	{"channel open", channelOpen},
	{"count", count},
	{"device tape", noTape},
	{"device explain", noTape},
	{"sheet", sheet},
	{"backup", backup},
	{"invite", invite},
	{"revoke", revoke},
}

// ErrFound is wrapped by the error of a command that did its work and found
// something wrong.
var ErrFound = errors.New("found problems")

func (s *Site) operate(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	line := strings.Join(args, " ")
	for _, c := range commands {
		if line == c.words || strings.HasPrefix(line, c.words+" ") {
			return c.run(ctx, s, args[len(strings.Fields(c.words)):], in, out)
		}
	}
	return fmt.Errorf("no command %q", line)
}

// Operate runs an operator's command on a site that is open in this process.
func (s *Site) Operate(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	return s.operate(ctx, args, in, out)
}

// Operate runs an operator's command on the site of cfg: inside the daemon if one
// runs there, else over the ledger itself.
func Operate(ctx context.Context, cfg *config.Config, args []string, in io.Reader, out io.Writer) error {
	if Runs(cfg) {
		return ask(ctx, ControlPath(cfg), args, in, out)
	}
	s, err := openSite(cfg, nil, nil)
	if err != nil {
		return err
	}
	defer s.close()
	if args[0] == "import" { // orders are judged by the articles the site knows
		if err := s.loadSite(); err != nil {
			return err
		}
	}
	return s.operate(ctx, args, in, out)
}

// Runs tells whether a daemon runs on the site of cfg.
func Runs(cfg *config.Config) bool {
	conn, err := net.DialTimeout("unix", ControlPath(cfg), time.Second)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// ---- the operator's socket

// The trailer says how a command ended: what it printed has left by then.
const (
	trailerError = "Floord-Error"
	trailerFound = "Floord-Found"
)

// openControl listens for the operator on a socket that only the owner of the
// data folder can open.
func (d *Daemon) openControl() error {
	path := ControlPath(d.cfg)
	// The ledger's lock says that no other daemon runs here: what lies there is left over.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("control socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	d.closers = append(d.closers, ignoreClosed(l.Close))
	d.control = l
	return os.Chmod(path, 0o600)
}

func (d *Daemon) serveControl(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /operate", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", trailerError+", "+trailerFound)
		out := bufio.NewWriter(w)
		err := d.operate(r.Context(), r.URL.Query()["arg"], r.Body, out)
		out.Flush()
		if err != nil {
			w.Header().Set(trailerError, url.QueryEscape(err.Error()))
			w.Header().Set(trailerFound, strconv.FormatBool(errors.Is(err, ErrFound)))
		}
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 2 * time.Second}
	return d.serve(srv, d.control)(ctx)
}

// ask has the running daemon do the work.
func ask(ctx context.Context, socket string, args []string, in io.Reader, out io.Writer) error {
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}}
	defer client.CloseIdleConnections()
	u := "http://floord/operate?" + url.Values{"arg": args}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u, in)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(out, resp.Body); err != nil {
		return err
	}
	text, err := url.QueryUnescape(resp.Trailer.Get(trailerError))
	switch {
	case err != nil || text == "":
		return err
	case resp.Trailer.Get(trailerFound) == "true":
		return fmt.Errorf("%w: %s", ErrFound, strings.TrimPrefix(text, ErrFound.Error()+": "))
	}
	return errors.New(text)
}

// ---- the journal

func journalTail(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	n := uint64(20)
	if len(args) > 0 {
		var err error
		if n, err = strconv.ParseUint(args[0], 10, 32); err != nil {
			return fmt.Errorf("journal tail: %q is not a number of events", args[0])
		}
	}
	from := s.ledger.Seq() - min(n, s.ledger.Seq())
	return s.print(ctx, out, from, ledger.Topic{"*"}, false)
}

// journalShow prints the time line of one order: who, when, from where, payload.
func journalShow(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) < 1 {
		return errors.New("journal show: name one order, as DB20261121-ORD-000123")
	}
	whole := len(args) > 1 && args[1] == WithPayload
	id := floor.OrderID(args[0])
	var o floor.Order
	var there bool
	err := s.ledger.Read(func(v *ledger.View) (err error) { o, there, err = v.Order(id); return err })
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("no order %s is in the ledger; archived days are in %s", id, s.cfg.Archive())
	}
	return s.print(ctx, out, o.First-1, ledger.Topic{floor.OrderTopic(id)}, whole)
}

// WithPayload, behind an order, has journal show print the shop's payloads as they
// were received, personal data and all.
const WithPayload = "payload"

// print writes the events after seq that topic wants, up to now, with their cause
// and the hash of the payload they came with, personal data masked; or, if whole,
// with the payload itself.
func (s *Site) print(ctx context.Context, out io.Writer, after uint64, topic ledger.Topic, whole bool) error {
	for e, err := range s.ledger.Past(ctx, after, topic) {
		var damaged *ledger.DamagedError
		if errors.As(err, &damaged) {
			fmt.Fprintf(out, "%7d  %v\n", e.Seq, damaged)
			continue
		}
		if err != nil {
			return err
		}
		data, err := floor.EncodeFact(floor.Mask(e.Fact))
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%7d  %s  %-28s  %-20s  %s\n         because of %s", e.Seq,
			e.At.In(s.cfg.Site.Zone).Format("2006-01-02 15:04:05.000"), e.Actor, e.Fact.Kind(), data, e.Cause)
		if _, ok := e.Fact.(floor.Payload); ok {
			raw, err := s.ledger.Raw(e.Seq)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, ", with a payload of %d bytes, SHA-256 %x", len(raw), sha256.Sum256(raw))
			if whole {
				fmt.Fprintf(out, "\n%s", raw)
			}
		}
		for _, r := range whyOf(e.Fact) {
			fmt.Fprintf(out, "\n         why: %s / %s", r.Text("zh"), r.Text("en"))
		}
		fmt.Fprintln(out)
	}
	return nil
}

// whyOf gives the planner's reasons for what a fact says.
func whyOf(f floor.Fact) []wave.Reason {
	var out []wave.Reason
	kept := []floor.Reason(nil)
	switch x := f.(type) {
	case floor.WaveReleased:
		kept = x.Why
	case floor.OrderJoined:
		kept = x.Why
	}
	for _, r := range kept {
		out = append(out, wave.ReasonOf(r))
	}
	return out
}

func journalVerify(ctx context.Context, s *Site, _ []string, _ io.Reader, out io.Writer) error {
	v, err := s.ledger.Verify(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "events %d to %d, %d rows, head %s\n", v.First, v.Last, v.Rows, v.Head)
	for _, p := range v.Problems {
		fmt.Fprintln(out, p)
	}
	if !v.OK() {
		return fmt.Errorf("%w: %d; a wrong view is mended by floord journal rebuild, a wrong event by floord restore",
			ErrFound, len(v.Problems)+v.More)
	}
	if v.Stale {
		fmt.Fprintln(out, "chain and tags hold; the views are of another version of floord, and the next floord run folds them again")
		return nil
	}
	fmt.Fprintln(out, "chain, tags and views hold")
	return nil
}

func journalRebuild(ctx context.Context, s *Site, _ []string, _ io.Reader, out io.Writer) error {
	if err := s.ledger.Rebuild(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "views rebuilt from %d events\n", s.ledger.Seq())
	return nil
}

// ---- the rest

// importCSV takes orders from a CSV file: the site without any API.
func importCSV(ctx context.Context, s *Site, args []string, in io.Reader, out io.Writer) error {
	ch := floor.ChannelID("csv")
	for _, c := range s.cfg.Channels {
		if c.Driver == "csv" {
			ch = c.ID
		}
	}
	if len(args) > 0 && args[0] != "" {
		ch = floor.ChannelID(args[0])
	}
	at := time.Now()
	if len(args) > 1 {
		var err error
		if at, err = time.Parse(time.RFC3339, args[1]); err != nil {
			return fmt.Errorf("import: %w", err)
		}
	}
	im, err := csv.Read(in, ch, at)
	if err != nil {
		return err
	}
	for _, m := range im.Mistakes {
		fmt.Fprintln(out, m.Text(s.cfg.Site.Lang))
	}
	var total foreman.Received
	for part := range parts(im.Orders) {
		got, err := s.foreman.Receive(ctx, foreman.Intake{Key: s.keys.next("import"), Channel: ch, Orders: part})
		if err != nil {
			return err
		}
		total.New += got.New
		total.Revised += got.Revised
		total.Same += got.Same
		total.Held += got.Held
	}
	fmt.Fprintf(out, "%d orders taken in: %d new (%d on hold), %d revised, %d known already\n",
		len(im.Orders), total.New, total.Held, total.Revised, total.Same)
	if n := len(im.Mistakes) + im.More; n > 0 {
		return fmt.Errorf("%w: %d mistakes; %d orders were left out", ErrFound, n, im.Left)
	}
	return nil
}

// rulesTry says what the rules in "in" would have made of a day's orders.
func rulesTry(ctx context.Context, s *Site, args []string, in io.Reader, out io.Writer) error {
	if len(args) < 1 || in == nil {
		return errors.New("rules try: name a day, as 2026-11-21, and a file of rules")
	}
	data, err := io.ReadAll(io.LimitReader(in, rules.MaxFile+1))
	if err != nil {
		return fmt.Errorf("rules try: %w", err)
	}
	file := "rules.toml"
	if len(args) > 1 {
		file = args[1]
	}
	other, err := rules.Parse(file, data)
	if err != nil {
		return err
	}
	t, err := s.foreman.Try(ctx, args[0], other)
	if err != nil {
		return fmt.Errorf("rules try: %w", err)
	}
	fmt.Fprintf(out, "%s: %d orders, %d would be judged otherwise; held %d -> %d\n", t.Day, t.Orders, t.Differ, t.HeldNow, t.HeldThen)
	for _, c := range slices.Sorted(maps.Keys(t.Counts)) {
		fmt.Fprintf(out, "  %-32s %d\n", c, t.Counts[c])
	}
	for _, o := range t.Changed {
		fmt.Fprintf(out, "%s  score %d -> %d  %s\n", o.Order, o.Score, o.Other, strings.Join(o.Changes, ", "))
	}
	return nil
}

func backup(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	to := filepath.Join(s.cfg.Backups(), "floor-"+time.Now().UTC().Format("20060102T150405Z")+".db")
	if len(args) > 0 && args[0] != "" {
		to = args[0]
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	v, err := s.ledger.Backup(ctx, to)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: events %d to %d, verified. The key file %s is not in it: keep that elsewhere.\n", to, v.First, v.Last, s.cfg.Key())
	return nil
}

// Restore puts a backup in the place of the ledger. No daemon may run.
func Restore(ctx context.Context, cfg *config.Config, from string, out io.Writer) error {
	kept, v, err := ledger.Restore(ctx, from, cfg.Ledger(), ledgerOptions(cfg))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "restored events %d to %d under a new epoch; handhelds will fetch everything anew\n", v.First, v.Last)
	if kept != "" {
		fmt.Fprintf(out, "what was there before is %s\n", kept)
	}
	return nil
}

func invite(ctx context.Context, s *Site, args []string, _ io.Reader, out io.Writer) error {
	if len(args) < 1 {
		return errors.New("invite: name the device, then its screen (pda, station, board), then its station")
	}
	screen, st := "pda", ""
	if len(args) > 1 {
		screen = args[1]
	}
	if len(args) > 2 {
		st = args[2]
	}
	code, err := s.foreman.Invite(ctx, s.operator("invite"), floor.DeviceID(args[0]), screen, floor.StationID(st))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n", code)
	return nil
}

func revoke(ctx context.Context, s *Site, args []string, _ io.Reader, _ io.Writer) error {
	if len(args) != 1 {
		return errors.New("revoke: name the device")
	}
	_, err := s.foreman.Revoke(ctx, s.operator("revoke"), floor.DeviceID(args[0]))
	return err
}

// Invite prints a one-time code that pairs a device.
func (s *Site) Invite(ctx context.Context, device, screen, station string, out io.Writer) error {
	return invite(ctx, s, []string{device, screen, station}, nil, out)
}
