package pda

import (
	"reflect"
	"testing"
	"time"

	"floord/floor"
)

// What is read strictly can be written and read again, and is within bounds.
func FuzzMessages(f *testing.F) {
	for _, s := range []string{
		`{"type":"hello","token":"T","session":"a1","epoch":"e","seq":7}`,
		`{"type":"act","n":1,"day":"20261121","verb":"pick","args":{"task":"T-1","stop":1,"bin":"A","code":"S","qty":1}}`,
		`{"type":"act","n":18446744073709551615,"day":"2026112a","verb":"","args":null}`,
		`{"type":"act","n":1,"n":2}`, `[]`, `"`, "{\"type\":\"hello\",\"session\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := decodeHello(data); err == nil {
			again, err := decodeHello(encode(h))
			if err != nil || again != h {
				t.Errorf("hello %+v came back as %+v, %v", h, again, err)
			}
		}
		a, err := decodeAct(data, now)
		if err != nil {
			return
		}
		if key := key(a.Day, "pda-07", "s", a.N); len(key) > 256 {
			t.Errorf("key of %d bytes", len(key))
		}
		if again, err := decodeAct(encode(a), now); err != nil || again.N != a.N || again.Verb != a.Verb {
			t.Errorf("act %+v came back as %+v, %v", a, again, err)
		}
		var p pickArgs
		if decode(a.Args, &p) == nil {
			if len(p.Code) > maxText || p.Qty > maxInt || p.Qty < -maxInt {
				t.Errorf("out of bounds: %+v", p)
			}
			var again pickArgs
			if err := decode(encode(p), &again); err != nil || !reflect.DeepEqual(p, again) {
				t.Errorf("%+v came back as %+v, %v", p, again, err)
			}
		}
	})
}

// Every kind that a screen hears of as an event is one the journal knows, and
// none carries a shop's order.
func TestScreensHearOfKnownKinds(t *testing.T) {
	known := map[floor.Kind]bool{}
	for _, k := range floor.Kinds() {
		known[k] = true
	}
	for name, sc := range screens {
		for k := range sc.kinds {
			if !known[k] {
				t.Errorf("%s hears of %q, which is no kind", name, k)
			}
			if k == kindOf[floor.OrderReceived]() || k == kindOf[floor.OrderRevised]() {
				t.Errorf("%s hears of %q, which names a buyer", name, k)
			}
		}
	}
}

func TestSayPutsCodesIntoWords(t *testing.T) {
	r := floor.Refuse("frozen", "order", "DB-1", "why", "why-cancel")
	if got := Say("zh", r); got != floor.Say("zh", "frozen", map[string]string{"order": "DB-1", "why": "买家取消"}) {
		t.Errorf("Say = %q", got)
	}
}
