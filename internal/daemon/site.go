package daemon

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"floord/floor"
	"floord/floor/foreman"
	"floord/internal/config"
	"floord/sync/channel/channelmap"
	"floord/sync/ledger"

	"github.com/pelletier/go-toml/v2"
)

// What a heading line of each of the site's files must have.
var (
	skuColumns   = []string{"sku", "name"}
	stockColumns = []string{"bin", "sku", "qty"}
)

// loadSite brings what floord.toml and its files say of SKUs, bins, stock and
// people into the ledger. What is there already is not written again; the stock
// file is the first count of bins that were never counted, and no more.
func (s *Site) loadSite() error {
	ctx := context.Background()
	if path := string(s.cfg.Catalogue.SKUs); path != "" {
		skus, err := readCSV(path, skuColumns, readSKU)
		if err != nil {
			return err
		}
		for part := range parts(skus) {
			if _, err := s.foreman.SetSKUs(ctx, s.by("skus"), part); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	if path := string(s.cfg.Catalogue.Bins); path != "" {
		bins, err := s.bins(path)
		if err != nil {
			return err
		}
		for part := range parts(bins) {
			if _, err := s.foreman.SetBins(ctx, s.by("bins"), part); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	if path := string(s.cfg.Catalogue.Stock); path != "" {
		if err := s.loadStock(ctx, path); err != nil {
			return err
		}
	}
	return s.loadPeople(ctx)
}

func (s *Site) by(what string) foreman.By { return foreman.Floord(s.keys.next(what)) }

// operator is whoever uses the commands on the machine itself.
func (s *Site) operator(what string) foreman.By {
	by := s.by(what)
	by.As = "operator"
	return by
}

// parts cuts a list into pieces that fit one commit.
func parts[T any](list []T) func(func([]T) bool) {
	return func(yield func([]T) bool) {
		for from := 0; from < len(list); from += 500 {
			if !yield(list[from:min(from+500, len(list))]) {
				return
			}
		}
	}
}

func (s *Site) loadStock(ctx context.Context, path string) error {
	rows, err := readCSV(path, stockColumns, readStock)
	if err != nil {
		return err
	}
	rows = gather(rows)
	for part := range parts(rows) {
		fresh, _, err := s.unseen(part)
		if err == nil && len(fresh) > 0 {
			_, err = s.foreman.FirstCount(ctx, s.by("stock"), fresh)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// loadPeople sets the people of floord.toml. Those added on the pages stay.
func (s *Site) loadPeople(ctx context.Context) error {
	for _, p := range s.cfg.People {
		badge := p.Badge
		if p.BadgeFile != "" {
			var err error
			if badge, err = config.Secret(p.BadgeFile); err != nil {
				return fmt.Errorf("person %s: %w", p.ID, err)
			}
		}
		var have floor.Person
		err := s.ledger.Read(func(v *ledger.View) (err error) { have, _, err = v.Person(p.ID); return err })
		if err != nil {
			return err
		}
		want := floor.Person{ID: p.ID, Name: p.Name, Roles: p.Roles, Lang: p.Lang, Team: p.Team}
		if samePerson(have, want, badge) {
			continue
		}
		if _, err := s.foreman.SetPerson(ctx, s.by("person"), want, badge); err != nil {
			return fmt.Errorf("person %s: %w", p.ID, err)
		}
	}
	return nil
}

func samePerson(have, want floor.Person, badge string) bool {
	return have.Name == want.Name && have.Lang == want.Lang && have.Team == want.Team && !have.Gone && have.Badge == foreman.Hash(badge) && slices.Equal(have.Roles, want.Roles)
}

// maxMillilitres is the most that one piece may take: ten cubic metres.
const maxMillilitres = 10_000_000

// maxRows bounds a site's file.
const maxRows = 1_000_000

// readCSV reads a file with a header. needed columns must be there; others are
// optional. Every mistake is named with its line, up to ten.
func readCSV[T any](path string, needed []string, read func(map[string]string) (T, error)) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readRows(path, f, needed, read)
}

// bins reads a file of bins: CSV, or TOML with [[bin]] tables of the same keys.
func (s *Site) bins(path string) ([]floor.BinInfo, error) {
	if !strings.HasSuffix(path, ".toml") {
		return readCSV(path, s.binColumns(), s.readBin)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Bins []map[string]any `toml:"bin"`
	}
	if err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(&file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(file.Bins) > maxRows {
		return nil, fmt.Errorf("%s: more than %d bins", path, maxRows)
	}
	var out []floor.BinInfo
	var bad []error
	for i, b := range file.Bins {
		row := map[string]string{}
		for key, v := range b {
			row[key] = strings.TrimSpace(fmt.Sprint(v))
		}
		x, err := s.readBin(row)
		if err != nil {
			if bad = append(bad, fmt.Errorf("%s: [[bin]] %d: %w", path, i+1, err)); len(bad) == 10 {
				break
			}
			continue
		}
		out = append(out, x)
	}
	return out, errors.Join(bad...)
}

func readRows[T any](path string, in io.Reader, needed []string, read func(map[string]string) (T, error)) ([]T, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	columns := make([]string, len(header))
	for i, h := range header {
		columns[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
	}
	for _, n := range needed {
		if !slices.Contains(columns, n) {
			return nil, fmt.Errorf("%s: the header lacks the column %q", path, n)
		}
	}
	var out []T
	var bad []error
	row := map[string]string{}
	for len(bad) < 10 {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", path, err))
			break
		}
		if len(out) == maxRows {
			return nil, fmt.Errorf("%s: more than %d rows", path, maxRows)
		}
		for i, c := range columns {
			row[c] = strings.TrimSpace(record[i])
		}
		x, err := read(row)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s:%d: %w", path, line, err))
			continue
		}
		out = append(out, x)
	}
	return out, errors.Join(bad...)
}

func readSKU(row map[string]string) (floor.SKUInfo, error) {
	s := floor.SKUInfo{
		SKU: floor.SKU(row["sku"]), Name: row["name"], Spec: row["spec"], Barcode: row["barcode"], Category: row["category"],
	}
	if s.SKU == "" || len(s.SKU) > 64 || len(s.Name) > 200 || strings.Contains(string(s.SKU), "|") {
		return s, fmt.Errorf("sku %q: 1 to 64 bytes without | are wanted", s.SKU)
	}
	if g := row["grams"]; g != "" {
		n, err := strconv.ParseInt(g, 10, 64)
		if err != nil || n < 0 || n > int64(foreman.MaxWeight) {
			return s, fmt.Errorf("grams %q: a whole number from 0 to %d is wanted", g, foreman.MaxWeight)
		}
		s.Grams = floor.Grams(n)
	}
	if ml := row["ml"]; ml != "" {
		n, err := strconv.ParseInt(ml, 10, 64)
		if err != nil || n < 0 || n > maxMillilitres {
			return s, fmt.Errorf("ml %q: a whole number from 0 to %d is wanted", ml, maxMillilitres)
		}
		s.Millilitres = n
	}
	if value := row["value"]; value != "" {
		fen, err := channelmap.Yuan(value)
		if err != nil || fen < 0 {
			return s, fmt.Errorf("value %q: yuan with at most two decimals are wanted", value)
		}
		s.Value = fen
	}
	switch row["fragile"] {
	case "", "0", "no", "否":
	case "1", "yes", "是":
		s.Fragile = true
	default:
		return s, fmt.Errorf("fragile %q: yes or no is wanted", row["fragile"])
	}
	if s.Class = row["class"]; len(s.Class) > 32 || strings.ContainsAny(s.Class, "+|\x00") {
		return s, fmt.Errorf("class %q: at most 32 bytes without + and | are wanted", s.Class)
	}
	if days := row["min_days"]; days != "" {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 3650 {
			return s, fmt.Errorf("min_days %q: a whole number of days from 0 to 3650 is wanted", days)
		}
		s.MinDays = n
	}
	for _, ask := range strings.Fields(strings.ReplaceAll(row["ask"], ",", " ")) {
		switch ask {
		case floor.AskLot, floor.AskExpiry, floor.AskSerial:
			s.Ask = append(s.Ask, ask)
		default:
			return s, fmt.Errorf("ask %q: lot, expiry or serial are wanted", ask)
		}
	}
	return s, nil
}

// binColumns are those that a bins file must have: names alone, where they say where
// bins lie.
func (s *Site) binColumns() []string {
	if s.cfg.Layout.Names.Form != "" {
		return []string{"bin"}
	}
	return []string{"bin", "zone", "aisle", "x", "y"}
}

// readBin reads a bin; one without a place gets what its name says.
func (s *Site) readBin(row map[string]string) (floor.BinInfo, error) {
	b, err := readBin(row)
	if err == nil && b.Aisle == 0 {
		form, err := s.cfg.Layout.Names.BinForm()
		if err != nil {
			return b, err
		}
		form.Place(&b)
	}
	return b, err
}

func readBin(row map[string]string) (floor.BinInfo, error) {
	b := floor.BinInfo{Bin: floor.BinID(row["bin"]), Zone: row["zone"]}
	switch row["use"] {
	case "", "pick", "拣货":
	case "reserve", "备货":
		b.Reserve = true
	default:
		return b, fmt.Errorf("use %q: pick or reserve is wanted", row["use"])
	}
	if b.Bin == "" || len(b.Bin) > 64 || strings.Contains(string(b.Bin), "|") {
		return b, fmt.Errorf("bin %q: 1 to 64 bytes without | are wanted", b.Bin)
	}
	if row["aisle"] == "" {
		return b, nil // its place is not known: orders for it are set aside, and say so
	}
	var errs [3]error
	b.Aisle, errs[0] = strconv.Atoi(row["aisle"])
	b.X, errs[1] = strconv.ParseFloat(row["x"], 64)
	b.Y, errs[2] = strconv.ParseFloat(row["y"], 64)
	if err := errors.Join(errs[:]...); err != nil || b.Aisle < 1 {
		return b, fmt.Errorf("bin %s: aisle %q, x %q, y %q are not all numbers", b.Bin, row["aisle"], row["x"], row["y"])
	}
	return b, nil
}

// readStock reads what lies, or is to come, at a spot. lot, expiry and pool may be left
// out; pool is sellable then.
func readStock(row map[string]string) (floor.Stock, error) {
	s := floor.Stock{Spot: floor.Spot{Bin: floor.BinID(row["bin"]), SKU: floor.SKU(row["sku"]), Lot: floor.Lot{No: row["lot"], Expiry: row["expiry"]}}}
	n, err := strconv.Atoi(row["qty"])
	if err != nil || n < 0 || n > foreman.MaxCount {
		return s, fmt.Errorf("qty %q: a whole number from 0 to %d is wanted", row["qty"], foreman.MaxCount)
	}
	if _, err := time.Parse(time.DateOnly, s.Expiry); s.Expiry != "" && err != nil {
		return s, fmt.Errorf("expiry %q: a day as 2026-11-30 is wanted", s.Expiry)
	}
	if len(s.No) > 64 {
		return s, fmt.Errorf("lot %q: at most 64 bytes are wanted", s.No)
	}
	switch floor.Pool(row["pool"]) {
	case "", floor.Sellable, "销售":
		s.Add(floor.Sellable, n)
	case floor.Inspection, "质检":
		s.Add(floor.Inspection, n)
	case floor.Transit, "在途":
		s.Add(floor.Transit, n)
	default:
		return s, fmt.Errorf("pool %q: sellable, inspection or transit is wanted", row["pool"])
	}
	return s, nil
}

// gather puts the pools of a spot together: a file has a row for each. Rows of one bin
// follow each other, so that most lots of a bin come in one commit.
func gather(rows []floor.Stock) []floor.Stock {
	at := map[floor.Spot]int{}
	var out []floor.Stock
	for _, r := range rows {
		i, ok := at[r.Spot]
		if !ok {
			at[r.Spot] = len(out)
			out = append(out, r)
			continue
		}
		out[i].OnHand += r.OnHand
		out[i].Inspection += r.Inspection
		out[i].Transit += r.Transit
	}
	return out
}
