package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Two aisles 5 apart with cross aisles at 1, 11 and 21; a product in each aisle of
// each block but one. The depot at 0, 0 has straight ways to both front crossings.
const graphFloor = `//Graph
//NbVerticesIntersections
6
//DepartingDepot
0
//ArrivalDepot
4
//Arcs
//Start End Distance
0 4 1
0 7 5.1
//LocStart LocEnd ShortestPath
0 1 3
0 2 9.1
0 3 14
1 2 %s
1 3 11
2 3 14
//Vertices coordinates LocationName
0 0 0 "depot"
1 0 3 "product aisle 0 bloc 0 rank 2"
2 5 5 "product aisle 1 bloc 0 rank 4"
3 0 14 "product aisle 0 bloc 1 rank 3"
4 0 1 "intersection aisle 0 bloc 0 rank 0"
5 0 11 "intersection aisle 0 bloc 1 rank 1"
6 0 21 "intersection aisle 0 bloc 2 rank 2"
7 5 1 "intersection aisle 1 bloc 0 rank 0"
8 5 11 "intersection aisle 1 bloc 1 rank 1"
9 5 21 "intersection aisle 1 bloc 2 rank 2"
10 0 0 "depot"
`

const mart = `//NbLocations
3
//NbProducts
3
//K: NbBoxesTrolley
2
//B: CapaBox
40
//Products
//Idx Location Volume
1 1 1
2 2 1
3 3 1
//Orders
//Nb Orders
2
//Idx M NbProdInOrder ProdIdx1 Qty1 ProdIdx2 Qty2 ...
1 1 2 1 4 3 2
2 1 1 2 1
` + graphFloor

const late = `//NbPickers
2
//CapaPicker
2
//TimeToTravelOneDistanceUnit
3
//SetupTime
100
//PickTime
10
//Products
//Idx Location Size
1 1 1
2 2 1
3 3 1
//Orders
//NbOrders
2
//Idx DueDate TardinessPenalty NbProdInOrder ProdIdx1 Qty1 ProdIdx2 Qty2 ...
1 1000 0 1 1 1
2 150 0 1 3 1
` + graphFloor

const waveText = `3 2 2
1 0 2
1 1 1
2 0 1 1 1
2 0 3 1 1
1 1 5
1 4
`

func put(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.txt")
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFoodmart(t *testing.T) {
	in, err := foodmart(put(t, strings.Replace(mart, "%s", "11", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if !in.open || in.cart.Slots != 2 || len(in.orders) != 2 || in.orders[0].slots != 1 {
		t.Errorf("read %+v", in)
	}
	res, err := in.solve(options{time: 200 * time.Millisecond, workers: 1, busy: true})
	// Up aisle 0 to 14, back to the middle cross aisle, down aisle 1, straight home.
	if want := 14 + 14 + 9.1; err != nil || res.value > want+0.05 || res.value < want-0.05 {
		t.Errorf("solve = %v, %v; want about %v", res.value, err, want)
	}
	if _, err := foodmart(put(t, strings.Replace(mart, "%s", "17", 1))); err == nil {
		t.Error("paths that are not those of the coordinates were believed")
	}
}

func TestKris(t *testing.T) {
	in, err := kris(put(t, strings.Replace(late, "%s", "11", 1)))
	if err != nil {
		t.Fatal(err)
	}
	// Order 2 is due at 150 and takes 100 + 3*28 + 10 = 194 however it is carried.
	if _, err := in.solve(options{time: 200 * time.Millisecond, workers: 1, busy: true}); err == nil || !strings.Contains(err.Error(), "is due at") {
		t.Errorf("the checker says %v about a late order", err)
	}
	in.orders[1].due *= 2
	// Together 100 + 3*28 + 20 = 204, in time.
	if res, err := in.solve(options{time: 200 * time.Millisecond, workers: 1, busy: true}); err != nil || res.value < 203.9 || res.value > 204.1 {
		t.Errorf("solve = %v, %v; want 204", res.value, err)
	}
}

func TestBacklog(t *testing.T) {
	b, err := readBacklog(put(t, waveText))
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.solve(options{time: 200 * time.Millisecond, workers: 1, busy: true})
	if err != nil || res.value != 4 || res.fcfs != 3 {
		t.Errorf("solve = %+v, %v; want 4 pieces from the first aisle, 3 by the rule", res, err)
	}
	for name, bad := range map[string][2][]int{
		"an aisle that lacks it": {{0}, {1}},
		"an order twice":         {{1, 1}, {0}},
		"too much":               {{0, 1, 2}, {0, 1}},
		"no aisle":               {{0}, nil},
	} {
		if _, err := b.check(bad[0], bad[1]); err == nil {
			t.Errorf("%s: the checker is content", name)
		}
	}
	for _, bad := range []string{"", "1 1 1\n1 0 1\n", "1 1 1\n1 7 1\n1 0 1\n1 2\n", "1 1 1\n2 0 1\n1 0 1\n1 2\n"} {
		if _, err := readBacklog(put(t, bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
