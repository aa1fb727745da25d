package floor

import (
	"strings"
	"testing"
)

func TestCheckBins(t *testing.T) {
	good := []BinInfo{
		{Bin: "A-01-1-1", Aisle: 1, X: 2, Y: 1}, {Bin: "A-01-1-2", Aisle: 1, X: 2, Y: 1}, // two levels of a bay
		{Bin: "A-01-2-1", Aisle: 1, X: 4, Y: 1}, {Bin: "A-02-1-1", Aisle: 2, X: 6, Y: 1},
	}
	for _, tt := range []struct {
		name string
		more []BinInfo
		want string
	}{
		{"all is well", nil, ""},
		{"no place", []BinInfo{{Bin: "B-1"}}, "bin-no-place"},
		{"one bin twice", []BinInfo{{Bin: "A-01-1-1", Aisle: 1, X: 2, Y: 1}}, "bin-twice"},
		{"two aisles in one place", []BinInfo{{Bin: "A-09-1-1", Aisle: 9, X: 2, Y: 1}}, "bin-same-place"},
		{"an aisle as wide as a hall", []BinInfo{{Bin: "A-02-9-1", Aisle: 2, X: 16, Y: 1}}, "aisle-wide"},
		{"centimetres instead of metres", []BinInfo{{Bin: "A-03-1-1", Aisle: 3, X: 900, Y: 100}}, "bin-far"},
	} {
		var codes []string
		for _, r := range CheckBins(append(good[:len(good):len(good)], tt.more...)) {
			codes = append(codes, r.Code)
		}
		if got := strings.Join(codes, " "); got != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
	if n := len(CheckBins(make([]BinInfo, 1000))); n != 20 {
		t.Errorf("%d things are said; want no more than 20", n)
	}
}
