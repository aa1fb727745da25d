package web

import (
	"context"
	"net/http"
	"time"

	"floord/floor"
	"floord/sync/pda"
)

// A DeviceFeed is one device of a station as whoever sets it up sees it: its state,
// the bytes of the last seconds both ways, and what they mean.
type DeviceFeed struct {
	Station floor.StationID `json:"station"`
	Kind    string          `json:"kind" enum:"scale,printer,scanner"`
	Port    string          `json:"port"`
	Profile string          `json:"profile"`
	Line    string          `json:"line" doc:"Line settings in force: 9600 8N1"`
	Phase   string          `json:"phase" doc:"connecting, up, down, misconfigured"`
	Say     pda.Words       `json:"say" doc:"What is the matter, with its cure"`
	Detail  string          `json:"detail,omitempty"`
	Is      string          `json:"is,omitempty" doc:"Who the device says it is, with its firmware"`
	Since   time.Time       `json:"since"`
	Good    int             `json:"good" doc:"Sound frames since it was connected"`
	Bad     int             `json:"bad" doc:"Frames that were refused"`
	Noise   int             `json:"noise" doc:"Bytes that belong to no frame"`
	Seq     uint64          `json:"seq" doc:"Give it as after to get only what is newer"`
	Bytes   []DeviceBytes   `json:"bytes"`
	Frames  []DeviceFrame   `json:"frames"`
}

// DeviceBytes is one read or write, or a note about the port. Of what is sent to a
// printer beyond a question only the length is kept: it is somebody's address.
type DeviceBytes struct {
	Seq   uint64    `json:"seq"`
	At    time.Time `json:"at"`
	Way   string    `json:"way" doc:"< from the device, > to it, # a note"`
	Hex   string    `json:"hex,omitempty"`
	ASCII string    `json:"ascii,omitempty"`
	Size  int       `json:"size,omitempty"`
	Text  string    `json:"text,omitempty"`
}

// A DeviceFrame is what some bytes mean.
type DeviceFrame struct {
	At    time.Time `json:"at"`
	Kind  string    `json:"kind" doc:"weight, status, reject, scan"`
	Text  string    `json:"text,omitempty"`
	Flags []string  `json:"flags,omitempty"`
	Hex   string    `json:"hex,omitempty"`
}

type feedIn struct {
	Station floor.StationID `path:"station" maxLength:"64"`
	Kind    string          `path:"kind" enum:"scale,printer,scanner"`
	After   uint64          `query:"after" doc:"Only bytes with a higher number"`
}

// feed gives one device's feed. Bytes may tell of a parcel, so it is a lead's.
func (a *api) feed(ctx context.Context, in *feedIn) (*answer[DeviceFeed], error) {
	if err := needs(ctx, floor.RoleLead); err != nil {
		return nil, err
	}
	if a.o.Device != nil {
		if f, ok := a.o.Device(in.Station, in.Kind, in.After); ok {
			return give(f), nil
		}
	}
	return nil, &problem{Status: http.StatusNotFound, Title: "There is no such device at this station."}
}

type actIn struct {
	Station floor.StationID `path:"station" maxLength:"64"`
	Command string          `path:"command" enum:"zero,tare"`
}

// act has a scale zeroed or tared, where its profile gives that to the caller's role.
func (a *api) act(ctx context.Context, in *actIn) (*answer[done], error) {
	if err := needs(ctx, floor.RolePacker); err != nil {
		return nil, err
	}
	var roles []floor.Role
	for _, r := range []floor.Role{floor.RolePacker, floor.RoleLead} {
		if callerOf(ctx).may(r) {
			roles = append(roles, r)
		}
	}
	if a.o.Act == nil {
		return nil, floor.Refuse("no-scale")
	}
	if err := a.o.Act(ctx, in.Station, in.Command, roles); err != nil {
		return nil, err
	}
	return give(done{OK: true}), nil
}
