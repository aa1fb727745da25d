package label

import (
	"fmt"
	"slices"
)

// Code 128: every symbol is 11 modules, the stop 13. ISO/IEC 15417.
const (
	shift  = 98
	codeC  = 99
	codeB  = 100 // in set A and C
	codeA  = 101 // in set B and C
	startA = 103 // B and C follow
	stop   = 106
)

// patterns are the widths of bar, space, bar ... of each symbol value.
var patterns = [...]string{
	"212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
	"221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
	"221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
	"212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
	"231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
	"231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
	"314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
	"112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
	"111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
	"214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
	"114131", "311141", "411131", "211412", "211214", "211232", "2331112",
}

// MaxCode128 is how many characters a Code 128 may carry here: more than any
// waybill number, less than what no scanner reads in one sweep.
const MaxCode128 = 48

// EncodeCode128 gives the narrowest Code 128 of text: the widths, in modules, of
// bar, space, bar and so on, quiet zones not included. It chooses between the
// code sets A, B and C by dynamic programming over text and set, so that no
// other choice is narrower. text is 1 to 48 characters of ASCII.
func EncodeCode128(text string) ([]byte, error) {
	values, err := Symbols128(text)
	if err != nil {
		return nil, err
	}
	return Widths128(values), nil
}

// Symbols128 gives the symbol values of the same code, from the start to the
// last of the text: for printers that take them one by one and so need not
// find the narrowest code themselves.
func Symbols128(text string) ([]byte, error) {
	if text == "" || len(text) > MaxCode128 {
		return nil, fmt.Errorf("code 128 carries 1 to %d characters, not %d", MaxCode128, len(text))
	}
	for i := range len(text) {
		if text[i] > 0x7F {
			return nil, fmt.Errorf("code 128 carries ASCII only, not byte %#02x at %d", text[i], i)
		}
	}
	return symbols(text), nil
}

// Widths128 gives the bars and spaces of symbol values, check symbol and stop
// added. The values are 0 to 105, a start first.
func Widths128(values []byte) []byte {
	sum := int(values[0])
	for i, v := range values[1:] {
		sum += (i + 1) * int(v)
	}
	widths := make([]byte, 0, 6*len(values)+13)
	for _, v := range append(slices.Clip(values), byte(sum%103), stop) {
		for _, w := range []byte(patterns[v]) {
			widths = append(widths, w-'0')
		}
	}
	return widths
}

// A set is a code set: A has controls and capitals, B capitals and small
// letters, C pairs of digits.
type set int

const (
	setA set = iota
	setB
	setC
)

// symbols finds the shortest row of symbol values, start included.
func symbols(text string) []byte {
	n := len(text)
	// cost[i][s] is the fewest symbols for text[i:] when set s is in force.
	const far = 1 << 20 // no way
	cost := make([][3]int, n+1)
	for i := n - 1; i >= 0; i-- {
		var stay [3]int
		for s := range stay {
			stay[s] = far
			if w, ok := takes(text, i, set(s)); ok {
				stay[s] = 1 + cost[i+w][s]
			}
			if set(s) != setC {
				if _, ok := value(text[i], setA+setB-set(s)); ok {
					stay[s] = min(stay[s], 2+cost[i+1][s]) // shift
				}
			}
		}
		for s := range stay {
			cost[i][s] = stay[s]
			for t := range stay {
				cost[i][s] = min(cost[i][s], 1+stay[t])
			}
		}
	}
	now := setB // where two are as good, B: it is what printers know best
	for s := setA; s <= setC; s++ {
		if cost[0][s] < cost[0][now] {
			now = s
		}
	}
	out := []byte{startA + byte(now)}
	for i := 0; i < n; {
		if w, ok := takes(text, i, now); ok && cost[i][now] == 1+cost[i+w][now] {
			out, i = append(out, symbol(text, i, now)), i+w
			continue
		}
		if now != setC {
			other := setA + setB - now
			if v, ok := value(text[i], other); ok && cost[i][now] == 2+cost[i+1][now] {
				out, i = append(out, shift, v), i+1
				continue
			}
		}
		for _, t := range [...]set{setB, setC, setA} {
			if t != now && cost[i][now] == 1+cost[i][t] {
				out, now = append(out, [...]byte{codeA, codeB, codeC}[t]), t
				break
			}
		}
	}
	return out
}

// takes says how many characters the next symbol of set s takes.
func takes(text string, i int, s set) (int, bool) {
	if s == setC {
		return 2, i+1 < len(text) && digit(text[i]) && digit(text[i+1])
	}
	_, ok := value(text[i], s)
	return 1, ok
}

func symbol(text string, i int, s set) byte {
	if s == setC {
		return (text[i]-'0')*10 + text[i+1] - '0'
	}
	v, _ := value(text[i], s)
	return v
}

// value is the symbol of one character in set A or B.
func value(c byte, s set) (byte, bool) {
	switch {
	case c >= 0x20 && c < 0x60:
		return c - 0x20, true
	case s == setA && c < 0x20:
		return c + 0x40, true
	case s == setB && c >= 0x60:
		return c - 0x20, true
	}
	return 0, false
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
