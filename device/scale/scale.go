// Package scale reads parcel scales. Grammars, one a protocol dialect, turn bytes
// into frames; a state machine turns frames into a weight that belongs to one
// parcel and carries its evidence. No bad frame becomes a weight, no weight is
// served twice to different loads, and no unit is converted in silence.
package scale

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"floord/device"
	"floord/device/profile"
	"floord/floor"
)

// A Phase is where the scale and what lies on it are.
type Phase string

// The phases. From Starting to WrongSettings nothing can be weighed; from
// Overload to UnitMismatch the scale speaks, but what it says is not a gross
// weight in the right unit; the others are the life of a load.
const (
	Starting      Phase = "starting" // connected, nothing heard yet
	NotConnected  Phase = "not-connected"
	NoSignal      Phase = "no-signal"
	SevenBits     Phase = "seven-bits" // sends 7 bits and parity, is read as 8
	WrongSettings Phase = "wrong-settings"

	Overload     Phase = "overload"
	BelowZero    Phase = "below-zero"
	Unzeroed     Phase = "unzeroed"
	Net          Phase = "net"
	WasNet       Phase = "was-net"
	TareDoubt    Phase = "tare-doubt"
	TareUnsaid   Phase = "tare-unsaid"
	UnitMismatch Phase = "unit-mismatch"

	Empty        Phase = "empty"
	Moving       Phase = "moving"
	Stable       Phase = "stable"
	Taken        Phase = "taken"
	ReturnToZero Phase = "return-to-zero"
)

var phases = map[Phase]device.Message{
	Starting:      {ZH: "正在连接电子秤，请稍候", EN: "connecting to the scale, one moment"},
	NotConnected:  {ZH: "电子秤未连接：检查数据线", EN: "scale not connected: check its cable"},
	NoSignal:      {ZH: "电子秤没有信号：检查电源和数据线", EN: "no signal from the scale: check its power and cable"},
	SevenBits:     {ZH: "电子秤数据不对：像是 7 位偶校验被当成 8 位读取，请改串口设置", EN: "scale data look like 7 bits with parity read as 8: change the line settings"},
	WrongSettings: {ZH: "收到数据但读不出重量：检查波特率和协议设置", EN: "data arrive but no weight can be read: check speed and protocol in the settings"},
	Overload:      {ZH: "超重：请取下货物", EN: "too heavy: take the load off"},
	BelowZero:     {ZH: "重量低于零：清空秤盘并按置零键", EN: "below zero: clear the pan and press zero"},
	Unzeroed:      {ZH: "电子秤开机未归零：清空秤盘并按置零键", EN: "scale has not found its zero since power-up: clear the pan and press zero"},
	Net:           {ZH: "电子秤处于去皮状态：请清除皮重", EN: "scale shows net weight: clear the tare"},
	WasNet:        {ZH: "刚才的包裹是去皮后的重量，少算了：请清除皮重，把那个包裹交给组长重称", EN: "the parcel just taken off was weighed net, so too light: clear the tare and give that parcel to a lead to weigh again"},
	TareDoubt:     {ZH: "秤可能去过皮：请把秤盘全部清空，显示为零后再放上包裹", EN: "the scale may have been tared: clear the pan of everything, wait for zero, then put the parcel back"},
	TareUnsaid:    {ZH: "这台秤不报告是否去皮：请锁定去皮键，并在配置中写 tare = \"locked\"", EN: "this scale does not say whether it is tared: lock its tare key and write tare = \"locked\" in its profile"},
	UnitMismatch:  {ZH: "电子秤单位与设置不符：请切换单位", EN: "scale shows another unit than it is set up for: switch the unit"},
	Empty:         {ZH: "请放上包裹", EN: "put the parcel on the scale"},
	Moving:        {ZH: "称重中，请勿触碰", EN: "weighing, hands off please"},
	Stable:        {ZH: "重量稳定", EN: "weight is stable"},
	Taken:         {ZH: "已称重，请取下包裹", EN: "weighed, take the parcel off"},
	ReturnToZero:  {ZH: "请先清空秤盘，回零后再称", EN: "clear the pan first, then weigh"},
}

// Text says the phase to the packer in one sentence.
func (p Phase) Text(lang string) string { return phases[p].In(lang) }

// hopeless tells whether waiting for a weight is in vain until somebody has
// mended or changed something.
func (p Phase) hopeless() bool {
	switch p {
	case NotConnected, NoSignal, SevenBits, WrongSettings, UnitMismatch, TareUnsaid:
		return true
	}
	return false
}

// An Unsettled is the error of Settled: the phase in which the wait ended.
// Compare with errors.Is(err, scale.Unsettled{scale.NoSignal}).
type Unsettled struct{ Phase Phase }

func (u Unsettled) Error() string { return "no weight: " + u.Phase.Text("en") }

// A State is one moment of the scale, for the screen.
type State struct {
	Phase Phase
	Since time.Time   // of Phase
	Grams floor.Grams // what the scale shows; 0 in phases without a reading
	Seq   uint64      // of the last sound frame
	Stats Stats       // of this connection
}

// A Weight is the gross weight of one load with its evidence.
type Weight struct {
	Grams     floor.Grams   `json:"grams"`
	Text      string        `json:"text"`    // as the scale showed it, "1.240 kg"
	Raw       string        `json:"raw"`     // the frame that confirmed it, in hexadecimal
	Profile   string        `json:"profile"` // "toledo/8142"
	Origin    string        `json:"origin"`  // where that profile's protocol is written, file:line
	Seq       uint64        `json:"seq"`     // of the frame
	Age       time.Duration `json:"age_ns"`  // of the frame when it was served
	Marked    bool          `json:"marked"`  // the scale itself said "stable"; otherwise made of equal readings
	Readings  int           `json:"readings"`
	Tare      string        `json:"tare"`    // what shows that it is gross: "said" by its frame, "asked", "locked"; "unknown": nothing but a pan that was clear
	ZeroAt    time.Time     `json:"zero_at"` // the pan was last seen empty, after the load before was taken
	SettledAt time.Time     `json:"settled_at"`
}

// A Scale is one scale on one station. Its methods may be called from any
// goroutine; Drive by one at a time.
type Scale struct {
	// Meet is told once a connection who the scale says it is, and gives what is in
	// force for it; where that is not what was, the scale is opened again. Set it
	// before Drive; nil: it makes no difference.
	Meet func(device.Identity) profile.Profile

	live device.Live[State]
	told device.Live[device.Identity]

	wanted atomic.Int32 // how many wait for a weight
	acts   chan act     // what a person wants done to the scale

	mu      sync.Mutex
	profile profile.Profile // guarded by mu; set by Drive
	pan     pan             // guarded by mu
	last    Frame           // guarded by mu; the last weight, with its own copy of the bytes
	at      time.Time       // guarded by mu; when last came
}

// New makes a scale of a resolved profile. It fails if the profile names a
// protocol, dialect or unit that is not known.
func New(p profile.Profile) (*Scale, error) {
	if _, err := NewDecoder(p); err != nil {
		return nil, err
	}
	s := &Scale{profile: p, pan: pan{p: p.Scale}, acts: make(chan act)}
	s.lose(NotConnected)
	return s, nil
}

// Live gives the present state and a channel that is closed at the next frame or
// change.
func (s *Scale) Live() (State, <-chan struct{}) { return s.live.Get() }

// Drive reads the line until it breaks or ctx ends; it is a station's driver. A
// silent or babbling scale does not end it: those are phases.
func (s *Scale) Drive(ctx context.Context, line device.Line) error {
	p := s.inForce()
	dec, err := NewDecoder(p)
	if err != nil {
		return err
	}
	s.lose(Starting)
	defer s.lose(NotConnected)
	buf := make([]byte, 512)
	heard := time.Now()
	ask := asker{p: p.Scale, wanted: &s.wanted, tare: s.asksTare, at: heard.Add(time.Duration(p.Scale.Gap)), who: p.Identity.Ask}
	who, err := p.Identity.Reader()
	if err != nil {
		return err
	}
	var told []byte // what it said of itself
	said := heard   // when the scale was last heard, or silence last noted
	for ctx.Err() == nil {
		select {
		case a := <-s.acts:
			if err := s.act(line, a); err != nil {
				return err
			}
		default:
		}
		if err := ask.ask(line, dec, heard); err != nil {
			return err
		}
		if err := line.SetReadDeadline(ask.before(said.Add(time.Duration(p.Scale.Silence)))); err != nil {
			return err
		}
		n, err := line.Read(buf)
		now := time.Now()
		if n > 0 {
			if now.Sub(heard) >= time.Duration(p.Scale.Gap) {
				dec.Reset()
			}
			heard, said = now, now
			if ask.listening() {
				acked, of := s.hear(dec, buf[:n], now, ask.aside)
				if acked {
					if err := ask.then(line); err != nil {
						return err
					}
				}
				if len(of) > 0 && len(told) < maxTold {
					told = append(told, of...)
					if model, firmware, ok := who(told); ok && s.meet(device.Identity{Model: model, Firmware: firmware}) {
						return device.ErrReopen
					}
				}
			}
		}
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if now.Sub(said) >= time.Duration(p.Scale.Silence) {
				s.silent(now)
				said = now
			}
		case err != nil:
			return err
		}
	}
	return ctx.Err()
}

// maxTold bounds what is kept of what a scale says of itself.
const maxTold = 1024

// inForce gives the profile that is in force.
func (s *Scale) inForce() profile.Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.profile
}

// meet takes what is in force for who the scale says it is; changed if it is not what
// was.
func (s *Scale) meet(id device.Identity) (changed bool) {
	if s.told.Now() != id {
		s.told.Set(id)
	}
	if s.Meet == nil {
		return false
	}
	p := s.Meet(id)
	if _, err := NewDecoder(p); err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.Same(s.profile) {
		return false
	}
	s.profile, s.pan.p = p, p.Scale
	return true
}

// Identity is who the scale said it is; zero if it was not asked or did not say.
func (s *Scale) Identity() device.Identity { return s.told.Now() }

// An act is a command that a person wants sent.
type act struct {
	command string // "zero", "tare"
	done    chan error
}

// ErrNoCommand is a command that the profile does not have, or gives to somebody else.
var ErrNoCommand = errors.New("the scale's profile has no such command for this person")

// Act has the scale zeroed ("zero") or tared ("tare") for a person of these roles, if
// its profile gives the command to one of them. It is sent to an empty pan only, at
// rest, and to one that has lost its zero: never under a load. An Unsettled says in
// which phase it was not sent.
func (s *Scale) Act(ctx context.Context, command string, roles ...string) error {
	c, ok := s.command(command)
	if !ok || len(c.Send) == 0 || !slices.Contains(roles, c.By) {
		return ErrNoCommand
	}
	a := act{command, make(chan error, 1)}
	select {
	case s.acts <- a:
		return <-a.done
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", Unsettled{s.live.Now().Phase}, context.Cause(ctx))
	}
}

func (s *Scale) command(name string) (profile.Command, bool) {
	all := s.inForce().Scale.Commands
	c, ok := map[string]profile.Command{"zero": all.Zero, "tare": all.Tare}[name]
	return c, ok
}

// act sends a command if the pan allows it now.
func (s *Scale) act(line device.Line, a act) error {
	s.mu.Lock()
	phase := s.pan.phase
	s.mu.Unlock()
	if phase != Empty && phase != BelowZero && phase != WasNet && phase != Unzeroed {
		a.done <- Unsettled{phase}
		return nil
	}
	c, _ := s.command(a.command)
	err := send(line, c.Send)
	a.done <- err
	return err
}

// An asker asks a scale that speaks only when asked; with nothing to send it does
// nothing. It begins after a pause, so that what is left of somebody else's
// answer is over, and never asks into an answer that is still coming.
type asker struct {
	p      profile.Scale
	wanted *atomic.Int32
	tare   func(tries int) bool // whether to ask for the tare, after so many tries in vain
	at     time.Time            // when to ask next
	asked  bool
	tries  int    // how often the tare was asked for, one time after the other
	who    []byte // questions for its identity that are still to be asked
	aside  bool   // the last question was not for the weight
}

// listening tells whether what comes can be believed to be an answer, or the
// stream of a scale that needs no questions.
func (a *asker) listening() bool { return len(a.p.Poll.Send) == 0 || a.asked }

// before gives t, or the time of the next question if that comes first.
func (a *asker) before(t time.Time) time.Time {
	if len(a.p.Poll.Send) > 0 && a.at.Before(t) {
		return a.at
	}
	return t
}

// ask sends the question if it is time to, and then the line is quiet.
func (a *asker) ask(line device.Line, dec *Decoder, heard time.Time) error {
	now := time.Now()
	if len(a.p.Poll.Send) == 0 || now.Before(a.at) {
		return nil
	}
	if a.p.Poll.Wanted && a.wanted.Load() == 0 {
		a.at = now.Add(time.Duration(a.p.Poll.Every))
		return nil
	}
	if quiet := heard.Add(time.Duration(a.p.Gap)); (!a.asked || dec.Pending() > 0) && now.Before(quiet) {
		a.at = quiet
		return nil
	}
	dec.Reset()
	a.asked, a.at = true, now.Add(time.Duration(a.p.Poll.Every))
	if a.aside = !a.aside && a.digress(dec); a.aside { // every other time at most, so that the weight stays fresh
		return a.other(line)
	}
	return send(line, a.p.Poll.Send)
}

// digress tells whether something other than the weight is to be asked now: the tare
// of a load that rests, or, once the scale is understood and nobody waits, who it is.
func (a *asker) digress(dec *Decoder) bool {
	if len(a.p.Poll.Tare) > 0 {
		if a.tare(a.tries) {
			a.tries++
			return true
		}
		a.tries = 0
	}
	return len(a.who) > 0 && dec.Frames > 0 && a.wanted.Load() == 0
}

// other asks it.
func (a *asker) other(line device.Line) error {
	if a.tries > 0 {
		return send(line, a.p.Poll.Tare)
	}
	n := bytes.IndexByte(a.who, '\n') + 1
	if n == 0 {
		n = len(a.who)
	}
	ask := a.who[:n]
	a.who = a.who[n:]
	return send(line, ask)
}

// then sends the second half of a question whose first half was acknowledged.
func (a *asker) then(line device.Line) error {
	if len(a.p.Poll.Then) == 0 {
		return nil
	}
	return send(line, a.p.Poll.Then)
}

// send gives up where a scale holds the line: a question is a few bytes, and one
// that does not get out in two seconds never will.
func send(line device.Line, question []byte) error {
	if err := line.SetWriteDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	_, err := line.Write(question)
	return err
}

// tareTries is how often a scale is asked what it takes off before it is believed
// not to say.
const tareTries = 5

// asksTare tells whether the tare is to be asked for now.
func (s *Scale) asksTare(tries int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.pan.asks() {
		return false
	}
	if tries >= tareTries {
		s.pan.mute(time.Now())
		s.publish(s.live.Now().Stats)
		return false
	}
	return true
}

// hear takes bytes off the line, publishes what they change, and tells whether the
// scale acknowledged something and what it said of itself. A no to a question aside,
// for its tare or who it is, says nothing of the load.
func (s *Scale) hear(dec *Decoder, data []byte, now time.Time, aside bool) (acked bool, of []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := dec.Frames + dec.Rejects
	for f := range dec.Decode(data) {
		if f.Flags&FlagIdentity != 0 {
			of = append(of, f.Raw...)
		}
		if aside && f.Flags&(FlagBusy|FlagRefused|FlagUnknown|FlagLogical) != 0 {
			continue
		}
		s.pan.see(f, now)
		acked = acked || f.Kind == KindStatus && f.Flags == FlagAck
		if f.Kind == KindWeight {
			raw := append(s.last.Raw[:0], f.Raw...)
			s.last, s.at = f, now
			s.last.Raw = raw
		}
	}
	if why := dec.Suspicion(); why != "" {
		s.pan.unsettle(why, now)
	} else if dec.Frames+dec.Rejects == before {
		return acked, of
	}
	s.publish(dec.Stats)
	return acked, of
}

// silent notes that nothing came for the profile's silence.
func (s *Scale) silent(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pan.unsettle(NoSignal, now)
	s.publish(s.live.Now().Stats)
}

func (s *Scale) lose(to Phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pan.forget(to, time.Now())
	s.publish(Stats{})
}

// publish is called with mu held.
func (s *Scale) publish(stats Stats) {
	s.live.Set(State{s.pan.phase, s.pan.since, s.pan.grams, s.pan.seq, stats})
}

// Settled waits for the stable gross weight of what is on the pan and takes it
// for load, which names what is being weighed and means nothing here. A load
// that was not taken before is served only if the pan was empty since the last
// one was; the same load may be weighed again while it lies there. The weight is
// confirmed by a frame that began after the call.
//
// It returns an Unsettled at once where waiting is in vain (no signal, wrong
// settings, wrong unit), and one with the cause of ctx when that ends.
func (s *Scale) Settled(ctx context.Context, load string) (Weight, error) {
	spec := s.inForce().Scale
	if s.wanted.Add(1) == 1 && spec.Poll.Wanted {
		s.askAnew()
	}
	defer s.wanted.Add(-1)
	from := s.live.Now().Seq + 2 // the next frame may have begun already
	if spec.Once {
		// There is no second frame. What was read before may lie there no longer: the
		// scale does not say so, and the parcel must be lifted and put on again.
		from--
	}
	for {
		_, changed := s.live.Get()
		w, phase := s.take(load, from)
		switch {
		case phase == "":
			return w, nil
		case phase.hopeless():
			return Weight{}, Unsettled{phase}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Weight{}, fmt.Errorf("%w: %w", Unsettled{phase}, context.Cause(ctx))
		}
	}
}

// askAnew forgets why the last wish was in vain: a scale that is asked only while
// somebody waits cannot have said that it is well again.
func (s *Scale) askAnew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pan.phase != NotConnected && s.pan.phase.hopeless() {
		s.pan.unsettle(Starting, time.Now())
		s.publish(s.live.Now().Stats)
	}
}

func (s *Scale) take(load string, from uint64) (Weight, Phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.pan.seq < from && !s.pan.phase.hopeless() && !(s.profile.Scale.Once && s.pan.taken && s.pan.takenBy == load) {
		if s.profile.Scale.Once && s.pan.phase == Stable {
			return Weight{}, ReturnToZero
		}
		return Weight{}, s.pan.phase
	}
	if phase := s.pan.take(load, now); phase != "" {
		return Weight{}, phase
	}
	s.publish(s.live.Now().Stats)
	return Weight{
		Grams:     s.last.Grams,
		Text:      s.last.Text(),
		Raw:       hex.EncodeToString(s.last.Raw),
		Profile:   s.profile.Device.String(),
		Origin:    s.profile.Origin("scale.protocol").String(),
		Seq:       s.pan.seq,
		Age:       now.Sub(s.at),
		Marked:    s.last.Motion == Still,
		Readings:  s.pan.run.n,
		Tare:      s.pan.proof(),
		ZeroAt:    s.pan.zeroAt,
		SettledAt: s.pan.run.settled,
	}, ""
}

// CheckExample tells how what the profile's decoder makes of an example differs
// from what the example says. It is the check of profile.Lint for scales.
func CheckExample(p profile.Profile, ex profile.Example) error {
	dec, err := NewDecoder(p)
	if err != nil {
		return err
	}
	var frames []Frame
	for f := range dec.Decode(ex.Hex) {
		frames = append(frames, f)
	}
	switch ex.Expect {
	case "incomplete":
		if len(frames) > 0 || dec.Pending() == 0 {
			return fmt.Errorf("is not the beginning of a frame: %d frames, %d bytes pending", len(frames), dec.Pending())
		}
		return nil
	case "reject":
		for _, f := range frames {
			if f.Kind != KindReject {
				return fmt.Errorf("is to be rejected, but reads as %s %s", f.Kind, f.Text())
			}
		}
		if len(frames) == 0 && dec.Noise == 0 {
			return errors.New("is to be rejected, but only waits for more")
		}
		return nil
	case string(KindWeight), string(KindStatus):
	default:
		return fmt.Errorf("expect = %q is not one of weight, status, reject, incomplete", ex.Expect)
	}
	if len(frames) != 1 {
		return fmt.Errorf("gives %d frames instead of one", len(frames))
	}
	return frames[0].differsFrom(ex)
}

// ExampleWeight reads an example as the profile does; false if that is not exactly
// one weight. It is profile.Lint's.
func ExampleWeight(p profile.Profile, ex profile.Example) (grams int64, ok bool) {
	dec, err := NewDecoder(p)
	if err != nil {
		return 0, false
	}
	n := 0
	for f := range dec.Decode(ex.Hex) {
		if n++; f.Kind == KindWeight {
			grams, ok = int64(f.Grams), true
		}
	}
	return grams, ok && n == 1
}

func (f Frame) differsFrom(ex profile.Example) error {
	if string(f.Kind) != ex.Expect {
		return fmt.Errorf("reads as %s %v instead of %s", f.Kind, f.Flags.Names(), ex.Expect)
	}
	if f.Kind == KindWeight && (ex.Grams == nil || int64(f.Grams) != *ex.Grams) {
		return fmt.Errorf("reads as %d g (%s), which is not the grams it says", f.Grams, f.Text())
	}
	if ex.Stable != nil && *ex.Stable != (f.Motion == Still) {
		return fmt.Errorf("reads as stable = %t", f.Motion == Still)
	}
	got := f.Flags.Names()
	if fmt.Sprint(got) != fmt.Sprint(ex.Flags) {
		return fmt.Errorf("reads with flags %q instead of %q", got, ex.Flags)
	}
	return nil
}
