// Package hid opens scales on USB that send reports of the HID point of sale page
// 0x8D, through the kernel's hidraw devices. A read is one report.
//
// /dev/hidraw0 is another device after every boot, and udev makes no lasting links
// for it. So a port may be named by what the device says of itself: "hid:0922:8003",
// its vendor and product, or "hid:0922:8003:SERIAL" where two are alike.
package hid

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"floord/device"
)

// Prefix begins the name of a port that is found by what the device says of itself.
const Prefix = "hid:"

// Is tells whether a port is one of this package.
func Is(port string) bool {
	return strings.HasPrefix(port, Prefix) || strings.HasPrefix(filepath.Base(port), "hidraw")
}

// A Device is one scale that is plugged in.
type Device struct {
	Path string // "/dev/hidraw0"
	Name string // "hid:0922:8003:0071234", as floord.toml may name it
	Says string // "DYMO M10 10 lb USB Postal Scale"
}

// page is how a report descriptor begins whose usage page is 0x8D, of scales.
var page = []byte{0x05, 0x8D}

// Scales lists the scales under root, "/": their nodes in dev, and what they say in
// sys/class/hidraw. Keyboards and scanners are none.
func Scales(root string) ([]Device, error) {
	dirs, err := filepath.Glob(filepath.Join(root, "sys/class/hidraw/hidraw*"))
	if err != nil {
		return nil, err
	}
	var all []Device
	for _, dir := range dirs {
		descriptor, err := os.ReadFile(filepath.Join(dir, "device/report_descriptor"))
		if err != nil || !bytes.HasPrefix(descriptor, page) {
			continue // unplugged meanwhile, or no scale
		}
		uevent, err := os.ReadFile(filepath.Join(dir, "device/uevent"))
		if err != nil {
			continue
		}
		d := Device{Path: filepath.Join(root, "dev", filepath.Base(dir))}
		if d.Name, d.Says = readEvent(uevent); d.Name != "" {
			all = append(all, d)
		}
	}
	return all, nil
}

// readEvent reads lines such as HID_ID=0003:00000922:00008003, HID_NAME and HID_UNIQ.
func readEvent(b []byte) (name, says string) {
	var bus, vendor, product uint32
	serial := ""
	for in := bufio.NewScanner(bytes.NewReader(b)); in.Scan(); {
		key, value, _ := strings.Cut(in.Text(), "=")
		switch key {
		case "HID_ID":
			if n, err := fmt.Sscanf(value, "%x:%x:%x", &bus, &vendor, &product); n != 3 || err != nil {
				return "", ""
			}
		case "HID_NAME":
			says = value
		case "HID_UNIQ":
			serial = value
		}
	}
	if vendor == 0 {
		return "", ""
	}
	name = fmt.Sprintf("%s%04x:%04x", Prefix, vendor, product)
	if serial != "" {
		name += ":" + serial
	}
	return name, says
}

// An Opener opens one scale. Port is the path of a node, or a name with Prefix.
type Opener struct {
	Port string
	Root string // "/" if empty
}

func (o Opener) String() string { return o.Port }

// Open locks the device and gives it as a port that is only read.
func (o Opener) Open(context.Context) (device.Port, error) {
	path, err := o.find()
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && (info.Mode().IsRegular() || info.IsDir()) {
		return nil, &device.Fault{Reason: device.NotATTY, Detail: path}
	}
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fault(path, err)
	}
	rc, err := f.SyscallConn()
	if err == nil {
		var lock error
		err = rc.Control(func(fd uintptr) { lock = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
		err = errors.Join(err, lock)
	}
	if err != nil {
		f.Close()
		return nil, fault(path, err)
	}
	return &port{f}, nil
}

// find gives the node behind the name. Two scales that fit are nobody's choice.
func (o Opener) find() (string, error) {
	if !strings.HasPrefix(o.Port, Prefix) {
		return o.Port, nil
	}
	root := o.Root
	if root == "" {
		root = "/"
	}
	all, err := Scales(root)
	if err != nil {
		return "", err
	}
	var fit []Device
	for _, d := range all {
		if strings.EqualFold(d.Name, o.Port) || len(d.Name) > len(o.Port) && strings.EqualFold(d.Name[:len(o.Port)+1], o.Port+":") {
			fit = append(fit, d)
		}
	}
	switch len(fit) {
	case 0:
		return "", &device.Fault{Reason: device.NoSuchPort, Detail: o.Port}
	case 1:
		return fit[0].Path, nil
	}
	return "", &device.Fault{Reason: device.BadSettings, Detail: fmt.Sprintf("%s fits %s and %s", o.Port, fit[0].Name, fit[1].Name)}
}

func fault(path string, err error) error {
	f := &device.Fault{Reason: device.Broken, Detail: path, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENXIO):
		f.Reason = device.NoSuchPort
	case errors.Is(err, fs.ErrPermission):
		f.Reason = device.NoPermission
	case errors.Is(err, unix.EWOULDBLOCK):
		f.Reason = device.PortBusy
	case slices.ContainsFunc([]error{unix.EIO, unix.ENODEV}, func(e error) bool { return errors.Is(err, e) }):
		f.Reason = device.Unplugged
	}
	return f
}

// A port is an open device. The kernel wakes its reader when it is unplugged.
type port struct{ *os.File }

func (p *port) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		return n, err
	}
	return n, &device.Fault{Reason: device.Unplugged, Detail: p.Name(), Err: err}
}

// Write is refused: nothing is said to such a scale.
func (p *port) Write([]byte) (int, error) {
	return 0, errors.New("a scale on USB is only read")
}

// Close may come again from the station; the second time is no error.
func (p *port) Close() error {
	if err := p.File.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}
