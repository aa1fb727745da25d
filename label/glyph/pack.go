package glyph

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"io"
	"math/bits"
	"sync"
	"sync/atomic"
	"unicode"
)

//go:generate go run ./mkpack -o pack.bin

// Cell is the height and full width of a packed glyph, in dots. Latin letters
// and half-width forms (see Narrow) use the left half of it.
const Cell = 24

const (
	glyphBytes = Cell * Cell / 8
	perBlock   = 256 // glyphs in one compressed block
)

//go:embed pack.bin
var packed []byte

// A directory finds a rune's glyph in constant time: its page of 256, the
// number of the page's first glyph, the bits set before it.
type directory struct {
	pages   map[rune]page
	offsets []uint32 // where each block ends
	blocks  []byte
	open    []atomic.Pointer[[]byte] // blocks already inflated, at most 7 MB in all
}

type page struct {
	first uint32
	bits  [32]byte
}

// pack reads the directory once. The pack is part of the program: one that does
// not parse is a broken build, so it panics, and a test reads every glyph.
var pack = sync.OnceValue(func() *directory {
	le := binary.LittleEndian
	b := packed
	if len(b) < 20 || string(b[:8]) != "floordG1" {
		panic("label/glyph: pack.bin is not a glyph pack")
	}
	pages, count := int(le.Uint32(b[12:])), int(le.Uint32(b[16:]))
	b = b[20:]
	d := &directory{pages: make(map[rune]page, pages)}
	for range pages {
		p := page{first: le.Uint32(b[2:])}
		copy(p.bits[:], b[6:38])
		d.pages[rune(le.Uint16(b))] = p
		b = b[38:]
	}
	d.offsets = make([]uint32, count)
	for i := range d.offsets {
		d.offsets[i] = le.Uint32(b[4*i:])
	}
	d.blocks = b[4*count:]
	d.open = make([]atomic.Pointer[[]byte], count)
	return d
})

// index is the number of r's glyph, or -1.
func (d *directory) index(r rune) int {
	p, ok := d.pages[r>>8]
	low := r & 255
	if !ok || p.bits[low>>3]&(1<<(low&7)) == 0 {
		return -1
	}
	n := int(p.first)
	for _, b := range p.bits[:low>>3] {
		n += bits.OnesCount8(b)
	}
	return n + bits.OnesCount8(p.bits[low>>3]&(1<<(low&7)-1))
}

// block inflates block i, or finds it inflated. Two callers at once may both
// inflate it; either result stays.
func (d *directory) block(i int) []byte {
	if b := d.open[i].Load(); b != nil {
		return *b
	}
	start := uint32(0)
	if i > 0 {
		start = d.offsets[i-1]
	}
	b, err := io.ReadAll(flate.NewReader(bytes.NewReader(d.blocks[start:d.offsets[i]])))
	if err != nil {
		panic("label/glyph: pack.bin is damaged: " + err.Error())
	}
	d.open[i].Store(&b)
	return b
}

// Has says whether the pack can draw r.
func Has(r rune) bool { return pack().index(r) >= 0 }

// Lookup gives the packed glyph of r: Cell rows of 24 dots, or of 12 for a
// Narrow rune. The bits are shared and must not be written to.
func Lookup(r rune) (Bitmap, bool) {
	d := pack()
	n := d.index(r)
	if n < 0 {
		return Bitmap{}, false
	}
	off := n % perBlock * glyphBytes
	b := Bitmap{Width: Cell, Height: Cell, Stride: Cell / 8, Bits: d.block(n / perBlock)[off : off+glyphBytes : off+glyphBytes]}
	if Narrow(r) {
		b.Width = Cell / 2
	}
	return b, true
}

// Narrow says whether r takes half a cell: ASCII, Latin letters with marks,
// half-width katakana. Everything else is as wide as a hanzi.
func Narrow(r rune) bool {
	return r < 0x7F || r >= 0xFF61 && r <= 0xFF9F || r >= 0xA1 && r < 0x2000 && unicode.Is(unicode.Latin, r)
}
