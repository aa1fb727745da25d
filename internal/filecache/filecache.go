// Package filecache keeps what was read from small files that people replace while the
// daemon runs: secrets, tokens.
package filecache

import (
	"os"
	"sync"
	"time"
)

// A Cache holds what files were read as. The zero Cache is empty. It may be used by
// several goroutines at once.
type Cache[T any] struct {
	mu   sync.Mutex
	kept map[string]kept[T] // guarded by mu; by path
}

type kept[T any] struct {
	info  os.FileInfo
	value T
}

// settled is how old a change must be before its result is kept: file systems tell
// changes apart by a few milliseconds only.
const settled = time.Second

// Get gives what read makes of a file, and calls it only if the file is another one, or
// has changed, since it last did. An error is not kept.
func (c *Cache[T]) Get(path string, read func(os.FileInfo) (T, error)) (T, error) {
	info, err := os.Stat(path)
	if err != nil {
		var none T
		return none, err
	}
	c.mu.Lock()
	k, ok := c.kept[path]
	c.mu.Unlock()
	if ok && os.SameFile(k.info, info) && k.info.Size() == info.Size() && k.info.ModTime().Equal(info.ModTime()) {
		return k.value, nil
	}
	value, err := read(info)
	if err != nil || time.Since(info.ModTime()) < settled {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[string]kept[T]{}
	}
	c.kept[path] = kept[T]{info, value}
	return value, nil
}
