package wave

import (
	"math"
	"slices"

	"floord/floor"
)

// Path gives the corners of the shortest way past bins in their order, for a drawing:
// along aisles and cross aisles, against no one-way aisle and past no blocked piece.
// It begins at the first bin, or with from at the depot, and ends at the last, or with
// home where walks end. Bins that cannot be walked to are left out.
func (l *Layout) Path(from bool, bins []floor.BinID, home bool) []Point {
	var stops []int32
	if from {
		stops = append(stops, depot)
	}
	for _, id := range bins {
		if p, err := l.find(id); err == nil {
			stops = append(stops, p)
		}
	}
	if home {
		stops = append(stops, depot)
	}
	var way []Point
	add := func(p Point) {
		if n := len(way); n == 0 || way[n-1] != p {
			way = append(way, p)
		}
	}
	for i, b := range stops {
		if i > 0 {
			for _, p := range l.corners(stops[i-1], b) {
				add(p)
			}
		}
		switch {
		case b != depot:
			add(Point{l.geo.Aisles[l.places[b].aisle].X, l.places[b].y})
		case i == 0 || len(l.geo.Drops) == 0:
			add(l.geo.Depot)
		}
	}
	return way
}

// corners lists the turns of the shortest way between two places or the depot. At the
// end of a walk the drop point is one of them.
func (l *Layout) corners(a, b int32) []Point {
	at := func(p int32, y Metres) Point { return Point{l.geo.Aisles[l.places[p].aisle].X, y} }
	switch {
	case a == b:
		return nil
	case l.rough != nil:
		return l.rough.corners(a, b)
	case a == depot:
		back := l.corners(b, a)
		slices.Reverse(back)
		return back
	case b == depot && l.geo.Open:
		return []Point{at(a, l.gate)}
	case b == depot:
		return []Point{at(a, l.gate), {l.geo.Depot.X, l.gate}}
	case l.places[a].aisle == l.places[b].aisle:
		return nil
	}
	best, least := l.gate, Metres(math.Inf(1))
	for _, y := range l.geo.CrossAisles {
		if m := abs(l.places[a].y-y) + abs(y-l.places[b].y); m < least {
			best, least = y, m
		}
	}
	return []Point{at(a, best), at(b, best)}
}

// corners is Layout.corners on a rough floor: crossing by crossing.
func (r *rough) corners(a, b int32) []Point {
	from, to := r.start, r.ends
	if a != depot {
		from = r.legs(r.l.places[a], false)
	}
	if b != depot {
		to = r.legs(r.l.places[b], true)
	}
	best, x, y := r.direct(a, b), -1, -1
	for i, f := range from {
		for k, t := range to {
			if m := f.m + r.apart[f.to][t.to] + t.m; m < best {
				best, x, y = m, i, k
			}
		}
	}
	if x < 0 {
		return nil
	}
	n := len(r.l.geo.CrossAisles)
	point := func(c int) Point { return Point{r.l.geo.Aisles[c/n].X, r.l.geo.CrossAisles[c%n]} }
	var way []Point
	if a == depot && !r.l.geo.Open {
		way = append(way, Point{r.l.geo.Depot.X, point(from[x].to).Y})
	}
	way = append(way, point(from[x].to))
	for c, end := from[x].to, to[y].to; c != end; {
		next := slices.IndexFunc(r.steps(c), func(s leg) bool {
			return abs(s.m+r.apart[s.to][end]-r.apart[c][end]) < 1e-9
		})
		if next < 0 {
			break // sums of lengths that differ by more than rounding cannot be
		}
		c = r.steps(c)[next].to
		way = append(way, point(c))
	}
	if b == depot {
		way = append(way, r.exit(y, point(to[y].to))...)
	}
	return way
}

// exit is the way from the crossing of the k-th of r.ends to where the walk ends.
func (r *rough) exit(k int, crossing Point) []Point {
	if len(r.l.geo.Drops) == 0 {
		if r.l.geo.Open {
			return nil
		}
		return []Point{{r.l.geo.Depot.X, crossing.Y}}
	}
	d := r.drops[k]
	return []Point{{d.X, crossing.Y}, d}
}
