package ledger

import (
	"context"
	"iter"

	"floord/floor"
)

// Past yields the events after the cursor that topic wants, up to the newest at
// the time of the call, and ends. Events that left for the archive are passed
// over. A damaged event is yielded with its error, and the next ones follow; any
// other error ends it. No transaction is open while the caller works on an event.
func (l *Ledger) Past(ctx context.Context, after uint64, topic Topic) iter.Seq2[floor.Event, error] {
	return func(yield func(floor.Event, error) bool) {
		end := l.Seq()
		after = max(after, l.cut.Load().Seq)
		for after < end {
			b, err := l.page(after, topic)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(floor.Event{}, err)
				return
			}
			for _, x := range b.found {
				if x.event.Seq > end || !yield(x.event, x.err) {
					return
				}
			}
			after = b.upto
		}
	}
}
