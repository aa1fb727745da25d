package ledger

import (
	"fmt"
	"runtime/debug"
)

// guard calls f and makes an error of a panic. A page of the file that cannot
// be read (a bad sector, a file cut short under us) is a fault of memory to Go,
// since bbolt maps the file; inside guard that is a panic too, not the end of
// the process.
func guard(f func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return f()
}

// A PanicError is a panic in a function that was handed to the ledger, or in
// the reading of a page. It concerns that caller alone.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }
