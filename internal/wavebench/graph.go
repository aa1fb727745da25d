package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"floord/wave"
)

// A graph is a file of the Foodmart or the Kris set: sections under comment lines,
// with all ways and the shortest path between each two of them. Products lie at
// places 1 and up, the depot is place 0.
type graph struct {
	head   map[string]float64
	place  []int // of each product; products count from 1
	orders [][]float64
	apart  map[[2]int]float64
	names  map[int]string
	at     map[int]point
	depot  [][2]float64 // the ways from the depot: place, length
}

func readGraph(path string) (*graph, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	g := &graph{head: map[string]float64{}, place: []int{0}, apart: map[[2]int]float64{}, names: map[int]string{}, at: map[int]point{}}
	section := ""
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if title, ok := strings.CutPrefix(line, "//"); ok {
			section = strings.TrimSpace(title)
			continue
		}
		text, name, named := strings.Cut(line, `"`)
		var v []float64
		for w := range strings.FieldsSeq(text) {
			x, err := strconv.ParseFloat(w, 64)
			if err != nil || math.IsNaN(x) || math.Abs(x) > 1e9 {
				return nil, fmt.Errorf("line %d: %q is no number", n, w)
			}
			v = append(v, x)
		}
		switch {
		case len(v) == 0:
		case len(v) == 1:
			g.head[section] = v[0]
		case named && len(v) == 3:
			g.names[int(v[0])], g.at[int(v[0])] = strings.Trim(name, `"`), point{v[1], v[2]}
		case strings.HasPrefix(section, "Idx Location") && len(v) == 3:
			if int(v[0]) != len(g.place) {
				return nil, fmt.Errorf("line %d: product %v, want %d", n, v[0], len(g.place))
			}
			g.place = append(g.place, int(v[1]))
		case strings.HasPrefix(section, "Idx ") && len(v) >= 3:
			g.orders = append(g.orders, v)
		case strings.HasPrefix(section, "Start End") && len(v) == 3:
			if v[0] == 0 {
				g.depot = append(g.depot, [2]float64{v[1], v[2]})
			}
		case strings.HasPrefix(section, "LocStart") && len(v) == 3:
			g.apart[[2]int{int(v[0]), int(v[1])}] = v[2]
		default:
			return nil, fmt.Errorf("line %d: %q in section %q", n, line, section)
		}
	}
	if len(g.orders) == 0 || len(g.depot) == 0 || len(g.place) < 2 {
		return nil, fmt.Errorf("%d orders, %d ways from the depot, %d products", len(g.orders), len(g.depot), len(g.place)-1)
	}
	return g, lines.Err()
}

// problem makes the floor of the names and coordinates, and holds it against the
// paths that the file gives.
func (g *graph) problem() (*problem, error) {
	p := &problem{apartOf: g.apart, place: map[int]int{}}
	cross := map[int]float64{}
	aisles := map[int]float64{}
	gate := -1
	for i, name := range g.names {
		var aisle, block, rank int
		if n, _ := fmt.Sscanf(name, "intersection aisle %d bloc %d rank %d", &aisle, &block, &rank); n == 3 {
			aisles[aisle], cross[block] = g.at[i].x, g.at[i].y
			if len(g.depot) == 1 && int(g.depot[0][0]) == i {
				gate = aisle
			}
		}
	}
	for a := range len(aisles) {
		p.aisles = append(p.aisles, aisles[a])
	}
	for c := range len(cross) {
		p.cross = append(p.cross, cross[c])
	}
	switch {
	case len(p.cross) < 2 || len(p.aisles) == 0:
		return nil, fmt.Errorf("%d aisles, %d cross aisles", len(p.aisles), len(p.cross))
	case gate >= 0:
		p.depot = point{p.aisles[gate], p.cross[0] - g.depot[0][1]}
	default:
		p.open, p.depot = true, g.at[0]
	}
	spots := map[int]int{}
	for _, at := range g.place[1:] {
		if _, known := spots[at]; known {
			continue
		}
		var aisle, block, rank int
		if n, _ := fmt.Sscanf(g.names[at], "product aisle %d bloc %d rank %d", &aisle, &block, &rank); n != 3 || aisle < 0 || aisle >= len(p.aisles) {
			return nil, fmt.Errorf("place %d is %q", at, g.names[at])
		}
		spots[at] = len(p.spots)
		p.place[len(p.spots)] = at
		p.spots = append(p.spots, spot{aisle: aisle, cell: 1000*block + rank, y: g.at[at].y})
	}
	for _, o := range g.orders {
		n, lines := int(o[2]), o[3:] // Foodmart: number, boxes; Kris: number, due date, penalty
		if len(lines) != 2*n {
			n, lines = int(o[3]), o[4:]
		}
		if len(lines) != 2*n || n == 0 {
			return nil, fmt.Errorf("order %v", o)
		}
		var in order
		for k := 0; k < len(lines); k += 2 {
			product := int(lines[k])
			if product < 1 || product >= len(g.place) {
				return nil, fmt.Errorf("order %v: product %d is nowhere", o[0], product)
			}
			in.spots = append(in.spots, spots[g.place[product]])
		}
		p.orders = append(p.orders, in)
	}
	return p, p.agrees()
}

// agrees holds the floor against the shortest paths of the file. Ways of two
// decimals add up to a little more or less than the straight line.
func (p *problem) agrees() error {
	p.blur = 0.02
	for i, a := range p.spots {
		at := point{p.aisles[a.aisle], a.y}
		want, known := p.apartOf[[2]int{0, p.place[i]}]
		if got := p.geometric(p.depot, at); known && math.Abs(got-want) > p.blur {
			return fmt.Errorf("place %d is %v from the depot, by its coordinates %v", p.place[i], want, got)
		}
		for j, b := range p.spots {
			want, known := p.apartOf[[2]int{p.place[i], p.place[j]}]
			if got := p.geometric(at, point{p.aisles[b.aisle], b.y}); known && math.Abs(got-want) > p.blur {
				return fmt.Errorf("places %d and %d are %v apart, by their coordinates %v", p.place[i], p.place[j], want, got)
			}
		}
	}
	return nil
}

// foodmart reads an instance of Valle, Beasley and da Cunha: a trolley takes boxes,
// an order needs whole ones.
func foodmart(path string) (*problem, error) {
	g, err := readGraph(path)
	if err != nil {
		return nil, err
	}
	p, err := g.problem()
	if err != nil {
		return nil, err
	}
	p.cart.Slots = int(g.head["K: NbBoxesTrolley"])
	for i, o := range g.orders {
		p.orders[i].slots = int(o[1])
	}
	return p, nil
}

// A shift is an instance of van Gils and Braekers: orders have due times, and
// pickers carry one batch after another. Its value is the time of all batches.
type shift struct {
	*problem
	crew wave.Crew
}

func kris(path string) (*shift, error) {
	g, err := readGraph(path)
	if err != nil {
		return nil, err
	}
	p, err := g.problem()
	if err != nil {
		return nil, err
	}
	need := func(key string) float64 {
		if g.head[key] <= 0 && err == nil {
			err = fmt.Errorf("%s is %v", key, g.head[key])
		}
		return g.head[key]
	}
	p.cart.Stops = int(need("CapaPicker"))
	s := &shift{p, wave.Crew{
		Pickers: int(need("NbPickers")), MetresPerSecond: 1 / need("TimeToTravelOneDistanceUnit"),
		Setup: time.Duration(need("SetupTime")) * time.Second, PerStop: time.Duration(need("PickTime")) * time.Second,
	}}
	for i, o := range g.orders {
		p.orders[i].due = time.Duration(o[1]) * time.Second
	}
	return s, err
}

func (s *shift) solve(o options) (result, error) {
	var res result
	l, err := wave.NewLayout(s.bins(), s.geometry())
	if err != nil {
		return res, err
	}
	watch := begin()
	turns, err := wave.Schedule(context.Background(), l, s.loads(), s.cart, s.crew, o.effort())
	if err != nil {
		return res, err
	}
	batches := make([][]int, len(turns))
	for i, t := range turns {
		batches[i] = t.Loads
	}
	walks, err := s.walks(l, batches)
	if err != nil {
		return res, err
	}
	watch.stop(&res)
	first := s.firstFit()
	fixed := func(batches [][]int, metres float64) float64 {
		stops := 0
		for _, o := range s.orders {
			stops += len(o.spots)
		}
		return float64(len(batches))*s.crew.Setup.Seconds() + metres/s.crew.MetresPerSecond + float64(stops)*s.crew.PerStop.Seconds()
	}
	res.fcfs, res.sshape = fixed(first, s.inLocationOrder(first)), fixed(first, s.sShape(first))
	metres, err := s.check(batches, walks)
	res.value = fixed(batches, metres)
	if err == nil {
		err = s.onTime(turns, walks)
	}
	return res, err
}

// onTime refuses a schedule in which an order is late, a picker has two carts at a
// time, or a batch ends before it can.
func (s *shift) onTime(turns []wave.Turn, walks [][]int) error {
	busy := map[int][][2]time.Duration{}
	for i, t := range turns {
		stops := 0
		for _, o := range t.Loads {
			stops += len(s.orders[o].spots)
			if due := s.orders[o].due; t.End > due {
				return fmt.Errorf("order %d is due at %v and done at %v", o, due, t.End)
			}
		}
		least := s.crew.Setup + time.Duration(stops)*s.crew.PerStop + time.Duration(s.length(walks[i])/s.crew.MetresPerSecond*float64(time.Second))
		if t.Begin < 0 || t.End-t.Begin < least-time.Millisecond || t.Picker < 0 || t.Picker >= s.crew.Pickers {
			return fmt.Errorf("turn %d: picker %d from %v to %v, it takes %v", i, t.Picker, t.Begin, t.End, least)
		}
		for _, other := range busy[t.Picker] {
			if t.Begin < other[1] && other[0] < t.End {
				return fmt.Errorf("picker %d has two carts at %v", t.Picker, t.Begin)
			}
		}
		busy[t.Picker] = append(busy[t.Picker], [2]time.Duration{t.Begin, t.End})
	}
	return nil
}
