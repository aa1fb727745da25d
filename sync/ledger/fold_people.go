package ledger

import (
	"fmt"

	"floord/floor"
)

func (f *folder) people(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.PersonSet:
		p, _, err := getRow[floor.Person](f.r, vPeople, string(x.Person))
		if err != nil {
			return err
		}
		if p.Badge != "" && p.Badge != x.Badge {
			if err := f.r.delete(vBadges, p.Badge); err != nil {
				return err
			}
		}
		if err := putRow(f.r, vBadges, x.Badge, x.Person); err != nil {
			return err
		}
		p.ID, p.Name, p.Roles, p.Lang, p.Team, p.Badge, p.Gone = x.Person, x.Name, x.Roles, x.Lang, x.Team, x.Badge, false
		return putRow(f.r, vPeople, string(x.Person), p)
	case floor.PersonRemoved:
		return f.person(x.Person, func(p *floor.Person) { p.Gone, p.Roles = true, nil })
	case floor.PersonLoggedIn:
		if x.Left != "" && x.Left != x.Device {
			if err := f.device(x.Left, func(d *floor.Device) { d.Person, d.Last = "", x.Person }); err != nil {
				return err
			}
		}
		d, ok, err := getRow[floor.Device](f.r, vDevices, string(x.Device))
		if err != nil || !ok {
			return err
		}
		if d.Person != "" && d.Person != x.Person {
			if err := f.person(d.Person, func(p *floor.Person) { p.Device = "" }); err != nil {
				return err
			}
			if err := f.leaves(d.Person); err != nil {
				return err
			}
		}
		if err := f.touched(x.Person, "", "", 0, 0); err != nil {
			return err
		}
		if err := f.device(x.Device, func(d *floor.Device) { d.Person, d.Last = x.Person, "" }); err != nil {
			return err
		}
		return f.person(x.Person, func(p *floor.Person) { p.Device = x.Device })
	case floor.PersonLoggedOut:
		if err := f.leaves(x.Person); err != nil {
			return err
		}
		if err := f.device(x.Device, func(d *floor.Device) { d.Person, d.Last = "", "" }); err != nil {
			return err
		}
		return f.person(x.Person, func(p *floor.Person) { p.Device = "" })
	}
	return nil
}

func (f *folder) person(id floor.PersonID, do func(*floor.Person)) error {
	return change(f.r, vPeople, string(id), func(p *floor.Person) error { do(p); return nil })
}

func (f *folder) device(id floor.DeviceID, do func(*floor.Device)) error {
	return change(f.r, vDevices, string(id), func(d *floor.Device) error { do(d); return nil })
}

func (f *folder) devices(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.DeviceInvited:
		return putRow(f.r, vCodes, x.Code, x)
	case floor.DeviceStationed:
		return change(f.r, vDevices, string(x.Device), func(d *floor.Device) error { d.Station = x.Station; return nil })
	case floor.DevicePaired:
		inv, ok, err := getRow[floor.DeviceInvited](f.r, vCodes, x.Code)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("device %s was not invited", x.Device)
		}
		if err := f.r.delete(vCodes, x.Code); err != nil {
			return err
		}
		old, had, err := getRow[floor.Device](f.r, vDevices, string(x.Device))
		if err != nil {
			return err
		}
		if had {
			if err := f.r.delete(vTokens, old.Token); err != nil {
				return err
			}
		}
		if err := putRow(f.r, vTokens, x.Token, x.Device); err != nil {
			return err
		}
		d := floor.Device{ID: x.Device, Kind: inv.Screen, Station: inv.Station, Token: x.Token, Person: old.Person}
		return putRow(f.r, vDevices, string(x.Device), d)
	case floor.DeviceRevoked:
		return f.device(x.Device, func(d *floor.Device) { d.Revoked = true })
	}
	return nil
}

func (f *folder) intercepts(fact floor.Fact) error {
	switch x := fact.(type) {
	case floor.OrderFrozen:
		if err := f.count("cancels-asked", 1); err != nil {
			return err
		}
		i := floor.Intercept{
			Key: x.Intercept, Order: x.Order, In: x.In, Why: x.Why, Stage: x.Stage, AskedAt: x.AskedAt, HeardAt: x.HeardAt,
			FrozenAt: f.e.At, Deadline: x.Deadline, Told: x.Devices, Holders: x.Persons, Outcome: "open",
		}
		var frozen floor.Order
		err := f.order(x.Order, func(o *floor.Order) {
			i.Channel = o.Channel
			o.Freeze = &floor.Freeze{
				Why: x.Why, By: f.e.Actor, AskedAt: x.AskedAt, Since: f.e.At,
				Deadline: x.Deadline, Stage: x.Stage, Key: x.Intercept,
			}
			frozen = *o
		})
		if err != nil {
			return err
		}
		if err := f.pullOrder(frozen); err != nil {
			return err
		}
		return f.openIntercept(i)
	case floor.CancelMissed:
		if err := f.count("cancels-asked", 1); err != nil {
			return err
		}
		if err := f.count("cancels-missed", 1); err != nil {
			return err
		}
		i := floor.Intercept{
			Key: x.Intercept, Order: x.Order, Why: x.Why, Stage: x.Stage, AskedAt: x.AskedAt,
			FrozenAt: f.e.At, Outcome: "missed", EndedAt: f.e.At, EndedBy: f.e.Actor,
		}
		if err := f.order(x.Order, func(o *floor.Order) { i.Channel = o.Channel }); err != nil {
			return err
		}
		return f.closeIntercept(i)
	case floor.FreezeShown:
		return f.intercept(x.Intercept, func(i *floor.Intercept) {
			i.Shown = append(i.Shown, floor.Shown{Device: x.Device, At: f.e.At})
		})
	case floor.FreezeAnswered:
		return f.intercept(x.Intercept, func(i *floor.Intercept) {
			i.Answers = append(i.Answers, floor.Answer{Person: x.Person, Device: x.Device, Text: x.Answer, At: f.e.At})
		})
	case floor.FreezeEscalated:
		return f.intercept(x.Intercept, func(i *floor.Intercept) {
			if i.Escalated.IsZero() {
				i.Escalated = f.e.At
			}
			i.Calls = append(i.Calls, floor.Call{Person: x.Person, Why: x.Why, At: f.e.At})
		})
	case floor.OrderThawed:
		var thawed floor.Order
		if err := f.order(x.Order, func(o *floor.Order) {
			o.Freeze = nil
			if x.Outcome == "thawed" && f.e.Actor.Person() != "" {
				bend(o, floor.BentFreeze)
			}
			thawed = *o
		}); err != nil {
			return err
		}
		if err := f.pullOrder(thawed); err != nil {
			return err
		}
		if x.Outcome == "stopped" {
			if err := f.count("cancels-stopped", 1); err != nil {
				return err
			}
		}
		i, ok, err := getRow[floor.Intercept](f.r, vIntercepts, x.Intercept)
		if err != nil || !ok {
			return err
		}
		i.Outcome, i.EndedAt, i.EndedBy = x.Outcome, f.e.At, f.e.Actor
		return f.closeIntercept(i)
	}
	return nil
}

func (f *folder) openIntercept(i floor.Intercept) error {
	if err := f.number(interceptCounter(i.Key), idNumber(i.Key)); err != nil {
		return err
	}
	if err := f.r.put(vOpenAsks, i.Key, nil); err != nil {
		return err
	}
	return putRow(f.r, vIntercepts, i.Key, i)
}

func (f *folder) closeIntercept(i floor.Intercept) error {
	if err := f.number(interceptCounter(i.Key), idNumber(i.Key)); err != nil {
		return err
	}
	if err := f.r.delete(vOpenAsks, i.Key); err != nil {
		return err
	}
	return putRow(f.r, vIntercepts, i.Key, i)
}

func (f *folder) intercept(key string, do func(*floor.Intercept)) error {
	return change(f.r, vIntercepts, key, func(i *floor.Intercept) error { do(i); return nil })
}
