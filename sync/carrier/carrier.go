// Package carrier says what a carrier is to the floor: a service that sells
// waybill numbers ahead of their use, takes unused ones back, and knows by which
// sort code a destination is reached. Each service is a subfolder with a driver;
// carriertest is the suite every driver passes.
//
// Numbers are fetched ahead into a pool that the ledger keeps, and sort codes are
// looked up in a table that was fetched ahead as well, so packing goes on while
// the carrier cannot be reached. What happens to a request whose answer was lost
// decides whether a number is lost or used twice: a request has an id, and asked
// again with the same id the carrier gives the same numbers.
package carrier

import (
	"context"
	"strings"

	"floord/floor"
)

// A Carrier is one account with one carrier. All methods may be called from
// several goroutines. An error is an *Error, or ctx's own.
type Carrier interface {
	// Numbers buys waybill numbers. The same request asked again, after a lost
	// answer or a restart, gives the same numbers and is paid once.
	Numbers(ctx context.Context, r Request) ([]floor.WaybillNo, error)

	// Void gives a number back that no parcel used or will use. A number that is
	// void already counts as done.
	Void(ctx context.Context, no floor.WaybillNo) error

	// Routes gives the carrier's table of sort codes.
	Routes(ctx context.Context) (Routes, error)

	// Balance gives how many numbers the account can still buy.
	Balance(ctx context.Context) (int, error)
}

// A Request asks for numbers.
type Request struct {
	ID string // 1 to 64 characters of printable ASCII, never used for another count
	N  int    // 1 to MaxNumbers
}

// MaxNumbers is the most that one Request may ask for.
const MaxNumbers = 200

// Check says what is wrong with a request, or nil.
func (r Request) Check() error {
	switch {
	case !plain(r.ID):
		return &Error{Class: Refused, Op: "numbers", Code: "request-id", Zh: "取号请求编号无效。", En: "the request id is not 1 to 64 characters of printable ASCII"}
	case r.N < 1 || r.N > MaxNumbers:
		return &Error{Class: Refused, Op: "numbers", Code: "count", Zh: "一次取号数量应为 1 至 200。", En: "a request is for 1 to 200 numbers"}
	}
	return nil
}

// CheckNumbers says whether an answer is what was asked for: as many numbers,
// each usable as a barcode, none twice. A wrong answer goes into no pool.
func CheckNumbers(r Request, numbers []floor.WaybillNo) error {
	wrong := func(code, zh, en string) error {
		return &Error{Class: Refused, Op: "numbers", Code: code, Zh: zh, En: en}
	}
	if len(numbers) != r.N {
		return wrong("answer-count", "承运商返回的单号数量不对,请联系承运商。", "the carrier gave another count of numbers than was asked for; call the carrier")
	}
	seen := make(map[floor.WaybillNo]bool, len(numbers))
	for _, no := range numbers {
		if !ValidNo(no) {
			return wrong("answer-number", "承运商返回的单号格式不对,请联系承运商。", "the carrier gave a number that is no waybill number; call the carrier")
		}
		if seen[no] {
			return wrong("answer-twice", "承运商返回了重复的单号,请联系承运商。", "the carrier gave a number twice; call the carrier")
		}
		seen[no] = true
	}
	return nil
}

// ValidNo reports whether a number can be a waybill number: 8 to 32 capital
// letters and digits, as all Chinese carriers use.
func ValidNo(no floor.WaybillNo) bool {
	if len(no) < 8 || len(no) > 32 {
		return false
	}
	return strings.Trim(string(no), "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func plain(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
