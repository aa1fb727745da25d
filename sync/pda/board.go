package pda

import (
	"errors"
	"slices"
	"sync"
	"time"

	"floord/floor"
	"floord/sync/ledger"
	"floord/wave"

	"github.com/gorilla/websocket"
)

// A Board is what a lead sees. It names people on the floor, and no buyer.
type Board struct {
	Figures  Figures        `json:"figures"`
	Open     []Ask          `json:"open"`  // freezes that wait for a decision
	Today    []Ask          `json:"today"` // the newest freezes of today, decided or not
	Waves    []Wave         `json:"waves"`
	People   []Worker       `json:"people"`
	Devices  []Device       `json:"devices"`
	Stations []Station      `json:"stations"`
	Runs     []Run          `json:"runs"`  // labels printed first, with sheets left
	Fuses    []OpenFuse     `json:"fuses"` // those open, the oldest first
	Channels []ChannelState `json:"channels"`
	Accounts []CarrierState `json:"accounts"` // at the carriers
	Outbox   []floor.Effect `json:"outbox"`
	Hands    []floor.Effect `json:"hands"`   // what only people can do, the oldest first
	Reports  []Exception    `json:"reports"` // what people reported today, the newest first
}

// The rows of a Board.
type (
	// Figures are counts of orders.
	Figures struct {
		ByState map[floor.State]int `json:"by_state"`
		Frozen  int                 `json:"frozen"`
		Held    int                 `json:"held"`
		Short   int                 `json:"short"`
		Due     map[Due]int         `json:"due"`     // by ship-by, of those that still need hands
		Collect map[Due]int         `json:"collect"` // the same by collect-by
		Risk    int                 `json:"risk"`    // with less time left than nine in ten needed
		Rests   floor.Forecast      `json:"rests"`   // what that is measured by
		Hours   []Hour              `json:"hours"`   // what is to be shipped within each of the next hours
		Counts  map[string]int      `json:"counts,omitempty"`
	}
	// An Hour counts the orders to be shipped within the hour that begins At, by how
	// far they are.
	Hour struct {
		At      time.Time `json:"at"`
		Waiting int       `json:"waiting"` // for a wave
		Walking int       `json:"walking"` // released, not packed
		Packed  int       `json:"packed"`
	}
	// An Exception is a report of something odd.
	Exception struct {
		ID     floor.ExceptionID `json:"id"`
		At     time.Time         `json:"at"`
		Person floor.PersonID    `json:"person"`
		What   string            `json:"what"`
		Text   string            `json:"text,omitempty"`
		Task   floor.TaskID      `json:"task,omitempty"`
		Order  floor.OrderID     `json:"order,omitempty"`
		Bin    floor.BinID       `json:"bin,omitempty"`
		SKU    floor.SKU         `json:"sku,omitempty"`
		Photo  bool              `json:"photo,omitzero"` // GET /api/v1/exceptions/ID/photo has it
	}
	// An Ask is an interception: who was told, who said what, how it ended.
	Ask struct {
		Intercept string           `json:"intercept"`
		Order     floor.OrderID    `json:"order"`
		Channel   floor.ChannelID  `json:"channel,omitempty"`
		Why       floor.FreezeWhy  `json:"why"`
		Stage     floor.State      `json:"stage"`
		AskedAt   time.Time        `json:"asked_at"`
		HeardAt   time.Time        `json:"heard_at,omitzero"` // a push that said so was on disk
		FrozenAt  time.Time        `json:"frozen_at,omitzero"`
		Deadline  time.Time        `json:"deadline,omitzero"`
		Told      []floor.DeviceID `json:"told"`
		Holders   []floor.PersonID `json:"holders"`
		Shown     []AskShown       `json:"shown"`
		Answers   []AskAnswer      `json:"answers"`
		Calls     []AskCall        `json:"calls"`
		Needs     string           `json:"needs,omitempty"`  // why a lead is wanted: "unanswered", "decide", "conflict"
		Labels    []AskLabel       `json:"labels,omitempty"` // that lie about, while it is open
		Pull      []Words          `json:"pull,omitempty"`   // sheets of runs that do, run by run
		Outcome   string           `json:"outcome"`
		EndedAt   time.Time        `json:"ended_at,omitzero"`
		EndedBy   floor.Actor      `json:"ended_by,omitempty"`
	}
	// An AskShown is a device's receipt.
	AskShown struct {
		Device floor.DeviceID `json:"device"`
		At     time.Time      `json:"at"`
	}
	// An AskCall is a lead who was called. Person is empty if there was none.
	AskCall struct {
		Person floor.PersonID `json:"person,omitempty"`
		Why    string         `json:"why"`
		At     time.Time      `json:"at"`
	}
	// An AskLabel is a printed label of a frozen order, to be pulled, where it is not
	// the sheet of a run.
	AskLabel struct {
		Parcel  floor.ParcelID  `json:"parcel"`
		Waybill floor.WaybillNo `json:"waybill"`
		Station floor.StationID `json:"station"`
	}
	// An AskAnswer is what a person said to a freeze.
	AskAnswer struct {
		Person floor.PersonID `json:"person"`
		Text   string         `json:"text"`
		At     time.Time      `json:"at"`
	}
	// A Wave is a wave with how far its walks are.
	Wave struct {
		ID         floor.WaveID `json:"id"`
		Kind       string       `json:"kind"`
		Orders     int          `json:"orders"`
		Stops      int          `json:"stops"`
		Done       int          `json:"done"`
		Metres     float64      `json:"metres"`
		Why        []Words      `json:"why,omitempty"`
		ReleasedAt time.Time    `json:"released_at"`
	}
	// Words are a sentence in both languages.
	Words struct {
		ZH string `json:"zh"`
		EN string `json:"en"`
	}
	// A Worker is a person who is or may be logged in.
	Worker struct {
		ID     floor.PersonID `json:"id"`
		Name   string         `json:"name"`
		Roles  []floor.Role   `json:"roles"`
		Lang   string         `json:"lang,omitempty"`
		Team   string         `json:"team,omitempty"`
		Device floor.DeviceID `json:"device,omitempty"`
		Task   floor.TaskID   `json:"task,omitempty"`
		Acted  time.Time      `json:"acted_at,omitzero"` // idle since then
	}
	// A Device is a paired screen.
	Device struct {
		ID      floor.DeviceID  `json:"id"`
		Screen  string          `json:"screen"`
		Station floor.StationID `json:"station,omitempty"`
		Person  floor.PersonID  `json:"person,omitempty"`
		Revoked bool            `json:"revoked,omitzero"`
		Online  bool            `json:"online,omitzero"`
		// Seen is when it was last connected, if that was since the daemon started.
		Seen time.Time `json:"seen,omitzero"`
	}
	// A Station is a pack station with its devices.
	Station struct {
		ID      floor.StationID `json:"id"`
		Scale   ScaleState      `json:"scale"`
		Printer PrinterState    `json:"printer"`
		Parcel  floor.ParcelID  `json:"parcel,omitempty"`
	}
)

// maxRows is how many rows a list of the board has.
const maxRows = 50

// Board reads what a lead sees now.
func (s *Server) Board() (Board, error) {
	b, _, err := s.lookAround()
	return b, err
}

func (s *Server) lookAround() (Board, uint64, error) {
	var b Board
	seq, err := s.read(func(v *ledger.View) (err error) {
		b = Board{
			Open: []Ask{}, Today: []Ask{}, Waves: []Wave{}, People: []Worker{}, Devices: []Device{},
			Stations: []Station{}, Channels: []ChannelState{}, Outbox: []floor.Effect{}, Hands: []floor.Effect{}, Runs: []Run{}, Fuses: []OpenFuse{}, Accounts: []CarrierState{}, Reports: []Exception{},
		}
		for _, part := range []func(*ledger.View, *Board) error{s.figures, asks, s.today, waves, people, s.devices, s.stations, outbox, fuses, runs, s.reports} {
			if err := part(v, &b); err != nil {
				return err
			}
		}
		return nil
	})
	if s.o.Hooks.Channels != nil {
		b.Channels = append(b.Channels, s.o.Hooks.Channels()...)
	}
	if s.o.Hooks.Accounts != nil {
		b.Accounts = append(b.Accounts, s.o.Hooks.Accounts()...)
	}
	return b, seq, err
}

func (s *Server) figures(v *ledger.View, b *Board) error {
	f, err := v.Figures()
	b.Figures = Figures{ByState: f.ByState, Frozen: f.Frozen, Held: f.Held, Short: f.Short, Counts: f.Counts}
	if b.Figures.ByState == nil {
		b.Figures.ByState = map[floor.State]int{}
	}
	now := time.Now()
	if err == nil {
		b.Figures.Due, err = dues(v, f, ledger.ShipBy, now)
	}
	if err == nil {
		b.Figures.Collect, err = dues(v, f, ledger.CollectBy, now)
	}
	if err != nil {
		return err
	}
	risks, rests, err := s.Risks(v, now)
	if err != nil {
		return err
	}
	b.Figures.Risk, b.Figures.Rests = len(risks), rests
	b.Figures.Hours, err = hours(v, now.In(s.o.Zone))
	return err
}

// hoursAhead is how many hours the board looks ahead.
const hoursAhead = 12

// hours counts what is to be shipped hour by hour; what is late is not in it.
func hours(v *ledger.View, now time.Time) ([]Hour, error) {
	first := now.Truncate(time.Hour)
	out := make([]Hour, hoursAhead)
	for i := range out {
		out[i].At = first.Add(time.Duration(i) * time.Hour)
	}
	var inner error
	err := v.Due(ledger.ShipBy, now, "", func(at time.Time, id floor.OrderID) bool {
		i := int(at.Sub(first) / time.Hour)
		if at.IsZero() || i >= len(out) {
			return false
		}
		var state floor.State
		state, _, inner = v.StateOf(id)
		switch {
		case state.Before(floor.Waved):
			out[i].Waiting++
		case state.Before(floor.Sealed):
			out[i].Walking++
		default:
			out[i].Packed++
		}
		return inner == nil
	})
	return out, errors.Join(err, inner)
}

// Due is how near a clock's end is.
type Due string

// How near: past it, less than that many hours, later, and none set.
const (
	DueLate  Due = "late"
	Due2h    Due = "2h"
	Due4h    Due = "4h"
	Due8h    Due = "8h"
	DueLater Due = "later"
	DueNone  Due = "none"
)

// DueIn says how near the end of a clock is; zero is none.
func DueIn(end, now time.Time) Due {
	if end.IsZero() {
		return DueNone
	}
	left := end.Sub(now)
	switch {
	case left < 0:
		return DueLate
	case left < 2*time.Hour:
		return Due2h
	case left < 4*time.Hour:
		return Due4h
	case left < 8*time.Hour:
		return Due8h
	}
	return DueLater
}

// dues counts the orders that still need hands by how near they are. It looks at
// the urgent ones and at those without a time; the others are the rest.
func dues(v *ledger.View, f floor.Figures, c ledger.Clock, now time.Time) (map[Due]int, error) {
	n := map[Due]int{}
	for s, orders := range f.ByState {
		if s.Before(floor.HandedOver) {
			n[DueLater] += orders
		}
	}
	count := func(at time.Time, _ floor.OrderID) bool {
		due := DueIn(at, now)
		if due == DueLater {
			return false
		}
		n[due]++
		n[DueLater]--
		return true
	}
	if err := v.Due(c, time.Unix(0, 0), "", func(at time.Time, id floor.OrderID) bool { return !at.IsZero() && count(at, id) }); err != nil {
		return nil, err
	}
	return n, v.Due(c, time.Time{}, "", count)
}

func asks(v *ledger.View, b *Board) error {
	var inner error
	err := v.OpenIntercepts(func(i floor.Intercept) bool {
		a := NewAsk(i)
		inner = a.labels(v)
		b.Open = append(b.Open, a)
		return inner == nil && len(b.Open) < maxRows
	})
	return errors.Join(err, inner)
}

// labels names the printed labels of the order's parcels that are still here.
func (a *Ask) labels(v *ledger.View) error {
	o, _, err := v.Order(a.Order)
	if err != nil {
		return err
	}
	var runs []floor.Run
	for _, id := range o.Parcels {
		p, _, err := v.Parcel(id)
		if err != nil {
			return err
		}
		if p.Printed == 0 || p.State == floor.ParcelHasLeft || p.State == floor.ParcelIsVoid {
			continue
		}
		if p.Run == "" {
			a.Labels = append(a.Labels, AskLabel{Parcel: p.ID, Waybill: p.Waybill, Station: p.Station})
			continue
		}
		at := slices.IndexFunc(runs, func(r floor.Run) bool { return r.ID == p.Run })
		if at < 0 {
			at, runs = len(runs), append(runs, floor.Run{ID: p.Run})
		}
		runs[at].Pull = append(runs[at].Pull, p.RunNo)
	}
	for _, r := range runs {
		slices.Sort(r.Pull)
		a.Pull = append(a.Pull, Words{ZH: r.PullText("zh"), EN: r.PullText("en")})
	}
	return nil
}

func (s *Server) today(v *ledger.View, b *Board) error {
	err := v.Intercepts(s.day(), func(i floor.Intercept) bool {
		b.Today = append(b.Today, NewAsk(i))
		return true
	})
	slices.Reverse(b.Today)
	b.Today = b.Today[:min(len(b.Today), maxRows)]
	return err
}

// NewAsk gives an interception as boards and the API show it.
func NewAsk(i floor.Intercept) Ask {
	a := Ask{
		Intercept: i.Key, Order: i.Order, Channel: i.Channel, Why: i.Why, Stage: i.Stage, AskedAt: i.AskedAt,
		HeardAt: i.HeardAt, FrozenAt: i.FrozenAt, Deadline: i.Deadline, Told: append([]floor.DeviceID{}, i.Told...),
		Holders: append([]floor.PersonID{}, i.Holders...), Shown: []AskShown{}, Answers: []AskAnswer{}, Calls: []AskCall{},
		Needs: i.Needs(), Outcome: i.Outcome, EndedAt: i.EndedAt, EndedBy: i.EndedBy,
	}
	for _, x := range i.Shown {
		a.Shown = append(a.Shown, AskShown(x))
	}
	for _, x := range i.Calls {
		a.Calls = append(a.Calls, AskCall(x))
	}
	for _, x := range i.Answers {
		a.Answers = append(a.Answers, AskAnswer{Person: x.Person, Text: x.Text, At: x.At})
	}
	return a
}

// waves gives the walks that are not over, by wave, the newest first.
func waves(v *ledger.View, b *Board) error {
	at := map[string]int{}
	err := v.LiveTasks(func(t floor.Task) bool {
		of := string(t.Wave)
		if t.Kind == floor.TaskRefill { // each has its own reason
			of = "task " + string(t.ID)
		}
		i, seen := at[of]
		if !seen {
			i = len(b.Waves)
			at[of] = i
			b.Waves = append(b.Waves, Wave{ID: t.Wave, Kind: t.Kind, Metres: t.Metres, ReleasedAt: t.IssuedAt, Why: wordsOf(t.Why)})
		}
		w := &b.Waves[i]
		for _, s := range t.Stops {
			w.Stops++
			if s.Left() == 0 {
				w.Done++
			}
		}
		return true
	})
	for i := range b.Waves {
		if err == nil {
			err = b.Waves[i].fill(v)
		}
	}
	slices.Reverse(b.Waves)
	b.Waves = b.Waves[:min(len(b.Waves), maxRows)]
	return err
}

func (w *Wave) fill(v *ledger.View) error {
	if w.ID == "" {
		return nil // a put-back walk and a refill belong to no wave
	}
	row, _, err := v.Wave(w.ID)
	w.Kind, w.Orders, w.Metres, w.ReleasedAt = row.Kind, len(row.Orders), row.Metres, row.ReleasedAt
	w.Why = wordsOf(row.Why)
	return err
}

func wordsOf(why []floor.Reason) (out []Words) {
	for _, r := range why {
		x := wave.ReasonOf(r)
		out = append(out, Words{ZH: x.Text("zh"), EN: x.Text("en")})
	}
	return out
}

func people(v *ledger.View, b *Board) error {
	return v.People(func(p floor.Person) bool {
		if !p.Gone {
			b.People = append(b.People, Worker{ID: p.ID, Name: p.Name, Roles: p.Roles, Lang: p.Lang, Team: p.Team, Device: p.Device, Task: p.Task, Acted: p.Acted})
		}
		return true
	})
}

func (s *Server) devices(v *ledger.View, b *Board) error {
	return v.Devices(func(d floor.Device) bool {
		b.Devices = append(b.Devices, Device{
			ID: d.ID, Screen: d.Kind, Station: d.Station, Person: d.Person, Revoked: d.Revoked, Online: s.Online(d.ID), Seen: s.seenAt(d.ID),
		})
		return true
	})
}

func (s *Server) stations(v *ledger.View, b *Board) error {
	if s.o.Hooks.Stations == nil {
		return nil
	}
	for _, id := range s.o.Hooks.Stations() {
		p, _, err := v.OpenParcel(id)
		if err != nil {
			return err
		}
		b.Stations = append(b.Stations, Station{ID: id, Scale: s.scale(id), Printer: s.printer(id), Parcel: p.ID})
	}
	return nil
}

func outbox(v *ledger.View, b *Board) error {
	err := v.Lane(floor.LaneHands, func(e floor.Effect) bool {
		b.Hands = append(b.Hands, e)
		return len(b.Hands) < maxRows
	})
	return errors.Join(err, v.Lane("", func(e floor.Effect) bool {
		if e.Lane != floor.LaneHands {
			b.Outbox = append(b.Outbox, e)
		}
		return len(b.Outbox) < maxRows
	}))
}

// reports gives what people reported today.
func (s *Server) reports(v *ledger.View, b *Board) error {
	all, err := v.Exceptions(maxRows)
	for _, x := range all {
		if x.Day == s.day() {
			b.Reports = append(b.Reports, Exception{
				ID: x.Exception, At: x.At, Person: x.Person, What: x.What, Text: x.Text, Task: x.Task, Order: x.Order, Bin: x.Bin, SKU: x.SKU, Photo: x.Photo != "",
			})
		}
	}
	return err
}

// An OpenFuse is a fuse that is open: what it stops, since when, and in one sentence
// why and what to do. Closer is the role that may close it by hand; empty where
// an answer or a probe does.
type OpenFuse struct {
	ID string `json:"id"`
	floor.Trip
	Since  time.Time  `json:"since"`
	Closer floor.Role `json:"closer,omitempty"`
	ZH     string     `json:"zh"`
	EN     string     `json:"en"`
}

// A Run is labels printed first. Pull are the sheets to take out of the pile now,
// and ZH and EN say so; they are empty if there are none.
type Run struct {
	ID      string          `json:"id"`
	Wave    floor.WaveID    `json:"wave"`
	Station floor.StationID `json:"station"`
	Of      int             `json:"of"`
	Left    int             `json:"left"`
	Pull    []int           `json:"pull,omitempty"`
	ZH      string          `json:"zh,omitempty"`
	EN      string          `json:"en,omitempty"`
}

// NewRun gives a run as screens and the API show it.
func NewRun(r floor.Run) Run {
	return Run{
		ID: r.ID, Wave: r.Wave, Station: r.Station, Of: r.Of, Left: len(r.Sheets), Pull: r.Pull, ZH: r.PullText("zh"), EN: r.PullText("en"),
	}
}

func runs(v *ledger.View, b *Board) error {
	return v.Runs(func(r floor.Run) bool {
		b.Runs = append(b.Runs, NewRun(r))
		return len(b.Runs) < maxRows
	})
}

// NewFuse gives a fuse as screens and the API show it.
func NewFuse(f floor.Fuse) OpenFuse {
	return OpenFuse{ID: f.ID, Trip: f.Trip, Since: f.OpenedAt, Closer: f.Cause.Closer(), ZH: f.Text("zh"), EN: f.Text("en")}
}

func fuses(v *ledger.View, b *Board) error {
	return v.OpenFuses(func(f floor.Fuse) bool {
		b.Fuses = append(b.Fuses, NewFuse(f))
		return len(b.Fuses) < maxRows
	})
}

// A picture is the board as it was sent last; boards that look within the same
// half second share one.
type picture struct {
	mu   sync.Mutex
	at   time.Time                  // guarded by mu
	seq  uint64                     // guarded by mu
	sent *websocket.PreparedMessage // guarded by mu
}

// shareFor is how long boards share a picture.
const shareFor = 250 * time.Millisecond

// fadeAfter is after how long a board looks again though nothing has happened:
// what is due comes nearer by itself.
const fadeAfter = 30 * time.Second

// of gives the board's snapshot and the seq it stands at.
func (p *picture) of(s *Server) (*websocket.PreparedMessage, uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := time.Since(p.at)
	if p.sent != nil && (old < shareFor || old < fadeAfter/2 && p.seq == s.o.Ledger.Seq()) {
		return p.sent, p.seq, nil
	}
	b, seq, err := s.lookAround()
	if err != nil {
		return nil, 0, err
	}
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, encode(boardMessage{Type: "board", Seq: seq, Board: b}))
	if err == nil {
		p.sent, p.seq, p.at = m, seq, time.Now()
	}
	return m, seq, err
}

type boardMessage struct {
	Type  string `json:"type"`
	Seq   uint64 `json:"seq"`
	Board Board  `json:"board"`
}
