package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"floord/device"
	"floord/device/hid"
	"floord/device/netport"
	"floord/device/printer"
	"floord/device/profile"
	"floord/device/scale"
	"floord/device/scanner"
	"floord/device/serial"
	"floord/device/tape"
	"floord/floor"
	"floord/internal/config"
	"floord/label"
	"floord/sync/channel"
	"floord/sync/courier"
	"floord/sync/ledger"
	"floord/sync/pda"
)

// A station is a pack station: a printer and a scale, each of which may be
// missing or misconfigured without harm to the rest.
type station struct {
	id      floor.StationID
	cfg     config.Station
	printer *printer.Printer
	scale   *scale.Scale
	scanner *scanner.Scanner
	keepers []*device.Station // keep the devices on the air
	onLine  map[string]*device.Station
	tapes   map[string]*tape.Tape // the last minutes of each port

	mu   sync.Mutex
	ears []*func(pda.Scanned)       // guarded by mu; screens that hear the scanner, the last one does
	met  map[string]profile.Profile // guarded by mu; what is in force since a device has said its firmware
}

func (d *Daemon) openStations() error {
	for _, c := range d.cfg.Stations {
		s := &station{id: c.ID, cfg: c, onLine: map[string]*device.Station{}, tapes: map[string]*tape.Tape{}, met: map[string]profile.Profile{}}
		d.stations[c.ID] = s
		if c.Printer != nil {
			s.open(d.log, "printer", c.Printer, func(p profile.Profile) (drive func(context.Context, device.Line) error, err error) {
				if s.printer, err = printer.New(p); err != nil {
					return nil, err
				}
				s.printer.Meet = func(id device.Identity) profile.Profile { return s.meet(d.log, "printer", c.Printer, id) }
				return s.printer.Drive, nil
			})
		}
		if c.Scale != nil {
			s.open(d.log, "scale", c.Scale, func(p profile.Profile) (drive func(context.Context, device.Line) error, err error) {
				if s.scale, err = scale.New(p); err != nil {
					return nil, err
				}
				s.scale.Meet = func(id device.Identity) profile.Profile { return s.meet(d.log, "scale", c.Scale, id) }
				return s.scale.Drive, nil
			})
		}
		if c.Scanner != nil {
			s.open(d.log, "scanner", c.Scanner, func(p profile.Profile) (drive func(context.Context, device.Line) error, err error) {
				s.scanner = scanner.New(p, func(x scanner.Scan) { s.scanned(d.log, x) })
				return s.scanner.Drive, nil
			})
		}
	}
	return nil
}

// open makes the keeper of one device. A device that is misconfigured gets a
// keeper that says so and opens nothing.
func (s *station) open(log *slog.Logger, kind string, c *config.Device, driver func(profile.Profile) (func(context.Context, device.Line) error, error)) {
	name := string(s.id) + " " + kind
	drive, err := driver(c.Profile)
	if len(c.Problems) > 0 {
		err = errors.New(c.Problems[0].Text("en"))
	}
	var k *device.Station
	if err != nil {
		k = device.NewBrokenStation(name, err)
	} else {
		t := &tape.Tape{}
		s.tapes[kind] = t
		k = device.NewStation(name, t.Recorder(port{s, kind, c}), drive)
	}
	k.Log = log
	s.keepers = append(s.keepers, k)
	s.onLine[kind] = k
}

// A port opens a device's port by the profile that is in force then.
type port struct {
	s    *station
	kind string
	c    *config.Device
}

func (p port) opener() device.Opener {
	now := *p.c
	now.Profile = p.s.inForce(p.kind, p.c)
	return opener(&now)
}

func (p port) Open(ctx context.Context) (device.Port, error) { return p.opener().Open(ctx) }
func (p port) String() string                                { return p.opener().String() }

// inForce gives what is in force for a device: its configured profile, with what its
// firmware adds once it has said that.
func (s *station) inForce(kind string, c *config.Device) profile.Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.met[kind]; ok {
		return p
	}
	return c.Profile
}

// meet takes who a device says it is.
func (s *station) meet(log *slog.Logger, kind string, c *config.Device, id device.Identity) profile.Profile {
	p := c.Of(id.Firmware)
	s.mu.Lock()
	defer s.mu.Unlock()
	if was, ok := s.met[kind]; !ok || was.Device != p.Device {
		s.met[kind] = p
		log.Info("device says who it is", "station", s.id, "device", kind, "model", id.Model, "firmware", id.Firmware, "profile", p.Device)
		if isStranger(c.Profile.Device, id) {
			log.Warn("device is not what its profile says", "station", s.id, "device", kind, "model", id.Model, "profile", p.Device)
		}
	}
	return p
}

// isStranger tells whether a device gives itself a name that has nothing in common
// with the one of its profile. A generic profile names no device.
func isStranger(d profile.Device, id device.Identity) bool {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.ToLower(s))
	}
	says, is := bare(id.Model), bare(d.Model)
	return d.Vendor != "generic" && says != "" && !strings.Contains(says, is) && !strings.Contains(is, says)
}

// identity is who a device said it is.
func (s *station) identity(kind string) device.Identity {
	switch {
	case kind == "printer" && s.printer != nil:
		return s.printer.Identity()
	case kind == "scale" && s.scale != nil:
		return s.scale.Identity()
	}
	return device.Identity{}
}

func opener(c *config.Device) device.Opener {
	if addr, ok := c.Address(); ok {
		return netport.Opener{Addr: addr}
	}
	if hid.Is(c.Port) {
		return hid.Opener{Port: c.Port}
	}
	return serial.Opener{Path: c.Port, Settings: serial.Of(c.Profile.Line)}
}

func (s *station) tasks() []task {
	var out []task
	for _, k := range s.keepers {
		out = append(out, task{k.Name(), k.Run})
	}
	return out
}

// hooks let handhelds and pages see the devices.
func (d *Daemon) hooks() pda.Hooks {
	return pda.Hooks{
		Scale: func(id floor.StationID) pda.ScaleState { return d.stations[id].scaleState() },
		Printer: func(id floor.StationID) pda.PrinterState {
			return d.stations[id].printerState()
		},
		TakeWeight: d.takeWeight,
		Scans:      func(id floor.StationID, hear func(pda.Scanned)) (stop func()) { return d.stations[id].listen(hear) },
		Stations: func() []floor.StationID {
			var ids []floor.StationID
			for _, s := range d.cfg.Stations {
				ids = append(ids, s.ID)
			}
			return ids
		},
		Carriers: func() []floor.CarrierID {
			var ids []floor.CarrierID
			for _, c := range d.cfg.Carriers {
				ids = append(ids, c.ID)
			}
			return ids
		},
		Accounts:    d.accounts,
		CarrierName: d.carrierName,
		Channels: func() []pda.ChannelState {
			var out []pda.ChannelState
			for _, s := range d.shops {
				out = append(out, s.state())
			}
			return out
		},
	}
}

// up reports whether a device's line is open.
func (s *station) up(kind string) bool {
	k := s.onLine[kind]
	if k == nil {
		return false
	}
	st, _ := k.State()
	return st.Phase == device.Up
}

// whyDown gives the message that says why a device's line is not open.
func (s *station) whyDown(kind string) string {
	st, _ := s.onLine[kind].State()
	switch {
	case st.Phase == device.Misconfigured:
		return "device-misconfigured"
	case st.Reason == device.PortBusy, st.Reason == device.NoPermission, st.Reason == device.Unreachable:
		return "device-" + string(st.Reason)
	}
	return map[string]string{"scale": "scale-not-connected", "printer": "printer-down"}[kind]
}

func (s *station) scaleState() pda.ScaleState {
	switch {
	case s == nil || s.cfg.Scale == nil:
		return pda.ScaleState{State: "none"}
	case s.scale == nil || !s.up("scale"):
		return pda.ScaleState{State: "down", Code: s.whyDown("scale"), Name: s.cfg.Scale.Model}
	}
	now, _ := s.scale.Live()
	st := pda.ScaleState{State: string(now.Phase), Name: s.cfg.Scale.Model}
	switch now.Phase {
	case scale.Empty, scale.Moving, scale.Stable, scale.Taken, scale.ReturnToZero, scale.TareDoubt:
		g := now.Grams
		st.Grams = &g
	}
	return st
}

func (s *station) printerState() pda.PrinterState {
	switch {
	case s == nil || s.cfg.Printer == nil:
		return pda.PrinterState{State: "none"}
	case s.printer == nil || !s.up("printer"):
		return pda.PrinterState{State: "down", Code: s.whyDown("printer"), Name: s.cfg.Printer.Model}
	}
	now, _ := s.printer.Live()
	st := pda.PrinterState{State: "ready", Name: s.cfg.Printer.Model, Blind: s.blind()}
	switch {
	case now.Printing:
		st.State = "printing"
	case !now.Ready():
		st.State, st.Code = "fault", string(now.Reason())
	}
	return st
}

// blind tells whether the printer takes a label and cannot say that it came out.
func (s *station) blind() bool {
	proof := s.inForce("printer", s.cfg.Printer).Printer.Proof
	return proof == profile.ProofSent || proof == profile.ProofBuffered
}

// scanned hands a scan to the station's screen as if it had been typed there. With
// nobody at a screen it is no act of anybody, and dropped.
func (s *station) scanned(log *slog.Logger, x scanner.Scan) {
	out := pda.Scanned{Code: x.Code()}
	for _, e := range x.GS1 {
		out.GS1 = append(out.GS1, pda.Element{AI: e.AI, Value: e.Value})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ears) == 0 {
		log.Info("scan with no screen open", "station", s.id)
		return
	}
	(*s.ears[len(s.ears)-1])(out)
}

// listen has hear called for every scan of the station's scanner until stop. Of
// several screens the one that came last hears.
func (s *station) listen(hear func(pda.Scanned)) (stop func()) {
	if s == nil || s.scanner == nil {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ears = append(s.ears, &hear)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ears = slices.DeleteFunc(s.ears, func(e *func(pda.Scanned)) bool { return e == &hear })
	}
}

// weighWithin is how long a packer's wish for a weight waits for the scale.
const weighWithin = 20 * time.Second

// takeWeight waits for the settled weight of the parcel that is open at a
// station. What was on the scale before it is never served.
func (d *Daemon) takeWeight(ctx context.Context, id floor.StationID) (floor.Weight, error) {
	s := d.stations[id]
	if s == nil || s.scale == nil || !s.up("scale") {
		return floor.Weight{}, floor.Refuse("no-scale")
	}
	var p floor.Parcel
	err := d.ledger.Read(func(v *ledger.View) (err error) {
		p, _, err = v.OpenParcel(id)
		return err
	})
	if err != nil {
		return floor.Weight{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, weighWithin)
	defer cancel()
	w, err := s.scale.Settled(ctx, string(p.ID))
	var un scale.Unsettled
	if errors.As(err, &un) {
		return floor.Weight{}, floor.Refuse("scale-" + string(un.Phase))
	}
	if err != nil {
		return floor.Weight{}, err
	}
	return floor.Weight{
		Grams: w.Grams, Raw: w.Raw, Profile: w.Profile, Origin: w.Origin, Seq: w.Seq, Tare: w.Tare,
		ZeroSeen: !w.ZeroAt.IsZero(), At: w.SettledAt.UTC().Truncate(time.Millisecond), By: string(id),
	}, nil
}

// print carries a label to a station's printer.
func (d *Daemon) print(s *station) courier.Deliver {
	return func(ctx context.Context, e floor.Effect) courier.Outcome {
		ticket, err := d.ticket(e)
		if err != nil {
			return courier.Outcome{Verdict: courier.NotYet, Why: err.Error()}
		}
		if ticket == nil && (s.printer == nil || !s.up("printer")) {
			return courier.Outcome{Verdict: courier.NotYet, Why: "printer-down"}
		}
		if d.stopAtShops(ctx, e.Order) {
			return courier.Outcome{Verdict: courier.NotYet, Why: "frozen"}
		}
		if ticket != nil {
			return d.printTicket(ctx, s, e, *ticket)
		}
		job, notes, err := d.render(s, e)
		if err != nil {
			d.log.Error("label cannot be made", "parcel", e.Parcel, "err", err)
			return courier.Outcome{Verdict: courier.Refused, Why: labelWhy(err), Trip: labelTrip(e, s.id, err)}
		}
		out, err := s.printer.Print(ctx, job)
		if err != nil {
			d.log.Warn("label", "parcel", e.Parcel, "verdict", out.Verdict, "reason", out.Reason, "err", err)
		}
		switch out.Verdict {
		case printer.Printed:
			return courier.Outcome{Verdict: courier.Done, Why: string(out.Proof), Notes: notes}
		case printer.NotPrinted:
			return courier.Outcome{Verdict: courier.NotYet, Why: string(out.Reason)}
		}
		return courier.Outcome{Verdict: courier.Unknown, Why: string(out.Reason)}
	}
}

// labelWhy is what the packer reads when a label cannot be made.
func labelWhy(err error) string {
	var no *floor.Refusal
	if errors.As(err, &no) {
		return no.Code
	}
	return label.Sentence(err, "zh")
}

// labelTrip says which fuse a label opens that cannot be made, or nil: the label
// of a wave's cart stops no parcel.
func labelTrip(e floor.Effect, station floor.StationID, err error) *floor.Trip {
	if e.What != floor.EffectLabel {
		return nil
	}
	t := &floor.Trip{
		Scope: floor.Scope{Carrier: floor.CarrierID(e.Args["carrier"]), Template: e.Args["template"], Station: station},
		Cause: floor.FuseTemplate, Parcel: e.Parcel, Order: e.Order, Why: labelWhy(err),
	}
	var fit *label.FitError
	if errors.As(err, &fit) {
		t.Cause, t.Why = floor.FuseFit, fmt.Sprintf("%s, %d", fit.Field, fit.Characters)
	}
	return t
}

// askShopWithin bounds the question whether an order may still go, right before
// its label: a dead uplink must not hold the label up.
const askShopWithin = 1500 * time.Millisecond

// stopAtShops asks for an order, or for each of those it was made of.
func (d *Daemon) stopAtShops(ctx context.Context, id floor.OrderID) (stop bool) {
	of := []floor.OrderID{id}
	err := d.ledger.Read(func(v *ledger.View) error {
		o, _, err := v.Order(id)
		if o.MergedBy != "" {
			of = o.Of
		}
		return err
	})
	for _, id := range of {
		stop = err == nil && d.stopAtShop(ctx, id) || stop
	}
	return stop
}

// stopAtShop asks the shop once more how an order stands, right before its label
// is printed, and takes the answer in: a cancel nobody has told us of yet freezes
// it here. A shop that is not reached is not asked.
func (d *Daemon) stopAtShop(ctx context.Context, id floor.OrderID) bool {
	var o floor.Order
	err := d.ledger.Read(func(v *ledger.View) (err error) { o, _, err = v.Order(id); return err })
	s := d.shop(o.Channel)
	if err != nil || s == nil || s.channel == nil || !s.state().OK {
		return false
	}
	ask, cancel := context.WithTimeout(ctx, askShopWithin)
	defer cancel()
	now, err := s.channel.Check(ask, o.Number)
	if err != nil || !now.Newer(o.ModifiedAt, o.Weight, o.Content) {
		return false
	}
	if _, err := d.receive(ctx, s.id, channel.Page{Orders: []floor.ShopOrder{now}}); err != nil {
		return false
	}
	err = d.ledger.Read(func(v *ledger.View) (err error) { o, _, err = v.Order(id); return err })
	return err == nil && (o.Freeze != nil || o.State == floor.Closed)
}

func (d *Daemon) shop(id floor.ChannelID) *shop {
	for _, s := range d.shops {
		if s.id == id {
			return s
		}
	}
	return nil
}
