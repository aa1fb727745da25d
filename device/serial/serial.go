// Package serial opens ttys so that a driver can rely on them: an unplugged
// device is told from a quiet one, no write waits for ever, Close returns, and
// no second program reads along.
//
// It reads through github.com/tarm/serial, which alone can do none of that: its
// time-out and its end of file are the same value, and a write to a stopped line
// cannot be freed. So every port has two handles on one tty. tarm's sets the
// line and reads, in steps of 100 ms. The side handle is never read from: it
// carries the writes with their deadlines, the lock, and the question "are you
// still there".
package serial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/tarm/serial"
	"golang.org/x/sys/unix"

	"floord/device"
)

const (
	// tick is how long one read of tarm's handle may last: the coarseness of
	// read deadlines and the longest that Close waits for a reader.
	tick = 100 * time.Millisecond
	// drain is how long Close lets bytes already written leave before it
	// throws the rest away; the kernel itself would wait up to 30 s.
	drain = 50 * time.Millisecond
	// patience bounds a close that a kernel driver does not let return.
	patience = 200 * time.Millisecond
)

// An Opener opens one tty. Path may be a link, such as those of /dev/serial/by-id.
type Opener struct {
	Path     string
	Settings Settings
}

func (o Opener) String() string { return o.Path + " " + o.Settings.String() }

// Open locks the tty, sets the line and gives the port. Whoever holds it already
// is named in the error. ctx is not needed: opening does not wait.
func (o Opener) Open(context.Context) (device.Port, error) {
	cfg, err := o.Settings.config(o.Path)
	if err != nil {
		return nil, &device.Fault{Reason: device.BadSettings, Err: err}
	}
	rdev, err := lookAt(o.Path)
	if err != nil {
		return nil, err
	}
	side, err := os.OpenFile(o.Path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, openFault(o.Path, rdev, err)
	}
	p := &Port{path: o.Path, side: side, closed: make(chan struct{})}
	if err := p.setUp(cfg, o.Settings, rdev); err != nil {
		if p.main != nil {
			p.main.Close()
		}
		side.Close()
		return nil, err
	}
	return p, nil
}

// setUp takes the lock before it touches the line, so that a port in use keeps
// its settings.
func (p *Port) setUp(cfg *serial.Config, s Settings, rdev uint64) error {
	if err := p.control(func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) }); err != nil {
		return openFault(p.path, rdev, err)
	}
	main, err := serial.OpenPort(cfg)
	if err != nil {
		return openFault(p.path, rdev, err)
	}
	p.main = main
	if err := p.control(func(fd int) error { return refine(fd, s) }); err != nil {
		return openFault(p.path, rdev, err)
	}
	return nil
}

// refine sets what tarm has no word for. Line settings belong to the tty, not to
// a handle, so the side handle can do it.
//
// tarm asks for parity but does not check it: INPCK makes the kernel drop bytes
// with wrong parity. A break (a printer losing power pulls the line low) must
// not read as the byte 0, which is "ready" in some printer languages: IGNBRK.
// IXOFF stays off: the host's own XON byte is a command to some scales.
func refine(fd int, s Settings) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag |= unix.IGNBRK
	if s.Parity != "none" && s.Parity != "" {
		t.Iflag |= unix.INPCK
	}
	switch s.Flow {
	case "xonxoff":
		t.Iflag |= unix.IXON
		t.Cc[unix.VSTART], t.Cc[unix.VSTOP] = 0x11, 0x13 // tarm leaves them 0, which disables them
	case "rtscts":
		t.Cflag |= unix.CRTSCTS
	}
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return err
	}
	// What arrived before the settings were right is not worth reading.
	if err := unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH); err != nil {
		return err
	}
	return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0)
}

// A Port is one open tty. It implements device.Port.
type Port struct {
	path string
	main *serial.Port // reads; blocks in steps of tick
	side *os.File     // everything else; never read from

	deadline atomic.Int64 // of reads, unix nanoseconds; 0 is none
	gone     atomic.Bool  // the device was seen to be gone

	closing  sync.Once
	closed   chan struct{} // closed when Close begins
	closeErr error         // written in closing
}

// Read waits for at least one byte. Deadlines are kept to within 100 ms.
func (p *Port) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if err := p.readable(); err != nil {
			return 0, err
		}
		n, err := p.main.Read(b)
		switch {
		case n > 0:
			return n, nil
		case p.isClosed():
			return 0, os.ErrClosed
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.EINTR):
			return 0, p.lost(err)
		}
		// Nothing came: the line is quiet, or the device is gone. tarm says
		// io.EOF to both, and from now on at once; only the tty itself knows.
		if err := p.alive(); err != nil {
			return 0, p.lost(err)
		}
	}
}

func (p *Port) readable() error {
	if p.isClosed() {
		return os.ErrClosed
	}
	if p.gone.Load() {
		return p.lost(nil)
	}
	if d := p.deadline.Load(); d != 0 && time.Now().UnixNano() >= d {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// Write sends b and returns when the kernel has taken all of it, which is not
// yet when it has left the machine.
func (p *Port) Write(b []byte) (int, error) {
	if p.gone.Load() {
		return 0, p.lost(nil)
	}
	n, err := p.side.Write(b)
	if errors.Is(err, unix.EIO) {
		err = p.lost(err)
	}
	return n, err
}

// SetReadDeadline bounds this and later reads; the zero time is no bound.
func (p *Port) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		p.deadline.Store(0)
	} else {
		p.deadline.Store(t.UnixNano())
	}
	return nil
}

// SetWriteDeadline bounds this and later writes; the zero time is no bound.
func (p *Port) SetWriteDeadline(t time.Time) error { return p.side.SetWriteDeadline(t) }

// stuck counts the ports whose handles a kernel driver has not let go of.
var stuck atomic.Int64

// Stuck tells how many closed ports the kernel still holds on to, for the
// metrics. Other than 0 means a faulty driver; each costs a thread.
func Stuck() int { return int(stuck.Load()) }

// Close gives the port back: bytes that have not left within 50 ms are dropped,
// the locks go, and both handles are closed.
func (p *Port) Close() error {
	p.closing.Do(func() { p.closeErr = p.close() })
	return p.closeErr
}

func (p *Port) close() error {
	p.letDrain()
	close(p.closed)
	p.control(func(fd int) error { // errors: the tty may be gone, and then all this is moot
		unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIOFLUSH)
		return unix.IoctlSetInt(fd, unix.TIOCNXCL, 0)
	})
	sideErr := p.side.Close() // frees a writer at once
	done := make(chan error, 1)
	go func() { done <- p.main.Close() }() // waits for the reader, at most a tick
	select {
	case err := <-done:
		return errors.Join(sideErr, err)
	case <-time.After(patience):
	}
	stuck.Add(1)
	go func() { <-done; stuck.Add(-1) }()
	return fmt.Errorf("close %s: the kernel does not let go of it", p.path)
}

// letDrain waits a moment for bytes written but not yet sent.
func (p *Port) letDrain() {
	for end := time.Now().Add(drain); time.Now().Before(end) && p.pending() > 0; {
		time.Sleep(5 * time.Millisecond)
	}
}

// pending is how many written bytes still wait in the kernel.
func (p *Port) pending() (n int) {
	p.control(func(fd int) (err error) {
		n, err = unix.IoctlGetInt(fd, unix.TIOCOUTQ)
		return err
	})
	return n
}

// alive asks the tty for its settings, which a hung-up one no longer gives.
func (p *Port) alive() error {
	return p.control(func(fd int) error {
		_, err := unix.IoctlGetTermios(fd, unix.TCGETS)
		return err
	})
}

// control runs f on the side handle. It never uses File.Fd, which would make the
// handle blocking and take the write deadlines away.
func (p *Port) control(f func(fd int) error) error {
	rc, err := p.side.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := rc.Control(func(fd uintptr) { ferr = f(int(fd)) }); err != nil {
		return err
	}
	return ferr
}

func (p *Port) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// lost marks the device as gone and says so. While the port is being closed the
// loss is only its own doing.
func (p *Port) lost(err error) error {
	if p.isClosed() {
		return os.ErrClosed
	}
	p.gone.Store(true)
	return &device.Fault{Reason: device.Unplugged, Detail: p.path, Err: err}
}
