package label

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"floord/label/glyph"
)

// A Grid is the self-test of a printer: rows of characters, each from the
// printer's own font and below as a bitmap. Whoever looks at it says which rows
// look the same twice, and CharsetOf makes of that what the font holds.
type Grid struct {
	Printer   string // "TSC TTP-244", needed
	Station   string
	Language  string // "tspl", needed
	PrintedAt time.Time
	Lang      string // "zh" (or empty), "en"
}

// gridRows are the characters of each row, by what only a larger charset has.
var gridRows = []struct {
	text  string
	least glyph.Charset // that holds the row
}{
	{"ABC xyz 0123456789 #%&@*", glyph.ASCII},
	{"中国快递仓库发货", glyph.GB2312},
	{"鑫璐瑾邕翊①㈠℃×№", glyph.GB2312},
	{"龘堃喆镕翀祎玥頔", glyph.GBK},
	{"䶮㑳㧐龴䌷䦆", glyph.GB18030},
	{"㙍㐂㛃㜣䕫䶵", glyph.GB18030},
}

// Fill makes the page of a self-test.
func (g Grid) Fill(t *Template) (Page, error) {
	words := map[string]string{
		"printer": g.Printer, "station": g.Station, "language": g.Language, "printed_at": stamp(g.PrintedAt),
		"code": "TEST123456", "qr": "SELFTEST " + g.Language,
	}
	for i, r := range gridRows {
		words[fmt.Sprintf("row%d", i+1)] = r.text
	}
	return t.fill(testKind, g.Lang, values{text: words})
}

// CharsetOf says what a printer's font holds from the rows of its self-test, from
// 1, that look the same twice. Answers that no font gives are an error: somebody
// misread, and is to look again.
func CharsetOf(right []int) (glyph.Charset, error) {
	have := glyph.ASCII
	for i, r := range gridRows {
		ok := slices.Contains(right, i+1)
		switch {
		case i == 0 && !ok:
			return 0, errors.New("row 1 holds plain letters; a printer that prints it wrong does not understand this language")
		case ok && r.least > have+1:
			return 0, fmt.Errorf("row %d is right where easier rows are wrong; look at the label again", i+1)
		}
		// A charset is there when all its rows are.
		if last := i+1 == len(gridRows) || gridRows[i+1].least > r.least; last && ok && whole(right, i, r.least) {
			have = r.least
		}
	}
	for _, n := range right {
		if n < 1 || n > len(gridRows) {
			return 0, fmt.Errorf("there is no row %d; the rows are 1 to %d", n, len(gridRows))
		}
	}
	return have, nil
}

// whole says whether all rows of a charset up to row i are right.
func whole(right []int, i int, c glyph.Charset) bool {
	for ; i >= 0 && gridRows[i].least == c; i-- {
		if !slices.Contains(right, i+1) {
			return false
		}
	}
	return true
}
