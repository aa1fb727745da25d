package record_test

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"floord/device/record"
)

// A meaning is one line that DecodeCSV writes.
type meaning struct {
	ID, Outcome, Value, Unit, Mode string
	Grams                          json.Number
	Stable                         *bool
	Flags                          []string
	Frames                         []meaning
}

func decodeCSV(t *testing.T, rows string) []meaning {
	t.Helper()
	var out bytes.Buffer
	if err := record.DecodeCSV(&out, strings.NewReader(rows)); err != nil {
		t.Fatal(err)
	}
	var all []meaning
	for dec := json.NewDecoder(&out); dec.More(); {
		var m meaning
		if err := dec.Decode(&m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

// outcomes is what the words of testdata/frames.csv demand of a row of weights.
var outcomes = map[string]string{"ok": "weight", "resync": "weight", "error": "status", "reject": "reject", "incomplete": "incomplete"}

func TestFramesOfTheTrade(t *testing.T) {
	data, err := os.ReadFile("testdata/frames.csv")
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	lines, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got := decodeCSV(t, string(data))
	if len(got) != len(lines)-1 || len(got) < 126 {
		t.Fatalf("%d lines for %d rows", len(got), len(lines)-1)
	}
	type tally struct{ right, wrong int }
	tallies := map[string]*tally{}
	for i, l := range lines[1:] {
		row := map[string]string{}
		for c, cell := range l {
			row[lines[0][c]] = cell
		}
		n := tallies[row["protocol"]]
		if n == nil {
			n = &tally{}
			tallies[row["protocol"]] = n
		}
		if why := got[i].differs(row); why != "" {
			n.wrong++
			t.Errorf("%s %s %s: %s: %+v", row["id"], row["protocol"], row["dialect"], why, got[i])
			continue
		}
		n.right++
	}
	for _, p := range slices.Sorted(func(yield func(string) bool) {
		for p := range tallies {
			if !yield(p) {
				return
			}
		}
	}) {
		t.Logf("%-18s %3d right %3d wrong", p, tallies[p].right, tallies[p].wrong)
	}
}

// differs tells in which way m is not what the row says, or "".
func (m meaning) differs(row map[string]string) string {
	outcome := outcomes[row["expect"]]
	weight := row["kind"] == "weight" && outcome == "weight"
	if row["expect"] == "ok" && !weight {
		outcome = "status" // questions, answers to them, counts
	}
	stable := ""
	if m.Stable != nil {
		stable = map[bool]string{true: "1", false: "0"}[*m.Stable]
	}
	var flags []string
	if row["flags"] != "" {
		flags = strings.Split(row["flags"], ";")
	}
	slices.Sort(flags)
	slices.Sort(m.Flags)
	switch {
	case m.ID != row["id"] || m.Outcome != outcome:
		return "outcome"
	case m.Value != row["value"] || m.Unit != row["unit"]:
		return "value"
	case weight && (m.Mode != row["mode"] || !slices.Equal(m.Flags, flags)):
		return "mode or flags"
	case outcome == "status" && flags != nil && !slices.Equal(m.Flags, flags):
		return "flags"
	case weight && stable != row["stable"]:
		return "stable"
	case (m.Grams == "") != (row["grams"] == ""):
		return "grams"
	}
	if m.Grams != "" {
		a, _ := new(big.Rat).SetString(string(m.Grams))
		b, ok := new(big.Rat).SetString(row["grams"])
		if !ok || a.Cmp(b) != 0 {
			return "grams"
		}
	}
	return ""
}

func TestRecordsAreNotGuessed(t *testing.T) {
	const eq = "3d 30 35 31 2e 30 37 30 30 3d" // 70.150 low digit first, 51.0700 high digit first
	tests := []struct {
		name, protocol, dialect, hex string
		outcome, value, unit         string
	}{
		{"no dialect and two meanings", "yaohua-xk3190", "", eq, "ambiguous", "", ""},
		{"an unknown dialect and two meanings", "yaohua-xk3190", "tf9", eq, "ambiguous", "", ""},
		{"a dialect", "yaohua-xk3190", "eq-forward", eq, "weight", "51.0700", ""},
		{"the other", "yaohua-xk3190", "tf2-reversed", eq, "weight", "70.150", ""},
		{"no dialect, one meaning", "toledo-continuous", "", "022d30203030313234303030303030300d2d", "weight", "1.240", "kg"},
		{"no protocol", "", "", "53542c47532c2b2020312e3234306b670d0a", "weight", "1.240", "kg"},
		{"no dialect and a wrong checksum", "toledo-continuous", "", "022d30203030313234303030303030300d2c", "reject", "", ""},
		{"an unknown protocol", "xspl", "esc", "00", "reject", "", ""},
		{"a status byte of an unknown dialect", "escpos", "", "32", "ambiguous", "", ""},
		{"half a frame of a printer", "tspl", "esc-!-S", "02404040", "incomplete", "", ""},
		{"a frame of a printer with a wrong end", "tspl", "esc-!-S", "02404040400d0d0a", "reject", "", ""},
		{"two lines of three", "zpl", "~HS", "023033302c302c302c313232352c3030302c302c302c302c3030302c302c302c30030d0a", "incomplete", "", ""},
		{"a lone byte that is no status", "escpos", "DLE EOT 1", "00", "reject", "", ""},
		{"a GTIN with a wrong check digit", "scanner", "aim", "5d433130313036393031323334353637383933 0d", "reject", "", ""},
		{"a code without its end", "scanner", "serial-cr", "36393031", "incomplete", "", ""},
		{"silence", "mt-sics", "level0-1", "", "incomplete", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeCSV(t, "hex,note,id,dialect,protocol\n"+tt.hex+",x,1,"+tt.dialect+","+tt.protocol+"\n")
			if len(got) != 1 || got[0].Outcome != tt.outcome || got[0].Value != tt.value || got[0].Unit != tt.unit {
				t.Errorf("%+v; want %s %s %s", got, tt.outcome, tt.value, tt.unit)
			}
		})
	}
}

func TestSeveralFramesInARow(t *testing.T) {
	got := decodeCSV(t, "id,protocol,dialect,hex\n1,and-standard,15char,"+
		"53542c2b303030312e323334206b670d0a 55532c2b303030312e323330206b670d0a\n")
	if len(got) != 1 || len(got[0].Frames) != 2 || got[0].Frames[0].Value != "1.234" || got[0].Value != "1.230" || *got[0].Stable {
		t.Errorf("%+v; want both frames, and the last as the row's", got)
	}
}

func TestRecordsThatAreNone(t *testing.T) {
	tests := []struct{ name, rows, want string }{
		{"empty", "", "record without a head: EOF"},
		{"no hex", "id,protocol,dialect\n", `record without a column "hex"`},
		{"not hexadecimal", "id,protocol,dialect,hex\n1,a,b,0g\n", "line 2: hex: encoding/hex: invalid byte: U+0067 'g'"},
		{"too few columns", "id,protocol,dialect,hex\n1,a,b\n", "line 2: 3 columns are too few: at least 4"},
		{"too long", "id,protocol,dialect,hex\n1,a,b," + strings.Repeat("00", 1<<16+1) + "\n", "line 2: 65537 bytes are too many: at most 65536"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := record.DecodeCSV(&bytes.Buffer{}, strings.NewReader(tt.rows)); err == nil || err.Error() != tt.want {
				t.Errorf("DecodeCSV = %v; want %s", err, tt.want)
			}
		})
	}
}

func FuzzDecodeCSV(f *testing.F) {
	f.Add("toledo-8217", "weight-only", []byte("\x0201.250\r"))
	f.Add("", "", []byte("ST,GS,+  1.240kg\r\n"))
	f.Add("yaohua-xk3190", "", []byte("=051.0700="))
	f.Fuzz(func(t *testing.T, protocol, dialect string, data []byte) {
		var rows, out bytes.Buffer
		w := csv.NewWriter(&rows)
		w.WriteAll([][]string{{"id", "protocol", "dialect", "hex"}, {"1", protocol, dialect, hex.EncodeToString(data)}})
		if err := record.DecodeCSV(&out, &rows); err != nil {
			t.Fatal(err)
		}
		var m meaning
		if err := json.Unmarshal(out.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		if m.Outcome != "weight" && m.Grams != "" || m.Outcome == "weight" && m.Value == "" || m.Unit == "" && m.Grams != "" {
			t.Fatalf("%+v", m)
		}
	})
}
