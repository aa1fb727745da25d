package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/klauspost/compress/zstd"
)

// A pack is the payloads of one transaction in one row: orders of a page are alike, and
// together they take a fifth of the room and of the time that they take one by one.
// The row stands under the newest event of the pack, and goes with that:
//
//	version 1, number of payloads, for each how many events before the newest and
//	its length (varints), zstd of the payloads
type pack struct {
	of    []packed
	plain []byte
}

type packed struct {
	seq  uint64
	size int
}

// packBytes is how much one pack holds, unless a single payload is larger: so much
// is unpacked to read one of them.
const packBytes = 256 << 10

const packV1 = 1

func (p *pack) add(seq uint64, raw []byte) {
	p.of = append(p.of, packed{seq, len(raw)})
	p.plain = append(p.plain, raw...)
}

// empty keeps the memory, unless one large payload needed most of it.
func (p *pack) empty() {
	if cap(p.plain) > 2*packBytes {
		p.plain = nil
	}
	p.of, p.plain = p.of[:0], p.plain[:0]
}

func (p *pack) last() uint64 { return p.of[len(p.of)-1].seq }

func (p *pack) write(z *zstd.Encoder) []byte {
	row := binary.AppendUvarint([]byte{packV1}, uint64(len(p.of)))
	for _, x := range p.of {
		row = binary.AppendUvarint(binary.AppendUvarint(row, p.last()-x.seq), uint64(x.size))
	}
	return z.EncodeAll(p.plain, row)
}

var errPack = errors.New("not a row of payloads")

// alone is how a row begins that holds the payload of its own event and nothing
// else, as they all did before there were packs: zstd's own first bytes.
var alone = []byte{0x28, 0xb5, 0x2f, 0xfd}

// parsePack reads what write wrote as the row of event last.
func parsePack(row []byte, last uint64, z *zstd.Decoder) (p pack, err error) {
	if bytes.HasPrefix(row, alone) {
		p.plain, err = z.DecodeAll(row, nil)
		p.of = []packed{{last, len(p.plain)}}
		return p, err
	}
	if len(row) == 0 || row[0] != packV1 {
		return p, errPack
	}
	row = row[1:]
	number := func() uint64 {
		n, used := binary.Uvarint(row)
		if used <= 0 {
			err = errPack
			return 0
		}
		row = row[used:]
		return n
	}
	count := number()
	if count > maxFacts {
		return p, errPack
	}
	total := 0
	for range count {
		back, size := number(), number()
		if err != nil || back > last || size > maxRaw {
			return p, errPack
		}
		p.of = append(p.of, packed{last - back, int(size)})
		total += int(size)
	}
	if p.plain, err = z.DecodeAll(row, nil); err == nil && len(p.plain) != total {
		err = errPack
	}
	return p, err
}

// payload gives the payload of event seq, or nil.
func (p *pack) payload(seq uint64) []byte {
	at := 0
	for _, x := range p.of {
		if x.seq == seq {
			return bytes.Clone(p.plain[at : at+x.size])
		}
		at += x.size
	}
	return nil
}

// raw gives the payload kept beside event seq, or nil.
func (r *rows) raw(seq uint64) ([]byte, error) {
	if len(r.opened.of) > 0 && seq >= r.opened.of[0].seq && seq <= r.opened.last() {
		return r.opened.payload(seq), nil
	}
	b := r.top(rawBucket)
	if b.b == nil {
		return nil, nil
	}
	key, sealed := b.b.Cursor().Seek([]byte(seqKey(seq)))
	if len(key) != 8 {
		return nil, nil
	}
	row, err := b.open(key, sealed)
	if err != nil {
		return nil, err
	}
	if r.opened, err = parsePack(row, binary.BigEndian.Uint64(key), r.seals.unpack); err != nil {
		return nil, err
	}
	return r.opened.payload(seq), nil
}
