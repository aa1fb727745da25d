package pda

import (
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/sync/ledger"
)

// A saying is how a screen hears of a kind of fact.
type saying int

const (
	notSaid  saying = iota
	asEvent         // as it is; the page folds it
	asFreeze        // as a freeze: the stop sign
	newLook         // it changes what the page is about: a new snapshot
)

// A screen is what one kind of device hears of. Facts with personal data are on
// no list.
type screen struct {
	kinds map[floor.Kind]saying
	// topic gives what to follow, from the device and its picture.
	topic func(floor.Device, snapshot) ledger.Topic
	// whole screens get pictures only, at most one a pause.
	whole bool
	pause time.Duration
}

// screens are the kinds of device there are.
var screens = map[string]*screen{
	"pda": {
		topic: func(d floor.Device, s snapshot) ledger.Topic {
			t := ledger.Topic{floor.DeviceTopic(d.ID)}
			if s.Person != nil {
				t = append(t, floor.PersonTopic(s.Person.ID))
			}
			if s.Task == nil {
				t = append(t, string(kindOf[floor.TaskIssued]()))
			}
			if len(s.Calls) > 0 { // another lead may take it on, or decide
				t = append(t, string(kindOf[floor.FreezeAnswered]()), string(kindOf[floor.OrderThawed]()))
			}
			return t
		},
		kinds: map[floor.Kind]saying{
			kindOf[floor.OrderFrozen]():     asFreeze,
			kindOf[floor.OrderThawed]():     asEvent,
			kindOf[floor.FreezeAnswered]():  asEvent,
			kindOf[floor.TaskIssued]():      asEvent,
			kindOf[floor.ToteBound]():       asEvent,
			kindOf[floor.LinePicked]():      asEvent,
			kindOf[floor.LinePutBack]():     asEvent,
			kindOf[floor.LineShort]():       asEvent,
			kindOf[floor.StopSkipped]():     asEvent,
			kindOf[floor.StockMoved]():      asEvent,
			kindOf[floor.RefillShort]():     asEvent,
			kindOf[floor.ToteFull]():        asEvent,
			kindOf[floor.BatchBound]():      asEvent,
			kindOf[floor.LineSorted]():      asEvent,
			kindOf[floor.LineLost]():        asEvent,
			kindOf[floor.TaskOverdue]():     asEvent,
			kindOf[floor.WallBound]():       newLook,
			kindOf[floor.FreezeEscalated](): newLook,
			kindOf[floor.StopsDropped]():    asEvent,
			kindOf[floor.StopsAdded]():      newLook,
			kindOf[floor.OrderJoined]():     newLook,
			kindOf[floor.OrderParted]():     newLook,
			kindOf[floor.TaskTaken]():       newLook,
			kindOf[floor.TaskDone]():        newLook,
			kindOf[floor.PersonLoggedIn]():  newLook,
			kindOf[floor.PersonLoggedOut](): newLook,
			kindOf[floor.PersonSet]():       newLook,
			kindOf[floor.PersonRemoved]():   newLook,
		},
	},
	"station": {
		topic: func(d floor.Device, s snapshot) ledger.Topic {
			return ledger.Topic{
				floor.DeviceTopic(d.ID), floor.StationTopic(d.Station), floor.LaneTopic(foreman.PrinterLane(d.Station)),
				string(kindOf[floor.FuseOpened]()), string(kindOf[floor.FuseClosed]()), // of any station: one may cover all
				string(kindOf[floor.ParcelLeft]()), string(kindOf[floor.SheetSigned]()), // of any station: they share the sheets
			}
		},
		kinds: map[floor.Kind]saying{
			kindOf[floor.OrderFrozen]():     asFreeze,
			kindOf[floor.OrderThawed]():     asEvent,
			kindOf[floor.FreezeAnswered]():  asEvent,
			kindOf[floor.ItemVerified]():    asEvent,
			kindOf[floor.ParcelVerified]():  asEvent,
			kindOf[floor.ParcelWeighed]():   asEvent,
			kindOf[floor.NoteRead]():        newLook,
			kindOf[floor.BoxTaken]():        newLook,
			kindOf[floor.ParcelSplit]():     newLook,
			kindOf[floor.ParcelParked]():    newLook,
			kindOf[floor.ParcelResumed]():   newLook,
			kindOf[floor.WeightMissed]():    newLook,
			kindOf[floor.ParcelOpened]():    newLook,
			kindOf[floor.ParcelSealed]():    newLook,
			kindOf[floor.ParcelVoided]():    newLook,
			kindOf[floor.ParcelRedone]():    newLook,
			kindOf[floor.WaybillKilled]():   newLook,
			kindOf[floor.WaybillBound]():    newLook,
			kindOf[floor.ParcelTaken]():     newLook,
			kindOf[floor.RunOpened]():       newLook,
			kindOf[floor.SheetsCalled]():    newLook,
			kindOf[floor.SheetsPulled]():    newLook,
			kindOf[floor.FuseOpened]():      newLook,
			kindOf[floor.FuseClosed]():      newLook,
			kindOf[floor.ParcelLeft]():      newLook,
			kindOf[floor.LabelDestroyed]():  newLook,
			kindOf[floor.DeviceStationed](): newLook,
			kindOf[floor.SheetSigned]():     newLook,
			kindOf[floor.EffectAsked]():     newLook,
			kindOf[floor.EffectStarted]():   newLook,
			kindOf[floor.EffectEnded]():     newLook,
			kindOf[floor.EffectDoubted]():   newLook,
			kindOf[floor.EffectDelayed]():   newLook,
			kindOf[floor.PersonLoggedIn]():  newLook,
			kindOf[floor.PersonLoggedOut](): newLook,
			kindOf[floor.PersonSet]():       newLook,
			kindOf[floor.PersonRemoved]():   newLook,
		},
	},
	"board": {
		topic: func(floor.Device, snapshot) ledger.Topic { return ledger.Topic{ledger.Everything} },
		whole: true,
		pause: 500 * time.Millisecond,
	},
}

func kindOf[F floor.Fact]() floor.Kind {
	var f F
	return f.Kind()
}
