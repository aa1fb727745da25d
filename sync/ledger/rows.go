package ledger

import (
	"bytes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"go.etcd.io/bbolt"

	"floord/floor"
)

// rows are the sealed rows of the file within one transaction. The named
// methods reach the views; the fold is the only one that puts or deletes there.
type rows struct {
	tx      *bbolt.Tx
	seals   *seals
	hurt    *damage
	views   *bbolt.Bucket // holds a bucket for each view
	buckets map[string]*bucket
	dirty   bool   // something was put or deleted
	written int    // bytes put so far
	arena   *arena // holds what is put until the transaction ends
	plain   []byte // memory for a row while it is sealed,
	key     []byte // and for its key while it is put

	opened pack // of the payloads read last

	skus *skus // what is known of SKUs; nil where rows are not those of the newest moment

	// late points at rows that the fold has changed and not written yet, by bucket and
	// key: it changes an order again and again, and one row for all orders' figures.
	late map[string]map[string]any
}

// An arena lends memory for the length of one transaction. bbolt keeps what is
// put as it is until then, and one place for all of it is less to collect.
type arena struct {
	chunk []byte
}

const arenaChunk = 1 << 20

// take gives an empty slice with room for n bytes.
func (a *arena) take(n int) []byte {
	if n > cap(a.chunk)-len(a.chunk) {
		a.chunk = make([]byte, 0, max(n, arenaChunk))
	}
	used := len(a.chunk)
	a.chunk = a.chunk[:used+n]
	return a.chunk[used : used : used+n]
}

// reset takes everything back: the transaction has ended.
func (a *arena) reset() { a.chunk = a.chunk[:0] }

// Names of the top buckets.
const (
	journalBucket  = "journal"
	viewsBucket    = "views"
	answeredBucket = "answered"
	rawBucket      = "raw"
	metaBucket     = "meta"
)

func (l *Ledger) rows(tx *bbolt.Tx) *rows {
	return rowsOf(tx, tx.Bucket([]byte(viewsBucket)), l.seals, &l.hurt)
}

func rowsOf(tx *bbolt.Tx, views *bbolt.Bucket, s *seals, d *damage) *rows {
	return &rows{tx: tx, seals: s, hurt: d, views: views, buckets: map[string]*bucket{}, arena: &arena{}}
}

// A DamagedError names a row whose tag does not fit: it was changed, torn or
// moved. Bucket is "journal", "answered", "raw", "meta" or "views/NAME"; Key is
// readable (a sequence number in decimal, else the key as it is). In Stats there
// may also be "file", "head 0" or "head 1": one of the two places that say where
// the file's tree begins was torn, and the last commit before Open may be gone.
type DamagedError struct {
	Bucket string
	Key    string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("row %s of %s is damaged and is not used: see floord journal verify", e.Key, e.Bucket)
}

// get gives the row, or nil if there is none.
func (r *rows) get(bucket, key string) ([]byte, error) {
	if v, ok := r.late[bucket][key]; ok {
		if err := r.write(bucket, key, v); err != nil {
			return nil, err
		}
	}
	return r.view(bucket, false).get(key)
}

// put writes the row. plain is copied.
func (r *rows) put(bucket, key string, plain []byte) error {
	delete(r.late[bucket], key)
	return r.view(bucket, true).put(key, plain)
}

// delete removes the row if it is there.
func (r *rows) delete(bucket, key string) error {
	delete(r.late[bucket], key)
	return r.view(bucket, false).delete(key)
}

// scan calls f for the rows whose key begins with prefix, ascending, starting
// at from if that is later. f says whether it wants more, and may keep plain.
// f must not put or delete rows of the same bucket. A damaged row is noted and
// left out.
func (r *rows) scan(bucket, from, prefix string, f func(key string, plain []byte) (more bool, err error)) error {
	if err := r.writeAll(bucket); err != nil {
		return err
	}
	return r.view(bucket, false).scan(max(from, prefix), prefix, f)
}

// write writes what v points at as the row.
func (r *rows) write(bucket, key string, v any) error {
	delete(r.late[bucket], key)
	return r.view(bucket, true).write(key, v)
}

func (b *bucket) write(key string, v any) error {
	if v == present {
		return b.put(key, nil)
	}
	data, err := appendRow(b.rows.plain[:0], v)
	if err != nil {
		return fmt.Errorf("row %s of %s: %w", key, b.name, err)
	}
	b.rows.plain = data
	return b.put(key, data)
}

// writeAll writes the late rows of a bucket in the order of their keys.
func (r *rows) writeAll(bucket string) error {
	late := r.late[bucket]
	if len(late) == 0 {
		return nil
	}
	b := r.view(bucket, true)
	for _, key := range slices.Sorted(maps.Keys(late)) {
		if err := b.write(key, late[key]); err != nil {
			return err
		}
	}
	if len(late) > fewLate {
		delete(r.late, bucket)
	}
	clear(late)
	return nil
}

// fewLate is how many late rows of a bucket keep their memory for the next transaction.
const fewLate = 4096

// settle writes what is late. Every transaction in which something was folded
// ends with it.
func (r *rows) settle() error {
	for _, bucket := range slices.Sorted(maps.Keys(r.late)) {
		if err := r.writeAll(bucket); err != nil {
			return err
		}
	}
	return nil
}

// view gives the bucket of one view. Its rows are sealed for "views/NAME"
// wherever the views are being built.
func (r *rows) view(name string, create bool) *bucket {
	b := r.buckets[name]
	if b == nil {
		b = &bucket{rows: r, name: viewsBucket + "/" + name, aead: r.seals.of(viewsBucket + "/" + name)}
		r.buckets[name] = b
	}
	if b.b == nil && r.views != nil {
		b.use(r.views.Bucket([]byte(name)))
	}
	if b.b == nil && r.views != nil && create {
		in, _ := r.views.CreateBucket([]byte(name)) // without one, put says so
		b.use(in)
	}
	return b
}

// top gives one of the buckets beside the views.
func (r *rows) top(name string) *bucket {
	b := r.buckets["/"+name]
	if b == nil {
		b = &bucket{rows: r, name: name, aead: r.seals.of(name)}
		b.use(r.tx.Bucket([]byte(name)))
		r.buckets["/"+name] = b
	}
	return b
}

func (b *bucket) use(in *bbolt.Bucket) {
	if b.b = in; in != nil {
		in.FillPercent = 0.9 // keys grow with time: a full page is not split again
	}
}

func (r *rows) journal() *bucket  { return r.top(journalBucket) }
func (r *rows) answered() *bucket { return r.top(answeredBucket) }
func (r *rows) meta() *bucket     { return r.top(metaBucket) }

// mark reads a place in the journal from the meta bucket.
func (r *rows) mark(name string) (mark, error) {
	data, err := r.meta().get(name)
	if err != nil {
		return mark{}, err
	}
	if len(data) != 8+len(chain{}) {
		return mark{}, fmt.Errorf("meta row %s has %d bytes", name, len(data))
	}
	return mark{Seq: binary.BigEndian.Uint64(data), Chain: chain(data[8:])}, nil
}

func (r *rows) putMark(name string, m mark) error {
	return r.meta().put(name, append(binary.BigEndian.AppendUint64(nil, m.Seq), m.Chain[:]...))
}

// A bucket is one bucket whose rows are sealed. Its key names the row in the
// seal, so a row moved to another key does not open.
type bucket struct {
	rows *rows
	name string
	b    *bbolt.Bucket // nil while there is none
	aead cipher.AEAD
}

func (b *bucket) get(key string) ([]byte, error) {
	if b.b == nil {
		return nil, nil
	}
	k := []byte(key)
	sealed := b.b.Get(k)
	if sealed == nil {
		return nil, nil
	}
	return b.open(k, sealed)
}

func (b *bucket) open(key, sealed []byte) ([]byte, error) {
	plain, err := b.aead.Open(make([]byte, 0, len(sealed)), nil, sealed, key)
	if err != nil {
		return nil, b.rows.hurt.note(b.name, key)
	}
	return plain, nil
}

func (b *bucket) put(key string, plain []byte) error {
	if b.b == nil {
		return fmt.Errorf("no bucket %s in this file", b.name)
	}
	b.rows.key = append(b.rows.key[:0], key...)
	return b.putSealed(b.rows.key, b.seal(b.rows.arena, b.rows.key, plain))
}

// seal gives the row as it is put, in memory of a.
func (b *bucket) seal(a *arena, key, plain []byte) []byte {
	return b.aead.Seal(a.take(len(plain)+sealOverhead), nil, plain, key)
}

func (b *bucket) putSealed(key, sealed []byte) error {
	if err := b.b.Put(key, sealed); err != nil {
		return fmt.Errorf("put %s %s: %w", b.name, readable(key), err)
	}
	b.rows.dirty = true
	b.rows.written += len(sealed)
	return nil
}

func (b *bucket) delete(key string) error {
	if b.b == nil {
		return nil
	}
	b.rows.dirty = true
	if err := b.b.Delete([]byte(key)); err != nil {
		return fmt.Errorf("delete %s %s: %w", b.name, readable([]byte(key)), err)
	}
	return nil
}

func (b *bucket) scan(from, prefix string, f func(key string, plain []byte) (bool, error)) error {
	if b.b == nil {
		return nil
	}
	c := b.b.Cursor()
	for k, v := c.Seek([]byte(from)); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
		plain, err := b.open(k, v)
		if err != nil {
			continue
		}
		if more, err := f(string(k), plain); !more || err != nil {
			return err
		}
	}
	return nil
}

// seqKey is the key of event seq: keys in the file stand in the order of events.
func seqKey(seq uint64) string {
	var key [8]byte
	binary.BigEndian.PutUint64(key[:], seq)
	return string(key[:])
}

// encMode writes a row the same way every time, so that a rebuild gives the
// same bytes. Times keep their nanoseconds and are in UTC.
var encMode = func() cbor.EncMode {
	o := cbor.CoreDetEncOptions()
	o.Time = cbor.TimeRFC3339NanoUTC
	m, err := o.EncMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// decMode reads rows of older and newer versions: fields it does not know are
// passed over, fields that are missing stay zero.
var decMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: 1 << 20, MaxMapPairs: 1 << 20}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}()

// getRow reads the row as a T and says whether there is one.
func getRow[T any](r *rows, bucket, key string) (T, bool, error) {
	var v T
	data, err := r.get(bucket, key)
	if data == nil || err != nil {
		return v, false, err
	}
	if err := parseRow(data, &v); err != nil {
		return v, false, fmt.Errorf("row %s of %s: %w", key, bucket, err)
	}
	return v, true, nil
}

// ownRow is getRow for the fold, which keeps what it has changed: the value is
// shared with the last keepRow of the transaction.
func ownRow[T any](r *rows, bucket, key string) (T, bool, error) {
	if v, ok := r.late[bucket][key]; ok {
		return *v.(*T), true, nil
	}
	return getRow[T](r, bucket, key)
}

// keepRow is putRow for rows that the fold is about to change again: it is
// written when it is read, or when the transaction ends. Nobody changes v later
// but through ownRow.
func keepRow[T any](r *rows, bucket, key string, v T) { keep(r, bucket, key, &v) }

func keep(r *rows, bucket, key string, v any) {
	late := r.late[bucket]
	if late == nil {
		if r.late == nil {
			r.late = map[string]map[string]any{}
		}
		late = map[string]any{}
		r.late[bucket] = late
	}
	late[key] = v
	r.dirty = true
}

// skus remembers what the newest rows say of SKUs: each line of an order asks twice.
// Whoever changes SKUs forgets all, and so does a transaction that fails.
type skus struct {
	known map[floor.SKU]floor.SKUInfo
}

// maxSKUs bounds how many are remembered.
const maxSKUs = 50_000

func (s *skus) forget() {
	if s != nil {
		clear(s.known)
	}
}

// sku gives what is known of a SKU. What it returns is shared: do not change it.
func (r *rows) sku(id floor.SKU) (floor.SKUInfo, bool, error) {
	if r.skus == nil {
		return getRow[floor.SKUInfo](r, vSKUs, string(id))
	}
	if info, ok := r.skus.known[id]; ok {
		return info, true, nil
	}
	info, ok, err := getRow[floor.SKUInfo](r, vSKUs, string(id))
	if ok && err == nil {
		if r.skus.known == nil || len(r.skus.known) >= maxSKUs {
			r.skus.known = map[floor.SKU]floor.SKUInfo{}
		}
		r.skus.known[id] = info
	}
	return info, ok, err
}

// present stands for a late row of which only the key counts.
var present any = new(byte)

// keepKey keeps a row of which only the key counts, as keepRow does: the fold says
// again and again that an order belongs to an hour.
func keepKey(r *rows, bucket, key string) { keep(r, bucket, key, present) }

// putRow writes v as the row.
func putRow[T any](r *rows, bucket, key string, v T) error { return r.write(bucket, key, &v) }
