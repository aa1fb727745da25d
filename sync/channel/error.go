package channel

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
	Retryable    Class = "retryable"    // time heals it: the wire, the shop's own trouble
	RateLimited  Class = "rate-limited" // the same, and After says when at the earliest
	Unauthorized Class = "unauthorized" // a token or a permission: a person must renew it
	Refused      Class = "refused"      // asking again unchanged gives the same no: a person must look
)

// An Error is what a driver returns. Its sentence never holds a secret, a token
// or personal data.
type Error struct {
	Class  Class
	Op     string        // what was asked: the platform's own method name
	Code   string        // the platform's code, if it gave one
	After  time.Duration // not before; 0 = the caller's own pace
	Renew  bool          // a new token may heal it
	Unread bool          // the answer itself cannot be read
	Known  bool          // the platform said so in its own words, and they are known
	Zh     string        // one sentence with the cure, for a person; may be empty
	En     string
	Err    error // the cause, if there is one
}

// Error gives one line: what was asked, the code, the sentence, the cause.
func (e *Error) Error() string {
	s := e.Op
	if s == "" {
		s = "channel"
	}
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
	text := e.Zh
	if lang == "en" {
		text = e.En
	}
	if text == "" {
		return e.Error()
	}
	return text
}

// ClassOf gives the class of err. What no driver classified, a cancelled context
// included, is Retryable: nothing is known against it.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Retryable
}

// After gives the time before which err says not to ask again, or 0.
func After(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.After
	}
	return 0
}

// Lost is the error of a question whose answer did not come: nobody knows
// whether it took effect. A context's own end is passed on as it is.
func Lost(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", op, context.Cause(ctx))
	}
	return &Error{Class: Retryable, Op: op, Err: err,
		Zh: "平台没有回应,系统会自动重试。", En: "the shop did not answer; it will be asked again"}
}

// CodeOf gives the platform's code that err carries, or "".
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
