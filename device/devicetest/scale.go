package devicetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"floord/device/profile"
)

// ScaleOptions say which scale to pretend. The zero value is a Toledo scale in
// kilograms with three decimals and checksum, ten frames a second.
type ScaleOptions struct {
	Protocol   string        // as profiles name it; "toledo-continuous" if empty
	Dialect    string        // "standard" if empty, of a Yaohua "tf0"
	Unit       string        // that it shows; "kg" if empty
	NoChecksum bool          // of a Toledo: 17 bytes instead of 18
	Layout     profile.Frame // of the protocol "custom"
	SevenBits  bool          // send 7 bits and even parity, to be read as 8N1
	Period     time.Duration // between frames of one that is not asked; 0 is 100 ms
	Swing      time.Duration // how long a load swings before it rests; 0 is 600 ms
}

// ScaleOf gives the options of the scale that a profile speaks of.
func ScaleOf(p profile.Profile) ScaleOptions {
	return ScaleOptions{Protocol: p.Scale.Protocol, Dialect: p.Scale.Dialect, Unit: string(p.Scale.Unit),
		NoChecksum: p.Scale.Checksum == "none", Layout: p.Scale.Frame}
}

// A Scale is a pretend scale. Its methods may be called while it runs.
type Scale struct {
	o      ScaleOptions
	speech speech
	cable  *Cable // nil for one that is only served

	mu    sync.Mutex
	grams int64      // guarded by mu; on the pan, tare included
	from  int64      // guarded by mu; what the pan showed when the load changed
	moved time.Time  // guarded by mu; when the load changed
	tare  int64      // guarded by mu
	fault ScaleFault // guarded by mu
	stuck []byte     // guarded by mu; the frame that a frozen scale repeats
	zero  int64      // guarded by mu; grams that it was told to call nothing
	said  bool       // guarded by mu; of one that says each load once
	acts  int        // guarded by mu; commands that acted on it
	rng   *rand.Rand
}

// A ScaleFault is how a scale misbehaves until told otherwise.
type ScaleFault string

// The faults of a scale.
const (
	Healthy   ScaleFault = ""
	Cut       ScaleFault = "cut"      // frames end early
	Noise     ScaleFault = "noise"    // random bytes between frames, and now and then inside one
	Merge     ScaleFault = "merge"    // frames come five at a time
	Freeze    ScaleFault = "freeze"   // the last frame again and again, whatever lies on the pan
	Mute      ScaleFault = "mute"     // nothing
	Jitter    ScaleFault = "jitter"   // never quite at rest
	Heavy     ScaleFault = "overload" // out of range
	OtherUnit ScaleFault = "unit"     // switched to pounds, say, by its key
	Babble    ScaleFault = "babble"   // another protocol's bytes
	BadByte   ScaleFault = "bad-byte" // each frame with one bit wrong
	Pull      ScaleFault = "pull"     // the cable is pulled in the middle of the next frame
)

// NewScale makes a scale without a cable, for Serve. It panics at a protocol that
// it does not speak.
func NewScale(o ScaleOptions) *Scale {
	if o.Protocol == "" {
		o.Protocol = "toledo-continuous"
	}
	if o.Dialect == "" && o.Protocol != "custom" {
		o.Dialect = map[bool]string{true: "tf0", false: "standard"}[o.Protocol == "yaohua-xk3190"]
	}
	if o.Unit == "" {
		o.Unit = "kg"
	}
	if o.Period == 0 {
		o.Period = 100 * time.Millisecond
	}
	if o.Swing == 0 {
		o.Swing = 600 * time.Millisecond
	}
	if !Speaks(o.Protocol, o.Dialect) {
		panic(fmt.Sprintf("no scale here speaks %s %s", o.Protocol, o.Dialect))
	}
	return &Scale{o: o, speech: speeches[o.Protocol+" "+o.Dialect], rng: rand.New(rand.NewPCG(1, 2))}
}

// NewScaleAt makes a scale on a pty behind the link path, for Run.
func NewScaleAt(path string, o ScaleOptions) (*Scale, error) {
	c, err := NewCable(path)
	if err != nil {
		return nil, err
	}
	s := NewScale(o)
	s.cable = c
	return s, nil
}

// Put changes the load on the pan; 0 takes it away. The reading swings there.
func (s *Scale) Put(grams int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.grams, s.moved = s.grams, grams, time.Now()
}

// Tare sets what the scale takes off. Where the protocol can, its frames say net.
func (s *Scale) Tare(grams int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tare = grams
}

// Fail makes the scale misbehave, or behave again with Healthy. It fails for a
// fault that such a scale cannot have.
func (s *Scale) Fail(f ScaleFault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == OtherUnit && s.speech.unitless {
		return fmt.Errorf("a scale that speaks %s %s has one unit", s.o.Protocol, s.o.Dialect)
	}
	s.fault, s.stuck = f, nil
	return nil
}

// SaysOverload tells whether the scale can say that a load is too heavy. One that
// cannot falls silent, or says no more than that there is no weight.
func (s *Scale) SaysOverload() bool { return !s.speech.silent && !s.speech.vague }

// Acts is how many commands have acted on the scale: zeroed or tared it.
func (s *Scale) Acts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acts
}

// zeroed and tared do what a command says; they answer nothing. They are called
// with mu held.
func (s *Scale) zeroed(shown) string {
	s.acts++
	s.zero, s.tare = s.grams, 0
	return ""
}

func (s *Scale) tared(shown) string {
	s.acts++
	s.tare = s.grams - s.zero
	return ""
}

// Unplug and Plug pull the cable of a scale made by NewScaleAt and put it back.
func (s *Scale) Unplug() error { return s.cable.Unplug() }
func (s *Scale) Plug() error   { return s.cable.Plug() }

// Run serves the cable until ctx ends, and pulls it then.
func (s *Scale) Run(ctx context.Context) error { return runCable(ctx, s.cable, s.Serve) }

// Serve speaks over w until it fails or ctx ends: frames by itself, or answers. It
// does not close w, but for Pull.
func (s *Scale) Serve(ctx context.Context, w Wire) error {
	heard := make(chan []byte)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 256); ; {
			n, err := w.Read(buf)
			if n > 0 {
				select {
				case heard <- append([]byte(nil), buf[:n]...):
				case <-stop:
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	err := s.serve(ctx, w, heard)
	close(stop)
	if d, ok := w.(interface{ SetReadDeadline(time.Time) error }); ok && d.SetReadDeadline(time.Unix(0, 0)) == nil {
		<-done
		d.SetReadDeadline(time.Time{})
	}
	return err
}

func (s *Scale) serve(ctx context.Context, w Wire, heard <-chan []byte) error {
	tick := time.NewTicker(s.o.Period)
	defer tick.Stop()
	var held, in []byte
	n := 0
	for {
		var out []byte
		var merge, pull bool
		select {
		case <-ctx.Done():
			return nil
		case data := <-heard:
			in = append(in, data...)
			out, in = s.hear(in)
			if len(out) == 0 {
				continue
			}
		case now := <-tick.C:
			if s.speech.say == nil {
				continue
			}
			s.mu.Lock()
			out = []byte(s.frame(now))
			s.mu.Unlock()
		}
		n++
		if out, merge, pull = s.spoil(out); pull {
			w.Write(out)
			if s.cable != nil {
				return s.cable.Unplug()
			}
			return w.Close()
		}
		held = append(held, out...)
		if merge && n%5 != 0 {
			continue
		}
		if len(held) > 0 {
			if _, err := w.Write(held); err != nil {
				return err
			}
		}
		held = held[:0]
	}
}

// hear answers the questions that are whole, and gives what is left.
func (s *Scale) hear(in []byte) (out, left []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(in) > 0 && s.speech.asks != nil {
		n, name := s.question(in)
		if n == 0 {
			return out, in
		}
		d := s.shown(time.Now())
		if n > 1 {
			d.who = in[1] // of those that have addresses
		}
		switch answer := s.speech.asks[name]; {
		case d.over && s.speech.silent:
		case answer != nil:
			out = append(out, answer(s, d)...)
		case n > 1:
			out = append(out, s.speech.unknown...)
		}
		in = in[n:]
	}
	return out, nil
}

// question cuts one off in.
func (s *Scale) question(in []byte) (n int, name string) {
	if s.speech.next != nil {
		return s.speech.next(in)
	}
	for q := range s.speech.asks {
		if strings.HasPrefix(string(in), q) {
			return len(q), q
		}
		if strings.HasPrefix(q, string(in)) {
			return 0, ""
		}
	}
	return 1, ""
}

// frame is what a scale that is not asked says of this moment. It is called with
// mu held.
func (s *Scale) frame(now time.Time) string {
	d := s.shown(now)
	if d.over && s.speech.silent {
		return ""
	}
	return s.speech.say(d)
}

// spoil does to a frame what the fault says.
func (s *Scale) spoil(out []byte) (spoilt []byte, merge, pull bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.fault {
	case Cut:
		out = out[:s.rng.IntN(len(out)+1)]
	case Pull:
		s.fault = Healthy
		return out[:len(out)/2], false, true
	case Noise:
		out = s.noisy(out)
	case Freeze:
		if s.stuck == nil {
			s.stuck = out
		}
		out = s.stuck
	case Mute:
		out = nil
	case Babble:
		out = []byte("ST,GS,+  1.240kg\r\n")
		if s.o.Protocol == "st-gs" {
			out = []byte("\x02+0012403" + "1C\x03")
		}
	case BadByte:
		out = append([]byte(nil), out...)
		if len(out) > 1 {
			out[1] ^= 0x40 // a byte that no grammar allows there, or that only the checksum catches
		}
	}
	if s.o.SevenBits {
		out = append([]byte(nil), out...)
		for i, c := range out {
			out[i] = evenParity(c)
		}
	}
	return out, s.fault == Merge, false
}

// shown is what the scale shows now. It is called with mu held.
func (s *Scale) shown(now time.Time) shown {
	grams, moving := s.reading(now)
	unit, decimals := s.o.Unit, decimalsOf(s.o.Protocol, s.o.Unit)
	if s.fault == OtherUnit {
		unit = other[unit]
		decimals = decimalsOf(s.o.Protocol, unit)
	}
	if unit == "kg" && s.speech.decimals > 0 {
		decimals = s.speech.decimals
	}
	if l := s.o.Layout; l.Coding != "" {
		decimals = l.Decimals
	}
	d := shown{unit: unit, decimals: decimals, moving: moving, over: s.fault == Heavy, bare: s.o.NoChecksum, layout: s.o.Layout}
	d.tare = steps(s.tare, unit, decimals)
	d.value = steps(grams-s.zero, unit, decimals) - d.tare
	return d
}

// reading is what the cell shows: after a change it swings about the new load,
// ever less.
func (s *Scale) reading(now time.Time) (grams int64, moving bool) {
	since := now.Sub(s.moved)
	if since >= s.o.Swing && s.fault != Jitter {
		return s.grams, false
	}
	way := s.grams - s.from
	left := int64(max(s.o.Swing-since, s.o.Swing/20))
	swing := way * left / int64(s.o.Swing) / 4
	if s.fault == Jitter {
		swing = 20
	}
	return s.grams + swing - s.rng.Int64N(2*max(swing, -swing)+2), true
}

func (s *Scale) noisy(frame []byte) []byte {
	var out []byte
	for range s.rng.IntN(20) {
		out = append(out, byte(s.rng.Uint32()))
	}
	frame = append([]byte(nil), frame...)
	if len(frame) > 0 && s.rng.IntN(3) == 0 {
		frame[s.rng.IntN(len(frame))] ^= 1 << s.rng.IntN(8)
	}
	return append(out, frame...)
}

func evenParity(c byte) byte {
	p := c ^ c>>4
	p ^= p >> 2
	p ^= p >> 1
	return c&0x7F | p<<7
}
