package carrier

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Class says who can do something about an error.
type Class string

// The classes of errors.
const (
	Retryable    Class = "retryable"    // time heals it: the wire, the carrier's own trouble
	RateLimited  Class = "rate-limited" // the same, and After says when at the earliest
	Unauthorized Class = "unauthorized" // key or permission: a person must renew it
	Exhausted    Class = "exhausted"    // the account is empty: somebody must pay
	Refused      Class = "refused"      // asking again unchanged gives the same no
	Unserved     Class = "unserved"     // the same: it does not go there; another carrier may
	BadAddress   Class = "bad-address"  // the same: it cannot read the recipient
	Duplicate    Class = "duplicate"    // the id has a number already, and the carrier does not say which
	Spent        Class = "spent"        // the id was cancelled and is good for nothing any more
)

// An Error is what a driver returns. Its sentence never holds a secret or
// personal data.
type Error struct {
	Class Class
	Op    string
	Code  string        // the carrier's code, if it gave one
	After time.Duration // not before; 0 = the caller's own pace
	Zh    string        // one sentence with the cure, for a person
	En    string
	Err   error // the cause, if there is one
}

// Error gives one line: what was asked, the code, the sentence, the cause.
func (e *Error) Error() string {
	s := e.Op
	if e.Code != "" {
		s += ": code " + e.Code
	}
	if e.En != "" {
		s += ": " + e.En
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Text gives the sentence for a person in that language, "zh" unless "en".
func (e *Error) Text(lang string) string {
	if lang == "en" {
		return e.En
	}
	return e.Zh
}

// ClassOf gives the class of err; what no driver classified is Retryable.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Retryable
}

// Final reports whether asking again unchanged would give the same no.
func Final(err error) bool {
	switch ClassOf(err) {
	case Refused, Unserved, BadAddress, Duplicate, Spent:
		return true
	}
	return false
}

// Lost is the error of a request whose answer did not come: nobody knows whether
// it took effect. A context's own end is passed on as it is.
func Lost(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", op, context.Cause(ctx))
	}
	return &Error{Class: Retryable, Op: op, Err: err,
		Zh: "承运商没有回应,系统会自动重试。", En: "the carrier did not answer; it will be asked again"}
}
