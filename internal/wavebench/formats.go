package main

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"floord/wave"
)

// A format reads the files of a set.
type format struct {
	dir  string
	more bool // is better
	read func(path string) (instance, error)
}

var formats = map[string]format{
	"henn_waescher":  {dir: "henn_waescher", read: as(oneBlock)},
	"muter_oncan_wg": {dir: "muter_oncan_wg", read: as(oneBlock)},
	"bahceci_oncan":  {dir: "bahceci_oncan", read: as(oneBlock)},
	"sprp_1block":    {dir: "sprp", read: as(oneBlock)},
	"sprp_2block":    {dir: "sprp", read: as(twoBlocks)},
	"retail_waves":   {dir: "retail_waves", read: as(retail)},
	"foodmart":       {dir: "foodmart", read: as(foodmart)},
	"kris_ibrsp":     {dir: "kris_ibrsp", read: as(kris)},
	"sbpo2025":       {dir: "sbpo2025", more: true, read: as(readBacklog)},
}

// as makes a reader of one kind of instance a reader of instances.
func as[I instance](read func(string) (I, error)) func(string) (instance, error) {
	return func(path string) (instance, error) { return read(path) }
}

// twoBlocks reads the text of one block and lays a cross aisle of the width of a
// cell behind half the cells.
func twoBlocks(path string) (*problem, error) {
	p, err := oneBlock(path)
	if err != nil {
		return nil, err
	}
	if p.cells%2 != 0 {
		return nil, fmt.Errorf("%d cells cannot be halved", p.cells)
	}
	front, back := p.cross[0], p.cross[1]
	mid := front + p.front + float64(p.cells/2-1)*p.cell + 1
	for i := range p.spots {
		if p.spots[i].y > mid-p.cell/2 {
			p.spots[i].y += 2 - p.cell
		}
	}
	if p.depot.y == back {
		p.depot.y += 2 - p.cell
	}
	p.cross = []float64{front, mid, back + 2 - p.cell}
	return p, nil
}

// oneBlock reads the text format of Hessler and Irnich. Its cell 0 lies at the
// back of the aisle.
func oneBlock(path string) (*problem, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head, weights := map[string]string{}, map[string]int{}
	p := &problem{}
	spotOf := map[string]int{}
	section, article := "", map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if key, value, ok := strings.Cut(line, ":"); ok {
			key = strings.TrimSpace(key)
			head[key] = strings.TrimSpace(value)
			if key == "NUM_ARTICLES_IN_ORDER" || key == "NUM_ARTICLES" && section == "ORDER_SECTION" {
				p.orders = append(p.orders, order{})
			}
			continue
		}
		if strings.HasSuffix(line, "_SECTION") {
			section = line
			if section == "SKU_SECTION" {
				if err := p.layOut(head); err != nil {
					return nil, err
				}
			}
			continue
		}
		clear(article)
		words := strings.Fields(line)
		for i := 0; i+1 < len(words); i += 2 {
			article[words[i]] = words[i+1]
		}
		id := article["ID"]
		switch {
		case id == "":
		case section == "ARTICLE_SECTION":
			weights[id] = 1
			if w, err := strconv.Atoi(article["WEIGHT"]); err == nil {
				weights[id] = w
			}
		case section == "SKU_SECTION":
			aisle, err1 := strconv.Atoi(article["AISLE"])
			cell, err2 := strconv.Atoi(article["CELL"])
			if err1 != nil || err2 != nil || aisle < 0 || aisle >= len(p.aisles) || cell < 0 || cell >= p.cells {
				return nil, fmt.Errorf("line %d: %q is nowhere", n, line)
			}
			if _, twice := spotOf[id]; twice {
				return nil, fmt.Errorf("line %d: article %s lies in two places", n, id)
			}
			spotOf[id] = len(p.spots)
			p.spots = append(p.spots, spot{aisle: aisle, cell: cell, y: p.cross[0] + p.front + float64(p.cells-1-cell)*p.cell})
		case section == "ORDER_SECTION" && len(p.orders) > 0:
			at, known := spotOf[id]
			qty, err := strconv.Atoi(article["QUANTITY"])
			if !known || err != nil {
				return nil, fmt.Errorf("line %d: %q cannot be picked", n, line)
			}
			o := &p.orders[len(p.orders)-1]
			o.spots = append(o.spots, at)
			o.grams += qty * weights[id]
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if capacity := head["PICKER_CAPACITY"]; capacity != "" {
		c, err := strconv.Atoi(capacity)
		if err != nil {
			return nil, fmt.Errorf("PICKER_CAPACITY: %w", err)
		}
		p.capacity(c)
	}
	if len(p.orders) == 0 {
		return nil, fmt.Errorf("there is no order")
	}
	return p, nil
}

// layOut makes the floor of the header.
func (p *problem) layOut(head map[string]string) error {
	number := func(key string) float64 {
		v, _ := strconv.ParseFloat(head[key], 64)
		return v
	}
	aisles, depot := int(number("NUM_AISLES")), int(number("DEPOT_AISLE"))
	p.cells, p.cell, p.front = int(number("NUM_CELLS")), number("DISTANCE_CELL_TO_CELL"), number("DISTANCE_BOTTOM_TO_CELL")
	if aisles < 1 || p.cells < 1 || depot < 0 || depot >= aisles {
		return fmt.Errorf("a floor of %d aisles, %d cells, depot at %d", aisles, p.cells, depot)
	}
	for a := range aisles {
		p.aisles = append(p.aisles, float64(a)*number("DISTANCE_AISLE_TO_AISLE"))
	}
	// The depot may lie off the cross aisle, so the floor begins behind it.
	back := p.front + float64(p.cells-1)*p.cell + number("DISTANCE_TOP_TO_CELL")
	p.cross = []float64{0, back}
	p.depot = point{p.aisles[depot], -number("DISTANCE_TOP_OR_BOTTOM_TO_DEPOT")}
	if head["DEPOT_LOCATION"] == "top" {
		p.depot.y = back + number("DISTANCE_TOP_OR_BOTTOM_TO_DEPOT")
	}
	return nil
}

// retail reads a wave of a shop's orders. Its cell 0 lies at the front.
func retail(path string) (*problem, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := io.Reader(bufio.NewReader(f))
	if magic, _ := text.(*bufio.Reader).Peek(2); string(magic) == "\x1f\x8b" {
		if text, err = gzip.NewReader(text); err != nil {
			return nil, err
		}
	}
	var in struct {
		Layout struct {
			Aisles    int     `json:"aisles"`
			Cells     int     `json:"cells"`
			AisleDist float64 `json:"aisle_dist"`
			CellDist  float64 `json:"cell_dist"`
			Front     float64 `json:"front_to_cell0"`
			Back      float64 `json:"back_to_last_cell"`
			Depot     int     `json:"depot_aisle"`
		} `json:"layout"`
		Totes int `json:"totes_per_cart"`
		Slots []struct {
			SKU   string `json:"sku"`
			Aisle int    `json:"aisle"`
			Cell  int    `json:"cell"`
		} `json:"slots"`
		Orders []struct {
			Lines [][]any `json:"lines"` // SKU, pieces
		} `json:"orders"`
	}
	if err := json.NewDecoder(text).Decode(&in); err != nil {
		return nil, err
	}
	g := in.Layout
	if g.Aisles < 1 || g.Cells < 1 || g.Depot < 0 || g.Depot >= g.Aisles {
		return nil, fmt.Errorf("a floor of %d aisles, %d cells, depot at %d", g.Aisles, g.Cells, g.Depot)
	}
	p := &problem{cells: g.Cells, cell: g.CellDist, front: g.Front, cart: wave.Cart{Slots: in.Totes}}
	for a := range g.Aisles {
		p.aisles = append(p.aisles, float64(a)*g.AisleDist)
	}
	p.cross = []float64{0, g.Front + float64(g.Cells-1)*g.CellDist + g.Back}
	p.depot = point{p.aisles[g.Depot], 0}
	spotOf := map[string]int{}
	for _, s := range in.Slots {
		if s.Aisle < 0 || s.Aisle >= g.Aisles || s.Cell < 0 || s.Cell >= g.Cells {
			return nil, fmt.Errorf("SKU %s is nowhere", s.SKU)
		}
		spotOf[s.SKU] = len(p.spots)
		p.spots = append(p.spots, spot{aisle: s.Aisle, cell: s.Cell, y: g.Front + float64(s.Cell)*g.CellDist})
	}
	for i, in := range in.Orders {
		o := order{slots: 1}
		for _, l := range in.Lines {
			at, known := 0, false
			if len(l) > 0 {
				sku, _ := l[0].(string)
				at, known = spotOf[sku]
			}
			if !known {
				return nil, fmt.Errorf("order %d: %v has no slot", i, l)
			}
			o.spots = append(o.spots, at)
		}
		p.orders = append(p.orders, o)
	}
	return p, nil
}
