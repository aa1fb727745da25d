package floor

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Actor says who caused an event: "person:li.wei@pda-07", "shop:pdd-main",
// "station:pack-2", "floord".
type Actor string

// Person gives the person who acted, or "".
func (a Actor) Person() PersonID {
	who, isPerson := strings.CutPrefix(string(a), "person:")
	if !isPerson {
		return ""
	}
	who, _, _ = strings.Cut(who, "@")
	return PersonID(who)
}

// An Event is one thing that happened, as the journal keeps it. Seq orders the
// events of one ledger and starts at 1; At is for people and never for sorting.
type Event struct {
	Seq   uint64
	At    time.Time
	Actor Actor
	Cause string // the key of the request that led here
	Fact  Fact
}

// Kind names what a fact says and in which form: "line.picked/1".
type Kind string

// A Fact is what an event says. The set is closed; DecodeFact knows every kind
// ever written. A kind never changes meaning: it gets a /2.
type Fact interface {
	Kind() Kind
	// Subjects names what the fact is about, for those who wait for news of it:
	// "order:DB20261121-ORD-000001", "person:li.wei", "station:pack-1".
	Subjects() []string
}

// A Payload is a fact that came with bytes from outside. The ledger keeps the
// bytes beside the event, compressed and sealed; the fact itself holds their hash.
type Payload interface {
	Fact
	// RawPayload gives the bytes as they were received, or nil.
	RawPayload() []byte
}

// A Summed payload is one of which the fact says the SHA-256, in hex: the ledger takes
// its word for it. Anything else there is no hash.
type Summed interface {
	Payload
	RawSum() string
}

var decoders = map[Kind]func([]byte) (Fact, error){}

// register makes a kind known to DecodeFact.
func register[T Fact]() {
	var zero T
	k := zero.Kind()
	if decoders[k] != nil {
		panic("floor: kind registered twice: " + string(k))
	}
	decoders[k] = func(data []byte) (Fact, error) {
		var f T
		err := json.Unmarshal(data, &f)
		return f, err
	}
}

// Kinds lists every kind that DecodeFact knows, in no order.
func Kinds() []Kind {
	ks := make([]Kind, 0, len(decoders))
	for k := range decoders {
		ks = append(ks, k)
	}
	return ks
}

// EncodeFact gives the JSON form of f that DecodeFact reads.
func EncodeFact(f Fact) ([]byte, error) {
	switch f := f.(type) {
	case OrderReceived:
		if data, ok := f.Shop.encode(f.Order, f.Trial, f.Judged); ok {
			return data, nil
		}
	case OrderRevised:
		if data, ok := f.Shop.encode(f.Order, false, nil); ok {
			return data, nil
		}
	}
	data, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("fact %s: %w", f.Kind(), err)
	}
	return data, nil
}

// DecodeFact reads what EncodeFact wrote. An unknown kind is an error: the file
// was written by a newer floord.
func DecodeFact(k Kind, data []byte) (Fact, error) {
	decode := decoders[k]
	if decode == nil {
		return nil, fmt.Errorf("fact kind %q is not known to this version of floord", k)
	}
	f, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("fact %s: %w", k, err)
	}
	return f, nil
}
