// Command mkpack draws the characters of the glyph pack from the fonts that
// Debian packages as fonts-noto-cjk, fonts-hanazono and fonts-dejavu-core, and
// writes the pack.
//
// A label printer burns whole dots, so a stroke thinner than a dot either
// becomes one or is gone. Three steps keep it: each character is shifted and
// scaled by fractions of a dot to where its strokes fall on dot rows, the
// threshold is lower for the thin Mincho of HanaMin, and ink that still has no
// dot near it gets one.
package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/sync/errgroup"
)

const (
	cell  = 24              // dots of a cell, high and wide
	size  = cell * cell / 8 // bytes of a glyph
	em    = 1000            // outline units of an em
	block = 256             // glyphs in one compressed block
)

// A face is a font and how it is set in a cell.
type face struct {
	file      string
	index     int     // which font of a collection
	threshold float32 // share of a dot that must be inked for it to burn
	font      *sfnt.Font
}

var (
	sans = &face{file: "/opentype/noto/NotoSansCJK-Regular.ttc", index: 2, threshold: 0.45}
	mono = &face{file: "/opentype/noto/NotoSansCJK-Regular.ttc", index: 7, threshold: 0.45}
	minA = &face{file: "/truetype/hanazono/HanaMinA.ttf", threshold: 0.30}
	minB = &face{file: "/truetype/hanazono/HanaMinB.ttf", threshold: 0.30}
	// What is neither Chinese nor plain: Greek with accents, phonetic letters, signs.
	dejavu     = &face{file: "/truetype/dejavu/DejaVuSans.ttf", threshold: 0.45}
	dejavuMono = &face{file: "/truetype/dejavu/DejaVuSansMono.ttf", threshold: 0.45}
	faces      = []*face{sans, mono, minA, minB, dejavu, dejavuMono}
)

// ranges is what the pack covers, as far as the fonts do.
var ranges = [][2]rune{
	{0x20, 0x7E}, {0xA1, 0x2AF}, {0x2B0, 0x2FF}, // ASCII, Latin, phonetic letters
	{0x370, 0x3FF}, {0x400, 0x52F}, {0x1E00, 0x1FFF}, // Greek, Cyrillic, both with marks
	{0x2010, 0x205E}, {0x2070, 0x209C}, {0x20A0, 0x20BF}, {0x2100, 0x23FF}, {0x2460, 0x27BF}, {0x2B00, 0x2BFF}, // punctuation, money, symbols
	{0x2E80, 0x303F}, {0x3041, 0x318E}, {0x31C0, 0x33FF}, // radicals, CJK symbols, kana, bopomofo, jamo
	{0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF}, // Ext A, URO, compatibility
	{0xAC00, 0xD7A3}, {0xFE10, 0xFE6F}, {0xFF01, 0xFFEF}, // hangul, forms
	{0x20000, 0x2A6DF}, {0x2A700, 0x2EBE0}, {0x2F800, 0x2FA1D}, // Ext B, C to F, compatibility
}

func main() {
	log.SetFlags(0)
	fonts := flag.String("fonts", "/usr/share/fonts", "folder of the fonts")
	out := flag.String("o", "pack.bin", "pack to write")
	flag.Parse()
	if err := run(*fonts, *out); err != nil {
		log.Fatal("mkpack: ", err)
	}
}

func run(dir, out string) error {
	for _, f := range faces {
		if err := f.load(dir); err != nil {
			return err
		}
	}
	runes := covered()
	glyphs := make([][]byte, len(runes))
	var g errgroup.Group
	n := runtime.NumCPU()
	for w := range n {
		g.Go(func() error {
			d := new(drawer)
			for i := w; i < len(runes); i += n {
				b, err := d.draw(runes[i])
				if err != nil {
					return fmt.Errorf("draw %U: %w", runes[i], err)
				}
				glyphs[i] = b
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	b, err := pack(runes, glyphs)
	if err != nil {
		return err
	}
	fmt.Printf("%d glyphs, %d bytes\n", len(runes), len(b))
	return os.WriteFile(out, b, 0o644)
}

func (f *face) load(dir string) error {
	b, err := os.ReadFile(dir + f.file)
	if err != nil {
		return err
	}
	c, err := sfnt.ParseCollection(b)
	if err != nil {
		return fmt.Errorf("parse %s: %w", f.file, err)
	}
	f.font, err = c.Font(f.index)
	return err
}

// covered lists the runes of ranges that some font has, in order.
func covered() []rune {
	var rs []rune
	var buf sfnt.Buffer
	for _, span := range ranges {
		for r := span[0]; r <= span[1]; r++ {
			if f, _ := pick(&buf, r); f != nil {
				rs = append(rs, r)
			}
		}
	}
	return rs
}

// pick chooses the face of r: the half-width one for ASCII and Latin, Noto
// before HanaMin. A rune that no font has gets nil: a font's "missing" box is
// ink too, so it must never be drawn.
func pick(buf *sfnt.Buffer, r rune) (*face, sfnt.GlyphIndex) {
	order := []*face{sans, minA, minB, dejavu}
	if narrow(r) {
		order = []*face{mono, minA, dejavuMono}
	}
	for _, f := range order {
		if i, err := f.font.GlyphIndex(buf, r); err == nil && i != 0 {
			return f, i
		}
	}
	return nil, 0
}

// narrow must agree with glyph.Narrow.
func narrow(r rune) bool {
	return r < 0x7F || r >= 0xFF61 && r <= 0xFF9F || r >= 0xA1 && r < 0x2000 && unicode.Is(unicode.Latin, r)
}

// outline loads the glyph in units of 1/1000 em, y down.
func (f *face) outline(buf *sfnt.Buffer, i sfnt.GlyphIndex) (sfnt.Segments, float32, error) {
	segs, err := f.font.LoadGlyph(buf, i, fixed.I(em), nil)
	if err != nil {
		return nil, 0, err
	}
	adv, err := f.font.GlyphAdvance(buf, i, fixed.I(em), font.HintingNone)
	return segs, float32(adv) / 64, err
}

// pack lays the glyphs out: a directory of 256-rune pages with a presence bit
// for each rune, the offsets of the blocks, the blocks.
func pack(runes []rune, glyphs [][]byte) ([]byte, error) {
	var dir, offsets, blocks bytes.Buffer
	pages := 0
	for i := 0; i < len(runes); {
		page := runes[i] >> 8
		var bits [32]byte
		first := i
		for ; i < len(runes) && runes[i]>>8 == page; i++ {
			bits[runes[i]&255>>3] |= 1 << (runes[i] & 7)
		}
		binary.Write(&dir, binary.LittleEndian, uint16(page))
		binary.Write(&dir, binary.LittleEndian, uint32(first))
		dir.Write(bits[:])
		pages++
	}
	count := 0
	for i := 0; i < len(glyphs); i += block {
		z, err := flate.NewWriter(&blocks, flate.BestCompression)
		if err != nil {
			return nil, err
		}
		for _, g := range glyphs[i:min(i+block, len(glyphs))] {
			z.Write(g)
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		binary.Write(&offsets, binary.LittleEndian, uint32(blocks.Len()))
		count++
	}
	var out bytes.Buffer
	out.WriteString("floordG1")
	binary.Write(&out, binary.LittleEndian, []uint32{uint32(len(runes)), uint32(pages), uint32(count)})
	out.Write(dir.Bytes())
	out.Write(offsets.Bytes())
	out.Write(blocks.Bytes())
	return out.Bytes(), nil
}
