package scale

import (
	"cmp"
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
//
// Most frames say whether they are gross. Of one that does not, a scale that can be
// asked says what it takes off; the answer holds for the readings that agree with
// those it came among, for taring changes what is shown. Where neither is to be had
// and somebody may have tared the scale, a zero is believed only if nothing that
// nobody took lay on the pan before it: that may lie there still, tared away. Such
// a zero is in doubt until the pan has been cleared once more. And a pan that shows
// less than nothing when it is cleared was not at zero before.
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

	said   bool // the last weight said itself that it is gross
	bare   bool // the scale said that it takes nothing off, since the run began
	dumb   bool // it does not say what it takes off when it is asked
	passed bool // a load came to rest since the pan was last empty, and nobody took it
	doubt  bool // what lay on the pan at the last zero may lie there still
	under  run  // frames in a row that say less than zero and not how much, or may mean it
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
		p.tared(f, now)
		return // says nothing of the load
	}
	if f.Kind != KindReject {
		p.seq++
	}
	if f.Kind != KindStatus || f.Flags&(FlagUnderload|FlagUnderZero|FlagNoWeight) == 0 {
		p.under = run{}
	}
	switch {
	case f.Kind == KindReject && f.Flags&FlagUnit != 0:
		p.unsettle(UnitMismatch, now)
	case f.Kind == KindReject && f.Flags&FlagDecimals != 0:
		p.unsettle(WrongSettings, now)
	case f.Kind == KindReject:
		p.run, p.zeros = run{}, 0 // a lost frame interrupts what would have been a row
	case f.Flags&(FlagUnderload|FlagUnderZero) != 0:
		p.run, p.zeros, p.grams = run{}, 0, 0
		if p.settles(&p.under, now); now.Sub(p.under.since) >= time.Duration(p.p.Silence) { // a pan that is cleared swings
			p.below()
		}
		p.enter(p.belowZero(), now)
	case f.Flags&FlagUnzeroed != 0:
		p.unsettle(Unzeroed, now)
	case f.Flags&FlagCount != 0:
		p.unsettle(UnitMismatch, now)
	case f.Flags&(FlagRefused|FlagUnknown|FlagFault) != 0:
		p.unsettle(WrongSettings, now)
	case f.Kind == KindStatus && f.Flags&FlagOverload == 0:
		p.unsettle(Moving, now) // no weight just now
		if f.Flags&FlagNoWeight == 0 || !p.unsaid(f) {
			return
		}
		// Some say no more than that of a pan below zero too; a load does not swing so long.
		if p.settles(&p.under, now); now.Sub(p.under.since) >= 2*time.Duration(p.p.Silence) {
			p.below()
		}
	case f.Kind == KindStatus:
		p.unsettle(Overload, now)
	case f.Flags&FlagNet != 0:
		p.unsettle(Net, now)
		p.grams = f.Grams
	case int64(f.Grams) > p.p.Capacity:
		p.unsettle(Overload, now)
	case p.unsaid(f) && (p.dumb || p.p.Once):
		p.unsettle(TareUnsaid, now)
	case p.p.Once:
		p.once(f, now)
	default:
		p.weigh(f, now)
	}
}

// unsaid tells whether somebody may have tared the scale and the frame does not say.
func (p *pan) unsaid(f Frame) bool { return !f.Gross && p.p.Tare != "locked" }

// tared takes what a scale says that it takes off.
func (p *pan) tared(f Frame, now time.Time) {
	switch {
	case f.Flags&FlagTare == 0 || f.Unit == "":
	case f.Digits != 0:
		p.unsettle(Net, now)
	case p.run.n > 0:
		p.bare = true
		p.enter(p.weighed(), now)
	}
}

// mute notes that the scale does not say what it takes off.
func (p *pan) mute(now time.Time) {
	p.dumb = true
	p.unsettle(TareUnsaid, now)
}

// asks tells whether the scale should be asked now what it takes off.
func (p *pan) asks() bool {
	return len(p.p.Poll.Tare) > 0 && !p.said && !p.dumb && !p.bare && p.p.Tare != "locked" &&
		!p.run.settled.IsZero() && int64(p.grams) > p.p.Zero.Within
}

// below notes that the pan was at rest below zero: what it was believed to be empty
// with was no zero.
func (p *pan) below() {
	p.zeroAt, p.passed = time.Time{}, true
	p.doubt = false
}

// belowZero is the phase below zero: a load that was taken before it weighed more.
func (p *pan) belowZero() Phase {
	if p.taken && p.zeroAt.IsZero() {
		return WasNet
	}
	return BelowZero
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
	p.grams, p.said = f.Grams, f.Gross
	p.extend(f, now)
	if int64(max(f.Grams, -f.Grams)) <= p.p.Zero.Within && f.Motion != InMotion {
		p.zeros++
	} else {
		p.zeros = 0
	}
	settled := !p.run.settled.IsZero()
	switch {
	case p.zeros >= p.p.Zero.Frames:
		if p.passed {
			p.doubt = !p.doubt && p.unsaid(f) && len(p.p.Poll.Tare) == 0
		}
		p.zeroAt, p.taken, p.takenBy, p.passed = now, false, "", false
	case settled && int64(p.grams) < -p.p.Zero.Within:
		p.below()
	case settled && int64(p.grams) > p.p.Zero.Within && !p.taken && !p.zeroAt.IsZero():
		p.passed = true
	}
	p.enter(p.weighed(), now)
}

// extend adds the reading to the run, or begins a new one with it. A mark of
// motion is believed even where the profile does not rely on it.
func (p *pan) extend(f Frame, now time.Time) {
	r := &p.run
	if f.Motion == InMotion || p.p.Settle.Flag && f.Motion != Still {
		*r, p.bare = run{}, false
		return
	}
	low, high := min(r.low, f.Grams), max(r.high, f.Grams)
	if r.n > 0 && int64(high-low) <= p.p.Settle.Within {
		r.low, r.high = low, high
	} else {
		*r, p.bare = run{low: f.Grams, high: f.Grams}, false
	}
	p.settles(r, now)
}

// settles counts one more frame into a run.
func (p *pan) settles(r *run, now time.Time) {
	if r.n == 0 {
		r.since = now
	}
	r.n++
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
		return p.belowZero()
	case int64(p.grams) <= p.p.Zero.Within:
		return Moving
	case p.taken:
		return Taken
	case p.zeroAt.IsZero():
		return ReturnToZero
	case p.doubt:
		return TareDoubt
	case settled && !p.asks():
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
	case p.phase == Taken && (!settled || p.asks()):
		return Moving
	case p.phase != Taken && p.phase != Stable:
		return p.phase
	}
	p.taken, p.takenBy, p.passed = true, owner, false
	p.enter(Taken, now)
	return ""
}

// forget is for a line that was lost: who knows what lies on the pan when it
// comes back, so it must be seen empty before anything more is taken.
func (p *pan) forget(to Phase, now time.Time) {
	p.unsettle(to, now)
	p.zeroAt = time.Time{}
	p.taken, p.takenBy = false, ""
	p.said, p.bare, p.dumb, p.passed, p.doubt, p.under = false, false, false, false, false, run{}
}

// proof says what shows that the load on the pan is weighed gross.
func (p *pan) proof() string {
	switch {
	case p.said:
		return "said"
	case p.bare:
		return "asked"
	}
	return cmp.Or(p.p.Tare, "unknown")
}
