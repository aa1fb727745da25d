// Package device keeps the machines of a pack station on the air. A driver (a
// scale, a printer) talks over a Line and never opens or closes it; a Station
// owns the port: it opens it, runs the driver, and opens it again when the line
// breaks. What a device is, is said by a profile (device/profile); how to reach
// it, by an Opener (device/serial, device/netport). Nothing here knows of
// orders, and a broken device never ends the process.
package device

import (
	"context"
	"errors"
	"io"
	"time"
)

// A Line is what a driver talks over. It has no Close: the station owns the
// port. Read and Write return os.ErrDeadlineExceeded when their deadline has
// passed, and an error whose ReasonOf is Unplugged once the device is gone. One
// goroutine may read while another writes.
type Line interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// A Port is an open Line with the right to close it. Close returns within 0.3 s
// whatever is in flight, and whatever was in flight returns an error. It may be
// called more than once and from any goroutine.
type Port interface {
	Line
	io.Closer
}

// An Opener opens the port of one device. String names the port for people
// ("/dev/ttyUSB0 9600 8N1", "tcp 10.0.0.7:9100"). An error that only a person
// can mend carries a Reason (see Fault).
type Opener interface {
	Open(ctx context.Context) (Port, error)
	String() string
}

// An Identity is who a device says it is; either part may be empty.
type Identity struct{ Model, Firmware string }

// ErrReopen is why a driver ends that has learned that its line, or what it knows of
// the device, must be set anew. The station opens it again at once.
var ErrReopen = errors.New("the device has said who it is: opening it again with what is known of that")

// A Reason says in one stable word why a device is not on the air. Text gives
// it to a person; programs compare it.
type Reason string

// The reasons a port may give. NotATTY and BadSettings are mistakes in the
// configuration: a station that meets one is Misconfigured, not Down.
const (
	NoReason     Reason = ""
	Unplugged    Reason = "unplugged"
	NoSuchPort   Reason = "no-such-port"
	PortBusy     Reason = "port-busy"
	NoPermission Reason = "no-permission"
	NotATTY      Reason = "not-a-serial-port"
	BadSettings  Reason = "bad-settings"
	Unreachable  Reason = "unreachable"
	Broken       Reason = "broken"
)

// A Message is one sentence for people in both languages of the floor.
type Message struct{ ZH, EN string }

// In gives the sentence in lang ("zh", "zh-CN", "en"); what is not English is Chinese.
func (m Message) In(lang string) string {
	if len(lang) >= 2 && lang[:2] == "en" {
		return m.EN
	}
	return m.ZH
}

var reasons = map[Reason]Message{
	Unplugged:    {"设备已断开：检查数据线和电源", "device unplugged: check its cable and power"},
	NoSuchPort:   {"找不到端口：设备未插好，或端口名有误", "no such port: plug the device in, or correct the port's name"},
	PortBusy:     {"端口被别的程序占用：请先关闭它", "port is in use by another program: close that first"},
	NoPermission: {"没有打开端口的权限：把运行用户加入 dialout 组", "no permission to open the port: add the service's user to the dialout group"},
	NotATTY:      {"这不是串口：请改正配置中的端口名", "not a serial port: correct the port's name in the configuration"},
	BadSettings:  {"设备配置有误：请按提示修改", "settings of the device are wrong: correct them as told"},
	Unreachable:  {"网络设备连不上：检查网线、地址和端口号", "device cannot be reached over the network: check cable, address and port number"},
	Broken:       {"设备通信出错：正在自动重试", "talking to the device went wrong: trying again by itself"},
}

// Text says the reason with its cure in one sentence; empty for NoReason.
func (r Reason) Text(lang string) string { return reasons[r].In(lang) }

// Misconfigured tells whether only a change of the configuration helps.
func (r Reason) Misconfigured() bool { return r == NotATTY || r == BadSettings }

// A Fault is an error of a port whose reason is known. Detail is what a person
// needs beside it ("pid 812 (minicom)"); it may be empty.
type Fault struct {
	Reason Reason
	Detail string
	Err    error
}

func (f *Fault) Error() string {
	s := f.Reason.Text("en")
	if f.Detail != "" {
		s += ": " + f.Detail
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

func (f *Fault) Unwrap() error { return f.Err }

// ReasonOf gives the reason that err carries, Broken for an error without one,
// and NoReason for nil.
func ReasonOf(err error) Reason {
	var f *Fault
	switch {
	case err == nil:
		return NoReason
	case errors.As(err, &f):
		return f.Reason
	}
	return Broken
}
