package foreman

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"floord/floor"
	"floord/sync/ledger"
)

// BindCart puts a cart with fixed boxes under a task: the box of slot 3 of cart
// CART-7 is tote "CART-7-3". Slots that have a tote, and those of frozen orders,
// stay as they are.
func (f *Foreman) BindCart(ctx context.Context, by By, task floor.TaskID, cart string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, err := v.myTask(by, task)
		if err != nil {
			return nil, err
		}
		if t.Kind != floor.TaskPick {
			return nil, floor.Refuse("no-cart", "task", task)
		}
		if err := okName(cart); err != nil {
			return nil, err
		}
		var facts []floor.Fact
		for _, s := range t.Slots {
			if s.Tote != "" {
				continue
			}
			o, err := v.order(s.Order)
			if err != nil {
				return nil, err
			}
			if awake(&o) != nil {
				continue
			}
			tote := floor.ToteID(fmt.Sprintf("%s-%d", cart, s.No))
			if _, taken, err := v.OrderInTote(tote); err != nil || taken {
				return nil, orRefuse(err, floor.Refuse("cart-taken", "cart", cart, "tote", tote))
			}
			facts = append(facts, floor.ToteBound{Task: task, Person: by.Person, Slot: s.No, Order: s.Order, Tote: tote})
		}
		return facts, nil
	})
}

// Full closes a slot's tote: what is left of its order goes into a further slot,
// whose number is one more than there were.
func (f *Foreman) Full(ctx context.Context, by By, task floor.TaskID, slot int) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, err := v.myTask(by, task)
		if err != nil {
			return nil, err
		}
		if t.Kind != floor.TaskPick || slot < 1 || slot > len(t.Slots) {
			return nil, floor.Refuse("unknown-slot", "slot", slot)
		}
		s := t.Slots[slot-1]
		open := slices.ContainsFunc(t.Stops, func(x floor.Stop) bool { return x.Slot == slot && x.Left() > 0 })
		switch {
		case s.Tote == "":
			return nil, floor.Refuse("tote-needed", "slot", slot)
		case s.Full || !open:
			return nil, floor.Refuse("slot-over", "slot", slot)
		case len(t.Slots) >= maxSlots:
			return nil, floor.Refuse("too-many-totes", "max", maxSlots)
		}
		o, err := v.order(s.Order)
		if err == nil {
			err = awake(&o)
		}
		if err != nil {
			return nil, err
		}
		return []floor.Fact{floor.ToteFull{Task: task, Person: by.Person, Slot: slot, Order: s.Order, Next: len(t.Slots) + 1}}, nil
	})
}

// maxSlots bounds the totes of one walk.
const maxSlots = 200

// CheckBin says what a picker saw in a bin that should be empty by now. A bin that
// is not calls a lead, who has it counted.
func (f *Foreman) CheckBin(ctx context.Context, by By, task floor.TaskID, stopNo int, empty bool) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		// The walk may have ended with the pick before this answer.
		if err := v.hand(by); err != nil {
			return nil, err
		}
		t, ok, err := v.Task(task)
		if err != nil || !ok {
			return nil, orRefuse(err, floor.Refuse("unknown-task", "task", task))
		}
		if t.Person != by.Person {
			return nil, floor.Refuse("not-your-task", "task", task, "person", t.Person)
		}
		stop := t.Stop(stopNo)
		if stop == nil {
			return nil, floor.Refuse("unknown-stop", "stop", stopNo)
		}
		s, _, err := v.StockAt(stop.Spot())
		if err != nil {
			return nil, err
		}
		facts := []floor.Fact{floor.BinChecked{
			Task: task, Person: by.Person, Spot: stop.Spot(), Empty: empty, Booked: s.OnHand,
		}}
		if empty {
			return facts, nil
		}
		return v.alert(facts, "", "bin-not-empty", "bin", string(stop.Bin), "sku", string(stop.SKU))
	})
}

// alert adds a call for a lead to facts. args are pairs of name and value for the
// sentence of code.
func (v look) alert(facts []floor.Fact, order floor.OrderID, code string, args ...string) ([]floor.Fact, error) {
	e, err := v.ids("effect", "E")
	if err != nil {
		return nil, err
	}
	a := map[string]string{"code": code}
	for i := 0; i+1 < len(args); i += 2 {
		a[args[i]] = args[i+1]
	}
	return append(facts, floor.EffectAsked{Effect: floor.Effect{
		ID: floor.EffectID(e.take()), Lane: "alert", What: floor.EffectAlert, Class: floor.Idempotent, Order: order, Args: a,
	}}), nil
}

// Alarm calls a lead for what concerns no order.
func (f *Foreman) Alarm(ctx context.Context, by By, code string, args ...string) (ledger.Receipt, error) {
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) { return v.alert(nil, "", code, args...) })
}

// Overdue calls a lead because a task is not done by its time. It does nothing if
// the task has ended, is not due, or a lead was called already.
func (f *Foreman) Overdue(ctx context.Context, by By, task floor.TaskID) (ledger.Receipt, error) {
	now := moment()
	return f.commit(ctx, by, true, func(v look) ([]floor.Fact, error) {
		t, ok, err := v.Task(task)
		if err != nil || !ok || t.State != floor.TaskRunning || t.Due.IsZero() || now.Before(t.Due) || !t.Overdue.IsZero() {
			return nil, err
		}
		facts := []floor.Fact{floor.TaskOverdue{Task: task, Person: t.Person, Due: t.Due}}
		return v.alert(facts, "", "task-overdue", "task", string(task), "person", string(t.Person))
	})
}

// lot refuses pieces that lack the lot or day the SKU asks for, are of another lot
// than was promised, or past their day.
func (v look) lot(stop *floor.Stop, s PickScan, today string) error {
	sku := stop.SKU
	k, _, err := v.SKU(sku)
	if err != nil {
		return err
	}
	if slices.Contains(k.Ask, floor.AskLot) && s.No == "" {
		return floor.Refuse("lot-needed", "sku", sku)
	}
	if s.Expiry != "" {
		if _, err := time.Parse(time.DateOnly, s.Expiry); err != nil {
			return floor.Refuse("bad-expiry", "got", s.Expiry)
		}
	}
	if slices.Contains(k.Ask, floor.AskExpiry) && s.Expiry == "" {
		return floor.Refuse("expiry-needed", "sku", sku)
	}
	if !stop.Told(s.Lot) {
		return floor.Refuse("wrong-lot", "got", s.Lot, "want", stop.Lot)
	}
	if day := cmp.Or(s.Expiry, stop.Expiry); day != "" && day < today {
		return floor.Refuse("expired", "sku", sku, "expiry", day)
	}
	return nil
}

// serials refuses a pick that lacks the serial numbers the SKU asks for, or brings
// one that was picked before for an order that goes on.
func (v look) serials(sku floor.SKU, s PickScan) error {
	k, _, err := v.SKU(sku)
	if err != nil {
		return err
	}
	if slices.Contains(k.Ask, floor.AskSerial) && len(s.Serials) != s.Qty {
		return floor.Refuse("serials-needed", "got", len(s.Serials), "want", s.Qty)
	}
	for i, n := range s.Serials {
		if n == "" || slices.Contains(s.Serials[:i], n) {
			return floor.Refuse("serial-twice", "serial", n)
		}
		id, used, err := v.Serial(sku, n)
		if err != nil {
			return err
		}
		if o, ok, err := v.Order(id); err != nil || used && ok && o.State != floor.Closed {
			return orRefuse(err, floor.Refuse("serial-used", "serial", n, "order", id))
		}
	}
	return nil
}

// A Report is what somebody saw. Task and Stop say where, if it was on a walk.
type Report struct {
	What    string
	Text    string // at most 500 bytes
	Task    floor.TaskID
	Stop    int
	Picture []byte // JPEG, PNG or WebP of at most MaxPicture, or nil
}

// Bounds of what people report.
const (
	MaxPicture = 400 << 10
	maxReports = 200 // a day
	maxReport  = 500
)

// Report keeps what somebody saw and calls a lead.
func (f *Foreman) Report(ctx context.Context, by By, r Report) (ledger.Receipt, error) {
	day := f.day(moment())
	return f.commit(ctx, by, false, func(v look) ([]floor.Fact, error) {
		if err := v.hand(by); err != nil {
			if _, err2 := v.must(by, floor.RolePacker); err2 != nil {
				return nil, err
			}
		}
		switch kind := http.DetectContentType(r.Picture); {
		case !slices.Contains(floor.ExceptionKinds, r.What):
			return nil, floor.Refuse("bad-reason", "got", r.What)
		case len(r.Text) > maxReport || !utf8.ValidString(r.Text):
			return nil, floor.Refuse("text-too-long", "max", maxReport)
		case len(r.Picture) > MaxPicture:
			return nil, floor.Refuse("photo-too-large", "max", MaxPicture>>10)
		case r.Picture != nil && kind != "image/jpeg" && kind != "image/png" && kind != "image/webp":
			return nil, floor.Refuse("photo-unreadable")
		}
		n, err := v.Next(ledger.ReportCounter(day))
		if err == nil && n > maxReports {
			err = floor.Refuse("too-many-reports", "max", maxReports)
		}
		if err != nil {
			return nil, err
		}
		x, err := v.ids("exception", "X")
		if err != nil {
			return nil, err
		}
		fact := floor.ExceptionReported{
			Exception: floor.ExceptionID(x.take()), Person: by.Person, Device: by.Device, What: r.What, Text: r.Text, Day: day, Picture: r.Picture,
		}
		if r.Picture != nil {
			sum := sha256.Sum256(r.Picture)
			fact.Photo = hex.EncodeToString(sum[:])
		}
		if err := v.where(&fact, r); err != nil {
			return nil, err
		}
		return v.alert([]floor.Fact{fact}, fact.Order, "exception", "exception", string(fact.Exception), "what", "exception-"+r.What)
	})
}

// where says what a report is about, as far as it is known.
func (v look) where(f *floor.ExceptionReported, r Report) error {
	t, ok, err := v.Task(r.Task)
	if err != nil || !ok {
		return err
	}
	f.Task = t.ID
	if s := t.Stop(r.Stop); s != nil {
		f.Order, f.Bin, f.SKU = s.Order, s.Bin, s.SKU
	}
	return nil
}
