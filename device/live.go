package device

import "sync"

// A Live is a value that some goroutine keeps current and others look at or
// wait on: the state of a station, the weight on a scale. A waiter that is slow
// misses values in between and never the last one. The zero Live holds a zero T.
type Live[T any] struct {
	mu      sync.Mutex
	value   T             // guarded by mu
	changed chan struct{} // guarded by mu; nil until somebody waits, closed at the next Set
}

// Get gives the present value and a channel that is closed when it is set next.
func (l *Live[T]) Get() (T, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changed == nil {
		l.changed = make(chan struct{})
	}
	return l.value, l.changed
}

// Now gives the present value.
func (l *Live[T]) Now() T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.value
}

// Set replaces the value and wakes those who wait.
func (l *Live[T]) Set(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value = v
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}
