package wave_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"floord/floor"
	"floord/wave"
)

func reserveOf(bin, lot, expiry string, n int) floor.Stock {
	return floor.Stock{Spot: floor.Spot{Bin: floor.BinID(bin), SKU: "S", Lot: floor.Lot{No: lot, Expiry: expiry}}, OnHand: n}
}

func TestRefills(t *testing.T) {
	two := []floor.Stock{reserveOf("R-2", "L2", "2031-06-30", 50), reserveOf("R-1", "L1", "2031-01-31", 4), reserveOf("R-3", "", "", 90)}
	tests := []struct {
		name string
		need wave.Need
		want string
	}{
		{name: "enough lies there", need: wave.Need{Have: 10, Daily: 24, Reserve: two}, want: ""},
		{name: "orders wait: a day is brought with them", need: wave.Need{Waits: 6, Daily: 3, Reserve: two}, want: "R-1 4, R-2 5"},
		{name: "nobody waits yet, but the next hours will empty it", need: wave.Need{Have: 3, Daily: 24, Reserve: two}, want: "R-1 4, R-2 17"},
		{name: "the reserve has less", need: wave.Need{Waits: 9, Reserve: two[1:2]}, want: "R-1 4"},
		{name: "a reserve that is promised gives nothing", need: wave.Need{Waits: 9, Reserve: []floor.Stock{{Spot: two[0].Spot, OnHand: 5, Reserved: 3, Inspection: 2}}}, want: ""},
		{name: "what nobody asks for stays", need: wave.Need{Reserve: two}, want: ""},
	}
	for _, tt := range tests {
		tt.need.SKU, tt.need.To = "S", "A-1"
		tt.need.Reserve = slices.Clone(tt.need.Reserve)
		var got []string
		for _, r := range wave.Refills([]wave.Need{tt.need}, 4*time.Hour) {
			got = append(got, string(r.From.Bin)+" "+strconv.Itoa(r.Qty))
			for _, lang := range []string{"zh", "en"} {
				if text := r.Why.Text(lang); !strings.Contains(text, "A-1") || strings.Contains(text, "{") || strings.Contains(text, "%!") {
					t.Errorf("%s: %q", tt.name, text)
				}
			}
		}
		if got := strings.Join(got, ", "); got != tt.want {
			t.Errorf("%s: %q; want %q", tt.name, got, tt.want)
		}
	}
}

// A day's sale counts no more than three ordinary ones.
func TestGuard(t *testing.T) {
	for _, tt := range []struct {
		days []int
		want float64
	}{{nil, 0}, {[]int{0, 0}, 0}, {[]int{4, 4, 4, 4}, 4}, {[]int{4, 400, 4, 4}, 6}, {[]int{0, 0, 0, 8}, 2}} {
		if got := wave.Daily(tt.days); got != tt.want {
			t.Errorf("Daily(%v) = %v; want %v", tt.days, got, tt.want)
		}
	}
}
