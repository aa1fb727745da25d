// Package devicetest holds pretend devices that behave: scales and label
// printers that speak their real protocol, over a real pty or any other wire,
// and fail when told to. Tests, the demo and training use the same ones. They
// are written from the protocols' tables and share no code with the drivers, so
// that a misreading on one side shows.
//
// A pretend device has a Run that serves its Cable until ctx ends, and a Serve
// for a wire of the caller's own (a net.Pipe inside a synctest bubble).
package devicetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// A Wire is the device's end of a line. Closing it is pulling the cable.
type Wire = io.ReadWriteCloser

// A Cable is a pty that stands for a serial adapter. Its Path is a link, as
// those of /dev/serial/by-id are: it stays while the tty behind it goes and comes
// back under another number.
type Cable struct {
	Path string

	mu     sync.Mutex
	master *os.File      // guarded by mu; nil while unplugged
	slave  *os.File      // guarded by mu; held open so that the master works before and after a host
	moved  chan struct{} // guarded by mu; closed and replaced when plugged or unplugged
}

// NewCable plugs a cable in at path, which must not exist yet.
func NewCable(path string) (*Cable, error) {
	c := &Cable{Path: path, moved: make(chan struct{})}
	if err := c.Plug(); err != nil {
		return nil, fmt.Errorf("plug in %s: %w", path, err)
	}
	return c, nil
}

// Plug makes a new tty behind Path. A cable that is plugged in stays as it is.
func (c *Cable) Plug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master != nil {
		return nil
	}
	master, slave, err := openPty()
	if err != nil {
		return err
	}
	if err := relink(slave.Name(), c.Path); err != nil {
		master.Close()
		slave.Close()
		return err
	}
	c.master, c.slave = master, slave
	c.announce()
	return nil
}

// Unplug takes the tty away: the host's handles on it fail from now on.
func (c *Cable) Unplug() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master == nil {
		return nil
	}
	// The slave goes first: closing the master is what hangs the host up.
	err := errors.Join(os.Remove(c.Path), c.slave.Close(), c.master.Close())
	c.master, c.slave = nil, nil
	c.announce()
	return err
}

func (c *Cable) announce() {
	close(c.moved)
	c.moved = make(chan struct{})
}

// wire gives the device's end, nil while unplugged, and a channel that is closed
// when that changes.
func (c *Cable) wire() (Wire, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.master == nil {
		return nil, c.moved
	}
	return c.master, c.moved
}

// relink points link at target, in one step so that no one sees it missing.
func relink(target, link string) error {
	tmp := filepath.Join(filepath.Dir(link), "."+filepath.Base(link)+".new")
	if err := os.Symlink(target, tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, link); err != nil {
		os.Remove(tmp)
		return err
	}
	return nil
}

// openPty opens a pty whose master can be waited on without a thread and closed
// while somebody reads it. github.com/creack/pty hands out blocking handles,
// which can do neither.
func openPty() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("open /dev/ptmx: %w", err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	}
	if err == nil {
		// Raw from the start: what the device says before a host has opened the
		// line must not be echoed back to it.
		err = unix.IoctlSetTermios(int(fd), unix.TCSETS, &unix.Termios{Cflag: unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B9600})
	}
	if err != nil {
		master.Close()
		if slave != nil {
			slave.Close()
		}
		return nil, nil, fmt.Errorf("open pty: %w", err)
	}
	return master, slave, nil
}

// Read and Write are the device's end of a cable that is plugged in, for those
// who play the device by hand.
func (c *Cable) Read(b []byte) (int, error) {
	w, _ := c.wire()
	if w == nil {
		return 0, os.ErrClosed
	}
	return w.Read(b)
}

func (c *Cable) Write(b []byte) (int, error) {
	w, _ := c.wire()
	if w == nil {
		return 0, os.ErrClosed
	}
	return w.Write(b)
}

// runCable serves a cable, again each time it is plugged in, until ctx ends.
func runCable(ctx context.Context, c *Cable, serve func(context.Context, Wire) error) error {
	defer context.AfterFunc(ctx, func() { c.Unplug() })()
	for {
		w, moved := c.wire()
		if w != nil {
			serve(ctx, w) // ends with the wire; why does not matter, the cable tells
		}
		select {
		case <-ctx.Done():
			return c.Unplug()
		case <-moved:
		}
	}
}
