package floor

import (
	"strings"
	"testing"
)

// Names of bins say where they lie; a name of another form says nothing.
func TestBinForm(t *testing.T) {
	tests := []struct {
		name, form, bin string
		sides           int
		want            BinInfo
		ok              bool
	}{
		{"zone, aisle, bay, level", "ZONE-AISLE-BAY-LEVEL", "A-03-12-1", 1, BinInfo{Zone: "A", Aisle: 3, X: 6, Y: 11}, true},
		{"two sides face each other", "ZONE-AISLE-BAY-LEVEL", "A-03-12-1", 2, BinInfo{Zone: "A", Aisle: 3, X: 6, Y: 5}, true},
		{"nothing between", "ZONEAISLE.BAY", "冷01.7", 1, BinInfo{Zone: "冷", Aisle: 1, X: 0, Y: 6}, true},
		{"no zone", "R AISLE/BAY", "R 2/1", 1, BinInfo{Aisle: 2, X: 3, Y: 0}, true},
		{"a zone with a corner of its own", "ZONE-AISLE-BAY", "B-2-3", 1, BinInfo{Zone: "B", Aisle: 2, X: 13, Y: 42}, true},
		{"another form", "ZONE-AISLE-BAY-LEVEL", "STAGE-1", 1, BinInfo{}, false},
		{"no aisle has number 0", "ZONE-AISLE-BAY", "A-0-1", 1, BinInfo{}, false},
		{"more than the form", "AISLE-BAY", "1-2-3", 1, BinInfo{}, false},
	}
	for _, tt := range tests {
		f, err := NewBinForm(tt.form)
		if err != nil {
			t.Fatal(err)
		}
		f.Sides, f.Zones = tt.sides, map[string]Corner{"B": {X: 10, Y: 40}}
		got, want := BinInfo{Bin: BinID(tt.bin)}, tt.want
		want.Bin = got.Bin
		if ok := f.Place(&got); ok != tt.ok || got != want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, ok, want)
		}
	}
	for _, form := range []string{"", "ZONE-BAY", "AISLE-BAY-BAY", "AISLE", strings.Repeat("-", 200) + "AISLE-BAY"} {
		if _, err := NewBinForm(form); err == nil || !strings.Contains(err.Error(), "AISLE and BAY are wanted") {
			t.Errorf("NewBinForm(%q) = %v", form, err)
		}
	}
}

func FuzzBinForm(f *testing.F) {
	f.Add("ZONE-AISLE-BAY-LEVEL", "A-03-12-1")
	f.Add("(AISLE[BAY", "(1[2")
	f.Add("AISLE\xffBAY", "1\xff2")
	f.Fuzz(func(t *testing.T, form, bin string) {
		b := BinInfo{Bin: BinID(bin)}
		if x, err := NewBinForm(form); err == nil && x.Place(&b) && (b.Aisle < 1 || b.X < 0 || b.Y < 0) {
			t.Errorf("%q puts %q at %+v", form, bin, b)
		}
	})
}
