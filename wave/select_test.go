package wave

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"reflect"
	"testing"

	"floord/floor"

	"pgregory.net/rapid"
)

func drawBacklog(t *rapid.T) Backlog {
	pieces := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Piece {
		return Piece{floor.SKU(fmt.Sprint(rapid.IntRange(1, 5).Draw(t, "sku"))), rapid.IntRange(1, 3).Draw(t, "qty")}
	}), 0, 4)
	b := Backlog{
		Orders: rapid.SliceOfN(pieces, 0, 7).Draw(t, "orders"), Aisles: rapid.SliceOfN(pieces, 0, 5).Draw(t, "aisles"),
		Least: rapid.IntRange(0, 6).Draw(t, "least"),
	}
	b.Most = b.Least + rapid.IntRange(1, 10).Draw(t, "room")
	return b
}

// pieces counts what the chosen orders want and the aisles lack; sets are bits.
func (b Backlog) pieces(orders, aisles int) (want, lack int) {
	left := map[floor.SKU]int{}
	for i, list := range b.Aisles {
		for _, p := range list {
			left[p.SKU] += p.Qty * (aisles >> i & 1)
		}
	}
	for i, list := range b.Orders {
		for _, p := range list {
			left[p.SKU] -= p.Qty * (orders >> i & 1)
			want += p.Qty * (orders >> i & 1)
		}
	}
	for _, n := range left {
		lack += max(0, -n)
	}
	return want, lack
}

func bitsOf(list []int) (set int) {
	for _, i := range list {
		set |= 1 << i
	}
	return set
}

// Every selection is possible, none is better than the best of all, and nearly all
// are as good.
func TestSelectFindsTheBestOfFew(t *testing.T) {
	found, all := 0.0, 0.0
	rapid.Check(t, func(t *rapid.T) {
		b := drawBacklog(t)
		best := 0.0
		for aisles := 1; aisles < 1<<len(b.Aisles); aisles++ {
			for orders := range 1 << len(b.Orders) {
				if want, lack := b.pieces(orders, aisles); lack == 0 && want >= max(1, b.Least) && want <= b.Most {
					best = max(best, float64(want)/float64(bits.OnesCount(uint(aisles))))
				}
			}
		}
		e := Effort{Iterations: 500, Workers: 2}
		s, err := Select(t.Context(), b, e)
		if best == 0 && errors.Is(err, ErrNoWave) {
			return
		}
		if err != nil {
			t.Logf("missed %v: %v", best, err)
			all += best
			return
		}
		want, lack := b.pieces(bitsOf(s.Orders), bitsOf(s.Aisles))
		if want != s.Pieces || lack > 0 || want < b.Least || want > b.Most || len(s.Aisles) == 0 {
			t.Fatalf("Select(%+v) = %+v: %d pieces, %d are lacking", b, s, want, lack)
		}
		rate := float64(want) / float64(len(s.Aisles))
		if rate > best {
			t.Fatalf("%v pieces an aisle, the best is %v", rate, best)
		}
		found, all = found+rate, all+best
		if again, _ := Select(t.Context(), b, e); !reflect.DeepEqual(again, s) {
			t.Errorf("the same effort gave %+v and %+v", s, again)
		}
	})
	if found < 0.99*all {
		t.Errorf("selections have %.3f of the best, want 0.99", found/all)
	}
}

func TestSelectRefuses(t *testing.T) {
	good := []Piece{{"a", 1}}
	for name, b := range map[string]Backlog{
		"bounds crossed":   {Orders: [][]Piece{good}, Least: 5, Most: 4},
		"nothing at most":  {Orders: [][]Piece{good}},
		"no pieces":        {Orders: [][]Piece{{{"a", 0}}}, Most: 4},
		"a nameless piece": {Aisles: [][]Piece{{{"", 1}}}, Most: 4},
	} {
		if _, err := Select(t.Context(), b, Effort{}); err == nil || errors.Is(err, ErrNoWave) {
			t.Errorf("%s: %v", name, err)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Select(over, Backlog{Orders: [][]Piece{good}, Aisles: [][]Piece{good}, Most: 4}, Effort{Spent: func() float64 { return 0 }}); !errors.Is(err, ErrNoWave) {
		t.Errorf("Select = %v, want ErrNoWave when there was no time", err)
	}
}
