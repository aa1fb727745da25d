package foreman

import (
	"context"
	"slices"
	"time"

	"floord/floor"
	"floord/sync/ledger"
)

// PairWindow is how long a pairing code is good for.
const PairWindow = 15 * time.Minute

// Invite opens a one-time code that pairs a device. Inviting a paired device
// again replaces its token when the code is used. Screen is "pda", "station" or
// "board"; a station screen names its station.
func (f *Foreman) Invite(ctx context.Context, by By, id floor.DeviceID, screen string, station floor.StationID) (code string, err error) {
	code = secret(10)
	until := moment().Add(PairWindow)
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if err := okName(string(id)); err != nil {
			return nil, err
		}
		if !slices.Contains([]string{"pda", "station", "board"}, screen) {
			return nil, floor.Refuse("unknown-screen", "screen", screen)
		}
		if screen == "station" && !slices.Contains(f.o.Stations, station) {
			return nil, floor.Refuse("unknown-station", "station", station)
		}
		return []floor.Fact{floor.DeviceInvited{
			Device: id, Screen: screen, Station: station, Code: Hash(code), Until: until,
		}}, nil
	})
	if err == nil && r.Repeated {
		err = floor.Refuse("bad-code") // the first answer said it; it is kept as a hash only
	}
	return code, err
}

// Pair uses a code up and gives the device and its token. The token is said once
// and kept as a hash.
func (f *Foreman) Pair(ctx context.Context, code string) (floor.Device, string, error) {
	token := secret(20)
	now := moment()
	by := By{Key: f.day(now) + "/pair/" + Hash(code)[:16] + "/" + secret(5), Root: true}
	var d floor.Device
	_, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		inv, ok, err := v.Invited(Hash(code))
		if err != nil {
			return nil, err
		}
		if !ok || now.After(inv.Until) {
			return nil, floor.Refuse("bad-code")
		}
		d = floor.Device{ID: inv.Device, Kind: inv.Screen, Station: inv.Station}
		return []floor.Fact{floor.DevicePaired{Device: inv.Device, Code: inv.Code, Token: Hash(token)}}, nil
	})
	if err != nil {
		return floor.Device{}, "", err
	}
	return d, token, nil
}

// Revoke ends a device's token; its socket closes within two seconds.
func (f *Foreman) Revoke(ctx context.Context, by By, id floor.DeviceID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleLead); err != nil {
			return nil, err
		}
		if _, ok, err := v.Device(id); err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-device", "device", id))
		}
		return []floor.Fact{floor.DeviceRevoked{Device: id}}, nil
	})
}

func orRefuse(err error, r *floor.Refusal) error {
	if err != nil {
		return err
	}
	return r
}

// SetPerson adds or changes a person. badge is the text on the badge; it is kept
// as a hash. Whoever has a badge keeps it if it is empty.
func (f *Foreman) SetPerson(ctx context.Context, by By, p floor.Person, badge string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleAdmin); err != nil {
			return nil, err
		}
		if err := okName(string(p.ID)); err != nil {
			return nil, err
		}
		have, ok, err := v.Person(p.ID)
		if err != nil {
			return nil, err
		}
		hash := Hash(badge)
		if badge == "" && ok && !have.Gone {
			badge, hash = "kept", have.Badge
		}
		if other, ok, err := v.PersonByBadge(hash); err != nil || badge == "" || ok && other.ID != p.ID {
			return nil, orRefuse(err, floor.Refuse("badge-taken"))
		}
		return []floor.Fact{floor.PersonSet{Person: p.ID, Name: p.Name, Badge: hash, Roles: p.Roles, Lang: p.Lang, Team: p.Team}}, nil
	})
}

// RemovePerson takes a person's badge away and logs the person out.
func (f *Foreman) RemovePerson(ctx context.Context, by By, id floor.PersonID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if _, err := v.must(by, floor.RoleAdmin); err != nil {
			return nil, err
		}
		p, ok, err := v.Person(id)
		if err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("no-badge"))
		}
		facts := []floor.Fact{floor.PersonRemoved{Person: id}}
		if p.Device != "" {
			facts = append(facts, floor.PersonLoggedOut{Person: id, Device: p.Device})
		}
		return facts, nil
	})
}

// StationAt moves a station's screen to another station: its printer and scale are
// the screen's from then on. A parcel on the table keeps it where it is.
func (f *Foreman) StationAt(ctx context.Context, by By, station floor.StationID) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if err := v.device(by.Device); err != nil {
			return nil, err
		}
		d, _, err := v.Device(by.Device)
		switch {
		case err != nil:
			return nil, err
		case d.Kind != "station" || !slices.Contains(f.o.Stations, station):
			return nil, floor.Refuse("unknown-station", "station", station)
		case d.Station == station:
			return nil, nil
		}
		if p, busy, err := v.View.OpenParcel(d.Station); err != nil || busy {
			return nil, orRefuse(err, floor.Refuse("station-busy", "parcel", p.ID))
		}
		return []floor.Fact{floor.DeviceStationed{Device: d.ID, Station: station, Left: d.Station}}, nil
	})
}

// Login puts the owner of a badge on the asking device. The person leaves any
// other device, which is left then, and a task in hand comes along.
func (f *Foreman) Login(ctx context.Context, by By, badge string) (who floor.Person, left floor.DeviceID, err error) {
	by.Person = ""
	r, err := f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		if err := v.device(by.Device); err != nil {
			return nil, err
		}
		p, ok, err := v.PersonByBadge(Hash(badge))
		if err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("no-badge"))
		}
		who = p
		facts := []floor.Fact{floor.PersonLoggedIn{Person: p.ID, Device: by.Device, Left: p.Device}}
		if p.Task != "" {
			facts = append(facts, floor.TaskTaken{Task: p.Task, Person: p.ID, Device: by.Device})
		}
		return facts, nil
	})
	if err != nil {
		return floor.Person{}, "", err
	}
	in, ok := last[floor.PersonLoggedIn](r)
	if r.Repeated && ok {
		err = f.l.Read(func(v *ledger.View) (err error) {
			who, _, err = v.Person(in.Person)
			return err
		})
	}
	who.Device = by.Device
	return who, in.Left, err
}

// Logout takes the person off the device. A task in hand stays the person's.
func (f *Foreman) Logout(ctx context.Context, by By) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		p, ok, err := v.Person(by.Person)
		if err != nil {
			return nil, err
		}
		if !ok || p.Device != by.Device {
			return nil, floor.Refuse("not-logged-in")
		}
		return []floor.Fact{floor.PersonLoggedOut{Person: p.ID, Device: by.Device}}, nil
	})
}
