// Package channeltest is the suite that every shop driver passes against its
// faithful fake. It promises what the floor relies on: no order is lost while
// pages drift, an unreadable order does not stop the others, a report and an
// answer take effect once, and every trouble is classified.
package channeltest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/channel"
)

// A Trouble is what can go wrong between a driver and its shop.
type Trouble string

// The troubles a fake can be told to make.
const (
	ServerError Trouble = "server error"          // nothing done
	Garbage     Trouble = "an answer not JSON"    // nothing done
	Dropped     Trouble = "connection dropped"    // nothing done
	Lost        Trouble = "answer lost"           // done
	HalfSent    Trouble = "answer cut in half"    // done
	RateLimited Trouble = "rate limit"            // nothing done
	TokenOver   Trouble = "token over"            // until Mend
	IPRefused   Trouble = "address not permitted" // until Mend
	GatewayDown Trouble = "gateway timeout"       // until Mend; nothing done
)

// A Fake is what the suite asks of a fake shop.
type Fake interface {
	// Place adds n paid orders that may ship, changed one second apart, the first
	// of them at the given time, and gives their numbers.
	Place(n int, at time.Time) []string
	// PlaceUnmappable adds a paid order with one field that cannot be read, and
	// names the field.
	PlaceUnmappable(at time.Time) (number, field string)
	// AskCancel lets the buyer ask for a cancel; Withdraw takes that back; Refund
	// closes the order.
	AskCancel(number string)
	Withdraw(number string)
	Refund(number string)
	// ChangeAddress lets the platform change where an order goes; AskAddress lets
	// the buyer ask for that, and Moves gives the answers.
	ChangeAddress(number string)
	AskAddress(number string)
	Moves(number string) []string
	// Hold sets or lifts the platform's own hold.
	Hold(number string, on bool)
	// Drift makes n orders change after each page that is read.
	Drift(n int)
	// Muddle makes pages hold orders twice and in old versions.
	Muddle(on bool)
	// Advance moves the shop's clock.
	Advance(d time.Duration)
	// Loose makes the shop say its booleans as strings.
	Loose(on bool)
	// EndToken ends the token; Renewals counts the new ones.
	EndToken()
	Renewals() int
	// Waybills gives all numbers an order is shipped under.
	Waybills(number string) []string
	// Break makes the next request, or all until Mend, meet the trouble.
	Break(t Trouble)
	Mend()
	// Shipped gives the number an order is shipped under, and how many reports
	// took effect; Answered how many answers did, and the last one.
	Shipped(number string) (floor.WaybillNo, int)
	Answered(number string) (stopped bool, times int)
	// Why gives the code of the last no, and Stopped when the last yes says that the
	// parcel was stopped.
	Why(number string) string
	Stopped(number string) time.Time
}

// A Bench is a driver beside its fake.
type Bench struct {
	Fake    Fake
	Carrier floor.CarrierID // one that the shop knows
	Page    int             // orders a page holds
	// What the platform does: it takes no report while a refund is open (Strict);
	// a report may be replaced; an order may leave in several parcels; it takes
	// answers to a cancel, and a no as well; it asks about addresses; it renews tokens.
	Strict, Reship, More, Answers, Says, Moves, Renews bool

	HoldCode   string // the hold that the platform's own "do not ship" becomes
	CancelCode string // the hold that an open request becomes; "" if the platform does not say it
	// NoCodes are the platform's own codes of a no to a cancel, MoveCodes of an answer to
	// the wish for another address; of Stamps the platform takes when it was stopped.
	NoCodes   map[channel.Why]string
	MoveCodes map[channel.Why]string
	Stamps    bool
	// Open opens the driver on the fake, reading from since up to the shop's now.
	Open func(t testing.TB, since time.Time) channel.Channel
	// OpenForged opens it with a wrong secret.
	OpenForged func(t testing.TB) channel.Channel
}

// Run runs the suite. open makes a fresh bench for each test.
func Run(t *testing.T, open func(t testing.TB) Bench) {
	tests := []struct {
		name string
		test func(t *testing.T, b Bench)
	}{
		{"every order comes, whichever cursor the driver is opened at", everyOrder},
		{"pages that drift lose nothing", drift},
		{"old versions and doubles end in the newest truth", muddle},
		{"an unreadable order is held and stops no other", unmappable},
		{"a trouble is classified and the pull goes on", troubles},
		{"a forged signature is no retry", forged},
		{"a cursor of somebody else is refused", strangeCursor},
		{"a cancelled context ends the call", cancelled},
		{"check sees a hold at once", check},
		{"a report takes effect once", reportOnce},
		{"a report whose answer is lost is not made twice", reportLost},
		{"a report under another number needs a word", reportOther},
		{"a report respects cancel and hold", reportHeld},
		{"a report while the booleans are strings", reportLoose},
		{"an order that leaves in several parcels", reportParts},
		{"an answer takes effect once", answerOnce},
		{"an answer says why, and since when, as the platform wants it", answerCodes},
		{"a request taken back needs no answer", answerWithdrawn},
		{"a wish for another address is answered once", answerAddress},
		{"a shop without orders is no trouble", empty},
		{"a shop that is down for an hour loses nothing", down},
		{"a clock that is off heals itself", skew},
		{"a token that is over is renewed", renewed},
		{"a change of address changes the recipient's mark", moved},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { tt.test(t, open(t)) })
	}
}

// past is an hour ago by the fake's clock as it starts, in whole seconds.
func past() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Second) }

// drain pulls until nothing is left and gives the newest version of each order,
// as the ledger would keep it. reopen opens the driver anew after each page.
func drain(t *testing.T, open func() channel.Channel, after channel.Cursor) (map[string]floor.ShopOrder, channel.Cursor) {
	t.Helper()
	orders := map[string]floor.ShopOrder{}
	for pulls := 0; pulls < 1000; pulls++ {
		page, err := open().Pull(t.Context(), after)
		if err != nil {
			t.Fatalf("pull after %q: %v", after, err)
		}
		for _, o := range page.Orders {
			keep(orders, o)
		}
		if after = page.Next; !page.More {
			return orders, after
		}
	}
	t.Fatal("1000 pulls and still more")
	return nil, ""
}

func keep(orders map[string]floor.ShopOrder, o floor.ShopOrder) {
	if have, ok := orders[o.Number]; !ok || o.Newer(have.ModifiedAt, have.State.Rank(), have.Content) {
		orders[o.Number] = o
	}
}

func missing(want []string, have map[string]floor.ShopOrder) []string {
	return slices.DeleteFunc(slices.Clone(want), func(n string) bool { _, ok := have[n]; return ok })
}

func everyOrder(t *testing.T, b Bench) {
	at := past()
	want := b.Fake.Place(3*b.Page+1, at.Add(time.Minute))
	orders, end := drain(t, func() channel.Channel { return b.Open(t, at) }, "")
	if lost := missing(want, orders); len(lost) > 0 {
		t.Errorf("%d of %d orders did not come: %v", len(lost), len(want), lost)
	}
	for _, o := range orders {
		if sum := sha256.Sum256(o.Raw); o.Content != hex.EncodeToString(sum[:]) {
			t.Fatalf("order %s says that its payload is %q; it is %x", o.Number, o.Content, sum)
		}
		if !o.Shippable() || len(o.Raw) == 0 || len(o.Lines) == 0 || o.Pay <= 0 || o.Channel == "" {
			t.Fatalf("order %s is not whole: %+v", o.Number, o)
		}
	}
	// What comes later is found from the cursor on.
	b.Fake.Advance(time.Minute)
	more := b.Fake.Place(1, time.Now().Add(time.Minute-3*time.Second))
	ch := b.Open(t, at)
	if _, err := ch.Check(t.Context(), more[0]); err != nil { // the driver hears the shop's clock
		t.Fatal(err)
	}
	orders, _ = drain(t, func() channel.Channel { return ch }, end)
	if lost := missing(more, orders); len(lost) > 0 {
		t.Errorf("the order placed after the cursor did not come")
	}
}

func drift(t *testing.T, b Bench) {
	at := past()
	want := b.Fake.Place(4*b.Page, at.Add(time.Minute))
	b.Fake.Drift(max(1, b.Page/2))
	ch := b.Open(t, at)
	orders, end := drain(t, func() channel.Channel { return ch }, "")
	b.Fake.Drift(0)
	b.Fake.Advance(time.Minute) // what changed while it was read lies behind now
	if _, err := ch.Check(t.Context(), want[0]); err != nil {
		t.Fatal(err)
	}
	later, _ := drain(t, func() channel.Channel { return ch }, end)
	for _, o := range later {
		keep(orders, o)
	}
	if lost := missing(want, orders); len(lost) > 0 {
		t.Errorf("%d of %d orders were lost between the pages: %v", len(lost), len(want), lost)
	}
}

func muddle(t *testing.T, b Bench) {
	at := past()
	want := b.Fake.Place(2*b.Page, at.Add(time.Minute))
	ch := b.Open(t, at)
	orders, cursor := drain(t, func() channel.Channel { return ch }, "")
	for _, n := range want {
		b.Fake.Hold(n, true)
	}
	b.Fake.Advance(time.Minute)
	if _, err := ch.Check(t.Context(), want[0]); err != nil {
		t.Fatal(err)
	}
	// The same window read twice, once with old versions in it.
	for _, on := range []bool{false, true} {
		b.Fake.Muddle(on)
		again, _ := drain(t, func() channel.Channel { return ch }, cursor)
		for _, o := range again {
			keep(orders, o)
		}
	}
	for _, n := range want {
		if o := orders[n]; o.Shippable() {
			t.Errorf("order %s reads as shippable; the newest version holds it", n)
		}
	}
}

func unmappable(t *testing.T, b Bench) {
	at := past()
	want := b.Fake.Place(3, at.Add(time.Minute))
	odd, field := b.Fake.PlaceUnmappable(at.Add(61 * time.Second))
	orders, _ := drain(t, func() channel.Channel { return b.Open(t, at) }, "")
	if lost := missing(append(want, odd), orders); len(lost) > 0 {
		t.Fatalf("orders %v did not come", lost)
	}
	o := orders[odd]
	i := slices.IndexFunc(o.Holds, func(h floor.Hold) bool { return h.Code == floor.HoldUnmapped })
	if i < 0 || o.Holds[i].Field != field || o.Shippable() || len(o.Raw) == 0 {
		t.Errorf("order %s: holds %v, %d bytes kept; want it held for %q with its payload", odd, o.Holds, len(o.Raw), field)
	}
}

func troubles(t *testing.T, b Bench) {
	at := past()
	want := b.Fake.Place(2, at.Add(time.Minute))
	for trouble, class := range map[Trouble]channel.Class{
		ServerError: channel.Retryable, Garbage: channel.Retryable, Dropped: channel.Retryable,
		Lost: channel.Retryable, HalfSent: channel.Retryable, RateLimited: channel.RateLimited,
		TokenOver: channel.Unauthorized, IPRefused: channel.Unauthorized,
	} {
		b.Fake.Break(trouble)
		_, err := b.Open(t, at).Pull(t.Context(), "")
		var e *channel.Error
		if !errors.As(err, &e) || e.Class != class {
			t.Errorf("%s: error %v; want one of class %s", trouble, err, class)
			continue
		}
		if e.Text("zh") == e.Text("en") || (class == channel.RateLimited) != (e.After > 0 && class == channel.RateLimited) {
			t.Errorf("%s: %q, again after %v; want a sentence in each language and a wait for a limit", trouble, e.Text("en"), e.After)
		}
		b.Fake.Mend()
	}
	ch := b.Open(t, at)
	orders, _ := drain(t, func() channel.Channel { return ch }, "")
	if lost := missing(want, orders); len(lost) > 0 {
		t.Errorf("after the troubles %v did not come", lost)
	}
}

func forged(t *testing.T, b Bench) {
	b.Fake.Place(1, past())
	_, err := b.OpenForged(t).Pull(t.Context(), "")
	if c := channel.ClassOf(err); err == nil || c != channel.Unauthorized && c != channel.Refused {
		t.Errorf("pull with a forged signature: %v; want it refused for good", err)
	}
}

func strangeCursor(t *testing.T, b Bench) {
	ch := b.Open(t, past())
	for _, c := range []channel.Cursor{"x", "1:", "1:2:3", "9:9:9:9:9:9:9:9", "1:-5", "1:99999999999999999999", "\x00"} {
		if _, err := ch.Pull(t.Context(), c); channel.ClassOf(err) != channel.Refused || err == nil {
			t.Errorf("pull after cursor %q: %v; want it refused", c, err)
		}
	}
}

func cancelled(t *testing.T, b Bench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ch := b.Open(t, past())
	_, pull := ch.Pull(ctx, "")
	_, ask := ch.Check(ctx, "1")
	for _, err := range []error{pull, ask, ch.Report(ctx, channel.Report{Number: "1", Carrier: b.Carrier, Waybill: "X1"}), ch.Answer(ctx, channel.Answer{Number: "1"})} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v; want the context's", err)
		}
	}
}

func check(t *testing.T, b Bench) {
	n := b.Fake.Place(1, past())[0]
	ch := b.Open(t, past())
	for _, step := range []struct {
		name string
		do   func()
		ship bool
		hold string
	}{
		{"placed", func() {}, true, ""},
		{"held by the platform", func() { b.Fake.Hold(n, true) }, false, b.HoldCode},
		{"let go", func() { b.Fake.Hold(n, false) }, true, ""},
		{"cancel asked", func() { b.Fake.AskCancel(n) }, b.CancelCode == "", b.CancelCode},
		{"cancel withdrawn", func() { b.Fake.Withdraw(n) }, true, ""},
	} {
		step.do()
		o, err := ch.Check(t.Context(), n)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		held := slices.ContainsFunc(o.Holds, func(h floor.Hold) bool { return h.Code == step.hold })
		if o.Number != n || o.Shippable() != step.ship || held != (step.hold != "") {
			t.Errorf("%s: shippable %v, holds %v; want %v, %q", step.name, o.Shippable(), o.Holds, step.ship, step.hold)
		}
	}
	b.Fake.Refund(n)
	if o, err := ch.Check(t.Context(), n); err != nil || o.State != floor.ShopCancelled {
		t.Errorf("refunded: state %q, %v; want cancelled", o.State, err)
	}
	if _, err := ch.Check(t.Context(), "no-such-order"); err == nil {
		t.Error("an order the shop does not have was given")
	}
}

func report(b Bench, n string) channel.Report {
	return channel.Report{Key: "parcel/P-1", Number: n, Carrier: b.Carrier, Waybill: "YT0000000000017"}
}

func reportOnce(t *testing.T, b Bench) {
	n := b.Fake.Place(1, past())[0]
	ch := b.Open(t, past())
	for range 3 {
		if err := ch.Report(t.Context(), report(b, n)); err != nil {
			t.Fatal(err)
		}
	}
	if no, times := b.Fake.Shipped(n); no != "YT0000000000017" || times != 1 {
		t.Errorf("shipped under %q, %d reports took effect; want one", no, times)
	}
	o, err := ch.Check(t.Context(), n)
	if err != nil || o.State != floor.ShopShipped {
		t.Errorf("state %q, %v; want shipped", o.State, err)
	}
	r := report(b, n)
	r.Carrier = "no-such-carrier"
	if err := ch.Report(t.Context(), r); channel.ClassOf(err) != channel.Refused || err == nil {
		t.Errorf("unknown carrier: %v; want it refused", err)
	}
}

func reportLost(t *testing.T, b Bench) {
	for i, trouble := range []Trouble{Lost, HalfSent, Dropped, ServerError} {
		n := b.Fake.Place(1, past().Add(time.Duration(i)*time.Second))[0]
		ch := b.Open(t, past())
		b.Fake.Break(trouble) // meets the question before the report
		first := ch.Report(t.Context(), report(b, n))
		if first == nil || channel.ClassOf(first) != channel.Retryable {
			t.Errorf("%s: %v; want a retryable error", trouble, first)
		}
		b.Fake.Break("report: " + trouble) // meets the report itself
		if err := ch.Report(t.Context(), report(b, n)); err == nil || channel.ClassOf(err) != channel.Retryable {
			t.Errorf("%s at the report: %v; want a retryable error", trouble, err)
		}
		b.Fake.Mend()
		if err := ch.Report(t.Context(), report(b, n)); err != nil {
			t.Errorf("%s: the next try: %v", trouble, err)
		}
		if _, times := b.Fake.Shipped(n); times != 1 {
			t.Errorf("%s: %d reports took effect; want one", trouble, times)
		}
	}
}

func reportOther(t *testing.T, b Bench) {
	n := b.Fake.Place(1, past())[0]
	ch := b.Open(t, past())
	if err := ch.Report(t.Context(), report(b, n)); err != nil {
		t.Fatal(err)
	}
	r := report(b, n)
	r.Waybill = "YT0000000000025"
	if err := ch.Report(t.Context(), r); channel.ClassOf(err) != channel.Refused || err == nil {
		t.Errorf("another number: %v; want it refused", err)
	}
	r.Change = true
	if !b.Reship {
		if err := ch.Report(t.Context(), r); channel.ClassOf(err) != channel.Refused || err == nil {
			t.Errorf("a change the platform does not take: %v; want it refused", err)
		}
		return
	}
	for range 2 {
		if err := ch.Report(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if no, times := b.Fake.Shipped(n); no != r.Waybill || times != 2 {
		t.Errorf("shipped under %q after %d effects; want %q after 2", no, times, r.Waybill)
	}
}

func reportHeld(t *testing.T, b Bench) {
	ns := b.Fake.Place(3, past())
	ch := b.Open(t, past())
	b.Fake.AskCancel(ns[0])
	b.Fake.Hold(ns[1], true)
	b.Fake.Refund(ns[2])
	first := 0
	if b.CancelCode == "" {
		first = 1 // nobody can know
	}
	for _, n := range ns[first:] {
		if err := ch.Report(t.Context(), report(b, n)); channel.ClassOf(err) != channel.Refused || err == nil {
			t.Errorf("order %s: %v; want it refused", n, err)
		}
		if _, times := b.Fake.Shipped(n); times != 0 {
			t.Errorf("order %s was reported all the same", n)
		}
	}
	r := report(b, ns[0])
	r.Left = true // the parcel had gone before the buyer asked
	switch err := ch.Report(t.Context(), r); {
	case b.Strict && (err == nil || channel.ClassOf(err) != channel.Retryable || channel.CodeOf(err) != "refund-open"):
		t.Errorf("a parcel that has left, of an order whose refund is open: %v; want it tried again until that is decided", err)
	case !b.Strict && err != nil:
		t.Errorf("a parcel that has left: %v", err)
	}
}

func answerOnce(t *testing.T, b Bench) {
	ns := b.Fake.Place(3, past())
	ch := b.Open(t, past())
	for i, stopped := range []bool{true, false} {
		if !b.Answers || !stopped && !b.Says {
			if err := ch.Answer(t.Context(), channel.Answer{Number: ns[i], Yes: stopped, At: time.Now()}); err != nil {
				t.Errorf("an answer that the platform does not take: %v; want it to count as given", err)
			}
			continue
		}
		n := ns[i]
		b.Fake.AskCancel(n)
		a := channel.Answer{Key: fmt.Sprint("freeze/", i), Number: n, Yes: stopped, Why: channel.WhyShipped, At: time.Now()}
		for range 2 {
			if err := ch.Answer(t.Context(), a); err != nil {
				t.Fatalf("stopped %v: %v", stopped, err)
			}
		}
		if got, times := b.Fake.Answered(n); got != stopped || times != 1 {
			t.Errorf("answered %v, %d times; want %v once", got, times, stopped)
		}
	}
	if !b.Answers {
		return
	}
	b.Fake.AskCancel(ns[2])
	b.Fake.Break("answer: " + Lost)
	a := channel.Answer{Number: ns[2], Yes: true, At: time.Now()}
	if err := ch.Answer(t.Context(), a); err == nil {
		t.Error("an answer that was lost counted as given")
	}
	if err := ch.Answer(t.Context(), a); err != nil {
		t.Error(err)
	}
	if got, times := b.Fake.Answered(ns[2]); !got || times != 1 {
		t.Errorf("after a lost answer: %v, %d times; want true, once", got, times)
	}
}

// answerCodes: why not is said in the platform's own codes; since when it is stopped is
// the freeze's time, and not that of the answer.
func answerCodes(t *testing.T, b Bench) {
	ch := b.Open(t, past())
	for why, code := range b.NoCodes {
		n := b.Fake.Place(1, past())[0]
		b.Fake.AskCancel(n)
		if err := ch.Answer(t.Context(), channel.Answer{Number: n, Why: why, At: time.Now()}); err != nil {
			t.Fatalf("no, %s: %v", why, err)
		}
		if got := b.Fake.Why(n); got != code {
			t.Errorf("no, %s: the shop heard %q; want %q", why, got, code)
		}
	}
	for why, code := range b.MoveCodes {
		n := b.Fake.Place(1, past())[0]
		b.Fake.AskAddress(n)
		if err := ch.Answer(t.Context(), channel.Answer{Number: n, What: channel.AskAddress, Why: why, At: time.Now()}); err != nil {
			t.Fatalf("no other address, %s: %v", why, err)
		}
		if got := b.Fake.Moves(n); len(got) != 1 || got[0] != code {
			t.Errorf("no other address, %s: the shop heard %q; want %q", why, got, code)
		}
	}
	if !b.Answers {
		return
	}
	n := b.Fake.Place(1, past())[0]
	b.Fake.AskCancel(n)
	frozen := time.Now().Add(-7 * time.Minute).Truncate(time.Second)
	if err := ch.Answer(t.Context(), channel.Answer{Number: n, Yes: true, At: frozen}); err != nil {
		t.Fatal(err)
	}
	if got := b.Fake.Stopped(n); b.Stamps != got.Equal(frozen) {
		t.Errorf("stopped since %v, says the answer; frozen at %v (the platform takes it: %v)", got, frozen, b.Stamps)
	}
}

func answerWithdrawn(t *testing.T, b Bench) {
	n := b.Fake.Place(1, past())[0]
	ch := b.Open(t, past())
	b.Fake.AskCancel(n)
	b.Fake.Withdraw(n)
	if err := ch.Answer(t.Context(), channel.Answer{Number: n, Yes: true, At: time.Now()}); err != nil {
		t.Error(err)
	}
	if _, times := b.Fake.Answered(n); times != 0 {
		t.Errorf("%d answers took effect; want none", times)
	}
}

func reportLoose(t *testing.T, b Bench) {
	n := b.Fake.Place(1, past())[0]
	b.Fake.Loose(true)
	ch := b.Open(t, past())
	orders, _ := drain(t, func() channel.Channel { return ch }, "")
	if o := orders[n]; !o.Shippable() {
		t.Errorf("order %s is held: %v", n, o.Holds)
	}
	for range 2 {
		if err := ch.Report(t.Context(), report(b, n)); err != nil {
			t.Fatal(err)
		}
	}
	if _, times := b.Fake.Shipped(n); times != 1 {
		t.Errorf("%d reports took effect; want one", times)
	}
}

// reportParts sends an order of two lines in two parcels, the second one twice.
func reportParts(t *testing.T, b Bench) {
	n := b.Fake.Place(1, past())[0]
	ch := b.Open(t, past())
	o, err := ch.Check(t.Context(), n)
	if err != nil || len(o.Lines) < 2 {
		t.Fatalf("%d lines, %v; want two", len(o.Lines), err)
	}
	var numbers []floor.WaybillNo
	for i, lines := range [][]floor.ShopLine{o.Lines[:1], o.Lines[1:], o.Lines[1:]} {
		r := report(b, n)
		r.Part, r.Lines, r.Others = true, lines, numbers
		if i > 0 {
			r.Waybill, r.Others = "YT0000000000025", []floor.WaybillNo{"YT0000000000017"}
		}
		err := ch.Report(t.Context(), r)
		if i > 0 && !b.More {
			if err == nil || channel.ClassOf(err) != channel.Refused {
				t.Errorf("a second parcel that the platform does not take: %v; want it refused", err)
			}
			return
		}
		if err != nil {
			t.Fatalf("parcel %d: %v", i+1, err)
		}
		numbers = append(numbers, r.Waybill)
	}
	if got := b.Fake.Waybills(n); !slices.Equal(got, []string{"YT0000000000017", "YT0000000000025"}) {
		t.Errorf("shipped under %v; want both numbers, each once", got)
	}
	if o, err := ch.Check(t.Context(), n); err != nil || o.State != floor.ShopShipped {
		t.Errorf("state %q, %v; want shipped", o.State, err)
	}
}

func answerAddress(t *testing.T, b Bench) {
	ns := b.Fake.Place(2, past())
	ch := b.Open(t, past())
	for i, n := range ns {
		b.Fake.AskAddress(n)
		a := channel.Answer{Number: n, What: channel.AskAddress, Yes: i == 0, Why: channel.WhyPacking, At: time.Now()}
		for range 2 {
			if err := ch.Answer(t.Context(), a); err != nil {
				t.Fatalf("yes %v: %v", a.Yes, err)
			}
		}
		if got := b.Fake.Moves(n); b.Moves && (len(got) != 1 || (got[0] == "yes") != a.Yes) || !b.Moves && len(got) != 0 {
			t.Errorf("answered %v; want %v, once", got, a.Yes)
		}
	}
}

func empty(t *testing.T, b Bench) {
	orders, end := drain(t, func() channel.Channel { return b.Open(t, past()) }, "")
	if len(orders) != 0 || end == "" {
		t.Errorf("%d orders, cursor %q", len(orders), end)
	}
}

// down is 504 for an hour, every five minutes: the cursor stays, and then all come.
func down(t *testing.T, b Bench) {
	at := past()
	want := b.Fake.Place(b.Page+1, at.Add(time.Minute))
	b.Fake.Break(GatewayDown)
	ch := b.Open(t, at)
	for range 12 {
		page, err := ch.Pull(t.Context(), "")
		if err == nil || channel.ClassOf(err) != channel.Retryable || len(page.Orders) > 0 || page.Next != "" {
			t.Fatalf("%d orders, cursor %q, %v; want a retryable error and nothing else", len(page.Orders), page.Next, err)
		}
	}
	b.Fake.Mend()
	orders, _ := drain(t, func() channel.Channel { return ch }, "")
	if lost := missing(want, orders); len(lost) > 0 {
		t.Errorf("%d of %d orders were lost: %v", len(lost), len(want), lost)
	}
}

func skew(t *testing.T, b Bench) {
	for _, off := range []time.Duration{-time.Hour, 2 * time.Hour} {
		b.Fake.Advance(off)
	}
	now := time.Now().Add(time.Hour)
	n := b.Fake.Place(1, now.Add(-5*time.Minute))[0]
	ch := b.Open(t, now.Add(-20*time.Minute))
	if o, err := ch.Check(t.Context(), n); err != nil || o.Number != n {
		t.Fatal(err)
	}
	orders, _ := drain(t, func() channel.Channel { return ch }, "")
	if len(orders) != 1 {
		t.Errorf("%d orders; want the one", len(orders))
	}
}

func renewed(t *testing.T, b Bench) {
	if !b.Renews {
		return
	}
	n := b.Fake.Place(1, past())[0]
	ch := b.Open(t, past())
	b.Fake.EndToken()
	for range 2 {
		if _, err := ch.Check(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if k := b.Fake.Renewals(); k != 1 {
		t.Errorf("%d renewals; want one", k)
	}
}

func moved(t *testing.T, b Bench) {
	n := b.Fake.Place(1, past())[0]
	ch := b.Open(t, past())
	before, err := ch.Check(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	b.Fake.ChangeAddress(n)
	after, err := ch.Check(t.Context(), n)
	if err != nil || floor.RecipientMark(before.To) == floor.RecipientMark(after.To) {
		t.Errorf("%v; the mark stays %q", err, floor.RecipientMark(after.To))
	}
}
