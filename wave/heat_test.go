package wave

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"floord/floor"

	"pgregory.net/rapid"
)

const week = 7 * 24 * time.Hour

func TestHeatHalves(t *testing.T) {
	h, err := NewHeat(week)
	if err != nil {
		t.Fatal(err)
	}
	h.Add("a", 8, noon)
	h.Add("a", 0, noon)
	h.Add("a", -3, noon)
	for _, tt := range []struct {
		after time.Duration
		want  float64
	}{{0, 8}, {week, 4}, {3 * week, 1}, {week / 2, 8 / math.Sqrt2}} {
		if got := h.At("a", noon.Add(tt.after)); math.Abs(got/tt.want-1) > 1e-6 {
			t.Errorf("after %v: %v, want %v", tt.after, got, tt.want)
		}
	}
	if got := h.At("b", noon); got != 0 {
		t.Errorf("a SKU never picked has heat %v", got)
	}
	if _, err := NewHeat(0); err == nil {
		t.Error("a half-life of nothing was accepted")
	}
}

// The state after any order of the same additions is the same, and it is the sum
// of the halved picks as one would write it down.
func TestHeatDoesNotDependOnTheOrderOfPicks(t *testing.T) {
	type pick struct {
		sku floor.SKU
		n   int
		ago time.Duration
	}
	rapid.Check(t, func(t *rapid.T) {
		half := time.Duration(rapid.IntRange(1, 500).Draw(t, "half-life")) * time.Hour
		picks := rapid.SliceOf(rapid.Custom(func(t *rapid.T) pick {
			return pick{
				floor.SKU(fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "sku"))), rapid.IntRange(1, 50).Draw(t, "n"),
				time.Duration(rapid.IntRange(0, 40*500*3600).Draw(t, "ago")) * time.Second,
			}
		})).Draw(t, "picks")
		one, _ := NewHeat(half)
		two, _ := NewHeat(half)
		want := map[floor.SKU]float64{}
		for _, p := range picks {
			one.Add(p.sku, p.n, noon.Add(-p.ago))
			want[p.sku] += float64(p.n) * math.Exp2(-float64(p.ago)/float64(half))
		}
		for _, p := range rapid.Permutation(picks).Draw(t, "mixed") {
			two.Add(p.sku, p.n, noon.Add(-p.ago))
		}
		if !reflect.DeepEqual(one, two) {
			t.Errorf("the order of picks shows")
		}
		for sku, w := range want {
			if got := one.At(sku, noon); math.Abs(got-w) > 1e-6*(1+w)*float64(len(picks)) {
				t.Errorf("heat of %s = %v, want %v", sku, got, w)
			}
			if one.At(sku, noon) != two.At(sku, noon) {
				t.Errorf("heat of %s differs in the last bit", sku)
			}
		}
	})
}

func TestHeatOfTheFloor(t *testing.T) {
	h, _ := NewHeat(week)
	h.Add("a", 3, noon)
	h.Add("b", 5, noon)
	h.Add("c", 8, noon.Add(-week))
	h.Add("d", 5, noon)
	if got := fmt.Sprintf("%.3v", h.Top(3, noon)); got != "[{b 5} {d 5} {c 4}]" {
		t.Errorf("Top = %v", got)
	}
	if got := len(h.Top(99, noon)) + len(h.Top(-1, noon)); got != 4 {
		t.Errorf("Top of more and of fewer than there are: %d", got)
	}
	bins := h.Bins(map[floor.BinID][]floor.SKU{"x": {"a", "b", "a"}, "y": {"z"}}, noon)
	if math.Abs(bins["x"]-8) > 1e-6 || bins["y"] != 0 {
		t.Errorf("Bins = %v, want x 8, y 0", bins)
	}
}
