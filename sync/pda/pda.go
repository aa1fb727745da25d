// Package pda keeps handhelds, station screens and boards agreed with the floor
// over WebSockets. docs/PROTOCOL.md is the wire as a reader sees it.
//
// A session is a cursor, not a queue: it pulls what its device, its person and
// its station want from ledger.Follow and writes it with a deadline. There is no
// hub and nothing to overflow; a slow handheld delays only itself, and is cut
// when it takes nothing for five seconds. What a handheld asks goes to the
// foreman under the key day/device/session/number, so that it counts once
// however often it is sent.
//
// Who may connect is decided in this order: the gate (Host and Origin), the
// token of a paired device, and for each act the person's role, in the foreman.
package pda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/gate"
	"floord/sync/ledger"

	"github.com/gorilla/websocket"
)

// Bounds of a socket.
const (
	maxMessage   = 64 << 10
	helloWithin  = 5 * time.Second
	byeWithin    = 500 * time.Millisecond
	beatEvery    = 20 * time.Second // a ping for the socket and a beat for the page
	silentFor    = 45 * time.Second // without a pong or a message the socket is dead
	actsPerSec   = 20               // sustained; a faster handheld is read more slowly
	actsAtOnce   = 60               // what an offline handheld may bring at once
	kernelBuffer = 32 << 10         // unsent bytes per socket: more would only be stale
	maxStrangers = 512              // sockets that have not said hello
)

// Options are what a Server needs.
type Options struct {
	Ledger  *ledger.Ledger
	Foreman *foreman.Foreman
	Gate    *gate.Gate
	Hooks   Hooks
	Zone    *time.Location // of the site's days, UTC+8 if nil
	Log     *slog.Logger   // nil means slog.Default
	// AutoSeal makes a station's page seal what weighs right without being asked.
	AutoSeal bool
	// CountItems makes it ask how many there are of an item that was scanned, where
	// several are wanted.
	CountItems bool
	// Most is how many devices may be connected, 2,048 if 0.
	Most  int
	Steps Steps // of pickers; what is empty is as Steps says first
	// WriteWithin is how long a message may take to be written before its device is cut
	// off as too slow, 5 s if 0.
	WriteWithin time.Duration
}

// Steps say what a picker scans at each stop, and what else handhelds do. They are
// for the screen; the foreman checks what he is told all the same.
type Steps struct {
	Bin  string `json:"bin"`            // "scan"; "off"
	Item string `json:"item"`           // "first": one piece stands for all; "count": one is scanned and their number typed; "each"; "off"
	Tote string `json:"tote"`           // "scan"; "off"
	Zero bool   `json:"zero,omitzero"`  // ask whether a bin is empty that should be
	Cart string `json:"cart,omitempty"` // what bar codes of carts begin with; empty: there are none
	// Pictures says that the daemon has pictures of goods, under /pictures/SKU.
	Pictures bool `json:"pictures,omitzero"`
}

// Hooks reach what this package must not know of: the devices beside a station
// and the health of the rest. Any of them may be nil. They are called from many
// goroutines and must not block, TakeWeight apart.
type Hooks struct {
	Scale   func(floor.StationID) ScaleState
	Printer func(floor.StationID) PrinterState
	// TakeWeight waits until the scale of a station has settled on a parcel, or
	// ctx ends. A *floor.Refusal is shown to the packer.
	TakeWeight func(context.Context, floor.StationID) (floor.Weight, error)
	// Scans has hear called, without delay, for every code that the scanner on the
	// station's own line reads, until stop. It never blocks.
	Scans    func(station floor.StationID, hear func(Scanned)) (stop func())
	Stations func() []floor.StationID
	Carriers func() []floor.CarrierID
	Channels func() []ChannelState
	Accounts func() []CarrierState
	// CarrierName is what people call a carrier.
	CarrierName func(floor.CarrierID) string
}

// A ScaleState is what a scale shows now.
type ScaleState struct {
	Name  string       `json:"name,omitempty"` // what stands there
	State string       `json:"state"`          // "none", "down", or a phase of package scale: "empty", "moving", "stable" ...
	Code  string       `json:"code,omitempty"` // why it is down: of the message catalogue
	Grams *floor.Grams `json:"grams,omitempty"`
}

// A Scanned is a code that a station's scanner has read.
type Scanned struct {
	Code string    `json:"code"`          // what the floor knows the thing by
	GS1  []Element `json:"gs1,omitempty"` // of a GS1 message: its lot, expiry, serial
}

// An Element is an application identifier of GS1 with its data.
type Element struct {
	AI    string `json:"ai"`
	Value string `json:"value"`
}

// A PrinterState is what a printer is up to. Code is a code of the catalogue
// ("paper-out") when it is at fault.
type PrinterState struct {
	Name  string `json:"name,omitempty"` // what stands there
	State string `json:"state"`          // "none", "down", "ready", "printing", "fault"
	Code  string `json:"code,omitempty"`
	// Blind printers take a label and cannot say that it came out: somebody must look.
	Blind bool `json:"blind,omitempty"`
}

// A ChannelState is the health of a shop's connection. Text (Chinese) and EN are
// for people and hold no personal data.
type ChannelState struct {
	ID   floor.ChannelID `json:"id"`
	OK   bool            `json:"ok"`
	Text string          `json:"text"`
	EN   string          `json:"en,omitempty"`
}

// A CarrierState is the health of an account at a carrier. Left counts the numbers
// that lie ready: in the pool, or booked for orders not packed yet. Text is for
// people.
type CarrierState struct {
	ID   floor.CarrierID `json:"id"`
	Name string          `json:"name,omitempty"`
	OK   bool            `json:"ok"`
	Left int             `json:"left"`
	Text string          `json:"text,omitempty"`
}

// A Server serves the endpoint /ws. Its sessions live until Run ends.
type Server struct {
	o     Options
	up    websocket.Upgrader
	ctx   context.Context // ends with Run; every session's is its child
	stop  context.CancelFunc
	doors chan struct{} // one token for every socket that has not said hello
	board picture
	again prepared
	scans weights

	forecast forecaster

	mu       sync.Mutex
	sessions map[floor.DeviceID]*session  // guarded by mu; who is connected
	left     map[floor.DeviceID]time.Time // guarded by mu; when who was connected last
	closed   bool                         // guarded by mu; no more sessions
	running  sync.WaitGroup               // of the sessions; added to under mu
}

// New gives a server over o. It starts nothing; see Run.
func New(o Options) (*Server, error) {
	if o.Ledger == nil || o.Foreman == nil || o.Gate == nil {
		return nil, errors.New("pda: a ledger, a foreman and a gate are needed")
	}
	if o.Zone == nil {
		o.Zone = time.FixedZone("UTC+8", 8*3600)
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.WriteWithin == 0 {
		o.WriteWithin = 5 * time.Second
	}
	if o.Most == 0 {
		o.Most = 2048
	}
	o.Steps.Bin, o.Steps.Item, o.Steps.Tote = cmp.Or(o.Steps.Bin, "scan"), cmp.Or(o.Steps.Item, "first"), cmp.Or(o.Steps.Tote, "scan")
	ctx, stop := context.WithCancel(context.Background())
	return &Server{
		o: o, ctx: ctx, stop: stop,
		up: websocket.Upgrader{
			HandshakeTimeout: helloWithin,
			ReadBufferSize:   1024,
			WriteBufferSize:  1024,
			WriteBufferPool:  &sync.Pool{},
			// The gate has looked at Origin; the library's own check would let a
			// re-bound name through.
			CheckOrigin: func(*http.Request) bool { return true },
			// Its read limit counts compressed bytes: 49 KB became 50 MB.
			EnableCompression: false,
		},
		doors:    make(chan struct{}, maxStrangers),
		sessions: map[floor.DeviceID]*session{}, left: map[floor.DeviceID]time.Time{},
	}, nil
}

// Run watches for devices that are revoked and cuts their sockets. When ctx ends
// it says goodbye to everybody ("restart": come back and resume), waits until
// the sessions have ended, and returns nil. Any other error is the ledger's.
func (s *Server) Run(ctx context.Context) error {
	err := s.watch(ctx)
	s.mu.Lock()
	s.closed = true
	for _, x := range s.sessions {
		go x.end(byeRestart) // each may take byeWithin; they end together
	}
	s.mu.Unlock()
	time.AfterFunc(2*byeWithin, s.stop)
	s.running.Wait()
	s.stop()
	return err
}

// watch cuts revoked devices even where their own follower is stuck in a write.
func (s *Server) watch(ctx context.Context) error {
	topic := ledger.Topic{string(floor.DeviceRevoked{}.Kind())}
	for e, err := range s.o.Ledger.Follow(ctx, s.o.Ledger.Seq(), topic) {
		if damaged := (*ledger.DamagedError)(nil); errors.As(err, &damaged) {
			continue
		}
		if err != nil {
			return fmt.Errorf("handhelds: %w", err)
		}
		if f, ok := e.Fact.(floor.DeviceRevoked); ok {
			if x := s.session(f.Device); x != nil {
				go x.end(byeRevoked)
			}
		}
	}
	return nil
}

// ServeHTTP takes one socket and returns when it has ended.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.o.Gate.Admit(w, r) {
		return
	}
	select {
	case s.doors <- struct{}{}:
	default:
		s.o.Gate.Note(r, "crowded")
		http.Error(w, "too many sockets are being opened", http.StatusServiceUnavailable)
		return
	}
	leave := sync.OnceFunc(func() { <-s.doors })
	defer leave()
	conn, err := s.up.Upgrade(w, r, nil)
	if err != nil {
		s.o.Gate.Note(r, "no-handshake")
		return
	}
	x := newSession(s, r, conn)
	defer conn.Close()
	h, why := x.hello(r)
	if why != "" {
		x.note(why)
		x.end(why)
		return
	}
	leave()
	if !s.enter(x) {
		x.end(byeRestart)
		return
	}
	defer s.leave(x)
	x.run(h)
}

// enter makes x the session of its device; one that was there before is told and
// ends. It says false if no more are taken.
func (s *Server) enter(x *session) bool {
	s.mu.Lock()
	before := s.sessions[x.device.ID]
	if s.closed || before == nil && len(s.sessions) >= s.o.Most {
		s.mu.Unlock()
		return false
	}
	s.sessions[x.device.ID] = x
	s.running.Add(1)
	s.mu.Unlock()
	if before != nil {
		before.end(byeReplaced)
	}
	return true
}

func (s *Server) leave(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[x.device.ID] == x {
		delete(s.sessions, x.device.ID)
		s.left[x.device.ID] = time.Now()
	}
	s.running.Done()
}

func (s *Server) session(id floor.DeviceID) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[id]
}

// Online reports whether a device is connected.
func (s *Server) Online(id floor.DeviceID) bool { return s.session(id) != nil }

// seenAt is when a device that is gone was connected last; zero if it is here, or was
// not since the daemon started.
func (s *Server) seenAt(id floor.DeviceID) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[id] != nil {
		return time.Time{}
	}
	return s.left[id]
}

// Connected counts the connected devices.
func (s *Server) Connected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions)
}

// read calls f with a view and gives the newest event that the view shows.
func (s *Server) read(f func(*ledger.View) error) (seq uint64, err error) {
	err = s.o.Ledger.Read(func(v *ledger.View) error {
		if seq, err = v.Seq(); err != nil {
			return err
		}
		return f(v)
	})
	return seq, err
}

// day is the site's day now, 20261121.
func (s *Server) day() string { return time.Now().In(s.o.Zone).Format(dayForm) }
