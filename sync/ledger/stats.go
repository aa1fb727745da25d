package ledger

import (
	"sync/atomic"
	"time"
)

// counters count since Open.
type counters struct {
	reading atomic.Int64
	commits atomic.Uint64 // transactions synced to disk
	calls   atomic.Uint64 // requests answered in groups
	events  atomic.Uint64
	largest atomic.Uint64 // most requests in one transaction
	slowest atomic.Int64  // ns, of one sync
	syncing atomic.Int64  // ns, sum
}

func (c *counters) synced(d time.Duration) {
	c.commits.Add(1)
	c.syncing.Add(int64(d))
	for old := c.slowest.Load(); int64(d) > old && !c.slowest.CompareAndSwap(old, int64(d)); old = c.slowest.Load() {
	}
}

func (c *counters) grouped(calls, events int) {
	c.calls.Add(uint64(calls))
	c.events.Add(uint64(events))
	for old := c.largest.Load(); uint64(calls) > old && !c.largest.CompareAndSwap(old, uint64(calls)); old = c.largest.Load() {
	}
}

// Stats are what an operator watches. Counts are since Open.
type Stats struct {
	Seq          uint64        // last committed event
	Archived     uint64        // last event that left the journal
	Commits      uint64        // transactions synced to disk
	Requests     uint64        // answered in them; Requests/Commits is the mean group
	Events       uint64        // journalled
	LargestGroup uint64        // requests in one transaction
	Syncing      time.Duration // spent in commits of the file, in all
	SlowestSync  time.Duration
	Readers      int64 // open views
	Followers    int   // served from memory now
	FileBytes    int64
	FreePages    int // in the file, to be used again
	PendingPages int // to be free when open views have ended
	DiskFree     int64
	Low          bool           // the disk's reserve is reached
	Damaged      []DamagedError // rows found damaged, at most 1,000
	DamageMet    uint64         // how often such a row was met
	Stopped      error          // why nothing is served, or nil
}

// Stats gives the figures of this moment.
func (l *Ledger) Stats() Stats {
	pages := l.db.Stats()
	s := Stats{
		Seq:          l.Seq(),
		Archived:     l.cut.Load().Seq,
		Commits:      l.stats.commits.Load(),
		Requests:     l.stats.calls.Load(),
		Events:       l.stats.events.Load(),
		LargestGroup: l.stats.largest.Load(),
		Syncing:      time.Duration(l.stats.syncing.Load()),
		SlowestSync:  time.Duration(l.stats.slowest.Load()),
		Readers:      l.stats.reading.Load(),
		Followers:    l.tail.followers(),
		FreePages:    pages.FreePageN,
		PendingPages: pages.PendingPageN,
		Low:          l.low(),
		Stopped:      l.serving(),
	}
	s.Damaged, s.DamageMet = l.hurt.list()
	s.FileBytes = fileSize(l.path)
	s.DiskFree, _ = diskFree(l.path)
	return s
}
