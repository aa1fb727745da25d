package ledger

import (
	"bytes"
	"crypto/sha256"
	"reflect"
	"testing"
)

func sampleRecord() record {
	sum := sha256.Sum256([]byte("payload"))
	return record{
		at: 1795248000123456789, actor: "person:li.wei@pda-07", cause: "20261121/pda-07/000000123", kind: "person.set/1",
		interests: []uint32{interest("person:li.wei"), 7}, raw: sum[:], fact: []byte(`{"person":"li.wei"}`),
	}
}

func TestRecordSurvivesARoundTrip(t *testing.T) {
	for _, want := range []record{sampleRecord(), {kind: "k/1", fact: []byte("{}")}, {at: -5, fact: []byte{}}} {
		got, err := parseRecord(newLine(nil, mark{}, want).record())
		if err != nil {
			t.Fatal(err)
		}
		if len(want.raw) == 0 {
			want.raw, got.raw = nil, nil
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v; want %+v", got, want)
		}
	}
}

func TestChainNoticesAnyChange(t *testing.T) {
	prev := mark{Seq: 8, Chain: chain{1}}
	l := newLine(nil, prev, sampleRecord())
	if l.chain() != prev.Chain.next(9, l.record()) {
		t.Fatal("the line's chain is not the chain of its record")
	}
	changed := bytes.Clone(l.record())
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]chain{
		"record": prev.Chain.next(9, changed),
		"place":  prev.Chain.next(10, l.record()),
		"past":   chain{2}.next(9, l.record()),
	} {
		if c == l.chain() {
			t.Errorf("another %s gives the same chain", name)
		}
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add([]byte(newLine(nil, mark{}, sampleRecord()).record()))
	f.Add([]byte{recordV1})
	f.Add([]byte{recordV1, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte{9})
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parseRecord(data)
		if err != nil {
			return
		}
		again, err := parseRecord(newLine(nil, mark{}, r).record())
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Errorf("%+v came back as %+v, %v", r, again, err)
		}
	})
}
