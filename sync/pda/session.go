package pda

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// A session is one socket of one paired device. Its reader is the goroutine of
// the request; its writer follows the ledger; both end when ctx does.
type session struct {
	srv     *Server
	req     *http.Request
	conn    *websocket.Conn
	device  floor.Device // as it was at hello: id, screen and station never change
	asks    string       // names the numbering of its acts
	ctx     context.Context
	cancel  context.CancelFunc
	limit   *rate.Limiter
	writing chan struct{} // holds one token; who takes it may write
	bye     sync.Once
	slow    sync.Mutex     // held by the one act that waits for a device
	working sync.WaitGroup // of goroutines that run beside reader and writer

	// Of the writer alone:
	lastParcel floor.ParcelID // what a station packed last
	greeted    bool           // a board was told who is logged in on it
	whoever    *person        // and that was this person, or nobody
}

func newSession(s *Server, r *http.Request, conn *websocket.Conn) *session {
	x := &session{srv: s, req: r, conn: conn, limit: rate.NewLimiter(actsPerSec, actsAtOnce), writing: make(chan struct{}, 1)}
	x.ctx, x.cancel = context.WithCancel(s.ctx)
	x.writing <- struct{}{}
	conn.SetReadLimit(maxMessage)
	if tcp, ok := conn.NetConn().(*net.TCPConn); ok {
		tcp.SetWriteBuffer(kernelBuffer)
	}
	return x
}

// note counts and logs what went wrong with this socket.
func (x *session) note(why string) { x.srv.o.Gate.Note(x.req, why) }

// hello waits for the first message and finds the device behind its token. It
// gives the goodbye to say if there is none.
func (x *session) hello(r *http.Request) (h hello, why string) {
	x.conn.SetReadDeadline(time.Now().Add(helloWithin))
	_, data, err := x.conn.ReadMessage()
	if err != nil {
		return h, byeNoHello
	}
	if h, err = decodeHello(data); err != nil {
		return h, byeNoHello
	}
	if auth, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && h.Token == "" {
		h.Token = auth
	}
	var known bool
	err = x.srv.o.Ledger.Read(func(v *ledger.View) (err error) {
		x.device, known, err = v.DeviceByToken(foreman.Hash(h.Token))
		return err
	})
	switch {
	case err != nil:
		return h, byeTrouble
	case !known:
		return h, byeBadToken
	case x.device.Revoked:
		return h, byeRevoked
	case screens[x.device.Kind] == nil:
		return h, byeScreen
	}
	x.asks = h.Session
	return h, ""
}

// run serves the socket until it ends, and returns when nothing of it runs any more.
func (x *session) run(h hello) {
	x.conn.SetPongHandler(func(string) error { return x.alive() })
	x.alive()
	x.working.Go(func() { x.write(h) })
	x.working.Go(x.beats)
	if x.device.Station != "" {
		x.working.Go(x.readings)
		x.working.Go(x.scans)
	}
	x.read()
	x.cancel()
	x.conn.Close()
	x.working.Wait()
}

func (x *session) alive() error { return x.conn.SetReadDeadline(time.Now().Add(silentFor)) }

// end says goodbye and closes the socket, once. It waits byeWithin at most.
func (x *session) end(code string) {
	x.bye.Do(func() {
		timer := time.NewTimer(byeWithin)
		defer timer.Stop()
		select {
		case <-x.writing:
			deadline := time.Now().Add(byeWithin)
			x.conn.SetWriteDeadline(deadline)
			if x.conn.WriteMessage(websocket.TextMessage, encode(bye{Type: "bye", Code: code})) == nil {
				x.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(closeCode(code), code), deadline)
			}
			x.writing <- struct{}{}
		case <-timer.C: // stuck in a write: it gets no goodbye
		}
		x.cancel()
		x.conn.Close()
	})
}

// closeCode is the WebSocket's own word for a goodbye.
func closeCode(code string) int {
	switch code {
	case byeRestart:
		return websocket.CloseServiceRestart
	case byeTrouble:
		return websocket.CloseInternalServerErr
	case byeSlow:
		return websocket.CloseTryAgainLater
	}
	return websocket.ClosePolicyViolation
}

// ---- writing

// send writes a message, within the deadline or not at all.
func (x *session) send(m any) error {
	data := encode(m)
	return x.put(func() error { return x.conn.WriteMessage(websocket.TextMessage, data) })
}

// put lets write have the socket. An error ends the session.
func (x *session) put(write func() error) error {
	select {
	case <-x.writing:
	case <-x.ctx.Done():
		return x.ctx.Err()
	}
	x.conn.SetWriteDeadline(time.Now().Add(x.srv.o.WriteWithin))
	err := write()
	x.writing <- struct{}{}
	if err == nil {
		return nil
	}
	if ne := (net.Error)(nil); errors.As(err, &ne) && ne.Timeout() {
		x.note(byeSlow)
	}
	x.cancel()
	x.conn.Close()
	return err
}

// write brings the device up to date and keeps it so: events it can fold, and a
// snapshot where they do not suffice.
func (x *session) write(h hello) {
	defer x.conn.Close() // the reader ends too
	screen := screens[x.device.Kind]
	after, resumed := x.resume(h, screen)
	w := welcome{
		Type: "welcome", Epoch: x.srv.o.Ledger.Epoch(), Device: x.device.ID, Screen: x.device.Kind,
		Station: x.device.Station, Day: x.srv.day(), Now: time.Now().UTC(), Resumed: resumed,
	}
	if x.send(w) != nil {
		return
	}
	for fresh := !resumed; x.ctx.Err() == nil; fresh = true {
		topic, seq, err := x.look(screen, fresh)
		if err != nil {
			x.trouble(err)
			return
		}
		if fresh {
			after = seq
		}
		if after, err = x.follow(screen, after, topic); err != nil {
			x.trouble(err)
			return
		}
		x.pause(screen.pause)
	}
}

// resume says where to go on: after what the device has seen, if that was of
// this ledger's life and is not too long ago.
func (x *session) resume(h hello, sc *screen) (uint64, bool) {
	l := x.srv.o.Ledger
	seq := l.Seq()
	if sc.whole || h.Epoch != l.Epoch() || h.Seq == 0 || h.Seq > seq || seq-h.Seq > maxBehind {
		return 0, false
	}
	return h.Seq, true
}

// maxBehind is how many events of the floor a device may have missed to be told
// them rather than sent a snapshot.
const maxBehind = 10_000

// look gives what the session wants to hear of as things stand, and sends a
// snapshot if asked to; seq is where it stands.
func (x *session) look(sc *screen, send bool) (topic ledger.Topic, seq uint64, err error) {
	if sc.whole {
		seq, err := x.lookAround()
		return sc.topic(x.device, snapshot{}), seq, err
	}
	var snap snapshot
	seq, err = x.srv.read(func(v *ledger.View) (err error) {
		snap, err = x.snapshot(v)
		return err
	})
	if err == nil && send {
		snap.Seq = seq
		err = x.send(snap)
	}
	return sc.topic(x.device, snap), seq, err
}

// lookAround sends the board's picture, and who is logged in on this device if
// that has changed.
func (x *session) lookAround() (uint64, error) {
	picture, seq, err := x.srv.board.of(x.srv)
	if err == nil {
		err = x.put(func() error { return x.conn.WritePreparedMessage(picture) })
	}
	if err != nil {
		return 0, err
	}
	me := snapshot{Type: "snapshot", Seq: seq}
	err = x.srv.o.Ledger.Read(func(v *ledger.View) error {
		d, _, err := v.Device(x.device.ID)
		if err == nil {
			me.Person, err = personOn(v, d)
		}
		return err
	})
	if err != nil || x.greeted && reflect.DeepEqual(me.Person, x.whoever) {
		return seq, err
	}
	x.greeted, x.whoever = true, me.Person
	return seq, x.send(me)
}

// errAgain ends a following because a new look is needed.
var errAgain = errors.New("look again")

// follow tells the device what happens until a new look is needed; it gives the
// cursor to go on from.
func (x *session) follow(sc *screen, after uint64, topic ledger.Topic) (uint64, error) {
	ctx := x.ctx
	if sc.whole {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, fadeAfter)
		defer cancel()
	}
	for e, err := range x.srv.o.Ledger.Follow(ctx, after, topic) {
		if err == nil {
			err = x.tell(sc, e)
		}
		if err != nil && x.ctx.Err() == nil && ctx.Err() != nil {
			return after, nil
		}
		if damaged := (*ledger.DamagedError)(nil); errors.Is(err, errAgain) || errors.As(err, &damaged) || errors.Is(err, ledger.ErrArchived) {
			return after, nil
		}
		if err != nil {
			return after, err
		}
		after = e.Seq
	}
	return after, x.ctx.Err()
}

// tell says one event.
func (x *session) tell(sc *screen, e floor.Event) error {
	if f, ok := e.Fact.(floor.DeviceRevoked); ok && f.Device == x.device.ID {
		x.end(byeRevoked)
		return context.Canceled
	}
	if f, ok := e.Fact.(floor.DeviceStationed); ok && f.Device == x.device.ID && f.Station != x.device.Station {
		x.end(byeRestart) // it comes back as the screen of the other station
		return context.Canceled
	}
	how := sc.kinds[e.Fact.Kind()]
	if how == asFreeze || how == asEvent {
		m, err := x.srv.again.of(e, how)
		if err != nil {
			return err
		}
		return x.put(func() error { return x.conn.WritePreparedMessage(m) })
	}
	if how == newLook || sc.whole {
		if p, ok := e.Fact.(floor.ParcelOpened); ok {
			x.lastParcel = p.Parcel
		}
		return errAgain
	}
	return nil
}

// trouble ends the session for an error that is not the socket's.
func (x *session) trouble(err error) {
	if x.ctx.Err() == nil {
		x.srv.o.Log.Error("handheld", "device", x.device.ID, "err", err)
		x.note(byeTrouble)
		x.end(byeTrouble)
	}
}

func (x *session) pause(d time.Duration) {
	if d == 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-x.ctx.Done():
	}
}

// beats lets the socket and the page know that the daemon is there.
func (x *session) beats() {
	for {
		x.pause(beatEvery)
		if x.ctx.Err() != nil {
			return
		}
		if x.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(x.srv.o.WriteWithin)) != nil {
			x.cancel()
			x.conn.Close()
			return
		}
		x.send(beat{Type: "beat", Day: x.srv.day()})
	}
}

// liveEvery is how often a station's screen may get new readings.
const liveEvery = 200 * time.Millisecond

// readings sends what the devices beside a station say, when it changes.
func (x *session) readings() {
	for last := ""; x.ctx.Err() == nil; x.pause(liveEvery) {
		m := live{Type: "live", Scale: x.srv.scale(x.device.Station), Printer: x.srv.printer(x.device.Station)}
		if data := string(encode(m)); data != last {
			last = data
			x.send(m)
		}
	}
}

// maxScans is how many scans may wait for a screen; who scans faster than that
// holds the trigger.
const maxScans = 32

// scans sends what the scanner on the station's line reads, in its order.
func (x *session) scans() {
	if x.srv.o.Hooks.Scans == nil {
		return
	}
	codes := make(chan Scanned, maxScans)
	stop := x.srv.o.Hooks.Scans(x.device.Station, func(s Scanned) {
		select {
		case codes <- s:
		default:
			x.note("scans-dropped")
		}
	})
	defer stop()
	for {
		select {
		case s := <-codes:
			x.send(scanned{Type: "scan", Scanned: s})
		case <-x.ctx.Done():
			return
		}
	}
}

func (s *Server) scale(id floor.StationID) ScaleState {
	if s.o.Hooks.Scale == nil {
		return ScaleState{State: "none"}
	}
	return s.o.Hooks.Scale(id)
}

func (s *Server) printer(id floor.StationID) PrinterState {
	if s.o.Hooks.Printer == nil {
		return PrinterState{State: "none"}
	}
	return s.o.Hooks.Printer(id)
}

// ---- reading

// maxNonsense is how many unreadable messages a device may send before it is cut.
const maxNonsense = 10

// read takes what the device sends until the socket ends.
func (x *session) read() {
	throttled := false
	for nonsense := 0; ; {
		kind, data, err := x.conn.ReadMessage()
		if err != nil {
			x.lost(err)
			return
		}
		x.alive()
		if r := x.limit.Reserve(); r.Delay() > 0 {
			if !throttled {
				throttled = true
				x.note("too-fast")
			}
			x.pause(r.Delay()) // it waits unread in the kernel: nothing is lost
		}
		a, err := decodeAct(data, time.Now())
		if kind != websocket.TextMessage {
			err = errors.New("not a text message")
		}
		if err != nil {
			if nonsense++; nonsense > maxNonsense {
				x.note(byeNonsense)
				x.end(byeNonsense)
				return
			}
			x.send(newRefused(a.N, badArgs(err)))
			continue
		}
		x.act(a)
		if x.ctx.Err() != nil {
			return
		}
	}
}

// lost notes why a socket ended, where that is not a goodbye.
func (x *session) lost(err error) {
	switch ne := (net.Error)(nil); {
	// Before the rest: gorilla has said goodbye with 1009, so that the writer may
	// have ended the session by now.
	case errors.Is(err, websocket.ErrReadLimit):
		x.note("too-long")
	case x.ctx.Err() != nil:
	case errors.As(err, &ne) && ne.Timeout():
		x.note("silent")
	case websocket.IsUnexpectedCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure):
		x.note("broken")
	}
}

// act has one act done and answers it.
func (x *session) act(a act) {
	v, known := verbs[a.Verb]
	switch {
	case !known, !strings.Contains(v.screens, x.device.Kind):
		x.send(newRefused(a.N, floor.Refuse("unknown-verb", "verb", a.Verb)))
	case !v.slow:
		answer := x.do(a, v)
		x.send(answer)
		x.wrong(a, answer)
	case x.slow.TryLock():
		x.working.Go(func() {
			answer := x.do(a, v)
			x.slow.Unlock()
			x.send(answer)
		})
	default:
		x.send(failed{Type: "failed", N: a.N}) // one at a time: it is sent again
	}
}

// do asks the foreman and gives the answer to send.
func (x *session) do(a act, v verb) any {
	by, err := x.by(a)
	var result any
	var r ledger.Receipt
	if err == nil {
		result, r, err = v.do(x.ctx, x, by, a.Args)
	}
	no := foreman.Refusal(err)
	switch {
	case no != nil:
		return newRefused(a.N, no)
	case err != nil:
		if x.ctx.Err() == nil {
			x.srv.o.Log.Error("act", "device", x.device.ID, "verb", a.Verb, "key", by.Key, "err", err)
		}
		return failed{Type: "failed", N: a.N}
	}
	return okay{Type: "ok", N: a.N, Seq: screens[x.device.Kind].seen(r), Repeated: r.Repeated, Result: result}
}

// by says who asks: whoever is logged in on the device now, or else whoever was
// before going on elsewhere: what waited here unsent is theirs.
func (x *session) by(a act) (foreman.By, error) {
	by := foreman.By{Device: x.device.ID, Key: key(a.Day, x.device.ID, x.asks, a.N), Typed: a.Typed}
	err := x.srv.o.Ledger.Read(func(v *ledger.View) error {
		d, ok, err := v.Device(x.device.ID)
		if err == nil && (!ok || d.Revoked || d.Token != x.device.Token) {
			err = floor.Refuse("device-revoked")
		}
		by.Person = cmp.Or(d.Person, d.Last)
		return err
	})
	return by, err
}

// key is the key of an act for ever: it begins with the day and grows with time.
func key(day string, d floor.DeviceID, session string, n uint64) string {
	return day + "/" + string(d) + "/" + session + fmt.Sprintf("/%09d", n)
}

// ActKey is the key of an act that does not come over a socket. It refuses a day
// that an act on a socket may not have either.
func ActKey(day string, d floor.DeviceID, session string, n uint64, now time.Time) (string, error) {
	if !okSession(session) {
		return "", errors.New("session must be 1 to 32 letters and digits")
	}
	if err := okDay(day, now); err != nil {
		return "", err
	}
	return key(day, d, session, n), nil
}

// seen is the last of the receipt's events that this screen gets to hear of.
func (sc *screen) seen(r ledger.Receipt) uint64 {
	var seq uint64
	for _, e := range r.Events {
		if sc.kinds[e.Fact.Kind()] != notSaid {
			seq = max(seq, e.Seq)
		}
	}
	return seq
}
