package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	"floord/device/profile"
	"floord/device/serial"
	profiles "floord/firmware-profiles"
	"floord/label"
)

// device reads a printer's or scale's entry. Its mistakes stay with it.
func (d *decoder) device(n *node, name string) *Device {
	dev := &Device{}
	setDefaults(reflect.ValueOf(dev).Elem())
	own := *d
	own.bad = nil
	own.table(n, reflect.ValueOf(dev).Elem(), name)
	dev.Problems = own.bad
	return dev
}

// devices gives every device its profile and gathers what is wrong with them.
func (d *decoder) devices(c *Config) {
	d.templates(c)
	if len(c.Stations) == 0 && c.Profiles.Dir == "" {
		return
	}
	set := d.profiles(c)
	ports := map[string]string{}
	for i, s := range c.Stations {
		name := fmt.Sprintf("station[%d].", i)
		for _, key := range []string{"labels", "rare"} {
			for kind, dev := range map[string]*Device{"scale": s.Scale, "scanner": s.Scanner} {
				if dev != nil && d.has(name+kind+"."+key) {
					d.wrong(dev, name+kind+"."+key, "not-printer", key)
				}
			}
		}
		d.resolve(set, s.Printer, profile.KindPrinter, name+"printer")
		d.resolve(set, s.Scale, profile.KindScale, name+"scale")
		d.resolve(set, s.Scanner, profile.KindScanner, name+"scanner")
		d.port(ports, s.Printer, name+"printer", s.ID)
		d.port(ports, s.Scale, name+"scale", s.ID)
		if p := s.Printer; p != nil && c.Templates["waybill-"+p.Labels] == nil {
			d.wrong(p, name+"printer.labels", "no-paper", p.Labels, papers(c.Templates))
		}
		d.port(ports, s.Scanner, name+"scanner", s.ID)
		for _, dev := range s.Devices() {
			c.Problems = append(c.Problems, dev.Problems...)
		}
	}
	slices.SortStableFunc(c.Problems, byPlace)
}

// Known are all device profiles: what is shipped with the site's own over it. What is
// wrong with some of them was named when the file was loaded.
func (c *Config) Known() *profile.Set {
	set, _ := loadProfiles(c)
	return set
}

func loadProfiles(c *Config) (*profile.Set, error) {
	layers := []profile.Layer{{Name: profiles.Name, FS: profiles.FS}}
	if dir := string(c.Profiles.Dir); dir != "" {
		layers = append(layers, profile.Layer{Name: dir, FS: os.DirFS(dir)})
	}
	return profile.Load(layers...)
}

// profiles loads what is shipped and the site's own folder over it. Mistakes
// there are the site's, not this file's, and concern only the devices they name.
func (d *decoder) profiles(c *Config) *profile.Set {
	set, err := loadProfiles(c)
	for _, e := range spread(err) {
		c.Problems = append(c.Problems, problem(d.first("profiles.dir"), "profile", e))
	}
	return set
}

// templates loads the shipped templates and the site's own over them. A mistake
// there concerns that template only.
func (d *decoder) templates(c *Config) {
	c.Templates = label.Shipped()
	if c.Labels.Dir == "" {
		return
	}
	var err error
	c.Templates, err = label.Load(os.DirFS(string(c.Labels.Dir)))
	for _, e := range spread(err) {
		c.Problems = append(c.Problems, problem(d.first("labels.dir"), "template", e))
	}
}

// papers names the sizes that there are waybills for.
func papers(ts label.Templates) string {
	var sizes []string
	for _, n := range ts.Names("waybill") {
		sizes = append(sizes, strings.TrimPrefix(n, "waybill-"))
	}
	return strings.Join(sizes, ", ")
}

// spread takes apart what errors.Join put together.
func spread(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func (d *decoder) wrong(dev *Device, name, code string, args ...any) {
	dev.Problems = append(dev.Problems, problem(d.first(name), code, args...))
}

// resolve finds the device's profile and lays the entry's own settings over it.
func (d *decoder) resolve(set *profile.Set, dev *Device, kind profile.Kind, name string) {
	if dev == nil || dev.Model == "" {
		return
	}
	model, err := profile.ParseDevice(kind, dev.Model)
	if err == nil {
		dev.set = set
		dev.Profile, err = set.Resolve(model)
	}
	if err != nil {
		d.wrong(dev, name+".profile", "profile", err)
		return
	}
	if _, network := dev.Address(); network {
		for _, key := range []string{"baud", "data_bits", "parity", "stop_bits", "flow"} {
			if d.has(name + "." + key) {
				d.wrong(dev, name+"."+key, "net-line", key)
			}
		}
		return
	}
	dev.Profile.Line = dev.line()
	if err := serial.Of(dev.Profile.Line).Check(); err != nil {
		at := name + ".profile"
		if d.has(name + ".baud") {
			at = name + ".baud"
		}
		d.wrong(dev, at, "device-line", err)
	}
}

// Of gives what is in force for the device if it has that firmware: the same, where
// the entry names one itself, or where it cannot be had.
func (d *Device) Of(firmware string) profile.Profile {
	of := d.Profile.Device
	if of.Firmware != "" || firmware == "" || d.set == nil {
		return d.Profile
	}
	of.Firmware = firmware
	p, err := d.set.Resolve(of)
	if err != nil {
		return d.Profile
	}
	if _, network := d.Address(); !network {
		own := *d
		own.Profile = p
		p.Line = own.line()
	}
	return p
}

// line is the profile's line with the entry's own settings over it.
func (d *Device) line() profile.Line {
	l := d.Profile.Line
	if d.Baud != 0 {
		l.Baud = d.Baud
	}
	if d.DataBits != 0 {
		l.DataBits = d.DataBits
	}
	if d.Parity != "" {
		l.Parity = d.Parity
	}
	if d.StopBits != 0 {
		l.StopBits = d.StopBits
	}
	if d.Flow != "" {
		l.Flow = d.Flow
	}
	return l
}

// port notes whose port it is; two devices cannot share one.
func (d *decoder) port(taken map[string]string, dev *Device, name string, id any) {
	if dev == nil || dev.Port == "" {
		return
	}
	owner, twice := taken[dev.Port]
	if !twice {
		taken[dev.Port] = fmt.Sprintf("%s %v", last(name), id)
		return
	}
	kind, station, _ := strings.Cut(owner, " ")
	d.wrong(dev, name+".port", "port-twice", dev.Port, kind, station)
}
