package daemon

import (
	"fmt"
	"sync/atomic"
	"time"
)

// keys gives the request keys of the daemon's own acts: the day, what asks, the
// start of this process and a running number, so that they grow with time.
type keys struct {
	zone  *time.Location
	start int64
	n     *atomic.Uint64
}

func newKeys(zone *time.Location) keys {
	return keys{zone, time.Now().UnixMilli(), new(atomic.Uint64)}
}

func (k keys) next(who string) string {
	return fmt.Sprintf("%s/%s/%d/%09d", k.day(), who, k.start, k.n.Add(1))
}

// month is the first day of the site's month, 20261101.
func (k keys) month() string { return time.Now().In(k.zone).Format("200601") + "01" }

// day is the site's day, 20261121.
func (k keys) day() string { return time.Now().In(k.zone).Format("20060102") }
