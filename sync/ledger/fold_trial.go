package ledger

import (
	"errors"
	"fmt"

	"floord/floor"
)

func (f *folder) trialRun(ch floor.ChannelID, change func(*floor.TrialRun)) error {
	t, ok, err := ownRow[floor.TrialRun](f.r, vTrials, string(ch))
	if err != nil {
		return err
	}
	if !ok {
		t = floor.TrialRun{Channel: ch, Began: f.e.At}
	}
	if t.Why == nil {
		t.Why = map[string]int{}
	}
	change(&t)
	keepRow(f.r, vTrials, string(ch), t)
	return nil
}

func channelKey(ch floor.ChannelID, n int) string { return fmt.Sprintf("%s|%012d", ch, n) }

// tried ends an order on trial that was shipped by other hands.
func (f *folder) tried(x floor.OrderTried) error {
	n := 0
	err := f.trialRun(x.Channel, func(t *floor.TrialRun) {
		if len(x.Differs) == 0 {
			t.Same++
			return
		}
		t.Differ++
		n = t.Differ
		for _, h := range x.Differs {
			t.Why[h.Code]++
		}
	})
	if err == nil && n > 0 {
		err = putRow(f.r, vTried, channelKey(x.Channel, n), floor.Tried{Order: x.Order, Channel: x.Channel, At: f.e.At, Why: x.Differs})
	}
	if err == nil && n > floor.MaxTried {
		err = f.r.delete(vTried, channelKey(x.Channel, n-floor.MaxTried))
	}
	if err != nil {
		return err
	}
	return f.order(x.Order, func(o *floor.Order) { f.end(o, "shipped-elsewhere") })
}

func (f *folder) end(o *floor.Order, why string) {
	o.State, o.ClosedWhy, o.ClosedAt = floor.Closed, why, f.e.At
}

// opened ends a channel's trial. What nobody has paid yet is always taken over.
func (f *folder) opened(x floor.ChannelOpened) error {
	var waiting []floor.OrderID
	err := scanRows(f.r, vLive, "", "", func(key string, _ floor.State) bool {
		waiting = append(waiting, floor.OrderID(key))
		return true
	})
	if err != nil {
		return err
	}
	adopted, left := 0, 0
	for _, id := range waiting {
		o, ok, err := getRow[floor.Order](f.r, vOrders, string(id))
		if err != nil {
			return err
		}
		if !ok || !o.Trial || o.Channel != x.Channel {
			continue
		}
		take := o.ShopState == floor.ShopUnpaid || x.Adopt && o.ShopState == floor.ShopPaid
		err = f.order(id, func(o *floor.Order) {
			if !take {
				left++
				f.end(o, "trial")
				return
			}
			adopted++
			o.Trial = false
			o.Holds = floor.WithoutHold(o.Holds, floor.HoldTrial)
			if len(o.Holds) == 0 {
				o.State = floor.Checked
			}
		})
		if err != nil {
			return err
		}
	}
	return f.trialRun(x.Channel, func(t *floor.TrialRun) {
		t.Opened, t.By, t.Adopted, t.Left = f.e.At, f.e.Actor, adopted, left
	})
}

// TrialRun gives how a channel's trial goes or went, if it had one.
func (v *View) TrialRun(ch floor.ChannelID) (floor.TrialRun, bool, error) {
	return getRow[floor.TrialRun](v.rows, vTrials, string(ch))
}

// Tried calls f with the orders on trial of a channel that floord would not have
// shipped, the oldest kept first, until f says no.
func (v *View) Tried(ch floor.ChannelID, f func(floor.Tried) bool) error {
	return scanRows(v.rows, vTried, "", string(ch)+"|", func(_ string, t floor.Tried) bool { return f(t) })
}

// unread lists a payload that nobody can read.
func (f *folder) unread(x floor.PayloadUnread) error {
	counter := "unread/" + string(x.Channel)
	last, _, err := ownRow[uint64](f.r, vCounters, counter)
	if err != nil {
		return err
	}
	n := int(last) + 1
	if err := errors.Join(f.next(counter), f.count("payloads-unread", 1)); err != nil {
		return err
	}
	if n > floor.MaxUnread {
		if err := f.r.delete(vUnread, channelKey(x.Channel, n-floor.MaxUnread)); err != nil {
			return err
		}
	}
	x.Body = nil // it lies beside the event
	return putRow(f.r, vUnread, channelKey(x.Channel, n), floor.Unread{PayloadUnread: x, At: f.e.At, Seq: f.e.Seq})
}

// Unread calls f with the payloads of a channel that nobody can read, the oldest
// kept first, until f says no.
func (v *View) Unread(ch floor.ChannelID, f func(floor.Unread) bool) error {
	return scanRows(v.rows, vUnread, "", string(ch)+"|", func(_ string, u floor.Unread) bool { return f(u) })
}
