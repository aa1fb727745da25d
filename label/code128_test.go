package label_test

import (
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"floord/label"
)

func modules(widths []byte) int {
	n := 0
	for _, w := range widths {
		n += int(w)
	}
	return n
}

func TestCode128Width(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int // modules
	}{
		{"SF1234567890123", 145}, // an encoder that switches as soon as it can takes 156
		{"YT1234567890123", 145},
		{"JDVA12345678901", 156},
		{"773123456789012", 134}, // an odd number of digits
		{"77312345678901", 112},
		{"1", 46},
		{"abc", 68},
		{"A\tb\tC", 101}, // controls between: one shift less than switches
		{"P-77/2", 101},
	} {
		w, err := label.EncodeCode128(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := modules(w); got != tt.want {
			t.Errorf("%q takes %d modules; want %d", tt.text, got, tt.want)
		}
	}
}

// TestCode128Optimal searches all encodings of short texts, breadth first, and
// finds none that is shorter.
func TestCode128Optimal(t *testing.T) {
	const alphabet = "12Aa\t"
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		n := 1 + rng.IntN(9)
		var b strings.Builder
		for range n {
			b.WriteByte(alphabet[rng.IntN(len(alphabet))])
		}
		w, err := label.EncodeCode128(b.String())
		if err != nil {
			t.Fatal(err)
		}
		if got, want := (modules(w)-13)/11-1, shortest(b.String()); got != want {
			t.Errorf("%q takes %d symbols; the shortest encoding takes %d", b.String(), got, want)
		}
	}
}

// shortest counts symbols, start included, by trying every encoding.
func shortest(text string) int {
	in := func(set, c byte) bool { return set == 'A' && c < 0x60 || set == 'B' && c >= 0x20 }
	isDigit := func(c byte) bool { return c >= '0' && c <= '9' }
	var try func(at int, set byte, switched bool) int
	try = func(at int, set byte, switched bool) int {
		if at == len(text) {
			return 0
		}
		best := 1000
		if set == 'C' {
			if at+1 < len(text) && isDigit(text[at]) && isDigit(text[at+1]) {
				best = 1 + try(at+2, set, false)
			}
		} else if in(set, text[at]) {
			best = 1 + try(at+1, set, false)
		} else {
			best = 2 + try(at+1, set, false) // shift
		}
		for _, to := range []byte("ABC") {
			if to != set && !switched {
				best = min(best, 1+try(at, to, true))
			}
		}
		return best
	}
	return 1 + min(try(0, 'A', true), try(0, 'B', true), try(0, 'C', true))
}

func TestCode128Read(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		b := make([]byte, 1+rng.IntN(20))
		for i := range b {
			switch rng.IntN(3) {
			case 0:
				b[i] = byte(' ' + rng.IntN(95))
			default:
				b[i] = byte('0' + rng.IntN(10))
			}
		}
		w, err := label.EncodeCode128(string(b))
		if err != nil {
			t.Fatal(err)
		}
		if got := decode(t, w); got != string(b) {
			t.Errorf("%q reads as %q", b, got)
		}
	}
}

func decode(t *testing.T, widths []byte) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 2*(modules(widths)+20), 30))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	x := 20
	for i, w := range widths {
		for range 2 * int(w) {
			for y := 0; i%2 == 0 && y < 30; y++ {
				m.SetGray(x, y, color.Gray{})
			}
			x++
		}
	}
	bmp, err := gozxing.NewBinaryBitmapFromImage(m)
	if err != nil {
		t.Fatal(err)
	}
	res, err := oned.NewCode128Reader().Decode(bmp, nil)
	if err != nil {
		t.Fatal(err)
	}
	return res.GetText()
}

func TestCode128Refuses(t *testing.T) {
	for _, text := range []string{"", "运单", strings.Repeat("1", label.MaxCode128+1), "\x80"} {
		if _, err := label.EncodeCode128(text); err == nil {
			t.Errorf("EncodeCode128(%q) did not refuse", text)
		}
	}
}
