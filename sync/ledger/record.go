package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"floord/floor"
)

// Limits of what one commit may bring. They are far above what the floor needs
// and keep one mistake from filling the file.
const (
	maxKey       = 256     // bytes of a request's key
	maxActor     = 256     // bytes of an actor
	maxKind      = 64      // bytes of a fact's kind
	maxFacts     = 4096    // facts of one commit
	maxFact      = 4 << 20 // bytes of one fact as written
	maxRaw       = 8 << 20 // bytes of one payload
	maxInterests = 1 << 14 // subjects of one fact
)

// A chain is the SHA-256 over the chain before it, the event's sequence number
// and its record, so that no event can be changed, dropped or moved unseen.
type chain [sha256.Size]byte

func (c chain) next(seq uint64, record []byte) chain {
	h := sha256.New()
	h.Write(c[:])
	h.Write(binary.BigEndian.AppendUint64(nil, seq))
	h.Write(record)
	return chain(h.Sum(nil))
}

// A record is an event as the journal keeps it, before sealing:
//
//	version 1, time (varint, ns), actor, cause, kind, interests, raw, fact
//
// Texts carry their length. Interests are 32-bit hashes of the fact's subjects,
// so that a follower passes over what it does not want without decoding it; a
// fact's subjects must therefore not change under one kind. raw is the SHA-256
// of the payload kept beside the event, if any.
type record struct {
	at        int64
	actor     string
	cause     string
	kind      string
	interests []uint32
	raw       []byte
	fact      []byte
}

func (r record) append(to line) line {
	to = append(to, recordV1)
	to = binary.AppendVarint(to, r.at)
	to = appendText(to, r.actor)
	to = appendText(to, r.cause)
	to = appendText(to, r.kind)
	to = binary.AppendUvarint(to, uint64(len(r.interests)))
	for _, i := range r.interests {
		to = binary.BigEndian.AppendUint32(to, i)
	}
	to = appendText(to, r.raw)
	return append(to, r.fact...)
}

func appendText[T string | []byte](to line, s T) line {
	to = binary.AppendUvarint(to, uint64(len(s)))
	return append(to, s...)
}

var errRecord = errors.New("not a journal record")

// parseRecord reads what append wrote. The slices point into data.
func parseRecord(data []byte) (record, error) {
	if len(data) == 0 {
		return record{}, errRecord
	}
	if data[0] != recordV1 {
		return record{}, fmt.Errorf("journal record of form %d is not known to this version of floord", data[0])
	}
	var r record
	at, n := binary.Varint(data[1:])
	if n <= 0 {
		return record{}, errRecord
	}
	r.at = at
	rest, ok := data[1+n:], true
	text := func(limit int) []byte {
		var t []byte
		if ok {
			t, rest, ok = cutText(rest, limit)
		}
		return t
	}
	r.actor, r.cause, r.kind = string(text(maxActor)), string(text(maxKey)), string(text(maxKind))
	if !ok {
		return record{}, errRecord
	}
	count, n := binary.Uvarint(rest)
	if n <= 0 || count > maxInterests || uint64(len(rest)-n) < 4*count {
		return record{}, errRecord
	}
	rest = rest[n:]
	for range count {
		r.interests = append(r.interests, binary.BigEndian.Uint32(rest))
		rest = rest[4:]
	}
	r.raw = text(sha256.Size)
	if !ok || len(rest) > maxFact || len(r.raw) != 0 && len(r.raw) != sha256.Size {
		return record{}, errRecord
	}
	r.fact = rest
	return r, nil
}

func cutText(data []byte, limit int) (text, rest []byte, ok bool) {
	size, n := binary.Uvarint(data)
	if n <= 0 || size > uint64(limit) || size > uint64(len(data)-n) {
		return nil, nil, false
	}
	return data[n : n+int(size)], data[n+int(size):], true
}

// event decodes the record's fact.
func (r record) event(seq uint64) (floor.Event, error) {
	e := floor.Event{Seq: seq, At: time.Unix(0, r.at).UTC(), Actor: floor.Actor(r.actor), Cause: r.cause}
	f, err := floor.DecodeFact(floor.Kind(r.kind), r.fact)
	if err != nil {
		return e, fmt.Errorf("event %d: %w", seq, err)
	}
	e.Fact = f
	return e, nil
}

const recordV1 = 1

// interest is the hash by which a record says what it is about.
func interest(subject string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(subject))
	return h.Sum32()
}

// A line is a journal row: the chain up to an event, then its record.
type line []byte

// newLine writes the row of the event after prev into the memory of buf.
func newLine(buf line, prev mark, r record) line {
	buf = slices.Grow(buf[:0], len(chain{})+len(r.fact)+256)
	l := r.append(buf[:len(chain{})])
	c := prev.Chain.next(prev.Seq+1, l.record())
	copy(l, c[:])
	return l
}

func (l line) chain() chain   { return chain(l[:len(chain{})]) }
func (l line) record() []byte { return l[len(chain{}):] }

// line reads event seq. A missing row is an error: the caller knows it was there.
func (r *rows) line(seq uint64) (line, error) {
	data, err := r.journal().get(seqKey(seq))
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, fmt.Errorf("event %d is not in the journal", seq)
	}
	if len(data) < len(chain{}) {
		return nil, fmt.Errorf("event %d: %w", seq, errRecord)
	}
	return data, nil
}

// event reads and decodes event seq.
func (r *rows) event(seq uint64) (floor.Event, error) {
	l, err := r.line(seq)
	if err != nil {
		return floor.Event{Seq: seq}, err
	}
	rec, err := parseRecord(l.record())
	if err != nil {
		return floor.Event{Seq: seq}, fmt.Errorf("event %d: %w", seq, err)
	}
	return rec.event(seq)
}
