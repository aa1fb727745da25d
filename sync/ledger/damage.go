package ledger

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// maxDamage is how many damaged rows are named; more are only counted.
const maxDamage = 1000

// damage remembers the rows whose tags did not fit.
type damage struct {
	mu    sync.Mutex
	rows  map[DamagedError]bool // guarded by mu; at most maxDamage
	times uint64                // guarded by mu; how often such a row was met
}

func (d *damage) note(bucket string, key []byte) *DamagedError {
	e := DamagedError{Bucket: bucket, Key: readable(key)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.times++
	if d.rows == nil {
		d.rows = map[DamagedError]bool{}
	}
	if len(d.rows) < maxDamage {
		d.rows[e] = true
	}
	return &e
}

// list names the damaged rows that were met, in order.
func (d *damage) list() ([]DamagedError, uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	rows := make([]DamagedError, 0, len(d.rows))
	for e := range d.rows {
		rows = append(rows, e)
	}
	slices.SortFunc(rows, func(a, b DamagedError) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Key, b.Key))
	})
	return rows, d.times
}

// readable shows a key to people: a sequence number in decimal, text as it is.
func readable(key []byte) string {
	if len(key) == 8 && key[0] == 0 {
		return strconv.FormatUint(binary.BigEndian.Uint64(key), 10)
	}
	if utf8.Valid(key) {
		return string(key)
	}
	return strconv.QuoteToASCII(string(key))
}

func isDamaged(err error) bool {
	var d *DamagedError
	return errors.As(err, &d)
}
