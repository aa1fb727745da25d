package carriertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"floord/floor"
	"floord/sync/carrier"
)

// A BookFake is what the suite of bookers asks of a fake carrier.
type BookFake interface {
	Break(t Trouble)
	TopUp(n int)
	Sold() int
	Collect(no floor.WaybillNo, at time.Time)
	// Say makes every request be answered with that no; "" ends it.
	Say(words string)
}

// A BookBench is a booker beside its fake.
type BookBench struct {
	Fake   BookFake
	Open   func(t testing.TB) carrier.Booker
	Hasty  func(t testing.TB) carrier.Booker // whose answers come after it gave up
	Forged func(t testing.TB) carrier.Booker // with a wrong key
	To     floor.Recipient                   // somebody the carrier serves
	Ticket string                            // whose component prints the labels; "" for readable ones
}

// RunBook runs the suite. open makes a fresh bench with 1,000 numbers to give; a
// strict one answers an id asked twice with a no instead of its first number.
func RunBook(t *testing.T, open func(t testing.TB, strict bool) BookBench) {
	tests := []struct {
		name string
		test func(t *testing.T, b BookBench)
	}{
		{"a shipment asked again has the same number", bookAgain},
		{"a lost answer costs no second number", bookLost},
		{"a time-out costs no second number", bookTimedOut},
		{"askers at once get numbers of their own", bookTogether},
		{"an empty account says so", bookEmpty},
		{"a forged signature is no retry", bookForged},
		{"a place that is not served is told apart", bookNoRoute},
		{"an address it cannot read is told apart", bookAddress},
		{"a name cannot break the request", bookHostile},
		{"a number goes back once, and its id is spent", bookVoid},
		{"a parcel that was collected is not void", bookCollected},
		{"words of a no are put into classes", bookWords},
		{"nonsense is not asked", bookNonsense},
		{"a cancelled context ends the call", bookCancelled},
	}
	for _, strict := range []bool{false, true} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("strict %v: %s", strict, tt.name), func(t *testing.T) { tt.test(t, open(t, strict)) })
		}
	}
}

func (b BookBench) shipment(id string) carrier.Shipment {
	return carrier.Shipment{
		ID: id, To: b.To, Number: "261121-" + id, Grams: 1200, Goods: "服装", Count: 2, Package: 1,
		From: carrier.Party{Name: "示例仓", Phone: "13800000000", Province: "广东省", City: "深圳市", District: "南山区", Detail: "示例路1号"},
	}
}

func (b BookBench) book(t *testing.T, c carrier.Booker, id string) carrier.Booking {
	t.Helper()
	got, err := c.Book(t.Context(), b.shipment(id))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func bookAgain(t *testing.T, b BookBench) {
	first := b.book(t, b.Open(t), "W1-1")
	second := b.book(t, b.Open(t), "W1-1") // another driver: after a restart
	other := b.book(t, b.Open(t), "W1-2")
	if first.Waybill != second.Waybill || other.Waybill == first.Waybill || b.Fake.Sold() != 2 {
		t.Errorf("%v, again %v, another %v, %d sold; want the same, another, 2", first.Waybill, second.Waybill, other.Waybill, b.Fake.Sold())
	}
	switch {
	case b.Ticket == "" && first.Ticket != nil:
		t.Error("a ticket from a carrier whose labels are readable")
	case b.Ticket != "" && (first.Ticket == nil || first.Ticket.Component != b.Ticket || first.Ticket.Data == "" || second.Ticket == nil):
		t.Errorf("ticket %+v, again %+v; want one for the component of %s", first.Ticket, second.Ticket, b.Ticket)
	}
}

func bookLost(t *testing.T, b BookBench) {
	c := b.Open(t)
	for i, trouble := range []Trouble{Lost, HalfSent, Dropped, ServerError, Garbage, RateLimited} {
		id := fmt.Sprint("W2-", i)
		b.Fake.Break(trouble)
		got, err := c.Book(t.Context(), b.shipment(id))
		class := carrier.ClassOf(err)
		if err == nil || class != carrier.Retryable && class != carrier.RateLimited || got.Waybill != "" {
			t.Errorf("%s: %v, %v; want an error to be tried again, and no number", trouble, got, err)
		}
		b.book(t, c, id)
		if sold := b.Fake.Sold(); sold != i+1 {
			t.Errorf("%s: %d sold; want %d", trouble, sold, i+1)
		}
	}
}

func bookTimedOut(t *testing.T, b BookBench) {
	c, hasty := b.Open(t), b.Hasty(t)
	for range 2 {
		if got, err := hasty.Book(t.Context(), b.shipment("W13")); err == nil || carrier.ClassOf(err) != carrier.Retryable || got.Waybill != "" {
			t.Errorf("%v, %v; want an error to be tried again, and no number", got, err)
		}
	}
	got := b.book(t, c, "W13")
	if sold := b.Fake.Sold(); sold != 1 {
		t.Errorf("%d sold; want 1", sold)
	}
	if err := hasty.Void(t.Context(), "W13", got.Waybill); err == nil || carrier.ClassOf(err) != carrier.Retryable {
		t.Errorf("a void: %v; want an error to be tried again", err)
	}
	if err := c.Void(t.Context(), "W13", got.Waybill); err != nil || b.Fake.Sold() != 0 {
		t.Errorf("void once more: %v, %d given; want none", err, b.Fake.Sold())
	}
}

func bookTogether(t *testing.T, b BookBench) {
	c := b.Open(t)
	var mu sync.Mutex
	all := map[floor.WaybillNo]string{}
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			id := fmt.Sprint("W3-", i/2) // each id asked by two at once
			got, err := c.Book(context.Background(), b.shipment(id))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if owner := all[got.Waybill]; owner != "" && owner != id {
				t.Errorf("number %s went to %s and %s", got.Waybill, owner, id)
			}
			all[got.Waybill] = id
		})
	}
	wg.Wait()
	if len(all) != 6 || b.Fake.Sold() != 6 {
		t.Errorf("%d numbers, %d sold; want 6", len(all), b.Fake.Sold())
	}
}

// no asks for a shipment that must fail, and gives the error.
func (b BookBench) no(t *testing.T, c carrier.Booker, s carrier.Shipment, want carrier.Class) {
	t.Helper()
	sold := b.Fake.Sold()
	got, err := c.Book(t.Context(), s)
	var e *carrier.Error
	if !errors.As(err, &e) || e.Class != want || got.Waybill != "" || b.Fake.Sold() != sold {
		t.Errorf("%+v, %v, %d sold; want %s and no number", got, err, b.Fake.Sold()-sold, want)
		return
	}
	if e.Text("zh") == "" || e.Text("en") == "" || e.Text("zh") == e.Text("en") {
		t.Errorf("said as %q and %q; want a sentence in each language", e.Zh, e.En)
	}
}

func bookEmpty(t *testing.T, b BookBench) {
	b.Fake.TopUp(1)
	c := b.Open(t)
	b.book(t, c, "W4-1")
	b.no(t, c, b.shipment("W4-2"), carrier.Exhausted)
	b.book(t, c, "W4-1") // what was given is given again nevertheless
	b.Fake.TopUp(5)
	b.book(t, c, "W4-2")
}

func bookForged(t *testing.T, b BookBench) {
	b.no(t, b.Forged(t), b.shipment("W5"), carrier.Unauthorized)
}

func bookNoRoute(t *testing.T, b BookBench) {
	s := b.shipment("W6")
	s.To.Province, s.To.City, s.To.District = "西藏自治区", "阿里地区", "噶尔县"
	b.no(t, b.Open(t), s, carrier.Unserved)
}

func bookAddress(t *testing.T, b BookBench) {
	s := b.shipment("W7")
	s.To.Detail, s.To.City = "", ""
	b.no(t, b.Open(t), s, carrier.BadAddress)
}

func bookHostile(t *testing.T, b BookBench) {
	s := b.shipment("W8")
	s.To.Name = "龘\"}<&>%'\\,王~*+ &sign=x"
	s.To.Detail += " A&B=1 100% *~\u2028号\""
	s.Goods = "\"}]"
	if got, err := b.Open(t).Book(t.Context(), s); err != nil || got.Waybill == "" {
		t.Errorf("a hostile name: %v, %v; want a number", got, err)
	}
}

func bookVoid(t *testing.T, b BookBench) {
	c := b.Open(t)
	got := b.book(t, c, "W9-1")
	b.book(t, c, "W9-2")
	b.Fake.Break(Lost)
	if err := c.Void(t.Context(), "W9-1", got.Waybill); err == nil || carrier.ClassOf(err) != carrier.Retryable {
		t.Errorf("a lost answer: %v", err)
	}
	for range 2 {
		if err := c.Void(t.Context(), "W9-1", got.Waybill); err != nil {
			t.Error(err)
		}
	}
	if b.Fake.Sold() != 1 {
		t.Errorf("%d given and not void; want 1", b.Fake.Sold())
	}
	b.no(t, c, b.shipment("W9-1"), carrier.Spent)
}

func bookCollected(t *testing.T, b BookBench) {
	c := b.Open(t)
	got := b.book(t, c, "W10")
	b.Fake.Collect(got.Waybill, time.Now())
	if err := c.Void(t.Context(), "W10", got.Waybill); err == nil || carrier.ClassOf(err) != carrier.Refused || b.Fake.Sold() != 1 {
		t.Errorf("a parcel on its way: %v; want it refused", err)
	}
}

func bookWords(t *testing.T, b BookBench) {
	c := b.Open(t)
	for words, class := range map[string]carrier.Class{
		"单号库存不足": carrier.Exhausted, "该地区已停发": carrier.Unserved, "调用过于频繁": carrier.RateLimited, "系统繁忙": carrier.Retryable,
		"账号未授权": carrier.Unauthorized, "手机号格式不正确": carrier.BadAddress, "从没听说过": carrier.Refused,
	} {
		b.Fake.Say(words)
		_, err := c.Book(t.Context(), b.shipment("W11"))
		if err == nil || carrier.ClassOf(err) != class {
			t.Errorf("%s: %v; want %s", words, err, class)
		}
	}
	b.Fake.Say("")
	b.book(t, c, "W11")
}

func bookNonsense(t *testing.T, b BookBench) {
	c := b.Open(t)
	for _, id := range []string{"", "a b", "一", "12345678901234567890123456789012345678901234567890123456789012345"} {
		b.no(t, c, b.shipment(id), carrier.Refused)
	}
}

func bookCancelled(t *testing.T, b BookBench) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Open(t).Book(ctx, b.shipment("W12")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v; want the context's", err)
	}
}
