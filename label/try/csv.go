package try

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// columns are those that every list has; "waybill" may be there too.
var columns = []string{"id", "name", "phone", "address"}

// tooLong is where a row says that it is longer than a label's. No column is
// called so: names are trimmed.
const tooLong = " too long"

// A list reads rows by the names of their columns.
type list struct {
	r      *csv.Reader
	header []string
}

// capped fails where a list goes on too long: an open quote reads to the end.
type capped struct {
	r    io.Reader
	left int
}

func (c *capped) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if c.left -= n; c.left < 0 {
		return 0, fmt.Errorf("the list is longer than %d bytes", maxList)
	}
	return n, err
}

func open(in io.Reader) (*list, error) {
	b := bufio.NewReader(&capped{in, maxList})
	if mark, err := b.Peek(3); err == nil && string(mark) == "\xef\xbb\xbf" {
		b.Discard(3) // they are there: Peek saw them
	}
	l := &list{r: csv.NewReader(b)}
	l.r.LazyQuotes, l.r.FieldsPerRecord = true, -1
	header, err := l.r.Read()
	if err == io.EOF {
		return nil, errors.New("the list is empty; its first row names the columns id, name, phone, address")
	}
	if err != nil {
		return nil, fmt.Errorf("first row: %w", err)
	}
	for i, h := range header {
		header[i] = strings.ToLower(strings.TrimSpace(h))
	}
	l.header = header
	for _, c := range columns {
		if !slices.Contains(header, c) {
			return nil, fmt.Errorf("no column %s in the first row (%.200q)", c, strings.Join(header, ","))
		}
	}
	return l, nil
}

// next gives a row. Cells beyond the columns are left out, cells that are not
// there are empty.
func (l *list) next() (map[string]string, error) {
	record, err := l.r.Read()
	if err != nil {
		return nil, err
	}
	size := 0
	for _, cell := range record {
		size += len(cell)
	}
	row := make(map[string]string, len(l.header))
	for i, h := range l.header {
		if _, there := row[h]; there {
			continue
		}
		row[h] = ""
		if i < len(record) {
			row[h] = record[i]
		}
	}
	if size > maxRow {
		row[tooLong] = fmt.Sprintf("%d bytes in a row; at most %d are read", size, maxRow)
	}
	return row, nil
}
