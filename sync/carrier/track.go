package carrier

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"floord/floor"
)

// A Tracker is an account that says when the carrier's own people first scanned a
// parcel (揽收). All methods may be called from several goroutines. An error is an
// *Error, or ctx's own.
type Tracker interface {
	// Collected gives the moment of the first scan for each of the numbers that has
	// had one; the others are left out. It names AtOnce numbers at most.
	Collected(ctx context.Context, numbers []floor.WaybillNo) (map[floor.WaybillNo]time.Time, error)
	// AtOnce is how many numbers one question may name.
	AtOnce() int
}

// A Trace is one line of a carrier's track.
type Trace struct {
	At    time.Time
	Taken bool // it is the scan at the collection
	Moved bool // it shows that the carrier has the parcel, whatever became of that scan
}

// FirstScan gives the moment at which the carrier first had the parcel: that of the
// collection, else the earliest that shows it to be under way. Zero: not yet.
func FirstScan(track []Trace) time.Time {
	var taken, moved time.Time
	for _, t := range track {
		if t.At.IsZero() {
			continue
		}
		if t.Taken && (taken.IsZero() || t.At.Before(taken)) {
			taken = t.At
		}
		if t.Moved && (moved.IsZero() || t.At.Before(moved)) {
			moved = t.At
		}
	}
	if taken.IsZero() {
		return moved
	}
	return taken
}

// beijing is the zone of the carriers' clocks.
var beijing = time.FixedZone("UTC+8", 8*3600)

// Moment reads a time as carriers write it: "2026-11-21 17:19:42" or with slashes, of
// Beijing, or milliseconds since 1970 as a number or a text. Zero: it is none.
func Moment(raw json.RawMessage) time.Time {
	text := strings.Trim(string(raw), `" `)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 1e12 && ms < 1e14 {
		return time.UnixMilli(ms).UTC()
	}
	for _, form := range []string{time.DateTime, "2006-1-2 15:04:05", "2006/01/02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(form, text, beijing); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// NoTrack reports whether a carrier's no only says that there is nothing yet to tell
// of a parcel.
func NoTrack(text string) bool {
	for _, w := range []string{"查询结果为空", "无轨迹", "暂无", "未查询到", "查询为空", "没有查到", "无物流"} {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
