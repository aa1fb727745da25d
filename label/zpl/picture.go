package zpl

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"

	"floord/label/glyph"
)

// picture writes the rows that have ink. 1 is black and adds to what is there.
func (w *writer) picture(x, y int, b glyph.Bitmap) {
	top, bottom := b.Ink()
	if top == bottom {
		return
	}
	stride := (b.Width + 7) / 8
	raw := make([]byte, 0, stride*(bottom-top))
	for row := top; row < bottom; row++ {
		line := b.Bits[row*b.Stride : row*b.Stride+stride]
		raw = append(raw, line...)
		if over := stride*8 - b.Width; over > 0 {
			raw[len(raw)-1] &= 0xFF << over
		}
	}
	w.command("^FO", x, y+top)
	w.command("^GFA,", len(raw), len(raw), stride)
	w.out = append(w.out, ',')
	data := ACS(raw, stride)
	if w.opt.Packed {
		if z := Z64(raw); len(z) < len(data) {
			data = z
		}
	}
	w.out = append(w.out, data...)
	w.end()
}

// ACS writes rows of stride bytes in ^GF's hexadecimal with repeat counts: G to Y
// stand for 1 to 19 and g to z for 20 to 400 of the digit that follows, a comma
// for zeros and ":" for a row like the one before. "!", ones to the end of
// the row, is not used: readers differ on whether it means 1 or F.
func ACS(raw []byte, stride int) []byte {
	out := make([]byte, 0, len(raw))
	digits := make([]byte, 2*stride)
	for at := 0; at < len(raw); at += stride {
		row := raw[at : at+stride]
		if at > 0 && bytes.Equal(row, raw[at-stride:at]) {
			out = append(out, ':')
			continue
		}
		for i, v := range row {
			digits[2*i], digits[2*i+1] = "0123456789ABCDEF"[v>>4], "0123456789ABCDEF"[v&15]
		}
		end := len(bytes.TrimRight(digits, "0"))
		for i := 0; i < end; {
			n := 1
			for i+n < end && digits[i+n] == digits[i] {
				n++
			}
			out = repeat(out, digits[i], n)
			i += n
		}
		if end < len(digits) {
			out = append(out, ',')
		}
	}
	return out
}

// repeat writes a digit n times.
func repeat(out []byte, digit byte, n int) []byte {
	for ; n >= 400+20; n -= 400 {
		out = append(out, 'z', digit)
	}
	if n <= 2 {
		return append(out, bytes.Repeat([]byte{digit}, n)...)
	}
	if n >= 20 {
		out = append(out, 'f'+byte(n/20))
	}
	if n%20 > 0 {
		out = append(out, 'F'+byte(n%20))
	}
	return append(out, digit)
}

// Z64 is rows deflated, in base64, with their check.
func Z64(raw []byte) []byte {
	var z bytes.Buffer
	w, _ := zlib.NewWriterLevel(&z, zlib.BestCompression) // the level is a valid one
	w.Write(raw)                                          // a bytes.Buffer does not fail
	w.Close()
	text := base64.StdEncoding.EncodeToString(z.Bytes())
	return fmt.Appendf(nil, ":Z64:%s:%04X", text, crc(text))
}

// crc is CRC-16 with polynomial 0x1021 from 0.
func crc(s string) uint16 {
	var c uint16
	for i := range len(s) {
		c ^= uint16(s[i]) << 8
		for range 8 {
			carry := c & 0x8000
			c <<= 1
			if carry != 0 {
				c ^= 0x1021
			}
		}
	}
	return c
}
