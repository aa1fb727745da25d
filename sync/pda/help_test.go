package pda_test

import (
	"fmt"
	"sync/atomic"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/pda/pdatest"
)

var asked atomic.Uint64

// by is a device, and perhaps the person on it, asking without a socket.
func by(s *pdatest.Site, d floor.DeviceID, who ...floor.PersonID) foreman.By {
	b := foreman.By{Device: d, Key: fmt.Sprintf("20261121/%s/test/%09d", d, asked.Add(1))}
	if len(who) > 0 {
		b.Person = who[0]
	}
	return b
}
