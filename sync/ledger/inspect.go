package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// bbolt answers most damage to its pages with a panic, at open even in a
// goroutine of its own, where nobody can catch it. So a file is inspected before
// bbolt sees it: every page that the tree reaches must be one, in its place,
// once, with its elements inside it and its keys in order. Rows are not opened
// here: their tags are checked when they are read.

// The parts of bbolt's file format that must be right (version 2, little
// endian here; go.etcd.io/bbolt internal/common: page.go, meta.go, bucket.go).
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2
	boltPage    = 4096 // floord writes no other size

	pageHeader  = 16 // id 8, flags 2, count 2, overflow 4
	metaSize    = 64 // magic 4, version 4, page size 4, flags 4, root 16, freelist 8, high water 8, txid 8, sum 8
	elementSize = 16 // branch: pos 4, key size 4, page 8; leaf: flags 4, pos 4, key size 4, value size 4
	bucketSize  = 16 // root page 8 (0: inline), sequence 8

	flagBranch = 0x01
	flagLeaf   = 0x02
	flagFree   = 0x10 // the list of free pages: their ids, 8 each; as many as count says, or the first one if that is full
	isBucket   = 0x01 // flag of a leaf element

	noFreelist = ^uint64(0)
)

var le = binary.LittleEndian

// inspect says in one sentence why the file cannot be opened, or gives its heads.
// One bad head of the two is no reason: a crash may tear it, and the other one is
// whole, if perhaps a commit older.
func inspect(f *os.File) (heads [2]boltMeta, err error) {
	err = guard(func() error {
		size, err := sizeOf(f)
		if err != nil {
			return err
		}
		if heads, err = readMetas(f); err != nil {
			return fmt.Errorf("it ends after %d bytes", size)
		}
		return inspectPages(f, size, heads)
	})
	if err != nil {
		return heads, &spoiltError{fmt.Errorf("the file is damaged (%w)", err)}
	}
	return heads, nil
}

// A spoiltError is why a file cannot be opened that only a backup can replace.
type spoiltError struct{ why error }

func (e *spoiltError) Error() string { return e.why.Error() + ": mend it with: floord restore BACKUP" }
func (e *spoiltError) Unwrap() error { return e.why }

func sizeOf(f *os.File) (int64, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, errors.New("it is not a regular file")
	case info.Size() == 0:
		return 0, errors.New("it is empty")
	}
	return info.Size(), nil
}

func inspectPages(f *os.File, size int64, heads [2]boltMeta) error {
	m, err := newestMeta(heads)
	if err != nil {
		return err
	}
	if m.high < 2 || m.high > uint64(size)/boltPage {
		return fmt.Errorf("it is cut short: %d bytes of %d", size, m.high*boltPage)
	}
	// The whole file is wanted now and, by bbolt, in a moment: to read it in one
	// go is a third faster than page by page, and ten times on a cold disk.
	data, err := unix.Mmap(int(f.Fd()), 0, int(m.high)*boltPage, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return fmt.Errorf("map: %w", err)
	}
	defer unix.Munmap(data)
	w := walker{data: data, high: m.high, seen: make([]uint64, m.high/64+1)}
	w.mark(0)
	w.mark(1)
	w.others.SetLimit(max(1, runtime.GOMAXPROCS(0)-1))
	err = guard(func() error { return w.page(m.root, nil, nil) })
	if other := w.others.Wait(); err == nil {
		err = other
	}
	if err != nil || m.freelist == noFreelist {
		return err
	}
	return w.free(m.freelist)
}

// A boltMeta is one of the two heads of the file, which say where the tree begins.
type boltMeta struct {
	magic    bool
	valid    bool
	pageSize uint32
	root     uint64
	freelist uint64
	high     uint64 // pages from here on do not exist
	txid     uint64
}

func readMetas(f io.ReaderAt) ([2]boltMeta, error) {
	var metas [2]boltMeta
	for i := range metas {
		page := make([]byte, pageHeader+metaSize)
		if _, err := f.ReadAt(page, int64(i)*boltPage); err != nil {
			return metas, err
		}
		metas[i] = parseMeta(page[pageHeader:])
	}
	return metas, nil
}

func parseMeta(b []byte) boltMeta {
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	magic := le.Uint32(b) == boltMagic
	return boltMeta{
		magic:    magic,
		valid:    magic && le.Uint32(b[4:]) == boltVersion && le.Uint64(b[56:]) == sum.Sum64(),
		pageSize: le.Uint32(b[8:]),
		root:     le.Uint64(b[16:]),
		freelist: le.Uint64(b[32:]),
		high:     le.Uint64(b[40:]),
		txid:     le.Uint64(b[48:]),
	}
}

// newestMeta is the head that bbolt will take.
func newestMeta(metas [2]boltMeta) (boltMeta, error) {
	m := metas[0]
	if !m.valid || metas[1].valid && metas[1].txid > m.txid {
		m = metas[1]
	}
	switch {
	case !metas[0].magic && !metas[1].magic:
		return m, errors.New("it is not a ledger of floord")
	case !m.valid:
		return m, errors.New("both of its heads are spoilt")
	case m.pageSize != boltPage:
		return m, errors.New("it is a bbolt file that floord did not write")
	}
	return m, nil
}

// A walker goes through the pages that a tree reaches.
type walker struct {
	data   []byte
	high   uint64
	seen   []uint64       // one bit a page; atomic
	others errgroup.Group // who walk branches that lie beside those that the first one walks
}

// mark notes page id and says whether it is the first time.
func (w *walker) mark(id uint64) bool {
	bit := uint64(1) << (id % 64)
	return atomic.OrUint64(&w.seen[id/64], bit)&bit == 0
}

// take gives the bytes of page id, which belong to nothing else.
func (w *walker) take(id uint64) ([]byte, error) {
	if id < 2 || id >= w.high {
		return nil, fmt.Errorf("page %d does not exist", id)
	}
	head := w.data[id*boltPage:]
	more := uint64(le.Uint32(head[12:]))
	if le.Uint64(head) != id {
		return nil, fmt.Errorf("page %d calls itself %d", id, le.Uint64(head))
	}
	if more >= w.high-id {
		return nil, fmt.Errorf("page %d is longer than the file", id)
	}
	for i := range more + 1 {
		if !w.mark(id + i) {
			return nil, fmt.Errorf("page %d is used twice", id+i)
		}
	}
	return head[:(more+1)*boltPage], nil
}

// free checks the list of free pages. Each of them must be used by nothing.
func (w *walker) free(id uint64) error {
	b, err := w.take(id)
	if err != nil {
		return err
	}
	n, ids := uint64(le.Uint16(b[10:])), b[pageHeader:]
	if n == 0xffff {
		n, ids = le.Uint64(ids), ids[8:]
	}
	if flags := le.Uint16(b[8:]); flags != flagFree || n > uint64(len(ids)/8) {
		return fmt.Errorf("page %d is no list of %d free pages (%#x)", id, n, flags)
	}
	for i := range n {
		if one := le.Uint64(ids[8*i:]); one < 2 || one >= w.high || !w.mark(one) {
			return fmt.Errorf("page %d is called free and is not", one)
		}
	}
	return nil
}

// page checks page id and all below it. Keys must be at least low and less than
// high, where those are not nil.
func (w *walker) page(id uint64, low, high []byte) error {
	b, err := w.take(id)
	if err != nil {
		return err
	}
	switch flags := le.Uint16(b[8:]); flags {
	case flagBranch:
		return w.branch(id, b, low, high)
	case flagLeaf:
		return w.leaf(id, b, low, high)
	default:
		return fmt.Errorf("page %d is of no known kind (%#x)", id, flags)
	}
}

func (w *walker) branch(id uint64, b, low, high []byte) error {
	n := int(le.Uint16(b[10:]))
	if n == 0 || pageHeader+n*elementSize > len(b) {
		return fmt.Errorf("branch page %d has %d elements", id, n)
	}
	keys := make([][]byte, n)
	for i := range keys {
		at := pageHeader + i*elementSize
		e := b[at:]
		keys[i] = cut(b, at, le.Uint32(e), le.Uint32(e[4:]))
	}
	if err := ordered(keys, low, high); err != nil {
		return fmt.Errorf("branch page %d: %w", id, err)
	}
	for i, key := range keys {
		end := high
		if i+1 < n {
			end = keys[i+1]
		}
		below := le.Uint64(b[pageHeader+i*elementSize+8:])
		if i+1 < n && w.isBranch(below) && w.others.TryGo(func() error { return guard(func() error { return w.page(below, key, end) }) }) {
			continue
		}
		if err := w.page(below, key, end); err != nil {
			return err
		}
	}
	return nil
}

// isBranch reports whether page id is said to have pages below it: there is enough in it
// for two to share.
func (w *walker) isBranch(id uint64) bool {
	return id < w.high && le.Uint16(w.data[id*boltPage+8:]) == flagBranch
}

// leaf checks a leaf page, or a bucket that stands inline in one.
func (w *walker) leaf(id uint64, b, low, high []byte) error {
	n := int(le.Uint16(b[10:]))
	if pageHeader+n*elementSize > len(b) {
		return fmt.Errorf("leaf page %d has %d elements", id, n)
	}
	last := low
	for i := range n {
		at := pageHeader + i*elementSize
		e := b[at:]
		pos, size := le.Uint32(e[4:]), le.Uint32(e[8:])
		key := cut(b, at, pos, size)
		value := cut(b, at, pos+size, le.Uint32(e[12:]))
		if follows(key, last, high, i == 0) != nil || value == nil || pos+size < pos {
			return fmt.Errorf("leaf page %d: element %d: %w", id, i, errElement)
		}
		last = key
		if le.Uint32(e)&isBucket != 0 {
			if err := w.bucket(id, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) bucket(id uint64, value []byte) error {
	if len(value) < bucketSize {
		return fmt.Errorf("leaf page %d: a bucket of %d bytes", id, len(value))
	}
	if root := le.Uint64(value); root != 0 {
		return w.page(root, nil, nil)
	}
	inline := value[bucketSize:]
	if len(inline) < pageHeader || le.Uint16(inline[8:]) != flagLeaf {
		return fmt.Errorf("leaf page %d: an inline bucket that is none", id)
	}
	return w.leaf(id, inline, nil, nil)
}

var errElement = errors.New("key or value lies outside the page or out of order")

// cut gives size bytes at pos after at, or nil if they are not all in b.
func cut(b []byte, at int, pos, size uint32) []byte {
	from := uint64(at) + uint64(pos)
	if to := from + uint64(size); to <= uint64(len(b)) {
		return b[from:to:to]
	}
	return nil
}

func ordered(keys [][]byte, low, high []byte) error {
	last := low
	for i, key := range keys {
		if err := follows(key, last, high, i == 0); err != nil {
			return err
		}
		last = key
	}
	return nil
}

// follows checks that key is more than last (the first one: not less) and less
// than high.
func follows(key, last, high []byte, first bool) error {
	c := bytes.Compare(last, key)
	if key == nil || last != nil && (c > 0 || c == 0 && !first) || high != nil && bytes.Compare(key, high) >= 0 {
		return errElement
	}
	return nil
}
