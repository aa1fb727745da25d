package serial

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"floord/device"
)

// lookAt checks without opening it that path is a tty a device can hang on, and
// gives its device number. Opening is not harmless: some character devices act
// on it (a watchdog starts to count).
func lookAt(path string) (rdev uint64, err error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return 0, openFault(path, 0, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR || !isTTY(st.Rdev) {
		return 0, &device.Fault{Reason: device.NotATTY, Detail: path}
	}
	return st.Rdev, nil
}

// isTTY looks the device number up in the kernel's list of tty drivers. Where
// that cannot be read any character device passes, and setting the line decides.
func isTTY(rdev uint64) bool {
	f, err := os.Open("/proc/tty/drivers")
	if err != nil {
		return true
	}
	defer f.Close()
	return listed(bufio.NewScanner(f), unix.Major(rdev), unix.Minor(rdev))
}

// listed reads lines such as "usbserial /dev/ttyUSB 188 0-511 serial" and looks
// for a range that holds the number. Consoles and pty masters are no ports.
func listed(lines *bufio.Scanner, major, minor uint32) bool {
	for lines.Scan() {
		f := strings.Fields(lines.Text())
		if len(f) != 5 || (f[4] != "serial" && f[4] != "pty:slave") || f[2] != strconv.Itoa(int(major)) {
			continue
		}
		from, to, found := strings.Cut(f[3], "-")
		if !found {
			to = from
		}
		lo, err1 := strconv.ParseUint(from, 10, 32)
		hi, err2 := strconv.ParseUint(to, 10, 32)
		if err1 == nil && err2 == nil && uint64(minor) >= lo && uint64(minor) <= hi {
			return true
		}
	}
	return false
}

// openFault gives err its reason, and the holder's name if that is the reason.
func openFault(path string, rdev uint64, err error) error {
	f := &device.Fault{Reason: device.Broken, Detail: path, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO), errors.Is(err, unix.ENODEV):
		f.Reason = device.NoSuchPort
	case errors.Is(err, fs.ErrPermission):
		f.Reason = device.NoPermission
	case errors.Is(err, unix.EWOULDBLOCK), errors.Is(err, unix.EBUSY):
		f.Reason, f.Err = device.PortBusy, nil
		f.Detail = path + " held by " + holders(rdev)
	case errors.Is(err, unix.ENOTTY):
		f.Reason = device.NotATTY
	case errors.Is(err, unix.EIO):
		f.Reason = device.Unplugged
	}
	return f
}

// HeldBy names the programs that have the tty at path open, as "pid 812
// (minicom)", this process included. It sees those the user may look into.
func HeldBy(path string) ([]string, error) {
	rdev, err := lookAt(path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, h := range openers(rdev) {
		names = append(names, h.String())
	}
	return names, nil
}

// holders says in words who has the tty open besides the handle just opened here.
func holders(rdev uint64) string {
	var names []string
	for _, h := range openers(rdev) {
		if h.pid == os.Getpid() {
			if h.handles--; h.handles == 0 {
				continue
			}
		}
		names = append(names, h.String())
	}
	if len(names) == 0 {
		return "a program of another user"
	}
	return strings.Join(names, ", ")
}

// A holder is a process with handles on a tty.
type holder struct {
	pid, handles int
	comm         string
}

func (h holder) String() string {
	if h.pid == os.Getpid() {
		return fmt.Sprintf("pid %d (this floord)", h.pid)
	}
	return fmt.Sprintf("pid %d (%s)", h.pid, h.comm)
}

// openers walks /proc for handles on the tty. It reads links only and never
// follows one outside /dev: a stat of a stranger's file can hang on a dead mount.
func openers(rdev uint64) []holder {
	dirs, _ := filepath.Glob("/proc/[0-9]*/fd") // the pattern is well formed
	var found []holder
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err != nil {
			continue
		}
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue // ended meanwhile, or another user's
		}
		h := holder{pid: pid}
		for _, fd := range fds {
			if isOn(filepath.Join(dir, fd.Name()), rdev) {
				h.handles++
			}
		}
		if h.handles > 0 {
			comm, _ := os.ReadFile(filepath.Join(filepath.Dir(dir), "comm"))
			h.comm = strings.TrimSpace(string(comm))
			found = append(found, h)
		}
	}
	slices.SortFunc(found, func(a, b holder) int { return a.pid - b.pid })
	return found
}

func isOn(link string, rdev uint64) bool {
	target, err := os.Readlink(link)
	if err != nil || !strings.HasPrefix(target, "/dev/") {
		return false
	}
	var st syscall.Stat_t
	return syscall.Stat(link, &st) == nil && st.Rdev == rdev
}
