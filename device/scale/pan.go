package scale

import (
	"time"

	"floord/device/profile"
	"floord/floor"
)

// A pan is the life of what lies on the scale:
//
//	empty -> moving -> stable -> taken -> (must return to zero) -> empty
//
// It is fed frames in order and has no clock of its own. A load becomes takeable
// only after the pan was seen empty since the last one was taken, so that no
// frozen, repeated or reconnected stream can serve a parcel the weight of the
// one before.
type pan struct {
	p profile.Scale

	phase Phase
	since time.Time // of phase
	grams floor.Grams
	seq   uint64 // of the last sound frame, counted from 1 since the scale was made

	run     run
	zeros   int       // readings near zero in a row
	zeroAt  time.Time // when the pan was last seen empty; zero: not since boot, reconnection or the last other load
	takenBy string    // whose the load on the pan is, once taken
	taken   bool
}

// A run is readings in a row that agree.
type run struct {
	n         int
	low, high floor.Grams
	since     time.Time // of its first reading
	settled   time.Time // when it became long enough; zero until then
}

// see takes one frame, received at now.
func (p *pan) see(f Frame, now time.Time) {
	if f.Kind == KindStatus && f.Flags&(FlagAck|FlagIdentity|FlagTare) != 0 {
		return // says nothing of the load
	}
	if f.Kind != KindReject {
		p.seq++
	}
	switch {
	case f.Kind == KindReject && f.Flags&FlagUnit != 0:
		p.unsettle(UnitMismatch, now)
	case f.Kind == KindReject && f.Flags&FlagDecimals != 0:
		p.unsettle(WrongSettings, now)
	case f.Kind == KindReject:
		p.run, p.zeros = run{}, 0 // a lost frame interrupts what would have been a row
	case f.Flags&(FlagUnderload|FlagUnderZero) != 0:
		p.unsettle(BelowZero, now)
	case f.Flags&FlagUnzeroed != 0:
		p.unsettle(Unzeroed, now)
	case f.Flags&FlagCount != 0:
		p.unsettle(UnitMismatch, now)
	case f.Flags&(FlagRefused|FlagUnknown|FlagFault) != 0:
		p.unsettle(WrongSettings, now)
	case f.Kind == KindStatus && f.Flags&FlagOverload == 0:
		p.unsettle(Moving, now) // no weight just now
	case f.Kind == KindStatus:
		p.unsettle(Overload, now)
	case f.Flags&FlagNet != 0:
		p.unsettle(Net, now)
		p.grams = f.Grams
	case int64(f.Grams) > p.p.Capacity:
		p.unsettle(Overload, now)
	case p.p.Once:
		p.once(f, now)
	default:
		p.weigh(f, now)
	}
}

// once takes the one reading that some scales give of a load: at rest, new, and
// only after they themselves have been empty since the load before. So it is a
// settled load with its zero seen, whose silence says nothing more.
func (p *pan) once(f Frame, now time.Time) {
	p.grams, p.taken, p.takenBy = f.Grams, false, ""
	p.run = run{n: 1, low: f.Grams, high: f.Grams, since: now, settled: now}
	p.zeroAt = now
	p.enter(Stable, now)
}

// unsettle enters a phase without a weight.
func (p *pan) unsettle(to Phase, now time.Time) {
	p.run, p.zeros, p.grams = run{}, 0, 0
	p.enter(to, now)
}

func (p *pan) enter(to Phase, now time.Time) {
	if p.phase != to {
		p.phase, p.since = to, now
	}
}

// weigh takes a gross weight within the capacity.
func (p *pan) weigh(f Frame, now time.Time) {
	p.grams = f.Grams
	p.extend(f, now)
	if int64(max(f.Grams, -f.Grams)) <= p.p.Zero.Within && f.Motion != InMotion {
		p.zeros++
	} else {
		p.zeros = 0
	}
	if p.zeros >= p.p.Zero.Frames {
		p.zeroAt, p.taken, p.takenBy = now, false, ""
	}
	p.enter(p.weighed(), now)
}

// extend adds the reading to the run, or begins a new one with it. A mark of
// motion is believed even where the profile does not rely on it.
func (p *pan) extend(f Frame, now time.Time) {
	r := &p.run
	if f.Motion == InMotion || p.p.Settle.Flag && f.Motion != Still {
		*r = run{}
		return
	}
	low, high := min(r.low, f.Grams), max(r.high, f.Grams)
	if r.n == 0 || int64(high-low) > p.p.Settle.Within {
		*r = run{n: 1, low: f.Grams, high: f.Grams, since: now}
	} else {
		r.n, r.low, r.high = r.n+1, low, high
	}
	if r.settled.IsZero() && r.n >= p.p.Settle.Frames && now.Sub(r.since) >= time.Duration(p.p.Settle.Over) {
		r.settled = now
	}
}

// weighed gives the phase after a gross reading.
func (p *pan) weighed() Phase {
	settled := !p.run.settled.IsZero()
	switch {
	case p.zeros >= p.p.Zero.Frames:
		return Empty
	case int64(p.grams) < -p.p.Zero.Within && settled:
		return BelowZero
	case int64(p.grams) <= p.p.Zero.Within:
		return Moving
	case p.taken:
		return Taken
	case p.zeroAt.IsZero():
		return ReturnToZero
	case settled:
		return Stable
	}
	return Moving
}

// take gives the load on the pan to owner, or says in which phase that is
// refused. The same owner may take again what is still there.
func (p *pan) take(owner string, now time.Time) Phase {
	settled := !p.run.settled.IsZero() && int64(p.grams) > p.p.Zero.Within
	switch {
	case p.phase == Taken && p.takenBy != owner:
		return ReturnToZero
	case p.phase == Taken && !settled:
		return Moving
	case p.phase != Taken && p.phase != Stable:
		return p.phase
	}
	p.taken, p.takenBy = true, owner
	p.enter(Taken, now)
	return ""
}

// forget is for a line that was lost: who knows what lies on the pan when it
// comes back, so it must be seen empty before anything more is taken.
func (p *pan) forget(to Phase, now time.Time) {
	p.unsettle(to, now)
	p.zeroAt = time.Time{}
	p.taken, p.takenBy = false, ""
}
