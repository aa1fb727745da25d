// Package csv reads orders from a table: for shops without any interface, and
// for the day an interface is down. Headers may be Chinese or English, in any
// order; an order may take several rows; the file may be UTF-8 or GB18030, as
// Excel in China writes it.
//
// Every mistake is reported with its row and column, and an order with a mistake
// in any of its rows is left out whole; the others come in.
//
// What a cell holds is text and stays text: a cell that begins like a formula is
// kept as it is and means nothing here. Whoever writes a table puts an apostrophe
// before such text; see Cell.
package csv

import (
	"bytes"
	"crypto/sha256"
	enc "encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"floord/floor"
)

// Limits of a file.
const (
	MaxBytes = 32 << 20
	maxRows  = 200_000
	maxWrong = 500 // mistakes that are reported; the rest is counted
)

// A Mistake is one thing wrong in a file. Row counts from 1 with the header as
// row 1, as a spreadsheet shows it; Col counts from 1. Row 0 is the whole file.
type Mistake struct {
	Row    int
	Col    int
	Column string // the header of the column, as the file says it
	Order  string // whose row it is, if known
	Zh     string
	En     string
}

// Text gives the mistake as one sentence in that language, "zh" unless "en".
func (m Mistake) Text(lang string) string {
	what, where := m.Zh, ""
	switch {
	case lang == "en" && m.Row > 0 && m.Col > 0:
		what, where = m.En, fmt.Sprintf("row %d, column %d (%s): ", m.Row, m.Col, m.Column)
	case lang == "en" && m.Row > 0:
		what, where = m.En, fmt.Sprintf("row %d: ", m.Row)
	case lang == "en":
		what = m.En
	case m.Row > 0 && m.Col > 0:
		where = fmt.Sprintf("第 %d 行第 %d 列(%s):", m.Row, m.Col, m.Column)
	case m.Row > 0:
		where = fmt.Sprintf("第 %d 行:", m.Row)
	}
	return where + what
}

// Error gives the English sentence.
func (m Mistake) Error() string { return m.Text("en") }

// An Import is what a file gave.
type Import struct {
	Orders   []floor.ShopOrder // in the order of their first rows
	Mistakes []Mistake
	Left     int // orders left out because of a mistake
	More     int // mistakes beyond those listed
}

// Read reads a file of orders for a channel. Times without a zone are China's.
// at is when the orders count as last changed where the file does not say so:
// give the file's own time, so that reading it again changes nothing. Content is
// a hash of the order's cells alone, the same in any encoding and column order.
func Read(r io.Reader, ch floor.ChannelID, at time.Time) (Import, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Import{}, fmt.Errorf("read orders: %w", err)
	}
	t := table{channel: ch, at: at.UTC().Truncate(time.Second), orders: map[string]*order{}}
	text, wrong := decode(data)
	if wrong == nil {
		wrong = t.read(text)
	}
	if wrong != nil {
		t.out.Mistakes = append(t.out.Mistakes, *wrong)
		return t.out, nil
	}
	t.finish()
	return t.out, nil
}

// decode gives the file's text in UTF-8.
func decode(data []byte) ([]byte, *Mistake) {
	switch {
	case len(data) > MaxBytes:
		return nil, &Mistake{Zh: fmt.Sprintf("文件超过 %d MB,请分成几个文件。", MaxBytes>>20), En: fmt.Sprintf("the file is larger than %d MB; split it", MaxBytes>>20)}
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return nil, &Mistake{Zh: "文件是 UTF-16 编码,请另存为“CSV UTF-8”。", En: "the file is UTF-16; save it as \"CSV UTF-8\""}
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte{0xD0, 0xCF, 0x11, 0xE0}):
		return nil, &Mistake{Zh: "这是 Excel 文件,请另存为“CSV UTF-8”。", En: "this is an Excel file; save it as \"CSV UTF-8\""}
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	if !utf8.Valid(data) {
		text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(text, utf8.RuneError) {
			return nil, &Mistake{Zh: "文件既不是 UTF-8 也不是 GB18030 编码,请另存为“CSV UTF-8”。", En: "the file is neither UTF-8 nor GB18030; save it as \"CSV UTF-8\""}
		}
		data = text
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, &Mistake{Zh: "文件含有二进制内容,不是表格文本。", En: "the file holds binary data and is no table of text"}
	}
	return data, nil
}

// table is the reading of one file under way.
type table struct {
	channel floor.ChannelID
	at      time.Time
	headers []string
	fields  []field // by column; "" is a column that is passed over
	row     int
	orders  map[string]*order
	listed  []*order
	out     Import
}

// read reads the header and all rows. A file that is no table ends it.
func (t *table) read(text []byte) *Mistake {
	comma := delimiter(text)
	r := enc.NewReader(bytes.NewReader(unformula(text, byte(comma))))
	r.Comma = comma
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = comma != '\t' // a tab is a blank as well
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *enc.ParseError
		if errors.As(err, &bad) {
			return &Mistake{Row: bad.Line, Zh: "引号不配对,从这里起无法读取。请检查这一行的引号。", En: "a quotation mark has no partner; nothing can be read from here on: mend the quotes of this line"}
		}
		if err != nil {
			return &Mistake{Zh: "文件无法读取。", En: err.Error()}
		}
		t.row, _ = r.FieldPos(0)
		if t.fields == nil {
			if wrong := t.header(cells); wrong != nil {
				return wrong
			}
			continue
		}
		if len(t.listed) >= maxRows || t.row > 4*maxRows {
			return &Mistake{Row: t.row, Zh: fmt.Sprintf("超过 %d 行,请分成几个文件。", maxRows), En: fmt.Sprintf("more than %d rows; split the file", maxRows)}
		}
		if !blank(cells) {
			t.line(cells)
		}
	}
	if t.fields == nil {
		return &Mistake{Zh: "文件是空的。第一行应为表头,例如:订单号,商品编码,数量,姓名,电话,地址。", En: "the file is empty; its first row should name the columns: order no, sku, qty, name, phone, address"}
	}
	return nil
}

// unformula writes cells of the form ="690001" as "690001". Platforms write them
// so that a spreadsheet leaves a long number alone; to a reader of CSV their
// quotation marks stand where none may.
func unformula(text []byte, comma byte) []byte {
	edge := func(i int) bool {
		return i < 0 || i >= len(text) || text[i] == comma || text[i] == '\n' || text[i] == '\r'
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '=' && edge(i-1) && bytes.HasPrefix(text[i:], []byte(`="`)) {
			n := bytes.IndexAny(text[i+2:], "\"\n")
			if n > 0 && text[i+2+n] == '"' && edge(i+3+n) {
				continue // the quoted text after the mark reads as it should
			}
		}
		out = append(out, text[i])
	}
	return out
}

// delimiter is what the first line uses most.
func delimiter(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(first, []byte(","))
	for _, c := range []rune{'\t', ';'} {
		if n := bytes.Count(first, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func blank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(s string) bool { return strings.TrimSpace(s) != "" })
}

// header finds out what each column holds.
func (t *table) header(cells []string) *Mistake {
	t.headers = cells
	t.fields = make([]field, len(cells))
	seen := map[field]string{}
	for i, name := range cells {
		f := fieldOf(name)
		if f == "" {
			continue
		}
		if first, twice := seen[f]; twice {
			return &Mistake{Row: t.row, Col: i + 1, Column: short(name), Zh: fmt.Sprintf("列“%s”与“%s”含义相同,请只留一列。", short(name), short(first)),
				En: fmt.Sprintf("columns %q and %q mean the same; keep one", short(name), short(first))}
		}
		seen[f] = name
		t.fields[i] = f
	}
	for _, f := range needed {
		if _, ok := seen[f]; !ok {
			return &Mistake{Row: t.row, Zh: fmt.Sprintf("缺少“%s”列。", names[f][0]), En: fmt.Sprintf("column %q is missing", names[f][1])}
		}
	}
	return nil
}

// wrong notes a mistake in a column of the row being read.
func (t *table) wrong(o *order, f field, zh, en string) {
	o.bad = true
	if len(t.out.Mistakes) >= maxWrong {
		t.out.More++
		return
	}
	m := Mistake{Row: t.row, Order: short(o.number), Zh: zh, En: en}
	if i := slices.Index(t.fields, f); i >= 0 {
		m.Col, m.Column = i+1, short(t.headers[i])
	}
	t.out.Mistakes = append(t.out.Mistakes, m)
}

// finish puts the good orders out.
func (t *table) finish() {
	for _, o := range t.listed {
		if o.bad {
			t.out.Left++
			continue
		}
		raw, err := json.Marshal(o.rows)
		if err != nil {
			panic("csv: " + err.Error()) // strings always marshal
		}
		sum := sha256.Sum256(raw)
		o.out.Raw, o.out.Content = raw, hex.EncodeToString(sum[:])
		t.out.Orders = append(t.out.Orders, o.out)
	}
}

func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
