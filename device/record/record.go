// Package record reads recorded bytes of any device and says what they mean.
package record

import (
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"floord/device"
	"floord/device/printer"
	"floord/device/scale"
	"floord/device/scanner"
)

// maxRecord is how many bytes one row may hold.
const maxRecord = 1 << 16

// DecodeCSV reads recorded bytes, a row each with the columns id, protocol,
// dialect and hex under a head that names them, and writes what they mean, a line
// of JSON each. Other columns are not looked at. Nothing is guessed: see
// scale.Means. The error names the line of a file that is not such a record;
// bytes that mean nothing are no error.
func DecodeCSV(w io.Writer, r io.Reader) error {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	in.FieldsPerRecord = -1 // people leave off empty columns at the end
	head, err := in.Read()
	if err != nil {
		return fmt.Errorf("record without a head: %w", err)
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff") // of a spreadsheet
	var columns [4]int
	for i, name := range []string{"id", "protocol", "dialect", "hex"} {
		if columns[i] = slices.Index(head, name); columns[i] < 0 {
			return fmt.Errorf("record without a column %q", name)
		}
	}
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if last := slices.Max(columns[:]); len(row) <= last {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("line %d: %d columns are too few: at least %d", line, len(row), last+1)
		}
		line, _ := in.FieldPos(columns[3])
		text := strings.Join(strings.Fields(row[columns[3]]), "")
		if len(text) > 2*maxRecord {
			return fmt.Errorf("line %d: %d bytes are too many: at most %d", line, len(text)/2, maxRecord)
		}
		data, err := hex.DecodeString(text)
		if err != nil {
			return fmt.Errorf("line %d: hex: %w", line, err)
		}
		m := Means(row[columns[1]], row[columns[2]], data)
		m.ID = row[columns[0]]
		if err := out.Encode(m); err != nil {
			return err
		}
	}
}

// Means says what bytes of a protocol mean. Of an unknown protocol nothing is known.
func Means(protocol, dialect string, data []byte) device.Meaning {
	for _, means := range []func(string, string, []byte) (device.Meaning, bool){printer.Means, scanner.Means, scale.Means} {
		if m, ok := means(protocol, dialect, data); ok {
			return m
		}
	}
	return device.Means(device.MeansReject, "unknown-protocol")
}
