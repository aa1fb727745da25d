package address

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// TryCSV reads rows with the columns id and raw, whatever else they have, and
// prints how each address is understood as JSON, one a line.
func TryCSV(w io.Writer, r io.Reader) error {
	in := csv.NewReader(r)
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("addresses: the file is empty")
	}
	if err != nil {
		return fmt.Errorf("addresses: %w", err)
	}
	head = slices.Clone(head)
	head[0] = trimMark(head[0])
	id, raw := slices.Index(head, "id"), slices.Index(head, "raw")
	if id < 0 || raw < 0 {
		return errors.New("addresses: the first row must name the columns id and raw")
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("addresses: %w", err)
		}
		if len(row) <= max(id, raw) {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("addresses: line %d has no %s", line, "id or raw")
		}
		if err := out.Encode(lineOf(row[id], Parse(row[raw]))); err != nil {
			return err
		}
	}
}

// trimMark drops the byte order mark that spreadsheets write.
func trimMark(s string) string {
	const mark = "\ufeff"
	if len(s) >= len(mark) && s[:len(mark)] == mark {
		return s[len(mark):]
	}
	return s
}

// line is the printed form of an address.
type line struct {
	ID         string   `json:"id"`
	Province   string   `json:"province"`
	City       string   `json:"city"`
	District   string   `json:"district"`
	Detail     string   `json:"detail"`
	Name       string   `json:"name"`
	Phone      string   `json:"phone"`
	Confidence float64  `json:"confidence"`
	Flags      []string `json:"flags"`
}

func lineOf(id string, a Address) line {
	return line{ID: id, Province: a.To.Province, City: a.To.City, District: a.To.District, Detail: a.To.Detail,
		Name: a.To.Name, Phone: a.To.Phone, Confidence: a.Confidence, Flags: append([]string{}, a.Flags...)}
}
