package daemon

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"floord/floor"
	"floord/internal/config"
)

// maxOdd is how many things of one kind CheckFloor names.
const maxOdd = 20

// CheckFloor compares what the site's file says of the floor with the files of bins,
// articles and stock that it names, and writes what does not fit together. It reads
// files alone, so it can be asked before the first start and beside a daemon. It is
// false when the daemon would not start with them; what is only odd is written too.
func CheckFloor(cfg *config.Config, out io.Writer) (ok bool) {
	c := floorCheck{cfg: cfg, out: out, ok: true}
	bins := c.bins()
	skus := c.skus()
	c.stock(bins, skus)
	return c.ok
}

type floorCheck struct {
	cfg *config.Config
	out io.Writer
	ok  bool
}

// broken writes what the daemon would not start with.
func (c *floorCheck) broken(err error) {
	c.ok = false
	fmt.Fprintln(c.out, err)
}

// tell writes sentences about a file, at most maxOdd.
func (c *floorCheck) tell(path string, said []*floor.Refusal) {
	for i, r := range said {
		if i == maxOdd {
			fmt.Fprintf(c.out, "%s: +%d\n", path, len(said)-maxOdd)
			return
		}
		fmt.Fprintf(c.out, "%s: %s\n", path, r.Text("en"))
		if c.cfg.Site.Lang != "en" {
			fmt.Fprintf(c.out, "    %s\n", r.Text("zh"))
		}
	}
}

// bins gives the bins of the site's file by name; nil if it has none.
func (c *floorCheck) bins() map[floor.BinID]bool {
	path := string(c.cfg.Catalogue.Bins)
	if path == "" {
		return nil
	}
	bins, err := (&Site{cfg: c.cfg}).bins(path)
	if err != nil {
		c.broken(err)
		return nil
	}
	c.tell(path, floor.CheckBins(bins))
	known := map[floor.BinID]bool{}
	for _, b := range bins {
		known[b.Bin] = true
	}
	l, err := layoutOf(bins, c.cfg.Layout)
	if err != nil {
		c.broken(fmt.Errorf("%s: %w", path, err))
		return known
	}
	var shut []*floor.Refusal
	for _, b := range bins {
		if l != nil && b.Aisle > 0 && !l.Reaches(b.Bin) {
			shut = append(shut, floor.Refuse("bin-shut", "bin", b.Bin))
		}
	}
	c.tell(path, shut)
	return known
}

// skus gives the articles of the site's file by name; nil if it has none.
func (c *floorCheck) skus() map[floor.SKU]bool {
	path := string(c.cfg.Catalogue.SKUs)
	if path == "" {
		return nil
	}
	skus, err := readCSV(path, skuColumns, readSKU)
	if err != nil {
		c.broken(err)
		return nil
	}
	known := map[floor.SKU]bool{}
	for _, s := range skus {
		known[s.SKU] = true
	}
	return known
}

// stock holds the file of stock against bins and articles: a row of neither would end
// the start, an article that lies nowhere sets its orders aside.
func (c *floorCheck) stock(bins map[floor.BinID]bool, skus map[floor.SKU]bool) {
	path := string(c.cfg.Catalogue.Stock)
	if path == "" || bins == nil || skus == nil {
		return
	}
	rows, err := readCSV(path, stockColumns, readStock)
	if err != nil {
		c.broken(err)
		return
	}
	var unknown, nowhere []*floor.Refusal
	lies := map[floor.SKU]bool{}
	for _, r := range rows {
		lies[r.SKU] = true
		if !bins[r.Bin] {
			unknown = append(unknown, floor.Refuse("unknown-bin", "bin", r.Bin))
		}
		if !skus[r.SKU] {
			unknown = append(unknown, floor.Refuse("unknown-sku", "got", r.SKU))
		}
	}
	for _, s := range slices.Sorted(maps.Keys(skus)) {
		if !lies[s] {
			nowhere = append(nowhere, floor.Refuse("sku-nowhere", "sku", s))
		}
	}
	c.ok = c.ok && len(unknown) == 0
	c.tell(path, unknown)
	c.tell(path, nowhere)
}
