package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Three orders on a floor of two aisles with four cells; cell 0 is at the back.
const text = `NAME : small
PICKER_CAPACITY : 3
NUM_AISLES : 2
NUM_CELLS : 4
DEPOT_AISLE : 0
DEPOT_LOCATION : bottom
DISTANCE_AISLE_TO_AISLE : 5
DISTANCE_CELL_TO_CELL : 1
DISTANCE_TOP_TO_CELL : 1
DISTANCE_BOTTOM_TO_CELL : 1
DISTANCE_TOP_OR_BOTTOM_TO_DEPOT : 0
ARTICLE_SECTION
ID 0 WEIGHT 1
ID 1 WEIGHT 1
ID 2 WEIGHT 1
SKU_SECTION
ID 0 AISLE 0 CELL 3 QUANTITY 1 LEFT_RIGHT_HAND_SIDE left
ID 1 AISLE 1 CELL 3 QUANTITY 1 LEFT_RIGHT_HAND_SIDE left
ID 2 AISLE 0 CELL 0 QUANTITY 1 LEFT_RIGHT_HAND_SIDE right
ORDER_SECTION
NUM_ORDERS : 3
NUM_ARTICLES_IN_ORDER : 2
ID 0 QUANTITY 1
ID 2 QUANTITY 1
NUM_ARTICLES_IN_ORDER : 1
ID 1 QUANTITY 2
NUM_ARTICLES_IN_ORDER : 1
ID 0 QUANTITY 1
EOF
`

const wave3 = `{"layout":{"aisles":2,"cells":4,"aisle_dist":5,"cell_dist":1,"front_to_cell0":1,"back_to_last_cell":1,"depot_aisle":0},
"totes_per_cart":2,"slots":[{"sku":"a","aisle":0,"cell":0},{"sku":"b","aisle":1,"cell":0},{"sku":"c","aisle":0,"cell":3}],
"orders":[{"lines":[["a",1],["c",1]]},{"lines":[["b",2]]},{"lines":[["a",1]]}]}`

// folder writes the small instances and their references.
func folder(t *testing.T) options {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("henn_waescher/small.txt", text)
	write("sprp/small.txt", strings.Replace(text, "PICKER_CAPACITY : 3\n", "", 1))
	var z strings.Builder
	w := gzip.NewWriter(&z)
	io.WriteString(w, wave3)
	w.Close()
	write("retail_waves/small.json.gz", z.String())
	write("ref.csv", "set,file,reference_value,proven_optimal,objective\n"+
		"henn_waescher,small.txt,20,True,d\nsprp_2block,small.txt,20,True,d\nretail_waves,small.json.gz,20,True,d\n")
	return options{dir: dir, ref: filepath.Join(dir, "ref.csv"), time: 200 * time.Millisecond, workers: 1, every: 1, busy: true}
}

// The first aisle to its last cell and back is 8, the near cell of the second 12.
// By totes, first fit puts the second order with the first.
func TestRun(t *testing.T) {
	var out, summary strings.Builder
	if err := folder(t).run(&out, &summary); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"henn_waescher,small.txt,20,20,1.0000,True,20,20,true,",
		"retail_waves,small.json.gz,20,20,1.0000,True,22,22,true,",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("rows\n%swant %s", out.String(), want)
		}
	}
	if !strings.Contains(summary.String(), "henn_waescher: 1 instances, ratio mean 1.0000 worst 1.0000, 1 at the reference or better") {
		t.Errorf("summary\n%s", summary.String())
	}
}

// Files as others write them are read, and one that cannot be read does not keep the
// others from being planned.
func TestRunGoesOn(t *testing.T) {
	o := folder(t)
	loose := strings.ReplaceAll(strings.ReplaceAll(text, " : ", ":"), "\n", "\r\n\r\n")
	backlog := "2 2 1\r\n\r\n1 0 2\r\n1 1 1\r\n\r\n2 0 2 1 1\r\n\r\n1 3\r\n"
	refs := "set,file,reference_value,proven_optimal,objective\r\nhenn_waescher,gone.txt,20,True,d\r\nhenn_waescher,loose.txt,,,\r\n" +
		"\r\nretail_waves,plain.json,20,True\r\nsbpo2025,b.txt,3,True,d\r\nof_tomorrow,x.txt,1,True,d\r\n"
	for name, content := range map[string]string{"henn_waescher/loose.txt": loose, "retail_waves/plain.json": wave3, "sbpo2025/b.txt": backlog, "ref.csv": refs} {
		path := filepath.Join(o.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out, summary strings.Builder
	if err := o.run(&out, &summary); err == nil || !strings.Contains(err.Error(), "henn_waescher gone.txt") {
		t.Errorf("err = %v, want the file that is not there", err)
	}
	for _, want := range []string{
		"henn_waescher,loose.txt,20,,,,20,20,true,",
		"retail_waves,plain.json,20,20,1.0000,True,22,22,true,",
		"sbpo2025,b.txt,3,3,1.0000,True,3,,true,",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("rows\n%swant %s", out.String(), want)
		}
	}
	if !strings.Contains(summary.String(), "of_tomorrow: not read by this program") {
		t.Errorf("summary\n%s", summary.String())
	}
}

// Orders drawn from invoices are planned on every slotting, and what is no sale is left out.
func TestScale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sales.csv")
	sales := "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
	for i := range 40 {
		sales += fmt.Sprintf("%d,%d,CUP,2,2009-12-01 07:45:00,1.5,1,UK\r\n%d,%d,JAR,1,2009-12-01 07:45:00,1.5,1,UK\n", i, 1000+i%7, i, 2000+i%5)
	}
	sales += "C9,9999,CUP,-2,2009-12-01 07:45:00,1.5,1,UK\n77,POST,POSTAGE,1,2009-12-01 07:45:00,3,1,UK\n"
	if err := os.WriteFile(path, []byte(sales), 0o644); err != nil {
		t.Fatal(err)
	}
	orders, goods, err := readInvoices(path)
	if err != nil || len(orders) != 40 || len(goods) != 12 {
		t.Fatalf("%d orders of %d goods, %v; want 40 of 12", len(orders), len(goods), err)
	}
	var out, summary strings.Builder
	o := options{orders: path, count: 60, tries: 500, seed: 1, workers: 2}
	if err := o.scale(&out, &summary); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(out.String(), ",true,"); rows != len(slottings) {
		t.Errorf("%d of %d slottings were planned:\n%s", rows, len(slottings), out.String())
	}
}

func TestTheCheckerRefuses(t *testing.T) {
	o := folder(t)
	p, err := oneBlock(filepath.Join(o.dir, "henn_waescher", "small.txt"))
	if err != nil {
		t.Fatal(err)
	}
	good := [][]int{{0, 2}, {1}}
	if m, err := p.check(good, [][]int{{0, 2}, {1}}); err != nil || m != 20 {
		t.Errorf("check = %v, %v; want 20", m, err)
	}
	for name, bad := range map[string][2][][]int{
		"an order left out":   {{{0, 2}}, {{0, 2}}},
		"an order twice":      {{{0, 2}, {1}, {2}}, {{0, 2}, {1}, {0}}},
		"too much on a cart":  {{{0, 1, 2}}, {{0, 1, 2}}},
		"a place passed by":   {good, {{0}, {1}}},
		"a place for nothing": {good, {{0, 2}, {1, 2}}},
	} {
		if _, err := p.check(bad[0], bad[1]); err == nil {
			t.Errorf("%s: the checker is content", name)
		}
	}
}

func TestASecondBlockLengthensTheAisle(t *testing.T) {
	o := folder(t)
	p, err := twoBlocks(filepath.Join(o.dir, "sprp", "small.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.cross) != 3 || p.cross[1] != 3 || p.cross[2] != 6 || p.spots[0].y != 1 || p.spots[2].y != 5 {
		t.Errorf("cross aisles %v, spots %v; want the middle at 3, the back at 6, cells at 1 2 4 5", p.cross, p.spots)
	}
}

func TestReadersRefuse(t *testing.T) {
	o := folder(t)
	path := filepath.Join(o.dir, "henn_waescher", "small.txt")
	for name, swap := range map[string][2]string{
		"an aisle that is not there": {"ID 2 AISLE 0", "ID 2 AISLE 7"},
		"an article that is not":     {"ID 1 QUANTITY 2", "ID 9 QUANTITY 2"},
		"no floor":                   {"NUM_AISLES : 2", "NUM_AISLES : 0"},
		"capacity in words":          {"PICKER_CAPACITY : 3", "PICKER_CAPACITY : three"},
	} {
		if err := os.WriteFile(path, []byte(strings.Replace(text, swap[0], swap[1], 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := oneBlock(path); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := retail(path); err == nil {
		t.Error("text was read as a gzipped wave")
	}
}

func FuzzOneBlock(f *testing.F) {
	f.Add(text)
	f.Fuzz(func(t *testing.T, s string) {
		path := filepath.Join(t.TempDir(), "f.txt")
		if err := os.WriteFile(path, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := oneBlock(path)
		if err != nil {
			return
		}
		if len(p.orders) == 0 || math.IsNaN(p.inLocationOrder(p.firstFit())) {
			t.Errorf("%d orders were read", len(p.orders))
		}
	})
}
