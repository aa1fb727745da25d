package ledger

import (
	"encoding/binary"
	"hash/fnv"
	"io"
)

// The parts of bbolt's file format that must be right before bbolt may see a
// file (version 2, go.etcd.io/bbolt internal/common: page.go, meta.go).
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader = 16 // id 8, flags 2, count 2, overflow 4
	metaSize   = 64 // magic 4, version 4, page size 4, flags 4, root 16, freelist 8, high water 8, txid 8, sum 8
)

// A boltMeta is one of the two pages that say where the tree begins.
type boltMeta struct {
	valid    bool
	pageSize int
	root     uint64
	freelist uint64
	high     uint64 // pages from here on do not exist
	txid     uint64
}

// readMetas reads both meta pages. It takes pages of 4 KiB, the size that
// floord always writes.
func readMetas(f io.ReaderAt) ([2]boltMeta, error) {
	var metas [2]boltMeta
	for i := range metas {
		page := make([]byte, pageHeader+metaSize)
		if _, err := f.ReadAt(page, int64(i)*4096); err != nil {
			return metas, err
		}
		metas[i] = parseMeta(page[pageHeader:])
	}
	return metas, nil
}

func parseMeta(b []byte) boltMeta {
	le := binary.LittleEndian
	sum := fnv.New64a()
	sum.Write(b[:metaSize-8])
	return boltMeta{
		valid:    le.Uint32(b) == boltMagic && le.Uint32(b[4:]) == boltVersion && le.Uint64(b[56:]) == sum.Sum64(),
		pageSize: int(le.Uint32(b[8:])),
		root:     le.Uint64(b[16:]),
		freelist: le.Uint64(b[32:]),
		high:     le.Uint64(b[40:]),
		txid:     le.Uint64(b[48:]),
	}
}
