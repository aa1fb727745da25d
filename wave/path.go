package wave

import "cmp"

// Path gives the corners of the way past the stops, along aisles and cross aisles,
// for a drawing. It knows no one-way and no blocked aisles.
func (l *Layout) Path(stops []Point) []Point {
	var way []Point
	for i, b := range stops {
		if i > 0 && stops[i-1].X != b.X {
			a := stops[i-1]
			best := l.geo.CrossAisles[0]
			for _, y := range l.geo.CrossAisles {
				if cmp.Less(abs(a.Y-y)+abs(b.Y-y), abs(a.Y-best)+abs(b.Y-best)) {
					best = y
				}
			}
			way = append(way, Point{a.X, best}, Point{b.X, best})
		}
		way = append(way, b)
	}
	return way
}
