package scale

import (
	"iter"
	"time"

	"floord/device/profile"
)

// A Moment is something a scale said, or was seen to be, in a recording.
type Moment struct {
	At    time.Duration
	Frame Frame // Kind is empty where only the phase changed
	Phase Phase // after it
}

// Replay reads recorded bytes as the profile's driver would have, without a line:
// every frame, and every change of what the scale is doing. What the host sent is
// not needed. Frames are valid until the next moment.
func Replay(p profile.Profile, said iter.Seq2[time.Duration, []byte]) (iter.Seq[Moment], error) {
	dec, err := NewDecoder(p)
	if err != nil {
		return nil, err
	}
	return func(yield func(Moment) bool) {
		start := time.Unix(0, 0)
		pan := pan{p: p.Scale}
		pan.forget(Starting, start)
		last := time.Duration(0)
		for at, data := range said {
			now := start.Add(at)
			if at-last >= time.Duration(p.Scale.Silence) {
				pan.unsettle(NoSignal, start.Add(last+time.Duration(p.Scale.Silence)))
				if !yield(Moment{At: last + time.Duration(p.Scale.Silence), Phase: pan.phase}) {
					return
				}
			}
			if at-last >= time.Duration(p.Scale.Gap) {
				dec.Reset()
			}
			last = at
			before := pan.phase
			for f := range dec.Decode(data) {
				pan.see(f, now)
				before = pan.phase
				if !yield(Moment{at, f, pan.phase}) {
					return
				}
			}
			if why := dec.Suspicion(); why != "" {
				pan.unsettle(why, now)
			}
			if pan.phase != before && !yield(Moment{At: at, Phase: pan.phase}) {
				return
			}
		}
	}, nil
}
