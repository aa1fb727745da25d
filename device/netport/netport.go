// Package netport opens devices that hang on the network: label printers on raw
// port 9100 and the serial servers that put a tty behind a TCP port.
package netport

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"floord/device"
)

// dialWithin bounds the connecting; a printer that is off answers never.
const dialWithin = 3 * time.Second

// alive finds a peer that vanished without a word (power, cable) within about
// 10 s, however quiet the line is.
var alive = net.KeepAliveConfig{Enable: true, Idle: 4 * time.Second, Interval: 2 * time.Second, Count: 3}

// An Opener connects to Addr, "host:port".
type Opener struct{ Addr string }

func (o Opener) String() string { return "tcp " + o.Addr }

// Open connects. Many printers serve one connection at a time and refuse or
// leave hanging the next, so the port must be closed to let another host print.
func (o Opener) Open(ctx context.Context) (device.Port, error) {
	if _, _, err := net.SplitHostPort(o.Addr); err != nil {
		return nil, &device.Fault{Reason: device.BadSettings, Detail: o.Addr, Err: err}
	}
	d := net.Dialer{Timeout: dialWithin, KeepAliveConfig: alive}
	conn, err := d.DialContext(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, &device.Fault{Reason: device.Unreachable, Detail: o.Addr, Err: err}
	}
	conn.(*net.TCPConn).SetLinger(0) // what has not left when the port closes is dropped, as on a tty
	return &port{conn}, nil
}

// A port is a connection whose end reads as an unplugged device.
type port struct{ net.Conn }

func (p *port) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	return n, p.lost(err)
}

func (p *port) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	return n, p.lost(err)
}

// Close may come again from the station; the second time is no error.
func (p *port) Close() error {
	if err := p.Conn.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// lost leaves time-outs and our own closing as they are.
func (p *port) lost(err error) error {
	var timeout net.Error
	switch {
	case err == nil, errors.Is(err, net.ErrClosed):
		return err
	case errors.As(err, &timeout) && timeout.Timeout():
		return err
	case errors.Is(err, io.EOF):
		err = nil // "the other end closed" says no more than unplugged does
	}
	return &device.Fault{Reason: device.Unplugged, Detail: p.RemoteAddr().String(), Err: err}
}
