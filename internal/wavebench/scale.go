package main

import (
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"

	"floord/wave"
)

// The floor of the runs at scale: one block, every aisle the same.
const (
	scaleAisles = 30
	scaleCells  = 60
	scaleApart  = 3.0 // metres from aisle to aisle; a cell has 1
	scaleFront  = 1.5 // from a cross aisle to the first cell
	scaleTotes  = 20
	scaleLines  = 10 // of an order; larger ones are left to other walks
	scaleDraws  = 1  // seed of the orders and of random slots
)

// slottings says of each way to lay out goods which place comes first for the
// hottest article, by aisle and cell, as seen from the depot.
var slottings = []struct {
	name string
	sort func(aisle, cell int) float64 // the smaller, the hotter
}{
	{"random", nil},
	{"name", nil},
	{"distance", func(a, c int) float64 { return scaleApart*aside(a) + float64(c) }},
	{"within", func(a, c int) float64 { return 1000*aside(a) + float64(a) + float64(c)/1000 }},
	{"across", func(a, c int) float64 { return 1000*float64(c) + aside(a) }},
	{"classes", func(a, c int) float64 { // A, B and C goods by aisle, each in any order
		switch d := aside(a); {
		case d < 0.1*scaleAisles/2:
			return 0
		case d < 0.4*scaleAisles/2:
			return 1
		}
		return 2
	}},
}

// aside is how many aisles lie between the depot and aisle a.
func aside(a int) float64 { return math.Abs(float64(a - scaleAisles/2)) }

// scale plans so many orders drawn from real invoices, with the goods laid out in
// each way, and compares with first come, first fit with the shortest walks.
func (o options) scale(out, summary io.Writer) error {
	drawn, heat, err := readInvoices(o.orders)
	if err != nil {
		return err
	}
	rows := csv.NewWriter(out)
	defer rows.Flush()
	rows.Write(columns)
	t := &tally{set: "orders"}
	var bad error
	for _, s := range slottings {
		if o.sets != "" && !slices.Contains(strings.Split(o.sets, ","), s.name) {
			continue
		}
		p := layGoods(heat, s.name, s.sort)
		rnd := rand.New(rand.NewPCG(scaleDraws, 1))
		spotOf := map[string]int{}
		for i, sku := range heat {
			spotOf[sku.code] = i
		}
		for i := range o.count {
			in := order{slots: 1}
			k := rnd.IntN(len(drawn))
			if o.count <= len(drawn) { // each at most once, as they came
				k = i * len(drawn) / o.count
			}
			for _, code := range drawn[k] {
				in.spots = append(in.spots, spotOf[code])
			}
			p.orders = append(p.orders, in)
		}
		res, err := p.solve(o)
		bad = errors.Join(bad, err)
		l, err := wave.NewLayout(p.bins(), p.geometry())
		if err != nil {
			return err
		}
		first := p.firstFit()
		walks, err := p.walks(l, first)
		if err != nil {
			return err
		}
		ref := reference{set: "orders", file: strconv.Itoa(o.count) + " " + s.name, proven: "first fit, shortest walks"}
		if ref.value, err = p.check(first, walks); err != nil {
			return err
		}
		rows.Write(res.row(ref, err == nil))
		rows.Flush()
		t.add(ref, res)
	}
	t.write(summary)
	fmt.Fprintf(summary, "orders: at most %d MB of memory\n", peakMemory()>>20)
	return errors.Join(bad, rows.Error())
}

// A good is an article and how many lines ask for it.
type good struct {
	code  string
	lines int
}

// layGoods gives every article a cell: the hottest to what comes first, or all at
// random, or by name. Cells take as many as they must.
func layGoods(heat []good, name string, sort func(a, c int) float64) *problem {
	p := &problem{cells: scaleCells, cell: 1, front: scaleFront, cart: wave.Cart{Slots: scaleTotes}}
	for a := range scaleAisles {
		p.aisles = append(p.aisles, float64(a)*scaleApart)
	}
	p.cross = []float64{0, 2*scaleFront + scaleCells - 1}
	p.depot = point{p.aisles[scaleAisles/2], 0}
	var all []spot
	for a := range scaleAisles {
		for c := range scaleCells {
			all = append(all, spot{aisle: a, cell: c, y: scaleFront + float64(c)})
		}
	}
	rank := make([]int, len(heat))
	for i := range rank {
		rank[i] = i
	}
	rnd := rand.New(rand.NewPCG(scaleDraws, 2))
	if name != "name" {
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	if name == "name" {
		slices.SortFunc(rank, func(i, j int) int { return strings.Compare(heat[i].code, heat[j].code) })
	}
	if sort != nil {
		slices.SortStableFunc(all, func(x, y spot) int { return cmp.Compare(sort(x.aisle, x.cell), sort(y.aisle, y.cell)) })
	}
	p.spots = make([]spot, len(heat))
	for n, i := range rank {
		p.spots[i] = all[n*len(all)/len(heat)]
	}
	return p
}

// readInvoices reads Online Retail II: the lines of each invoice of at most
// scaleLines articles, in their order, and all articles, the hottest first.
// Cancellations and what is no article are left out.
func readInvoices(path string) (orders [][]string, heat []good, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	in := io.Reader(f)
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return nil, nil, err
		}
	}
	rows := csv.NewReader(in)
	rows.FieldsPerRecord = -1
	rows.ReuseRecord = true
	count := map[string]int{}
	var numbers []string
	lines := map[string][]string{}
	for n := 1; ; n++ {
		row, err := rows.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if len(row) < 6 {
			return nil, nil, fmt.Errorf("%s: row %d has %d columns, want 6 or more", path, n, len(row))
		}
		qty, err1 := strconv.ParseFloat(row[3], 64)
		price, err2 := strconv.ParseFloat(row[5], 64)
		if err1 != nil || err2 != nil || qty <= 0 || price <= 0 || row[1] == "" || row[1][0] < '0' || row[1][0] > '9' {
			continue
		}
		number, sku := strings.Clone(row[0]), strings.Clone(row[1])
		count[sku]++
		if lines[number] == nil {
			numbers = append(numbers, number)
		}
		if !slices.Contains(lines[number], sku) {
			lines[number] = append(lines[number], sku)
		}
	}
	for _, n := range numbers {
		if len(lines[n]) <= scaleLines {
			orders = append(orders, lines[n])
		}
	}
	if len(orders) == 0 {
		return nil, nil, fmt.Errorf("%s: no order of at most %d lines", path, scaleLines)
	}
	for sku, n := range count {
		heat = append(heat, good{sku, n})
	}
	slices.SortFunc(heat, func(a, b good) int { return cmp.Or(cmp.Compare(b.lines, a.lines), strings.Compare(a.code, b.code)) })
	return orders, heat, nil
}
