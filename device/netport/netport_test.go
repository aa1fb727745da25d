package netport_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"floord/device"
	"floord/device/netport"
)

func TestPort(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	peers := make(chan net.Conn)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				close(peers)
				return
			}
			peers <- c
		}
	}()
	o := netport.Opener{Addr: ln.Addr().String()}
	p, err := o.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	peer := <-peers
	buf := make([]byte, 8)

	p.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := p.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read on a quiet line = %v; want the deadline", err)
	}
	p.SetReadDeadline(time.Time{})
	peer.Write([]byte{0x20})
	if n, err := p.Read(buf); n != 1 || err != nil || buf[0] != 0x20 {
		t.Errorf("Read = %d %x, %v", n, buf[:n], err)
	}
	peer.Close()
	if _, err := p.Read(buf); device.ReasonOf(err) != device.Unplugged {
		t.Errorf("Read after the printer hung up = %v; want unplugged", err)
	}
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Errorf("Close twice = %v", err)
	}

	ln.Close()
	<-peers
	if _, err := o.Open(t.Context()); device.ReasonOf(err) != device.Unreachable {
		t.Errorf("Open with nobody listening = %v", err)
	}
	if _, err := (netport.Opener{Addr: "printer"}).Open(t.Context()); device.ReasonOf(err) != device.BadSettings {
		t.Errorf("Open without a port number = %v", err)
	}
}
