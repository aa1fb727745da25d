package devicetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// ScaleOptions say which scale to pretend. The zero value is a Toledo scale in
// kilograms with three decimals and checksum, ten frames a second.
type ScaleOptions struct {
	Protocol   string        // "toledo-continuous" (the default), "yaohua-xk3190"
	Dialect    string        // "standard" or "tf0", "reversed", "forward"
	NoChecksum bool          // of a Toledo: 17 bytes instead of 18
	SevenBits  bool          // send 7 bits and even parity, to be read as 8N1
	Period     time.Duration // between frames; 0 is 100 ms
	Swing      time.Duration // how long a load swings before it rests; 0 is 600 ms
}

// A Scale is a pretend scale. Its methods may be called while it runs.
type Scale struct {
	o     ScaleOptions
	cable *Cable // nil for one that is only served

	mu    sync.Mutex
	grams int64     // guarded by mu; on the pan, tare included
	from  int64     // guarded by mu; what the pan showed when the load changed
	moved time.Time // guarded by mu; when the load changed
	tare  int64     // guarded by mu
	fault ScaleFault
	stuck []byte // guarded by mu; the frame that a frozen scale repeats
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
	OtherUnit ScaleFault = "unit"     // a Toledo switched to pounds
	Babble    ScaleFault = "babble"   // another protocol's bytes
	BadByte   ScaleFault = "bad-byte" // each frame with one bit wrong
)

// NewScale makes a scale without a cable, for Serve.
func NewScale(o ScaleOptions) *Scale {
	if o.Protocol == "" {
		o.Protocol = "toledo-continuous"
	}
	if o.Period == 0 {
		o.Period = 100 * time.Millisecond
	}
	if o.Swing == 0 {
		o.Swing = 600 * time.Millisecond
	}
	return &Scale{o: o, rng: rand.New(rand.NewPCG(1, 2))}
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

// Tare sets what a Toledo subtracts; its frames then say net.
func (s *Scale) Tare(grams int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tare = grams
}

// Fail makes the scale misbehave, or behave again with Healthy.
func (s *Scale) Fail(f ScaleFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.stuck = f, nil
}

// Unplug and Plug pull the cable of a scale made by NewScaleAt and put it back.
func (s *Scale) Unplug() error { return s.cable.Unplug() }
func (s *Scale) Plug() error   { return s.cable.Plug() }

// Run serves the cable until ctx ends, and pulls it then.
func (s *Scale) Run(ctx context.Context) error { return runCable(ctx, s.cable, s.Serve) }

// Serve sends frames over w until it fails or ctx ends. It does not close w.
func (s *Scale) Serve(ctx context.Context, w Wire) error {
	tick := time.NewTicker(s.o.Period)
	defer tick.Stop()
	var held []byte
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			out, merge := s.frame(now)
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
}

// frame makes the bytes of this moment, faults included.
func (s *Scale) frame(now time.Time) (out []byte, merge bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reading, moving := s.reading(now)
	out = s.encode(reading, moving)
	switch s.fault {
	case Cut:
		out = out[:s.rng.IntN(len(out))]
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
	case BadByte:
		out[1] ^= 0x40 // a byte that no grammar allows there, or that only the checksum catches
	}
	if s.o.SevenBits {
		out = append([]byte(nil), out...)
		for i, c := range out {
			out[i] = evenParity(c)
		}
	}
	return out, s.fault == Merge
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
	if s.rng.IntN(3) == 0 {
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

// encode writes one frame by the tables of the manuals.
func (s *Scale) encode(grams int64, moving bool) []byte {
	if s.o.Protocol == "toledo-continuous" {
		return s.toledo(grams-s.tare, moving)
	}
	sign := byte('+')
	if grams < 0 {
		sign, grams = '-', -grams
	}
	kilos := fmt.Sprintf("%03d.%03d", grams/1000, grams%1000)
	minus := byte('0')
	if sign == '-' {
		minus = '-'
	}
	switch s.o.Dialect {
	case "reversed":
		b := []byte{'='}
		for i := len(kilos) - 1; i >= 0; i-- {
			b = append(b, kilos[i])
		}
		return append(b, minus)
	case "forward":
		return append([]byte{'=', minus}, kilos...)
	}
	b := fmt.Appendf([]byte{0x02, sign}, "%06d3", grams)
	var x byte
	for _, c := range b[1:] {
		x ^= c
	}
	return append(fmt.Appendf(b, "%02X", x), 0x03)
}

func (s *Scale) toledo(grams int64, moving bool) []byte {
	swb := byte(0x30) // kilograms
	if grams < 0 {
		swb, grams = swb|0x02, -grams
	}
	if s.tare != 0 {
		swb |= 0x01
	}
	if moving {
		swb |= 0x08
	}
	switch s.fault {
	case Heavy:
		swb |= 0x04
	case OtherUnit:
		swb &^= 0x10
	}
	b := fmt.Appendf([]byte{0x02, 0x2D, swb, 0x20}, "%06d%06d\r", grams, s.tare)
	if s.o.NoChecksum {
		return b
	}
	var sum byte
	for _, c := range b {
		sum += c
	}
	return append(b, -sum&0x7F)
}
