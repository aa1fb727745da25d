package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"floord/floor"
	"floord/wave"
)

// A backlog is an instance of the SBPO 2025 challenge of Mercado Livre: orders, what
// lies in each aisle, and how many pieces a wave may have. Its value is pieces for
// each aisle; more is better.
type backlog struct {
	orders, aisles []map[int]int // item -> pieces
	least, most    int
}

// readBacklog reads the number of orders, items and aisles; of each order, then of
// each aisle, a line with the number of its items and item and quantity of each;
// and the two bounds.
func readBacklog(path string) (*backlog, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	numbers := func() ([]int, error) {
		for blank := true; blank; blank = strings.TrimSpace(lines.Text()) == "" {
			if !lines.Scan() {
				return nil, errors.Join(errors.New("the file ends too early"), lines.Err())
			}
		}
		var out []int
		for w := range strings.FieldsSeq(lines.Text()) {
			n, err := strconv.Atoi(w)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("%q is no number", w)
			}
			out = append(out, n)
		}
		return out, nil
	}
	head, err := numbers()
	if err != nil || len(head) != 3 {
		return nil, fmt.Errorf("first line %v, want orders, items, aisles: %v", head, err)
	}
	b := &backlog{}
	for i := 0; i < head[0]+head[2]; i++ {
		in, err := numbers()
		if err != nil || len(in) < 1 || len(in) != 1+2*in[0] {
			return nil, fmt.Errorf("list %d: %v: %v", i, in, err)
		}
		list := map[int]int{}
		for k := 1; k < len(in); k += 2 {
			if in[k] >= head[1] {
				return nil, fmt.Errorf("list %d: item %d of %d", i, in[k], head[1])
			}
			list[in[k]] += in[k+1]
		}
		if i < head[0] {
			b.orders = append(b.orders, list)
		} else {
			b.aisles = append(b.aisles, list)
		}
	}
	bounds, err := numbers()
	if err != nil || len(bounds) != 2 {
		return nil, fmt.Errorf("bounds %v: %v", bounds, err)
	}
	b.least, b.most = bounds[0], bounds[1]
	return b, nil
}

func (b *backlog) solve(o options) (result, error) {
	var res result
	pieces := func(lists []map[int]int) [][]wave.Piece {
		out := make([][]wave.Piece, len(lists))
		for i, list := range lists {
			for item, n := range list {
				if n > 0 {
					out[i] = append(out[i], wave.Piece{SKU: floor.SKU(strconv.Itoa(item)), Qty: n})
				}
			}
		}
		return out
	}
	in := wave.Backlog{Orders: pieces(b.orders), Aisles: pieces(b.aisles), Least: b.least, Most: b.most}
	watch := begin()
	s, err := wave.Select(context.Background(), in, o.effort())
	if err != nil {
		return res, err
	}
	watch.stop(&res)
	res.fcfs = b.firstCome()
	res.value, err = b.check(s.Orders, s.Aisles)
	return res, err
}

// check recomputes a wave.
func (b *backlog) check(orders, aisles []int) (float64, error) {
	total, need, has := 0, map[int]int{}, map[int]int{}
	seen := map[int]bool{}
	for _, o := range orders {
		if o < 0 || o >= len(b.orders) || seen[o] {
			return 0, fmt.Errorf("order %d is not there, or twice", o)
		}
		seen[o] = true
		for item, n := range b.orders[o] {
			need[item] += n
			total += n
		}
	}
	clear(seen)
	for _, a := range aisles {
		if a < 0 || a >= len(b.aisles) || seen[a] {
			return 0, fmt.Errorf("aisle %d is not there, or twice", a)
		}
		seen[a] = true
		for item, n := range b.aisles[a] {
			has[item] += n
		}
	}
	if total < b.least || total > b.most || len(aisles) == 0 {
		return 0, fmt.Errorf("%d pieces from %d aisles, want %d to %d", total, len(aisles), b.least, b.most)
	}
	for item, n := range need {
		if n > has[item] {
			return 0, fmt.Errorf("item %d: %d pieces wanted, the aisles have %d", item, n, has[item])
		}
	}
	return float64(total) / float64(len(aisles)), nil
}

// firstCome is the rule of today: orders as they came while they fit and all aisles
// together have the pieces; each line is fetched from the first aisles that have it.
func (b *backlog) firstCome() float64 {
	left := make([]map[int]int, len(b.aisles))
	where := map[int][]int{}
	stock := map[int]int{}
	for a, list := range b.aisles {
		left[a] = map[int]int{}
		for item, n := range list {
			left[a][item] = n
			stock[item] += n
			where[item] = append(where[item], a)
		}
	}
	total, walked := 0, map[int]bool{}
	for _, o := range b.orders {
		size, fits := 0, true
		for item, n := range o {
			size += n
			fits = fits && n <= stock[item]
		}
		if !fits || total+size > b.most {
			continue
		}
		total += size
		for item, n := range o {
			stock[item] -= n
			for _, a := range where[item] {
				took := min(n, left[a][item])
				if took > 0 {
					left[a][item] -= took
					n -= took
					walked[a] = true
				}
			}
		}
	}
	if total < b.least || len(walked) == 0 {
		return 0
	}
	return float64(total) / float64(len(walked))
}
