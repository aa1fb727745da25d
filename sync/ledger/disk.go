package ledger

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// diskFree is the room on the disk of path, in bytes, for a process without
// privileges.
func diskFree(path string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}

// low says whether only urgent requests may still write. A disk that cannot be
// asked is taken to have room: the commit will tell.
func (l *Ledger) low() bool {
	free, err := diskFree(l.path)
	return err == nil && free < l.opts.Reserve
}

func fileSize(path string) int64 {
	var s unix.Stat_t
	if unix.Stat(path, &s) != nil {
		return 0
	}
	return s.Size
}
